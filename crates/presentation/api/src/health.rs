//! Whether the parts work: asked, not assumed.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use metrify_application::operate;
use serde_json::{Value, json};

use crate::Server;

/// The process answers.
pub(crate) async fn live(State(server): State<Server>) -> Json<Value> {
    Json(json!({ "status": "up", "process": server.process }))
}

/// The store answers a query.
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
    let up = probed.store.is_ok() && probed.registry.is_ok() && writable.is_ok();
    let body = json!({
        "status": if up { "up" } else { "down" },
        "version": server.version,
        "up_since": server.started_at.to_string(),
        "parts": {
            "store": store,
            "registry": registry,
            "disk": disk,
            "memory": { "status": "up", "rows_waiting": server.app.memory.waiting(&server.tenant) },
            "journal": { "status": "up", "next": server.app.journal.next(), "syncs": server.app.journal.syncs() },
        },
    });
    (if up { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(body))
}

/// Whether a byte can be written where deliveries come in.
fn tempfile_in(folder: &std::path::Path) -> std::io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    std::io::Write::write_all(&mut file, b"1")
}
