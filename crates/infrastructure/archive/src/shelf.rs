//! The segments of one tenant.

use std::collections::{HashMap, VecDeque};
use std::fs::{self, File, OpenOptions};
use std::io::{self as stdio, BufReader, ErrorKind, Read, Seek, SeekFrom, Take};
use std::path::{Path, PathBuf};

use metrify_application::record::{DeliveryId, Fingerprint};
use metrify_application::{Result, io};

use crate::entry::Entry;

/// A segment is no larger, but for one with a single delivery in it.
const SEGMENT_BYTES_MAX: u64 = 64 << 20;
/// Of the limit a segment takes at most one part in so many: that much goes at once.
const SEGMENTS_MIN: u64 = 8;
const SUFFIX: &str = "zst";

pub(crate) struct Shelf {
    folder: PathBuf,
    limit: u64,
    /// Oldest first.
    segments: VecDeque<Segment>,
    /// The last segment is damaged: what comes now goes into another one.
    sealed: bool,
    /// Where the bytes of a delivery begin, once somebody has asked.
    places: Option<HashMap<String, Place>>,
}

struct Segment {
    number: u64,
    bytes: u64,
}

#[derive(Clone, Copy)]
pub(crate) struct Place {
    segment: u64,
    offset: u64,
    packed: u64,
    /// Of the bytes.
    digest: Option<Fingerprint>,
}

impl Place {
    fn of(entry: &Entry, segment: u64, offset: u64) -> Self {
        Self { segment, offset, packed: entry.packed, digest: entry.digest() }
    }
}

