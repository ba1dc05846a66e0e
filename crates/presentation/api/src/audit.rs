//! `/api/v1/audit`: who did what, and whether the log of it is whole.

use axum::Json;
use axum::extract::{Extension, State};
use metrify_application::{Context, govern};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::Parameters;
use crate::paging::Listed;
use crate::problem::Problems;
use crate::wire::entries::{EntryBody, EntryQuery, write_cursor};
use crate::wire::people::{AuditedBody, TenantParameters};
use crate::{Problem, Server};

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(verify))
}

/// What was done in the tenant, oldest first unless said otherwise.
#[utoipa::path(
    get, path = "/api/v1/audit", tag = "audit", operation_id = "list_audit", params(EntryQuery),
    responses((status = 200, body = Listed<EntryBody>), Problems)
)]
async fn list(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(which): Parameters<EntryQuery>,
) -> Result<Json<Listed<EntryBody>>, Problem> {
    let mut noted = which.noted()?;
    let bound = noted.until.map_or(ctx.now, |until| until.min(ctx.now));
    noted.until = Some(bound);
    let limit = noted.limit;
    let entries = govern::entries(&server.app, &ctx, noted).await?;
    let next = entries.last().filter(|_| entries.len() == limit).map(|(number, _)| write_cursor(*number, bound));
    Ok(Json(Listed { results: entries.into_iter().map(EntryBody::from).collect(), next }))
}

/// Looks whether the log of a tenant is there, and as it was written.
#[utoipa::path(
    get, path = "/api/v1/audit/verify", tag = "audit", operation_id = "verify_audit", params(TenantParameters),
    responses((status = 200, body = AuditedBody), Problems)
)]
async fn verify(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(whose): Parameters<TenantParameters>,
) -> Result<Json<AuditedBody>, Problem> {
    let tenant = whose.tenant(&ctx)?;
    Ok(Json(AuditedBody::of(&tenant, govern::verify(&server.app, &ctx, &tenant).await?)))
}
