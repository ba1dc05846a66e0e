//! Columns whose texts are numbered.

use arrow::array::{Array, AsArray, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::Int32Type;

/// A column of texts.
pub(super) struct Texts<'p> {
    numbers: &'p Int32Array,
    texts: &'p StringArray,
}

impl<'p> Texts<'p> {
    pub(super) fn of(rows: &'p RecordBatch, name: &str) -> Option<Self> {
        let column = rows.column_by_name(name)?.as_dictionary_opt::<Int32Type>()?;
        Some(Self { numbers: column.keys(), texts: column.values().as_string_opt()? })
    }

    /// The number of a row's text in this piece, or below zero where it has none.
    pub(super) fn number(&self, row: usize) -> i32 {
        if self.numbers.is_null(row) { -1 } else { self.numbers.value(row) }
    }

    pub(super) fn text(&self, row: usize) -> Option<&'p str> {
        self.numbers.is_valid(row).then(|| self.texts.value(self.numbers.value(row) as usize))
    }
}
