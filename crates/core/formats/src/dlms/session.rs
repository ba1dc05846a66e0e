//! From frames to readings: parts are joined, protected telegrams opened, and what they say is handed to [`Readings`].

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::ControlFlow;

use metrify_domain::{Finding, ObisCode, Severity};

use super::cipher::{Ciphers, Closed, Opened, Title};
use super::data::Fault;
use super::frames::{Content, Loss, Piece};
use super::joins::{Joined, Joins, Part, Source, Telegram, Unjoined};
use super::list::List;
use super::readings::{Readings, Told, problem};
use super::telegram::{self, Notification, Protected};
use crate::dsmr;
use crate::dump::{Place, Places};
use crate::format::Options;
use crate::output::{Decoded, Output};
use crate::remarks::{Remarks, finding};

/// Envelopes within each other that are opened: blocks, protection, and again.
const DEPTH_MAX: usize = 4;
/// Fewer bytes than this beside frames cannot hold a reading.
const LOST_BYTES_MIN: usize = 12;
/// Senders whose system title is kept for telegrams that leave it out.
const TITLES_MAX: usize = 20_000;
/// Bit 0 of a control field is zero in information frames; without the poll bit this is unnumbered information.
const UNNUMBERED_INFORMATION: u8 = 0x03;
const POLL: u8 = 0x10;
/// Numbers of parts in M-Bus, which begin anew.
const WIRED_NUMBERS: u16 = 16;
const FIRST_BLOCK: u16 = 1;

// Services with a ciphering of their own: with the global keys, or with those of an association.
const GLO_EVENT_NOTIFICATION: u8 = 0xCA;
const GLO_GET_RESPONSE: u8 = 0xCC;
const DED_EVENT_NOTIFICATION: u8 = 0xD2;
const DED_GET_RESPONSE: u8 = 0xD4;
// Envelopes that are not read.
const GENERAL_CIPHERING: u8 = 0xDD;
const GENERAL_SIGNING: u8 = 0xDF;

/// What is read of a telegram: its own bytes, or those that it held in an envelope.
struct Layer<'a> {
    whole: &'a Telegram<'a>,
    bytes: &'a [u8],
    /// The system title of the envelope.
    title: Option<Title>,
    depth: usize,
}

/// Bytes beside frames that cannot hold a reading.
#[derive(Debug, Default)]
struct Stray {
    first: Option<Place>,
    runs: u64,
    bytes: u64,
}

#[derive(Debug)]
pub(super) struct Session {
    segments: Joins,
    parts: Joins,
    blocks: Joins,
    ciphers: Ciphers,
    titles: HashMap<Source, Title>,
    readings: Readings,
    p1: dsmr::Decoder,
    stray: Stray,
    remarks: Remarks,
}

