//! Finds out what a delivery is from its first bytes.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use crate::format::Format;

/// How many bytes of the beginning are looked at.
pub const HEAD_BYTES: usize = 64 << 10;

/// The beginning of a delivery.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// At most [`HEAD_BYTES`].
    pub bytes: &'a [u8],
    is_text: bool,
}

impl<'a> Head<'a> {
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        let bytes = &bytes[..bytes.len().min(HEAD_BYTES)];
        // No short circuit: so it takes a tenth of the time where there is none, which is nearly always.
        let controls =
            bytes.iter().fold(false, |found, byte| found | (*byte < b'\t') | (*byte > b'\r' && *byte < b' '));
        Self { bytes, is_text: !controls }
    }

    /// Whether there is none of the bytes that frames of meters are full of and texts have not.
    pub(crate) const fn is_text(&self) -> bool {
        self.is_text
    }

    /// Whether a character is among the bytes, be it in seven bits with a parity above them.
    pub(crate) fn has(&self, character: u8) -> bool {
        self.bytes.iter().fold(false, |found, byte| found | (byte & 0x7f == character))
    }

    /// The first line that is not blank, without a byte order mark.
    #[must_use]
    pub fn first_line(&self) -> &'a [u8] {
        let bytes = self.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(self.bytes);
        let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        lines.into_iter().find(|line| !line.is_empty()).unwrap_or_default()
    }

    /// The names of the members of a zip archive whose local headers stand in the beginning; empty for anything else.
    #[must_use]
    pub fn zip_members(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut at = 0;
        while let Some(header) = LocalHeader::at(self.bytes, at) {
            names.push(String::from_utf8_lossy(&self.bytes[header.name]).into_owned());
            // A size of zero may stand behind the member instead; then only the first name is known.
            if header.packed == 0 {
                break;
            }
            at = header.content + header.packed;
        }
        names
    }
}

/// What stands before a member of a zip archive (APPNOTE.TXT, 4.3.7).
struct LocalHeader {
    name: Range<usize>,
    /// Where its content begins, and how long that is.
    content: usize,
    packed: usize,
    /// Nothing is compressed.
    stored: bool,
    /// The size stands behind the content, and is zero here.
    size_follows: bool,
}

impl LocalHeader {
    fn at(bytes: &[u8], at: usize) -> Option<Self> {
        const SIGNATURE: &[u8] = b"PK\x03\x04";
        const FIXED: usize = 30;
        let fixed = bytes.get(at..at + FIXED).filter(|fixed| fixed.starts_with(SIGNATURE))?;
        let number = |at: usize, bytes: usize| (0..bytes).rev().fold(0, |sum, i| sum << 8 | usize::from(fixed[at + i]));
        let name = at + FIXED..at + FIXED + number(26, 2);
        bytes.get(name.clone())?;
        Some(Self {
            content: name.end + number(28, 2),
            name,
            packed: number(18, 4),
            stored: number(8, 2) == 0,
            size_follows: number(6, 2) & 8 != 0,
        })
    }
}

/// The beginning of a delivery as it tells what it is: of members that lie in a zip archive without compression, the content is
/// blanked, which would tell what they are.
#[must_use]
pub fn outline(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut outline = Cow::Borrowed(bytes);
    let mut at = 0;
    while let Some(header) = LocalHeader::at(bytes, at) {
        let unknown = header.size_follows && header.packed == 0;
        let end = if unknown { bytes.len() } else { (header.content + header.packed).min(bytes.len()) };
        if header.stored && header.content < end {
            outline.to_mut()[header.content..end].fill(0);
        }
        if unknown {
            break;
        }
        at = end;
    }
    outline
}

/// What a delivery may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detected {
    One(Format),
    /// Several formats would fit, each with what speaks for it.
    Several(Vec<(Format, &'static str)>),
    None,
}

/// Asks every format whether it recognises the beginning.
#[must_use]
pub fn detect(head: &Head<'_>) -> Detected {
    let candidates = Format::ALL.into_iter().filter_map(|format| format.recognise(head).map(|reason| (format, reason)));
    let candidates: Vec<_> = candidates.collect();
    match candidates.as_slice() {
        [] => Detected::None,
        [(format, _)] => Detected::One(*format),
        _ => Detected::Several(candidates),
    }
}

impl fmt::Display for Detected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(format) => write!(f, "{format}"),
            Self::None => f.write_str("no format that we know"),
            Self::Several(candidates) => {
                let reasons = candidates.iter().map(|(format, reason)| format!("{format} ({reason})"));
                write!(f, "several formats fit: {}", reasons.collect::<Vec<_>>().join(", "))
            }
        }
    }
}
