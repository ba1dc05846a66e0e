//! The lake as the use cases know it: versions, ledger, memory and landing of every tenant.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use metrify_application::ports::{Key, Known, Landed, Landing, Ledger, Memory, Versions};
use metrify_application::record::{
    Accepted, Answered, DeliveryId, Fingerprint, PointStatus, Position, RecordRow, Reject, Version, Withdrawn,
};
use metrify_application::{Error, Kind, Result, Tenant, io};
use metrify_domain::{Batch, Finding, Point, Timestamp};
use metrify_formats::RecordTable;

use crate::held::{DigestFiles, HeldFiles};
use crate::layout::Layout;
use crate::memory::{Ended, View, Working};
use crate::schema::TableName;
use crate::table::Table;
use crate::tenant::{TenantLake, Writing};
use crate::{compact, known, land, ledger, lookup, records};

/// Delta tables under one root, with the memory before them.
pub struct DeltaLake {
    layout: Layout,
    tenants: RwLock<HashMap<Tenant, Arc<TenantLake>>>,
    /// Nobody opens tables that somebody else is opening.
    opening: tokio::sync::Mutex<()>,
    held: Arc<HeldFiles>,
    published: AtomicU64,
    clock: fn() -> Timestamp,
    keep_h: u32,
    patience: Duration,
    small_rows: u64,
}

/// Far more than any landing takes that goes on at all, also one that writes many large files anew.
const PATIENCE: Duration = Duration::from_hours(1);

/// Rows of a file that is written again at once where some of them hold no longer; of larger ones they are marked.
const SMALL_ROWS: u64 = 1 << 17;

impl DeltaLake {
    /// `clock` tells when files are written; nothing else depends on it, and it may be set back. Versions of the tables stay
    /// readable for `keep_h` hours after they were replaced.
    #[must_use]
    pub fn new(layout: Layout, clock: fn() -> Timestamp, keep_h: u32) -> Self {
        Self {
            held: Arc::new(HeldFiles::new(layout.clone())),
            layout,
            tenants: RwLock::default(),
            opening: tokio::sync::Mutex::default(),
            published: AtomicU64::new(0),
            clock,
            keep_h,
            patience: PATIENCE,
            small_rows: SMALL_ROWS,
        }
    }

    /// Files with fewer rows are written again where some of them hold no longer; of others they are marked as deleted, which
    /// whoever reads the tables then has to understand.
    #[must_use]
    pub fn with_small_rows(self, small_rows: u64) -> Self {
        Self { small_rows, ..self }
    }

    /// How long landing and compaction may each take; a store that hangs must not stop both for ever.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The outcome of what changes the tables. What it wrote and did not try to commit is taken away where it failed.
    async fn in_time<T>(&self, step: &str, writing: &Writing, work: impl Future<Output = Result<T>>) -> Result<T> {
        let outcome = tokio::time::timeout(self.patience, work).await.unwrap_or_else(|_| {
            let error = Error::new(Kind::Unavailable, format!("{step}: it took longer than {:?}", self.patience));
            Err(error.hint("does the disk or the store answer?"))
        });
        if outcome.is_err() && tokio::time::timeout(self.patience, writing.discard()).await.is_err() {
            tracing::warn!("files that no commit names could not be taken away in time; vacuum does it");
        }
        outcome
    }

    fn tenant(&self, tenant: &Tenant) -> Result<Arc<TenantLake>> {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        let missing = || Error::new(Kind::NotFound, format!("open the tables of tenant {tenant}: there are none"));
        tenants.get(tenant).cloned().ok_or_else(missing)
    }

    /// What the data files of readings say.
    #[must_use]
    pub const fn held(&self) -> &Arc<HeldFiles> {
        &self.held
    }

    /// What SQL sees.
    ///
    /// # Errors
    /// Where the tenant's tables are not open.
    pub fn view(&self, tenant: &Tenant) -> Result<Arc<View>> {
        Ok(self.tenant(tenant)?.view())
    }

    /// The highest position of the journal that any of a tenant's tables holds.
    ///
    /// # Errors
    /// Where the tenant's tables are not open.
    pub fn landed(&self, tenant: &Tenant) -> Result<Position> {
        Ok(self.tenant(tenant)?.landed())
    }

