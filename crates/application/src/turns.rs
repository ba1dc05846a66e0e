//! Whoever works on something has its turn; others who want to work on the same wait for it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;

type Turn = tokio::sync::Mutex<()>;

/// Work on things of one name is done one after the other.
#[derive(Debug)]
pub struct Turns<K>(Mutex<HashMap<K, Weak<Turn>>>);

impl<K> Default for Turns<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> Turns<K> {
    /// Waits for those who took any of these names before. Whoever takes several takes them in the same order as others do.
    pub async fn take(&self, names: impl IntoIterator<Item = K>) -> Vec<OwnedMutexGuard<()>> {
        let mut turns = Vec::new();
        for name in names {
            turns.push(self.of(name).lock_owned().await);
        }
        turns
    }

    fn of(&self, name: K) -> Arc<Turn> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // There are no more of them than are worked on at one time.
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = turns.entry(name).or_default();
        turn.upgrade().unwrap_or_else(|| {
            let new = Arc::new(Turn::default());
            *turn = Arc::downgrade(&new);
            new
        })
    }
}
