//! Makes [`Held`] of the columns of a data file, while it is written or afterwards.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array};
use arrow::compute::cast;
use arrow::datatypes::{Decimal128Type, Int64Type, TimestampMicrosecondType, UInt32Type};
use bytes::Bytes;
use foldhash::fast::RandomState;
use metrify_application::{Error, Kind, Result};
use metrify_domain::Channel;

use super::channels::{ChannelRuns, Channels};
use super::numbered::Texts;
use super::values::{BLOCK_ROWS, Block};
use super::{Coming, Origin, Run, Said, SaidTexts, Told, stored};
use crate::land::{READINGS_ORDER, concat};
use crate::schema::{READING_COLUMNS, numbered};
use crate::write::{internal, sorted};

/// The columns that are read, their texts as dictionaries.
pub(super) fn columns() -> Vec<&'static str> {
    READING_COLUMNS.into_iter().chain(["document", "sequence", "restored"]).collect()
}

/// The number of what rows say beyond what is numbered.
const UNNUMBERED: u16 = 255;
/// A channel begins a block where the one before it has so many rows: values of one channel are near each other.
const BLOCK_ROWS_MIN: usize = 32;
/// Where rows come from is kept in at most so many runs.
const COMING_MAX: usize = 1 << 18;
/// So many origins are kept at most, a hundred bytes each.
const ORIGINS_MAX: usize = 1 << 16;

/// A column is missing, or a text in it means nothing.
fn nonsense() -> Error {
    Error::new(Kind::Corrupt, "read what a data file of readings says: it lacks a column or a meaning")
}

/// What a file says whose rows come in pieces; `None` where they are not in the order of files.
///
/// # Errors
/// Where they cannot be read, or are no readings.
pub(super) fn held(pieces: impl Iterator<Item = Result<RecordBatch>>, file: (&str, u64)) -> Result<Option<Bytes>> {
    let mut build = Build::default();
    for piece in pieces {
        if !build.push(&piece?)? {
            return Ok(None);
        }
    }
    build.finish(file)
}

/// What a file says that somebody else wrote, in another order.
///
/// # Errors
/// As [`held`].
pub(super) fn in_order(pieces: &[RecordBatch], file: (&str, u64)) -> Result<Bytes> {
    let rows = concat(pieces)?;
    let numbers = UInt32Array::from_iter_values(0..rows.num_rows() as u32);
    let columns =
        rows.schema_ref().fields().iter().map(|field| field.name().clone()).zip(rows.columns().iter().cloned());
    let columns = columns.chain([("number".to_owned(), Arc::new(numbers) as ArrayRef)]);
    let rows = RecordBatch::try_from_iter(columns).map_err(|error| internal("sort a data file", error))?;
    let rows = sorted(&rows, &READINGS_ORDER)?;
    let mut build = Build::default();
    // Sorted by their texts, channels come back where one is spelled in two ways: nothing that we could go on with.
    if !build.push(&rows)? {
        return Err(nonsense());
    }
    let numbers = rows.column_by_name("number").and_then(|numbers| numbers.as_primitive_opt::<UInt32Type>());
    build.told.order = numbers.ok_or_else(nonsense)?.values().to_vec();
    build.finish(file)?.ok_or_else(nonsense)
}

/// What a data file says, as far as its rows have come.
pub(crate) struct Build {
    told: Told,
    channels: Vec<ChannelRuns>,
    /// The channel whose rows come, and its first run.
    open: Option<(Channel, u32)>,
    origins: HashMap<Origin, u32, RandomState>,
    /// The values of the block that is not full.
    values: Vec<Option<i128>>,
    blocks: Vec<u8>,
}

impl Default for Build {
    fn default() -> Self {
        Self {
            told: Told { coming: Some(Vec::new()), ..Told::default() },
            channels: Vec::new(),
            open: None,
            origins: HashMap::default(),
            values: Vec::with_capacity(BLOCK_ROWS),
            blocks: Vec::new(),
        }
    }
}

