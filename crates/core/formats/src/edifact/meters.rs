//! Points and devices that messages name, each told once.

use std::collections::HashSet;

use metrify_domain::{Point, PointKind};

use crate::output::{Meter, Output};

/// Points of one delivery that are remembered.
const POINTS_MAX: usize = 65_536;

#[derive(Debug, Default)]
pub(crate) struct Meters(HashSet<Point>);

impl Meters {
    /// Tells of a point, unless it was told already. An id that is none is passed over: what it stands in says so.
    pub(crate) fn tell(&mut self, id: &str, kind: Option<PointKind>, out: &mut Output<'_>) {
        let Ok(point) = id.parse::<Point>() else { return };
        if self.0.contains(&point) {
            return;
        }
        // Forgetting tells some points twice, which changes nothing for their reader.
        if self.0.len() >= POINTS_MAX {
            self.0.clear();
        }
        self.0.insert(point.clone());
        out.meter(Meter { point, kind, name: None, server_id: None, maker: None, resolution: None });
    }
}
