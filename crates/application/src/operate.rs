//! Keeping the house: bringing what is in memory into the lake, starting up after a stop of any kind, and jobs.

mod jobs;
mod registry;

use std::sync::Arc;

use metrify_domain::Tenant;

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::jobs::{Account, Counted, JobKind};
use crate::ports::{Landed, Page, Query};
use crate::registry::ThingKind;

pub use jobs::{
    ListedJobs, WantedJobs, cancel_job, find_job, forget_old_jobs, interrupt_left_jobs, list_jobs, listen_to_jobs,
    may_see_jobs, write_ends_of_jobs,
};
pub use registry::{migrate_registry, rebuild_registry};

/// Opens every tenant's tables and applies what the journal holds beyond them, so that all that was ever acknowledged is
/// there once. Tells how many entries were applied again.
///
/// # Errors
/// Where a table or the journal cannot be read.
pub async fn recover(app: &App, more: &[Tenant]) -> Result<u64> {
    let mut tenants = app.landing.tenants().await?;
    tenants.extend(app.registry.tenants().await?);
    tenants.extend(more.iter().cloned());
    tenants.sort_unstable();
    tenants.dedup();
    let mut landed = std::collections::HashMap::new();
    for tenant in &tenants {
        landed.insert(tenant.clone(), app.landing.open(tenant).await?);
    }
    let from = landed.values().copied().min().unwrap_or_default();
    let mut applied = 0;
    app.journal.replay(from, &mut |position, tenant, entry| {
        let Some(landed) = landed.get(&tenant) else {
            let error =
                Error::new(Kind::Corrupt, format!("apply entry {position} again: tenant {tenant} has no tables"));
            return Err(error);
        };
        if position > *landed {
            app.memory.apply(&tenant, position, &Arc::new(entry))?;
            applied += 1;
        }
        Ok(())
    })?;
    for tenant in landed.keys() {
        app.memory.publish(tenant)?;
    }
    Ok(applied)
}

/// Brings what waits in memory into the lake, and gives the journal's room back.
///
/// # Errors
/// Where the lake or the journal cannot be written; what waits stays where it is.
pub async fn land(app: &App) -> Result<Landed> {
    // Whatever is published by now is in the lake once every tenant has landed.
    let through = app.memory.published();
    let mut total = Landed::default();
    let mut outcome = Ok(());
    for tenant in app.landing.opened() {
        total.add(done(land_tenant(app, &tenant, 0).await, &mut outcome));
    }
    outcome?;
    // What the tables cannot tell of stays: by their position an older lake is told from the one that the journal belongs to.
    app.journal.release(through.min(total.through))?;
    Ok(total)
}

/// Brings what waits in the memory of one tenant into the lake, where it is at least so many rows.
pub(crate) async fn land_tenant(app: &App, tenant: &Tenant, at_least: usize) -> Result<Landed> {
    app.jobs.routine(JobKind::Land, tenant, landed, app.landing.land(tenant, at_least)).await
}

fn landed(Landed { rows, files_added, files_removed, through: _ }: &Landed) -> Account {
    let (added, removed) = (*files_added as u64, *files_removed as u64);
    Account::from([(Counted::Rows, *rows), (Counted::FilesAdded, added), (Counted::FilesRemoved, removed)])
}

fn vacuumed(files: &usize) -> Account {
    Account::from([(Counted::FilesRemoved, *files as u64)])
}

/// Keeps the files of the lake few.
///
/// # Errors
/// Where the lake cannot be read or written; its files stay as they are.
pub async fn compact(app: &App) -> Result<Landed> {
    let (mut total, mut outcome) = (Landed::default(), Ok(()));
    for tenant in app.landing.opened() {
        let work = app.landing.compact(&tenant);
        total.add(done(app.jobs.routine(JobKind::Compact, &tenant, landed, work).await, &mut outcome));
    }
    outcome.map(|()| total)
}

/// Gives the room of replaced files back once their time is over; tells how many files were deleted.
///
/// # Errors
/// Where the lake cannot be read or written.
pub async fn vacuum(app: &App) -> Result<usize> {
    let (mut deleted, mut outcome) = (0, Ok(()));
    for tenant in app.landing.opened() {
        let work = app.landing.vacuum(&tenant);
        deleted += done(app.jobs.routine(JobKind::Vacuum, &tenant, vacuumed, work).await, &mut outcome);
    }
    outcome.map(|()| deleted)
}

/// One tenant's trouble keeps no other from its turn; all of it is told in the end.
fn done<T: Default>(one: Result<T>, outcome: &mut Result<()>) -> T {
    one.unwrap_or_else(|error| {
        *outcome = Err(match std::mem::replace(outcome, Ok(())) {
            Ok(()) => error,
            Err(first) => Error::new(first.kind(), format!("{}; {}", first.chain(), error.chain())),
        });
        T::default()
    })
}

/// How the parts stand that requests depend on.
pub struct Probed {
    /// How many tables the engine told of.
    pub store: Result<usize>,
    pub registry: Result<()>,
}

/// Asks the parts themselves. Nothing of anybody is told: it is no use case, and leaves no entry.
pub async fn probe(app: &App, tenant: &Tenant) -> Probed {
    let mut tables = 0;
    let mut count = |page: Page| {
        tables += page.rows.len();
        Ok(())
    };
    let asked = app.sql.query(tenant, Query::of("SELECT \"table\" FROM system.tables"), &mut count).await;
    let registry = app.registry.find(tenant, ThingKind::Tenant, tenant.as_str(), None).await;
    Probed { store: asked.map(|()| tables), registry: registry.map(drop) }
}
