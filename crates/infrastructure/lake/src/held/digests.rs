//! Which deliveries the data files of their table hold: their digests in order, each with when it was received, in blocks beside the lake.
//! A delivery is looked for in one block of each file, so that memory does not grow with all that was ever delivered.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use bytes::Bytes;
use metrify_application::record::{DeliveryId, Fingerprint};
use metrify_application::{Error, Kind, Result};
use metrify_domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::chunk::{CHECKSUM_BYTES, seal, unsealed};
use super::files::SMALL_BYTES;
use super::stored::{self, Lain};
use crate::layout::Layout;
use crate::table::{FileFacts, Snapshot};
use crate::{lookup, rows};

/// Digests that are read at once; of them the first is in memory.
const BLOCK: usize = 256;
const DIGEST_BYTES: usize = Fingerprint::BYTES;
/// A digest and microseconds.
const ROW_BYTES: usize = DIGEST_BYTES + size_of::<i64>();
const BLOCK_BYTES: usize = BLOCK * ROW_BYTES + CHECKSUM_BYTES;
/// The columns that tell of them.
const COLUMNS: [&str; 2] = ["delivery", "received_at"];

/// The digest of a delivery, and when it was received.
type Received = ([u8; DIGEST_BYTES], i64);

/// What is told of the blocks of one data file.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    /// The data file, and how large it is.
    path: String,
    bytes: u64,
    count: u32,
    /// The first digest of each block.
    firsts: Vec<[u8; DIGEST_BYTES]>,
}

/// The digests of one data file.
struct Digests {
    told: Told,
    blocks: Lain,
}

impl Digests {
    fn is_of(&self, facts: &FileFacts) -> bool {
        (self.told.path.as_str(), self.told.bytes) == (facts.path.as_str(), facts.bytes)
    }

    /// # Errors
    /// Where a block cannot be read, or is not as it was written.
    fn find(&self, digest: Fingerprint) -> Result<Option<Timestamp>> {
        let Told { firsts, count, .. } = &self.told;
        let Some(block) = firsts.partition_point(|first| *first <= digest.0).checked_sub(1) else { return Ok(None) };
        let count = BLOCK.min((*count as usize).saturating_sub(block * BLOCK));
        let begin = block * BLOCK_BYTES;
        let read = self.blocks.read(begin as u32..(begin + count * ROW_BYTES + CHECKSUM_BYTES) as u32)?;
        let damaged = || Error::new(Kind::Corrupt, format!("read the digests in `{}`", self.blocks.name()));
        let rows = unsealed(&read).ok_or_else(damaged)?.as_chunks::<ROW_BYTES>().0;
        let place = rows.partition_point(|row| row[..DIGEST_BYTES] < digest.0[..]);
        let found = rows.get(place).and_then(|row| row.split_first_chunk::<DIGEST_BYTES>());
        let time = found.filter(|(found, _)| **found == digest.0).and_then(|(_, time)| time.first_chunk());
        Ok(time.map(|time| Timestamp::from_micros(i64::from_le_bytes(*time))))
    }
}

/// The digests of a table's data files.
pub(crate) struct ReceivedFiles {
    layout: Layout,
    /// By the path of the data file.
    known: Mutex<HashMap<String, Arc<Digests>>>,
}

