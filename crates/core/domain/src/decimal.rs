//! Exact decimals from byte to sum: a fixed point with twelve places after it, no float anywhere.
//!
//! Twelve places keep every meter's resolution and leave the product of two values (price times energy, 24 places)
//! fourteen digits before the point in a 38-digit SQL decimal.

use std::fmt;
use std::str::FromStr;

/// Digits after the point that every [`Decimal`] carries.
pub const SCALE: u32 = 12;
/// Digits in all: the SQL type is `DECIMAL(38, 12)`.
pub const PRECISION: u32 = 38;

const ONE: i128 = 10_i128.pow(SCALE);
const LIMIT: i128 = 10_i128.pow(PRECISION);

/// A number with 26 digits before and 12 after the point.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal(i128);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    #[error("is not a decimal number")]
    NotANumber,
    #[error("has more than {SCALE} places after the point")]
    TooManyPlaces,
    #[error("has more than {} digits before the point", PRECISION - SCALE)]
    TooLarge,
}

impl Decimal {
    pub const ZERO: Self = Self(0);

    /// `units` of 10^-12 each; `None` beyond 38 digits.
    #[must_use]
    pub const fn from_units(units: i128) -> Option<Self> {
        if units > -LIMIT && units < LIMIT { Some(Self(units)) } else { None }
    }

    /// In units of 10^-12.
    #[must_use]
    pub const fn units(self) -> i128 {
        self.0
    }

    /// `mantissa` x 10^`exponent`, exactly: as meters (scaler) and M-Bus (VIF) give numbers.
    ///
    /// # Errors
    /// Where the number does not fit 26 digits before and 12 after the point.
    pub fn scaled(mantissa: i128, exponent: i32) -> Result<Self, DecimalError> {
        if mantissa == 0 {
            return Ok(Self::ZERO);
        }
        let shift = exponent.saturating_add(SCALE as i32);
        if shift >= 0 {
            let factor = 10_i128.checked_pow(shift.unsigned_abs()).ok_or(DecimalError::TooLarge)?;
            let units = mantissa.checked_mul(factor).ok_or(DecimalError::TooLarge)?;
            return Self::from_units(units).ok_or(DecimalError::TooLarge);
        }
        let divisor = 10_i128.checked_pow(shift.unsigned_abs()).ok_or(DecimalError::TooManyPlaces)?;
        if mantissa % divisor != 0 {
            return Err(DecimalError::TooManyPlaces);
        }
        Self::from_units(mantissa / divisor).ok_or(DecimalError::TooLarge)
    }

