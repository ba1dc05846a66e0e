//! What stands at the head of a document: which one it is, of what process, by whom, and when it was made.

use metrify_domain::{Document, Timestamp};

use crate::dates::{self, Stamp};

/// The document that its root element names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Root {
    GenerationAndLoad,
    Publication,
    Acknowledgement,
    Other(String),
    /// None has come.
    #[default]
    None,
}

pub(super) const ROOTS: [(&str, Root); 3] = [
    ("GL_MarketDocument", Root::GenerationAndLoad),
    ("Publication_MarketDocument", Root::Publication),
    ("Acknowledgement_MarketDocument", Root::Acknowledgement),
];

/// Longest text of the head that is kept, in characters.
const TEXT_CHARS_MAX: usize = 200;

#[derive(Debug, Default)]
pub(super) struct DocumentHead {
    pub(super) root: Root,
    /// `A75`.
    pub(super) document_type: String,
    /// `A16`; empty in publications.
    pub(super) process_type: String,
    pub(super) id: String,
    revision: String,
    pub(super) created_at: Option<Timestamp>,
    pub(super) sender: String,
    pub(super) receiver: String,
    /// The document that an acknowledgement answers, by its id or else by its time.
    pub(super) answers: String,
}

impl DocumentHead {
    pub(super) fn new(root: &str) -> Self {
        let known = ROOTS.into_iter().find(|(name, _)| *name == root).map(|(_, root)| root);
        Self { root: known.unwrap_or_else(|| Root::Other(root.to_owned())), ..Self::default() }
    }

    /// Whether the element is one of the head.
    pub(super) fn read(&mut self, name: &str, text: &str) -> bool {
        let slot = match name {
            "type" => &mut self.document_type,
            "process.processType" => &mut self.process_type,
            "mRID" => &mut self.id,
            "revisionNumber" => &mut self.revision,
            "createdDateTime" => {
                self.created_at = instant(text);
                return true;
            }
            "sender_MarketParticipant.mRID" => &mut self.sender,
            "receiver_MarketParticipant.mRID" => &mut self.receiver,
            "received_MarketDocument.mRID" => &mut self.answers,
            "received_MarketDocument.createdDateTime" if self.answers.is_empty() => &mut self.answers,
            _ => return false,
        };
        *slot = text.chars().filter(|letter| !letter.is_control()).take(TEXT_CHARS_MAX).collect();
        true
    }

    /// Known at the document's own time where the values are issued with it.
    pub(super) fn document(&self, is_issued: bool) -> Document {
        Document { reference: self.reference(), known_at: self.created_at.filter(|_| is_issued) }
    }

    /// `ENTSO-E/id/revision`, or the type and the time of a document without an id; empty where it has neither.
    pub(super) fn reference(&self) -> String {
        match (self.id.as_str(), self.revision.as_str(), self.created_at) {
            ("", _, None) => String::new(),
            ("", _, Some(at)) => format!("ENTSO-E/{}/{at}", self.document_type),
            (id, "", _) => format!("ENTSO-E/{id}"),
            (id, revision, _) => format!("ENTSO-E/{id}/{revision}"),
        }
    }
}

pub(super) fn instant(text: &str) -> Option<Timestamp> {
    match dates::stamp(text) {
        Ok(Stamp::At(at)) => Some(at),
        Ok(Stamp::Clock(_)) | Err(_) => None,
    }
}
