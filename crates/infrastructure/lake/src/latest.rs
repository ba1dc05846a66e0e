//! How far each channel has come since the tables were opened.
//!
//! Readings mostly come in the order of their time. What starts after everything that came on its channel is new, and nothing has
//! to be looked up for it but the files that were there before.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use metrify_domain::{Batch, Channel, Timestamp};

/// The latest start of a period on each channel. Channels are told apart by their hash: where two share one they share the later
/// start, so that more is looked up than has to be, and nothing is overlooked.
#[derive(Default)]
pub(crate) struct Latest {
    hasher: RandomState,
    starts: HashMap<u64, Timestamp, RandomState>,
}

impl Latest {
    fn hash(&self, channel: &Channel) -> u64 {
        self.hasher.hash_one(channel)
    }

    /// For each row of a batch whether its channel had come as far before.
    pub(crate) fn reached(&self, batch: &Batch) -> Vec<bool> {
        let latest = |channel| self.starts.get(&self.hash(channel)).copied();
        let latest: Vec<Option<Timestamp>> = batch.channels().iter().map(latest).collect();
        let reached = |start, latest: Option<Timestamp>| latest.is_some_and(|latest| start <= latest);
        batch.rows().iter().map(|row| reached(row.period.start(), latest[row.channel as usize])).collect()
    }

    pub(crate) fn extend(&mut self, batch: &Batch) {
        let mut latest: Vec<Option<Timestamp>> = vec![None; batch.channels().len()];
        for row in batch.rows() {
            let latest = &mut latest[row.channel as usize];
            *latest = (*latest).max(Some(row.period.start()));
        }
        for (channel, start) in batch.channels().iter().zip(latest) {
            if let Some(start) = start {
                self.reach(channel, start);
            }
        }
    }

    pub(crate) fn reach(&mut self, channel: &Channel, start: Timestamp) {
        let hash = self.hash(channel);
        let latest = self.starts.entry(hash).or_insert(start);
        *latest = (*latest).max(start);
    }
}
