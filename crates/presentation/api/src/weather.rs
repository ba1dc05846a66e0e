//! `/api/v1/weather`: stations, registered or told of by readings, what they observed, and what is foreseen for them.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use metrify_application::read::Told;
use metrify_application::register::{KnownStation, WantedStations};
use metrify_application::{Context, Error, Kind, Result as Done, register};
use metrify_domain::Point;
use metrify_domain::master::Status;
use metrify_governance::Resource;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::created::created;
use crate::extract::{Body, Named, Parameters};
use crate::paging::{ChangedParameters, KnownParameters, Listed, NearParameters, limit, meant, tagged};
use crate::problem::Problems;
use crate::schema::Binary;
use crate::series::{SeriesBody, SeriesParameters, point, told};
use crate::wire::master::StatusBody;
use crate::wire::moment;
use crate::wire::stations::{StationBody, StationFacts};
use crate::{Problem, Server};

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(list, register))
        .routes(routes!(get, put, deactivate))
        .routes(routes!(observations))
        .routes(routes!(forecast))
}

/// Which stations.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct StationParameters {
    #[param(inline)]
    status: Option<StatusBody>,
    /// Stations at most, of 1 to 1000.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u64>,
    /// What `next` said on the page before.
    cursor: Option<String>,
    /// `id` or `-id`.
    #[param(inline)]
    sort: Option<StationSort>,
    /// As it was known then: a day, local, or an instant.
    as_known_at: Option<String>,
}

/// The order of the list: what is registered and what readings tell of have nothing else in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
enum StationSort {
    #[serde(rename = "id")]
    Id,
    #[serde(rename = "-id")]
    IdDown,
}

/// The weather stations that are known, each once: those that are registered, and those that readings alone tell of. A status, a circle or a
/// time of change chooses registered ones.
#[utoipa::path(
    get, path = "/api/v1/weather/stations", tag = "weather", operation_id = "list_stations",
    params(StationParameters, NearParameters, ChangedParameters),
    responses((status = 200, body = Listed<StationBody>), Problems)
)]
async fn list(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(which): Parameters<StationParameters>,
    Parameters(near): Parameters<NearParameters>,
    Parameters(changed): Parameters<ChangedParameters>,
) -> Result<Json<Listed<StationBody>>, Problem> {
    let wanted = WantedStations {
        status: which.status.map(Status::from),
        near: near.near()?,
        changed: changed.changed()?,
        known_at: which.as_known_at.as_deref().map(moment).transpose()?,
        down: which.sort == Some(StationSort::IdDown),
        after: which.cursor.as_deref().map(behind).transpose()?,
        limit: limit(which.limit)?,
    };
    let page = register::list_weather_stations(&server.app, &ctx, &wanted).await?;
    Ok(Json(Listed { results: page.stations.into_iter().map(StationBody::from).collect(), next: page.next }))
}

/// The last station of the page before.
fn behind(cursor: &str) -> Done<Point> {
    cursor.parse().map_err(|error| {
        let error = Error::new(Kind::Invalid, "read the cursor: it is none of this server").because(error);
        error.hint("give `next` of the page before as it is")
    })
}

/// Registers a weather station; readings may have told of it before.
#[utoipa::path(
    post, path = "/api/v1/weather/stations", tag = "weather", operation_id = "register_station",
    request_body = StationFacts,
    responses((status = 201, body = StationBody, headers(("Location" = String, description = "Where it is found"))), Problems)
)]
async fn register(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Body(facts): Body<StationFacts>,
) -> Result<Response, Problem> {
    let known = register::register_weather_station(&server.app, &ctx, facts.read(None)?).await?;
    Ok(created::<_, StationBody>("/api/v1/weather/stations", known))
}

/// A weather station, as it is known or was known then. One that readings alone tell of has no ETag.
#[utoipa::path(
    get, path = "/api/v1/weather/stations/{id}", tag = "weather", operation_id = "get_station",
    params(("id" = String, Path, description = "The station's id"), KnownParameters),
    responses((status = 200, body = StationBody), Problems)
)]
async fn get(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Response, Problem> {
    let known_at = known.known_at()?;
    Ok(match register::find_weather_station(&server.app, &ctx, &id, known_at).await? {
        KnownStation::Registered(known) => tagged::<_, StationBody>(StatusCode::OK, known),
        KnownStation::Told(told) => Json(StationBody::from(told)).into_response(),
    })
}

/// Says anew what is told of a registered weather station: what is left away is told no longer.
#[utoipa::path(
    put, path = "/api/v1/weather/stations/{id}", tag = "weather", operation_id = "change_station",
    params(
        ("id" = String, Path, description = "The station's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what is to be changed; 409 where it was changed meanwhile"),
    ),
    request_body = StationFacts,
    responses((status = 200, body = StationBody), Problems)
)]
async fn put(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    headers: HeaderMap,
    Body(facts): Body<StationFacts>,
) -> Result<Response, Problem> {
    let (station, status) = (facts.read(Some(&id))?, facts.status());
    let known = register::put_weather_station(&server.app, &ctx, station, status, meant(&headers)?).await?;
    Ok(tagged::<_, StationBody>(StatusCode::OK, known))
}

/// Takes a registered weather station out of service; what is known of it stays.
#[utoipa::path(
    delete, path = "/api/v1/weather/stations/{id}", tag = "weather", operation_id = "deactivate_station",
    params(
        ("id" = String, Path, description = "The station's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what is to be changed; 409 where it was changed meanwhile"),
    ),
    responses((status = 200, body = StationBody), Problems)
)]
async fn deactivate(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let known = register::deactivate_weather_station(&server.app, &ctx, &id, meant(&headers)?).await?;
    Ok(tagged::<_, StationBody>(StatusCode::OK, known))
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
