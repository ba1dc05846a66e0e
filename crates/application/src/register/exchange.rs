//! Which meter was at which metering point: told by exchanges (Geraetewechsel), in the order in which they become known.

use metrify_domain::master::{Installation, Meter, MeteringPoint, Status};
use metrify_domain::{Point, Timestamp};
use metrify_governance::{Action, Resource};

use crate::app::App;
use crate::audit::audited;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::registry::{Edition, Event, Field, Happened, Listing, Registered, Thing, ThingKind, Wanted};
use crate::things;

/// Installations of one meter or metering point that are looked at; a meter is moved a few times in its life.
pub(crate) const INSTALLATIONS_MAX: u64 = 10_000;

/// The meter at a metering point changes at an instant: whichever is there goes, and another one comes, or none. What is known of later stays:
/// a meter that was forgotten is there until the next change.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The version of the metering point that is meant; whichever there is where it is `None`.
    pub version: Option<u64>,
    pub metering_point: Point,
    pub meter: Option<Point>,
    pub at: Timestamp,
}

/// Exchanges the meter at a metering point; tells what is known of the installations that changed.
///
/// # Errors
/// Where it is denied, the point or the meter is not known or out of service, the point was changed meanwhile, the meter is elsewhere
/// then, or the registry cannot be written.
pub async fn exchange_meter(app: &App, ctx: &Context, exchange: Exchange) -> Result<Vec<Edition<Installation>>> {
    let subject = Some(exchange.metering_point.to_string());
    let act = ctx.act(Action::Register, Resource::MeteringPoints, subject);
    audited(app, ctx, act, async {
        let Exchange { version, metering_point, meter, at } = exchange;
        let point: Edition<MeteringPoint> = things::find(app, ctx, metering_point.as_str(), None).await?;
        things::expect(&point, version)?;
        in_service("metering point", &metering_point, point.thing.status)?;
        let here = of(app, ctx, Field::MeteringPoint, &metering_point).await?;
        let mut events: Vec<Event> = here.iter().filter_map(|there| ended(ctx, there, at)).collect();
        if let Some(meter) = meter {
            let known: Edition<Meter> = things::find(app, ctx, meter.as_str(), None).await?;
            in_service("meter", &meter, known.thing.status)?;
            let elsewhere = of(app, ctx, Field::Meter, &meter).await?;
            let installation = coming(&here, meter, metering_point, at)?;
            events.extend(earlier(ctx, &here, &installation));
            let others = elsewhere.into_iter().map(|known| known.thing);
            let others = others.filter(|other| other.metering_point != installation.metering_point);
            let others: Vec<Installation> = after(&here, &events).into_iter().chain(others).collect();
            installation.fits_among(&others).map_err(|error| refused().because(error))?;
            events.push(begun(ctx, &here, installation));
            events.push(touched(ctx, &known));
        } else if events.is_empty() {
            let error = Error::new(Kind::Conflict, format!("remove the meter at {metering_point}: none is there then"));
            return Err(error.hint("`installations` of the metering point tells which meter is there when"));
        }
        events.push(touched(ctx, &point));
        app.registry.append(&events).await?;
        Ok(events.into_iter().filter_map(known).collect())
    })
    .await
}

/// The meter comes; once more, where it was told before and taken back.
fn begun(ctx: &Context, here: &[Edition<Installation>], installation: Installation) -> Event {
    let id = Thing::from(installation.clone()).id();
    let before = here.iter().find(|known| Thing::from(known.thing.clone()).id() == id);
    let happened = if before.is_some() { Happened::Changed } else { Happened::Registered };
    things::next(ctx, happened, installation, before)
}

/// Two exchanges of one meter, or at one point, at the same time cannot both be right: whoever is second finds another version of it.
fn touched<T: Registered + Into<Thing> + Clone>(ctx: &Context, known: &Edition<T>) -> Event {
    things::next(ctx, Happened::Changed, known.thing.clone(), Some(known))
}

/// What is installed, now or from some day on, cannot be taken out of service.
pub(super) async fn is_nowhere(app: &App, ctx: &Context, field: Field, id: &Point) -> Result<()> {
    let installations = of(app, ctx, field, id).await?;
    let still = |known: &&Edition<Installation>| {
        known.thing.until.is_none_or(|until| until > ctx.now && until > known.thing.from)
    };
    let Some(Edition { thing: Installation { meter, metering_point, .. }, .. }) = installations.iter().find(still)
    else {
        return Ok(());
    };
    let error =
        Error::new(Kind::Conflict, format!("deactivate {id}: meter {meter} is at metering point {metering_point}"));
    Err(error.hint("exchange or remove the meter first"))
}

