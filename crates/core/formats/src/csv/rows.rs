//! The rows of a series: each waits for the next, which tells how long its amounts last.

use std::borrow::Cow;
use std::collections::VecDeque;

use metrify_domain::calendar::{ClockError, LocalClock, Zone};
use metrify_domain::time::{HOUR, MINUTE};
use metrify_domain::{Channel, Document, Finding, Kind, Period, PointKind, Quality, Reading, Severity, Timestamp};

use super::series::{Column, Series, is_missing};
use super::side::{Evidence, Side, Undecided};
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

/// A row, with its time.
struct Held {
    number: u64,
    bytes: Vec<u8>,
    at: Timestamp,
    /// A row before it was refused, so that the one before that tells nothing of its length.
    interrupted: bool,
}

/// A row that was lost, as far as it was.
pub(super) struct Lost {
    pub(super) number: u64,
    pub(super) bytes: Vec<u8>,
    pub(super) loss: Loss,
}

type Lose<'a> = dyn FnMut(Lost, &mut Output<'_>) + 'a;

/// The interval of a row; `None` where nothing tells it.
type Interval = Option<(Timestamp, Timestamp)>;

pub(super) struct SeriesRows {
    series: Series,
    /// The line of the header.
    line: u64,
    delimiter: u8,
    zone: Option<Zone>,
    clock: Option<LocalClock>,
    side: Side,
    /// Rows that wait for the side.
    undecided: Option<Undecided>,
    held: VecDeque<Held>,
    /// The time of the row that was handed on last.
    before: Option<Timestamp>,
    interrupted: bool,
    /// The spacing so far.
    length: Option<i64>,
    /// A shorter step than that, which becomes the spacing once it comes twice in a row: one row alone may be a stray.
    shorter: Option<i64>,
    told_of_gap: bool,
    fields: Vec<Field>,
}

impl SeriesRows {
    pub(super) fn new(series: Series, (line, delimiter): (u64, u8), zone: Option<Zone>) -> Self {
        let side = series.side.unwrap_or(Side::Begin);
        let undecided = (series.side.is_none() && series.has_intervals()).then(Undecided::default);
        Self {
            series,
            line,
            delimiter,
            zone,
            clock: None,
            side,
            undecided,
            held: VecDeque::new(),
            before: None,
            interrupted: false,
            length: None,
            shorter: None,
            told_of_gap: false,
            fields: Vec::new(),
        }
    }

    /// How many values a row holds.
    pub(super) fn width(&self) -> u64 {
        self.series.columns.len() as u64
    }

    /// The reason why a row cannot be placed in time, where that is its zone.
    pub(super) fn needs_zone(&mut self, bytes: &[u8]) -> Option<String> {
        let line = text(bytes);
        split(&line, self.delimiter, &mut self.fields).ok()?;
        let time = self.series.time(|index| cell(&self.fields, &line, index));
        let plain = dates::lettered(&time);
        match (self.zone, dates::stamp(plain.as_ref().map_or(&time, |(plain, _)| plain))) {
            (None, Ok(Stamp::Clock(_))) => Some(DateError::NoZone(dates::shown(&time)).to_string()),
            _ => None,
        }
    }

    pub(super) fn is_number(&self, column: usize) -> bool {
        self.series.columns.iter().any(|known| known.index == column)
    }

    /// Says what is known of the columns beside their values; the first row tells which of them hold its time.
    pub(super) fn begin(&mut self, first_row: &[u8], out: &mut Output<'_>) {
        for column in &self.series.columns {
            let area = column.quantity.kind_of_point() == PointKind::Area;
            let (point, kind) = (column.point.clone(), area.then_some(PointKind::Area));
            out.meter(Meter { point, kind, name: None, server_id: None, maker: None, resolution: None });
        }
        let line = text(first_row);
        if split(&line, self.delimiter, &mut self.fields).is_err() {
            self.fields.clear();
        }
        for name in self.series.remarks(|index| cell(&self.fields, &line, index)) {
            let reason = format!("`{name}` is passed over: it describes the row and is no reading");
            self.note("unread_column", reason, out);
        }
        for (name, unit) in &self.series.assumed {
            let reason = format!("`{name}` does not state its unit: it is taken as {unit}");
            self.note("assumed_unit", reason, out);
        }
    }

    fn note(&self, rule: &'static str, reason: String, out: &mut Output<'_>) {
        out.remark(Severity::Note, rule, format!("line {}", self.line), reason);
    }

    /// Takes the next row; hands on those whose length it tells.
    pub(super) fn row(&mut self, row: (u64, &[u8]), notation: Notation, out: &mut Output<'_>, lost: &mut Lose<'_>) {
        let Some(undecided) = &mut self.undecided else { return self.place(row, notation, out, lost) };
        let line = text(row.1);
        if split(&line, self.delimiter, &mut self.fields).is_err() {
            self.fields.clear();
        }
        let time = self.series.time(|index| cell(&self.fields, &line, index));
        if let Some(evidence) = undecided.take(row, &time) {
            self.decide(evidence, notation, out, lost);
        }
    }

