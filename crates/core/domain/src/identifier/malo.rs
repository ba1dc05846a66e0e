//! Market location ids (MaLo-ID): where energy is accounted. A Tranche has the same shape.

use std::fmt;
use std::str::FromStr;

use super::{DIGIT, IdentifierError, check_digit, check_shape, unless};
use crate::text::Text;

/// Eleven digits, the first 1 to 9, the last a check digit. It does not tell electricity from gas.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MaloId(Text<11>);

const WHAT: &str = "a market location id";
const LENGTH: usize = 11;

impl MaloId {
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for MaloId {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        check_shape(WHAT, text, LENGTH, |index, letter| match index {
            // 1 to 3 are issued by the DVGW, 4 to 9 by the BDEW.
            0 => unless(matches!(letter, '1'..='9'), "a digit 1 to 9"),
            _ => unless(letter.is_ascii_digit(), DIGIT),
        })?;
        let (body, digit) = text.split_at(LENGTH - 1);
        let (expected, found) = (check_digit::code_number(body), digit.chars().next().unwrap_or_default());
        if expected != found {
            return Err(IdentifierError::CheckDigit { what: WHAT, expected, found });
        }
        Text::new(text).map(Self).ok_or(IdentifierError::NoCheckDigit { what: WHAT })
    }
}

impl fmt::Display for MaloId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for MaloId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::check_digit, MaloId};
    use proptest::prelude::*;

    #[test]
    fn market_locations_of_the_trade_are_valid() {
        for id in ["41373559241", "50120962218", "51481308448", "51481308456", "57685676748"] {
            assert_eq!(id.parse::<MaloId>().map(|malo| malo.to_string()).as_deref(), Ok(id));
        }
    }

    #[test]
    fn what_is_no_market_location_is_refused_with_its_reason() {
        for (id, reason) in [
            ("12345678901", "the check digit of a market location id must be 5 here, not `1`"),
            ("10001234567", "the check digit of a market location id must be 6 here, not `7`"),
            ("01373559241", "character 1 of a market location id must be a digit 1 to 9, not `0`"),
            ("4137355924A", "character 11 of a market location id must be a digit, not `A`"),
            ("4137355924١", "character 11 of a market location id must be a digit, not `١`"),
            ("4137355924", "a market location id has 11 characters, this one has 10"),
            ("", "a market location id has 11 characters, this one has 0"),
        ] {
            let refused = id.parse::<MaloId>().map_err(|error| error.to_string());
            assert_eq!(refused.map(|id| id.to_string()), Err(reason.to_owned()), "{id}");
        }
    }

    proptest! {
        #[test]
        fn a_body_with_its_check_digit_is_valid_and_with_any_other_not(body in "[1-9][0-9]{9}", other in 0..10_u32) {
            let digit = check_digit::code_number(&body);
            let id = format!("{body}{other}");
            prop_assert_eq!(id.parse::<MaloId>().is_ok(), digit.to_digit(10) == Some(other));
        }

        #[test]
        fn any_text_is_read_without_panic(text in any::<String>()) {
            if let Ok(malo) = text.parse::<MaloId>() {
                prop_assert_eq!(malo.as_str(), text);
            }
        }
    }
}
