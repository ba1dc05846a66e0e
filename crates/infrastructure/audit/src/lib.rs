//! The audit log on the local disk: a chain of entries for each tenant, in which a change is noticed and found.
//!
//! # Files
//!
//! Each tenant has a folder of segments, named by the number of their first entry: `000000000001.ndjson`. A line is an
//! entry, a JSON object with its fields in this order: `version` (2, of the form of the line), `number` (from 1), `at`
//! (RFC 3339 in UTC with microseconds), `tenant`, `request`, `principal`, `role` (or null), `purpose` (or null), `action`,
//! `resource`, `subject` (or null), `query` (the SHA-256 of its text in hexadecimal digits, and absent where the entry is of no query),
//! `outcome`, `previous` (the hash of the line before; 64 zeros in the first), `hash`. Lines of version 1 have no `query`, and stay.
//! Room is written ahead as zeros, so that a full disk does not end everything at once: a segment ends where nothing
//! but zeros follow. Who closes the log cuts them off.
//!
//! # Verifying by hand
//!
//! `hash` is the SHA-256 of the line's bytes before `,"hash":"`, in hexadecimal digits: of all but its last 75 bytes,
//! the line feed not counted. So whoever has Python has all that it takes:
//!
//! ```python
#![doc = include_str!("../verify.py")]
//! ```
//!
//! # What it is good for
//!
//! A byte that was changed, a line that is missing, there twice or in another place, a file that is missing, cut or
//! another tenant's is found. Cut off its end a chain is still a chain; so the file `head` names the last entry of a
//! log that was closed, or that began its newest segment, and one that a log did not fit when it was opened stays as
//! `head-<number>`. Whoever may write everything can cut the end off that was written since, or write the whole chain
//! anew from some entry on, and `head` with it: no hash needs a secret. That ends where the head's hash
//! ([`Audited::head`]) is kept elsewhere from time to time, out of their reach: as long as an entry with this hash is
//! in a whole chain, everything up to it is as it was.
//!
//! A log that is gone as a whole, its `head` with it, or was begun anew, tells of nothing itself. So whoever begins one has its first
//! entry sealed and remembers elsewhere since when it is there: where [`Audit::verify`] is told, and no entry is as old, it says so.
//!
//! # When it is on the disk
//!
//! An entry outlives the process once [`Audit::note`] returned, and a loss of power once [`Audit::seal`] did; all who
//! wait for that at once share one sync. What nobody seals goes to the disk with what somebody else seals, when more
//! than a megabyte of it waits (whoever notes then waits for it), when the log is closed, and without all that when the
//! system writes back its memory: after half a minute by default (`vm.dirty_expire_centisecs`). There is no thread for
//! it that would have to be ended.
//!
//! After a loss of power the log goes on behind its last whole line. What was not finished is kept aside as
//! `*.torn-<byte>`. Whatever else is wrong with a log is no reason not to go on: it is told by [`Audit::verify`], and
//! stays.
//!
//! On file systems that never write in place (Btrfs, ZFS) room that is written ahead is not kept for sure.

mod head;
mod line;
mod locate;
mod log;
mod open;
mod read;
mod seals;
mod segment;
mod verify;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs::{self, File};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use metrify_application::audit::{Audited, Entry, Way};
use metrify_application::ports::Audit;
use metrify_application::{Result, Tenant, io};
use metrify_domain::Timestamp;

use crate::log::{Log, UNSEALED_BYTES_MAX};
use crate::seals::Seals;

/// A segment is finished before it is larger than this.
const SEGMENT_BYTES_MAX: u64 = 16 << 20;

/// Chains of entries in a folder that nobody else writes to.
pub struct FileAudit {
    root: PathBuf,
    segment_bytes: u64,
    logs: Mutex<HashMap<Tenant, Arc<Log>>>,
    seals: Arc<Seals>,
}

impl FileAudit {
    /// Opens the audit log in a folder, or makes it. What is in it is looked at when there is something to do with it.
    ///
    /// # Errors
    /// Where the folder cannot be made.
    pub fn open(root: PathBuf) -> Result<Self> {
        Self::with_segments(root, SEGMENT_BYTES_MAX)
    }

    fn with_segments(root: PathBuf, segment_bytes: u64) -> Result<Self> {
        let step = || format!("open the audit log in `{}`", root.display());
        if !root.is_dir() {
            fs::create_dir_all(&root).map_err(|error| io(step(), error))?;
            let parent = root.parent().filter(|parent| !parent.as_os_str().is_empty());
            let synced = parent.map_or(Ok(()), |parent| File::open(parent)?.sync_all());
            synced.map_err(|error| io(step(), error))?;
        }
        Ok(Self { root, segment_bytes, logs: Mutex::default(), seals: Arc::default() })
    }

    fn log(&self, tenant: &Tenant) -> Arc<Log> {
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(log) = logs.get(tenant) {
            return log.clone();
        }
        let log = Arc::new(Log::new(&self.root, tenant.clone(), self.segment_bytes));
        logs.insert(tenant.clone(), log.clone());
        log
    }

    /// How often what was noted was put on the disk since the log was opened: once for all who waited for it.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.seals.syncs.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Audit for FileAudit {
    fn note(&self, entry: &Entry) -> Result<()> {
        let log = self.log(&entry.act.tenant);
        let unsealed = log.note(entry)?;
        self.seals.noted(&log);
        if unsealed > UNSEALED_BYTES_MAX { log.seal(UNSEALED_BYTES_MAX) } else { Ok(()) }
    }

    async fn seal(&self) -> Result<()> {
        self.seals.seal().await
    }

    fn read(&self, tenant: &Tenant, way: Way, each: &mut dyn FnMut(u64, Entry) -> ControlFlow<()>) -> Result<()> {
        match way {
            Way::Onwards { after } => read::onwards(&self.log(tenant), after, each),
            Way::Back { before } => read::back(&self.log(tenant), before, each),
        }
    }

    fn verify(&self, tenant: &Tenant, begun: Option<Timestamp>) -> Result<Audited> {
        verify::chain(&self.log(tenant), begun)
    }
}

impl Drop for FileAudit {
    fn drop(&mut self) {
        let logs = std::mem::take(self.logs.get_mut().unwrap_or_else(PoisonError::into_inner));
        for log in logs.into_values() {
            if let Err(error) = log.close() {
                tracing::warn!("{}", error.chain());
            }
        }
    }
}
