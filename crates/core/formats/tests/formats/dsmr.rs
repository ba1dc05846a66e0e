//! Telegrams of P1 ports through the front door.
#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use crate::support;

use expect_test::{Expect, expect};
use metrify_domain::{Decimal, Timestamp};
use metrify_formats::{Decoded, Detected, Format, Head, Options, detect};
use proptest::prelude::*;
use support::{decode, describe, options, sample};

/// CRC-16/ARC, bit by bit.
fn crc(bytes: &[u8]) -> u16 {
    let shifted = |crc: u16, _| if crc & 1 == 1 { crc >> 1 ^ 0xA001 } else { crc >> 1 };
    bytes.iter().fold(0, |crc, byte| (0..8).fold(crc ^ u16::from(*byte), shifted))
}

/// A telegram of these lines with its checksum.
fn telegram(lines: &[&str]) -> String {
    let body = format!("/ABC5\\METER\r\n\r\n{}\r\n!", lines.join("\r\n"));
    format!("{body}{:04X}\r\n", crc(body.as_bytes()))
}

fn check_with(options: &Options, text: &str, expected: &Expect) {
    let said = |piece| describe(&decode(Format::Dsmr, text.as_bytes(), options, piece));
    let whole = said(text.len().max(1));
    for piece in [1, 7] {
        assert_eq!(said(piece), whole, "in pieces of {piece} bytes");
    }
    expected.assert_eq(&whole);
}

fn check(text: &str, expected: &Expect) {
    check_with(&options(), text, expected);
}

const VERSION: &str = "1-3:0.2.8(50)";
const NUMBER: &str = "0-0:96.1.1(3153414733313030373736353933)";

