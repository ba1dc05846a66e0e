//! Values as DLMS writes them (A-XDR, IEC 61334-6, with the data types of IEC 62056-6-2): one byte of type, then the value.
//!
//! A value tells its own length, so that one can be passed over without being kept.

/// Structures within structures that are followed; lists of meters have two or three.
const DEPTH_MAX: usize = 16;

/// Bytes that are no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// More bytes would help.
    #[error("the bytes end within a value")]
    Cut,
    #[error("a value has the type {0:02x}, which is not read")]
    Type(u8),
    #[error("a length is written in {0} bytes")]
    Length(u8),
    #[error("structures lie within each other more than {DEPTH_MAX} deep")]
    Depth,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// A structure or an array.
    List(Vec<Value<'a>>),
    Integer(i128),
    Single(f32),
    Double(f64),
    Octets(&'a [u8]),
    Text(&'a [u8]),
    /// A number that names one of several cases, such as a unit.
    Enumerated(u8),
    /// Nothing is said.
    Null,
    /// A switch, a string of bits, a date or a time of day of its own: no measured value.
    Other,
}

/// Reads on from the beginning of what is left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

/// What stands behind a type byte.
enum Shape {
    /// As many values as said.
    Values(usize),
    /// As many bytes as said.
    Bytes(usize),
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn byte(&mut self) -> Result<u8, Fault> {
        let (first, rest) = self.rest.split_first().ok_or(Fault::Cut)?;
        self.rest = rest;
        Ok(*first)
    }

    pub(super) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(Fault::Cut)?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(Fault::Cut)?;
        self.rest = rest;
        Ok(*bytes)
    }

    /// A length or count: one byte below 128, else the number of the bytes that hold it.
    pub(super) fn length(&mut self) -> Result<usize, Fault> {
        match self.byte()? {
            short @ ..=0x7F => Ok(usize::from(short)),
            long @ 0x81..=0x84 => {
                let bytes = self.bytes(usize::from(long & 0x7F))?;
                Ok(bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
            }
            long => Err(Fault::Length(long & 0x7F)),
        }
    }

    /// A string of bytes with its length before it.
    pub(super) fn octets(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.length()?;
        self.bytes(length)
    }

    fn shape(&mut self, kind: u8) -> Result<Shape, Fault> {
        Ok(match kind {
            0x00 | 0xFF => Shape::Bytes(0),
            0x01 | 0x02 => Shape::Values(self.length()?),
            0x03 | 0x0D | 0x0F | 0x11 | 0x16 => Shape::Bytes(1),
            0x04 => Shape::Bytes(self.length()?.div_ceil(8)),
            0x05 | 0x06 | 0x17 | 0x1B => Shape::Bytes(4),
            0x09 | 0x0A | 0x0C => Shape::Bytes(self.length()?),
            0x10 | 0x12 => Shape::Bytes(2),
            0x14 | 0x15 | 0x18 => Shape::Bytes(8),
            0x19 => Shape::Bytes(12),
            0x1A => Shape::Bytes(5),
            other => return Err(Fault::Type(other)),
        })
    }

    /// Passes over one value. Takes time for its bytes alone, whatever its counts say.
    pub(super) fn skip(&mut self) -> Result<(), Fault> {
        let mut open = vec![1_usize];
        while let Some(left) = open.last_mut() {
            if *left == 0 {
                open.pop();
                continue;
            }
            *left -= 1;
            let kind = self.byte()?;
            match self.shape(kind)? {
                Shape::Values(_) if open.len() > DEPTH_MAX => return Err(Fault::Depth),
                Shape::Values(count) => open.push(count),
                Shape::Bytes(count) => drop(self.bytes(count)?),
            }
        }
        Ok(())
    }

    pub(super) fn value(&mut self) -> Result<Value<'a>, Fault> {
        self.value_within(0)
    }

    fn value_within(&mut self, depth: usize) -> Result<Value<'a>, Fault> {
        let kind = self.byte()?;
        match self.shape(kind)? {
            Shape::Values(_) if depth == DEPTH_MAX => Err(Fault::Depth),
            Shape::Values(count) => {
                (0..count).map(|_| self.value_within(depth + 1)).collect::<Result<_, _>>().map(Value::List)
            }
            Shape::Bytes(count) => Ok(simple(kind, self.bytes(count)?)),
        }
    }
}