impl Build {
    /// Adds rows, their texts numbered or not; tells whether they come in the order of files.
    ///
    /// # Errors
    /// Where a column is missing or a text means nothing.
    pub(crate) fn push(&mut self, rows: &RecordBatch) -> Result<bool> {
        let schema = numbered(rows.schema_ref().fields());
        let columns = rows.columns().iter().zip(schema.fields()).map(|(column, field)| cast(column, field.data_type()));
        let columns: std::result::Result<Vec<_>, _> = columns.collect();
        let rows = columns.and_then(|columns| RecordBatch::try_new(schema, columns));
        let rows = rows.map_err(|error| internal("number texts", error))?;
        let first = self.told.rows;
        let mut turns = Vec::new();
        let in_order = self.periods(&rows, first, &mut turns).ok_or_else(nonsense)?;
        if in_order {
            self.statements(&rows, &turns).ok_or_else(nonsense)?;
            self.comings(&rows, first);
        }
        Ok(in_order)
    }

    /// Adds channels and periods of the rows from `first` on, and tells at which of them the channel turns; `Some(false)` where they
    /// do not come in the order of files.
    fn periods(&mut self, rows: &RecordBatch, first: u32, turns: &mut Vec<usize>) -> Option<bool> {
        let (points, quantities) = (Texts::of(rows, "point")?, Texts::of(rows, "quantity")?);
        let times = |name: &str| rows.column_by_name(name)?.as_primitive_opt::<TimestampMicrosecondType>();
        let (starts, ends) = (times("period_start")?, times("period_end")?);
        let mut channel = None;
        for (row, number) in (0..rows.num_rows()).zip(first..) {
            let here = [points.number(row), quantities.number(row)];
            if channel.replace(here) != Some(here) {
                let named = (points.text(row)?, quantities.text(row)?);
                if self.turn_to(Channel { point: named.0.parse().ok()?, quantity: named.1.parse().ok()? }) {
                    turns.push(row);
                }
            }
            let start = starts.value(row);
            if !self.period(number, start, ends.value(row) - start) {
                return Some(false);
            }
        }
        Some(true)
    }

    /// Adds values, and what is said beside them.
    fn statements(&mut self, rows: &RecordBatch, turns: &[usize]) -> Option<()> {
        let required = ["kind", "unit", "quality"].map(|name| Texts::of(rows, name));
        let [Some(kinds), Some(units), Some(qualities)] = required else { return None };
        let [methods, reasons] = ["method", "reason"].map(|name| Texts::of(rows, name));
        let number = |texts: &Option<Texts<'_>>, row| texts.as_ref().map_or(-1, |texts| texts.number(row));
        let text = |texts: &Option<Texts<'_>>, row| texts.as_ref().and_then(|texts| texts.text(row)).map(str::to_owned);
        let values = rows.column_by_name("value")?.as_primitive_opt::<Decimal128Type>()?;
        let restored = rows.column_by_name("restored")?.as_boolean_opt()?;
        let (mut said, mut turns) = (None, turns.iter().peekable());
        for row in 0..rows.num_rows() {
            let here = [
                kinds.number(row),
                units.number(row),
                qualities.number(row),
                number(&methods, row),
                number(&reasons, row),
                i32::from(restored.value(row)),
            ];
            if said.replace(here) != Some(here) {
                let [kind, unit, quality] =
                    [&kinds, &units, &qualities].map(|texts| texts.text(row).map(str::to_owned));
                let codes = (text(&methods, row), text(&reasons, row));
                self.say((kind?, unit?, quality?, codes.0, codes.1, restored.value(row)))?;
            }
            let turns = turns.next_if_eq(&&row).is_some();
            if self.values.len() == BLOCK_ROWS || (turns && self.values.len() >= BLOCK_ROWS_MIN) {
                self.lay();
            }
            self.told.rows += 1;
            self.values.push(values.is_valid(row).then(|| values.value(row)));
        }
        Some(())
    }

