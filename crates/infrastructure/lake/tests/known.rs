//! What is known of readings is told as it is: in memory, in the lake, after landings, compactions and restarts, in whatever order
//! readings come.
#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

use arrow::datatypes::Schema;
use metrify_application::Tenant;
use metrify_application::ports::{Key, Known, Landing, Memory, Versions};
use metrify_application::record::{Accepted, DeliveryId, Standing};
use metrify_domain::{Batch, BatchBuilder, Channel, Decimal, Document, IntervalAmount, Reading, Timestamp, Unit};
use metrify_lake::{DeltaLake, Grain, Scan, TableName, Wanted};

use self::support::{clock, land, open};

mod support;

const HOUR: i64 = 3_600_000_000;

/// Point and hour of a reading, and its value.
type Said = (usize, i64, Option<i64>);

fn batch(said: &[Said]) -> Batch {
    let mut builder = BatchBuilder::default();
    for (point, hour, value) in said {
        let channel = Channel {
            point: format!("SM-{point}").parse().expect("a point"),
            quantity: "1-0:1.29.0".parse().expect("a quantity"),
        };
        let (start, end) = (Timestamp::from_micros(hour * HOUR), Timestamp::from_micros((hour + 1) * HOUR));
        let amount = IntervalAmount::new(start, end, Decimal::from(1), Unit::literal("kWh")).expect("an hour");
        let reading = Reading { value: value.map(Decimal::from), ..amount.into() };
        builder.push(&channel, &Document::default(), &reading);
    }
    builder.take()
}

/// The same numbers in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn value(&mut self) -> Option<i64> {
        [None, Some(7), Some(12_000_000_000)].get(self.below(10) as usize).copied().unwrap_or(Some(1))
    }
}

/// The readings of a round: mostly in the order of time, and now and then long before it.
fn said(chance: &mut Chance, round: i64) -> Vec<Said> {
    let first = if chance.below(4) == 0 { chance.below(60) as i64 * 24 } else { round * 24 };
    let mut said: Vec<Said> = Vec::new();
    for point in 0..5 {
        for hour in 0..chance.below(20) as i64 {
            said.push((point, first + hour, chance.value()));
        }
    }
    said
}

#[tokio::test]
async fn what_is_known_is_told_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let tenant: Tenant = "default".parse().expect("a tenant");
    let mut lake = open(folder.path(), &tenant).await;
    let mut chance = Chance(7);
    // What holds of each point and hour.
    let mut holding: HashMap<(usize, i64), Option<i64>> = HashMap::new();
    let mut position = 0;
    let mut told: HashMap<Known, usize> = HashMap::new();
    let mut with_marked = 0;
    for round in 0..60_i64 {
        let mut said = said(&mut chance, round);
        for taken_back in 0..chance.below(4) {
            apply_unpublished(&lake, &tenant, (position, taken_back), &mut chance, round).await;
        }
        lake.roll_back(&tenant).expect("open tables");
        assert_holding(&lake, &tenant, &holding).await;
        let answers = lake.known(&tenant, &batch(&said)).await.expect("an answer");
        assert_answers(&said, &answers, &holding, round);
        answers.iter().for_each(|answer| *told.entry(*answer).or_default() += 1);
        let mut standings = Vec::new();
        let mut answers = answers.iter();
        said.retain(|(point, hour, value)| {
            holding.insert((*point, *hour), *value);
            match answers.next().expect("an answer for each") {
                Known::Nothing => standings.push(Standing::First),
                Known::Open => standings.push(Standing::Correction),
                Known::Same => return false,
            }
            true
        });
        position += 1;
        let entry = Accepted {
            delivery: DeliveryId::from_stored(format!("{position:032}")),
            received_at: clock(),
            batch: batch(&said),
            standings,
            ..Accepted::default()
        };
        lake.apply(&tenant, position, &Arc::new(entry)).expect("open tables");
        lake.publish(&tenant).expect("open tables");
        let marked = |lake: &DeltaLake| {
            let view = lake.view(&tenant).expect("tables");
            view.snapshot(TableName::Readings)
                .is_some_and(|table| table.files.iter().any(|file| file.deleted.is_some()))
        };
        match chance.below(6) {
            0 | 1 => drop(lake.land(&tenant, 0).await.expect("a landing")),
            2 => {
                lake.land(&tenant, 0).await.expect("a landing");
                lake.compact(&tenant).await.expect("a compaction");
            }
            3 => {
                lake.land(&tenant, 0).await.expect("a landing");
                lake = open(folder.path(), &tenant).await;
            }
            _ => {}
        }
        with_marked += usize::from(marked(&lake));
    }
    assert!(with_marked > 5, "rows of files were deleted in {with_marked} rounds only");
    // Each answer was given often enough to mean something.
    assert!([Known::Nothing, Known::Same, Known::Open].iter().all(|known| told[known] > 100), "{told:?}");
    assert_holding(&lake, &tenant, &holding).await;
}

