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
mod text;
mod times;
mod value;
mod vif;

use crate::detect::Head;
use crate::format::Options;
use crate::output::{Output, Problem};
use crate::page::Table;

use frames::{Frame, Frames, Link, Loss, Piece};
use readings::Readings;
use text::{Hex, SNIFFED_BYTES, Said};

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
    let is_text = text::is_text(searched);
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
    let mut frames = Frames::new();
    if is_text {
        let mut odd = false;
        let mut hex = Hex::new();
        let mut each = |said: Said<'_>| match said {
            Said::Line(number) => frames.line(number),
            Said::Bytes(bytes) => frames.push(bytes, &mut see),
            Said::Odd { .. } => odd = true,
        };
        hex.push(searched, &mut each);
        hex.finish(&mut each);
        frames.finish(&mut see);
        other |= odd && searched.len() < SEARCHED_BYTES;
    } else {
        frames.push(searched, &mut see);
        frames.finish(&mut see);
    }
    if checked {
        return Some("a frame of the M-Bus whose checksum holds");
    }
    if bare && !other {
        return Some("telegrams of the wireless M-Bus");
    }
    (damaged && !other).then_some("a damaged frame of the M-Bus")
}

/// How the bytes of a delivery are written.
enum Form {
    /// Not told yet: the beginning is kept.
    Unknown(Vec<u8>),
    Binary,
    Text(Hex),
}

pub struct Decoder {
    form: Form,
    frames: Frames,
    readings: Readings,
}

impl Decoder {
    #[must_use]
    pub fn new(options: &Options) -> Self {
        Self { form: Form::Unknown(Vec::new()), frames: Frames::new(), readings: Readings::new(options) }
    }

    pub fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        if out.is_stopped() {
            return;
        }
        let Form::Unknown(beginning) = &mut self.form else { return self.read(bytes, out) };
        let missing = SNIFFED_BYTES.saturating_sub(beginning.len()).min(bytes.len());
        let (sniffed, rest) = bytes.split_at(missing);
        beginning.extend_from_slice(sniffed);
        if beginning.len() >= SNIFFED_BYTES {
            self.begin(out);
            self.read(rest, out);
        }
    }

    pub fn finish(&mut self, out: &mut Output<'_>) {
        self.begin(out);
        if let Form::Text(hex) = &mut self.form {
            hex.finish(|said| take(said, &mut self.frames, &mut self.readings, out));
        }
        self.frames.finish(|piece| self.readings.take(&piece, out));
        self.readings.finish(out);
    }

    /// Decides about the form by what is kept, and reads that.
    fn begin(&mut self, out: &mut Output<'_>) {
        if let Form::Unknown(beginning) = &mut self.form {
            let beginning = std::mem::take(beginning);
            self.form = if text::is_text(&beginning) { Form::Text(Hex::new()) } else { Form::Binary };
            self.read(&beginning, out);
        }
    }

    fn read(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        match &mut self.form {
            Form::Text(hex) => hex.push(bytes, |said| take(said, &mut self.frames, &mut self.readings, out)),
            Form::Binary | Form::Unknown(_) => self.frames.push(bytes, |piece| self.readings.take(&piece, out)),
        }
    }
}

/// Reads on by what a text says.
fn take(said: Said<'_>, frames: &mut Frames, readings: &mut Readings, out: &mut Output<'_>) {
    match said {
        Said::Line(number) => frames.line(number),
        Said::Bytes(bytes) => frames.push(bytes, |piece| readings.take(&piece, out)),
        Said::Odd { line, text, reason } => out.problem(Problem {
            position: format!("line {line}"),
            reason,
            readings: 1,
            prelude: Vec::new(),
            bytes: text.to_vec(),
        }),
    }
}
