//! What an element is within, as it was written, so that a problem can be read again: the tags that are open, and the elements
//! within them that have ended and tell something of what follows.

use crate::limits::REJECT_BYTES_MAX;

/// Most bytes that stand before an element in its excerpt: they are kept with every problem.
const PRELUDE_BYTES_MAX: usize = 16 << 10;

#[derive(Debug, Default)]
pub(super) struct Source {
    /// At most [`REJECT_BYTES_MAX`].
    bytes: Vec<u8>,
    /// Where bytes were left out, for want of room.
    cut_at: Option<usize>,
}

impl Source {
    pub(super) const fn length(&self) -> usize {
        self.bytes.len()
    }

    /// White space between elements says nothing and is left out.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        if bytes.trim_ascii().is_empty() {
            return;
        }
        if self.bytes.len() + bytes.len() > REJECT_BYTES_MAX {
            self.cut_at.get_or_insert(self.bytes.len());
            return;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Forgets what was added since.
    pub(super) fn forget(&mut self, begin: usize) {
        self.bytes.truncate(begin);
        if self.cut_at.is_some_and(|cut_at| begin < cut_at) {
            self.cut_at = None;
        }
    }

    /// What was added since.
    pub(super) fn from(&self, begin: usize) -> &[u8] {
        self.bytes.get(begin..).unwrap_or_default()
    }

    /// What stands before `begin`, and what from there on. Where that before is too much or not whole, it is left out.
    pub(super) fn excerpt(&self, begin: usize) -> (Vec<u8>, Vec<u8>) {
        let is_whole = begin <= PRELUDE_BYTES_MAX && self.cut_at.is_none_or(|cut_at| begin < cut_at);
        let before = if is_whole { self.bytes.get(..begin).unwrap_or_default() } else { &[] };
        (before.to_vec(), self.from(begin).to_vec())
    }
}
