//! Units as they came: UCUM codes or the trade's own word, with their dimension and their exact factor to a base unit.

use std::fmt;

use crate::decimal::Decimal;
use crate::text::Text;

/// What a unit measures. Values of two dimensions never add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dimension {
    ActiveEnergy,
    ReactiveEnergy,
    ApparentEnergy,
    ActivePower,
    ReactivePower,
    ApparentPower,
    Current,
    Voltage,
    Frequency,
    Volume,
    Temperature,
    Pressure,
    Speed,
    Length,
    Duration,
    Angle,
    Ratio,
    Irradiation,
    Irradiance,
    Price,
    /// A unit we carry as it came and never convert.
    Other,
}

/// A unit of measure: at most 15 bytes of text such as `kWh`, `MWh`, `W`, `Cel`, `m/s`, `EUR/MWh`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unit(Text<15>);

/// Units of one dimension in terms of a base unit: `value x factor + offset`.
struct Definition {
    code: &'static str,
    dimension: Dimension,
    mantissa: i128,
    exponent: i32,
}

const fn unit(code: &'static str, dimension: Dimension, mantissa: i128, exponent: i32) -> Definition {
    Definition { code, dimension, mantissa, exponent }
}

/// The units we can convert. The base of each dimension is the row with factor one.
const DEFINITIONS: &[Definition] = &[
    unit("J", Dimension::ActiveEnergy, 1, 0),
    unit("kJ", Dimension::ActiveEnergy, 1, 3),
    unit("MJ", Dimension::ActiveEnergy, 1, 6),
    unit("GJ", Dimension::ActiveEnergy, 1, 9),
    unit("Wh", Dimension::ActiveEnergy, 36, 2),
    unit("kWh", Dimension::ActiveEnergy, 36, 5),
    unit("MWh", Dimension::ActiveEnergy, 36, 8),
    unit("GWh", Dimension::ActiveEnergy, 36, 11),
    unit("varh", Dimension::ReactiveEnergy, 1, 0),
    unit("kvarh", Dimension::ReactiveEnergy, 1, 3),
    unit("Mvarh", Dimension::ReactiveEnergy, 1, 6),
    unit("VAh", Dimension::ApparentEnergy, 1, 0),
    unit("kVAh", Dimension::ApparentEnergy, 1, 3),
    unit("W", Dimension::ActivePower, 1, 0),
    unit("kW", Dimension::ActivePower, 1, 3),
    unit("MW", Dimension::ActivePower, 1, 6),
    unit("GW", Dimension::ActivePower, 1, 9),
    unit("var", Dimension::ReactivePower, 1, 0),
    unit("kvar", Dimension::ReactivePower, 1, 3),
    unit("Mvar", Dimension::ReactivePower, 1, 6),
    unit("VA", Dimension::ApparentPower, 1, 0),
    unit("kVA", Dimension::ApparentPower, 1, 3),
    unit("A", Dimension::Current, 1, 0),
    unit("mA", Dimension::Current, 1, -3),
    unit("V", Dimension::Voltage, 1, 0),
    unit("mV", Dimension::Voltage, 1, -3),
    unit("kV", Dimension::Voltage, 1, 3),
    unit("Hz", Dimension::Frequency, 1, 0),
    unit("mHz", Dimension::Frequency, 1, -3),
    unit("m3", Dimension::Volume, 1, 0),
    unit("l", Dimension::Volume, 1, -3),
    unit("Pa", Dimension::Pressure, 1, 0),
    unit("hPa", Dimension::Pressure, 1, 2),
    unit("kPa", Dimension::Pressure, 1, 3),
    unit("bar", Dimension::Pressure, 1, 5),
    unit("m/s", Dimension::Speed, 1, 0),
    unit("m", Dimension::Length, 1, 0),
    unit("cm", Dimension::Length, 1, -2),
    unit("mm", Dimension::Length, 1, -3),
    unit("km", Dimension::Length, 1, 3),
    unit("s", Dimension::Duration, 1, 0),
    unit("min", Dimension::Duration, 6, 1),
    unit("h", Dimension::Duration, 36, 2),
    unit("deg", Dimension::Angle, 1, 0),
    unit("1", Dimension::Ratio, 1, 0),
    unit("%", Dimension::Ratio, 1, -2),
    unit("J/m2", Dimension::Irradiation, 1, 0),
    unit("kJ/m2", Dimension::Irradiation, 1, 3),
    unit("J/cm2", Dimension::Irradiation, 1, 4),
    unit("Wh/m2", Dimension::Irradiation, 36, 2),
    unit("kWh/m2", Dimension::Irradiation, 36, 5),
    unit("W/m2", Dimension::Irradiance, 1, 0),
    unit("EUR/MWh", Dimension::Price, 1, 0),
    unit("ct/kWh", Dimension::Price, 1, 1),
    unit("EUR/kWh", Dimension::Price, 1, 3),
];

