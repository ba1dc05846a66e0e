//! DSMR: telegrams of the P1 port of Dutch smart meters (versions 2.2 to 5) and of their kin in Belgium, Luxembourg and Hungary.
//!
//! From version 4 on a telegram has a checksum, and is read only where that holds; versions 2 and 3 have none. Stamps tell
//! summer and winter time by a letter. Each device on the meter's M-Bus is a point of its own.

mod checksum;
mod codes;
mod frame;
mod reader;
mod stamp;

use metrify_domain::Severity;

use crate::datasets::{lossy_text, readings_within, text};
use crate::dates::shown;
use crate::detect::Head;
use crate::format::Options;
use crate::output::{Output, Problem};
use crate::page::Table;
use crate::remarks::{at_byte, finding};

use checksum::Checksum;
use frame::{Framer, Loss, Piece};
use reader::Reader;

/// Codes that P1 telegrams have, and other telegrams of IEC 62056-21 have not.
const MARKS: [&str; 9] = [
    "1-3:0.2.8(",
    "0-0:1.0.0(",
    "0-0:42.0.0(",
    "0-0:96.1.1(",
    "0-0:96.1.4(",
    "0-0:96.7.21(",
    "0-0:96.13.",
    "0-0:96.14.0(",
    "0-1:24.",
];
/// Codes of which a telegram has one only from the version on that demands a checksum.
const CHECKED: [&str; 3] = ["1-3:0.2.8(", "0-0:1.0.0(", "0-0:96.1.4("];

#[must_use]
pub fn tables() -> Vec<Table> {
    codes::tables()
}

/// A code of P1, or data sets in full codes with a checksum behind them. A stream may begin within a telegram.
#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    if !head.has(b'(') {
        return None;
    }
    let text = lossy_text(head.bytes);
    let begins = |line: &str| MARKS.iter().any(|mark| line.starts_with(mark));
    let mut has_data = false;
    for line in text.lines().map(str::trim) {
        if begins(line) {
            return Some("a code that telegrams of a P1 port have");
        }
        has_data |= line.starts_with("1-0:") && line.ends_with(')');
        let checksum = line.strip_prefix('!').filter(|digits| matches!(digits.len(), 3 | 4));
        if has_data && checksum.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit())) {
            return Some("the checksum of a P1 telegram");
        }
    }
    None
}

/// Bytes between telegrams that hold no reading.
#[derive(Debug, Default)]
struct Stray {
    first: Option<u64>,
    runs: u64,
    bytes: u64,
}

#[derive(Debug)]
pub struct Decoder {
    framer: Framer,
    telegrams: Telegrams,
}

#[derive(Debug)]
struct Telegrams {
    reader: Reader,
    stray: Stray,
}

impl Decoder {
    #[must_use]
    pub fn new(options: &Options) -> Self {
        Self { framer: Framer::new(), telegrams: Telegrams { reader: Reader::new(options), stray: Stray::default() } }
    }

    pub fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        if !out.is_stopped() {
            self.framer.push(bytes, |piece| self.telegrams.take(&piece, out));
        }
    }

    /// One telegram that came in an envelope, and ends with it.
    pub(crate) fn telegram(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        self.push(bytes, out);
        self.framer.finish(|piece| self.telegrams.take(&piece, out));
    }

    pub fn finish(&mut self, out: &mut Output<'_>) {
        self.framer.finish(|piece| self.telegrams.take(&piece, out));
        self.telegrams.finish(out);
    }
}

impl Telegrams {
    fn take(&mut self, piece: &Piece<'_>, out: &mut Output<'_>) {
        match piece {
            Piece::Telegram { position, bytes, body, tail } => match self.check(body, tail, *position, out) {
                Ok(()) => self.read(*position, bytes, body, out),
                Err(reason) => out.problem(problem(*position, bytes, reason)),
            },
            Piece::Lost { position, bytes, loss: Loss::Outside } if !bytes.iter().any(|byte| is_bracket(*byte)) => {
                self.stray.first = self.stray.first.or(Some(*position));
                self.stray.runs += 1;
                self.stray.bytes += bytes.len() as u64;
            }
            Piece::Lost { position, bytes, loss } => out.problem(problem(*position, bytes, loss.to_string())),
        }
    }

    fn finish(&mut self, out: &mut Output<'_>) {
        self.reader.finish(out);
        let Stray { first, runs, bytes } = std::mem::take(&mut self.stray);
        if let Some(first) = first {
            let reason = format!("bytes beside telegrams: {bytes}, in {runs} runs without a value");
            out.finding(finding("stray_bytes", Severity::Note, &at_byte(first), reason));
        }
    }

    /// # Errors
    /// Why the telegram cannot be trusted.
    fn check(&mut self, body: &[u8], tail: &[u8], position: u64, out: &mut Output<'_>) -> Result<(), String> {
        match checksum::verify(body, tail) {
            Checksum::Holds => Ok(()),
            Checksum::HoldsForItsLineEnds => {
                if self.reader.remarks.first("line_ends") {
                    let reason =
                        "the line ends were changed on the way: the checksum holds for those that the meter sent";
                    out.finding(finding("line_ends", Severity::Note, &at_byte(position), reason.to_owned()));
                }
                Ok(())
            }
            Checksum::None => {
                let text = lossy_text(body);
                let checked = CHECKED.iter().find(|mark| text.lines().any(|line| line.trim().starts_with(**mark)));
                checked.map_or(Ok(()), |mark| {
                    let code = mark.trim_end_matches('(');
                    Err(format!("the telegram has no checksum, as those with {code} must have"))
                })
            }
            Checksum::Fails { found, expected } => {
                Err(format!("the checksum is {found:04X}, but the bytes give {expected:04X}"))
            }
            Checksum::NotHexadecimal => Err(format!("`{}` is no checksum", shown(lossy_text(tail).trim()))),
        }
    }

    fn read(&mut self, position: u64, bytes: &[u8], body: &[u8], out: &mut Output<'_>) {
        let text = text(body);
        // The identification names a type of meter, not a meter: all those of a Swedish operator say `ELL5\253833635_A`.
        let (_, sets) = text.split_once('\n').unwrap_or_default();
        if let Some((readings, reason)) = self.reader.read(sets, &at_byte(position), out).told() {
            out.problem(Problem { readings, ..problem(position, bytes, reason) });
        }
    }
}

/// A telegram that is lost as a whole.
fn problem(position: u64, bytes: &[u8], reason: String) -> Problem {
    let readings = readings_within(&lossy_text(bytes)).max(1);
    Problem { position: at_byte(position), reason, readings, prelude: Vec::new(), bytes: bytes.to_vec() }
}

/// Whether a byte, perhaps with its parity, stands around values.
const fn is_bracket(byte: u8) -> bool {
    matches!(byte & 0x7F, b'(' | b')')
}
