//! Writes data files: sorted by channel and time, small, with the statistics that let readers skip them.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::{SortColumn, SortOptions, lexsort_to_indices, take_record_batch};
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use deltalake::Path;
use deltalake::kernel::Add;
use deltalake::logstore::ObjectStoreRef;
use deltalake::logstore::object_store::ObjectStoreExt;
use metrify_application::{Error, Kind, Result};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion};
use parquet::schema::types::ColumnPath;
use uuid::Uuid;

use crate::layout::Layout;
use crate::names::millis;

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
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL).unwrap_or_default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_statistics_truncate_length(None);
    // Times and numbers that mostly grow by the same step take a fraction of a bit as differences.
    for name in ["period_start", "period_end", "sequence"] {
        let column = ColumnPath::from(name);
        properties = properties
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
    }
    properties
}

/// Writes sorted rows as one file and describes it for the commit.
///
/// # Errors
/// Where the store cannot be written.
pub(crate) async fn write_file(
    store: &ObjectStoreRef,
    month: Option<&str>,
    unique: Uuid,
    rows: &RecordBatch,
) -> Result<Add> {
    let name = Layout::data_file(month, &unique.to_string());
    // How the columns lie in memory is no part of the file: a text is a text, whether it was numbered here or not.
    let options =
        ArrowWriterOptions::new().with_properties(data_file_properties().build()).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(Vec::new(), rows.schema(), options)
        .map_err(|error| internal("write a data file", error))?;
    writer.write(rows).map_err(|error| internal("write a data file", error))?;
    let bytes = writer.into_inner().map_err(|error| internal("write a data file", error))?;
    let size = bytes.len();
    let step = || format!("write data file `{name}`");
    let path = Path::parse(&name).map_err(|error| internal(&step(), error))?;
    store.put(&path, bytes.into()).await.map_err(|error| crate::table::store_error(step(), error))?;
    let partition_values = month.map(|month| ("month".to_owned(), Some(month.to_owned())));
    Ok(Add {
        path: name,
        partition_values: partition_values.into_iter().collect::<HashMap<_, _>>(),
        size: i64::try_from(size).unwrap_or(i64::MAX),
        // Readers take it for the age of the file, nothing depends on it here; zero would make vacuum delete it at once.
        modification_time: millis(unique).cast_signed(),
        data_change: true,
        stats: Some(statistics(rows).to_string()),
        ..Add::default()
    })
}

/// Number of rows, smallest and largest values and nulls per column, as the Delta protocol writes them.
fn statistics(rows: &RecordBatch) -> serde_json::Value {
    let (mut low, mut high, mut nulls) = (serde_json::Map::new(), serde_json::Map::new(), serde_json::Map::new());
    for (field, column) in rows.schema().fields().iter().zip(rows.columns()) {
        nulls.insert(field.name().clone(), column.null_count().into());
        if let Some((smallest, largest)) = bounds(column) {
            low.insert(field.name().clone(), smallest);
            high.insert(field.name().clone(), largest);
        }
    }
    serde_json::json!({ "numRecords": rows.num_rows(), "minValues": low, "maxValues": high, "nullCount": nulls })
}

fn bounds(column: &Arc<dyn Array>) -> Option<(serde_json::Value, serde_json::Value)> {
    match column.data_type() {
        // It holds the texts of these rows and no others.
        DataType::Dictionary(..) => bounds(column.as_any_dictionary().values()),
        DataType::Utf8 => {
            let texts = column.as_string::<i32>();
            let low = arrow::compute::min_string(texts)?;
            let high = arrow::compute::max_string(texts)?;
            Some((low.into(), high.into()))
        }
        DataType::Timestamp(..) => {
            let times = column.as_primitive::<TimestampMicrosecondType>();
            let low = metrify_domain::Timestamp::from_micros(arrow::compute::min(times)?);
            let high = metrify_domain::Timestamp::from_micros(arrow::compute::max(times)?);
            // Statistics have milliseconds: the lower bound may be lower, the upper one must not be lower.
            Some((milliseconds(low, 0).into(), milliseconds(high, 999).into()))
        }
        _ => None,
    }
}

fn milliseconds(at: metrify_domain::Timestamp, round_up: i64) -> String {
    let micros = at.micros().saturating_add(round_up);
    let whole = metrify_domain::Timestamp::from_micros(micros - micros.rem_euclid(1_000));
    whole.utc().map_or_else(String::new, |clock| clock.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}
