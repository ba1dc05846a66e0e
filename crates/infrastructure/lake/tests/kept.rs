//! What is kept of data files gives the rows that the files have.
#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema, SchemaRef, TimestampMicrosecondType};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use metrify_application::Tenant;
use metrify_application::ports::Landing;
use metrify_application::record::Standing;
use metrify_domain::calendar::day::day_number;
use metrify_domain::{
    Batch, BatchBuilder, Channel, Code, Decimal, Document, Kind, Period, Quality, Reading, Timestamp, Unit,
};
use metrify_lake::{DeltaLake, Grain, KeptFile, Scan, Snapshot, TableName, Wanted};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use self::support::{land, open};

mod support;

const MINUTE: i64 = 60_000_000;
const QUANTITIES: [&str; 2] = ["1-0:1.29.0", "1-0:2.29.0"];

/// Readings of a round: of each channel some quarter-hours, with gaps and missing values, and instants between them.
fn readings(round: i64) -> Vec<(Channel, Reading)> {
    let mut all = Vec::new();
    for point in 0..30_i64 {
        for (number, quantity) in (0..).zip(QUANTITIES) {
            let name = format!("a meter with a long name {point}");
            let channel =
                Channel { point: name.parse().expect("a point"), quantity: quantity.parse().expect("a quantity") };
            for quarter in (0..60).filter(|quarter| (quarter * 7 + point) % 11 != 0) {
                let start = Timestamp::from_micros((round * 60 + quarter) * 15 * MINUTE);
                let end = Timestamp::from_micros(start.micros() + 15 * MINUTE);
                let period = if quarter % 13 == 5 { None } else { Period::interval(start, end) };
                let period = period.unwrap_or(Period::instant(start));
                let reading = Reading::missing(Kind::Interval, period, Unit::literal("kWh"));
                let value = (quarter % 9 != 4).then(|| Decimal::from((point * 31 + quarter * 17 + number) % 900));
                let quality = if quarter < 20 { Quality::Provisional } else { Quality::Substitute };
                let method = (quarter % 20 == 3).then(|| Code::literal("Z92"));
                all.push((channel.clone(), Reading { value, quality, method, ..reading }));
            }
        }
    }
    all
}

fn batch(readings: &[(Channel, Reading)]) -> Batch {
    let mut builder = BatchBuilder::default();
    readings.iter().for_each(|(channel, reading)| builder.push(channel, &Document::default(), reading));
    builder.take()
}

/// The rows of a snapshot's files that hold, read from them.
fn rows_of_files(snapshot: &Snapshot) -> Vec<RecordBatch> {
    let mut batches = Vec::new();
    for file in &snapshot.files {
        let opened = File::open(snapshot.folder.join(&file.path)).expect("a data file");
        let mut builder = ParquetRecordBatchReaderBuilder::try_new(opened).expect("a data file");
        if let Some(deleted) = &file.deleted {
            builder = builder.with_row_selection(deleted.left_of(0..file.rows));
        }
        batches.extend(builder.build().expect("a reader").map(|rows| rows.expect("rows")));
    }
    batches
}

/// Rows as texts, in an order of their own.
fn shown(batches: &[RecordBatch], columns: &SchemaRef) -> Vec<String> {
    let options = FormatOptions::default().with_null("-");
    let mut shown = Vec::new();
    for batch in batches {
        let columns = columns.fields().iter().map(|field| batch.column_by_name(field.name()).expect("a column"));
        let columns: Vec<_> = columns
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options).expect("it can be shown"))
            .collect();
        let row = |row| columns.iter().map(|column| column.value(row).to_string()).collect::<Vec<_>>().join(" ");
        shown.extend((0..batch.num_rows()).map(row));
    }
    shown.sort_unstable();
    shown
}

/// Those rows that are wanted.
fn chosen(batches: &[RecordBatch], wanted: &Wanted) -> Vec<RecordBatch> {
    let choose = |batch: &RecordBatch| {
        let text = |name: &str| {
            let column = batch.column_by_name(name).expect("a column");
            cast(column, &DataType::Utf8).expect("texts").as_string::<i32>().clone()
        };
        let (points, quantities) = (text("point"), text("quantity"));
        let starts = batch.column_by_name("period_start").expect("a column");
        let starts = starts.as_primitive::<TimestampMicrosecondType>().clone();
        let among =
            |all: &Option<Vec<String>>, one: &str| all.as_ref().is_none_or(|all| all.iter().any(|text| text == one));
        let is_wanted = |row: usize| {
            among(&wanted.points, points.value(row))
                && among(&wanted.quantities, quantities.value(row))
                && wanted.starts.contains(&starts.value(row))
        };
        let mask = (0..batch.num_rows()).map(|row| Some(is_wanted(row))).collect();
        arrow::compute::filter_record_batch(batch, &mask).expect("rows")
    };
    batches.iter().map(choose).collect()
}

