//! Readings that are brought to one point: an object or a list of them as JSON, or an object a line.
//!
//! They are statements, made when they are received: what was said before may be said once more, and holds then. Whoever sends a request
//! again names it by its `Idempotency-Key`, and gets the answer that it got first.

use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use metrify_application::ingest::Looked;
use metrify_application::ingest::{Arriving, Name, receive_once};
use metrify_application::{Context, Error, Kind, Result as Done, io};
use metrify_formats::ndjson;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_with::rust::maps_duplicate_key_is_error;
use std::collections::BTreeMap;
use utoipa::ToSchema;

use crate::deliveries::{another, answered, key};
use crate::extract::Named;
use crate::problem::Problems;
use crate::schema::Exact;
use crate::series::point;
use crate::wire::{DeliveryParameters, ReceiptBody};
use crate::{Problem, Server};

/// A reading that is brought. Either `at`, or `period_start` and `period_end`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[allow(dead_code, reason = "it describes what is read by the decoder of NDJSON")]
pub struct NewReading {
    /// An OBIS code, or a name such as `load`.
    #[schema(example = "1-0:1.8.0")]
    pub quantity: String,
    /// `register`, `interval` or `instant`; may be left out where quantity and times tell it.
    pub kind: Option<String>,
    /// Of a register state or an instant.
    #[schema(example = "2026-01-01T00:00:00+01:00")]
    pub at: Option<String>,
    pub period_start: Option<String>,
    pub period_end: Option<String>,
    #[schema(value_type = Option<Exact>, inline, example = 1725.5)]
    pub value: Option<Box<RawValue>>,
    /// May be left out where the quantity fixes it.
    pub unit: Option<String>,
    pub quality: Option<String>,
    pub method: Option<String>,
    pub reason: Option<String>,
}

/// One reading or several.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "it describes what is read by the decoder of NDJSON")]
pub enum NewReadings {
    One(Box<NewReading>),
    Several(Vec<NewReading>),
}

/// Brings readings of a meter in, and answers with their receipt: 200 where all was understood, 207 where something was rejected.
#[utoipa::path(
    post, path = "/api/v1/smart-meters/{id}/readings", tag = "readings", operation_id = "bring_meter_readings",
    params(
        ("id" = String, Path, description = "The meter's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key gets the same answer; without one what is said is said anew"),
    ),
    request_body = NewReadings,
    responses((status = 200, body = ReceiptBody), (status = 207, body = ReceiptBody), Problems)
)]
pub(super) async fn to_meter(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    bring(server, ctx, id, &headers, body).await
}

/// Brings readings of a metering point in, and answers with their receipt: 200 where all was understood, 207 where something was
/// rejected.
#[utoipa::path(
    post, path = "/api/v1/metering-points/{id}/readings", tag = "readings", operation_id = "bring_metering_point_readings",
    params(
        ("id" = String, Path, description = "The metering point's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key gets the same answer; without one what is said is said anew"),
    ),
    request_body = NewReadings,
    responses((status = 200, body = ReceiptBody), (status = 207, body = ReceiptBody), Problems)
)]
pub(super) async fn to_metering_point(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    bring(server, ctx, id, &headers, body).await
}