fn simple(kind: u8, bytes: &[u8]) -> Value<'_> {
    let unsigned = || bytes.iter().fold(0_i128, |sum, byte| sum << 8 | i128::from(*byte));
    match kind {
        0x00 | 0xFF => Value::Null,
        0x05 | 0x0D | 0x0F | 0x10 | 0x14 => {
            let shift = i128::BITS - 8 * bytes.len() as u32;
            Value::Integer(unsigned() << shift >> shift)
        }
        0x06 | 0x11 | 0x12 | 0x15 => Value::Integer(unsigned()),
        0x09 | 0x19 => Value::Octets(bytes),
        0x0A | 0x0C => Value::Text(bytes),
        0x16 => Value::Enumerated(bytes.first().copied().unwrap_or_default()),
        0x17 => Value::Single(f32::from_bits(unsigned() as u32)),
        0x18 => Value::Double(f64::from_bits(unsigned() as u64)),
        _ => Value::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Fault, Value};
    use proptest::prelude::*;

    fn check(bytes: &[u8], expected: Result<Value<'_>, Fault>) {
        assert_eq!(Cursor::new(bytes).value(), expected, "{bytes:02x?}");
        assert_eq!(Cursor::new(bytes).skip(), expected.map(drop), "{bytes:02x?}");
    }

    #[test]
    fn every_type_of_the_norm_has_its_value() {
        check(b"\x00", Ok(Value::Null));
        check(b"\x05\xff\xff\xff\xfe", Ok(Value::Integer(-2)));
        check(b"\x06\xff\xff\xff\xfe", Ok(Value::Integer(0xFFFF_FFFE)));
        check(b"\x09\x03\x01\x02\x03", Ok(Value::Octets(&[1, 2, 3])));
        check(b"\x0a\x01A", Ok(Value::Text(b"A")));
        check(b"\x0f\xff", Ok(Value::Integer(-1)));
        check(b"\x10\xff\xf4", Ok(Value::Integer(-12)));
        check(b"\x11\xff", Ok(Value::Integer(255)));
        check(b"\x12\xff\xf4", Ok(Value::Integer(0xFFF4)));
        check(b"\x14\xff\xff\xff\xff\xff\xff\xff\xff", Ok(Value::Integer(-1)));
        check(b"\x15\xff\xff\xff\xff\xff\xff\xff\xff", Ok(Value::Integer(i128::from(u64::MAX))));
        check(b"\x16\x1e", Ok(Value::Enumerated(30)));
        check(b"\x17\x3f\x80\x00\x00", Ok(Value::Single(1.0)));
        check(b"\x04\x09\xff\x80", Ok(Value::Other));
        check(b"\x02\x02\x01\x00\x0a\x81\x01A", Ok(Value::List(vec![Value::List(vec![]), Value::Text(b"A")])));
    }

    #[test]
    fn what_is_no_value_is_told() {
        check(b"", Err(Fault::Cut));
        check(b"\x06\x00", Err(Fault::Cut));
        check(b"\x01\x84\xff\xff\xff\xff\x00", Err(Fault::Cut));
        check(b"\x13\x00", Err(Fault::Type(0x13)));
        check(b"\x09\x85\x00", Err(Fault::Length(5)));
        check(&[0x02, 0x01].repeat(20), Err(Fault::Depth));
    }

    proptest! {
        #[test]
        fn any_bytes_are_passed_over_as_they_are_read(bytes in prop::collection::vec(prop_oneof![0_u8..0x20, any::<u8>()], 0..80)) {
            let (mut read, mut skipped) = (Cursor::new(&bytes), Cursor::new(&bytes));
            prop_assert_eq!(read.value().map(drop), skipped.skip());
            prop_assert_eq!(read.rest(), skipped.rest());
        }
    }
}
