//! Writes data files: sorted by channel and time, small, with the statistics that let readers skip them.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{SortColumn, SortOptions, lexsort_to_indices, take_record_batch};
use arrow::datatypes::{DataType, SchemaRef, TimestampMicrosecondType};
use deltalake::Path;
use deltalake::kernel::Add;
use deltalake::logstore::ObjectStoreRef;
use deltalake::logstore::object_store::ObjectStoreExt;
use metrify_application::{Error, Kind, Result};
use metrify_domain::Timestamp;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion};
use parquet::schema::types::ColumnPath;
use uuid::Uuid;

use crate::land::READINGS_ORDER;
use crate::layout::Layout;
use crate::names::millis;
use crate::schema::TableName;

/// Rows of one row group: what a reader skips or decodes as a whole.
const ROW_GROUP_ROWS: usize = 1 << 20;
/// Rows of one data page: the finest piece that a reader can skip.
const PAGE_ROWS: usize = 20_000;
/// Distinct values of a column chunk are kept in a dictionary up to this size; a million values of a load curve in
/// watt-hours have some ten thousand.
const DICTIONARY_BYTES: usize = 4 << 20;
const ZSTD_LEVEL: i32 = 3;

/// Sorts rows into the order that files are kept in: the given columns, ascending.
pub(crate) fn sorted(batch: &RecordBatch, by: &[&str]) -> Result<RecordBatch> {
    let columns: Vec<SortColumn> = by
        .iter()
        .filter_map(|name| batch.column_by_name(name))
        .map(|values| SortColumn { values: values.clone(), options: Some(SortOptions::default()) })
        .collect();
    let order = lexsort_to_indices(&columns, None).map_err(|error| internal("sort rows", error))?;
    take_record_batch(batch, &order).map_err(|error| internal("sort rows", error))
}

pub(crate) fn internal(step: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Kind::Internal, step).because(error)
}

/// How data files are encoded, see the decisions in ARCHITECTURE.md.
#[must_use]
pub fn data_file_properties() -> WriterPropertiesBuilder {
    let mut properties = WriterProperties::builder()
        // The first version knows no dictionaries of values of a fixed length, as decimals are.
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_encoding(Encoding::PLAIN)
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL).unwrap_or_default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_statistics_truncate_length(None);
    // Which pages hold a month or a channel is worth to know. Of columns whose texts nobody looks for page by page it is not:
    // comparing them would cost more than all else that is written. What the table knows of them for a whole file remains.
    for name in ["kind", "unit", "quality", "method", "reason", "delivery", "document"] {
        properties = properties.set_column_statistics_enabled(ColumnPath::from(name), EnabledStatistics::None);
    }
    // Times and numbers that mostly grow by the same step take a fraction of a bit as differences.
    for name in ["period_start", "period_end", "sequence"] {
        let column = ColumnPath::from(name);
        properties = properties
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
    }
    properties
}

/// Where rows are looked for one by one pages are small, and names, of which each is another one, are in no dictionary: it would have to
/// be read whole for each of them.
fn found_one_by_one(table: TableName, mut properties: WriterPropertiesBuilder) -> WriterPropertiesBuilder {
    const PAGE_ROWS: usize = 1_000;
    if table.named_by().is_empty() {
        return properties;
    }
    let of_receipts = (table == TableName::Receipts).then_some("delivery");
    for name in table.named_by().iter().copied().chain(of_receipts) {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(name), false);
    }
    properties.set_data_page_row_count_limit(PAGE_ROWS)
}

/// Where the columns of [`READINGS_ORDER`] stand in data files of readings.
pub(crate) fn sorting_columns() -> Vec<SortingColumn> {
    let schema = TableName::Readings.schema();
    let places = READINGS_ORDER.iter().filter_map(|name| schema.index_of(name).ok());
    places.map(|place| SortingColumn { column_idx: place as i32, descending: false, nulls_first: false }).collect()
}

/// A data file that is being written, piece by piece. Encoded pages are held until it is done, rows are not.
pub(crate) struct DataFile {
    month: Option<String>,
    writer: ArrowWriter<Vec<u8>>,
    told: Statistics,
}

impl DataFile {
    /// A file of a table's rows: of those of one month where the table is parted, which then come in the order of files.
    ///
    /// # Errors
    /// Where `schema` has a type that files cannot have.
    pub(crate) fn new(table: TableName, month: Option<&str>, schema: SchemaRef) -> Result<Self> {
        let properties = found_one_by_one(table, data_file_properties());
        let properties = properties.set_sorting_columns(month.map(|_| sorting_columns()));
        // How the columns lie in memory is no part of the file: a text is a text, whether it was numbered here or not.
        let options = ArrowWriterOptions::new().with_properties(properties.build()).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(Vec::new(), schema, options)
            .map_err(|error| internal("write a data file", error))?;
        Ok(Self { month: month.map(str::to_owned), writer, told: Statistics::default() })
    }

