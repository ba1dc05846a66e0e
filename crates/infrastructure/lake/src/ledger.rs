//! What intake has to know about every delivery, point and message, read from the tables when they are opened.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use metrify_application::record::{Answered, DeliveryId, Fingerprint, Sequence, Withdrawn};
use metrify_application::{Error, Kind, Result};
use metrify_domain::Timestamp;

use crate::memory::Working;
use crate::schema::TableName;
use crate::table::{FileFacts, Snapshot};
use crate::tenant::TenantLake;
use crate::{lookup, names, records, rows};

/// Fills what intake has to know about every delivery, point and message.
pub(crate) async fn read(snapshots: &HashMap<TableName, Arc<Snapshot>>, working: &mut Working) -> Result<()> {
    for batch in all_rows(snapshots, TableName::Points).await? {
        // Later rows are newer: a point's last one tells how it stands.
        for (point, status) in (0..batch.num_rows()).filter_map(|row| records::read_point(&batch, row)) {
            working.points.insert(&point, status);
        }
    }
    working.withdrawn = Arc::new(read_withdrawn(snapshots).await?);
    // A data file is named for when it was written, which is after all in it was received.
    let written =
        snapshots.values().flat_map(|snapshot| &snapshot.files).filter_map(|file| names::written_at(&file.path));
    working.last_received_at = written.max().unwrap_or_default();
    Ok(())
}

/// When a delivery was first received, by the table of deliveries.
pub(crate) async fn received(lake: &TenantLake, snapshot: &Snapshot, id: Fingerprint) -> Result<Option<Timestamp>> {
    let digests = lake.digests(TableName::Deliveries)?;
    let mut first = None;
    for file in &snapshot.files {
        for batch in digests.rows(snapshot, file, id, &["received_at"]).await? {
            let times = batch.column_by_name("received_at").ok_or_else(|| lacking("received_at"))?;
            let times = (0..batch.num_rows()).filter_map(|row| rows::time_at(times, row));
            first = first.into_iter().chain(times).min();
        }
    }
    Ok(first)
}

/// The rows that a table has of a delivery, oldest file first.
pub(crate) async fn of_delivery(lake: &TenantLake, snapshot: &Snapshot, id: &DeliveryId) -> Result<Vec<RecordBatch>> {
    let (digests, mut found) = (lake.digests(snapshot.table)?, Vec::new());
    if let Some(digest) = id.digest() {
        for file in oldest_first(snapshot) {
            found.extend(digests.rows(snapshot, file, digest, &[]).await?);
        }
    }
    Ok(found)
}

/// Names of files grow with time.
fn oldest_first(snapshot: &Snapshot) -> Vec<&FileFacts> {
    let mut files: Vec<&FileFacts> = snapshot.files.iter().collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

fn lacking(column: &str) -> Error {
    Error::new(Kind::Corrupt, format!("read a data file: column `{column}` is missing"))
}

/// How a request of this name was answered, by the table of receipts: of several answers the newest file's.
pub(crate) async fn answered(lake: &TenantLake, snapshot: &Snapshot, name: Fingerprint) -> Result<Option<Answered>> {
    let digests = lake.digests(TableName::Receipts)?;
    for file in oldest_first(snapshot).into_iter().rev() {
        let mut answered = None;
        for batch in digests.rows(snapshot, file, name, &[]).await? {
            for row in 0..batch.num_rows() {
                let corrupt = || Error::new(Kind::Corrupt, "read a receipt: a column is missing");
                records::receipts::read(&batch, row, &mut answered).ok_or_else(corrupt)?;
            }
        }
        if let Some((_, answered)) = answered {
            return Ok(Some(answered));
        }
    }
    Ok(None)
}

/// Which records a table has of those that are called so.
pub(crate) async fn recorded(
    lake: &TenantLake,
    snapshot: &Snapshot,
    wanted: HashSet<Fingerprint>,
) -> Result<HashSet<Fingerprint>> {
    let digests = lake.digests(snapshot.table)?;
    let mut names: Vec<Fingerprint> = wanted.into_iter().collect();
    names.sort_unstable();
    let mut found = HashSet::new();
    for file in &snapshot.files {
        found.extend(digests.find(snapshot, file, &names).await?.into_iter().map(|(name, _)| name));
    }
    Ok(found)
}

async fn read_withdrawn(snapshots: &HashMap<TableName, Arc<Snapshot>>) -> Result<Withdrawn> {
    let mut withdrawn = Withdrawn::default();
    for batch in all_rows(snapshots, TableName::Withdrawals).await? {
        let documents = (0..batch.num_rows())
            .filter_map(|row| rows::text_at(batch.column_by_name("document")?, row).map(str::to_owned));
        withdrawn.documents.extend(documents);
    }
    for batch in all_rows(snapshots, TableName::Retractions).await? {
        let missing = || Error::new(Kind::Corrupt, "read the retractions: they name no version");
        let versions = batch.column_by_name("sequence").and_then(|column| column.as_primitive_opt::<Int64Type>());
        withdrawn.versions.extend(versions.ok_or_else(missing)?.values().iter().copied().map(Sequence));
    }
    Ok(withdrawn)
}

/// The rows of a table, oldest file first.
async fn all_rows(snapshots: &HashMap<TableName, Arc<Snapshot>>, table: TableName) -> Result<Vec<RecordBatch>> {
    let mut batches = Vec::new();
    if let Some(snapshot) = snapshots.get(&table) {
        for file in oldest_first(snapshot) {
            batches.extend(lookup::whole(snapshot, file).await?);
        }
    }
    Ok(batches)
}
