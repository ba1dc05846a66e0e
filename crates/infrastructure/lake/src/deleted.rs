//! Rows of a data file that hold no longer while the file stays as it is: the deletion vectors of the Delta protocol.

use std::ops::Range;

use delta_kernel::actions::deletion_vector::DeletionVectorDescriptor as Readable;
use deltalake::kernel::{DeletionVectorDescriptor, StorageType};
use deltalake::logstore::LogStoreRef;
use metrify_application::{Error, Kind, Result};
use parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use roaring::RoaringTreemap;

use crate::write::internal;

/// What a bitmap in the portable form of the protocol begins with.
const MAGIC: u32 = 1_681_511_377;

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

    /// These rows and those that were deleted before. They stand in the log itself.
    ///
    /// # Errors
    /// Where they are too many for it.
    pub(crate) fn with(before: Option<&Self>, rows: impl Iterator<Item = u64>) -> Result<Self> {
        let mut all = before.map_or_else(RoaringTreemap::new, |before| before.rows.clone());
        all.extend(rows);
        let mut bytes = MAGIC.to_le_bytes().to_vec();
        all.serialize_into(&mut bytes).map_err(|error| internal("write which rows are deleted", error))?;
        let size = i32::try_from(bytes.len()).map_err(|error| internal("write which rows are deleted", error))?;
        // The text form takes four bytes at a time; whoever reads it stops at the size.
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        let written = DeletionVectorDescriptor {
            storage_type: StorageType::Inline,
            path_or_inline_dv: z85::encode(&bytes),
            offset: None,
            size_in_bytes: size,
            cardinality: all.len().cast_signed(),
        };
        Ok(Self { rows: all, written })
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
        let mut deleted = self.rows.iter();
        deleted.advance_to(range.start);
        for row in deleted.take_while(|row| *row < range.end) {
            selectors.push(RowSelector::select((row - next) as usize));
            selectors.push(RowSelector::skip(1));
            next = row + 1;
        }
        selectors.push(RowSelector::select((range.end - next) as usize));
        // Neighbours of one kind become one.
        selectors.into_iter().collect()
    }

    /// The places of the rows that are left, of so many.
    pub(crate) fn places_left(&self, rows: u64) -> impl Iterator<Item = u64> {
        (0..rows).filter(|row| !self.rows.contains(*row))
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
        for rows in [vec![], vec![0], vec![3, 5], (0..70_000).step_by(3).collect(), vec![1, 1 << 33]] {
            let first = Deleted::with(None, rows.iter().copied()).expect("few rows");
            let more = Deleted::with(Some(&first), [7, 8].into_iter()).expect("few rows");
            for (deleted, count) in [(first, rows.len()), (more, rows.len() + 2)] {
                let read = Deleted::read(deleted.written().clone(), &log(folder.path())).expect("what was written");
                assert_eq!((read.rows, deleted.count()), (deleted.rows, count as u64));
            }
        }
    }

    /// As Spark writes it: in a file of its own, with a checksum.
    #[tokio::test]
    async fn what_others_write_into_files_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let ours = Deleted::with(None, [2, 4, 60_000].into_iter()).expect("few rows");
        let mut bitmap = MAGIC.to_le_bytes().to_vec();
        ours.rows.serialize_into(&mut bitmap).expect("memory");
        let mut file = vec![1];
        file.extend((bitmap.len() as u32).to_be_bytes());
        file.extend(&bitmap);
        file.extend(crc32fast::hash(&bitmap).to_be_bytes());
        let unique = uuid::Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
        std::fs::write(folder.path().join(format!("deletion_vector_{unique}.bin")), file).expect("room on disk");
        let written = DeletionVectorDescriptor {
            storage_type: StorageType::UuidRelativePath,
            path_or_inline_dv: z85::encode(unique.as_bytes()),
            offset: Some(1),
            size_in_bytes: bitmap.len() as i32,
            cardinality: 3,
        };
        assert_eq!(Deleted::read(written, &log(folder.path())).expect("what was written").rows, ours.rows);
    }

    #[test]
    fn what_is_left_of_a_range_is_all_but_the_deleted() {
        let deleted = Deleted::with(None, [0, 1, 5, 9, 10, 20].into_iter()).expect("few rows");
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
        assert_eq!(deleted.places_left(12).collect::<Vec<_>>(), [2, 3, 4, 6, 7, 8, 11]);
    }
}
