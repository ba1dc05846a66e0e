//! Faults as they happen to meters and on the way from them: which one a meter has on a day, and what it does to the readings.
//!
//! A meter has one fault a day at most, so that each can be told apart in the truth.

use crate::load::Counted;
use crate::measure::Measure;
use crate::noise::{Noise, between};
use crate::scene::{QUARTER_SECONDS, Scene};
use crate::section::{Standing, Statement};

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Fault {
    /// Readings are absent.
    Gap = 0,
    /// A value is fifty times as high.
    Spike = 1,
    /// A value comes again and again instead of those after it.
    Stuck = 2,
    /// Readings come twice.
    Duplicate = 3,
    /// Readings come a day later.
    Late = 4,
    /// Readings come as wrong provisional values, and a day later as true ones.
    Correction = 5,
    /// The registers begin at zero again.
    RegisterReset = 6,
    /// Another device with registers of its own is put in.
    MeterExchange = 7,
    /// Import and export are mixed up for a day.
    SwappedRegisters = 8,
}

impl Fault {
    pub const ALL: [Self; 9] = [
        Self::Gap,
        Self::Spike,
        Self::Stuck,
        Self::Duplicate,
        Self::Late,
        Self::Correction,
        Self::RegisterReset,
        Self::MeterExchange,
        Self::SwappedRegisters,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Spike => "spike",
            Self::Stuck => "stuck",
            Self::Duplicate => "duplicate",
            Self::Late => "late",
            Self::Correction => "correction",
            Self::RegisterReset => "register_reset",
            Self::MeterExchange => "meter_exchange",
            Self::SwappedRegisters => "swapped_registers",
        }
    }

    /// Fewest and most quarter-hours that it lasts; zero where it happens between two of them.
    const fn quarters(self) -> (i64, i64) {
        match self {
            Self::Gap => (1, 40),
            Self::Spike => (1, 1),
            Self::Stuck => (6, 32),
            Self::Duplicate => (1, 8),
            Self::Late => (4, 40),
            Self::Correction => (1, 27),
            Self::RegisterReset | Self::MeterExchange => (0, 0),
            // The whole day, however long it is.
            Self::SwappedRegisters => (100, 100),
        }
    }

    /// The other device begins to count anew, and so do registers that were reset.
    pub(crate) fn restarts_registers(self) -> bool {
        self == Self::RegisterReset || self == Self::MeterExchange
    }

    /// Something of the day is written on the next.
    pub(crate) fn comes_late(self) -> bool {
        self == Self::Late || self == Self::Correction
    }
}

pub(crate) const PER_MILLION: u32 = 1_000_000;

/// How often each fault happens, in a million days of meters. Swapped registers show only where energy is fed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultRates {
    pub gap: u32,
    pub spike: u32,
    pub stuck: u32,
    pub duplicate: u32,
    pub late: u32,
    pub correction: u32,
    pub register_reset: u32,
    pub meter_exchange: u32,
    pub swapped_registers: u32,
}

impl FaultRates {
    pub const NONE: Self = Self::each(0);
    /// About one day in thirty has a fault; one meter in fifty is exchanged in a year.
    pub const USUAL: Self = Self {
        gap: 9_000,
        spike: 1_000,
        stuck: 1_000,
        duplicate: 6_000,
        late: 8_000,
        correction: 9_000,
        register_reset: 20,
        meter_exchange: 55,
        swapped_registers: 100,
    };

    /// The same rate for each.
    #[must_use]
    pub const fn each(rate: u32) -> Self {
        Self {
            gap: rate,
            spike: rate,
            stuck: rate,
            duplicate: rate,
            late: rate,
            correction: rate,
            register_reset: rate,
            meter_exchange: rate,
            swapped_registers: rate,
        }
    }

    pub(crate) fn sum(&self) -> u64 {
        Fault::ALL.into_iter().map(|fault| u64::from(self.of(fault))).sum()
    }

    const fn of(&self, fault: Fault) -> u32 {
        match fault {
            Fault::Gap => self.gap,
            Fault::Spike => self.spike,
            Fault::Stuck => self.stuck,
            Fault::Duplicate => self.duplicate,
            Fault::Late => self.late,
            Fault::Correction => self.correction,
            Fault::RegisterReset => self.register_reset,
            Fault::MeterExchange => self.meter_exchange,
            Fault::SwappedRegisters => self.swapped_registers,
        }
    }
}

/// A fault with the quarter-hours of a day that it strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Strike {
    pub(crate) fault: Fault,
    pub(crate) first: usize,
    pub(crate) count: usize,
    /// By how much a wrong value is too high, in Wh.
    error_wh: i64,
}

/// How many times too high a spike is.
const SPIKE_FACTOR: i64 = 50;