    async fn open_tenant(&self, tenant: &Tenant) -> Result<TenantLake> {
        let mut tables = HashMap::new();
        for name in TableName::ALL {
            tables.insert(name, Table::open(name, &self.layout.table(tenant, name)).await?);
        }
        let snapshots: HashMap<_, _> = tables.iter().map(|(name, table)| (*name, table.snapshot())).collect();
        let mut working = Working::default();
        ledger::read(&snapshots, &mut working).await?;
        for snapshot in snapshots.values() {
            self.held.tidy(snapshot)?;
        }
        let named = TableName::ALL.into_iter().filter(|name| !name.named_by().is_empty());
        let digests = named.map(|name| (name, DigestFiles::new(self.layout.clone(), name))).collect();
        let view = View { state: working.state.clone(), snapshots };
        Ok(TenantLake {
            tables,
            working: Mutex::new(working),
            view: RwLock::new(Arc::new(view)),
            held: self.held.clone(),
            digests,
            writing: tokio::sync::Mutex::default(),
            compacting: tokio::sync::Mutex::default(),
            fresh: Mutex::default(),
        })
    }
}

#[async_trait]
impl Versions for DeltaLake {
    async fn known(&self, tenant: &Tenant, batch: &Batch) -> Result<Vec<Known>> {
        known::known(self.tenant(tenant)?.as_ref(), &self.held, batch).await
    }

    async fn current(&self, tenant: &Tenant, keys: &[Key]) -> Result<HashMap<Key, Version>> {
        let lake = self.tenant(tenant)?;
        let mut found = HashMap::with_capacity(keys.len());
        let (unknown, readings) = {
            let mut working = lake.working();
            let mut unknown = Vec::new();
            for key in keys {
                match working.holding(key) {
                    Ok(Some(version)) => drop(found.insert(key.clone(), version)),
                    Ok(None) => unknown.push(key),
                    Err(Ended) => {}
                }
            }
            (unknown, lake.before_memory(TableName::Readings)?)
        };
        for version in self.held.versions(&readings, &unknown).await? {
            found.insert(version.key(), version);
        }
        Ok(found)
    }

    async fn former(&self, tenant: &Tenant, keys: &[Key]) -> Result<HashMap<Key, Vec<Version>>> {
        let lake = self.tenant(tenant)?;
        let asked: HashSet<&Key> = keys.iter().collect();
        let mut found: HashMap<Key, Vec<Version>> = HashMap::new();
        let (removed, readings, superseded) = {
            let working = lake.working();
            for chunk in working.state.chunks.iter() {
                for row in chunk.ended.keys() {
                    let key = chunk.key(*row);
                    if asked.contains(&key) {
                        found.entry(key).or_default().push(chunk.version(*row));
                    }
                }
            }
            let removed: Vec<&Key> = keys.iter().filter(|key| working.state.is_removed(key)).collect();
            (removed, lake.before_memory(TableName::Readings)?, lake.before_memory(TableName::Superseded)?)
        };
        let all: Vec<&Key> = keys.iter().collect();
        let mut lain = self.held.versions(&superseded, &all).await?;
        lain.extend(self.held.versions(&readings, &removed).await?);
        for version in lain {
            let key = version.key();
            found.entry(key).or_insert_with(|| Vec::with_capacity(1)).push(version);
        }
        Ok(found)
    }

    async fn of_documents(&self, tenant: &Tenant, documents: &HashSet<String>) -> Result<Vec<Version>> {
        let lake = self.tenant(tenant)?;
        let mut found = Vec::new();
        let tables = {
            let working = lake.working();
            for chunk in working.state.chunks.iter().filter(|chunk| chunk.came_with_any(documents)) {
                let rows = (0..chunk.rows() as u32).map(|row| chunk.version(row));
                found.extend(rows.filter(|version| documents.contains(&version.document)));
            }
            [lake.before_memory(TableName::Readings)?, lake.before_memory(TableName::Superseded)?]
        };
        for table in tables {
            found.extend(lookup::of_documents(&table, documents).await?);
        }
        Ok(found)
    }

    async fn of_delivery(&self, tenant: &Tenant, delivery: &DeliveryId) -> Result<Vec<Version>> {
        let lake = self.tenant(tenant)?;
        let mut found = Vec::new();
        // What was not published yet may come to stand elsewhere.
        let view = lake.view();
        let entries = view.state.chunks.iter().filter(|chunk| chunk.entry.delivery == *delivery);
        found
            .extend(entries.flat_map(|chunk| (0..chunk.entry.batch.rows().len() as u32).map(|row| chunk.version(row))));
        let table = |name| view.snapshot(name).ok_or_else(|| Error::new(Kind::Internal, "find the tables of readings"));
        let (readings, superseded) = (table(TableName::Readings)?, table(TableName::Superseded)?);
        found.extend(lookup::of_delivery(superseded, delivery).await?);
        found.extend(lookup::of_delivery(readings, delivery).await?);
        // What holds again is a copy of a version that lies among the superseded.
        let mut seen = HashSet::new();
        found.retain(|version| seen.insert(version.sequence));
        Ok(found)
    }

