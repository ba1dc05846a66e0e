//! The number and hash of the last entry that was on the disk when a log was closed or began a segment.
//!
//! A chain does not tell what was cut off its end. The file `head` does; one that a log did not fit when it was opened
//! is kept beside it as `head-<number>`, so that what is missing stays missing however long the log grows.

use std::fs::{self, File};
use std::io::{self as stdio, ErrorKind, Write};
use std::path::Path;

use metrify_application::{Result, io};
use serde::{Deserialize, Serialize};

use crate::line::Hash;
use crate::segment;

/// Of the form of the file.
const VERSION: u32 = 1;
const NAME: &str = "head";
/// A head that is being written, and counts for nothing.
const UNFINISHED: &str = "unfinished-head";
/// No head is longer.
const BYTES_MAX: u64 = 4 << 10;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    version: u32,
    number: u64,
    hash: String,
}

/// What a file says that the log holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Head {
    pub(crate) file: String,
    pub(crate) number: u64,
    pub(crate) hash: Hash,
}

/// All heads of a log; where one says nothing that means something, its name instead.
pub(crate) fn all(folder: &Path) -> Result<Vec<Result<Head, String>>> {
    let mut heads = Vec::new();
    for file in segment::names(folder)? {
        if file == NAME || file.starts_with("head-") {
            let bytes = read(&folder.join(&file)).map_err(|error| io(format!("read `{file}`"), error))?;
            heads.push(understood(&file, &bytes).ok_or(file));
        }
    }
    Ok(heads)
}

fn read(path: &Path) -> stdio::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stdio::Read::read_to_end(&mut stdio::Read::take(File::open(path)?, BYTES_MAX), &mut bytes)?;
    Ok(bytes)
}

fn understood(file: &str, bytes: &[u8]) -> Option<Head> {
    let told: Told = serde_json::from_slice(bytes).ok()?;
    let hash = Hash::from_hex(told.hash.as_bytes())?;
    // Nothing in it may change unseen, the spaces of its JSON neither.
    let same = write_text(told.number, hash).ok()?.as_bytes() == bytes;
    same.then(|| Head { file: file.to_owned(), number: told.number, hash })
}

fn write_text(number: u64, hash: Hash) -> stdio::Result<String> {
    let told = Told { version: VERSION, number, hash: hash.hex() };
    Ok(serde_json::to_string(&told)? + "\n")
}

/// Says that the log holds an entry; the one before stays until the new one is whole.
pub(crate) fn write(folder: &Path, number: u64, hash: Hash) -> stdio::Result<()> {
    let unfinished = folder.join(UNFINISHED);
    let mut file = File::create(&unfinished)?;
    file.write_all(write_text(number, hash)?.as_bytes())?;
    file.sync_all()?;
    fs::rename(unfinished, folder.join(NAME))?;
    File::open(folder)?.sync_all()
}

/// Where a log ends otherwise than its head says, the head is put aside and stays. Tells whether the log was closed as
/// it is.
pub(crate) fn compare(folder: &Path, number: u64, hash: Hash) -> Result<bool> {
    let path = folder.join(NAME);
    let bytes = match read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        bytes => bytes.map_err(|error| io(format!("read `{}`", path.display()), error))?,
    };
    let head = understood(NAME, &bytes);
    let fits = |head: &Head| head.number < number || (head.number == number && head.hash == hash);
    if let Some(head) = head.as_ref().filter(|head| fits(head)) {
        return Ok(head.number == number);
    }
    let aside = folder.join(head.map_or_else(|| format!("{NAME}-unknown"), |head| format!("{NAME}-{}", head.number)));
    let (head, kept) = (path.display(), aside.display());
    tracing::warn!(%head, %kept, "the audit log does not end as it did when it was closed");
    fs::rename(&path, &aside).map_err(|error| io(format!("put `{}` aside", path.display()), error))?;
    Ok(false)
}
