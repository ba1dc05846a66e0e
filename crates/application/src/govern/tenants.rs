//! Tenants: made and listed by whoever runs the house.

use metrify_domain::master::{Label, Status};
use metrify_domain::{Tenant, Timestamp};
use metrify_governance::{Act, Action, Party, Resource};

use crate::app::App;
use crate::audit::audited;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::govern::found::transmission_operators;
use crate::govern::given::is_limited;
use crate::govern::logs::begin_log;
use crate::registry::{Cursor, Edition, Event, Field, Happened, Listing, TenantRecord, Wanted};
use crate::things;

/// A tenant to be.
#[derive(Clone, Debug)]
pub struct NewTenant {
    pub name: Tenant,
    pub title: Option<Label>,
    pub parties: Vec<Party>,
}

/// Makes a tenant, with tables of its own.
///
/// # Errors
/// Where it is denied, there is one of this name, or the registry or the lake cannot be written.
pub async fn create_tenant(app: &App, ctx: &Context, new: NewTenant) -> Result<Edition<TenantRecord>> {
    let act = ctx.act(Action::Administer, Resource::Tenants, Some(new.name.to_string()));
    audited(app, ctx, act, async {
        let NewTenant { name, title, parties } = new;
        // Whoever delivers the moment after has to find the tables open; one that was half made is completed.
        app.landing.open(&name).await?;
        let record = TenantRecord { name: name.clone(), title, parties, status: Status::Active };
        let told = transmission_operators(&name, ctx.now);
        let event = Event { tenant: name.clone(), ..things::next(ctx, Happened::Registered, record.clone(), None) };
        let created = things::commit_with(app, event, record, told).await?;
        begin_log(app, &name, ctx.now).await?;
        Ok(created)
    })
    .await
}

/// Says anew what is told of a tenant. The keys of one that is inactive open nothing.
///
/// # Errors
/// Where it is denied, there is none of this name, it was changed meanwhile, it is the house's own that is to end, or the registry
/// cannot be written.
pub async fn put_tenant(
    app: &App,
    ctx: &Context,
    record: TenantRecord,
    version: Option<u64>,
) -> Result<Edition<TenantRecord>> {
    let name = record.name.clone();
    let act = ctx.act(Action::Administer, Resource::Tenants, Some(name.to_string()));
    audited(app, ctx, act, async {
        let known: Edition<TenantRecord> = things::find_of(app, &name, name.as_str(), None).await?;
        things::expect(&known, version)?;
        if is_limited(ctx) && record.parties != known.thing.parties {
            let step = format!("change the parties of the tenant `{name}`: who asks is held to some purposes itself");
            return Err(Error::new(Kind::Denied, step));
        }
        if record.status == Status::Inactive && name == *ctx.tenant() {
            let step = format!("deactivate the tenant `{name}`: it is the one that asks");
            return Err(Error::new(Kind::Conflict, step));
        }
        if record == known.thing {
            return Ok(known);
        }
        let happened = Happened::between(known.thing.status, record.status);
        let event = things::next(ctx, happened, record.clone(), Some(&known));
        let changed = things::commit(app, Event { tenant: name, ..event }, record).await;
        app.keyring.forget();
        changed
    })
    .await
}

/// Tenants, a page of them: all, for whoever runs the house; every other admin sees its own. As they are known, or were known then.
///
/// # Errors
/// Where it is denied, or the registry cannot be read.
pub async fn list_tenants(app: &App, ctx: &Context, wanted: &Wanted) -> Result<Listing<TenantRecord>> {
    let act = ctx.act(Action::Read, Resource::Tenants, None);
    audited(app, ctx, act, async {
        let mut tenants = Vec::new();
        // There are as many as a house has customers.
        for name in seen(app, ctx).await? {
            tenants.extend(things::known_of(app, &name, name.as_str(), wanted.known_at).await?);
        }
        tenants.retain(|known| {
            let fields = wanted.equal.iter().all(|(field, value)| has(&known.thing, *field, value));
            fields && wanted.changed.contains(known.known_from)
        });
        Ok(paged(tenants, wanted))
    })
    .await
}

/// A tenant, as it is known or was known then.
///
/// # Errors
/// Where it is denied, it is not the own one of who does not run the house, nothing is known of it, or the registry cannot be read.
pub async fn find_tenant(
    app: &App,
    ctx: &Context,
    name: &str,
    known_at: Option<Timestamp>,
) -> Result<Edition<TenantRecord>> {
    let act = ctx.act(Action::Read, Resource::Tenants, Some(name.to_owned()));
    audited(app, ctx, act, async {
        let missing = || Error::new(Kind::NotFound, format!("find the tenant `{name}`"));
        let found = seen(app, ctx).await?.into_iter().find(|known| known.as_str() == name).ok_or_else(missing)?;
        things::known_of(app, &found, name, known_at).await?.ok_or_else(missing)
    })
    .await
}

/// The names of those that whoever asks may see.
pub(super) async fn seen(app: &App, ctx: &Context) -> Result<Vec<Tenant>> {
    let act = Act { action: Action::Administer, ..ctx.act(Action::Read, Resource::Tenants, None) };
    let runs_the_house = app.policies.decide(&ctx.principal, &ctx.purpose().into(), &act).allowed;
    let mut names = if runs_the_house { app.registry.tenants().await? } else { Vec::new() };
    names.push(ctx.tenant().clone());
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

fn has(tenant: &TenantRecord, field: Field, value: &str) -> bool {
    field == Field::Status && tenant.status.name() == value
}

/// What is behind the cursor, in the order that is asked for, up to the limit.
fn paged(mut tenants: Vec<Edition<TenantRecord>>, wanted: &Wanted) -> Listing<TenantRecord> {
    let cursor =
        |known: &Edition<TenantRecord>| Cursor { known_from: known.known_from, id: known.thing.name.to_string() };
    tenants.sort_by(|one, other| wanted.sort.compare(&cursor(one), &cursor(other)));
    if let Some(after) = &wanted.after {
        tenants.retain(|known| wanted.sort.compare(&cursor(known), after).is_gt());
    }
    tenants.truncate(usize::try_from(wanted.limit).unwrap_or(usize::MAX));
    let next = tenants.last().filter(|_| tenants.len() as u64 >= wanted.limit).map(cursor);
    Listing { things: tenants, next }
}
