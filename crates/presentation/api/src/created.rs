//! What was made is answered with 201, what it is, and where it is found.

use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use metrify_application::registry::{Edition, Thing};
use serde::Serialize;
use url::form_urlencoded::byte_serialize;

use crate::paging::tagged;

/// A thing that is one of the list at `path` from now on.
pub(crate) fn created<S, T>(path: &str, known: Edition<S>) -> Response
where
    S: Clone + Into<Thing>,
    T: From<Edition<S>> + Serialize,
{
    let thing: Thing = known.thing.clone().into();
    located(path, &thing.id(), tagged::<S, T>(StatusCode::CREATED, known))
}

/// An answer that says where it is found what it tells of.
pub(crate) fn located(path: &str, id: &str, mut response: Response) -> Response {
    // Ids may hold what stands for something else in a path, where a blank is no plus.
    let id = byte_serialize(id.as_bytes()).collect::<String>().replace('+', "%20");
    if let Ok(location) = HeaderValue::from_str(&format!("{path}/{id}")) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}
