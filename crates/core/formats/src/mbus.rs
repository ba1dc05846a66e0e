//! M-Bus (EN 13757-2 to -4) and OMS: telegrams of heat, water, gas and electricity meters, wired and wireless.
//!
//! A stream of frames, in bytes or as hexadecimal text. A frame is read where its checksum holds; a wireless one without
//! checksums, as gateways hand it on, where it has the form of a telegram. What is encrypted is read with its meter's key.

mod address;
mod ci;
mod crc;
mod crypto;
mod extension;
mod frames;
mod meters;
mod moment;
mod quantity;
mod readings;
mod record;
mod status;
mod telegram;
mod tell;
mod times;
mod value;
mod vif;

use metrify_domain::Severity;

use crate::detect::Head;
use crate::dump::{self, Heard, Input};
use crate::format::Options;
use crate::output::{Output, Problem};
use crate::page::Table;
use crate::remarks::{Remarks, finding};

use frames::{Frame, Frames, Link, Loss, Piece};
use readings::Readings;

/// As much of a beginning as is searched for a frame: a stream may begin within one.
const SEARCHED_BYTES: usize = 4_096;

#[must_use]
pub fn tables() -> Vec<Table> {
    let table = |name, columns, rows| Table { name, columns, rows };
    vec![
        table("quantities", &["VIF", "name", "unit", "what becomes of it"][..], vif::page()),
        table("extensions", &["VIFE", "behind the name", "what becomes of it"][..], extension::page()),
        table("codes", &["medium", "quantity", "OBIS code"][..], quantity::page()),
        table("media", &["device type", "meaning", "medium"][..], address::page()),
        table("statuses", &["status", "meaning", "quality", "reason", "finding"][..], status::page()),
    ]
}

/// A frame tells it whose checksum holds, or a first wired frame that is damaged; without checksums, telegrams alone.
#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    let searched = head.bytes.get(..SEARCHED_BYTES).unwrap_or(head.bytes);
    let is_text = dump::is_text(searched);
    if head.is_text() && !is_text {
        return None;
    }
    // Frames without checksums have to follow each other to the end; a checked one may stand behind other bytes.
    let (mut checked, mut bare, mut damaged, mut other) = (false, false, false, false);
    let mut see = |piece: Piece<'_>| match piece {
        Piece::Frame(Frame { content, .. }) if !content.first().is_some_and(|first| ci::is_known(*first)) => {
            other = true;
        }
        // In a long text the checksum of some place holds by chance.
        Piece::Frame(Frame { checked: true, bytes, .. }) if is_text || !Head::new(bytes).is_text() => {
            checked = true;
        }
        Piece::Frame(Frame { link: Link::Wireless { .. } | Link::Wired { .. }, bytes, .. }) => {
            let is_binary = is_text || bytes.iter().any(|byte| *byte >= 0x80) && bytes.iter().any(|byte| *byte < b'\t');
            bare |= is_binary;
            other |= !is_binary;
        }
        Piece::Lost { loss: Loss::Checksum { .. } | Loss::Stop(_), .. } => damaged = true,
        Piece::Lost { loss: Loss::Cut { .. }, bytes, .. } if bytes.first() == Some(&0x68) => damaged = true,
        // The head may end within a telegram.
        Piece::Lost { loss: Loss::Cut { .. }, .. } if searched.len() == SEARCHED_BYTES => {}
        Piece::Lost { .. } => other = true,
        Piece::Passed => {}
    };
    let (mut frames, mut input, mut odd) = (Frames::new(), Input::new(), false);
    let mut hear = |heard: Heard<'_>| odd |= !push(&heard, &mut frames, &mut see);
    input.push(searched, &mut hear);
    input.finish(&mut hear);
    frames.finish(&mut see);
    other |= odd && searched.len() < SEARCHED_BYTES;
    if checked {
        return Some("a frame of the M-Bus whose checksum holds");
    }
    if bare && !other {
        return Some("telegrams of the wireless M-Bus");
    }
    (damaged && !other).then_some("a damaged frame of the M-Bus")
}

pub struct Decoder {
    input: Input,
    stream: Stream,
}

/// Frames, and what they say.
struct Stream {
    frames: Frames,
    readings: Readings,
    remarks: Remarks,
}

impl Decoder {
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let stream = Stream { frames: Frames::new(), readings: Readings::new(options), remarks: Remarks::default() };
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
        stream.readings.finish(out);
    }
}

impl Stream {
    fn hear(&mut self, heard: &Heard<'_>, out: &mut Output<'_>) {
        let Self { frames, readings, .. } = self;
        if push(heard, frames, |piece| readings.take(&piece, out)) {
            return;
        }
        self.end(out);
        match heard {
            Heard::NoDigits { line, text } => out.problem(Problem {
                position: dump::Place::Line(*line).to_string(),
                reason: dump::NO_DIGITS.to_owned(),
                readings: 1,
                prelude: Vec::new(),
                bytes: text.to_vec(),
            }),
            Heard::OddDigit { line } if self.remarks.first("odd_digit") => {
                let (position, reason) = (dump::Place::Line(*line).to_string(), dump::ODD_DIGIT.to_owned());
                out.finding(finding("odd_digit", Severity::Warning, &position, reason));
            }
            Heard::OddDigit { .. } | Heard::Binary(_) | Heard::Bytes { .. } => {}
        }
    }

    /// Nothing goes on behind here.
    fn end(&mut self, out: &mut Output<'_>) {
        let Self { frames, readings, .. } = self;
        frames.finish(|piece| readings.take(&piece, out));
    }
}

/// Hands bytes on to the frames; `false` where there are none, since a line breaks the stream.
fn push(heard: &Heard<'_>, frames: &mut Frames, each: impl FnMut(Piece<'_>)) -> bool {
    match heard {
        Heard::Binary(bytes) => frames.push(bytes, each),
        Heard::Bytes { line, opening, bytes } => {
            if *opening {
                frames.line(*line);
            }
            frames.push(bytes, each);
        }
        Heard::NoDigits { .. } | Heard::OddDigit { .. } => return false,
    }
    true
}
