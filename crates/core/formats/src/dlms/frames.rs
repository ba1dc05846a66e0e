//! Finds the whole and undamaged frames of a stream: of HDLC, of wired M-Bus, and telegrams without any frame.
//!
//! Every byte comes out once, in a frame or as lost; but a flag may end one frame of HDLC and begin the next. Where the cuts lie depends on the bytes alone, never on their pieces.
//! A telegram without a frame has no checksum, so one is taken only in a delivery that begins with one and has no frames. What
//! lies within a damaged frame is never believed.

use super::hdlc::{self, Address};
use super::telegram;
use super::wired::{self, Route};
use crate::limits;

/// Longest telegram without a frame that is read, in bytes. Meters send some hundred.
pub(super) const TELEGRAM_BYTES_MAX: usize = 64 << 10;
const _: () = assert!(TELEGRAM_BYTES_MAX <= limits::REJECT_BYTES_MAX, "the bytes of a telegram are kept whole");

/// What a stream holds.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    Frame {
        position: u64,
        bytes: &'a [u8],
        content: Content<'a>,
    },
    /// At most [`TELEGRAM_BYTES_MAX`] bytes that are in no frame.
    Lost {
        position: u64,
        bytes: &'a [u8],
        loss: Loss,
    },
}

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content<'a> {
    Hdlc {
        destination: Address,
        source: Address,
        control: u8,
        segmented: bool,
        bytes: &'a [u8],
    },
    Wired {
        route: Route,
        number: u8,
        last: bool,
        bytes: &'a [u8],
    },
    /// A frame of M-Bus with records, by its CI.
    Foreign(u8),
    /// A telegram without a frame.
    Bare(&'a [u8]),
}

/// Whether a frame begins at some byte.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look<'a> {
    Nothing,
    /// More bytes tell.
    More,
    Broken(Loss),
    Whole {
        length: usize,
        content: Content<'a>,
    },
}

/// Why bytes are in no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Loss {
    #[error("the bytes belong to no frame: expected one of HDLC (7e a.) or M-Bus (68 .. .. 68)")]
    Stray,
    #[error("the delivery ends within a frame or telegram")]
    CutAtEnd,
    #[error("the frame's head has the checksum (HCS) {}, but its bytes give {}", hex(found), hex(expected))]
    Head { found: [u8; 2], expected: [u8; 2] },
    #[error(
        "the frame's checksum (FCS) is {}, but its bytes give {}: some were lost or changed",
        hex(found),
        hex(expected)
    )]
    Checksum { found: [u8; 2], expected: [u8; 2] },
    #[error("the frame ends with {0:02x}: expected the flag 7e")]
    Flag(u8),
    #[error("the sum of the M-Bus frame is {found:02x}, but its bytes give {expected:02x}: some were lost or changed")]
    Sum { found: u8, expected: u8 },
    #[error("the telegram is not understood: {0}")]
    Telegram(super::data::Fault),
    #[error("the telegram does not end within {TELEGRAM_BYTES_MAX} bytes")]
    TooLong,
}

fn hex(bytes: &[u8; 2]) -> String {
    format!("{:02x}{:02x}", bytes[0], bytes[1])
}

/// Whether telegrams come without frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bare {
    /// One may stand at the beginning.
    Unknown,
    Yes,
    No,
}

/// Keeps the unfinished frame between two pieces.
#[derive(Debug)]
pub(super) struct Frames {
    held: Vec<u8>,
    /// Where in the delivery `held` begins.
    offset: u64,
    /// Where in `held` the bytes begin that have not come out.
    begin: usize,
    /// Where the next frame may begin; never before `begin`.
    scanned: usize,
    /// The first reason that was found for the bytes from `begin` on to be in no frame.
    loss: Option<Loss>,
    bare: Bare,
    /// The delivery or what was whole ends directly before `begin`.
    fresh: bool,
    /// As many bytes have to be held before it is worth looking at the same place again.
    enough: usize,
    ended: bool,
}

impl Frames {
    pub(super) const fn new() -> Self {
        Self {
            held: Vec::new(),
            offset: 0,
            begin: 0,
            scanned: 0,
            loss: None,
            bare: Bare::Unknown,
            fresh: true,
            enough: 0,
            ended: false,
        }
    }

    /// Whether frames were seen, so that no telegram comes without one. What is held is looked at first, so that the answer
    /// depends on the bytes so far and not on their pieces.
    pub(super) fn has_frames(&mut self, mut each: impl FnMut(Piece<'_>)) -> bool {
        self.enough = 0;
        while self.step(&mut each) {}
        self.bare == Bare::No
    }

    /// Calls `each` for every frame that ends within `bytes`, and for what is lost beside them.
    pub(super) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Piece<'_>)) {
        // In portions, so that little is held however large the piece is.
        for portion in bytes.chunks(TELEGRAM_BYTES_MAX) {
            self.held.extend_from_slice(portion);
            while self.step(&mut each) {}
            self.held.drain(..self.begin);
            self.offset += self.begin as u64;
            self.scanned -= self.begin;
            self.enough = self.enough.saturating_sub(self.begin);
            self.begin = 0;
        }
    }

