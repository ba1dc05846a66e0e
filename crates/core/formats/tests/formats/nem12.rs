//! NEM12 through the front door.

use crate::support;

use expect_test::{Expect, expect};
use metrify_formats::{Decoded, Detected, Format, Head, detect};
use proptest::prelude::*;

fn decode(file: &str, piece: usize) -> Vec<Decoded> {
    support::decode(Format::Nem12, file.as_bytes(), &support::options(), piece)
}

/// As many values as a day has, each its number.
fn values(count: usize) -> String {
    (1..=count).map(|number| format!("{number}.5")).collect::<Vec<_>>().join(",")
}

/// The first, the last, and every line where something but the time changes.
fn corners(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let kept = |line: &str| -> String {
        let words: Vec<&str> = line.split(' ').collect();
        words.iter().enumerate().filter(|(index, _)| !matches!(index, 3 | 4)).map(|(_, word)| *word).collect()
    };
    let keep = |index: &usize| {
        let same = |other: Option<&&str>| other.is_some_and(|other| kept(other) == kept(lines[*index]));
        !(same(index.checked_sub(1).and_then(|before| lines.get(before))) && same(lines.get(index + 1)))
    };
    (0..lines.len()).filter(keep).map(|index| format!("{}\n", lines[index])).collect()
}

fn check(file: &str, expected: &Expect) {
    let whole = support::describe(&decode(file, file.len()));
    expected.assert_eq(&corners(&whole));
    for piece in [1, 7] {
        assert_eq!(support::describe(&decode(file, piece)), whole, "in pieces of {piece} bytes");
    }
}

