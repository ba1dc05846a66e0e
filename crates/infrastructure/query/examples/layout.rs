//! What a layout of data files costs: bytes a reading, files, and the time of three queries, for few meters over long and many
//! meters over short. The rows are those of a simulated fleet; every variant changes one thing of the layout in force.
//!
//!     cargo build --workspace --features measure --example layout
//!     target/debug/examples/layout [meters-long days-long meters-wide days-wide]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::time::Instant;

use arrow::array::{AsArray, RecordBatch, UInt32Array};
use arrow::compute::{SortColumn, concat_batches, lexsort_to_indices, take_record_batch};
use arrow::datatypes::TimestampMicrosecondType;
use chrono::{DateTime, NaiveDate};
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use metrify_application::record::{Accepted, DeliveryId, Standing};
use metrify_lake::{TableName, data_file_properties, readings_batch};
use metrify_simulation::{Batches, Fleet, Settings};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

type Failure = Box<dyn std::error::Error>;

/// How the rows are shared out among folders.
#[derive(Clone, Copy)]
enum Parts {
    Day,
    Month,
    Year,
}

impl Parts {
    const fn digits(self) -> &'static str {
        match self {
            Self::Day => "%Y-%m-%d",
            Self::Month => "%Y-%m",
            Self::Year => "%Y",
        }
    }
}

