//! `/api/v1/uploads`: deliveries in parts, so that a connection that breaks costs what was on its way and no more.
//!
//! Header fields and their meaning are those of draft-ietf-httpbis-resumable-upload: `Upload-Offset`, `Upload-Complete`,
//! `Upload-Length`, and the type `application/partial-upload`. Left out are its interim responses (104), bytes in the request that
//! begins an upload, and limits that a server announces. Parts have no `Content-Encoding`: what is packed as a whole is opened once
//! all is there.

use axum::Json;
use axum::body::HttpBody;
use axum::extract::{DefaultBodyLimit, Extension, Request, State};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use metrify_application::ingest::uploads::{self, BYTES_MAX, Taken, Upload};
use metrify_application::ingest::{Name, may_deliver};
use metrify_application::{Context, Error, Kind, Result as Done};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::deliveries::{another, answered, key};
use crate::encoding::{self, Encoding};
use crate::extract::{Named, Parameters};
use crate::pieces::{Bringer, Pieces};
use crate::problem::Problems;
use crate::schema::Binary;
use crate::wire::{DeliveryParameters, ReceiptBody};
use crate::{Problem, Server};

pub(crate) const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
pub(crate) const UPLOAD_COMPLETE: HeaderName = HeaderName::from_static("upload-complete");
pub(crate) const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const PARTIAL_UPLOAD: &str = "application/partial-upload";

pub(crate) fn routes() -> OpenApiRouter<Server> {
    let brought = OpenApiRouter::new().routes(routes!(append)).layer(DefaultBodyLimit::disable());
    brought
        .merge(OpenApiRouter::new().routes(routes!(begin)))
        .merge(OpenApiRouter::new().routes(routes!(find, give_up)))
}

/// How far an upload is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct UploadStateBody {
    pub id: String,
    /// Bytes that are kept, and the place where the next one goes.
    pub offset: u64,
    /// Bytes that it has as a whole, where that was said.
    pub length: Option<u64>,
    /// It was received; the last part sent again is answered with its receipt.
    pub complete: bool,
    /// It is deleted then, unless something more comes before.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

impl From<Upload> for UploadStateBody {
    fn from(Upload { id, offset, length, received, expires_at }: Upload) -> Self {
        Self { id, offset, length, complete: received, expires_at: expires_at.to_string() }
    }
}

/// Begins an upload: a delivery whose bytes come in parts. It is deleted a day after the last of them.
#[utoipa::path(
    post, path = "/api/v1/uploads", tag = "readings", operation_id = "begin_upload",
    params(("Upload-Length" = Option<u64>, Header, description = "Bytes of the whole, where that is known")),
    responses(
        (status = 201, body = UploadStateBody, headers(
            ("Location" = String, description = "Where its bytes go"),
            ("Upload-Offset" = u64, description = "0"),
        )),
        Problems,
    )
)]
async fn begin(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    request: Request,
) -> Result<Response, Problem> {
    if !request.body().is_end_stream() {
        let error = Error::new(Kind::Invalid, "begin the upload: its bytes do not come with this request");
        return Err(error.hint("send them with PATCH to the address in Location").into());
    }
    let length = said(request.headers(), &UPLOAD_LENGTH, integer)?;
    let begun =
        uploads::begin(&server.app, &ctx, &(server.random)()?, length).await.map_err(|error| match error.kind() {
            Kind::Invalid => Problem::with_status(error, StatusCode::PAYLOAD_TOO_LARGE),
            _ => error.into(),
        })?;
    let location = format!("/api/v1/uploads/{}", begun.id);
    let mut response = told(StatusCode::CREATED, begun);
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// Tells how far an upload is, also by HEAD. A request that sends bytes of it meanwhile is ended, so that the answer holds.
#[utoipa::path(
    get, path = "/api/v1/uploads/{id}", tag = "readings", operation_id = "upload",
    params(("id" = String, Path, description = "The upload's id")),
    responses(
        (status = 200, body = UploadStateBody, headers(
            ("Upload-Offset" = u64, description = "Bytes that are kept"),
            ("Upload-Complete" = String, description = "`?1` once it was received, else `?0`"),
            ("Upload-Length" = u64, description = "Bytes of the whole, where that was said"),
        )),
        Problems,
    )
)]
async fn find(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
) -> Result<Response, Problem> {
    Ok(told(StatusCode::OK, uploads::find(&server.app, &ctx, &id).await?))
}

