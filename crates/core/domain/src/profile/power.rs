//! The one function of gas profiles that whole numbers do not give: 1 / (1 + base^exponent).
//!
//! It needs a logarithm and an exponential. Both are worked out here in fixed point with 60 binary places rather than in floats:
//! the platform's own differ in their last digit from one machine to another, and an allocation has to come out the same
//! everywhere. The error of the power's share is below 10^-14 within the limits of the arguments.

use crate::decimal::Decimal;

/// One in fixed point.
const ONE: i128 = 1 << BITS;
const BITS: u32 = 60;
/// The natural logarithm of 2.
const LN_2: i128 = 799_144_290_325_165_979;
/// One in units of a [`Decimal`].
const UNITS: i128 = 10_i128.pow(crate::decimal::SCALE);
/// Largest dividend, divisor and exponent: far beyond every temperature and coefficient, and small enough for 128 bits.
pub(super) const ARGUMENT_MAX: i64 = 1_000;
/// Beyond e^-64 nothing is left in twelve places.
const NOTHING: i128 = 64 * ONE;
/// Terms until a power of 1/5 (logarithm) and one of 0.7 over its factorial (exponential) is gone in 60 binary places.
const LOGARITHM_TERMS: i128 = 14;
const EXPONENTIAL_TERMS: i128 = 24;

/// `scale` / (1 + (`dividend` / `divisor`)^`exponent`), rounded to twelve places.
///
/// `None` unless dividend and divisor are above zero, the exponent not below it, and all four within [`ARGUMENT_MAX`].
pub(super) fn saturating(scale: Decimal, dividend: Decimal, divisor: Decimal, exponent: Decimal) -> Option<Decimal> {
    let fits = |number: Decimal| number.units().unsigned_abs() <= Decimal::from(ARGUMENT_MAX).units().unsigned_abs();
    if dividend.units() <= 0 || divisor.units() <= 0 || exponent.is_negative() {
        return None;
    }
    if ![scale, dividend, divisor, exponent].into_iter().all(fits) {
        return None;
    }
    // 2^50 units times a logarithm below 2^66: within 128 bits.
    let power = logarithm(dividend.units(), divisor.units()) * exponent.units() / UNITS;
    let small = exponential(-power.abs());
    let share = if power > 0 { (small << BITS) / (ONE + small) } else { (ONE << BITS) / (ONE + small) };
    let half = ONE / 2;
    Decimal::from_units((scale.units() * share + if scale.is_negative() { -half } else { half }) / ONE)
}

/// The natural logarithm of a quotient of two numbers above zero, in fixed point.
const fn logarithm(dividend: i128, divisor: i128) -> i128 {
    // The quotient is 2^twos times one between 2/3 and 4/3.
    let (mut above, mut below, mut twos) = (dividend, divisor, 0);
    while 3 * above > 4 * below {
        below *= 2;
        twos += 1;
    }
    while 3 * above < 2 * below {
        above *= 2;
        twos -= 1;
    }
    // ln(a/b) = 2 artanh((a - b) / (a + b)), whose argument lies between -1/5 and 1/7.
    let argument = ((above - below) << BITS) / (above + below);
    let square = (argument * argument) >> BITS;
    let (mut power, mut sum, mut term) = (argument, 0, 0);
    while term < LOGARITHM_TERMS {
        sum += power / (2 * term + 1);
        power = (power * square) >> BITS;
        term += 1;
    }
    twos * LN_2 + 2 * sum
}

/// e to the power of a number that is not above zero, in fixed point.
const fn exponential(power: i128) -> i128 {
    if power < -NOTHING {
        return 0;
    }
    // e^power = 2^-halves e^rest, with a rest between -ln 2 and 0.
    let halves = -power / LN_2;
    let rest = power + halves * LN_2;
    let (mut part, mut sum, mut term) = (ONE, ONE, 1);
    while term < EXPONENTIAL_TERMS {
        part = ((part * rest) >> BITS) / term;
        sum += part;
        term += 1;
    }
    sum >> halves
}

#[cfg(test)]
mod tests {
    use super::{LN_2, ONE, exponential, logarithm, saturating};
    use crate::decimal::Decimal;
    use proptest::prelude::*;

    #[test]
    fn known_logarithms_and_powers_come_out_to_seventeen_places() {
        // From a calculator of fifty digits, times 2^60.
        assert!((logarithm(10, 1) - 2_654_699_869_899_991_813).abs() < 20);
        assert!((logarithm(1, 3) + 1_266_613_732_830_808_727).abs() < 20);
        assert_eq!(logarithm(7, 7), 0);
        assert!((logarithm(2, 1) - LN_2).abs() < 2);
        assert!((exponential(-ONE) - 424_136_118_829_305_329).abs() < 20);
        assert_eq!(exponential(0), ONE);
        assert_eq!(exponential(-100 * ONE), 0);
    }

    #[test]
    fn what_no_profile_asks_is_refused() {
        let number = |text: &str| text.parse::<Decimal>().expect(text);
        for (dividend, divisor, exponent) in
            [("0", "1", "1"), ("1", "0", "1"), ("-1", "1", "1"), ("1", "1", "-1"), ("1001", "1", "1")]
        {
            assert_eq!(saturating(number("1"), number(dividend), number(divisor), number(exponent)), None);
        }
        // However far the temperature is from where the formula bends, it comes to an end of its own.
        assert_eq!(
            saturating(number("3"), number("1000"), number("0.000000000001"), number("1000")),
            Some(number("0"))
        );
        assert_eq!(
            saturating(number("3"), number("0.000000000001"), number("1000"), number("1000")),
            Some(number("3"))
        );
    }

    proptest! {
        /// The floats are the judge here, not the source: they are right to some fifteen digits.
        #[test]
        fn it_agrees_with_floats(scale in -1000_f64..1000.0, dividend in 0.001_f64..1000.0, divisor in 0.001_f64..1000.0, exponent in 0_f64..20.0) {
            let number = |float: f64| format!("{float:.9}").parse::<Decimal>().expect("a number");
            let float = |number: Decimal| number.to_string().parse::<f64>().expect("a float");
            let (scale, dividend, divisor, exponent) = (number(scale), number(dividend), number(divisor), number(exponent));
            prop_assume!(dividend.units() > 0 && divisor.units() > 0);
            let found = saturating(scale, dividend, divisor, exponent).expect("within the limits");
            let expected = float(scale) / (1.0 + (float(dividend) / float(divisor)).powf(float(exponent)));
            prop_assert!((float(found) - expected).abs() < 1e-10, "{} and {}", found, expected);
        }
    }
}