#[derive(Clone, Copy)]
struct Variant {
    name: &'static str,
    parts: Parts,
    order: [&'static str; 4],
    file_rows: usize,
    properties: fn(WriterPropertiesBuilder) -> WriterPropertiesBuilder,
}

const CHANNEL_TIME: [&str; 4] = ["point", "quantity", "period_start", "period_end"];
const IN_FORCE: Variant = Variant {
    name: "in force: month; point, quantity, time; dictionary, zstd 3",
    parts: Parts::Month,
    order: CHANNEL_TIME,
    file_rows: 2 << 20,
    properties: |same| same,
};

fn value() -> ColumnPath {
    ColumnPath::from("value")
}

fn variants() -> Vec<Variant> {
    let with = |name, properties| Variant { name, properties, ..IN_FORCE };
    vec![
        IN_FORCE,
        Variant { name: "a folder for each day", parts: Parts::Day, ..IN_FORCE },
        Variant { name: "a folder for each year", parts: Parts::Year, ..IN_FORCE },
        Variant {
            name: "quantity, point, time",
            order: ["quantity", "point", "period_start", "period_end"],
            ..IN_FORCE
        },
        Variant {
            name: "time, point, quantity",
            order: ["period_start", "period_end", "point", "quantity"],
            ..IN_FORCE
        },
        with("values plain", |new| new.set_column_dictionary_enabled(value(), false)),
        with("values byte by byte (BYTE_STREAM_SPLIT)", |new| {
            new.set_column_dictionary_enabled(value(), false).set_column_encoding(value(), Encoding::BYTE_STREAM_SPLIT)
        }),
        with("times in dictionaries", |new| {
            ["period_start", "period_end", "sequence"]
                .into_iter()
                .fold(new, |new, name| new.set_column_dictionary_enabled(ColumnPath::from(name), true))
        }),
        with("zstd 1", |new| new.set_compression(zstd(1))),
        with("zstd 9", |new| new.set_compression(zstd(9))),
        with("row groups of 131,072", |new| new.set_max_row_group_row_count(Some(1 << 17))),
        with("pages of 5,000 rows", |new| new.set_data_page_row_count_limit(5_000)),
        Variant { name: "files of 8 million rows", file_rows: 8 << 20, ..IN_FORCE },
    ]
}

fn zstd(level: i32) -> Compression {
    Compression::ZSTD(ZstdLevel::try_new(level).unwrap_or_default())
}

/// A fleet's readings as rows of the table, in the order they were told.
fn rows(meters: u32, days: u32) -> Result<RecordBatch, Failure> {
    let first_day = NaiveDate::from_ymd_opt(2025, 1, 1).ok_or("a date")?;
    let settings = Settings { surroundings: false, ..Settings::new(7, meters, first_day, days) };
    let fleet = Fleet::new(settings)?;
    let mut told = Vec::new();
    for (position, batch) in (1..).zip(Batches::new(&fleet, &fleet.whole())) {
        let standings = vec![Standing::First; batch.rows().len()];
        let entry = Accepted {
            delivery: DeliveryId::from_digest(&[position as u8; 16]),
            batch,
            standings,
            ..Accepted::default()
        };
        told.push(readings_batch(&entry, position, 0..entry.batch.rows().len())?);
    }
    Ok(concat_batches(&TableName::Readings.schema(), &told)?)
}

fn folders(rows: &RecordBatch, parts: Parts) -> Result<BTreeMap<String, Vec<u32>>, Failure> {
    let starts = rows.column_by_name("period_start").ok_or("no column")?.as_primitive::<TimestampMicrosecondType>();
    let mut folders: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for (row, start) in (0..).zip(starts.values()) {
        let at = DateTime::from_timestamp_micros(*start).ok_or("a time")?;
        folders.entry(at.format(parts.digits()).to_string()).or_default().push(row);
    }
    Ok(folders)
}

/// Writes all rows and tells how many files and bytes that took.
fn write(rows: &RecordBatch, variant: Variant, folder: &Path) -> Result<(usize, u64), Failure> {
    let (mut files, mut bytes) = (0, 0);
    for (part, members) in folders(rows, variant.parts)? {
        let members = take_record_batch(rows, &UInt32Array::from(members))?;
        let columns = variant.order.iter().filter_map(|name| members.column_by_name(name));
        let columns: Vec<_> = columns.map(|values| SortColumn { values: values.clone(), options: None }).collect();
        let sorted = take_record_batch(&members, &lexsort_to_indices(&columns, None)?)?;
        fs::create_dir_all(folder.join(&part))?;
        for first in (0..sorted.num_rows()).step_by(variant.file_rows) {
            let path = folder.join(&part).join(format!("{first}.parquet"));
            let properties: WriterProperties = (variant.properties)(data_file_properties()).build();
            let mut writer = ArrowWriter::try_new(File::create(&path)?, sorted.schema(), Some(properties))?;
            writer.write(&sorted.slice(first, variant.file_rows.min(sorted.num_rows() - first)))?;
            writer.close()?;
            (files, bytes) = (files + 1, bytes + fs::metadata(&path)?.len());
        }
    }
    Ok((files, bytes))
}

/// The median of five runs, in milliseconds.
async fn asked(session: &SessionContext, query: &str) -> Result<f64, Failure> {
    let mut times = Vec::new();
    for _ in 0..5 {
        #[allow(clippy::disallowed_methods, reason = "to time it is what this program is for")]
        let begin = Instant::now();
        session.sql(query).await?.collect().await?;
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

async fn session(folder: &Path) -> Result<SessionContext, Failure> {
    let config = SessionConfig::new()
        .with_target_partitions(2)
        .set_bool("datafusion.execution.listing_table_ignore_subdirectory", false)
        .set_bool("datafusion.execution.parquet.pushdown_filters", true)
        .set_bool("datafusion.execution.parquet.reorder_filters", true);
    let session = SessionContext::new_with_config(config);
    session.register_parquet("readings", folder.to_string_lossy(), ParquetReadOptions::default()).await?;
    Ok(session)
}

#[allow(clippy::print_stdout, reason = "the report is its result")]
async fn measure(name: &str, meters: u32, days: u32) -> Result<(), Failure> {
    let rows = rows(meters, days)?;
    let point =
        rows.column_by_name("point").ok_or("no column")?.as_string::<i32>().value(rows.num_rows() / 2).to_owned();
    let queries = [
        format!("select count(*), sum(value) from readings where point = '{point}' and quantity = '1-0:1.29.0'"),
        "select period_start, sum(value) from readings where quantity = '1-0:1.29.0' and period_start >= '2025-01-01T12:00:00Z' \
         and period_start < '2025-01-02T12:00:00Z' group by 1"
            .to_owned(),
        "select quantity, sum(value) from readings group by 1".to_owned(),
    ];
    println!("\n{name}: {meters} meters, {days} days, {} readings", rows.num_rows());
    println!("| layout | bytes a reading | files | write, million rows/s | a point, ms | a day, ms | all, ms |");
    println!("|---|---|---|---|---|---|---|");
    for variant in variants() {
        let folder = std::env::temp_dir().join(format!("metrify-layout-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        #[allow(clippy::disallowed_methods, reason = "to time it is what this program is for")]
        let begin = Instant::now();
        let (files, bytes) = write(&rows, variant, &folder)?;
        let rate = rows.num_rows() as f64 / begin.elapsed().as_secs_f64() / 1e6;
        let session = session(&folder).await?;
        let mut times = Vec::new();
        for query in &queries {
            times.push(asked(&session, query).await?);
        }
        fs::remove_dir_all(&folder)?;
        let each = bytes as f64 / rows.num_rows() as f64;
        println!(
            "| {} | {each:.2} | {files} | {rate:.1} | {:.1} | {:.1} | {:.1} |",
            variant.name, times[0], times[1], times[2]
        );
    }
    Ok(())
}

#[tokio::main]
#[allow(clippy::disallowed_methods, reason = "what to measure is told on its command line")]
async fn main() -> Result<(), Failure> {
    let given: Vec<u32> = std::env::args().skip(1).map(|number| number.parse()).collect::<Result<_, _>>()?;
    let [long_meters, long_days, wide_meters, wide_days] = *given.as_slice() else {
        measure("few meters over long", 30, 1_096).await?;
        return measure("many meters over short", 20_000, 2).await;
    };
    measure("few meters over long", long_meters, long_days).await?;
    measure("many meters over short", wide_meters, wide_days).await
}
