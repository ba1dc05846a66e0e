//! Looking through a chain for the first place where it is not what was written.

use metrify_application::audit::{Audited, Broken};
use metrify_application::{Result, io};
use metrify_domain::Timestamp;

use crate::head::{self, Head};
use crate::line::{self, Hash, LINE_BYTES_MAX, Line};
use crate::locate::{self, Change};
use crate::log::{Extent, Log};
use crate::segment::{self, Lines};

/// Where something stands in a log.
#[derive(Clone)]
struct Place {
    file: String,
    line: u64,
    byte: u64,
}

impl Place {
    fn broken(self, reason: impl Into<String>) -> Broken {
        Broken { file: self.file, line: self.line, byte: self.byte, reason: reason.into() }
    }
}

/// The entry that was looked at last, and where.
struct Link {
    number: u64,
    hash: Hash,
    place: Option<Place>,
}

/// The chain as far as it is what was written.
struct Chain<'l> {
    log: &'l Log,
    heads: Vec<Head>,
    last: Link,
    /// The one before the last.
    before: Link,
    /// Where the next entry should stand.
    end: Place,
    /// The time of the oldest entry. A clock may have been set back: it need not be that of the first one.
    oldest: Option<Timestamp>,
}

/// Looks through the log of a tenant, which is known to have `begun` by then.
pub(crate) fn chain(log: &Log, begun: Option<Timestamp>) -> Result<Audited> {
    // First the heads: the log grows while it is looked at, and they with it.
    let heads = head::all(&log.folder)?;
    let extent = log.extent()?;
    let none = || Link { number: 0, hash: Hash::NONE, place: None };
    let end = Place { file: segment::name(1), line: 1, byte: 0 };
    let known = heads.iter().flatten().cloned().collect();
    let mut chain = Chain { log, heads: known, last: none(), before: none(), end, oldest: None };
    let broken = chain.segments(&extent)?.or_else(|| chain.heads(&heads));
    let is_late = |begun: &Timestamp| broken.is_none() && chain.oldest.is_none_or(|oldest| oldest > *begun);
    if let Some(begun) = begun.filter(is_late) {
        // Nothing before the first place is as it was.
        let place = Place { file: segment::name(1), line: 1, byte: 0 };
        let broken = place.broken(format!("what was noted first is missing: the log was begun at {begun}"));
        return Ok(Audited { entries: 0, head: Hash::NONE.hex(), broken: Some(broken) });
    }
    Ok(Audited { entries: chain.last.number, head: chain.last.hash.hex(), broken })
}

