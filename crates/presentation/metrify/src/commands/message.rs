//! `metrify message`: readings as messages of the market, and answers to those that came.

mod contrl;
mod mscons;

use std::path::Path;

use metrify_application::{Error, Kind, Result, io};
use metrify_domain::Timestamp;

use crate::cli::{Message, Output};
use crate::exit::Outcome;
use crate::settings::Settings;

pub async fn run(settings: &Settings, output: Output, message: &Message) -> Result<Outcome> {
    match message {
        Message::Mscons(arguments) => mscons::run(settings, output, arguments).await,
        Message::Contrl { file, out } => contrl::run(output, file, out),
    }
}

/// A reference of an interchange that its sender has not used before: the milliseconds of its time, of which an interchange takes
/// one.
fn reference(at: Timestamp) -> String {
    format!("M{:X}", at.micros().div_euclid(1_000))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).map_err(|error| io(format!("write `{}`", path.display()), error))
}

fn refused(step: impl Into<String>, reason: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Kind::Invalid, step).because(reason)
}
