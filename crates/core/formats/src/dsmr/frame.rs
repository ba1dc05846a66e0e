//! Telegrams of a P1 port: from `/`, which stands nowhere else, to `!`, and behind that the checksum.

/// Longest telegram that is read, in bytes. The longest have some three thousand, with two texts of 1024 characters.
const TELEGRAM_BYTES_MAX: usize = 64 << 10;
/// Characters of a checksum and its line end at most.
const TAIL_BYTES_MAX: usize = 16;

/// What was found in the stream.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    /// A telegram from `/` to `!`, and what stands between that and the end of the line.
    Telegram {
        position: u64,
        bytes: &'a [u8],
        body: &'a [u8],
        tail: &'a [u8],
    },
    Lost {
        position: u64,
        bytes: &'a [u8],
        loss: Loss,
    },
}

/// Why bytes are no telegram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Loss {
    #[error(
        "the bytes stand outside of telegrams: the beginning of their telegram is not there, so its checksum cannot be verified"
    )]
    Outside,
    #[error("the telegram ends before its `!`, so its checksum is not there")]
    CutOff,
    #[error("the telegram has more than {TELEGRAM_BYTES_MAX} bytes")]
    TooLong,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Outside,
    Inside,
    /// Behind the `!`, which stands at this length.
    Tail(usize),
}

#[derive(Debug)]
pub(super) struct Framer {
    state: State,
    held: Vec<u8>,
    start: u64,
    position: u64,
}

impl Framer {
    pub(super) const fn new() -> Self {
        Self { state: State::Outside, held: Vec::new(), start: 0, position: 0 }
    }

    pub(super) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Piece<'_>)) {
        for byte in bytes {
            self.take(*byte, &mut each);
            self.position += 1;
        }
    }

    pub(super) fn finish(&mut self, mut each: impl FnMut(Piece<'_>)) {
        self.end(&mut each);
    }

    fn take(&mut self, byte: u8, each: &mut impl FnMut(Piece<'_>)) {
        // A parity bit may have been left in.
        let letter = byte & 0x7F;
        let begins = letter == b'/';
        let is_full = self.held.len() >= TELEGRAM_BYTES_MAX;
        match self.state {
            _ if begins || is_full => self.end(each),
            State::Tail(mark) if self.held.len() >= mark + TAIL_BYTES_MAX => self.end(each),
            State::Outside | State::Inside | State::Tail(_) => {}
        }
        if begins {
            self.state = State::Inside;
        }
        if self.held.is_empty() {
            // White space between telegrams says nothing.
            if letter <= b' ' {
                return;
            }
            self.start = self.position;
        }
        self.held.push(byte);
        match (self.state, letter) {
            (State::Inside, b'!') => self.state = State::Tail(self.held.len()),
            (State::Tail(_), b'\n') => self.end(each),
            _ => {}
        }
    }

    /// Hands on what is held. What then follows stands outside.
    fn end(&mut self, each: &mut impl FnMut(Piece<'_>)) {
        let (position, bytes) = (self.start, self.held.as_slice());
        let is_full = bytes.len() >= TELEGRAM_BYTES_MAX;
        if !bytes.is_empty() {
            each(match self.state {
                State::Tail(mark) => {
                    let (body, tail) = bytes.split_at(mark.min(bytes.len()));
                    Piece::Telegram { position, bytes, body, tail }
                }
                State::Inside if is_full => Piece::Lost { position, bytes, loss: Loss::TooLong },
                State::Inside => Piece::Lost { position, bytes, loss: Loss::CutOff },
                State::Outside => Piece::Lost { position, bytes, loss: Loss::Outside },
            });
        }
        self.held.clear();
        self.state = State::Outside;
    }
}
