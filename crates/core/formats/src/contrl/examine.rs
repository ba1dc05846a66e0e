//! Looking at the syntax of received interchanges, as far as a CONTRL answers it: the envelope, its counts and references, and
//! whether segments have tags.

use crate::edifact::heading::name;
use crate::edifact::segments::{Segment, Segments};
use crate::limits::PROBLEMS_MAX;

/// Components of the message type (UNH S009) that are repeated in an answer.
const TYPE_PARTS: usize = 5;
/// The type that is never answered, so that no answer follows another for ever.
const ANSWER: &str = "CONTRL";

/// Where an envelope is faulty, and how (DE0085, DE0013, place of the element).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: &'static str,
    pub(super) tag: &'static str,
    pub(super) element: &'static str,
}

const fn fault(code: &'static str, tag: &'static str, element: &'static str) -> Fault {
    Fault { code, tag, element }
}

/// The faults that are found, by [`super::codes::ERRORS`].
const SYNTAX: Fault = fault("2", "UNB", "1");
const NO_END_OF_INTERCHANGE: Fault = fault("13", "UNZ", "");
const COUNT_OF_INTERCHANGE: Fault = fault("29", "UNZ", "1");
const REFERENCE_OF_INTERCHANGE: Fault = fault("28", "UNZ", "2");
const TOO_MANY_FAULTS: Fault = fault("18", "UNB", "");
const OUTSIDE: Fault = fault("33", "UNB", "");
/// A message that UCM could not name.
const NO_REFERENCE_OF_MESSAGE: Fault = fault("13", "UNH", "1");
const NO_TYPE_OF_MESSAGE: Fault = fault("13", "UNH", "2");
const NO_END_OF_MESSAGE: Fault = fault("13", "UNT", "");
const COUNT_OF_MESSAGE: Fault = fault("29", "UNT", "1");
const REFERENCE_OF_MESSAGE: Fault = fault("28", "UNT", "2");
/// DE0085 of a segment whose tag is none.
pub(super) const NO_TAG: &str = "12";

/// An interchange that is to be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Id and qualifier of UNB.
    pub(super) sender: [String; 2],
    pub(super) receiver: [String; 2],
    pub(super) reference: String,
    /// What is wrong with the interchange, which rejects all of it.
    pub(super) fault: Option<Fault>,
    /// The messages that are rejected.
    pub(super) rejected: Vec<Rejected>,
}

impl Received {
    /// Whether nothing in it is rejected.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.fault.is_none() && self.rejected.is_empty()
    }

    #[must_use]
    pub fn reference(&self) -> &str {
        &self.reference
    }
}

/// A message that is rejected: by its envelope, or for segments in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rejected {
    pub(super) reference: String,
    pub(super) message_type: Vec<String>,
    pub(super) fault: Option<Fault>,
    /// Positions of segments without a tag, from 1.
    pub(super) segments: Vec<u64>,
}

/// Examines interchanges as they come.
#[derive(Debug, Default)]
pub struct Examiner {
    segments: Segments,
    examined: Examined,
}

#[derive(Debug, Default)]
struct Examined {
    received: Vec<Received>,
    open: Option<Open>,
}

/// An interchange that is not over yet.
#[derive(Debug)]
struct Open {
    received: Received,
    is_answer: bool,
    messages: u64,
    groups: u64,
    faults: usize,
    message: Option<OpenMessage>,
}

#[derive(Debug)]
struct OpenMessage {
    rejected: Rejected,
    segments: u64,
}

impl Examiner {
    pub fn push(&mut self, bytes: &[u8]) {
        let Self { segments, examined } = self;
        segments.push(bytes, |segment| examined.read(&segment));
    }

    /// What is to be answered. An interchange that does not say who sent it to whom, or has no reference, cannot be; one of CONTRL is
    /// not.
    #[must_use]
    pub fn finish(mut self) -> Vec<Received> {
        let Self { segments, examined } = &mut self;
        if let Some(rest) = segments.unfinished() {
            examined.read(&rest);
        }
        if let Some(mut open) = examined.open.take() {
            open.close_message(Some(NO_END_OF_MESSAGE));
            examined.close(open, Some(NO_END_OF_INTERCHANGE));
        }
        self.examined.received
    }
}

