//! M-Bus: telegrams of fifty meters against the decode of another program, to the last digit, with every difference named.
#![allow(clippy::expect_used, clippy::panic, reason = "what a helper of a test expects, the test expects")]

use crate::support;

use std::collections::BTreeMap;
use std::path::PathBuf;

use metrify_domain::{Decimal, Unit};
use metrify_formats::{Cell, Decoded, Detected, Format, Head, detect};
use support::{decode, describe, options, sample};

const FILES: [&str; 50] = [
    "ACW_Itron-CYBLE-M-Bus-14",
    "EDC",
    "EFE_Engelmann-WaterStar",
    "ELS_Elster-F96-Plus",
    "EMU_EMU-Professional-375-M-Bus",
    "Elster-F2",
    "GWF-MTKcoder",
    "LGB_G350",
    "SBC_Saia-Burgess-ALE3",
    "SEN_Pollustat",
    "SEN_Sensus-PolluTherm",
    "SLB_CF-Compact-Integral-MK-MaXX",
    "ZRM_Minol-Minocal-C2",
    "abb_delta",
    "allmess_cf50",
    "amt_calec_mb",
    "eastron_sdm630",
    "electricity-meter-1",
    "els_falcon",
    "els_tmpa_telegramm1",
    "emh_diz",
    "engelmann_sensostar2c",
    "example_data_01",
    "example_data_02",
    "frame1",
    "frame2",
    "itron_bm_+m",
    "itron_cf_51",
    "itron_cf_echo_2",
    "itron_cyble_m-bus_v1.4_cold_water",
    "itron_cyble_m-bus_v1.4_water",
    "itron_integral_mk_maxx",
    "kamstrup_multical_601",
    "landis+gyr_ultraheat_t230",
    "manual_frame3",
    "manual_frame7",
    "metrona_ultraheat_xs",
    "minol_minocal_c2",
    "nzr_dhz_5_63",
    "oms_frame1",
    "oms_frame3",
    "ram_modularis",
    "rel_padpuls3",
    "sen_pollucom_e",
    "sen_pollutherm",
    "siemens_rvd235",
    "siemens_wfh21",
    "sontex_supercal_531_telegram1",
    "tch_telegramm1",
    "tecson",
];

/// What becomes of a record that the other program reads differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Instead {
    /// A reading of this value (`-` for a missing one) and unit.
    Reading(&'static str, &'static str),
    /// This fact and its value; an empty value for none.
    Fact(&'static str, &'static str),
    /// It is lost and counted.
    Problem,
}

/// File, record and what it is here.
const DIFFERENCES: &[(&str, usize, Instead)] = &[
    // The display shows letters: digits beyond nine are no number. The other program adds them up as digits.
    ("ELS_Elster-F96-Plus", 4, Instead::Reading("-", "W")),
    ("ELS_Elster-F96-Plus", 5, Instead::Reading("-", "m3/h")),
    // VIFE 28: an amount for each pulse, which is no volume.
    ("EFE_Engelmann-WaterStar", 11, Instead::Reading("0.000008", "m3/pulse")),
    ("engelmann_sensostar2c", 13, Instead::Reading("0.1", "m3/pulse")),
    // VIFE 50 and 58: how long a limit of the flow was passed, in seconds.
    ("SEN_Pollustat", 12, Instead::Reading("11582321", "s")),
    ("SEN_Pollustat", 13, Instead::Reading("756", "s")),
    // VIFE 6F: when something ended. The other program takes the bytes of the date for a number.
    ("landis+gyr_ultraheat_t230", 19, Instead::Fact("power.last_end.max.tariff_1", "")),
    ("landis+gyr_ultraheat_t230", 20, Instead::Fact("volume_flow.last_end.max.tariff_1", "")),
    ("landis+gyr_ultraheat_t230", 21, Instead::Fact("flow_temperature.last_end.max.tariff_1", "2011-08-26T20:50:00")),
    ("landis+gyr_ultraheat_t230", 22, Instead::Fact("return_temperature.last_end.max.tariff_1", "2011-08-09T11:43:00")),
    // The year 127 stands for every year, not for 2027.
    ("landis+gyr_ultraheat_t230", 32, Instead::Fact("time.storage_510", "recurring 0000e1f1")),
    // A date of nothing but zeros was never set.
    ("itron_bm_+m", 2, Instead::Fact("date.storage_1", "")),
    ("siemens_wfh21", 3, Instead::Fact("date.error", "")),
    // A text of spaces says nothing.
    ("itron_cyble_m-bus_v1.4_cold_water", 1, Instead::Fact("text.cust_id", "")),
    // VIF 7B promises an extension and has none; the other program leaves the record empty.
    ("sen_pollutherm", 2, Instead::Problem),
    // VIF FD 7C is reserved; the other program gives the bare number.
    ("siemens_rvd235", 3, Instead::Problem),
    ("siemens_rvd235", 4, Instead::Problem),
    ("siemens_rvd235", 5, Instead::Problem),
];

