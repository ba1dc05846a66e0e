//! Dates and times of meters: types F, G, I and J of EN 13757-3. They are what a clock shows; no zone stands with them.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime};
use metrify_domain::Timestamp;
use metrify_domain::calendar::{Instants, Zone};

use super::record::Data;

/// What a record of a date or time says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// A date with a time of day, and whether the clock says that it is set forward.
    Clock {
        clock: NaiveDateTime,
        summer: bool,
    },
    Day(NaiveDate),
    /// Any date at which this is so, such as every first of January; in words.
    Recurring([u8; 6], usize),
    /// The clock was never set, or says of itself that it is wrong.
    Unset,
}

/// What the years, months and days of a date say where every one is meant.
const EVERY_YEAR: u8 = 127;
const EVERY_MONTH: u8 = 15;

/// Reads a date or time by its length; `None` for data that are none.
pub(super) fn read(data: Data<'_>) -> Option<Moment> {
    let Data::Integer(bytes) = data else { return None };
    match *bytes {
        [low, high] => Some(day(bytes, [low, high])),
        [minute, hour, low, high] => Some(if minute & 0x80 != 0 {
            Moment::Unset
        } else {
            let hundreds = hour >> 5 & 3;
            at(bytes, date([low, high], hundreds), [hour & 31, minute & 63, 0], hour & 0x80 != 0)
        }),
        [second, minute, hour, low, high, _] => Some(if minute & 0x80 != 0 {
            Moment::Unset
        } else {
            at(bytes, date([low, high], 0), [hour & 31, minute & 63, second & 63], second & 0x40 != 0)
        }),
        [..] if bytes.len() == 3 => Some(recurring(bytes)),
        _ => None,
    }
}

impl Moment {
    /// The instant that is meant in a zone; a day stands for its end, as the reading of a due date does.
    pub(super) fn instant(self, zone: Zone) -> Option<Timestamp> {
        let (clock, summer) = match self {
            Self::Clock { clock, summer } => (clock, summer),
            Self::Day(day) => (day.succ_opt()?.and_time(NaiveTime::MIN), false),
            Self::Recurring(..) | Self::Unset => return None,
        };
        match zone.instants(clock) {
            Instants::One(at) => Some(at),
            Instants::Two { earlier, later } => Some(if summer { earlier } else { later }),
            Instants::None => None,
        }
    }

    /// As a fact; `None` where nothing is said.
    pub(super) fn text(self) -> Option<String> {
        match self {
            Self::Clock { clock, .. } => Some(clock.format("%Y-%m-%dT%H:%M:%S").to_string()),
            Self::Day(day) => Some(day.to_string()),
            Self::Recurring(bytes, length) => {
                let bytes = bytes.get(..length)?.iter().map(|byte| format!("{byte:02x}"));
                Some(format!("recurring {}", bytes.collect::<String>()))
            }
            Self::Unset => None,
        }
    }
}

fn day(bytes: &[u8], packed: [u8; 2]) -> Moment {
    match date(packed, 0) {
        Ok(day) => Moment::Day(day),
        Err(true) => recurring(bytes),
        Err(false) => Moment::Unset,
    }
}

fn at(bytes: &[u8], date: Result<NaiveDate, bool>, [hour, minute, second]: [u8; 3], summer: bool) -> Moment {
    let time = NaiveTime::from_hms_opt(u32::from(hour), u32::from(minute), u32::from(second));
    match (date, time) {
        (Ok(date), Some(time)) => Moment::Clock { clock: date.and_time(time), summer },
        // Every hour or minute.
        (Ok(_) | Err(true), _) => recurring(bytes),
        (Err(false), _) => Moment::Unset,
    }
}

fn recurring(bytes: &[u8]) -> Moment {
    let mut kept = [0; 6];
    kept.iter_mut().zip(bytes).for_each(|(kept, byte)| *kept = *byte);
    Moment::Recurring(kept, bytes.len().min(kept.len()))
}

/// The date of two bytes; else whether it is one that comes again and again. `hundreds` of years since 1900, 0 for not told.
fn date([low, high]: [u8; 2], hundreds: u8) -> Result<NaiveDate, bool> {
    let (day, month, year) = (low & 31, high & 15, low >> 5 | high >> 1 & 0x78);
    let century = match (hundreds, year) {
        (1.., _) => 1_900 + 100 * i32::from(hundreds),
        // Two digits of years before 2081, as the norm advises.
        (0, 0..=80) => 2_000,
        (0, _) => 1_900,
    };
    let found = NaiveDate::from_ymd_opt(century + i32::from(year), u32::from(month), u32::from(day));
    match found {
        Some(date) if year != EVERY_YEAR && date.year() < 2_300 => Ok(date),
        _ => Err(day != 0 && (year == EVERY_YEAR || month == EVERY_MONTH)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Moment, read};
    use crate::mbus::record::Data;
    use metrify_domain::calendar::Zone;

    fn text(bytes: &[u8]) -> Option<String> {
        read(Data::Integer(bytes)).and_then(Moment::text)
    }

    #[test]
    fn dates_and_times_are_read_by_their_length() {
        assert_eq!(text(&[0xbf, 0x1c]).as_deref(), Some("2013-12-31"));
        assert_eq!(text(&[0x1a, 0x0e, 0xcd, 0x13]).as_deref(), Some("2014-03-13T14:26:00"));
        assert_eq!(text(&[0x10, 0x09, 0x05, 0xc5]).as_deref(), Some("1996-05-05T09:16:00"));
        assert_eq!(text(&[0, 0, 8, 0x16, 0x27, 0]).as_deref(), Some("2016-07-22T08:00:00"));
        assert_eq!(text(&[0, 0, 0xe1, 0xf1]).as_deref(), Some("recurring 0000e1f1"));
        assert_eq!(text(&[0, 0]), None);
        assert_eq!(text(&[0x80, 0x0e, 0xcd, 0x13]), None);
        assert_eq!(read(Data::Integer(&[1])), None);
    }

    #[test]
    fn the_doubled_hour_is_told_by_the_clocks_own_mark() {
        // 2024-10-27 02:30, as summer time and as winter time.
        let at = |hour| read(Data::Integer(&[30, hour, 0x1b, 0x3a])).and_then(|moment| moment.instant(Zone::BERLIN));
        assert_eq!(at(0x82).map(|at| at.to_string()).as_deref(), Some("2024-10-27T00:30:00Z"));
        assert_eq!(at(0x02).map(|at| at.to_string()).as_deref(), Some("2024-10-27T01:30:00Z"));
        let due = read(Data::Integer(&[0xbf, 0x1c])).and_then(|moment| moment.instant(Zone::BERLIN));
        assert_eq!(due.map(|at| at.to_string()).as_deref(), Some("2013-12-31T23:00:00Z"));
    }
}
