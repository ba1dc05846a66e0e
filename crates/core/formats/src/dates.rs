//! Times as people and programs write them: ISO 8601 (RFC 3339) and German dates.
//!
//! A time is an instant where it carries an offset or `Z`, and a local clock time otherwise. A bare number is refused, since
//! nothing tells seconds from milliseconds.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use metrify_domain::Timestamp;
use metrify_domain::calendar::{ClockError, Instants, LocalClock, Zone};
use metrify_domain::time::{HOUR, MINUTE, SECOND};

/// A time as it stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stamp {
    At(Timestamp),
    /// What a clock showed in a zone that the text does not name.
    Clock(NaiveDateTime),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DateError {
    #[error("`{0}` is not a time such as 2025-03-30T01:45:00Z or 30.03.2025 01:45")]
    NotATime(String),
    #[error(
        "`{0}` is a bare number, which may count seconds or milliseconds: write a time such as 2025-03-30T01:45:00Z"
    )]
    BareNumber(String),
    #[error("`{0}` has no time of day")]
    DayOnly(String),
    #[error("`{0}` names no moment of the calendar")]
    NoSuchTime(String),
    #[error("`{0}` is not a day such as 2025-03-30 or 30.03.2025")]
    NotADay(String),
    #[error("`{0}` has no zone: give --timezone")]
    NoZone(String),
    #[error("`{0}` is not a zone that is known: UTC, CET (MEZ) or CEST (MESZ)")]
    UnknownZone(String),
    #[error("`{0}` names one of two passes of an hour that the clock showed once")]
    OnePass(String),
    #[error(transparent)]
    Clock(#[from] ClockError),
}

/// As much of a text as a reason shows.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}

/// Reads `2025-03-30T01:45:00Z`, `2025-03-30 01:45:00.25+01:00`, `2025-03-30 01:45`, `30.03.2025 01:45:00`; `24:00` ends its day.
pub(crate) fn stamp(text: &str) -> Result<Stamp, DateError> {
    let bytes = text.as_bytes();
    let Some((date, rest)) = iso_date(bytes).or_else(|| german_date(bytes)) else {
        let number = !bytes.is_empty() && bytes.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
        let error = if number { DateError::BareNumber } else { DateError::NotATime };
        return Err(error(shown(text)));
    };
    let [b'T' | b't' | b' ', rest @ ..] = rest else {
        return Err(if rest.is_empty() { DateError::DayOnly } else { DateError::NotATime }(shown(text)));
    };
    let parts = clock(rest).and_then(|(micros, rest)| Some((micros, offset(rest)?)));
    let (micros, offset) = parts.ok_or_else(|| DateError::NotATime(shown(text)))?;
    let date = date.ok_or_else(|| DateError::NoSuchTime(shown(text)))?;
    match offset {
        Some(offset) => Ok(Stamp::At(Timestamp::from_micros(midnight(date) + micros - offset))),
        None => {
            let clock = date.and_time(NaiveTime::MIN).checked_add_signed(TimeDelta::microseconds(micros));
            clock.map(Stamp::Clock).ok_or_else(|| DateError::NoSuchTime(shown(text)))
        }
    }
}

/// The moment that a text means; without an offset it is the next one of a series told by `clock` in `zone`.
pub(crate) fn instant(text: &str, zone: Option<Zone>, clock: &mut Option<LocalClock>) -> Result<Timestamp, DateError> {
    stamp(text)?.instant(text, zone, clock)
}

/// The end of the interval that begins at `start`.
pub(crate) fn end(text: &str, zone: Option<Zone>, start: Timestamp) -> Result<Timestamp, DateError> {
    stamp(text)?.end(text, zone, start)
}

impl Stamp {
    /// As [`instant`], of the text that it was read from.
    pub(crate) fn instant(
        self,
        text: &str,
        zone: Option<Zone>,
        clock: &mut Option<LocalClock>,
    ) -> Result<Timestamp, DateError> {
        match self {
            Self::At(at) => Ok(at),
            Self::Clock(local) => {
                let zone = zone.ok_or_else(|| DateError::NoZone(shown(text)))?;
                Ok(clock.get_or_insert_with(|| LocalClock::new(zone)).read(local)?)
            }
        }
    }

