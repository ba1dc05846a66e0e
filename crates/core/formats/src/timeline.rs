//! Gives instants to telegrams whose meter counts seconds from a beginning that only it knows, shows a clock whose zone nobody
//! told, or tells no time at all.
//!
//! The last telegram of a meter was sent when the delivery was received, and each earlier one lies as many seconds before it
//! as the meter's index of seconds says. Where the index is missing, runs backwards or leaps by more than a day, the distance
//! is not known: such a telegram counts as sent one second after the one before it, so that no two telegrams fall on one
//! instant unless the meter said the same second.

use metrify_domain::Timestamp;
use metrify_domain::time::SECOND;

/// How far a meter's clock may be ahead of the time of receipt, in microseconds; what shows more was set wrongly.
pub(crate) const CLOCK_AHEAD_MAX: i64 = 86_400 * SECOND;
/// Seconds of a day: a meter that was silent for longer was without power, or its index began anew.
pub(crate) const LEAP_MAX: u64 = 86_400;

/// 2009-01-01T00:00:00Z: neither SML nor meters that push DLMS are older, so a clock before that was never set.
const CLOCK_MIN: Timestamp = Timestamp::from_micros(1_230_768_000 * SECOND);

/// Whether a meter's clock can be right.
pub(crate) fn is_plausible(at: Timestamp, received_at: Timestamp) -> bool {
    received_at.plus(CLOCK_AHEAD_MAX).is_some_and(|latest| (CLOCK_MIN..=latest).contains(&at))
}

/// The telegrams of one meter on a line of seconds whose zero is its first telegram.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    last: Option<i64>,
    /// The last second index, and where it lies on the line.
    index: Option<(u64, i64)>,
    /// The second of the line at which the delivery was received, once that is settled.
    received: Option<i64>,
}

/// Where a telegram lies on the line of its meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub second: i64,
    /// The index ran backwards or leapt.
    pub restarted: bool,
}

impl Timeline {
    pub(crate) fn place(&mut self, index: Option<u64>) -> Place {
        let next = self.last.map_or(0, |last| last.saturating_add(1));
        let (second, restarted) = match (index, self.index) {
            (Some(index), Some((before, at))) => match self.advance(index, before, at) {
                Some(second) => (second, false),
                None => (next, true),
            },
            _ => (next, false),
        };
        self.last = Some(second);
        if let Some(index) = index {
            self.index = Some((index, second));
        }
        Place { second, restarted }
    }

    fn advance(&self, index: u64, before: u64, at: i64) -> Option<i64> {
        let seconds = index.checked_sub(before).filter(|seconds| *seconds <= LEAP_MAX)?;
        let second = at.checked_add_unsigned(seconds)?;
        // Telegrams without an index may have come in between and taken more seconds than went by.
        let free = self.last.filter(|last| *last > at).map_or(second, |last| last.saturating_add(1));
        Some(second.max(free))
    }

    /// Settles that the last telegram so far was sent at the time of receipt. Later telegrams then follow it.
    pub(crate) fn settle(&mut self) {
        self.received = self.received.or(self.last);
    }

    /// The instant of a second of the line, once settled.
    pub(crate) fn instant(&self, second: i64, received_at: Timestamp) -> Timestamp {
        let before = self.received.unwrap_or(second).saturating_sub(second);
        let micros = before.checked_mul(-SECOND);
        micros.and_then(|micros| received_at.plus(micros)).unwrap_or(received_at)
    }
}

#[cfg(test)]
mod tests {
    use super::{LEAP_MAX, Timeline};
    use metrify_domain::Timestamp;

    fn check(indexes: &[Option<u64>], expected: &[i64]) {
        let mut line = Timeline::default();
        let seconds: Vec<_> = indexes.iter().map(|index| line.place(*index).second).collect();
        line.settle();
        let at = |second| line.instant(second, Timestamp::from_micros(0)).micros() / 1_000_000;
        assert_eq!(seconds.into_iter().map(at).collect::<Vec<_>>(), expected, "{indexes:?}");
    }

    #[test]
    fn earlier_frames_lie_as_many_seconds_before_the_last_as_the_index_says() {
        check(&[Some(100), Some(104), Some(104), Some(110)], &[-10, -6, -6, 0]);
        check(&[Some(0), Some(LEAP_MAX)], &[-86_400, 0]);
    }

    #[test]
    fn an_unknown_distance_counts_as_one_second() {
        check(&[None, None, None], &[-2, -1, 0]);
        check(&[Some(100), Some(102), Some(5), Some(8)], &[-6, -4, -3, 0]);
        check(&[Some(0), Some(LEAP_MAX + 1), Some(LEAP_MAX + 3)], &[-3, -2, 0]);
        check(&[Some(100), None, Some(105), None], &[-6, -5, -1, 0]);
        check(&[Some(100), None, None, None, Some(101)], &[-4, -3, -2, -1, 0]);
        check(&[Some(u64::MAX), Some(0)], &[-1, 0]);
    }

    #[test]
    fn frames_after_settling_follow_the_time_of_receipt() {
        let mut line = Timeline::default();
        let first = line.place(Some(7)).second;
        line.settle();
        let second = line.place(Some(9)).second;
        line.settle();
        let at = |second| line.instant(second, Timestamp::from_micros(0)).micros();
        assert_eq!([at(first), at(second)], [0, 2_000_000]);
    }
}
