//! Instants in UTC, in microseconds: what Arrow, Delta and SQL hold.

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

/// Microseconds in one second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in one minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds in a quarter of an hour.
pub const QUARTER_HOUR: i64 = 15 * MINUTE;
/// Microseconds in one hour.
pub const HOUR: i64 = 60 * MINUTE;

/// An instant in UTC, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// `None` beyond the range of 64-bit microseconds.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Option<Self> {
        match seconds.checked_mul(SECOND) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    /// `None` where the sum leaves the range of 64-bit microseconds.
    #[must_use]
    pub const fn plus(self, micros: i64) -> Option<Self> {
        match self.0.checked_add(micros) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    /// The date and time of day in UTC; `None` for instants no calendar names (beyond the year 262142).
    #[must_use]
    pub fn utc(self) -> Option<NaiveDateTime> {
        DateTime::<Utc>::from_timestamp_micros(self.0).map(|at| at.naive_utc())
    }

    /// The instant that a clock showing UTC means.
    #[must_use]
    pub fn from_utc(clock: NaiveDateTime) -> Self {
        Self(clock.and_utc().timestamp_micros())
    }

    /// Midnight UTC of a date.
    #[must_use]
    pub fn midnight(date: NaiveDate) -> Self {
        Self::from_utc(date.and_time(chrono::NaiveTime::MIN))
    }
}

/// Days from the first of March of the year 0 to 1970-01-01, and to the first of January of the year 10000.
const DAYS_TO_1970: i64 = 719_468;
const DAYS_TO_10000: i64 = 3_652_365;

/// Year, month and day of a number of days since the first of March of the year 0, in the calendar of Gregory. Years that begin in March
/// have their leap day at their end, and the lengths of their months come in a rhythm of five: 153 days.
const fn date(days: u32) -> [u32; 3] {
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let (later, month) = if month_from_march < 10 { (0, month_from_march + 3) } else { (1, month_from_march - 9) };
    [400 * era + year_of_era + later, month, day]
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, with as many places after the second as are needed: `2023-10-29T00:15:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whole seconds of years with four digits are nearly all, and answers have many of them.
        let (days, of_day) = (self.0.div_euclid(24 * HOUR) + DAYS_TO_1970, self.0.rem_euclid(24 * HOUR));
        let Some(days) = u32::try_from(days).ok().filter(|_| days < DAYS_TO_10000 && of_day % SECOND == 0) else {
            return match self.utc() {
                Some(clock) => write!(f, "{clock:?}Z"),
                None => write!(f, "{} microseconds", self.0),
            };
        };
        let mut text = *b"0000-00-00T00:00:00Z";
        let mut put = |place: usize, two_digits: u32| {
            text[place] += (two_digits / 10) as u8;
            text[place + 1] += (two_digits % 10) as u8;
        };
        let ([year, month, day], second) = (date(days), (of_day / SECOND) as u32);
        put(0, year / 100);
        put(2, year % 100);
        put(5, month);
        put(8, day);
        put(11, second / 3_600);
        put(14, second / 60 % 60);
        put(17, second % 60);
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn instants_print_as_rfc_3339() {
        assert_eq!(Timestamp::from_micros(0).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(Timestamp::from_micros(1_698_538_500_250_000).to_string(), "2023-10-29T00:15:00.250Z");
        assert_eq!(Timestamp::from_micros(-62_198_755_200_000_000).to_string(), "-0001-01-01T00:00:00Z");
        assert_eq!(Timestamp::from_micros(253_402_300_800_000_000).to_string(), "+10000-01-01T00:00:00Z");
        // Around the ends of the quick way, and over all of it.
        let ends = (-719_600..-719_400).chain(2_932_800..2_933_000);
        let days = (-800_000..3_000_000).step_by(37).chain(ends);
        for at in days.map(|day| Timestamp::from_micros(day * 24 * super::HOUR + day % 86_400 * super::SECOND)) {
            let shown = at.utc().map(|clock| format!("{clock:?}Z"));
            assert_eq!(Some(at.to_string()), shown, "as others show it");
        }
        assert_eq!(Timestamp::from_micros(i64::MAX).to_string(), "9223372036854775807 microseconds");
    }
}
