//! What answers that sum or average are made of: electricity that is drawn, what was observed, and what may be used.
//!
//! Which amounts add up is told by the table `amounts_daily` (`metrify_domain::amount`).

/// Electricity that is drawn from the grid: group C of its OBIS codes is 1.
pub(super) const DRAWN: &str = "quantity LIKE '1-%:1.%'";

/// What was seen, be it that nothing was. What had not passed when it was told, nobody had missed: a forecast left it open, the first of whose
/// steps ends when it is issued.
pub(super) const OBSERVED: &str = "quality <> 'forecast' AND NOT (quality = 'missing' AND period_end >= recorded_at)";

/// A column of values, without those that must not be used.
pub(super) fn usable(values: &str) -> String {
    format!("CASE WHEN quality <> 'faulty' THEN {values} END")
}

/// One for each reading of a quality.
pub(super) fn counted(quality: &str) -> String {
    format!("CASE WHEN quality = '{quality}' THEN 1 ELSE 0 END")
}

/// Air temperatures that were observed at an instant or over a time, in degrees Celsius, as a query. What must not be used counts for nothing,
/// nor does what no air has: a mean of it may have no place.
pub(super) fn air_temperatures(rule: &str) -> String {
    format!(
        "SELECT local_day(period_start) AS day, CASE unit WHEN 'K' THEN value - 273.15 ELSE value END AS cel FROM readings \
         WHERE quantity = 'air_temperature' AND unit IN ('Cel', 'K') AND quality NOT IN ('missing', 'faulty') \
         AND value BETWEEN -1000 AND 1000 AND {OBSERVED} AND {rule}"
    )
}

/// The mean of a column of values, rounded to the twelve places that values have, halves away from zero: the engine cuts quotients off
/// behind the sixteenth, and rounds where it casts.
pub(super) fn mean(column: &str) -> String {
    format!("CAST(sum({column}) / count({column}) AS DECIMAL(38, 12))")
}
