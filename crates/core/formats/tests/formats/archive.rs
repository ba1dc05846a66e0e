//! Archives that are broken, hostile or merely odd: each bad member is a problem with its name, and the others are read.
#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use crate::support;

use std::io::{Cursor, Write};

use expect_test::{Expect, expect};
use metrify_formats::{Decoded, Decoder, Format, Output, limits};
use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const TABLE: &[u8] =
    b"STATIONS_ID;MESS_DATUM;QN_3;F;D;eor\n4911;2018091500;10;1.6;80;eor\n4911;2018091501;10;1.7;140;eor\n";
const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";

fn archive_by(method: CompressionMethod, members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(method)).expect("a member");
        zip.write_all(bytes).expect("its bytes");
    }
    zip.finish().expect("an archive").into_inner()
}

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    archive_by(CompressionMethod::Deflated, members)
}

/// Two tables.
fn two() -> Vec<u8> {
    archive(&[("produkt_a.txt", TABLE), ("produkt_b.txt", TABLE)])
}

fn decode(bytes: &[u8]) -> Vec<Decoded> {
    support::decode(Format::Dwd, bytes, &support::options(), bytes.len().max(1))
}

/// How many readings came out, and what was complained of.
fn summary(bytes: &[u8]) -> String {
    let whole = decode(bytes);
    for piece in [1, 7, 1_000] {
        assert!(support::decode(Format::Dwd, bytes, &support::options(), piece) == whole, "pieces of {piece}");
    }
    let readings: usize = whole.iter().map(|piece| piece.batch.rows().len()).sum();
    let text = support::describe(&whole);
    let complaints = text.lines().filter(|line| line.starts_with("problem") || line.starts_with("finding"));
    [format!("{readings} readings")].into_iter().chain(complaints.map(str::to_owned)).collect::<Vec<_>>().join("\n")
}

fn check(bytes: &[u8], expected: &Expect) {
    expected.assert_eq(&summary(bytes));
}

/// Where the n-th header of a kind begins.
fn header(bytes: &[u8], signature: &[u8], index: usize) -> usize {
    bytes.windows(4).enumerate().filter(|(_, window)| *window == signature).nth(index).expect("a header").0
}

/// Writes `value` at `local` of a member's local header and at `central` of its row in the table.
fn patch(bytes: &mut [u8], index: usize, (local, central): (usize, usize), value: &[u8]) {
    for (signature, at) in [(LOCAL, local), (CENTRAL, central)] {
        let start = header(bytes, signature, index) + at;
        bytes[start..start + value.len()].copy_from_slice(value);
    }
}

#[test]
fn every_table_of_an_archive_is_read() {
    check(&two(), &expect!["8 readings"]);
    check(&archive_by(CompressionMethod::Stored, &[("a/b/produkt_a.txt", TABLE)]), &expect!["4 readings"]);
    check(&archive(&[]), &expect!["0 readings"]);
}

