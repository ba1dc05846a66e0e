//! What is known and not in the lake yet: entries of the journal with marks of what holds no longer.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use arrow::array::RecordBatch;
use foldhash::fast::RandomState;
use metrify_application::Result;
use metrify_application::ports::{Key, Known};
use metrify_application::record::{
    Accepted, Answered, Fingerprint, PointStatus, Position, Sequence, Standing, Version, Withdrawn, recorded_at,
};
use metrify_domain::{Batch, Point, Reading, Row, Timestamp};

use crate::chunks::Chunks;
use crate::index::{Generation, Index, RowPlace};
use crate::keys::KeySet;
use crate::latest::Latest;
use crate::points::Points;
use crate::records;
use crate::rows::{readings_batch, versions_batch};
use crate::schema::TableName;
use crate::table::Snapshot;

/// An entry of the journal. Its rows are those of its batch, then what it restored.
#[derive(Clone)]
pub(crate) struct Chunk {
    pub(crate) position: Position,
    pub(crate) entry: Arc<Accepted>,
    /// Rows that hold no longer, and the position of the entry that ended them.
    pub(crate) ended: Arc<HashMap<u32, Position>>,
    columns: Arc<OnceLock<RecordBatch>>,
    /// The rows of each point, once somebody asks for those of one: there may be thousands of entries to look into.
    rows_of: Arc<OnceLock<RowsOf>>,
}

/// By point, the restored ones behind the batch's own.
type RowsOf = HashMap<Point, Vec<u32>, RandomState>;

impl Chunk {
    pub(crate) fn rows(&self) -> usize {
        self.entry.batch.rows().len() + self.entry.restored.len()
    }

    pub(crate) fn key(&self, row: u32) -> Key {
        let (batch, row) = (&self.entry.batch, row as usize);
        match batch.rows().get(row) {
            Some(row) => Key { channel: batch.channel(row).clone(), period: row.period },
            None => {
                let version = &self.entry.restored[row - batch.rows().len()];
                version.key()
            }
        }
    }

    /// Whether any of its rows came with one of these messages.
    pub(crate) fn came_with_any(&self, documents: &HashSet<String>) -> bool {
        let own = self.entry.batch.documents().iter().map(|document| &document.reference);
        let mut all = own.chain(self.entry.restored.iter().map(|version| &version.document));
        all.any(|document| documents.contains(document))
    }

    /// Whether a row came with a message, which may be taken back.
    fn is_of_message(&self, row: u32) -> bool {
        let (batch, row) = (&self.entry.batch, row as usize);
        let document = match batch.rows().get(row) {
            Some(row) => &batch.document(row).reference,
            None => &self.entry.restored[row - batch.rows().len()].document,
        };
        !document.is_empty()
    }

    /// Whether a row of a batch says what a row here does.
    fn says(&self, held: u32, batch: &Batch, row: &Row) -> bool {
        let (own, held) = (&self.entry.batch, held as usize);
        let (kind, value, quality, unit) = match own.rows().get(held) {
            Some(held) => (held.kind, held.value, held.quality, own.unit(held)),
            None => {
                let Reading { kind, value, quality, unit, .. } = self.entry.restored[held - own.rows().len()].reading;
                (kind, value, quality, unit)
            }
        };
        (kind, value, quality, unit) == (row.kind, row.value, row.quality, batch.unit(row))
    }

    /// Where the row's period starts.
    pub(crate) fn start(&self, row: u32) -> Timestamp {
        let (batch, row) = (&self.entry.batch, row as usize);
        match batch.rows().get(row) {
            Some(row) => row.period.start(),
            None => self.entry.restored[row - batch.rows().len()].reading.period.start(),
        }
    }

    pub(crate) fn version(&self, row: u32) -> Version {
        let (batch, index) = (&self.entry.batch, row as usize);
        let Some(row) = batch.rows().get(index) else {
            return self.entry.restored[index - batch.rows().len()].clone();
        };
        let document = batch.document(row);
        Version {
            channel: batch.channel(row).clone(),
            reading: batch.reading(row),
            recorded_at: recorded_at(document, self.entry.received_at),
            delivery: self.entry.delivery.clone(),
            document: document.reference.clone(),
            sequence: Sequence::new(self.position, index),
        }
    }

