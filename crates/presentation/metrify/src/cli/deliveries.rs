//! The arguments of `metrify deliveries`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::AsKnown;

#[derive(Debug, Subcommand)]
pub enum Deliveries {
    /// List them, the last that was received first
    #[command(after_help = "\
Examples:
  metrify deliveries list --state open
  metrify deliveries list --format mscons --start 2025-01-05 --limit 10 -o json")]
    List(ListDeliveries),
    /// Show one: its receipt, how its rejects stand, and whether its bytes are kept
    Show { id: String },
    /// Write the bytes of one to a file, as they came
    Content {
        id: String,
        #[arg(long, value_name = "PATH")]
        out: PathBuf,
    },
    /// Read them again with the decoders of today
    #[command(after_help = "\
Examples:
  metrify deliveries replay --since 2025-01-05 --diff
  metrify deliveries replay --since 2025-01-05
  metrify deliveries replay 9f86d081884c7d659a2feaa0c55ad015 --diff -o json

Ends with 0 when all was understood, 2 when something is rejected or no longer kept, 1 when it failed.")]
    Replay {
        /// Which ones; all since then where none is named
        ids: Vec<String>,
        /// A day, local, or an instant [default: all that are kept]
        #[arg(long, value_name = "TIME", conflicts_with = "ids")]
        since: Option<String>,
        /// Show what would change, and change nothing
        #[arg(long)]
        diff: bool,
        /// Have a server do it, and tell the job that it is
        #[arg(long = "async", conflicts_with = "diff")]
        in_background: bool,
    },
}

#[derive(Debug, Args)]
pub struct ListDeliveries {
    /// Where they came from, as their senders said
    #[arg(long)]
    pub source: Option<String>,
    #[arg(long, value_name = "NAME")]
    pub format: Option<String>,
    /// Received at a day, local, as its beginning, or at an instant, or after it
    #[arg(long, value_name = "TIME")]
    pub start: Option<String>,
    /// Received before
    #[arg(long, value_name = "TIME")]
    pub end: Option<String>,
    /// complete, or open where some of their rejects are
    #[arg(long)]
    pub state: Option<String>,
    /// Whether their bytes are kept
    #[arg(long, value_name = "true|false")]
    pub archived: Option<bool>,
    /// Deliveries at most
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: u64,
    #[command(flatten)]
    pub known: AsKnown,
}
