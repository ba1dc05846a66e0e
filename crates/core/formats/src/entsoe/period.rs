//! A period of a series: the time of each point, and the values that its curve leaves out.
//!
//! Position `n` is the `n`th step of the period. A curve of type A01 gives every position. A curve of type A03 leaves a
//! position out where its value is that of the position before, up to the period's end; what follows a point that could not
//! be read is lost with it, never filled from the point before.

use std::cell::Cell;
use std::collections::BTreeMap;

use metrify_domain::{Decimal, Document, Kind, Period, Reading, Severity, Timestamp};

use super::head::{DocumentHead, instant};
use super::series::{Plan, Series};
use super::step::Steps;
use crate::dates::shown;
use crate::output::{Output, Problem};
use crate::xml::{Node, Then};

/// Longest text of a point's element that is kept, in characters.
const TEXT_CHARS_MAX: usize = 60;

/// Points that are held until their period ends, since they may stand in any order: those of two years of quarter-hours.
const HELD_POINTS_MAX: usize = 1 << 16;

/// How many positions may still be filled: a small document must not make readings without end.
///
/// Twenty series of a year of quarter-hours that are zero throughout have seven hundred thousand.
#[derive(Debug)]
pub(super) struct Allowance(Cell<u64>);

const FILLED_MAX: u64 = 1_000_000;
/// What every point that is given adds: three hours of minutes.
const FILLED_PER_POINT_MAX: u64 = 180;

impl Default for Allowance {
    fn default() -> Self {
        Self(Cell::new(FILLED_MAX))
    }
}

impl Allowance {
    fn grow(&self) {
        self.0.set(self.0.get().saturating_add(FILLED_PER_POINT_MAX));
    }

    /// As many of the wanted positions as may be filled.
    fn take(&self, wanted: u64) -> u64 {
        let taken = wanted.min(self.0.get());
        self.0.set(self.0.get() - taken);
        taken
    }
}

/// Where a period stands, and in which document.
pub(super) struct Place<'a> {
    pub(super) series: u64,
    /// `None` where the period did not end.
    pub(super) node: Option<&'a Node<'a>>,
    pub(super) document: &'a Document,
    pub(super) allowance: &'a Allowance,
}

impl Place<'_> {
    fn lose(&self, position: Option<u64>, reason: String, readings: u64, out: &mut Output<'_>) {
        let position = self.position(position);
        out.problem(match self.node {
            Some(node) => node.problem(position, reason, readings),
            None => Problem { position, reason, readings, prelude: Vec::new(), bytes: Vec::new() },
        });
    }

    fn position(&self, position: Option<u64>) -> String {
        let position = position.map(|position| format!(", position {position}")).unwrap_or_default();
        format!("series {}{position}", self.series)
    }
}

/// What a period's points have in common.
struct Points {
    plan: Plan,
    steps: Steps,
    fills: bool,
}

/// The value that holds until the next point.
#[derive(Clone, Copy)]
enum Before {
    /// There was no point.
    Nothing,
    Value(Decimal),
    Unreadable,
}

/// A point that waits for those before it.
struct Held {
    interval: Period,
    value: Option<Decimal>,
    /// It holds until the next point; not so where a point could not be read that may stand between them.
    holds: bool,
}

pub(super) struct PeriodReader {
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    resolution: String,
    /// Made with the first point.
    points: Option<Result<Points, String>>,
    /// Points that are lost with the whole period.
    lost: u64,
    held: BTreeMap<u64, Held>,
    /// The position of the point that was held last.
    newest: Option<u64>,
    /// Of what was handed on.
    last: u64,
    before: Before,
    position: String,
    value: String,
    /// Values of points that are not read.
    others: u64,
}

impl Default for PeriodReader {
    fn default() -> Self {
        Self {
            start: None,
            end: None,
            resolution: String::new(),
            points: None,
            lost: 0,
            held: BTreeMap::new(),
            newest: None,
            last: 0,
            before: Before::Nothing,
            position: String::new(),
            value: String::new(),
            others: 0,
        }
    }
}

