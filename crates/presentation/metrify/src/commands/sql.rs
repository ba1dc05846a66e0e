//! `metrify sql`.

use metrify_api::SqlRequest;
use metrify_application::Result;

use crate::access::Access;
use crate::cli::{Output, Sql};
use crate::exit::Outcome;
use crate::print::Printer;
use crate::settings::Settings;

pub async fn run(settings: &Settings, output: Output, Sql { query, known }: Sql) -> Result<Outcome> {
    let access = Access::open(settings).await?;
    let mut printer = Printer::new(output);
    let request = SqlRequest { query, as_known_at: known.as_known_at };
    access.sql(&request, &mut |page| printer.page(page)).await?;
    printer.finish()?;
    Ok(Outcome::Good)
}
