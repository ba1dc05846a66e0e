//! `/api/v1/receipts`: the accounts of what was received.

use axum::Json;
use axum::extract::{Extension, State};
use metrify_application::read::{self, ToldDelivery};
use metrify_application::record::DeliveryId;
use metrify_application::{Context, Error, Kind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::deliveries::told::listed;
use crate::extract::{Named, Parameters};
use crate::paging::{KnownParameters, Listed, PageParameters};
use crate::problem::Problems;
use crate::wire::deliveries::DeliveryFilters;
use crate::{Problem, Server};

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get))
}

/// The account of a delivery, as its sender was told when it first came: received = stored + duplicates + corrections + rejected.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ReceiptRow {
    pub delivery: String,
    pub source: String,
    pub format: String,
    pub bytes: u64,
    pub received: u64,
    pub stored: u64,
    pub duplicates: u64,
    pub corrections: u64,
    pub rejected: u64,
    #[schema(format = DateTime)]
    pub received_at: String,
}

impl From<ToldDelivery> for ReceiptRow {
    fn from(ToldDelivery { record, .. }: ToldDelivery) -> Self {
        Self {
            delivery: record.id.to_string(),
            source: record.source,
            format: record.format,
            bytes: record.bytes,
            received: record.counts.received,
            stored: record.counts.stored,
            duplicates: record.counts.duplicates,
            corrections: record.counts.corrections,
            rejected: record.counts.rejected,
            received_at: record.received_at.to_string(),
        }
    }
}

/// What was received, the last first unless `sort` says otherwise: the accounts alone of `/api/v1/deliveries`.
#[utoipa::path(
    get, path = "/api/v1/receipts", tag = "readings", operation_id = "list_receipts",
    params(DeliveryFilters, PageParameters),
    responses((status = 200, body = Listed<ReceiptRow>), Problems)
)]
async fn list(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(which): Parameters<DeliveryFilters>,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Json<Listed<ReceiptRow>>, Problem> {
    Ok(Json(listed(&server, &ctx, &which, &page).await?))
}

/// The receipt of one delivery.
#[utoipa::path(
    get, path = "/api/v1/receipts/{id}", tag = "readings", operation_id = "get_receipt",
    params(("id" = String, Path, description = "The delivery, as its receipt named it"), KnownParameters),
    responses((status = 200, body = ReceiptRow), Problems)
)]
async fn get(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Json<ReceiptRow>, Problem> {
    let found = read::find_delivery(&server.app, &ctx, &DeliveryId::from_stored(id.clone()), known.known_at()?).await;
    let (delivery, _) = found.map_err(|error| match error.kind() {
        Kind::NotFound => {
            Error::new(Kind::NotFound, format!("find the receipt `{id}`")).hint("/api/v1/receipts lists them")
        }
        _ => error,
    })?;
    Ok(Json(delivery.into()))
}
