//! `/metrics`: how the server does, for Prometheus (OpenMetrics text). It tells numbers of the whole house, and nothing of anybody.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use metrify_application::jobs::JobKind;
use metrify_application::{Error, Kind};
use metrify_domain::time::SECOND;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::{Problem, Server};

/// Seconds.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
/// What is asked for by a path that no route has.
const NO_ROUTE: &str = "none";

/// What is counted of requests.
#[derive(Clone, Default)]
pub struct Metrics(Arc<Counted>);

struct Counted {
    requests: Family<Answered, Counter>,
    seconds: Family<Asked, Histogram>,
}

impl Default for Counted {
    fn default() -> Self {
        Self { requests: Family::default(), seconds: Family::new_with_constructor(|| Histogram::new(BUCKETS)) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: String,
    /// As the description has it: ids are not told apart.
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: String,
    route: String,
    status: u16,
}

/// Counts a request, and how long its answer took to begin.
pub(crate) async fn counted(State(server): State<Server>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or(NO_ROUTE, MatchedPath::as_str).to_owned();
    // Whoever makes methods up must not make up series of ours.
    let method = match request.method().as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "OPTIONS" | "PATCH") => known.to_owned(),
        _ => "other".to_owned(),
    };
    let began = (server.clock)();
    let response = next.run(request).await;
    let took_us = (server.clock)().micros().saturating_sub(began.micros()).max(0);
    let Counted { requests, seconds } = &*server.metrics.0;
    // Less than a second of error in three hundred years.
    #[allow(clippy::cast_precision_loss, reason = "a duration in microseconds is exact far beyond any request")]
    let took_s = took_us as f64 / 1e6;
    seconds.get_or_create(&Asked { method: method.clone(), route: route.clone() }).observe(took_s);
    requests.get_or_create(&Answered { method, route, status: response.status().as_u16() }).inc();
    response
}

pub(crate) async fn metrics(State(server): State<Server>) -> Result<Response, Problem> {
    let failed = |error| Error::new(Kind::Internal, "write the metrics").because(error);
    let mut text = String::new();
    encode(&mut text, &registry(&server)).map_err(failed)?;
    Ok(([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response())
}

/// What is counted, and how the parts stand at this moment.
fn registry(server: &Server) -> Registry {
    let mut registry = Registry::with_prefix("metrify");
    let Counted { requests, seconds } = &*server.metrics.0;
    registry.register("http_requests", "Requests that were answered", requests.clone());
    registry.register_with_unit("http_request_duration", "Until an answer began", Unit::Seconds, seconds.clone());
    let journal = &server.app.journal;
    registry.register(
        "journal_entries",
        "Entries that were made durable, over all times",
        ConstCounter::new(journal.next() - 1),
    );
    registry.register("journal_syncs", "Syncs of the journal since the start", ConstCounter::new(journal.syncs()));
    let waiting: usize = server.app.landing.opened().iter().map(|tenant| server.app.memory.waiting(tenant)).sum();
    let waiting = i64::try_from(waiting).unwrap_or(i64::MAX);
    registry.register("rows_waiting", "Rows in memory that wait for the lake", ConstGauge::new(waiting));
    let taken = server.app.intake.taken();
    for (name, help, count) in [
        ("readings_received", "Readings that came since the start", taken.received),
        ("readings_stored", "Of these: nothing was known before", taken.stored),
        ("readings_duplicates", "Of these: the same was known", taken.duplicates),
        ("readings_corrections", "Of these: they replaced what held", taken.corrections),
        ("readings_rejected", "Of these: they were not understood", taken.rejected),
    ] {
        registry.register(name, help, ConstCounter::new(count));
    }
    routines(server, &mut registry);
    registry
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Routine {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ran {
    kind: &'static str,
    outcome: &'static str,
}

/// How what the house does by itself stands, over all tenants.
fn routines(server: &Server, registry: &mut Registry) {
    let runs = Family::<Ran, Counter>::default();
    let failing = Family::<Routine, Gauge>::default();
    let succeeded = Family::<Routine, Gauge>::default();
    for kind in JobKind::ROUTINES.map(JobKind::name) {
        drop(failing.get_or_create(&Routine { kind }));
        ["done", "failed"].into_iter().for_each(|outcome| drop(runs.get_or_create(&Ran { kind, outcome })));
    }
    for (_, kind, standing) in server.app.jobs.standings() {
        let kind = kind.name();
        runs.get_or_create(&Ran { kind, outcome: "done" }).inc_by(standing.done);
        runs.get_or_create(&Ran { kind, outcome: "failed" }).inc_by(standing.failed);
        failing.get_or_create(&Routine { kind }).inc_by(i64::from(standing.failing.is_some()));
        if let Some(at) = standing.succeeded_at {
            let last = succeeded.get_or_create(&Routine { kind });
            last.set(last.get().max(at.micros() / SECOND));
        }
    }
    registry.register("routine_runs", "Runs of what the house does by itself that did something or failed", runs);
    registry.register("routine_failing", "Tenants of which the last run failed", failing);
    let help = "When a run last went well, in seconds since 1970";
    registry.register_with_unit("routine_succeeded", help, Unit::Seconds, succeeded);
}
