//! Putting on the disk what was noted, for all who wait for it at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use metrify_application::{Error, Kind, Result, Tenant};
use tokio::sync::watch;

use crate::log::Log;

/// Logs that are put on the disk at the same time.
const AT_ONCE_MAX: usize = 8;

/// Who notes takes a number; who seals waits until all up to his are on the disk. One of those who wait seals for all.
#[derive(Default)]
pub(crate) struct Seals {
    noted: AtomicU64,
    sealed: watch::Sender<u64>,
    turn: Arc<tokio::sync::Mutex<()>>,
    unsealed: Mutex<HashMap<Tenant, Arc<Log>>>,
    pub(crate) syncs: AtomicU64,
}

impl Seals {
    /// Something was written to a log.
    pub(crate) fn noted(&self, log: &Arc<Log>) {
        let mut unsealed = self.unsealed.lock().unwrap_or_else(PoisonError::into_inner);
        if !unsealed.contains_key(&log.tenant) {
            unsealed.insert(log.tenant.clone(), log.clone());
        }
        // Within the lock: whoever sees the number sees the log.
        self.noted.fetch_add(1, Ordering::SeqCst);
    }

    /// Returns once everything noted before is on the disk.
    pub(crate) async fn seal(self: &Arc<Self>) -> Result<()> {
        let noted = self.noted.load(Ordering::SeqCst);
        let mut sealed = self.sealed.subscribe();
        let turn = tokio::select! {
            biased;
            _ = sealed.wait_for(|sealed| *sealed >= noted) => return Ok(()),
            turn = self.turn.clone().lock_owned() => turn,
        };
        if *self.sealed.borrow() >= noted {
            return Ok(());
        }
        let seals = self.clone();
        // The turn goes with the work: it ends with it, even where nobody waits any more.
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            seals.seal_all()
        });
        work.await.map_err(|error| Error::new(Kind::Internal, "put audit entries on the disk").because(error))?
    }

    fn seal_all(&self) -> Result<()> {
        let (noted, logs) = {
            let mut unsealed = self.unsealed.lock().unwrap_or_else(PoisonError::into_inner);
            (self.noted.load(Ordering::SeqCst), std::mem::take(&mut *unsealed))
        };
        self.syncs.fetch_add(1, Ordering::Relaxed);
        let logs: Vec<_> = logs.into_values().collect();
        // Waiting for the disk is shared, too: it is told once to write what several wait for.
        let sealed = thread::scope(|scope| {
            let shares = logs.chunks(logs.len().div_ceil(AT_ONCE_MAX).max(1));
            let workers: Vec<_> = shares.map(|share| scope.spawn(|| seal_each(share))).collect();
            workers.into_iter().map(|worker| worker.join().unwrap_or_else(|_| Err(ended()))).fold(Ok(()), Result::and)
        });
        match sealed {
            Ok(()) => {
                self.sealed.send_replace(noted);
            }
            Err(_) => {
                // The next who seals tries again; for those that are on the disk there is nothing to do.
                let mut unsealed = self.unsealed.lock().unwrap_or_else(PoisonError::into_inner);
                unsealed.extend(logs.into_iter().map(|log| (log.tenant.clone(), log)));
            }
        }
        sealed
    }
}

/// Every log has its try.
fn seal_each(logs: &[Arc<Log>]) -> Result<()> {
    logs.iter().map(|log| log.seal(0)).fold(Ok(()), Result::and)
}

fn ended() -> Error {
    Error::new(Kind::Internal, "put audit entries on the disk: a thread ended before its work was done")
}
