//! Splits bytes that come in pieces into lines, none longer than the limit.

use crate::limits::LINE_BYTES_MAX;
use crate::seek;

/// One line without its end (LF or CRLF).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// From 1.
    pub number: u64,
    pub bytes: &'a [u8],
    /// The line was longer than [`LINE_BYTES_MAX`]; `bytes` is its beginning.
    pub cut: bool,
}

/// Keeps the unfinished line between two pieces.
#[derive(Debug, Default)]
pub struct Lines {
    held: Vec<u8>,
    number: u64,
    cut: bool,
}

impl Lines {
    /// Calls `each` for every line that ends within `bytes`.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Line<'_>)) {
        let mut rest = bytes;
        while let Some(end) = seek::byte(rest, b'\n') {
            let (line, tail) = (&rest[..end], &rest[end + 1..]);
            rest = tail;
            if self.held.is_empty() && line.len() <= LINE_BYTES_MAX {
                self.number += 1;
                each(Line { number: self.number, bytes: without_return(line), cut: false });
            } else {
                self.hold(line);
                self.hand_on(&mut each);
            }
        }
        self.hold(rest);
    }

    /// Calls `each` for a last line without an end.
    pub fn finish(&mut self, mut each: impl FnMut(Line<'_>)) {
        if !self.held.is_empty() {
            self.hand_on(&mut each);
        }
    }

    fn hold(&mut self, bytes: &[u8]) {
        let room = LINE_BYTES_MAX - self.held.len();
        self.cut |= bytes.len() > room;
        self.held.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn hand_on(&mut self, each: &mut impl FnMut(Line<'_>)) {
        self.number += 1;
        each(Line { number: self.number, bytes: without_return(&self.held), cut: self.cut });
        self.held.clear();
        self.cut = false;
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::Lines;
    use crate::limits::LINE_BYTES_MAX;

    fn split(pieces: &[&[u8]]) -> Vec<(u64, usize, bool)> {
        let mut lines = Lines::default();
        let mut seen = Vec::new();
        for piece in pieces {
            lines.push(piece, |line| seen.push((line.number, line.bytes.len(), line.cut)));
        }
        lines.finish(|line| seen.push((line.number, line.bytes.len(), line.cut)));
        seen
    }

    #[test]
    fn lines_are_the_same_however_the_bytes_are_cut() {
        let whole = split(&[b"ab\r\n\ncde\nf"]);
        assert_eq!(whole, [(1, 2, false), (2, 0, false), (3, 3, false), (4, 1, false)]);
        assert_eq!(split(&[b"a", b"b\r", b"\n\nc", b"de", b"\nf"]), whole);
    }

    #[test]
    fn an_endless_line_is_cut_and_the_next_one_read() {
        let long = vec![b'x'; LINE_BYTES_MAX];
        assert_eq!(split(&[&long, b"yy", b"\nz\n"]), [(1, LINE_BYTES_MAX, true), (2, 1, false)]);
    }
}
