//! A day in one row as spreadsheets write it: a day, and a column for each quarter-hour or hour, named by the clock or by number.
//!
//! Clock times name the beginning of an interval (`00:00` to `23:45`) or its end (`00:15` to `24:00`, or to `00:00`); which, the
//! first and the last tell. `00:00-00:15` says both. A table for the day on which the clock is set back has a hundred columns (or 25)
//! in the order of the day; one with 96 cannot hold that day, so that its row is refused. In the row of the day on which the clock
//! is set forward the columns of the hour that was left out stay empty; a zero that fills them is passed over with a finding.

use std::borrow::Cow;

use chrono::{NaiveDate, Timelike};
use metrify_domain::calendar::{Zone, day::day_period};
use metrify_domain::time::{HOUR, MINUTE, QUARTER_HOUR};
use metrify_domain::{Decimal, Finding, Severity, Timestamp};

use super::series::is_missing;
use crate::columns::{Column, Cut, Loss, Record};
use crate::dates;
use crate::fields::Field;
use crate::numbers::Notation;
use crate::output::Output;

/// What German and English tables call the columns that we know by one name.
const NAMES: [(Column, &[&str]); 4] = [
    (Column::Day, &["day", "datum", "tag", "date"]),
    (
        Column::Point,
        &[
            "point",
            "marktlokation",
            "malo",
            "malo-id",
            "messlokation",
            "melo",
            "melo-id",
            "zählpunkt",
            "zaehlpunkt",
            "zählpunktbezeichnung",
            "zähler",
            "zählernummer",
            "meter",
            "meter_id",
        ],
    ),
    (Column::Quantity, &["quantity", "obis", "obis-kennzahl", "obis-code", "kennzahl"]),
    (Column::Unit, &["unit", "einheit"]),
];

/// For the page: our columns, with the names that are read as them.
pub(super) fn names() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    NAMES.iter().map(|(column, names)| (column.name(), *names))
}

/// Where the values of a row stand.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Values {
    /// In the order of the day: `1` to `100`.
    Numbered(Vec<usize>),
    /// By the minute of the day at which the interval begins, and whether it is the second time that the clock shows it.
    Clock { step: i64, columns: Vec<((i64, bool), usize)> },
}

#[derive(Clone, Debug)]
pub(super) struct Days {
    named: Vec<(Column, usize)>,
    values: Values,
    columns: usize,
    unknown: Vec<String>,
}

/// The interval that the name of a column means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Label {
    Number(usize),
    /// Minutes of the day.
    Time(i64),
    /// The beginning of an interval, whose end stands beside it.
    Begin(i64),
}

/// Fewest columns of values that make a table one of days.
const VALUES_MIN: usize = 23;
const DAY_MINUTES: i64 = 24 * 60;

