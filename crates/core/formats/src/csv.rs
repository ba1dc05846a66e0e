//! CSV: a header line and one record a line; and back.
//!
//! Five layouts, told by the header, whose names may stand in any order and in upper or lower case:
//! * the columns of the table `readings`, as many as there are: `point`, `quantity`, `value` and a time at least;
//! * a day set: `point`, `quantity`, `day` and `v1`, `v2` … with one value for every quarter-hour (up to `v100`) or hour (up to
//!   `v25`) of the day; an empty one is a missing value, and those behind the last of a shorter day stay empty;
//! * one column for every quantity of a meter: `meter_id`, `reading_timestamp` and any of `consumption_kwh`, `voltage_v`,
//!   `current_a`, `power_factor`, `frequency_hz`; an empty one says nothing. Such a table does not state over which time
//!   `consumption_kwh` was drawn. It is taken as the amount of the quarter-hour that begins at the stamp (`1-0:1.29.0`), since
//!   intervals are named by their begin everywhere else here, and a finding says so;
//! * a day and a column for each of its quarter-hours or hours, named by the clock or by number ([`days`]);
//! * a column of times and columns of values, which says least of itself and needs hints ([`series`]).
//!
//! Above the header may stand `sep=;` and a few lines of title ([`opening`]). The delimiter is the one that `sep=` names, or `;`, `,`,
//! tab or `|`, whichever the header has most of. Quotes around a field are read, and it may not span
//! lines. Numbers have a decimal point where the delimiter is a comma. Under any other delimiter the numbers of the delivery
//! tell: `0.5`, `1234.5` or `12.25` a point, `0,5` or `1.234.567` a comma (then points group thousands). A number that can be
//! read both ways, such as `1.234`, waits for the first that cannot; where none comes near it, it is refused. Lines are UTF-8, or
//! ISO-8859-1 where they are not UTF-8. Times without an offset are read in the zone of the options, in the order of each channel.

mod days;
mod header;
mod meters;
mod opening;
mod rows;
mod series;
mod side;
mod write;

use crate::columns::{Column, Cut, Loss, Record, Resolver, UnknownNames};
use crate::detect::Head;
use crate::encoding::{text, without_mark};
use crate::fields::{Field, split};
use crate::format::Options;
use crate::lines::{Line, Lines};
use crate::numbers::{Evidence, Notation, evidence};
use crate::output::{Output, Problem};
use crate::page::Table;
use crate::sheet;
use crate::unreadable::{Unreadable, Untold};
use header::{Header, Layout, Slot};
use meters::{Meters, Row};
use opening::Opening;
use rows::{Lost, SeriesRows};
use series::{Known, Series};

pub use write::{write_header, write_reading};

/// Begins the reason why a table needs hints.
const UNSTATED: &str = "the table does not say all that its values are";

#[must_use]
pub fn tables() -> Vec<Table> {
    let code = |text: &str| format!("`{text}`");
    let list = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let names = days::names().map(|(column, names)| vec![code(column), list(names)]).collect();
    let known = |known: &Known| {
        vec![code(known.name), code(&known.quantity.to_string()), code(known.unit), known.source.to_owned()]
    };
    let row = |what: &str, names: &[&str]| vec![what.to_owned(), list(names)];
    let places = vec![
        row("a time", &series::TIMES[..series::TIMES.len() - 1]),
        row("the end of the interval", &series::ENDS),
        row("energy that is drawn (group C 1)", series::DIRECTIONS[0].0),
        row("energy that is fed in (group C 2)", series::DIRECTIONS[1].0),
        row("no reading", &series::REMARKS),
    ];
    vec![
        Table { name: "meters", columns: &["column", "quantity", "unit", "kind"], rows: header::meter_rows() },
        Table { name: "day_columns", columns: &["column", "names"], rows: names },
        Table { name: "series_columns", columns: &["column holds", "names"], rows: places },
        Table {
            name: "series_values",
            columns: &["name of the column", "quantity", "unit", "who names it so"],
            rows: series::KNOWN.iter().map(known).collect(),
        },
    ]
}

#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    let lines = without_mark(head.bytes).split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let mut lines = lines.filter(|line| !line.is_empty());
    let mut opening = Opening::default();
    let header = lines.find_map(|line| opening.line(0, line))?.ok()?;
    if header.is_ours(None) && !opening.is_titled() {
        return Some("a header line with our columns");
    }
    let row = lines.next().map(sheet::fields);
    let foreign = crate::frequency::recognise(head).is_some() || crate::netztransparenz::recognise(head).is_some();
    if foreign || !header.is_ours(row.as_deref()) {
        return None;
    }
    if header.is_ours(None) {
        return head.is_text().then_some("a header line with our columns below a title");
    }
    Some("a column of times beside columns of numbers")
}

