//! The audit log of each tenant: begun with an entry, of which the registry is told, so that one that was taken away is not taken for one
//! that has yet to begin; and whether it is as it was written.

use metrify_domain::{Tenant, Timestamp};
use metrify_governance::{Act, Action, Resource};

use crate::app::App;
use crate::audit::{Audited, Entry, Outcome, audited, entry};
use crate::blocking::blocking;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::govern::found::{HOUSE, append_once};
use crate::govern::tenants::seen;
use crate::registry::{Edition, Happened, LogRecord, ThingKind};
use crate::things::{self, Author};

/// Begins the log that a tenant has in this data directory, where the registry knows of none; one that a former program began is told of.
/// The entry is on the disk before the registry knows of it.
///
/// # Errors
/// Where no entry can be written, or the registry cannot be read or written.
pub(super) async fn begin_log(app: &App, tenant: &Tenant, now: Timestamp) -> Result<()> {
    let house = app.jobs.house();
    if app.registry.find(tenant, ThingKind::Log, house, None).await?.is_some() {
        return Ok(());
    }
    let subject = Some(house.to_owned());
    let act = Act { action: Action::Administer, resource: Resource::Audit, tenant: tenant.clone(), subject };
    let (request, principal) = (HOUSE.to_owned(), HOUSE.to_owned());
    let outcome = Outcome::Done;
    app.audit.note(&Entry { at: now, request, principal, role: None, purpose: None, act, query: None, outcome })?;
    app.audit.seal().await?;
    let author = Author { tenant, name: HOUSE, now };
    let record = LogRecord { house: house.to_owned() };
    append_once(app, &[author.next(Happened::Registered, record, None)]).await
}

/// Looks whether the log of a tenant is as it was written, and whether it is there. Its own is an admin's to ask for, those of others are
/// of who runs the house.
///
/// # Errors
/// Where it is denied, nothing is known of the tenant by who asks, or the log or the registry cannot be read.
pub async fn verify(app: &App, ctx: &Context, tenant: &Tenant) -> Result<Audited> {
    let own = ctx.act(Action::Read, Resource::Audit, None);
    if tenant == ctx.tenant() {
        return audited(app, ctx, own, looked_through(app, tenant)).await;
    }
    let act = ctx.act(Action::Read, Resource::Tenants, Some(tenant.to_string()));
    audited(app, ctx, act, async {
        if !seen(app, ctx).await?.contains(tenant) {
            return Err(Error::new(Kind::NotFound, format!("find the tenant `{tenant}`")));
        }
        let looked = looked_through(app, tenant).await?;
        // Whose log it is finds there that it was read.
        app.audit.note(&entry(ctx, Act { tenant: tenant.clone(), ..own }, Outcome::Done))?;
        Ok(looked)
    })
    .await
}

async fn looked_through(app: &App, tenant: &Tenant) -> Result<Audited> {
    let known: Option<Edition<LogRecord>> = things::known_of(app, tenant, app.jobs.house(), None).await?;
    let begun = known.map(|known| known.known_from);
    let (log, tenant) = (app.audit.clone(), tenant.clone());
    blocking("verify the audit log", move || log.verify(&tenant, begun)).await
}
