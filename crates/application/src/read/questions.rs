//! Questions that are asked so often that they have a name: each is one query over the tables of the tenant, and its answer is
//! computed from what is there, never a constant.

use metrify_domain::{Point, Timestamp};
use metrify_governance::{Act, Action, Resource};

use crate::app::App;
use crate::context::Context;
use crate::error::Result;
use crate::ports::{Pages, Query};
use crate::read::amounts::{DRAWN, air_temperatures, mean};
use crate::read::series::{instant, literal};
use crate::read::{Inquiry, answer};

/// A span of local days or of instants; half-open.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub start: Timestamp,
    pub end: Timestamp,
}

/// What can be asked by name.
#[derive(Clone, Debug)]
pub enum Question {
    /// The last reading of each quantity of an area, and its traffic light.
    GridStatus { area: Point },
    /// How much of everything there is.
    Overview,
    /// What meters measured on each local day, by quantity: interval amounts summed up, no energy twice.
    Consumption { span: Span, point: Option<Point> },
    /// Consumption of electricity on a local day beside the air temperature that was observed on it.
    WeatherImpact { span: Span },
    /// What the checks found, newest first: behind a place among those of an instant, so many. The last column is the place of each.
    Anomalies { span: Span, behind: Option<(Timestamp, String)>, limit: u64 },
    /// Readings by quantity and quality.
    DataQuality { span: Span },
    /// What was received and found on one local day.
    DailyReport { span: Span },
}

/// What tells findings of one instant apart: their order is the same whenever it is asked for. A digest, since it goes into cursors; of
/// those that say the same each has a number.
const PLACE: &str = "encode(sha256(concat_ws(' ', rule, delivery, point, quantity, CAST(period_start AS VARCHAR), \
                     CAST(period_end AS VARCHAR), reason, position)), 'hex')";

/// Asks a question, as of an instant where one is named, and hands its answer on page by page.
///
/// # Errors
/// Where it is denied, or the store cannot be read.
pub async fn ask(
    app: &App,
    ctx: &Context,
    question: &Question,
    known_at: Option<Timestamp>,
    pages: &mut Pages<'_>,
) -> Result<()> {
    let sql = question.query();
    answer(app, ctx, question.act(ctx), Inquiry::Query(Query { sql: &sql, known_at }), pages).await
}

impl Question {
    fn act(&self, ctx: &Context) -> Act {
        let (resource, subject) = match self {
            Self::GridStatus { area } => (Resource::GridOperators, Some(area.to_string())),
            Self::Consumption { point, .. } => (Resource::Readings, point.as_ref().map(ToString::to_string)),
            Self::Overview
            | Self::WeatherImpact { .. }
            | Self::Anomalies { .. }
            | Self::DataQuality { .. }
            | Self::DailyReport { .. } => (Resource::Readings, None),
        };
        ctx.act(Action::Read, resource, subject)
    }

    fn query(&self) -> String {
        match self {
            Self::GridStatus { area } => grid_status(area),
            Self::Overview => OVERVIEW.to_owned(),
            Self::Consumption { span, point } => consumption(*span, point.as_ref()),
            Self::WeatherImpact { span } => weather_impact(*span),
            Self::Anomalies { span, behind, limit } => anomalies(*span, behind.as_ref(), *limit),
            Self::DataQuality { span } => format!(
                "SELECT quantity, quality, count(*) AS readings, count(DISTINCT point) AS points FROM readings \
                 WHERE {} GROUP BY 1, 2 ORDER BY 1, 2",
                within(*span)
            ),
            Self::DailyReport { span } => daily_report(*span),
        }
    }
}

// Readings are gone through once for all that is asked of them.
const OVERVIEW: &str = "SELECT \
    readings.readings, \
    (SELECT count(*) FROM readings_latest) AS channels, \
    (SELECT count(*) FROM points) AS points, \
    (SELECT count(*) FROM meters) AS meters, \
    (SELECT count(*) FROM deliveries) AS deliveries, \
    (SELECT count(*) FROM findings) AS findings, \
    (SELECT count(*) FROM rejects WHERE state = 'open') AS open_rejects, \
    readings.first_at, \
    readings.last_at \
    FROM (SELECT count(*) AS readings, min(period_start) AS first_at, max(period_end) AS last_at FROM readings) readings";

fn within(Span { start, end }: Span) -> String {
    format!("period_start >= {} AND period_start < {}", instant(start), instant(end))
}

