//! The frames of a stream: wired ones (`68 L L 68 ... 16`), and wireless ones of format A, of format B, and without checksums.
//!
//! Every byte comes out once: in a frame, as what a bus says beside frames, or as lost. Where the cuts lie depends on the
//! bytes and the ends of lines alone, never on their pieces.

use std::collections::VecDeque;

use super::{ci, crc};
use crate::limits;

/// Longest frame, in bytes: wireless format A with a length of 255.
const FRAME_BYTES_MAX: usize = 290;
/// Longest run of lost bytes that is handed on at once. What a text line holds is lost together.
const LOST_BYTES_MAX: usize = 4_096;
const _: () = assert!(LOST_BYTES_MAX <= limits::REJECT_BYTES_MAX, "lost bytes are kept whole");
/// Bytes that are taken over at once, so that little is held however large a piece is.
const PORTION_BYTES: usize = 16 << 10;

const LONG: u8 = 0x68;
const SHORT: u8 = 0x10;
const STOP: u8 = 0x16;
const ACKNOWLEDGEMENT: u8 = 0xE5;
/// Bytes of a wired frame beside those that its length counts.
const WIRED_EXTRA: usize = 6;
const SHORT_BYTES: usize = 5;
/// Length, control, maker, address and the first byte of the content.
const WIRELESS_BYTES_MIN: usize = 11;

/// Where in a delivery something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    byte: u64,
    /// Of a text; from 1.
    line: Option<u64>,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}"),
            None => write!(f, "byte {}", self.byte),
        }
    }
}

/// What a stream holds.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    Frame(Frame<'a>),
    /// Acknowledgements, and short frames by which a master asks.
    Passed,
    /// At most [`LOST_BYTES_MAX`] bytes that are in no frame.
    Lost {
        place: Place,
        bytes: &'a [u8],
        loss: Loss,
    },
}

/// A frame that is whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    pub place: Place,
    /// As it came.
    pub bytes: &'a [u8],
    pub link: Link,
    /// From the CI field on, without checksums.
    pub content: &'a [u8],
    /// Whether a checksum vouches for it; wireless frames are handed on without theirs, too.
    pub checked: bool,
}

/// The link layer of a frame.
#[derive(Clone, Copy, Debug)]
pub(super) enum Link {
    Wired {
        control: u8,
    },
    /// Maker, number, version and type of the sender, as they stand.
    Wireless {
        address: [u8; 8],
    },
}

/// Why bytes are in no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Loss {
    #[error("the bytes belong to no frame: expected 68 L L 68, or the length and address of a wireless telegram")]
    Stray,
    #[error("the frame is cut: it has {expected} bytes, and only {found} of them came")]
    Cut { expected: usize, found: usize },
    #[error("the frame's checksum is {found:02x}, but its bytes give {expected:02x}: some were lost or changed")]
    Checksum { found: u8, expected: u8 },
    #[error("the frame ends with {0:02x} instead of {STOP:02x}: bytes of it are missing or too many")]
    Stop(u8),
    #[error(
        "the telegram of {expected} bytes has neither valid checksums (formats A and B) nor the length of one without"
    )]
    Wireless { expected: usize },
}

/// A frame that begins at some byte.
enum Found {
    Wired(usize),
    Passed(usize),
    /// Its bytes are in [`Frames::plain`].
    Stripped(usize, bool),
    None(Loss),
}

/// Keeps what is not decided yet between two pieces.
#[derive(Debug)]
pub(super) struct Frames {
    held: Vec<u8>,
    /// Where in the delivery `held` begins.
    offset: u64,
    /// Where in `held` the bytes begin that are in no piece yet.
    begin: usize,
    /// From here on a frame may begin; never before `begin`.
    scanned: usize,
    /// Why the bytes between are lost.
    loss: Loss,
    /// A frame without checksums may begin here: at the beginning of a stream or line, or behind another frame.
    anchored: bool,
    /// Beginnings of lines that `held` reaches, as bytes of the delivery, with their numbers; empty for binary deliveries.
    lines: VecDeque<(u64, u64)>,
    plain: Vec<u8>,
}

impl Frames {
    pub(super) fn new() -> Self {
        Self {
            held: Vec::new(),
            offset: 0,
            begin: 0,
            scanned: 0,
            loss: Loss::Stray,
            anchored: true,
            lines: VecDeque::new(),
            plain: Vec::new(),
        }
    }

    /// The next byte is the first of this line of a text.
    pub(super) fn line(&mut self, number: u64) {
        let at = self.offset + self.held.len() as u64;
        // Lines without bytes are none.
        while self.lines.back().is_some_and(|(last, _)| *last == at) {
            self.lines.pop_back();
        }
        self.lines.push_back((at, number));
    }

