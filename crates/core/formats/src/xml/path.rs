//! The names of the elements that are open, from the root to the innermost.

use std::fmt;

/// Elements within each other that are followed. The deepest of our formats has eleven.
pub(super) const DEPTH_MAX: usize = 64;
/// Longest name of an element, in bytes. The longest of ENTSO-E has seventy.
pub(super) const NAME_BYTES_MAX: usize = 200;

#[derive(Debug, Default)]
pub(crate) struct Path {
    /// One behind the other, as they stood.
    names: String,
    elements: Vec<Element>,
}

#[derive(Clone, Copy, Debug)]
struct Element {
    /// Where its name begins.
    name: usize,
    /// Where it begins in the source that is kept.
    begin: usize,
}

impl Path {
    pub(crate) const fn depth(&self) -> usize {
        self.elements.len()
    }

    /// The innermost element; empty where none is open.
    pub(crate) fn name(&self) -> &str {
        local(self.nth_last(0))
    }

    pub(crate) fn parent(&self) -> &str {
        local(self.nth_last(1))
    }

    /// Whether an element of this name is open.
    pub(crate) fn is_within(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    pub(super) fn enter(&mut self, name: &str, begin: usize) {
        self.elements.push(Element { name: self.names.len(), begin });
        self.names.push_str(name);
    }

    /// Leaves the innermost element and tells where it begins.
    pub(super) fn leave(&mut self) -> usize {
        let Some(element) = self.elements.pop() else { return 0 };
        self.names.truncate(element.name);
        element.begin
    }

    /// Where the innermost element begins.
    pub(super) fn begin(&self) -> usize {
        self.elements.last().map_or(0, |element| element.begin)
    }

    /// The depth of the innermost open element of this name, with or without a prefix.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        (0..self.depth()).find(|back| local(self.nth_last(*back)) == local(name)).map(|back| self.depth() - back)
    }

    /// All but the innermost, from within, as their tags name them.
    pub(super) fn ancestors(&self) -> impl Iterator<Item = &str> {
        (1..self.depth()).map(|back| self.nth_last(back))
    }

    fn nth_last(&self, back: usize) -> &str {
        let at = |back: usize| Some(self.elements.get(self.depth().checked_sub(back + 1)?)?.name);
        let end = if back == 0 { Some(self.names.len()) } else { at(back - 1) };
        at(back).zip(end).and_then(|(begin, end)| self.names.get(begin..end)).unwrap_or_default()
    }
}

/// `UsagePoint/MeterReading`: the path without its root, which every position has in common.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for back in (0..self.depth().saturating_sub(1)).rev() {
            f.write_str(local(self.nth_last(back)))?;
            if back > 0 {
                f.write_str("/")?;
            }
        }
        Ok(())
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, name)| name)
}
