//! The log of one tenant: the segment that is written to, and what of it is not on the disk yet.

use std::fs::{self, File, OpenOptions};
use std::io::{self as stdio, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrify_application::audit::Entry;
use metrify_application::{Error, Kind, Result, Tenant};

use crate::line::{self, Hash};
use crate::segment;
use crate::{head, open};

/// There is always room for this much more, unless the disk is full.
const AHEAD_BYTES: u64 = 256 << 10;
/// Room is written in steps of this many bytes.
const STEP_BYTES: u64 = 256 << 10;
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
/// Whoever notes more than this much that nobody sealed, seals it: that much at most can be lost with the power.
pub(crate) const UNSEALED_BYTES_MAX: u64 = 1 << 20;

/// Bytes of a file that are not known to be on the disk.
#[derive(Clone)]
pub(crate) struct Stretch {
    pub(crate) file: Arc<File>,
    pub(crate) from: u64,
    pub(crate) to: u64,
}

/// The segment that is written to.
pub(crate) struct Segment {
    pub(crate) file: Arc<File>,
    pub(crate) first: u64,
    /// Where the next line begins.
    pub(crate) end: u64,
    /// How long the file is: zeros stand behind the end.
    pub(crate) reserved: u64,
    /// Up to here it is on the disk.
    pub(crate) sealed: u64,
    /// Up to here something may stand behind the end: a line that could not be written whole.
    pub(crate) stained: u64,
}

/// The end of the chain.
pub(crate) struct Tail {
    pub(crate) number: u64,
    pub(crate) hash: Hash,
    pub(crate) segment: Option<Segment>,
    /// What is not on the disk yet of segments that are no longer written to.
    pub(crate) finished: Vec<Stretch>,
    /// A segment was begun since the last seal.
    pub(crate) begun: bool,
    /// The disk was told to be full.
    warned: bool,
}

pub(crate) struct Log {
    pub(crate) tenant: Tenant,
    pub(crate) folder: PathBuf,
    segment_bytes: u64,
    /// `None` until the first entry: who only reads changes nothing.
    tail: Mutex<Option<Tail>>,
    /// One seals at a time; whether the last one failed.
    sealing: Mutex<bool>,
}

/// How far a log is to be read.
pub(crate) struct Extent {
    pub(crate) firsts: Vec<u64>,
    /// Where the last segment ends, where it is being written to.
    pub(crate) end: Option<u64>,
    /// The first byte that stands behind this end.
    pub(crate) stray: Option<u64>,
}

impl Log {
    pub(crate) fn new(root: &Path, tenant: Tenant, segment_bytes: u64) -> Self {
        let folder = root.join(tenant.as_str());
        Self { tenant, folder, segment_bytes, tail: Mutex::default(), sealing: Mutex::default() }
    }

    fn tail(&self) -> MutexGuard<'_, Option<Tail>> {
        // A panic elsewhere leaves the end as it was: it changes only after the file did.
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes an entry; tells how many bytes of the log are not on the disk yet.
    pub(crate) fn note(&self, entry: &Entry) -> Result<u64> {
        let mut tail = self.tail();
        let tail = match &mut *tail {
            Some(tail) => tail,
            closed => closed.insert(open::tail(&self.folder)?),
        };
        let (line, hash) = line::write(entry, tail.number + 1, tail.hash)?;
        let segment = tail.room(&self.folder, self.segment_bytes, line.len() as u64);
        let written = segment.and_then(|segment| segment.append(line));
        written.map_err(|error| unavailable(format!("write an audit entry to `{}`", self.folder.display()), error))?;
        (tail.number, tail.hash) = (tail.number + 1, hash);
        Ok(tail.unsealed())
    }

    /// Puts on the disk what was noted before. Nobody who notes waits for it.
    pub(crate) fn seal(&self, unsealed_bytes_max: u64) -> Result<()> {
        let mut failed = self.sealing.lock().unwrap_or_else(PoisonError::into_inner);
        let (stretches, number, hash, begun) = {
            let mut tail = self.tail();
            let Some(tail) = tail.as_mut().filter(|tail| tail.unsealed() > unsealed_bytes_max || tail.begun) else {
                return Ok(());
            };
            let open = tail.segment.iter().map(Segment::stretch);
            let stretches: Vec<_> = tail.finished.iter().cloned().chain(open).collect();
            (stretches, tail.number, tail.hash, std::mem::take(&mut tail.begun))
        };
        let sealed = stretches.iter().try_for_each(|stretch| stretch.seal(*failed)).and_then(|()| match begun {
            true => self.seal_begun(number, hash),
            false => Ok(()),
        });
        *failed = sealed.is_err();
        let mut tail = self.tail();
        if let Some(tail) = &mut *tail {
            match &sealed {
                Ok(()) => tail.is_sealed(&stretches),
                Err(_) => tail.begun |= begun,
            }
        }
        sealed.map_err(|error| unavailable(format!("put audit entries of `{}` on the disk", self.tenant), error))
    }

    /// A file is there after a loss of power once its folder says so, and that one's folder. Entries do not wait for a
    /// head that finds no room.
    fn seal_begun(&self, number: u64, hash: Hash) -> stdio::Result<()> {
        for folder in [Some(self.folder.as_path()), self.folder.parent()].into_iter().flatten() {
            File::open(folder)?.sync_all()?;
        }
        if let Err(error) = head::write(&self.folder, number, hash) {
            tracing::info!(folder = %self.folder.display(), "the head of the audit log cannot be written: {error}");
        }
        Ok(())
    }

    /// Puts everything on the disk, gives the room back that was written ahead, and says where the log ends.
    pub(crate) fn close(&self) -> Result<()> {
        self.seal(0)?;
        let Some(Tail { number, hash, segment: Some(segment), .. }) = self.tail().take() else {
            return Ok(());
        };
        let cut = segment.file.set_len(segment.end).and_then(|()| segment.file.sync_data());
        let closed = cut.and_then(|()| head::write(&self.folder, number, hash));
        closed.map_err(|error| unavailable(format!("close the audit log in `{}`", self.folder.display()), error))
    }

    /// What is to be read of it now, while others go on writing.
    pub(crate) fn extent(&self) -> Result<Extent> {
        let tail = self.tail();
        let firsts = segment::firsts(&self.folder)?;
        let open = tail.as_ref().and_then(|tail| tail.segment.as_ref());
        let Some(segment) = open.filter(|segment| firsts.last() == Some(&segment.first)) else {
            return Ok(Extent { firsts, end: None, stray: None });
        };
        let begin = segment.end.max(segment.stained);
        let length = segment.file.metadata().map(|told| told.len());
        let stray = length.and_then(|length| segment::first_content(&segment.file, begin, length));
        let stray =
            stray.map_err(|error| metrify_application::io(format!("read `{}`", self.folder.display()), error))?;
        Ok(Extent { firsts, end: Some(segment.end), stray })
    }
}

/// What cannot be written is nobody's fault who asked for something, and may work later.
fn unavailable(step: String, error: stdio::Error) -> Error {
    let hint =
        "free some space, or look after the disk: what leaves no audit entry is not done, and nothing that was is lost";
    Error::new(Kind::Unavailable, step).because(error).hint(hint)
}

impl Tail {
    pub(crate) const fn new(number: u64, hash: Hash, segment: Option<Segment>, finished: Vec<Stretch>) -> Self {
        Self { number, hash, segment, finished, begun: false, warned: false }
    }

    fn unsealed(&self) -> u64 {
        let open = self.segment.iter().map(|segment| segment.end - segment.sealed);
        self.finished.iter().map(|stretch| stretch.to - stretch.from).chain(open).sum()
    }

    fn is_sealed(&mut self, stretches: &[Stretch]) {
        let of = |file: &Arc<File>| stretches.iter().find(|stretch| Arc::ptr_eq(&stretch.file, file));
        self.finished.retain_mut(|finished| {
            finished.from = of(&finished.file).map_or(finished.from, |sealed| sealed.to);
            finished.from < finished.to
        });
        if let Some(segment) = &mut self.segment {
            segment.sealed = of(&segment.file).map_or(segment.sealed, |sealed| sealed.to);
        }
    }

    /// The segment that a line of so many bytes goes to, with room for it.
    fn room(&mut self, folder: &Path, segment_bytes: u64, bytes: u64) -> stdio::Result<&mut Segment> {
        let full = self.segment.as_ref().is_none_or(|segment| segment.end > 0 && segment.end + bytes > segment_bytes);
        if full {
            let begun = Segment::begin(folder, self.number + 1, bytes);
            // Without room for another one, the full one goes on as far as its room lasts.
            let fits = self.segment.as_ref().is_some_and(|segment| segment.end + bytes <= segment.reserved);
            match begun {
                Ok(segment) => {
                    let finished = self.segment.replace(segment);
                    self.finished.extend(finished.map(Segment::finish));
                    self.begun = true;
                }
                // A file that should not be there is told by who verifies.
                Err(error) if !fits && error.kind() != ErrorKind::AlreadyExists => return Err(error),
                Err(error) => self.warn(folder, &error),
            }
        }
        let Some(segment) = &mut self.segment else {
            return Err(stdio::Error::other("there is no segment"));
        };
        match segment.reserve(bytes) {
            Ok(()) => self.warned = false,
            Err(error) if segment.end + bytes <= segment.reserved => self.warn(folder, &error),
            Err(error) => return Err(error),
        }
        self.segment.as_mut().ok_or_else(|| stdio::Error::other("there is no segment"))
    }

    fn warn(&mut self, folder: &Path, error: &stdio::Error) {
        if !std::mem::replace(&mut self.warned, true) {
            let folder = folder.display();
            tracing::warn!(%folder, "room for audit entries cannot be written ahead; what is left is used: {error}");
        }
    }
}

impl Segment {
    /// Makes a segment with room in it.
    fn begin(folder: &Path, first: u64, bytes: u64) -> stdio::Result<Self> {
        fs::create_dir_all(folder)?;
        let path = segment::path(folder, first);
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
        let mut segment = Self { file: Arc::new(file), first, end: 0, reserved: 0, sealed: 0, stained: 0 };
        if let Err(error) = segment.reserve(bytes)
            && segment.reserved < bytes
        {
            drop(segment);
            fs::remove_file(&path)?;
            return Err(error);
        }
        Ok(segment)
    }

    /// Writes zeros ahead where there are few left. What was written of them before the disk was full is room, too.
    fn reserve(&mut self, bytes: u64) -> stdio::Result<()> {
        let wanted = self.end + bytes + AHEAD_BYTES;
        if wanted <= self.reserved {
            return Ok(());
        }
        let target = wanted.next_multiple_of(STEP_BYTES);
        while self.reserved < target {
            let zeros = &ZEROS[..(target - self.reserved).min(ZEROS.len() as u64) as usize];
            // Where it fails, the file may have grown nevertheless.
            let written = self.file.write_at(zeros, self.reserved)?;
            if written == 0 {
                return Err(ErrorKind::WriteZero.into());
            }
            self.reserved += written as u64;
        }
        Ok(())
    }

    /// Writes a line behind the others. Of one that is not written whole, the next one leaves nothing.
    fn append(&mut self, mut line: Vec<u8>) -> stdio::Result<()> {
        let bytes = line.len() as u64;
        let stain = self.stained.saturating_sub(self.end + bytes);
        line.resize(line.len() + stain as usize, 0);
        if let Err(error) = self.file.write_all_at(&line, self.end) {
            self.stained = self.stained.max(self.end + bytes);
            return Err(error);
        }
        self.end += bytes;
        self.stained = 0;
        Ok(())
    }

    fn stretch(&self) -> Stretch {
        Stretch { file: self.file.clone(), from: self.sealed, to: self.end }
    }

    /// Gives back the room that it did not need. Readers stop at zeros: where it cannot, nothing is lost.
    fn finish(self) -> Stretch {
        if let Err(error) = self.file.set_len(self.end) {
            tracing::warn!("a full segment of the audit log keeps its empty room: {error}");
        }
        self.stretch()
    }
}

impl Stretch {
    /// After a failure the system takes what it could not put on the disk for put there; so it is written `again`.
    fn seal(&self, again: bool) -> stdio::Result<()> {
        if again {
            let mut bytes = vec![0; (self.to - self.from) as usize];
            self.file.read_exact_at(&mut bytes, self.from)?;
            self.file.write_all_at(&bytes, self.from)?;
        }
        self.file.sync_data()
    }
}
