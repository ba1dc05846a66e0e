//! The tables and the memory of one tenant, and how files come into the tables.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use arrow::array::RecordBatch;
use deltalake::kernel::Add;
use metrify_application::record::{Accepted, DeliveryId, Position};
use metrify_application::{Error, Kind, Result};
use metrify_domain::Timestamp;

use crate::deleted::Deleted;
use crate::held::{Build, DigestFiles, Gathered, HeldFiles};
use crate::memory::{View, Working};
use crate::schema::TableName;
use crate::table::{Change, FileFacts, Snapshot, Table};
use crate::write::DataFile;

/// The tables and the memory of one tenant.
pub(crate) struct TenantLake {
    pub(crate) tables: HashMap<TableName, Table>,
    pub(crate) working: Mutex<Working>,
    pub(crate) view: RwLock<Arc<View>>,
    pub(crate) held: Arc<HeldFiles>,
    /// Of the tables whose rows are looked for one by one.
    pub(crate) digests: HashMap<TableName, DigestFiles>,
    /// Who changes the tables: one at a time.
    pub(crate) writing: tokio::sync::Mutex<()>,
    /// Who joins files, mostly while others land: one at a time, and nobody deletes files meanwhile. Taken before `writing`.
    pub(crate) compacting: tokio::sync::Mutex<()>,
    /// Data files that hold nothing but what came since the tables were opened.
    pub(crate) fresh: Mutex<HashSet<String>>,
}

impl TenantLake {
    pub(crate) fn table(&self, name: TableName) -> Result<&Table> {
        let missing = || Error::new(Kind::Internal, format!("find table `{}`", name.name()));
        self.tables.get(&name).ok_or_else(missing)
    }

    pub(crate) fn digests(&self, name: TableName) -> Result<&DigestFiles> {
        let missing = || Error::new(Kind::Internal, format!("find the digests of table `{}`", name.name()));
        self.digests.get(&name).ok_or_else(missing)
    }

    pub(crate) fn view(&self) -> Arc<View> {
        self.view.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn working(&self) -> MutexGuard<'_, Working> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows another view; tells what was shown before.
    pub(crate) fn show(&self, change: impl FnOnce(&mut View)) -> Arc<View> {
        let mut shown = self.view.write().unwrap_or_else(PoisonError::into_inner);
        let mut view = View::clone(&shown);
        change(&mut view);
        std::mem::replace(&mut *shown, Arc::new(view))
    }

    pub(crate) fn fresh(&self) -> MutexGuard<'_, HashSet<String>> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a file was made of others: it is as fresh as they are.
    pub(crate) fn made_of(&self, added: &Add, from: &[FileFacts]) {
        let mut fresh = self.fresh();
        if from.iter().all(|file| fresh.contains(&file.path)) {
            fresh.insert(added.path.clone());
        }
        fresh.retain(|path| from.iter().all(|file| file.path != *path));
    }

    /// Sees what came into the tables without our knowing.
    pub(crate) async fn refresh(&self) -> Result<()> {
        for table in self.tables.values() {
            table.refresh().await?;
        }
        Ok(())
    }

    /// A table as memory goes on from it: what memory forgot is in it, and nothing that memory still has. To be asked while the
    /// working state is held.
    pub(crate) fn before_memory(&self, name: TableName) -> Result<Arc<Snapshot>> {
        let missing = || Error::new(Kind::Internal, format!("find table `{}`", name.name()));
        self.view().snapshots.get(&name).cloned().ok_or_else(missing)
    }

    /// A table, and the entries of a delivery that wait for it.
    pub(crate) fn waiting(
        &self,
        name: TableName,
        delivery: &DeliveryId,
    ) -> Result<(Arc<Snapshot>, Vec<Arc<Accepted>>)> {
        let working = self.working();
        let landed = self.before_memory(name)?;
        let waiting = working.state.chunks.iter().filter(|chunk| chunk.position > landed.landed);
        let own = waiting.map(|chunk| &chunk.entry).filter(|entry| entry.delivery == *delivery);
        Ok((landed.clone(), own.cloned().collect()))
    }

    /// Shows the tables as they are by now. What they hold, or was brought there up to a position, memory needs no longer; both
    /// change at once.
    pub(crate) fn forget_landed(&self, through: Position) -> Result<()> {
        let position = self.table(TableName::Readings)?.snapshot().landed.max(through);
        let mut working = self.working();
        let landed = working.state.chunks.first().is_some_and(|oldest| oldest.position <= position);
        let forgotten = landed.then(|| working.landed(position));
        let before = self.show(|view| {
            if landed {
                view.state = view.state.without(position);
            }
            view.snapshots = self.snapshots();
        });
        // Thousands of entries are given back: nobody is to wait for that.
        drop(working);
        drop((forgotten, before));
        Ok(())
    }

    /// The highest position of the journal that any of the tables holds.
    pub(crate) fn landed(&self) -> Position {
        self.tables.values().map(|table| table.snapshot().landed).max().unwrap_or_default()
    }

    pub(crate) fn snapshots(&self) -> HashMap<TableName, Arc<Snapshot>> {
        self.tables.iter().map(|(name, table)| (*name, table.snapshot())).collect()
    }
}

/// What could be told of a data file. Whatever others wrote may be joined, also where what it says cannot be kept.
fn whole<T>(told: Result<T>) -> Option<T> {
    told.inspect_err(|error| tracing::warn!("{}", error.chain())).ok()
}

/// A landing or a compaction, and the data files that it wrote.
pub(crate) struct Writing {
    pub(crate) lake: Arc<TenantLake>,
    /// Those that no commit names yet.
    files: Mutex<Vec<(TableName, String)>>,
}

impl Writing {
    pub(crate) fn new(lake: Arc<TenantLake>) -> Self {
        Self { lake, files: Mutex::default() }
    }

