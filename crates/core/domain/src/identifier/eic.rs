//! Energy identification codes (EIC, ENTSO-E): areas, parties and places of the European market.

use std::fmt;
use std::str::FromStr;

use super::{IdentifierError, UPPER_ALPHANUMERIC, check_shape, is_upper_alphanumeric, unless};
use crate::text::Text;

/// Sixteen characters: two of the issuing office, a letter of the type, twelve of the office's own, a check character.
///
/// The check notices every single wrong character and every two neighbours swapped.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EicCode(Text<16>);

/// What a code names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EicType {
    /// `X`: a market party.
    Party,
    /// `Y`: a control area, a bidding zone, a balancing area.
    Area,
    /// `Z`: a measurement point.
    MeasurementPoint,
    /// `W`: a power plant or another resource.
    Resource,
    /// `T`: a line between areas.
    TieLine,
    /// `V`: a location, such as an IT system.
    Location,
    /// `A`: a substation.
    Substation,
}

const WHAT: &str = "an EIC";
const LENGTH: usize = 16;
/// Digits, letters and `-` are the values 0 to 36.
const BASE: u32 = 37;

impl EicCode {
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Two digits of the local issuing office; Germany has 11, ENTSO-E itself 10.
    #[must_use]
    pub fn office(&self) -> &str {
        &self.as_str()[..2]
    }

    #[must_use]
    pub fn eic_type(&self) -> EicType {
        match self.as_str().as_bytes()[2] {
            b'X' => EicType::Party,
            b'Z' => EicType::MeasurementPoint,
            b'W' => EicType::Resource,
            b'T' => EicType::TieLine,
            b'V' => EicType::Location,
            b'A' => EicType::Substation,
            _ => EicType::Area,
        }
    }
}

impl FromStr for EicCode {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        check_shape(WHAT, text, LENGTH, |index, letter| match index {
            2 => {
                unless(matches!(letter, 'X' | 'Y' | 'Z' | 'W' | 'T' | 'V' | 'A'), "a type letter X, Y, Z, W, T, V or A")
            }
            0 | 1 | 15 => unless(is_upper_alphanumeric(letter), UPPER_ALPHANUMERIC),
            _ => unless(is_upper_alphanumeric(letter) || letter == '-', "a digit, a letter A to Z or `-`"),
        })?;
        let (body, letter) = text.split_at(LENGTH - 1);
        let expected = check_character(body).ok_or(IdentifierError::NoCheckDigit { what: WHAT })?;
        let found = letter.chars().next().unwrap_or_default();
        if expected != found {
            return Err(IdentifierError::CheckDigit { what: WHAT, expected, found });
        }
        Text::new(text).map(Self).ok_or(IdentifierError::NoCheckDigit { what: WHAT })
    }
}

/// The character that completes fifteen others: weights 16 down to 2, modulo 37. `None` where it would be `-`, which is never issued.
fn check_character(body: &str) -> Option<char> {
    let value = |letter: char| letter.to_digit(BASE - 1).unwrap_or(BASE - 1);
    let weights = (2..=16).rev();
    let sum: u32 = body.chars().zip(weights).map(|(letter, weight)| value(letter) * weight).sum();
    // The same as 36 - (sum - 1) mod 37, which cannot be written so for a sum of zero.
    let check = (BASE - sum % BASE) % BASE;
    char::from_digit(check, BASE - 1).map(|letter| letter.to_ascii_uppercase())
}

impl fmt::Display for EicCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for EicCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{EicCode, EicType, check_character};
    use proptest::prelude::*;

    #[test]
    fn codes_of_the_trade_are_valid() {
        for (code, office, eic_type) in [
            ("10YDE-VE-------2", "10", EicType::Area),
            ("10YDE-RWENET---I", "10", EicType::Area),
            ("10YDE-EON------1", "10", EicType::Area),
            ("10YDE-ENBW-----N", "10", EicType::Area),
            ("10Y1001A1001A83F", "10", EicType::Area),
            ("10Y1001A1001A82H", "10", EicType::Area),
            ("10YCB-GERMANY--8", "10", EicType::Area),
            ("12X-SAK-N------6", "12", EicType::Party),
            ("12XBKW-HANDEL--X", "12", EicType::Party),
            ("11YR000000011247", "11", EicType::Area),
        ] {
            let read = code.parse::<EicCode>().map(|eic| (eic.office().to_owned(), eic.eic_type(), eic.to_string()));
            assert_eq!(read, Ok((office.to_owned(), eic_type, code.to_owned())));
        }
    }

    #[test]
    fn what_is_no_code_is_refused_with_its_reason() {
        for (code, reason) in [
            ("11XUENBSOLS----X", "the check digit of an EIC must be O here, not `X`"),
            ("10YDE-VE-------3", "the check digit of an EIC must be 2 here, not `3`"),
            ("10QDE-VE-------2", "character 3 of an EIC must be a type letter X, Y, Z, W, T, V or A, not `Q`"),
            ("10Yde-VE-------2", "character 4 of an EIC must be a digit, a letter A to Z or `-`, not `d`"),
            ("10YDE-VE--------", "character 16 of an EIC must be a digit or a letter A to Z, not `-`"),
            ("10YDE-VE------2", "an EIC has 16 characters, this one has 15"),
        ] {
            let refused = code.parse::<EicCode>().map_err(|error| error.to_string());
            assert_eq!(refused.map(|eic| eic.to_string()), Err(reason.to_owned()), "{code}");
        }
    }

    proptest! {
        #[test]
        fn a_body_is_valid_with_its_check_character_and_no_other(
            body in "[0-9]{2}[XYZWTVA][0-9A-Z-]{12}", other in "[0-9A-Z]",
        ) {
            let code = format!("{body}{other}");
            prop_assert_eq!(code.parse::<EicCode>().is_ok(), check_character(&body) == other.chars().next());
        }

        #[test]
        fn every_wrong_character_and_every_swap_is_noticed(
            body in "[0-9]{2}[XYZWTVA][0-9A-Z-]{12}", index in 0..15_usize, other in "[0-9A-Z-]",
        ) {
            prop_assume!(check_character(&body).is_some());
            let mut wrong = body.clone();
            wrong.replace_range(index..=index, &other);
            prop_assert_eq!(check_character(&wrong) == check_character(&body), wrong == body);
            let mut swapped = body.clone().into_bytes();
            swapped.swap(index, (index + 1).min(14));
            let swapped = String::from_utf8_lossy(&swapped).into_owned();
            prop_assert_eq!(check_character(&swapped) == check_character(&body), swapped == body);
        }
    }
}
