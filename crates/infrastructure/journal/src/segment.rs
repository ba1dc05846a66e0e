//! One file of the journal.
//!
//! It opens with a signature and the version of what follows: groups of entries (`group.rs`), or in the first version the entries
//! themselves (`former.rs`). What a crash left unfinished at the end of the last segment is cut off; what else is damaged is
//! refused. It is unfinished where it goes on beyond the end of the file, or where sectors of it were never written, and nothing
//! that was written later stands behind it.

mod former;
mod group;
mod source;

use std::cmp::Ordering;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use metrify_application::record::Position;
use metrify_application::{Error, Kind, Result, io};

use source::{Damage, Each, Source};

const SIGNATURE: &[u8; 8] = b"METRIFYJ";
/// There was no version 3: none of them becomes another one by one bit that flips.
const VERSION: u32 = 4;
/// The version without groups.
const WITHOUT_GROUPS: u32 = 1;
/// The version whose entries stand as they are.
const WITHOUT_MASK: u32 = 2;
const HEADER_BYTES: u64 = 12;
/// Its length and its checksum.
const ENTRY_HEAD_BYTES: usize = 8;
/// No entry is larger: a batch of 65,536 rows takes a few megabytes, and rejects at most a few hundred.
const ENTRY_BYTES_MAX: u32 = 1 << 30;
/// A segment is closed once it is this large.
const SEGMENT_BYTES_MAX: u64 = 64 << 20;
const SUFFIX: &str = "journal";

