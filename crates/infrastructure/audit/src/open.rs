//! Where a log goes on that was left: behind the last whole line, however it was left.

use std::fs::{self, File, OpenOptions};
use std::io as stdio;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use metrify_application::{Result, io};

use crate::head;
use crate::line::{self, Hash, LINE_BYTES_MAX, Line};
use crate::log::{Segment, Stretch, Tail, UNSEALED_BYTES_MAX};
use crate::segment::{self, Lines};

/// What was written and never sealed lies within so many bytes of the end. After a loss of power some of it may be on
/// the disk and something before it not: a gap of zeros there is no damage.
const GAP_BYTES_MAX: u64 = UNSEALED_BYTES_MAX + 2 * LINE_BYTES_MAX as u64;

const SECTOR_BYTES: u64 = 512;

/// The last whole line of a segment, and where whole lines end.
struct Last {
    line: Option<(u64, Hash)>,
    end: u64,
    /// Where what stands in the file ends.
    content: u64,
}

/// Opens the end of a log: reads its last segment, and those before it only where there is no line in it.
pub(crate) fn tail(folder: &Path) -> Result<Tail> {
    let firsts = segment::firsts(folder)?;
    let Some(first) = firsts.last().copied() else {
        head::compare(folder, 0, Hash::NONE)?;
        return Ok(Tail::new(0, Hash::NONE, None, Vec::new()));
    };
    let path = segment::path(folder, first);
    let step = || format!("open `{}`", path.display());
    let last = last(&path)?;
    let file = OpenOptions::new().read(true).write(true).open(&path).map_err(|error| io(step(), error))?;
    if last.end < last.content {
        cut(&file, &path, &last).map_err(|error| io(format!("cut `{}`", path.display()), error))?;
    }
    let (mut line, mut before) = (last.line, firsts.iter().rev().skip(1));
    while line.is_none()
        && let Some(first) = before.next()
    {
        line = self::last(&segment::path(folder, *first))?.line;
    }
    let (number, hash) = line.unwrap_or((first.saturating_sub(1), Hash::NONE));
    let reserved = file.metadata().map_err(|error| io(step(), error))?.len();
    let mut finished = Vec::new();
    if !head::compare(folder, number, hash)?
        && let [.., before, _] = firsts[..]
    {
        // Whoever wrote the last entries was killed: what of them is not on the disk goes there with the next seal.
        let path = segment::path(folder, before);
        let file = OpenOptions::new().read(true).write(true).open(&path);
        let file = Arc::new(file.map_err(|error| io(format!("open `{}`", path.display()), error))?);
        finished.push(Stretch { file, from: 0, to: 0 });
    }
    let segment = Segment { file: Arc::new(file), first, end: last.end, reserved, sealed: last.end, stained: 0 };
    Ok(Tail::new(number, hash, Some(segment), finished))
}

fn last(path: &Path) -> Result<Last> {
    let step = |error| io(format!("read `{}`", path.display()), error);
    let mut lines = Lines::open(path, None)?;
    let mut last = Last { line: None, end: 0, content: lines.end };
    let mut bytes = Vec::new();
    while let Some(finished) = lines.next(&mut bytes).map_err(step)? {
        let begin = lines.at - bytes.len() as u64 - u64::from(finished);
        if is_gap(&bytes, begin) && last.end + GAP_BYTES_MAX >= last.content {
            break;
        }
        if !finished {
            // A piece of what is longer than any line is no unfinished line.
            if bytes.len() == LINE_BYTES_MAX {
                continue;
            }
            break;
        }
        last.end = lines.at;
        if let Some((body, hash)) = line::split(&bytes) {
            let mut body = body.to_vec();
            last.line = Line::read(&mut body).ok().map(|line| (line.number, hash)).or(last.line);
        }
    }
    Ok(last)
}

/// The disk writes sectors: what it did not write is zeros up to the end of one.
fn is_gap(bytes: &[u8], begin: u64) -> bool {
    let Some(zero) = bytes.iter().position(|byte| *byte == 0) else { return false };
    let zeros = bytes[zero..].iter().take_while(|byte| **byte == 0).count();
    let end = zero + zeros;
    end == bytes.len() || (begin + end as u64).is_multiple_of(SECTOR_BYTES)
}

/// Takes away what was not finished, and keeps it aside for whoever wants to know.
fn cut(file: &File, path: &Path, last: &Last) -> stdio::Result<()> {
    let mut torn = vec![0; (last.content - last.end) as usize];
    file.read_exact_at(&mut torn, last.end)?;
    let aside = path.with_extension(format!("torn-{}", last.end));
    if let Err(error) = fs::write(&aside, &torn) {
        tracing::warn!(kept = %aside.display(), "an unfinished audit entry cannot be kept aside: {error}");
    }
    tracing::warn!(
        segment = %path.display(), at = last.end, bytes = torn.len(), kept = %aside.display(),
        "the audit log ended in an unfinished entry, whose outcome nobody was told"
    );
    file.set_len(last.end)?;
    file.sync_all()
}
