//! Which span is looked at. Where days are asked about, nothing is rounded to them: what begins none is refused.

use metrify_application::read::Span;
use metrify_application::{Error, Kind, Result};
use metrify_domain::Timestamp;
use metrify_domain::calendar::day::{day_period, local_day};
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::IntoParams;

use crate::wire::moment;

/// Days that are looked at where nobody says which, beside today.
const DAYS: u64 = 30;

/// Which days or instants.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SpanParameters {
    /// A day, local, as its beginning, or an instant; the thirtieth day before today, or before the day of `as_known_at`, where it is absent.
    #[param(example = "2026-01-01")]
    start: Option<String>,
    /// Not within; the end of today, or of the day of `as_known_at`, where it is absent.
    end: Option<String>,
}

/// Which days.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DaysParameters {
    /// A local day, or the instant at which it begins; the thirtieth day before today, or before the day of `as_known_at`, where it is absent.
    #[param(example = "2026-01-01")]
    start: Option<String>,
    /// Not within; the day behind today, or behind the day of `as_known_at`, where it is absent.
    end: Option<String>,
}

/// How far back.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PeriodParameters {
    /// Days until now, or until `as_known_at`, such as `7d`, `30d`, or `24h` for one: so many local days and today.
    #[param(example = "7d", default = "30d")]
    period: Option<String>,
}

/// A span that is looked at, and how it is told.
pub(super) struct Looked {
    pub(super) span: Span,
    start: String,
    end: String,
}

impl SpanParameters {
    pub(super) fn span(&self, now: Timestamp) -> Result<Looked> {
        let Span { start, end } = span((self.start.as_deref(), self.end.as_deref()), now, moment)?;
        Ok(Looked { span: Span { start, end }, start: start.to_string(), end: end.to_string() })
    }
}

impl DaysParameters {
    pub(super) fn days(&self, now: Timestamp) -> Result<Looked> {
        Looked::days(span((self.start.as_deref(), self.end.as_deref()), now, midnight)?)
    }
}

impl PeriodParameters {
    pub(super) fn days(&self, now: Timestamp) -> Result<Looked> {
        let text = self.period.as_deref().unwrap_or("30d");
        let number = |suffix| text.strip_suffix(suffix).and_then(|number| number.parse::<u64>().ok());
        // Whole days, by the calendar: a day of 23 or 25 hours is one of them.
        let hours = || number('h').filter(|hours| hours % 24 == 0).map(|hours| hours / 24);
        let days = number('d').or_else(hours).filter(|days| (1..=3_660).contains(days)).ok_or_else(|| {
            Error::new(Kind::Invalid, format!("read the period `{text}`")).hint("name whole days: 24h, 7d, 30d")
        })?;
        Looked::days(Span { start: day_back(now, days)?.start, end: day_back(now, 0)?.end })
    }
}

impl Looked {
    fn days(span: Span) -> Result<Self> {
        let day = |at| local_day(at).ok_or_else(|| Error::new(Kind::Internal, format!("find the day of {at}")));
        Ok(Self { span, start: day(span.start)?.to_string(), end: day(span.end)?.to_string() })
    }

    /// As members of an answer.
    pub(super) fn told(&self) -> Result<[(&'static str, Box<RawValue>); 2]> {
        let text = |text: &String| {
            to_raw_value(text).map_err(|error| Error::new(Kind::Internal, "write the answer").because(error))
        };
        Ok([("start", text(&self.start)?), ("end", text(&self.end)?)])
    }
}

fn span(
    (start, end): (Option<&str>, Option<&str>),
    now: Timestamp,
    read: fn(&str) -> Result<Timestamp>,
) -> Result<Span> {
    let end = end.map_or_else(|| day_back(now, 0).map(|day| day.end), read)?;
    let start = start.map_or_else(|| day_back(now, DAYS).map(|day| day.start), read)?;
    if start >= end {
        let error = Error::new(Kind::Invalid, "read the parameters: `start` does not lie before `end`");
        return Err(error.hint("`end` is not within: of one day it is the next"));
    }
    Ok(Span { start, end })
}

/// The beginning of a local day.
fn midnight(text: &str) -> Result<Timestamp> {
    let at = moment(text)?;
    let day = day_back(at, 0)?;
    if day.start == at {
        return Ok(at);
    }
    let error = Error::new(Kind::Invalid, format!("read `{text}` as a day: no day begins then"));
    Err(match local_day(at) {
        Some(day) => error.hint(format!("whole days are looked at, on the clock of Berlin: name one, such as {day}")),
        None => error,
    })
}

/// A local day by itself, or the one that an instant begins.
pub(super) fn day(text: &str) -> Result<Span> {
    day_back(midnight(text)?, 0)
}

/// The local day that lies so many before the one of an instant.
pub(super) fn day_back(now: Timestamp, back: u64) -> Result<Span> {
    let day = local_day(now).and_then(|day| day.checked_sub_days(chrono::Days::new(back))).and_then(day_period);
    let day = day.ok_or_else(|| Error::new(Kind::Internal, format!("find the day {back} days before {now}")))?;
    Ok(Span { start: day.start(), end: day.end() })
}
