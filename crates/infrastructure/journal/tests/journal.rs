//! The journal against real files: what it took is there, and damage is told, never passed over.

#![allow(clippy::expect_used, reason = "the helpers of tests are tests, too")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use metrify_application::ingest::{Receipt, ReceiptProblem};
use metrify_application::ports::Journal;
use metrify_application::record::{
    Accepted, Answered, Counts, DeliveryId, DeliveryRecord, Fingerprint, Reject, Standing,
};
use metrify_application::{Kind, Tenant};
use metrify_domain::{BatchBuilder, Channel, Code, Document, InstantValue, Reading, Timestamp, Unit};
use metrify_journal::FileJournal;

fn tenant() -> Tenant {
    "default".parse().expect("a name")
}

/// An entry with something of most kinds in it; the number makes each one different.
fn entry(number: i64) -> Accepted {
    let channel = |point: &str| Channel {
        point: point.parse().expect("a point"),
        quantity: "1-0:16.7.0".parse().expect("a quantity"),
    };
    let mut builder = BatchBuilder::default();
    for (point, value) in [("1EMH0010599732", number), ("1ISK0075126084", -number)] {
        let at = Timestamp::from_micros(number * 1_000_003);
        let reading: Reading = InstantValue { at, value: value.into(), unit: Unit::literal("W") }.into();
        let document = Document { reference: format!("m/{number}"), known_at: Some(at) };
        builder.push(&channel(point), &document, &reading.with_reason(Code::new("status 0x0182")));
    }
    Accepted {
        delivery: DeliveryId::from_stored(format!("{number:032}")),
        received_at: Timestamp::from_micros(number),
        batch: builder.take(),
        standings: vec![Standing::First, Standing::Late],
        rejects: ["head", "head", "other"].map(|prelude| reject(number, prelude)).to_vec(),
        finished: Some(DeliveryRecord {
            id: DeliveryId::from_stored(format!("{number:032}")),
            source: "somewhere".to_owned(),
            format: "sml".to_owned(),
            bytes: 17,
            received_at: Timestamp::from_micros(number),
            counts: Counts { received: 2, stored: 1, duplicates: 0, corrections: 1, rejected: 0 },
        }),
        answered: Some(answered(number)),
        ..Accepted::default()
    }
}

fn answered(number: i64) -> Answered {
    let problem = ReceiptProblem { position: "line 7".to_owned(), reason: "no number".to_owned() };
    let receipt = Receipt {
        delivery: DeliveryId::from_stored(format!("{number:032}")),
        source: "somewhere".to_owned(),
        format: "sml".to_owned(),
        counts: Counts { received: 3, stored: 2, duplicates: 0, corrections: 0, rejected: 1 },
        findings: 5,
        problems: vec![problem],
        problems_total: 1,
    };
    let name = |number: i64| Fingerprint::from_digest(&number.to_be_bytes().repeat(2));
    Answered { key: (number % 2 == 0).then(|| name(-number)), content: name(number), receipts: vec![receipt] }
}

fn reject(number: i64, prelude: &str) -> Reject {
    Reject {
        id: format!("{number:032}-1"),
        delivery: DeliveryId::from_stored(format!("{number:032}")),
        source: "somewhere".to_owned(),
        format: "csv".to_owned(),
        position: "line 7".to_owned(),
        reason: "no number".to_owned(),
        readings: 1,
        prelude: prelude.into(),
        bytes: b"?".to_vec(),
        rejected_at: Timestamp::from_micros(number),
        resolved_at: None,
    }
}

fn open(folder: &Path) -> FileJournal {
    FileJournal::open(folder, 1).expect("a sound journal")
}

fn append(journal: &FileJournal, numbers: std::ops::Range<i64>) {
    let entries: Vec<_> = numbers.map(|number| (tenant(), Arc::new(entry(number)))).collect();
    journal.append(&entries).expect("room on disk");
}

fn read(journal: &FileJournal, after: u64) -> Vec<(u64, Accepted)> {
    let mut entries = Vec::new();
    let mut note = |position, of: Tenant, entry| {
        assert_eq!(of, tenant());
        entries.push((position, entry));
        Ok(())
    };
    journal.replay(after, &mut note).expect("a sound journal");
    entries
}