    /// Reads decimal text with `point` as its mark: sign, digits, places, exponent. White space is not allowed.
    ///
    /// # Errors
    /// Where the text is no number, or is not kept exactly.
    pub fn parse(text: &[u8], point: u8) -> Result<Self, DecimalError> {
        let (negative, digits) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        if let Some(magnitude) = short(digits, point) {
            return Ok(if negative { Self(-magnitude.0) } else { magnitude });
        }
        let mut mantissa: i128 = 0;
        let mut places: i32 = 0;
        let mut seen_digit = false;
        let mut seen_point = false;
        let mut trailing_zeros: u32 = 0;
        let mut rest = digits;
        while let [byte, tail @ ..] = rest {
            match byte {
                b'0' => {
                    seen_digit = true;
                    trailing_zeros += u32::from(mantissa != 0);
                    places += i32::from(seen_point);
                }
                b'1'..=b'9' => {
                    seen_digit = true;
                    places += i32::from(seen_point);
                    let shift = 10_i128.checked_pow(trailing_zeros + 1);
                    mantissa = shift
                        .and_then(|shift| mantissa.checked_mul(shift))
                        .and_then(|mantissa| mantissa.checked_add(i128::from(byte - b'0')))
                        .ok_or(if seen_point { DecimalError::TooManyPlaces } else { DecimalError::TooLarge })?;
                    trailing_zeros = 0;
                }
                b'e' | b'E' if seen_digit => break,
                byte if *byte == point && !seen_point => seen_point = true,
                _ => return Err(DecimalError::NotANumber),
            }
            rest = tail;
        }
        if !seen_digit {
            return Err(DecimalError::NotANumber);
        }
        let exponent = match rest {
            [] => 0,
            [_, tail @ ..] => exponent(tail)?,
        };
        let trailing_zeros = i32::try_from(trailing_zeros).map_err(|_| DecimalError::TooLarge)?;
        let magnitude = Self::scaled(mantissa, exponent.saturating_add(trailing_zeros).saturating_sub(places))?;
        Ok(if negative { Self(-magnitude.0) } else { magnitude })
    }

    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(Self::from_units)
    }

    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).and_then(Self::from_units)
    }

    /// The number with at most `places` after the point, halves away from zero; `None` beyond 38 digits.
    #[must_use]
    pub const fn rounded(self, places: u32) -> Option<Self> {
        let step = 10_i128.pow(SCALE.saturating_sub(places));
        match divided(self.0, step).checked_mul(step) {
            Some(units) => Self::from_units(units),
            None => None,
        }
    }

    /// The product with at most `places` after the point, rounded once, halves away from zero; `None` where it has more than
    /// 14 digits before the point.
    #[must_use]
    pub const fn product(self, factor: Self, places: u32) -> Option<Self> {
        let places = if places < SCALE { places } else { SCALE };
        let Some(exact) = self.0.checked_mul(factor.0) else { return None };
        let rounded = divided(exact, 10_i128.pow(2 * SCALE - places));
        match rounded.checked_mul(10_i128.pow(SCALE - places)) {
            Some(units) => Self::from_units(units),
            None => None,
        }
    }

    /// The quotient with at most `places` after the point, rounded once, halves away from zero; `None` for a divisor of zero
    /// and where dividend or quotient has more than 14 digits before the point.
    #[must_use]
    pub const fn quotient(self, divisor: Self, places: u32) -> Option<Self> {
        let places = if places < SCALE { places } else { SCALE };
        let Some(shifted) = self.0.checked_mul(10_i128.pow(places)) else { return None };
        if divisor.0 == 0 {
            return None;
        }
        match divided(shifted, divisor.0).checked_mul(10_i128.pow(SCALE - places)) {
            Some(units) => Self::from_units(units),
            None => None,
        }
    }

    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Whether the number is a whole multiple of `step`; false for a step of zero.
    #[must_use]
    pub const fn is_multiple_of(self, step: Self) -> bool {
        step.0 != 0 && self.0 % step.0 == 0
    }
}

/// A quotient of whole numbers, halves away from zero. The divisor is not zero.
const fn divided(number: i128, divisor: i128) -> i128 {
    let (quotient, rest) = (number / divisor, number % divisor);
    // `rest` is smaller than the divisor, so that the difference cannot leave the range, where twice the rest could.
    if rest.unsigned_abs() >= divisor.unsigned_abs() - rest.unsigned_abs() {
        quotient + if (number < 0) == (divisor < 0) { 1 } else { -1 }
    } else {
        quotient
    }
}

/// At most eighteen digits without an exponent: nearly every number there is, read without wide arithmetic.
fn short(digits: &[u8], point: u8) -> Option<Decimal> {
    const DIGITS_MAX: usize = 18;
    let mut mantissa: u64 = 0;
    let mut places = None;
    for byte in digits.get(..digits.len().min(DIGITS_MAX + 2))? {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
                places = places.map(|places: u32| places + 1);
            }
            byte if *byte == point && places.is_none() => places = Some(0),
            _ => return None,
        }
    }
    let count = digits.len() - usize::from(places.is_some());
    let zeros = SCALE.checked_sub(places.unwrap_or(0))?;
    (1..=DIGITS_MAX).contains(&count).then(|| Decimal(i128::from(mantissa) * 10_i128.pow(zeros)))
}

fn exponent(text: &[u8]) -> Result<i32, DecimalError> {
    let text = text.strip_prefix(b"+").unwrap_or(text);
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if digits.is_empty() || digits.len() > 4 || !digits.iter().all(u8::is_ascii_digit) {
        return Err(DecimalError::NotANumber);
    }
    let magnitude = digits.iter().fold(0_i32, |sum, digit| sum * 10 + i32::from(digit - b'0'));
    Ok(if text.len() > digits.len() { -magnitude } else { magnitude })
}

impl From<i64> for Decimal {
    fn from(whole: i64) -> Self {
        Self(i128::from(whole) * ONE)
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        Self::parse(text.as_bytes(), b'.')
    }
}

