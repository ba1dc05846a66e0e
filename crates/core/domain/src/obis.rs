//! OBIS codes (IEC 62056-61): `A-B:C.D.E*F`, where F = 255 means "not used" and equals its absence.

use std::fmt;
use std::str::FromStr;

use crate::quantity::Direction;
use crate::reading::Kind;
use crate::unit::Unit;

/// Six value groups of 0 to 255. `1-0:1.8.0` and `1-0:1.8.0*255` are one code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObisCode([u8; 6]);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an OBIS code such as 1-0:1.8.0")]
pub struct ObisError(String);

const NOT_USED: u8 = 255;

impl ObisCode {
    /// From the six bytes that SML and DLMS carry.
    #[must_use]
    pub const fn from_bytes(groups: [u8; 6]) -> Self {
        Self(groups)
    }

    /// The groups A to F.
    #[must_use]
    pub const fn groups(&self) -> [u8; 6] {
        self.0
    }

    /// Group C of electricity, with the phases folded onto their sums (21, 41 and 61 are the active import of L1, L2 and L3).
    #[must_use]
    pub fn electric_function(self) -> Option<u8> {
        let [medium, _, function, ..] = self.0;
        match (medium, function) {
            (1, 1..=20) => Some(function),
            (1, 21..=80) => Some((function - 1) % 20 + 1),
            _ => None,
        }
    }

    /// Import or export of energy and power; quadrants I and II draw, III and IV feed in for active energy,
    /// and reactive energy counts as import in I and II likewise.
    #[must_use]
    pub fn direction(self) -> Direction {
        match self.electric_function() {
            Some(1 | 3 | 5 | 6 | 9) => Direction::Import,
            Some(2 | 4 | 7 | 8 | 10) => Direction::Export,
            _ => Direction::None,
        }
    }

    /// Registers for D = 8, amounts for D = 9 and 29, an instant for D = 7; `None` where D does not tell.
    #[must_use]
    pub fn natural_kind(self) -> Option<Kind> {
        let [medium, _, _, processing, ..] = self.0;
        match (medium, processing) {
            (1, 8) => Some(Kind::Register),
            (1, 9 | 29) => Some(Kind::Interval),
            (1, 7) => Some(Kind::Instant),
            // Gas volumes (7-b:3.0.0, 7-b:13.2.0) and heat (6-b:1.0.0) are counted.
            (4..=9, 0 | 2) => Some(Kind::Register),
            _ => None,
        }
    }

    /// The unit in which the market gives a value of this code; `None` where there is no single one.
    #[must_use]
    pub fn default_unit(self) -> Option<Unit> {
        let [medium, _, function, processing, ..] = self.0;
        if let Some(electric) = self.electric_function() {
            return electric_unit(electric, processing);
        }
        match (medium, function, processing) {
            (7, 3 | 13, 0 | 2) | (8 | 9, 1, 0) => Some(Unit::literal("m3")),
            (7, 99, 33) => Some(Unit::literal("kWh")),
            _ => None,
        }
    }

    /// Whether a group of 128 to 254 in C to F makes the code the maker's own.
    #[must_use]
    pub fn is_maker_specific(self) -> bool {
        self.0[2..].iter().any(|group| (128..NOT_USED).contains(group))
    }
}

fn electric_unit(function: u8, processing: u8) -> Option<Unit> {
    let unit = match (function, processing) {
        (1 | 2 | 15 | 16, 8 | 9 | 29) => "kWh",
        (3..=8, 8 | 9 | 29) => "kvarh",
        (9 | 10, 8 | 9 | 29) => "kVAh",
        (1 | 2 | 15 | 16, 6) => "kW",
        (3..=8, 6) => "kvar",
        (9 | 10, 6) => "kVA",
        (1 | 2 | 15 | 16, 7) => "W",
        (3..=8, 7) => "var",
        (9 | 10, 7) => "VA",
        (11, 7) => "A",
        (12, 7) => "V",
        (13, 7) => "1",
        (14, 7) => "Hz",
        _ => return None,
    };
    Some(Unit::literal(unit))
}

impl FromStr for ObisCode {
    type Err = ObisError;

    fn from_str(text: &str) -> Result<Self, ObisError> {
        parse(text).ok_or_else(|| ObisError(text.chars().take(40).collect()))
    }
}

fn parse(text: &str) -> Option<ObisCode> {
    let (a, rest) = text.split_once('-')?;
    let (b, rest) = rest.split_once(':')?;
    let (c, rest) = rest.split_once('.')?;
    let (d, rest) = rest.split_once('.')?;
    let (e, f) = match rest.split_once(['*', '&', '.']) {
        Some((e, f)) => (e, group(f)?),
        None => (rest, NOT_USED),
    };
    Some(ObisCode([group(a)?, group(b)?, group(c)?, group(d)?, group(e)?, f]))
}

fn group(text: &str) -> Option<u8> {
    // `parse` alone would take a leading plus.
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

impl fmt::Display for ObisCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, tariff] = self.0;
        write!(f, "{a}-{b}:{c}.{d}.{e}")?;
        if tariff == NOT_USED { Ok(()) } else { write!(f, "*{tariff}") }
    }
}

impl fmt::Debug for ObisCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::ObisCode;
    use crate::{Kind, quantity::Direction};

    fn code(text: &str) -> ObisCode {
        text.parse().expect(text)
    }

    #[test]
    fn group_f_of_255_equals_its_absence() {
        assert_eq!(code("1-0:1.8.0*255"), code("1-0:1.8.0"));
        assert_eq!(code("1-0:1.8.0").to_string(), "1-0:1.8.0");
        assert_eq!(code("129-129:199.130.3*255").to_string(), "129-129:199.130.3");
        assert_eq!(code("1-0:1.8.0*1").to_string(), "1-0:1.8.0*1");
        assert_eq!(ObisCode::from_bytes([1, 0, 1, 8, 0, 255]), code("1-0:1.8.0"));
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for wrong in ["", "1.8.0", "1-0:1.8", "1-0:1.8.256", "1-0:1.8.+0", "a-0:1.8.0", "1-0:1.8.0*"] {
            assert!(wrong.parse::<ObisCode>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn groups_c_and_d_tell_direction_and_kind() {
        assert_eq!(code("1-0:41.8.0").direction(), Direction::Import);
        assert_eq!(code("1-0:2.29.0").direction(), Direction::Export);
        assert_eq!(code("1-0:16.7.0").direction(), Direction::None);
        assert_eq!(code("1-0:1.8.0").natural_kind(), Some(Kind::Register));
        assert_eq!(code("1-1:1.29.0").natural_kind(), Some(Kind::Interval));
        assert_eq!(code("1-0:16.7.0").natural_kind(), Some(Kind::Instant));
        assert!(code("129-129:199.130.3").is_maker_specific());
    }
}
