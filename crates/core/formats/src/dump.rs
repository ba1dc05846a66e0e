//! Streams of frames as bytes, or as text: the bytes in hexadecimal digits, as programs and gateways write them.
//!
//! White space, `:`, `,`, `-` and `_` between digits mean nothing, nor does `0x` before them; `#` begins a comment. A delivery is such
//! a dump where its first bytes are nothing else; no frame of DLMS, SML or M-Bus begins like that. A line that holds something else
//! breaks the stream: no frame is read across it.

mod place;

use std::borrow::Cow;

use crate::detect::Head;
use crate::limits::REJECT_BYTES_MAX;
pub(crate) use place::{Place, Places};

/// So many first bytes tell text from binary.
const TELLING_BYTES: usize = 16;
/// So many bytes tell whether a line begins with a telegram.
const OPENING_BYTES: usize = 3;
const MARK: &[u8] = b"\xef\xbb\xbf";
const COMMENT: u8 = b'#';

/// What is said of a line that holds something else than digits, and of one whose last digit is alone.
pub(crate) const NO_DIGITS: &str = "the line holds something else than hexadecimal digits: it is read up to there";
pub(crate) const ODD_DIGIT: &str = "the line has an odd number of hexadecimal digits: the last one is not read";

/// What a delivery holds.
#[derive(Debug)]
pub(crate) enum Heard<'a> {
    /// Bytes of a delivery that is no text.
    Binary(&'a [u8]),
    /// Bytes of one line, from 1; the first ones of a line are at least [`OPENING_BYTES`], or all it has.
    Bytes { line: u64, opening: bool, bytes: &'a [u8] },
    /// The line holds something else than digits; the rest of it is not read.
    NoDigits { line: u64, text: &'a [u8] },
    /// The last digit of the line has no other one beside it.
    OddDigit { line: u64 },
}

/// The bytes of a beginning, whether it is a dump or not; `None` where it is another text.
pub(crate) fn beginning<'a>(head: &Head<'a>) -> Option<Cow<'a, [u8]>> {
    match is_text(head.bytes) {
        true => Some(Cow::Owned(bytes(head.bytes))),
        false if head.is_text() => None,
        false => Some(Cow::Borrowed(head.bytes)),
    }
}

/// Whether a delivery that begins so is text. A comment may hold any text, but a telegram whose length is that of `#` is none.
pub(crate) fn is_text(beginning: &[u8]) -> bool {
    let beginning = beginning.get(..TELLING_BYTES).unwrap_or(beginning);
    let text = beginning.strip_prefix(MARK).unwrap_or(beginning);
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    let is_letter = |byte: &u8| !byte.is_ascii_control() || byte.is_ascii_whitespace();
    first.is_some_and(|first| first.is_ascii_hexdigit() || *first == COMMENT)
        && text.split(|byte| *byte == b'\n').all(|line| {
            let digits = line.iter().position(|byte| *byte == COMMENT).unwrap_or(line.len());
            let (digits, comment) = line.split_at(digits);
            digits.iter().all(|byte| byte.is_ascii_hexdigit() || is_between(*byte) || b"xX".contains(byte))
                && comment.iter().all(is_letter)
        })
}

/// The bytes of a beginning in text, as far as its digits go.
fn bytes(beginning: &[u8]) -> Vec<u8> {
    let mut found = Vec::new();
    let mut dump = Dump::new();
    let mut broken = false;
    let mut hear = |heard: Heard<'_>| match heard {
        Heard::Bytes { bytes, .. } if !broken => found.extend_from_slice(bytes),
        Heard::NoDigits { .. } => broken = true,
        Heard::Binary(_) | Heard::Bytes { .. } | Heard::OddDigit { .. } => {}
    };
    dump.push(beginning, &mut hear);
    dump.finish(&mut hear);
    found
}

const fn is_between(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b':' | b',' | b'-' | b'_')
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// The bytes of a delivery, which is text or not.
#[derive(Debug)]
pub(crate) enum Input {
    /// Not enough of them are there to tell.
    Beginning(Vec<u8>),
    Binary,
    Text(Dump),
}

impl Input {
    pub(crate) const fn new() -> Self {
        Self::Beginning(Vec::new())
    }