    /// Reads the rows that waited for the side of their times.
    fn decide(&mut self, evidence: Evidence, notation: Notation, out: &mut Output<'_>, lost: &mut Lose<'_>) {
        self.side = evidence.side();
        self.note("assumed_interval", evidence.reason().to_owned(), out);
        let rows = self.undecided.take().map(Undecided::into_rows).unwrap_or_default();
        for (number, bytes) in rows {
            self.place((number, &bytes), notation, out, lost);
        }
    }

    /// Gives a row its place in time.
    fn place(&mut self, (number, bytes): (u64, &[u8]), notation: Notation, out: &mut Output<'_>, lost: &mut Lose<'_>) {
        let at = match self.at(bytes) {
            Ok(at) => at,
            Err(reason) => {
                let (bytes, readings) = (bytes.to_vec(), self.width());
                self.interrupted = true;
                lost(Lost { number, bytes, loss: Loss { reason, readings } }, out);
                return;
            }
        };
        let interrupted = std::mem::take(&mut self.interrupted);
        self.held.push_back(Held { number, bytes: bytes.to_vec(), at, interrupted });
        if !self.series.has_intervals() || self.series.end.is_some() {
            return self.release_all(notation, out, lost);
        }
        if self.held.len() >= FIRST_ROWS {
            self.learn_length();
        }
        let waits = if self.length.is_none() { FIRST_ROWS } else { 1 };
        while self.held.len() > waits {
            self.release_first(notation, out, lost);
        }
    }

    /// The time of a row.
    fn at(&mut self, bytes: &[u8]) -> Result<Timestamp, String> {
        let line = text(bytes);
        split(&line, self.delimiter, &mut self.fields)?;
        let (found, width) = (self.fields.len(), self.series.width);
        if found != width {
            return Err(format!("the row has {found} fields, the header has {width}"));
        }
        let time = self.series.time(|index| cell(&self.fields, &line, index));
        let begins = self.series.has_intervals() && self.series.end.is_none() && self.side == Side::Begin;
        if begins && dates::ends_its_day(&time) {
            return Err(format!(
                "`{}` can only be the end of an interval, yet the times before it are taken as beginnings: if all are ends, name \
                 their column `Ende`",
                dates::shown(&time)
            ));
        }
        let read = match dates::lettered(&time) {
            Some((plain, pass)) => dates::of_pass(&plain, pass, self.zone),
            None => dates::instant(&time, self.zone, &mut self.clock),
        };
        let before = self.held.back().map(|row| row.at).or(self.before);
        let read = match (read, before) {
            // The clock never showed 02:00 in spring, yet an interval ended then.
            (Err(DateError::Clock(ClockError::Skipped { .. })), Some(before)) if self.side == Side::End => {
                dates::end(&time, self.zone, before)
            }
            (read, _) => read,
        };
        read.map_err(|error| error.to_string())
    }

    fn learn_length(&mut self) {
        if self.length.is_none() {
            let pairs = self.held.iter().zip(self.held.iter().skip(1)).filter(|(_, next)| !next.interrupted);
            let shortest = pairs.filter_map(|(row, next)| apart(row.at, next.at)).min();
            self.length = shortest.filter(|step| *step <= REGULAR_MAX);
        }
    }

    pub(super) fn finish(&mut self, notation: Notation, out: &mut Output<'_>, lost: &mut Lose<'_>) {
        if let Some(evidence) = self.undecided.as_ref().map(Undecided::evidence) {
            self.decide(evidence, notation, out, lost);
        }
        self.learn_length();
        self.release_all(notation, out, lost);
    }

    fn release_all(&mut self, notation: Notation, out: &mut Output<'_>, lost: &mut Lose<'_>) {
        while !self.held.is_empty() {
            self.release_first(notation, out, lost);
        }
    }

    /// Hands on the row that waits longest.
    fn release_first(&mut self, notation: Notation, out: &mut Output<'_>, lost: &mut Lose<'_>) {
        let Some(row) = self.held.pop_front() else { return };
        let interval = self.interval(&row, out);
        self.before = Some(row.at);
        if let Err(loss) = self.read(&row, &interval, notation, out) {
            lost(Lost { number: row.number, bytes: row.bytes, loss }, out);
        }
    }

    /// The interval that the amounts of a row are of.
    fn interval(&mut self, row: &Held, out: &mut Output<'_>) -> Result<Interval, String> {
        match self.side {
            Side::Begin => {
                let next = self.held.front().map(|next| (next.at, next.interrupted));
                let length = self.length_of(row, next, out)?;
                Ok(length.and_then(|length| Some((row.at, row.at.plus(length)?))))
            }
            Side::End => {
                let length = self.length_of(row, self.before.map(|before| (before, row.interrupted)), out)?;
                Ok(length.and_then(|length| Some((row.at.plus(-length)?, row.at))))
            }
        }
    }

