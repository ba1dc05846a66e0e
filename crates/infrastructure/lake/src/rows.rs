//! Versions of readings as Arrow columns, and back.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanBuilder, Decimal128Builder, Int64Builder, RecordBatch, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::{Decimal128Type, Field, Int64Type, Schema, SchemaRef, TimestampMicrosecondType};
use metrify_application::record::{Accepted, DeliveryId, Sequence, Version, recorded_at};
use metrify_application::{Error, Kind, Result};
use metrify_domain::decimal::{PRECISION, SCALE};
use metrify_domain::{Batch, Channel, Code, Decimal, Period, Reading, Timestamp, Unit};

use crate::schema::{TableName, instant};
use crate::write::internal;

/// Builds the columns of [`TableName::Readings`].
struct Columns {
    texts: [StringBuilder; 7],
    method: StringBuilder,
    reason: StringBuilder,
    start: TimestampMicrosecondBuilder,
    end: TimestampMicrosecondBuilder,
    recorded: TimestampMicrosecondBuilder,
    value: Decimal128Builder,
    sequence: Int64Builder,
    restored: BooleanBuilder,
}

/// What a row has beside its channel and reading.
struct Lineage<'a> {
    recorded_at: Timestamp,
    delivery: &'a str,
    document: &'a str,
    sequence: Sequence,
    restored: bool,
}

impl Columns {
    fn new() -> Result<Self> {
        let time = || TimestampMicrosecondBuilder::new().with_timezone("UTC");
        let value = Decimal128Builder::new().with_precision_and_scale(PRECISION as u8, SCALE as i8);
        Ok(Self {
            texts: Default::default(),
            method: StringBuilder::new(),
            reason: StringBuilder::new(),
            start: time(),
            end: time(),
            recorded: time(),
            value: value.map_err(|error| internal("make the value column", error))?,
            sequence: Int64Builder::new(),
            restored: BooleanBuilder::new(),
        })
    }

    fn push(&mut self, channel: &Channel, quantity: &str, reading: &Reading, lineage: &Lineage<'_>) {
        let texts = [
            channel.point.as_str(),
            quantity,
            reading.kind.name(),
            reading.unit.as_str(),
            reading.quality.name(),
            lineage.delivery,
            lineage.document,
        ];
        self.texts.iter_mut().zip(texts).for_each(|(column, text)| column.append_value(text));
        self.method.append_option(reading.method.as_ref().map(Code::as_str));
        self.reason.append_option(reading.reason.as_ref().map(Code::as_str));
        self.start.append_value(reading.period.start().micros());
        self.end.append_value(reading.period.end().micros());
        self.recorded.append_value(lineage.recorded_at.micros());
        self.value.append_option(reading.value.map(Decimal::units));
        self.sequence.append_value(lineage.sequence.0);
        self.restored.append_value(lineage.restored);
    }

    fn finish(mut self) -> Result<RecordBatch> {
        let mut texts = self.texts.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef);
        let mut text = || texts.next().unwrap_or_else(|| Arc::new(StringBuilder::new().finish()));
        let (point, quantity, kind, unit, quality, delivery, document) =
            (text(), text(), text(), text(), text(), text(), text());
        let columns: Vec<ArrayRef> = vec![
            point,
            quantity,
            kind,
            Arc::new(self.start.finish()),
            Arc::new(self.end.finish()),
            Arc::new(self.value.finish()),
            unit,
            quality,
            Arc::new(self.method.finish()),
            Arc::new(self.reason.finish()),
            Arc::new(self.recorded.finish()),
            delivery,
            document,
            Arc::new(self.sequence.finish()),
            Arc::new(self.restored.finish()),
        ];
        RecordBatch::try_new(TableName::Readings.schema(), columns)
            .map_err(|error| internal("lay rows into columns", error))
    }
}

/// The chosen rows of an entry's batch.
///
/// # Errors
/// Never, but for a mistake in the schema.
pub fn readings_batch(entry: &Accepted, position: u64, rows: impl Iterator<Item = usize>) -> Result<RecordBatch> {
    let mut columns = Columns::new()?;
    let batch = &entry.batch;
    let quantities: Vec<String> = batch.channels().iter().map(|channel| channel.quantity.to_string()).collect();
    for index in rows {
        let row = &batch.rows()[index];
        let document = batch.document(row);
        let lineage = Lineage {
            recorded_at: recorded_at(document, entry.received_at),
            delivery: entry.delivery.as_str(),
            document: &document.reference,
            sequence: Sequence::new(position, index),
            restored: false,
        };
        columns.push(batch.channel(row), &quantities[row.channel as usize], &batch.reading(row), &lineage);
    }
    columns.finish()
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
    let mut known = TimestampMicrosecondBuilder::new().with_timezone("UTC");
    let quantities: Vec<String> = batch.channels().iter().map(|channel| channel.quantity.to_string()).collect();
    for row in batch.rows() {
        let known_at = batch.document(row).known_at;
        known.append_option(known_at.map(Timestamp::micros));
        let lineage = Lineage {
            recorded_at: known_at.unwrap_or_default(),
            delivery: "",
            document: "",
            sequence: Sequence::default(),
            restored: false,
        };
        columns.push(batch.channel(row), &quantities[row.channel as usize], &batch.reading(row), &lineage);
    }
    let schema = statements_schema();
    let own = columns.finish()?.columns().iter().take(schema.fields().len() - 1).cloned().collect::<Vec<_>>();
    let columns = own.into_iter().chain([Arc::new(known.finish()) as ArrayRef]).collect();
    RecordBatch::try_new(schema, columns).map_err(|error| internal("lay rows into columns", error))
}

/// Versions that hold again.
///
/// # Errors
/// Never, but for a mistake in the schema.
pub fn versions_batch<'a>(versions: impl Iterator<Item = &'a Version>) -> Result<RecordBatch> {
    let mut columns = Columns::new()?;
    for version in versions {
        let lineage = Lineage {
            recorded_at: version.recorded_at,
            delivery: version.delivery.as_str(),
            document: &version.document,
            sequence: version.sequence,
            restored: true,
        };
        columns.push(&version.channel, &version.channel.quantity.to_string(), &version.reading, &lineage);
    }
    columns.finish()
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
