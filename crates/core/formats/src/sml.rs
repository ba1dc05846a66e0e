//! SML (Smart Message Language, BSI TR-03109-1 Anlage IV): what German meters send over their optical port and to gateways.
//!
//! A stream of frames, each with what the meter shows at one instant, in bytes or as hexadecimal text. A frame is read only where its checksum holds, so a
//! damaged one costs itself and nothing else. Meters rarely know the time, so the time of receipt places what they send.

mod checksum;
mod entries;
mod message;
mod meters;
mod readings;
mod remarks;
mod resolution;
mod transport;
mod tree;

use metrify_domain::Severity;

use crate::detect::Head;
use crate::dump::{self, Heard, Input, Place};
use crate::format::Options;
use crate::output::{Output, Problem};
use crate::page::Table;
use crate::remarks::finding;

use readings::Readings;
use transport::{START, Transport};

/// The type and length with which every message begins: a list of six.
const MESSAGE: u8 = 0x76;

#[must_use]
pub fn tables() -> Vec<Table> {
    vec![meters::table(), crate::status_word::table(), crate::units::table()]
}

/// A stream may begin within a frame, so the start sequence may stand anywhere, but then with a message behind it.
#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    let bytes = dump::beginning(head)?;
    let has_frame = || bytes.windows(START.len() + 1).any(|window| window.split_last() == Some((&MESSAGE, &START)));
    (bytes.starts_with(&START) || has_frame()).then_some("an SML start sequence 1b1b1b1b 01010101")
}

/// Frames, and what they say.
struct Stream {
    transport: Transport,
    /// Bytes that were made of text.
    made: u64,
    readings: Readings,
}

pub struct Decoder {
    input: Input,
    stream: Stream,
}

impl Decoder {
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let readings = Readings::new(options.received_at);
        Self { input: Input::new(), stream: Stream { transport: Transport::new(), made: 0, readings } }
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
        stream.readings.finish(out);
    }
}

impl Stream {
    fn bytes(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        self.transport.push(bytes, |piece| self.readings.take(&piece, out));
    }

    fn end(&mut self, out: &mut Output<'_>) {
        self.transport.finish(|piece| self.readings.take(&piece, out));
    }

    fn hear(&mut self, heard: &Heard<'_>, out: &mut Output<'_>) {
        match heard {
            Heard::Binary(bytes) => self.bytes(bytes, out),
            Heard::Bytes { line, bytes, .. } => {
                self.readings.places.line(self.made, *line);
                self.made += bytes.len() as u64;
                self.bytes(bytes, out);
            }
            Heard::NoDigits { line, text } => {
                self.end(out);
                out.problem(Problem {
                    position: Place::Line(*line).to_string(),
                    reason: dump::NO_DIGITS.to_owned(),
                    readings: 1,
                    prelude: Vec::new(),
                    bytes: text.to_vec(),
                });
            }
            Heard::OddDigit { line } => {
                self.end(out);
                if self.readings.remarks.first("odd_digit") {
                    let (position, reason) = (Place::Line(*line).to_string(), dump::ODD_DIGIT.to_owned());
                    out.finding(finding("odd_digit", Severity::Warning, &position, reason));
                }
            }
        }
    }
}