/// Gives an upload up: what came of it is deleted.
#[utoipa::path(
    delete, path = "/api/v1/uploads/{id}", tag = "readings", operation_id = "give_upload_up",
    params(("id" = String, Path, description = "The upload's id")),
    responses((status = 204), Problems)
)]
async fn give_up(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
) -> Result<StatusCode, Problem> {
    uploads::give_up(&server.app, &ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Appends the body to an upload: 204 with the new offset. With the last part, `Upload-Complete: ?1`, it is received as any delivery is,
/// and answered with its receipt. What came before a connection broke is kept; whoever lost the receipt sends the last part again, or
/// none at the end of the upload.
#[utoipa::path(
    patch, path = "/api/v1/uploads/{id}", tag = "readings", operation_id = "append_to_upload",
    params(
        ("id" = String, Path, description = "The upload's id"),
        DeliveryParameters,
        ("Upload-Offset" = u64, Header, description = "Where the first byte goes: how many were kept before"),
        ("Upload-Complete" = Option<String>, Header, description = "`?1` with the last part, else `?0`"),
        ("Idempotency-Key" = Option<String>, Header, description = "Of the whole, with the last part"),
    ),
    request_body(content = inline(Binary), content_type = "application/partial-upload"),
    responses(
        (status = 204, headers(("Upload-Offset" = u64, description = "Bytes that are kept"))),
        (status = 200, body = ReceiptBody), (status = 207, body = ReceiptBody), Problems,
    )
)]
async fn append(
    State(server): State<Server>,
    Bringer { ctx, caller }: Bringer,
    Named(id): Named,
    Parameters(parameters): Parameters<DeliveryParameters>,
    request: Request,
) -> Result<Response, Problem> {
    // Whoever may not deliver is told before anything of the body is taken in.
    may_deliver(&server.app, &ctx).await?;
    if !matches!(Encoding::of(request.headers()), Ok(None)) {
        return Ok(encoding::refused(encoding::OF_PARTS));
    }
    let part = Part::of(request.headers(), parameters)?;
    let mut taken = uploads::take(&server.app, &ctx, &id).await?;
    let came = come(&mut taken, &part, Pieces::of(request.into_body(), server.body_time)).await;
    // What came is on the disk before anybody is told of it.
    taken.keep().await?;
    let ctx = caller.context(&server).await?;
    let done = match came {
        Ok(()) if part.last => complete(&server, &ctx, &mut taken, &part).await,
        Ok(()) => Ok(StatusCode::NO_CONTENT.into_response()),
        Err(problem) => Err(problem),
    };
    let mut response = done.unwrap_or_else(IntoResponse::into_response);
    tell(response.headers_mut(), taken.upload());
    Ok(response)
}

/// What the head of a request says of the part that it brings.
struct Part {
    offset: u64,
    last: bool,
    key: Option<String>,
    parameters: DeliveryParameters,
}

