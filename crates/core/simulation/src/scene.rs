//! What holds for all meters on a local day: its quarter-hours, day types, profiles and weather. Made once, read by many.

use chrono::{Days, NaiveDate, Timelike};
use metrify_domain::Timestamp;
use metrify_domain::calendar::Zone;
use metrify_domain::calendar::day::day_period;
use metrify_domain::calendar::working_day::{DayType, day_type};
use metrify_domain::time::SECOND;

use crate::noise::Noise;
use crate::profile::{CLOCK_QUARTERS, Profiles};
use crate::weather::{STATION_COUNT, STATIONS, Sky, winter};

/// Seconds of a quarter-hour.
pub(crate) const QUARTER_SECONDS: i64 = 900;
/// The quarter-hours of the longest day, on which clocks are set back.
pub(crate) const QUARTERS_MAX: usize = 100;

#[derive(Debug)]
pub(crate) struct Scene {
    /// Counted from the first day of the fleet.
    pub(crate) day: u32,
    pub(crate) date: NaiveDate,
    /// Local midnight, in seconds since 1970.
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) profiles: Profiles,
    /// The quarter-hour of the local clock, for each quarter-hour that passes.
    local: Vec<usize>,
    day_types: [DayType; STATION_COUNT],
    skies: Vec<Sky>,
}

impl Scene {
    /// `None` beyond the years that the calendar names.
    pub(crate) fn new(noise: Noise, first_day: NaiveDate, day: u32) -> Option<Self> {
        let date = first_day.checked_add_days(Days::new(u64::from(day)))?;
        let period = day_period(date)?;
        let [start, end] = [period.start(), period.end()].map(|at| at.micros() / SECOND);
        let starts = (start..end).step_by(QUARTER_SECONDS as usize);
        let local: Vec<_> = starts.map(clock_quarter).collect();
        let skies = (0..STATION_COUNT).map(|number| Sky::new(noise, number, start, local.len())).collect();
        let day_types = std::array::from_fn(|number| day_type(date, STATIONS[number].land));
        let profiles = Profiles::new(winter(start));
        Some(Self { day, date, start, end, profiles, local, day_types, skies })
    }

    /// How many quarter-hours the day has: 92, 96 or 100.
    pub(crate) fn quarters(&self) -> usize {
        self.local.len()
    }

    /// When a quarter-hour of the day begins, in seconds since 1970.
    pub(crate) const fn slot_start(&self, slot: usize) -> i64 {
        self.start + slot as i64 * QUARTER_SECONDS
    }

    pub(crate) fn local(&self, slot: usize) -> usize {
        self.local[slot]
    }

    pub(crate) fn locals(&self) -> &[usize] {
        &self.local
    }

    pub(crate) fn sky(&self, station: usize) -> &Sky {
        &self.skies[station]
    }

    pub(crate) const fn day_type(&self, station: usize) -> DayType {
        self.day_types[station]
    }
}

fn clock_quarter(at: i64) -> usize {
    let clock = Timestamp::from_seconds(at).and_then(|at| Zone::BERLIN.clock(at)).unwrap_or_default();
    clock.num_seconds_from_midnight() as usize / QUARTER_SECONDS as usize % CLOCK_QUARTERS
}
