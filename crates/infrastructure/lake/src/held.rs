//! What data files of readings say, laid so that a reading is found in them without reading them: some two bytes a reading of a load
//! curve, in a file beside the lake for each data file. It goes with its data file, and is made again where it is missing.
//!
//! A data file is sorted by channel and period, so that periods which follow each other in equal steps are one run, whatever their
//! number; what readings say beside their value, and where they came from, comes in runs as well. This much is in memory. The values
//! lie on the disk, in blocks.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use metrify_application::record::{DeliveryId, Sequence, Version};
use metrify_application::{Error, Kind as Failure, Result};
use metrify_domain::{Batch, Channel, Code, Decimal, Kind, Period, Quality, Reading, Row, Timestamp, Unit};
use parquet::file::metadata::ParquetMetaData;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use self::channels::Channels;
use self::stored::Lain;
use self::values::Block;
use crate::table::FileFacts;

mod asked;
mod build;
mod channels;
mod files;
mod numbered;
mod stored;
mod values;

pub(crate) use asked::Found;
pub(crate) use build::Build;
pub(crate) use files::HeldFiles;

/// Periods of one channel that start in equal steps and have one length, in microseconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
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

/// Rows of one origin whose numbers in their deliveries grow by the same step.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Coming {
    row: u32,
    count: u32,
    origin: u32,
    first: i64,
    step: i64,
}

impl Coming {
    /// The number of the run's row, as [`Sequence`] has it.
    const fn sequence(&self, row: u32) -> i64 {
        self.first.wrapping_add(self.step.wrapping_mul((row - self.row) as i64))
    }

    /// Whether the run takes the next row.
    const fn extend(&mut self, origin: u32, sequence: i64) -> bool {
        if self.origin != origin {
            return false;
        }
        if self.count == 1 {
            self.step = sequence.wrapping_sub(self.first);
        } else if sequence != self.sequence(self.row + self.count) {
            return false;
        }
        self.count += 1;
        true
    }
}

/// When versions became known, the delivery they came with, and its message.
type Origin = (i64, String, String);

/// Kind, unit, quality, method and reason, and whether it held before already.
type SaidTexts = (String, String, String, Option<String>, Option<String>, bool);

/// What is kept of a data file beside its values.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Told {
    /// The data file, and how large it is.
    path: String,
    bytes: u64,
    rows: u32,
    channels: Channels,
    /// Each channel's in the order of time.
    runs: Vec<Run>,
    /// Where the rows stand in the file, where somebody else wrote it in another order.
    order: Vec<u32>,
    all_said: Vec<SaidTexts>,
    /// From which row on which of `all_said` is said; beyond them it has to be read.
    said: Vec<(u32, u16)>,
    origins: Vec<Origin>,
    /// Of all rows; `None` where there are too many of them: then it has to be read.
    coming: Option<Vec<Coming>>,
    blocks: Vec<Block>,
}

/// What a row says beside its value.
struct Said {
    kind: Kind,
    unit: Unit,
    quality: Quality,
    method: Option<Code>,
    reason: Option<Code>,
    restored: bool,
}

impl Said {
    fn of((kind, unit, quality, method, reason, restored): &SaidTexts) -> Option<Self> {
        let code = |text: &Option<String>| text.as_deref().and_then(Code::new);
        let (kind, quality) = (kind.parse().ok()?, quality.parse().ok()?);
        let (method, reason) = (code(method), code(reason));
        Some(Self { kind, unit: Unit::new(unit)?, quality, method, reason, restored: *restored })
    }
}

/// What one data file says.
pub(crate) struct Held {
    told: Told,
    all_said: Vec<Said>,
    lain: Lain,
    /// A block was not as it was laid.
    damaged: AtomicBool,
    /// Of the data file, once it had to be read.
    metadata: OnceCell<Arc<ParquetMetaData>>,
}

impl Held {
    /// `None` where a text means nothing.
    fn new(told: Told, lain: Lain) -> Option<Self> {
        let all_said = told.all_said.iter().map(Said::of).collect::<Option<_>>()?;
        Some(Self { told, all_said, lain, damaged: AtomicBool::new(false), metadata: OnceCell::new() })
    }

    fn is_of(&self, facts: &FileFacts) -> bool {
        (self.told.path.as_str(), self.told.bytes) == (facts.path.as_str(), facts.bytes)
    }

    fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    fn is_open(&self) -> bool {
        matches!(self.lain, Lain::OnDisk(..))
    }

    /// About what it takes in memory.
    fn bytes(&self) -> usize {
        let Told { channels, runs, order, said, origins, coming, blocks, .. } = &self.told;
        let coming = coming.as_ref().map_or(0, Vec::len) * size_of::<Coming>();
        let runs = size_of_val(&**runs) + size_of_val(&**order) + size_of_val(&**said) + size_of_val(&**blocks);
        size_of::<Self>()
            + channels.bytes()
            + runs
            + coming
            + origins.len() * 2 * size_of::<Origin>()
            + self.lain.bytes()
    }

