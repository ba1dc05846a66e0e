//! The HTTP face of a running Metrify: health, deliveries in, SQL out.
//!
//! Everything but health asks for the bearer token that the server wrote beside its data, readable by its owner alone.

mod deliveries;
mod encoding;
mod health;
mod points;
mod problem;
mod rejects;
mod sql;
mod wire;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use metrify_application::{App, Context, Error, Kind, Tenant};
use metrify_domain::Timestamp;

pub use crate::problem::Problem;
pub use crate::wire::{
    Answer, ChangeBody, ChangesBody, DeliveryParameters, DeliveryReplay, ExportRequest, Point, ReadingBody,
    ReceiptBody, ReceiptProblemBody, Reject, Replay, Replayed, SqlRequest, export_format, moment,
};

/// Largest body of a request that is no delivery, in bytes.
const REQUEST_BYTES_MAX: usize = 1 << 20;

/// What every request needs.
#[derive(Clone)]
pub struct Server {
    pub app: Arc<App>,
    pub tenant: Tenant,
    /// Deliveries are put here while they come in.
    pub spool: PathBuf,
    pub token: Arc<str>,
    pub clock: fn() -> Timestamp,
    pub started_at: Timestamp,
    pub version: &'static str,
    /// The process that serves, so that a client knows whom it reached.
    pub process: u32,
}

impl Server {
    fn context(&self) -> Context {
        Context { tenant: self.tenant.clone(), now: (self.clock)() }
    }
}

/// All routes.
pub fn router(server: Server) -> Router {
    let door = middleware::from_fn_with_state(deliveries::Door::default(), deliveries::through);
    let guarded = Router::new()
        .route("/api/v1/deliveries", post(deliveries::post).layer(DefaultBodyLimit::disable()).layer(door))
        .route("/api/v1/deliveries/replay", post(deliveries::replay))
        .route("/api/v1/sql", post(sql::query))
        .route("/api/v1/export", post(sql::export))
        .route("/api/v1/rejects", get(rejects::list))
        .route("/api/v1/rejects/replay", post(rejects::replay))
        .route("/api/v1/points/confirm", post(points::confirm))
        .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
        .layer(middleware::from_fn_with_state(server.clone(), only_with_token));
    Router::new()
        .route("/health", get(health::health))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .merge(guarded)
        .with_state(server)
}

async fn only_with_token(State(server): State<Server>, request: Request, next: Next) -> Result<Response, Problem> {
    let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if !same(given.as_bytes(), server.token.as_bytes()) {
        let error = Error::new(Kind::Denied, "check the bearer token");
        return Err(error.hint("the token stands in server.json in the data directory").into());
    }
    Ok(next.run(request).await)
}

/// Compares in a time that does not tell how much was right.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}
