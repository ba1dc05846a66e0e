//! Who is at an upload: one at a time, and whoever comes later ends who takes bytes for it. So a client whose connection broke without
//! the server's noticing goes on at once, and nobody writes between two bytes of somebody else.

use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use metrify_domain::Tenant;
use tokio::sync::{OwnedMutexGuard, watch};

use super::files::UploadId;

type Key = (Tenant, UploadId);

#[derive(Default)]
pub(super) struct Arrivals(Mutex<HashMap<Key, Weak<Place>>>);

struct Place {
    turn: Arc<tokio::sync::Mutex<()>>,
    /// The number of who came last.
    latest: watch::Sender<u64>,
}

/// An upload is somebody's, until this goes.
pub(super) struct Turn {
    place: Arc<Place>,
    number: u64,
    _turn: OwnedMutexGuard<()>,
}

impl Arrivals {
    /// Ends who takes bytes for an upload, and waits until it is done with them.
    pub(super) async fn take(&self, tenant: &Tenant, id: &UploadId) -> Turn {
        let place = self.place(tenant, id);
        let mut number = 0;
        place.latest.send_modify(|latest| {
            *latest += 1;
            number = *latest;
        });
        let turn = place.turn.clone().lock_owned().await;
        Turn { place, number, _turn: turn }
    }

    /// Whether somebody is at it.
    pub(super) fn hold(&self, tenant: &Tenant, id: &UploadId) -> bool {
        let places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.get(&(tenant.clone(), id.clone())).is_some_and(|place| place.strong_count() > 0)
    }

    fn place(&self, tenant: &Tenant, id: &UploadId) -> Arc<Place> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // There are no more of them than somebody is at.
        places.retain(|_, place| place.strong_count() > 0);
        let place = places.entry((tenant.clone(), id.clone())).or_default();
        place.upgrade().unwrap_or_else(|| {
            let new = Arc::new(Place { turn: Arc::default(), latest: watch::Sender::new(0) });
            *place = Arc::downgrade(&new);
            new
        })
    }
}

impl Turn {
    /// Returns once somebody came later.
    pub(super) async fn superseded(&self) {
        let mut latest = self.place.latest.subscribe();
        if latest.wait_for(|latest| *latest > self.number).await.is_err() {
            // Nobody comes where nobody can tell; the place is held here, so that this does not happen.
            pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Result;

    #[tokio::test]
    async fn who_comes_later_ends_who_came_before_and_never_the_other_way_round() -> Result<()> {
        let (arrivals, tenant) = (Arrivals::default(), "default".parse().expect("a name"));
        let id = UploadId::of(&[7; 32]);
        let first = arrivals.take(&tenant, &id).await;
        let second = arrivals.take(&tenant, &id);
        let ended = async {
            first.superseded().await;
            drop(first);
        };
        let (second, ()) = tokio::join!(second, ended);
        assert!(arrivals.hold(&tenant, &id));
        tokio::select! {
            biased;
            () = second.superseded() => panic!("nobody came after it"),
            () = std::future::ready(()) => {}
        }
        drop(second);
        assert!(!arrivals.hold(&tenant, &id));
        Ok(())
    }
}