/// A record as the other program reads it.
#[derive(Debug)]
struct Expected {
    fields: BTreeMap<String, String>,
}

impl Expected {
    fn get(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    fn number(&self, name: &str) -> u64 {
        self.get(name).parse().unwrap_or(0)
    }

    /// Whether the rest of the telegram is the maker's.
    fn is_tail(&self) -> bool {
        matches!(self.get("Function"), "Manufacturer specific" | "More records follow")
    }
}

/// The elements of a piece of XML that hold nothing but text.
fn fields(xml: &str) -> BTreeMap<String, String> {
    let elements = xml.split('<').filter_map(|part| {
        let (name, text) = part.split_once('>')?;
        (!name.starts_with('/') && !name.contains(' ')).then(|| (name.to_owned(), text.to_owned()))
    });
    elements.collect()
}

fn expected(file: &str) -> Option<(BTreeMap<String, String>, Vec<Expected>)> {
    let bytes = sample(&format!("mbus/{file}.norm.xml"))?;
    let xml: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let mut parts = xml.split("<DataRecord");
    let head = fields(parts.next()?);
    Some((head, parts.map(|part| Expected { fields: fields(part) }).collect()))
}

/// Facts by their names.
fn facts(pieces: &[Decoded]) -> BTreeMap<String, String> {
    let rows = pieces.iter().flat_map(|piece| &piece.records);
    let text = |cell: &Cell| match cell {
        Cell::Text(text) => text.clone(),
        other => panic!("a text and not {other:?}"),
    };
    rows.map(|row| (text(&row.cells()[2]), text(&row.cells()[3]))).collect()
}

/// Name, value and unit of the readings, in their order.
fn readings(pieces: &[Decoded]) -> Vec<(String, Option<Decimal>, String)> {
    let rows = pieces.iter().flat_map(|piece| piece.batch.rows().iter().map(move |row| (piece, row)));
    let shown = |(piece, row): (&Decoded, &metrify_domain::Row)| {
        (piece.batch.channel(row).quantity.to_string(), row.value, piece.batch.unit(row).to_string())
    };
    rows.map(shown).collect()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap_or_else(|error| panic!("`{text}` {error}"))
}

/// The fact that a record is, by the quantity that the other program calls it; `None` for readings.
fn fact_name(record: &Expected) -> Option<&'static str> {
    Some(match record.get("Quantity") {
        "Fabrication No" => "fabrication_number",
        "Error flags" => "error_flags",
        "Firmware version" => "firmware_version",
        "Software version" => "software_version",
        "Customer location" => "customer_location",
        "Model / Version" => "model",
        "Parameter set identification" => "parameter_set",
        "Digital Output" => "digital_output",
        "Special supplier information" => "supplier_information",
        "Averaging Duration" => "averaging_duration",
        "Actuality Duration" => "actuality_duration",
        "cust. ID" => "text.cust_id",
        "Time point (date)" => "date",
        "Time point (date &amp; time)" => "time",
        _ => return None,
    })
}

/// Function, tariff, part of the device and storage number as they stand behind a name.
fn suffix(record: &Expected) -> String {
    let function = match record.get("Function") {
        "Maximum value" => ".max",
        "Minimum value" => ".min",
        "Value during error state" => ".error",
        _ => "",
    };
    let numbers = [("Tariff", "tariff"), ("Device", "unit"), ("StorageNumber", "storage")];
    numbers.into_iter().fold(function.to_owned(), |suffix, (name, word)| match record.number(name) {
        0 => suffix,
        number => format!("{suffix}.{word}_{number}"),
    })
}

/// A value in the unit in which the other program gives it.
fn in_unit(value: Decimal, unit: &str, wanted: &str) -> Option<Decimal> {
    let wanted = match wanted {
        "m^3" => "m3",
        "m^3/h" => "m3/h",
        "\u{c2}\u{b0}C" => "Cel",
        "" | "-" | "Units for H.C.A." => unit,
        wanted => wanted,
    };
    match (unit, wanted) {
        ("d", "s") => {
            Decimal::scaled(value.units(), -12).ok()?.units().checked_mul(86_400).and_then(Decimal::from_units)
        }
        _ => Unit::new(unit)?.convert(value, &Unit::new(wanted)?),
    }
}

