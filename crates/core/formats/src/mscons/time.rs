//! The periods and instants that the DTM of a message, a location, a line and a value make together.

use metrify_domain::{Kind, Period, Timestamp};

use super::value::Fault;
use crate::edifact::segments::shown_bytes;
use crate::edifact::stamp::{Dated, LocalDays, Stamp};

/// The stamps that one level of a message gives: the message, a location, a line or a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Times {
    /// DTM+163.
    begin: Option<Stamp>,
    /// DTM+164.
    end: Option<Stamp>,
    /// DTM+7, the instant a register state counts for.
    used_at: Option<Stamp>,
    /// DTM+9, the instant it was read off.
    read_at: Option<Stamp>,
    /// DTM+306 and DTM+492: a month or day in one stamp (the period of a maximum, the balancing month).
    span: Option<Stamp>,
    /// DTM+60: the value was taken at a change of the meter, or of how it measures.
    at_change: bool,
}

/// What the stamps of a value are to make.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// What the quantity is by nature.
    pub(super) nature: Option<Kind>,
    /// A load curve: each value has its own ends, those of the location are of the whole curve.
    pub(super) curve: bool,
    pub(super) days: LocalDays,
    /// The end of the value before, where the line has one.
    pub(super) before: Option<Timestamp>,
}

impl Times {
    /// Takes a DTM; those about other things are passed over.
    pub(super) fn take(&mut self, dated: Dated<'_>) -> Result<(), Fault> {
        let place = match dated.qualifier {
            b"163" => &mut self.begin,
            b"164" => &mut self.end,
            b"7" => &mut self.used_at,
            b"9" => &mut self.read_at,
            b"306" | b"492" => &mut self.span,
            b"60" => {
                self.at_change = true;
                return Ok(());
            }
            _ => return Ok(()),
        };
        let stamp = dated.stamp.ok_or_else(|| dated.unreadable())?;
        match place {
            Some(there) if *there != stamp => Err(Fault::Contradiction(shown_bytes(dated.segment))),
            place => {
                *place = Some(stamp);
                Ok(())
            }
        }
    }

    /// Whether the stamps say when, without those of the levels above.
    pub(super) fn is_complete(&self) -> bool {
        (self.begin.is_some() && self.end.is_some()) || self.used_at.is_some() || self.read_at.is_some()
    }

    pub(super) const fn is_at_change(&self) -> bool {
        self.at_change
    }

    /// Kind and period of a value from its own stamps (the first) or else those of the levels above it, nearest first.
    ///
    /// A register with a period of its own and no instant tells the amount of that period. The period of its location is no
    /// substitute for its instant, nor for the ends of a value of a load curve: that they are missing tells a lost segment.
    pub(super) fn settle(levels: &[&Self], wanted: Wanted) -> Result<(Kind, Period), Fault> {
        let reach = if wanted.curve { 1 } else { levels.len() };
        for (height, level) in levels.iter().take(reach).enumerate() {
            let instant = |kind| level.instant(wanted).map(|found| found.map(|period| (kind, period)));
            let interval = || level.interval(wanted).map(|found| found.map(|period| (Kind::Interval, period)));
            let found = match wanted.nature {
                Some(kind @ (Kind::Register | Kind::Instant)) if height == 0 => instant(kind).or_else(interval),
                Some(kind @ (Kind::Register | Kind::Instant)) => instant(kind),
                Some(Kind::Interval) => interval(),
                None => interval().or_else(|| instant(Kind::Instant)),
            };
            if let Some(found) = found {
                return found;
            }
        }
        Err(if wanted.nature == Some(Kind::Register) { Fault::NoInstant } else { Fault::NoPeriod })
    }

    /// The instant of use before that of reading: the first is what the state counts for.
    fn instant(&self, wanted: Wanted) -> Option<Result<Period, Fault>> {
        let stamp = self.used_at.or(self.read_at)?;
        Some(stamp.start(wanted.days).map(Period::instant).map_err(Fault::from))
    }

    fn interval(&self, wanted: Wanted) -> Option<Result<Period, Fault>> {
        let (begin, end) = match (self.begin, self.end, self.span) {
            (Some(begin), Some(end), _) => (begin, end),
            (Some(_), None, _) => return Some(Err(Fault::NoEnd)),
            (None, Some(_), _) => return Some(Err(Fault::NoBegin)),
            (None, None, span) => (span?, span?),
        };
        Some(period(begin, end, wanted))
    }
}

fn period(begin: Stamp, end: Stamp, wanted: Wanted) -> Result<Period, Fault> {
    let start = begin.begin(wanted.days, wanted.before)?;
    let end = end.end(wanted.days, start)?;
    Period::interval(start, end).ok_or(Fault::EndNotAfterBegin { begin: start, end })
}
