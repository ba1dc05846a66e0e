//! One Delta table: its files with what is known about each, and commits that carry the journal's position.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use delta_kernel::table_features::TableFeature;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake::kernel::{Action, Add, LogicalFileView, MetadataExt, Protocol, Transaction};
use deltalake::logstore::object_store::ObjectStoreExt;
use deltalake::logstore::{LogStoreRef, ObjectStoreRef};
use deltalake::operations::vacuum::VacuumMode;
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::table::state::DeltaTableState;
use deltalake::{DeltaTable, DeltaTableBuilder, DeltaTableError, ObjectStoreError, ensure_table_uri};
use futures::StreamExt;
use metrify_application::record::Position;
use metrify_application::{Error, Kind, Result, io};
use metrify_domain::{Channel, Period, Timestamp};

use crate::checkpoint;
use crate::deleted::Deleted;
use crate::names::Names;
use crate::order::month_of;
use crate::schema::TableName;
use crate::write::internal;

/// Under this name the journal's position stands in the table's transactions.
const APPLICATION: &str = "metrify-journal";

/// Smallest and largest value of a column in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range<T> {
    pub low: T,
    pub high: T,
}

impl<T: PartialOrd> Range<T> {
    /// Whether the two ranges have a value in common.
    pub fn meets(&self, other: &Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }
}

/// A data file and what its statistics tell. A range that is absent excludes nothing.
#[derive(Clone, Debug)]
pub struct FileFacts {
    /// Relative to the table.
    pub path: String,
    pub bytes: u64,
    /// All that are in it.
    pub rows: u64,
    /// Those of them that hold no longer.
    pub deleted: Option<Arc<Deleted>>,
    pub month: Option<String>,
    pub points: Option<Range<String>>,
    pub quantities: Option<Range<String>>,
    pub starts: Option<Range<Timestamp>>,
    pub documents: Option<Range<String>>,
    pub deliveries: Option<Range<String>>,
}

impl FileFacts {
    /// How many rows of it hold.
    #[must_use]
    pub fn rows_left(&self) -> u64 {
        self.rows.saturating_sub(self.deleted.as_ref().map_or(0, |deleted| deleted.count()))
    }

    /// Whether a channel and a period lie within what its statistics tell.
    pub(crate) fn may_hold(&self, channel: &Channel, period: Period) -> bool {
        let (point, start) = (channel.point.as_str(), period.start());
        let starts = match &self.starts {
            Some(starts) => starts.low <= start && start <= starts.high,
            None => self.month.as_ref().is_none_or(|month| *month == month_of(start)),
        };
        starts
            && self.points.as_ref().is_none_or(|points| points.low.as_str() <= point && point <= points.high.as_str())
    }

    pub(crate) fn is_deleted(&self, row: usize) -> bool {
        self.deleted.as_ref().is_some_and(|deleted| deleted.contains(row as u64))
    }

    /// The file with those of its rows that hold: where others are deleted it is another one.
    pub(crate) fn identity(&self) -> (&str, Option<(&str, Option<i32>)>) {
        let deleted = self.deleted.as_ref().map(|deleted| deleted.written());
        // Others write several into one file.
        (&self.path, deleted.map(|written| (written.path_or_inline_dv.as_str(), written.offset)))
    }
}

/// A table as it was at one version.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub table: TableName,
    /// The folder of the table.
    pub folder: PathBuf,
    pub version: u64,
    pub files: Vec<FileFacts>,
    /// Everything in the journal up to here is in the files.
    pub landed: Position,
    store: ObjectStoreRef,
    state: DeltaTableState,
}

impl Snapshot {
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.files.iter().map(FileFacts::rows_left).sum()
    }

    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// The store whose root is the table's folder.
    #[must_use]
    pub fn store(&self) -> ObjectStoreRef {
        self.store.clone()
    }
}

/// What one commit changes.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) added: Vec<Add>,
    pub(crate) removed: Vec<FileFacts>,
    /// Files of which more rows are deleted than were before.
    pub(crate) marked: Vec<(FileFacts, Deleted)>,
    /// The journal's position that is reached; `None` where rows only move.
    pub(crate) landed: Option<Position>,
    pub(crate) written_at: Timestamp,
}

