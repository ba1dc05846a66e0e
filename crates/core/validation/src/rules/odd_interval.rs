//! An amount belongs to an interval of whole seconds and of a length that somebody reads meters at: a year at most.

use metrify_domain::time::{HOUR, SECOND};
use metrify_domain::{Kind, Row};

use super::Rule;
use crate::findings::Findings;

/// 400 days: yearly readings come some weeks late.
pub(crate) const INTERVAL_MICROS_MAX: i64 = 400 * 24 * HOUR;

pub(crate) fn check(found: &mut Findings<'_>, row: &Row, longest: i64) {
    if row.kind != Kind::Interval {
        return;
    }
    // Both ends lie between 1900 and 2200, so their difference fits.
    let length = row.period.end().micros() - row.period.start().micros();
    if length == 0 {
        found.add(Rule::OddInterval, row, |_| "the amount belongs to an instant, not to an interval".to_owned());
    } else if length > longest {
        found.add(Rule::OddInterval, row, |_| format!("the interval lasts {} days", length / (24 * HOUR)));
    } else if length % SECOND != 0 {
        let reason = |_| format!("the interval lasts {length} microseconds, which are no whole seconds");
        found.add(Rule::OddInterval, row, reason);
    }
}

#[cfg(test)]
mod tests {
    use crate::ruleset::Ruleset;
    use crate::testing::{RECEIVED_AT, check_lines, describe, intervals};

    #[test]
    fn an_interval_of_more_than_400_days_is_odd() {
        assert_eq!(
            check_lines(&[
                "50120962218 1-0:1.9.0 interval -576000..0 5000 kWh",
                "50120962218 1-0:1.9.0 interval -577440..0 5000 kWh",
            ]),
            "warning odd_interval 1-0:1.9.0 2023-11-27T00:00:00Z..2025-01-01T00:00:00Z: the interval lasts 401 days\n"
        );
    }

    #[test]
    fn an_interval_has_a_length_in_whole_seconds() {
        let batch = intervals(&[(0, 1_000_000), (0, 1_500_000), (7, 7)]);
        assert_eq!(
            describe(&crate::check(&Ruleset::default(), &batch, RECEIVED_AT)),
            "warning odd_interval 1-0:1.29.0 1970-01-01T00:00:00Z..1970-01-01T00:00:01.500Z: \
             the interval lasts 1500000 microseconds, which are no whole seconds\n\
             warning odd_interval 1-0:1.29.0 1970-01-01T00:00:00.000007Z: \
             the amount belongs to an instant, not to an interval\n"
        );
    }
}
