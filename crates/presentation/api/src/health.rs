//! Whether the parts work: asked, not assumed.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use metrify_application::jobs::JobKind;
use metrify_application::operate;
use metrify_domain::Timestamp;
use serde_json::{Value, json};

use crate::Server;

/// The process answers.
pub(crate) async fn live(State(server): State<Server>) -> Json<Value> {
    Json(json!({ "status": "up", "process": server.process }))
}

/// The store answers a query, and what is taken in comes into the lake.
pub(crate) async fn ready(State(server): State<Server>) -> (StatusCode, Json<Value>) {
    report(&server).await
}

pub(crate) async fn health(State(server): State<Server>) -> (StatusCode, Json<Value>) {
    report(&server).await
}

async fn report(server: &Server) -> (StatusCode, Json<Value>) {
    let probed = operate::probe(&server.app, &server.tenant).await;
    let store = match &probed.store {
        Ok(tables) => json!({ "status": "up", "tables": tables }),
        Err(error) => json!({ "status": "down", "reason": error.chain() }),
    };
    let registry = match &probed.registry {
        Ok(()) => json!({ "status": "up" }),
        Err(error) => json!({ "status": "down", "reason": error.chain() }),
    };
    let writable = tempfile_in(&server.spool);
    let disk = match &writable {
        Ok(()) => json!({ "status": "up" }),
        Err(error) => json!({ "status": "down", "reason": error.to_string() }),
    };
    let landing = routine(server, JobKind::Land);
    let up = probed.store.is_ok() && probed.registry.is_ok() && writable.is_ok() && landing.is_up();
    let body = json!({
        "status": if up { "up" } else { "down" },
        "version": server.version,
        "up_since": server.started_at.to_string(),
        "parts": {
            "store": store,
            "registry": registry,
            "disk": disk,
            "landing": landing.told("down"),
            // Files that are many, or kept too long, make no answer wrong.
            "compaction": routine(server, JobKind::Compact).told("failing"),
            "vacuum": routine(server, JobKind::Vacuum).told("failing"),
            "memory": { "status": "up", "rows_waiting": server.app.memory.waiting(&server.tenant) },
            "journal": { "status": "up", "next": server.app.journal.next(), "syncs": server.app.journal.syncs() },
        },
    });
    (if up { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(body))
}

/// How what the house does by itself stands, over all tenants. Whose it is and why it fails is not told to everybody: the jobs and the
/// log say that.
struct Routine {
    tenants_failing: usize,
    failing_since: Option<Timestamp>,
    succeeded_at: Option<Timestamp>,
}

fn routine(server: &Server, kind: JobKind) -> Routine {
    let standings: Vec<_> = server.app.jobs.standings().into_iter().filter(|(_, of, _)| *of == kind).collect();
    let failing = || standings.iter().filter_map(|(_, _, standing)| standing.failing.as_ref());
    Routine {
        tenants_failing: failing().count(),
        failing_since: failing().map(|failing| failing.since).min(),
        succeeded_at: standings.iter().filter_map(|(_, _, standing)| standing.succeeded_at).max(),
    }
}

impl Routine {
    const fn is_up(&self) -> bool {
        self.tenants_failing == 0
    }

    fn told(&self, otherwise: &str) -> Value {
        let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
        let succeeded_at = text(self.succeeded_at);
        if self.is_up() {
            return json!({ "status": "up", "succeeded_at": succeeded_at });
        }
        json!({
            "status": otherwise,
            "succeeded_at": succeeded_at,
            "failing_since": text(self.failing_since),
            "tenants_failing": self.tenants_failing,
            "reason": "/api/v1/jobs?state=failed and the log say why",
        })
    }
}

/// Whether a byte can be written where deliveries come in.
fn tempfile_in(folder: &std::path::Path) -> std::io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    std::io::Write::write_all(&mut file, b"1")
}
