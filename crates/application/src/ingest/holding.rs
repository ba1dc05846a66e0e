//! Which of all statements about one reading holds: intake decides by it what holds today, and whoever asks what was known then, what did
//! at that time.

use std::cmp::Ordering;

use metrify_domain::{Decimal, Kind, Quality, Reading, Timestamp, Unit};

use crate::record::{Sequence, Version};

/// What is said of a reading.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Said {
    pub kind: Kind,
    pub value: Option<Decimal>,
    pub unit: Unit,
    pub quality: Quality,
}

impl From<&Reading> for Said {
    fn from(Reading { kind, value, unit, quality, .. }: &Reading) -> Self {
        Self { kind: *kind, value: *value, unit: *unit, quality: *quality }
    }
}

/// What is said, by whom and since when.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'s> {
    pub said: Said,
    pub recorded_at: Timestamp,
    /// The reference of its message; empty where the format has none.
    pub document: &'s str,
    pub delivery: &'s str,
    pub sequence: Sequence,
}

impl<'s> From<&'s Version> for Statement<'s> {
    fn from(version: &'s Version) -> Self {
        Self {
            said: Said::from(&version.reading),
            recorded_at: version.recorded_at,
            document: &version.document,
            delivery: version.delivery.as_str(),
            sequence: version.sequence,
        }
    }
}

/// The place of the one that holds, of all that were not taken back: the newest; and where others before it said the same without a
/// break, the first of them, since then it is known.
#[must_use]
pub fn holding_of(statements: &[Statement<'_>]) -> Option<usize> {
    let mut places: Vec<usize> = (0..statements.len()).collect();
    places.sort_by(|one, other| order(&statements[*one], &statements[*other]));
    let newest = *places.last()?;
    let same = |place: &&usize| statements[**place].said == statements[newest].said;
    places.iter().rev().take_while(same).last().copied()
}

/// Within one delivery the later row is the newer one. Between deliveries the time decides, then the message; where
/// both are equal, quality and value do, so that the order of arrival does not.
fn order(one: &Statement<'_>, other: &Statement<'_>) -> Ordering {
    let by_time = (one.recorded_at, one.document).cmp(&(other.recorded_at, other.document));
    by_time.then_with(|| {
        if one.delivery == other.delivery {
            one.sequence.cmp(&other.sequence)
        } else {
            (one.said.quality, one.said.value).cmp(&(other.said.quality, other.said.value))
        }
    })
}
