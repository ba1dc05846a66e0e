//! `POST /api/v1/points/confirm`.

use axum::Json;
use axum::extract::{Extension, State};
use metrify_application::ingest::confirm as confirm_points;
use metrify_application::{Context, Error, Kind};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::Body;
use crate::problem::Problems;
use crate::wire::{Confirmed, Point};
use crate::{Problem, Server};

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(confirm))
}

/// Vouches for points, so that their readings are taken in.
#[utoipa::path(
    post, path = "/api/v1/points/confirm", tag = "readings", operation_id = "confirm_points", request_body = Point,
    responses((status = 200, body = Confirmed), Problems)
)]
async fn confirm(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Body(request): Body<Point>,
) -> Result<Json<Confirmed>, Problem> {
    let points = request.points.iter().map(|point| point.parse()).collect::<Result<Vec<_>, _>>();
    let points = points.map_err(|error: metrify_domain::point::PointError| {
        Error::new(Kind::Invalid, "read the points to confirm").because(error)
    })?;
    let confirmed = confirm_points(&server.app, &ctx, &points).await?;
    Ok(Json(Confirmed { confirmed }))
}