    /// The chosen rows as columns; the numbers are those of the chunk.
    pub(crate) fn columns_of(&self, rows: impl Iterator<Item = u32> + Clone) -> Result<Vec<RecordBatch>> {
        let own = self.entry.batch.rows().len();
        let read = rows.clone().map(|row| row as usize).filter(|row| *row < own);
        let restored =
            rows.map(|row| row as usize).filter(|row| *row >= own).map(|row| &self.entry.restored[row - own]);
        let batches = [readings_batch(&self.entry, self.position, read)?, versions_batch(restored, true)?];
        Ok(batches.into_iter().filter(|batch| batch.num_rows() > 0).collect())
    }

    /// Those of a point, whether they hold or not.
    pub(crate) fn rows_of(&self, point: &Point) -> &[u32] {
        self.rows_of.get_or_init(|| by_point(&self.entry)).get(point).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn holding(&self) -> impl Iterator<Item = u32> + Clone + '_ {
        (0..self.rows() as u32).filter(|row| !self.ended.contains_key(row))
    }

    /// All rows of the batch as columns, made once.
    fn columns(&self) -> Result<RecordBatch> {
        if let Some(columns) = self.columns.get() {
            return Ok(columns.clone());
        }
        let made = readings_batch(&self.entry, self.position, 0..self.entry.batch.rows().len())?;
        Ok(self.columns.get_or_init(|| made).clone())
    }
}

fn by_point(entry: &Accepted) -> RowsOf {
    let batch = &entry.batch;
    let mut by_channel = vec![Vec::new(); batch.channels().len()];
    for (place, row) in batch.rows().iter().enumerate() {
        by_channel[row.channel as usize].push(place as u32);
    }
    let mut rows = RowsOf::default();
    for (channel, own) in batch.channels().iter().zip(by_channel) {
        rows.entry(channel.point.clone()).or_default().extend(own);
    }
    for (place, version) in entry.restored.iter().enumerate() {
        rows.entry(version.channel.point.clone()).or_default().push((batch.rows().len() + place) as u32);
    }
    rows
}

/// Keys, each with the position that ended what held of it. Each row of a resend is looked for in it.
type Removed = HashMap<Key, Position, RandomState>;

/// Everything between the lake and now, cheap to copy.
#[derive(Clone, Default)]
pub(crate) struct State {
    pub(crate) chunks: Chunks,
    /// What holds in the lake but no longer in truth, by the position that ended it; the newest layer last.
    removed: Vec<Arc<Removed>>,
    /// The keys of all of them, once somebody asks.
    removed_keys: OnceLock<Arc<KeySet>>,
    pub(crate) position: Position,
}

/// Layers of removed keys are merged beyond this number.
const LAYERS_MAX: usize = 16;

impl State {
    fn end(&mut self, row: RowPlace, by: Position) {
        if let Some(chunk) = self.chunks.at_mut(row.position) {
            Arc::make_mut(&mut chunk.ended).entry(row.row).or_insert(by);
        }
    }

    pub(crate) fn is_removed(&self, key: &Key) -> bool {
        self.removed.iter().any(|layer| layer.contains_key(key))
    }

    /// The removed keys alone.
    pub(crate) fn removals(&self) -> Self {
        Self { removed: self.removed.clone(), ..Self::default() }
    }

    pub(crate) fn removed(&self) -> impl Iterator<Item = (&Key, Position)> {
        self.removed.iter().flat_map(|layer| layer.iter().map(|(key, by)| (key, *by)))
    }

    fn remove(&mut self, keys: Removed) {
        if keys.is_empty() {
            return;
        }
        self.removed.push(Arc::new(keys));
        self.removed_keys = OnceLock::new();
        if self.removed.len() > LAYERS_MAX {
            let merged: Removed = self.removed().map(|(key, by)| (key.clone(), by)).collect();
            self.removed = vec![Arc::new(merged)];
        }
    }

