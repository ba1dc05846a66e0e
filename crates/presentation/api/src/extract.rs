//! What comes with a request, or a problem that says what is wrong with it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use metrify_application::{Error, Kind};
use metrify_domain::Point;
use serde::de::DeserializeOwned;

use crate::Problem;

/// A body of JSON.
pub(crate) struct Body<T>(pub(crate) T);

/// The parameters behind the question mark.
pub(crate) struct Parameters<T>(pub(crate) T);

/// The name that stands in the path: of as many bytes as names of ours have, and none that cannot be printed.
pub(crate) struct Named(pub(crate) String);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let said = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if media != "application/json" && !media.ends_with("+json") {
            let error = Error::new(Kind::Invalid, format!("read the body: it is of type `{media}`"));
            let error = error.hint("send it with `Content-Type: application/json`");
            return Err(Problem::with_status(error, StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|rejection| refused(&BODY, rejection.status(), &rejection.body_text()))?;
        // A list would be read as the fields of an object, one after the other.
        if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            let error = Error::new(Kind::Invalid, "read the body: it is no object of JSON");
            return Err(error.hint(JSON_HINT).into());
        }
        match Json::from_bytes(&bytes) {
            Ok(Json(body)) => Ok(Self(body)),
            Err(JsonRejection::JsonSyntaxError(rejection)) => {
                Err(refused(&Part { hint: JSON_HINT, ..BODY }, rejection.status(), &rejection.body_text()))
            }
            Err(rejection) => Err(refused(&BODY, rejection.status(), &rejection.body_text())),
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
            Err(rejection) => Err(refused(&PARAMETERS, rejection.status(), &rejection.body_text())),
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
            Err(rejection) => Err(refused(&PATH, rejection.status(), &rejection.body_text())),
        }
    }
}

/// A part of a request: what is done with it, what the framework says before it says what is wrong, and where it stands what is right.
struct Part {
    step: &'static str,
    prefixes: &'static [&'static str],
    hint: &'static str,
}

const BODY: Part = Part {
    step: "read the body",
    prefixes: &[
        "Failed to deserialize the JSON body into the target type: ",
        "Failed to parse the request body as JSON: ",
    ],
    hint: "/docs lists the fields of this body, and what each may be",
};
const JSON_HINT: &str = "send one object, such as {\"name\": \"value\"}, as RFC 8259 has it";
const PARAMETERS: Part = Part {
    step: "read the parameters",
    prefixes: &["Failed to deserialize query string: "],
    hint: "/docs lists the parameters of this path, and what each may be",
};
const PATH: Part = Part { step: "read the path", prefixes: &[], hint: "/docs lists the paths that there are" };

/// What the framework says of a part of a request, in our form: that it cannot be used is 400, whatever is wrong with it; a body of
/// another type or size has a status of its own.
fn refused(part: &Part, status: StatusCode, said: &str) -> Problem {
    let reason = part.prefixes.iter().find_map(|prefix| said.strip_prefix(prefix)).unwrap_or(said);
    let error = Error::new(Kind::Invalid, format!("{}: {reason}", part.step)).hint(part.hint);
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::with_status(error, status),
        _ => error.into(),
    }
}
