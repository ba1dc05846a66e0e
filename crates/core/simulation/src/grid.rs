//! The four control areas: their load by season, weekday, holiday and temperature, their photovoltaics and wind by the weather.

use std::fmt;

use crate::curve::{ONE, drift};
use crate::noise::{Noise, ten_bits};
use crate::profile::MEAN_WATTS;
use crate::scene::Scene;
use crate::weather::{STATIONS, mean};

/// A control area (Regelzone).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Area {
    TenneT = 0,
    FiftyHertz = 1,
    Amprion = 2,
    TransnetBw = 3,
}

impl Area {
    pub const ALL: [Self; 4] = [Self::TenneT, Self::FiftyHertz, Self::Amprion, Self::TransnetBw];

    /// The name that grid files know it by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TenneT => "TenneT",
            Self::FiftyHertz => "50Hertz",
            Self::Amprion => "Amprion",
            Self::TransnetBw => "TransnetBW",
        }
    }

    /// Mean load, photovoltaics and wind parks on land, in MW; about those of 2025.
    const fn size_mw(self) -> [i64; 3] {
        match self {
            Self::TenneT => [15_200, 33_000, 24_000],
            Self::FiftyHertz => [10_800, 24_000, 22_000],
            Self::Amprion => [20_500, 25_000, 14_000],
            Self::TransnetBw => [7_400, 12_500, 2_000],
        }
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What happened in a control area in a quarter-hour, in units of 10 kWh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quarter {
    pub(crate) load: i64,
    pub(crate) photovoltaics: i64,
    pub(crate) wind_onshore: i64,
}

/// 10 kWh in a quarter of a MWh, which is what one MW makes of a quarter-hour.
const UNITS_OF_MW_QUARTER: i64 = 25;
/// How much of the load does not follow the hours of the day.
const CONSTANT_SHARE: i64 = 620;
/// Where heating begins, in hundredths of a degree.
const HEATING_LIMIT: i64 = 1_500;

/// The quarter-hours of a day in an area.
pub(crate) fn day(noise: Noise, area: Area, scene: &Scene) -> Vec<Quarter> {
    let noise = noise.about(*b"area    ").branch(area as u64);
    let stations: Vec<_> = (0..STATIONS.len()).filter(|number| STATIONS[*number].area == area).collect();
    let [load_mw, photovoltaics_mw, wind_mw] = area.size_mw();
    let quarter = |slot: usize| {
        let at = scene.slot_start(slot);
        let air = mean(stations.iter().map(|number| &scene.sky(*number).quarters()[slot]));
        let bits = noise.at(at);
        let waver = |size: i64, shift: u32| ONE + (ten_bits(bits, shift) - ONE / 2) * size / ONE;
        let shape = stations.iter().map(|number| scene.profiles.of_area(scene.day_type(*number), scene.local(slot)));
        let shape = shape.sum::<i64>() / stations.len().max(1) as i64;
        let shape = (MEAN_WATTS * CONSTANT_SHARE + shape * (ONE - CONSTANT_SHARE)) / ONE;
        // Half a percent for every kelvin.
        let cold = ONE + (HEATING_LIMIT - air.temperature).max(0) / 20;
        let mood = ONE + drift(noise.about(*b"mood    "), at, 10_800) * 15 / ONE;
        let load = load_mw * UNITS_OF_MW_QUARTER * shape / MEAN_WATTS * cold / ONE * mood / ONE;
        // A module yields less when it is hot and most plants do not face the sun: nine tenths of the radiation.
        let sun = photovoltaics_mw * UNITS_OF_MW_QUARTER * air.radiation * 9 / 10_000;
        let wind = wind_mw * UNITS_OF_MW_QUARTER * wind_share(air.wind) / ONE;
        Quarter {
            load: load * waver(6, 0) / ONE,
            photovoltaics: sun * waver(10, 10) / ONE,
            wind_onshore: wind * waver(20, 20) / ONE,
        }
    };
    (0..scene.quarters()).map(quarter).collect()
}

/// How much of their rated power wind parks yield, in 1024ths, by the wind ten metres above ground, in cm/s.
fn wind_share(wind: i64) -> i64 {
    // At the hub it blows half as strong again. From 3 m/s on the yield grows with the cube of the speed; at 12 m/s it is full.
    let hub = wind * 3 / 2;
    if hub < 300 { 0 } else { (hub * hub * hub / (1_200 * 1_200)).min(1_200) * ONE / 1_200 }
}
