//! The data of a record as a number or a text, exactly.

use std::fmt::Write;

use metrify_domain::Decimal;

use super::record::Data;

/// A number as data hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Value {
        value: Decimal,
        /// It came as a binary float: the shortest decimal that names it.
        float: bool,
    },
    /// The meter says that it has none; in words.
    Invalid(String),
}

/// Longest binary number that is read as one, in bytes.
const INTEGER_BYTES_MAX: usize = 15;

/// The number that data hold, times ten to the power of `exponent`; `None` for no data.
///
/// # Errors
/// In words, where the data are no number, or one that cannot be kept exactly.
pub(super) fn number(data: Data<'_>, exponent: i32) -> Result<Option<Number>, String> {
    match data {
        Data::None | Data::Integer([]) | Data::Bcd([]) => Ok(None),
        Data::Integer(bytes) if bytes.len() <= INTEGER_BYTES_MAX => integer(bytes, exponent).map(Some),
        Data::Integer(bytes) => Err(format!("a binary number of {} bytes is not read", bytes.len())),
        Data::Float(bytes) => float(f32::from_le_bytes(bytes), exponent).map(Some),
        Data::Bcd(bytes) => bcd(bytes, false, exponent).map(Some),
        Data::NegativeBcd(bytes) => bcd(bytes, true, exponent).map(Some),
        Data::Text(_) => Err("there is a text where a number should be".to_owned()),
        Data::Selection => Err("it is a selection for readout, which has no value".to_owned()),
    }
}

fn integer(bytes: &[u8], exponent: i32) -> Result<Number, String> {
    let fill = if bytes.last().is_some_and(|high| high & 0x80 != 0) { 0xFF } else { 0 };
    let mut wide = [fill; 16];
    wide.iter_mut().zip(bytes).for_each(|(wide, byte)| *wide = *byte);
    let mantissa = i128::from_le_bytes(wide);
    // The lowest number of each length says that there is none (type B).
    if let [zeros @ .., 0x80] = bytes
        && zeros.iter().all(|byte| *byte == 0)
    {
        return Ok(Number::Invalid(format!("invalid 0x{}", hex(bytes))));
    }
    scaled(mantissa, exponent)
}

fn scaled(mantissa: i128, exponent: i32) -> Result<Number, String> {
    let value = Decimal::scaled(mantissa, exponent).map_err(|error| format!("{mantissa}e{exponent} {error}"))?;
    Ok(Number::Value { value, float: false })
}

/// Digits with the lowest first; F as the highest digit is a minus. Other digits are what a display shows in error.
fn bcd(bytes: &[u8], negative: bool, exponent: i32) -> Result<Number, String> {
    let mut digits = bytes.iter().rev().flat_map(|byte| [byte >> 4, byte & 15]).peekable();
    let minus = digits.next_if_eq(&15).is_some();
    let mut mantissa: i128 = 0;
    for digit in digits {
        if digit > 9 {
            return Ok(Number::Invalid(format!("digits {}", hex(bytes))));
        }
        mantissa = mantissa * 10 + i128::from(digit);
    }
    scaled(if minus != negative { -mantissa } else { mantissa }, exponent)
}

fn float(value: f32, exponent: i32) -> Result<Number, String> {
    if !value.is_finite() {
        return Ok(Number::Invalid(format!("float {value}")));
    }
    // The shortest digits that name this float and no other, as digits and a power of ten.
    let text = format!("{value:e}");
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    let power = power.parse::<i32>().unwrap_or(0) + exponent;
    let text = format!("{digits}e{power}");
    let value = Decimal::parse(text.as_bytes(), b'.').map_err(|error| format!("the float {text} {error}"))?;
    Ok(Number::Value { value, float: true })
}

/// The data as text: digits as they stand, letters in their order.
pub(super) fn text(data: Data<'_>) -> Option<String> {
    match data {
        Data::None | Data::Selection | Data::Integer([]) => None,
        Data::Text(bytes) => Some(letters(bytes)),
        Data::Bcd(bytes) => Some(hex(bytes)),
        Data::NegativeBcd(bytes) => Some(format!("-{}", hex(bytes))),
        Data::Integer(_) | Data::Float(_) => match number(data, 0) {
            Ok(Some(Number::Value { value, .. })) => Some(value.to_string()),
            Ok(Some(Number::Invalid(reason))) => Some(reason),
            Ok(None) => None,
            Err(_) => match data {
                Data::Integer(bytes) => Some(hex(bytes)),
                _ => None,
            },
        },
    }
}