pub(crate) struct Segment {
    path: PathBuf,
    file: File,
    version: u32,
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
    /// Makes a segment, in the place of one that has no entry.
    pub(crate) fn create(folder: &Path, first: Position) -> Result<Self> {
        let path = path_of(folder, first);
        let step = || format!("create journal segment `{}`", path.display());
        if fs::metadata(&path).is_ok_and(|there| there.len() <= HEADER_BYTES) {
            fs::remove_file(&path).map_err(|error| io(step(), error))?;
        }
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
        Ok(Self { path, file, version: VERSION, first, entries: 0, bytes: HEADER_BYTES })
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
        let mut segment = Self { path, file, version: VERSION, first, entries: 0, bytes: length };
        let scanned = segment.scan(&mut |_, _| Ok(()))?;
        (segment.version, segment.entries, segment.bytes) = (scanned.version, scanned.entries, scanned.bytes);
        Ok((segment, scanned.damage))
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

    /// Whether further entries belong into another one.
    pub(crate) const fn is_full(&self) -> bool {
        self.bytes >= SEGMENT_BYTES_MAX || self.version != VERSION
    }

    /// Writes and syncs all entries, or leaves the segment as it was.
    pub(crate) fn append(&mut self, entries: &[Vec<u8>]) -> Result<()> {
        let bytes = group::encode(entries, self.next(), self.bytes)?;
        if let Err(error) = self.write(&bytes) {
            let step = format!("append to journal segment `{}`", self.path.display());
            // Whatever got written must not be found by the next start: these entries were refused.
            return Err(match self.file.set_len(self.bytes).and_then(|()| self.file.sync_all()) {
                Ok(()) => io(step, error),
                Err(cut) => io(format!("{step}, and cut off what was written ({cut})"), error),
            });
        }
        self.bytes += bytes.len() as u64;
        self.entries += entries.len() as u64;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        // What was refused and could not be cut off then would stand behind what is written now.
        if self.file.metadata()?.len() != self.bytes {
            self.file.set_len(self.bytes)?;
        }
        self.file.seek(SeekFrom::Start(self.bytes))?;
        self.file.write_all(bytes)?;
        self.file.sync_data()
    }

    /// Hands every entry to `each`.
    pub(crate) fn read(&self, each: Each<'_>) -> Result<()> {
        match self.scan(each)?.damage {
            None => Ok(()),
            Some(damage) => Err(self.corrupt(&damage)),
        }
    }

    pub(crate) fn delete(&self) -> Result<()> {
        fs::remove_file(&self.path)
            .map_err(|error| io(format!("delete journal segment `{}`", self.path.display()), error))
    }

    /// Reads entries until the end or the first damage.
    fn scan(&self, each: Each<'_>) -> Result<Scanned> {
        let mut scanned = Scanned { version: VERSION, entries: 0, bytes: 0, damage: None };
        let mut source = Source::new(&self.path, &self.file, self.bytes)?;
        if source.left() < HEADER_BYTES {
            scanned.damage = Some(Damage::at(0, 0, "the head is cut off".to_owned()));
            return Ok(scanned);
        }
        scanned.version = version_of(source.take(HEADER_BYTES as usize)?, &self.path)?;
        let read = match scanned.version {
            WITHOUT_GROUPS => former::read,
            WITHOUT_MASK => group::read_plain,
            _ => group::read,
        };
        scanned.bytes = source.at();
        while source.left() > 0 {
            match read(&mut source, self.first + scanned.entries, &mut *each)? {
                Ok(entries) => scanned.entries += entries,
                Err(damage) => {
                    scanned.damage = Some(damage);
                    break;
                }
            }
            scanned.bytes = source.at();
        }
        Ok(scanned)
    }

    /// All that is in the file from a byte on.
    fn rest(&self, at: u64) -> Result<Vec<u8>> {
        let mut file = &self.file;
        let mut rest = Vec::new();
        let read = file.seek(SeekFrom::Start(at)).and_then(|_| file.read_to_end(&mut rest));
        read.map_err(|error| io(format!("read journal segment `{}`", self.path.display()), error))?;
        Ok(rest)
    }

    /// Whether a stop while it was written explains the damage, so that nothing of it was acknowledged.
    fn is_unfinished(&self, damage: &Damage) -> Result<bool> {
        let behind = self.rest(damage.behind)?;
        let goes_on = match self.version {
            WITHOUT_GROUPS => former::is_whole_in(&behind),
            _ => group::begins_in(&behind, self.next()),
        };
        Ok(!goes_on && (damage.is_cut_off || source::has_hole(damage.at, &self.rest(damage.at)?)))
    }

    /// Cuts an unfinished entry off, and keeps its bytes aside for whoever wants to know.
    fn cut(&mut self, damage: &Damage) -> Result<()> {
        let step = || format!("cut journal segment `{}` at byte {}", self.path.display(), damage.at);
        let torn = self.rest(damage.at)?;
        let aside = self.path.with_extension(format!("torn-{}", damage.at));
        fs::write(&aside, &torn).map_err(|error| io(step(), error))?;
        self.file.set_len(damage.at).and_then(|()| self.file.sync_all()).map_err(|error| io(step(), error))?;
        tracing::warn!(
            segment = %self.path.display(), at = damage.at, bytes = torn.len(), kept = %aside.display(),
            "the journal ended in an unfinished entry, which was never acknowledged: {}", damage.what
        );
        Ok(())
    }

    /// Itself, or where it is of a former version and has no entry, one of this version: the next would have its name.
    fn renewed(self, folder: &Path) -> Result<Self> {
        if self.version == VERSION || self.entries > 0 {
            return Ok(self);
        }
        Self::create(folder, self.first)
    }

    fn corrupt(&self, damage: &Damage) -> Error {
        let place = format!("read journal segment `{}` at byte {}: {}", self.path.display(), damage.at, damage.what);
        Error::new(Kind::Corrupt, place).hint("restore the segment from a backup; nothing was changed or skipped")
    }
}

/// What is in a segment up to its end, or to the first damage.
struct Scanned {
    version: u32,
    entries: u64,
    bytes: u64,
    damage: Option<Damage>,
}

/// The segment that is written to: it alone may end in something unfinished.
pub(crate) enum LastSegment {
    /// A crash while it was made: no entry can have been in it.
    Unmade(Position),
    Sound(Segment),
    Unfinished(Segment, Damage),
}

impl LastSegment {
    /// Looks at it, and changes nothing.
    pub(crate) fn open(folder: &Path, first: Position) -> Result<Self> {
        let path = path_of(folder, first);
        let step = || format!("look at journal segment `{}`", path.display());
        let length = fs::metadata(&path).map_err(|error| io(step(), error))?.len();
        let is_unmade = match length.cmp(&HEADER_BYTES) {
            Ordering::Less => true,
            Ordering::Equal => fs::read(&path).map_err(|error| io(step(), error))?.iter().all(|byte| *byte == 0),
            Ordering::Greater => false,
        };
        if is_unmade {
            return Ok(Self::Unmade(first));
        }
        Ok(match Segment::examine(path, first)? {
            (segment, None) => Self::Sound(segment),
            (segment, Some(damage)) if segment.is_unfinished(&damage)? => Self::Unfinished(segment, damage),
            (segment, Some(damage)) => return Err(segment.corrupt(&damage)),
        })
    }

    pub(crate) const fn next(&self) -> Position {
        match self {
            Self::Unmade(first) => *first,
            Self::Sound(segment) | Self::Unfinished(segment, _) => segment.next(),
        }
    }

    /// Makes it fit to be written to.
    pub(crate) fn mend(self, folder: &Path) -> Result<Segment> {
        match self {
            Self::Unmade(first) => Segment::create(folder, first),
            Self::Sound(segment) => segment.renewed(folder),
            Self::Unfinished(mut segment, damage) => {
                segment.cut(&damage)?;
                segment.renewed(folder)
            }
        }
    }
}

fn version_of(header: &[u8], path: &Path) -> Result<u32> {
    let (signature, version) = header.split_at(SIGNATURE.len());
    if signature != SIGNATURE {
        return Err(Error::new(
            Kind::Corrupt,
            format!("open the journal: `{}` is not a segment of it", path.display()),
        ));
    }
    let version = version.iter().rev().fold(0, |number: u32, byte| number << 8 | u32::from(*byte));
    if ![WITHOUT_GROUPS, WITHOUT_MASK, VERSION].contains(&version) {
        let step =
            format!("open the journal: `{}` has version {version}, this program reads {VERSION}", path.display());
        return Err(Error::new(Kind::Conflict, step).hint("use the program that wrote it, or a newer one"));
    }
    Ok(version)
}
