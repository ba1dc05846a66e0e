//! Rows of a data file as columns, made of what is kept of it.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use metrify_application::Result;

use super::chunk::{CHUNK_ROWS, Chunk};
use super::columns::Making;
use super::{Held, HeldFiles};
use crate::keys::KeySet;
use crate::table::{FileFacts, Snapshot};
use crate::write::internal;

/// Rows that are handed on at once, but for those of the chunk that comes then.
const BATCH_ROWS: usize = 8_192 - CHUNK_ROWS;
/// Rows and bytes of a file of which is kept what it says once it is asked for.
const SMALL_ROWS: u64 = 1 << 18;
const SMALL_BYTES: u64 = 8 << 20;
/// Chunks after which others may go on, though no rows were found.
const CHUNKS_AT_ONCE: usize = 256;
/// Bytes that are read at once where chunk after chunk is wanted.
const AHEAD_BYTES: u32 = 1 << 17;

/// What is made of the readings of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// Each is a row.
    Reading,
    /// The last one is.
    Latest,
    /// What those of a local day come to is one. Of a day that lies in several files, or in several units, there are several.
    Day,
}

/// What is wanted of a table of readings.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub grain: Grain,
    /// Some of the table's columns, or of [`crate::days`], their texts as views.
    pub columns: SchemaRef,
    /// Where not all are.
    pub points: Option<Vec<String>>,
    /// Where not all are.
    pub quantities: Option<Vec<String>>,
    /// When periods start, in microseconds.
    pub starts: RangeInclusive<i64>,
    /// Readings that are left out.
    pub removed: Arc<KeySet>,
}

/// A data file of which all that is wanted is kept. It is opened once it is read: a query may name more files than fit into memory.
pub struct KeptFile {
    files: Arc<HeldFiles>,
    snapshot: Arc<Snapshot>,
    facts: FileFacts,
}

impl HeldFiles {
    /// A data file whose rows can be had without reading it; `None` where something that is wanted is not kept of it. Of a small
    /// file it is made here: whoever asks for it once mostly asks again, and reading it takes about as long.
    pub async fn kept_file(
        self: &Arc<Self>,
        snapshot: &Arc<Snapshot>,
        facts: &FileFacts,
        wanted: &Wanted,
    ) -> Option<KeptFile> {
        let held = match self.known(snapshot, facts) {
            Some(held) => held,
            None if facts.rows <= SMALL_ROWS && facts.bytes <= SMALL_BYTES => self.of_small(snapshot, facts).await?,
            None => return None,
        };
        let has = match wanted.grain {
            Grain::Day => ["kind", "value"].iter().all(|column| held.has(column)),
            Grain::Reading | Grain::Latest => wanted.columns.fields().iter().all(|field| held.has(field.name())),
        };
        has.then(|| KeptFile { files: self.clone(), snapshot: snapshot.clone(), facts: facts.clone() })
    }
}

impl KeptFile {
    async fn held(&self) -> Result<Arc<Held>> {
        self.files.of(&self.snapshot, &self.facts).await
    }
}

impl Held {
    /// Whether a column is kept of all rows.
    fn has(&self, column: &str) -> bool {
        let lacking = self.told.lacking;
        // Rows are chosen by their names, whether these are asked for or not.
        !lacking.names
            && match column {
                "point" | "quantity" | "period_start" | "period_end" => true,
                "value" => !lacking.values,
                "kind" | "unit" | "quality" | "method" | "reason" | "restored" => !lacking.said,
                "recorded_at" | "delivery" | "document" | "sequence" => !lacking.comings,
                _ => false,
            }
    }

    /// The chunks of a channel that may have rows which start within these times.
    fn chunks_within(&self, channel: u32, starts: &RangeInclusive<i64>) -> Range<u32> {
        let (first, last) = (self.chunks_at(channel, *starts.start()), self.chunks_at(channel, *starts.end()));
        first.start..last.end
    }
}

/// Reads a share of what is wanted of a file, some thousand rows at a time.
pub struct Scan {
    file: Arc<KeptFile>,
    held: Arc<Held>,
    wanted: Arc<Wanted>,
    channels: std::vec::IntoIter<u32>,
    /// The channel that is read, and the chunks of it that are left.
    open: Option<(u32, Range<u32>)>,
    /// Bytes that were read, and where they lie.
    ahead: (u32, Bytes),
    making: Making,
    rows: usize,
}

impl Scan {
    /// Opens one of so many shares.
    ///
    /// # Errors
    /// Where what was kept is there no longer, and cannot be made again.
    pub async fn open(file: &Arc<KeptFile>, wanted: &Arc<Wanted>, share: usize, shares: usize) -> Result<Self> {
        let held = file.held().await?;
        let channels = &held.told.channels;
        let mut own: Vec<u32> = match &wanted.points {
            Some(points) => points.iter().flat_map(|point| channels.of_point(point)).collect(),
            None => (0..channels.count()).collect(),
        };
        if let Some(quantities) = &wanted.quantities {
            own.retain(|channel| quantities.iter().any(|quantity| quantity == channels.quantity(*channel)));
        }
        let bound = |share: usize| own.len() * share / shares;
        let own = own[bound(share)..bound(share + 1)].to_vec();
        Ok(Self {
            file: file.clone(),
            held,
            wanted: wanted.clone(),
            channels: own.into_iter(),
            open: None,
            ahead: (0, Bytes::new()),
            making: Making::of(wanted),
            rows: 0,
        })
    }

