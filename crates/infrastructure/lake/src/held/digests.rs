//! Which rows the data files of a table hold that are looked for by a digest: the digests in order, each with where its row stands, in
//! blocks beside the lake. A row is looked for in one block of each file, and of a block the first digest is in memory: a sixteenth of a
//! byte for each row that ever came.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use bytes::Bytes;
use metrify_application::record::Fingerprint;
use metrify_application::{Error, Kind, Result, Turns};
use parquet::file::metadata::ParquetMetaData;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use super::chunk::{CHECKSUM_BYTES, seal, unsealed};
use super::files::SMALL_BYTES;
use super::stored::{self, Lain};
use crate::layout::Layout;
use crate::schema::TableName;
use crate::table::{FileFacts, Snapshot};
use crate::{lookup, rows};

/// Digests that are read at once; of them the first is in memory.
const BLOCK: usize = 256;
const DIGEST_BYTES: usize = Fingerprint::BYTES;
/// A digest and a row.
const ROW_BYTES: usize = DIGEST_BYTES + size_of::<u32>();
const BLOCK_BYTES: usize = BLOCK * ROW_BYTES + CHECKSUM_BYTES;

/// A digest, and where the row stands that it names.
type Placed = ([u8; DIGEST_BYTES], u32);

/// What is told of the blocks of one data file.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    /// Of another form a row has other bytes.
    row_bytes: u32,
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
    /// Of the data file, once a row of it had to be read.
    metadata: OnceCell<Arc<ParquetMetaData>>,
}

impl Digests {
    fn new((told, blocks): (Told, Lain)) -> Self {
        Self { told, blocks, metadata: OnceCell::new() }
    }

    fn is_of(&self, facts: &FileFacts) -> bool {
        let Told { row_bytes, path, bytes, .. } = &self.told;
        (*row_bytes, path.as_str(), *bytes) == (ROW_BYTES as u32, facts.path.as_str(), facts.bytes)
    }

    /// The rows that have one of the names, which come in order; those of one name come together.
    ///
    /// # Errors
    /// Where a block cannot be read, or is not as it was written.
    fn find(&self, names: &[Fingerprint]) -> Result<Vec<(Fingerprint, u32)>> {
        let firsts = &self.told.firsts;
        let (mut found, mut last) = (Vec::new(), None);
        for name in names {
            let end = firsts.partition_point(|first| *first <= name.0);
            // Rows of the same name may end the block before the first one that begins with it.
            let begin = firsts[..end].partition_point(|first| *first < name.0).saturating_sub(1);
            for number in begin..end {
                let block = match last.take() {
                    Some((read, block)) if read == number => block,
                    _ => self.block(number)?,
                };
                found.extend(places(&block, *name).map(|place| (*name, place)));
                last = Some((number, block));
            }
        }
        Ok(found)
    }

    fn block(&self, number: usize) -> Result<Bytes> {
        let count = BLOCK.min((self.told.count as usize).saturating_sub(number * BLOCK));
        let begin = number * BLOCK_BYTES;
        let read = self.blocks.read(begin as u32..(begin + count * ROW_BYTES + CHECKSUM_BYTES) as u32)?;
        let damaged = || Error::new(Kind::Corrupt, format!("read the digests in `{}`", self.blocks.name()));
        let rows = unsealed(&read).ok_or_else(damaged)?.len();
        Ok(read.slice(..rows))
    }
}

/// The rows of a block that have a name.
fn places(block: &[u8], name: Fingerprint) -> impl Iterator<Item = u32> {
    let rows = block.as_chunks::<ROW_BYTES>().0;
    let begin = rows.partition_point(|row| row[..DIGEST_BYTES] < name.0[..]);
    let placed = rows[begin..].iter().filter_map(|row| row.split_first_chunk::<DIGEST_BYTES>());
    let same = placed.take_while(move |(digest, _)| **digest == name.0);
    same.filter_map(|(_, place)| place.first_chunk()).map(|place| u32::from_le_bytes(*place))
}

/// The digests of a table's data files.
pub(crate) struct DigestFiles {
    layout: Layout,
    table: TableName,
    /// By the path of the data file.
    known: Mutex<HashMap<String, Arc<Digests>>>,
    /// The files of which they are being made.
    making: Turns<String>,
}

