//! Data sets of IEC 62056-21: `code(value*unit)`, with further values in further parentheses, on one line or over several.
//!
//! Meters write the characters of seven bits, often with an even parity bit that a reader has left in. Some write the signs of
//! units in eight. Any other byte with the eighth bit set was damaged on the way, and costs the data set that it stands in.

use std::borrow::Cow;

use metrify_domain::Decimal;

use crate::dates::shown;
use crate::encoding;

/// A code and what stands in its parentheses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DataSet<'a> {
    /// Empty where the values stand without one.
    pub code: &'a str,
    /// In their order, at least one.
    pub values: Vec<&'a str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item<'a> {
    Set(DataSet<'a>),
    /// What is no data set: a line without parentheses, or parentheses that do not close.
    Stray(&'a str),
    /// A data set with letters that no meter writes, and how many readings it held.
    Damaged(&'a str, u64),
}

/// Splits a text into data sets.
#[derive(Clone, Debug)]
pub(crate) struct DataSets<'a> {
    rest: &'a str,
}

impl<'a> DataSets<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    fn stray(&mut self, length: usize) -> Item<'a> {
        let (stray, rest) = self.rest.split_at(length);
        self.rest = rest;
        Item::Stray(stray.trim())
    }
}

impl<'a> Iterator for DataSets<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        self.rest = self.rest.trim_start_matches(|letter: char| is_space(letter) || letter == '!');
        if self.rest.is_empty() {
            return None;
        }
        let Some(open) = self.rest.find(is_mark) else { return Some(self.stray(self.rest.len())) };
        if !self.rest[open..].starts_with('(') {
            return Some(self.stray(open + 1));
        }
        let code = self.rest[..open].trim();
        let mut values = Vec::new();
        let mut at = open;
        while let Some(inner) = self.rest[at..].trim_start_matches(is_space).strip_prefix('(') {
            // No further than to the first mark, so that the time grows with the bytes.
            let Some(end) = inner.find(is_mark).filter(|end| inner[*end..].starts_with(')')) else { break };
            values.push(&inner[..end]);
            at = self.rest.len() - inner.len() + end + 1;
        }
        if values.is_empty() {
            let inner = &self.rest[open + 1..];
            return Some(self.stray(open + 1 + inner.find(is_mark).unwrap_or(inner.len())));
        }
        let (text, rest) = self.rest.split_at(at);
        self.rest = rest;
        let set = DataSet { code, values };
        Some(if set.is_sound() { Item::Set(set) } else { Item::Damaged(text, (count(&set) as u64).max(1)) })
    }
}

impl DataSet<'_> {
    /// Whether letters that are not ASCII stand in units alone, and only those that are one. The value of a set that was damaged,
    /// were it the number of a meter, would be that of another.
    fn is_sound(&self) -> bool {
        let is_sound = |value: &&str| {
            let (number, unit) = number_and_unit(value);
            number.is_ascii() && unit.is_none_or(|unit| ascii_unit(unit).is_ascii())
        };
        self.code.is_ascii() && self.values.iter().all(is_sound)
    }
}

/// Units in letters of eight bits, as we write them.
const UNITS_OF_EIGHT_BITS: [(&str, &str); 4] = [("m³", "m3"), ("m³/h", "m3/h"), ("°C", "Cel"), ("°", "deg")];

/// The unit without letters of eight bits, where it is one that is known.
pub(crate) fn ascii_unit(unit: &str) -> &str {
    UNITS_OF_EIGHT_BITS.iter().find(|(from, _)| *from == unit).map_or(unit, |(_, to)| to)
}

const fn is_space(letter: char) -> bool {
    matches!(letter, '\0'..=' ' | '\u{7f}')
}

const fn is_mark(letter: char) -> bool {
    matches!(letter, '(' | ')' | '\r' | '\n')
}

/// A number and its unit, which stands behind `*`.
pub(crate) fn number_and_unit(value: &str) -> (&str, Option<&str>) {
    match value.split_once('*') {
        Some((number, unit)) => (number.trim(), Some(unit.trim())),
        None => (value.trim(), None),
    }
}

/// A number and its places; dashes stand for a missing one.
pub(crate) fn number(text: &str) -> Result<(Option<Decimal>, usize), String> {
    let is_missing = !text.is_empty() && text.contains('-') && text.bytes().all(|byte| matches!(byte, b'-' | b'.'));
    if is_missing {
        return Ok((None, 0));
    }
    let places = text.split_once('.').map_or(0, |(_, places)| places.len());
    match Decimal::parse(text.as_bytes(), b'.') {
        Ok(value) => Ok((Some(value), places)),
        Err(error) => Err(format!("`{}` {error}", shown(text))),
    }
}

/// What was not understood of a telegram: how much, and why the first of it.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    readings: u64,
    reason: Option<String>,
}

impl Losses {
    pub(crate) fn add(&mut self, readings: u64, reason: impl FnOnce() -> String) {
        self.readings += readings;
        self.reason.get_or_insert_with(reason);
    }

    /// How much was lost, and why; `None` where nothing was.
    pub(crate) fn told(self) -> Option<(u64, String)> {
        let (readings, reason) = (self.readings.max(1), self.reason?);
        Some((readings, if readings > 1 { format!("{readings} values are not read; {reason}") } else { reason }))
    }
}

/// How many readings stand in a text that cannot be trusted: numbers with a unit, and the values of load profiles.
pub(crate) fn readings_within(text: &str) -> u64 {
    let count = |item| match item {
        Item::Set(set) => count(&set) as u64,
        Item::Damaged(_, readings) => readings,
        Item::Stray(_) => 0,
    };
    DataSets::new(text).map(count).sum()
}