    /// Calls `each` for what is decided by `bytes`.
    pub(super) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Piece<'_>)) {
        for portion in bytes.chunks(PORTION_BYTES) {
            self.held.extend_from_slice(portion);
            while self.held.len() - self.scanned >= FRAME_BYTES_MAX {
                self.step(&mut each);
            }
            self.forget();
        }
    }

    /// Calls `each` for the rest.
    pub(super) fn finish(&mut self, mut each: impl FnMut(Piece<'_>)) {
        while self.scanned < self.held.len() {
            self.step(&mut each);
        }
        self.lose(&mut each);
        *self = Self::new();
    }

    fn forget(&mut self) {
        self.held.drain(..self.begin);
        self.offset += self.begin as u64;
        self.scanned -= self.begin;
        self.begin = 0;
        while self.lines.get(1).is_some_and(|(at, _)| *at <= self.offset) {
            self.lines.pop_front();
        }
    }

    /// Decides about the byte at `scanned`: what begins there is a frame, or the byte is lost.
    fn step(&mut self, each: &mut impl FnMut(Piece<'_>)) {
        let here = self.offset + self.scanned as u64;
        let begins_line = self.lines.binary_search_by_key(&here, |(at, _)| *at).is_ok();
        self.anchored |= begins_line;
        let found = self.find();
        let length = match found {
            Found::Wired(length) | Found::Passed(length) | Found::Stripped(length, _) => length,
            Found::None(loss) => {
                // A line is lost by itself, and so is what begins like a frame.
                if begins_line || loss != Loss::Stray || self.scanned - self.begin >= LOST_BYTES_MAX {
                    self.lose(each);
                    self.loss = loss;
                }
                self.anchored = false;
                self.scanned += 1;
                return;
            }
        };
        self.lose(each);
        let bytes = self.held.get(self.begin..self.begin + length).unwrap_or_default();
        let place = self.place();
        each(match (found, bytes, self.plain.as_slice()) {
            (Found::Wired(_), [_, _, _, _, control, _, content @ .., _, _], _) => {
                let link = Link::Wired { control: *control };
                Piece::Frame(Frame { place, bytes, link, content, checked: true })
            }
            (Found::Stripped(_, checked), _, [_, _, m, n, a, b, c, d, version, kind, content @ ..]) => {
                let address = [*m, *n, *a, *b, *c, *d, *version, *kind];
                Piece::Frame(Frame { place, bytes, link: Link::Wireless { address }, content, checked })
            }
            (Found::Wired(_) | Found::Passed(_) | Found::Stripped(..) | Found::None(_), _, _) => Piece::Passed,
        });
        self.begin += length;
        self.scanned = self.begin;
        self.loss = Loss::Stray;
        self.anchored = true;
    }

    fn find(&mut self) -> Found {
        let window = self.held.get(self.scanned..).unwrap_or_default();
        let wired = match window {
            [LONG, first, second, LONG, ..] if first == second && *first >= 3 => Some(wired(window, *first)),
            _ => None,
        };
        if let Some(Ok(length)) = wired {
            return Found::Wired(length);
        }
        let wireless = self.wireless();
        let window = self.held.get(self.scanned..).unwrap_or_default();
        match (wired, wireless) {
            (_, Some(Ok((length, checked)))) => Found::Stripped(length, checked),
            (Some(Err(loss)), _) | (None, Some(Err(loss))) => Found::None(loss),
            (Some(Ok(length)), _) => Found::Wired(length),
            (None, None) => match window {
                [SHORT, control, address, sum, STOP, ..] if control.wrapping_add(*address) == *sum => {
                    Found::Passed(SHORT_BYTES)
                }
                [ACKNOWLEDGEMENT, ..] => Found::Passed(1),
                _ => Found::None(Loss::Stray),
            },
        }
    }

    /// What begins like a wireless telegram, with its length and whether a checksum vouches for it.
    fn wireless(&mut self) -> Option<Result<(usize, bool), Loss>> {
        let window = self.held.get(self.scanned..).unwrap_or_default();
        let length = *window.first()?;
        if !is_header(window) {
            return None;
        }
        let length_a = crc::length_a(length);
        if window.get(..length_a).is_some_and(|frame| crc::strip_a(frame, &mut self.plain).is_some()) {
            return Some(Ok((length_a, true)));
        }
        let bare = usize::from(length) + 1;
        let begins_content = |at: usize| window.get(at).is_some_and(|first| ci::is_known(*first));
        let frame = window.get(..bare);
        let long_enough = bare >= WIRELESS_BYTES_MIN;
        if long_enough && frame.is_some_and(|frame| crc::strip_b(frame, &mut self.plain).is_some()) {
            return Some(Ok((bare, true)));
        }
        // Nothing vouches for the rest, so it has to look like a telegram, and in a text to end within its line.
        if !self.anchored || !long_enough || !begins_content(WIRELESS_BYTES_MIN - 1) {
            return None;
        }
        let here = self.offset + self.scanned as u64;
        let next_line = self.lines.partition_point(|(at, _)| *at <= here);
        let line_end = self.lines.get(next_line).map(|(at, _)| (at - here) as usize);
        match frame {
            Some(frame) if line_end.is_none_or(|end| bare <= end) => {
                self.plain.clear();
                self.plain.extend_from_slice(frame);
                Some(Ok((bare, false)))
            }
            Some(_) => Some(Err(Loss::Wireless { expected: bare })),
            None => Some(Err(Loss::Cut { expected: bare, found: window.len() })),
        }
    }

    fn place(&self) -> Place {
        let byte = self.offset + self.begin as u64;
        let behind = self.lines.partition_point(|(at, _)| *at <= byte);
        let line = behind.checked_sub(1).and_then(|last| self.lines.get(last)).map(|(_, line)| *line);
        Place { byte, line }
    }

    fn lose(&mut self, each: &mut impl FnMut(Piece<'_>)) {
        if self.begin < self.scanned {
            let bytes = self.held.get(self.begin..self.scanned).unwrap_or_default();
            each(Piece::Lost { place: self.place(), bytes, loss: self.loss });
            self.begin = self.scanned;
        }
    }
}

/// The length of the wired frame at the beginning of `window`.
fn wired(window: &[u8], length: u8) -> Result<usize, Loss> {
    let expected = usize::from(length) + WIRED_EXTRA;
    let Some(frame) = window.get(..expected) else {
        return Err(Loss::Cut { expected, found: window.len() });
    };
    let [_, _, _, _, covered @ .., found, stop] = frame else { return Err(Loss::Stray) };
    let sum = covered.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    match (*stop, *found == sum) {
        (STOP, true) => Ok(expected),
        (STOP, false) => Err(Loss::Checksum { found: *found, expected: sum }),
        (other, _) => Err(Loss::Stop(other)),
    }
}

/// Whether length, control field and maker may be those of a telegram that a meter sends.
fn is_header(window: &[u8]) -> bool {
    let [length, control, low, high, ..] = window else { return false };
    let is_sent_by_meter = matches!(control & 0x4F, 0x44 | 0x46 | 0x47 | 0x48 | 0x08);
    usize::from(*length) + 1 >= WIRELESS_BYTES_MIN - 1 && is_sent_by_meter && {
        // Bit 15 tells that the address is not unique worldwide.
        let maker = u16::from_le_bytes([*low, *high]) & 0x7FFF;
        [maker >> 10, maker >> 5 & 31, maker & 31].iter().all(|letter| (1..=26).contains(letter))
    }
}

#[cfg(test)]
mod tests {
    use super::{Frames, Loss, Piece};
    use proptest::prelude::*;

    /// A wired frame that holds nothing: control, address, CI 78.
    const EMPTY: [u8; 9] = [0x68, 3, 3, 0x68, 0x08, 0x01, 0x78, 0x81, 0x16];

    fn split(bytes: &[u8], size: usize) -> Vec<(&'static str, Vec<u8>, Option<Loss>)> {
        let mut seen: Vec<(&'static str, Vec<u8>, Option<Loss>)> = Vec::new();
        let mut passed = 0;
        let mut each = |piece: Piece<'_>| match piece {
            Piece::Frame(frame) => seen.push(("frame", frame.bytes.to_vec(), None)),
            Piece::Passed => passed += 1,
            Piece::Lost { bytes, loss, .. } => seen.push(("lost", bytes.to_vec(), Some(loss))),
        };
        let mut frames = Frames::new();
        bytes.chunks(size).for_each(|piece| frames.push(piece, &mut each));
        frames.finish(&mut each);
        if passed > 0 {
            seen.push(("passed", vec![passed], None));
        }
        seen
    }

    #[test]
    fn a_damaged_frame_costs_itself_alone() {
        let mut damaged = EMPTY;
        damaged[6] = 0x79;
        let seen = split(&[&EMPTY[..], &damaged, &EMPTY, &EMPTY[..5], &EMPTY, &EMPTY[..7]].concat(), 1);
        let kinds: Vec<_> = seen.iter().map(|(kind, bytes, _)| (*kind, bytes.len())).collect();
        assert_eq!(kinds, [("frame", 9), ("lost", 9), ("frame", 9), ("lost", 5), ("frame", 9), ("lost", 7)]);
        assert_eq!(seen[1].2, Some(Loss::Checksum { found: 0x81, expected: 0x82 }));
        assert_eq!(seen[5].2, Some(Loss::Cut { expected: 9, found: 7 }));
    }

    #[test]
    fn what_a_bus_says_beside_frames_is_passed_over() {
        let seen = split(&[&[0xE5, 0x10, 0x5B, 0x01, 0x5C, 0x16][..], &EMPTY].concat(), 3);
        assert_eq!(seen, [("frame", EMPTY.to_vec(), None), ("passed", vec![2], None)]);
    }

    proptest! {
        #[test]
        fn every_byte_comes_out_in_order_whatever_the_pieces(
            parts in prop::collection::vec(prop_oneof![
                Just(EMPTY.to_vec()),
                Just(EMPTY[..6].to_vec()),
                prop::collection::vec(any::<u8>(), 0..30),
                (4_000..5_000_usize).prop_map(|length| vec![0; length]),
            ], 0..8),
            size in 1..600_usize,
        ) {
            let bytes = parts.concat();
            let whole = split(&bytes, bytes.len().max(1));
            let seen: usize = whole.iter().filter(|(kind, ..)| *kind != "passed").map(|(_, bytes, _)| bytes.len()).sum();
            prop_assert!(seen <= bytes.len());
            prop_assert_eq!(split(&bytes, size), whole);
        }
    }
}
