//! `POST /api/v1/points/confirm`.

use axum::Json;
use axum::extract::State;
use metrify_application::ingest::confirm as confirm_points;
use metrify_application::{Error, Kind};
use serde_json::{Value, json};

use crate::deliveries::to_its_end;
use crate::wire::Point;
use crate::{Problem, Server};

pub(crate) async fn confirm(State(server): State<Server>, Json(request): Json<Point>) -> Result<Json<Value>, Problem> {
    let points = request.points.iter().map(|point| point.parse()).collect::<Result<Vec<_>, _>>();
    let points = points.map_err(|error: metrify_domain::point::PointError| {
        Error::new(Kind::Invalid, "read the points to confirm").because(error)
    })?;
    let work = async move { confirm_points(&server.app, &server.context(), &points).await };
    let confirmed = to_its_end("confirm the points", work).await?;
    Ok(Json(json!({ "confirmed": confirmed })))
}
