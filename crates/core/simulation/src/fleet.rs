//! The settings of a fleet, checked once, and which part of it is asked for.

use std::ops::Range;

use chrono::{Datelike, NaiveDate};
use metrify_domain::identifier::DeviceId;

use crate::fault::{Fault, FaultRates, PER_MILLION, Strike};
use crate::load::{Counted, count};
use crate::meter::SimulatedMeter;
use crate::noise::Noise;
use crate::scene::{QUARTERS_MAX, Scene};

/// What a fleet is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub seed: u64,
    pub meters: u32,
    /// A local day in Berlin; registers count from its begin.
    pub first_day: NaiveDate,
    pub days: u32,
    pub faults: FaultRates,
    /// Whether the registers (`1-0:1.8.0`, and with photovoltaics `1-0:2.8.0`) are told at each local midnight.
    pub registers: bool,
    /// Whether the power (`1-0:16.7.0`) is told at the end of each quarter-hour.
    pub power: bool,
    /// Whether control areas and weather stations are told of.
    pub surroundings: bool,
}

impl Settings {
    /// A fleet without faults that tells everything but the power.
    #[must_use]
    pub const fn new(seed: u64, meters: u32, first_day: NaiveDate, days: u32) -> Self {
        Self {
            seed,
            meters,
            first_day,
            days,
            faults: FaultRates::NONE,
            registers: true,
            power: false,
            surroundings: true,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    #[error("a fleet needs one day at least")]
    NoDays,
    #[error(
        "a fleet from {first_day} for {days} days leaves the years {FIRST_YEAR} to {LAST_YEAR} whose calendar is known"
    )]
    Calendar { first_day: NaiveDate, days: u32 },
    #[error("the rates of faults add up to {sum} in a million meter-days, which is more than there are")]
    TooManyFaults { sum: u64 },
}

/// The first year whose holidays are known.
const FIRST_YEAR: i32 = 1990;
/// The last year whose changes of clocks are foretold.
const LAST_YEAR: i32 = 2099;

/// A fleet whose settings were found good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fleet {
    settings: Settings,
    noise: Noise,
}

/// Which meters and which days. The surroundings belong to the slices that hold meter 0, or begin where the meters end.
///
/// Late and corrected readings of a day are written on the next, so that a slice begins with those of the day before it; the
/// slice that holds the last day ends with those of that day. The account of a slice counts what is written in it. Where
/// registers are told, a slice that begins later counts the days before it first, so slices by meters are the quicker ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    pub meters: Range<u32>,
    /// Counted from the first day.
    pub days: Range<u32>,
}

impl Fleet {
    /// # Errors
    /// Where there is no day, the days leave the calendar, or there are more faults than days.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let Settings { first_day, days, .. } = settings;
        let last = first_day.checked_add_days(chrono::Days::new(u64::from(days)));
        let is_known = |date: NaiveDate| (FIRST_YEAR..=LAST_YEAR).contains(&date.year());
        let sum = settings.faults.sum();
        if days == 0 {
            return Err(SettingsError::NoDays);
        }
        if !is_known(first_day) || !last.is_some_and(is_known) {
            return Err(SettingsError::Calendar { first_day, days });
        }
        if sum > u64::from(PER_MILLION) {
            return Err(SettingsError::TooManyFaults { sum });
        }
        let noise = Noise::seeded(settings.seed);
        Ok(Self { settings, noise })
    }

    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// `None` for a number that the fleet does not reach.
    #[must_use]
    pub fn meter(&self, number: u32) -> Option<SimulatedMeter> {
        if number < self.settings.meters { SimulatedMeter::new(self.noise, number) } else { None }
    }

    /// All meters and all days.
    #[must_use]
    pub const fn whole(&self) -> Slice {
        Slice { meters: 0..self.settings.meters, days: 0..self.settings.days }
    }

    /// The same fleet with other days; `None` where they leave the calendar.
    pub(crate) fn lasting(&self, days: u32, registers: bool) -> Option<Self> {
        let registers = registers && self.settings.registers;
        Self::new(Settings { days, registers, ..self.settings.clone() }).ok()
    }

    /// The part of a slice that the fleet has.
    pub(crate) fn within(&self, slice: &Slice) -> Slice {
        let (meters, days) = (self.settings.meters, self.settings.days);
        let cut = |range: &Range<u32>, end: u32| range.start.min(end)..range.end.min(end);
        Slice { meters: cut(&slice.meters, meters), days: cut(&slice.days, days) }
    }

    pub(crate) const fn noise(&self) -> Noise {
        self.noise
    }

    /// The fault that a meter has on a day, which may still hide in what it counted.
    pub(crate) fn strike(&self, meter: &SimulatedMeter, scene: &Scene) -> Option<Strike> {
        let strike = Strike::drawn(&self.settings.faults, meter.noise, scene.day, scene.quarters())?;
        let shows = self.settings.registers || !strike.fault.restarts_registers();
        shows.then_some(strike)
    }

    /// What a meter counted on a day of which something comes a day later.
    pub(crate) fn late(&self, meter: &SimulatedMeter, scene: &Scene) -> Option<(Strike, Counted)> {
        let strike = self.strike(meter, scene).filter(|strike| strike.fault.comes_late())?;
        let counted = count(meter, scene);
        strike.seen(&counted).map(|strike| (strike, counted))
    }

    /// The device that was taken out on the day of an exchange, and the one that was put in.
    pub(crate) fn exchanged(&self, meter: &SimulatedMeter, day: u32) -> Option<[DeviceId; 2]> {
        let rates = &self.settings.faults;
        let is_exchange = |day: &u32| {
            let strike = Strike::drawn(rates, meter.noise, *day, QUARTERS_MAX);
            strike.is_some_and(|strike| strike.fault == Fault::MeterExchange)
        };
        let before = match (0..day).rev().find(is_exchange) {
            Some(exchange) => meter.device_after(exchange)?,
            None => meter.device,
        };
        Some([before, meter.device_after(day)?])
    }

    pub(crate) fn scene(&self, day: u32) -> Option<Scene> {
        Scene::new(self.noise, self.settings.first_day, day)
    }
}
