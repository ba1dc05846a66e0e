//! Metering points: registered, found, changed.

use metrify_domain::master::{MeteringPoint, Status};
use metrify_domain::{PointKind, Timestamp};
use metrify_governance::{Action, Resource};

use crate::app::App;
use crate::audit::audited;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::ingest::vouch;
use crate::register::exchange::is_nowhere;
use crate::registry::{Edition, Field, Happened, Listing, Wanted};
use crate::things;

/// Registers a metering point that nobody registered before.
///
/// # Errors
/// Where it is denied, its id is no market or metering location, there is one of this id, or the registry cannot be written.
pub async fn register_metering_point(app: &App, ctx: &Context, point: MeteringPoint) -> Result<Edition<MeteringPoint>> {
    let act = ctx.act(Action::Register, Resource::MeteringPoints, Some(point.id.to_string()));
    audited(app, ctx, act, async {
        if !matches!(point.kind(), PointKind::MarketLocation | PointKind::MeteringLocation) {
            let step = format!("register metering point `{}`: it is no market or metering location", point.id);
            return Err(Error::new(Kind::Invalid, step)
                .hint("a MaLo-ID has 11 digits, the last a check digit; a MeLo-ID has 33 characters"));
        }
        let known = things::append(app, ctx, Happened::Registered, point, None).await?;
        vouch(app, ctx, &known.thing.id, known.thing.status).await?;
        Ok(known)
    })
    .await
}

/// A metering point, as it is known or was known then.
///
/// # Errors
/// Where it is denied, nothing is known of it, or the registry cannot be read.
pub async fn find_metering_point(
    app: &App,
    ctx: &Context,
    id: &str,
    known_at: Option<Timestamp>,
) -> Result<Edition<MeteringPoint>> {
    let act = ctx.act(Action::Read, Resource::MeteringPoints, Some(id.to_owned()));
    audited(app, ctx, act, things::find(app, ctx, id, known_at)).await
}

/// Metering points, a page of them; those in a circle alone where there is one.
///
/// # Errors
/// Where it is denied, or the registry cannot be read.
pub async fn list_metering_points(app: &App, ctx: &Context, wanted: &Wanted) -> Result<Listing<MeteringPoint>> {
    let act = ctx.act(Action::Read, Resource::MeteringPoints, None);
    let near = wanted.near;
    let keep = move |point: &MeteringPoint| near.is_none_or(|near| near.holds(point.place));
    audited(app, ctx, act, things::page(app, ctx, wanted, keep)).await
}

/// Says anew what is told of a metering point; its status stays where `status` is `None`; `version` is the one that is
/// meant to be changed.
///
/// # Errors
/// Where it is denied, nothing is known of it, it was changed meanwhile, or the registry cannot be written.
pub async fn put_metering_point(
    app: &App,
    ctx: &Context,
    point: MeteringPoint,
    status: Option<Status>,
    version: Option<u64>,
) -> Result<Edition<MeteringPoint>> {
    let act = ctx.act(Action::Register, Resource::MeteringPoints, Some(point.id.to_string()));
    audited(app, ctx, act, async {
        let known: Edition<MeteringPoint> = things::find(app, ctx, point.id.as_str(), None).await?;
        things::expect(&known, version)?;
        let point = MeteringPoint { status: status.unwrap_or(known.thing.status), ..point };
        if known.thing == point {
            return Ok(known);
        }
        if point.status == Status::Inactive {
            is_nowhere(app, ctx, Field::MeteringPoint, &point.id).await?;
        }
        let happened = Happened::between(known.thing.status, point.status);
        let changed = things::append(app, ctx, happened, point, Some(&known)).await?;
        vouch(app, ctx, &changed.thing.id, changed.thing.status).await?;
        Ok(changed)
    })
    .await
}

/// Takes a metering point out of service; what is known of it stays. A meter that is there has to be removed first.
///
/// # Errors
/// Where it is denied, nothing is known of it, a meter is there, it was changed meanwhile, or the registry cannot be written.
pub async fn deactivate_metering_point(
    app: &App,
    ctx: &Context,
    id: &str,
    version: Option<u64>,
) -> Result<Edition<MeteringPoint>> {
    let act = ctx.act(Action::Register, Resource::MeteringPoints, Some(id.to_owned()));
    audited(app, ctx, act, async {
        let known: Edition<MeteringPoint> = things::find(app, ctx, id, None).await?;
        things::expect(&known, version)?;
        if known.thing.status == Status::Inactive {
            return Ok(known);
        }
        is_nowhere(app, ctx, Field::MeteringPoint, &known.thing.id).await?;
        let point = MeteringPoint { status: Status::Inactive, ..known.thing.clone() };
        things::append(app, ctx, Happened::Deactivated, point, Some(&known)).await
    })
    .await
}
