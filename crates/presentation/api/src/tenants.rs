//! `/api/v1/tenants`: made by whoever runs the house, listed by everybody for itself.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use metrify_application::registry::{Field, ThingKind, Wanted};
use metrify_application::{Context, govern};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Named, Parameters};
use crate::paging::{KnownParameters, Listed, ThingParameters, equal, meant, tagged};
use crate::problem::Problems;
use crate::wire::master::StatusBody;
use crate::wire::people::{NewTenantBody, TenantBody, TenantFacts};
use crate::{Problem, Server};

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, put))
}

/// Which tenants.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct TenantParameters {
    #[param(inline)]
    status: Option<StatusBody>,
}

/// Tenants, a page of them: all, for an admin of the house's own tenant; their own one for other admins.
#[utoipa::path(
    get, path = "/api/v1/tenants", tag = "people", operation_id = "list_tenants",
    params(TenantParameters, ThingParameters),
    responses((status = 200, body = Listed<TenantBody>), Problems)
)]
async fn list(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(which): Parameters<TenantParameters>,
    page: ThingParameters,
) -> Result<Json<Listed<TenantBody>>, Problem> {
    let status = which.status.map(|status| status.name().to_owned());
    let wanted = Wanted { equal: equal([(Field::Status, status)])?, ..page.wanted(ThingKind::Tenant)? };
    Ok(Json(page.listed(ThingKind::Tenant, govern::list_tenants(&server.app, &ctx, &wanted).await?)))
}

/// A tenant, as it is known or was known then.
#[utoipa::path(
    get, path = "/api/v1/tenants/{id}", tag = "people", operation_id = "get_tenant",
    params(("id" = String, Path, description = "The tenant's name"), KnownParameters),
    responses((status = 200, body = TenantBody), Problems)
)]
async fn get(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Response, Problem> {
    let known = govern::find_tenant(&server.app, &ctx, &id, known.known_at()?).await?;
    Ok(tagged::<_, TenantBody>(StatusCode::OK, known))
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
