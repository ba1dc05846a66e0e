//! Numbers and times as text, appended without going through a formatter: writers make millions of lines a second.

use chrono::{Datelike, NaiveDate};
use metrify_domain::decimal::SCALE;
use metrify_domain::time::SECOND;
use metrify_domain::{Decimal, Quantity, Timestamp};

const ONE: u128 = 10_u128.pow(SCALE);
/// Seconds of a day.
const DAY: i64 = 86_400;

/// Every number of two digits.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

/// Appends the shortest text that means the number, as [`Decimal`] displays it.
pub(crate) fn write_decimal(line: &mut Vec<u8>, number: Decimal) {
    let units = number.units();
    if units < 0 {
        line.push(b'-');
    }
    let magnitude = units.unsigned_abs();
    // Almost every value fits 64 bits, whose division is many times quicker.
    let (whole, mut fraction) = match u64::try_from(magnitude) {
        Ok(small) => (u128::from(small / ONE as u64), small % ONE as u64),
        Err(_) => (magnitude / ONE, (magnitude % ONE) as u64),
    };
    match u64::try_from(whole) {
        Ok(small) => write_whole(line, small),
        Err(_) => line.extend_from_slice(whole.to_string().as_bytes()),
    }
    if fraction == 0 {
        return;
    }
    let mut places = SCALE as usize;
    for (step, divisor) in [(6, 1_000_000), (3, 1_000), (1, 10), (1, 10)] {
        while places > step && fraction % divisor == 0 {
            fraction /= divisor;
            places -= step;
        }
    }
    line.push(b'.');
    write_padded(line, fraction, places);
}

/// Appends the instant as RFC 3339 in UTC: `2025-03-30T00:15:00Z`, with six places after the second where it has any.
pub(crate) fn write_instant(line: &mut Vec<u8>, at: Timestamp) {
    let (seconds, micros) = (at.micros().div_euclid(SECOND), at.micros().rem_euclid(SECOND));
    let (year, month, day) = civil(seconds.div_euclid(DAY));
    let Ok(year @ 0..=9_999) = usize::try_from(year) else {
        // Four digits cannot name it; its own text can at least be told.
        line.extend_from_slice(at.to_string().as_bytes());
        return;
    };
    let second = seconds.rem_euclid(DAY) as usize;
    let [y, e] = [PAIRS[year / 100], PAIRS[year % 100]];
    let [m, d] = [PAIRS[month], PAIRS[day]];
    let [h, i, s] = [PAIRS[second / 3_600], PAIRS[second / 60 % 60], PAIRS[second % 60]];
    line.extend_from_slice(&[
        y[0], y[1], e[0], e[1], b'-', m[0], m[1], b'-', d[0], d[1], b'T', h[0], h[1], b':', i[0], i[1], b':', s[0],
        s[1],
    ]);
    if micros != 0 {
        line.push(b'.');
        write_padded(line, micros.unsigned_abs(), 6);
    }
    line.push(b'Z');
}

/// Appends a date of the years 0 to 9999 as `2025-03-30`.
pub(crate) fn write_day(line: &mut Vec<u8>, day: NaiveDate) {
    write_padded(line, u64::from(day.year().unsigned_abs()), 4);
    line.push(b'-');
    write_padded(line, u64::from(day.month()), 2);
    line.push(b'-');
    write_padded(line, u64::from(day.day()), 2);
}

/// Appends a quantity as it displays. It holds nothing that a quoted text would have to escape.
pub(crate) fn write_quantity(line: &mut Vec<u8>, quantity: &Quantity) {
    match quantity {
        Quantity::Named(name) => line.extend_from_slice(name.as_str().as_bytes()),
        Quantity::Obis(code) => {
            let groups = code.groups();
            // Group F of 255 means "not used".
            let used = groups.len() - usize::from(groups[5] == u8::MAX);
            for (group, mark) in groups.iter().take(used).zip([&b""[..], b"-", b":", b".", b".", b"*"]) {
                line.extend_from_slice(mark);
                write_whole(line, u64::from(*group));
            }
        }
    }
}

/// Year, month and day of a count of days since 1970-01-01, in years that begin in March so that the leap day stands last.
fn civil(days: i64) -> (i64, usize, usize) {
    const DAYS_OF_400_YEARS: i64 = 146_097;
    /// From 0000-03-01 to 1970-01-01.
    const EPOCH: i64 = 719_468;
    let era = (days + EPOCH).div_euclid(DAYS_OF_400_YEARS);
    let day_of_era = (days + EPOCH).rem_euclid(DAYS_OF_400_YEARS);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month as usize, day as usize)
}

fn write_whole(line: &mut Vec<u8>, number: u64) {
    let places = number.checked_ilog10().map_or(1, |places| places as usize + 1);
    write_padded(line, number, places);
}

/// Appends the last `places` digits of a number, at most twenty.
fn write_padded(line: &mut Vec<u8>, mut number: u64, places: usize) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    while number > 0 && at >= 2 {
        at -= 2;
        digits[at..at + 2].copy_from_slice(&PAIRS[(number % 100) as usize]);
        number /= 100;
    }
    line.extend_from_slice(&digits[digits.len() - places.min(digits.len())..]);
}

#[cfg(test)]
mod tests {
    use super::{write_day, write_decimal, write_instant, write_quantity};
    use metrify_domain::{Decimal, ObisCode, Quantity, Timestamp};
    use proptest::prelude::*;

    fn text(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut line = Vec::new();
        write(&mut line);
        String::from_utf8(line).expect("text")
    }

    proptest! {
        #[test]
        fn numbers_are_written_as_they_display(units in prop_oneof![
            -(10_i128.pow(38) - 1)..10_i128.pow(38),
            -(10_i128.pow(18))..10_i128.pow(18),
            (0_i128..1_000_000_000, 0_u32..14).prop_map(|(number, zeros)| number * 10_i128.pow(zeros)),
        ]) {
            let number = Decimal::from_units(units).expect("within 38 digits");
            prop_assert_eq!(text(|line| write_decimal(line, number)), number.to_string());
        }

        #[test]
        fn codes_are_written_as_they_display(groups: [u8; 6]) {
            let quantity = Quantity::Obis(ObisCode::from_bytes(groups));
            prop_assert_eq!(text(|line| write_quantity(line, &quantity)), quantity.to_string());
        }

        #[test]
        fn times_are_written_as_they_display(seconds in -62_167_219_200_i64..253_402_300_800, micros in 0_i64..1_000_000) {
            let whole = Timestamp::from_seconds(seconds).expect("in range");
            prop_assert_eq!(text(|line| write_instant(line, whole)), whole.to_string());
            let day = whole.utc().expect("a date").date();
            prop_assert_eq!(text(|line| write_day(line, day)), day.to_string());
            let exact = whole.plus(micros).expect("in range");
            let read = text(|line| write_instant(line, exact));
            prop_assert_eq!(crate::dates::stamp(&read), Ok(crate::dates::Stamp::At(exact)));
        }
    }

    #[test]
    fn the_ends_of_the_calendar_are_written_too() {
        for at in [i64::MIN, i64::MAX] {
            let at = Timestamp::from_micros(at);
            assert_eq!(text(|line| write_instant(line, at)), at.to_string());
        }
        assert_eq!(text(|line| write_decimal(line, Decimal::ZERO)), "0");
    }
}
