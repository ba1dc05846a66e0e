//! `/api/v1/metering-points`: registered, found, changed, and which meter is there.

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
use crate::wire::master::{ExchangeBody, InstallationBody, MeteringPointBody, MeteringPointFacts, StatusBody};
use crate::wire::moment;
use crate::{Problem, Server};

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(list, register))
        .routes(routes!(get, put, deactivate))
        .routes(routes!(exchange))
        .routes(routes!(installations))
}

/// Which metering points.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct MeteringPointParameters {
    #[param(inline)]
    status: Option<StatusBody>,
    area: Option<String>,
    grid_operator: Option<String>,
}

/// The metering points of the tenant, a page of them.
#[utoipa::path(
    get, path = "/api/v1/metering-points", tag = "master data", operation_id = "list_metering_points",
    params(MeteringPointParameters, NearParameters, ThingParameters),
    responses((status = 200, body = Listed<MeteringPointBody>), Problems)
)]
async fn list(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(which): Parameters<MeteringPointParameters>,
    Parameters(near): Parameters<NearParameters>,
    page: ThingParameters,
) -> Result<Json<Listed<MeteringPointBody>>, Problem> {
    let mut wanted = page.wanted(ThingKind::MeteringPoint)?;
    let status = which.status.map(StatusBody::name);
    wanted.equal = equal([
        (Field::Status, status.map(str::to_owned)),
        (Field::Area, which.area),
        (Field::GridOperator, which.grid_operator),
    ])?;
    wanted.near = near.near()?;
    Ok(Json(page.listed(ThingKind::MeteringPoint, register::list_metering_points(&server.app, &ctx, &wanted).await?)))
}

/// Registers a metering point.
#[utoipa::path(
    post, path = "/api/v1/metering-points", tag = "master data", operation_id = "register_metering_point",
    request_body = MeteringPointFacts,
    responses((status = 201, body = MeteringPointBody, headers(("Location" = String, description = "Where it is found"))), Problems)
)]
async fn register(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Body(facts): Body<MeteringPointFacts>,
) -> Result<Response, Problem> {
    let known = register::register_metering_point(&server.app, &ctx, facts.read(None)?).await?;
    Ok(created::<_, MeteringPointBody>("/api/v1/metering-points", known))
}

/// A metering point, as it is known or was known then.
#[utoipa::path(
    get, path = "/api/v1/metering-points/{id}", tag = "master data", operation_id = "get_metering_point",
    params(("id" = String, Path, description = "The metering point's id"), KnownParameters),
    responses((status = 200, body = MeteringPointBody), Problems)
)]
async fn get(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Response, Problem> {
    let known = register::find_metering_point(&server.app, &ctx, &id, known.known_at()?).await?;
    Ok(tagged::<_, MeteringPointBody>(StatusCode::OK, known))
}

/// Says anew what is told of a metering point: what is left away is told no longer.
#[utoipa::path(
    put, path = "/api/v1/metering-points/{id}", tag = "master data", operation_id = "change_metering_point",
    params(
        ("id" = String, Path, description = "The metering point's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what is to be changed; 409 where it was changed meanwhile"),
    ),
    request_body = MeteringPointFacts,
    responses((status = 200, body = MeteringPointBody), Problems)
)]
async fn put(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    headers: HeaderMap,
    Body(facts): Body<MeteringPointFacts>,
) -> Result<Response, Problem> {
    let (point, status) = (facts.read(Some(&id))?, facts.status());
    let known = register::put_metering_point(&server.app, &ctx, point, status, meant(&headers)?).await?;
    Ok(tagged::<_, MeteringPointBody>(StatusCode::OK, known))
}

/// Takes a metering point out of service; what is known of it stays. A meter that is there has to be removed first.
#[utoipa::path(
    delete, path = "/api/v1/metering-points/{id}", tag = "master data", operation_id = "deactivate_metering_point",
    params(
        ("id" = String, Path, description = "The metering point's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what is to be changed; 409 where it was changed meanwhile"),
    ),
    responses((status = 200, body = MeteringPointBody), Problems)
)]
async fn deactivate(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let known = register::deactivate_metering_point(&server.app, &ctx, &id, meant(&headers)?).await?;
    Ok(tagged::<_, MeteringPointBody>(StatusCode::OK, known))
}

/// The meter there changes: the one that is there goes, another one comes, or none. It stays until the next change that is known already, so that
/// one that was forgotten can be told afterwards.
#[utoipa::path(
    post, path = "/api/v1/metering-points/{id}/exchange", tag = "master data", operation_id = "exchange_meter",
    params(
        ("id" = String, Path, description = "The metering point's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the metering point; 409 where it was changed meanwhile"),
    ),
    request_body = ExchangeBody,
    responses((status = 200, body = Vec<InstallationBody>), Problems)
)]
async fn exchange(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    headers: HeaderMap,
    Body(exchange): Body<ExchangeBody>,
) -> Result<Json<Vec<InstallationBody>>, Problem> {
    let changed = register::exchange_meter(&server.app, &ctx, exchange.of(&id, meant(&headers)?)?).await?;
    Ok(Json(changed.into_iter().map(InstallationBody::from).collect()))
}

/// Which installations.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct InstallationParameters {
    /// Those that hold at a day, local, as its beginning, or at an instant; all where it is absent.
    at: Option<String>,
}

/// Which meters are and were at a metering point, as it is known or was known then.
#[utoipa::path(
    get, path = "/api/v1/metering-points/{id}/installations", tag = "master data", operation_id = "list_installations",
    params(("id" = String, Path, description = "The metering point's id"), InstallationParameters, ThingParameters),
    responses((status = 200, body = Listed<InstallationBody>), Problems)
)]
async fn installations(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    Parameters(which): Parameters<InstallationParameters>,
    page: ThingParameters,
) -> Result<Json<Listed<InstallationBody>>, Problem> {
    let mut wanted = page.wanted(ThingKind::Installation)?;
    wanted.holds_at = which.at.as_deref().map(moment).transpose()?;
    let installations = register::installations(&server.app, &ctx, &id, wanted).await?;
    Ok(Json(page.listed(ThingKind::Installation, installations)))
}
