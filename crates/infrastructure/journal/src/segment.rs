//! One file of the journal.

use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use metrify_application::record::Position;
use metrify_application::{Error, Kind, Result, io};

const SIGNATURE: &[u8; 8] = b"METRIFYJ";
const VERSION: u32 = 1;
const HEADER_BYTES: u64 = 12;
const ENTRY_HEADER_BYTES: u64 = 8;
/// No entry is larger: a batch of 65,536 rows takes a few megabytes, and rejects at most a few hundred.
const ENTRY_BYTES_MAX: u32 = 1 << 30;
const SUFFIX: &str = "journal";

pub(crate) struct Segment {
    path: PathBuf,
    file: File,
    first: Position,
    entries: u64,
    bytes: u64,
}

/// The first positions of all segments in a folder.
pub(crate) fn firsts(folder: &Path) -> Result<Vec<Position>> {
    let step = || format!("read folder `{}`", folder.display());
    let mut firsts = Vec::new();
    for file in fs::read_dir(folder).map_err(|error| io(step(), error))? {
        let path = file.map_err(|error| io(step(), error))?.path();
        if path.extension().is_some_and(|suffix| suffix == SUFFIX) {
            let first = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
            firsts.push(first.ok_or_else(|| {
                Error::new(Kind::Corrupt, format!("open the journal: `{}` is not named for a position", path.display()))
            })?);
        }
    }
    Ok(firsts)
}

fn path_of(folder: &Path, first: Position) -> PathBuf {
    folder.join(format!("{first:020}.{SUFFIX}"))
}

impl Segment {
    pub(crate) fn create(folder: &Path, first: Position) -> Result<Self> {
        let path = path_of(folder, first);
        let step = || format!("create journal segment `{}`", path.display());
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(|error| io(step(), error))?;
        let written = file
            .write_all(SIGNATURE)
            .and_then(|()| file.write_all(&VERSION.to_le_bytes()))
            .and_then(|()| file.sync_all())
            .and_then(|()| File::open(folder)?.sync_all());
        if let Err(error) = written {
            // A segment without its head would be taken for damage at the next start.
            fs::remove_file(&path).map_err(|error| io(step(), error))?;
            return Err(io(step(), error));
        }
        Ok(Self { path, file, first, entries: 0, bytes: HEADER_BYTES })
    }

    /// Opens a segment that others follow, and checks every entry.
    pub(crate) fn open(folder: &Path, first: Position) -> Result<Self> {
        match Self::examine(path_of(folder, first), first)? {
            (segment, None) => Ok(segment),
            (segment, Some(damage)) => Err(segment.corrupt(&damage)),
        }
    }

    /// The sound entries of a file, and the damage behind them.
    fn examine(path: PathBuf, first: Position) -> Result<(Self, Option<Damage>)> {
        let step = || format!("open journal segment `{}`", path.display());
        let file = OpenOptions::new().read(true).write(true).open(&path).map_err(|error| io(step(), error))?;
        // A process that was killed may have left here what it never synced. What is read is answered for from here on.
        file.sync_all().map_err(|error| io(step(), error))?;
        let length = file.metadata().map_err(|error| io(step(), error))?.len();
        let mut segment = Self { path, file, first, entries: 0, bytes: HEADER_BYTES };
        let (mut entries, mut bytes) = (0, HEADER_BYTES);
        let damage = segment.scan(length, &mut |_, entry| {
            entries += 1;
            bytes += ENTRY_HEADER_BYTES + entry.len() as u64;
            Ok(())
        })?;
        (segment.entries, segment.bytes) = (entries, bytes);
        Ok((segment, damage))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) const fn next(&self) -> Position {
        self.first + self.entries
    }

    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes and syncs all entries, or leaves the segment as it was.
    pub(crate) fn append(&mut self, entries: &[Vec<u8>]) -> Result<()> {
        let size: usize = entries.iter().map(|entry| entry.len() + ENTRY_HEADER_BYTES as usize).sum();
        let mut bytes = Vec::with_capacity(size);
        for entry in entries {
            let length = u32::try_from(entry.len()).ok().filter(|length| *length <= ENTRY_BYTES_MAX);
            let length =
                length.ok_or_else(|| Error::new(Kind::Internal, "append to the journal: the entry is too large"))?;
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(&crc32fast::hash(entry).to_le_bytes());
            bytes.extend_from_slice(entry);
        }
        let file = &mut self.file;
        let written =
            file.seek(SeekFrom::Start(self.bytes)).and_then(|_| file.write_all(&bytes)).and_then(|()| file.sync_data());
        if let Err(error) = written {
            let step = format!("append to journal segment `{}`", self.path.display());
            // Whatever got written must not be found by the next start: these entries were refused.
            self.file.set_len(self.bytes).map_err(|error| io(step.clone(), error))?;
            return Err(io(step, error));
        }
        self.bytes += bytes.len() as u64;
        self.entries += entries.len() as u64;
        Ok(())
    }

    /// Hands every entry to `each`.
    pub(crate) fn read(&self, each: &mut dyn FnMut(Position, &[u8]) -> Result<()>) -> Result<()> {
        match self.scan(self.bytes, each)? {
            None => Ok(()),
            Some(damage) => Err(self.corrupt(&damage)),
        }
    }

    pub(crate) fn delete(&self) -> Result<()> {
        fs::remove_file(&self.path)
            .map_err(|error| io(format!("delete journal segment `{}`", self.path.display()), error))
    }

