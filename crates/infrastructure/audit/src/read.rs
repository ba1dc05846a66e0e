//! Reading entries back: oldest first a line at a time, newest first a segment at a time.

use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;

use metrify_application::audit::Entry;
use metrify_application::{Error, Kind, Result, io};

use crate::line::{self, Line};
use crate::log::{Extent, Log};
use crate::segment::{self, Lines};

/// Hands the entries of a log behind the one of a number to `each`, oldest first, until it has enough.
pub(crate) fn onwards(log: &Log, after: u64, each: &mut dyn FnMut(u64, Entry) -> ControlFlow<()>) -> Result<()> {
    let Extent { firsts, end, .. } = log.extent()?;
    let mut bytes = Vec::new();
    // Segments are named by their first entry: those that end before the first one wanted are not opened.
    let ended = firsts.iter().skip(1).take_while(|next| **next <= after + 1).count();
    for (index, first) in firsts.iter().enumerate().skip(ended) {
        let is_last = index + 1 == firsts.len();
        let path = segment::path(&log.folder, *first);
        let mut lines = Lines::open(&path, end.filter(|_| is_last))?;
        let (mut line, mut at) = (lines.line, lines.at);
        while let Some(finished) =
            lines.next(&mut bytes).map_err(|error| io(format!("read `{}`", path.display()), error))?
        {
            if !finished && is_last {
                // Nobody was told of it; it is taken away when the log is opened.
                return Ok(());
            }
            let (number, entry) = entry(&mut bytes).map_err(|reason| unreadable(&path, (line, at), &reason))?;
            if number > after && each(number, entry).is_break() {
                return Ok(());
            }
            (line, at) = (lines.line, lines.at);
        }
    }
    Ok(())
}

/// Hands the entries of a log before the one of a number to `each`, newest first, until it has enough. One segment is in memory at a time.
pub(crate) fn back(log: &Log, before: Option<u64>, each: &mut dyn FnMut(u64, Entry) -> ControlFlow<()>) -> Result<()> {
    let Extent { firsts, end, .. } = log.extent()?;
    let mut bytes = Vec::new();
    for (index, first) in firsts.iter().enumerate().rev() {
        if before.is_some_and(|before| *first >= before) {
            continue;
        }
        let is_last = index + 1 == firsts.len();
        let path = segment::path(&log.folder, *first);
        let content = content(&path, end.filter(|_| is_last))?;
        // What is behind the last line feed of the log nobody was told of.
        let whole = content.iter().rposition(|byte| *byte == b'\n').filter(|_| is_last);
        let written = match whole {
            Some(end) => &content[..=end],
            None if is_last => &[],
            None => content.as_slice(),
        };
        let mut at = written.len();
        for line in written.split_inclusive(|byte| *byte == b'\n').rev() {
            at -= line.len();
            bytes.clear();
            bytes.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
            let (number, entry) = entry(&mut bytes).map_err(|reason| {
                let lines_before = written[..at].iter().filter(|byte| **byte == b'\n').count() as u64;
                unreadable(&path, (lines_before + 1, at as u64), &reason)
            })?;
            if before.is_none_or(|before| number < before) && each(number, entry).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// What stands in a segment, which has a bounded size.
fn content(path: &Path, end: Option<u64>) -> Result<Vec<u8>> {
    let step = |error| io(format!("read `{}`", path.display()), error);
    let file = File::open(path).map_err(step)?;
    let length = file.metadata().map_err(step)?.len();
    let end = match end {
        Some(end) => end.min(length),
        None => segment::content_end(&file, length).map_err(step)?,
    };
    let mut content = Vec::new();
    file.take(end).read_to_end(&mut content).map_err(step)?;
    Ok(content)
}

fn unreadable(path: &Path, (line, at): (u64, u64), reason: &str) -> Error {
    let place = format!("read `{}`, line {line} at byte {at}: {reason}", path.display());
    Error::new(Kind::Corrupt, place).hint("verify the log: it tells what changed; a backup may have the line")
}

fn entry(bytes: &mut Vec<u8>) -> Result<(u64, Entry), String> {
    let (body, _) = line::split(bytes).ok_or("it does not end in a hash")?;
    bytes.truncate(body.len());
    let line = Line::read(bytes)?;
    Ok((line.number, line.entry()?))
}
