//! Everything kept beside readings as Arrow columns.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, Decimal128Builder, Int64Builder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::DataType;
use metrify_application::Result;
use metrify_application::record::{Accepted, Counts, DeliveryId, PointStatus, Reject, RejectState};
use metrify_domain::decimal::{PRECISION, SCALE};
use metrify_domain::{Channel, Decimal, Finding, Period, PointKind, Severity, Timestamp};
use metrify_formats::{Cell, RecordTable};

use crate::rows::{text_at, time_at};
use crate::schema::TableName;
use crate::write::internal;

pub(crate) mod receipts;

/// One value of a row.
enum Field<'a> {
    Text(&'a str),
    Owned(String),
    Number(u64),
    Signed(i64),
    Decimal(Decimal),
    Time(Timestamp),
    Bytes(&'a [u8]),
    Null,
}

enum Column {
    Text(StringBuilder),
    Number(Int64Builder),
    Decimal(Decimal128Builder),
    Time(TimestampMicrosecondBuilder),
    Bytes(BinaryBuilder),
}

impl Column {
    fn new(kind: &DataType) -> Result<Self> {
        Ok(match kind {
            DataType::Int64 => Self::Number(Int64Builder::new()),
            DataType::Binary => Self::Bytes(BinaryBuilder::new()),
            DataType::Timestamp(..) => Self::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            DataType::Decimal128(..) => {
                let builder = Decimal128Builder::new().with_precision_and_scale(PRECISION as u8, SCALE as i8);
                Self::Decimal(builder.map_err(|error| internal("make a column of decimals", error))?)
            }
            _ => Self::Text(StringBuilder::new()),
        })
    }

    /// A field of another kind than the column's leaves a null, which a column that must not be null then refuses.
    fn push(&mut self, field: &Field<'_>) {
        match (self, field) {
            (Self::Text(column), Field::Text(text)) => column.append_value(text),
            (Self::Text(column), Field::Owned(text)) => column.append_value(text),
            (Self::Number(column), Field::Number(number)) => column.append_value(number.cast_signed()),
            (Self::Number(column), Field::Signed(number)) => column.append_value(*number),
            (Self::Decimal(column), Field::Decimal(number)) => column.append_value(number.units()),
            (Self::Time(column), Field::Time(at)) => column.append_value(at.micros()),
            (Self::Bytes(column), Field::Bytes(bytes)) => column.append_value(bytes),
            (Self::Text(column), _) => column.append_null(),
            (Self::Number(column), _) => column.append_null(),
            (Self::Decimal(column), _) => column.append_null(),
            (Self::Time(column), _) => column.append_null(),
            (Self::Bytes(column), _) => column.append_null(),
        }
    }

    fn finish(self) -> ArrayRef {
        match self {
            Self::Text(mut column) => Arc::new(column.finish()),
            Self::Number(mut column) => Arc::new(column.finish()),
            Self::Decimal(mut column) => Arc::new(column.finish()),
            Self::Time(mut column) => Arc::new(column.finish()),
            Self::Bytes(mut column) => Arc::new(column.finish()),
        }
    }
}

/// The rows that entries hold for a table other than readings; `None` where there are none.
pub(crate) fn columns<'e>(
    table: TableName,
    entries: impl Iterator<Item = &'e Accepted>,
) -> Result<Option<RecordBatch>> {
    let schema = table.schema();
    let mut columns = schema.fields().iter().map(|field| Column::new(field.data_type())).collect::<Result<Vec<_>>>()?;
    let mut rows = 0;
    for entry in entries {
        for row in fields(table, entry) {
            columns.iter_mut().zip(&row).for_each(|(column, field)| column.push(field));
            rows += 1;
        }
    }
    if rows == 0 {
        return Ok(None);
    }
    let columns = columns.into_iter().map(Column::finish).collect();
    RecordBatch::try_new(schema, columns).map(Some).map_err(|error| internal("lay records into columns", error))
}

