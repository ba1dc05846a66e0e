//! What data files say, beside the lake, and in memory of those that were asked last.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use metrify_application::ports::Key;
use metrify_application::record::Version;
use metrify_application::{Error, Kind, Result, Turns, io};

use super::{Found, Held, build, stored};
use crate::layout::Layout;
use crate::lookup;
use crate::table::{FileFacts, Snapshot};

/// Bytes of memory that all of them may take together. The last one that was asked stays, however large it is.
const BYTES_MAX: usize = 128 << 20;
/// What a data file says is made again where it takes less than this: that is as quick as opening it.
pub(super) const SMALL_BYTES: usize = 1 << 18;
/// Files that may be open.
const FILES_MAX: usize = 256;

/// What the data files say.
pub struct HeldFiles {
    layout: Layout,
    kept: Mutex<Kept>,
    /// The files of which it is being made.
    making: Turns<PathBuf>,
}

#[derive(Default)]
struct Kept {
    /// By the path of the file, with when it was asked last.
    files: HashMap<PathBuf, (Arc<Held>, u64)>,
    bytes: usize,
    /// How many of them are open.
    open: usize,
    asked: u64,
    /// Files of others of which nothing can be kept.
    hopeless: HashSet<PathBuf>,
}

impl Kept {
    fn get(&mut self, path: &PathBuf, facts: &FileFacts) -> Option<Arc<Held>> {
        self.asked += 1;
        let (file, asked) = self.files.get_mut(path)?;
        *asked = self.asked;
        file.is_of(facts).then(|| file.clone())
    }

    fn is_kept(&self, path: &PathBuf, held: &Arc<Held>) -> bool {
        self.files.get(path).is_some_and(|(file, _)| Arc::ptr_eq(file, held))
    }

    fn remove(&mut self, path: &PathBuf) {
        if let Some((file, _)) = self.files.remove(path) {
            self.bytes -= file.bytes();
            self.open -= usize::from(file.is_open());
        }
    }

    fn keep(&mut self, path: PathBuf, file: &Arc<Held>) {
        self.remove(&path);
        self.bytes += file.bytes();
        self.open += usize::from(file.is_open());
        self.files.insert(path, (file.clone(), self.asked));
        while (self.bytes > BYTES_MAX || self.open > FILES_MAX) && self.files.len() > 1 {
            let oldest = self.files.iter().min_by_key(|(_, (_, asked))| *asked).map(|(path, _)| path.clone());
            if let Some(oldest) = oldest {
                self.remove(&oldest);
            }
        }
    }
}

