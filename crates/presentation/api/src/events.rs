//! `GET /api/v1/events`: what is taken in, told the moment that it can be asked for (server-sent events).

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Extension, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, stream};
use metrify_application::ingest::{Heard, listen};
use metrify_application::{Context, Tenant};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::identify::Caller;
use crate::problem::Problems;
use crate::{Problem, Server};

/// How often a listener is told that nothing was taken in, and asked whether its key still opens.
const PACE: Duration = Duration::from_secs(15);

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(events))
}

/// A piece of a delivery that was taken in: the data of an event named `readings`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HeardBody {
    pub delivery: String,
    pub source: String,
    pub format: String,
    pub received: u64,
    pub stored: u64,
    pub duplicates: u64,
    pub corrections: u64,
    pub rejected: u64,
    pub findings: u64,
}

impl From<Heard> for HeardBody {
    fn from(heard: Heard) -> Self {
        Self {
            delivery: heard.delivery.as_str().to_owned(),
            source: heard.source,
            format: heard.format,
            received: heard.counts.received,
            stored: heard.counts.stored,
            duplicates: heard.counts.duplicates,
            corrections: heard.counts.corrections,
            rejected: heard.counts.rejected,
            findings: heard.findings,
        }
    }
}

/// What is taken in from now on, as server-sent events: `readings` with the counts of a piece of a delivery, `behind` with how many were
/// missed. It ends when the key opens nothing any more.
#[utoipa::path(
    get, path = "/api/v1/events", tag = "readings", operation_id = "events",
    responses((status = 200, body = HeardBody, content_type = "text/event-stream"), Problems)
)]
async fn events(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Extension(caller): Extension<Caller>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let heard = listen(&server.app, &ctx).await?;
    let listener = Listener { tenant: ctx.tenant().clone(), heard, caller, server };
    let told = stream::unfold(listener, async |mut listener| {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    });
    Ok(Sse::new(told).keep_alive(KeepAlive::new().interval(PACE)))
}

struct Listener {
    tenant: Tenant,
    heard: Receiver<Heard>,
    caller: Caller,
    server: Server,
}

impl Listener {
    /// `None` where there is nothing more to tell to it.
    async fn next(&mut self) -> Option<Event> {
        loop {
            match tokio::time::timeout(PACE, self.heard.recv()).await {
                Ok(Ok(heard)) if heard.tenant == self.tenant => {
                    self.caller.context(&self.server).await.ok()?;
                    return Event::default().event("readings").json_data(HeardBody::from(heard)).ok();
                }
                Ok(Ok(_)) => {}
                Ok(Err(RecvError::Lagged(missed))) => {
                    return Some(Event::default().event("behind").data(missed.to_string()));
                }
                Ok(Err(RecvError::Closed)) => return None,
                Err(_) => drop(self.caller.context(&self.server).await.ok()?),
            }
        }
    }
}
