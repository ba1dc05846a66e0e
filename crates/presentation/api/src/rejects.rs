//! `GET /api/v1/rejects`, `POST /api/v1/rejects/replay`.

use axum::Json;
use axum::extract::{Extension, State};
use metrify_application::ingest::replay_rejects;
use metrify_application::{Context, read};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Parameters};
use crate::paging::KnownParameters;
use crate::problem::Problems;
use crate::wire::{Reject, Replay, Replayed};
use crate::{Problem, Server};

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

/// Reads rejects again after a fix.
#[utoipa::path(
    post, path = "/api/v1/rejects/replay", tag = "readings", operation_id = "replay_rejects", request_body = Replay,
    responses((status = 200, body = Vec<Replayed>), Problems)
)]
async fn replay(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Body(request): Body<Replay>,
) -> Result<Json<Vec<Replayed>>, Problem> {
    let hints = request.hints()?;
    let mut rejects = read::rejects(&server.app, &ctx, None).await?;
    rejects.retain(|reject| request.wants(&reject.id, reject.state()));
    let replayed = replay_rejects(&server.app, &ctx, rejects, &hints).await?;
    Ok(Json(replayed.into_iter().map(Replayed::from).collect()))
}
