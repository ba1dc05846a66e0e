//! Tables of others that `csv` reads: a day a row as spreadsheets write it, and columns of times beside columns of values.
#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use crate::support;

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use expect_test::{Expect, expect};
use metrify_domain::Decimal;
use metrify_domain::calendar::Zone;
use metrify_formats::{Decoded, Detected, Format, HEAD_BYTES, Head, Options, detect};
use proptest::prelude::*;

fn check(table: &str, options: &Options, expected: &Expect) {
    let whole = support::describe(&support::decode(Format::Csv, table.as_bytes(), options, usize::MAX));
    expected.assert_eq(&whole);
    for piece in [1, 7] {
        let pieces = support::describe(&support::decode(Format::Csv, table.as_bytes(), options, piece));
        assert_eq!(pieces, whole, "in pieces of {piece} bytes");
    }
}

fn given(point: &str, quantity: &str, zone: Option<Zone>) -> Options {
    Options { point: point.parse().ok(), quantity: quantity.parse().ok(), zone, ..support::options() }
}

/// Clock times from `first` to `last`, in minutes of the day.
fn clock(first: usize, last: usize) -> Vec<String> {
    (first..=last).step_by(15).map(|minute| format!("{:02}:{:02}", minute / 60, minute % 60)).collect()
}

/// Values `0,001` and so on, with nothing where `skip` says so.
fn row(day: &str, count: usize, skip: std::ops::Range<usize>) -> String {
    let value = |number: usize| if skip.contains(&number) { String::new() } else { format!("0,{:03}", number + 1) };
    format!("50120962218;1-1:1.29.0;kWh;{day};{}\n", (0..count).map(value).collect::<Vec<_>>().join(";"))
}

/// Where the value of each number stands in time.
fn places(table: &str, options: &Options, numbers: &[usize]) -> String {
    let decoded = support::decode(Format::Csv, table.as_bytes(), options, 999);
    let mut text = String::new();
    for piece in &decoded {
        for number in numbers {
            let value = Decimal::scaled(*number as i128, -3).expect("a value");
            for found in piece.batch.rows().iter().filter(|row| row.value == Some(value)) {
                text += &format!("{number}: {}..{}\n", found.period.start(), found.period.end());
            }
        }
        text += &format!("{} readings, {} of them missing\n", piece.batch.rows().len(), missing(piece));
        for problem in &piece.problems {
            text += &format!("{}: {} ({})\n", problem.position, problem.reason, problem.readings);
        }
        for finding in &piece.findings {
            text += &format!("{}: {}\n", finding.position, finding.reason);
        }
    }
    text
}

fn missing(piece: &Decoded) -> usize {
    piece.batch.rows().iter().filter(|row| row.value.is_none()).count()
}

/// Of days with an interval in each of these columns.
fn header(times: &[String]) -> String {
    format!("Marktlokation;OBIS-Kennzahl;Einheit;Datum;{}\n", times.join(";"))
}

