//! The rows of a series: each waits for the next, which tells how long its amounts last.

use metrify_domain::calendar::{LocalClock, Zone};
use metrify_domain::time::{HOUR, MINUTE};
use metrify_domain::{Channel, Document, Finding, Kind, Period, PointKind, Quality, Reading, Severity, Timestamp};

use super::series::{Column, Series, is_missing};
use crate::columns::Loss;
use crate::dates::{self, DateError, Stamp};
use crate::encoding::text;
use crate::fields::{Field, split};
use crate::numbers::Notation;
use crate::output::{Meter, Output};

/// Longest interval whose spacing is taken to go on: a day, and the hour by which one is longer.
const REGULAR_MAX: i64 = 25 * HOUR;
/// The shortest day: up to here rows are spaced by a length, beyond by days.
const DAY_MIN: i64 = 23 * HOUR;
/// Rows that wait at the beginning, so that a gap behind the first is not taken for the spacing.
const FIRST_ROWS: usize = 3;

/// A row, with the time at which it begins.
struct Held {
    number: u64,
    bytes: Vec<u8>,
    start: Timestamp,
}

/// A row that was lost, as far as it was.
pub(super) struct Lost {
    pub(super) number: u64,
    pub(super) bytes: Vec<u8>,
    pub(super) loss: Loss,
}

pub(super) struct SeriesRows {
    series: Series,
    delimiter: u8,
    zone: Option<Zone>,
    clock: Option<LocalClock>,
    held: Vec<Held>,
    /// The spacing so far.
    length: Option<i64>,
    told_of_gap: bool,
    fields: Vec<Field>,
}

impl SeriesRows {
    pub(super) fn new(series: Series, delimiter: u8, zone: Option<Zone>) -> Self {
        let (held, fields) = (Vec::new(), Vec::new());
        Self { series, delimiter, zone, clock: None, held, length: None, told_of_gap: false, fields }
    }

    /// How many values a row holds.
    pub(super) fn width(&self) -> u64 {
        self.series.columns.len() as u64
    }

    /// The reason why a row cannot be placed in time, where that is its zone.
    pub(super) fn needs_zone(&mut self, bytes: &[u8]) -> Option<String> {
        let line = text(bytes);
        split(&line, self.delimiter, &mut self.fields).ok()?;
        let time = self.fields.get(self.series.time)?.text(&line);
        match (self.zone, dates::stamp(&time)) {
            (None, Ok(Stamp::Clock(_))) => Some(DateError::NoZone(dates::shown(&time)).to_string()),
            _ => None,
        }
    }

    pub(super) fn is_number(&self, column: usize) -> bool {
        self.series.columns.iter().any(|known| known.index == column)
    }

