//! The archive on a real disk: what is kept comes back as it was, and what cannot is told.
#![allow(clippy::expect_used, reason = "the helpers of tests are tests, too")]

use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use metrify_application::ingest::Hints;
use metrify_application::ports::{Archive, Kept};
use metrify_application::record::DeliveryId;
use metrify_application::{Kind, Tenant};
use metrify_archive::FileArchive;
use metrify_domain::Timestamp;
use metrify_formats::Format;
use sha2::{Digest, Sha256};

const LIMIT: u64 = 1 << 20;

fn tenant() -> Tenant {
    "default".parse().expect("a name")
}

fn file_of(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(bytes).expect("room");
    file.rewind().expect("a file");
    file
}

fn kept(bytes: &[u8]) -> Kept {
    Kept {
        id: DeliveryId::from_digest(&Sha256::digest(bytes)),
        digest: None,
        source: "folder/\"file\".csv".to_owned(),
        format: Some(Format::Csv),
        hints: Hints {
            zone: Some("Europe/Berlin".parse().expect("a zone")),
            point: Some("50120962218".parse().expect("a point")),
            quantity: Some("1-0:1.29.0".parse().expect("a quantity")),
            area: None,
            swap_tariffs: true,
        },
        unread: Some("it lies too deep".to_owned()),
        received_at: Timestamp::from_micros(1_700_000_000_000_001),
    }
}

fn keep(archive: &FileArchive, bytes: &[u8]) -> DeliveryId {
    let kept = kept(bytes);
    archive.keep(&tenant(), &kept, &mut file_of(bytes)).expect("room");
    kept.id
}

fn restored(archive: &FileArchive, id: &DeliveryId) -> Option<Vec<u8>> {
    let mut out = tempfile::tempfile().expect("a file");
    let found = archive.restore(&tenant(), id, &mut out).expect("what was kept");
    // What is told beforehand is what is so.
    assert_eq!(archive.keeps(&tenant(), std::slice::from_ref(id)).expect("an answer"), [found]);
    let mut bytes = Vec::new();
    out.rewind().expect("a file");
    out.read_to_end(&mut bytes).expect("a file");
    found.then_some(bytes)
}

/// Bytes that no compression makes small; the number makes each one different.
fn noise(number: u64, length: usize) -> Vec<u8> {
    let mut state = number;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn segments(root: &Path) -> Vec<PathBuf> {
    let folder = fs::read_dir(root.join("default")).expect("the tenant's folder");
    let mut paths: Vec<PathBuf> = folder.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

#[test]
fn what_is_kept_comes_back_also_from_another_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = FileArchive::new(folder.path().to_owned(), LIMIT);
    let contents = [b"".to_vec(), b"one".to_vec(), noise(1, 200_000), b"one more".repeat(400_000)];
    let ids: Vec<DeliveryId> = contents.iter().map(|bytes| keep(&archive, bytes)).collect();
    // The same again is the same delivery.
    keep(&archive, b"one");
    for archive in [archive, FileArchive::new(folder.path().to_owned(), LIMIT)] {
        let kept_now = archive.kept(&tenant()).expect("what was kept");
        assert_eq!(kept_now.iter().map(|kept| &kept.id).collect::<Vec<_>>(), ids.iter().collect::<Vec<_>>());
        let (one, expected) = (&kept_now[1], kept(b"one"));
        assert_eq!((&one.source, one.format, &one.hints), (&expected.source, expected.format, &expected.hints));
        assert_eq!((&one.unread, one.received_at), (&expected.unread, expected.received_at));
        for (id, bytes) in ids.iter().zip(&contents) {
            assert!(restored(&archive, id).as_ref() == Some(bytes), "{id}");
        }
        assert_eq!(restored(&archive, &kept(b"never kept").id), None);
    }
    let other: Tenant = "other".parse().expect("a name");
    assert!(FileArchive::new(folder.path().to_owned(), LIMIT).kept(&other).expect("an empty shelf").is_empty());
}

#[test]
fn a_segment_is_read_by_any_reader_of_zstandard() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = FileArchive::new(folder.path().to_owned(), LIMIT);
    keep(&archive, b"one\n");
    keep(&archive, b"two\n");
    let segment = File::open(&segments(folder.path())[0]).expect("the segment");
    assert_eq!(zstd::stream::decode_all(segment).expect("frames"), b"one\ntwo\n");
}

