//! The HTTP face of a running Metrify: health, deliveries and readings in, series and SQL out, master data, keys and the audit log.
//!
//! Everything but health, its own description and the login asks who comes: by a key of a tenant, a pass of somebody who logged in, the
//! token of a trusted issuer, or the one that the server wrote beside its data, readable by its owner alone.

#![allow(unused_qualifications, reason = "the macros that describe routes write them")]

mod analytics;
mod audit;
mod channels;
mod cors;
mod created;
mod deliveries;
mod described;
mod encoding;
mod events;
mod exports;
mod extract;
mod grants;
mod grid_operators;
mod headers;
mod health;
mod held;
mod identify;
mod jobs;
mod keys;
mod login;
mod metering_points;
mod meters;
mod metrics;
mod paging;
mod pieces;
mod points;
mod policies;
mod prefer;
mod problem;
mod receipts;
mod rejects;
mod rows;
mod schema;
mod series;
mod shares;
mod sql;
mod tenants;
mod uploads;
mod users;
mod weather;
mod wire;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrify_application::{App, Error, Kind, Result, Tenant};
use metrify_domain::Timestamp;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use crate::described::Described;
use crate::login::Entrance;

pub use crate::cors::Origins;
pub use crate::exports::Exports;
pub use crate::metrics::Metrics;
pub use crate::paging::Listed;
pub use crate::policies::{ActParameters, ExplainedBody};
pub use crate::problem::{Problem, general_hint};
pub use crate::shares::Shares;
pub use crate::uploads::UploadStateBody;
pub use crate::wire::certificates::NewCertificateBody;
pub use crate::wire::deliveries::{DeliveryBody, DeliveryFilters, OneDeliveryBody};
pub use crate::wire::grants::{GrantBody, GrantQuery, NewGrantBody};
pub use crate::wire::jobs::{JobBody, JobFilters};
pub use crate::wire::rejects::{OneRejectBody, RejectBody, RejectFilters};
pub use crate::wire::{
    Answer, ChangeBody, ChangesBody, Confirmed, DeliveryParameters, DeliveryReplay, ExportRequest, Point, ReadingBody,
    ReceiptBody, ReceiptProblemBody, Replay, Replayed, SqlRequest, entries, export_format, logins, master, moment,
    people, span,
};

/// Largest body of a request that is no delivery, in bytes.
const REQUEST_BYTES_MAX: usize = 1 << 20;

/// What every request needs.
#[derive(Clone)]
pub struct Server {
    pub app: Arc<App>,
    /// The house's own: of whoever works on the machine itself.
    pub tenant: Tenant,
    /// Deliveries are put here while they come in.
    pub spool: PathBuf,
    /// Of whoever works on the machine itself.
    pub token: Arc<str>,
    pub clock: fn() -> Timestamp,
    /// Bytes that nobody can guess, of the operating system.
    pub random: fn() -> Result<[u8; 32]>,
    pub started_at: Timestamp,
    pub version: &'static str,
    /// The process that serves, so that a client knows whom it reached.
    pub process: u32,
    pub metrics: Metrics,
    pub shares: Shares,
    /// What exports wrote that nobody waits for.
    pub exports: Arc<Exports>,
    /// How long a body may take that is no delivery, and a few kilobytes of one that is.
    pub body_time: Duration,
}

/// All routes, open to pages of these origins beside its own.
pub fn router(server: Server, origins: &Origins) -> Router {
    let described = openapi();
    let known_parameters = middleware::from_fn_with_state(Described::of(&described), described::known_parameters);
    let guarded = Router::from(guarded())
        .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
        .layer(known_parameters.clone())
        .layer(middleware::from_fn_with_state(server.clone(), identify::known));
    let entrance = Router::from(login::routes())
        .layer(known_parameters)
        .layer(middleware::from_fn_with_state(Entrance::new(server.clone()), login::arriving));
    let router = Router::new()
        .route("/health", get(health::health))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(metrics::metrics))
        .merge(guarded)
        .merge(entrance)
        .merge(SwaggerUi::new("/docs").url("/openapi.json", described))
        .fallback(nowhere)
        .method_not_allowed_fallback(otherwise);
    origins
        .open(router)
        .layer(middleware::from_fn_with_state(server.clone(), identify::named))
        .layer(middleware::from_fn(headers::safe))
        .layer(middleware::from_fn_with_state(server.clone(), metrics::counted))
        .with_state(server)
}

/// The description of all routes under `/api` (OpenAPI 3.1), made of the code that answers.
#[must_use]
pub fn openapi() -> OpenApi {
    schema::complete(guarded().merge(login::routes()).into_openapi())
}

/// The routes that ask who comes.
fn guarded() -> OpenApiRouter<Server> {
    OpenApiRouter::with_openapi(head())
        .merge(deliveries::routes())
        .merge(uploads::routes())
        .merge(events::routes())
        .merge(series::routes())
        .merge(channels::routes())
        .merge(meters::routes())
        .merge(metering_points::routes())
        .merge(receipts::routes())
        .merge(rejects::routes())
        .merge(points::routes())
        .merge(grid_operators::routes())
        .merge(weather::routes())
        .merge(analytics::routes())
        .merge(sql::routes())
        .merge(keys::routes())
        .merge(users::routes())
        .merge(tenants::routes())
        .merge(policies::routes())
        .merge(audit::routes())
        .merge(grants::routes())
        .merge(jobs::routes())
}

/// What the description says of all routes.
fn head() -> OpenApi {
    let mut head = OpenApi::default();
    "Metrify".clone_into(&mut head.info.title);
    env!("CARGO_PKG_VERSION").clone_into(&mut head.info.version);
    head.info.description = Some("Readings of meters, grids and weather in, exact answers out.".to_owned());
    let components = head.components.get_or_insert_default();
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let key = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key")));
    components.security_schemes.insert("bearer".to_owned(), bearer.into());
    components.security_schemes.insert("key".to_owned(), key.into());
    let none: [&str; 0] = [];
    head.security = Some(vec![SecurityRequirement::new("bearer", none), SecurityRequirement::new("key", none)]);
    head
}

async fn nowhere() -> Problem {
    let error = Error::new(Kind::NotFound, "find the page: there is none of this path");
    error.hint("/docs lists what there is").into()
}

async fn otherwise() -> Response {
    let error = Error::new(Kind::Invalid, "answer the request: this path is not asked by this method");
    Problem::with_status(error.hint("/docs lists what there is"), StatusCode::METHOD_NOT_ALLOWED).into_response()
}
