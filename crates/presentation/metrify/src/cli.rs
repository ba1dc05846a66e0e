//! The command line.

mod asking;
pub mod deliveries;
mod grant;
pub mod job;
mod policy;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use asking::{
    AsKnown, Audit, Entries, Export, KeyStatus, Keys, ListRejects, Points, Rejects, Sql, Standing, Status, Users,
};
pub use grant::Grant;
pub use policy::Policy;

use self::deliveries::Deliveries;
use self::job::Job;

/// Smart-meter data platform: readings of meters, grids and weather in, exact SQL answers out.
#[derive(Debug, Parser)]
#[command(name = "metrify", version, propagate_version = true, after_help = EXAMPLES)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  metrify ingest meters/ smard.csv            take files in, whatever they are
  metrify sql \"select count(*) from readings\"  ask
  metrify up                                  serve on http://127.0.0.1:8000
  metrify simulate --meters 100 --days 7 --out fleet.ndjson";

#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Folder that everything is kept in [default: data]
    #[arg(long, global = true, env = "METRIFY_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Settings that override those of the environment
    #[arg(long, global = true, env = "METRIFY_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// development, staging or production
    #[arg(long, global = true, env = "METRIFY_ENVIRONMENT", default_value = "development", hide_default_value = true)]
    pub environment: String,
    /// A server that is asked instead of the data directory, such as https://metrify.example.org
    #[arg(long, global = true, env = "METRIFY_SERVER", value_name = "URL")]
    pub server: Option<String>,
    /// The key that opens it, where `metrify login` did not; best in the variable, since others see arguments
    #[arg(long, global = true, env = "METRIFY_KEY", value_name = "KEY", hide_env_values = true)]
    pub key: Option<String>,
    /// Authorities that such a server is known by, beside those of this machine, as PEM
    #[arg(long, global = true, env = "METRIFY_SERVER_CA", value_name = "FILE")]
    pub server_ca: Option<PathBuf>,
    /// What it knows its clients by, where it asks for it, as PEM: opens it without a key where it was made one
    #[arg(long, global = true, env = "METRIFY_CLIENT_CERTIFICATE", value_name = "FILE")]
    pub client_certificate: Option<PathBuf>,
    /// The key of that certificate, as PEM
    #[arg(long, global = true, env = "METRIFY_CLIENT_KEY", value_name = "FILE")]
    pub client_key: Option<PathBuf>,
    /// How answers are printed
    #[arg(short, long, global = true, env = "METRIFY_OUTPUT", value_enum, default_value = "table")]
    pub output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    Table,
    Json,
    Csv,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take in files and folders, and print a receipt that adds up
    #[command(after_help = "\
Examples:
  metrify ingest delivery.sml
  metrify ingest data/ --timezone Europe/Berlin
  metrify ingest smard.csv --area DE -o json

Ends with 0 when all was understood, 2 when something was rejected, 1 when it failed.")]
    Ingest(Ingest),
    /// Answer a query over everything, what arrived a moment ago too
    #[command(after_help = "\
Examples:
  metrify sql \"select local_day(period_start) as day, sum(value) from readings where quantity = 'load' group by 1 order by 1\"
  metrify sql \"select * from readings_as_known('2025-01-05T00:00:00Z') limit 5\" -o json
  metrify sql \"select count(*) from deliveries\" --as-known-at 2025-01-05")]
    Sql(Sql),
    /// Serve: HTTP in, SQL out, landing in the background
    #[command(after_help = "\
Examples:
  metrify up
  metrify up --listen 127.0.0.1:8080 --simulate 100")]
    Up(Up),
    /// Make a fleet of meters, grids and weather stations with faults that are known
    #[command(after_help = "\
Examples:
  metrify simulate --meters 1000 --days 30 --seed 7 --out fleet.ndjson
  metrify simulate --meters 10 --days 1 --format csv --out day.csv")]
    Simulate(Simulate),
    /// Write the answer of a query to a file
    #[command(after_help = "\
Examples:
  metrify export --out readings.parquet
  metrify export --query \"select * from weather\" --format csv --out weather.csv")]
    Export(Export),
    /// Write messages of the market
    #[command(subcommand)]
    Message(Message),
    /// Deliveries as they were received
    #[command(subcommand)]
    Deliveries(Deliveries),
    /// What could not be understood, with its bytes
    #[command(subcommand)]
    Rejects(Rejects),
    /// What the house does that takes long
    #[command(subcommand)]
    Job(Job),
    /// The points that are known
    #[command(args_conflicts_with_subcommands = true)]
    Points {
        #[command(subcommand)]
        command: Option<Points>,
        #[command(flatten)]
        known: AsKnown,
    },
    /// Keys to the programming interface
    #[command(subcommand)]
    Key(Key),
    /// People who log in
    #[command(subcommand)]
    User(User),
    /// Log in at a server by name and password, for the commands that follow
    #[command(after_help = "\
