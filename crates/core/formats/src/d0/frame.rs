//! Telegrams out of the bytes of an optical head: sign-ons, identifications, blocks with their block check, bare data of mode D.
//!
//! Control characters are told by their lower seven bits, so that a parity bit left in does not hide them.

/// Longest telegram that is read, in bytes: the quarter-hours of a year of six channels take some two million.
const TELEGRAM_BYTES_MAX: usize = 4 << 20;
/// Longest sign-on or identification, in bytes. The norm allows 16 characters behind the first five, or 32 of an address.
const LINE_BYTES_MAX: usize = 128;
/// Longest command of the reading device, in bytes.
const COMMAND_BYTES_MAX: usize = 512;
/// Characters between `!` and the end of its line, and of an option select, that are passed over at most.
const TAIL_BYTES_MAX: usize = 16;

/// What an editor puts before a text that it keeps as UTF-8.
const BYTE_ORDER_MARK: [u8; BEHIND_MARK] = [0xEF, 0xBB, 0xBF];
const BEHIND_MARK: usize = 3;

const SOH: u8 = 0x01;
const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const EOT: u8 = 0x04;
const ACK: u8 = 0x06;
const NAK: u8 = 0x15;

/// Why a telegram is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Loss {
    #[error("the telegram is cut off before its end, so its block check is not there")]
    CutOff,
    #[error("the beginning of the telegram is lost, so its block check cannot be verified")]
    NoBeginning,
    #[error("the telegram has more than {TELEGRAM_BYTES_MAX} bytes")]
    TooLong,
    #[error("the block check is {found:02x}, but the bytes give {expected:02x}")]
    BlockCheck { found: u8, expected: u8 },
}

