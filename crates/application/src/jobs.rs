//! What the house does that takes long: work that somebody starts, which is kept in the registry, and routines of its own, of which the
//! last runs are remembered.

mod routines;
mod work;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use metrify_domain::{Tenant, Timestamp};

use crate::record::Counts;
use crate::registry::Edition;

pub use routines::{Failing, Standing};
pub use work::{Jobs, Started};

pub(crate) use work::{Handle, kept};

/// Jobs of one tenant that are under way at most, routines apart: each holds a delivery or an answer in memory.
pub const JOBS_AT_ONCE_MAX: usize = 4;

/// Who does what nobody asked for.
pub const HOUSE: &str = "house";

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobKind {
    /// Brings memory into the lake.
    Land,
    /// Makes few large files of many small ones.
    Compact,
    /// Deletes files that others replaced.
    Vacuum,
    /// Reads deliveries again and changes what that changes.
    ReplayDeliveries,
    /// Reads deliveries again and shows what that would change.
    CompareDeliveries,
    /// Reads rejects again.
    ReplayRejects,
    /// Writes an answer to a file.
    Export,
}

impl JobKind {
    pub const ALL: [Self; 7] = [
        Self::Land,
        Self::Compact,
        Self::Vacuum,
        Self::ReplayDeliveries,
        Self::CompareDeliveries,
        Self::ReplayRejects,
        Self::Export,
    ];

    /// What the house does by itself, again and again.
    pub const ROUTINES: [Self; 3] = [Self::Land, Self::Compact, Self::Vacuum];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Land => "land",
            Self::Compact => "compact",
            Self::Vacuum => "vacuum",
            Self::ReplayDeliveries => "replay_deliveries",
            Self::CompareDeliveries => "compare_deliveries",
            Self::ReplayRejects => "replay_rejects",
            Self::Export => "export",
        }
    }
}

/// How a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobState {
    Running,
    Done,
    Failed,
    /// Somebody stopped it; what it did until then stays.
    Cancelled,
    /// The process ended while it ran; what it did until then stays.
    Interrupted,
}

impl JobState {
    pub const ALL: [Self; 5] = [Self::Running, Self::Done, Self::Failed, Self::Cancelled, Self::Interrupted];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }
}

/// What is counted of what a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counted {
    /// Deliveries that were read again.
    Deliveries,
    /// Deliveries whose bytes are no longer kept.
    Lost,
    /// Rejects that were read again.
    Rejects,
    /// Rejects that are understood by now.
    Resolved,
    Received,
    Stored,
    Duplicates,
    Corrections,
    Rejected,
    Retracted,
    /// Rows that were landed, or that an answer has.
    Rows,
    FilesAdded,
    FilesRemoved,
}

impl Counted {
    pub const ALL: [Self; 13] = [
        Self::Deliveries,
        Self::Lost,
        Self::Rejects,
        Self::Resolved,
        Self::Received,
        Self::Stored,
        Self::Duplicates,
        Self::Corrections,
        Self::Rejected,
        Self::Retracted,
        Self::Rows,
        Self::FilesAdded,
        Self::FilesRemoved,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deliveries => "deliveries",
            Self::Lost => "lost",
            Self::Rejects => "rejects",
            Self::Resolved => "resolved",
            Self::Received => "received",
            Self::Stored => "stored",
            Self::Duplicates => "duplicates",
            Self::Corrections => "corrections",
            Self::Rejected => "rejected",
            Self::Retracted => "retracted",
            Self::Rows => "rows",
            Self::FilesAdded => "files_added",
            Self::FilesRemoved => "files_removed",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what} ({names})")]
pub struct UnknownName {
    text: String,
    what: &'static str,
    names: String,
}

macro_rules! named {
    ($($kind:ident: $what:literal),+) => {$(
        impl FromStr for $kind {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, UnknownName> {
                let found = Self::ALL.into_iter().find(|one| one.name() == text);
                found.ok_or_else(|| UnknownName {
                    text: text.chars().take(40).collect(),
                    what: $what,
                    names: Self::ALL.map(Self::name).join(", "),
                })
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    )+};
}

named!(JobKind: "a kind of jobs", JobState: "a state of jobs", Counted: "something that jobs count");

/// What a job did, in exact counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account(BTreeMap<Counted, u64>);

impl Account {
    /// Counts more of something; what is counted is told although it is 0.
    pub fn add(&mut self, counted: Counted, more: u64) {
        *self.0.entry(counted).or_default() += more;
    }

    #[must_use]
    pub fn get(&self, counted: Counted) -> u64 {
        self.0.get(&counted).copied().unwrap_or_default()
    }

    pub fn counts(&self) -> impl Iterator<Item = (Counted, u64)> + '_ {
        self.0.iter().map(|(counted, count)| (*counted, *count))
    }

    /// Whether it did nothing at all.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.0.values().all(|count| *count == 0)
    }
}

/// The counts of a receipt as those of a job.
#[must_use]
pub(crate) const fn counted(counts: &Counts) -> [(Counted, u64); 5] {
    let Counts { received, stored, duplicates, corrections, rejected } = *counts;
    [
        (Counted::Received, received),
        (Counted::Stored, stored),
        (Counted::Duplicates, duplicates),
        (Counted::Corrections, corrections),
        (Counted::Rejected, rejected),
    ]
}

impl<const N: usize> From<[(Counted, u64); N]> for Account {
    fn from(counts: [(Counted, u64); N]) -> Self {
        Self(counts.into())
    }
}

/// One run of long work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRecord {
    /// Ids grow with the time of the start.
    pub id: String,
    pub kind: JobKind,
    /// The principal that started it, or [`HOUSE`].
    pub by: String,
    /// The data directory whose process does it: several may share a registry.
    pub house: String,
    pub state: JobState,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub account: Account,
    /// Why it failed, or is not done.
    pub error: Option<String>,
}

/// A job as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldJob {
    pub tenant: Tenant,
    pub job: Edition<JobRecord>,
    /// It stands in the registry; else it is remembered until the process ends, or others of its kind take its place.
    pub kept: bool,
}
