//! `metrify completions`.

use clap::CommandFactory;
use metrify_application::Result;

use crate::cli::Cli;
use crate::exit::Outcome;
use crate::print;

pub fn run(shell: clap_complete::Shell) -> Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "metrify", &mut script);
    print::line(String::from_utf8_lossy(&script).trim_end())?;
    Ok(Outcome::Good)
}