impl Days {
    /// `None` where the names are not those of such a table.
    pub(super) fn read(names: &[String]) -> Option<Self> {
        let mut days =
            Self { named: Vec::new(), values: Values::Numbered(Vec::new()), columns: names.len(), unknown: Vec::new() };
        let mut labels = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let known = NAMES.iter().find(|(_, names)| names.contains(&name.as_str()));
            match (known, label(name)) {
                (Some((column, _)), _) if !days.has(*column) => days.named.push((*column, index)),
                (_, Some(label)) => labels.push((label, index)),
                _ if name.is_empty() => {}
                _ => days.unknown.push(name.clone()),
            }
        }
        if !days.has(Column::Day) || labels.len() < VALUES_MIN {
            return None;
        }
        days.values = numbered(&labels).or_else(|| by_the_clock(&labels))?;
        Some(days)
    }

    pub(super) fn has(&self, column: Column) -> bool {
        self.named.iter().any(|(known, _)| *known == column)
    }

    pub(super) fn unknown(&self) -> &[String] {
        &self.unknown
    }

    pub(super) const fn columns(&self) -> usize {
        self.columns
    }

    /// How many values a row holds.
    pub(super) fn width(&self) -> u64 {
        self.places().count() as u64
    }

    fn places(&self) -> impl Iterator<Item = usize> {
        let (numbered, clock) = match &self.values {
            Values::Numbered(columns) => (columns.as_slice(), &[][..]),
            Values::Clock { columns, .. } => (&[][..], columns.as_slice()),
        };
        numbered.iter().copied().chain(clock.iter().map(|(_, column)| *column))
    }

    pub(super) fn is_number(&self, column: usize) -> bool {
        self.places().any(|place| place == column)
    }

    /// The row as a record of ours, with its values still to come.
    pub(super) fn record<'a>(&self, row: &Row<'a>) -> Record<'a> {
        let mut record = match &self.values {
            Values::Numbered(columns) => {
                let mut record = Record::padded();
                record.values = columns.iter().map(|column| row.given(*column)).collect();
                record.cut = self.cut(row, columns.iter().copied().filter(|column| row.has(*column)).count());
                record
            }
            Values::Clock { .. } => Record::default(),
        };
        for (column, index) in &self.named {
            record.set_rewritten(*column, row.cell(*index));
        }
        record
    }

    /// Whether the row has fewer fields than there are columns, where it has those of so many values.
    fn cut(&self, row: &Row<'_>, values: usize) -> Option<Cut> {
        (row.fields.len() < self.columns).then_some(Cut { line: row.number, values })
    }

    /// Lays the values into the order of the day, where the clock names them; what has no place in that day is lost.
    ///
    /// # Errors
    /// Where the row cannot be such a day, with the values that are lost.
    pub(super) fn fill<'a>(
        &self,
        record: &mut Record<'a>,
        row: &Row<'a>,
        out: &mut Output<'_>,
    ) -> Result<Option<Loss>, Loss> {
        let Values::Clock { step, columns } = &self.values else { return Ok(None) };
        let filled = columns.iter().filter(|(_, column)| row.given(*column).is_some()).count() as u64;
        let whole = |reason: String| Loss { reason, readings: filled.max(1) };
        if record.get(Column::Quantity).is_some_and(|quantity| quantity.starts_with("7-")) {
            let reason = "a gas day begins at 06:00, which columns named by the clock of one day do not tell";
            return Err(whole(reason.to_owned()));
        }
        let day = record.get(Column::Day).ok_or_else(|| whole("`day` is missing".to_owned()))?;
        let day = dates::day(day).map_err(|error| whole(error.to_string()))?;
        let slots = slots(day, *step).ok_or_else(|| whole(format!("the day {day} lies beyond the calendar")))?;
        let (mut used, mut absent) = (vec![false; columns.len()], 0);
        for slot in &slots {
            match columns.iter().position(|(label, _)| label == slot) {
                Some(place) => {
                    absent += usize::from(columns.get(place).is_some_and(|(_, column)| !row.has(*column)));
                    record.values.push(columns.get(place).and_then(|(_, column)| row.given(*column)));
                    used.get_mut(place).into_iter().for_each(|used| *used = true);
                }
                None if slot.1 => {
                    return Err(whole(format!(
                        "the day {day} has {} intervals, yet the table has {} columns: the values of the hour that came \
                         twice cannot be told apart",
                        slots.len(),
                        columns.len()
                    )));
                }
                None => record.values.push(None),
            }
        }
        record.cut = self.cut(row, slots.len() - absent);
        let unused =
            columns.iter().zip(used).filter(|(_, used)| !used).filter_map(|((_, column), _)| row.given(*column));
        let (zeros, lost): (Vec<_>, Vec<_>) = unused.partition(|text| is_zero(text));
        if !zeros.is_empty() {
            out.finding(skipped_hour(row.number, zeros.len(), day));
        }
        let reason = || format!("{} values at times that the clock never showed on {day}", lost.len());
        Ok((!lost.is_empty()).then(|| Loss { reason: reason(), readings: lost.len() as u64 }))
    }
}

/// The fields of a row.
pub(super) struct Row<'a> {
    pub(super) number: u64,
    pub(super) line: &'a str,
    pub(super) fields: &'a [Field],
}

impl<'a> Row<'a> {
    fn cell(&self, column: usize) -> Cow<'a, str> {
        self.fields.get(column).map_or(Cow::Borrowed(""), |field| field.text(self.line))
    }

    fn has(&self, column: usize) -> bool {
        column < self.fields.len()
    }

    fn given(&self, column: usize) -> Option<Cow<'a, str>> {
        Some(self.cell(column)).filter(|text| !is_missing(text))
    }
}

fn skipped_hour(number: u64, zeros: usize, day: NaiveDate) -> Finding {
    Finding {
        rule: "skipped_hour".into(),
        severity: Severity::Note,
        channel: None,
        period: None,
        position: format!("line {number}"),
        reason: format!("{zeros} zeros at times that the clock never showed on {day} are passed over"),
    }
}

