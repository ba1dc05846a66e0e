//! The texts of a workbook: they stand together, and cells name them by their number.

use super::labels::Cell;
use super::shortened;

/// Most texts that are kept; BDEW's workbooks have some 120.
const STRINGS_MAX: usize = 100_000;

#[derive(Debug, Default)]
pub(super) struct Strings {
    /// Each shortened.
    texts: Vec<String>,
}

impl Strings {
    pub(super) fn push(&mut self, text: &str) {
        if !self.is_full() {
            self.texts.push(shortened(text));
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.texts.len() >= STRINGS_MAX
    }

    /// The text of a number, from 0. One that is missing is named, so that a value which needs it is told of.
    pub(super) fn cell(&self, number: &str) -> Cell {
        let text = number.parse().ok().and_then(|index: usize| self.texts.get(index));
        Cell::Text(text.map_or_else(|| format!("text {} of the workbook", shortened(number)), Clone::clone))
    }
}