/// The local days of a span, as tables of days name them.
fn days(Span { start, end }: Span) -> String {
    let (start, end) = (instant(start), instant(end));
    format!("day >= local_day({start}) AND day < local_day({end})")
}

fn grid_status(area: &Point) -> String {
    let area = literal(area.as_str());
    format!(
        "SELECT quantity, period_start, period_end, value, unit, quality, NULL AS status \
         FROM readings_latest WHERE point = {area} \
         UNION ALL SELECT * FROM (SELECT 'traffic_light' AS quantity, period_start, period_end, NULL AS value, NULL AS unit, \
         NULL AS quality, status FROM grid_status WHERE area = {area} \
         ORDER BY period_start DESC, recorded_at DESC, record LIMIT 1) ORDER BY 1"
    )
}

fn consumption(span: Span, point: Option<&Point>) -> String {
    let of = point.map(|point| format!(" AND point = {}", literal(point.as_str()))).unwrap_or_default();
    format!(
        "SELECT day, quantity, unit, count(DISTINCT point) AS points, sum(readings) AS readings, sum(missing) AS missing, sum(faulty) AS faulty, \
         sum(unmeasured) AS unmeasured, sum(overlapping) AS overlapping, sum(overlong) AS overlong, sum(too_large) AS too_large, \
         sum(total) AS total, min(minimum) AS minimum, max(maximum) AS maximum FROM amounts_daily WHERE {}{of} \
         GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        days(span)
    )
}

fn weather_impact(span: Span) -> String {
    let (days, air, mean) = (days(span), air_temperatures(&within(span)), mean("cel"));
    format!(
        "WITH drawn AS (SELECT day, sum(total) AS total, sum(missing + faulty + unmeasured + overlong + too_large) AS left_out \
         FROM amounts_daily WHERE {DRAWN} AND {days} AND unit = 'kWh' GROUP BY 1), \
         air AS (SELECT day, {mean} AS mean FROM ({air}) GROUP BY 1) \
         SELECT drawn.day AS day, drawn.total AS consumption_kwh, drawn.left_out AS left_out, air.mean AS air_temperature_cel, \
         corr(CAST(drawn.total AS DOUBLE), CAST(air.mean AS DOUBLE)) OVER (ORDER BY drawn.day \
         ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS correlation \
         FROM drawn JOIN air ON drawn.day = air.day ORDER BY 1"
    )
}

fn anomalies(Span { start, end }: Span, behind: Option<&(Timestamp, String)>, limit: u64) -> String {
    let rule = |(at, place): &(Timestamp, String)| {
        let (at, place) = (instant(*at), literal(place));
        format!("WHERE found_at < {at} OR found_at = {at} AND place > {place}")
    };
    let behind = behind.map(rule).unwrap_or_default();
    let (start, end) = (instant(start), instant(end));
    format!(
        "SELECT rule, severity, point, quantity, period_start, period_end, reason, found_at, delivery, place \
         FROM (SELECT *, said || lpad(CAST(row_number() OVER (PARTITION BY found_at, said) AS VARCHAR), 9, '0') AS place \
         FROM (SELECT *, {PLACE} AS said FROM findings WHERE found_at >= {start} AND found_at < {end})) {behind} \
         ORDER BY found_at DESC, place LIMIT {limit}"
    )
}

fn daily_report(span: Span) -> String {
    let (start, end) = (instant(span.start), instant(span.end));
    let received = format!("received_at >= {start} AND received_at < {end}");
    let within = within(span);
    format!(
        "SELECT local_day({start}) AS day, (SELECT count(*) FROM deliveries WHERE {received}) AS deliveries, \
         (SELECT coalesce(sum(received), 0) FROM deliveries WHERE {received}) AS received, \
         (SELECT coalesce(sum(stored), 0) FROM deliveries WHERE {received}) AS stored, \
         (SELECT coalesce(sum(corrections), 0) FROM deliveries WHERE {received}) AS corrections, \
         (SELECT coalesce(sum(rejected), 0) FROM deliveries WHERE {received}) AS rejected, \
         (SELECT count(*) FROM findings WHERE found_at >= {start} AND found_at < {end}) AS findings, \
         (SELECT count(*) FROM readings WHERE {within}) AS readings, \
         (SELECT count(DISTINCT point) FROM readings WHERE {within}) AS points"
    )
}
