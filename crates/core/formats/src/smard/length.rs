//! How long the intervals of a file are: its resolution.

use chrono::{Datelike, Months, NaiveDateTime, TimeDelta};
use metrify_domain::Timestamp;
use metrify_domain::calendar::{Instants, Zone};
use metrify_domain::time::{HOUR, QUARTER_HOUR};

/// The resolutions of SMARD, from the finest to the coarsest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Length {
    QuarterHour,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// When an interval begins, in both senses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Begin {
    pub(crate) at: Timestamp,
    pub(crate) clock: NaiveDateTime,
}

impl Length {
    const ALL: [Self; 6] = [Self::QuarterHour, Self::Hour, Self::Day, Self::Week, Self::Month, Self::Year];

    /// As SMARD names it in the addresses of its charts.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::QuarterHour => "quarterhour",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|length| length.name() == name)
    }

    /// What has to be said of amounts that SMARD offers by the quarter-hour, too.
    pub(crate) fn coarse(self) -> Option<String> {
        let reason = "the quarter-hours of the series share its channel, so sum amounts of one length alone";
        (self > Self::QuarterHour).then(|| format!("each amount is that of one {}: {reason}", self.name()))
    }

    /// Between the two clock times of one row; `None` where no resolution lies between them.
    pub(crate) fn told(start: NaiveDateTime, end: NaiveDateTime) -> Option<Self> {
        let clock = |length: &Self| length.after(start) == Some(end);
        Self::ALL.into_iter().find(clock)
    }

    /// Between the beginnings of two rows.
    pub(crate) fn between(first: Begin, second: Begin) -> Option<Self> {
        match second.at.micros().checked_sub(first.at.micros()) {
            Some(QUARTER_HOUR) => Some(Self::QuarterHour),
            Some(HOUR) => Some(Self::Hour),
            Some(_) => Self::told(first.clock, second.clock).filter(|length| *length >= Self::Day),
            None => None,
        }
    }

    /// The end of an interval: hours are counted, days and longer are told by the clock.
    pub(crate) fn end(self, begin: Begin) -> Option<Timestamp> {
        match self {
            Self::QuarterHour => begin.at.plus(QUARTER_HOUR),
            Self::Hour => begin.at.plus(HOUR),
            Self::Day | Self::Week | Self::Month | Self::Year => {
                match Zone::BERLIN.instants(self.after(begin.clock)?) {
                    Instants::One(at) | Instants::Two { earlier: at, .. } => Some(at),
                    Instants::None => None,
                }
            }
        }
    }

    /// What a clock that is never changed shows one interval later.
    fn after(self, clock: NaiveDateTime) -> Option<NaiveDateTime> {
        match self {
            Self::QuarterHour => clock.checked_add_signed(TimeDelta::minutes(15)),
            Self::Hour => clock.checked_add_signed(TimeDelta::hours(1)),
            Self::Day => clock.checked_add_signed(TimeDelta::days(1)),
            Self::Week => clock.checked_add_signed(TimeDelta::weeks(1)),
            Self::Month if clock.day() == 1 => clock.checked_add_months(Months::new(1)),
            Self::Year if clock.day() == 1 => clock.checked_add_months(Months::new(12)),
            Self::Month | Self::Year => None,
        }
    }
}
