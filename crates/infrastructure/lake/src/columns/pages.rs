//! Looks at what the pages of a Parquet file say of themselves, before memory is taken for what they unpack to.
//!
//! Norm: Apache Parquet 2.11, `PageHeader`, in the compact protocol of Apache Thrift.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use arrow::error::ArrowError;
use metrify_application::ingest::{Content, Opened};
use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};

use super::delta;
use super::guard::{Budget, Readout, damaged, external};

/// The structure `PageHeader`, and one that does not matter.
const HEADER: i64 = 0;
const OTHER: i64 = -1;
/// Fields of a `PageHeader`; structures go by the number of their field.
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
/// Where pages of a group of rows say that they hold more than a file of this size can, or cannot be told apart.
pub(super) fn check(content: &Content, group: &RowGroupMetaData, size: u64, budget: &mut Budget) -> Readout<()> {
    let mut file = content.open().map_err(external)?;
    for column in group.columns() {
        if check_column(&mut file, column, budget, Budget::of(size))? {
            let rows = usize::try_from(group.num_rows()).unwrap_or_default();
            match content.open().map_err(external)? {
                Opened::Memory(bytes) => delta::check(bytes.into_inner(), column, rows)?,
                Opened::File(file) => delta::check(file, column, rows)?,
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
    let mut pages = Pages::of(file, column).map_err(|error| unreadable(&error))?;
    while let Some(page) = pages.next().map_err(|error| unreadable(&error))? {
        let bytes = if packed { page.unpacked } else { page.packed };
        budget.unpack(page.header.saturating_add(bytes))?;
        own.rows(page.values)?;
        if page.is_dictionary && page.values > bytes {
            return Err(damaged("a dictionary has more values than bytes"));
        }
        lengths |= page.has_lengths;
    }
    Ok(lengths)
}

fn unreadable(error: &io::Error) -> ArrowError {
    damaged(&format!("the header of a page cannot be read: {error}"))
}

/// What a page says of itself. A structure that stands there twice says the most of both.
#[derive(Default)]
struct Page {
    /// Bytes of what it says.
    header: u64,
    unpacked: u64,
    packed: u64,
    values: u64,
    is_dictionary: bool,
    /// Its values begin with lengths, of which there are as many as they say themselves.
    has_lengths: bool,
}

/// Whether a field of the header or of a structure within it is of its kind. Readers take it for granted.
const fn is_its_kind(within: i64, field: i64, kind: u8) -> bool {
    match (within, field) {
        (HEADER | DATA_PAGE, 1..=4) | (DATA_PAGE_V2, 1..=6) | (DICTIONARY_PAGE, 1 | 2) => kind == I32,
        (HEADER, 5..=8) | (DATA_PAGE, 5) | (DATA_PAGE_V2, 8) => kind == STRUCT,
        (DATA_PAGE_V2, 7) | (DICTIONARY_PAGE, 3) => matches!(kind, TRUE | FALSE),
        _ => true,
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
        self.fields(HEADER, &mut |pages, field, kind| match field {
            UNPACKED_SIZE => pages.amount().map(|bytes| page.unpacked = bytes),
            PACKED_SIZE => pages.amount().map(|bytes| page.packed = bytes),
            DATA_PAGE | DICTIONARY_PAGE | DATA_PAGE_V2 => {
                page.is_dictionary |= field == DICTIONARY_PAGE;
                pages.fields(field, &mut |pages, inner, kind| match (field, inner) {
                    (_, VALUES) => pages.amount().map(|values| page.values = page.values.max(values)),
                    (DATA_PAGE, 2) | (DATA_PAGE_V2, 4) => pages.integer().map(|encoding| {
                        page.has_lengths |= matches!(encoding, DELTA_LENGTH_BYTE_ARRAY | DELTA_BYTE_ARRAY);
                    }),
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

    fn integer(&mut self) -> io::Result<i64> {
        let number = self.signed()?;
        i32::try_from(number).map(i64::from).map_err(io::Error::other)
    }

    /// Hands the number and the kind of each field of a structure to `each`, which reads it.
    fn fields(&mut self, within: i64, each: &mut dyn FnMut(&mut Self, i64, u8) -> io::Result<()>) -> io::Result<()> {
        let mut number = 0_i64;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(());
            }
            number = if head >> 4 == 0 { self.signed()? } else { number.saturating_add(i64::from(head >> 4)) };
            if !is_its_kind(within, number, head & 0xf) {
                return Err(io::Error::other(format!("field {number} is of another kind")));
            }
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
            I16..=I64 => self.signed().map(drop),
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
            STRUCT => self.fields(OTHER, &mut |pages, _, kind| pages.pass(kind, deeper)),
            _ => Err(io::Error::other("a kind of value that there is not")),
        }
    }

    /// Passes over a value within others, where a truth has a byte of its own.
    fn element(&mut self, kind: u8, depth: u32) -> io::Result<()> {
        self.pass(if matches!(kind, TRUE | FALSE) { BYTE } else { kind }, depth)
    }

    fn signed(&mut self) -> io::Result<i64> {
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