impl Chain<'_> {
    fn segments(&mut self, extent: &Extent) -> Result<Option<Broken>> {
        for (index, first) in extent.firsts.iter().enumerate() {
            let expected = self.last.number + 1;
            if *first > expected {
                let reason =
                    format!("{} missing: the next file is `{}`", entries(expected, first - 1), segment::name(*first));
                return Ok(Some(self.end.clone().broken(reason)));
            }
            let is_last = index + 1 == extent.firsts.len();
            let lines = Lines::open(&segment::path(&self.log.folder, *first), extent.end.filter(|_| is_last))?;
            if let Some(broken) = self.lines(*first, lines, is_last)? {
                return Ok(Some(broken));
            }
        }
        Ok(extent.stray.map(|byte| Place { byte, ..self.end.clone() }.broken("something stands behind the last entry")))
    }

    fn lines(&mut self, first: u64, mut lines: Lines, is_last: bool) -> Result<Option<Broken>> {
        let step = |error| io(format!("read `{}`", segment::path(&self.log.folder, first).display()), error);
        let (mut bytes, mut behind) = (Vec::new(), Vec::new());
        self.end = Place { file: segment::name(first), line: lines.line, byte: lines.at };
        while let Some(finished) = lines.next(&mut bytes).map_err(step)? {
            let broken = if finished && line::is_whole(&bytes) {
                bytes.truncate(bytes.len() - line::SEAL_BYTES);
                self.whole(&mut bytes).err()
            } else {
                let follows = finished && lines.next(&mut behind).map_err(step)?.is_some();
                let behind = if follows { behind.as_slice() } else { &[] };
                match self.not_whole(&bytes, behind, finished, is_last) {
                    // It is the last one: nothing follows what is not finished.
                    None => return Ok(None),
                    broken => broken,
                }
            };
            if broken.is_some() {
                return Ok(broken);
            }
            self.end = Place { file: segment::name(first), line: lines.line, byte: lines.at };
        }
        Ok(None)
    }

    /// A line whose hash fits, and which has to be the next in the chain.
    fn whole(&mut self, body: &mut Vec<u8>) -> Result<(), Broken> {
        let here = || self.end.clone();
        let hash = Hash::of(body);
        let line = Line::read(body).map_err(|reason| here().broken(reason))?;
        self.oldest = [self.oldest, line.at()].into_iter().flatten().min();
        let expected = self.last.number + 1;
        if line.tenant != self.log.tenant.as_str() {
            return Err(here().broken(format!("it is an entry of the tenant `{}`", line.tenant)));
        }
        if line.number > expected {
            let missing = entries(expected, line.number - 1);
            return Err(here().broken(format!("{missing} missing here: entry {} stands here", line.number)));
        }
        if line.number < expected {
            return Err(here().broken(format!("entry {} stands here once more, in place of {expected}", line.number)));
        }
        if line.previous() != Some(self.last.hash) {
            // Both lines are as somebody wrote them. This one states what stood before it, so that one was written
            // anew.
            let place = self.last.place.clone().unwrap_or_else(here);
            let reason = format!("entry {expected} follows another entry than the one before it");
            self.last = std::mem::replace(&mut self.before, Link { number: 0, hash: Hash::NONE, place: None });
            return Err(place.broken(reason));
        }
        if let Some(head) = self.heads.iter().find(|head| head.number == expected && head.hash != hash) {
            return Err(
                here().broken(format!("entry {expected} is another one than the `{}` of the log names", head.file))
            );
        }
        let entry = Link { number: expected, hash, place: Some(self.end.clone()) };
        self.before = std::mem::replace(&mut self.last, entry);
        Ok(())
    }

    /// A line that is not what was written; `None` for one that was never finished.
    fn not_whole(&self, line: &[u8], behind: &[u8], finished: bool, is_last: bool) -> Option<Broken> {
        let place = |at: usize, reason: &str| {
            let place = Place { byte: self.end.byte + at as u64, ..self.end.clone() };
            Some(place.broken(reason))
        };
        let change = if finished { locate::change(line, behind) } else { locate::behind_whole(line) };
        if let Some(Change { at, reason }) = change {
            return place(at, reason);
        }
        let zeros = line.iter().take_while(|byte| **byte == 0).count();
        if zeros > 0 {
            return place(zeros, "zeros stand before it, as behind the last entry");
        }
        if finished {
            return place(0, locate::reason(line, behind));
        }
        if line.len() == LINE_BYTES_MAX || !line::begins(line, self.last.number + 1) {
            return place(0, "something stands behind the last entry");
        }
        if is_last { None } else { place(line.len(), "the file was cut within an entry") }
    }

    /// What the heads of the log say that there was.
    fn heads(&self, heads: &[Result<Head, String>]) -> Option<Broken> {
        heads.iter().find_map(|head| match head {
            Err(file) => {
                Some(Place { file: file.clone(), line: 1, byte: 0 }.broken("it does not say how far the log went"))
            }
            Ok(head) if head.number > self.last.number => {
                let missing = entries(self.last.number + 1, head.number);
                Some(self.end.clone().broken(format!("{missing} missing at the end: `{}` tells of them", head.file)))
            }
            Ok(_) => None,
        })
    }
}

fn entries(first: u64, last: u64) -> String {
    if first == last { format!("entry {first} is") } else { format!("entries {first} to {last} are") }
}
