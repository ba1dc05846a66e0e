//! `metrify points`.

use metrify_application::Result;

use crate::access::Access;
use crate::cli::{Output, Points};
use crate::exit::Outcome;
use crate::print::{self, Printer};
use crate::settings::Settings;

pub async fn run(settings: &Settings, output: Output, command: Option<Points>) -> Result<Outcome> {
    let access = Access::open(settings).await?;
    match command {
        None | Some(Points::List) => {
            let mut printer = Printer::new(output);
            access.sql("SELECT * FROM points ORDER BY point", &mut |page| printer.page(page)).await?;
            printer.finish()?;
        }
        Some(Points::Confirm { points }) => {
            let confirmed = access.confirm(&points).await?;
            print::line(&format!("{confirmed} confirmed"))?;
            access.close().await?;
        }
    }
    Ok(Outcome::Good)
}
