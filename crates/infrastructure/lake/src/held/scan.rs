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

/// What is wanted of a table of readings.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Some of the table's columns, their texts as views.
    pub columns: SchemaRef,
    /// Where not all are.
    pub points: Option<Vec<String>>,
    /// Where not all are.
    pub quantities: Option<Vec<String>>,
    /// When periods start, in microseconds.
    pub starts: RangeInclusive<i64>,
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
        let has = wanted.columns.fields().iter().all(|field| held.has(field.name()));
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
    columns: Vec<Making>,
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
        let columns = wanted.columns.fields().iter().filter_map(|field| Making::of(field.name())).collect();
        Ok(Self {
            file: file.clone(),
            held,
            wanted: wanted.clone(),
            channels: own.into_iter(),
            open: None,
            ahead: (0, Bytes::new()),
            columns,
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
        let columns = self.columns.iter_mut().map(Making::finish).collect::<Result<Vec<_>>>()?;
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
            // What could not be read is tried again.
            if let Some((_, chunks)) = &mut self.open {
                chunks.start += 1;
            }
            let first = self.held.told.chunk_rows[number as usize];
            for rows in self.rows_of(&chunk, first) {
                self.rows += rows.len();
                for column in &mut self.columns {
                    column.push(&self.held, channel, &chunk, rows.clone())?;
                }
            }
        }
        Ok(false)
    }

    /// The next chunk that may have rows, and its channel.
    fn next_chunk(&mut self) -> Option<(u32, u32)> {
        loop {
            match &self.open {
                Some((channel, chunks)) if !chunks.is_empty() => return Some((*channel, chunks.start)),
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
    fn rows_of(&self, chunk: &Chunk, first: u32) -> Vec<Range<u32>> {
        let in_time = chunk.rows_within(&self.wanted.starts);
        let Some(deleted) = &self.file.facts.deleted else { return in_time };
        let mut left = Vec::new();
        for rows in in_time {
            let mut next = rows.start;
            let mut leave_out = |row: u32| {
                left.push(next..row);
                next = row + 1;
            };
            if self.held.told.order.is_empty() {
                let range = u64::from(first + rows.start)..u64::from(first + rows.end);
                deleted.within(range).for_each(|row| leave_out(row as u32 - first));
            } else {
                rows.clone().filter(|row| deleted.contains(self.held.place(first + row) as u64)).for_each(leave_out);
            }
            left.push(next..rows.end);
        }
        left.retain(|rows| !rows.is_empty());
        left
    }
}
