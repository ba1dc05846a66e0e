//! The columns of DWD's tables: what each one measures, in which unit, and over which time. Units stay as they come.
//!
//! A sum or an extreme over a span is an interval that ends at the row's stamp; a spot value or the mean of an instrument is an
//! instant at the stamp. Sources of the stamps' meaning:
//! - 10 minutes: "the end of the interval", "UTC from 1.1.2000, before that CET" (DWD's descriptions of `10_minutes/*` and its
//!   records in the geodata catalogue, such as `OBS_DEU_PT10M_SD`). Metadaten_Parameter of a station says the same by year.
//! - hourly precipitation: "precipitation height during the previous hour" (DESCRIPTION of `hourly/precipitation`).
//! - hourly sunshine: stated as "hourly sum" only; taken as the hour that ends at the stamp, as in the SYNOP reports that these
//!   tables are made from, and as Bright Sky reads them \[verify\].
//! - hourly radiation: the stamp is the end of an hour of true solar time, given in UTC, thus with minutes; the zenith angle is
//!   that of the middle of the hour (DESCRIPTION of `hourly/solar`).
//! - hourly tables are in UTC, as Metadaten_Parameter says of the values since 2001; DWD tells of no other zone for the years
//!   before \[verify\].
//!
//! Bright Sky shifts the 10-minute radiation by one interval to match another product; DWD's own words are followed here.

use metrify_domain::time::{HOUR, MINUTE};
use metrify_domain::{Kind, Period, Quantity, Unit};

use super::stamp::{Clock, Stamp};
use crate::page::Table;

/// What a column is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Column {
    Station,
    Stamp,
    /// The quality level of the columns that follow (QN, QN_3, QN_592: the number is that of a set of quantities).
    Level,
    Measured(&'static Measured),
    /// It says how a neighbour was measured, or repeats it; it is no reading.
    Indicator,
    End,
}

/// A quantity that a column holds.
#[derive(Debug)]
pub(super) struct Measured {
    name: &'static str,
    pub(super) quantity: Quantity,
    pub(super) unit: Unit,
    clock: Clock,
    over: Over,
    /// Numbers that are no amounts of the quantity, with what they mean.
    pub(super) signs: &'static [(i64, &'static str)],
}

/// The time that a value holds over.
#[derive(Clone, Copy, Debug)]
enum Over {
    /// The moment of the stamp.
    Instant,
    /// The time before the stamp, in microseconds.
    Before(i64),
    /// A moment before the stamp, in microseconds.
    InstantBefore(i64),
}

impl Measured {
    pub(super) const fn kind(&self) -> Kind {
        match self.over {
            Over::Instant | Over::InstantBefore(_) => Kind::Instant,
            Over::Before(_) => Kind::Interval,
        }
    }

    /// `None` where time does not reach so far back.
    pub(super) fn period(&self, stamp: Stamp) -> Option<Period> {
        let at = stamp.at(self.clock);
        match self.over {
            Over::Instant => Some(Period::instant(at)),
            Over::Before(span) => Period::interval(at.plus(-span)?, at),
            Over::InstantBefore(span) => at.plus(-span).map(Period::instant),
        }
    }
}

/// What the column of this name is; `None` where it is unknown.
pub(super) fn column(name: &str) -> Option<Column> {
    match name {
        "STATIONS_ID" => Some(Column::Station),
        "MESS_DATUM" => Some(Column::Stamp),
        "eor" => Some(Column::End),
        _ if INDICATORS.contains(&name) => Some(Column::Indicator),
        _ if name == "QN"
            || name.strip_prefix("QN_").is_some_and(|set| set.bytes().all(|byte| byte.is_ascii_digit())) =>
        {
            Some(Column::Level)
        }
        _ => TEN_MINUTES.iter().chain(HOURLY).find(|measured| measured.name == name).map(Column::Measured),
    }
}

const INDICATORS: &[&str] = &[
    // Whether there was precipitation at all, and its form (WMO code).
    "RWS_IND_10",
    "RS_IND",
    "WRTR",
    // Whether a person (P) or an instrument (I) looked.
    "V_N_I",
    "V_VV_I",
    // The types of the cloud layers, as number and as letters.
    "V_S1_CS",
    "V_S1_CSA",
    "V_S2_CS",
    "V_S2_CSA",
    "V_S3_CS",
    "V_S3_CSA",
    "V_S4_CS",
    "V_S4_CSA",
    // The words for the weather code.
    "WW_TEXT",
    "WW_Text",
    // The stamp in true solar time.
    "MESS_DATUM_WOZ",
];

const fn instant(name: &'static str, quantity: &'static str, unit: &'static str) -> Measured {
    measured(name, quantity, unit, Over::Instant)
}

