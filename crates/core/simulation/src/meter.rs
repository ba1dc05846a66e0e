//! A meter of the fleet: its identifiers, its customer and what stands behind it, all by the seed and its number.

use metrify_domain::calendar::land::Land;
use metrify_domain::identifier::{DeviceId, IdentifierError, MaloId};

use crate::curve::part;
use crate::grid::Area;
use crate::noise::{Noise, between, ten_bits};
use crate::weather::{STATION_COUNT, STATIONS, Station};

/// Who draws the energy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Customer {
    Household,
    Business,
}

impl Customer {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Household => "household",
            Self::Business => "business",
        }
    }
}

/// A meter with what stands behind it. Heat pump and car belong to households; businesses have larger photovoltaics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulatedMeter {
    pub number: u32,
    pub malo: MaloId,
    /// The device of the first day; later ones come by meter exchanges.
    pub device: DeviceId,
    pub customer: Customer,
    /// What is drawn in a year, apart from heat pump and car.
    pub annual_kwh: i64,
    /// Rated power of photovoltaics on the roof, in tenths of a kW.
    pub photovoltaics_kw_tenths: Option<i64>,
    /// What the heat pump draws for each kelvin below 15 degrees, in W.
    pub heat_pump_w_per_kelvin: Option<i64>,
    /// An electric car is charged with 11 kW.
    pub has_car: bool,
    /// The place of its weather station in [`STATIONS`].
    pub(crate) station: usize,
    /// By how many quarter-hours its customer is later than others; earlier where negative.
    pub(crate) late_quarters: i64,
    /// How much of its customer's load is always there, in 1024ths.
    pub(crate) constant_share: i64,
    /// How well its roof faces the sun, in 1024ths.
    pub(crate) roof_share: i64,
    /// What the registers showed at the begin of the first day, in Wh: import and export.
    pub(crate) first_states: [i64; 2],
    pub(crate) noise: Noise,
}

impl SimulatedMeter {
    /// `None` only if an identifier could not be formed.
    pub(crate) fn new(fleet: Noise, number: u32) -> Option<Self> {
        let noise = fleet.about(*b"meter   ").branch(u64::from(number));
        let [first, second, third] = [0, 1, 2].map(|place| noise.about(*b"traits  ").at(place));
        let is_household = ten_bits(first, 0) < 820;
        // The square makes small customers many and large ones few.
        let size = part(ten_bits(first, 10), ten_bits(first, 10));
        let kw_tenths = if is_household { between(first, 30, 35, 140) } else { between(first, 30, 100, 990) };
        let has_photovoltaics = ten_bits(first, 20) < if is_household { 225 } else { 310 };
        Some(Self {
            number,
            malo: malo(fleet, number)?,
            device: device(noise, -1)?,
            customer: if is_household { Customer::Household } else { Customer::Business },
            annual_kwh: if is_household { 1_750 + part(size, 3_200) } else { 5_000 + part(size, 145_000) },
            photovoltaics_kw_tenths: has_photovoltaics.then_some(kw_tenths),
            heat_pump_w_per_kelvin: (is_household && ten_bits(first, 40) < 150).then(|| between(first, 50, 35, 90)),
            has_car: is_household && ten_bits(second, 0) < 130,
            station: between(second, 10, 0, STATION_COUNT as i64 - 1) as usize,
            late_quarters: between(second, 20, -5, 5),
            constant_share: if is_household { between(second, 30, 40, 260) } else { between(second, 30, 100, 900) },
            roof_share: between(second, 40, 640, 900),
            first_states: [(third >> 40) as i64 * 3, (third & 0xFF_FFFF) as i64],
            noise,
        })
    }

    #[must_use]
    pub fn station(&self) -> &'static Station {
        &STATIONS[self.station]
    }

    #[must_use]
    pub fn area(&self) -> Area {
        self.station().area
    }

    #[must_use]
    pub fn land(&self) -> Land {
        self.station().land
    }

    /// The device that was put in on a day, counted from the first.
    pub(crate) fn device_after(&self, exchange: u32) -> Option<DeviceId> {
        device(self.noise, i64::from(exchange))
    }
}

/// Bodies that begin with 4 to 9: the numbers that the BDEW issues.
const BODIES: u64 = 6_000_000_000;
const FIRST_BODY: u64 = 4_000_000_000;
/// A prime, so that no two meters of a fleet have one body.
const BODY_STEP: u64 = 2_654_435_761;

fn malo(fleet: Noise, number: u32) -> Option<MaloId> {
    let offset = fleet.about(*b"malo    ").at(0) % BODIES;
    let body = FIRST_BODY + (offset + u64::from(number) * BODY_STEP % BODIES) % BODIES;
    match format!("{body}0").parse::<MaloId>() {
        // The refusal names the digit, so that its rule stands in one place.
        Err(IdentifierError::CheckDigit { expected, .. }) => format!("{body}{expected}").parse().ok(),
        read => read.ok(),
    }
}

/// Makers of meters by their letters in the FLAG register.
const MAKERS: [&str; 5] = ["EMH", "ISK", "EBZ", "LGZ", "DZG"];

fn device(noise: Noise, day: i64) -> Option<DeviceId> {
    let bits = noise.about(*b"device  ").at(day);
    let maker = MAKERS[(bits % MAKERS.len() as u64) as usize];
    format!("1{maker}00{:08}", (bits >> 32) % 100_000_000).parse().ok()
}
