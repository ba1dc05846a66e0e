//! Sections as text: NDJSON and CSV with the columns of the table `readings`, as the decoders read them back.
//!
//! A line is put together from what all lines of a channel share and from instants written down once a day, which takes some
//! tens of nanoseconds. The writers of the formats take several times as long, for they suit any reading.

use chrono::{Datelike, NaiveDate};
use metrify_domain::{Kind, Quality};
use metrify_formats::csv;

use crate::fleet::{Fleet, Slice};
use crate::measure::Measure;
use crate::run::Run;
use crate::scene::{QUARTER_SECONDS, Scene};
use crate::section::{Section, Standing, Statement, instant};
use crate::truth::Account;

/// How a fleet is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// One reading a line.
    Ndjson,
    /// NDJSON with one line for a channel and a day where its quarter-hours are all told, once and as true; else one reading a line.
    DaySets,
    /// One reading a line, under a header.
    Csv,
}

/// A piece is handed over once it has so many bytes.
pub const PIECE_BYTES: usize = 1 << 20;

/// A slice of a fleet as text, in pieces.
#[derive(Debug)]
pub struct Pieces {
    run: Run,
    writer: Writer,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Header,
    Body,
    Ended,
}

impl Pieces {
    #[must_use]
    pub fn new(fleet: &Fleet, slice: &Slice, form: Form) -> Self {
        Self { run: Run::new(fleet, slice), writer: Writer::new(form), stage: Stage::Header }
    }

    /// Appends whole lines, [`PIECE_BYTES`] and at most one meter's day more; `false` once everything has been told.
    pub fn append(&mut self, out: &mut Vec<u8>) -> bool {
        let enough = out.len() + PIECE_BYTES;
        match self.stage {
            Stage::Ended => return false,
            Stage::Header => self.writer.header(out),
            Stage::Body => {}
        }
        self.stage = Stage::Body;
        while out.len() < enough {
            if !self.run.advance() {
                self.stage = Stage::Ended;
                return true;
            }
            self.writer.section(self.run.scenes(), self.run.section(), out);
        }
        true
    }

    /// The lines of the truth since the last call, see [`crate::truth`]; the summary once everything has been told.
    pub fn take_truth(&mut self) -> String {
        self.run.take_truth()
    }

    /// The account of what was told so far.
    #[must_use]
    pub const fn account(&self) -> &Account {
        self.run.account()
    }
}

/// Writes sections in a form.
#[derive(Debug)]
pub(crate) struct Writer {
    form: Form,
    stamps: Stamps,
    frame: Frame,
}

impl Writer {
    pub(crate) fn new(form: Form) -> Self {
        Self { form, stamps: Stamps::default(), frame: Frame::default() }
    }

    /// What has to stand above all lines.
    pub(crate) fn header(&self, out: &mut Vec<u8>) {
        match self.form {
            Form::Csv => csv::write_header(out),
            Form::Ndjson | Form::DaySets => {}
        }
    }

    /// `scenes` are the days that the section speaks of.
    pub(crate) fn section(&mut self, scenes: [Option<&Scene>; 2], section: &Section, out: &mut Vec<u8>) {
        self.stamps.cover(scenes);
        let [_, today] = scenes;
        for (measure, run) in section.runs() {
            match today.filter(|scene| self.form == Form::DaySets && is_whole_day(scene, run)) {
                Some(scene) => day_set(&section.point, measure, (scene, run), out),
                None => self.lines(&section.point, measure, run, out),
            }
        }
    }

    fn lines(&mut self, point: &str, measure: Measure, run: &[Statement], out: &mut Vec<u8>) {
        self.frame.fill(self.form, point, measure);
        let (frame, places) = (&self.frame, measure.places());
        for statement in run {
            out.extend_from_slice(&frame.head);
            self.stamps.write(statement.start, out);
            if let Some(between) = frame.between {
                out.extend_from_slice(between);
                self.stamps.write(statement.end, out);
            }
            out.extend_from_slice(frame.before_value);
            write_value(statement.value, places, out);
            match statement.standing {
                Standing::True | Standing::Repeated => out.extend_from_slice(&frame.tail),
                Standing::Provisional { .. } | Standing::Corrected { .. } => {
                    tail(self.form, measure, statement.standing, out);
                }
            }
        }
    }
}

/// What the lines of a channel have in common.
#[derive(Debug, Default)]
struct Frame {
    head: Vec<u8>,
    /// Before the end of the period; `None` where one time stands for both.
    between: Option<&'static [u8]>,
    before_value: &'static [u8],
    /// That of a true value.
    tail: Vec<u8>,
}

impl Frame {
    fn fill(&mut self, form: Form, point: &str, measure: Measure) {
        let (quantity, kind) = (measure.quantity(), measure.kind());
        let head = match form {
            Form::Csv => {
                (self.between, self.before_value) = (Some(&b","[..]), b",");
                format!("{point},{quantity},{kind},")
            }
            Form::Ndjson | Form::DaySets => {
                self.before_value = b"\",\"value\":";
                let (time, between) = match kind {
                    Kind::Interval => ("period_start", Some(&b"\",\"period_end\":\""[..])),
                    Kind::Register | Kind::Instant => ("at", None),
                };
                self.between = between;
                format!("{{\"point\":\"{point}\",\"quantity\":\"{quantity}\",\"kind\":\"{kind}\",\"{time}\":\"")
            }
        };
        self.head.clear();
        self.head.extend_from_slice(head.as_bytes());
        self.tail.clear();
        tail(form, measure, Standing::True, &mut self.tail);
    }
}

