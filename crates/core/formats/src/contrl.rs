//! CONTRL (ISO 9735, syntax 3; MIG 2.0b): whether an interchange and its messages were accepted by their syntax.

mod codes;
mod examine;
mod message;
mod write;

pub use self::examine::{Examiner, Received};
pub use self::write::write;
pub use crate::edifact::Decoder;
pub use crate::edifact::write::Unwritable;
pub(crate) use message::Reader;

use crate::detect::Head;
use crate::edifact::{MessageType, Shown, shown_by};
use crate::page::Table;

/// An EDIFACT interchange, or a message without one, whose first message that is read is a CONTRL.
#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    (shown_by(head) == Shown::First(MessageType::Contrl)).then_some("an EDIFACT interchange with a CONTRL message")
}

#[must_use]
pub fn tables() -> Vec<Table> {
    let outcome = |accepted: bool| if accepted { "`accepted`" } else { "`rejected`" }.to_owned();
    let action = |(code, accepted, about): &(&str, bool, &str)| {
        vec![format!("`{code}`"), (*about).to_owned(), outcome(*accepted)]
    };
    let error = |(code, reason): &(&str, &str)| vec![format!("`{code}`"), (*reason).to_owned()];
    vec![
        Table {
            name: "actions",
            columns: &["DE0083", "meaning", "outcome"],
            rows: codes::ACTIONS.iter().map(action).collect(),
        },
        Table { name: "errors", columns: &["DE0085", "reason"], rows: codes::ERRORS.iter().map(error).collect() },
    ]
}
