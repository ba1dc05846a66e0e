//! `metrify grant`.

use metrify_api::master::StatusBody;
use metrify_api::{GrantBody, GrantQuery, NewGrantBody};
use metrify_application::Result;
use metrify_application::ports::Cell;

use crate::access::Access;
use crate::cli::{Grant, Output};
use crate::exit::Outcome;
use crate::print;
use crate::settings::Settings;

pub async fn run(settings: &Settings, output: Output, command: Grant) -> Result<Outcome> {
    let access = Access::open(settings).await?;
    let grants = match command {
        Grant::Create { point, evidence, grantee, purpose, from, until } => {
            let new = NewGrantBody { point, grantee, purpose, valid_from: from, valid_until: until, evidence };
            vec![access.create_grant(&new).await?]
        }
        Grant::List { point, grantee, active, standing } => {
            let status = active.then_some(StatusBody::Active);
            access.grants(GrantQuery { status, point, grantee, purpose: None }, &standing).await?
        }
        Grant::Withdraw { id } => vec![access.withdraw_grant(&id).await?],
    };
    list(output, grants)?;
    access.close().await?;
    Ok(Outcome::Good)
}

fn list(output: Output, grants: Vec<GrantBody>) -> Result<()> {
    let rows = grants.into_iter().map(|grant| {
        let status = format!("{:?}", grant.status).to_lowercase();
        let until = grant.valid_until.map_or(Cell::Null, Cell::Text);
        let texts = [grant.id, grant.point, grant.grantee, grant.purpose, status, grant.valid_from];
        texts.into_iter().map(Cell::Text).chain([until, Cell::Text(grant.evidence)]).collect()
    });
    let columns = ["id", "point", "grantee", "purpose", "status", "valid_from", "valid_until", "evidence"];
    print::rows(output, &columns, rows.collect())
}
