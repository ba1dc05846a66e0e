//! What a person logs in by.

use std::fmt;
use std::str::FromStr;

/// One to 64 lower-case letters, digits and `.`, `_`, `-`, `+`, `@`, such as `ann` or `ann@example.org`; the first is a letter or a
/// digit. It is told apart within its tenant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct UserName(String);

const CHARACTERS_MAX: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name of a user has 1 to {CHARACTERS_MAX} lower-case letters, digits and `._-+@`, and begins with a letter or a digit"
)]
pub struct UserNameError;

impl UserName {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserName {
    type Err = UserNameError;

    fn from_str(text: &str) -> Result<Self, UserNameError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let begins = text.bytes().next().is_some_and(plain);
        let good = text.bytes().all(|byte| plain(byte) || b"._-+@".contains(&byte));
        if begins && good && text.len() <= CHARACTERS_MAX { Ok(Self(text.to_owned())) } else { Err(UserNameError) }
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_plain() {
        for good in ["ann", "ann@example.org", "7", &"x".repeat(64)] {
            assert_eq!(good.parse::<UserName>().map(|name| name.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "Ann", "@ann", "ann smith", "ann\n", "änn", &"x".repeat(65)] {
            assert_eq!(bad.parse::<UserName>(), Err(UserNameError), "{bad:?}");
        }
    }
}
