//! SML (Smart Message Language, BSI TR-03109-1 Anlage IV): what German meters send over their optical port and to gateways.
//!
//! A stream of frames, each with what the meter shows at one instant. A frame is read only where its checksum holds, so a
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

use crate::detect::Head;
use crate::format::Options;
use crate::output::Output;
use crate::page::Table;

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
    if head.is_text() {
        return None;
    }
    let has_frame =
        || head.bytes.windows(START.len() + 1).any(|window| window.split_last() == Some((&MESSAGE, &START)));
    (head.bytes.starts_with(&START) || has_frame()).then_some("an SML start sequence 1b1b1b1b 01010101")
}

pub struct Decoder {
    transport: Transport,
    readings: Readings,
}

impl Decoder {
    #[must_use]
    pub fn new(options: &Options) -> Self {
        Self { transport: Transport::new(), readings: Readings::new(options.received_at) }
    }

    pub fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        if !out.is_stopped() {
            self.transport.push(bytes, |piece| self.readings.take(&piece, out));
        }
    }

    pub fn finish(&mut self, out: &mut Output<'_>) {
        self.transport.finish(|piece| self.readings.take(&piece, out));
        self.readings.finish(out);
    }
}
