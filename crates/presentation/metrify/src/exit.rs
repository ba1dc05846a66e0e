//! How the program ends: 0 when all was well, 2 when something was rejected, 1 when it failed.

use std::process::ExitCode;

use metrify_application::Error;

/// What a command that did not fail found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Good,
    /// Something of what was given could not be understood.
    Rejected,
    /// The command ran, and what it looked at is not in order.
    Bad,
}

/// Prints an error with its sources and its hint.
#[allow(clippy::print_stderr, reason = "what went wrong is told on standard error")]
pub fn complain(error: &Error) {
    // What a server elsewhere says reaches the terminal as text alone.
    let plain = |text: &str| text.replace(|letter: char| letter.is_control() && letter != '\n', "?");
    eprintln!("error: {}", plain(&error.chain()));
    if let Some(hint) = error.hint_text() {
        eprintln!("hint: {}", plain(hint));
    }
}

/// The code where the command line is not understood: a failure, since 2 tells of rejected readings. Help is none.
pub fn not_understood(error: &clap::Error) -> ExitCode {
    let printed = error.print();
    if error.use_stderr() || printed.is_err() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Whoever read standard output has seen enough: that is no failure.
fn is_seen_enough(error: &Error) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    source.is_some_and(|source| source.kind() == std::io::ErrorKind::BrokenPipe)
}

/// The code to end with; an error is printed before.
pub fn code(outcome: Result<Outcome, Error>) -> ExitCode {
    match outcome {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Rejected) => ExitCode::from(2),
        Ok(Outcome::Bad) => ExitCode::FAILURE,
        Err(error) if is_seen_enough(&error) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}
