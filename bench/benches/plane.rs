//! What each step of the way of a reading costs, on one batch after the other: checks, journal, landing, what is known of readings
//! that come again, and reading them with rows that were deleted (merge on read).

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::datatypes::{DataType, Schema};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use metrify_application::Tenant;
use metrify_application::ports::{Journal, Known, Landing, Memory, Versions};
use metrify_application::record::{Accepted, DeliveryId, Standing};
use metrify_domain::{Batch, BatchBuilder, Channel, Decimal, Document, IntervalAmount, Timestamp, Unit};
// Its allocator is the program's.
use metrify_bench as _;
use metrify_journal::FileJournal;
use metrify_lake::{DeltaLake, Layout, Scan, TableName, Wanted};
use metrify_validation::Ruleset;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const POINTS: i64 = 500;
const QUARTERS: i64 = 96;
const QUARTER: i64 = 900_000_000;
/// Deliveries of a lake: each a day of all points.
const DAYS: i64 = 10;

/// 2026-02-01T00:00:00Z.
fn clock() -> Timestamp {
    Timestamp::from_micros(1_769_904_000_000_000)
}

/// A day of all points, of which each so many readings has another value than at first.
fn day(day: i64, corrected: Option<i64>) -> Batch {
    let mut builder = BatchBuilder::default();
    for point in 0..POINTS {
        let channel = Channel {
            point: format!("DE{point:031}").parse().expect("a point"),
            quantity: "1-0:1.29.0".parse().expect("a quantity"),
        };
        for quarter in 0..QUARTERS {
            let row = point * QUARTERS + quarter;
            let is_other = match corrected {
                Some(each) if row % each == 0 => 1,
                Some(each) if each > 1 => continue,
                _ => 0,
            };
            // 2026-01-01T00:00:00Z.
            let start = Timestamp::from_micros(1_767_225_600_000_000 + (day * QUARTERS + quarter) * QUARTER);
            let end = Timestamp::from_micros(start.micros() + QUARTER);
            let value = Decimal::from((point * 7_919 + quarter * 104_729) % 900 + is_other);
            let amount = IntervalAmount::new(start, end, value, Unit::literal("kWh")).expect("a quarter-hour");
            builder.push(&channel, &Document::default(), &amount.into());
        }
    }
    builder.take()
}

fn entry(number: i64, batch: Batch, standing: Standing) -> Arc<Accepted> {
    let standings = vec![standing; batch.rows().len()];
    let delivery = DeliveryId::from_stored(format!("{number:032}"));
    Arc::new(Accepted { delivery, received_at: clock(), batch, standings, ..Accepted::default() })
}

/// A lake with some entries in memory.
async fn lake(folder: &Path, tenant: &Tenant, entries: impl Iterator<Item = Arc<Accepted>>) -> DeltaLake {
    let lake = DeltaLake::new(Layout::within(folder), clock, 0);
    lake.open(tenant).await.expect("tables");
    for (position, entry) in (1..).zip(entries) {
        lake.apply(tenant, position, &entry).expect("open tables");
    }
    lake.publish(tenant).expect("open tables");
    lake
}

/// A lake of all days in one file, opened again, of whose rows some were corrected since.
async fn corrected(folder: &Path, tenant: &Tenant) -> DeltaLake {
    let entries = (0..DAYS).map(|number| entry(number, day(number, None), Standing::First));
    let first = lake(folder, tenant, entries).await;
    first.land(tenant, 0).await.expect("a landing");
    drop(first);
    let corrections = entry(DAYS, day(3, Some(100)), Standing::Correction);
    let second = DeltaLake::new(Layout::within(folder), clock, 0);
    second.open(tenant).await.expect("tables");
    second.apply(tenant, DAYS as u64 + 1, &corrections).expect("open tables");
    second.publish(tenant).expect("open tables");
    second.land(tenant, 0).await.expect("a landing");
    second
}

fn tenant() -> Tenant {
    "default".parse().expect("a tenant")
}

fn check(criterion: &mut Criterion) {
    let (rules, batch) = (Ruleset::default(), day(0, None));
    let mut group = criterion.benchmark_group("plane");
    group.sample_size(10).throughput(Throughput::Elements(batch.rows().len() as u64));
    group.bench_function("check", |bencher| bencher.iter(|| metrify_validation::check(&rules, &batch, clock())));
    group.finish();
}

