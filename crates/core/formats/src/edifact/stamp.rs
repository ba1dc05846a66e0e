//! DTM: stamps in the formats of DE2379, and the instants that they mean.
//!
//! Stamps with an offset are instants; those without (203, older files) are clock times of one zone. A date alone means the
//! whole local day, a month the whole month; those of gas begin at 06:00. `24:00` is the midnight after.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime};
use metrify_domain::Timestamp;
use metrify_domain::calendar::{ClockError, Instants, Zone};

use super::segments::{Segment, shown_bytes};

/// Bytes of the stamp that almost all are: `DTM+163:202101012300?+00:303`.
const USUAL_BYTES: usize = 28;
/// 1970-01-01, in days since the day before the year 1.
const UNIX_EPOCH_DAY: i64 = 719_163;

/// Why a stamp names no moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StampError {
    #[error("`{0}` is no time in a format that we know (102, 203, 204, 303, 304, 602, 610)")]
    NotATime(String),
    #[error(transparent)]
    Clock(#[from] ClockError),
    #[error("the time is beyond what a calendar names")]
    BeyondCalendar,
}

/// A moment or a span as DTM gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stamp {
    At(Timestamp),
    /// What a local clock showed.
    Clock(NaiveDateTime),
    Day(NaiveDate),
    /// The month that begins with this day.
    Month(NaiveDate),
    /// The year that begins with this day.
    Year(NaiveDate),
}

/// Which clock the stamps without an offset were read from, and when its days begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocalDays {
    pub(crate) zone: Zone,
    /// The gas day runs from 06:00 to 06:00.
    pub(crate) gas: bool,
}

/// One DTM.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dated<'a> {
    pub(crate) qualifier: &'a [u8],
    /// `None` where the text is no time of its format.
    pub(crate) stamp: Option<Stamp>,
    /// A plus that was not released ends the element before the offset: `163:202101012300+00:303`.
    pub(crate) unreleased: bool,
    pub(crate) segment: &'a [u8],
}

impl<'a> Dated<'a> {
    pub(crate) fn read(segment: &Segment<'a>) -> Self {
        if let Some(usual) = Self::read_usual(segment) {
            return usual;
        }
        let [qualifier, value, format] = segment.composite(1);
        let (stamp, unreleased) = if format.is_empty() {
            let [offset, format] = segment.composite(2);
            let signed = [b"+", offset.raw()].concat();
            (parse(value.raw(), &signed, format.raw()), !format.is_empty())
        } else {
            let end = value.raw().iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(value.raw().len());
            let (digits, offset) = value.raw().split_at(end);
            (parse(digits, value.after_release(offset), format.raw()), false)
        };
        Self { qualifier: qualifier.raw(), stamp, unreleased, segment: segment.bytes }
    }

    /// `DTM+163:202101012300?+00:303`, as almost all are, is read without looking for its separators.
    fn read_usual(segment: &Segment<'a>) -> Option<Self> {
        let [element, component, release] = segment.syntax.separators();
        let bytes: &[u8; USUAL_BYTES] = segment.bytes.try_into().ok()?;
        let separated = [bytes[3], bytes[7], bytes[20], bytes[24]] == [element, component, release, component];
        if !separated || bytes[25..] != *b"303" {
            return None;
        }
        let stamp = Some(instant(&bytes[8..20], &bytes[21..24])?);
        Some(Self { qualifier: &bytes[4..7], stamp, unreleased: false, segment: segment.bytes })
    }

    pub(crate) fn unreadable(&self) -> StampError {
        StampError::NotATime(shown_bytes(self.segment))
    }
}

/// When an interchange was prepared: UNB DE0017 (`YYMMDD`) and DE0019 (`HHMM`), which carry no offset. Senders write the UTC
/// of their DTM+137 there.
pub(crate) fn prepared(day: &[u8], time: &[u8]) -> Option<Stamp> {
    parse(&[b"20", day, time].concat(), b"+00", b"303")
}

/// Whether stamps of this format (DE2379) are read.
pub(crate) fn is_read(format: &[u8]) -> bool {
    matches!(format, b"602" | b"610" | b"102" | b"203" | b"204" | b"303" | b"304")
}

fn parse(digits: &[u8], offset: &[u8], format: &[u8]) -> Option<Stamp> {
    let (wanted, with_offset) = match format {
        b"602" => (4, false),
        b"610" => (6, false),
        b"102" => (8, false),
        b"203" => (12, false),
        b"204" => (14, false),
        b"303" => (12, true),
        b"304" => (14, true),
        _ => return None,
    };
    if digits.len() != wanted || !digits.iter().all(u8::is_ascii_digit) || (!with_offset && !offset.is_empty()) {
        return None;
    }
    match format {
        b"602" => date(digits, 1, 1).map(Stamp::Year),
        b"610" => date(digits, number(&digits[4..6]), 1).map(Stamp::Month),
        b"102" => date(digits, number(&digits[4..6]), number(&digits[6..8])).map(Stamp::Day),
        _ if with_offset => instant(digits, offset),
        _ => parts(digits)
            .and_then(|(date, [hour, minute, second])| date.and_hms_opt(hour, minute, second))
            .map(Stamp::Clock),
    }
}

/// `CCYYMMDDHHMM`, perhaps with `SS`, and an offset.
fn instant(digits: &[u8], offset: &[u8]) -> Option<Stamp> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (date, [hour, minute, second]) = parts(digits)?;
    // Counted here instead of by the calendar's clock, which takes several times as long.
    let minutes = (i64::from(date.num_days_from_ce()) - UNIX_EPOCH_DAY) * 24 * 60 + i64::from(hour * 60 + minute);
    let seconds = (minutes - delta(offset)?) * 60 + i64::from(second);
    Timestamp::from_seconds(seconds).map(Stamp::At)
}

fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'))
}

fn date(digits: &[u8], month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(i32::try_from(number(&digits[..4])).ok()?, month, day)
}

/// At least twelve digits, `CCYYMMDDHHMM` and perhaps `SS`, as a date and the time of its clock; 24:00 is the next midnight.
fn parts(digits: &[u8]) -> Option<(NaiveDate, [u32; 3])> {
    let date = date(digits, number(&digits[4..6]), number(&digits[6..8]))?;
    match [number(&digits[8..10]), number(&digits[10..12]), number(&digits[12..])] {
        [24, 0, 0] => Some((date.checked_add_days(Days::new(1))?, [0; 3])),
        time @ [0..24, 0..60, 0..60] => Some((date, time)),
        _ => None,
    }
}

/// `+00`, `-05` or `+0530`, in minutes.
fn delta(offset: &[u8]) -> Option<i64> {
    let (sign, digits) = offset.split_first()?;
    let sign = match sign {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    if !matches!(digits.len(), 2 | 4) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (hours, minutes) = (number(&digits[..2]), number(&digits[2..]));
    (hours <= 14 && minutes < 60).then(|| sign * i64::from(hours * 60 + minutes))
}

impl Stamp {
    /// Where a day, a month or a year ends; `None` for a moment.
    pub(crate) fn whole_end(self, days: LocalDays) -> Option<Timestamp> {
        match self {
            Self::At(_) | Self::Clock(_) => None,
            Self::Day(_) | Self::Month(_) | Self::Year(_) => self.end(days, self.start(days).ok()?).ok(),
        }
    }

    /// As text: a day, a month or a year as such, a moment as the instant `at`.
    pub(crate) fn shown(self, at: Timestamp) -> String {
        match self {
            Self::At(_) | Self::Clock(_) => at.to_string(),
            Self::Day(day) => day.to_string(),
            Self::Month(day) => day.format("%Y-%m").to_string(),
            Self::Year(day) => day.format("%Y").to_string(),
        }
    }

    /// The instant at which an interval with this begin starts. A clock time that came twice carries on from `before`.
    pub(crate) fn begin(self, days: LocalDays, before: Option<Timestamp>) -> Result<Timestamp, StampError> {
        let ambiguous = |clock| StampError::Clock(ClockError::Ambiguous { clock, zone: days.zone });
        match self {
            Self::Clock(clock) => match (days.zone.instants(clock), before) {
                (Instants::Two { .. }, None) => Err(ambiguous(clock)),
                (Instants::Two { earlier, .. }, Some(before)) if earlier >= before => Ok(earlier),
                (Instants::Two { later, .. }, Some(before)) if later >= before => Ok(later),
                (Instants::Two { .. }, Some(_)) => Err(ambiguous(clock)),
                (one, _) => days.only(clock, one),
            },
            Self::At(_) | Self::Day(_) | Self::Month(_) | Self::Year(_) => self.start(days),
        }
    }

    /// The instant at which an interval with this end is over. A clock time that came twice is the first after `begin`.
    pub(crate) fn end(self, days: LocalDays, begin: Timestamp) -> Result<Timestamp, StampError> {
        match self {
            Self::At(at) => Ok(at),
            Self::Clock(clock) => match days.zone.instants(clock) {
                Instants::Two { earlier, .. } if earlier > begin => Ok(earlier),
                Instants::Two { later, .. } => Ok(later),
                one @ (Instants::One(_) | Instants::None) => days.only(clock, one),
            },
            Self::Day(day) => days.morning(day.checked_add_days(Days::new(1))),
            Self::Month(day) => days.morning(day.checked_add_months(Months::new(1))),
            Self::Year(day) => days.morning(day.checked_add_months(Months::new(12))),
        }
    }

    /// The instant itself; the first one of a day, month or year.
    pub(crate) fn start(self, days: LocalDays) -> Result<Timestamp, StampError> {
        match self {
            Self::At(at) => Ok(at),
            Self::Clock(clock) => days.only(clock, days.zone.instants(clock)),
            Self::Day(day) | Self::Month(day) | Self::Year(day) => days.morning(Some(day)),
        }
    }

    /// When a document of this stamp became known. Of a clock time that came twice the later one: nothing was known before it.
    pub(crate) fn known_at(self, days: LocalDays) -> Option<Timestamp> {
        match self {
            Self::Clock(clock) => match days.zone.instants(clock) {
                Instants::One(at) | Instants::Two { later: at, .. } => Some(at),
                Instants::None => None,
            },
            Self::At(_) | Self::Day(_) | Self::Month(_) | Self::Year(_) => self.start(days).ok(),
        }
    }
}

impl LocalDays {
    fn only(self, clock: NaiveDateTime, instants: Instants) -> Result<Timestamp, StampError> {
        match instants {
            Instants::One(at) => Ok(at),
            Instants::Two { .. } => Err(StampError::Clock(ClockError::Ambiguous { clock, zone: self.zone })),
            Instants::None => Err(StampError::Clock(ClockError::Skipped { clock, zone: self.zone })),
        }
    }

    fn morning(self, day: Option<NaiveDate>) -> Result<Timestamp, StampError> {
        let first = day
            .and_then(|day| day.and_hms_opt(if self.gas { 6 } else { 0 }, 0, 0))
            .ok_or(StampError::BeyondCalendar)?;
        match self.zone.instants(first) {
            Instants::One(at) | Instants::Two { earlier: at, .. } => Ok(at),
            Instants::None => Err(StampError::Clock(ClockError::Skipped { clock: first, zone: self.zone })),
        }
    }
}
