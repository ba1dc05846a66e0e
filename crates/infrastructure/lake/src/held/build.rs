//! Makes [`Held`] of the columns of a data file, while it is written or afterwards.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Int64Array, RecordBatch, TimestampMicrosecondArray,
    UInt32Array,
};
use arrow::compute::cast;
use arrow::datatypes::{Decimal128Type, Int64Type, TimestampMicrosecondType, UInt32Type};
use bytes::Bytes;
use foldhash::fast::RandomState;
use metrify_application::{Error, Kind, Result};
use metrify_domain::Channel;

use super::channels::NewChannels;
use super::chunk::{CHUNK_ROWS, Open, UNNUMBERED};
use super::numbered::Texts;
use super::{Origin, Said, SaidTexts, Told, stored};
use crate::land::{READINGS_ORDER, concat};
use crate::schema::{READING_COLUMNS, numbered};
use crate::write::{internal, sorted};

/// The columns that are read, their texts as dictionaries.
pub(super) fn columns() -> Vec<&'static str> {
    READING_COLUMNS.into_iter().chain(["document", "sequence", "restored"]).collect()
}

/// Times are no further from 1970 than this, some seventy thousand years.
const MICROS_MAX: u64 = 1 << 61;
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
#[derive(Default)]
pub(crate) struct Build {
    told: Told,
    channels: NewChannels,
    /// The channel whose rows come, its first chunk, and when its last row starts.
    open: Option<(Channel, u32, i64)>,
    origins: HashMap<Origin, u32, RandomState>,
    chunk: Open,
    chunks: Vec<u8>,
}

/// What the row before said, by the numbers that its texts have in a piece, so that the same need not be looked up again.
#[derive(Default)]
struct Last {
    channel: Option<[i32; 2]>,
    said: Option<([i32; 6], u8)>,
    origin: Option<((i64, i32, i32), Option<u32>)>,
    origins: HashMap<(i64, i32, i32), Option<u32>, RandomState>,
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
        let piece = Piece::of(&rows).ok_or_else(nonsense)?;
        let mut last = Last::default();
        for row in 0..rows.num_rows() {
            let channel = piece.channel.each_ref().map(|texts| texts.number(row));
            if last.channel.replace(channel) != Some(channel) {
                let (channel, is_ours) = piece.channel_at(row).ok_or_else(nonsense)?;
                self.told.lacking.names |= !is_ours;
                self.turn_to(channel)?;
            }
            if !self.add(&piece, row, &mut last).ok_or_else(nonsense)? {
                return Ok(false);
            }
            if self.chunk.values.len() == CHUNK_ROWS {
                self.lay()?;
            }
        }
        Ok(true)
    }

    /// Adds a row of the open channel; `Some(false)` where it starts before the one before it.
    fn add(&mut self, piece: &Piece<'_>, row: usize, last: &mut Last) -> Option<bool> {
        let (start, end) = (piece.starts.value(row), piece.ends.value(row));
        // What no calendar names is nothing to calculate with.
        if start.unsigned_abs().max(end.unsigned_abs()) > MICROS_MAX {
            return None;
        }
        let (_, _, before) = self.open.as_mut()?;
        if std::mem::replace(before, start) > start {
            return Some(false);
        }
        let numbers = piece.said_numbers(row);
        let said = match last.said {
            Some((before, number)) if before == numbers => number,
            _ => self.say(piece.said_at(row)?)?,
        };
        last.said = Some((numbers, said));
        let coming = self.coming(piece, row, last);
        let value = piece.values.is_valid(row).then(|| piece.values.value(row));
        self.chunk.push((start, end - start), said, coming, value);
        self.told.rows += 1;
        Some(true)
    }

    /// The number of what a row says beside its value.
    fn say(&mut self, said: SaidTexts) -> Option<u8> {
        let all = &mut self.told.all_said;
        if let Some(number) = all.iter().position(|known| *known == said) {
            return Some(number as u8);
        }
        let meant = Said::of(&said)?;
        // Others may write texts that are no codes of ours.
        let is_whole = (meant.method.is_some(), meant.reason.is_some()) == (said.3.is_some(), said.4.is_some());
        if !is_whole || all.len() == usize::from(UNNUMBERED) {
            return Some(UNNUMBERED);
        }
        all.push(said);
        Some((all.len() - 1) as u8)
    }

    /// The number of a row's origin, and how far its own number is from the first one of it.
    fn coming(&mut self, piece: &Piece<'_>, row: usize, last: &mut Last) -> Option<(i64, i64)> {
        let columns = piece.origins.as_ref()?;
        let here = (columns.recorded.value(row), columns.deliveries.number(row), columns.documents.number(row));
        let sequence = columns.sequences.value(row);
        let known = last.origin.filter(|(before, _)| *before == here).map(|(_, origin)| origin);
        let origin = match known.or_else(|| last.origins.get(&here).copied()) {
            Some(origin) => origin,
            None => {
                let texts = columns.deliveries.text(row).zip(columns.documents.text(row));
                let origin = texts.and_then(|(delivery, document)| {
                    self.origin((here.0, delivery.to_owned(), document.to_owned()), sequence)
                });
                *last.origins.entry(here).or_insert(origin)
            }
        };
        last.origin = Some((here, origin));
        let origin = origin?;
        let (_, first) = &self.told.origins[origin as usize];
        Some((i64::from(origin), sequence.wrapping_sub(*first)))
    }

    /// The number of an origin whose rows begin with this number of their own; `None` where there are too many.
    fn origin(&mut self, origin: Origin, sequence: i64) -> Option<u32> {
        if let Some(number) = self.origins.get(&origin) {
            return Some(*number);
        }
        let number = self.told.origins.len();
        if number == ORIGINS_MAX {
            return None;
        }
        self.told.origins.push((origin.clone(), sequence));
        self.origins.insert(origin, number as u32);
        Some(number as u32)
    }

    /// The rows from now on are of this channel.
    fn turn_to(&mut self, channel: Channel) -> Result<()> {
        if self.open.as_ref().is_none_or(|(open, ..)| *open != channel) {
            self.close()?;
            self.open = Some((channel, self.told.chunk_rows.len() as u32, i64::MIN));
        }
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        self.lay()?;
        if let Some((channel, first, _)) = self.open.take() {
            let chunks = first..self.told.chunk_rows.len() as u32;
            self.channels.push(channel.point.as_str(), &channel.quantity.to_string(), chunks);
        }
        Ok(())
    }

    /// Lays the rows that wait as a chunk.
    fn lay(&mut self) -> Result<()> {
        let Some(start) = self.chunk.first_start() else { return Ok(()) };
        let number = self.told.chunk_rows.len() as u32;
        if self.open.as_ref().is_some_and(|(_, first, _)| number > *first) {
            self.told.later_starts.push((number, start));
        }
        self.told.chunk_rows.push(self.told.rows - self.chunk.values.len() as u32);
        self.told.chunk_places.push(place(&self.chunks)?);
        let lacking = self.chunk.lay(&mut self.chunks)?;
        let all = &mut self.told.lacking;
        all.values |= lacking.values;
        all.said |= lacking.said;
        all.comings |= lacking.comings;
        Ok(())
    }

    /// Whether channels have so few rows that what is kept of them is mostly their names.
    pub(crate) fn is_sparse(&self) -> bool {
        const CHANNELS_MIN: u32 = 1 << 18;
        const ROWS_MIN: u32 = 16;
        self.channels.count() > CHANNELS_MIN && self.told.rows / ROWS_MIN < self.channels.count()
    }

    /// All of it, as it is kept beside the data file of this path and size; `None` where a channel was left and came back.
    ///
    /// # Errors
    /// Where it takes more than 4 GiB.
    pub(crate) fn finish(mut self, (path, bytes): (&str, u64)) -> Result<Option<Bytes>> {
        self.close()?;
        let Some(channels) = self.channels.finish() else { return Ok(None) };
        let end = place(&self.chunks)?;
        let told = Told { channels, path: path.to_owned(), bytes, end, ..self.told };
        stored::encode(self.chunks, &told).map(Some)
    }
}

