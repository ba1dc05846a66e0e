//! What is kept: deliveries, versions of readings, points, rejects, and the piece of a delivery that is made durable as one.

use std::collections::HashSet;
use std::fmt;

use metrify_domain::{Batch, Channel, Document, Finding, Period, Point, Reading, Timestamp};
use metrify_formats::{Meter, Record};

use crate::ingest::Receipt;

/// Names a delivery by what it holds: the first 32 hex digits of its SHA-256. The same bytes are the same delivery, but for statements,
/// which are named for their request as well.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct DeliveryId(String);

impl DeliveryId {
    pub const HEX_DIGITS: usize = 32;

    #[must_use]
    pub fn from_digest(digest: &[u8]) -> Self {
        let hex: String = digest.iter().take(Self::HEX_DIGITS / 2).map(|byte| format!("{byte:02x}")).collect();
        Self(hex)
    }

    /// For an id that was made by [`Self::from_digest`] and read back from a store.
    #[must_use]
    pub fn from_stored(id: String) -> Self {
        Self(id)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digest that it was made of; `None` for a text that is no id.
    #[must_use]
    pub fn digest(&self) -> Option<Fingerprint> {
        Fingerprint::from_hex(&self.0)
    }
}

impl From<Fingerprint> for DeliveryId {
    fn from(digest: Fingerprint) -> Self {
        Self(digest.to_string())
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where an entry stands in the journal, counted from 1 over all tenants.
pub type Position = u64;

/// Tells the versions of one reading apart and orders what one delivery said: the journal's position, then the row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Sequence(pub i64);

/// Rows that one entry of the journal may hold, as a power of two.
const ENTRY_ROWS_BITS: u32 = 20;

impl Sequence {
    #[must_use]
    pub fn new(position: Position, row: usize) -> Self {
        Self(((position << ENTRY_ROWS_BITS) | row as u64).cast_signed())
    }

    /// As it is where the entries of the journal from `from` on stand `by` further; it may be of one before them.
    fn moved(self, from: Position, by: u64) -> Self {
        let stays = self < Self::new(from, 0);
        if stays { self } else { Self(self.0 + (by << ENTRY_ROWS_BITS).cast_signed()) }
    }
}

/// One version of a reading with both its times, and where it came from.
#[derive(Clone, PartialEq, Debug)]
pub struct Version {
    pub channel: Channel,
    pub reading: Reading,
    pub recorded_at: Timestamp,
    pub delivery: DeliveryId,
    /// The reference of its message; empty where the format has none.
    pub document: String,
    pub sequence: Sequence,
}

/// When a statement became known: at its document's own time, but never later than it was received.
#[must_use]
pub fn recorded_at(document: &Document, received_at: Timestamp) -> Timestamp {
    document.known_at.map_or(received_at, |known_at| known_at.min(received_at))
}

/// How a row of a batch stands to what was known before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Standing {
    /// Nothing was known for its channel and period.
    First = 0,
    /// It replaces what held.
    Correction = 1,
    /// Something newer holds, or its message was taken back: it is kept as history alone.
    Late = 2,
}

/// A point that was not known before, or whose standing changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PointRecord {
    pub point: Point,
    pub kind: metrify_domain::PointKind,
    pub name: Option<String>,
    pub status: PointStatus,
    pub since: Timestamp,
    pub delivery: DeliveryId,
}

/// Whether somebody vouched for a point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum PointStatus {
    /// Known from its readings alone.
    Unconfirmed = 0,
    Confirmed = 1,
    /// Its readings are kept out until it is confirmed.
    Quarantined = 2,
}

impl PointStatus {
    pub const ALL: [Self; 3] = [Self::Unconfirmed, Self::Confirmed, Self::Quarantined];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unconfirmed => "unconfirmed",
            Self::Confirmed => "confirmed",
            Self::Quarantined => "quarantined",
        }
    }
}

/// What could not be understood, with its bytes, so that it can be read again after a fix.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reject {
    /// Delivery and number: `9f3a...-17`.
    pub id: String,
    pub delivery: DeliveryId,
    pub source: String,
    pub format: String,
    pub position: String,
    pub reason: String,
    pub readings: u64,
    pub prelude: Vec<u8>,
    pub bytes: Vec<u8>,
    pub rejected_at: Timestamp,
    /// When it was understood. Before that was kept it is the time of its rejection.
    pub resolved_at: Option<Timestamp>,
}

impl Reject {
    #[must_use]
    pub const fn state(&self) -> RejectState {
        if self.resolved_at.is_some() { RejectState::Resolved } else { RejectState::Open }
    }

    /// Since when it is in its state: the one time that each of its rows has.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        self.resolved_at.unwrap_or(self.rejected_at)
    }

    /// The row of a reject that came into a state then.
    #[must_use]
    pub fn resolved(self, at: Timestamp) -> Self {
        Self { resolved_at: Some(at), ..self }
    }

    /// As it was known then; `None` where it was not.
    #[must_use]
    pub fn as_known(self, then: Timestamp) -> Option<Self> {
        let resolved_at = self.resolved_at.filter(|at| *at <= then);
        (self.rejected_at <= then).then_some(Self { resolved_at, ..self })
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum RejectState {
    Open = 0,
    /// It was read again and understood.
    Resolved = 1,
}

impl RejectState {
    pub const ALL: [Self; 2] = [Self::Open, Self::Resolved];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Resolved => "resolved",
        }
    }
}

