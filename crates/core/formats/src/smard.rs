//! CSV downloads of SMARD, the market data platform of the Bundesnetzagentur: consumption, generation, prices, capacity.
//!
//! Both layouts (`Datum von;Datum bis;…` and the older `Datum;Anfang;Ende;…` or `Datum;Uhrzeit;…`), German and English. The
//! columns tell the channels: `Netzlast` is `load` at the area of the options (`DE` without one), a price is `price.day_ahead` at
//! its bidding zone. `-` and an empty field are missing values. Times are those of a clock in Berlin, so the doubled hour of
//! autumn is told by order. How long an interval is, its neighbours tell: in spring the row before the change names an end on the
//! day before. `Datum bis` is heeded where it lies a quarter-hour, an hour, a day, a week, a month or a year behind the beginning.
//!
//! Measured and forecast consumption have the same columns. Sums that only forecasts of generation have make a file one of
//! forecasts, and so does a quantity that the caller names (`load_forecast`); where nothing tells, the values are taken as
//! measured, with a finding. Forecasts are quantities of their own.

mod header;
pub(crate) mod length;
mod series;

use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveDateTime};
use metrify_domain::calendar::{LocalClock, Zone};
use metrify_domain::unit::Dimension;
use metrify_domain::{Decimal, Document, Finding, Kind, Period, Point, PointKind, Reading, Severity};

use crate::columns::Loss;
use crate::dates::{self, Stamp, shown};
use crate::detect::Head;
use crate::encoding::{self, text, without_mark};
use crate::format::Options;
use crate::generation;
use crate::lines::{Line, Lines};
use crate::numbers::{Evidence, NumberError, evidence, grouped};
use crate::output::{Meter, Output, Problem};
use crate::page::Table;
use crate::unreadable::Unreadable;
use header::{Header, Times};
use length::{Begin, Length};

/// The rule of amounts whose quarter-hours lie in the same channel.
pub(crate) const COARSE: &str = "coarse_amounts";

#[must_use]
pub fn tables() -> Vec<Table> {
    series::tables()
}

#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    let area = germany()?;
    Header::read(&text(head.first_line()), &area, false).ok().map(|_| "the header of a SMARD download")
}

fn germany() -> Option<Point> {
    "DE".parse().ok()
}

pub struct Decoder {
    lines: Lines,
    reader: Reader,
}

struct Reader {
    area: Option<Point>,
    /// The caller says that the values are forecast.
    forecast: bool,
    stage: Stage,
}

enum Stage {
    /// The header line has not come yet.
    Head,
    Body(Box<Body>),
    Unreadable(Unreadable),
}

struct Body {
    header: Header,
    /// The header line as it came.
    prelude: Vec<u8>,
    clock: LocalClock,
    /// The row that waits for the next one to tell its length.
    held: Option<Row>,
    /// That of the last row.
    length: Option<Length>,
    told_coarse: bool,
}

struct Row {
    number: u64,
    bytes: Vec<u8>,
    begin: Begin,
    /// What its own end says, where that makes sense.
    told: Option<Length>,
}

impl Decoder {
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let area = options.area.clone().or_else(germany);
        let forecast = options.quantity.is_some_and(|quantity| generation::is_forecast(&quantity.to_string()));
        Self { lines: Lines::default(), reader: Reader { area, forecast, stage: Stage::Head } }
    }

    pub fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        self.lines.push(bytes, |line| self.reader.line(line, out));
    }

    pub fn finish(&mut self, out: &mut Output<'_>) {
        self.lines.finish(|line| self.reader.line(line, out));
        match &mut self.reader.stage {
            Stage::Head => {}
            Stage::Body(body) => body.finish(out),
            Stage::Unreadable(unreadable) => unreadable.finish(out),
        }
    }
}

impl Reader {
    fn line(&mut self, line: Line<'_>, out: &mut Output<'_>) {
        match &mut self.stage {
            Stage::Head => self.head(line, out),
            Stage::Body(body) => body.line(line, out),
            Stage::Unreadable(unreadable) => unreadable.line(line),
        }
    }

    fn head(&mut self, line: Line<'_>, out: &mut Output<'_>) {
        let bytes = if line.number == 1 { without_mark(line.bytes) } else { line.bytes };
        let Some(area) = &self.area else { return };
        if bytes.trim_ascii().is_empty() {
            return;
        }
        self.stage = match encoding::header(bytes).and_then(|text| Header::read(&text, area, self.forecast)) {
            Ok(header) => Stage::Body(Box::new(Body::new(header, bytes, line.number, out))),
            Err(reason) => {
                let mut unreadable = Unreadable::new(reason);
                unreadable.head(line);
                Stage::Unreadable(unreadable)
            }
        };
    }
}

