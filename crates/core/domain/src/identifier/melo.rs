//! Metering location ids (MeLo-ID, Zaehlpunktbezeichnung; VDE-AR-N 4400, DVGW G 2000): where energy is measured.

use std::fmt;
use std::str::FromStr;

use super::{DIGIT, IdentifierError, UPPER_ALPHANUMERIC, UPPER_LETTER, check_shape, is_upper_alphanumeric, unless};
use crate::text::Text;

/// 33 characters: country, six digits of the grid operator, five of the postcode, twenty of the operator's own.
///
/// There is no check digit, so this is a shape and nothing more. Germany, Austria, Switzerland and Luxembourg share it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MeloId(Text<33>);

const WHAT: &str = "a metering location id";
const LENGTH: usize = 33;

impl MeloId {
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Two letters, such as `DE`.
    #[must_use]
    pub fn country(&self) -> &str {
        &self.as_str()[..2]
    }

    /// Six digits that the grid operator had when the location was named.
    #[must_use]
    pub fn operator(&self) -> &str {
        &self.as_str()[2..8]
    }
}

impl FromStr for MeloId {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        check_shape(WHAT, text, LENGTH, |index, letter| match index {
            0 | 1 => unless(letter.is_ascii_uppercase(), UPPER_LETTER),
            2..8 => unless(letter.is_ascii_digit(), DIGIT),
            _ => unless(is_upper_alphanumeric(letter), UPPER_ALPHANUMERIC),
        })?;
        Text::new(text).map(Self).ok_or(IdentifierError::Length { what: WHAT, expected: LENGTH, found: text.len() })
    }
}

impl fmt::Display for MeloId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for MeloId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::MeloId;
    use proptest::prelude::*;

    #[test]
    fn metering_locations_of_three_countries_are_valid() {
        for (id, country, operator) in [
            ("DE00056266802AO6G56M11SN51G21M24S", "DE", "000562"),
            ("DE00014559929E00856996N5139699L01", "DE", "000145"),
            ("CH1008801234500000000000000113813", "CH", "100880"),
            ("AT0081000801000000000000000000001", "AT", "008100"),
        ] {
            let melo: MeloId = id.parse().expect(id);
            assert_eq!((melo.as_str(), melo.country(), melo.operator()), (id, country, operator));
        }
    }

    #[test]
    fn what_is_no_metering_location_is_refused_with_its_reason() {
        for (id, reason) in [
            ("DNTLABOR", "a metering location id has 33 characters, this one has 8"),
            ("network-1", "a metering location id has 33 characters, this one has 9"),
            ("DE00056266802AO6G56M11SN51G21M24", "a metering location id has 33 characters, this one has 32"),
            (
                "de00056266802AO6G56M11SN51G21M24S",
                "character 1 of a metering location id must be a letter A to Z, not `d`",
            ),
            ("DEA0056266802AO6G56M11SN51G21M24S", "character 3 of a metering location id must be a digit, not `A`"),
            (
                "DE00056266802ao6G56M11SN51G21M24S",
                "character 14 of a metering location id must be a digit or a letter A to Z, not `a`",
            ),
        ] {
            let refused = id.parse::<MeloId>().map_err(|error| error.to_string());
            assert_eq!(refused.map(|id| id.to_string()), Err(reason.to_owned()), "{id}");
        }
    }

    proptest! {
        #[test]
        fn every_text_of_the_shape_is_valid(id in "[A-Z]{2}[0-9]{6}[A-Z0-9]{25}") {
            prop_assert_eq!(id.parse::<MeloId>().map(|melo| melo.to_string()), Ok(id));
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".{0,40}") {
            if let Ok(melo) = text.parse::<MeloId>() {
                prop_assert_eq!(melo.country().len() + melo.operator().len(), 8);
            }
        }
    }
}
