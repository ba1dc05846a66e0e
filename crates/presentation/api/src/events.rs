//! `GET /api/v1/events`: what is taken in and what was noticed of it, told the moment that it can be asked for, and jobs that begin and
//! end (server-sent events).

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Extension, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, stream};
use metrify_application::ingest::{Heard, listen, listen_to_findings, may_see_findings};
use metrify_application::jobs::ToldJob;
use metrify_application::{Context, Tenant, operate};
use metrify_domain::Finding;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::identify::Caller;
use crate::problem::Problems;
use crate::wire::jobs::JobBody;
use crate::{Problem, Server};

/// How often a listener is told that nothing was taken in, and asked whether its key still opens.
const PACE: Duration = Duration::from_secs(15);

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(events))
}

/// The data of an event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum EventBody {
    Readings(HeardBody),
    Findings(FoundBody),
    Job(Box<JobBody>),
    /// How many pieces and jobs were missed by whom they are told to faster than it reads.
    Behind(u64),
}

impl EventBody {
    /// Under its name; `None` where it cannot be written.
    fn event(&self) -> Option<Event> {
        let name = match self {
            Self::Readings(_) => "readings",
            Self::Findings(_) => "findings",
            Self::Job(_) => "job",
            Self::Behind(_) => "behind",
        };
        Event::default().event(name).json_data(self).ok()
    }
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

/// What was noticed of a piece of a delivery, each finding once: the data of an event named `findings`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FoundBody {
    pub delivery: String,
    /// The first hundred; the event of the piece counts all.
    pub findings: Vec<FindingBody>,
}

/// What a rule noticed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FindingBody {
    pub rule: String,
    /// `note`, `warning` or `error`.
    pub severity: String,
    /// `null` where it is about the delivery.
    pub point: Option<String>,
    pub quantity: Option<String>,
    pub reason: String,
    /// Where in the delivery; empty where all of it is meant.
    pub position: String,
}

impl From<&Finding> for FindingBody {
    fn from(finding: &Finding) -> Self {
        let channel = finding.channel.as_ref();
        Self {
            rule: finding.rule.to_string(),
            severity: finding.severity.name().to_owned(),
            point: channel.map(|channel| channel.point.to_string()),
            quantity: channel.map(|channel| channel.quantity.to_string()),
            reason: finding.reason.clone(),
            position: finding.position.clone(),
        }
    }
}

/// What is taken in from now on, as server-sent events: `readings` with the counts of a piece of a delivery, `behind` with how many were
/// missed. Whoever may read readings is told `findings` behind it, where rules noticed something. Whoever may read jobs is told of
/// them, too: `job` with one that somebody started when it begins and when it ends, and with what the house does by itself once a run of it
/// did something or failed. It ends when the key opens nothing any more.
#[utoipa::path(
    get, path = "/api/v1/events", tag = "readings", operation_id = "events",
    responses((status = 200, body = EventBody, content_type = "text/event-stream"), Problems)
)]
async fn events(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Extension(caller): Extension<Caller>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let heard = listen(&server.app, &ctx).await?;
    let jobs = operate::listen_to_jobs(&server.app, &ctx).await?;
    listen_to_findings(&server.app, &ctx).await?;
    let listener = Listener { tenant: ctx.tenant().clone(), heard, found: None, jobs, caller, server };
    let told = stream::unfold(listener, async |mut listener| {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    });
    Ok(Sse::new(told).keep_alive(KeepAlive::new().interval(PACE)))
}

struct Listener {
    tenant: Tenant,
    heard: Receiver<Heard>,
    /// Of the piece that was told last.
    found: Option<FoundBody>,
    /// `None` to whom jobs are not shown.
    jobs: Option<Receiver<ToldJob>>,
    caller: Caller,
    server: Server,
}

/// What was heard last.
enum Last {
    Readings(Result<Heard, RecvError>),
    Job(Result<ToldJob, RecvError>),
    Nothing,
}

impl Listener {
    /// `None` where there is nothing more to tell to it.
    async fn next(&mut self) -> Option<Event> {
        if let Some(found) = self.found.take() {
            return EventBody::Findings(found).event();
        }
        loop {
            let last = tokio::select! {
                heard = self.heard.recv() => Last::Readings(heard),
                job = next_job(&mut self.jobs) => Last::Job(job),
                () = tokio::time::sleep(PACE) => Last::Nothing,
            };
            match last {
                Last::Readings(Ok(heard)) if heard.tenant == self.tenant => {
                    let ctx = self.caller.context(&self.server).await.ok()?;
                    if !heard.told.is_empty() && may_see_findings(&self.server.app, &ctx) {
                        let findings = heard.told.iter().map(FindingBody::from).collect();
                        self.found = Some(FoundBody { delivery: heard.delivery.to_string(), findings });
                    }
                    return EventBody::Readings(heard.into()).event();
                }
                Last::Job(Ok(told)) if told.tenant == self.tenant => {
                    let ctx = self.caller.context(&self.server).await.ok()?;
                    // Its role may have changed since it began to listen.
                    if operate::may_see_jobs(&self.server.app, &ctx) {
                        return EventBody::Job(Box::new(told.into())).event();
                    }
                }
                Last::Readings(Ok(_)) | Last::Job(Ok(_)) => {}
                Last::Readings(Err(RecvError::Lagged(missed))) | Last::Job(Err(RecvError::Lagged(missed))) => {
                    return EventBody::Behind(missed).event();
                }
                Last::Readings(Err(RecvError::Closed)) | Last::Job(Err(RecvError::Closed)) => return None,
                Last::Nothing => drop(self.caller.context(&self.server).await.ok()?),
            }
        }
    }
}

/// The next job that begins or ends; none ever comes to whom they are not shown.
async fn next_job(jobs: &mut Option<Receiver<ToldJob>>) -> Result<ToldJob, RecvError> {
    match jobs {
        Some(jobs) => jobs.recv().await,
        None => std::future::pending().await,
    }
}