/// Of each reading it is told whether nothing is known, the same, or something else.
fn assert_answers(said: &[Said], answers: &[Known], holding: &HashMap<(usize, i64), Option<i64>>, round: i64) {
    for ((point, hour, value), answer) in said.iter().zip(answers) {
        let expected = match holding.get(&(*point, *hour)) {
            None => Known::Nothing,
            Some(held) if held == value => Known::Same,
            Some(_) => Known::Open,
        };
        // What does not fit into what is kept in memory has to be looked at; nothing else has to.
        let unfit = expected == Known::Same && value.is_some_and(|value| value > 1_000_000);
        assert!(*answer == expected || (unfit && *answer == Known::Open), "round {round}: {answer:?}");
    }
}

/// Applies an entry that will be taken back, behind `position` and those before it; now and then what was published before lands
/// meanwhile.
async fn apply_unpublished(
    lake: &DeltaLake,
    tenant: &Tenant,
    (position, taken_back): (u64, u64),
    chance: &mut Chance,
    round: i64,
) {
    // Mostly about what came last, which is in memory yet.
    let batch = batch(&said(chance, (round - 1).max(0)));
    let answers = lake.known(tenant, &batch).await.expect("an answer");
    let standing = |known: &Known| match known {
        Known::Nothing => Standing::First,
        Known::Open => Standing::Correction,
        Known::Same => Standing::Late,
    };
    let standings = answers.iter().map(standing).collect();
    let position = position + 1 + taken_back;
    let entry = Accepted { received_at: clock(), batch, standings, ..Accepted::default() };
    lake.apply(tenant, position, &Arc::new(entry)).expect("open tables");
    if chance.below(3) == 0 {
        lake.land(tenant, 0).await.expect("a landing");
    }
}

/// What holds can be had with all that it says.
async fn assert_holding(lake: &DeltaLake, tenant: &Tenant, holding: &HashMap<(usize, i64), Option<i64>>) {
    let keys: Vec<Key> = holding
        .keys()
        .map(|(point, hour)| {
            let batch = batch(&[(*point, *hour, None)]);
            Key { channel: batch.channels()[0].clone(), period: batch.rows()[0].period }
        })
        .collect();
    let current = lake.current(tenant, &keys).await.expect("an answer");
    assert_eq!(current.len(), keys.len());
    for ((_, value), key) in holding.iter().zip(&keys) {
        assert_eq!(current[key].reading.value, value.map(Decimal::from), "{key:?}");
    }
}

/// Readings of 250 points in some hours of one month.
fn month(hours: std::ops::Range<i64>) -> Vec<Said> {
    let value = |point: usize, hour: i64| (point as i64 * 7_919 + hour * 104_729) % 60_000;
    let of_point = |point| hours.clone().map(move |hour| (point, hour, Some(value(point, hour))));
    (0..250).flat_map(of_point).collect()
}

