//! The elements of SML: each begins with its type and length (the TL field), and lists hold further elements.
//!
//! Nothing is copied and nothing recurses, so neither deep nesting nor a made-up count costs more than the bytes themselves.

/// Bytes of one TL field at most: 16 bits of length, more than a frame holds.
const LENGTH_BYTES_MAX: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element<'a> {
    /// Bytes of any meaning; none where an optional element is left out.
    Octets(&'a [u8]),
    Flag,
    Signed(Integer<i64>),
    Unsigned(Integer<u64>),
    /// So many elements follow.
    List(usize),
}

/// A number with the count of bytes in which it was sent: meters leave out leading bytes that hold nothing but the sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Integer<T> {
    pub value: T,
    pub bytes: usize,
}

/// Bytes that are no element, or not the one that must stand there. What follows them cannot be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {at} of the payload: {fault}")]
pub(super) struct Malformed {
    pub at: usize,
    pub fault: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("an element reaches beyond the end of the payload")]
    Truncated,
    #[error("{0:02x} begins no element")]
    Type(u8),
    #[error("a length of more than {LENGTH_BYTES_MAX} bytes, or shorter than itself")]
    Length,
    #[error("a number of {0} bytes: expected 1 to 8")]
    Number(usize),
    #[error("a list of {0} elements, more than there are bytes left")]
    Count(usize),
    #[error("expected {0}")]
    Expected(&'static str),
}

/// Reads one element after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    /// What is not read yet.
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, rest: bytes }
    }

    /// Goes on with what is left behind elements that were read elsewhere: an end of what is not read yet.
    pub(super) const fn go_on(&mut self, rest: &'a [u8]) {
        self.rest = rest;
    }

    pub(super) const fn position(&self) -> usize {
        self.bytes.len() - self.rest.len()
    }

    /// What is not read yet.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The bytes from `start` up to here.
    pub(super) fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.position()).unwrap_or_default()
    }

    /// Passes over `00`, which ends a message and fills payloads.
    pub(super) fn skip_zeros(&mut self) {
        while let [0, rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    /// Reads the one `00` that ends a message.
    pub(super) fn end_of_message(&mut self) -> Result<(), Malformed> {
        match self.rest {
            [0, rest @ ..] => self.rest = rest,
            _ => return Err(self.malformed(Fault::Expected("the end of the message, 00"))),
        }
        Ok(())
    }

    #[inline]
    pub(super) fn element(&mut self) -> Result<Element<'a>, Malformed> {
        let at = self.position();
        let fault = |fault| Malformed { at, fault };
        let (first, length, length_bytes) = match self.rest {
            // Nearly all: one byte with type and length.
            [first, rest @ ..] if first & 0x80 == 0 => {
                self.rest = rest;
                (*first, usize::from(first & 0x0F), 1)
            }
            [first, ..] => {
                let (length, length_bytes) = self.long_length()?;
                (*first, length, length_bytes)
            }
            [] => return Err(fault(Fault::Truncated)),
        };
        let kind = first >> 4 & 7;
        if kind == 7 {
            let fits = length <= self.rest.len();
            return if fits { Ok(Element::List(length)) } else { Err(fault(Fault::Count(length))) };
        }
        let length = length.checked_sub(length_bytes).ok_or(fault(Fault::Length))?;
        let (content, rest) = self.rest.split_at_checked(length).ok_or(fault(Fault::Truncated))?;
        self.rest = rest;
        let number = || (1..=8).contains(&length).then_some(()).ok_or(fault(Fault::Number(length)));
        match kind {
            0 => Ok(Element::Octets(content)),
            4 => Ok(Element::Flag),
            5 => number().map(|()| Element::Signed(Integer { value: signed(content), bytes: length })),
            6 => number().map(|()| Element::Unsigned(Integer { value: unsigned(content), bytes: length })),
            _ => Err(fault(Fault::Type(first))),
        }
    }

    /// Reads a list that must have so many elements.
    pub(super) fn list(&mut self, count: usize, expected: &'static str) -> Result<(), Malformed> {
        let fault = self.malformed(Fault::Expected(expected));
        if self.element()? == Element::List(count) { Ok(()) } else { Err(fault) }
    }

    /// Reads an element and passes over what it holds.
    pub(super) fn whole(&mut self) -> Result<Element<'a>, Malformed> {
        let element = self.element()?;
        if let Element::List(count) = element {
            self.skip(count)?;
        }
        Ok(element)
    }

    /// Passes over so many elements with all that they hold.
    pub(super) fn skip(&mut self, count: usize) -> Result<(), Malformed> {
        let mut open = count;
        while open > 0 {
            open -= 1;
            if let Element::List(within) = self.element()? {
                open += within;
            }
        }
        Ok(())
    }

    pub(super) const fn malformed(&self, fault: Fault) -> Malformed {
        Malformed { at: self.position(), fault }
    }

    /// The length of a TL field of several bytes, and how many bytes the field has.
    #[cold]
    fn long_length(&mut self) -> Result<(usize, usize), Malformed> {
        let mut length = 0;
        for (index, byte) in self.rest.iter().take(LENGTH_BYTES_MAX).enumerate() {
            length = length << 4 | usize::from(byte & 0x0F);
            if byte & 0x80 == 0 {
                self.rest = self.rest.get(index + 1..).unwrap_or_default();
                return Ok((length, index + 1));
            }
        }
        let fault = if self.rest.len() < LENGTH_BYTES_MAX { Fault::Truncated } else { Fault::Length };
        Err(self.malformed(fault))
    }
}

