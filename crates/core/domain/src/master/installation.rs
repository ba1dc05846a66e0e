//! Which meter is at which metering point, and when (Geraeteeinbau).

use crate::{Point, Timestamp};

/// A meter at a metering point, from an instant until another; without end where it is still there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Installation {
    pub meter: Point,
    pub metering_point: Point,
    pub from: Timestamp,
    pub until: Option<Timestamp>,
}

/// Two installations that cannot both be true.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("meter {meter} is at metering point {metering_point} already")]
pub struct Overlap {
    pub meter: Point,
    pub metering_point: Point,
}

impl Installation {
    #[must_use]
    pub fn holds_at(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }

    /// Whether it holds from an instant on, until another, which is not within it; for ever where there is none.
    #[must_use]
    pub fn holds_during(&self, start: Timestamp, end: Option<Timestamp>) -> bool {
        let lasts = |until| end.is_some_and(|end| end <= until);
        self.holds_at(start) && self.until.is_none_or(lasts)
    }

    /// It was told by mistake, and never held.
    fn is_empty(&self) -> bool {
        self.until.is_some_and(|until| until <= self.from)
    }

    fn meets(&self, other: &Self) -> bool {
        let begins_before_end = |one: &Self, end: Option<Timestamp>| end.is_none_or(|end| one.from < end);
        let held = !self.is_empty() && !other.is_empty();
        held && begins_before_end(self, other.until) && begins_before_end(other, self.until)
    }

    /// A meter is at one point at a time, and a metering point has one meter at a time.
    ///
    /// # Errors
    /// Where one of the others cannot be true beside this one.
    pub fn fits_among<'o>(&self, others: impl IntoIterator<Item = &'o Self>) -> Result<(), Overlap> {
        let mut others = others.into_iter();
        let same = |other: &Self| other.meter == self.meter || other.metering_point == self.metering_point;
        match others.find(|other| same(other) && self.meets(other)) {
            Some(Self { meter, metering_point, .. }) => {
                Err(Overlap { meter: meter.clone(), metering_point: metering_point.clone() })
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(meter: &str, point: &str, from: i64, until: Option<i64>) -> Installation {
        Installation {
            meter: meter.parse().expect("a meter"),
            metering_point: point.parse().expect("a point"),
            from: Timestamp::from_micros(from),
            until: until.map(Timestamp::from_micros),
        }
    }

    #[test]
    fn one_meter_is_at_one_point_at_a_time() {
        let there = [installed("m1", "p1", 10, Some(20)), installed("m2", "p2", 10, None)];
        for (new, fits) in [
            (installed("m1", "p3", 20, None), true),
            (installed("m1", "p3", 19, None), false),
            (installed("m3", "p1", 0, Some(10)), true),
            (installed("m3", "p1", 0, Some(11)), false),
            (installed("m3", "p1", 20, None), true),
            (installed("m3", "p2", 30, Some(31)), false),
            (installed("m2", "p9", 0, Some(10)), true),
            (installed("m4", "p4", 0, None), true),
            (installed("m2", "p2", 12, Some(12)), true),
        ] {
            assert_eq!(new.fits_among(&there).is_ok(), fits, "{new:?}");
        }
    }

    #[test]
    fn the_end_is_not_within() {
        let there = installed("m1", "p1", 10, Some(20));
        let holding: Vec<i64> = (8..22).filter(|at| there.holds_at(Timestamp::from_micros(*at))).collect();
        assert_eq!(holding, (10..20).collect::<Vec<_>>());
    }
}
