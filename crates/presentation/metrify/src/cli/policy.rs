//! `metrify policy` as it is written.

use clap::Subcommand;

use super::AsKnown;

#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Tell who may do something, for which purpose, and why
    #[command(after_help = "\
Examples:
  metrify policy explain
  metrify policy explain --action export --resource tables --party supplier
  metrify policy explain --principal key:7f3a0c1d2e4b5968               what would happen to it
  metrify policy explain --subject 50120962218 --principal user:ann     by which grant of the point, if by any

The policies are those in force now; of the tenant, the principal and the grants it is told what was known, where that is asked for.")]
    Explain {
        /// read, query, export, deliver, mend, register, administer or enter
        #[arg(long, default_value = "read")]
        action: String,
        /// readings, tables, meters, ...
        #[arg(long, default_value = "readings")]
        resource: String,
        /// What the tenant would be in the market [default: what it is]
        #[arg(long = "party", value_name = "PARTY")]
        parties: Vec<String>,
        /// The one that it is on, such as a point: whether a grant covers it is told
        #[arg(long, value_name = "POINT")]
        subject: Option<String>,
        /// Who does it, such as user:ann: what would happen to it; else all roles, and a grant to one alone covers nobody
        #[arg(long, value_name = "NAME")]
        principal: Option<String>,
        #[command(flatten)]
        known: AsKnown,
    },
}
