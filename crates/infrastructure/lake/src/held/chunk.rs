//! What some rows of one channel say that follow each other, as one piece of bytes with its checksum.

use std::ops::{Range, RangeInclusive};

use arrow::array::NullBufferBuilder;
use metrify_application::{Error, Kind, Result};
use metrify_domain::Period;
use serde::{Deserialize, Serialize};

use super::values::{BEYOND_BYTES, BLOCK_ROWS, Block};

/// Rows of one chunk at most: what has to be read for a single one of them.
pub(super) const CHUNK_ROWS: usize = 1 << 10;
pub(super) const CHECKSUM_BYTES: usize = size_of::<u32>();
/// The number of what rows say beyond what is numbered.
pub(super) const UNNUMBERED: u8 = u8::MAX;
/// Where rows come from is told where it takes no more runs than these, and one for every fourth row.
const COMINGS_MAX: usize = 16;

/// Periods that start in equal steps and have one length, in microseconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Run {
    /// The first of its rows, in the chunk.
    row: u32,
    count: u32,
    first: i64,
    step: i64,
    length: i64,
}

impl Run {
    const fn last(&self) -> i64 {
        self.first + self.step * (self.count as i64 - 1)
    }

    /// The row of a period, where it is one of the run.
    const fn row_of(&self, start: i64, length: i64) -> Option<u32> {
        let offset = start - self.first;
        if self.length != length || offset < 0 || start > self.last() {
            return None;
        }
        match self.step {
            0 => Some(self.row),
            step if offset % step == 0 => Some(self.row + (offset / step) as u32),
            _ => None,
        }
    }

    /// Its rows that start within these times.
    fn rows_within(&self, starts: &RangeInclusive<i64>) -> Range<u32> {
        let (from, to) = (starts.start().saturating_sub(self.first), starts.end().saturating_sub(self.first));
        let reach = self.last() - self.first;
        if to < 0 || from > reach {
            return self.row..self.row;
        }
        let begin = if from <= 0 { 0 } else { (from + self.step - 1) / self.step };
        let end = if to >= reach { i64::from(self.count) } else { to / self.step + 1 };
        self.row + begin as u32..self.row + end as u32
    }

    /// Whether the run takes one more period as its next row.
    const fn extend(&mut self, start: i64, length: i64) -> bool {
        if self.length != length || start <= self.last() {
            return false;
        }
        if self.count == 1 {
            self.step = start - self.first;
        } else if start != self.last() + self.step {
            return false;
        }
        self.count += 1;
        true
    }
}

/// Periods of one length that start in equal steps, in microseconds.
pub(super) struct Steps {
    pub(super) first: i64,
    pub(super) count: i64,
    pub(super) step: i64,
    pub(super) length: i64,
}

/// Where rows came from, from one of them on: the number of the origin, and how far their own numbers are from its first one, both
/// of which change by equal steps.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Coming {
    row: u32,
    origin: i64,
    origin_step: i64,
    distance: i64,
    distance_step: i64,
}

impl Coming {
    const fn at(&self, row: u32) -> (i64, i64) {
        let rows = (row - self.row) as i64;
        (
            self.origin.wrapping_add(self.origin_step.wrapping_mul(rows)),
            self.distance.wrapping_add(self.distance_step.wrapping_mul(rows)),
        )
    }

    /// Whether this takes one more row, the next one.
    fn extend(&mut self, row: u32, origin: i64, distance: i64) -> bool {
        if row == self.row + 1 {
            self.origin_step = origin.wrapping_sub(self.origin);
            self.distance_step = distance.wrapping_sub(self.distance);
            return true;
        }
        self.at(row) == (origin, distance)
    }
}

/// What stands before the values.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Head {
    /// In the order of time.
    runs: Vec<Run>,
    /// From which row on which of all that the file says is said beside the value.
    said: Vec<(u32, u8)>,
    /// `None` where it takes too much, or is not told at all.
    coming: Option<Vec<Coming>>,
    blocks: Vec<Block>,
}

/// What is not kept of some rows.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Lacking {
    /// Points and quantities as somebody else spelled them.
    pub(super) names: bool,
    pub(super) values: bool,
    pub(super) said: bool,
    pub(super) comings: bool,
}

