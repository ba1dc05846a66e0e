//! What is written as MSCONS: it reads back as the same readings, another reader understands it, and what the handbook does
//! not allow is refused.
#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use crate::support;

use expect_test::{Expect, expect};
use metrify_domain::{Code, Decimal, Kind, ObisCode, Period, Quality, Reading, Timestamp, Unit};
use metrify_formats::Format;
use metrify_formats::mscons::write::{Application, Interchange, Line, Message, Party, Value, write};
use proptest::prelude::*;

use support::edifact::others_read;
use support::{decode, describe, options};

const MALO: &str = "50120962218";
const MELO: &str = "DE00056266802AO6G56M11SN51G21M24S";
/// 2025-03-29T23:00:00Z, the midnight before the day on which German clocks skip an hour.
const MIDNIGHT: i64 = 1_743_289_200;
const QUARTER: i64 = 900;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds).expect("a time")
}

fn interchange() -> Interchange {
    let party = |id| Party::new(id).expect("thirteen digits");
    Interchange {
        sender: party("9900000000010"),
        receiver: party("4012345678901"),
        reference: "R1".to_owned(),
        prepared_at: at(MIDNIGHT + 90_000),
    }
}

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text.as_bytes(), b'.').expect("a number")
}

/// A true value of a quarter of an hour.
fn quarter(index: i64, value: &str) -> Value {
    let start = MIDNIGHT + index * QUARTER;
    let period = Period::interval(at(start), at(start + QUARTER)).expect("an interval");
    let (value, unit) = (Some(decimal(value)), Unit::literal("kWh"));
    let reading =
        Reading { kind: Kind::Interval, period, value, unit, quality: Quality::True, method: None, reason: None };
    Value { reading, correction: None }
}

fn substitute(value: Value, method: &str, reason: &str) -> Value {
    let (method, reason) = (Code::new(method), Code::new(reason));
    Value { reading: Reading { quality: Quality::Substitute, method, reason, ..value.reading }, ..value }
}

fn line(quantity: &str, values: Vec<Value>) -> Line {
    Line { quantity: quantity.parse().expect("an OBIS code"), values }
}

fn curve(values: Vec<Value>) -> Message {
    Message {
        application: Application::MarketLocationLoadCurve,
        number: "D1".to_owned(),
        issued_at: at(MIDNIGHT + 86_400),
        point: MALO.parse().expect("a point"),
        meter: None,
        order: None,
        lines: vec![line("1-1:1.29.0", values)],
    }
}

fn register(values: &[(&str, &str)]) -> Message {
    let value = |text: &str| {
        let period = Period::instant(at(MIDNIGHT));
        let reading = Reading { kind: Kind::Register, period, ..quarter(0, text).reading };
        vec![Value { reading, correction: None }]
    };
    Message {
        application: Application::RegisterReading,
        point: MELO.parse().expect("a point"),
        meter: Some("1EMH0010599732".to_owned()),
        lines: values.iter().map(|(quantity, text)| line(quantity, value(text))).collect(),
        ..curve(Vec::new())
    }
}

fn energy(value: &str) -> Message {
    let period = Period::interval(at(MIDNIGHT - 86_400), at(MIDNIGHT)).expect("an interval");
    let reading = Reading { period, ..quarter(0, value).reading };
    let lines = vec![line("1-1:1.9.0", vec![Value { reading, correction: None }])];
    Message { application: Application::Energy, lines, ..curve(Vec::new()) }
}

fn text(messages: &[Message]) -> String {
    String::from_utf8(write(&interchange(), messages).expect("it is written")).expect("ASCII")
}

fn read(text: &str) -> String {
    describe(&decode(Format::Mscons, text.as_bytes(), &options(), text.len()))
}

fn check(messages: &[Message], written: &Expect, back: &Expect) {
    let text = text(messages);
    written.assert_eq(&text.replace('\'', "'\n"));
    back.assert_eq(&read(&text));
    others_read(text.as_bytes());
}

