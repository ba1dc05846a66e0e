//! NEM12, the Australian format of interval data (AEMO, Meter Data File Format 2.x): one record a line, its kind in the first field.
//!
//! `100` begins the file, `200` names a datastream, `300` holds a day of it, `400` tells the quality of some of the day's intervals,
//! `500` is about the visit to the meter, `900` ends the file. Times are those of AEST, ten hours ahead of UTC all year, as the norm
//! says. A point is the NMI; the suffix tells the quantity. `UpdateDateTime` is when the values became known. Of a record `500` nothing
//! is read: its `IndexRead` is what the register showed, without the unit and the places that would make it a reading.

mod day;
mod stream;

use metrify_domain::{Document, Finding, Severity};

use crate::columns::Loss;
use crate::dates::shown;
use crate::detect::Head;
use crate::encoding::{text, without_mark};
use crate::fields::{Field, split};
use crate::format::Options;
use crate::limits::REJECT_BYTES_MAX;
use crate::lines::{Line, Lines};
use crate::output::{Output, Problem};
use crate::page::Table;
use crate::record::{Record, RecordTable};
use day::{Day, FLAGS};
use stream::{MEANS, SUFFIXES, Stream, UNITS, mean_quantities};

/// Records 400 of one day. There are as many as it has intervals at most; a day of five minutes has 288.
const EVENTS_MAX: usize = 288;

#[must_use]
pub fn tables() -> Vec<Table> {
    let suffix = |(letter, code, check, meaning): &(char, u8, bool, &str)| {
        let point = if *check { "`<NMI>/check`" } else { "`<NMI>`" };
        vec![format!("`{letter}n`"), point.to_owned(), format!("`1-n:{code}.29.0`"), (*meaning).to_owned()]
    };
    let mean = |(letter, units, meaning): &(char, &'static [(&'static str, u8)], &'static str)| {
        let quantities = mean_quantities(units);
        vec![format!("`{letter}n`"), "`<NMI>`".to_owned(), quantities, (*meaning).to_owned()]
    };
    let flag = |(flag, quality, meaning): &(char, metrify_domain::Quality, &str)| {
        vec![format!("`{flag}`"), (*meaning).to_owned(), format!("`{}`", quality.name())]
    };
    let units = UNITS.iter().map(|(name, unit)| vec![format!("`{name}`"), format!("`{unit}`")]).collect();
    vec![
        Table {
            name: "suffixes",
            columns: &["suffix", "point", "quantity", "meaning"],
            rows: SUFFIXES.iter().map(suffix).chain(MEANS.iter().map(mean)).collect(),
        },
        Table { name: "qualities", columns: &["flag", "meaning", "quality"], rows: FLAGS.iter().map(flag).collect() },
        Table { name: "units", columns: &["`UOM`", "unit"], rows: units },
    ]
}

#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    head.first_line().starts_with(b"100,NEM12,").then_some("the header record of a NEM12 file")
}

#[derive(Default)]
pub struct Decoder {
    lines: Lines,
    file: Box<File>,
}

#[derive(Default)]
struct File {
    /// Record 100 as it came.
    header: Vec<u8>,
    /// Its time as it came, by which the file is named.
    named: String,
    stream: Current,
    day: Option<Day>,
    /// The last record 300 was lost, and the records 400 behind it are lost with it.
    day_lost: bool,
    events: usize,
    ended: bool,
    last_line: u64,
    fields: Vec<Field>,
}

/// The datastream that records 300 belong to.
#[derive(Default)]
enum Current {
    #[default]
    None,
    Known(Box<Stream>, Vec<u8>),
    /// Why its days cannot be read, and its record.
    Unknown(String, Vec<u8>),
}

impl Decoder {
    #[must_use]
    pub fn new(_options: &Options) -> Self {
        Self::default()
    }

    pub fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        self.lines.push(bytes, |line| self.file.line(line, out));
    }

    pub fn finish(&mut self, out: &mut Output<'_>) {
        self.lines.finish(|line| self.file.line(line, out));
        self.file.release(out);
        if !self.file.ended && self.file.last_line > 0 {
            let reason = "the file has no record 900 at its end: what stood behind its last record may be lost";
            out.finding(Finding {
                rule: "no_end".into(),
                severity: Severity::Warning,
                channel: None,
                period: None,
                position: format!("line {}", self.file.last_line),
                reason: reason.to_owned(),
            });
        }
    }
}

impl File {
    fn line(&mut self, line: Line<'_>, out: &mut Output<'_>) {
        let bytes = if line.number == 1 { without_mark(line.bytes) } else { line.bytes };
        if bytes.trim_ascii().is_empty() {
            return;
        }
        self.last_line = line.number;
        let fields = if line.cut {
            Err("the line is longer than any that holds readings".to_owned())
        } else {
            self.split(bytes)
        };
        let read = fields.and_then(|fields| self.record(line.number, bytes, &fields, out));
        if let Err(reason) = read {
            self.lose(line.number, bytes, Loss::one(reason), out);
        }
    }

