//! What adds up, and in which unit: no energy counts twice.
//!
//! What a point tells of one direction of one medium in one unit is the same energy: a load curve, an advance, the tariffs of both, a code
//! that differs in group B. Periods of it that overlap never both count, and those that do not complement each other. On each local day
//! what covers most of it counts first; of several that cover as much the load curve rather than an advance, the total rather than the
//! tariffs that it holds already, of electricity the lowest group B (it means nothing in the market), of hourly gas the final energy (B is
//! 20) rather than the provisional one, and shorter periods rather than longer ones. Tariffs of one total do not overlap each other. What
//! lies on one local day counts before what reaches into the next, which counts on the day on which it begins.
//!
//! What was not measured (forecasts, and proposals that nobody made a substitute of), what must not be used, what is longer than a day, and
//! what is larger than anything that is measured, is in no amount, and takes the place of none.

mod overlap;
mod summed;

pub use overlap::{Day, settle};
pub use summed::{Summed, Tally, tallies};

use crate::calendar::day::{day_number, offset_micros};
use crate::decimal::Decimal;
use crate::obis::ObisCode;
use crate::quality::Quality;
use crate::reading::Period;
use crate::time::HOUR;
use crate::unit::{Dimension, Unit};

/// Places behind the point of an amount in the unit of the trade: those of a value, and three more, as it may have come in a thousandth.
pub const SCALE: u32 = crate::decimal::SCALE + 3;
/// No amount is larger, in 10^-15: twice what Germany uses in a year, in kWh. A sum of a hundred thousand million of them has a place.
pub const LARGEST: i128 = 10_i128.pow(12 + SCALE);

/// The unit that the trade counts in, of each dimension in which meters tell amounts.
const COUNTED_IN: [(Dimension, Unit); 4] = [
    (Dimension::ActiveEnergy, Unit::literal("kWh")),
    (Dimension::ReactiveEnergy, Unit::literal("kvarh")),
    (Dimension::ApparentEnergy, Unit::literal("kVAh")),
    (Dimension::Volume, Unit::literal("m3")),
];

/// The unit that amounts of a unit count in, and how many 10^-15 of it are 10^-12 of theirs: their own where they do not convert exactly,
/// such as joule.
#[must_use]
pub fn counted_in(unit: Unit) -> (Unit, i128) {
    let own = 10_i128.pow(SCALE - crate::decimal::SCALE);
    let found = COUNTED_IN.into_iter().find(|(dimension, _)| *dimension == unit.dimension());
    let times = |counted: &Unit| Some(unit.convert(Decimal::from(1), counted)?.units() * own / 10_i128.pow(12));
    found.and_then(|(_, counted)| Some((counted, times(&counted)?))).unwrap_or((unit, own))
}

/// One direction of one medium: groups A to C of a code. Of electricity and of hourly gas group B makes no other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flow([u8; 4]);

impl Flow {
    #[must_use]
    pub const fn of(code: ObisCode) -> Self {
        match code.groups() {
            [1, _, function, ..] => Self([1, 0, function, 0]),
            [7, _, 99, 33, 17, _] => Self([7, 0, 99, 33]),
            [medium, channel, function, ..] => Self([medium, channel, function, 0]),
        }
    }
}

/// What a code counts as, the first counting most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Class {
    Curve,
    CurveTariff,
    Total,
    Tariff,
    /// Of a former billing period.
    Former,
}

/// A code's place among those of its flow. All tariffs of one total have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Rank {
    class: Class,
    channel: u8,
    code: ObisCode,
}

impl Rank {
    const fn of(code: ObisCode) -> Self {
        let [medium, b, c, d, e, f] = code.groups();
        let channel = match (medium, b) {
            (1, _) => b,
            (7, 20) => 0,
            _ => 1,
        };
        let (class, code) = match (d, e, f) {
            (29, 0, 255) => (Class::Curve, code),
            (_, 0, 255) => (Class::Total, code),
            (29, _, 255) => (Class::CurveTariff, ObisCode::from_bytes([medium, b, c, d, 0, f])),
            (_, _, 255) => (Class::Tariff, ObisCode::from_bytes([medium, b, c, d, 0, f])),
            _ => (Class::Former, code),
        };
        Self { class, channel, code }
    }

    const fn is_of_tariffs(&self) -> bool {
        match self.class {
            Class::CurveTariff | Class::Tariff => true,
            Class::Curve | Class::Total | Class::Former => false,
        }
    }
}

/// Whether two codes are tariffs of one total.
fn are_beside(one: ObisCode, other: ObisCode) -> bool {
    one != other && Rank::of(one).is_of_tariffs() && Rank::of(one) == Rank::of(other)
}

/// What a point tells of a period, in 10^-15 of the unit of the trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    pub code: ObisCode,
    pub unit: Unit,
    pub period: Period,
    pub quality: Quality,
    /// `None` where it is missing, or has no place.
    pub value: Option<i128>,
}

/// What becomes of an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Counted,
    /// There is no value.
    Missing,
    /// It must not be used.
    Faulty,
    /// A forecast or a proposal.
    Unmeasured,
    /// Another one counts, of a time that is its own as well.
    Overlapping,
    /// It is longer than a local day.
    Overlong,
    /// It is larger than anything that is measured.
    TooLarge,
}

impl Fate {
    /// What becomes of an amount by its quality alone.
    const fn of(quality: Quality) -> Self {
        match quality {
            Quality::True | Quality::Substitute | Quality::Provisional => Self::Counted,
            Quality::Proposed | Quality::Forecast => Self::Unmeasured,
            Quality::Faulty => Self::Faulty,
            Quality::Missing => Self::Missing,
        }
    }
}

impl Amount {
    fn micros(&self) -> (i64, i64) {
        (self.period.start().micros(), self.period.end().micros())
    }

    /// What becomes of it where nothing else is told.
    fn alone(&self) -> Fate {
        match (Fate::of(self.quality), self.value) {
            (Fate::Counted, _) if self.clock_micros() > 24 * HOUR => Fate::Overlong,
            (Fate::Counted, Some(value)) if value.abs() <= LARGEST => Fate::Counted,
            (Fate::Counted, _) => Fate::TooLarge,
            (fate, _) => fate,
        }
    }

    /// How long it lasted by the clocks of Berlin: from midnight to midnight 24 hours on every day, from six to six as well.
    fn clock_micros(&self) -> i64 {
        let (start, end) = (self.period.start(), self.period.end());
        let clock = |at: crate::Timestamp| at.micros().saturating_add(offset_micros(at));
        clock(end).saturating_sub(clock(start))
    }

    /// Whether it ends on a later local day than it begins.
    fn reaches_on(&self) -> bool {
        let (start, end) = self.micros();
        end > start && day_number(crate::Timestamp::from_micros(end - 1)) != day_number(self.period.start())
    }

    /// Whether it tells some of the same energy.
    fn overlaps(&self, other: &Self) -> bool {
        let ((start, end), (begin, finish)) = (self.micros(), other.micros());
        start < finish && begin < end && !are_beside(self.code, other.code)
    }
}

#[cfg(test)]
mod tests;