fn only_segment(folder: &Path) -> PathBuf {
    let files = fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path());
    let mut segments = files.filter(|path| path.extension().is_some_and(|suffix| suffix == "journal"));
    segments.next().expect("a segment")
}

#[test]
fn what_was_appended_is_there_after_a_new_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = open(folder.path());
    append(&journal, 1..4);
    append(&journal, 4..6);
    drop(journal);
    let journal = open(folder.path());
    assert_eq!(journal.next(), 6);
    let expected: Vec<_> = (1..6).map(|number| (number as u64, entry(number))).collect();
    assert_eq!(read(&journal, 0), expected);
    assert_eq!(read(&journal, 3), expected[3..]);
}

#[test]
fn an_unfinished_last_entry_is_cut_off_at_every_byte_and_kept_aside() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = open(folder.path());
    append(&journal, 1..3);
    let whole = journal.bytes();
    append(&journal, 3..4);
    let longer = journal.bytes();
    drop(journal);
    let bytes = fs::read(only_segment(folder.path())).expect("a segment");
    for length in whole + 1..longer {
        let folder = tempfile::tempdir().expect("a folder");
        let name = only_segment_name();
        fs::write(folder.path().join(&name), &bytes[..length as usize]).expect("room on disk");
        let journal = open(folder.path());
        assert_eq!((journal.next(), read(&journal, 0).len()), (3, 2), "cut after {length} bytes");
        let aside = folder.path().join(name).with_extension(format!("torn-{whole}"));
        assert_eq!(fs::read(aside).expect("kept aside"), &bytes[whole as usize..length as usize]);
        append(&journal, 3..4);
        drop(journal);
        assert_eq!(read(&open(folder.path()), 0).len(), 3);
    }
}

fn only_segment_name() -> String {
    format!("{:020}.journal", 1)
}

#[test]
fn a_flipped_bit_before_the_last_entry_is_refused_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = open(folder.path());
    append(&journal, 1..2);
    let first_ends = journal.bytes() as usize;
    append(&journal, 2..4);
    drop(journal);
    let path = only_segment(folder.path());
    let sound = fs::read(&path).expect("a segment");
    for at in (20..first_ends).step_by(7) {
        let mut flipped = sound.clone();
        flipped[at] ^= 0x10;
        fs::write(&path, &flipped).expect("room on disk");
        let error = FileJournal::open(folder.path(), 1).err().expect("damage is told");
        assert_eq!(error.kind(), Kind::Corrupt);
        assert!(error.chain().contains("at byte 12"), "{}", error.chain());
    }
}

#[test]
fn a_segment_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    append(&open(folder.path()), 1..2);
    let path = only_segment(folder.path());
    let mut bytes = fs::read(&path).expect("a segment");
    bytes[8] = 9;
    fs::write(&path, &bytes).expect("room on disk");
    let error = FileJournal::open(folder.path(), 1).err().expect("a newer version is told");
    assert_eq!(error.kind(), Kind::Conflict);
    assert_eq!(fs::read(&path).expect("a segment"), bytes);
}

#[test]
fn a_new_journal_goes_on_where_the_lake_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = FileJournal::open(folder.path(), 42).expect("a new journal");
    append(&journal, 1..2);
    assert_eq!(read(&journal, 41).len(), 1);
    assert_eq!(journal.next(), 43);
}

/// What is told of a journal that cannot be opened beside a lake that goes on with `next`; nothing of it may have changed.
fn refused(folder: &Path, next: u64) -> String {
    let before = fs::read(only_segment(folder)).expect("a segment");
    let error = FileJournal::open(folder, next).err().expect("a journal that does not fit");
    assert_eq!(fs::read(only_segment(folder)).expect("a segment"), before);
    assert_eq!(error.kind(), Kind::Corrupt);
    format!("{} {}", error.chain(), error.hint_text().expect("what to do"))
}