/// What was found in the stream.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    /// The line of a sign-on, without its end.
    SignOn(&'a [u8]),
    /// The line of an identification, without its end.
    Identification(&'a [u8]),
    Data(Data<'a>),
    Lost {
        position: u64,
        bytes: &'a [u8],
        loss: Loss,
    },
}

/// The data of one telegram.
#[derive(Clone, Copy, Debug)]
pub(super) struct Data<'a> {
    pub position: u64,
    /// As they came, with control characters and block checks.
    pub bytes: &'a [u8],
    /// Without them.
    pub content: &'a [u8],
    /// Whether the end was seen: `!`, or that of a block.
    pub ended: bool,
    /// It came without control characters (mode D).
    pub bare: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    /// A sign-on or an identification.
    Line,
    /// What is passed over until the end of its line.
    Tail,
    Command,
    Block,
    /// The block check of a block, of which more follow where it ended with EOT.
    Check {
        more: bool,
    },
    /// Between two blocks of one telegram.
    Between,
    Bare,
    /// Behind the `!` of bare data: an end of block there tells that they are not bare.
    Marked,
    /// The check behind a command or an ETX that stands alone.
    StrayCheck,
    /// Behind a telegram that is longer than can be held.
    Overrun,
}

#[derive(Debug)]
pub(super) struct Framer {
    state: State,
    position: u64,
    start: u64,
    raw: Vec<u8>,
    content: Vec<u8>,
    /// Where the content of the present block begins.
    block: usize,
    check: u8,
    /// The first block check that did not hold: what was found and what was expected.
    mismatch: Option<(u8, u8)>,
    /// The same before the present block.
    mismatch_before: Option<(u8, u8)>,
    last: u8,
    /// How much of a byte order mark the delivery began with; `None` once that is known.
    mark: Option<usize>,
}

impl Framer {
    pub(super) const fn new() -> Self {
        Self {
            state: State::Idle,
            position: 0,
            start: 0,
            raw: Vec::new(),
            content: Vec::new(),
            block: 0,
            check: 0,
            mismatch: None,
            mismatch_before: None,
            last: b'\n',
            mark: Some(0),
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Piece<'_>)) {
        for byte in bytes {
            match self.mark {
                Some(seen) if BYTE_ORDER_MARK.get(seen) == Some(byte) => self.mark = Some(seen + 1),
                Some(BEHIND_MARK) => {
                    self.mark = None;
                    self.position = BEHIND_MARK as u64;
                    self.step(*byte, &mut each);
                }
                Some(_) => {
                    self.replay_mark(&mut each);
                    self.step(*byte, &mut each);
                }
                None => self.step(*byte, &mut each),
            }
        }
    }

    /// What only began like a byte order mark is part of a telegram.
    fn replay_mark(&mut self, each: &mut impl FnMut(Piece<'_>)) {
        let seen = self.mark.take().filter(|seen| *seen < BEHIND_MARK).unwrap_or_default();
        BYTE_ORDER_MARK.iter().take(seen).for_each(|byte| self.step(*byte, each));
    }

    fn step(&mut self, byte: u8, each: &mut impl FnMut(Piece<'_>)) {
        self.take(byte, each);
        self.last = byte & 0x7F;
        self.position += 1;
    }

    pub(super) fn finish(&mut self, mut each: impl FnMut(Piece<'_>)) {
        self.replay_mark(&mut each);
        match self.state {
            State::Line => self.line(&mut each),
            // Nothing stands behind the block to check it by.
            State::Check { more: false } => self.data(true, &mut each),
            State::Block | State::Check { more: true } | State::Between => self.lose(Loss::CutOff, &mut each),
            State::Overrun => self.lose(Loss::TooLong, &mut each),
            State::Bare => self.data(false, &mut each),
            State::Marked => self.data(true, &mut each),
            State::Idle | State::Tail | State::Command | State::StrayCheck => self.reset(State::Idle),
        }
    }

    fn take(&mut self, byte: u8, each: &mut impl FnMut(Piece<'_>)) {
        let letter = byte & 0x7F;
        match self.state {
            State::Idle => self.begin(byte),
            State::Line => self.in_line(byte, each),
            State::Tail if letter == b'\n' || self.raw.len() >= TAIL_BYTES_MAX => self.reset(State::Idle),
            State::Tail if matches!(letter, SOH | STX | ETX | EOT | b'/') => self.restart(byte),
            State::Tail => self.raw.push(byte),
            State::Command if matches!(letter, ETX | EOT) => self.reset(State::StrayCheck),
            State::Command if self.raw.len() >= COMMAND_BYTES_MAX || self.is_line_start(letter) => self.restart(byte),
            State::Command => self.raw.push(byte),
            State::StrayCheck => self.reset(State::Idle),
            State::Block => self.in_block(byte, each),
            State::Check { more } => self.in_check(byte, more, each),
            State::Between => self.in_between(byte, each),
            State::Bare => self.in_bare(byte, each),
            State::Marked => self.behind_mark(byte, each),
            State::Overrun => match letter {
                b'!' | ETX | EOT => {
                    self.lose(Loss::TooLong, each);
                    self.state = if letter == b'!' { State::Tail } else { State::StrayCheck };
                }
                _ => {}
            },
        }
    }

    fn begin(&mut self, byte: u8) {
        self.start = self.position;
        match byte & 0x7F {
            b'/' => self.enter(State::Line, byte),
            SOH => self.enter(State::Command, byte),
            STX => {
                self.enter(State::Block, byte);
                self.check = 0;
            }
            ETX | EOT => self.state = State::StrayCheck,
            ACK | b'!' => self.enter(State::Tail, byte),
            b'!'..=b'~' => {
                self.enter(State::Bare, byte);
                self.content.push(byte);
            }
            _ => {}
        }
    }

    fn enter(&mut self, state: State, byte: u8) {
        self.state = state;
        self.raw.push(byte);
    }

    fn restart(&mut self, byte: u8) {
        self.reset(State::Idle);
        self.begin(byte);
    }

    /// Whether a letter begins a sign-on or an identification: within data `/` stands nowhere else.
    const fn is_line_start(&self, letter: u8) -> bool {
        letter == b'/' && matches!(self.last, b'\n' | b'\r')
    }

    fn in_line(&mut self, byte: u8, each: &mut impl FnMut(Piece<'_>)) {
        match byte & 0x7F {
            b'\n' => self.line(each),
            SOH | STX | ACK => {
                self.line(each);
                self.begin(byte);
            }
            _ if self.raw.len() >= LINE_BYTES_MAX => {
                // No such line is that long: data have lost the end of the line before them.
                self.state = State::Bare;
                self.content.clone_from(&self.raw);
                self.in_bare(byte, each);
            }
            _ => self.raw.push(byte),
        }
    }

    fn line(&mut self, each: &mut impl FnMut(Piece<'_>)) {
        let line = self.raw.trim_ascii_end();
        let line = line.strip_suffix(&[b'\r' | 0x80]).unwrap_or(line);
        each(if line.get(1).is_some_and(|second| second & 0x7F == b'?') {
            Piece::SignOn(line)
        } else {
            Piece::Identification(line)
        });
        self.reset(State::Idle);
    }

    fn in_block(&mut self, byte: u8, each: &mut impl FnMut(Piece<'_>)) {
        let letter = byte & 0x7F;
        if matches!(letter, SOH | STX) || self.is_line_start(letter) {
            self.lose(Loss::CutOff, each);
            return self.begin(byte);
        }
        self.check ^= letter;
        match letter {
            ETX | EOT => self.enter(State::Check { more: letter == EOT }, byte),
            _ => self.hold(byte),
        }
    }

    fn in_check(&mut self, byte: u8, more: bool, each: &mut impl FnMut(Piece<'_>)) {
        self.raw.push(byte);
        if byte & 0x7F != self.check {
            self.mismatch = self.mismatch.or(Some((byte & 0x7F, self.check)));
        }
        match (more, self.mismatch) {
            (true, _) => self.state = State::Between,
            (false, None) => self.data(true, each),
            (false, Some((found, expected))) => self.lose(Loss::BlockCheck { found, expected }, each),
        }
    }

    fn in_between(&mut self, byte: u8, each: &mut impl FnMut(Piece<'_>)) {
        let letter = byte & 0x7F;
        match letter {
            STX => {
                self.enter(State::Block, byte);
                (self.block, self.check, self.mismatch_before) = (self.content.len(), 0, self.mismatch);
            }
            // The reading device has asked for the last block again.
            NAK => {
                self.content.truncate(self.block);
                self.mismatch = self.mismatch_before;
                self.raw.push(byte);
            }
            SOH | b'/' => {
                self.lose(Loss::CutOff, each);
                self.begin(byte);
            }
            _ => self.raw.push(byte),
        }
        if self.raw.len() >= TELEGRAM_BYTES_MAX {
            self.state = State::Overrun;
        }
    }

    fn in_bare(&mut self, byte: u8, each: &mut impl FnMut(Piece<'_>)) {
        let letter = byte & 0x7F;
        if matches!(letter, SOH | STX | ACK) || self.is_line_start(letter) {
            self.data(false, each);
            return self.begin(byte);
        }
        if matches!(letter, ETX | EOT) {
            self.lose(Loss::NoBeginning, each);
            self.state = State::StrayCheck;
            return;
        }
        self.hold(byte);
        if letter == b'!' && self.state == State::Bare {
            self.state = State::Marked;
        }
    }

    fn behind_mark(&mut self, byte: u8, each: &mut impl FnMut(Piece<'_>)) {
        match byte & 0x7F {
            0..=b' ' if !matches!(byte & 0x7F, SOH..=EOT | ACK) => {}
            ETX | EOT => {
                self.lose(Loss::NoBeginning, each);
                self.state = State::StrayCheck;
            }
            _ if self.last > b' ' => {
                // Something else of the line.
                self.data(true, each);
                self.enter(State::Tail, byte);
            }
            _ => {
                self.data(true, each);
                self.begin(byte);
            }
        }
    }

    fn hold(&mut self, byte: u8) {
        self.raw.push(byte);
        self.content.push(byte);
        if self.raw.len() >= TELEGRAM_BYTES_MAX {
            self.state = State::Overrun;
        }
    }

    fn data(&mut self, ended: bool, each: &mut impl FnMut(Piece<'_>)) {
        let bare = self.raw.first().is_none_or(|first| first & 0x7F != STX);
        each(Piece::Data(Data { position: self.start, bytes: &self.raw, content: &self.content, ended, bare }));
        self.reset(State::Idle);
    }

    fn lose(&mut self, loss: Loss, each: &mut impl FnMut(Piece<'_>)) {
        each(Piece::Lost { position: self.start, bytes: &self.raw, loss });
        self.reset(State::Idle);
    }

    fn reset(&mut self, state: State) {
        self.state = state;
        self.raw.clear();
        self.content.clear();
        (self.mismatch, self.mismatch_before) = (None, None);
        self.block = 0;
        self.start = self.position;
    }
}