impl Examined {
    fn read(&mut self, segment: &Segment<'_>) {
        if segment.bytes.is_empty() || segment.bytes.starts_with(b"UNA") {
            return;
        }
        if segment.tag() == b"UNB" {
            if let Some(mut open) = self.open.take() {
                open.close_message(Some(NO_END_OF_MESSAGE));
                self.close(open, Some(NO_END_OF_INTERCHANGE));
            }
            self.open = Some(Open::new(segment));
            return;
        }
        let Some(mut open) = self.open.take() else { return };
        if segment.tag() == b"UNZ" {
            open.close_message(Some(NO_END_OF_MESSAGE));
            let fault = open.end_fault(segment);
            return self.close(open, fault);
        }
        open.read(segment);
        self.open = Some(open);
    }

    fn close(&mut self, open: Open, fault: Option<Fault>) {
        let Open { mut received, is_answer, .. } = open;
        received.fault = received.fault.or(fault);
        let answerable =
            [&received.reference, &received.sender[0], &received.receiver[0]].iter().all(|text| !text.is_empty());
        if answerable && !is_answer {
            self.received.push(received);
        }
    }
}

impl Open {
    fn new(head: &Segment<'_>) -> Self {
        let party = |index| head.composite::<2>(index).map(|part| part.text().trim().to_owned());
        let syntax = head.field(1);
        let received = Received {
            sender: party(2),
            receiver: party(3),
            reference: name(head.field(5)).unwrap_or_default(),
            fault: (!syntax.raw().starts_with(b"UNO")).then_some(SYNTAX),
            rejected: Vec::new(),
        };
        Self { received, is_answer: false, messages: 0, groups: 0, faults: 0, message: None }
    }

    fn read(&mut self, segment: &Segment<'_>) {
        match segment.tag() {
            b"UNG" => self.groups += 1,
            b"UNE" => {}
            b"UNH" => {
                self.close_message(Some(NO_END_OF_MESSAGE));
                self.messages += 1;
                self.is_answer |= self.messages == 1 && segment.field(2) == ANSWER;
                let message_type = segment.composite::<TYPE_PARTS>(2).map(|part| part.text().trim().to_owned());
                let reference = name(segment.field(1)).unwrap_or_default();
                if reference.is_empty() {
                    self.received.fault.get_or_insert(NO_REFERENCE_OF_MESSAGE);
                } else if message_type[0].is_empty() {
                    self.received.fault.get_or_insert(NO_TYPE_OF_MESSAGE);
                }
                let rejected =
                    Rejected { reference, message_type: message_type.into(), fault: None, segments: Vec::new() };
                self.message = Some(OpenMessage { rejected, segments: 1 });
            }
            tag => match &mut self.message {
                Some(message) => {
                    message.segments += 1;
                    if tag == b"UNT" {
                        let fault = message.end_fault(segment);
                        self.close_message(fault);
                    } else if !is_tag(tag) && self.faults < PROBLEMS_MAX {
                        self.faults += 1;
                        message.rejected.segments.push(message.segments);
                    }
                }
                None => {
                    self.received.fault.get_or_insert(OUTSIDE);
                }
            },
        }
    }

    /// The message is over; one that is faulty is rejected. Where there are too many, all of the interchange is.
    fn close_message(&mut self, fault: Option<Fault>) {
        let Some(OpenMessage { mut rejected, .. }) = self.message.take() else { return };
        rejected.fault = fault;
        if rejected.fault.is_none() && rejected.segments.is_empty() {
            return;
        }
        if self.received.rejected.len() < PROBLEMS_MAX {
            self.received.rejected.push(rejected);
        } else {
            self.received.fault.get_or_insert(TOO_MANY_FAULTS);
        }
    }

    fn end_fault(&self, end: &Segment<'_>) -> Option<Fault> {
        let counted = if self.groups == 0 { self.messages } else { self.groups };
        if end.field(1).text().trim().parse() != Ok(counted) {
            return Some(COUNT_OF_INTERCHANGE);
        }
        (name(end.field(2)).unwrap_or_default() != self.received.reference).then_some(REFERENCE_OF_INTERCHANGE)
    }
}

impl OpenMessage {
    fn end_fault(&self, end: &Segment<'_>) -> Option<Fault> {
        if end.field(1).text().trim().parse() != Ok(self.segments) {
            return Some(COUNT_OF_MESSAGE);
        }
        (name(end.field(2)).unwrap_or_default() != self.rejected.reference).then_some(REFERENCE_OF_MESSAGE)
    }
}

/// Three capitals or digits.
fn is_tag(tag: &[u8]) -> bool {
    tag.len() == 3 && tag.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}
