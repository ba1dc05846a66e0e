//! CSV through the front door: a table in, readings or a reason out.

use crate::arbitrary;
use crate::support;

use expect_test::{Expect, expect};
use metrify_domain::calendar::Zone;
use metrify_formats::csv::{write_header, write_reading};
use metrify_formats::limits::PROBLEM_BYTES_MAX;
use metrify_formats::{Detected, Format, Head, Options, detect};
use proptest::prelude::*;

fn check(table: &str, expected: &Expect) {
    check_with(table.as_bytes(), &support::options(), expected);
}

fn check_with(bytes: &[u8], options: &Options, expected: &Expect) {
    let whole = support::describe(&support::decode(Format::Csv, bytes, options, usize::MAX));
    expected.assert_eq(&whole);
    for piece in [1, 7] {
        let pieces = support::describe(&support::decode(Format::Csv, bytes, options, piece));
        assert_eq!(pieces, whole, "in pieces of {piece} bytes");
    }
}

fn berlin() -> Options {
    Options { zone: Some(Zone::BERLIN), ..support::options() }
}

#[test]
fn the_columns_are_those_of_the_table_readings_as_many_as_there_are() {
    check(
        "point,quantity,kind,period_start,period_end,value,unit,quality,method,reason,recorded_at,delivery
50120962218,1-0:1.29.0,interval,2025-03-30T00:45:00Z,2025-03-30T01:00:00Z,0.250,kWh,substitute,Z92,ZB0,2025-03-31T00:00:00Z,7
\"a, \"\"b\"\"\",1-0:1.8.0,,2025-03-30T01:00:00Z,,1e3,Wh,,,,,

10315 , air_temperature ,,2025-03-30 03:00:00+02:00,2025-03-30T01:00:00Z,,,missing,,,,
x,1-0:1.29.0,,2025-03-30T01:00:00Z,,1,,,,,,
x,1-0:1.29.0,,2025-03-30T01:00:00Z
x,1-0:1.29.0,,2025-03-30T01:00:00Z,2025-03-30T01:15:00Z,\"1,5\",,,,,,
x,1-0:1.29.0,,2025-03-30T01:00:00Z,2025-03-30T01:15:00Z,1,,,,,,,,
x,1-0:1.29.0,,2025-03-30T01:00:00Z,2025-03-30T01:15:00Z,1,,,,,,,more
\"x,1-0:1.29.0,,2025-03-30T01:00:00Z,2025-03-30T01:15:00Z,1,,,,,,
\"x\"y,1-0:1.29.0,,2025-03-30T01:00:00Z,2025-03-30T01:15:00Z,1,,,,,,
",
        &expect![[r#"
            50120962218 1-0:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 0.25 kWh substitute method=Z92 reason=ZB0 known 2025-03-31T00:00:00Z
            a, "b" 1-0:1.8.0 register 2025-03-30T01:00:00Z 1000 Wh true
            10315 air_temperature instant 2025-03-30T01:00:00Z - Cel missing
            x 1-0:1.29.0 interval 2025-03-30T01:00:00Z..2025-03-30T01:15:00Z 1 kWh true
            problem line 6: an interval needs `period_end` (1 readings, 43 bytes)
            problem line 7: the row has 4 fields, the header has 12 (1 readings, 34 bytes)
            problem line 8: `1,5` has a comma where the delivery sets its decimals apart by a point (1 readings, 67 bytes)
            problem line 10: the row has 13 fields, the header has 12 (1 readings, 68 bytes)
            problem line 11: a quoted field has no end: it may not span lines (1 readings, 64 bytes)
            problem line 12: field 1 goes on behind its closing quote (1 readings, 66 bytes)
        "#]],
    );
}

#[test]
fn german_tables_are_read_with_their_dates_and_numbers() {
    let table = "\u{feff}Point;Quantity;Period_Start;Period_End;Value;Unit;Bemerkung\r\n\
                 DE00056266802AO6G56M11SN51G21M24S;1-0:1.29.0;30.03.2025 01:45;30.03.2025 03:00;0,125;kWh;\r\n\
                 DE00056266802AO6G56M11SN51G21M24S;1-0:1.29.0;30.03.2025 03:00:00;30.03.2025 03:15:00;1.234,5;kWh;ä\r\n\
                 DE00056266802AO6G56M11SN51G21M24S;1-0:1.29.0;30.03.2025 23:45;30.03.2025 24:00;1.234;kWh;\r\n\
                 DE00056266802AO6G56M11SN51G21M24S;1-0:1.29.0;30.03.2025 02:15;30.03.2025 02:30;1;kWh;\r\n\
                 DE00056266802AO6G56M11SN51G21M24S;1-0:1.29.0;31.03.2025 00:00;31.03.2025 00:15;12.5;kWh;\r\n";
    check_with(
        table.as_bytes(),
        &berlin(),
        &expect![[r#"
            DE00056266802AO6G56M11SN51G21M24S 1-0:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 0.125 kWh true
            DE00056266802AO6G56M11SN51G21M24S 1-0:1.29.0 interval 2025-03-30T01:00:00Z..2025-03-30T01:15:00Z 1234.5 kWh true
            DE00056266802AO6G56M11SN51G21M24S 1-0:1.29.0 interval 2025-03-30T21:45:00Z..2025-03-30T22:00:00Z 1234 kWh true
            problem line 5: the local time 2025-03-30 02:15:00 does not exist in Europe/Berlin: the clock was set forward over it (1 readings, 85 bytes)
            problem line 6: `12.5` has a point where the delivery sets its decimals apart by a comma and thousands by points (1 readings, 88 bytes)
            finding warning unknown_column line 1: `bemerkung` is passed over, since it is not one we know; the nearest is `kind`
        "#]],
    );
}

#[test]
fn a_number_that_can_be_read_two_ways_waits_for_one_that_cannot() {
    let table = |values: &[&str]| {
        let rows =
            values.iter().enumerate().map(|(minute, value)| format!("a;load;2025-01-01T00:{minute:02}:00Z;{value}\n"));
        format!("point;quantity;at;value\n{}", rows.collect::<String>())
    };
    let values = |values: &[&str]| {
        let pieces = support::decode(Format::Csv, table(values).as_bytes(), &support::options(), 9);
        let rows = pieces
            .iter()
            .flat_map(|piece| piece.batch.rows())
            .map(|row| row.value.map(|value| value.to_string()).unwrap_or_default());
        let problems = pieces.iter().flat_map(|piece| &piece.problems).map(|problem| problem.reason.clone());
        rows.chain(problems).collect::<Vec<_>>().join(" | ")
    };
    for (given, expected) in [
        (&["12", "1.234", "7", "0.5"][..], expect!["12 | 1.234 | 7 | 0.5"]),
        (&["12", "1.234", "7", "0,5"], expect!["12 | 1234 | 7 | 0.5"]),
        (&["1.234", "1.234.567"], expect!["1234 | 1234567"]),
        (&["1,234", "2,345"], expect!["1.234 | 2.345"]),
        (
            &["12", "1.234", "7"],
            expect![
                "12 | 7 | `1.234` may have three decimals or be thousands, and no value near it tells which: write one more digit"
            ],
        ),
        (
            &["0.5", "1,5", "1,234.5"],
            expect![
                "0.5 | `1,5` has a comma where the delivery sets its decimals apart by a point | `1,234.5` has a comma where the delivery sets its decimals apart by a point"
            ],
        ),
        (&["1,234.5", "1"], expect!["1 | `1,234.5` is not a decimal number"]),
    ] {
        expected.assert_eq(&values(given));
    }
}

#[test]
fn lines_that_wait_too_long_are_refused_and_later_ones_read() {
    let mut table = "point;quantity;at;value\n".to_owned();
    for hour in 0..24 {
        for second in 0..100 {
            table += &format!("a;load;2025-01-01T{hour:02}:{:02}:{:02}Z;1.234\n", second / 60, second % 60);
        }
    }
    table += "a;load;2025-01-02T00:00:00Z;0.5\na;load;2025-01-02T00:00:01Z;1.234\n";
    let pieces = support::decode(Format::Csv, table.as_bytes(), &support::options(), 4096);
    let rows: usize = pieces.iter().map(|piece| piece.batch.rows().len()).sum();
    let problems: usize = pieces.iter().map(|piece| piece.problems.len()).sum();
    assert_eq!(rows + problems, 2402);
    assert!(problems >= 500 && rows >= 2, "{rows} readings, {problems} problems");
}

#[test]
fn a_day_stands_in_one_row_and_a_shorter_one_leaves_the_last_values_empty() {
    let names: Vec<_> = (1..=100).map(|number| format!("v{number}")).collect();
    let row = |day: &str, values: usize| {
        let values = (0..values).map(|value| if value == 1 { String::new() } else { "0,5".to_owned() });
        format!("a;1-0:1.29.0;{day};{}\n", values.collect::<Vec<_>>().join(";"))
    };
    let mut table = format!("point;quantity;day;{}\n", names.join(";"));
    for (day, values) in
        [("29.03.2025", 96), ("30.03.2025", 92), ("26.10.2025", 100), ("30.03.2025", 96), ("30.03.2025", 90)]
    {
        table += &row(day, values);
    }
    let pieces = support::decode(Format::Csv, table.as_bytes(), &support::options(), 50);
    let rows: Vec<_> = pieces.iter().flat_map(|piece| piece.batch.rows()).collect();
    let missing: Vec<_> =
        rows.iter().filter(|row| row.value.is_none()).map(|row| row.period.start().to_string()).collect();
    let problems: Vec<_> =
        pieces.iter().flat_map(|piece| &piece.problems).map(|p| (p.readings, p.reason.as_str())).collect();
    assert_eq!(rows.len(), 96 + 92 + 100 + 92);
    expect![[r#"
        2025-03-28T23:15:00Z
        2025-03-29T23:15:00Z
        2025-10-25T22:15:00Z
        2025-03-29T23:15:00Z
        2025-03-30T21:30:00Z
        2025-03-30T21:45:00Z"#]]
    .assert_eq(&missing.join("\n"));
    expect![[r#"
        [
            (
                96,
                "the day 2025-03-30 has 92 quarter-hours or 23 hours, yet there are 96 values",
            ),
        ]
    "#]]
    .assert_debug_eq(&problems);
    let hours = "point,quantity,day,v1,v2\na,load,2025-01-01,1,2\n";
    check(
        hours,
        &expect![[r#"
        problem line 2: the day 2025-01-01 has 96 quarter-hours or 24 hours, yet there are 2 values (2 readings, 21 bytes)
    "#]],
    );
}

#[test]
fn an_id_that_cannot_be_one_is_told_or_refused() {
    check(
        "point;quantity;at;value\n51481308449;1-0:1.8.0;2025-01-01T00:00:00Z;1\n51481308449;1-0:2.8.0;2025-01-01T00:00:00Z;2\n\
         51481308448;1-0:1.8.0;2025-01-01T00:00:00Z;3\n5,14813E+10;1-0:1.8.0;2025-01-01T00:00:00Z;4\n",
        &expect![[r#"
            51481308449 1-0:1.8.0 register 2025-01-01T00:00:00Z 1 kWh true
            51481308449 1-0:2.8.0 register 2025-01-01T00:00:00Z 2 kWh true
            51481308448 1-0:1.8.0 register 2025-01-01T00:00:00Z 3 kWh true
            problem line 5: the id `5,14813E+10` is a number in scientific notation, as a spreadsheet such as Excel writes long numbers: digits of it are lost; format its column as text and export the table again (1 readings, 44 bytes)
            finding warning check_digit : the id `51481308449`: the check digit of a market location id must be 8 here, not `9`
        "#]],
    );
    let meters = "meter_id,reading_timestamp,voltage_v\n51481308449,2025-01-01T00:00:00Z,230\n\
                  5.14813E+10,2025-01-01T00:00:00Z,231\n51481308449,2025-01-01T00:15:00Z,232\n";
    check(
        meters,
        &expect![[r#"
        51481308449 1-0:12.7.0 instant 2025-01-01T00:00:00Z 230 V true
        51481308449 1-0:12.7.0 instant 2025-01-01T00:15:00Z 232 V true
        problem line 3: the id `5.14813E+10` is a number in scientific notation, as a spreadsheet such as Excel writes long numbers: digits of it are lost; format its column as text and export the table again (1 readings, 36 bytes)
        finding warning check_digit line 2: the id `51481308449`: the check digit of a market location id must be 8 here, not `9`
    "#]],
    );
}

#[test]
fn a_table_of_meters_gives_a_reading_for_every_value() {
    check(
        "meter_id,reading_timestamp,consumption_kwh,voltage_v,current_a,power_factor,frequency_hz
m1,2025-01-01T00:00:00Z,0.25,230.1,4.5,0.98,50.01
m1,2025-01-01T00:15:00Z,,,,,
m2,2025-01-01T00:00:00Z,x,231,y,,
m2,soon,1,2,,,
m3,2025-01-01T00:00:00Z,1,,,,
m3,2025-01-01T01:00:00Z,1,,,,
,2025-01-01T01:00:00Z,1,,,,
",
        &expect![[r#"
            m1 1-0:1.29.0 interval 2025-01-01T00:00:00Z..2025-01-01T00:15:00Z 0.25 kWh true
            m1 1-0:12.7.0 instant 2025-01-01T00:00:00Z 230.1 V true
            m1 1-0:11.7.0 instant 2025-01-01T00:00:00Z 4.5 A true
            m1 1-0:13.7.0 instant 2025-01-01T00:00:00Z 0.98 1 true
            m1 1-0:14.7.0 instant 2025-01-01T00:00:00Z 50.01 Hz true
            m2 1-0:12.7.0 instant 2025-01-01T00:00:00Z 231 V true
            m3 1-0:1.29.0 interval 2025-01-01T00:00:00Z..2025-01-01T00:15:00Z 1 kWh true
            m3 1-0:1.29.0 interval 2025-01-01T01:00:00Z..2025-01-01T01:15:00Z 1 kWh true
            problem line 4: `consumption_kwh`: `x` is not a decimal number (2 readings, 33 bytes)
            problem line 5: `soon` is not a time such as 2025-03-30T01:45:00Z or 30.03.2025 01:45 (2 readings, 14 bytes)
            problem line 8: the point is empty (1 readings, 27 bytes)
            finding note assumed_interval line 2: the table does not state over which time `consumption_kwh` was drawn: each is taken as the amount of the 15 minutes that begin at its `reading_timestamp` (1-0:1.29.0)
            finding warning assumed_interval_doubtful line 7: the first two stamps of meter `m3` are 60 minutes apart, yet each `consumption_kwh` is taken as the amount of 15 minutes
        "#]],
    );
    check(
        "frequency_hz;meter_id;reading_timestamp\n50,02;m1;2025-01-01T00:00:00Z\n",
        &expect![[r#"
        m1 1-0:14.7.0 instant 2025-01-01T00:00:00Z 50.02 Hz true
    "#]],
    );
}

#[test]
fn local_times_of_a_meter_are_told_by_its_order() {
    let rows = ["01:45", "02:00", "02:45", "02:00", "02:45", "03:00"].map(|time| format!("m;29.10.2023 {time};1\n"));
    let table = format!("meter_id;reading_timestamp;consumption_kwh\n{}", rows.concat());
    check_with(
        table.as_bytes(),
        &berlin(),
        &expect![[r#"
        m 1-0:1.29.0 interval 2023-10-28T23:45:00Z..2023-10-29T00:00:00Z 1 kWh true
        m 1-0:1.29.0 interval 2023-10-29T00:00:00Z..2023-10-29T00:15:00Z 1 kWh true
        m 1-0:1.29.0 interval 2023-10-29T00:45:00Z..2023-10-29T01:00:00Z 1 kWh true
        m 1-0:1.29.0 interval 2023-10-29T01:00:00Z..2023-10-29T01:15:00Z 1 kWh true
        m 1-0:1.29.0 interval 2023-10-29T01:45:00Z..2023-10-29T02:00:00Z 1 kWh true
        m 1-0:1.29.0 interval 2023-10-29T02:00:00Z..2023-10-29T02:15:00Z 1 kWh true
        finding note assumed_interval line 2: the table does not state over which time `consumption_kwh` was drawn: each is taken as the amount of the 15 minutes that begin at its `reading_timestamp` (1-0:1.29.0)
    "#]],
    );
}

#[test]
fn tables_of_others_are_refused_as_a_whole_with_the_columns_found_and_needed() {
    check(
        "Time,Demand,Temperature\n2011-12-31T13:00:00Z,1,2\n\n2011-12-31T13:30:00Z,1,2\n",
        &expect![[r#"
            problem line 2: the table does not say all that its values are: give --point for `Demand`, --point for `Temperature` (4 readings, 50 bytes)
        "#]],
    );
    check(
        "point;quantity;value\na;load;1",
        &expect![[r#"
            problem : the columns are `point`, `quantity`, `value`; needed are `point`, `quantity`, `value` and a time (`at`, or `period_start` and `period_end`), or `point`, `quantity`, `day` and `v1` to `v96`, or `meter_id`, `reading_timestamp` and one of `consumption_kwh`, `voltage_v`, `current_a`, `power_factor`, `frequency_hz`, or a day and a column for each of its intervals, or a column of times and columns of values (1 readings, 30 bytes)
        "#]],
    );
    check(
        "point,point,quantity,at,value\n",
        &expect![[r#"
        problem : the column `point` stands twice (1 readings, 30 bytes)
    "#]],
    );
    check("", &expect![[r#""#]]);
}

#[test]
fn tables_that_need_hints_are_kept_whole_until_they_are_given() {
    for (sample, values) in [
        ("load-vic/vic_electricity.csv", 2),
        ("load-bdg2/bdg2_hourly_sample.csv", 2),
        ("load-ausgrid/data_2011-2012.csv", 2),
    ] {
        let Some(bytes) = support::sample(sample) else { return };
        let pieces = support::decode(Format::Csv, &bytes, &support::options(), 1 << 16);
        let problems: Vec<_> = pieces.iter().flat_map(|piece| &piece.problems).collect();
        let rows = bytes.iter().filter(|byte| **byte == b'\n').count() as u64 - 1;
        assert_eq!(problems.iter().map(|problem| problem.readings).sum::<u64>(), rows * values, "{sample}");
        let body: Vec<u8> = problems.iter().flat_map(|problem| problem.bytes.iter().copied()).collect();
        assert!(bytes.ends_with(&body) && problems[0].prelude.len() + body.len() == bytes.len(), "{sample}");
        assert!(problems.iter().all(|problem| problem.reason.contains("give --")), "{}", problems[0].reason);
    }
}

#[test]
fn encodings_are_told_by_the_bytes() {
    check_with(
        b"point;quantity;at;value;unit\nZ\xe4hler;load;2025-01-01T00:00:00Z;1;\x80\n",
        &support::options(),
        &expect![[r#"
        Zähler load instant 2025-01-01T00:00:00Z 1 € true
    "#]],
    );
    let utf_16: Vec<u8> =
        "point,quantity,at,value\na,load,2025-01-01T00:00:00Z,1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    check_with(
        &utf_16,
        &support::options(),
        &expect![[r#"
        problem : the bytes are UTF-16, yet UTF-8 is needed: save the file as UTF-8 (1 readings, 109 bytes)
    "#]],
    );
    check_with(
        b"point,quantity,at,value\na\0,load,2025-01-01T00:00:00Z,1\n",
        &support::options(),
        &expect![[r#"
        problem line 2: the line holds a zero byte (1 readings, 30 bytes)
    "#]],
    );
}

#[test]
fn a_reject_is_read_again_with_what_stands_before_it() {
    let table = b"point;quantity;at;value\na;load;2025-01-01T00:00:00;1\n";
    let pieces = support::decode(Format::Csv, table, &support::options(), 3);
    let problem = &pieces[0].problems[0];
    let again = [problem.prelude.as_slice(), &problem.bytes].concat();
    check_with(
        &again,
        &berlin(),
        &expect![[r#"
        a load instant 2024-12-31T23:00:00Z 1 MWh true
    "#]],
    );
}

#[test]
fn rejects_are_handed_on_before_their_header_lines_fill_the_memory() {
    let header = format!("point,quantity,at,value,{}", "x".repeat(8_000));
    let table = format!("{header}\n{}", "?\n".repeat(4_000));
    let pieces = support::decode(Format::Csv, table.as_bytes(), &support::options(), 999);
    assert_eq!(pieces.iter().map(|piece| piece.problems.len()).sum::<usize>(), 4_000);
    for piece in &pieces {
        let held: usize = piece.problems.iter().map(|problem| problem.prelude.len() + problem.bytes.len()).sum();
        assert!(held < PROBLEM_BYTES_MAX + header.len() + 9, "{held}");
    }
}

#[test]
fn ours_is_recognised_by_its_header() {
    for ours in [
        &b"point,quantity,at,value"[..],
        b"\xef\xbb\xbfVALUE;AT;QUANTITY;POINT\n",
        b"meter_id|reading_timestamp|voltage_v\n",
        b"point\tquantity\tday\tv1\tv2\n",
    ] {
        assert_eq!(detect(&Head::new(ours)), Detected::One(Format::Csv), "{}", String::from_utf8_lossy(ours));
    }
    for other in [
        &b"meter_id,reading_timestamp"[..],
        b"start,value",
        b"",
        b"point,quantity,day,v2",
        b"Datum von;Datum bis;Netzlast [MWh]",
    ] {
        assert_eq!(Format::Csv.recognise(&Head::new(other)), None, "{}", String::from_utf8_lossy(other));
    }
}

const HEADERS: [&str; 3] = [
    "point;quantity;period_start;period_end;value;quality\n",
    "meter_id,reading_timestamp,consumption_kwh,voltage_v\n",
    "point|quantity|day|v1|v2|v3\n",
];

proptest! {
    #[test]
    fn what_is_written_is_read_back(readings in proptest::collection::vec(arbitrary::statement(), 1..20), piece in 1_usize..500) {
        let mut table = Vec::new();
        write_header(&mut table);
        for (channel, document, reading) in &readings {
            write_reading(&mut table, channel, document, reading);
        }
        let pieces = support::decode(Format::Csv, &table, &support::options(), piece);
        prop_assert_eq!(arbitrary::statements(&pieces), Ok(readings), "{}", String::from_utf8_lossy(&table));
    }

    #[test]
    fn any_bytes_are_read_without_panic_and_in_any_pieces(
        header in prop::sample::select(&HEADERS[..]),
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b";,|\"\n.:0123 "[..])], 0..300),
        piece in 1_usize..20,
    ) {
        let bytes = [header.as_bytes(), &bytes].concat();
        let whole = support::describe(&support::decode(Format::Csv, &bytes, &berlin(), usize::MAX));
        prop_assert_eq!(support::describe(&support::decode(Format::Csv, &bytes, &berlin(), piece)), whole);
    }

    #[test]
    fn damaged_tables_are_read_without_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        piece in 1_usize..50,
    ) {
        let mut bytes = b"point;quantity;period_start;period_end;value;quality\n\
            a;1-0:1.29.0;30.03.2025 01:45;30.03.2025 03:00;1.234;true\n\
            \"a;b\";load;2025-10-26T00:00:00Z;2025-10-26 02:00;0,5;\n".to_vec();
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        let whole = support::describe(&support::decode(Format::Csv, &bytes, &berlin(), usize::MAX));
        prop_assert_eq!(support::describe(&support::decode(Format::Csv, &bytes, &berlin(), piece)), whole);
    }
}

#[test]
fn a_stray_row_shortens_no_interval_but_those_beside_it() {
    let table = "timestamp,power [kWh]\n\
                 2023-07-01T00:00:00Z,1.5\n\
                 2023-07-01T01:00:00Z,2.5\n\
                 2023-07-01T02:00:00Z,3.5\n\
                 2023-07-01T02:01:00Z,0.5\n\
                 2023-07-01T03:00:00Z,4.5\n\
                 2023-07-01T04:00:00Z,5.5\n\
                 2023-07-01T05:00:00Z,6.5\n\
                 2023-07-01T06:00:00Z,7.5\n";
    let mut options = support::options();
    options.point = "A".parse().ok();
    options.quantity = "1-0:1.29.0".parse().ok();
    check_with(
        table.as_bytes(),
        &options,
        &expect![[r#"
        A 1-0:1.29.0 interval 2023-07-01T00:00:00Z..2023-07-01T01:00:00Z 1.5 kWh true
        A 1-0:1.29.0 interval 2023-07-01T01:00:00Z..2023-07-01T02:00:00Z 2.5 kWh true
        A 1-0:1.29.0 interval 2023-07-01T02:00:00Z..2023-07-01T02:01:00Z 3.5 kWh true
        A 1-0:1.29.0 interval 2023-07-01T02:01:00Z..2023-07-01T03:00:00Z 0.5 kWh true
        A 1-0:1.29.0 interval 2023-07-01T03:00:00Z..2023-07-01T04:00:00Z 4.5 kWh true
        A 1-0:1.29.0 interval 2023-07-01T04:00:00Z..2023-07-01T05:00:00Z 5.5 kWh true
        A 1-0:1.29.0 interval 2023-07-01T05:00:00Z..2023-07-01T06:00:00Z 6.5 kWh true
        A 1-0:1.29.0 interval 2023-07-01T06:00:00Z..2023-07-01T07:00:00Z 7.5 kWh true
        finding note assumed_interval line 1: the table does not say whether a time is the beginning or the end of its interval: it is taken as the beginning
        meter Meter { point: A, kind: None, name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
}
