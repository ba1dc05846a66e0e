//! Logs of several segments, which are small here.

#![allow(clippy::expect_used, reason = "the helpers of tests are tests, too")]

#[path = "../tests/audit/entries.rs"]
mod entries;

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use metrify_application::audit::Way;
use metrify_application::ports::Audit;

use self::entries::{assert_whole, broken, entry, note, of, read};
use crate::{FileAudit, segment};

/// Five entries at most.
const SEGMENT_BYTES: u64 = 2_050;

fn open(root: &Path) -> FileAudit {
    FileAudit::with_segments(root.to_owned(), SEGMENT_BYTES).expect("a log")
}

/// A closed log of 17 entries, and the numbers of the first ones of its segments.
fn closed() -> (tempfile::TempDir, Vec<u64>) {
    let folder = tempfile::tempdir().expect("a folder");
    let audit = open(folder.path());
    note(&audit, 1..=17);
    drop(audit);
    let firsts = segment::firsts(&folder.path().join("default")).expect("segments");
    assert_eq!(firsts, [1, 6, 11, 16]);
    (folder, firsts)
}

fn path(folder: &tempfile::TempDir, first: u64) -> PathBuf {
    segment::path(&folder.path().join("default"), first)
}

fn length(folder: &tempfile::TempDir, first: u64) -> u64 {
    fs::metadata(path(folder, first)).expect("a segment").len()
}

#[test]
fn a_log_goes_through_its_segments() {
    let (folder, firsts) = closed();
    assert!(firsts.iter().all(|first| length(&folder, *first) <= SEGMENT_BYTES), "no room is kept");
    let audit = open(folder.path());
    assert_whole(&audit, 17);
    note(&audit, 18..=30);
    assert_whole(&audit, 30);
    let expected: Vec<_> = (1..=30).map(|number| (number, entry(number))).collect();
    assert_eq!(read(&audit, "default"), expected);
}

#[test]
fn entries_are_read_from_the_newest_on_through_all_segments() {
    let (folder, _) = closed();
    let audit = open(folder.path());
    let back = |before, limit| read_back(&audit, before, limit);
    assert_eq!(back(None, usize::MAX), (1..=17).rev().collect::<Vec<u64>>());
    for before in 0..=18 {
        assert_eq!(back(Some(before), 3), (1..before.min(18)).rev().take(3).collect::<Vec<u64>>(), "before {before}");
    }
    // While it is written to, with room behind its end, too.
    note(&audit, 18..=23);
    assert_eq!(back(None, 8), (16..=23).rev().collect::<Vec<u64>>());
    // Segments that are not reached are not looked at.
    fs::write(path(&folder, 1), "not to be looked at").expect("room on disk");
    assert_eq!(back(Some(8), 2), [7, 6]);
    let error = audit.read(&entry(1).act.tenant, Way::Back { before: Some(3) }, &mut |_, _| ControlFlow::Continue(()));
    let told = error.expect_err("no entry").chain();
    assert!(told.contains("000000000001.ndjson`, line 1 at byte 0: it does not end in a hash"), "{told}");
}