impl fmt::Display for Decimal {
    /// The shortest text that means the number: `-5632.1916`, `17`, `0.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_shortest(f, self.0, SCALE as i8)
    }
}

/// The shortest text that means so many units of the place `scale` behind the point: sums and averages have more places than their
/// values need.
#[must_use]
pub fn shortest(units: i128, scale: i8) -> String {
    let mut text = String::new();
    // A string takes whatever there is.
    let _written = write_shortest(&mut text, units, scale);
    text
}

/// As [`shortest`], to where the text is wanted.
///
/// # Errors
/// Where `out` takes no more.
pub fn write_shortest(out: &mut impl fmt::Write, units: i128, scale: i8) -> fmt::Result {
    // Nearly all; numbers of 128 bits are printed much more slowly.
    if let (Ok(digits), Ok(places @ ..=U64_DIGITS)) = (u64::try_from(units.unsigned_abs()), usize::try_from(scale)) {
        return write_digits(out, units < 0, digits, places);
    }
    let Ok(places @ 1..) = usize::try_from(scale) else {
        write!(out, "{units}")?;
        return (0..-i32::from(scale)).try_for_each(|_| out.write_char('0'));
    };
    let sign = if units < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    match fraction.trim_end_matches('0') {
        "" => write!(out, "{sign}{whole}"),
        fraction => write!(out, "{sign}{whole}.{fraction}"),
    }
}

/// Digits that a number of 64 bits has at most.
const U64_DIGITS: usize = 20;

