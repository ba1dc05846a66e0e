//! Tables whose header is known beforehand: lines at the top that say what the others mean, then rows of fields.
//!
//! What differs between them is a [`Rows`]. Here stands what they have in common: lines from pieces, the encoding, the fields, and
//! where a row is lost the place, the bytes and the header that has to stand before them.

use std::borrow::Cow;

use crate::columns::Loss;
use crate::encoding::{self, text, without_mark};
use crate::fields::{Field, delimiter, split};
use crate::format::Options;
use crate::lines::{Line, Lines};
use crate::output::{Output, Problem};
use crate::unreadable::{Unreadable, Untold};

/// What a kind of table knows about its rows.
pub(crate) trait Rows: Sized {
    /// Lines at the top that say what the others mean.
    const HEADER_LINES: usize = 1;

    /// Reads those lines, each as its fields.
    ///
    /// # Errors
    /// Where the rows cannot be read, with the reason.
    fn read(header: &[Vec<String>], options: &Options) -> Result<Self, Unfit>;

    /// Says what the header itself tells, before the first row.
    fn begin(&mut self, _out: &mut Output<'_>) {}

    /// Whether the table has no header, so that its first line is a row.
    fn is_bare(&self) -> bool {
        false
    }

    /// How many readings or records a row holds.
    fn width(&self) -> u64;

    /// # Errors
    /// The part of the row that was not understood.
    fn row(&mut self, row: &Row<'_>, out: &mut Output<'_>) -> Result<(), Loss>;

    fn finish(&mut self, _out: &mut Output<'_>) {}
}

/// Why a table cannot be read.
pub(crate) enum Unfit {
    /// The header is not one that is known.
    Foreign(String),
    /// A hint would make it readable; a row holds so many readings.
    Untold { reason: String, width: u64 },
}

/// One row, split into fields.
pub(crate) struct Row<'a> {
    line: &'a str,
    fields: &'a [Field],
}

impl<'a> Row<'a> {
    /// The text of a column; empty where the row ends before it.
    pub(crate) fn cell(&self, column: usize) -> Cow<'a, str> {
        self.fields.get(column).map_or(Cow::Borrowed(""), |field| field.text(self.line))
    }

    /// Whether the row has as many fields as the header, empty ones at its end aside.
    ///
    /// # Errors
    /// Where it has not.
    pub(crate) fn fits(&self, columns: usize) -> Result<(), String> {
        let more = self.fields.iter().skip(columns).any(|field| !field.text(self.line).is_empty());
        if more || self.fields.len() < columns {
            return Err(format!("the row has {} fields, the header has {columns}", self.fields.len()));
        }
        Ok(())
    }
}

/// Reads one table.
pub(crate) struct Sheet<R> {
    lines: Lines,
    reader: Reader<R>,
}

struct Reader<R> {
    options: Options,
    stage: Stage<R>,
    fields: Vec<Field>,
}

enum Stage<R> {
    /// The lines of the header that have come.
    Head(Vec<Vec<u8>>),
    Body(Body<R>),
    Untold(Untold),
    Unreadable(Unreadable),
}

struct Body<R> {
    rows: R,
    delimiter: u8,
    /// The header as it came.
    prelude: Vec<u8>,
}

impl<R: Rows> Sheet<R> {
    pub(crate) fn new(options: &Options) -> Self {
        let reader = Reader { options: options.clone(), stage: Stage::Head(Vec::new()), fields: Vec::new() };
        Self { lines: Lines::default(), reader }
    }

    pub(crate) fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        self.lines.push(bytes, |line| self.reader.line(line, out));
    }

    pub(crate) fn finish(&mut self, out: &mut Output<'_>) {
        self.lines.finish(|line| self.reader.line(line, out));
        match &mut self.reader.stage {
            Stage::Head(lines) if lines.is_empty() => {}
            Stage::Head(lines) => {
                let mut unreadable = Unreadable::new("the delivery ends within its header".to_owned());
                lines.iter().for_each(|bytes| unreadable.head(Line { number: 1, bytes, cut: false }));
                unreadable.finish(out);
            }
            Stage::Body(body) => body.rows.finish(out),
            Stage::Untold(untold) => untold.finish(out),
            Stage::Unreadable(unreadable) => unreadable.finish(out),
        }
    }
}

