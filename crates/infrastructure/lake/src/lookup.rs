//! Finds rows in data files: whole files one after the other, skipping what the statistics exclude.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch};
use bytes::Bytes;
use deltalake::Path;
use deltalake::logstore::object_store::ObjectStoreExt;
use metrify_application::record::{DeliveryId, RecordId, Version};
use metrify_application::{Error, Kind, Result};
use metrify_domain::Batch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowPredicateFn, ParquetRecordBatchReaderBuilder, RowFilter};

use crate::keys::KeySet;
use crate::rows;
use crate::table::{FileFacts, Range, Snapshot, store_error};
use crate::write::internal;

/// Rows that are decoded at once.
const READ_ROWS: usize = 8_192;

/// For each row of the named columns whether it is wanted; `None` where a column is missing.
type Choose = dyn FnMut(&RecordBatch) -> Option<BooleanArray> + Send;

/// Chooses rows from the columns it names.
struct Choice<'c> {
    columns: &'c [&'c str],
    choose: Box<Choose>,
}

/// All rows of a file, or the chosen ones, in pieces.
async fn read(snapshot: &Snapshot, file: &FileFacts, choice: Option<Choice<'_>>) -> Result<Vec<RecordBatch>> {
    let step = || format!("read data file `{}` of table `{}`", file.path, snapshot.table.name());
    let path = Path::parse(&file.path).map_err(|error| internal(&step(), error))?;
    let found = snapshot.store().get(&path).await.map_err(|error| store_error(step(), error))?;
    let bytes: Bytes = found.bytes().await.map_err(|error| store_error(step(), error))?;
    let corrupt = |error| Error::new(Kind::Corrupt, step()).because(error);
    let mut builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(corrupt)?.with_batch_size(READ_ROWS);
    if let Some(Choice { columns, mut choose }) = choice {
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        let predicate = ArrowPredicateFn::new(mask, move |rows| {
            choose(&rows)
                .ok_or_else(|| arrow::error::ArrowError::SchemaError("a column to choose by is missing".into()))
        });
        builder = builder.with_row_filter(RowFilter::new(vec![Box::new(predicate)]));
    }
    let reader = builder.build().map_err(corrupt)?;
    reader.map(|batch| batch.map_err(|error| Error::new(Kind::Corrupt, step()).because(error))).collect()
}

/// All rows of a file.
pub(crate) async fn whole(snapshot: &Snapshot, file: &FileFacts) -> Result<Vec<RecordBatch>> {
    read(snapshot, file, None).await
}

/// Marks the rows of a batch whose keys a table may have, as far as the statistics of its files tell. Files that hold what came since
/// the tables were opened are asked for rows alone that their channel has `reached` since.
pub(crate) fn mark(snapshot: &Snapshot, fresh: &HashSet<String>, batch: &Batch, reached: &[bool], known: &mut [bool]) {
    let starts = batch.rows().iter().map(|row| row.period.start());
    let Some(range) = starts.clone().min().zip(starts.max()).map(|(low, high)| Range { low, high }) else { return };
    let any_reached = reached.contains(&true);
    let files = snapshot.files.iter().filter(|file| file.starts.as_ref().is_none_or(|starts| starts.meets(&range)));
    let files = files.map(|file| (file, fresh.contains(&file.path))).filter(|(_, fresh)| any_reached || !fresh);
    let files: Vec<(&FileFacts, bool)> = files.collect();
    if files.is_empty() {
        return;
    }
    let rows = batch.rows().iter().zip(reached).zip(known.iter_mut());
    for ((row, reached), known) in rows.filter(|(_, known)| !**known) {
        let (point, start) = (batch.channel(row).point.as_str(), row.period.start());
        *known = files.iter().filter(|(_, fresh)| *reached || !fresh).any(|(file, _)| {
            let starts = file.starts.as_ref().is_none_or(|starts| starts.low <= start && start <= starts.high);
            let point_is_in = |points: &Range<String>| points.low.as_str() <= point && point <= points.high.as_str();
            starts && file.points.as_ref().is_none_or(point_is_in)
        });
    }
}