    async fn withdrawn(&self, tenant: &Tenant) -> Result<Arc<Withdrawn>> {
        Ok(self.tenant(tenant)?.working().withdrawn.clone())
    }
}

#[async_trait]
impl Ledger for DeltaLake {
    async fn delivery(&self, tenant: &Tenant, id: &DeliveryId) -> Result<Option<Timestamp>> {
        let Some(digest) = id.digest() else { return Ok(None) };
        let lake = self.tenant(tenant)?;
        let landed = {
            let working = lake.working();
            if let Some((received_at, _)) = working.deliveries.get(&digest) {
                return Ok(Some(*received_at));
            }
            lake.before_memory(TableName::Deliveries)?
        };
        ledger::received(&lake, &landed, digest).await
    }

    async fn points(&self, tenant: &Tenant, points: &[&Point]) -> Result<Vec<Option<PointStatus>>> {
        let lake = self.tenant(tenant)?;
        let working = lake.working();
        Ok(points.iter().map(|point| working.points.get(point)).collect())
    }

    async fn answered(&self, tenant: &Tenant, name: Fingerprint) -> Result<Option<Answered>> {
        let lake = self.tenant(tenant)?;
        let landed = {
            let working = lake.working();
            if let Some(answered) = working.answered(name) {
                return Ok(Some(answered.clone()));
            }
            lake.before_memory(TableName::Receipts)?
        };
        ledger::answered(&lake, &landed, name).await
    }

    async fn records(&self, tenant: &Tenant, records: &[RecordRow]) -> Result<HashSet<Fingerprint>> {
        let lake = self.tenant(tenant)?;
        let mut known = HashSet::new();
        for table in RecordTable::ALL {
            let wanted = records.iter().filter(|row| row.record.table() == table).map(|row| row.id);
            let wanted: HashSet<Fingerprint> = wanted.collect();
            if wanted.is_empty() {
                continue;
            }
            let (snapshot, chunks) = {
                let working = lake.working();
                (lake.before_memory(TableName::Records(table))?, working.state.chunks.clone())
            };
            let waiting = chunks.iter().filter(|chunk| chunk.position > snapshot.landed);
            let rows = waiting.flat_map(|chunk| &chunk.entry.records);
            known.extend(rows.map(|row| row.id).filter(|id| wanted.contains(id)));
            known.extend(ledger::recorded(&lake, &snapshot, wanted).await?);
        }
        Ok(known)
    }

    async fn rejects(&self, tenant: &Tenant, delivery: &DeliveryId) -> Result<Vec<Reject>> {
        let lake = self.tenant(tenant)?;
        let mut all: HashMap<String, Reject> = HashMap::new();
        let mut note = |reject: Reject| {
            // A row for each state that it came to, in whatever order files have them.
            if let Some(known) = all.get_mut(&reject.id) {
                known.rejected_at = known.rejected_at.min(reject.rejected_at);
                known.resolved_at = known.resolved_at.into_iter().chain(reject.resolved_at).min();
            } else {
                all.insert(reject.id.clone(), reject);
            }
        };
        let (landed, waiting) = lake.waiting(TableName::Rejects, delivery)?;
        for rows in ledger::of_delivery(&lake, &landed, delivery).await? {
            (0..rows.num_rows()).filter_map(|row| records::read_reject(&rows, row)).for_each(&mut note);
        }
        waiting.iter().flat_map(|entry| entry.rejects.clone()).for_each(&mut note);
        let mut rejects: Vec<Reject> = all.into_values().collect();
        // Their names end in a number: the longer one is the higher.
        rejects.sort_by_cached_key(|reject| (reject.rejected_at, reject.id.len(), reject.id.clone()));
        Ok(rejects)
    }

    async fn findings(&self, tenant: &Tenant, delivery: &DeliveryId) -> Result<Vec<Finding>> {
        let lake = self.tenant(tenant)?;
        let (landed, waiting) = lake.waiting(TableName::Findings, delivery)?;
        let mut findings = Vec::new();
        for rows in ledger::of_delivery(&lake, &landed, delivery).await? {
            findings.extend((0..rows.num_rows()).filter_map(|row| records::read_finding(&rows, row)));
        }
        findings.extend(waiting.iter().flat_map(|entry| entry.findings.clone()));
        Ok(findings)
    }
}