#[test]
fn a_belgian_telegram_with_gas_and_water_and_the_peaks_of_months() {
    let belgian = telegram(&[
        "0-0:96.1.4(50217)",
        NUMBER,
        "0-0:96.1.2(353431343438383230303030303030303030)",
        "0-0:1.0.0(240615134603S)",
        "1-0:1.8.1(000111.125*kWh)",
        "1-0:1.8.2(000222.250*kWh)",
        "1-0:2.8.1(000003.000*kWh)",
        "1-0:2.8.2(000004.000*kWh)",
        "0-0:96.14.0(0001)",
        "1-0:1.4.0(02.351*kW)",
        "1-0:1.6.0(240609134500S)(02.589*kW)",
        "0-0:98.1.0(3)(1-0:1.6.0)(1-0:1.6.0)(240501000000S)(240423192500S)(03.695*kW)(240401000000S)(240305122000W)(05.980*kW)(231101000000W)(632525252525W)(00.000*kW)",
        "1-0:32.7.0(234.7*V)",
        "1-0:31.7.0(002.10*A)",
        "0-0:96.3.10(1)",
        "0-0:17.0.0(999.9*kW)",
        "1-0:31.4.0(999*A)",
        "0-0:96.13.0()",
        "0-1:24.1.0(003)",
        "0-1:96.1.1(37464C4F32313139303333373333)",
        "0-1:24.4.0(1)",
        "0-1:24.2.3(240615134558S)(00112.384*m3)",
        "0-2:24.1.0(007)",
        "0-2:96.1.1(3853414731323334353637383930)",
        "0-2:24.2.1(240615134458S)(00872.234*m3)",
    ]);
    check_with(
        &Options { swap_tariffs: true, ..options() },
        &belgian,
        &expect![[r#"
        1SAG3100776593 1-0:1.8.2 register 2024-06-15T11:46:03Z 111.125 kWh true
        1SAG3100776593 1-0:1.8.1 register 2024-06-15T11:46:03Z 222.25 kWh true
        1SAG3100776593 1-0:2.8.2 register 2024-06-15T11:46:03Z 3 kWh true
        1SAG3100776593 1-0:2.8.1 register 2024-06-15T11:46:03Z 4 kWh true
        1SAG3100776593 1-0:1.4.0 instant 2024-06-15T11:46:03Z 2.351 kW true
        1SAG3100776593 1-0:1.6.0 instant 2024-06-09T11:45:00Z 2.589 kW true
        1SAG3100776593 1-0:1.6.0 instant 2024-04-23T17:25:00Z 3.695 kW true
        1SAG3100776593 1-0:1.6.0 instant 2024-03-05T11:20:00Z 5.98 kW true
        1SAG3100776593 1-0:32.7.0 instant 2024-06-15T11:46:03Z 234.7 V true
        1SAG3100776593 1-0:31.7.0 instant 2024-06-15T11:46:03Z 2.1 A true
        7FLO2119033733 7-0:3.0.0 register 2024-06-15T11:45:58Z 112.384 m3 true
        8SAG1234567890 8-0:1.0.0 register 2024-06-15T11:44:58Z 872.234 m3 true
        finding note unset_stamp byte 0: 1-0:1.6.0 has a stamp that was never set: there was no value yet, and none is read
        meter Meter { point: 1SAG3100776593, kind: Some(Device), name: None, server_id: None, maker: Some("SAG"), resolution: Some((0.001, kWh)) }
        meter Meter { point: 7FLO2119033733, kind: Some(Device), name: None, server_id: None, maker: Some("FLO"), resolution: None }
        meter Meter { point: 8SAG1234567890, kind: Some(Device), name: None, server_id: None, maker: Some("SAG"), resolution: None }
    "#]],
    );
    let straight = describe(&decode(Format::Dsmr, belgian.as_bytes(), &options(), 64));
    assert!(straight.contains("1-0:1.8.1 register 2024-06-15T11:46:03Z 111.125"), "{straight}");
    // A log is told again only when it changed.
    let twice = belgian.repeat(2);
    let said = describe(&decode(Format::Dsmr, twice.as_bytes(), &options(), 64));
    assert_eq!((said.matches("3.695 kW").count(), said.matches("2.589 kW").count()), (1, 2), "{said}");
}

#[test]
fn units_in_letters_of_eight_bits_are_read_and_what_else_has_one_costs_its_data_set() {
    let lines = [VERSION, NUMBER, "0-0:1.0.0(240403175431S)", "1-0:1.8.0(1.5*kWh)", "0-1:24.1.0(3)", "0-1:96.1.0(41)"];
    let gas = "0-1:24.2.1(240403170000S)(7.5*m³)";
    check(
        &telegram(&[&lines[..], &[gas, "1-0:1.7.0(0.5³*kW)", "1-0:2.7.0(0.25*kW)"]].concat()),
        &expect![[r#"
        1SAG3100776593 1-0:1.8.0 register 2024-04-03T15:54:31Z 1.5 kWh true
        A 7-0:3.1.0 register 2024-04-03T15:00:00Z 7.5 m3 true
        1SAG3100776593 1-0:2.7.0 instant 2024-04-03T15:54:31Z 0.25 kW true
        problem byte 0: `1-0:1.7.0(0.5³*kW)` has bytes with the eighth bit set that are neither parity nor a unit: they were damaged on the way (1 readings, 233 bytes)
        meter Meter { point: 1SAG3100776593, kind: Some(Device), name: None, server_id: None, maker: Some("SAG"), resolution: Some((0.1, kWh)) }
        meter Meter { point: A, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
    // The same in ISO 8859-1, without a checksum as in version 2.
    let text = ["/ABC5\\METER", "", NUMBER, "0-1:24.1.0(3)", "0-1:96.1.0(41)", gas, "1-0:1.8.0(1.5*kWh)", "!", ""]
        .join("\r\n");
    let bytes: Vec<u8> = text.chars().map(|letter| u8::try_from(letter).expect("a byte")).collect();
    expect![[r#"
        A 7-0:3.1.0 register 2024-04-03T15:00:00Z 7.5 m3 true
        1SAG3100776593 1-0:1.8.0 register 2025-01-01T00:00:00Z 1.5 kWh true
        meter Meter { point: 1SAG3100776593, kind: Some(Device), name: None, server_id: None, maker: Some("SAG"), resolution: Some((0.1, kWh)) }
        meter Meter { point: A, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
    "#]].assert_eq(&describe(&decode(Format::Dsmr, &bytes, &options(), 7)));
}

#[test]
fn a_swedish_telegram_is_of_the_meter_that_the_caller_names() {
    let lines = ["0-0:1.0.0(210217184019W)", "1-0:1.8.0(00006678.394*kWh)", "1-0:1.7.0(0001.727*kW)"];
    let body = format!("/ELL5\\253833635_A\r\n\r\n{}\r\n!", lines.join("\r\n"));
    let swedish = format!("{body}{:04X}\r\n", crc(body.as_bytes()));
    let given = Options { point: "735999123456789012".parse().ok(), ..options() };
    check_with(
        &given,
        &swedish,
        &expect![[r#"
        735999123456789012 1-0:1.8.0 register 2021-02-17T17:40:19Z 6678.394 kWh true
        735999123456789012 1-0:1.7.0 instant 2021-02-17T17:40:19Z 1.727 kW true
        meter Meter { point: 735999123456789012, kind: Some(Device), name: None, server_id: None, maker: None, resolution: Some((0.001, kWh)) }
    "#]],
    );
    check(
        &swedish,
        &expect![[r#"
        problem byte 0: 2 values are not read; nothing names the meter of 1-0:1.8.0: there is no 0-0:96.1.1: give --point (2 readings, 107 bytes)
    "#]],
    );
    // What a telegram says itself counts more.
    let named =
        describe(&decode(Format::Dsmr, telegram(&[VERSION, NUMBER, lines[0], lines[1]]).as_bytes(), &given, 64));
    assert!(named.starts_with("1SAG3100776593 1-0:1.8.0 "), "{named}");
}

#[test]
fn a_luxembourgish_telegram_names_its_meter_by_its_logical_device() {
    check(
        &telegram(&[
            "1-3:0.2.8(42)",
            "0-0:1.0.0(240403175431S)",
            "0-0:42.0.0(53414731303330373030303132373031)",
            "1-0:1.8.0(000273.764*kWh)",
            "1-0:3.8.0(000462.590*kvarh)",
            "1-0:10.7.0(00.913*kVA)",
            "0-0:17.0.0(027.6*kVA)",
            "1-1:31.4.0(040*A)(-040*A)",
            "0-1:96.3.10(0)",
            "0-0:96.7.21(01067)",
            "1-0:32.32.0(00014)",
            "0-0:96.13.2()",
        ]),
        &expect![[r#"
            SAG1030700012701 1-0:1.8.0 register 2024-04-03T15:54:31Z 273.764 kWh true
            SAG1030700012701 1-0:3.8.0 register 2024-04-03T15:54:31Z 462.59 kvarh true
            SAG1030700012701 1-0:10.7.0 instant 2024-04-03T15:54:31Z 0.913 kVA true
            SAG1030700012701 0-0:96.7.21 register 2024-04-03T15:54:31Z 1067 1 true
            SAG1030700012701 1-0:32.32.0 register 2024-04-03T15:54:31Z 14 1 true
            meter Meter { point: SAG1030700012701, kind: Some(Device), name: None, server_id: None, maker: None, resolution: Some((0.001, kWh)) }
        "#]],
    );
}

#[test]
fn a_hungarian_telegram_has_values_of_the_month_without_codes() {
    check(
        &telegram(&[
            "0-0:1.0.0(240817171430S)",
            "0-0:42.0.0(41555831303330333033323138313636)",
            "0-0:96.1.0(33323138313636)",
            "0-0:96.50.68(ON)",
            "1-0:1.8.0(000812.421*kWh)",
            "1-0:15.8.0(000812.421*kWh)",
            "1-0:13.7.0(0.336)",
            "1-0:14.7.0(49.99*Hz)",
            "1-0:5.7.0(00.000*kvar)",
            "0-0:98.1.0(240801000000S)(000663.924*kWh)(000300.000*kWh)",
            "0-0:96.13.0()",
        ]),
        &expect![[r#"
            3218166 1-0:1.8.0 register 2024-08-17T15:14:30Z 812.421 kWh true
            3218166 1-0:15.8.0 register 2024-08-17T15:14:30Z 812.421 kWh true
            3218166 1-0:13.7.0 instant 2024-08-17T15:14:30Z 0.336 1 true
            3218166 1-0:14.7.0 instant 2024-08-17T15:14:30Z 49.99 Hz true
            3218166 1-0:5.7.0 instant 2024-08-17T15:14:30Z 0 kvar true
            finding note log_without_codes byte 0: 0-0:98.1.0 does not tell the codes of its 3 values: it is passed over
            meter Meter { point: 3218166, kind: Some(Device), name: None, server_id: None, maker: None, resolution: Some((0.001, kWh)) }
        "#]],
    );
}

#[test]
fn a_device_with_several_values_keeps_them_apart() {
    check(
        &telegram(&[
            VERSION,
            NUMBER,
            "0-0:1.0.0(231028120010S)",
            "0-1:24.1.0(012)",
            "0-1:96.1.0(3232323241424344313233343536373831)",
            "0-1:24.2.1(231028120000S)(001.000*GJ)",
            "0-1:24.2.2(231028120000S)(007.000*m3)",
            "0-2:24.1.0(007)",
            "0-2:96.1.0(3232323241424344313233343536373832)",
            "0-2:24.2.1(231028120000S)(010.000*m3)",
            "0-2:24.2.2(231028120000S)(020.000*m3)",
        ]),
        &expect![[r#"
            2222ABCD123456781 6-0:1.0.0 register 2023-10-28T10:00:00Z 1 GJ true
            2222ABCD123456781 0-0:24.2.2 register 2023-10-28T10:00:00Z 7 m3 true
            2222ABCD123456782 8-0:1.0.0 register 2023-10-28T10:00:00Z 10 m3 true
            2222ABCD123456782 0-0:24.2.2 register 2023-10-28T10:00:00Z 20 m3 true
            meter Meter { point: 1SAG3100776593, kind: Some(Device), name: None, server_id: None, maker: Some("SAG"), resolution: None }
            meter Meter { point: 2222ABCD123456781, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
            meter Meter { point: 2222ABCD123456782, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn stamps_without_a_letter_are_told_by_the_order_of_each_device() {
    let old = |stamp: &str, values: [&str; 2]| {
        let devices = [1, 2].map(|channel| {
            let value = values[channel - 1];
            format!(
                "0-{channel}:24.1.0(03)\r\n0-{channel}:96.1.0(323232324142443132333435363731{channel:02})\r\n\
                 0-{channel}:24.3.0({stamp})(00)(60)(1)(0-{channel}:24.2.1)(m3)\r\n({value})\r\n"
            )
        });
        format!("/ABC5\\METER\r\n\r\n{NUMBER}\r\n1-0:1.8.1(1*kWh)\r\n{}!\r\n", devices.concat())
    };
    let telegrams = [
        old("231029010000", ["1.000", "5.000"]),
        old("231029020000", ["2.000", "6.000"]),
        // Ten seconds later.
        old("231029020000", ["2.000", "6.000"]),
        // An hour later.
        old("231029020000", ["3.000", "7.000"]),
        old("231029020000", ["3.000", "7.000"]),
        old("231029030000", ["4.000", "8.000"]),
    ];
    let said = describe(&decode(Format::Dsmr, telegrams.concat().as_bytes(), &options(), 7));
    let gas: Vec<&str> = said.lines().filter(|line| line.contains("7-0:3.1.0")).collect();
    expect![[r#"
        32323232414244313233343536373101 7-0:3.1.0 register 2023-10-28T23:00:00Z 1 m3 true
        32323232414244313233343536373102 7-0:3.1.0 register 2023-10-28T23:00:00Z 5 m3 true
        32323232414244313233343536373101 7-0:3.1.0 register 2023-10-29T00:00:00Z 2 m3 true
        32323232414244313233343536373102 7-0:3.1.0 register 2023-10-29T00:00:00Z 6 m3 true
        32323232414244313233343536373101 7-0:3.1.0 register 2023-10-29T00:00:00Z 2 m3 true
        32323232414244313233343536373102 7-0:3.1.0 register 2023-10-29T00:00:00Z 6 m3 true
        32323232414244313233343536373101 7-0:3.1.0 register 2023-10-29T01:00:00Z 3 m3 true
        32323232414244313233343536373102 7-0:3.1.0 register 2023-10-29T01:00:00Z 7 m3 true
        32323232414244313233343536373101 7-0:3.1.0 register 2023-10-29T01:00:00Z 3 m3 true
        32323232414244313233343536373102 7-0:3.1.0 register 2023-10-29T01:00:00Z 7 m3 true
        32323232414244313233343536373101 7-0:3.1.0 register 2023-10-29T02:00:00Z 4 m3 true
        32323232414244313233343536373102 7-0:3.1.0 register 2023-10-29T02:00:00Z 8 m3 true"#]]
    .assert_eq(&gas.join("\n"));
}

#[test]
fn the_letter_of_a_stamp_tells_the_doubled_hour_of_autumn() {
    let at = |stamp: &str, kwh: &str| telegram(&[VERSION, stamp, NUMBER, kwh]);
    check(
        &[
            at("0-0:1.0.0(231029023000S)", "1-0:1.8.1(1*kWh)"),
            at("0-0:1.0.0(231029020000W)", "1-0:1.8.1(2*kWh)"),
            at("0-0:1.0.0(231029023000W)", "1-0:1.8.1(3*kWh)"),
        ]
        .concat(),
        &expect![[r#"
            1SAG3100776593 1-0:1.8.1 register 2023-10-29T00:30:00Z 1 kWh true
            1SAG3100776593 1-0:1.8.1 register 2023-10-29T01:00:00Z 2 kWh true
            1SAG3100776593 1-0:1.8.1 register 2023-10-29T01:30:00Z 3 kWh true
            meter Meter { point: 1SAG3100776593, kind: Some(Device), name: None, server_id: None, maker: Some("SAG"), resolution: Some((1, kWh)) }
        "#]],
    );
}

#[test]
fn a_wrong_checksum_costs_that_telegram_only() {
    let good = telegram(&[VERSION, "0-0:1.0.0(240101000000W)", NUMBER, "1-0:1.8.1(1*kWh)", "1-0:1.8.2(2*kWh)"]);
    let bad = good.replace("(2*kWh)", "(3*kWh)");
    check(
        &format!("{bad}{good}"),
        &expect![[r#"
        1SAG3100776593 1-0:1.8.1 register 2023-12-31T23:00:00Z 1 kWh true
        1SAG3100776593 1-0:1.8.2 register 2023-12-31T23:00:00Z 2 kWh true
        problem byte 0: the checksum is F3D6, but the bytes give 63DB (2 readings, 141 bytes)
        meter Meter { point: 1SAG3100776593, kind: Some(Device), name: None, server_id: None, maker: Some("SAG"), resolution: Some((1, kWh)) }
    "#]],
    );
    let without = format!("{}!\r\n", good.split('!').next().expect("a body"));
    check(
        &without,
        &expect![[r#"
        problem byte 0: the telegram has no checksum, as those with 1-3:0.2.8 must have (2 readings, 137 bytes)
    "#]],
    );
    check(
        &good.replace('!', "!x"),
        &expect![[r#"
        problem byte 0: `xF3D6` is no checksum (2 readings, 142 bytes)
    "#]],
    );
}

#[test]
fn line_ends_that_were_changed_on_the_way_are_restored_for_the_checksum() {
    let text = telegram(&[VERSION, "0-0:1.0.0(240101000000W)", NUMBER, "1-0:1.8.1(1*kWh)"]).replace("\r\n", "\n");
    check(
        &text,
        &expect![[r#"
        1SAG3100776593 1-0:1.8.1 register 2023-12-31T23:00:00Z 1 kWh true
        finding note line_ends byte 0: the line ends were changed on the way: the checksum holds for those that the meter sent
        meter Meter { point: 1SAG3100776593, kind: Some(Device), name: None, server_id: None, maker: Some("SAG"), resolution: Some((1, kWh)) }
    "#]],
    );
}

#[test]
fn a_stream_that_begins_or_ends_within_a_telegram_costs_that_telegram() {
    let good = telegram(&[VERSION, "0-0:1.0.0(240101000000W)", NUMBER, "1-0:1.8.1(1*kWh)"]);
    check(
        &format!("{}{good}{}", &good[30..], &good[..good.len() - 8]),
        &expect![[r#"
        1SAG3100776593 1-0:1.8.1 register 2023-12-31T23:00:00Z 1 kWh true
        problem byte 0: the bytes stand outside of telegrams: the beginning of their telegram is not there, so its checksum cannot be verified (1 readings, 93 bytes)
        problem byte 216: the telegram ends before its `!`, so its checksum is not there (1 readings, 115 bytes)
        meter Meter { point: 1SAG3100776593, kind: Some(Device), name: None, server_id: None, maker: Some("SAG"), resolution: Some((1, kWh)) }
    "#]],
    );
    check(
        &format!("xx\r\n{good}\0\0{good}?"),
        &expect![[r#"
        1SAG3100776593 1-0:1.8.1 register 2023-12-31T23:00:00Z 1 kWh true
        1SAG3100776593 1-0:1.8.1 register 2023-12-31T23:00:00Z 1 kWh true
        finding note stray_bytes byte 0: bytes beside telegrams: 5, in 2 runs without a value
        meter Meter { point: 1SAG3100776593, kind: Some(Device), name: None, server_id: None, maker: Some("SAG"), resolution: Some((1, kWh)) }
    "#]],
    );
    // The next telegram begins within a line of this one.
    check(
        &format!("{}{good}", &good[..good.len() - 12]),
        &expect![[r#"
            1SAG3100776593 1-0:1.8.1 register 2023-12-31T23:00:00Z 1 kWh true
            problem byte 0: the telegram ends before its `!`, so its checksum is not there (1 readings, 111 bytes)
            meter Meter { point: 1SAG3100776593, kind: Some(Device), name: None, server_id: None, maker: Some("SAG"), resolution: Some((1, kWh)) }
        "#]],
    );
}

#[test]
fn telegrams_without_a_time_of_their_own_end_at_the_time_of_receipt() {
    let old = |kwh: &str| format!("/ISk5\\2MT382-1004\r\n\r\n0-0:96.1.1(4B38454730)\r\n1-0:1.8.1({kwh}*kWh)\r\n!\r\n");
    check(
        &[old("1.5"), old("1.6"), old("1.7")].concat(),
        &expect![[r#"
        K8EG0 1-0:1.8.1 register 2024-12-31T23:59:58Z 1.5 kWh true
        K8EG0 1-0:1.8.1 register 2024-12-31T23:59:59Z 1.6 kWh true
        K8EG0 1-0:1.8.1 register 2025-01-01T00:00:00Z 1.7 kWh true
        meter Meter { point: K8EG0, kind: Some(Device), name: None, server_id: None, maker: None, resolution: Some((0.1, kWh)) }
    "#]],
    );
}

#[test]
fn what_is_damaged_costs_itself() {
    check(
        &telegram(&[
            VERSION,
            "0-0:1.0.0(240101000000W)",
            NUMBER,
            "1-0:1.8.1(1*kWh)",
            "1-0:1.8.2(x*kWh)",
            "1-0:1.7.0(5)",
            "hello(1*kWh)",
            "1-0:2.8.1(1*kWh)(2*kWh)(3*kWh)",
            "0-1:24.1.0(003)",
            "0-1:24.2.1(240101000000W)(00001.000*m3)",
            "0-2:24.2.1(240101000000W)(00001.000*m3)",
            "0-2:96.1.0(47)",
            "1-0:99.97.0(1)(0-0:96.7.19)(240101000000W)",
        ]),
        &expect![[r#"
            1SAG3100776593 1-0:1.8.1 register 2023-12-31T23:00:00Z 1 kWh true
            G 0-0:24.2.1 register 2023-12-31T23:00:00Z 1 m3 true
            problem byte 0: 6 values are not read; `hello` is not an OBIS code such as 1-0:1.8.0 (6 readings, 360 bytes)
            meter Meter { point: 1SAG3100776593, kind: Some(Device), name: None, server_id: None, maker: Some("SAG"), resolution: Some((1, kWh)) }
            meter Meter { point: G, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    check(
        &telegram(&[VERSION, "0-0:1.0.0(632525252525W)", "1-0:1.8.1(1*kWh)"]),
        &expect![[r#"
            problem byte 0: nothing names the meter of 1-0:1.8.1: there is no 0-0:96.1.1: give --point (1 readings, 81 bytes)
            finding note meter_clock byte 0: the meter's clock was never set: the time of receipt places its values
        "#]],
    );
}

/// The readings of a sample as channel and value.
fn values(decoded: &[Decoded]) -> Vec<(String, Decimal)> {
    let rows = decoded.iter().flat_map(|piece| piece.batch.rows().iter().map(move |row| (piece, row)));
    let said = |(piece, row): (&Decoded, &metrify_domain::Row)| {
        let channel = piece.batch.channel(row);
        (format!("{} {}", channel.point, channel.quantity), row.value.expect("a value"))
    };
    rows.map(said).collect()
}

#[test]
fn samples_are_read_where_their_checksum_holds() {
    // From `expected.json`: whether the checksum holds; and how many readings there are.
    for (name, readings) in [
        ("TELEGRAM_UNPADDED_CRC", Some(1)),
        ("TELEGRAM_V2_2", Some(7)),
        ("TELEGRAM_V4_2", Some(27)),
        ("TELEGRAM_V5", Some(27)),
        ("TELEGRAM_V5_TWO_MBUS", Some(28)),
        ("p1-example-3.0", Some(7)),
        ("p1-example-4.0", None),
        ("p1-example-5.0", None),
    ] {
        let Some(bytes) = sample(&format!("dsmr/{name}.txt")) else { return };
        assert_eq!(detect(&Head::new(&bytes)), Detected::One(Format::Dsmr), "{name}");
        let decoded = decode(Format::Dsmr, &bytes, &options(), 7);
        let problems: Vec<_> = decoded.iter().flat_map(|piece| &piece.problems).collect();
        match readings {
            Some(readings) => {
                assert!(problems.is_empty(), "{name}: {}", describe(&decoded));
                assert_eq!(values(&decoded).len(), readings, "{name}: {}", describe(&decoded));
            }
            None => {
                let expected = if name.ends_with("4.0") { ("522B", "6412") } else { ("EF2F", "E47C") };
                let reason = format!("the checksum is {}, but the bytes give {}", expected.0, expected.1);
                assert_eq!(
                    problems.iter().map(|problem| problem.reason.as_str()).collect::<Vec<_>>(),
                    [reason],
                    "{name}"
                );
                assert!(values(&decoded).is_empty(), "{name}");
            }
        }
    }
}

#[test]
fn samples_give_the_values_that_stand_in_them() {
    // The newest of them is from 2026.
    let later = Options::at(Timestamp::from_seconds(1_800_000_000).expect("a time"));
    let expected = [
        (
            "TELEGRAM_V2_2",
            expect![[r#"
            000000000000 7-0:3.1.0 register 2016-11-07T18:00:00Z 1.001 m3 true
            00000000000000 1-0:1.8.1 register 2027-01-15T08:00:00Z 1.001 kWh true
            00000000000000 1-0:1.8.2 register 2027-01-15T08:00:00Z 1.001 kWh true
            00000000000000 1-0:2.8.1 register 2027-01-15T08:00:00Z 1.001 kWh true
            00000000000000 1-0:2.8.2 register 2027-01-15T08:00:00Z 1.001 kWh true
            00000000000000 1-0:1.7.0 instant 2027-01-15T08:00:00Z 1.01 kW true
            00000000000000 1-0:2.7.0 instant 2027-01-15T08:00:00Z 0 kW true
            meter Meter { point: 00000000000000, kind: Some(Device), name: None, server_id: None, maker: None, resolution: Some((0.001, kWh)) }
            meter Meter { point: 000000000000, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
        "#]],
        ),
        (
            "TELEGRAM_UNPADDED_CRC",
            expect![[r#"
            621848012D2C0B0C 6-0:1.0.0 register 2026-02-15T19:05:23Z 240.86 GJ true
            meter Meter { point: ADC3100000158491, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
            meter Meter { point: 621848012D2C0B0C, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
        "#]],
        ),
        (
            "p1-example-3.0",
            expect![[r#"
            2222ABCD123456789 7-0:3.1.0 register 2009-02-12T15:00:00Z 0 m3 true
            K8EG004046395507 1-0:1.8.1 register 2027-01-15T08:00:00Z 12345.678 kWh true
            K8EG004046395507 1-0:1.8.2 register 2027-01-15T08:00:00Z 12345.678 kWh true
            K8EG004046395507 1-0:2.8.1 register 2027-01-15T08:00:00Z 12345.678 kWh true
            K8EG004046395507 1-0:2.8.2 register 2027-01-15T08:00:00Z 12345.678 kWh true
            K8EG004046395507 1-0:1.7.0 instant 2027-01-15T08:00:00Z 1.19 kW true
            K8EG004046395507 1-0:2.7.0 instant 2027-01-15T08:00:00Z 0 kW true
            meter Meter { point: K8EG004046395507, kind: Some(Device), name: None, server_id: None, maker: None, resolution: Some((0.001, kWh)) }
            meter Meter { point: 2222ABCD123456789, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
        "#]],
        ),
    ];
    for (name, expected) in expected {
        let Some(bytes) = sample(&format!("dsmr/{name}.txt")) else { return };
        expected.assert_eq(&describe(&decode(Format::Dsmr, &bytes, &later, 64)));
    }
}

#[test]
fn a_device_that_was_never_read_gives_no_reading() {
    let Some(bytes) = sample("dsmr/TELEGRAM_V5_TWO_MBUS.txt") else { return };
    let expected = expect![[r#"
            E0044007382246019 1-0:1.8.1 register 2020-04-26T20:33:25Z 2130.115 kWh true
            E0044007382246019 1-0:1.8.2 register 2020-04-26T20:33:25Z 245.467 kWh true
            E0044007382246019 1-0:2.8.1 register 2020-04-26T20:33:25Z 0 kWh true
            E0044007382246019 1-0:2.8.2 register 2020-04-26T20:33:25Z 0 kWh true
            E0044007382246019 1-0:1.7.0 instant 2020-04-26T20:33:25Z 0.111 kW true
            E0044007382246019 1-0:2.7.0 instant 2020-04-26T20:33:25Z 0 kW true
            E0044007382246019 0-0:96.7.21 register 2020-04-26T20:33:25Z 5 1 true
            E0044007382246019 0-0:96.7.9 register 2020-04-26T20:33:25Z 3 1 true
            E0044007382246019 0-0:96.7.19 instant 2019-03-26T08:50:15Z 2014 s true
            E0044007382246019 1-0:32.32.0 register 2020-04-26T20:33:25Z 1 1 true
            E0044007382246019 1-0:52.32.0 register 2020-04-26T20:33:25Z 1 1 true
            E0044007382246019 1-0:72.32.0 register 2020-04-26T20:33:25Z 192 1 true
            E0044007382246019 1-0:32.36.0 register 2020-04-26T20:33:25Z 1 1 true
            E0044007382246019 1-0:52.36.0 register 2020-04-26T20:33:25Z 1 1 true
            E0044007382246019 1-0:72.36.0 register 2020-04-26T20:33:25Z 1 1 true
            E0044007382246019 1-0:32.7.0 instant 2020-04-26T20:33:25Z 229.9 V true
            E0044007382246019 1-0:52.7.0 instant 2020-04-26T20:33:25Z 229.2 V true
            E0044007382246019 1-0:72.7.0 instant 2020-04-26T20:33:25Z 222.9 V true
            E0044007382246019 1-0:31.7.0 instant 2020-04-26T20:33:25Z 0 A true
            E0044007382246019 1-0:51.7.0 instant 2020-04-26T20:33:25Z 0 A true
            E0044007382246019 1-0:71.7.0 instant 2020-04-26T20:33:25Z 1 A true
            E0044007382246019 1-0:21.7.0 instant 2020-04-26T20:33:25Z 0.056 kW true
            E0044007382246019 1-0:41.7.0 instant 2020-04-26T20:33:25Z 0 kW true
            E0044007382246019 1-0:61.7.0 instant 2020-04-26T20:33:25Z 0.055 kW true
            E0044007382246019 1-0:22.7.0 instant 2020-04-26T20:33:25Z 0 kW true
            E0044007382246019 1-0:42.7.0 instant 2020-04-26T20:33:25Z 0 kW true
            E0044007382246019 1-0:62.7.0 instant 2020-04-26T20:33:25Z 0 kW true
            G0039001936990619 7-0:3.1.0 register 2020-04-26T20:30:01Z 246.138 m3 true
            finding note unset_stamp byte 0: 0-1:24.2.1 has a stamp that was never set: there was no value yet, and none is read
            meter Meter { point: E0044007382246019, kind: Some(Device), name: None, server_id: None, maker: None, resolution: Some((0.001, kWh)) }
            meter Meter { point: G0039001936990619, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
        "#]];
    expected.assert_eq(&describe(&decode(Format::Dsmr, &bytes, &options(), 64)));
}

#[test]
fn the_sample_of_version_4_gives_its_registers_powers_and_gas() {
    let Some(bytes) = sample("dsmr/TELEGRAM_V4_2.txt") else { return };
    let values = values(&decode(Format::Dsmr, &bytes, &options(), 64));
    let of = |channel: &str| values.iter().find(|(known, _)| known == channel).map(|(_, value)| value.to_string());
    let meter = "3960221976967177082151037881335713";
    assert_eq!(of(&format!("{meter} 1-0:1.8.1")).as_deref(), Some("1581.123"));
    assert_eq!(of(&format!("{meter} 1-0:1.8.2")).as_deref(), Some("1435.706"));
    assert_eq!(of(&format!("{meter} 1-0:41.7.0")).as_deref(), Some("1.247"));
    assert_eq!(of(&format!("{meter} 0-0:96.7.19")).as_deref(), Some("237126"));
    assert_eq!(of("4819243993373755377509728609491464 7-0:3.1.0").as_deref(), Some("981.443"));
}

#[test]
fn samples_in_one_stream_are_read_one_after_the_other() {
    let mut stream = Vec::new();
    for name in ["TELEGRAM_V5", "p1-example-4.0", "TELEGRAM_V4_2", "p1-example-3.0"] {
        let Some(bytes) = sample(&format!("dsmr/{name}.txt")) else { return };
        stream.extend(bytes);
    }
    let decoded = decode(Format::Dsmr, &stream, &options(), 11);
    assert_eq!(values(&decoded).len(), 27 + 27 + 7);
    assert_eq!(decoded.iter().map(|piece| piece.problems.len()).sum::<usize>(), 1);
}

#[test]
fn the_content_tells_the_format() {
    let check = |text: &str, expected: &Detected| assert_eq!(detect(&Head::new(text.as_bytes())), *expected, "{text}");
    check(&telegram(&[VERSION]), &Detected::One(Format::Dsmr));
    check(&telegram(&["1-0:1.8.0(1*kWh)"]), &Detected::One(Format::Dsmr));
    check("000*A)\r\n0-0:96.13.0()\r\n!1A2B\r\n/ABC5", &Detected::One(Format::Dsmr));
    check("/ABC5\\METER\r\n\r\n1-0:1.8.0(1*kWh)\r\n!\r\n", &Detected::One(Format::D0));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic_and_the_same_in_any_pieces(
        parts in proptest::collection::vec(prop_oneof![
            prop::sample::select(&[
                "/ABC5\\X\r\n\r\n", "!\r\n", "!1A2B\r\n", "0-0:96.1.1(4B38)\r\n", "1-0:1.8.1(1*kWh)\r\n", "/", "0-0:1.0.0(231029023000W)\r\n",
                "0-1:24.1.0(003)\r\n", "0-1:96.1.0(4738)\r\n", "0-1:24.2.1(231029023000S)(1*m3)\r\n", "\r\n", "(1*m3)\r\n",
                "0-1:24.3.0(161107190000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n", "1-0:99.97.0(1)(0-0:96.7.19)(231029023000S)(1*s)\r\n",
            ][..]).prop_map(|text| text.as_bytes().to_vec()),
            proptest::collection::vec(any::<u8>(), 0..12),
        ], 0..40),
        piece in 1_usize..50,
    ) {
        let bytes = parts.concat();
        let whole = describe(&decode(Format::Dsmr, &bytes, &options(), bytes.len().max(1)));
        prop_assert_eq!(whole, describe(&decode(Format::Dsmr, &bytes, &options(), piece)));
    }

    #[test]
    fn a_changed_byte_lets_nothing_through(at in any::<prop::sample::Index>(), change in 1_u8..=255) {
        let text = telegram(&[VERSION, "0-0:1.0.0(240101000000W)", NUMBER, "1-0:1.8.1(1*kWh)"]);
        let mut bytes = text.clone().into_bytes();
        let at = at.index(text.find('!').expect("a mark"));
        bytes[at] ^= change;
        let decoded = decode(Format::Dsmr, &bytes, &options(), bytes.len());
        prop_assert!(values(&decoded).is_empty(), "{}", describe(&decoded));
    }
}
