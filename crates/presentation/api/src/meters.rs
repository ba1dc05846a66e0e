//! `/api/v1/smart-meters`: registered, found, changed, taken out of service, and their readings.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use metrify_application::registry::{Field, ThingKind};
use metrify_application::{Context, register};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::created::created;
use crate::extract::{Body, Named, Parameters};
use crate::paging::{KnownParameters, Listed, NearParameters, ThingParameters, equal, meant, tagged};
use crate::problem::Problems;
use crate::wire::master::{MeterBody, MeterFacts, StatusBody};
use crate::{Problem, Server};

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list, register)).routes(routes!(get, put, deactivate))
}

/// Which meters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct MeterParameters {
    #[param(inline)]
    status: Option<StatusBody>,
    manufacturer: Option<String>,
    model: Option<String>,
    area: Option<String>,
}

/// The meters of the tenant, a page of them.
#[utoipa::path(
    get, path = "/api/v1/smart-meters", tag = "master data", operation_id = "list_meters",
    params(MeterParameters, NearParameters, ThingParameters),
    responses((status = 200, body = Listed<MeterBody>), Problems)
)]
async fn list(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(which): Parameters<MeterParameters>,
    Parameters(near): Parameters<NearParameters>,
    page: ThingParameters,
) -> Result<Json<Listed<MeterBody>>, Problem> {
    let mut wanted = page.wanted(ThingKind::Meter)?;
    let status = which.status.map(StatusBody::name);
    wanted.equal = equal([
        (Field::Status, status.map(str::to_owned)),
        (Field::Manufacturer, which.manufacturer),
        (Field::Model, which.model),
        (Field::Area, which.area),
    ])?;
    wanted.near = near.near()?;
    Ok(Json(page.listed(ThingKind::Meter, register::list_meters(&server.app, &ctx, &wanted).await?)))
}

/// Registers a meter.
#[utoipa::path(
    post, path = "/api/v1/smart-meters", tag = "master data", operation_id = "register_meter",
    request_body = MeterFacts,
    responses((status = 201, body = MeterBody, headers(("Location" = String, description = "Where it is found"))), Problems)
)]
async fn register(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Body(facts): Body<MeterFacts>,
) -> Result<Response, Problem> {
    let known = register::register_meter(&server.app, &ctx, facts.read(None)?).await?;
    Ok(created::<_, MeterBody>("/api/v1/smart-meters", known))
}

/// A meter, as it is known or was known then.
#[utoipa::path(
    get, path = "/api/v1/smart-meters/{id}", tag = "master data", operation_id = "get_meter",
    params(("id" = String, Path, description = "The meter's id"), KnownParameters),
    responses((status = 200, body = MeterBody), Problems)
)]
async fn get(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Response, Problem> {
    let known = register::find_meter(&server.app, &ctx, &id, known.known_at()?).await?;
    Ok(tagged::<_, MeterBody>(StatusCode::OK, known))
}

/// Says anew what is told of a meter: what is left away is told no longer.
#[utoipa::path(
    put, path = "/api/v1/smart-meters/{id}", tag = "master data", operation_id = "change_meter",
    params(
        ("id" = String, Path, description = "The meter's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what is to be changed; 409 where it was changed meanwhile"),
    ),
    request_body = MeterFacts,
    responses((status = 200, body = MeterBody), Problems)
)]
async fn put(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    headers: HeaderMap,
    Body(facts): Body<MeterFacts>,
) -> Result<Response, Problem> {
    let (meter, status) = (facts.read(Some(&id))?, facts.status());
    let known = register::put_meter(&server.app, &ctx, meter, status, meant(&headers)?).await?;
    Ok(tagged::<_, MeterBody>(StatusCode::OK, known))
}

/// Takes a meter out of service; what is known of it stays.
#[utoipa::path(
    delete, path = "/api/v1/smart-meters/{id}", tag = "master data", operation_id = "deactivate_meter",
    params(
        ("id" = String, Path, description = "The meter's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what is to be changed; 409 where it was changed meanwhile"),
    ),
    responses((status = 200, body = MeterBody), Problems)
)]
async fn deactivate(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let known = register::deactivate_meter(&server.app, &ctx, &id, meant(&headers)?).await?;
    Ok(tagged::<_, MeterBody>(StatusCode::OK, known))
}
