//! The parameters of Bright Sky's records: what each one measures, in which unit, and over which time. Units stay as they come.
//!
//! After the description of the interface (`/weather`, `/current_weather`, `/synop`). A sum or an extreme over a span is an
//! interval that ends at the record's time, everything else an instant; means of the wind are instants, as in DWD's own tables.
//! The records of `/current_weather` and `/synop` follow each other more often than some of their spans are long, and one channel
//! must not hold overlapping amounts: their amounts carry the minutes in their names.

use metrify_domain::time::{HOUR, MINUTE};
use metrify_domain::{Kind, Period, Quantity, Timestamp, Unit};

use crate::page::Table;

/// In which units a reply is: the caller asks for one of the two, and the reply does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum System {
    /// Those of DWD's tables, the default.
    Dwd,
    /// `units=si`.
    Si,
}

impl System {
    /// As the parameter `units` of a request has it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Dwd => "dwd",
            Self::Si => "si",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Dwd, Self::Si].into_iter().find(|system| system.name() == name)
    }
}

/// A parameter.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) quantity: Quantity,
    dwd: &'static str,
    si: &'static str,
    /// Microseconds before the record's time; 0 for an instant.
    span: i64,
}

impl Column {
    pub(super) const fn unit(&self, system: System) -> Unit {
        Unit::literal(match system {
            System::Dwd => self.dwd,
            System::Si => self.si,
        })
    }

    /// Whether the unit depends on what was asked for.
    pub(super) fn differs(&self) -> bool {
        self.dwd != self.si
    }

    pub(super) const fn kind(&self) -> Kind {
        if self.span == 0 { Kind::Instant } else { Kind::Interval }
    }

    /// `None` where time does not reach so far back.
    pub(super) fn period(&self, at: Timestamp) -> Option<Period> {
        if self.span == 0 { Some(Period::instant(at)) } else { Period::interval(at.plus(-self.span)?, at) }
    }

    /// Whether every record is to have a value: that of six hours is told at every sixth hour alone.
    pub(super) const fn is_due(&self, at: Timestamp) -> bool {
        const SIX_HOURS: i64 = 6 * HOUR;
        self.span != SIX_HOURS || at.micros() % SIX_HOURS == 0
    }
}

/// The column of this name, with its place in the table.
pub(super) fn column(name: &str) -> Option<(usize, &'static Column)> {
    COLUMNS.iter().enumerate().find(|(_, column)| column.name == name)
}

/// Members of a record that are no measured values: words made from the others, and what is read apart.
pub(super) const OTHERS: [&str; 5] = ["timestamp", "source_id", "condition", "icon", "fallback_source_ids"];

const fn instant(name: &'static str, quantity: &'static str, [dwd, si]: [&'static str; 2]) -> Column {
    Column { name, quantity: Quantity::named(quantity), dwd, si, span: 0 }
}

const fn over(span: i64, name: &'static str, quantity: &'static str, [dwd, si]: [&'static str; 2]) -> Column {
    Column { name, quantity: Quantity::named(quantity), dwd, si, span }
}

const TEMPERATURE: [&str; 2] = ["Cel", "K"];
const SPEED: [&str; 2] = ["km/h", "m/s"];
const DIRECTION: [&str; 2] = ["deg", "deg"];
const RATIO: [&str; 2] = ["%", "%"];
const WATER: [&str; 2] = ["mm", "kg/m2"];
const IRRADIATION: [&str; 2] = ["kWh/m2", "J/m2"];
const DURATION: [&str; 2] = ["min", "s"];
/// The half-hour of `/current_weather`.
const HALF: i64 = 30 * MINUTE;
const TEN: i64 = 10 * MINUTE;

#[rustfmt::skip] // A table is read by its columns.
pub(super) const COLUMNS: &[Column] = &[
    instant("temperature", "air_temperature", TEMPERATURE),
    instant("dew_point", "dew_point", TEMPERATURE),
    instant("pressure_msl", "air_pressure_sea_level", ["hPa", "Pa"]),
    instant("relative_humidity", "relative_humidity", RATIO),
    instant("cloud_cover", "cloud_cover", RATIO),
    instant("visibility", "visibility", ["m", "m"]),
    // /weather: the hour that ends at the record's time.
    over(HOUR, "precipitation", "precipitation", WATER),
    over(HOUR, "solar", "global_radiation", IRRADIATION),
    over(HOUR, "sunshine", "sunshine_duration", DURATION),
    instant("wind_direction", "wind_direction", DIRECTION),
    instant("wind_speed", "wind_speed", SPEED),
    over(HOUR, "wind_gust_direction", "wind_gust_direction", DIRECTION),
    over(HOUR, "wind_gust_speed", "wind_gust", SPEED),
    over(HOUR, "precipitation_probability", "precipitation_over_0_1mm_1h.probability", RATIO),
    over(6 * HOUR, "precipitation_probability_6h", "precipitation_over_0_2mm_6h.probability", RATIO),
    // /current_weather and /synop.
    over(TEN, "precipitation_10", "precipitation_10min", WATER),
    over(HALF, "precipitation_30", "precipitation_30min", WATER),
    over(HOUR, "precipitation_60", "precipitation_60min", WATER),
    over(TEN, "solar_10", "global_radiation_10min", IRRADIATION),
    over(HALF, "solar_30", "global_radiation_30min", IRRADIATION),
    over(HOUR, "solar_60", "global_radiation_60min", IRRADIATION),
    over(TEN, "sunshine_10", "sunshine_duration_10min", DURATION),
    over(HALF, "sunshine_30", "sunshine_duration_30min", DURATION),
    over(HOUR, "sunshine_60", "sunshine_duration_60min", DURATION),
    instant("wind_direction_10", "wind_direction", DIRECTION),
    instant("wind_direction_30", "wind_direction_30min", DIRECTION),
    instant("wind_direction_60", "wind_direction_60min", DIRECTION),
    instant("wind_speed_10", "wind_speed", SPEED),
    instant("wind_speed_30", "wind_speed_30min", SPEED),
    instant("wind_speed_60", "wind_speed_60min", SPEED),
    over(TEN, "wind_gust_direction_10", "wind_gust_direction_10min", DIRECTION),
    over(HALF, "wind_gust_direction_30", "wind_gust_direction_30min", DIRECTION),
    over(HOUR, "wind_gust_direction_60", "wind_gust_direction_60min", DIRECTION),
    over(TEN, "wind_gust_speed_10", "wind_gust_10min", SPEED),
    over(HALF, "wind_gust_speed_30", "wind_gust_30min", SPEED),
    over(HOUR, "wind_gust_speed_60", "wind_gust_60min", SPEED),
];

pub(super) fn table() -> Table {
    let rows = COLUMNS.iter().map(|column| {
        let over = match column.span / MINUTE {
            0 => "instant".to_owned(),
            minutes => format!("{minutes} min before"),
        };
        let [dwd, si] = [System::Dwd, System::Si].map(|system| format!("`{}`", column.unit(system)));
        vec![format!("`{}`", column.name), format!("`{}`", column.quantity), dwd, si, over]
    });
    Table {
        name: "columns",
        columns: &["parameter", "quantity", "unit", "with `units=si`", "over"],
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::COLUMNS;
    use metrify_domain::Quantity;

    #[test]
    fn every_column_has_one_row_and_a_valid_quantity() {
        let mut names: Vec<_> = COLUMNS.iter().map(|column| column.name).collect();
        for column in COLUMNS {
            assert_eq!(column.quantity.to_string().parse::<Quantity>(), Ok(column.quantity));
        }
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }
}
