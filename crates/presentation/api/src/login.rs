//! `/api/v1/login`: opened by a password, renewed, and ended. Nobody is known yet: these routes are open.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HeaderName};
use axum::middleware::Next;
use axum::response::Response;
use metrify_application::govern::{self, Caller};
use metrify_application::{Error, Kind};
use tokio::sync::Semaphore;
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

/// Logins, renewals and ends of sessions under way at once; anybody may ask for them.
const AT_ONCE_MAX: usize = 64;

/// Where those come in who are not known yet.
#[derive(Clone)]
pub(crate) struct Entrance {
    server: Server,
    places: Arc<Semaphore>,
}

impl Entrance {
    pub(crate) fn new(server: Server) -> Self {
        Self { server, places: Arc::new(Semaphore::new(AT_ONCE_MAX)) }
    }
}

/// Leaves the [`Caller`] with the request once all of it is there, and lets what was begun come to its end.
pub(crate) async fn arriving(
    State(Entrance { server, places }): State<Entrance>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let mut request = arrived(request, server.body_time).await?;
    let place = places.try_acquire_owned().map_err(|_| {
        let error = Error::new(Kind::Busy, format!("let somebody in: {AT_ONCE_MAX} others are being let in"));
        error.hint("try again in a second")
    })?;
    let named = request.extensions().get().map(|RequestId(id)| id.clone()).unwrap_or_default();
    request.extensions_mut().insert(Caller { house: server.tenant.clone(), request: named, now: (server.clock)() });
    to_its_end(async {
        let answer = next.run(request).await;
        drop(place);
        answer
    })
    .await
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

/// Gives a new access token, and a new refresh token in place of the one that was sent. Whoever sends the one before ends
/// the session, for it may have been stolen.
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
