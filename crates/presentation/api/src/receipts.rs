//! `/api/v1/receipts`: the accounts of what was received.

use axum::extract::{Extension, State};
use axum::response::Response;
use metrify_application::read::{self, Question};
use metrify_application::{Context, Error, Kind, Result as Done};
use metrify_domain::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Named, Parameters};
use crate::paging::{KnownParameters, Listed, json, limit, read_hex, write_hex};
use crate::problem::Problems;
use crate::rows::Rows;
use crate::wire::moment;
use crate::{Problem, Server};

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get))
}

/// The account of a delivery: received = stored + duplicates + corrections + rejected.
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

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ReceiptParameters {
    /// Receipts at most, of 1 to 1000.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u64>,
    /// What `next` said on the page before.
    cursor: Option<String>,
}

/// What was received, newest first.
#[utoipa::path(
    get, path = "/api/v1/receipts", tag = "readings", operation_id = "list_receipts",
    params(ReceiptParameters, KnownParameters),
    responses((status = 200, body = Listed<ReceiptRow>), Problems)
)]
async fn list(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(page): Parameters<ReceiptParameters>,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Response, Problem> {
    let limit = limit(page.limit)?;
    let behind = page.cursor.as_deref().map(read_behind).transpose()?;
    let (question, known_at) = (Question::Receipts { behind, limit }, known.known_at()?);
    let mut rows = Rows::behind(&[]);
    read::ask(&server.app, &ctx, &question, known_at, &mut |page| rows.add(page)).await?;
    let last = rows.last("received_at").zip(rows.last("delivery")).filter(|_| rows.count() == limit);
    let next = last.map(|(at, delivery)| write_hex(&format!("{at} {delivery}")));
    Ok(json(rows.finish(next.as_deref())?))
}

fn read_behind(cursor: &str) -> Done<(Timestamp, String)> {
    let read = |text: &str| {
        let (at, delivery) = text.split_once(' ')?;
        Some((moment(at).ok()?, delivery.to_owned()))
    };
    read_hex(cursor).as_deref().and_then(read).ok_or_else(|| {
        Error::new(Kind::Invalid, "read the cursor: it is none of this server")
            .hint("give `next` of the page before as it is")
    })
}

/// The receipt of one delivery.
#[utoipa::path(
    get, path = "/api/v1/receipts/{id}", tag = "readings", operation_id = "get_receipt",
    params(("id" = String, Path, description = "The delivery, as its receipt named it"), KnownParameters),
    responses((status = 200, body = Listed<ReceiptRow>), Problems)
)]
async fn get(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Response, Problem> {
    let mut rows = Rows::behind(&[]);
    let question = Question::Receipt { delivery: id.clone() };
    read::ask(&server.app, &ctx, &question, known.known_at()?, &mut |page| rows.add(page)).await?;
    if rows.count() == 0 {
        return Err(Error::new(Kind::NotFound, format!("find the receipt `{id}`")).into());
    }
    Ok(json(rows.finish(None)?))
}
