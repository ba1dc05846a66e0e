//! `GET /api/v1/rejects`, `POST /api/v1/rejects/replay`.

use axum::Json;
use axum::extract::State;
use metrify_application::ingest::replay_rejects;
use metrify_application::read;

use crate::deliveries::to_its_end;
use crate::wire::{Reject, Replay, Replayed};
use crate::{Problem, Server};

pub(crate) async fn list(State(server): State<Server>) -> Result<Json<Vec<Reject>>, Problem> {
    let rejects = read::rejects(&server.app, &server.context()).await?;
    Ok(Json(rejects.into_iter().map(Reject::from).collect()))
}

pub(crate) async fn replay(
    State(server): State<Server>,
    Json(request): Json<Replay>,
) -> Result<Json<Vec<Replayed>>, Problem> {
    let hints = request.hints()?;
    let ctx = server.context();
    let app = server.app.clone();
    let work = async move {
        let mut rejects = read::rejects(&app, &ctx).await?;
        rejects.retain(|reject| request.wants(&reject.id, reject.state));
        replay_rejects(&app, &ctx, rejects, &hints).await
    };
    let replayed = to_its_end("replay rejects", work).await?;
    Ok(Json(replayed.into_iter().map(Replayed::from).collect()))
}