impl PeriodReader {
    pub(super) fn read(&mut self, name: &str, text: &str) -> bool {
        match name {
            "start" => self.start = instant(text),
            "end" => self.end = instant(text),
            "resolution" => self.resolution = text.chars().take(TEXT_CHARS_MAX).collect(),
            _ => return false,
        }
        true
    }

    /// Whether it is the first.
    pub(super) fn begin_point(&mut self, head: &DocumentHead, series: &mut Series) -> bool {
        series.is_begun = true;
        self.position.clear();
        self.value.clear();
        let is_first = self.points.is_none();
        if is_first {
            self.points = Some(self.points(head, series));
        }
        is_first
    }

    pub(super) fn read_point(&mut self, name: &str, text: &str) {
        let slot = match name {
            "position" => &mut self.position,
            "quantity" | "price.amount" => &mut self.value,
            _ => {
                self.others += 1;
                return;
            }
        };
        *slot = text.chars().take(TEXT_CHARS_MAX).collect();
    }

    pub(super) fn plan(&self) -> Option<&Plan> {
        self.points.as_ref()?.as_ref().ok().map(|points| &points.plan)
    }

    fn points(&self, head: &DocumentHead, series: &Series) -> Result<Points, String> {
        let plan = series.plan(head)?;
        let fills = match series.curve.as_str() {
            "" | "A01" => false,
            "A03" => true,
            other => return Err(format!("curves of type `{}` are not read", shown(other))),
        };
        let interval = self.start.zip(self.end).and_then(|(start, end)| Period::interval(start, end));
        let interval = interval.ok_or("the period does not tell its start and its end in UTC")?;
        let resolution = self.resolution.parse();
        let resolution = resolution.map_err(|()| format!("`{}` is no resolution", shown(&self.resolution)))?;
        let steps = Steps::new(interval, resolution, series.area())?;
        Ok(Points { plan, steps, fills })
    }

    /// Reads a point; whether it has to be kept for the problem of the whole period.
    pub(super) fn end_point(&mut self, place: &Place<'_>, out: &mut Output<'_>) -> Then {
        let points = match self.points.take() {
            Some(Ok(points)) => points,
            other => {
                self.points = other;
                self.lost += 1;
                return Then::Keep;
            }
        };
        place.allowance.grow();
        match self.place_of(&points) {
            Ok((position, _)) if self.held.contains_key(&position) => {
                place.lose(None, format!("position {position} stands twice"), 1, out);
            }
            Ok((position, interval)) => self.hold(position, interval, place, out),
            Err(reason) => {
                match self.newest.and_then(|newest| self.held.get_mut(&newest)) {
                    Some(newest) => newest.holds = false,
                    None => self.before = Before::Unreadable,
                }
                place.lose(None, reason, 1, out);
            }
        }
        if self.held.len() >= HELD_POINTS_MAX {
            self.release(&points, place, out);
        }
        self.points = Some(Ok(points));
        Then::Forget
    }

    /// Keeps the value of a point.
    fn hold(&mut self, position: u64, interval: Period, place: &Place<'_>, out: &mut Output<'_>) {
        let value = match Decimal::parse(self.value.as_bytes(), b'.') {
            Ok(value) => Some(value),
            Err(error) => {
                place.lose(Some(position), format!("the value `{}` {error}", shown(&self.value)), 1, out);
                None
            }
        };
        self.held.insert(position, Held { interval, value, holds: value.is_some() });
        self.newest = Some(position);
    }

    fn place_of(&self, points: &Points) -> Result<(u64, Period), String> {
        let position = self.position.parse::<u64>().ok().filter(|position| *position > 0);
        let position = position.ok_or_else(|| format!("`{}` is no position", shown(&self.position)))?;
        if position <= self.last {
            return Err(format!("position {position} stands behind position {}", self.last));
        }
        let interval = points.steps.interval(position);
        let positions = points.steps.positions;
        Ok((
            position,
            interval.ok_or_else(|| format!("position {position} lies behind the {positions} of its period"))?,
        ))
    }

