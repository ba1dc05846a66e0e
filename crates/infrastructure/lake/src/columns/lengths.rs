//! Looks at the lengths of texts in a page that was unpacked, before memory is taken for them.
//!
//! Norm: Apache Parquet 2.11, "Plain" and "Delta-length byte array".

use parquet::basic::Encoding;
use parquet::column::page::Page;
use parquet::file::metadata::ColumnChunkMetaData;

use super::guard::{Readout, TEXT_BYTES_MAX, damaged};

/// # Errors
/// Where a text of a dictionary is longer than any that a reading has: it may be told of every row.
pub(super) fn check_dictionary(mut texts: &[u8]) -> Readout<()> {
    while let Some((length, rest)) = texts.split_first_chunk() {
        let length = u32::from_le_bytes(*length) as usize;
        if length > TEXT_BYTES_MAX {
            return Err(damaged(&format!("a text has {length} bytes, more than {TEXT_BYTES_MAX}")));
        }
        texts = rest.get(length..).ok_or_else(|| damaged("a dictionary ends within a text"))?;
    }
    Ok(())
}

/// # Errors
/// Where a page says that it has more lengths than values.
pub(super) fn check_lengths(page: &Page, column: &ColumnChunkMetaData) -> Readout<()> {
    // What cannot be read as lengths has none that memory would be taken for.
    let lengths = behind_levels(page, column).and_then(count);
    if lengths.is_some_and(|lengths| lengths > u64::from(page.num_values())) {
        return Err(damaged("a page has more lengths than values"));
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

/// How many lengths a list of them says that it has: behind the size of its blocks and the number of their parts.
fn count(mut list: &[u8]) -> Option<u64> {
    number(&mut list)?;
    number(&mut list)?;
    number(&mut list)
}

fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