    pub(crate) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Heard<'_>)) {
        let Self::Beginning(held) = self else { return self.read(bytes, each) };
        let (missing, rest) = bytes.split_at(bytes.len().min(TELLING_BYTES - held.len()));
        held.extend_from_slice(missing);
        if held.len() == TELLING_BYTES {
            self.begin(&mut each);
            self.read(rest, each);
        }
    }

    pub(crate) fn finish(&mut self, mut each: impl FnMut(Heard<'_>)) {
        self.begin(&mut each);
        if let Self::Text(dump) = self {
            dump.finish(each);
        }
    }

    /// Settles what the bytes are, and reads those that are held.
    fn begin(&mut self, each: impl FnMut(Heard<'_>)) {
        if let Self::Beginning(held) = self {
            let held = std::mem::take(held);
            *self = if is_text(&held) { Self::Text(Dump::new()) } else { Self::Binary };
            self.read(&held, each);
        }
    }

    fn read(&mut self, bytes: &[u8], mut each: impl FnMut(Heard<'_>)) {
        match self {
            Self::Beginning(_) => {}
            Self::Binary => each(Heard::Binary(bytes)),
            Self::Text(dump) => dump.push(bytes, each),
        }
    }
}

/// Turns text into bytes, line by line.
#[derive(Debug)]
pub(crate) struct Dump {
    line: u64,
    /// The beginning of the line.
    text: Vec<u8>,
    half: Option<u8>,
    broken: bool,
    comment: bool,
    ready: Vec<u8>,
    /// None of the line's bytes was handed on.
    opening: bool,
    started: bool,
}

impl Dump {
    const fn new() -> Self {
        Self {
            line: 1,
            text: Vec::new(),
            half: None,
            broken: false,
            comment: false,
            ready: Vec::new(),
            opening: true,
            started: false,
        }
    }

    /// The first piece holds at least the first [`TELLING_BYTES`].
    fn push(&mut self, text: &[u8], mut each: impl FnMut(Heard<'_>)) {
        let text = if self.started { text } else { text.strip_prefix(MARK).unwrap_or(text) };
        self.started = true;
        for byte in text {
            if *byte == b'\n' {
                self.end_line(&mut each);
            } else {
                self.take(*byte);
            }
        }
        if !self.opening || self.ready.len() >= OPENING_BYTES {
            self.hand_on(&mut each);
        }
    }

    fn finish(&mut self, mut each: impl FnMut(Heard<'_>)) {
        self.end_line(&mut each);
    }

    fn take(&mut self, byte: u8) {
        if self.text.len() < REJECT_BYTES_MAX {
            self.text.push(byte);
        }
        match digit(byte) {
            _ if self.broken || self.comment || is_between(byte) => {}
            None if byte == COMMENT => self.comment = true,
            None if self.half == Some(0) && matches!(byte, b'x' | b'X') => self.half = None,
            None => self.broken = true,
            Some(digit) => match self.half.take() {
                None => self.half = Some(digit),
                Some(high) => self.ready.push(high << 4 | digit),
            },
        }
    }

    fn hand_on(&mut self, each: &mut impl FnMut(Heard<'_>)) {
        if !self.ready.is_empty() {
            let opening = std::mem::take(&mut self.opening);
            each(Heard::Bytes { line: self.line, opening, bytes: &self.ready });
            self.ready.clear();
        }
    }

    fn end_line(&mut self, each: &mut impl FnMut(Heard<'_>)) {
        self.hand_on(each);
        if self.broken {
            each(Heard::NoDigits { line: self.line, text: &self.text });
        } else if self.half.is_some() {
            each(Heard::OddDigit { line: self.line });
        }
        self.line += 1;
        self.text.clear();
        self.half = None;
        self.broken = false;
        self.comment = false;
        self.opening = true;
    }
}

#[cfg(test)]
mod tests {
    use super::{Heard, Input, is_text};

    fn read(text: &str, size: usize) -> String {
        let mut seen = String::new();
        let mut line_before = 0;
        let mut hear = |heard: Heard<'_>| match heard {
            Heard::Binary(_) => seen.push_str("binary"),
            Heard::Bytes { line, bytes, .. } => {
                if line != line_before {
                    seen.push_str(&format!("{line}:"));
                }
                line_before = line;
                bytes.iter().for_each(|byte| seen.push_str(&format!("{byte:02x}")));
            }
            Heard::NoDigits { line, text } => seen.push_str(&format!("({line} {})", String::from_utf8_lossy(text))),
            Heard::OddDigit { line } => seen.push_str(&format!("({line} odd)")),
        };
        let mut input = Input::new();
        text.as_bytes().chunks(size).for_each(|piece| input.push(piece, &mut hear));
        input.finish(&mut hear);
        seen
    }

    #[test]
    fn bytes_are_read_however_they_are_set_apart() {
        for (text, expected) in [
            ("68 AE ae\r\n68", "1:68aeae2:68"),
            ("0x68,0xAE # the first\n\n16", "1:68ae3:16"),
            ("68:ae-68_16", "1:68ae6816"),
            ("68 a", "1:68(1 odd)"),
            ("68686868686868 ag\n10", "1:68686868686868(1 68686868686868 ag)2:10"),
            ("# 68\n", ""),
            ("\u{feff}68\n", "1:68"),
            ("telegram=68\n", "binary"),
        ] {
            for size in [1, 3, 100] {
                let said = read(text, size);
                assert_eq!(if said.starts_with("binary") { "binary" } else { &said }, expected, "{text}");
            }
        }
    }

    #[test]
    fn digits_and_comments_are_text_and_telegrams_are_none() {
        assert!(is_text(b"68 AE AE 68") && is_text(b"\n2E44931578") && is_text("# Zähler im Keller\n68".as_bytes()));
        assert!(!is_text(b"") && !is_text(b"h\x03\x03h") && !is_text(b"time;value\n") && !is_text(b"\x68\x44"));
        // A wireless telegram of 35 bytes begins with the letter that begins a comment.
        assert!(!is_text(b"#D-,785634121B\x16z\x2a\0\0\0"));
    }
}
