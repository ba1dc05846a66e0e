//! Decimal numbers as tables write them: which mark stands before the decimals, and whether the other one groups thousands.
//!
//! Digits are read exactly; only what has more of them than are kept, and more than anybody types, is a binary float ([`float`]). A
//! text that could mean two numbers is refused rather than guessed.

use metrify_domain::Decimal;
use metrify_domain::decimal::DecimalError;

use crate::dates::shown;
use crate::float;
use crate::output::Output;

/// How the numbers of one delivery are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notation {
    /// `1234.5`; nothing groups thousands.
    Point,
    /// `1234,5` or `1.234,5`.
    Comma,
    /// Not told: `1.234` may be either.
    Unclear,
}

/// What one text tells about the notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    Point,
    Comma,
    /// It can be read both ways, with different results: one to three digits, a point, three digits.
    Ambiguous,
    /// It means the same in every notation, or nothing in any.
    None,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NumberError {
    #[error("`{0}` {1}")]
    Digits(String, DecimalError),
    #[error("`{0}` has a comma where the delivery sets its decimals apart by a point")]
    Comma(String),
    #[error("`{0}` has a point where the delivery sets its decimals apart by a comma and thousands by points")]
    Groups(String),
    #[error("`{0}` may have three decimals or be thousands, and no value near it tells which: write one more digit")]
    Unclear(String),
}

impl Notation {
    /// Reads a number that is handed on; the first of the delivery that is a binary float is told.
    pub(crate) fn read(self, text: &str, out: &mut Output<'_>) -> Result<Decimal, NumberError> {
        match self.digits(text) {
            Ok(number) => Ok(number),
            Err(error) => {
                let number = self.float(text, error)?;
                out.binary_float(text);
                Ok(number)
            }
        }
    }

    /// Reads a number from which something else is told.
    pub(crate) fn number(self, text: &str) -> Result<Decimal, NumberError> {
        self.digits(text).or_else(|error| self.float(text, error))
    }

    #[cold]
    fn float(self, text: &str, error: NumberError) -> Result<Decimal, NumberError> {
        if !matches!(error, NumberError::Digits(_, DecimalError::TooManyPlaces)) {
            return Err(error);
        }
        let number = match self {
            Self::Point | Self::Unclear => float::read(text),
            Self::Comma => float::read(&text.replace('.', "").replace(',', ".")),
        };
        number.ok_or(error)
    }

    fn digits(self, text: &str) -> Result<Decimal, NumberError> {
        match self {
            // Without its comma it might be a number: that is the reason to tell.
            Self::Point => exact(text, b'.')
                .map_err(|error| if text.contains(',') { NumberError::Comma(shown(text)) } else { error }),
            Self::Unclear if evidence(text) == Evidence::Ambiguous => Err(NumberError::Unclear(shown(text))),
            Self::Unclear => exact(text, b'.'),
            Self::Comma => grouped(text, b',', b'.').ok_or_else(|| NumberError::Groups(shown(text)))?,
        }
    }
}

pub(crate) fn evidence(text: &str) -> Evidence {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let numeric = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b'e' | b'E' | b'-' | b'+');
    if !digits.bytes().all(numeric) {
        return Evidence::None;
    }
    match (digits.find(','), digits.find('.')) {
        (None, None) => Evidence::None,
        (None, Some(_)) => points_alone(digits),
        (Some(_), None) => Evidence::Comma,
        // `1,234.5` groups by commas, which no notation here allows.
        (Some(comma), Some(point)) => {
            if point < comma {
                Evidence::Comma
            } else {
                Evidence::None
            }
        }
    }
}

fn points_alone(digits: &str) -> Evidence {
    match digits.as_bytes() {
        [b'1'..=b'9', rest @ ..] if grouped_tail(rest, b'.') => {
            if digits.matches('.').count() > 1 {
                Evidence::Comma
            } else {
                Evidence::Ambiguous
            }
        }
        _ => Evidence::Point,
    }
}