/// The numbers of so many entries before one.
fn read_back(audit: &FileAudit, before: Option<u64>, limit: usize) -> Vec<u64> {
    let mut numbers = Vec::new();
    let mut each = |number, noted| {
        assert_eq!(noted, entry(number));
        numbers.push(number);
        if numbers.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    audit.read(&entry(1).act.tenant, Way::Back { before }, &mut each).expect("entries");
    numbers
}

#[test]
fn one_that_goes_on_looks_at_its_last_segment_alone() {
    let (folder, _) = closed();
    for first in [1, 6, 11] {
        fs::write(path(&folder, first), "not to be looked at").expect("room on disk");
    }
    let audit = open(folder.path());
    note(&audit, 18..=18);
    let last = fs::read_to_string(path(&folder, 16)).expect("a segment");
    assert!(last.contains("\"number\":18"), "{last}");
}

#[test]
fn a_segment_that_is_missing_or_cut_is_found() {
    let check = |change: &dyn Fn(&tempfile::TempDir), expected: &str| {
        let (folder, _) = closed();
        let ends = [1, 6, 11, 16].map(|first| length(&folder, first).to_string());
        change(&folder);
        let expected = expected.replace("{first}", &ends[0]).replace("{second}", &ends[1]).replace("{third}", &ends[2]);
        assert_eq!(broken(&open(folder.path())), expected);
    };
    let remove =
        |first: u64| move |folder: &tempfile::TempDir| fs::remove_file(path(folder, first)).expect("a segment");
    check(&remove(1), "0 whole, 1:1:0: entries 1 to 5 are missing: the next file is `000000000006.ndjson`");
    check(&remove(6), "5 whole, 1:6:{first}: entries 6 to 10 are missing: the next file is `000000000011.ndjson`");
    check(&remove(16), "15 whole, 11:6:{third}: entries 16 to 17 are missing at the end: `head` tells of them");
    let empty =
        |first: u64| move |folder: &tempfile::TempDir| fs::write(path(folder, first), "").expect("room on disk");
    check(&empty(6), "5 whole, 6:1:0: entries 6 to 10 are missing: the next file is `000000000011.ndjson`");
    check(&empty(16), "15 whole, 16:1:0: entries 16 to 17 are missing at the end: `head` tells of them");
    let cut = |folder: &tempfile::TempDir| {
        let bytes = fs::read(path(folder, 6)).expect("a segment");
        fs::write(path(folder, 6), &bytes[..bytes.len() - 1]).expect("room on disk");
    };
    let (folder, _) = closed();
    let end = length(&folder, 6) - 1;
    check(&cut, &format!("9 whole, 6:5:{end}: no line feed stands behind the entry"));
    let copied = |folder: &tempfile::TempDir| {
        fs::copy(path(folder, 1), path(folder, 6)).expect("room on disk");
    };
    check(&copied, "5 whole, 6:1:0: entry 1 stands here once more, in place of 6");
    let exchanged = |folder: &tempfile::TempDir| {
        let (one, other) = (fs::read(path(folder, 6)).expect("one"), fs::read(path(folder, 11)).expect("another"));
        fs::write(path(folder, 6), other).expect("room on disk");
        fs::write(path(folder, 11), one).expect("room on disk");
    };
    check(&exchanged, "5 whole, 6:1:0: entries 6 to 10 are missing here: entry 11 stands here");
}

#[test]
fn a_process_that_was_killed_between_two_segments_leaves_a_whole_log() {
    let (folder, _) = closed();
    // The room of the full segment was not given back, and nothing stands in the new one yet.
    let full = fs::read(path(&folder, 16)).expect("a segment");
    fs::write(path(&folder, 16), [&full[..], &[0; 5_000]].concat()).expect("room on disk");
    fs::write(path(&folder, 18), [0; 5_000]).expect("room on disk");
    let audit = open(folder.path());
    assert_whole(&audit, 17);
    note(&audit, 18..=18);
    assert_whole(&audit, 18);
}

#[test]
fn what_nobody_seals_is_on_the_disk_before_it_is_much() {
    let folder = tempfile::tempdir().expect("a folder");
    let audit = FileAudit::with_segments(folder.path().to_owned(), 64 << 10).expect("a log");
    note(&audit, 1..=6_000);
    let log = audit.log(&entry(1).act.tenant);
    let unsealed = log.note(&of("default", 6_001)).expect("room on disk");
    assert!(unsealed <= crate::UNSEALED_BYTES_MAX, "{unsealed} bytes");
    assert_whole(&audit, 6_001);
}

#[tokio::test]
async fn a_failing_disk_is_told_to_all_who_seal_and_tried_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let audit = open(folder.path());
    note(&audit, 1..=1);
    // Where its folder is gone the segment cannot be made durable.
    let (here, away) = (folder.path().join("default"), folder.path().join("away"));
    fs::rename(&here, &away).expect("a folder");
    for _ in 0..3 {
        let error = audit.seal().await.expect_err("no folder");
        assert_eq!(error.kind(), metrify_application::Kind::Unavailable);
    }
    fs::rename(&away, &here).expect("a folder");
    audit.seal().await.expect("a disk");
    assert_whole(&audit, 1);
}
