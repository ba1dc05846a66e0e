//! Which of all statements about one reading holds: intake decides by it what holds today, and whoever asks what was known then, what did
//! at that time.

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
/// break, the first of them, since then it is known. A forecast that comes behind what was measured counts for nothing: it never
/// overwrites it.
#[must_use]
pub fn holding_of(statements: &[Statement<'_>]) -> Option<usize> {
    let mut places = in_order(statements);
    let mut is_measured = false;
    places.retain(|place| {
        let Said { value, quality, .. } = statements[*place].said;
        let counts = !(is_measured && quality == Quality::Forecast);
        if counts {
            is_measured = value.is_some() && quality != Quality::Forecast;
        }
        counts
    });
    let newest = *places.last()?;
    let same = |place: &&usize| statements[**place].said == statements[newest].said;
    places.iter().rev().take_while(same).last().copied()
}

/// Within one delivery the later row is the newer one. Between deliveries the time decides, then the message; where both are equal,
/// quality and value of what each says last, so that the order of arrival does not.
fn in_order(statements: &[Statement<'_>]) -> Vec<usize> {
    let of_one = |place: usize| {
        let Statement { recorded_at, document, delivery, .. } = statements[place];
        (recorded_at, document, delivery)
    };
    let mut places: Vec<usize> = (0..statements.len()).collect();
    places.sort_by_key(|place| (of_one(*place), statements[*place].sequence));
    let mut said_last = vec![None; statements.len()];
    for of_delivery in places.chunk_by(|one, other| of_one(*one) == of_one(*other)) {
        let last = of_delivery.last().map(|last| (statements[*last].said.quality, statements[*last].said.value));
        of_delivery.iter().for_each(|place| said_last[*place] = last);
    }
    places.sort_by_key(|place| {
        let Statement { recorded_at, document, delivery, sequence, .. } = statements[*place];
        (recorded_at, document, said_last[*place], delivery, sequence)
    });
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrify_domain::Unit;
    use proptest::prelude::*;

    proptest! {
        /// Few of everything, so that much is equal.
        #[test]
        fn what_holds_does_not_depend_on_the_order_in_which_statements_are_looked_at(
            said in proptest::collection::vec((0_i64..3, 0_i64..3, 0_usize..3, any::<bool>()), 1..60),
            keys in proptest::collection::vec(any::<u32>(), 60),
        ) {
            let statements: Vec<_> = said.iter().enumerate().map(|(number, (at, value, delivery, is_forecast))| Statement {
                said: Said {
                    kind: Kind::Interval,
                    value: Some((*value).into()),
                    unit: Unit::literal("kWh"),
                    quality: if *is_forecast { Quality::Forecast } else { Quality::True },
                },
                recorded_at: Timestamp::from_micros(*at),
                document: "",
                delivery: ["one", "other", "third"][*delivery],
                sequence: Sequence(number as i64),
            }).collect();
            let mut shuffled: Vec<usize> = (0..statements.len()).collect();
            shuffled.sort_by_key(|place| keys[*place]);
            let again: Vec<_> = shuffled.iter().map(|place| statements[*place]).collect();
            let place = holding_of(&again).map(|place| shuffled[place]);
            prop_assert_eq!(holding_of(&statements), place);
        }
    }
}
