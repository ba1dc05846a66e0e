//! The types of messages (UNH DE0065): those that are read, and what is known of the others.

use super::segments::{Segment, Segments};
use crate::dates::shown;
use crate::detect::Head;
use crate::encoding;

/// A type of which the content is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessageType {
    Mscons,
    Utilmd,
    Contrl,
    Aperak,
}

/// Types of the German market of which nothing is read, and what they are about.
pub(super) const OTHERS: [(&str, &str); 13] = [
    ("COMDIS", "an objection to an invoice"),
    ("IFTSTA", "a status of a process"),
    ("INSRPT", "a fault report of a meter"),
    ("INVOIC", "an invoice"),
    ("ORDCHG", "a cancelled order"),
    ("ORDERS", "an order of values or changes"),
    ("ORDRSP", "an answer to an order"),
    ("PARTIN", "data of a market partner"),
    ("PRICAT", "a price sheet"),
    ("QUOTES", "an offer"),
    ("REMADV", "an advice of payment"),
    ("REQOTE", "a request for an offer"),
    ("UTILTS", "a formula or a definition of times"),
];

impl MessageType {
    pub(super) const ALL: [Self; 4] = [Self::Mscons, Self::Utilmd, Self::Contrl, Self::Aperak];

    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Mscons => "MSCONS",
            Self::Utilmd => "UTILMD",
            Self::Contrl => "CONTRL",
            Self::Aperak => "APERAK",
        }
    }

    /// Of UNH; `None` where its content is not read.
    pub(super) fn of(head: &Segment<'_>) -> Option<Self> {
        let code = head.field(2);
        Self::ALL.into_iter().find(|message_type| code == message_type.code())
    }
}

/// Why a message of another type is kept out.
pub(super) fn refusal(code: &str) -> String {
    let read = MessageType::ALL.map(MessageType::code).join(", ");
    match OTHERS.iter().find(|(other, _)| *other == code) {
        Some((_, about)) => {
            format!("the message's type is `{code}`, {about}, of which nothing is read; read are {read}")
        }
        None => format!("the message's type is `{}`, which we do not know; read are {read}", shown(code)),
    }
}

/// What the beginning of a delivery shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// No EDIFACT.
    Nothing,
    /// EDIFACT without a message of a type that is read.
    Interchange,
    /// The type of its first message that is read.
    First(MessageType),
}

/// Finds out by content alone: UNA, UNB or UNH come first.
pub(crate) fn shown_by(head: &Head<'_>) -> Shown {
    let beginning = encoding::without_mark(head.bytes).iter().filter(|byte| !byte.is_ascii_whitespace());
    if !beginning.take(2).eq(b"UN") {
        return Shown::Nothing;
    }
    let mut segments = Segments::default();
    let (mut begins_well, mut is_interchange, mut first) = (None, false, None);
    let mut look = |segment: &Segment<'_>| {
        let (tag, is_advice) = (segment.tag(), segment.bytes.starts_with(b"UNA"));
        begins_well.get_or_insert(matches!(tag, b"UNB" | b"UNH") || is_advice);
        is_interchange |= tag == b"UNB" && segment.field(1).raw().starts_with(b"UNO");
        if tag == b"UNH" && !is_advice {
            is_interchange |= is_type(segment.field(2).raw());
            first = first.or(MessageType::of(segment));
        }
    };
    segments.push(head.bytes, |segment| look(&segment));
    segments.unfinished().iter().for_each(look);
    match (begins_well, first) {
        (Some(true), Some(first)) => Shown::First(first),
        (Some(true), None) if is_interchange => Shown::Interchange,
        _ => Shown::Nothing,
    }
}

/// Whether a text has the shape of a type: six letters.
fn is_type(code: &[u8]) -> bool {
    code.len() == 6 && code.iter().all(u8::is_ascii_uppercase)
}