impl Memory for DeltaLake {
    fn apply(&self, tenant: &Tenant, position: Position, entry: &Arc<Accepted>) -> Result<()> {
        let lake = self.tenant(tenant)?;
        let mut working = lake.working();
        let last = working.state.position;
        if position <= last {
            let step = format!("take entry {position} of the journal in: {last} was the last one");
            return Err(Error::new(Kind::Internal, step));
        }
        working.apply(position, entry);
        Ok(())
    }

    fn publish(&self, tenant: &Tenant) -> Result<()> {
        let lake = self.tenant(tenant)?;
        let mut working = lake.working();
        working.published();
        self.published.fetch_max(working.state.position, Ordering::SeqCst);
        lake.show(|view| view.state = working.state.clone());
        Ok(())
    }

    fn roll_back(&self, tenant: &Tenant) -> Result<()> {
        let lake = self.tenant(tenant)?;
        let mut working = lake.working();
        working.roll_back(&lake.view().state);
        Ok(())
    }

    fn waiting(&self, tenant: &Tenant) -> usize {
        self.tenant(tenant).map_or(0, |lake| lake.working().state.chunks.weight())
    }

    fn published(&self) -> Position {
        self.published.load(Ordering::SeqCst)
    }

    fn last_received_at(&self, tenant: &Tenant) -> Timestamp {
        self.tenant(tenant).map_or(Timestamp::default(), |lake| lake.working().last_received_at)
    }
}

#[async_trait]
impl Landing for DeltaLake {
    async fn tenants(&self) -> Result<Vec<Tenant>> {
        let root = self.layout.root();
        let step = || format!("read folder `{}`", root.display());
        if !root.exists() {
            return Ok(Vec::new());
        }
        let mut tenants = Vec::new();
        for folder in std::fs::read_dir(root).map_err(|error| io(step(), error))? {
            let name = folder.map_err(|error| io(step(), error))?.file_name();
            match name.to_string_lossy().parse() {
                Ok(tenant) => tenants.push(tenant),
                // Such as `lost+found`, where a disk of its own is mounted here.
                Err(error) => tracing::warn!("{}: {} is no tenant's: {error}", step(), name.display()),
            }
        }
        Ok(tenants)
    }

    fn opened(&self) -> Vec<Tenant> {
        let mut opened: Vec<Tenant> =
            self.tenants.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect();
        opened.sort_unstable();
        opened
    }

    async fn open(&self, tenant: &Tenant) -> Result<Position> {
        let _opening = self.opening.lock().await;
        if self.tenant(tenant).is_err() {
            let opened = Arc::new(self.open_tenant(tenant).await?);
            self.tenants.write().unwrap_or_else(PoisonError::into_inner).insert(tenant.clone(), opened);
        }
        let lake = self.tenant(tenant)?;
        Ok(lake.table(TableName::Readings)?.snapshot().landed)
    }

    async fn land(&self, tenant: &Tenant, at_least: usize) -> Result<Landed> {
        let writing = Writing::new(self.tenant(tenant)?);
        let lake = &writing.lake;
        let _writing = lake.writing.lock().await;
        if lake.working().state.chunks.weight() < at_least {
            return Ok(Landed::default());
        }
        let landing = async {
            lake.refresh().await?;
            lake.forget_landed(0)?;
            lake.working().landing();
            let view = lake.view();
            if view.state.chunks.is_empty() {
                return Ok(Landed { through: lake.landed(), ..Landed::default() });
            }
            let landed = land::land(&writing, &view, (self.clock)(), self.small_rows).await?;
            // Where no reading came the table of readings has no commit that would tell how far it is.
            lake.forget_landed(view.state.position)?;
            Ok(Landed { through: lake.landed(), ..landed })
        };
        self.in_time("land", &writing, landing).await
    }

    async fn compact(&self, tenant: &Tenant) -> Result<Landed> {
        let writing = Writing::new(self.tenant(tenant)?);
        let _compacting = writing.lake.compacting.lock().await;
        let compaction = compact::compact(&writing, (self.clock)());
        self.in_time("compact the tables", &writing, compaction).await
    }

    async fn vacuum(&self, tenant: &Tenant) -> Result<usize> {
        let lake = self.tenant(tenant)?;
        let _compacting = lake.compacting.lock().await;
        let _writing = lake.writing.lock().await;
        let mut deleted = 0;
        for table in lake.tables.values() {
            let files = table.vacuum(self.keep_h, (self.clock)()).await?;
            files.iter().for_each(|file| self.held.forget(&table.snapshot().folder, file));
            deleted += files.len();
        }
        lake.forget_landed(0)?;
        Ok(deleted)
    }
}
