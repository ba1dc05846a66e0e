//! What analytics tell.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::schema::Exact;

/// What there is in a span, and which span was looked at.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Within<T> {
    /// A local day where days are looked at, else an instant.
    #[schema(example = "2026-01-01")]
    pub start: String,
    /// Not within.
    #[schema(example = "2026-02-01")]
    pub end: String,
    pub results: Vec<T>,
    /// The cursor of the next page; `null` on the last.
    pub next: Option<String>,
    /// Says so where nothing was found.
    pub note: Option<String>,
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

/// What was measured on a local day. Rows of one unit and direction add up: of what a point tells of one time by several readings one counts,
/// of those that cover most of the day, the load curve rather than an advance, and the total rather than the tariffs that it holds already.
/// What is in no amount is counted, each reading once. A period counts on the day on which it begins.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ConsumptionRow {
    #[schema(format = Date)]
    pub day: String,
    /// An OBIS code; group C says whether it was drawn (1) or fed in (2).
    pub quantity: String,
    /// kWh, kvarh, kVAh or m3 whatever the readings came in, where it converts exactly.
    pub unit: Option<String>,
    pub points: u64,
    pub readings: u64,
    pub missing: u64,
    /// Readings that must not be used.
    pub faulty: u64,
    /// Forecasts, and proposals that nobody made a substitute of.
    pub unmeasured: u64,
    /// Readings of a time that others tell of already, which count.
    pub overlapping: u64,
    /// Readings of a time that is longer than a day: nobody knows how much of it was on which.
    pub overlong: u64,
    /// Readings of more than 10^12, which nobody measures.
    pub too_large: u64,
    /// Exact; `null` where none counts.
    #[schema(value_type = Option<Exact>, inline)]
    pub total: Option<Box<RawValue>>,
    #[schema(value_type = Option<Exact>, inline)]
    pub minimum: Option<Box<RawValue>>,
    #[schema(value_type = Option<Exact>, inline)]
    pub maximum: Option<Box<RawValue>>,
}

/// Consumption of a day beside its air temperature: a day that has both.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct WeatherImpactRow {
    #[schema(format = Date)]
    pub day: String,
    /// Electricity that was drawn, none of it counted twice.
    #[schema(value_type = Option<Exact>, inline)]
    pub consumption_kwh: Option<Box<RawValue>>,
    /// Readings of it that are in no consumption: missing, faulty, not measured, longer than a day, or larger than anything that is.
    pub left_out: u64,
    /// The mean of all that was observed at all stations, rounded to twelve places, halves away from zero; forecasts do not count.
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
    #[schema(format = Date)]
    pub day: String,
    pub deliveries: u64,
    pub received: u64,
    pub stored: u64,
    pub corrections: u64,
    pub rejected: u64,
    pub findings: u64,
    pub readings: u64,
    pub points: u64,
}
