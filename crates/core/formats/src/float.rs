//! Binary floats written out in decimal digits, as programs write what they computed: 0.171 as 0.17099999999999999, and
//! 0.1 + 0.2 as 0.30000000000000004.
//!
//! Such a text is taken for the shortest decimal that names the same float. Where that has more places than are kept, as thirds
//! have, it is rounded, halves away from zero: 10^-12 of any unit is below what a meter measures.

use metrify_domain::Decimal;
use metrify_domain::decimal::SCALE;

/// Fewest digits that a float is written with: Excel and R write fifteen of them, others as many as name it. What has less may have
/// been meant as it stands.
const DIGITS_MIN: usize = 15;
/// Most digits that such a float has, all written out.
const DIGITS_MAX: usize = 767;

/// The number that a text with a decimal point and more places than are kept means; `None` where it has too few digits for a float.
#[cold]
pub(crate) fn read(text: &str) -> Option<Decimal> {
    let digits = Digits::of(text)?;
    let significant = digits.significant();
    if !(DIGITS_MIN..=DIGITS_MAX).contains(&significant.len()) {
        return None;
    }
    let float = text.parse::<f64>().ok()?;
    // A decimal that no float is written as keeps its own digits.
    let written = format!("{float:.*e}", significant.len() - 1);
    if Digits::of(&written)?.significant() == significant {
        return Digits::of(&format!("{float:e}"))?.rounded();
    }
    digits.rounded()
}

/// A number as its digits and the power of ten of the last one.
struct Digits {
    negative: bool,
    digits: Vec<u8>,
    exponent: i32,
}

impl Digits {
    fn of(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, unsigned) = match mantissa.strip_prefix('-') {
            Some(unsigned) => (true, unsigned),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, places) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let digits: Vec<u8> = whole.bytes().chain(places.bytes()).collect();
        let exponent = exponent.checked_sub(i32::try_from(places.len()).ok()?)?;
        digits.iter().all(u8::is_ascii_digit).then_some(Self { negative, digits, exponent })
    }

    /// Without the zeros at its ends.
    fn significant(&self) -> &[u8] {
        let nonzero = |digit: &u8| *digit != b'0';
        let begin = self.digits.iter().position(nonzero).unwrap_or_default();
        let end = self.digits.iter().rposition(nonzero).map_or(begin, |last| last + 1);
        self.digits.get(begin..end).unwrap_or_default()
    }

    /// With twelve places at most.
    fn rounded(&self) -> Option<Decimal> {
        // Digits behind the last place that is kept; fewer than none are zeros before it.
        let dropped = -i64::from(SCALE) - i64::from(self.exponent);
        let kept = usize::try_from((self.digits.len() as i64 - dropped).max(0)).ok()?;
        let mut units = 0_i128;
        for place in 0..kept {
            let digit = self.digits.get(place).map_or(0, |digit| digit - b'0');
            units = units.checked_mul(10)?.checked_add(i128::from(digit))?;
        }
        let next = (self.digits.len() as i64 >= dropped).then(|| self.digits.get(kept)).flatten();
        units = units.checked_add(i128::from(next.is_some_and(|digit| *digit >= b'5')))?;
        Decimal::from_units(if self.negative { -units } else { units })
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use metrify_domain::Decimal;
    use proptest::prelude::*;

    #[test]
    fn a_float_is_the_shortest_decimal_that_names_it_with_twelve_places() {
        for (text, expected) in [
            ("0.17099999999999999", "0.171"),
            ("1.7099999999999999E-1", "0.171"),
            ("0.30000000000000004", "0.3"),
            ("-0.29999999999999999", "-0.3"),
            ("+1234.5670000000000073", "1234.567"),
            ("0.1000000000000000055511151231257827021181583404541015625", "0.1"),
            ("0.3333333333333333", "0.333333333333"),
            ("16.7333333333333", "16.733333333333"),
            ("0.6666666666666666", "0.666666666667"),
            ("-0.6666666666666666", "-0.666666666667"),
            ("5.551115123125783e-17", "0"),
            ("5.0000000000000005e-13", "0.000000000001"),
            // No float is written so: the digits that stand there are rounded.
            ("1234567.12345678901234567", "1234567.123456789012"),
            ("0.333333333333333333333333", "0.333333333333"),
            ("0.0000000000005000000000000000000001", "0.000000000001"),
        ] {
            assert_eq!(read(text).map(|number| number.to_string()).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_may_have_been_meant_as_it_stands_is_no_float() {
        let long = format!("0.{}", "1".repeat(1_000_000));
        for text in ["0.1234567890123", "1e-13", "0.0000000000001", "0.1000000000000100", "", "nan", "0.3.3", &long] {
            assert_eq!(read(text), None, "{}", crate::dates::shown(text));
        }
        // More digits before the point than are kept.
        assert_eq!(read("1234567890123456789012345678.12345678901234"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "[-0-9.eE+]{0,40}") {
            let _any = read(&text);
        }

        #[test]
        fn what_a_float_was_made_of_comes_back(units in -(10_i64.pow(9))..10_i64.pow(9), digits in 16_usize..30) {
            let float = units as f64 / 1000.0;
            let expected = Decimal::scaled(units.into(), -3).expect("a number");
            for text in [format!("{float:.digits$e}"), format!("{float:.digits$}")] {
                // With twelve places it is exact, whatever wrote it.
                if Decimal::parse(text.as_bytes(), b'.').is_err() {
                    prop_assert_eq!(read(&text), Some(expected), "{}", text);
                }
            }
        }
    }
}
