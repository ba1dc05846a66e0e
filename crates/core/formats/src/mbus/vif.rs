//! What a VIF means: the primary table of EN 13757-3 and its two extensions (FB and FD), in the order of their codes.

use super::record::Table;

/// What becomes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// It is counted: the state of a register.
    Counter,
    /// It is measured: a value at an instant.
    Momentary,
    /// Something about the meter that is no reading.
    Fact,
    /// Such a fact whose bits each mean something of their own.
    Flags,
    /// A date, or a date and time.
    Time,
    /// A password or key, which is kept nowhere.
    Secret,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    pub name: &'static str,
    pub unit: &'static str,
    /// Of ten, by which the number is multiplied to be in `unit`.
    pub exponent: i32,
    pub class: Class,
}

/// How the lowest bits of a code change what it means.
#[derive(Clone, Copy, Debug)]
enum Scale {
    /// The code stands for itself.
    One(&'static str),
    /// Each following code is ten times as much; the first has this exponent.
    Tens(&'static str, i32),
    /// Each following code has another unit.
    Units(&'static [&'static str]),
}

/// A run of codes that mean one quantity.
#[derive(Clone, Copy, Debug)]
struct Row {
    first: u8,
    last: u8,
    name: &'static str,
    scale: Scale,
    class: Class,
}

const TIMES: Scale = Scale::Units(&["s", "min", "h", "d"]);
const LONG_TIMES: Scale = Scale::Units(&["h", "d", "mo", "a"]);
const NUMBER: Scale = Scale::One("1");

const fn row(codes: (u8, u8), name: &'static str, scale: Scale, class: Class) -> Row {
    Row { first: codes.0, last: codes.1, name, scale, class }
}

const fn counter(first: u8, last: u8, name: &'static str, scale: Scale) -> Row {
    row((first, last), name, scale, Class::Counter)
}

const fn momentary(first: u8, last: u8, name: &'static str, scale: Scale) -> Row {
    row((first, last), name, scale, Class::Momentary)
}

const fn fact(first: u8, last: u8, name: &'static str, scale: Scale) -> Row {
    row((first, last), name, scale, Class::Fact)
}

const fn flags(code: u8, name: &'static str) -> Row {
    row((code, code), name, NUMBER, Class::Flags)
}

const fn time(code: u8, name: &'static str) -> Row {
    row((code, code), name, NUMBER, Class::Time)
}

const fn secret(first: u8, last: u8, name: &'static str) -> Row {
    row((first, last), name, NUMBER, Class::Secret)
}

const PRIMARY: &[Row] = &[
    counter(0x00, 0x07, "energy", Scale::Tens("Wh", -3)),
    counter(0x08, 0x0F, "energy", Scale::Tens("J", 0)),
    counter(0x10, 0x17, "volume", Scale::Tens("m3", -6)),
    counter(0x18, 0x1F, "mass", Scale::Tens("kg", -3)),
    counter(0x20, 0x23, "on_time", TIMES),
    counter(0x24, 0x27, "operating_time", TIMES),
    momentary(0x28, 0x2F, "power", Scale::Tens("W", -3)),
    momentary(0x30, 0x37, "power", Scale::Tens("J/h", 0)),
    momentary(0x38, 0x3F, "volume_flow", Scale::Tens("m3/h", -6)),
    momentary(0x40, 0x47, "volume_flow", Scale::Tens("m3/min", -7)),
    momentary(0x48, 0x4F, "volume_flow", Scale::Tens("m3/s", -9)),
    momentary(0x50, 0x57, "mass_flow", Scale::Tens("kg/h", -3)),
    momentary(0x58, 0x5B, "flow_temperature", Scale::Tens("Cel", -3)),
    momentary(0x5C, 0x5F, "return_temperature", Scale::Tens("Cel", -3)),
    momentary(0x60, 0x63, "temperature_difference", Scale::Tens("K", -3)),
    momentary(0x64, 0x67, "external_temperature", Scale::Tens("Cel", -3)),
    momentary(0x68, 0x6B, "pressure", Scale::Tens("bar", -3)),
    time(0x6C, "date"),
    time(0x6D, "time"),
    counter(0x6E, 0x6E, "heat_cost_units", NUMBER),
    fact(0x70, 0x73, "averaging_duration", TIMES),
    fact(0x74, 0x77, "actuality_duration", TIMES),
    fact(0x78, 0x78, "fabrication_number", NUMBER),
    fact(0x79, 0x79, "enhanced_identification", NUMBER),
    fact(0x7A, 0x7A, "bus_address", NUMBER),
];

const FIRST: &[Row] = &[
    counter(0x00, 0x01, "energy", Scale::Tens("MWh", -1)),
    counter(0x02, 0x03, "reactive_energy", Scale::Tens("kvarh", 0)),
    counter(0x04, 0x05, "apparent_energy", Scale::Tens("kVAh", 0)),
    counter(0x08, 0x09, "energy", Scale::Tens("GJ", -1)),
    counter(0x0C, 0x0F, "energy", Scale::Tens("Mcal", -1)),
    counter(0x10, 0x11, "volume", Scale::Tens("m3", 2)),
    momentary(0x14, 0x17, "reactive_power", Scale::Tens("kvar", -3)),
    counter(0x18, 0x19, "mass", Scale::Tens("t", 2)),
    momentary(0x1A, 0x1B, "relative_humidity", Scale::Tens("%", -1)),
    counter(0x20, 0x20, "volume", Scale::Tens("[cft_i]", 0)),
    counter(0x21, 0x21, "volume", Scale::Tens("[cft_i]", -1)),
    momentary(0x28, 0x29, "power", Scale::Tens("MW", -1)),
    momentary(0x2A, 0x2A, "phase_angle.voltage_voltage", Scale::Tens("deg", -1)),
    momentary(0x2B, 0x2B, "phase_angle.voltage_current", Scale::Tens("deg", -1)),
    momentary(0x2C, 0x2F, "grid_frequency", Scale::Tens("Hz", -3)),
    momentary(0x30, 0x31, "power", Scale::Tens("GJ/h", -1)),
    momentary(0x34, 0x37, "apparent_power", Scale::Tens("kVA", -3)),
    fact(0x74, 0x77, "cold_warm_temperature_limit", Scale::Tens("Cel", -3)),
    counter(0x78, 0x7F, "cumulated_maximum_power", Scale::Tens("W", -3)),
];

const SECOND: &[Row] = &[
    momentary(0x00, 0x03, "credit", Scale::Tens("currency", -3)),
    momentary(0x04, 0x07, "debit", Scale::Tens("currency", -3)),
    fact(0x08, 0x08, "access_number", NUMBER),
    fact(0x09, 0x09, "device_type", NUMBER),
    fact(0x0A, 0x0A, "maker", NUMBER),
    fact(0x0B, 0x0B, "parameter_set", NUMBER),
    fact(0x0C, 0x0C, "model", NUMBER),
    fact(0x0D, 0x0D, "hardware_version", NUMBER),
    fact(0x0E, 0x0E, "firmware_version", NUMBER),
    fact(0x0F, 0x0F, "software_version", NUMBER),
    fact(0x10, 0x10, "customer_location", NUMBER),
    fact(0x11, 0x11, "customer", NUMBER),
    secret(0x12, 0x15, "access_code"),
    secret(0x16, 0x16, "password"),
    flags(0x17, "error_flags"),
    flags(0x18, "error_mask"),
    secret(0x19, 0x19, "security_key"),
    flags(0x1A, "digital_output"),
    flags(0x1B, "digital_input"),
    fact(0x1C, 0x1C, "baud_rate", Scale::One("Bd")),
    fact(0x1D, 0x1D, "response_delay", Scale::One("bit times")),
    fact(0x1E, 0x1E, "retries", NUMBER),
    fact(0x1F, 0x1F, "remote_control", NUMBER),
    fact(0x20, 0x20, "first_storage_number", NUMBER),
    fact(0x21, 0x21, "last_storage_number", NUMBER),
    fact(0x22, 0x22, "storage_block_size", NUMBER),
    fact(0x23, 0x23, "tariff_and_unit", NUMBER),
    fact(0x24, 0x27, "storage_interval", TIMES),
    fact(0x28, 0x29, "storage_interval", Scale::Units(&["mo", "a"])),
    fact(0x2A, 0x2A, "operator_data", NUMBER),
    fact(0x2B, 0x2B, "time_point_second", Scale::One("s")),
    momentary(0x2C, 0x2F, "duration_since_readout", TIMES),
    time(0x30, "tariff_start"),
    fact(0x31, 0x33, "tariff_duration", Scale::Units(&["min", "h", "d"])),
    fact(0x34, 0x37, "tariff_period", TIMES),
    fact(0x38, 0x39, "tariff_period", Scale::Units(&["mo", "a"])),
    momentary(0x3A, 0x3A, "dimensionless", NUMBER),
    fact(0x3B, 0x3B, "wireless_container", NUMBER),
    fact(0x3C, 0x3F, "transmission_period", TIMES),
    momentary(0x40, 0x4F, "voltage", Scale::Tens("V", -9)),
    momentary(0x50, 0x5F, "current", Scale::Tens("A", -12)),
    counter(0x60, 0x60, "reset_counter", NUMBER),
    counter(0x61, 0x61, "cumulation_counter", NUMBER),
    fact(0x62, 0x62, "control_signal", NUMBER),
    fact(0x63, 0x63, "day_of_week", NUMBER),
    fact(0x64, 0x64, "week_number", NUMBER),
    fact(0x65, 0x65, "day_change_time", NUMBER),
    fact(0x66, 0x66, "parameter_activation", NUMBER),
    fact(0x67, 0x67, "supplier_information", NUMBER),
    momentary(0x68, 0x6B, "duration_since_cumulation", LONG_TIMES),
    counter(0x6C, 0x6F, "battery_operating_time", LONG_TIMES),
    time(0x70, "battery_change"),
    momentary(0x71, 0x71, "reception_level", Scale::One("dBm")),
    fact(0x72, 0x72, "daylight_saving", NUMBER),
    fact(0x73, 0x73, "listening_window", NUMBER),
    momentary(0x74, 0x74, "remaining_battery_time", Scale::One("d")),
    counter(0x75, 0x75, "stopped_counter", NUMBER),
    fact(0x76, 0x76, "maker_container", NUMBER),
];

/// What a code of a table means; `None` for reserved ones.
pub(super) fn meaning(table: Table, code: u8) -> Option<Meaning> {
    let rows = rows(table);
    let after = rows.partition_point(|row| row.last < code);
    let row = rows.get(after).filter(|row| row.first <= code)?;
    let step = code - row.first;
    let (unit, exponent) = match row.scale {
        Scale::One(unit) => (unit, 0),
        Scale::Tens(unit, first) => (unit, first + i32::from(step)),
        Scale::Units(units) => (*units.get(usize::from(step))?, 0),
    };
    Some(Meaning { name: row.name, unit, exponent, class: row.class })
}

const fn rows(table: Table) -> &'static [Row] {
    match table {
        Table::Primary => PRIMARY,
        Table::First => FIRST,
        Table::Second => SECOND,
        Table::Text | Table::Maker => &[],
    }
}