#[test]
fn a_journal_that_is_older_than_the_lake_is_refused_with_both_positions() {
    let folder = tempfile::tempdir().expect("a folder");
    append(&open(folder.path()), 1..4);
    assert_eq!(FileJournal::open(folder.path(), 4).expect("all of it has landed").next(), 4);
    let told = refused(folder.path(), 5);
    assert!(told.contains("next entry would be 4") && told.contains("up to 4 already"), "{told}");
    assert!(told.contains("older than the lake"), "{told}");
    // Nor is anything cut off that the lake holds.
    let path = only_segment(folder.path());
    let bytes = fs::read(&path).expect("a segment");
    fs::write(&path, &bytes[..bytes.len() - 1]).expect("room on disk");
    assert!(refused(folder.path(), 5).contains("older than the lake"));
}

#[test]
fn a_lake_that_is_older_than_what_the_journal_still_has_is_refused_with_both_positions() {
    let folder = tempfile::tempdir().expect("a folder");
    append(&FileJournal::open(folder.path(), 42).expect("a new journal"), 1..3);
    for next in [42, 43, 44] {
        assert_eq!(FileJournal::open(folder.path(), next).expect("they fit").next(), 44);
    }
    let told = refused(folder.path(), 41);
    assert!(told.contains("first entry is 42") && told.contains("none after 40"), "{told}");
}

#[test]
fn its_position_is_told_while_it_is_at_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = Arc::new(open(folder.path()));
    append(&journal, 1..3);
    let (told, heard) = std::sync::mpsc::channel();
    // On a thread of its own: where it waited it would wait for ever.
    std::thread::spawn(move || {
        let mut tell = |_, _, _| {
            told.send((journal.next(), journal.bytes())).expect("somebody listens");
            Ok(())
        };
        journal.replay(1, &mut tell)
    });
    let (next, bytes) = heard.recv_timeout(std::time::Duration::from_secs(30)).expect("nobody waits");
    assert!(next == 3 && bytes > 100, "{next} {bytes}");
}

#[test]
fn a_journal_has_one_writer() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = open(folder.path());
    let error = FileJournal::open(folder.path(), 1).err().expect("somebody has it");
    assert_eq!(error.kind(), Kind::Conflict);
    drop(journal);
    open(folder.path());
}

/// Two entries in a group of their own, three in another, and where each begins and ends.
fn two_groups(folder: &Path) -> (Vec<u8>, [u64; 3]) {
    let journal = open(folder);
    let begin = journal.bytes();
    append(&journal, 1..3);
    let middle = journal.bytes();
    append(&journal, 3..6);
    let end = journal.bytes();
    drop(journal);
    (fs::read(only_segment(folder)).expect("a segment"), [begin, middle, end])
}

/// What is left of a segment in a folder of its own once it was opened: the position that comes next, and what was cut off.
fn opened(segment: &[u8]) -> Result<(u64, Vec<u8>), String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(only_segment_name());
    fs::write(&path, segment).expect("room on disk");
    let journal = FileJournal::open(folder.path(), 1).map_err(|error| {
        assert_eq!(fs::read(&path).expect("a segment"), segment, "what is refused is left as it is");
        error.chain()
    })?;
    let (next, entries) = (journal.next(), read(&journal, 0).len() as u64);
    assert_eq!(next, entries + 1);
    let files = fs::read_dir(folder.path()).expect("a folder").map(|file| file.expect("a file").path());
    let aside = files.filter(|path| path.extension().is_some_and(|suffix| suffix != "journal"));
    let torn = aside.flat_map(|path| fs::read(path).expect("kept aside")).collect();
    append(&journal, 7..8);
    drop(journal);
    assert_eq!(open(folder.path()).next(), next + 1, "it goes on");
    Ok((next, torn))
}

#[test]
fn a_flipped_bit_is_refused_wherever_it_is_and_nothing_is_cut_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let (sound, [begin, middle, end]) = two_groups(folder.path());
    let heads = (begin..begin + 32).chain(middle..middle + 32);
    for at in heads.chain((begin + 32..end).step_by(97)).chain([end - 1]) {
        let mut flipped = sound.clone();
        flipped[at as usize] ^= 1 << (at % 8);
        let told = opened(&flipped).expect_err("damage is told");
        let place = if at < middle { begin } else { middle };
        assert!(told.contains(&format!("at byte {place}:")), "byte {at}: {told}");
    }
    // Nor does one version become another.
    for bit in 0..8 * begin as usize {
        let mut flipped = sound.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let told = opened(&flipped).expect_err("damage is told");
        assert!(told.contains("is not a segment of it") || told.contains("has version"), "bit {bit}: {told}");
    }
}

