//! The lists of a delivery as readings, held until it is known when they were sent.

use metrify_domain::{Document, Period, Reading, Severity, Timestamp};

use super::checksum::Procedure;
use super::entries::{self, At, Shown};
use super::message::{self, Body, List, Message};
use super::meters::Meters;
use super::remarks;
use super::transport::{FRAME_BYTES_MAX, Frame, Loss, Piece};
use super::tree::Cursor;
use crate::dump::{Place, Places};
use crate::output::{Output, Problem};
use crate::remarks::{Remarks, finding};
use crate::status_word;
use crate::units;

/// Readings that are held at most until it is known when their meter's last frame was sent: a day of a meter that sends
/// six every two seconds. With those of a last frame they are no more than a power of two, so that it does not double their room.
const HELD_READINGS_MAX: usize = (1 << 18) - FRAME_BYTES_MAX / ENTRY_BYTES_MIN;
/// Bytes of the shortest entry that is a reading.
const ENTRY_BYTES_MIN: usize = 17;

/// A reading without its instant.
#[derive(Debug)]
struct Held {
    channel: u32,
    shown: Shown,
}

/// Bytes beside frames that cannot hold a reading.
#[derive(Debug, Default)]
struct Stray {
    first: Option<Place>,
    runs: u64,
    bytes: u64,
}

#[derive(Debug)]
pub(super) struct Readings {
    received_at: Timestamp,
    pub(super) places: Places,
    /// That of the frame which is read.
    place: Place,
    meters: Meters,
    held: Vec<Held>,
    stray: Stray,
    pub(super) remarks: Remarks,
}

impl Readings {
    pub(super) fn new(received_at: Timestamp) -> Self {
        Self {
            received_at,
            places: Places::default(),
            place: Place::Byte(0),
            meters: Meters::default(),
            held: Vec::new(),
            stray: Stray::default(),
            remarks: Remarks::default(),
        }
    }

    pub(super) fn take(&mut self, piece: &Piece<'_>, out: &mut Output<'_>) {
        match piece {
            Piece::Frame(frame) => {
                self.place = self.places.of(frame.position);
                self.frame(frame, out);
            }
            Piece::Lost { position, bytes, loss } => {
                self.place = self.places.of(*position);
                self.lost(bytes, *loss, out);
            }
        }
    }

    /// Hands on what is held, and what was learnt of each meter.
    pub(super) fn finish(&mut self, out: &mut Output<'_>) {
        self.release(out);
        self.describe_meters(out);
        let Stray { first, runs, bytes } = std::mem::take(&mut self.stray);
        if let Some(first) = first {
            let reason = format!("bytes beside frames: {bytes}, in {runs} runs of zeros or too short for a reading");
            out.finding(finding("stray_bytes", Severity::Note, &first.to_string(), reason));
        }
        self.remarks = Remarks::default();
    }

    fn frame(&mut self, frame: &Frame<'_>, out: &mut Output<'_>) {
        let mut cursor = Cursor::new(frame.payload);
        loop {
            cursor.skip_zeros();
            let rest = cursor.rest();
            if rest.is_empty() {
                return;
            }
            match message::read(&mut cursor) {
                Ok(message) => self.message(frame, &message, out),
                Err(malformed) => {
                    let reason = format!("the frame is whole, but its content is not understood: {malformed}");
                    return out.problem(problem(self.place, frame, reason, entries::readings_within(rest)));
                }
            }
        }
    }

    fn message(&mut self, frame: &Frame<'_>, message: &Message<'_>, out: &mut Output<'_>) {
        match (&message.body, message.checksum) {
            (Body::List(list), Ok(checksum)) => self.list(frame, list, checksum, out),
            (Body::List(list), Err(mismatch)) => {
                let reason = format!("{mismatch}, although that of the frame holds");
                out.problem(problem(self.place, frame, reason, entries::numbers(list)));
            }
            (Body::Envelope | Body::Other(_), Err(mismatch)) => {
                let reason = format!("{mismatch}, although that of the frame holds; it has no readings");
                self.remark("message_checksum", reason, out);
            }
            (Body::Other(tag), Ok(_)) => {
                let reason = format!("message {tag:04x} is passed over: only lists (0701) are read");
                self.remark("message_passed_over", reason, out);
            }
            (Body::Envelope, Ok(_)) => {}
        }
    }

