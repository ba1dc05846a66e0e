//! DLMS pushes through the front door: the lists of real meters, and what must hold for every stream.
#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use crate::support;

mod build;
mod vectors;

use std::sync::Arc;

use expect_test::{Expect, expect};
use metrify_formats::{Detected, Format, Head, Options, detect};
use proptest::prelude::*;
use support::{decode, describe, options, sample};

use build::{block, bytes, code, frame, hdlc, hex, linked, long, notification, octets, scale, structure, text, wired};

const ENCRYPTION: &str = "000102030405060708090a0b0c0d0e0f";
const AUTHENTICATION: &str = "d0d1d2d3d4d5d6d7d8d9dadbdcdddedf";

fn oslo() -> Options {
    Options { zone: Some("Europe/Oslo".parse().expect("a zone")), ..options() }
}

fn with_keys(keys: &str) -> Options {
    Options { keys: Arc::new(keys.parse().expect("keys")), ..options() }
}

fn both_keys() -> Options {
    with_keys(&format!("* = {ENCRYPTION}:{AUTHENTICATION}"))
}

fn encryption_alone() -> Options {
    with_keys(&format!("* = {ENCRYPTION}"))
}

fn described(bytes: &[u8], options: &Options) -> String {
    let whole = describe(&decode(Format::Dlms, bytes, options, bytes.len().max(1)));
    for piece in [1, 7, 64] {
        assert_eq!(describe(&decode(Format::Dlms, bytes, options, piece)), whole, "pieces of {piece} bytes");
    }
    whole
}

fn check(bytes: &[u8], options: &Options, expected: &Expect) {
    expected.assert_eq(&described(bytes, options));
}

/// The last register of a meter, plain and named.
fn plain(number: &str, value: u32) -> Vec<u8> {
    let elements = [code("0-0:96.1.0"), text(number), code("1-0:1.8.0"), long(value), scale(0, 30)];
    notification(&bytes("07e80a0d07080f05ffff8880"), &structure(&elements))
}

// ------------------------------------------------------------------------------------------------ samples

/// Files of the folder `dlms` one after the other, as a dump of several lines.
fn samples(names: &[&str]) -> Option<Vec<u8>> {
    names.iter().map(|name| sample(&format!("dlms/{name}.hex"))).collect::<Option<Vec<_>>>().map(|files| files.concat())
}

