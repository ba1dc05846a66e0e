//! Whether the times of a series are the beginnings of its intervals or their ends, where the name of their column does not say so.
//!
//! They are beginnings unless the rows prove that they are ends, as older German load curves have them: 24:00 can only be an end, and
//! so is 00:00 where it is the last time and the first is one step behind another midnight. Rows wait until that is told: no longer
//! than to the first midnight, except where the first time is such a step.

use chrono::{NaiveDateTime, NaiveTime, TimeDelta};

use crate::dates::{self, Stamp};

/// Most bytes of rows that wait; a year of quarter-hours takes two million.
const HELD_BYTES_MAX: usize = 4 << 20;
/// The longest step whose end of the day tells anything.
const STEP_MAX: TimeDelta = TimeDelta::hours(1);

/// What a time is of its interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Begin,
    End,
}

/// What the rows tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evidence {
    None,
    /// A time is 24:00.
    EndOfDay,
    /// The times reach from one step behind a midnight to another midnight.
    WholeDays,
}

impl Evidence {
    pub(super) const fn side(self) -> Side {
        match self {
            Self::None => Side::Begin,
            Self::EndOfDay | Self::WholeDays => Side::End,
        }
    }

    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::None => {
                "the table does not say whether a time is the beginning or the end of its interval: it is taken as the beginning"
            }
            Self::EndOfDay => {
                "the times are taken as the ends of their intervals, since one is 24:00, at which nothing begins"
            }
            Self::WholeDays => {
                "the times are taken as the ends of their intervals, since they reach from one step behind a midnight to another \
                 midnight"
            }
        }
    }
}

/// Rows that wait.
#[derive(Debug, Default)]
pub(super) struct Undecided {
    rows: Vec<(u64, Vec<u8>)>,
    bytes: usize,
    first: Option<NaiveDateTime>,
    /// Between the first two rows.
    step: Option<TimeDelta>,
    last: Option<NaiveDateTime>,
}

impl Undecided {
    /// Takes a row with its time; `None` where the next may tell more.
    pub(super) fn take(&mut self, (number, bytes): (u64, &[u8]), time: &str) -> Option<Evidence> {
        self.bytes += bytes.len() + size_of::<(u64, Vec<u8>)>();
        self.rows.push((number, bytes.to_vec()));
        if dates::ends_its_day(time) {
            return Some(Evidence::EndOfDay);
        }
        let plain = dates::lettered(time);
        let open = match dates::stamp(plain.as_ref().map_or(time, |(plain, _)| plain)) {
            Ok(Stamp::Clock(clock)) => self.is_open(clock),
            // Whoever writes offsets does not write load curves by the old rule.
            Ok(Stamp::At(_)) => false,
            // What is no time tells nothing.
            Err(_) => true,
        };
        (!open || self.bytes > HELD_BYTES_MAX).then_some(Evidence::None)
    }

    /// Whether the times can still turn out to be ends with this one.
    fn is_open(&mut self, clock: NaiveDateTime) -> bool {
        self.last = Some(clock);
        let Some(first) = self.first else {
            self.first = Some(clock);
            return clock.time() != NaiveTime::MIN;
        };
        let step = *self.step.get_or_insert(clock - first);
        step > TimeDelta::zero() && step <= STEP_MAX && (self.begins_a_day() || clock.date() == first.date())
    }

    /// Whether the first time lies one step behind midnight.
    fn begins_a_day(&self) -> bool {
        self.first.zip(self.step).is_some_and(|(first, step)| first.time() - NaiveTime::MIN == step)
    }

    /// What the rows tell, where no more come.
    pub(super) fn evidence(&self) -> Evidence {
        let later = self.first.zip(self.last).is_some_and(|(first, last)| last.date() > first.date());
        let midnight = self.last.is_some_and(|last| last.time() == NaiveTime::MIN);
        if self.begins_a_day() && later && midnight { Evidence::WholeDays } else { Evidence::None }
    }

    pub(super) fn into_rows(self) -> Vec<(u64, Vec<u8>)> {
        self.rows
    }
}
