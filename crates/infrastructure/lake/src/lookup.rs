//! Finds rows in data files: whole files one after the other, skipping what the statistics exclude.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use bytes::Bytes;
use deltalake::Path;
use deltalake::logstore::ObjectStoreRef;
use deltalake::logstore::object_store::{self, ObjectStoreExt};
use futures::future::BoxFuture;
use futures::{FutureExt, TryFutureExt, TryStreamExt};
use metrify_application::record::{DeliveryId, Version};
use metrify_application::{Error, Kind, Result};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowFilter, RowSelection,
};
use parquet::arrow::async_reader::{AsyncFileReader, ParquetRecordBatchStreamBuilder};
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};

use crate::land::{READINGS_ORDER, concat};
use crate::merge::Pieces;
use crate::rows;
use crate::schema::numbered;
use crate::table::{self, FileFacts, Snapshot, store_error};
use crate::write::{internal, sorted, sorting_columns};

/// Rows that are decoded at once.
const READ_ROWS: usize = 8_192;

/// For each row of the named columns whether it is wanted; `None` where a column is missing.
type Choose = dyn FnMut(&RecordBatch) -> Option<BooleanArray> + Send;

/// Chooses rows from the columns it names.
struct Choice<'c> {
    columns: &'c [&'c str],
    choose: Box<Choose>,
}

fn step(snapshot: &Snapshot, file: &FileFacts) -> String {
    format!("read data file `{}` of table `{}`", file.path, snapshot.table.name())
}

async fn bytes(snapshot: &Snapshot, file: &FileFacts) -> Result<Bytes> {
    let step = || step(snapshot, file);
    let path = Path::parse(&file.path).map_err(|error| internal(&step(), error))?;
    let found = snapshot.store().get(&path).await.map_err(|error| store_error(step(), error))?;
    found.bytes().await.map_err(|error| store_error(step(), error))
}

async fn open_all(snapshot: &Snapshot, file: &FileFacts) -> Result<ParquetRecordBatchReaderBuilder<Bytes>> {
    let opened = ParquetRecordBatchReaderBuilder::try_new(bytes(snapshot, file).await?);
    let corrupt = |error| Error::new(Kind::Corrupt, step(snapshot, file)).because(error);
    Ok(opened.map_err(corrupt)?.with_batch_size(READ_ROWS))
}

async fn open(snapshot: &Snapshot, file: &FileFacts) -> Result<ParquetRecordBatchReaderBuilder<Bytes>> {
    let opened = open_all(snapshot, file).await?;
    Ok(match left(file, opened.metadata()) {
        Some(left) => opened.with_row_selection(left),
        None => opened,
    })
}

/// Which rows of a file hold, where some do not.
fn left(file: &FileFacts, metadata: &ParquetMetaData) -> Option<RowSelection> {
    file.deleted.as_ref().map(|deleted| deleted.left_of(0..rows_of(metadata)))
}

/// All rows of a file; statistics of others need not tell.
fn rows_of(metadata: &ParquetMetaData) -> u64 {
    metadata.file_metadata().num_rows().unsigned_abs()
}

/// All rows of a file, or the chosen ones, in pieces.
async fn read(snapshot: &Snapshot, file: &FileFacts, choice: Option<Choice<'_>>) -> Result<Vec<RecordBatch>> {
    let mut builder = open(snapshot, file).await?;
    if let Some(Choice { columns, mut choose }) = choice {
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        let predicate = ArrowPredicateFn::new(mask, move |rows| {
            choose(&rows)
                .ok_or_else(|| arrow::error::ArrowError::SchemaError("a column to choose by is missing".into()))
        });
        builder = builder.with_row_filter(RowFilter::new(vec![Box::new(predicate)]));
    }
    pieces_of(builder, step(snapshot, file))?.collect()
}

fn pieces_of(
    builder: ParquetRecordBatchReaderBuilder<Bytes>,
    step: String,
) -> Result<impl Iterator<Item = Result<RecordBatch>>> {
    let reader = builder.build().map_err(|error| Error::new(Kind::Corrupt, step.clone()).because(error))?;
    Ok(reader.map(move |piece| piece.map_err(|error| Error::new(Kind::Corrupt, step.clone()).because(error))))
}

/// Some columns of all rows of a file, the deleted ones too.
pub(crate) async fn columns_of_all(snapshot: &Snapshot, file: &FileFacts, names: &[&str]) -> Result<Vec<RecordBatch>> {
    let builder = open_all(snapshot, file).await?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), names.iter().copied());
    pieces_of(builder.with_projection(mask), step(snapshot, file))?.collect()
}

