//! Load profiles through the front door: what BDEW published, what others made of it, and small tables for every case.
#![allow(clippy::expect_used, clippy::panic, reason = "what a helper of a test expects, the test expects")]

use crate::support;

use std::collections::BTreeMap;
use std::io::Write;

use chrono::{Datelike, NaiveDate};
use expect_test::{Expect, expect};
use metrify_domain::calendar::land::Land;
use metrify_domain::calendar::working_day::DayType;
use metrify_domain::profile::{Generation, LoadProfile, Part};
use metrify_domain::{Decimal, Unit};
use metrify_formats::{Cell, Decoded, Detected, Format, Head, RecordTable, detect};
use proptest::prelude::*;
use zip::write::SimpleFileOptions;

/// A value's place: profile, season or month, day type, minute.
type Place = (String, String, String, u32);
type Values = BTreeMap<Place, (Decimal, String, Option<Decimal>)>;

const XLSX: &str = "slp/BDEW_H25_G25_L25_P25_S25.xlsx";
const XLS: &str = "slp/BDEW_H0_G0_G1_G2_G3_G4_G5_G6_L0_L1_L2.xls";

/// Every value, with its unit and the consumption of a year that it is made for. No place comes twice.
fn values(pieces: &[Decoded]) -> Values {
    let mut values = BTreeMap::new();
    for record in pieces.iter().flat_map(|piece| &piece.records) {
        assert_eq!(record.table(), RecordTable::LoadProfiles);
        let [
            Cell::Text(profile),
            season,
            month,
            Cell::Text(day_type),
            Cell::Number(minute),
            Cell::Number(value),
            Cell::Text(unit),
            annual,
        ] = record.cells()
        else {
            panic!("{record:?}");
        };
        let part = match (season, month) {
            (Cell::Text(season), Cell::Null) => season.clone(),
            (Cell::Null, Cell::Number(month)) => month.to_string(),
            other => panic!("{other:?}"),
        };
        let annual = if let Cell::Number(annual) = annual { Some(*annual) } else { None };
        let minute = minute.to_string().parse().expect("a whole number");
        let place = (profile.clone(), part, day_type.clone(), minute);
        assert!(values.insert(place.clone(), (*value, unit.clone(), annual)).is_none(), "{place:?} comes twice");
    }
    values
}

fn read(sample: &str) -> Option<Vec<Decoded>> {
    let bytes = support::sample(sample)?;
    assert_eq!(detect(&Head::new(&bytes)), Detected::One(Format::LoadProfile), "{sample}");
    Some(support::decode(Format::LoadProfile, &bytes, &support::options(), 1 << 16))
}

/// Problems and findings, as text.
fn remarks(pieces: &[Decoded]) -> String {
    let rest = |piece: &Decoded| Decoded { records: Vec::new(), ..piece.clone() };
    support::describe(&pieces.iter().map(rest).collect::<Vec<_>>())
}

/// The profile of a name, from the rows of a file.
fn profile(values: &Values, name: &str) -> LoadProfile {
    let unit = &values.iter().find(|((profile, ..), _)| profile == name).expect(name).1.1;
    let generation = Generation::of_unit(&Unit::new(unit).expect("a unit")).expect("a generation");
    LoadProfile::new(name, generation, |part, day_type: DayType, quarter| {
        let part = match part {
            Part::Season(season) => season.name().to_owned(),
            Part::Month(month) => month.number_from_month().to_string(),
        };
        let place = (name.to_owned(), part, day_type.name().to_owned(), quarter as u32 * 15);
        values.get(&place).map(|(value, ..)| *value)
    })
    .expect("a complete table")
}

/// The energy of a year, in kWh.
fn year_kwh(profile: &LoadProfile, year: i32, land: Land) -> Decimal {
    let first = NaiveDate::from_ymd_opt(year, 1, 1).expect("a date");
    let days = first.iter_days().take_while(|day| day.year() == year);
    let amounts = days.flat_map(|day| profile.day(day, land).expect("a day"));
    amounts.fold(Decimal::ZERO, |sum, amount| sum.checked_add(amount.value).expect("a sum"))
}

fn number(text: &str) -> Decimal {
    text.parse().expect(text)
}