impl ReceivedFiles {
    /// Of the files of a table, which are read where nothing is kept of them.
    ///
    /// # Errors
    /// Where one cannot be read.
    pub(crate) async fn open(layout: Layout, snapshot: &Snapshot) -> Result<Self> {
        let files = Self { layout, known: Mutex::default() };
        for facts in &snapshot.files {
            files.of(snapshot, facts).await?;
        }
        Ok(files)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Arc<Digests>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When a delivery was first received; `None` where no file has it.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub(crate) async fn find(&self, snapshot: &Snapshot, digest: Fingerprint) -> Result<Option<Timestamp>> {
        let mut first = None;
        for facts in &snapshot.files {
            let found = match self.of(snapshot, facts).await?.find(digest) {
                Err(error) if error.kind() == Kind::Corrupt => {
                    tracing::warn!("{}; they are made again from the lake", error.chain());
                    self.made(snapshot, facts).await?.find(digest)?
                }
                found => found?,
            };
            first = first.into_iter().chain(found).min();
        }
        Ok(first)
    }

    async fn of(&self, snapshot: &Snapshot, facts: &FileFacts) -> Result<Arc<Digests>> {
        let known = self.known().get(&facts.path).filter(|known| known.is_of(facts)).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let path = self.layout.held(&snapshot.folder, &facts.path);
        let stored = stored::opened(&path).map(|(told, blocks)| Digests { told, blocks });
        match stored.filter(|stored| stored.is_of(facts)) {
            Some(stored) => Ok(self.keep(stored, snapshot)),
            None => self.made(snapshot, facts).await,
        }
    }

    /// Reads the data file, and keeps what it tells.
    async fn made(&self, snapshot: &Snapshot, facts: &FileFacts) -> Result<Arc<Digests>> {
        let mut all = Gathered::default();
        for batch in lookup::columns(snapshot, facts, &COLUMNS).await? {
            all.push(&batch)?;
        }
        Ok(self.keep(all.laid(&self.layout, &snapshot.folder, (&facts.path, facts.bytes))?, snapshot))
    }

    /// Keeps what a data file tells that is being written.
    ///
    /// # Errors
    /// Where it is too much for one file.
    pub(crate) fn put(&self, gathered: Gathered, snapshot: &Snapshot, file: (&str, u64)) -> Result<()> {
        self.keep(gathered.laid(&self.layout, &snapshot.folder, file)?, snapshot);
        Ok(())
    }

    /// Keeps it, and lets go what is of files that the table has no longer.
    fn keep(&self, digests: Digests, snapshot: &Snapshot) -> Arc<Digests> {
        let digests = Arc::new(digests);
        let mut known = self.known();
        known.retain(|path, _| snapshot.files.iter().any(|file| file.path == *path));
        known.insert(digests.told.path.clone(), digests.clone());
        digests
    }
}

/// The deliveries of a table's files that were received at an instant or after it.
///
/// # Errors
/// Where a file cannot be read.
pub(crate) async fn received_since(snapshot: &Snapshot, since: Timestamp) -> Result<Vec<DeliveryId>> {
    let mut found = Vec::new();
    for facts in &snapshot.files {
        let mut all = Gathered::default();
        for batch in lookup::columns(snapshot, facts, &COLUMNS).await? {
            all.push(&batch)?;
        }
        let wanted = all.0.into_iter().filter(|(_, received_at)| *received_at >= since.micros());
        found.extend(wanted.map(|(digest, _)| DeliveryId::from(Fingerprint(digest))));
    }
    Ok(found)
}

/// What the rows of a data file tell, while it is read or written.
#[derive(Default)]
pub(crate) struct Gathered(Vec<Received>);

impl Gathered {
    /// # Errors
    /// Where a column is missing.
    pub(crate) fn push(&mut self, rows: &RecordBatch) -> Result<()> {
        let corrupt = || Error::new(Kind::Corrupt, "read the deliveries: a column is missing");
        let [ids, times] = COLUMNS.map(|name| rows.column_by_name(name).ok_or_else(corrupt));
        // They may be numbered.
        let (ids, times) = (cast(ids?, &DataType::Utf8).map_err(|error| corrupt().because(error))?, times?);
        let received = |row| {
            let digest = Fingerprint::from_hex(rows::text_at(&ids, row)?)?;
            Some((digest.0, rows::time_at(times, row)?.micros()))
        };
        // Nobody looks for what is no id, whoever wrote it.
        self.0.extend((0..rows.num_rows()).filter_map(received));
        Ok(())
    }