/// Which meters were at a metering point, as it is known or was known then, at an instant or at all times.
///
/// # Errors
/// Where it is denied, there is no such metering point, or the registry cannot be read.
pub async fn installations(
    app: &App,
    ctx: &Context,
    metering_point: &str,
    mut wanted: Wanted,
) -> Result<Listing<Installation>> {
    let act = ctx.act(Action::Read, Resource::MeteringPoints, Some(metering_point.to_owned()));
    audited(app, ctx, act, async {
        things::find::<MeteringPoint>(app, ctx, metering_point, None).await?;
        wanted.equal.push((Field::MeteringPoint, metering_point.to_owned()));
        things::page(app, ctx, &wanted, |_| true).await
    })
    .await
}

fn in_service(what: &str, id: &Point, status: Status) -> Result<()> {
    match status {
        Status::Active => Ok(()),
        Status::Inactive => {
            let error = Error::new(Kind::Conflict, format!("exchange the meter: {what} {id} is out of service"));
            Err(error.hint("change its `status` to `active` first"))
        }
    }
}

async fn of(app: &App, ctx: &Context, field: Field, id: &Point) -> Result<Vec<Edition<Installation>>> {
    let mut wanted = Wanted::all(ThingKind::Installation, INSTALLATIONS_MAX);
    wanted.equal.push((field, id.to_string()));
    things::list(app, ctx, &wanted).await
}

/// The end of what holds at an instant.
fn ended(ctx: &Context, there: &Edition<Installation>, at: Timestamp) -> Option<Event> {
    // What began in the same instant was told by mistake: it never held.
    let holds = there.thing.holds_at(at);
    let after = Installation { until: Some(at), ..there.thing.clone() };
    holds.then(|| things::next(ctx, Happened::Changed, after, Some(there)))
}

fn refused() -> Error {
    let error = Error::new(Kind::Conflict, "exchange the meter");
    error.hint("`installations` of the metering point tells when; an exchange without a meter takes one away")
}

/// A meter that comes: it is there as long as the one would have been that goes, or until the next one comes. Where that is the same meter,
/// it came earlier than was known, and stays as long.
fn coming(
    here: &[Edition<Installation>],
    meter: Point,
    metering_point: Point,
    from: Timestamp,
) -> Result<Installation> {
    let (there, later) = (here.iter().find(|known| known.thing.holds_at(from)), later(here, from));
    if there.is_some_and(|known| known.thing.meter == meter) {
        let error = Error::new(Kind::Conflict, format!("exchange the meter: {meter} is there then"));
        return Err(error.hint("`installations` of the metering point tells since when"));
    }
    let until = there.map_or_else(|| later.map(|later| later.thing.from), |known| known.thing.until);
    let until = match later {
        Some(later) if later.thing.meter == meter && until == Some(later.thing.from) => later.thing.until,
        _ => until,
    };
    Ok(Installation { meter, metering_point, from, until })
}

/// The next meter that comes; what was told by mistake never held.
fn later(here: &[Edition<Installation>], at: Timestamp) -> Option<&Edition<Installation>> {
    let later = here.iter().filter(|known| known.thing.from > at && known.thing.holds_at(known.thing.from));
    later.min_by_key(|known| known.thing.from)
}

/// What was known of the same meter later is part of the installation.
fn earlier(ctx: &Context, here: &[Edition<Installation>], installation: &Installation) -> Option<Event> {
    let later = later(here, installation.from)?;
    let within = later.thing.meter == installation.meter && installation.holds_at(later.thing.from);
    let never = Installation { until: Some(later.thing.from), ..later.thing.clone() };
    within.then(|| things::next(ctx, Happened::Changed, never, Some(later)))
}

/// What is known of a place once the events have happened.
fn after(here: &[Edition<Installation>], events: &[Event]) -> Vec<Installation> {
    let changed = |known: &&Edition<Installation>| {
        let same = |event: &Event| event.after.id() == Thing::from(known.thing.clone()).id();
        !events.iter().any(same)
    };
    let kept = here.iter().filter(changed).map(|known| known.thing.clone());
    let new = events.iter().filter_map(|event| match &event.after {
        Thing::Installation(installation) => Some(installation.clone()),
        _ => None,
    });
    kept.chain(new).collect()
}

fn known(event: Event) -> Option<Edition<Installation>> {
    match event.after {
        Thing::Installation(thing) => {
            Some(Edition { thing, version: event.version, known_from: event.at, known_until: None })
        }
        _ => None,
    }
}
