//! Looks at what the pages of a Parquet file say of themselves, before memory is taken for what they unpack to.
//!
//! Norm: Apache Parquet 2.11, `PageHeader`, in the compact protocol of Apache Thrift.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};

use super::guard::{Budget, Readout};

/// Fields of a `PageHeader`.
const UNPACKED_SIZE: i64 = 2;
const PACKED_SIZE: i64 = 3;

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
/// Where pages unpack to more than the budget has.
pub(super) fn check(file: &File, metadata: &ParquetMetaData, budget: &mut Budget) -> Readout<()> {
    let columns = metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
    for column in columns.filter(|column| column.compression() != Compression::UNCOMPRESSED) {
        // Where headers cannot be read the reader of the file will say so, with the rows before them read.
        let Ok(mut pages) = Pages::of(file, column) else { continue };
        while let Ok(Some(Page { header, unpacked })) = pages.next() {
            budget.take(header.saturating_add(unpacked))?;
        }
    }
    Ok(())
}

/// What a page takes, in bytes.
struct Page {
    header: u64,
    unpacked: u64,
}

/// The headers of the pages of a column.
struct Pages<'a> {
    file: BufReader<&'a File>,
    left: u64,
}

impl<'a> Pages<'a> {
    fn of(file: &'a File, column: &ColumnChunkMetaData) -> io::Result<Self> {
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
        let (mut unpacked, mut packed) = (0, 0);
        self.fields(&mut |pages, field, kind| {
            match (field, kind) {
                (UNPACKED_SIZE, I32) => unpacked = pages.integer()?,
                (PACKED_SIZE, I32) => packed = pages.integer()?,
                _ => pages.pass(kind, DEPTH_MAX)?,
            }
            Ok(())
        })?;
        let header = before - self.left;
        self.skip(u64::try_from(packed).map_err(io::Error::other)?)?;
        Ok(Some(Page { header, unpacked: u64::try_from(unpacked).unwrap_or_default() }))
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