pub(crate) struct Table {
    name: TableName,
    folder: PathBuf,
    log: LogStoreRef,
    current: RwLock<Arc<Snapshot>>,
    names: Names,
}

pub(crate) fn store_error(step: String, error: ObjectStoreError) -> Error {
    Error::new(Kind::Unavailable, step).because(error).hint("check that the disk has space and can be written")
}

pub(crate) fn delta_error(step: String, error: DeltaTableError) -> Error {
    Error::new(Kind::Unavailable, step).because(error).hint("check that the disk has space and can be written")
}

impl Table {
    /// Opens the table in `folder`, or makes it.
    pub(crate) async fn open(name: TableName, folder: &Path) -> Result<Self> {
        let step = || format!("open table `{}`", folder.display());
        std::fs::create_dir_all(folder).map_err(|error| io(step(), error))?;
        let mut table = open(folder).map_err(|error| delta_error(step(), error))?;
        if table.verify_deltatable_existence().await.map_err(|error| delta_error(step(), error))? {
            if let Err(error) = table.load().await {
                let read = checkpoint::read_without_newest(folder).await?;
                table = read.ok_or_else(|| delta_error(step(), error))?;
            }
        } else {
            table = create(name, &table).await.map_err(|error| delta_error(step(), error))?;
            // The table's own folder, its tenant's, and the lake's.
            folder.ancestors().take(3).try_for_each(sync_folder)?;
        }
        let log = table.log_store();
        let state = table.snapshot().map_err(|error| delta_error(step(), error))?.clone();
        // A process that was killed may have left it in the cache alone, and what it says is taken for durable from here on.
        let newest = folder.join(log_file(state.version()));
        if newest.exists() {
            sync_file(&newest)?;
        }
        let snapshot = snapshot(name, folder, &log, state, &[]).await?;
        let names = Names::after(snapshot.files.iter().map(|file| file.path.as_str()));
        Ok(Self { name, folder: folder.to_owned(), log, current: RwLock::new(Arc::new(snapshot)), names })
    }

    /// A name for a data file that is written `now`.
    pub(crate) fn unique(&self, now: Timestamp) -> uuid::Uuid {
        self.names.next(now)
    }

    /// Looks at the log again where it has gone on: another program wrote to the table, or a commit of ours got through although
    /// its answer did not.
    pub(crate) async fn refresh(&self) -> Result<()> {
        if !self.has_newer_version() {
            return Ok(());
        }
        let step = format!("read the log of table `{}` again", self.name.name());
        let (table, known) = (self.load(&step).await?, self.snapshot().version);
        let newest = table.snapshot().map_err(|error| delta_error(step.clone(), error))?.version();
        // What is seen now is taken for durable from here on, whoever wrote it. A version that is gone stands in a checkpoint.
        let versions = (known + 1..=newest).map(|version| self.folder.join(log_file(version)));
        for version in versions.filter(|version| version.exists()) {
            sync_file(&version)?;
        }
        self.show(&table, &step).await
    }

    /// The newest version.
    async fn load(&self, step: &str) -> Result<DeltaTable> {
        let mut table = open(&self.folder).map_err(|error| delta_error(step.to_owned(), error))?;
        table.load().await.map_err(|error| delta_error(step.to_owned(), error))?;
        Ok(table)
    }

    async fn show(&self, table: &DeltaTable, step: &str) -> Result<()> {
        let state = table.snapshot().map_err(|error| delta_error(step.to_owned(), error))?.clone();
        self.set(snapshot(self.name, &self.folder, &self.log, state, &self.snapshot().files).await?);
        Ok(())
    }

    fn set(&self, snapshot: Snapshot) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn store(&self) -> ObjectStoreRef {
        self.log.object_store(None)
    }

    /// Whether the log has a version after the one that is known here.
    fn has_newer_version(&self) -> bool {
        self.folder.join(log_file(self.snapshot().version + 1)).exists()
    }

