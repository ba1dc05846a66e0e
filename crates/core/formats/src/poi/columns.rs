//! The columns of a POI table: what each one measures and over which time. Names are those of its first line; units those of the
//! second, so that a column in another unit than is known is not read as if nothing had changed.

use metrify_domain::time::HOUR;
use metrify_domain::{Kind, Period, Quantity, Timestamp, Unit};

/// The time that a value holds over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// The moment of the row, or the mean of the ten minutes before it.
    Instant,
    /// The hour before the row.
    Hour,
    /// So many hours before the row. Such values come at some hours alone, so that none says nothing.
    Hours(i64),
    /// The day of UTC before that of the row, told at one hour of it \[verify\].
    PreviousDay,
}

impl Over {
    pub(super) const fn kind(self) -> Kind {
        match self {
            Self::Instant => Kind::Instant,
            Self::Hour | Self::Hours(_) | Self::PreviousDay => Kind::Interval,
        }
    }

    /// `None` beyond the calendar.
    pub(super) fn period(self, at: Timestamp) -> Option<Period> {
        match self {
            Self::Instant => Some(Period::instant(at)),
            Self::Hour => Period::interval(at.plus(-HOUR)?, at),
            Self::Hours(hours) => Period::interval(at.plus(-hours * HOUR)?, at),
            Self::PreviousDay => {
                let midnight = Timestamp::midnight(at.utc()?.date());
                Period::interval(midnight.plus(-24 * HOUR)?, midnight)
            }
        }
    }

    /// Whether an absent value is one that should be there.
    pub(super) const fn is_due(self) -> bool {
        matches!(self, Self::Instant | Self::Hour)
    }
}

/// What a column holds.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) quantity: &'static str,
    /// As the second line has it.
    pub(super) unit: &'static str,
    pub(super) over: Over,
}

const fn column(name: &'static str, quantity: &'static str, unit: &'static str, over: Over) -> Column {
    Column { name, quantity, unit, over }
}

/// Units as the second line writes them, with ours.
pub(super) const UNITS: [(&str, &str); 13] = [
    ("%", "%"),
    ("CODE_TABLE", "1"),
    ("Grad", "deg"),
    ("Grad C", "Cel"),
    ("W/m2", "W/m2"),
    ("cm", "cm"),
    ("h", "h"),
    ("hPa", "hPa"),
    ("km", "km"),
    ("km/h", "km/h"),
    ("m", "m"),
    ("min", "min"),
    ("mm", "mm"),
];

pub(super) fn unit(text: &str) -> Option<Unit> {
    UNITS.iter().find(|(name, _)| *name == text).and_then(|(_, unit)| Unit::new(unit))
}

use Over::{Hour, Hours, Instant, PreviousDay};

