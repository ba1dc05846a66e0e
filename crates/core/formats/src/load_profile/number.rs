//! Numbers of spreadsheets and of tables written as text.

use metrify_domain::Decimal;
use metrify_domain::decimal::SCALE;

/// Digits that a spreadsheet's number has: it keeps binary numbers, whose further digits are no longer what was typed in. 20.126
/// is written 20.126000000000001.
const SPREADSHEET_DIGITS: usize = 15;

/// A number as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) value: Decimal,
    /// Whether it had more places than twelve, as thirds have.
    pub(super) rounded: bool,
}

/// A number of a spreadsheet as decimal text with a point and perhaps an exponent; `None` where it is none, or has no place.
pub(super) fn spreadsheet(text: &str) -> Option<Number> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
    if (whole.is_empty() && places.is_empty()) || !whole.bytes().chain(places.bytes()).all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    // Longer than any number, and short enough for the exponent below.
    if digits.len() > 400 {
        return None;
    }
    let significant: Vec<u8> = whole.bytes().chain(places.bytes()).skip_while(|digit| *digit == b'0').collect();
    let kept = significant.get(..SPREADSHEET_DIGITS).unwrap_or(&significant);
    let mut mantissa = kept.iter().fold(0_i128, |sum, digit| sum * 10 + i128::from(digit - b'0'));
    mantissa += i128::from(significant.get(SPREADSHEET_DIGITS).is_some_and(|digit| *digit >= b'5'));
    let dropped = i32::try_from(significant.len() - kept.len()).ok()?;
    let exponent = exponent.checked_add(dropped)?.checked_sub(i32::try_from(places.len()).ok()?)?;
    let number = scaled(mantissa, exponent)?;
    let value = if negative { Decimal::ZERO.checked_sub(number.value)? } else { number.value };
    Some(Number { value, ..number })
}

/// `mantissa` x 10^`exponent`, rounded to twelve places, halves away from zero.
fn scaled(mantissa: i128, exponent: i32) -> Option<Number> {
    let too_many = (-(SCALE as i32)).saturating_sub(exponent);
    if too_many <= 0 {
        return Decimal::scaled(mantissa, exponent).ok().map(|value| Number { value, rounded: false });
    }
    // A mantissa has sixteen digits at most, so that nothing is left of one that is moved by more.
    let step = 10_i128.pow(too_many.unsigned_abs().min(20));
    let value = Decimal::from_units((mantissa + step / 2) / step)?;
    Some(Number { value, rounded: mantissa % step != 0 })
}

/// A number of a table written as text, with a point or a comma before its decimals. Thousands are not set apart: no value of a
/// profile reaches them.
pub(super) fn written(text: &str) -> Option<Number> {
    let mark = if text.contains(',') { b',' } else { b'.' };
    Decimal::parse(text.as_bytes(), mark).ok().map(|value| Number { value, rounded: false })
}

#[cfg(test)]
mod tests {
    use super::{spreadsheet, written};
    use proptest::prelude::*;

    #[test]
    fn what_a_spreadsheet_shows_is_read_and_not_its_binary_remainder() {
        for (text, expected, rounded) in [
            ("20.126000000000001", "20.126", false),
            ("35.573999999999998", "35.574", false),
            ("18.266666666666669", "18.266666666667", true),
            ("1.0416666666666666E-2", "0.010416666667", true),
            ("9.9999999999999997E+22", "100000000000000000000000", false),
            ("-0.5", "-0.5", false),
            ("40909", "40909", false),
            ("0", "0", false),
            ("1E-400", "0", true),
            ("999999999999999.9", "1000000000000000", false),
        ] {
            let number = spreadsheet(text).expect(text);
            assert_eq!((number.value.to_string().as_str(), number.rounded), (expected, rounded), "{text}");
        }
        for wrong in ["", ".", "-", "1e", "1,5", "0x10", "1E400", "NaN", "--1"] {
            assert_eq!(spreadsheet(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn text_has_a_point_or_a_comma() {
        for (text, expected) in [("70.8", Some("70.8")), ("70,8", Some("70.8")), ("1.234,5", None), ("x", None)] {
            assert_eq!(written(text).map(|number| number.value.to_string()).as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "[-0-9.eE+]{0,30}") {
            let _any = (spreadsheet(&text), written(&text));
        }

        #[test]
        fn what_a_float_was_made_of_comes_back(units in 0_i64..10_i64.pow(9)) {
            let text = format!("{:.17e}", units as f64 / 1000.0);
            let expected = metrify_domain::Decimal::scaled(units.into(), -3).expect("a number");
            prop_assert_eq!(spreadsheet(&text).expect("a number").value, expected);
        }
    }
}