/// The versions that a table has for any of the keys.
pub(crate) async fn versions(snapshot: &Snapshot, keys: &KeySet) -> Result<Vec<Version>> {
    let mut found = Vec::new();
    if keys.is_empty() {
        return Ok(found);
    }
    for file in snapshot.files.iter().filter(|file| keys.may_be_in(file)) {
        let wanted = keys.clone();
        let columns = ["point", "quantity", "period_start", "period_end"];
        let choice = Choice { columns: &columns, choose: Box::new(move |rows| wanted.contains(rows)) };
        collect(&read(snapshot, file, Some(choice)).await?, &mut found)?;
    }
    Ok(found)
}

/// The versions that a table has from a message.
pub(crate) async fn of_document(snapshot: &Snapshot, document: &str) -> Result<Vec<Version>> {
    from(snapshot, "document", document, |file| file.documents.as_ref()).await
}

/// The versions that a table has from a delivery.
pub(crate) async fn of_delivery(snapshot: &Snapshot, delivery: &DeliveryId) -> Result<Vec<Version>> {
    from(snapshot, "delivery", delivery.as_str(), |file| file.deliveries.as_ref()).await
}

/// The versions of a table whose `column` says where they came `from`.
async fn from(
    snapshot: &Snapshot,
    column: &'static str,
    from: &str,
    range: fn(&FileFacts) -> Option<&Range<String>>,
) -> Result<Vec<Version>> {
    let mut found = Vec::new();
    let may_hold =
        |file: &&FileFacts| range(file).is_none_or(|range| range.low.as_str() <= from && from <= range.high.as_str());
    for file in snapshot.files.iter().filter(may_hold) {
        let wanted = from.to_owned();
        let choose = move |rows: &RecordBatch| {
            let texts = rows.column_by_name(column)?;
            let same = (0..rows.num_rows()).map(|row| rows::text_at(texts, row) == Some(wanted.as_str()));
            Some(same.map(Some).collect::<BooleanArray>())
        };
        let choice = Choice { columns: &[column], choose: Box::new(choose) };
        collect(&read(snapshot, file, Some(choice)).await?, &mut found)?;
    }
    Ok(found)
}

/// Which of the records a table has.
pub(crate) async fn records(snapshot: &Snapshot, wanted: HashSet<RecordId>) -> Result<HashSet<RecordId>> {
    let id_at = |ids: &ArrayRef, row: usize| rows::text_at(ids, row).and_then(RecordId::from_hex);
    let wanted = Arc::new(wanted);
    let mut found = HashSet::new();
    for file in &snapshot.files {
        let wanted = wanted.clone();
        let choose = move |rows: &RecordBatch| {
            let ids = rows.column_by_name("record")?;
            let is_wanted = |row| id_at(ids, row).is_some_and(|id| wanted.contains(&id));
            Some((0..rows.num_rows()).map(|row| Some(is_wanted(row))).collect::<BooleanArray>())
        };
        let choice = Choice { columns: &["record"], choose: Box::new(choose) };
        for batch in read(snapshot, file, Some(choice)).await? {
            let ids = batch.column_by_name("record");
            found.extend(ids.into_iter().flat_map(|ids| (0..batch.num_rows()).filter_map(move |row| id_at(ids, row))));
        }
    }
    Ok(found)
}

fn collect(batches: &[RecordBatch], into: &mut Vec<Version>) -> Result<()> {
    for batch in batches {
        for row in 0..batch.num_rows() {
            into.push(rows::version(batch, row)?);
        }
    }
    Ok(())
}

/// The rows of a file in two parts: those whose keys are not in the set, and those whose are.
pub(crate) fn split(rows: &RecordBatch, keys: &KeySet) -> Result<(RecordBatch, RecordBatch)> {
    let gone = keys.contains(rows);
    let gone = gone.ok_or_else(|| Error::new(Kind::Corrupt, "split a data file of readings: it has no keys"))?;
    let stay = arrow::compute::not(&gone).map_err(|error| internal("split a data file", error))?;
    let part = |mask: &BooleanArray| {
        arrow::compute::filter_record_batch(rows, mask).map_err(|error| internal("split a data file", error))
    };
    debug_assert_eq!(gone.null_count(), 0, "every row is in one of the parts");
    Ok((part(&stay)?, part(&gone)?))
}