/// Most bytes of lines that wait for a number which tells how numbers are written.
const WAITING_BYTES_MAX: usize = 64 << 10;

pub struct Decoder {
    lines: Lines,
    reader: Box<Reader>,
}

struct Reader {
    stage: Stage,
    rows: Rows,
}

enum Stage {
    /// The header line has not come yet.
    Head(Opening),
    Body(Body),
    /// A hint is missing.
    Untold(Untold),
    Unreadable(Unreadable),
}

/// What the header said, with the lines that wait.
struct Body {
    header: Header,
    /// The header line as it came, with what tells how it is read.
    prelude: Vec<u8>,
    notation: Notation,
    waiting: Vec<(u64, Vec<u8>)>,
    waiting_bytes: usize,
    /// A row has come.
    begun: bool,
}

/// What is known across rows.
struct Rows {
    resolver: Resolver,
    meters: Meters,
    series: Option<Box<SeriesRows>>,
    unknown: UnknownNames,
    fields: Vec<Field>,
    options: Options,
}

impl Decoder {
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let rows = Rows {
            resolver: Resolver::of_table(options.zone),
            meters: Meters::new(options.zone),
            series: None,
            unknown: UnknownNames::new("unknown_column"),
            fields: Vec::new(),
            options: options.clone(),
        };
        Self { lines: Lines::default(), reader: Box::new(Reader { stage: Stage::Head(Opening::default()), rows }) }
    }

    pub fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        self.lines.push(bytes, |line| self.reader.line(line, out));
    }

    pub fn finish(&mut self, out: &mut Output<'_>) {
        self.lines.finish(|line| self.reader.line(line, out));
        match &mut self.reader.stage {
            Stage::Head(opening) => {
                if let Some(mut unreadable) = opening.ended() {
                    unreadable.finish(out);
                }
            }
            Stage::Body(body) => body.finish(&mut self.reader.rows, out),
            Stage::Untold(untold) => untold.finish(out),
            Stage::Unreadable(unreadable) => unreadable.finish(out),
        }
    }
}

impl Reader {
    fn line(&mut self, line: Line<'_>, out: &mut Output<'_>) {
        match &mut self.stage {
            Stage::Head(_) => self.head(line, out),
            Stage::Body(body) => {
                if let Some(mut untold) = body.without_zone(line, &mut self.rows, out) {
                    untold.line(line, out);
                    self.stage = Stage::Untold(untold);
                } else {
                    body.line(line, &mut self.rows, out);
                }
            }
            Stage::Untold(untold) => untold.line(line, out),
            Stage::Unreadable(unreadable) => unreadable.line(line),
        }
    }

    fn head(&mut self, line: Line<'_>, out: &mut Output<'_>) {
        let Stage::Head(opening) = &mut self.stage else { return };
        let bytes = if line.number == 1 { without_mark(line.bytes) } else { line.bytes };
        if bytes.trim_ascii().is_empty() {
            return;
        }
        let Some(read) = opening.line(line.number, bytes) else { return };
        let opening = std::mem::take(opening);
        let header = match read {
            Ok(header) => header,
            Err(reason) => {
                self.stage = opening.unreadable(reason).map_or(Stage::Head(Opening::default()), Stage::Unreadable);
                return;
            }
        };
        opening.tell(out);
        for name in &header.unknown {
            self.rows.unknown.tell(name, header.known, format_args!("line {}", line.number), out);
        }
        let prelude = [opening.prelude(), bytes, b"\n"].concat();
        self.stage = match self.rows.take_up(&header, line.number) {
            Ok(()) => Stage::Body(Body::new(header, prelude)),
            Err(series::Untold { reason, width }) => Stage::Untold(Untold::new(reason, width, prelude)),
        };
    }
}

impl Body {
    const fn new(header: Header, prelude: Vec<u8>) -> Self {
        let notation = if header.delimiter == b',' { Notation::Point } else { Notation::Unclear };
        Self { header, prelude, notation, waiting: Vec::new(), waiting_bytes: 0, begun: false }
    }

