//! What a rule noticed about a delivery or a reading. A finding never changes or removes what it speaks of.

use std::borrow::Cow;

use crate::reading::{Channel, Period};

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Note,
    Warning,
    Error,
}

impl Severity {
    pub const ALL: [Self; 3] = [Self::Note, Self::Warning, Self::Error];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One finding: which rule, about what, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name in lower case with `_`, such as `segment_count` or `whole_kwh_register`.
    pub rule: Cow<'static, str>,
    pub severity: Severity,
    pub channel: Option<Channel>,
    pub period: Option<Period>,
    /// Where in the delivery, such as `line 12` or `message 3, segment 40`; empty where the whole delivery is meant.
    pub position: String,
    pub reason: String,
}