/// Writes `digits / 10^places`, from its last digit to its first; there are not more places than [`U64_DIGITS`].
fn write_digits(out: &mut impl fmt::Write, negative: bool, mut digits: u64, mut places: usize) -> fmt::Result {
    for (zeros, power) in [(8, 100_000_000), (4, 10_000), (2, 100), (1, 10)] {
        while places >= zeros && digits.is_multiple_of(power) {
            (digits, places) = (digits / power, places - zeros);
        }
    }
    // A sign, a zero and a point before the places.
    let mut text = [0; 3 + U64_DIGITS];
    let mut begin = text.len();
    let mut put = |byte: u8| {
        begin -= 1;
        text[begin] = byte;
    };
    for _ in 0..places {
        put(b'0' + (digits % 10) as u8);
        digits /= 10;
    }
    if places > 0 {
        put(b'.');
    }
    loop {
        put(b'0' + (digits % 10) as u8);
        digits /= 10;
        if digits == 0 {
            break;
        }
    }
    if negative {
        put(b'-');
    }
    out.write_str(std::str::from_utf8(&text[begin..]).map_err(|_| fmt::Error)?)
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::{Decimal, DecimalError, shortest};
    use proptest::prelude::*;

    #[test]
    fn decimals_print_as_short_as_they_are_exact() {
        for (units, scale, text) in [
            (458_374_229_500_000_000_000, 12, "458374229.5"),
            (-5, 1, "-0.5"),
            (-120, 2, "-1.2"),
            (7, 0, "7"),
            (0, 12, "0"),
            (3, -2, "300"),
            (1_866_000_000_050, 12, "1.86600000005"),
            (-30_000_000_000_000_000_000_000_000, 12, "-30000000000000"),
            (18_446_744_073_709_551_616, 20, "0.18446744073709551616"),
            (18_446_744_073_709_551_615, 19, "1.8446744073709551615"),
            (-18_446_744_073_709_551_615, 20, "-0.18446744073709551615"),
            (1, 20, "0.00000000000000000001"),
            (1, 21, "0.000000000000000000001"),
            (1_000_000_000_000, 12, "1"),
            (-1_000_000_000_000, 3, "-1000000000"),
        ] {
            assert_eq!(shortest(units, scale), text);
        }
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(text.parse::<Decimal>().map(|d| d.to_string()), Ok(expected.to_owned()), "{text}");
    }

    #[test]
    fn decimal_text_is_read_to_the_last_digit() {
        check("110340315.1", "110340315.1");
        check("-5632.1916", "-5632.1916");
        check("0.000000000001", "0.000000000001");
        check("1e-3", "0.001");
        check("2.50E2", "250");
        check("000.10", "0.1");
        check("1.", "1");
        check(".5", "0.5");
        check("-0", "0");
        check("18446744073709551615", "18446744073709551615");
        check("1.00000000000000000000000000000000000000000000", "1");
        check("0e9999", "0");
        check("0000000000000000000000000000000000000000000000000000000001.5", "1.5");
    }

    #[test]
    fn what_is_no_exact_number_is_refused_with_its_reason() {
        for (text, reason) in [
            ("", DecimalError::NotANumber),
            ("-", DecimalError::NotANumber),
            ("1,5", DecimalError::NotANumber),
            ("1.2.3", DecimalError::NotANumber),
            ("NaN", DecimalError::NotANumber),
            ("1e", DecimalError::NotANumber),
            ("e5", DecimalError::NotANumber),
            ("0.1234567890123", DecimalError::TooManyPlaces),
            ("123456789012345678901234567", DecimalError::TooLarge),
            ("1e9999", DecimalError::TooLarge),
        ] {
            assert_eq!(text.parse::<Decimal>(), Err(reason), "{text}");
        }
        assert_eq!(Decimal::parse(b"1,5", b',').map(|d| d.to_string()), Ok("1.5".to_owned()));
        assert_eq!(Decimal::scaled(15, -13), Err(DecimalError::TooManyPlaces));
        assert_eq!(Decimal::scaled(1, i32::MIN), Err(DecimalError::TooManyPlaces));
    }

    fn number(text: &str) -> Decimal {
        text.parse().expect(text)
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        for (value, places, expected) in
            [("2.5", 0, "3"), ("-2.5", 0, "-3"), ("2.4999", 0, "2"), ("0.0005", 3, "0.001"), ("1.5", 12, "1.5")]
        {
            assert_eq!(number(value).rounded(places), Some(number(expected)), "{value}");
        }
        for (one, other, places, expected) in [
            ("20.126", "1.2424", 3, Some("25.005")),
            ("-0.0005", "1", 3, Some("-0.001")),
            ("0.000001", "0.0000005", 12, Some("0.000000000001")),
            ("10000000000", "10000000000", 3, None),
        ] {
            assert_eq!(number(one).product(number(other), places), expected.map(number), "{one} x {other}");
        }
        for (one, other, places, expected) in [
            ("1", "3", 4, Some("0.3333")),
            ("-2", "3", 4, Some("-0.6667")),
            ("1", "-8", 2, Some("-0.13")),
            ("1", "0", 2, None),
        ] {
            assert_eq!(number(one).quotient(number(other), places), expected.map(number), "{one} / {other}");
        }
        assert_eq!(Decimal::from_units(10_i128.pow(38) - 1).and_then(|most| most.rounded(3)), None);
    }

    proptest! {
        #[test]
        fn rounding_moves_a_number_by_half_a_step_at_most(units in -(10_i128.pow(37))..10_i128.pow(37), places in 0_u32..14) {
            let value = Decimal::from_units(units).expect("within 38 digits");
            let rounded = value.rounded(places).expect("far from the limit");
            let step = 10_i128.pow(12_u32.saturating_sub(places));
            prop_assert!((rounded.units() - units).abs() * 2 <= step);
            prop_assert_eq!(rounded.units() % step, 0);
            prop_assert_eq!(value.product(Decimal::from(1), places).unwrap_or(rounded), rounded);
        }

        #[test]
        fn text_and_number_are_one(units in -(10_i128.pow(38) - 1)..10_i128.pow(38)) {
            let number = Decimal::from_units(units).expect("within 38 digits");
            prop_assert_eq!(number.to_string().parse::<Decimal>(), Ok(number));
        }

        #[test]
        fn numbers_of_64_bits_print_as_larger_ones_do(units in any::<i64>(), zeros in 0_u32..19, scale in 0_i8..=20) {
            let units = i128::from(units) / 10_i128.pow(zeros) * 10_i128.pow(zeros);
            // Ten places more make it a number of more bits, but for small ones.
            let larger = shortest(units * 10_i128.pow(10), scale + 10);
            prop_assert_eq!(shortest(units, scale), larger);
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(number) = Decimal::parse(&bytes, b',') {
                prop_assert_eq!(number.to_string().parse::<Decimal>(), Ok(number));
            }
        }
    }
}
