//! `POST /api/v1/series`: many channels in one call, as they are or resampled on local time, in the type that is asked for.

use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::Response;
use metrify_application::read::{self, Channels, Resampled, Target};
use metrify_application::{Context, Error, Kind, Result as Done};
use metrify_domain::Channel;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::exports::Folder;
use crate::extract::Body;
use crate::paging::{Listed, json};
use crate::problem::Problems;
use crate::rows::Rows;
use crate::schema::{Binary, Exact};
use crate::series::accept::{self, Answered};
use crate::series::{in_order, point};
use crate::wire::moment;
use crate::{Problem, Server};

/// Channels of one call at most.
const CHANNELS_MAX: usize = 100;
/// Rows of one answer in JSON at most; files hold all of them.
const ROWS_MAX: u64 = 100_000;

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(series))
}

/// Which channels, over which span.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeriesRequest {
    /// 1 to 100 of them.
    #[schema(min_items = 1, max_items = 100)]
    pub channels: Vec<ChannelBody>,
    /// Periods that begin at it or later: a day, local, as its beginning, or an instant.
    #[schema(example = "2026-01-01")]
    pub start: String,
    /// Periods that begin before it.
    #[schema(example = "2026-02-01")]
    pub end: String,
    /// As it was known then; today where it is absent.
    pub as_known_at: Option<String>,
    /// To what step, on the clock of Berlin; as they are where it is absent.
    #[schema(inline)]
    pub resample: Option<Step>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelBody {
    #[schema(example = "41373559241")]
    pub point: String,
    /// An OBIS code, or a name such as `load`.
    #[schema(example = "1-1:1.29.0")]
    pub quantity: String,
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Hour,
    Day,
    Month,
}

/// A reading; or, where they are resampled, what the readings of a step come to: then it has the fields from `period` on, and none from
/// `period_start` to `quality`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SeriesRow {
    pub point: String,
    pub quantity: String,
    pub kind: String,
    pub unit: Option<String>,
    #[schema(format = DateTime)]
    pub period_start: Option<String>,
    #[schema(format = DateTime)]
    pub period_end: Option<String>,
    #[schema(value_type = Option<Exact>, inline)]
    pub value: Option<Box<RawValue>>,
    pub quality: Option<String>,
    /// The beginning of an hour, or a local day, the first of a month.
    pub period: Option<String>,
    pub readings: Option<u64>,
    pub missing: Option<u64>,
    /// Readings that must not be used: they are in none of what follows.
    pub faulty: Option<u64>,
    /// Of interval amounts: what they sum up to. States of registers, momentary values, powers and prices do not add up, and have none.
    #[schema(value_type = Option<Exact>, inline)]
    pub total: Option<Box<RawValue>>,
    /// Rounded to twelve places, halves away from zero.
    #[schema(value_type = Option<Exact>, inline)]
    pub mean: Option<Box<RawValue>>,
    #[schema(value_type = Option<Exact>, inline)]
    pub minimum: Option<Box<RawValue>>,
    #[schema(value_type = Option<Exact>, inline)]
    pub maximum: Option<Box<RawValue>>,
}

impl SeriesRequest {
    fn wanted(&self, limit: Option<u64>) -> Done<Channels> {
        let invalid = |step: String| Error::new(Kind::Invalid, step);
        if !(1..=CHANNELS_MAX).contains(&self.channels.len()) {
            return Err(invalid(format!("read `channels`: there are 1 to {CHANNELS_MAX} of them")));
        }
        let channel = |ChannelBody { point: id, quantity }: &ChannelBody| {
            let quantity = quantity.parse();
            let quantity = quantity.map_err(|error| invalid("read `quantity`".to_owned()).because(error))?;
            Ok(Channel { point: point(id)?, quantity })
        };
        let (start, end) = (moment(&self.start)?, moment(&self.end)?);
        in_order(Some(start), Some(end))?;
        Ok(Channels {
            channels: self.channels.iter().map(channel).collect::<Done<_>>()?,
            start,
            end,
            known_at: self.as_known_at.as_deref().map(moment).transpose()?,
            resampled: self.resample.map(|step| match step {
                Step::Hour => Resampled::Hour,
                Step::Day => Resampled::Day,
                Step::Month => Resampled::Month,
            }),
            limit,
        })
    }
}

/// The readings of up to a hundred channels, as they are or resampled on local time. `Accept` chooses JSON, CSV, NDJSON, Parquet or Arrow:
/// files hold one table of all channels, with the columns of the rows in JSON.
#[utoipa::path(
    post, path = "/api/v1/series", tag = "readings", operation_id = "series", request_body = SeriesRequest,
    responses((status = 200, content(
        (Listed<SeriesRow> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"),
        (inline(Binary) = "application/vnd.apache.parquet"), (inline(Binary) = "application/vnd.apache.arrow.file"),
    )), Problems)
)]
async fn series(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    headers: HeaderMap,
    Body(request): Body<SeriesRequest>,
) -> Result<Response, Problem> {
    let Some(answered) = Answered::of(&headers) else { return Ok(accept::refused()) };
    let Some(format) = answered.file() else {
        return listed(&server, &ctx, &request.wanted(Some(ROWS_MAX + 1))?).await;
    };
    let wanted = request.wanted(None)?;
    let folder = Folder::new(&server)?;
    let file = folder.file();
    read::export_channels(&server.app, &ctx, &wanted, Target { format, file: &file }).await?;
    Ok(folder.sent(answered.content_type()).await?)
}

async fn listed(server: &Server, ctx: &Context, wanted: &Channels) -> Result<Response, Problem> {
    let mut rows = Rows::behind(&[]);
    read::channels(&server.app, ctx, wanted, &mut |page| rows.add(page)).await?;
    if rows.count() > ROWS_MAX {
        let error = Error::new(Kind::Invalid, format!("answer the request: it has more than {ROWS_MAX} rows"));
        let hint = "ask for fewer channels or a shorter span, resample, or have it as a file: `Accept: text/csv`";
        return Err(error.hint(hint).into());
    }
    Ok(json(rows.finish(None)?))
}