/// Whether a value is the one that the other program prints with six places; floats to half of their last binary digit.
fn is_equal(found: Decimal, expected: Decimal, float: bool) -> bool {
    const HALF_PLACE: i128 = 500_000;
    let apart = found.checked_sub(expected).map_or(i128::MAX, |apart| apart.units().abs());
    apart == 0 || float && apart <= HALF_PLACE + (expected.units().abs() >> 24)
}

/// Whether a quantity tells function, tariff, part of the device and storage number.
fn tells(quantity: &str, record: &Expected) -> bool {
    if !quantity.contains(':') {
        // The number of the occurrence may follow.
        let suffix = suffix(record);
        let bare = quantity.trim_end_matches(|letter: char| letter.is_ascii_digit()).trim_end_matches('.');
        return quantity.ends_with(&suffix) || bare.ends_with(&suffix);
    }
    let code: metrify_domain::ObisCode = quantity.parse().expect("an OBIS code");
    let [_, _, _, processing, tariff, history] = code.groups();
    let storage = match (processing, history) {
        (2, 255) => 1,
        (_, 255) => 0,
        (_, history) => u64::from(history),
    };
    record.get("Function") == "Instantaneous value"
        && u64::from(tariff) == record.number("Tariff")
        && record.number("Device") == 0
        && storage == record.number("StorageNumber")
}

fn check_fact(file: &str, record: &Expected, facts: &BTreeMap<String, String>) {
    let Some(name) = fact_name(record) else { return };
    let name = format!("{name}{}", suffix(record));
    let wanted = record.get("Value");
    // The clock of a meter is when its values hold, and no fact. Of dates that come twice the last one is told.
    if name == "time"
        || name == "date.storage_1"
            && matches!(file, "els_falcon" | "els_tmpa_telegramm1" | "ram_modularis" | "rel_padpuls3")
    {
        return;
    }
    let found = facts.get(&name).unwrap_or_else(|| panic!("{file}: no fact {name} in {facts:?}"));
    let same = match (found.split_once(' '), wanted.parse::<Decimal>()) {
        (Some((value, unit)), Ok(wanted)) => in_unit(decimal(value), unit, record.get("Unit")) == Some(wanted),
        (None, Ok(wanted)) => decimal(found) == wanted,
        (_, Err(_)) => *found == wanted.trim().trim_end_matches('Z'),
    };
    assert!(same, "{file}: {name} is {found}, expected {wanted}");
}

#[test]
fn every_record_of_every_meter_has_its_value_and_unit() {
    let (mut compared, mut differences) = (0, 0);
    for file in FILES {
        let Some((head, records)) = expected(file) else { return };
        let bytes = sample(&format!("mbus/{file}.hex")).expect("a telegram beside its values");
        let pieces = decode(Format::Mbus, &bytes, &options(), bytes.len());
        let problems: u64 = pieces.iter().flat_map(|piece| &piece.problems).map(|problem| problem.readings).sum();
        let float = pieces.iter().flat_map(|piece| &piece.findings).any(|finding| finding.rule == "binary_float");
        let facts = facts(&pieces);
        let found = readings(&pieces);
        let mut found = found.iter();
        let mut lost = 0;
        for (index, record) in records.iter().filter(|record| !record.is_tail()).enumerate() {
            let difference = DIFFERENCES.iter().find(|(named, at, _)| *named == file && *at == index);
            compared += 1;
            match difference.map(|(.., instead)| *instead) {
                Some(Instead::Problem) => lost += 1,
                Some(Instead::Fact(name, value)) => {
                    assert_eq!(facts.get(name).map_or("", String::as_str), value, "{file} {index}");
                }
                Some(Instead::Reading(value, unit)) => {
                    let (name, shown, found_unit) = found.next().expect("a reading");
                    let shown = shown.map_or("-".to_owned(), |value| value.to_string());
                    assert_eq!((shown.as_str(), found_unit.as_str()), (value, unit), "{file} {index} {name}");
                    assert!(tells(name, record), "{file} {index} {name}: {record:?}");
                }
                None if fact_name(record).is_some() => check_fact(file, record, &facts),
                None => {
                    let (name, value, unit) =
                        found.next().unwrap_or_else(|| panic!("{file}: no reading for {record:?}"));
                    let value = value.unwrap_or_else(|| panic!("{file}: {name} is missing, expected {record:?}"));
                    let value = in_unit(value, unit, record.get("Unit"))
                        .unwrap_or_else(|| panic!("{file}: {name} in {unit}, {record:?}"));
                    let wanted = decimal(record.get("Value"));
                    assert!(
                        is_equal(value, wanted, float),
                        "{file} {index}: {name} is {value} {unit}, expected {record:?}"
                    );
                    assert!(tells(name, record), "{file} {index}: {name} is {record:?}");
                }
            }
            differences += usize::from(difference.is_some());
        }
        assert_eq!(found.next(), None, "{file}: a reading that the other program has not");
        assert_eq!(problems, lost, "{file}: {}", describe(&pieces));
        let name = format!("{}{:0>8}", head["Manufacturer"], head["Id"]);
        let points: Vec<_> =
            pieces.iter().flat_map(|piece| &piece.meters).map(|meter| meter.point.to_string()).collect();
        assert_eq!(points, [name], "{file}");
    }
    assert_eq!(
        (compared, differences),
        (640, DIFFERENCES.len()),
        "records compared, and differences that are understood"
    );
}

