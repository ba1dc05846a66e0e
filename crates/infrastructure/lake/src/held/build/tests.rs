#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use std::collections::HashMap;

use arrow::array::{BooleanArray, Int64Array, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::DataType;
use metrify_domain::{Batch, BatchBuilder, Document, Period, Reading, Timestamp, Unit};

use super::super::Held;
use super::*;
use crate::rows::statements_batch;
use crate::schema::numbered_text;

const MINUTE: i64 = 60_000_000;

/// Readings of three channels, some in equal steps and some not, each period once.
fn readings(seed: u64) -> Vec<(Channel, Reading)> {
    let mut state = seed;
    let mut below = |end: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % end
    };
    let mut all: HashMap<(usize, Period), Reading> = HashMap::new();
    for _ in 0..9_000 {
        let point = below(3) as usize;
        let start = Timestamp::from_micros(below(1_500) as i64 * [15, 15, 7][point] * MINUTE);
        let length = [0, 15, 60][below(3) as usize] * MINUTE;
        let period = Period::interval(start, Timestamp::from_micros(start.micros() + length));
        let period = period.unwrap_or(Period::instant(start));
        let unit = Unit::literal(["kWh", "W"][below(2) as usize]);
        let missing = Reading::missing(metrify_domain::Kind::Interval, period, unit);
        let value = (below(5) > 0).then(|| (below(1_000) as i64).into());
        all.insert((point, period), Reading { value, ..missing });
    }
    let channel = |point: usize| Channel {
        point: format!("SM-{point}").parse().expect("a point"),
        quantity: "1-0:1.29.0".parse().expect("a quantity"),
    };
    all.into_iter().map(|((point, _), reading)| (channel(point), reading)).collect()
}

fn batch<'r>(readings: impl Iterator<Item = &'r (Channel, Reading)>) -> Batch {
    let mut builder = BatchBuilder::default();
    readings.for_each(|(channel, reading)| builder.push(channel, &Document::default(), reading));
    builder.take()
}

/// The columns of a file, in the order in which the readings come.
fn pieces(readings: &[(Channel, Reading)]) -> Vec<RecordBatch> {
    let pieces = readings.chunks(64).zip(0..).map(|(readings, piece)| {
        let rows = statements_batch(&batch(readings.iter())).expect("columns");
        let columns = rows.columns().iter().zip(rows.schema_ref().fields());
        let columns = columns.filter(|(_, field)| field.name() != "recorded_at").map(|(column, field)| {
            let kind = match field.data_type() {
                DataType::Utf8 => numbered_text(),
                kind => kind.clone(),
            };
            (field.name().clone(), cast(column, &kind).expect("a column"))
        });
        let places = || (piece * 64..).take(readings.len());
        let known: TimestampMicrosecondArray = places().map(|place| Some(place as i64 / 50)).collect();
        let origin: [(&str, ArrayRef); 5] = [
            ("recorded_at", Arc::new(known.with_timezone("UTC"))),
            ("delivery", Arc::new(StringArray::from_iter_values(places().map(|_| "d")))),
            ("document", Arc::new(StringArray::from_iter_values(places().map(|place| format!("m{}", place / 30))))),
            ("sequence", Arc::new(Int64Array::from_iter_values(places().map(|place| place as i64 * 3)))),
            ("restored", Arc::new(BooleanArray::from_iter(places().map(|place| Some(place % 7 == 0))))),
        ];
        let origin = origin.into_iter().map(|(name, column)| (name.to_owned(), column));
        RecordBatch::try_from_iter(columns.chain(origin)).expect("columns")
    });
    pieces.collect()
}

const FILE: (&str, u64) = ("part-1.parquet", 7);

fn kept(bytes: &Bytes) -> Held {
    stored::in_memory(bytes).expect("what was encoded")
}

/// Every reading is found, at its place, with what it says, and none that is not there; tells of how many it is told as well where
/// they came from.
fn assert_holds(bytes: &Bytes, readings: &[(Channel, Reading)]) -> usize {
    let held = kept(bytes);
    assert!(held.told.later_starts.len() > 3, "channels of several chunks");
    let (mut reader, mut rows, mut with_origin) = (held.reader(), Vec::new(), 0);
    for (place, (channel, reading)) in readings.iter().enumerate() {
        let number = held.channel(channel).expect("its channel");
        reader.rows(number, reading.period, &mut rows).expect("chunks");
        assert_eq!(rows.iter().map(|row| held.place(*row)).collect::<Vec<_>>(), [place]);
        let same = batch([(channel.clone(), *reading)].iter());
        let other = batch([(channel.clone(), Reading { value: Some(7_777.into()), ..*reading })].iter());
        assert_eq!(reader.says(rows[0], &same, &same.rows()[0]).expect("a value"), Some(true));
        assert_eq!(reader.says(rows[0], &other, &other.rows()[0]).expect("a value"), Some(false));
        if let Some((version, restored)) = reader.version(rows[0], channel, reading.period).expect("a value") {
            with_origin += 1;
            assert_eq!(restored, place % 7 == 0);
            assert_eq!((&version.channel, version.reading), (channel, *reading));
            assert_eq!(version.sequence.0, place as i64 * 3);
            assert_eq!(version.recorded_at, Timestamp::from_micros(place as i64 / 50));
            let names = (version.delivery.as_str(), version.document.as_str());
            assert_eq!(names, ("d", format!("m{}", place / 30).as_str()));
        }
        let elsewhere = Period::instant(Timestamp::from_micros(reading.period.start().micros() + 1));
        reader.rows(number, elsewhere, &mut rows).expect("chunks");
        assert!(rows.is_empty());
    }
    with_origin
}

