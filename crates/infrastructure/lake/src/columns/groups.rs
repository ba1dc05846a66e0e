//! Reads a Parquet file one group of rows after the other, each once its pages have been looked at.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema};
use metrify_application::ingest::{Content, Opened};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};

use super::guard::{Budget, Readout, external};
use super::{Batches, ROWS, pages};

/// The columns of a file, and its batches.
///
/// # Errors
/// Where the table at its end cannot be read.
pub(super) fn open(content: &Content, size: u64) -> Readout<(Schema, Batches)> {
    let options = ArrowReaderOptions::new();
    let metadata = match content.open().map_err(external)? {
        Opened::Memory(bytes) => ArrowReaderMetadata::load(bytes.get_ref(), options)?,
        Opened::File(file) => ArrowReaderMetadata::load(&file, options)?,
    };
    let metadata = with_dictionaries(&metadata).unwrap_or(metadata);
    let schema = metadata.schema().as_ref().clone();
    let groups = Groups { content: content.clone(), size, budget: Budget::of(size), metadata, next: 0, reader: None };
    Ok((schema, Box::new(groups)))
}

/// As the file has them, but texts as numbers of the distinct ones: one that stands in the file once and is told of every row is
/// not written out for every row.
fn with_dictionaries(metadata: &ArrowReaderMetadata) -> Option<ArrowReaderMetadata> {
    let numbered = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let fields = metadata.schema().fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            Arc::new(field.as_ref().clone().with_data_type(numbered.clone()))
        }
        _ => field.clone(),
    });
    let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields.collect::<Vec<_>>())));
    ArrowReaderMetadata::try_new(metadata.metadata().clone(), options).ok()
}

struct Groups {
    content: Content,
    size: u64,
    budget: Budget,
    metadata: ArrowReaderMetadata,
    next: usize,
    reader: Option<ParquetRecordBatchReader>,
}

impl Iterator for Groups {
    type Item = Readout<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batch().transpose()
    }
}

impl Groups {
    fn batch(&mut self) -> Readout<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.reader.as_mut().and_then(Iterator::next) {
                return batch.map(Some);
            }
            let metadata = self.metadata.metadata().clone();
            let Some(group) = metadata.row_groups().get(self.next) else { return Ok(None) };
            pages::check(&self.content, group, self.size, &mut self.budget)?;
            self.reader = Some(self.group()?);
            self.next += 1;
        }
    }

    fn group(&self) -> Readout<ParquetRecordBatchReader> {
        let (metadata, groups) = (self.metadata.clone(), vec![self.next]);
        let reader = match self.content.open().map_err(external)? {
            Opened::Memory(bytes) => {
                let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes.into_inner(), metadata);
                reader.with_row_groups(groups).with_batch_size(ROWS).build()?
            }
            Opened::File(file) => {
                let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
                reader.with_row_groups(groups).with_batch_size(ROWS).build()?
            }
        };
        Ok(reader)
    }
}
