//! What a hostile world makes of good files: cut off, with flipped bits, with parts told twice or in another order. Nothing panics,
//! every problem has its reason and its cost, and what is not understood is bounded by the bytes that came.
#![allow(clippy::expect_used, clippy::panic, reason = "what a helper of a test expects, the test expects")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use metrify_formats::limits::REJECT_BYTES_MAX;
use metrify_formats::{Decoded, Decoder, Detected, Format, Head, detect};

use crate::support;

/// Changed copies of each file of our own: cuts (at every byte where it has no more), flips, and parts moved.
const OWN: [usize; 3] = [2_000, 500, 200];
/// The same for each public file.
const PUBLIC: [usize; 3] = [100, 40, 20];
/// Larger files are changed in their beginning.
const BYTES_MAX: usize = 16 << 10;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// A seeded sequence: the same changes in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % end.max(1) as u64) as usize
    }
}

fn changed(bytes: &[u8], [cuts, flips, moves]: [usize; 3], chance: &mut Chance) -> Vec<Vec<u8>> {
    let length = bytes.len();
    let every = length <= cuts;
    let mut copies: Vec<Vec<u8>> =
        (0..cuts.min(length)).map(|at| bytes[..if every { at } else { chance.below(length) }].to_vec()).collect();
    for _ in 0..flips {
        let mut copy = bytes.to_vec();
        for _ in 0..=chance.below(3) {
            let at = chance.below(length);
            copy[at] ^= 1 << chance.below(8);
        }
        copies.push(copy);
    }
    for _ in 0..moves {
        let (one, other) = (chance.below(length), chance.below(length));
        let (from, to) = (one.min(other), one.max(other));
        let part = &bytes[from..to];
        // Told twice, left out, or told before what stood before it.
        copies.push(match chance.below(3) {
            0 => [&bytes[..to], part, &bytes[to..]].concat(),
            1 => [&bytes[..from], &bytes[to..]].concat(),
            _ => [part, &bytes[..from], &bytes[to..]].concat(),
        });
    }
    copies
}

fn check(decoded: &[Decoded], bytes: usize) {
    for problem in decoded.iter().flat_map(|piece| &piece.problems) {
        assert!(!problem.reason.is_empty() && problem.readings >= 1, "{problem:?}");
        assert!(problem.bytes.len() <= REJECT_BYTES_MAX && problem.prelude.len() <= REJECT_BYTES_MAX);
    }
    let problems: usize = decoded.iter().map(|piece| piece.problems.len()).sum();
    assert!(problems <= bytes + 1, "{bytes} bytes make {problems} problems");
}

fn abuse(path: &Path, times: [usize; 3]) {
    let mut bytes = std::fs::read(path).expect("a sample");
    let Detected::One(format) = detect(&Head::new(&bytes)) else { return };
    if bytes.is_empty() || Decoder::new(format, &support::options()).is_none() {
        return;
    }
    // An archive is read by its end.
    if !bytes.starts_with(b"PK") {
        bytes.truncate(BYTES_MAX);
    }
    let mut chance = Chance(bytes.len() as u64);
    for copy in changed(&bytes, times, &mut chance) {
        let read = |format: Format| support::decode(format, &copy, &support::options(), 1 + copy.len() / 2);
        let read = catch_unwind(AssertUnwindSafe(|| check(&read(format), copy.len())));
        assert!(read.is_ok(), "{} as {format}, changed: {copy:02x?}", path.display());
    }
}

#[test]
fn own_samples_that_are_damaged_cost_what_is_damaged_and_never_panic() {
    let mut found = Vec::new();
    files(&root().join("samples"), &mut found);
    assert!(found.len() > 30, "the samples are there");
    found.iter().for_each(|path| abuse(path, OWN));
}

#[test]
fn public_samples_that_are_damaged_never_panic() {
    let folder = root().join("../shared/samples");
    if !folder.is_dir() {
        return support::skipped("no samples beside the project, so none is damaged");
    }
    let mut found = Vec::new();
    files(&folder, &mut found);
    found.iter().for_each(|path| abuse(path, PUBLIC));
}
