//! Makes [`Held`] of the columns of a data file.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, RecordBatch, UInt32Array};
use arrow::datatypes::{Decimal128Type, Int32Type, TimestampMicrosecondType, UInt32Type};
use metrify_application::{Error, Kind, Result};
use metrify_domain::{Channel, Unit};

use super::{Held, Run, Said};
use crate::land::{READINGS_ORDER, concat};
use crate::write::{internal, sorted};

/// The columns that are read, their texts as dictionaries.
pub(super) const COLUMNS: [&str; 8] =
    ["point", "quantity", "kind", "period_start", "period_end", "value", "unit", "quality"];

/// The number of what rows say beyond what is numbered.
const UNNUMBERED: u8 = u8::MAX;

/// A column is missing, or a text in it means nothing.
fn nonsense() -> Error {
    Error::new(Kind::Corrupt, "read what a data file of readings says: it lacks a column or a meaning")
}

/// What a file says whose rows come in pieces; `None` where they are not in the order of files.
///
/// # Errors
/// Where they cannot be read, or are no readings.
pub(super) fn held(pieces: impl Iterator<Item = Result<RecordBatch>>) -> Result<Option<Held>> {
    let mut build = Build::default();
    for piece in pieces {
        if !build.push(&piece?).ok_or_else(nonsense)? {
            return Ok(None);
        }
    }
    build.close();
    Ok(Some(build.held))
}

/// What a file says that somebody else wrote, in another order.
///
/// # Errors
/// As [`held`].
pub(super) fn in_order(pieces: &[RecordBatch]) -> Result<Held> {
    let rows = concat(pieces)?;
    let numbers = UInt32Array::from_iter_values(0..rows.num_rows() as u32);
    let columns =
        rows.schema_ref().fields().iter().map(|field| field.name().clone()).zip(rows.columns().iter().cloned());
    let columns = columns.chain([("number".to_owned(), Arc::new(numbers) as ArrayRef)]);
    let rows = RecordBatch::try_from_iter(columns).map_err(|error| internal("sort a data file", error))?;
    let rows = sorted(&rows, &READINGS_ORDER)?;
    let mut build = Build::default();
    // Sorted by their texts, channels come back where one is spelled in two ways: nothing that we could go on with.
    if !build.push(&rows).ok_or_else(nonsense)? {
        return Err(nonsense());
    }
    build.close();
    let numbers = rows.column_by_name("number").and_then(|numbers| numbers.as_primitive_opt::<UInt32Type>());
    build.held.order = numbers.ok_or_else(nonsense)?.values().to_vec();
    Ok(build.held)
}

#[derive(Default)]
struct Build {
    held: Held,
    /// The channel whose rows come, and its first run.
    open: Option<(Channel, u32)>,
}

impl Build {
    /// Adds rows; tells whether they come in the order of files. `None` where a column is missing or a text means nothing.
    fn push(&mut self, rows: &RecordBatch) -> Option<bool> {
        let texts = |name: &str| rows.column_by_name(name)?.as_dictionary_opt::<Int32Type>();
        let (points, quantities) = (texts("point")?, texts("quantity")?);
        let (kinds, units, qualities) = (texts("kind")?, texts("unit")?, texts("quality")?);
        let times = |name: &str| rows.column_by_name(name)?.as_primitive_opt::<TimestampMicrosecondType>();
        let (starts, ends) = (times("period_start")?, times("period_end")?);
        let values = rows.column_by_name("value")?.as_primitive_opt::<Decimal128Type>()?;
        let (mut channel, mut said) = (None, (None, 0));
        for row in 0..rows.num_rows() {
            let here = [points, quantities].map(|texts| texts.keys().value(row));
            if channel.replace(here) != Some(here) {
                let named = (text(points, row)?, text(quantities, row)?);
                if !self.turn_to(Channel { point: named.0.parse().ok()?, quantity: named.1.parse().ok()? }) {
                    return Some(false);
                }
            }
            let here = [kinds, units, qualities].map(|texts| texts.keys().value(row));
            if said.0.replace(here) != Some(here) {
                let (kind, unit) = (text(kinds, row)?.parse().ok()?, Unit::new(text(units, row)?)?);
                said.1 = self.number((kind, unit, text(qualities, row)?.parse().ok()?));
            }
            let start = starts.value(row);
            if !self.period(start, ends.value(row) - start) {
                return Some(false);
            }
            self.held.said.push(said.1);
            self.held.values.push(values.is_valid(row).then(|| values.value(row)));
        }
        Some(true)
    }

    /// The rows from now on are of this channel; `false` where it was left before.
    fn turn_to(&mut self, channel: Channel) -> bool {
        if self.open.as_ref().is_some_and(|(open, _)| *open == channel) {
            return true;
        }
        self.close();
        let new = !self.held.channels.contains_key(&channel);
        self.open = Some((channel, self.held.runs.len() as u32));
        new
    }

    fn close(&mut self) {
        if let Some((channel, first)) = self.open.take() {
            self.held.channels.insert(channel, first..self.held.runs.len() as u32);
        }
    }

    fn number(&mut self, said: Said) -> u8 {
        let all = &mut self.held.all_said;
        match all.iter().position(|known| *known == said) {
            Some(number) => number as u8,
            None if all.len() < usize::from(UNNUMBERED) => {
                all.push(said);
                (all.len() - 1) as u8
            }
            None => UNNUMBERED,
        }
    }

    /// Adds the period of the next row; `false` where it starts before the last one of its channel.
    fn period(&mut self, start: i64, length: i64) -> bool {
        let row = self.held.said.len() as u32;
        let first = self.open.as_ref().map_or(0, |(_, first)| *first as usize);
        if let Some(last) = self.held.runs[first..].last_mut() {
            if last.extend(start, length) {
                return true;
            }
            if start < last.last() {
                return false;
            }
        }
        self.held.runs.push(Run { first: start, step: 0, length, row, count: 1 });
        true
    }
}

