//! A short text for people: a maker, a model, a town.

use std::fmt;
use std::str::FromStr;

/// One to a hundred characters, none of them a control character, without white space at an end.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Label(String);

const CHARACTERS_MAX: usize = 100;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a text has 1 to {CHARACTERS_MAX} characters, no control character, and no white space at an end")]
pub struct LabelError;

impl Label {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Label {
    type Err = LabelError;

    fn from_str(text: &str) -> Result<Self, LabelError> {
        let length = text.chars().take(CHARACTERS_MAX + 1).count();
        let printable = text.trim() == text && !text.chars().any(char::is_control);
        if (1..=CHARACTERS_MAX).contains(&length) && printable { Ok(Self(text.to_owned())) } else { Err(LabelError) }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_short_and_printable() {
        for good in ["EMH metering", "ü", &"x".repeat(100)] {
            assert_eq!(good.parse::<Label>().map(|label| label.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", " a", "a\n", "a\u{7}b", &"x".repeat(101)] {
            assert_eq!(bad.parse::<Label>(), Err(LabelError), "{bad:?}");
        }
    }
}
