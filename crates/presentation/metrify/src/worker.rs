//! What runs in the background of a server, and how it ends.

use std::sync::Arc;
use std::time::Duration;

use metrify_application::jobs::{JobKind, JobState, ToldJob};
use metrify_application::{App, Error, operate};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, watch};

use crate::clock;

/// How long an entry of what was read waits for the disk at most.
const SEAL_PACE: Duration = Duration::from_secs(1);

/// Puts what was noted in the audit log on the disk, again and again until it is told to stop.
pub async fn seal(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(SEAL_PACE) => {}
            _ = stop.changed() => return,
        }
        if let Err(error) = app.audit.seal().await {
            tracing::error!(kind = error.kind().name(), "{}", error.chain());
        }
    }
}

/// A routine failed, or panicked; it is done again in its time.
fn tell(job: JobKind, error: &Error) {
    tracing::error!(job = job.name(), kind = error.kind().name(), "{}", error.chain());
}

/// How often the registry is told of jobs that ended without its knowing.
const ENDS_PACE: Duration = Duration::from_secs(1);

/// How often old jobs are forgotten.
const FORGETTING_PACE: Duration = Duration::from_mins(10);

/// Looks after the jobs that somebody started: what became of them is told in the log, and the registry hears of those whose end it did
/// not take, and forgets the oldest, until it is told to stop; then they are told to stop, too.
pub async fn jobs(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut told = app.jobs.told();
    let mut ends = tokio::time::interval(ENDS_PACE);
    let mut old = tokio::time::interval(FORGETTING_PACE);
    let mut failed = false;
    loop {
        tokio::select! {
            job = told.recv() => match job {
                Ok(job) => tell_job(&job),
                Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "jobs began or ended that are not told of here"),
                Err(RecvError::Closed) => return,
            },
            _ = ends.tick() => {
                let written = operate::write_ends_of_jobs(&app).await;
                // A registry that is away for an hour is told of once.
                if let Err(error) = &written && !failed {
                    tracing::error!(kind = error.kind().name(), "tell the registry of jobs that ended: {}", error.chain());
                }
                failed = written.is_err();
            }
            _ = old.tick() => match operate::forget_old_jobs(&app).await {
                Ok(0) => {}
                Ok(forgotten) => tracing::info!(forgotten, "old jobs are forgotten"),
                Err(error) => tracing::error!(kind = error.kind().name(), "forget old jobs: {}", error.chain()),
            },
            _ = stop.changed() => {
                app.jobs.close();
                return;
            }
        }
    }
}

fn tell_job(ToldJob { tenant, job, kept }: &ToldJob) {
    // Of routines their worker tells itself.
    if !kept {
        return;
    }
    let job = &job.thing;
    let (id, kind, by, tenant) = (job.id.as_str(), job.kind.name(), job.by.as_str(), tenant.as_str());
    match job.state {
        JobState::Running => tracing::info!(id, job = kind, by, tenant, "begun"),
        // It may be whoever asked that was wrong.
        JobState::Failed => {
            tracing::warn!(id, job = kind, by, tenant, "{}", job.error.as_deref().unwrap_or("it failed"));
        }
        JobState::Done | JobState::Cancelled | JobState::Interrupted => {
            tracing::info!(id, job = kind, by, tenant, "{}", job.state);
        }
    }
}

/// How often files of exports are looked at that nobody fetched.
const EXPORTS_PACE: Duration = Duration::from_mins(1);

/// Lets files of exports go whose time is over, until it is told to stop.
pub async fn exports(exports: Arc<metrify_api::Exports>, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(EXPORTS_PACE) => exports.forget_old(clock::now()),
            _ = stop.changed() => return,
        }
    }
}

/// How long jobs have to come to a safe point once the server was told to stop.
const LAST_JOBS: Duration = Duration::from_secs(10);

/// Waits for the jobs that were told to stop, and tells the registry how they ended.
///
/// # Errors
/// Where the registry cannot be written: they are taken for interrupted at the next start, as those that did not come to a safe point.
pub async fn end_jobs(app: &App) -> metrify_application::Result<()> {
    app.jobs.close();
    if tokio::time::timeout(LAST_JOBS, app.jobs.ended()).await.is_err() {
        tracing::warn!("jobs are cut off: they came to no safe point within {LAST_JOBS:?}");
    }
    operate::write_ends_of_jobs(app).await
}

/// How often the room of replaced files is given back.
const VACUUM_PACE: Duration = Duration::from_hours(1);

/// Gives the room of replaced files back, at once and again and again until it is told to stop.
pub async fn vacuum(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    loop {
        match operate::vacuum(&app).await {
            Ok(0) => {}
            Ok(deleted) => tracing::info!(deleted, "vacuumed"),
            Err(error) => tell(JobKind::Vacuum, &error),
        }
        tokio::select! {
            () = tokio::time::sleep(VACUUM_PACE) => {}
            _ = stop.changed() => return,
        }
    }
}

/// How often the files of the lake are looked at although nothing has landed here.
const COMPACTION_PACE: Duration = Duration::from_mins(5);

/// Keeps the files of the lake few, at once and each time that something has landed, until it is told to stop.
pub async fn compact(app: Arc<App>, landed: Arc<Notify>, mut stop: watch::Receiver<bool>) {
    loop {
        let outcome = tokio::select! {
            outcome = operate::compact(&app) => outcome,
            // It goes on from what is committed when the server is there again; vacuum deletes what is not.
            _ = stop.changed() => return,
        };
        match outcome {
            Ok(done) if done.files_removed > 0 => {
                tracing::info!(added = done.files_added, removed = done.files_removed, "compacted");
            }
            Ok(_) => {}
            Err(error) => tell(JobKind::Compact, &error),
        }
        tokio::select! {
            () = landed.notified() => {}
            () = tokio::time::sleep(COMPACTION_PACE) => {}
            _ = stop.changed() => return,
        }
    }
}

/// Lands again and again until it is told to stop, and at once where much waits; what could not be landed stays in the journal and
/// is tried again. Tells `landed` of each that brought something.
pub async fn land(app: Arc<App>, interval: Duration, landed: Arc<Notify>, mut stop: watch::Receiver<bool>) {
    let mut failed = false;
    loop {
        tokio::select! {
            () = tokio::time::sleep(interval) => {}
            // What just failed is not tried again at once.
            () = app.intake.many_wait(), if !failed => {}
            _ = stop.changed() => return,
        }
        let outcome = operate::land(&app).await;
        failed = outcome.is_err();
        // Who called for it meanwhile has been heard; many that came since will call again.
        tokio::select! {
            biased;
            () = app.intake.many_wait() => {}
            () = std::future::ready(()) => {}
        }
        match outcome {
            Ok(done) if done.files_added + done.files_removed > 0 => {
                tracing::info!(rows = done.rows, added = done.files_added, removed = done.files_removed, "landed");
                landed.notify_one();
            }
            Ok(_) => {}
            Err(error) => tell(JobKind::Land, &error),
        }
    }
}
