//! `GET /api/v1/deliveries`, `/{id}` and `/{id}/content`: what was received, and its bytes as they came.

use axum::Json;
use axum::body::Body as Bytes;
use axum::extract::{Extension, State};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use metrify_application::read::{self, ToldDelivery, WantedDeliveries};
use metrify_application::record::DeliveryId;
use metrify_application::{Context, io};
use tokio_util::io::ReaderStream;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Named, Parameters};
use crate::paging::{KnownParameters, Listed, PageParameters};
use crate::problem::Problems;
use crate::schema::Binary;
use crate::wire::deliveries::{DeliveryBody, DeliveryFilters, OneDeliveryBody};
use crate::{Problem, Server};

const LIST: &str = "deliveries";

pub(super) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get)).routes(routes!(content))
}

/// What was received, the last first unless `sort` says otherwise; a delivery is known since it was received (`changed`).
#[utoipa::path(
    get, path = "/api/v1/deliveries", tag = "readings", operation_id = "list_deliveries",
    params(DeliveryFilters, PageParameters),
    responses((status = 200, body = Listed<DeliveryBody>), Problems)
)]
async fn list(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(which): Parameters<DeliveryFilters>,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Json<Listed<DeliveryBody>>, Problem> {
    Ok(Json(listed(&server, &ctx, &which, &page).await?))
}

/// A page of deliveries, told one way or another.
pub(crate) async fn listed<T: From<ToldDelivery>>(
    server: &Server,
    ctx: &Context,
    which: &DeliveryFilters,
    page: &PageParameters,
) -> Result<Listed<T>, Problem> {
    let (paged, asked) = (page.paged(LIST)?, which.wanted()?);
    let wanted = WantedDeliveries {
        known_at: paged.known_at,
        sort: paged.sort.unwrap_or(asked.sort),
        after: paged.after,
        limit: paged.limit,
        ..asked
    };
    let listed = read::list_deliveries(&server.app, ctx, &wanted).await?;
    let next = page.next(LIST, listed.next.as_ref());
    Ok(Listed { results: listed.deliveries.into_iter().map(T::from).collect(), next })
}

/// A delivery with its receipt, how its rejects stand, and how many findings there are of it.
#[utoipa::path(
    get, path = "/api/v1/deliveries/{id}", tag = "readings", operation_id = "get_delivery",
    params(("id" = String, Path, description = "The delivery, as its receipt named it"), KnownParameters),
    responses((status = 200, body = OneDeliveryBody), Problems)
)]
async fn get(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Json<OneDeliveryBody>, Problem> {
    let known_at = known.known_at()?;
    let id = DeliveryId::from_stored(id);
    Ok(Json(read::find_delivery(&server.app, &ctx, &id, known_at).await?.into()))
}

/// The bytes of a delivery, as they came, as long as they are kept. They tell of people: a purpose is needed.
#[utoipa::path(
    get, path = "/api/v1/deliveries/{id}/content", tag = "readings", operation_id = "get_delivery_content",
    params(("id" = String, Path, description = "The delivery, as its receipt named it")),
    responses((status = 200, body = inline(Binary), content_type = "application/octet-stream"), Problems)
)]
async fn content(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
) -> Result<Response, Problem> {
    let failed = |error| io("make room for the delivery", error);
    let file = tempfile::tempfile_in(&server.spool).map_err(failed)?;
    let out = file.try_clone().map_err(failed)?;
    let id = DeliveryId::from_stored(id);
    read::delivery_content(&server.app, &ctx, &id, out).await?;
    let mut file = tokio::fs::File::from_std(file);
    tokio::io::AsyncSeekExt::rewind(&mut file).await.map_err(failed)?;
    let mut response = Bytes::from_stream(ReaderStream::new(file)).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    // What it was called stands in its source, which may be anything.
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{id}\"")) {
        headers.insert(CONTENT_DISPOSITION, name);
    }
    Ok(response)
}
