//! `/api/v1/jobs`: what the house does that takes long, listed, shown, stopped.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use metrify_application::jobs::JobState;
use metrify_application::registry::{ThingKind, Wanted};
use metrify_application::{Context, operate};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Named, Parameters};
use crate::paging::{KnownParameters, Listed, ThingParameters};
use crate::problem::Problems;
use crate::wire::jobs::{JobBody, JobFilters};
use crate::{Problem, Server};

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get, cancel))
}

/// What the house does and did that takes long, newest first unless `sort` says otherwise. Of work that somebody started the
/// last thousand are kept; of what the house does by itself (`land`, `compact`, `vacuum`) the last runs that did something or failed are
/// told until the server ends.
#[utoipa::path(
    get, path = "/api/v1/jobs", tag = "operation", operation_id = "list_jobs", params(JobFilters, ThingParameters),
    responses((status = 200, body = Listed<JobBody>), Problems)
)]
async fn list(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(which): Parameters<JobFilters>,
    page: ThingParameters,
) -> Result<Json<Listed<JobBody>>, Problem> {
    let Wanted { changed, known_at, sort, after, limit, .. } = page.wanted(ThingKind::Job)?;
    let wanted = operate::WantedJobs { changed, known_at, sort, after, limit, ..which.wanted()? };
    let listed = operate::list_jobs(&server.app, &ctx, &wanted).await?;
    let next = page.next(ThingKind::Job, listed.next.as_ref());
    Ok(Json(Listed { results: listed.jobs.into_iter().map(JobBody::from).collect(), next }))
}

/// A job, as it stands or as it was known then. What one that runs has done so far is told with it.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}", tag = "operation", operation_id = "get_job",
    params(("id" = String, Path, description = "The job's id"), KnownParameters),
    responses((status = 200, body = JobBody), Problems)
)]
async fn get(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Json<JobBody>, Problem> {
    let known_at = known.known_at()?;
    Ok(Json(operate::find_job(&server.app, &ctx, &id, known_at).await?.into()))
}

/// Stops a job at its next safe point: what it did until then stays, and is told once it has ended. 202 while it has not.
#[utoipa::path(
    delete, path = "/api/v1/jobs/{id}", tag = "operation", operation_id = "cancel_job",
    params(("id" = String, Path, description = "The job's id")),
    responses((status = 200, body = JobBody), (status = 202, body = JobBody), Problems)
)]
async fn cancel(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
) -> Result<Response, Problem> {
    let told = operate::cancel_job(&server.app, &ctx, &id).await?;
    let status = if told.job.thing.state == JobState::Running { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(JobBody::from(told))).into_response())
}
