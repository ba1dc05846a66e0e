//! What stands above the header of a table: `sep=;` as Excel writes and reads it, and a few lines of title.

use metrify_domain::Severity;

use super::header::Header;
use crate::encoding::{self, is_utf_16};
use crate::fields::DELIMITERS;
use crate::lines::Line;
use crate::output::Output;
use crate::unreadable::Unreadable;

/// Most lines of title.
const TITLES_MAX: usize = 5;
/// Longest line of title, in bytes.
const TITLE_BYTES_MAX: usize = 1 << 10;

/// The lines up to the header.
#[derive(Debug, Default)]
pub(super) struct Opening {
    /// The mark that sets fields apart, with the line that tells it.
    told: Option<(u8, Vec<u8>)>,
    titles: Vec<(u64, Vec<u8>)>,
    /// Why the first title is no header.
    reason: String,
}

impl Opening {
    /// Takes a line that is not blank; the header once it has come.
    ///
    /// # Errors
    /// Where none comes.
    pub(super) fn line(&mut self, number: u64, bytes: &[u8]) -> Option<Result<Header, String>> {
        if self.told.is_none()
            && self.titles.is_empty()
            && let Some(mark) = separator(bytes)
        {
            self.told = Some((mark, [bytes, b"\n"].concat()));
            return None;
        }
        let mark = self.told.as_ref().map(|(mark, _)| *mark);
        let titled = !self.titles.is_empty();
        let read = encoding::header(bytes).and_then(|text| Header::read(&text, mark));
        let reason = match read {
            // Behind a title, a row whose first field is empty would look like a header whose times have no name.
            Ok(header) if !titled || header.has_named_times() => return Some(Ok(header)),
            Ok(_) => String::new(),
            Err(reason) => reason,
        };
        if !titled {
            self.reason = reason;
        }
        let is_title = bytes.len() <= TITLE_BYTES_MAX && !is_utf_16(bytes) && self.titles.len() < TITLES_MAX;
        self.titles.push((number, bytes.to_vec()));
        if is_title { None } else { Some(Err(std::mem::take(&mut self.reason))) }
    }

    /// Whether a title stands above the header.
    pub(super) fn is_titled(&self) -> bool {
        !self.titles.is_empty()
    }

    /// What has to stand above a header so that it is read in the same way.
    pub(super) fn prelude(&self) -> &[u8] {
        self.told.as_ref().map_or(&[], |(_, line)| line)
    }

    /// Says what is passed over.
    pub(super) fn tell(&self, out: &mut Output<'_>) {
        for (number, title) in &self.titles {
            let shown: String = encoding::text(title).chars().take(60).collect();
            let reason = format!("`{}` is passed over: it stands above the header", shown.trim());
            out.remark(Severity::Note, "unread_line", format!("line {number}"), reason);
        }
    }

    /// The lines as those of a delivery that cannot be read; `None` where there are none.
    pub(super) fn unreadable(self, reason: String) -> Option<Unreadable> {
        let mut unreadable = Unreadable::new(reason);
        let mut lines = self.titles.iter().map(|(number, bytes)| Line { number: *number, bytes, cut: false });
        unreadable.head(lines.next()?);
        lines.for_each(|line| unreadable.line(line));
        Some(unreadable)
    }

    /// As [`unreadable`](Self::unreadable), where the delivery ends without a header.
    pub(super) fn ended(&mut self) -> Option<Unreadable> {
        let mut opening = std::mem::take(self);
        let reason = std::mem::take(&mut opening.reason);
        opening.unreadable(reason)
    }
}

/// The mark that `sep=;` tells.
fn separator(line: &[u8]) -> Option<u8> {
    let line = line.trim_ascii_start();
    let line = line.strip_prefix(b"\"").and_then(|line| line.trim_ascii_end().strip_suffix(b"\"")).unwrap_or(line);
    match line {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', mark, rest @ ..] if rest.trim_ascii().is_empty() => {
            DELIMITERS.contains(mark).then_some(*mark)
        }
        _ => None,
    }
}
