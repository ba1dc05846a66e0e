//! What entries take in memory until they are in the lake, by which landings are called for.

use metrify_application::record::{Accepted, PointRecord, RecordRow, Reject};
use metrify_domain::{Channel, Document, Finding};
use metrify_formats::{Cell, Meter};

/// About what a reading takes in memory.
const ROW_BYTES: usize = 128;
/// About what the allocator takes for a text beside its bytes.
const TEXT_BYTES: usize = 16;

/// What an entry takes, in readings that would take as much.
pub(crate) fn rows(entry: &Accepted) -> usize {
    let Accepted { batch, restored, answered, .. } = entry;
    let receipts = answered.iter().flat_map(|answered| &answered.receipts);
    let told = receipts.clone().flat_map(|receipt| &receipt.problems);
    let bytes = sum(batch.channels(), channel)
        + sum(batch.documents(), document)
        + sum(&entry.rejects, reject)
        + sum(&entry.findings, finding)
        + sum(&entry.points, point)
        + sum(&entry.meters, meter)
        + sum(&entry.records, record)
        + told.map(|problem| text(&problem.position) + text(&problem.reason)).sum::<usize>();
    batch.rows().len() + restored.len() + receipts.count() + bytes / ROW_BYTES
}

fn sum<T>(all: &[T], bytes: fn(&T) -> usize) -> usize {
    all.iter().map(|one| size_of::<T>() + bytes(one)).sum()
}

fn text(text: &str) -> usize {
    text.len() + TEXT_BYTES
}

fn channel(channel: &Channel) -> usize {
    text(channel.point.as_str())
}

fn document(document: &Document) -> usize {
    text(&document.reference)
}

fn reject(reject: &Reject) -> usize {
    let Reject { id, delivery, source, format, position, reason, prelude, bytes, .. } = reject;
    let texts = [id, delivery.as_str(), source, format, position, reason];
    texts.iter().map(|said| text(said)).sum::<usize>() + prelude.len() + bytes.len() + 2 * TEXT_BYTES
}

fn finding(finding: &Finding) -> usize {
    text(&finding.position) + text(&finding.reason) + finding.channel.as_ref().map_or(0, channel)
}

fn point(record: &PointRecord) -> usize {
    text(record.point.as_str()) + record.name.as_deref().map_or(0, text) + text(record.delivery.as_str())
}

fn meter(meter: &Meter) -> usize {
    text(meter.point.as_str()) + meter.name.as_deref().map_or(0, text)
}

fn record(row: &RecordRow) -> usize {
    let cell = |cell: &Cell| match cell {
        Cell::Text(said) => text(said),
        Cell::Bytes(bytes) => bytes.len() + TEXT_BYTES,
        Cell::Null | Cell::Number(_) | Cell::Time(_) => 0,
    };
    sum(row.record.cells(), cell)
}
