//! M-Bus and OMS: the published examples of OMS, and what must hold for every stream.
#![allow(clippy::expect_used, clippy::panic, reason = "what a helper of a test expects, the test expects")]

use crate::support;

use std::sync::Arc;

use expect_test::{Expect, expect};
use metrify_domain::Timestamp;
use metrify_domain::calendar::Zone;
use metrify_formats::{Decoded, Detected, Format, Head, Options, detect};
use proptest::prelude::*;
use support::{decode, describe, options};

/// OMS Specification Vol. 2, Annex N: the key of the examples with security profile A, and that of the others.
const PROFILE_A: &str = "ELS12345678 = 0102030405060708090A0B0C0D0E0F11";
const PROFILE_B: &str = "ELS12345678 = 000102030405060708090A0B0C0D0E0F";
/// N.2.1, gas meter with mode 5: with the checksums of format A, and without.
const MODE_5_A: &str =
    "2E44931578563412330333637A2A0020255923C95AAA26D1B2E7493BC2AD013EC4A6F6D3529B520EDFF0EA6DEFC955B29D6D69EBF3EC8A";
const MODE_5: &str = "2E4493157856341233037A2A0020255923C95AAA26D1B2E7493B013EC4A6F6D3529B520EDFF0EA6DEFC99D6D69EBF3";
/// The same meter with mode 7, its keys derived from a counter that stands in the authentication layer.
const MODE_7: &str = "434493157856341233038C2075900F002C25B30A000021924D4F2FB66E017A75002007109058475F4BC91DF878B80A1B0F98B629024AAC727942BFC549233C0140829B93";
/// N.2.2, the same meter on the wire.
const WIRED: &str = "6820206808FD7278563412931533032A0000000C1427048502046D32371F1502FD1700008916";
/// N.5.3, a heat cost allocator behind a radio module: one block is encrypted, the rest is not.
const PARTIAL: &str =
    "304493444433221155378C00757288776655934455080004100500DFE2A782146D1513581CD2F83F39040CFD1078563412";
/// A water meter that encrypts on the link layer (AES-CTR), as published with its key for tests of receivers.
const LINK: &str = "2A442D2C998734761B168D2091D37CAC21E1D68CDAFFCD3DC452BD802913FF7B1706CA9E355D6C2701CC24";
const LINK_KEY: &str = "KAM76348799 = 28F64A24988064A079AA2C807D6102AE";

/// 2025-03-30T12:00:00Z.
const RECEIVED_IN_SPRING: Timestamp = Timestamp::from_micros(1_743_336_000_000_000);

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("digits"), 16).expect("a byte");
    digits.chunks(2).map(byte).collect()
}

fn with_keys(keys: &str) -> Options {
    Options { keys: Arc::new(keys.parse().expect("keys")), ..options() }
}

fn decoded(bytes: &[u8], options: &Options) -> Vec<Decoded> {
    decode(Format::Mbus, bytes, options, bytes.len().max(1))
}

fn check(bytes: &[u8], options: &Options, expected: &Expect) {
    let whole = describe(&decoded(bytes, options));
    for size in [1, 7] {
        assert_eq!(describe(&decode(Format::Mbus, bytes, options, size)), whole, "in pieces of {size}");
    }
    expected.assert_eq(&whole);
}

/// A wired frame of an ACW meter: its type, its status, its records.
fn wired(device_type: u8, status: u8, records: &[u8]) -> Vec<u8> {
    let header = [0x78, 0x56, 0x34, 0x12, 0x77, 0x04, 0x14, device_type, 0x2a, status, 0, 0];
    framed(&[&[0x08, 0x01, 0x72][..], &header, records].concat())
}

fn framed(content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).expect("a frame has at most 255 bytes");
    let sum = content.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    [&[0x68, length, length, 0x68][..], content, &[sum, 0x16]].concat()
}

