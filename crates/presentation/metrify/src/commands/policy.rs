//! `metrify policy`: what the policies say.

use metrify_api::{ActParameters, ExplainedBody};
use metrify_application::Result;
use metrify_application::ports::Cell;

use crate::access::Access;
use crate::cli::{Output, Policy};
use crate::exit::Outcome;
use crate::print;
use crate::settings::Settings;

pub async fn run(settings: &Settings, output: Output, command: Policy) -> Result<Outcome> {
    let Policy::Explain { action, resource, parties, subject, principal, known } = command;
    let parties = (!parties.is_empty()).then(|| parties.join(","));
    let access = Access::open(settings).await?;
    let act = ActParameters { action, resource, subject, parties, principal, as_known_at: known.as_known_at };
    let lines = access.explain(act).await?;
    access.close().await?;
    print::rows(output, &["roles", "allowed", "why", "purposes"], lines.into_iter().map(row).collect())?;
    Ok(Outcome::Good)
}

fn row(ExplainedBody { roles, purposes, allowed, reasons }: ExplainedBody) -> Vec<Cell> {
    vec![
        Cell::Text(roles.join(" ")),
        Cell::Bool(allowed),
        Cell::Text(reasons.join("; ")),
        Cell::Text(purposes.join(" ")),
    ]
}
