//! `metrify points`.

use metrify_api::SqlRequest;
use metrify_application::Result;

use crate::access::Access;
use crate::cli::{Output, Points};
use crate::exit::Outcome;
use crate::print::{self, Printer};
use crate::settings::Settings;

pub async fn run(settings: &Settings, output: Output, command: Points) -> Result<Outcome> {
    let access = Access::open(settings).await?;
    match command {
        Points::List(known) => {
            let mut printer = Printer::new(output);
            let query = "SELECT * FROM points ORDER BY point".to_owned();
            let request = SqlRequest { query, as_known_at: known.as_known_at };
            access.sql(&request, &mut |page| printer.page(page)).await?;
            printer.finish()?;
        }
        Points::Confirm { points } => {
            let confirmed = access.confirm(&points).await?;
            print::line(&format!("{confirmed} confirmed"))?;
            access.close().await?;
        }
    }
    Ok(Outcome::Good)
}