    /// A series whose first time needs a zone that is not given: its rows tell each other's ends, so they are kept together.
    fn without_zone(&mut self, line: Line<'_>, rows: &mut Rows, out: &mut Output<'_>) -> Option<Untold> {
        if self.begun || line.bytes.trim_ascii().is_empty() {
            return None;
        }
        self.begun = true;
        let series = rows.series.as_mut()?;
        series.begin(line.bytes, out);
        let reason = series.needs_zone(line.bytes)?;
        Some(Untold::new(reason, series.width(), self.prelude.clone()))
    }

    fn finish(&mut self, rows: &mut Rows, out: &mut Output<'_>) {
        self.release(rows, out);
        if let Some(series) = &mut rows.series {
            if !self.begun {
                series.begin(b"", out);
            }
            series.finish(self.notation, out, &mut |Lost { number, bytes, loss }, out| {
                self.lose(number, &bytes, loss, out);
            });
        }
    }

    fn line(&mut self, line: Line<'_>, rows: &mut Rows, out: &mut Output<'_>) {
        if line.cut {
            let loss = Loss::one("the line is longer than any that holds readings".to_owned());
            self.lose(line.number, line.bytes, loss, out);
            return;
        }
        if self.notation != Notation::Unclear {
            self.read(line.number, line.bytes, rows, out);
            return;
        }
        match rows.evidence(&text(line.bytes), &self.header) {
            Evidence::None if self.waiting.is_empty() => self.read(line.number, line.bytes, rows, out),
            Evidence::None | Evidence::Ambiguous => {
                self.waiting_bytes += line.bytes.len() + size_of::<(u64, Vec<u8>)>();
                self.waiting.push((line.number, line.bytes.to_vec()));
                if self.waiting_bytes > WAITING_BYTES_MAX {
                    self.release(rows, out);
                }
            }
            told @ (Evidence::Point | Evidence::Comma) => {
                self.notation = if told == Evidence::Point { Notation::Point } else { Notation::Comma };
                self.release(rows, out);
                self.read(line.number, line.bytes, rows, out);
            }
        }
    }

    /// Reads the lines that waited, with what is known of the notation now.
    fn release(&mut self, rows: &mut Rows, out: &mut Output<'_>) {
        self.waiting_bytes = 0;
        for (number, bytes) in std::mem::take(&mut self.waiting) {
            self.read(number, &bytes, rows, out);
        }
    }

    fn read(&self, number: u64, bytes: &[u8], rows: &mut Rows, out: &mut Output<'_>) {
        let line = text(bytes);
        if line.trim_ascii().is_empty() {
            return;
        }
        let Rows { resolver, meters, fields, series, options, .. } = rows;
        if let Some(series) = series {
            let mut lose =
                |Lost { number, bytes, loss }: Lost, out: &mut Output<'_>| self.lose(number, &bytes, loss, out);
            series.row((number, bytes), self.notation, out, &mut lose);
            return;
        }
        let delimiter = self.header.delimiter;
        let read = split(&line, delimiter, fields).and_then(|plain| {
            let has_zero = !plain && line.contains('\0');
            if has_zero { Err("the line holds a zero byte".to_owned()) } else { Ok(()) }
        });
        let read = read.and_then(|()| self.fits(fields, &line)).map_err(Loss::one);
        let read = read.and_then(|()| match &self.header.layout {
            Layout::Rows { slots, values } => {
                let mut record = Record::padded();
                fill(&mut record, (slots, *values), fields, &line);
                record.cut = cut(number, slots, fields);
                resolver.read(&record, self.notation, out)
            }
            Layout::Meters { meter, time, values, .. } => {
                let row = Row { number, line: &line, fields, meter: *meter, time: *time, values };
                meters.read(&row, self.notation, out)
            }
            Layout::Days(days) => {
                let row = days::Row { number, line: &line, fields };
                let mut record = days.record(&row);
                hint(&mut record, options);
                let beside = days.fill(&mut record, &row, out)?;
                resolver.read(&record, self.notation, out)?;
                beside.map_or(Ok(()), Err)
            }
            // Its rows are read above.
            Layout::Series(_) => Ok(()),
        });
        if let Err(loss) = read {
            self.lose(number, bytes, loss, out);
        }
    }

    /// Whether the row has a field for every column; only the values of a day may be left out, and only empty fields be added.
    fn fits(&self, fields: &[Field], line: &str) -> Result<(), String> {
        let (columns, needed) = match &self.header.layout {
            Layout::Meters { columns, .. } => (*columns, *columns),
            Layout::Days(days) => (days.columns(), 0),
            Layout::Series(_) => (fields.len(), 0),
            Layout::Rows { slots, .. } => {
                let last = slots.iter().rposition(|slot| !matches!(slot, Slot::Value(_)));
                (slots.len(), last.map_or(0, |last| last + 1))
            }
        };
        let more = fields.iter().skip(columns).any(|field| !field.text(line).is_empty());
        if more || fields.len() < needed {
            return Err(format!("the row has {} fields, the header has {columns}", fields.len()));
        }
        Ok(())
    }