Examples:
  metrify --server https://metrify.example.org login ann
  metrify --server https://metrify.example.org sql \"select count(*) from readings\"

The password is asked for, or read from standard input as a line. The login is kept in metrify/logins.json in the folder of
your settings, readable by you alone.")]
    Login(Login),
    /// Log out at a server
    Logout,
    /// Tenants, each with tables of its own
    #[command(subcommand)]
    Tenant(Tenant),
    /// Who may do what, for which purpose
    #[command(subcommand)]
    Policy(Policy),
    /// What users of connections consented to
    #[command(subcommand)]
    Grant(Grant),
    /// Who did what
    #[command(subcommand)]
    Audit(Audit),
    /// The database of tenants, keys and master data
    #[command(subcommand)]
    Registry(Registry),
    /// Bring the database of the registry to the tables that this program knows, as a start does
    #[command(after_help = "\
Examples:
  metrify migrate
  METRIFY_REGISTRY_URL=postgres://... metrify migrate     before the first server of a new version starts")]
    Migrate,
    /// Look whether everything is in order
    Doctor,
    /// The settings in force
    #[command(subcommand)]
    Config(Config),
    /// Print the completions of a shell
    #[command(after_help = "Example:\n  metrify completions bash > /etc/bash_completion.d/metrify")]
    Completions { shell: clap_complete::Shell },
}

#[derive(Debug, Args)]
pub struct Ingest {
    /// Files and folders, packed or not; `-` reads standard input
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// The format, where the content does not tell it
    #[arg(long, value_name = "NAME")]
    pub format: Option<String>,
    /// The zone of stamps that carry none, such as Europe/Berlin
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
    /// The area of grid files that name none, such as DE or TenneT
    #[arg(long, value_name = "AREA")]
    pub area: Option<String>,
    /// The point of what names none: tables such as a column of times beside one of values, telegrams of meters without a number, amounts
    /// without a location
    #[arg(long, value_name = "POINT")]
    pub point: Option<String>,
    /// The quantity of tables that name none, such as 1-0:1.29.0, generation.photovoltaics or load_forecast
    #[arg(long, value_name = "QUANTITY")]
    pub quantity: Option<String>,
    /// Tariff 1 of DSMR meters is the normal one and 2 the low one, as in Belgium
    #[arg(long)]
    pub swap_tariffs: bool,
}

#[derive(Debug, Args)]
pub struct Up {
    /// Address and port [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<std::net::SocketAddr>,
    /// Fill an empty data directory with a simulated fleet of so many meters, and keep live readings coming
    #[arg(long, value_name = "METERS", default_value_t = 0)]
    pub simulate: u32,
}