impl DigestFiles {
    pub(crate) fn new(layout: Layout, table: TableName) -> Self {
        Self { layout, table, known: Mutex::default(), making: Turns::default() }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Arc<Digests>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rows of a file that hold and have one of the names, which come in order; those of one name come together.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub(crate) async fn find(
        &self,
        snapshot: &Snapshot,
        facts: &FileFacts,
        names: &[Fingerprint],
    ) -> Result<Vec<(Fingerprint, u32)>> {
        let digests = self.of(snapshot, facts).await?;
        let mut found = match digests.find(names) {
            Err(error) if error.kind() == Kind::Corrupt => {
                tracing::warn!("{}; they are made again from the lake", error.chain());
                self.made_anew(snapshot, facts, &digests).await?.find(names)?
            }
            found => found?,
        };
        found.retain(|(_, place)| !facts.is_deleted(*place as usize));
        Ok(found)
    }

    /// The rows of a file that have a name, whole or some columns of them, in the order of the file.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub(crate) async fn rows(
        &self,
        snapshot: &Snapshot,
        facts: &FileFacts,
        name: Fingerprint,
        columns: &[&str],
    ) -> Result<Vec<RecordBatch>> {
        let mut places: Vec<usize> =
            self.find(snapshot, facts, &[name]).await?.into_iter().map(|(_, place)| place as usize).collect();
        if places.is_empty() {
            return Ok(Vec::new());
        }
        places.sort_unstable();
        let digests = self.of(snapshot, facts).await?;
        let metadata = digests.metadata.get_or_try_init(|| lookup::metadata(snapshot, facts)).await?;
        lookup::rows(snapshot, facts, metadata, &places, columns).await
    }

    async fn of(&self, snapshot: &Snapshot, facts: &FileFacts) -> Result<Arc<Digests>> {
        if let Some(known) = self.in_memory(facts) {
            return Ok(known);
        }
        // Many may look into the same file at once: it is read once.
        let _turn = self.making.take([facts.path.clone()]).await;
        if let Some(known) = self.in_memory(facts) {
            return Ok(known);
        }
        let stored = stored::opened(&self.layout.held(&snapshot.folder, &facts.path)).map(Digests::new);
        match stored.filter(|stored| stored.is_of(facts)) {
            Some(stored) => Ok(self.keep(stored, snapshot)),
            None => self.made(snapshot, facts).await,
        }
    }

    fn in_memory(&self, facts: &FileFacts) -> Option<Arc<Digests>> {
        self.known().get(&facts.path).filter(|known| known.is_of(facts)).cloned()
    }

    /// Makes them again where nobody did since they were found to be damaged.
    async fn made_anew(&self, snapshot: &Snapshot, facts: &FileFacts, damaged: &Arc<Digests>) -> Result<Arc<Digests>> {
        let _turn = self.making.take([facts.path.clone()]).await;
        match self.in_memory(facts).filter(|known| !Arc::ptr_eq(known, damaged)) {
            Some(known) => Ok(known),
            None => self.made(snapshot, facts).await,
        }
    }

