//! Errors as `application/problem+json` (RFC 9457): the one map from kinds to status codes.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use metrify_application::{Error, Kind};

/// An error on its way to a client.
#[derive(Debug)]
pub struct Problem {
    error: Error,
    /// Where the kind says less than HTTP has a word for.
    status: Option<StatusCode>,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self { error, status: None }
    }
}

impl Problem {
    pub(crate) const fn with_status(error: Error, status: StatusCode) -> Self {
        Self { error, status: Some(status) }
    }
}

/// The name of a kind, and its status.
fn status(kind: Kind) -> (&'static str, StatusCode) {
    match kind {
        Kind::Invalid => ("invalid", StatusCode::BAD_REQUEST),
        Kind::NotFound => ("not_found", StatusCode::NOT_FOUND),
        Kind::Denied => ("denied", StatusCode::UNAUTHORIZED),
        Kind::Conflict => ("conflict", StatusCode::CONFLICT),
        Kind::Busy => ("busy", StatusCode::TOO_MANY_REQUESTS),
        Kind::Unavailable => ("unavailable", StatusCode::SERVICE_UNAVAILABLE),
        Kind::Corrupt => ("corrupt", StatusCode::INTERNAL_SERVER_ERROR),
        Kind::Internal => ("internal", StatusCode::INTERNAL_SERVER_ERROR),
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (name, status) = status(self.error.kind());
        let status = self.status.unwrap_or(status);
        if status.is_server_error() {
            tracing::error!(kind = name, "{}", self.error.chain());
        }
        let body = serde_json::json!({
            "type": format!("urn:metrify:problem:{name}"),
            "title": self.error.to_string(),
            "status": status.as_u16(),
            "detail": self.error.chain(),
            "hint": self.error.hint_text(),
        });
        let mut response = (status, body.to_string()).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        let retry_after_s = match self.error.kind() {
            Kind::Busy => Some("1"),
            Kind::Unavailable => Some("5"),
            _ => None,
        };
        if let Some(seconds) = retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
        }
        response
    }
}
