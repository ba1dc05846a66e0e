//! The readings of a meter or a metering point: out as JSON or as a file of the type that is asked for, in as JSON with a receipt.

pub(crate) mod accept;
mod bring;

use axum::extract::{Extension, State};
use axum::http::header::LINK;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use metrify_application::read::{self, After, Series, Told};
use metrify_application::{Context, Error, Kind, Result as Done};
use metrify_domain::{Point, Timestamp};
use metrify_governance::Resource;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use url::form_urlencoded::Serializer;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::exports::Folder;
use crate::extract::{Named, Parameters};
use crate::paging::{json, read_hex, write_hex};
use crate::problem::Problems;
use crate::rows::Rows;
use crate::schema::{Binary, Exact};
use crate::series::accept::Answered;
use crate::wire::moment;
use crate::{Problem, Server};

/// Readings of a page where nobody says how many.
const PAGE: u64 = 1_000;
/// Readings of a page at most; files have no pages.
const PAGE_MAX: u64 = 10_000;

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(of_meter, bring::to_meter))
        .routes(routes!(of_metering_point, bring::to_metering_point))
}

/// Which readings.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SeriesParameters {
    /// An OBIS code, or a name such as `load`; all where it is absent.
    #[param(example = "1-0:1.29.0")]
    quantity: Option<String>,
    /// Periods that begin at it or later: a day, local, as its beginning, or an instant.
    #[param(example = "2026-01-01")]
    start: Option<String>,
    /// Periods that begin before it.
    end: Option<String>,
    /// As it was known then; today where it is absent.
    as_known_at: Option<String>,
    /// Readings of a page, of 1 to 10000; files hold all of them where it is absent, and else name the next page in `Link`.
    #[param(minimum = 1, maximum = 10000, default = 1000)]
    limit: Option<u64>,
    /// What `next` said on the page before.
    cursor: Option<String>,
}

/// A page of readings, ordered by quantity and time.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SeriesBody {
    pub point: String,
    pub results: Vec<ReadingRow>,
    /// The cursor of the next page; `null` on the last.
    pub next: Option<String>,
}

/// A reading as it holds.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ReadingRow {
    pub quantity: String,
    /// `register`, `interval` or `instant`.
    pub kind: String,
    #[schema(format = DateTime)]
    pub period_start: String,
    #[schema(format = DateTime)]
    pub period_end: String,
    /// Exact, with all its digits; `null` where it is missing.
    #[schema(value_type = Option<Exact>, inline)]
    pub value: Option<Box<RawValue>>,
    pub unit: Option<String>,
    pub quality: String,
    /// How a substitute was formed.
    pub method: Option<String>,
    pub reason: Option<String>,
    /// When it became known.
    #[schema(format = DateTime)]
    pub recorded_at: String,
    /// The delivery that it came with.
    pub delivery: String,
}

/// The readings of a meter, under its own id. `Accept` chooses JSON, CSV, NDJSON, Parquet or Arrow.
#[utoipa::path(
    get, path = "/api/v1/smart-meters/{id}/readings", tag = "readings", operation_id = "get_meter_readings",
    params(("id" = String, Path, description = "The meter's id"), SeriesParameters),
    responses((status = 200, content(
        (SeriesBody = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"),
        (inline(Binary) = "application/vnd.apache.parquet"), (inline(Binary) = "application/vnd.apache.arrow.file"),
    )), Problems)
)]
async fn of_meter(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    Parameters(which): Parameters<SeriesParameters>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    of(&server, &ctx, &id, which, &headers).await
}

/// The readings of a metering point, under its own id. `Accept` chooses JSON, CSV, NDJSON, Parquet or Arrow.
#[utoipa::path(
    get, path = "/api/v1/metering-points/{id}/readings", tag = "readings", operation_id = "get_metering_point_readings",
    params(("id" = String, Path, description = "The metering point's id"), SeriesParameters),
    responses((status = 200, content(
        (SeriesBody = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"),
        (inline(Binary) = "application/vnd.apache.parquet"), (inline(Binary) = "application/vnd.apache.arrow.file"),
    )), Problems)
)]
async fn of_metering_point(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    Parameters(which): Parameters<SeriesParameters>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    of(&server, &ctx, &id, which, &headers).await
}

async fn of(
    server: &Server,
    ctx: &Context,
    id: &str,
    which: SeriesParameters,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let series = which.series((Resource::Readings, point(id)?), Told::All)?;
    told(server, ctx, series, &which, headers).await
}