#[test]
fn columns_named_by_the_clock_are_beginnings_or_ends_as_the_first_and_the_last_tell() {
    let begins = header(&clock(0, 23 * 60 + 45)) + &row("01.02.2025", 96, 0..0);
    let ends = header(&clock(15, 24 * 60)) + &row("01.02.2025", 96, 0..0);
    let midnight = header(&[clock(15, 23 * 60 + 45), vec!["00:00".to_owned()]].concat()) + &row("01.02.2025", 96, 0..0);
    let both: Vec<_> =
        clock(0, 23 * 60 + 45).iter().zip(clock(15, 24 * 60)).map(|(from, to)| format!("{from} - {to}")).collect();
    let both = header(&both) + &row("2025-02-01", 96, 0..0);
    let expected = places(&begins, &support::options(), &[1, 2, 96]);
    expect![[r#"
        1: 2025-01-31T23:00:00Z..2025-01-31T23:15:00Z
        2: 2025-01-31T23:15:00Z..2025-01-31T23:30:00Z
        96: 2025-02-01T22:45:00Z..2025-02-01T23:00:00Z
        96 readings, 0 of them missing
    "#]]
    .assert_eq(&expected);
    for table in [ends, midnight, both] {
        assert_eq!(places(&table, &support::options(), &[1, 2, 96]), expected, "{table}");
    }
    let neither = header(&clock(30, 24 * 60)) + &row("01.02.2025", 95, 0..0);
    expect![[r#"
        0 readings, 0 of them missing
        : the columns are `Marktlokation`, `OBIS-Kennzahl`, `Einheit`, `Datum`, `00:30`, `00:45`, `01:00`, `01:15`, `01:30`, `01:45`, `02:00`, `02:15` and 87 more; needed are `point`, `quantity`, `value` and a time (`at`, or `period_start` and `period_end`), or `point`, `quantity`, `day` and `v1` to `v96`, or `meter_id`, `reading_timestamp` and one of `consumption_kwh`, `voltage_v`, `current_a`, `power_factor`, `frequency_hz`, or a day and a column for each of its intervals, or a column of times and columns of values (1)
    "#]].assert_eq(&places(&neither, &support::options(), &[1]));
}

#[test]
fn days_on_which_the_clock_is_changed_have_their_own_values() {
    // Spring: 02:00 to 02:45 never were; empty, filled with zeros, and filled with values.
    let spring = header(&clock(0, 23 * 60 + 45))
        + &row("30.03.2025", 96, 8..12)
        + &row("30.03.2025", 96, 8..12).replace(";;;;", ";0;0,0;0;0")
        + &row("30.03.2025", 96, 0..0);
    expect![[r#"
        8: 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z
        8: 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z
        8: 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z
        13: 2025-03-30T01:00:00Z..2025-03-30T01:15:00Z
        13: 2025-03-30T01:00:00Z..2025-03-30T01:15:00Z
        13: 2025-03-30T01:00:00Z..2025-03-30T01:15:00Z
        96: 2025-03-30T21:45:00Z..2025-03-30T22:00:00Z
        96: 2025-03-30T21:45:00Z..2025-03-30T22:00:00Z
        96: 2025-03-30T21:45:00Z..2025-03-30T22:00:00Z
        276 readings, 0 of them missing
        line 4: 4 values at times that the clock never showed on 2025-03-30 (4)
        line 3: 4 zeros at times that the clock never showed on 2025-03-30 are passed over
    "#]]
    .assert_eq(&places(&spring, &support::options(), &[8, 13, 96]));
    // Autumn: 96 columns cannot hold a hundred values.
    let short = header(&clock(0, 23 * 60 + 45)) + &row("26.10.2025", 96, 0..0);
    expect![[r#"
        0 readings, 0 of them missing
        line 2: the day 2025-10-26 has 100 intervals, yet the table has 96 columns: the values of the hour that came twice cannot be told apart (96)
    "#]].assert_eq(&places(&short, &support::options(), &[1]));
    // A hundred columns hold both kinds of days, as beginnings and as ends.
    let begins = [clock(0, 165), clock(120, 23 * 60 + 45)].concat();
    let ends = [clock(15, 180), clock(135, 24 * 60)].concat();
    let rows = row("26.10.2025", 100, 0..0) + &row("27.10.2025", 100, 12..16);
    let long = places(&(header(&begins) + &rows), &support::options(), &[8, 9, 12, 13, 16, 17, 100]);
    expect![[r#"
        8: 2025-10-25T23:45:00Z..2025-10-26T00:00:00Z
        8: 2025-10-27T00:45:00Z..2025-10-27T01:00:00Z
        9: 2025-10-26T00:00:00Z..2025-10-26T00:15:00Z
        9: 2025-10-27T01:00:00Z..2025-10-27T01:15:00Z
        12: 2025-10-26T00:45:00Z..2025-10-26T01:00:00Z
        12: 2025-10-27T01:45:00Z..2025-10-27T02:00:00Z
        13: 2025-10-26T01:00:00Z..2025-10-26T01:15:00Z
        16: 2025-10-26T01:45:00Z..2025-10-26T02:00:00Z
        17: 2025-10-26T02:00:00Z..2025-10-26T02:15:00Z
        17: 2025-10-27T02:00:00Z..2025-10-27T02:15:00Z
        100: 2025-10-26T22:45:00Z..2025-10-26T23:00:00Z
        100: 2025-10-27T22:45:00Z..2025-10-27T23:00:00Z
        196 readings, 0 of them missing
    "#]]
    .assert_eq(&long);
    assert_eq!(places(&(header(&ends) + &rows), &support::options(), &[8, 9, 12, 13, 16, 17, 100]), long);
    let letter =
        |letter: char| clock(120, 165).iter().map(|time| time[1..].replace(':', &format!("{letter}:"))).collect();
    let letters: [Vec<String>; 4] = [clock(0, 105), letter('A'), letter('B'), clock(180, 23 * 60 + 45)];
    assert_eq!(places(&(header(&letters.concat()) + &rows), &support::options(), &[8, 9, 12, 13, 16, 17, 100]), long);
}

#[test]
fn columns_by_number_hold_days_on_which_the_clock_is_changed() {
    let numbers: Vec<String> = (1..=100).map(|number| number.to_string()).collect();
    let numbered = header(&numbers)
        + &row("30.03.2025", 100, 92..100)
        + &row("26.10.2025", 100, 0..0)
        + &row("27.10.2025", 100, 96..100)
        + &row("28.10.2025", 100, 0..0);
    expect![[r#"
        9: 2025-03-30T01:00:00Z..2025-03-30T01:15:00Z
        9: 2025-10-26T00:00:00Z..2025-10-26T00:15:00Z
        9: 2025-10-27T01:00:00Z..2025-10-27T01:15:00Z
        92: 2025-03-30T21:45:00Z..2025-03-30T22:00:00Z
        92: 2025-10-26T20:45:00Z..2025-10-26T21:00:00Z
        92: 2025-10-27T21:45:00Z..2025-10-27T22:00:00Z
        100: 2025-10-26T22:45:00Z..2025-10-26T23:00:00Z
        288 readings, 0 of them missing
        line 5: the day 2025-10-28 has 96 quarter-hours or 24 hours, yet there are 100 values (100)
    "#]]
    .assert_eq(&places(&numbered, &support::options(), &[9, 92, 100]));
}

#[test]
fn a_line_of_a_day_that_is_cut_off_is_told() {
    let cut = |row: String, values: usize| row.split(';').take(4 + values).collect::<Vec<_>>().join(";");
    let clocks = header(&clock(0, 23 * 60 + 45)) + &row("01.02.2025", 96, 0..0) + &cut(row("02.02.2025", 96, 0..0), 90);
    expect![[r#"
        90: 2025-02-01T21:15:00Z..2025-02-01T21:30:00Z
        90: 2025-02-02T21:15:00Z..2025-02-02T21:30:00Z
        192 readings, 6 of them missing
        line 3: the line has fields for 90 of the 96 values of its day, as if it were cut off: the others are taken as missing
    "#]].assert_eq(&places(&clocks, &support::options(), &[90]));
    // In spring the last columns hold values, too.
    let spring = header(&clock(0, 23 * 60 + 45)) + &cut(row("30.03.2025", 96, 8..12), 93);
    expect![[r#"
        93: 2025-03-30T21:00:00Z..2025-03-30T21:15:00Z
        92 readings, 3 of them missing
        line 2: the line has fields for 89 of the 92 values of its day, as if it were cut off: the others are taken as missing
    "#]].assert_eq(&places(&spring, &support::options(), &[93]));
    let numbers: Vec<String> = (1..=100).map(|number| number.to_string()).collect();
    // A day has no more values than these: the columns of the longest one may be left out.
    let numbered = header(&numbers)
        + &cut(row("01.02.2025", 96, 0..0), 96)
        + &format!("{}\n", cut(row("30.03.2025", 92, 0..0), 92))
        + &cut(row("02.02.2025", 96, 0..0), 90);
    expect![[r#"
        90: 2025-02-01T21:15:00Z..2025-02-01T21:30:00Z
        90: 2025-03-30T21:15:00Z..2025-03-30T21:30:00Z
        90: 2025-02-02T21:15:00Z..2025-02-02T21:30:00Z
        284 readings, 6 of them missing
        line 5: the line has fields for 90 of the 96 values of its day, as if it were cut off: the others are taken as missing
    "#]].assert_eq(&places(&numbered, &support::options(), &[90]));
}

#[test]
fn a_table_of_days_that_names_no_point_waits_for_the_hint() {
    let table = format!("Tag;{}\n01.02.2025;{}\n", clock(0, 23 * 60 + 45).join(";"), vec!["1,5"; 96].join(";"));
    assert_eq!(detect(&Head::new(table.as_bytes())), Detected::One(Format::Csv));
    check(
        &table,
        &support::options(),
        &expect![[r#"
        problem line 2: the table does not say all that its values are: give --point and --quantity (96 readings, 395 bytes)
    "#]],
    );
    expect![[r#"
        96 readings, 0 of them missing
    "#]]
    .assert_eq(&places(&table, &given("SM-1", "1-0:1.29.0", None), &[]));
    let gas = given("SM-1", "7-20:99.33.17", None);
    expect![[r#"
        0 readings, 0 of them missing
        line 2: a gas day begins at 06:00, which columns named by the clock of one day do not tell (96)
    "#]]
    .assert_eq(&places(&table, &gas, &[]));
}

#[test]
fn a_column_of_times_beside_one_of_values_is_read_with_the_hints() {
    let hourly = "start,value\n2015-11-01T00:00:00-05:00,0.29\n2015-11-01T01:00:00-05:00,1.47\n2015-11-01T01:00:00-06:00,nan\n\
                  2015-11-01T02:00:00-06:00,2.5\n";
    assert_eq!(detect(&Head::new(hourly.as_bytes())), Detected::One(Format::Csv));
    check(
        hourly,
        &support::options(),
        &expect![[r#"
        problem line 2: the table does not say all that its values are: give --point and --quantity for `value` (4 readings, 122 bytes)
    "#]],
    );
    check(
        hourly,
        &given("meter", "1-0:1.29.0", None),
        &expect![[r#"
        meter 1-0:1.29.0 interval 2015-11-01T05:00:00Z..2015-11-01T06:00:00Z 0.29 kWh true
        meter 1-0:1.29.0 interval 2015-11-01T06:00:00Z..2015-11-01T07:00:00Z 1.47 kWh true
        meter 1-0:1.29.0 interval 2015-11-01T07:00:00Z..2015-11-01T08:00:00Z - kWh missing
        meter 1-0:1.29.0 interval 2015-11-01T08:00:00Z..2015-11-01T09:00:00Z 2.5 kWh true
        meter Meter { point: meter, kind: None, name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
    check(
        "start,value\n2015-11-22T00:00:00-06:00,725.1\n2015-12-21T00:00:00-06:00,1196.81\n2016-01-22T00:00:00-06:00,nan\n",
        &given("meter", "1-0:1.29.0", None),
        &expect![[r#"
            meter 1-0:1.29.0 interval 2015-11-22T06:00:00Z..2015-12-21T06:00:00Z 725.1 kWh true
            meter 1-0:1.29.0 interval 2015-12-21T06:00:00Z..2016-01-22T06:00:00Z 1196.81 kWh true
            meter Meter { point: meter, kind: None, name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    check(
        "start,value\n2015-11-22T00:00:00-06:00,725.1\n2015-12-21T00:00:00-06:00,5\n",
        &given("meter", "1-0:1.29.0", None),
        &expect![[r#"
            meter 1-0:1.29.0 interval 2015-11-22T06:00:00Z..2015-12-21T06:00:00Z 725.1 kWh true
            problem line 3: field 2: nothing tells how long the interval is: no row follows (1 readings, 27 bytes)
            meter Meter { point: meter, kind: None, name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn a_gap_is_told_and_never_becomes_a_longer_amount() {
    check(
        "time;load [MW]\n2025-01-01T00:00:00Z;1,5\n2025-01-01T01:00:00Z;2\n2025-01-01T01:15:00Z;3\n2025-01-01T01:30:00Z;4\n\
         2025-01-01T05:00:00Z;5\n",
        &given("plant", "generation.biomass", None),
        &expect![[r#"
            plant generation.biomass interval 2025-01-01T00:00:00Z..2025-01-01T00:15:00Z 1.5 MW true
            plant generation.biomass interval 2025-01-01T01:00:00Z..2025-01-01T01:15:00Z 2 MW true
            plant generation.biomass interval 2025-01-01T01:15:00Z..2025-01-01T01:30:00Z 3 MW true
            plant generation.biomass interval 2025-01-01T01:30:00Z..2025-01-01T01:45:00Z 4 MW true
            plant generation.biomass interval 2025-01-01T05:00:00Z..2025-01-01T05:15:00Z 5 MW true
            finding note assumed_interval line 1: the table does not say whether a time is the beginning or the end of its interval: it is taken as the beginning
            finding warning gap line 2: the next row is 60 minutes away, yet rows were 15 minutes apart: its amount is taken as one of 15 minutes
            meter Meter { point: plant, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn several_columns_of_one_quantity_are_points_by_their_names() {
    check(
        "timestamp,building_1,building_2\n2016-01-01 00:00:00,186.532,219.27\n2016-01-01 01:00:00,1,\n2016-01-01 02:00:00,2,3\n",
        &Options { quantity: "1-0:1.29.0".parse().ok(), zone: Some(Zone::UTC), ..support::options() },
        &expect![[r#"
            building_1 1-0:1.29.0 interval 2016-01-01T00:00:00Z..2016-01-01T01:00:00Z 186.532 kWh true
            building_2 1-0:1.29.0 interval 2016-01-01T00:00:00Z..2016-01-01T01:00:00Z 219.27 kWh true
            building_1 1-0:1.29.0 interval 2016-01-01T01:00:00Z..2016-01-01T02:00:00Z 1 kWh true
            building_2 1-0:1.29.0 interval 2016-01-01T01:00:00Z..2016-01-01T02:00:00Z - kWh missing
            building_1 1-0:1.29.0 interval 2016-01-01T02:00:00Z..2016-01-01T03:00:00Z 2 kWh true
            building_2 1-0:1.29.0 interval 2016-01-01T02:00:00Z..2016-01-01T03:00:00Z 3 kWh true
            finding note assumed_interval line 1: the table does not say whether a time is the beginning or the end of its interval: it is taken as the beginning
            meter Meter { point: building_1, kind: None, name: None, server_id: None, maker: None, resolution: None }
            meter Meter { point: building_2, kind: None, name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn times_without_a_zone_are_kept_together_until_it_is_given() {
    let table = "timestamp,a\n2016-01-01 00:00:00,1\n2016-01-01 01:00:00,2\n";
    let pieces = support::decode(Format::Csv, table.as_bytes(), &given("p", "load", None), 5);
    let problem = &pieces[0].problems[0];
    expect![[r#"
        problem line 2: `2016-01-01 00:00:00` has no zone: give --timezone (2 readings, 44 bytes)
        meter Meter { point: p, kind: Some(Area), name: None, server_id: None, maker: None, resolution: None }
    "#]]
    .assert_eq(&support::describe(&pieces));
    let again = [problem.prelude.as_slice(), &problem.bytes].concat();
    assert_eq!(again, table.as_bytes());
}

#[test]
fn tables_that_are_no_series_are_not_claimed() {
    for other in [
        &b"start,value\n"[..],
        b"start,value\nsoon,1\n",
        b",period,weekday,h0\n2007-01-01 00:00:00,summer,1,0.08\n",
        b"timestamp,deviation mHz\n2024-01-01T00:00:00Z,1\n",
        b"name,value\n2024-01-01T00:00:00Z,1\n",
    ] {
        assert_eq!(Format::Csv.recognise(&Head::new(other)), None, "{}", String::from_utf8_lossy(other));
    }
    let files = [
        "slp/demandlib_selp_series.csv",
        "slp/demandlib_h25.csv",
        "slp/slp.csv",
        "slp/demandlib_shlp_hour_factors.csv",
    ];
    for sample in files {
        let Some(bytes) = support::sample(sample) else { return };
        let head = Head::new(&bytes[..bytes.len().min(HEAD_BYTES)]);
        for format in
            [Format::Csv, Format::Frequency, Format::Netztransparenz, Format::Redispatch, Format::Poi, Format::Nem12]
        {
            assert_eq!(format.recognise(&head), None, "{sample} as {format}");
        }
    }
}

/// The bytes of a gzip file, by way of a zip archive around its packed bytes.
fn unpacked(gzip: &[u8]) -> Vec<u8> {
    let name = if gzip[3] & 8 != 0 { gzip[10..].iter().position(|byte| *byte == 0).expect("a name") + 1 } else { 0 };
    let packed = &gzip[10 + name..gzip.len() - 8];
    let sums =
        [&gzip[gzip.len() - 8..gzip.len() - 4], &(packed.len() as u32).to_le_bytes(), &gzip[gzip.len() - 4..]].concat();
    let common = [&[20, 0, 0, 0, 8, 0, 0, 0, 33, 0][..], &sums, &[1, 0, 0, 0]].concat();
    let local = [b"PK\x03\x04".as_slice(), &common, b"a", packed].concat();
    let central = [b"PK\x01\x02\x14\x00".as_slice(), &common, &[0; 14], b"a"].concat();
    let end = [
        b"PK\x05\x06\0\0\0\0\x01\0\x01\0".as_slice(),
        &(central.len() as u32).to_le_bytes(),
        &(local.len() as u32).to_le_bytes(),
        &[0, 0],
    ];
    let archive = [local.as_slice(), &central, &end.concat()].concat();
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).expect("an archive");
    let mut bytes = Vec::new();
    archive.by_index(0).expect("a member").read_to_end(&mut bytes).expect("its bytes");
    bytes
}

/// Rows, their sums by channel, missing values, problems by reason, findings.
fn account(bytes: &[u8], options: &Options) -> String {
    assert_eq!(detect(&Head::new(&bytes[..bytes.len().min(HEAD_BYTES)])), Detected::One(Format::Csv));
    let decoded = support::decode(Format::Csv, bytes, options, 1 << 16);
    let mut channels = BTreeMap::<String, (usize, usize, Decimal, String, String)>::new();
    let mut reasons = BTreeMap::<String, u64>::new();
    for piece in &decoded {
        for row in piece.batch.rows() {
            let channel = piece.batch.channel(row);
            let period = format!("{}..{}", row.period.start(), row.period.end());
            let entry = channels.entry(format!("{} {} {}", channel.point, channel.quantity, row.kind));
            let entry = entry.or_insert((0, 0, Decimal::ZERO, period.clone(), String::new()));
            entry.0 += 1;
            entry.1 += usize::from(row.value.is_none());
            entry.2 = entry.2.checked_add(row.value.unwrap_or_default()).expect("a sum");
            entry.4 = period;
        }
        for problem in &piece.problems {
            let reason = problem.reason.rsplit('`').next().unwrap_or_default().trim().to_owned();
            *reasons.entry(reason).or_default() += problem.readings;
        }
    }
    let mut text = String::new();
    for (channel, (rows, missing, sum, first, last)) in channels {
        text += &format!("{channel}: {rows} readings, {missing} missing, sum {sum}, {first} to {last}\n");
    }
    for (reason, readings) in reasons {
        text += &format!("lost {readings}: {reason}\n");
    }
    for finding in decoded.iter().flat_map(|piece| &piece.findings) {
        text += &format!("{} {}\n", finding.rule, finding.position);
    }
    text
}

#[test]
fn real_series_of_meters_are_read_to_the_last_digit() {
    let meter = given("meter", "1-0:1.29.0", None);
    let names = [
        "il-electricity-cdd-hdd-hourly",
        "il-gas-hdd-only-hourly",
        "il-electricity-cdd-hdd-daily",
        "il-electricity-cdd-hdd-billing_monthly",
        "il-gas-hdd-only-billing_bimonthly",
        "uk-electricity-hdd-only-hourly-sample-0",
        "uk-gas-hdd-only-hourly-sample-0",
        "il-tempF",
    ];
    let mut text = String::new();
    for name in names {
        let Some(bytes) = support::sample(&format!("load-opendsm/{name}.csv.gz")) else { return };
        text += &format!("{name}\n{}", account(&unpacked(&bytes), &meter));
    }
    let Some(bytes) = support::sample("load-opendsm/uk-tempC-sample-0.csv.gz") else { return };
    text += &format!("uk-tempC\n{}", account(&unpacked(&bytes), &given("meter", "", Some(Zone::UTC))));
    expect![[r#"
        il-electricity-cdd-hdd-hourly
        meter 1-0:1.29.0 interval: 19417 readings, 0 missing, sum 21927.13, 2015-11-22T06:00:00Z..2015-11-22T07:00:00Z to 2018-02-08T06:00:00Z..2018-02-08T07:00:00Z
        il-gas-hdd-only-hourly
        meter 1-0:1.29.0 interval: 19417 readings, 0 missing, sum 2426.82, 2015-11-22T06:00:00Z..2015-11-22T07:00:00Z to 2018-02-08T06:00:00Z..2018-02-08T07:00:00Z
        il-electricity-cdd-hdd-daily
        meter 1-0:1.29.0 interval: 810 readings, 1 missing, sum 21925.83, 2015-11-22T06:00:00Z..2015-11-23T06:00:00Z to 2018-02-08T06:00:00Z..2018-02-09T06:00:00Z
        il-electricity-cdd-hdd-billing_monthly
        meter 1-0:1.29.0 interval: 26 readings, 0 missing, sum 21290.17, 2015-11-22T06:00:00Z..2015-12-21T06:00:00Z to 2017-12-22T06:00:00Z..2018-01-20T06:00:00Z
        il-gas-hdd-only-billing_bimonthly
        meter 1-0:1.29.0 interval: 13 readings, 0 missing, sum 2290.42, 2015-11-22T06:00:00Z..2016-01-21T06:00:00Z to 2017-11-16T06:00:00Z..2018-01-15T06:00:00Z
        uk-electricity-hdd-only-hourly-sample-0
        meter 1-0:1.29.0 interval: 23508 readings, 0 missing, sum 3789.626, 2020-04-01T01:00:00Z..2020-04-01T02:00:00Z to 2022-12-06T12:00:00Z..2022-12-06T13:00:00Z
        binary_float 
        uk-gas-hdd-only-hourly-sample-0
        meter 1-0:1.29.0 interval: 23508 readings, 0 missing, sum 16878.2622, 2020-04-01T01:00:00Z..2020-04-01T02:00:00Z to 2022-12-06T12:00:00Z..2022-12-06T13:00:00Z
        binary_float 
        il-tempF
        meter air_temperature instant: 19417 readings, 0 missing, sum 1059689.06, 2015-11-22T06:00:00Z..2015-11-22T06:00:00Z to 2018-02-08T06:00:00Z..2018-02-08T06:00:00Z
        uk-tempC
        meter air_temperature instant: 23508 readings, 0 missing, sum 247465.5971330246, 2020-04-01T01:00:00Z..2020-04-01T01:00:00Z to 2022-12-06T12:00:00Z..2022-12-06T12:00:00Z
    "#]].assert_eq(&text);
}

#[test]
fn real_tables_of_grids_and_buildings_are_read_with_their_hints() {
    let mut text = String::new();
    let melbourne = "Australia/Melbourne".parse().ok();
    // Ausgrid never changes its clock.
    let brisbane = "Australia/Brisbane".parse().ok();
    for (sample, options) in [
        ("load-vic/vic_electricity.csv", Options { area: "VIC".parse().ok(), zone: melbourne, ..support::options() }),
        (
            "load-bdg2/bdg2_hourly_sample.csv",
            Options { quantity: "1-0:1.29.0".parse().ok(), zone: Some(Zone::UTC), ..support::options() },
        ),
        ("load-ausgrid/data_2011-2012.csv", given("customer", "", brisbane)),
    ] {
        let Some(bytes) = support::sample(sample) else { return };
        text += &format!("{sample}\n{}", account(&bytes, &options));
    }
    expect![[r#"
        load-vic/vic_electricity.csv
        VIC air_temperature instant: 52608 readings, 0 missing, sum 855672.85, 2011-12-31T13:00:00Z..2011-12-31T13:00:00Z to 2014-12-31T12:30:00Z..2014-12-31T12:30:00Z
        VIC load interval: 52608 readings, 0 missing, sum 245439090.090286000004, 2011-12-31T13:00:00Z..2011-12-31T13:30:00Z to 2014-12-31T12:30:00Z..2014-12-31T13:00:00Z
        unread_column line 1
        unread_column line 1
        assumed_unit line 1
        assumed_unit line 1
        assumed_interval line 1
        binary_float 
        load-bdg2/bdg2_hourly_sample.csv
        building_1 1-0:1.29.0 interval: 6553 readings, 0 missing, sum 1396657.011875, 2016-01-01T00:00:00Z..2016-01-01T01:00:00Z to 2016-09-30T00:00:00Z..2016-09-30T01:00:00Z
        building_2 1-0:1.29.0 interval: 6553 readings, 0 missing, sum 1613382.0505, 2016-01-01T00:00:00Z..2016-01-01T01:00:00Z to 2016-09-30T00:00:00Z..2016-09-30T01:00:00Z
        assumed_interval line 1
        binary_float 
        load-ausgrid/data_2011-2012.csv
        customer 1-1:1.29.0 interval: 17568 readings, 0 missing, sum 11876.738, 2011-06-30T14:00:00Z..2011-06-30T14:30:00Z to 2012-06-30T13:30:00Z..2012-06-30T14:00:00Z
        customer 1-1:2.29.0 interval: 17568 readings, 0 missing, sum 2592.808, 2011-06-30T14:00:00Z..2011-06-30T14:30:00Z to 2012-06-30T13:30:00Z..2012-06-30T14:00:00Z
        assumed_interval line 1
        binary_float 
    "#]].assert_eq(&text);
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic_and_the_same_in_any_pieces(
        header in prop::sample::select(&["start,value\n", "time;bezug [kWh];export_kwh\n", "von;bis;Wert\n", "Datum;Uhrzeit;Wert\n", "Ende;Wert\n"][..]),
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b";,\n:.0123-T Z"[..])], 0..300),
        piece in 1_usize..20,
    ) {
        let bytes = [header.as_bytes(), b"2025-01-01 00:00;1\n2025-01-01 00:15;1\n", &bytes].concat();
        let options = given("p", "1-0:1.29.0", Some(Zone::BERLIN));
        let whole = support::describe(&support::decode(Format::Csv, &bytes, &options, usize::MAX));
        prop_assert_eq!(support::describe(&support::decode(Format::Csv, &bytes, &options, piece)), whole);
    }

    #[test]
    fn rows_of_days_are_read_without_panic(
        cells in proptest::collection::vec("[0-9,.]{0,5}", 90..102),
        day in prop::sample::select(&["30.03.2025", "26.10.2025", "1.1.2025", "31.02.2025", "9999-12-31"][..]),
        piece in 1_usize..50,
    ) {
        let header = format!("Datum;{}\n", clock(15, 24 * 60).join(";"));
        let table = format!("{header}{day};{}\n", cells.join(";"));
        let options = given("p", "1-0:1.29.0", None);
        let whole = support::describe(&support::decode(Format::Csv, table.as_bytes(), &options, usize::MAX));
        prop_assert_eq!(support::describe(&support::decode(Format::Csv, table.as_bytes(), &options, piece)), whole);
    }
}