/// The tables as they stand in the page: code, name, unit, what becomes of it.
pub(super) fn page() -> Vec<Vec<String>> {
    let tables = [(Table::Primary, ""), (Table::First, "FB "), (Table::Second, "FD ")];
    let cells = |prefix: &str, row: &Row| {
        let codes = match row.last - row.first {
            0 => format!("{prefix}{:02X}", row.first),
            _ => format!("{prefix}{:02X}-{:02X}", row.first, row.last),
        };
        let unit = match row.scale {
            Scale::One(unit) => unit.to_owned(),
            Scale::Tens(unit, 0) if row.first == row.last => unit.to_owned(),
            Scale::Tens(unit, first) => format!("10^n {unit}, n from {first}"),
            Scale::Units(units) => units.join(", "),
        };
        let becomes = match row.class {
            Class::Counter => "register",
            Class::Momentary => "instant",
            Class::Fact | Class::Flags => "fact",
            Class::Time => "time of the values beside it, or fact",
            Class::Secret => "kept nowhere",
        };
        vec![codes, format!("`{}`", row.name), unit, becomes.to_owned()]
    };
    tables.iter().flat_map(|(table, prefix)| rows(*table).iter().map(move |row| cells(prefix, row))).collect()
}

#[cfg(test)]
mod tests {
    use super::{meaning, rows};
    use crate::mbus::record::Table;

