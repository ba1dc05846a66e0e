//! The commands, one file each.

mod audit;
mod completions;
mod config;
mod deliveries;
mod doctor;
mod export;
mod grant;
mod ingest;
mod job;
mod key;
mod login;
mod message;
mod points;
mod policy;
mod registry;
mod rejects;
mod simulate;
mod sql;
mod tenant;
mod up;
mod user;

use metrify_application::{Error, Kind, Result};

use crate::cli::{Cli, Command, Points};
use crate::exit::Outcome;
use crate::settings::Settings;

/// # Errors
/// Where the command fails.
pub async fn run(cli: Cli, settings: Settings) -> Result<Outcome> {
    let output = cli.global.output;
    if let (Some(server), Some(name)) = (&settings.elsewhere, here_alone(&cli.command)) {
        let step = format!("run `metrify {name}` at {}: it works on the data directory of its own machine", server.url);
        return Err(
            Error::new(Kind::Invalid, step).hint("leave --server and METRIFY_SERVER away, or run it over there")
        );
    }
    match cli.command {
        Command::Ingest(arguments) => ingest::run(&settings, output, &arguments).await,
        Command::Sql(arguments) => sql::run(&settings, output, arguments).await,
        Command::Up(arguments) => up::run(settings, &arguments).await,
        Command::Simulate(arguments) => simulate::run(&settings, output, &arguments).await,
        Command::Export(arguments) => export::run(&settings, arguments).await,
        Command::Message(message) => message::run(&settings, output, &message).await,
        Command::Deliveries(command) => deliveries::run(&settings, output, command).await,
        Command::Rejects(command) => rejects::run(&settings, output, command).await,
        Command::Job(command) => job::run(&settings, output, command).await,
        Command::Points { command, known } => {
            points::run(&settings, output, command.unwrap_or(Points::List(known))).await
        }
        Command::Key(command) => key::run(&settings, output, command).await,
        Command::User(command) => user::run(&settings, output, command).await,
        Command::Login(arguments) => login::log_in(&settings, arguments).await,
        Command::Logout => login::log_out(&settings).await,
        Command::Tenant(command) => tenant::run(&settings, output, command).await,
        Command::Policy(command) => policy::run(&settings, output, command).await,
        Command::Grant(command) => grant::run(&settings, output, command).await,
        Command::Audit(command) => audit::run(&settings, output, command).await,
        Command::Registry(command) => registry::run(&settings, command).await,
        Command::Migrate => registry::migrate(&settings).await,
        Command::Doctor => doctor::run(&settings, output).await,
        Command::Config(command) => config::run(&settings, &command),
        Command::Completions { shell } => completions::run(shell),
    }
}

/// What no server can be asked for: to answer it out of this machine's data would be an answer about something else.
const fn here_alone(command: &Command) -> Option<&'static str> {
    match command {
        Command::Up(_) => Some("up"),
        Command::Migrate => Some("migrate"),
        Command::Registry(_) => Some("registry"),
        _ => None,
    }
}
