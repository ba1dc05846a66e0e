//! Errors as clients of gRPC know them: the one map from kinds to its codes.

use metrify_application::{Error, Kind};
use tonic::{Code, Status};

pub(super) fn of(error: &Error) -> Status {
    let code = match error.kind() {
        Kind::Invalid => Code::InvalidArgument,
        Kind::NotFound => Code::NotFound,
        Kind::Denied => Code::PermissionDenied,
        Kind::Conflict => Code::Aborted,
        Kind::Busy => Code::ResourceExhausted,
        Kind::Unavailable => Code::Unavailable,
        Kind::Corrupt => Code::DataLoss,
        Kind::Internal => Code::Internal,
    };
    if matches!(error.kind(), Kind::Corrupt | Kind::Internal) {
        tracing::error!(kind = error.kind().name(), "{}", error.chain());
    }
    let hint = error.hint_text().map(|hint| format!(" ({hint})")).unwrap_or_default();
    Status::new(code, format!("{}{hint}", error.chain()))
}

pub(super) fn unknown() -> Status {
    Status::unauthenticated(
        "find out who asks: no key came with the call, or it opens nothing (send one as `authorization: Bearer KEY`; `metrify key \
         create` makes one)",
    )
}

/// A mistake in what a client sent.
pub(super) fn invalid(text: impl Into<String>) -> Status {
    Status::invalid_argument(text)
}

/// A mistake of ours.
pub(super) fn internal(error: impl std::fmt::Display) -> Status {
    tracing::error!("{error}");
    Status::internal(error.to_string())
}
