//! Turns records into readings: defaults, times and the rules that the columns keep together.

use std::collections::{HashMap, HashSet};
use std::error::Error;

use chrono::NaiveDate;
use foldhash::fast::RandomState;
use metrify_domain::calendar::{Instants, LocalClock, Zone};
use metrify_domain::identifier::IdentifierError;
use metrify_domain::time::{HOUR, QUARTER_HOUR};
use metrify_domain::{
    Channel, Code, Decimal, Document, Kind, Period, Point, Quality, Quantity, Reading, Severity, Timestamp, Unit,
};

use super::{Column, Cut, Record};
use crate::dates::{self, DateError, Stamp};
use crate::ids;
use crate::numbers::Notation;
use crate::output::Output;

/// Why a record, or a part of it, was not understood, and how many readings that costs.
#[derive(Debug)]
pub(crate) struct Loss {
    pub(crate) reason: String,
    pub(crate) readings: u64,
}

impl Loss {
    pub(crate) const fn one(reason: String) -> Self {
        Self { reason, readings: 1 }
    }
}

/// As [`Loss`], before the readings of the record are counted.
enum Refusal {
    Whole(String),
    Part { reason: String, readings: u64 },
}

impl<E: Error> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Whole(error.to_string())
    }
}

/// Most series that are known at a time. When one more comes, all are forgotten: their points are read anew, and the local
/// times of a series that has none before it are told by its next rows.
const SERIES_MAX: usize = 100_000;

/// What is known by two texts, quick where the same two come many times in a row.
#[derive(Debug)]
pub(crate) struct Known<T> {
    entries: Vec<T>,
    numbers: HashMap<Box<[u8]>, usize, RandomState>,
    key: Vec<u8>,
    last_texts: [String; 2],
    last: usize,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        let (key, last_texts) = (Vec::new(), Default::default());
        Self { entries: Vec::new(), numbers: HashMap::default(), key, last_texts, last: 0 }
    }
}

impl<T> Known<T> {
    /// What the texts name, made where it is new.
    pub(crate) fn find<E>(&mut self, texts: [&str; 2], make: impl FnOnce() -> Result<T, E>) -> Result<&mut T, E> {
        if self.last_texts != texts || self.entries.is_empty() {
            self.key.clear();
            self.key.extend_from_slice(texts[0].as_bytes());
            self.key.push(0);
            self.key.extend_from_slice(texts[1].as_bytes());
            self.last = match self.numbers.get(self.key.as_slice()) {
                Some(number) => *number,
                None => self.add(make()?),
            };
            self.last_texts.iter_mut().zip(texts).for_each(|(last, text)| text.clone_into(last));
        }
        Ok(&mut self.entries[self.last])
    }

    fn add(&mut self, entry: T) -> usize {
        if self.entries.len() >= SERIES_MAX {
            self.entries.clear();
            self.numbers.clear();
        }
        let number = self.entries.len();
        self.numbers.insert(self.key.as_slice().into(), number);
        self.entries.push(entry);
        number
    }
}

/// A channel with what its rows need again and again.
#[derive(Debug)]
struct Series {
    channel: Channel,
    kind: Option<Kind>,
    unit: Option<Unit>,
    clock: Option<LocalClock>,
}

impl Series {
    fn new(point: &str, quantity: &str) -> Result<Self, Refusal> {
        let point = point.parse::<Point>()?;
        let quantity = quantity.parse::<Quantity>()?;
        let (kind, unit) = (quantity.natural_kind(), quantity.default_unit());
        Ok(Self { channel: Channel { point, quantity }, kind, unit, clock: None })
    }
}

/// What a text means, kept for the next record, which mostly says the same.
#[derive(Debug)]
struct Meaning<T> {
    text: String,
    meaning: Option<T>,
}

impl<T> Default for Meaning<T> {
    fn default() -> Self {
        Self { text: String::new(), meaning: None }
    }
}

impl<T: Copy> Meaning<T> {
    #[inline]
    fn known(&self, text: &str) -> Option<T> {
        self.meaning.filter(|_| self.text == text)
    }

    #[inline]
    fn of<E>(&mut self, text: &str, read: impl FnOnce(&str) -> Result<T, E>) -> Result<T, E> {
        if let Some(known) = self.known(text) {
            return Ok(known);
        }
        let meaning = read(text)?;
        text.clone_into(&mut self.text);
        self.meaning = Some(meaning);
        Ok(meaning)
    }
}