impl Shelf {
    pub(crate) fn open(folder: PathBuf, limit: u64) -> Result<Self> {
        let step = || format!("open the archive in `{}`", folder.display());
        fs::create_dir_all(&folder).map_err(|error| io(step(), error))?;
        let mut segments = Vec::new();
        for file in fs::read_dir(&folder).map_err(|error| io(step(), error))? {
            let path = file.map_err(|error| io(step(), error))?.path();
            let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
            if let Some(number) = number.filter(|_| path.extension().is_some_and(|suffix| suffix == SUFFIX)) {
                let bytes = fs::metadata(&path).map_err(|error| io(step(), error))?.len();
                segments.push(Segment { number, bytes });
            }
        }
        segments.sort_by_key(|segment| segment.number);
        let mut shelf = Self { folder, limit, segments: segments.into(), sealed: false, places: None };
        shelf.cut_unfinished()?;
        shelf.make_room()?;
        Ok(shelf)
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:012}.{SUFFIX}"))
    }

    /// A delivery whose bytes were not written to their end is none.
    fn cut_unfinished(&mut self) -> Result<()> {
        let Some(last) = self.segments.back() else {
            return Ok(());
        };
        let path = self.path(last.number);
        let step = || format!("open `{}`", path.display());
        let file = OpenOptions::new().read(true).write(true).open(&path).map_err(|error| io(step(), error))?;
        let mut whole = 0;
        let scanned = scan(&file, last.bytes, |entry, offset| whole = offset + entry.packed);
        match scanned {
            Err(error) if error.kind() != ErrorKind::UnexpectedEof => {
                tell_damage(&path, &error);
                self.sealed = true;
                return Ok(());
            }
            _ => {}
        }
        file.set_len(whole).map_err(|error| io(step(), error))?;
        if let Some(last) = self.segments.back_mut() {
            last.bytes = whole;
        }
        Ok(())
    }

    /// Puts a delivery behind the others; where that fails, it is as if it had never come.
    pub(crate) fn put(&mut self, entry: &Entry, packed: &mut impl Read) -> Result<()> {
        let frame = entry.frame()?;
        let bytes = frame.len() as u64 + entry.packed;
        let segment_max = SEGMENT_BYTES_MAX.min(self.limit / SEGMENTS_MIN);
        let (number, before) = match self.segments.back() {
            Some(last) if !self.sealed && last.bytes + bytes <= segment_max => (last.number, last.bytes),
            last => (last.map_or(1, |last| last.number + 1), 0),
        };
        let path = self.path(number);
        let step = || format!("write `{}`", path.display());
        let mut file = OpenOptions::new().create(true).append(true).open(&path).map_err(|error| io(step(), error))?;
        let written = stdio::copy(&mut frame.as_slice().chain(packed), &mut file);
        if let Err(error) = written {
            file.set_len(before).map_err(|error| io(step(), error))?;
            return Err(io(step(), error));
        }
        match self.segments.back_mut().filter(|last| last.number == number) {
            Some(last) => last.bytes += bytes,
            None => {
                self.segments.push_back(Segment { number, bytes });
                self.sealed = false;
            }
        }
        if let Some(places) = &mut self.places {
            places.insert(entry.delivery.clone(), Place::of(entry, number, before + frame.len() as u64));
        }
        self.make_room()
    }

    fn make_room(&mut self) -> Result<()> {
        let mut total: u64 = self.segments.iter().map(|segment| segment.bytes).sum();
        while let Some(oldest) = self.segments.front().filter(|_| total > self.limit) {
            let path = self.path(oldest.number);
            fs::remove_file(&path).map_err(|error| io(format!("delete `{}`", path.display()), error))?;
            total -= oldest.bytes;
            let gone = oldest.number;
            self.segments.pop_front();
            if let Some(places) = &mut self.places {
                places.retain(|_, place| place.segment != gone);
            }
        }
        Ok(())
    }

    /// All entries, each delivery once, in the order in which they came.
    pub(crate) fn entries(&mut self) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let mut places = HashMap::new();
        for segment in &self.segments {
            let path = self.path(segment.number);
            let file = File::open(&path).map_err(|error| io(format!("open `{}`", path.display()), error))?;
            let scanned = scan(&file, segment.bytes, |entry, offset| {
                let place = Place::of(&entry, segment.number, offset);
                if places.insert(entry.delivery.clone(), place).is_none() {
                    entries.push(entry);
                }
            });
            if let Err(error) = scanned {
                tell_damage(&path, &error);
            }
        }
        self.places = Some(places);
        Ok(entries)
    }

    /// Where the bytes of a delivery begin, if they are kept.
    pub(crate) fn place(&mut self, id: &DeliveryId) -> Result<Option<Place>> {
        if self.places.is_none() {
            self.entries()?;
        }
        Ok(self.places.as_ref().and_then(|places| places.get(id.as_str())).copied())
    }

    /// The compressed bytes of a delivery, if they are kept, and the digest that they have unpacked.
    pub(crate) fn find(&mut self, id: &DeliveryId) -> Result<Option<(Take<File>, Option<Fingerprint>)>> {
        let Some(place) = self.place(id)? else { return Ok(None) };
        let path = self.path(place.segment);
        let step = || format!("open `{}`", path.display());
        let mut file = File::open(&path).map_err(|error| io(step(), error))?;
        file.seek(SeekFrom::Start(place.offset)).map_err(|error| io(step(), error))?;
        Ok(Some((file.take(place.packed), place.digest)))
    }
}

/// Deliveries behind the damage cannot be read again; nothing else depends on them.
fn tell_damage(path: &Path, error: &stdio::Error) {
    tracing::warn!("read `{}`: {error}; the deliveries behind it are lost to replays", path.display());
}

/// Hands each whole entry of a segment of `length` bytes to `each`, with the place at which its bytes begin.
fn scan(file: &File, length: u64, mut each: impl FnMut(Entry, u64)) -> stdio::Result<()> {
    let mut reader = BufReader::new(file);
    let mut place = 0;
    while let Some((entry, told)) = Entry::read(&mut reader)? {
        let packed = i64::try_from(entry.packed).map_err(|_| ErrorKind::InvalidData)?;
        place += told;
        let (offset, end) = (place, place.saturating_add(entry.packed));
        if end > length {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        each(entry, offset);
        reader.seek_relative(packed)?;
        place = end;
    }
    Ok(())
}
