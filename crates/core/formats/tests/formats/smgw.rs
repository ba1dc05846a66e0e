//! Transparency documents of smart meter gateways through the front door.
#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use crate::support;

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use metrify_domain::{Decimal, Kind, Quality};
use metrify_formats::{Decoded, Detected, Format, Head, detect};
use proptest::prelude::*;

/// A document with one list; `kind` stands within its reading type, `values` within its block.
fn document(meter: &str, kind: &str, values: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<UsagePoints xmlns="http://vde.de/AR_2418-6.xsd" xmlns:espi="http://naesb.org/espi">
  <UsagePoint>
    <espi:ServiceCategory><espi:kind>0</espi:kind></espi:ServiceCategory>
    <usagePointId>DE00056266802AO6G56M11SN51G21M24S</usagePointId>
    <Customer><customerId>4711</customerId></Customer>
    <SMGW><certId>1</certId><smgwId>EXXX0012345678</smgwId></SMGW>
    <MeterReading>
      <Meter><meterId>{meter}</meterId></Meter>
      <ReadingType>
        <espi:powerOfTenMultiplier>0</espi:powerOfTenMultiplier><espi:uom>72</espi:uom><scaler>-1</scaler>{kind}
      </ReadingType>
      <IntervalBlock>{values}</IntervalBlock>
    </MeterReading>
  </UsagePoint>
</UsagePoints>
"#
    )
}

const METER: &str = "0A01454D48000051971E";
const QUARTER_HOURS: &str = "<obisCode>0100010800FF</obisCode>\
    <qualifiedLogicalName>0100010800FF.0A01454D48000051971E.sm</qualifiedLogicalName>\
    <measurementPeriod>900</measurementPeriod>";

fn value(start: &str, value: &str, rest: &str) -> String {
    format!(
        "<IntervalReading><espi:value>{value}</espi:value><timePeriod><duration>0</duration><start>{start}</start>\
         </timePeriod>{rest}</IntervalReading>"
    )
}

const FINE: &str = "<statusPTB>0</statusPTB>";

fn values(values: &[(&str, &str, &str)]) -> String {
    values.iter().map(|(start, number, status)| value(&format!("2025-03-30T{start}"), number, status)).collect()
}

fn decode(text: &str) -> Vec<Decoded> {
    support::decode(Format::Smgw, text.as_bytes(), &support::options(), text.len().max(1))
}

fn check(text: &str, expected: &Expect) {
    let whole = support::describe(&decode(text));
    for piece in [1, 7] {
        let pieces = support::decode(Format::Smgw, text.as_bytes(), &support::options(), piece);
        assert_eq!(support::describe(&pieces), whole, "pieces of {piece}");
    }
    expected.assert_eq(&whole);
}

