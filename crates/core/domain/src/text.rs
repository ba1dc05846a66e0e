//! Short texts that live inside their owner: no allocation, `Copy`, ordered and hashed as text.

use std::fmt;

/// A text of at most `N` bytes, kept in place. Unused bytes are zero, so equality and hashing of the array are those of the text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    length: u8,
}

impl<const N: usize> Text<N> {
    pub const EMPTY: Self = Self { bytes: [0; N], length: 0 };

    /// `None` where the text has more than `N` bytes.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let mut bytes = [0; N];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        let length = u8::try_from(text.len()).ok()?;
        Some(Self { bytes, length })
    }

    /// For texts written in our own source; a longer one does not compile.
    #[must_use]
    pub const fn literal(text: &'static str) -> Self {
        let source = text.as_bytes();
        assert!(source.len() <= N, "the text is longer than its type allows");
        let mut bytes = [0; N];
        let mut index = 0;
        while index < source.len() {
            bytes[index] = source[index];
            index += 1;
        }
        Self { bytes, length: source.len() as u8 }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only whole texts are ever copied in, so this cannot fail; an empty text would be the honest answer if it did.
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or("")
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn a_text_keeps_what_fits_and_refuses_the_rest() {
        assert_eq!(Text::<4>::new("kWh").map(|t| t.as_str().to_owned()), Some("kWh".to_owned()));
        assert_eq!(Text::<2>::new("kWh"), None);
        assert_eq!(Text::<4>::literal("kWh"), Text::<4>::new("kWh").unwrap_or_default());
    }
}
