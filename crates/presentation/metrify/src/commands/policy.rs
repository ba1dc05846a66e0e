//! `metrify policy`: what the policies say; of any tenant and without the data, where no point is named.

use metrify_api::{ActParameters, ExplainedBody};
use metrify_application::ports::Cell;
use metrify_application::{Error, Kind, Result};
use metrify_governance::{Act, Party, Whom};

use crate::access::Access;
use crate::cli::{Output, Policy};
use crate::exit::Outcome;
use crate::settings::Settings;
use crate::{print, wiring};

pub async fn run(settings: &Settings, output: Output, command: Policy) -> Result<Outcome> {
    let Policy::Explain { action, resource, parties, subject, principal } = command;
    let lines = match (&subject, &settings.elsewhere) {
        (None, None) => of_parties(settings, (&action, &resource), &parties)?,
        (None, Some(server)) if !parties.is_empty() => {
            let step = format!("explain the policies at {} for other parties than its tenant has", server.url);
            return Err(Error::new(Kind::Invalid, step).hint("leave --party away, or --server"));
        }
        (Some(_), _) | (None, Some(_)) => {
            let access = Access::open(settings).await?;
            let lines = access.explain(ActParameters { action, resource, subject, principal }).await?;
            access.close().await?;
            lines
        }
    };
    print::rows(output, &["roles", "allowed", "why", "purposes"], lines.into_iter().map(row).collect())?;
    Ok(Outcome::Good)
}

fn of_parties(settings: &Settings, (action, resource): (&str, &str), parties: &[String]) -> Result<Vec<ExplainedBody>> {
    let parties: Vec<Party> = match parties {
        [] => vec![Party::MeteringOperator],
        named => named.iter().map(|party| read("party", party)).collect::<Result<_>>()?,
    };
    let act = Act {
        action: read("action", action)?,
        resource: read("resource", resource)?,
        tenant: wiring::own_tenant()?,
        subject: None,
    };
    let whom = Whom { parties: &parties, ..Whom::default() };
    let lines = wiring::policies(&settings.governance)?.explain(whom, &act);
    Ok(lines.into_iter().map(ExplainedBody::from).collect())
}

fn row(ExplainedBody { roles, purposes, allowed, reasons }: ExplainedBody) -> Vec<Cell> {
    vec![
        Cell::Text(roles.join(" ")),
        Cell::Bool(allowed),
        Cell::Text(reasons.join("; ")),
        Cell::Text(purposes.join(" ")),
    ]
}

fn read<T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(what: &str, text: &str) -> Result<T> {
    text.parse().map_err(|error| Error::new(Kind::Invalid, format!("read the {what}")).because(error))
}