/// At most two digits more, then groups of the mark and three digits.
fn grouped_tail(rest: &[u8], mark: u8) -> bool {
    let mut groups = rest.split(|byte| *byte == mark);
    let digits = |group: &[u8]| group.iter().all(u8::is_ascii_digit);
    groups.next().is_some_and(|first| first.len() <= 2 && digits(first))
        && groups.all(|group| group.len() == 3 && digits(group))
}

/// A number with `decimal` before its decimals whose whole part may be grouped by `group`; `None` where the groups are wrong.
pub(crate) fn grouped(text: &str, decimal: u8, group: u8) -> Option<Result<Decimal, NumberError>> {
    if !text.as_bytes().contains(&group) {
        return Some(exact(text, decimal));
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text).as_bytes();
    let mut parts = unsigned.split(|byte| *byte == decimal);
    let well_grouped = matches!(parts.next()?, [b'0'..=b'9', rest @ ..] if grouped_tail(rest, group))
        && parts.all(|decimals| !decimals.contains(&group));
    well_grouped.then(|| exact(&text.replace(char::from(group), ""), decimal))
}

fn exact(text: &str, decimal: u8) -> Result<Decimal, NumberError> {
    Decimal::parse(text.as_bytes(), decimal).map_err(|error| NumberError::Digits(shown(text), error))
}

#[cfg(test)]
mod tests {
    use super::{Evidence, Notation, evidence, grouped};

    fn read(notation: Notation, text: &str) -> Option<String> {
        notation.number(text).ok().map(|number| number.to_string())
    }

    #[test]
    fn a_text_tells_its_notation_only_where_it_can_be_read_one_way() {
        for (text, expected) in [
            ("12", Evidence::None),
            ("1.234", Evidence::Ambiguous),
            ("-123.456", Evidence::Ambiguous),
            ("0.123", Evidence::Point),
            ("1234.567", Evidence::Point),
            ("1.5", Evidence::Point),
            ("1.234e3", Evidence::Point),
            ("1.234.567", Evidence::Comma),
            ("1.234,5", Evidence::Comma),
            ("1,234", Evidence::Comma),
            ("1,234.5", Evidence::None),
            ("n.a.", Evidence::None),
        ] {
            assert_eq!(evidence(text), expected, "{text}");
        }
    }

    #[test]
    fn each_notation_reads_its_own_and_refuses_the_other() {
        assert_eq!(read(Notation::Point, "1.234").as_deref(), Some("1.234"));
        assert_eq!(read(Notation::Point, "1,5"), None);
        assert_eq!(read(Notation::Comma, "1.234").as_deref(), Some("1234"));
        assert_eq!(read(Notation::Comma, "-10.148,25").as_deref(), Some("-10148.25"));
        assert_eq!(read(Notation::Comma, "10148,25").as_deref(), Some("10148.25"));
        for wrong in ["12.5", "1.23,5", "1234.567,8", "1,5.000", "1..234", ".123", "1,2,3"] {
            assert_eq!(read(Notation::Comma, wrong), None, "{wrong}");
        }
        assert_eq!(read(Notation::Unclear, "1.234"), None);
        assert_eq!(read(Notation::Unclear, "12").as_deref(), Some("12"));
        for (notation, text, expected) in [
            (Notation::Point, "0.17099999999999999", Some("0.171")),
            (Notation::Unclear, "0.30000000000000004", Some("0.3")),
            (Notation::Comma, "1.234,5670000000000073", Some("1234.567")),
            (Notation::Comma, "0.17099999999999999", None),
            (Notation::Point, "0.1234567890123", None),
            (Notation::Point, "0.123456789012", Some("0.123456789012")),
        ] {
            assert_eq!(read(notation, text).as_deref(), expected, "{text}");
        }
        let english = grouped("10,148.25", b'.', b',').and_then(Result::ok);
        assert_eq!(english.map(|number| number.to_string()).as_deref(), Some("10148.25"));
    }
}
