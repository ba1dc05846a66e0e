//! Rows of an answer as plain values: exact decimal text for numbers, RFC 3339 for instants.

use std::fmt::{self, Write};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, RecordBatch, StringViewArray, TimestampMicrosecondArray,
};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use metrify_application::ports::{Cell, Rows};
use metrify_application::{Error, Kind, Result};
use metrify_domain::Timestamp;
use metrify_domain::decimal::write_shortest;

use crate::functions::UTC;

pub(crate) fn rows(batch: &RecordBatch) -> Result<Rows> {
    let columns = batch.columns().iter().map(in_utc).collect::<Result<Vec<_>>>()?;
    let options = FormatOptions::default().with_null("").with_timestamp_tz_format(Some("%Y-%m-%dT%H:%M:%S%.fZ"));
    let columns = columns.iter().map(|column| Column::of(column, &options)).collect::<Result<Vec<_>>>()?;
    let mut rows = Rows::of(columns.len(), batch.num_rows());
    for row in 0..batch.num_rows() {
        for column in &columns {
            column.write(row, &mut rows).map_err(unprinted)?;
        }
    }
    Ok(rows)
}

fn unprinted(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Kind::Internal, "print the answer").because(error)
}

/// Whatever zone the engine would show it in.
fn in_utc(column: &ArrayRef) -> Result<ArrayRef> {
    match column.data_type() {
        DataType::Timestamp(unit, Some(_)) => {
            cast(column, &DataType::Timestamp(*unit, Some(UTC.into()))).map_err(unprinted)
        }
        _ => Ok(column.clone()),
    }
}

/// A column whose values are printed.
struct Column<'c> {
    /// Those of a column that is nothing but null are in no mask.
    nulls: Option<NullBuffer>,
    values: Values<'c>,
}

enum Values<'c> {
    Bools(&'c BooleanArray),
    Decimals(&'c Decimal128Array, i8),
    Instants(&'c TimestampMicrosecondArray),
    Texts(&'c StringViewArray),
    Numbers(ArrayFormatter<'c>),
    /// What is neither finite nor a number has no numeral.
    Floats(ArrayFormatter<'c>),
    Others(ArrayFormatter<'c>),
}

impl<'c> Column<'c> {
    fn of(column: &'c ArrayRef, options: &FormatOptions<'c>) -> Result<Self> {
        let printed = || ArrayFormatter::try_new(column.as_ref(), options).map_err(unprinted);
        let values = match column.data_type() {
            DataType::Boolean => Values::Bools(column.as_boolean()),
            DataType::Decimal128(_, scale) => Values::Decimals(column.as_primitive(), *scale),
            DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => Values::Instants(column.as_primitive()),
            DataType::Utf8View => Values::Texts(column.as_string_view()),
            kind if kind.is_floating() => Values::Floats(printed()?),
            kind if kind.is_numeric() => Values::Numbers(printed()?),
            _ => Values::Others(printed()?),
        };
        Ok(Self { nulls: column.logical_nulls(), values })
    }

    fn write(&self, row: usize, into: &mut Rows) -> fmt::Result {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            into.push(Cell::Null);
            return Ok(());
        }
        match &self.values {
            Values::Bools(bools) => into.push(Cell::Bool(bools.value(row))),
            Values::Decimals(decimals, scale) => {
                into.write(Cell::Number(()), |text| write_shortest(text, decimals.value(row), *scale))?;
            }
            Values::Instants(instants) => {
                into.write(Cell::Text(()), |text| write!(text, "{}", Timestamp::from_micros(instants.value(row))))?;
            }
            Values::Texts(texts) => into.push(Cell::Text(texts.value(row))),
            Values::Numbers(numbers) => into.write(Cell::Number(()), |text| write!(text, "{}", numbers.value(row)))?,
            Values::Floats(floats) => {
                let number = floats.value(row).to_string();
                into.push(if number.contains(['N', 'i']) { Cell::Text(&number) } else { Cell::Number(&number) });
            }
            Values::Others(others) => into.write(Cell::Text(()), |text| write!(text, "{}", others.value(row)))?,
        }
        Ok(())
    }
}
