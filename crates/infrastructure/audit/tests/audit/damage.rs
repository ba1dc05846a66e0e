//! Whatever is changed in a log is found, and where.

use std::fs;
use std::path::{Path, PathBuf};

use metrify_application::Kind;
use metrify_application::audit::{Entry, Way};
use metrify_application::ports::Audit;
use metrify_audit::FileAudit;
use sha2::{Digest, Sha256};

use crate::entries::{assert_whole, broken, entry, note, of, tenant, verify};

struct Closed {
    folder: tempfile::TempDir,
    bytes: Vec<u8>,
}

impl Closed {
    fn new(entries: u64) -> Self {
        Self::of((1..=entries).map(entry))
    }

    fn of(entries: impl Iterator<Item = Entry>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let audit = open(folder.path());
        entries.for_each(|entry| audit.note(&entry).expect("room on disk"));
        drop(audit);
        let bytes = fs::read(segment(folder.path())).expect("a segment");
        Self { folder, bytes }
    }

    fn lines(&self) -> Vec<Vec<u8>> {
        self.bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
    }

    /// The log with other bytes in its segment.
    fn with(&self, bytes: &[u8]) -> FileAudit {
        fs::write(segment(self.folder.path()), bytes).expect("room on disk");
        open(self.folder.path())
    }

    fn assert_broken_at(&self, bytes: &[u8], at: usize, what: &str) {
        let audited = verify(&self.with(bytes));
        let line = 1 + self.bytes[..at].iter().filter(|byte| **byte == b'\n').count() as u64;
        let broken = audited.broken.unwrap_or_else(|| panic!("not noticed: {what}"));
        assert_eq!((broken.byte, broken.line), (at as u64, line), "{what}: {}", broken.reason);
        assert_eq!(broken.file, "000000000001.ndjson");
        assert_eq!(audited.entries, line - 1, "{what}");
    }
}

fn open(root: &Path) -> FileAudit {
    FileAudit::open(root.to_owned()).expect("a log")
}

fn segment(root: &Path) -> PathBuf {
    root.join("default/000000000001.ndjson")
}

#[test]
fn any_byte_that_is_changed_is_found() {
    let log = Closed::new(3);
    for at in 0..log.bytes.len() {
        let was = log.bytes[at];
        // What is not a flipped bit takes longer to find.
        let other = if at % 4 == 0 { b'"' } else { was };
        for value in [was ^ 1, was ^ 0x80, 0, b'\n', other] {
            if value != was {
                let mut bytes = log.bytes.clone();
                bytes[at] = value;
                log.assert_broken_at(&bytes, at, &format!("byte {at} is {value} instead of {was}"));
            }
        }
    }
}

#[test]
fn a_letter_of_another_alphabet_is_found_too() {
    let log = Closed::of([Entry { principal: "Bäcker".to_owned(), ..entry(1) }].into_iter());
    let at = log.bytes.iter().position(|byte| *byte > 0x7f).expect("an umlaut") + 1;
    let mut bytes = log.bytes.clone();
    bytes[at] = b'?';
    log.assert_broken_at(&bytes, at, "half an umlaut");
}

#[test]
fn a_byte_that_is_put_in_or_taken_out_is_found() {
    let log = Closed::new(2);
    for at in (0..log.bytes.len()).step_by(5).chain([log.bytes.len() - 1]) {
        // Beside its like a byte is neither missed nor noticed in one place more than in the other.
        let (before, was) = (at.checked_sub(1).map(|at| log.bytes[at]), log.bytes[at]);
        for value in [b'~', b'\n', 0, 0xff] {
            let more = [&log.bytes[..at], &[value], &log.bytes[at..]].concat();
            if before != Some(value) && value != was {
                log.assert_broken_at(&more, at, &format!("{value} is put in at {at}"));
            }
        }
        if before != Some(was) && log.bytes.get(at + 1) != Some(&was) && at + 1 < log.bytes.len() {
            let less = [&log.bytes[..at], &log.bytes[at + 1..]].concat();
            log.assert_broken_at(&less, at, &format!("byte {at} is taken out"));
        }
    }
}