    #[test]
    fn rows_rise_without_overlap_and_their_names_are_quantities() {
        for table in [Table::Primary, Table::First, Table::Second] {
            assert!(rows(table).windows(2).all(|pair| pair[0].last < pair[1].first), "{table:?}");
            assert!(rows(table).iter().all(|row| row.first <= row.last && row.last < 0x80));
            for code in 0..0x80 {
                let Some(meaning) = meaning(table, code) else { continue };
                assert!(meaning.name.parse::<metrify_domain::Quantity>().is_ok(), "{}", meaning.name);
                assert!(metrify_domain::Unit::new(meaning.unit).is_some(), "{}", meaning.unit);
            }
        }
    }

    #[test]
    fn a_code_has_its_unit_and_power_of_ten() {
        let cases = [
            (Table::Primary, 0x03, "energy", "Wh", 0),
            (Table::Primary, 0x06, "energy", "Wh", 3),
            (Table::Primary, 0x13, "volume", "m3", -3),
            (Table::Primary, 0x22, "on_time", "h", 0),
            (Table::Primary, 0x2B, "power", "W", 0),
            (Table::Primary, 0x3B, "volume_flow", "m3/h", -3),
            (Table::Primary, 0x5A, "flow_temperature", "Cel", -1),
            (Table::First, 0x00, "energy", "MWh", -1),
            (Table::First, 0x2E, "grid_frequency", "Hz", -1),
            (Table::Second, 0x48, "voltage", "V", -1),
            (Table::Second, 0x59, "current", "A", -3),
            (Table::Second, 0x32, "tariff_duration", "h", 0),
        ];
        for (table, code, name, unit, exponent) in cases {
            let found = meaning(table, code).map(|meaning| (meaning.name, meaning.unit, meaning.exponent));
            assert_eq!(found, Some((name, unit, exponent)), "{table:?} {code:02x}");
        }
        assert_eq!(meaning(Table::Second, 0x7C), None);
        assert_eq!(meaning(Table::Primary, 0x6F), None);
    }
}
