//! Network locations and resources (NeLo-ID, SR-ID, TR-ID): what Redispatch and control talk about.

use std::fmt;
use std::str::FromStr;

use super::{DIGIT, IdentifierError, UPPER_ALPHANUMERIC, check_digit, check_shape, is_upper_alphanumeric, unless};
use crate::text::Text;

/// A letter that names the kind, nine digits or letters, a check digit (BDEW "Identifikatoren in der Marktkommunikation", 8.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GridResourceId(Text<11>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GridResourceType {
    /// Netzlokation (`E`): where grid and installation meet.
    NetworkLocation,
    /// Steuerbare Ressource (`C`): what is controlled as one.
    ControllableResource,
    /// Technische Ressource (`D`): what generates, stores or consumes.
    TechnicalResource,
}

const WHAT: &str = "a grid resource id";
const LENGTH: usize = 11;

impl GridResourceId {
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    #[must_use]
    pub fn resource_type(&self) -> GridResourceType {
        match self.as_str().as_bytes().first() {
            Some(b'C') => GridResourceType::ControllableResource,
            Some(b'D') => GridResourceType::TechnicalResource,
            _ => GridResourceType::NetworkLocation,
        }
    }
}

impl FromStr for GridResourceId {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        check_shape(WHAT, text, LENGTH, |index, letter| match index {
            0 => unless(matches!(letter, 'C'..='E'), "C (controllable), D (technical) or E (network location)"),
            10 => unless(letter.is_ascii_digit(), DIGIT),
            _ => unless(is_upper_alphanumeric(letter), UPPER_ALPHANUMERIC),
        })?;
        let (body, digit) = text.split_at(LENGTH - 1);
        let (expected, found) = (check_digit::code_number(body), digit.chars().next().unwrap_or_default());
        if expected != found {
            return Err(IdentifierError::CheckDigit { what: WHAT, expected, found });
        }
        Text::new(text).map(Self).ok_or(IdentifierError::NoCheckDigit { what: WHAT })
    }
}

impl fmt::Display for GridResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for GridResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::check_digit, GridResourceId, GridResourceType};
    use proptest::prelude::*;

    #[test]
    fn the_first_letter_names_the_resource() {
        for (id, resource_type) in [
            ("E1688117482", GridResourceType::NetworkLocation),
            ("C0000000003", GridResourceType::ControllableResource),
            ("D0000000002", GridResourceType::TechnicalResource),
        ] {
            assert_eq!(id.parse::<GridResourceId>().map(|id| id.resource_type()), Ok(resource_type), "{id}");
        }
    }

    #[test]
    fn what_is_no_grid_resource_is_refused_with_its_reason() {
        for (id, reason) in [
            ("E1688117483", "the check digit of a grid resource id must be 2 here, not `3`"),
            (
                "X1688117482",
                "character 1 of a grid resource id must be C (controllable), D (technical) or E (network location), not `X`",
            ),
            (
                "e1688117482",
                "character 1 of a grid resource id must be C (controllable), D (technical) or E (network location), not `e`",
            ),
            ("E16881-7482", "character 7 of a grid resource id must be a digit or a letter A to Z, not `-`"),
            ("E168811748Z", "character 11 of a grid resource id must be a digit, not `Z`"),
            ("E168811748", "a grid resource id has 11 characters, this one has 10"),
        ] {
            let refused = id.parse::<GridResourceId>().map_err(|error| error.to_string());
            assert_eq!(refused.map(|id| id.to_string()), Err(reason.to_owned()), "{id}");
        }
    }

    proptest! {
        #[test]
        fn a_body_with_its_check_digit_is_valid_and_with_any_other_not(body in "[C-E][A-Z0-9]{9}", other in 0..10_u32) {
            let digit = check_digit::code_number(&body);
            let id = format!("{body}{other}");
            prop_assert_eq!(id.parse::<GridResourceId>().is_ok(), digit.to_digit(10) == Some(other));
        }
    }
}
