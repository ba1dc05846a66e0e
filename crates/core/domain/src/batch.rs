//! Readings in bulk: rows of fixed size that name their channel, unit, codes and document by number.

use std::hash::{Hash, Hasher};

use crate::decimal::Decimal;
use crate::numbered::Numbered;
use crate::quality::{Code, Quality};
use crate::reading::{Channel, Kind, Period, Reading};
use crate::time::Timestamp;
use crate::unit::Unit;

/// The message that carried readings, where a format has messages: it tells when they became known, and can be taken back as a whole.
#[derive(Clone, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Document {
    /// Names the message among all messages: sender and message number, such as `9905048000007/MSI5422`. Empty where there are none.
    pub reference: String,
    /// The document's own time (MSCONS DTM+137, a forecast's issue time); `None` means the time of receipt.
    pub known_at: Option<Timestamp>,
}

impl PartialEq for Document {
    /// As the derived one. But where there is no reference, which is for every row of most formats, no bytes are compared: to
    /// compare none costs processors a hundred times as much when they lie nowhere.
    fn eq(&self, other: &Self) -> bool {
        self.known_at == other.known_at
            && self.reference.len() == other.reference.len()
            && (self.reference.is_empty() || self.reference == other.reference)
    }
}

impl Hash for Document {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.reference.hash(state);
        self.known_at.hash(state);
    }
}

/// One reading of a [`Batch`]. The numbers index the batch's tables.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    pub value: Option<Decimal>,
    pub period: Period,
    pub channel: u32,
    pub document: u32,
    pub method: Option<u16>,
    pub reason: Option<u16>,
    pub unit: u16,
    pub kind: Kind,
    pub quality: Quality,
}

/// What the rows of a batch refer to, each by its number.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tables {
    pub channels: Vec<Channel>,
    pub units: Vec<Unit>,
    pub codes: Vec<Code>,
    pub documents: Vec<Document>,
}

/// Readings with the tables that their rows refer to. Every number in a row is within its table.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Batch {
    channels: Vec<Channel>,
    units: Vec<Unit>,
    codes: Vec<Code>,
    documents: Vec<Document>,
    rows: Vec<Row>,
}

impl Batch {
    /// A batch that was written down and is read back; `None` where a row refers to what is not there.
    #[must_use]
    pub fn from_tables(tables: Tables, rows: Vec<Row>) -> Option<Self> {
        let Tables { channels, units, codes, documents } = tables;
        let code_is_there = |code: Option<u16>| code.is_none_or(|code| usize::from(code) < codes.len());
        let is_whole = rows.iter().all(|row| {
            (row.channel as usize) < channels.len()
                && (row.document as usize) < documents.len()
                && usize::from(row.unit) < units.len()
                && code_is_there(row.method)
                && code_is_there(row.reason)
        });
        is_whole.then_some(Self { channels, units, codes, documents, rows })
    }

    /// What the rows refer to.
    #[must_use]
    pub fn tables(&self) -> Tables {
        Tables {
            channels: self.channels.clone(),
            units: self.units.clone(),
            codes: self.codes.clone(),
            documents: self.documents.clone(),
        }
    }

    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    #[must_use]
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    #[must_use]
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    #[must_use]
    pub fn channel(&self, row: &Row) -> &Channel {
        &self.channels[row.channel as usize]
    }

    #[must_use]
    pub fn unit(&self, row: &Row) -> Unit {
        self.units[usize::from(row.unit)]
    }

    #[must_use]
    pub fn method(&self, row: &Row) -> Option<Code> {
        row.method.map(|code| self.codes[usize::from(code)])
    }

    #[must_use]
    pub fn reason(&self, row: &Row) -> Option<Code> {
        row.reason.map(|code| self.codes[usize::from(code)])
    }

    #[must_use]
    pub fn document(&self, row: &Row) -> &Document {
        &self.documents[row.document as usize]
    }

    /// Keeps the rows whose index `keep` accepts; the tables stay as they are.
    pub fn retain_rows(&mut self, keep: impl Fn(usize) -> bool) {
        let mut index = 0;
        self.rows.retain(|_| {
            index += 1;
            keep(index - 1)
        });
    }

    /// The row as the statement it was.
    #[must_use]
    pub fn reading(&self, row: &Row) -> Reading {
        Reading {
            kind: row.kind,
            period: row.period,
            value: row.value,
            unit: self.unit(row),
            quality: row.quality,
            method: self.method(row),
            reason: self.reason(row),
        }
    }
}

/// Most rows of one batch: what is decided, made durable and shown together.
pub const BATCH_ROWS_MAX: usize = 65_536;
/// Most units and most codes of one batch; senders' free texts could be many.
const TABLE_ENTRIES_MAX: usize = 65_000;

/// Collects readings into a [`Batch`].
#[derive(Debug, Default)]
pub struct BatchBuilder {
    channels: Numbered<Channel>,
    units: Numbered<Unit>,
    codes: Numbered<Code>,
    documents: Numbered<Document>,
    rows: Vec<Row>,
}

impl BatchBuilder {
    /// Appends one reading. Call [`Self::take`] once [`Self::is_full`] says so.
    pub fn push(&mut self, channel: &Channel, document: &Document, reading: &Reading) {
        let row = Row {
            value: reading.value,
            period: reading.period,
            channel: self.channels.number(channel),
            document: self.documents.number(document),
            method: reading.method.map(|code| self.codes.number(&code) as u16),
            reason: reading.reason.map(|code| self.codes.number(&code) as u16),
            unit: self.units.number(&reading.unit) as u16,
            kind: reading.kind,
            quality: reading.quality,
        };
        self.rows.push(row);
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rows.len() >= BATCH_ROWS_MAX
            || self.codes.len() >= TABLE_ENTRIES_MAX
            || self.units.len() >= TABLE_ENTRIES_MAX
    }

    /// The batch so far; the builder begins anew.
    pub fn take(&mut self) -> Batch {
        // The next batch is mostly as large as this one.
        let capacity = self.rows.len();
        Batch {
            channels: self.channels.take(),
            units: self.units.take(),
            codes: self.codes.take(),
            documents: self.documents.take(),
            rows: std::mem::replace(&mut self.rows, Vec::with_capacity(capacity)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BatchBuilder, Document};
    use crate::{Channel, InstantValue, Reading, Timestamp, Unit};

    #[test]
    fn a_row_of_a_batch_is_the_statement_it_was() {
        let channel = |point: &str| Channel {
            point: point.parse().expect("a point"),
            quantity: "air_temperature".parse().expect("a quantity"),
        };
        let reading: Reading =
            InstantValue { at: Timestamp::from_micros(7), value: 21.into(), unit: Unit::literal("Cel") }.into();
        let mut builder = BatchBuilder::default();
        for point in ["01766", "10315", "01766"] {
            builder.push(&channel(point), &Document::default(), &reading);
        }
        let batch = builder.take();
        assert_eq!(batch.channels().len(), 2);
        let points: Vec<_> = batch.rows().iter().map(|row| batch.channel(row).point.as_str().to_owned()).collect();
        assert_eq!(points, ["01766", "10315", "01766"]);
        assert!(batch.rows().iter().all(|row| batch.reading(row) == reading));
        assert!(builder.is_empty());
    }
}