#[test]
fn a_member_with_a_wrong_checksum_is_not_read() {
    let mut bytes = two();
    patch(&mut bytes, 0, (14, 16), &[1, 2, 3, 4]);
    check(
        &bytes,
        &expect![[r#"
        4 readings
        problem produkt_a.txt: the member cannot be unpacked, it is cut off or damaged: Invalid checksum (1 readings, 117 bytes)"#]],
    );
}

#[test]
fn a_member_that_was_changed_is_not_read() {
    let mut bytes = archive_by(CompressionMethod::Stored, &[("produkt_a.txt", TABLE), ("produkt_b.txt", TABLE)]);
    let digit = bytes.windows(4).position(|window| window == b";80;").expect("a value") + 1;
    bytes[digit] = b'9';
    check(
        &bytes,
        &expect![[r#"
        4 readings
        problem produkt_a.txt: the member cannot be unpacked, it is cut off or damaged: Invalid checksum (1 readings, 140 bytes)"#]],
    );
}

#[test]
fn an_encrypted_member_is_not_read() {
    let mut bytes = two();
    patch(&mut bytes, 1, (6, 8), &[1, 0]);
    check(
        &bytes,
        &expect![[r#"
        4 readings
        problem produkt_b.txt: the member is encrypted; send it unencrypted (1 readings, 117 bytes)"#]],
    );
}

#[test]
fn a_member_packed_by_a_method_that_is_not_read_says_so() {
    let mut bytes = two();
    patch(&mut bytes, 0, (8, 10), &[14, 0]);
    check(
        &bytes,
        &expect![[r#"
        4 readings
        problem produkt_a.txt: the member is packed by Lzma, yet only stored and deflated members are read (1 readings, 117 bytes)"#]],
    );
}

#[test]
fn an_archive_within_the_archive_is_not_read() {
    let inner = two();
    check(
        &archive(&[("inner.ZIP", &inner), ("produkt_a.txt", TABLE), ("produkt_b.txt", &inner)]),
        &expect![[r#"
        4 readings
        problem inner.ZIP: the member is an archive itself; send it by itself (1 readings, 205 bytes)
        problem produkt_b.txt: the member is an archive itself; send it by itself (1 readings, 209 bytes)"#]],
    );
}

#[test]
fn a_member_with_an_endless_or_unprintable_name_is_told_of() {
    let long = format!("produkt_{}.txt", "x".repeat(10_000));
    let text = summary(&archive(&[(&long, TABLE), ("produkt_\u{7}\r.txt", TABLE)]));
    let (first, rest) = text.split_once(&"x".repeat(247)).expect("the long name");
    assert_eq!(first, "4 readings\nproblem produkt_");
    expect![": the member's name has more than 255 bytes (1 readings, 10116 bytes)"].assert_eq(rest);
}

#[test]
fn a_directory_is_no_problem_unless_it_has_bytes() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_directory("leer", SimpleFileOptions::default()).expect("a directory");
    check(&zip.finish().expect("an archive").into_inner(), &expect!["0 readings"]);
    check(
        &archive_by(CompressionMethod::Stored, &[("produkt_/", b"x"), ("produkt_a.txt", TABLE)]),
        &expect![[r#"
        4 readings
        problem produkt_/: the member is a directory, yet it has bytes (1 readings, 40 bytes)"#]],
    );
}

#[test]
fn a_member_that_says_it_is_smaller_or_larger_than_it_is_is_not_read() {
    for size in [10_u32, 1_000] {
        let mut bytes = two();
        patch(&mut bytes, 0, (22, 24), &size.to_le_bytes());
        let text = summary(&bytes);
        assert!(text.starts_with("4 readings\nproblem produkt_a.txt: the member "), "{size}: {text}");
    }
}

#[test]
fn a_bomb_is_not_unpacked() {
    let mut ratio = two();
    patch(&mut ratio, 0, (22, 24), &(u32::MAX - 1).to_le_bytes());
    check(
        &ratio,
        &expect![[r#"
        4 readings
        problem produkt_a.txt: the member unpacks to more than 1100 times its size: it is taken for a bomb (1 readings, 117 bytes)"#]],
    );

    // One member that the table names again and again: the archive is small, and would unpack to a thousand times as much.
    const NAMES: usize = 400;
    let zeros = vec![b'0'; 1 << 20];
    let one = archive(&[("produkt_000.txt", &zeros)]);
    let (table, end) = (header(&one, CENTRAL, 0), header(&one, b"PK\x05\x06", 0));
    let mut bytes = one[..table].to_vec();
    for name in 0..NAMES {
        let mut row = one[table..end].to_vec();
        row[46 + 8..46 + 11].copy_from_slice(format!("{name:03}").as_bytes());
        bytes.extend(row);
    }
    let mut end = one[end..].to_vec();
    end[8..12].copy_from_slice(&[NAMES as u16, NAMES as u16].map(u16::to_le_bytes).concat());
    end[12..16].copy_from_slice(&((bytes.len() - table) as u32).to_le_bytes());
    bytes.extend(end);
    let decoded = decode(&bytes);
    let problems: Vec<_> =
        decoded.iter().flat_map(|piece| &piece.problems).map(|problem| problem.reason.as_str()).collect();
    let bombs = problems.iter().filter(|reason| reason.contains("taken for a bomb")).count();
    assert_eq!(problems.len(), NAMES);
    let unpacked = (limits::MEMBER_RATIO_MAX as usize * bytes.len()) / zeros.len();
    assert_eq!(bombs, NAMES - unpacked, "{problems:?}");
}

#[test]
fn more_members_than_are_looked_at_are_told_of() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for number in 0..=limits::MEMBERS_MAX {
        zip.start_file(format!("Metadaten_{number}.txt"), SimpleFileOptions::default()).expect("a member");
    }
    let bytes = zip.finish().expect("an archive").into_inner();
    let decoded = decode(&bytes);
    let problems: Vec<_> =
        decoded.iter().flat_map(|piece| &piece.problems).map(|problem| problem.reason.as_str()).collect();
    assert_eq!(problems, ["the archive has 10001 members; only 10000 of them are read"]);
}

#[test]
fn a_table_that_claims_countless_members_is_not_believed() {
    let whole = two();
    let end = header(&whole, b"PK\x05\x06", 0);
    // A table end of the 64-bit kind and its locator, before the usual end whose numbers are all ones.
    let mut bytes = whole[..end].to_vec();
    let table_end = bytes.len() as u64;
    bytes.extend(b"PK\x06\x06");
    for number in [44_u64, 45 << 16 | 45, 0, 200, 200_000_000, 200_000_000, 46 * 200_000_000, 0] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.truncate(end + 56);
    bytes.extend([b"PK\x06\x07\0\0\0\0".as_slice(), &table_end.to_le_bytes(), &1_u32.to_le_bytes()].concat());
    let mut last = whole[end..].to_vec();
    last[8..20].fill(0xff);
    bytes.extend(last);
    let text = summary(&bytes);
    assert!(text.starts_with("8 readings\nfinding warning archive_table"), "{text}");
}

#[test]
fn an_archive_without_its_table_is_read_member_by_member() {
    let whole = two();
    let table = header(&whole, CENTRAL, 0);
    // The table has begun, so every member was found: nothing is lost.
    check(
        &whole[..table + 4],
        &expect![[r#"
        8 readings
        finding warning archive_table : the table at the archive's end cannot be used (invalid Zip archive: Could not find EOCD); its members are read one after another"#]],
    );
    check(
        &whole[..table],
        &expect![[r#"
            8 readings
            problem : the table at the archive's end cannot be used (invalid Zip archive: Could not find EOCD); its members are read one after another, and the archive breaks off at byte 234 (1 readings, 234 bytes)"#]],
    );
    check(
        &whole[..table - 5],
        &expect![[r#"
            4 readings
            problem : the table at the archive's end cannot be used (invalid Zip archive: Could not find EOCD); its members are read one after another, and the archive breaks off at byte 229 (1 readings, 229 bytes)
            problem produkt_b.txt: the member cannot be unpacked, it is cut off or damaged: incomplete deflate stream (1 readings, 112 bytes)"#]],
    );
}

#[test]
fn two_members_of_one_name_are_both_read() {
    let mut bytes = two();
    let name = bytes.windows(13).enumerate().filter(|(_, window)| *window == b"produkt_b.txt").map(|(at, _)| at);
    for at in name.collect::<Vec<_>>() {
        bytes[at + 8] = b'a';
    }
    let text = summary(&bytes);
    assert!(text.starts_with("8 readings\nfinding warning archive_table"), "{text}");
}

#[test]
fn an_archive_beyond_the_limit_is_one_problem_and_takes_no_more_memory() {
    let mut pieces = Vec::new();
    let mut sink = |decoded: Decoded| {
        pieces.push(decoded);
        std::ops::ControlFlow::Continue(())
    };
    let mut out = Output::new(&mut sink);
    let mut decoder = Decoder::new(Format::Dwd, &support::options()).expect("a format of this crate");
    decoder.push(&two(), &mut out);
    let piece = vec![0; 8 << 20];
    for _ in 0..=limits::ARCHIVE_BYTES_MAX / piece.len() + 2 {
        decoder.push(&piece, &mut out);
    }
    decoder.finish(&mut out);
    expect![[r#"
        problem : the archive has more than 256 MiB; send its members by themselves (1 readings, 65536 bytes)
    "#]]
    .assert_eq(&support::describe(&pieces));
}

#[test]
fn a_sample_cut_at_any_hundredth_byte_never_panics_and_is_told_of() {
    for name in ["observations_recent_FF_akt.zip", "10minutenwerte_SOLAR_01766_now.zip", "MOSMIX_L_LATEST.kmz"] {
        let Some(bytes) = support::sample(&format!("weather-dwd/{name}")) else { return };
        let format = if name.ends_with("kmz") { Format::Mosmix } else { Format::Dwd };
        for end in (100..bytes.len()).step_by(100) {
            let decoded = support::decode(format, &bytes[..end], &support::options(), end);
            let complaints: usize = decoded.iter().map(|piece| piece.problems.len() + piece.findings.len()).sum();
            assert!(complaints > 0, "{name} cut at {end}");
        }
    }
}

proptest! {
    #[test]
    fn changed_archives_never_panic(
        changes in proptest::collection::vec((0..2_000_usize, any::<u8>()), 1..8),
        cut in 0..2_000_usize,
        piece in 1..300_usize,
    ) {
        let mut bytes = two();
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        bytes.truncate(cut.max(4));
        for format in [Format::Dwd, Format::Mosmix] {
            let whole = support::decode(format, &bytes, &support::options(), bytes.len());
            prop_assert_eq!(support::decode(format, &bytes, &support::options(), piece), whole);
        }
    }

    #[test]
    fn any_bytes_after_a_signature_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
        for signature in [LOCAL, b"PK\x05\x06", b"PK"] {
            let bytes = [signature, &bytes].concat();
            prop_assert!(!decode(&bytes).is_empty());
        }
    }
}
