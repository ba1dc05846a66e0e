//! Tenants: made and listed by whoever runs the house.

use metrify_domain::Tenant;
use metrify_domain::master::{Label, Status};
use metrify_governance::{Act, Action, Party, Resource};

use crate::app::App;
use crate::audit::audited;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::registry::{Edition, Event, Happened, Registered, TenantRecord, Thing, ThingKind};

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
        if app.registry.find(&name, ThingKind::Tenant, name.as_str(), None).await?.is_some() {
            return Err(Error::new(Kind::Conflict, format!("create the tenant `{name}`: there is one of this name")));
        }
        // Whoever delivers the moment after has to find the tables open.
        app.landing.open(&name).await?;
        let record = TenantRecord { name: name.clone(), title, parties, status: Status::Active };
        let event = Event {
            tenant: name,
            happened: Happened::Registered,
            after: Thing::Tenant(record.clone()),
            version: 1,
            at: ctx.now,
            by: ctx.principal.name.clone(),
        };
        app.registry.append(&[event]).await?;
        Ok(Edition { thing: record, version: 1, known_from: ctx.now, known_until: None })
    })
    .await
}

/// All tenants that have tables, for whoever runs the house; everybody else sees its own.
///
/// # Errors
/// Where it is denied, or the registry cannot be read.
pub async fn list_tenants(app: &App, ctx: &Context) -> Result<Vec<Edition<TenantRecord>>> {
    let runs_the_house = {
        let act = Act { action: Action::Administer, ..ctx.act(Action::Read, Resource::Tenants, None) };
        app.policies.decide(&ctx.principal, ctx.purpose(), &act).allowed
    };
    let act = ctx.act(Action::Read, Resource::Tenants, None);
    audited(app, ctx, act, async {
        let mut names = if runs_the_house { app.landing.tenants().await? } else { Vec::new() };
        names.push(ctx.tenant().clone());
        names.sort_unstable();
        names.dedup();
        let mut tenants = Vec::new();
        for name in names {
            let found = app.registry.find(&name, ThingKind::Tenant, name.as_str(), None).await?;
            let Some(Edition { thing, version, known_from, known_until }) = found else { continue };
            if let Some(thing) = TenantRecord::of(thing) {
                tenants.push(Edition { thing, version, known_from, known_until });
            }
        }
        Ok(tenants)
    })
    .await
}
