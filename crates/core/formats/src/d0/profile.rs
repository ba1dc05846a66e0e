//! Load profiles of RLM meters (VDEW Lastenheft 2.1): `P.01(stamp)(status)(period)(n)(code)(unit)...` and then rows of n values.
//!
//! The stamp ends the first interval; each further row ends on the next step of the period. A new head comes where the status
//! changes, the clock was set, or the season changed.

use metrify_domain::time::MINUTE;
use metrify_domain::{Code as Reason, Kind, ObisCode, Quality, Timestamp, Unit};

use super::codes::{self, Role};
use crate::datasets::DataSet;
use crate::dates::shown;
use crate::page::Table;

/// Columns of a profile at most.
const COLUMNS_MAX: usize = 64;
/// Minutes of the longest interval: a day.
const PERIOD_MINUTES_MAX: i64 = 1_440;

/// The bits of a status of two hexadecimal digits, with whether the values beside it are not to be used.
const STATUS: [(u8, &str, bool); 8] = [
    (0x01, "fatal fault of the meter", true),
    (0x02, "running reserve of the clock exhausted: the times are not known", true),
    (0x04, "measurement disturbed", true),
    (0x08, "season changed, or summer time", false),
    (0x10, "reset", false),
    (0x20, "clock set: the interval may be shorter", false),
    (0x40, "power back", false),
    (0x80, "power failed", false),
];

#[derive(Clone, Debug)]
pub(super) struct Profile<'a> {
    pub stamp: &'a str,
    pub quality: Quality,
    pub reason: Option<Reason>,
    /// The status is of a form whose bits we do not know.
    pub strange_status: Option<&'a str>,
    period_micros: i64,
    /// `None` for a column that holds no numbers, such as one of statuses.
    pub columns: Vec<Option<(ObisCode, Unit)>>,
    /// Row by row; the last row may lack values.
    pub values: &'a [&'a str],
}

/// # Errors
/// Why the head is not understood, in words.
pub(super) fn read<'a>(set: &'a DataSet<'a>) -> Result<Profile<'a>, String> {
    let [stamp, status, period, count, rest @ ..] = set.values.as_slice() else {
        return Err(format!("{} has {} values, fewer than the head of a profile", set.code, set.values.len()));
    };
    let columns: usize = count.trim().parse().map_err(|_| format!("`{}` is no count of columns", shown(count)))?;
    if !(1..=COLUMNS_MAX).contains(&columns) || rest.len() < 2 * columns {
        return Err(format!(
            "a profile of {columns} columns needs {} values in its head",
            4 + 2 * columns.min(COLUMNS_MAX)
        ));
    }
    let (head, values) = rest.split_at(2 * columns);
    let column = |pair: &[&str]| match pair {
        [code, unit] => column(code, unit),
        _ => Err("a column has no unit".to_owned()),
    };
    let (quality, reason, strange_status) = read_status(status);
    Ok(Profile {
        stamp,
        quality,
        reason,
        strange_status,
        period_micros: minutes(period)? * MINUTE,
        columns: head.chunks(2).map(column).collect::<Result<_, _>>()?,
        values,
    })
}

fn column(code: &str, unit: &str) -> Result<Option<(ObisCode, Unit)>, String> {
    let code = codes::read(code.trim(), false).ok_or_else(|| format!("column `{}` is no code", shown(code)))?;
    let unit = codes::unit(unit.trim()).or_else(|| code.obis.default_unit());
    Ok(unit.filter(|_| code.role == Role::Value).map(|unit| (code.obis, unit)))
}

fn minutes(text: &str) -> Result<i64, String> {
    let digits = text.trim().trim_end_matches("*min");
    let minutes = digits.parse().ok().filter(|minutes| (1..=PERIOD_MINUTES_MAX).contains(minutes));
    minutes.ok_or_else(|| format!("`{}` is no period in minutes", shown(text)))
}

/// What a status makes of the values, and the status itself where it says something.
fn read_status(text: &str) -> (Quality, Option<Reason>, Option<&str>) {
    let text = text.trim();
    if text.bytes().all(|digit| digit == b'0') {
        return (Quality::True, None, None);
    }
    let reason = Reason::new(&format!("status {text}"));
    match u8::from_str_radix(text, 16) {
        Ok(bits) if text.len() == 2 => {
            let unusable = STATUS.iter().any(|(bit, _, unusable)| bits & bit != 0 && *unusable);
            (if unusable { Quality::Faulty } else { Quality::True }, reason, None)
        }
        _ => (Quality::True, reason, Some(text)),
    }
}

impl Profile<'_> {
    /// The interval that each row holds for, where the first ends at `first` on a clock that shows `local` then.
    pub(super) fn intervals(
        &self,
        first: Timestamp,
        local: Timestamp,
    ) -> impl Iterator<Item = Option<(Timestamp, Timestamp)>> {
        let (period, offset) = (self.period_micros, local.micros() - first.micros());
        let mut end = local.micros();
        let mut start = (end - 1).div_euclid(period) * period;
        std::iter::repeat_with(move || {
            let at = |micros: i64| micros.checked_sub(offset).map(Timestamp::from_micros);
            let interval = at(start).zip(at(end));
            // A clock that was set ends an interval early, and the next one on its step.
            (start, end) = (end, (end.div_euclid(period) + 1) * period);
            interval
        })
    }
}

/// What a value of a profile is: the state at the end of the interval, what was shown then, or something of the interval.
pub(super) const fn kind(code: ObisCode) -> Kind {
    match code.groups() {
        [_, _, _, 8, ..] => Kind::Register,
        [_, _, _, 7, ..] => Kind::Instant,
        _ => Kind::Interval,
    }
}

pub(super) fn tables() -> Vec<Table> {
    let rows = STATUS.iter().map(|(bit, what, unusable)| {
        let quality = if *unusable { Quality::Faulty } else { Quality::True };
        vec![format!("`{bit:02x}`"), (*what).to_owned(), format!("`{quality}`")]
    });
    vec![Table { name: "statuses", columns: &["bit", "what it says", "quality"], rows: rows.collect() }]
}

#[cfg(test)]
mod tests {
    use super::read_status;

    #[test]
    fn only_what_makes_a_value_unusable_lowers_its_quality() {
        for (status, quality, strange) in [
            ("00", "true", false),
            ("00000000", "true", false),
            ("08", "true", false),
            ("a0", "true", false),
            ("84", "faulty", false),
            ("01", "faulty", false),
            ("02", "faulty", false),
            ("00000004", "true", true),
            ("xx", "true", true),
        ] {
            let (found, _, unknown) = read_status(status);
            assert_eq!((found.name(), unknown.is_some()), (quality, strange), "{status}");
        }
    }
}