impl Part {
    fn of(headers: &HeaderMap, parameters: DeliveryParameters) -> Result<Self, Problem> {
        let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !media.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(PARTIAL_UPLOAD) {
            let error = Error::new(Kind::Invalid, format!("append to the upload: the body is of type `{media}`"));
            let error = error.hint(format!("send it with `Content-Type: {PARTIAL_UPLOAD}`"));
            return Err(Problem::with_status(error, StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let none = || {
            let error = Error::new(Kind::Invalid, "append to the upload: no Upload-Offset says where");
            error.hint("HEAD tells how many bytes are kept")
        };
        let offset = said(headers, &UPLOAD_OFFSET, integer)?.ok_or_else(none)?;
        let last = said(headers, &UPLOAD_COMPLETE, truth)?.unwrap_or(false);
        let key = key(headers, parameters.again)?;
        Ok(Self { offset, last, key, parameters })
    }
}

/// Takes the bytes of a part in, until it ends or somebody else comes for the upload.
async fn come(taken: &mut Taken, part: &Part, mut pieces: Pieces) -> Result<(), Problem> {
    if taken.upload().received {
        return come_again(taken.upload(), part, pieces).await;
    }
    let Upload { offset, .. } = *taken.upload();
    if part.offset != offset {
        return Err(elsewhere(part.offset, offset).into());
    }
    let mut kept = Ok(());
    loop {
        let piece = tokio::select! {
            piece = pieces.next() => piece?,
            () = taken.superseded() => {
                kept?;
                taken.push(pieces.gathered()).await.map_err(no_room)?;
                let error = Error::new(Kind::Conflict, "append to the upload: another request came for it");
                return Err(error.hint("go on at Upload-Offset").into());
            }
        };
        let Some(bytes) = piece else { return kept };
        // What cannot be kept is read all the same: most clients look for an answer only once they have sent everything.
        if kept.is_ok() {
            kept = taken.push(bytes).await.map_err(no_room);
        }
    }
}

/// The last part of an upload that was received already: it has to end where that ended.
async fn come_again(upload: &Upload, part: &Part, mut pieces: Pieces) -> Result<(), Problem> {
    let mut end = part.offset;
    while end <= upload.offset
        && let Some(bytes) = pieces.next().await?
    {
        end += bytes.len() as u64;
    }
    if part.last && end == upload.offset {
        return Ok(());
    }
    let error =
        Error::new(Kind::Conflict, format!("append to the upload: it was received, with {} bytes", upload.offset));
    Err(error.hint("begin another one").into())
}

/// What there is no room for is too large (RFC 9110, 15.5.14), now or at all.
fn no_room(error: Error) -> Problem {
    match error.kind() {
        Kind::Busy => Problem::with_status(error, StatusCode::PAYLOAD_TOO_LARGE),
        _ => error.into(),
    }
}

fn elsewhere(said: u64, offset: u64) -> Error {
    let step = format!("append to the upload at {said}: {offset} bytes are kept");
    Error::new(Kind::Conflict, step).hint(format!("go on with the byte at {offset}, as Upload-Offset says"))
}

async fn complete(server: &Server, ctx: &Context, taken: &mut Taken, part: &Part) -> Result<Response, Problem> {
    let delivery = part.parameters.delivery("http", taken.content())?;
    let (source, id) = (delivery.source.clone(), taken.upload().id.clone());
    let name = if part.parameters.again { Name::Upload(&id) } else { Name::Content { key: part.key.as_deref() } };
    let reply = taken.receive(&server.app, ctx, delivery, name).await.map_err(another)?;
    Ok(answered(&source, reply))
}

fn told(status: StatusCode, upload: Upload) -> Response {
    let mut headers = HeaderMap::new();
    tell(&mut headers, &upload);
    (status, headers, Json(UploadStateBody::from(upload))).into_response()
}

fn tell(headers: &mut HeaderMap, upload: &Upload) {
    headers.insert(UPLOAD_OFFSET, upload.offset.into());
    headers.insert(UPLOAD_COMPLETE, HeaderValue::from_static(if upload.received { "?1" } else { "?0" }));
    if let Some(length) = upload.length {
        headers.insert(UPLOAD_LENGTH, length.into());
    }
}

/// The value of a structured field (RFC 9651) that is one bare item; its parameters say nothing to us.
fn said<T>(headers: &HeaderMap, name: &HeaderName, read: fn(&str) -> Option<T>) -> Done<Option<T>> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let item = value.to_str().ok().and_then(|text| text.split(';').next()).map(str::trim);
    let read = item.filter(|_| values.next().is_none()).and_then(read);
    let wrong = || Error::new(Kind::Invalid, format!("read the header {name}")).hint("7 is a number, ?1 is true");
    read.map(Some).ok_or_else(wrong)
}

fn integer(text: &str) -> Option<u64> {
    let number = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()?;
    (number <= BYTES_MAX).then_some(number)
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "?1" => Some(true),
        "?0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_truths_are_those_of_structured_fields() {
        for (text, number) in [("0", Some(0)), ("000007", Some(7)), ("999999999999999", Some(BYTES_MAX))] {
            assert_eq!(integer(text), number, "{text}");
        }
        for wrong in ["", "-1", "+1", "1.0", "1e3", "1000000000000000", "?1"] {
            assert_eq!(integer(wrong), None, "{wrong}");
        }
        let of = |values: &[&'static str]| {
            let values = values.iter().map(|value| (UPLOAD_COMPLETE, HeaderValue::from_static(value)));
            said(&HeaderMap::from_iter(values), &UPLOAD_COMPLETE, truth).ok()
        };
        assert_eq!((of(&[]), of(&["?0"]), of(&["?1;later"])), (Some(None), Some(Some(false)), Some(Some(true))));
        assert_eq!((of(&["1"]), of(&["true"]), of(&["?1", "?1"])), (None, None, None));
    }
}