/// All rows of a file.
pub(crate) async fn whole(snapshot: &Snapshot, file: &FileFacts) -> Result<Vec<RecordBatch>> {
    read(snapshot, file, None).await
}

/// A file that was read as a whole and can be gone through several times.
pub(crate) struct Opened {
    step: String,
    bytes: Bytes,
    plain: ArrowReaderMetadata,
    left: Option<RowSelection>,
}

impl Opened {
    pub(crate) async fn of(snapshot: &Snapshot, file: &FileFacts) -> Result<Self> {
        let (step, bytes) = (step(snapshot, file), bytes(snapshot, file).await?);
        let corrupt = |error| Error::new(Kind::Corrupt, step.clone()).because(error);
        let plain = ArrowReaderMetadata::load(&bytes, with_page_index()).map_err(corrupt)?;
        let left = left(file, plain.metadata());
        Ok(Self { step, bytes, plain, left })
    }

    pub(crate) fn metadata(&self) -> Arc<ParquetMetaData> {
        self.plain.metadata().clone()
    }

    /// All columns of the rows of a file of readings that hold, in the order of files. Where somebody wrote it who does not claim
    /// that they are, they are brought into it here.
    pub(crate) fn in_order(&self) -> Result<Pieces> {
        let (pieces, order) = (self.numbered_columns(&[])?, sorting_columns());
        if self.plain.metadata().row_groups().iter().all(|group| group.sorting_columns() == Some(&order)) {
            return Ok(Box::new(pieces));
        }
        let rows = concat(&pieces.collect::<Result<Vec<_>>>()?)?;
        Ok(Box::new(std::iter::once(sorted(&rows, &READINGS_ORDER))))
    }

    /// Some columns of the rows that hold piece by piece, texts as dictionaries; all columns where none is named.
    pub(crate) fn numbered_columns(
        &self,
        names: &[&str],
    ) -> Result<impl Iterator<Item = Result<RecordBatch>> + Send + use<>> {
        self.pieces(names, self.left.clone())
    }

    /// As [`Self::numbered_columns`], of all rows, the deleted ones too.
    pub(crate) fn numbered_columns_of_all(
        &self,
        names: &[&str],
    ) -> Result<impl Iterator<Item = Result<RecordBatch>> + Send + use<>> {
        self.pieces(names, None)
    }

    fn pieces(
        &self,
        names: &[&str],
        rows: Option<RowSelection>,
    ) -> Result<impl Iterator<Item = Result<RecordBatch>> + Send + use<>> {
        let options = ArrowReaderOptions::new().with_schema(numbered(self.plain.schema().fields()));
        let corrupt = |error| Error::new(Kind::Corrupt, self.step.clone()).because(error);
        let numbered = ArrowReaderMetadata::try_new(self.metadata(), options).map_err(corrupt)?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(self.bytes.clone(), numbered);
        let mask = match names {
            [] => ProjectionMask::all(),
            names => ProjectionMask::columns(builder.parquet_schema(), names.iter().copied()),
        };
        let builder = builder.with_batch_size(READ_ROWS).with_projection(mask);
        let builder = match rows {
            Some(rows) => builder.with_row_selection(rows),
            None => builder,
        };
        pieces_of(builder, self.step.clone())
    }
}

/// Reads pieces of a file.
struct Ranges {
    store: ObjectStoreRef,
    path: Path,
    bytes: u64,
    /// `None` where they are not known yet.
    metadata: Option<Arc<ParquetMetaData>>,
}

impl Ranges {
    fn of(snapshot: &Snapshot, file: &FileFacts, metadata: Option<Arc<ParquetMetaData>>) -> Result<Self> {
        let path = Path::parse(&file.path).map_err(|error| internal(&step(snapshot, file), error))?;
        Ok(Self { store: snapshot.store(), path, bytes: file.bytes, metadata })
    }
}