    /// What is left once everything up to `landed` is in the lake.
    pub(crate) fn without(&self, landed: Position) -> Self {
        let mut removed: Removed =
            self.removed().filter(|(_, by)| *by > landed).map(|(key, by)| (key.clone(), by)).collect();
        // Rows that landed as holding, and were ended while they were on their way.
        for chunk in self.chunks.iter().filter(|chunk| chunk.position <= landed) {
            let later = chunk.ended.iter().filter(|(_, by)| **by > landed);
            removed.extend(later.map(|(row, by)| (chunk.key(*row), *by)));
        }
        let chunks = self.chunks.iter().filter(|chunk| chunk.position > landed).cloned().collect();
        let mut state = Self { chunks, position: self.position, ..Self::default() };
        state.remove(removed);
        state
    }
}

/// How to take one change back.
enum Undo {
    /// A row that an index leads to no longer.
    Ended(Key, RowPlace),
    Point(Point, Option<PointStatus>),
    Delivery(Fingerprint),
    Withdrawn(String),
    Retracted(Sequence),
    Request(Fingerprint),
}

/// The state that the next entry is applied to, with what is needed to settle it.
#[derive(Default)]
pub(crate) struct Working {
    pub(crate) state: State,
    index: Index,
    latest: Latest,
    pub(crate) points: Points,
    /// When those were first received that are not in the lake yet, by their digests, with the entries that finished them.
    pub(crate) deliveries: HashMap<Fingerprint, (Timestamp, Position), RandomState>,
    /// Those that were answered and are not in the lake yet, by each of their names, with the entries that tell how.
    requests: HashMap<Fingerprint, Position, RandomState>,
    pub(crate) withdrawn: Arc<Withdrawn>,
    /// Nothing was received later, nor landed.
    pub(crate) last_received_at: Timestamp,
    undo: Vec<Undo>,
}

impl Working {
    pub(crate) fn apply(&mut self, position: Position, entry: &Arc<Accepted>) {
        let (columns, rows_of) = (Arc::default(), Arc::default());
        let chunk = Chunk { position, entry: entry.clone(), ended: Arc::default(), columns, rows_of };
        self.state.chunks.push(chunk);
        self.state.position = position;
        self.last_received_at = self.last_received_at.max(entry.received_at);
        let mut removed = HashMap::default();
        // What a message takes back acts before what it says.
        for (channel, period) in &entry.ended {
            self.end(&Key { channel: channel.clone(), period: *period }, position, &mut removed);
        }
        let own = entry.batch.rows().len();
        for (place, version) in entry.restored.iter().enumerate() {
            let key = version.key();
            self.end(&key, position, &mut removed);
            self.latest.reach(&key.channel, key.period.start());
            self.index.insert(&key, RowPlace { position, row: (own + place) as u32 });
        }
        for (place, (row, standing)) in entry.batch.rows().iter().zip(&entry.standings).enumerate() {
            let here = RowPlace { position, row: place as u32 };
            match standing {
                Standing::First => {}
                Standing::Correction => {
                    let key = Key { channel: entry.batch.channel(row).clone(), period: row.period };
                    self.end(&key, position, &mut removed);
                }
                Standing::Late => self.state.end(here, position),
            }
        }
        self.index.extend(position, entry);
        self.latest.extend(&entry.batch);
        self.state.remove(removed);
        self.note(position, entry);
    }

    fn end(&mut self, key: &Key, by: Position, removed: &mut Removed) {
        match self.index.remove(key) {
            Some(row) => {
                self.state.end(row, by);
                self.undo.push(Undo::Ended(key.clone(), row));
            }
            None => {
                removed.entry(key.clone()).or_insert(by);
            }
        }
    }

