//! Series that are asked for most, answered without a plan: to plan a query takes longer than to find the readings of a day.

use std::sync::{Arc, LazyLock};

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::{cast, interleave_record_batch};
use arrow::datatypes::{Schema, SchemaRef, TimestampMicrosecondType};
use datafusion::datasource::physical_plan::parquet::transform_schema_to_view;
use metrify_application::ports::{Page, Rows};
use metrify_application::read::{After, SERIES_COLUMNS, Series, Told};
use metrify_application::{Error, Kind, Result, Tenant};
use metrify_domain::Timestamp;
use metrify_domain::time::HOUR;
use metrify_lake::{DeltaLake, OfPoint, TableName};

use crate::{failed, page};

/// Readings of one answer at most; who wants more asks the engine.
const READINGS_MAX: u64 = 10_000;
/// A time of which all quantities are told, in microseconds; who wants a longer one asks the engine.
const SPAN_US_MAX: i64 = 62 * 24 * HOUR;

static COLUMNS: LazyLock<SchemaRef> = LazyLock::new(|| {
    let all = transform_schema_to_view(&TableName::Readings.schema());
    let wanted = SERIES_COLUMNS.iter().filter_map(|name| all.field_with_name(name).ok());
    Arc::new(Schema::new(wanted.cloned().collect::<Vec<_>>()))
});

/// The place of a reading in its series: its quantity, and start and end of its period in microseconds.
type Place = (String, i64, i64);

/// A series as one page; `None` where the engine has to be asked: for what was known then or ends by an instant, for what only a table tells, or
/// for what has to be read from data files.
pub(crate) async fn page(lake: &DeltaLake, tenant: &Tenant, series: &Series) -> Result<Option<Page>> {
    let Some(wanted) = wanted(series) else { return Ok(None) };
    let Some(batches) = lake.of_point(tenant, &wanted).await? else { return Ok(None) };
    let behind = series.after.as_ref().map(|After { quantity, period_start, period_end }| {
        (quantity.clone(), period_start.micros(), period_end.micros())
    });
    let batches: Vec<RecordBatch> = batches.iter().map(plain).collect::<Result<_>>()?;
    // Where each row of each batch belongs; only those that are told are made of cells.
    let mut placed: Vec<(Place, (usize, usize))> = Vec::new();
    for (number, batch) in batches.iter().enumerate() {
        let all = places(batch)?.into_iter().enumerate().map(|(row, place)| (place, (number, row)));
        placed.extend(all.filter(|(place, _)| behind.as_ref().is_none_or(|behind| behind < place)));
    }
    placed.sort_unstable();
    placed.truncate(wanted.limit);
    let rows: Vec<(usize, usize)> = placed.into_iter().map(|(_, row)| row).collect();
    let all: Vec<&RecordBatch> = batches.iter().collect();
    let columns = SERIES_COLUMNS.map(str::to_owned).to_vec();
    if rows.is_empty() {
        return Ok(Some(Page { columns, rows: Rows::default() }));
    }
    let told = interleave_record_batch(&all, &rows).map_err(|error| failed("order the readings", error.into()))?;
    Ok(Some(Page { columns, rows: page::rows(&told)? }))
}

/// The same rows, their texts as views, wherever they come from.
fn plain(batch: &RecordBatch) -> Result<RecordBatch> {
    let columns = COLUMNS.fields().iter().zip(batch.columns()).map(|(field, column)| cast(column, field.data_type()));
    let rows = columns.collect::<std::result::Result<Vec<_>, _>>();
    let rows = rows.and_then(|columns| RecordBatch::try_new(COLUMNS.clone(), columns));
    rows.map_err(|error| failed("order the readings", error.into()))
}

fn wanted(series: &Series) -> Option<OfPoint> {
    let Series { resource, point, told, quantity, start, end, ends_by, known_at, after, limit } = series;
    let limit = limit.filter(|limit| *limit <= READINGS_MAX)?;
    // Whoever reads on somewhere in a series of many quantities would have all before it read again.
    let of_one = quantity.as_ref().map(ToString::to_string);
    let reads_on = after.as_ref().is_some_and(|after| of_one.as_ref() != Some(&after.quantity));
    // Of several quantities all files within the time are looked at, however few rows are wanted.
    let (first, last) = (start.map(Timestamp::micros), end.map(Timestamp::micros));
    let is_short = first.zip(last).is_some_and(|(first, last)| last.saturating_sub(first) <= SPAN_US_MAX);
    if known_at.is_some()
        || ends_by.is_some()
        || *told != Told::All
        || !resource.is_personal()
        || reads_on
        || !(is_short || of_one.is_some())
    {
        return None;
    }
    let of_page = after.as_ref().map(|after| after.period_start.micros());
    let first = first.unwrap_or(i64::MIN).max(of_page.unwrap_or(i64::MIN));
    let last = last.map_or(i64::MAX, |last| last.saturating_sub(1));
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Some(OfPoint {
        point: point.clone(),
        quantity: of_one,
        starts: first..=last,
        columns: COLUMNS.clone(),
        behind: after.as_ref().map(|after| (after.period_start.micros(), after.period_end.micros())),
        limit,
    })
}

/// The places of the rows of a [`plain`] batch.
fn places(batch: &RecordBatch) -> Result<Vec<Place>> {
    let lacking = || Error::new(Kind::Internal, "order the readings: a column is none of theirs");
    let micros = |name: &str| {
        let column = batch.column_by_name(name)?.as_primitive_opt::<TimestampMicrosecondType>()?;
        Some(column.values().iter().copied())
    };
    let quantities = batch.column_by_name("quantity").and_then(|column| column.as_string_view_opt());
    let quantities = quantities.ok_or_else(lacking)?;
    let quantities = (0..batch.num_rows()).map(|row| quantities.value(row).to_owned());
    let starts = micros("period_start").ok_or_else(lacking)?;
    let ends = micros("period_end").ok_or_else(lacking)?;
    Ok(quantities.zip(starts.zip(ends)).map(|(quantity, (start, end))| (quantity, start, end)).collect())
}
