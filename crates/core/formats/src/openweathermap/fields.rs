//! The fields of OpenWeatherMap's replies: what each one measures, in which unit, and over which time.
//!
//! After the service's own descriptions (current weather, 5 day and 16 day forecast, One Call 3.0, air pollution). Rain and snow
//! of `1h` and `3h` are those of the time before; that the hours of a forecast end at its `dt` too, the service does not say
//! \[verify\]. Replies about now follow each other more often than once an hour, and one channel must not hold overlapping
//! amounts: their amounts carry the minutes in their names. Values of a day have `_day` in theirs.

use metrify_domain::time::HOUR;
use metrify_domain::{Quantity, Unit};

use super::units::System;
use crate::dates::shown;
use crate::json::{Object, Value};
use crate::page::Table;
use Measure::{Speed, Temperature};
use Over::{Day, Hour, Instant};

/// What a field measures, as far as its unit depends on what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    Temperature,
    Speed,
    /// The same whatever was asked for.
    In(&'static str),
}

/// The time that a value holds over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    Instant,
    /// Microseconds before its time.
    Before(i64),
    /// The local day of its time.
    Day,
    /// The moment of this hour on the clock of its day.
    Hour(i64),
}

/// A number in a step.
#[derive(Debug)]
pub(super) struct Field {
    /// The keys that lead to it, with points between them.
    pub(super) path: &'static str,
    pub(super) quantity: Quantity,
    pub(super) measure: Measure,
    pub(super) over: Over,
}

impl Field {
    pub(super) const fn unit(&self, system: System) -> Unit {
        match self.measure {
            Temperature => system.temperature(),
            Speed => system.speed(),
            Measure::In(unit) => Unit::literal(unit),
        }
    }
}

/// A kind of step: its name in the page, its fields, and its members that are no values.
#[derive(Debug)]
pub(super) struct Shape {
    name: &'static str,
    fields: &'static [&'static [Field]],
    others: &'static [&'static str],
}

/// A member of a step, with its field where it is one. The name is that of an unknown one.
pub(super) enum Member<'a> {
    Known(&'static Field, Value<'a>),
    Unknown(String),
}

/// Deepest object of a step that holds values.
const DEPTH_MAX: usize = 3;

impl Shape {
    fn fields(&self) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().copied().flatten()
    }

    /// Calls `each` for the values of a step. A null says nothing.
    pub(super) fn members<'a>(&self, step: Object<'a>, mut each: impl FnMut(Member<'a>)) {
        self.walk(step, &mut String::new(), DEPTH_MAX, &mut each);
    }

    fn walk<'a>(&self, object: Object<'a>, path: &mut String, depth: usize, each: &mut dyn FnMut(Member<'a>)) {
        let length = path.len();
        for (key, value) in object.members() {
            if length > 0 {
                path.push('.');
            }
            path.push_str(&key.read());
            match (self.fields().find(|field| field.path == path.as_str()), value) {
                (_, Value::Null) => {}
                (Some(field), value) => each(Member::Known(field, value)),
                (None, _) if self.others.contains(&path.as_str()) => {}
                (None, Value::Object(inner)) if depth > 1 => self.walk(inner, path, depth - 1, each),
                (None, _) => each(Member::Unknown(shown(path))),
            }
            path.truncate(length);
        }
    }
}

const fn field(path: &'static str, quantity: &'static str, measure: Measure, over: Over) -> Field {
    Field { path, quantity: Quantity::named(quantity), measure, over }
}

const HPA: Measure = Measure::In("hPa");
const PERCENT: Measure = Measure::In("%");
const RATIO: Measure = Measure::In("1");
const DEGREE: Measure = Measure::In("deg");
const METRE: Measure = Measure::In("m");
const MM: Measure = Measure::In("mm");
const MICROGRAM: Measure = Measure::In("ug/m3");
const ONE_HOUR: Over = Over::Before(HOUR);
const THREE_HOURS: Over = Over::Before(3 * HOUR);

/// What the weather of a city has in common, now and in the future.
#[rustfmt::skip] // A table is read by its columns.
const CITY: &[Field] = &[
    field("main.temp", "air_temperature", Temperature, Instant),
    field("main.feels_like", "apparent_temperature", Temperature, Instant),
    // Over the area of a large city, at one moment.
    field("main.temp_min", "air_temperature_area_min", Temperature, Instant),
    field("main.temp_max", "air_temperature_area_max", Temperature, Instant),
    field("main.pressure", "air_pressure_sea_level", HPA, Instant),
    field("main.grnd_level", "air_pressure", HPA, Instant),
    field("main.humidity", "relative_humidity", PERCENT, Instant),
    field("visibility", "visibility", METRE, Instant),
    field("wind.speed", "wind_speed", Speed, Instant),
    field("wind.deg", "wind_direction", DEGREE, Instant),
    field("wind.gust", "wind_gust", Speed, Instant),
    field("clouds.all", "cloud_cover", PERCENT, Instant),
];

