//! Queries that are given up at their client's wish, which comes by another connection with what only that client was told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use tokio::sync::Notify;

/// The sessions that can be told to give up.
#[derive(Default)]
pub(super) struct Cancels {
    sessions: Mutex<Sessions>,
}

#[derive(Default)]
struct Sessions {
    last: i32,
    known: HashMap<i32, (i32, Arc<Notify>)>,
}

/// The place of one session, as long as it lasts.
pub(super) struct Cancel {
    cancels: Arc<Cancels>,
    pub(super) session: i32,
    pub(super) secret: i32,
    told: Arc<Notify>,
}

impl Cancels {
    pub(super) fn enter(self: &Arc<Self>, secret: i32) -> Cancel {
        let told = Arc::<Notify>::default();
        let mut sessions = self.sessions();
        sessions.last = sessions.last.checked_add(1).unwrap_or(1);
        let session = sessions.last;
        sessions.known.insert(session, (secret, told.clone()));
        Cancel { cancels: self.clone(), session, secret, told }
    }

    pub(super) fn cancel(&self, session: i32, secret: i32) {
        if let Some((known, told)) = self.sessions().known.get(&session)
            && *known == secret
        {
            // It is kept until it is looked at: nothing listens while a row is written.
            told.notify_one();
        }
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cancel {
    /// Forgets what was meant for the statement before.
    pub(super) fn forget(&self) {
        // There is nothing to do where there was nothing.
        let _told: Option<()> = self.told.notified().now_or_never();
    }

    /// Comes to its end when the client wants no more of what is under way.
    pub(super) async fn told(&self) {
        self.told.notified().await;
    }
}

impl Drop for Cancel {
    fn drop(&mut self) {
        self.cancels.sessions().known.remove(&self.session);
    }
}
