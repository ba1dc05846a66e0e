//! `metrify policy` as it is written.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Tell who may do something, for which purpose, and why
    #[command(after_help = "\
Examples:
  metrify policy explain
  metrify policy explain --action export --resource tables --party supplier
  metrify policy explain --subject 50120962218 --principal user:ann     by which grant of the point, if by any

Where no point is named, it is told without the data, of any tenant; where one is, of the tenant that asks.")]
    Explain {
        /// read, query, export, deliver, mend, register, administer or enter
        #[arg(long, default_value = "read")]
        action: String,
        /// readings, tables, meters, ...
        #[arg(long, default_value = "readings")]
        resource: String,
        /// What the tenant is in the market; of a server, what the tenant of the key is [default: metering_operator]
        #[arg(long = "party", value_name = "PARTY", conflicts_with = "subject")]
        parties: Vec<String>,
        /// The one that it is on, such as a point: whether a grant covers it now is told
        #[arg(long, value_name = "POINT")]
        subject: Option<String>,
        /// Who does it, such as user:ann; else a grant to one alone covers nobody
        #[arg(long, value_name = "NAME", requires = "subject")]
        principal: Option<String>,
    },
}