/// A chunk whose rows come.
#[derive(Debug)]
pub(super) struct Open {
    head: Head,
    pub(super) values: Vec<Option<i128>>,
}

impl Default for Open {
    fn default() -> Self {
        let head = Head { coming: Some(Vec::new()), ..Head::default() };
        Self { head, values: Vec::with_capacity(CHUNK_ROWS) }
    }
}

impl Open {
    /// Adds a row: when, what is said beside the value, where it came from, and the value.
    pub(super) fn push(
        &mut self,
        (start, length): (i64, i64),
        said: u8,
        coming: Option<(i64, i64)>,
        value: Option<i128>,
    ) {
        let row = self.values.len() as u32;
        if self.head.runs.last_mut().is_none_or(|run| !run.extend(start, length)) {
            self.head.runs.push(Run { row, count: 1, first: start, step: 0, length });
        }
        if self.head.said.last().is_none_or(|(_, last)| *last != said) {
            self.head.said.push((row, said));
        }
        match (coming, &mut self.head.coming) {
            (Some((origin, distance)), Some(all)) => {
                if all.last_mut().is_none_or(|last| !last.extend(row, origin, distance)) {
                    all.push(Coming { row, origin, origin_step: 0, distance, distance_step: 0 });
                }
            }
            _ => self.head.coming = None,
        }
        self.values.push(value);
    }

    /// When its first row starts.
    pub(super) fn first_start(&self) -> Option<i64> {
        self.head.runs.first().map(|run| run.first)
    }

    /// Appends the chunk's bytes, and begins another one; tells what it had to leave out.
    pub(super) fn lay(&mut self, into: &mut Vec<u8>) -> Result<Lacking> {
        let Self { mut head, values } = std::mem::take(self);
        head.coming = head.coming.filter(|all| all.len() <= COMINGS_MAX + values.len() / 4);
        let mut laid = Vec::with_capacity(values.len() * 2);
        head.blocks = values.chunks(BLOCK_ROWS).map(|values| Block::lay(values, &mut laid)).collect();
        let lacking = Lacking {
            names: false,
            values: head.blocks.iter().any(|block| !block.fits()),
            said: head.said.iter().any(|(_, said)| *said == UNNUMBERED),
            comings: head.coming.is_none(),
        };
        let begin = into.len();
        let bytes = postcard::to_extend(&head, std::mem::take(into))
            .map_err(|error| Error::new(Kind::Internal, "keep what a data file says").because(error))?;
        *into = bytes;
        into.extend(laid);
        seal(into, begin);
        Ok(lacking)
    }
}

/// Rows by the items that speak of them from one row on, which `begin` tells.
fn split<T>(items: &[T], begin: impl Fn(&T) -> u32, rows: Range<u32>) -> impl Iterator<Item = (&T, Range<u32>)> {
    let first = items.partition_point(|item| begin(item) <= rows.start).saturating_sub(1);
    (first..items.len()).map_while(move |number| {
        let next = items.get(number + 1).map_or(rows.end, |next| begin(next).min(rows.end));
        let own = begin(&items[number]).max(rows.start)..next;
        (own.start < rows.end).then_some((&items[number], own))
    })
}

/// Appends the checksum of what follows `begin`.
pub(super) fn seal(bytes: &mut Vec<u8>, begin: usize) {
    let checksum = crc32fast::hash(&bytes[begin..]);
    bytes.extend(checksum.to_le_bytes());
}

/// The bytes without their checksum; `None` where it is not theirs.
pub(super) fn unsealed(bytes: &[u8]) -> Option<&[u8]> {
    let (bytes, checksum) = bytes.split_last_chunk::<CHECKSUM_BYTES>()?;
    (crc32fast::hash(bytes) == u32::from_le_bytes(*checksum)).then_some(bytes)
}

/// A chunk that was read.
pub(super) struct Chunk {
    head: Head,
    /// How many rows it has.
    pub(super) rows: u32,
    values: Vec<u8>,
}