#[test]
fn a_day_begins_at_ten_hours_ahead_of_utc_and_the_market_counts_from_its_own_side() {
    check(
        &format!(
            "100,NEM12,202503310101,MDP1,RETAILER1\n\
             200,4103000001,E1B1K1Q1,E1,E1,N1,METER7,kWh,30,20250501\n\
             300,20250330,{},A,,,20250331020304,20250331050607\n\
             500,O,S01009,20250331000000,001234.5\n\
             200,4103000001,E1B1K1Q1,B1,B1,N2,METER7,KWH,15,\n\
             300,20250330,{},S14,5,,,\n\
             200,4103000001,E1B1K1Q1,Q2,Q2,N3,,KVARH,5,\n\
             300,20250330,{},E52,0,far away,20250331020304,\n\
             200,4103000001,E1B1K1Q1,F1,F1,N3,,KWH,30,\n\
             300,20250330,{},N,,,20250331020304,\n\
             900\n",
            values(48),
            values(96),
            values(288),
            vec!["0"; 48].join(",")
        ),
        &expect![[r#"
            4103000001 1-1:1.29.0 interval 2025-03-29T14:00:00Z..2025-03-29T14:30:00Z 1.5 kWh true known 2025-03-30T16:03:04Z
            4103000001 1-1:1.29.0 interval 2025-03-30T13:30:00Z..2025-03-30T14:00:00Z 48.5 kWh true known 2025-03-30T16:03:04Z
            4103000001 1-1:2.29.0 interval 2025-03-29T14:00:00Z..2025-03-29T14:15:00Z 1.5 kWh substitute method=S14 reason=5
            4103000001 1-1:2.29.0 interval 2025-03-30T13:45:00Z..2025-03-30T14:00:00Z 96.5 kWh substitute method=S14 reason=5
            4103000001 1-2:3.29.0 interval 2025-03-29T14:00:00Z..2025-03-29T14:05:00Z 1.5 kvarh forecast method=E52 reason=0 far away known 2025-03-30T16:03:04Z
            4103000001 1-2:3.29.0 interval 2025-03-30T13:55:00Z..2025-03-30T14:00:00Z 288.5 kvarh forecast method=E52 reason=0 far away known 2025-03-30T16:03:04Z
            4103000001/check 1-1:1.29.0 interval 2025-03-29T14:00:00Z..2025-03-29T14:30:00Z - kWh missing method=N known 2025-03-30T16:03:04Z
            4103000001/check 1-1:1.29.0 interval 2025-03-30T13:30:00Z..2025-03-30T14:00:00Z - kWh missing method=N known 2025-03-30T16:03:04Z
            master_data 4103000001 | metering_location | meter | METER7 | - | - | - | - | - | NEM12 202503310101 | - | - | - | -
            master_data 4103000001 | metering_location | meter | METER7 | - | - | - | - | - | NEM12 202503310101 | - | - | - | -
        "#]],
    );
}

#[test]
fn a_variable_day_has_the_quality_of_its_ranges_and_loses_what_none_tells() {
    check(
        &format!(
            "100,NEM12,202503310101,MDP1,RETAILER1\n200,4103000001,E1,E1,E1,N1,,KWH,30,\n\
             300,20250330,{v},V,,,20250331020304,\n400,1,20,F14,76,\n400,21,24,A,,\n400,25,48,S14,1,Meter changed\n\
             300,20250331,{v},V,,,20250331020304,\n400,1,47,A,,\n\
             300,20250401,{v},A,,,20250331020304,\n400,5,6,A,79,Power Outage Alarm\n\
             300,20250402,{v},V,,,20250331020304,\n400,1,49,A,,\n400,9,8,A,,\n900\n",
            v = vec!["1"; 48].join(",")
        ),
        &expect![[r#"
            4103000001 1-1:1.29.0 interval 2025-03-29T14:00:00Z..2025-03-29T14:30:00Z 1 kWh substitute method=F14 reason=76 known 2025-03-30T16:03:04Z
            4103000001 1-1:1.29.0 interval 2025-03-29T23:30:00Z..2025-03-30T00:00:00Z 1 kWh substitute method=F14 reason=76 known 2025-03-30T16:03:04Z
            4103000001 1-1:1.29.0 interval 2025-03-30T00:00:00Z..2025-03-30T00:30:00Z 1 kWh true known 2025-03-30T16:03:04Z
            4103000001 1-1:1.29.0 interval 2025-03-30T01:30:00Z..2025-03-30T02:00:00Z 1 kWh true known 2025-03-30T16:03:04Z
            4103000001 1-1:1.29.0 interval 2025-03-30T02:00:00Z..2025-03-30T02:30:00Z 1 kWh substitute method=S14 reason=1 Meter changed known 2025-03-30T16:03:04Z
            4103000001 1-1:1.29.0 interval 2025-03-30T13:30:00Z..2025-03-30T14:00:00Z 1 kWh substitute method=S14 reason=1 Meter changed known 2025-03-30T16:03:04Z
            4103000001 1-1:1.29.0 interval 2025-03-30T14:00:00Z..2025-03-30T14:30:00Z 1 kWh true known 2025-03-30T16:03:04Z
            4103000001 1-1:1.29.0 interval 2025-03-31T15:30:00Z..2025-03-31T16:00:00Z 1 kWh true known 2025-03-30T16:03:04Z
            4103000001 1-1:1.29.0 interval 2025-03-31T16:00:00Z..2025-03-31T16:30:00Z 1 kWh true reason=79 Power Outage Alarm known 2025-03-30T16:03:04Z
            4103000001 1-1:1.29.0 interval 2025-03-31T16:30:00Z..2025-03-31T17:00:00Z 1 kWh true reason=79 Power Outage Alarm known 2025-03-30T16:03:04Z
            4103000001 1-1:1.29.0 interval 2025-03-31T17:00:00Z..2025-03-31T17:30:00Z 1 kWh true known 2025-03-30T16:03:04Z
            4103000001 1-1:1.29.0 interval 2025-04-01T13:30:00Z..2025-04-01T14:00:00Z 1 kWh true known 2025-03-30T16:03:04Z
            problem line 7: interval 48: no record 400 tells its quality (1 readings, 142 bytes)
            problem line 11: the intervals `1` to `49` are none of the day (48 readings, 154 bytes)
        "#]],
    );
}

#[test]
fn voltages_currents_and_power_factors_are_told_by_suffix_and_unit() {
    let day = format!("300,20250330,{},A,,,20250331020304,\n", vec!["1"; 48].join(","));
    for (suffix, unit, expected) in [
        ("V1", "kV", "1-1:12.5.0 interval 1 kV"),
        ("V2", "A", "1-2:11.5.0 interval 1 A"),
        ("G1", "pf", "1-1:13.5.0 interval 1 1"),
        ("E1", "MW", "1-1:1.29.0 interval 1 MW"),
        ("Q1", "MVAr", "1-1:3.29.0 interval 1 Mvar"),
        ("T1", "MVAh", "1-1:9.29.0 interval 1 MVAh"),
        ("T1", "MVA", "1-1:9.29.0 interval 1 MVA"),
        ("T1", "VA", "1-1:9.29.0 interval 1 VA"),
        ("E1", "V", "the unit V is none of the suffix `E1`"),
        ("V1", "kWh", "the unit kWh is none of the suffix `V1`"),
    ] {
        let file =
            format!("100,NEM12,202503310101,M,R\n200,4103000001,{suffix},{suffix},{suffix},N1,,{unit},30,\n{day}900\n");
        let told = support::describe(&decode(&file, 50));
        let first = told.lines().next().unwrap_or_default();
        let words: Vec<&str> = first.split(' ').enumerate().filter(|(at, _)| *at != 3).map(|(_, word)| word).collect();
        assert!(words.join(" ").contains(expected) || first.contains(expected), "{suffix} {unit}: {first}");
    }
}

#[test]
fn what_is_not_understood_says_why_and_can_be_read_again() {
    let v = vec!["1"; 48].join(",");
    let file = format!(
        "100,NEM12,202503310101,MDP1,RETAILER1\n300,20250330,{v},A,,,,\n\
         200,4103000001,E1,E1,E1,N1,,KWH,30,\n300,20250330,{v},1,A,,,,\n400,1,2,A,,\n300,20250331,x,{short},A,,,,\n\
         300,20251301,{v},A,,,,\n300,20250401,{v},Z,,,,\n\
         200,4103000001,E1,H1,H1,N1,,KWH,30,\n300,20250330,{v},A,,,,\n\
         200,4103000001,E1,E1,E1,N1,,KWH,20,\n300,20250330,{v},A,,,,\n400,1,2,A,,\n\
         200,4103000001,E1,E1,E1,N1,,stone,30,\n300,20250330,{v},A,,,,\n777,1\n",
        short = vec!["1"; 47].join(",")
    );
    check(
        &file,
        &expect![[r#"
        4103000001 1-1:1.29.0 interval 2025-03-30T14:30:00Z..2025-03-30T15:00:00Z 1 kWh true
        4103000001 1-1:1.29.0 interval 2025-03-31T13:30:00Z..2025-03-31T14:00:00Z 1 kWh true
        problem line 2: a record 300 without a record 200 above it (48 readings, 114 bytes)
        problem line 4: behind the 48 values that a day of 30 minutes has, `1` is no quality (48 readings, 116 bytes)
        problem line 6: interval 1: `x` is not a decimal number (1 readings, 115 bytes)
        problem line 7: `20251301` is not a day such as 20250330 (48 readings, 114 bytes)
        problem line 8: the quality `Z` is none of A, S, F, E, N and V (48 readings, 114 bytes)
        problem line 10: the suffix `H1` is none that is read (48 readings, 114 bytes)
        problem line 12: the interval length `20` is not 5, 15 or 30 minutes (48 readings, 114 bytes)
        problem line 15: the unit `stone` is none that is known (48 readings, 114 bytes)
        problem line 16: `777` is no kind of record of NEM12 (1 readings, 5 bytes)
        finding warning no_end line 16: the file has no record 900 at its end: what stood behind its last record may be lost
    "#]],
    );
    let decoded = decode(&file, 999);
    let lost =
        &decoded.iter().flat_map(|piece| &piece.problems).find(|problem| problem.reason.contains("`x`")).cloned();
    let lost = lost.clone().map(|problem| [problem.prelude, problem.bytes].concat()).unwrap_or_default();
    let mended = String::from_utf8_lossy(&lost).replace(",x,", ",2,");
    let rows: usize = decode(&mended, 50).iter().map(|piece| piece.batch.rows().len()).sum();
    assert_eq!(rows, 48);
}

#[test]
fn the_header_record_tells_the_format() {
    assert_eq!(detect(&Head::new(b"100,NEM12,200506081149,UNITEDDP,NEMMCO\n")), Detected::One(Format::Nem12));
    assert_eq!(Format::Nem12.recognise(&Head::new(b"100,NEM13,200506081149,UNITEDDP,NEMMCO\n")), None);
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic_and_the_same_in_any_pieces(
        records in proptest::collection::vec(
            prop_oneof![
                Just("200,4103000001,E1,E1,E1,N1,,KWH,30,\n".to_owned()),
                Just(format!("300,20250330,{},V,,,,\n", vec!["1"; 48].join(","))),
                Just("400,1,20,F14,76,\n".to_owned()),
                Just("900\n".to_owned()),
                "[0-9A-Z,.\n]{0,60}",
            ],
            0..12,
        ),
        piece in 1_usize..50,
    ) {
        let file = format!("100,NEM12,202503310101,A,B\n{}", records.concat());
        prop_assert_eq!(support::describe(&decode(&file, file.len())), support::describe(&decode(&file, piece)));
    }
}