/// The counts of a receipt. They add up: received = stored + duplicates + corrections + rejected.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Counts {
    pub received: u64,
    pub stored: u64,
    pub duplicates: u64,
    pub corrections: u64,
    pub rejected: u64,
}

impl Counts {
    pub fn add(&mut self, other: &Self) {
        self.received += other.received;
        self.stored += other.stored;
        self.duplicates += other.duplicates;
        self.corrections += other.corrections;
        self.rejected += other.rejected;
    }

    #[must_use]
    pub const fn adds_up(&self) -> bool {
        self.received == self.stored + self.duplicates + self.corrections + self.rejected
    }
}

/// A delivery that was received to its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeliveryRecord {
    pub id: DeliveryId,
    pub source: String,
    pub format: String,
    pub bytes: u64,
    pub received_at: Timestamp,
    pub counts: Counts,
}

/// A message taken back as a whole, and since when that is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WithdrawalRecord {
    /// The reference of the document that is taken back.
    pub document: String,
    pub by: Document,
    pub withdrawn_at: Timestamp,
    pub delivery: DeliveryId,
}

/// A version that its delivery turned out not to say when it was read again: it holds no longer, and is not taken for known
/// at any time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retraction {
    pub version: Sequence,
    pub retracted_at: Timestamp,
}

/// What was taken back: whole messages by those who sent them, versions by whoever read them wrongly.
#[derive(Clone, Debug, Default)]
pub struct Withdrawn {
    /// References of messages.
    pub documents: HashSet<String>,
    pub versions: HashSet<Sequence>,
}

impl Withdrawn {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty() && self.versions.is_empty()
    }

    #[must_use]
    pub fn covers(&self, version: &Version) -> bool {
        self.versions.contains(&version.sequence) || self.covers_document(&version.document)
    }

    /// Never for the empty reference, which is none.
    #[must_use]
    pub fn covers_document(&self, reference: &str) -> bool {
        !reference.is_empty() && self.documents.contains(reference)
    }
}

/// Names a row of a record table, or a request, by what it says: the first 16 bytes of a SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Fingerprint(pub [u8; Fingerprint::BYTES]);

impl Fingerprint {
    pub const BYTES: usize = 16;

    #[must_use]
    pub fn from_digest(digest: &[u8]) -> Self {
        let mut id = [0; Self::BYTES];
        id.iter_mut().zip(digest).for_each(|(to, from)| *to = *from);
        Self(id)
    }

    /// The id that [`Self::fmt`] wrote; `None` for anything else.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let is_digit = |digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
        let is_written = text.len() == 2 * Self::BYTES && text.bytes().all(is_digit);
        let number = u128::from_str_radix(text, 16).ok()?;
        is_written.then_some(Self(number.to_be_bytes()))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// A row of a record table, with its name and when it became known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordRow {
    pub id: Fingerprint,
    pub recorded_at: Timestamp,
    pub record: Record,
}

/// A request that was answered: whoever sends it again gets the same receipts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answered {
    /// What its sender called it, where it did.
    pub key: Option<Fingerprint>,
    /// What it held, and how that was to be read.
    pub content: Fingerprint,
    pub receipts: Vec<Receipt>,
}

/// What one piece of a delivery changes: one entry of the journal, durable and visible as a whole or not at all.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Accepted {
    pub delivery: DeliveryId,
    pub received_at: Timestamp,
    /// The new versions alone; what was known already is not in it.
    pub batch: Batch,
    /// One for each row of the batch.
    pub standings: Vec<Standing>,
    /// What holds no longer and has no successor.
    pub ended: Vec<(Channel, Period)>,
    /// Former versions that hold again since the one after them was taken back.
    pub restored: Vec<Version>,
    pub withdrawals: Vec<WithdrawalRecord>,
    pub retractions: Vec<Retraction>,
    pub points: Vec<PointRecord>,
    pub meters: Vec<Meter>,
    pub findings: Vec<Finding>,
    /// Rows of record tables that were not known before.
    pub records: Vec<RecordRow>,
    pub rejects: Vec<Reject>,
    pub finished: Option<DeliveryRecord>,
    pub answered: Option<Answered>,
}

impl Accepted {
    /// What it says of versions as it is where the entries from `from` on, which it may speak of, stand `by` further in the journal.
    pub(crate) fn move_versions(&mut self, from: Position, by: u64) {
        let restored = self.restored.iter_mut().map(|version| &mut version.sequence);
        let retracted = self.retractions.iter_mut().map(|retraction| &mut retraction.version);
        restored.chain(retracted).for_each(|sequence| *sequence = sequence.moved(from, by));
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { delivery, received_at, .. } = self;
        *self == Self { delivery: delivery.clone(), received_at: *received_at, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use metrify_domain::Timestamp;

    use super::{Accepted, Retraction, Sequence};

    #[test]
    fn what_an_entry_says_of_versions_moves_with_those_that_move() {
        let retraction =
            |version| Retraction { version: Sequence::new(version, 7), retracted_at: Timestamp::from_micros(0) };
        let entry =
            |versions: [u64; 4]| Accepted { retractions: versions.map(retraction).into(), ..Accepted::default() };
        let mut moved = entry([3, 9, 10, 12]);
        moved.move_versions(10, 5);
        assert_eq!(moved, entry([3, 9, 15, 17]));
    }
}