fn count(set: &DataSet<'_>) -> usize {
    if set.code.starts_with("P.") {
        // Before the values stand stamp, status, period and count, and then code and unit of each column.
        let columns: usize = set.values.get(3).and_then(|columns| columns.trim().parse().ok()).unwrap_or(0);
        return set.values.len().saturating_sub(columns.saturating_mul(2).saturating_add(4));
    }
    let is_number = |value: &&&str| {
        let (number, unit) = number_and_unit(value);
        unit.is_some() && Decimal::parse(number.as_bytes(), b'.').is_ok()
    };
    set.values.iter().filter(is_number).count()
}

/// What is said of a data set that was damaged.
pub(crate) fn damaged(text: &str) -> String {
    format!(
        "`{}` has bytes with the eighth bit set that are neither parity nor a unit: they were damaged on the way",
        shown(text.trim())
    )
}

/// Of a text in letters of eight bits about half of all bytes have an odd number of bits, of one with parity none but the damaged
/// ones: the one is told from the other by a quarter.
const ODD_OF_PARITY_MAX: usize = 4;

/// The bytes as text: without the even parity bit where the reader has left it in, else in UTF-8, else in ISO 8859-1. A byte whose
/// parity is wrong becomes a letter that nobody writes.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    if bytes.is_ascii() {
        return encoding::text(bytes);
    }
    let is_odd = |byte: &u8| !byte.count_ones().is_multiple_of(2);
    let odd = bytes.iter().filter(|byte| is_odd(byte)).count();
    if odd.saturating_mul(ODD_OF_PARITY_MAX) >= bytes.len() {
        return encoding::text(bytes);
    }
    let letter = |byte: &u8| if is_odd(byte) { char::REPLACEMENT_CHARACTER } else { char::from(byte & 0x7F) };
    Cow::Owned(bytes.iter().map(letter).collect())
}

/// The lower seven bits as text, whatever the eighth.
pub(crate) fn lossy_text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(byte & 0x7F)).collect()
}

#[cfg(test)]
mod tests {
    use super::{DataSets, Item, readings_within, text};

    fn split(text: &str) -> Vec<String> {
        let said = |item| match item {
            Item::Set(set) => format!("{}: {}", set.code, set.values.join(" | ")),
            Item::Stray(stray) => format!("stray {stray}"),
            Item::Damaged(text, readings) => format!("damaged {} ({readings})", text.trim()),
        };
        DataSets::new(text).map(said).collect()
    }

    #[test]
    fn data_sets_stand_on_lines_of_their_own_or_in_one() {
        assert_eq!(split("1.8.0(1.2*kWh)2.8.0()\r\nF.F(00)\r\n!\r\n"), ["1.8.0: 1.2*kWh", "2.8.0: ", "F.F: 00"]);
        assert_eq!(split("P.01(1)(2)\r\n(3)(4)\r\n(5)\r\n1.8.0(6)"), ["P.01: 1 | 2 | 3 | 4 | 5", "1.8.0: 6"]);
        assert_eq!(split("(1)\n2.8.0(1)"), [": 1", "2.8.0: 1"]);
    }

    #[test]
    fn what_does_not_close_costs_itself() {
        assert_eq!(split("1.8.0(12\r\n2.8.0(1)"), ["stray 1.8.0(12", "2.8.0: 1"]);
        assert_eq!(split("1.8.0(1)(2\r\n2.8.0(1)"), ["1.8.0: 1", "stray (2", "2.8.0: 1"]);
        assert_eq!(split("1.8.0(1(2)"), ["stray 1.8.0(1", ": 2"]);
        assert_eq!(split("12*kWh)\r\n2.8.0(1)"), ["stray 12*kWh)", "2.8.0: 1"]);
        assert_eq!(split("hello\r\n1.8.0"), ["stray hello", "stray 1.8.0"]);
    }

    #[test]
    fn the_parity_is_taken_away_where_it_is_one() {
        let with_parity = |byte: u8| byte | ((byte.count_ones() as u8 & 1) << 7);
        let mut bytes: Vec<u8> = "1.8.0(1)2.8.0(2)".bytes().map(with_parity).collect();
        assert_eq!(text(&bytes), "1.8.0(1)2.8.0(2)");
        bytes[0] ^= 2;
        assert_eq!(split(&text(&bytes)), ["damaged \u{fffd}.8.0(1) (1)", "2.8.0: 2"]);
    }

    #[test]
    fn letters_of_eight_bits_stand_in_units_and_nowhere_else() {
        let latin1 = b"1(2*m\xb3)2(2\xb3*m3)3\xb3(2)4(2*k\xd7h)5(6*\xb0C)";
        let expected = ["1: 2*m³", "damaged 2(2³*m3) (1)", "damaged 3³(2) (1)", "damaged 4(2*k×h) (1)", "5: 6*°C"];
        assert_eq!(split(&text(latin1)), expected);
        assert_eq!(split(&text("1(2*m³)2(3)".as_bytes())), ["1: 2*m³", "2: 3"]);
    }

    #[test]
    fn numbers_with_a_unit_and_values_of_profiles_are_readings() {
        assert_eq!(readings_within("P.01(1)(00)(15)(2)(1.5)(kW)(2.5)(kW)(1)(2)(3)(4)P.98(x)"), 4);
        assert_eq!(readings_within("1.8.0(1*kWh)1.6.0(2*kW)(0303281115)F.F(0)C.1.0(12)2.8.0(x*kWh)"), 2);
    }
}
