//! The files of a log: how they are named, where what is in them ends, and their lines.
//!
//! Room is written ahead as zeros, so what stands in a file ends where nothing but zeros follow.

use std::fs::{self, File};
use std::io::{self as stdio, BufRead, BufReader, ErrorKind, Read, Take};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use metrify_application::{Result, io};

use crate::line::LINE_BYTES_MAX;

const SUFFIX: &str = "ndjson";
/// Bytes that are looked at together.
const PIECE_BYTES: u64 = 64 << 10;

/// A segment is named by the number of its first entry.
pub(crate) fn name(first: u64) -> String {
    format!("{first:012}.{SUFFIX}")
}

pub(crate) fn path(folder: &Path, first: u64) -> PathBuf {
    folder.join(name(first))
}

/// The numbers of the first entries of all segments in order; none where there is no folder.
pub(crate) fn firsts(folder: &Path) -> Result<Vec<u64>> {
    let mut firsts = Vec::new();
    for file in names(folder)? {
        let first =
            file.strip_suffix(SUFFIX).and_then(|stem| stem.strip_suffix('.')).and_then(|stem| stem.parse().ok());
        firsts.extend(first.filter(|first| name(*first) == file));
    }
    firsts.sort_unstable();
    Ok(firsts)
}

/// The names of all files in a folder; none where there is no folder.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>> {
    let step = || format!("read folder `{}`", folder.display());
    let files = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        files => files.map_err(|error| io(step(), error))?,
    };
    let mut names = Vec::new();
    for file in files {
        names.extend(file.map_err(|error| io(step(), error))?.file_name().into_string());
    }
    Ok(names)
}

/// Where what stands in a file ends, and zeros follow until `length`.
pub(crate) fn content_end(file: &File, length: u64) -> stdio::Result<u64> {
    let mut piece = Vec::new();
    let mut end = length;
    while end > 0 {
        let begin = end.saturating_sub(PIECE_BYTES);
        piece.resize((end - begin) as usize, 0);
        file.read_exact_at(&mut piece, begin)?;
        if let Some(last) = piece.iter().rposition(|byte| *byte != 0) {
            return Ok(begin + last as u64 + 1);
        }
        end = begin;
    }
    Ok(0)
}

/// The first byte from `begin` on that is not zero, if there is one before `length`.
pub(crate) fn first_content(file: &File, begin: u64, length: u64) -> stdio::Result<Option<u64>> {
    let mut piece = Vec::new();
    let mut at = begin;
    while at < length {
        piece.resize((length - at).min(PIECE_BYTES) as usize, 0);
        file.read_exact_at(&mut piece, at)?;
        if let Some(first) = piece.iter().position(|byte| *byte != 0) {
            return Ok(Some(at + first as u64));
        }
        at += piece.len() as u64;
    }
    Ok(None)
}

/// The lines of a file, one after the other.
pub(crate) struct Lines {
    reader: Take<BufReader<File>>,
    /// Where the next line begins.
    pub(crate) at: u64,
    /// Its number in the file, from 1.
    pub(crate) line: u64,
    /// Where the last one ends.
    pub(crate) end: u64,
}

impl Lines {
    /// Up to `end`, or to the end of what stands in the file.
    pub(crate) fn open(path: &Path, end: Option<u64>) -> Result<Self> {
        let step = || format!("read `{}`", path.display());
        let file = File::open(path).map_err(|error| io(step(), error))?;
        let length = file.metadata().map_err(|error| io(step(), error))?.len();
        let end = match end {
            Some(end) => end.min(length),
            None => content_end(&file, length).map_err(|error| io(step(), error))?,
        };
        let reader = BufReader::with_capacity(PIECE_BYTES as usize, file).take(end);
        Ok(Self { reader, at: 0, line: 1, end })
    }

    /// Reads the next line into `bytes`, without its line feed; tells whether it had one. What is longer than any line
    /// can be comes in pieces. `None` at the end.
    pub(crate) fn next(&mut self, bytes: &mut Vec<u8>) -> stdio::Result<Option<bool>> {
        bytes.clear();
        let read = (&mut self.reader).take(LINE_BYTES_MAX as u64).read_until(b'\n', bytes)?;
        if read == 0 {
            return Ok(None);
        }
        self.at += read as u64;
        self.line += 1;
        let finished = bytes.last() == Some(&b'\n');
        if finished {
            bytes.pop();
        }
        Ok(Some(finished))
    }
}
