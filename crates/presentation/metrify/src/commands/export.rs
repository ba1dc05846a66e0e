//! `metrify export`.

use metrify_api::ExportRequest;
use metrify_application::{Error, Kind, Result};

use crate::access::Access;
use crate::cli::Export;
use crate::exit::Outcome;
use crate::settings::Settings;

pub async fn run(settings: &Settings, arguments: Export) -> Result<Outcome> {
    let Export { query, format, out, known } = arguments;
    let suffix = out.extension().map(|suffix| suffix.to_string_lossy().into_owned());
    let format = format.or(suffix).ok_or_else(|| {
        let error = Error::new(Kind::Invalid, format!("tell the format of `{}` by its name", out.display()));
        error.hint("name it with --format ndjson, csv, parquet or arrow")
    })?;
    let access = Access::open(settings).await?;
    access.export(&ExportRequest { query, format, as_known_at: known.as_known_at }, &out).await?;
    Ok(Outcome::Good)
}
