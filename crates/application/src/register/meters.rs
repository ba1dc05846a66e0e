//! Meters: registered, found, changed, taken out of service.

use metrify_domain::Timestamp;
use metrify_domain::master::{Meter, Status};
use metrify_governance::{Action, Resource};

use crate::app::App;
use crate::audit::audited;
use crate::context::Context;
use crate::error::Result;
use crate::ingest::vouch;
use crate::register::exchange::is_nowhere;
use crate::registry::{Edition, Field, Happened, Listing, Wanted};
use crate::things;

/// Registers a meter that nobody registered before.
///
/// # Errors
/// Where it is denied, there is one of this id, or the registry cannot be written.
pub async fn register_meter(app: &App, ctx: &Context, meter: Meter) -> Result<Edition<Meter>> {
    let act = ctx.act(Action::Register, Resource::Meters, Some(meter.id.to_string()));
    audited(app, ctx, act, async {
        let known = things::append(app, ctx, Happened::Registered, meter, None).await?;
        vouch(app, ctx, &known.thing.id, known.thing.status).await?;
        Ok(known)
    })
    .await
}

/// A meter, as it is known or was known then.
///
/// # Errors
/// Where it is denied, nothing is known of it, or the registry cannot be read.
pub async fn find_meter(app: &App, ctx: &Context, id: &str, known_at: Option<Timestamp>) -> Result<Edition<Meter>> {
    let act = ctx.act(Action::Read, Resource::Meters, Some(id.to_owned()));
    audited(app, ctx, act, things::find(app, ctx, id, known_at)).await
}

/// Meters, a page of them; those in a circle alone where there is one.
///
/// # Errors
/// Where it is denied, or the registry cannot be read.
pub async fn list_meters(app: &App, ctx: &Context, wanted: &Wanted) -> Result<Listing<Meter>> {
    let act = ctx.act(Action::Read, Resource::Meters, None);
    let near = wanted.near;
    let keep = move |meter: &Meter| near.is_none_or(|near| near.holds(meter.place));
    audited(app, ctx, act, things::page(app, ctx, wanted, keep)).await
}

/// Says anew what is told of a meter; its status stays where `status` is `None`; `version` is the one that is
/// meant to be changed.
///
/// # Errors
/// Where it is denied, nothing is known of it, it was changed meanwhile, or the registry cannot be written.
pub async fn put_meter(
    app: &App,
    ctx: &Context,
    meter: Meter,
    status: Option<Status>,
    version: Option<u64>,
) -> Result<Edition<Meter>> {
    let act = ctx.act(Action::Register, Resource::Meters, Some(meter.id.to_string()));
    audited(app, ctx, act, async {
        let known: Edition<Meter> = things::find(app, ctx, meter.id.as_str(), None).await?;
        things::expect(&known, version)?;
        let meter = Meter { status: status.unwrap_or(known.thing.status), ..meter };
        if known.thing == meter {
            return Ok(known);
        }
        if meter.status == Status::Inactive {
            is_nowhere(app, ctx, Field::Meter, &meter.id).await?;
        }
        let happened = Happened::between(known.thing.status, meter.status);
        let changed = things::append(app, ctx, happened, meter, Some(&known)).await?;
        vouch(app, ctx, &changed.thing.id, changed.thing.status).await?;
        Ok(changed)
    })
    .await
}

/// Takes a meter out of service. One that is installed has to be removed or exchanged first.
///
/// # Errors
/// Where it is denied, nothing is known of it, it is installed or was changed meanwhile, or the registry cannot be written.
pub async fn deactivate_meter(app: &App, ctx: &Context, id: &str, version: Option<u64>) -> Result<Edition<Meter>> {
    let act = ctx.act(Action::Register, Resource::Meters, Some(id.to_owned()));
    audited(app, ctx, act, async {
        let known: Edition<Meter> = things::find(app, ctx, id, None).await?;
        things::expect(&known, version)?;
        if known.thing.status == Status::Inactive {
            return Ok(known);
        }
        is_nowhere(app, ctx, Field::Meter, &known.thing.id).await?;
        let meter = Meter { status: Status::Inactive, ..known.thing.clone() };
        things::append(app, ctx, Happened::Deactivated, meter, Some(&known)).await
    })
    .await
}
