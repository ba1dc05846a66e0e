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
    /// Where its name begins, and where behind its prefix.
    name: usize,
    local: usize,
    /// Where it begins in the source that is kept.
    begin: usize,
}

impl Path {
    pub(crate) const fn depth(&self) -> usize {
        self.elements.len()
    }

    /// The innermost element; empty where none is open.
    pub(crate) fn name(&self) -> &str {
        self.local(0)
    }

    pub(crate) fn parent(&self) -> &str {
        self.local(1)
    }

    /// Whether an element of this name is open.
    pub(crate) fn is_within(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    pub(super) fn enter(&mut self, name: &str, begin: usize) {
        let start = self.names.len();
        self.elements.push(Element { name: start, local: start + prefix(name), begin });
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
        let name = name.get(prefix(name)..).unwrap_or_default();
        (0..self.depth()).find(|back| self.local(*back) == name).map(|back| self.depth() - back)
    }

    /// All but the innermost, from within, as their tags name them.
    pub(super) fn ancestors(&self) -> impl Iterator<Item = &str> {
        (1..self.depth()).map(|back| self.nth_last(back))
    }

    fn nth_last(&self, back: usize) -> &str {
        self.text(back, |element| element.name)
    }

    fn local(&self, back: usize) -> &str {
        self.text(back, |element| element.local)
    }

    fn text(&self, back: usize, begin: impl Fn(&Element) -> usize) -> &str {
        let Some(index) = self.depth().checked_sub(back + 1) else { return "" };
        let end = self.elements.get(index + 1).map_or(self.names.len(), |next| next.name);
        self.elements.get(index).and_then(|element| self.names.get(begin(element)..end)).unwrap_or_default()
    }
}

/// `UsagePoint/MeterReading`: the path without its root, which every position has in common.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for back in (0..self.depth().saturating_sub(1)).rev() {
            f.write_str(self.local(back))?;
            if back > 0 {
                f.write_str("/")?;
            }
        }
        Ok(())
    }
}

/// How many bytes the prefix of a name has, with its colon.
fn prefix(name: &str) -> usize {
    name.bytes().rposition(|byte| byte == b':').map_or(0, |colon| colon + 1)
}
