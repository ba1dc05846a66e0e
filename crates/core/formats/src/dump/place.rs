//! Where in a delivery a frame stands: its byte, or in a dump its line.

use std::collections::VecDeque;
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Byte(u64),
    Line(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Byte(byte) => write!(f, "byte {byte}"),
            Self::Line(line) => write!(f, "line {line}"),
        }
    }
}

/// Where the lines of a dump begin, by the count of bytes before them; empty for binary deliveries.
#[derive(Debug, Default)]
pub(crate) struct Places {
    lines: VecDeque<(u64, u64)>,
}

impl Places {
    /// From this byte on, bytes stand in this line.
    pub(crate) fn line(&mut self, byte: u64, line: u64) {
        if self.lines.back().is_none_or(|(_, last)| *last != line) {
            self.lines.push_back((byte, line));
        }
    }

    /// The place of a byte. Bytes are asked for in their order, so lines before it are forgotten.
    pub(crate) fn of(&mut self, byte: u64) -> Place {
        while self.lines.get(1).is_some_and(|next| next.0 <= byte) {
            self.lines.pop_front();
        }
        self.lines.front().map_or(Place::Byte(byte), |(_, line)| Place::Line(*line))
    }
}