#[test]
fn the_gas_meter_of_oms_says_the_same_on_air_and_on_the_wire() {
    let expected = expect![[r#"
        ELS12345678 7-0:3.0.0 register 2025-01-01T00:00:00Z 28504.27 m3 true
        finding note local_time byte 0: ELS12345678 tells times without a zone: its values get the time of receipt, unless --timezone is given
        meter Meter { point: ELS12345678, kind: Some(Device), name: None, server_id: Some([147, 21, 120, 86, 52, 18, 51, 3]), maker: Some("ELS"), resolution: None }
        master_data ELS12345678 | meter | version | 51 | - | - | - | - | - |  | - | - | - | -
        master_data ELS12345678 | meter | device_type | gas | - | - | - | - | - |  | - | - | - | -
        master_data ELS12345678 | meter | error_flags | 0 | - | - | - | - | - |  | - | - | - | -
    "#]];
    expected.assert_eq(&describe(&decoded(&hex(WIRED), &options())));
    let readings = |bytes: &[u8], keys: &str| {
        let text = describe(&decoded(bytes, &with_keys(keys)));
        text.lines().filter(|line| line.starts_with("ELS")).map(str::to_owned).collect::<Vec<_>>()
    };
    let wired = readings(&hex(WIRED), "");
    assert_eq!(wired.len(), 1);
    assert_eq!(readings(&hex(MODE_5), PROFILE_A), wired);
    assert_eq!(readings(&hex(MODE_5_A), PROFILE_A), wired);
    assert_eq!(readings(MODE_5.as_bytes(), PROFILE_A), wired);
    assert_eq!(readings(&hex(MODE_7), PROFILE_B), wired);
}

#[test]
fn a_part_of_a_telegram_may_be_encrypted() {
    let keys = "QDS55667788 = 000102030405060708090A0B0C0D0E0F";
    check(
        &hex(PARTIAL),
        &with_keys(keys),
        &expect![[r#"
            QDS55667788 4-0:1.0.0 register 2025-01-01T00:00:00Z 1234 1 true
            QDS55667788 4-0:1.2.0 instant 2025-01-01T00:00:00Z 23456 1 true
            finding note local_time byte 0: QDS55667788 tells times without a zone: its values get the time of receipt, unless --timezone is given
            finding warning meter_power byte 0: QDS55667788 reports low power (status 0x04)
            meter Meter { point: QDS55667788, kind: Some(Device), name: None, server_id: Some([147, 68, 136, 119, 102, 85, 85, 8]), maker: Some("QDS"), resolution: None }
            master_data QDS55667788 | meter | version | 85 | - | - | - | - | - |  | - | - | - | -
            master_data QDS55667788 | meter | device_type | heat cost allocator | - | - | - | - | - |  | - | - | - | -
            master_data QDS55667788 | meter | date.storage_1 | 2007-04-30 | - | - | - | - | - |  | - | - | - | -
            master_data QDS55667788 | meter | customer_location | 12345678 | - | - | - | - | - |  | - | - | - | -
        "#]],
    );
}

#[test]
fn the_link_layer_may_be_encrypted_as_a_whole() {
    check(
        &hex(LINK),
        &with_keys(LINK_KEY),
        &expect![[r#"
            KAM76348799 meter.maker_20 instant 2025-01-01T00:00:00Z 113 1 true
            KAM76348799 8-0:1.0.0 register 2025-01-01T00:00:00Z 6.408 m3 true
            KAM76348799 8-0:1.2.0 instant 2025-01-01T00:00:00Z 6.408 m3 true
            KAM76348799 meter.flow_temperature.min.storage_1 instant 2025-01-01T00:00:00Z 127 Cel true
            KAM76348799 meter.external_temperature.min.storage_1 instant 2025-01-01T00:00:00Z 19 Cel true
            meter Meter { point: KAM76348799, kind: Some(Device), name: None, server_id: Some([45, 44, 153, 135, 52, 118, 27, 22]), maker: Some("KAM"), resolution: None }
            master_data KAM76348799 | meter | version | 27 | - | - | - | - | - |  | - | - | - | -
            master_data KAM76348799 | meter | device_type | cold water | - | - | - | - | - |  | - | - | - | -
        "#]],
    );
}

#[test]
fn without_the_right_key_nothing_is_guessed() {
    let wrong = "* = 000102030405060708090A0B0C0D0EFF";
    for (telegram, keys, reason) in [
        (MODE_5, "", "the telegram of ELS12345678 is encrypted (mode 5), and no key is given for ELS12345678"),
        (MODE_5, wrong, "does not show its mark (2f2f) after decryption (mode 5): the key is wrong"),
        (MODE_7, "", "encrypted (mode 7), and no key is given for ELS12345678"),
        (MODE_7, wrong, "the authentication of the telegram of ELS12345678 does not hold"),
        (LINK, "", "encrypted (mode 8), and no key is given for KAM76348799"),
        (LINK, wrong, "does not show its checksum after decryption (AES-CTR): the key is wrong"),
    ] {
        let pieces = decoded(&hex(telegram), &with_keys(keys));
        let rows: usize = pieces.iter().map(|piece| piece.batch.rows().len()).sum();
        let problems: Vec<_> = pieces.iter().flat_map(|piece| &piece.problems).collect();
        assert_eq!((rows, problems.len(), problems[0].readings), (0, 1, 1), "{}", describe(&pieces));
        assert!(problems[0].reason.contains(reason), "{}", problems[0].reason);
        assert_eq!(problems[0].bytes, hex(telegram), "the telegram is kept to be read with its key");
        assert!(!problems[0].reason.contains("0D0E0F"), "no key is shown");
    }
}

#[test]
fn a_changed_byte_of_an_authenticated_telegram_is_noticed() {
    let mut changed = hex(MODE_7);
    changed[40] ^= 1;
    let text = describe(&decoded(&changed, &with_keys(PROFILE_B)));
    assert!(text.contains("does not hold: the key is wrong, or bytes were changed"), "{text}");
}

#[test]
fn several_telegrams_of_a_stream_are_read_and_a_damaged_one_costs_itself() {
    let water = |value: u8| wired(0x07, 0, &[0x0C, 0x13, value, 0, 0, 0]);
    let mut damaged = water(2);
    damaged[20] ^= 0x40;
    let stream = [&[0xE5][..], &water(1), &damaged, b"noise", &water(3), &hex(MODE_5_A)].concat();
    check(
        &stream,
        &with_keys(PROFILE_A),
        &expect![[r#"
            ACW12345678 8-0:1.0.0 register 2024-12-31T23:59:59Z 0.001 m3 true
            ACW12345678 8-0:1.0.0 register 2025-01-01T00:00:00Z 0.003 m3 true
            ELS12345678 7-0:3.0.0 register 2025-01-01T00:00:00Z 28504.27 m3 true
            problem byte 28: the frame's checksum is 70, but its bytes give b0: some were lost or changed (2 readings, 32 bytes)
            finding note local_time byte 87: ELS12345678 tells times without a zone: its values get the time of receipt, unless --timezone is given
            meter Meter { point: ACW12345678, kind: Some(Device), name: None, server_id: Some([119, 4, 120, 86, 52, 18, 20, 7]), maker: Some("ACW"), resolution: None }
            meter Meter { point: ELS12345678, kind: Some(Device), name: None, server_id: Some([147, 21, 120, 86, 52, 18, 51, 3]), maker: Some("ELS"), resolution: None }
            master_data ACW12345678 | meter | version | 20 | - | - | - | - | - |  | - | - | - | -
            master_data ACW12345678 | meter | device_type | water | - | - | - | - | - |  | - | - | - | -
            master_data ELS12345678 | meter | version | 51 | - | - | - | - | - |  | - | - | - | -
            master_data ELS12345678 | meter | device_type | gas | - | - | - | - | - |  | - | - | - | -
            master_data ELS12345678 | meter | error_flags | 0 | - | - | - | - | - |  | - | - | - | -
        "#]],
    );
}

#[test]
fn a_line_of_text_is_a_telegram_and_a_broken_one_costs_itself() {
    let cut = &MODE_5[..60];
    let text =
        format!("# gateway in the cellar\n{MODE_5}\n{cut}\n{MODE_5_A}\nrssi=-70\n{}\n{}\n", &WIRED[..30], &WIRED[30..]);
    check(
        text.as_bytes(),
        &with_keys(PROFILE_A),
        &expect![[r#"
            ELS12345678 7-0:3.0.0 register 2024-12-31T23:59:59Z 28504.27 m3 true
            ELS12345678 7-0:3.0.0 register 2024-12-31T23:59:59Z 28504.27 m3 true
            ELS12345678 7-0:3.0.0 register 2025-01-01T00:00:00Z 28504.27 m3 true
            problem line 3: the telegram of 47 bytes has neither valid checksums (formats A and B) nor the length of one without (1 readings, 30 bytes)
            problem line 5: the line holds something else than hexadecimal digits: it is read up to there (1 readings, 8 bytes)
            finding note local_time line 2: ELS12345678 tells times without a zone: its values get the time of receipt, unless --timezone is given
            meter Meter { point: ELS12345678, kind: Some(Device), name: None, server_id: Some([147, 21, 120, 86, 52, 18, 51, 3]), maker: Some("ELS"), resolution: None }
            master_data ELS12345678 | meter | version | 51 | - | - | - | - | - |  | - | - | - | -
            master_data ELS12345678 | meter | device_type | gas | - | - | - | - | - |  | - | - | - | -
            master_data ELS12345678 | meter | error_flags | 0 | - | - | - | - | - |  | - | - | - | -
        "#]],
    );
}

#[test]
fn the_clock_of_a_meter_counts_where_its_zone_is_known() {
    // Volume, the same kept on 31.12.2013, and the clock: 13.03.2014 14:26.
    let records = [
        0x04, 0x13, 0x1f, 0, 0, 0, 0x44, 0x13, 0x1e, 0, 0, 0, 0x42, 0x6c, 0xbf, 0x1c, 0x04, 0x6d, 0x1a, 0x0e, 0xcd,
        0x13,
    ];
    let telegram = wired(0x07, 0, &records);
    check(
        &telegram,
        &options(),
        &expect![[r#"
            ACW12345678 8-0:1.0.0 register 2025-01-01T00:00:00Z 0.031 m3 true
            ACW12345678 8-0:1.2.0 instant 2025-01-01T00:00:00Z 0.03 m3 true
            finding note local_time byte 0: ACW12345678 tells times without a zone: its values get the time of receipt, unless --timezone is given
            meter Meter { point: ACW12345678, kind: Some(Device), name: None, server_id: Some([119, 4, 120, 86, 52, 18, 20, 7]), maker: Some("ACW"), resolution: None }
            master_data ACW12345678 | meter | version | 20 | - | - | - | - | - |  | - | - | - | -
            master_data ACW12345678 | meter | device_type | water | - | - | - | - | - |  | - | - | - | -
            master_data ACW12345678 | meter | date.storage_1 | 2013-12-31 | - | - | - | - | - |  | - | - | - | -
        "#]],
    );
    let zoned = Options { zone: Some(Zone::BERLIN), ..options() };
    check(
        &telegram,
        &zoned,
        &expect![[r#"
            ACW12345678 8-0:1.0.0 register 2014-03-13T13:26:00Z 0.031 m3 true
            ACW12345678 8-0:1.2.0 register 2013-12-31T23:00:00Z 0.03 m3 true
            meter Meter { point: ACW12345678, kind: Some(Device), name: None, server_id: Some([119, 4, 120, 86, 52, 18, 20, 7]), maker: Some("ACW"), resolution: None }
            master_data ACW12345678 | meter | version | 20 | - | - | - | - | - |  | - | - | - | -
            master_data ACW12345678 | meter | device_type | water | - | - | - | - | - |  | - | - | - | -
            master_data ACW12345678 | meter | date.storage_1 | 2013-12-31 | - | - | - | - | - |  | - | - | - | -
        "#]],
    );
    let unset = wired(0x07, 0, &[0x04, 0x13, 0x1f, 0, 0, 0, 0x04, 0x6d, 0, 0, 0x01, 0x01]);
    check(
        &unset,
        &zoned,
        &expect![[r#"
            ACW12345678 8-0:1.0.0 register 2025-01-01T00:00:00Z 0.031 m3 true
            finding note meter_clock byte 0: ACW12345678 tells a time before 2001, more than a day after the receipt, or none at all, which is not used
            meter Meter { point: ACW12345678, kind: Some(Device), name: None, server_id: Some([119, 4, 120, 86, 52, 18, 20, 7]), maker: Some("ACW"), resolution: None }
            master_data ACW12345678 | meter | version | 20 | - | - | - | - | - |  | - | - | - | -
            master_data ACW12345678 | meter | device_type | water | - | - | - | - | - |  | - | - | - | -
        "#]],
    );
}

#[test]
fn values_in_error_and_errors_of_the_meter_are_told() {
    // Power that the display shows as letters, a flow in error, hours in error; status: temporary, then permanent error.
    let records = [
        0x3C, 0x2B, 0xbd, 0xeb, 0xdd, 0xdd, 0x3A, 0x3B, 0x99, 0x99, 0x3C, 0x22, 0x69, 0x37, 0, 0, 0x02, 0x5B, 0, 0x80,
        0x04, 0x95, 0x15, 1, 0, 0, 0, 0x0A, 0x5B, 0x20, 0,
    ];
    check(
        &wired(0x04, 0x10, &records),
        &options(),
        &expect![[r#"
            ACW12345678 meter.power.error instant 2025-01-01T00:00:00Z - W missing reason=digits ddddebbd
            ACW12345678 meter.volume_flow.error instant 2025-01-01T00:00:00Z 9.999 m3/h faulty reason=value during error state
            ACW12345678 meter.on_time.error register 2025-01-01T00:00:00Z 3769 h true reason=status 0x10
            ACW12345678 meter.flow_temperature instant 2025-01-01T00:00:00Z - Cel missing reason=invalid 0x8000
            ACW12345678 6-0:2.0.0 register 2025-01-01T00:00:00Z - m3 missing reason=record error 15
            ACW12345678 meter.flow_temperature.2 instant 2025-01-01T00:00:00Z 20 Cel true reason=status 0x10
            finding warning meter_warning byte 0: ACW12345678 reports a temporary error (status 0x10)
            meter Meter { point: ACW12345678, kind: Some(Device), name: None, server_id: Some([119, 4, 120, 86, 52, 18, 20, 4]), maker: Some("ACW"), resolution: None }
            master_data ACW12345678 | meter | version | 20 | - | - | - | - | - |  | - | - | - | -
            master_data ACW12345678 | meter | device_type | heat, volume in the return | - | - | - | - | - |  | - | - | - | -
        "#]],
    );
    check(
        &wired(0x04, 0x08, &[0x0A, 0x5B, 0x20, 0]),
        &options(),
        &expect![[r#"
            ACW12345678 meter.flow_temperature instant 2025-01-01T00:00:00Z 20 Cel faulty reason=status 0x08
            finding error meter_fault byte 0: ACW12345678 reports a permanent error: its values are faulty (status 0x08)
            meter Meter { point: ACW12345678, kind: Some(Device), name: None, server_id: Some([119, 4, 120, 86, 52, 18, 20, 4]), maker: Some("ACW"), resolution: None }
            master_data ACW12345678 | meter | version | 20 | - | - | - | - | - |  | - | - | - | -
            master_data ACW12345678 | meter | device_type | heat, volume in the return | - | - | - | - | - |  | - | - | - | -
        "#]],
    );
}

#[test]
fn due_date_values_tariffs_and_equal_records_are_told_apart() {
    let energy = |dif: &[u8], value: u8| [dif, &[0x06, value, 0]].concat();
    let records = [
        energy(&[0x02], 1),
        energy(&[0x42], 2),
        energy(&[0x82, 0x01], 3),
        energy(&[0x82, 0x10], 4),
        energy(&[0xC2, 0x10], 5),
        energy(&[0x82, 0x40], 6),
        energy(&[0x12], 7),
        energy(&[0x02], 8),
        energy(&[0x02], 9),
    ];
    check(
        &wired(0x04, 0, &records.concat()),
        &options(),
        &expect![[r#"
            ACW12345678 6-0:1.0.0 register 2025-01-01T00:00:00Z 1000 Wh true
            ACW12345678 6-0:1.2.0 instant 2025-01-01T00:00:00Z 2000 Wh true
            ACW12345678 6-0:1.2.0*2 instant 2025-01-01T00:00:00Z 3000 Wh true
            ACW12345678 6-0:1.0.1 register 2025-01-01T00:00:00Z 4000 Wh true
            ACW12345678 6-0:1.2.1 instant 2025-01-01T00:00:00Z 5000 Wh true
            ACW12345678 meter.energy.unit_1 register 2025-01-01T00:00:00Z 6000 Wh true
            ACW12345678 meter.energy.max instant 2025-01-01T00:00:00Z 7000 Wh true
            ACW12345678 meter.energy.2 register 2025-01-01T00:00:00Z 8000 Wh true
            ACW12345678 meter.energy.3 register 2025-01-01T00:00:00Z 9000 Wh true
            meter Meter { point: ACW12345678, kind: Some(Device), name: None, server_id: Some([119, 4, 120, 86, 52, 18, 20, 4]), maker: Some("ACW"), resolution: None }
            master_data ACW12345678 | meter | version | 20 | - | - | - | - | - |  | - | - | - | -
            master_data ACW12345678 | meter | device_type | heat, volume in the return | - | - | - | - | - |  | - | - | - | -
        "#]],
    );
}

#[test]
fn of_two_records_with_one_code_the_more_exact_has_it() {
    // Energy, what of it was drawn, what was fed in.
    let energy = [
        0x04, 0x03, 0xe8, 0x03, 0, 0, 0x04, 0x83, 0x3b, 0xf4, 0x01, 0, 0, 0x04, 0x83, 0x3c, 0x64, 0, 0, 0, 0x02, 0xfd,
        0x17, 0x00, 0x80,
    ];
    check(
        &wired(0x02, 0, &energy),
        &options(),
        &expect![[r#"
        ACW12345678 meter.energy register 2025-01-01T00:00:00Z 1000 Wh true
        ACW12345678 1-0:1.8.0 register 2025-01-01T00:00:00Z 500 Wh true
        ACW12345678 1-0:2.8.0 register 2025-01-01T00:00:00Z 100 Wh true
        meter Meter { point: ACW12345678, kind: Some(Device), name: None, server_id: Some([119, 4, 120, 86, 52, 18, 20, 2]), maker: Some("ACW"), resolution: None }
        master_data ACW12345678 | meter | version | 20 | - | - | - | - | - |  | - | - | - | -
        master_data ACW12345678 | meter | device_type | electricity | - | - | - | - | - |  | - | - | - | -
        master_data ACW12345678 | meter | error_flags | 32768 | - | - | - | - | - |  | - | - | - | -
    "#]],
    );
    // A volume that was corrected, and the one that was not.
    let gas = [0x04, 0x13, 0x10, 0x27, 0, 0, 0x04, 0x93, 0x3a, 0x20, 0x03, 0, 0];
    check(
        &wired(0x03, 0, &gas),
        &options(),
        &expect![[r#"
        ACW12345678 meter.volume register 2025-01-01T00:00:00Z 10 m3 true
        ACW12345678 7-0:3.0.0 register 2025-01-01T00:00:00Z 0.8 m3 true
        meter Meter { point: ACW12345678, kind: Some(Device), name: None, server_id: Some([119, 4, 120, 86, 52, 18, 20, 3]), maker: Some("ACW"), resolution: None }
        master_data ACW12345678 | meter | version | 20 | - | - | - | - | - |  | - | - | - | -
        master_data ACW12345678 | meter | device_type | gas | - | - | - | - | - |  | - | - | - | -
    "#]],
    );
}

#[test]
fn floats_texts_and_what_is_the_makers_own() {
    let records = [
        // A float of kilowatts, a text, a quantity that the meter names itself, one of the maker's, and his own bytes.
        &[0x05, 0x2E, 0xa0, 0xc8, 0x51, 0x46][..],
        &[0x0D, 0x79, 0x0E],
        b"8765432104WCA1",
        &[0x02, 0xFC, 0x03, 0x48, 0x52, 0x25, 0x74, 0xD4, 0x11],
        &[0x01, 0xFF, 0xE1, 0xFF, 0x01, 0x0D],
        &[0x02, 0xFD, 0xC8, 0xFF, 0x01, 0xD1, 0x08],
        &[0x01, 0xFD, 0x16, 0x2A],
        &[0x2F, 0x1F, 0x01, 0x02],
    ];
    check(
        &wired(0x02, 0, &records.concat()),
        &options(),
        &expect![[r#"
            ACW12345678 1-0:16.7.0 instant 2025-01-01T00:00:00Z 13426156 W true
            ACW12345678 meter.text.rh instant 2025-01-01T00:00:00Z 45.64 %RH true
            ACW12345678 meter.maker_61_7f_01 instant 2025-01-01T00:00:00Z 13 1 true
            ACW12345678 meter.voltage.maker_01 instant 2025-01-01T00:00:00Z 225.7 V true
            finding note maker_data byte 0: ACW12345678 sends 2 bytes of its maker's own behind its records, which are not read
            finding note more_telegrams byte 0: ACW12345678 has more telegrams than the one that was read
            finding note binary_float byte 0: ACW12345678 sends floating-point numbers: each is taken for the shortest decimal that names it
            meter Meter { point: ACW12345678, kind: Some(Device), name: None, server_id: Some([119, 4, 120, 86, 52, 18, 20, 2]), maker: Some("ACW"), resolution: None }
            master_data ACW12345678 | meter | version | 20 | - | - | - | - | - |  | - | - | - | -
            master_data ACW12345678 | meter | device_type | electricity | - | - | - | - | - |  | - | - | - | -
            master_data ACW12345678 | meter | device_id | 1ACW4012345678 | - | - | - | - | - |  | - | - | - | -
            master_data ACW12345678 | meter | enhanced_identification | 1ACW4012345678 | - | - | - | - | - |  | - | - | - | -
        "#]],
    );
}

#[test]
fn what_is_no_value_is_told_once_or_is_a_problem() {
    let dlms = framed(&[0x53, 0xFF, 0x00, 0x01, 0x67, 0xDB]);
    let response = framed(&[0x08, 0x01, 0x00, 0x01, 0x67, 0xDB]);
    let request = framed(&[0x53, 0x01, 0x51, 0x08]);
    let fixed = framed(&[0x08, 0x01, 0x73, 0x78, 0x56, 0x34, 0x12, 0x0A, 0, 0xE9, 0x7E, 1, 0, 0, 0, 0x35, 1, 0, 0]);
    check(
        &[request, dlms, response.clone(), fixed].concat(),
        &options(),
        &expect![[r#"
            problem byte 10: the frame carries a part of DLMS/COSEM (CI 00): read the delivery as the format dlms (1 readings, 12 bytes)
            problem byte 22: the frame carries a part of DLMS/COSEM (CI 00): read the delivery as the format dlms (1 readings, 12 bytes)
            problem byte 34: the two counters have the form of EN 1434-3 before records (CI 73), which is not read (2 readings, 25 bytes)
            finding note message_passed_over byte 0: messages without values are passed over, such as this one (CI 51)
        "#]],
    );
    assert_eq!(Format::Mbus.recognise(&Head::new(&response)), None);
}

#[test]
fn telegrams_without_a_time_lie_one_second_apart() {
    let stream: Vec<u8> = (1..=3).flat_map(|value| wired(0x07, 0, &[0x01, 0x16, value])).collect();
    let text = describe(&decoded(&stream, &options()));
    let times: Vec<_> = text.lines().filter(|line| line.contains("8-0:1.0.0")).map(|line| &line[31..51]).collect();
    assert_eq!(times, ["2024-12-31T23:59:58Z", "2024-12-31T23:59:59Z", "2025-01-01T00:00:00Z"], "{text}");
}

#[test]
fn the_sample_says_what_its_page_tells() {
    let sample = include_bytes!("../../../../../samples/formats/mbus-telegrams.hex");
    let zoned = Options { zone: Some(Zone::BERLIN), received_at: RECEIVED_IN_SPRING, ..options() };
    check(
        sample,
        &zoned,
        &expect![[r#"
            ABC61234567 6-0:1.0.0 register 2025-03-30T00:45:00Z 48213000 Wh true
            ABC61234567 6-0:2.0.0 register 2025-03-30T00:45:00Z 1304.712 m3 true
            ABC61234567 meter.volume_flow instant 2025-03-30T00:45:00Z 0.412 m3/h true
            ABC61234567 meter.power instant 2025-03-30T00:45:00Z 9310 W true
            ABC61234567 meter.flow_temperature instant 2025-03-30T00:45:00Z 68.7 Cel true
            ABC61234567 meter.return_temperature instant 2025-03-30T00:45:00Z 43.1 Cel true
            ABC61234567 meter.temperature_difference instant 2025-03-30T00:45:00Z 25.6 K true
            ABC61234567 6-0:1.2.0 register 2024-12-31T23:00:00Z 46900000 Wh true
            ABC81234567 8-0:1.0.0 register 2025-03-30T12:00:00Z 154.302 m3 true
            ABC81234567 8-0:1.2.0 register 2024-12-31T23:00:00Z 149.87 m3 true
            ABC81234567 meter.remaining_battery_time instant 2025-03-30T12:00:00Z 2920 d true
            ABC81234567 8-0:1.0.0 register 2025-03-30T12:00:00Z 154.302 m3 true
            ABC81234567 8-0:1.2.0 register 2024-12-31T23:00:00Z 149.87 m3 true
            ABC81234567 meter.remaining_battery_time instant 2025-03-30T12:00:00Z 2920 d true
            meter Meter { point: ABC61234567, kind: Some(Device), name: None, server_id: Some([67, 4, 103, 69, 35, 97, 3, 4]), maker: Some("ABC"), resolution: None }
            meter Meter { point: ABC81234567, kind: Some(Device), name: None, server_id: Some([67, 4, 103, 69, 35, 129, 1, 22]), maker: Some("ABC"), resolution: None }
            master_data ABC61234567 | meter | version | 3 | - | - | - | - | - |  | - | - | - | -
            master_data ABC61234567 | meter | device_type | heat, volume in the return | - | - | - | - | - |  | - | - | - | -
            master_data ABC61234567 | meter | date.storage_1 | 2024-12-31 | - | - | - | - | - |  | - | - | - | -
            master_data ABC81234567 | meter | version | 1 | - | - | - | - | - |  | - | - | - | -
            master_data ABC81234567 | meter | device_type | cold water | - | - | - | - | - |  | - | - | - | -
            master_data ABC81234567 | meter | date.storage_1 | 2024-12-31 | - | - | - | - | - |  | - | - | - | -
        "#]],
    );
}

#[test]
fn a_beginning_is_told_by_its_content() {
    let detected = |bytes: &[u8]| detect(&Head::new(bytes));
    for bytes in
        [hex(WIRED), hex(MODE_5), hex(MODE_5_A), hex(MODE_7), hex(LINK), hex(PARTIAL), MODE_5.into(), WIRED.into()]
    {
        assert_eq!(detected(&bytes), Detected::One(Format::Mbus));
    }
    assert_eq!(detected(&[&hex(WIRED)[9..], &hex(WIRED)].concat()), Detected::One(Format::Mbus), "within a frame");
    assert_eq!(detected(&hex(WIRED)[..20]), Detected::One(Format::Mbus), "cut off");
    assert_eq!(detected(&[&hex(MODE_5)[..], b"tail"].concat()), Detected::None, "nothing vouches for it");
    for other in [&b"ID;Zaehlernummer;Wert\n1;2;3\n"[..], b"0102030405060708090a", b"", b"68"] {
        assert_ne!(detected(other), Detected::One(Format::Mbus), "{other:?}");
    }
}

/// One after the other: bytes of any kind, frames with any records, and damaged ones.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let records = proptest::collection::vec(any::<u8>(), 0..60);
    let part = prop_oneof![
        records.prop_map(|records| wired(4, 0, &records)),
        proptest::collection::vec(any::<u8>(), 0..40),
        Just(hex(MODE_5_A)),
        Just(hex(MODE_7)),
        Just(hex(LINK)),
        (0..67_usize, 1..=255_u8).prop_map(|(at, change)| {
            let mut telegram = hex(MODE_7);
            telegram[at] ^= change;
            telegram
        }),
    ];
    proptest::collection::vec(part, 0..5).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic_and_the_same_in_any_pieces(bytes in stream(), piece in 1_usize..90) {
        let keys = format!("{PROFILE_A}\n{LINK_KEY}\n* = 000102030405060708090A0B0C0D0E0F");
        let options = Options { zone: Some(Zone::BERLIN), ..with_keys(&keys) };
        let whole = describe(&decoded(&bytes, &options));
        prop_assert_eq!(describe(&decode(Format::Mbus, &bytes, &options, piece)), whole.clone());
        let text: String = bytes.iter().map(|byte| format!("{byte:02x} ")).collect();
        describe(&decode(Format::Mbus, text.as_bytes(), &options, piece));
    }
}
