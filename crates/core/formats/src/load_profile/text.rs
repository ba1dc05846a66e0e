//! Tables as text of fields (CSV): a sheet saved as text, or a list of values.

use super::grid::{Grid, Places, Row};
use super::labels::Cell;
use super::list::{Header, List};
use super::shortened;
use crate::encoding;
use crate::fields::split;
use crate::limits::REJECT_BYTES_MAX;
use crate::lines::{Line, Lines};
use crate::output::{Output, Problem};

/// The fields of a line.
pub(super) type Fields = Vec<String>;

/// Lines of the beginning that are looked at for the head of a table.
const HEAD_LINES: usize = 20;

/// What in the beginning speaks for a table of load profiles, in words.
pub(super) fn recognise(bytes: &[u8]) -> Option<&'static str> {
    let bytes = encoding::without_mark(bytes);
    let lines = bytes.split(|byte| *byte == b'\n').take(HEAD_LINES);
    let mut lines = lines.filter(|line| line.len() <= encoding::HEADER_BYTES_MAX).filter_map(|line| fields(line).ok());
    let first = lines.by_ref().find(|fields| fields.iter().any(|field| !field.is_empty()))?;
    if Header::read(&first).is_some() {
        return Some("a header line with profile, period, day, time and watts");
    }
    let mut heads = std::iter::once(first).chain(lines).map(|fields| row(0, fields));
    heads.any(|row| row.header().is_some()).then_some("a unit with day types behind it, as BDEW's tables have")
}

/// A line split at what stands in it most often: semicolon, tab, bar or comma. A row of a table has a field more than it can have
/// decimal commas.
fn fields(line: &[u8]) -> Result<Fields, String> {
    let text = encoding::text(line);
    let often = |mark: &u8| text.bytes().filter(|byte| byte == mark).count();
    // Of those that stand equally often the first is meant; `max_by_key` gives the last.
    let delimiter = [b';', b'\t', b'|', b','].into_iter().rev().max_by_key(often).unwrap_or(b',');
    let mut fields = Vec::new();
    split(&text, delimiter, &mut fields)?;
    Ok(fields.iter().map(|field| shortened(&field.text(&text))).collect())
}

fn row(number: u32, fields: Fields) -> Row {
    let cells = (0..).zip(fields).filter(|(_, field)| !field.is_empty());
    Row { number, cells: cells.map(|(column, field)| (column, Cell::Text(field))).collect() }
}

#[derive(Default)]
pub(super) struct Text {
    lines: Lines,
    reader: Reader,
    /// The first bytes, for the problem of a text without a table.
    beginning: Vec<u8>,
}

#[derive(Default)]
enum Reader {
    /// Nothing but blank lines came.
    #[default]
    Head,
    Grid(Grid),
    List(List),
    Utf16,
}

impl Text {
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        let room = REJECT_BYTES_MAX - self.beginning.len();
        self.beginning.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        let Self { lines, reader, .. } = self;
        lines.push(bytes, |line| reader.line(line, out));
    }

    pub(super) fn finish(mut self, out: &mut Output<'_>) {
        self.lines.finish(|line| self.reader.line(line, out));
        let bytes = self.beginning;
        match self.reader {
            Reader::Head => {}
            Reader::List(list) => list.finish(out),
            Reader::Grid(grid) => {
                if grid.finish(out) == 0 {
                    out.problem(super::no_table("the text", bytes));
                }
            }
            Reader::Utf16 => {
                let reason = encoding::UTF_16.to_owned();
                out.problem(Problem { position: String::new(), reason, readings: 1, prelude: Vec::new(), bytes });
            }
        }
    }
}

impl Reader {
    fn line(&mut self, line: Line<'_>, out: &mut Output<'_>) {
        let bytes = if line.number == 1 { encoding::without_mark(line.bytes) } else { line.bytes };
        if matches!(self, Self::Utf16) {
            return;
        }
        let split = if line.cut { Err("the line is longer than any of a table".to_owned()) } else { fields(bytes) };
        let fields = match split {
            Ok(fields) if fields.iter().all(String::is_empty) => return,
            Ok(fields) => fields,
            Err(reason) => {
                let (position, bytes) = (format!("line {}", line.number), line.bytes.to_vec());
                return out.problem(Problem { position, reason, readings: 1, prelude: Vec::new(), bytes });
            }
        };
        if matches!(self, Self::Head) {
            *self = match Header::read(&fields) {
                _ if encoding::is_utf_16(bytes) => Self::Utf16,
                Some(header) if bytes.len() <= encoding::HEADER_BYTES_MAX => {
                    return *self = Self::List(List::new(header, bytes));
                }
                Some(_) | None => Self::Grid(Grid::new(Places::Lines, false)),
            };
        }
        match self {
            Self::Head | Self::Utf16 => {}
            Self::List(list) => list.line(line.number, line.bytes, &fields, out),
            Self::Grid(grid) => {
                let number = u32::try_from(line.number).unwrap_or(u32::MAX);
                row(number, fields).cells.into_iter().for_each(|(column, cell)| grid.cell(number, column, cell, out));
            }
        }
    }
}
