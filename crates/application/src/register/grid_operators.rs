//! Grid operators: registered, found, changed, taken out of service. Those of the transmission grid are told by the house.

use metrify_domain::Timestamp;
use metrify_domain::master::{GridOperator, Status};
use metrify_governance::{Action, Resource};

use crate::app::App;
use crate::audit::audited;
use crate::context::Context;
use crate::error::{Kind, Result};
use crate::registry::{Edition, Happened, Listing, Wanted};
use crate::things;

/// Registers a grid operator that nobody registered before.
///
/// # Errors
/// Where it is denied, there is one of this id, or the registry cannot be written.
pub async fn register_grid_operator(app: &App, ctx: &Context, operator: GridOperator) -> Result<Edition<GridOperator>> {
    let act = ctx.act(Action::Register, Resource::GridOperators, Some(operator.id.to_string()));
    audited(app, ctx, act, things::append(app, ctx, Happened::Registered, operator, None)).await
}

/// A grid operator, as it is known or was known then.
///
/// # Errors
/// Where it is denied, nothing is known of it, or the registry cannot be read.
pub async fn find_grid_operator(
    app: &App,
    ctx: &Context,
    id: &str,
    known_at: Option<Timestamp>,
) -> Result<Edition<GridOperator>> {
    let act = ctx.act(Action::Read, Resource::GridOperators, Some(id.to_owned()));
    let found = async {
        let found = things::find(app, ctx, id, known_at).await;
        found.map_err(|error| match error.kind() {
            Kind::NotFound => error.hint("/api/v1/grid-operators lists those that are known"),
            _ => error,
        })
    };
    audited(app, ctx, act, found).await
}

/// Grid operators, a page of them.
///
/// # Errors
/// Where it is denied, or the registry cannot be read.
pub async fn list_grid_operators(app: &App, ctx: &Context, wanted: &Wanted) -> Result<Listing<GridOperator>> {
    let act = ctx.act(Action::Read, Resource::GridOperators, None);
    audited(app, ctx, act, things::page(app, ctx, wanted, |_| true)).await
}

/// Says anew what is told of a grid operator; its status stays where `status` is `None`; `version` is the one that is
/// meant to be changed.
///
/// # Errors
/// Where it is denied, nothing is known of it, it was changed meanwhile, or the registry cannot be written.
pub async fn put_grid_operator(
    app: &App,
    ctx: &Context,
    operator: GridOperator,
    status: Option<Status>,
    version: Option<u64>,
) -> Result<Edition<GridOperator>> {
    let act = ctx.act(Action::Register, Resource::GridOperators, Some(operator.id.to_string()));
    audited(app, ctx, act, async {
        let known: Edition<GridOperator> = things::find(app, ctx, operator.id.as_str(), None).await?;
        things::expect(&known, version)?;
        let operator = GridOperator { status: status.unwrap_or(known.thing.status), ..operator };
        if known.thing == operator {
            return Ok(known);
        }
        let happened = Happened::between(known.thing.status, operator.status);
        things::append(app, ctx, happened, operator, Some(&known)).await
    })
    .await
}

/// Takes a grid operator out of service; what is known of it stays.
///
/// # Errors
/// Where it is denied, nothing is known of it, it was changed meanwhile, or the registry cannot be written.
pub async fn deactivate_grid_operator(
    app: &App,
    ctx: &Context,
    id: &str,
    version: Option<u64>,
) -> Result<Edition<GridOperator>> {
    let act = ctx.act(Action::Register, Resource::GridOperators, Some(id.to_owned()));
    audited(app, ctx, act, async {
        let known: Edition<GridOperator> = things::find(app, ctx, id, None).await?;
        things::expect(&known, version)?;
        if known.thing.status == Status::Inactive {
            return Ok(known);
        }
        let operator = GridOperator { status: Status::Inactive, ..known.thing.clone() };
        things::append(app, ctx, Happened::Deactivated, operator, Some(&known)).await
    })
    .await
}