/// Bits that each mean something of their own (type D), as a number without a sign.
pub(super) fn flags(data: Data<'_>) -> Option<String> {
    match data {
        Data::Integer(bytes @ [_, ..]) if bytes.len() <= INTEGER_BYTES_MAX => {
            let number = bytes.iter().rev().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
            Some(number.to_string())
        }
        data => text(data),
    }
}

/// ISO 8859-1 with the last letter first, without white space at its ends and without control characters.
pub(super) fn letters(bytes: &[u8]) -> String {
    let letters: String =
        bytes.iter().rev().map(|byte| char::from(*byte)).filter(|letter| !letter.is_control()).collect();
    letters.trim().to_owned()
}

/// The highest byte first.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().rev().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing into a text does not fail.
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}

#[cfg(test)]
mod tests {
    use super::{Number, flags, number, text};
    use crate::mbus::record::Data;

    fn check(data: Data<'_>, exponent: i32, expected: &str) {
        let read = match number(data, exponent) {
            Ok(Some(Number::Value { value, float })) => format!("{value}{}", if float { " float" } else { "" }),
            Ok(Some(Number::Invalid(reason))) => reason,
            Ok(None) => "nothing".to_owned(),
            Err(reason) => reason,
        };
        assert_eq!(read, expected, "{data:02x?}");
    }

    #[test]
    fn numbers_are_exact() {
        check(Data::Integer(&[0x15, 0x31, 0x00]), -3, "12.565");
        check(Data::Integer(&[0xfe, 0xff, 0xff, 0xff]), 0, "-2");
        check(Data::Integer(&[0xff; 8]), 0, "-1");
        check(Data::Bcd(&[0x67, 0x45, 0x23, 0x01]), -3, "1234.567");
        check(Data::Bcd(&[0x18, 0x00, 0xf0]), -2, "-0.18");
        check(Data::NegativeBcd(&[0x18]), 0, "-18");
        check(Data::Integer(&[]), 0, "nothing");
        check(Data::None, 0, "nothing");
    }

    #[test]
    fn a_float_is_the_shortest_decimal_that_names_it() {
        check(Data::Float([0x84, 0x00, 0x35, 0x3f]), -3, "0.0007070391 float");
        check(Data::Float([0xa0, 0xc8, 0x51, 0x46]), 3, "13426156 float");
        check(Data::Float([0, 0, 0, 0]), 0, "0 float");
        check(Data::Float(f32::NAN.to_le_bytes()), 0, "float NaN");
        check(Data::Float(1e-20_f32.to_le_bytes()), 0, "the float 1e-20 has more than 12 places after the point");
    }

    #[test]
    fn what_is_no_number_is_told_as_such() {
        check(Data::Bcd(&[0xbd, 0xeb, 0xdd, 0xdd]), 0, "digits ddddebbd");
        check(Data::Bcd(&[0xff, 0xff]), 0, "digits ffff");
        check(Data::Integer(&[0x00, 0x80]), 0, "invalid 0x8000");
        check(Data::Text(b"x"), 0, "there is a text where a number should be");
        check(Data::Integer(&[1; 16]), 0, "a binary number of 16 bytes is not read");
    }

    #[test]
    fn flags_have_no_sign_and_no_value_that_means_none() {
        let check = |bytes: &[u8]| flags(Data::Integer(bytes));
        assert_eq!(check(&[0x00, 0x80]).as_deref(), Some("32768"));
        assert_eq!(check(&[0x01, 0x80]).as_deref(), Some("32769"));
        assert_eq!(check(&[0x80]).as_deref(), Some("128"));
        assert_eq!(check(&[0]).as_deref(), Some("0"));
        assert_eq!(check(&[]), None);
        assert_eq!(check(&[0xab; 16]).as_deref(), Some("ab".repeat(16).as_str()));
    }

    #[test]
    fn texts_keep_their_digits_and_letters() {
        assert_eq!(text(Data::Bcd(&[0x23, 0x15, 0x01, 0x09])).as_deref(), Some("09011523"));
        assert_eq!(text(Data::Text(b"557670AL90")).as_deref(), Some("09LA076755"));
        assert_eq!(text(Data::Integer(&[3])).as_deref(), Some("3"));
        assert_eq!(text(Data::Integer(&[0xab; 16])).as_deref(), Some("ab".repeat(16).as_str()));
        assert_eq!(text(Data::None), None);
    }
}