    fn list(&mut self, frame: &Frame<'_>, list: &List<'_>, checksum: Procedure, out: &mut Output<'_>) {
        self.make_room(out);
        let number = self.meters.number(list);
        let Some((number, meter)) = number.and_then(|number| Some((number, self.meters.get_mut(number)?))) else {
            let reason = "neither the list nor its entries 96.1.0, 0.0.9 and 0.0.0 name the meter in 1 to 32 bytes";
            return out.problem(problem(self.place, frame, reason.to_owned(), entries::numbers(list)));
        };
        meter.learn_maker(list);
        let (circumstances, mut oddities) = entries::circumstances(list, meter, self.received_at);
        oddities.kermit = [checksum, frame.checksum].contains(&Procedure::Kermit);
        if oddities.any() {
            remarks::tell(meter, &oddities, &self.place.to_string(), out);
        }
        let mut lost = list.odd;
        let mut reason = list.first_odd.map(|odd| odd.to_string());
        for entry in &list.entries {
            match circumstances.shown(entry) {
                Ok(Some(shown)) => self.hold(number, shown),
                Ok(None) => {}
                Err(error) => {
                    lost += 1;
                    reason = reason.or(Some(error));
                }
            }
        }
        if let Some(reason) = reason {
            out.problem(problem(
                self.place,
                frame,
                format!("entries of the list that are not read: {lost}; {reason}"),
                lost,
            ));
        }
    }

    fn hold(&mut self, meter: u32, shown: Shown) {
        if let Some(meter) = self.meters.get_mut(meter) {
            meter.evidence.see(&shown);
        }
        if let Some(channel) = self.meters.channel(meter, shown.code) {
            self.held.push(Held { channel, shown });
        }
    }

    fn lost(&mut self, bytes: &[u8], loss: Loss, out: &mut Output<'_>) {
        let is_beside = matches!(loss, Loss::Stray | Loss::CutAtBegin);
        if is_beside && (bytes.len() < ENTRY_BYTES_MIN || bytes.iter().all(|byte| *byte == 0)) {
            self.stray.first = self.stray.first.or(Some(self.place));
            self.stray.runs += 1;
            self.stray.bytes += bytes.len() as u64;
            return;
        }
        out.problem(Problem {
            position: self.place.to_string(),
            reason: loss.to_string(),
            readings: entries::readings_within(bytes),
            prelude: Vec::new(),
            bytes: bytes.to_vec(),
        });
    }

    /// Hands on what is held before more would be kept than the limits allow.
    fn make_room(&mut self, out: &mut Output<'_>) {
        let too_many_meters = self.meters.is_full();
        if !too_many_meters && self.held.len() < HELD_READINGS_MAX {
            return;
        }
        if self.held.iter().any(|held| matches!(held.shown.at, At::Second(_))) && self.remarks.first("time_of_receipt")
        {
            let reason = "there are more readings without a time than can be held: those before here are placed before \
                          the time of receipt, those of the same meters from here on after it";
            let position = self.place.to_string();
            out.finding(finding("time_of_receipt", Severity::Warning, &position, reason.to_owned()));
        }
        self.release(out);
        if too_many_meters {
            self.describe_meters(out);
        }
    }

    fn release(&mut self, out: &mut Output<'_>) {
        self.meters.iter_mut().for_each(|meter| meter.timeline.settle());
        let document = Document::default();
        // A meter's status is the same for hours, and writing it is the dearest step.
        let (mut status, mut reason) = (None, None);
        for Held { channel, shown } in self.held.drain(..) {
            let Some((channel, meter)) = self.meters.of_channel(channel) else { continue };
            let at = match shown.at {
                At::Instant(at) => at,
                At::Second(second) => meter.timeline.instant(second, self.received_at),
            };
            if shown.status.is_some() && shown.status != status {
                status = shown.status;
                reason = status.and_then(status_word::code);
            }
            let reason = reason.filter(|_| shown.status.is_some());
            out.reading(channel, &document, &reading(&shown, at).with_reason(reason));
        }
    }

    /// Hands on each meter with what its registers tell, and forgets it.
    fn describe_meters(&mut self, out: &mut Output<'_>) {
        for meter in std::mem::take(&mut self.meters).iter_mut() {
            remarks::tell_resolution(meter, out);
            out.meter(meter.describe());
        }
    }

    /// Notes something about the delivery, once.
    fn remark(&mut self, rule: &'static str, reason: String, out: &mut Output<'_>) {
        if self.remarks.first(rule) {
            out.finding(finding(rule, Severity::Note, &self.place.to_string(), reason));
        }
    }
}

fn reading(shown: &Shown, at: Timestamp) -> Reading {
    Reading {
        kind: shown.kind,
        period: Period::instant(at),
        value: Some(shown.value),
        unit: units::unit(shown.unit),
        quality: shown.quality,
        method: None,
        reason: None,
    }
}

fn problem(place: Place, frame: &Frame<'_>, reason: String, readings: u64) -> Problem {
    let position = place.to_string();
    Problem { position, reason, readings, prelude: Vec::new(), bytes: frame.bytes.to_vec() }
}
