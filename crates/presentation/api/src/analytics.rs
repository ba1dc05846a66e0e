//! `/api/v1/analytics`: computed from what is there when it is asked for. Every answer names the span that was looked at; where there is
//! nothing in it, it says so, and counts are zero; what cannot be computed is absent.

mod rows;
mod spans;

use axum::extract::{Extension, State};
use axum::response::Response;
use metrify_application::ports::{Cell, Page};
use metrify_application::read::{self, Question};
use metrify_application::{Context, Error, Kind, Result as Done};
use metrify_domain::{Point, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::analytics::rows::{
    AnomalyRow, ConsumptionRow, DailyReportRow, OverviewRow, QualityRow, WeatherImpactRow, Within,
};
use crate::analytics::spans::{DaysParameters, Looked, PeriodParameters, SpanParameters, day, day_back};
use crate::extract::{Named, Parameters};
use crate::paging::{KnownParameters, Listed, json, limit, read_hex, write_hex};
use crate::problem::Problems;
use crate::rows::Rows;
use crate::series::point;
use crate::wire::moment;
use crate::{Problem, Server};

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(overview))
        .routes(routes!(energy_consumption))
        .routes(routes!(weather_impact))
        .routes(routes!(anomalies))
        .routes(routes!(data_quality))
        .routes(routes!(daily_report))
        .routes(routes!(of_meter))
}

/// As of when a question is answered.
struct AsOf {
    known_at: Option<Timestamp>,
    /// The last instant that was past by then: days that nobody names are counted from it.
    then: Timestamp,
}

impl KnownParameters {
    fn as_of(&self, ctx: &Context) -> Done<AsOf> {
        let known_at = self.known_at()?;
        Ok(AsOf { known_at, then: known_at.map_or(ctx.now, |known_at| known_at.min(ctx.now)) })
    }
}

/// One row that says everything, zeros where there is nothing.
async fn counted(server: &Server, ctx: &Context, as_of: &AsOf, question: Question) -> Result<Response, Problem> {
    let mut rows = Rows::behind(&[]);
    read::ask(&server.app, ctx, &question, as_of.known_at, &mut |page| rows.add(page)).await?;
    Ok(json(rows.finish(None)?))
}

/// What is said where no meter told of an amount.
const NO_AMOUNTS: &str = "no amounts were measured on these days";

/// What was looked for.
struct Asked {
    question: Question,
    looked: Looked,
    /// What is said where it is not there.
    nothing: &'static str,
}

async fn asked(server: &Server, ctx: &Context, as_of: &AsOf, asked: &Asked) -> Result<Response, Problem> {
    let mut rows = Rows::behind(&asked.looked.told()?);
    read::ask(&server.app, ctx, &asked.question, as_of.known_at, &mut |page| rows.add(page)).await?;
    let note = (rows.count() == 0).then_some(asked.nothing);
    Ok(json(rows.finish_noting(None, note)?))
}

/// How much of everything there is.
#[utoipa::path(
    get, path = "/api/v1/analytics/overview", tag = "analytics", operation_id = "overview", params(KnownParameters),
    responses((status = 200, body = Listed<OverviewRow>), Problems)
)]
async fn overview(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Response, Problem> {
    counted(&server, &ctx, &known.as_of(&ctx)?, Question::Overview).await
}

/// What all meters measured on each local day, by quantity.
#[utoipa::path(
    get, path = "/api/v1/analytics/energy-consumption", tag = "analytics", operation_id = "energy_consumption",
    params(DaysParameters, KnownParameters), responses((status = 200, body = Within<ConsumptionRow>), Problems)
)]
async fn energy_consumption(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(days): Parameters<DaysParameters>,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Response, Problem> {
    let as_of = known.as_of(&ctx)?;
    let looked = days.days(as_of.then)?;
    let question = Question::Consumption { span: looked.span, point: None };
    asked(&server, &ctx, &as_of, &Asked { question, looked, nothing: NO_AMOUNTS }).await
}

/// What was drawn on each local day beside the air temperature of that day, and how the two go together.
#[utoipa::path(
    get, path = "/api/v1/analytics/weather-impact", tag = "analytics", operation_id = "weather_impact",
    params(DaysParameters, KnownParameters), responses((status = 200, body = Within<WeatherImpactRow>), Problems)
)]
async fn weather_impact(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(days): Parameters<DaysParameters>,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Response, Problem> {
    let as_of = known.as_of(&ctx)?;
    let looked = days.days(as_of.then)?;
    let question = Question::WeatherImpact { span: looked.span };
    let nothing = "on none of these days both a consumption and an air temperature are known";
    asked(&server, &ctx, &as_of, &Asked { question, looked, nothing }).await
}

/// Which page of findings.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AnomalyParameters {
    /// Findings at most, of 1 to 1000.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u64>,
    /// What `next` said on the page before.
    cursor: Option<String>,
}

