//! `/api/v1/tenants`: made by whoever runs the house, listed by everybody for itself.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use metrify_application::{Context, govern};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::Body;
use crate::problem::Problems;
use crate::wire::people::{NewTenantBody, TenantBody};
use crate::{Problem, Server};

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list, create))
}

/// All tenants, for whoever runs the house; the own one for everybody else.
#[utoipa::path(
    get, path = "/api/v1/tenants", tag = "people", operation_id = "list_tenants",
    responses((status = 200, body = Vec<TenantBody>), Problems)
)]
async fn list(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
) -> Result<Json<Vec<TenantBody>>, Problem> {
    let tenants = govern::list_tenants(&server.app, &ctx).await?;
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
