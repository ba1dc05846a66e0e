//! The time of a row (`MESS_DATUM`): `YYYYMMDDHH`, `YYYYMMDDHHMM`, or `YYYYMMDDHH:MM` as the hourly radiation has it.

use chrono::{Datelike, NaiveDate};
use metrify_domain::Timestamp;
use metrify_domain::time::{HOUR, MINUTE};

/// What the clock showed that stamped a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    year: i32,
    shown: Timestamp,
}

/// Which clock stamped the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    Utc,
    /// Central European Time (MEZ, an hour ahead of UTC, without summer time) up to the end of 1999, UTC from then on.
    MezUntil1999,
}

impl Stamp {
    /// The moment as if the clock had shown UTC.
    pub(super) const fn shown(self) -> Timestamp {
        self.shown
    }

    /// The moment that the stamp means.
    pub(super) fn at(self, clock: Clock) -> Timestamp {
        match clock {
            Clock::MezUntil1999 if self.year < 2_000 => Timestamp::from_micros(self.shown.micros() - HOUR),
            Clock::MezUntil1999 | Clock::Utc => self.shown,
        }
    }
}

/// Reads a stamp; the reason where it is none.
pub(super) fn read(text: &[u8]) -> Result<Stamp, String> {
    let shown = || String::from_utf8_lossy(text.get(..20).unwrap_or(text)).into_owned();
    let error = |expected: &str| format!("the time `{}` is not {expected}", shown());
    let (day, clock) = text.split_at_checked(8).ok_or_else(|| error(FORMS))?;
    let (hour, minute) = match clock {
        [a, b] => ([*a, *b], [b'0'; 2]),
        [a, b, c, d] | [a, b, b':', c, d] => ([*a, *b], [*c, *d]),
        [] => return Err(error("one of an hourly or 10-minute table; tables of days are not read")),
        _ => return Err(error(FORMS)),
    };
    let date = date(day).ok_or_else(|| error("a day of the calendar"))?;
    let (Some(hour @ 0..=23), Some(minute @ 0..=59)) = (number(&hour), number(&minute)) else {
        return Err(error("a time of day"));
    };
    let shown = Timestamp::midnight(date).plus(i64::from(hour) * HOUR + i64::from(minute) * MINUTE);
    Ok(Stamp { year: date.year(), shown: shown.ok_or_else(|| error(FORMS))? })
}

const FORMS: &str = "YYYYMMDDHH, YYYYMMDDHHMM or YYYYMMDDHH:MM";

/// Reads `YYYYMMDD`.
pub(super) fn date(text: &[u8]) -> Option<NaiveDate> {
    let [year @ .., a, b, c, d] = text else { return None };
    let year = (year.len() == 4).then(|| number(year))??;
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, number(&[*a, *b])?, number(&[*c, *d])?)
}

/// At most four digits.
fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0')))
}
