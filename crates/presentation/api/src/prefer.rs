//! Long work that requests ask for; and what a client would rather have (RFC 7240): `respond-async`, to be told at once where to look,
//! and not when the work is done.

use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use metrify_application::jobs::Started;
use metrify_application::{Error, Kind, Result as Done};
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinHandle};

use crate::Problem;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
const RESPOND_ASYNC: &str = "respond-async";

/// Whether a client would rather look for the outcome later.
pub(crate) fn respond_async(headers: &HeaderMap) -> bool {
    let values = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(preferences).any(|name| name.eq_ignore_ascii_case(RESPOND_ASYNC))
}

/// The names of the preferences of a header; what stands in quotes is a value.
fn preferences(value: &str) -> Vec<String> {
    let mut quoted = false;
    let is_plain = |letter: &char| {
        quoted ^= *letter == '"';
        !quoted && *letter != '"'
    };
    let plain: String = value.chars().filter(is_plain).collect();
    let names = plain.split(',').map(|one| one.split([';', '=']).next().unwrap_or_default().trim().to_owned());
    names.collect()
}

/// Does work that computes for long on a thread of its own: the threads that answer requests would look for others too seldom.
///
/// # Errors
/// Those of the work, and where it panics.
pub(crate) async fn apart<T: Send + 'static>(work: impl Future<Output = Done<T>> + Send + 'static) -> Done<T> {
    ended(on_its_own_thread(work).await)
}

fn on_its_own_thread<T: Send + 'static>(work: impl Future<Output = Done<T>> + Send + 'static) -> JoinHandle<Done<T>> {
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || runtime.block_on(work))
}

fn ended<T>(done: Result<Done<T>, JoinError>) -> Done<T> {
    done.map_err(|error| Error::new(Kind::Internal, "do the job").because(error))?
}

/// Begins work that goes on when its request is answered: 202, with the address of the job that it is.
///
/// # Errors
/// As [`begin`].
pub(crate) async fn begun<Work>(work: impl FnOnce(Started) -> Work) -> Result<Response, Problem>
where
    Work: Future<Output = Done<()>> + Send + 'static,
{
    begin(work).await.map(|job| accepted(&job))
}

/// Begins work that goes on when its request is answered; tells the job that it is. It is listed, can be stopped, and is waited for when the
/// server ends.
///
/// # Errors
/// Those of the work until it has begun.
pub(crate) async fn begin<Work>(work: impl FnOnce(Started) -> Work) -> Result<String, Problem>
where
    Work: Future<Output = Done<()>> + Send + 'static,
{
    let (started, told) = Started::told();
    let work = on_its_own_thread(work(started));
    let Ok(id) = told.await else {
        ended(work.await)?;
        return Err(Error::new(Kind::Internal, "begin the job: it ended before it began").into());
    };
    Ok(id)
}

/// 202, with the address of a job.
pub(crate) fn accepted(job: &str) -> Response {
    let mut response = StatusCode::ACCEPTED.into_response();
    let headers = response.headers_mut();
    headers.insert(PREFERENCE_APPLIED, HeaderValue::from_static(RESPOND_ASYNC));
    if let Ok(location) = HeaderValue::from_str(&format!("/api/v1/jobs/{job}")) {
        headers.insert(LOCATION, location);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preference_is_heard_among_others_and_not_within_quotes() {
        let of = |values: &[&'static str]| {
            respond_async(&values.iter().map(|value| (PREFER, HeaderValue::from_static(value))).collect())
        };
        for heard in [
            &["respond-async"][..],
            &["Respond-Async, wait=10"],
            &["return=minimal; foo=\"a, b\" , respond-async"],
            &["return=minimal", "respond-async;x=1"],
        ] {
            assert!(of(heard), "{heard:?}");
        }
        for not in [&[][..], &["wait=10"], &["x=\"y, respond-async, z\""], &["respond-async-not"], &["x=respond-async"]]
        {
            assert!(!of(not), "{not:?}");
        }
    }
}
