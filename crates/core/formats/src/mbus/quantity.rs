//! The quantity of a record: an OBIS code where OMS maps it to one, else a name with what tells it from its neighbours.
//!
//! Two values of one telegram never have one quantity: function, tariff, part of the device and storage number stand in it,
//! and where all these are equal, the number of the occurrence. Of two records with one OBIS code, such as energy and what of it was
//! drawn, the code is that of the one whose extensions say so.

use metrify_domain::quantity::METER_FAMILY;
use metrify_domain::{ObisCode, Quantity};

use super::record::{Function, Register};

/// Group D of the OBIS codes of due date values.
const DUE_DATE: u8 = 2;
/// Group F from which on it has meanings of its own.
const HISTORY_MAX: u64 = 95;
/// Group E of error registers.
const TARIFFS: u32 = 63;

/// What a record is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct About<'a> {
    /// Group A of the meter's OBIS codes.
    pub medium: Option<u8>,
    pub name: &'a str,
    /// Of its extensions.
    pub words: &'a [String],
    pub register: Register,
}

/// What OMS maps to one OBIS code: medium, name, words, and groups C and D.
struct Row {
    medium: u8,
    name: &'static str,
    words: &'static str,
    code: [u8; 2],
}

const fn row(medium: u8, name: &'static str, words: &'static str, code: [u8; 2]) -> Row {
    Row { medium, name, words, code }
}

const ELECTRICITY: u8 = 1;
const COOLING: u8 = 5;
const HEAT: u8 = 6;
const GAS: u8 = 7;

const ROWS: &[Row] = &[
    row(ELECTRICITY, "energy", "", [1, 8]),
    row(ELECTRICITY, "energy", "positive", [1, 8]),
    row(ELECTRICITY, "energy", "negative", [2, 8]),
    row(ELECTRICITY, "reactive_energy", "", [3, 8]),
    row(ELECTRICITY, "reactive_energy", "positive", [3, 8]),
    row(ELECTRICITY, "reactive_energy", "negative", [4, 8]),
    row(ELECTRICITY, "apparent_energy", "", [9, 8]),
    row(ELECTRICITY, "apparent_energy", "positive", [9, 8]),
    row(ELECTRICITY, "apparent_energy", "negative", [10, 8]),
    // A power without a direction has a sign.
    row(ELECTRICITY, "power", "", [16, 7]),
    row(ELECTRICITY, "power", "positive", [1, 7]),
    row(ELECTRICITY, "power", "negative", [2, 7]),
    row(ELECTRICITY, "power", "phase_1", [36, 7]),
    row(ELECTRICITY, "power", "phase_2", [56, 7]),
    row(ELECTRICITY, "power", "phase_3", [76, 7]),
    row(ELECTRICITY, "reactive_power", "positive", [3, 7]),
    row(ELECTRICITY, "reactive_power", "negative", [4, 7]),
    row(ELECTRICITY, "voltage", "", [12, 7]),
    row(ELECTRICITY, "voltage", "phase_1", [32, 7]),
    row(ELECTRICITY, "voltage", "phase_2", [52, 7]),
    row(ELECTRICITY, "voltage", "phase_3", [72, 7]),
    row(ELECTRICITY, "current", "", [11, 7]),
    row(ELECTRICITY, "current", "phase_1", [31, 7]),
    row(ELECTRICITY, "current", "phase_2", [51, 7]),
    row(ELECTRICITY, "current", "phase_3", [71, 7]),
    row(ELECTRICITY, "grid_frequency", "", [14, 7]),
    row(4, "heat_cost_units", "", [1, 0]),
    row(COOLING, "energy", "", [1, 0]),
    row(COOLING, "volume", "", [2, 0]),
    row(HEAT, "energy", "", [1, 0]),
    row(HEAT, "volume", "", [2, 0]),
    row(GAS, "volume", "", [3, 0]),
    row(GAS, "volume", "uncorrected", [3, 0]),
    row(8, "volume", "", [1, 0]),
    row(9, "volume", "", [1, 0]),
];

/// The quantity of the `occurrence`th record that is about the same, from 1, with the `code` that it may have; `None` where its
/// name is too long to be kept.
pub(super) fn quantity(about: &About<'_>, code: Option<ObisCode>, occurrence: u32) -> Option<Quantity> {
    if occurrence == 1
        && let Some(code) = code
    {
        return Some(Quantity::Obis(code));
    }
    let of_meter = |marks| format!("{METER_FAMILY}.{}", name(about, marks, occurrence)).parse();
    of_meter(["tariff_", "unit_", "storage_"]).or_else(|_| of_meter(["t", "u", "s"])).ok()
}

/// The name with all that tells it from its neighbours.
pub(super) fn fact(about: &About<'_>) -> String {
    name(about, ["tariff_", "unit_", "storage_"], 1)
}

