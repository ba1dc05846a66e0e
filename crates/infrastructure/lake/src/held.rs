//! What data files of readings say, laid so that a reading is found in them without reading them: some two bytes a reading of a load
//! curve, in a file beside the lake for each data file. It goes with its data file, and is made again where it is missing.
//!
//! A data file is sorted by channel and period. What a channel says lies in chunks on the disk: periods which follow each other in
//! equal steps are one run, whatever their number; what readings say beside their value, and where they came from, comes in runs as
//! well; values take as many bits as they need. Which channels there are, and where their chunks, is in memory.

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
use self::chunk::{Chunk, Lacking};
use self::stored::Lain;
use crate::table::FileFacts;

mod asked;
mod build;
mod channels;
mod chunk;
mod columns;
mod days;
mod digests;
mod files;
mod numbered;
mod scan;
mod stored;
mod values;

pub(crate) use asked::Found;
pub(crate) use build::Build;
pub(crate) use digests::{DigestFiles, Gathered};
pub use files::HeldFiles;
pub use scan::{Grain, KeptFile, Scan, Wanted};

/// When versions became known, the delivery they came with, and its message.
type Origin = (i64, String, String);

/// Kind, unit, quality, method and reason, and whether it held before already.
type SaidTexts = (String, String, String, Option<String>, Option<String>, bool);

/// What is kept of a data file beside its chunks.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Told {
    /// The data file, and how large it is.
    path: String,
    bytes: u64,
    rows: u32,
    channels: Channels,
    /// Of each chunk the first row, and where it begins.
    chunk_rows: Vec<u32>,
    chunk_places: Vec<u32>,
    /// Where the last one ends.
    end: u32,
    /// What is not kept of all rows.
    lacking: Lacking,
    /// When those chunks start that are not the first of their channel.
    later_starts: Vec<(u32, i64)>,
    /// Where the rows stand in the file, where somebody else wrote it in another order.
    order: Vec<u32>,
    all_said: Vec<SaidTexts>,
    /// Each with the number of its first row.
    origins: Vec<(Origin, i64)>,
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
    /// A chunk was not as it was laid.
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
        let Told { channels, chunk_rows, chunk_places, later_starts, order, origins, .. } = &self.told;
        let numbers = [chunk_rows, chunk_places, order].map(|numbers| size_of_val(&**numbers));
        let origins = origins.len() * 2 * size_of::<Origin>();
        size_of::<Self>()
            + channels.bytes()
            + numbers.iter().sum::<usize>()
            + size_of_val(&**later_starts)
            + origins
            + self.lain.bytes()
    }

    /// The number of a channel.
    pub(crate) fn channel(&self, channel: &Channel) -> Option<u32> {
        self.told.channels.number(channel.point.as_str(), &channel.quantity.to_string())
    }

    /// Where a row stands in the file.
    pub(crate) fn place(&self, row: u32) -> usize {
        self.told.order.get(row as usize).map_or(row, |place| *place) as usize
    }

    /// The chunks of a channel that may have rows which start at a time: the last one that starts by then, and those before it as
    /// long as the next one starts at that very time.
    fn chunks_at(&self, channel: u32, start: i64) -> Range<u32> {
        let chunks = self.told.channels.chunks(channel);
        let later = &self.told.later_starts;
        let first = later.partition_point(|(chunk, _)| *chunk <= chunks.start);
        let own = &later[first..first + chunks.len().saturating_sub(1)];
        let begun = own.partition_point(|(_, begins)| *begins < start);
        let reached = own.partition_point(|(_, begins)| *begins <= start);
        chunks.start + begun as u32..chunks.start + reached as u32 + 1
    }

    /// The chunk that has a row.
    fn chunk_of(&self, row: u32) -> Option<u32> {
        (row < self.told.rows).then(|| self.told.chunk_rows.partition_point(|first| *first <= row) as u32 - 1)
    }

    /// Where a chunk lies.
    fn place_of(&self, number: u32) -> Range<u32> {
        let begin = self.told.chunk_places[number as usize];
        let end = self.told.chunk_places.get(number as usize + 1).copied().unwrap_or(self.told.end);
        begin..end
    }

    fn is_now_damaged(&self) {
        self.damaged.store(true, Ordering::Relaxed);
    }

    fn read(&self, number: u32) -> Result<Chunk> {
        let bytes = self.lain.read(self.place_of(number)).inspect_err(|_| self.is_now_damaged())?;
        self.chunk(number, &bytes)
    }

    /// The chunk of these bytes.
    fn chunk(&self, number: u32, bytes: &[u8]) -> Result<Chunk> {
        Chunk::read(bytes).ok_or_else(|| {
            self.is_now_damaged();
            Error::new(
                Failure::Corrupt,
                format!("read chunk {number} of `{}`: it is not what was laid", self.lain.name()),
            )
        })
    }

    /// Where a row of a chunk came from, and its own number there; `None` where that is not kept.
    fn origin(&self, chunk: &Chunk, row: u32) -> Option<(&Origin, i64)> {
        let (origin, distance) = chunk.coming(row)?;
        let (origin, first) = self.told.origins.get(usize::try_from(origin).ok()?)?;
        Some((origin, first.wrapping_add(distance)))
    }

    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader { held: self, chunk: None }
    }
}

