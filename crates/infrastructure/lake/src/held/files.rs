//! Keeps in memory what the data files say that were asked last, within a bound.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrify_application::Result;
use metrify_application::ports::Key;
use metrify_application::record::Version;
use metrify_domain::Reading;
use parquet::file::metadata::ParquetMetaData;

use super::{Held, build};
use crate::keys::KeySet;
use crate::table::{FileFacts, Snapshot};
use crate::{lookup, rows};

/// Bytes that all of them may take together. The last one that was asked stays, however large it is.
const BYTES_MAX: usize = 128 << 20;

/// A data file: what it says, and how it lies.
pub(crate) struct File {
    pub(crate) held: Held,
    metadata: Arc<ParquetMetaData>,
}

impl File {
    /// About what it takes in memory.
    fn bytes(&self) -> usize {
        self.held.bytes() + self.metadata.memory_size()
    }
}

/// What the files say that were asked last.
#[derive(Default)]
pub(crate) struct HeldFiles(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// By the path of the file, with when it was asked last.
    files: HashMap<String, (Arc<File>, u64)>,
    bytes: usize,
    asked: u64,
}

impl Kept {
    fn get(&mut self, path: &str) -> Option<Arc<File>> {
        self.asked += 1;
        let (file, asked) = self.files.get_mut(path)?;
        *asked = self.asked;
        Some(file.clone())
    }

    fn keep(&mut self, path: &str, file: &Arc<File>) {
        self.bytes += file.bytes();
        if let Some((former, _)) = self.files.insert(path.to_owned(), (file.clone(), self.asked)) {
            self.bytes -= former.bytes();
        }
        while self.bytes > BYTES_MAX && self.files.len() > 1 {
            let oldest = self.files.iter().min_by_key(|(_, (_, asked))| *asked).map(|(path, _)| path.clone());
            if let Some((left, _)) = oldest.and_then(|path| self.files.remove(&path)) {
                self.bytes -= left.bytes();
            }
        }
    }
}

impl HeldFiles {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What all rows of a file say, those that are deleted too.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub(crate) async fn of(&self, snapshot: &Snapshot, facts: &FileFacts) -> Result<Arc<File>> {
        if let Some(file) = self.kept().get(&facts.path) {
            return Ok(file);
        }
        let opened = lookup::Opened::of(snapshot, facts).await?;
        let held = match build::held(opened.numbered_columns_of_all(&build::COLUMNS)?)? {
            Some(held) => held,
            None => build::in_order(&opened.numbered_columns_of_all(&build::COLUMNS)?.collect::<Result<Vec<_>>>()?)?,
        };
        let file = Arc::new(File { held, metadata: opened.metadata() });
        self.kept().keep(&facts.path, &file);
        Ok(file)
    }

    /// The versions that a table has for any of the keys.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub(crate) async fn versions(&self, snapshot: &Snapshot, keys: &[&Key]) -> Result<Vec<Version>> {
        let mut found = Vec::new();
        if keys.is_empty() {
            return Ok(found);
        }
        let set = KeySet::of(keys.iter().copied());
        for facts in snapshot.files.iter().filter(|file| set.may_be_in(file)) {
            let file = self.of(snapshot, facts).await?;
            let held = &file.held;
            let rows = keys.iter().filter_map(|key| Some((*key, held.runs_of(&key.channel)?)));
            let rows = rows.flat_map(|(key, runs)| held.rows_of(runs, key.period).map(move |row| (row, key)));
            let rows = rows.filter(|(row, _)| !facts.is_deleted(held.place(*row)));
            // In the order of the file, whoever wrote it; a key that was asked twice is there once.
            let asked: BTreeMap<usize, (u32, &Key)> = rows.map(|(row, key)| (held.place(row), (row, key))).collect();
            found.extend(file.versions(snapshot, facts, &asked).await?);
        }
        Ok(found)
    }
}

impl File {
    /// The versions in these places.
    async fn versions(
        &self,
        snapshot: &Snapshot,
        facts: &FileFacts,
        asked: &BTreeMap<usize, (u32, &Key)>,
    ) -> Result<Vec<Version>> {
        let held: Option<Vec<(Reading, &Key)>> =
            asked.values().map(|(row, key)| Some((self.held.reading(*row, key.period)?, *key))).collect();
        // What is known already is not read: most of a row's columns, and those with the largest pages.
        let columns: &[&str] = if held.is_some() { &rows::ORIGIN } else { &[] };
        let places: Vec<usize> = asked.keys().copied().collect();
        let batches = lookup::rows(snapshot, facts, &self.metadata, &places, columns).await?;
        let read = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| (batch, row)));
        match held {
            Some(held) => {
                let told = read.zip(held);
                told.map(|((batch, row), (reading, key))| rows::version_of(&key.channel, reading, batch, row)).collect()
            }
            None => read.map(|(batch, row)| rows::version(batch, row)).collect(),
        }
    }
}
