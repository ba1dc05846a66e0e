//! Device ids (DIN 43863-5, since 2024 DIN 43849): 14 characters that name one meter or gateway across all makers.
//!
//! Medium, three FLAG letters of the maker, a block of two hexadecimal digits, eight decimal digits. There is no check digit.

use std::fmt;
use std::str::FromStr;

use super::{DIGIT, IdentifierError, UPPER_LETTER, check_shape, unless};
use crate::text::Text;

/// A device id such as `1EMH0010599732`, in upper case and without spaces.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(Text<14>);

/// What a device meters (Sparte), after group A of its OBIS codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Medium {
    Electricity,
    DirectCurrent,
    HeatCostAllocator,
    Cooling,
    Heat,
    Gas,
    ColdWater,
    HotWater,
    /// A smart meter gateway or another device that meters nothing and passes on.
    Communication,
    /// A control module or switch (DIN 43849).
    Control,
    /// A letter or digit the norm does not give a meaning we know.
    Other,
}

const WHAT: &str = "a device id";
const LENGTH: usize = 14;
/// The first byte of an SML server id that carries a device id; 9 came before the norm was final and means the same.
const SERVER_ID_PREFIXES: [u8; 2] = [0x0A, 0x09];
/// The largest serial that has eight digits.
const SERIAL_MAX: u32 = 99_999_999;
/// Media as digits of base 36: `E` is 14, and `G` is the last.
const MEDIUM_MAX: u32 = 16;

impl DeviceId {
    /// From the ten bytes of an SML server id: `0A`, medium, three letters, block, serial (32 bits, highest byte first).
    ///
    /// `None` for every other form (a maker's own, an M-Bus address): such a server id is kept as its bytes.
    #[must_use]
    pub fn from_server_id(server_id: &[u8]) -> Option<Self> {
        let [prefix, medium, first, second, third, block, serial @ ..] = server_id else { return None };
        let serial = u32::from_be_bytes(serial.try_into().ok()?);
        if !SERVER_ID_PREFIXES.contains(prefix) || serial > SERIAL_MAX {
            return None;
        }
        let medium = char::from_digit(u32::from(*medium), MEDIUM_MAX + 1)?.to_ascii_uppercase();
        let maker = [*first, *second, *third].map(char::from);
        let maker: String = maker.iter().collect();
        format!("{medium}{maker}{block:02X}{serial:08}").parse().ok()
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Three letters that the FLAG (now DLMS) association gave the maker, such as `EMH`.
    #[must_use]
    pub fn maker(&self) -> &str {
        &self.as_str()[1..4]
    }

    #[must_use]
    pub fn medium(&self) -> Medium {
        match self.as_str().as_bytes().first() {
            Some(b'1') => Medium::Electricity,
            Some(b'2') => Medium::DirectCurrent,
            Some(b'4') => Medium::HeatCostAllocator,
            Some(b'5') => Medium::Cooling,
            Some(b'6') => Medium::Heat,
            Some(b'7') => Medium::Gas,
            Some(b'8') => Medium::ColdWater,
            Some(b'9') => Medium::HotWater,
            Some(b'E') => Medium::Communication,
            Some(b'G') => Medium::Control,
            _ => Medium::Other,
        }
    }
}

impl FromStr for DeviceId {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        check_shape(WHAT, text, LENGTH, |index, letter| match index {
            0 => unless(matches!(letter, '0'..='9' | 'A'..='G'), "the medium, 0 to 9 or A to G"),
            1..4 => unless(letter.is_ascii_uppercase(), UPPER_LETTER),
            4 | 5 => unless(matches!(letter, '0'..='9' | 'A'..='F'), "a digit or a letter A to F"),
            _ => unless(letter.is_ascii_digit(), DIGIT),
        })?;
        Text::new(text).map(Self).ok_or(IdentifierError::Length { what: WHAT, expected: LENGTH, found: text.len() })
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{DeviceId, Medium};
    use proptest::prelude::*;

