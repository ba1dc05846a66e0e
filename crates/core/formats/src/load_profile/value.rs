//! One value of a table as a row of `load_profiles`, and the quarter-hours that the rows of a table tell of.

use metrify_domain::calendar::working_day::DayType;
use metrify_domain::profile::{DAY_VALUES, Part};
use metrify_domain::{Decimal, Document, Unit};

use super::labels::{DAY_MINUTES, Label, QUARTER_MINUTES};
use crate::output::Output;
use crate::record::{Cell, Record, RecordTable};

/// What all values of a table share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) profile: String,
    pub(super) unit: Unit,
    pub(super) annual_kwh: Option<Decimal>,
}

/// What all values of a column share.
pub(super) type Column = (Part, DayType);

pub(super) fn tell(origin: &Origin, (part, day_type): Column, quarter: usize, value: Decimal, out: &mut Output<'_>) {
    let number = |number: u32| Decimal::from(i64::from(number));
    let (season, month) = match part {
        Part::Season(season) => (Some(season.name()), None),
        Part::Month(month) => (None, Some(number(month.number_from_month()))),
    };
    let minute = u32::try_from(quarter).unwrap_or_default() * QUARTER_MINUTES;
    let cells = vec![
        origin.profile.as_str().into(),
        season.into(),
        month.into(),
        day_type.name().into(),
        number(minute).into(),
        value.into(),
        origin.unit.as_str().into(),
        Cell::from(origin.annual_kwh),
    ];
    if let Some(record) = Record::new(RecordTable::LoadProfiles, Document::default(), cells) {
        out.record(record);
    }
}

/// `winter saturday`, `january saturday`.
pub(super) fn name((part, day_type): Column) -> String {
    let part = match part {
        Part::Season(season) => season.name().to_owned(),
        Part::Month(month) => month.name().to_lowercase(),
    };
    format!("{part} {}", day_type.name())
}

/// `00:15-00:30`.
pub(super) fn range(quarter: usize) -> String {
    let clock = |quarter: usize| format!("{:02}:{:02}", quarter / 4 % 24, quarter % 4 * 15);
    format!("{}-{}", clock(quarter), clock(quarter + 1))
}

/// Which end of the quarter-hour the times of a table name. The first one tells: 00:00 begins a day and 00:15 ends its first
/// quarter-hour. The tables of 1999 name ends, those made of them mostly begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Times {
    Begin,
    End,
}

/// The quarter-hours of a table, or of a column of it, in the order of its rows.
#[derive(Clone, Debug)]
pub(super) struct Quarters {
    times: Option<Times>,
    seen: [bool; DAY_VALUES],
}

/// Where the first time does not tell.
const UNTOLD: &str = "the first time of the table is neither 00:00 nor 00:15, so that it cannot be told whether times name \
    the begin or the end of quarter-hours: write 00:15-00:30";

impl Default for Quarters {
    fn default() -> Self {
        Self { times: None, seen: [false; DAY_VALUES] }
    }
}

impl Quarters {
    pub(super) fn are_complete(&self) -> bool {
        self.seen.iter().all(|seen| *seen)
    }

    /// The quarter-hour of the next row, from 0.
    ///
    /// # Errors
    /// Where it cannot be told, or was told of before.
    pub(super) fn next(&mut self, label: Label) -> Result<usize, String> {
        let minute = match label {
            Label::Range(begin) => begin,
            Label::Time(minute) => {
                let times = self.times.or(match minute {
                    0 => Some(Times::Begin),
                    QUARTER_MINUTES => Some(Times::End),
                    _ => None,
                });
                self.times = times;
                match times {
                    None => return Err(UNTOLD.to_owned()),
                    Some(Times::Begin) => minute,
                    Some(Times::End) => (minute + DAY_MINUTES - QUARTER_MINUTES) % DAY_MINUTES,
                }
            }
        };
        if minute % QUARTER_MINUTES != 0 {
            return Err("the row's time is none of a quarter-hour".to_owned());
        }
        let quarter = (minute / QUARTER_MINUTES) as usize;
        match self.seen.get_mut(quarter) {
            Some(seen) if !*seen => {
                *seen = true;
                Ok(quarter)
            }
            Some(_) => Err(format!("the quarter-hour {} stands in the table twice", range(quarter))),
            None => Err("the row's time is beyond the day".to_owned()),
        }
    }
}
