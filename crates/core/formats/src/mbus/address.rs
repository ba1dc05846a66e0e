//! The address by which a meter names itself: maker, number, version and device type.

/// In the order of the link layer: maker (2), number (4), version, device type; each number with its lowest byte first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Address([u8; 8]);

impl Address {
    pub(super) const fn from_link(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// From a long header, in which the number stands before the maker.
    pub(super) const fn from_header(bytes: [u8; 8]) -> Self {
        let [a, b, c, d, m, n, version, kind] = bytes;
        Self([m, n, a, b, c, d, version, kind])
    }

    pub(super) const fn bytes(&self) -> &[u8; 8] {
        &self.0
    }

    pub(super) const fn number_bytes(&self) -> [u8; 4] {
        let [_, _, a, b, c, d, ..] = self.0;
        [a, b, c, d]
    }

    pub(super) const fn version(&self) -> u8 {
        self.0[6]
    }

    pub(super) const fn device_type(&self) -> u8 {
        self.0[7]
    }

    /// Three letters of the FLAG association; `None` where the two bytes are no letters.
    pub(super) fn maker(&self) -> Option<String> {
        // Bit 15 tells that the address is not unique worldwide.
        let packed = u16::from_le_bytes([self.0[0], self.0[1]]) & 0x7FFF;
        let letter = |shift: u16| {
            let letter = (packed >> shift & 31) as u8;
            (1..=26).contains(&letter).then(|| char::from(b'@' + letter))
        };
        [10, 5, 0].into_iter().map(letter).collect()
    }

    /// Maker and number, such as `KAM12345678`; the maker as four hexadecimal digits where it is none of letters.
    pub(super) fn name(&self) -> String {
        let [d, c, b, a] = self.number_bytes();
        let maker = self.maker().unwrap_or_else(|| format!("{:02X}{:02X}", self.0[1], self.0[0]));
        format!("{maker}{a:02X}{b:02X}{c:02X}{d:02X}")
    }
}

/// A device type.
struct Kind {
    code: u8,
    name: &'static str,
    /// Group A of its OBIS codes; 0 for none.
    medium: u8,
}

const fn kind(code: u8, name: &'static str, medium: u8) -> Kind {
    Kind { code, name, medium }
}

const KINDS: &[Kind] = &[
    kind(0x00, "other", 0),
    kind(0x01, "oil", 0),
    kind(0x02, "electricity", 1),
    kind(0x03, "gas", 7),
    kind(0x04, "heat, volume in the return", 6),
    kind(0x05, "steam", 0),
    kind(0x06, "warm water", 9),
    kind(0x07, "water", 8),
    kind(0x08, "heat cost allocator", 4),
    kind(0x09, "compressed air", 0),
    kind(0x0A, "cooling, volume in the return", 5),
    kind(0x0B, "cooling, volume in the flow", 5),
    kind(0x0C, "heat, volume in the flow", 6),
    kind(0x0D, "heat and cooling", 6),
    kind(0x0E, "bus or system", 0),
    kind(0x0F, "unknown", 0),
    kind(0x10, "irrigation water", 0),
    kind(0x11, "water data logger", 0),
    kind(0x12, "gas data logger", 0),
    kind(0x13, "gas converter", 0),
    kind(0x14, "calorific value", 0),
    kind(0x15, "hot water", 9),
    kind(0x16, "cold water", 8),
    kind(0x17, "hot and cold water", 0),
    kind(0x18, "pressure", 0),
    kind(0x19, "analogue to digital converter", 0),
    kind(0x1A, "smoke detector", 0),
    kind(0x1B, "room sensor", 0),
    kind(0x1C, "gas detector", 0),
    kind(0x20, "breaker for electricity", 0),
    kind(0x21, "valve for gas or water", 0),
    kind(0x25, "customer unit", 0),
    kind(0x28, "waste water", 0),
    kind(0x29, "garbage", 0),
    kind(0x31, "communication controller", 0),
    kind(0x32, "repeater in one direction", 0),
    kind(0x33, "repeater in two directions", 0),
    kind(0x36, "radio converter of the system", 0),
    kind(0x37, "radio converter of the meter", 0),
];

/// Group A of the OBIS codes of a device type; `None` where the codes of OMS have none.
pub(super) fn medium(device_type: u8) -> Option<u8> {
    find(device_type).map(|kind| kind.medium).filter(|medium| *medium != 0)
}

/// What a device type is, in words.
pub(super) fn device_name(device_type: u8) -> String {
    find(device_type).map_or_else(|| format!("device type {device_type:02x}"), |kind| kind.name.to_owned())
}

fn find(device_type: u8) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.code == device_type)
}

/// The table as it stands in the page.
pub(super) fn page() -> Vec<Vec<String>> {
    let medium = |kind: &Kind| if kind.medium == 0 { String::new() } else { kind.medium.to_string() };
    KINDS.iter().map(|kind| vec![format!("{:02X}", kind.code), kind.name.to_owned(), medium(kind)]).collect()
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn an_address_is_maker_and_number_in_either_order() {
        let header = Address::from_header(*b"\x17\x58\x85\x06\x2d\x2c\x08\x04");
        assert_eq!((header.name().as_str(), header.version(), header.device_type()), ("KAM06855817", 8, 4));
        let link = Address::from_link(*b"\x2d\x2c\x17\x58\x85\x06\x08\x04");
        assert_eq!(link, header);
        assert_eq!(Address::from_link(*b"\x43\x4c\x3e\x02\x00\x05\x12\x02").name(), "SBC0500023E");
        assert_eq!(Address::from_link(*b"\x00\x00\x78\x56\x34\x12\x01\x02").name(), "000012345678");
    }
}
