//! A reading of a time that no meter has seen or will see is refused: a year 0 or 9999 stands for "unknown", not for a time.

use metrify_domain::time::HOUR;
use metrify_domain::{Row, Timestamp};

const DAY: i64 = 24 * HOUR;
/// 1900-01-01T00:00:00Z.
const EARLIEST: Timestamp = Timestamp::from_micros(-25_567 * DAY);
/// 2200-01-01T00:00:00Z.
const LATEST: Timestamp = Timestamp::from_micros(84_006 * DAY);

pub(crate) fn is_impossible(row: &Row) -> bool {
    row.period.start() < EARLIEST || row.period.end() > LATEST
}

/// The reason why the row cannot mean anything, if it cannot.
pub(crate) fn refuse(row: &Row) -> Option<String> {
    let (start, end) = (row.period.start(), row.period.end());
    let impossible = if start < EARLIEST { start } else { end };
    is_impossible(row).then(|| format!("the time {impossible} lies outside the years 1900 to 2199"))
}

#[cfg(test)]
mod tests {
    use super::{EARLIEST, LATEST};
    use crate::ruleset::Ruleset;
    use crate::testing::{RECEIVED_AT, instants};

    #[test]
    fn a_time_before_1900_or_after_2199_is_refused() {
        assert_eq!(
            (EARLIEST.to_string(), LATEST.to_string()),
            ("1900-01-01T00:00:00Z".into(), "2200-01-01T00:00:00Z".into())
        );
        let micros =
            [EARLIEST.micros() - 1, EARLIEST.micros(), LATEST.micros(), LATEST.micros() + 1, i64::MIN, i64::MAX];
        let checked = crate::check(&Ruleset::default(), &instants("Cel", &micros), RECEIVED_AT);
        let refused: Vec<_> = checked.refused.iter().map(|(row, reason)| format!("{row}: {reason}")).collect();
        assert_eq!(
            refused,
            [
                "0: the time 1899-12-31T23:59:59.999999Z lies outside the years 1900 to 2199",
                "3: the time 2200-01-01T00:00:00.000001Z lies outside the years 1900 to 2199",
                "4: the time -9223372036854775808 microseconds lies outside the years 1900 to 2199",
                "5: the time 9223372036854775807 microseconds lies outside the years 1900 to 2199",
            ]
        );
    }

    #[test]
    fn what_is_refused_has_no_finding_beside() {
        let checked = crate::check(&Ruleset::default(), &instants("furlong", &[i64::MAX]), RECEIVED_AT);
        assert_eq!((checked.refused.len(), checked.findings.len()), (1, 0));
    }
}
