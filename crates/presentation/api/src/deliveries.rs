//! `POST /api/v1/deliveries`: the body is the delivery, the answer its receipt. `POST /api/v1/deliveries/replay`: what was kept
//! is read again.

use axum::Json;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use futures::StreamExt;
use metrify_application::ingest::{receive, replay_deliveries};
use metrify_application::{Error, Kind, Result, io};
use tokio::io::AsyncWriteExt;

use crate::wire::{ChangesBody, DeliveryParameters, DeliveryReplay, ReceiptBody};
use crate::{Problem, Server};

async fn take_in(server: Server, parameters: DeliveryParameters, body: Body) -> Result<ReceiptBody> {
    let spooled =
        tempfile::NamedTempFile::new_in(&server.spool).map_err(|error| io("make room for the delivery", error))?;
    spool(&spooled, body).await?;
    let delivery = parameters.delivery("http", spooled.path())?;
    let source = delivery.source.clone();
    let receipts = receive(&server.app, &server.context(), delivery).await?;
    Ok(ReceiptBody::of(&source, receipts))
}

async fn spool(file: &tempfile::NamedTempFile, body: Body) -> Result<()> {
    let step = "take the delivery in";
    let mut out = tokio::fs::File::from_std(file.reopen().map_err(|error| io(step, error))?);
    let mut pieces = body.into_data_stream();
    let mut written = Ok(());
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| Error::new(Kind::Invalid, step).because(error))?;
        // What cannot be kept is read all the same: most clients look for an answer only once they have sent everything.
        if written.is_ok() {
            written = out.write_all(&piece).await;
        }
    }
    written.map_err(|error| io(step, error))?;
    out.flush().await.map_err(|error| io(step, error))
}

/// Runs to its end whether or not the client waits for it: whatever goes through the intake must not stop between memory and
/// journal.
#[allow(
    clippy::disallowed_methods,
    reason = "the task is awaited here; it has to outlive the request that is cancelled"
)]
pub(crate) async fn to_its_end<T: Send + 'static>(
    step: &str,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn(work).await;
    done.map_err(|error| Error::new(Kind::Internal, step).because(error))?
}

/// 200 where all was understood, 207 where something was rejected.
pub(crate) async fn post(
    State(server): State<Server>,
    Query(parameters): Query<DeliveryParameters>,
    body: Body,
) -> Result<(StatusCode, Json<ReceiptBody>), Problem> {
    let receipt = to_its_end("receive the delivery", take_in(server, parameters, body)).await?;
    let status = if receipt.rejected == 0 { StatusCode::OK } else { StatusCode::MULTI_STATUS };
    Ok((status, Json(receipt)))
}

pub(crate) async fn replay(
    State(server): State<Server>,
    Json(request): Json<DeliveryReplay>,
) -> Result<Json<Vec<ChangesBody>>, Problem> {
    let selection = request.selection()?;
    let ctx = server.context();
    let work = async move { replay_deliveries(&server.app, &ctx, &selection, request.apply).await };
    let changes = to_its_end("replay deliveries", work).await?;
    Ok(Json(changes.into_iter().map(ChangesBody::from).collect()))
}