fn is_zero(text: &str) -> bool {
    Notation::Comma.number(text).is_ok_and(|number| number == Decimal::ZERO)
}

/// The intervals of a local day: the minute at which each begins, and whether the clock shows it for the second time.
fn slots(day: NaiveDate, step: i64) -> Option<Vec<(i64, bool)>> {
    let period = day_period(day)?;
    let mut slots: Vec<(i64, bool)> = Vec::new();
    let mut at = period.start();
    while at < period.end() {
        let minute = minute(at)?;
        let again = slots.iter().rev().take(5).any(|(before, _)| *before == minute);
        slots.push((minute, again));
        at = at.plus(step * MINUTE)?;
    }
    Some(slots)
}

fn minute(at: Timestamp) -> Option<i64> {
    let clock = Zone::BERLIN.clock(at)?;
    Some(i64::from(clock.hour() * 60 + clock.minute()))
}

/// Whether a name is that of a column of values.
pub(super) fn is_label(name: &str) -> bool {
    label(name).is_some()
}

fn label(name: &str) -> Option<Label> {
    if let Some((begin, end)) = name.split_once('-') {
        time(end.trim())?;
        return Some(Label::Begin(time(begin.trim())?));
    }
    if let Some(minutes) = time(name) {
        return Some(Label::Time(minutes));
    }
    let digits = name.strip_prefix('v').unwrap_or(name);
    let number = digits.parse::<usize>().ok().filter(|_| !digits.starts_with(['0', '+']))?;
    (number <= 100).then_some(Label::Number(number))
}

/// `00:15`, `0:15`, `00:15:00`; an `A` or `B` at its hour or behind it tells the hour that comes twice, where the order tells it as well.
fn time(text: &str) -> Option<i64> {
    let lettered = dates::lettered(text);
    let text = lettered.as_ref().map_or(text, |(plain, _)| plain).trim_end_matches(['a', 'b']);
    let mut parts = text.split(':');
    let number = |text: &str| {
        let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<i64>().ok()).flatten()
    };
    let (hour, minute) = (number(parts.next()?)?, number(parts.next()?)?);
    match (parts.next(), parts.next()) {
        (None | Some("00"), None) if hour < 24 && minute < 60 || (hour, minute) == (24, 0) => Some(hour * 60 + minute),
        _ => None,
    }
}

/// `1`, `2`, ... without a gap.
fn numbered(labels: &[(Label, usize)]) -> Option<Values> {
    let in_order = labels.iter().enumerate().all(|(index, (label, _))| *label == Label::Number(index + 1));
    in_order.then(|| Values::Numbered(labels.iter().map(|(_, column)| *column).collect()))
}

fn by_the_clock(labels: &[(Label, usize)]) -> Option<Values> {
    let times: Vec<i64> = labels
        .iter()
        .map(|(label, _)| match label {
            Label::Time(minutes) | Label::Begin(minutes) => Some(*minutes),
            Label::Number(_) => None,
        })
        .collect::<Option<_>>()?;
    let (first, last) = (*times.first()?, *times.last()?);
    let step = [QUARTER_HOUR, HOUR]
        .map(|step| step / MINUTE)
        .into_iter()
        .find(|step| times.get(1) == Some(&(first + step)))?;
    let begins = labels.iter().all(|(label, _)| matches!(label, Label::Begin(_)));
    let ends = first == step && (last == DAY_MINUTES || last == 0);
    if !(ends && !begins || first == 0 && last == DAY_MINUTES - step) {
        return None;
    }
    let ends = ends && !begins;
    // The day with the doubled hour in its order: 02:00 to 02:45 once more behind themselves.
    let long = times.len() as i64 == (DAY_MINUTES + 60) / step;
    let columns = times.iter().zip(labels).enumerate().map(|(index, (minutes, (_, column)))| {
        let label = if long {
            let minutes = index as i64 * step;
            if minutes < 180 { (minutes, false) } else { (minutes - 60, minutes < 240) }
        } else if !ends {
            (*minutes, false)
        } else {
            // The end of the day is also written as the beginning of the next one.
            ((*minutes + DAY_MINUTES - step) % DAY_MINUTES, false)
        };
        (label, *column)
    });
    let columns: Vec<_> = columns.collect();
    let mut labels: Vec<_> = columns.iter().map(|(label, _)| *label).collect();
    labels.sort_unstable();
    labels.dedup();
    (labels.len() == columns.len()).then_some(Values::Clock { step, columns })
}