/// What the hours of One Call have in common with a moment.
#[rustfmt::skip] // A table is read by its columns.
const SKY: &[Field] = &[
    field("temp", "air_temperature", Temperature, Instant),
    field("feels_like", "apparent_temperature", Temperature, Instant),
    field("dew_point", "dew_point", Temperature, Instant),
    field("pressure", "air_pressure_sea_level", HPA, Instant),
    field("humidity", "relative_humidity", PERCENT, Instant),
    field("uvi", "uv_index", RATIO, Instant),
    field("clouds", "cloud_cover", PERCENT, Instant),
    field("visibility", "visibility", METRE, Instant),
    field("wind_speed", "wind_speed", Speed, Instant),
    field("wind_deg", "wind_direction", DEGREE, Instant),
    field("wind_gust", "wind_gust", Speed, Instant),
];

/// Amounts before a moment that is not one of a series.
#[rustfmt::skip] // A table is read by its columns.
const AMOUNTS_BEFORE: &[Field] = &[
    field("rain.1h", "precipitation_liquid_60min", MM, ONE_HOUR),
    field("rain.3h", "precipitation_liquid_180min", MM, THREE_HOURS),
    field("snow.1h", "snowfall_60min", MM, ONE_HOUR),
    field("snow.3h", "snowfall_180min", MM, THREE_HOURS),
];

/// Amounts of the steps of a series.
#[rustfmt::skip] // A table is read by its columns.
const AMOUNTS: &[Field] = &[
    field("rain.1h", "precipitation_liquid", MM, ONE_HOUR),
    field("rain.3h", "precipitation_liquid_3h", MM, THREE_HOURS),
    field("snow.1h", "snowfall", MM, ONE_HOUR),
    field("snow.3h", "snowfall_3h", MM, THREE_HOURS),
];

const CHANCE_1H: &[Field] = &[field("pop", "precipitation_1h.probability", RATIO, ONE_HOUR)];
const CHANCE_3H: &[Field] = &[field("pop", "precipitation_3h.probability", RATIO, THREE_HOURS)];

/// `/data/2.5/weather`, and the places of its groups.
pub(super) static CURRENT: Shape = Shape { name: "current", fields: &[CITY, AMOUNTS_BEFORE], others: CITY_OTHERS };

/// `/data/2.5/forecast`: a step every three hours.
pub(super) static FORECAST: Shape =
    Shape { name: "forecast", fields: &[CITY, CHANCE_3H, AMOUNTS], others: CITY_OTHERS };

/// `/data/2.5/forecast/hourly`.
pub(super) static FORECAST_HOURLY: Shape =
    Shape { name: "forecast_hourly", fields: &[CITY, CHANCE_1H, AMOUNTS], others: CITY_OTHERS };

/// `sea_level` repeats `pressure`; `temp_kf` is the service's own.
const CITY_OTHERS: &[&str] = &[
    "coord",
    "weather",
    "base",
    "dt",
    "dt_txt",
    "sys",
    "timezone",
    "id",
    "name",
    "cod",
    "main.sea_level",
    "main.temp_kf",
];

/// One Call 3.0 `current`, and `data` of a moment in the past or the near future (timemachine).
pub(super) static MOMENT: Shape = Shape { name: "moment", fields: &[SKY, AMOUNTS_BEFORE], others: SKY_OTHERS };

/// One Call 3.0 `hourly`.
pub(super) static HOURLY: Shape = Shape { name: "hourly", fields: &[SKY, CHANCE_1H, AMOUNTS], others: SKY_OTHERS };

const SKY_OTHERS: &[&str] =
    &["dt", "weather", "sunrise", "sunset", "moonrise", "moonset", "moon_phase", "summary", "temp_kf"];

/// One Call 3.0 `minutely`.
pub(super) static MINUTELY: Shape = Shape {
    name: "minutely",
    fields: &[&[field("precipitation", "precipitation_rate", Measure::In("mm/h"), Instant)]],
    others: SKY_OTHERS,
};

#[rustfmt::skip] // A table is read by its columns.
const DAILY_FIELDS: &[Field] = &[
    field("temp.min", "air_temperature_day_min", Temperature, Day),
    field("temp.max", "air_temperature_day_max", Temperature, Day),
    // The service does not say which hours it means.
    field("temp.morn", "air_temperature_morning", Temperature, Day),
    field("temp.day", "air_temperature_noon", Temperature, Day),
    field("temp.eve", "air_temperature_evening", Temperature, Day),
    field("temp.night", "air_temperature_night", Temperature, Day),
    field("feels_like.morn", "apparent_temperature_morning", Temperature, Day),
    field("feels_like.day", "apparent_temperature_noon", Temperature, Day),
    field("feels_like.eve", "apparent_temperature_evening", Temperature, Day),
    field("feels_like.night", "apparent_temperature_night", Temperature, Day),
    field("dew_point", "dew_point_day", Temperature, Day),
    field("pressure", "air_pressure_sea_level_day", HPA, Day),
    field("humidity", "relative_humidity_day", PERCENT, Day),
    field("uvi", "uv_index_day_max", RATIO, Day),
    field("clouds", "cloud_cover_day", PERCENT, Day),
    field("wind_speed", "wind_speed_day", Speed, Day),
    field("wind_deg", "wind_direction_day", DEGREE, Day),
    field("wind_gust", "wind_gust_day", Speed, Day),
    field("speed", "wind_speed_day", Speed, Day),
    field("deg", "wind_direction_day", DEGREE, Day),
    field("gust", "wind_gust_day", Speed, Day),
    field("pop", "precipitation_day.probability", RATIO, Day),
    field("rain", "precipitation_liquid_day", MM, Day),
    field("snow", "snowfall_day", MM, Day),
];