    fn split(&mut self, bytes: &[u8]) -> Result<Vec<String>, String> {
        let text = text(bytes);
        split(&text, b',', &mut self.fields)?;
        Ok(self.fields.iter().map(|field| field.text(&text).into_owned()).collect())
    }

    fn record(&mut self, number: u64, bytes: &[u8], fields: &[String], out: &mut Output<'_>) -> Result<(), String> {
        match fields.first().map_or("", String::as_str) {
            "100" => self.begin(bytes, fields, out),
            "200" => {
                self.release(out);
                self.day_lost = false;
                self.turn_to(bytes, fields, out);
                Ok(())
            }
            "300" => {
                self.release(out);
                self.day(number, bytes, fields, out);
                Ok(())
            }
            "400" => match &mut self.day {
                Some(day) if self.events < EVENTS_MAX => {
                    self.events += 1;
                    day.event(bytes, fields);
                    Ok(())
                }
                None if self.day_lost => Ok(()),
                _ => Err("a record 400 without a day to which it belongs".to_owned()),
            },
            "500" => {
                self.release(out);
                Ok(())
            }
            "900" => {
                self.release(out);
                (self.stream, self.ended) = (Current::None, true);
                Ok(())
            }
            other => Err(format!("`{}` is no kind of record of NEM12", shown(other))),
        }
    }

    fn begin(&mut self, bytes: &[u8], fields: &[String], out: &mut Output<'_>) -> Result<(), String> {
        self.release(out);
        (self.stream, self.ended) = (Current::None, false);
        let version = fields.get(1).map_or("", String::as_str);
        if version != "NEM12" {
            return Err(format!("the version is `{}`, not NEM12", shown(version)));
        }
        self.header = [bytes, b"\n"].concat();
        self.named = fields.get(2).cloned().unwrap_or_default();
        Ok(())
    }

    fn turn_to(&mut self, bytes: &[u8], fields: &[String], out: &mut Output<'_>) {
        let line = [bytes, b"\n"].concat();
        self.stream = match Stream::read(fields) {
            Ok(stream) => {
                self.tell_meter(&stream, out);
                Current::Known(Box::new(stream), line)
            }
            Err(reason) => Current::Unknown(reason, line),
        };
    }

    /// The serial number of the meter is a fact about the NMI.
    fn tell_meter(&self, stream: &Stream, out: &mut Output<'_>) {
        if stream.meter.is_empty() {
            return;
        }
        let document = format!("NEM12 {}", self.named);
        let cells = vec![
            stream.nmi.as_str().into(),
            "metering_location".into(),
            "meter".into(),
            stream.meter.as_str().into(),
            crate::record::Cell::Null,
            crate::record::Cell::Null,
            crate::record::Cell::Null,
            crate::record::Cell::Null,
            crate::record::Cell::Null,
            document.as_str().trim_end().into(),
        ];
        if let Some(record) = Record::new(RecordTable::MasterData, Document::default(), cells) {
            out.record(record);
        }
    }

    fn day(&mut self, number: u64, bytes: &[u8], fields: &[String], out: &mut Output<'_>) {
        (self.events, self.day_lost) = (0, false);
        let (reason, readings) = match &self.stream {
            Current::Known(stream, _) => match Day::read(number, bytes, fields, stream) {
                Ok(day) => {
                    self.day = Some(day);
                    return;
                }
                Err(reason) => (reason, stream.intervals as u64),
            },
            Current::Unknown(reason, _) => (reason.clone(), values(fields)),
            Current::None => ("a record 300 without a record 200 above it".to_owned(), values(fields)),
        };
        self.day_lost = true;
        self.lose(number, bytes, Loss { reason, readings }, out);
    }

    /// Hands on the day that waited for its records 400.
    fn release(&mut self, out: &mut Output<'_>) {
        let (Some(day), Current::Known(stream, _)) = (self.day.take(), &self.stream) else { return };
        if let Err(loss) = day.release(stream, out) {
            self.lose(day.number, &day.bytes, loss, out);
        }
    }

    fn lose(&self, number: u64, bytes: &[u8], loss: Loss, out: &mut Output<'_>) {
        let stream = match &self.stream {
            Current::None => &[][..],
            Current::Known(_, line) | Current::Unknown(_, line) => line,
        };
        let mut prelude = [self.header.as_slice(), stream].concat();
        prelude.truncate(REJECT_BYTES_MAX);
        let position = format!("line {number}");
        out.problem(Problem { position, reason: loss.reason, readings: loss.readings, prelude, bytes: bytes.to_vec() });
    }
}

/// How many values a record 300 seems to have: the fields that are numbers.
fn values(fields: &[String]) -> u64 {
    let numbers =
        fields.iter().skip(2).take_while(|field| field.starts_with(|first: char| !first.is_ascii_alphabetic()));
    numbers.count().max(1) as u64
}
