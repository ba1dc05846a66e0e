//! The one calendar: which instants a local clock means, and (in the parts below) days, gas days, months, holidays and working days.

pub mod day;
pub mod holiday;
pub mod land;
pub mod working_day;

use std::fmt;
use std::str::FromStr;

use chrono::{MappedLocalTime, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;

use crate::time::Timestamp;

/// A time zone of the IANA database, compiled in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Zone(Tz);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time zone such as Europe/Berlin or UTC")]
pub struct UnknownZone(String);

/// The instants that a local clock time can mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Instants {
    One(Timestamp),
    /// The clock was set back: it showed this time twice.
    Two {
        earlier: Timestamp,
        later: Timestamp,
    },
    /// The clock was set forward over this time: it never showed it.
    None,
}

impl Zone {
    /// The zone of the German energy market.
    pub const BERLIN: Self = Self(Tz::Europe__Berlin);
    pub const UTC: Self = Self(Tz::UTC);

    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// What instants a clock in this zone means when it shows `clock`.
    #[must_use]
    pub fn instants(&self, clock: NaiveDateTime) -> Instants {
        let instant = |at: chrono::DateTime<Tz>| Timestamp::from_utc(at.naive_utc());
        match self.0.from_local_datetime(&clock) {
            MappedLocalTime::Single(at) => Instants::One(instant(at)),
            MappedLocalTime::Ambiguous(earlier, later) => {
                Instants::Two { earlier: instant(earlier), later: instant(later) }
            }
            MappedLocalTime::None => Instants::None,
        }
    }

    /// What a clock in this zone shows at an instant; `None` beyond the years a calendar names.
    #[must_use]
    pub fn clock(&self, at: Timestamp) -> Option<NaiveDateTime> {
        let utc = at.utc()?;
        utc.checked_add_signed(TimeDelta::seconds(i64::from(self.offset_seconds(utc))))
    }

    fn offset_seconds(self, utc: NaiveDateTime) -> i32 {
        self.0.offset_from_utc_datetime(&utc).fix().local_minus_utc()
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        name.parse().map(Self).map_err(|_| UnknownZone(name.chars().take(60).collect()))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a local clock time could not be turned into an instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    #[error("the local time {clock} does not exist in {zone}: the clock was set forward over it")]
    Skipped { clock: NaiveDateTime, zone: Zone },
    #[error("the local time {clock} came twice in {zone}, and the rows before do not tell which one is meant")]
    Ambiguous { clock: NaiveDateTime, zone: Zone },
}

/// Reads a series of local clock times in the order of its rows, so that the doubled hour of autumn is told by its neighbours.
///
/// A clock time that came twice means the instant that carries the series on: in a rising series the first until that is
/// passed, then the second; in a falling series (newest row first) the other way round. Without any neighbour it stays ambiguous.
/// A time that stands twice in a row is one moment that was told twice, unless the series goes by hours, which shows both so.
#[derive(Clone, Debug)]
pub struct LocalClock {
    zone: Zone,
    last: Option<(NaiveDateTime, Timestamp)>,
    falling: bool,
    hourly: bool,
}

impl LocalClock {
    #[must_use]
    pub const fn new(zone: Zone) -> Self {
        Self { zone, last: None, falling: false, hourly: false }
    }

    /// # Errors
    /// Where the clock never showed the time, or showed it twice and no earlier row tells which is meant.
    pub fn read(&mut self, clock: NaiveDateTime) -> Result<Timestamp, ClockError> {
        let at = match self.zone.instants(clock) {
            Instants::One(at) => at,
            Instants::None => return Err(ClockError::Skipped { clock, zone: self.zone }),
            Instants::Two { earlier, later } => match self.last {
                None => return Err(ClockError::Ambiguous { clock, zone: self.zone }),
                Some((shown, last)) if shown == clock && !self.hourly => last,
                Some((_, last)) if self.falling => {
                    if last > later {
                        later
                    } else {
                        earlier
                    }
                }
                Some((_, last)) => {
                    if last >= earlier {
                        later
                    } else {
                        earlier
                    }
                }
            },
        };
        if let Some((shown, last)) = self.last {
            if at != last {
                self.falling = at < last;
            }
            if shown != clock {
                self.hourly = (clock - shown).abs() >= TimeDelta::hours(1);
            }
        }
        self.last = Some((clock, at));
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::{ClockError, LocalClock, Zone};
    use chrono::NaiveDate;

    fn clock(day: (i32, u32, u32), hour: u32, minute: u32) -> chrono::NaiveDateTime {
        NaiveDate::from_ymd_opt(day.0, day.1, day.2).and_then(|d| d.and_hms_opt(hour, minute, 0)).expect("a clock time")
    }

    #[test]
    fn the_doubled_hour_of_autumn_is_told_by_order() {
        let autumn = (2023, 10, 29);
        let mut series = LocalClock::new(Zone::BERLIN);
        let read: Vec<_> = [(1, 45), (2, 0), (2, 15), (2, 30), (2, 45), (2, 0), (2, 15), (2, 30), (2, 45), (3, 0)]
            .into_iter()
            .map(|(hour, minute)| series.read(clock(autumn, hour, minute)).expect("told by order").micros())
            .collect();
        assert!(read.windows(2).all(|pair| pair[1] - pair[0] == crate::time::QUARTER_HOUR), "{read:?}");

        let mut falling = LocalClock::new(Zone::BERLIN);
        let read: Vec<_> = [(4, 0), (3, 0), (2, 30), (2, 0), (2, 30), (2, 0), (1, 30)]
            .into_iter()
            .map(|(hour, minute)| falling.read(clock(autumn, hour, minute)).expect("told by order").micros())
            .collect();
        assert!(read.windows(2).all(|pair| pair[1] < pair[0]), "{read:?}");
    }

    #[test]
    fn a_time_that_stands_twice_is_one_moment_but_for_a_series_of_hours() {
        let read = |clocks: &[(u32, u32)]| -> Vec<String> {
            let mut series = LocalClock::new(Zone::BERLIN);
            let read = clocks.iter().map(|(hour, minute)| series.read(clock((2023, 10, 29), *hour, *minute)));
            read.map(|at| at.expect("told by order").to_string()[11..16].to_owned()).collect()
        };
        let twice = [(1, 45), (2, 0), (2, 0), (2, 15), (2, 30), (2, 45), (2, 0), (2, 15), (2, 15)];
        assert_eq!(read(&twice), ["23:45", "00:00", "00:00", "00:15", "00:30", "00:45", "01:00", "01:15", "01:15"]);
        let falling = [(3, 0), (2, 45), (2, 45), (2, 30), (2, 15), (2, 0), (2, 45), (2, 30)];
        assert_eq!(read(&falling), ["02:00", "01:45", "01:45", "01:30", "01:15", "01:00", "00:45", "00:30"]);
        assert_eq!(read(&[(1, 0), (2, 0), (2, 0), (3, 0)]), ["23:00", "00:00", "01:00", "02:00"]);
        assert_eq!(read(&[(3, 0), (2, 0), (2, 0), (1, 0)]), ["02:00", "01:00", "00:00", "23:00"]);
    }

    #[test]
    fn what_order_does_not_tell_is_refused() {
        let mut series = LocalClock::new(Zone::BERLIN);
        assert!(matches!(series.read(clock((2023, 10, 29), 2, 15)), Err(ClockError::Ambiguous { .. })));
        assert!(matches!(series.read(clock((2023, 3, 26), 2, 15)), Err(ClockError::Skipped { .. })));
    }
}
