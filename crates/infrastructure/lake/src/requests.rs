//! The names of requests whose answers are remembered.

use std::collections::{HashSet, VecDeque};

use metrify_application::record::Fingerprint;

/// Names that are remembered. A request has two where it has a key: of half as many requests at least whoever sends one again gets
/// its first answer.
pub(crate) const REQUESTS_MAX: usize = 1 << 20;

/// The newest [`REQUESTS_MAX`] names.
#[derive(Default)]
pub(crate) struct Requests {
    known: HashSet<Fingerprint>,
    /// Oldest first.
    order: VecDeque<Fingerprint>,
}

impl Requests {
    pub(crate) fn contains(&self, name: Fingerprint) -> bool {
        self.known.contains(&name)
    }

    /// Tells whether the name is new.
    pub(crate) fn insert(&mut self, name: Fingerprint) -> bool {
        if !self.known.insert(name) {
            return false;
        }
        self.order.push_back(name);
        if self.order.len() > REQUESTS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }

    /// Forgets the name that was inserted last.
    pub(crate) fn take_back(&mut self) {
        if let Some(name) = self.order.pop_back() {
            self.known.remove(&name);
        }
    }
}
