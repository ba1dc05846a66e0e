//! Rows of an answer as objects of JSON: written as they come, since there may be many.

use metrify_application::ports::{Cell, Page};
use metrify_application::{Error, Kind, Result};
use serde_json::value::RawValue;

use crate::wire::Answer;

/// A list of objects, and what stands before and behind it.
pub(crate) struct Rows {
    json: Vec<u8>,
    columns: Vec<String>,
    count: u64,
    last: Vec<Cell>,
}

impl Rows {
    /// Behind these members of the object that the list is part of, such as `"point":"p",`.
    pub(crate) fn behind(head: &[(&str, Box<RawValue>)]) -> Self {
        let mut json = vec![b'{'];
        for (name, value) in head {
            json.extend(format!("\"{name}\":{},", value.get()).bytes());
        }
        json.extend(b"\"results\":[");
        Self { json, columns: Vec::new(), count: 0, last: Vec::new() }
    }

    /// # Errors
    /// Where a text cannot be written as JSON.
    pub(crate) fn add(&mut self, page: Page) -> Result<()> {
        let failed = |error| Error::new(Kind::Internal, "write the answer").because(error);
        for row in page.rows.iter() {
            if self.count > 0 {
                self.json.push(b',');
            }
            self.count += 1;
            for (number, (column, cell)) in page.columns.iter().zip(row.cells()).enumerate() {
                self.json.extend(if number == 0 { "{\"" } else { ",\"" }.bytes());
                self.json.extend(column.bytes());
                self.json.extend(b"\":");
                Answer::write_cell(cell, &mut self.json).map_err(failed)?;
            }
            self.json.push(b'}');
        }
        self.columns = page.columns;
        if let Some(last) = page.rows.iter().next_back() {
            self.last = last.to_vec();
        }
        Ok(())
    }

    /// How many there are.
    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    /// A text of the last row.
    pub(crate) fn last(&self, column: &str) -> Option<&str> {
        let place = self.columns.iter().position(|name| name == column)?;
        match self.last.get(place)? {
            Cell::Text(text) => Some(text),
            Cell::Null | Cell::Bool(_) | Cell::Number(_) => None,
        }
    }

    /// # Errors
    /// Where the cursor cannot be written as JSON.
    pub(crate) fn finish(self, next: Option<&str>) -> Result<Vec<u8>> {
        self.before(&[("next", next)])
    }

    /// With what is to be said of the answer.
    ///
    /// # Errors
    /// As [`Self::finish`].
    pub(crate) fn finish_noting(self, next: Option<&str>, note: Option<&str>) -> Result<Vec<u8>> {
        self.before(&[("next", next), ("note", note)])
    }

    /// Before these last members of the object.
    fn before(mut self, tail: &[(&str, Option<&str>)]) -> Result<Vec<u8>> {
        let failed = |error| Error::new(Kind::Internal, "write the answer").because(error);
        self.json.push(b']');
        for (name, text) in tail {
            self.json.extend(format!(",\"{name}\":").bytes());
            serde_json::to_writer(&mut self.json, text).map_err(failed)?;
        }
        self.json.push(b'}');
        Ok(self.json)
    }
}
