//! Pages of other origins that may ask (CORS): those that the settings name, exactly, and none where they name none. Keys go in headers, so no
//! page needs what a browser kept for this server.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH, LOCATION, ORIGIN,
    RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderValue, Method};
use axum::middleware::{self, Next};
use axum::response::Response;
use metrify_application::{Error, Kind, Result};
use tower_http::cors::CorsLayer;
use url::Url;

use crate::deliveries::{IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED};
use crate::identify::{API_KEY, PURPOSE, REQUEST_ID};
use crate::otherwise;
use crate::uploads::{UPLOAD_COMPLETE, UPLOAD_LENGTH, UPLOAD_OFFSET};

/// How long a browser may remember what it was told.
const REMEMBERED: Duration = Duration::from_secs(600);

/// Origins whose pages may ask.
#[derive(Clone, Debug, Default)]
pub struct Origins(Arc<[HeaderValue]>);

impl Origins {
    /// # Errors
    /// Where one is none, such as `*`: each is named as browsers tell it.
    pub fn new(origins: &[String]) -> Result<Self> {
        let origin = |text: &String| {
            let is_origin = Url::parse(text)
                .is_ok_and(|url| url.origin().is_tuple() && url.origin().ascii_serialization() == *text);
            let value = HeaderValue::from_str(text).ok().filter(|_| is_origin);
            value.ok_or_else(|| {
                let error = Error::new(Kind::Invalid, format!("read server.cors_origins: `{text}` is no origin"));
                error.hint("name each exactly, without a path, such as https://console.example.org")
            })
        };
        origins.iter().map(origin).collect::<Result<Vec<_>>>().map(|origins| Self(origins.into()))
    }

    /// The same routes, open to pages of these origins.
    pub(crate) fn open<S: Clone + Send + Sync + 'static>(&self, router: Router<S>) -> Router<S> {
        if self.0.is_empty() {
            return router;
        }
        let cors = CorsLayer::new()
            .allow_origin(self.0.to_vec())
            .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
            .allow_headers(ASKED.to_vec())
            .expose_headers(TOLD.to_vec())
            .max_age(REMEMBERED);
        router.layer(cors).layer(middleware::from_fn_with_state(self.clone(), allowed))
    }
}

/// Headers that pages may send.
const ASKED: [HeaderName; 15] = [
    ACCEPT,
    AUTHORIZATION,
    CONTENT_ENCODING,
    CONTENT_TYPE,
    IF_MATCH,
    IF_NONE_MATCH,
    HeaderName::from_static("last-event-id"),
    HeaderName::from_static("prefer"),
    API_KEY,
    IDEMPOTENCY_KEY,
    PURPOSE,
    REQUEST_ID,
    UPLOAD_COMPLETE,
    UPLOAD_LENGTH,
    UPLOAD_OFFSET,
];
/// Headers of answers that pages may read.
const TOLD: [HeaderName; 10] = [
    ETAG,
    IDEMPOTENCY_REPLAYED,
    LOCATION,
    HeaderName::from_static("preference-applied"),
    REQUEST_ID,
    RETRY_AFTER,
    UPLOAD_COMPLETE,
    UPLOAD_LENGTH,
    UPLOAD_OFFSET,
    WWW_AUTHENTICATE,
];

/// Only pages of these origins learn that others may ask: to everybody else the method is none, as where there are no origins.
async fn allowed(State(origins): State<Origins>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(ORIGIN);
    if request.method() == Method::OPTIONS && !origin.is_some_and(|origin| origins.0.contains(origin)) {
        return otherwise().await;
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_named_exactly() {
        let read = |text: &str| Origins::new(&[text.to_owned()]).is_ok();
        assert!(read("https://console.example.org") && read("http://127.0.0.1:5173"));
        for wrong in [
            "*",
            "",
            "null",
            "example.org",
            "https://example.org/",
            "https://Example.org",
            "file:///x",
            "https://*.org/",
        ] {
            assert!(!read(wrong), "{wrong}");
        }
    }
}
