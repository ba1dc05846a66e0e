//! Looks at how many lengths a page of texts says that it holds, before memory is taken for them.
//!
//! Norm: Apache Parquet 2.11, "Delta-length byte array" and "Delta Strings".

use std::sync::Arc;

use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, SerializedPageReader};

use super::guard::{Readout, damaged};

/// Looks through the pages of a column; what cannot be read is left to the reader of the file.
///
/// # Errors
/// Where a page says that it has more lengths than values.
pub(super) fn check(bytes: impl ChunkReader + 'static, column: &ColumnChunkMetaData, rows: usize) -> Readout<()> {
    let Ok(mut pages) = SerializedPageReader::new(Arc::new(bytes), column, rows, None) else { return Ok(()) };
    while let Ok(Some(page)) = pages.get_next_page() {
        let (values, encoding) = (page.num_values() as usize, page.encoding());
        let lists = match encoding {
            Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
            Encoding::DELTA_BYTE_ARRAY => 2,
            _ => continue,
        };
        let lengths = behind_levels(&page, column).and_then(|bytes| Lengths(bytes).most(lists));
        // What cannot be read as lengths has no lengths that memory would be taken for.
        if lengths.is_some_and(|lengths| lengths > values) {
            return Err(damaged("a page has more lengths than values"));
        }
    }
    Ok(())
}

/// The values of a page, which stand behind the levels of nesting where a column has some.
fn behind_levels<'p>(page: &'p Page, column: &ColumnChunkMetaData) -> Option<&'p [u8]> {
    let levels = [column.column_descr().max_rep_level(), column.column_descr().max_def_level()];
    match page {
        Page::DataPage { buf, num_values, def_level_encoding, rep_level_encoding, .. } => {
            let encodings = [rep_level_encoding, def_level_encoding];
            let mut rest = buf.as_ref();
            for (most, encoding) in levels.into_iter().zip(encodings).filter(|(most, _)| *most > 0) {
                let length = if *encoding == Encoding::RLE {
                    let (length, behind) = rest.split_first_chunk()?;
                    rest = behind;
                    u32::from_le_bytes(*length) as usize
                } else {
                    let bits = (i16::BITS - most.leading_zeros()) as usize;
                    (*num_values as usize * bits).div_ceil(8)
                };
                rest = rest.get(length..)?;
            }
            Some(rest)
        }
        Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
            buf.get(*def_levels_byte_len as usize + *rep_levels_byte_len as usize..)
        }
        Page::DictionaryPage { .. } => None,
    }
}

/// Lists of lengths, one behind the other, each as differences that are packed in blocks.
struct Lengths<'p>(&'p [u8]);

impl Lengths<'_> {
    /// How many lengths the longest of the first lists says that it has.
    fn most(mut self, lists: usize) -> Option<usize> {
        let mut most = 0;
        for list in 0..lists {
            let block = self.number()?;
            let parts = self.number()?;
            let lengths = self.number()?;
            most = most.max(lengths);
            self.number()?;
            // A list behind one that cannot be read is not read either.
            if list + 1 < lists && (parts == 0 || self.pass(block / parts, parts, lengths).is_none()) {
                break;
            }
        }
        Some(most)
    }

    /// Passes over the blocks of a list; its first length stood before them.
    fn pass(&mut self, values: usize, parts: usize, lengths: usize) -> Option<()> {
        let mut left = lengths.saturating_sub(1);
        while left > 0 {
            self.number()?;
            let (widths, mut rest) = self.0.split_at_checked(parts)?;
            for width in widths {
                let bytes = if left == 0 { 0 } else { usize::from(*width).checked_mul(values)? / 8 };
                rest = rest.get(bytes..)?;
                left = left.saturating_sub(values);
            }
            // Blocks without values go on for ever.
            self.0 = Some(rest).filter(|_| values > 0)?;
        }
        Some(())
    }

    fn number(&mut self) -> Option<usize> {
        let mut number = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return usize::try_from(number).ok();
            }
        }
        None
    }
}