#[test]
fn zeros_at_the_end_are_no_entries_and_are_cut_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let (sound, _) = two_groups(folder.path());
    for zeros in [1, 8, 24, 64, 4096, 8192] {
        let longer = [sound.as_slice(), &vec![0; zeros]].concat();
        assert_eq!(opened(&longer), Ok((6, vec![0; zeros])), "{zeros} zeros");
    }
}

#[test]
fn no_bytes_that_were_acknowledged_are_a_hole() {
    for byte in [0, 0xA5, 0xFE, 0xFF] {
        let folder = tempfile::tempdir().expect("a folder");
        let journal = open(folder.path());
        let mut same = entry(1);
        // What looks like a hole with one mask or another.
        same.rejects[0].bytes = [[0xFF; 1100], [byte; 1100]].concat();
        journal.append(&[(tenant(), Arc::new(same.clone()))]).expect("room on disk");
        let end = journal.bytes() as usize;
        drop(journal);
        assert_eq!(read(&open(folder.path()), 0), [(1, same)]);
        let sound = fs::read(only_segment(folder.path())).expect("a segment");
        for at in (12..end).step_by(97) {
            let mut flipped = sound.clone();
            flipped[at] ^= 2;
            assert!(opened(&flipped).expect_err("damage is told").contains("at byte 12:"), "byte {at}");
        }
    }
}

#[test]
fn a_hole_in_what_was_never_acknowledged_is_cut_off_and_one_in_what_was_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (sound, [begin, middle, end]) = two_groups(folder.path());
    let sectors: Vec<_> = (0..end).step_by(512).map(|at| at..(at + 512).min(end)).collect();
    for sector in &sectors {
        // Of the sector that both groups share only what came with the second one can be missing.
        for (part, acknowledged) in
            [(sector.start.max(begin)..sector.end.min(middle), true), (sector.start.max(middle)..sector.end, false)]
        {
            if part.is_empty() {
                continue;
            }
            let mut torn = sound.clone();
            torn[part.start as usize..part.end as usize].fill(0);
            match opened(&torn) {
                Ok((next, aside)) => {
                    assert!(!acknowledged, "{part:?}");
                    assert_eq!((next, aside), (3, torn[middle as usize..].to_vec()));
                }
                Err(told) => assert!(acknowledged && told.contains("at byte 12:"), "{part:?}: {told}"),
            }
        }
    }
    assert!(sectors.len() > 4);
}

/// Appends an entry of such a length that it ends at a byte of the file.
fn append_up_to(journal: &FileJournal, number: i64, end: u64) {
    let with = |bytes: u64| {
        let mut entry = entry(number);
        entry.rejects[0].bytes = vec![7; bytes as usize];
        [(tenant(), Arc::new(entry))]
    };
    let folder = tempfile::tempdir().expect("a folder");
    let trial = open(folder.path());
    let before = trial.bytes();
    trial.append(&with(200)).expect("room on disk");
    let more = end - journal.bytes() - (trial.bytes() - before);
    journal.append(&with(200 + more)).expect("room on disk");
    assert_eq!(journal.bytes(), end);
}

