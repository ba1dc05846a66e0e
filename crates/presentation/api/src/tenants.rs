//! `/api/v1/tenants`: made by whoever runs the house, listed by everybody for itself.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use metrify_application::{Context, govern};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Named, Parameters};
use crate::paging::{KnownParameters, meant, tagged};
use crate::problem::Problems;
use crate::wire::people::{NewTenantBody, TenantBody, TenantFacts};
use crate::{Problem, Server};

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(put))
}

/// All tenants, for whoever runs the house; the own one for everybody else.
#[utoipa::path(
    get, path = "/api/v1/tenants", tag = "people", operation_id = "list_tenants", params(KnownParameters),
    responses((status = 200, body = Vec<TenantBody>), Problems)
)]
async fn list(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Json<Vec<TenantBody>>, Problem> {
    let tenants = govern::list_tenants(&server.app, &ctx, known.known_at()?).await?;
    Ok(Json(tenants.into_iter().map(TenantBody::from).collect()))
}

/// Makes a tenant, with tables of its own.
#[utoipa::path(
    post, path = "/api/v1/tenants", tag = "people", operation_id = "create_tenant", request_body = NewTenantBody,
    responses((status = 201, body = TenantBody), Problems)
)]
async fn create(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Body(new): Body<NewTenantBody>,
) -> Result<Response, Problem> {
    let known = govern::create_tenant(&server.app, &ctx, new.new_tenant()?).await?;
    Ok((StatusCode::CREATED, Json(TenantBody::from(known))).into_response())
}

/// Says anew what is told of a tenant: the keys of one that is inactive open nothing.
#[utoipa::path(
    put, path = "/api/v1/tenants/{id}", tag = "people", operation_id = "change_tenant",
    params(
        ("id" = String, Path, description = "The tenant's name"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what is to be changed; 409 where it was changed meanwhile"),
    ),
    request_body = TenantFacts, responses((status = 200, body = TenantBody), Problems)
)]
async fn put(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    headers: HeaderMap,
    Body(facts): Body<TenantFacts>,
) -> Result<Response, Problem> {
    let known = govern::put_tenant(&server.app, &ctx, facts.of(&id)?, meant(&headers)?).await?;
    Ok(tagged::<_, TenantBody>(StatusCode::OK, known))
}