/// 273.15 K is 0 Cel.
const FREEZING_UNITS: i128 = 273_150_000_000_000;

impl Unit {
    /// `None` for an empty text, one of more than 15 bytes, or one with control characters.
    #[must_use]
    pub fn new(code: &str) -> Option<Self> {
        if code.is_empty() || code.chars().any(char::is_control) {
            return None;
        }
        Text::new(code).map(Self)
    }

    /// For units written in our own source.
    #[must_use]
    pub const fn literal(code: &'static str) -> Self {
        Self(Text::literal(code))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The units of a dimension whose factors we know, temperatures aside: those have no factor.
    pub fn all_of(dimension: Dimension) -> impl Iterator<Item = Self> {
        DEFINITIONS.iter().filter(move |unit| unit.dimension == dimension).map(|unit| Self::literal(unit.code))
    }

    #[must_use]
    pub fn dimension(&self) -> Dimension {
        match self.as_str() {
            "Cel" | "K" => Dimension::Temperature,
            code => definition(code).map_or(Dimension::Other, |definition| definition.dimension),
        }
    }

    /// `value`, given in this unit, in `target`.
    ///
    /// `None` where the two measure different things, where one is unknown, or where the result is not exact in twelve places.
    #[must_use]
    pub fn convert(&self, value: Decimal, target: &Self) -> Option<Decimal> {
        match (self.as_str(), target.as_str()) {
            (from, to) if from == to => Some(value),
            ("K", "Cel") => value.checked_sub(Decimal::from_units(FREEZING_UNITS)?),
            ("Cel", "K") => value.checked_add(Decimal::from_units(FREEZING_UNITS)?),
            (from, to) => {
                let (from, to) = (definition(from)?, definition(to)?);
                if from.dimension != to.dimension {
                    return None;
                }
                let exponent = from.exponent - to.exponent - crate::decimal::SCALE as i32;
                if from.mantissa == to.mantissa {
                    return Decimal::scaled(value.units(), exponent).ok();
                }
                let units = value.units().checked_mul(from.mantissa)?;
                if units % to.mantissa != 0 {
                    return None;
                }
                Decimal::scaled(units / to.mantissa, exponent).ok()
            }
        }
    }
}

fn definition(code: &str) -> Option<&'static Definition> {
    DEFINITIONS.iter().find(|definition| definition.code == code)
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Unit;

    fn check(value: &str, from: &str, to: &str) -> Option<String> {
        let (from, to) = (Unit::new(from)?, Unit::new(to)?);
        from.convert(value.parse().ok()?, &to).map(|converted| converted.to_string())
    }

    #[test]
    fn units_of_one_dimension_convert_exactly() {
        assert_eq!(check("2043104.7", "Wh", "kWh").as_deref(), Some("2043.1047"));
        assert_eq!(check("0.25", "MWh", "kWh").as_deref(), Some("250"));
        assert_eq!(check("288.15", "K", "Cel").as_deref(), Some("15"));
        assert_eq!(check("1", "kWh/m2", "J/cm2").as_deref(), Some("360"));
        assert_eq!(check("90", "min", "h").as_deref(), Some("1.5"));
        assert_eq!(check("0.9", "GJ", "kWh").as_deref(), Some("250"));
    }

    #[test]
    fn units_of_two_dimensions_never_mix() {
        assert_eq!(check("1", "kWh", "kvarh"), None);
        assert_eq!(check("1", "kW", "kWh"), None);
        assert_eq!(check("1", "furlong", "m"), None);
        assert_eq!(check("10", "min", "h"), None, "a sixth of an hour is no decimal");
        assert_eq!(check("1", "GJ", "kWh"), None, "nor are 277.7 kilowatt hours and so on");
    }
}
