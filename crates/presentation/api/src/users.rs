//! `/api/v1/users`: people, made and changed by an admin of their tenant; each changes its own password.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use metrify_application::registry::{ThingKind, Wanted};
use metrify_application::{Context, govern};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::created::created;
use crate::extract::{Body, Named, Parameters};
use crate::paging::{KnownParameters, Listed, ThingParameters, meant, tagged};
use crate::problem::Problems;
use crate::wire::logins::{NewUserBody, PasswordBody, UserBody, UserChangeBody};
use crate::wire::people::UserQuery;
use crate::{Problem, Server};

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(find, put)).routes(routes!(change_password))
}

/// The people of the tenant, the deactivated ones, too.
#[utoipa::path(
    get, path = "/api/v1/users", tag = "people", operation_id = "list_users",
    params(UserQuery, ThingParameters),
    responses((status = 200, body = Listed<UserBody>), Problems)
)]
async fn list(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(which): Parameters<UserQuery>,
    page: ThingParameters,
) -> Result<Json<Listed<UserBody>>, Problem> {
    let wanted = Wanted { equal: which.equal()?, ..page.wanted(ThingKind::User)? };
    Ok(Json(page.listed(ThingKind::User, govern::list_users(&server.app, &ctx, &wanted).await?)))
}

/// Makes a person who logs in by a name and a password.
#[utoipa::path(
    post, path = "/api/v1/users", tag = "people", operation_id = "create_user", request_body = NewUserBody,
    responses((status = 201, body = UserBody, headers(("Location" = String, description = "Where it is found"))), Problems)
)]
async fn create(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Body(new): Body<NewUserBody>,
) -> Result<Response, Problem> {
    let (facts, password) = new.new_user()?;
    let known = govern::create_user(&server.app, &ctx, facts, &password).await?;
    Ok(created::<_, UserBody>("/api/v1/users", known))
}

/// One of the people of the tenant.
#[utoipa::path(
    get, path = "/api/v1/users/{id}", tag = "people", operation_id = "get_user",
    params(("id" = String, Path, description = "What it logs in by"), KnownParameters),
    responses((status = 200, body = UserBody), Problems)
)]
async fn find(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Response, Problem> {
    let known = govern::find_user(&server.app, &ctx, &id, known.known_at()?).await?;
    Ok(tagged::<_, UserBody>(StatusCode::OK, known))
}

/// Says anew what is told of a person, and gives it a new password where there is one. It is logged in nowhere from then on.
#[utoipa::path(
    put, path = "/api/v1/users/{id}", tag = "people", operation_id = "change_user",
    params(
        ("id" = String, Path, description = "What it logs in by"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what is to be changed; 409 where it was changed meanwhile"),
    ),
    request_body = UserChangeBody, responses((status = 200, body = UserBody), Problems)
)]
async fn put(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    headers: HeaderMap,
    Body(change): Body<UserChangeBody>,
) -> Result<Response, Problem> {
    let (facts, version) = (change.facts(&id)?, meant(&headers)?);
    let known = govern::put_user(&server.app, &ctx, facts, change.password.as_deref(), version).await?;
    Ok(tagged::<_, UserBody>(StatusCode::OK, known))
}

/// Changes the password of the person that asks. All its sessions end.
#[utoipa::path(
    post, path = "/api/v1/password", tag = "people", operation_id = "change_password", request_body = PasswordBody,
    responses((status = 204, description = "It is changed"), Problems)
)]
async fn change_password(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Body(PasswordBody { old, new }): Body<PasswordBody>,
) -> Result<StatusCode, Problem> {
    govern::change_password(&server.app, &ctx, &old, &new).await?;
    Ok(StatusCode::NO_CONTENT)
}