    fn laid(mut self, layout: &Layout, folder: &Path, (file, file_bytes): (&str, u64)) -> Result<Digests> {
        self.0.sort_unstable();
        // Of one that was received twice the first time counts.
        self.0.dedup_by_key(|(digest, _)| *digest);
        let too_many = |error| Error::new(Kind::Internal, "keep digests of deliveries").because(error);
        u32::try_from(self.0.len().div_ceil(BLOCK) * BLOCK_BYTES).map_err(too_many)?;
        let mut blocks = Vec::with_capacity(self.0.len() * ROW_BYTES);
        for block in self.0.chunks(BLOCK) {
            let begin = blocks.len();
            for (digest, received_at) in block {
                blocks.extend(digest);
                blocks.extend(received_at.to_le_bytes());
            }
            seal(&mut blocks, begin);
        }
        let told = Told {
            path: file.to_owned(),
            bytes: file_bytes,
            count: self.0.len() as u32,
            firsts: self.0.iter().step_by(BLOCK).map(|(digest, _)| *digest).collect(),
        };
        if blocks.len() < SMALL_BYTES {
            return Ok(Digests { told, blocks: Lain::InMemory(blocks.into()) });
        }
        let path = layout.held(folder, file);
        let bytes: Bytes = stored::encode(blocks, &told)?;
        if let Err(error) = stored::write(&path, &bytes) {
            tracing::warn!(path = %path.display(), %error, "cannot be written");
            return Ok(Digests { told, blocks: Lain::InMemory(bytes) });
        }
        let written = stored::opened(&path).map(|(told, blocks)| Digests { told, blocks });
        Ok(written.unwrap_or(Digests { told, blocks: Lain::InMemory(bytes) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: (&str, u64) = ("part-1.parquet", 7);

    /// Even numbers, so that each odd one lies between two.
    fn digest(number: u128) -> Fingerprint {
        Fingerprint((2 * number).to_be_bytes())
    }

    fn laid(layout: &Layout, count: u128) -> Digests {
        let rows = (0..count).rev().map(|number| (digest(number).0, number as i64));
        Gathered(rows.collect()).laid(layout, layout.root(), FILE).expect("few enough")
    }

    #[test]
    fn each_is_found_and_nothing_between_them() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let layout = Layout::within(folder.path());
        for count in [0, 1, 255, 256, 257, 511, 512, 30_000] {
            let digests = laid(&layout, count);
            assert_eq!(matches!(digests.blocks, Lain::OnDisk(..)), count == 30_000, "{count}");
            for number in (0..count).step_by(if count > 1_000 { 97 } else { 1 }) {
                let time = Timestamp::from_micros(number as i64);
                assert_eq!(digests.find(digest(number)).expect("a block"), Some(time), "{number} of {count}");
                let beside = Fingerprint((2 * number + 1).to_be_bytes());
                assert_eq!(digests.find(beside).expect("a block"), None, "beside {number} of {count}");
            }
            assert_eq!(digests.find(digest(count)).expect("a block"), None);
            assert_eq!(digests.find(Fingerprint([u8::MAX; DIGEST_BYTES])).expect("a block"), None);
        }
    }

    #[test]
    fn of_one_that_was_received_twice_the_first_time_counts() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let rows = (0..300).flat_map(|number| [(digest(number).0, 9), (digest(number).0, 5), (digest(number).0, 7)]);
        let laid = Gathered(rows.collect()).laid(&Layout::within(folder.path()), folder.path(), FILE).expect("few");
        assert!((0..300).all(|number| laid.find(digest(number)).expect("a block") == Some(Timestamp::from_micros(5))));
    }

    #[test]
    fn a_damaged_block_is_noticed() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let layout = Layout::within(folder.path());
        let digests = laid(&layout, 30_000);
        let path = layout.held(layout.root(), FILE.0);
        let mut bytes = std::fs::read(&path).expect("its file");
        bytes[10_000] ^= 1;
        std::fs::write(&path, bytes).expect("write it");
        let wrong: Vec<u128> = (0..30_000).filter(|number| digests.find(digest(*number)).is_err()).collect();
        let block = (10_000 / BLOCK_BYTES * BLOCK) as u128;
        assert_eq!(wrong, (block..block + BLOCK as u128).collect::<Vec<_>>());
        assert_eq!(digests.find(digest(block)).expect_err("damage").kind(), Kind::Corrupt);
    }
}
