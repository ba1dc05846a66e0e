//! The transport of SML (version 1): finds the whole and undamaged frames of a stream, and names what lies beside them.
//!
//! Every byte comes out once, in a frame or as lost. Where the cuts lie depends on the bytes alone, never on their pieces.

use super::checksum::{self, Procedure};
use crate::limits;

const ESCAPE: u8 = 0x1B;
/// What the escape sequence is followed by at the end of a frame; then come the pad count and the checksum.
const END: u8 = 0x1A;
/// The escape sequence, and version 1.
pub(super) const START: [u8; 8] = [ESCAPE, ESCAPE, ESCAPE, ESCAPE, 1, 1, 1, 1];
const ESCAPE_BYTES: usize = 4;
/// Payloads are filled up to a multiple of four.
const PAD_MAX: u8 = 3;

/// Largest frame that is read, in bytes. Meters send 200 to 1,000.
pub(super) const FRAME_BYTES_MAX: usize = 64 << 10;
const _: () = assert!(FRAME_BYTES_MAX <= limits::REJECT_BYTES_MAX, "the bytes of a lost frame are kept whole");

/// What a stream holds.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    Frame(Frame<'a>),
    /// At most [`FRAME_BYTES_MAX`] bytes that are in no frame.
    Lost {
        position: u64,
        bytes: &'a [u8],
        loss: Loss,
    },
}

/// A frame whose checksum holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    /// Where in the delivery it begins.
    pub position: u64,
    pub bytes: &'a [u8],
    /// Without transport, escapes and padding.
    pub payload: &'a [u8],
    pub checksum: Procedure,
}

/// Why bytes are in no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Loss {
    #[error("the delivery begins within a frame: expected the start sequence 1b1b1b1b 01010101")]
    CutAtBegin,
    #[error("the delivery ends within a frame: expected its end sequence 1b1b1b1b 1a")]
    CutAtEnd,
    #[error("the bytes belong to no frame: expected the start sequence 1b1b1b1b 01010101")]
    Stray,
    #[error("the frame is cut: a new start sequence came before its end sequence 1b1b1b1b 1a")]
    NotEnded,
    #[error(
        "the escape sequence 1b1b1b1b is followed by {0:02x}: expected its doubling, an end (1a) or a start (01010101)"
    )]
    Escape(u8),
    #[error("the frame's checksum is {:02x}{:02x}, but its bytes give {:02x}{:02x}: some were lost or changed",
        found[0], found[1], expected[0], expected[1])]
    Checksum { found: [u8; 2], expected: [u8; 2] },
    #[error("the frame counts {0} bytes of padding: expected at most {PAD_MAX}")]
    Padding(u8),
    #[error("the frame does not end within {FRAME_BYTES_MAX} bytes")]
    TooLong,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// No frame since `begin`; what is there is lost for this reason.
    Searching(Loss),
    Framed(Scan),
}

/// How far a frame is understood.
#[derive(Clone, Copy, Debug, Default)]
struct Scan {
    /// Escape bytes in a row just before the next byte, less those that double.
    run: usize,
    /// The payload holds doubled escape sequences.
    doubled: bool,
    /// The frame was found within a lost one, and is not searched once more.
    retried: bool,
}

/// Keeps the unfinished frame between two pieces.
#[derive(Debug)]
pub(super) struct Transport {
    held: Vec<u8>,
    /// Where in the delivery `held` begins.
    offset: u64,
    /// Where in `held` the frame begins that is being read, or the bytes that are lost.
    begin: usize,
    /// Up to where `held` was looked at; never before `begin`.
    scanned: usize,
    state: State,
    unescaped: Vec<u8>,
}

impl Transport {
    pub(super) fn new() -> Self {
        Self {
            held: Vec::new(),
            offset: 0,
            begin: 0,
            scanned: 0,
            state: State::Searching(Loss::CutAtBegin),
            unescaped: Vec::new(),
        }
    }