    /// All rows of the file, the deleted ones too.
    pub(crate) fn rows(&self) -> u64 {
        u64::from(self.told.rows)
    }

    pub(crate) fn runs_of(&self, channel: &Channel) -> Option<Range<u32>> {
        self.told.channels.runs_of(channel.point.as_str(), &channel.quantity.to_string())
    }

    /// The rows of a period among the runs of its channel; of superseded versions there may be several.
    pub(crate) fn rows_of(&self, runs: Range<u32>, period: Period) -> impl Iterator<Item = u32> {
        let runs = &self.told.runs[runs.start as usize..runs.end as usize];
        let start = period.start().micros();
        let length = period.end().micros() - start;
        let begun = runs.partition_point(|run| run.first <= start);
        let reaching = runs[..begun].iter().rev().take_while(move |run| run.last() >= start);
        reaching.filter_map(move |run| run.row_of(start, length))
    }

    /// Where a row stands in the file.
    pub(crate) fn place(&self, row: u32) -> usize {
        self.told.order.get(row as usize).map_or(row, |place| *place) as usize
    }

    /// What a row says beside its value; `None` where only the file can tell.
    fn said(&self, row: u32) -> Option<&Said> {
        let said = &self.told.said;
        let run = said.partition_point(|(first, _)| *first <= row).checked_sub(1)?;
        self.all_said.get(usize::from(said[run].1))
    }

    fn coming(&self, row: u32) -> Option<&Coming> {
        let coming = self.told.coming.as_ref()?;
        let run = coming.partition_point(|run| run.row <= row).checked_sub(1)?;
        coming.get(run)
    }

    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader { held: self, block: None }
    }
}

/// Reads the values of a data file, mostly of rows that lie beside each other.
pub(crate) struct Reader<'h> {
    held: &'h Held,
    /// The block that was read last, and its number.
    block: Option<(usize, Vec<u8>)>,
}

impl Reader<'_> {
    /// The value of a row in units of a decimal's last digit, `Some(None)` where it is missing; `None` where only the file can tell.
    fn value(&mut self, row: u32) -> Result<Option<Option<i128>>> {
        let blocks = &self.held.told.blocks;
        let number = blocks.partition_point(|block| block.first <= row).checked_sub(1);
        let Some((number, block)) = number.map(|number| (number, &blocks[number])) else {
            return Err(Error::new(Failure::Internal, format!("find row {row} of {}", self.held.told.rows)));
        };
        let bytes = match self.block.take() {
            Some((last, bytes)) if last == number => bytes,
            _ => match self.held.lain.block(block) {
                Ok(bytes) => bytes,
                Err(error) => {
                    // The data file tells, and what is kept of it is made again when it is asked for next.
                    tracing::warn!("{}", error.chain());
                    self.held.damaged.store(true, Ordering::Relaxed);
                    return Ok(None);
                }
            },
        };
        let value = block.value(&bytes, (row - block.first) as usize);
        self.block = Some((number, bytes));
        Ok(value)
    }

    /// Whether a row of a batch says what a row of the file does; `None` where only the file can tell.
    pub(crate) fn says(&mut self, held: u32, batch: &Batch, row: &Row) -> Result<Option<bool>> {
        let Some(Said { kind, unit, quality, .. }) = self.held.said(held) else { return Ok(None) };
        let same = *kind == row.kind && *quality == row.quality && *unit == batch.unit(row);
        Ok(self.value(held)?.map(|value| same && value == row.value.map(Decimal::units)))
    }

    /// The version in a row, and whether it held before already; `None` where only the file can tell.
    fn version(&mut self, row: u32, channel: &Channel, period: Period) -> Result<Option<(Version, bool)>> {
        let (Some(said), Some(coming)) = (self.held.said(row), self.held.coming(row)) else { return Ok(None) };
        let value = match self.value(row)? {
            None => return Ok(None),
            Some(None) => None,
            Some(Some(units)) => match Decimal::from_units(units) {
                None => return Ok(None),
                value => value,
            },
        };
        let Said { kind, unit, quality, method, reason, restored } = *said;
        let (recorded_at, delivery, document) = &self.held.told.origins[coming.origin as usize];
        let version = Version {
            channel: channel.clone(),
            reading: Reading { kind, period, value, unit, quality, method, reason },
            recorded_at: Timestamp::from_micros(*recorded_at),
            delivery: DeliveryId::from_stored(delivery.clone()),
            document: document.clone(),
            sequence: Sequence(coming.sequence(row)),
        };
        Ok(Some((version, restored)))
    }
}
