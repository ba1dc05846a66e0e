//! The metering point: a market or metering location, where energy is accounted for or measured.

use crate::master::{Label, Place, Status};
use crate::{Point, PointKind};

/// What is told of a metering point.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MeteringPoint {
    pub id: Point,
    /// The grid or control area that it belongs to.
    pub area: Option<Label>,
    /// The grid operator, by name or market partner id.
    pub grid_operator: Option<Label>,
    pub postcode: Option<Label>,
    pub town: Option<Label>,
    pub place: Option<Place>,
    pub status: Status,
}

impl MeteringPoint {
    /// What its identifier says it is.
    #[must_use]
    pub fn kind(&self) -> PointKind {
        self.id.kind()
    }
}