    /// The next rows. Where what is kept turns out to be damaged it is made again.
    ///
    /// # Errors
    /// Where it cannot be.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>> {
        let mut is_new = false;
        loop {
            match self.collect() {
                Err(error) if self.held.is_damaged() && !is_new => {
                    tracing::warn!("{}; it is made again from the lake", error.chain());
                    (self.held, is_new) = (self.file.held().await?, true);
                    self.ahead = (0, Bytes::new());
                }
                Err(error) => return Err(error),
                Ok(true) => break,
                Ok(false) => tokio::task::yield_now().await,
            }
        }
        if self.rows == 0 {
            return Ok(None);
        }
        // Where no column is wanted, rows are counted.
        let options = RecordBatchOptions::new().with_row_count(Some(std::mem::take(&mut self.rows)));
        let columns = self.making.finish(&self.wanted.columns)?;
        let rows = RecordBatch::try_new_with_options(self.wanted.columns.clone(), columns, &options);
        rows.map(Some).map_err(|error| internal("lay rows into columns", error))
    }

    /// Adds rows of some chunks; tells whether there are enough, or no more.
    fn collect(&mut self) -> Result<bool> {
        for _ in 0..CHUNKS_AT_ONCE {
            if self.rows >= BATCH_ROWS {
                return Ok(true);
            }
            let Some((channel, number)) = self.next_chunk() else { return Ok(true) };
            let chunk = self.read(number)?;
            let first = self.held.told.chunk_rows[number as usize];
            let mut rows = self.rows_of(channel, &chunk, first);
            if self.wanted.grain == Grain::Latest {
                rows = rows.pop().map(|rows| rows.end - 1..rows.end).into_iter().collect();
            }
            // What could not be read is tried again.
            self.is_done_with(number, !rows.is_empty());
            for rows in rows {
                self.rows += self.making.push(&self.held, channel, &chunk, rows)?;
            }
        }
        Ok(false)
    }

    /// Goes on behind a chunk in which rows were found, or were not.
    fn is_done_with(&mut self, number: u32, found: bool) {
        if let Some((_, chunks)) = &mut self.open {
            *chunks = match self.wanted.grain {
                Grain::Latest if found => 0..0,
                Grain::Latest => chunks.start..number,
                Grain::Reading | Grain::Day => number + 1..chunks.end,
            };
        }
    }

    /// The next chunk that may have rows, and its channel.
    fn next_chunk(&mut self) -> Option<(u32, u32)> {
        loop {
            match &self.open {
                Some((channel, chunks)) if !chunks.is_empty() => {
                    let is_last = self.wanted.grain == Grain::Latest;
                    return Some((*channel, if is_last { chunks.end - 1 } else { chunks.start }));
                }
                _ => {
                    let channel = self.channels.next()?;
                    self.open = Some((channel, self.held.chunks_within(channel, &self.wanted.starts)));
                }
            }
        }
    }

    fn read(&mut self, number: u32) -> Result<Chunk> {
        let place = self.held.place_of(number);
        let (begin, bytes) = &self.ahead;
        if place.start < *begin || place.end > begin + bytes.len() as u32 {
            let least = if self.wanted.points.is_none() { AHEAD_BYTES } else { 0 };
            let end = place.end.max(place.start.saturating_add(least)).min(self.held.told.end);
            let read = self.held.lain.read(place.start..end).inspect_err(|_| self.held.is_now_damaged());
            self.ahead = (place.start, read?);
        }
        let (begin, bytes) = &self.ahead;
        self.held.chunk(number, &bytes[(place.start - begin) as usize..(place.end - begin) as usize])
    }

    /// Those rows of a chunk that start in time and hold. `first` is the row of the file that is its first.
    fn rows_of(&self, channel: u32, chunk: &Chunk, first: u32) -> Vec<Range<u32>> {
        let mut rows = chunk.rows_within(&self.wanted.starts);
        if let Some(deleted) = &self.file.facts.deleted {
            rows = if self.held.told.order.is_empty() {
                without(rows, |rows| {
                    let range = u64::from(first + rows.start)..u64::from(first + rows.end);
                    deleted.within(range).map(|row| row as u32 - first)
                })
            } else {
                without(rows, |rows| rows.filter(|row| deleted.contains(self.held.place(first + row) as u64)))
            };
        }
        let channels = &self.held.told.channels;
        let removed = self.wanted.removed.periods(|| (channels.point_of(channel), channels.quantity(channel)));
        if let Some(removed) = removed {
            rows = without(rows, |rows| {
                let (mut starts, mut ends) = (Vec::new(), Vec::new());
                chunk.starts_of(rows.clone(), &mut starts);
                chunk.ends_of(rows.clone(), &mut ends);
                let periods = rows.zip(starts.into_iter().zip(ends));
                periods.filter(|(_, period)| removed.contains(period)).map(|(row, _)| row)
            });
        }
        rows
    }
}

/// Ranges of rows without some of them, which come in order.
fn without<R: Iterator<Item = u32>>(all: Vec<Range<u32>>, some: impl Fn(Range<u32>) -> R) -> Vec<Range<u32>> {
    let mut left = Vec::new();
    for rows in all {
        let mut next = rows.start;
        for row in some(rows.clone()) {
            left.push(next..row);
            next = row + 1;
        }
        left.push(next..rows.end);
    }
    left.retain(|rows| !rows.is_empty());
    left
}
