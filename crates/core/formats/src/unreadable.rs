//! Deliveries that cannot be read at all: their beginning is kept, and they make one problem.

use crate::limits::REJECT_BYTES_MAX;
use crate::lines::Line;
use crate::output::{Output, Problem};

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
