//! Errors as PostgreSQL's clients know them: the one map from kinds to SQLSTATEs.

use std::error::Error as _;

use metrify_application::{Error, Kind};
use metrify_query::{Refused, Why};
use pgwire::error::ErrorInfo;

/// An error on its way to a client.
pub(super) type Problem = Box<ErrorInfo>;

const ERROR: &str = "ERROR";
const FATAL: &str = "FATAL";

pub(super) fn error(code: &str, message: impl Into<String>) -> Problem {
    Box::new(ErrorInfo::new(ERROR.to_owned(), code.to_owned(), message.into()))
}

/// After it the connection ends.
pub(super) fn fatal(code: &str, message: impl Into<String>) -> Problem {
    ending(error(code, message))
}

pub(super) fn ending(mut error: Problem) -> Problem {
    FATAL.clone_into(&mut error.severity);
    error
}

pub(super) fn is_ending(error: &ErrorInfo) -> bool {
    error.severity == FATAL
}

pub(super) fn hinted(mut error: Problem, hint: &str) -> Problem {
    error.hint = Some(hint.to_owned());
    error
}

pub(super) fn unknown() -> Problem {
    let error =
        fatal("28P01", "find out who asks: neither the password nor a certificate of the connection opens anything");
    hinted(
        error,
        "the password is a key; `metrify key create` makes one, or with --certificate of what the user `certificate` has",
    )
}

pub(super) fn cancelled() -> Problem {
    error("57014", "canceling statement due to user request")
}

pub(super) fn of(told: &Error) -> Problem {
    if matches!(told.kind(), Kind::Corrupt | Kind::Internal) {
        tracing::error!(kind = told.kind().name(), "{}", told.chain());
    }
    let mut info = error(code(told), told.chain());
    info.hint = told.hint_text().map(str::to_owned);
    info
}

fn code(error: &Error) -> &'static str {
    let refused = error.source().and_then(|source| source.downcast_ref::<Refused>());
    match (error.kind(), refused.map(|refused| refused.why)) {
        (Kind::Invalid, Some(Why::Syntax)) => "42601",
        (Kind::Invalid, Some(Why::Table)) => "42P01",
        (Kind::Invalid, Some(Why::Column)) => "42703",
        (Kind::Invalid, Some(Why::Unsupported)) => "0A000",
        (Kind::Invalid, Some(Why::Write)) => "25006",
        (Kind::Invalid, Some(Why::Other)) => "42000",
        // Beyond a bound of ours.
        (Kind::Invalid, None) if error.to_string().starts_with("read the purpose") => "22023",
        (Kind::Invalid, None) => "54000",
        (Kind::NotFound, _) => "42704",
        (Kind::Denied, _) => "42501",
        (Kind::Conflict, _) => "40001",
        (Kind::Busy, _) => "53300",
        // What nothing else is the cause of: its time is over.
        (Kind::Unavailable, None) if error.source().is_none() => "57014",
        (Kind::Unavailable, None) => "58000",
        (Kind::Unavailable, Some(_)) => "53000",
        (Kind::Corrupt, _) => "XX001",
        (Kind::Internal, _) => "XX000",
    }
}
