//! What the use cases need of the world: a journal that makes durable, a store that remembers, an engine that answers SQL.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use metrify_domain::{Batch, Channel, Finding, Period, Point, Tenant, Timestamp};
use metrify_formats::{Decoded, Format, Options};

use crate::audit::{Audited, Entry, Way};
use crate::error::Result;
use crate::identity::{Bearer, Pass};
use crate::ingest::{Content, Hints};
pub use crate::page::{Cell, Page, Row, Rows, csv_line};
use crate::read::Series;
use crate::record::{
    Accepted, Answered, DeliveryId, Fingerprint, PointStatus, Position, RecordRow, Reject, Version, Withdrawn,
};
use crate::registry::{Edition, Event, KeyRecord, Thing, ThingKind, Wanted};

/// The ingest log. What it took is on disk, or acknowledged by every replica that counts.
pub trait Journal: Send + Sync {
    /// The position that the next entry will have.
    fn next(&self) -> Position;

    /// How often entries were written and synced since the journal was opened: once for a group of them.
    fn syncs(&self) -> u64;

    /// Writes and syncs all entries or none of them; the first gets the position [`Self::next`] told.
    ///
    /// # Errors
    /// Where they could not be written and synced. The journal is then as it was before.
    fn append(&self, entries: &[(Tenant, Arc<Accepted>)]) -> Result<()>;

    /// Hands every entry after `position` to `each`, in order.
    ///
    /// # Errors
    /// Where an entry other than an unfinished last one cannot be read, or `each` fails.
    fn replay(&self, position: Position, each: &mut dyn FnMut(Position, Tenant, Accepted) -> Result<()>) -> Result<()>;

    /// Entries up to `position` are in the lake; their room may be used again.
    ///
    /// # Errors
    /// Where a segment could not be deleted.
    fn release(&self, position: Position) -> Result<()>;
}

/// Channel and period: what has versions.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key {
    pub channel: Channel,
    pub period: Period,
}

impl Version {
    #[must_use]
    pub fn key(&self) -> Key {
        Key { channel: self.channel.clone(), period: self.reading.period }
    }
}

/// What is known of a row's channel and period.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Known {
    /// Nothing, for certain.
    Nothing,
    /// What holds says the same, for certain: value, unit, quality and kind; and it came with no message, which could be taken back.
    Same,
    /// Something else, or it was not looked at.
    Open,
}

/// What a tenant's readings are known to be, in memory and in the lake together.
#[async_trait]
pub trait Versions: Send + Sync {
    /// What is known of each row of a batch, as far as it can be told in bulk.
    async fn known(&self, tenant: &Tenant, batch: &Batch) -> Result<Vec<Known>>;

    /// The version that holds for each of the keys; a key of which nothing holds is absent.
    async fn current(&self, tenant: &Tenant, keys: &[Key]) -> Result<HashMap<Key, Version>>;

    /// All other versions of the keys, the taken back ones too.
    async fn former(&self, tenant: &Tenant, keys: &[Key]) -> Result<HashMap<Key, Vec<Version>>>;

    /// What came with one of these messages, whether it holds or not.
    async fn of_documents(&self, tenant: &Tenant, documents: &HashSet<String>) -> Result<Vec<Version>>;

    /// Every version that came with a delivery, whether it holds or not.
    async fn of_delivery(&self, tenant: &Tenant, delivery: &DeliveryId) -> Result<Vec<Version>>;

    /// All that was ever taken back.
    async fn withdrawn(&self, tenant: &Tenant) -> Result<Arc<Withdrawn>>;
}

/// What is known about deliveries, points, records and rejects.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// When a delivery was first received, if it was received to its end.
    async fn delivery(&self, tenant: &Tenant, id: &DeliveryId) -> Result<Option<Timestamp>>;

    /// How each of the points stands; `None` for one that is not known.
    async fn points(&self, tenant: &Tenant, points: &[&Point]) -> Result<Vec<Option<PointStatus>>>;

    /// How a request of this name was answered, as far as it is remembered: by its key or by what it held.
    async fn answered(&self, tenant: &Tenant, name: Fingerprint) -> Result<Option<Answered>>;

    /// Which of the records are kept already.
    async fn records(&self, tenant: &Tenant, records: &[RecordRow]) -> Result<HashSet<Fingerprint>>;

    /// What of a delivery was not understood, oldest first.
    async fn rejects(&self, tenant: &Tenant, delivery: &DeliveryId) -> Result<Vec<Reject>>;

    /// What was noticed about a delivery.
    async fn findings(&self, tenant: &Tenant, delivery: &DeliveryId) -> Result<Vec<Finding>>;
}

