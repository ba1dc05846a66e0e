//! `/api/v1/analytics`: computed from what is there when it is asked for. Where there is nothing, the list is empty and the counts are
//! zero; what cannot be computed is absent.

use axum::extract::{Extension, State};
use axum::response::Response;
use metrify_application::read::{self, Question, Span};
use metrify_application::{Context, Error, Kind, Result as Done};
use metrify_domain::calendar::day::{day_period, local_day};
use metrify_domain::{Point, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Named, Parameters};
use crate::paging::{KnownParameters, Listed, json, limit};
use crate::problem::Problems;
use crate::rows::Rows;
use crate::schema::Exact;
use crate::series::point;
use crate::wire::moment;
use crate::{Problem, Server};

/// Days that are looked at where nobody says which.
const DAYS: u64 = 30;

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

/// Which days; the last thirty local days and today, or the day of `as_known_at`, where nothing is said.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SpanParameters {
    /// A day, local, as its beginning, or an instant.
    #[param(example = "2026-01-01")]
    start: Option<String>,
    /// Not within.
    end: Option<String>,
}

impl SpanParameters {
    fn span(&self, now: Timestamp) -> Done<Span> {
        let end = self.end.as_deref().map_or_else(|| days_from(now, 0).map(|day| day.end), moment)?;
        let start = self.start.as_deref().map_or_else(|| days_from(now, DAYS).map(|day| day.start), moment)?;
        if start >= end {
            return Err(Error::new(Kind::Invalid, "read the parameters: `start` does not lie before `end`"));
        }
        Ok(Span { start, end })
    }
}

/// The local day that lies so many before the one of an instant.
fn days_from(now: Timestamp, back: u64) -> Done<Span> {
    let day = local_day(now).and_then(|day| day.checked_sub_days(chrono::Days::new(back))).and_then(day_period);
    let day = day.ok_or_else(|| Error::new(Kind::Internal, format!("find the day {back} days before {now}")))?;
    Ok(Span { start: day.start(), end: day.end() })
}

/// How much of everything there is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct OverviewRow {
    pub readings: u64,
    pub channels: u64,
    /// Whatever something was measured at.
    pub points: u64,
    /// Devices that named themselves in what they sent.
    pub meters: u64,
    pub deliveries: u64,
    pub findings: u64,
    pub open_rejects: u64,
    #[schema(format = DateTime)]
    pub first_at: Option<String>,
    #[schema(format = DateTime)]
    pub last_at: Option<String>,
}

/// What was measured on a local day.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ConsumptionRow {
    #[schema(format = Date)]
    pub day: String,
    /// An OBIS code; group C says whether it was drawn (1) or fed in (2).
    pub quantity: String,
    pub unit: Option<String>,
    pub points: u64,
    pub readings: u64,
    pub missing: u64,
    /// Exact; `null` where all are missing.
    #[schema(value_type = Option<Exact>, inline)]
    pub total: Option<Box<RawValue>>,
    #[schema(value_type = Option<Exact>, inline)]
    pub minimum: Option<Box<RawValue>>,
    #[schema(value_type = Option<Exact>, inline)]
    pub maximum: Option<Box<RawValue>>,
}

/// Consumption of a day beside its air temperature.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct WeatherImpactRow {
    #[schema(format = Date)]
    pub day: String,
    #[schema(value_type = Option<Exact>, inline)]
    pub consumption_kwh: Option<Box<RawValue>>,
    /// The mean of all readings of all stations.
    #[schema(value_type = Option<Exact>, inline)]
    pub air_temperature_cel: Option<Box<RawValue>>,
    /// Pearson's, over all days of the answer; `null` where there are fewer than two.
    pub correlation: Option<f64>,
}

/// What a check found.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AnomalyRow {
    pub rule: String,
    pub severity: String,
    pub point: Option<String>,
    pub quantity: Option<String>,
    #[schema(format = DateTime)]
    pub period_start: Option<String>,
    #[schema(format = DateTime)]
    pub period_end: Option<String>,
    pub reason: String,
    #[schema(format = DateTime)]
    pub found_at: String,
    pub delivery: String,
}

/// Readings of a quantity and quality.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct QualityRow {
    pub quantity: String,
    pub quality: String,
    pub readings: u64,
    pub points: u64,
}

/// A local day: what was received and found on it, and what was measured on it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct DailyReportRow {
    pub deliveries: u64,
    pub received: u64,
    pub stored: u64,
    pub corrections: u64,
    pub rejected: u64,
    pub findings: u64,
    pub readings: u64,
    pub points: u64,
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

