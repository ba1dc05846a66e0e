//! MSCONS (UN D.04B; MIG 1.6 to 2.5): meter readings, load curves and amounts of energy between the parties of the market.
//!
//! This file reads the envelope: interchanges (UNB to UNZ) and messages (UNH to UNT). Wrong counts and references are
//! findings; a message of a test interchange (UNB DE0035 is 1) or of another type is kept out as one problem. What a message
//! holds is read below, one concern a file. Which application of MSCONS a message is (Pruefidentifikator) changes nothing
//! about how it is read: its values say themselves what they are.

mod header;
mod line;
mod message;
mod pruefidentifikator;
mod refusal;
pub(crate) mod standing;
mod time;
pub(crate) mod unit;
mod value;

use metrify_domain::calendar::Zone;
use metrify_domain::{Finding, Severity};

use self::header::{Origin, name};
use self::message::{Meters, Reader};
use self::refusal::Refusal;
use crate::detect::Head;
use crate::edifact::{Segment, Segments, Syntax};
use crate::format::Options;
use crate::output::Output;
use crate::page::Table;

/// Meters of one delivery that are remembered, to tell each once.
const METERS_MAX: usize = 65_536;
/// Letters of a foreign text that a reason shows.
const SHOWN_CHARS: usize = 60;

/// An EDIFACT interchange, or a message without one, with a MSCONS message in its beginning.
#[must_use]
pub fn tables() -> Vec<Table> {
    Vec::new()
}

#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    let mut segments = Segments::default();
    let mut begins_well = None;
    let mut holds_mscons = false;
    let mut look = |segment: &Segment<'_>| {
        begins_well.get_or_insert(matches!(segment.tag(), b"UNB" | b"UNH") || segment.bytes.starts_with(b"UNA"));
        holds_mscons |= segment.tag() == b"UNH" && segment.field(2) == "MSCONS";
    };
    segments.push(head.bytes, |segment| look(&segment));
    segments.unfinished().iter().for_each(look);
    (begins_well? && holds_mscons).then_some("an EDIFACT interchange with a MSCONS message")
}

/// Reads interchanges as they come.
pub struct Decoder {
    segments: Segments,
    envelope: Box<Envelope>,
}

impl Decoder {
    #[must_use]
    pub fn new(options: &Options) -> Self {
        // Stamps without an offset are those of older German files.
        let zone = options.zone.unwrap_or(Zone::BERLIN);
        let envelope = Envelope { zone, interchange: None, message: None, messages: 0, meters: Meters::default() };
        Self { segments: Segments::default(), envelope: Box::new(envelope) }
    }

    pub fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        if out.is_stopped() {
            return;
        }
        self.segments.push(bytes, |segment| self.envelope.read(&segment, out));
    }

    pub fn finish(&mut self, out: &mut Output<'_>) {
        let rest = self.segments.unfinished();
        match rest {
            // The very last terminator is missed by nobody.
            Some(segment) if matches!(segment.tag(), b"UNZ") => {
                self.envelope.read(&segment, out);
                self.envelope.finish(None, out);
            }
            rest => self.envelope.finish(rest.as_ref(), out),
        }
    }
}

struct Envelope {
    zone: Zone,
    interchange: Option<Interchange>,
    message: Option<Message>,
    /// Messages of the delivery so far.
    messages: u64,
    meters: Meters,
}

struct Interchange {
    origin: Origin,
    is_test: bool,
    messages: u64,
    /// UNG groups the messages, and UNZ then counts the groups.
    groups: u64,
}

struct Message {
    number: u64,
    reference: String,
    segments: u64,
    content: Content,
}

enum Content {
    Read(Box<Reader>),
    Refused(Refusal),
    /// Segments outside of any message.
    Stray(Refusal),
}

impl Envelope {
    fn read(&mut self, segment: &Segment<'_>, out: &mut Output<'_>) {
        match segment.tag() {
            b"" | b"UNE" => {}
            _ if segment.bytes.starts_with(b"UNA") => read_advice(segment, out),
            b"UNB" => self.open_interchange(segment, out),
            b"UNG" => self.interchange.iter_mut().for_each(|interchange| interchange.groups += 1),
            b"UNH" => self.open_message(segment, out),
            b"UNT" => self.close_message(segment, out),
            b"UNZ" => self.close_interchange(segment, out),
            _ => self.read_content(segment, out),
        }
    }

