use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use metrify_domain::{Batch, BatchBuilder, Channel, Document, Quality, Reading, Timestamp, Unit};
use proptest::prelude::*;

use super::{Origin, Settled, settle, version};
use crate::error::Result;
use crate::ingest::withdraw::TakenBack;
use crate::ports::{Key, Known, Versions};
use crate::record::{DeliveryId, Sequence, Standing, Version, Withdrawn};
use metrify_domain::Tenant;

/// A store in memory: what holds, and what held.
#[derive(Default)]
struct Fake {
    current: HashMap<Key, Version>,
    former: HashMap<Key, Vec<Version>>,
    entries: u64,
}

#[async_trait]
impl Versions for Fake {
    async fn known(&self, _: &Tenant, batch: &Batch) -> Result<Vec<Known>> {
        let known = batch.rows().iter().map(|row| {
            let key = super::key(batch, row);
            match self.current.get(&key) {
                Some(holding)
                    if holding.document.is_empty() && super::says_the_same(&holding.reading, &batch.reading(row)) =>
                {
                    Known::Same
                }
                None if !self.former.contains_key(&key) => Known::Nothing,
                _ => Known::Open,
            }
        });
        Ok(known.collect())
    }

    async fn current(&self, _: &Tenant, keys: &[Key]) -> Result<HashMap<Key, Version>> {
        Ok(keys.iter().filter_map(|key| Some((key.clone(), self.current.get(key)?.clone()))).collect())
    }

    async fn former(&self, _: &Tenant, keys: &[Key]) -> Result<HashMap<Key, Vec<Version>>> {
        Ok(keys.iter().filter_map(|key| Some((key.clone(), self.former.get(key)?.clone()))).collect())
    }

    async fn of_documents(&self, _: &Tenant, documents: &HashSet<String>) -> Result<Vec<Version>> {
        let all = self.current.values().chain(self.former.values().flatten());
        Ok(all.filter(|version| documents.contains(&version.document)).cloned().collect())
    }

    async fn of_delivery(&self, _: &Tenant, delivery: &DeliveryId) -> Result<Vec<Version>> {
        let all = self.current.values().chain(self.former.values().flatten());
        Ok(all.filter(|version| version.delivery == *delivery).cloned().collect())
    }

    async fn withdrawn(&self, _: &Tenant) -> Result<Arc<Withdrawn>> {
        Ok(Arc::default())
    }
}

impl Fake {
    fn apply(&mut self, settled: &Settled, origin: Origin<'_>) {
        self.entries += 1;
        for (place, (row, standing)) in settled.batch.rows().iter().zip(&settled.standings).enumerate() {
            let version = version(&settled.batch, row, origin, Sequence::new(self.entries, place));
            let key = version.key();
            let replaced = match standing {
                Standing::Late => Some(version),
                Standing::First | Standing::Correction => self.current.insert(key.clone(), version),
            };
            self.former.entry(key).or_default().extend(replaced);
        }
        for version in &settled.restored {
            let key = version.key();
            let former = self.former.entry(key.clone()).or_default();
            former.retain(|former| former.sequence != version.sequence);
            former.extend(self.current.insert(key, version.clone()));
        }
    }
}

/// A statement: which quarter-hour, which value, which quality.
type Said = (u8, i64, Quality);

/// A delivery: when its message became known, and what it says.
#[derive(Clone, Debug)]
struct Message {
    known_at: Option<i64>,
    said: Vec<Said>,
}

fn batch(number: usize, message: &Message) -> Batch {
    let channel =
        Channel { point: "51481308448".parse().expect("a point"), quantity: "1-1:1.29.0".parse().expect("a quantity") };
    let reference = message.known_at.map(|_| format!("9905048000007/{number}")).unwrap_or_default();
    let document = Document { reference, known_at: message.known_at.map(Timestamp::from_micros) };
    let mut builder = BatchBuilder::default();
    for (quarter, value, quality) in &message.said {
        let at = |quarter: i64| Timestamp::from_micros(quarter * metrify_domain::time::QUARTER_HOUR);
        let start = i64::from(*quarter);
        let amount =
            metrify_domain::IntervalAmount::new(at(start), at(start + 1), (*value).into(), Unit::literal("kWh"));
        let reading: Reading = amount.expect("in order").into();
        builder.push(&channel, &document, &reading.with_quality(*quality));
    }
    builder.take()
}

