//! Makes few large files of many small ones, month by month.

use std::collections::BTreeMap;

use metrify_application::Result;
use metrify_application::ports::Landed;
use metrify_domain::Timestamp;

use crate::land::{READINGS_ORDER, concat};
use crate::lookup;
use crate::schema::TableName;
use crate::store::TenantLake;
use crate::table::{Change, FileFacts, Snapshot};
use crate::write::sorted;

/// Rows of a file that is large enough to be left alone, and of one that compaction makes at most.
const FILE_ROWS: u64 = 2 << 20;
/// Small files of a month, or of a table without months, that are borne.
const SMALL_FILES_MAX: usize = 8;

/// Compacts every table of a tenant where it has too many small files.
pub(crate) async fn compact(lake: &TenantLake, now: Timestamp) -> Result<Landed> {
    let mut done = Landed::default();
    for name in TableName::ALL {
        let snapshot = lake.table(name)?.snapshot();
        let mut change = Change { written_at: now, ..Change::default() };
        for files in groups(&snapshot) {
            let month = files.first().and_then(|file| file.month.clone());
            let mut batches = Vec::new();
            for file in &files {
                batches.extend(lookup::whole(&snapshot, file).await?);
            }
            let rows = concat(&batches)?;
            drop(batches);
            let rows = if name.is_parted_by_month() { sorted(&rows, &READINGS_ORDER)? } else { rows };
            change.added.push(lake.write(name, month.as_deref(), &rows).await?);
            change.removed.extend(files);
        }
        done.files_added += change.added.len();
        done.files_removed += change.removed.len();
        if !change.removed.is_empty() {
            lake.commit(name, change).await?;
        }
    }
    Ok(done)
}

/// The files that become one, for every month with too many small ones.
fn groups(snapshot: &Snapshot) -> Vec<Vec<FileFacts>> {
    let mut months: BTreeMap<Option<&str>, Vec<&FileFacts>> = BTreeMap::new();
    for file in snapshot.files.iter().filter(|file| file.rows < FILE_ROWS / 2) {
        months.entry(file.month.as_deref()).or_default().push(file);
    }
    let mut groups = Vec::new();
    for (_, mut files) in months.into_iter().filter(|(_, files)| files.len() > SMALL_FILES_MAX) {
        files.sort_by_key(|file| file.rows);
        let (mut group, mut rows) = (Vec::new(), 0);
        for file in files {
            if rows + file.rows > FILE_ROWS && group.len() > 1 {
                groups.push(std::mem::take(&mut group));
                rows = 0;
            }
            rows += file.rows;
            group.push(file.clone());
        }
        if group.len() > 1 {
            groups.push(group);
        }
    }
    groups
}