impl Body {
    fn new(header: Header, line: &[u8], number: u64, out: &mut Output<'_>) -> Self {
        let points: BTreeSet<_> = header.columns.iter().map(|column| &column.channel.point).collect();
        for point in points {
            let kind = Some(point.kind()).filter(|kind| *kind != PointKind::Other).or(Some(PointKind::Area));
            let point = point.clone();
            out.meter(Meter { point, kind, name: None, server_id: None, maker: None, resolution: None });
        }
        if header.untold {
            out.finding(Finding {
                rule: "measured_or_forecast".into(),
                severity: Severity::Warning,
                channel: None,
                period: None,
                position: format!("line {number}"),
                reason: "SMARD names these columns alike for measured and for forecast values: taken as measured; a \
                         forecast as --quantity, such as load_forecast, says otherwise"
                    .to_owned(),
            });
        }
        let clock = LocalClock::new(Zone::BERLIN);
        Self { header, prelude: [line, b"\n"].concat(), clock, held: None, length: None, told_coarse: false }
    }

    fn line(&mut self, line: Line<'_>, out: &mut Output<'_>) {
        if line.bytes.trim_ascii().is_empty() {
            return;
        }
        let row =
            if line.cut { Err("the line is longer than any that holds readings".to_owned()) } else { self.row(line) };
        match row {
            Ok(row) => {
                self.release(Some(row.begin), out);
                self.held = Some(row);
            }
            Err(reason) => {
                self.release(None, out);
                self.lose(line.number, line.bytes, self.whole(reason), out);
            }
        }
    }

    fn finish(&mut self, out: &mut Output<'_>) {
        self.release(None, out);
        for stranger in self.header.strangers.iter().filter(|stranger| stranger.values > 0) {
            out.problem(Problem {
                position: format!("column {}", stranger.index + 1),
                reason: stranger.reason.clone(),
                readings: stranger.values,
                prelude: Vec::new(),
                bytes: self.prelude.clone(),
            });
        }
    }

    /// Reads the times of a row.
    fn row(&mut self, line: Line<'_>) -> Result<Row, String> {
        let text = text(line.bytes);
        let cells: Vec<&str> = text.split(';').map(cell).collect();
        let more = cells.iter().skip(self.header.width).any(|cell| !cell.is_empty());
        let last = self.header.columns.last().map_or(0, |column| column.index);
        if more || cells.len() <= last {
            return Err(format!("the row has {} fields, the header has {}", cells.len(), self.header.width));
        }
        let (start, end) = times(self.header.times, &cells)?;
        let at = self.clock.read(start).map_err(|error| error.to_string())?;
        for stranger in &mut self.header.strangers {
            let filled = cells.get(stranger.index).is_some_and(|cell| !is_missing(cell));
            stranger.values += u64::from(filled);
        }
        let told = end.and_then(|end| Length::told(start, end));
        Ok(Row { number: line.number, bytes: line.bytes.to_vec(), begin: Begin { at, clock: start }, told })
    }

    /// Says, once, that the amounts are those of longer intervals than SMARD has.
    fn tell_coarse(&mut self, line: u64, out: &mut Output<'_>) {
        let has_amounts =
            || self.header.columns.iter().any(|column| column.unit.dimension() == Dimension::ActiveEnergy);
        let coarse = self.length.and_then(Length::coarse).filter(|_| !self.told_coarse && has_amounts());
        if let Some(reason) = coarse {
            self.told_coarse = true;
            out.remark(Severity::Note, COARSE, format!("line {line}"), reason);
        }
    }

    /// Hands on the row that waited, now that it is known what follows it.
    fn release(&mut self, next: Option<Begin>, out: &mut Output<'_>) {
        let Some(row) = self.held.take() else { return };
        let step = next.and_then(|next| Length::between(row.begin, next));
        // A gap makes the step too long, never too short; so does no end, so that the finest is meant.
        let length = row.told.into_iter().chain(step).min();
        let length = if row.told.is_some() { length } else { length.into_iter().chain(self.length).min() };
        let end = length.and_then(|length| length.end(row.begin));
        let Some(period) = end.and_then(|end| Period::interval(row.begin.at, end)) else {
            let reason = "neither its end nor the next row tells how long the interval is".to_owned();
            self.lose(row.number, &row.bytes, self.whole(reason), out);
            return;
        };
        self.length = length;
        self.tell_coarse(row.number, out);
        let text = text(&row.bytes);
        let cells: Vec<&str> = text.split(';').map(cell).collect();
        let (mut lost, mut first) = (0, None);
        for column in &self.header.columns {
            let value = match cells.get(column.index) {
                Some(cell) if !is_missing(cell) => Some(number(cell, self.header.english)),
                Some(_) | None => None,
            };
            let (kind, unit) = (Kind::Interval, column.unit);
            let reading = match value.transpose() {
                Ok(None) => Reading::missing(kind, period, unit),
                Ok(value) => Reading { kind, period, value, unit, quality: column.quality, method: None, reason: None },
                Err(error) => {
                    lost += 1;
                    first.get_or_insert(format!("field {}: {error}", column.index + 1));
                    continue;
                }
            };
            out.reading(&column.channel, &Document::default(), &reading);
        }
        if let Some(reason) = first {
            self.lose(row.number, &row.bytes, Loss { reason, readings: lost }, out);
        }
    }

