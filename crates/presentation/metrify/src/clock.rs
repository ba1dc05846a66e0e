//! The only place that reads the clock.

use metrify_domain::Timestamp;

/// Now, in UTC.
#[allow(clippy::disallowed_methods, reason = "time has to come in somewhere: here, and from here as an argument")]
pub fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
