//! Standard load profiles: what a customer without a load curve is taken to draw, quarter-hour by quarter-hour.
//!
//! Profiles of electricity come as tables, of the BDEW of 1999 (H0, G0 to G6, L0 to L2) and of 2025 (H25, G25, L25, P25, S25), and
//! are unrolled here over the local days of the calendar, in exact decimals. Those of gas are a function of temperature: [`gas`].

pub mod dynamisation;
pub mod gas;
mod power;

use chrono::{Datelike, Month, NaiveDate, Timelike};

use crate::calendar::Zone;
use crate::calendar::day::day_period;
use crate::calendar::land::Land;
use crate::calendar::working_day::{DayType, day_type};
use crate::decimal::{Decimal, SCALE};
use crate::reading::IntervalAmount;
use crate::text::Text;
use crate::time::QUARTER_HOUR;
use crate::unit::Unit;

/// Quarter-hours of a day in a table. It knows no clock change: where the clock skips an hour its values are left out, where
/// an hour comes twice its values are taken twice.
pub const DAY_VALUES: usize = 96;
/// Longest name of a profile, in bytes. Operators have names of their own, such as `TLP-HZ1`.
pub type ProfileName = Text<15>;

/// A set of profiles with the rules by which it is to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Generation {
    /// VDEW 1999: three seasons, mean power in W for 1 000 kWh a year.
    Of1999,
    /// BDEW 2025: twelve months, energy in kWh for 1 000 000 kWh a year.
    Of2025,
}

/// A season of the profiles of 1999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Season {
    /// 1 November to 20 March.
    Winter,
    /// 15 May to 14 September.
    Summer,
    /// Uebergangszeit: 21 March to 14 May, 15 September to 31 October.
    Transition,
}

/// The part of a year in which a column of a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    Season(Season),
    Month(Month),
}

const DAY_TYPES: [DayType; 3] = [DayType::WorkingDay, DayType::Saturday, DayType::Sunday];
const SEASONS: [Season; 3] = [Season::Winter, Season::Summer, Season::Transition];

impl Season {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Winter => "winter",
            Self::Summer => "summer",
            Self::Transition => "transition",
        }
    }

    #[must_use]
    pub fn of(date: NaiveDate) -> Self {
        match (date.month(), date.day()) {
            (11..=12 | 1..=2, _) | (3, ..=20) => Self::Winter,
            (6..=8, _) | (5, 15..) | (9, ..=14) => Self::Summer,
            _ => Self::Transition,
        }
    }
}

impl Generation {
    /// The energy of a year, in kWh, that the values of a table add up to.
    #[must_use]
    pub fn annual_kwh(self) -> Decimal {
        match self {
            Self::Of1999 => Decimal::from(1_000),
            Self::Of2025 => Decimal::from(1_000_000),
        }
    }

    /// The unit of a table's values: mean power over a quarter-hour, or the energy of one.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::Of1999 => Unit::literal("W"),
            Self::Of2025 => Unit::literal("kWh"),
        }
    }

    /// The generation whose tables are in this unit.
    #[must_use]
    pub fn of_unit(unit: &Unit) -> Option<Self> {
        [Self::Of1999, Self::Of2025].into_iter().find(|generation| generation.unit() == *unit)
    }

    /// The places to which its guide rounds a value, dynamised or not.
    const fn places(self) -> u32 {
        match self {
            Self::Of1999 => 1,
            Self::Of2025 => 3,
        }
    }

    /// The parts of a year that a table has, in the order of its values here.
    fn parts(self) -> Vec<Part> {
        match self {
            Self::Of1999 => SEASONS.map(Part::Season).to_vec(),
            Self::Of2025 => (1..=12).filter_map(|number| Month::try_from(number).ok()).map(Part::Month).collect(),
        }
    }

    /// The place among [`parts`](Self::parts) of the one that a date lies in.
    fn part_index(self, date: NaiveDate) -> usize {
        match self {
            Self::Of1999 => Season::of(date) as usize,
            Self::Of2025 => date.month0() as usize,
        }
    }

    /// The energy, in kWh, of a quarter-hour with this value of a table.
    fn energy_kwh(self, value: Decimal) -> Option<Decimal> {
        match self {
            // A quarter of an hour, and 1000 W in a kW: exact for the one place that a value has.
            Self::Of1999 => Decimal::from_units(value.units() / 4_000).filter(|_| value.units() % 4_000 == 0),
            Self::Of2025 => Some(value),
        }
    }
}