#[test]
fn a_log_that_is_cut_at_any_byte_is_noticed() {
    let log = Closed::new(3);
    for length in 0..log.bytes.len() {
        let audited = verify(&log.with(&log.bytes[..length]));
        let broken = audited.broken.unwrap_or_else(|| panic!("cut at {length} is not noticed"));
        let whole = log.bytes[..length].iter().filter(|byte| **byte == b'\n').count() as u64;
        assert_eq!((audited.entries, broken.line), (whole, whole + 1), "cut at {length}: {}", broken.reason);
        let begin = log.bytes[..length].iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        assert!((begin..=length).contains(&(broken.byte as usize)), "cut at {length}, told {}", broken.byte);
    }
}

#[test]
fn lines_in_other_places_are_found() {
    let log = Closed::new(5);
    let lines = log.lines();
    let [one, two, three, four, five] = [0, 1, 2, 3, 4].map(|index| lines[index].as_slice());
    let third = one.len() + two.len();
    let check = |lines: &[&[u8]], expected: &str| assert_eq!(broken(&log.with(&lines.concat())), expected);
    check(
        &[one, two, four, three, five],
        &format!("2 whole, 1:3:{third}: entry 3 is missing here: entry 4 stands here"),
    );
    check(&[one, two, five], &format!("2 whole, 1:3:{third}: entries 3 to 4 are missing here: entry 5 stands here"));
    check(
        &[one, two, two, three, four, five],
        &format!("2 whole, 1:3:{third}: entry 2 stands here once more, in place of 3"),
    );
    check(&[two, three, four, five], "0 whole, 1:1:0: entry 1 is missing here: entry 2 stands here");
    check(
        &[one, two, b"no JSON\n", three, four, five],
        &format!("2 whole, 1:3:{third}: the line does not end in a hash"),
    );
    check(&[one, two, b"\n", three, four, five], &format!("2 whole, 1:3:{third}: a byte was put into the entry"));
    let end = log.bytes.len();
    check(&[&log.bytes, b"more"], &format!("5 whole, 1:6:{end}: something stands behind the last entry"));
    let zeros = format!("5 whole, 1:6:{}: zeros stand before it, as behind the last entry", end + 100);
    check(&[&log.bytes, &[0; 100], b"more"], &zeros);
    assert_whole(&log.with(&[&log.bytes[..], &[0; 100]].concat()), 5);
}

/// A line with a hash that fits it.
fn forged(line: &[u8], from: &str, to: &str) -> Vec<u8> {
    let line = String::from_utf8_lossy(line).replace(from, to);
    let body = &line[..line.len() - 76];
    let hash: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{body},\"hash\":\"{hash}\"}}\n").into_bytes()
}

#[test]
fn an_entry_that_is_written_anew_with_its_hash_is_found_by_the_next_one() {
    let log = Closed::new(4);
    let mut lines = log.lines();
    let second = lines[0].len();
    lines[1] = forged(&lines[1], "key:7f3a", "key:0000");
    let expected = format!("1 whole, 1:2:{second}: entry 3 follows another entry than the one before it");
    assert_eq!(broken(&log.with(&lines.concat())), expected);
    // The last one has none behind it, but the head.
    let mut lines = log.lines();
    lines[3] = forged(&lines[3], "key:7f3a", "key:0000");
    assert!(broken(&log.with(&lines.concat())).contains("entry 4 is another one than the `head` of the log names"));
}

#[test]
fn an_entry_with_several_changes_is_found_by_its_line() {
    let log = Closed::new(3);
    let mut lines = log.lines();
    let second = lines[0].len();
    lines[1] = String::from_utf8_lossy(&lines[1]).replace("key:7f3a", "key:0000").into_bytes();
    let expected =
        format!("1 whole, 1:2:{second}: the entry was changed: the one behind it names the hash that is stated");
    assert_eq!(broken(&log.with(&lines.concat())), expected);
    // A hash that was changed is known to its first byte: the next line confirms the right one.
    let mut lines = log.lines();
    let at = lines[1].len() - 67;
    for digit in &mut lines[1][at..at + 8] {
        *digit = if *digit == b'0' { b'1' } else { b'0' };
    }
    let expected = format!("1 whole, 1:2:{}: the hash of the entry was changed", second + at);
    assert_eq!(broken(&log.with(&lines.concat())), expected);
}