/// The rows that are read of what is kept. After the first of them, this happens.
async fn rows_read(lake: &DeltaLake, tenant: &Tenant, meanwhile: impl Fn()) -> usize {
    let view = lake.view(tenant).expect("tables");
    let snapshot = view.snapshot(TableName::Readings).expect("readings");
    let field = TableName::Readings.schema().field_with_name("value").expect("a column").clone();
    let columns = Arc::new(Schema::new(vec![field]));
    let wanted = Arc::new(Wanted {
        grain: Grain::Reading,
        columns,
        points: None,
        quantities: None,
        starts: i64::MIN..=i64::MAX,
        removed: Arc::default(),
    });
    let mut rows = 0;
    for facts in &snapshot.files {
        let file = lake.held().kept_file(snapshot, facts, &wanted).await;
        let file = Arc::new(file.expect("it is kept"));
        let mut scan = Scan::open(&file, &wanted, 0, 1).await.expect("what is kept");
        while let Some(batch) = scan.next().await.expect("rows") {
            if rows == 0 {
                meanwhile();
            }
            rows += batch.num_rows();
        }
    }
    rows
}

#[tokio::test]
async fn what_a_large_file_says_is_kept_as_long_as_the_file_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let tenant: Tenant = "default".parse().expect("a tenant");
    let lake = open(folder.path(), &tenant).await;
    let kept = || -> Vec<String> {
        let Ok(files) = std::fs::read_dir(folder.path().join("held/default/readings")) else { return Vec::new() };
        files.map(|file| file.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    };
    for landing in 0..9 {
        let hours = landing * 78..(landing + 1) * 78;
        land(&lake, &tenant, landing as u64 + 1, batch(&month(hours)), Standing::First).await;
    }
    assert_eq!(kept(), [""; 0], "small files are not worth it");
    lake.compact(&tenant).await.expect("a compaction");
    let joined = kept();
    assert_eq!(joined.len(), 1, "{joined:?}");

    let lake = open(folder.path(), &tenant).await;
    let mut said = month(200..500);
    said.iter_mut().step_by(5).for_each(|(_, _, value)| *value = value.map(|value| value + 1));
    let expected = |row: usize| if row.is_multiple_of(5) { Known::Open } else { Known::Same };
    for (row, known) in lake.known(&tenant, &batch(&said)).await.expect("an answer").into_iter().enumerate() {
        assert_eq!(known, expected(row), "{row}");
    }
    // Where a disk spoilt it, it is made again, whoever finds out.
    let path = folder.path().join("held/default/readings").join(&joined[0]);
    let laid = std::fs::read(&path).expect("what is kept");
    let spoil = || {
        let mut bytes = laid.clone();
        bytes.iter_mut().step_by(200).for_each(|byte| *byte ^= 1);
        let file = std::fs::File::options().write(true).open(&path);
        file.expect("what is kept").write_all(&bytes).expect("it is spoilt");
    };
    assert_eq!(rows_read(&lake, &tenant, || ()).await, 250 * 702);
    assert_eq!(rows_read(&lake, &tenant, spoil).await, 250 * 702);
    assert!(std::fs::read(&path).expect("what is kept") == laid, "it is as it was laid at first");
    spoil();
    for (row, known) in lake.known(&tenant, &batch(&said)).await.expect("an answer").into_iter().enumerate() {
        assert_eq!(known, expected(row), "{row}");
    }
    assert!(std::fs::read(&path).expect("what is kept") == laid, "it is as it was laid at first");
    let mut holding: HashMap<(usize, i64), Option<i64>> = HashMap::new();
    holding.extend(month(0..702).iter().map(|(point, hour, value)| ((*point, *hour), *value)));
    assert_holding(&lake, &tenant, &holding).await;
    assert_eq!(kept(), joined);

    // So many corrections are worth another file, and what that says takes the place of what its former said.
    let corrections: Vec<Said> = said.into_iter().step_by(5).collect();
    land(&lake, &tenant, 10, batch(&corrections), Standing::Correction).await;
    lake.vacuum(&tenant).await.expect("a vacuum");
    assert!(kept().len() == 1 && kept() != joined, "{:?}", kept());
    holding.extend(corrections.iter().map(|(point, hour, value)| ((*point, *hour), *value)));
    assert_holding(&lake, &tenant, &holding).await;
}
