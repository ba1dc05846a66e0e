//! The units of DLMS/COSEM (IEC 62056-6-2, enumeration `unit`), which SML uses too, as our texts, and the unit
//! that an OBIS code tells.

use metrify_domain::{ObisCode, Unit};

use crate::page::Table;

/// The code of a number without a unit.
pub(crate) const UNITLESS: u8 = 255;
pub(crate) const WATT: u8 = 27;
pub(crate) const WATT_HOUR: u8 = 30;

/// Codes 1 to 72; an empty text is a code that is reserved, or, for 10, a currency that is not named.
const TEXTS: [&str; 72] = [
    "a", "mo", "wk", "d", "h", "min", "s", "deg", "Cel", "", // 1
    "m", "m/s", "m3", "m3", "m3/h", "m3/h", "m3/d", "m3/d", "l", "kg", // 11
    "N", "N.m", "Pa", "bar", "J", "J/h", "W", "VA", "var", "Wh", // 21
    "VAh", "varh", "A", "C", "V", "V/m", "F", "Ohm", "Ohm.m2/m", "Wb", // 31
    "T", "A/m", "H", "Hz", "1/Wh", "1/varh", "1/VAh", "V2.h", "A2.h", "kg/s", // 41
    "S", "K", "1/(V2.h)", "1/(A2.h)", "1/m3", "%", "A.h", "", "", "Wh/m3", // 51
    "J/m3", "mol%", "g/m3", "Pa.s", "J/kg", "g/cm2", "atm", "", "", "dBm", // 61
    "dBuV", "dB", // 71
];

/// The texts as units; nothing for those that are empty.
static UNITS: [Option<Unit>; TEXTS.len()] = {
    let mut units = [None; TEXTS.len()];
    let mut index = 0;
    while index < TEXTS.len() {
        if !TEXTS[index].is_empty() {
            units[index] = Some(Unit::literal(TEXTS[index]));
        }
        index += 1;
    }
    units
};

/// The unit of a code. A reserved code keeps its number, so that the value is not lost: `unit 58`.
pub(crate) fn unit(code: u8) -> Unit {
    if code == UNITLESS {
        return const { Unit::literal("1") };
    }
    let known = usize::from(code).checked_sub(1).and_then(|index| UNITS.get(index).copied().flatten());
    known.or_else(|| Unit::new(&format!("unit {code}"))).unwrap_or(const { Unit::literal("1") })
}

/// The unit that a quantity has by its OBIS code, for entries that name none; the scaler counts from it.
pub(crate) fn natural(code: ObisCode) -> u8 {
    let [medium, _, function, processing, ..] = code.groups();
    let phaseless = if (21..=80).contains(&function) { (function - 1) % 20 + 1 } else { function };
    match (medium, phaseless, processing) {
        (1, 1 | 2 | 15 | 16, 4..=7) => WATT,
        (1, 3..=8, 4..=7) => 29,
        (1, 9 | 10, 4..=7) => 28,
        (1, 1 | 2 | 15 | 16, 8 | 9 | 29) => WATT_HOUR,
        (1, 3..=8, 8 | 9 | 29) => 32,
        (1, 9 | 10, 8 | 9 | 29) => 31,
        (1, 11, 7) => 33,
        (1, 12, 7) => 35,
        (1, 14, 7) => 44,
        (1, 81, 7) => 8,
        _ => UNITLESS,
    }
}

/// The codes with their texts, for the page.
pub(super) fn table() -> Table {
    let codes = (1..).zip(TEXTS).filter(|(_, text)| !text.is_empty()).map(|(code, text)| (code, text.to_owned()));
    let codes = codes.chain([(UNITLESS, unit(UNITLESS).to_string())]);
    let rows = codes.map(|(code, text)| vec![code.to_string(), format!("`{text}`")]).collect();
    Table { name: "units", columns: &["code", "unit"], rows }
}

#[cfg(test)]
mod tests {
    use super::{natural, unit};

    #[test]
    fn codes_of_the_norm_have_their_texts() {
        let cases = [
            (5, "h"),
            (8, "deg"),
            (9, "Cel"),
            (13, "m3"),
            (23, "Pa"),
            (27, "W"),
            (28, "VA"),
            (29, "var"),
            (30, "Wh"),
            (31, "VAh"),
            (32, "varh"),
            (33, "A"),
            (35, "V"),
            (44, "Hz"),
            (52, "K"),
            (56, "%"),
            (60, "Wh/m3"),
            (72, "dB"),
        ];
        for (code, text) in cases {
            assert_eq!(unit(code).as_str(), text, "{code}");
        }
        assert_eq!(
            [0, 10, 58, 73, 254, 255].map(|code| unit(code).to_string()),
            ["unit 0", "unit 10", "unit 58", "unit 73", "unit 254", "1"]
        );
    }

    #[test]
    fn an_entry_without_a_unit_has_that_of_its_quantity() {
        let natural = |text: &str| unit(natural(text.parse().expect(text))).to_string();
        for (code, expected) in [
            ("1-0:1.8.0", "Wh"),
            ("1-0:16.7.0", "W"),
            ("1-0:36.7.0", "W"),
            ("1-0:3.8.1", "varh"),
            ("1-0:31.7.0", "A"),
            ("1-0:72.7.0", "V"),
            ("1-0:14.7.0", "Hz"),
            ("1-0:81.7.4", "deg"),
            ("1-0:13.7.0", "1"),
            ("1-0:96.5.5", "1"),
        ] {
            assert_eq!(natural(code), expected, "{code}");
        }
    }
}