    /// Says what is known of the columns beside their values.
    pub(super) fn begin(&self, line: u64, out: &mut Output<'_>) {
        for column in &self.series.columns {
            let area = column.quantity.kind_of_point() == PointKind::Area;
            let (point, kind) = (column.point.clone(), area.then_some(PointKind::Area));
            out.meter(Meter { point, kind, name: None, server_id: None, maker: None, resolution: None });
        }
        let mut note = |rule: &'static str, reason| {
            let (severity, position) = (Severity::Note, format!("line {line}"));
            out.finding(Finding { rule: rule.into(), severity, channel: None, period: None, position, reason });
        };
        for name in &self.series.remarks {
            note("unread_column", format!("`{name}` is passed over: it describes the row and is no reading"));
        }
        for (name, unit) in &self.series.assumed {
            note("assumed_unit", format!("`{name}` does not state its unit: it is taken as {unit}"));
        }
        if self.series.has_intervals() && !self.series.begins && self.series.end.is_none() {
            let reason = "the table does not say whether a time is the beginning or the end of its interval: it is taken \
                          as the beginning";
            note("assumed_interval", reason.to_owned());
        }
    }

    /// Takes the next row; hands on those whose end it tells.
    pub(super) fn row(
        &mut self,
        (number, bytes): (u64, &[u8]),
        notation: Notation,
        out: &mut Output<'_>,
        lost: &mut dyn FnMut(Lost, &mut Output<'_>),
    ) {
        let line = text(bytes);
        let read = split(&line, self.delimiter, &mut self.fields).and_then(|_| {
            let (found, width) = (self.fields.len(), self.series.width);
            if found != width {
                return Err(format!("the row has {found} fields, the header has {width}"));
            }
            let time = self.fields.get(self.series.time).map(|field| field.text(&line)).unwrap_or_default();
            dates::instant(&time, self.zone, &mut self.clock).map_err(|error| error.to_string())
        });
        let bytes = bytes.to_vec();
        let start = match read {
            Ok(start) => start,
            Err(reason) => {
                let readings = self.width();
                lost(Lost { number, bytes, loss: Loss { reason, readings } }, out);
                return;
            }
        };
        self.held.push(Held { number, bytes, start });
        if !self.series.has_intervals() || self.series.end.is_some() {
            return self.release_all(notation, out, lost);
        }
        if self.length.is_none() && self.held.len() >= FIRST_ROWS {
            let steps = self.held.windows(2).filter_map(|pair| match pair {
                [first, second] => apart(first.start, second.start),
                _ => None,
            });
            self.length = steps.min().filter(|step| *step <= REGULAR_MAX);
        }
        let waits = if self.length.is_none() { FIRST_ROWS } else { 1 };
        while self.held.len() > waits {
            self.release_first(notation, out, lost);
        }
    }

    pub(super) fn finish(
        &mut self,
        notation: Notation,
        out: &mut Output<'_>,
        lost: &mut dyn FnMut(Lost, &mut Output<'_>),
    ) {
        self.release_all(notation, out, lost);
    }

    fn release_all(&mut self, notation: Notation, out: &mut Output<'_>, lost: &mut dyn FnMut(Lost, &mut Output<'_>)) {
        while !self.held.is_empty() {
            self.release_first(notation, out, lost);
        }
    }

    /// Hands on the row that waits longest.
    fn release_first(&mut self, notation: Notation, out: &mut Output<'_>, lost: &mut dyn FnMut(Lost, &mut Output<'_>)) {
        let row = self.held.remove(0);
        let next = self.held.first().map(|next| next.start);
        let length = self.length_of(&row, next, out);
        if let Err(loss) = self.read(&row, length, notation, out) {
            lost(Lost { number: row.number, bytes: row.bytes, loss }, out);
        }
    }

    /// How long the amounts of a row last; `None` where nothing tells.
    fn length_of(&mut self, row: &Held, next: Option<Timestamp>, out: &mut Output<'_>) -> Option<i64> {
        let Some(step) = next.and_then(|next| apart(row.start, next)) else { return self.length };
        let is_day = |length: i64| (DAY_MIN..=REGULAR_MAX).contains(&length);
        match self.length {
            Some(length) if is_day(length) && is_day(step) => {}
            Some(length) if step > length => {
                if !self.told_of_gap {
                    self.told_of_gap = true;
                    self.tell_of_gap(row, step, length, out);
                }
                return Some(length);
            }
            // The table was taken for one of bills, whose rows last as long as they are apart.
            None if step > REGULAR_MAX => return Some(step),
            Some(_) | None => {}
        }
        self.length = Some(step);
        Some(step)
    }

    fn tell_of_gap(&self, row: &Held, step: i64, length: i64, out: &mut Output<'_>) {
        let minutes = |length: i64| length / MINUTE;
        out.finding(Finding {
            rule: "gap".into(),
            severity: Severity::Warning,
            channel: None,
            period: None,
            position: format!("line {}", row.number),
            reason: format!(
                "the next row is {} minutes away, yet rows were {} minutes apart: its amount is taken as one of {} minutes",
                minutes(step),
                minutes(length),
                minutes(length)
            ),
        });
    }

    /// Hands on the values of a row.
    fn read(&mut self, row: &Held, length: Option<i64>, notation: Notation, out: &mut Output<'_>) -> Result<(), Loss> {
        let line = text(&row.bytes);
        split(&line, self.delimiter, &mut self.fields).map_err(Loss::one)?;
        let cell = |index: usize| self.fields.get(index).map(|field| field.text(&line)).unwrap_or_default();
        let end = match self.series.end {
            Some(index) => dates::end(&cell(index), self.zone, row.start).map(Some).map_err(|error| error.to_string()),
            None => Ok(length.and_then(|length| row.start.plus(length))),
        };
        let (mut lost, mut first) = (0, None);
        for column in &self.series.columns {
            let read =
                end.clone().and_then(|end| reading((column, &cell(column.index)), (row.start, end), notation, out));
            match read {
                Ok(Some(reading)) => {
                    let channel = Channel { point: column.point.clone(), quantity: column.quantity };
                    out.reading(&channel, &Document::default(), &reading);
                }
                Ok(None) => {}
                Err(reason) => {
                    lost += 1;
                    first.get_or_insert(format!("field {}: {reason}", column.index + 1));
                }
            }
        }
        first.map_or(Ok(()), |reason| Err(Loss { reason, readings: lost }))
    }
}

/// Between two stamps, whichever comes first; `None` where they are the same.
fn apart(first: Timestamp, second: Timestamp) -> Option<i64> {
    i64::try_from(second.micros().abs_diff(first.micros())).ok().filter(|step| *step > 0)
}

/// `None` for an empty value of which no interval is known: the mark at the end of a table of bills.
fn reading(
    (column, cell): (&Column, &str),
    (start, end): (Timestamp, Option<Timestamp>),
    notation: Notation,
    out: &mut Output<'_>,
) -> Result<Option<Reading>, String> {
    let missing = is_missing(cell);
    let period = match (column.kind, end) {
        (Kind::Register | Kind::Instant, _) => Period::instant(start),
        (Kind::Interval, Some(end)) => Period::interval(start, end)
            .ok_or_else(|| format!("the end {end} does not lie behind the start {start}"))?,
        (Kind::Interval, None) if missing => return Ok(None),
        (Kind::Interval, None) => return Err("nothing tells how long the interval is: no row follows".to_owned()),
    };
    let (kind, unit) = (column.kind, column.unit);
    if missing {
        return Ok(Some(Reading::missing(kind, period, unit)));
    }
    let value = notation.read(cell, out).map_err(|error| error.to_string())?;
    let quality = Quality::True;
    Ok(Some(Reading { kind, period, value: Some(value), unit, quality, method: None, reason: None }))
}