    /// The delivery is over, with `rest` behind the last terminator.
    fn finish(&mut self, rest: Option<&Segment<'_>>, out: &mut Output<'_>) {
        if let (None, Some(rest)) = (&self.message, rest)
            && (self.interchange.is_none() || !rest.bytes.starts_with(b"U"))
        {
            self.read_content(rest, out);
        }
        let missing = match (&self.message, &self.interchange, rest) {
            (Some(Message { content: Content::Read(_) | Content::Refused(_), .. }), ..) => "UNT",
            (_, Some(_), _) => "UNZ",
            (_, None, Some(_)) => "the end of a segment",
            (_, None, None) => "",
        };
        if !missing.is_empty() {
            let position = self.position();
            find("truncated", position, format!("the delivery ends before {missing}: something was cut off"), out);
        }
        if let Some(message) = self.message.take() {
            match message.content {
                Content::Read(mut reader) => reader.cut_off(rest, out),
                Content::Refused(refusal) | Content::Stray(refusal) => refusal.finish(out),
            }
        }
        self.interchange = None;
    }

    fn open_interchange(&mut self, segment: &Segment<'_>, out: &mut Output<'_>) {
        self.leave_message(out);
        if self.interchange.is_some() {
            find("truncated", self.position(), "the interchange before ends without UNZ".to_owned(), out);
        }
        let mut bytes = segment.syntax.advice().to_vec();
        segment.append_to(&mut bytes);
        let text = |index| name(segment.field(index)).unwrap_or_default();
        let origin = Origin { bytes, sender: text(2), reference: text(5) };
        self.interchange = Some(Interchange { origin, is_test: segment.field(11) == "1", messages: 0, groups: 0 });
    }

    fn close_interchange(&mut self, segment: &Segment<'_>, out: &mut Output<'_>) {
        self.leave_message(out);
        let position = self.position();
        let Some(interchange) = self.interchange.take() else {
            return find("truncated", position, "an interchange ends (UNZ) that never began (UNB)".to_owned(), out);
        };
        let (counted, what) = match interchange.groups {
            0 => (interchange.messages, "messages"),
            groups => (groups, "groups"),
        };
        let (told, reference) = (segment.field(1).text(), name(segment.field(2)).unwrap_or_default());
        if told.trim().parse() != Ok(counted) {
            let reason = format!("UNZ tells of {} {what}, and there are {counted}", shown(&told));
            find("message_count", position.clone(), reason, out);
        }
        if reference != interchange.origin.reference {
            let reason = mismatch("UNB", &interchange.origin.reference, "UNZ", &reference);
            find("interchange_reference", position, reason, out);
        }
    }

    fn open_message(&mut self, segment: &Segment<'_>, out: &mut Output<'_>) {
        self.leave_message(out);
        self.messages += 1;
        let number = self.messages;
        let position = format!("message {number}");
        if let Some(interchange) = &mut self.interchange {
            interchange.messages += 1;
        } else {
            let reason = "the message stands in no interchange (UNB)".to_owned();
            find("interchange_head", position.clone(), reason, out);
        }
        let origin = self.origin(segment.syntax);
        let kind = segment.field(2).text();
        let refused = |reason: String, of_readings| {
            let mut refusal = Refusal::new(position, reason, of_readings, &origin.bytes);
            refusal.add(segment);
            Content::Refused(refusal)
        };
        let content = if self.interchange.as_ref().is_some_and(|interchange| interchange.is_test) {
            refused(
                "the interchange is a test (UNB DE0035 is 1), whose values are kept out".to_owned(),
                kind == "MSCONS",
            )
        } else if kind == "MSCONS" {
            Content::Read(Box::new(Reader::new(self.zone, &origin, number, segment)))
        } else {
            refused(format!("the message is a `{}`, and only MSCONS holds readings", shown(&kind)), false)
        };
        let reference = name(segment.field(1)).unwrap_or_default();
        self.message = Some(Message { number, reference, segments: 1, content });
    }

