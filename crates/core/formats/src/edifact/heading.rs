//! What messages say about themselves before their content: from whom, to whom, which document, known since when.
//!
//! A document is named `<sender>/<number>`: NAD+MS (UNB where it is missing) and BGM DE1004. That, and nothing of the
//! interchange around it, since other messages name it by its number alone. Without a number it is named for its interchange
//! and UNH: `<sender>/<UNB DE0020>.<UNH DE0062>`.

use metrify_domain::Document;

use super::segments::{Field, Segment};
use super::stamp::{Dated, LocalDays, Stamp, StampError};

/// Longest part of a document's name, in bytes; the trade's numbers have at most 35.
const NAME_BYTES_MAX: usize = 70;

/// What the interchange tells about each of its messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    /// UNA and UNB as they came.
    pub(crate) bytes: Vec<u8>,
    pub(crate) sender: String,
    pub(crate) receiver: String,
    pub(crate) reference: String,
    /// UNB DE0017 and DE0019.
    pub(crate) prepared: Option<Stamp>,
}

/// The head of a message as far as its segments have been read.
#[derive(Debug, Default)]
pub(crate) struct Heading {
    pub(crate) origin: Origin,
    /// The reference of UNH, which names a document without a number.
    message: String,
    pub(crate) number: Option<String>,
    sender: Option<String>,
    receiver: Option<String>,
    known: Option<Stamp>,
}

impl Heading {
    pub(crate) fn new(origin: &Origin, head: &Segment<'_>) -> Self {
        let message = head.field(1).text().trim().to_owned();
        Self { origin: origin.clone(), message, ..Self::default() }
    }

    /// The head of a message that tells no time of its own: that of its interchange counts.
    pub(crate) fn prepared(origin: &Origin, head: &Segment<'_>) -> Self {
        Self { known: origin.prepared, ..Self::new(origin, head) }
    }

    /// BGM.
    pub(crate) fn begin(&mut self, begin: &Segment<'_>) {
        self.number = name(begin.field(2));
    }

    /// NAD. Returns whether it was that of the sender or of the receiver.
    pub(crate) fn party(&mut self, party: &Segment<'_>) -> bool {
        let role = party.field(1);
        if role == "MS" {
            self.sender = name(party.field(2));
        } else if role == "MR" {
            self.receiver = name(party.field(2));
        }
        role == "MS" || role == "MR"
    }

    /// DTM+137.
    pub(crate) fn dated(&mut self, dated: &Dated<'_>) -> Result<(), StampError> {
        self.known = Some(dated.stamp.ok_or_else(|| dated.unreadable())?);
        Ok(())
    }

    pub(crate) fn document(&self, days: LocalDays) -> Document {
        let known_at = self.known.and_then(|stamp| stamp.known_at(days));
        let unnamed = || format!("{}.{}", self.origin.reference, self.message);
        Document { reference: self.named(&self.number.clone().unwrap_or_else(unnamed)), known_at }
    }

    /// What is doubtful about a document of this head, by rule.
    pub(crate) fn doubts(&self, document: &Document) -> impl Iterator<Item = (&'static str, String)> {
        let number = self.number.is_none().then(|| {
            let reason = "the message has no number (BGM DE1004), so no Storno can name it".to_owned();
            ("document_number", reason)
        });
        let time = document
            .known_at
            .is_none()
            .then(|| ("document_time", "the message has no time (DTM+137); that of receipt counts".to_owned()));
        number.into_iter().chain(time)
    }

    /// The name of the document that the sender gave this number.
    pub(crate) fn named(&self, number: &str) -> String {
        format!("{}/{number}", self.sender())
    }

    pub(crate) fn sender(&self) -> &str {
        self.sender.as_deref().unwrap_or(&self.origin.sender)
    }

    pub(crate) fn receiver(&self) -> &str {
        self.receiver.as_deref().unwrap_or(&self.origin.receiver)
    }
}

/// An id or number as text, without white space around it; `None` where it is empty.
pub(crate) fn name(field: Field<'_>) -> Option<String> {
    let text = field.text();
    let text = text.trim();
    let end = text.floor_char_boundary(NAME_BYTES_MAX);
    (!text.is_empty()).then(|| text[..end].to_owned())
}
