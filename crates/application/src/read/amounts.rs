//! What adds up, and in which unit: one definition for every answer that sums or averages.
//!
//! No energy counts twice. Of what a point tells of a day in one direction (groups A to C of an OBIS code) and unit the load curve counts
//! rather than an advance, and the total rather than the tariffs that it holds already; where there are only tariffs, they are summed up.
//! Of electricity group B means nothing in the market: of several the lowest counts. Of hourly gas the final energy (B is 20) counts rather
//! than the provisional one.
//!
//! What must not be used (`faulty`) is counted, and adds to nothing.

use metrify_domain::unit::Dimension;
use metrify_domain::{Decimal, Unit};

/// Quantities of meters: OBIS codes have a colon, names of the grid and the weather have none.
const OF_METERS: &str = "quantity LIKE '%:%'";

/// Electricity that is drawn from the grid: group C of its OBIS codes is 1.
pub(super) const DRAWN: &str = "quantity LIKE '1-%:1.%'";

/// What was seen, be it that nothing was. What had not passed when it was told, nobody had missed: a forecast left it open, the first of whose
/// steps ends when it is issued.
pub(super) const OBSERVED: &str = "quality <> 'forecast' AND NOT (quality = 'missing' AND period_end >= recorded_at)";

/// What a quantity counts as, the first counting most: a load curve, its tariffs, a total, its tariffs; of each by group B, of which there
/// are 256 values.
const PLACE: &str = "CASE WHEN quantity LIKE '%.29.0' THEN 0 WHEN quantity LIKE '%.29.%' THEN 1000 \
                     WHEN quantity LIKE '%.0' THEN 2000 ELSE 3000 END \
                     + CASE WHEN quantity LIKE '1-%' THEN coalesce(TRY_CAST(split_part(split_part(quantity, '-', 2), ':', 1) AS INT), 0) \
                     WHEN quantity LIKE '7-20:%' THEN 0 ELSE 1 END";

/// In what direction which medium flows.
const DIRECTION: &str = "CASE WHEN quantity LIKE '1-%' THEN '1:' || split_part(split_part(quantity, ':', 2), '.', 1) \
                         WHEN quantity LIKE '7-%:99.33.17' THEN '7:99.33.17' ELSE split_part(quantity, '.', 1) END";

/// The unit that the trade counts in, of each dimension in which meters tell amounts.
const COUNTED_IN: [(Dimension, Unit); 4] = [
    (Dimension::ActiveEnergy, Unit::literal("kWh")),
    (Dimension::ReactiveEnergy, Unit::literal("kvarh")),
    (Dimension::ApparentEnergy, Unit::literal("kVAh")),
    (Dimension::Volume, Unit::literal("m3")),
];

/// The amounts of meters that add up, as a query: a row for each point, day, quantity and unit, in the units of the trade. `rule` chooses
/// among the columns of `readings_daily`, but no quantities of one direction without the others.
pub(super) fn amounts(rule: &str) -> String {
    let [unit, factor] = units();
    let [missing, faulty] = ["missing", "faulty"].map(|quality| counted(quality, "readings"));
    let [total, minimum, maximum] = ["\"sum\"", "minimum", "maximum"].map(usable);
    format!(
        "SELECT day, point, quantity, unit, readings, missing, faulty, total, minimum, maximum FROM (\
         SELECT *, min(CASE WHEN total IS NOT NULL THEN place END) \
         OVER (PARTITION BY point, day, unit, {DIRECTION}) AS best FROM (\
         SELECT day, point, quantity, {unit} AS unit, readings, {missing} AS missing, {faulty} AS faulty, \
         {total} * {factor} AS total, {minimum} * {factor} AS minimum, {maximum} * {factor} AS maximum, {PLACE} AS place \
         FROM readings_daily WHERE kind = 'interval' AND {OF_METERS} AND {rule})) WHERE best IS NULL OR place <= best"
    )
}

/// A column of values, without those that must not be used.
pub(super) fn usable(values: &str) -> String {
    format!("CASE WHEN quality <> 'faulty' THEN {values} END")
}

/// How many readings of a quality there are, by a column that says how many a row stands for.
pub(super) fn counted(quality: &str, readings: &str) -> String {
    format!("CASE WHEN quality = '{quality}' THEN {readings} ELSE 0 END")
}

/// In which unit an amount counts, and times what: its own where it does not convert exactly into that of the trade, such as joule.
fn units() -> [String; 2] {
    let (mut unit, mut factor) = ("CASE unit".to_owned(), "CASE unit".to_owned());
    for (dimension, counted) in COUNTED_IN {
        for other in Unit::all_of(dimension).filter(|other| *other != counted) {
            if let Some(times) = other.convert(Decimal::from(1), &counted) {
                unit.push_str(&format!(" WHEN '{other}' THEN '{counted}'"));
                factor.push_str(&format!(" WHEN '{other}' THEN {times}"));
            }
        }
    }
    [unit + " ELSE unit END", factor + " ELSE 1 END"]
}

/// Air temperatures that were observed at an instant or over a time, in degrees Celsius, as a query. What must not be used counts for nothing.
pub(super) fn air_temperatures(rule: &str) -> String {
    format!(
        "SELECT local_day(period_start) AS day, CASE unit WHEN 'K' THEN value - 273.15 ELSE value END AS cel FROM readings \
         WHERE quantity = 'air_temperature' AND unit IN ('Cel', 'K') AND quality NOT IN ('missing', 'faulty') \
         AND {OBSERVED} AND {rule}"
    )
}

/// The mean of a column of values, rounded to the twelve places that values have, halves away from zero: the engine cuts quotients off
/// behind the sixteenth, and rounds where it casts.
pub(super) fn mean(column: &str) -> String {
    format!("CAST(sum({column}) / count({column}) AS DECIMAL(38, 12))")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_count_in_the_units_of_the_trade_where_they_convert_exactly() {
        let [unit, factor] = units();
        assert_eq!(
            unit,
            "CASE unit WHEN 'Wh' THEN 'kWh' WHEN 'MWh' THEN 'kWh' WHEN 'GWh' THEN 'kWh' WHEN 'varh' THEN 'kvarh' \
             WHEN 'Mvarh' THEN 'kvarh' WHEN 'VAh' THEN 'kVAh' WHEN 'l' THEN 'm3' ELSE unit END"
        );
        assert_eq!(
            factor,
            "CASE unit WHEN 'Wh' THEN 0.001 WHEN 'MWh' THEN 1000 WHEN 'GWh' THEN 1000000 WHEN 'varh' THEN 0.001 \
             WHEN 'Mvarh' THEN 1000 WHEN 'VAh' THEN 0.001 WHEN 'l' THEN 0.001 ELSE 1 END"
        );
    }
}
