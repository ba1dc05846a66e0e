//! What the registers of meters show at each midnight: the running sums of what they counted.

use std::ops::Range;

use crate::fault::Strike;
use crate::fleet::Fleet;
use crate::load::{Counted, count};

/// The states of some meters' registers at the begin of a day, in Wh: import and export.
#[derive(Debug)]
pub(crate) struct Registers {
    first: u32,
    states: Vec<[i64; 2]>,
}

impl Registers {
    /// Counts from the first day on, so that a part of a fleet shows what the whole does.
    pub(crate) fn at(fleet: &Fleet, meters: Range<u32>, day: u32) -> Self {
        let known: Vec<_> = meters.clone().filter_map(|number| fleet.meter(number)).collect();
        let mut states: Vec<_> = known.iter().map(|meter| meter.first_states).collect();
        for scene in (0..day).filter_map(|day| fleet.scene(day)) {
            for (meter, state) in known.iter().zip(&mut states) {
                let strike = fleet.strike(meter, &scene);
                *state = after(*state, &count(meter, &scene), strike);
            }
        }
        Self { first: meters.start, states }
    }

    /// What the registers of a meter show; zero for one that is not among these.
    pub(crate) fn of(&self, meter: u32) -> [i64; 2] {
        let place = meter.checked_sub(self.first).map(|place| place as usize);
        place.and_then(|place| self.states.get(place)).copied().unwrap_or_default()
    }

    pub(crate) fn set(&mut self, meter: u32, state: [i64; 2]) {
        let place = meter.checked_sub(self.first).map(|place| place as usize);
        if let Some(held) = place.and_then(|place| self.states.get_mut(place)) {
            *held = state;
        }
    }
}

/// What registers show at the end of a day on which so much was counted.
pub(crate) fn after(state: [i64; 2], counted: &Counted, strike: Option<Strike>) -> [i64; 2] {
    let (from, slot) = match strike {
        Some(strike) if strike.fault.restarts_registers() => ([0, 0], strike.first),
        Some(_) | None => (state, 0),
    };
    let sums = counted.sums_from(slot);
    [from[0] + sums[0], from[1] + sums[1]]
}