    /// Calls `each` for what has no end. What comes behind is a stream of its own.
    pub(super) fn finish(&mut self, mut each: impl FnMut(Piece<'_>)) {
        self.ended = true;
        while self.step(&mut each) {}
        while self.begin < self.held.len() {
            self.lose(self.held.len().min(self.begin + TELEGRAM_BYTES_MAX), &mut each);
        }
        *self = Self { offset: self.offset + self.held.len() as u64, ..Self::new() };
    }

    /// Reads on by one place; false where more bytes are needed.
    fn step(&mut self, each: &mut impl FnMut(Piece<'_>)) -> bool {
        if self.held.len() < self.enough && !self.ended {
            return false;
        }
        while self.scanned - self.begin >= TELEGRAM_BYTES_MAX {
            self.lose(self.begin + TELEGRAM_BYTES_MAX, each);
        }
        let Some(rest) = self.held.get(self.scanned..).filter(|rest| !rest.is_empty()) else { return false };
        let rest = rest.get(..TELEGRAM_BYTES_MAX).unwrap_or(rest);
        let length_seen = rest.len();
        let fresh = self.fresh && self.scanned == self.begin && self.bare != Bare::No;
        let is_bare = (fresh || self.bare == Bare::Yes) && !is_start(rest);
        match look(rest, is_bare, fresh) {
            Look::Nothing => self.pass(None),
            Look::Broken(loss) => self.give_up(loss, is_bare),
            Look::More if length_seen == TELEGRAM_BYTES_MAX => self.give_up(Loss::TooLong, is_bare),
            Look::More if self.ended => self.give_up(Loss::CutAtEnd, is_bare),
            Look::More => {
                // A long telegram is looked at anew when twice as much of it is there, so that all looks together take time
                // for its bytes alone.
                let more = if is_bare { length_seen } else { 1 };
                self.enough = self.scanned + (length_seen + more).min(TELEGRAM_BYTES_MAX);
                return false;
            }
            Look::Whole { length, content } => {
                let loss = self.loss.take().unwrap_or(Loss::Stray);
                if let Some(bytes) = self.held.get(self.begin..self.scanned).filter(|bytes| !bytes.is_empty()) {
                    each(Piece::Lost { position: self.offset + self.begin as u64, bytes, loss });
                }
                // What is kept of a frame has to be read again by itself, so it has its closing flag.
                let closing = usize::from(matches!(content, Content::Hdlc { .. }));
                let bytes = rest.get(..length + closing).unwrap_or_default();
                each(Piece::Frame { position: self.offset + self.scanned as u64, bytes, content });
                self.begin = self.scanned + length;
                self.scanned = self.begin;
                self.bare = if is_bare { Bare::Yes } else { Bare::No };
                self.fresh = true;
            }
        }
        true
    }

    fn pass(&mut self, loss: Option<Loss>) {
        self.loss = self.loss.or(loss);
        self.scanned += 1;
    }

    /// Passes over the first byte of something that is not whole.
    fn give_up(&mut self, loss: Loss, is_bare: bool) {
        if is_bare && self.bare == Bare::Unknown {
            self.bare = Bare::Yes;
        }
        self.pass(Some(loss));
    }

    fn lose(&mut self, end: usize, each: &mut impl FnMut(Piece<'_>)) {
        let position = self.offset + self.begin as u64;
        let loss = self.loss.take().unwrap_or(Loss::Stray);
        if let Some(bytes) = self.held.get(self.begin..end) {
            each(Piece::Lost { position, bytes, loss });
        }
        self.begin = end;
        self.scanned = self.scanned.max(end);
        self.fresh = false;
    }
}

/// Whether a frame, and not a telegram without one, would begin with the first byte.
fn is_start(rest: &[u8]) -> bool {
    matches!(rest, [hdlc::FLAG | wired::START, ..])
}

fn look(rest: &[u8], bare: bool, fresh: bool) -> Look<'_> {
    match rest.first() {
        Some(&hdlc::FLAG) => hdlc::look(rest),
        Some(&wired::START) => wired::look(rest),
        _ if bare => telegram::look(rest, fresh),
        _ => Look::Nothing,
    }
}

/// What the frames in the beginning of a delivery carry; only whole ones count.
pub(super) fn within(beginning: &[u8]) -> impl Iterator<Item = Content<'_>> {
    (0..beginning.len()).filter_map(|at| {
        let rest = beginning.get(at..)?;
        match look(rest, at == 0 && !is_start(rest), at == 0) {
            Look::Whole { content, .. } => Some(content),
            Look::Nothing | Look::More | Look::Broken(_) => None,
        }
    })
}