    fn files(&self) -> MutexGuard<'_, Vec<(TableName, String)>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a data file. Until a commit is about to name it, [`Self::discard`] takes it away again.
    pub(crate) async fn write(
        &self,
        name: TableName,
        month: Option<&str>,
        pieces: impl Iterator<Item = Result<RecordBatch>> + Send,
        now: Timestamp,
    ) -> Result<Add> {
        let table = self.lake.table(name)?;
        let mut pieces = pieces.peekable();
        // Texts may be numbered or not, but in all pieces alike.
        let schema =
            pieces.peek().and_then(|first| first.as_ref().ok()).map_or_else(|| name.schema(), RecordBatch::schema);
        let mut file = DataFile::new(name, month, schema)?;
        let mut held = month.map(|_| Build::default());
        let mut gathered = self.lake.digests.get(&name).map(|digests| (digests, Gathered::of(name)));
        for piece in pieces {
            let piece = piece?;
            file.push(&piece)?;
            gathered.as_mut().map_or(Ok(()), |(_, gathered)| gathered.push(&piece))?;
            held = held.and_then(|mut held| {
                let in_order = held.push(&piece);
                whole(in_order)?.then_some(held).filter(|held| !held.is_sparse())
            });
        }
        let added = file.store(&table.store(), table.unique(now)).await?;
        self.files().push((name, added.path.clone()));
        let said = held.and_then(|held| whole(held.finish((&added.path, added.size.unsigned_abs())))?);
        if let Some(said) = said {
            self.lake.held.put(&table.snapshot().folder, &added.path, &said);
        }
        if let Some((digests, gathered)) = gathered {
            digests.put(gathered, &table.snapshot(), (&added.path, added.size.unsigned_abs()))?;
        }
        Ok(added)
    }

    /// Writes down that more rows of a data file are deleted.
    pub(crate) async fn mark(
        &self,
        name: TableName,
        before: Option<&Deleted>,
        rows: &[u64],
        now: Timestamp,
    ) -> Result<Deleted> {
        let table = self.lake.table(name)?;
        let (deleted, file) = Deleted::with(before, rows, table.unique(now))?;
        if let Some(file) = file {
            self.files().push((name, file.path.clone()));
            table.put(&file.path, file.bytes).await?;
        }
        Ok(deleted)
    }

    pub(crate) async fn commit(&self, name: TableName, change: Change) -> Result<()> {
        // A commit may get through although its answer does not, or later. From here on its files are left alone; where it
        // did not get through they are deleted with those that no version needs.
        self.files().retain(|(table, _)| *table != name);
        self.lake.table(name)?.commit(change).await
    }

    /// Takes away what was written and did not try to commit.
    pub(crate) async fn discard(&self) {
        let files = std::mem::take(&mut *self.files());
        for (name, file) in files {
            let deleted = match self.lake.table(name) {
                Ok(table) => {
                    self.lake.held.forget(&table.snapshot().folder, &file);
                    table.delete_file(&file).await
                }
                Err(error) => Err(error),
            };
            if let Err(error) = deleted {
                tracing::warn!("{}", error.chain());
            }
        }
    }
}
