//! Reads a Parquet file some groups of rows after the other, each once its pages have been looked at.

use std::io::{Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema};
use metrify_application::ingest::{Content, Opened};
use metrify_formats::Output;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};

use parquet::file::metadata::RowGroupMetaData;

use super::guard::{Budget, Readout, damaged, external};
use super::ours::select;
use super::thrift::{Compact, Shape, wrong};
use super::{ROWS, Table, pages};

/// What stands behind the table of a file: its length, and `PAR1`.
const TAIL_BYTES: u64 = 8;
const SIGNATURE_BYTES: u64 = 4;
/// How deep columns lie in each other.
const DEPTH_MAX: usize = 16;

/// The columns of a file that are read, and its batches.
///
/// # Errors
/// Where the table at its end cannot be read.
pub(super) fn open(content: &Content, size: u64, out: &mut Output<'_>) -> Readout<Table> {
    check_table(content.open().map_err(external)?, size)?;
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = match content.open().map_err(external)? {
        Opened::Memory(bytes) => ArrowReaderMetadata::load(bytes.get_ref(), options)?,
        Opened::File(file) => ArrowReaderMetadata::load(&file, options)?,
    };
    let columns = select(metadata.schema(), out)?;
    let mask = ProjectionMask::roots(metadata.parquet_schema(), columns.iter().copied());
    let metadata = with_dictionaries(&metadata)?;
    let schema = metadata.schema().project(&columns)?;
    let rows = metadata.metadata().row_groups().iter().map(rows_of);
    let (rows, budget) = (rows.fold(0, u64::saturating_add), Budget::of(size));
    // Nobody can be held to have lost more rows than a file can have.
    let rows = Some(rows).filter(|rows| Budget::of(size).rows(*rows).is_ok());
    let mut groups = Groups { content: content.clone(), size, budget, metadata, mask, next: 0, reader: None };
    Ok(Table { schema, rows, batches: Box::new(move || groups.batch()) })
}

/// The table was looked through: no group has less than no rows.
fn rows_of(group: &RowGroupMetaData) -> u64 {
    group.num_rows().unsigned_abs()
}

/// Looks through the table at the end of a file.
fn check_table(mut file: Opened, size: u64) -> Readout<()> {
    let no_table = || damaged("it has no table at its end");
    let end = size.checked_sub(TAIL_BYTES).ok_or_else(no_table)?;
    file.seek(SeekFrom::Start(end))?;
    let mut length = [0; 4];
    file.read_exact(&mut length)?;
    let length = u64::from(u32::from_le_bytes(length));
    let begin = end.checked_sub(length).filter(|begin| *begin >= SIGNATURE_BYTES).ok_or_else(no_table)?;
    file.seek(SeekFrom::Start(begin))?;
    let mut table = Vec::new();
    file.take(length).read_to_end(&mut table)?;
    // How many columns are still to come at each depth: the first is the one that all others lie in.
    let mut open = vec![1_i64];
    let mut walk = Compact { bytes: Cursor::new(table), left: length };
    let walked = walk.structure(Shape::File, &mut |shape, field, value| {
        match (shape, field) {
            (Shape::Element, 0) => {
                while open.last() == Some(&0) {
                    open.pop();
                }
                *open.last_mut().ok_or_else(|| wrong("there are more columns than lie in others"))? -= 1;
            }
            (Shape::Element, 5) if !(0..=length.cast_signed()).contains(&value) => {
                return Err(wrong("there are more columns than bytes"));
            }
            (Shape::Element, 5) if value > 0 => open.push(value),
            (Shape::Group, 3) if value < 0 => return Err(wrong("a group has less than no rows")),
            _ => {}
        }
        if open.len() > DEPTH_MAX { Err(wrong("its columns lie too deep in each other")) } else { Ok(()) }
    });
    let ended =
        walked.and_then(|()| if walk.left == 0 { Ok(()) } else { Err(wrong("it does not end where it should")) });
    ended.map_err(|error| damaged(&format!("the table at its end cannot be read: {error}")))
}

/// As the file has them, but texts as numbers of the distinct ones: one that stands in the file once and is told of every row is
/// not written out for every row.
fn with_dictionaries(metadata: &ArrowReaderMetadata) -> Readout<ArrowReaderMetadata> {
    let numbered = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let fields = metadata.schema().fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 => Arc::new(field.as_ref().clone().with_data_type(numbered.clone())),
        _ => field.clone(),
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true).with_schema(schema);
    Ok(ArrowReaderMetadata::try_new(metadata.metadata().clone(), options)?)
}

struct Groups {
    content: Content,
    size: u64,
    budget: Budget,
    metadata: ArrowReaderMetadata,
    mask: ProjectionMask,
    next: usize,
    reader: Option<ParquetRecordBatchReader>,
}

impl Groups {
    fn batch(&mut self) -> Readout<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.reader.as_mut().and_then(Iterator::next) {
                return batch.map(Some);
            }
            let groups = self.checked()?;
            if groups.is_empty() {
                return Ok(None);
            }
            self.reader = Some(self.reader_of(groups)?);
        }
    }

    /// The next groups: as many as fill a batch.
    fn checked(&mut self) -> Readout<Vec<usize>> {
        let metadata = self.metadata.metadata().clone();
        let (mut groups, mut rows) = (Vec::new(), 0_u64);
        while let Some(group) = metadata.row_groups().get(self.next).filter(|_| rows < ROWS as u64) {
            let read = (0..).zip(group.columns()).filter(|(leaf, _)| self.mask.leaf_included(*leaf));
            for (_, column) in read {
                pages::check(&self.content, column, &mut self.budget, Budget::of(self.size))?;
            }
            rows = rows.saturating_add(rows_of(group));
            groups.push(self.next);
            self.next += 1;
        }
        Ok(groups)
    }

    fn reader_of(&self, groups: Vec<usize>) -> Readout<ParquetRecordBatchReader> {
        let (metadata, mask) = (self.metadata.clone(), self.mask.clone());
        let reader = match self.content.open().map_err(external)? {
            Opened::Memory(bytes) => {
                let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes.into_inner(), metadata);
                reader.with_projection(mask).with_row_groups(groups).with_batch_size(ROWS).build()?
            }
            Opened::File(file) => {
                let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
                reader.with_projection(mask).with_row_groups(groups).with_batch_size(ROWS).build()?
            }
        };
        Ok(reader)
    }
}