const fn hour(name: &'static str, quantity: &'static str, unit: &'static str) -> Measured {
    measured(name, quantity, unit, Over::Before(HOUR))
}

const fn ten_minutes(name: &'static str, quantity: &'static str, unit: &'static str) -> Measured {
    measured(name, quantity, unit, Over::Before(10 * MINUTE))
}

const fn measured(name: &'static str, quantity: &'static str, unit: &'static str, over: Over) -> Measured {
    let (quantity, unit) = (Quantity::named(quantity), Unit::literal(unit));
    Measured { name, quantity, unit, clock: Clock::Utc, over, signs: &[] }
}

impl Measured {
    const fn in_mez_until_1999(mut self) -> Self {
        self.clock = Clock::MezUntil1999;
        self
    }

    const fn with_signs(mut self, signs: &'static [(i64, &'static str)]) -> Self {
        self.signs = signs;
        self
    }
}

/// Winds from all sides have no direction (WMO code 990).
const WIND_SIGNS: &[(i64, &str)] = &[(990, "wind_direction_variable")];
/// The sky could not be seen, in fog or snow: -1, and 9 in older rows.
const SKY_SIGNS: &[(i64, &str)] = &[(-1, "sky_not_visible"), (9, "sky_not_visible")];
/// Eighths of the sky, for which UCUM has no unit.
const OKTA: &str = "okta";

const TEN_MINUTES: &[Measured] = &[
    instant("PP_10", "air_pressure", "hPa").in_mez_until_1999(),
    instant("TT_10", "air_temperature", "Cel").in_mez_until_1999(),
    // 5 cm above ground.
    instant("TM5_10", "air_temperature_ground", "Cel").in_mez_until_1999(),
    instant("RF_10", "relative_humidity", "%").in_mez_until_1999(),
    instant("TD_10", "dew_point", "Cel").in_mez_until_1999(),
    ten_minutes("TX_10", "air_temperature_max", "Cel").in_mez_until_1999(),
    ten_minutes("TN_10", "air_temperature_min", "Cel").in_mez_until_1999(),
    ten_minutes("TX5_10", "air_temperature_ground_max", "Cel").in_mez_until_1999(),
    ten_minutes("TN5_10", "air_temperature_ground_min", "Cel").in_mez_until_1999(),
    // Means of the ten minutes before, which are other numbers than the mean of the hour that ends with them.
    instant("FF_10", "wind_speed_10min", "m/s").in_mez_until_1999(),
    instant("DD_10", "wind_direction_10min", "deg").in_mez_until_1999().with_signs(WIND_SIGNS),
    // The strongest 3 seconds, and the smallest and largest mean.
    ten_minutes("FX_10", "wind_gust", "m/s").in_mez_until_1999(),
    ten_minutes("DX_10", "wind_gust_direction", "deg").in_mez_until_1999().with_signs(WIND_SIGNS),
    ten_minutes("FNX_10", "wind_speed_min", "m/s").in_mez_until_1999(),
    ten_minutes("FMX_10", "wind_speed_max", "m/s").in_mez_until_1999(),
    ten_minutes("RWS_10", "precipitation", "mm").in_mez_until_1999(),
    ten_minutes("RWS_DAU_10", "precipitation_duration", "min").in_mez_until_1999(),
    ten_minutes("GS_10", "global_radiation", "J/cm2").in_mez_until_1999(),
    ten_minutes("DS_10", "diffuse_radiation", "J/cm2").in_mez_until_1999(),
    ten_minutes("LS_10", "longwave_radiation", "J/cm2").in_mez_until_1999(),
    ten_minutes("SD_10", "sunshine_duration", "h").in_mez_until_1999(),
];

