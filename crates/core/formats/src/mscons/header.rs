//! The head of a message, UNH to UNS: which document it is, from whom, known since when, and what it takes back.
//!
//! A document is named `<sender>/<number>`: NAD+MS (UNB where it is missing) and BGM DE1004. That, and nothing of the
//! interchange around it, since a Storno names the message that it takes back by its number (RFF+ACW) alone. Of two
//! documents with the same DTM+137, which has minutes, the number decides; senders number upwards.

use metrify_domain::Document;

use super::pruefidentifikator;
use super::time::{Dated, LocalDays, Stamp, Times};
use super::value::Fault;
use crate::edifact::{Field, Segment};

/// Longest part of a document's name, in bytes; the trade's numbers have at most 35.
const NAME_BYTES_MAX: usize = 70;

/// What the interchange tells about each of its messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Origin {
    /// UNA and UNB as they came.
    pub(super) bytes: Vec<u8>,
    pub(super) sender: String,
    pub(super) reference: String,
}

/// The head of a message as far as its segments have been read.
#[derive(Debug, Default)]
pub(super) struct Header {
    /// UNA, UNB and the head as they came.
    pub(super) bytes: Vec<u8>,
    pub(super) times: Times,
    pub(super) document: Document,
    pub(super) is_left: bool,
    origin: Origin,
    /// The reference of UNH, which names a document without a number.
    message: String,
    number: Option<String>,
    sender: Option<String>,
    known: Option<Stamp>,
    check: Option<String>,
    withdraws: bool,
    withdrawn: Option<String>,
}

impl Header {
    pub(super) fn new(origin: &Origin, message: &str) -> Self {
        let (origin, message) = (origin.clone(), message.to_owned());
        Self { bytes: origin.bytes.clone(), origin, message, ..Self::default() }
    }

    /// BGM.
    pub(super) fn begin(&mut self, begin: &Segment<'_>) {
        self.number = name(begin.field(2));
        self.withdraws |= begin.field(3) == "1";
    }

    /// RFF.
    pub(super) fn refer(&mut self, reference: &Segment<'_>) {
        let [qualifier, id] = reference.composite(1);
        if qualifier == "Z13" {
            self.check = name(id);
            self.withdraws |= self.check.as_deref().is_some_and(pruefidentifikator::is_withdrawal);
        } else if qualifier == "ACW" {
            self.withdrawn = name(id);
        }
    }

    /// NAD+MS.
    pub(super) fn sent_by(&mut self, party: &Segment<'_>) {
        self.sender = name(party.field(2));
    }

    /// DTM.
    pub(super) fn time(&mut self, dated: Dated<'_>) -> Result<(), Fault> {
        if dated.qualifier != b"137" {
            return self.times.take(dated);
        }
        self.known = Some(dated.stamp.ok_or_else(|| dated.unreadable())?);
        Ok(())
    }

    /// Names the document. Returns what is doubtful about it, by rule.
    pub(super) fn leave(&mut self, days: LocalDays) -> Vec<(&'static str, String)> {
        self.is_left = true;
        let known_at = self.known.and_then(|stamp| stamp.known_at(days));
        let unnamed = || format!("{}.{}", self.origin.reference, self.message);
        let number = self.number.clone().unwrap_or_else(unnamed);
        self.document = Document { reference: self.named(&number), known_at };
        let mut doubts = Vec::new();
        match self.check.as_deref() {
            Some(id) if pruefidentifikator::is_known(id) => {}
            Some(id) => {
                let reason = format!("`{}` (RFF+Z13) is no Pruefidentifikator that we know", super::shown(id));
                doubts.push(("pruefidentifikator", reason));
            }
            None => doubts.push(("pruefidentifikator", "the message has no Pruefidentifikator (RFF+Z13)".to_owned())),
        }
        if self.number.is_none() {
            doubts.push((
                "document_number",
                "the message has no number (BGM DE1004), so no Storno can name it".to_owned(),
            ));
        }
        if known_at.is_none() {
            doubts.push(("document_time", "the message has no time (DTM+137); that of receipt counts".to_owned()));
        }
        doubts
    }

    pub(super) const fn withdraws(&self) -> bool {
        self.withdraws
    }

    /// The name of the document that this one takes back.
    pub(super) fn withdrawn(&self) -> Option<String> {
        self.withdrawn.as_deref().map(|number| self.named(number))
    }

    pub(super) fn demands_method(&self) -> bool {
        self.check.as_deref().is_some_and(pruefidentifikator::demands_method)
    }

    /// The interchange's part of the bytes.
    pub(super) fn origin_bytes(&self) -> &[u8] {
        &self.origin.bytes
    }

    fn named(&self, number: &str) -> String {
        format!("{}/{number}", self.sender.as_deref().unwrap_or(&self.origin.sender))
    }
}

/// An id or number as text, without white space around it; `None` where it is empty.
pub(super) fn name(field: Field<'_>) -> Option<String> {
    let text = field.text();
    let text = text.trim();
    let end = text.floor_char_boundary(NAME_BYTES_MAX);
    (!text.is_empty()).then(|| text[..end].to_owned())
}
