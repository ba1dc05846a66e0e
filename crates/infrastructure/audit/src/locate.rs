//! Where in a line the first byte changed.
//!
//! A hash tells that something changed and not where, so it is tried: what would have to be changed back for the hash
//! to fit?

use std::ops::Range;

use sha2::{Digest, Sha256};

use crate::line::{Hash, MARK, SEAL_BYTES, is_whole, seal, split};

/// Bytes that are hashed for one kind of change at most, about a second's worth; in a line for which that is too
/// little, its changes are not looked for.
const HASHED_BYTES_MAX: u64 = 1 << 30;

/// What changed, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Change {
    /// From the beginning of the line.
    pub(crate) at: usize,
    pub(crate) reason: &'static str,
}

/// Looks for the change in a line that is not what was written; `behind` is the line that follows it.
pub(crate) fn change(line: &[u8], behind: &[u8]) -> Option<Change> {
    // Where a byte became a line feed, what follows belongs to the line.
    let joined = [line, b"\n", behind].concat();
    let named = named_before(behind);
    let in_seal = |line| in_seal(line, named).map(|at| found(at, "the hash of the entry was changed"));
    let found = behind_whole(line).or_else(|| in_seal(line)).or_else(|| in_seal(&joined));
    found.or_else(|| in_body(line)).or_else(|| in_body(&joined))
}

/// What can be told of a line whose change is not found.
pub(crate) fn reason(line: &[u8], behind: &[u8]) -> &'static str {
    match split(line) {
        Some((_, stated)) if named_before(behind) == Some(stated) => {
            "the entry was changed: the one behind it names the hash that is stated"
        }
        Some(_) => "the entry does not fit its hash",
        None => "the line does not end in a hash",
    }
}

const fn found(at: usize, reason: &'static str) -> Change {
    Change { at, reason }
}

/// The end of a whole entry that has something else behind it than a line feed.
pub(crate) fn behind_whole(line: &[u8]) -> Option<Change> {
    let marks = line.windows(MARK.len()).enumerate().filter(|(_, bytes)| *bytes == MARK);
    let ends = marks.map(|(at, _)| at + SEAL_BYTES);
    let whole = ends.filter(|end| *end <= line.len()).find(|end| is_whole(&line[..*end]))?;
    Some(found(whole, "no line feed stands behind the entry"))
}

/// The hash that a line names as that of the one before it, by its place.
fn named_before(line: &[u8]) -> Option<Hash> {
    let (body, _) = split(line)?;
    let (_, named) = body.strip_suffix(b"\"")?.split_last_chunk::<64>()?;
    Hash::from_hex(named)
}

/// The first byte that differs from the hash that the rest of the line has, where one byte makes the difference, or
/// where the next line confirms the rest.
fn in_seal(line: &[u8], named: Option<Hash>) -> Option<usize> {
    // As long as it was written, one byte longer, one byte shorter.
    for bytes in [SEAL_BYTES, SEAL_BYTES + 1, SEAL_BYTES - 1] {
        let (body, stated) = line.split_at(line.len().checked_sub(bytes)?);
        let hash = Hash::of(body);
        let right = seal(hash);
        let same = |pair: &(&u8, &u8)| pair.0 == pair.1;
        let front = stated.iter().zip(&right).take_while(same).count();
        let back = stated.iter().rev().zip(right.iter().rev()).take_while(same).count();
        let is_one = front + back + 1 >= stated.len().max(right.len());
        if is_one || (bytes == SEAL_BYTES && named == Some(hash)) {
            return Some(body.len() + front);
        }
    }
    None
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edit {
    Replace,
    Remove,
    Insert,
}

/// The one byte that has to be changed back for the line to fit its hash.
fn in_body(line: &[u8]) -> Option<Change> {
    let (body, stated) = split(line)?;
    // These are escaped in JSON, so one of them is the change; two are more than one change.
    let odd: Vec<usize> = body.iter().enumerate().filter(|(_, byte)| **byte < b' ').map(|(at, _)| at).collect();
    let places = match odd[..] {
        [] => 0..body.len(),
        [at] => at..at + 1,
        [_, _, ..] => return None,
    };
    // What disks and memory do, then what people do.
    let trials = [
        Trial { edit: Edit::Replace, values: |byte| (0..8).map(|bit| byte ^ 1 << bit).collect() },
        Trial { edit: Edit::Replace, values: |_| ascii().collect() },
        Trial { edit: Edit::Remove, values: |_| vec![0] },
        Trial { edit: Edit::Insert, values: |_| ascii().collect() },
        Trial { edit: Edit::Replace, values: |_| beyond_ascii().collect() },
        Trial { edit: Edit::Insert, values: |_| beyond_ascii().collect() },
    ];
    let sensible = trials.into_iter().filter(|trial| trial.edit != Edit::Insert || odd.is_empty());
    { sensible }.find_map(|trial| Some(found(trial.run(body, stated, places.clone())?, trial.edit.reason())))
}

impl Edit {
    /// What must have been done where it makes a line whole again.
    const fn reason(self) -> &'static str {
        match self {
            Self::Replace => "a byte of the entry was changed",
            Self::Remove => "a byte was put into the entry",
            Self::Insert => "a byte was taken out of the entry",
        }
    }
}

/// One kind of change, and the bytes that may have stood where another one stands.
struct Trial {
    edit: Edit,
    values: fn(u8) -> Vec<u8>,
}

impl Trial {
    /// The first of some places at which it makes the hash fit.
    fn run(&self, body: &[u8], stated: Hash, places: Range<usize>) -> Option<usize> {
        let (places, skipped) = match self.edit {
            Edit::Replace | Edit::Remove => (places, 1),
            Edit::Insert => (places.start..places.end + 1, 0),
        };
        let hashed = places.len() as u64 * (self.values)(0).len() as u64 * (body.len() as u64 / 2 + 64);
        if hashed > HASHED_BYTES_MAX {
            return None;
        }
        let mut before = Sha256::new();
        before.update(&body[..places.start]);
        for at in places {
            let byte = body.get(at..=at).unwrap_or_default();
            let values = (self.values)(byte.first().copied().unwrap_or_default());
            let fits = |value: u8| {
                let mut hasher = before.clone();
                if self.edit != Edit::Remove {
                    hasher.update([value]);
                }
                hasher.update(&body[at + skipped..]);
                hasher.finalize()[..] == stated.0
            };
            if values.into_iter().any(fits) {
                return Some(at);
            }
            before.update(byte);
        }
        None
    }
}

/// The bytes that entries are made of: nearly all of them, and the others in names of other alphabets.
fn ascii() -> Range<u8> {
    b' '..0x80
}

fn beyond_ascii() -> Range<u8> {
    0x80..0xf5
}
