//! SML: real streams of meters against an independent decode, and what must hold for every stream.
#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use crate::support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use expect_test::{Expect, expect};
use metrify_domain::{Decimal, ObisCode, Timestamp};
use metrify_formats::{Decoded, Detected, Format, Head, detect};
use proptest::prelude::*;
use support::{decode, describe, options, sample};

/// What a stream says of registers and powers, in the order of its frames: code, value, unit.
type Shown = Vec<(ObisCode, Decimal, String)>;

fn decoded(bytes: &[u8]) -> Vec<Decoded> {
    decode(Format::Sml, bytes, &options(), bytes.len().max(1))
}

fn check(bytes: &[u8], expected: &Expect) {
    expected.assert_eq(&describe(&decoded(bytes)));
}

fn shown(pieces: &[Decoded]) -> Shown {
    let rows = pieces.iter().flat_map(|piece| piece.batch.rows().iter().map(move |row| (piece, row)));
    let of_row = |(piece, row): (&Decoded, &metrify_domain::Row)| {
        let code = piece.batch.channel(row).quantity.to_string().parse().expect("an OBIS code");
        (code, row.value.expect("a value"), piece.batch.unit(row).to_string())
    };
    rows.map(of_row).collect()
}

/// Frames by the bytes of transport and messages, so that a test can say what a meter sends.
mod build {
    pub(super) const X25: fn(&[u8]) -> [u8; 2] = |bytes| (!crc(bytes, 0xFFFF)).to_le_bytes();
    pub(super) const KERMIT: fn(&[u8]) -> [u8; 2] = |bytes| crc(bytes, 0).to_be_bytes();

    /// 1ISK0075126084.
    pub(super) const SERVER_ID: &[u8] = b"\x0a\x01ISK\x00\x04\x7a\x55\x44";

    fn crc(bytes: &[u8], first: u16) -> u16 {
        bytes.iter().fold(first, |crc, byte| {
            (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0x8408 } else { crc >> 1 })
        })
    }

    pub(super) fn octets(bytes: &[u8]) -> Vec<u8> {
        let length = bytes.len() + 1;
        if length < 16 {
            return [&[length as u8], bytes].concat();
        }
        let length = length + 1;
        assert!(length < 256, "two bytes of length are enough for these tests");
        [&[0x80 | (length >> 4) as u8, (length & 15) as u8], bytes].concat()
    }

    pub(super) fn list(elements: &[Vec<u8>]) -> Vec<u8> {
        let count = elements.len();
        let nibble = |place: usize| (count >> (4 * place) & 15) as u8;
        let head = match count {
            0..16 => vec![0x70 | nibble(0)],
            _ => vec![0xF0 | nibble(3), 0x80 | nibble(2), 0x80 | nibble(1), nibble(0)],
        };
        [head, elements.concat()].concat()
    }

    pub(super) fn none() -> Vec<u8> {
        vec![0x01]
    }

    pub(super) fn seconds(index: u32) -> Vec<u8> {
        list(&[vec![0x62, 1], [&[0x65], index.to_be_bytes().as_slice()].concat()])
    }

    pub(super) fn unix(choice: u8, seconds: u32) -> Vec<u8> {
        let number = [&[0x65], seconds.to_be_bytes().as_slice()].concat();
        let local = || list(&[number.clone(), vec![0x53, 0, 60], vec![0x53, 0, 60]]);
        list(&[vec![0x62, choice], if choice == 3 { local() } else { number.clone() }])
    }

    /// An entry of the parts that differ; `unit` of zero is left out.
    pub(super) struct Entry {
        pub(super) code: [u8; 6],
        pub(super) status: Vec<u8>,
        pub(super) time: Vec<u8>,
        pub(super) unit: u8,
        pub(super) scaler: i8,
        pub(super) value: Vec<u8>,
    }

    pub(super) fn entry(code: &str, value: &[u8], unit: u8, scaler: i8) -> Entry {
        let code: metrify_domain::ObisCode = code.parse().expect(code);
        Entry { code: code.groups(), status: none(), time: none(), unit, scaler, value: value.to_vec() }
    }

    impl Entry {
        pub(super) fn bytes(&self) -> Vec<u8> {
            let unit = if self.unit == 0 { none() } else { vec![0x62, self.unit] };
            let scaler = vec![0x52, self.scaler.cast_unsigned()];
            let (status, time, value) = (self.status.clone(), self.time.clone(), self.value.clone());
            list(&[octets(&self.code), status, time, unit, scaler, value, none()])
        }
    }

    pub(super) fn message_of(tag: u16, content: Vec<u8>, crc: fn(&[u8]) -> [u8; 2]) -> Vec<u8> {
        let tag = [&[0x63], tag.to_be_bytes().as_slice()].concat();
        let parts = [octets(b"\x01\x02"), vec![0x62, 0], vec![0x62, 0], list(&[tag, content])].concat();
        let covered = [vec![0x76], parts].concat();
        [covered.as_slice(), &[0x63], &crc(&covered), &[0]].concat()
    }

    pub(super) fn message(tag: u16, content: Vec<u8>) -> Vec<u8> {
        message_of(tag, content, X25)
    }

    pub(super) fn list_content(server_id: &[u8], time: Vec<u8>, entries: &[Vec<u8>]) -> Vec<u8> {
        list(&[none(), octets(server_id), none(), time, list(entries), none(), none()])
    }

    pub(super) fn transport(payload: &[u8], crc: fn(&[u8]) -> [u8; 2]) -> Vec<u8> {
        let pad = payload.len().next_multiple_of(4) - payload.len();
        let mut bytes = b"\x1b\x1b\x1b\x1b\x01\x01\x01\x01".to_vec();
        let mut run = 0;
        for byte in payload {
            bytes.push(*byte);
            run = if *byte == 0x1B { run + 1 } else { 0 };
            if run == 4 {
                bytes.extend([0x1B; 4]);
                run = 0;
            }
        }
        bytes.extend(std::iter::repeat_n(0, pad));
        bytes.extend([0x1B, 0x1B, 0x1B, 0x1B, 0x1A, pad as u8]);
        let crc = crc(&bytes);
        bytes.extend(crc);
        bytes
    }

    pub(super) fn frame(server_id: &[u8], time: Vec<u8>, entries: &[Entry]) -> Vec<u8> {
        let entries: Vec<_> = entries.iter().map(Entry::bytes).collect();
        transport(&message(0x0701, list_content(server_id, time, &entries)), X25)
    }

    /// A register and a power at a second.
    pub(super) fn usual(second: u32, register: u32) -> Vec<u8> {
        let register = [&[0x65], register.to_be_bytes().as_slice()].concat();
        let entries = [entry("1-0:1.8.0", &register, 30, -1), entry("1-0:16.7.0", b"\x52\x05", 27, 0)];
        frame(SERVER_ID, seconds(second), &entries)
    }
}

use build::{SERVER_ID, entry, frame, none, octets, seconds, usual};

// ------------------------------------------------------------------------------------------------ real streams

/// The streams, and how many frames of each the independent decoder read.
///
/// It takes a stream in steps of four bytes, so where a frame has lost bytes (EasyMeter: frames 1, 4 and 5; dzg_dwsb20: 3
/// and 13) it also loses the undamaged frames behind, until another frame has lost the rest of four. These we read. The
/// damaged frames themselves are in neither decode.
const STREAMS: [(&str, usize, usize); 24] = [
    // Name, frames that we read, frames in the independent decode.
    ("DZG_DVS-7412.2_jmberg", 1, 1),
    ("DZG_DVS-7420.2V.G2_mtr0", 1, 1),
    ("DZG_DVS-7420.2V.G2_mtr1", 4, 4),
    ("DZG_DVS-7420.2V.G2_mtr2", 3, 3),
    ("DrNeuhaus_DNT_stream_284KB", 878, 878),
    ("DrNeuhaus_DNT_stream_short", 2, 2),
    ("EMH-ED300L_consumption", 1, 1),
    ("EMH_eHZ-GW8E2A500AK2", 16, 16),
    ("EMH_eHZ-HW8E2A5L0EK2P", 12, 12),
    ("EMH_eHZ-HW8E2A5L0EK2P_1", 12, 12),
    ("EMH_eHZ-HW8E2AWL0EK2P", 13, 13),
    ("EMH_eHZ-IW8E2AWL0EK2P", 12, 12),
    ("EMH_eHZ361L5R", 1, 1),
    ("EasyMeter_Q3A_A1064V1009", 4, 2),
    ("HOLLEY_DTZ541-BDBA_with_PIN", 2, 2),
    ("HOLLEY_DTZ541-BDBA_without_PIN", 1, 1),
    ("ISKRA_MT175_D1A52-V22-K0t", 8, 8),
    ("ISKRA_MT175_eHZ", 10, 10),
    ("ISKRA_MT631-D1A52-K0z-H01_with_PIN", 5, 5),
    ("ISKRA_MT631-D1A52-K0z-H01_without_PIN", 5, 5),
    ("ITRON_OpenWay-3.HZ", 1, 1),
    ("ITRON_OpenWay-3.HZ_with_PIN", 5, 5),
    ("dzg_dwsb20_2th_3byte", 14, 5),
    ("eBZ_DD3_DD32R06DTA-SMZ1", 4, 4),
];