impl Strike {
    /// The fault of a meter on a day, by chance alone; what it counted may hide it, see [`Self::seen`].
    pub(crate) fn drawn(rates: &FaultRates, meter: Noise, day: u32, quarters: usize) -> Option<Self> {
        let bits = meter.about(*b"fault   ").at(i64::from(day));
        let mut roll = (bits >> 32) as u32 % PER_MILLION;
        for fault in Fault::ALL {
            let rate = rates.of(fault);
            if roll < rate {
                return Some(Self::placed(fault, meter.about(*b"strike  ").at(i64::from(day)), quarters as i64));
            }
            roll -= rate;
        }
        None
    }

    fn placed(fault: Fault, bits: u64, quarters: i64) -> Self {
        let (fewest, most) = fault.quarters();
        let count = between(bits, 0, fewest, most).min(quarters);
        // Not the first quarter-hour, save where all are struck: a value has to go before one that is stuck.
        let first = if count < quarters { between(bits, 10, 1, quarters - count.max(1)) } else { 0 };
        Self { fault, first: first as usize, count: count as usize, error_wh: between(bits, 20, 1, 250) }
    }

    /// The fault as it shows in what was counted: a spike needs a value to multiply, a stuck one a value to hold, and registers
    /// have to differ for their swap to be seen. `None` where nothing shows.
    pub(crate) fn seen(self, counted: &Counted) -> Option<Self> {
        let import = counted.import();
        let moved = |back: usize| {
            let last = import.len() - self.count;
            let places = (self.first..=last).chain(1..self.first);
            let first = places.into_iter().find(|first| import.get(first - back).is_some_and(|value| *value > 0));
            first.map(|first| Self { first, ..self })
        };
        match self.fault {
            Fault::Spike => moved(0),
            Fault::Stuck => moved(1),
            Fault::SwappedRegisters => {
                let fed_in = counted.export().iter().any(|value| *value > 0);
                fed_in.then_some(self)
            }
            Fault::Gap
            | Fault::Duplicate
            | Fault::Late
            | Fault::Correction
            | Fault::RegisterReset
            | Fault::MeterExchange => Some(self),
        }
    }

    /// When the struck time begins and ends, in seconds since 1970.
    pub(crate) const fn span(&self, scene: &Scene) -> (i64, i64) {
        (scene.slot_start(self.first), scene.slot_start(self.first + self.count))
    }

    /// When that which comes late comes, in seconds since 1970.
    pub(crate) const fn later_at(scene: &Scene) -> i64 {
        scene.end + LATER_SECONDS
    }

    /// What is written on the day itself instead of its true statements.
    pub(crate) fn distort(&self, scene: &Scene, counted: &Counted, clean: &[Statement], written: &mut Vec<Statement>) {
        let (begin, end) = self.span(scene);
        for statement in clean {
            let is_struck = (begin..end).contains(&statement.start);
            let slot = usize::try_from((statement.start - scene.start) / QUARTER_SECONDS).unwrap_or_default();
            if is_struck && statement.measure == Measure::Import {
                self.distort_import(counted, (slot, *statement), written);
            } else if is_struck && statement.measure == Measure::Export && self.fault == Fault::SwappedRegisters {
                written.push(Statement { value: counted.import[slot], ..*statement });
            } else {
                written.push(*statement);
            }
        }
    }

    fn distort_import(&self, counted: &Counted, (slot, statement): (usize, Statement), written: &mut Vec<Statement>) {
        let with = |value: i64| Statement { value, ..statement };
        match self.fault {
            Fault::Gap | Fault::Late => {}
            Fault::Spike => written.push(with(statement.value * SPIKE_FACTOR)),
            Fault::Stuck => written.push(with(counted.import[self.first.saturating_sub(1)])),
            Fault::Duplicate => {
                written.push(statement);
                written.push(Statement { standing: Standing::Repeated, ..statement });
            }
            Fault::Correction => {
                let standing = Standing::Provisional { known_at: statement.end };
                written.push(Statement { standing, ..with(statement.value + self.error_wh) });
            }
            Fault::RegisterReset | Fault::MeterExchange => written.push(statement),
            Fault::SwappedRegisters => written.push(with(counted.export[slot])),
        }
    }

    /// What is written a day later.
    pub(crate) fn afterwards(&self, scene: &Scene, counted: &Counted, written: &mut Vec<Statement>) {
        let standing = match self.fault {
            Fault::Late => Standing::True,
            Fault::Correction => Standing::Corrected { known_at: Self::later_at(scene) },
            Fault::Gap
            | Fault::Spike
            | Fault::Stuck
            | Fault::Duplicate
            | Fault::RegisterReset
            | Fault::MeterExchange
            | Fault::SwappedRegisters => return,
        };
        for slot in self.first..self.first + self.count {
            let start = scene.slot_start(slot);
            written.push(Statement::interval(Measure::Import, start, counted.import[slot]).with_standing(standing));
        }
    }
}

/// What comes late and what is corrected comes at 03:07 of the day after, as resends of the market do; in seconds after midnight.
const LATER_SECONDS: i64 = 3 * 3_600 + 7 * 60;
