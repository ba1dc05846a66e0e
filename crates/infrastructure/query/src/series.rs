//! Series that are asked for most, answered without a plan: to plan a query takes longer than to find the readings of a day.

use std::sync::{Arc, LazyLock};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Schema, SchemaRef, TimestampMicrosecondType};
use datafusion::datasource::physical_plan::parquet::transform_schema_to_view;
use metrify_application::ports::{Cell, Page};
use metrify_application::read::{After, SERIES_COLUMNS, Series, Told};
use metrify_application::{Error, Kind, Result, Tenant};
use metrify_lake::{DeltaLake, OfPoint, TableName};

use crate::page;

/// Readings of one answer at most; who wants more asks the engine.
const READINGS_MAX: u64 = 10_000;

static COLUMNS: LazyLock<SchemaRef> = LazyLock::new(|| {
    let all = transform_schema_to_view(&TableName::Readings.schema());
    let wanted = SERIES_COLUMNS.iter().filter_map(|name| all.field_with_name(name).ok());
    Arc::new(Schema::new(wanted.cloned().collect::<Vec<_>>()))
});

/// The place of a reading in its series: its quantity, and start and end of its period in microseconds.
type Place = (String, i64, i64);

/// A series as one page; `None` where the engine has to be asked: for what was known then, for what only a table tells, or for what has
/// to be read from data files.
pub(crate) async fn page(lake: &DeltaLake, tenant: &Tenant, series: &Series) -> Result<Option<Page>> {
    let Some(wanted) = wanted(series) else { return Ok(None) };
    let Some(batches) = lake.of_point(tenant, &wanted).await? else { return Ok(None) };
    let behind = series.after.as_ref().map(|After { quantity, period_start, period_end }| {
        (quantity.clone(), period_start.micros(), period_end.micros())
    });
    let mut rows: Vec<(Place, Vec<Cell>)> = Vec::new();
    for batch in &batches {
        let placed = places(batch)?.into_iter().zip(page::rows(batch)?);
        rows.extend(placed.filter(|(place, _)| behind.as_ref().is_none_or(|behind| behind < place)));
    }
    rows.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    rows.truncate(wanted.limit);
    let columns = SERIES_COLUMNS.map(str::to_owned).to_vec();
    Ok(Some(Page { columns, rows: rows.into_iter().map(|(_, cells)| cells).collect() }))
}

fn wanted(series: &Series) -> Option<OfPoint> {
    let Series { resource, point, told, quantity, start, end, known_at, after, limit } = series;
    let limit = limit.filter(|limit| *limit <= READINGS_MAX)?;
    // Whoever reads on somewhere in a series of many quantities would have all before it read again.
    let reads_on = after.is_some() && quantity.is_none();
    if known_at.is_some() || *told != Told::All || !resource.is_personal() || reads_on {
        return None;
    }
    let of_page = after.as_ref().map(|after| after.period_start.micros());
    let first = start.map_or(i64::MIN, |start| start.micros()).max(of_page.unwrap_or(i64::MIN));
    let last = end.map_or(i64::MAX, |end| end.micros().saturating_sub(1));
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Some(OfPoint {
        point: point.to_string(),
        quantity: quantity.as_ref().map(ToString::to_string),
        starts: first..=last,
        columns: COLUMNS.clone(),
        behind: after.as_ref().map(|after| (after.period_start.micros(), after.period_end.micros())),
        limit,
    })
}

fn places(batch: &RecordBatch) -> Result<Vec<Place>> {
    let lacking = || Error::new(Kind::Internal, "order the readings: a column is none of theirs");
    let micros = |name: &str| {
        let column = batch.column_by_name(name)?.as_primitive_opt::<TimestampMicrosecondType>()?;
        Some(column.values().iter().copied())
    };
    let quantities = batch.column_by_name("quantity").ok_or_else(lacking)?;
    let quantities: Vec<String> = match (quantities.as_string_view_opt(), quantities.as_string_opt::<i32>()) {
        (Some(texts), _) => texts.iter().map(|text| text.unwrap_or_default().to_owned()).collect(),
        (None, Some(texts)) => texts.iter().map(|text| text.unwrap_or_default().to_owned()).collect(),
        (None, None) => return Err(lacking()),
    };
    let starts = micros("period_start").ok_or_else(lacking)?;
    let ends = micros("period_end").ok_or_else(lacking)?;
    Ok(quantities.into_iter().zip(starts.zip(ends)).map(|(quantity, (start, end))| (quantity, start, end)).collect())
}
