//! `/api/v1/api-keys`: issued, listed, taken back; certificates of clients are keys, too.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use metrify_application::registry::{KeyStatus, ThingKind, Wanted};
use metrify_application::{Context, govern};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::created::located;
use crate::extract::{Body, Named, Parameters};
use crate::paging::{KnownParameters, Listed, ThingParameters, meant, tagged_as};
use crate::problem::Problems;
use crate::wire::certificates::NewCertificateBody;
use crate::wire::people::{IssuedBody, KeyBody, KeyQuery, NewKeyBody, TenantParameters};
use crate::{Problem, Server};

/// Where a key is taken back.
const KEYS: &str = "/api/v1/api-keys";

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, revoke)).routes(routes!(register))
}

/// The keys of the tenant, without what opens anything.
#[utoipa::path(
    get, path = "/api/v1/api-keys", tag = "people", operation_id = "list_keys",
    params(KeyQuery, ThingParameters),
    responses((status = 200, body = Listed<KeyBody>), Problems)
)]
async fn list(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(which): Parameters<KeyQuery>,
    page: ThingParameters,
) -> Result<Json<Listed<KeyBody>>, Problem> {
    let wanted = Wanted { equal: which.equal()?, ..page.wanted(ThingKind::Key)? };
    let now = wanted.known_at.unwrap_or(ctx.now);
    let listed = govern::list_keys(&server.app, &ctx, wanted, which.status.map(KeyStatus::from)).await?;
    let next = page.next(ThingKind::Key, listed.next.as_ref());
    Ok(Json(Listed { results: listed.things.into_iter().map(|key| KeyBody::at(&key, now)).collect(), next }))
}

/// A key, without what opens anything, as it is known or was known then.
#[utoipa::path(
    get, path = "/api/v1/api-keys/{id}", tag = "people", operation_id = "get_key",
    params(
        ("id" = String, Path, description = "The key's id: what stands between its two underscores"),
        KnownParameters,
    ),
    responses((status = 200, body = KeyBody), Problems)
)]
async fn get(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Response, Problem> {
    let known_at = known.known_at()?;
    let known = govern::find_key(&server.app, &ctx, &id, known_at).await?;
    Ok(tagged_as(StatusCode::OK, known.version, KeyBody::at(&known, known_at.unwrap_or(ctx.now))))
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
    let id = issued.record.thing.id.clone();
    Ok(located(KEYS, &id, (StatusCode::CREATED, Json(IssuedBody::from(issued))).into_response()))
}

/// Has a certificate of a client open what a key would: a connection that was opened by it needs no other key. Only an admin of the
/// house's own tenant says whose a certificate is.
#[utoipa::path(
    post, path = "/api/v1/api-keys/certificates", tag = "people", operation_id = "register_certificate",
    request_body = NewCertificateBody, responses((status = 201, body = KeyBody), Problems)
)]
async fn register(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Body(new): Body<NewCertificateBody>,
) -> Result<Response, Problem> {
    let (certificate, key) = new.new_certificate()?;
    let known = govern::register_certificate(&server.app, &ctx, &certificate, key).await?;
    let id = known.thing.id.clone();
    Ok(located(KEYS, &id, (StatusCode::CREATED, Json(KeyBody::at(&known, ctx.now))).into_response()))
}

/// Takes a key back: it opens nothing from now on.
#[utoipa::path(
    delete, path = "/api/v1/api-keys/{id}", tag = "people", operation_id = "revoke_key",
    params(
        ("id" = String, Path, description = "The key's id: what stands between its two underscores"),
        TenantParameters,
        ("If-Match" = Option<String>, Header, description = "The key's version as an ETag (`\"1\"`); 409 where it was changed meanwhile"),
    ),
    responses((status = 200, body = KeyBody), Problems)
)]
async fn revoke(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    Parameters(whose): Parameters<TenantParameters>,
    headers: HeaderMap,
) -> Result<Json<KeyBody>, Problem> {
    let tenant = whose.tenant(&ctx)?;
    let revoked = govern::revoke_key(&server.app, &ctx, &tenant, &id, meant(&headers)?).await?;
    Ok(Json(KeyBody::at(&revoked, ctx.now)))
}