async fn bring(
    server: Server,
    ctx: Context,
    id: String,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let id = point(&id)?.to_string();
    let key = key(headers, false)?;
    let lines = match media_type(headers) {
        "application/json" => of_json(&id, &body)?,
        "application/x-ndjson" => of_lines(&id, &body)?,
        other => {
            let error = Error::new(Kind::Invalid, format!("read the readings: they are of type `{other}`"));
            let error = error.hint("send application/json or application/x-ndjson; files go to /api/v1/deliveries");
            return Err(Problem::with_status(error, StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
    };
    let parameters = DeliveryParameters { format: Some("ndjson".to_owned()), ..DeliveryParameters::default() };
    let mut arriving = Arriving::new(&server.spool);
    arriving.push(&lines).map_err(|error| io("take the readings in", error))?;
    let (content, seen) = arriving.arrived();
    let delivery = parameters.delivery("http", content)?;
    let name = match &key {
        Some(key) => key.as_bytes().to_vec(),
        None => (server.random)()?.to_vec(),
    };
    let said = Looked::new(delivery, seen).stated(&name);
    let reply = receive_once(&server.app, &ctx, said, Name::Content { key: key.as_deref() }).await;
    Ok(answered("http", reply.map_err(another)?))
}

/// The type without its parameters; JSON where nobody says.
fn media_type(headers: &HeaderMap) -> &str {
    let said = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("application/json");
    said.split(';').next().unwrap_or_default().trim()
}

/// Keys and values as they came, so that no digit is lost. Where a key stands twice nothing tells which of the two is meant.
#[derive(Deserialize)]
struct Object(#[serde(deserialize_with = "maps_duplicate_key_is_error::deserialize")] BTreeMap<String, Box<RawValue>>);

const READINGS_HINT: &str =
    "send readings as JSON: {\"quantity\": \"1-0:1.8.0\", \"at\": \"2026-01-01T00:00:00Z\", \"value\": 1.5}";

fn of_json(id: &str, body: &[u8]) -> Done<Vec<u8>> {
    let invalid = |error| Error::new(Kind::Invalid, "read the body").because(error).hint(READINGS_HINT);
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    let objects: Vec<Object> = match first {
        Some(b'[') => serde_json::from_slice(body).map_err(invalid)?,
        _ => vec![serde_json::from_slice(body).map_err(invalid)?],
    };
    if objects.is_empty() {
        return Err(Error::new(Kind::Invalid, "read the body: there is no reading in it").hint(READINGS_HINT));
    }
    lines(id, objects.into_iter().map(Ok))
}

fn of_lines(id: &str, body: &[u8]) -> Done<Vec<u8>> {
    let said = body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    lines(
        id,
        said.map(|line| {
            let invalid = |error| Error::new(Kind::Invalid, "read the body").because(error).hint(READINGS_HINT);
            serde_json::from_slice(line).map_err(invalid)
        }),
    )
}

/// A line for each, with the point that is told by the path.
fn lines(id: &str, objects: impl Iterator<Item = Done<Object>>) -> Done<Vec<u8>> {
    let failed = |error| Error::new(Kind::Internal, "write the readings").because(error);
    let point = serde_json::value::to_raw_value(id).map_err(failed)?;
    let mut lines = Vec::new();
    for object in objects {
        let Object(mut object) = object?;
        if let Some(unknown) = object.keys().find(|name| !ndjson::KEYS.contains(&name.as_str())) {
            let error = Error::new(Kind::Invalid, format!("read the body: a reading has no `{unknown}`"));
            return Err(error.hint(format!("it has {}", ndjson::KEYS.join(", "))));
        }
        if let Some(said) = object.insert("point".to_owned(), point.clone())
            && serde_json::from_str::<&str>(said.get()).ok() != Some(id)
        {
            let error = Error::new(Kind::Invalid, format!("read the body: it tells of point {}", said.get()));
            return Err(error.hint("leave `point` away, or send readings of several points to /api/v1/deliveries"));
        }
        serde_json::to_writer(&mut lines, &object).map_err(failed)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_point_of_the_path_is_told_and_no_digit_is_lost() {
        let text = |bytes: Done<Vec<u8>>| bytes.map(|bytes| String::from_utf8(bytes).expect("text"));
        let body = br#"[{"quantity":"load","value":0.1234567890123456789},{"point":"p","value":1e0}]"#;
        let lines = text(of_json("p", body)).expect("lines");
        assert_eq!(
            lines,
            "{\"point\":\"p\",\"quantity\":\"load\",\"value\":0.1234567890123456789}\n{\"point\":\"p\",\"value\":1e0}\n"
        );
        assert_eq!(
            text(of_lines("p", b"{\"at\":1}\n\n{}\n")).expect("lines"),
            "{\"at\":1,\"point\":\"p\"}\n{\"point\":\"p\"}\n"
        );
        let twice = &b"{\"value\":1,\"value\":2}"[..];
        for wrong in
            [&b"[]"[..], b"", b"[1]", b"{\"point\":\"q\"}", b"{\"point\":7}", b"{} {}", b"{\"units\":\"Wh\"}", twice]
        {
            assert!(of_json("p", wrong).is_err(), "{wrong:?}");
        }
    }
}
