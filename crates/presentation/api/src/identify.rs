//! Who asks, what for, and under which name: found out before anything else, once for every request.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::LengthLimitError;
use metrify_application::govern::{Certificate, Credential};
use metrify_application::{Context, Error, Kind, govern};
use metrify_domain::Timestamp;
use metrify_governance::Purpose;

use crate::shares::told;
use crate::{Problem, REQUEST_BYTES_MAX, Server};

pub(crate) const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
pub(crate) const PURPOSE: HeaderName = HeaderName::from_static("metrify-purpose");
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
pub(crate) struct RequestId(pub(crate) String);

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

/// Lets those in who prove who they are, and leaves their [`Context`] with the request. It is that of the moment at which the request is
/// there as a whole: whoever is kept out meanwhile stays out, and nobody chooses when something became known.
pub(crate) async fn known(State(server): State<Server>, request: Request, next: Next) -> Response {
    let answer = async {
        let caller = Caller::of(&request);
        let context = caller.context(&server).await?;
        server.app.rates.take(&context)?;
        let place = server.shares.admit(&request, context.tenant())?;
        let is_delivery = is_delivery(&request);
        let mut request = if is_delivery { request } else { arrived(request, server.body_time).await? };
        let context = caller.context(&server).await?;
        let ends = runs_to_its_end(&request);
        request.extensions_mut().insert(context);
        request.extensions_mut().insert(caller);
        let answer = async move { told(next.run(request).await, place) };
        if ends { to_its_end(answer).await } else { Ok(answer.await) }
    };
    answer.await.unwrap_or_else(|problem: Problem| problem.into_response())
}

/// Deliveries and parts of them are taken in piece by piece, and find out once more who asks when they are there.
fn is_delivery(request: &Request) -> bool {
    let (method, path) = (request.method(), request.uri().path());
    method == Method::POST && path == "/api/v1/deliveries"
        || method == Method::PATCH && path.starts_with("/api/v1/uploads/")
}

/// What changes something is done to its end whether or not somebody waits for it: nothing stops between a change and its entry. What
/// is only asked for ends when nobody listens any more.
fn runs_to_its_end(request: &Request) -> bool {
    let asks = ["/api/v1/sql", "/api/v1/series", "/api/v1/export"].contains(&request.uri().path());
    !asks && ![Method::GET, Method::HEAD].contains(request.method())
}

#[allow(
    clippy::disallowed_methods,
    reason = "the task is awaited here; it has to outlive the request that is cancelled"
)]
pub(crate) async fn to_its_end(work: impl Future<Output = Response> + Send + 'static) -> Result<Response, Problem> {
    let done = tokio::task::spawn(work).await;
    done.map_err(|error| Error::new(Kind::Internal, "answer the request").because(error).into())
}

/// The request with all of its body, which may take so long.
pub(crate) async fn arrived(request: Request, time: Duration) -> Result<Request, Problem> {
    let (parts, body) = request.into_parts();
    let bytes = tokio::time::timeout(time, axum::body::to_bytes(body, REQUEST_BYTES_MAX)).await;
    let late = |_| {
        let error = Error::new(Kind::Invalid, format!("read the body: it was not there after {time:?}"));
        error.hint("send it in less, or what is large as a delivery: /api/v1/deliveries")
    };
    let bytes = bytes.map_err(|error| Problem::with_status(late(error), StatusCode::REQUEST_TIMEOUT))?;
    let bytes = bytes.map_err(|error| {
        let is_long = error.into_inner().downcast_ref::<LengthLimitError>().is_some();
        let status = if is_long { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST };
        let error =
            Error::new(Kind::Invalid, format!("read the body: it did not come whole, in {REQUEST_BYTES_MAX} bytes"));
        Problem::with_status(error.hint("larger ones are deliveries: /api/v1/deliveries"), status)
    })?;
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// What a request says of who sends it.
#[derive(Clone)]
pub(crate) struct Caller {
    credential: Option<Credential>,
    purpose: Option<HeaderValue>,
    request: String,
}

impl Caller {
    fn of(request: &Request) -> Self {
        let headers = request.headers();
        let certificate = || request.extensions().get::<Certificate>().cloned().map(Credential::Certificate);
        Self {
            // A key that comes with the request is meant, whatever the connection was opened by.
            credential: credential(headers).map(|text| Credential::Text(text.to_owned())).or_else(certificate),
            purpose: headers.get(PURPOSE).cloned(),
            request: request.extensions().get().map(|RequestId(id)| id.clone()).unwrap_or_default(),
        }
    }

    /// Who it is, at this moment.
    ///
    /// # Errors
    /// A problem where nobody is known by what was sent, or the registry cannot be read.
    pub(crate) async fn context(&self, server: &Server) -> Result<Context, Problem> {
        let purpose = self.purpose.as_ref().map(purpose).transpose()?;
        let now = (server.clock)();
        let Some(credential) = &self.credential else { return Err(unknown()) };
        let principal = match credential {
            Credential::Text(text) if same(text.as_bytes(), server.token.as_bytes()) => {
                Some(govern::local(&server.app, &server.tenant, now).await?)
            }
            Credential::Text(_) | Credential::Certificate(_) => {
                govern::authenticate(&server.app, credential, now).await?
            }
        };
        let Some(principal) = principal else {
            let (house, request) = (server.tenant.clone(), self.request.clone());
            govern::turned_away(&server.app, &govern::Caller { house, request, now }).await?;
            return Err(unknown());
        };
        Ok(Context { principal, purpose, request: self.request.clone(), now })
    }
}

fn credential(headers: &HeaderMap) -> Option<&str> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text(AUTHORIZATION).and_then(|value| {
        let (scheme, credential) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| credential.trim())
    });
    bearer.or_else(|| text(API_KEY))
}

fn purpose(value: &HeaderValue) -> metrify_application::Result<Purpose> {
    let invalid = |error| Error::new(Kind::Invalid, format!("read the header {PURPOSE}")).because(error);
    value.to_str().unwrap_or_default().parse().map_err(invalid)
}

fn unknown() -> Problem {
    let error = Error::new(Kind::Denied, "find out who asks: no key came with the request, or it opens nothing");
    let hint = "send a key as `Authorization: Bearer KEY` or `X-API-Key: KEY`; `metrify key create` makes one, and /api/v1/login lets people in";
    Problem::with_status(error.hint(hint), StatusCode::UNAUTHORIZED)
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