fn receive(fake: &mut Fake, number: usize, message: &Message) -> Settled {
    let tenant: Tenant = "default".parse().expect("a name");
    let delivery = DeliveryId::from_stored(format!("delivery-{number}"));
    let received_at = Timestamp::from_micros(1_000_000 + number as i64);
    let origin = Origin { tenant: &tenant, delivery: &delivery, received_at, begun: fake.entries + 1 };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let settled = runtime
        .block_on(settle(fake, origin, &TakenBack::default(), batch(number, message)))
        .expect("a fake never fails");
    fake.apply(&settled, origin);
    settled
}

fn holding(fake: &Fake) -> Vec<(i64, Option<String>, Quality)> {
    let mut rows: Vec<_> = fake
        .current
        .values()
        .map(|version| {
            let reading = &version.reading;
            (reading.period.start().micros(), reading.value.map(|value| value.to_string()), reading.quality)
        })
        .collect();
    rows.sort();
    rows
}

fn message(known_at: i64, said: &[Said]) -> Message {
    Message { known_at: Some(known_at), said: said.to_vec() }
}

#[test]
fn the_same_delivery_twice_is_one_delivery() {
    let mut fake = Fake::default();
    let first = message(10, &[(0, 5, Quality::True), (1, 6, Quality::True)]);
    assert_eq!(receive(&mut fake, 1, &first).standings, [Standing::First; 2]);
    let again = receive(&mut fake, 1, &first);
    assert_eq!((again.standings.len(), again.duplicates), (0, 2));
}

#[test]
fn an_older_message_that_comes_late_does_not_hold() {
    let mut fake = Fake::default();
    receive(&mut fake, 1, &message(20, &[(0, 7, Quality::Substitute)]));
    let late = message(10, &[(0, 5, Quality::Provisional)]);
    assert_eq!(receive(&mut fake, 2, &late).standings, [Standing::Late]);
    assert_eq!(receive(&mut fake, 2, &late).duplicates, 1, "the late one is known by now");
    assert_eq!(holding(&fake), [(0, Some("7".to_owned()), Quality::Substitute)]);
}

#[test]
fn a_value_that_is_sent_again_keeps_the_time_it_became_known_first_in_any_order() {
    for order in [[10, 20], [20, 10]] {
        let mut fake = Fake::default();
        for (number, known_at) in order.into_iter().enumerate() {
            let settled = receive(&mut fake, number, &message(known_at, &[(0, 5, Quality::True)]));
            assert_eq!(settled.duplicates, number as u64, "{order:?}");
        }
        let known: Vec<i64> = fake.current.values().map(|version| version.recorded_at.micros()).collect();
        assert_eq!(known, [10], "{order:?}");
    }
}

#[test]
fn within_a_delivery_the_later_row_corrects_the_earlier_one() {
    let mut fake = Fake::default();
    let said = vec![(0, 9, Quality::True), (0, 5, Quality::True), (0, 5, Quality::True)];
    let settled = receive(&mut fake, 1, &Message { known_at: None, said });
    assert_eq!((settled.stored, settled.corrections, settled.duplicates), (1, 1, 1));
    assert_eq!(settled.standings, [Standing::Late, Standing::First]);
    assert_eq!(holding(&fake), [(0, Some("5".to_owned()), Quality::True)]);
}

#[test]
fn the_same_number_of_another_quality_is_a_correction() {
    let mut fake = Fake::default();
    receive(&mut fake, 1, &message(10, &[(0, 5, Quality::Provisional)]));
    assert_eq!(receive(&mut fake, 2, &message(20, &[(0, 5, Quality::True)])).standings, [Standing::Correction]);
}

#[test]
fn what_a_delivery_said_last_holds_when_it_comes_again_though_it_said_first_what_was_known() {
    let mut fake = Fake::default();
    let said = |values: &[i64]| Message {
        known_at: None,
        said: values.iter().map(|value| (0, *value, Quality::True)).collect(),
    };
    receive(&mut fake, 1, &said(&[1]));
    let first = receive(&mut fake, 2, &said(&[1, 2]));
    assert_eq!((first.corrections, first.duplicates, first.contradictions.len()), (1, 1, 0));
    let again = receive(&mut fake, 2, &said(&[1, 2]));
    assert_eq!((again.standings.len(), again.duplicates), (0, 2));
    assert_eq!(holding(&fake), [(0, Some("2".to_owned()), Quality::True)]);
}