#[test]
fn the_logs_of_two_tenants_cannot_be_exchanged() {
    let folder = tempfile::tempdir().expect("a folder");
    let audit = open(folder.path());
    for name in ["default", "other"] {
        (1..=3).for_each(|number| audit.note(&of(name, number)).expect("room on disk"));
    }
    drop(audit);
    let path = |name: &str| folder.path().join(name);
    fs::rename(path("default"), path("aside")).expect("a folder");
    fs::rename(path("other"), path("default")).expect("a folder");
    fs::rename(path("aside"), path("other")).expect("a folder");
    let audit = open(folder.path());
    assert_eq!(broken(&audit), "0 whole, 1:1:0: it is an entry of the tenant `other`");
    assert!(audit.verify(&tenant("other"), None).expect("a log").broken.is_some());
}

#[test]
fn a_log_that_is_gone_or_was_begun_anew_is_noticed_by_since_when_it_is_there() {
    let log = Closed::new(3);
    let verify = |begun: i64| {
        let begun = entry(1).at.plus(begun);
        open(log.folder.path()).verify(&tenant("default"), begun).expect("a log")
    };
    assert_eq!((verify(0).broken, verify(1).entries), (None, 3));
    let late = verify(-1);
    let broken = late.broken.expect("its first entry is younger");
    assert_eq!((late.entries, broken.line, broken.byte), (0, 1, 0));
    assert!(
        broken.reason.starts_with("what was noted first is missing: the log was begun at 2026-01-01T"),
        "{broken:?}"
    );
    fs::remove_dir_all(log.folder.path().join("default")).expect("a folder");
    assert!(verify(0).broken.is_some());
    assert_eq!(
        super::entries::verify(&open(log.folder.path())).broken,
        None,
        "of which nobody knows that it was there"
    );
}

/// A clock that was set back made the first entry younger than what came behind it.
#[test]
fn the_oldest_entry_tells_since_when_a_log_is_there() {
    let log = Closed::of([3, 1, 2].into_iter().map(entry));
    let audited = open(log.folder.path()).verify(&tenant("default"), Some(entry(1).at)).expect("a log");
    assert_eq!(audited.broken, None);
}

#[test]
fn a_head_that_is_changed_is_noticed() {
    let log = Closed::new(3);
    let head = log.folder.path().join("default/head");
    let sound = fs::read(&head).expect("a head");
    for at in 0..sound.len() {
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        fs::write(&head, &bytes).expect("room on disk");
        assert!(verify(&open(log.folder.path())).broken.is_some(), "byte {at}");
    }
}

#[test]
fn a_long_entry_that_is_changed_is_found_by_a_flipped_bit_or_by_its_line() {
    let log = Closed::of([Entry { principal: "ab".repeat(5_000), ..entry(1) }].into_iter());
    let mut bytes = log.bytes.clone();
    bytes[7_000] ^= 4;
    log.assert_broken_at(&bytes, 7_000, "a flipped bit");
    bytes[7_000] = b'~';
    assert_eq!(broken(&log.with(&bytes)), "0 whole, 1:1:0: the entry does not fit its hash");
}

#[test]
fn reading_stops_at_a_line_that_is_no_entry_and_names_it() {
    let log = Closed::new(3);
    let lines = log.lines();
    for (second, reason) in [
        (b"no JSON\n".to_vec(), "it does not end in a hash"),
        (forged(&lines[1], "\"read\"", "\"rade\""), "`rade` is no action"),
        (forged(&lines[1], "\"version\":2", "\"version\":3"), "it is an entry of version 3"),
    ] {
        let audit = log.with(&[&lines[0], second.as_slice(), &lines[2]].concat());
        let mut entries = 0;
        let mut count = |_, _| {
            entries += 1;
            std::ops::ControlFlow::Continue(())
        };
        let error = audit.read(&tenant("default"), Way::Onwards { after: 0 }, &mut count).expect_err("no entry");
        assert_eq!((error.kind(), entries), (Kind::Corrupt, 1));
        let place = format!("000000000001.ndjson`, line 2 at byte {}: {reason}", lines[0].len());
        assert!(error.chain().contains(&place), "{}", error.chain());
    }
}

#[test]
fn what_is_changed_while_the_log_is_open_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let audit = open(folder.path());
    note(&audit, 1..=3);
    let path = segment(folder.path());
    let sound = fs::read(&path).expect("a segment");
    let end = sound.iter().rposition(|byte| *byte != 0).expect("entries") + 1;
    for at in [0, 700, end - 1, end + 1, sound.len() - 1] {
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        fs::write(&path, bytes).expect("room on disk");
        assert_eq!(verify(&audit).broken.expect("it is broken").byte, at as u64);
    }
    fs::write(&path, &sound).expect("room on disk");
    assert_whole(&audit, 3);
}
