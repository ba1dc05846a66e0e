//! Which columns of a file are read.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Schema};
use metrify_formats::{Output, known_columns};

use super::guard::{Readout, TEXT_BYTES_MAX, damaged};

/// The only column that holds several values a row: those of a day.
const VALUES: &str = "values";

/// The places of the columns that have our names; the others are told of.
///
/// # Errors
/// Where one of ours holds what no reading has.
pub(super) fn select(schema: &Schema, out: &mut Output<'_>) -> Readout<Vec<usize>> {
    let ours = known_columns(schema.fields().iter().map(|field| field.name().as_str()), out);
    let mut places = Vec::new();
    for (place, field) in schema.fields().iter().enumerate().filter(|(place, _)| ours[*place]) {
        let holds = match field.data_type() {
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _)
                if field.name() == VALUES =>
            {
                is_plain(item.data_type())
            }
            DataType::Dictionary(_, text) => is_plain(text),
            kind => is_plain(kind) || *kind == DataType::Null,
        };
        if !holds {
            let (name, kind) = (field.name(), field.data_type());
            return Err(damaged(&format!("column `{name}` holds {kind}, which no reading has")));
        }
        places.push(place);
    }
    Ok(places)
}

/// A value that stands in a row as it is.
fn is_plain(kind: &DataType) -> bool {
    kind.is_numeric() && !matches!(kind, DataType::Float16)
        || matches!(
            kind,
            DataType::Utf8
                | DataType::LargeUtf8
                | DataType::Utf8View
                | DataType::Boolean
                | DataType::Timestamp(..)
                | DataType::Date32
                | DataType::Date64
                | DataType::Time32(_)
                | DataType::Time64(_)
        )
}

/// # Errors
/// Where a text that may be told of many rows, since it stands in a dictionary or is viewed, is longer than any that a reading has.
pub(super) fn check_texts(rows: &RecordBatch) -> Readout<()> {
    for column in rows.columns() {
        let texts = column.as_any_dictionary_opt().map_or(column, |dictionary| dictionary.values());
        let longest = match texts.data_type() {
            DataType::Utf8 if column.data_type() != texts.data_type() => {
                texts.as_string::<i32>().iter().flatten().map(str::len).max()
            }
            DataType::LargeUtf8 if column.data_type() != texts.data_type() => {
                texts.as_string::<i64>().iter().flatten().map(str::len).max()
            }
            DataType::Utf8View => texts.as_string_view().iter().flatten().map(str::len).max(),
            _ => None,
        };
        if let Some(length) = longest.filter(|length| *length > TEXT_BYTES_MAX) {
            return Err(damaged(&format!("a text has {length} bytes, more than {TEXT_BYTES_MAX}")));
        }
    }
    Ok(())
}