#[derive(Debug, Args)]
pub struct Simulate {
    #[arg(long, default_value_t = 100)]
    pub meters: u32,
    #[arg(long, default_value_t = 7)]
    pub days: u32,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The first day, local
    #[arg(long, value_name = "DATE", default_value = "2025-01-01")]
    pub from: chrono::NaiveDate,
    #[arg(long, value_enum, default_value = "ndjson")]
    pub format: SimulateFormat,
    /// Inject no faults: every value comes once, and in time
    #[arg(long)]
    pub faultless: bool,
    /// The file to write; the truth about its faults stands beside it in PATH.truth. Without it the fleet is sent to the
    /// server, and the truth stands in simulated.truth: in the data directory, or here where the server is elsewhere
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SimulateFormat {
    Ndjson,
    Csv,
    /// One line a day: 92, 96 or 100 values
    Days,
    Parquet,
    Arrow,
}

#[derive(Debug, Subcommand)]
pub enum Message {
    /// What is known of points as MSCONS, a message for each
    #[command(after_help = "\
Examples:
  metrify message mscons --application 13025 --point 50120962218 --start 2025-03-31 --end 2025-04-01 \\
    --sender 9905048000007 --receiver 9903100000006 --out curve.edi
  metrify message mscons --application 13017 --point DE00056266802AO6G56M11SN51G21M24S --start 2025-01-01 \\
    --meter 1EMH0012345678 --sender 9905048000007 --receiver 9903100000006 --out reading.edi

What the application handbook does not allow is refused with the place and the reason, and nothing is written.

Ends with 0 when amounts are told of all the time that was asked for, 1 when some are not known or it failed.")]
    Mscons(Box<Mscons>),
    /// Answers to the interchanges in a file: accepted or rejected, by their syntax
    #[command(after_help = "\
Example:
  metrify message contrl received.edi --out answers/

Ends with 0 when all are accepted, 2 when something is rejected, 1 when it failed.")]
    Contrl {
        file: PathBuf,
        /// The folder that an answer for each interchange is written to
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct Mscons {
    /// The Pruefidentifikator: 13017 register readings, 13018 load curves of Messlokationen, 13019 amounts, 13025 load curves of
    /// Marktlokationen
    #[arg(long, value_name = "NUMBER")]
    pub application: String,
    #[arg(long = "point", value_name = "POINT", required = true)]
    pub points: Vec<String>,
    /// A day, local, or an instant
    #[arg(long, value_name = "TIME")]
    pub start: String,
    /// A day, local, or an instant; the day is not told any more [default: the start]
    #[arg(long, value_name = "TIME")]
    pub end: Option<String>,
    /// Market partner id
    #[arg(long, value_name = "ID")]
    pub sender: String,
    /// Market partner id
    #[arg(long, value_name = "ID")]
    pub receiver: String,
    /// The interchange's own, at most 14 capital letters and digits; message numbers begin with it [default: from the clock]
    #[arg(long, value_name = "TEXT")]
    pub reference: Option<String>,
    /// The meter of register readings
    #[arg(long, value_name = "METER")]
    pub meter: Option<String>,
    /// The order that amounts of a Messlokation answer
    #[arg(long, value_name = "TEXT")]
    pub order: Option<String>,
    /// Why values that had another version before are sent again (STS+Z34), such as ZB0
    #[arg(long, value_name = "CODE")]
    pub correction: Option<String>,
    #[arg(long, value_name = "PATH")]
    pub out: PathBuf,
}

#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make one; it is shown this once
    #[command(after_help = "\
Examples:
  metrify key create --role admin -o json
  metrify key create --role viewer --title \"billing, nightly\" --purpose metering --expires-at 2027-01-01")]
    Create {
        /// admin, analyst, operator, viewer or api
        #[arg(long)]
        role: String,
        /// What it is for, for people
        #[arg(long, default_value = "made on the command line")]
        title: String,
        /// A purpose that it may act for; all that the law allows the tenant where none is named
        #[arg(long = "purpose", value_name = "PURPOSE")]
        purposes: Vec<String>,
        /// A day, local, as its beginning, or an instant [default: never]
        #[arg(long, value_name = "TIME")]
        expires_at: Option<String>,
        /// The tenant that it opens [default: the house's own]
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
        /// A certificate of a client, as PEM, that is to be the key: connections by it need no other
        #[arg(long, value_name = "FILE")]
        certificate: Option<PathBuf>,
    },
    /// List them, without what opens anything
    List(Keys),
    /// Take one back
    Revoke {
        /// What stands between its two underscores
        id: String,
        /// The tenant that it opens [default: the house's own]
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
    },
}

#[derive(Debug, Args)]
pub struct Login {
    pub user: String,
    /// The tenant that it belongs to [default: the house's own]
    #[arg(long, value_name = "NAME")]
    pub tenant: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum User {
    /// Make one; the password is asked for, or read from standard input as a line
    #[command(after_help = "\
Examples:
  metrify user create ann --role analyst --title \"Ann Example\"
  metrify user create ben --role viewer --purpose metering < password")]
    Create {
        /// What it logs in by
        name: String,
        /// For people
        #[arg(long)]
        title: Option<String>,
        /// admin, analyst, operator, viewer or api
        #[arg(long)]
        role: String,
        /// A purpose that it may act for; all that the law allows the tenant where none is named
        #[arg(long = "purpose", value_name = "PURPOSE")]
        purposes: Vec<String>,
    },
    /// List them
    List(Users),
    /// Let one in no longer, and end its sessions
    Disable { name: String },
    /// Let one in again
    Enable { name: String },
    /// Give one a new password, and end its sessions
    Reset { name: String },
    /// Change your own password
    Password,
}

#[derive(Debug, Subcommand)]
pub enum Tenant {
    /// Make one
    #[command(
        after_help = "Example:\n  metrify tenant create stadtwerk --party metering_operator --party grid_operator"
    )]
    Create {
        name: String,
        /// For people
        #[arg(long)]
        title: Option<String>,
        /// What it is in the market, such as metering_operator or supplier
        #[arg(long = "party", value_name = "PARTY", required = true)]
        parties: Vec<String>,
    },
    /// List them
    List(Standing),
}

#[derive(Debug, Subcommand)]
pub enum Registry {
    /// Make its tables anew of the events, while no server runs
    Rebuild,
}

#[derive(Debug, Subcommand)]
pub enum Config {
    /// Check them and print what is in force
    Check,
}