#[test]
fn one_message_that_says_two_things_is_told_and_a_forecast_beside_a_measured_value_is_not() {
    let mut fake = Fake::default();
    let said = vec![
        (0, 9, Quality::True),
        (0, 5, Quality::True),
        (1, 9, Quality::True),
        (1, 5, Quality::Forecast),
        (2, 9, Quality::True),
    ];
    let settled = receive(&mut fake, 1, &Message { known_at: None, said });
    let told: Vec<_> = settled.contradictions.into_iter().map(|told| told.finding().reason).collect();
    assert_eq!(told, ["one message says 9 kWh (true) and then 5 kWh (true): the later one holds"]);
    let other = Message { known_at: None, said: vec![(2, 5, Quality::True)] };
    assert_eq!(receive(&mut fake, 2, &other).contradictions, []);
}

#[test]
fn a_forecast_never_overwrites_what_was_measured() {
    let told = [
        message(10, &[(0, 5, Quality::Forecast)]),
        message(20, &[(0, 6, Quality::True)]),
        message(30, &[(0, 7, Quality::Forecast)]),
    ];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
        let mut fake = Fake::default();
        order.into_iter().for_each(|number| drop(receive(&mut fake, number, &told[number])));
        assert_eq!(holding(&fake), [(0, Some("6".to_owned()), Quality::True)], "{order:?}");
    }
    let mut fake = Fake::default();
    told.iter().enumerate().for_each(|(number, message)| drop(receive(&mut fake, number, message)));
    // A later measurement corrects it, and where that is said to be none a forecast counts again.
    receive(&mut fake, 3, &message(40, &[(0, 8, Quality::Substitute)]));
    assert_eq!(holding(&fake), [(0, Some("8".to_owned()), Quality::Substitute)]);
}

proptest! {
    #[test]
    fn a_delivery_that_comes_again_changes_nothing(
        said in proptest::collection::vec(proptest::collection::vec((0_u8..3, 0_i64..3, any::<bool>()), 1..6), 1..6),
        again in any::<prop::sample::Index>(),
    ) {
        let messages: Vec<Message> = said.iter().map(|said| {
            let quality = |is_forecast| if is_forecast { Quality::Forecast } else { Quality::True };
            Message { known_at: None, said: said.iter().map(|(quarter, value, of)| (*quarter, *value, quality(*of))).collect() }
        }).collect();
        let mut fake = Fake::default();
        messages.iter().enumerate().for_each(|(number, message)| drop(receive(&mut fake, number, message)));
        let before = holding(&fake);
        let number = again.index(messages.len());
        let settled = receive(&mut fake, number, &messages[number]);
        prop_assert_eq!((settled.standings.len(), settled.duplicates as usize), (0, messages[number].said.len()));
        prop_assert_eq!(holding(&fake), before);
    }

    /// Few values, so that they return.
    #[test]
    fn messages_give_the_same_answers_in_any_order(
        said in proptest::collection::vec((1_i64..6, proptest::collection::btree_set(0_u8..4, 1..4)), 1..7),
        order in proptest::collection::vec(any::<u32>(), 7),
    ) {
        let messages: Vec<Message> = said.iter().enumerate().map(|(number, (known_at, quarters))| {
            let said: Vec<Said> = quarters.iter().map(|quarter| (*quarter, number as i64 % 2, Quality::True)).collect();
            message(*known_at, &said)
        }).collect();
        let (mut straight, mut shuffled) = (Fake::default(), Fake::default());
        let mut numbers: Vec<usize> = (0..messages.len()).collect();
        numbers.iter().for_each(|number| drop(receive(&mut straight, *number, &messages[*number])));
        numbers.sort_by_key(|number| order[*number]);
        numbers.iter().for_each(|number| drop(receive(&mut shuffled, *number, &messages[*number])));
        prop_assert_eq!(holding(&straight), holding(&shuffled));
        let versions = |fake: &Fake| fake.former.values().map(Vec::len).sum::<usize>() + fake.current.len();
        prop_assert_eq!(versions(&straight), versions(&shuffled));
    }
}