#[test]
fn neighbouring_states_make_the_amount_between_them_through_the_clock_change() {
    check(
        &document(
            METER,
            QUARTER_HOURS,
            &values(&[
                ("01:45:00+01:00", "639108", FINE),
                ("03:00:00+02:00", "639118", FINE),
                ("03:15:00+02:00", "639130", FINE),
            ]),
        ),
        &expect![[r#"
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T00:45:00Z 63910.8 Wh true
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T01:00:00Z 63911.8 Wh true
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T01:15:00Z 63913 Wh true
            1EMH0005347102 1-0:1.29.0 interval 2025-03-30T00:45:00Z..2025-03-30T01:00:00Z 1 Wh true method=register difference
            1EMH0005347102 1-0:1.29.0 interval 2025-03-30T01:00:00Z..2025-03-30T01:15:00Z 1.2 Wh true method=register difference
            meter Meter { point: 1EMH0005347102, kind: Some(Device), name: None, server_id: Some([10, 1, 69, 77, 72, 0, 0, 81, 151, 30]), maker: Some("EMH"), resolution: None }
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | gateway | EXXX0012345678 | - | - | - | - | - |  | - | - | - | -
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | meter | 1EMH0005347102 | - | - | - | - | - |  | - | - | - | -
        "#]],
    );
}

#[test]
fn a_capture_time_within_a_hundredth_is_moved_onto_the_raster_and_another_is_kept_and_told() {
    let target = |time: &str| format!("<targetTime>2025-03-30T{time}</targetTime>{FINE}");
    check(
        &document(
            METER,
            QUARTER_HOURS,
            &values(&[
                ("09:59:59Z", "10", FINE),
                ("10:15:09Z", "20", FINE),
                ("10:29:40Z", "30", FINE),
                ("10:44:51Z", "40", &target("10:45:00Z")),
                ("11:00:20Z", "50", &target("11:00:00Z")),
                ("11:15:00Z", "60", FINE),
            ]),
        ),
        &expect![[r#"
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:00:00Z 1 Wh true method=aligned by 1 s
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:15:00Z 2 Wh true method=aligned by -9 s
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:29:40Z 3 Wh true
            1EMH0005347102 1-0:1.29.0 interval 2025-03-30T10:00:00Z..2025-03-30T10:15:00Z 1 Wh true method=register difference
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:45:00Z 4 Wh true method=aligned by 9 s
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T11:00:20Z 5 Wh true
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T11:15:00Z 6 Wh true
            finding warning beside_raster list 1 (0100010800FF.0A01454D48000051971E.sm), reading 3: captured at 2025-03-30T10:29:40Z, more than a hundredth of the period beside the raster
            finding warning beside_raster list 1 (0100010800FF.0A01454D48000051971E.sm), reading 5: captured at 2025-03-30T11:00:20Z for 2025-03-30T11:00:00Z, more than a hundredth of the period beside the raster
            meter Meter { point: 1EMH0005347102, kind: Some(Device), name: None, server_id: Some([10, 1, 69, 77, 72, 0, 0, 81, 151, 30]), maker: Some("EMH"), resolution: None }
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | gateway | EXXX0012345678 | - | - | - | - | - |  | - | - | - | -
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | meter | 1EMH0005347102 | - | - | - | - | - |  | - | - | - | -
        "#]],
    );
}

#[test]
fn a_difference_over_a_missing_step_a_reset_or_two_values_of_one_instant_is_not_made_up() {
    check(
        &document(
            METER,
            QUARTER_HOURS,
            &values(&[
                ("10:00:00Z", "10", FINE),
                ("10:15:00Z", "20", FINE),
                ("10:45:00Z", "40", FINE),
                ("11:00:00Z", "5", FINE),
                ("11:15:00Z", "15", FINE),
                ("11:15:00Z", "15", FINE),
                ("11:30:00Z", "25", FINE),
                ("11:30:00Z", "26", FINE),
                ("11:45:00Z", "35", FINE),
                ("12:00:00Z", "45", FINE),
            ]),
        ),
        &expect![[r#"
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:00:00Z 1 Wh true
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:15:00Z 2 Wh true
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:45:00Z 4 Wh true
            1EMH0005347102 1-0:1.29.0 interval 2025-03-30T10:00:00Z..2025-03-30T10:15:00Z 1 Wh true method=register difference
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T11:00:00Z 0.5 Wh true
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T11:15:00Z 1.5 Wh true
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T11:15:00Z 1.5 Wh true
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T11:30:00Z 2.5 Wh true
            1EMH0005347102 1-0:1.29.0 interval 2025-03-30T11:00:00Z..2025-03-30T11:15:00Z 1 Wh true method=register difference
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T11:30:00Z 2.6 Wh true
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T11:45:00Z 3.5 Wh true
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T12:00:00Z 4.5 Wh true
            1EMH0005347102 1-0:1.29.0 interval 2025-03-30T11:45:00Z..2025-03-30T12:00:00Z 1 Wh true method=register difference
            finding warning missing_step list 1 (0100010800FF.0A01454D48000051971E.sm), reading 4: no state on the raster is told between 2025-03-30T10:15:00Z and 2025-03-30T10:45:00Z, so no amount is formed
            finding error register_backwards list 1 (0100010800FF.0A01454D48000051971E.sm), reading 5: the register went back from 4 to 0.5 between 2025-03-30T10:45:00Z and 2025-03-30T11:00:00Z, so no amount is formed
            finding note duplicate_stamp list 1 (0100010800FF.0A01454D48000051971E.sm), reading 6: the same value stands at 2025-03-30T11:15:00Z already
            finding warning duplicate_stamp list 1 (0100010800FF.0A01454D48000051971E.sm), reading 8: another value stands at 2025-03-30T11:30:00Z already
            meter Meter { point: 1EMH0005347102, kind: Some(Device), name: None, server_id: Some([10, 1, 69, 77, 72, 0, 0, 81, 151, 30]), maker: Some("EMH"), resolution: None }
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | gateway | EXXX0012345678 | - | - | - | - | - |  | - | - | - | -
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | meter | 1EMH0005347102 | - | - | - | - | - |  | - | - | - | -
        "#]],
    );
}

#[test]
fn statuses_tell_how_far_a_value_can_be_trusted_and_an_amount_is_as_good_as_its_worse_state() {
    check(
        &document(
            METER,
            QUARTER_HOURS,
            &values(&[
                ("10:00:00Z", "10", "<statusFNN>0000000500100504</statusFNN>"),
                ("10:15:00Z", "20", "<statusPTB>1</statusPTB>"),
                ("10:30:00Z", "30", "<statusFNN>0000200500100504</statusFNN>"),
                ("10:45:00Z", "40", "<statusPTB>3</statusPTB>"),
                ("11:00:00Z", "50", "<statusFNN>0000010500100504</statusFNN><statusPTB>0</statusPTB>"),
                ("11:15:00Z", "60", ""),
            ]),
        ),
        &expect![[r#"
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:00:00Z 1 Wh true reason=status 0x0000000500100504
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:15:00Z 2 Wh true reason=PTB 1
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:30:00Z 3 Wh proposed reason=status 0x0000200500100504
            1EMH0005347102 1-0:1.29.0 interval 2025-03-30T10:00:00Z..2025-03-30T10:15:00Z 1 Wh true method=register difference
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:45:00Z 4 Wh faulty reason=PTB 3
            1EMH0005347102 1-0:1.29.0 interval 2025-03-30T10:15:00Z..2025-03-30T10:30:00Z 1 Wh proposed method=register difference reason=status 0x0000200500100504
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T11:00:00Z 5 Wh true reason=status 0x0000010500100504
            1EMH0005347102 1-0:1.29.0 interval 2025-03-30T10:30:00Z..2025-03-30T10:45:00Z 1 Wh faulty method=register difference reason=PTB 3
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T11:15:00Z 6 Wh true
            1EMH0005347102 1-0:1.29.0 interval 2025-03-30T10:45:00Z..2025-03-30T11:00:00Z 1 Wh faulty method=register difference reason=PTB 3
            1EMH0005347102 1-0:1.29.0 interval 2025-03-30T11:00:00Z..2025-03-30T11:15:00Z 1 Wh true method=register difference
            finding warning status list 1 (0100010800FF.0A01454D48000051971E.sm), reading 5: statusPTB and statusFNN do not say the same; statusPTB counts
            finding note no_status list 1 (0100010800FF.0A01454D48000051971E.sm), reading 6: neither statusPTB nor statusFNN is told; taken as without a fault
            meter Meter { point: 1EMH0005347102, kind: Some(Device), name: None, server_id: Some([10, 1, 69, 77, 72, 0, 0, 81, 151, 30]), maker: Some("EMH"), resolution: None }
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | gateway | EXXX0012345678 | - | - | - | - | - |  | - | - | - | -
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | meter | 1EMH0005347102 | - | - | - | - | - |  | - | - | - | -
        "#]],
    );
}

#[test]
fn what_the_gateway_derived_is_told_at_the_usage_point_and_the_logical_name_counts() {
    let kind = "<obisCode>0100010801ff</obisCode><qualifiedLogicalName>0100010802ff.TAF-2-ID.sm</qualifiedLogicalName>";
    check(
        &document(METER, kind, &values(&[("00:00:00+01:00", "65", FINE)])),
        &expect![[r#"
            DE00056266802AO6G56M11SN51G21M24S 1-0:1.8.2 register 2025-03-29T23:00:00Z 6.5 Wh true
            finding warning obis_code list 1 (0100010802ff.TAF-2-ID.sm), reading 1: obisCode `0100010801ff` is not that of the logical name `0100010802ff.TAF-2-ID.sm`, which counts
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | gateway | EXXX0012345678 | - | - | - | - | - |  | - | - | - | -
        "#]],
    );
}

#[test]
fn a_list_without_a_period_makes_amounts_of_exact_quarter_hours_alone() {
    let kind = "<obisCode>1-0:1.8.0*255</obisCode>";
    check(
        &document(
            "1EMH0005347102",
            kind,
            &values(&[
                ("10:00:00Z", "10", FINE),
                ("10:15:00Z", "20", FINE),
                ("10:30:01Z", "30", FINE),
                ("12:00:00Z", "40", FINE),
            ]),
        ),
        &expect![[r#"
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:00:00Z 1 Wh true
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:15:00Z 2 Wh true
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:30:01Z 3 Wh true
            1EMH0005347102 1-0:1.29.0 interval 2025-03-30T10:00:00Z..2025-03-30T10:15:00Z 1 Wh true method=register difference
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T12:00:00Z 4 Wh true
            meter Meter { point: 1EMH0005347102, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | gateway | EXXX0012345678 | - | - | - | - | - |  | - | - | - | -
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | meter | 1EMH0005347102 | - | - | - | - | - |  | - | - | - | -
        "#]],
    );
}

#[test]
fn powers_gas_and_other_periods_are_read_as_what_they_are() {
    let mut said = String::new();
    for (uom, kind, duration) in [
        // TAF 10 and 14: powers, voltages and mean values.
        ("38", "<obisCode>0100100700FF</obisCode><measurementPeriod>60</measurementPeriod>", "0"),
        ("29", "<obisCode>0100340700FF</obisCode><measurementPeriod>60</measurementPeriod>", "0"),
        ("72", "<obisCode>0100011D00FF</obisCode>", "900"),
        // TAF 7 of gas.
        ("42", "<obisCode>0700030000FF</obisCode><measurementPeriod>0</measurementPeriod>", "0"),
        // TAF 6 and TAF 1.
        ("72", "<obisCode>0100010800FF</obisCode><measurementPeriod>86400</measurementPeriod>", "0"),
        ("72", "<obisCode>0100010800FF</obisCode><measurementPeriod>2592000</measurementPeriod>", "0"),
    ] {
        let text = document(
            "1EMH0005347102",
            kind,
            &values(&[("00:00:00+01:00", "2305", FINE), ("00:00:00+02:00", "2306", FINE)]),
        );
        let text = text.replace("2025-03-30T00:00:00+02:00", "2025-03-31T00:00:00+02:00");
        let text = text.replace("<espi:uom>72", &format!("<espi:uom>{uom}"));
        let text = text.replace("<duration>0", &format!("<duration>{duration}"));
        let described = support::describe(&decode(&text));
        said.extend(
            described
                .lines()
                .filter(|line| !line.starts_with("meter") && !line.starts_with("master"))
                .map(|line| format!("{line}\n")),
        );
        said.push('\n');
    }
    expect![[r#"
        1EMH0005347102 1-0:16.7.0 instant 2025-03-29T23:00:00Z 230.5 W true
        1EMH0005347102 1-0:16.7.0 instant 2025-03-30T22:00:00Z 230.6 W true

        1EMH0005347102 1-0:52.7.0 instant 2025-03-29T23:00:00Z 230.5 V true
        1EMH0005347102 1-0:52.7.0 instant 2025-03-30T22:00:00Z 230.6 V true

        1EMH0005347102 1-0:1.29.0 interval 2025-03-29T23:00:00Z..2025-03-29T23:15:00Z 230.5 Wh true
        1EMH0005347102 1-0:1.29.0 interval 2025-03-30T22:00:00Z..2025-03-30T22:15:00Z 230.6 Wh true

        1EMH0005347102 7-0:3.0.0 register 2025-03-29T23:00:00Z 230.5 m3 true
        1EMH0005347102 7-0:3.0.0 register 2025-03-30T22:00:00Z 230.6 m3 true

        1EMH0005347102 1-0:1.8.0 register 2025-03-29T23:00:00Z 230.5 Wh true
        1EMH0005347102 1-0:1.8.0 register 2025-03-30T22:00:00Z 230.6 Wh true
        1EMH0005347102 1-0:1.9.0 interval 2025-03-29T23:00:00Z..2025-03-30T22:00:00Z 0.1 Wh true method=register difference

        1EMH0005347102 1-0:1.8.0 register 2025-03-29T23:00:00Z 230.5 Wh true
        1EMH0005347102 1-0:1.8.0 register 2025-03-30T22:00:00Z 230.6 Wh true
        finding note raster list 1 (), reading 1: nobody tells where periods of 2592000 s begin, so no amounts are formed

    "#]].assert_eq(&said);
}

#[test]
fn after_a_fatal_fault_no_later_value_of_the_register_is_valid_and_no_amount_that_touches_it() {
    let kind = QUARTER_HOURS;
    check(
        &document(
            METER,
            kind,
            &values(&[
                ("10:00:00Z", "10", FINE),
                ("10:15:00Z", "20", FINE),
                ("10:30:00Z", "30", "<statusPTB>4</statusPTB>"),
                ("10:45:00Z", "40", FINE),
                ("11:00:00Z", "50", "<statusFNN>0000010500100504</statusFNN><statusPTB>1</statusPTB>"),
                ("11:15:00Z", "60", "<statusPTB>3</statusPTB>"),
            ]),
        ),
        &expect![[r#"
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:00:00Z 1 Wh true
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:15:00Z 2 Wh true
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:30:00Z 3 Wh faulty reason=PTB 4
            1EMH0005347102 1-0:1.29.0 interval 2025-03-30T10:00:00Z..2025-03-30T10:15:00Z 1 Wh true method=register difference
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:45:00Z 4 Wh faulty reason=after fatal
            1EMH0005347102 1-0:1.29.0 interval 2025-03-30T10:15:00Z..2025-03-30T10:30:00Z 1 Wh faulty method=register difference reason=PTB 4
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T11:00:00Z 5 Wh faulty reason=after fatal, PTB 1, status 0x0000010500100504
            1EMH0005347102 1-0:1.29.0 interval 2025-03-30T10:30:00Z..2025-03-30T10:45:00Z 1 Wh faulty method=register difference reason=after fatal
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T11:15:00Z 6 Wh faulty reason=after fatal, PTB 3
            1EMH0005347102 1-0:1.29.0 interval 2025-03-30T10:45:00Z..2025-03-30T11:00:00Z 1 Wh faulty method=register difference reason=after fatal, PTB 1, status 0x0000010500100504
            1EMH0005347102 1-0:1.29.0 interval 2025-03-30T11:00:00Z..2025-03-30T11:15:00Z 1 Wh faulty method=register difference reason=after fatal, PTB 3
            finding warning fatal_fault list 1 (0100010800FF.0A01454D48000051971E.sm), reading 4: a fatal fault is told at 2025-03-30T10:30:00Z: no later value of the register is valid
            finding warning status list 1 (0100010800FF.0A01454D48000051971E.sm), reading 5: statusPTB and statusFNN do not say the same; statusPTB counts
            meter Meter { point: 1EMH0005347102, kind: Some(Device), name: None, server_id: Some([10, 1, 69, 77, 72, 0, 0, 81, 151, 30]), maker: Some("EMH"), resolution: None }
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | gateway | EXXX0012345678 | - | - | - | - | - |  | - | - | - | -
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | meter | 1EMH0005347102 | - | - | - | - | - |  | - | - | - | -
        "#]],
    );
    // Where the PTB is silent the word of the FNN tells of it; and a fault of one register is none of another.
    let first = document(METER, kind, &values(&[("10:00:00Z", "10", "<statusFNN>0000000000020000</statusFNN>")]));
    let second = document(METER, &kind.replace("0100010800FF", "0100020800FF"), &values(&[("11:00:00Z", "20", FINE)]));
    let list = |text: &str| {
        let (_, rest) = text.split_once("<MeterReading>").expect("a list");
        rest.split_once("</MeterReading>").expect("its end").0.to_owned()
    };
    let both =
        first.replace("</MeterReading>", &format!("</MeterReading><MeterReading>{}</MeterReading>", list(&second)));
    let told = support::describe(&decode(&both));
    assert!(told.contains("1-0:1.8.0 register 2025-03-30T10:00:00Z 1 Wh faulty"), "{told}");
    assert!(told.contains("1-0:2.8.0 register 2025-03-30T11:00:00Z 2 Wh true"), "{told}");
}

/// The sum of each channel, every period counted once.
fn sums(documents: &[String]) -> BTreeMap<String, Decimal> {
    let mut amounts: BTreeMap<(String, String), Decimal> = BTreeMap::new();
    for piece in documents.iter().flat_map(|document| decode(document)) {
        for row in piece.batch.rows().iter().filter(|row| row.kind == Kind::Interval) {
            let (channel, period) = (piece.batch.channel(row), format!("{:?}", row.period));
            amounts.insert((channel.quantity.to_string(), period), row.value.expect("a value"));
        }
    }
    let mut sums: BTreeMap<String, Decimal> = BTreeMap::new();
    for ((quantity, _), value) in amounts {
        let sum = sums.entry(quantity).or_default();
        *sum = sum.checked_add(value).expect("a sum");
    }
    sums
}

#[test]
fn one_energy_told_by_the_quarter_hour_the_minute_and_the_day_is_summed_once() {
    let period = |period_s: u32| QUARTER_HOURS.replace(">900<", &format!(">{period_s}<"));
    let day = |step_s: i64| {
        let start = 1_743_202_800_i64; // 2025-03-28T23:00:00Z
        let states = (0..=86_400 / step_s).map(|index| {
            let at = metrify_domain::Timestamp::from_micros((start + index * step_s) * 1_000_000);
            value(&at.to_string(), &(index * step_s).to_string(), FINE)
        });
        document(METER, &period(u32::try_from(step_s).expect("seconds")), &states.collect::<String>())
    };
    let told = |documents: &[String]| {
        let sums = sums(documents);
        sums.iter().map(|(quantity, sum)| format!("{quantity} {sum}")).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(told(&[day(900)]), "1-0:1.29.0 8640");
    assert_eq!(told(&[day(60)]), "1-0:1.29.0 8640");
    assert_eq!(told(&[day(86_400)]), "1-0:1.9.0 8640");
    assert_eq!(told(&[day(900), day(60), day(86_400)]), "1-0:1.29.0 8640, 1-0:1.9.0 8640");
}

#[test]
fn states_of_minutes_make_the_amounts_of_quarter_hours() {
    let minutes = QUARTER_HOURS.replace(">900<", ">60<");
    check(
        &document(
            METER,
            &minutes,
            &values(&[
                ("10:00:00.4Z", "10", FINE),
                ("10:01:00Z", "11", FINE),
                ("10:02:02Z", "12", FINE),
                ("10:15:00Z", "20", FINE),
                ("10:16:00Z", "21", FINE),
                ("10:16:00Z", "22", FINE),
                ("10:30:00Z", "35", FINE),
                ("10:45:01Z", "40", FINE),
                ("11:00:00Z", "50", FINE),
            ]),
        ),
        &expect![[r#"
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:00:00Z 1 Wh true method=aligned by -0.4 s
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:01:00Z 1.1 Wh true
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:02:02Z 1.2 Wh true
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:15:00Z 2 Wh true
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:16:00Z 2.1 Wh true
            1EMH0005347102 1-0:1.29.0 interval 2025-03-30T10:00:00Z..2025-03-30T10:15:00Z 1 Wh true method=register difference
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:16:00Z 2.2 Wh true
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:30:00Z 3.5 Wh true
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:45:01Z 4 Wh true
            1EMH0005347102 1-0:1.29.0 interval 2025-03-30T10:15:00Z..2025-03-30T10:30:00Z 1.5 Wh true method=register difference
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T11:00:00Z 5 Wh true
            finding warning beside_raster list 1 (0100010800FF.0A01454D48000051971E.sm), reading 3: captured at 2025-03-30T10:02:02Z, more than a hundredth of the period beside the raster
            finding warning duplicate_stamp list 1 (0100010800FF.0A01454D48000051971E.sm), reading 6: another value stands at 2025-03-30T10:16:00Z already
            finding warning beside_raster list 1 (0100010800FF.0A01454D48000051971E.sm), reading 8: captured at 2025-03-30T10:45:01Z, more than a hundredth of the period beside the raster
            finding warning missing_step list 1 (0100010800FF.0A01454D48000051971E.sm): no state on the raster is told between 2025-03-30T10:30:00Z and 2025-03-30T11:00:00Z, so no amount is formed
            meter Meter { point: 1EMH0005347102, kind: Some(Device), name: None, server_id: Some([10, 1, 69, 77, 72, 0, 0, 81, 151, 30]), maker: Some("EMH"), resolution: None }
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | gateway | EXXX0012345678 | - | - | - | - | - |  | - | - | - | -
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | meter | 1EMH0005347102 | - | - | - | - | - |  | - | - | - | -
        "#]],
    );
}

#[test]
fn a_volume_of_gas_makes_the_amounts_of_its_hours() {
    let gas = |period_s: u32| {
        let kind = QUARTER_HOURS.replace("0100010800FF", "0700030000FF").replace(">900<", &format!(">{period_s}<"));
        let text = document(
            METER,
            &kind,
            &values(&[
                ("04:00:00Z", "1000", FINE),
                ("05:00:30Z", "1010", FINE),
                ("06:00:37Z", "1022", FINE),
                ("07:00:00Z", "1030", FINE),
                ("08:00:00Z", "1040", FINE),
            ]),
        );
        text.replace("<espi:uom>72", "<espi:uom>42")
    };
    check(
        &gas(3_600),
        &expect![[r#"
        1EMH0005347102 7-0:3.0.0 register 2025-03-30T04:00:00Z 100 m3 true
        1EMH0005347102 7-0:3.0.0 register 2025-03-30T05:00:00Z 101 m3 true method=aligned by -30 s
        1EMH0005347102 7-0:3.0.0 register 2025-03-30T06:00:37Z 102.2 m3 true
        1EMH0005347102 7-0:3.0.0 interval 2025-03-30T04:00:00Z..2025-03-30T05:00:00Z 1 m3 true method=register difference
        1EMH0005347102 7-0:3.0.0 register 2025-03-30T07:00:00Z 103 m3 true
        1EMH0005347102 7-0:3.0.0 register 2025-03-30T08:00:00Z 104 m3 true
        1EMH0005347102 7-0:3.0.0 interval 2025-03-30T07:00:00Z..2025-03-30T08:00:00Z 1 m3 true method=register difference
        finding warning beside_raster list 1 (0700030000FF.0A01454D48000051971E.sm), reading 3: captured at 2025-03-30T06:00:37Z, more than a hundredth of the period beside the raster
        meter Meter { point: 1EMH0005347102, kind: Some(Device), name: None, server_id: Some([10, 1, 69, 77, 72, 0, 0, 81, 151, 30]), maker: Some("EMH"), resolution: None }
        master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | gateway | EXXX0012345678 | - | - | - | - | - |  | - | - | - | -
        master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | meter | 1EMH0005347102 | - | - | - | - | - |  | - | - | - | -
    "#]],
    );
    assert!(support::describe(&decode(&gas(86_400))).contains("amounts of gas are formed of hours, not of 86400 s"));
    // A state number (7-0:52.0.22) is counted by no hour.
    let factor = gas(3_600).replace("0700030000FF", "0700340016FF").replace("<espi:uom>42", "<espi:uom>0");
    assert!(!support::describe(&decode(&factor)).contains("interval"));
}

#[test]
fn certificates_and_signatures_are_kept_and_log_entries_are_counted() {
    let signed = "<certId>1</certId><meterSig>00FF</meterSig><signature>C0FFEE</signature><statusPTB>0</statusPTB>";
    let text = document(METER, QUARTER_HOURS, &values(&[("10:00:01Z", "10", signed)])).replace(
        "    <MeterReading>\n",
        "    <Certificate><certId>1</certId><certType>1</certType><certContent>0011\n2233</certContent></Certificate>\n    \
         <Certificate><certId>2</certId><certType>1</certType><certContent>none</certContent></Certificate>\n    \
         <AnalysisProfile><tariffUseCase>7</tariffUseCase></AnalysisProfile>\n    \
         <LogEntry><recordNumber>1</recordNumber><LogEvent><text>a</text></LogEvent></LogEntry><LogEntry/>\n    <MeterReading>\n",
    );
    let text = text.replace("</SMGW>", "<SystemTime>2025-04-01T00:00:00+02:00</SystemTime></SMGW>");
    check(
        &text,
        &expect![[r#"
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:00:00Z 1 Wh true method=aligned by -1 s known 2025-03-31T22:00:00Z in SMGW/EXXX0012345678/2025-03-31T22:00:00Z
            finding warning certificate UsagePoint/Certificate: the certificate is not written in hexadecimal digits; it is not kept
            finding note log_entries : entries of the gateway's log are not read: 2
            meter Meter { point: 1EMH0005347102, kind: Some(Device), name: None, server_id: Some([10, 1, 69, 77, 72, 0, 0, 81, 151, 30]), maker: Some("EMH"), resolution: None }
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | gateway | EXXX0012345678 | - | - | - | - | - |  | - | - | - | -
            signatures certificate | EXXX0012345678/1 | - | - | - | 4 bytes known 2025-03-31T22:00:00Z
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | tariff_use_case | 7 | - | - | - | - | - | SMGW/EXXX0012345678/2025-03-31T22:00:00Z | - | - | - | - known 2025-03-31T22:00:00Z
            signatures signature | EXXX0012345678/1 | 1EMH0005347102 | 1-0:1.8.0 | 2025-03-30T10:00:01Z | 3 bytes known 2025-03-31T22:00:00Z
            signatures signature | 1EMH0005347102 | 1EMH0005347102 | 1-0:1.8.0 | 2025-03-30T10:00:01Z | 2 bytes known 2025-03-31T22:00:00Z
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | meter | 1EMH0005347102 | - | - | - | - | - | SMGW/EXXX0012345678/2025-03-31T22:00:00Z | - | - | - | - known 2025-03-31T22:00:00Z
        "#]],
    );
}

#[test]
fn a_suppliers_tariff_has_no_readings() {
    let text = document(METER, "", "")
        .replace("<MeterReading>", "<AnalysisProfile>")
        .replace("</MeterReading>", "</AnalysisProfile>");
    check(
        &text,
        &expect![[r#"
            finding note no_readings : there are no readings: a document of a supplier tells a tariff alone
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | gateway | EXXX0012345678 | - | - | - | - | - |  | - | - | - | -
        "#]],
    );
}

/// Problems and findings only.
fn complaints(text: &str) -> String {
    let decoded = support::describe(&decode(text));
    let lines = decoded.lines().filter(|line| line.starts_with("problem") || line.starts_with("finding"));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn what_cannot_be_read_is_a_problem_that_counts_its_values() {
    let whole = document(METER, QUARTER_HOURS, &values(&[("10:00:00Z", "10", FINE), ("10:15:00Z", "20", FINE)]));
    let mut said = String::new();
    for (from, to) in [
        (">0100010800FF", ">what"),
        (METER, ""),
        ("<espi:uom>72</espi:uom>", ""),
        ("<scaler>-1", "<scaler>x"),
        ("<measurementPeriod>900", "<measurementPeriod>x"),
        ("<espi:value>20", "<espi:value>2.5"),
        ("<scaler>-1", "<scaler>-20"),
        ("10:15:00Z", "10:15:00"),
        ("<statusPTB>0", "<statusPTB>9"),
        ("<duration>0", "<duration>x"),
        ("<measurementPeriod>900</measurementPeriod>", "<measurementPeriod>7200</measurementPeriod>"),
        ("</UsagePoints>", ""),
        ("</IntervalReading>", ""),
        ("UsagePoints", "UsagePointList"),
        ("MeterReading", "Reading"),
        ("</MeterReading>", ""),
        ("</MeterReading>\n  </UsagePoint>\n</UsagePoints>", ""),
    ] {
        let text = whole.replace(from, to);
        assert_ne!(text, whole, "{from}");
        said += &format!("{from} -> {to}\n{}", complaints(&text));
    }
    expect![[r#"
        >0100010800FF -> >what
        problem list 1 (what.0A01454D48000051971E.sm): neither obisCode `what` nor the logical name `what.0A01454D48000051971E.sm` is an OBIS code (2 readings, 375 bytes)
        0A01454D48000051971E -> 
        problem list 1 (0100010800FF..sm): the meter `` cannot be a point (2 readings, 351 bytes)
        <espi:uom>72</espi:uom> -> 
        problem list 1 (0100010800FF.0A01454D48000051971E.sm): `` is no unit (uom) (2 readings, 368 bytes)
        <scaler>-1 -> <scaler>x
        problem list 1 (0100010800FF.0A01454D48000051971E.sm): `x` is no power of ten (2 readings, 390 bytes)
        <measurementPeriod>900 -> <measurementPeriod>x
        problem list 1 (0100010800FF.0A01454D48000051971E.sm): the measurementPeriod `x` is no number (2 readings, 389 bytes)
        <espi:value>20 -> <espi:value>2.5
        problem list 1 (0100010800FF.0A01454D48000051971E.sm), reading 2: the value `2.5` is no integer (1 readings, 227 bytes)
        <scaler>-1 -> <scaler>-20
        problem list 1 (0100010800FF.0A01454D48000051971E.sm), reading 1: the value 10 times ten to the -20 has more than 12 places after the point (1 readings, 226 bytes)
        problem list 1 (0100010800FF.0A01454D48000051971E.sm), reading 2: the value 20 times ten to the -20 has more than 12 places after the point (1 readings, 226 bytes)
        10:15:00Z -> 10:15:00
        problem list 1 (0100010800FF.0A01454D48000051971E.sm), reading 2: the start `2025-03-30T10:15:00` is no time with its offset (1 readings, 225 bytes)
        <statusPTB>0 -> <statusPTB>9
        problem list 1 (0100010800FF.0A01454D48000051971E.sm), reading 1: the statusPTB `9` is none of 0 to 4 (1 readings, 226 bytes)
        problem list 1 (0100010800FF.0A01454D48000051971E.sm), reading 2: the statusPTB `9` is none of 0 to 4 (1 readings, 226 bytes)
        <duration>0 -> <duration>x
        problem list 1 (0100010800FF.0A01454D48000051971E.sm), reading 1: the duration `x` is no number (1 readings, 226 bytes)
        problem list 1 (0100010800FF.0A01454D48000051971E.sm), reading 2: the duration `x` is no number (1 readings, 226 bytes)
        <measurementPeriod>900</measurementPeriod> -> <measurementPeriod>7200</measurementPeriod>
        finding note raster list 1 (0100010800FF.0A01454D48000051971E.sm), reading 1: nobody tells where periods of 7200 s begin, so no amounts are formed
        </UsagePoints> -> 
        problem : the transparency document is cut off within `UsagePoints` (1 readings, 84 bytes)
        </IntervalReading> -> 
        problem list 1: the element `IntervalReading` does not end before its parent does (1 readings, 150 bytes)
        problem list 1: the element `IntervalReading` does not end before its parent does (1 readings, 150 bytes)
        finding note empty_list list 1 (0100010800FF.0A01454D48000051971E.sm): the list has no values
        finding note no_readings : there are no readings: a document of a supplier tells a tariff alone
        UsagePoints -> UsagePointList
        MeterReading -> Reading
        </MeterReading> -> 
        problem list 1: the element `MeterReading` does not end before its parent does (1 readings, 349 bytes)
        </MeterReading>
          </UsagePoint>
        </UsagePoints> -> 
        problem UsagePoint/MeterReading: the transparency document is cut off within `MeterReading` (1 readings, 376 bytes)
    "#]].assert_eq(&said);
}

#[test]
fn a_problem_can_be_read_again_by_itself_and_names_no_customer() {
    let text = document(METER, QUARTER_HOURS, &values(&[("10:00:00Z", "10", FINE), ("10:15:00Z", "2x", FINE)]));
    let decoded = decode(&text);
    let problem = decoded.iter().flat_map(|piece| &piece.problems).next().expect("a problem");
    let again = String::from_utf8([problem.prelude.as_slice(), &problem.bytes].concat()).expect("text");
    assert!(!again.contains("4711"), "{again}");
    assert_eq!(detect(&Head::new(again.as_bytes())), Detected::One(Format::Smgw));
    check(
        &again.replace("2x", "20"),
        &expect![[r#"
            1EMH0005347102 1-0:1.8.0 register 2025-03-30T10:15:00Z 2 Wh true
            meter Meter { point: 1EMH0005347102, kind: Some(Device), name: None, server_id: Some([10, 1, 69, 77, 72, 0, 0, 81, 151, 30]), maker: Some("EMH"), resolution: None }
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | gateway | EXXX0012345678 | - | - | - | - | - |  | - | - | - | -
            master_data DE00056266802AO6G56M11SN51G21M24S | metering_location | meter | 1EMH0005347102 | - | - | - | - | - |  | - | - | - | -
        "#]],
    );
}

#[test]
fn values_that_could_not_be_read_are_counted_where_their_list_does_not_end() {
    let refused = document(METER, "", &values(&[("10:00:00Z", "10", FINE), ("10:15:00Z", "20", FINE)]));
    let refused = refused.replace("<espi:uom>72", "<espi:uom>Wh");
    let (cut, rest) = refused.split_once("</MeterReading>").expect("a list");
    let list = "<MeterReading><Meter><meterId>a</meterId></Meter></MeterReading>";
    let said = [complaints(cut), complaints(&[cut, rest].concat()), complaints(&[cut, list, rest].concat())].concat();
    expect![[r#"
        problem UsagePoint/MeterReading: the transparency document is cut off within `MeterReading` (2 readings, 220 bytes)
        problem list 1: the element `MeterReading` does not end before its parent does (2 readings, 193 bytes)
        problem list 1: the list does not end, and its values could not be read (2 readings, 56 bytes)
        problem list 2: the element `MeterReading` does not end before its parent does (1 readings, 193 bytes)
        finding note empty_list list 2 (): the list has no values
    "#]].assert_eq(&said);
}

fn sample(name: &str) -> Option<Vec<Decoded>> {
    let bytes = support::sample(&format!("smgw-taf/{name}"))?;
    assert_eq!(detect(&Head::new(&bytes)), Detected::One(Format::Smgw), "{name}");
    let decoded = support::decode(Format::Smgw, &bytes, &support::options(), bytes.len());
    let pieces = support::decode(Format::Smgw, &bytes, &support::options(), 997);
    assert_eq!(support::describe(&pieces), support::describe(&decoded), "{name}");
    Some(decoded)
}

#[test]
fn a_month_of_quarter_hours_has_every_state_and_the_amounts_between_those_on_the_raster() {
    let Some(decoded) = sample("TAF-7-Ablesung_Jan_2018.xml") else { return };
    assert!(decoded.iter().all(|piece| piece.problems.is_empty()));
    let mut counts: BTreeMap<String, BTreeMap<Quality, usize>> = BTreeMap::new();
    let mut sums: BTreeMap<String, Decimal> = BTreeMap::new();
    for piece in &decoded {
        for row in piece.batch.rows() {
            let quantity = piece.batch.channel(row).quantity.to_string();
            assert_eq!(piece.batch.channel(row).point.as_str(), "1ITR0054927492");
            *counts.entry(quantity.clone()).or_default().entry(row.quality).or_default() += 1;
            let sum = sums.entry(quantity).or_default();
            *sum = sum.checked_add(row.value.expect("a value")).expect("a sum");
        }
    }
    // Counted by a script of its own: 2977 states of each register, 16 of them beside the raster, and 2944 amounts.
    let of =
        |quantity: &str| counts[quantity].iter().map(|(quality, count)| (quality.name(), *count)).collect::<Vec<_>>();
    assert_eq!(of("1-0:1.8.0"), [("faulty", 6), ("proposed", 194), ("true", 2_777)]);
    assert_eq!(of("1-0:2.8.0"), [("faulty", 1), ("proposed", 192), ("true", 2_784)]);
    assert_eq!(of("1-0:1.29.0"), [("faulty", 8), ("proposed", 197), ("true", 2_739)]);
    assert_eq!(of("1-0:2.29.0"), [("faulty", 2), ("proposed", 194), ("true", 2_748)]);
    assert_eq!(sums["1-0:1.29.0"].to_string(), "484874.46");
    assert_eq!(sums["1-0:2.29.0"].to_string(), "466788.38");
    let mut findings: BTreeMap<&str, usize> = BTreeMap::new();
    decoded
        .iter()
        .flat_map(|piece| &piece.findings)
        .for_each(|finding| *findings.entry(&finding.rule).or_default() += 1);
    assert_eq!(findings, BTreeMap::from([("beside_raster", 32), ("log_entries", 1)]));
    let told = support::describe(&decoded);
    for line in [
        "1ITR0054927492 1-0:2.8.0 register 2017-12-31T23:00:00Z 10 Wh true method=aligned by 1 s",
        "1ITR0054927492 1-0:2.29.0 interval 2017-12-31T23:00:00Z..2017-12-31T23:15:00Z 65.47 Wh true method=register difference",
        "1ITR0054927492 1-0:1.29.0 interval 2017-12-31T23:15:00Z..2017-12-31T23:30:00Z 63.53 Wh true method=register difference",
        "1ITR0054927492 1-0:1.8.0 register 2018-01-31T23:00:00Z 490217.81 Wh true method=aligned by 1 s",
        "1ITR0054927492 1-0:2.8.0 register 2018-01-29T11:15:00Z 436952.82 Wh faulty reason=PTB 3",
    ] {
        let start = line.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
        let found: Vec<_> = told.lines().filter(|told| told.starts_with(&start)).collect();
        assert!(found.contains(&line), "{line}: {found:?}");
    }
    assert!(told.contains("finding note log_entries : entries of the gateway's log are not read: 3345\n"));
    assert!(told.contains("signatures certificate | EXXX0012345678/1 | - | - | - | "));
}

#[test]
fn the_examples_of_the_interface_are_read() {
    let Some(taf_7) = sample("IF_Adapter_TRuDI_DatenTAF7.xml") else { return };
    expect![[r#"
        1EMH0005347102 1-0:1.8.0 register 2017-06-26T09:30:00Z 63910.8 Wh true reason=status 0x0000010500100504
        1EMH0005347102 1-0:1.8.0 register 2017-06-26T09:45:00Z 63911.8 Wh true reason=status 0x0000010500100504
        1EMH0005347102 1-0:1.8.0 register 2017-06-26T10:00:00Z 63912.8 Wh true reason=status 0x0000010500100504
        1EMH0005347102 1-0:1.29.0 interval 2017-06-26T09:30:00Z..2017-06-26T09:45:00Z 1 Wh true method=register difference
        1EMH0005347102 1-0:1.29.0 interval 2017-06-26T09:45:00Z..2017-06-26T10:00:00Z 1 Wh true method=register difference
        finding warning status list 1 (0100010800ff.0A01454D48000051971E.sm), reading 1: statusPTB and statusFNN do not say the same; statusPTB counts
        finding note log_entries : entries of the gateway's log are not read: 6
        meter Meter { point: 1EMH0005347102, kind: Some(Device), name: None, server_id: Some([10, 1, 69, 77, 72, 0, 0, 81, 151, 30]), maker: Some("EMH"), resolution: None }
        master_data DE00000000000000000000000000000001 | other | gateway | DNT0017055173 | - | - | - | - | - |  | - | - | - | -
        signatures certificate | DNT0017055173/1 | - | - | - | 5 bytes
        master_data DE00000000000000000000000000000001 | other | meter | 1EMH0005347102 | - | - | - | - | - |  | - | - | - | -
    "#]].assert_eq(&support::describe(&taf_7));
    let taf_2 = sample("IF_Adapter_TRuDI_DatenTAF2.xml").expect("it stands beside the other");
    expect![[r#"
        1EMH0005347102 1-0:1.8.0 register 2017-01-31T22:00:00Z 63911.8 Wh true reason=status 0x0000010500100504
        DE00000000000000000000000000000001 1-0:1.8.0 register 2017-01-31T22:00:00Z 118 Wh true reason=status 0x0000010500100504
        DE00000000000000000000000000000001 1-0:1.8.1 register 2017-01-31T22:00:00Z 50 Wh true reason=status 0x0000010500100504
        DE00000000000000000000000000000001 1-0:1.8.2 register 2017-01-31T22:00:00Z 65 Wh true reason=status 0x0000010500100504
        DE00000000000000000000000000000001 1-0:1.8.63 register 2017-01-31T22:00:00Z 0 Wh true reason=status 0x0000010500100504
        finding warning status list 1 (0100010800ff.0A01454D48000051971E.sm), reading 1: statusPTB and statusFNN do not say the same; statusPTB counts
        finding warning status list 2 (0100010800ff.TAF-2-ID.sm), reading 1: statusPTB and statusFNN do not say the same; statusPTB counts
        finding warning status list 3 (0100010801ff.TAF-2-ID.sm), reading 1: statusPTB and statusFNN do not say the same; statusPTB counts
        finding warning obis_code list 4 (0100010802ff.TAF-2-ID.sm), reading 1: obisCode `0100010801ff` is not that of the logical name `0100010802ff.TAF-2-ID.sm`, which counts
        finding warning status list 4 (0100010802ff.TAF-2-ID.sm), reading 1: statusPTB and statusFNN do not say the same; statusPTB counts
        finding warning status list 5 (010001083fff.TAF-2-ID.sm), reading 1: statusPTB and statusFNN do not say the same; statusPTB counts
        finding note log_entries : entries of the gateway's log are not read: 1
        meter Meter { point: 1EMH0005347102, kind: Some(Device), name: None, server_id: Some([10, 1, 69, 77, 72, 0, 0, 81, 151, 30]), maker: Some("EMH"), resolution: None }
        master_data DE00000000000000000000000000000001 | other | gateway | DNT0017055173 | - | - | - | - | - |  | - | - | - | -
        signatures certificate | DNT0017055173/1 | - | - | - | 5 bytes
        master_data DE00000000000000000000000000000001 | other | meter | 1EMH0005347102 | - | - | - | - | - |  | - | - | - | -
    "#]].assert_eq(&support::describe(&taf_2));
    for name in ["IF_Lieferant_TRuDI_example.xml", "Lieferanten-XML_Jan_2018.xml"] {
        let supplier = support::describe(&sample(name).expect("it stands beside the others"));
        assert!(supplier.contains("finding note no_readings"), "{supplier}");
        assert!(!supplier.contains("problem"), "{supplier}");
    }
}

#[test]
fn nothing_else_is_recognised() {
    for name in [
        "smgw-taf/AR_2418-6.xsd",
        "smgw-taf/espi_derived.xsd",
        "smgw-taf/Taf7_1OML_UseCaseTaf1.json",
        "smgw-taf/ConfigTemplate.json",
        "greenbutton/test_usage_data.xml",
        "grid-entsoe/FR_prices.xml",
    ] {
        let Some(bytes) = support::sample(name) else { return };
        assert_eq!(Format::Smgw.recognise(&Head::new(&bytes)), None, "{name}");
    }
    for other in ["", "<UsagePoints/>", "<a xmlns='http://vde.de/AR_2418-6.xsd'/>"] {
        assert_eq!(Format::Smgw.recognise(&Head::new(other.as_bytes())), None, "{other}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic_and_the_same_in_any_pieces(
        at in 0_usize..1_600,
        bytes in proptest::collection::vec(any::<u8>(), 0..30),
        piece in 1_usize..50,
    ) {
        let whole = document(METER, QUARTER_HOURS, &values(&[("10:00:00Z", "10", FINE), ("10:15:00Z", "20", FINE)]));
        let mut text = whole.into_bytes();
        let at = at.min(text.len());
        let end = (at + bytes.len()).min(text.len());
        text.splice(at..end, bytes);
        let whole = support::describe(&support::decode(Format::Smgw, &text, &support::options(), text.len().max(1)));
        let pieces = support::describe(&support::decode(Format::Smgw, &text, &support::options(), piece));
        prop_assert_eq!(whole, pieces);
    }
}
