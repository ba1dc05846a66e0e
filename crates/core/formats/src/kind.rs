//! What a value that a meter shows is, by its OBIS code and its unit, and the unit where none is shown.

use metrify_domain::unit::Dimension;
use metrify_domain::{Kind, ObisCode, Unit};

/// Group D of register states, of energy over any period, and of load curves (time integrals 1, 2 and 5).
pub(crate) const STATE: u8 = 8;
pub(crate) const ADVANCE: u8 = 9;
pub(crate) const LOAD_CURVE: u8 = 29;

/// Dimensions of what registers count.
const COUNTED: [Dimension; 4] =
    [Dimension::ActiveEnergy, Dimension::ReactiveEnergy, Dimension::ApparentEnergy, Dimension::Volume];

/// What a value is that stands in a telegram without an interval.
pub(crate) fn shown_kind(code: ObisCode, unit: &Unit) -> Kind {
    let is_counted = COUNTED.contains(&unit.dimension());
    match (code.groups(), code.natural_kind()) {
        // Amounts of the last day, week, month and year, and since the last reset: they go up and down.
        ([1, _, _, 8, _, 96..=100], _) => Kind::Instant,
        // Beside what they count, meters of heat and gas show flows, powers and temperatures with the same group D.
        ([4..=9, ..], _) => {
            if is_counted {
                Kind::Register
            } else {
                Kind::Instant
            }
        }
        (_, Some(kind @ (Kind::Register | Kind::Instant))) => kind,
        // An advance or a value of a load curve, but over what interval is not said.
        (_, Some(Kind::Interval)) => Kind::Instant,
        (_, None) if is_counted => Kind::Register,
        (_, None) => Kind::Instant,
    }
}

/// The unit of a value that stands without one.
///
/// # Errors
/// Where it could have several.
pub(crate) fn assumed_unit(code: ObisCode) -> Option<Result<Unit, &'static str>> {
    let unit = code.default_unit()?;
    let is_power = code.groups()[3] == 7 && matches!(unit.as_str(), "W" | "var" | "VA");
    Some(if is_power { Err("it has no unit, and powers are shown in watts or in kilowatts") } else { Ok(unit) })
}

#[cfg(test)]
mod tests {
    use super::shown_kind;
    use metrify_domain::Unit;

    #[test]
    fn registers_are_told_from_what_goes_up_and_down() {
        for (code, unit, expected) in [
            ("1-0:1.8.0", "kWh", "register"),
            ("1-0:1.8.0*1", "kWh", "register"),
            ("1-0:1.8.0*97", "kWh", "instant"),
            ("1-0:1.29.0", "kWh", "instant"),
            ("1-0:1.6.0", "kW", "instant"),
            ("1-0:1.2.0", "kW", "instant"),
            ("6-0:1.0.0", "GJ", "register"),
            ("6-0:8.0.0", "kW", "instant"),
            ("6-0:10.0.0", "Cel", "instant"),
            ("7-0:3.1.0", "m3", "register"),
            ("0-1:24.2.1", "m3", "register"),
        ] {
            let (code, unit) = (code.parse().expect(code), Unit::new(unit).expect(unit));
            assert_eq!(shown_kind(code, &unit).name(), expected, "{code}");
        }
    }
}
