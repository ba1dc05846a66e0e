//! EDIFACT (ISO 9735), in which the German market exchanges its messages: interchanges, messages, segments, elements.
//!
//! A delivery is told by the type of its first message that is read (`mscons`, ...); of every delivery the messages of all
//! types are read, so that a mixed interchange loses nothing. As a format of its own, `edifact` is an interchange without any
//! message that is read: each of them becomes a problem that names its type and keeps its bytes.

mod envelope;
pub(crate) mod heading;
mod message_type;
pub(crate) mod meters;
pub(crate) mod place;
mod reader;
mod refusal;
pub(crate) mod segments;
pub(crate) mod stamp;
pub(crate) mod write;

pub use envelope::Decoder;
pub(crate) use message_type::{MessageType, Shown, shown_by};

use crate::detect::Head;
use crate::page::Table;

#[must_use]
pub fn tables() -> Vec<Table> {
    let rows = message_type::OTHERS.iter().map(|(code, about)| vec![format!("`{code}`"), (*about).to_owned()]);
    vec![Table { name: "types", columns: &["type", "about"], rows: rows.collect() }]
}

/// An EDIFACT interchange, or a message without one, without a message of a type that is read.
#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    (shown_by(head) == Shown::Interchange).then_some("an EDIFACT interchange")
}
