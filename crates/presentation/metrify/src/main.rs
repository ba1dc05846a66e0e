//! The program: reads arguments, settings and the clock, and hands everything else on.

mod access;
mod background;
mod cli;
mod client;
mod clock;
mod commands;
mod demo;
mod doors;
mod exit;
mod logins;
mod password;
mod print;
mod random;
mod settings;
mod telemetry;
mod tls;
mod wiring;
mod worker;

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::not_understood(&error),
    };
    let outcome = settings::load(&cli.global).and_then(|settings| {
        telemetry::start(&settings.log)?;
        take_small_pages();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|error| metrify_application::io("start the runtime", error))?;
        runtime.block_on(commands::run(cli, settings))
    });
    exit::code(outcome)
}

/// A server that has little to do uses little of each page of 2 MB, and would have all of it in memory. Intake and queries are as fast with
/// pages of 4 kB.
#[cfg(target_os = "linux")]
fn take_small_pages() {
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!("pages of memory are as large as the system will have them: {error}");
    }
}

#[cfg(not(target_os = "linux"))]
const fn take_small_pages() {}
