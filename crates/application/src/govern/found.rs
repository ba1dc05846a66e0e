//! Founds the house: its own tenant, made when it is opened for the first time, and what every tenant has from the house.

use metrify_domain::master::{GridOperator, Status, TransmissionOperator};
use metrify_domain::{Tenant, Timestamp};
use metrify_governance::Party;

use crate::app::App;
use crate::error::{Kind, Result};
use crate::govern::logs::begin_log;
use crate::registry::{Event, Happened, TenantRecord, Thing, ThingKind};
use crate::things::Author;

/// Who tells of what is public knowledge, and begins what is every tenant's.
pub(super) const HOUSE: &str = "house";

/// Makes the house's own tenant where it is not there yet. It is a metering point operator: whoever else it is in the market, is told
/// when a tenant is made. Tenants of a former program get what they did not get from it.
///
/// # Errors
/// Where the registry cannot be read or written, or no entry can be.
pub async fn found(app: &App, tenant: &Tenant, now: Timestamp) -> Result<()> {
    if app.registry.find(tenant, ThingKind::Tenant, tenant.as_str(), None).await?.is_none() {
        append_once(app, &founding(tenant, now)).await?;
    }
    for tenant in app.registry.tenants().await? {
        begin_log(app, &tenant, now).await?;
        let told = transmission_operators(&tenant, now);
        // They come in one transaction: where one of them is, all are.
        let Some(first) = told.first() else { continue };
        if app.registry.find(&tenant, ThingKind::GridOperator, &first.after.id(), None).await?.is_none() {
            append_once(app, &told).await?;
        }
    }
    Ok(())
}

fn founding(tenant: &Tenant, now: Timestamp) -> Vec<Event> {
    let record = TenantRecord {
        name: tenant.clone(),
        title: None,
        parties: vec![Party::MeteringOperator],
        status: Status::Active,
    };
    let event = Event {
        tenant: tenant.clone(),
        happened: Happened::Registered,
        after: Thing::Tenant(record),
        version: 1,
        at: now,
        by: "local".to_owned(),
    };
    let mut events = vec![event];
    events.extend(transmission_operators(tenant, now));
    events
}

/// The operators of the transmission grid, as a tenant is told of them. What it says of them anew is its own.
pub(super) fn transmission_operators(tenant: &Tenant, now: Timestamp) -> Vec<Event> {
    let house = Author { tenant, name: HOUSE, now };
    let operators = TransmissionOperator::ALL.into_iter().filter_map(GridOperator::of_transmission);
    operators.map(|operator| house.next(Happened::Registered, operator, None)).collect()
}

/// Another process that starts at the same time says the same.
pub(super) async fn append_once(app: &App, events: &[Event]) -> Result<()> {
    match app.registry.append(events).await {
        Err(error) if error.kind() == Kind::Conflict => Ok(()),
        done => done,
    }
}