#[test]
fn what_is_said_in_more_ways_than_are_numbered_has_to_be_read() {
    let channel = readings(1)[0].0.clone();
    let said = |unit: i64| {
        let period = Period::instant(Timestamp::from_micros(unit * MINUTE));
        let unit = Unit::new(&format!("u{unit}")).expect("a unit");
        let missing = Reading::missing(metrify_domain::Kind::Instant, period, unit);
        (channel.clone(), Reading { value: Some(1.into()), ..missing })
    };
    let readings: Vec<(Channel, Reading)> = (0..300).map(said).collect();
    let bytes = held(pieces(&readings).into_iter().map(Ok), FILE).expect("readings").expect("it is in order");
    let held = kept(&bytes);
    let mut reader = held.reader();
    for (row, (_, reading)) in (0..).zip(&readings) {
        let same = batch([(channel.clone(), *reading)].iter());
        let numbered = row < u32::from(UNNUMBERED);
        assert_eq!(reader.says(row, &same, &same.rows()[0]).expect("a value"), numbered.then_some(true), "{row}");
        let version = reader.version(row, &channel, reading.period).expect("a value");
        assert_eq!(version.map(|(version, _)| version.reading), numbered.then_some(*reading), "{row}");
    }
}

#[test]
fn what_is_said_by_codes_that_are_none_of_ours_has_to_be_read() {
    let Reading { kind, quality, .. } = readings(1)[0].1;
    let said = |method: &str| {
        let [kind, unit, quality, method] = [kind.name(), "kWh", quality.name(), method].map(str::to_owned);
        Build::default().say((kind, unit, quality, Some(method), None, false))
    };
    assert_eq!(said("Z92"), Some(0));
    assert_eq!(said("a method of theirs that takes more than forty-seven bytes"), Some(UNNUMBERED));
}

#[test]
fn what_a_file_says_is_found_in_whatever_order_it_was_written() {
    for seed in 0..3 {
        let mut readings = readings(seed);
        let shuffled = pieces(&readings);
        assert!(held(shuffled.iter().cloned().map(Ok), FILE).expect("readings").is_none(), "it is not in order");
        // Where they came from changes with every row, which of many rows is too much to be kept.
        assert!(assert_holds(&in_order(&shuffled, FILE).expect("readings"), &readings) < readings.len() / 10);
        readings.sort_by_key(|(channel, reading)| (channel.clone(), reading.period));
        let sorted = held(pieces(&readings).into_iter().map(Ok), FILE).expect("readings");
        assert_eq!(assert_holds(&sorted.expect("it is in order"), &readings), readings.len());
    }
}

#[test]
fn what_is_damaged_is_not_believed() {
    let mut readings = readings(3);
    readings.sort_by_key(|(channel, reading)| (channel.clone(), reading.period));
    readings.truncate(1_200);
    let bytes = held(pieces(&readings).into_iter().map(Ok), FILE).expect("readings").expect("it is in order");
    let (mut refused, mut unread) = (0, 0);
    for place in 0..bytes.len() {
        let mut damaged = bytes.to_vec();
        damaged[place] ^= 1 << (place % 8);
        let Some(held) = stored::in_memory(&damaged.into()) else {
            refused += 1;
            continue;
        };
        let failed =
            (0..held.told.chunk_rows.len() as u32).filter(|chunk| held.reader().chunk(*chunk).is_err()).count();
        assert_eq!(failed, 1, "a bit of chunk {place} is another");
        unread += usize::from(held.is_damaged());
    }
    assert_eq!(refused + unread, bytes.len());
    assert!(refused > 0 && unread > 0, "{refused} refused, {unread} unread");
    for length in 0..bytes.len() {
        assert!(stored::in_memory(&bytes.slice(..length)).is_none(), "cut after {length} bytes");
    }
}

#[test]
fn names_that_others_spelled_are_told() {
    let mut readings = readings(2);
    readings.sort_by_key(|(channel, reading)| (channel.clone(), reading.period));
    let lacks_names = |quantity: &str| {
        let mut build = Build::default();
        for piece in pieces(&readings) {
            let columns = piece.columns().iter().zip(piece.schema_ref().fields()).map(|(column, field)| {
                let texts = StringArray::from_iter_values((0..piece.num_rows()).map(|_| quantity));
                let column = if field.name() == "quantity" { Arc::new(texts) } else { column.clone() };
                (field.name().clone(), column)
            });
            let piece = RecordBatch::try_from_iter(columns.collect::<Vec<_>>()).expect("columns");
            assert!(build.push(&piece).expect("readings"), "it is in order");
        }
        build.told.lacking.names
    };
    assert!(!lacks_names("1-0:1.29.0"));
    assert!(lacks_names("1-0:1.29.0*255"), "we say it without its end");
}