    /// Reads entries until the end or the first damage.
    fn scan(&self, length: u64, each: &mut dyn FnMut(Position, &[u8]) -> Result<()>) -> Result<Option<Damage>> {
        let step = || format!("read journal segment `{}`", self.path.display());
        let mut file = BufReader::with_capacity(1 << 20, &self.file);
        file.seek(SeekFrom::Start(0)).map_err(|error| io(step(), error))?;
        let mut header = [0; HEADER_BYTES as usize];
        if length < HEADER_BYTES {
            return Ok(Some(Damage { at: 0, what: "the head is cut off".to_owned(), reaches_end: false }));
        }
        file.read_exact(&mut header).map_err(|error| io(step(), error))?;
        check_header(&header, &self.path)?;
        let (mut at, mut position) = (HEADER_BYTES, self.first);
        let mut entry = Vec::new();
        while at < length {
            let left = length - at;
            let mut head = [0; ENTRY_HEADER_BYTES as usize];
            if left < ENTRY_HEADER_BYTES {
                return Ok(Some(Damage { at, what: "an entry is cut off in its head".to_owned(), reaches_end: true }));
            }
            file.read_exact(&mut head).map_err(|error| io(step(), error))?;
            let size = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
            let checksum = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
            let end = at + ENTRY_HEADER_BYTES + u64::from(size);
            if size > ENTRY_BYTES_MAX || end > length {
                return Ok(Some(Damage {
                    at,
                    what: format!("an entry of {size} bytes is cut off"),
                    reaches_end: true,
                }));
            }
            entry.resize(size as usize, 0);
            file.read_exact(&mut entry).map_err(|error| io(step(), error))?;
            if crc32fast::hash(&entry) != checksum {
                let what = format!("the checksum of entry {position} is wrong");
                return Ok(Some(Damage { at, what, reaches_end: end == length }));
            }
            each(position, &entry)?;
            (at, position) = (end, position + 1);
        }
        Ok(None)
    }

    /// Cuts an unfinished entry off, and keeps its bytes aside for whoever wants to know.
    fn cut(&mut self, damage: &Damage) -> Result<()> {
        let step = || format!("cut journal segment `{}` at byte {}", self.path.display(), damage.at);
        let mut torn = Vec::new();
        self.file.seek(SeekFrom::Start(damage.at)).map_err(|error| io(step(), error))?;
        self.file.read_to_end(&mut torn).map_err(|error| io(step(), error))?;
        let aside = self.path.with_extension(format!("torn-{}", damage.at));
        fs::write(&aside, &torn).map_err(|error| io(step(), error))?;
        self.file.set_len(damage.at).and_then(|()| self.file.sync_all()).map_err(|error| io(step(), error))?;
        tracing::warn!(
            segment = %self.path.display(), at = damage.at, bytes = torn.len(), kept = %aside.display(),
            "the journal ended in an unfinished entry, which was never acknowledged: {}", damage.what
        );
        Ok(())
    }

    fn corrupt(&self, damage: &Damage) -> Error {
        let place = format!("read journal segment `{}` at byte {}: {}", self.path.display(), damage.at, damage.what);
        Error::new(Kind::Corrupt, place).hint("restore the segment from a backup; nothing was changed or skipped")
    }
}

/// The segment that is written to: it alone may end in something unfinished.
pub(crate) enum LastSegment {
    /// A crash while it was made: no entry can have been in it.
    Unmade {
        path: PathBuf,
        first: Position,
    },
    Sound(Segment),
    Unfinished(Segment, Damage),
}

impl LastSegment {
    /// Looks at it, and changes nothing.
    pub(crate) fn open(folder: &Path, first: Position) -> Result<Self> {
        let path = path_of(folder, first);
        let length = fs::metadata(&path).map_err(|error| io(format!("look at `{}`", path.display()), error))?.len();
        if length < HEADER_BYTES {
            return Ok(Self::Unmade { path, first });
        }
        Ok(match Segment::examine(path, first)? {
            (segment, None) => Self::Sound(segment),
            (segment, Some(damage)) if damage.reaches_end => Self::Unfinished(segment, damage),
            (segment, Some(damage)) => return Err(segment.corrupt(&damage)),
        })
    }

    pub(crate) const fn next(&self) -> Position {
        match self {
            Self::Unmade { first, .. } => *first,
            Self::Sound(segment) | Self::Unfinished(segment, _) => segment.next(),
        }
    }

    /// Makes it fit to be written to.
    pub(crate) fn mend(self, folder: &Path) -> Result<Segment> {
        match self {
            Self::Unmade { path, first } => {
                fs::remove_file(&path).map_err(|error| io(format!("delete `{}`", path.display()), error))?;
                Segment::create(folder, first)
            }
            Self::Sound(segment) => Ok(segment),
            Self::Unfinished(mut segment, damage) => {
                segment.cut(&damage)?;
                Ok(segment)
            }
        }
    }
}

/// Where a segment stops making sense.
pub(crate) struct Damage {
    at: u64,
    what: String,
    /// Nothing comes after it: a crash while writing explains it.
    reaches_end: bool,
}

fn check_header(header: &[u8], path: &Path) -> Result<()> {
    let (signature, version) = header.split_at(SIGNATURE.len());
    if signature != SIGNATURE {
        return Err(Error::new(
            Kind::Corrupt,
            format!("open the journal: `{}` is not a segment of it", path.display()),
        ));
    }
    let version = version.iter().rev().fold(0, |number: u32, byte| number << 8 | u32::from(*byte));
    if version != VERSION {
        let step =
            format!("open the journal: `{}` has version {version}, this program reads {VERSION}", path.display());
        return Err(Error::new(Kind::Conflict, step).hint("use the program that wrote it, or a newer one"));
    }
    Ok(())
}