impl Chunk {
    /// `None` where these are not the bytes that were laid.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (head, values) = postcard::take_from_bytes::<Head>(unsealed(bytes)?).ok()?;
        let rows = head.blocks.iter().map(Block::rows).sum::<usize>() as u32;
        let length: usize = head.blocks.iter().map(Block::bytes).sum();
        (length == values.len()).then(|| Self { head, rows, values: [values, &[0; BEYOND_BYTES]].concat() })
    }

    /// Adds the rows of a period, of which there may be several among superseded versions.
    pub(super) fn rows_of(&self, period: Period, into: &mut impl Extend<u32>) {
        let start = period.start().micros();
        let length = period.end().micros() - start;
        let begun = self.head.runs.partition_point(|run| run.first <= start);
        let reaching = self.head.runs[..begun].iter().rev().take_while(|run| run.last() >= start);
        into.extend(reaching.filter_map(|run| run.row_of(start, length)));
    }

    /// The rows that start within these times.
    pub(super) fn rows_within(&self, starts: &RangeInclusive<i64>) -> Vec<Range<u32>> {
        let mut found: Vec<Range<u32>> = Vec::new();
        for run in &self.head.runs {
            let rows = run.rows_within(starts);
            match found.last_mut() {
                _ if rows.is_empty() => {}
                Some(last) if last.end == rows.start => last.end = rows.end,
                _ => found.push(rows),
            }
        }
        found
    }

    /// Adds when rows start.
    pub(super) fn starts_of(&self, rows: Range<u32>, into: &mut Vec<i64>) {
        for (run, rows) in split(&self.head.runs, |run| run.row, rows) {
            let first = run.first + run.step * i64::from(rows.start - run.row);
            into.extend((0..i64::from(rows.end - rows.start)).map(|row| first + run.step * row));
        }
    }

    /// The periods of rows that start in equal steps, and how many there are of each.
    pub(super) fn steps_of(&self, rows: Range<u32>) -> impl Iterator<Item = Steps> {
        split(&self.head.runs, |run| run.row, rows).map(|(run, rows)| Steps {
            first: run.first + run.step * i64::from(rows.start - run.row),
            count: i64::from(rows.end - rows.start),
            step: run.step,
            length: run.length,
        })
    }

    /// Adds when rows end.
    pub(super) fn ends_of(&self, rows: Range<u32>, into: &mut Vec<i64>) {
        for (run, rows) in split(&self.head.runs, |run| run.row, rows) {
            let first = run.first + run.length + run.step * i64::from(rows.start - run.row);
            into.extend((0..i64::from(rows.end - rows.start)).map(|row| first + run.step * row));
        }
    }

    /// What rows say beside their values, by its number.
    pub(super) fn said_of(&self, rows: Range<u32>) -> impl Iterator<Item = (u8, Range<u32>)> {
        split(&self.head.said, |(row, _)| *row, rows).map(|((_, said), rows)| (*said, rows))
    }

    /// Adds the values of rows; `None` where one did not fit.
    pub(super) fn values_of(
        &self,
        rows: Range<u32>,
        values: &mut Vec<i128>,
        nulls: &mut NullBufferBuilder,
    ) -> Option<()> {
        let (mut next, mut begin) = (0, 0);
        for block in &self.head.blocks {
            let (first, end) = (next, next + block.rows() as u32);
            let own = rows.start.max(first)..rows.end.min(end);
            if own.start < own.end {
                let places = (own.start - first) as usize..(own.end - first) as usize;
                block.values(&self.values[begin..], places, values, nulls)?;
            }
            (next, begin) = (end, begin + block.bytes());
        }
        Some(())
    }

    /// The number of what a row says beside its value.
    pub(super) fn said(&self, row: u32) -> Option<u8> {
        let run = self.head.said.partition_point(|(first, _)| *first <= row).checked_sub(1)?;
        Some(self.head.said[run].1)
    }

    /// The number of a row's origin, and how far its own number is from the first one of it.
    pub(super) fn coming(&self, row: u32) -> Option<(i64, i64)> {
        let coming = self.head.coming.as_ref()?;
        let run = coming.partition_point(|run| run.row <= row).checked_sub(1)?;
        Some(coming[run].at(row))
    }

    /// The value of a row in units of a decimal's last digit, `Some(None)` where it is missing; `None` where it did not fit.
    pub(super) fn value(&self, row: u32) -> Option<Option<i128>> {
        let (number, place) = (row as usize / BLOCK_ROWS, row as usize % BLOCK_ROWS);
        let begin: usize = self.head.blocks.get(..number)?.iter().map(Block::bytes).sum();
        self.head.blocks.get(number)?.value(&self.values[begin..], place)
    }
}