    /// Writes a file and syncs it.
    pub(crate) async fn put(&self, file: &str, bytes: Vec<u8>) -> Result<()> {
        let step = || format!("write file `{file}` of table `{}`", self.name.name());
        let path = deltalake::Path::parse(file).map_err(|error| internal(&step(), error))?;
        self.store().put(&path, bytes.into()).await.map_err(|error| store_error(step(), error))?;
        sync_file(&self.folder.join(file))
    }

    /// Deletes a file; tells whether it was there.
    pub(crate) async fn delete_file(&self, file: &str) -> Result<bool> {
        let step = || format!("delete file `{file}` of table `{}`", self.name.name());
        let path = deltalake::Path::parse(file).map_err(|error| internal(&step(), error))?;
        match self.store().delete(&path).await {
            Ok(()) => Ok(true),
            Err(ObjectStoreError::NotFound { .. }) => Ok(false),
            Err(error) => Err(store_error(step(), error)),
        }
    }

    /// Deletes data files that no version needs which is younger than `keep_h` hours, and those that no commit ever named.
    /// Tells which.
    pub(crate) async fn vacuum(&self, keep_h: u32, now: Timestamp) -> Result<Vec<String>> {
        let step = format!("vacuum table `{}`", self.name.name());
        let table = self.load(&step).await?;
        let replaced = self.replaced_last(&table, &step).await?;
        let vacuum = table
            .vacuum()
            .with_mode(VacuumMode::Full)
            .with_dry_run(true)
            .with_retention_period(chrono::Duration::hours(i64::from(keep_h)))
            // How long versions are kept is a setting of ours.
            .with_enforce_retention_duration(false);
        let (table, found) = vacuum.await.map_err(|error| delta_error(step.clone(), error))?;
        // A file of which rows were deleted one after the other was replaced by itself each time: the last time counts.
        let kept_since_ms = now.micros() / 1_000 - i64::from(keep_h) * 3_600_000;
        let is_over = |file: &&String| replaced.get(*file).is_none_or(|replaced_ms| *replaced_ms <= kept_since_ms);
        let mut deleted = Vec::new();
        for file in found.files_deleted.iter().filter(is_over) {
            if self.delete_file(file).await? {
                deleted.push(file.clone());
            }
        }
        self.show(&table, &step).await?;
        Ok(deleted)
    }

    /// When each file that is no longer in the table was replaced last, in milliseconds.
    async fn replaced_last(&self, table: &DeltaTable, step: &str) -> Result<HashMap<String, i64>> {
        let failed = |error| delta_error(step.to_owned(), error);
        let state = table.snapshot().map_err(failed)?;
        let mut tombstones = state.all_tombstones(self.log.as_ref());
        let mut replaced = HashMap::new();
        while let Some(tombstone) = tombstones.next().await {
            let tombstone = tombstone.map_err(failed)?;
            let at_ms = replaced.entry(tombstone.path().into_owned()).or_insert(i64::MIN);
            *at_ms = (*at_ms).max(tombstone.deletion_timestamp().unwrap_or(i64::MIN));
        }
        Ok(replaced)
    }

    /// Commits a change and syncs it; the snapshot after it is the table's new one.
    pub(crate) async fn commit(&self, change: Change) -> Result<()> {
        let step = || format!("commit to table `{}`", self.name.name());
        let before = self.snapshot();
        let allowed =
            if change.marked.is_empty() { Vec::new() } else { deletion_vectors_allowed(&before.state, &step())? };
        for added in &change.added {
            sync_file(&self.folder.join(&added.path))?;
        }
        if self.name.is_parted_by_month() && !change.added.is_empty() {
            // A month that is new is an entry of the table's folder.
            sync_folder(&self.folder)?;
        }
        let replaced = change.removed.iter().chain(change.marked.iter().map(|(file, _)| file));
        let removed: Vec<Action> = replaced.map(|file| Action::Remove(remove(file, change.written_at))).collect();
        let marked = marked(&before.state, change.marked);
        let added = change.added.into_iter().chain(marked).map(Action::Add);
        // Checkpoints are made here, and synced before anything is deleted on the strength of them.
        let mut properties =
            CommitProperties::default().with_create_checkpoint(false).with_cleanup_expired_logs(Some(false));
        if let Some(landed) = change.landed {
            properties = properties.with_application_transaction(Transaction::new(APPLICATION, landed.cast_signed()));
        }
        let parted = self.name.is_parted_by_month().then(|| vec!["month".to_owned()]);
        let operation = DeltaOperation::Write { mode: SaveMode::Append, partition_by: parted, predicate: None };
        let commit = CommitBuilder::from(properties)
            .with_actions(allowed.into_iter().chain(removed).chain(added).collect())
            .build(Some(&before.state), self.log.clone(), operation);
        let committed = commit.await.map_err(|error| delta_error(step(), error))?;
        sync_file(&self.folder.join(log_file(committed.version())))?;
        self.set(snapshot(self.name, &self.folder, &self.log, committed.snapshot(), &before.files).await?);
        if checkpoint::is_due(committed.version())
            && let Err(error) = self.make_checkpoint().await
        {
            // What was committed is there; the log takes longer to read until the next one.
            tracing::warn!("{}", error.chain());
        }
        Ok(())
    }

