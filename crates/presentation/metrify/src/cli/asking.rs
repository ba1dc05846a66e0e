//! The commands that ask what there is, or what was known then.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

/// As of when something is told.
#[derive(Clone, Debug, Default, Args, Serialize)]
pub struct AsKnown {
    /// Tell what was known then: a day, local, as its beginning, or an instant [default: what is known by now]
    #[arg(long, value_name = "TIME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_known_at: Option<String>,
}

/// Things as they stand; the names are those of the parameters of the programming interface.
#[derive(Clone, Debug, Default, Args, Serialize)]
pub struct Standing {
    /// Only what changed last at a day, local, as its beginning, or at an instant, or after it
    #[arg(long, value_name = "TIME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Only what changed last before a day, local, or an instant
    #[arg(long, value_name = "TIME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    pub known: AsKnown,
}

#[derive(Debug, Args)]
pub struct Sql {
    pub query: String,
    #[command(flatten)]
    pub known: AsKnown,
}

#[derive(Debug, Args)]
pub struct Export {
    #[arg(long, default_value = "select * from readings")]
    pub query: String,
    /// ndjson, csv, parquet or arrow; told by the file's name where absent
    #[arg(long)]
    pub format: Option<String>,
    #[arg(long, value_name = "PATH")]
    pub out: PathBuf,
    #[command(flatten)]
    pub known: AsKnown,
}

#[derive(Debug, Subcommand)]
pub enum Rejects {
    /// List those that are open, the last that was rejected first
    #[command(after_help = "\
Examples:
  metrify rejects list --format mscons --limit 10
  metrify rejects list --all --delivery 9f86d081884c7d659a2feaa0c55ad015 -o json")]
    List(ListRejects),
    /// Show one with its bytes
    Show { id: String },
    /// Read them again after a fix
    #[command(after_help = "\
Examples:
  metrify rejects replay
  metrify rejects replay 9f86d081884c7d659a2feaa0c55ad015-3 --timezone Europe/Berlin")]
    Replay {
        /// Which ones; all that are open where none is named
        ids: Vec<String>,
        #[arg(long, value_name = "ZONE")]
        timezone: Option<String>,
        #[arg(long, value_name = "AREA")]
        area: Option<String>,
        #[arg(long, value_name = "POINT")]
        point: Option<String>,
        #[arg(long, value_name = "QUANTITY")]
        quantity: Option<String>,
        #[arg(long)]
        swap_tariffs: bool,
    },
}

#[derive(Debug, Args)]
pub struct ListRejects {
    /// Those that were resolved, too
    #[arg(long)]
    pub all: bool,
    /// The delivery that they came with
    #[arg(long, value_name = "ID")]
    pub delivery: Option<String>,
    /// Where they came from, as their senders said
    #[arg(long)]
    pub source: Option<String>,
    #[arg(long, value_name = "NAME")]
    pub format: Option<String>,
    /// Rejected at a day, local, as its beginning, or at an instant, or after it
    #[arg(long, value_name = "TIME")]
    pub start: Option<String>,
    /// Rejected before
    #[arg(long, value_name = "TIME")]
    pub end: Option<String>,
    /// Rejects at most
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: u64,
    #[command(flatten)]
    pub known: AsKnown,
}

#[derive(Debug, Subcommand)]
pub enum Points {
    /// List them
    List(AsKnown),
    /// Vouch for points, so that their readings are taken in
    Confirm {
        #[arg(required = true)]
        points: Vec<String>,
    },
}

/// Which keys; as [`Standing`].
#[derive(Clone, Debug, Default, Args, Serialize)]
pub struct Keys {
    /// Only those that are so
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<KeyStatus>,
    /// Only those of this role: admin, analyst, operator, viewer or api
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    pub standing: Standing,
}

/// Whether it opens anything; one that has expired does not, as one that was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyStatus {
    Active,
    Inactive,
    Expired,
}

/// Which people; as [`Keys`].
#[derive(Clone, Debug, Default, Args, Serialize)]
pub struct Users {
    /// Only those that are so
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Only those of this role: admin, analyst, operator, viewer or api
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    pub standing: Standing,
}

/// Whether somebody is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Active,
    Inactive,
}

#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Look whether the log of a tenant is there, and as it was written
    #[command(after_help = "\
Examples:
  metrify audit verify
  metrify audit verify --tenant stadtwerk

Names the first entry that is not as it was written, by its line, and the byte that was changed where it was one; else the first of the line. Entries cut
off at the end are noticed where the program had ended in order: keep the hash of the last one elsewhere for the rest.

Ends with 0 where it is, 1 where it is not.")]
    Verify {
        /// Whose it is [default: the house's own]
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
    },
    /// List entries, oldest first; the last ones where there are more
    #[command(after_help = "\
Examples:
  metrify audit list --subject 50120962218 --start 2026-01-01
  metrify audit list --action export --outcome denied --newest-first --limit 10")]
    List(Box<Entries>),
}

/// Which entries of the audit log.
#[derive(Debug, Args)]
pub struct Entries {
    /// A point, meter, key or delivery; with what may have touched it, such as queries, lists and the contents of deliveries
    #[arg(long)]
    pub subject: Option<String>,
    #[arg(long)]
    pub principal: Option<String>,
    /// read, query, export, deliver, mend, register, administer or enter
    #[arg(long)]
    pub action: Option<String>,
    /// readings, tables, meters, ...
    #[arg(long)]
    pub resource: Option<String>,
    /// begun, done, denied, or the kind of an error, such as invalid
    #[arg(long)]
    pub outcome: Option<String>,
    /// admin, analyst, operator, viewer or api
    #[arg(long)]
    pub role: Option<String>,
    #[arg(long)]
    pub purpose: Option<String>,
    /// A day, local, as its beginning, or an instant
    #[arg(long, value_name = "TIME")]
    pub start: Option<String>,
    #[arg(long, value_name = "TIME")]
    pub end: Option<String>,
    #[command(flatten)]
    pub known: AsKnown,
    #[arg(long)]
    pub newest_first: bool,
    /// Entries at most; all where it is 0
    #[arg(long, default_value_t = 100)]
    pub limit: usize,
}
