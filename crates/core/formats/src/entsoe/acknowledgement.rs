//! Acknowledgements: what the platform answers where it has no values, or refuses what it was sent.

use metrify_domain::{Document, Severity};

use super::head::DocumentHead;
use crate::output::Output;
use crate::record::{Record, RecordTable};
use crate::xml::Node;

/// Longest text of a reason that is kept, in characters. The schema allows 512.
const TEXT_CHARS_MAX: usize = 2_000;

#[derive(Debug, Default)]
pub(super) struct Acknowledgement {
    code: String,
    text: String,
    reasons: u64,
}

impl Acknowledgement {
    pub(super) fn begin_reason(&mut self) {
        (self.code, self.text) = (String::new(), String::new());
    }

    pub(super) fn read_reason(&mut self, name: &str, text: &str) -> bool {
        let slot = match name {
            "code" => &mut self.code,
            "text" => &mut self.text,
            _ => return false,
        };
        *slot = text.chars().filter(|letter| !letter.is_control()).take(TEXT_CHARS_MAX).collect();
        false
    }

    pub(super) const fn is_silent(&self) -> bool {
        self.reasons == 0
    }

    /// Tells the reason that was read last.
    pub(super) fn tell(&mut self, head: &DocumentHead, node: &Node<'_>, out: &mut Output<'_>) {
        self.reasons += 1;
        let outcome = outcome(&self.code, &self.text);
        let optional = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let document = Document { reference: head.reference(), known_at: head.created_at };
        let cells = vec![
            "acknowledgement".into(),
            head.id.as_str().into(),
            head.answers.as_str().into(),
            outcome.into(),
            optional(&self.code).into(),
            optional(&self.text).into(),
            None::<String>.into(),
            optional(&head.sender).into(),
            optional(&head.receiver).into(),
            head.created_at.into(),
        ];
        match Record::new(RecordTable::Acknowledgements, document, cells) {
            Some(record) => out.record(record),
            None => {
                let reason = "the acknowledgement does not fit its table".to_owned();
                out.problem(node.problem(format!("reason {}", self.reasons), reason, 1));
            }
        }
        let (severity, rule) = match outcome {
            "accepted" => return,
            "no_data" => (Severity::Note, "no_data"),
            _ => (Severity::Warning, "refused"),
        };
        let reason = format!("ENTSO-E answers {}: {}", self.code, self.text);
        out.remark(severity, rule, format!("reason {}", self.reasons), reason);
    }
}

/// `accepted`, `no_data`, or `rejected`.
///
/// The platform says 999 of everything that it cannot answer: only its text tells that there are no values, which is no
/// failure, from a request that was wrong. A01 and A06 accept, wholly and with changes.
fn outcome(code: &str, text: &str) -> &'static str {
    let text = text.to_ascii_lowercase();
    match code {
        "A01" | "A06" => "accepted",
        "999" if text.starts_with("no matching data") || text.starts_with("no data") => "no_data",
        _ => "rejected",
    }
}
