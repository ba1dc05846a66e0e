//! `GET /api/v1/rejects`, `POST /api/v1/rejects/replay`.

use axum::Json;
use axum::extract::State;
use metrify_application::ingest::{Again, replay as replay_all};
use metrify_application::{Error, Kind, read};

use crate::deliveries::parsed;
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
    let again = Again { zone: parsed(request.timezone.as_deref())?, area: parsed(request.area.as_deref())? };
    let ctx = server.context();
    let app = server.app.clone();
    let task = tokio::task::spawn(async move {
        let mut rejects = read::rejects(&app, &ctx).await?;
        rejects.retain(|reject| request.wants(&reject.id, reject.state));
        replay_all(&app, &ctx, rejects, &again).await
    });
    let replayed = task.await.map_err(|error| Error::new(Kind::Internal, "replay rejects").because(error))??;
    Ok(Json(replayed.into_iter().map(Replayed::from).collect()))
}
