//! The codes of a P1 telegram, which are OBIS codes in full: what is read, what names a device, and what is passed over.

use metrify_domain::{ObisCode, Point};

use crate::page::Table;

/// Kinds of M-Bus devices (EN 13757-3) with what they are, and the quantity that their value becomes.
const DEVICES: [(&[u8], &str, [u8; 6]); 8] = [
    (&[2], "electricity", [1, 0, 1, 8, 0, 255]),
    (&[GAS], "gas, temperature converted (24.2.1)", [7, 0, 3, 1, 0, 255]),
    (&[GAS], "gas as metered (24.2.3)", [7, 0, 3, 0, 0, 255]),
    (&[4, 12, 13], "heat", [6, 0, 1, 0, 0, 255]),
    (&[10, 11], "cooling", [5, 0, 1, 0, 0, 255]),
    (&[6, 21], "hot water", [9, 0, 1, 0, 0, 255]),
    (&[7, 22], "water", [8, 0, 1, 0, 0, 255]),
    (&[], "anything else, or not told; further values (24.2.2, ...)", [0, 0, 24, 2, 1, 255]),
];
const GAS: u8 = 3;

/// Codes that are no readings, or readings of another form, with what becomes of them.
const OTHERS: [(&str, &str, &str); 15] = [
    ("0-0:1.0.0", "time of the telegram", "places its readings"),
    ("0-0:96.1.1, 0-0:96.1.0, 0-0:42.0.0", "number of the meter", "names the point, the first of these that is there"),
    ("0-n:96.1.0, 0-n:96.1.1", "number of an M-Bus device", "names its point"),
    ("0-n:24.1.0", "kind of an M-Bus device", "tells the quantity"),
    ("0-n:24.2.x", "value of an M-Bus device with its stamp", "read at that stamp"),
    ("0-n:24.3.0", "the same in versions 2 and 3, over two lines", "read at that stamp"),
    ("0-0:96.7.x", "power failures", "read as counts"),
    ("1-0:x.32.0, 1-0:x.36.0", "voltage sags and swells", "read as counts"),
    ("1-0:1.6.0", "highest power of the month with its stamp", "read at that stamp"),
    (
        "0-0:98.1.0, 1-0:99.x.0",
        "logs that name their codes: peaks of months, power failures, load profiles",
        "read at their stamps, once for each change",
    ),
    ("0-0:98.1.0 of Hungary", "values of the last month without their codes", "not read; a finding says so"),
    ("0-0:96.14.x", "tariff in force", "not read"),
    ("0-0:96.13.x", "texts", "not read"),
    ("0-n:96.3.10, 0-n:24.4.0, 0-0:96.50.x", "breakers, valves and relays", "not read"),
    (
        "1-3:0.2.8, 0-0:96.1.4, 0-0:17.0.0, 1-x:x.4.0 of currents, 0-n:96.1.2",
        "versions, limits, market locations",
        "not read",
    ),
];

/// What stands behind a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A number of the device on this channel; the lower the better it names the point. Channel 0 is the meter itself.
    Number {
        channel: u8,
        rank: u8,
    },
    Time,
    DeviceKind {
        channel: u8,
    },
    DeviceValue {
        channel: u8,
    },
    /// In the layout of versions 2 and 3.
    OldDeviceValue {
        channel: u8,
    },
    Log,
    Count,
    Service,
    Value,
}

pub(super) fn role(code: ObisCode) -> Role {
    match code.groups() {
        [0, 0, 96, 1, 1, _] => Role::Number { channel: 0, rank: 0 },
        [0, channel, 96, 1, e @ 0..=1, _] => Role::Number { channel, rank: e + 1 },
        [0, 0, 42, 0, 0, _] => Role::Number { channel: 0, rank: 3 },
        [0, 0, 1, 0, 0, _] => Role::Time,
        [0, channel @ 1..=255, 24, 1, _, _] => Role::DeviceKind { channel },
        [0, channel @ 1..=255, 24, 2, _, _] => Role::DeviceValue { channel },
        [0, channel @ 1..=255, 24, 3, _, _] => Role::OldDeviceValue { channel },
        [0, _, 98, 1, _, _] | [1, _, 99, ..] => Role::Log,
        [0, _, 96, 7, ..] | [1, _, 32 | 52 | 72, 32 | 36, ..] => Role::Count,
        [0, ..] | [1, 3, 0, ..] | [1, _, 31 | 51 | 71, 4, ..] => Role::Service,
        _ => Role::Value,
    }
}

/// The quantity that the value of an M-Bus device is: by its kind for the first value, and for a gas meter also for the third,
/// which is as metered. Any other value, such as the volume beside the energy of a heat meter, has a code of its own.
pub(super) fn device_quantity(kind: Option<u8>, code: ObisCode) -> ObisCode {
    let [.., e, f] = code.groups();
    let of_kind = |kind: u8| {
        let rows = DEVICES.iter().filter(move |(kinds, ..)| kinds.contains(&kind));
        let mut quantities = rows.map(|(.., quantity)| *quantity);
        match (kind, e) {
            (_, 0 | 1) => quantities.next(),
            (GAS, 3) => quantities.nth(1),
            _ => None,
        }
    };
    kind.and_then(of_kind).map_or(ObisCode::from_bytes([0, 0, 24, 2, e, f]), ObisCode::from_bytes)
}

