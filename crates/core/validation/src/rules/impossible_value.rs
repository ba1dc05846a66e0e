//! A value beyond anything that is measured is refused: it has as many digits as a number can have here, so that few of its kind have no
//! sum any more, and every answer that adds up would fail for its sake.

use metrify_domain::Row;
use metrify_domain::decimal::SCALE;

/// In units of the last digit: a hundred million million million, of whatever unit.
const LARGEST: i128 = 10_i128.pow(20 + SCALE);

/// The reason why the row cannot mean anything, if it cannot.
pub(crate) fn refuse(row: &Row) -> Option<String> {
    let value = row.value.filter(|value| value.units().unsigned_abs() >= LARGEST.unsigned_abs())?;
    Some(format!(
        "the value {value} is larger than anything that is measured: it has more than 20 digits before the point"
    ))
}

#[cfg(test)]
mod tests {
    use crate::check;
    use crate::ruleset::Ruleset;
    use crate::testing::{RECEIVED_AT, batch};

    #[test]
    fn a_value_beyond_anything_that_is_measured_is_refused() {
        let lines = [
            "99999999999999999999.999999999999",
            "100000000000000000000",
            "-100000000000000000000",
            "-99999999999999999999",
            "-",
        ]
        .map(|value| format!("DE load interval 0..15 {value} MWh"));
        let checked = check(&Ruleset::default(), &batch(&lines.each_ref().map(String::as_str)), RECEIVED_AT);
        let refused: Vec<usize> = checked.refused.iter().map(|(row, _)| *row).collect();
        assert_eq!(refused, [1, 2]);
        assert!(checked.refused[0].1.contains("100000000000000000000 is larger"), "{:?}", checked.refused);
    }
}