    async fn make_checkpoint(&self) -> Result<()> {
        let table = self.load(&format!("read table `{}` for a checkpoint", self.name.name())).await?;
        checkpoint::make(&table, &self.folder).await
    }
}

pub(crate) fn open(folder: &Path) -> Result<DeltaTable, DeltaTableError> {
    DeltaTableBuilder::from_url(ensure_table_uri(folder.to_string_lossy())?)?.build()
}

async fn create(name: TableName, table: &DeltaTable) -> Result<DeltaTable, DeltaTableError> {
    let schema: deltalake::StructType = {
        use deltalake::kernel::engine::arrow_conversion::TryIntoKernel;
        name.schema().as_ref().try_into_kernel()?
    };
    let month = deltalake::StructField::new("month", deltalake::DataType::STRING, false);
    let parted = name.is_parted_by_month();
    let columns = schema.fields().cloned().chain(parted.then_some(month));
    let create = table.create().with_table_name(name.name()).with_columns(columns);
    let create = if parted { create.with_partition_columns(["month"]) } else { create };
    create.with_save_mode(SaveMode::Ignore).await
}

/// What tells, from the first time on that rows of a file are deleted, that whoever reads the table has to know of such.
fn deletion_vectors_allowed(state: &DeltaTableState, step: &str) -> Result<Vec<Action>> {
    const ALLOWED: &str = "delta.enableDeletionVectors";
    if state.metadata().configuration().get(ALLOWED).is_some_and(|allowed| allowed == "true") {
        return Ok(Vec::new());
    }
    let protocol = state.protocol();
    let with = |features: Option<&[TableFeature]>| {
        let features: BTreeSet<String> = features.unwrap_or_default().iter().map(ToString::to_string).collect();
        features.into_iter().chain([TableFeature::DeletionVectors.to_string()]).collect::<BTreeSet<_>>()
    };
    // Older versions stand for features that none of our tables uses: the list names those that are.
    let protocol: Protocol = serde_json::from_value(serde_json::json!({
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": with(protocol.reader_features()),
        "writerFeatures": with(protocol.writer_features()),
    }))
    .map_err(|error| internal(step, error))?;
    let metadata = state.metadata().clone().add_config_key(ALLOWED.to_owned(), "true".to_owned());
    let metadata = metadata.map_err(|error| internal(step, error))?;
    Ok(vec![Action::Protocol(protocol), Action::Metadata(metadata)])
}

/// The files as the log has them, with what is deleted of them by now.
fn marked(state: &DeltaTableState, marked: Vec<(FileFacts, Deleted)>) -> Vec<Add> {
    let mut marked: HashMap<String, Deleted> = marked.into_iter().map(|(file, deleted)| (file.path, deleted)).collect();
    let files = state.log_data();
    let files = files.iter().filter_map(|file| Some((marked.remove(&*file.path())?, file)));
    files
        .map(|(deleted, file)| Add {
            path: file.path().into_owned(),
            partition_values: file.partition_values_map(),
            size: file.size(),
            modification_time: file.modification_time(),
            data_change: true,
            stats: file.stats(),
            deletion_vector: Some(deleted.written().clone()),
            ..Add::default()
        })
        .collect()
}