/// A disk may have written any of the sectors before the power was gone.
#[test]
fn whichever_sectors_of_the_last_entry_were_written_it_is_cut_off_unless_all_were() {
    // Heads of 24 bytes and the closing byte lie in a sector, across two, or alone in one.
    let places = [(0, 0), (1, 1), (100, 400), (487, 511), (488, 2), (489, 1), (500, 1), (511, 0)];
    for (from, until) in places.map(|(begin, end)| (2048 + begin, 4096 + end)) {
        let folder = tempfile::tempdir().expect("a folder");
        let journal = open(folder.path());
        append_up_to(&journal, 1, from);
        append_up_to(&journal, 2, until);
        drop(journal);
        let sound = fs::read(only_segment(folder.path())).expect("a segment");
        let (from, until) = (from as usize, until as usize);
        let sectors = (from / 512..until.div_ceil(512)).map(|n| (n * 512).max(from)..(n * 512 + 512).min(until));
        let sectors: Vec<_> = sectors.collect();
        assert!((3..7).contains(&sectors.len()), "{sectors:?}");
        for missing in 1_u32..1 << sectors.len() {
            let mut torn = sound.clone();
            let of_them = sectors.iter().enumerate().filter(|(place, _)| missing >> place & 1 == 1);
            of_them.for_each(|(_, sector)| torn[sector.clone()].fill(0));
            assert_eq!(opened(&torn), Ok((2, torn[from..].to_vec())), "{from} to {until} without {missing:b}");
        }
    }
}

#[test]
fn segments_follow_each_other_and_are_given_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = open(folder.path());
    for number in 1..=66 {
        let mut large = entry(number);
        large.rejects[0].bytes = vec![7; 1 << 20];
        journal.append(&[(tenant(), Arc::new(large))]).expect("room on disk");
    }
    let segment = |first: u64| folder.path().join(format!("{first:020}.journal"));
    journal.release(63).expect("nothing to do");
    assert!(segment(1).exists() && segment(65).exists());
    drop(journal);
    let journal = open(folder.path());
    assert_eq!(read(&journal, 62).iter().map(|(position, _)| *position).collect::<Vec<_>>(), [63, 64, 65, 66]);
    journal.release(64).expect("all of it has landed");
    assert!(!segment(1).exists());
    append(&journal, 67..68);
    drop(journal);
    assert_eq!(read(&FileJournal::open(folder.path(), 65).expect("a sound journal"), 64).len(), 3);
}

#[test]
fn a_segment_of_which_only_the_room_was_made_is_made_anew() {
    for bytes in [0, 7, 12] {
        assert_eq!(opened(&vec![0; bytes]), Ok((1, Vec::new())), "{bytes} bytes");
    }
}

#[test]
fn what_was_refused_and_is_still_there_is_cut_off_before_more_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let (sound, [_, middle, _]) = two_groups(folder.path());
    let path = only_segment(folder.path());
    fs::write(&path, &sound[..middle as usize]).expect("room on disk");
    let journal = open(folder.path());
    fs::write(&path, &sound).expect("room on disk");
    append(&journal, 3..4);
    drop(journal);
    assert_eq!(read(&open(folder.path()), 0).len(), 3);
}

/// A segment as the second version wrote it, whose entries stood as they are, and where each begins and ends.
fn of_the_second_version(segment: &[u8]) -> (Vec<u8>, Vec<std::ops::Range<usize>>) {
    let mut former = segment.to_vec();
    former[8..12].copy_from_slice(&2_u32.to_le_bytes());
    let number = |bytes: &[u8]| u32::from_le_bytes(bytes[..4].try_into().expect("four bytes"));
    let (mut at, mut position, mut places) = (12, 1_u64, Vec::new());
    while at < former.len() {
        let (mask, entries) = (former[at], number(&former[at..]) >> 8);
        former[at..at + 4].copy_from_slice(&entries.to_le_bytes());
        let summed = crc32fast::hash(&former[at..at + 20]);
        former[at + 20..at + 24].copy_from_slice(&summed.to_le_bytes());
        at += 24;
        for _ in 0..entries {
            let length = number(&former[at..]);
            let place = at + 8..at + 8 + length as usize;
            former[place.clone()].iter_mut().for_each(|byte| *byte ^= mask);
            let summed = [&position.to_le_bytes()[..], &length.to_le_bytes(), &former[place.clone()]].concat();
            former[at + 4..at + 8].copy_from_slice(&crc32fast::hash(&summed).to_le_bytes());
            at = place.end;
            position += 1;
            places.push(place);
        }
        at += 1;
    }
    (former, places)
}

