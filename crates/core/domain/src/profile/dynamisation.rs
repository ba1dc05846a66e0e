//! The factor by which the profiles of households (H0, H25, P25, S25) change from day to day: more in winter, less in summer.
//!
//! F(t) = -3.92e-10 t^4 + 3.20e-7 t^3 - 7.02e-5 t^2 + 2.10e-3 t + 1.24, t the day of the year, rounded to four places: the
//! coefficients as BDEW prints them. Others use -3.916649251e-10 for the first, which makes a year add up better: a known
//! difference in the fourth place.

use chrono::{Datelike, NaiveDate};

use crate::decimal::Decimal;

/// Places of the factor.
const PLACES: u32 = 4;
/// The coefficients from t^4 down to t^0, in units of 10^-12.
const COEFFICIENTS: [i128; 5] = [-392, 320_000, -70_200_000, 2_100_000_000, 1_240_000_000_000];

/// The factor of a day, between 0.7 and 1.3.
#[must_use]
pub fn factor(date: NaiveDate) -> Decimal {
    let t = i128::from(date.ordinal());
    let exact = COEFFICIENTS.iter().fold(0, |sum, coefficient| sum * t + coefficient);
    // A sum of a few 10^12 has its place among 38 digits, rounded as well.
    Decimal::from_units(exact).and_then(|exact| exact.rounded(PLACES)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::factor;
    use chrono::NaiveDate;

    #[test]
    fn the_factor_is_that_of_the_guide() {
        for (date, expected) in [
            ("2025-01-01", "1.242"),
            ("2025-02-19", "1.2071"),
            ("2025-07-01", "0.7959"),
            ("2025-12-31", "1.2572"),
            ("2024-12-31", "1.2597"),
        ] {
            let day: NaiveDate = date.parse().expect(date);
            assert_eq!(factor(day).to_string(), expected, "{date}");
        }
    }

    #[test]
    fn the_factor_of_every_day_lies_between_summer_and_winter() {
        let first: NaiveDate = "2024-01-01".parse().expect("a date");
        for day in first.iter_days().take(366) {
            let factor = factor(day).units();
            assert!((700_000_000_000..1_300_000_000_000).contains(&factor), "{day}: {factor}");
        }
    }
}
