//! What is measured: an OBIS code for meters, a name such as `load` or `air_temperature` elsewhere.

use std::fmt;
use std::str::FromStr;

use crate::obis::ObisCode;
use crate::point::PointKind;
use crate::reading::Kind;
use crate::text::Text;
use crate::unit::Unit;

/// The quantity of a channel. An OBIS code is written without `*255`; a name is lower case with `_` and `.`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantity {
    Obis(ObisCode),
    Named(Text<47>),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is neither an OBIS code such as 1-0:1.8.0 nor a name such as air_temperature (lower case, digits, `_`, `.`, at most 47 bytes)"
)]
pub struct QuantityError(String);

/// The direction of energy at a metering point, from group C of its OBIS code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Bezug: the customer draws (C = 1, 3, 5, 6, 9 and the phases).
    Import,
    /// Lieferung, Einspeisung: the customer feeds in (C = 2, 4, 7, 8, 10 and the phases).
    Export,
    /// No direction: voltages, net powers, quantities of grids and weather.
    None,
}

/// The first word of the names that quantities of meters have where no OBIS code says what they are.
pub const METER_FAMILY: &str = "meter";

/// The first words of the names that quantities of grids and markets have; every other name but those of meters is one of the weather.
///
/// Forecasts and schedules have families of their own, so that a sum over measured values never holds one.
pub const GRID_FAMILIES: [&str; 13] = [
    "load",
    "load_forecast",
    "residual_load",
    "residual_load_forecast",
    "generation",
    "generation_forecast",
    "capacity",
    "price",
    "frequency",
    "exchange",
    "exchange_scheduled",
    "balance",
    "redispatch",
];

impl Quantity {
    /// For names written in our own source.
    #[must_use]
    pub const fn named(name: &'static str) -> Self {
        Self::Named(Text::literal(name))
    }

    /// What kind of point has such a quantity: names of grids belong to areas, those of meters to devices, other names to weather
    /// stations; an OBIS code does not tell.
    #[must_use]
    pub fn kind_of_point(&self) -> PointKind {
        match self {
            Self::Obis(_) => PointKind::Other,
            Self::Named(name) => {
                let family = name.as_str().split('.').next().unwrap_or_default();
                match family {
                    METER_FAMILY => PointKind::Device,
                    family if GRID_FAMILIES.contains(&family) => PointKind::Area,
                    _ => PointKind::Station,
                }
            }
        }
    }

    #[must_use]
    pub fn direction(&self) -> Direction {
        match self {
            Self::Named(_) => Direction::None,
            Self::Obis(code) => code.direction(),
        }
    }

    /// What a value of this quantity is when its source does not say: registers for D = 8, intervals for D = 9 and 29, else instants.
    #[must_use]
    pub fn natural_kind(&self) -> Option<Kind> {
        match self {
            Self::Named(_) => None,
            Self::Obis(code) => code.natural_kind(),
        }
    }

    /// The unit of a value whose source names none, where the trade knows only one; `None` where it has to be said.
    #[must_use]
    pub fn default_unit(&self) -> Option<Unit> {
        match self {
            Self::Obis(code) => code.default_unit(),
            Self::Named(name) => named_unit(name.as_str()),
        }
    }
}

/// The units of grid and weather quantities, as SMARD, ENTSO-E and the DWD give them.
fn named_unit(name: &str) -> Option<Unit> {
    let (family, rest) = name.split_once('.').unwrap_or((name, ""));
    let unit = match family {
        "load"
        | "load_forecast"
        | "residual_load"
        | "residual_load_forecast"
        | "generation"
        | "generation_forecast" => "MWh",
        "capacity" => "MW",
        // Whether prices were negative for so many hours on end.
        "price" if rest.starts_with("negative_") => "1",
        "price" => "EUR/MWh",
        "frequency" | "grid_frequency" => "Hz",
        "air_temperature" => "Cel",
        "relative_humidity" => "%",
        "wind_speed" => "m/s",
        "wind_direction" => "deg",
        _ => return None,
    };
    Some(Unit::literal(unit))
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        if let Ok(code) = text.parse::<ObisCode>() {
            return Ok(Self::Obis(code));
        }
        let error = || QuantityError(text.chars().take(60).collect());
        let first = text.bytes().next().ok_or_else(error)?;
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'.';
        if !first.is_ascii_lowercase() || !text.bytes().all(allowed) {
            return Err(error());
        }
        Text::new(text).map(Self::Named).ok_or_else(error)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Obis(code) => fmt::Display::fmt(code, f),
            Self::Named(name) => fmt::Display::fmt(name, f),
        }
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::{Direction, Quantity};

    #[test]
    fn a_quantity_is_an_obis_code_or_a_name() {
        let register: Quantity = "1-0:1.8.0*255".parse().expect("an OBIS code");
        assert_eq!(register.to_string(), "1-0:1.8.0");
        assert_eq!(register.direction(), Direction::Import);
        assert_eq!(
            "generation.wind_onshore".parse::<Quantity>().map(|q| q.to_string()),
            Ok("generation.wind_onshore".to_owned())
        );
        for wrong in ["", "Load", "load!", "1.8", "_x"] {
            assert!(wrong.parse::<Quantity>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_quantity_fixes_its_unit_where_the_trade_knows_only_one() {
        for (quantity, unit) in [
            ("1-0:1.8.0", Some("kWh")),
            ("1-1:2.29.0", Some("kWh")),
            ("1-0:5.8.0", Some("kvarh")),
            ("1-0:9.8.0", Some("kVAh")),
            ("1-0:1.6.0", Some("kW")),
            ("1-0:16.7.0", Some("W")),
            ("1-0:23.7.0", Some("var")),
            ("1-0:31.7.0", Some("A")),
            ("1-0:52.7.0", Some("V")),
            ("1-0:13.7.0", Some("1")),
            ("1-0:14.7.0", Some("Hz")),
            ("7-0:3.0.0", Some("m3")),
            ("7-20:99.33.17", Some("kWh")),
            ("1-0:96.1.0", None),
            ("129-129:199.130.3", None),
            ("load.pumped_storage", Some("MWh")),
            ("price.day_ahead", Some("EUR/MWh")),
            ("price.negative_6h", Some("1")),
            ("residual_load_forecast", Some("MWh")),
            ("load_forecast.week_ahead", Some("MWh")),
            ("air_temperature", Some("Cel")),
            ("happiness", None),
        ] {
            let found = quantity.parse::<Quantity>().expect("a quantity").default_unit();
            assert_eq!(found.map(|unit| unit.to_string()).as_deref(), unit, "{quantity}");
        }
    }
}
