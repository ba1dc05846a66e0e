//! Rows of an answer as plain values: exact decimal text for numbers, RFC 3339 for instants.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Decimal128Type, TimestampMicrosecondType};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use metrify_application::ports::Cell;
use metrify_application::{Error, Kind, Result};
use metrify_domain::Timestamp;

pub(crate) fn rows(batch: &RecordBatch) -> Result<Vec<Vec<Cell>>> {
    let columns = batch.columns().iter().map(cells).collect::<Result<Vec<_>>>()?;
    let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
    Ok((0..batch.num_rows()).map(|_| columns.iter_mut().filter_map(Iterator::next).collect()).collect())
}

fn cells(column: &ArrayRef) -> Result<Vec<Cell>> {
    let failed = |error| Error::new(Kind::Internal, "print the answer").because(error);
    let options = FormatOptions::default().with_null("").with_timestamp_tz_format(Some("%Y-%m-%dT%H:%M:%S%.fZ"));
    let text = ArrayFormatter::try_new(column.as_ref(), &options).map_err(failed)?;
    let cell = |row: usize| -> Cell {
        if column.is_null(row) {
            return Cell::Null;
        }
        match column.data_type() {
            DataType::Boolean => Cell::Bool(column.as_boolean().value(row)),
            DataType::Decimal128(_, scale) => {
                Cell::Number(decimal(column.as_primitive::<Decimal128Type>().value(row), *scale))
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

/// The shortest text of a decimal: sums and averages have more places than their values need.
fn decimal(units: i128, scale: i8) -> String {
    let Ok(places @ 1..) = usize::try_from(scale) else {
        return (0..-i32::from(scale)).fold(units.to_string(), |text, _| text + "0");
    };
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let sign = if units < 0 { "-" } else { "" };
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn decimals_print_as_short_as_they_are_exact() {
        for (units, scale, text) in [
            (458_374_229_500_000_000_000, 12, "458374229.5"),
            (-5, 1, "-0.5"),
            (-120, 2, "-1.2"),
            (7, 0, "7"),
            (0, 12, "0"),
            (3, -2, "300"),
        ] {
            assert_eq!(decimal(units, scale), text);
        }
    }
}
