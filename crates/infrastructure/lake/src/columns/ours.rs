//! Which columns of a file are read.

use arrow::datatypes::{DataType, Schema};
use metrify_formats::{Output, known_columns};

use super::guard::{Readout, damaged};

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
            DataType::List(item) | DataType::LargeList(item) if field.name() == VALUES => is_plain(item.data_type()),
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
