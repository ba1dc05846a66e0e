//! `POST /api/v1/deliveries`: the body is the delivery, the answer its receipt. `POST /api/v1/deliveries/replay`: what was kept
//! is read again.
//!
//! A request that is sent again, with the same `Idempotency-Key` or the same body and parameters, gets the answer that it got
//! first, with the header `Idempotency-Replayed`; the parameter `again` has it received anew.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt};
use metrify_application::ingest::{Arriving, Content, Looked, Reply, Seen, receive, receive_once, replay_deliveries};
use metrify_application::{Error, Kind, Result, io};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::encoding::{self, Encoding};
use crate::wire::{ChangesBody, DeliveryParameters, DeliveryReplay, ReceiptBody};
use crate::{Problem, Server};

/// Deliveries that are received at once. More would fill the disk with what waits its turn.
const DELIVERIES_AT_ONCE_MAX: usize = 1_024;
/// How long a client may send nothing in the middle of a body.
const BODY_PAUSE_MAX: Duration = Duration::from_secs(60);
/// Bytes of a body that are gathered before they are looked at and written.
const GATHERED_BYTES: usize = 128 << 10;
/// Bytes of a key at most.
const KEY_BYTES_MAX: usize = 255;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Lets so many deliveries in at once; who comes then is told to come back, before anything of the body is read.
#[derive(Clone)]
pub(crate) struct Door(Arc<Semaphore>);

impl Default for Door {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(DELIVERIES_AT_ONCE_MAX)))
    }
}

/// A delivery's place among those. It is kept until the delivery is received, whether or not its client waits for it.
#[derive(Clone)]
pub(crate) struct Place {
    _permit: Arc<OwnedSemaphorePermit>,
}

pub(crate) async fn through(State(door): State<Door>, mut request: Request, next: Next) -> Result<Response, Problem> {
    let Ok(permit) = door.0.try_acquire_owned() else {
        let step = format!("receive the delivery: {DELIVERIES_AT_ONCE_MAX} others are being received");
        return Err(Error::new(Kind::Busy, step).hint("send it again in a second").into());
    };
    request.extensions_mut().insert(Place { _permit: Arc::new(permit) });
    Ok(next.run(request).await)
}

/// What the head of a request says of its body, and the place that it has.
struct Head {
    key: Option<String>,
    encoding: Option<Encoding>,
    _place: Place,
}

fn key(headers: &HeaderMap, again: bool) -> Result<Option<String>> {
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = keys.next() else { return Ok(None) };
    if again {
        let step = "read the parameters: a delivery that is received `again` has no Idempotency-Key";
        return Err(Error::new(Kind::Invalid, step).hint("leave one of the two away"));
    }
    let one = Some(value).filter(|_| keys.next().is_none());
    let key = one.and_then(|value| value.to_str().ok()).filter(|key| (1..=KEY_BYTES_MAX).contains(&key.len()));
    let wrong = || {
        let step = format!("read the Idempotency-Key: it has to be one of 1 to {KEY_BYTES_MAX} characters of ASCII");
        Error::new(Kind::Invalid, step).hint("a UUID serves well")
    };
    key.map(|key| Some(key.to_owned())).ok_or_else(wrong)
}

async fn take_in(
    server: Server,
    parameters: DeliveryParameters,
    head: Head,
    body: Body,
) -> Result<(bool, ReceiptBody)> {
    let (content, seen) = arrive(&server.spool, body).await?;
    if let Some(encoding) = head.encoding {
        encoding.check(&seen.head)?;
    }
    let delivery = parameters.delivery("http", content)?;
    let source = delivery.source.clone();
    let (app, ctx) = (&server.app, server.context());
    let looked = Looked { delivery, seen };
    let Reply { receipts, repeated } = if parameters.again {
        Reply { receipts: receive(app, &ctx, looked).await?, repeated: false }
    } else {
        receive_once(app, &ctx, looked, head.key.as_deref()).await?
    };
    Ok((repeated, ReceiptBody::of(&source, receipts)))
}

/// Takes the bytes in, few of them into memory, more into a file.
async fn arrive(spool: &Path, body: Body) -> Result<(Content, Seen)> {
    let failed = |error| io("take the delivery in", error);
    let mut arriving = Ok(Arriving::new(spool));
    let mut pieces = body.into_data_stream();
    let mut gathered = Vec::new();
    while let Some(piece) = next(&mut pieces).await? {
        let piece = piece.map_err(|error| Error::new(Kind::Invalid, "take the delivery in").because(error))?;
        gathered.extend_from_slice(&piece);
        if gathered.len() >= GATHERED_BYTES {
            let bytes = std::mem::take(&mut gathered);
            // What cannot be kept is read all the same: most clients look for an answer only once they have sent everything.
            if let Ok(held) = arriving {
                arriving = push(held, bytes).await?;
            }
        }
    }
    let mut arriving = arriving.map_err(failed)?;
    if arriving.holds(gathered.len()) {
        arriving.push(&gathered).map_err(failed)?;
    } else {
        arriving = push(arriving, gathered).await?.map_err(failed)?;
    }
    Ok(arriving.arrived())
}

/// Pushes bytes where waiting for a disk holds nobody up.
async fn push(mut arriving: Arriving, bytes: Vec<u8>) -> Result<std::io::Result<Arriving>> {
    let pushed = tokio::task::spawn_blocking(move || arriving.push(&bytes).map(|()| arriving)).await;
    pushed.map_err(|error| Error::new(Kind::Internal, "take the delivery in").because(error))
}

/// The next piece of a body; a client that sends nothing for so long has gone.
async fn next<S: Stream + Unpin>(pieces: &mut S) -> Result<Option<S::Item>> {
    let silent = |_| {
        let step = format!("take the delivery in: nothing of it came for {BODY_PAUSE_MAX:?}");
        Error::new(Kind::Invalid, step)
    };
    tokio::time::timeout(BODY_PAUSE_MAX, pieces.next()).await.map_err(silent)
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
    Extension(place): Extension<Place>,
    parameters: Result<Query<DeliveryParameters>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let Query(parameters) =
        parameters.map_err(|error| Error::new(Kind::Invalid, "read the parameters").because(error))?;
    let Ok(encoding) = Encoding::of(&headers) else { return Ok(encoding::refused()) };
    let head = Head { key: key(&headers, parameters.again)?, encoding, _place: place };
    let received = to_its_end("receive the delivery", take_in(server, parameters, head, body)).await;
    let (repeated, receipt) = received.map_err(|error| match error.kind() {
        // A key that was given to something else cannot be processed, whenever it comes.
        Kind::Conflict => Problem::with_status(error, StatusCode::UNPROCESSABLE_ENTITY),
        _ => error.into(),
    })?;
    let status = if receipt.rejected == 0 { StatusCode::OK } else { StatusCode::MULTI_STATUS };
    let mut response = (status, Json(receipt)).into_response();
    if repeated {
        response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
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