    /// The loss of a whole row.
    fn whole(&self, reason: String) -> Loss {
        Loss { reason, readings: self.header.columns.len() as u64 }
    }

    fn lose(&self, number: u64, bytes: &[u8], loss: Loss, out: &mut Output<'_>) {
        let (position, prelude) = (format!("line {number}"), self.prelude.clone());
        out.problem(Problem { position, reason: loss.reason, readings: loss.readings, prelude, bytes: bytes.to_vec() });
    }
}

fn cell(text: &str) -> &str {
    text.trim().trim_matches('"')
}

fn is_missing(cell: &str) -> bool {
    matches!(cell, "" | "-")
}

fn number(cell: &str, english: bool) -> Result<Decimal, NumberError> {
    // SMARD gives two decimals at most, so that three digits behind a point are thousands of a file that mixes languages.
    if english && evidence(cell) == Evidence::Ambiguous {
        return Err(NumberError::Unclear(shown(cell)));
    }
    let (decimal, group) = if english { (b'.', b',') } else { (b',', b'.') };
    grouped(cell, decimal, group).unwrap_or_else(|| Err(NumberError::Groups(shown(cell))))
}

/// The clock times at which the interval of a row begins and ends.
fn times(times: Times, cells: &[&str]) -> Result<(NaiveDateTime, Option<NaiveDateTime>), String> {
    let cell = |index: usize| cells.get(index).copied().unwrap_or_default();
    let on_day = |time: &str| clock(&format!("{} {time}", cell(0)));
    match times {
        Times::From => Ok((clock(cell(0))?, None)),
        Times::FromTo => Ok((clock(cell(0))?, clock(cell(1)).ok())),
        Times::DayAndStart => Ok((on_day(cell(1))?, None)),
        Times::DayStartEnd => {
            let start = on_day(cell(1))?;
            let end = on_day(cell(2)).ok();
            let next_day = |end: NaiveDateTime| Some(end.date().succ_opt()?.and_time(end.time()));
            Ok((start, end.and_then(|end| if end > start { Some(end) } else { next_day(end) })))
        }
    }
}

/// `01.01.2023 00:15`, `2023-01-01 00:15`, `Jan 1, 2023 12:15 AM`; a day alone is its midnight.
fn clock(text: &str) -> Result<NaiveDateTime, String> {
    if let Some(english) = english_clock(text) {
        return english.ok_or_else(|| dates::DateError::NoSuchTime(shown(text)).to_string());
    }
    if let Ok(day) = dates::day(text) {
        return Ok(day.and_time(chrono::NaiveTime::MIN));
    }
    match dates::stamp(text) {
        Ok(Stamp::Clock(clock)) => Ok(clock),
        Ok(Stamp::At(_)) => {
            Err(format!("`{}` has an offset, yet the times of SMARD are those of a clock in Berlin", shown(text)))
        }
        Err(error) => Err(error.to_string()),
    }
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `None` where the text is no English date; within, `None` where the calendar has no such time.
fn english_clock(text: &str) -> Option<Option<NaiveDateTime>> {
    let mut words = text.split_whitespace();
    let month = words.next()?.get(..3)?;
    let month = MONTHS.iter().position(|name| *name == month)? as u32 + 1;
    let day = words.next()?.trim_end_matches(',').parse().ok()?;
    let date = NaiveDate::from_ymd_opt(words.next()?.parse().ok()?, month, day);
    let (hour, minute) = words.next().unwrap_or("00:00").split_once(':')?;
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    let hour = match words.next() {
        None => hour,
        Some("AM") if (1..=12).contains(&hour) => hour % 12,
        Some("PM") if (1..=12).contains(&hour) => hour % 12 + 12,
        Some(_) => return None,
    };
    Some(date.and_then(|date| date.and_hms_opt(hour, minute, 0)))
}
