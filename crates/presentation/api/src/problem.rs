//! Errors as `application/problem+json` (RFC 9457): the one map from kinds to status codes.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use metrify_application::{Error, Kind};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

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

    /// Of who wants to be known: what is denied to somebody unknown is 401.
    pub(crate) fn unknown(error: Error) -> Self {
        let status = (error.kind() == Kind::Denied).then_some(StatusCode::UNAUTHORIZED);
        Self { error, status }
    }
}

/// What went wrong (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemBody {
    /// `urn:metrify:problem:` and the kind: `invalid`, `not_found`, `denied`, `conflict`, `busy`, `unavailable`, `corrupt`, `internal`.
    #[schema(example = "urn:metrify:problem:invalid")]
    r#type: String,
    /// What the type means, in words that stay the same.
    #[schema(example = "What was asked makes no sense as it stands")]
    title: &'static str,
    status: u16,
    /// The step that failed, and why.
    detail: String,
    /// What can be done about it.
    hint: String,
}

/// The problems that every route may answer with.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "it describes answers, and is none")]
pub(crate) enum Problems {
    /// What was asked makes no sense as it stands
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(ProblemBody),
    /// No key came with the request, or it opens nothing
    #[response(status = 401, content_type = "application/problem+json")]
    Unknown(ProblemBody),
    /// No policy allows it
    #[response(status = 403, content_type = "application/problem+json")]
    Denied(ProblemBody),
    /// There is none of this name
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(ProblemBody),
    /// Somebody else was first
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(ProblemBody),
    /// The body is too large
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(ProblemBody),
    /// The body is of a type that is not read
    #[response(status = 415, content_type = "application/problem+json")]
    Unread(ProblemBody),
    /// This path is not asked by this method
    #[response(status = 405, content_type = "application/problem+json")]
    Otherwise(ProblemBody),
    /// None of the types that are accepted can be written
    #[response(status = 406, content_type = "application/problem+json")]
    Unwritable(ProblemBody),
    /// The body was not there in time
    #[response(status = 408, content_type = "application/problem+json")]
    Late(ProblemBody),
    /// The key of the request was given to another one before
    #[response(status = 422, content_type = "application/problem+json")]
    Another(ProblemBody),
    /// A mistake of the server
    #[response(status = 500, content_type = "application/problem+json")]
    Mistake(ProblemBody),
    /// So much is being done already that it has to come again later
    #[response(status = 429, content_type = "application/problem+json")]
    Busy(ProblemBody),
    /// It may work later
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemBody),
}

const fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Denied => StatusCode::FORBIDDEN,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Busy => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Corrupt | Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

const fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Invalid => "What was asked makes no sense as it stands",
        Kind::NotFound => "There is none of this name",
        Kind::Denied => "No policy allows it",
        Kind::Conflict => "What is there already stands against it",
        Kind::Busy => "So much is being done already that it has to come again later",
        Kind::Unavailable => "Something that is needed does not answer now",
        Kind::Corrupt => "What is stored is damaged",
        Kind::Internal => "A mistake of the server",
    }
}

/// What can be done where the error itself does not say.
#[must_use]
pub const fn general_hint(kind: Kind) -> &'static str {
    match kind {
        Kind::Invalid => "what each request takes is described at /docs",
        Kind::NotFound => "the list that it would stand in tells what there is",
        Kind::Denied => "/api/v1/policies/explain says which roles and purposes may, and why",
        Kind::Conflict => "look at what is there, and ask for something else or with its version",
        Kind::Busy => "come again as `Retry-After` says",
        Kind::Unavailable => "come again as `Retry-After` says; /health tells which part does not answer",
        Kind::Corrupt => "the log of the server says what is damaged; deliveries that are kept can be read again",
        Kind::Internal => "please report it, with the `X-Request-Id` of the answer",
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let name = self.error.kind().name();
        let status = self.status.unwrap_or_else(|| status(self.error.kind()));
        if status.is_server_error() {
            tracing::error!(kind = name, "{}", self.error.chain());
        }
        let body = ProblemBody {
            r#type: format!("urn:metrify:problem:{name}"),
            title: title(self.error.kind()),
            status: status.as_u16(),
            detail: self.error.chain(),
            hint: self.error.hint_text().unwrap_or_else(|| general_hint(self.error.kind())).to_owned(),
        };
        let mut response = (status, Json(body)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            // The way to come in (RFC 9110, 11.6.1).
            let way = HeaderValue::from_static("Bearer realm=\"metrify\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, way);
        }
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
