//! A table of observations (`produkt_*.txt`): a header, and rows of one station and time each, up to `eor`.
//!
//! -999 is a missing reading. Every other number is a true one, whatever the quality level: DWD puts -999 where a check fails, and
//! its levels say how far a value was checked (1 on arrival, 3 by programs, 10 in the end). The level is kept as the reading's
//! reason, `QN 3`. Numbers that are signs (the sky not visible) keep their number and are faulty, with the sign as reason.

use std::collections::BTreeSet;

use metrify_domain::{Channel, Code, Decimal, Document, Period, Point, Quality, Reading, Severity};

use super::columns::{Column, Measured, column};
use super::finding;
use super::stamp::{self, Stamp};
use super::stations::{self, Stations};
use crate::encoding::{self, HEADER_BYTES_MAX, without_mark};
use crate::limits::LINE_BYTES_MAX;
use crate::lines::Line;
use crate::output::{Output, Problem};
use crate::unreadable::Unreadable;

/// Columns of one table. The largest of the trade has some 20.
const COLUMNS_MAX: usize = 200;
/// Unknown columns that are told of.
const UNKNOWN_MAX: usize = 100;

/// Whether a line is the header of a table.
pub(super) fn is_header(line: &[u8]) -> bool {
    let mut fields = line.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    fields.next() == Some(b"STATIONS_ID") && fields.next() == Some(b"MESS_DATUM") && fields.next_back() == Some(b"eor")
}

/// The tables of one delivery, one after another.
#[derive(Debug, Default)]
pub(super) struct Product {
    table: Option<Table>,
    unreadable: Option<Unreadable>,
    /// Unknown columns of all tables.
    unknown: BTreeSet<String>,
    spoke: bool,
}

#[derive(Debug)]
struct Table {
    /// As it stood, with a line end.
    header: Vec<u8>,
    columns: Vec<Named>,
    /// The station of the last row.
    point: Option<Point>,
}

#[derive(Debug)]
struct Named {
    name: String,
    column: Column,
    /// Of the station of the last row.
    channel: Option<Channel>,
}

impl Product {
    /// Whether no reading and no problem came out.
    pub(super) const fn is_silent(&self) -> bool {
        !self.spoke
    }

    pub(super) fn header(&mut self, line: Line<'_>, out: &mut Output<'_>) {
        let bytes = without_mark(line.bytes);
        let names: Vec<&[u8]> =
            bytes.split(|byte| *byte == b';').take(COLUMNS_MAX + 1).map(<[u8]>::trim_ascii).collect();
        let reason = if encoding::is_utf_16(line.bytes) {
            encoding::UTF_16
        } else if !is_header(bytes) {
            "the first line is no header of a DWD table: STATIONS_ID;MESS_DATUM;…;eor"
        } else if bytes.len() > HEADER_BYTES_MAX || names.len() > COLUMNS_MAX {
            "the header is longer than that of any table"
        } else {
            self.table = Some(Table::new(bytes, &names));
            return self.tell_of_unknown(out);
        };
        let mut unreadable = Unreadable::new(reason.to_owned());
        unreadable.head(line);
        self.unreadable = Some(unreadable);
    }

    fn tell_of_unknown(&mut self, out: &mut Output<'_>) {
        let columns = self.table.iter().flat_map(|table| &table.columns);
        for named in columns.filter(|named| column(&named.name).is_none()) {
            if self.unknown.len() < UNKNOWN_MAX && self.unknown.insert(named.name.clone()) {
                let reason = format!("the column `{}` is none of DWD's that are known; it is not read", named.name);
                out.finding(finding(Severity::Warning, "unknown_column", String::new(), reason));
            }
        }
    }

    pub(super) fn line(&mut self, line: Line<'_>, stations: &mut Stations, out: &mut Output<'_>) {
        if let Some(unreadable) = &mut self.unreadable {
            return unreadable.line(line);
        }
        if line.bytes.trim_ascii().is_empty() {
            return;
        }
        if let Some(table) = &mut self.table {
            self.spoke = true;
            if let Err(reason) = table.row(line, stations, out) {
                let lost = table.columns.iter().filter(|named| matches!(named.column, Column::Measured(_))).count();
                out.problem(table.problem(line, None, reason, lost));
            }
        }
    }