/// What stands behind a value.
fn tail(form: Form, measure: Measure, standing: Standing, out: &mut Vec<u8>) {
    let (unit, quality) = (measure.unit(), standing.quality());
    let known_at = standing.known_at().map(|at| at.to_string());
    let text = match form {
        Form::Csv => format!(",{unit},{quality},,,{}\n", known_at.unwrap_or_default()),
        Form::Ndjson | Form::DaySets => {
            let quality = if quality == Quality::True { String::new() } else { format!(",\"quality\":\"{quality}\"") };
            let known_at = known_at.map(|at| format!(",\"recorded_at\":\"{at}\"")).unwrap_or_default();
            format!(",\"unit\":\"{unit}\"{quality}{known_at}}}\n")
        }
    };
    out.extend_from_slice(text.as_bytes());
}

fn is_whole_day(scene: &Scene, run: &[Statement]) -> bool {
    let begins =
        run.first().is_some_and(|first| first.start == scene.start && first.end == first.start + QUARTER_SECONDS);
    begins && run.len() == scene.quarters() && run.iter().all(|statement| statement.standing == Standing::True)
}

fn day_set(point: &str, measure: Measure, (scene, run): (&Scene, &[Statement]), out: &mut Vec<u8>) {
    let (quantity, kind, day, unit) = (measure.quantity(), measure.kind(), scene.date, measure.unit());
    let head = format!(
        "{{\"point\":\"{point}\",\"quantity\":\"{quantity}\",\"kind\":\"{kind}\",\"day\":\"{day}\",\"unit\":\"{unit}\",\"values\":["
    );
    out.extend_from_slice(head.as_bytes());
    for (index, statement) in run.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_value(statement.value, measure.places(), out);
    }
    out.extend_from_slice(b"]}\n");
}

/// Digits of the longest value, with its sign and its point.
const VALUE_BYTES_MAX: usize = 24;

/// Appends the shortest text of a value that counts the last of so many places.
fn write_value(value: i64, mut places: u32, out: &mut Vec<u8>) {
    let mut digits = [b'0'; VALUE_BYTES_MAX];
    let mut at = VALUE_BYTES_MAX;
    let mut put = |byte: u8| {
        at -= 1;
        digits[at] = byte;
    };
    let mut rest = value.unsigned_abs();
    while places > 0 && rest.is_multiple_of(10) {
        rest /= 10;
        places -= 1;
    }
    if places > 0 {
        for _ in 0..places {
            put(b'0' + (rest % 10) as u8);
            rest /= 10;
        }
        put(b'.');
    }
    loop {
        put(b'0' + (rest % 10) as u8);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        put(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

/// Such as `2025-03-30T00:15:00Z`.
type Stamp = [u8; 20];

/// The instants of two days, five minutes apart, written down.
#[derive(Debug, Default)]
struct Stamps {
    first: i64,
    texts: Vec<Stamp>,
}

const DAY_SECONDS: i64 = 86_400;
/// Seconds between two instants that are written down: every time of a fleet is a multiple.
const STAMP_SECONDS: i64 = 300;

impl Stamps {
    fn cover(&mut self, scenes: [Option<&Scene>; 2]) {
        let mut known = scenes.into_iter().flatten();
        let Some(earlier) = known.next() else { return };
        let (first, last) = (earlier.start, known.next().unwrap_or(earlier).end);
        let count = (last - first) / STAMP_SECONDS + 1;
        if self.first == first && self.texts.len() as i64 == count {
            return;
        }
        self.first = first;
        self.texts.clear();
        self.texts.extend((0..count).map(|number| stamp(first + number * STAMP_SECONDS)));
    }

    fn write(&self, at: i64, out: &mut Vec<u8>) {
        let place = usize::try_from((at - self.first) / STAMP_SECONDS).ok();
        match place.and_then(|place| self.texts.get(place)) {
            Some(text) => out.extend_from_slice(text),
            // No fleet tells of another time; its own text would be right all the same.
            None => out.extend_from_slice(instant(at).to_string().as_bytes()),
        }
    }
}

fn stamp(at: i64) -> Stamp {
    let mut stamp = *b"0000-00-00T00:00:00Z";
    let minute = at.rem_euclid(DAY_SECONDS) / 60;
    let date = NaiveDate::from_epoch_days(at.div_euclid(DAY_SECONDS) as i32).unwrap_or_default();
    let mut put = |place: usize, number: i64| {
        stamp[place] = b'0' + (number / 10 % 10) as u8;
        stamp[place + 1] = b'0' + (number % 10) as u8;
    };
    put(0, i64::from(date.year()) / 100);
    put(2, i64::from(date.year()));
    put(5, i64::from(date.month()));
    put(8, i64::from(date.day()));
    put(11, minute / 60);
    put(14, minute % 60);
    stamp
}

#[cfg(test)]
mod tests {
    use super::write_value;
    use metrify_domain::Decimal;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn values_are_written_as_decimals_display(
            value in prop_oneof![any::<i64>(), -20_000..20_000_i64, (-20..20_i64).prop_map(|value| value * 1_000)], places in 0..4_u32,
        ) {
            let mut text = Vec::new();
            write_value(value, places, &mut text);
            let expected = Decimal::scaled(i128::from(value), -(places as i32)).expect("a decimal");
            prop_assert_eq!(String::from_utf8(text), Ok(expected.to_string()));
        }
    }
}
