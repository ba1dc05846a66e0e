//! `GET /api/v1/rejects`, `POST /api/v1/rejects/replay`.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use metrify_application::ingest::replay_rejects;
use metrify_application::jobs::Started;
use metrify_application::{Context, read};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Parameters};
use crate::paging::KnownParameters;
use crate::problem::Problems;
use crate::wire::{Reject, Replay, Replayed};
use crate::{Problem, Server, prefer};

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(replay))
}

/// What was not understood, oldest first, with its bytes. One that was resolved before that was kept counts as resolved at any time.
#[utoipa::path(
    get, path = "/api/v1/rejects", tag = "readings", operation_id = "list_rejects", params(KnownParameters),
    responses((status = 200, body = Vec<Reject>), Problems)
)]
async fn list(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Json<Vec<Reject>>, Problem> {
    let rejects = read::rejects(&server.app, &ctx, known.known_at()?).await?;
    Ok(Json(rejects.into_iter().map(Reject::from).collect()))
}

/// Reads rejects again after a fix. It is a job.
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
    let hints = request.hints()?;
    let mut rejects = read::rejects(&server.app, &ctx, None).await?;
    rejects.retain(|reject| request.wants(&reject.id, reject.state()));
    if prefer::respond_async(&headers) {
        let work = |started| async move { replay_rejects(&server.app, &ctx, rejects, &hints, started).await.map(drop) };
        return prefer::begun(work).await;
    }
    let work = async move { replay_rejects(&server.app, &ctx, rejects, &hints, Started::default()).await };
    let replayed = prefer::apart(work).await?;
    Ok(Json(replayed.into_iter().map(Replayed::from).collect::<Vec<_>>()).into_response())
}