/// Reads what a data file says, mostly of rows that lie beside each other.
pub(crate) struct Reader<'h> {
    held: &'h Held,
    /// The chunk that was read last, with its number and its first row.
    chunk: Option<(u32, u32, Chunk)>,
}

impl Reader<'_> {
    fn chunk(&mut self, number: u32) -> Result<(u32, &Chunk)> {
        let chunk = match self.chunk.take() {
            Some(last) if last.0 == number => last,
            _ => {
                let read = self.held.read(number)?;
                (number, self.held.told.chunk_rows[number as usize], read)
            }
        };
        let (_, first, chunk) = self.chunk.insert(chunk);
        Ok((*first, chunk))
    }

    fn chunk_of(&mut self, row: u32) -> Result<(u32, &Chunk)> {
        let known = self.chunk.as_ref().filter(|(_, first, chunk)| (*first..*first + chunk.rows).contains(&row));
        let number = match known {
            Some((number, ..)) => Some(*number),
            None => self.held.chunk_of(row),
        };
        let missing = || Error::new(Failure::Internal, format!("find row {row} of {}", self.held.told.rows));
        self.chunk(number.ok_or_else(missing)?)
    }

    /// Finds the rows of a period of a channel; of superseded versions there may be several.
    pub(crate) fn rows(&mut self, channel: u32, period: Period, found: &mut Vec<u32>) -> Result<()> {
        found.clear();
        for number in self.held.chunks_at(channel, period.start().micros()) {
            let begin = found.len();
            let (first, chunk) = self.chunk(number)?;
            chunk.rows_of(period, found);
            found[begin..].iter_mut().for_each(|row| *row += first);
        }
        Ok(())
    }

    /// Whether a row of a batch says what a row of the file does; `None` where only the file can tell.
    pub(crate) fn says(&mut self, held: u32, batch: &Batch, row: &Row) -> Result<Option<bool>> {
        let all_said = &self.held.all_said;
        let (first, chunk) = self.chunk_of(held)?;
        let said = chunk.said(held - first).and_then(|said| all_said.get(usize::from(said)));
        let Some(Said { kind, unit, quality, .. }) = said else { return Ok(None) };
        let same = *kind == row.kind && *quality == row.quality && *unit == batch.unit(row);
        Ok(chunk.value(held - first).map(|value| same && value == row.value.map(Decimal::units)))
    }

    /// The message that a row came with, empty where it came with none; `None` where only the file can tell.
    pub(crate) fn came_with(&mut self, row: u32) -> Result<Option<&str>> {
        let held = self.held;
        let (first, chunk) = self.chunk_of(row)?;
        Ok(held.origin(chunk, row - first).map(|((_, _, document), _)| document.as_str()))
    }

    /// The version in a row, and whether it held before already; `None` where only the file can tell.
    fn version(&mut self, row: u32, channel: &Channel, period: Period) -> Result<Option<(Version, bool)>> {
        let held = self.held;
        let (first, chunk) = self.chunk_of(row)?;
        let row = row - first;
        let said = chunk.said(row).and_then(|said| held.all_said.get(usize::from(said)));
        let (Some(said), Some((origin, sequence))) = (said, held.origin(chunk, row)) else { return Ok(None) };
        let value = match chunk.value(row) {
            None => return Ok(None),
            Some(None) => None,
            Some(Some(units)) => match Decimal::from_units(units) {
                None => return Ok(None),
                value => value,
            },
        };
        let Said { kind, unit, quality, method, reason, restored } = *said;
        let (recorded_at, delivery, document) = origin;
        let version = Version {
            channel: channel.clone(),
            reading: Reading { kind, period, value, unit, quality, method, reason },
            recorded_at: Timestamp::from_micros(*recorded_at),
            delivery: DeliveryId::from_stored(delivery.clone()),
            document: document.clone(),
            sequence: Sequence(sequence),
        };
        Ok(Some((version, restored)))
    }
}
