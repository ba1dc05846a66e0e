//! Columns of readings that are made of chunks.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Decimal128Array, Int64Array, NullBufferBuilder, StringViewBuilder,
    TimestampMicrosecondArray, UInt32Array,
};
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use metrify_application::{Error, Kind, Result};
use metrify_domain::decimal::{PRECISION, SCALE};

use super::chunk::Chunk;
use super::days::Days;
use super::{Grain, Held, Origin, SaidTexts, Wanted};
use crate::write::internal;

/// Texts of which each is said by many rows, one after the other.
#[derive(Default)]
pub(super) struct Views {
    texts: StringViewBuilder,
    last: Option<Option<String>>,
    count: u32,
    numbers: Vec<u32>,
}

impl Views {
    pub(super) fn push(&mut self, text: Option<&str>, rows: usize) {
        if self.last.as_ref().is_none_or(|last| last.as_deref() != text) {
            self.texts.append_option(text);
            self.last = Some(text.map(str::to_owned));
            self.count += 1;
        }
        self.numbers.extend(std::iter::repeat_n(self.count - 1, rows));
    }

    pub(super) fn finish(&mut self) -> Result<ArrayRef> {
        let Self { mut texts, numbers, .. } = std::mem::take(self);
        let numbers = UInt32Array::from(numbers);
        take(&texts.finish(), &numbers, None).map_err(|error| internal("lay texts into a column", error))
    }
}

/// What is being made of rows.
pub(super) enum Making {
    Columns(Vec<Column>),
    Days(Box<Days>),
}

impl Making {
    pub(super) fn of(wanted: &Wanted) -> Self {
        match wanted.grain {
            Grain::Day => Self::Days(Box::new(Days::of(&wanted.columns))),
            Grain::Reading | Grain::Latest => {
                let names = wanted.columns.fields().iter().map(|field| field.name());
                Self::Columns(names.filter_map(|name| Column::of(name)).collect())
            }
        }
    }

    /// Adds rows of a channel's chunk; tells how many were made of them.
    pub(super) fn push(&mut self, held: &Held, channel: u32, chunk: &Chunk, rows: Range<u32>) -> Result<usize> {
        match self {
            Self::Columns(columns) => {
                columns.iter_mut().try_for_each(|column| column.push(held, channel, chunk, rows.clone()))?;
                Ok(rows.len())
            }
            Self::Days(days) => days.push(held, channel, chunk, rows),
        }
    }

    /// What was made so far.
    pub(super) fn finish(&mut self, wanted: &SchemaRef) -> Result<Vec<ArrayRef>> {
        match self {
            Self::Columns(columns) => columns.iter_mut().map(Column::finish).collect(),
            Self::Days(days) => days.finish(wanted),
        }
    }
}

pub(super) fn unkept() -> Error {
    Error::new(Kind::Internal, "make a column of readings: it is not kept")
}

/// Values of readings, as columns have them.
pub(super) fn decimals(values: Decimal128Array) -> Result<ArrayRef> {
    let column = values.with_precision_and_scale(PRECISION as u8, SCALE as i8);
    Ok(Arc::new(column.map_err(|error| internal("lay values into a column", error))?))
}

/// A column that is being made.
pub(super) enum Column {
    Point(Views),
    Quantity(Views),
    Said(fn(&SaidTexts) -> Option<&str>, Views),
    Origin(fn(&Origin) -> &str, Views),
    Start(Vec<i64>),
    End(Vec<i64>),
    Value(Vec<i128>, NullBufferBuilder),
    Recorded(Vec<i64>),
    Sequence(Vec<i64>),
    Restored(BooleanBuilder),
}

impl Column {
    /// `None` where there is no such column.
    fn of(column: &str) -> Option<Self> {
        Some(match column {
            "point" => Self::Point(Views::default()),
            "quantity" => Self::Quantity(Views::default()),
            "kind" => Self::Said(|said| Some(&said.0), Views::default()),
            "unit" => Self::Said(|said| Some(&said.1), Views::default()),
            "quality" => Self::Said(|said| Some(&said.2), Views::default()),
            "method" => Self::Said(|said| said.3.as_deref(), Views::default()),
            "reason" => Self::Said(|said| said.4.as_deref(), Views::default()),
            "delivery" => Self::Origin(|origin| &origin.1, Views::default()),
            "document" => Self::Origin(|origin| &origin.2, Views::default()),
            "period_start" => Self::Start(Vec::new()),
            "period_end" => Self::End(Vec::new()),
            "value" => Self::Value(Vec::new(), NullBufferBuilder::new(0)),
            "recorded_at" => Self::Recorded(Vec::new()),
            "sequence" => Self::Sequence(Vec::new()),
            "restored" => Self::Restored(BooleanBuilder::new()),
            _ => return None,
        })
    }

    /// Adds rows of a channel's chunk.
    fn push(&mut self, held: &Held, channel: u32, chunk: &Chunk, rows: Range<u32>) -> Result<()> {
        let all_said = |number: u8| held.told.all_said.get(usize::from(number)).ok_or_else(unkept);
        let origin = |row: u32| held.origin(chunk, row).ok_or_else(unkept);
        match self {
            Self::Point(views) => views.push(Some(held.told.channels.point_of(channel)), rows.len()),
            Self::Quantity(views) => views.push(Some(held.told.channels.quantity(channel)), rows.len()),
            Self::Said(text, views) => {
                for (said, rows) in chunk.said_of(rows) {
                    views.push(text(all_said(said)?), rows.len());
                }
            }
            Self::Origin(text, views) => {
                for row in rows {
                    views.push(Some(text(origin(row)?.0)), 1);
                }
            }
            Self::Start(starts) => chunk.starts_of(rows, starts),
            Self::End(ends) => chunk.ends_of(rows, ends),
            Self::Value(values, nulls) => chunk.values_of(rows, values, nulls).ok_or_else(unkept)?,
            Self::Recorded(times) => {
                for row in rows {
                    times.push(origin(row)?.0.0);
                }
            }
            Self::Sequence(sequences) => {
                for row in rows {
                    sequences.push(origin(row)?.1);
                }
            }
            Self::Restored(restored) => {
                for (said, rows) in chunk.said_of(rows) {
                    restored.append_n(rows.len(), all_said(said)?.5);
                }
            }
        }
        Ok(())
    }

    /// The rows so far.
    fn finish(&mut self) -> Result<ArrayRef> {
        let times = |times: &mut Vec<i64>| -> ArrayRef {
            Arc::new(TimestampMicrosecondArray::from(std::mem::take(times)).with_timezone("UTC"))
        };
        Ok(match self {
            Self::Point(views) | Self::Quantity(views) | Self::Said(_, views) | Self::Origin(_, views) => {
                views.finish()?
            }
            Self::Start(starts) => times(starts),
            Self::End(ends) => times(ends),
            Self::Recorded(recorded) => times(recorded),
            Self::Value(values, nulls) => {
                decimals(Decimal128Array::new(std::mem::take(values).into(), nulls.finish()))?
            }
            Self::Sequence(sequences) => Arc::new(Int64Array::from(std::mem::take(sequences))),
            Self::Restored(restored) => Arc::new(restored.finish()),
        })
    }
}