    /// As [`end`], of the text that it was read from.
    pub(crate) fn end(self, text: &str, zone: Option<Zone>, start: Timestamp) -> Result<Timestamp, DateError> {
        match self {
            Self::At(at) => Ok(at),
            Self::Clock(local) => Ok(end_by_clock(zone.ok_or_else(|| DateError::NoZone(shown(text)))?, start, local)?),
        }
    }
}

/// Reads `2025-03-30` or `30.03.2025`.
pub(crate) fn day(text: &str) -> Result<NaiveDate, DateError> {
    match iso_date(text.as_bytes()).or_else(|| german_date(text.as_bytes())) {
        Some((Some(date), [])) => Ok(date),
        Some((None, [])) => Err(DateError::NoSuchTime(shown(text))),
        Some(_) | None => Err(DateError::NotADay(shown(text))),
    }
}

/// The moment of a day and a time of day in the zone that stands beside them, such as `31.12.2023`, `19:15` and `CET`.
pub(crate) fn zoned(date: &str, time: &str, zone: &str) -> Result<Timestamp, DateError> {
    let midnight = midnight(day(date)?);
    let Some((micros, [])) = clock(time.as_bytes()) else { return Err(DateError::NotATime(shown(time))) };
    let offset = offset_of(zone).ok_or_else(|| DateError::UnknownZone(shown(zone)))?;
    Ok(Timestamp::from_micros(midnight + micros - offset))
}

fn offset_of(zone: &str) -> Option<i64> {
    match zone {
        "UTC" => Some(0),
        "CET" | "MEZ" => Some(HOUR),
        "CEST" | "MESZ" => Some(2 * HOUR),
        _ => None,
    }
}

/// The zone of the other half of the year; `None` where a zone has no halves.
pub(crate) fn other_season(zone: &str) -> Option<&'static str> {
    match zone {
        "CET" | "MEZ" => Some("CEST"),
        "CEST" | "MESZ" => Some("CET"),
        _ => None,
    }
}

/// Whether German clocks are in this zone at that moment.
pub(crate) fn is_season(at: Timestamp, zone: &str) -> bool {
    let clock = Zone::BERLIN.clock(at).map(Timestamp::from_utc);
    clock.is_some_and(|clock| Some(clock.micros() - at.micros()) == offset_of(zone))
}

/// Whether a text is a time of day alone, such as `00:15` or `00:15:00`.
pub(crate) fn is_time_of_day(text: &str) -> bool {
    matches!(clock(text.as_bytes()), Some((_, [])))
}

/// Whether a time is 24:00: the end of its day, at which nothing begins.
pub(crate) fn ends_its_day(text: &str) -> bool {
    text.split([' ', 'T', 't']).any(|part| part.starts_with("24:"))
}

/// A pass of the hour that comes twice in autumn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    First,
    Second,
}

/// A time without the letter that tells the pass of its hour, as VDEW writes it: `2A:15`, and an hour later `2B:15`; `None` where it
/// has none.
pub(crate) fn lettered(text: &str) -> Option<(String, Pass)> {
    let (before, minutes) = text.split_once(':')?;
    let (before, pass) = match before.strip_suffix(['A', 'a']) {
        Some(before) => (before, Pass::First),
        None => (before.strip_suffix(['B', 'b'])?, Pass::Second),
    };
    let digits = before.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (day, hour) = before.split_at_checked(before.len() - digits)?;
    (1..=2).contains(&digits).then(|| (format!("{day}{hour:0>2}:{minutes}"), pass))
}

