//! The identifiers of the trade as validated types, and what an identifier is by its shape and check digit.
//!
//! A check digit notices a slip, never a wrong but well-formed identifier: a type here says that a text can be what it claims.

mod check_digit;
mod device;
mod eic;
mod grid_resource;
mod malo;
mod melo;
mod partner;

use crate::point::PointKind;

pub use device::{DeviceId, Medium};
pub use eic::{EicCode, EicType};
pub use grid_resource::{GridResourceId, GridResourceType};
pub use malo::MaloId;
pub use melo::MeloId;
pub use partner::{PartnerId, Procedure};

/// Why a text is not the identifier it should be. A wrong check digit alone is told apart from a wrong shape,
/// since a caller may store an identifier with a slip and warn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    #[error("{what} has {expected} characters, this one has {found}")]
    Length { what: &'static str, expected: usize, found: usize },
    #[error("character {position} of {what} must be {expected}, not `{found}`")]
    Character { what: &'static str, position: usize, expected: &'static str, found: char },
    #[error("the check digit of {what} must be {expected} here, not `{found}`")]
    CheckDigit { what: &'static str, expected: char, found: char },
    #[error("the check digit of {what} must be {code_number} (BDEW, DVGW) or {gln} (GLN) here, not `{found}`")]
    EitherCheckDigit { what: &'static str, code_number: char, gln: char, found: char },
    #[error("no check digit suits these characters, so {what} with them is never issued")]
    NoCheckDigit { what: &'static str },
}

/// Checks length and characters; `expected` says what must stand at an index (from 0) where the character does not suit.
fn check_shape(
    what: &'static str,
    text: &str,
    length: usize,
    expected: impl Fn(usize, char) -> Option<&'static str>,
) -> Result<(), IdentifierError> {
    let found = text.chars().count();
    if found != length {
        return Err(IdentifierError::Length { what, expected: length, found });
    }
    for (index, found) in text.chars().enumerate() {
        if let Some(expected) = expected(index, found) {
            return Err(IdentifierError::Character { what, position: index + 1, expected, found });
        }
    }
    Ok(())
}

const UPPER_LETTER: &str = "a letter A to Z";
const DIGIT: &str = "a digit";
const UPPER_ALPHANUMERIC: &str = "a digit or a letter A to Z";

fn unless(suits: bool, expected: &'static str) -> Option<&'static str> {
    (!suits).then_some(expected)
}

const fn is_upper_alphanumeric(letter: char) -> bool {
    letter.is_ascii_uppercase() || letter.is_ascii_digit()
}

/// Countries, bidding zones and control areas that grid data names plainly.
const AREAS: [&str; 8] = ["DE", "AT", "LU", "DE-LU", "50Hertz", "Amprion", "TenneT", "TransnetBW"];

/// What an identifier is by its shape and check digit. What has a shape and a wrong check digit is [`PointKind::Other`].
#[must_use]
pub fn kind_of(text: &str) -> PointKind {
    match text.len() {
        11 if text.parse::<MaloId>().is_ok() => PointKind::MarketLocation,
        11 if text.parse::<GridResourceId>().is_ok() => PointKind::GridResource,
        14 if text.parse::<DeviceId>().is_ok() => PointKind::Device,
        16 if text.parse::<EicCode>().is_ok() => PointKind::EnergyIdentificationCode,
        33 if text.parse::<MeloId>().is_ok() => PointKind::MeteringLocation,
        _ if AREAS.contains(&text) => PointKind::Area,
        _ => PointKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::kind_of;
    use crate::PointKind;

    #[test]
    fn an_identifier_is_what_its_shape_and_check_digit_say() {
        for (text, kind) in [
            ("50120962218", PointKind::MarketLocation),
            ("50120962219", PointKind::Other),
            ("02345678907", PointKind::Other),
            ("DE00056266802AO6G56M11SN51G21M24S", PointKind::MeteringLocation),
            ("DNTLABOR", PointKind::Other),
            ("network-1", PointKind::Other),
            ("DE00056266802AO6G56M11SN51G21M24", PointKind::Other),
            ("10YDE-VE-------2", PointKind::EnergyIdentificationCode),
            ("11XUENBSOLS----X", PointKind::Other),
            ("1EMH0010599732", PointKind::Device),
            ("0a01454d480000a1bd34", PointKind::Other),
            ("E1688117482", PointKind::GridResource),
            ("E1688117483", PointKind::Other),
            ("9905048000007", PointKind::Other),
            ("DE-LU", PointKind::Area),
            ("50Hertz", PointKind::Area),
            ("tennet", PointKind::Other),
            ("01766", PointKind::Other),
            ("", PointKind::Other),
            ("ÄÖÜÄÖÜ", PointKind::Other),
        ] {
            assert_eq!(kind_of(text), kind, "{text}");
        }
    }
}