/// What the checks found in those days, newest first.
#[utoipa::path(
    get, path = "/api/v1/analytics/anomalies", tag = "analytics", operation_id = "anomalies",
    params(SpanParameters, AnomalyParameters, KnownParameters), responses((status = 200, body = Within<AnomalyRow>), Problems)
)]
async fn anomalies(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(span): Parameters<SpanParameters>,
    Parameters(page): Parameters<AnomalyParameters>,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Response, Problem> {
    let as_of = known.as_of(&ctx)?;
    let (looked, limit) = (span.span(as_of.then)?, limit(page.limit)?);
    let behind = page.cursor.as_deref().map(read_place).transpose()?;
    let is_first = behind.is_none();
    let question = Question::Anomalies { span: looked.span, behind, limit };
    let (mut rows, mut place) = (Rows::behind(&looked.told()?), None);
    let mut add = |mut page: Page| {
        // The last column tells findings of one instant apart, and is not told.
        page.columns.pop();
        let last = page.rows.iter().next_back();
        place = last.and_then(|row| row.to_vec().pop()).or(place.take());
        rows.add(page)
    };
    read::ask(&server.app, &ctx, &question, as_of.known_at, &mut add).await?;
    let next = match (place, rows.last("found_at")) {
        (Some(Cell::Text(place)), Some(found_at)) if rows.count() == limit => {
            Some(write_place(moment(found_at)?, &place))
        }
        _ => None,
    };
    let note = (is_first && rows.count() == 0).then_some("nothing was found in this span");
    Ok(json(rows.finish_noting(next.as_deref(), note)?))
}

fn write_place(found_at: Timestamp, place: &str) -> String {
    write_hex(&format!("{} {place}", found_at.micros()))
}

fn read_place(cursor: &str) -> Done<(Timestamp, String)> {
    let read = |text: &str| {
        let (found_at, place) = text.split_once(' ')?;
        Some((Timestamp::from_micros(found_at.parse().ok()?), place.to_owned()))
    };
    read_hex(cursor).as_deref().and_then(read).ok_or_else(|| {
        Error::new(Kind::Invalid, "read the cursor: it is none of this server")
            .hint("give `next` of the page before as it is")
    })
}

/// Readings by quantity and quality.
#[utoipa::path(
    get, path = "/api/v1/analytics/data-quality", tag = "analytics", operation_id = "data_quality",
    params(SpanParameters, KnownParameters), responses((status = 200, body = Within<QualityRow>), Problems)
)]
async fn data_quality(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(span): Parameters<SpanParameters>,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Response, Problem> {
    let as_of = known.as_of(&ctx)?;
    let looked = span.span(as_of.then)?;
    let question = Question::DataQuality { span: looked.span };
    asked(&server, &ctx, &as_of, &Asked { question, looked, nothing: "nothing was measured in this span" }).await
}

/// Which day.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DayParameters {
    /// A local day, or the instant at which it begins; today, or the day of `as_known_at`, where it is absent.
    #[param(example = "2026-01-01")]
    day: Option<String>,
}

/// What was received and found on a local day, and what was measured on it.
#[utoipa::path(
    get, path = "/api/v1/analytics/reports/daily", tag = "analytics", operation_id = "daily_report",
    params(DayParameters, KnownParameters), responses((status = 200, body = Listed<DailyReportRow>), Problems)
)]
async fn daily_report(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(which): Parameters<DayParameters>,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Response, Problem> {
    let as_of = known.as_of(&ctx)?;
    let span = which.day.as_deref().map_or_else(|| day_back(as_of.then, 0), day)?;
    counted(&server, &ctx, &as_of, Question::DailyReport { span }).await
}

/// What a meter measured on each local day of a period.
#[utoipa::path(
    get, path = "/api/v1/smart-meters/{id}/analytics", tag = "analytics", operation_id = "meter_analytics",
    params(("id" = String, Path, description = "The meter's id"), PeriodParameters, KnownParameters),
    responses((status = 200, body = Within<ConsumptionRow>), Problems)
)]
async fn of_meter(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
    Parameters(period): Parameters<PeriodParameters>,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Response, Problem> {
    let point: Point = point(&id)?;
    let as_of = known.as_of(&ctx)?;
    let looked = period.days(as_of.then)?;
    let question = Question::Consumption { span: looked.span, point: Some(point) };
    asked(&server, &ctx, &as_of, &Asked { question, looked, nothing: NO_AMOUNTS }).await
}
