//! `/api/v1/weather`: the stations that are known, what they observed, and what is foreseen for them.

use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::Response;
use metrify_application::Context;
use metrify_application::read::{self, Question, Told};
use metrify_governance::Resource;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Named, Parameters};
use crate::paging::{Listed, json, limit};
use crate::problem::Problems;
use crate::rows::Rows;
use crate::schema::Binary;
use crate::series::{SeriesBody, SeriesParameters, point, told};
use crate::{Problem, Server};

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(observations)).routes(routes!(forecast))
}

/// A weather station that readings or master data told of.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StationRow {
    /// Its number at the DWD, or another one's name for it.
    pub id: String,
    pub name: Option<String>,
    #[schema(format = DateTime)]
    pub known_from: String,
}

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct StationParameters {
    /// Stations at most, of 1 to 1000.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u64>,
    /// What `next` said on the page before.
    cursor: Option<String>,
}

/// The weather stations that are known, by id.
#[utoipa::path(
    get, path = "/api/v1/weather/stations", tag = "weather", operation_id = "list_stations", params(StationParameters),
    responses((status = 200, body = Listed<StationRow>), Problems)
)]
async fn list(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(page): Parameters<StationParameters>,
) -> Result<Response, Problem> {
    let limit = limit(page.limit)?;
    let mut rows = Rows::behind(&[]);
    let question = Question::Stations { after: page.cursor, limit };
    read::ask(&server.app, &ctx, &question, &mut |page| rows.add(page)).await?;
    let next = rows.last("id").filter(|_| rows.count() == limit).map(str::to_owned);
    Ok(json(rows.finish(next.as_deref())?))
}

/// What a station measured. `Accept` chooses JSON, CSV, NDJSON, Parquet or Arrow.
#[utoipa::path(
    get, path = "/api/v1/weather/stations/{id}/observations", tag = "weather", operation_id = "get_observations",
    params(("id" = String, Path, description = "The station's id"), SeriesParameters),
    responses((status = 200, content(
        (SeriesBody = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"),
        (inline(Binary) = "application/vnd.apache.parquet"), (inline(Binary) = "application/vnd.apache.arrow.file"),
    )), Problems)
)]
async fn observations(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    Parameters(which): Parameters<SeriesParameters>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let series = which.series((Resource::WeatherStations, point(&id)?), Told::Observed)?;
    told(&server, &ctx, series, &which, &headers).await
}

/// What is foreseen for a station, as its last forecast says. `Accept` chooses JSON, CSV, NDJSON, Parquet or Arrow.
#[utoipa::path(
    get, path = "/api/v1/weather/stations/{id}/forecast", tag = "weather", operation_id = "get_forecast",
    params(("id" = String, Path, description = "The station's id"), SeriesParameters),
    responses((status = 200, content(
        (SeriesBody = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"),
        (inline(Binary) = "application/vnd.apache.parquet"), (inline(Binary) = "application/vnd.apache.arrow.file"),
    )), Problems)
)]
async fn forecast(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    Parameters(which): Parameters<SeriesParameters>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let series = which.series((Resource::WeatherStations, point(&id)?), Told::Forecast)?;
    told(&server, &ctx, series, &which, &headers).await
}
