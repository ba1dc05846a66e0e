//! The ingest log on local disk: segments of checksummed entries, synced before they count.
//!
//! A segment is a file named for its first position. It opens with a signature and a version; each entry is its length, the
//! CRC-32 of its bytes, and the bytes. An entry that a crash left unfinished at the end is cut off (and kept aside); damage
//! anywhere else is refused with its place.

mod codec;
mod segment;
mod wire;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrify_application::ports::Journal;
use metrify_application::record::{Accepted, Position};
use metrify_application::{Error, Kind, Result, Tenant, io};

use crate::segment::Segment;

/// A segment is closed once it is this large.
const SEGMENT_BYTES_MAX: u64 = 64 << 20;

/// The embedded journal: one writer, one folder.
pub struct FileJournal {
    folder: PathBuf,
    segments: Mutex<Vec<Segment>>,
    syncs: AtomicU64,
}

impl FileJournal {
    /// Opens the journal in `folder`, or makes it. `next` is the position of the first entry where it is new.
    ///
    /// # Errors
    /// Where the folder cannot be read or written, or a segment is damaged other than at its very end.
    pub fn open(folder: &Path, next: Position) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|error| io(format!("make folder `{}`", folder.display()), error))?;
        let mut firsts = segment::firsts(folder)?;
        firsts.sort_unstable();
        let mut segments = Vec::new();
        for (index, first) in firsts.iter().enumerate() {
            let segment = Segment::open(folder, *first, index + 1 == firsts.len())?;
            if let Some(next) = firsts.get(index + 1)
                && segment.next() != *next
            {
                let gap = format!("open the journal: entries {} to {} are missing", segment.next(), next - 1);
                return Err(Error::new(Kind::Corrupt, gap));
            }
            segments.push(segment);
        }
        if segments.is_empty() {
            segments.push(Segment::create(folder, next)?);
        }
        Ok(Self { folder: folder.to_owned(), segments: Mutex::new(segments), syncs: AtomicU64::new(0) })
    }

    fn segments(&self) -> MutexGuard<'_, Vec<Segment>> {
        // A panic elsewhere leaves the list as it was: it changes only after the file did.
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that the segments take on disk.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.segments().iter().map(Segment::bytes).sum()
    }
}

fn next_of(segments: &[Segment]) -> Position {
    segments.last().map_or(1, Segment::next)
}

impl Journal for FileJournal {
    fn next(&self) -> Position {
        next_of(&self.segments())
    }

    fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }

    fn append(&self, entries: &[(Tenant, Arc<Accepted>)]) -> Result<()> {
        let encoded: Vec<Vec<u8>> = entries.iter().map(|(tenant, entry)| codec::encode(tenant, entry)).collect();
        let mut segments = self.segments();
        if segments.last().is_none_or(|segment| segment.bytes() >= SEGMENT_BYTES_MAX) {
            let next = next_of(&segments);
            segments.push(Segment::create(&self.folder, next)?);
        }
        match segments.last_mut() {
            Some(segment) => {
                segment.append(&encoded)?;
                self.syncs.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            None => Err(Error::new(Kind::Internal, "append to the journal: it has no segment")),
        }
    }

    fn replay(&self, after: Position, each: &mut dyn FnMut(Position, Tenant, Accepted) -> Result<()>) -> Result<()> {
        for segment in self.segments().iter().filter(|segment| segment.next() > after + 1) {
            segment.read(&mut |position, bytes| {
                if position <= after {
                    return Ok(());
                }
                let decoded = codec::decode(bytes).map_err(|error| {
                    Error::new(
                        Kind::Corrupt,
                        format!("read journal entry {position} in `{}`", segment.path().display()),
                    )
                    .because(error)
                })?;
                each(position, decoded.0, decoded.1)
            })?;
        }
        Ok(())
    }

    fn release(&self, position: Position) -> Result<()> {
        let mut segments = self.segments();
        while let [first, _, ..] = segments.as_slice() {
            if first.next() > position + 1 {
                break;
            }
            first.delete()?;
            segments.remove(0);
        }
        Ok(())
    }
}