/// Memory before the lake: what is applied is seen by [`Versions`] at once, and by SQL once it is published.
pub trait Memory: Send + Sync {
    /// Adds an entry that is about to be made durable.
    ///
    /// # Errors
    /// Where the tenant's tables are not open.
    fn apply(&self, tenant: &Tenant, position: Position, entry: &Arc<Accepted>) -> Result<()>;

    /// Shows everything applied so far to SQL.
    ///
    /// # Errors
    /// Where the tenant's tables are not open.
    fn publish(&self, tenant: &Tenant) -> Result<()>;

    /// Forgets everything applied since the last publication: it did not become durable.
    ///
    /// # Errors
    /// Where the tenant's tables are not open.
    fn roll_back(&self, tenant: &Tenant) -> Result<()>;

    /// How many rows wait in memory for the lake; rejects count as the rows that would take their room.
    fn waiting(&self, tenant: &Tenant) -> usize;

    /// The last position of all that was published.
    fn published(&self) -> Position;

    /// Nothing that is known of a tenant was received later, as far as it can be told; the beginning of 1970 where nothing is known.
    fn last_received_at(&self, tenant: &Tenant) -> Timestamp;
}

/// What a landing or a compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Landed {
    pub rows: u64,
    pub files_added: usize,
    pub files_removed: usize,
    /// The highest position of the journal that the tables tell by now.
    pub through: Position,
}

impl Landed {
    /// Counts what another one did, too.
    pub fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.files_added += other.files_added;
        self.files_removed += other.files_removed;
        self.through = self.through.max(other.through);
    }
}

/// The lake as a place to bring things to.
#[async_trait]
pub trait Landing: Send + Sync {
    /// The tenants that have tables, open or not.
    async fn tenants(&self) -> Result<Vec<Tenant>>;

    /// Those whose tables are open.
    fn opened(&self) -> Vec<Tenant>;

    /// Opens a tenant's tables, or makes them; tells up to which position of the journal they hold everything.
    async fn open(&self, tenant: &Tenant) -> Result<Position>;

    /// Brings what is published into the lake, with the journal's position in the same commit. Does nothing where fewer than
    /// `at_least` rows wait by the time that it can begin: somebody else has landed.
    async fn land(&self, tenant: &Tenant, at_least: usize) -> Result<Landed>;

    /// Makes few large files of many small ones, mostly while others land; does nothing where they are few already.
    async fn compact(&self, tenant: &Tenant) -> Result<Landed>;

    /// Deletes the files of versions that are no longer kept; tells how many.
    async fn vacuum(&self, tenant: &Tenant) -> Result<usize>;
}

/// Reads and writes deliveries in columns: Parquet and Arrow.
pub trait Columns: Send + Sync {
    /// # Errors
    /// Where its file cannot be opened; what cannot be understood is a problem among the decoded.
    fn decode(
        &self,
        format: Format,
        content: &Content,
        options: &Options,
        sink: &mut dyn FnMut(Decoded) -> ControlFlow<()>,
    ) -> Result<()>;

    /// Writes readings as a delivery that [`Self::decode`] reads back.
    ///
    /// # Errors
    /// Where the file cannot be written, or the format has no columns.
    fn encode(&self, format: ExportFormat, file: &Path, batches: &mut dyn Iterator<Item = Batch>) -> Result<()>;
}

/// A delivery whose bytes are kept, and all that has to be known to read them again.
#[derive(Clone, Debug)]
pub struct Kept {
    pub id: DeliveryId,
    /// Of the bytes, where the delivery is not named for them alone.
    pub digest: Option<Fingerprint>,
    pub source: String,
    /// The format that its sender named; `None` where it is found out from the content.
    pub format: Option<Format>,
    pub hints: Hints,
    /// Why it was not read, where that was not for its content: it came out of its archive in part, or is packed too deep.
    pub unread: Option<String>,
    pub received_at: Timestamp,
}

/// Keeps the bytes of deliveries as they were received, as long as there is room for them.
pub trait Archive: Send + Sync {
    /// Keeps what is in `bytes`. The oldest deliveries make room.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn keep(&self, tenant: &Tenant, kept: &Kept, bytes: &mut dyn Read) -> Result<()>;

    /// What is kept, in the order in which it came.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn kept(&self, tenant: &Tenant) -> Result<Vec<Kept>>;

    /// Of which of these deliveries the bytes are kept.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn keeps(&self, tenant: &Tenant, ids: &[DeliveryId]) -> Result<Vec<bool>>;

    /// Writes the bytes of a delivery to `out`; tells whether they are kept.
    ///
    /// # Errors
    /// Where they cannot be read, are not what was received, or `out` cannot be written.
    fn restore(&self, tenant: &Tenant, id: &DeliveryId, out: &mut File) -> Result<bool>;
}

