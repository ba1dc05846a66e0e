//! APERAK (UN D.07B; MIG 2.1i): whether a message was accepted by its content, or which faults were found in it.

mod codes;
mod message;

pub use crate::edifact::Decoder;
pub(crate) use message::Reader;

use crate::detect::Head;
use crate::edifact::{MessageType, Shown, shown_by};
use crate::page::Table;

/// An EDIFACT interchange, or a message without one, whose first message that is read is an APERAK.
#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    (shown_by(head) == Shown::First(MessageType::Aperak)).then_some("an EDIFACT interchange with an APERAK message")
}

#[must_use]
pub fn tables() -> Vec<Table> {
    let pairs = |name, columns, pairs: &[(&str, &str)]| {
        let rows = pairs.iter().map(|(code, text)| vec![format!("`{code}`"), (*text).to_owned()]);
        Table { name, columns, rows: rows.collect() }
    };
    let kind = |(code, accepts, title): &(&str, bool, &str)| {
        vec![format!("`{code}`"), (*title).to_owned(), if *accepts { "`accepted`" } else { "`rejected`" }.to_owned()]
    };
    vec![
        Table { name: "kinds", columns: &["BGM", "title", "outcome"], rows: codes::KINDS.iter().map(kind).collect() },
        pairs("errors", &["ERC", "reason"], &codes::ERRORS),
        pairs("answered", &["RFF", "what is answered"], &codes::ANSWERED),
        pairs("places", &["RFF", "in `position`"], &codes::PLACES),
    ]
}
