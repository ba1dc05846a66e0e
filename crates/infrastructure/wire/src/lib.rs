//! SQL for other tools: PostgreSQL's protocol and Arrow Flight SQL, each on a port of its own; for one tenant, and reading only.
//!
//! Of `datafusion-postgres` what lies below its session service is used: messages (`pgwire`), values (`arrow-pg`) and catalog
//! (`datafusion-pg-catalog`). The service itself answers all clients out of one session of the engine, where here each statement has
//! its tenant, its moment and its bounds; and its TLS brings a second set of ciphers under a licence that is not accepted.

mod answer;
mod caller;
mod door;
mod flight;
mod meant;
mod postgres;
mod refusal;
mod strangers;
mod visitor;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use metrify_application::{App, Result, Tenant};
use metrify_domain::Timestamp;
use metrify_query::Engine;

pub use flight::serve as serve_flight;
pub use postgres::serve as serve_postgres;

/// What a new connection proves itself with: asked for each, so that certificates can be replaced while it serves.
pub type Tls = Arc<dyn Fn() -> Arc<rustls::ServerConfig> + Send + Sync>;

/// What both protocols answer from.
pub struct Wire {
    pub app: Arc<App>,
    /// The house's own tenant, whose log has those who were turned away.
    pub house: Tenant,
    /// The engine behind the application's port, for answers in columns.
    pub engine: Arc<Engine>,
    pub clock: fn() -> Timestamp,
    pub random: fn() -> Result<[u8; 32]>,
    /// `None` where connections are plain.
    pub tls: Option<Tls>,
    requests: AtomicU64,
    started_at: Timestamp,
}

impl Wire {
    #[must_use]
    pub fn new(
        (app, house): (Arc<App>, Tenant),
        engine: Arc<Engine>,
        clock: fn() -> Timestamp,
        random: fn() -> Result<[u8; 32]>,
        tls: Option<Tls>,
    ) -> Self {
        Self { app, house, engine, clock, random, tls, requests: AtomicU64::new(1), started_at: clock() }
    }
}
