//! Amounts and registers are never negative where the OBIS code says the direction: what is fed in has a code of its own.

use metrify_domain::quantity::Direction;
use metrify_domain::{Decimal, Kind, Quantity, Row};

use super::Rule;
use crate::expectation::Expectation;
use crate::findings::Findings;

pub(crate) fn check(found: &mut Findings<'_>, row: &Row, expected: &Expectation) {
    let counts = match row.kind {
        Kind::Register | Kind::Interval => true,
        // The power at an instant is given with its sign by many meters.
        Kind::Instant => false,
    };
    if counts
        && expected.directional
        && let Some(value) = row.value.filter(|value| Decimal::is_negative(*value))
    {
        let reason = |_| format!("the {} is {value}, although the OBIS code says its direction", row.kind);
        found.add(Rule::NegativeValue, row, reason);
    }
}

pub(crate) fn is_directional(quantity: &Quantity) -> bool {
    match quantity.direction() {
        Direction::Import | Direction::Export => true,
        Direction::None => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check_lines;

    #[test]
    fn a_negative_amount_or_register_with_a_direction_is_an_error() {
        assert_eq!(
            check_lines(&[
                "50120962218 1-0:1.29.0 interval 0..15 -0.5 kWh",
                "1EMH0010599732 1-0:2.8.0 register 0 -3 kWh",
            ]),
            "error negative_value 1-0:1.29.0 2025-01-01T00:00:00Z..2025-01-01T00:15:00Z: \
             the interval is -0.5, although the OBIS code says its direction\n\
             error negative_value 1-0:2.8.0 2025-01-01T00:00:00Z: \
             the register is -3, although the OBIS code says its direction\n"
        );
    }

    #[test]
    fn a_value_that_has_a_sign_may_be_negative() {
        assert_eq!(
            check_lines(&[
                "1EMH0010599732 1-0:16.7.0 instant 0 -50 W",
                "1EMH0010599732 1-0:1.7.0 instant 0 -50 W",
                "1EMH0010599732 1-0:16.8.0 register 0 -50 kWh",
                "DE load.pumped_storage interval 0..15 -50 MWh",
                "50120962218 1-0:1.29.0 interval 0..15 0 kWh",
                "DE-LU price.day_ahead interval 0..60 -500 EUR/MWh",
            ]),
            ""
        );
    }
}
