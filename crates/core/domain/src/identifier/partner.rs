//! Market partner ids: BDEW and DVGW code numbers and GLN, thirteen digits each.

use std::fmt;
use std::str::FromStr;

use super::{DIGIT, IdentifierError, check_digit, check_shape, unless};
use crate::text::Text;

/// Thirteen digits whose last holds as check digit by at least one of the two procedures in use.
///
/// Because either procedure will do, about one slip in ten passes. Real messages carry ids that hold by neither; a caller may
/// warn on [`IdentifierError::EitherCheckDigit`] and go on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartnerId {
    digits: Text<13>,
    procedure: Procedure,
}

/// By which procedure a partner id's check digit holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Procedure {
    /// As in the code numbers of the BDEW (`99..`, electricity) and the DVGW (`98..`, gas).
    CodeNumber,
    /// As in the location numbers of GS1.
    Gln,
    Both,
}

const WHAT: &str = "a market partner id";
const LENGTH: usize = 13;

impl PartnerId {
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.digits.as_str()
    }

    #[must_use]
    pub const fn procedure(&self) -> Procedure {
        self.procedure
    }
}

impl FromStr for PartnerId {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        check_shape(WHAT, text, LENGTH, |_, letter| unless(letter.is_ascii_digit(), DIGIT))?;
        let (body, digit) = text.split_at(LENGTH - 1);
        let found = digit.chars().next().unwrap_or_default();
        let (code_number, gln) = (check_digit::code_number(body), check_digit::gs1(body));
        let error = IdentifierError::EitherCheckDigit { what: WHAT, code_number, gln, found };
        let procedure = match (code_number == found, gln == found) {
            (true, true) => Procedure::Both,
            (true, false) => Procedure::CodeNumber,
            (false, true) => Procedure::Gln,
            (false, false) => return Err(error),
        };
        Text::new(text).map(|digits| Self { digits, procedure }).ok_or(error)
    }
}

impl fmt::Display for PartnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for PartnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::check_digit, PartnerId, Procedure};
    use proptest::prelude::*;

    #[test]
    fn a_partner_id_remembers_the_procedure_by_which_it_holds() {
        for (id, procedure) in [
            ("9905048000007", Procedure::CodeNumber),
            ("9985046000001", Procedure::CodeNumber),
            ("9903100000006", Procedure::CodeNumber),
            ("9900269000000", Procedure::CodeNumber),
            ("9907399000009", Procedure::CodeNumber),
            ("4041407000008", Procedure::Gln),
            ("4012345678901", Procedure::Both),
        ] {
            let read = id.parse::<PartnerId>().map(|partner| (partner.to_string(), partner.procedure()));
            assert_eq!(read, Ok((id.to_owned(), procedure)));
        }
    }

    #[test]
    fn what_holds_by_neither_procedure_is_refused_with_both_digits() {
        for (id, reason) in [
            ("9900357000004", "the check digit of a market partner id must be 3 (BDEW, DVGW) or 9 (GLN) here, not `4`"),
            ("9920455302123", "the check digit of a market partner id must be 7 (BDEW, DVGW) or 6 (GLN) here, not `3`"),
            ("990504800000", "a market partner id has 13 characters, this one has 12"),
            ("99050480000O7", "character 12 of a market partner id must be a digit, not `O`"),
        ] {
            let refused = id.parse::<PartnerId>().map_err(|error| error.to_string());
            assert_eq!(refused.map(|id| id.to_string()), Err(reason.to_owned()), "{id}");
        }
    }

    proptest! {
        #[test]
        fn a_body_is_valid_with_the_check_digit_of_either_procedure_alone(body in "[0-9]{12}", other in 0..10_u32) {
            let digits = [check_digit::code_number(&body), check_digit::gs1(&body)].map(|digit| digit.to_digit(10));
            prop_assert_eq!(format!("{body}{other}").parse::<PartnerId>().is_ok(), digits.contains(&Some(other)));
        }
    }
}
