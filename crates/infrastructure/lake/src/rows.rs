//! Versions of readings as Arrow columns, and back.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, TimestampMicrosecondBuilder};
use arrow::compute::cast;
use arrow::datatypes::{Decimal128Type, Field, Int64Type, Schema, SchemaRef, TimestampMicrosecondType};
use metrify_application::record::{Accepted, DeliveryId, Sequence, Version};
use metrify_application::{Error, Kind, Result};
use metrify_domain::{Batch, Channel, Code, Decimal, Period, Reading, Timestamp, Unit};

use crate::lay::{Columns, Source};
use crate::schema::{TableName, instant};
use crate::write::internal;

/// The chosen rows of an entry's batch.
///
/// # Errors
/// Never, but for a mistake in the schema.
pub fn readings_batch(entry: &Accepted, position: u64, rows: impl Iterator<Item = usize>) -> Result<RecordBatch> {
    let mut columns = Columns::new()?;
    let mut source = Source::new(&entry.batch, entry.delivery.as_str(), entry.received_at);
    for index in rows {
        columns.push(&mut source, &entry.batch.rows()[index], Sequence::new(position, index));
    }
    columns.finish_plain()
}

/// What somebody who writes a delivery says of readings: their columns up to `reason`, and when they became known where
/// their message has a time of its own.
pub(crate) fn statements_schema() -> SchemaRef {
    let readings = TableName::Readings.schema();
    let own = readings.fields().iter().take_while(|field| field.name() != "recorded_at").cloned();
    Arc::new(Schema::new(own.chain([Arc::new(Field::new("recorded_at", instant(), true))]).collect::<Vec<_>>()))
}

/// All rows of a batch as [`statements_schema`] has them.
pub(crate) fn statements_batch(batch: &Batch) -> Result<RecordBatch> {
    let mut columns = Columns::new()?;
    let mut source = Source::new(batch, "", Timestamp::default());
    let mut known = TimestampMicrosecondBuilder::new().with_timezone("UTC");
    for row in batch.rows() {
        known.append_option(batch.document(row).known_at.map(Timestamp::micros));
        columns.push(&mut source, row, Sequence::default());
    }
    let schema = statements_schema();
    let own = columns.finish_plain()?.columns().iter().take(schema.fields().len() - 1).cloned().collect::<Vec<_>>();
    let columns = own.into_iter().chain([Arc::new(known.finish()) as ArrayRef]).collect();
    RecordBatch::try_new(schema, columns).map_err(|error| internal("lay rows into columns", error))
}

/// Versions, all of them `restored` (they hold again) or none.
///
/// # Errors
/// Never, but for a mistake in the schema.
pub(crate) fn versions_batch<'a>(versions: impl Iterator<Item = &'a Version>, restored: bool) -> Result<RecordBatch> {
    let mut columns = Columns::new()?;
    versions.for_each(|version| columns.push_version(version, restored));
    columns.finish_plain()
}

/// Rows with all columns of [`TableName::Readings`], their texts as texts.
pub(crate) fn plain(rows: &RecordBatch) -> Result<RecordBatch> {
    let failed = |error| internal("lay rows into columns", error);
    let schema = TableName::Readings.schema();
    let columns = schema.fields().iter().zip(rows.columns()).map(|(field, column)| cast(column, field.data_type()));
    let columns = columns.collect::<std::result::Result<Vec<_>, _>>().map_err(failed)?;
    RecordBatch::try_new(schema, columns).map_err(failed)
}

/// The version in one row of a data file with all columns of [`TableName::Readings`].
pub(crate) fn version(rows: &RecordBatch, row: usize) -> Result<Version> {
    read_version(rows, row)
        .ok_or_else(|| Error::new(Kind::Corrupt, format!("read row {row} of a data file of readings")))
}

fn read_version(rows: &RecordBatch, row: usize) -> Option<Version> {
    let text = |name: &str| text_at(rows.column_by_name(name)?, row);
    let time = |name: &str| time_at(rows.column_by_name(name)?, row);
    let (start, end) = (time("period_start")?, time("period_end")?);
    let value = rows.column_by_name("value")?.as_primitive_opt::<Decimal128Type>()?;
    let reading = Reading {
        kind: text("kind")?.parse().ok()?,
        period: Period::interval(start, end).unwrap_or(Period::instant(start)),
        value: if value.is_null(row) { None } else { Some(Decimal::from_units(value.value(row))?) },
        unit: Unit::new(text("unit")?)?,
        quality: text("quality")?.parse().ok()?,
        method: text("method").and_then(Code::new),
        reason: text("reason").and_then(Code::new),
    };
    Some(Version {
        channel: Channel { point: text("point")?.parse().ok()?, quantity: text("quantity")?.parse().ok()? },
        reading,
        recorded_at: time("recorded_at")?,
        delivery: DeliveryId::from_stored(text("delivery")?.to_owned()),
        document: text("document")?.to_owned(),
        sequence: Sequence(rows.column_by_name("sequence")?.as_primitive_opt::<Int64Type>()?.value(row)),
    })
}

pub(crate) fn text_at(column: &ArrayRef, row: usize) -> Option<&str> {
    let texts = column.as_string_opt::<i32>()?;
    (!texts.is_null(row)).then(|| texts.value(row))
}

pub(crate) fn time_at(column: &ArrayRef, row: usize) -> Option<Timestamp> {
    let times = column.as_primitive_opt::<TimestampMicrosecondType>()?;
    (!times.is_null(row)).then(|| Timestamp::from_micros(times.value(row)))
}