async fn asked(server: &Server, ctx: &Context, as_of: &AsOf, question: Question) -> Result<Response, Problem> {
    let mut rows = Rows::behind(&[]);
    read::ask(&server.app, ctx, &question, as_of.known_at, &mut |page| rows.add(page)).await?;
    Ok(json(rows.finish(None)?))
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
    asked(&server, &ctx, &known.as_of(&ctx)?, Question::Overview).await
}

/// What all meters measured on each local day, by quantity.
#[utoipa::path(
    get, path = "/api/v1/analytics/energy-consumption", tag = "analytics", operation_id = "energy_consumption",
    params(SpanParameters, KnownParameters), responses((status = 200, body = Listed<ConsumptionRow>), Problems)
)]
async fn energy_consumption(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(span): Parameters<SpanParameters>,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Response, Problem> {
    let as_of = known.as_of(&ctx)?;
    let question = Question::Consumption { span: span.span(as_of.then)?, point: None };
    asked(&server, &ctx, &as_of, question).await
}

/// What was drawn on each local day beside the air temperature of that day, and how the two go together.
#[utoipa::path(
    get, path = "/api/v1/analytics/weather-impact", tag = "analytics", operation_id = "weather_impact",
    params(SpanParameters, KnownParameters), responses((status = 200, body = Listed<WeatherImpactRow>), Problems)
)]
async fn weather_impact(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(span): Parameters<SpanParameters>,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Response, Problem> {
    let as_of = known.as_of(&ctx)?;
    asked(&server, &ctx, &as_of, Question::WeatherImpact { span: span.span(as_of.then)? }).await
}

/// How many findings.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AnomalyParameters {
    /// Findings at most, of 1 to 1000.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u64>,
}

/// What the checks found in those days, newest first.
#[utoipa::path(
    get, path = "/api/v1/analytics/anomalies", tag = "analytics", operation_id = "anomalies",
    params(SpanParameters, AnomalyParameters, KnownParameters), responses((status = 200, body = Listed<AnomalyRow>), Problems)
)]
async fn anomalies(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(span): Parameters<SpanParameters>,
    Parameters(page): Parameters<AnomalyParameters>,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Response, Problem> {
    let as_of = known.as_of(&ctx)?;
    let question = Question::Anomalies { span: span.span(as_of.then)?, limit: limit(page.limit)? };
    asked(&server, &ctx, &as_of, question).await
}

/// Readings by quantity and quality.
#[utoipa::path(
    get, path = "/api/v1/analytics/data-quality", tag = "analytics", operation_id = "data_quality",
    params(SpanParameters, KnownParameters), responses((status = 200, body = Listed<QualityRow>), Problems)
)]
async fn data_quality(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(span): Parameters<SpanParameters>,
    Parameters(known): Parameters<KnownParameters>,
) -> Result<Response, Problem> {
    let as_of = known.as_of(&ctx)?;
    asked(&server, &ctx, &as_of, Question::DataQuality { span: span.span(as_of.then)? }).await
}

/// Which day.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DayParameters {
    /// A local day; today, or the day of `as_known_at`, where it is absent.
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
    let at = which.day.as_deref().map_or(Ok(as_of.then), moment)?;
    asked(&server, &ctx, &as_of, Question::DailyReport { span: days_from(at, 0)? }).await
}

/// How far back.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PeriodParameters {
    /// Hours or days until now, or until `as_known_at`, such as `24h`, `7d`, `30d`; `24h` is today and the local day before.
    #[param(example = "7d", default = "30d")]
    period: Option<String>,
}

impl PeriodParameters {
    fn span(&self, now: Timestamp) -> Done<Span> {
        let text = self.period.as_deref().unwrap_or("30d");
        let number = |suffix| text.strip_suffix(suffix).and_then(|number| number.parse::<u64>().ok());
        // Whole days, by the calendar: a day of 23 or 25 hours is one of them.
        let days = number('d').or_else(|| number('h').map(|hours| hours.div_ceil(24)));
        let days = days.filter(|days| (1..=3_660).contains(days)).ok_or_else(|| {
            Error::new(Kind::Invalid, format!("read the period `{text}`")).hint("name hours or days: 24h, 7d, 30d")
        })?;
        Ok(Span { start: days_from(now, days)?.start, end: days_from(now, 0)?.end })
    }
}

/// What a meter measured on each local day of a period.
#[utoipa::path(
    get, path = "/api/v1/smart-meters/{id}/analytics", tag = "analytics", operation_id = "meter_analytics",
    params(("id" = String, Path, description = "The meter's id"), PeriodParameters, KnownParameters),
    responses((status = 200, body = Listed<ConsumptionRow>), Problems)
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
    let question = Question::Consumption { span: period.span(as_of.then)?, point: Some(point) };
    asked(&server, &ctx, &as_of, question).await
}