/// What the record before said.
#[derive(Debug, Default)]
struct Before {
    kind: Meaning<Kind>,
    unit: Meaning<Unit>,
    quality: Meaning<Quality>,
    begin: Meaning<Stamp>,
    end: Meaning<Stamp>,
}

impl Before {
    /// The beginning of a period is mostly that of the record before, or its end.
    fn begin(&mut self, text: &str) -> Result<Stamp, DateError> {
        match self.end.known(text) {
            Some(stamp) => Ok(stamp),
            None => self.begin.of(text, dates::stamp),
        }
    }
}

/// Reads the records of one delivery.
#[derive(Debug)]
pub(crate) struct Resolver {
    zone: Option<Zone>,
    series: Known<Series>,
    before: Before,
    /// Ids of a table of which a finding told; `None` where it is a program that writes the ids.
    doubted: Option<HashSet<String>>,
}

impl Resolver {
    /// `zone` is that of times that carry none.
    pub(crate) fn new(zone: Option<Zone>) -> Self {
        Self { zone, series: Known::default(), before: Before::default(), doubted: None }
    }

    /// As [`new`](Self::new), for a table, whose ids a spreadsheet or somebody's hand may have changed.
    pub(crate) fn of_table(zone: Option<Zone>) -> Self {
        Self { doubted: Some(HashSet::new()), ..Self::new(zone) }
    }

    /// Hands on the readings of a record; of a day set also those beside a value that is none.
    pub(crate) fn read(&mut self, record: &Record<'_>, notation: Notation, out: &mut Output<'_>) -> Result<(), Loss> {
        self.try_read(record, notation, out).map_err(|refusal| match refusal {
            Refusal::Part { reason, readings } => Loss { reason, readings },
            Refusal::Whole(reason) => Loss { reason, readings: record.readings() },
        })
    }

    fn try_read(&mut self, record: &Record<'_>, notation: Notation, out: &mut Output<'_>) -> Result<(), Refusal> {
        let point = required(record, Column::Point)?;
        let quantity = required(record, Column::Quantity)?;
        let zone = self.zone;
        let mut doubt = None;
        let series = self.series.find([point, quantity], || {
            if self.doubted.is_some() {
                ids::point(point)?;
                doubt = ids::doubt(point);
            }
            Series::new(point, quantity)
        })?;
        if let (Some(doubted), Some(error)) = (&mut self.doubted, doubt) {
            doubtful(doubted, point, &error, out);
        }
        if record.get(Column::Day).is_some() {
            return day_set(record, zone, (series, &mut self.before), notation, out);
        }
        if !record.values.is_empty() {
            return Err(Refusal::Whole("`values` needs a `day`".to_owned()));
        }
        let (kind, period) = times(record, zone, series, &mut self.before)?;
        let mut standing = Standing::of(record, zone, series, &mut self.before)?;
        let value = match (record.get(Column::Value), standing.quality) {
            (None, Quality::Missing) => None,
            (None, _) => return Err(Refusal::Whole("`value` is missing, and `quality` does not say so".to_owned())),
            (Some(text), _) => Some(standing.value(text, notation, out)?),
        };
        standing.hand_on(&series.channel, (kind, period, value), out);
        Ok(())
    }
}

/// Tells once of an id.
fn doubtful(doubted: &mut HashSet<String>, id: &str, error: &IdentifierError, out: &mut Output<'_>) {
    if doubted.len() >= SERIES_MAX {
        doubted.clear();
    }
    if doubted.insert(id.to_owned()) {
        out.remark(Severity::Warning, "check_digit", String::new(), format!("the id `{id}`: {error}"));
    }
}

fn required<'r>(record: &'r Record<'_>, column: Column) -> Result<&'r str, Refusal> {
    record.get(column).ok_or_else(|| Refusal::Whole(format!("`{}` is missing", column.name())))
}

/// What a record says about all of its readings.
struct Standing {
    quality: Quality,
    document: Document,
    /// The reading that was handed on last: it is too large to be made anew for each.
    reading: Reading,
}

