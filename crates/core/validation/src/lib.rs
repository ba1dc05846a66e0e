//! Judges readings at the door by their structure alone. A finding never changes what it speaks of.

use metrify_domain::{Batch, Finding, Timestamp};

/// The limits that the rules judge by.
#[derive(Clone, Debug, Default)]
pub struct Ruleset {}

/// What the rules say about a batch.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Rows that cannot mean anything, with the reason.
    pub refused: Vec<(usize, String)>,
    pub findings: Vec<Finding>,
}

#[must_use]
pub fn check(_rules: &Ruleset, _batch: &Batch, _received_at: Timestamp) -> Checked {
    Checked::default()
}