    /// Hands on the points that are held, in their order, and what lies between them.
    fn release(&mut self, points: &Points, place: &Place<'_>, out: &mut Output<'_>) {
        self.newest = None;
        for (position, Held { interval, value, holds }) in std::mem::take(&mut self.held) {
            self.fill(points, position, place, out);
            if let Some(value) = value {
                out.reading(&points.plan.channel, place.document, &points.plan.reading(interval, value));
            }
            (self.last, self.before) = (position, value.filter(|_| holds).map_or(Before::Unreadable, Before::Value));
        }
    }

    /// What lies between the last point and `next`.
    fn fill(&mut self, points: &Points, next: u64, place: &Place<'_>, out: &mut Output<'_>) {
        let missing = next.saturating_sub(self.last).saturating_sub(1);
        if missing == 0 {
            return;
        }
        let first = self.last + 1;
        let span =
            if missing == 1 { format!("position {first}") } else { format!("positions {first} to {}", next - 1) };
        match self.before {
            Before::Value(value) if points.fills => {
                let allowed = place.allowance.take(missing);
                for interval in (first..first + allowed).filter_map(|position| points.steps.interval(position)) {
                    out.reading(&points.plan.channel, place.document, &points.plan.reading(interval, value));
                }
                if allowed < missing {
                    let reason = "the curve leaves out more values than a delivery of its size may".to_owned();
                    place.lose(Some(first + allowed), reason, missing - allowed, out);
                }
            }
            Before::Unreadable if points.fills => {
                let verb = if missing == 1 { "repeats" } else { "repeat" };
                let reason = format!("{span} {verb} a value that could not be read");
                place.lose(None, reason, missing, out);
            }
            Before::Nothing | Before::Value(_) | Before::Unreadable => {
                let verb = if missing == 1 { "is" } else { "are" };
                let reason = format!("{span} of {} {verb} not given", points.steps.positions);
                out.remark(Severity::Warning, "gap", place.position(None), reason);
            }
        }
    }

    /// The period does not end: hands on what is held, and says how many points are lost. What its curve leaves out up to its end
    /// is not filled, since nobody knows which points would have come.
    pub(super) fn abandon(&mut self, place: &Place<'_>, out: &mut Output<'_>) -> u64 {
        if let Some(Ok(points)) = self.points.take() {
            self.release(&points, place, out);
        }
        std::mem::take(&mut self.lost)
    }

    /// What the period lacks up to its end, and what of it could not be read as a whole.
    pub(super) fn finish(&mut self, place: &Place<'_>, out: &mut Output<'_>) {
        match self.points.take() {
            Some(Ok(points)) => {
                self.release(&points, place, out);
                self.fill(&points, points.steps.positions + 1, place, out);
                if !points.steps.is_whole {
                    let reason = format!("the period does not end with a step of {}", self.resolution);
                    out.remark(Severity::Warning, "period", place.position(None), reason);
                }
            }
            Some(Err(reason)) => place.lose(None, reason, std::mem::take(&mut self.lost), out),
            None => out.remark(Severity::Warning, "gap", place.position(None), "the period has no points".to_owned()),
        }
        if self.others > 0 {
            let reason = format!("values of points beside quantity and price are not read: {}", self.others);
            out.remark(Severity::Note, "other_values", place.position(None), reason);
        }
    }
}

impl Plan {
    /// The mean power, or the price, over an interval.
    const fn reading(&self, period: Period, value: Decimal) -> Reading {
        let Self { unit, quality, .. } = *self;
        Reading { kind: Kind::Interval, period, value: Some(value), unit, quality, method: None, reason: None }
    }
}
