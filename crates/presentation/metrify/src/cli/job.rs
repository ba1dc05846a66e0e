//! The arguments of `metrify job`.

use clap::Subcommand;

use super::Standing;

#[derive(Debug, Subcommand)]
pub enum Job {
    /// List them, newest first
    #[command(after_help = "\
Examples:
  metrify job list --state running
  metrify job list --kind land --state failed")]
    List {
        /// land, compact, vacuum, replay_deliveries, compare_deliveries, replay_rejects or export
        #[arg(long)]
        kind: Option<String>,
        /// running, done, failed, cancelled or interrupted
        #[arg(long)]
        state: Option<String>,
        /// The principal that started them, or house
        #[arg(long, value_name = "PRINCIPAL")]
        by: Option<String>,
        /// Jobs at most
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
        limit: u64,
        #[command(flatten)]
        standing: Standing,
    },
    /// Show one, with what it has done so far
    Show { id: String },
    /// Stop one at its next safe point; what it did until then stays
    Cancel { id: String },
}
