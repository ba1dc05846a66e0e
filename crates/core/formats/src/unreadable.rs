//! Deliveries that cannot be read at all: their beginning is kept, and they make one problem.

use crate::limits::REJECT_BYTES_MAX;
use crate::lines::Line;
use crate::output::{Output, Problem};

/// Takes the rows of a table that can be read once a hint is given, in blocks that a reject can hold: nothing of them is lost.
#[derive(Debug)]
pub(crate) struct Untold {
    reason: String,
    /// Readings that a row holds.
    readings: u64,
    prelude: Vec<u8>,
    block: Vec<u8>,
    /// The first line of the block, and how many there are.
    first: u64,
    rows: u64,
}

impl Untold {
    /// `prelude` is what has to stand before rows so that they can be read again.
    pub(crate) const fn new(reason: String, readings: u64, prelude: Vec<u8>) -> Self {
        Self { reason, readings, prelude, block: Vec::new(), first: 0, rows: 0 }
    }

    pub(crate) fn line(&mut self, line: Line<'_>, out: &mut Output<'_>) {
        if line.bytes.trim_ascii().is_empty() {
            return;
        }
        if self.block.len() + line.bytes.len() >= REJECT_BYTES_MAX {
            self.finish(out);
        }
        if self.rows == 0 {
            self.first = line.number;
        }
        self.rows += 1;
        self.block.extend_from_slice(line.bytes);
        self.block.push(b'\n');
    }

    /// Tells of the rows that wait.
    pub(crate) fn finish(&mut self, out: &mut Output<'_>) {
        if self.rows == 0 {
            return;
        }
        out.problem(Problem {
            position: format!("line {}", self.first),
            reason: self.reason.clone(),
            readings: (self.rows * self.readings).max(1),
            prelude: self.prelude.clone(),
            bytes: std::mem::take(&mut self.block),
        });
        self.rows = 0;
    }
}

/// Takes the rest of a delivery that cannot be read.
#[derive(Debug)]
pub(crate) struct Unreadable {
    reason: String,
    /// The lines that may have held a reading each.
    readings: u64,
    bytes: Vec<u8>,
}

impl Unreadable {
    pub(crate) const fn new(reason: String) -> Self {
        Self { reason, readings: 0, bytes: Vec::new() }
    }

    /// A line that says what the others mean, and holds no reading.
    pub(crate) fn head(&mut self, line: Line<'_>) {
        let room = REJECT_BYTES_MAX.saturating_sub(self.bytes.len());
        let ended = line.bytes.iter().copied().chain([b'\n']);
        self.bytes.extend(ended.take(room));
    }

    pub(crate) fn line(&mut self, line: Line<'_>) {
        let says_something = line.bytes.iter().any(|byte| *byte > b' ');
        self.readings += u64::from(says_something);
        self.head(line);
    }

    pub(crate) fn finish(&mut self, out: &mut Output<'_>) {
        out.problem(Problem {
            position: String::new(),
            reason: std::mem::take(&mut self.reason),
            readings: self.readings.max(1),
            prelude: Vec::new(),
            bytes: std::mem::take(&mut self.bytes),
        });
    }
}
