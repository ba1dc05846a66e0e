//! The ingest log on local disk: segments of checksummed entries, synced before they count.
//!
//! A segment is a file named for its first position. What one sync covers is a group of entries, with checksums over lengths,
//! positions and bytes. A group that a crash left unfinished at the end is cut off (and kept aside); damage anywhere else is
//! refused with its place.

mod codec;
mod segment;
mod wire;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrify_application::ports::Journal;
use metrify_application::record::{Accepted, Position};
use metrify_application::{Error, Kind, Result, Tenant, io};

use crate::segment::{LastSegment, Segment};

/// The embedded journal: one writer, one folder.
pub struct FileJournal {
    folder: PathBuf,
    segments: Mutex<Vec<Segment>>,
    /// What is told of the segments to whoever must not wait for a sync of them: changed once they have changed.
    next: AtomicU64,
    bytes: AtomicU64,
    syncs: AtomicU64,
    /// The folder, locked: an append that outlives the rest of the process keeps the next one out.
    _lock: File,
}

impl FileJournal {
    /// Opens the journal in `folder`, or makes it. `next` is the position after the last that the lake holds, with which a new
    /// journal begins.
    ///
    /// # Errors
    /// Where the folder cannot be read or written, another process has it, a segment is damaged other than at its very end, or
    /// journal and lake do not belong together.
    pub fn open(folder: &Path, next: Position) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|error| io(format!("make folder `{}`", folder.display()), error))?;
        sync_folder(&folder.join(".."))?;
        let lock = lock(folder)?;
        let segments = open_segments(folder, next)?;
        sync_folder(folder)?;
        let journal = Self {
            folder: folder.to_owned(),
            segments: Mutex::default(),
            next: AtomicU64::default(),
            bytes: AtomicU64::default(),
            syncs: AtomicU64::default(),
            _lock: lock,
        };
        journal.tell(&segments);
        *journal.segments() = segments;
        Ok(journal)
    }

    fn segments(&self) -> MutexGuard<'_, Vec<Segment>> {
        // A panic elsewhere leaves the list as it was: it changes only after the file did.
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, segments: &[Segment]) {
        self.next.store(next_of(segments), Ordering::Release);
        self.bytes.store(segments.iter().map(Segment::bytes).sum(), Ordering::Release);
    }

    /// Bytes that the segments take on disk.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Acquire)
    }
}

fn lock(folder: &Path) -> Result<File> {
    let step = || format!("take the journal in `{}`", folder.display());
    let file = File::open(folder).map_err(|error| io(step(), error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let error = Error::new(Kind::Conflict, format!("{}: another process holds it", step()));
            Err(error.hint("wait until the other process has ended"))
        }
        Err(TryLockError::Error(error)) => Err(io(step(), error)),
    }
}

/// All segments of a folder, of which there is one at least. They are found to follow each other and the lake before anything of
/// them is changed.
fn open_segments(folder: &Path, next: Position) -> Result<Vec<Segment>> {
    let mut firsts = segment::firsts(folder)?;
    firsts.sort_unstable();
    let Some((last, before)) = firsts.split_last() else {
        return Ok(vec![Segment::create(folder, next)?]);
    };
    let mut segments = Vec::new();
    for (index, first) in before.iter().enumerate() {
        let segment = Segment::open(folder, *first)?;
        let next = firsts[index + 1];
        if segment.next() != next {
            let gap = format!("open the journal: entries {} to {} are missing", segment.next(), next - 1);
            return Err(Error::new(Kind::Corrupt, gap));
        }
        segments.push(segment);
    }
    let last = LastSegment::open(folder, *last)?;
    check_against_lake(firsts[0], last.next(), next)?;
    segments.push(last.mend(folder)?);
    Ok(segments)
}

/// What the lake holds is skipped, so a position that it knows already must not be given again; what it does not hold has to be
/// in the journal, whose room is given back only as far as the lake can tell that it got.
fn check_against_lake(first: Position, next: Position, lake_next: Position) -> Result<()> {
    let held = lake_next - 1;
    if next < lake_next {
        let step =
            format!("open the journal: its next entry would be {next}, and the lake holds all up to {held} already");
        return Err(Error::new(Kind::Corrupt, step).hint(
            "the journal is older than the lake, and what is accepted would be lost: restore the journal that belongs to this lake, \
             or move its folder away; a new one begins after the lake, without what never landed",
        ));
    }
    if first > lake_next {
        let step = format!("open the journal: its first entry is {first}, and the lake holds none after {held}");
        return Err(Error::new(Kind::Corrupt, step).hint(
            "the lake is older than the journal, and what had landed since is missing: restore the lake that belongs to this journal",
        ));
    }
    Ok(())
}

fn next_of(segments: &[Segment]) -> Position {
    segments.last().map_or(1, Segment::next)
}

/// A file that was made or deleted is so after a power cut only once its folder is synced.
fn sync_folder(folder: &Path) -> Result<()> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| io(format!("sync folder `{}`", folder.display()), error))
}

impl Journal for FileJournal {
    fn next(&self) -> Position {
        self.next.load(Ordering::Acquire)
    }

    fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }

    fn append(&self, entries: &[(Tenant, Arc<Accepted>)]) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let encoded: Vec<Vec<u8>> = entries.iter().map(|(tenant, entry)| codec::encode(tenant, entry)).collect();
        let mut segments = self.segments();
        if segments.last().is_none_or(Segment::is_full) {
            let next = next_of(&segments);
            segments.push(Segment::create(&self.folder, next)?);
        }
        match segments.last_mut() {
            Some(segment) => {
                segment.append(&encoded)?;
                self.tell(&segments);
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
            self.tell(&segments);
            // One after the other: a power cut must leave no gap between those that are left.
            sync_folder(&self.folder)?;
        }
        Ok(())
    }
}