#[test]
fn the_oldest_make_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = FileArchive::new(folder.path().to_owned(), LIMIT);
    let ids: Vec<DeliveryId> = (0..40).map(|number| keep(&archive, &noise(number, 50_000))).collect();
    let bytes: u64 = segments(folder.path()).iter().map(|path| path.metadata().expect("a size").len()).sum();
    assert!(bytes <= LIMIT && bytes > LIMIT / 2, "{bytes} bytes");
    let left = archive.kept(&tenant()).expect("what is left");
    let left: Vec<&DeliveryId> = left.iter().map(|kept| &kept.id).collect();
    assert_eq!(left, ids[ids.len() - left.len()..].iter().collect::<Vec<_>>(), "the newest are left");
    assert_eq!(restored(&archive, &ids[0]), None);
    assert!(restored(&archive, &ids[39]).is_some());

    // What is larger than all the room there is is not kept, and nothing goes for its sake.
    let large = keep(&archive, &noise(99, 2 << 20));
    assert_eq!(restored(&archive, &large), None);
    assert!(restored(&archive, &ids[39]).is_some());

    let none = FileArchive::new(folder.path().to_owned(), 0);
    keep(&none, b"one");
    assert!(none.kept(&tenant()).expect("nothing").is_empty());
    assert!(segments(folder.path()).is_empty());
}

#[test]
fn a_delivery_that_was_cut_short_is_none_and_those_after_it_are_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let one = keep(&FileArchive::new(folder.path().to_owned(), LIMIT), b"one");
    let segment = &segments(folder.path())[0];
    let whole = segment.metadata().expect("a size").len();
    keep(&FileArchive::new(folder.path().to_owned(), LIMIT), &noise(2, 1_000));
    let bytes = fs::read(segment).expect("the segment");
    for length in whole..bytes.len() as u64 {
        fs::write(segment, &bytes[..length as usize]).expect("room");
        let archive = FileArchive::new(folder.path().to_owned(), LIMIT);
        let next = keep(&archive, b"next");
        assert_eq!(archive.kept(&tenant()).expect("what was kept").len(), 2, "cut at {length}");
        assert_eq!(restored(&archive, &one).as_deref(), Some(b"one".as_slice()));
        assert_eq!(restored(&archive, &next).as_deref(), Some(b"next".as_slice()));
    }
}

#[test]
fn damage_is_told_and_takes_nothing_else_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let id = keep(&FileArchive::new(folder.path().to_owned(), LIMIT), &noise(3, 1_000));
    let segment = &segments(folder.path())[0];
    let bytes = fs::read(segment).expect("the segment");
    let mut damaged = bytes.clone();
    *damaged.last_mut().expect("bytes") ^= 1;
    fs::write(segment, &damaged).expect("room");
    let archive = FileArchive::new(folder.path().to_owned(), LIMIT);
    let error = archive.restore(&tenant(), &id, &mut file_of(b"")).expect_err("damage");
    assert_eq!(error.kind(), Kind::Corrupt, "{}", error.chain());

    damaged = bytes;
    damaged[0] ^= 1;
    fs::write(segment, &damaged).expect("room");
    let archive = FileArchive::new(folder.path().to_owned(), LIMIT);
    assert_eq!(restored(&archive, &id), None);
    let next = keep(&archive, b"next");
    for archive in [archive, FileArchive::new(folder.path().to_owned(), LIMIT)] {
        assert_eq!(restored(&archive, &next).as_deref(), Some(b"next".as_slice()));
    }
}