fn fields(table: TableName, entry: &Accepted) -> Vec<Vec<Field<'_>>> {
    match table {
        TableName::Readings | TableName::Superseded => Vec::new(),
        TableName::Withdrawals => withdrawals(entry),
        TableName::Retractions => retractions(entry),
        TableName::Points => points(entry),
        TableName::Meters => meters(entry),
        TableName::Findings => findings(entry),
        TableName::Rejects => entry.rejects.iter().map(reject).collect(),
        TableName::Deliveries => deliveries(entry),
        TableName::Receipts => receipts::fields(entry),
        TableName::Records(table) => records(table, entry),
    }
}

fn records(table: RecordTable, entry: &Accepted) -> Vec<Vec<Field<'_>>> {
    let rows = entry.records.iter().filter(|row| row.record.table() == table).map(|row| {
        let own = row.record.cells().iter().map(|cell| match cell {
            Cell::Null => Field::Null,
            Cell::Text(text) => Field::Text(text),
            Cell::Number(number) => Field::Decimal(*number),
            Cell::Time(at) => Field::Time(*at),
            Cell::Bytes(bytes) => Field::Bytes(bytes),
        });
        let known =
            [Field::Time(row.recorded_at), Field::Text(entry.delivery.as_str()), Field::Owned(row.id.to_string())];
        own.chain(known).collect()
    });
    rows.collect()
}

fn or_null<'a>(text: Option<&'a str>) -> Field<'a> {
    text.map_or(Field::Null, Field::Text)
}

fn withdrawals(entry: &Accepted) -> Vec<Vec<Field<'_>>> {
    let rows = entry.withdrawals.iter().map(|record| {
        vec![
            Field::Text(&record.document),
            Field::Text(&record.by.reference),
            Field::Time(record.withdrawn_at),
            Field::Text(record.delivery.as_str()),
        ]
    });
    rows.collect()
}

fn retractions(entry: &Accepted) -> Vec<Vec<Field<'_>>> {
    let rows = entry.retractions.iter().map(|retraction| {
        vec![
            Field::Signed(retraction.version.0),
            Field::Time(retraction.retracted_at),
            Field::Text(entry.delivery.as_str()),
        ]
    });
    rows.collect()
}

fn points(entry: &Accepted) -> Vec<Vec<Field<'_>>> {
    let rows = entry.points.iter().map(|record| {
        vec![
            Field::Text(record.point.as_str()),
            Field::Text(record.kind.name()),
            or_null(record.name.as_deref()),
            Field::Text(record.status.name()),
            Field::Time(record.since),
            Field::Text(record.delivery.as_str()),
        ]
    });
    rows.collect()
}

fn meters(entry: &Accepted) -> Vec<Vec<Field<'_>>> {
    let devices = entry.meters.iter().filter(|meter| meter.kind == Some(PointKind::Device));
    let rows = devices.map(|meter| {
        let hex = |bytes: &Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        vec![
            Field::Text(meter.point.as_str()),
            meter.server_id.as_ref().map_or(Field::Null, |id| Field::Owned(hex(id))),
            or_null(meter.maker.as_deref()),
            meter.resolution.map_or(Field::Null, |(step, _)| Field::Decimal(step)),
            meter.resolution.as_ref().map_or(Field::Null, |(_, unit)| Field::Text(unit.as_str())),
            Field::Time(entry.received_at),
            Field::Text(entry.delivery.as_str()),
        ]
    });
    rows.collect()
}

fn findings(entry: &Accepted) -> Vec<Vec<Field<'_>>> {
    let rows = entry.findings.iter().map(|finding| {
        let channel = finding.channel.as_ref();
        vec![
            Field::Text(&finding.rule),
            Field::Text(finding.severity.name()),
            or_null(channel.map(|channel| channel.point.as_str())),
            channel.map_or(Field::Null, |channel| Field::Owned(channel.quantity.to_string())),
            finding.period.map_or(Field::Null, |period| Field::Time(period.start())),
            finding.period.map_or(Field::Null, |period| Field::Time(period.end())),
            Field::Text(&finding.position),
            Field::Text(&finding.reason),
            Field::Time(entry.received_at),
            Field::Text(entry.delivery.as_str()),
        ]
    });
    rows.collect()
}