    /// The rows from here on say so beside their values.
    fn say(&mut self, said: SaidTexts) -> Option<()> {
        let all = &mut self.told.all_said;
        let number = match all.iter().position(|known| *known == said) {
            Some(number) => number as u16,
            None => {
                let meant = Said::of(&said)?;
                // Others may write texts that are no codes of ours.
                let is_whole = (meant.method.is_some(), meant.reason.is_some()) == (said.3.is_some(), said.4.is_some());
                if is_whole && all.len() < usize::from(UNNUMBERED) {
                    all.push(said);
                    (all.len() - 1) as u16
                } else {
                    UNNUMBERED
                }
            }
        };
        if self.told.said.last().is_none_or(|(_, last)| *last != number) {
            self.told.said.push((self.told.rows, number));
        }
        Some(())
    }

    fn lay(&mut self) {
        let begin = self.blocks.len();
        let first = self.told.rows - self.values.len() as u32;
        self.told.blocks.push(Block::lay(first, &self.values, &mut self.blocks));
        stored::seal(&mut self.blocks, begin);
        self.values.clear();
    }

    /// Adds where the rows from `first` on came from, where that is told and not too much.
    fn comings(&mut self, rows: &RecordBatch, first: u32) {
        let coming = self.told.coming.take();
        self.told.coming = coming.and_then(|coming| self.with_comings(coming, rows, first));
        if self.told.coming.is_none() {
            self.told.origins = Vec::new();
            self.origins = HashMap::default();
        }
    }

    fn with_comings(&mut self, mut coming: Vec<Coming>, rows: &RecordBatch, first: u32) -> Option<Vec<Coming>> {
        let texts = ["delivery", "document"].map(|name| Texts::of(rows, name));
        let times =
            rows.column_by_name("recorded_at").and_then(|times| times.as_primitive_opt::<TimestampMicrosecondType>());
        let sequences = rows.column_by_name("sequence").and_then(|numbers| numbers.as_primitive_opt::<Int64Type>());
        let [deliveries, documents] = texts;
        let (deliveries, documents) = (deliveries?, documents?);
        let (times, sequences) = (times.filter(|times| times.null_count() == 0)?, sequences?);
        let mut numbers: HashMap<(i64, i32, i32), u32, RandomState> = HashMap::default();
        let mut last = None;
        for (row, number) in (0..rows.num_rows()).zip(first..) {
            let here = (times.value(row), deliveries.number(row), documents.number(row));
            let known = last.filter(|(before, _)| *before == here).map(|(_, origin)| origin);
            let origin = match known.or_else(|| numbers.get(&here).copied()) {
                Some(origin) => origin,
                None => {
                    let (delivery, document) = (deliveries.text(row)?.to_owned(), documents.text(row)?.to_owned());
                    *numbers.entry(here).or_insert(self.origin((here.0, delivery, document)))
                }
            };
            last = Some((here, origin));
            let sequence = sequences.value(row);
            if coming.last_mut().is_some_and(|last| last.extend(origin, sequence)) {
                continue;
            }
            if coming.len() == COMING_MAX || self.told.origins.len() > ORIGINS_MAX {
                return None;
            }
            coming.push(Coming { row: number, count: 1, origin, first: sequence, step: 0 });
        }
        Some(coming)
    }

    fn origin(&mut self, origin: Origin) -> u32 {
        if let Some(number) = self.origins.get(&origin) {
            return *number;
        }
        let number = self.told.origins.len() as u32;
        self.told.origins.push(origin.clone());
        self.origins.insert(origin, number);
        number
    }

    /// The rows from now on are of this channel; tells whether it is another one.
    fn turn_to(&mut self, channel: Channel) -> bool {
        let turns = self.open.as_ref().is_none_or(|(open, _)| *open != channel);
        if turns {
            self.close();
            self.open = Some((channel, self.told.runs.len() as u32));
        }
        turns
    }

