//! Keeps in memory what the data files say that were asked last, within a bound.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrify_application::Result;
use metrify_application::ports::Key;
use metrify_application::record::Version;

use super::{Held, build};
use crate::keys::KeySet;
use crate::table::{FileFacts, Snapshot};
use crate::{lookup, rows};

/// Bytes that all of them may take together. The last one that was asked stays, however large it is.
const BYTES_MAX: usize = 128 << 20;

/// What the files say that were asked last.
#[derive(Default)]
pub(crate) struct HeldFiles(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// By the path of the file, with when it was asked last.
    files: HashMap<String, (Arc<Held>, u64)>,
    bytes: usize,
    asked: u64,
}

impl Kept {
    fn get(&mut self, path: &str) -> Option<Arc<Held>> {
        self.asked += 1;
        let (held, asked) = self.files.get_mut(path)?;
        *asked = self.asked;
        Some(held.clone())
    }

    fn keep(&mut self, path: &str, held: &Arc<Held>) {
        self.bytes += held.bytes();
        if let Some((former, _)) = self.files.insert(path.to_owned(), (held.clone(), self.asked)) {
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

    /// What a file says.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub(crate) async fn of(&self, snapshot: &Snapshot, file: &FileFacts) -> Result<Arc<Held>> {
        if let Some(held) = self.kept().get(&file.path) {
            return Ok(held);
        }
        let pieces = || lookup::numbered_columns(snapshot, file, &build::COLUMNS);
        let held = match build::held(pieces().await?)? {
            Some(held) => Arc::new(held),
            None => Arc::new(build::in_order(&pieces().await?.collect::<Result<Vec<_>>>()?)?),
        };
        self.kept().keep(&file.path, &held);
        Ok(held)
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
        for file in snapshot.files.iter().filter(|file| set.may_be_in(file)) {
            let held = self.of(snapshot, file).await?;
            let rows = keys.iter().filter_map(|key| Some((key.period, held.runs_of(&key.channel)?)));
            let rows = rows.flat_map(|(period, runs)| held.rows_of(runs, period));
            let mut places: Vec<usize> = rows.map(|row| held.place(row)).collect();
            places.sort_unstable();
            places.dedup();
            for batch in lookup::rows(snapshot, file, &places).await? {
                for row in 0..batch.num_rows() {
                    found.push(rows::version(&batch, row)?);
                }
            }
        }
        Ok(found)
    }
}
