//! The bytes of a delivery: few are held in memory, more of them lie in a file. They are looked at once, on the way in.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use metrify_formats::HEAD_BYTES;
use sha2::{Digest, Sha256};
use tempfile::{NamedTempFile, TempPath};

use crate::error::{Error, Kind, Result, io as io_error};
use crate::record::{DeliveryId, Fingerprint};

/// Bytes of a delivery that are held in memory at most: with what was read of its body meanwhile and with its head, a thousand
/// deliveries at once take half a gigabyte.
const HELD_BYTES_MAX: usize = 128 << 10;
/// Bytes of a file that are looked at in one piece.
const READ_BYTES: usize = 256 << 10;

/// Where the bytes of a delivery are.
#[derive(Clone, Debug)]
pub enum Content {
    Memory(Bytes),
    /// In somebody's file.
    File(PathBuf),
    /// In a file of ours, which goes with the last who needs it.
    Spooled(Arc<TempPath>),
    /// In a file of ours, which stays until its upload is received.
    Uploaded(PathBuf),
}

impl Content {
    /// # Errors
    /// Where the file cannot be opened.
    pub fn open(&self) -> Result<Opened> {
        let path: &Path = match self {
            Self::Memory(bytes) => return Ok(Opened::Memory(Cursor::new(bytes.clone()))),
            Self::File(path) | Self::Uploaded(path) => path,
            Self::Spooled(path) => path,
        };
        File::open(path).map(Opened::File).map_err(|error| io_error(self.step(), error))
    }

    /// What is done with it, for errors.
    #[must_use]
    pub fn step(&self) -> String {
        match self {
            Self::File(path) => format!("read `{}`", path.display()),
            Self::Memory(_) | Self::Spooled(_) | Self::Uploaded(_) => "read the delivery".to_owned(),
        }
    }

    /// Reads the bytes once, in pieces, for their digest, their number and their beginning.
    pub(super) fn look(&self) -> Result<Seen> {
        if let Self::File(path) = self {
            // A pipe or a device may never end, nor begin.
            let metadata = std::fs::metadata(path).map_err(|error| io_error(self.step(), error))?;
            if !metadata.file_type().is_file() {
                return Err(Error::new(Kind::NotFound, format!("{}: it is no regular file", self.step())));
            }
        }
        let (mut reader, mut look) = (self.open()?, Look::default());
        let mut piece = vec![0; READ_BYTES];
        loop {
            match reader.read(&mut piece) {
                Ok(0) => return Ok(look.seen()),
                Ok(read) => look.see(&piece[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(io_error(self.step(), error)),
            }
        }
    }
}

/// The bytes of a delivery, from their beginning.
#[derive(Debug)]
pub enum Opened {
    Memory(Cursor<Bytes>),
    File(File),
}

impl Read for Opened {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Memory(bytes) => bytes.read(into),
            Self::File(file) => file.read(into),
        }
    }
}

impl Seek for Opened {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::Memory(bytes) => bytes.seek(to),
            Self::File(file) => file.seek(to),
        }
    }
}

/// What one look through the bytes tells.
#[derive(Clone, Debug)]
pub struct Seen {
    pub id: DeliveryId,
    /// Of the bytes, where the delivery is not named for them alone.
    pub digest: Option<Fingerprint>,
    pub bytes: u64,
    pub head: Vec<u8>,
}

#[derive(Default)]
struct Look {
    digest: Sha256,
    bytes: u64,
    head: Vec<u8>,
}

impl Look {
    fn see(&mut self, piece: &[u8]) {
        self.digest.update(piece);
        let room = HEAD_BYTES - self.head.len();
        self.head.extend_from_slice(&piece[..piece.len().min(room)]);
        self.bytes += piece.len() as u64;
    }

    fn seen(self) -> Seen {
        let id = DeliveryId::from_digest(&self.digest.finalize());
        Seen { id, digest: None, bytes: self.bytes, head: self.head }
    }
}

/// A delivery whose bytes come in.
pub struct Arriving {
    spool: PathBuf,
    look: Look,
    held: Vec<u8>,
    file: Option<NamedTempFile>,
}

impl Arriving {
    /// What does not fit into memory goes to a file in the folder `spool`.
    #[must_use]
    pub fn new(spool: &Path) -> Self {
        Self { spool: spool.to_owned(), look: Look::default(), held: Vec::new(), file: None }
    }

    /// Whether so many bytes more are held in memory, so that nothing waits for a disk.
    #[must_use]
    pub fn holds(&self, bytes: usize) -> bool {
        self.file.is_none() && self.held.len() + bytes <= HELD_BYTES_MAX
    }

    /// # Errors
    /// Where the file cannot be made or written.
    pub fn push(&mut self, piece: &[u8]) -> io::Result<()> {
        self.look.see(piece);
        if self.holds(piece.len()) {
            self.held.extend_from_slice(piece);
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let file = none.insert(NamedTempFile::new_in(&self.spool)?);
                file.write_all(&std::mem::take(&mut self.held))?;
                file
            }
        };
        file.write_all(piece)
    }

    /// Everything has come.
    #[must_use]
    pub fn arrived(self) -> (Content, Seen) {
        let content = match self.file {
            // The file itself is written to without a buffer: there is nothing left to flush.
            Some(file) => Content::Spooled(Arc::new(file.into_temp_path())),
            None => Content::Memory(self.held.into()),
        };
        (content, self.look.seen())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_arrives_is_what_was_sent_wherever_it_lies() -> Result<()> {
        let folder = tempfile::tempdir().expect("a folder");
        for (length, in_memory) in [(0, true), (HELD_BYTES_MAX, true), (HELD_BYTES_MAX + 1, false)] {
            let sent: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
            let mut arriving = Arriving::new(folder.path());
            sent.chunks(1_000).try_for_each(|piece| arriving.push(piece)).expect("room");
            let (content, seen) = arriving.arrived();
            assert_eq!(matches!(content, Content::Memory(_)), in_memory);
            let mut read = Vec::new();
            content.open()?.read_to_end(&mut read).expect("what was sent");
            assert_eq!(read, sent);
            let again = content.look()?;
            assert_eq!((seen.id, seen.bytes, seen.head), (again.id, again.bytes, again.head));
            assert_eq!(again.bytes, length as u64);
            drop(content);
            assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing is left behind");
        }
        Ok(())
    }
}