    fn note(&mut self, position: Position, entry: &Accepted) {
        for record in &entry.points {
            let before = self.points.insert(&record.point, record.status);
            self.undo.push(Undo::Point(record.point.clone(), before));
        }
        if let Some(record) = &entry.finished
            && let Some(digest) = record.id.digest()
            && !self.deliveries.contains_key(&digest)
        {
            self.deliveries.insert(digest, (record.received_at, position));
            self.undo.push(Undo::Delivery(digest));
        }
        let names = entry.answered.iter().flat_map(|answered| answered.key.into_iter().chain([answered.content]));
        for name in names {
            if let Entry::Vacant(vacant) = self.requests.entry(name) {
                vacant.insert(position);
                self.undo.push(Undo::Request(name));
            }
        }
        if entry.withdrawals.is_empty() && entry.retractions.is_empty() {
            return;
        }
        let withdrawn = Arc::make_mut(&mut self.withdrawn);
        let documents = entry.withdrawals.iter().map(|record| &record.document);
        let documents = documents.filter(|document| withdrawn.documents.insert((*document).clone()));
        self.undo.extend(documents.cloned().map(Undo::Withdrawn));
        let versions = entry.retractions.iter().map(|retraction| retraction.version);
        let versions = versions.filter(|version| withdrawn.versions.insert(*version));
        self.undo.extend(versions.map(Undo::Retracted));
    }

    /// How a request of this name was answered, where that is not in the lake yet.
    pub(crate) fn answered(&self, name: Fingerprint) -> Option<&Answered> {
        self.state.chunks.at(*self.requests.get(&name)?)?.entry.answered.as_ref()
    }

    pub(crate) fn published(&mut self) {
        self.undo.clear();
    }

    /// Back to what was published last. It costs what is taken back, however much waits.
    pub(crate) fn roll_back(&mut self, published: &State) {
        let applied = std::mem::replace(&mut self.state, published.clone());
        let unread = self.index.forget_unread_behind(published.position);
        for chunk in applied.chunks.iter().filter(|chunk| chunk.position > published.position) {
            let read = if unread.contains(&chunk.position) { chunk.entry.batch.rows().len() } else { 0 };
            let keys = (read as u32..chunk.rows() as u32).map(|row| chunk.key(row));
            keys.for_each(|key| self.index.remove_behind(published.position, &key));
        }
        for undo in std::mem::take(&mut self.undo).into_iter().rev() {
            match undo {
                // What landed meanwhile is no longer here.
                Undo::Ended(key, row) if self.state.chunks.at(row.position).is_some() => self.index.insert(&key, row),
                Undo::Ended(..) => {}
                Undo::Point(point, Some(status)) => drop(self.points.insert(&point, status)),
                Undo::Point(point, None) => self.points.remove(&point),
                Undo::Delivery(digest) => drop(self.deliveries.remove(&digest)),
                Undo::Withdrawn(document) => {
                    Arc::make_mut(&mut self.withdrawn).documents.remove(&document);
                }
                Undo::Request(name) => drop(self.requests.remove(&name)),
                Undo::Retracted(version) => {
                    Arc::make_mut(&mut self.withdrawn).versions.remove(&version);
                }
            }
        }
    }

    /// A landing of everything that was applied begins.
    pub(crate) fn landing(&mut self) {
        self.index.close(self.state.position);
    }

    /// What is in the lake is not here any longer. It is handed out, since to drop it takes a while.
    pub(crate) fn landed(&mut self, position: Position) -> (State, Vec<Generation>) {
        let left = self.state.without(position);
        self.deliveries.retain(|_, (_, finished)| *finished > position);
        self.requests.retain(|_, answered| *answered > position);
        (std::mem::replace(&mut self.state, left), self.index.landed(position))
    }

    /// For each row of a batch whether something that came since the tables were opened may speak of its key.
    pub(crate) fn reached(&self, batch: &Batch) -> Vec<bool> {
        self.latest.reached(batch)
    }

    /// Marks the rows of a batch of which memory knows something.
    pub(crate) fn mark(&mut self, batch: &Batch, reached: &[bool], known: &mut [Known]) {
        self.index.find(batch, reached, |index, place| {
            let chunk = self.state.chunks.at(place.position);
            let same = chunk.is_some_and(|chunk| {
                !chunk.is_of_message(place.row) && chunk.says(place.row, batch, &batch.rows()[index])
            });
            known[index] = if same { Known::Same } else { Known::Open };
        });
        // What was taken back has left history behind that no index leads to.
        if !self.withdrawn.is_empty() && self.state.chunks.iter().any(|chunk| !chunk.ended.is_empty()) {
            known.fill(Known::Open);
        }
    }

