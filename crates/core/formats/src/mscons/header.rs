//! The head of a message, UNH to UNS: which document it is, and what it takes back.
//!
//! A Storno names the message that it takes back by its number (RFF+ACW) alone. Of two documents with the same DTM+137, which
//! has minutes, the number decides; senders number upwards.

use metrify_domain::Document;

use super::pruefidentifikator;
use super::time::Times;
use super::value::Fault;
use crate::dates::shown;
use crate::edifact::heading::{Heading, Origin, name};
use crate::edifact::segments::Segment;
use crate::edifact::stamp::{Dated, LocalDays};

/// The head of a message as far as its segments have been read.
#[derive(Debug, Default)]
pub(super) struct Header {
    /// UNA, UNB and the head as they came.
    pub(super) bytes: Vec<u8>,
    pub(super) times: Times,
    pub(super) document: Document,
    pub(super) is_left: bool,
    heading: Heading,
    check: Option<String>,
    withdraws: bool,
    withdrawn: Option<String>,
}

impl Header {
    pub(super) fn new(origin: &Origin, head: &Segment<'_>) -> Self {
        Self { bytes: origin.bytes.clone(), heading: Heading::new(origin, head), ..Self::default() }
    }

    /// BGM.
    pub(super) fn begin(&mut self, begin: &Segment<'_>) {
        self.heading.begin(begin);
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

    /// NAD. Returns whether it belongs to the head.
    pub(super) fn party(&mut self, party: &Segment<'_>) -> bool {
        self.heading.party(party)
    }

    /// DTM.
    pub(super) fn time(&mut self, dated: Dated<'_>) -> Result<(), Fault> {
        if dated.qualifier != b"137" {
            return self.times.take(dated);
        }
        Ok(self.heading.dated(&dated)?)
    }

    /// Names the document. Returns what is doubtful about it, by rule.
    pub(super) fn leave(&mut self, days: LocalDays) -> Vec<(&'static str, String)> {
        self.is_left = true;
        self.document = self.heading.document(days);
        let mut doubts = Vec::new();
        match self.check.as_deref() {
            Some(id) if pruefidentifikator::is_known(id) => {}
            Some(id) => {
                let reason = format!("`{}` (RFF+Z13) is no Pruefidentifikator that we know", shown(id));
                doubts.push(("pruefidentifikator", reason));
            }
            None => doubts.push(("pruefidentifikator", "the message has no Pruefidentifikator (RFF+Z13)".to_owned())),
        }
        doubts.extend(self.heading.doubts(&self.document));
        doubts
    }

    pub(super) fn sender(&self) -> &str {
        self.heading.sender()
    }

    pub(super) const fn withdraws(&self) -> bool {
        self.withdraws
    }

    /// The name of the document that this one takes back.
    pub(super) fn withdrawn(&self) -> Option<String> {
        self.withdrawn.as_deref().map(|number| self.heading.named(number))
    }

    pub(super) fn demands_method(&self) -> bool {
        self.check.as_deref().is_some_and(pruefidentifikator::demands_method)
    }

    /// The interchange's part of the bytes.
    pub(super) fn origin_bytes(&self) -> &[u8] {
        &self.heading.origin.bytes
    }
}