    fn check(server_id: &[u8], expected: Option<&str>) {
        let read = DeviceId::from_server_id(server_id).map(|id| id.to_string());
        assert_eq!(read.as_deref(), expected, "{server_id:02x?}");
    }

    #[test]
    fn a_server_id_names_the_device_on_the_nameplate() {
        check(b"\x0a\x01EMH\x00\x00\xa1\xbd\x34", Some("1EMH0010599732"));
        check(b"\x0a\x01ISK\x00\x04\x7a\x55\x44", Some("1ISK0075126084"));
        check(b"\x0a\x01HLY\x02\x00\x0d\x6b\xe6", Some("1HLY0200879590"));
        check(b"\x09\x01ISK\x00\x04\x03\xdf\x63", Some("1ISK0067362659"));
        check(b"\x0a\x0eEMH\xab\x00\x00\x00\x07", Some("EEMHAB00000007"));
    }

    #[test]
    fn a_server_id_of_another_form_names_none() {
        check(b"\x06EMH\x01\x02\x71\x56\xcd\x45", None);
        check(b"\x01\xa8\x15\x98\x64\x80\x02\x01\x02", None);
        check(b"\x0a\x01emh\x00\x00\xa1\xbd\x34", None);
        check(b"\x0a\x01EMH\x00\x05\xf5\xe1\x00", None);
        check(b"\x0a\x11EMH\x00\x00\xa1\xbd\x34", None);
        check(b"\x0a\x01EMH\x00\x00\xa1\xbd", None);
        check(b"\x0a\x01EMH\x00\x00\xa1\xbd\x34\x00", None);
        check(b"", None);
    }

    #[test]
    fn a_device_tells_its_maker_and_medium() {
        let device = |text: &str| text.parse::<DeviceId>().map(|id| (id.maker().to_owned(), id.medium()));
        assert_eq!(device("1EMH0010599732"), Ok(("EMH".to_owned(), Medium::Electricity)));
        assert_eq!(device("7ELS8812345678"), Ok(("ELS".to_owned(), Medium::Gas)));
        assert_eq!(device("EPPC0212345678"), Ok(("PPC".to_owned(), Medium::Communication)));
        assert_eq!(device("3ABC0000000000"), Ok(("ABC".to_owned(), Medium::Other)));
    }

    #[test]
    fn what_is_no_device_id_is_refused_with_its_reason() {
        for (text, reason) in [
            ("", "a device id has 14 characters, this one has 0"),
            ("1 EMH00 1059 9732", "a device id has 14 characters, this one has 17"),
            ("HEMH0010599732", "character 1 of a device id must be the medium, 0 to 9 or A to G, not `H`"),
            ("1EmH0010599732", "character 3 of a device id must be a letter A to Z, not `m`"),
            ("1ÄMH0010599732", "character 2 of a device id must be a letter A to Z, not `Ä`"),
            ("1EMHG010599732", "character 5 of a device id must be a digit or a letter A to F, not `G`"),
            ("1EMH001059973X", "character 14 of a device id must be a digit, not `X`"),
        ] {
            let refused = text.parse::<DeviceId>().map_err(|error| error.to_string());
            assert_eq!(refused.map(|id| id.to_string()), Err(reason.to_owned()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..12)) {
            if let Some(device) = DeviceId::from_server_id(&bytes) {
                prop_assert_eq!(device.to_string().parse::<DeviceId>(), Ok(device));
            }
        }

        #[test]
        fn every_server_id_of_the_norm_names_one_device(
            medium in 0..=16_u8, maker in "[A-Z]{3}", block: u8, serial in 0..=99_999_999_u32,
        ) {
            let server_id = [&[0x0A, medium], maker.as_bytes(), &[block], &serial.to_be_bytes()].concat();
            let medium = char::from(b"0123456789ABCDEFG"[usize::from(medium)]);
            let expected = format!("{medium}{maker}{block:02X}{serial:08}");
            prop_assert_eq!(DeviceId::from_server_id(&server_id).map(|id| id.to_string()), Some(expected));
        }
    }
}
