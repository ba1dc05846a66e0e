//! `metrify grant` as it is written.

use clap::Subcommand;

use super::Standing;

#[derive(Debug, Subcommand)]
pub enum Grant {
    /// Register what the user of a connection consented to
    #[command(after_help = "\
Examples:
  metrify grant create 50120962218 --evidence \"file 2026/7\" --until 2027-01-01
  metrify grant create 50120962218 --evidence \"file 2026/7\" --grantee user:ann -o json

A grant covers the point that it names and no other, for the purpose `consent` alone: not SQL, exports or lists.")]
    Create {
        /// A market or metering location or a meter, as its readings name it
        point: String,
        /// Where the consent itself is kept, such as the number of a file; it names no person
        #[arg(long, value_name = "TEXT")]
        evidence: String,
        /// tenant for everybody of the tenant, or one principal such as user:ann or key:ID
        #[arg(long, value_name = "NAME", default_value = "tenant")]
        grantee: String,
        /// A purpose that rests on consent
        #[arg(long, default_value = "consent")]
        purpose: String,
        /// A day, local, as its beginning, or an instant [default: now]
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// Not within it [default: until it is withdrawn]
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
    },
    /// List them, the withdrawn ones, too
    List {
        #[arg(long)]
        point: Option<String>,
        /// tenant, or a principal such as user:ann
        #[arg(long, value_name = "NAME")]
        grantee: Option<String>,
        /// Those that were not withdrawn
        #[arg(long)]
        active: bool,
        #[command(flatten)]
        standing: Standing,
    },
    /// Withdraw one: it covers nothing from now on
    Withdraw { id: String },
}
