//! The bytes of a segment one after the other, and where they stop making sense.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use metrify_application::record::Position;
use metrify_application::{Result, io};

use super::ENTRY_HEAD_BYTES;

/// Takes entries, each with its position.
pub(crate) type Each<'e> = &'e mut dyn FnMut(Position, &[u8]) -> Result<()>;

pub(super) struct Source<'s> {
    path: &'s Path,
    file: BufReader<&'s File>,
    at: u64,
    length: u64,
    taken: Vec<u8>,
}

impl<'s> Source<'s> {
    /// The first `length` bytes of a file.
    pub(super) fn new(path: &'s Path, file: &'s File, length: u64) -> Result<Self> {
        let mut file = BufReader::with_capacity(1 << 20, file);
        let step = || format!("read journal segment `{}`", path.display());
        file.seek(SeekFrom::Start(0)).map_err(|error| io(step(), error))?;
        Ok(Self { path, file, at: 0, length, taken: Vec::new() })
    }

    pub(super) const fn at(&self) -> u64 {
        self.at
    }

    pub(super) const fn left(&self) -> u64 {
        self.length - self.at
    }

    /// The next bytes, of which so many have to be left.
    pub(super) fn take(&mut self, bytes: usize) -> Result<&mut [u8]> {
        self.taken.resize(bytes, 0);
        let read = self.file.read_exact(&mut self.taken);
        read.map_err(|error| io(format!("read journal segment `{}`", self.path.display()), error))?;
        self.at += bytes as u64;
        Ok(&mut self.taken)
    }

    /// The length of an entry and its checksum.
    pub(super) fn take_entry_head(&mut self) -> Result<(u32, u32)> {
        let head = self.take(ENTRY_HEAD_BYTES)?;
        let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        Ok((number(0), number(4)))
    }

    /// What began at a byte goes on beyond the end.
    pub(super) const fn cut_off(&self, at: u64, what: String) -> Damage {
        Damage { at, behind: self.length, what, is_cut_off: true }
    }
}

/// Where a segment stops making sense.
pub(crate) struct Damage {
    pub(super) at: u64,
    /// Where something may stand that was written later.
    pub(super) behind: u64,
    pub(super) what: String,
    /// Nothing comes after it: a crash while writing explains it.
    pub(super) is_cut_off: bool,
}

impl Damage {
    pub(super) const fn at(at: u64, behind: u64, what: String) -> Self {
        Self { at, behind, what, is_cut_off: false }
    }
}

/// Whether a sector of `bytes`, which stand at a byte of a file, has nothing but zeros: the file has been made longer, and what
/// belongs there was never written. Where a bit has flipped all sectors have something.
pub(super) fn has_hole(at: u64, bytes: &[u8]) -> bool {
    const SECTOR: usize = 512;
    let is_zero = |part: &[u8]| !part.is_empty() && part.iter().all(|byte| *byte == 0);
    let to_next = SECTOR - (at % SECTOR as u64) as usize;
    let (first, rest) = bytes.split_at(to_next.min(bytes.len()));
    is_zero(first) || rest.chunks(SECTOR).any(is_zero)
}
