//! `metrify registry` and `metrify migrate`.

use metrify_application::{Error, Kind, Result, operate};

use crate::access::Access;
use crate::cli::Registry;
use crate::exit::Outcome;
use crate::print;
use crate::settings::Settings;
use crate::wiring;

pub async fn migrate(settings: &Settings) -> Result<Outcome> {
    let version = wiring::migrate(settings).await?;
    print::line(&format!("the registry has version {version}"))?;
    Ok(Outcome::Good)
}

pub async fn run(settings: &Settings, command: Registry) -> Result<Outcome> {
    match command {
        Registry::Rebuild => match Access::open(settings).await? {
            Access::Local(house) => {
                let events = operate::rebuild_registry(&house.app, &house.context().await?).await?;
                print::line(&format!("made anew of {events} events"))?;
                Ok(Outcome::Good)
            }
            Access::Remote(_) => {
                let error = Error::new(Kind::Conflict, "make the registry's tables anew: a server runs");
                Err(error.hint("stop it first"))
            }
        },
    }
}