/// Of what several tables measure, each in its own way, the table that is usual for it has the plain name; the others say whose
/// they are. One channel for two of them would hold what was read last, as if it corrected the other.
const HOURLY: &[Measured] = &[
    // air_temperature
    instant("TT_TU", "air_temperature", "Cel"),
    instant("RF_TU", "relative_humidity", "%"),
    // dew_point
    instant("TT", "air_temperature.dew_point", "Cel"),
    instant("TD", "dew_point", "Cel"),
    // moisture, computed values of the hour
    instant("ABSF_STD", "absolute_humidity", "g/m3"),
    instant("VP_STD", "vapour_pressure", "hPa"),
    instant("TF_STD", "wet_bulb_temperature", "Cel"),
    instant("P_STD", "air_pressure.moisture", "hPa"),
    instant("TT_STD", "air_temperature.moisture", "Cel"),
    instant("RF_STD", "relative_humidity.moisture", "%"),
    instant("TD_STD", "dew_point.moisture", "Cel"),
    // pressure: at sea level, and at the station
    instant("P", "air_pressure_sea_level", "hPa"),
    instant("P0", "air_pressure", "hPa"),
    // wind: means of the hour
    instant("F", "wind_speed", "m/s"),
    instant("D", "wind_direction", "deg").with_signs(WIND_SIGNS),
    // wind_synop: means of the ten minutes before
    instant("FF", "wind_speed_10min", "m/s"),
    instant("DD", "wind_direction_10min", "deg").with_signs(WIND_SIGNS),
    // extreme_wind
    hour("FX_911", "wind_gust", "m/s"),
    // precipitation, sun
    hour("R1", "precipitation", "mm"),
    hour("SD_SO", "sunshine_duration", "min"),
    // cloudiness, cloud_type
    instant("V_N", "cloud_cover", OKTA).with_signs(SKY_SIGNS),
    instant("V_S1_NS", "cloud_cover_layer1", OKTA).with_signs(SKY_SIGNS),
    instant("V_S2_NS", "cloud_cover_layer2", OKTA).with_signs(SKY_SIGNS),
    instant("V_S3_NS", "cloud_cover_layer3", OKTA).with_signs(SKY_SIGNS),
    instant("V_S4_NS", "cloud_cover_layer4", OKTA).with_signs(SKY_SIGNS),
    instant("V_S1_HHS", "cloud_base_layer1", "m"),
    instant("V_S2_HHS", "cloud_base_layer2", "m"),
    instant("V_S3_HHS", "cloud_base_layer3", "m"),
    instant("V_S4_HHS", "cloud_base_layer4", "m"),
    // visibility, weather_phenomena
    instant("V_VV", "visibility", "m"),
    instant("WW", "weather_code", "1"),
    // soil_temperature
    instant("V_TE002", "soil_temperature_2cm", "Cel"),
    instant("V_TE005", "soil_temperature_5cm", "Cel"),
    instant("V_TE010", "soil_temperature_10cm", "Cel"),
    instant("V_TE020", "soil_temperature_20cm", "Cel"),
    instant("V_TE050", "soil_temperature_50cm", "Cel"),
    instant("V_TE100", "soil_temperature_100cm", "Cel"),
    // solar
    hour("ATMO_LBERG", "longwave_radiation", "J/cm2"),
    hour("FD_LBERG", "diffuse_radiation", "J/cm2"),
    hour("FG_LBERG", "global_radiation", "J/cm2"),
    hour("SD_LBERG", "sunshine_duration.solar", "min"),
    measured("ZENIT", "sun_zenith", "deg", Over::InstantBefore(HOUR / 2)),
];

/// For the page: what each column measures, and those that are no reading.
pub(super) fn tables() -> Vec<Table> {
    let over = |over: Over| match over {
        Over::Instant => "at the stamp".to_owned(),
        Over::Before(HOUR) => "the hour before it".to_owned(),
        Over::Before(span) => format!("the {} minutes before it", span / MINUTE),
        Over::InstantBefore(span) => format!("{} minutes before it", span / MINUTE),
    };
    let row = |measured: &Measured| {
        let code = |text: &str| format!("`{text}`");
        let (quantity, unit) = (measured.quantity.to_string(), measured.unit.to_string());
        vec![code(measured.name), code(&quantity), code(&unit), over(measured.over)]
    };
    let table = |name: &'static str, rows: &[Measured]| Table {
        name,
        columns: &["column", "quantity", "unit", "when"],
        rows: rows.iter().map(row).collect(),
    };
    let indicators = INDICATORS.iter().map(|name| vec![format!("`{name}`")]).collect();
    vec![
        table("ten_minutes", TEN_MINUTES),
        table("hourly", HOURLY),
        Table { name: "indicators", columns: &["column that is no reading"], rows: indicators },
    ]
}

#[cfg(test)]
mod tests {
    use super::{HOURLY, TEN_MINUTES};
    use metrify_domain::Quantity;

    #[test]
    fn every_quantity_of_the_table_has_a_valid_name_and_every_column_one_row() {
        let mut names: Vec<_> = TEN_MINUTES.iter().chain(HOURLY).map(|measured| measured.name).collect();
        for measured in TEN_MINUTES.iter().chain(HOURLY) {
            assert_eq!(measured.quantity.to_string().parse::<Quantity>(), Ok(measured.quantity));
        }
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }

    #[test]
    fn no_two_columns_of_hourly_tables_or_of_ten_minutes_share_a_channel() {
        for table in [TEN_MINUTES, HOURLY] {
            for (index, measured) in table.iter().enumerate() {
                let other = table[..index].iter().find(|other| other.quantity == measured.quantity);
                assert!(other.is_none(), "{} and {other:?}", measured.name);
            }
        }
    }
}
