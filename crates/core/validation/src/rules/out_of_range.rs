//! Values that nature or the grid does not have: the sensor, the unit or the scaler is wrong. They are stored all the same.

use metrify_domain::{Decimal, Quantity, Row, Unit};

use super::Rule;
use crate::expectation::Expectation;
use crate::findings::Findings;

pub(crate) fn check(found: &mut Findings<'_>, row: &Row, expected: &Expectation) {
    if let (Some((lowest, highest)), Some(value)) = (expected.range, row.value)
        && (value < lowest || value > highest)
    {
        let reason = |unit| format!("{value} {unit} is not between {lowest} and {highest}");
        found.add(Rule::OutOfRange, row, reason);
    }
}

/// Lowest and highest value of a quantity in a unit; `None` where there is no limit, or the unit measures something else.
pub(crate) fn range(quantity: &Quantity, unit: Unit) -> Option<(Decimal, Decimal)> {
    let (lowest, highest, limit_unit) = match quantity {
        Quantity::Named(name) => named_range(name.as_str())?,
        Quantity::Obis(code) => electric_range(code.electric_function()?, code.groups()[3])?,
    };
    let limit_unit = Unit::literal(limit_unit);
    let convert = |limit: i64| limit_unit.convert(limit.into(), &unit);
    convert(lowest).zip(convert(highest))
}

fn named_range(name: &str) -> Option<(i64, i64, &'static str)> {
    let (family, of_family) = name.split_once('.').unwrap_or((name, ""));
    match family {
        // How far a forecast may be off (`air_temperature.error`) is a difference, not a temperature.
        _ if of_family.ends_with("error") => None,
        "frequency" | "grid_frequency" => Some((45, 55, "Hz")),
        "relative_humidity" => Some((0, 100, "%")),
        // Measured on Earth were -90 and 57 Cel, in Europe -58 and 49.
        "air_temperature" => Some((-80, 60, "Cel")),
        _ => None,
    }
}

/// Groups C and D of an electricity code; D = 7 is the value at an instant.
fn electric_range(function: u8, processing: u8) -> Option<(i64, i64, &'static str)> {
    match (function, processing) {
        // The highest voltage of the German grid is 380 kV; transformer ratios are applied or not.
        (12, 7) => Some((0, 500, "kV")),
        (13, 7) => Some((-1, 1, "1")),
        (14, 7) => Some((45, 55, "Hz")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check_lines;

    #[test]
    fn what_nature_or_the_grid_does_not_have_is_noticed() {
        assert_eq!(
            check_lines(&[
                "1EMH0010599732 1-0:14.7.0 instant 0 55.1 Hz",
                "DE grid_frequency instant 0 44900 mHz",
                "1EMH0010599732 1-0:32.7.0 instant 0 500001 V",
                "1EMH0010599732 1-0:52.7.0 instant 0 -1 V",
                "1EMH0010599732 1-0:13.7.0 instant 0 1.01 1",
                "10315 relative_humidity instant 0 -999 %",
                "10315 air_temperature instant 0 -999 Cel",
                "10315 air_temperature instant 60 15 K",
            ]),
            "warning out_of_range 1-0:14.7.0 2025-01-01T00:00:00Z: 55.1 Hz is not between 45 and 55\n\
             warning out_of_range grid_frequency 2025-01-01T00:00:00Z: 44900 mHz is not between 45000 and 55000\n\
             warning out_of_range 1-0:32.7.0 2025-01-01T00:00:00Z: 500001 V is not between 0 and 500000\n\
             warning out_of_range 1-0:52.7.0 2025-01-01T00:00:00Z: -1 V is not between 0 and 500000\n\
             warning out_of_range 1-0:13.7.0 2025-01-01T00:00:00Z: 1.01 1 is not between -1 and 1\n\
             warning out_of_range relative_humidity 2025-01-01T00:00:00Z: -999 % is not between 0 and 100\n\
             warning out_of_range air_temperature 2025-01-01T00:00:00Z: -999 Cel is not between -80 and 60\n\
             warning out_of_range air_temperature 2025-01-01T01:00:00Z: 15 K is not between 193.15 and 333.15\n"
        );
    }

    #[test]
    fn the_limits_themselves_are_in_range() {
        assert_eq!(
            check_lines(&[
                "DE grid_frequency instant 0 45 Hz",
                "DE grid_frequency instant 1 55 Hz",
                "10315 relative_humidity instant 0 1 1",
                "10315 air_temperature instant 0 193.15 K",
                "1EMH0010599732 1-0:13.7.0 instant 0 -1 1",
                "10315 air_temperature.error instant 0 0.5 K forecast",
                "10315 air_temperature instant 60 - Cel missing",
            ]),
            ""
        );
    }
}