/// A series in the type that is asked for.
pub(crate) async fn told(
    server: &Server,
    ctx: &Context,
    mut series: Series,
    which: &SeriesParameters,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let Some(answered) = Answered::of(headers) else { return Ok(accept::refused()) };
    match answered.file() {
        None => page(server, ctx, &series).await,
        Some(format) => {
            series.limit = which.limit;
            let folder = Folder::new(server)?;
            let written = read::export_series(&server.app, ctx, &series, format, &folder.file()).await?;
            let mut last = Rows::behind(&[]);
            last.add(written.last)?;
            let next = series.limit.filter(|limit| *limit == written.rows).and_then(|_| after(&last));
            let link = next.and_then(|next| HeaderValue::from_str(&which.link_to(&next)).ok());
            let mut answer = folder.sent(answered.content_type()).await?;
            answer.headers_mut().extend(link.map(|link| (LINK, link)));
            Ok(answer)
        }
    }
}

async fn page(server: &Server, ctx: &Context, series: &Series) -> Result<Response, Problem> {
    let failed = |error| Error::new(Kind::Internal, "write the readings").because(error);
    let point = serde_json::value::to_raw_value(series.point.as_str()).map_err(failed)?;
    let mut rows = Rows::behind(&[("point", point)]);
    read::series(&server.app, ctx, series, &mut |page| rows.add(page)).await?;
    let next = Some(&rows).filter(|rows| series.limit == Some(rows.count())).and_then(after).map(|at| write_after(&at));
    let body = rows.finish(next.as_deref())?;
    Ok(json(body))
}

/// # Errors
/// Where the first lies behind the second.
pub(crate) fn in_order(start: Option<Timestamp>, end: Option<Timestamp>) -> Done<()> {
    if start.zip(end).is_some_and(|(start, end)| start > end) {
        let error = Error::new(Kind::Invalid, "read the parameters: `start` lies behind `end`");
        return Err(error.hint("periods are told that begin at `start` or later, and before `end`"));
    }
    Ok(())
}

pub(crate) fn point(id: &str) -> Done<Point> {
    id.parse().map_err(|error| Error::new(Kind::Invalid, format!("read the id `{id}`")).because(error))
}

impl SeriesParameters {
    /// Names the page behind a place as RFC 8288 does, by what differs from the address that was asked.
    fn link_to(&self, after: &After) -> String {
        let mut query = Serializer::new(String::new());
        let texts = [
            ("quantity", &self.quantity),
            ("start", &self.start),
            ("end", &self.end),
            ("as_known_at", &self.as_known_at),
        ];
        query.extend_pairs(texts.into_iter().filter_map(|(name, text)| text.as_ref().map(|text| (name, text))));
        query.extend_pairs(self.limit.map(|limit| ("limit", limit.to_string())));
        query.append_pair("cursor", &write_after(after));
        format!("<?{}>; rel=\"next\"", query.finish())
    }

    pub(crate) fn series(&self, (resource, point): (Resource, Point), told: Told) -> Done<Series> {
        let limit = self.limit.unwrap_or(PAGE);
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err(Error::new(Kind::Invalid, format!("read the parameter limit: it is of 1 to {PAGE_MAX}")));
        }
        let quantity = self.quantity.as_deref().map(|text| {
            let invalid = |error| Error::new(Kind::Invalid, "read the parameter quantity").because(error);
            text.parse().map_err(invalid)
        });
        let (start, end) =
            (self.start.as_deref().map(moment).transpose()?, self.end.as_deref().map(moment).transpose()?);
        in_order(start, end)?;
        Ok(Series {
            resource,
            point,
            told,
            quantity: quantity.transpose()?,
            start,
            end,
            ends_by: None,
            known_at: self.as_known_at.as_deref().map(moment).transpose()?,
            after: self.cursor.as_deref().map(read_after).transpose()?,
            limit: Some(limit),
        })
    }
}

/// The place of the last row in its series.
fn after(rows: &Rows) -> Option<After> {
    Some(After {
        quantity: rows.last("quantity")?.to_owned(),
        period_start: moment(rows.last("period_start")?).ok()?,
        period_end: moment(rows.last("period_end")?).ok()?,
    })
}

fn write_after(After { quantity, period_start, period_end }: &After) -> String {
    write_hex(&format!("{} {} {quantity}", period_start.micros(), period_end.micros()))
}

fn read_after(cursor: &str) -> Done<After> {
    let instant = |text: Option<&str>| text?.parse().ok().map(Timestamp::from_micros);
    let read = |text: &str| {
        let mut parts = text.splitn(3, ' ');
        let (period_start, period_end) = (instant(parts.next())?, instant(parts.next())?);
        Some(After { quantity: parts.next()?.to_owned(), period_start, period_end })
    };
    read_hex(cursor).as_deref().and_then(read).ok_or_else(|| {
        Error::new(Kind::Invalid, "read the cursor: it is none of this server")
            .hint("give `next` of the page before as it is")
    })
}
