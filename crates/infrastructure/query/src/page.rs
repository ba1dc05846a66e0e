//! Rows of an answer as plain values: exact decimal text for numbers, RFC 3339 for instants.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, TimestampMicrosecondType};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use metrify_application::ports::Cell;
use metrify_application::{Error, Kind, Result};
use metrify_domain::Timestamp;
use metrify_domain::decimal::shortest;

use crate::functions::UTC;

pub(crate) fn rows(batch: &RecordBatch) -> Result<Vec<Vec<Cell>>> {
    let columns = batch.columns().iter().map(cells).collect::<Result<Vec<_>>>()?;
    let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
    Ok((0..batch.num_rows()).map(|_| columns.iter_mut().filter_map(Iterator::next).collect()).collect())
}

fn cells(column: &ArrayRef) -> Result<Vec<Cell>> {
    let failed = |error| Error::new(Kind::Internal, "print the answer").because(error);
    let column = match column.data_type() {
        // Whatever zone the engine would show it in.
        DataType::Timestamp(unit, Some(_)) => {
            &cast(column, &DataType::Timestamp(*unit, Some(UTC.into()))).map_err(failed)?
        }
        _ => column,
    };
    let options = FormatOptions::default().with_null("").with_timestamp_tz_format(Some("%Y-%m-%dT%H:%M:%S%.fZ"));
    let text = ArrayFormatter::try_new(column.as_ref(), &options).map_err(failed)?;
    // Those of a column that is nothing but null are in no mask.
    let nulls = column.logical_nulls();
    let cell = |row: usize| -> Cell {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return Cell::Null;
        }
        match column.data_type() {
            DataType::Boolean => Cell::Bool(column.as_boolean().value(row)),
            DataType::Decimal128(_, scale) => {
                Cell::Number(shortest(column.as_primitive::<Decimal128Type>().value(row), *scale))
            }
            DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, Some(_)) => {
                let at = column.as_primitive::<TimestampMicrosecondType>().value(row);
                Cell::Text(Timestamp::from_micros(at).to_string())
            }
            kind if kind.is_integer() => Cell::Number(text.value(row).to_string()),
            // What is neither finite nor a number has no numeral.
            kind if kind.is_floating() => {
                let number = text.value(row).to_string();
                if number.contains(['N', 'i']) { Cell::Text(number) } else { Cell::Number(number) }
            }
            kind if kind.is_numeric() => Cell::Number(text.value(row).to_string()),
            _ => Cell::Text(text.value(row).to_string()),
        }
    };
    Ok((0..column.len()).map(cell).collect())
}
