//! Whose weather a reply tells: the city by the service's number (`owm:2950159`), else the coordinates (`38.7078,-9.1366`), with
//! its name and its local days.

use chrono::{Days, NaiveDate};
use metrify_domain::calendar::{Instants, Zone};
use metrify_domain::time::{HOUR, SECOND};
use metrify_domain::{Period, Point, Timestamp};

use crate::json::{Object, Value};

/// Longest name of a place, in characters.
const NAME_CHARS_MAX: usize = 200;

/// When days begin at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    Zone(Zone),
    /// Microseconds east of Greenwich, at the time of the reply.
    Offset(i64),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    pub(super) point: Option<Point>,
    pub(super) name: Option<String>,
    pub(super) clock: Option<Clock>,
}

impl Place {
    /// What an object says about itself: a reply, its `city`, or an element of a group. What it does not say, `outer` does.
    pub(super) fn of(object: Object<'_>, outer: &Self) -> Self {
        let value = |key: &str| object.get(key);
        let coordinates = || {
            let coord = value("coord").and_then(Value::object).unwrap_or(object);
            let number = |key: &str| coord.get(key).filter(|value| value.number().is_some()).and_then(Value::said);
            Some(format!("{},{}", number("lat")?, number("lon")?))
        };
        let id = value("id").or_else(|| value("city_id")).and_then(Value::whole).filter(|id| *id > 0);
        let text = id.map(|id| format!("owm:{id}")).or_else(coordinates);
        let name = value("name").and_then(Value::said);
        let name = name.map(|name| name.chars().filter(|letter| !letter.is_control()).take(NAME_CHARS_MAX).collect());
        let point = text.and_then(|text| text.parse().ok());
        match point {
            Some(point) => Self { point: Some(point), name, clock: clock(object).or(outer.clock) },
            None => Self { clock: clock(object).or(outer.clock), ..outer.clone() },
        }
    }
}

/// `timezone` is the name of a zone in One Call, and seconds elsewhere.
fn clock(object: Object<'_>) -> Option<Clock> {
    let zone = object.get("timezone").and_then(Value::said).and_then(|name| name.parse().ok());
    let seconds = || {
        let seconds = object.get("timezone_offset").or_else(|| object.get("timezone")).and_then(Value::whole)?;
        (seconds.abs() < 24 * HOUR / SECOND).then_some(seconds * SECOND)
    };
    zone.map(Clock::Zone).or_else(|| seconds().map(Clock::Offset))
}

impl Clock {
    /// The local day of a moment.
    pub(super) fn day(self, at: Timestamp) -> Option<NaiveDate> {
        match self {
            Self::Zone(zone) => zone.clock(at).map(|clock| clock.date()),
            Self::Offset(offset) => at.plus(offset)?.utc().map(|clock| clock.date()),
        }
    }

    /// The moment at which the clock shows this hour of a day.
    pub(super) fn at(self, day: NaiveDate, hour: i64) -> Option<Timestamp> {
        match self {
            Self::Zone(zone) => match zone.instants(day.and_hms_opt(u32::try_from(hour).ok()?, 0, 0)?) {
                Instants::One(at) | Instants::Two { earlier: at, .. } => Some(at),
                Instants::None => None,
            },
            Self::Offset(offset) => Timestamp::midnight(day).plus(hour * HOUR - offset),
        }
    }

    pub(super) fn period(self, day: NaiveDate) -> Option<Period> {
        Period::interval(self.at(day, 0)?, self.at(day.checked_add_days(Days::new(1))?, 0)?)
    }
}