    fn close_message(&mut self, segment: &Segment<'_>, out: &mut Output<'_>) {
        let Some(mut message) = self.message.take() else {
            return find("truncated", self.position(), "a message ends (UNT) that never began (UNH)".to_owned(), out);
        };
        message.segments += 1;
        message.check_end(segment, out);
        message.content.finish(out);
    }

    fn read_content(&mut self, segment: &Segment<'_>, out: &mut Output<'_>) {
        let origin = &self.interchange;
        let stray = || {
            let prelude = origin
                .as_ref()
                .map_or_else(|| segment.syntax.advice().to_vec(), |interchange| interchange.origin.bytes.clone());
            let position = if self.messages == 0 { String::new() } else { format!("after message {}", self.messages) };
            let reason = "these segments stand in no message: UNH is missing".to_owned();
            let content = Content::Stray(Refusal::new(position, reason, true, &prelude));
            Message { number: self.messages, reference: String::new(), segments: 0, content }
        };
        let message = self.message.get_or_insert_with(stray);
        message.segments += 1;
        match &mut message.content {
            Content::Read(reader) => reader.read(segment, &mut self.meters, out),
            Content::Refused(refusal) | Content::Stray(refusal) => refusal.add(segment),
        }
    }

    /// A message that another one or the end of the interchange follows without UNT.
    fn leave_message(&mut self, out: &mut Output<'_>) {
        let Some(message) = self.message.take() else { return };
        if !matches!(message.content, Content::Stray(_)) {
            let position = format!("message {}", message.number);
            find("truncated", position, "the message ends without UNT".to_owned(), out);
        }
        message.content.finish(out);
    }

    fn origin(&self, syntax: &Syntax) -> Origin {
        let none = || Origin { bytes: syntax.advice().to_vec(), ..Origin::default() };
        self.interchange.as_ref().map_or_else(none, |interchange| interchange.origin.clone())
    }

    fn position(&self) -> String {
        if self.messages == 0 { String::new() } else { format!("message {}", self.messages) }
    }
}

impl Message {
    fn check_end(&self, segment: &Segment<'_>, out: &mut Output<'_>) {
        if matches!(self.content, Content::Stray(_)) {
            return;
        }
        let position = format!("message {}, segment {}", self.number, self.segments);
        let (told, reference) = (segment.field(1).text(), name(segment.field(2)).unwrap_or_default());
        if told.trim().parse() != Ok(self.segments) {
            let reason = format!("UNT tells of {} segments, and there are {}", shown(&told), self.segments);
            find("segment_count", position.clone(), reason, out);
        }
        if reference != self.reference {
            find("message_reference", position, mismatch("UNH", &self.reference, "UNT", &reference), out);
        }
    }
}

impl Content {
    fn finish(self, out: &mut Output<'_>) {
        match self {
            Self::Read(mut reader) => reader.finish(out),
            Self::Refused(refusal) | Self::Stray(refusal) => refusal.finish(out),
        }
    }
}

fn read_advice(segment: &Segment<'_>, out: &mut Output<'_>) {
    if Syntax::from_advice(segment.bytes).is_none() {
        let reason = format!("`{}` does not name separators that can be told apart", shown_bytes(segment.bytes));
        find("service_advice", String::new(), reason, out);
    }
}

fn mismatch(head: &str, begun: &str, end: &str, ended: &str) -> String {
    format!("{head} has the reference `{}`, and {end} `{}`", shown(begun), shown(ended))
}

fn find(rule: &'static str, position: String, reason: String, out: &mut Output<'_>) {
    out.finding(Finding {
        rule: rule.into(),
        severity: Severity::Warning,
        channel: None,
        period: None,
        position,
        reason,
    });
}

/// As much of a foreign text as a reason shows.
fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARS).collect()
}

fn shown_bytes(bytes: &[u8]) -> String {
    let latin1 = bytes.iter().take(SHOWN_CHARS).map(|byte| char::from(*byte));
    latin1.filter(|letter| !letter.is_control()).collect()
}
