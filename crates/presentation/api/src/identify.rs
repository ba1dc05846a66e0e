//! Who asks, what for, and under which name: found out before anything else, once for every request.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use metrify_application::{Context, Error, Kind, Result, govern};
use metrify_domain::Timestamp;
use metrify_governance::Purpose;

use crate::{Problem, Server};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const PURPOSE: HeaderName = HeaderName::from_static("metrify-purpose");
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Bytes of a request's name that are kept.
const REQUEST_ID_BYTES_MAX: usize = 128;

/// Gives the request a name, unless it came with one, and tells it in the answer.
pub(crate) async fn named(State(server): State<Server>, mut request: Request, next: Next) -> Response {
    let id = given_id(request.headers()).unwrap_or_else(|| own_id(server.started_at));
    let value = HeaderValue::from_str(&id).ok();
    request.extensions_mut().insert(RequestId(id));
    let mut response = next.run(request).await;
    if let Some(value) = value {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The name of a request.
#[derive(Clone)]
pub(crate) struct RequestId(String);

fn given_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let visible = id.bytes().all(|byte| byte.is_ascii_graphic());
    (visible && (1..=REQUEST_ID_BYTES_MAX).contains(&id.len())).then(|| id.to_owned())
}

/// When the server started, and the how manieth request since.
fn own_id(started_at: Timestamp) -> String {
    static REQUESTS: AtomicU64 = AtomicU64::new(1);
    format!("{:x}-{:x}", started_at.micros(), REQUESTS.fetch_add(1, Ordering::Relaxed))
}

/// Lets those in who prove who they are, and leaves their [`Context`] with the request.
pub(crate) async fn known(State(server): State<Server>, mut request: Request, next: Next) -> Response {
    let id = request.extensions().get().map(|RequestId(id)| id.clone()).unwrap_or_default();
    match context(&server, request.headers(), id).await {
        Ok(Some(context)) => {
            request.extensions_mut().insert(context);
            next.run(request).await
        }
        Ok(None) => unknown(),
        Err(error) => Problem::from(error).into_response(),
    }
}

async fn context(server: &Server, headers: &HeaderMap, request: String) -> Result<Option<Context>> {
    let purpose = purpose(headers)?;
    let now = (server.clock)();
    let Some(credential) = credential(headers) else { return Ok(None) };
    let principal = if same(credential.as_bytes(), server.token.as_bytes()) {
        Some(govern::local(&server.app, &server.tenant).await?)
    } else {
        govern::authenticate(&server.app, credential, now).await?
    };
    Ok(principal.map(|principal| Context { principal, purpose, request, now }))
}

fn credential(headers: &HeaderMap) -> Option<&str> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text(AUTHORIZATION).and_then(|value| {
        let (scheme, credential) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| credential.trim())
    });
    bearer.or_else(|| text(API_KEY))
}

fn purpose(headers: &HeaderMap) -> Result<Option<Purpose>> {
    let Some(value) = headers.get(PURPOSE) else { return Ok(None) };
    let invalid = |error| Error::new(Kind::Invalid, format!("read the header {PURPOSE}")).because(error);
    value.to_str().unwrap_or_default().parse().map(Some).map_err(invalid)
}

/// 401, with the way to come in (RFC 9110, 11.6.1).
fn unknown() -> Response {
    let error = Error::new(Kind::Denied, "find out who asks: no key came with the request, or it opens nothing");
    let hint = "send a key as `Authorization: Bearer KEY` or `X-API-Key: KEY`; `metrify key create` makes one";
    let mut response = Problem::with_status(error.hint(hint), StatusCode::UNAUTHORIZED).into_response();
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"metrify\""));
    response
}

/// Compares in a time that does not tell how much was right.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_came_with_the_request_is_kept_where_it_is_one() {
        let given =
            |id: &str| given_id(&HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_str(id).expect("a value"))]));
        assert_eq!(given("01J-abc_7"), Some("01J-abc_7".to_owned()));
        for none in ["", "two words", &"x".repeat(REQUEST_ID_BYTES_MAX + 1)] {
            assert_eq!(given(none), None, "{none}");
        }
        let started = Timestamp::from_micros(255);
        assert_ne!(own_id(started), own_id(started));
    }

    #[test]
    fn a_key_comes_in_either_header() {
        let of = |name: HeaderName, value: &'static str| {
            let headers = HeaderMap::from_iter([(name, HeaderValue::from_static(value))]);
            credential(&headers).map(str::to_owned)
        };
        assert_eq!(of(AUTHORIZATION, "bearer mk_1_2"), Some("mk_1_2".to_owned()));
        assert_eq!(of(API_KEY, "mk_1_2"), Some("mk_1_2".to_owned()));
        assert_eq!(of(AUTHORIZATION, "Basic bWs="), None);
        assert_eq!(of(AUTHORIZATION, "mk_1_2"), None);
    }
}
