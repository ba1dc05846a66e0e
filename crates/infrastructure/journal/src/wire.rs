//! How numbers, texts and lists lie in an entry: variable-length integers, lengths before contents.

#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    #[error("the entry ends early")]
    Short,
    #[error("the entry holds {0}")]
    Nonsense(&'static str),
}

pub(crate) type Result<T> = std::result::Result<T, WireError>;

#[derive(Default)]
pub(crate) struct Writer {
    pub(crate) bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(crate) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push((number as u8) | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    pub(crate) fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)).cast_unsigned());
    }

    pub(crate) fn wide(&mut self, number: i128) {
        let mut zigzag = ((number << 1) ^ (number >> 127)).cast_unsigned();
        while zigzag >= 0x80 {
            self.bytes.push((zigzag as u8) | 0x80);
            zigzag >>= 7;
        }
        self.bytes.push(zigzag as u8);
    }

    pub(crate) fn blob(&mut self, blob: &[u8]) {
        self.number(blob.len() as u64);
        self.bytes.extend_from_slice(blob);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.blob(text.as_bytes());
    }

    pub(crate) fn option<T>(&mut self, value: Option<T>, mut write: impl FnMut(&mut Self, T)) {
        match value {
            None => self.byte(0),
            Some(value) => {
                self.byte(1);
                write(self, value);
            }
        }
    }

    pub(crate) fn list<'a, T: 'a>(&mut self, list: &'a [T], mut write: impl FnMut(&mut Self, &'a T)) {
        self.number(list.len() as u64);
        list.iter().for_each(|entry| write(self, entry));
    }
}

pub(crate) struct Reader<'a> {
    pub(crate) rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn byte(&mut self) -> Result<u8> {
        let (byte, rest) = self.rest.split_first().ok_or(WireError::Short)?;
        self.rest = rest;
        Ok(*byte)
    }

    pub(crate) fn number(&mut self) -> Result<u64> {
        u64::try_from(self.unsigned_wide()?).map_err(|_| WireError::Nonsense("a number beyond 64 bits"))
    }

    pub(crate) fn signed(&mut self) -> Result<i64> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    pub(crate) fn wide(&mut self) -> Result<i128> {
        let number = self.unsigned_wide()?;
        Ok((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    fn unsigned_wide(&mut self) -> Result<u128> {
        let mut number = 0;
        for shift in (0..128).step_by(7) {
            let byte = self.byte()?;
            number |= u128::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(WireError::Nonsense("a number beyond 128 bits"))
    }

    pub(crate) fn blob(&mut self) -> Result<&'a [u8]> {
        let length = usize::try_from(self.number()?).map_err(|_| WireError::Short)?;
        let (blob, rest) = self.rest.split_at_checked(length).ok_or(WireError::Short)?;
        self.rest = rest;
        Ok(blob)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str> {
        std::str::from_utf8(self.blob()?).map_err(|_| WireError::Nonsense("a text that is not UTF-8"))
    }

    /// A text that has to mean something.
    pub(crate) fn parsed<T>(&mut self, what: &'static str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        parse(self.text()?).ok_or(WireError::Nonsense(what))
    }

    pub(crate) fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<Option<T>> {
        match self.byte()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err(WireError::Nonsense("neither something nor nothing")),
        }
    }

    pub(crate) fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let length = self.number()?;
        // A length is believed only as far as there are bytes: each entry takes one at least.
        let mut list = Vec::with_capacity(usize::try_from(length).unwrap_or(usize::MAX).min(self.rest.len()));
        for _ in 0..length {
            list.push(read(self)?);
        }
        Ok(list)
    }
}