/// The moment of a time whose pass is told.
pub(crate) fn of_pass(text: &str, pass: Pass, zone: Option<Zone>) -> Result<Timestamp, DateError> {
    let clock = match stamp(text)? {
        Stamp::At(at) => return Ok(at),
        Stamp::Clock(clock) => clock,
    };
    match (zone.ok_or_else(|| DateError::NoZone(shown(text)))?.instants(clock), pass) {
        (Instants::Two { earlier, .. }, Pass::First) => Ok(earlier),
        (Instants::Two { later, .. }, Pass::Second) => Ok(later),
        (Instants::One(_) | Instants::None, _) => Err(DateError::OnePass(shown(text))),
    }
}

/// The end of an interval that begins at `start`, where only the clock of `zone` tells it.
///
/// Senders write the end of 02:45-03:00 in the first pass of autumn's doubled hour either as what the clock shows then (02:00)
/// or as what adding up gives (03:00), and in spring 01:45-02:00 although the clock jumps to 03:00. Two clock times that lie at
/// most an hour apart are therefore as far apart as they say; any other end is the first such moment after the start.
fn end_by_clock(zone: Zone, start: Timestamp, end: NaiveDateTime) -> Result<Timestamp, ClockError> {
    let skipped = ClockError::Skipped { clock: end, zone };
    let candidates = match zone.instants(end) {
        Instants::None => Instants::One(jump(zone, end).ok_or(skipped)?),
        told @ (Instants::One(_) | Instants::Two { .. }) => told,
    };
    let apart = zone.clock(start).and_then(|clock| (end - clock).num_microseconds());
    match (apart, candidates) {
        (Some(apart), _) if 0 < apart && apart <= HOUR => Ok(start.plus(apart).unwrap_or(start)),
        (_, Instants::Two { earlier, later }) => Ok(if earlier > start { earlier } else { later }),
        (_, Instants::One(at)) => Ok(at),
        (_, Instants::None) => Err(ClockError::Skipped { clock: end, zone }),
    }
}

/// The moment at which the clock was set forward from `clock`, which it therefore never showed.
fn jump(zone: Zone, clock: NaiveDateTime) -> Option<Timestamp> {
    match zone.instants(clock.checked_sub_signed(TimeDelta::microseconds(1))?) {
        Instants::One(before) => before.plus(1),
        Instants::Two { .. } | Instants::None => None,
    }
}

/// Microseconds from 1970 to the beginning of a date, which has at most four digits of year.
fn midnight(date: NaiveDate) -> i64 {
    const EPOCH: i64 = 719_163;
    (i64::from(date.num_days_from_ce()) - EPOCH) * 24 * HOUR
}

/// `None` where the text is no ISO date; within, `None` where the calendar has no such date.
fn iso_date(text: &[u8]) -> Option<(Option<NaiveDate>, &[u8])> {
    let [a, b, c, d, b'-', e, f, b'-', g, h, rest @ ..] = text else { return None };
    let year = pair(*a, *b)? * 100 + pair(*c, *d)?;
    Some((NaiveDate::from_ymd_opt(year as i32, pair(*e, *f)?, pair(*g, *h)?), rest))
}

fn german_date(text: &[u8]) -> Option<(Option<NaiveDate>, &[u8])> {
    let (day, rest) = one_or_two(text, b'.')?;
    let (month, rest) = one_or_two(rest, b'.')?;
    let [a, b, c, d, rest @ ..] = rest else { return None };
    let year = pair(*a, *b)? * 100 + pair(*c, *d)?;
    Some((NaiveDate::from_ymd_opt(year as i32, month, day), rest))
}

/// A number of one or two digits before `mark`, and what follows the mark.
fn one_or_two(text: &[u8], mark: u8) -> Option<(u32, &[u8])> {
    match text {
        [a, after, rest @ ..] if *after == mark => Some((pair(b'0', *a)?, rest)),
        [a, b, after, rest @ ..] if *after == mark => Some((pair(*a, *b)?, rest)),
        _ => None,
    }
}

