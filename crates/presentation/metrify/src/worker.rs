//! What runs in the background of a server, and how it ends.

use std::sync::Arc;
use std::time::Duration;

use metrify_application::{App, operate};
use tokio::sync::watch;

/// Lands again and again until it is told to stop; what could not be landed stays in the journal and is tried again.
pub async fn land(app: Arc<App>, interval: Duration, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(interval) => {}
            _ = stop.changed() => return,
        }
        match operate::land(&app).await {
            Ok(landed) if landed.rows > 0 => {
                tracing::info!(
                    rows = landed.rows,
                    added = landed.files_added,
                    removed = landed.files_removed,
                    "landed"
                );
            }
            Ok(_) => {}
            Err(error) => tracing::error!("{}", error.chain()),
        }
    }
}