/// One Call 3.0 `daily`, and the steps of the 16 day forecast, which shorten the wind.
pub(super) static DAILY: Shape = Shape { name: "daily", fields: &[DAILY_FIELDS], others: SKY_OTHERS };

#[rustfmt::skip] // A table is read by its columns.
const SUMMARY_FIELDS: &[Field] = &[
    field("temperature.min", "air_temperature_day_min", Temperature, Day),
    field("temperature.max", "air_temperature_day_max", Temperature, Day),
    field("temperature.night", "air_temperature", Temperature, Hour(0)),
    field("temperature.morning", "air_temperature", Temperature, Hour(6)),
    field("temperature.afternoon", "air_temperature", Temperature, Hour(12)),
    field("temperature.evening", "air_temperature", Temperature, Hour(18)),
    field("cloud_cover.afternoon", "cloud_cover", PERCENT, Hour(12)),
    field("humidity.afternoon", "relative_humidity", PERCENT, Hour(12)),
    field("pressure.afternoon", "air_pressure_sea_level", HPA, Hour(12)),
    field("precipitation.total", "precipitation_day", MM, Day),
    field("wind.max.speed", "wind_speed_day_max", Speed, Day),
    field("wind.max.direction", "wind_speed_day_max_direction", DEGREE, Day),
];

/// One Call 3.0 `day_summary`, whose hours are those of the local clock.
pub(super) static SUMMARY: Shape =
    Shape { name: "summary", fields: &[SUMMARY_FIELDS], others: &["lat", "lon", "tz", "date", "units"] };

#[rustfmt::skip] // A table is read by its columns.
const AIR_FIELDS: &[Field] = &[
    // From 1, good, to 5, very poor.
    field("main.aqi", "air_quality_index", RATIO, Instant),
    field("components.co", "carbon_monoxide", MICROGRAM, Instant),
    field("components.no", "nitrogen_monoxide", MICROGRAM, Instant),
    field("components.no2", "nitrogen_dioxide", MICROGRAM, Instant),
    field("components.o3", "ozone", MICROGRAM, Instant),
    field("components.so2", "sulphur_dioxide", MICROGRAM, Instant),
    field("components.pm2_5", "particulate_matter_2_5", MICROGRAM, Instant),
    field("components.pm10", "particulate_matter_10", MICROGRAM, Instant),
    field("components.nh3", "ammonia", MICROGRAM, Instant),
];

/// `/data/2.5/air_pollution`.
pub(super) static AIR: Shape = Shape { name: "air", fields: &[AIR_FIELDS], others: &["dt"] };

const SHAPES: [&Shape; 9] =
    [&CURRENT, &FORECAST, &FORECAST_HOURLY, &MOMENT, &HOURLY, &MINUTELY, &DAILY, &SUMMARY, &AIR];

pub(super) fn tables() -> Vec<Table> {
    let columns = &["field", "quantity", "unit", "over"];
    let unit = |measure: Measure| match measure {
        Temperature => "temperature".to_owned(),
        Speed => "speed".to_owned(),
        Measure::In(unit) => format!("`{unit}`"),
    };
    let over = |over: Over| match over {
        Instant => "instant".to_owned(),
        Over::Before(span) => format!("{} h before", span / HOUR),
        Day => "the local day".to_owned(),
        Hour(hour) => format!("{hour:02}:00 of the local day"),
    };
    let rows = |shape: &Shape| {
        let cells = |field: &Field| {
            vec![format!("`{}`", field.path), format!("`{}`", field.quantity), unit(field.measure), over(field.over)]
        };
        shape.fields().map(cells).collect()
    };
    SHAPES.iter().map(|shape| Table { name: shape.name, columns, rows: rows(shape) }).collect()
}

#[cfg(test)]
mod tests {
    use super::SHAPES;
    use metrify_domain::Quantity;

    #[test]
    fn every_field_has_one_row_in_its_shape_and_a_valid_quantity() {
        for shape in SHAPES {
            let mut paths: Vec<_> = shape.fields().map(|field| field.path).collect();
            for field in shape.fields() {
                assert_eq!(field.quantity.to_string().parse::<Quantity>(), Ok(field.quantity));
            }
            paths.sort_unstable();
            assert!(paths.windows(2).all(|pair| pair[0] != pair[1]), "{paths:?}");
        }
    }
}