/// `hh:mm`, `hh:mm:ss` or `hh:mm:ss.ffffff` as microseconds after midnight, and what follows.
fn clock(text: &[u8]) -> Option<(i64, &[u8])> {
    let [a, b, b':', c, d, rest @ ..] = text else { return None };
    let (hour, minute) = (pair(*a, *b)?, pair(*c, *d)?);
    let (second, rest) = match rest {
        [b':', e, f, rest @ ..] => (pair(*e, *f)?, rest),
        rest => (0, rest),
    };
    let (fraction, rest) = match rest {
        [b'.' | b',', rest @ ..] => fraction(rest)?,
        rest => (0, rest),
    };
    let micros = i64::from(hour) * HOUR + i64::from(minute) * MINUTE + i64::from(second) * SECOND + fraction;
    let valid = hour < 24 && minute < 60 && second < 60 || micros == 24 * HOUR && hour == 24;
    valid.then_some((micros, rest))
}

/// Digits after the second as microseconds; `None` where there is none, or one beyond the microsecond that is not zero.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(length)?;
    let exact = length > 0 && digits.iter().skip(6).all(|digit| *digit == b'0');
    let padded = digits.iter().copied().chain(std::iter::repeat(b'0')).take(6);
    let micros = padded.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    exact.then_some((micros, rest))
}

/// The offset from UTC in microseconds; within, `None` where there is none. The text must end with it.
fn offset(text: &[u8]) -> Option<Option<i64>> {
    let (sign, hours, minutes) = match text.strip_prefix(b" ").unwrap_or(text) {
        [] => return Some(None),
        b"Z" | b"z" => return Some(Some(0)),
        [sign @ (b'+' | b'-'), a, b, b':', c, d] | [sign @ (b'+' | b'-'), a, b, c, d] => {
            (*sign, pair(*a, *b)?, pair(*c, *d)?)
        }
        [sign @ (b'+' | b'-'), a, b] => (*sign, pair(*a, *b)?, 0),
        _ => return None,
    };
    let micros = i64::from(hours) * HOUR + i64::from(minutes) * MINUTE;
    (hours < 24 && minutes < 60).then_some(Some(if sign == b'-' { -micros } else { micros }))
}

/// The number that two digits make.
fn pair(ten: u8, one: u8) -> Option<u32> {
    let (ten, one) = (ten.wrapping_sub(b'0'), one.wrapping_sub(b'0'));
    (ten < 10 && one < 10).then(|| u32::from(ten * 10 + one))
}

#[cfg(test)]
mod tests {
    use super::{Pass, Stamp, day, end_by_clock, ends_its_day, lettered, of_pass, stamp};
    use metrify_domain::calendar::Zone;

