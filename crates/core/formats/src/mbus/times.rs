//! When the values of a telegram hold: by the meter's clock where it has one and its zone is known, else when it was received.
//!
//! A kept value (storage number above zero, or an extreme) holds when the date or time beside it says; without one, or with
//! one that is still to come, it is what the meter shows at the time of the telegram.

use metrify_domain::Timestamp;
use metrify_domain::calendar::Zone;
use metrify_domain::time::SECOND;

use super::moment::Moment;
use super::record::{Function, Register};

/// 2001-01-01T00:00:00Z: clocks that were never set begin with the year 2000.
const CLOCK_MIN: Timestamp = Timestamp::from_micros(978_307_200 * SECOND);
/// How far a clock may be ahead of the time of receipt, in microseconds.
const CLOCK_AHEAD_MAX: i64 = 86_400 * SECOND;

/// When a reading holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Instant(Timestamp),
    /// On the line of its meter.
    Second(i64),
}

#[derive(Clone, Debug)]
pub(super) struct Times {
    telegram: At,
    kept: Vec<(Register, Timestamp)>,
}

/// What is to be noted: a rule and its reason.
type Remark = (&'static str, &'static str);

impl Default for Times {
    fn default() -> Self {
        Self { telegram: At::Second(0), kept: Vec::new() }
    }
}

impl Times {
    /// From the dates and times of a telegram: whose they are, whether they have a time of day, and what they say. `second`
    /// tells its place among those of its meter, where its clock does not.
    pub(super) fn new(
        moments: &[(Register, bool, Moment)],
        zone: Option<Zone>,
        received_at: Timestamp,
        second: impl FnOnce() -> i64,
    ) -> (Self, Option<Remark>) {
        const CURRENT: Register = Register { function: Function::Instantaneous, storage: 0, tariff: 0, unit: 0 };
        let says_something = moments.iter().any(|(.., moment)| moment.text().is_some());
        let shown = moments.iter().find(|(register, has_time, _)| *has_time && *register == CURRENT);
        let latest = received_at.plus(CLOCK_AHEAD_MAX).unwrap_or(received_at);
        let clock = zone.and_then(|zone| shown?.2.instant(zone)).filter(|at| (CLOCK_MIN..=latest).contains(at));
        let telegram = match clock {
            Some(clock) => At::Instant(clock),
            None => At::Second(second()),
        };
        let now = clock.unwrap_or(received_at);
        let kept = moments.iter().filter_map(|(register, _, moment)| {
            let at = moment.instant(zone?).filter(|at| (CLOCK_MIN..=now).contains(at))?;
            (*register != CURRENT).then_some((*register, at))
        });
        let remark = match (zone, shown, clock) {
            (None, ..) if says_something => Some((
                "local_time",
                "tells times without a zone: its values get the time of receipt, unless --timezone is given",
            )),
            (Some(_), Some(_), None) => Some((
                "meter_clock",
                "tells a time before 2001, more than a day after the receipt, or none at all, which is not used",
            )),
            (None | Some(_), ..) => None,
        };
        (Self { telegram, kept: kept.collect() }, remark)
    }

    /// When the value of a register holds, and whether that is told for it.
    pub(super) fn at(&self, register: Register) -> (At, bool) {
        let of = |wanted: Register| self.kept.iter().find(|(register, _)| *register == wanted).map(|(_, at)| *at);
        let Register { function, storage, .. } = register;
        let shared = Register { function: Function::Instantaneous, tariff: 0, unit: 0, storage };
        let kept = match (storage, function) {
            (0, Function::Instantaneous) => None,
            (0, _) => of(register),
            _ => of(register).or_else(|| of(shared)),
        };
        kept.map_or((self.telegram, false), |at| (At::Instant(at), true))
    }
}