#[test]
fn aidon_norway_lists_are_read_to_the_last_digit() {
    let Some(dump) = samples(&["aidon_no_list_1", "aidon_no_list_2", "aidon_no_list_3"]) else { return };
    check(
        &dump,
        &options(),
        &expect![[r#"
        7359992892587665 1-0:1.7.0 instant 2024-12-31T23:59:59Z 280 W true
        7359992892587665 1-0:1.7.0 instant 2025-01-01T00:00:00Z 280 W true
        7359992892587665 1-0:2.7.0 instant 2025-01-01T00:00:00Z 0 W true
        7359992892587665 1-0:3.7.0 instant 2025-01-01T00:00:00Z 0 var true
        7359992892587665 1-0:4.7.0 instant 2025-01-01T00:00:00Z 128 var true
        7359992892587665 1-0:31.7.0 instant 2025-01-01T00:00:00Z 1.3 A true
        7359992892587665 1-0:71.7.0 instant 2025-01-01T00:00:00Z 0.9 A true
        7359992892587665 1-0:32.7.0 instant 2025-01-01T00:00:00Z 227.4 V true
        7359992892587665 1-0:52.7.0 instant 2025-01-01T00:00:00Z 230.1 V true
        7359992892587665 1-0:72.7.0 instant 2025-01-01T00:00:00Z 230.8 V true
        7359992892587665 1-0:1.7.0 instant 2020-01-21T16:00:00Z 280 W true
        7359992892587665 1-0:2.7.0 instant 2020-01-21T16:00:00Z 0 W true
        7359992892587665 1-0:3.7.0 instant 2020-01-21T16:00:00Z 0 var true
        7359992892587665 1-0:4.7.0 instant 2020-01-21T16:00:00Z 128 var true
        7359992892587665 1-0:31.7.0 instant 2020-01-21T16:00:00Z 1.3 A true
        7359992892587665 1-0:71.7.0 instant 2020-01-21T16:00:00Z 0.9 A true
        7359992892587665 1-0:32.7.0 instant 2020-01-21T16:00:00Z 227.6 V true
        7359992892587665 1-0:52.7.0 instant 2020-01-21T16:00:00Z 230.3 V true
        7359992892587665 1-0:72.7.0 instant 2020-01-21T16:00:00Z 230.9 V true
        7359992892587665 1-0:1.8.0 register 2020-01-21T16:00:00Z 22721380 Wh true
        7359992892587665 1-0:2.8.0 register 2020-01-21T16:00:00Z 0 Wh true
        7359992892587665 1-0:3.8.0 register 2020-01-21T16:00:00Z 582430 varh true
        7359992892587665 1-0:4.8.0 register 2020-01-21T16:00:00Z 1708430 varh true
        meter Meter { point: 7359992892587665, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
}

#[test]
fn aidon_sweden_needs_a_zone_for_its_clock() {
    let Some(dump) = samples(&["aidon_se_list"]) else { return };
    check(
        &dump,
        &options(),
        &expect![[r#"
        problem line 1: values that are not read: 26; the clock 2019-12-16 07:59:40 has no deviation from UTC: give --timezone (26 readings, 569 bytes)
    "#]],
    );
    let mut options = options();
    options.zone = Some("Europe/Stockholm".parse().expect("a zone"));
    // The list names no meter, so its frame has to.
    check(
        &hdlc(&bytes(&String::from_utf8_lossy(&dump))[3..]),
        &options,
        &expect![[r#"
        HDLC address 4/65 1-0:1.7.0 instant 2019-12-16T06:59:40Z 1122 W true
        HDLC address 4/65 1-0:2.7.0 instant 2019-12-16T06:59:40Z 0 W true
        HDLC address 4/65 1-0:3.7.0 instant 2019-12-16T06:59:40Z 1507 var true
        HDLC address 4/65 1-0:4.7.0 instant 2019-12-16T06:59:40Z 0 var true
        HDLC address 4/65 1-0:31.7.0 instant 2019-12-16T06:59:40Z 0 A true
        HDLC address 4/65 1-0:51.7.0 instant 2019-12-16T06:59:40Z 7.5 A true
        HDLC address 4/65 1-0:71.7.0 instant 2019-12-16T06:59:40Z 0 A true
        HDLC address 4/65 1-0:32.7.0 instant 2019-12-16T06:59:40Z 230.7 V true
        HDLC address 4/65 1-0:52.7.0 instant 2019-12-16T06:59:40Z 249.9 V true
        HDLC address 4/65 1-0:72.7.0 instant 2019-12-16T06:59:40Z 230.8 V true
        HDLC address 4/65 1-0:21.7.0 instant 2019-12-16T06:59:40Z 0 W true
        HDLC address 4/65 1-0:22.7.0 instant 2019-12-16T06:59:40Z 0 W true
        HDLC address 4/65 1-0:23.7.0 instant 2019-12-16T06:59:40Z 0 var true
        HDLC address 4/65 1-0:24.7.0 instant 2019-12-16T06:59:40Z 0 var true
        HDLC address 4/65 1-0:41.7.0 instant 2019-12-16T06:59:40Z 1122 W true
        HDLC address 4/65 1-0:42.7.0 instant 2019-12-16T06:59:40Z 0 W true
        HDLC address 4/65 1-0:43.7.0 instant 2019-12-16T06:59:40Z 1506 var true
        HDLC address 4/65 1-0:44.7.0 instant 2019-12-16T06:59:40Z 0 var true
        HDLC address 4/65 1-0:61.7.0 instant 2019-12-16T06:59:40Z 0 W true
        HDLC address 4/65 1-0:62.7.0 instant 2019-12-16T06:59:40Z 0 W true
        HDLC address 4/65 1-0:63.7.0 instant 2019-12-16T06:59:40Z 0 var true
        HDLC address 4/65 1-0:64.7.0 instant 2019-12-16T06:59:40Z 0 var true
        HDLC address 4/65 1-0:1.8.0 register 2019-12-16T06:59:40Z 10049926 Wh true
        HDLC address 4/65 1-0:2.8.0 register 2019-12-16T06:59:40Z 8 Wh true
        HDLC address 4/65 1-0:3.8.0 register 2019-12-16T06:59:40Z 6614347 varh true
        HDLC address 4/65 1-0:4.8.0 register 2019-12-16T06:59:40Z 5 varh true
        meter Meter { point: HDLC address 4/65, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
}

#[test]
fn kaifa_norway_lists_are_known_by_their_positions() {
    let Some(dump) = samples(&["kaifa_no_list_1", "kaifa_no_list_2", "kaifa_no_list_3"]) else { return };
    check(
        &dump,
        &oslo(),
        &expect![[r#"
        6970631402614476 1-0:1.7.0 instant 2019-02-04T22:52:22Z 5852 W true
        6970631402614476 1-0:1.7.0 instant 2020-01-25T12:09:30Z 9745 W true
        6970631402614476 1-0:2.7.0 instant 2020-01-25T12:09:30Z 0 W true
        6970631402614476 1-0:3.7.0 instant 2020-01-25T12:09:30Z 0 var true
        6970631402614476 1-0:4.7.0 instant 2020-01-25T12:09:30Z 435 var true
        6970631402614476 1-0:31.7.0 instant 2020-01-25T12:09:30Z 33.813 A true
        6970631402614476 1-0:51.7.0 instant 2020-01-25T12:09:30Z 28.103 A true
        6970631402614476 1-0:71.7.0 instant 2020-01-25T12:09:30Z 18.178 A true
        6970631402614476 1-0:32.7.0 instant 2020-01-25T12:09:30Z 216.8 V true
        6970631402614476 1-0:52.7.0 instant 2020-01-25T12:09:30Z 0 V true
        6970631402614476 1-0:72.7.0 instant 2020-01-25T12:09:30Z 218.8 V true
        6970631402614476 1-0:1.7.0 instant 2020-01-25T13:00:10Z 4904 W true
        6970631402614476 1-0:2.7.0 instant 2020-01-25T13:00:10Z 0 W true
        6970631402614476 1-0:3.7.0 instant 2020-01-25T13:00:10Z 0 var true
        6970631402614476 1-0:4.7.0 instant 2020-01-25T13:00:10Z 377 var true
        6970631402614476 1-0:31.7.0 instant 2020-01-25T13:00:10Z 14.571 A true
        6970631402614476 1-0:51.7.0 instant 2020-01-25T13:00:10Z 15.643 A true
        6970631402614476 1-0:71.7.0 instant 2020-01-25T13:00:10Z 9.525 A true
        6970631402614476 1-0:32.7.0 instant 2020-01-25T13:00:10Z 219.3 V true
        6970631402614476 1-0:52.7.0 instant 2020-01-25T13:00:10Z 0 V true
        6970631402614476 1-0:72.7.0 instant 2020-01-25T13:00:10Z 220.5 V true
        6970631402614476 1-0:1.8.0 register 2020-01-25T13:00:10Z 79591144 Wh true
        6970631402614476 1-0:2.8.0 register 2020-01-25T13:00:10Z 0 Wh true
        6970631402614476 1-0:3.8.0 register 2020-01-25T13:00:10Z 889389 varh true
        6970631402614476 1-0:4.8.0 register 2020-01-25T13:00:10Z 3210932 varh true
        meter Meter { point: 6970631402614476, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
    check(
        &dump,
        &options(),
        &expect![[r#"
        problem line 1: values that are not read: 1; the clock 2019-02-04 23:52:22 has no deviation from UTC: give --timezone (1 readings, 29 bytes)
        problem line 2: values that are not read: 10; the clock 2020-01-25 13:09:30 has no deviation from UTC: give --timezone (10 readings, 111 bytes)
        problem line 3: values that are not read: 14; the clock 2020-01-25 14:00:10 has no deviation from UTC: give --timezone (14 readings, 145 bytes)
    "#]],
    );
}

#[test]
fn kaifa_sweden_has_codes_and_no_scalers() {
    let Some(dump) = samples(&["kaifa_se_list"]) else { return };
    check(
        &dump,
        &options(),
        &expect![[r#"
        7340734073407340 1-0:1.7.0 instant 2021-09-22T16:35:30Z 2816 W true
        7340734073407340 1-0:2.7.0 instant 2021-09-22T16:35:30Z 0 W true
        7340734073407340 1-0:3.7.0 instant 2021-09-22T16:35:30Z 0 var true
        7340734073407340 1-0:4.7.0 instant 2021-09-22T16:35:30Z 66 var true
        7340734073407340 1-0:31.7.0 instant 2021-09-22T16:35:30Z 6.781 A true
        7340734073407340 1-0:51.7.0 instant 2021-09-22T16:35:30Z 0.79 A true
        7340734073407340 1-0:71.7.0 instant 2021-09-22T16:35:30Z 6.125 A true
        7340734073407340 1-0:32.7.0 instant 2021-09-22T16:35:30Z 232.2 V true
        7340734073407340 1-0:52.7.0 instant 2021-09-22T16:35:30Z 230 V true
        7340734073407340 1-0:72.7.0 instant 2021-09-22T16:35:30Z 228.9 V true
        7340734073407340 1-0:1.8.0 register 2021-09-22T16:35:30Z 4786979 Wh true
        7340734073407340 1-0:2.8.0 register 2021-09-22T16:35:30Z 0 Wh true
        7340734073407340 1-0:3.8.0 register 2021-09-22T16:35:30Z 26228 varh true
        7340734073407340 1-0:4.8.0 register 2021-09-22T16:35:30Z 578528 varh true
        meter Meter { point: 7340734073407340, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
}

#[test]
fn every_sample_is_recognised_as_dlms_alone() {
    for name in ["aidon_no_list_1", "aidon_no_list_2", "aidon_no_list_3", "aidon_se_list"].into_iter().chain([
        "kaifa_no_list_1",
        "kaifa_no_list_2",
        "kaifa_no_list_3",
        "kaifa_se_list",
    ]) {
        let Some(dump) = samples(&[name]) else { return };
        assert_eq!(detect(&Head::new(&dump)), Detected::One(Format::Dlms), "{name}");
        let bare = bytes(&String::from_utf8_lossy(&dump));
        assert_eq!(detect(&Head::new(&bare)), Detected::One(Format::Dlms), "{name}, binary");
        assert_eq!(detect(&Head::new(&hdlc(&bare[3..]))), Detected::One(Format::Dlms), "{name}, in a frame");
    }
}

#[test]
fn no_other_sample_is_claimed() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/samples");
    if !root.is_dir() {
        println!("SKIPPED: no samples beside the project");
        return;
    }
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.extend((path != root.join("dlms")).then_some(path));
                continue;
            }
            let file = std::fs::read(&path).expect("a file");
            assert_eq!(Format::Dlms.recognise(&Head::new(&file)), None, "{}", path.display());
        }
    }
}

// ------------------------------------------------------------------------------------------------ lists

#[test]
fn kaifa_ma309_of_austria_is_read_from_two_frames_of_m_bus() {
    check(
        &bytes(vectors::KAIFA_MA309),
        &encryption_alone(),
        &expect![[r#"
        190000000001 1-0:1.8.0 register 2024-10-13T06:15:05Z 12345678 Wh true
        190000000001 1-0:2.8.0 register 2024-10-13T06:15:05Z 42 Wh true
        190000000001 1-0:1.7.0 instant 2024-10-13T06:15:05Z 413 W true
        190000000001 1-0:2.7.0 instant 2024-10-13T06:15:05Z 0 W true
        190000000001 1-0:32.7.0 instant 2024-10-13T06:15:05Z 233.7 V true
        190000000001 1-0:52.7.0 instant 2024-10-13T06:15:05Z 234.1 V true
        190000000001 1-0:72.7.0 instant 2024-10-13T06:15:05Z 232.9 V true
        190000000001 1-0:31.7.0 instant 2024-10-13T06:15:05Z 1.23 A true
        190000000001 1-0:51.7.0 instant 2024-10-13T06:15:05Z 0.45 A true
        190000000001 1-0:71.7.0 instant 2024-10-13T06:15:05Z 0.09 A true
        190000000001 1-0:13.7.0 instant 2024-10-13T06:15:05Z 0.987 1 true
        meter Meter { point: 190000000001, kind: Some(Device), name: None, server_id: Some([75, 70, 77, 16, 32, 48, 64, 80]), maker: Some("KFM"), resolution: None }
    "#]],
    );
}

#[test]
fn sagemcom_frames_are_longer_than_their_length_byte_says() {
    let read = described(&bytes(vectors::SAGEMCOM), &encryption_alone());
    let of_kaifa = described(&bytes(vectors::KAIFA_MA309), &encryption_alone());
    let readings =
        |text: &str| text.lines().filter(|line| !line.starts_with("meter")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(readings(&read), readings(&of_kaifa));
    // The same telegram in the clear.
    assert_eq!(readings(&described(&wired(0x10, &bytes(vectors::NOE)), &options())), readings(&of_kaifa));
    assert_eq!(detect(&Head::new(&bytes(vectors::SAGEMCOM))), Detected::One(Format::Dlms));
}

#[test]
fn a_list_without_number_is_that_of_the_system_title() {
    check(
        &hdlc(&bytes(vectors::WIEN)),
        &encryption_alone(),
        &expect![[r#"
        4c475a6720304052 1-0:1.8.0 register 2024-10-13T06:15:05Z 2912006 Wh true
        4c475a6720304052 1-0:2.8.0 register 2024-10-13T06:15:05Z 726595 Wh true
        4c475a6720304052 1-0:3.8.0 register 2024-10-13T06:15:05Z 1000 varh true
        4c475a6720304052 1-0:4.8.0 register 2024-10-13T06:15:05Z 2000 varh true
        4c475a6720304052 1-0:1.7.0 instant 2024-10-13T06:15:05Z 738 W true
        4c475a6720304052 1-0:2.7.0 instant 2024-10-13T06:15:05Z 0 W true
        4c475a6720304052 1-0:3.7.0 instant 2024-10-13T06:15:05Z 12 var true
        4c475a6720304052 1-0:4.7.0 instant 2024-10-13T06:15:05Z 34 var true
        meter Meter { point: 4c475a6720304052, kind: Some(Device), name: None, server_id: Some([76, 71, 90, 103, 32, 48, 64, 82]), maker: Some("LGZ"), resolution: None }
    "#]],
    );
}

#[test]
fn tirol_lists_are_structures_of_code_value_and_scaler() {
    let pair = |name: &str, value: Vec<u8>| structure(&[code(name), value]);
    let triple = |name: &str, value: Vec<u8>, scaler, unit| structure(&[code(name), value, scale(scaler, unit)]);
    let clock = bytes("07e80a0d07080f05ffff8880");
    let body = structure(&[
        pair("0-0:1.0.0", octets(&clock)),
        pair("0-0:96.1.0", octets(b"1KFM0200000042")),
        pair("0-0:42.0.0", octets(b"KFM1200200000042")),
        triple("1-0:32.7.0", bytes("12 0921"), -1, 35),
        triple("1-0:1.8.0", long(9_108), 0, 30),
        triple("1-0:4.8.0", long(9), 0, 32),
    ]);
    check(
        &wired(0x10, &notification(&clock, &body)),
        &options(),
        &expect![[r#"
        1KFM0200000042 1-0:32.7.0 instant 2024-10-13T06:15:05Z 233.7 V true
        1KFM0200000042 1-0:1.8.0 register 2024-10-13T06:15:05Z 9108 Wh true
        1KFM0200000042 1-0:4.8.0 register 2024-10-13T06:15:05Z 9 varh true
        meter Meter { point: 1KFM0200000042, kind: Some(Device), name: None, server_id: None, maker: Some("KFM"), resolution: None }
    "#]],
    );
}

#[test]
fn kaernten_and_wels_tell_date_and_time_apart() {
    let values = |empties: usize| {
        let mut elements = vec![octets(&[0, 6, 25, 9, 0, 255]), octets(b"1120000000001"), octets(&[8, 15, 5, 0])];
        elements.push(octets(&[0x07, 0xE8, 10, 13, 7]));
        elements.extend([9_534_290, 2_896_882, 726_595, 2_565_437, 738, 0].map(long));
        elements.extend(std::iter::repeat_n(octets(b""), empties));
        structure(&elements)
    };
    let time = bytes("07e80a0d07080f05 00 ff8880");
    check(
        &hdlc(&notification(&time, &values(2))),
        &options(),
        &expect![[r#"
        1120000000001 1-0:1.8.0 register 2024-10-13T06:15:05Z 9534290 Wh true
        1120000000001 1-0:2.8.0 register 2024-10-13T06:15:05Z 2896882 Wh true
        1120000000001 1-0:3.8.0 register 2024-10-13T06:15:05Z 726595 varh true
        1120000000001 1-0:4.8.0 register 2024-10-13T06:15:05Z 2565437 varh true
        1120000000001 1-0:1.7.0 instant 2024-10-13T06:15:05Z 738 W true
        1120000000001 1-0:2.7.0 instant 2024-10-13T06:15:05Z 0 W true
        meter Meter { point: 1120000000001, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
    // Without a time of its own, the two parts are the clock, whose zone is not told.
    check(
        &hdlc(&notification(b"", &values(0))),
        &oslo(),
        &expect![[r#"
        1120000000001 1-0:1.8.0 register 2024-10-13T06:15:05Z 9534290 Wh true
        1120000000001 1-0:2.8.0 register 2024-10-13T06:15:05Z 2896882 Wh true
        1120000000001 1-0:3.8.0 register 2024-10-13T06:15:05Z 726595 varh true
        1120000000001 1-0:4.8.0 register 2024-10-13T06:15:05Z 2565437 varh true
        1120000000001 1-0:1.7.0 instant 2024-10-13T06:15:05Z 738 W true
        1120000000001 1-0:2.7.0 instant 2024-10-13T06:15:05Z 0 W true
        meter Meter { point: 1120000000001, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
}

#[test]
fn landis_gyr_names_its_objects_before_their_values() {
    let object = |class: u16, name: &str, attribute: u8| {
        let [high, low] = class.to_be_bytes();
        structure(&[vec![0x12, high, low], code(name), vec![0x0F, attribute], vec![0x12, 0, 0]])
    };
    let objects = [
        object(40, "0-8:25.9.0", 2),
        object(40, "0-8:25.9.0", 1),
        object(1, "0-0:96.1.0", 2),
        object(3, "1-0:1.7.0", 2),
        object(3, "1-1:1.8.0", 2),
        object(3, "1-0:31.7.0", 2),
        object(3, "1-0:13.7.0", 2),
        object(3, "1-0:13.7.0", 3),
    ];
    let list = [vec![0x01, 8], objects.concat()].concat();
    let body = structure(&[
        list,
        octets(&[0, 8, 25, 9, 0, 255]),
        octets(b"65000042"),
        long(71),
        long(214_002),
        bytes("12 0024"),
        bytes("12 03db"),
        scale(-3, 255),
    ]);
    let telegram = notification(&bytes("07e80a0d07080f05ff800000"), &body);
    let mut options = options();
    options.zone = Some(metrify_domain::calendar::Zone::BERLIN);
    // It comes in blocks, each in a frame of its own, and only the first has a link layer.
    let blocks: Vec<&[u8]> = telegram.chunks(112).collect();
    let frames = blocks.iter().enumerate().flat_map(|(at, bytes)| {
        let block = block(at as u16 + 1, at + 1 == blocks.len(), bytes);
        let content = if at == 0 { linked(&block) } else { block };
        [&[0x7E], frame(&[0xCE, 0xFF, 0x03], 0x13, false, &content).as_slice(), &[0x7E]].concat()
    });
    check(
        &frames.collect::<Vec<u8>>(),
        &options,
        &expect![[r#"
            65000042 1-0:1.7.0 instant 2024-10-13T06:15:05Z 71 W true
            65000042 1-1:1.8.0 register 2024-10-13T06:15:05Z 214002 Wh true
            65000042 1-0:31.7.0 instant 2024-10-13T06:15:05Z 0.36 A true
            65000042 1-0:13.7.0 instant 2024-10-13T06:15:05Z 0.987 1 true
            meter Meter { point: 65000042, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

/// A push of 12:30 that names its objects (class, code, attribute) before their values.
fn with_objects(measured: &[(u8, &str, u8, Vec<u8>)]) -> Vec<u8> {
    let object = |class: u8, name: &str, attribute: u8| {
        structure(&[vec![0x12, 0, class], code(name), vec![0x0F, attribute], vec![0x12, 0, 0]])
    };
    let mut objects = vec![object(40, "0-0:25.9.0", 2), object(1, "0-0:96.1.0", 2)];
    let mut values = vec![octets(b"12345678")];
    for (class, name, attribute, value) in measured {
        objects.push(object(*class, name, *attribute));
        values.push(value.clone());
    }
    values.insert(0, [vec![0x01, objects.len() as u8], objects.concat()].concat());
    hdlc(&notification(&bytes("07e8010fff0c1e00ffffc400"), &structure(&values)))
}

#[test]
fn status_and_capture_time_of_an_extended_register_are_not_its_value() {
    const GAS: &str = "0-1:24.2.1";
    let noon = || octets(&bytes("07e8010fff0c0000ffffc400"));
    let expected = expect![[r#"
        12345678 0-1:24.2.1 register 2024-01-15T11:00:00Z 123.456 m3 true
        meter Meter { point: 12345678, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
    "#]];
    check(
        &with_objects(&[
            (4, GAS, 2, long(123_456)),
            (4, GAS, 3, scale(-3, 13)),
            (4, GAS, 4, bytes("11 04")),
            (4, GAS, 5, noon()),
        ]),
        &options(),
        &expected,
    );
    // In any order.
    check(
        &with_objects(&[
            (4, GAS, 5, noon()),
            (4, GAS, 4, bytes("11 04")),
            (4, GAS, 3, scale(-3, 13)),
            (4, GAS, 2, long(123_456)),
        ]),
        &options(),
        &expected,
    );
}

#[test]
fn a_maximum_holds_when_it_was_captured_and_a_demand_register_has_two_averages() {
    check(
        &with_objects(&[
            (4, "1-0:1.6.0", 2, long(5_000)),
            (4, "1-0:1.6.0", 3, scale(0, 27)),
            (4, "1-0:1.6.0", 5, octets(&bytes("07e8010aff120f00ffffc400"))),
            (5, "1-0:1.4.0", 2, long(500)),
            (5, "1-0:1.4.0", 3, long(700)),
            (5, "1-0:1.4.0", 4, scale(0, 27)),
            (5, "1-0:1.4.0", 5, bytes("11 00")),
            (5, "1-0:1.4.0", 6, octets(&bytes("07e8010fff0c0f00ffffc400"))),
        ]),
        &options(),
        &expect![[r#"
            12345678 1-0:1.6.0 instant 2024-01-10T17:15:00Z 5000 W true
            12345678 1-0:1.4.0 instant 2024-01-15T11:30:00Z 500 W true
            12345678 1-0:1.5.0 instant 2024-01-15T11:15:00Z 700 W true
            meter Meter { point: 12345678, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn the_capture_time_of_a_structure_is_that_of_its_own_value() {
    let captured = |name: &str, value: u32, clock: &str| {
        structure(&[code(name), long(value), scale(-3, 13), octets(&bytes(clock))])
    };
    let body = structure(&[
        code("0-0:96.1.0"),
        octets(b"12345678"),
        captured("0-1:24.2.1", 111_111, "07e8010fff0c0000ffffc400"),
        captured("0-2:24.2.1", 222_222, "07e8010fff0b0000ffffc400"),
        structure(&[code("1-0:1.8.0"), long(333_333), scale(0, 30)]),
    ]);
    check(
        &wired(0x10, &notification(&bytes("07e8010fff0c1e00ffffc400"), &body)),
        &options(),
        &expect![[r#"
            12345678 0-1:24.2.1 register 2024-01-15T11:00:00Z 111.111 m3 true
            12345678 0-2:24.2.1 register 2024-01-15T10:00:00Z 222.222 m3 true
            12345678 1-0:1.8.0 register 2024-01-15T11:30:00Z 333333 Wh true
            meter Meter { point: 12345678, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn kamstrup_counts_registers_in_tens_and_leaves_gaps_for_missing_phases() {
    let list = |model: &str| {
        let clock = bytes("07e80a0d07080f05ff800080");
        let body = structure(&[
            text("Kamstrup_V0001"),
            code("1-1:0.0.5"),
            text("5700000000000042"),
            code("1-1:96.1.1"),
            text(model),
            code("1-1:1.7.0"),
            long(10_050),
            code("1-1:31.7.0"),
            long(4_512),
            vec![0],
            vec![0],
            code("1-1:32.7.0"),
            bytes("12 00df"),
            code("0-1:1.0.0"),
            octets(&bytes("07e80a0d07080000ff800080")),
            code("1-1:1.8.0"),
            long(7_745_250),
        ]);
        hdlc(&notification(&clock, &body))
    };
    check(
        &list("6861111BN242101040"),
        &oslo(),
        &expect![[r#"
        5700000000000042 1-1:1.7.0 instant 2024-10-13T06:15:05Z 10050 W true
        5700000000000042 1-1:31.7.0 instant 2024-10-13T06:15:05Z 45.12 A true
        5700000000000042 1-1:32.7.0 instant 2024-10-13T06:15:05Z 223 V true
        5700000000000042 1-1:1.8.0 register 2024-10-13T06:00:00Z 77452500 Wh true
        meter Meter { point: 5700000000000042, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
    let transformer = described(&list("6851111BN242101040"), &oslo());
    assert!(transformer.contains("1-1:31.7.0 instant 2024-10-13T06:15:05Z 4.512 A"), "{transformer}");
}

#[test]
fn a_list_that_tells_no_scaler_is_not_guessed_at() {
    let body = structure(&[
        code("0-0:96.1.0"),
        text("42000001"),
        code("1-0:1.8.0"),
        long(5),
        long(7),
        code("0-0:96.7.21"),
        long(3),
    ]);
    check(
        &hdlc(&notification(&bytes("07e80a0d07080f05ffff8880"), &body)),
        &options(),
        &expect![[r#"
            42000001 0-0:96.7.21 instant 2024-10-13T06:15:05Z 3 1 true
            problem byte 0: values that are not read: 2; 1-0:1.8.0 has neither scaler nor unit, and the list is none of those whose scalers are known (2 readings, 84 bytes)
            meter Meter { point: 42000001, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn values_of_every_number_type_are_exact() {
    let value = |code_of: &str, bytes: Vec<u8>, scaler| [code(code_of), bytes, scale(scaler, 27)].concat();
    let elements = [
        value("1-0:16.7.0", bytes("05 fffffffe"), 0),
        value("1-0:36.7.0", bytes("10 ff38"), -2),
        value("1-0:56.7.0", bytes("14 8000000000000000"), 0),
        value("1-0:76.7.0", bytes("15 ffffffffffffffff"), 3),
        value("1-0:1.7.0", bytes("17 40490fdb"), 0),
        value("1-0:2.7.0", bytes("18 3fb999999999999a"), 1),
        value("1-0:3.7.0", bytes("17 7fc00000"), 0),
        value("1-0:4.7.0", bytes("06 00000001"), -13),
        value("1-0:5.7.0", bytes("00"), 0),
    ];
    let body = [vec![0x02, 27], elements.concat()].concat();
    check(
        &hdlc(&notification(&bytes("07e80a0d07080f05ffff8880"), &body)),
        &options(),
        &expect![[r#"
            HDLC address 4/65 1-0:16.7.0 instant 2024-10-13T06:15:05Z -2 W true
            HDLC address 4/65 1-0:36.7.0 instant 2024-10-13T06:15:05Z -2 W true
            HDLC address 4/65 1-0:56.7.0 instant 2024-10-13T06:15:05Z -9223372036854775808 W true
            HDLC address 4/65 1-0:76.7.0 instant 2024-10-13T06:15:05Z 18446744073709551615000 W true
            HDLC address 4/65 1-0:1.7.0 instant 2024-10-13T06:15:05Z 3.1415927 W true
            HDLC address 4/65 1-0:2.7.0 instant 2024-10-13T06:15:05Z 1 W true
            HDLC address 4/65 1-0:5.7.0 instant 2024-10-13T06:15:05Z - W missing
            problem byte 0: values that are not read: 2; 1-0:3.7.0: NaN is not a decimal number (2 readings, 212 bytes)
            meter Meter { point: HDLC address 4/65, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn the_sample_of_the_page_is_read_as_the_page_says() {
    check(
        include_bytes!("../../../../../samples/formats/dlms-aidon.hex"),
        &options(),
        &expect![[r#"
        7359990000000017 1-0:1.7.0 instant 2024-12-31T23:59:59Z 280 W true
        7359990000000017 1-0:1.7.0 instant 2024-03-31T08:00:00Z 412 W true
        7359990000000017 1-0:2.7.0 instant 2024-03-31T08:00:00Z 0 W true
        7359990000000017 1-0:31.7.0 instant 2024-03-31T08:00:00Z 1.3 A true
        7359990000000017 1-0:32.7.0 instant 2024-03-31T08:00:00Z 230.4 V true
        7359990000000017 1-0:1.8.0 register 2024-03-31T08:00:00Z 12345670 Wh true
        7359990000000017 1-0:2.8.0 register 2024-03-31T08:00:00Z 0 Wh true
        7359990000000017 1-0:1.7.0 instant 2025-01-01T00:00:00Z 280 W true
        meter Meter { point: 7359990000000017, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
    let of_austria = described(include_bytes!("../../../../../samples/formats/dlms-mbus.bin"), &options());
    assert!(
        of_austria.starts_with("190000000001 1-0:1.8.0 register 2024-10-13T06:15:05Z 12345678 Wh true"),
        "{of_austria}"
    );
}

// ------------------------------------------------------------------------------------------------ who and when

#[test]
fn short_lists_are_those_of_the_meter_that_names_itself_on_the_same_address() {
    let short = || hdlc(&notification(b"", &structure(&[structure(&[code("1-0:1.7.0"), long(280), scale(0, 27)])])));
    check(
        &[short(), hdlc(&plain("42000001", 1)), short()].concat(),
        &options(),
        &expect![[r#"
        42000001 1-0:1.7.0 instant 2024-12-31T23:59:59Z 280 W true
        42000001 1-0:1.8.0 register 2024-10-13T06:15:05Z 1 Wh true
        42000001 1-0:1.7.0 instant 2025-01-01T00:00:00Z 280 W true
        meter Meter { point: 42000001, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
    // Two meters on one address: nothing tells whose the short list is.
    let both = [short(), hdlc(&plain("42000001", 1)), hdlc(&plain("42000002", 2))].concat();
    check(
        &both,
        &options(),
        &expect![[r#"
        HDLC address 4/65 1-0:1.7.0 instant 2025-01-01T00:00:00Z 280 W true
        42000001 1-0:1.8.0 register 2024-10-13T06:15:05Z 1 Wh true
        42000002 1-0:1.8.0 register 2024-10-13T06:15:05Z 2 Wh true
        meter Meter { point: HDLC address 4/65, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
        meter Meter { point: 42000001, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
        meter Meter { point: 42000002, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
    // Without frames there is not even an address.
    check(
        &linked(&notification(b"", &structure(&[long(280)]))),
        &options(),
        &expect![[r#"
            problem byte 0: values that are not read: 1; numbers have no code, and the list is none of those known by the position of their values (1 readings, 16 bytes)
        "#]],
    );
}

#[test]
fn telegrams_without_a_time_lie_a_second_apart_before_the_receipt() {
    let power = |watts| {
        notification(
            b"",
            &structure(
                &[text("KFM_001"), octets(b"697000000042"), text("MA304H3E")]
                    .into_iter()
                    .chain([watts, 0, 0, 0, 1_000, 2_300].map(long))
                    .collect::<Vec<_>>(),
            ),
        )
    };
    let stream = [hdlc(&power(1)), hdlc(&power(2)), hdlc(&power(3))].concat();
    let read = described(&stream, &options());
    let powers: Vec<&str> = read.lines().filter(|line| line.contains("1-0:1.7.0")).collect();
    assert_eq!(
        powers,
        [
            "697000000042 1-0:1.7.0 instant 2024-12-31T23:59:58Z 1 W true",
            "697000000042 1-0:1.7.0 instant 2024-12-31T23:59:59Z 2 W true",
            "697000000042 1-0:1.7.0 instant 2025-01-01T00:00:00Z 3 W true",
        ]
    );
}

#[test]
fn a_clock_that_cannot_be_right_is_not_used() {
    let list = |clock: &str| {
        let body = structure(&[code("0-0:96.1.0"), text("42000001"), code("1-0:1.8.0"), long(5), scale(0, 30)]);
        hdlc(&notification(&bytes(clock), &body))
    };
    let unset = [list("07d0010106162100ffffc400"), list("ffffffffffffffffff8000ff"), list("07e80a0d07080f05ffff8881")];
    check(
        &unset.concat(),
        &options(),
        &expect![[r#"
        42000001 1-0:1.8.0 register 2024-12-31T23:59:58Z 5 Wh true
        42000001 1-0:1.8.0 register 2024-12-31T23:59:59Z 5 Wh true
        42000001 1-0:1.8.0 register 2025-01-01T00:00:00Z 5 Wh true
        finding note meter_clock byte 0: the meter's clock is unset or invalid, before 2009, or more than a day after the receipt: it is not used
        meter Meter { point: 42000001, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
}

#[test]
fn readings_beyond_the_limit_are_handed_on_before_the_end() {
    let elements = (0..26).flat_map(|_| [code("1-0:1.7.0"), long(1), scale(0, 27)]);
    let body = structure(&[code("0-0:96.1.0"), text("42000001")].into_iter().chain(elements).collect::<Vec<_>>());
    let telegram = hdlc(&notification(b"", &body));
    let stream = telegram.repeat((1 << 17) / 26 + 2);
    let pieces = decode(Format::Dlms, &stream, &options(), stream.len());
    let readings: usize = pieces.iter().map(|piece| piece.batch.rows().len()).sum();
    assert_eq!(readings, stream.len() / telegram.len() * 26);
    let findings: Vec<_> =
        pieces.iter().flat_map(|piece| &piece.findings).map(|finding| finding.rule.as_ref()).collect();
    assert_eq!(findings, ["held_readings"]);
}

#[test]
fn a_telegram_that_names_no_meter_is_of_the_point_that_was_given_and_another_keeps_its_own() {
    let nameless = wired(0x10, &notification(&[], &structure(&[code("1-0:1.7.0"), long(5), scale(0, 27)])));
    let given = Options { point: Some("735999".parse().expect("a point")), ..options() };
    check(
        &nameless,
        &options(),
        &expect![[r#"
        problem byte 0: the telegram names no meter: it has neither number nor system title nor address, and there is not one number alone in the delivery: give --point (1 readings, 38 bytes)
    "#]],
    );
    check(
        &nameless,
        &given,
        &expect![[r#"
        735999 1-0:1.7.0 instant 2025-01-01T00:00:00Z 5 W true
        meter Meter { point: 735999, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
    assert_eq!(described(&hdlc(&plain("42000001", 7)), &given), described(&hdlc(&plain("42000001", 7)), &options()));
    // An address in words is less than what the caller knows.
    let addressed = hdlc(&notification(&[], &structure(&[code("1-0:1.7.0"), long(5), scale(0, 27)])));
    assert!(described(&addressed, &options()).starts_with("HDLC address "), "{}", described(&addressed, &options()));
    assert!(described(&addressed, &given).starts_with("735999 "), "{}", described(&addressed, &given));
    for (name, number) in [("aidon_se_list", "735999"), ("aidon_no_list_1", "735999"), ("kaifa_no_list_1", "735999")] {
        let Some(dump) = samples(&[name]) else { return };
        let told = described(&dump, &Options { zone: oslo().zone, ..given.clone() });
        assert!(!told.contains("problem") && told.contains(number), "{name}: {told}");
    }
}

// ------------------------------------------------------------------------------------------------ keys

#[test]
fn a_tag_is_checked_where_the_authentication_key_is_given() {
    let telegram = bytes(vectors::KAIFA_AUTH);
    let read = described(&telegram, &both_keys());
    assert!(read.starts_with("190000000001 1-0:1.8.0 register 2024-10-13T06:15:05Z 12345678 Wh true\n"), "{read}");
    assert!(!read.contains("problem") && !read.contains("finding"), "{read}");
    let unchecked = described(&telegram, &encryption_alone());
    assert!(unchecked.contains("finding note tag_not_checked byte 0"), "{unchecked}");
    assert_eq!(
        unchecked.lines().filter(|line| !line.starts_with("finding")).collect::<Vec<_>>(),
        read.lines().collect::<Vec<_>>()
    );
}

#[test]
fn a_telegram_that_stays_closed_says_why_and_keeps_its_frames() {
    let wrong = "ff".repeat(16);
    let telegram = bytes(vectors::KAIFA_AUTH);
    check(
        &telegram,
        &options(),
        &expect![[r#"
            problem byte 0: the telegram of 4b464d1020304050 is encrypted, and there is no key for it in the keys file (`intake.keys_file`) (1 readings, 295 bytes)
        "#]],
    );
    check(
        &telegram,
        &with_keys(&format!("4b464d1020304050 = {ENCRYPTION}:{wrong}")),
        &expect![[r#"
        problem byte 0: the tag does not hold: a key of 4b464d1020304050 is wrong, or bytes were changed (1 readings, 295 bytes)
    "#]],
    );
    check(
        &telegram,
        &with_keys(&format!("4B464D1020304050 = {wrong}")),
        &expect![[r#"
        problem byte 0: the telegram does not decipher to one of DLMS: the key of 4b464d1020304050 is wrong, or bytes were changed (1 readings, 295 bytes)
    "#]],
    );
    check(
        &telegram,
        &with_keys(&format!("4b464d1020304051 = {ENCRYPTION}")),
        &expect![[r#"
            problem byte 0: the telegram of 4b464d1020304050 is encrypted, and there is no key for it in the keys file (`intake.keys_file`) (1 readings, 295 bytes)
        "#]],
    );
    check(
        &hdlc(&bytes(vectors::SUITE2)),
        &both_keys(),
        &expect![[r#"
            problem byte 0: security suite 2 takes keys of 256 bits, which are not known: only suites 0 and 1 are read (1 readings, 117 bytes)
        "#]],
    );
    let mut changed = bytes(vectors::DEDICATED);
    changed[40] ^= 1;
    check(
        &hdlc(&changed),
        &both_keys(),
        &expect![[r#"
            problem byte 0: the tag does not hold: a key of 4c475a6720304052 is wrong, or bytes were changed (1 readings, 117 bytes)
        "#]],
    );
    // What was kept is read again once the key is there.
    for telegram in [telegram, hdlc(&bytes(vectors::WIEN))] {
        let kept = decode(Format::Dlms, &telegram, &options(), 7).remove(0).problems.remove(0).bytes;
        assert_eq!(described(&kept, &both_keys()), described(&telegram, &both_keys()));
    }
}

#[test]
fn a_frame_counter_that_does_not_grow_is_a_replay() {
    let (first, second) = (bytes(vectors::KAIFA_MA309), bytes(vectors::KAIFA_AUTH));
    let stream = [first.clone(), second.clone(), first, second].concat();
    let read = described(&stream, &both_keys());
    let problems: Vec<&str> = read.lines().filter(|line| line.starts_with("problem")).collect();
    expect![[r#"
        problem byte 577: the frame counter 35 of 4b464d1020304050 is not above 36: the telegram was sent before (1 readings, 282 bytes)
        problem byte 859: the frame counter 36 of 4b464d1020304050 is not above 36: the telegram was sent before (1 readings, 295 bytes)"#]].assert_eq(&problems.join("\n"));
    assert_eq!(read.matches("1-0:1.8.0").count(), 2, "{read}");
}

#[test]
fn every_protection_of_the_norm_is_opened() {
    let plain = described(&hdlc(&bytes(vectors::WIEN_PLAIN)), &options());
    let values = |text: &str| {
        text.lines().filter_map(|line| line.split_once(" 1-0:").map(|(_, rest)| rest.to_owned())).collect::<Vec<_>>()
    };
    for telegram in [vectors::WIEN, vectors::WIEN_SUITE1_AUTHENTICATED_ONLY, vectors::DEDICATED, vectors::BROADCAST] {
        let read = described(&hdlc(&bytes(telegram)), &both_keys());
        assert_eq!(values(&read), values(&plain), "{read}");
        assert_eq!(values(&read).len(), 8);
    }
    // Authenticated alone, it is plain: no key is needed to read it, only to check it.
    let unchecked = described(&hdlc(&bytes(vectors::WIEN_SUITE1_AUTHENTICATED_ONLY)), &options());
    assert_eq!(values(&unchecked), values(&plain), "{unchecked}");
    assert!(unchecked.contains("tag_not_checked"), "{unchecked}");
    // Counters of the key sets and of an association count by themselves.
    let all = [vectors::WIEN, vectors::DEDICATED, vectors::BROADCAST].map(|telegram| hdlc(&bytes(telegram)));
    assert!(!described(&all.concat(), &both_keys()).contains("problem"));
}

#[test]
fn services_with_their_own_ciphering_take_the_title_of_their_sender() {
    check(
        &[hdlc(&bytes(vectors::WIEN)), hdlc(&bytes(vectors::GLO_GET))].concat(),
        &both_keys(),
        &expect![[r#"
        4c475a6720304052 1-0:1.8.0 register 2024-10-13T06:15:05Z 2912006 Wh true
        4c475a6720304052 1-0:2.8.0 register 2024-10-13T06:15:05Z 726595 Wh true
        4c475a6720304052 1-0:3.8.0 register 2024-10-13T06:15:05Z 1000 varh true
        4c475a6720304052 1-0:4.8.0 register 2024-10-13T06:15:05Z 2000 varh true
        4c475a6720304052 1-0:1.7.0 instant 2024-10-13T06:15:05Z 738 W true
        4c475a6720304052 1-0:2.7.0 instant 2024-10-13T06:15:05Z 0 W true
        4c475a6720304052 1-0:3.7.0 instant 2024-10-13T06:15:05Z 12 var true
        4c475a6720304052 1-0:4.7.0 instant 2024-10-13T06:15:05Z 34 var true
        4c475a6720304052 1-0:1.8.0 register 2025-01-01T00:00:00Z 7.7 Wh true
        meter Meter { point: 4c475a6720304052, kind: Some(Device), name: None, server_id: Some([76, 71, 90, 103, 32, 48, 64, 82]), maker: Some("LGZ"), resolution: None }
    "#]],
    );
    let association = bytes("61 0d a1 00 a4 0a 04 08 4c475a6720304052");
    check(
        &[hdlc(&association), hdlc(&bytes(vectors::GLO_GET))].concat(),
        &both_keys(),
        &expect![[r#"
        4c475a6720304052 1-0:1.8.0 register 2025-01-01T00:00:00Z 7.7 Wh true
        finding note telegram_passed_over byte 0: the telegram 61 is passed over: it is a request, or an answer without values
        meter Meter { point: 4c475a6720304052, kind: Some(Device), name: None, server_id: Some([76, 71, 90, 103, 32, 48, 64, 82]), maker: Some("LGZ"), resolution: None }
    "#]],
    );
    check(
        &hdlc(&bytes(vectors::GLO_GET)),
        &both_keys(),
        &expect![[r#"
            problem byte 0: the telegram is ciphered for its association, whose system title is not in the delivery (1 readings, 59 bytes)
        "#]],
    );
}

// ------------------------------------------------------------------------------------------------ frames

#[test]
fn segments_of_hdlc_are_joined() {
    let content = linked(&plain("42000001", 7));
    let parts: Vec<&[u8]> = content.chunks(40).collect();
    // One flag between two frames is enough.
    let flagged = |frames: &[Vec<u8>]| {
        let frames = frames.iter().flat_map(|frame| [&[0x7E], frame.as_slice()].concat());
        frames.chain([0x7E]).collect::<Vec<u8>>()
    };
    let of = |part: usize| frame(&[0x41, 0x03], 0x13, part + 1 < parts.len(), parts[part]);
    let frames: Vec<Vec<u8>> = (0..parts.len()).map(of).collect();
    check(
        &flagged(&frames),
        &options(),
        &expect![[r#"
        42000001 1-0:1.8.0 register 2024-10-13T06:15:05Z 7 Wh true
        meter Meter { point: 42000001, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
    let mut damaged = frames.clone();
    damaged[1][20] ^= 1;
    check(
        &[flagged(&damaged), hdlc(&plain("42000002", 8))].concat(),
        &options(),
        &expect![[r#"
            42000002 1-0:1.8.0 register 2024-10-13T06:15:05Z 8 Wh true
            problem byte 0: a part of the telegram is missing: bytes between its segments belong to no frame (1 readings, 51 bytes)
            problem byte 50: the frame's checksum (FCS) is bfd6, but its bytes give 6a49: some were lost or changed (1 readings, 31 bytes)
            meter Meter { point: 42000002, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    check(
        &flagged(&frames[1..]),
        &options(),
        &expect![[r#"
            problem byte 0: the part continues a telegram whose beginning is missing (1 readings, 31 bytes)
        "#]],
    );
    check(
        &flagged(&[frames[0].clone(), frames[0].clone()]),
        &options(),
        &expect![[r#"
            problem byte 0: the telegram is unfinished: another one begins before its last part (1 readings, 51 bytes)
            problem byte 50: the delivery ends before the last part of the telegram (1 readings, 51 bytes)
        "#]],
    );
}

#[test]
fn segments_of_hdlc_are_joined_where_each_frame_has_flags_of_its_own() {
    let content = linked(&plain("42000001", 7));
    let parts: Vec<&[u8]> = content.chunks(40).collect();
    let frames: Vec<Vec<u8>> = (0..parts.len())
        .map(|part| {
            let frame = frame(&[0x41, 0x03], 0x13, part + 1 < parts.len(), parts[part]);
            [&[0x7E], frame.as_slice(), &[0x7E]].concat()
        })
        .collect();
    let joined = expect![[r#"
        42000001 1-0:1.8.0 register 2024-10-13T06:15:05Z 7 Wh true
        meter Meter { point: 42000001, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
    "#]];
    check(&frames.concat(), &options(), &joined);
    check(&frames.join(&[0x7E; 20][..]), &options(), &joined);
    let lines: Vec<String> = frames.iter().map(|frame| hex(frame)).collect();
    check(lines.join("\r\n").as_bytes(), &options(), &joined);
    // Nothing is between them, and nothing else is there.
    check(
        &frames[0],
        &options(),
        &expect![[r#"
            problem byte 0: the delivery ends before the last part of the telegram (1 readings, 51 bytes)
        "#]],
    );
    check(lines.join("\n# the second\n").as_bytes(), &options(), &joined);
    check(
        lines.join("\nthe second\n").as_bytes(),
        &options(),
        &expect![[r#"
            problem line 1: a part of the telegram is missing: bytes between its segments belong to no frame (1 readings, 51 bytes)
            problem line 2: the line holds something else than hexadecimal digits: it is read up to there (1 readings, 10 bytes)
            problem line 3: the part continues a telegram whose beginning is missing (1 readings, 31 bytes)
        "#]],
    );
}

#[test]
fn parts_of_m_bus_and_blocks_are_joined_in_their_order_alone() {
    let telegram = plain("42000001", 7);
    let (first, second) = telegram.split_at(30);
    let parts = [wired(0x00, first), wired(0x11, second)];
    assert!(described(&parts.concat(), &options()).starts_with("42000001 1-0:1.8.0"));
    check(
        &[parts[0].clone(), wired(0x12, second), wired(0x10, &plain("42000002", 8))].concat(),
        &options(),
        &expect![[r#"
            42000002 1-0:1.8.0 register 2024-10-13T06:15:05Z 8 Wh true
            problem byte 0: the telegram is unfinished: expected part 1, found part 2 (1 readings, 79 bytes)
            meter Meter { point: 42000002, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
    let blocks = [block(1, false, first), block(2, false, &second[..10]), block(3, true, &second[10..])]
        .map(|block| hdlc(&block));
    assert!(described(&blocks.concat(), &options()).starts_with("42000001 1-0:1.8.0"));
    check(
        &[blocks[0].clone(), blocks[2].clone()].concat(),
        &options(),
        &expect![[r#"
            problem byte 0: the telegram is unfinished: expected part 2, found part 3 (1 readings, 91 bytes)
        "#]],
    );
    check(
        &blocks[0],
        &options(),
        &expect![[r#"
            problem byte 0: the delivery ends before the last part of the telegram (1 readings, 52 bytes)
        "#]],
    );
}

#[test]
fn a_damaged_frame_costs_itself_alone() {
    let (first, second) = (hdlc(&plain("42000001", 1)), hdlc(&plain("42000002", 2)));
    for at in 1..first.len() - 1 {
        let mut damaged = first.clone();
        damaged[at] ^= 0x10;
        let read = described(&[damaged, second.clone()].concat(), &options());
        assert!(read.contains("42000002 1-0:1.8.0") && !read.contains("42000001 1-0:1.8.0"), "byte {at}: {read}");
        assert!(read.contains("problem"), "byte {at}: {read}");
    }
    let mut damaged = first.clone();
    damaged[30] ^= 1;
    check(
        &damaged,
        &options(),
        &expect![[r#"
        problem byte 0: the frame's checksum (FCS) is d4e8, but its bytes give 3aa2: some were lost or changed (1 readings, 72 bytes)
    "#]],
    );
    damaged = first;
    damaged[4] ^= 2;
    check(
        &damaged,
        &options(),
        &expect![[r#"
        problem byte 0: the frame's head has the checksum (HCS) 87c5, but its bytes give 3f70 (1 readings, 72 bytes)
    "#]],
    );
    damaged = wired(0x10, &plain("42000001", 1));
    damaged[30] ^= 1;
    check(
        &damaged,
        &options(),
        &expect![[r#"
        problem byte 0: the sum of the M-Bus frame is c9, but its bytes give ca: some were lost or changed (1 readings, 68 bytes)
    "#]],
    );
}

#[test]
fn streams_may_begin_and_end_anywhere() {
    let stream = [hdlc(&plain("42000001", 1)), hdlc(&plain("42000002", 2)), hdlc(&plain("42000003", 3))].concat();
    let third = stream.len() / 3;
    check(
        &stream[third / 2..third * 2 + third / 2],
        &options(),
        &expect![[r#"
        42000002 1-0:1.8.0 register 2024-10-13T06:15:05Z 2 Wh true
        problem byte 0: the bytes belong to no frame: expected one of HDLC (7e a.) or M-Bus (68 .. .. 68) (1 readings, 36 bytes)
        problem byte 107: the delivery ends within a frame or telegram (1 readings, 37 bytes)
        meter Meter { point: 42000002, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
    "#]],
    );
    check(
        &bytes("7e7e7e00"),
        &options(),
        &expect![[r#"
        finding note stray_bytes byte 0: bytes beside frames: 4, in 1 runs that are too short for a reading
    "#]],
    );
    check(b"", &options(), &expect![[""]]);
}

#[test]
fn records_of_m_bus_are_left_to_their_format() {
    let foreign = {
        let counted = bytes("08 05 72 78563412 2423 28 04 01 00 0000 04 13 15310000");
        let sum = counted.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        let length = counted.len() as u8;
        [&[0x68, length, length, 0x68], counted.as_slice(), &[sum, 0x16]].concat()
    };
    assert_eq!(Format::Dlms.recognise(&Head::new(&foreign)), None);
    check(
        &foreign,
        &options(),
        &expect![[r#"
        problem byte 0: the M-Bus frame with CI 72 holds records, which the format mbus reads (1 readings, 27 bytes)
    "#]],
    );
}

#[test]
fn what_carries_no_values_is_noted_once() {
    let snrm = [&[0x7E], frame(&[0x41, 0x03], 0x93, false, b"").as_slice(), &[0x7E]].concat();
    let request = bytes("c0 01 c1 0008 0000010000ff 02 00");
    let compact = notification(b"", &bytes("13 00"));
    check(
        &[snrm, hdlc(&request), hdlc(&request), hdlc(&compact)].concat(),
        &options(),
        &expect![[r#"
            problem byte 65: the frame is whole, but its telegram 0f is not understood: a value has the type 13, which is not read (1 readings, 23 bytes)
            finding note frame_passed_over byte 0: a frame of HDLC with the control field 93 carries no telegram
            finding note telegram_passed_over byte 9: the telegram c0 is passed over: it is a request, or an answer without values
        "#]],
    );
}

#[test]
fn an_event_and_an_answer_hold_values_too() {
    let event = bytes("c2 00 0001 0000600715ff 02 12 0003");
    let answer = bytes("c4 01 c1 00 02 03 09 06 0100010800ff 06 0000004d 02 02 0f ff 16 1e");
    check(
        &[hdlc(&event), hdlc(&answer), hdlc(&bytes("c4 01 c1 01 03"))].concat(),
        &options(),
        &expect![[r#"
            HDLC address 4/65 0-0:96.7.21 instant 2024-12-31T23:59:59Z 3 1 true
            HDLC address 4/65 1-0:1.8.0 register 2025-01-01T00:00:00Z 7.7 Wh true
            problem byte 69: the answer is an error, or one of several blocks, which are not read (1 readings, 20 bytes)
            meter Meter { point: HDLC address 4/65, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

// ------------------------------------------------------------------------------------------------ text

#[test]
fn a_dump_is_read_in_any_shape() {
    let stream = [hdlc(&plain("42000001", 1)), hdlc(&plain("42000002", 2))].concat();
    let binary = described(&stream, &options());
    let digits = hex(&stream);
    let spaced = digits.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair)).collect::<Vec<_>>().join(" ");
    let wrapped =
        digits.as_bytes().chunks(32).map(|line| String::from_utf8_lossy(line)).collect::<Vec<_>>().join("\r\n");
    for text in [digits.clone(), digits.to_uppercase(), spaced, wrapped, format!("\u{feff}\n\n{digits}")] {
        assert_eq!(detect(&Head::new(text.as_bytes())), Detected::One(Format::Dlms), "{text}");
        assert_eq!(described(text.as_bytes(), &options()), binary, "{text}");
    }
}

#[test]
fn problems_of_a_dump_tell_the_line() {
    let mut damaged = hdlc(&plain("42000001", 1));
    damaged[30] ^= 1;
    let good = hex(&hdlc(&plain("42000002", 2)));
    let text = format!("{}\n\n{good}\n2024-10-13T {good}\n{good}f\n{good}", hex(&damaged));
    check(
        text.as_bytes(),
        &options(),
        &expect![[r#"
            42000002 1-0:1.8.0 register 2024-10-13T06:15:05Z 2 Wh true
            42000002 1-0:1.8.0 register 2024-10-13T06:15:05Z 2 Wh true
            42000002 1-0:1.8.0 register 2024-10-13T06:15:05Z 2 Wh true
            problem line 1: the frame's checksum (FCS) is d4e8, but its bytes give 3aa2: some were lost or changed (1 readings, 72 bytes)
            problem line 4: the line holds something else than hexadecimal digits: it is read up to there (1 readings, 156 bytes)
            finding warning odd_digit line 5: the line has an odd number of hexadecimal digits: the last one is not read
            finding note stray_bytes line 3: bytes beside frames: 5, in 1 runs that are too short for a reading
            meter Meter { point: 42000002, kind: Some(Device), name: None, server_id: None, maker: None, resolution: None }
        "#]],
    );
}

#[test]
fn a_cut_line_does_not_take_the_next_one_along() {
    let bare = |number: &str| hex(&linked(&plain(number, 1)));
    let first = bare("42000001");
    for kept in (8..first.len()).step_by(2) {
        let read = described(format!("{}\n{}", &first[..kept], bare("42000002")).as_bytes(), &options());
        assert!(read.contains("42000002 1-0:1.8.0"), "{kept}: {read}");
    }
}

#[test]
fn a_frame_behind_a_damaged_telegram_is_seen_before_the_next_line_is_read() {
    let (bare, framed) = (hex(&linked(&plain("42000001", 1))), hex(&hdlc(&plain("42000002", 2))));
    // The telegram seems to need more than it has, so it is looked at late; then the frame behind it decides.
    for kept in [20, 40, 60, 80] {
        let dump = format!("{}{framed}7ea3\ne6e700", &bare[..kept]);
        let read = described(dump.as_bytes(), &options());
        assert!(read.contains("42000002 1-0:1.8.0"), "{read}");
    }
}

// ------------------------------------------------------------------------------------------------ any bytes

/// Pieces that streams are made of, whole and damaged.
fn parts() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(hdlc(&plain("42000001", 1))),
        Just(linked(&plain("42000001", 2))),
        Just(bytes(vectors::KAIFA_MA309)),
        Just(hdlc(&block(1, false, &plain("42000001", 3)[..20]))),
        Just([&[0x7E], frame(&[0x41, 0x03], 0x13, true, &linked(&plain("42000001", 4)[..20])).as_slice()].concat()),
        (0..60_usize).prop_map(|cut| hdlc(&plain("42000001", 5))[cut..].to_vec()),
        (0..60_usize).prop_map(|cut| linked(&plain("42000001", 6))[..cut].to_vec()),
        prop::collection::vec(prop_oneof![Just(0x7E_u8), Just(0x68), Just(0xE6), Just(0x0F), any::<u8>()], 0..40),
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic_and_the_same_in_any_pieces(
        parts in prop::collection::vec(parts(), 0..8),
        piece in 1_usize..200,
        text: bool,
    ) {
        let stream = match text {
            false => parts.concat(),
            true => parts.iter().map(|part| hex(part)).collect::<Vec<_>>().join("\n").into_bytes(),
        };
        let whole = describe(&decode(Format::Dlms, &stream, &encryption_alone(), stream.len().max(1)));
        prop_assert_eq!(whole, describe(&decode(Format::Dlms, &stream, &encryption_alone(), piece)));
    }

    #[test]
    fn any_text_is_read_without_panic_and_the_same_in_any_pieces(text in "[0-9a-f \r\n]{0,40}([0-9a-fxg \r\n]{0,90})", piece in 1_usize..50) {
        let whole = describe(&decode(Format::Dlms, text.as_bytes(), &options(), text.len().max(1)));
        prop_assert_eq!(whole, describe(&decode(Format::Dlms, text.as_bytes(), &options(), piece)));
    }
}

// ------------------------------------------------------------------------------------------------ telegrams of P1 ports

#[test]
fn a_ciphered_telegram_of_a_p1_port_is_read_as_one() {
    let telegrams = [bytes(vectors::P1), bytes(vectors::P1_NEXT)].concat();
    let read = expect![[r#"
        SAG1030700009999 1-0:1.8.0 register 2024-12-31T22:00:00Z 1234.567 kWh true
        SAG1030700009999 1-0:1.7.0 instant 2024-12-31T22:00:00Z 0.244 kW true
        SAG1030700009999 1-0:1.8.0 register 2024-12-31T22:00:10Z 1234.568 kWh true
        SAG1030700009999 1-0:1.7.0 instant 2024-12-31T22:00:10Z 0.244 kW true
        meter Meter { point: SAG1030700009999, kind: Some(Device), name: None, server_id: None, maker: None, resolution: Some((0.001, kWh)) }
    "#]];
    check(&telegrams, &both_keys(), &read);
    // A key alone: the checksum of the telegram vouches for it.
    check(
        &telegrams,
        &encryption_alone(),
        &expect![[r#"
            SAG1030700009999 1-0:1.8.0 register 2024-12-31T22:00:00Z 1234.567 kWh true
            SAG1030700009999 1-0:1.7.0 instant 2024-12-31T22:00:00Z 0.244 kW true
            SAG1030700009999 1-0:1.8.0 register 2024-12-31T22:00:10Z 1234.568 kWh true
            SAG1030700009999 1-0:1.7.0 instant 2024-12-31T22:00:10Z 0.244 kW true
            finding note tag_not_checked byte 0: the tags of 5341471020304051 are not checked: its authentication key is not given
            meter Meter { point: SAG1030700009999, kind: Some(Device), name: None, server_id: None, maker: None, resolution: Some((0.001, kWh)) }
        "#]],
    );
}

/// What is wrong is told of the bytes that were received, so that they can be read again.
#[test]
fn a_ciphered_telegram_of_a_p1_port_that_is_not_to_be_trusted() {
    let telegram = bytes(vectors::P1);
    check(
        &telegram,
        &options(),
        &expect![[r#"
        problem byte 0: the telegram of 5341471020304051 is encrypted, and there is no key for it in the keys file (`intake.keys_file`) (1 readings, 194 bytes)
    "#]],
    );
    check(
        &[telegram.clone(), telegram.clone()].concat(),
        &both_keys(),
        &expect![[r#"
            SAG1030700009999 1-0:1.8.0 register 2024-12-31T22:00:00Z 1234.567 kWh true
            SAG1030700009999 1-0:1.7.0 instant 2024-12-31T22:00:00Z 0.244 kW true
            problem byte 194: the frame counter 256 of 5341471020304051 is not above 256: the telegram was sent before (1 readings, 194 bytes)
            meter Meter { point: SAG1030700009999, kind: Some(Device), name: None, server_id: None, maker: None, resolution: Some((0.001, kWh)) }
        "#]],
    );
    let mut changed = telegram;
    changed[100] ^= 1;
    check(
        &changed,
        &both_keys(),
        &expect![[r#"
        problem byte 0: the tag does not hold: a key of 5341471020304051 is wrong, or bytes were changed (1 readings, 194 bytes)
    "#]],
    );
    check(
        &changed,
        &encryption_alone(),
        &expect![[r#"
            problem byte 0: the checksum is E859, but the bytes give 69A4 (2 readings, 194 bytes)
            finding note tag_not_checked byte 0: the tags of 5341471020304051 are not checked: its authentication key is not given
        "#]],
    );
}
