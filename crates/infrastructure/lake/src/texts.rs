//! Texts by numbers: of a column in which few texts come again and again, a row is the number of its own.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int32Array, StringArray};
use arrow::datatypes::Int32Type;
use foldhash::fast::RandomState;
use metrify_application::Result;

use crate::write::internal;

/// The distinct texts of a column, in the order in which they came.
#[derive(Default)]
pub(crate) struct Texts {
    numbers: HashMap<Arc<str>, i32, RandomState>,
    distinct: Vec<Arc<str>>,
}

impl Texts {
    /// The number of a text, from now on if it had none.
    pub(crate) fn number(&mut self, text: &str) -> i32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let (number, text) = (self.distinct.len() as i32, Arc::<str>::from(text));
        self.numbers.insert(text.clone(), number);
        self.distinct.push(text);
        number
    }

    /// The text of a number that was given here.
    pub(crate) fn text(&self, number: i32) -> &Arc<str> {
        &self.distinct[number as usize]
    }

    /// The column whose rows have these numbers.
    pub(crate) fn column(&self, rows: Int32Array) -> Result<ArrayRef> {
        let texts = Arc::new(StringArray::from_iter_values(&self.distinct));
        let column = DictionaryArray::<Int32Type>::try_new(rows, texts);
        Ok(Arc::new(column.map_err(|error| internal("lay texts into a column", error))?))
    }
}
