//! What a data file says as a file of its own: the chunks, then what is told of them, then its length and checksum.

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use metrify_application::{Error, Kind, Result, io as io_error};

use super::chunk::{CHECKSUM_BYTES, seal, unsealed};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Held;
use crate::table::FileFacts;

/// The last bytes of such a file; another form has another number.
const MAGIC: &[u8; 8] = b"MTFHELD3";
/// Length and checksum of what is told, and [`MAGIC`].
const END_BYTES: usize = size_of::<u64>() + CHECKSUM_BYTES + MAGIC.len();

/// Where the chunks lie.
pub(super) enum Lain {
    OnDisk(PathBuf, File),
    /// Where they are too few for a file, or the disk took none.
    InMemory(Bytes),
}

impl Lain {
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::OnDisk(..) => 0,
            Self::InMemory(bytes) => bytes.len(),
        }
    }

    /// Some of the bytes of the chunks.
    pub(super) fn read(&self, place: Range<u32>) -> Result<Bytes> {
        match self {
            Self::OnDisk(path, file) => {
                let mut bytes = vec![0; place.len()];
                let read = file.read_exact_at(&mut bytes, u64::from(place.start));
                read.map_err(|error| io_error(format!("read `{}`", path.display()), error))?;
                Ok(bytes.into())
            }
            Self::InMemory(bytes) => {
                let (begin, end) = (place.start as usize, place.end as usize);
                if begin > end || end > bytes.len() {
                    return Err(Error::new(Kind::Corrupt, "read what a data file says: it ends before"));
                }
                Ok(bytes.slice(begin..end))
            }
        }
    }

    /// What its bytes are called.
    pub(super) fn name(&self) -> String {
        match self {
            Self::OnDisk(path, _) => path.display().to_string(),
            Self::InMemory(_) => "memory".to_owned(),
        }
    }
}

/// The file's bytes, of its chunks and what is told of them.
pub(super) fn encode(mut chunks: Vec<u8>, told: &impl Serialize) -> Result<Bytes> {
    let begin = chunks.len();
    let mut bytes = postcard::to_extend(told, std::mem::take(&mut chunks))
        .map_err(|error| Error::new(Kind::Internal, "keep what a data file says").because(error))?;
    let length = (bytes.len() - begin) as u64;
    bytes.extend(length.to_le_bytes());
    seal(&mut bytes, begin);
    bytes.extend(MAGIC);
    Ok(bytes.into())
}

/// Reads from its end what is told; `None` where that is nothing of ours, or damaged.
fn decode<T: DeserializeOwned>(length: u64, read: impl Fn(&mut [u8], u64) -> io::Result<()>) -> io::Result<Option<T>> {
    let mut end = [0; END_BYTES];
    let Some(place) = length.checked_sub(END_BYTES as u64) else { return Ok(None) };
    read(&mut end, place)?;
    let Some((told_bytes, rest)) = end.split_first_chunk() else { return Ok(None) };
    let told_bytes = u64::from_le_bytes(*told_bytes);
    let Some(begin) = place.checked_sub(told_bytes).filter(|_| rest.ends_with(MAGIC)) else { return Ok(None) };
    let mut bytes = vec![0; (length - begin) as usize - MAGIC.len()];
    read(&mut bytes, begin)?;
    // The length stands behind what is told, under the same checksum.
    let told = unsealed(&bytes).and_then(|bytes| postcard::take_from_bytes(bytes).ok().map(|(told, _)| told));
    Ok(told)
}

/// What is kept of a data file; `None` where nothing is, or nothing that can be used.
pub(super) fn open(path: &Path, facts: &FileFacts) -> Option<Held> {
    let (told, lain) = opened(path)?;
    Held::new(told, lain).filter(|held| held.is_of(facts))
}

/// What is told in a file that was encoded, and where the rest of it lies; `None` as for [`open`].
pub(super) fn opened<T: DeserializeOwned>(path: &Path) -> Option<(T, Lain)> {
    let opened = || -> io::Result<Option<(T, File)>> {
        let file = File::open(path)?;
        let told = decode(file.metadata()?.len(), |bytes, place| file.read_exact_at(bytes, place))?;
        Ok(told.map(|told| (told, file)))
    };
    match opened() {
        Ok(Some((told, file))) => Some((told, Lain::OnDisk(path.to_owned(), file))),
        Ok(None) => {
            tracing::warn!(path = %path.display(), "damaged; it is made again from the lake once it is needed");
            if let Err(error) = std::fs::remove_file(path) {
                tracing::warn!(path = %path.display(), %error, "cannot be deleted");
            }
            None
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "cannot be read; it is made again from the lake once it is needed");
            None
        }
    }
}

/// Writes such a file as a whole or not at all.
pub(super) fn write(path: &Path, bytes: &Bytes) -> io::Result<()> {
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let unfinished = path.with_extension(format!("{}.unfinished", WRITTEN.fetch_add(1, Ordering::Relaxed)));
    let written = || {
        let mut file = File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        std::fs::rename(&unfinished, path)
    };
    written().inspect_err(|_| drop(std::fs::remove_file(&unfinished)))
}

/// What was encoded, where no disk takes it.
pub(super) fn in_memory(bytes: &Bytes) -> Option<Held> {
    let read = |into: &mut [u8], place: u64| {
        let found = bytes.get(place as usize..place as usize + into.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        into.copy_from_slice(found);
        Ok(())
    };
    let told = decode(bytes.len() as u64, read).ok().flatten()?;
    Held::new(told, Lain::InMemory(bytes.clone()))
}
