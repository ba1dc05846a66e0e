//! The tables and the memory of one tenant, and how files come into the tables.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use arrow::array::RecordBatch;
use deltalake::kernel::Add;
use metrify_application::{Error, Kind, Result};

use crate::memory::{View, Working};
use crate::schema::TableName;
use crate::table::{Change, FileFacts, Snapshot, Table};
use crate::write::write_file;

/// The tables and the memory of one tenant.
pub(crate) struct TenantLake {
    pub(crate) tables: HashMap<TableName, Table>,
    pub(crate) working: Mutex<Working>,
    pub(crate) view: RwLock<Arc<View>>,
    /// Landing and compaction change the same files: one at a time.
    pub(crate) writing: tokio::sync::Mutex<()>,
    /// Data files that no commit names yet.
    pub(crate) uncommitted: Mutex<Vec<(TableName, String)>>,
    /// Data files that hold nothing but what came since the tables were opened.
    pub(crate) fresh: Mutex<HashSet<String>>,
}

impl TenantLake {
    pub(crate) fn table(&self, name: TableName) -> Result<&Table> {
        let missing = || Error::new(Kind::Internal, format!("find table `{}`", name.name()));
        self.tables.get(&name).ok_or_else(missing)
    }

    pub(crate) fn view(&self) -> Arc<View> {
        self.view.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn working(&self) -> MutexGuard<'_, Working> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn show(&self, change: impl FnOnce(&mut View)) {
        let mut shown = self.view.write().unwrap_or_else(PoisonError::into_inner);
        let mut view = View::clone(&shown);
        change(&mut view);
        *shown = Arc::new(view);
    }

    fn uncommitted(&self) -> MutexGuard<'_, Vec<(TableName, String)>> {
        self.uncommitted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a data file. Until a commit names it, [`Self::discard`] takes it away again.
    pub(crate) async fn write(&self, name: TableName, month: Option<&str>, rows: &RecordBatch) -> Result<Add> {
        let added = write_file(&self.table(name)?.store(), month, rows).await?;
        self.uncommitted().push((name, added.path.clone()));
        Ok(added)
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

    pub(crate) async fn commit(&self, name: TableName, change: Change) -> Result<()> {
        let table = self.table(name)?;
        let committed = table.commit(change).await;
        // A commit may be there although what came after it failed; then its files belong to the table.
        if committed.is_ok() || table.has_newer_version() {
            self.uncommitted().retain(|(table, _)| *table != name);
        }
        committed
    }

    /// Takes away what a landing wrote and could not commit.
    pub(crate) async fn discard(&self) {
        let files = std::mem::take(&mut *self.uncommitted());
        for (name, file) in files {
            let deleted = match self.table(name) {
                Ok(table) => table.delete_file(&file).await,
                Err(error) => Err(error),
            };
            if let Err(error) = deleted {
                tracing::warn!("{}", error.chain());
            }
        }
    }

    pub(crate) fn snapshots(&self) -> HashMap<TableName, Arc<Snapshot>> {
        self.tables.iter().map(|(name, table)| (*name, table.snapshot())).collect()
    }
}