/// The text of a row.
fn text(texts: &DictionaryArray<Int32Type>, row: usize) -> Option<&str> {
    let values = texts.values().as_string_opt::<i32>()?;
    texts.key(row).map(|key| values.value(key))
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]
mod tests {
    use std::collections::HashMap;

    use arrow::compute::cast;
    use arrow::datatypes::DataType;
    use metrify_domain::{Batch, BatchBuilder, Document, Period, Reading, Timestamp};

    use super::*;
    use crate::rows::statements_batch;
    use crate::schema::numbered_text;

    const MINUTE: i64 = 60_000_000;

    /// Readings of three channels, some in equal steps and some not, each period once.
    fn readings(seed: u64) -> Vec<(Channel, Reading)> {
        let mut state = seed;
        let mut below = |end: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % end
        };
        let mut all: HashMap<(usize, Period), Reading> = HashMap::new();
        for _ in 0..200 {
            let point = below(3) as usize;
            let start = Timestamp::from_micros(below(40) as i64 * [15, 15, 7][point] * MINUTE);
            let length = [0, 15, 60][below(3) as usize] * MINUTE;
            let period = Period::interval(start, Timestamp::from_micros(start.micros() + length));
            let period = period.unwrap_or(Period::instant(start));
            let unit = Unit::literal(["kWh", "W"][below(2) as usize]);
            let missing = Reading::missing(metrify_domain::Kind::Interval, period, unit);
            let value = (below(5) > 0).then(|| (below(1_000) as i64).into());
            all.insert((point, period), Reading { value, ..missing });
        }
        let channel = |point: usize| Channel {
            point: format!("SM-{point}").parse().expect("a point"),
            quantity: "1-0:1.29.0".parse().expect("a quantity"),
        };
        all.into_iter().map(|((point, _), reading)| (channel(point), reading)).collect()
    }

    fn batch<'r>(readings: impl Iterator<Item = &'r (Channel, Reading)>) -> Batch {
        let mut builder = BatchBuilder::default();
        readings.for_each(|(channel, reading)| builder.push(channel, &Document::default(), reading));
        builder.take()
    }

    /// The columns of a file, in the order in which the readings come.
    fn pieces(readings: &[(Channel, Reading)]) -> Vec<RecordBatch> {
        let pieces = readings.chunks(64).map(|readings| {
            let rows = statements_batch(&batch(readings.iter())).expect("columns");
            let columns = rows.columns().iter().zip(rows.schema_ref().fields()).map(|(column, field)| {
                let kind = match field.data_type() {
                    DataType::Utf8 => numbered_text(),
                    kind => kind.clone(),
                };
                (field.name().clone(), cast(column, &kind).expect("a column"))
            });
            RecordBatch::try_from_iter(columns).expect("columns")
        });
        pieces.collect()
    }

    /// Every reading is found, at its place, with what it says, and none that is not there.
    fn assert_holds(held: &Held, readings: &[(Channel, Reading)]) {
        for (place, (channel, reading)) in readings.iter().enumerate() {
            let runs = held.runs_of(channel).expect("its runs");
            let rows: Vec<u32> = held.rows_of(runs.clone(), reading.period).collect();
            assert_eq!(rows.iter().map(|row| held.place(*row)).collect::<Vec<_>>(), [place]);
            let same = batch([(channel.clone(), *reading)].iter());
            let other = batch([(channel.clone(), Reading { value: Some(7_777.into()), ..*reading })].iter());
            assert_eq!(held.says(rows[0], &same, &same.rows()[0]), Some(true));
            assert_eq!(held.says(rows[0], &other, &other.rows()[0]), Some(false));
            let elsewhere = Period::instant(Timestamp::from_micros(reading.period.start().micros() + 1));
            assert_eq!(held.rows_of(runs, elsewhere).next(), None);
        }
    }

    #[test]
    fn what_is_said_in_more_ways_than_are_numbered_has_to_be_read() {
        let channel = readings(1)[0].0.clone();
        let said = |unit: i64| {
            let period = Period::instant(Timestamp::from_micros(unit * MINUTE));
            let unit = Unit::new(&format!("u{unit}")).expect("a unit");
            let missing = Reading::missing(metrify_domain::Kind::Instant, period, unit);
            (channel.clone(), Reading { value: Some(1.into()), ..missing })
        };
        let readings: Vec<(Channel, Reading)> = (0..300).map(said).collect();
        let held = held(pieces(&readings).into_iter().map(Ok)).expect("readings").expect("it is in order");
        for (row, (_, reading)) in (0..).zip(&readings) {
            let same = batch([(channel.clone(), *reading)].iter());
            let numbered = row < u32::from(UNNUMBERED);
            assert_eq!(held.says(row, &same, &same.rows()[0]), numbered.then_some(true), "{row}");
            assert_eq!(held.reading(row, reading.period), numbered.then_some(*reading), "{row}");
        }
    }

    #[test]
    fn what_a_file_says_is_found_in_whatever_order_it_was_written() {
        for seed in 0..50 {
            let mut readings = readings(seed);
            let shuffled = pieces(&readings);
            assert!(held(shuffled.iter().cloned().map(Ok)).expect("readings").is_none(), "it is not in order");
            assert_holds(&in_order(&shuffled).expect("readings"), &readings);
            readings.sort_by_key(|(channel, reading)| (channel.clone(), reading.period));
            let sorted = held(pieces(&readings).into_iter().map(Ok)).expect("readings");
            assert_holds(&sorted.expect("it is in order"), &readings);
        }
    }
}