/// What was written to a file.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Written {
    pub rows: u64,
    /// With the last row alone, where there is one.
    pub last: Page,
}

/// The files that answers can be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    Ndjson,
    Csv,
    Parquet,
    Arrow,
}

/// Takes the pages of an answer in order; the first comes even where there are no rows, for its columns.
pub type Pages<'p> = dyn FnMut(Page) -> Result<()> + Send + 'p;

/// A query, and as of when it is answered.
#[derive(Clone, Copy, Debug)]
pub struct Query<'q> {
    pub sql: &'q str,
    /// Every table is what was known then; what is known by now where it is `None`. Tables of the process, in the schema `system`, are
    /// always of now.
    pub known_at: Option<Timestamp>,
}

impl<'q> Query<'q> {
    /// Of what is known by now.
    #[must_use]
    pub const fn of(sql: &'q str) -> Self {
        Self { sql, known_at: None }
    }
}

/// Answers SQL over everything a tenant has, memory and lake together.
#[async_trait]
pub trait Sql: Send + Sync {
    async fn query(&self, tenant: &Tenant, query: Query<'_>, pages: &mut Pages<'_>) -> Result<()>;

    /// Answers [`Series::query`], sooner where it can.
    async fn series(&self, tenant: &Tenant, series: &Series, pages: &mut Pages<'_>) -> Result<()>;

    /// Writes the answer to a file.
    async fn export(&self, tenant: &Tenant, query: Query<'_>, format: ExportFormat, file: &Path) -> Result<Written>;
}

/// The registry: things that change by events, with all their versions.
#[async_trait]
pub trait Registry: Send + Sync {
    /// Appends events and brings the things to their new versions, all or nothing.
    ///
    /// # Errors
    /// A conflict where a version of a thing is there already; somebody else was first.
    async fn append(&self, events: &[Event]) -> Result<()>;

    /// What is known of a thing, or was known then; `None` where nothing is.
    async fn find(
        &self,
        tenant: &Tenant,
        kind: ThingKind,
        id: &str,
        known_at: Option<Timestamp>,
    ) -> Result<Option<Edition<Thing>>>;

    async fn list(&self, tenant: &Tenant, wanted: &Wanted) -> Result<Vec<Edition<Thing>>>;

    /// A key and whose it is. Keys are told apart over all tenants.
    async fn key(&self, id: &str) -> Result<Option<(Tenant, Edition<KeyRecord>)>>;

    /// All tenants that there are, by name.
    async fn tenants(&self) -> Result<Vec<Tenant>>;

    /// Forgets jobs of a tenant with all that happened to them, as if they had never been. No other thing is forgotten: what is known of
    /// jobs grows with each use, and no fact of anybody's rests on it.
    async fn forget_jobs(&self, tenant: &Tenant, ids: &[String]) -> Result<()>;

    /// Makes the things anew of their events; tells how many events there are.
    async fn rebuild(&self) -> Result<u64>;
}

/// Who people are: their passwords, the passes of the house, and the tokens of issuers that it trusts.
#[async_trait]
pub trait Identity: Send + Sync {
    /// What is kept of a password, from which nobody finds it again.
    async fn digest(&self, password: &str) -> Result<String>;

    /// Whether a digest is of this password. Takes as long for a digest that is of no password at all.
    async fn matches(&self, password: &str, digest: &str) -> Result<bool>;

    /// A pass as text, signed by the house.
    ///
    /// # Errors
    /// Where it cannot be signed.
    fn issue(&self, pass: &Pass) -> Result<String>;

    /// Who bears a token; `None` where it is signed by nobody whom the house trusts, for somebody else, or holds no longer or not yet.
    ///
    /// # Errors
    /// Where the issuer cannot be asked for what it signs with.
    async fn read(&self, token: &str, now: Timestamp) -> Result<Option<Bearer>>;
}

/// The audit log: entries in a chain, so that one that is changed or missing is noticed.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Writes an entry. It outlives this process at once, and a loss of power soon after, or once [`Self::seal`] returned.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn note(&self, entry: &Entry) -> Result<()>;

    /// Returns once everything noted before is on the disk.
    async fn seal(&self) -> Result<()>;

    /// Hands a tenant's entries to `each`, one way or the other, with their numbers, until it has enough.
    ///
    /// # Errors
    /// Where they cannot be read.
    fn read(&self, tenant: &Tenant, way: Way, each: &mut dyn FnMut(u64, Entry) -> ControlFlow<()>) -> Result<()>;

    /// Looks whether a tenant's chain is unbroken, and begins no later than it is known to have begun.
    ///
    /// # Errors
    /// Where it cannot be read at all; what is wrong with it is told in what it returns.
    fn verify(&self, tenant: &Tenant, begun: Option<Timestamp>) -> Result<Audited>;
}
