//! NDJSON through the front door: a line in, readings or a reason out.

use crate::arbitrary;
use crate::support;

use expect_test::{Expect, expect};
use metrify_domain::calendar::Zone;
use metrify_domain::time::QUARTER_HOUR;
use metrify_domain::{Kind, Period, Quality, Quantity, Reading, Timestamp};
use metrify_formats::ndjson::{DaySet, write_day_set, write_reading};
use metrify_formats::{Detected, Format, Head, Options, detect};
use proptest::prelude::*;

fn check(lines: &str, expected: &Expect) {
    check_with(lines.as_bytes(), &support::options(), expected);
}

fn check_with(bytes: &[u8], options: &Options, expected: &Expect) {
    let whole = support::describe(&support::decode(Format::Ndjson, bytes, options, usize::MAX));
    expected.assert_eq(&whole);
    for piece in [1, 7] {
        let pieces = support::describe(&support::decode(Format::Ndjson, bytes, options, piece));
        assert_eq!(pieces, whole, "in pieces of {piece} bytes");
    }
}

fn berlin() -> Options {
    Options { zone: Some(Zone::BERLIN), ..support::options() }
}

#[test]
fn the_quantity_and_the_times_tell_what_a_line_leaves_out() {
    check(
        r#"
{"point":"50120962218","quantity":"1-0:1.29.0","period_start":"2025-03-30T00:45:00Z","period_end":"2025-03-30T01:00:00Z","value":0.250}
{"point":"50120962218","quantity":"1-0:1.8.0*255","at":"2025-03-30T02:00:00+01:00","value":"2043104.7","unit":"Wh"}
{"point":"1ISK0075126084","quantity":"1-0:16.7.0","at":"2025-03-30 01:00:00.5Z","value":-1.2e2,"quality":"faulty"}
{"point":"10315","quantity":"air_temperature","at":"2025-03-30T01:00:00Z","value":7,"delivery":"abc","recorded_at":"2025-03-30T04:00:00Z"}
{"point":"DE","quantity":"load","period_start":"2025-03-30T00:00:00Z","period_end":"2025-03-30T01:00:00Z","value":18446744073709551615.000000000001}
{"point":"x","quantity":"1-0:1.29.0","period_start":"2025-03-30T00:00:00Z","period_end":"2025-03-30T00:15:00Z","value":null,"quality":"missing","method":null,"reason":"Z75"}
{"point":"x","quantity":"1-0:1.29.0","period_start":"2025-03-30T00:00:00Z","period_end":"2025-03-30T00:15:00Z","value":1,"quality":"substitute","method":"Z\u0039\u0032","reason":"\ud83d\ude00"}
"#,
        &expect![[r#"
            50120962218 1-0:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 0.25 kWh true
            50120962218 1-0:1.8.0 register 2025-03-30T01:00:00Z 2043104.7 Wh true
            1ISK0075126084 1-0:16.7.0 instant 2025-03-30T01:00:00.500Z -120 W faulty
            10315 air_temperature instant 2025-03-30T01:00:00Z 7 Cel true known 2025-03-30T04:00:00Z
            DE load interval 2025-03-30T00:00:00Z..2025-03-30T01:00:00Z 18446744073709551615.000000000001 MWh true
            x 1-0:1.29.0 interval 2025-03-30T00:00:00Z..2025-03-30T00:15:00Z - kWh missing reason=Z75
            x 1-0:1.29.0 interval 2025-03-30T00:00:00Z..2025-03-30T00:15:00Z 1 kWh substitute method=Z92 reason=😀
        "#]],
    );
}

#[test]
fn a_line_that_is_not_understood_says_why_and_the_others_come_out() {
    check(
        r#"{"point":"a","quantity":"1-0:1.8.0","at":"2025-01-01T00:00:00Z","value":1}
{"point":"a","quantity":"1-0:1.8.0","at":"2025-01-01T00:00:00Z","value":1} x
{"point":"a","quantity":"1-0:1.8.0","at":"2025-01-01T00:00:00Z","value":1,"value":2}
{"point":"a","quantity":"1-0:1.8.0","at":"2025-01-01T00:00:00Z","value":true}
{"point":41373559241,"quantity":"1-0:1.8.0","at":"2025-01-01T00:00:00Z","value":1}
{"point":"a","quantity":"1.8.0","at":"2025-01-01T00:00:00Z","value":1}
{"point":"","quantity":"1-0:1.8.0","at":"2025-01-01T00:00:00Z","value":1}
{"quantity":"1-0:1.8.0","at":"2025-01-01T00:00:00Z","value":1}
{"point":"a","quantity":"1-0:1.8.0","at":1735689600,"value":1}
{"point":"a","quantity":"1-0:1.8.0","at":"2025-01-01T00:00:00","value":1}
{"point":"a","quantity":"1-0:1.8.0","value":1}
{"point":"a","quantity":"1-0:1.8.0","at":"2025-01-01T00:00:00Z","period_start":"2025-01-01T00:00:00Z","value":1}
{"point":"a","quantity":"1-0:1.8.0","period_start":"2025-01-01T00:00:00Z","period_end":"2025-01-01T00:15:00Z","value":1}
{"point":"a","quantity":"1-0:1.29.0","at":"2025-01-01T00:00:00Z","value":1}
{"point":"a","quantity":"1-0:1.29.0","period_start":"2025-01-01T00:15:00Z","period_end":"2025-01-01T00:00:00Z","value":1}
{"point":"a","quantity":"humidity","at":"2025-01-01T00:00:00Z","value":1}
{"point":"a","quantity":"1-0:1.8.0","at":"2025-01-01T00:00:00Z"}
{"point":"a","quantity":"1-0:1.8.0","at":"2025-01-01T00:00:00Z","value":1,"quality":"missing"}
{"point":"a","quantity":"1-0:1.8.0","at":"2025-01-01T00:00:00Z","value":1,"quality":"good"}
{"point":"a","quantity":"1-0:1.8.0","at":"2025-01-01T00:00:00Z","value":1,"kind":"meter"}
{"point":"a","quantity":"1-0:1.8.0","at":"2025-01-01T00:00:00Z","value":"1,5"}
{"point":"a","quantity":"1-0:1.8.0","at":"2025-01-01T00:00:00Z","value":0.1234567890123}
{"point":"a","quantity":"1-0:1.8.0","at":"2025-01-01T00:00:00Z","value":1,"unit":"kilowatt hours per"}
{"point":"a","quantity":"1-0:1.8.0","at":"2025-01-01T00:00:00Z","value":1,"reason":"a\nb"}
[{"point":"a"}]
{"point":"a","quantity":"1-0:1.8.0","at":"2025-01-01T00:15:00Z","value":2}"#,
        &expect![[r#"
            a 1-0:1.8.0 register 2025-01-01T00:00:00Z 1 kWh true
            a 1-0:1.8.0 register 2025-01-01T00:15:00Z 2 kWh true
            problem line 2: column 76: expected the end of the line after the object, found `x` (1 readings, 76 bytes)
            problem line 3: `value` stands twice (1 readings, 84 bytes)
            problem line 4: `value` is true or false, not a number (1 readings, 77 bytes)
            problem line 5: `point` is a number, not a text (1 readings, 82 bytes)
            problem line 6: `1.8.0` is neither an OBIS code such as 1-0:1.8.0 nor a name such as air_temperature (lower case, digits, `_`, `.`, at most 47 bytes) (1 readings, 70 bytes)
            problem line 7: `point` is missing (1 readings, 73 bytes)
            problem line 8: `point` is missing (1 readings, 62 bytes)
            problem line 9: `1735689600` is a bare number, which may count seconds or milliseconds: write a time such as 2025-03-30T01:45:00Z (1 readings, 62 bytes)
            problem line 10: `2025-01-01T00:00:00` has no zone: give --timezone (1 readings, 73 bytes)
            problem line 11: the time is missing: `at`, or `period_start` and for an interval `period_end` (1 readings, 46 bytes)
            problem line 12: `at` stands for both times: leave out `period_start` and `period_end` (1 readings, 112 bytes)
            problem line 13: a value of kind register has one time, yet it lasts from 2025-01-01T00:00:00Z to 2025-01-01T00:15:00Z: `1-0:1.8.0` is such a value unless `kind` says otherwise (1 readings, 120 bytes)
            problem line 14: an interval needs `period_end` (1 readings, 75 bytes)
            problem line 15: the end 2025-01-01T00:00:00Z lies before the start 2025-01-01T00:15:00Z (1 readings, 121 bytes)
            problem line 16: `unit` is missing, and `humidity` does not fix it (1 readings, 73 bytes)
            problem line 17: `value` is missing, and `quality` does not say so (1 readings, 64 bytes)
            problem line 18: the quality is missing, yet there is the value `1` (1 readings, 94 bytes)
            problem line 19: `good` is not a quality (true, provisional, substitute, proposed, forecast, faulty, missing) (1 readings, 91 bytes)
            problem line 20: `meter` is not a kind (register, interval, instant) (1 readings, 89 bytes)
            problem line 21: `1,5` has a comma where the delivery sets its decimals apart by a point (1 readings, 78 bytes)
            problem line 22: `0.1234567890123` has more than 12 places after the point (1 readings, 88 bytes)
            problem line 23: `unit` has more than 15 bytes or a control character: `kilowatt hours per` (1 readings, 102 bytes)
            problem line 24: `reason` has more than 47 bytes or a control character: `a\nb` (1 readings, 90 bytes)
            problem line 25: the line is a list: give one object a line, without brackets around them (1 readings, 15 bytes)
        "#]],
    );
}

#[test]
fn bytes_that_are_no_text_are_named() {
    let good = r#"{"point":"a","quantity":"1-0:1.8.0","at":"2025-01-01T00:00:00Z","value":1}"#;
    let mut bytes = b"\xef\xbb\xbf".to_vec();
    for line in [good.as_bytes(), b"\r", b"{\"point\":\"\xff\"}", b"{\"point\":\"a\0\"}", b"\0", good.as_bytes()] {
        bytes.extend_from_slice(line);
        bytes.push(b'\n');
    }
    check_with(
        &bytes,
        &support::options(),
        &expect![[r#"
        a 1-0:1.8.0 register 2025-01-01T00:00:00Z 1 kWh true
        a 1-0:1.8.0 register 2025-01-01T00:00:00Z 1 kWh true
        problem line 3: byte 11 of the line is not UTF-8 (1 readings, 13 bytes)
        problem line 4: column 12: expected a closing quote, found `\0` (1 readings, 14 bytes)
        problem line 5: column 1: expected an object, found `\0` (1 readings, 1 bytes)
    "#]],
    );
    let utf_16: Vec<u8> = format!("{good}\n{good}\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    check_with(
        &utf_16,
        &support::options(),
        &expect![[r#"
            problem : the bytes are UTF-16, yet UTF-8 is needed: save the file as UTF-8 (2 readings, 301 bytes)
        "#]],
    );
    let marked: Vec<u8> = format!("\u{feff}{good}").encode_utf16().flat_map(u16::to_be_bytes).collect();
    check_with(
        &marked,
        &support::options(),
        &expect![[r#"
        problem : the bytes are UTF-16, yet UTF-8 is needed: save the file as UTF-8 (1 readings, 151 bytes)
    "#]],
    );
}

#[test]
fn an_unknown_key_is_told_of_once_with_the_nearest_known_one() {
    check(
        r#"{"point":"a","quantity":"1-0:1.8.0","at":"2025-01-01T00:00:00Z","value":1,"qualitaet":"true","meta":{"a":[1,{"b":null}]}}
{"point":"a","quantity":"1-0:1.8.0","at":"2025-01-01T00:15:00Z","value":1,"qualitaet":"true"}
{"point":"a","quantity":"1-0:1.8.0","at":"2025-01-01T00:30:00Z","valeu":1}
"#,
        &expect![[r#"
            a 1-0:1.8.0 register 2025-01-01T00:00:00Z 1 kWh true
            a 1-0:1.8.0 register 2025-01-01T00:15:00Z 1 kWh true
            problem line 3: `value` is missing, and `quality` does not say so (1 readings, 74 bytes)
            finding warning unknown_key line 1: `qualitaet` is passed over, since it is not one we know; the nearest is `quality`
            finding warning unknown_key line 1: `meta` is passed over, since it is not one we know; the nearest is `at`
            finding warning unknown_key line 3: `valeu` is passed over, since it is not one we know; the nearest is `value`
        "#]],
    );
}

fn day_set(quantity: &str, day: &str, count: usize) -> String {
    let values = vec!["1.5"; count].join(",");
    format!(
        "{{\"point\":\"a\",\"quantity\":\"{quantity}\",\"day\":\"{day}\",\"unit\":\"kWh\",\"values\":[{values}]}}\n"
    )
}

/// Readings, first start, last end and total, or the reason.
fn summary(lines: &str) -> String {
    let pieces = support::decode(Format::Ndjson, lines.as_bytes(), &support::options(), 64);
    let rows: Vec<_> = pieces.iter().flat_map(|piece| piece.batch.rows()).collect();
    if let Some(problem) = pieces.iter().flat_map(|piece| &piece.problems).next() {
        return format!("{} readings, {} lost: {}", rows.len(), problem.readings, problem.reason);
    }
    assert!(rows.windows(2).all(|pair| pair[0].period.end() == pair[1].period.start()), "neighbours");
    let ends =
        rows.first().zip(rows.last()).map(|(first, last)| format!("{}..{}", first.period.start(), last.period.end()));
    format!("{} readings {}", rows.len(), ends.unwrap_or_default())
}

#[test]
fn a_day_set_has_as_many_values_as_its_day() {
    for (quantity, day, count, expected) in [
        ("1-0:1.29.0", "2025-03-30", 92, "92 readings 2025-03-29T23:00:00Z..2025-03-30T22:00:00Z"),
        ("1-0:1.29.0", "30.03.2025", 23, "23 readings 2025-03-29T23:00:00Z..2025-03-30T22:00:00Z"),
        ("load", "2025-10-26", 100, "100 readings 2025-10-25T22:00:00Z..2025-10-26T23:00:00Z"),
        ("1-0:2.29.0", "2025-10-26", 25, "25 readings 2025-10-25T22:00:00Z..2025-10-26T23:00:00Z"),
        ("1-0:1.9.0", "2025-06-01", 96, "96 readings 2025-05-31T22:00:00Z..2025-06-01T22:00:00Z"),
        // The gas day from 06:00 to 06:00 is short on the Saturday before the clock is set forward.
        ("7-20:99.33.17", "2025-03-29", 23, "23 readings 2025-03-29T05:00:00Z..2025-03-30T04:00:00Z"),
        ("7-20:99.33.17", "2025-03-30", 24, "24 readings 2025-03-30T04:00:00Z..2025-03-31T04:00:00Z"),
        (
            "1-0:1.29.0",
            "2025-03-30",
            96,
            "0 readings, 96 lost: the day 2025-03-30 has 92 quarter-hours or 23 hours, yet there are 96 values",
        ),
        (
            "7-20:99.33.17",
            "2025-10-26",
            25,
            "0 readings, 25 lost: the gas day 2025-10-26 has 96 quarter-hours or 24 hours, yet there are 25 values",
        ),
        (
            "1-0:1.29.0",
            "2025-03-30",
            0,
            "0 readings, 1 lost: the day 2025-03-30 has 92 quarter-hours or 23 hours, yet there are 0 values",
        ),
        ("1-0:1.29.0", "2025-02-30", 96, "0 readings, 96 lost: `2025-02-30` names no moment of the calendar"),
        (
            "1-0:1.8.0",
            "2025-06-01",
            96,
            "0 readings, 96 lost: a `day` holds amounts over intervals, yet `1-0:1.8.0` is of kind register",
        ),
    ] {
        assert_eq!(summary(&day_set(quantity, day, count)), expected);
    }
}

#[test]
fn one_bad_value_of_a_day_costs_its_own_reading() {
    let mut values: Vec<_> = (0..24).map(|hour| hour.to_string()).collect();
    "null".clone_into(&mut values[1]);
    "\"x\"".clone_into(&mut values[2]);
    "true".clone_into(&mut values[3]);
    values.truncate(24);
    let line = format!(
        r#"{{"point":"a","quantity":"load","day":"2025-06-01","quality":"provisional","recorded_at":"2025-06-02T00:00:00Z","values":[{}]}}"#,
        values.join(",")
    );
    let described = support::describe(&support::decode(Format::Ndjson, line.as_bytes(), &support::options(), 5));
    let beginning: String = described.lines().take(3).chain(described.lines().last()).collect::<Vec<_>>().join("\n");
    expect![[r#"
        a load interval 2025-05-31T22:00:00Z..2025-05-31T23:00:00Z 0 MWh provisional known 2025-06-02T00:00:00Z
        a load interval 2025-05-31T23:00:00Z..2025-06-01T00:00:00Z - MWh missing known 2025-06-02T00:00:00Z
        a load interval 2025-06-01T02:00:00Z..2025-06-01T03:00:00Z 4 MWh provisional known 2025-06-02T00:00:00Z
        problem line 1: value 3: `x` is not a decimal number (2 readings, 192 bytes)"#]]
    .assert_eq(&beginning);
}

#[test]
fn local_times_are_told_by_the_order_of_each_channel() {
    let line = |point: &str, local: &str| {
        format!("{{\"point\":\"{point}\",\"quantity\":\"1-0:1.8.0\",\"at\":\"{local}\",\"value\":1}}\n")
    };
    let mut lines = String::new();
    for local in ["01:45", "02:00", "02:45", "02:00", "02:45", "03:00"] {
        for point in ["a", "b"] {
            lines += &line(point, &format!("2023-10-29 {local}"));
        }
    }
    lines += &line("c", "2023-10-29 02:15");
    lines += &line("c", "2023-03-26 02:15");
    check_with(
        lines.as_bytes(),
        &berlin(),
        &expect![[r#"
        a 1-0:1.8.0 register 2023-10-28T23:45:00Z 1 kWh true
        b 1-0:1.8.0 register 2023-10-28T23:45:00Z 1 kWh true
        a 1-0:1.8.0 register 2023-10-29T00:00:00Z 1 kWh true
        b 1-0:1.8.0 register 2023-10-29T00:00:00Z 1 kWh true
        a 1-0:1.8.0 register 2023-10-29T00:45:00Z 1 kWh true
        b 1-0:1.8.0 register 2023-10-29T00:45:00Z 1 kWh true
        a 1-0:1.8.0 register 2023-10-29T01:00:00Z 1 kWh true
        b 1-0:1.8.0 register 2023-10-29T01:00:00Z 1 kWh true
        a 1-0:1.8.0 register 2023-10-29T01:45:00Z 1 kWh true
        b 1-0:1.8.0 register 2023-10-29T01:45:00Z 1 kWh true
        a 1-0:1.8.0 register 2023-10-29T02:00:00Z 1 kWh true
        b 1-0:1.8.0 register 2023-10-29T02:00:00Z 1 kWh true
        problem line 13: the local time 2023-10-29 02:15:00 came twice in Europe/Berlin, and the rows before do not tell which one is meant (1 readings, 70 bytes)
        problem line 14: the local time 2023-03-26 02:15:00 does not exist in Europe/Berlin: the clock was set forward over it (1 readings, 70 bytes)
    "#]],
    );
}

#[test]
fn an_interval_told_by_the_clock_is_a_quarter_hour_through_both_changes() {
    let mut lines = String::new();
    for (start, end) in [
        ("2023-03-26 01:45", "2023-03-26 02:00"),
        ("2023-03-26 03:00", "2023-03-26 03:15"),
        ("2023-10-29 01:45", "2023-10-29 02:00"),
        ("2023-10-29 02:45", "2023-10-29 02:00"),
        ("2023-10-29 02:45", "2023-10-29 03:00"),
    ] {
        lines += &format!(
            "{{\"point\":\"a\",\"quantity\":\"1-0:1.29.0\",\"period_start\":\"{start}\",\"period_end\":\"{end}\",\"value\":1}}\n"
        );
    }
    check_with(
        lines.as_bytes(),
        &berlin(),
        &expect![[r#"
        a 1-0:1.29.0 interval 2023-03-26T00:45:00Z..2023-03-26T01:00:00Z 1 kWh true
        a 1-0:1.29.0 interval 2023-03-26T01:00:00Z..2023-03-26T01:15:00Z 1 kWh true
        a 1-0:1.29.0 interval 2023-10-28T23:45:00Z..2023-10-29T00:00:00Z 1 kWh true
        a 1-0:1.29.0 interval 2023-10-29T00:45:00Z..2023-10-29T01:00:00Z 1 kWh true
        a 1-0:1.29.0 interval 2023-10-29T01:45:00Z..2023-10-29T02:00:00Z 1 kWh true
    "#]],
    );
}

#[test]
fn an_endless_line_is_one_problem() {
    let mut bytes = vec![b'{'; 2 << 20];
    bytes.extend_from_slice(
        b"\n{\"point\":\"a\",\"quantity\":\"1-0:1.8.0\",\"at\":\"2025-01-01T00:00:00Z\",\"value\":1}\n",
    );
    check_whole(
        &bytes,
        &expect![[r#"
        a 1-0:1.8.0 register 2025-01-01T00:00:00Z 1 kWh true
        problem line 1: the line is longer than any that holds readings (1 readings, 65536 bytes)
    "#]],
    );
}

fn check_whole(bytes: &[u8], expected: &Expect) {
    expected.assert_eq(&support::describe(&support::decode(Format::Ndjson, bytes, &support::options(), 1 << 16)));
}

#[test]
fn ours_is_recognised_by_its_first_lines_and_other_json_is_not() {
    let one = br#"{"quantity":"load","point":"DE"}"#;
    assert_eq!(detect(&Head::new(one)), Detected::One(Format::Ndjson));
    let mut damaged = b"\xef\xbb\xbf\n{\"point\":\n".to_vec();
    damaged.extend_from_slice(one);
    assert_eq!(detect(&Head::new(&damaged)), Detected::One(Format::Ndjson));
    for other in [&br#"{"type":"Point","quantity":1}"#[..], b"{}", b"", b"\"point\",\"quantity\"", b"[{\"point\":1}]"] {
        assert_eq!(Format::Ndjson.recognise(&Head::new(other)), None, "{}", String::from_utf8_lossy(other));
    }
}

/// A line of a few shapes, or almost of one: other marks, other kinds of values, other endings.
fn similar_line() -> impl Strategy<Value = String> {
    let space = prop::sample::select(&["", " ", "\t"][..]);
    let time = prop::sample::select(
        &["\"2025-01-01T00:00:00Z\"", "\"2025-01-01T00:15:00Z\"", "7", "null", "\"\"", "\"x\\n\""][..],
    );
    let value =
        prop::sample::select(&["1", "1.5", "-0", "01", "1.", "1e2", "\"2\"", "null", "true", "[1]", "{}", ""][..]);
    let unit = prop::sample::select(&["\"kWh\"", "\"W\"", "null", "\"k\\u0057h\"", "\"\""][..]);
    let key = prop::sample::select(&["value", "values", "valve", "point"][..]);
    let end = prop::sample::select(&["}", "} ", "}}", ",}", "", "}x"][..]);
    (space, time, value, unit, key, end).prop_map(|(space, time, value, unit, key, end)| {
        format!(
            "{{\"point\":{space}\"50120962218\",\"quantity\":\"1-0:16.7.0\",\"at\":{time},\"{key}\":{value},\"unit\":{space}{unit}{end}"
        )
    })
}

proptest! {
    /// What lines have in common is used to read them quickly; each says what it says alone.
    #[test]
    fn a_line_says_the_same_whatever_stood_before_it(lines in proptest::collection::vec(similar_line(), 1..40)) {
        let tell = |lines: &[String]| {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            let pieces = support::decode(Format::Ndjson, text.as_bytes(), &support::options(), 64);
            let statements = arbitrary::statements(&pieces);
            let reasons = pieces.iter().flat_map(|piece| &piece.problems).map(|problem| problem.reason.clone());
            (statements, reasons.collect::<Vec<_>>())
        };
        let (statements, reasons) = tell(&lines);
        let alone: Vec<_> = lines.iter().map(|line| tell(std::slice::from_ref(line))).collect();
        let expected: Result<Vec<_>, _> = alone.iter().map(|(statements, _)| statements.clone()).collect();
        prop_assert_eq!(statements, expected.map(|statements| statements.concat()));
        prop_assert_eq!(reasons, alone.into_iter().flat_map(|(_, reasons)| reasons).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_written_is_read_back(readings in proptest::collection::vec(arbitrary::statement(), 1..20), piece in 1_usize..500) {
        let mut lines = Vec::new();
        for (channel, document, reading) in &readings {
            write_reading(&mut lines, channel, document, reading);
        }
        let pieces = support::decode(Format::Ndjson, &lines, &support::options(), piece);
        prop_assert_eq!(arbitrary::statements(&pieces), Ok(readings), "{}", String::from_utf8_lossy(&lines));
    }

    #[test]
    fn a_day_set_is_read_back(
        (channel, document, reading) in arbitrary::statement(),
        values in proptest::collection::vec(proptest::option::of(arbitrary::decimal()), 92),
    ) {
        let quality = if reading.quality == Quality::Missing { Quality::True } else { reading.quality };
        let day = "2025-03-30".parse().expect("a day");
        let set = DaySet { day, unit: reading.unit, quality, known_at: document.known_at, values: &values };
        let mut line = Vec::new();
        write_day_set(&mut line, &channel, &set);
        let gas = matches!(channel.quantity, Quantity::Obis(code) if code.groups()[0] == 7);
        let pieces = support::decode(Format::Ndjson, &line, &support::options(), 100);
        let read = arbitrary::statements(&pieces);
        if gas {
            // The gas day of that date has 96 quarter-hours.
            prop_assert!(read.is_err_and(|reason| reason.contains("yet there are 92 values")));
            return Ok(());
        }
        let start = Timestamp::from_micros(1_743_289_200_000_000);
        let expected: Vec<_> = values.iter().enumerate().map(|(index, value)| {
            let begin = start.plus(index as i64 * QUARTER_HOUR).expect("in range");
            let period = Period::interval(begin, begin.plus(QUARTER_HOUR).expect("in range")).expect("a quarter-hour");
            let quality = if value.is_some() { quality } else { Quality::Missing };
            let (value, unit) = (*value, reading.unit);
            (channel.clone(), document.clone(), Reading { kind: Kind::Interval, period, value, unit, quality, method: None, reason: None })
        }).collect();
        prop_assert_eq!(read, Ok(expected));
    }

    #[test]
    fn any_bytes_are_read_without_panic_and_in_any_pieces(bytes in proptest::collection::vec(any::<u8>(), 0..300), piece in 1_usize..20) {
        let whole = support::describe(&support::decode(Format::Ndjson, &bytes, &berlin(), usize::MAX));
        prop_assert_eq!(support::describe(&support::decode(Format::Ndjson, &bytes, &berlin(), piece)), whole);
    }

    #[test]
    fn damaged_lines_are_read_without_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        piece in 1_usize..50,
    ) {
        let mut bytes = day_set("1-0:1.29.0", "2025-10-26", 25).into_bytes();
        bytes.extend_from_slice(br#"{"point":"\u00e4","quantity":"load","at":"26.10.2025 02:00","value":"1e-3","meta":[{}]}"#);
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        let whole = support::describe(&support::decode(Format::Ndjson, &bytes, &berlin(), usize::MAX));
        prop_assert_eq!(support::describe(&support::decode(Format::Ndjson, &bytes, &berlin(), piece)), whole);
    }
}
