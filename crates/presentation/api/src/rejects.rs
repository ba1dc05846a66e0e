//! `GET /api/v1/rejects`, `/{id}`, `POST /api/v1/rejects/replay`.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use metrify_application::ingest::replay_rejects;
use metrify_application::jobs::Started;
use metrify_application::read::{self, WantedRejects};
use metrify_application::{Context, Result as Done};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Named, Parameters};
use crate::paging::{KnownParameters, Listed, PageParameters};
use crate::problem::Problems;
use crate::wire::rejects::{OneRejectBody, RejectBody, RejectFilters};
use crate::wire::{Replay, Replayed};
use crate::{Problem, Server, prefer};

const LIST: &str = "rejects";

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get)).routes(routes!(replay))
}

/// What was not understood, the last that was rejected first unless `sort` says otherwise (`changed` is when it was rejected).
#[utoipa::path(
    get, path = "/api/v1/rejects", tag = "readings", operation_id = "list_rejects",
    params(RejectFilters, PageParameters),
    responses((status = 200, body = Listed<RejectBody>), Problems)
)]
async fn list(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(which): Parameters<RejectFilters>,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Json<Listed<RejectBody>>, Problem> {
    let (paged, asked) = (page.paged(LIST)?, which.wanted()?);
    let wanted = WantedRejects {
        known_at: paged.known_at,
        sort: paged.sort.unwrap_or(asked.sort),
        after: paged.after,
        limit: paged.limit,
        ..asked
    };
    let listed = read::list_rejects(&server.app, &ctx, &wanted).await?;
    let next = page.next(LIST, listed.next.as_ref());
    Ok(Json(Listed { results: listed.rejects.into_iter().map(RejectBody::from).collect(), next }))
}

/// A reject with its bytes. One that was resolved before that was kept counts as resolved at any time.
#[utoipa::path(
    get, path = "/api/v1/rejects/{id}", tag = "readings", operation_id = "get_reject",
    params(("id" = String, Path, description = "The reject's id: its delivery and a number"), KnownParameters),
    responses((status = 200, body = OneRejectBody), Problems)
)]
async fn get(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Json<OneRejectBody>, Problem> {
    Ok(Json(read::find_reject(&server.app, &ctx, &id, known.known_at()?).await?.into()))
}

/// Reads rejects again after a fix: those that are named, or all that are open. It is a job.
#[utoipa::path(
    post, path = "/api/v1/rejects/replay", tag = "readings", operation_id = "replay_rejects", request_body = Replay,
    params(("Prefer" = Option<String>, Header, description = "`respond-async`: 202 at once, and the outcome with the job")),
    responses(
        (status = 200, body = Vec<Replayed>),
        (status = 202, description = "It is begun", headers(
            ("Location" = String, description = "The job"),
            ("Preference-Applied" = String, description = "`respond-async`"),
        )),
        Problems,
    )
)]
async fn replay(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    headers: HeaderMap,
    Body(request): Body<Replay>,
) -> Result<Response, Problem> {
    let (hints, ids) = (request.hints()?, request.named()?);
    let work = |started: Started| async move {
        let replayed = replay_rejects(&server.app, &ctx, ids, &hints, started).await?;
        Done::Ok(replayed.into_iter().map(Replayed::from).collect::<Vec<_>>())
    };
    if prefer::respond_async(&headers) {
        return prefer::begun(|started| async move { work(started).await.map(drop) }).await;
    }
    Ok(Json(prefer::apart(work(Started::default())).await?).into_response())
}