fn stream(name: &str) -> Option<Vec<u8>> {
    sample(&format!("sml/{name}.bin"))
}

/// The numbers with a unit of the independent decode, by frame: each begins with the entry of the maker.
fn independent(name: &str) -> Vec<Shown> {
    let text = sample(&format!("sml-expected/{name}.txt")).expect("a decode beside the stream");
    let mut frames: Vec<Shown> = Vec::new();
    for line in String::from_utf8_lossy(&text).lines() {
        let fields: Vec<_> = line.split('#').collect();
        if line.starts_with("129-129:199.130.3*") || line.starts_with("1-0:96.50.1*") {
            frames.push(Vec::new());
        }
        if let [code, value, unit @ ("W" | "Wh" | "V" | "A" | "Hz" | "deg")] = fields.as_slice() {
            let reading = (code.parse().expect(code), value.parse().expect(value), (*unit).to_owned());
            frames.last_mut().expect("the maker comes first").push(reading);
        }
    }
    frames
}

#[test]
fn every_stream_is_read_to_the_last_digit() {
    for (name, frames, independent_frames) in STREAMS {
        let Some(bytes) = stream(name) else { return };
        let (found, expected) = (shown(&decoded(&bytes)), independent(name));
        assert_eq!(expected.len(), independent_frames, "{name}");
        assert!(expected.iter().all(|frame| !frame.is_empty()), "{name}");
        let per_frame = expected[0].len();
        assert_eq!(found.len(), frames * per_frame, "{name}: all frames of a stream show the same registers");
        let mut ours = found.chunks(per_frame);
        for frame in &expected {
            assert!(ours.any(|shown| shown == frame), "{name}: {frame:?} is not among the frames, or not in order");
        }
        if frames == independent_frames {
            assert_eq!(found, expected.concat(), "{name}");
        }
    }
}

