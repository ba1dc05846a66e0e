//! Looks at what the pages of a column say of themselves, before memory is taken for what they unpack to.

use std::io::{self, BufReader, Seek, SeekFrom};
use std::sync::Arc;

use arrow::error::ArrowError;
use metrify_application::ingest::{Content, Opened};
use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::{Page, PageReader};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, SerializedPageReader};

use super::guard::{Budget, Readout, damaged, external};
use super::lengths;
use super::thrift::{Compact, Shape, wrong};

/// Bytes that a page unpacks to at most; writers make them a thousandth of it.
const PAGE_BYTES_MAX: u64 = 256 << 20;

/// Bytes of a value of fixed length: the widest decimal has 32.
const FIXED_BYTES_MAX: i32 = 64;

/// Encodings, by their numbers.
const DELTA_LENGTH_BYTE_ARRAY: i64 = 6;
const DELTA_BYTE_ARRAY: i64 = 7;

/// # Errors
/// Where pages of a column say that they hold more than a file of this size can, cannot be told apart, or are written in a way
/// that is not read.
pub(super) fn check(content: &Content, column: &ColumnChunkMetaData, budget: &mut Budget, own: Budget) -> Readout<()> {
    let (compression, path) = (column.compression(), column.column_path());
    if !matches!(compression, Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::ZSTD(_)) {
        return Err(damaged(&format!("column `{path}` is packed with {compression}: zstd and snappy are read")));
    }
    let length = column.column_descr().type_length();
    if column.column_type() == Type::FIXED_LEN_BYTE_ARRAY && length > FIXED_BYTES_MAX {
        return Err(damaged(&format!("the values of column `{path}` have {length} bytes each")));
    }
    let has_lengths = check_headers(content.open().map_err(external)?, column, budget, own)?;
    if column.column_type() == Type::BYTE_ARRAY {
        match content.open().map_err(external)? {
            Opened::Memory(bytes) => check_texts(bytes.into_inner(), column, has_lengths)?,
            Opened::File(file) => check_texts(file, column, has_lengths)?,
        }
    }
    Ok(())
}

/// Tells whether there are pages whose values begin with lengths.
fn check_headers(file: Opened, column: &ColumnChunkMetaData, budget: &mut Budget, mut own: Budget) -> Readout<bool> {
    let packed = column.compression() != Compression::UNCOMPRESSED;
    let (mut has_lengths, mut is_first) = (false, true);
    let mut pages = headers(file, column).map_err(|error| unreadable(&error))?;
    while pages.left > 0 {
        let page = next(&mut pages).map_err(|error| unreadable(&error))?;
        let bytes = if packed { page.unpacked } else { page.packed };
        budget.unpack(page.header.saturating_add(bytes))?;
        own.rows(page.values)?;
        if bytes > PAGE_BYTES_MAX {
            return Err(damaged(&format!("a page unpacks to more than {} MiB", PAGE_BYTES_MAX >> 20)));
        }
        if page.is_dictionary && !is_first {
            return Err(damaged("a dictionary stands behind what refers to it"));
        }
        is_first = false;
        if page.is_dictionary && page.values > bytes {
            return Err(damaged("a dictionary has more values than bytes"));
        }
        if page.encodings.contains(&DELTA_BYTE_ARRAY) {
            let path = column.column_path();
            return Err(damaged(&format!("column `{path}` is written as DELTA_BYTE_ARRAY, which is not read")));
        }
        has_lengths |= page.encodings.contains(&DELTA_LENGTH_BYTE_ARRAY);
    }
    Ok(has_lengths)
}

fn unreadable(error: &io::Error) -> ArrowError {
    damaged(&format!("the header of a page cannot be read: {error}"))
}

/// What a page says of itself. A structure that stands there twice says the most of both.
#[derive(Default)]
struct Header {
    /// Its own bytes.
    header: u64,
    unpacked: u64,
    packed: u64,
    values: u64,
    is_dictionary: bool,
    encodings: Vec<i64>,
}

fn headers(mut file: Opened, column: &ColumnChunkMetaData) -> io::Result<Compact<BufReader<Opened>>> {
    let (start, left) = column.byte_range();
    file.seek(SeekFrom::Start(start))?;
    Ok(Compact { bytes: BufReader::new(file), left })
}

/// Reads the header of a page, and passes over what it holds.
fn next(pages: &mut Compact<BufReader<Opened>>) -> io::Result<Header> {
    let before = pages.left;
    let mut page = Header::default();
    pages.structure(Shape::Page, &mut |shape, field, value| {
        let amount = || u64::try_from(value).map_err(|_| wrong("an amount is negative"));
        match (shape, field) {
            (Shape::DictionaryPage, 0) => page.is_dictionary = true,
            (Shape::Page, 2) => page.unpacked = page.unpacked.max(amount()?),
            (Shape::Page, 3) => page.packed = amount()?,
            (Shape::DataPage | Shape::DataPageV2 | Shape::DictionaryPage, 1) => {
                page.values = page.values.max(amount()?);
            }
            (Shape::DataPage, 2) | (Shape::DataPageV2, 4) => page.encodings.push(value),
            _ => {}
        }
        Ok(())
    })?;
    page.header = before - pages.left;
    pages.skip(page.packed)?;
    Ok(page)
}

/// Looks at the texts of a dictionary, which may be told of every row, and at the lengths of others.
fn check_texts(bytes: impl ChunkReader + 'static, column: &ColumnChunkMetaData, has_lengths: bool) -> Readout<()> {
    // How many rows there are matters with an index of pages alone.
    let mut pages = SerializedPageReader::new(Arc::new(bytes), column, 0, None)?;
    while let Some(page) = pages.get_next_page()? {
        match &page {
            Page::DictionaryPage { buf, .. } => lengths::check_dictionary(buf)?,
            // A dictionary stands before everything else.
            _ if !has_lengths => break,
            _ if page.encoding() == Encoding::DELTA_LENGTH_BYTE_ARRAY => lengths::check_lengths(&page, column)?,
            _ => {}
        }
    }
    Ok(())
}
