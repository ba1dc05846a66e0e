//! Standard load profiles of gas (BDEW/VKU/GEODE, synthetic method): Q = KW x h(theta) x F, a day's energy by its temperature.
//!
//! theta is the temperature of the gas day and of the three before it, each counting half as much as the one after it; h the
//! sigmoid function, since 2016 with lines that meet it in the warm and in the cold (SigLinDe); F the factor of the weekday; KW
//! the customer value (Kundenwert), which is the customer's day at 8 degrees. Rounding is said at each step, and nothing is
//! rounded on the way to it.

mod published;

use chrono::{Datelike, NaiveDate};

pub use self::published::GasProfile;
use super::power;
use crate::calendar::land::Land;
use crate::calendar::working_day::{DayType, day_type};
use crate::decimal::{Decimal, SCALE};

/// Places of the allocation temperature.
const TEMPERATURE_PLACES: u32 = 4;
/// Places of h that are promised; its last one may be off by one where the exact value lies within 10^-11 of a half.
const H_PLACES: u32 = 10;
/// Places of an allocated day, in kWh: to the Wh.
const ENERGY_PLACES: u32 = 3;
/// The temperature in degrees Celsius at which the sigmoid function ends.
const END_CEL: i64 = 40;

/// The allocation temperature in degrees Celsius: (day + 0.5 before + 0.25 before that + 0.125 before that) / 1.875, rounded to
/// four places. `days_cel` begins with the day itself.
///
/// `None` for temperatures so large that their sum has no place.
#[must_use]
pub fn allocation_temperature(days_cel: [Decimal; 4]) -> Option<Decimal> {
    // In eighths, so that the weights are whole: 8, 4, 2, 1 of 15.
    let mut sum = Decimal::ZERO;
    for (day, weight) in days_cel.into_iter().zip([8, 4, 2, 1]) {
        sum = sum.checked_add(day.product(Decimal::from(weight), SCALE)?)?;
    }
    sum.quotient(Decimal::from(15), TEMPERATURE_PLACES)
}

/// A line of SigLinDe: slope x theta + start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Line {
    pub slope: Decimal,
    pub start: Decimal,
}

/// The coefficients of a profile: h = A / (1 + (B / (theta - 40))^C) + D + the higher of two lines, of space heating and of warm
/// water. The sigmoid profiles before SigLinDe have lines of zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigLinDe {
    a: Decimal,
    b: Decimal,
    c: Decimal,
    d: Decimal,
    heating: Line,
    water: Line,
}

/// Why coefficients make no profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CoefficientError {
    #[error("the coefficient B is {0}, and has to be below zero: theta lies below 40 degrees")]
    B(Decimal),
    #[error("the coefficient C is {0}, and has to be zero or more")]
    C(Decimal),
    #[error("the coefficient {0} is beyond {max} either way", max = power::ARGUMENT_MAX)]
    TooLarge(Decimal),
}

impl SigLinDe {
    /// `[a, b, c, d]` of the sigmoid function.
    ///
    /// # Errors
    /// Where the function is not defined for them, or they are far beyond those of any profile.
    pub fn new([a, b, c, d]: [Decimal; 4], heating: Line, water: Line) -> Result<Self, CoefficientError> {
        if b >= Decimal::ZERO {
            return Err(CoefficientError::B(b));
        }
        if c.is_negative() {
            return Err(CoefficientError::C(c));
        }
        let max = Decimal::from(power::ARGUMENT_MAX).units();
        let all = [a, b, c, d, heating.slope, heating.start, water.slope, water.start];
        match all.into_iter().find(|number| number.units().abs() > max) {
            Some(number) => Err(CoefficientError::TooLarge(number)),
            None => Ok(Self { a, b, c, d, heating, water }),
        }
    }

    /// What [`new`](Self::new) takes.
    #[must_use]
    pub const fn coefficients(&self) -> ([Decimal; 4], Line, Line) {
        ([self.a, self.b, self.c, self.d], self.heating, self.water)
    }

    /// h at an allocation temperature in degrees Celsius, rounded to ten places.
    ///
    /// `None` from 40 degrees on, where the function ends, and below -960.
    #[must_use]
    pub fn h(&self, theta_cel: Decimal) -> Option<Decimal> {
        let below_end = Decimal::from(END_CEL).checked_sub(theta_cel)?;
        let sigmoid = power::saturating(self.a, Decimal::ZERO.checked_sub(self.b)?, below_end, self.c)?;
        let at = |line: Line| line.slope.product(theta_cel, SCALE)?.checked_add(line.start);
        let line = at(self.heating)?.max(at(self.water)?);
        sigmoid.checked_add(self.d)?.checked_add(line)?.rounded(H_PLACES)
    }

    /// The energy that is allocated to a gas day, in kWh rounded to three places: customer value x h x factor of the weekday.
    ///
    /// `None` where there is no [`h`](Self::h), and for values so large that the product has no place.
    #[must_use]
    pub fn day_kwh(&self, theta_cel: Decimal, customer_value_kwh: Decimal, weekday: Decimal) -> Option<Decimal> {
        let factors = self.h(theta_cel)?.product(weekday, SCALE)?;
        customer_value_kwh.product(factors, ENERGY_PLACES)
    }
}

/// The factors of the weekdays of a profile. Those of households are one; those of trades add up to seven, give or take what
/// rounding leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeekdayFactors {
    monday_first: [Decimal; 7],
}

impl WeekdayFactors {
    #[must_use]
    pub const fn new(monday_first: [Decimal; 7]) -> Self {
        Self { monday_first }
    }

    /// The factor of a date: holidays are Sundays, 24 and 31 December Saturdays unless a Sunday, as for electricity.
    #[must_use]
    pub fn factor(&self, date: NaiveDate, land: Land) -> Decimal {
        let [monday_to_friday @ .., saturday, sunday] = self.monday_first;
        match day_type(date, land) {
            DayType::Sunday => sunday,
            DayType::Saturday => saturday,
            // A working day is one of the first five.
            DayType::WorkingDay => {
                let weekday = date.weekday().num_days_from_monday() as usize;
                monday_to_friday.get(weekday).copied().unwrap_or(sunday)
            }
        }
    }
}

#[cfg(test)]
mod tests;