/// The point that a number names: letters and digits that are written in hexadecimal digits, or else the text as it stands.
pub(super) fn name(value: &str) -> Option<Point> {
    let digits: Option<Vec<u32>> = value.chars().map(|digit| digit.to_digit(16)).collect();
    let pairs = digits.filter(|digits| digits.len() % 2 == 0).unwrap_or_default();
    let letters = pairs.chunks_exact(2).map(|pair| pair.iter().fold(0, |sum, digit| sum * 16 + digit));
    let letters: Option<String> =
        letters.map(|letter| char::from_u32(letter).filter(char::is_ascii_alphanumeric)).collect();
    letters.filter(|letters| !letters.is_empty()).unwrap_or_else(|| value.to_owned()).parse().ok()
}

/// Tariffs 1 and 2 of energy the other way round.
pub(super) const fn swapped(code: ObisCode) -> ObisCode {
    match code.groups() {
        [1, b, c @ 1..=2, 8, e @ 1..=2, f] => ObisCode::from_bytes([1, b, c, 8, 3 - e, f]),
        _ => code,
    }
}

pub(super) fn tables() -> Vec<Table> {
    let kinds = |kinds: &[u8]| kinds.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let devices = DEVICES.iter().map(|(numbers, what, quantity)| {
        vec![kinds(numbers), (*what).to_owned(), format!("`{}`", ObisCode::from_bytes(*quantity))]
    });
    let codes =
        OTHERS.iter().map(|(code, what, becomes)| [code, what, becomes].map(|cell| (*cell).to_owned()).to_vec());
    vec![
        Table { name: "devices", columns: &["kind (24.1.0)", "what it is", "quantity"], rows: devices.collect() },
        Table { name: "codes", columns: &["code", "what it is", "what becomes of it"], rows: codes.collect() },
    ]
}

#[cfg(test)]
mod tests {
    use super::{Role, device_quantity, name, role, swapped};

    #[test]
    fn a_device_tells_its_quantity_by_its_kind() {
        let check = |kind, code: &str| device_quantity(kind, code.parse().expect(code)).to_string();
        assert_eq!(check(Some(3), "0-1:24.2.1"), "7-0:3.1.0");
        assert_eq!(check(Some(3), "0-1:24.2.3"), "7-0:3.0.0");
        assert_eq!(check(Some(4), "0-2:24.2.1"), "6-0:1.0.0");
        assert_eq!(check(Some(7), "0-3:24.2.1"), "8-0:1.0.0");
        assert_eq!(check(Some(4), "0-2:24.2.2"), "0-0:24.2.2");
        assert_eq!(check(Some(3), "0-1:24.2.2"), "0-0:24.2.2");
        assert_eq!(check(Some(7), "0-3:24.2.3"), "0-0:24.2.3");
        assert_eq!(check(Some(99), "0-3:24.2.1"), "0-0:24.2.1");
        assert_eq!(check(None, "0-3:24.2.1"), "0-0:24.2.1");
    }

    #[test]
    fn numbers_are_letters_in_hexadecimal_digits_or_themselves() {
        let check = |value: &str| name(value).map(|point| point.to_string());
        assert_eq!(check("4B384547303034303436333935353037").as_deref(), Some("K8EG004046395507"));
        assert_eq!(check("3153414733313030373736353933").as_deref(), Some("1SAG3100776593"));
        for same in ["00000000000000", "ADC3100000158491", "3960221976967177082151037881335713", "12345", "G-1"] {
            assert_eq!(check(same).as_deref(), Some(same));
        }
        assert_eq!(check(""), None);
    }

    #[test]
    fn tariffs_are_swapped_for_energy_alone() {
        let check = |code: &str| swapped(code.parse().expect(code)).to_string();
        assert_eq!(
            ["1-0:1.8.1", "1-0:1.8.2", "1-0:2.8.1", "1-0:2.8.2"].map(check),
            ["1-0:1.8.2", "1-0:1.8.1", "1-0:2.8.2", "1-0:2.8.1"]
        );
        for same in ["1-0:1.8.0", "1-0:1.8.3", "1-0:1.7.0", "1-0:3.8.1"] {
            assert_eq!(check(same), same);
        }
    }

    #[test]
    fn codes_have_their_roles() {
        let check = |code: &str| role(code.parse().expect(code));
        assert_eq!(check("0-0:96.1.1"), Role::Number { channel: 0, rank: 0 });
        assert_eq!(check("0-2:96.1.0"), Role::Number { channel: 2, rank: 1 });
        assert_eq!(check("0-0:96.7.21.255"), Role::Count);
        assert_eq!(check("1-0:99.97.0"), Role::Log);
        assert_eq!(check("1-3:0.2.8"), Role::Service);
        assert_eq!(check("1-1:31.4.0"), Role::Service);
        assert_eq!(check("0-0:17.0.0"), Role::Service);
        assert_eq!(check("1-0:1.4.0"), Role::Value);
    }
}
