//! Where on earth something stands (WGS 84).

/// Latitude and longitude in millionths of a degree: a tenth of a metre.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    latitude: i32,
    longitude: i32,
}

const MILLIONTHS: f64 = 1e6;
/// Mean radius of the earth (IUGG), in metres.
const EARTH_RADIUS_M: f64 = 6_371_008.8;
/// Metres of a degree of latitude.
const DEGREE_M: f64 = EARTH_RADIUS_M * std::f64::consts::PI / 180.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a latitude lies between -90 and 90 degrees, a longitude between -180 and 180")]
pub struct PlaceError;

impl Place {
    /// From degrees.
    ///
    /// # Errors
    /// Where one of them is none.
    pub fn of_degrees(latitude: f64, longitude: f64) -> Result<Self, PlaceError> {
        if !(-90.0..=90.0).contains(&latitude) || !(-180.0..=180.0).contains(&longitude) {
            return Err(PlaceError);
        }
        // Within those ranges nothing is cut off.
        #[allow(clippy::cast_possible_truncation, reason = "180 million fits")]
        let millionths = |degrees: f64| (degrees * MILLIONTHS).round() as i32;
        Ok(Self { latitude: millionths(latitude), longitude: millionths(longitude) })
    }

    /// From millionths of a degree, as a store keeps them.
    ///
    /// # Errors
    /// Where one of them is no latitude or longitude.
    pub fn of_millionths(latitude: i32, longitude: i32) -> Result<Self, PlaceError> {
        Self::of_degrees(f64::from(latitude) / MILLIONTHS, f64::from(longitude) / MILLIONTHS)
    }

    /// Latitude and longitude in millionths of a degree.
    #[must_use]
    pub const fn millionths(self) -> (i32, i32) {
        (self.latitude, self.longitude)
    }

    /// Latitude and longitude in degrees.
    #[must_use]
    pub fn degrees(self) -> (f64, f64) {
        (f64::from(self.latitude) / MILLIONTHS, f64::from(self.longitude) / MILLIONTHS)
    }

    /// How far another place is along the great circle, in metres (haversine formula, on a sphere: right to half a percent).
    #[must_use]
    pub fn distance_m(self, other: Self) -> f64 {
        let ((here, east), (there, other_east)) = (self.degrees(), other.degrees());
        let (here, there) = (here.to_radians(), there.to_radians());
        let (up, across) = ((there - here) / 2.0, (other_east - east).to_radians() / 2.0);
        let chord = up.sin().powi(2) + here.cos() * there.cos() * across.sin().powi(2);
        2.0 * EARTH_RADIUS_M * chord.sqrt().min(1.0).asin()
    }

    /// Corners, south-west and north-east, between which every place within so many metres lies.
    #[must_use]
    pub fn around(self, radius_m: f64) -> (Self, Self) {
        let (latitude, longitude) = self.degrees();
        let up = radius_m / DEGREE_M;
        let (south, north) = ((latitude - up).max(-90.0), (latitude + up).min(90.0));
        // Towards a pole the circles of latitude become shorter than any distance.
        let narrowest = south.abs().max(north.abs()).to_radians().cos();
        let across = if narrowest * DEGREE_M * 180.0 > radius_m { radius_m / (DEGREE_M * narrowest) } else { 360.0 };
        let (west, east) = (longitude - across, longitude + across);
        // A circle over the date line is looked for all around the earth.
        let (west, east) = if west < -180.0 || east > 180.0 { (-180.0, 180.0) } else { (west, east) };
        let corner = |latitude, longitude| Self::of_degrees(latitude, longitude).unwrap_or(self);
        (corner(south, west), corner(north, east))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(latitude: f64, longitude: f64) -> Place {
        Place::of_degrees(latitude, longitude).expect("a place")
    }

    #[test]
    fn berlin_is_five_hundred_kilometres_from_munich() {
        let (berlin, munich) = (place(52.520_008, 13.404_954), place(48.137_154, 11.576_124));
        let distance = berlin.distance_m(munich);
        assert!((504_000.0..505_000.0).contains(&distance), "{distance}");
        assert!(berlin.distance_m(berlin) < 0.001);
    }

    #[test]
    fn what_is_near_lies_between_the_corners() {
        for (latitude, longitude) in [(52.5, 13.4), (0.0, 179.99), (-89.9, 10.0), (89.99, -170.0)] {
            let here = place(latitude, longitude);
            let (low, high) = here.around(20_000.0);
            for (up, east) in [(0.1, 0.0), (-0.1, 0.0), (0.0, 0.2), (0.0, -0.2), (0.1, 0.1)] {
                let (lat, lon): (f64, f64) = (latitude + up, longitude + east);
                let lon = if lon > 180.0 { lon - 360.0 } else { lon };
                let Ok(there) = Place::of_degrees(lat, lon) else { continue };
                let ((south, west), (north, east)) = (low.millionths(), high.millionths());
                let (lat, lon) = there.millionths();
                let between = (south..=north).contains(&lat) && (west..=east).contains(&lon);
                assert!(between || here.distance_m(there) > 20_000.0, "{here:?} {there:?}");
            }
        }
    }

    #[test]
    fn no_place_is_made_of_numbers_that_are_none() {
        for (latitude, longitude) in [(90.1, 0.0), (0.0, -180.1), (f64::NAN, 0.0), (0.0, f64::INFINITY)] {
            assert_eq!(Place::of_degrees(latitude, longitude), Err(PlaceError));
        }
        assert_eq!(place(52.520_008, -13.404_954).degrees(), (52.520_008, -13.404_954));
    }
}
