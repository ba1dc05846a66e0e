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
    eprintln!("error: {}", error.chain());
    if let Some(hint) = error.hint_text() {
        eprintln!("hint: {hint}");
    }
}

/// The code to end with; an error is printed before.
pub fn code(outcome: Result<Outcome, Error>) -> ExitCode {
    match outcome {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Rejected) => ExitCode::from(2),
        Ok(Outcome::Bad) => ExitCode::FAILURE,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}
