//! `/api/v1/grants`: what users of connections consented to, registered, found and withdrawn.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use metrify_application::registry::ThingKind;
use metrify_application::{Context, govern};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::created::created;
use crate::extract::{Body, Named, Parameters};
use crate::paging::{KnownParameters, Listed, ThingParameters, meant, tagged};
use crate::problem::Problems;
use crate::wire::grants::{GrantBody, GrantQuery, NewGrantBody};
use crate::{Problem, Server};

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(find, withdraw))
}

/// The grants of the tenant, a page of them, the withdrawn ones, too.
#[utoipa::path(
    get, path = "/api/v1/grants", tag = "people", operation_id = "list_grants", params(GrantQuery, ThingParameters),
    responses((status = 200, body = Listed<GrantBody>), Problems)
)]
async fn list(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(which): Parameters<GrantQuery>,
    page: ThingParameters,
) -> Result<Json<Listed<GrantBody>>, Problem> {
    let wanted = which.among(page.wanted(ThingKind::Grant)?)?;
    Ok(Json(page.listed(ThingKind::Grant, govern::list_grants(&server.app, &ctx, &wanted).await?)))
}

/// Registers what the user of a connection consented to: for one point and purpose, to somebody, from a time until another.
#[utoipa::path(
    post, path = "/api/v1/grants", tag = "people", operation_id = "create_grant", request_body = NewGrantBody,
    responses((status = 201, body = GrantBody), Problems)
)]
async fn create(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Body(new): Body<NewGrantBody>,
) -> Result<Response, Problem> {
    let random = (server.random)()?;
    let known = govern::create_grant(&server.app, &ctx, new.new_grant()?, random).await?;
    Ok(created::<_, GrantBody>("/api/v1/grants", known))
}

/// A grant, as it is known or was known then.
#[utoipa::path(
    get, path = "/api/v1/grants/{id}", tag = "people", operation_id = "get_grant",
    params(("id" = String, Path, description = "The grant's id"), KnownParameters),
    responses((status = 200, body = GrantBody), Problems)
)]
async fn find(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Response, Problem> {
    let known_at = known.known_at()?;
    let known = govern::find_grant(&server.app, &ctx, &id, known_at).await?;
    Ok(tagged::<_, GrantBody>(StatusCode::OK, known))
}

/// Withdraws a grant: it covers nothing from now on, in other processes after five seconds at the latest. What is known of it stays.
#[utoipa::path(
    delete, path = "/api/v1/grants/{id}", tag = "people", operation_id = "withdraw_grant",
    params(
        ("id" = String, Path, description = "The grant's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what is to be changed; 409 where it was changed meanwhile"),
    ),
    responses((status = 200, body = GrantBody), Problems)
)]
async fn withdraw(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let known = govern::withdraw_grant(&server.app, &ctx, &id, meant(&headers)?).await?;
    Ok(tagged::<_, GrantBody>(StatusCode::OK, known))
}
