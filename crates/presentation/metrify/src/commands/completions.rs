//! `metrify completions`.

use clap::CommandFactory;
use metrify_application::Result;

use crate::cli::Cli;
use crate::exit::Outcome;

pub fn run(shell: clap_complete::Shell) -> Result<Outcome> {
    clap_complete::generate(shell, &mut Cli::command(), "metrify", &mut std::io::stdout());
    Ok(Outcome::Good)
}
