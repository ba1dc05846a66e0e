//! Which grant covers an act: looked up where somebody acts for a purpose that rests on consent. The grants of a point are remembered for
//! some seconds, and looked at anew with each act, so that none outlasts its end; whoever gives or withdraws one in this process makes all
//! be forgotten at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrify_domain::master::{Installation, Status};
use metrify_domain::{Point, Tenant, Timestamp};
use metrify_governance::{Act, Grant, Party, Purpose, Resource};

use crate::app::App;
use crate::context::Context;
use crate::error::Result;
use crate::govern::authenticate::REMEMBERED_US;
use crate::govern::grants::GRANTS_MAX;
use crate::register::INSTALLATIONS_MAX;
use crate::registry::{Field, Sort, ThingKind, Wanted};
use crate::things::list_of;

/// Points whose grants are remembered at once; beyond it all are forgotten.
const POINTS_MAX: usize = 10_000;

/// Grants that were looked up a moment ago.
#[derive(Default)]
pub struct Granted {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// How often all were forgotten: what was looked up before that is not remembered after it.
    forgotten: u64,
    points: HashMap<OfTenant, LookedUp>,
}

/// A point of a tenant.
type OfTenant = (Tenant, String);

struct LookedUp {
    since: Timestamp,
    grants: Arc<[Grant]>,
}

impl Granted {
    /// From now on every grant is looked up anew.
    pub(super) fn forget(&self) {
        let mut known = self.known();
        known.forgotten += 1;
        known.points.clear();
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recall(&self, of: &OfTenant, now: Timestamp) -> Option<Arc<[Grant]>> {
        let known = self.known();
        let LookedUp { since, grants } = known.points.get(of)?;
        let age = now.micros().saturating_sub(since.micros());
        (0..REMEMBERED_US).contains(&age).then(|| grants.clone())
    }

    /// Remembers what was looked up since all were forgotten so often.
    fn remember(&self, forgotten: u64, of: OfTenant, found: LookedUp) {
        let mut known = self.known();
        if known.forgotten != forgotten {
            return;
        }
        if known.points.len() >= POINTS_MAX {
            known.points.clear();
        }
        known.points.insert(of, found);
    }
}

/// The grant that covers what is about to be done, by its id; `None` where none does, or none is needed. What a meter measured while it was
/// somewhere is covered by a grant for the metering point, too.
///
/// # Errors
/// Where the registry cannot be read.
pub(crate) async fn covering(
    app: &App,
    ctx: &Context,
    (act, installed): (&Act, Option<&Installation>),
) -> Result<Option<String>> {
    let Some(purpose) = ctx.purpose() else { return Ok(None) };
    let whom = (ctx.principal.name.as_str(), purpose);
    let itself = covering_for(app, ctx, act, whom).await?;
    match installed {
        Some(Installation { meter, metering_point, .. }) if itself.is_none() && is_of(act, meter) => {
            let there = Act { subject: Some(metering_point.to_string()), ..act.clone() };
            covering_for(app, ctx, &there, whom).await
        }
        Some(_) | None => Ok(itself),
    }
}

/// Where the meter was whose readings of a time somebody is about to read by consent, if no grant names the meter itself: at one point for
/// all of that time, as it is known now. A time without a begin is longer than any.
///
/// # Errors
/// Where the registry cannot be read.
pub(crate) async fn installed(
    app: &App,
    ctx: &Context,
    act: &Act,
    (start, end): (Option<Timestamp>, Option<Timestamp>),
) -> Result<Option<Installation>> {
    let by_consent = ctx.purpose().is_some_and(Purpose::rests_on_consent);
    let (Some(meter), Some(start)) = (act.subject.as_deref().filter(|_| by_consent), start) else { return Ok(None) };
    if covering(app, ctx, (act, None)).await?.is_some() {
        return Ok(None);
    }
    let equal = vec![(Field::Meter, meter.to_owned())];
    let wanted = Wanted { equal, ..Wanted::all(ThingKind::Installation, INSTALLATIONS_MAX) };
    let known = list_of::<Installation>(app, ctx.tenant(), &wanted).await?;
    Ok(known.into_iter().map(|known| known.thing).find(|installed| installed.holds_during(start, end)))
}

fn is_of(act: &Act, meter: &Point) -> bool {
    act.resource == Resource::Readings && act.subject.as_deref() == Some(meter.as_str())
}

/// Somebody of the tenant that asks, named as in the audit log, and what it acts for.
pub(super) struct Asker<'a> {
    pub principal: &'a str,
    /// Of the tenant.
    pub parties: &'a [Party],
    pub purpose: Purpose,
}

