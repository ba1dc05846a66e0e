//! Errors as `application/problem+json` (RFC 9457): the one map from kinds to status codes.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use metrify_application::{Error, Kind};

/// An error on its way to a client.
#[derive(Debug)]
pub struct Problem(Error);

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

/// The name of a kind, and its status.
fn status(kind: Kind) -> (&'static str, StatusCode) {
    match kind {
        Kind::Invalid => ("invalid", StatusCode::BAD_REQUEST),
        Kind::NotFound => ("not_found", StatusCode::NOT_FOUND),
        Kind::Denied => ("denied", StatusCode::UNAUTHORIZED),
        Kind::Conflict => ("conflict", StatusCode::CONFLICT),
        Kind::Unavailable => ("unavailable", StatusCode::SERVICE_UNAVAILABLE),
        Kind::Corrupt => ("corrupt", StatusCode::INTERNAL_SERVER_ERROR),
        Kind::Internal => ("internal", StatusCode::INTERNAL_SERVER_ERROR),
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (name, status) = status(self.0.kind());
        if status.is_server_error() {
            tracing::error!(kind = name, "{}", self.0.chain());
        }
        let body = serde_json::json!({
            "type": format!("urn:metrify:problem:{name}"),
            "title": self.0.to_string(),
            "status": status.as_u16(),
            "detail": self.0.chain(),
            "hint": self.0.hint_text(),
        });
        let mut response = (status, body.to_string()).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}