#[test]
fn every_stream_beside_the_project_is_checked() {
    let Some(_) = stream(STREAMS[0].0) else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/samples/sml");
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .expect("the streams")
        .map(|file| file.expect("a file").path().file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    names.sort();
    let mut known = STREAMS.map(|(name, ..)| name.to_owned());
    known.sort();
    assert_eq!(names, known);
}

/// One line for the meter and what was found, one for each problem.
fn account(name: &str, pieces: &[Decoded]) -> String {
    let mut text = format!("{name}: {} readings", shown(pieces).len());
    for meter in pieces.iter().flat_map(|piece| &piece.meters) {
        let step = meter.resolution.map_or("-".to_owned(), |(step, unit)| format!("{step} {unit}"));
        write!(text, " of {} by {} in steps of {step}", meter.point, meter.maker.as_deref().unwrap_or("-"))
            .expect("text");
    }
    for finding in pieces.iter().flat_map(|piece| &piece.findings) {
        write!(text, ", {} {}", finding.rule, finding.position).expect("text");
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    for problem in pieces.iter().flat_map(|piece| &piece.problems) {
        let (at, reason, bytes) = (&problem.position, &problem.reason, problem.bytes.len());
        let reason = reason.split(':').next().unwrap_or_default();
        writeln!(text, "  {at}, {bytes} bytes, {} readings: {reason}", problem.readings).expect("text");
    }
    text
}

#[test]
fn every_stream_tells_its_meter_and_what_is_lost() {
    let accounts = STREAMS.map(|(name, ..)| stream(name).map(|bytes| account(name, &decoded(&bytes))));
    let Some(accounts) = accounts.into_iter().collect::<Option<String>>() else { return };
    expect![[r#"
        DZG_DVS-7412.2_jmberg: 3 readings of 1DZG0042082910 by DZG in steps of 0.1 Wh, unsigned_power byte 0
        DZG_DVS-7420.2V.G2_mtr0: 3 readings of 1DZG0060694612 by DZG in steps of 0.1 Wh
          byte 252, 56 bytes, 1 readings: the delivery ends within a frame
        DZG_DVS-7420.2V.G2_mtr1: 20 readings of 1DZG0060694613 by DZG in steps of 0.1 Wh
          byte 1200, 82 bytes, 1 readings: the delivery ends within a frame
        DZG_DVS-7420.2V.G2_mtr2: 9 readings of 1DZG0060694611 by DZG in steps of 0.1 Wh
        DrNeuhaus_DNT_stream_284KB: 3512 readings of 1DNT0100008240 by DNT in steps of 0.1 Wh
        DrNeuhaus_DNT_stream_short: 8 readings of 1DNT0100008240 by DNT in steps of 0.1 Wh
          byte 648, 88 bytes, 1 readings: the delivery ends within a frame
        EMH-ED300L_consumption: 4 readings of 06454d4801027156cd45 by EMH in steps of 0.1 Wh
          byte 0, 3281 bytes, 2 readings: the delivery begins within a frame
          byte 3597, 499 bytes, 2 readings: the delivery ends within a frame
        EMH_eHZ-GW8E2A500AK2: 48 readings of 02280816 by EMH in steps of 0.1 Wh
          byte 4032, 64 bytes, 1 readings: the delivery ends within a frame
        EMH_eHZ-HW8E2A5L0EK2P: 48 readings of 06454d4801027153c8c6 by EMH in steps of 0.1 Wh
          byte 3792, 304 bytes, 4 readings: the delivery ends within a frame
        EMH_eHZ-HW8E2A5L0EK2P_1: 48 readings of 06454d4801001d4615ca by EMH in steps of 0.1 Wh
          byte 3792, 304 bytes, 4 readings: the delivery ends within a frame
        EMH_eHZ-HW8E2AWL0EK2P: 52 readings of 01a815986480020102 by EMH in steps of 0.1 Wh
          byte 4056, 40 bytes, 1 readings: the delivery ends within a frame
        EMH_eHZ-IW8E2AWL0EK2P: 48 readings of 01a815133577030102 by EMH in steps of 0.1 Wh, stray_bytes byte 0
          byte 3938, 158 bytes, 1 readings: the delivery ends within a frame
        EMH_eHZ361L5R: 2 readings of 1001185 by - in steps of 0.1 Wh
        EasyMeter_Q3A_A1064V1009: 36 readings of 1ESY1162232997 by ESY in steps of 0.0001 Wh
          byte 0, 445 bytes, 9 readings: the delivery begins within a frame
          byte 445, 500 bytes, 9 readings: the frame's checksum is 7bd3, but its bytes give 5809
          byte 1953, 499 bytes, 9 readings: the frame's checksum is 02f5, but its bytes give 64d7
          byte 2452, 490 bytes, 9 readings: the frame's checksum is f908, but its bytes give fe72
          byte 3950, 146 bytes, 1 readings: the delivery ends within a frame
        HOLLEY_DTZ541-BDBA_with_PIN: 4 readings of 1HLY0200879590 by HLY in steps of 0.1 Wh
        HOLLEY_DTZ541-BDBA_without_PIN: 1 readings of 1HLY0200879590 by HLY in steps of 1 kWh, whole_kwh_register
        ISKRA_MT175_D1A52-V22-K0t: 80 readings of 0649534b010e1f66299a by ISK in steps of 0.1 Wh
          byte 3680, 416 bytes, 10 readings: the delivery ends within a frame
        ISKRA_MT175_eHZ: 70 readings of 1ISK0067362659 by ISK in steps of 0.1 Wh
          byte 3840, 256 bytes, 6 readings: the delivery ends within a frame
        ISKRA_MT631-D1A52-K0z-H01_with_PIN: 15 readings of 1ISK0075126084 by ISK in steps of 0.1 Wh
        ISKRA_MT631-D1A52-K0z-H01_without_PIN: 10 readings of 1ISK0075126084 by ISK in steps of 1 kWh, whole_kwh_register
        ITRON_OpenWay-3.HZ: 2 readings of 1ITR0055113102 by ITR in steps of 0.1 Wh
        ITRON_OpenWay-3.HZ_with_PIN: 10 readings of 1ITR0055046208 by ITR in steps of 0.1 Wh
        dzg_dwsb20_2th_3byte: 42 readings of 1DZG0040051478 by DZG in steps of 0.1 Wh
          byte 504, 249 bytes, 2 readings: the frame's checksum is 19b3, but its bytes give 139d
          byte 3021, 251 bytes, 2 readings: the frame's checksum is 37bc, but its bytes give c5cc
          byte 4028, 68 bytes, 1 readings: the delivery ends within a frame
        eBZ_DD3_DD32R06DTA-SMZ1: 16 readings of 1EBZ0100191547 by EBZ in steps of 1 kWh, whole_kwh_register
          byte 0, 119 bytes, 3 readings: the delivery begins within a frame
    "#]].assert_eq(&accounts);
}

#[test]
fn every_stream_is_the_same_in_pieces_of_any_size() {
    for (name, ..) in STREAMS {
        let Some(bytes) = stream(name) else { return };
        let whole = describe(&decoded(&bytes));
        for piece in [1, 7, 4_096] {
            assert_eq!(describe(&decode(Format::Sml, &bytes, &options(), piece)), whole, "{name}, {piece}");
        }
    }
}

#[test]
fn every_stream_and_no_other_sample_is_recognised() {
    let Some(_) = stream(STREAMS[0].0) else { return };
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/samples")];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).expect("a folder") {
            let path = file.expect("a file").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).expect("a sample");
            let is_sml = path.extension().is_some_and(|extension| extension == "bin");
            assert_eq!(Format::Sml.recognise(&Head::new(&bytes)).is_some(), is_sml, "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen > STREAMS.len(), "other samples were asked too");
}

// ------------------------------------------------------------------------------------------------ frames

#[test]
fn the_start_sequence_alone_is_recognised_and_within_a_stream_with_a_message_only() {
    let recognised = |bytes: &[u8]| Format::Sml.recognise(&Head::new(bytes)).is_some();
    assert!(recognised(b"\x1b\x1b\x1b\x1b\x01\x01\x01\x01"));
    assert!(recognised(b"tail of a frame\x1b\x1b\x1b\x1b\x01\x01\x01\x01\x76"));
    assert!(!recognised(b"tail of something\x1b\x1b\x1b\x1b\x01\x01\x01\x01\x50"));
    assert!(!recognised(b"\x1b\x1b\x1b\x1b\x1a\x00"));
    assert!(!recognised(b""));
}

#[test]
fn a_frame_becomes_its_registers_and_powers() {
    check(
        &usual(100, 20_431_047),
        &expect![[r#"
        1ISK0075126084 1-0:1.8.0 register 2025-01-01T00:00:00Z 2043104.7 Wh true
        1ISK0075126084 1-0:16.7.0 instant 2025-01-01T00:00:00Z 5 W true
        meter Meter { point: 1ISK0075126084, kind: Some(Device), name: None, server_id: Some([10, 1, 73, 83, 75, 0, 4, 122, 85, 68]), maker: Some("ISK"), resolution: Some((0.1, Wh)) }
    "#]],
    );
}

#[test]
fn a_stream_cut_at_both_ends_names_what_it_lost() {
    let stream = [usual(100, 1), usual(101, 2), usual(102, 3)].concat();
    check(
        &stream[60..stream.len() - 30],
        &expect![[r#"
        1ISK0075126084 1-0:1.8.0 register 2025-01-01T00:00:00Z 0.2 Wh true
        1ISK0075126084 1-0:16.7.0 instant 2025-01-01T00:00:00Z 5 W true
        problem byte 0: the delivery begins within a frame: expected the start sequence 1b1b1b1b 01010101 (1 readings, 36 bytes)
        problem byte 132: the delivery ends within a frame: expected its end sequence 1b1b1b1b 1a (1 readings, 66 bytes)
        meter Meter { point: 1ISK0075126084, kind: Some(Device), name: None, server_id: Some([10, 1, 73, 83, 75, 0, 4, 122, 85, 68]), maker: Some("ISK"), resolution: Some((0.1, Wh)) }
    "#]],
    );
}

#[test]
fn a_frame_without_an_end_costs_itself_only() {
    let first = usual(100, 1);
    check(
        &[&first[..first.len() - 20], &usual(101, 2)].concat(),
        &expect![[r#"
        1ISK0075126084 1-0:1.8.0 register 2025-01-01T00:00:00Z 0.2 Wh true
        1ISK0075126084 1-0:16.7.0 instant 2025-01-01T00:00:00Z 5 W true
        problem byte 0: the frame is cut: a new start sequence came before its end sequence 1b1b1b1b 1a (2 readings, 76 bytes)
        meter Meter { point: 1ISK0075126084, kind: Some(Device), name: None, server_id: Some([10, 1, 73, 83, 75, 0, 4, 122, 85, 68]), maker: Some("ISK"), resolution: Some((0.1, Wh)) }
    "#]],
    );
}

#[test]
fn a_flipped_bit_costs_its_own_frame_only() {
    let frames = [usual(100, 1), usual(101, 2), usual(102, 3)];
    let expected = shown(&decoded(&[frames[0].clone(), frames[2].clone()].concat()));
    for index in 0..frames[1].len() {
        for bit in 0..8 {
            let mut damaged = frames[1].clone();
            damaged[index] ^= 1 << bit;
            let pieces = decoded(&[&frames[0], &damaged, &frames[2]].map(Vec::as_slice).concat());
            assert_eq!(shown(&pieces), expected, "byte {index}, bit {bit}");
            let problems: Vec<_> = pieces.iter().flat_map(|piece| &piece.problems).collect();
            assert_eq!(problems.len(), 1, "byte {index}, bit {bit}: {problems:?}");
            assert_eq!(problems[0].bytes, damaged, "byte {index}, bit {bit}");
            assert_eq!(problems[0].position, format!("byte {}", frames[0].len()), "byte {index}, bit {bit}");
        }
    }
}

#[test]
fn lost_bytes_cost_their_own_frame_only() {
    let frames = [usual(100, 1), usual(101, 2), usual(102, 3)];
    let expected = shown(&decoded(&[frames[0].clone(), frames[2].clone()].concat()));
    let length = frames[1].len();
    for from in 0..length {
        for to in from + 1..=length {
            let rest = [&frames[1][..from], &frames[1][to..]].concat();
            let pieces = decoded(&[&frames[0], &rest, &frames[2]].map(Vec::as_slice).concat());
            assert_eq!(shown(&pieces), expected, "bytes {from}..{to} are lost");
            let kept: usize = pieces.iter().flat_map(|piece| &piece.problems).map(|problem| problem.bytes.len()).sum();
            let is_stray = pieces.iter().flat_map(|piece| &piece.findings).any(|finding| finding.rule == "stray_bytes");
            assert!(kept == rest.len() || is_stray, "bytes {from}..{to} are lost, {kept} of {} are kept", rest.len());
        }
    }
}

#[test]
fn zeros_and_a_few_bytes_between_frames_are_noted_once() {
    check(
        &[&usual(100, 1)[..], &[0; 40], &usual(101, 2), b"\r\n", &usual(102, 3)].concat(),
        &expect![[r#"
            1ISK0075126084 1-0:1.8.0 register 2024-12-31T23:59:58Z 0.1 Wh true
            1ISK0075126084 1-0:16.7.0 instant 2024-12-31T23:59:58Z 5 W true
            1ISK0075126084 1-0:1.8.0 register 2024-12-31T23:59:59Z 0.2 Wh true
            1ISK0075126084 1-0:16.7.0 instant 2024-12-31T23:59:59Z 5 W true
            1ISK0075126084 1-0:1.8.0 register 2025-01-01T00:00:00Z 0.3 Wh true
            1ISK0075126084 1-0:16.7.0 instant 2025-01-01T00:00:00Z 5 W true
            finding note stray_bytes byte 96: bytes beside frames: 42, in 2 runs of zeros or too short for a reading
            meter Meter { point: 1ISK0075126084, kind: Some(Device), name: None, server_id: Some([10, 1, 73, 83, 75, 0, 4, 122, 85, 68]), maker: Some("ISK"), resolution: Some((0.1, Wh)) }
        "#]],
    );
}

#[test]
fn an_escape_sequence_within_the_payload_is_doubled_and_read() {
    let key = b"\x1b\x1b\x1b\x1b\x01\x01\x01\x01 \x1b\x1b\x1b\x1b\x1a \x1b\x1b\x1b\x1b\x1b\x1b\x1b";
    let entries = [entry("129-129:199.130.5", &octets(key), 0, 0), entry("1-0:1.8.0", b"\x65\x1b\x1b\x1b\x1b", 30, -1)];
    let bytes = frame(SERVER_ID, seconds(1), &entries);
    assert!(bytes.windows(8).filter(|window| *window == [0x1B; 8]).count() >= 4, "the escapes are doubled");
    check(
        &[bytes, usual(2, 3)].concat(),
        &expect![[r#"
        1ISK0075126084 1-0:1.8.0 register 2024-12-31T23:59:59Z 45476124.3 Wh true
        1ISK0075126084 1-0:1.8.0 register 2025-01-01T00:00:00Z 0.3 Wh true
        1ISK0075126084 1-0:16.7.0 instant 2025-01-01T00:00:00Z 5 W true
        meter Meter { point: 1ISK0075126084, kind: Some(Device), name: None, server_id: Some([10, 1, 73, 83, 75, 0, 4, 122, 85, 68]), maker: Some("ISK"), resolution: Some((0.1, Wh)) }
    "#]],
    );
}

#[test]
fn a_frame_beyond_the_largest_is_lost_and_the_next_one_read() {
    let long = [&b"\x1b\x1b\x1b\x1b\x01\x01\x01\x01"[..], &vec![0x55; 200_000]].concat();
    check(
        &[long, usual(1, 2)].concat(),
        &expect![[r#"
        1ISK0075126084 1-0:1.8.0 register 2025-01-01T00:00:00Z 0.2 Wh true
        1ISK0075126084 1-0:16.7.0 instant 2025-01-01T00:00:00Z 5 W true
        problem byte 0: the frame does not end within 65536 bytes (1 readings, 65536 bytes)
        problem byte 65536: the bytes belong to no frame: expected the start sequence 1b1b1b1b 01010101 (1 readings, 65536 bytes)
        problem byte 131072: the bytes belong to no frame: expected the start sequence 1b1b1b1b 01010101 (1 readings, 65536 bytes)
        problem byte 196608: the bytes belong to no frame: expected the start sequence 1b1b1b1b 01010101 (1 readings, 3400 bytes)
        meter Meter { point: 1ISK0075126084, kind: Some(Device), name: None, server_id: Some([10, 1, 73, 83, 75, 0, 4, 122, 85, 68]), maker: Some("ISK"), resolution: Some((0.1, Wh)) }
    "#]],
    );
}

#[test]
fn checksums_of_holley_meters_hold() {
    let register = entry("1-0:1.8.0", b"\x65\x00\xdc\x53\x28", 30, -1).bytes();
    let content = build::list_content(b"\x0a\x01HLY\x02\x00\x0d\x6b\xe6", none(), &[register]);
    let bytes = build::transport(&build::message_of(0x0701, content, build::KERMIT), build::KERMIT);
    check(
        &[bytes.clone(), bytes].concat(),
        &expect![[r#"
        1HLY0200879590 1-0:1.8.0 register 2024-12-31T23:59:59Z 1443920.8 Wh true
        1HLY0200879590 1-0:1.8.0 register 2025-01-01T00:00:00Z 1443920.8 Wh true
        finding note kermit_crc byte 0: 1HLY0200879590 forms its checksums as CRC-16/Kermit instead of CRC-16/X-25
        meter Meter { point: 1HLY0200879590, kind: Some(Device), name: None, server_id: Some([10, 1, 72, 76, 89, 2, 0, 13, 107, 230]), maker: Some("HLY"), resolution: Some((0.1, Wh)) }
    "#]],
    );
}

#[test]
fn a_message_whose_checksum_fails_is_lost_although_its_frame_is_whole() {
    let entries = [entry("1-0:1.8.0", b"\x62\x07", 30, -1).bytes(), entry("1-0:2.8.0", b"\x62\x07", 30, -1).bytes()];
    let content = || build::list_content(SERVER_ID, none(), &entries);
    let messages = [
        build::message_of(0x0701, content(), |_| [1, 2]),
        build::message_of(0x0201, octets(b""), |_| [1, 2]),
        build::message(0x0701, content()),
    ];
    check(
        &build::transport(&messages.concat(), build::X25),
        &expect![[r#"
        1ISK0075126084 1-0:1.8.0 register 2025-01-01T00:00:00Z 0.7 Wh true
        1ISK0075126084 1-0:2.8.0 register 2025-01-01T00:00:00Z 0.7 Wh true
        problem byte 0: the message's checksum is 0102, but its bytes give 6765, although that of the frame holds (2 readings, 172 bytes)
        finding note message_checksum byte 0: the message's checksum is 0102, but its bytes give 30cf, although that of the frame holds; it has no readings
        meter Meter { point: 1ISK0075126084, kind: Some(Device), name: None, server_id: Some([10, 1, 73, 83, 75, 0, 4, 122, 85, 68]), maker: Some("ISK"), resolution: Some((0.1, Wh)) }
    "#]],
    );
}

#[test]
fn messages_other_than_lists_are_passed_over_and_named_once() {
    let profile = build::message(0x0401, build::list(&[octets(SERVER_ID), none()]));
    let register = entry("1-0:1.8.0", b"\x62\x07", 30, -1).bytes();
    let list = build::message(0x0701, build::list_content(SERVER_ID, none(), &[register]));
    check(
        &build::transport(&[profile.clone(), list, profile].concat(), build::X25),
        &expect![[r#"
        1ISK0075126084 1-0:1.8.0 register 2025-01-01T00:00:00Z 0.7 Wh true
        finding note message_passed_over byte 0: message 0401 is passed over: only lists (0701) are read
        meter Meter { point: 1ISK0075126084, kind: Some(Device), name: None, server_id: Some([10, 1, 73, 83, 75, 0, 4, 122, 85, 68]), maker: Some("ISK"), resolution: Some((0.1, Wh)) }
    "#]],
    );
}

#[test]
fn a_frame_whose_content_is_no_sml_is_a_problem() {
    check(
        &build::transport(b"hello, meter", build::X25),
        &expect![[r#"
        problem byte 0: the frame is whole, but its content is not understood: byte 0 of the payload: expected a message, a list of 6 elements (1 readings, 28 bytes)
    "#]],
    );
    check(
        &build::transport(b"\x76\x05\x01\x02", build::X25),
        &expect![[r#"
        problem byte 0: the frame is whole, but its content is not understood: byte 0 of the payload: a list of 6 elements, more than there are bytes left (1 readings, 20 bytes)
    "#]],
    );
}

// ------------------------------------------------------------------------------------------------ values

fn frame_of(entries: &[build::Entry]) -> Vec<u8> {
    frame(SERVER_ID, none(), entries)
}

#[test]
fn numbers_shorter_than_their_type_keep_their_sign() {
    check(
        &frame_of(&[
            entry("1-0:16.7.0", b"\x52\xff", 27, 0),
            entry("1-0:36.7.0", b"\x54\xfe\xcb\xfd", 27, -2),
            entry("1-0:56.7.0", b"\x59\xff\xff\xff\xff\xff\xff\xff\xfe", 27, -4),
            entry("1-0:76.7.0", b"\x53\x80\x00", 27, 1),
            entry("1-0:1.8.0", b"\x63\x80\x00", 30, -1),
            entry("1-0:2.8.0", b"\x69\xff\xff\xff\xff\xff\xff\xff\xff", 30, -4),
        ]),
        &expect![[r#"
            1ISK0075126084 1-0:16.7.0 instant 2025-01-01T00:00:00Z -1 W true
            1ISK0075126084 1-0:36.7.0 instant 2025-01-01T00:00:00Z -788.51 W true
            1ISK0075126084 1-0:56.7.0 instant 2025-01-01T00:00:00Z -0.0002 W true
            1ISK0075126084 1-0:76.7.0 instant 2025-01-01T00:00:00Z -327680 W true
            1ISK0075126084 1-0:1.8.0 register 2025-01-01T00:00:00Z 3276.8 Wh true
            1ISK0075126084 1-0:2.8.0 register 2025-01-01T00:00:00Z 1844674407370955.1615 Wh true
            meter Meter { point: 1ISK0075126084, kind: Some(Device), name: None, server_id: Some([10, 1, 73, 83, 75, 0, 4, 122, 85, 68]), maker: Some("ISK"), resolution: Some((0.0001, Wh)) }
        "#]],
    );
}

#[test]
fn every_number_becomes_a_reading_of_its_kind_and_unit() {
    check(
        &frame_of(&[
            entry("1-0:1.7.1", b"\x62\x01", 27, 0),
            entry("1-0:1.8.0*96", b"\x62\x29", 30, 2),
            entry("1-0:1.6.0", b"\x62\x02", 27, 0),
            entry("1-0:1.29.0", b"\x62\x03", 30, 0),
            entry("129-129:130.200.1", b"\x62\x04", 30, 0),
            entry("129-129:130.200.2", b"\x62\x05", 35, -1),
            entry("1-0:81.7.1", b"\x62\x77", 8, 0),
            entry("7-0:3.0.0", b"\x62\x06", 13, -2),
            entry("1-0:32.7.0", b"\x63\x09\x00", 0, -1),
            entry("1-0:13.7.0", b"\x62\x63", 0, -2),
            entry("1-0:96.5.5", b"\x62\x08", 0, 0),
            entry("1-0:1.8.2", b"\x62\x09", 58, 0),
            entry("1-0:96.50.1*1", &octets(b"ISK"), 0, 0),
            entry("1-0:96.3.10", b"\x42\x01", 0, 0),
        ]),
        &expect![[r#"
            1ISK0075126084 1-0:1.7.1 instant 2025-01-01T00:00:00Z 1 W true
            1ISK0075126084 1-0:1.8.0*96 instant 2025-01-01T00:00:00Z 4100 Wh true
            1ISK0075126084 1-0:1.6.0 instant 2025-01-01T00:00:00Z 2 W true
            1ISK0075126084 1-0:1.29.0 instant 2025-01-01T00:00:00Z 3 Wh true
            1ISK0075126084 129-129:130.200.1 register 2025-01-01T00:00:00Z 4 Wh true
            1ISK0075126084 129-129:130.200.2 instant 2025-01-01T00:00:00Z 0.5 V true
            1ISK0075126084 1-0:81.7.1 instant 2025-01-01T00:00:00Z 119 deg true
            1ISK0075126084 7-0:3.0.0 register 2025-01-01T00:00:00Z 0.06 m3 true
            1ISK0075126084 1-0:32.7.0 instant 2025-01-01T00:00:00Z 230.4 V true
            1ISK0075126084 1-0:13.7.0 instant 2025-01-01T00:00:00Z 0.99 1 true
            1ISK0075126084 1-0:96.5.5 instant 2025-01-01T00:00:00Z 8 1 true
            1ISK0075126084 1-0:1.8.2 register 2025-01-01T00:00:00Z 9 unit 58 true
            meter Meter { point: 1ISK0075126084, kind: Some(Device), name: None, server_id: Some([10, 1, 73, 83, 75, 0, 4, 122, 85, 68]), maker: Some("ISK"), resolution: None }
        "#]],
    );
}

#[test]
fn an_entry_that_is_not_understood_costs_itself_only() {
    let good = entry("1-0:1.8.0", b"\x62\x07", 30, -1).bytes();
    let short = build::list(&[octets(&[1, 0, 1, 8, 1, 255]), none(), none()]);
    let unnamed = build::list(&[octets(b"1.8.0"), none(), none(), vec![0x62, 30], none(), vec![0x62, 1], none()]);
    let tiny = entry("1-0:2.8.0", b"\x62\x07", 30, -100).bytes();
    let huge = entry("1-0:2.8.0", b"\x62\x07", 30, 100).bytes();
    let content = build::list_content(SERVER_ID, none(), &[short, unnamed, tiny, huge, vec![0x62, 1], good]);
    check(
        &build::transport(&build::message(0x0701, content), build::X25),
        &expect![[r#"
        1ISK0075126084 1-0:1.8.0 register 2025-01-01T00:00:00Z 0.7 Wh true
        problem byte 0: entries of the list that are not read: 5; entry 1: expected a list of 7 elements (5 readings, 128 bytes)
        meter Meter { point: 1ISK0075126084, kind: Some(Device), name: None, server_id: Some([10, 1, 73, 83, 75, 0, 4, 122, 85, 68]), maker: Some("ISK"), resolution: Some((0.1, Wh)) }
    "#]],
    );
}

#[test]
fn a_status_stands_beside_its_value_and_a_fault_beside_all_of_its_list() {
    let list = |status: &[u8]| {
        let mut register = entry("1-0:1.8.0", b"\x62\x07", 30, -1);
        register.status = status.to_vec();
        frame_of(&[register, entry("1-0:16.7.0", b"\x62\x07", 27, 0)])
    };
    check(
        &[
            list(b"\x63\x01\x82"),
            list(b"\x65\x00\x1c\x01\x04"),
            list(b"\x65\x00\x1c\x03\x04"),
            list(b"\x65\x00\x1e\x01\x04"),
            list(b"\x69\x00\x00\x20\x05\x00\x1c\x01\x04"),
            list(b"\x69\x00\x00\x40\x05\x00\x1c\x01\x04"),
        ]
        .concat(),
        &expect![[r#"
            1ISK0075126084 1-0:1.8.0 register 2024-12-31T23:59:55Z 0.7 Wh true reason=status 0x00000182
            1ISK0075126084 1-0:16.7.0 instant 2024-12-31T23:59:55Z 7 W true
            1ISK0075126084 1-0:1.8.0 register 2024-12-31T23:59:56Z 0.7 Wh true reason=status 0x001c0104
            1ISK0075126084 1-0:16.7.0 instant 2024-12-31T23:59:56Z 7 W true
            1ISK0075126084 1-0:1.8.0 register 2024-12-31T23:59:57Z 0.7 Wh true reason=status 0x001c0304
            1ISK0075126084 1-0:16.7.0 instant 2024-12-31T23:59:57Z 7 W true
            1ISK0075126084 1-0:1.8.0 register 2024-12-31T23:59:58Z 0.7 Wh faulty reason=status 0x001e0104
            1ISK0075126084 1-0:16.7.0 instant 2024-12-31T23:59:58Z 7 W faulty reason=status 0x001e0104
            1ISK0075126084 1-0:1.8.0 register 2024-12-31T23:59:59Z 0.7 Wh proposed reason=status 0x00002005001c0104
            1ISK0075126084 1-0:16.7.0 instant 2024-12-31T23:59:59Z 7 W proposed reason=status 0x00002005001c0104
            1ISK0075126084 1-0:1.8.0 register 2025-01-01T00:00:00Z 0.7 Wh faulty reason=status 0x00004005001c0104
            1ISK0075126084 1-0:16.7.0 instant 2025-01-01T00:00:00Z 7 W faulty reason=status 0x00004005001c0104
            finding warning meter_influenced byte 176: 1ISK0075126084 reports that it was opened or near a magnet (status 0x001c0304)
            finding error meter_fault byte 264: 1ISK0075126084 reports a fault (status 0x001e0104): its values are faulty
            meter Meter { point: 1ISK0075126084, kind: Some(Device), name: None, server_id: Some([10, 1, 73, 83, 75, 0, 4, 122, 85, 68]), maker: Some("ISK"), resolution: Some((0.1, Wh)) }
        "#]],
    );
}

#[test]
fn powers_of_early_dzg_meters_have_no_sign_in_two_bytes() {
    let powers = |serial: u32| {
        let server_id = [&b"\x0a\x01DZG\x00"[..], &serial.to_be_bytes()].concat();
        let power = |code: &str, value: &[u8]| entry(code, value, 27, -2);
        frame(
            &server_id,
            none(),
            &[
                power("1-0:16.7.0", b"\x53\x8b\x28"),
                power("1-0:36.7.0", b"\x55\xff\xfe\x13\x93"),
                power("1-0:56.7.0", b"\x54\xfe\xcb\xfd"),
                power("1-0:76.7.0", b"\x52\xff"),
                entry("1-0:14.7.0", b"\x53\xff\xff", 44, -2),
            ],
        )
    };
    let frames = [41_999_999, 42_082_910, 48_999_999, 49_000_000, 55_000_000, 60_694_612].map(powers);
    check(
        &frames.concat(),
        &expect![[r#"
            1DZG0041999999 1-0:16.7.0 instant 2025-01-01T00:00:00Z -299.12 W true
            1DZG0041999999 1-0:36.7.0 instant 2025-01-01T00:00:00Z -1260.61 W true
            1DZG0041999999 1-0:56.7.0 instant 2025-01-01T00:00:00Z -788.51 W true
            1DZG0041999999 1-0:76.7.0 instant 2025-01-01T00:00:00Z -0.01 W true
            1DZG0041999999 1-0:14.7.0 instant 2025-01-01T00:00:00Z -0.01 Hz true
            1DZG0042082910 1-0:16.7.0 instant 2025-01-01T00:00:00Z 356.24 W true
            1DZG0042082910 1-0:36.7.0 instant 2025-01-01T00:00:00Z -1260.61 W true
            1DZG0042082910 1-0:56.7.0 instant 2025-01-01T00:00:00Z -788.51 W true
            1DZG0042082910 1-0:76.7.0 instant 2025-01-01T00:00:00Z 2.55 W true
            1DZG0042082910 1-0:14.7.0 instant 2025-01-01T00:00:00Z -0.01 Hz true
            1DZG0048999999 1-0:16.7.0 instant 2025-01-01T00:00:00Z 356.24 W true
            1DZG0048999999 1-0:36.7.0 instant 2025-01-01T00:00:00Z -1260.61 W true
            1DZG0048999999 1-0:56.7.0 instant 2025-01-01T00:00:00Z -788.51 W true
            1DZG0048999999 1-0:76.7.0 instant 2025-01-01T00:00:00Z 2.55 W true
            1DZG0048999999 1-0:14.7.0 instant 2025-01-01T00:00:00Z -0.01 Hz true
            1DZG0049000000 1-0:16.7.0 instant 2025-01-01T00:00:00Z -299.12 W true
            1DZG0049000000 1-0:36.7.0 instant 2025-01-01T00:00:00Z -1260.61 W true
            1DZG0049000000 1-0:56.7.0 instant 2025-01-01T00:00:00Z -788.51 W true
            1DZG0049000000 1-0:76.7.0 instant 2025-01-01T00:00:00Z -0.01 W true
            1DZG0049000000 1-0:14.7.0 instant 2025-01-01T00:00:00Z -0.01 Hz true
            1DZG0055000000 1-0:16.7.0 instant 2025-01-01T00:00:00Z 356.24 W true
            1DZG0055000000 1-0:36.7.0 instant 2025-01-01T00:00:00Z -1260.61 W true
            1DZG0055000000 1-0:56.7.0 instant 2025-01-01T00:00:00Z -788.51 W true
            1DZG0055000000 1-0:76.7.0 instant 2025-01-01T00:00:00Z 2.55 W true
            1DZG0055000000 1-0:14.7.0 instant 2025-01-01T00:00:00Z -0.01 Hz true
            1DZG0060694612 1-0:16.7.0 instant 2025-01-01T00:00:00Z -299.12 W true
            1DZG0060694612 1-0:36.7.0 instant 2025-01-01T00:00:00Z -1260.61 W true
            1DZG0060694612 1-0:56.7.0 instant 2025-01-01T00:00:00Z -788.51 W true
            1DZG0060694612 1-0:76.7.0 instant 2025-01-01T00:00:00Z -0.01 W true
            1DZG0060694612 1-0:14.7.0 instant 2025-01-01T00:00:00Z -0.01 Hz true
            finding note unsigned_power byte 144: 1DZG0042082910 writes powers of one or two bytes without a sign, as early DZG DVS74 do, and so they are read
            finding note unsigned_power byte 288: 1DZG0048999999 writes powers of one or two bytes without a sign, as early DZG DVS74 do, and so they are read
            finding note unsigned_power byte 576: 1DZG0055000000 writes powers of one or two bytes without a sign, as early DZG DVS74 do, and so they are read
            meter Meter { point: 1DZG0041999999, kind: Some(Device), name: None, server_id: Some([10, 1, 68, 90, 71, 0, 2, 128, 222, 127]), maker: Some("DZG"), resolution: None }
            meter Meter { point: 1DZG0042082910, kind: Some(Device), name: None, server_id: Some([10, 1, 68, 90, 71, 0, 2, 130, 34, 94]), maker: Some("DZG"), resolution: None }
            meter Meter { point: 1DZG0048999999, kind: Some(Device), name: None, server_id: Some([10, 1, 68, 90, 71, 0, 2, 235, 174, 63]), maker: Some("DZG"), resolution: None }
            meter Meter { point: 1DZG0049000000, kind: Some(Device), name: None, server_id: Some([10, 1, 68, 90, 71, 0, 2, 235, 174, 64]), maker: Some("DZG"), resolution: None }
            meter Meter { point: 1DZG0055000000, kind: Some(Device), name: None, server_id: Some([10, 1, 68, 90, 71, 0, 3, 71, 59, 192]), maker: Some("DZG"), resolution: None }
            meter Meter { point: 1DZG0060694612, kind: Some(Device), name: None, server_id: Some([10, 1, 68, 90, 71, 0, 3, 158, 32, 84]), maker: Some("DZG"), resolution: None }
        "#]],
    );
}

// ------------------------------------------------------------------------------------------------ meters

#[test]
fn a_meter_is_named_by_its_server_id_or_by_an_entry() {
    let register = || entry("1-0:1.8.0", b"\x62\x07", 30, -1);
    let maker = || entry("129-129:199.130.3", &octets(b"EMH"), 0, 0);
    let unnamed = |code: &str, id: &[u8]| frame(b"", none(), &[entry(code, &octets(id), 0, 0), register()]);
    check(
        &[
            frame(b"\x09\x01ISK\x00\x04\x03\xdf\x63", none(), &[register()]),
            frame(b"\x06EMH\x01\x02\x71\x56\xcd\x45", none(), &[register()]),
            frame(b"\x01\xa8\x15\x98\x64\x80\x02\x01\x02", none(), &[maker(), register()]),
            frame(b"1001185", none(), &[register()]),
            unnamed("1-0:96.1.0", SERVER_ID),
            unnamed("1-0:0.0.9", b"\x09\x01ISK\x00\x04\x7a\x55\x44"),
            unnamed("1-0:0.0.0", b"02280816"),
            unnamed("1-0:96.50.1*1", b"ISK"),
            frame(&[0xFF; 40], none(), &[register()]),
        ]
        .concat(),
        &expect![[r#"
            1ISK0067362659 1-0:1.8.0 register 2025-01-01T00:00:00Z 0.7 Wh true
            06454d4801027156cd45 1-0:1.8.0 register 2025-01-01T00:00:00Z 0.7 Wh true
            01a815986480020102 1-0:1.8.0 register 2025-01-01T00:00:00Z 0.7 Wh true
            1001185 1-0:1.8.0 register 2025-01-01T00:00:00Z 0.7 Wh true
            1ISK0075126084 1-0:1.8.0 register 2024-12-31T23:59:59Z 0.7 Wh true
            1ISK0075126084 1-0:1.8.0 register 2025-01-01T00:00:00Z 0.7 Wh true
            02280816 1-0:1.8.0 register 2025-01-01T00:00:00Z 0.7 Wh true
            problem byte 532: neither the list nor its entries 96.1.0, 0.0.9 and 0.0.0 name the meter in 1 to 32 bytes (1 readings, 76 bytes)
            problem byte 608: neither the list nor its entries 96.1.0, 0.0.9 and 0.0.0 name the meter in 1 to 32 bytes (1 readings, 100 bytes)
            meter Meter { point: 1ISK0067362659, kind: Some(Device), name: None, server_id: Some([9, 1, 73, 83, 75, 0, 4, 3, 223, 99]), maker: Some("ISK"), resolution: Some((0.1, Wh)) }
            meter Meter { point: 06454d4801027156cd45, kind: Some(Device), name: None, server_id: Some([6, 69, 77, 72, 1, 2, 113, 86, 205, 69]), maker: Some("EMH"), resolution: Some((0.1, Wh)) }
            meter Meter { point: 01a815986480020102, kind: Some(Device), name: None, server_id: Some([1, 168, 21, 152, 100, 128, 2, 1, 2]), maker: Some("EMH"), resolution: Some((0.1, Wh)) }
            meter Meter { point: 1001185, kind: Some(Device), name: None, server_id: Some([49, 48, 48, 49, 49, 56, 53]), maker: None, resolution: Some((0.1, Wh)) }
            meter Meter { point: 1ISK0075126084, kind: Some(Device), name: None, server_id: Some([10, 1, 73, 83, 75, 0, 4, 122, 85, 68]), maker: Some("ISK"), resolution: Some((0.1, Wh)) }
            meter Meter { point: 02280816, kind: Some(Device), name: None, server_id: Some([48, 50, 50, 56, 48, 56, 49, 54]), maker: None, resolution: Some((0.1, Wh)) }
        "#]],
    );
}

#[test]
fn a_meter_that_shows_whole_kilowatt_hours_is_named_once() {
    let without_pin =
        |value| frame_of(&[entry("1-0:1.8.0", &[0x63, 7, value], 30, 3), entry("1-0:2.8.0", b"\x62\0", 30, 3)]);
    check(
        &[without_pin(0xFB), without_pin(0xFC)].concat(),
        &expect![[r#"
        1ISK0075126084 1-0:1.8.0 register 2024-12-31T23:59:59Z 2043000 Wh true
        1ISK0075126084 1-0:2.8.0 register 2024-12-31T23:59:59Z 0 Wh true
        1ISK0075126084 1-0:1.8.0 register 2025-01-01T00:00:00Z 2044000 Wh true
        1ISK0075126084 1-0:2.8.0 register 2025-01-01T00:00:00Z 0 Wh true
        finding note whole_kwh_register : 1ISK0075126084 shows whole kilowatt hours, as a meter does without its PIN: the scaler of its energy registers is a thousand watt hours
        meter Meter { point: 1ISK0075126084, kind: Some(Device), name: None, server_id: Some([10, 1, 73, 83, 75, 0, 4, 122, 85, 68]), maker: Some("ISK"), resolution: Some((1, kWh)) }
    "#]],
    );
}

#[test]
fn more_meters_than_are_kept_at_once_are_all_read() {
    let meter = |serial: u32| {
        let server_id = [&b"\x0a\x01ISK\x00"[..], &serial.to_be_bytes()].concat();
        frame(&server_id, none(), &[entry("1-0:1.8.0", b"\x62\x07", 30, -1)])
    };
    let pieces = decoded(&(0..20_100).flat_map(meter).collect::<Vec<_>>());
    let points: BTreeSet<_> = pieces.iter().flat_map(|piece| &piece.meters).map(|meter| meter.point.clone()).collect();
    assert_eq!((shown(&pieces).len(), points.len()), (20_100, 20_100));
}

// ------------------------------------------------------------------------------------------------ times

#[test]
fn frames_lie_before_the_receipt_as_their_second_index_says() {
    let other = |second| frame(b"1001185", seconds(second), &[entry("1-0:2.8.0", b"\x62\x07", 30, -1)]);
    let stream = [usual(100, 1), other(5), usual(104, 2), usual(104, 2), other(6), usual(3, 3), usual(86_404, 4)];
    check(
        &stream.concat(),
        &expect![[r#"
        1ISK0075126084 1-0:1.8.0 register 2024-12-31T23:59:54Z 0.1 Wh true
        1ISK0075126084 1-0:16.7.0 instant 2024-12-31T23:59:54Z 5 W true
        1001185 1-0:2.8.0 register 2024-12-31T23:59:59Z 0.7 Wh true
        1ISK0075126084 1-0:1.8.0 register 2024-12-31T23:59:58Z 0.2 Wh true
        1ISK0075126084 1-0:16.7.0 instant 2024-12-31T23:59:58Z 5 W true
        1ISK0075126084 1-0:1.8.0 register 2024-12-31T23:59:58Z 0.2 Wh true
        1ISK0075126084 1-0:16.7.0 instant 2024-12-31T23:59:58Z 5 W true
        1001185 1-0:2.8.0 register 2025-01-01T00:00:00Z 0.7 Wh true
        1ISK0075126084 1-0:1.8.0 register 2024-12-31T23:59:59Z 0.3 Wh true
        1ISK0075126084 1-0:16.7.0 instant 2024-12-31T23:59:59Z 5 W true
        1ISK0075126084 1-0:1.8.0 register 2025-01-01T00:00:00Z 0.4 Wh true
        1ISK0075126084 1-0:16.7.0 instant 2025-01-01T00:00:00Z 5 W true
        finding note second_index byte 432: 1ISK0075126084 counts its seconds anew, or was silent for more than a day: the distance is taken as one second
        meter Meter { point: 1ISK0075126084, kind: Some(Device), name: None, server_id: Some([10, 1, 73, 83, 75, 0, 4, 122, 85, 68]), maker: Some("ISK"), resolution: Some((0.1, Wh)) }
        meter Meter { point: 1001185, kind: Some(Device), name: None, server_id: Some([49, 48, 48, 49, 49, 56, 53]), maker: None, resolution: Some((0.1, Wh)) }
    "#]],
    );
}

#[test]
fn frames_without_a_time_lie_one_second_apart() {
    let frame = |value| frame_of(&[entry("1-0:1.8.0", &[0x62, value], 30, -1)]);
    check(
        &[frame(1), frame(2), frame(3)].concat(),
        &expect![[r#"
        1ISK0075126084 1-0:1.8.0 register 2024-12-31T23:59:58Z 0.1 Wh true
        1ISK0075126084 1-0:1.8.0 register 2024-12-31T23:59:59Z 0.2 Wh true
        1ISK0075126084 1-0:1.8.0 register 2025-01-01T00:00:00Z 0.3 Wh true
        meter Meter { point: 1ISK0075126084, kind: Some(Device), name: None, server_id: Some([10, 1, 73, 83, 75, 0, 4, 122, 85, 68]), maker: Some("ISK"), resolution: Some((0.1, Wh)) }
    "#]],
    );
}

#[test]
fn a_clock_is_believed_where_it_can_be_right() {
    let at = |time| frame(SERVER_ID, time, &[entry("1-0:1.8.0", b"\x62\x07", 30, -1)]);
    let hour_ago = 1_735_689_600 - 3_600;
    check(
        &[
            at(build::unix(2, hour_ago)),
            at(build::unix(3, hour_ago + 60)),
            at(build::unix(2, 1_735_689_600 + 86_400)),
            at(build::unix(2, 1_735_689_600 + 86_401)),
            at(build::unix(2, 0)),
            at(seconds(7)),
        ]
        .concat(),
        &expect![[r#"
            1ISK0075126084 1-0:1.8.0 register 2024-12-31T23:00:00Z 0.7 Wh true
            1ISK0075126084 1-0:1.8.0 register 2024-12-31T23:01:00Z 0.7 Wh true
            1ISK0075126084 1-0:1.8.0 register 2025-01-02T00:00:00Z 0.7 Wh true
            1ISK0075126084 1-0:1.8.0 register 2024-12-31T23:59:58Z 0.7 Wh true
            1ISK0075126084 1-0:1.8.0 register 2024-12-31T23:59:59Z 0.7 Wh true
            1ISK0075126084 1-0:1.8.0 register 2025-01-01T00:00:00Z 0.7 Wh true
            finding note meter_clock byte 236: 1ISK0075126084 tells a time before 2009 or more than a day after the receipt, which is not used
            meter Meter { point: 1ISK0075126084, kind: Some(Device), name: None, server_id: Some([10, 1, 73, 83, 75, 0, 4, 122, 85, 68]), maker: Some("ISK"), resolution: Some((0.1, Wh)) }
        "#]],
    );
}

#[test]
fn an_entry_with_a_time_of_its_own_holds_then() {
    let mut entries: Vec<_> = (1..=5).map(|e| entry(&format!("1-0:1.8.{e}"), b"\x62\x07", 30, -1)).collect();
    entries[0].time = seconds(70);
    entries[1].time = seconds(0);
    entries[2].time = seconds(200);
    entries[3].time = build::unix(2, 1_735_689_600 - 3_600);
    // HOLLEY sends the bare number.
    entries[4].time = b"\x65\x00\x00\x00\x5a".to_vec();
    let newest = frame(SERVER_ID, none(), &entries[4..]);
    check(
        &[newest, frame(SERVER_ID, seconds(100), &entries)].concat(),
        &expect![[r#"
        1ISK0075126084 1-0:1.8.5 register 2024-12-31T23:59:50Z 0.7 Wh true
        1ISK0075126084 1-0:1.8.1 register 2024-12-31T23:59:30Z 0.7 Wh true
        1ISK0075126084 1-0:1.8.2 register 2025-01-01T00:00:00Z 0.7 Wh true
        1ISK0075126084 1-0:1.8.3 register 2025-01-01T00:00:00Z 0.7 Wh true
        1ISK0075126084 1-0:1.8.4 register 2024-12-31T23:00:00Z 0.7 Wh true
        1ISK0075126084 1-0:1.8.5 register 2024-12-31T23:59:50Z 0.7 Wh true
        meter Meter { point: 1ISK0075126084, kind: Some(Device), name: None, server_id: Some([10, 1, 73, 83, 75, 0, 4, 122, 85, 68]), maker: Some("ISK"), resolution: Some((0.1, Wh)) }
    "#]],
    );
}

#[test]
fn two_frames_never_fall_on_one_instant_however_many_there_are() {
    // More readings than are held, in few large frames.
    let entries: Vec<_> = (0..3_000).map(|_| entry("1-0:1.8.0", b"\x62\x07", 30, -1).bytes()).collect();
    let large = |second| {
        let content = build::list_content(SERVER_ID, seconds(second), &entries);
        build::transport(&build::message(0x0701, content), build::X25)
    };
    let bytes: Vec<_> = (1..=100).flat_map(|frame| large(2 * frame)).collect();
    let pieces = decoded(&bytes);
    let mut readings: BTreeMap<Timestamp, usize> = BTreeMap::new();
    for row in pieces.iter().flat_map(|piece| piece.batch.rows()) {
        *readings.entry(row.period.start()).or_default() += 1;
    }
    assert_eq!(readings.len(), 100);
    assert!(readings.values().all(|count| *count == 3_000), "{readings:?}");
    let instants: Vec<_> = readings.keys().map(|at| at.micros()).collect();
    assert!(instants.windows(2).all(|pair| pair[1] - pair[0] == 2_000_000), "{instants:?}");
    let findings: Vec<_> =
        pieces.iter().flat_map(|piece| &piece.findings).map(|finding| finding.rule.as_ref()).collect();
    assert_eq!(findings, ["time_of_receipt"]);
    assert_eq!(pieces.iter().map(|piece| piece.meters.len()).sum::<usize>(), 1);
}

// ------------------------------------------------------------------------------------------------ laws

/// Streams of whole, damaged and meaningless parts, rich in what begins and ends a frame.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        (1..200_u32, any::<u32>()).prop_map(|(second, register)| usual(second, register)),
        (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, byte)| {
            let mut frame = usual(1, 2);
            let at = at.index(frame.len());
            frame[at] = byte;
            frame
        }),
        (any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(|(from, to)| {
            let frame = usual(3, 4);
            let (from, to) = (from.index(frame.len()), to.index(frame.len()));
            frame[from.min(to)..from.max(to)].to_vec()
        }),
        prop::collection::vec(any::<u8>(), 0..40),
        prop::collection::vec(any::<u8>(), 0..60).prop_map(|payload| build::transport(&payload, build::X25)),
        prop::collection::vec(prop_oneof![Just(0x1B_u8), Just(0x01), Just(0x1A), Just(0x76)], 0..30),
    ];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

/// Payloads that are nearly a list, under a checksum that holds.
fn payloads() -> impl Strategy<Value = Vec<u8>> {
    let content = build::list_content(SERVER_ID, seconds(1), &[entry("1-0:1.8.0", b"\x62\x07", 30, -1).bytes()]);
    let message = build::message(0x0701, content);
    let change = (any::<prop::sample::Index>(), any::<u8>());
    prop::collection::vec(change, 0..4).prop_map(move |changes| {
        let mut payload = message.clone();
        for (at, byte) in changes {
            let at = at.index(payload.len());
            payload[at] = byte;
        }
        payload
    })
}

/// The bytes as programs write them: `xxd -p`, `hexdump`, one line for all.
fn dumps(bytes: &[u8]) -> [String; 4] {
    let digits =
        |bytes: &[u8], between: &str| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(between);
    let lines = |width: usize, between: &str, end: &str| {
        bytes.chunks(width).map(|line| digits(line, between) + end).collect::<String>()
    };
    [lines(30, "", "\n"), lines(16, " ", "\r\n"), digits(bytes, " ").to_uppercase(), digits(bytes, "")]
}

#[test]
fn hexadecimal_text_is_read_like_the_bytes_that_it_means() {
    let stream = [usual(7, 100), b"noise".to_vec(), usual(8, 200)].concat();
    let readings = |bytes: &[u8]| {
        let described = describe(&decoded(bytes));
        described.lines().filter(|line| !line.starts_with("finding")).map(str::to_owned).collect::<Vec<_>>()
    };
    for text in dumps(&stream) {
        assert_eq!(detect(&Head::new(text.as_bytes())), Detected::One(Format::Sml), "{text}");
        assert_eq!(readings(text.as_bytes()), readings(&stream), "{text}");
        for piece in [1, 7, 64] {
            let pieces = describe(&decode(Format::Sml, text.as_bytes(), &options(), piece));
            assert_eq!(pieces, describe(&decoded(text.as_bytes())), "pieces of {piece}");
        }
    }
}

#[test]
fn a_line_that_is_no_dump_breaks_the_stream_and_names_itself() {
    let text = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (first, second) = (text(&usual(7, 100)), text(&usual(8, 200)));
    let (begin, end) = second.split_at(40);
    check(
        format!("{first}\n{begin}\n-- cut --\n{end}\n{first}f\n{second}\n").as_bytes(),
        &expect![[r#"
            1ISK0075126084 1-0:1.8.0 register 2024-12-31T23:59:59Z 10 Wh true
            1ISK0075126084 1-0:16.7.0 instant 2024-12-31T23:59:59Z 5 W true
            1ISK0075126084 1-0:1.8.0 register 2024-12-31T23:59:59Z 10 Wh true
            1ISK0075126084 1-0:16.7.0 instant 2024-12-31T23:59:59Z 5 W true
            1ISK0075126084 1-0:1.8.0 register 2025-01-01T00:00:00Z 20 Wh true
            1ISK0075126084 1-0:16.7.0 instant 2025-01-01T00:00:00Z 5 W true
            problem line 2: the delivery ends within a frame: expected its end sequence 1b1b1b1b 1a (1 readings, 20 bytes)
            problem line 3: the line holds something else than hexadecimal digits: it is read up to there (1 readings, 9 bytes)
            problem line 4: the bytes belong to no frame: expected the start sequence 1b1b1b1b 01010101 (2 readings, 76 bytes)
            finding warning odd_digit line 5: the line has an odd number of hexadecimal digits: the last one is not read
            meter Meter { point: 1ISK0075126084, kind: Some(Device), name: None, server_id: Some([10, 1, 73, 83, 75, 0, 4, 122, 85, 68]), maker: Some("ISK"), resolution: Some((0.1, Wh)) }
        "#]],
    );
}

#[test]
fn every_stream_of_a_meter_is_told_as_text_too_and_by_no_other_format() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/samples/sml");
    let Ok(entries) = std::fs::read_dir(folder) else {
        return support::skipped("no samples of SML beside the project");
    };
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        let bytes = std::fs::read(&path).expect("a sample");
        if Format::Sml.recognise(&Head::new(&bytes)).is_none() {
            continue;
        }
        for text in dumps(&bytes) {
            let told = detect(&Head::new(text.as_bytes()));
            assert_eq!(told, Detected::One(Format::Sml), "{}: {}", path.display(), &text[..60.min(text.len())]);
        }
    }
}

proptest! {
    #[test]
    fn any_stream_is_the_same_in_pieces_of_any_size(bytes in streams(), piece in 1..40_usize) {
        let whole = describe(&decoded(&bytes));
        prop_assert_eq!(&describe(&decode(Format::Sml, &bytes, &options(), 1)), &whole);
        prop_assert_eq!(&describe(&decode(Format::Sml, &bytes, &options(), piece)), &whole);
    }

    #[test]
    fn any_dump_is_the_same_in_pieces_of_any_size(
        bytes in streams(),
        at in any::<prop::sample::Index>(),
        noise in "[0-9a-f\\n x]{0,6}",
        piece in 1..40_usize,
    ) {
        let [.., mut text, _, _] = dumps(&bytes);
        text.insert_str(at.index(text.len() + 1), &noise);
        let whole = describe(&decoded(text.as_bytes()));
        prop_assert_eq!(&describe(&decode(Format::Sml, text.as_bytes(), &options(), 1)), &whole);
        prop_assert_eq!(&describe(&decode(Format::Sml, text.as_bytes(), &options(), piece)), &whole);
    }

    #[test]
    fn any_payload_is_read_or_becomes_a_problem(payload in payloads()) {
        let pieces = decoded(&build::transport(&payload, build::X25));
        let said = pieces.iter().map(|piece| piece.batch.rows().len() + piece.problems.len() + piece.findings.len());
        let is_empty = payload.iter().all(|byte| *byte == 0);
        prop_assert!(said.sum::<usize>() > 0 || is_empty);
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let readings = shown(&decoded(&bytes));
        prop_assert!(readings.is_empty(), "no frame comes about by chance");
    }

    #[test]
    fn any_values_are_read_to_the_last_digit(values in prop::collection::vec((any::<i64>(), -9..=5_i8), 1..20)) {
        let entries: Vec<_> = values.iter().map(|(value, scaler)| {
            let all = value.to_be_bytes();
            // As meters do: without the leading bytes that hold nothing but the sign.
            let sign = if *value < 0 { 0xFF } else { 0 };
            let is_spare = |at: &usize| all[*at] == sign && all[at + 1] >> 7 == sign >> 7;
            let bytes = &all[(0..7).take_while(is_spare).count()..];
            entry("1-0:16.7.0", &[&[0x51 + bytes.len() as u8], bytes].concat(), 27, *scaler)
        }).collect();
        let read: Vec<_> = shown(&decoded(&frame_of(&entries))).into_iter().map(|(_, value, _)| value).collect();
        let expected = values.iter().map(|(value, scaler)| Decimal::scaled(i128::from(*value), i32::from(*scaler)));
        prop_assert_eq!(read, expected.collect::<Result<Vec<_>, _>>().expect("within 38 digits"));
    }
}