    fn lose(&self, number: u64, bytes: &[u8], loss: Loss, out: &mut Output<'_>) {
        let (position, prelude) = (format!("line {number}"), self.prelude.clone());
        out.problem(Problem { position, reason: loss.reason, readings: loss.readings, prelude, bytes: bytes.to_vec() });
    }
}

/// What is given where the table has no column for it.
fn hint(record: &mut Record<'_>, options: &Options) {
    if let (None, Some(point)) = (record.get(Column::Point), &options.point) {
        record.put(Column::Point, point.to_string());
    }
    if let (None, Some(quantity)) = (record.get(Column::Quantity), options.quantity) {
        record.put(Column::Quantity, quantity.to_string());
    }
}

impl Rows {
    /// Prepares for the rows of a table with this header.
    ///
    /// # Errors
    /// Where a hint is needed.
    fn take_up(&mut self, header: &Header, line: u64) -> Result<(), series::Untold> {
        let options = &self.options;
        match &header.layout {
            Layout::Rows { .. } | Layout::Meters { .. } => {}
            Layout::Days(days) => {
                let point = days.has(Column::Point) || options.point.is_some();
                let quantity = days.has(Column::Quantity) || options.quantity.is_some();
                let needed: Vec<_> =
                    [(point, "--point"), (quantity, "--quantity")].into_iter().filter(|(told, _)| !told).collect();
                if !needed.is_empty() {
                    let names = needed.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(" and ");
                    return Err(series::Untold { reason: format!("{UNSTATED}: give {names}"), width: days.width() });
                }
            }
            Layout::Series(places) => {
                let lower: Vec<String> = header.names.iter().map(|name| name.to_lowercase()).collect();
                let series = Series::read(places, &header.names, &lower, options)?;
                self.series = Some(Box::new(SeriesRows::new(series, (line, header.delimiter), options.zone)));
            }
        }
        Ok(())
    }

    /// What the numbers of a row tell about their notation.
    fn evidence(&mut self, line: &str, header: &Header) -> Evidence {
        if split(line, header.delimiter, &mut self.fields).is_err() {
            return Evidence::None;
        }
        let is_number = |column: usize| match &header.layout {
            Layout::Rows { slots, .. } => slots.get(column).is_some_and(Slot::is_number),
            Layout::Meters { values, .. } => values.iter().any(|(number, _)| *number == column),
            Layout::Days(days) => days.is_number(column),
            Layout::Series(_) => self.series.as_ref().is_some_and(|series| series.is_number(column)),
        };
        let numbers = self.fields.iter().enumerate().filter(|(column, _)| is_number(*column));
        let mut told = Evidence::None;
        for (_, field) in numbers {
            match evidence(&field.text(line)) {
                Evidence::None => {}
                Evidence::Ambiguous => told = Evidence::Ambiguous,
                clear @ (Evidence::Point | Evidence::Comma) => return clear,
            }
        }
        told
    }
}

/// Whether a line has fewer fields than there are columns, and for how many values it has one.
fn cut(line: u64, slots: &[Slot], fields: &[Field]) -> Option<Cut> {
    let values = slots.iter().take(fields.len()).filter(|slot| matches!(slot, Slot::Value(_))).count();
    (fields.len() < slots.len()).then_some(Cut { line, values })
}

/// Takes the fields of a line in; in place, since a record is too large to be handed around.
fn fill<'a>(record: &mut Record<'a>, (slots, values): (&[Slot], usize), fields: &[Field], line: &'a str) {
    for (slot, field) in slots.iter().zip(fields) {
        match slot {
            // The header names every column once, so none is set twice.
            Slot::Column(column) => {
                match field.plain(line) {
                    Some(text) => record.set(*column, text),
                    None => record.set_rewritten(*column, field.text(line)),
                };
            }
            Slot::Value(number) => {
                let text = field.text(line);
                if text.is_empty() {
                    continue;
                }
                record.values.resize_with(values, || None);
                if let Some(value) = record.values.get_mut(*number) {
                    *value = Some(text);
                }
            }
            Slot::Unknown => {}
        }
    }
    if record.get(Column::Day).is_some() {
        record.values.resize_with(values, || None);
    }
}
