//! Walks through what a Parquet file says of itself, before a reader takes it for granted: every field has to be of its kind, every
//! list no longer than the bytes that are left, and nothing nested deeper than anybody nests it.
//!
//! Norm: Apache Parquet 2.11, `parquet.thrift`, in the compact protocol of Apache Thrift.

use std::io::{self, Read, Seek};

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
const STRUCT: u8 = 12;

/// How deep structures lie in each other: statistics of a column of a group of a file are five deep.
const DEPTH_MAX: u32 = 12;

/// The structures whose fields are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    File,
    Element,
    Group,
    Chunk,
    Column,
    Page,
    DataPage,
    DictionaryPage,
    DataPageV2,
    Statistics,
    KeyValue,
    Sorting,
    EncodingCount,
    Sizes,
    Places,
    Box,
    /// What a column means: one of several structures.
    Meaning,
    Decimal,
    Clock,
    Integer,
    /// None of the fields of a structure that has some.
    Other,
}

impl Shape {
    /// The kind of a field, and what structures in it are; `None` for fields that there are not.
    const fn field(self, number: i64) -> Option<(u8, Self)> {
        Some(match (self, number) {
            (Self::File, 2) => (LIST, Self::Element),
            (Self::File, 4) => (LIST, Self::Group),
            (Self::File, 5) | (Self::Column, 8) => (LIST, Self::KeyValue),
            (Self::Group, 4) => (LIST, Self::Sorting),
            (Self::Column, 13) => (LIST, Self::EncodingCount),
            (Self::File, 7) | (Self::Column | Self::Sizes, 2 | 3) | (Self::Places, 2) => (LIST, Self::Other),
            (Self::Group, 1) => (LIST, Self::Chunk),
            (Self::Chunk, 3) => (STRUCT, Self::Column),
            (Self::Page, 5) => (STRUCT, Self::DataPage),
            (Self::Page, 7) => (STRUCT, Self::DictionaryPage),
            (Self::Page, 8) => (STRUCT, Self::DataPageV2),
            (Self::DataPage, 5) | (Self::DataPageV2, 8) | (Self::Column, 12) => (STRUCT, Self::Statistics),
            (Self::Element, 10) => (STRUCT, Self::Meaning),
            (Self::Column, 16) => (STRUCT, Self::Sizes),
            (Self::Column, 17) => (STRUCT, Self::Places),
            (Self::Places, 1) => (STRUCT, Self::Box),
            (Self::Meaning, 5) => (STRUCT, Self::Decimal),
            (Self::Meaning, 7 | 8) => (STRUCT, Self::Clock),
            (Self::Meaning, 10) => (STRUCT, Self::Integer),
            (Self::Meaning, 1..=15) | (Self::Clock, 2) | (Self::Page, 6) => (STRUCT, Self::Other),
            (Self::File, 6)
            | (Self::Element, 4)
            | (Self::Chunk, 1)
            | (Self::Statistics, 1 | 2 | 5 | 6)
            | (Self::KeyValue, 1 | 2) => (BINARY, Self::Other),
            (Self::Box, 1..=8) => (DOUBLE, Self::Other),
            (Self::Integer, 1) => (BYTE, Self::Other),
            (Self::File, 3)
            | (Self::Group, 2 | 3 | 5 | 6)
            | (Self::Chunk, 2 | 4 | 6)
            | (Self::Column, 5..=7 | 9..=11 | 14)
            | (Self::Sizes, 1)
            | (Self::Statistics, 3 | 4) => (I64, Self::Other),
            (Self::Group, 7) => (I16, Self::Other),
            (Self::File | Self::Sorting, 1)
            | (Self::Element, 1..=3 | 5..=9)
            | (Self::Chunk, 5 | 7)
            | (Self::Column, 1 | 4 | 15)
            | (Self::Page | Self::DataPage, 1..=4)
            | (Self::DictionaryPage | Self::Decimal, 1 | 2)
            | (Self::DataPageV2, 1..=6)
            | (Self::EncodingCount, 1..=3) => (I32, Self::Other),
            (Self::DictionaryPage, 3)
            | (Self::DataPageV2, 7)
            | (Self::Statistics, 7 | 8)
            | (Self::Sorting, 2 | 3)
            | (Self::Clock, 1)
            | (Self::Integer, 2) => (TRUE, Self::Other),
            _ => return None,
        })
    }