impl HeldFiles {
    pub(crate) fn new(layout: Layout) -> Self {
        Self { layout, kept: Mutex::default(), making: Turns::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What all rows of a file say, those that are deleted too.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub(super) async fn of(&self, snapshot: &Snapshot, facts: &FileFacts) -> Result<Arc<Held>> {
        let path = self.layout.held(&snapshot.folder, &facts.path);
        if let Some(in_memory) = self.in_memory(&path, snapshot, facts) {
            return Ok(in_memory);
        }
        // Several parts of a query open the same file at once: it is read once.
        let _turn = self.making.take([path.clone()]).await;
        if let Some(known) = self.known(snapshot, facts) {
            return Ok(known);
        }
        let held = Arc::new(self.made(snapshot, facts).await?);
        self.kept().keep(path, &held);
        Ok(held)
    }

    /// As [`Self::of`], of a file that is small; `None` where nothing can be kept of what somebody else wrote.
    pub(super) async fn of_small(&self, snapshot: &Snapshot, facts: &FileFacts) -> Option<Arc<Held>> {
        const HOPELESS_MAX: usize = 10_000;
        let path = self.layout.held(&snapshot.folder, &facts.path);
        if self.kept().hopeless.contains(&path) {
            return None;
        }
        let made = self.of(snapshot, facts).await.inspect_err(|error| {
            tracing::info!("{}; the file itself is read instead", error.chain());
            let hopeless = &mut self.kept().hopeless;
            if error.kind() == Kind::Corrupt && hopeless.len() < HOPELESS_MAX {
                hopeless.insert(path);
            }
        });
        made.ok()
    }

    /// As [`Self::of`], where it need not be made.
    pub(super) fn known(&self, snapshot: &Snapshot, facts: &FileFacts) -> Option<Arc<Held>> {
        let path = self.layout.held(&snapshot.folder, &facts.path);
        if let Some(in_memory) = self.in_memory(&path, snapshot, facts) {
            return Some(in_memory);
        }
        let held = Arc::new(stored::open(&path, facts)?);
        self.kept().keep(path, &held);
        Some(held)
    }

    fn in_memory(&self, path: &PathBuf, snapshot: &Snapshot, facts: &FileFacts) -> Option<Arc<Held>> {
        let known = self.kept().get(path, facts)?;
        if !known.is_damaged() {
            return Some(known);
        }
        let is_kept = self.kept().is_kept(path, &known);
        // Else somebody made it again by now.
        if is_kept {
            self.forget(&snapshot.folder, &facts.path);
        }
        None
    }

    /// Reads the data file, and keeps what it says.
    async fn made(&self, snapshot: &Snapshot, facts: &FileFacts) -> Result<Held> {
        let opened = lookup::Opened::of(snapshot, facts).await?;
        let file = (facts.path.as_str(), facts.bytes);
        let bytes = match build::held(opened.numbered_columns_of_all(&build::columns())?, file)? {
            Some(bytes) => bytes,
            None => {
                build::in_order(&opened.numbered_columns_of_all(&build::columns())?.collect::<Result<Vec<_>>>()?, file)?
            }
        };
        self.put(&snapshot.folder, &facts.path, &bytes);
        let path = self.layout.held(&snapshot.folder, &facts.path);
        let held = stored::open(&path, facts).or_else(|| stored::in_memory(&bytes));
        held.ok_or_else(|| Error::new(Kind::Internal, format!("find again what data file `{}` says", facts.path)))
    }

    /// Keeps what a data file says, where it is much. Where the disk does not take it, it is made again when it is asked for.
    pub(crate) fn put(&self, folder: &Path, file: &str, bytes: &Bytes) {
        if bytes.len() < SMALL_BYTES {
            return;
        }
        let path = self.layout.held(folder, file);
        if let Err(error) = stored::write(&path, bytes) {
            tracing::warn!(path = %path.display(), %error, "cannot be written");
        }
    }

    /// Forgets what a data file said that is deleted.
    pub(crate) fn forget(&self, folder: &Path, file: &str) {
        let path = self.layout.held(folder, file);
        self.kept().remove(&path);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(path = %path.display(), %error, "cannot be deleted");
            }
            _ => {}
        }
    }

    /// Deletes what is kept of files that are no longer in a table: it goes with its file, unless a stop came between.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub(crate) fn tidy(&self, snapshot: &Snapshot) -> Result<()> {
        let folder = self.layout.held_folder(&snapshot.folder);
        let step = || format!("read folder `{}`", folder.display());
        if !folder.exists() {
            return Ok(());
        }
        let known: HashSet<PathBuf> =
            snapshot.files.iter().map(|file| self.layout.held(&snapshot.folder, &file.path)).collect();
        for file in std::fs::read_dir(&folder).map_err(|error| io(step(), error))? {
            let path = file.map_err(|error| io(step(), error))?.path();
            if !known.contains(&path) {
                std::fs::remove_file(&path).map_err(|error| io(format!("delete `{}`", path.display()), error))?;
            }
        }
        Ok(())
    }

    /// An answer from what a data file says. Where that turns out to be damaged it is made again and asked once more.
    ///
    /// # Errors
    /// Where the data file cannot be read.
    pub(crate) async fn ask<T>(
        &self,
        snapshot: &Snapshot,
        facts: &FileFacts,
        mut ask: impl FnMut(&Arc<Held>) -> Result<T>,
    ) -> Result<T> {
        let held = self.of(snapshot, facts).await?;
        match ask(&held) {
            Err(error) if held.is_damaged() => {
                tracing::warn!("{}; it is made again from the lake", error.chain());
                let held = self.of(snapshot, facts).await?;
                ask(&held)
            }
            answer => answer,
        }
    }

    /// The rows of a file that hold and have one of the keys, of which those of a channel come together.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub(crate) async fn find<'k>(&self, snapshot: &Snapshot, facts: &FileFacts, keys: &[&'k Key]) -> Result<Found<'k>> {
        self.ask(snapshot, facts, |held| held.find(facts, keys)).await
    }

    /// The versions that a table has for any of the keys.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub(crate) async fn versions(&self, snapshot: &Snapshot, keys: &[&Key]) -> Result<Vec<Version>> {
        let mut keys = keys.to_vec();
        keys.sort_unstable();
        keys.dedup();
        let mut found = Vec::new();
        for facts in &snapshot.files {
            let asked: Vec<&Key> =
                keys.iter().copied().filter(|key| facts.may_hold(&key.channel, key.period)).collect();
            if !asked.is_empty() {
                let held = self.find(snapshot, facts, &asked).await?;
                found.extend(held.versions(snapshot, facts).await?);
            }
        }
        Ok(found)
    }
}
