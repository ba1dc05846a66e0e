//! What the lines of one sender have in common: the same keys in the same order, with the same marks between the same values.
//!
//! A line that has the shape of one before it is read by comparing what stands between its values, which is several times as
//! quick as looking for every key. What it says is the same: a line of any other shape is read from its beginning.

use crate::columns::{Column, Record};
use crate::json::{Json, Scanner};
use crate::seek;

/// Shapes that are known of one delivery at most: senders have one for each kind of reading.
const SHAPES_MAX: usize = 4;

#[derive(Default)]
pub(super) struct Shapes {
    known: Vec<Shape>,
    /// The shape of the line before.
    last: usize,
    /// Of the line that is being read: its values, as far as they make a shape.
    values: Option<Vec<Value>>,
}

struct Shape {
    members: Vec<Member>,
    /// What follows the last value.
    end: Box<[u8]>,
}

struct Member {
    /// Everything between the value before and this one: marks, spaces, the key, members that are null.
    before: Box<[u8]>,
    column: Column,
    is_text: bool,
}

/// A value where it stands in its line.
struct Value {
    column: Column,
    is_text: bool,
    start: usize,
    end: usize,
}

impl Shapes {
    /// What a line says that has the shape of one before it.
    pub(super) fn read<'a>(&mut self, line: &'a str) -> Option<Record<'a>> {
        if let Some(record) = self.known.get(self.last)?.read(line) {
            return Some(record);
        }
        let (place, record) =
            self.known.iter().enumerate().find_map(|(place, shape)| Some((place, shape.read(line)?)))?;
        self.last = place;
        Some(record)
    }

    /// A line is going to be read from its beginning.
    pub(super) fn begin(&mut self) {
        self.values = (self.known.len() < SHAPES_MAX).then(Vec::new);
    }

    /// Notes a member of it. Escapes, days, numbers for texts and keys we do not know (`None`) make no shape.
    pub(super) fn note(&mut self, line: &str, column: Option<Column>, value: &Json<'_>) {
        let text = match (column, value) {
            (Some(_), Json::Null) => return,
            (Some(Column::Delivery | Column::Values), _) => None,
            (Some(Column::Value), Json::Number(text)) => Some((*text, false)),
            (Some(_), Json::Text(text)) => text.plain().map(|text| (text, true)),
            _ => None,
        };
        self.values = match (self.values.take(), column, text) {
            (Some(mut values), Some(column), Some((text, is_text))) => {
                let start = text.as_ptr() as usize - line.as_ptr() as usize;
                values.push(Value { column, is_text, start, end: start + text.len() });
                Some(values)
            }
            _ => None,
        };
    }

    /// The line was understood: others may have its shape.
    pub(super) fn learn(&mut self, line: &str) {
        let Some(values) = self.values.take().filter(|values| !values.is_empty()) else { return };
        let bytes = line.as_bytes();
        let mut at = 0;
        let members = values.into_iter().map(|Value { column, is_text, start, end }| {
            let before = bytes.get(at..start).unwrap_or_default().into();
            at = end;
            Member { before, column, is_text }
        });
        let members = members.collect();
        self.last = self.known.len();
        self.known.push(Shape { members, end: bytes.get(at..).unwrap_or_default().into() });
    }
}

impl Shape {
    fn read<'a>(&self, line: &'a str) -> Option<Record<'a>> {
        let bytes = line.as_bytes();
        let mut record = Record::default();
        let mut at = 0;
        for Member { before, column, is_text } in &self.members {
            let rest = bytes.get(at..)?;
            if !rest.starts_with(before) {
                return None;
            }
            let start = at + before.len();
            // A text ends with its quote, which stands at the beginning of what comes next.
            at = if *is_text {
                start + seek::string_end(bytes.get(start..)?)?
            } else {
                Scanner::number_end(line, start)?
            };
            record.set(*column, line.get(start..at)?);
        }
        (bytes.get(at..)? == &*self.end).then_some(record)
    }
}