fn unsigned(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn signed(bytes: &[u8]) -> i64 {
    let sign = if bytes.first().is_some_and(|byte| *byte >= 0x80) { -1 } else { 0 };
    bytes.iter().fold(sign, |value, byte| value << 8 | i64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Element, Fault, Integer};

    fn check(bytes: &[u8], expected: Result<Element<'_>, Fault>) {
        assert_eq!(Cursor::new(bytes).element().map_err(|malformed| malformed.fault), expected, "{bytes:02x?}");
    }

    #[test]
    fn elements_are_read_by_type_and_length() {
        check(b"\x01", Ok(Element::Octets(b"")));
        check(b"\x04HLY", Ok(Element::Octets(b"HLY")));
        check(b"\x81\x03a23456789b234567", Err(Fault::Truncated));
        check(b"\x81\x03a23456789b2345678", Ok(Element::Octets(b"a23456789b2345678")));
        check(b"\x42\x01", Ok(Element::Flag));
        check(b"\x52\xff", Ok(Element::Signed(Integer { value: -1, bytes: 1 })));
        check(b"\x54\xfe\xcb\xfd", Ok(Element::Signed(Integer { value: -78_851, bytes: 3 })));
        check(b"\x59\x80\0\0\0\0\0\0\0", Ok(Element::Signed(Integer { value: i64::MIN, bytes: 8 })));
        check(b"\x63\x80\x25", Ok(Element::Unsigned(Integer { value: 32_805, bytes: 2 })));
        check(b"\x69\xff\xff\xff\xff\xff\xff\xff\xff", Ok(Element::Unsigned(Integer { value: u64::MAX, bytes: 8 })));
        check(b"\x72\x01\x01", Ok(Element::List(2)));
    }

    #[test]
    fn what_is_no_element_is_refused_with_its_reason() {
        check(b"", Err(Fault::Truncated));
        check(b"\x00", Err(Fault::Length));
        check(b"\x80", Err(Fault::Truncated));
        check(b"\x80\x80\x80\x80\x01", Err(Fault::Length));
        check(b"\x23ab", Err(Fault::Type(0x23)));
        check(b"\x51", Err(Fault::Number(0)));
        check(b"\x6a123456789", Err(Fault::Number(9)));
        check(b"\x73\x01\x01", Err(Fault::Count(3)));
    }
}