/// Where the next chunk begins.
fn place(chunks: &[u8]) -> Result<u32> {
    u32::try_from(chunks.len()).map_err(|error| internal("keep what a data file says", error))
}

/// The columns of some rows.
struct Piece<'p> {
    /// Point and quantity.
    channel: [Texts<'p>; 2],
    starts: &'p TimestampMicrosecondArray,
    ends: &'p TimestampMicrosecondArray,
    values: &'p Decimal128Array,
    /// Kind, unit and quality.
    required: [Texts<'p>; 3],
    /// Method and reason.
    codes: [Option<Texts<'p>>; 2],
    restored: &'p BooleanArray,
    origins: Option<Origins<'p>>,
}

/// Where rows came from.
struct Origins<'p> {
    recorded: &'p TimestampMicrosecondArray,
    deliveries: Texts<'p>,
    documents: Texts<'p>,
    sequences: &'p Int64Array,
}

impl<'p> Piece<'p> {
    fn of(rows: &'p RecordBatch) -> Option<Self> {
        let texts = |name: &str| Texts::of(rows, name);
        let whole = |name: &str| rows.column_by_name(name).filter(|column| column.null_count() == 0);
        let times = |name: &str| whole(name)?.as_primitive_opt::<TimestampMicrosecondType>();
        let origins = || {
            let (recorded, sequences) = (times("recorded_at")?, whole("sequence")?.as_primitive_opt::<Int64Type>()?);
            Some(Origins { recorded, deliveries: texts("delivery")?, documents: texts("document")?, sequences })
        };
        Some(Self {
            channel: [texts("point")?, texts("quantity")?],
            starts: times("period_start")?,
            ends: times("period_end")?,
            values: rows.column_by_name("value")?.as_primitive_opt::<Decimal128Type>()?,
            required: [texts("kind")?, texts("unit")?, texts("quality")?],
            codes: [texts("method"), texts("reason")],
            restored: whole("restored")?.as_boolean_opt()?,
            origins: origins(),
        })
    }

    /// The channel of a row, and whether it is spelled as we do.
    fn channel_at(&self, row: usize) -> Option<(Channel, bool)> {
        let [point, quantity] = self.channel.each_ref().map(|texts| texts.text(row));
        let (point, quantity) = (point?, quantity?);
        let channel = Channel { point: point.parse().ok()?, quantity: quantity.parse().ok()? };
        let is_ours = channel.point.as_str() == point && channel.quantity.to_string() == quantity;
        Some((channel, is_ours))
    }

    fn said_numbers(&self, row: usize) -> [i32; 6] {
        let [kind, unit, quality] = self.required.each_ref().map(|texts| texts.number(row));
        let [method, reason] = self.codes.each_ref().map(|texts| texts.as_ref().map_or(-1, |texts| texts.number(row)));
        [kind, unit, quality, method, reason, i32::from(self.restored.value(row))]
    }

    fn said_at(&self, row: usize) -> Option<SaidTexts> {
        let [kind, unit, quality] = self.required.each_ref().map(|texts| texts.text(row).map(str::to_owned));
        let [method, reason] = self.codes.each_ref().map(|texts| texts.as_ref()?.text(row).map(str::to_owned));
        Some((kind?, unit?, quality?, method, reason, self.restored.value(row)))
    }
}

#[cfg(test)]
mod tests;
