//! `metrify export`.

use metrify_application::{Error, Kind, Result};

use crate::access::Access;
use crate::cli::Export;
use crate::exit::Outcome;
use crate::settings::Settings;

pub async fn run(settings: &Settings, arguments: &Export) -> Result<Outcome> {
    let suffix = arguments.out.extension().map(|suffix| suffix.to_string_lossy().into_owned());
    let format = arguments.format.clone().or(suffix).ok_or_else(|| {
        let error = Error::new(Kind::Invalid, format!("tell the format of `{}` by its name", arguments.out.display()));
        error.hint("name it with --format ndjson, csv, parquet or arrow")
    })?;
    let access = Access::open(settings).await?;
    access.export(&arguments.query, &format, &arguments.out).await?;
    Ok(Outcome::Good)
}
