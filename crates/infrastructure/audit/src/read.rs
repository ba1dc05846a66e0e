//! Reading entries back, oldest first, a line at a time.

use std::ops::ControlFlow;

use metrify_application::audit::Entry;
use metrify_application::{Error, Kind, Result, io};

use crate::line::{self, Line};
use crate::log::{Extent, Log};
use crate::segment::{self, Lines};

/// Hands the entries of a log behind the one of a number to `each`, until it has enough.
pub(crate) fn entries(log: &Log, after: u64, each: &mut dyn FnMut(u64, Entry) -> ControlFlow<()>) -> Result<()> {
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
            let (number, entry) = entry(&mut bytes).map_err(|reason| {
                let place = format!("read `{}`, line {line} at byte {at}: {reason}", path.display());
                Error::new(Kind::Corrupt, place)
                    .hint("verify the log: it tells what changed; a backup may have the line")
            })?;
            if number > after && each(number, entry).is_break() {
                return Ok(());
            }
            (line, at) = (lines.line, lines.at);
        }
    }
    Ok(())
}

fn entry(bytes: &mut Vec<u8>) -> Result<(u64, Entry), String> {
    let (body, _) = line::split(bytes).ok_or("it does not end in a hash")?;
    bytes.truncate(body.len());
    let line = Line::read(bytes)?;
    Ok((line.number, line.entry()?))
}
