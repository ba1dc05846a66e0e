//! Looks at what the pages of a Parquet file say of themselves, before memory is taken for what they unpack to.
//!
//! Norm: Apache Parquet 2.11, `PageHeader`, in the compact protocol of Apache Thrift.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use metrify_application::ingest::{Content, Opened};
use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use super::delta;
use super::guard::{Budget, Readout, damaged, external};

/// Fields of a `PageHeader`.
const UNPACKED_SIZE: i64 = 2;
const PACKED_SIZE: i64 = 3;
const DATA_PAGE: i64 = 5;
const DICTIONARY_PAGE: i64 = 7;
const DATA_PAGE_V2: i64 = 8;
/// First field of each of these.
const VALUES: i64 = 1;

/// Encodings.
const DELTA_LENGTH_BYTE_ARRAY: i64 = 6;
const DELTA_BYTE_ARRAY: i64 = 7;

/// Kinds of values in the compact protocol.
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;

/// How deep what is passed over may be nested: statistics are two deep.
const DEPTH_MAX: u32 = 16;

/// # Errors
/// Where pages say that they hold more than a file of this size can.
pub(super) fn check(content: &Content, metadata: &ParquetMetaData, size: u64) -> Readout<()> {
    let (mut file, mut budget) = (content.open().map_err(external)?, Budget::of(size));
    for group in metadata.row_groups() {
        for column in group.columns() {
            if check_column(&mut file, column, &mut budget, Budget::of(size))? {
                let rows = usize::try_from(group.num_rows()).unwrap_or_default();
                match content.open().map_err(external)? {
                    Opened::Memory(bytes) => delta::check(bytes.into_inner(), column, rows)?,
                    Opened::File(file) => delta::check(file, column, rows)?,
                }
            }
        }
    }
    Ok(())
}

/// Tells whether there are pages whose values begin with lengths.
fn check_column(
    file: &mut Opened,
    column: &ColumnChunkMetaData,
    budget: &mut Budget,
    mut own: Budget,
) -> Readout<bool> {
    let packed = column.compression() != Compression::UNCOMPRESSED;
    let mut lengths = false;
    // Where headers cannot be read the reader of the file will say so, with the rows before them read.
    let Ok(mut pages) = Pages::of(file, column) else { return Ok(false) };
    while let Ok(Some(page)) = pages.next() {
        budget.unpack(page.header.saturating_add(if packed { page.unpacked } else { 0 }))?;
        own.rows(page.values)?;
        if page.is_dictionary && page.values > page.unpacked {
            return Err(damaged("a dictionary has more values than bytes"));
        }
        lengths |= matches!(page.encoding, DELTA_LENGTH_BYTE_ARRAY | DELTA_BYTE_ARRAY);
    }
    Ok(lengths)
}

/// What a page says of itself.
#[derive(Default)]
struct Page {
    /// Bytes of what it says.
    header: u64,
    unpacked: u64,
    packed: u64,
    values: u64,
    encoding: i64,
    is_dictionary: bool,
}

impl Page {
    /// Where the number of its encoding stands in the header of each kind of page.
    const fn encoding_in(field: i64) -> Option<i64> {
        match field {
            DATA_PAGE | DICTIONARY_PAGE => Some(2),
            DATA_PAGE_V2 => Some(4),
            _ => None,
        }
    }
}

/// The headers of the pages of a column.
struct Pages<'a> {
    file: BufReader<&'a mut Opened>,
    left: u64,
}

impl<'a> Pages<'a> {
    fn of(file: &'a mut Opened, column: &ColumnChunkMetaData) -> io::Result<Self> {
        let (start, left) = column.byte_range();
        let mut file = BufReader::new(file);
        file.seek(SeekFrom::Start(start))?;
        Ok(Self { file, left })
    }

