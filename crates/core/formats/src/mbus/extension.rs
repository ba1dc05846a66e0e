//! Combinable VIF extensions (VIFE): what they make of a quantity.

use super::vif::{Class, Meaning};

/// Extension bit.
const MORE: u8 = 0x80;
/// A second table of extensions follows.
const EXTENDED: u8 = 0x7C;
/// What follows is of the maker's own.
const MAKER: u8 = 0x7F;

/// What the extensions of a VIF say together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Extended {
    pub meaning: Meaning,
    /// Behind the unit, such as `/h`.
    pub per: &'static str,
    /// Words that go behind the quantity's name, each after a dot.
    pub words: Vec<String>,
    /// The meter says that it has no value, by this code.
    pub no_value: Option<u8>,
}

/// One code of the first table.
struct Row {
    code: u8,
    word: &'static str,
    effect: Effect,
}

#[derive(Clone, Copy)]
enum Effect {
    /// It is another quantity of the same unit.
    Same,
    /// The unit is divided or multiplied.
    Per(&'static str),
    /// It is something about the meter.
    Fact,
    /// It is a date or a time.
    Time,
    /// How often a limit was exceeded.
    Count,
    /// How long something lasted, in this unit.
    Duration(&'static str),
}

const fn row(code: u8, word: &'static str, effect: Effect) -> Row {
    Row { code, word, effect }
}

const ROWS: &[Row] = &[
    row(0x12, "average", Effect::Same),
    row(0x20, "per_second", Effect::Per("/s")),
    row(0x21, "per_minute", Effect::Per("/min")),
    row(0x22, "per_hour", Effect::Per("/h")),
    row(0x23, "per_day", Effect::Per("/d")),
    row(0x24, "per_week", Effect::Per("/wk")),
    row(0x25, "per_month", Effect::Per("/mo")),
    row(0x26, "per_year", Effect::Per("/a")),
    row(0x27, "per_measurement", Effect::Per("/rev")),
    row(0x28, "per_input_pulse_0", Effect::Per("/pulse")),
    row(0x29, "per_input_pulse_1", Effect::Per("/pulse")),
    row(0x2A, "per_output_pulse_0", Effect::Per("/pulse")),
    row(0x2B, "per_output_pulse_1", Effect::Per("/pulse")),
    row(0x2C, "per_liter", Effect::Per("/l")),
    row(0x2D, "per_m3", Effect::Per("/m3")),
    row(0x2E, "per_kg", Effect::Per("/kg")),
    row(0x2F, "per_kelvin", Effect::Per("/K")),
    row(0x30, "per_kwh", Effect::Per("/kWh")),
    row(0x31, "per_gj", Effect::Per("/GJ")),
    row(0x32, "per_kw", Effect::Per("/kW")),
    row(0x33, "per_kelvin_liter", Effect::Per("/(K.l)")),
    row(0x34, "per_volt", Effect::Per("/V")),
    row(0x35, "per_ampere", Effect::Per("/A")),
    row(0x36, "times_second", Effect::Per(".s")),
    row(0x37, "times_second_per_volt", Effect::Per(".s/V")),
    row(0x38, "times_second_per_ampere", Effect::Per(".s/A")),
    row(0x39, "start", Effect::Time),
    row(0x3A, "uncorrected", Effect::Same),
    row(0x3B, "positive", Effect::Same),
    row(0x3C, "negative", Effect::Same),
    row(0x3E, "base_conditions", Effect::Same),
    row(0x40, "lower_limit", Effect::Fact),
    row(0x41, "lower_limit_exceeds", Effect::Count),
    row(0x42, "lower_limit_first_begin", Effect::Time),
    row(0x43, "lower_limit_first_end", Effect::Time),
    row(0x46, "lower_limit_last_begin", Effect::Time),
    row(0x47, "lower_limit_last_end", Effect::Time),
    row(0x48, "upper_limit", Effect::Fact),
    row(0x49, "upper_limit_exceeds", Effect::Count),
    row(0x4A, "upper_limit_first_begin", Effect::Time),
    row(0x4B, "upper_limit_first_end", Effect::Time),
    row(0x4E, "upper_limit_last_begin", Effect::Time),
    row(0x4F, "upper_limit_last_end", Effect::Time),
    row(0x50, "lower_limit_first_duration", Effect::Duration("s")),
    row(0x51, "lower_limit_first_duration", Effect::Duration("min")),
    row(0x52, "lower_limit_first_duration", Effect::Duration("h")),
    row(0x53, "lower_limit_first_duration", Effect::Duration("d")),
    row(0x54, "lower_limit_last_duration", Effect::Duration("s")),
    row(0x55, "lower_limit_last_duration", Effect::Duration("min")),
    row(0x56, "lower_limit_last_duration", Effect::Duration("h")),
    row(0x57, "lower_limit_last_duration", Effect::Duration("d")),
    row(0x58, "upper_limit_first_duration", Effect::Duration("s")),
    row(0x59, "upper_limit_first_duration", Effect::Duration("min")),
    row(0x5A, "upper_limit_first_duration", Effect::Duration("h")),
    row(0x5B, "upper_limit_first_duration", Effect::Duration("d")),
    row(0x5C, "upper_limit_last_duration", Effect::Duration("s")),
    row(0x5D, "upper_limit_last_duration", Effect::Duration("min")),
    row(0x5E, "upper_limit_last_duration", Effect::Duration("h")),
    row(0x5F, "upper_limit_last_duration", Effect::Duration("d")),
    row(0x60, "first_duration", Effect::Duration("s")),
    row(0x61, "first_duration", Effect::Duration("min")),
    row(0x62, "first_duration", Effect::Duration("h")),
    row(0x63, "first_duration", Effect::Duration("d")),
    row(0x64, "last_duration", Effect::Duration("s")),
    row(0x65, "last_duration", Effect::Duration("min")),
    row(0x66, "last_duration", Effect::Duration("h")),
    row(0x67, "last_duration", Effect::Duration("d")),
    row(0x68, "during_lower_limit", Effect::Same),
    row(0x69, "leakage", Effect::Same),
    row(0x6A, "first_begin", Effect::Time),
    row(0x6B, "first_end", Effect::Time),
    row(0x6C, "during_upper_limit", Effect::Same),
    row(0x6D, "overflow", Effect::Same),
    row(0x6E, "last_begin", Effect::Time),
    row(0x6F, "last_end", Effect::Time),
    row(0x7E, "future", Effect::Fact),
];

/// Of the table behind 7C.
const SECOND: &[(u8, &str)] = &[
    (0x01, "phase_1"),
    (0x02, "phase_2"),
    (0x03, "phase_3"),
    (0x04, "neutral"),
    (0x05, "phase_1_2"),
    (0x06, "phase_2_3"),
    (0x07, "phase_3_1"),
    (0x08, "quadrant_1"),
    (0x09, "quadrant_2"),
    (0x0A, "quadrant_3"),
    (0x0B, "quadrant_4"),
    (0x0C, "import_less_export"),
    (0x10, "absolute"),
];

/// What the extensions make of a quantity.
///
/// # Errors
/// In words, where one of them is not read, so that the value could mean anything.
pub(super) fn extend(meaning: Meaning, extensions: &[u8]) -> Result<Extended, String> {
    let mut extended = Extended { meaning, per: "", words: Vec::new(), no_value: None };
    let mut rest = extensions;
    while let [first, tail @ ..] = rest {
        rest = tail;
        let code = first & !MORE;
        match (code, tail) {
            (MAKER, own) => {
                extended.words.push(maker_word(own));
                break;
            }
            (EXTENDED, [second, behind @ ..]) => {
                rest = behind;
                let second = second & !MORE;
                let found = SECOND.iter().find(|(code, _)| *code == second);
                let (_, word) = found.ok_or_else(|| format!("the VIFE 7c {second:02x} is not known"))?;
                extended.words.push((*word).to_owned());
            }
            _ => one(code, &mut extended)?,
        }
    }
    Ok(extended)
}

fn one(code: u8, extended: &mut Extended) -> Result<(), String> {
    match code {
        // No error, and data as the norm has them.
        0x00 | 0x1D => {}
        0x01..=0x07 | 0x0B..=0x0F | 0x15..=0x18 | 0x1C => extended.no_value = Some(code),
        0x70..=0x77 => extended.meaning.exponent += i32::from(code) - 0x76,
        0x7D => extended.meaning.exponent += 3,
        0x13 | 0x1E | 0x1F => return Err("compact load profiles (VIFE 13, 1e, 1f) are not read".to_owned()),
        0x78..=0x7B => return Err(format!("additive corrections (VIFE {code:02x}) are not read")),
        _ => {
            let row = ROWS.iter().find(|row| row.code == code);
            let row = row.ok_or_else(|| format!("the VIFE {code:02x} is reserved or not known"))?;
            extended.words.push(row.word.to_owned());
            effect(row.effect, extended);
        }
    }
    Ok(())
}

fn effect(effect: Effect, extended: &mut Extended) {
    let meaning = &mut extended.meaning;
    match effect {
        Effect::Same => {}
        Effect::Per(unit) => {
            extended.per = unit;
            meaning.class = if meaning.class == Class::Counter { Class::Momentary } else { meaning.class };
        }
        Effect::Fact => meaning.class = if meaning.class == Class::Time { Class::Time } else { Class::Fact },
        Effect::Time => meaning.class = Class::Time,
        Effect::Count => *meaning = Meaning { unit: "1", exponent: 0, class: Class::Counter, ..*meaning },
        Effect::Duration(unit) => *meaning = Meaning { unit, exponent: 0, class: Class::Momentary, ..*meaning },
    }
}

/// `maker` and the bytes that follow.
pub(super) fn maker_word(own: &[u8]) -> String {
    own.iter().fold("maker".to_owned(), |word, byte| format!("{word}_{:02x}", byte & !MORE))
}

/// The tables as they stand in the page.
pub(super) fn page() -> Vec<Vec<String>> {
    let first = ROWS.iter().map(|row| {
        let becomes = match row.effect {
            Effect::Same => "another quantity of the same unit".to_owned(),
            Effect::Per(unit) => format!("the unit gets `{unit}`"),
            Effect::Fact => "a fact".to_owned(),
            Effect::Time => "a fact: a date or time".to_owned(),
            Effect::Count => "a register of unit 1".to_owned(),
            Effect::Duration(unit) => format!("a duration in {unit}"),
        };
        vec![format!("{:02X}", row.code), format!("`.{}`", row.word), becomes]
    });
    let second = SECOND.iter().map(|(code, word)| {
        vec![format!("7C {code:02X}"), format!("`.{word}`"), "another quantity of the same unit".to_owned()]
    });
    let factors = [
        ["00, 1D", "", "nothing"],
        ["01-07, 0B-0F, 15-18, 1C", "", "the value is missing"],
        ["70-77", "", "times 10^n, n from -6"],
        ["7D", "", "times 1000"],
        ["7F ..", "`.maker_..`", "a quantity of the maker's own"],
    ];
    let factors = factors.iter().map(|cells| cells.iter().map(|cell| (*cell).to_owned()).collect());
    factors.chain(first).chain(second).collect()
}

#[cfg(test)]
mod tests {
    use super::{ROWS, extend};
    use crate::mbus::record::Table;
    use crate::mbus::vif::{Class, meaning};

    fn check(code: u8, extensions: &[u8], expected: Result<(&str, &str, i32, Class), &str>) {
        let volume = meaning(Table::Primary, code).expect("a known code");
        let found = extend(volume, extensions).map(|extended| {
            let meaning = extended.meaning;
            (extended.words.join("."), format!("{}{}", meaning.unit, extended.per), meaning.exponent, meaning.class)
        });
        let expected =
            expected.map(|(words, unit, exponent, class)| (words.to_owned(), unit.to_owned(), exponent, class));
        match (found, expected) {
            (Err(found), Err(word)) => assert!(found.contains(word), "{found}"),
            (found, expected) => assert_eq!(found, expected.map_err(str::to_owned), "{code:02x} {extensions:02x?}"),
        }
    }

    #[test]
    fn extensions_change_unit_power_and_class() {
        check(0x13, &[], Ok(("", "m3", -3, Class::Counter)));
        check(0x13, &[0x74], Ok(("", "m3", -5, Class::Counter)));
        check(0x13, &[0x7D], Ok(("", "m3", 0, Class::Counter)));
        check(0x10, &[0x28], Ok(("per_input_pulse_0", "m3/pulse", -6, Class::Momentary)));
        check(0x06, &[0x3C], Ok(("negative", "Wh", 3, Class::Counter)));
        check(0x3E, &[0x58], Ok(("upper_limit_first_duration", "s", 0, Class::Momentary)));
        check(0x5A, &[0x6F], Ok(("last_end", "Cel", -1, Class::Time)));
        check(0x2B, &[0xFC, 0x02], Ok(("phase_2", "W", 0, Class::Momentary)));
        check(0x2B, &[0xFF, 0x81, 0x00], Ok(("maker_01_00", "W", 0, Class::Momentary)));
        check(0x6C, &[0x7E], Ok(("future", "1", 0, Class::Time)));
    }

    #[test]
    fn what_could_mean_anything_is_refused() {
        check(0x13, &[0x79], Err("additive"));
        check(0x13, &[0x1F], Err("compact load profiles"));
        check(0x13, &[0x3D], Err("VIFE 3d"));
        check(0x13, &[0xFC, 0x11], Err("VIFE 7c 11"));
        check(0x13, &[0xFC], Err("VIFE 7c"));
    }

    #[test]
    fn every_word_fits_a_quantity() {
        assert!(ROWS.windows(2).all(|pair| pair[0].code < pair[1].code));
        for row in ROWS {
            assert!(format!("x.{}", row.word).parse::<metrify_domain::Quantity>().is_ok(), "{}", row.word);
        }
    }
}