impl Session {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            segments: Joins::default(),
            parts: Joins::default(),
            blocks: Joins::default(),
            ciphers: Ciphers::new(options.keys.clone()),
            titles: HashMap::new(),
            readings: Readings::new(options),
            p1: dsmr::Decoder::new(options),
            stray: Stray::default(),
            remarks: Remarks::default(),
        }
    }

    pub(super) fn take(&mut self, piece: &Piece<'_>, places: &mut Places, out: &mut Output<'_>) {
        match *piece {
            Piece::Frame { position, bytes, content } => self.frame(places.of(position), bytes, content, out),
            Piece::Lost { position, bytes, loss } => self.lost(places.of(position), bytes, loss, out),
        }
    }

    pub(super) fn finish(&mut self, out: &mut Output<'_>) {
        for joins in [&mut self.segments, &mut self.parts, &mut self.blocks] {
            joins
                .give_up("the delivery ends before the last part of the telegram")
                .for_each(|lost| unjoined(lost, out));
        }
        self.readings.finish(out);
        self.p1.finish(out);
        let Stray { first, runs, bytes } = std::mem::take(&mut self.stray);
        if let Some(first) = first {
            let reason = format!("bytes beside frames: {bytes}, in {runs} runs that are too short for a reading");
            out.finding(finding("stray_bytes", Severity::Note, &first.to_string(), reason));
        }
        self.remarks = Remarks::default();
    }

    fn frame(&mut self, place: Place, frame: &[u8], content: Content<'_>, out: &mut Output<'_>) {
        let telegram =
            |source, bytes| Telegram { place, source, frames: Cow::Borrowed(frame), bytes: Cow::Borrowed(bytes) };
        let joined = match content {
            Content::Hdlc { destination, source, control, segmented, bytes } => {
                let carries = control & 1 == 0 || control & !POLL == UNNUMBERED_INFORMATION;
                if bytes.is_empty() || !carries {
                    let reason = format!("a frame of HDLC with the control field {control:02x} carries no telegram");
                    return self.remark("frame_passed_over", place, reason, out);
                }
                let source = Source::Hdlc { source, destination };
                let linked = telegram::without_link(bytes);
                // Blocks behind the first come without LLC.
                let is_block = bytes.first() == Some(&telegram::GENERAL_BLOCK_TRANSFER);
                let first = linked.is_some() || (is_block && !self.segments.is_open(source));
                let telegram = telegram(source, linked.unwrap_or(bytes));
                self.segments.take(Part { telegram, first, last: !segmented, number: None, next: None })
            }
            Content::Wired { route, number, last, bytes } => {
                let (source, number) = (Source::Wired(route), u16::from(number));
                let first = number == 0 && self.parts.next(source) != Some(0);
                let next = Some((number + 1) % WIRED_NUMBERS);
                let telegram = telegram(source, bytes);
                self.parts.take(Part { telegram, first, last, number: Some(number), next })
            }
            Content::Foreign(ci) => {
                let reason = format!("the M-Bus frame with CI {ci:02x} holds records, which the format mbus reads");
                return out.problem(problem(place, reason, 1, frame.to_vec()));
            }
            Content::Bare(bytes) => {
                let bytes = telegram::without_link(bytes).unwrap_or(bytes);
                Joined { lost: None, telegram: Some(telegram(Source::Bare, bytes)) }
            }
        };
        self.joined(joined, (None, 0), out);
    }

    /// Gives up telegrams whose next segment may be among bytes that were not read.
    pub(super) fn interrupt(&mut self, out: &mut Output<'_>) {
        let reason = "a part of the telegram is missing: bytes between its segments belong to no frame";
        self.segments.give_up(reason).for_each(|lost| unjoined(lost, out));
    }

    fn lost(&mut self, place: Place, bytes: &[u8], loss: Loss, out: &mut Output<'_>) {
        // Every frame may have flags of its own, and flags fill the time between frames.
        if bytes.iter().all(|byte| *byte == super::hdlc::FLAG) {
            return;
        }
        self.interrupt(out);
        let is_fill = |byte: &u8| matches!(byte, 0x7E | 0x00 | 0xFF | b'\r' | b'\n' | b' ');
        if bytes.len() < LOST_BYTES_MIN || bytes.iter().all(is_fill) {
            self.stray.first = self.stray.first.or(Some(place));
            self.stray.runs += 1;
            self.stray.bytes += bytes.len() as u64;
            return;
        }
        out.problem(problem(place, loss.to_string(), readings_within(bytes), bytes.to_vec()));
    }

    /// Reads what a part completed; `title` is that of the envelope which it came in.
    fn joined(&mut self, joined: Joined<'_>, (title, depth): (Option<Title>, usize), out: &mut Output<'_>) {
        if let Some(lost) = joined.lost {
            unjoined(lost, out);
        }
        if let Some(whole) = joined.telegram {
            self.telegram(&Layer { whole: &whole, bytes: &whole.bytes, title, depth }, out);
        }
    }

    fn telegram(&mut self, layer: &Layer<'_>, out: &mut Output<'_>) {
        let (whole, place) = (layer.whole, layer.whole.place);
        let Some((&tag, rest)) = layer.bytes.split_first() else {
            return self.remark("telegram_passed_over", place, "a frame carries no telegram".to_owned(), out);
        };
        let fault = |fault: Fault| format!("the frame is whole, but its telegram {tag:02x} is not understood: {fault}");
        let read = match tag {
            _ if layer.depth > DEPTH_MAX => Err("envelopes lie too deep within each other".to_owned()),
            telegram::DATA_NOTIFICATION => telegram::notification(rest).map(Some).map_err(fault),
            telegram::EVENT_NOTIFICATION => telegram::event(rest).map(Some).map_err(fault),
            telegram::GET_RESPONSE => match telegram::answer(rest) {
                Ok(None) => Err("the answer is an error, or one of several blocks, which are not read".to_owned()),
                answer => answer.map_err(fault),
            },
            telegram::P1 if layer.title.is_some() => return self.p1(layer, out),
            _ if is_protected(tag) => return self.protected(layer, tag, rest, out),
            telegram::GENERAL_BLOCK_TRANSFER => return self.block(layer, rest, out),
            telegram::ASSOCIATION_RESPONSE => {
                if let Some(title) = telegram::responding_title(rest) {
                    self.learn(whole.source, Title(title));
                }
                Ok(None)
            }
            GENERAL_CIPHERING | GENERAL_SIGNING => Err(format!("the envelope {tag:02x} is not read")),
            _ => Ok(None),
        };
        match read {
            Ok(Some((Notification { time, typed_time, body }, behind))) => {
                if !behind.is_empty() {
                    let reason = format!("{} bytes stand behind the telegram in its frame", behind.len());
                    self.remark("trailing_bytes", place, reason, out);
                }
                let list = List::read(&body, typed_time);
                self.readings.take(&Told { telegram: whole, title: layer.title, time, list }, out);
            }
            Ok(None) => {
                let reason =
                    format!("the telegram {tag:02x} is passed over: it is a request, or an answer without values");
                self.remark("telegram_passed_over", place, reason, out);
            }
            Err(reason) => layer.lost(reason, readings_within(layer.bytes), out),
        }
    }

    fn protected(&mut self, layer: &Layer<'_>, tag: u8, rest: &[u8], out: &mut Output<'_>) {
        let whole = layer.whole;
        let names_sender = matches!(tag, telegram::GENERAL_GLO_CIPHERING | telegram::GENERAL_DED_CIPHERING);
        let association = matches!(tag, telegram::GENERAL_DED_CIPHERING | DED_EVENT_NOTIFICATION | DED_GET_RESPONSE);
        let known = self.titles.get(&whole.source).copied();
        let opened = match (telegram::protected(rest, names_sender), &known) {
            (Err(_), _) => Err(Closed::Cut),
            (Ok(_), None) if !names_sender => Err(Closed::NoTitle),
            (Ok(protected), Some(Title(title))) if !names_sender => {
                self.ciphers.open(&Protected { title, ..protected }, association)
            }
            (Ok(protected), _) => self.ciphers.open(&protected, association),
        };
        match opened {
            Ok(Opened { title, telegram, unchecked }) => {
                self.learn(whole.source, title);
                if unchecked {
                    let reason = format!("the tags of {title} are not checked: its authentication key is not given");
                    self.remark("tag_not_checked", whole.place, reason, out);
                }
                let inner = Layer { whole, bytes: &telegram, title: Some(title), depth: layer.depth + 1 };
                self.telegram(&inner, out);
            }
            Err(closed) => layer.lost(closed.to_string(), 1, out),
        }
    }

    /// A telegram of a P1 port: what is said of it is said of the bytes that it was ciphered in.
    fn p1(&mut self, layer: &Layer<'_>, out: &mut Output<'_>) {
        let mut told = Vec::new();
        let mut sink = |decoded| {
            told.push(decoded);
            ControlFlow::Continue(())
        };
        let mut inside = Output::new(&mut sink);
        self.p1.telegram(layer.bytes, &mut inside);
        inside.flush();
        for Decoded { batch, problems, findings, meters, .. } in told {
            batch
                .rows()
                .iter()
                .for_each(|row| out.reading(batch.channel(row), batch.document(row), &batch.reading(row)));
            problems.into_iter().for_each(|problem| layer.lost(problem.reason, problem.readings, out));
            let position = layer.whole.place.to_string();
            findings.into_iter().for_each(|finding| out.finding(Finding { position: position.clone(), ..finding }));
            meters.into_iter().for_each(|meter| out.meter(meter));
        }
    }

    fn block(&mut self, layer: &Layer<'_>, rest: &[u8], out: &mut Output<'_>) {
        let block = match telegram::block(rest) {
            Ok(block) => block,
            Err(fault) => {
                return layer.lost(format!("the block is not understood: {fault}"), readings_within(rest), out);
            }
        };
        let Telegram { place, source, ref frames, .. } = *layer.whole;
        let telegram = Telegram { place, source, frames: frames.clone(), bytes: Cow::Borrowed(block.bytes) };
        let (number, next) = (Some(block.number), block.number.checked_add(1));
        let first = block.number == FIRST_BLOCK;
        let joined = self.blocks.take(Part { telegram, first, last: block.last, number, next });
        self.joined(joined, (layer.title, layer.depth + 1), out);
    }

    fn learn(&mut self, source: Source, title: Title) {
        if self.titles.len() >= TITLES_MAX {
            self.titles.clear();
        }
        self.titles.insert(source, title);
    }

    /// Notes something about the delivery, once.
    fn remark(&mut self, rule: &'static str, place: Place, reason: String, out: &mut Output<'_>) {
        if self.remarks.first(rule) {
            out.finding(finding(rule, Severity::Note, &place.to_string(), reason));
        }
    }
}

impl Layer<'_> {
    fn lost(&self, reason: String, readings: u64, out: &mut Output<'_>) {
        out.problem(problem(self.whole.place, reason, readings, self.whole.frames.to_vec()));
    }
}

const fn is_protected(tag: u8) -> bool {
    matches!(
        tag,
        telegram::GENERAL_GLO_CIPHERING
            | telegram::GENERAL_DED_CIPHERING
            | GLO_EVENT_NOTIFICATION
            | GLO_GET_RESPONSE
            | DED_EVENT_NOTIFICATION
            | DED_GET_RESPONSE
    )
}

fn unjoined(lost: Unjoined, out: &mut Output<'_>) {
    let readings = readings_within(&lost.frames);
    out.problem(problem(lost.place, lost.reason, readings, lost.frames));
}

/// How many readings some bytes held, told by the codes of registers and powers; at least one.
fn readings_within(bytes: &[u8]) -> u64 {
    let is_reading = |window: &&[u8]| match window {
        [0x09, 0x06, a, b, c, d, e, f] => ObisCode::from_bytes([*a, *b, *c, *d, *e, *f]).natural_kind().is_some(),
        _ => false,
    };
    (bytes.windows(8).filter(is_reading).count() as u64).max(1)
}