    fn next(&mut self) -> io::Result<Option<Page>> {
        if self.left == 0 {
            return Ok(None);
        }
        let before = self.left;
        let mut page = Page::default();
        self.fields(&mut |pages, field, kind| match (field, kind) {
            (UNPACKED_SIZE, I32) => pages.amount().map(|bytes| page.unpacked = bytes),
            (PACKED_SIZE, I32) => pages.amount().map(|bytes| page.packed = bytes),
            (_, STRUCT) => {
                page.is_dictionary |= field == DICTIONARY_PAGE;
                pages.fields(&mut |pages, inner, kind| match (inner, kind) {
                    (VALUES, I32) if Page::encoding_in(field).is_some() => {
                        pages.amount().map(|values| page.values = values)
                    }
                    (_, I32) if Page::encoding_in(field) == Some(inner) => {
                        pages.integer().map(|encoding| page.encoding = encoding)
                    }
                    _ => pages.pass(kind, DEPTH_MAX),
                })
            }
            _ => pages.pass(kind, DEPTH_MAX),
        })?;
        page.header = before - self.left;
        self.skip(page.packed)?;
        Ok(Some(page))
    }

    /// A number that is not negative.
    fn amount(&mut self) -> io::Result<u64> {
        u64::try_from(self.integer()?).map_err(io::Error::other)
    }

    /// Hands the number and the kind of each field of a structure to `each`, which reads it.
    fn fields(&mut self, each: &mut dyn FnMut(&mut Self, i64, u8) -> io::Result<()>) -> io::Result<()> {
        let mut number = 0_i64;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(());
            }
            number = if head >> 4 == 0 { self.integer()? } else { number.saturating_add(i64::from(head >> 4)) };
            each(self, number, head & 0xf)?;
        }
    }

    /// Passes over a value of a kind.
    fn pass(&mut self, kind: u8, depth: u32) -> io::Result<()> {
        let deeper = depth.checked_sub(1).ok_or_else(|| io::Error::other("nested too deep"))?;
        match kind {
            // Where it is a field, its kind is its value.
            TRUE | FALSE => Ok(()),
            BYTE => self.skip(1),
            I16..=I64 => self.integer().map(drop),
            DOUBLE => self.skip(8),
            BINARY => {
                let length = self.unsigned()?;
                self.skip(length)
            }
            LIST | SET => {
                let head = self.byte()?;
                let length = if head >> 4 == 0xf { self.unsigned()? } else { u64::from(head >> 4) };
                (0..length).try_for_each(|_| self.element(head & 0xf, deeper))
            }
            MAP => {
                let length = self.unsigned()?;
                let kinds = if length == 0 { 0 } else { self.byte()? };
                (0..length).try_for_each(|_| {
                    self.element(kinds >> 4, deeper)?;
                    self.element(kinds & 0xf, deeper)
                })
            }
            STRUCT => self.fields(&mut |pages, _, kind| pages.pass(kind, deeper)),
            _ => Err(io::Error::other("a kind of value that there is not")),
        }
    }

    /// Passes over a value within others, where a truth has a byte of its own.
    fn element(&mut self, kind: u8, depth: u32) -> io::Result<()> {
        self.pass(if matches!(kind, TRUE | FALSE) { BYTE } else { kind }, depth)
    }

    fn integer(&mut self) -> io::Result<i64> {
        let bits = self.unsigned()?;
        Ok((bits >> 1).cast_signed() ^ -(bits & 1).cast_signed())
    }

    fn unsigned(&mut self) -> io::Result<u64> {
        let mut bits = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            bits |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(bits);
            }
        }
        Err(io::Error::other("a number of more than 64 bits"))
    }

    fn byte(&mut self) -> io::Result<u8> {
        self.spend(1)?;
        let mut byte = [0];
        self.file.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        self.spend(bytes)?;
        self.file.seek_relative(i64::try_from(bytes).map_err(io::Error::other)?)
    }

    fn spend(&mut self, bytes: u64) -> io::Result<()> {
        self.left = self.left.checked_sub(bytes).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(())
    }
}