async fn scanned(files: &[Arc<KeptFile>], wanted: &Arc<Wanted>, shares: usize) -> Vec<RecordBatch> {
    let mut batches = Vec::new();
    for file in files {
        for share in 0..shares {
            let mut scan = Scan::open(file, wanted, share, shares).await.expect("what is kept");
            while let Some(rows) = scan.next().await.expect("rows") {
                batches.push(rows);
            }
        }
    }
    batches
}

/// Some of the columns of readings, their texts as views.
fn columns(names: &[&str]) -> SchemaRef {
    let schema = TableName::Readings.schema();
    let fields = schema.fields().iter().filter(|field| names.is_empty() || names.contains(&field.name().as_str()));
    let viewed = fields.map(|field| match field.data_type() {
        DataType::Utf8 => field.as_ref().clone().with_data_type(DataType::Utf8View),
        _ => field.as_ref().clone(),
    });
    Arc::new(Schema::new(viewed.collect::<Vec<_>>()))
}

fn all(grain: Grain, columns: SchemaRef) -> Wanted {
    let removed = Arc::default();
    Wanted { grain, columns, points: None, quantities: None, starts: i64::MIN..=i64::MAX, removed }
}

async fn kept(lake: &DeltaLake, snapshot: &Arc<Snapshot>, wanted: &Wanted) -> Vec<Arc<KeptFile>> {
    let mut kept = Vec::new();
    for file in &snapshot.files {
        let file = lake.held().kept_file(snapshot, file, wanted).await;
        kept.push(Arc::new(file.expect("all of it is kept")));
    }
    kept
}

/// A column's values as numbers: `None` where they are null.
fn numbers(rows: &RecordBatch, column: &str) -> Vec<Option<i128>> {
    let column = rows.column_by_name(column).expect("a column");
    let column = match column.data_type() {
        DataType::Decimal128(..) => column.clone(),
        DataType::Date32 => {
            cast(&cast(column, &DataType::Int32).expect("days"), &DataType::Decimal128(38, 0)).expect("days")
        }
        _ => cast(&cast(column, &DataType::Int64).expect("numbers"), &DataType::Decimal128(38, 0)).expect("numbers"),
    };
    column.as_primitive::<arrow::datatypes::Decimal128Type>().iter().collect()
}

fn channels(rows: &RecordBatch) -> Vec<String> {
    texts(rows, "point")
        .iter()
        .zip(texts(rows, "quantity"))
        .map(|(point, quantity)| format!("{point} {quantity}"))
        .collect()
}

fn qualities(rows: &RecordBatch) -> Vec<String> {
    texts(rows, "quality")
}

fn texts(rows: &RecordBatch, name: &str) -> Vec<String> {
    let column = cast(rows.column_by_name(name).expect("a column"), &DataType::Utf8).expect("texts");
    column.as_string::<i32>().iter().map(|text| text.expect("a text").to_owned()).collect()
}

/// The last reading of each channel, and what readings of a local day come to, are those of all rows.
async fn assert_condensed(lake: &DeltaLake, tenant: &Tenant) {
    let view = lake.view(tenant).expect("tables");
    let snapshot = view.snapshot(TableName::Readings).expect("readings");
    let mut latest: BTreeMap<String, (i128, Option<i128>)> = BTreeMap::new();
    let mut by_day: BTreeMap<(String, String, i128), [i128; 4]> = BTreeMap::new();
    let add = |day: &mut [i128; 4], [readings, sum, minimum, maximum]: [i128; 4]| {
        *day = [day[0] + readings, day[1] + sum, day[2].min(minimum), day[3].max(maximum)];
    };
    const NONE: [i128; 4] = [0, 0, i128::MAX, i128::MIN];
    for rows in &rows_of_files(snapshot) {
        let (starts, values) = (numbers(rows, "period_start"), numbers(rows, "value"));
        let channels = channels(rows).into_iter().zip(qualities(rows));
        for (((channel, quality), start), value) in channels.zip(starts).zip(values) {
            let start = start.expect("a start");
            let last = latest.entry(channel.clone()).or_insert((start, value));
            *last = (*last).max((start, value));
            let day = day_number(Timestamp::from_micros(start as i64)).into();
            let value = value.map_or([0, i128::MAX, i128::MIN], |value| [value; 3]);
            add(by_day.entry((channel, quality, day)).or_insert(NONE), [1, value[0], value[1], value[2]]);
        }
    }
    let wanted = Arc::new(all(Grain::Latest, columns(&["point", "quantity", "period_start", "value"])));
    let mut found: BTreeMap<String, (i128, Option<i128>)> = BTreeMap::new();
    for rows in scanned(&kept(lake, snapshot, &wanted).await, &wanted, 3).await {
        let (starts, values) = (numbers(&rows, "period_start"), numbers(&rows, "value"));
        for ((channel, start), value) in channels(&rows).into_iter().zip(starts).zip(values) {
            let last = found.entry(channel).or_insert((start.expect("a start"), value));
            *last = (*last).max((start.expect("a start"), value));
        }
    }
    assert_eq!(found, latest);
    let wanted = Arc::new(all(Grain::Day, metrify_lake::days()));
    let mut found: BTreeMap<(String, String, i128), [i128; 4]> = BTreeMap::new();
    for rows in scanned(&kept(lake, snapshot, &wanted).await, &wanted, 2).await {
        let amounts = ["day", "readings", "sum", "minimum", "maximum"].map(|name| numbers(&rows, name));
        for (row, (channel, quality)) in channels(&rows).into_iter().zip(qualities(&rows)).enumerate() {
            let [day, readings, sum, minimum, maximum] = amounts.each_ref().map(|column| column[row]);
            let ends = [minimum.unwrap_or(i128::MAX), maximum.unwrap_or(i128::MIN)];
            let amounts = [readings.expect("a count"), sum.unwrap_or(0), ends[0], ends[1]];
            add(found.entry((channel, quality, day.expect("a day"))).or_insert(NONE), amounts);
        }
    }
    assert!(found.len() > 100 && found == by_day);
}