impl AsyncFileReader for Ranges {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, parquet::errors::Result<Bytes>> {
        let bytes = async { self.store.get_range(&self.path, range).await };
        bytes.map_err(|error| ParquetError::External(Box::new(error))).boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, parquet::errors::Result<Vec<Bytes>>> {
        let bytes = async move { self.store.get_ranges(&self.path, &ranges).await };
        bytes.map_err(|error| ParquetError::External(Box::new(error))).boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, parquet::errors::Result<Arc<ParquetMetaData>>> {
        if let Some(known) = self.metadata.clone() {
            return async move { Ok(known) }.boxed();
        }
        let bytes = self.bytes;
        let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Optional);
        async move { reader.load_and_finish(self, bytes).await.map(Arc::new) }.boxed()
    }
}

/// What a file tells of its pages, without the rest of it.
pub(crate) async fn metadata(snapshot: &Snapshot, file: &FileFacts) -> Result<Arc<ParquetMetaData>> {
    let read = Ranges::of(snapshot, file, None)?.get_metadata(None).await;
    read.map_err(|error| unread(step(snapshot, file), error))
}

/// A store that does not answer says nothing of the file.
fn unread(step: String, error: ParquetError) -> Error {
    match error {
        ParquetError::External(cause) => match cause.downcast::<object_store::Error>() {
            Ok(cause) => store_error(step, *cause),
            Err(cause) => Error::new(Kind::Corrupt, step).because(ParquetError::External(cause)),
        },
        error => Error::new(Kind::Corrupt, step).because(error),
    }
}

/// The rows of a file at these places, which grow; of the named columns, or of all where none is named. Only the pages that hold
/// them are read.
pub(crate) async fn rows(
    snapshot: &Snapshot,
    file: &FileFacts,
    metadata: &Arc<ParquetMetaData>,
    places: &[usize],
    columns: &[&str],
) -> Result<Vec<RecordBatch>> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let corrupt = |error| unread(step(snapshot, file), error);
    let reader = Ranges::of(snapshot, file, Some(metadata.clone()))?;
    let metadata = ArrowReaderMetadata::try_new(metadata.clone(), with_page_index()).map_err(corrupt)?;
    let mut builder = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, metadata);
    if !columns.is_empty() {
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        builder = builder.with_projection(mask);
    }
    let all = usize::try_from(builder.metadata().file_metadata().num_rows());
    let all = all.map_err(|error| Error::new(Kind::Corrupt, step(snapshot, file)).because(error))?;
    let selection = RowSelection::from_consecutive_ranges(places.iter().map(|place| *place..place + 1), all);
    let stream = builder.with_batch_size(READ_ROWS).with_row_selection(selection).build().map_err(corrupt)?;
    let batches: Vec<RecordBatch> = stream.map_err(corrupt).try_collect().await?;
    let read: usize = batches.iter().map(RecordBatch::num_rows).sum();
    if read != places.len() {
        let step = format!("{}: {read} rows stand at {} places", step(snapshot, file), places.len());
        return Err(Error::new(Kind::Corrupt, step));
    }
    Ok(batches)
}

fn with_page_index() -> ArrowReaderOptions {
    ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional)
}

/// The versions that a table has from messages; each file is read once.
pub(crate) async fn of_documents(snapshot: &Snapshot, documents: &HashSet<String>) -> Result<Vec<Version>> {
    from(snapshot, "document", documents.clone(), |file| file.documents.as_ref()).await
}

/// The versions that a table has from a delivery.
pub(crate) async fn of_delivery(snapshot: &Snapshot, delivery: &DeliveryId) -> Result<Vec<Version>> {
    let delivery = HashSet::from([delivery.as_str().to_owned()]);
    from(snapshot, "delivery", delivery, |file| file.deliveries.as_ref()).await
}

/// The versions of a table whose `column` says that they came from one of these.
async fn from(
    snapshot: &Snapshot,
    column: &'static str,
    any: HashSet<String>,
    range: fn(&FileFacts) -> Option<&table::Range<String>>,
) -> Result<Vec<Version>> {
    let mut found = Vec::new();
    let any = Arc::new(any);
    let may_hold = |file: &&FileFacts| {
        range(file).is_none_or(|range| any.iter().any(|from| range.low <= *from && *from <= range.high))
    };
    for file in snapshot.files.iter().filter(may_hold) {
        let wanted = any.clone();
        let choose = move |rows: &RecordBatch| {
            let texts = rows.column_by_name(column)?;
            let is_wanted = |row| rows::text_at(texts, row).is_some_and(|text| wanted.contains(text));
            Some((0..rows.num_rows()).map(is_wanted).map(Some).collect::<BooleanArray>())
        };
        let choice = Choice { columns: &[column], choose: Box::new(choose) };
        collect(&read(snapshot, file, Some(choice)).await?, &mut found)?;
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