    /// Calls `each` for every frame that ends within `bytes`, and for what is lost beside them.
    pub(super) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Piece<'_>)) {
        // In portions, so that little is held however large the piece is.
        for portion in bytes.chunks(FRAME_BYTES_MAX) {
            self.held.extend_from_slice(portion);
            while self.step(&mut each) {}
            self.held.drain(..self.begin);
            self.offset += self.begin as u64;
            self.scanned -= self.begin;
            self.begin = 0;
        }
    }

    /// Calls `each` for what has no end. What comes behind is read by itself.
    pub(super) fn finish(&mut self, mut each: impl FnMut(Piece<'_>)) {
        let loss = match self.state {
            State::Searching(loss) => loss,
            State::Framed(_) => Loss::CutAtEnd,
        };
        while self.begin < self.held.len() {
            self.lose(self.held.len().min(self.begin + FRAME_BYTES_MAX), loss, &mut each);
        }
        let offset = self.offset + self.held.len() as u64;
        *self = Self { offset, state: State::Searching(Loss::Stray), ..Self::new() };
    }

    /// Reads on by one frame or loss; false where more bytes are needed.
    fn step(&mut self, each: &mut impl FnMut(Piece<'_>)) -> bool {
        match self.state {
            State::Searching(loss) => self.search(loss, each),
            State::Framed(scan) => self.scan(scan, each),
        }
    }

    fn search(&mut self, mut loss: Loss, each: &mut impl FnMut(Piece<'_>)) -> bool {
        let found = first_start(&self.held[self.scanned..]).map(|at| self.scanned + at);
        // The last seven bytes may be the beginning of a start sequence.
        self.scanned = found.unwrap_or(self.scanned.max((self.held.len() + 1).saturating_sub(START.len())));
        while self.scanned - self.begin >= FRAME_BYTES_MAX {
            self.lose(self.begin + FRAME_BYTES_MAX, loss, each);
            loss = Loss::Stray;
        }
        self.state = State::Searching(loss);
        if found.is_some() {
            self.lose(self.scanned, loss, each);
            self.enter(Scan::default());
        }
        found.is_some()
    }

    fn scan(&mut self, mut scan: Scan, each: &mut impl FnMut(Piece<'_>)) -> bool {
        let limit = self.begin + FRAME_BYTES_MAX;
        while let Some(byte) = self.held[..self.held.len().min(limit)].get(self.scanned) {
            if *byte == ESCAPE {
                scan.doubled |= scan.run + 1 == 2 * ESCAPE_BYTES;
                scan.run = (scan.run + 1) % (2 * ESCAPE_BYTES);
                self.scanned += 1;
            } else if scan.run < ESCAPE_BYTES {
                scan.run = 0;
                let rest = &self.held[self.scanned..self.held.len().min(limit)];
                self.scanned += rest.iter().position(|byte| *byte == ESCAPE).unwrap_or(rest.len());
            } else if self.scanned + ESCAPE_BYTES > limit {
                break;
            } else {
                self.state = State::Framed(scan);
                return self.sequence(scan, each);
            }
        }
        self.state = State::Framed(scan);
        self.held.len() >= limit && self.fail(Loss::TooLong, scan, limit, each)
    }

    /// Reads what follows an escape sequence that is not doubled.
    fn sequence(&mut self, scan: Scan, each: &mut impl FnMut(Piece<'_>)) -> bool {
        match self.held.get(self.scanned..).and_then(<[u8]>::first_chunk) {
            None => false,
            Some([END, pad, first, second]) => self.end(scan, *pad, [*first, *second], each),
            Some([1, 1, 1, 1]) => {
                self.lose(self.scanned - ESCAPE_BYTES, Loss::NotEnded, each);
                self.enter(Scan::default());
                true
            }
            Some([other, ..]) => self.fail(Loss::Escape(*other), scan, self.scanned, each),
        }
    }

    fn end(&mut self, scan: Scan, pad: u8, found: [u8; 2], each: &mut impl FnMut(Piece<'_>)) -> bool {
        let end = self.scanned + ESCAPE_BYTES;
        let bytes = &self.held[self.begin..end];
        // Where bytes are missing, the next frame may begin directly behind the end sequence.
        let resume = self.scanned + 1;
        let checksum = match checksum::verify(&bytes[..bytes.len() - found.len()], found) {
            Ok(checksum) => checksum,
            Err(expected) => return self.fail(Loss::Checksum { found, expected }, scan, resume, each),
        };
        let padded = &bytes[START.len()..bytes.len() - 2 * ESCAPE_BYTES];
        let Some(payload) = padded.len().checked_sub(usize::from(pad)).filter(|_| pad <= PAD_MAX) else {
            return self.fail(Loss::Padding(pad), scan, resume, each);
        };
        let mut payload = &padded[..payload];
        if scan.doubled {
            unescape(payload, &mut self.unescaped);
            payload = &self.unescaped;
        }
        each(Piece::Frame(Frame { position: self.offset + self.begin as u64, bytes, payload, checksum }));
        self.begin = end;
        self.scanned = end;
        self.state = State::Searching(Loss::Stray);
        true
    }

    /// Gives the frame up and goes on behind `resume`, or at a frame that begins within it.
    ///
    /// A frame cut within its end sequence seems to hold the next start sequence as doubled payload. One such start is
    /// tried, and not again within itself, so that no bytes are read more than a few times.
    fn fail(&mut self, loss: Loss, scan: Scan, resume: usize, each: &mut impl FnMut(Piece<'_>)) -> bool {
        let within = &self.held[self.begin + START.len()..resume];
        match last_start(within).filter(|_| !scan.retried) {
            Some(at) => {
                self.lose(self.begin + START.len() + at, Loss::NotEnded, each);
                self.enter(Scan { retried: true, ..Scan::default() });
            }
            None => {
                // A start sequence may lie across `resume` where the frame is too long.
                self.scanned = resume - if loss == Loss::TooLong { START.len() - 1 } else { 0 };
                self.state = State::Searching(loss);
            }
        }
        true
    }

    /// Begins a frame with the start sequence at `begin`.
    fn enter(&mut self, scan: Scan) {
        self.scanned = self.begin + START.len();
        self.state = State::Framed(scan);
    }

    fn lose(&mut self, end: usize, loss: Loss, each: &mut impl FnMut(Piece<'_>)) {
        if self.begin < end {
            let position = self.offset + self.begin as u64;
            each(Piece::Lost { position, bytes: &self.held[self.begin..end], loss });
            self.begin = end;
        }
    }
}

fn first_start(bytes: &[u8]) -> Option<usize> {
    bytes.windows(START.len()).position(|window| window == START)
}

fn last_start(bytes: &[u8]) -> Option<usize> {
    bytes.windows(START.len()).rposition(|window| window == START)
}

fn unescape(escaped: &[u8], plain: &mut Vec<u8>) {
    plain.clear();
    let mut rest = escaped;
    while let [byte, tail @ ..] = rest {
        let doubled = rest.strip_prefix(&[ESCAPE; 2 * ESCAPE_BYTES]);
        match doubled {
            Some(_) => plain.extend_from_slice(&[ESCAPE; ESCAPE_BYTES]),
            None => plain.push(*byte),
        }
        rest = doubled.unwrap_or(tail);
    }
}

#[cfg(test)]
mod tests {
    use super::{Frame, Loss, Piece, START, Transport};
    use proptest::prelude::*;

    /// What comes out of `bytes` in pieces of `size`: position, bytes, and why they are lost.
    fn split(bytes: &[u8], size: usize) -> Vec<(u64, Vec<u8>, Option<Loss>)> {
        let mut seen = Vec::new();
        let mut each = |piece: Piece<'_>| match piece {
            Piece::Frame(Frame { position, bytes, .. }) => seen.push((position, bytes.to_vec(), None)),
            Piece::Lost { position, bytes, loss } => seen.push((position, bytes.to_vec(), Some(loss))),
        };
        let mut transport = Transport::new();
        bytes.chunks(size).for_each(|piece| transport.push(piece, &mut each));
        transport.finish(&mut each);
        seen
    }

    /// An empty frame: nothing but its start, its end and their checksum.
    const EMPTY: [u8; 16] = *b"\x1b\x1b\x1b\x1b\x01\x01\x01\x01\x1b\x1b\x1b\x1b\x1a\x00\xc6\xe5";

    #[test]
    fn a_frame_cut_within_its_end_does_not_take_the_next_one_along() {
        for kept in 8..EMPTY.len() {
            let seen = split(&[&EMPTY[..kept], &EMPTY].concat(), 1);
            let frames: Vec<_> = seen.iter().filter(|(.., loss)| loss.is_none()).map(|(at, ..)| *at).collect();
            assert_eq!(frames, [kept as u64], "{kept} bytes are kept: {seen:?}");
        }
    }

    proptest! {
        #[test]
        fn every_byte_comes_out_once_and_in_order(
            parts in prop::collection::vec(prop_oneof![
                Just(EMPTY.to_vec()),
                Just(START.to_vec()),
                (0..20_usize).prop_map(|run| vec![0x1B; run]),
                prop::collection::vec(prop_oneof![Just(0x1A_u8), Just(1), any::<u8>()], 0..9),
                (65_500..65_560_usize, 0..2_u8).prop_map(|(length, byte)| vec![byte; length]),
            ], 0..12),
            size in 1..5_000_usize,
        ) {
            let bytes = parts.concat();
            let seen = split(&bytes, bytes.len().max(1));
            let mut next = 0;
            for (position, bytes, _) in &seen {
                prop_assert_eq!(*position, next);
                prop_assert!(!bytes.is_empty());
                next += bytes.len() as u64;
            }
            prop_assert_eq!(seen.iter().flat_map(|(_, bytes, _)| bytes.iter().copied()).collect::<Vec<_>>(), bytes.clone());
            prop_assert_eq!(&split(&bytes, size), &seen);
        }
    }
}
