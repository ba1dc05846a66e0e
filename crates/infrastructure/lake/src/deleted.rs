//! Rows of a data file that hold no longer while the file stays as it is: the deletion vectors of the Delta protocol.

use std::ops::Range;

use delta_kernel::actions::deletion_vector::DeletionVectorDescriptor as Readable;
use deltalake::kernel::{DeletionVectorDescriptor, StorageType};
use deltalake::logstore::LogStoreRef;
use metrify_application::{Error, Kind, Result};
use parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use roaring::RoaringTreemap;
use uuid::Uuid;

use crate::write::internal;

/// What a bitmap in the portable form of the protocol begins with.
const MAGIC: u32 = 1_681_511_377;

/// Bytes of a bitmap that the log tells itself, with each change again.
const TOLD_BYTES_MAX: usize = 1 << 10;

/// A file that tells which rows are deleted.
pub(crate) struct NewFile {
    /// Relative to the table.
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
}

/// A version, the size of the bitmap, the bitmap and its checksum.
fn file(size: u32, bitmap: &[u8]) -> Vec<u8> {
    const VERSION: u8 = 1;
    let (size, sum) = (size.to_be_bytes(), crc32fast::hash(bitmap).to_be_bytes());
    [&[VERSION], &size[..], bitmap, &sum].concat()
}

/// The rows of a file that are deleted, and how the log tells of them.
#[derive(Debug)]
pub struct Deleted {
    rows: RoaringTreemap,
    written: DeletionVectorDescriptor,
}

impl Deleted {
    /// What the log tells of a file.
    ///
    /// # Errors
    /// Where it, or the file that it names, cannot be read.
    pub(crate) fn read(written: DeletionVectorDescriptor, log: &LogStoreRef) -> Result<Self> {
        let failed = |error| Error::new(Kind::Corrupt, "read which rows of a data file are deleted").because(error);
        let readable = Readable::try_from(written.clone()).map_err(failed)?;
        // A folder ends with a slash, or what lies in it would be beside it.
        let mut root = log.root_url().clone();
        root.set_path(&format!("{}/", root.path().trim_end_matches('/')));
        let rows = readable.read(log.engine(None).storage_handler(), &root).map_err(failed)?;
        Ok(Self { rows, written })
    }

    /// These rows and those that were deleted before, and the file that tells of them; where they are few the log itself does.
    ///
    /// # Errors
    /// Where they are too many to be written down.
    pub(crate) fn with(before: Option<&Self>, rows: &[u64], unique: Uuid) -> Result<(Self, Option<NewFile>)> {
        let failed = |error| internal("write which rows are deleted", error);
        let mut all = before.map_or_else(RoaringTreemap::new, |before| before.rows.clone());
        all.extend(rows);
        let mut bitmap = MAGIC.to_le_bytes().to_vec();
        all.serialize_into(&mut bitmap).map_err(|error| internal("write which rows are deleted", error))?;
        let size = u32::try_from(bitmap.len()).map_err(failed)?;
        let (cardinality, size_in_bytes) = (all.len().cast_signed(), size.cast_signed());
        if bitmap.len() <= TOLD_BYTES_MAX {
            // The text form takes four bytes at a time; whoever reads it stops at the size.
            bitmap.resize(bitmap.len().next_multiple_of(4), 0);
            let path_or_inline_dv = z85::encode(&bitmap);
            let storage_type = StorageType::Inline;
            let written =
                DeletionVectorDescriptor { storage_type, path_or_inline_dv, offset: None, size_in_bytes, cardinality };
            return Ok((Self { rows: all, written }, None));
        }
        let file = NewFile { path: format!("deletion_vector_{unique}.bin"), bytes: file(size, &bitmap) };
        let written = DeletionVectorDescriptor {
            storage_type: StorageType::UuidRelativePath,
            path_or_inline_dv: z85::encode(unique.as_bytes()),
            // Behind the version.
            offset: Some(1),
            size_in_bytes,
            cardinality,
        };
        Ok((Self { rows: all, written }, Some(file)))
    }

    pub(crate) const fn written(&self) -> &DeletionVectorDescriptor {
        &self.written
    }

    /// How many they are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.rows.len()
    }

    /// Which of a range of the file's rows are left.
    #[must_use]
    pub fn left_of(&self, range: Range<u64>) -> RowSelection {
        let (mut selectors, mut next) = (Vec::new(), range.start);
        for row in self.within(range.clone()) {
            selectors.push(RowSelector::select((row - next) as usize));
            selectors.push(RowSelector::skip(1));
            next = row + 1;
        }
        selectors.push(RowSelector::select((range.end - next) as usize));
        // Neighbours of one kind become one.
        selectors.into_iter().collect()
    }

    /// Those of a range.
    pub(crate) fn within(&self, range: Range<u64>) -> impl Iterator<Item = u64> {
        let mut rows = self.rows.iter();
        rows.advance_to(range.start);
        rows.take_while(move |row| *row < range.end)
    }

    pub(crate) fn contains(&self, row: u64) -> bool {
        self.rows.contains(row)
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]
mod tests {
    use deltalake::{DeltaTableBuilder, ensure_table_uri};

    use super::*;

    fn log(folder: &std::path::Path) -> LogStoreRef {
        let location = ensure_table_uri(folder.to_string_lossy()).expect("a folder");
        DeltaTableBuilder::from_url(location).expect("a place").build().expect("a table").log_store()
    }

    #[tokio::test]
    async fn what_is_written_is_read_by_the_kernel() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut files = 0;
        for (number, rows) in
            (0..).zip([vec![], vec![0], vec![3, 5], (0..70_000).step_by(3).collect(), vec![1, 1 << 33]])
        {
            let (first, file) = Deleted::with(None, &rows, Uuid::from_u128(number)).expect("few rows");
            let (more, other) = Deleted::with(Some(&first), &[7, 8], Uuid::from_u128(number + 100)).expect("few rows");
            for (deleted, file, count) in [(first, file, rows.len()), (more, other, rows.len() + 2)] {
                files += u32::from(file.is_some());
                file.into_iter()
                    .for_each(|file| std::fs::write(folder.path().join(file.path), file.bytes).expect("room on disk"));
                let read = Deleted::read(deleted.written().clone(), &log(folder.path())).expect("what was written");
                assert_eq!((&read.rows, deleted.count()), (&deleted.rows, count as u64));
                assert_eq!([3, 4, 6].map(|row| read.contains(row)), [3, 4, 6].map(|row| rows.contains(&row)));
            }
        }
        assert_eq!(files, 2, "many rows are told in a file");
    }

    #[test]
    fn what_is_left_of_a_range_is_all_but_the_deleted() {
        let deleted = Deleted::with(None, &[0, 1, 5, 9, 10, 20], Uuid::nil()).expect("few rows").0;
        for range in [0..0, 0..1, 0..10, 3..9, 5..6, 10..30, 21..25] {
            let left = deleted.left_of(range.clone());
            let mut at = range.start;
            let mut rows = Vec::new();
            for selector in left.iter() {
                let end = at + selector.row_count as u64;
                if !selector.skip {
                    rows.extend(at..end);
                }
                at = end;
            }
            assert_eq!(at, range.end, "{range:?}");
            let expected: Vec<u64> = range.clone().filter(|row| ![0, 1, 5, 9, 10, 20].contains(row)).collect();
            assert_eq!(rows, expected, "{range:?}");
        }
    }
}