    /// How long the amounts of a row last, by the row beside it; `None` where nothing tells.
    fn length_of(
        &mut self,
        row: &Held,
        beside: Option<(Timestamp, bool)>,
        out: &mut Output<'_>,
    ) -> Result<Option<i64>, String> {
        let Some((beside, interrupted)) = beside else { return Ok(self.length) };
        let Some(step) = apart(row.at, beside) else { return Ok(self.length) };
        if interrupted {
            // The row that was refused would have told.
            let length = self.length.ok_or("nothing tells how long the interval is: the row beside it is refused")?;
            return Ok(Some(length.min(step)));
        }
        let is_day = |length: i64| (DAY_MIN..=REGULAR_MAX).contains(&length);
        match self.length {
            Some(length) if is_day(length) && is_day(step) => {}
            Some(length) if step > length => {
                if !self.told_of_gap {
                    self.told_of_gap = true;
                    self.tell_of_gap(row, step, length, out);
                }
                return Ok(Some(length));
            }
            // The table was taken for one of bills, whose rows last as long as they are apart.
            None if step > REGULAR_MAX => return Ok(Some(step)),
            Some(length) if step < length && self.shorter != Some(step) => {
                self.shorter = Some(step);
                return Ok(Some(step));
            }
            Some(_) | None => {}
        }
        self.shorter = None;
        self.length = Some(step);
        Ok(Some(step))
    }

    fn tell_of_gap(&self, row: &Held, step: i64, length: i64, out: &mut Output<'_>) {
        let (step, length) = (step / MINUTE, length / MINUTE);
        let beside = match self.side {
            Side::Begin => "the next row",
            Side::End => "the row before",
        };
        out.finding(Finding {
            rule: "gap".into(),
            severity: Severity::Warning,
            channel: None,
            period: None,
            position: format!("line {}", row.number),
            reason: format!(
                "{beside} is {step} minutes away, yet rows were {length} minutes apart: its amount is taken as one of {length} minutes"
            ),
        });
    }

    /// Hands on the values of a row.
    fn read(
        &mut self,
        row: &Held,
        interval: &Result<Interval, String>,
        notation: Notation,
        out: &mut Output<'_>,
    ) -> Result<(), Loss> {
        let line = text(&row.bytes);
        split(&line, self.delimiter, &mut self.fields).map_err(Loss::one)?;
        let cell = |index: usize| cell(&self.fields, &line, index);
        let own = self.series.end(cell).map(|end| dates::end(&end, self.zone, row.at));
        let own = own.map(|end| end.map(|end| Some((row.at, end))).map_err(|error| error.to_string()));
        let interval = own.as_ref().unwrap_or(interval);
        let (mut lost, mut first) = (0, None);
        for column in &self.series.columns {
            let read = reading((column, &cell(column.index)), (row.at, interval), notation, out);
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

fn cell<'a>(fields: &[Field], line: &'a str, index: usize) -> Cow<'a, str> {
    fields.get(index).map(|field| field.text(line)).unwrap_or_default()
}

/// Between two stamps, whichever comes first; `None` where they are the same.
fn apart(first: Timestamp, second: Timestamp) -> Option<i64> {
    i64::try_from(second.micros().abs_diff(first.micros())).ok().filter(|step| *step > 0)
}

/// `None` for an empty value of which no interval is known: the mark at the end of a table of bills.
fn reading(
    (column, cell): (&Column, &str),
    (at, interval): (Timestamp, &Result<Interval, String>),
    notation: Notation,
    out: &mut Output<'_>,
) -> Result<Option<Reading>, String> {
    let missing = is_missing(cell);
    let period = match (column.kind, interval) {
        (Kind::Register | Kind::Instant, _) => Period::instant(at),
        (Kind::Interval, Err(reason)) => return Err(reason.clone()),
        (Kind::Interval, Ok(Some((start, end)))) => Period::interval(*start, *end)
            .ok_or_else(|| format!("the end {end} does not lie behind the start {start}"))?,
        (Kind::Interval, Ok(None)) if missing => return Ok(None),
        (Kind::Interval, Ok(None)) => return Err("nothing tells how long the interval is: no row follows".to_owned()),
    };
    let (kind, unit) = (column.kind, column.unit);
    if missing {
        return Ok(Some(Reading::missing(kind, period, unit)));
    }
    let value = notation.read(cell, out).map_err(|error| error.to_string())?;
    let quality = Quality::True;
    Ok(Some(Reading { kind, period, value: Some(value), unit, quality, method: None, reason: None }))
}
