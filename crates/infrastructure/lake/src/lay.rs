//! Lays versions of readings into columns. Their texts are numbered: a row costs a few numbers, however long its names are.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Decimal128Builder, Int32Builder, Int64Builder, RecordBatch, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{Field, Schema};
use foldhash::fast::RandomState;
use metrify_application::Result;
use metrify_application::record::{Sequence, Version, recorded_at};
use metrify_domain::decimal::{PRECISION, SCALE};
use metrify_domain::{Batch, Code, Decimal, Kind, Quality, Quantity, Reading, Row, Timestamp, Unit};

use crate::rows::plain;
use crate::schema::TableName;
use crate::texts::Texts;
use crate::write::internal;

/// A column of texts: the distinct ones, and for each row the number of its own.
#[derive(Default)]
struct TextColumn {
    texts: Texts,
    rows: Int32Builder,
}

impl TextColumn {
    fn push(&mut self, text: &str) {
        let number = self.texts.number(text);
        self.rows.append_value(number);
    }

    /// As [`Self::push`], for a text whose number is remembered once it has one.
    fn push_known(&mut self, known: &mut Option<i32>, text: &str) {
        let number = *known.get_or_insert_with(|| self.texts.number(text));
        self.rows.append_value(number);
    }

    fn finish(mut self) -> Result<ArrayRef> {
        self.texts.column(self.rows.finish())
    }
}

/// The numbers of a few names.
struct Names<T>(Vec<(T, i32)>);

impl<T: Copy + PartialEq> Names<T> {
    fn push(&mut self, column: &mut TextColumn, named: T, name: &str) {
        let known = self.0.iter().find(|(known, _)| *known == named).map(|(_, number)| *number);
        let number = known.unwrap_or_else(|| {
            let number = column.texts.number(name);
            self.0.push((named, number));
            number
        });
        column.rows.append_value(number);
    }
}

/// What the rows of one batch refer to, by their numbers as far as they have one, and where the batch came from.
pub(crate) struct Source<'b> {
    batch: &'b Batch,
    received_at: Timestamp,
    delivery: (&'b str, Option<i32>),
    points: Vec<Option<i32>>,
    documents: Vec<Option<i32>>,
}

impl<'b> Source<'b> {
    pub(crate) fn new(batch: &'b Batch, delivery: &'b str, received_at: Timestamp) -> Self {
        let (channels, documents) = (batch.channels().len(), batch.documents().len());
        Self {
            batch,
            received_at,
            delivery: (delivery, None),
            points: vec![None; channels],
            documents: vec![None; documents],
        }
    }
}

/// Builds the columns of [`TableName::Readings`].
pub(crate) struct Columns {
    point: TextColumn,
    quantity: TextColumn,
    quantities: HashMap<Quantity, i32, RandomState>,
    kind: TextColumn,
    kinds: Names<Kind>,
    start: TimestampMicrosecondBuilder,
    end: TimestampMicrosecondBuilder,
    value: Decimal128Builder,
    unit: TextColumn,
    units: Names<Unit>,
    quality: TextColumn,
    qualities: Names<Quality>,
    method: TextColumn,
    reason: TextColumn,
    recorded: TimestampMicrosecondBuilder,
    delivery: TextColumn,
    document: TextColumn,
    sequence: Int64Builder,
    restored: BooleanBuilder,
}

impl Columns {
    pub(crate) fn new() -> Result<Self> {
        let time = || TimestampMicrosecondBuilder::new().with_timezone("UTC");
        let value = Decimal128Builder::new().with_precision_and_scale(PRECISION as u8, SCALE as i8);
        Ok(Self {
            point: TextColumn::default(),
            quantity: TextColumn::default(),
            quantities: HashMap::default(),
            kind: TextColumn::default(),
            kinds: Names(Vec::new()),
            start: time(),
            end: time(),
            value: value.map_err(|error| internal("make the value column", error))?,
            unit: TextColumn::default(),
            units: Names(Vec::new()),
            quality: TextColumn::default(),
            qualities: Names(Vec::new()),
            method: TextColumn::default(),
            reason: TextColumn::default(),
            recorded: time(),
            delivery: TextColumn::default(),
            document: TextColumn::default(),
            sequence: Int64Builder::new(),
            restored: BooleanBuilder::new(),
        })
    }

