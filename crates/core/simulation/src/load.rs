//! What a meter counts in the quarter-hours of a day, in Wh: usage, heat pump, car and photovoltaics behind one meter.
//!
//! Each quarter-hour is a function of the meter and its time. Usage is uneven as that of single customers is: hours in which
//! much is done beside hours in which little is, days away from home, and a noise that leaves no two values related.

use metrify_domain::calendar::working_day::DayType;

use crate::curve::{ONE, part};
use crate::meter::{Customer, SimulatedMeter};
use crate::noise::{between, ten_bits};
use crate::profile::{CLOCK_QUARTERS, MEAN_WATTS, WATT_PARTS};
use crate::scene::{QUARTER_SECONDS, QUARTERS_MAX, Scene};

/// The amounts of a day's quarter-hours, in Wh.
pub(crate) type Amounts = [i64; QUARTERS_MAX];

/// What a meter counted in a day. Places beyond the day's quarter-hours hold zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) import: Amounts,
    pub(crate) export: Amounts,
    pub(crate) quarters: usize,
}

impl Counted {
    pub(crate) fn import(&self) -> &[i64] {
        &self.import[..self.quarters]
    }

    pub(crate) fn export(&self) -> &[i64] {
        &self.export[..self.quarters]
    }

    /// Import and export from a quarter-hour to the end of the day.
    pub(crate) fn sums_from(&self, slot: usize) -> [i64; 2] {
        [&self.import, &self.export].map(|amounts| amounts.iter().skip(slot).sum())
    }
}

pub(crate) fn count(meter: &SimulatedMeter, scene: &Scene) -> Counted {
    let mut counted = Counted { import: [0; QUARTERS_MAX], export: [0; QUARTERS_MAX], quarters: scene.quarters() };
    let load = &mut counted.import;
    usage(meter, scene, load);
    if let Some(watts) = meter.heat_pump_w_per_kelvin {
        heat(meter, scene, watts, load);
    }
    if meter.has_car {
        charge(meter, scene, load);
    }
    if let Some(kw_tenths) = meter.photovoltaics_kw_tenths {
        feed_in(meter, scene, kw_tenths, &mut counted);
    }
    counted
}

/// In how many of 1024 weeks a household is away, and how much it draws then, in 1024ths.
const WEEKS_AWAY_OF_1024: i64 = 50;
const AWAY_SHARE: i64 = 300;

fn usage(meter: &SimulatedMeter, scene: &Scene, load: &mut Amounts) {
    let profile = scene.profiles.of_customer(meter.customer, scene.day_type(meter.station));
    let is_household = meter.customer == Customer::Household;
    let week = scene.start.div_euclid(7 * 86_400);
    let is_away = is_household && ten_bits(meter.noise.about(*b"away    ").at(week), 0) < WEEKS_AWAY_OF_1024;
    let annual_kwh = if is_away { part(meter.annual_kwh, AWAY_SHARE) } else { meter.annual_kwh };
    let constant = MEAN_WATTS * meter.constant_share;
    let (hours, quarters) = (meter.noise.about(*b"hours   "), meter.noise.about(*b"quarters"));
    let first = scene.start / QUARTER_SECONDS;
    for ((place, local), amount) in (first..).zip(scene.locals()).zip(load) {
        let clock = (*local as i64 - meter.late_quarters).rem_euclid(CLOCK_QUARTERS as i64) as usize;
        let shape = constant + profile[clock] * (ONE - meter.constant_share);
        // Both have the mean one. The third power makes busy hours rare: from two fifths to nearly three times the usual.
        let (hour, quarter) = (ten_bits(hours.at(place >> 2), 10), ten_bits(quarters.at(place), 10));
        let busy = if is_household { 410 + ((hour * hour * hour) >> 20) * 2_456 / ONE } else { 880 + hour * 288 / ONE };
        let waver = 720 + quarter * 608 / ONE;
        // Watts for 1000 kWh a year, of which a quarter-hour makes a quarter of Wh.
        let usual = part(shape * annual_kwh / (4 * 1_000 * WATT_PARTS), busy);
        *amount = part(usual, waver) >> 10;
    }
}

/// Below this outside temperature is heated, in hundredths of a degree.
const HEATING_LIMIT: i64 = 1_500;
/// By night rooms are let cool: from 22:00 to 05:00.
const NIGHT: [usize; 2] = [22 * 4, 5 * 4];
const NIGHT_SHARE: i64 = 780;

fn heat(meter: &SimulatedMeter, scene: &Scene, watts: i64, load: &mut Amounts) {
    let noise = meter.noise.about(*b"heating ");
    let first = scene.start / QUARTER_SECONDS;
    let air = scene.sky(meter.station).quarters();
    for (((place, local), air), amount) in (first..).zip(scene.locals()).zip(air).zip(load) {
        let missing = (HEATING_LIMIT - air.temperature).max(0);
        // The colder it is, the less heat a kilowatt-hour moves: two percent for every kelvin.
        let effort = ONE + (700 - air.temperature) * 20 / 100;
        let cycle = between(noise.at(place), 10, 500, 1_548);
        let by_night = *local >= NIGHT[0] || *local < NIGHT[1];
        let share = if by_night { NIGHT_SHARE } else { ONE };
        *amount += part(part(part(watts * missing / 400, effort), cycle), share);
    }
}

/// What 11 kW make of a quarter-hour, in Wh.
const CHARGE_WH: i64 = 2_750;

/// A car comes home on some evenings, on days off at noon, and is charged until it is full or the day ends.
fn charge(meter: &SimulatedMeter, scene: &Scene, load: &mut Amounts) {
    let bits = meter.noise.about(*b"car     ").at(scene.start);
    if ten_bits(bits, 0) >= 420 {
        return;
    }
    let earliest = match scene.day_type(meter.station) {
        DayType::WorkingDay => 16 * 4,
        DayType::Saturday | DayType::Sunday => 11 * 4,
    };
    let arrival = between(bits, 10, earliest, earliest + 24) as usize;
    let mut missing = between(bits, 20, 4_000, 26_000) + ten_bits(bits, 30);
    for (local, amount) in scene.locals().iter().zip(load).filter(|(local, _)| **local >= arrival) {
        let charged = missing.min(if *local == arrival { CHARGE_WH * 2 / 3 } else { CHARGE_WH });
        *amount += charged;
        missing -= charged;
    }
}

/// What the roof yields is used in the house first. The rest is fed in.
fn feed_in(meter: &SimulatedMeter, scene: &Scene, kw_tenths: i64, counted: &mut Counted) {
    let noise = meter.noise.about(*b"roof    ");
    let first = scene.start / QUARTER_SECONDS;
    let air = scene.sky(meter.station).quarters();
    let amounts = counted.import.iter_mut().zip(&mut counted.export);
    for ((place, air), (import, export)) in (first..).zip(air).zip(amounts) {
        let passing = between(noise.at(place), 10, 940, ONE);
        // Rated power holds at 1000 W/m²: tenths of a kW make 25 Wh in a quarter-hour.
        let yielded = part(part(kw_tenths * 25 * air.radiation / 1_000, meter.roof_share), passing);
        let used = yielded.min(*import);
        *import -= used;
        *export = yielded - used;
    }
}
