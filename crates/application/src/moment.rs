//! Times as people write them.

use chrono::{DateTime, NaiveDate};
use metrify_domain::Timestamp;
use metrify_domain::calendar::day::day_period;

use crate::error::{Error, Kind, Result};

/// Instants that are told of: of the years from 1800 to 2199, wherever on earth. Columns of other engines count nanoseconds, and end in 1677 and 2262.
const EARLIEST: i64 = -5_364_748_800_000_000;
const LATEST: i64 = 7_258_118_400_000_000;

/// A day, local, as its beginning, or an instant: `2025-01-05`, `2025-01-05T00:00:00Z`.
///
/// # Errors
/// Where the text is neither.
pub fn moment(text: &str) -> Result<Timestamp> {
    let instant = DateTime::parse_from_rfc3339(text).ok().map(|at| Timestamp::from_micros(at.timestamp_micros()));
    let day = || text.parse::<NaiveDate>().ok().and_then(day_period).map(|day| day.start());
    let read = instant.or_else(day);
    let hint = match read {
        Some(at) if (EARLIEST..LATEST).contains(&at.micros()) => return Ok(at),
        Some(_) => "name one of the years from 1800 to 2199",
        // A plus that was not escaped came as a blank.
        None if DateTime::parse_from_rfc3339(&text.replace(' ', "+")).is_ok() => "write the `+` of its offset as `%2B`",
        None => "name a day, local, or an instant: 2025-01-05, 2025-01-05T00:00:00Z",
    };
    Err(Error::new(Kind::Invalid, format!("read `{text}` as a time")).hint(hint))
}