    fn read(text: &str) -> String {
        match stamp(text) {
            Ok(Stamp::At(at)) => at.to_string(),
            Ok(Stamp::Clock(clock)) => format!("clock {clock}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn times_are_read_as_people_and_programs_write_them() {
        for (text, expected) in [
            ("2025-03-30T01:45:00Z", "2025-03-30T01:45:00Z"),
            ("2025-01-01 00:15:00+01:00", "2024-12-31T23:15:00Z"),
            ("2025-01-01T00:15+0100", "2024-12-31T23:15:00Z"),
            ("2025-01-01T00:15:00.25-06", "2025-01-01T06:15:00.250Z"),
            ("2025-01-01 00:15:00.000000000 +00:00", "2025-01-01T00:15:00Z"),
            ("2025-12-31T24:00:00Z", "2026-01-01T00:00:00Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("2024-02-29 12:00", "clock 2024-02-29 12:00:00"),
            ("30.03.2025 01:45", "clock 2025-03-30 01:45:00"),
            ("1.3.2025 24:00:00", "clock 2025-03-02 00:00:00"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_its_reason() {
        for (text, word) in [
            ("", "is not a time"),
            ("1735689600", "bare number"),
            ("1735689600.5", "bare number"),
            ("2025-03-30", "no time of day"),
            ("2025-02-29T00:00:00Z", "names no moment"),
            ("31.04.2025 00:00", "names no moment"),
            ("2025-01-01T24:15:00Z", "is not a time"),
            ("2025-01-01T00:60:00Z", "is not a time"),
            ("2025-01-01T23:59:60Z", "is not a time"),
            ("2025-01-01T00:00:00.0000001Z", "is not a time"),
            ("2025-01-01T00:00:00Zulu", "is not a time"),
            ("2025-01-01T00:00:00+25:00", "is not a time"),
            ("2025-01-01x", "is not a time"),
        ] {
            assert!(read(text).contains(word), "{text}: {}", read(text));
        }
        assert!(day("30.03.2025").is_ok() && day("2025-03-30").is_ok());
        assert!(day("30.03.2025 00:00").is_err() && day("2025-13-01").is_err());
    }

    #[test]
    fn letters_tell_the_pass_of_the_hour_that_comes_twice() {
        for (text, expected) in [
            ("26.10.2025 2A:15", "2025-10-26T00:15:00Z"),
            ("26.10.2025 02b:15", "2025-10-26T01:15:00Z"),
            ("2025-10-26T2B:45:00", "2025-10-26T01:45:00Z"),
            ("25.10.2025 2A:15", "`25.10.2025 02:15` names one of two passes of an hour that the clock showed once"),
        ] {
            let (plain, pass) = lettered(text).expect("a letter");
            let read = of_pass(&plain, pass, Some(Zone::BERLIN));
            assert_eq!(read.map_or_else(|error| error.to_string(), |at| at.to_string()), expected, "{text}");
        }
        assert_eq!(lettered("2A:00"), Some(("02:00".to_owned(), Pass::First)));
        for plain in ["26.10.2025 02:15", "A:15", "123A:15", "2A", ""] {
            assert_eq!(lettered(plain), None, "{plain}");
        }
        assert!(ends_its_day("01.06.2025 24:00") && ends_its_day("24:00:00") && ends_its_day("2025-06-01T24:00Z"));
        assert!(!ends_its_day("24.06.2025 00:24") && !ends_its_day("2024-01-01T00:00"));
    }

    #[test]
    fn an_end_told_by_the_clock_alone_is_found_through_both_clock_changes() {
        let end = |start: &str, end: &str| match (stamp(start), stamp(end)) {
            (Ok(Stamp::At(start)), Ok(Stamp::Clock(end))) => {
                end_by_clock(Zone::BERLIN, start, end).map(|at| at.to_string()).map_err(|error| error.to_string())
            }
            other => panic!("{other:?}"),
        };
        // The last quarter-hour of the first pass, written as the clock shows it and as adding up gives it.
        assert_eq!(end("2023-10-29T00:45:00Z", "2023-10-29 02:00").as_deref(), Ok("2023-10-29T01:00:00Z"));
        assert_eq!(end("2023-10-29T00:45:00Z", "2023-10-29 03:00").as_deref(), Ok("2023-10-29T01:00:00Z"));
        assert_eq!(end("2023-10-28T23:45:00Z", "2023-10-29 02:00").as_deref(), Ok("2023-10-29T00:00:00Z"));
        assert_eq!(end("2023-10-28T22:00:00Z", "2023-10-30 00:00").as_deref(), Ok("2023-10-29T23:00:00Z"));
        // Spring: the clock never shows 02:00, yet an interval may end there.
        assert_eq!(end("2023-03-26T00:45:00Z", "2023-03-26 02:00").as_deref(), Ok("2023-03-26T01:00:00Z"));
        assert_eq!(end("2023-03-26T00:45:00Z", "2023-03-26 03:00").as_deref(), Ok("2023-03-26T01:00:00Z"));
        assert_eq!(end("2023-03-25T23:00:00Z", "2023-03-26 02:00").as_deref(), Ok("2023-03-26T01:00:00Z"));
        assert!(end("2023-03-26T00:45:00Z", "2023-03-26 02:15").is_err_and(|reason| reason.contains("does not exist")));
    }
}
