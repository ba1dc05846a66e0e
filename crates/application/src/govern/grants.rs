//! Grants: what users of connections consented to, registered and withdrawn by who keeps them. One never changes: it is withdrawn, and
//! another one is given.

use metrify_domain::master::{Label, Status};
use metrify_domain::{Point, Timestamp};
use metrify_governance::{Act, Action, Grant, Grantee, Party, Purpose, Resource};

use crate::app::App;
use crate::audit::{Outcome, audited, entry};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::govern::keys::{KEY_RANDOM_BYTES, id_of};
use crate::registry::{Edition, Field, Happened, Listing, ThingKind, Wanted};
use crate::things;

/// Grants of one point that were not withdrawn: all are looked at with each use, and remembered for some seconds.
pub(super) const GRANTS_MAX: u64 = 100;

/// What somebody consented to.
#[derive(Clone, Debug)]
pub struct NewGrant {
    pub point: Point,
    pub grantee: Grantee,
    pub purpose: Purpose,
    /// From now on where it is `None`.
    pub valid_from: Option<Timestamp>,
    /// Until it is withdrawn where it is `None`.
    pub valid_until: Option<Timestamp>,
    pub evidence: Label,
}

/// Registers a grant. `random` has to come from the operating system: it makes the id.
///
/// # Errors
/// Where it is denied, the purpose or the tenant needs no consent, it ends before it begins or now, its point has too many, or the
/// registry cannot be read or written.
pub async fn create_grant(
    app: &App,
    ctx: &Context,
    new: NewGrant,
    random: [u8; KEY_RANDOM_BYTES],
) -> Result<Edition<Grant>> {
    let act = administer(ctx, new.point.to_string());
    audited(app, ctx, act, async {
        let NewGrant { point, grantee, purpose, valid_from, valid_until, evidence } = new;
        let valid_from = valid_from.unwrap_or(ctx.now);
        let id = id_of(&random);
        let grant = Grant { id, point, grantee, purpose, valid_from, valid_until, evidence, status: Status::Active };
        check(ctx, &grant)?;
        has_room(app, ctx, &grant.point).await?;
        let created = things::append(app, ctx, Happened::Registered, grant, None).await;
        // Also where it is not known whether it was appended.
        app.granted.forget();
        created
    })
    .await
}

fn administer(ctx: &Context, subject: String) -> Act {
    ctx.act(Action::Administer, Resource::Grants, Some(subject))
}

fn check(ctx: &Context, grant: &Grant) -> Result<()> {
    let Grant { purpose, valid_from, valid_until, .. } = grant;
    let invalid = |what: &str| Error::new(Kind::Invalid, format!("register the grant: {what}"));
    if !purpose.rests_on_consent() {
        let error = invalid(&format!("`{purpose}` does not rest on consent"));
        let names: Vec<&str> = Purpose::all().filter(|other| other.rests_on_consent()).map(Purpose::name).collect();
        return Err(error.hint(format!("a grant is for the purpose {}", names.join(" or "))));
    }
    if !ctx.principal.parties.contains(&Party::Consented) {
        let error = invalid(&format!("tenant {} is not of the party `{}`", ctx.tenant(), Party::Consented));
        return Err(error.hint("who runs the house says what a tenant is in the market"));
    }
    match valid_until {
        Some(end) if end <= valid_from => Err(invalid("it would end before it begins")),
        Some(end) if *end <= ctx.now => Err(invalid("it would have ended already")),
        Some(_) | None => Ok(()),
    }
}

async fn has_room(app: &App, ctx: &Context, point: &Point) -> Result<()> {
    let equal = vec![(Field::Point, point.to_string()), (Field::Status, Status::Active.name().to_owned())];
    let wanted = Wanted { equal, ..Wanted::all(ThingKind::Grant, GRANTS_MAX) };
    let there = things::list::<Grant>(app, ctx, &wanted).await?.len() as u64;
    if there < GRANTS_MAX {
        return Ok(());
    }
    let error = Error::new(Kind::Conflict, format!("register the grant: {point} has {there} grants"));
    Err(error.hint("withdraw those that have ended"))
}

/// Grants of the tenant that asks, a page of them, the withdrawn ones, too.
///
/// # Errors
/// Where it is denied or the registry cannot be read.
pub async fn list_grants(app: &App, ctx: &Context, wanted: &Wanted) -> Result<Listing<Grant>> {
    let point = wanted.equal.iter().find(|(field, _)| *field == Field::Point);
    let act = ctx.act(Action::Read, Resource::Grants, point.map(|(_, point)| point.clone()));
    audited(app, ctx, act, things::page(app, ctx, wanted, |_| true)).await
}

/// A grant, as it is known or was known then.
///
/// # Errors
/// Where it is denied, nothing is known of it, or the registry cannot be read.
pub async fn find_grant(app: &App, ctx: &Context, id: &str, known_at: Option<Timestamp>) -> Result<Edition<Grant>> {
    let act = ctx.act(Action::Read, Resource::Grants, Some(id.to_owned()));
    audited(app, ctx, act, things::find(app, ctx, id, known_at)).await
}

/// Withdraws a grant: it covers nothing from now on (GDPR 7(3)). `version` is the one that is meant to be changed.
///
/// # Errors
/// Where it is denied, nothing is known of it, it was changed meanwhile, or the registry cannot be written.
pub async fn withdraw_grant(app: &App, ctx: &Context, id: &str, version: Option<u64>) -> Result<Edition<Grant>> {
    let act = administer(ctx, id.to_owned());
    audited(app, ctx, act, async {
        let known: Edition<Grant> = things::find(app, ctx, id, None).await?;
        things::expect(&known, version)?;
        if known.thing.status == Status::Inactive {
            return Ok(known);
        }
        let grant = Grant { status: Status::Inactive, ..known.thing.clone() };
        let withdrawn = things::append(app, ctx, Happened::Deactivated, grant, Some(&known)).await;
        // Also where it is not known whether it was appended.
        app.granted.forget();
        let withdrawn = withdrawn?;
        // Whose point it is finds it under the point, as it finds that the grant was given.
        app.audit.note(&entry(ctx, administer(ctx, known.thing.point.to_string()), Outcome::Done))?;
        Ok(withdrawn)
    })
    .await
}
