//! What comes with a request, or a problem that says what is wrong with it.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use metrify_application::{Error, Kind};
use metrify_domain::Point;

use crate::Problem;

/// A body of JSON.
pub(crate) struct Body<T>(pub(crate) T);

/// The parameters behind the question mark.
pub(crate) struct Parameters<T>(pub(crate) T);

/// The name that stands in the path: of as many bytes as names of ours have, and none that cannot be printed.
pub(crate) struct Named(pub(crate) String);

impl<T, S: Send + Sync> FromRequest<S> for Body<T>
where
    Json<T>: FromRequest<S, Rejection = JsonRejection>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(rejection) => Err(refused("read the body", rejection.status(), &rejection.body_text())),
        }
    }
}

impl<T, S: Send + Sync> FromRequestParts<S> for Parameters<T>
where
    Query<T>: FromRequestParts<S, Rejection = QueryRejection>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(parameters)) => Ok(Self(parameters)),
            Err(rejection) => Err(refused("read the parameters", rejection.status(), &rejection.body_text())),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(named)) => {
                let point = named.parse::<Point>();
                point.map_err(|error| Error::new(Kind::Invalid, "read the id in the path").because(error))?;
                Ok(Self(named))
            }
            Err(rejection) => Err(refused("read the path", rejection.status(), &rejection.body_text())),
        }
    }
}

/// What the framework says of a part of a request, in our form: that it cannot be used is 400, whatever is wrong with it; a body of
/// another type or size has a status of its own.
fn refused(step: &str, status: StatusCode, reason: &str) -> Problem {
    let error = Error::new(Kind::Invalid, format!("{step}: {reason}"));
    match status {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            Problem::with_status(error.hint("send it with `Content-Type: application/json`"), status)
        }
        StatusCode::PAYLOAD_TOO_LARGE => Problem::with_status(error, status),
        _ => error.into(),
    }
}
