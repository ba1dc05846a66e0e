//! What the Energy Services Provider Interface (ESPI, NAESB REQ.21) gives the documents that are derived from it: the transparency
//! documents of smart meter gateways and the downloads of Green Button.

use metrify_domain::Unit;

use crate::page::Table;

/// Units (`uom`) by their codes in UnitSymbolKind. Compensated volumes are told by the register, not by the unit.
pub(crate) const UNITS: &[(u16, &str)] = &[
    (0, "1"),
    (2, "m"),
    (3, "g"),
    (5, "A"),
    (6, "K"),
    (9, "deg"),
    (23, "Cel"),
    (27, "s"),
    (29, "V"),
    (31, "J"),
    (33, "Hz"),
    (38, "W"),
    (39, "Pa"),
    (42, "m3"),
    (61, "VA"),
    (63, "var"),
    (65, "1"),
    (71, "VAh"),
    (72, "Wh"),
    (73, "varh"),
    (106, "A.h"),
    (107, "Wh/m3"),
    (111, "1"),
    (119, "ft3"),
    (120, "ft3"),
    (125, "m3/h"),
    (132, "Btu"),
    (134, "l"),
    (156, "l"),
    (157, "l"),
    (159, "min"),
    (160, "h"),
    (166, "m3"),
    (167, "m3"),
    (169, "therm"),
];

/// The unit of a code. One that is not in the table keeps its number, so that the value is not lost: `uom 143`.
pub(crate) fn unit(code: u16) -> Option<Unit> {
    match UNITS.iter().find(|(known, _)| *known == code) {
        Some((_, text)) => Unit::new(text),
        None => Unit::new(&format!("uom {code}")),
    }
}

pub(crate) fn units() -> Table {
    let rows = UNITS.iter().map(|(code, unit)| vec![format!("`{code}`"), format!("`{unit}`")]);
    Table { name: "units", columns: &["uom", "unit"], rows: rows.collect() }
}

/// Bytes written as hexadecimal digits, between which white space may stand.
pub(crate) fn hex(text: &str) -> Option<Vec<u8>> {
    let mut digits = Vec::with_capacity(text.len());
    for letter in text.chars().filter(|letter| !letter.is_whitespace()) {
        digits.push(letter.to_digit(16)? as u8);
    }
    let pairs = digits.chunks_exact(2);
    let is_even = pairs.remainder().is_empty() && !digits.is_empty();
    is_even.then(|| pairs.map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}

#[cfg(test)]
mod tests {
    use super::{UNITS, hex, unit};

    #[test]
    fn units_have_their_texts_and_unknown_ones_their_numbers() {
        assert!(UNITS.iter().all(|(code, text)| unit(*code).is_some_and(|unit| unit.as_str() == *text)));
        assert!(UNITS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(unit(143).map(|unit| unit.to_string()).as_deref(), Some("uom 143"));
    }

    #[test]
    fn hexadecimal_digits_are_bytes() {
        assert_eq!(hex("0a FF\n00"), Some(vec![10, 255, 0]));
        assert_eq!([hex(""), hex("0"), hex("0g"), hex("é0")], [None, None, None, None]);
    }
}
