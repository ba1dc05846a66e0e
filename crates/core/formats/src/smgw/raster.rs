//! The raster of a measurement period, and which of its instants a capture time means.
//!
//! A gateway captures a value some seconds beside the quarter-hour that it is of. Within one hundredth of the period (9 s of
//! 15 minutes) it is the value of the raster; further away it is what it is, a value between. Periods that divide an hour lie
//! in it from its beginning, days begin at midnight in Berlin. Of other periods nobody tells where they begin.

use metrify_domain::Timestamp;
use metrify_domain::calendar::day;
use metrify_domain::time::{HOUR, SECOND};

use super::amounts::{ELECTRICITY, GAS};

/// One hundredth.
const WINDOW_PART: i64 = 100;
/// Seconds of a day whose clocks are not changed.
const DAY_S: u32 = 86_400;
const HOUR_S: u32 = 3_600;
const QUARTER_HOUR_S: u32 = 900;

/// The registering period, of which load curves are (TAF 7); also where a document tells none.
const fn registering_s(medium: u8) -> Option<u32> {
    match medium {
        ELECTRICITY => Some(QUARTER_HOUR_S),
        GAS => Some(HOUR_S),
        _ => None,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Micros(i64),
    Day,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Raster {
    step: Step,
    /// The document tells the period.
    pub(super) is_told: bool,
}

/// What a capture time means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) at: Timestamp,
    pub(super) is_on_raster: bool,
}

impl Raster {
    /// `None` where no raster is known; `medium` is group A of the OBIS code.
    pub(super) fn new(period_s: Option<u32>, medium: u8) -> Option<Self> {
        let (period_s, is_told) = match period_s {
            Some(told) => (told, true),
            None => (registering_s(medium)?, false),
        };
        let step = match period_s {
            DAY_S => Step::Day,
            0 => return None,
            whole if HOUR_S.is_multiple_of(whole) => Step::Micros(i64::from(whole) * SECOND),
            _ => return None,
        };
        Some(Self { step, is_told })
    }

    /// That of a load curve, where its instants are some of this one's; `medium` is group A of the OBIS code.
    pub(super) fn of_load_curve(self, medium: u8) -> Option<Self> {
        let whole = i64::from(registering_s(medium)?) * SECOND;
        match self.step {
            Step::Micros(step) if whole % step == 0 => Some(Self { step: Step::Micros(whole), ..self }),
            Step::Micros(_) | Step::Day => None,
        }
    }

    pub(super) fn has(&self, at: Timestamp) -> bool {
        self.nearest(at) == Some(at)
    }

    /// `target` is the time at which the value should have been captured, where the document tells it.
    pub(super) fn place(&self, captured: Timestamp, target: Option<Timestamp>) -> Placed {
        // Without a period and a target nobody told a raster: times stay, and may lie on the usual one.
        let window = if self.is_told || target.is_some() { self.window() } else { 0 };
        let meant = target.filter(|target| self.has(*target)).or_else(|| self.nearest(captured));
        match meant {
            Some(meant) if meant.micros().abs_diff(captured.micros()) <= window => {
                Placed { at: meant, is_on_raster: true }
            }
            Some(_) | None => Placed { at: captured, is_on_raster: false },
        }
    }

    /// Whether one instant of the raster follows the other.
    pub(super) fn follows(&self, earlier: Timestamp, later: Timestamp) -> bool {
        match self.step {
            Step::Micros(step) => earlier.plus(step) == Some(later),
            Step::Day => day::local_day(earlier).and_then(day::day_period).is_some_and(|day| day.end() == later),
        }
    }

    fn window(&self) -> u64 {
        let step = match self.step {
            Step::Micros(step) => step,
            Step::Day => 24 * HOUR,
        };
        (step / WINDOW_PART).unsigned_abs()
    }

    fn nearest(&self, at: Timestamp) -> Option<Timestamp> {
        let (before, after) = match self.step {
            Step::Micros(step) => {
                let before = at.plus(-at.micros().rem_euclid(step))?;
                (before, before.plus(step)?)
            }
            Step::Day => {
                let day = day::local_day(at).and_then(day::day_period)?;
                (day.start(), day.end())
            }
        };
        let to_before = at.micros().abs_diff(before.micros()) <= at.micros().abs_diff(after.micros());
        Some(if to_before { before } else { after })
    }
}

#[cfg(test)]
mod tests {
    use super::super::instant;
    use super::Raster;

    fn place(period_s: Option<u32>, captured: &str, target: &str) -> String {
        let raster = Raster::new(period_s, 1).expect("a raster");
        let placed = raster.place(instant(captured).expect("a time"), instant(target));
        format!("{}{}", placed.at, if placed.is_on_raster { "" } else { " beside" })
    }

    #[test]
    fn a_capture_time_within_a_hundredth_of_the_period_is_that_of_the_raster() {
        let quarter = |captured| place(Some(900), captured, "");
        assert_eq!(quarter("2018-01-01T00:14:51Z"), "2018-01-01T00:15:00Z");
        assert_eq!(quarter("2018-01-01T00:15:09Z"), "2018-01-01T00:15:00Z");
        assert_eq!(quarter("2018-01-01T00:15:09.5Z"), "2018-01-01T00:15:09.500Z beside");
        assert_eq!(quarter("2018-01-01T00:14:50Z"), "2018-01-01T00:14:50Z beside");
        assert_eq!(place(Some(60), "2018-01-01T00:14:59.4Z", ""), "2018-01-01T00:15:00Z");
        assert_eq!(place(Some(60), "2018-01-01T00:14:59Z", ""), "2018-01-01T00:14:59Z beside");
        assert_eq!(place(Some(86_400), "2018-06-01T21:59:00Z", ""), "2018-06-01T22:00:00Z");
        // The time that was meant is heeded, not the one that is nearer.
        assert_eq!(place(Some(900), "2018-01-01T00:29:59Z", "2018-01-01T00:15:00Z"), "2018-01-01T00:29:59Z beside");
        assert_eq!(place(None, "2018-01-01T00:14:59Z", "2018-01-01T00:15:00Z"), "2018-01-01T00:15:00Z");
        assert_eq!(place(None, "2018-01-01T00:14:59Z", ""), "2018-01-01T00:14:59Z beside");
        assert_eq!(place(None, "2018-01-01T00:15:00Z", ""), "2018-01-01T00:15:00Z");
    }

    #[test]
    fn periods_that_nobody_places_have_no_raster() {
        for period_s in [0, 7, 7_200, 2_592_000] {
            assert_eq!(Raster::new(Some(period_s), 1), None, "{period_s}");
        }
        assert_eq!(Raster::new(None, 8), None);
    }

    #[test]
    fn days_follow_each_other_through_the_clock_change() {
        let raster = Raster::new(Some(86_400), 1).expect("a raster");
        let follows = |earlier, later| {
            instant(earlier).zip(instant(later)).is_some_and(|(earlier, later)| raster.follows(earlier, later))
        };
        assert!(follows("2018-03-24T23:00:00Z", "2018-03-25T22:00:00Z"));
        assert!(!follows("2018-03-24T23:00:00Z", "2018-03-25T23:00:00Z"));
    }
}
