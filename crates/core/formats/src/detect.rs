//! Finds out what a delivery is from its first bytes.

use std::fmt;

use crate::format::Format;

/// How many bytes of the beginning are looked at.
pub const HEAD_BYTES: usize = 64 << 10;

/// The beginning of a delivery.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// At most [`HEAD_BYTES`].
    pub bytes: &'a [u8],
}

impl<'a> Head<'a> {
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes: &bytes[..bytes.len().min(HEAD_BYTES)] }
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
        const SIGNATURE: &[u8] = b"PK\x03\x04";
        const FIXED: usize = 30;
        let mut names = Vec::new();
        let mut rest = self.bytes;
        while rest.starts_with(SIGNATURE) && rest.len() >= FIXED {
            let number =
                |at: usize, bytes: usize| (0..bytes).rev().fold(0, |sum, i| sum << 8 | usize::from(rest[at + i]));
            let (packed, name, extra) = (number(18, 4), number(26, 2), number(28, 2));
            let Some(text) = rest.get(FIXED..FIXED + name) else { break };
            names.push(String::from_utf8_lossy(text).into_owned());
            // A size of zero may stand behind the member instead; then only the first name is known.
            if packed == 0 {
                break;
            }
            rest = rest.get(FIXED + name + extra + packed..).unwrap_or_default();
        }
        names
    }
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