/// Each span has a channel of its own. The plain name is that of the hour, or of the twelve hours over which forecasts (`mosmix`)
/// tell the extremes of the temperature.
pub(super) const COLUMNS: &[Column] = &[
    column("cloud_cover_total", "cloud_cover", "%", Instant),
    column("daily_mean_of_temperature_previous_day", "air_temperature_mean_day", "Grad C", PreviousDay),
    column("depth_of_new_snow", "snow_depth_new", "cm", Instant),
    column("dew_point_temperature_at_2_meter_above_ground", "dew_point", "Grad C", Instant),
    column("diffuse_solar_radiation_last_hour", "diffuse_radiation", "W/m2", Hour),
    column("direct_solar_radiation_last_24_hours", "direct_radiation_24h", "W/m2", Hours(24)),
    column("direct_solar_radiation_last_hour", "direct_radiation", "W/m2", Hour),
    column("dry_bulb_temperature_at_2_meter_above_ground", "air_temperature", "Grad C", Instant),
    column("evaporation/evapotranspiration_last_24_hours", "evapotranspiration_24h", "mm", Hours(24)),
    column("global_radiation_last_hour", "global_radiation", "W/m2", Hour),
    column("global_radiation_past_24_hours", "global_radiation_24h", "W/m2", Hours(24)),
    column("height_of_base_of_lowest_cloud_above_station", "cloud_base", "m", Instant),
    column("horizontal_visibility", "visibility", "km", Instant),
    column("maximum_of_10_minutes_mean_of_wind_speed_for_previous_day", "wind_speed_max_day", "km/h", PreviousDay),
    column("maximum_of_temperature_for_previous_day", "air_temperature_max_day", "Grad C", PreviousDay),
    column("maximum_temperature_last_12_hours_2_meters_above_ground", "air_temperature_max", "Grad C", Hours(12)),
    column("maximum_wind_speed_as_10_minutes_mean_during_last_hour", "wind_speed_max", "km/h", Hour),
    column("maximum_wind_speed_during_last_6_hours", "wind_gust_6h", "km/h", Hours(6)),
    column("maximum_wind_speed_for_previous_day", "wind_gust_day", "km/h", PreviousDay),
    column("maximum_wind_speed_last_hour", "wind_gust", "km/h", Hour),
    column("mean_wind_direction_during_last_10 min_at_10_meters_above_ground", "wind_direction", "Grad", Instant),
    column("mean_wind_speed_during last_10_min_at_10_meters_above_ground", "wind_speed", "km/h", Instant),
    column(
        "minimum_of_temperature_at_5_cm_above_ground_for_previous_day",
        "air_temperature_ground_min_day",
        "Grad C",
        PreviousDay,
    ),
    column("minimum_of_temperature_for_previous_day", "air_temperature_min_day", "Grad C", PreviousDay),
    column("minimum_temperature_last_12_hours_2_meters_above_ground", "air_temperature_min", "Grad C", Hours(12)),
    column("minimum_temperature_last_12_hours_5_cm_above_ground", "air_temperature_ground_min", "Grad C", Hours(12)),
    // Codes of a table of DWD's own, not those of the WMO.
    column("past_weather_1", "weather_code_past_1.poi", "CODE_TABLE", Hours(6)),
    column("past_weather_2", "weather_code_past_2.poi", "CODE_TABLE", Hours(6)),
    column("precipitation_amount_last_24_hours", "precipitation_24h", "mm", Hours(24)),
    column("precipitation_amount_last_3_hours", "precipitation_3h", "mm", Hours(3)),
    column("precipitation_amount_last_6_hours", "precipitation_6h", "mm", Hours(6)),
    column("precipitation_amount_last_hour", "precipitation", "mm", Hour),
    column("precipitation_last_12_hours", "precipitation_12h", "mm", Hours(12)),
    column("present_weather", "weather_code.poi", "CODE_TABLE", Instant),
    column("pressure_reduced_to_mean_sea_level", "air_pressure_sea_level", "hPa", Instant),
    column("relative_humidity", "relative_humidity", "%", Instant),
    column("sea/water_temperature", "water_temperature", "Grad C", Instant),
    column("temperature_at_5_cm_above_ground", "air_temperature_ground", "Grad C", Instant),
    column("total_snow_depth", "snow_depth", "cm", Instant),
    column("total_time_of_sunshine_during_last_hour", "sunshine_duration", "min", Hour),
    column("total_time_of_sunshine_past_day", "sunshine_duration_day", "h", PreviousDay),
];

pub(super) fn known(name: &str) -> Option<&'static Column> {
    COLUMNS.iter().find(|column| column.name == name)
}

impl Column {
    pub(super) fn quantity(&self) -> Option<Quantity> {
        self.quantity.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, unit};

    #[test]
    fn every_column_has_a_quantity_and_a_known_unit_and_no_two_the_same_channel() {
        for column in COLUMNS {
            assert!(column.quantity().is_some() && unit(column.unit).is_some(), "{}", column.name);
        }
        for (index, column) in COLUMNS.iter().enumerate() {
            assert!(!COLUMNS[..index].iter().any(|other| other.quantity == column.quantity), "{}", column.name);
        }
    }
}
