//! MSCONS through the front door.

use crate::support;

use expect_test::{Expect, expect};
use metrify_domain::Decimal;
use metrify_domain::calendar::Zone;
use metrify_formats::{Decoded, Format, Head, Options};
use proptest::prelude::*;

use support::{decode, describe, options, sample};

fn read(bytes: &[u8]) -> Vec<Decoded> {
    decode(Format::Mscons, bytes, &options(), bytes.len().max(1))
}

/// An interchange around messages of `body`, whose counts are right: `body` has `count` segments a message.
fn interchange(messages: &[&str]) -> String {
    let mut text = "UNA:+.? '\nUNB+UNOC:3+9905048000007:500+9985046000001:500+240402:0307+R1++TL'\n".to_owned();
    for (number, body) in messages.iter().enumerate() {
        let number = number + 1;
        let segments = body.lines().filter(|line| !line.trim().is_empty()).count() + 2;
        text.push_str(&format!("UNH+{number}+MSCONS:D:04B:UN:2.4c'\n{body}\nUNT+{segments}+{number}'\n"));
    }
    text.push_str(&format!("UNZ+{}+R1'\n", messages.len()));
    text
}

/// A message of one location: one segment a line, without its terminators.
fn message(pruefidentifikator: &str, body: &str) -> String {
    let head = "BGM+7+MSI5422+9\nDTM+137:202404020307?+00:303";
    let parties = "NAD+MS+9905048000007::293\nNAD+MR+9985046000001::293\nUNS+D\nNAD+DP";
    let lines = format!("{head}\nRFF+Z13:{pruefidentifikator}\n{parties}\n{}", body.trim());
    lines.lines().map(|line| format!("{}'\n", line.trim())).collect()
}

fn check_bytes(bytes: &[u8], expected: &Expect) {
    expected.assert_eq(&describe(&read(bytes)));
    for piece in [1, 7] {
        let pieces = decode(Format::Mscons, bytes, &options(), piece);
        assert_eq!(describe(&pieces), describe(&read(bytes)), "in pieces of {piece}");
    }
}

fn check(pruefidentifikator: &str, body: &str, expected: &Expect) {
    check_bytes(interchange(&[&message(pruefidentifikator, body)]).as_bytes(), expected);
}

