//! A unit must measure what its quantity is: no volts on an energy register, no active energy on a reactive one.

use metrify_domain::unit::Dimension;
use metrify_domain::{Quantity, Row};

use super::Rule;
use crate::expectation::Expectation;
use crate::findings::Findings;

pub(crate) fn check(found: &mut Findings<'_>, row: &Row, expected: &Expectation) {
    if expected.unit_mismatch {
        let reason = |unit| format!("a value in {unit} does not suit the quantity");
        found.add_once(Rule::UnitMismatch, row, reason);
    }
}

/// Whether a unit of this dimension can measure the quantity, as far as the quantity fixes its unit.
pub(crate) fn suits(quantity: &Quantity, dimension: Dimension) -> bool {
    let Some(fixed) = quantity.default_unit().map(|unit| unit.dimension()) else { return true };
    let is_grid = matches!(quantity, Quantity::Named(_));
    match (fixed, dimension) {
        // A unit we do not know is not known to be wrong.
        (_, Dimension::Other) => true,
        // Grid operators give load and generation as energy or as mean power.
        (Dimension::ActiveEnergy, Dimension::ActivePower) => is_grid,
        (fixed, dimension) => fixed == dimension,
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check_lines;

    #[test]
    fn a_unit_that_measures_something_else_is_an_error_once_for_its_channel() {
        assert_eq!(
            check_lines(&[
                "1EMH0010599732 1-0:1.8.0 register 0 1 V",
                "1EMH0010599732 1-0:1.8.0 register 15 1 V",
                "1EMH0010599732 1-0:3.8.0 register 0 1 kWh",
                "1EMH0010599732 1-0:1.29.0 interval 0..15 1 kW",
                "10315 air_temperature instant 0 1 %",
            ]),
            "error unit_mismatch 1-0:1.8.0 2025-01-01T00:00:00Z..2025-01-01T00:15:00Z: a value in V does not suit the quantity\n\
             error unit_mismatch 1-0:3.8.0 2025-01-01T00:00:00Z: a value in kWh does not suit the quantity\n\
             error unit_mismatch 1-0:1.29.0 2025-01-01T00:00:00Z..2025-01-01T00:15:00Z: a value in kW does not suit the quantity\n\
             error unit_mismatch air_temperature 2025-01-01T00:00:00Z: a value in % does not suit the quantity\n"
        );
    }

    #[test]
    fn what_may_be_given_in_several_units_is_no_error() {
        assert_eq!(
            check_lines(&[
                "1EMH0010599732 1-0:1.8.0 register 0 1 Wh",
                "DE load interval 0..15 1 MW",
                "DE load interval 15..30 1 MWh",
                "1EMH0010599732 1-0:96.50.0 instant 0 1 s",
                "1EMH0010599732 129-129:199.130.3 instant 0 1 V",
                "10315 air_temperature instant 0 280 K",
            ]),
            ""
        );
    }
}
