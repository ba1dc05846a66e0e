//! `/api/v1/login`: opened by a password, renewed, and ended. Nobody is known yet: these routes are open.

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HeaderName};
use axum::middleware::Next;
use axum::response::Response;
use metrify_application::govern::{self, Caller};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::Body;
use crate::identify::{RequestId, arrived, to_its_end};
use crate::problem::Problems;
use crate::wire::logins::{LoginBody, OpenedBody, RenewalBody};
use crate::{Problem, Server};

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(log_in)).routes(routes!(renew)).routes(routes!(log_out))
}

/// Leaves the [`Caller`] with the request once all of it is there, and lets what was begun come to its end.
pub(crate) async fn arriving(State(server): State<Server>, request: Request, next: Next) -> Result<Response, Problem> {
    let mut request = arrived(request).await?;
    let named = request.extensions().get().map(|RequestId(id)| id.clone()).unwrap_or_default();
    request.extensions_mut().insert(Caller { request: named, now: (server.clock)() });
    to_its_end(next.run(request)).await
}

/// What opens a door is kept by nobody on its way (RFC 6749, 5.1).
type Unkept<T> = ([(HeaderName, &'static str); 1], T);

const fn unkept<T>(answer: T) -> Unkept<T> {
    ([(CACHE_CONTROL, "no-store")], answer)
}

/// Lets a person in by its name and password. After five wrong ones it is locked out for a quarter of an hour.
#[utoipa::path(
    post, path = "/api/v1/login", tag = "people", operation_id = "log_in", request_body = LoginBody, security(()),
    responses((status = 200, body = OpenedBody), Problems)
)]
async fn log_in(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Body(who): Body<LoginBody>,
) -> Result<Unkept<Json<OpenedBody>>, Problem> {
    let random = (server.random)()?;
    let opened = govern::log_in(&server.app, &caller, who.login(&server.tenant)?, random).await;
    opened.map(|opened| unkept(Json(OpenedBody::of(opened, caller.now)))).map_err(Problem::unknown)
}

/// Gives a new access token, and a new refresh token in place of the one that was sent. Whoever sends one a second time ends the
/// session, for it may have been stolen.
#[utoipa::path(
    post, path = "/api/v1/login/refresh", tag = "people", operation_id = "renew_login", request_body = RenewalBody,
    security(()), responses((status = 200, body = OpenedBody), Problems)
)]
async fn renew(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Body(RenewalBody { refresh_token }): Body<RenewalBody>,
) -> Result<Unkept<Json<OpenedBody>>, Problem> {
    let opened = govern::renew(&server.app, &caller, &refresh_token, (server.random)()?).await;
    opened.map(|opened| unkept(Json(OpenedBody::of(opened, caller.now)))).map_err(Problem::unknown)
}

/// Ends a session: neither its refresh token nor its access tokens open anything from now on.
#[utoipa::path(
    post, path = "/api/v1/logout", tag = "people", operation_id = "log_out", request_body = RenewalBody, security(()),
    responses((status = 204, description = "It is over"), Problems)
)]
async fn log_out(
    State(server): State<Server>,
    Extension(caller): Extension<Caller>,
    Body(RenewalBody { refresh_token }): Body<RenewalBody>,
) -> Result<StatusCode, Problem> {
    let done = govern::log_out(&server.app, &caller, &refresh_token).await;
    done.map(|()| StatusCode::NO_CONTENT).map_err(Problem::unknown)
}