impl Asker<'_> {
    /// The point that an act is on, where a grant may cover that.
    fn point<'p>(&self, ctx: &Context, act: &'p Act) -> Option<&'p str> {
        let is_use = !act.action.changes() && act.resource.is_personal() && act.tenant == *ctx.tenant();
        let is_grantable = self.purpose.rests_on_consent() && self.parties.contains(&Party::Consented);
        act.subject.as_deref().filter(|_| is_use && is_grantable)
    }

    /// The grant among those of a point that covers it at an instant, by its id.
    fn covered(&self, grants: &[Grant], point: &str, at: Timestamp) -> Option<String> {
        let covers = |grant: &&Grant| grant.covers(self.principal, point, self.purpose, at);
        grants.iter().find(covers).map(|grant| grant.id.clone())
    }
}

/// The grant that names the subject of an act, for somebody of the tenant that asks, named as in the audit log, and a purpose.
async fn covering_for(
    app: &App,
    ctx: &Context,
    act: &Act,
    (principal, purpose): (&str, Purpose),
) -> Result<Option<String>> {
    let asker = Asker { principal, parties: &ctx.principal.parties, purpose };
    let Some(point) = asker.point(ctx, act) else { return Ok(None) };
    let grants = of_point(app, ctx, point).await?;
    Ok(asker.covered(&grants, point, ctx.now))
}

/// The grant that names the subject of an act, and covered it at an instant by what was known then; that covers it now where it is `None`.
///
/// # Errors
/// As [`covering`].
pub(super) async fn covering_as_known(
    app: &App,
    ctx: &Context,
    (act, asker): (&Act, &Asker<'_>),
    known_at: Option<Timestamp>,
) -> Result<Option<String>> {
    let Some(point) = asker.point(ctx, act) else { return Ok(None) };
    let grants = given(app, ctx, point, known_at).await?;
    Ok(asker.covered(&grants, point, known_at.unwrap_or(ctx.now)))
}

/// Those of the tenant that asks that were not withdrawn, oldest first.
async fn of_point(app: &App, ctx: &Context, point: &str) -> Result<Arc<[Grant]>> {
    let of = (ctx.tenant().clone(), point.to_owned());
    if let Some(grants) = app.granted.recall(&of, ctx.now) {
        return Ok(grants);
    }
    let forgotten = app.granted.known().forgotten;
    let grants: Arc<[Grant]> = given(app, ctx, point, None).await?.into();
    app.granted.remember(forgotten, of, LookedUp { since: ctx.now, grants: grants.clone() });
    Ok(grants)
}

/// As [`of_point`], as they are or were known, whatever is remembered.
async fn given(app: &App, ctx: &Context, point: &str, known_at: Option<Timestamp>) -> Result<Vec<Grant>> {
    let equal = vec![(Field::Point, point.to_owned()), (Field::Status, Status::Active.name().to_owned())];
    let wanted = Wanted { equal, known_at, sort: Sort::Changed, ..Wanted::all(ThingKind::Grant, 2 * GRANTS_MAX) };
    let found = list_of::<Grant>(app, ctx.tenant(), &wanted).await?;
    Ok(found.into_iter().map(|known| known.thing).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: Timestamp = Timestamp::from_micros(REMEMBERED_US);
    const NOW: Timestamp = Timestamp::from_micros(0);

    fn of(point: &str) -> OfTenant {
        ("default".parse().expect("a tenant"), point.to_owned())
    }

    fn none() -> LookedUp {
        LookedUp { since: NOW, grants: Arc::new([]) }
    }

    #[test]
    fn what_another_process_withdrew_is_remembered_for_seconds_only() {
        let granted = Granted::default();
        granted.remember(0, of("p1"), none());
        assert!(granted.recall(&of("p1"), Timestamp::from_micros(REMEMBERED_US - 1)).is_some());
        assert!(granted.recall(&of("p1"), LATER).is_none());
        assert!(granted.recall(&of("p1"), Timestamp::from_micros(-1)).is_none(), "a clock that was set back");
        assert!(granted.recall(&of("p2"), NOW).is_none());
    }

    #[test]
    fn what_was_looked_up_before_a_withdrawal_is_not_remembered_after_it() {
        let granted = Granted::default();
        granted.remember(0, of("p1"), none());
        let before = granted.known().forgotten;
        granted.forget();
        assert!(granted.recall(&of("p1"), NOW).is_none());
        granted.remember(before, of("p1"), none());
        assert!(granted.recall(&of("p1"), NOW).is_none());
        granted.remember(before + 1, of("p1"), none());
        assert!(granted.recall(&of("p1"), NOW).is_some());
    }

    #[test]
    fn no_more_points_are_remembered_than_there_is_room_for() {
        let granted = Granted::default();
        for number in 0..=POINTS_MAX {
            granted.remember(0, of(&number.to_string()), none());
        }
        assert_eq!(granted.known().points.len(), 1);
    }
}