impl<R: Rows> Reader<R> {
    fn line(&mut self, line: Line<'_>, out: &mut Output<'_>) {
        match &mut self.stage {
            Stage::Head(_) => self.head(line, out),
            Stage::Body(body) => body.line(line, &mut self.fields, out),
            Stage::Untold(untold) => untold.line(line, out),
            Stage::Unreadable(unreadable) => unreadable.line(line),
        }
    }

    fn head(&mut self, line: Line<'_>, out: &mut Output<'_>) {
        let Stage::Head(lines) = &mut self.stage else { return };
        let bytes = if line.number == 1 { without_mark(line.bytes) } else { line.bytes };
        if bytes.trim_ascii().is_empty() {
            return;
        }
        lines.push(bytes.to_vec());
        let last = lines.len() == R::HEADER_LINES;
        let read = split_header(lines);
        if read.is_ok() && !last {
            return;
        }
        let lines = std::mem::take(lines);
        let unfit = read.map_err(Unfit::Foreign).and_then(|(delimiter, header)| {
            let rows = R::read(&header, &self.options)?;
            Ok(Body { rows, delimiter, prelude: Vec::new() })
        });
        let prelude = || lines.iter().flat_map(|line| line.iter().copied().chain([b'\n'])).collect::<Vec<u8>>();
        self.stage = match unfit {
            Ok(mut body) => {
                body.rows.begin(out);
                if body.rows.is_bare() {
                    body.line(Line { bytes, ..line }, &mut self.fields, out);
                } else {
                    body.prelude = prelude();
                }
                Stage::Body(body)
            }
            Err(Unfit::Untold { reason, width }) => Stage::Untold(Untold::new(reason, width, prelude())),
            Err(Unfit::Foreign(reason)) => {
                let mut unreadable = Unreadable::new(reason);
                lines.iter().for_each(|bytes| unreadable.head(Line { number: 1, bytes, cut: false }));
                Stage::Unreadable(unreadable)
            }
        };
    }
}

/// The mark of the first line, and the fields of each.
fn split_header(lines: &[Vec<u8>]) -> Result<(u8, Vec<Vec<String>>), String> {
    let mut mark = None;
    let (mut fields, mut header) = (Vec::new(), Vec::new());
    for line in lines {
        let line = encoding::header(line)?;
        let mark = *mark.get_or_insert_with(|| delimiter(&line));
        split(&line, mark, &mut fields).map_err(|reason| format!("the header: {reason}"))?;
        header.push(fields.iter().map(|field| field.text(&line).into_owned()).collect());
    }
    Ok((mark.unwrap_or(b';'), header))
}

impl<R: Rows> Body<R> {
    fn line(&mut self, line: Line<'_>, fields: &mut Vec<Field>, out: &mut Output<'_>) {
        if line.bytes.trim_ascii().is_empty() {
            return;
        }
        if let Err(loss) = self.read(line, fields, out) {
            let (position, prelude) = (format!("line {}", line.number), self.prelude.clone());
            let Loss { reason, readings } = loss;
            out.problem(Problem { position, reason, readings, prelude, bytes: line.bytes.to_vec() });
        }
    }

    fn read(&mut self, line: Line<'_>, fields: &mut Vec<Field>, out: &mut Output<'_>) -> Result<(), Loss> {
        let whole = |reason: String| Loss { reason, readings: self.rows.width() };
        if line.cut {
            return Err(whole("the line is longer than any that holds readings".to_owned()));
        }
        let text = text(line.bytes);
        split(&text, self.delimiter, fields).map_err(whole)?;
        self.rows.row(&Row { line: &text, fields }, out)
    }
}

/// Where the column of a name stands, whatever the case of its letters.
pub(crate) fn column(header: &[String], name: &str) -> Option<usize> {
    header.iter().position(|field| field.trim().eq_ignore_ascii_case(name))
}

/// The fields of a line that may be a header.
pub(crate) fn fields(line: &[u8]) -> Vec<String> {
    split_header(&[line.to_vec()]).map(|(_, mut lines)| lines.remove(0)).unwrap_or_default()
}