#[test]
fn a_load_curve_of_a_market_location_is_read_with_its_standings_and_codes() {
    check(
        "13025",
        "LOC+172+50120962218
         DTM+163:202403302300?+00:303
         DTM+164:202403312200?+00:303
         LIN+1
         PIA+5+1-1?:1.29.0:SRW
         QTY+220:1.25
         DTM+163:202403302300?+00:303
         DTM+164:202403302315?+00:303
         QTY+Z18:0,5
         DTM+163:202403302315?+00:303
         DTM+164:202403302330?+00:303
         QTY+67:12.345
         DTM+163:202403302330?+00:303
         DTM+164:202403302345?+00:303
         STS+Z32++ZJ2
         STS+Z34++ZB0
         STS+Z40++ZB0
         QTY+67:7
         DTM+163:202403302345?+00:303
         DTM+164:202403310000?+00:303
         STS+Z34++ZA4
         STS+Z40++ZB0
         QTY+Z30:0
         DTM+163:202403310000?+00:303
         DTM+164:202403310015?+00:303",
        &expect![[r#"
            50120962218 1-1:1.29.0 interval 2024-03-30T23:00:00Z..2024-03-30T23:15:00Z 1.25 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            50120962218 1-1:1.29.0 interval 2024-03-30T23:15:00Z..2024-03-30T23:30:00Z 0.5 kWh provisional known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            50120962218 1-1:1.29.0 interval 2024-03-30T23:30:00Z..2024-03-30T23:45:00Z 12.345 kWh substitute method=ZJ2 reason=ZB0 known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            50120962218 1-1:1.29.0 interval 2024-03-30T23:45:00Z..2024-03-31T00:00:00Z 7 kWh substitute reason=ZA4 ZB0 known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            50120962218 1-1:1.29.0 interval 2024-03-31T00:00:00Z..2024-03-31T00:15:00Z - kWh missing known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            finding warning substitute_without_method message 1, segment 26: the substitute value does not say its method (STS+Z32)
        "#]],
    );
}

#[test]
fn a_load_curve_of_a_metering_location_is_read_in_each_of_its_lines() {
    check(
        "13018",
        "LOC+172+DE00014559929E00856996N5139699L01
         RFF+MG:1EMH0010599732
         LIN+1
         PIA+5+1-1?:2.29.0:SRW
         QTY+220:3
         DTM+163:202403302300?+00:303
         DTM+164:202403302315?+00:303
         LIN+2
         PIA+5+1-1?:7.29.0*255:SRW
         QTY+220:-4
         DTM+163:202403302300?+00:303
         DTM+164:202403302315?+00:303
         NAD+DP
         LOC+172+DE00014559929E00856996N5139699L02
         RFF+MG:1EMH0010599732
         LIN+1
         PIA+5+1-65?:1.29.0:SRW
         QTY+201:5
         DTM+163:202403302300?+00:303
         DTM+164:202403302315?+00:303",
        &expect![[r#"
            DE00014559929E00856996N5139699L01 1-1:2.29.0 interval 2024-03-30T23:00:00Z..2024-03-30T23:15:00Z 3 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            DE00014559929E00856996N5139699L01 1-1:7.29.0 interval 2024-03-30T23:00:00Z..2024-03-30T23:15:00Z -4 kvarh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            DE00014559929E00856996N5139699L02 1-65:1.29.0 interval 2024-03-30T23:00:00Z..2024-03-30T23:15:00Z 5 kWh proposed known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            meter Meter { point: 1EMH0010599732, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn a_register_state_counts_for_the_instant_of_its_use() {
    check(
        "13017",
        "LOC+172+DE0073395252733953513649640711234
         RFF+MG:G12345678910
         LIN+1
         PIA+5+1-1?:1.8.0:SRW
         QTY+220:1234567.357
         DTM+9:202403011100?+00:303
         DTM+7:202403012300?+00:303
         STS+Z33++Z83
         LIN+2
         PIA+5+1-1?:2.8.0:SRW
         QTY+67:17
         DTM+9:20240302:102
         STS+Z32++Z88
         STS+Z40++Z74",
        &expect![[r#"
            DE0073395252733953513649640711234 1-1:1.8.0 register 2024-03-01T23:00:00Z 1234567.357 kWh true reason=Z83 known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            DE0073395252733953513649640711234 1-1:2.8.0 register 2024-03-01T23:00:00Z 17 kWh substitute method=Z88 reason=Z74 known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            meter Meter { point: G12345678910, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn at_an_exchange_each_meter_keeps_its_state() {
    let state = |meter: &str, register: &str, value: &str, times: &str| {
        format!(
            "NAD+DP\nLOC+172+DE00056266802AO6G56M11SN51G21M24S\nRFF+MG:{meter}\nLIN+1\nPIA+5+{register}:SRW\nQTY+220:{value}\n\
             DTM+7:202407150800?+00:303\n{times}"
        )
    };
    let exchange = "DTM+60:202407150800?+00:303";
    let messages = [
        message("13017", &state("1EMH0000000001", "1-0?:1.8.0", "45678.9", "")),
        message("13017", &state("1EMH0000000002", "1-0?:1.8.0", "0.1", "")),
        message("13002", &state("7ELS0000000003", "7-0?:3.0.0", "812", exchange)),
        message("13002", &state("7ELS0000000004", "7-0?:3.0.0", "0", exchange)),
        // A converter beside its meter has a register of its own, which is no exchange.
        message("13002", &state("7ELS0000000005", "7-0?:13.2.0", "9", "")),
    ];
    let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
    check_bytes(
        interchange(&messages).as_bytes(),
        &expect![[r#"
            DE00056266802AO6G56M11SN51G21M24S 1-0:1.8.0 register 2024-07-15T08:00:00Z 45678.9 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            1EMH0000000002 1-0:1.8.0 register 2024-07-15T08:00:00Z 0.1 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            7ELS0000000003 7-0:3.0.0 register 2024-07-15T08:00:00Z 812 m3 true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            7ELS0000000004 7-0:3.0.0 register 2024-07-15T08:00:00Z 0 m3 true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            DE00056266802AO6G56M11SN51G21M24S 7-0:13.2.0 register 2024-07-15T08:00:00Z 9 m3 true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            finding note other_meter message 2, segment 14: another meter told 1-0:1.8.0 of DE00056266802AO6G56M11SN51G21M24S before: this state is kept as that of the meter 1EMH0000000002 (RFF+MG)
            meter Meter { point: 1EMH0000000001, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
            meter Meter { point: 1EMH0000000002, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
            meter Meter { point: 7ELS0000000003, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
            meter Meter { point: 7ELS0000000004, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
            meter Meter { point: 7ELS0000000005, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn a_location_without_id_is_named_by_its_configuration_or_its_meter() {
    check(
        "13017",
        "LOC+172
         RFF+MG:1ISK0075126084
         LIN+1
         PIA+5+1-1?:1.8.0:SRW
         QTY+220:5
         DTM+7:202403012300?+00:303
         NAD+DP
         LOC+172
         RFF+MG:1ISK0075126085
         RFF+AGK:34590456ujdf
         LIN+1
         PIA+5+1-1?:1.8.0:SRW
         QTY+220:6
         DTM+7:202403012300?+00:303
         NAD+DP
         LOC+172
         LIN+1
         PIA+5+1-1?:1.8.0:SRW
         QTY+220:7
         DTM+7:202403012300?+00:303
         QTY+220:8
         DTM+7:202403022300?+00:303",
        &expect![[r#"
            1ISK0075126084 1-1:1.8.0 register 2024-03-01T23:00:00Z 5 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            34590456ujdf 1-1:1.8.0 register 2024-03-01T23:00:00Z 6 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            problem message 1, segment 27: the location names no point: LOC has no id, and neither RFF+AGK nor RFF+MG stands for it (2 readings, 74 bytes)
            finding warning empty_location message 1, segment 15: LOC names no point; the meter `1ISK0075126084` (RFF+MG) stands for it
            finding warning empty_location message 1, segment 23: LOC names no point; the configuration `34590456ujdf` (RFF+AGK) stands for it
            meter Meter { point: 1ISK0075126084, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
            meter Meter { point: 1ISK0075126085, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn a_slip_in_the_id_of_a_market_location_is_told_once() {
    let values = "LIN+1\nPIA+5+1-1?:1.9.0:SRW\nQTY+220:5\nDTM+163:202403012300?+00:303\nDTM+164:202403022300?+00:303";
    check(
        "13019",
        &format!("LOC+172+12345678901\n{values}\n{values}"),
        &expect![[r#"
        12345678901 1-1:1.9.0 interval 2024-03-01T23:00:00Z..2024-03-02T23:00:00Z 5 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        12345678901 1-1:1.9.0 interval 2024-03-01T23:00:00Z..2024-03-02T23:00:00Z 5 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        finding warning check_digit message 1, segment 15: the id `12345678901` (LOC): the check digit of a market location id must be 5 here, not `1`
    "#]],
    );
}

#[test]
fn an_amount_of_energy_has_its_own_period_or_that_of_its_location() {
    check(
        "13019",
        "LOC+172+51481308448
         DTM+163:202402292300?+00:303
         DTM+164:202403312200?+00:303
         LIN+1
         PIA+5+1-1?:1.9.0:SRW
         QTY+220:1200.5
         LIN+2
         PIA+5+1-1?:2.9.0:SRW
         QTY+Z31:0
         DTM+163:202402292300?+00:303
         DTM+164:202403312200?+00:303
         LIN+3
         PIA+5+1-1?:1.29.0:SRW
         QTY+220:3
         LIN+4
         PIA+5+1-1?:1.8.0:SRW
         QTY+220:4
         DTM+163:202402292300?+00:303
         DTM+164:202403312200?+00:303
         LIN+5
         PIA+5+1-1?:1.8.0:SRW
         QTY+220:5",
        &expect![[r#"
            51481308448 1-1:1.9.0 interval 2024-02-29T23:00:00Z..2024-03-31T22:00:00Z 1200.5 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            51481308448 1-1:2.9.0 interval 2024-02-29T23:00:00Z..2024-03-31T22:00:00Z 0 kWh true method=delivery_note known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            51481308448 1-1:1.8.0 interval 2024-02-29T23:00:00Z..2024-03-31T22:00:00Z 4 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            problem message 1, segment 22: nothing says for which interval the value is (DTM+163 and DTM+164) (1 readings, 10 bytes)
            problem message 1, segment 30: nothing says when the register was read (DTM+7 or DTM+9) (1 readings, 10 bytes)
        "#]],
    );
}

#[test]
fn a_maximum_is_a_power_within_its_period() {
    check(
        "13016",
        "LOC+172+51481308448
         LIN+1
         PIA+5+1-1?:1.6.0:SRW
         QTY+220:81.4
         DTM+306:202403:610
         LIN+2
         PIA+5+1-1?:3.6.0:SRW
         QTY+220:8
         DTM+163:20240301:102
         DTM+164:20240331:102",
        &expect![[r#"
            51481308448 1-1:1.6.0 interval 2024-02-29T23:00:00Z..2024-03-31T22:00:00Z 81.4 kW true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            51481308448 1-1:3.6.0 interval 2024-02-29T23:00:00Z..2024-03-31T22:00:00Z 8 kvar true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        "#]],
    );
}

#[test]
fn gas_is_read_in_volumes_energy_and_quality_with_days_from_six() {
    check(
        "13008",
        "LOC+172+DE00014559929E00856996N5139699L01
         LIN+1
         PIA+5+7-1?:3.0.0:SRW
         QTY+220:4.5
         DTM+163:202403300500?+00:303
         DTM+164:202403300600?+00:303
         LIN+2
         PIA+5+7-20?:99.33.17:SRW
         QTY+220:48.1
         DTM+163:202403300500?+00:303
         DTM+164:202403300600?+00:303
         LIN+3
         PIA+5+7-0?:52.0.22:SRW
         QTY+220:0.9427
         DTM+306:202403:610
         LIN+4
         PIA+5+7-0?:54.0.20:SRW
         QTY+220:11.316
         DTM+306:20240330:102",
        &expect![[r#"
            DE00014559929E00856996N5139699L01 7-1:3.0.0 interval 2024-03-30T05:00:00Z..2024-03-30T06:00:00Z 4.5 m3 true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            DE00014559929E00856996N5139699L01 7-20:99.33.17 interval 2024-03-30T05:00:00Z..2024-03-30T06:00:00Z 48.1 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            DE00014559929E00856996N5139699L01 7-0:52.0.22 interval 2024-03-01T05:00:00Z..2024-04-01T04:00:00Z 0.9427 1 true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            DE00014559929E00856996N5139699L01 7-0:54.0.20 interval 2024-03-30T05:00:00Z..2024-03-31T04:00:00Z 11.316 kWh/m3 true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        "#]],
    );
    check(
        "13002",
        "LOC+172+DE00014559929E00856996N5139699L01
         LIN+1
         PIA+5+7-1?:3.0.0:SRW
         QTY+67:1874
         DTM+9:20240330:102
         DTM+7:202403310400?+00:303
         STS+Z32++Z92
         STS+Z40++Z74",
        &expect![[r#"
            DE00014559929E00856996N5139699L01 7-1:3.0.0 register 2024-03-31T04:00:00Z 1874 m3 substitute method=Z92 reason=Z74 known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        "#]],
    );
    check(
        "13009",
        "LOC+172+51481308448
         LIN+1
         PIA+5+7-0?:13.2.0:SRW
         QTY+220:19991.07:KWH
         DTM+163:202402:610
         DTM+164:202402:610",
        &expect![[r#"
            51481308448 7-0:13.2.0 interval 2024-02-01T05:00:00Z..2024-03-01T05:00:00Z 19991.07 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        "#]],
    );
}

#[test]
fn values_of_type_2_and_amounts_for_the_price_cap_are_read() {
    check(
        "13027",
        "LOC+172+50375312838
         LIN+1
         PIA+5+1-0?:1.29.0:SRW
         QTY+67:1223
         DTM+163:202312220500?+00:303
         DTM+164:202408020400?+00:303
         DTM+7:202408020400?+00:303",
        &expect![[r#"
            50375312838 1-0:1.29.0 interval 2023-12-22T05:00:00Z..2024-08-02T04:00:00Z 1223 kWh substitute known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        "#]],
    );
    check(
        "13028",
        "LOC+172+50375312838
         LIN+1
         PIA+5+1-1?:1.9.0:SRW
         QTY+Z47:6100
         DTM+163:2024:602
         DTM+164:2024:602",
        &expect![[r#"
            50375312838 1-1:1.9.0 interval 2023-12-31T23:00:00Z..2024-12-31T23:00:00Z 6100 kWh substitute method=price_cap_basis known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        "#]],
    );
}

#[test]
fn redispatch_areas_profiles_and_forecasts_are_read_the_same_way() {
    check(
        "13020",
        "LOC+237+11XUENBSOLS----X+11XVNBSOLS-----X
         LOC+107+11YR000000011247
         LIN+1
         PIA+5+AUA:Z08
         QTY+187:3.5:KWT
         DTM+163:202403302300?+00:303
         DTM+164:202403302315?+00:303
         QTY+20:3.5:D54
         DTM+163:202403302315?+00:303
         DTM+164:202403302330?+00:303
         QTY+79:1
         DTM+163:202403302330?+00:303
         DTM+164:202403302345?+00:303
         NAD+DED
         LOC+Z04+H0
         LIN+1
         PIA+5+1-1?:9.99.0:Z02
         QTY+220:0.01
         DTM+163:202403302330?+00:303
         DTM+164:202403302345?+00:303",
        &expect![[r#"
            11XUENBSOLS----X medium.aua interval 2024-03-30T23:00:00Z..2024-03-30T23:15:00Z 3.5 kW forecast known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            11XUENBSOLS----X medium.aua interval 2024-03-30T23:15:00Z..2024-03-30T23:30:00Z 3.5 W/m2 faulty known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            9905048000007/H0 1-1:9.99.0 interval 2024-03-30T23:30:00Z..2024-03-30T23:45:00Z 0.01 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            problem message 1, segment 19: QTY names no unit, and medium.aua implies none (1 readings, 67 bytes)
        "#]],
    );
}

#[test]
fn a_profile_is_one_of_its_operator_whatever_stands_beside_it() {
    let value = "LIN+1
         PIA+5+1-1?:9.99.0:Z02
         QTY+220:0.01
         DTM+163:202403302330?+00:303
         DTM+164:202403302345?+00:303";
    // Of several areas, in either order, and of one family, told apart by what CCI and CAV say.
    let body = format!(
        "LOC+107+11YR000000011247
         LOC+Z04+H0
         {value}
         NAD+DED
         LOC+Z04+G0
         LOC+107+11YR000000011247
         {value}
         NAD+DED
         LOC+Z06+W14
         CCI+15++Z21
         CAV+Z01:::-15
         {value}
         LIN+2
         CAV+Z01:::-14
         PIA+5+1-1?:9.99.0:Z02
         QTY+220:0.02
         DTM+163:202403302330?+00:303
         DTM+164:202403302345?+00:303"
    );
    check(
        "13010",
        &body,
        &expect![[r#"
        9905048000007/H0 1-1:9.99.0 interval 2024-03-30T23:30:00Z..2024-03-30T23:45:00Z 0.01 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        9905048000007/G0 1-1:9.99.0 interval 2024-03-30T23:30:00Z..2024-03-30T23:45:00Z 0.01 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        9905048000007/W14/15/Z21/Z01/-15 1-1:9.99.0 interval 2024-03-30T23:30:00Z..2024-03-30T23:45:00Z 0.01 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        9905048000007/W14/15/Z21/Z01/-15/Z01/-14 1-1:9.99.0 interval 2024-03-30T23:30:00Z..2024-03-30T23:45:00Z 0.02 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
    "#]],
    );
    let other = interchange(&[&message("13010", &body).replace("MS+9905048000007", "MS+9903100000006")]);
    let told = describe(&read(other.as_bytes()));
    assert!(told.starts_with("9903100000006/H0 1-1:9.99.0 "), "{told}");
}

#[test]
fn the_names_of_profiles_that_no_point_can_have_are_refused() {
    let body = "LOC+Z06+W14
         CCI+15++Z21:0123456789012345678901234567890123456789:0123456789
         LIN+1
         PIA+5+1-1?:9.99.0:Z02
         QTY+220:0.01
         DTM+163:202403302330?+00:303
         DTM+164:202403302345?+00:303";
    check(
        "13011",
        body,
        &expect![[r#"
        problem message 1, segment 13: the id `9905048000007/W14/15/Z21/01234567890123456789012345678901234` (LOC) names no point: the point has more than 64 bytes (1 readings, 71 bytes)
    "#]],
    );
}

#[test]
fn a_storno_takes_back_the_message_that_it_names() {
    let storno = "BGM+7+542637BGM+1'\nDTM+137:202303300908?+00:303'\nRFF+ACW:MSI5422'\nRFF+Z13:13006'\n\
        NAD+MS+9905048000007::293'\nNAD+MR+9985046000001::293'\nUNS+D'\nNAD+DP'\nLOC+172'";
    check_bytes(
        interchange(&[storno]).as_bytes(),
        &expect![[r#"
        withdrawal of 9905048000007/MSI5422 by Document { reference: "9905048000007/542637BGM", known_at: Some(2023-03-30T09:08:00Z) }
    "#]],
    );
    let with_values = format!("{storno}\nLIN+1'\nPIA+5+1-1?:1.8.0:SRW'\nQTY+220:5'\nDTM+7:202403012300?+00:303'");
    let nameless = storno.replace("RFF+ACW:MSI5422'\n", "");
    check_bytes(
        interchange(&[&with_values, &nameless]).as_bytes(),
        &expect![[r#"
        problem message 2: the Storno does not say which message it takes back (RFF+ACW) (1 readings, 146 bytes)
        finding note values_in_withdrawal message 1, segment 14: the Storno repeats 1 values, which it takes back
        withdrawal of 9905048000007/MSI5422 by Document { reference: "9905048000007/542637BGM", known_at: Some(2023-03-30T09:08:00Z) }
    "#]],
    );
}

#[test]
fn what_cannot_be_read_is_one_problem_a_value() {
    check(
        "13025",
        "LOC+172+50120962218
         LIN+1
         PIA+5+1-1?:1.29.0:SRW
         QTY+221:1
         DTM+163:202403302300?+00:303
         DTM+164:202403302315?+00:303
         QTY+220
         DTM+163:202403302300?+00:303
         DTM+164:202403302315?+00:303
         QTY+220:1.2.3
         DTM+163:202403302300?+00:303
         DTM+164:202403302315?+00:303
         QTY+220:1:UNITTHATISTOOLONG
         QTY+220:2
         DTM+163:202403302400?+00:303
         DTM+164:202403310015?+00:303
         QTY+220:3
         DTM+163:202413302300?+00:303
         DTM+164:202403302315?+00:303
         QTY+220:4
         DTM+163:202403302315?+00:303
         DTM+164:202403302300?+00:303
         QTY+220:5
         DTM+163:202403302315?+00:303
         QTY+220:6
         DTM+164:202403302315?+00:303
         QTY+220:7
         QTY+220:8
         DTM+163:202403302300?+00:303
         DTM+163:202403302315?+00:303
         QTY+220:9
         DTM+163:202403302300?+00:304
         DTX+164:202403302315?+00:303
         LIN+2
         PIA+5+1-1?:0.1.0:SRW
         QTY+220:10
         DTM+163:202403302300?+00:303
         DTM+164:202403302315?+00:303
         LIN+3
         PIA+5+1-1?:1.8.0:SRW
         QTY+220:11
         LIN+4
         PIA+5+gibberish:SRW
         QTY+220:12
         QTY+220:13
         QTX+220:14
         DTM+163:202403302300?+00:303",
        &expect![[r#"
            50120962218 1-1:1.29.0 interval 2024-03-31T00:00:00Z..2024-03-31T00:15:00Z 2 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            problem message 1, segment 12: `221` is not a qualifier of values (QTY DE6063) that we know (1 readings, 68 bytes)
            problem message 1, segment 15: QTY gives no number (1 readings, 66 bytes)
            problem message 1, segment 18: the value `1.2.3` is not a decimal number (1 readings, 72 bytes)
            problem message 1, segment 21: `UNITTHATISTOOLONG` is not a unit (QTY DE6411) (1 readings, 28 bytes)
            problem message 1, segment 25: `DTM+163:202413302300?+00:303` is no time in a format that we know (102, 203, 204, 303, 304, 602, 610) (1 readings, 68 bytes)
            problem message 1, segment 28: the interval ends at 2024-03-30T23:00:00Z, which is not after its begin 2024-03-30T23:15:00Z (1 readings, 68 bytes)
            problem message 1, segment 31: the interval has a begin (DTM+163) and no end (DTM+164) (1 readings, 39 bytes)
            problem message 1, segment 33: the interval has an end (DTM+164) and no begin (DTM+163) (1 readings, 39 bytes)
            problem message 1, segment 35: nothing says for which interval the value is (DTM+163 and DTM+164) (1 readings, 10 bytes)
            problem message 1, segment 36: `DTM+163:202403302315?+00:303` contradicts what was said before it (1 readings, 68 bytes)
            problem message 1, segment 39: `DTM+163:202403302300?+00:304` is no time in a format that we know (102, 203, 204, 303, 304, 602, 610) (1 readings, 68 bytes)
            problem message 1, segment 44: QTY names no unit, and 1-1:0.1.0 implies none (1 readings, 69 bytes)
            problem message 1, segment 49: nothing says when the register was read (DTM+7 or DTM+9) (1 readings, 11 bytes)
            problem message 1, segment 53: `QTX` is no segment of MSCONS; it may have held a value (1 readings, 51 bytes)
            problem message 1, segment 52: `gibberish` (PIA) is not an OBIS code such as 1-1:1.29.0 (1 readings, 11 bytes)
        "#]],
    );
}

#[test]
fn stamps_without_offset_are_local_and_the_doubled_hour_is_told_by_order() {
    let mut body = "LOC+172+50120962218\nLIN+1\nPIA+5+1-1?:1.29.0:SRW".to_owned();
    for (from, to) in [("0145", "0200"), ("0200", "0230"), ("0230", "0200"), ("0200", "0245"), ("0245", "0300")] {
        body.push_str(&format!("\nQTY+220:1\nDTM+163:20231029{from}:203\nDTM+164:20231029{to}:203"));
    }
    body.push_str("\nLIN+2\nPIA+5+1-1?:2.29.0:SRW\nQTY+220:1\nDTM+163:202310290215:203\nDTM+164:202310290300:203");
    body.push_str("\nQTY+220:1\nDTM+163:202303260215:203\nDTM+164:202303260300:203");
    body.push_str("\nQTY+220:1\nDTM+163:20230326000000?+01:304\nDTM+164:20230327000000:204");
    check(
        "13018",
        &body,
        &expect![[r#"
        50120962218 1-1:1.29.0 interval 2023-10-28T23:45:00Z..2023-10-29T00:00:00Z 1 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        50120962218 1-1:1.29.0 interval 2023-10-29T00:00:00Z..2023-10-29T00:30:00Z 1 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        50120962218 1-1:1.29.0 interval 2023-10-29T00:30:00Z..2023-10-29T01:00:00Z 1 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        50120962218 1-1:1.29.0 interval 2023-10-29T01:00:00Z..2023-10-29T01:45:00Z 1 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        50120962218 1-1:1.29.0 interval 2023-10-29T01:45:00Z..2023-10-29T02:00:00Z 1 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        50120962218 1-1:2.29.0 interval 2023-03-25T23:00:00Z..2023-03-26T22:00:00Z 1 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        problem message 1, segment 29: the local time 2023-10-29 02:15:00 came twice in Europe/Berlin, and the rows before do not tell which one is meant (1 readings, 60 bytes)
        problem message 1, segment 32: the local time 2023-03-26 02:15:00 does not exist in Europe/Berlin: the clock was set forward over it (1 readings, 60 bytes)
    "#]],
    );
}

#[test]
fn the_callers_zone_is_that_of_stamps_without_offset() {
    let body = "LOC+172+50120962218\nLIN+1\nPIA+5+1-1?:1.29.0:SRW\nQTY+220:1\nDTM+163:202310290200:203\n\
        DTM+164:202310290215:203";
    let bytes = interchange(&[&message("13018", body)]);
    let options = Options { zone: Some(Zone::UTC), ..options() };
    let text = describe(&decode(Format::Mscons, bytes.as_bytes(), &options, 100));
    expect![[r#"
        50120962218 1-1:1.29.0 interval 2023-10-29T02:00:00Z..2023-10-29T02:15:00Z 1 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
    "#]].assert_eq(&text);
}

#[test]
fn separators_that_were_not_released_are_understood() {
    check(
        "13018",
        "LOC+172+50120962218
         LIN+1
         PIA+5+1-1:1.29.0:SRW
         QTY+220:1
         DTM+163:202403302300+00:303
         DTM+164:202403302315+00:303",
        &expect![[r#"
            50120962218 1-1:1.29.0 interval 2024-03-30T23:00:00Z..2024-03-30T23:15:00Z 1 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            finding warning unreleased_separator message 1, segment 11: `PIA+5+1-1:1.29.0:SRW` holds a separator that is not released
        "#]],
    );
}

#[test]
fn other_separators_latin_1_and_several_interchanges_in_one_file() {
    let german = b"UNA:+,? '\r\nUNB+UNOC:3+A:500+B:500+240402:0307+R1'\r\nUNH+1+MSCONS:D:04B:UN:2.4c'\r\n\
        BGM+7+N?'1+9'\r\nDTM+137:202404020307?+00:303'\r\nRFF+Z13:13018'\r\nNAD+MS+A::293'\r\nCTA+IC+:M\xfcller'\r\nUNS+D'\r\n\
        NAD+DP'\r\nLOC+172+Stra\xdfe 1'\r\nLIN+1'\r\nPIA+5+1-1?:1.29.0:SRW'\r\nQTY+220:1,5'\r\n\
        DTM+163:202403302300?+00:303'\r\nDTM+164:202403302315?+00:303'\r\nUNT+15+1'\r\nUNZ+1+R1'\r\n";
    let other = b"UNA|*.! ~UNB*UNOC|3*A|500*B|500*240402|0307*R2~UNH*1*MSCONS|D|04B|UN|2.4c~BGM*7*N2*9~\
        DTM*137|202404020307+00|303~RFF*Z13|13018~NAD*MS*A||293~UNS*D~NAD*DP~LOC*172*50120962218~LIN*1~\
        PIA*5*1-1:1.29.0|SRW~QTY*220|1,5~DTM*163|202403302300+00|303~DTM*164|202403302315+00|303~UNT*14*1~UNZ*1*R2~";
    check_bytes(
        &[&german[..], &other[..]].concat(),
        &expect![[r#"
        Straße 1 1-1:1.29.0 interval 2024-03-30T23:00:00Z..2024-03-30T23:15:00Z 1.5 kWh true known 2024-04-02T03:07:00Z in A/N'1
        50120962218 1-1:1.29.0 interval 2024-03-30T23:00:00Z..2024-03-30T23:15:00Z 1.5 kWh true known 2024-04-02T03:07:00Z in A/N2
    "#]],
    );
}

#[test]
fn wrong_counts_and_references_are_findings_and_lose_nothing() {
    let body = "LOC+172+50120962218\nLIN+1\nPIA+5+1-1?:1.29.0:SRW\nQTY+220:1\nDTM+163:202403302300?+00:303\n\
        DTM+164:202403302315?+00:303";
    let right = interchange(&[&message("21000000000003", body)]);
    let wrong = right.replace("UNT+15+1", "UNT+2+7").replace("UNZ+1+R1", "UNZ+3+R9").replace("BGM+7+MSI5422", "BGM+7+");
    let wrong = wrong.replace("DTM+137:202404020307?+00:303", "DTM+137:yesterday:303");
    check_bytes(
        wrong.as_bytes(),
        &expect![[r#"
        50120962218 1-1:1.29.0 interval 2024-03-30T23:00:00Z..2024-03-30T23:15:00Z 1 kWh true in 9905048000007/R1.1
        finding warning unreadable_time message 1, segment 3: `DTM+137:yesterday:303` is no time in a format that we know (102, 203, 204, 303, 304, 602, 610)
        finding warning pruefidentifikator message 1, segment 7: `21000000000003` (RFF+Z13) is no Pruefidentifikator that we know
        finding warning document_number message 1, segment 7: the message has no number (BGM DE1004), so no Storno can name it
        finding warning document_time message 1, segment 7: the message has no time (DTM+137); that of receipt counts
        finding warning segment_count message 1, segment 15: UNT tells of 2 segments, and there are 15
        finding warning message_reference message 1, segment 15: UNH has the reference `1`, and UNT `7`
        finding warning message_count message 1: UNZ tells of 3 messages, and there are 1
        finding warning interchange_reference message 1: UNB has the reference `R1`, and UNZ `R9`
    "#]],
    );
}

#[test]
fn messages_of_test_interchanges_and_of_other_types_are_kept_out() {
    let body = "LOC+172+50120962218\nLIN+1\nPIA+5+1-1?:1.29.0:SRW\nQTY+220:1\nDTM+163:202403302300?+00:303\n\
        DTM+164:202403302315?+00:303\nQTY+220:2";
    let one = message("13018", body);
    let tests = interchange(&[&one, &one]).replace("++TL'", "++TL++++1'");
    check_bytes(
        tests.as_bytes(),
        &expect![[r#"
            problem message 1: the interchange is a test (UNB DE0035 is 1), whose content is kept out (2 readings, 277 bytes)
            problem message 2: the interchange is a test (UNB DE0035 is 1), whose content is kept out (2 readings, 277 bytes)
        "#]],
    );
    let mixed = interchange(&[&one, &one]).replacen("MSCONS", "ORDERS", 1);
    check_bytes(
        mixed.as_bytes(),
        &expect![[r#"
            50120962218 1-1:1.29.0 interval 2024-03-30T23:00:00Z..2024-03-30T23:15:00Z 1 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
            problem message 1: the message's type is `ORDERS`, an order of values or changes, of which nothing is read; read are MSCONS, UTILMD, CONTRL, APERAK (1 readings, 277 bytes)
            problem message 2, segment 15: nothing says for which interval the value is (DTM+163 and DTM+164) (1 readings, 10 bytes)
            finding warning mixed_interchange message 2: the interchange holds messages of several types: `ORDERS` and `MSCONS`
        "#]],
    );
}

#[test]
fn a_delivery_that_was_cut_gives_what_it_held() {
    let body = "LOC+172+50120962218\nLIN+1\nPIA+5+1-1?:1.29.0:SRW\nQTY+220:1\nDTM+163:202403302300?+00:303\n\
        DTM+164:202403302315?+00:303\nQTY+220:2\nDTM+163:202403302315?+00:303\nDTM+164:202403302330?+00:303";
    let whole = interchange(&[&message("13018", body)]);
    let cut = whole.find("15?+00:303'\nDTM+164:202403302330").expect("the second value");
    check_bytes(
        &whole.as_bytes()[..cut],
        &expect![[r#"
        50120962218 1-1:1.29.0 interval 2024-03-30T23:00:00Z..2024-03-30T23:15:00Z 1 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        problem message 1, segment 15: the delivery ends within the value (1 readings, 28 bytes)
        finding warning truncated message 1: the delivery ends before UNT: something was cut off
    "#]],
    );
    let without_end = &whole[..whole.find("UNT").expect("an end")];
    check_bytes(
        without_end.as_bytes(),
        &expect![[r#"
        50120962218 1-1:1.29.0 interval 2024-03-30T23:00:00Z..2024-03-30T23:15:00Z 1 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        50120962218 1-1:1.29.0 interval 2024-03-30T23:15:00Z..2024-03-30T23:30:00Z 2 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        finding warning truncated message 1: the delivery ends before UNT: something was cut off
    "#]],
    );
    let two = format!("{without_end}{whole}");
    check_bytes(
        two.as_bytes(),
        &expect![[r#"
        50120962218 1-1:1.29.0 interval 2024-03-30T23:00:00Z..2024-03-30T23:15:00Z 1 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        50120962218 1-1:1.29.0 interval 2024-03-30T23:15:00Z..2024-03-30T23:30:00Z 2 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        50120962218 1-1:1.29.0 interval 2024-03-30T23:00:00Z..2024-03-30T23:15:00Z 1 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        50120962218 1-1:1.29.0 interval 2024-03-30T23:15:00Z..2024-03-30T23:30:00Z 2 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        finding warning truncated message 1: the message ends without UNT
        finding warning truncated message 1: the interchange before ends without UNZ
    "#]],
    );
    check_bytes(
        b"QTY+220:1'QTY+220:2'UNT+3+1'UNZ+1+1'",
        &expect![[r#"
        problem : these segments stand in no message: UNH is missing (2 readings, 20 bytes)
        finding warning truncated : an interchange ends (UNZ) that never began (UNB)
    "#]],
    );
}

#[test]
fn a_runaway_segment_costs_its_value_and_no_other() {
    let body = "LOC+172+50120962218\nLIN+1\nPIA+5+1-1?:1.29.0:SRW\nQTY+220:1\nDTM+163:202403302300?+00:303\n\
        DTM+164:202403302315?+00:303\nSTS+Z34++LONG\nQTY+220:2\nDTM+163:202403302315?+00:303\nDTM+164:202403302330?+00:303";
    let whole = interchange(&[&message("13018", body)]).replace("LONG", &"x".repeat(40_000));
    check_bytes(
        whole.as_bytes(),
        &expect![[r#"
        50120962218 1-1:1.29.0 interval 2024-03-30T23:15:00Z..2024-03-30T23:30:00Z 2 kWh true known 2024-04-02T03:07:00Z in 9905048000007/MSI5422
        problem message 1, segment 12: the segment is longer than 16384 bytes, of which only the beginning was read (1 readings, 68 bytes)
        finding warning segment_length message 1, segment 15: the segment is longer than 16384 bytes, of which only the beginning was read
    "#]],
    );
}

/// Every problem of one value can be decoded again on its own, and is then the same problem.
#[test]
fn what_was_not_read_can_be_read_again_by_itself() {
    let body = "LOC+172+50120962218\nLIN+1\nPIA+5+1-1?:1.29.0:SRW\nQTY+999:1\nDTM+163:202403302300?+00:303\n\
        DTM+164:202403302315?+00:303\nLIN+2\nQTY+220:2\nDTM+163:202403302300?+00:303\nDTM+164:202403302315?+00:303";
    let whole = interchange(&[&message("13018", body)]);
    let problems: Vec<_> = read(whole.as_bytes()).into_iter().flat_map(|piece| piece.problems).collect();
    assert_eq!(problems.len(), 2);
    for problem in problems {
        let again = [&problem.prelude[..], &problem.bytes].concat();
        let same: Vec<_> = read(&again).into_iter().flat_map(|piece| piece.problems).collect();
        assert_eq!(same.iter().map(|same| &same.reason).collect::<Vec<_>>(), [&problem.reason]);
        let mended = String::from_utf8(again).expect("ASCII").replace("QTY+999", "QTY+220");
        let mended = mended.replace("LIN+2'", "LIN+2'PIA+5+1-1?:2.29.0:SRW'");
        let rows: Vec<_> = read(mended.as_bytes()).iter().map(|piece| piece.batch.rows().len()).collect();
        assert_eq!(rows.iter().sum::<usize>(), 1, "{mended}");
    }
}

#[test]
fn only_mscons_is_recognised() {
    let told = |bytes: &[u8]| Format::Mscons.recognise(&Head::new(bytes));
    let fits = Some("an EDIFACT interchange with a MSCONS message");
    for text in [
        "UNA:+.? 'UNB+UNOC:3+A:500+B:500+240402:0307+R1'UNH+1+MSCONS:D:04B:UN:2.4c'",
        "\u{feff}\r\nUNB+UNOC:3+A:500+B:500+240402:0307+R1'\nUNH+1+MSCONS:D:04B:UN:2.4c'\n",
        "UNA|*,! ~UNH*1*MSCONS|D",
    ] {
        assert_eq!(told(text.as_bytes()), fits, "{text}");
    }
    for text in [
        "",
        "UN",
        "UNB+UNOC:3+A:500+B:500+240402:0307+R1'UNH+1+UTILMD:D:11A:UN:S1.1'",
        "point,time,value\nUNH+1+MSCONS'",
        "{\"UNH+1+MSCONS:D'\":1}",
    ] {
        assert_eq!(told(text.as_bytes()), None, "{text}");
    }
}

/// What others counted in the samples: QTY segments and the sum of their values.
const COUNTED: [(&str, u64, &str); 7] = [
    ("20191215_045127_12X-SAK-N------6_E66_12X-SAK-N------6_ESLEVU14572841_-1811850990.txt", 96, "7.05"),
    ("20191215_045128_12X-SAK-N------6_E66_12X-SAK-N------6_ESLEVU14572842_-1470816376.txt", 96, "1407.3"),
    ("20191215_045129_12X-SAK-N------6_E66_12X-SAK-N------6_ESLEVU14572844_-1411967842.txt", 96, "0"),
    ("20191215_045129_12X-SAK-N------6_E66_12X-SAK-N------6_ESLEVU14572845_1003992095.txt", 96, "0"),
    ("mscons-message-example-simple.txt", 2, "8500.93"),
    ("mscons-message-example-una-spec.txt", 4, "17001.86"),
    ("mscons-message-example.txt", 4, "17001.86"),
];

/// Readings, their sum, and the readings that problems hold.
fn account(pieces: &[Decoded]) -> (u64, String, u64) {
    let values = pieces.iter().flat_map(|piece| piece.batch.rows()).filter_map(|row| row.value);
    let sum = values.fold(Decimal::ZERO, |sum, value| sum.checked_add(value).unwrap_or_default());
    let rows = pieces.iter().map(|piece| piece.batch.rows().len() as u64).sum();
    (rows, sum.to_string(), pieces.iter().flat_map(|piece| &piece.problems).map(|problem| problem.readings).sum())
}

#[test]
fn samples_hold_what_others_counted_in_them() {
    for (name, quantities, sum) in COUNTED {
        let Some(bytes) = sample(&format!("mscons/{name}")) else { return };
        let is_test = name.starts_with("mscons-message");
        let expected = if is_test { (0, "0".to_owned(), quantities) } else { (quantities, sum.to_owned(), 0) };
        assert_eq!(account(&read(&bytes)), expected, "{name}");
        assert!(Format::Mscons.recognise(&Head::new(&bytes)).is_some(), "{name}");
    }
}

#[test]
fn a_month_of_quarter_hours_is_read_but_for_the_one_that_ends_before_it_begins() {
    let Some(bytes) = sample("mscons/MSCONS_TL_SAMPLE01.txt") else { return };
    let pieces = read(&bytes);
    // Others counted 2976 values with a sum of 680.282; the value that is refused is 0.074.
    assert_eq!(account(&pieces), (2975, "680.208".to_owned(), 1));
    let problems: Vec<_> = pieces.iter().flat_map(|piece| &piece.problems).map(|problem| &problem.reason).collect();
    let reason = "the interval ends at 2015-12-20T15:00:00Z, which is not after its begin 2015-12-20T15:45:00Z";
    assert_eq!(problems, [reason]);
    for piece in [1, 4096] {
        assert_eq!(
            describe(&decode(Format::Mscons, &bytes, &options(), piece)),
            describe(&pieces),
            "pieces of {piece}"
        );
    }
}

#[test]
fn examples_without_their_test_flag_are_read() {
    for (name, expected) in [
        ("mscons-message-example-simple.txt", (2, "8500.93".to_owned(), 0)),
        // The LIN of the second message has no PIA, so its values belong to no quantity.
        ("mscons-message-example-una-spec.txt", (2, "8500.93".to_owned(), 2)),
        ("mscons-message-example.txt", (2, "8500.93".to_owned(), 2)),
    ] {
        let Some(bytes) = sample(&format!("mscons/{name}")) else { return };
        let real = String::from_utf8(bytes).expect("ASCII").replace("+TL++++1'", "+TL'");
        assert_eq!(account(&read(real.as_bytes())), expected, "{name}");
    }
    let Some(bytes) = sample("mscons/mscons-message-example-una-spec.txt") else { return };
    let real = String::from_utf8(bytes).expect("ASCII").replace("+TL++++1'", "+TL'");
    check_bytes(
        real.as_bytes(),
        &expect![[r#"
        11XUENBSOLS----X 1-1:1.29.1 interval 2021-01-01T23:00:00Z..2021-01-31T23:15:00Z 4250.465 W/m2 true known 2021-06-01T13:15:00Z in 9920455302123/MSI5422
        11XUENBSOLS----X 1-1:1.29.1 interval 2021-01-31T23:15:00Z..2021-01-31T23:20:00Z 4250.465 W/m2 true known 2021-06-01T13:15:00Z in 9920455302123/MSI5422
        problem message 2, segment 23: no OBIS code in LIN: PIA is missing, so what was measured is unknown (2 readings, 212 bytes)
        finding warning segment_count message 1, segment 32: UNT tells of 2 segments, and there are 32
        finding warning segment_count message 2, segment 31: UNT tells of 2 segments, and there are 31
        meter Meter { point: 8465929523, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
}

#[test]
fn synthetic_messages_of_another_product_lose_nothing_unseen() {
    let mut text = String::new();
    for name in [
        "invalid_bad_melo",
        "invalid_inverted_period",
        "invalid_missing_sts_z32",
        "invalid_missing_sts_z32_qty201",
        "valid_beispiel_13002_gas_release_2_5",
        "valid_pid_13002",
        "valid_pid_13003",
    ] {
        let Some(bytes) = sample(&format!("mscons/mako/{name}.edi")) else { return };
        let pieces = read(&bytes);
        let (rows, _, lost) = account(&pieces);
        assert_eq!(rows + lost, 1, "{name}");
        text.push_str(&format!("{name}\n{}", describe(&pieces)));
    }
    expect![[r#"
        invalid_bad_melo
        problem message 1, segment 8: no OBIS code in LIN: PIA is missing, so what was measured is unknown (1 readings, 16 bytes)
        finding warning pruefidentifikator message 1, segment 6: the message has no Pruefidentifikator (RFF+Z13)
        invalid_inverted_period
        problem message 1, segment 9: no OBIS code in LIN: PIA is missing, so what was measured is unknown (1 readings, 16 bytes)
        finding warning pruefidentifikator message 1, segment 7: the message has no Pruefidentifikator (RFF+Z13)
        finding warning document_time message 1, segment 7: the message has no time (DTM+137); that of receipt counts
        invalid_missing_sts_z32
        problem message 1, segment 11: nothing says for which interval the value is (DTM+163 and DTM+164) (1 readings, 15 bytes)
        finding warning unreleased_separator message 1, segment 10: `PIA+5+1-1:1.29.0:SRW` holds a separator that is not released
        invalid_missing_sts_z32_qty201
        problem message 1, segment 11: nothing says for which interval the value is (DTM+163 and DTM+164) (1 readings, 16 bytes)
        finding warning unreleased_separator message 1, segment 10: `PIA+5+1-1:1.29.0:SRW` holds a separator that is not released
        valid_beispiel_13002_gas_release_2_5
        problem message 1, segment 11: nothing says for which interval the value is (DTM+163 and DTM+164) (1 readings, 29 bytes)
        finding warning pruefidentifikator message 1, segment 7: `21000000000003` (RFF+Z13) is no Pruefidentifikator that we know
        finding warning unreleased_separator message 1, segment 10: `PIA+5+1-1:7.20.3:SRW` holds a separator that is not released
        valid_pid_13002
        problem message 1, segment 11: nothing says for which interval the value is (DTM+163 and DTM+164) (1 readings, 32 bytes)
        finding warning unreleased_separator message 1, segment 10: `PIA+5+1-1:1.29.0:SRW` holds a separator that is not released
        valid_pid_13003
        problem message 1, segment 9: no OBIS code in LIN: PIA is missing, so what was measured is unknown (1 readings, 21 bytes)
    "#]].assert_eq(&text);
}

/// A message with most of what a message can hold.
fn valid() -> String {
    let body = "LOC+172+50120962218\nDTM+163:202403302300?+00:303\nDTM+164:202403312200?+00:303\nRFF+MG:1EMH0010599732\n\
        LIN+1\nPIA+5+1-1?:1.29.0:SRW\nQTY+220:1.5\nDTM+163:202403302300?+00:303\nDTM+164:202403302315?+00:303\n\
        QTY+67:2,5:KWH\nDTM+163:202403310115:203\nDTM+164:202403310130:203\nSTS+Z32++ZJ2\nSTS+Z40++ZB0\nLIN+2\n\
        PIA+5+1-1?:1.8.0:SRW\nQTY+220:1\nDTM+9:20240330:102";
    let storno = "BGM+7+N2+1'\nDTM+137:202303300908?+00:303'\nRFF+ACW:MSI5422'\nRFF+Z13:13006'\nUNS+D'";
    interchange(&[&message("13018", body), storno])
}

fn received(bytes: &[u8]) -> u64 {
    let (rows, _, lost) = account(&read(bytes));
    rows + lost
}

#[test]
fn wherever_a_delivery_is_cut_no_value_comes_out_wrong() {
    let whole = valid();
    let readings = |bytes: &[u8]| -> Vec<String> {
        let text = describe(&read(bytes));
        text.lines().filter(|line| line.contains(" known ")).map(str::to_owned).collect()
    };
    let right = readings(whole.as_bytes());
    assert_eq!(right.len(), 3);
    for length in 0..whole.len() {
        let found = readings(&whole.as_bytes()[..length]);
        // A status that was cut away with everything behind it is not missed; the rest must be the same.
        let statement = |line: &str| line.split(" method=").next().map(str::to_owned);
        for (found, right) in found.iter().zip(&right) {
            assert!(
                found == right || statement(right).is_some_and(|right| found.starts_with(&right)),
                "{length}: {found}"
            );
        }
        assert!(found.len() <= right.len(), "{length}");
    }
}

#[test]
fn a_lost_terminator_or_tag_moves_no_value_and_hides_none() {
    let whole = valid();
    let statements = |bytes: &[u8]| -> Vec<String> {
        let pieces = read(bytes);
        let rows = pieces.iter().flat_map(|piece| piece.batch.rows().iter().map(move |row| (piece, row)));
        rows.map(|(piece, row)| format!("{:?} {:?} {:?}", piece.batch.channel(row), row.period, row.value)).collect()
    };
    let right = statements(whole.as_bytes());
    let body = whole.find("UNS+D").expect("a body")..whole.find("UNT").expect("an end");
    for (at, byte) in whole.bytes().enumerate() {
        let is_tag = byte.is_ascii_uppercase() && whole[..at].ends_with('\n');
        for lost in [b'X', b'\n', b' '] {
            if byte == b'\'' || is_tag {
                let mut bytes = whole.clone().into_bytes();
                bytes[at] = lost;
                for found in statements(&bytes) {
                    assert!(right.contains(&found), "byte {at} as {lost}: {found}");
                }
                let expected = if body.contains(&at) { right.len() as u64 } else { 0 };
                assert!(received(&bytes) >= expected, "byte {at} as {lost}");
            }
        }
    }
    let (_, without_advice) = whole.split_once('\n').expect("UNA");
    assert_eq!(
        received(without_advice.replace('\'', "").as_bytes()),
        1,
        "a delivery without any terminator is a problem"
    );
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_alike_in_pieces_of_any_size(
        bytes in proptest::collection::vec(any::<u8>(), 0..400), piece in 1_usize..50,
    ) {
        let pieces = decode(Format::Mscons, &bytes, &options(), piece);
        prop_assert_eq!(describe(&pieces), describe(&read(&bytes)));
    }

    #[test]
    fn segments_in_any_order_lose_no_value_unseen(
        order in proptest::collection::vec(any::<prop::sample::Index>(), 0..80), piece in 1_usize..50,
    ) {
        let whole = valid();
        // A Storno takes its values back, so that they are not received.
        let lines: Vec<_> = whole.lines().filter(|line| !line.starts_with("BGM+7+N2") && !line.contains("13006")).collect();
        let text: String = order.iter().map(|at| lines[at.index(lines.len())]).collect();
        let pieces = decode(Format::Mscons, text.as_bytes(), &options(), piece);
        prop_assert_eq!(describe(&pieces), describe(&read(text.as_bytes())));
        let quantities = text.matches("QTY+").count() as u64;
        prop_assert!(received(text.as_bytes()) >= quantities, "{}", text);
    }

    #[test]
    fn a_flipped_byte_is_decoded_alike_in_pieces_of_any_size(
        at in any::<prop::sample::Index>(), byte in any::<u8>(), piece in 1_usize..50,
    ) {
        let mut bytes = valid().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let pieces = decode(Format::Mscons, &bytes, &options(), piece);
        prop_assert_eq!(describe(&pieces), describe(&read(&bytes)));
    }
}