#[test]
fn two_values_of_one_telegram_never_share_channel_and_time() {
    for file in FILES {
        let Some(bytes) = sample(&format!("mbus/{file}.hex")) else { return };
        let pieces = decode(Format::Mbus, &bytes, &options(), bytes.len());
        let mut keys: Vec<_> = pieces
            .iter()
            .flat_map(|piece| piece.batch.rows().iter().map(|row| (piece.batch.channel(row).clone(), row.period)))
            .collect();
        let count = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), count, "{file}");
    }
}

#[test]
fn a_telegram_is_the_same_as_text_and_as_bytes_in_any_pieces() {
    for file in FILES {
        let Some(text) = sample(&format!("mbus/{file}.hex")) else { return };
        let digits: Vec<u8> = text.iter().copied().filter(u8::is_ascii_hexdigit).collect();
        let bytes: Vec<u8> = digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("digits"), 16).expect("a byte"))
            .collect();
        let of = |bytes: &[u8], size: usize| {
            describe(&decode(Format::Mbus, bytes, &options(), size)).replace("line 1:", "byte 0:")
        };
        let whole = of(&bytes, bytes.len());
        assert_eq!(of(&bytes, 7), whole, "{file}");
        assert_eq!(of(&text, 11), whole.replace("line 2:", "byte 0:"), "{file}");
        assert_eq!(detect(&Head::new(&bytes)), Detected::One(Format::Mbus), "{file}");
        assert_eq!(detect(&Head::new(&text)), Detected::One(Format::Mbus), "{file}");
    }
}

/// The readings that are left and why the others are lost, of telegrams that are wrong in one way each.
#[test]
fn what_is_wrong_with_a_telegram_is_told() {
    let cases = [
        ("application_busy", 0, "instead of values (CI 70): the application is busy"),
        ("buffer_too_long", 0, "the buffer is too long and was cut"),
        ("error", 0, "not told which"),
        ("premature_end_of_data2", 2, "records of PAD12345678 that are not read: 1; the telegram ends within the data"),
        ("premature_end_of_dif1", 2, "the telegram ends within the DIFEs of a record"),
        ("premature_end_of_var_vif1", 2, "the telegram ends within the text of a VIF"),
        ("premature_end_of_vif1", 2, "the telegram ends within the VIF of a record"),
        ("too_many_difes", 0, "more than 10 DIFEs"),
        ("too_many_readouts", 0, "too many readouts"),
        ("too_many_vifes", 0, "more than 10 VIFEs"),
        ("unimplemented_ci", 0, "its CI field is not implemented"),
        ("unspecified_error", 0, "not told which"),
    ];
    for (file, readings, reason) in cases {
        let Some(bytes) = sample(&format!("mbus-errors/{file}.hex")) else { return };
        assert_eq!(detect(&Head::new(&bytes)), Detected::One(Format::Mbus), "{file}");
        let pieces = decode(Format::Mbus, &bytes, &options(), bytes.len());
        let rows: usize = pieces.iter().map(|piece| piece.batch.rows().len()).sum();
        let problems: Vec<_> = pieces.iter().flat_map(|piece| &piece.problems).collect();
        assert_eq!((rows, problems.len()), (readings, 1), "{file}: {}", describe(&pieces));
        assert!(problems[0].reason.contains(reason), "{file}: {}", problems[0].reason);
        let again = decode(Format::Mbus, &problems[0].bytes, &options(), 5);
        assert_eq!(again.iter().map(|piece| piece.problems.len()).sum::<usize>(), 1, "{file} can be read again");
    }
}

#[test]
fn no_file_of_another_format_is_claimed() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/samples");
    let mut seen = 0;
    for folder in std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path()) {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        if !folder.is_dir() || name.starts_with("mbus") {
            continue;
        }
        for path in std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if path.is_file() {
                let bytes = std::fs::read(&path).expect("a sample");
                assert_eq!(Format::Mbus.recognise(&Head::new(&bytes)), None, "{}", path.display());
                seen += 1;
            }
        }
    }
    println!("{seen} files of other formats");
}