#[test]
fn a_load_curve_of_a_market_location() {
    let corrected = Value { correction: Code::new("ZB0"), ..substitute(quarter(2, "0.5"), "ZJ2", "Z84 ZB0") };
    let provisional = quarter(1, "12.125");
    let provisional = Value { reading: provisional.reading.with_quality(Quality::Provisional), ..provisional };
    check(
        &[curve(vec![quarter(0, "1.5"), provisional, corrected])],
        &expect![[r#"
        UNA:+,? '
        UNB+UNOC:3+9900000000010:500+4012345678901:14+250331:0000+R1++TL'
        UNH+1+MSCONS:D:04B:UN:2.4c'
        BGM+Z48+D1+9'
        DTM+137:202503302300?+00:303'
        RFF+Z13:13025'
        NAD+MS+9900000000010::293'
        NAD+MR+4012345678901::9'
        UNS+D'
        NAD+DP'
        LOC+172+50120962218'
        DTM+163:202503292300?+00:303'
        DTM+164:202503292345?+00:303'
        LIN+1'
        PIA+5+1-1?:1.29.0:SRW'
        QTY+220:1,5'
        DTM+163:202503292300?+00:303'
        DTM+164:202503292315?+00:303'
        QTY+Z18:12,125'
        DTM+163:202503292315?+00:303'
        DTM+164:202503292330?+00:303'
        QTY+67:0,5'
        DTM+163:202503292330?+00:303'
        DTM+164:202503292345?+00:303'
        STS+Z33++Z84'
        STS+Z32++ZJ2'
        STS+Z34++ZB0'
        STS+Z40++ZB0'
        UNT+27+1'
        UNZ+1+R1'
    "#]],
        &expect![[r#"
        50120962218 1-1:1.29.0 interval 2025-03-29T23:00:00Z..2025-03-29T23:15:00Z 1.5 kWh true known 2025-03-30T23:00:00Z in 9900000000010/D1
        50120962218 1-1:1.29.0 interval 2025-03-29T23:15:00Z..2025-03-29T23:30:00Z 12.125 kWh provisional known 2025-03-30T23:00:00Z in 9900000000010/D1
        50120962218 1-1:1.29.0 interval 2025-03-29T23:30:00Z..2025-03-29T23:45:00Z 0.5 kWh substitute method=ZJ2 reason=Z84 ZB0 known 2025-03-30T23:00:00Z in 9900000000010/D1
    "#]],
    );
}

#[test]
fn load_curves_of_a_metering_location_have_one_span() {
    let lines = vec![
        line("1-1:1.29.0", vec![quarter(0, "1"), quarter(1, "2")]),
        line("1-1:2.29.0", vec![quarter(0, "0"), quarter(1, "0")]),
    ];
    let point = MELO.parse().expect("a point");
    let message = Message { application: Application::LoadCurve, point, lines, ..curve(Vec::new()) };
    check(
        &[message],
        &expect![[r#"
        UNA:+,? '
        UNB+UNOC:3+9900000000010:500+4012345678901:14+250331:0000+R1++TL'
        UNH+1+MSCONS:D:04B:UN:2.4c'
        BGM+7+D1+9'
        DTM+137:202503302300?+00:303'
        RFF+Z13:13018'
        NAD+MS+9900000000010::293'
        NAD+MR+4012345678901::9'
        UNS+D'
        NAD+DP'
        LOC+172+DE00056266802AO6G56M11SN51G21M24S'
        DTM+163:202503292300?+00:303'
        DTM+164:202503292330?+00:303'
        LIN+1'
        PIA+5+1-1?:1.29.0:SRW'
        QTY+220:1'
        DTM+163:202503292300?+00:303'
        DTM+164:202503292315?+00:303'
        QTY+220:2'
        DTM+163:202503292315?+00:303'
        DTM+164:202503292330?+00:303'
        LIN+2'
        PIA+5+1-1?:2.29.0:SRW'
        QTY+220:0'
        DTM+163:202503292300?+00:303'
        DTM+164:202503292315?+00:303'
        QTY+220:0'
        DTM+163:202503292315?+00:303'
        DTM+164:202503292330?+00:303'
        UNT+28+1'
        UNZ+1+R1'
    "#]],
        &expect![[r#"
        DE00056266802AO6G56M11SN51G21M24S 1-1:1.29.0 interval 2025-03-29T23:00:00Z..2025-03-29T23:15:00Z 1 kWh true known 2025-03-30T23:00:00Z in 9900000000010/D1
        DE00056266802AO6G56M11SN51G21M24S 1-1:1.29.0 interval 2025-03-29T23:15:00Z..2025-03-29T23:30:00Z 2 kWh true known 2025-03-30T23:00:00Z in 9900000000010/D1
        DE00056266802AO6G56M11SN51G21M24S 1-1:2.29.0 interval 2025-03-29T23:00:00Z..2025-03-29T23:15:00Z 0 kWh true known 2025-03-30T23:00:00Z in 9900000000010/D1
        DE00056266802AO6G56M11SN51G21M24S 1-1:2.29.0 interval 2025-03-29T23:15:00Z..2025-03-29T23:30:00Z 0 kWh true known 2025-03-30T23:00:00Z in 9900000000010/D1
    "#]],
    );
}

#[test]
fn register_readings_of_a_meter() {
    check(
        &[register(&[("1-1:1.8.0", "4711.5"), ("1-1:1.8.1", "1000")])],
        &expect![[r#"
        UNA:+,? '
        UNB+UNOC:3+9900000000010:500+4012345678901:14+250331:0000+R1++VL'
        UNH+1+MSCONS:D:04B:UN:2.4c'
        BGM+7+D1+9'
        DTM+137:202503302300?+00:303'
        RFF+Z13:13017'
        NAD+MS+9900000000010::293'
        NAD+MR+4012345678901::9'
        UNS+D'
        NAD+DP'
        LOC+172+DE00056266802AO6G56M11SN51G21M24S'
        RFF+MG:1EMH0010599732'
        LIN+1'
        PIA+5+1-1?:1.8.0:SRW'
        QTY+220:4711,5'
        DTM+7:202503292300?+00:303'
        LIN+2'
        PIA+5+1-1?:1.8.1:SRW'
        QTY+220:1000'
        DTM+7:202503292300?+00:303'
        UNT+19+1'
        UNZ+1+R1'
    "#]],
        &expect![[r#"
        DE00056266802AO6G56M11SN51G21M24S 1-1:1.8.0 register 2025-03-29T23:00:00Z 4711.5 kWh true known 2025-03-30T23:00:00Z in 9900000000010/D1
        DE00056266802AO6G56M11SN51G21M24S 1-1:1.8.1 register 2025-03-29T23:00:00Z 1000 kWh true known 2025-03-30T23:00:00Z in 9900000000010/D1
        meter Meter { point: 1EMH0010599732, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
}

#[test]
fn amounts_of_days_and_ordered_ones() {
    let ordered = Message {
        number: "D2".to_owned(),
        point: MELO.parse().expect("a point"),
        order: Some("it?s +:' \u{fc}".to_owned()),
        ..energy("-3.25")
    };
    let bytes = write(&interchange(), &[energy("24"), ordered]).expect("it is written");
    expect![[r#"
        50120962218 1-1:1.9.0 interval 2025-03-28T23:00:00Z..2025-03-29T23:00:00Z 24 kWh true known 2025-03-30T23:00:00Z in 9900000000010/D1
        DE00056266802AO6G56M11SN51G21M24S 1-1:1.9.0 interval 2025-03-28T23:00:00Z..2025-03-29T23:00:00Z -3.25 kWh true known 2025-03-30T23:00:00Z in 9900000000010/D2
    "#]].assert_eq(&describe(&decode(Format::Mscons, &bytes, &options(), 7)));
    let Some(segments) = others_read(&bytes) else { return };
    let order = segments.iter().find(|segment| segment.component(1, 0) == Some("AGI"));
    assert_eq!(order.and_then(|order| order.component(1, 1)), Some("it?s +:' \u{fc}"));
}

#[test]
fn from_october_2026_on_the_release_is_2_5() {
    let release = |issued_at| {
        let message = Message { issued_at: at(issued_at), ..curve(vec![quarter(0, "1")]) };
        text(&[message]).contains("MSCONS:D:04B:UN:2.5'")
    };
    // 2026-09-30T22:00:00Z is midnight in Germany.
    assert_eq!([release(1_790_805_599), release(1_790_805_600)], [false, true]);
}

#[test]
fn units_are_converted_exactly() {
    let mut value = quarter(0, "1500");
    value.reading.unit = Unit::literal("Wh");
    assert!(text(&[curve(vec![value])]).contains("QTY+220:1,5'"));
}

fn refused(messages: &[Message]) -> String {
    write(&interchange(), messages).map_or_else(|refusal| refusal.to_string() + "\n", |_| "it is written\n".to_owned())
}

#[test]
fn values_that_the_handbook_does_not_allow_are_refused() {
    let one = |value: Value| refused(&[curve(vec![value])]);
    let with = |change: &dyn Fn(&mut Reading)| {
        let mut value = quarter(0, "1");
        change(&mut value.reading);
        one(value)
    };
    let seconds =
        |start: i64, end: i64| Period::interval(at(MIDNIGHT + start), at(MIDNIGHT + end)).expect("an interval");
    let reasons = [
        one(quarter(0, "-0.001")),
        one(quarter(0, "1.2345")),
        with(&|reading| (reading.value, reading.quality) = (None, Quality::Missing)),
        with(&|reading| reading.quality = Quality::Forecast),
        with(&|reading| reading.kind = Kind::Instant),
        with(&|reading| reading.unit = Unit::literal("m3")),
        with(&|reading| reading.period = seconds(30, 930)),
        with(&|reading| reading.period = seconds(60, 960)),
        with(&|reading| reading.period = seconds(0, 3_600)),
        with(&|reading| reading.period = seconds(86_400, 87_300)),
        with(&|reading| reading.quality = Quality::Substitute),
        one(substitute(quarter(0, "1"), "Z92", "")),
        one(substitute(quarter(0, "1"), "Z93", "ZB0")),
        one(substitute(quarter(0, "1"), "Z92", "ZT8")),
        one(substitute(quarter(0, "1"), "Z92", "ZB0 Z76")),
        with(&|reading| reading.reason = Code::new("ZB0")),
        one(Value { correction: Code::new("Z76"), ..quarter(0, "1") }),
        refused(&[curve(vec![quarter(0, "1"), quarter(2, "1")])]),
        refused(&[curve(vec![quarter(1, "1"), quarter(0, "1")])]),
    ];
    expect![[r#"
        message 1, line 1, value 1: the value -0.001 is negative
        message 1, line 1, value 1: the value 1.2345 has more than three places
        message 1, line 1, value 1: the value is missing, and the message has no place for that
        message 1, line 1, value 1: a value of the quality forecast cannot be sent
        message 1, line 1, value 1: a value of the kind instant cannot be sent
        message 1, line 1, value 1: the unit m3 does not convert exactly into kWh
        message 1, line 1, value 1: the time 2025-03-29T23:00:30Z is not a whole minute
        message 1, line 1, value 1: 2025-03-29T23:01:00Z..2025-03-29T23:16:00Z is not a quarter of an hour
        message 1, line 1, value 1: 2025-03-29T23:00:00Z..2025-03-30T00:00:00Z is not a quarter of an hour
        message 1, line 1, value 1: the time 2025-03-30T23:15:00Z is after that of the message
        message 1, line 1, value 1: the method (STS+Z32) of a substitute is missing
        message 1, line 1, value 1: the reason (STS+Z40) of a substitute is missing
        message 1, line 1, value 1: `Z93` is no code of Z32 (Ersatzwertbildungsverfahren) that can stand here
        message 1, line 1, value 1: `ZT8` is no code of Z40 (Grund der Ersatzwertbildung) that can stand here
        message 1, line 1, value 1: several codes of Z40 (Grund der Ersatzwertbildung) stand on one value
        message 1, line 1, value 1: `ZB0` is no code of Z40 (Grund der Ersatzwertbildung) that can stand here
        message 1, line 1, value 1: `Z76` is no code of Z34 (Korrekturgrund) that can stand here
        message 1, line 1, value 2: the value begins at 2025-03-29T23:30:00Z, and the one before ends at 2025-03-29T23:15:00Z
        message 1, line 1, value 2: the value begins at 2025-03-29T23:00:00Z, and the one before ends at 2025-03-29T23:30:00Z
    "#]].assert_eq(&reasons.concat());
}

#[test]
fn messages_that_the_handbook_does_not_allow_are_refused() {
    let reasons = [
        refused(&[]),
        refused(&[curve(Vec::new())]),
        refused(&[Message { point: MELO.parse().expect("a point"), ..curve(vec![quarter(0, "1")]) }]),
        refused(&[Message { point: "50120962219".parse().expect("a point"), ..curve(vec![quarter(0, "1")]) }]),
        refused(&[Message { number: "x".repeat(36), ..curve(vec![quarter(0, "1")]) }]),
        refused(&[Message { number: "\u{20ac}".to_owned(), ..curve(vec![quarter(0, "1")]) }]),
        refused(&[Message { lines: vec![line("1-1:1.8.0", vec![quarter(0, "1")])], ..curve(Vec::new()) }]),
        refused(&[curve(vec![quarter(0, "1")]), curve(vec![quarter(0, "1")])]),
        refused(&[curve(vec![quarter(0, "1")]), energy("1")]),
        refused(&[Message { meter: None, ..register(&[("1-1:1.8.0", "1")]) }]),
        refused(&[Message { meter: Some("x".to_owned()), ..curve(vec![quarter(0, "1")]) }]),
        refused(&[Message { point: MELO.parse().expect("a point"), ..energy("1") }]),
        refused(&[energy("-1")]),
        refused(&[Message { lines: vec![line("1-1:1.9.0", vec![quarter(1, "1")])], ..energy("1") }]),
    ];
    expect![[r#"
        interchange: there is nothing to send
        message 1, line 1: there is nothing to send
        message 1: 13025 is not about a point of the kind metering_location
        message 1: 13025 is not about a point of the kind other
        message 1: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` has more than 35 letters
        message 1: `€` holds a letter that ISO 8859-1 does not have, or a control character
        message 1, line 1: the quantity 1-1:1.8.0 is not one of electricity with D = 29
        message 2: the number `D1` stands on a message before
        message 2: messages of `TL` and of `EM` need an interchange each (UNB DE0026)
        message 1: the meter is missing (RFF+MG)
        message 1: 13025 has no place for a meter
        message 1: the order that the amounts answer is missing (RFF+AGI)
        message 1, line 1, value 1: the value -1 is negative
        message 1, line 1, value 1: 2025-03-29T23:15:00Z is not the beginning of a day in Germany
    "#]]
    .assert_eq(&reasons.concat());
}

#[test]
fn envelopes_that_cannot_be_are_refused() {
    let messages = [curve(vec![quarter(0, "1")])];
    let reasons = [
        Interchange { reference: String::new(), ..interchange() },
        Interchange { reference: "r1".to_owned(), ..interchange() },
        Interchange { reference: "X".repeat(15), ..interchange() },
        Interchange { sender: Party::new("9800000000012").expect("thirteen digits"), ..interchange() },
        Interchange { prepared_at: Timestamp::from_micros(i64::MAX), ..interchange() },
    ]
    .map(|interchange| {
        write(&interchange, &messages).map_or_else(|refusal| refusal.to_string() + "\n", |_| String::new())
    });
    expect![[r#"
        interchange: a reference or number is missing
        interchange: the reference `r1` of an interchange has lower-case letters
        interchange: `XXXXXXXXXXXXXX` has more than 14 letters
        interchange: parties of the gas market (98...) have no messages of electricity
        interchange: the time is beyond what a calendar names
    "#]]
    .assert_eq(&reasons.concat());
    assert!(Party::new("990000000001").is_err() && Party::new("99000000000x0").is_err());
}

#[test]
fn a_line_of_9999_values_is_written_and_one_more_is_not() {
    let values = |count: i64| (0..count).map(|index| quarter(index, "1")).collect();
    let message = |count| Message { issued_at: at(MIDNIGHT + QUARTER * 10_000), ..curve(values(count)) };
    let bytes = write(&interchange(), &[message(9_999)]).expect("it is written");
    let decoded = decode(Format::Mscons, &bytes, &options(), 4096);
    assert_eq!(decoded.iter().map(|piece| piece.batch.rows().len()).sum::<usize>(), 9_999);
    assert!(refused(&[message(10_000)]).contains("at most 9999 values, this one has 10000"));
}

/// A load curve of any values: their numbers, standings and codes.
fn any_curve() -> impl Strategy<Value = Vec<Value>> {
    let codes = (
        proptest::sample::select(vec!["Z88", "Z89", "Z92", "ZJ2", "ZS0"]),
        proptest::sample::select(vec!["Z75", "Z82", "ZA3", "ZB0", "ZC4", "ZS9"]),
        proptest::sample::select(vec!["", "Z84 ", "Z84 Z86 "]),
    );
    let standing = (0_u8..3, codes, proptest::option::of(proptest::sample::select(vec!["ZA4", "ZB9"])));
    let value = (0_i128..100_000_000, standing);
    proptest::collection::vec(value, 1..=96).prop_map(|values| {
        let start = |index: usize| i64::try_from(index).expect("few");
        type Standing = (u8, (&'static str, &'static str, &'static str), Option<&'static str>);
        let one =
            |(index, (thousandths, (quality, (method, reason, hints), correction))): (usize, (i128, Standing))| {
                let mut value = quarter(start(index), "0");
                value.reading.value = Some(Decimal::scaled(thousandths, -3).expect("a number"));
                match quality {
                    0 => Value { correction: correction.and_then(Code::new), ..value },
                    1 => Value { reading: value.reading.with_quality(Quality::Provisional), ..value },
                    _ => {
                        let correction = correction.and_then(Code::new);
                        Value { correction, ..substitute(value, method, &format!("{hints}{reason}")) }
                    }
                }
            };
        values.into_iter().enumerate().map(one).collect()
    })
}

/// What a reader makes of a value: the correction is one of its reasons.
fn as_read(value: &Value) -> Reading {
    let codes = value.reading.reason.map_or(String::new(), |reason| reason.to_string());
    let mut codes: Vec<&str> = codes.split(' ').filter(|code| !code.is_empty()).collect();
    let correction = value.correction.map(|correction| correction.to_string());
    let hints = codes.iter().take_while(|code| code.starts_with("Z8") && **code > "Z82").count();
    codes.splice(hints..hints, correction.as_deref());
    let codes: Vec<&str> =
        codes.iter().enumerate().filter(|(at, code)| !codes[..*at].contains(code)).map(|(_, code)| *code).collect();
    value.reading.with_reason(Code::new(&codes.join(" ")))
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_as_the_same_readings(values in any_curve(), piece in 1_usize..500) {
        let bytes = write(&interchange(), &[curve(values.clone())]).expect("it is written");
        let decoded = decode(Format::Mscons, &bytes, &options(), piece);
        let mut back = Vec::new();
        for one in &decoded {
            prop_assert!(one.problems.is_empty() && one.findings.is_empty(), "{}", describe(&decoded));
            for row in one.batch.rows() {
                let channel = one.batch.channel(row);
                prop_assert_eq!(channel.point.to_string(), MALO);
                prop_assert_eq!(channel.quantity.to_string(), "1-1:1.29.0");
                prop_assert_eq!(one.batch.document(row).known_at, Some(at(MIDNIGHT + 86_400)));
                back.push(Reading {
                    kind: row.kind,
                    period: row.period,
                    value: row.value,
                    unit: one.batch.unit(row),
                    quality: row.quality,
                    method: one.batch.method(row),
                    reason: one.batch.reason(row),
                });
            }
        }
        let wanted: Vec<Reading> = values.iter().map(as_read).collect();
        prop_assert_eq!(back, wanted);
        // Another reader finds the same numbers and times.
        let Some(segments) = others_read(&bytes) else { return Ok(()) };
        let found: Vec<(Decimal, String)> = segments.iter().zip(segments.iter().skip(1))
            .filter(|(quantity, _)| quantity.tag() == "QTY")
            .map(|(quantity, begin)| {
                let number = quantity.component(1, 1).unwrap_or_default();
                let begin = begin.component(1, 1).unwrap_or_default();
                (Decimal::parse(number.as_bytes(), b',').expect("a number"), begin.to_owned())
            })
            .collect();
        let told: Vec<(Decimal, String)> = values.iter()
            .map(|value| {
                let begin = value.reading.period.start().utc().expect("a time");
                (value.reading.value.expect("a value"), begin.format("%Y%m%d%H%M+00").to_string())
            })
            .collect();
        prop_assert_eq!(found, told);
    }

    #[test]
    fn any_texts_are_written_readably_or_refused(number in "\\PC{0,40}", order in "[ -\u{ff}]{0,40}", quantity in any::<[u8; 6]>()) {
        let point = MELO.parse().expect("a point");
        let ordered = Message { point, number, order: Some(order), ..energy("1") };
        let mut strange = ordered.clone();
        strange.lines[0].quantity = ObisCode::from_bytes(quantity);
        for message in [ordered, strange] {
            if let Ok(bytes) = write(&interchange(), &[message]) {
                let decoded = decode(Format::Mscons, &bytes, &options(), bytes.len());
                prop_assert!(decoded.iter().all(|piece| piece.problems.is_empty()), "{}", describe(&decoded));
                others_read(&bytes);
            }
        }
    }
}