impl Standing {
    fn of(record: &Record<'_>, zone: Option<Zone>, series: &Series, before: &mut Before) -> Result<Self, Refusal> {
        let unit = match record.get(Column::Unit) {
            None => series.unit.ok_or_else(|| {
                Refusal::Whole(format!("`unit` is missing, and `{}` does not fix it", series.channel.quantity))
            })?,
            Some(text) => before.unit.of(text, |text| Unit::new(text).ok_or_else(|| unfit(Column::Unit, text, 15)))?,
        };
        let quality = match record.get(Column::Quality) {
            None => Quality::True,
            Some(text) => before.quality.of(text, str::parse)?,
        };
        let known_at = match record.get(Column::RecordedAt) {
            None => None,
            Some(text) => Some(dates::instant(text, zone, &mut None)?),
        };
        let method = record.get(Column::Method).map(|text| code(Column::Method, text)).transpose()?;
        let reason = record.get(Column::Reason).map(|text| code(Column::Reason, text)).transpose()?;
        let (kind, period) = (Kind::Interval, Period::instant(Timestamp::default()));
        let reading = Reading { kind, period, value: None, unit, quality, method, reason };
        Ok(Self { quality, document: Document { reference: String::new(), known_at }, reading })
    }

    fn value(&self, text: &str, notation: Notation, out: &mut Output<'_>) -> Result<Decimal, Refusal> {
        if self.quality == Quality::Missing {
            return Err(Refusal::Whole(format!(
                "the quality is missing, yet there is the value `{}`",
                dates::shown(text)
            )));
        }
        Ok(notation.read(text, out)?)
    }

    fn hand_on(
        &mut self,
        channel: &Channel,
        (kind, period, value): (Kind, Period, Option<Decimal>),
        out: &mut Output<'_>,
    ) {
        self.reading.quality = if value.is_some() { self.quality } else { Quality::Missing };
        (self.reading.kind, self.reading.period, self.reading.value) = (kind, period, value);
        out.reading(channel, &self.document, &self.reading);
    }
}

fn code(column: Column, text: &str) -> Result<Code, Refusal> {
    Code::new(text).ok_or_else(|| unfit(column, text, 47))
}

fn unfit(column: Column, text: &str, bytes: usize) -> Refusal {
    let (name, text) = (column.name(), dates::shown(text));
    Refusal::Whole(format!("`{name}` has more than {bytes} bytes or a control character: `{}`", text.escape_debug()))
}

/// Kind and period of a record that holds one reading.
fn times(
    record: &Record<'_>,
    zone: Option<Zone>,
    series: &mut Series,
    before: &mut Before,
) -> Result<(Kind, Period), Refusal> {
    let (at, begin, end) = (record.get(Column::At), record.get(Column::PeriodStart), record.get(Column::PeriodEnd));
    let (begin, end) = match (at, begin, end) {
        (Some(at), None, None) => (at, None),
        // The same text twice is one time, also in the hour that comes twice.
        (None, Some(begin), end) => (begin, end.filter(|end| *end != begin)),
        (None, None, _) => {
            let reason = "the time is missing: `at`, or `period_start` and for an interval `period_end`";
            return Err(Refusal::Whole(reason.to_owned()));
        }
        (Some(_), _, _) => {
            return Err(Refusal::Whole(
                "`at` stands for both times: leave out `period_start` and `period_end`".to_owned(),
            ));
        }
    };
    let start = before.begin(begin)?.instant(begin, zone, &mut series.clock)?;
    let end = match end {
        None => start,
        Some(text) => before.end.of(text, dates::stamp)?.end(text, zone, start)?,
    };
    let said = record.get(Column::Kind).map(|text| before.kind.of(text, str::parse)).transpose()?;
    let kind = said.or(series.kind).unwrap_or(if start == end { Kind::Instant } else { Kind::Interval });
    match (kind, Period::interval(start, end)) {
        (Kind::Interval, Some(period)) => Ok((kind, period)),
        (Kind::Register | Kind::Instant, None) if start == end => Ok((kind, Period::instant(start))),
        (Kind::Interval, None) if start == end => Err(Refusal::Whole("an interval needs `period_end`".to_owned())),
        (Kind::Interval | Kind::Register | Kind::Instant, None) => {
            Err(Refusal::Whole(format!("the end {end} lies before the start {start}")))
        }
        (Kind::Register | Kind::Instant, Some(_)) => Err(Refusal::Whole(format!(
            "a value of kind {kind} has one time, yet it lasts from {start} to {end}{}",
            if said.is_none() {
                format!(": `{}` is such a value unless `kind` says otherwise", series.channel.quantity)
            } else {
                String::new()
            }
        ))),
    }
}

