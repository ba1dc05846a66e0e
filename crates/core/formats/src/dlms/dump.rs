//! Deliveries that are text: the bytes of a stream in hexadecimal digits, with spaces and line breaks as one likes.
//!
//! A delivery is such a dump where its first bytes are nothing but digits and white space; no frame of DLMS begins like that.
//! A line that holds something else breaks the stream: no frame is read across it.

use crate::limits::REJECT_BYTES_MAX;

/// So many first bytes tell text from binary.
pub(super) const TELLING_BYTES: usize = 16;
/// So many bytes tell whether a line begins with a telegram.
const OPENING_BYTES: usize = 3;
const MARK: &[u8] = b"\xef\xbb\xbf";

/// What a dump holds.
#[derive(Debug)]
pub(super) enum Heard<'a> {
    /// Bytes of one line, from 1; the first ones of a line are at least [`OPENING_BYTES`], or all it has.
    Bytes { line: u64, opening: bool, bytes: &'a [u8] },
    /// The line holds something else than digits; the rest of it is not read.
    NoDigits { line: u64, text: &'a [u8] },
    /// The last digit of the line has no other one beside it.
    OddDigit { line: u64 },
}

/// Whether a delivery that begins so is text.
pub(super) fn is_text(beginning: &[u8]) -> bool {
    let beginning = beginning.get(..TELLING_BYTES).unwrap_or(beginning);
    let text = beginning.strip_prefix(MARK).unwrap_or(beginning);
    let is_digit = |byte: &u8| byte.is_ascii_hexdigit();
    text.iter().any(is_digit) && text.iter().all(|byte| is_digit(byte) || byte.is_ascii_whitespace())
}

/// The bytes of a beginning in text, as far as its digits go.
pub(super) fn bytes(beginning: &[u8]) -> Vec<u8> {
    let text = beginning.strip_prefix(MARK).unwrap_or(beginning);
    let digits = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    let digits: Vec<u8> = digits.map_while(|byte| digit(*byte)).collect();
    digits.as_chunks().0.iter().map(|[high, low]| high << 4 | low).collect()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Turns text into bytes, line by line.
#[derive(Debug)]
pub(super) struct Dump {
    line: u64,
    /// The beginning of the line.
    text: Vec<u8>,
    half: Option<u8>,
    broken: bool,
    ready: Vec<u8>,
    /// None of the line's bytes was handed on.
    opening: bool,
    started: bool,
}

impl Dump {
    pub(super) const fn new() -> Self {
        Self { line: 1, text: Vec::new(), half: None, broken: false, ready: Vec::new(), opening: true, started: false }
    }

    /// The first piece holds at least the first [`TELLING_BYTES`].
    pub(super) fn push(&mut self, text: &[u8], mut each: impl FnMut(Heard<'_>)) {
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

    pub(super) fn finish(&mut self, mut each: impl FnMut(Heard<'_>)) {
        self.end_line(&mut each);
    }

    fn take(&mut self, byte: u8) {
        if self.text.len() < REJECT_BYTES_MAX {
            self.text.push(byte);
        }
        match digit(byte) {
            _ if self.broken || byte.is_ascii_whitespace() => {}
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
        self.opening = true;
    }
}