    pub(super) fn end(&mut self, out: &mut Output<'_>) {
        self.table = None;
        if let Some(mut unreadable) = self.unreadable.take() {
            self.spoke = true;
            unreadable.finish(out);
        }
    }
}

impl Table {
    fn new(header: &[u8], names: &[&[u8]]) -> Self {
        let named = |name: &&[u8]| {
            let name = encoding::text(name).into_owned();
            // What is unknown is told of once, and then stands beside the readings as an indicator does.
            let column = column(&name).unwrap_or(Column::Indicator);
            Named { name, column, channel: None }
        };
        let mut header = header.to_vec();
        header.push(b'\n');
        Self { header, columns: names.iter().map(named).collect(), point: None }
    }

    fn problem(&self, line: Line<'_>, column: Option<&str>, reason: String, lost: usize) -> Problem {
        let position = match column {
            Some(column) => format!("line {}, column {column}", line.number),
            None => format!("line {}", line.number),
        };
        let readings = lost.max(1) as u64;
        Problem { position, reason, readings, prelude: self.header.clone(), bytes: line.bytes.to_vec() }
    }

    fn row(&mut self, line: Line<'_>, stations: &mut Stations, out: &mut Output<'_>) -> Result<(), String> {
        if line.cut {
            return Err(format!("the row has more than {LINE_BYTES_MAX} bytes"));
        }
        let fields: Vec<&[u8]> =
            line.bytes.split(|byte| *byte == b';').take(COLUMNS_MAX + 1).map(<[u8]>::trim_ascii).collect();
        let [station, time, .., end] = fields.as_slice() else {
            return Err("the row has no station, time and end (eor)".to_owned());
        };
        if fields.len() != self.columns.len() {
            return Err(format!("the row has {} fields where its header has {}", fields.len(), self.columns.len()));
        }
        if *end != b"eor" {
            return Err("the row does not end with eor".to_owned());
        }
        let point = stations::point(station).ok_or("the row has no station number of one to five digits")?;
        let stamp = stamp::read(time)?;
        if self.point.as_ref() != Some(&point) {
            self.turn_to(&point);
        }
        stations.seen(&point, stamp.shown(), out);
        self.values(line, &fields, stamp, out);
        Ok(())
    }

    fn turn_to(&mut self, point: &Point) {
        for named in &mut self.columns {
            if let Column::Measured(measured) = named.column {
                named.channel = Some(Channel { point: point.clone(), quantity: measured.quantity });
            }
        }
        self.point = Some(point.clone());
    }

    fn values(&self, line: Line<'_>, fields: &[&[u8]], stamp: Stamp, out: &mut Output<'_>) {
        let mut level = None;
        for (named, field) in self.columns.iter().zip(fields) {
            match (named.column, &named.channel) {
                (Column::Level, _) => level = quality_level(field),
                (Column::Measured(measured), Some(channel)) => match reading(measured, field, stamp, level) {
                    Ok(reading) => out.reading(channel, &Document::default(), &reading),
                    Err(reason) => out.problem(self.problem(line, Some(&named.name), reason, 1)),
                },
                (Column::Measured(_) | Column::Station | Column::Stamp | Column::Indicator | Column::End, _) => {}
            }
        }
    }
}

fn reading(measured: &Measured, field: &[u8], stamp: Stamp, level: Option<Code>) -> Result<Reading, String> {
    let text = || encoding::text(field.get(..40).unwrap_or(field)).into_owned();
    let value = Decimal::parse(field, b'.').map_err(|error| format!("the value `{}` {error}", text()))?;
    let period: Period = measured.period(stamp).ok_or("the time is beyond what can be stored")?;
    let (kind, unit) = (measured.kind(), measured.unit);
    if value == Decimal::from(-999) {
        return Ok(Reading::missing(kind, period, unit));
    }
    let sign = measured.signs.iter().find(|(number, _)| value == Decimal::from(*number));
    let (quality, reason) = match sign {
        Some((_, meaning)) => (Quality::Faulty, Code::new(meaning)),
        None => (Quality::True, level),
    };
    Ok(Reading { kind, period, value: Some(value), unit, quality, method: None, reason })
}

/// `None` where the level is missing.
fn quality_level(field: &[u8]) -> Option<Code> {
    let level: u8 = std::str::from_utf8(field).ok()?.parse().ok()?;
    Code::new(&format!("QN {level}"))
}
