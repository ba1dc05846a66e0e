//! What every answer says to a browser: to believe the type that is told, to show it in nobody's frame, and to keep nothing.

use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

/// Answers hold no pages: nothing is loaded for them.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";
/// The pages of the description load what lies beside them.
const OWN: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

pub(crate) async fn safe(request: Request, next: Next) -> Response {
    let is_page = request.uri().path().starts_with("/docs");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut say = |name: HeaderName, value: &'static str| say(headers, name, value);
    say(X_CONTENT_TYPE_OPTIONS, "nosniff");
    say(X_FRAME_OPTIONS, "DENY");
    say(REFERRER_POLICY, "no-referrer");
    say(CONTENT_SECURITY_POLICY, if is_page { OWN } else { NOTHING });
    say(CACHE_CONTROL, if is_page { "no-cache" } else { "no-store" });
    response
}

/// What a route says itself stands.
fn say(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}