fn journal(criterion: &mut Criterion) {
    let folder = TempDir::new().expect("a folder");
    let journal = FileJournal::open(folder.path(), 1).expect("a journal");
    let entries = [(tenant(), entry(0, day(0, None), Standing::First))];
    let mut group = criterion.benchmark_group("plane");
    group.sample_size(10).throughput(Throughput::Elements((POINTS * QUARTERS) as u64));
    group.bench_function("journal, with its sync", |bencher| {
        bencher.iter(|| {
            let position = journal.next();
            journal.append(&entries).expect("room on the disk");
            journal.release(position).expect("a folder that can be written");
        });
    });
    group.finish();
}

fn land(criterion: &mut Criterion) {
    let (runtime, tenant) = (Runtime::new().expect("threads"), tenant());
    let days: Vec<Batch> = (0..DAYS).map(|number| day(number, None)).collect();
    let mut group = criterion.benchmark_group("plane");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    group.throughput(Throughput::Elements((POINTS * QUARTERS * DAYS) as u64));
    group.bench_function("land", |bencher| {
        bencher.iter_custom(|rounds| {
            let mut spent = Duration::ZERO;
            for _ in 0..rounds {
                let folder = TempDir::new().expect("a folder");
                let entries = (0..).zip(&days).map(|(number, day)| entry(number, day.clone(), Standing::First));
                spent += runtime.block_on(async {
                    let lake = lake(folder.path(), &tenant, entries).await;
                    let begun = Instant::now();
                    let landed = lake.land(&tenant, 0).await.expect("a landing");
                    assert_eq!(landed.rows, (POINTS * QUARTERS * DAYS) as u64);
                    begun.elapsed()
                });
            }
            spent
        });
    });
    group.finish();
}

fn known(criterion: &mut Criterion) {
    let (runtime, tenant, folder) = (Runtime::new().expect("threads"), tenant(), TempDir::new().expect("a folder"));
    let lake = runtime.block_on(corrected(folder.path(), &tenant));
    let again = day(5, None);
    let mut group = criterion.benchmark_group("plane");
    group.sample_size(10).throughput(Throughput::Elements(again.rows().len() as u64));
    group.bench_function("known of readings that come again", |bencher| {
        bencher.iter(|| {
            let known = runtime.block_on(lake.known(&tenant, &again)).expect("an answer");
            assert!(known.iter().all(|known| *known == Known::Same));
        });
    });
    group.finish();
}

fn merge_on_read(criterion: &mut Criterion) {
    let (runtime, tenant, folder) = (Runtime::new().expect("threads"), tenant(), TempDir::new().expect("a folder"));
    let lake = runtime.block_on(corrected(folder.path(), &tenant));
    let view = lake.view(&tenant).expect("tables");
    let snapshot = view.snapshot(TableName::Readings).expect("readings");
    assert!(snapshot.files.iter().any(|file| file.deleted.is_some()), "rows that were corrected are deleted");
    let schema = TableName::Readings.schema();
    let fields = ["point", "period_start", "value"].map(|name| {
        let field = schema.field_with_name(name).expect("a column").clone();
        let kind = if *field.data_type() == DataType::Utf8 { DataType::Utf8View } else { field.data_type().clone() };
        field.with_data_type(kind)
    });
    let columns = Arc::new(Schema::new(fields.to_vec()));
    let wanted = Arc::new(Wanted { columns, points: None, quantities: None, starts: i64::MIN..=i64::MAX });
    let mut group = criterion.benchmark_group("plane");
    group.sample_size(10).throughput(Throughput::Elements((POINTS * QUARTERS * DAYS) as u64));
    group.bench_function("read with deleted rows", |bencher| {
        bencher.iter(|| {
            let mut rows = 0;
            for facts in &snapshot.files {
                let file = runtime.block_on(lake.held().kept_file(snapshot, facts, &wanted));
                let file = Arc::new(file.expect("it is kept"));
                let mut scan = runtime.block_on(Scan::open(&file, &wanted, 0, 1)).expect("what is kept");
                while let Some(batch) = runtime.block_on(scan.next()).expect("rows") {
                    rows += batch.num_rows() as i64;
                }
            }
            assert_eq!(rows, POINTS * QUARTERS * DAYS);
        });
    });
    group.finish();
}

criterion_group!(benches, check, journal, land, known, merge_on_read);
criterion_main!(benches);
