//! Redispatch tables through the front door.
#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use crate::support;

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use metrify_domain::Decimal;
use metrify_formats::{Cell, Detected, Format, HEAD_BYTES, Head, detect};
use proptest::prelude::*;

const HEADER: &str = "BEGINN_DATUM;BEGINN_UHRZEIT;ZEITZONE_VON;ENDE_DATUM;ENDE_UHRZEIT;ZEITZONE_BIS;GRUND_DER_MASSNAHME;\
    RICHTUNG;MITTLERE_LEISTUNG_MW;MAXIMALE_LEISTUNG_MW;GESAMTE_ARBEIT_MWH;ANWEISENDER_UENB;ANFORDERNDER_UENB;\
    BETROFFENE_ANLAGE;PRIMAERENERGIEART\r\n";

fn check(rows: &str, expected: &Expect) {
    let table = format!("\u{feff}{HEADER}{rows}");
    let decode =
        |piece| support::describe(&support::decode(Format::Redispatch, table.as_bytes(), &support::options(), piece));
    expected.assert_eq(&decode(table.len()));
    for piece in [1, 7] {
        assert_eq!(decode(piece), decode(table.len()), "in pieces of {piece} bytes");
    }
}

#[test]
fn each_end_of_a_measure_has_the_zone_that_stands_beside_it() {
    check(
        "31.03.2024;01:00;CET;31.03.2024;04:00;CEST;Strombedingter Redispatch;Wirkleistungseinspeisung reduzieren;40;45,5;80;TenneT DE;50Hertz & Amprion;Windpark Süd, Block 1;Erneuerbar\r\n\
         27.10.2024;02:30;CEST;27.10.2024;02:30;CET;Probestart (NetzRes);Wirkleistungseinspeisung erh¿hen;1.234,5;;N.A.;TransnetBW;TransnetBW;Börse;\r\n\
         2024-12-31;23:00;UTC;01.01.2025;05:00;UTC;Strombedingter Redispatch;Lastabsenkung;41;56;166;50Hertz;50Hertz;UW A;Sonstiges\r\n",
        &expect![[r#"
            redispatch 2024-03-31T00:00:00Z | 2024-03-31T02:00:00Z | Strombedingter Redispatch | decrease | 40 | 45.5 | 80 | TenneT DE | 50Hertz & Amprion | Windpark Süd, Block 1 | Erneuerbar
            redispatch 2024-10-27T00:30:00Z | 2024-10-27T01:30:00Z | Probestart (NetzRes) | increase | 1234.5 | - | - | TransnetBW | TransnetBW | Börse | -
            redispatch 2024-12-31T23:00:00Z | 2025-01-01T05:00:00Z | Strombedingter Redispatch | Lastabsenkung | 41 | 56 | 166 | 50Hertz | 50Hertz | UW A | Sonstiges
        "#]],
    );
}

#[test]
fn what_is_not_understood_says_why_and_the_other_rows_are_read() {
    check(
        "01.01.2024;00:00;MEZ;01.01.2024;01:00;CET;a;b;1;1;1;c;d;e;f\n\
         01.01.2024;00:00;XYZ;01.01.2024;01:00;CET;a;b;1;1;1;c;d;e;f\n\
         01.01.2024;02:00;CET;01.01.2024;01:00;CET;a;b;1;1;1;c;d;e;f\n\
         31.02.2024;02:00;CET;01.01.2024;01:00;CET;a;b;1;1;1;c;d;e;f\n\
         01.01.2024;00:00;CET;01.01.2024;01:00;CET;a;b;1.5;1;1;c;d;e;f\n\
         01.01.2024;00:00;CET;01.01.2024;01:00;CET;a;b;1;1;1;c;d;;f\n\
         01.01.2024;00:00;CET;01.01.2024\n",
        &expect![[r#"
            problem line 3: `XYZ` is not a zone that is known: UTC, CET (MEZ) or CEST (MESZ) (1 readings, 59 bytes)
            problem line 4: the end 2024-01-01T00:00:00Z does not lie behind the start 2024-01-01T01:00:00Z (1 readings, 59 bytes)
            problem line 5: `31.02.2024` names no moment of the calendar (1 readings, 59 bytes)
            problem line 6: `1.5` has a point where the delivery sets its decimals apart by a comma and thousands by points (1 readings, 61 bytes)
            problem line 7: `BETROFFENE_ANLAGE` is empty (1 readings, 58 bytes)
            problem line 8: the row has 4 fields, the header has 15 (1 readings, 31 bytes)
            redispatch 2023-12-31T23:00:00Z | 2024-01-01T00:00:00Z | a | b | 1 | 1 | 1 | c | d | e | f
        "#]],
    );
}

#[test]
fn half_a_year_of_measures_comes_out_to_the_last_kilowatt_hour() {
    let Some(bytes) = support::sample("grid-redispatch/redispatch_2024_H1.csv") else { return };
    assert_eq!(detect(&Head::new(&bytes[..HEAD_BYTES])), Detected::One(Format::Redispatch));
    let decoded = support::decode(Format::Redispatch, &bytes, &support::options(), 1 << 16);
    assert!(decoded.iter().all(|piece| piece.problems.is_empty() && piece.findings.is_empty()));
    let records: Vec<_> = decoded.iter().flat_map(|piece| &piece.records).collect();
    assert_eq!(records.len(), 8_655);
    let energy = records.iter().fold(Decimal::ZERO, |sum, record| match &record.cells()[6] {
        Cell::Number(energy) => sum.checked_add(*energy).expect("a sum"),
        other => panic!("{other:?}"),
    });
    assert_eq!(energy.to_string(), "11218355.51");
    let counts = |column: usize| {
        let mut counts = BTreeMap::<String, usize>::new();
        for record in &records {
            if let Cell::Text(text) = &record.cells()[column] {
                *counts.entry(text.clone()).or_default() += 1;
            }
        }
        counts
    };
    let instructing = counts(7);
    for (operator, count) in [("TenneT DE", 3_040), ("50Hertz", 2_692), ("Amprion", 1_568), ("TransnetBW", 1_355)] {
        assert_eq!(instructing.get(operator), Some(&count), "{operator}");
    }
    let reasons = counts(2);
    for (reason, count) in [
        ("Strombedingter Redispatch", 7_511),
        ("Spannungsbedingter Redispatch", 207),
        ("Strom- und Spannungsbedingter RD", 201),
        ("Strombedingter Countertrade DE-DK1", 168),
        ("Probestart (NetzRes)", 165),
        ("Strombedingter Countertrade DE-DK2", 160),
    ] {
        assert_eq!(reasons.get(reason), Some(&count), "{reason}");
    }
    // The publisher wrote 27 of the increases with a damaged letter.
    assert_eq!(counts(3), BTreeMap::from([("decrease".to_owned(), 4_943), ("increase".to_owned(), 3_685 + 27)]));
    // 4361 rows begin in CET and 4294 in CEST: the last of the former begins before the change of 31 March at 01:00 UTC.
    let change = "2024-03-31T01:00:00Z";
    let winter = records
        .iter()
        .filter(|record| matches!(&record.cells()[0], Cell::Time(at) if at.to_string().as_str() < change));
    assert_eq!(winter.count(), 4_361);
}

#[test]
fn the_fifteen_columns_tell_the_format() {
    assert_eq!(detect(&Head::new(HEADER.as_bytes())), Detected::One(Format::Redispatch));
    assert_eq!(Format::Redispatch.recognise(&Head::new(b"BEGINN_DATUM;BEGINN_UHRZEIT;ZEITZONE_VON\n")), None);
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic_and_the_same_in_any_pieces(
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b";\n:.,0123"[..])], 0..300),
        piece in 1_usize..50,
    ) {
        let mut table = format!("{HEADER}01.01.2024;00:00;CET;01.01.2024;01:00;CET;a;b;1;1;1;c;d;e;f\n").into_bytes();
        table.extend(bytes);
        let whole = support::describe(&support::decode(Format::Redispatch, &table, &support::options(), table.len()));
        let pieces = support::describe(&support::decode(Format::Redispatch, &table, &support::options(), piece));
        prop_assert_eq!(whole, pieces);
    }
}
