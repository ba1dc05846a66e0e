//! The weather station: where temperature, wind and sun are measured.

use crate::Point;
use crate::master::{Label, Place, Status};

/// What is told of a weather station.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WeatherStation {
    /// Its number at the DWD, or another one's name for it: what its readings are told of.
    pub id: Point,
    pub name: Option<Label>,
    pub place: Option<Place>,
    pub elevation: Option<Elevation>,
    /// Who runs it, such as `dwd`.
    pub operator: Option<Label>,
    pub status: Status,
}

/// How high above the sea something stands, in whole centimetres.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Elevation(i32);

const CENTIMETRES: f64 = 100.0;
/// Below the shore of the Dead Sea and above every mountain there is none.
const METRES: std::ops::RangeInclusive<f64> = -500.0..=9_000.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an elevation lies between {} and {} metres", METRES.start(), METRES.end())]
pub struct ElevationError;

impl Elevation {
    /// # Errors
    /// Where it is none on earth.
    pub fn of_metres(metres: f64) -> Result<Self, ElevationError> {
        // Within that range nothing is cut off.
        #[allow(clippy::cast_possible_truncation, reason = "900 thousand fits")]
        let centimetres = (metres * CENTIMETRES).round() as i32;
        if METRES.contains(&metres) { Ok(Self(centimetres)) } else { Err(ElevationError) }
    }

    /// As a store keeps it.
    ///
    /// # Errors
    /// Where it is none on earth.
    pub fn of_centimetres(centimetres: i32) -> Result<Self, ElevationError> {
        Self::of_metres(f64::from(centimetres) / CENTIMETRES)
    }

    #[must_use]
    pub const fn centimetres(self) -> i32 {
        self.0
    }

    #[must_use]
    pub fn metres(self) -> f64 {
        f64::from(self.0) / CENTIMETRES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_elevation_comes_back_as_it_was_told() {
        for metres in [-430.5, -0.01, 0.0, 48.0, 2_964.25, 8_848.86] {
            let told = Elevation::of_metres(metres).expect("an elevation");
            assert!((told.metres() - metres).abs() < 1e-9, "{metres}");
            assert_eq!(Elevation::of_centimetres(told.centimetres()), Ok(told));
        }
        for wrong in [-500.1, 9_000.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Elevation::of_metres(wrong), Err(ElevationError), "{wrong}");
        }
    }
}