/// A segment as the first version wrote it, without groups, and where each entry begins and ends.
fn of_the_first_version(segment: &[u8]) -> (Vec<u8>, Vec<usize>) {
    let (second, entries) = of_the_second_version(segment);
    let mut former = [&second[..8], &1_u32.to_le_bytes()].concat();
    let mut places = vec![former.len()];
    for entry in entries {
        former.extend_from_slice(&second[entry.start - 8..entry.start - 4]);
        former.extend_from_slice(&crc32fast::hash(&second[entry.clone()]).to_le_bytes());
        former.extend_from_slice(&second[entry]);
        places.push(former.len());
    }
    (former, places)
}

#[test]
fn a_segment_of_the_second_version_is_read_and_another_one_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let (former, entries) = of_the_second_version(&two_groups(folder.path()).0);
    let path = only_segment(folder.path());
    fs::write(&path, &former).expect("room on disk");
    let journal = open(folder.path());
    append(&journal, 6..8);
    drop(journal);
    assert_eq!(read(&open(folder.path()), 0), (1..8).map(|number| (number as u64, entry(number))).collect::<Vec<_>>());
    assert_eq!(fs::read(&path).expect("a segment"), former, "the next one is of this version");
    // Torn, it ends early, or has holes.
    let middle = entries[1].end + 1;
    let mut hole = former.clone();
    hole[(middle / 512 + 1) * 512..][..512].fill(0);
    for torn in [former[..former.len() - 5].to_vec(), hole] {
        assert_eq!(opened(&torn), Ok((3, torn[middle..].to_vec())));
    }
    assert_eq!(opened(&[former.as_slice(), &[0; 600]].concat()), Ok((6, vec![0; 600])));
    let mut flipped = former;
    flipped[middle + 40] ^= 1;
    assert!(opened(&flipped).expect_err("damage is told").contains(&format!("at byte {middle}:")));
}

#[test]
fn a_segment_of_the_first_version_is_read_and_another_one_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let (former, places) = of_the_first_version(&two_groups(folder.path()).0);
    let path = only_segment(folder.path());
    for (entries, end) in places.into_iter().enumerate() {
        for file in fs::read_dir(folder.path()).expect("a folder") {
            fs::remove_file(file.expect("a file").path()).expect("delete a segment");
        }
        fs::write(&path, &former[..end]).expect("room on disk");
        let journal = open(folder.path());
        append(&journal, 7..9);
        drop(journal);
        let numbers = (1..6).take(entries).chain(7..9);
        let expected: Vec<_> = (1..).zip(numbers.map(entry)).collect();
        assert_eq!(read(&open(folder.path()), 0), expected);
        assert_eq!(fs::read(&path).expect("a segment")[8] == 1, entries > 0, "the first version has entries alone");
    }
}

#[test]
fn the_end_of_a_segment_of_the_first_version_is_cut_off_where_no_entry_is_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let (former, places) = of_the_first_version(&two_groups(folder.path()).0);
    assert_eq!(opened(&former[..places[4] + 5]), Ok((5, former[places[4]..places[4] + 5].to_vec())));
    assert_eq!(opened(&former[..places[5] - 1]).map(|(next, _)| next), Ok(5));
    assert_eq!(opened(&[former.as_slice(), &[0; 4096]].concat()), Ok((6, vec![0; 4096])));
    for entry in 0..4 {
        let mut flipped = former.clone();
        flipped[places[entry] + 3] ^= 0x20;
        let told = opened(&flipped).expect_err("a flipped bit of a length");
        assert!(told.contains(&format!("at byte {}:", places[entry])), "{told}");
    }
}

#[test]
fn a_segment_that_could_not_be_made_keeps_nobody_from_making_it_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let (former, _) = of_the_first_version(&two_groups(folder.path()).0);
    fs::write(only_segment(folder.path()), former).expect("room on disk");
    let journal = open(folder.path());
    // What is left where neither its head could be written nor the file be deleted.
    fs::write(folder.path().join(format!("{:020}.journal", 6)), b"METR").expect("room on disk");
    append(&journal, 6..7);
    drop(journal);
    assert_eq!(open(folder.path()).next(), 7);
}
