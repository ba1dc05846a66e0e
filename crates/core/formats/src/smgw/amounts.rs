//! Where the amounts between the states of a register belong, so that nothing is counted twice within a channel.
//!
//! A gateway tells one register by several use cases: by the quarter-hour (TAF 7), the day (TAF 6), the minute (TAF 14). A load
//! curve has the registering period, and that alone: finer states make the same amounts as the quarter-hours themselves, and a
//! day is energy over a period (D = 9), no part of the curve. A volume of gas has one code for all amounts, so it has amounts of
//! the hour alone.

use metrify_domain::unit::Dimension;
use metrify_domain::{Kind, ObisCode, Unit};

use super::raster::Raster;
use crate::kind::{ADVANCE, LOAD_CURVE, STATE};

/// Group A of an OBIS code.
pub(super) const ELECTRICITY: u8 = 1;
pub(super) const GAS: u8 = 7;

/// The code of amounts, and the raster on which they begin and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Amounts {
    pub(super) code: ObisCode,
    pub(super) raster: Raster,
}

/// Whether the states of a register make amounts at all, given a raster that suits them.
pub(super) fn has_amounts(register: ObisCode, unit: Unit) -> bool {
    match register.groups() {
        [ELECTRICITY, _, _, STATE, ..] => true,
        [GAS, ..] => register.natural_kind() == Some(Kind::Register) && unit.dimension() == Dimension::Volume,
        _ => false,
    }
}

/// `raster` is that of the states.
pub(super) fn amounts(register: ObisCode, raster: Raster) -> Option<Amounts> {
    let [medium, b, c, _, e, f] = register.groups();
    match (medium, raster.of_load_curve(medium)) {
        (ELECTRICITY, Some(raster)) => {
            Some(Amounts { code: ObisCode::from_bytes([medium, b, c, LOAD_CURVE, e, f]), raster })
        }
        (ELECTRICITY, None) => Some(Amounts { code: ObisCode::from_bytes([medium, b, c, ADVANCE, e, f]), raster }),
        // A counted volume and the amount of a period have the same code (7-b:3.0.0), as in MSCONS.
        (GAS, Some(raster)) => Some(Amounts { code: register, raster }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::raster::Raster;
    use super::amounts;

    #[test]
    fn a_load_curve_has_the_registering_period_and_no_other() {
        for (code, period_s, expected) in [
            ("1-0:1.8.0", 60, "1-0:1.29.0 of 900"),
            ("1-0:1.8.0", 900, "1-0:1.29.0 of 900"),
            ("1-0:2.8.1", 1_200, "1-0:2.9.1 of 1200"),
            ("1-0:1.8.0", 3_600, "1-0:1.9.0 of 3600"),
            ("1-0:1.8.0", 86_400, "1-0:1.9.0 of 86400"),
            ("7-0:3.0.0", 900, "7-0:3.0.0 of 3600"),
            ("7-0:3.0.0", 3_600, "7-0:3.0.0 of 3600"),
            ("7-0:3.0.0", 86_400, "-"),
            ("8-0:1.0.0", 3_600, "-"),
        ] {
            let code = code.parse().expect(code);
            let raster = |period_s| Raster::new(Some(period_s), 1).expect("a raster");
            let found = amounts(code, raster(period_s)).map(|found| {
                let period_s =
                    [900, 1_200, 3_600, 86_400].into_iter().find(|period_s| raster(*period_s) == found.raster);
                format!("{} of {}", found.code, period_s.unwrap_or_default())
            });
            assert_eq!(found.as_deref().unwrap_or("-"), expected, "{code} {period_s}");
        }
    }
}
