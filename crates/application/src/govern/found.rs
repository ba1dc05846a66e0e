//! Founds the house: its own tenant, made when it is opened for the first time.

use metrify_domain::master::Status;
use metrify_domain::{Tenant, Timestamp};
use metrify_governance::Party;

use crate::app::App;
use crate::error::Result;
use crate::registry::{Event, Happened, TenantRecord, Thing, ThingKind};

/// Makes the house's own tenant where it is not there yet. It is a metering point operator: whoever else it is in the market, is told
/// when a tenant is made.
///
/// # Errors
/// Where the registry cannot be read or written.
pub async fn found(app: &App, tenant: &Tenant, now: Timestamp) -> Result<()> {
    if app.registry.find(tenant, ThingKind::Tenant, tenant.as_str(), None).await?.is_some() {
        return Ok(());
    }
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
    app.registry.append(&[event]).await
}
