//! The limits that the rules judge by, where a tenant may set them.

use crate::findings::FINDINGS_MAX;
use crate::rules::{future_time, odd_interval};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ruleset {
    /// How long after its receipt a measured value may begin, in microseconds.
    pub lead_micros_max: i64,
    /// The longest interval that is not odd, in microseconds.
    pub interval_micros_max: i64,
    /// Findings of one rule about one batch that are listed; the others are counted in one more.
    pub findings_max: usize,
}

impl Default for Ruleset {
    fn default() -> Self {
        Self {
            lead_micros_max: future_time::LEAD_MICROS_MAX,
            interval_micros_max: odd_interval::INTERVAL_MICROS_MAX,
            findings_max: FINDINGS_MAX,
        }
    }
}
