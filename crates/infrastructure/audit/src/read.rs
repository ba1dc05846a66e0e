//! Reading entries back, oldest first, a line at a time.

use metrify_application::audit::Entry;
use metrify_application::{Error, Kind, Result, io};

use crate::line::{self, Line};
use crate::log::{Extent, Log};
use crate::segment::{self, Lines};

/// Hands the entries of a log to `each`.
pub(crate) fn entries(log: &Log, each: &mut dyn FnMut(u64, Entry) -> Result<()>) -> Result<()> {
    let Extent { firsts, end, .. } = log.extent()?;
    let mut bytes = Vec::new();
    for (index, first) in firsts.iter().enumerate() {
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
            each(number, entry)?;
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
