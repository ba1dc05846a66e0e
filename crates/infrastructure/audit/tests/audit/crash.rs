//! However a log was left, it goes on; and what was noticed stays noticed.

use std::fs;
use std::path::{Path, PathBuf};

use metrify_audit::FileAudit;

use crate::entries::{assert_whole, broken, note, read};

fn open(root: &Path) -> FileAudit {
    FileAudit::open(root.to_owned()).expect("a log")
}

fn segment(root: &Path) -> PathBuf {
    root.join("default/000000000001.ndjson")
}

/// What a process that was killed leaves: the file with its room behind it, and no head but that of the first entry.
fn killed(entries: u64) -> (tempfile::TempDir, Vec<u8>) {
    let folder = tempfile::tempdir().expect("a folder");
    let audit = open(folder.path());
    note(&audit, 1..=entries);
    let bytes = fs::read(segment(folder.path())).expect("a segment");
    drop(audit);
    fs::remove_file(folder.path().join("default/head")).expect("a head");
    fs::write(segment(folder.path()), &bytes).expect("room on disk");
    (folder, bytes)
}

fn content(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

#[test]
fn a_log_whose_process_was_killed_is_whole_and_goes_on() {
    let (folder, _) = killed(3);
    let audit = open(folder.path());
    assert_whole(&audit, 3);
    note(&audit, 4..=4);
    assert_whole(&audit, 4);
    assert_eq!(read(&audit, "default").len(), 4);
}

#[test]
fn a_last_entry_that_is_cut_at_any_byte_is_kept_aside_and_written_over() {
    let (folder, bytes) = killed(3);
    let end = content(&bytes);
    let begin = bytes[..end - 1].iter().rposition(|byte| *byte == b'\n').expect("lines") + 1;
    for cut in begin + 1..end {
        for torn in [&bytes[..cut], &[&bytes[..cut], &[0; 4_096]].concat()] {
            let folder = tempfile::tempdir().expect("a folder");
            fs::create_dir(folder.path().join("default")).expect("a folder");
            fs::write(segment(folder.path()), torn).expect("room on disk");
            let audit = open(folder.path());
            assert_eq!(read(&audit, "default").len(), 2, "cut at {cut}");
            note(&audit, 3..=4);
            assert_whole(&audit, 4);
            let aside = segment(folder.path()).with_extension(format!("torn-{begin}"));
            assert_eq!(fs::read(aside).expect("what was torn"), &bytes[begin..cut]);
        }
    }
    drop(folder);
}

#[test]
fn sectors_that_a_loss_of_power_kept_from_the_disk_are_no_damage() {
    let (folder, mut bytes) = killed(30);
    // Entries from the third sector on were not sealed; the fourth one was written and the third one was not.
    bytes[1_024..1_536].fill(0);
    fs::write(segment(folder.path()), &bytes).expect("room on disk");
    let audit = open(folder.path());
    let whole = bytes[..1_024].iter().filter(|byte| **byte == b'\n').count() as u64;
    note(&audit, whole + 1..=whole + 1);
    assert_whole(&audit, whole + 1);
}

#[test]
fn a_byte_that_became_zero_is_damage_and_loses_nothing_behind_it() {
    let (folder, mut bytes) = killed(30);
    bytes[1_000] = 0;
    fs::write(segment(folder.path()), &bytes).expect("room on disk");
    let audit = open(folder.path());
    note(&audit, 31..=31);
    assert_eq!(broken(&audit), "2 whole, 1:3:1000: a byte of the entry was changed");
    let lines = fs::read(segment(folder.path())).expect("a segment").iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(lines, 31);
}

#[test]
fn damage_does_not_keep_a_log_from_going_on_and_stays_told() {
    let (folder, mut bytes) = killed(3);
    bytes[100] ^= 1;
    fs::write(segment(folder.path()), &bytes).expect("room on disk");
    for last in 4..7 {
        let audit = open(folder.path());
        note(&audit, last..=last);
        assert_eq!(broken(&audit), "0 whole, 1:1:100: a byte of the entry was changed");
    }
}

#[test]
fn entries_that_were_cut_off_the_end_stay_missing_however_long_the_log_grows() {
    let folder = tempfile::tempdir().expect("a folder");
    note(&open(folder.path()), 1..=5);
    let bytes = fs::read(segment(folder.path())).expect("a segment");
    let third_ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(2).expect("three lines").0 + 1;
    fs::write(segment(folder.path()), &bytes[..third_ends]).expect("room on disk");
    let missing = format!("3 whole, 1:4:{third_ends}: entries 4 to 5 are missing at the end: `head` tells of them");
    assert_eq!(broken(&open(folder.path())), missing);
    note(&open(folder.path()), 14..=14);
    assert!(broken(&open(folder.path())).contains("entry 5 is missing at the end: `head-5` tells of them"));
    note(&open(folder.path()), 15..=19);
    assert!(broken(&open(folder.path())).contains("entry 5 is another one than the `head-5` of the log names"));
}

#[test]
fn a_log_without_its_files_is_told_by_its_head_and_begins_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    note(&open(folder.path()), 1..=5);
    fs::remove_file(segment(folder.path())).expect("a segment");
    let missing = "0 whole, 1:1:0: entries 1 to 5 are missing at the end: `head` tells of them";
    assert_eq!(broken(&open(folder.path())), missing);
    note(&open(folder.path()), 1..=1);
    assert!(broken(&open(folder.path())).contains("entries 2 to 5 are missing at the end: `head-5` tells of them"));
}
