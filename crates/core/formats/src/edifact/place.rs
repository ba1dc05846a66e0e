//! Where a reader of messages stands in a delivery, and how it tells of what it meets there.

use metrify_domain::{Finding, Severity};

use super::segments::Segment;
use crate::output::{Output, Problem};

/// A message's number in the delivery, and that of the segment at hand in the message, both from 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) message: u64,
    pub(crate) segment: u64,
}

impl Place {
    /// At the head of a message.
    pub(crate) const fn head(message: u64) -> Self {
        Self { message, segment: 1 }
    }

    /// What the segment tells is lost; it can be read again behind `prelude`.
    pub(crate) fn lose(self, segment: &Segment<'_>, reason: String, prelude: &[&[u8]], out: &mut Output<'_>) {
        let mut bytes = Vec::new();
        segment.append_to(&mut bytes);
        let position = self.to_string();
        out.problem(Problem { position, reason, readings: 1, prelude: prelude.concat(), bytes });
    }

    pub(crate) fn find(self, (rule, severity): (&'static str, Severity), reason: String, out: &mut Output<'_>) {
        let position = self.to_string();
        out.finding(Finding { rule: rule.into(), severity, channel: None, period: None, position, reason });
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "message {}, segment {}", self.message, self.segment)
    }
}
