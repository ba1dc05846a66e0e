//! What is noticed without a reading being lost, each thing once: a meter says the same in every telegram.

use metrify_domain::{Finding, Severity};

/// Findings that were made of one meter or delivery, by their rules.
#[derive(Debug, Default)]
pub(crate) struct Remarks {
    made: Vec<&'static str>,
}

impl Remarks {
    /// Whether a rule has something to say for the first time.
    pub(crate) fn first(&mut self, rule: &'static str) -> bool {
        let first = !self.made.contains(&rule);
        if first {
            self.made.push(rule);
        }
        first
    }
}

/// A place in a delivery of bytes.
pub(crate) fn at_byte(position: u64) -> String {
    format!("byte {position}")
}

/// A finding about a place of the delivery; about the whole of it where the place is empty.
pub(crate) fn finding(rule: &'static str, severity: Severity, position: &str, reason: String) -> Finding {
    let position = position.to_owned();
    Finding { rule: rule.into(), severity, channel: None, period: None, position, reason }
}