fn reject(reject: &Reject) -> Vec<Field<'_>> {
    vec![
        Field::Text(&reject.id),
        Field::Text(reject.delivery.as_str()),
        Field::Text(&reject.source),
        Field::Text(&reject.format),
        Field::Text(&reject.position),
        Field::Text(&reject.reason),
        Field::Number(reject.readings),
        Field::Bytes(&reject.prelude),
        Field::Bytes(&reject.bytes),
        Field::Time(reject.since()),
        Field::Text(reject.state().name()),
    ]
}

fn deliveries(entry: &Accepted) -> Vec<Vec<Field<'_>>> {
    let rows = entry.finished.iter().map(|record| {
        let first = [
            Field::Text(record.id.as_str()),
            Field::Text(&record.source),
            Field::Text(&record.format),
            Field::Number(record.bytes),
        ];
        first.into_iter().chain(counts(record.counts)).chain([Field::Time(record.received_at)]).collect()
    });
    rows.collect()
}

fn counts<'a>(counts: Counts) -> [Field<'a>; 5] {
    let Counts { received, stored, duplicates, corrections, rejected } = counts;
    [received, stored, duplicates, corrections, rejected].map(Field::Number)
}

pub(crate) fn read_reject(rows: &RecordBatch, row: usize) -> Option<Reject> {
    use arrow::array::AsArray;
    let text = |name: &str| text_at(rows.column_by_name(name)?, row).map(str::to_owned);
    let bytes = |name: &str| Some(rows.column_by_name(name)?.as_binary_opt::<i32>()?.value(row).to_vec());
    let readings = rows.column_by_name("readings")?.as_primitive_opt::<arrow::datatypes::Int64Type>()?.value(row);
    let since = time_at(rows.column_by_name("rejected_at")?, row)?;
    let state = text("state")?;
    let state = RejectState::ALL.into_iter().find(|known| known.name() == state)?;
    Some(Reject {
        id: text("reject")?,
        delivery: DeliveryId::from_stored(text("delivery")?),
        source: text("source")?,
        format: text("format")?,
        position: text("position")?,
        reason: text("reason")?,
        readings: readings.cast_unsigned(),
        prelude: bytes("prelude")?,
        bytes: bytes("bytes")?,
        rejected_at: since,
        resolved_at: (state == RejectState::Resolved).then_some(since),
    })
}

pub(crate) fn read_finding(rows: &RecordBatch, row: usize) -> Option<Finding> {
    let text = |name: &str| text_at(rows.column_by_name(name)?, row);
    let time = |name: &str| time_at(rows.column_by_name(name)?, row);
    let severity = text("severity")?;
    let channel = text("point").zip(text("quantity"));
    let channel = channel
        .and_then(|(point, quantity)| Some(Channel { point: point.parse().ok()?, quantity: quantity.parse().ok()? }));
    let period = time("period_start").zip(time("period_end"));
    Some(Finding {
        rule: text("rule")?.to_owned().into(),
        severity: Severity::ALL.into_iter().find(|known| known.name() == severity)?,
        channel,
        period: period.and_then(
            |(start, end)| if start == end { Some(Period::instant(start)) } else { Period::interval(start, end) },
        ),
        position: text("position")?.to_owned(),
        reason: text("reason")?.to_owned(),
    })
}

pub(crate) fn read_point(rows: &RecordBatch, row: usize) -> Option<(metrify_domain::Point, PointStatus)> {
    let text = |name: &str| text_at(rows.column_by_name(name)?, row);
    let status = text("status")?;
    let status = PointStatus::ALL.into_iter().find(|known| known.name() == status)?;
    Some((text("point")?.parse().ok()?, status))
}
