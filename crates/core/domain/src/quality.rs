//! How far a value can be trusted, by which method it came about, and why.

use std::fmt;
use std::str::FromStr;

use crate::text::Text;

/// The standing of a value. The codes of other worlds (MSCONS QTY DE6063, BO4E Messwertstatus) map onto these seven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Quality {
    /// No value: it is known that there should be one (QTY Z30).
    Missing = 0,
    /// A value that must not be used (QTY 20).
    Faulty = 1,
    /// A value about the future (QTY 187).
    Forecast = 2,
    /// A value somebody suggests (QTY 201).
    Proposed = 3,
    /// Preliminary (QTY Z18).
    Provisional = 4,
    /// Formed by a method instead of measured (QTY 67).
    Substitute = 5,
    /// Measured (QTY 220, and sums of such, 79).
    True = 6,
}

impl Quality {
    pub const ALL: [Self; 7] =
        [Self::Missing, Self::Faulty, Self::Forecast, Self::Proposed, Self::Provisional, Self::Substitute, Self::True];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Faulty => "faulty",
            Self::Forecast => "forecast",
            Self::Proposed => "proposed",
            Self::Provisional => "provisional",
            Self::Substitute => "substitute",
            Self::True => "true",
        }
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a quality (true, provisional, substitute, proposed, forecast, faulty, missing)")]
pub struct UnknownQuality(String);

impl FromStr for Quality {
    type Err = UnknownQuality;

    fn from_str(text: &str) -> Result<Self, UnknownQuality> {
        let found = Self::ALL.into_iter().find(|quality| quality.name() == text);
        found.ok_or_else(|| UnknownQuality(text.chars().take(40).collect()))
    }
}

/// A method or a reason: the trade's own code (`Z92`, `ZB0`) or a word of the sender's, at most 47 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(Text<47>);

impl Code {
    /// `None` for an empty text, one of more than 47 bytes, or one with control characters.
    #[must_use]
    pub fn new(code: &str) -> Option<Self> {
        if code.is_empty() || code.chars().any(char::is_control) {
            return None;
        }
        Text::new(code).map(Self)
    }

    #[must_use]
    pub const fn literal(code: &'static str) -> Self {
        Self(Text::literal(code))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