/// All that is wanted is the same from what is kept and from the files.
async fn assert_same(lake: &DeltaLake, tenant: &Tenant) -> usize {
    let view = lake.view(tenant).expect("tables");
    let snapshot = view.snapshot(TableName::Readings).expect("readings");
    let files = rows_of_files(snapshot);
    let name = |point: usize| format!("a meter with a long name {point}");
    let quarter = |number: i64| number * 15 * MINUTE;
    let times: [RangeInclusive<i64>; 7] = [
        i64::MIN..=i64::MAX,
        quarter(100)..=quarter(130),
        quarter(100) + 1..=quarter(130) - 1,
        quarter(117)..=quarter(117),
        i64::MIN..=quarter(70),
        quarter(400)..=i64::MAX,
        RangeInclusive::new(1, 0),
    ];
    let mut rows = 0;
    for names in [&[][..], &["point", "value"], &["period_end", "quality", "quantity"], &["sequence", "restored"]] {
        for starts in &times {
            for points in [None, Some(vec![name(3)]), Some(vec![name(7), name(1), "no meter".to_owned()])] {
                for quantities in [None, Some(vec![QUANTITIES[1].to_owned()])] {
                    let wanted = Arc::new(Wanted {
                        points: points.clone(),
                        quantities,
                        starts: starts.clone(),
                        ..all(Grain::Reading, columns(names))
                    });
                    let expected = shown(&chosen(&files, &wanted), &wanted.columns);
                    let kept = kept(lake, snapshot, &wanted).await;
                    for shares in [1, 3] {
                        let found = scanned(&kept, &wanted, shares).await;
                        assert!(shown(&found, &wanted.columns) == expected, "{wanted:?} in {shares} shares");
                    }
                    rows += expected.len();
                }
            }
        }
    }
    rows
}

#[tokio::test]
async fn what_is_kept_gives_the_rows_of_the_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let tenant: Tenant = "default".parse().expect("a tenant");
    let lake = open(folder.path(), &tenant).await;
    let mut all = Vec::new();
    for round in 0..9 {
        let said = readings(round);
        land(&lake, &tenant, round as u64 + 1, batch(&said), Standing::First).await;
        all.extend(said);
    }
    lake.compact(&tenant).await.expect("a compaction");
    assert!(assert_same(&lake, &tenant).await > 100_000);
    assert_condensed(&lake, &tenant).await;

    // Some rows of the file are deleted, and those that replace them lie in another.
    let corrections = all.iter().step_by(23).map(|(channel, reading)| {
        let value = reading.value.map(|_| Decimal::from(7_777));
        (channel.clone(), Reading { value, ..*reading })
    });
    let corrections: Vec<_> = corrections.filter(|(_, reading)| reading.value.is_some()).collect();
    land(&lake, &tenant, 10, batch(&corrections), Standing::Correction).await;
    let view = lake.view(&tenant).expect("tables");
    let snapshot = view.snapshot(TableName::Readings).expect("readings");
    assert!(snapshot.files.iter().any(|file| file.deleted.is_some()) && snapshot.files.len() > 1);
    // Opened again, nothing is in memory.
    let lake = open(folder.path(), &tenant).await;
    assert!(assert_same(&lake, &tenant).await > 100_000);
    assert_condensed(&lake, &tenant).await;
}