    fn close(&mut self) {
        if let Some((channel, first)) = self.open.take() {
            let runs = first..self.told.runs.len() as u32;
            self.channels.push((channel.point.to_string(), channel.quantity.to_string(), runs));
        }
    }

    /// Adds the period of the next row; `false` where it starts before the last one of its channel.
    fn period(&mut self, row: u32, start: i64, length: i64) -> bool {
        let first = self.open.as_ref().map_or(0, |(_, first)| *first as usize);
        if let Some(last) = self.told.runs[first..].last_mut() {
            if last.extend(start, length) {
                return true;
            }
            if start < last.last() {
                return false;
            }
        }
        self.told.runs.push(Run { first: start, step: 0, length, row, count: 1 });
        true
    }

    /// All of it, as it is kept beside the data file of this path and size; `None` where a channel was left and came back.
    ///
    /// # Errors
    /// Never, but for a mistake here.
    pub(crate) fn finish(mut self, (path, bytes): (&str, u64)) -> Result<Option<Bytes>> {
        self.close();
        if !self.values.is_empty() {
            self.lay();
        }
        let Some(channels) = Channels::of(self.channels) else { return Ok(None) };
        let told = Told { channels, path: path.to_owned(), bytes, ..self.told };
        stored::encode(self.blocks, &told).map(Some)
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]
mod tests {
    use std::collections::HashMap;

    use arrow::array::{BooleanArray, Int64Array, StringArray, TimestampMicrosecondArray};
    use arrow::datatypes::DataType;
    use metrify_domain::{Batch, BatchBuilder, Document, Period, Reading, Timestamp, Unit};

    use super::super::Held;
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
        let pieces = readings.chunks(64).zip(0..).map(|(readings, piece)| {
            let rows = statements_batch(&batch(readings.iter())).expect("columns");
            let columns = rows.columns().iter().zip(rows.schema_ref().fields());
            let columns = columns.filter(|(_, field)| field.name() != "recorded_at").map(|(column, field)| {
                let kind = match field.data_type() {
                    DataType::Utf8 => numbered_text(),
                    kind => kind.clone(),
                };
                (field.name().clone(), cast(column, &kind).expect("a column"))
            });
            let places = || (piece * 64..).take(readings.len());
            let known: TimestampMicrosecondArray = places().map(|place| Some(place as i64 / 50)).collect();
            let origin: [(&str, ArrayRef); 5] = [
                ("recorded_at", Arc::new(known.with_timezone("UTC"))),
                ("delivery", Arc::new(StringArray::from_iter_values(places().map(|_| "d")))),
                ("document", Arc::new(StringArray::from_iter_values(places().map(|place| format!("m{}", place / 30))))),
                ("sequence", Arc::new(Int64Array::from_iter_values(places().map(|place| place as i64 * 3)))),
                ("restored", Arc::new(BooleanArray::from_iter(places().map(|place| Some(place % 7 == 0))))),
            ];
            let origin = origin.into_iter().map(|(name, column)| (name.to_owned(), column));
            RecordBatch::try_from_iter(columns.chain(origin)).expect("columns")
        });
        pieces.collect()
    }

    const FILE: (&str, u64) = ("part-1.parquet", 7);

    fn kept(bytes: &Bytes) -> Held {
        stored::in_memory(bytes).expect("what was encoded")
    }

