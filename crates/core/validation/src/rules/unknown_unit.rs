//! A unit that we do not know is kept as it came, but its values cannot be converted or judged by range.

use metrify_domain::Row;

use super::Rule;
use crate::expectation::Expectation;
use crate::findings::Findings;

pub(crate) fn check(found: &mut Findings<'_>, row: &Row, expected: &Expectation) {
    if expected.unknown_unit {
        found.add_once(Rule::UnknownUnit, row, |unit| format!("the unit {unit} is not one we can convert"));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check_lines;

    #[test]
    fn an_unknown_unit_is_noted_once_for_its_channel() {
        assert_eq!(
            check_lines(&[
                "10315 visibility instant 0 1 furlong",
                "10315 visibility instant 60 2 furlong",
                "10315 visibility instant 120 2 m",
                "10315 visibility instant 180 2 furlong",
                "10315 cloud_cover instant 60 2 okta",
            ]),
            "note unknown_unit visibility 2025-01-01T00:00:00Z..2025-01-01T03:00:00Z: the unit furlong is not one we can convert\n\
             note unknown_unit cloud_cover 2025-01-01T01:00:00Z: the unit okta is not one we can convert\n"
        );
    }
}
