//! DLMS/COSEM pushes (IEC 62056-5-3 and -6-2): what meters of Austria, Norway, Sweden and Switzerland send of themselves.
//!
//! Telegrams come in frames of HDLC or of wired M-Bus, in one frame or several, plain or ciphered; also bare, and as a text dump
//! of hexadecimal digits. A frame is read only where its checksums hold, so a damaged one costs itself and nothing else.

mod cipher;
mod clock;
mod data;
mod frames;
mod hdlc;
mod joins;
mod list;
mod lists;
mod readings;
mod session;
mod speakers;
mod telegram;
mod wired;

use metrify_domain::{ObisCode, Severity};

use crate::detect::Head;
use crate::dump::{self, Heard, Input, Place, Places};
use crate::format::Options;
use crate::output::Output;
use crate::page::Table;
use crate::remarks::{Remarks, finding};

use frames::{Content, Frames};
use session::Session;

/// The lists that the decoder knows, and the codes whose texts name the meter.
#[must_use]
pub fn tables() -> Vec<Table> {
    let codes = list::NUMBER_CODES.iter().map(|[a, b, c, d, e]| {
        let code = ObisCode::from_bytes([*a, *b, *c, *d, *e, u8::MAX]);
        vec![format!("`{code}`")]
    });
    let numbers = Table { name: "numbers", columns: &["code, the best first"], rows: codes.collect() };
    lists::tables().into_iter().chain([numbers]).collect()
}

/// The first frame tells: one that carries a telegram of DLMS, and not one of M-Bus with records of its own.
#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    frames::within(&dump::beginning(head)?).find_map(|content| match content {
        // Other frames open and close a connection, or continue what began before.
        Content::Hdlc { bytes, .. } => is_telegram(bytes).then_some(Some("a frame of HDLC with a telegram of DLMS")),
        Content::Wired { .. } => Some(Some("a frame of M-Bus with a telegram of DLMS")),
        Content::Bare(bytes) => Some(is_telegram(bytes).then_some("a telegram of DLMS")),
        Content::Foreign(_) => Some(None),
    })?
}

/// Whether the content of a frame is the link layer of DLMS, a notification, or a ciphered telegram of some maker.
fn is_telegram(content: &[u8]) -> bool {
    let block = telegram::GENERAL_BLOCK_TRANSFER;
    match content {
        [telegram::GENERAL_GLO_CIPHERING | telegram::GENERAL_DED_CIPHERING, _, maker @ ..] => {
            maker.iter().take(3).all(u8::is_ascii_uppercase)
        }
        [first, ..] => {
            [telegram::DATA_NOTIFICATION, block].contains(first) || telegram::without_link(content).is_some()
        }
        [] => false,
    }
}

/// Frames, where they stand, and what they say.
struct Stream {
    frames: Frames,
    places: Places,
    /// Bytes that were made of text.
    made: u64,
    session: Session,
    remarks: Remarks,
}

pub struct Decoder {
    input: Input,
    stream: Stream,
}

impl Decoder {
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let stream = Stream {
            frames: Frames::new(),
            places: Places::default(),
            made: 0,
            session: Session::new(options),
            remarks: Remarks::default(),
        };
        Self { input: Input::new(), stream }
    }

    pub fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        if !out.is_stopped() {
            self.input.push(bytes, |heard| self.stream.hear(&heard, out));
        }
    }

    pub fn finish(&mut self, out: &mut Output<'_>) {
        let Self { input, stream } = self;
        input.finish(|heard| stream.hear(&heard, out));
        stream.end(out);
        stream.session.finish(out);
    }
}

impl Stream {
    fn bytes(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        let Self { frames, places, session, .. } = self;
        frames.push(bytes, |piece| session.take(&piece, places, out));
    }

    fn has_frames(&mut self, out: &mut Output<'_>) -> bool {
        let Self { frames, places, session, .. } = self;
        frames.has_frames(|piece| session.take(&piece, places, out))
    }

    fn end(&mut self, out: &mut Output<'_>) {
        let Self { frames, places, session, .. } = self;
        frames.finish(|piece| session.take(&piece, places, out));
    }

    fn hear(&mut self, heard: &Heard<'_>, out: &mut Output<'_>) {
        match heard {
            Heard::Binary(bytes) => self.bytes(bytes, out),
            Heard::Bytes { line, opening, bytes } => {
                // A line that begins with a telegram ends what was cut in the line before it.
                if *opening && telegram::without_link(bytes).is_some() && !self.has_frames(out) {
                    self.end(out);
                }
                self.places.line(self.made, *line);
                self.made += bytes.len() as u64;
                self.bytes(bytes, out);
            }
            Heard::NoDigits { line, text } => {
                self.end(out);
                self.session.interrupt(out);
                out.problem(readings::problem(Place::Line(*line), dump::NO_DIGITS.to_owned(), 1, text.to_vec()));
            }
            Heard::OddDigit { line } => {
                self.end(out);
                self.session.interrupt(out);
                if self.remarks.first("odd_digit") {
                    let (position, reason) = (Place::Line(*line).to_string(), dump::ODD_DIGIT.to_owned());
                    out.finding(finding("odd_digit", Severity::Warning, &position, reason));
                }
            }
        }
    }
}
