//! PostgreSQL's protocol, version 3: what `psql`, drivers and tools speak.

mod absent;
mod cancel;
mod catalog;
mod command;
mod functions;
mod kept;
mod known;
mod messages;
mod named;
mod numeric;
mod parameters;
mod problem;
mod rows;
mod session;
mod settings;
mod statements;
mod understood;
mod welcome;

use std::sync::Arc;

use datafusion_pg_catalog::sql::PostgresCompatibilityParser;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::Wire;
use crate::door::{Door, LAST_ANSWERS, Stream};
use crate::strangers::WELCOME;
use cancel::Cancels;
use catalog::Catalogs;
use session::Session;
use welcome::{Welcome, Welcomed};

pub(crate) use numeric::from_text as decimal;

/// What all connections share.
pub(crate) struct Postgres {
    wire: Arc<Wire>,
    catalogs: Catalogs,
    cancels: Arc<Cancels>,
    parser: PostgresCompatibilityParser,
}

/// Serves until it is told to stop, and answers that are under way a while longer.
///
/// # Errors
/// Where PostgreSQL's catalog cannot be made.
pub async fn serve(
    wire: Arc<Wire>,
    listener: TcpListener,
    stopped: watch::Receiver<bool>,
) -> metrify_application::Result<()> {
    let postgres = Arc::new(Postgres {
        wire,
        catalogs: Catalogs::new()?,
        cancels: Arc::default(),
        parser: PostgresCompatibilityParser::new(),
    });
    let mut door = Door::new(listener, stopped.clone());
    let mut connections = JoinSet::new();
    while let Some(stream) = door.next().await {
        connections.spawn(converse(postgres.clone(), stream, stopped.clone()));
        while let Some(ended) = connections.try_join_next() {
            if let Err(error) = ended {
                tracing::error!("a connection was given up: {error}");
            }
        }
    }
    let last = async { while connections.join_next().await.is_some() {} };
    // Those that go on beyond it end with the set.
    if tokio::time::timeout(LAST_ANSWERS, last).await.is_err() {
        tracing::info!("connections were ended before their last answer");
    }
    Ok(())
}

async fn converse(postgres: Arc<Postgres>, stream: Stream, stopped: watch::Receiver<bool>) {
    let welcome = Welcome { postgres: &postgres };
    let welcomed = match tokio::time::timeout(WELCOME, welcome.receive(stream)).await {
        Ok(Ok(Some(welcomed))) => welcomed,
        Ok(Ok(None)) | Err(_) => return,
        Ok(Err(error)) => return tracing::debug!("a client did not come in: {error}"),
    };
    let Welcomed { socket, caller, cancel } = welcomed;
    if let Err(error) = Session::new(postgres.clone(), socket, caller, cancel).run(stopped).await {
        tracing::debug!("a client left in the middle of its session: {error}");
    }
}