    /// The version in memory that holds for a key; `Err` where nothing holds although the lake may say so.
    pub(crate) fn holding(&mut self, key: &Key) -> std::result::Result<Option<Version>, Ended> {
        if let Some(place) = self.index.get(key) {
            return Ok(self.state.chunks.at(place.position).map(|chunk| chunk.version(place.row)));
        }
        if self.state.is_removed(key) { Err(Ended) } else { Ok(None) }
    }
}

/// The lake's row for the key holds no longer.
pub(crate) struct Ended;

/// What a tenant's data are at one moment: the lake at fixed versions and the memory before it.
#[derive(Clone)]
pub struct View {
    pub(crate) state: State,
    pub(crate) snapshots: HashMap<TableName, Arc<Snapshot>>,
}

impl View {
    /// The lake's part of a table.
    #[must_use]
    pub fn snapshot(&self, table: TableName) -> Option<&Arc<Snapshot>> {
        self.snapshots.get(&table)
    }

    /// What holds and is in memory alone.
    ///
    /// # Errors
    /// Never, but for a mistake in the schema.
    pub fn holding(&self) -> Result<Vec<RecordBatch>> {
        let mut batches = Vec::new();
        for chunk in self.state.chunks.iter().filter(|chunk| chunk.rows() > 0) {
            if chunk.ended.is_empty() && chunk.entry.restored.is_empty() {
                batches.push(chunk.columns()?);
            } else {
                batches.extend(chunk.columns_of(chunk.holding())?);
            }
        }
        Ok(batches)
    }

    /// Every version that is in memory alone, the ended ones too; versions that hold again are in the lake already.
    ///
    /// # Errors
    /// Never, but for a mistake in the schema.
    pub fn versions(&self) -> Result<Vec<RecordBatch>> {
        let landed = self.superseded_landed();
        let mut batches = Vec::new();
        for chunk in self.state.chunks.iter().filter(|chunk| !chunk.entry.batch.rows().is_empty()) {
            let own = chunk.entry.batch.rows().len() as u32;
            if chunk.ended.values().all(|by| *by > landed) {
                batches.push(chunk.columns()?);
            } else {
                let here = |row: &u32| chunk.ended.get(row).is_none_or(|by| *by > landed);
                batches.extend(chunk.columns_of((0..own).filter(here))?);
            }
        }
        Ok(batches)
    }

    /// Keys whose row in the lake's table of what holds does so no longer.
    #[must_use]
    pub fn removed(&self) -> Arc<KeySet> {
        let keys = || Arc::new(KeySet::of(self.state.removed().map(|(key, _)| key)));
        self.state.removed_keys.get_or_init(keys).clone()
    }

    /// Keys of which memory knows that there are several versions; of others there are where the lake has superseded ones.
    #[must_use]
    pub fn contested(&self) -> KeySet {
        let ended = self.state.chunks.iter().flat_map(|chunk| chunk.ended.keys().map(|row| chunk.key(*row)));
        let mut keys = self.removed().as_ref().clone();
        ended.for_each(|key| keys.insert(&key));
        keys
    }

    /// Keys whose row lies among the superseded already, although it still lies among what holds, too: a landing was cut
    /// short between the two.
    #[must_use]
    pub fn moved(&self) -> KeySet {
        let landed = self.superseded_landed();
        KeySet::of(self.state.removed().filter(|(_, by)| *by <= landed).map(|(key, _)| key))
    }

    fn superseded_landed(&self) -> Position {
        self.snapshot(TableName::Superseded).map_or(0, |snapshot| snapshot.landed)
    }

    /// The part of a table other than readings that is in memory alone.
    ///
    /// # Errors
    /// Never, but for a mistake in the schema.
    pub fn records(&self, table: TableName) -> Result<Option<RecordBatch>> {
        let landed = self.snapshot(table).map_or(0, |snapshot| snapshot.landed);
        let entries = self.state.chunks.iter().filter(|chunk| chunk.position > landed);
        records::columns(table, entries.map(|chunk| chunk.entry.as_ref()))
    }
}
