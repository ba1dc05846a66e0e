//! `/api/v1/api-keys`: issued, listed, taken back.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use metrify_application::registry::ThingKind;
use metrify_application::{Context, govern};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Named, Parameters};
use crate::paging::{Listed, PageParameters};
use crate::problem::Problems;
use crate::wire::people::{IssuedBody, KeyBody, NewKeyBody};
use crate::{Problem, Server};

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// The keys of the tenant, without what opens anything.
#[utoipa::path(
    get, path = "/api/v1/api-keys", tag = "people", operation_id = "list_keys", params(PageParameters),
    responses((status = 200, body = Listed<KeyBody>), Problems)
)]
async fn list(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Json<Listed<KeyBody>>, Problem> {
    let wanted = page.wanted(ThingKind::Key)?;
    Ok(Json(govern::list_keys(&server.app, &ctx, &wanted).await?.into()))
}

/// Issues a key. It is shown in this answer and never again.
#[utoipa::path(
    post, path = "/api/v1/api-keys", tag = "people", operation_id = "create_key", request_body = NewKeyBody,
    responses((status = 201, body = IssuedBody), Problems)
)]
async fn create(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Body(new): Body<NewKeyBody>,
) -> Result<Response, Problem> {
    let random = (server.random)()?;
    let issued = govern::create_key(&server.app, &ctx, new.new_key()?, random).await?;
    Ok((StatusCode::CREATED, Json(IssuedBody::from(issued))).into_response())
}

/// Takes a key back: it opens nothing from now on.
#[utoipa::path(
    delete, path = "/api/v1/api-keys/{id}", tag = "people", operation_id = "revoke_key",
    params(("id" = String, Path, description = "The key's id: what stands between its two underscores")),
    responses((status = 200, body = KeyBody), Problems)
)]
async fn revoke(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named<String>,
) -> Result<Json<KeyBody>, Problem> {
    Ok(Json(govern::revoke_key(&server.app, &ctx, &id).await?.into()))
}
