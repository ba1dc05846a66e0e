//! `metrify policy`: what the policies say, without the data.

use metrify_application::ports::Cell;
use metrify_application::{Error, Kind, Result};
use metrify_governance::{Act, Explained, Party};

use crate::cli::{Output, Policy};
use crate::exit::Outcome;
use crate::settings::Settings;
use crate::{print, wiring};

pub fn run(settings: &Settings, output: Output, command: &Policy) -> Result<Outcome> {
    let Policy::Explain { action, resource, parties } = command;
    let parties: Vec<Party> = parties.iter().map(|party| read("party", party)).collect::<Result<_>>()?;
    let act = Act {
        action: read("action", action)?,
        resource: read("resource", resource)?,
        tenant: wiring::own_tenant()?,
        subject: None,
    };
    let lines = wiring::policies(&settings.governance)?.explain(&parties, &act);
    print::rows(output, &["roles", "allowed", "why", "purposes"], lines.into_iter().map(row).collect())?;
    Ok(Outcome::Good)
}

fn row(Explained { roles, purposes, decision }: Explained) -> Vec<Cell> {
    let roles: Vec<&str> = roles.into_iter().map(metrify_governance::Role::name).collect();
    let purposes: Vec<&str> = purposes.into_iter().map(|purpose| purpose.map_or("none", |it| it.name())).collect();
    let why: Vec<String> = decision.reasons.iter().map(ToString::to_string).collect();
    vec![
        Cell::Text(roles.join(" ")),
        Cell::Bool(decision.allowed),
        Cell::Text(why.join("; ")),
        Cell::Text(purposes.join(" ")),
    ]
}

fn read<T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(what: &str, text: &str) -> Result<T> {
    text.parse().map_err(|error| Error::new(Kind::Invalid, format!("read the {what}")).because(error))
}