#[test]
fn the_workbook_of_2025_is_read_to_its_last_cell() {
    let Some(pieces) = read(XLSX) else { return };
    expect![[r#"
        finding note beside_table xl/worksheets/sheet1.xml cell AN5: numbers beside the table that are not read, such as sums: 39; this is the first
        finding note rounded_value xl/worksheets/sheet3.xml cell B4: 194 values of profile L25 have more than twelve places and are rounded there
        finding note beside_table xl/worksheets/sheet3.xml cell C102: numbers beside the table that are not read, such as sums: 37; this is the first
        finding note no_load_profile xl/worksheets/sheet6.xml: no load profile stands here (`Dynamisches Profil`); numbers that are not read: 0
    "#]].assert_eq(&remarks(&pieces));
    let values = values(&pieces);
    assert_eq!(values.len(), 5 * 12 * 3 * 96);
    assert!(values.values().all(|(_, unit, annual)| unit == "kWh" && *annual == Some(Decimal::from(1_000_000))));
    let at = |profile: &str, month: &str, day_type: &str, minute| {
        values[&(profile.to_owned(), month.to_owned(), day_type.to_owned(), minute)].0.to_string()
    };
    assert_eq!(at("H25", "1", "saturday", 0), "22.152");
    assert_eq!(at("H25", "1", "working_day", 0), "20.126");
    assert_eq!(at("S25", "12", "working_day", 1_425), "59.141");
    // A third, of which a workbook keeps fifteen digits and we twelve places.
    assert_eq!(at("L25", "3", "saturday", 0), "18.266666666667");
}

/// Sums that another program worked out from the same files, over the calendar with its clock changes and holidays. A table is made
/// for a mean year: how many Sundays and holidays a year has moves its sum by more than rounding does.
#[test]
fn a_year_of_2025_adds_up_to_a_million_kwh_but_for_its_calendar() {
    let Some(pieces) = read(XLSX) else { return };
    let values = values(&pieces);
    for (name, of_2018, of_2025, in_bavaria, of_2024) in [
        ("H25", "999865.294", "1000415.808", "1000896.121", "1003608.01"),
        ("G25", "1000103.264", "998302.024", "996613.47", "1001605.349"),
        ("L25", "1000170.878", "1000378.749", "1000435.688", "1003149.012"),
        ("P25", "1000063.359", "1000111.453", "1000160.875", "1004471.552"),
        ("S25", "1001070.309", "999973.551", "1000321.409", "1005713.462"),
    ] {
        let profile = profile(&values, name);
        assert_eq!(year_kwh(&profile, 2018, Land::Berlin), number(of_2018), "{name}");
        assert_eq!(year_kwh(&profile, 2025, Land::Berlin), number(of_2025), "{name}");
        assert_eq!(year_kwh(&profile, 2025, Land::Bayern), number(in_bavaria), "{name}");
        assert_eq!(year_kwh(&profile, 2024, Land::Berlin), number(of_2024), "{name}");
    }
}

#[test]
fn the_workbook_of_1999_is_read_to_its_last_cell() {
    let Some(pieces) = read(XLS) else { return };
    assert_eq!(remarks(&pieces), "");
    let values = values(&pieces);
    assert_eq!(values.len(), 11 * 3 * 3 * 96);
    assert!(values.values().all(|(_, unit, annual)| unit == "W" && *annual == Some(Decimal::from(1_000))));
    let at = |minute| values[&("H0".to_owned(), "winter".to_owned(), "saturday".to_owned(), minute)].0.to_string();
    // The first row is labelled 00:15 and the last 00:00: they are the ends of quarter-hours.
    assert_eq!([at(0), at(15), at(1_425)], ["70.8", "68.2", "94.1"]);
}

#[test]
fn a_year_of_1999_adds_up_to_a_thousand_kwh_but_for_its_calendar() {
    let Some(pieces) = read(XLS) else { return };
    let values = values(&pieces);
    for (name, of_2018, of_2024) in [
        ("H0", "998.957925", "1002.2305"),
        ("G0", "1004.454925", "1006.0156"),
        ("G1", "1008.422550", "1009.522175"),
        ("G2", "1001.613275", "1004.220575"),
        ("G3", "1001.637625", "1003.8726"),
        ("G4", "1004.2548", "1005.8982"),
        ("G5", "1005.113375", "1006.4478"),
        ("G6", "997.7436", "1001.212175"),
        ("L0", "999.88375", "1002.840075"),
        ("L1", "999.971825", "1002.969175"),
        ("L2", "999.85335", "1002.78815"),
    ] {
        let profile = profile(&values, name);
        assert_eq!(year_kwh(&profile, 2018, Land::Berlin), number(of_2018), "{name}");
        assert_eq!(year_kwh(&profile, 2024, Land::Berlin), number(of_2024), "{name}");
    }
}

/// Others made a list of BDEW's tables of 1999, with times that name the begin of a quarter-hour.
#[test]
fn a_list_says_the_same_as_the_workbook() {
    let (Some(workbook), Some(list)) = (read(XLS), read("slp/slp.csv")) else { return };
    assert_eq!(remarks(&list), "");
    let (workbook, list) = (values(&workbook), values(&list));
    assert_eq!(list.len(), 9_504);
    for (place, (value, unit, _)) in &list {
        let (expected, expected_unit, _) = &workbook[place];
        assert_eq!((value, unit), (expected, expected_unit), "{place:?}");
    }
}

/// The tables of 2025 as others saved them, rounded to three places. They do not say whose they are.
#[test]
fn tables_saved_as_text_say_the_same_as_the_workbook() {
    let Some(workbook) = read(XLSX) else { return };
    let workbook = values(&workbook);
    let mut halves = Vec::new();
    for name in ["H25", "G25", "L25", "P25", "S25"] {
        let sample = format!("slp/demandlib_{}.csv", name.to_lowercase());
        let (Some(nameless), Some(bytes)) = (read(&sample), support::sample(&sample)) else { return };
        let told = format!("problem line 2, field 1: {NAMELESS} (3456 readings,");
        assert!(remarks(&nameless).starts_with(&told), "{}", remarks(&nameless));
        let named = [name.as_bytes(), &bytes].concat();
        let named = support::decode(Format::LoadProfile, &named, &support::options(), 1_000);
        assert_eq!(remarks(&named), "");
        let text = values(&named);
        assert_eq!(text.len(), 3_456);
        for (place, (value, ..)) in &text {
            let exact = workbook[place].0;
            if exact.rounded(3) != Some(*value) {
                halves.push((exact, *value));
            }
        }
        // What a problem keeps can be read again once the table has its name.
        let problem = &nameless.iter().flat_map(|piece| &piece.problems).next().expect("a problem");
        let again = [name.as_bytes(), &problem.prelude, &problem.bytes].concat();
        assert_eq!(values(&support::decode(Format::LoadProfile, &again, &support::options(), 7)), text);
    }
    // Of L25: a half in the fourth place, which their program took for a little less.
    assert_eq!(halves.len(), 28);
    for (exact, theirs) in halves {
        assert_eq!(exact.checked_sub(theirs), Some(number("0.0005")), "{exact}");
    }
}

const NAMELESS: &str = "the table does not name its profile: write its name, such as H25, into the cell above the unit";

/// Bytes in, text out, in pieces of several sizes.
fn check(bytes: &[u8], expected: &Expect) {
    let whole = describe(bytes, bytes.len().max(1));
    expected.assert_eq(&whole);
    for piece in [1, 7, 512] {
        assert_eq!(describe(bytes, piece), whole, "in pieces of {piece} bytes");
    }
}

fn describe(bytes: &[u8], piece: usize) -> String {
    support::describe(&support::decode(Format::LoadProfile, bytes, &support::options(), piece))
}

#[test]
fn a_sheet_saved_as_text_is_read() {
    check(
        "Musterbetrieb;;;\nM1;Winter;;Übergangszeit\n[W];Samstag;Werktag;Sonntag\n00:15;70,8;68;1\n00:30;0;-1,5;\n\
         ;Werte für den Jahresverbrauch von 1.000 kWh/a;;\n"
            .as_bytes(),
        &expect![[r#"
            finding warning incomplete_profile line 3, field 1: 283 of 288 values of profile M1 are missing, the first of winter saturday, 00:30-00:45
            load_profiles M1 | winter | - | saturday | 0 | 70.8 | W | 1000
            load_profiles M1 | winter | - | saturday | 15 | 0 | W | 1000
            load_profiles M1 | winter | - | working_day | 0 | 68 | W | 1000
            load_profiles M1 | winter | - | working_day | 15 | -1.5 | W | 1000
            load_profiles M1 | transition | - | sunday | 0 | 1 | W | 1000
        "#]],
    );
    check(
        b"TLP-HZ1,1,1\r\n[kWh],SA,FT\r\n00:00-00:15,1.25,2\r\n23:45-00:00,3,4\r\n",
        &expect![[r#"
        finding warning incomplete_profile line 2, field 1: 188 of 192 values of profile TLP-HZ1 are missing, the first of january saturday, 00:15-00:30
        load_profiles TLP-HZ1 | - | 1 | saturday | 0 | 1.25 | kWh | -
        load_profiles TLP-HZ1 | - | 1 | saturday | 1425 | 3 | kWh | -
        load_profiles TLP-HZ1 | - | 1 | sunday | 0 | 2 | kWh | -
        load_profiles TLP-HZ1 | - | 1 | sunday | 1425 | 4 | kWh | -
    "#]],
    );
}

#[test]
fn the_example_of_the_page_is_read_as_it_says() {
    let example =
        b"M1;Winter;;Sommer;\n[W];Samstag;Werktag;Samstag;Werktag\n00:15;70,8;68;65,2;61\n00:30;69,9;67,1;64;60\n";
    check(
        example,
        &expect![[r#"
        finding warning incomplete_profile line 2, field 1: 376 of 384 values of profile M1 are missing, the first of winter saturday, 00:30-00:45
        load_profiles M1 | winter | - | saturday | 0 | 70.8 | W | -
        load_profiles M1 | winter | - | saturday | 15 | 69.9 | W | -
        load_profiles M1 | winter | - | working_day | 0 | 68 | W | -
        load_profiles M1 | winter | - | working_day | 15 | 67.1 | W | -
        load_profiles M1 | summer | - | saturday | 0 | 65.2 | W | -
        load_profiles M1 | summer | - | saturday | 15 | 64 | W | -
        load_profiles M1 | summer | - | working_day | 0 | 61 | W | -
        load_profiles M1 | summer | - | working_day | 15 | 60 | W | -
    "#]],
    );
}

#[test]
fn the_first_time_tells_whether_times_are_begins_or_ends() {
    for (first, second, expected) in [
        ("00:15", "00:30", "0, 15"),
        ("00:00", "00:15", "0, 15"),
        ("0:15", "24:00", "0, 1425"),
        ("00:00", "23:45", "0, 1425"),
        ("00:15-00:30", "00:00-00:15", "0, 15"),
    ] {
        let table = format!("M1;Winter\n[W];SA\n{first};1\n{second};2\n");
        let pieces = support::decode(Format::LoadProfile, table.as_bytes(), &support::options(), 5);
        let minutes: Vec<_> = values(&pieces).keys().map(|(.., minute)| minute.to_string()).collect();
        assert_eq!(minutes.join(", "), expected, "{first} {second}");
    }
    check(
        b"M1;Winter\n[W];SA\n01:00;1\n",
        &expect![[r#"
            problem line 3, field 1: the first time of the table is neither 00:00 nor 00:15, so that it cannot be told whether times name the begin or the end of quarter-hours: write 00:15-00:30 (1 readings, 8 bytes)
            finding warning incomplete_profile line 2, field 1: 96 of 96 values of profile M1 are missing, the first of winter saturday, 00:00-00:15
        "#]],
    );
}

#[test]
fn what_is_not_understood_says_why_and_the_rest_comes_out() {
    check(
        "M1;Winter;;;Winter;Bald\n[W];SA;WT;??;SA;FT\n00:15;x;1;7;2;3\n00:30;1;1.2.3;7;;\n00:30;1;2;;;\nnoon;1;2;;;\n00:50;5;;;;\n;5;6;;;\n\
         Quelle;;;;;\n00:45;\"a\nSumme;3;9;;;\n"
            .as_bytes(),
        &expect![[r#"
            problem line 3, field 2: `x` is not a decimal number, or has too many digits (1 readings, 14 bytes)
            problem line 4, field 3: `1.2.3` is not a decimal number, or has too many digits (1 readings, 18 bytes)
            problem line 5, field 1: the quarter-hour 00:15-00:30 stands in the table twice (2 readings, 10 bytes)
            problem line 6, field 1: `noon` is not a time such as 00:15 or 00:15-00:30 (2 readings, 9 bytes)
            problem line 7, field 1: the row's time is none of a quarter-hour (1 readings, 8 bytes)
            problem line 8, field 1: the row has values, yet no time such as 00:15 or 00:15-00:30 (2 readings, 5 bytes)
            problem line 10: a quoted field has no end: it may not span lines (1 readings, 8 bytes)
            problem line 2, field 4: `??` is no day type such as SA, FT, WT (2 readings, 28 bytes)
            problem line 2, field 5: the column winter saturday stands in the table twice (1 readings, 14 bytes)
            problem line 2, field 6: `Bald` is neither a season nor a month (1 readings, 14 bytes)
            finding warning incomplete_profile line 2, field 1: 190 of 192 values of profile M1 are missing, the first of winter saturday, 00:00-00:15
            finding note beside_table line 11, field 2: numbers beside the table that are not read, such as sums: 2; this is the first
            load_profiles M1 | winter | - | saturday | 15 | 1 | W | -
            load_profiles M1 | winter | - | working_day | 0 | 1 | W | -
        "#]],
    );
    check(
        b"Datum;Wert\n1;2\n",
        &expect![[r#"
        problem : the text holds no load profile: needed is a row with a unit, `[W]` or `[kWh]`, and day types such as SA, FT, WT behind it (1 readings, 15 bytes)
        finding note no_load_profile : no load profile stands here (`Datum`); numbers that are not read: 2
    "#]],
    );
    check(b"", &expect![[r#""#]]);
    let utf_16: Vec<u8> = "M1;Winter\n[W];SA\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(
        &utf_16,
        &expect![[r#"
        problem : the bytes are UTF-16, yet UTF-8 is needed: save the file as UTF-8 (1 readings, 34 bytes)
    "#]],
    );
}

#[test]
fn a_list_is_read_line_by_line() {
    check(
        b"profile_id,period,day,timestamp,watts\nH0,winter,saturday,00:00,70.8\nH0,winter,saturday,00:15,68.2\n\
          H0,summer,workday,00:15,1\nH0,summer,workday,00:30,x\nH0,summer,workday,00:15,2\nh0,summer,workday,00:45,2\n\
          H0,spring,workday,00:45,2\nH0,summer,monday,00:45,2\nH0,summer,workday,noon,2\nH0,summer\n\nH25,3,sunday,00:00,0.5\n",
        &expect![[r#"
            problem line 5: `x` is not a decimal number, or has too many digits (1 readings, 25 bytes)
            problem line 6: the quarter-hour 00:00-00:15 stands in the table twice (1 readings, 25 bytes)
            problem line 7: `h0` is no name of a profile (1 readings, 25 bytes)
            problem line 8: `spring` is neither a season nor a month (1 readings, 25 bytes)
            problem line 9: `monday` is no day type (1 readings, 24 bytes)
            problem line 10: `noon` is not a time such as 00:15 or 00:15-00:30 (1 readings, 24 bytes)
            problem line 11: the row has 2 fields, and 5 are needed (1 readings, 9 bytes)
            finding warning incomplete_profile line 2: 94 of 96 values of profile H0, winter saturday, are missing
            finding warning incomplete_profile line 4: 95 of 96 values of profile H0, summer working_day, are missing
            finding warning incomplete_profile line 13: 95 of 96 values of profile H25, march sunday, are missing
            load_profiles H0 | winter | - | saturday | 0 | 70.8 | W | -
            load_profiles H0 | winter | - | saturday | 15 | 68.2 | W | -
            load_profiles H0 | summer | - | working_day | 0 | 1 | W | -
            load_profiles H25 | - | 3 | sunday | 0 | 0.5 | W | -
        "#]],
    );
}

/// A workbook of these members.
fn workbook(members: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in members {
        archive.start_file(*name, SimpleFileOptions::default()).expect("a member");
        archive.write_all(text.as_bytes()).expect("its bytes");
    }
    archive.finish().expect("an archive").into_inner()
}

const STRINGS: &str = "<sst><si><t>M25</t></si><si><r><t>normiert auf 1 Mio kWh </t></r><r><t>Jahresverbrauch</t></r><rPh><t>x</t></rPh></si>\
    <si><t>[kWh]</t></si><si><t>SA</t></si><si><t xml:space=\"preserve\">F&#84;</t></si></sst>";

#[test]
fn a_workbook_is_read_with_shared_inline_and_computed_cells() {
    let sheet = "<x:worksheet><x:sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c></row>\
        <row r=\"3\"><c r=\"C3\"><v>40909</v></c><c r=\"D3\"><v>40909</v></c></row>\
        <row><c r=\"B4\" t=\"s\"><v>2</v></c><c t=\"s\"><v>3</v></c><c t=\"s\"><v>4</v></c></row>\
        <row r=\"5\"><c r=\"B5\" t=\"inlineStr\"><is><t>00:00-00:15</t></is></c><c r=\"C5\"><f>1+<!-- -->1</f><v>20.126000000000001</v></c>\
        <c r=\"D5\" s=\"4\"/><c r=\"F5\"><v>1</v></c></row>\
        <row r=\"6\"><c r=\"B6\" t=\"str\"><v>00:15-00:30</v></c><c r=\"C6\" t=\"e\"><v>#REF!</v></c><c r=\"D6\" t=\"s\"><v>9</v></c></row>\
        <row r=\"7\"><c r=\"B7\" t=\"str\"><v><![CDATA[00:30-00:45]]></v></c><c r=\"D7\"><v>-1E-3</v></c></row>\
        </x:sheetData></x:worksheet>";
    let empty = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"str\"><v>Hinweis</v></c><c r=\"B1\"><v>3</v></c></row></sheetData></worksheet>";
    let members = [
        ("[Content_Types].xml", "<Types/>"),
        ("xl/worksheets/sheet1.xml", sheet),
        ("xl/worksheets/sheet2.xml", empty),
        ("xl/sharedStrings.xml", STRINGS),
        ("xl/workbook.xml", "<workbook/>"),
    ];
    check(
        &workbook(&members),
        &expect![[r#"
            problem xl/worksheets/sheet1.xml cell C6: `#REF!` is not a decimal number, or has too many digits (1 readings, 18 bytes)
            problem xl/worksheets/sheet1.xml cell D6: `text 9 of the workbook` is not a decimal number, or has too many digits (1 readings, 35 bytes)
            finding warning incomplete_profile xl/worksheets/sheet1.xml cell B4: 190 of 192 values of profile M25 are missing, the first of january saturday, 00:15-00:30
            finding note beside_table xl/worksheets/sheet1.xml cell F5: numbers beside the table that are not read, such as sums: 1; this is the first
            finding note no_load_profile xl/worksheets/sheet2.xml: no load profile stands here (`Hinweis`); numbers that are not read: 1
            load_profiles M25 | - | 1 | saturday | 0 | 20.126 | kWh | 1000000
            load_profiles M25 | - | 1 | sunday | 30 | -0.001 | kWh | 1000000
        "#]],
    );
}

#[test]
fn workbooks_that_count_days_from_1904_have_the_same_months() {
    let sheet = "<worksheet><row r=\"1\"><c r=\"A1\" t=\"str\"><v>M25</v></c><c r=\"B1\"><v>39447</v></c></row>\
        <row r=\"2\"><c r=\"A2\" t=\"str\"><v>[kWh]</v></c><c r=\"B2\" t=\"str\"><v>WT</v></c></row>\
        <row r=\"3\"><c r=\"A3\"><v>0</v></c><c r=\"B3\"><v>1</v></c></row></worksheet>";
    let book = "<workbook><workbookPr date1904=\"1\"/></workbook>";
    check(
        &workbook(&[("xl/worksheets/sheet1.xml", sheet), ("xl/workbook.xml", book)]),
        &expect![[r#"
        finding warning incomplete_profile xl/worksheets/sheet1.xml cell A2: 95 of 96 values of profile M25 are missing, the first of january working_day, 00:15-00:30
        load_profiles M25 | - | 1 | working_day | 0 | 1 | kWh | -
    "#]],
    );
}

#[test]
fn a_workbook_without_tables_or_with_damaged_ones_says_so() {
    check(
        &workbook(&[("xl/workbook.xml", "<workbook/>")]),
        &expect![[r#"
        problem : the workbook holds no load profile: needed is a row with a unit, `[W]` or `[kWh]`, and day types such as SA, FT, WT behind it (1 readings, 0 bytes)
    "#]],
    );
    check(
        &workbook(&[("xl/worksheets/sheet1.xml", "<worksheet><sheetData><row")]),
        &expect![[r#"
        problem xl/worksheets/sheet1.xml: the member is no XML of a workbook, or cut off: its root element does not end (1 readings, 4 bytes)
        problem : the workbook holds no load profile: needed is a row with a unit, `[W]` or `[kWh]`, and day types such as SA, FT, WT behind it (1 readings, 0 bytes)
        finding note no_load_profile xl/worksheets/sheet1.xml: no load profile stands here; numbers that are not read: 0
    "#]],
    );
    let whole = own("load_profile.xlsx");
    let cut = &whole[..whole.len() / 2];
    let told = describe(cut, 100);
    assert!(told.starts_with("problem : the table at the archive's end cannot be used"), "{told}");
}

fn own(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../samples/formats").join(name);
    std::fs::read(path).expect("a sample of the project")
}

/// The three samples tell of the same firm, in three containers; that of 2025 has other values.
#[test]
fn a_table_means_the_same_in_every_container() {
    let read = |name: &str| {
        let bytes = own(name);
        assert_eq!(detect(&Head::new(&bytes)), Detected::One(Format::LoadProfile), "{name}");
        let pieces = support::decode(Format::LoadProfile, &bytes, &support::options(), 333);
        (values(&pieces), remarks(&pieces))
    };
    let (text, remarks) = read("load_profile.csv");
    assert_eq!((text.len(), remarks.as_str()), (864, ""));
    assert_eq!(read("load_profile-97.xls"), (text.clone(), String::new()));
    let (months, _) = read("load_profile.xlsx");
    assert_eq!(months.len(), 3_456);
    for (values, name) in [(text, "M1"), (months, "M25")] {
        let profile = profile(&values, name);
        let day = profile.day(NaiveDate::from_ymd_opt(2025, 10, 26).expect("a date"), Land::Berlin).expect("a day");
        assert_eq!(day.len(), 100);
    }
}

/// A record of an old workbook.
fn record(kind: u16, bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("a short record");
    [&kind.to_le_bytes(), &length.to_le_bytes(), bytes].concat()
}

/// A cell of an old workbook: its row and column from 0, its format, and what its kind has.
fn cell(kind: u16, row: u16, column: u16, rest: &[u8]) -> Vec<u8> {
    let place: Vec<u8> = [row, column, 0].into_iter().flat_map(u16::to_le_bytes).collect();
    record(kind, &[place.as_slice(), rest].concat())
}

/// A compound file with this stream, whose sectors follow one another.
fn compound(stream: &[u8]) -> Vec<u8> {
    const END: u32 = 0xffff_fffe;
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let mut stream = stream.to_vec();
    stream.resize(stream.len().next_multiple_of(512).max(4_096), 0);
    let sectors = u32::try_from(stream.len() / 512).expect("a short stream");
    let mut table = vec![0xffff_fffd, END];
    table.extend((0..sectors).map(|sector| if sector + 1 == sectors { END } else { sector + 3 }));
    table.resize(128, u32::MAX);
    let mut header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    header.resize(24, 0);
    // Version 3, little-endian, sectors of 2^9 bytes and small ones of 2^6; then the counts and first sectors of its tables.
    header.extend([0x3e, 0, 3, 0, 0xfe, 0xff, 9, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    header.extend(words(&[1, 1, 0, 4_096, END, 0, END, 0, 0]));
    header.resize(512, 0xff);
    let mut entry: Vec<u8> = "Workbook".encode_utf16().flat_map(u16::to_le_bytes).collect();
    entry.resize(64, 0);
    entry.extend([18, 0, 2, 1]);
    entry.resize(116, 0);
    entry.extend(words(&[2, u32::try_from(stream.len()).expect("a short stream"), 0]));
    entry.resize(512, 0);
    [header, words(&table), entry, stream].concat()
}

const BOF: u16 = 0x0809;
const EOF: u16 = 0x000a;

fn begin(kind: u8) -> Vec<u8> {
    record(BOF, &[0, 6, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
}

#[test]
fn every_kind_of_cell_of_an_old_workbook_is_read() {
    let text = |text: &str| [&[text.len() as u8, 0, 0], text.as_bytes()].concat();
    // The third text has letters of two bytes and a run of formatting, and goes on in a record of its own.
    let strings =
        [vec![5, 0, 0, 0, 5, 0, 0, 0], text("M1"), text("Winter"), vec![3, 0, 9, 1, 0, b'[', 0, b'W', 0]].concat();
    let rest = [&[0, b']', 9, 9, 9, 9][..], &text("SA"), &text("FT")].concat();
    let shared = |row, column, index: u8| cell(0x00fd, row, column, &[index, 0, 0, 0]);
    let double = |float: f64| float.to_le_bytes();
    let label = |row, text: &str| cell(0x0204, row, 0, &[&[text.len() as u8, 0, 0], text.as_bytes()].concat());
    let packed = |whole: i32, marks: u32| ((whole << 2).cast_unsigned() | marks).to_le_bytes();
    let both = [&packed(6_820, 3)[..], &[0, 0], &packed(-7, 2), &[2, 0]].concat();
    let stream = [
        begin(5),
        record(0x0085, &[0, 0, 0, 0, 0, 0, 2, 0, b'M', b'1']),
        record(0x00fc, &strings),
        record(0x003c, &rest),
        record(EOF, &[]),
        begin(0x10),
        shared(0, 0, 0),
        shared(0, 1, 1),
        shared(1, 0, 2),
        shared(1, 1, 3),
        shared(1, 2, 4),
        cell(0x0203, 2, 0, &double(1.0 / 96.0)),
        cell(0x0203, 2, 1, &double(70.8)),
        cell(0x027e, 2, 2, &packed(50, 2)),
        // A chart within the sheet, whose cells are not the sheet's.
        begin(0x20),
        cell(0x0203, 2, 1, &double(1.0)),
        record(EOF, &[]),
        label(3, "00:30"),
        cell(0x00bd, 3, 1, &both),
        label(4, "00:45"),
        cell(0x0006, 4, 1, &[&double(1.5)[..], &[0; 8]].concat()),
        cell(0x0006, 4, 2, &[2, 0, 0x2a, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0]),
        label(5, "01:00"),
        cell(0x027e, 5, 1, &((2.5_f64.to_bits() >> 32) as u32 | 1).to_le_bytes()),
        cell(0x0203, 5, 4, &double(9.0)),
        record(EOF, &[]),
    ];
    check(
        &compound(&stream.concat()),
        &expect![[r#"
            problem M1 cell C5: `a formula without a number` is not a decimal number, or has too many digits (1 readings, 39 bytes)
            finding warning incomplete_profile M1 cell A2: 186 of 192 values of profile M1 are missing, the first of winter saturday, 01:00-01:15
            finding note beside_table M1 cell E6: numbers beside the table that are not read, such as sums: 1; this is the first
            load_profiles M1 | winter | - | saturday | 0 | 70.8 | W | -
            load_profiles M1 | winter | - | saturday | 15 | 68.2 | W | -
            load_profiles M1 | winter | - | saturday | 30 | 1.5 | W | -
            load_profiles M1 | winter | - | saturday | 45 | 0.025 | W | -
            load_profiles M1 | winter | - | sunday | 0 | 50 | W | -
            load_profiles M1 | winter | - | sunday | 15 | -7 | W | -
        "#]],
    );
}

#[test]
fn an_old_workbook_that_cannot_be_read_says_why() {
    let whole = own("load_profile-97.xls");
    let place = |needle: &[u8]| whole.windows(needle.len()).position(|window| window == needle).expect("it is there");
    let changed = |at: usize, bytes: &[u8]| {
        let mut copy = whole.clone();
        copy[at..at + bytes.len()].copy_from_slice(bytes);
        copy
    };
    // A record in the middle of the sheet whose length is wrong: what stands before it comes out.
    let late = whole.windows(4).rposition(|window| window == [0x03, 0x02, 0x0e, 0]).expect("a number");
    let late = describe(&changed(late + 2, &[0xff, 0xff]), 1_000);
    assert!(late.contains("a record is cut off") && late.contains("load_profiles M1 | winter"), "{late}");
    // DATEMODE, which becomes FILEPASS; the name of the stream; the first sector of the directory; a record's length.
    let encrypted = changed(place(&[0x22, 0, 2, 0]), &[0x2f, 0]);
    let stream: Vec<u8> = "Workbook".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let nameless = changed(place(&stream), b"w");
    let lost = changed(48, &[0xf0, 0xff, 0, 0]);
    let torn = changed(514, &[0xff, 0xff]);
    let cut = whole[..5_000].to_vec();
    let told: Vec<_> = [encrypted, nameless, lost, torn, cut, whole[..100].to_vec()]
        .iter()
        .map(|bytes| describe(bytes, 1_000))
        .collect();
    expect![[r#"
        problem : the workbook cannot be read: it is encrypted; save it as xlsx or CSV and send that (1 readings, 13824 bytes)
        problem : the workbook cannot be read: it holds no workbook; save it as xlsx or CSV and send that (1 readings, 13824 bytes)
        problem : the workbook cannot be read: a sector lies behind the end of the file, which is cut off; save it as xlsx or CSV and send that (1 readings, 13824 bytes)
        problem : the workbook cannot be read: a record is cut off; save it as xlsx or CSV and send that (1 readings, 13824 bytes)
        problem : the workbook cannot be read: its table is cut off; save it as xlsx or CSV and send that (1 readings, 5000 bytes)
        problem : the workbook cannot be read: a sector lies behind the end of the file, which is cut off; save it as xlsx or CSV and send that (1 readings, 100 bytes)
    "#]].assert_eq(&told.concat());
}

#[test]
fn tables_are_recognised_by_content_alone() {
    for ours in [
        &b"profile_id,period,day,timestamp,watts\n"[..],
        b"\xef\xbb\xbfM1;Winter\n[W];SA\n",
        b"\n\n,Januar,Januar\n[kWh],SA,FT\n00:00-00:15,1,2\n",
    ] {
        assert_eq!(detect(&Head::new(ours)), Detected::One(Format::LoadProfile), "{}", String::from_utf8_lossy(ours));
    }
    for other in [
        &b"profile_id,period\n"[..],
        b"point;quantity;value;time;unit;day\nW;SA\n",
        b"",
        b"PK\x03\x04",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"[W];[kWh]\n",
    ] {
        assert_eq!(Format::LoadProfile.recognise(&Head::new(other)), None, "{}", String::from_utf8_lossy(other));
    }
}

/// No sample of another format is taken for a load profile, nor a load profile for another.
#[test]
fn every_sample_is_recognised_as_what_it_is() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/samples");
    let folders = std::fs::read_dir(root).into_iter().flatten().map(|entry| entry.expect("an entry").path());
    for folder in folders.filter(|path| path.is_dir()) {
        let is_ours = folder.file_name().is_some_and(|name| name == "slp");
        for file in std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            let Ok(bytes) = std::fs::read(&file) else { continue };
            let claimed = Format::LoadProfile.recognise(&Head::new(&bytes)).is_some();
            let name = file.file_name().expect("a name").to_string_lossy();
            let is_table = is_ours && !name.starts_with("demandlib_s") || name == "demandlib_s25.csv";
            assert_eq!(claimed, is_table, "{}", file.display());
            let expected = if claimed { Detected::One(Format::LoadProfile) } else { continue };
            assert_eq!(detect(&Head::new(&bytes)), expected, "{}", file.display());
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic_and_in_any_pieces(
        head in prop::sample::select(&["M1;Winter;;Mai\n[W];SA;WT;FT\n", "profile,month,day,time,kwh\n", ""][..]),
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b";,\n0123:-\"SAWT[]"[..])], 0..300),
        piece in 1_usize..20,
    ) {
        let bytes = [head.as_bytes(), &bytes].concat();
        prop_assert_eq!(describe(&bytes, piece), describe(&bytes, bytes.len().max(1)));
    }

    #[test]
    fn damaged_workbooks_are_read_without_panic(
        old in any::<bool>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        let mut bytes = own(if old { "load_profile-97.xls" } else { "load_profile.xlsx" });
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        if cuts {
            bytes.truncate(cut.index(bytes.len()));
        }
        prop_assert_eq!(describe(&bytes, 1_000), describe(&bytes, bytes.len().max(1)));
    }

    #[test]
    fn any_sheet_is_read_without_panic_and_in_any_pieces(
        sheet in "(<(row|c|v|t|is|f|/row|/c|/v)( r=\"[A-D]?[0-9]{0,3}\")?( t=\"(s|n|str|e)?\")?/?>|[0-9.eE-]{0,6}|SA|\\[W\\]|Winter|M1|&amp;|<!--x-->|<!\\[CDATA\\[y\\]\\]>){0,60}",
        piece in 1_usize..200,
    ) {
        let bytes = workbook(&[("xl/sharedStrings.xml", STRINGS), ("xl/worksheets/sheet1.xml", &sheet)]);
        prop_assert_eq!(describe(&bytes, piece), describe(&bytes, bytes.len()));
    }
}
