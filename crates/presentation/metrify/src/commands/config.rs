//! `metrify config check`.

use metrify_application::Result;

use crate::cli::Config;
use crate::exit::Outcome;
use crate::print;
use crate::settings::Settings;

pub fn run(settings: &Settings, command: &Config) -> Result<Outcome> {
    match command {
        Config::Check => print::line(settings.shown()?.trim_end())?,
    }
    Ok(Outcome::Good)
}
