//! `/api/v1/grid-operators`: registered, found, changed, taken out of service, and how their control areas stand. Those of the German
//! transmission grid are there from the beginning.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use metrify_application::read::{self, Question};
use metrify_application::registry::{Field, ThingKind};
use metrify_application::{Context, register};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::created::created;
use crate::extract::{Body, Named, Parameters};
use crate::paging::{KnownParameters, Listed, ThingParameters, equal, json, meant, tagged};
use crate::problem::Problems;
use crate::rows::Rows;
use crate::schema::Exact;
use crate::wire::master::StatusBody;
use crate::wire::operators::{GridOperatorBody, GridOperatorFacts, OperatorKindBody};
use crate::{Problem, Server};

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list, register)).routes(routes!(get, put, deactivate)).routes(routes!(status))
}

/// Which grid operators.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct GridOperatorParameters {
    #[param(inline)]
    status: Option<StatusBody>,
    #[param(inline)]
    kind: Option<OperatorKindBody>,
    area: Option<String>,
}

/// The last that is known of a quantity.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct GridStatusRow {
    /// Such as `load`, `generation.photovoltaics`; `traffic_light` for the state of the grid.
    pub quantity: String,
    #[schema(format = DateTime)]
    pub period_start: String,
    #[schema(format = DateTime)]
    pub period_end: String,
    /// Exact, with all its digits; the traffic light has none.
    #[schema(value_type = Option<Exact>, inline)]
    pub value: Option<Box<RawValue>>,
    pub unit: Option<String>,
    pub quality: Option<String>,
    /// The colour of the traffic light; quantities have none.
    pub status: Option<String>,
}

/// The grid operators that the tenant knows, a page of them; the four of the German transmission grid are known to every tenant.
#[utoipa::path(
    get, path = "/api/v1/grid-operators", tag = "grid", operation_id = "list_grid_operators",
    params(GridOperatorParameters, ThingParameters),
    responses((status = 200, body = Listed<GridOperatorBody>), Problems)
)]
async fn list(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(which): Parameters<GridOperatorParameters>,
    page: ThingParameters,
) -> Result<Json<Listed<GridOperatorBody>>, Problem> {
    let mut wanted = page.wanted(ThingKind::GridOperator)?;
    let (status, kind) = (which.status.map(StatusBody::name), which.kind.map(OperatorKindBody::name));
    wanted.equal = equal([
        (Field::Status, status.map(str::to_owned)),
        (Field::Kind, kind.map(str::to_owned)),
        (Field::Area, which.area),
    ])?;
    Ok(Json(page.listed(ThingKind::GridOperator, register::list_grid_operators(&server.app, &ctx, &wanted).await?)))
}

/// Registers a grid operator.
#[utoipa::path(
    post, path = "/api/v1/grid-operators", tag = "grid", operation_id = "register_grid_operator",
    request_body = GridOperatorFacts,
    responses((status = 201, body = GridOperatorBody, headers(("Location" = String, description = "Where it is found"))), Problems)
)]
async fn register(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Body(facts): Body<GridOperatorFacts>,
) -> Result<Response, Problem> {
    let known = register::register_grid_operator(&server.app, &ctx, facts.read(None)?).await?;
    Ok(created::<_, GridOperatorBody>("/api/v1/grid-operators", known))
}

/// A grid operator, as it is known or was known then.
#[utoipa::path(
    get, path = "/api/v1/grid-operators/{id}", tag = "grid", operation_id = "get_grid_operator",
    params(("id" = String, Path, description = "The operator's id, such as `tennet`"), KnownParameters),
    responses((status = 200, body = GridOperatorBody), Problems)
)]
async fn get(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Response, Problem> {
    let known_at = known.known_at()?;
    let known = register::find_grid_operator(&server.app, &ctx, &id, known_at).await?;
    Ok(tagged::<_, GridOperatorBody>(StatusCode::OK, known))
}

/// Says anew what is told of a grid operator: what is left away is told no longer.
#[utoipa::path(
    put, path = "/api/v1/grid-operators/{id}", tag = "grid", operation_id = "change_grid_operator",
    params(
        ("id" = String, Path, description = "The operator's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what is to be changed; 409 where it was changed meanwhile"),
    ),
    request_body = GridOperatorFacts,
    responses((status = 200, body = GridOperatorBody), Problems)
)]
async fn put(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    headers: HeaderMap,
    Body(facts): Body<GridOperatorFacts>,
) -> Result<Response, Problem> {
    let (operator, status) = (facts.read(Some(&id))?, facts.status());
    let known = register::put_grid_operator(&server.app, &ctx, operator, status, meant(&headers)?).await?;
    Ok(tagged::<_, GridOperatorBody>(StatusCode::OK, known))
}

/// Takes a grid operator out of service; what is known of it stays.
#[utoipa::path(
    delete, path = "/api/v1/grid-operators/{id}", tag = "grid", operation_id = "deactivate_grid_operator",
    params(
        ("id" = String, Path, description = "The operator's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what is to be changed; 409 where it was changed meanwhile"),
    ),
    responses((status = 200, body = GridOperatorBody), Problems)
)]
async fn deactivate(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let known = register::deactivate_grid_operator(&server.app, &ctx, &id, meant(&headers)?).await?;
    Ok(tagged::<_, GridOperatorBody>(StatusCode::OK, known))
}

/// What is known last of each quantity of the control area that an operator runs; nothing of one that runs none.
#[utoipa::path(
    get, path = "/api/v1/grid-operators/{id}/status", tag = "grid", operation_id = "get_grid_status",
    params(("id" = String, Path, description = "The operator's id, such as `tennet`"), KnownParameters),
    responses((status = 200, body = Listed<GridStatusRow>), Problems)
)]
async fn status(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Response, Problem> {
    let operator = register::find_grid_operator(&server.app, &ctx, &id, None).await?.thing;
    let mut rows = Rows::behind(&[]);
    if let Some(area) = operator.control_area() {
        let question = Question::GridStatus { area };
        read::ask(&server.app, &ctx, &question, known.known_at()?, &mut |page| rows.add(page)).await?;
    }
    Ok(json(rows.finish(None)?))
}