    /// Structures of which every field has to be known. Readers take a field for what its number says, so that one of another kind
    /// hides from us what they read behind it.
    const fn is_closed(self) -> bool {
        !matches!(self, Self::File | Self::Element | Self::Group | Self::Chunk | Self::Column | Self::Other)
    }

    /// Structures of pages: nothing in them is a list.
    const fn is_of_a_page(self) -> bool {
        matches!(self, Self::Page | Self::DataPage | Self::DictionaryPage | Self::DataPageV2 | Self::Statistics)
    }
}

/// Is told of the beginning of every structure (as field 0), and of every whole number in it.
pub(super) type Note<'n> = dyn FnMut(Shape, i64, i64) -> io::Result<()> + 'n;

/// Bytes in the compact protocol.
pub(super) struct Compact<R> {
    pub(super) bytes: R,
    pub(super) left: u64,
}

impl<R: Read + Seek> Compact<R> {
    /// # Errors
    /// Where the bytes are no structure of this shape.
    pub(super) fn structure(&mut self, shape: Shape, note: &mut Note<'_>) -> io::Result<()> {
        self.nested(shape, DEPTH_MAX, note)
    }

    fn nested(&mut self, shape: Shape, depth: u32, note: &mut Note<'_>) -> io::Result<()> {
        let deeper = depth.checked_sub(1).ok_or_else(|| wrong("it is nested too deep"))?;
        note(shape, 0, 0)?;
        let mut number = 0_i64;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(());
            }
            number = if head >> 4 == 0 { self.signed()? } else { number + i64::from(head >> 4) };
            if !(1..=i64::from(i16::MAX)).contains(&number) {
                return Err(wrong("a field has no number"));
            }
            let kind = head & 0xf;
            let inner = match shape.field(number) {
                Some((known, inner)) if known == kind || known == TRUE && kind == FALSE => inner,
                None if !shape.is_closed() => Shape::Other,
                _ => return Err(wrong(&format!("field {number} is none of {shape:?}"))),
            };
            match kind {
                // Where it is a field, its kind is its value.
                TRUE | FALSE => {}
                I16..=I64 => {
                    let value = self.signed()?;
                    let fits =
                        kind == I64 || i32::try_from(value).is_ok() && (kind == I32 || i16::try_from(value).is_ok());
                    if !fits {
                        return Err(wrong("a number is too large for its kind"));
                    }
                    note(shape, number, value)?;
                }
                LIST | SET if !shape.is_of_a_page() => self.list(inner, deeper, note)?,
                _ => self.value(kind, inner, deeper, note)?,
            }
        }
    }

    fn list(&mut self, inner: Shape, depth: u32, note: &mut Note<'_>) -> io::Result<()> {
        let head = self.byte()?;
        let length = if head >> 4 == 0xf { self.unsigned()? } else { u64::from(head >> 4) };
        if length > self.left {
            return Err(wrong("a list is longer than what is left"));
        }
        (0..length).try_for_each(|_| self.value(head & 0xf, inner, depth, note))
    }

    fn value(&mut self, kind: u8, inner: Shape, depth: u32, note: &mut Note<'_>) -> io::Result<()> {
        match kind {
            BYTE => self.skip(1),
            I16..=I64 => self.signed().map(drop),
            DOUBLE => self.skip(8),
            BINARY => {
                let length = self.unsigned()?;
                self.skip(length)
            }
            STRUCT => self.nested(inner, depth, note),
            _ => Err(wrong("there is a kind of value that no such file has")),
        }
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
        Err(wrong("a number has more than 64 bits"))
    }

    fn byte(&mut self) -> io::Result<u8> {
        self.spend(1)?;
        let mut byte = [0];
        self.bytes.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    /// # Errors
    /// Where fewer bytes are left.
    pub(super) fn skip(&mut self, bytes: u64) -> io::Result<()> {
        self.spend(bytes)?;
        self.bytes.seek_relative(i64::try_from(bytes).map_err(io::Error::other)?)
    }

    fn spend(&mut self, bytes: u64) -> io::Result<()> {
        self.left = self.left.checked_sub(bytes).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(())
    }
}

pub(super) fn wrong(reason: &str) -> io::Error {
    io::Error::other(reason)
}