    pub(crate) fn push(&mut self, rows: &RecordBatch) -> Result<()> {
        self.told.add(rows);
        self.writer.write(rows).map_err(|error| internal("write a data file", error))
    }

    /// Stores the file and describes it for the commit.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub(crate) async fn store(self, store: &ObjectStoreRef, unique: Uuid) -> Result<Add> {
        let name = Layout::data_file(self.month.as_deref(), &unique.to_string());
        let bytes = self.writer.into_inner().map_err(|error| internal("write a data file", error))?;
        let size = bytes.len();
        let step = || format!("write data file `{name}`");
        let path = Path::parse(&name).map_err(|error| internal(&step(), error))?;
        store.put(&path, bytes.into()).await.map_err(|error| crate::table::store_error(step(), error))?;
        Ok(Add {
            partition_values: self.month.into_iter().map(|month| ("month".to_owned(), Some(month))).collect(),
            path: name,
            size: i64::try_from(size).unwrap_or(i64::MAX),
            // Readers take it for the age of the file, nothing depends on it here; zero would make vacuum delete it at once.
            modification_time: millis(unique).cast_signed(),
            data_change: true,
            stats: Some(self.told.json().to_string()),
            ..Add::default()
        })
    }
}

/// Number of rows, smallest and largest values and nulls per column, as the Delta protocol writes them.
#[derive(Default)]
struct Statistics {
    rows: usize,
    columns: BTreeMap<String, Facts>,
}

/// What is told of a column.
#[derive(Default)]
struct Facts {
    nulls: usize,
    bounds: Option<Bounds>,
}

impl Statistics {
    fn add(&mut self, rows: &RecordBatch) {
        self.rows += rows.num_rows();
        for (field, column) in rows.schema_ref().fields().iter().zip(rows.columns()) {
            let facts = self.columns.entry(field.name().clone()).or_default();
            facts.nulls += column.logical_null_count();
            facts.bounds = match (facts.bounds.take(), bounds(column)) {
                (Some(one), Some(other)) => one.and(other),
                (one, other) => one.or(other),
            };
        }
    }

    fn json(&self) -> serde_json::Value {
        let (mut low, mut high, mut nulls) = (serde_json::Map::new(), serde_json::Map::new(), serde_json::Map::new());
        for (name, facts) in &self.columns {
            nulls.insert(name.clone(), facts.nulls.into());
            if let Some((smallest, largest)) = facts.bounds.as_ref().map(Bounds::as_json) {
                low.insert(name.clone(), smallest);
                high.insert(name.clone(), largest);
            }
        }
        // Dictionaries may have texts of rows that were left out: bounds exclude, and are no answers.
        serde_json::json!({
            "numRecords": self.rows, "minValues": low, "maxValues": high, "nullCount": nulls, "tightBounds": false,
        })
    }
}

/// The smallest and the largest value of a column.
enum Bounds {
    Texts(String, String),
    Times(Timestamp, Timestamp),
}

impl Bounds {
    /// Of both together; a column has one type.
    fn and(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Texts(low, high), Self::Texts(lower, higher)) => Some(Self::Texts(low.min(lower), high.max(higher))),
            (Self::Times(low, high), Self::Times(lower, higher)) => Some(Self::Times(low.min(lower), high.max(higher))),
            _ => None,
        }
    }

    fn as_json(&self) -> (serde_json::Value, serde_json::Value) {
        match self {
            Self::Texts(low, high) => (low.as_str().into(), high.as_str().into()),
            // Statistics have milliseconds: the lower bound may be lower, the upper one must not be lower.
            Self::Times(low, high) => (milliseconds(*low, 0).into(), milliseconds(*high, 999).into()),
        }
    }
}

fn bounds(column: &ArrayRef) -> Option<Bounds> {
    match column.data_type() {
        // It holds the texts of all rows, and hardly any others.
        DataType::Dictionary(..) => bounds(column.as_any_dictionary().values()),
        DataType::Utf8 => {
            let texts = column.as_string::<i32>();
            let (low, high) = (arrow::compute::min_string(texts)?, arrow::compute::max_string(texts)?);
            Some(Bounds::Texts(low.to_owned(), high.to_owned()))
        }
        DataType::Timestamp(..) => {
            let times = column.as_primitive::<TimestampMicrosecondType>();
            let (low, high) = (arrow::compute::min(times)?, arrow::compute::max(times)?);
            Some(Bounds::Times(Timestamp::from_micros(low), Timestamp::from_micros(high)))
        }
        _ => None,
    }
}

fn milliseconds(at: Timestamp, round_up: i64) -> String {
    let micros = at.micros().saturating_add(round_up);
    let whole = Timestamp::from_micros(micros.div_euclid(1_000).saturating_mul(1_000));
    whole.utc().map_or_else(String::new, |clock| clock.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}