    /// Adds a row of a batch.
    pub(crate) fn push(&mut self, source: &mut Source<'_>, row: &Row, sequence: Sequence) {
        let (channel, document) = (row.channel as usize, row.document as usize);
        let batch = source.batch;
        let named = &batch.channels()[channel];
        self.point.push_known(&mut source.points[channel], named.point.as_str());
        self.push_quantity(named.quantity);
        let (delivery, number) = &mut source.delivery;
        self.delivery.push_known(number, delivery);
        let told = &batch.documents()[document];
        self.document.push_known(&mut source.documents[document], &told.reference);
        self.recorded.append_value(recorded_at(told, source.received_at).micros());
        self.push_reading(&batch.reading(row));
        self.sequence.append_value(sequence.0);
        self.restored.append_value(false);
    }

    /// Adds a version, which may have been `restored`.
    pub(crate) fn push_version(&mut self, version: &Version, restored: bool) {
        self.point.push(version.channel.point.as_str());
        self.push_quantity(version.channel.quantity);
        self.delivery.push(version.delivery.as_str());
        self.document.push(&version.document);
        self.recorded.append_value(version.recorded_at.micros());
        self.push_reading(&version.reading);
        self.sequence.append_value(version.sequence.0);
        self.restored.append_value(restored);
    }

    /// There are few quantities, and each costs a while to be written as text.
    fn push_quantity(&mut self, quantity: Quantity) {
        let (numbers, column) = (&mut self.quantities, &mut self.quantity);
        let number = *numbers.entry(quantity).or_insert_with(|| column.texts.number(&quantity.to_string()));
        column.rows.append_value(number);
    }

    fn push_reading(&mut self, reading: &Reading) {
        self.kinds.push(&mut self.kind, reading.kind, reading.kind.name());
        self.qualities.push(&mut self.quality, reading.quality, reading.quality.name());
        self.units.push(&mut self.unit, reading.unit, reading.unit.as_str());
        for (column, code) in [(&mut self.method, &reading.method), (&mut self.reason, &reading.reason)] {
            match code.as_ref().map(Code::as_str) {
                Some(code) => column.push(code),
                None => column.rows.append_null(),
            }
        }
        self.start.append_value(reading.period.start().micros());
        self.end.append_value(reading.period.end().micros());
        self.value.append_option(reading.value.map(Decimal::units));
    }

    /// The columns with their texts as dictionaries, which hold those that rows have and no others.
    pub(crate) fn finish(mut self) -> Result<RecordBatch> {
        let columns: Vec<ArrayRef> = vec![
            self.point.finish()?,
            self.quantity.finish()?,
            self.kind.finish()?,
            Arc::new(self.start.finish()),
            Arc::new(self.end.finish()),
            Arc::new(self.value.finish()),
            self.unit.finish()?,
            self.quality.finish()?,
            self.method.finish()?,
            self.reason.finish()?,
            Arc::new(self.recorded.finish()),
            self.delivery.finish()?,
            self.document.finish()?,
            Arc::new(self.sequence.finish()),
            Arc::new(self.restored.finish()),
        ];
        let schema = TableName::Readings.schema();
        let fields = schema.fields().iter().zip(&columns);
        let fields: Vec<Field> =
            fields.map(|(field, column)| field.as_ref().clone().with_data_type(column.data_type().clone())).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
            .map_err(|error| internal("lay rows into columns", error))
    }

    /// The columns with their texts as texts.
    pub(crate) fn finish_plain(self) -> Result<RecordBatch> {
        plain(&self.finish()?)
    }
}