    /// Reads the data file, and keeps what it tells.
    async fn made(&self, snapshot: &Snapshot, facts: &FileFacts) -> Result<Arc<Digests>> {
        let mut all = Gathered::of(self.table);
        for batch in lookup::columns_of_all(snapshot, facts, all.columns).await? {
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

/// What the rows of a data file are called, while it is read or written.
pub(crate) struct Gathered {
    columns: &'static [&'static str],
    rows: u32,
    placed: Vec<Placed>,
}

impl Gathered {
    pub(crate) fn of(table: TableName) -> Self {
        Self { columns: table.named_by(), rows: 0, placed: Vec::new() }
    }

    /// # Errors
    /// Where a column is missing, or there are too many rows.
    pub(crate) fn push(&mut self, rows: &RecordBatch) -> Result<()> {
        let corrupt = |column: &str| Error::new(Kind::Corrupt, format!("read digests: column `{column}` is missing"));
        for column in self.columns {
            let texts = rows.column_by_name(column).ok_or_else(|| corrupt(column))?;
            // They may be numbered.
            let texts = cast(texts, &DataType::Utf8).map_err(|error| corrupt(column).because(error))?;
            let named = |row| Some(Fingerprint::from_hex(rows::text_at(&texts, row)?)?.0);
            // Nobody looks for what is no digest, whoever wrote it.
            let placed = (0..rows.num_rows()).filter_map(|row| Some((named(row)?, self.rows + row as u32)));
            self.placed.extend(placed);
        }
        let count = u32::try_from(rows.num_rows()).ok().and_then(|count| self.rows.checked_add(count));
        self.rows = count.ok_or_else(|| Error::new(Kind::Internal, "keep digests: there are too many rows"))?;
        Ok(())
    }

    fn laid(self, layout: &Layout, folder: &Path, (file, file_bytes): (&str, u64)) -> Result<Digests> {
        let Self { placed: mut all, .. } = self;
        all.sort_unstable();
        // A row may be called the same twice.
        all.dedup();
        let too_many = |error| Error::new(Kind::Internal, "keep digests").because(error);
        u32::try_from(all.len().div_ceil(BLOCK) * BLOCK_BYTES).map_err(too_many)?;
        let mut blocks = Vec::with_capacity(all.len() * ROW_BYTES);
        for block in all.chunks(BLOCK) {
            let begin = blocks.len();
            for (digest, place) in block {
                blocks.extend(digest);
                blocks.extend(place.to_le_bytes());
            }
            seal(&mut blocks, begin);
        }
        let told = Told {
            row_bytes: ROW_BYTES as u32,
            path: file.to_owned(),
            bytes: file_bytes,
            count: all.len() as u32,
            firsts: all.iter().step_by(BLOCK).map(|(digest, _)| *digest).collect(),
        };
        if blocks.len() < SMALL_BYTES {
            return Ok(Digests::new((told, Lain::InMemory(blocks.into()))));
        }
        let path = layout.held(folder, file);
        let bytes: Bytes = stored::encode(blocks, &told)?;
        if let Err(error) = stored::write(&path, &bytes) {
            tracing::warn!(path = %path.display(), %error, "cannot be written");
            return Ok(Digests::new((told, Lain::InMemory(bytes))));
        }
        Ok(Digests::new(stored::opened(&path).unwrap_or((told, Lain::InMemory(bytes)))))
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

    fn laid(layout: &Layout, placed: Vec<Placed>) -> Digests {
        let gathered = Gathered { placed, ..Gathered::of(TableName::Deliveries) };
        gathered.laid(layout, layout.root(), FILE).expect("few enough")
    }

    /// The row of each is its number.
    fn numbered(layout: &Layout, count: u128) -> Digests {
        laid(layout, (0..count).rev().map(|number| (digest(number).0, number as u32)).collect())
    }

    #[test]
    fn each_is_found_and_nothing_between_them() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let layout = Layout::within(folder.path());
        for count in [0, 1, 255, 256, 257, 511, 512, 30_000] {
            let digests = numbered(&layout, count);
            assert_eq!(matches!(digests.blocks, Lain::OnDisk(..)), count == 30_000, "{count}");
            for number in (0..count).step_by(if count > 1_000 { 97 } else { 1 }) {
                let name = digest(number);
                assert_eq!(digests.find(&[name]).expect("a block"), [(name, number as u32)], "{number} of {count}");
                let beside = Fingerprint((2 * number + 1).to_be_bytes());
                assert_eq!(digests.find(&[beside]).expect("a block"), [], "beside {number} of {count}");
            }
            assert_eq!(digests.find(&[digest(count)]).expect("a block"), []);
            assert_eq!(digests.find(&[Fingerprint([u8::MAX; DIGEST_BYTES])]).expect("a block"), []);
            let all: Vec<Fingerprint> = (0..=2 * count).map(|number| Fingerprint(number.to_be_bytes())).collect();
            let expected: Vec<_> = (0..count).map(|number| (digest(number), number as u32)).collect();
            assert_eq!(digests.find(&all).expect("blocks"), expected, "{count} at once");
        }
    }

    #[test]
    fn of_rows_with_one_name_all_are_found_across_blocks() {
        let folder = tempfile::TempDir::new().expect("a folder");
        for before in [0, 1, 200, 255, 256, 257] {
            let ones = (0..before).map(|number| (digest(number).0, number as u32));
            let same = (1_000..1_600).map(|place| (digest(before).0, place));
            let placed = ones.chain(same).chain([(digest(before + 1).0, 7)]).collect();
            let digests = laid(&Layout::within(folder.path()), placed);
            let found = digests.find(&[digest(before)]).expect("blocks");
            let places: Vec<u32> = found.into_iter().map(|(_, place)| place).collect();
            assert_eq!(places, (1_000..1_600).collect::<Vec<_>>(), "behind {before}");
            assert_eq!(digests.find(&[digest(before + 1)]).expect("a block"), [(digest(before + 1), 7)]);
        }
    }

    #[test]
    fn a_damaged_block_is_noticed() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let layout = Layout::within(folder.path());
        let digests = numbered(&layout, 30_000);
        let path = layout.held(layout.root(), FILE.0);
        let mut bytes = std::fs::read(&path).expect("its file");
        bytes[10_000] ^= 1;
        std::fs::write(&path, bytes).expect("write it");
        let find = |number| digests.find(&[digest(number)]);
        let wrong: Vec<u128> = (0..30_000).filter(|number| find(*number).is_err()).collect();
        let block = (10_000 / BLOCK_BYTES * BLOCK) as u128;
        // What may end the damaged block is looked for in it, too.
        assert_eq!(wrong, (block..=block + BLOCK as u128).collect::<Vec<_>>());
        assert_eq!(find(block).expect_err("damage").kind(), Kind::Corrupt);
    }
}