fn remove(file: &FileFacts, at: Timestamp) -> deltalake::kernel::Remove {
    deltalake::kernel::Remove {
        path: file.path.clone(),
        data_change: true,
        deletion_timestamp: Some(at.micros() / 1_000),
        extended_file_metadata: Some(true),
        partition_values: Some(file.month.iter().map(|month| ("month".to_owned(), Some(month.clone()))).collect()),
        size: Some(file.bytes.cast_signed()),
        deletion_vector: file.deleted.as_ref().map(|deleted| deleted.written().clone()),
        ..Default::default()
    }
}

/// The table at a version; of `former` it takes what is read of files besides the log.
async fn snapshot(
    name: TableName,
    folder: &Path,
    log: &LogStoreRef,
    state: DeltaTableState,
    former: &[FileFacts],
) -> Result<Snapshot> {
    let step = || format!("read the log of table `{}`", name.name());
    let landed = state.transaction_version(log.as_ref(), APPLICATION).await;
    let landed = landed.map_err(|error| delta_error(step(), error))?.unwrap_or_default();
    let former = former.iter().filter_map(|file| file.deleted.clone());
    let former: HashMap<String, Arc<Deleted>> =
        former.map(|deleted| (deleted.written().path_or_inline_dv.clone(), deleted)).collect();
    let files = state.log_data().iter().map(|view| facts(&view, log, &former)).collect::<Result<Vec<_>>>()?;
    Ok(Snapshot {
        table: name,
        folder: folder.to_owned(),
        version: state.version(),
        files,
        landed: landed.cast_unsigned(),
        store: log.object_store(None),
        state,
    })
}

fn facts(file: &LogicalFileView, log: &LogStoreRef, former: &HashMap<String, Arc<Deleted>>) -> Result<FileFacts> {
    let path = file.path().into_owned();
    let stats = file.stats().unwrap_or_else(|| "{}".to_owned());
    let stats: serde_json::Value = serde_json::from_str(&stats).map_err(|error| {
        Error::new(Kind::Corrupt, format!("read the statistics of data file `{path}`")).because(error)
    })?;
    let texts = |column: &str| {
        let bound = |side: &str| stats[side][column].as_str().map(str::to_owned);
        Some(Range { low: bound("minValues")?, high: bound("maxValues")? })
    };
    let starts = texts("period_start").and_then(|range| {
        let bound = |text: &str| chrono::DateTime::parse_from_rfc3339(text).ok().map(|at| at.timestamp_micros());
        // Statistics in milliseconds may have been cut at the upper end by whoever wrote them.
        let high = Timestamp::from_micros(bound(&range.high)?.saturating_add(999));
        Some(Range { low: Timestamp::from_micros(bound(&range.low)?), high })
    });
    let deleted = match file.deletion_vector_descriptor() {
        None => None,
        Some(written) => match former.get(&written.path_or_inline_dv).filter(|former| *former.written() == written) {
            Some(former) => Some(former.clone()),
            None => Some(Arc::new(Deleted::read(written, log)?)),
        },
    };
    Ok(FileFacts {
        deleted,
        bytes: file.size().unsigned_abs(),
        rows: stats["numRecords"].as_u64().unwrap_or_default(),
        month: file.partition_values_map().remove("month").flatten(),
        points: texts("point"),
        quantities: texts("quantity"),
        starts,
        documents: texts("document"),
        deliveries: texts("delivery"),
        path,
    })
}

/// Where the log keeps a version, from the table's folder.
fn log_file(version: u64) -> String {
    format!("_delta_log/{version:020}.json")
}

/// Bytes that a power cut must not take: the journal's room is given back once they are here.
pub(crate) fn sync_file(path: &Path) -> Result<()> {
    let synced = std::fs::File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|error| io(format!("sync `{}`", path.display()), error))?;
    path.parent().map_or(Ok(()), sync_folder)
}

fn sync_folder(folder: &Path) -> Result<()> {
    let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| io(format!("sync folder `{}`", folder.display()), error))
}
