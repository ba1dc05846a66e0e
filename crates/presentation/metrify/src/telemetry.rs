//! What the program says of itself, on standard error.

use metrify_application::{Error, Kind, Result};
use tracing_subscriber::EnvFilter;

use crate::settings::{Log, LogFormat};

/// # Errors
/// Where the level is none.
pub fn start(log: &Log) -> Result<()> {
    let invalid = |error| Error::new(Kind::Invalid, format!("read the log level `{}`", log.level)).because(error);
    let filter = EnvFilter::try_new(&log.level).map_err(invalid)?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    match log.format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().init(),
    }
    Ok(())
}
