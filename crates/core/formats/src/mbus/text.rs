//! Telegrams as text: two hexadecimal digits a byte, as programs and gateways write them.
//!
//! White space, `:`, `,`, `-` and `_` between bytes mean nothing, nor does `0x` before them; `#` begins a comment. A line with
//! anything else is not read. A wired frame may go on over several lines, a wireless one without checksums may not.

/// Bytes of the beginning by which a delivery is told to be text.
pub(super) const SNIFFED_BYTES: usize = 64;
/// Bytes of a line that are kept until they are handed on.
const BYTES_MAX: usize = 4_096;
/// As much of a line as is kept for a reject.
const SHOWN_BYTES_MAX: usize = 1_024;

/// Whether a delivery that begins so is text. Among 64 bytes of a telegram there is always one that text does not have.
pub(super) fn is_text(beginning: &[u8]) -> bool {
    let sniffed = beginning.get(..SNIFFED_BYTES).unwrap_or(beginning);
    let sniffed = crate::encoding::without_mark(sniffed);
    let first = sniffed.iter().find(|byte| !byte.is_ascii_whitespace());
    // A comment may hold any text.
    let begins_as_hex = first.is_some_and(u8::is_ascii_hexdigit);
    let is_hex = |byte: &u8| byte.is_ascii_hexdigit() || byte.is_ascii_whitespace() || b":,-_xX#".contains(byte);
    first == Some(&b'#') || begins_as_hex && sniffed.iter().take_while(|byte| **byte != b'#').all(is_hex)
}

/// What a text says.
#[derive(Debug)]
pub(super) enum Said<'a> {
    /// The bytes that follow are of this line.
    Line(u64),
    Bytes(&'a [u8]),
    /// A line that is not read, as it came.
    Odd {
        line: u64,
        text: &'a [u8],
        reason: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Digits,
    Comment,
    /// The line has this byte, which is no digit.
    Odd(u8),
}

/// Keeps the unfinished line between two pieces.
#[derive(Debug)]
pub(super) struct Hex {
    number: u64,
    /// Some of the line's bytes were handed on.
    begun: bool,
    mode: Mode,
    high: Option<u8>,
    bytes: Vec<u8>,
    /// The beginning of the line as it came.
    text: Vec<u8>,
}

impl Hex {
    pub(super) const fn new() -> Self {
        Self { number: 1, begun: false, mode: Mode::Digits, high: None, bytes: Vec::new(), text: Vec::new() }
    }

    pub(super) fn push(&mut self, text: &[u8], mut each: impl FnMut(Said<'_>)) {
        for byte in text {
            if *byte == b'\n' {
                self.end(&mut each);
                continue;
            }
            if self.text.len() < SHOWN_BYTES_MAX {
                self.text.push(*byte);
            }
            if self.mode == Mode::Digits {
                self.character(*byte, &mut each);
            }
        }
    }

    pub(super) fn finish(&mut self, mut each: impl FnMut(Said<'_>)) {
        self.end(&mut each);
        *self = Self::new();
    }

    fn character(&mut self, byte: u8, each: &mut impl FnMut(Said<'_>)) {
        let digit = char::from(byte).to_digit(16).map(|digit| digit as u8);
        match (digit, self.high) {
            (Some(digit), None) => self.high = Some(digit),
            (Some(digit), Some(high)) => {
                self.high = None;
                self.bytes.push(high << 4 | digit);
                if self.bytes.len() >= BYTES_MAX {
                    self.hand_on(each);
                }
            }
            (None, Some(0)) if matches!(byte, b'x' | b'X') => self.high = None,
            (None, None) if byte == b'#' => self.mode = Mode::Comment,
            (None, None) if byte.is_ascii_whitespace() || b":,-_\xef\xbb\xbf".contains(&byte) => {}
            (None, _) => self.mode = Mode::Odd(byte),
        }
    }

    fn hand_on(&mut self, each: &mut impl FnMut(Said<'_>)) {
        if !self.begun {
            each(Said::Line(self.number));
        }
        self.begun = true;
        each(Said::Bytes(&self.bytes));
        self.bytes.clear();
    }

    fn end(&mut self, each: &mut impl FnMut(Said<'_>)) {
        let reason = match (self.mode, self.high) {
            (Mode::Odd(byte), Some(_)) => Some(format!("the line has {} behind half a byte", shown(byte))),
            (Mode::Odd(byte), None) => Some(format!("the line has {}, which is no hexadecimal digit", shown(byte))),
            (_, Some(_)) => Some("the line ends within a byte: it has an odd number of digits".to_owned()),
            (Mode::Digits | Mode::Comment, None) => None,
        };
        match reason {
            Some(reason) => each(Said::Odd { line: self.number, text: &self.text, reason }),
            None if self.bytes.is_empty() => {}
            None => self.hand_on(each),
        }
        *self = Self {
            number: self.number + 1,
            bytes: std::mem::take(&mut self.bytes),
            text: std::mem::take(&mut self.text),
            ..Self::new()
        };
        self.bytes.clear();
        self.text.clear();
    }
}

fn shown(byte: u8) -> String {
    if byte.is_ascii_graphic() { format!("`{}`", char::from(byte)) } else { format!("a byte {byte:02x}") }
}

#[cfg(test)]
mod tests {
    use super::{Hex, Said, is_text};

    fn read(text: &str, size: usize) -> String {
        let mut seen = String::new();
        let mut each = |said: Said<'_>| match said {
            Said::Line(number) => seen.push_str(&format!("{number}:")),
            Said::Bytes(bytes) => bytes.iter().for_each(|byte| seen.push_str(&format!("{byte:02x}"))),
            Said::Odd { line, reason, .. } => seen.push_str(&format!("({line} {reason})")),
        };
        let mut hex = Hex::new();
        text.as_bytes().chunks(size).for_each(|piece| hex.push(piece, &mut each));
        hex.finish(&mut each);
        seen
    }

    #[test]
    fn bytes_are_read_however_they_are_set_apart() {
        for (text, expected) in [
            ("68 AE ae\r\n68", "1:68aeae2:68"),
            ("0x68,0xAE # the first\n\n16", "1:68ae3:16"),
            ("68:ae-68_16", "1:68ae6816"),
            ("68 a", "(1 the line ends within a byte: it has an odd number of digits)"),
            ("68 ag\n10", "(1 the line has `g` behind half a byte)2:10"),
            ("telegram=68\n", "(1 the line has `t`, which is no hexadecimal digit)"),
            ("# 68\n", ""),
        ] {
            for size in [1, 3, 100] {
                assert_eq!(read(text, size), expected, "{text}");
            }
        }
    }

    #[test]
    fn digits_alone_are_text() {
        assert!(is_text(b"68 AE AE 68") && is_text(b"\n2E44931578") && is_text(b"# from the cellar\n68"));
        assert!(!is_text(b"") && !is_text(b"h\x03\x03h") && !is_text(b"time;value\n") && !is_text(b"\x68\x44"));
    }
}