/// Why a table makes no profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    #[error("`{0}` is not the name of a profile: one to 15 bytes")]
    Name(String),
    #[error("the profile {profile} has no value for {part:?}, {}, quarter-hour {quarter} of {DAY_VALUES}", day_type.name())]
    Missing { profile: String, part: Part, day_type: DayType, quarter: usize },
}

/// The table of a profile, complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadProfile {
    name: ProfileName,
    generation: Generation,
    /// By part of the year, day type and quarter-hour.
    values: Vec<Decimal>,
}

impl LoadProfile {
    /// `value` tells the table: part of the year, day type, quarter-hour of the day from 0 (that which begins at 00:00) to 95.
    ///
    /// # Errors
    /// Where a value is missing, or the name is none.
    pub fn new(
        name: &str,
        generation: Generation,
        value: impl Fn(Part, DayType, usize) -> Option<Decimal>,
    ) -> Result<Self, ProfileError> {
        let wrong = || ProfileError::Name(name.chars().take(40).collect());
        let text = ProfileName::new(name).filter(|text| !text.is_empty()).ok_or_else(wrong)?;
        let mut values = Vec::new();
        for part in generation.parts() {
            for day_type in DAY_TYPES {
                for quarter in 0..DAY_VALUES {
                    let missing = || ProfileError::Missing { profile: name.to_owned(), part, day_type, quarter };
                    values.push(value(part, day_type, quarter).ok_or_else(missing)?);
                }
            }
        }
        Ok(Self { name: text, generation, values })
    }

    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    #[must_use]
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    /// Whether its values are multiplied by the factor of the day ([`dynamisation::factor`]).
    #[must_use]
    pub fn is_dynamised(&self) -> bool {
        matches!(self.name(), "H0" | "H25" | "P25" | "S25")
    }

    /// The energy of each quarter-hour of a local day, in kWh, for the consumption of a year that the table is made for
    /// ([`Generation::annual_kwh`]): 96 amounts, or 92 and 100 where clocks are changed.
    ///
    /// `None` for a date that the calendar has no day for, and for values so large that they have no place.
    #[must_use]
    pub fn day(&self, date: NaiveDate, land: Land) -> Option<Vec<IntervalAmount>> {
        self.amounts(date, land, Some)
    }

    /// As [`day`](Self::day), for a customer who draws `annual_kwh` in a year. Amounts are exact as long as the consumption has
    /// no more than six places, else they are rounded to twelve.
    #[must_use]
    pub fn customer_day(&self, date: NaiveDate, land: Land, annual_kwh: Decimal) -> Option<Vec<IntervalAmount>> {
        let share = annual_kwh.quotient(self.generation.annual_kwh(), SCALE)?;
        self.amounts(date, land, |energy| energy.product(share, SCALE))
    }

    fn amounts(
        &self,
        date: NaiveDate,
        land: Land,
        scaled: impl Fn(Decimal) -> Option<Decimal>,
    ) -> Option<Vec<IntervalAmount>> {
        let table = self.table(date, land)?;
        let factor = if self.is_dynamised() { dynamisation::factor(date) } else { Decimal::from(1) };
        let period = day_period(date)?;
        let unit = Unit::literal("kWh");
        let mut amounts = Vec::with_capacity(DAY_VALUES);
        let mut start = period.start();
        while start < period.end() {
            let end = start.plus(QUARTER_HOUR)?;
            // What the clock shows tells the value: an hour that it skips is left out, one that it shows twice comes twice.
            let clock = Zone::BERLIN.clock(start)?;
            let value = table.get((clock.hour() * 4 + clock.minute() / 15) as usize)?;
            let rounded = value.product(factor, self.generation.places())?;
            amounts.push(IntervalAmount::new(start, end, scaled(self.generation.energy_kwh(rounded)?)?, unit)?);
            start = end;
        }
        Some(amounts)
    }

    /// The values of the table that hold on a day.
    fn table(&self, date: NaiveDate, land: Land) -> Option<&[Decimal]> {
        let day_type = day_type(date, land) as usize;
        let start = (self.generation.part_index(date) * DAY_TYPES.len() + day_type) * DAY_VALUES;
        self.values.get(start..start + DAY_VALUES)
    }
}

#[cfg(test)]
mod tests;
