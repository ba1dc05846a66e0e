//! How many requests are under way at once: those that bring something in apart from those that ask, so that neither keep the others out, and
//! so many of one tenant. A request is under way until its answer was taken, since answers that nobody takes fill the memory, or the disk.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use metrify_application::{Error, Full, Kind, Place, Places, Result as Done, Tenant};

use crate::Problem;
use crate::held::Held;

/// Exports that are written or fetched at once, in all and of one tenant; each is a file.
const EXPORTS_MAX: usize = 32;
const EXPORTS_OF_TENANT_MAX: usize = 8;
/// Bytes of answers to queries in memory, in all and of one tenant.
const ANSWERS_BYTES_MAX: usize = 1 << 30;
const ANSWERS_OF_TENANT_BYTES_MAX: usize = 512 << 20;

/// The places of requests.
#[derive(Clone)]
pub struct Shares {
    bringing: Arc<Places<Tenant>>,
    asking: Arc<Places<Tenant>>,
    exporting: Arc<Places<Tenant>>,
    /// A place for each byte.
    answers: Arc<Places<Tenant>>,
}

impl Shares {
    /// So many requests that ask under way at once, and as many that bring something in; three quarters of them of one tenant.
    #[must_use]
    pub fn new(at_once: usize) -> Self {
        let places = || Places::one_for_each(at_once, at_once - at_once / 4);
        Self {
            bringing: places(),
            asking: places(),
            exporting: Places::one_for_each(EXPORTS_MAX, EXPORTS_OF_TENANT_MAX),
            answers: Places::one_for_each(ANSWERS_BYTES_MAX, ANSWERS_OF_TENANT_BYTES_MAX),
        }
    }

    /// A place for a request, before anything of its body is read.
    ///
    /// # Errors
    /// A problem that says when to come back: nothing was done.
    pub(crate) fn admit(&self, request: &Request, tenant: &Tenant) -> Result<Place<Tenant>, Problem> {
        let brings = brings(request);
        let places = if brings {
            &self.bringing
        } else if request.uri().path() == "/api/v1/export" {
            &self.exporting
        } else {
            &self.asking
        };
        places.take(tenant.clone()).map_err(|full| {
            let whose = if full == Full::OfOne { "others of this tenant" } else { "others" };
            let error = Error::new(Kind::Busy, format!("answer the request: too many {whose} are under way"));
            let error = error.hint("send it again in a second");
            // Of what is brought 429 says that nothing of it was taken.
            match full {
                Full::All if !brings => Problem::with_status(error, StatusCode::SERVICE_UNAVAILABLE),
                Full::All | Full::OfOne => error.into(),
            }
        })
    }

    /// Room for an answer that is in memory as a whole; it grows with it.
    ///
    /// # Errors
    /// As [`Room::add`].
    pub(crate) fn room(&self, tenant: &Tenant) -> Done<Room> {
        self.answers.take(tenant.clone()).map(Room).map_err(no_room)
    }
}

fn brings(request: &Request) -> bool {
    let (method, path) = (request.method(), request.uri().path());
    let is_of_upload = path == "/api/v1/uploads" || path.starts_with("/api/v1/uploads/");
    match *method {
        Method::POST => path == "/api/v1/deliveries" || path.ends_with("/readings") || is_of_upload,
        _ => is_of_upload,
    }
}

/// The room that an answer takes.
pub(crate) struct Room(Place<Tenant>);

impl Room {
    /// # Errors
    /// Where there is no room for so many bytes more.
    pub(crate) fn add(&mut self, bytes: usize) -> Done<()> {
        self.0.more(bytes).map_err(no_room)
    }

    /// These pieces, which keep the room until they were taken.
    pub(crate) fn body(self, pieces: Vec<Bytes>) -> Body {
        let pieces = futures::stream::iter(pieces.into_iter().map(Ok::<_, std::convert::Infallible>));
        Body::new(Held::new(Body::from_stream(pieces), self.0))
    }
}

fn no_room(_: Full) -> Error {
    let error = Error::new(Kind::Unavailable, "answer the query: other large answers were not fetched yet");
    error.hint("fetch them, ask for less, or write the answer to a file with `metrify export`")
}

/// The answer, which keeps its place until it was taken; one that has no end gives it back at once.
pub(crate) fn told(answer: Response, place: Place<Tenant>) -> Response {
    let media = answer.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    if media.is_some_and(|media| media.starts_with(b"text/event-stream")) {
        return answer;
    }
    answer.map(|body| Body::new(Held::new(body, place)))
}
