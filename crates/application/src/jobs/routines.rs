//! What the house does by itself every few seconds or hours: how each kind stands, and its last runs that did something or failed. The
//! registry would grow with them for ever, and what is in memory tells what an operator asks: does it work, since when does it not, why.

use std::collections::{BTreeMap, VecDeque};

use metrify_domain::Timestamp;

use super::JobRecord;
use crate::registry::Edition;

/// Runs of one kind and tenant that did something, and as many that failed: neither push the others out.
pub(super) const RUNS_REMEMBERED_MAX: usize = 10;

/// How a routine of a tenant stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// When it last went well, whether or not there was something to do.
    pub succeeded_at: Option<Timestamp>,
    /// `None` where its last run went well.
    pub failing: Option<Failing>,
    /// Runs since the start that did something.
    pub done: u64,
    pub failed: u64,
}

/// What goes wrong again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    pub since: Timestamp,
    /// Runs in a row.
    pub times: u64,
    /// Why the last of them failed.
    pub reason: String,
}

/// The runs of one kind and tenant.
#[derive(Debug, Default)]
pub(super) struct Runs {
    pub(super) standing: Standing,
    running: BTreeMap<String, Edition<JobRecord>>,
    done: VecDeque<Edition<JobRecord>>,
    failed: VecDeque<Edition<JobRecord>>,
}

impl Runs {
    pub(super) fn begin(&mut self, record: JobRecord) {
        let id = record.id.clone();
        self.running.insert(id, edition(record));
    }

    /// It ended well; tells what is remembered of it, which is nothing where there was nothing to do.
    pub(super) fn succeed(&mut self, record: JobRecord, at: Timestamp) -> Option<Edition<JobRecord>> {
        self.running.remove(&record.id);
        self.standing.succeeded_at = Some(at);
        self.standing.failing = None;
        if record.account.is_nothing() {
            return None;
        }
        self.standing.done += 1;
        Some(remember(&mut self.done, record))
    }

    pub(super) fn fail(&mut self, record: JobRecord, at: Timestamp) -> Edition<JobRecord> {
        self.running.remove(&record.id);
        self.standing.failed += 1;
        let reason = record.error.clone().unwrap_or_default();
        let failing = self.standing.failing.get_or_insert(Failing { since: at, times: 0, reason: String::new() });
        failing.times += 1;
        failing.reason = reason;
        remember(&mut self.failed, record)
    }

    /// It was given up in the middle, which is neither.
    pub(super) fn give_up(&mut self, id: &str) {
        self.running.remove(id);
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Edition<JobRecord>> {
        self.running.values().chain(&self.done).chain(&self.failed)
    }
}

fn remember(runs: &mut VecDeque<Edition<JobRecord>>, record: JobRecord) -> Edition<JobRecord> {
    if runs.len() == RUNS_REMEMBERED_MAX {
        runs.pop_front();
    }
    let known = edition(record);
    runs.push_back(known.clone());
    known
}

/// What is only remembered has one version: it is known since it began, and as what it became since it ended.
fn edition(record: JobRecord) -> Edition<JobRecord> {
    let known_from = record.ended_at.unwrap_or(record.started_at);
    Edition { thing: record, version: 1, known_from, known_until: None }
}
