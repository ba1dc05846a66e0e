//! A measured value cannot begin long after it was received: the meter's clock or the stamp is wrong.
//!
//! Forecasts and proposals are about the future by nature, prices and capacities are settled ahead.

use metrify_domain::time::HOUR;
use metrify_domain::{Quality, Quantity, Row, Timestamp};

use super::Rule;
use crate::expectation::Expectation;
use crate::findings::Findings;

/// A day: stamps without a zone and clocks set by hand are off by hours.
pub(crate) const LEAD_MICROS_MAX: i64 = 24 * HOUR;

pub(crate) fn check(found: &mut Findings<'_>, row: &Row, expected: &Expectation, latest: Timestamp) {
    if row.period.start() > latest && is_measured(row.quality) && !expected.settled_ahead {
        let reason = |_| format!("the value begins after {latest}, too long after it was received");
        found.add(Rule::FutureTime, row, reason);
    }
}

fn is_measured(quality: Quality) -> bool {
    match quality {
        Quality::Forecast | Quality::Proposed => false,
        Quality::Missing | Quality::Faulty | Quality::Provisional | Quality::Substitute | Quality::True => true,
    }
}

pub(crate) fn is_settled_ahead(quantity: &Quantity) -> bool {
    match quantity {
        Quantity::Obis(_) => false,
        Quantity::Named(name) => matches!(name.as_str().split('.').next(), Some("price" | "capacity")),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check_lines;

    #[test]
    fn a_measured_value_of_the_future_is_noticed() {
        assert_eq!(
            check_lines(&[
                "1EMH0010599732 1-0:1.29.0 interval 1440..1455 1 kWh",
                "1EMH0010599732 1-0:1.29.0 interval 1441..1456 1 kWh",
                "1EMH0010599732 1-0:1.29.0 interval 1441..1456 - kWh missing",
            ]),
            "warning future_time 1-0:1.29.0 2025-01-02T00:01:00Z..2025-01-02T00:16:00Z: \
             the value begins after 2025-01-02T00:00:00Z, too long after it was received\n\
             warning future_time 1-0:1.29.0 2025-01-02T00:01:00Z..2025-01-02T00:16:00Z: \
             the value begins after 2025-01-02T00:00:00Z, too long after it was received\n"
        );
    }

    #[test]
    fn forecasts_and_what_is_settled_ahead_may_lie_in_the_future() {
        assert_eq!(
            check_lines(&[
                "10315 air_temperature instant 9000 4 Cel forecast",
                "50120962218 1-0:1.29.0 interval 9000..9015 4 kWh proposed",
                "DE-LU price.day_ahead interval 2000..2060 95.5 EUR/MWh",
                "DE capacity.solar interval 9000..9060 95.5 MW",
            ]),
            ""
        );
    }
}