/// Hands on the values of a local day, one for every quarter-hour or every hour of it.
fn day_set(
    record: &Record<'_>,
    zone: Option<Zone>,
    (series, before): (&Series, &mut Before),
    notation: Notation,
    out: &mut Output<'_>,
) -> Result<(), Refusal> {
    let one_time = [Column::At, Column::PeriodStart, Column::PeriodEnd, Column::Value];
    if let Some(column) = one_time.into_iter().find(|column| record.get(*column).is_some()) {
        return Err(Refusal::Whole(format!("a `day` has `values` and no `{}`", column.name())));
    }
    let kind = record.get(Column::Kind).map(str::parse::<Kind>).transpose()?.or(series.kind).unwrap_or(Kind::Interval);
    if kind != Kind::Interval {
        let quantity = series.channel.quantity;
        return Err(Refusal::Whole(format!(
            "a `day` holds amounts over intervals, yet `{quantity}` is of kind {kind}"
        )));
    }
    let Slots { mut start, step, count } = Slots::of(record, series.channel.quantity)?;
    let mut standing = Standing::of(record, zone, series, before)?;
    if let Some(Cut { line, values }) = record.cut.filter(|cut| cut.values < count) {
        let reason = format!(
            "the line has fields for {values} of the {count} values of its day, as if it were cut off: the others are taken as missing"
        );
        out.remark(Severity::Warning, "cut_line", format!("line {line}"), reason);
    }
    let (mut lost, mut first) = (0, None);
    for (index, text) in record.values.iter().take(count).enumerate() {
        let end = start.plus(step).unwrap_or(start);
        let value = text.as_deref().map(|text| standing.value(text, notation, out)).transpose();
        match (value, Period::interval(start, end)) {
            (Ok(value), Some(period)) => {
                standing.hand_on(&series.channel, (kind, period, value), out);
            }
            (Err(Refusal::Whole(reason) | Refusal::Part { reason, .. }), _) => {
                lost += 1;
                first.get_or_insert_with(|| format!("value {}: {reason}", index + 1));
            }
            (Ok(_), None) => lost += 1,
        }
        start = end;
    }
    if lost == 0 {
        return Ok(());
    }
    Err(Refusal::Part {
        reason: first.unwrap_or_else(|| "the day lies beyond the calendar".to_owned()),
        readings: lost,
    })
}

/// Where the values of a day set begin, how far apart they are and how many there are.
struct Slots {
    start: Timestamp,
    step: i64,
    count: usize,
}

/// Most hours of a day: places for more values are for quarter-hours.
const DAY_HOURS_MAX: usize = 25;

impl Slots {
    /// The day is one of the German energy market: from midnight, and for gas from 06:00, on the clock of Berlin.
    fn of(record: &Record<'_>, quantity: Quantity) -> Result<Self, Refusal> {
        let day = dates::day(required(record, Column::Day)?)?;
        let gas = matches!(quantity, Quantity::Obis(code) if code.groups()[0] == GAS);
        let hour = if gas { GAS_DAY_HOUR } else { 0 };
        let beyond = || Refusal::Whole(format!("the day {day} lies beyond the calendar"));
        let start = begin(Some(day), hour).ok_or_else(beyond)?;
        let end = begin(day.succ_opt(), hour).ok_or_else(beyond)?;
        let length = end.micros() - start.micros();
        let places = record.values.len();
        let fits = |step: &i64| match usize::try_from(length / step) {
            Ok(count) if record.padded => {
                (places > DAY_HOURS_MAX) == (*step == QUARTER_HOUR) && record.filled() <= count && count <= places
            }
            Ok(count) => places == count,
            Err(_) => false,
        };
        let step = [QUARTER_HOUR, HOUR].into_iter().filter(|step| length % step == 0).find(fits);
        let step = step.ok_or_else(|| {
            let name = if gas { "gas day" } else { "day" };
            let (quarters, hours, values) = (length / QUARTER_HOUR, length / HOUR, record.readings());
            let values = if places == 0 { 0 } else { values };
            Refusal::Whole(format!(
                "the {name} {day} has {quarters} quarter-hours or {hours} hours, yet there are {values} values"
            ))
        })?;
        Ok(Self { start, step, count: usize::try_from(length / step).unwrap_or_default() })
    }
}

/// Group A of gas.
const GAS: u8 = 7;
/// The clock time at which the gas day begins.
const GAS_DAY_HOUR: u32 = 6;

fn begin(day: Option<NaiveDate>, hour: u32) -> Option<Timestamp> {
    match Zone::BERLIN.instants(day?.and_hms_opt(hour, 0, 0)?) {
        Instants::One(at) | Instants::Two { earlier: at, .. } => Some(at),
        Instants::None => None,
    }
}
