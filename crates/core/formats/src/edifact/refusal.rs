//! A message that is kept out as a whole: of a test interchange, of another type, or without a head.

use super::segments::Segment;
use crate::limits::REJECT_BYTES_MAX;
use crate::output::{Output, Problem};

/// What a refused message holds.
#[derive(Debug)]
pub(crate) struct Refusal {
    position: String,
    reason: String,
    /// Whether its QTY are readings that are lost; those of other message types mean other things.
    of_readings: bool,
    readings: u64,
    prelude: Vec<u8>,
    bytes: Vec<u8>,
}

impl Refusal {
    pub(crate) fn new(position: String, reason: String, of_readings: bool, prelude: &[u8]) -> Self {
        Self { position, reason, of_readings, readings: 0, prelude: prelude.to_vec(), bytes: Vec::new() }
    }

    pub(crate) fn add(&mut self, segment: &Segment<'_>) {
        self.readings += u64::from(self.of_readings && segment.tag() == b"QTY");
        if self.bytes.len() + segment.bytes.len() < REJECT_BYTES_MAX {
            segment.append_to(&mut self.bytes);
        }
    }

    pub(crate) fn finish(self, out: &mut Output<'_>) {
        let Self { position, reason, of_readings: _, readings, prelude, bytes } = self;
        out.problem(Problem { position, reason, readings: readings.max(1), prelude, bytes });
    }
}
