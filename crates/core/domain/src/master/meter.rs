//! The device that measures (Zaehler).

use crate::Point;
use crate::identifier::{DeviceId, Medium};
use crate::master::{Label, Place, Status};

/// What is told of a meter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Meter {
    /// Its device id (DIN 43863-5), or the number that its owner gave it.
    pub id: Point,
    pub manufacturer: Option<Label>,
    pub model: Option<Label>,
    /// Where it stands: a control area, a grid area, a district.
    pub area: Option<Label>,
    pub place: Option<Place>,
    pub status: Status,
}

impl Meter {
    /// What it meters, where its id tells.
    #[must_use]
    pub fn medium(&self) -> Option<Medium> {
        self.id.as_str().parse::<DeviceId>().ok().map(|id| id.medium())
    }

    /// The maker that was told, or else the three letters of its id.
    #[must_use]
    pub fn maker(&self) -> Option<String> {
        let told = self.manufacturer.as_ref().map(ToString::to_string);
        told.or_else(|| self.id.as_str().parse::<DeviceId>().ok().map(|id| id.maker().to_owned()))
    }
}
