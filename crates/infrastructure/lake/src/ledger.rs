//! What intake has to know about every delivery, point and message, read from the tables when they are opened.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use metrify_application::record::{Fingerprint, Sequence, Withdrawn};
use metrify_application::{Error, Kind, Result};

use crate::memory::Working;
use crate::requests::{REQUESTS_MAX, Requests};
use crate::schema::TableName;
use crate::table::{FileFacts, Snapshot};
use crate::{lookup, records, rows};

/// Fills what intake has to know about every delivery, point and message.
pub(crate) async fn read(snapshots: &HashMap<TableName, Arc<Snapshot>>, working: &mut Working) -> Result<()> {
    for batch in all_rows(snapshots, TableName::Points, |_| true).await? {
        // Later rows are newer: a point's last one tells how it stands.
        working.points.extend((0..batch.num_rows()).filter_map(|row| records::read_point(&batch, row)));
    }
    working.withdrawn = Arc::new(read_withdrawn(snapshots).await?);
    read_requests(snapshots, &mut working.requests).await
}

/// The names of the newest requests.
async fn read_requests(snapshots: &HashMap<TableName, Arc<Snapshot>>, requests: &mut Requests) -> Result<()> {
    let Some(snapshot) = snapshots.get(&TableName::Receipts) else { return Ok(()) };
    let mut files: Vec<&FileFacts> = snapshot.files.iter().collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let mut newest: Vec<Vec<Fingerprint>> = Vec::new();
    let mut distinct: HashSet<Fingerprint> = HashSet::new();
    for file in files.into_iter().rev() {
        if distinct.len() >= REQUESTS_MAX {
            break;
        }
        let mut names = Vec::new();
        for batch in lookup::columns(snapshot, file, &["key", "request"]).await? {
            for row in 0..batch.num_rows() {
                let (key, content) = records::receipts::names(&batch, row);
                names.extend(key.into_iter().chain(content));
            }
        }
        distinct.extend(&names);
        newest.push(names);
    }
    for name in newest.into_iter().rev().flatten() {
        requests.insert(name);
    }
    Ok(())
}

async fn read_withdrawn(snapshots: &HashMap<TableName, Arc<Snapshot>>) -> Result<Withdrawn> {
    let mut withdrawn = Withdrawn::default();
    for batch in all_rows(snapshots, TableName::Withdrawals, |_| true).await? {
        let documents = (0..batch.num_rows())
            .filter_map(|row| rows::text_at(batch.column_by_name("document")?, row).map(str::to_owned));
        withdrawn.documents.extend(documents);
    }
    for batch in all_rows(snapshots, TableName::Retractions, |_| true).await? {
        let missing = || Error::new(Kind::Corrupt, "read the retractions: they name no version");
        let versions = batch.column_by_name("sequence").and_then(|column| column.as_primitive_opt::<Int64Type>());
        withdrawn.versions.extend(versions.ok_or_else(missing)?.values().iter().copied().map(Sequence));
    }
    Ok(withdrawn)
}

/// The rows of a table's files that `wanted` accepts, oldest file first.
pub(crate) async fn all_rows(
    snapshots: &HashMap<TableName, Arc<Snapshot>>,
    table: TableName,
    wanted: impl Fn(&FileFacts) -> bool,
) -> Result<Vec<RecordBatch>> {
    let mut batches = Vec::new();
    if let Some(snapshot) = snapshots.get(&table) {
        let mut files: Vec<&FileFacts> = snapshot.files.iter().filter(|file| wanted(file)).collect();
        // Names of files grow with time.
        files.sort_by(|one, other| one.path.cmp(&other.path));
        for file in files {
            batches.extend(lookup::whole(snapshot, file).await?);
        }
    }
    Ok(batches)
}
