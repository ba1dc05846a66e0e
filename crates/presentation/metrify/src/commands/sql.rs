//! `metrify sql`.

use metrify_application::Result;

use crate::access::Access;
use crate::cli::Output;
use crate::exit::Outcome;
use crate::print::Printer;
use crate::settings::Settings;

pub async fn run(settings: &Settings, output: Output, query: &str) -> Result<Outcome> {
    let access = Access::open(settings).await?;
    let mut printer = Printer::new(output);
    access.sql(query, &mut |page| printer.page(page)).await?;
    printer.finish()?;
    Ok(Outcome::Good)
}
