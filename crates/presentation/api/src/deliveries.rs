//! `POST /api/v1/deliveries`: the body is the delivery, the answer its receipt. `POST /api/v1/deliveries/replay`: what was kept
//! is read again. What was received is told in `told`.
//!
//! A request that is sent again, with the same `Idempotency-Key` or the same body and parameters, gets the answer that it got
//! first, with the header `Idempotency-Replayed`; the parameter `again` has it received anew.

pub(crate) mod told;

use axum::Json;
use axum::body::Body as Bytes;
use axum::extract::{DefaultBodyLimit, Extension, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use metrify_application::ingest::{
    Arriving, Content, Looked, Name, Reply, Seen, may_deliver, receive, receive_once, replay_deliveries,
};
use metrify_application::jobs::Started;
use metrify_application::{Context, Error, Kind, Result as Done, io};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::encoding::{self, Encoding};
use crate::extract::{Body, Parameters};
use crate::identify::Caller;
use crate::pieces::{Bringer, Pieces};
use crate::problem::Problems;
use crate::schema::Binary;
use crate::wire::{ChangesBody, DeliveryParameters, DeliveryReplay, ReceiptBody};
use crate::{Problem, Server, prefer};

/// Bytes of a key at most.
const KEY_BYTES_MAX: usize = 255;

pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
pub(crate) const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What the head of a request says of its body.
struct Head {
    key: Option<String>,
    encoding: Option<Encoding>,
}

pub(crate) fn key(headers: &HeaderMap, again: bool) -> Done<Option<String>> {
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
    caller: Caller,
    parameters: DeliveryParameters,
    head: Head,
    body: Bytes,
) -> Result<Response, Problem> {
    let (content, seen) = arrive(&server, body).await?;
    let ctx = caller.context(&server).await?;
    if let Some(encoding) = head.encoding {
        encoding.check(&seen.head)?;
    }
    let delivery = parameters.delivery("http", content)?;
    let source = delivery.source.clone();
    let app = &server.app;
    let looked = Looked::new(delivery, seen);
    if parameters.again {
        let receipts = receive(app, &ctx, looked).await?;
        return Ok(answered(&source, Reply { receipts, repeated: false }));
    }
    let received = receive_once(app, &ctx, looked, Name::Content { key: head.key.as_deref() }).await;
    Ok(answered(&source, received.map_err(another)?))
}

/// A name that was given to something else cannot be processed, whenever it comes.
pub(crate) fn another(error: Error) -> Problem {
    match error.kind() {
        Kind::Conflict => Problem::with_status(error, StatusCode::UNPROCESSABLE_ENTITY),
        _ => error.into(),
    }
}

/// Takes the bytes in, few of them into memory, more into a file.
async fn arrive(server: &Server, body: Bytes) -> Result<(Content, Seen), Problem> {
    let mut arriving = Ok(Arriving::new(&server.spool));
    let mut pieces = Pieces::of(body, server.body_time);
    while let Some(bytes) = pieces.next().await? {
        // What cannot be kept is read all the same: most clients look for an answer only once they have sent everything.
        if let Ok(held) = arriving {
            arriving = push(held, bytes).await?;
        }
    }
    let arriving = arriving.map_err(|error| io("take the delivery in", error))?;
    Ok(arriving.arrived())
}

/// Pushes bytes where waiting for a disk holds nobody up.
async fn push(mut arriving: Arriving, bytes: Vec<u8>) -> Done<std::io::Result<Arriving>> {
    if arriving.holds(bytes.len()) {
        return Ok(arriving.push(&bytes).map(|()| arriving));
    }
    let pushed = tokio::task::spawn_blocking(move || arriving.push(&bytes).map(|()| arriving)).await;
    pushed.map_err(|error| Error::new(Kind::Internal, "take the delivery in").because(error))
}

pub(crate) fn routes() -> OpenApiRouter<Server> {
    let brought = OpenApiRouter::new().routes(routes!(post)).layer(DefaultBodyLimit::disable());
    brought.merge(OpenApiRouter::new().routes(routes!(replay))).merge(told::routes())
}

/// Takes a delivery in, whatever its format: the body is the delivery, the answer its receipt; 200 where all was understood, 207
/// where something was rejected.
#[utoipa::path(
    post, path = "/api/v1/deliveries", tag = "readings", operation_id = "deliver",
    params(
        DeliveryParameters,
        ("Idempotency-Key" = Option<String>, Header, description = "The same key gets the same answer, also after a restart"),
    ),
    request_body(content = inline(Binary), content_type = "application/octet-stream"),
    responses((status = 200, body = ReceiptBody), (status = 207, body = ReceiptBody), Problems)
)]
async fn post(
    State(server): State<Server>,
    Bringer { ctx, caller }: Bringer,
    Parameters(parameters): Parameters<DeliveryParameters>,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers();
    let Ok(encoding) = Encoding::of(headers) else { return Ok(encoding::refused(encoding::OF_DELIVERIES)) };
    let head = Head { key: key(headers, parameters.again)?, encoding };
    // Whoever may not deliver is told before the body is taken in.
    may_deliver(&server.app, &ctx).await?;
    take_in(server, caller, parameters, head, request.into_body()).await
}

/// The receipt of what came from `source`, as an answer.
pub(crate) fn answered(source: &str, Reply { receipts, repeated }: Reply) -> Response {
    let receipt = ReceiptBody::of(source, receipts);
    let status = if receipt.rejected == 0 { StatusCode::OK } else { StatusCode::MULTI_STATUS };
    let mut response = (status, Json(receipt)).into_response();
    if repeated {
        response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// Reads deliveries that were kept again, with the decoders of today, and shows what that changes, or changes it. It is a job; what is
/// only shown is answered whatever the client prefers, since the answer is all that comes of it.
#[utoipa::path(
    post, path = "/api/v1/deliveries/replay", tag = "readings", operation_id = "replay_deliveries", request_body = DeliveryReplay,
    params(("Prefer" = Option<String>, Header, description = "`respond-async`: 202 at once, and the outcome with the job")),
    responses(
        (status = 200, body = Vec<ChangesBody>),
        (status = 202, description = "It is begun", headers(
            ("Location" = String, description = "The job"),
            ("Preference-Applied" = String, description = "`respond-async`"),
        )),
        Problems,
    )
)]
async fn replay(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    headers: HeaderMap,
    Body(request): Body<DeliveryReplay>,
) -> Result<Response, Problem> {
    let selection = request.selection()?;
    if request.apply && prefer::respond_async(&headers) {
        let work =
            |started| async move { replay_deliveries(&server.app, &ctx, &selection, true, started).await.map(drop) };
        return prefer::begun(work).await;
    }
    let work = async move { replay_deliveries(&server.app, &ctx, &selection, request.apply, Started::default()).await };
    let changes = prefer::apart(work).await?;
    Ok(Json(changes.into_iter().map(ChangesBody::from).collect::<Vec<_>>()).into_response())
}
