//! NDJSON: one JSON object a line, its keys the columns of the table `readings`; and back.
//!
//! A line is one reading, `{"point":"50120962218","quantity":"1-0:1.29.0","period_start":"2025-03-30T00:00:00Z",
//! "period_end":"2025-03-30T00:15:00Z","value":0.25}`, or a day set, `{"point":…,"quantity":…,"day":"2025-03-30","values":[…]}`
//! with one value for every quarter-hour or every hour of that day in Berlin (for gas: from 06:00). `at` stands for both times of
//! a register state or an instant. `value` is a number or a text and is read as decimal text, never by way of a float. `kind`,
//! `unit` and `quality` may be left out where the quantity and the times tell them. A key we do not know is passed over, with one
//! finding. Times without an offset are read in the zone of the options, in the order of each channel's lines.

mod shape;
mod write;

use std::borrow::Cow;

use crate::columns::{self, Column, Loss, Record, Resolver, UnknownNames};
use crate::dates::DateError;
use crate::detect::Head;
use crate::encoding::{UTF_16, is_utf_16, without_mark};
use crate::format::Options;
use crate::json::{Json, Scanner};
use crate::lines::{Line, Lines};
use crate::numbers::Notation;
use crate::output::{Output, Problem};
use crate::page::Table;
use crate::unreadable::Unreadable;

use self::shape::Shapes;

pub use write::{DaySet, write_day_set, write_reading};

/// Lines of the beginning that are asked whether they are ours; the first may be damaged.
const LINES_LOOKED_AT: usize = 16;

/// The keys of a line that are read.
pub const KEYS: [&str; Column::NAMES.len()] = Column::NAMES;

#[must_use]
pub fn tables() -> Vec<Table> {
    vec![columns::table()]
}

#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    let lines =
        without_mark(head.bytes).split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let holds = |line: &[u8], key: &[u8]| line.windows(key.len()).any(|window| window == key);
    let ours = |line: &[u8]| line.starts_with(b"{") && holds(line, b"\"point\"") && holds(line, b"\"quantity\"");
    lines.take(LINES_LOOKED_AT).any(ours).then_some("JSON objects with `point` and `quantity`")
}

pub struct Decoder {
    lines: Lines,
    reader: Reader,
}

struct Reader {
    shapes: Shapes,
    resolver: Resolver,
    unknown: UnknownNames,
    unreadable: Option<Unreadable>,
}

impl Decoder {
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let (resolver, unknown) = (Resolver::new(options.zone), UnknownNames::new("unknown_key"));
        Self {
            lines: Lines::default(),
            reader: Reader { shapes: Shapes::default(), resolver, unknown, unreadable: None },
        }
    }

    pub fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        self.lines.push(bytes, |line| self.reader.line(line, out));
    }

    pub fn finish(&mut self, out: &mut Output<'_>) {
        self.lines.finish(|line| self.reader.line(line, out));
        if let Some(mut unreadable) = self.reader.unreadable.take() {
            unreadable.finish(out);
        }
    }
}

impl Reader {
    fn line(&mut self, line: Line<'_>, out: &mut Output<'_>) {
        if line.number == 1 && is_utf_16(line.bytes) {
            self.unreadable = Some(Unreadable::new(UTF_16.to_owned()));
        }
        if let Some(unreadable) = &mut self.unreadable {
            unreadable.line(line);
            return;
        }
        let Err(Loss { reason, readings }) = self.read(line, out) else { return };
        let position = format!("line {}", line.number);
        out.problem(Problem { position, reason, readings, prelude: Vec::new(), bytes: line.bytes.to_vec() });
    }

    fn read(&mut self, line: Line<'_>, out: &mut Output<'_>) -> Result<(), Loss> {
        if line.cut {
            return Err(Loss::one("the line is longer than any that holds readings".to_owned()));
        }
        let bytes = if line.number == 1 { without_mark(line.bytes) } else { line.bytes };
        let text = std::str::from_utf8(bytes);
        let text =
            text.map_err(|error| Loss::one(format!("byte {} of the line is not UTF-8", error.valid_up_to() + 1)))?;
        if let Some(record) = self.shapes.read(text) {
            return self.resolver.read(&record, Notation::Point, out);
        }
        if text.trim_ascii().is_empty() {
            return Ok(());
        }
        let mut record = Record::default();
        self.shapes.begin();
        let read = Scanner::object(text, |key, value| {
            let column = Column::named(&key.read());
            self.shapes.note(text, column, &value);
            match column {
                Some(column) => set(&mut record, column, value),
                None => {
                    self.unknown.tell(&key.read(), &Column::NAMES, format_args!("line {}", line.number), out);
                    Ok(())
                }
            }
        });
        read.map_err(|reason| Loss { reason, readings: record.readings() })?;
        self.shapes.learn(text);
        self.resolver.read(&record, Notation::Point, out)
    }
}

/// Takes one member into the record; null says as little as an absent key.
fn set<'a>(record: &mut Record<'a>, column: Column, value: Json<'a>) -> Result<(), String> {
    let name = column.name();
    let first = match (column, value) {
        (_, Json::Null) | (Column::Delivery, _) => record.set(column, ""),
        (Column::Values, Json::List(elements)) => {
            record.values = elements.iter().map(element).collect();
            record.set(column, "")
        }
        (Column::Values, other) => return Err(format!("`values` is {}, not a list of numbers", other.described())),
        (Column::Value, Json::Number(text)) => record.set(column, text),
        (Column::At | Column::PeriodStart | Column::PeriodEnd | Column::RecordedAt, Json::Number(text)) => {
            return Err(DateError::BareNumber(text.to_owned()).to_string());
        }
        (_, Json::Text(text)) => match text.plain() {
            Some(text) => record.set(column, text),
            None => record.set_rewritten(column, text.read()),
        },
        (Column::Value, other) => return Err(format!("`value` is {}, not a number", other.described())),
        (_, other) => return Err(format!("`{name}` is {}, not a text", other.described())),
    };
    if first { Ok(()) } else { Err(format!("`{name}` stands twice")) }
}

/// One value of a day set. What cannot be a number is kept, so that its own reading alone is lost.
fn element<'a>(value: &Json<'a>) -> Option<Cow<'a, str>> {
    match value {
        Json::Null => None,
        Json::Number(text) => Some(Cow::Borrowed(text)),
        Json::Text(text) => Some(text.read()),
        Json::True | Json::False | Json::List(_) | Json::Nested => Some(Cow::Borrowed(value.described())),
    }
}
