//! Rows with one column for every quantity of a meter.

use std::borrow::Cow;

use metrify_domain::calendar::{LocalClock, Zone};
use metrify_domain::time::{MINUTE, QUARTER_HOUR};
use metrify_domain::{Channel, Document, Finding, Kind, Period, Point, Quality, Reading, Severity, Timestamp};

use super::header::MeterValue;
use crate::columns::{Known, Loss};
use crate::dates;
use crate::fields::Field;
use crate::ids;
use crate::numbers::Notation;
use crate::output::Output;

/// One row, with the numbers of the columns that matter.
pub(super) struct Row<'a> {
    pub(super) number: u64,
    pub(super) line: &'a str,
    pub(super) fields: &'a [Field],
    pub(super) meter: usize,
    pub(super) time: usize,
    pub(super) values: &'a [(usize, MeterValue)],
}

impl<'a> Row<'a> {
    fn cell(&self, column: usize) -> Cow<'a, str> {
        self.fields.get(column).map_or(Cow::Borrowed(""), |field| field.text(self.line))
    }

    /// The values that are there.
    fn cells(&self) -> impl Iterator<Item = (&MeterValue, Cow<'a, str>)> {
        let cells = self.values.iter().map(|(column, value)| (value, self.cell(*column)));
        cells.filter(|(_, text)| !text.is_empty())
    }
}

#[derive(Debug)]
struct Meter {
    point: Point,
    clock: Option<LocalClock>,
    /// The stamp of its first row.
    first: Option<Timestamp>,
    /// A second row has come.
    paired: bool,
}

/// The meters of one delivery.
#[derive(Debug)]
pub(super) struct Meters {
    zone: Option<Zone>,
    meters: Known<Meter>,
    told_of_assumption: bool,
    told_of_spacing: bool,
}

impl Meters {
    pub(super) fn new(zone: Option<Zone>) -> Self {
        Self { zone, meters: Known::default(), told_of_assumption: false, told_of_spacing: false }
    }

    /// Hands on a reading for every value; a value that is no number costs its own reading alone.
    pub(super) fn read(&mut self, row: &Row<'_>, notation: Notation, out: &mut Output<'_>) -> Result<(), Loss> {
        let count = row.cells().count();
        if count == 0 {
            return Ok(());
        }
        let placed = self.place(row, out);
        let (point, at) = placed.map_err(|reason| Loss { reason, readings: count as u64 })?;
        let (mut lost, mut first) = (0, None);
        for (value, text) in row.cells() {
            match reading(value, &text, at, notation, out) {
                Ok(reading) => {
                    let channel = Channel { point: point.clone(), quantity: value.quantity };
                    out.reading(&channel, &Document::default(), &reading);
                }
                Err(reason) => {
                    lost += 1;
                    first.get_or_insert(format!("`{}`: {reason}", value.column));
                }
            }
        }
        first.map_or(Ok(()), |reason| Err(Loss { reason, readings: lost }))
    }

    /// The meter of a row and the time of its stamp.
    fn place(&mut self, row: &Row<'_>, out: &mut Output<'_>) -> Result<(Point, Timestamp), String> {
        let (name, time) = (row.cell(row.meter), row.cell(row.time));
        let mut doubt = None;
        let meter = self.meters.find([&name, ""], || {
            doubt = ids::doubt(&name);
            let point = ids::point(&name).map_err(|error| error.to_string())?;
            Ok::<_, String>(Meter { point, clock: None, first: None, paired: false })
        })?;
        let at = dates::instant(&time, self.zone, &mut meter.clock).map_err(|error| error.to_string())?;
        let apart = match (meter.first, meter.paired) {
            (None, _) => {
                meter.first = Some(at);
                None
            }
            (Some(first), false) => {
                meter.paired = true;
                Some(at.micros().abs_diff(first.micros()))
            }
            (Some(_), true) => None,
        };
        let point = meter.point.clone();
        if let Some(error) = doubt {
            let reason = format!("the id `{point}`: {error}");
            out.remark(Severity::Warning, "check_digit", format!("line {}", row.number), reason);
        }
        if row.cells().any(|(value, _)| value.kind == Kind::Interval) {
            self.tell(row.number, &point, apart, out);
        }
        Ok((point, at))
    }

    /// Says once what the stamps are taken for, and once where their spacing speaks against it.
    fn tell(&mut self, line: u64, point: &Point, apart: Option<u64>, out: &mut Output<'_>) {
        let mut note = |rule: &'static str, severity, reason| {
            let position = format!("line {line}");
            out.finding(Finding { rule: rule.into(), severity, channel: None, period: None, position, reason });
        };
        if !self.told_of_assumption {
            self.told_of_assumption = true;
            let reason = "the table does not state over which time `consumption_kwh` was drawn: each is taken as the amount \
                          of the 15 minutes that begin at its `reading_timestamp` (1-0:1.29.0)";
            note("assumed_interval", Severity::Note, reason.to_owned());
        }
        if let Some(apart) = apart.filter(|apart| *apart != QUARTER_HOUR.unsigned_abs() && !self.told_of_spacing) {
            self.told_of_spacing = true;
            let minutes = apart / MINUTE.unsigned_abs();
            let reason = format!(
                "the first two stamps of meter `{point}` are {minutes} minutes apart, yet each `consumption_kwh` is taken as \
                 the amount of 15 minutes"
            );
            note("assumed_interval_doubtful", Severity::Warning, reason);
        }
    }
}

fn reading(
    value: &MeterValue,
    text: &str,
    at: Timestamp,
    notation: Notation,
    out: &mut Output<'_>,
) -> Result<Reading, String> {
    let number = notation.read(text, out).map_err(|error| error.to_string())?;
    let period = match value.kind {
        Kind::Register | Kind::Instant => Some(Period::instant(at)),
        Kind::Interval => at.plus(QUARTER_HOUR).and_then(|end| Period::interval(at, end)),
    };
    let period = period.ok_or("the quarter-hour lies beyond the calendar")?;
    let (kind, unit, quality) = (value.kind, value.unit, Quality::True);
    Ok(Reading { kind, period, value: Some(number), unit, quality, method: None, reason: None })
}