fn name(about: &About<'_>, marks: [&str; 3], occurrence: u32) -> String {
    let Register { function, storage, tariff, unit } = about.register;
    let mut name = about.name.to_owned();
    let mut add = |word: &str| {
        name.push('.');
        name.push_str(word);
    };
    about.words.iter().for_each(|word| add(word));
    match function {
        Function::Instantaneous => {}
        Function::Maximum => add("max"),
        Function::Minimum => add("min"),
        Function::Error => add("error"),
    }
    for (mark, number) in marks.into_iter().zip([u64::from(tariff), u64::from(unit), storage]) {
        if number > 0 {
            add(&format!("{mark}{number}"));
        }
    }
    if occurrence > 1 {
        add(&occurrence.to_string());
    }
    name
}

/// The code that OMS maps the record to, whatever stands beside it.
pub(super) fn code(about: &About<'_>) -> Option<ObisCode> {
    let Register { function: Function::Instantaneous, storage, tariff, unit: 0 } = about.register else { return None };
    let words = about.words.join(".");
    let medium = about.medium?;
    let row = ROWS.iter().find(|row| row.medium == medium && row.name == about.name && row.words == words)?;
    let [function, mut processing] = row.code;
    // Momentary values have neither tariffs nor due dates.
    let is_counted = matches!(processing, 0 | 8);
    let tariff = u8::try_from(tariff).ok().filter(|_| tariff == 0 || is_counted && tariff < TARIFFS)?;
    let has_due_date = processing == 0 && medium != GAS;
    let history = match storage {
        0 => u8::MAX,
        1 if has_due_date => u8::MAX,
        1..=HISTORY_MAX if is_counted => storage as u8,
        _ => return None,
    };
    if storage > 0 && has_due_date {
        processing = DUE_DATE;
    }
    Some(ObisCode::from_bytes([medium, 0, function, processing, tariff, history]))
}

/// The table as it stands in the page.
pub(super) fn page() -> Vec<Vec<String>> {
    let cells = |row: &Row| {
        let words = if row.words.is_empty() { String::new() } else { format!(".{}", row.words) };
        let [c, d] = row.code;
        vec![row.medium.to_string(), format!("`{}{words}`", row.name), format!("`{}-0:{c}.{d}.0`", row.medium)]
    };
    ROWS.iter().map(cells).collect()
}

#[cfg(test)]
mod tests {
    use super::{About, code, quantity};
    use crate::mbus::record::{Function, Register};

    fn check(medium: u8, name: &str, words: &[&str], register: (Function, u64, u32, u32), expected: &str) {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let (function, storage, tariff, unit) = register;
        let register = Register { function, storage, tariff, unit };
        let about = About { medium: Some(medium), name, words: &words, register };
        let found = quantity(&about, code(&about), 1).map(|quantity| quantity.to_string());
        assert_eq!(found.as_deref(), Some(expected), "{about:?}");
    }

    #[test]
    fn counters_have_the_codes_of_their_medium() {
        use Function::{Error, Instantaneous, Maximum};
        check(1, "energy", &[], (Instantaneous, 0, 0, 0), "1-0:1.8.0");
        check(1, "energy", &["negative"], (Instantaneous, 0, 2, 0), "1-0:2.8.2");
        check(1, "energy", &[], (Instantaneous, 2, 1, 0), "1-0:1.8.1*2");
        check(1, "energy", &[], (Instantaneous, 0, 1, 2), "meter.energy.tariff_1.unit_2");
        check(1, "energy", &["maker_01"], (Instantaneous, 0, 0, 0), "meter.energy.maker_01");
        check(1, "power", &[], (Instantaneous, 0, 0, 0), "1-0:16.7.0");
        check(1, "power", &[], (Maximum, 0, 0, 0), "meter.power.max");
        check(1, "power", &[], (Instantaneous, 1, 0, 0), "meter.power.storage_1");
        check(6, "energy", &[], (Instantaneous, 0, 0, 0), "6-0:1.0.0");
        check(6, "energy", &[], (Instantaneous, 1, 0, 0), "6-0:1.2.0");
        check(6, "energy", &[], (Instantaneous, 33, 1, 0), "6-0:1.2.1*33");
        check(6, "energy", &[], (Instantaneous, 510, 0, 0), "meter.energy.storage_510");
        check(8, "volume", &[], (Instantaneous, 0, 0, 0), "8-0:1.0.0");
        check(7, "volume", &[], (Instantaneous, 1, 0, 0), "7-0:3.0.0*1");
        check(6, "on_time", &[], (Error, 2, 0, 0), "meter.on_time.error.storage_2");
    }

    #[test]
    fn a_long_name_is_written_shortly() {
        check(
            6,
            "temperature_difference",
            &[],
            (Function::Maximum, 1_000, 12, 34),
            "meter.temperature_difference.max.t12.u34.s1000",
        );
    }
}