    /// Every reading is found, at its place, with all that it says, and none that is not there.
    fn assert_holds(bytes: &Bytes, readings: &[(Channel, Reading)]) {
        let held = kept(bytes);
        let mut reader = held.reader();
        for (place, (channel, reading)) in readings.iter().enumerate() {
            let runs = held.runs_of(channel).expect("its runs");
            let rows: Vec<u32> = held.rows_of(runs.clone(), reading.period).collect();
            assert_eq!(rows.iter().map(|row| held.place(*row)).collect::<Vec<_>>(), [place]);
            let same = batch([(channel.clone(), *reading)].iter());
            let other = batch([(channel.clone(), Reading { value: Some(7_777.into()), ..*reading })].iter());
            assert_eq!(reader.says(rows[0], &same, &same.rows()[0]).expect("a value"), Some(true));
            assert_eq!(reader.says(rows[0], &other, &other.rows()[0]).expect("a value"), Some(false));
            let version = reader.version(rows[0], channel, reading.period).expect("a value");
            let (version, restored) = version.expect("it is kept");
            assert_eq!(restored, place % 7 == 0);
            assert_eq!((&version.channel, version.reading), (channel, *reading));
            assert_eq!(version.sequence.0, place as i64 * 3);
            assert_eq!(version.recorded_at, Timestamp::from_micros(place as i64 / 50));
            assert_eq!(
                (version.delivery.as_str(), version.document.as_str()),
                ("d", format!("m{}", place / 30).as_str())
            );
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
        let bytes = held(pieces(&readings).into_iter().map(Ok), FILE).expect("readings").expect("it is in order");
        let held = kept(&bytes);
        let mut reader = held.reader();
        for (row, (_, reading)) in (0..).zip(&readings) {
            let same = batch([(channel.clone(), *reading)].iter());
            let numbered = row < u32::from(UNNUMBERED);
            assert_eq!(reader.says(row, &same, &same.rows()[0]).expect("a value"), numbered.then_some(true), "{row}");
            let version = reader.version(row, &channel, reading.period).expect("a value");
            assert_eq!(version.map(|(version, _)| version.reading), numbered.then_some(*reading), "{row}");
        }
    }

    #[test]
    fn what_is_said_by_codes_that_are_none_of_ours_has_to_be_read() {
        let Reading { kind, quality, .. } = readings(1)[0].1;
        let said = |method: &str| {
            let mut build = Build::default();
            let [kind, unit, quality, method] = [kind.name(), "kWh", quality.name(), method].map(str::to_owned);
            build.say((kind, unit, quality, Some(method), None, false)).expect("all but the method is ours");
            build.told.said
        };
        assert_eq!(said("Z92"), [(0, 0)]);
        assert_eq!(said("a method of theirs that takes more than forty-seven bytes"), [(0, UNNUMBERED)]);
    }

    #[test]
    fn what_a_file_says_is_found_in_whatever_order_it_was_written() {
        for seed in 0..50 {
            let mut readings = readings(seed);
            let shuffled = pieces(&readings);
            assert!(held(shuffled.iter().cloned().map(Ok), FILE).expect("readings").is_none(), "it is not in order");
            assert_holds(&in_order(&shuffled, FILE).expect("readings"), &readings);
            readings.sort_by_key(|(channel, reading)| (channel.clone(), reading.period));
            let sorted = held(pieces(&readings).into_iter().map(Ok), FILE).expect("readings");
            assert_holds(&sorted.expect("it is in order"), &readings);
        }
    }

    #[test]
    fn what_is_damaged_is_not_believed() {
        let mut readings = readings(3);
        readings.sort_by_key(|(channel, reading)| (channel.clone(), reading.period));
        let bytes = held(pieces(&readings).into_iter().map(Ok), FILE).expect("readings").expect("it is in order");
        let (mut refused, mut unread) = (0, 0);
        for place in 0..bytes.len() {
            let mut damaged = bytes.to_vec();
            damaged[place] ^= 1 << (place % 8);
            let Some(held) = stored::in_memory(&damaged.into()) else {
                refused += 1;
                continue;
            };
            let mut reader = held.reader();
            for row in 0..readings.len() as u32 {
                reader.value(row).expect("it is told as nothing that is known");
            }
            unread += usize::from(held.is_damaged());
        }
        assert_eq!(refused + unread, bytes.len());
        assert!(refused > 0 && unread > 0, "{refused} refused, {unread} unread");
        for length in 0..bytes.len() {
            assert!(stored::in_memory(&bytes.slice(..length)).is_none(), "cut after {length} bytes");
        }
    }
}
