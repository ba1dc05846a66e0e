//! Points and devices that messages name, each told once, and which device showed a register of a place first.

use std::collections::{HashMap, HashSet};

use metrify_domain::{Channel, Point, PointKind};

use crate::output::{Meter, Output};

/// Points of one delivery that are remembered.
const POINTS_MAX: usize = 65_536;

/// Registers of one delivery whose meter is remembered.
const REGISTERS_MAX: usize = 16_384;

#[derive(Debug, Default)]
pub(crate) struct Meters {
    told: HashSet<Point>,
    /// The meter by which the register of a place was told first.
    first: HashMap<Channel, Point>,
}

impl Meters {
    /// Tells of a point, unless it was told already. An id that is none is passed over: what it stands in says so.
    pub(crate) fn tell(&mut self, id: &str, kind: Option<PointKind>, out: &mut Output<'_>) {
        let Ok(point) = id.parse::<Point>() else { return };
        if self.told.contains(&point) {
            return;
        }
        // Forgetting tells some points twice, which changes nothing for their reader.
        if self.told.len() >= POINTS_MAX {
            self.told.clear();
        }
        self.told.insert(point.clone());
        out.meter(Meter { point, kind, name: None, server_id: None, maker: None, resolution: None });
    }

    /// Whether another meter told this register of a place before.
    pub(crate) fn is_other(&mut self, register: Channel, meter: &Point) -> bool {
        if self.first.len() >= REGISTERS_MAX && !self.first.contains_key(&register) {
            self.first.clear();
        }
        *self.first.entry(register).or_insert_with(|| meter.clone()) != *meter
    }
}
