//! What runs in the background of a server, and how it ends.

use std::sync::Arc;
use std::time::Duration;

use metrify_application::{App, operate};
use tokio::sync::{Notify, watch};

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
            tracing::error!("{}", error.chain());
        }
    }
}

/// How often the room of replaced files is given back.
const VACUUM_PACE: Duration = Duration::from_hours(1);

/// Gives the room of replaced files back, at once and again and again until it is told to stop.
pub async fn vacuum(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    loop {
        match operate::vacuum(&app).await {
            Ok(0) => {}
            Ok(deleted) => tracing::info!(deleted, "vacuumed"),
            Err(error) => tracing::error!("{}", error.chain()),
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
            Err(error) => tracing::error!("{}", error.chain()),
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
            Err(error) => tracing::error!("{}", error.chain()),
        }
    }
}
