//! What data files of readings say, small enough to stay in memory: some nine bytes a reading of a load curve.
//!
//! A file is sorted by channel and period, so that periods which follow each other in equal steps are one run, whatever their number.

use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::RandomState;
use metrify_domain::{Batch, Channel, Decimal, Kind, Period, Quality, Reading, Row, Unit};

use self::values::Values;

mod build;
mod files;
mod values;

pub(crate) use files::HeldFiles;

/// Periods of one channel that start in equal steps and have one length, in microseconds.
#[derive(Clone, Copy, Debug)]
struct Run {
    first: i64,
    step: i64,
    length: i64,
    row: u32,
    count: u32,
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

/// Start and length of a period, in microseconds.
fn start_and_length(period: Period) -> (i64, i64) {
    let start = period.start().micros();
    (start, period.end().micros() - start)
}

/// What a row says beside its value.
type Said = (Kind, Unit, Quality);

/// What one data file says.
#[derive(Default)]
pub(crate) struct Held {
    /// The runs of each channel.
    channels: HashMap<Channel, Range<u32>, RandomState>,
    /// Each channel's in the order of time.
    runs: Vec<Run>,
    values: Values,
    /// For each row which of `all_said` it says; beyond them it has to be read.
    said: Vec<u8>,
    all_said: Vec<Said>,
    /// Where the rows stand in the file, where somebody else wrote it in another order.
    order: Vec<u32>,
}

impl Held {
    /// About what it takes in memory.
    fn bytes(&self) -> usize {
        const CHANNEL_BYTES: usize = 128;
        let rows = self.said.len() * (1 + size_of::<i64>()) + self.order.len() * size_of::<u32>();
        self.channels.len() * CHANNEL_BYTES + self.runs.len() * size_of::<Run>() + rows
    }

    pub(crate) fn runs_of(&self, channel: &Channel) -> Option<Range<u32>> {
        self.channels.get(channel).cloned()
    }

    /// The rows of a period among the runs of its channel; of superseded versions there may be several.
    pub(crate) fn rows_of(&self, runs: Range<u32>, period: Period) -> impl Iterator<Item = u32> {
        let runs = &self.runs[runs.start as usize..runs.end as usize];
        let (start, length) = start_and_length(period);
        let begun = runs.partition_point(|run| run.first <= start);
        let reaching = runs[..begun].iter().rev().take_while(move |run| run.last() >= start);
        reaching.filter_map(move |run| run.row_of(start, length))
    }

    /// Whether a row of a batch says what a row of the file does; `None` where only the file can tell.
    pub(crate) fn says(&self, held: u32, batch: &Batch, row: &Row) -> Option<bool> {
        let (kind, unit, quality) = self.all_said.get(usize::from(self.said[held as usize]))?;
        let value = self.values.get(held as usize)?;
        let same = *kind == row.kind && *quality == row.quality && *unit == batch.unit(row);
        Some(same && value == row.value.map(Decimal::units))
    }

    /// What a row says; `None` where only the file can tell. How a value came about is not kept.
    fn reading(&self, held: u32, period: Period) -> Option<Reading> {
        let (kind, unit, quality) = *self.all_said.get(usize::from(self.said[held as usize]))?;
        let value = match self.values.get(held as usize)? {
            Some(units) => Some(Decimal::from_units(units)?),
            None => None,
        };
        Some(Reading { kind, period, value, unit, quality, method: None, reason: None })
    }

    /// Where a row stands in the file.
    pub(crate) fn place(&self, row: u32) -> usize {
        self.order.get(row as usize).map_or(row, |place| *place) as usize
    }
}
