//! The records of a telegram (EN 13757-3): each with what it is about (DIF, VIF and their extensions) and its data.

/// Extensions that a DIF or VIF may have at most.
const EXTENSIONS_MAX: usize = 10;
/// Extension bit of DIF, VIF and what extends them.
const MORE: u8 = 0x80;

/// What a value stands for, told by the function bits of its DIF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Function {
    Instantaneous,
    Maximum,
    Minimum,
    /// What was measured or counted while the meter was in error.
    Error,
}

/// Which of the values of one kind a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Register {
    pub function: Function,
    /// 0 is the current value; others were kept at some time.
    pub storage: u64,
    pub tariff: u32,
    /// A part of the device, such as a pulse input.
    pub unit: u32,
}

/// The table that a VIF is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Table {
    Primary,
    /// First extension, FB.
    First,
    /// Second extension, FD.
    Second,
    /// The quantity is told as text.
    Text,
    /// 7F or FF: of the maker's own.
    Maker,
}

/// What a value is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Vib<'a> {
    pub table: Table,
    /// Without its extension bit.
    pub code: u8,
    /// The combinable extensions, with their extension bits.
    pub extensions: &'a [u8],
    /// Of [`Table::Text`], in the order in which it is sent: last letter first.
    pub text: &'a [u8],
    /// All bytes of VIF and extensions.
    pub bytes: &'a [u8],
}

/// The data of a record as they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Data<'a> {
    None,
    Integer(&'a [u8]),
    Float([u8; 4]),
    Bcd(&'a [u8]),
    /// Variable length: ISO 8859-1, last letter first.
    Text(&'a [u8]),
    /// Variable length: digits of a negative number.
    NegativeBcd(&'a [u8]),
    /// A request for a selection, which meters do not send.
    Selection,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub register: Register,
    pub vib: Vib<'a>,
    pub data: Data<'a>,
}

/// What stands in a telegram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    Record(Record<'a>),
    /// The rest, in a form of the maker's own; and whether the meter has more telegrams to send.
    Maker {
        bytes: &'a [u8],
        more: bool,
    },
}

/// Why a record, and with it what follows, cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    #[error("the telegram ends within the {0} of a record")]
    Cut(&'static str),
    #[error("a record has more than {EXTENSIONS_MAX} {0}")]
    Extensions(&'static str),
    #[error("the DIF {0:02x} is reserved, so it is not known where its record ends")]
    Dif(u8),
    #[error("the length {0:02x} of variable data is reserved, so it is not known where its record ends")]
    Length(u8),
}

/// Reads the records one after the other; after one that is malformed nothing more is found.
pub(super) struct Items<'a> {
    rest: &'a [u8],
}

impl<'a> Items<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn take(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Malformed::Cut(what))?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self, what: &'static str) -> Result<u8, Malformed> {
        self.take(1, what)?.first().copied().ok_or(Malformed::Cut(what))
    }

    fn item(&mut self, dif: u8) -> Result<Item<'a>, Malformed> {
        if matches!(dif, 0x0F | 0x1F) {
            let bytes = std::mem::take(&mut self.rest);
            return Ok(Item::Maker { bytes, more: dif == 0x1F });
        }
        if dif & 0x0F == 0x0F {
            return Err(Malformed::Dif(dif));
        }
        let register = self.register(dif)?;
        let vib = self.vib()?;
        let data = self.data(dif & 0x0F)?;
        Ok(Item::Record(Record { register, vib, data }))
    }

    fn register(&mut self, dif: u8) -> Result<Register, Malformed> {
        let function = match dif >> 4 & 3 {
            0 => Function::Instantaneous,
            1 => Function::Maximum,
            2 => Function::Minimum,
            _ => Function::Error,
        };
        let mut register = Register { function, storage: u64::from(dif >> 6 & 1), tariff: 0, unit: 0 };
        let mut last = dif;
        let mut count = 0;
        while last & MORE != 0 {
            if count == EXTENSIONS_MAX {
                return Err(Malformed::Extensions("DIFEs"));
            }
            last = self.byte("DIFEs")?;
            register.storage |= u64::from(last & 0x0F) << (4 * count + 1);
            register.tariff |= u32::from(last >> 4 & 3) << (2 * count);
            register.unit |= u32::from(last >> 6 & 1) << count;
            count += 1;
        }
        Ok(register)
    }

    fn vib(&mut self) -> Result<Vib<'a>, Malformed> {
        let begin = self.rest;
        let vif = self.byte("VIF")?;
        let mut last = vif;
        let mut text: &[u8] = &[];
        let (table, code) = match vif {
            0xFB | 0xFD => {
                last = self.byte("VIF")?;
                (if vif == 0xFB { Table::First } else { Table::Second }, last & !MORE)
            }
            0x7C | 0xFC => {
                let length = self.byte("text of a VIF")?;
                text = self.take(usize::from(length), "text of a VIF")?;
                (Table::Text, 0)
            }
            0x7F | 0xFF => (Table::Maker, vif & !MORE),
            _ => (Table::Primary, vif & !MORE),
        };
        let behind = self.rest;
        let mut count = 0;
        while last & MORE != 0 {
            if count == EXTENSIONS_MAX {
                return Err(Malformed::Extensions("VIFEs"));
            }
            last = self.byte("VIFEs")?;
            count += 1;
        }
        let extensions = behind.get(..count).unwrap_or_default();
        let bytes = begin.get(..begin.len() - self.rest.len()).unwrap_or_default();
        Ok(Vib { table, code, extensions, text, bytes })
    }

    fn data(&mut self, field: u8) -> Result<Data<'a>, Malformed> {
        const WHAT: &str = "data";
        Ok(match field {
            0 => Data::None,
            5 => {
                let bytes = self.take(4, WHAT)?;
                Data::Float(bytes.first_chunk().copied().unwrap_or_default())
            }
            1..=4 => Data::Integer(self.take(usize::from(field), WHAT)?),
            6 => Data::Integer(self.take(6, WHAT)?),
            7 => Data::Integer(self.take(8, WHAT)?),
            8 => Data::Selection,
            9..=12 => Data::Bcd(self.take(usize::from(field - 8), WHAT)?),
            14 => Data::Bcd(self.take(6, WHAT)?),
            _ => self.variable()?,
        })
    }

    fn variable(&mut self) -> Result<Data<'a>, Malformed> {
        const WHAT: &str = "data of variable length";
        let length = self.byte(WHAT)?;
        let count = usize::from(length & 0x0F);
        Ok(match length {
            0x00..=0xBF => Data::Text(self.take(usize::from(length), WHAT)?),
            0xC0..=0xC9 => Data::Bcd(self.take(count, WHAT)?),
            0xD0..=0xD9 => Data::NegativeBcd(self.take(count, WHAT)?),
            0xE0..=0xEF => Data::Integer(self.take(count, WHAT)?),
            0xF0..=0xF4 => Data::Integer(self.take(4 * (usize::from(length) - 0xEC), WHAT)?),
            0xF5 => Data::Integer(self.take(48, WHAT)?),
            0xF6 => Data::Integer(self.take(64, WHAT)?),
            0xCA..=0xCF | 0xDA..=0xDF | 0xF7..=0xFF => return Err(Malformed::Length(length)),
        })
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Result<Item<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        const FILLER: u8 = 0x2F;
        let dif = loop {
            let (first, rest) = self.rest.split_first()?;
            self.rest = rest;
            if *first != FILLER {
                break *first;
            }
        };
        let item = self.item(dif);
        if item.is_err() {
            self.rest = &[];
        }
        Some(item)
    }
}
