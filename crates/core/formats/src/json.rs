//! JSON (RFC 8259): objects of a line for NDJSON, and whole documents of any length in bounded memory.
//!
//! Numbers stay the text they are. A delivery is taken apart into its *items* as its bytes come ([`items`]): the object it is,
//! the elements of the list it is, or several documents behind each other. One item is in memory at a time, since the order of
//! keys is free: what an object is about may stand behind its values. Of an item no tree is made; a [`Value`] knows where it
//! stands in the text, and its members or elements are read when they are asked for. An item that breaks off or breaks a rule
//! is read up to there, and what it lost is one problem.

mod items;
mod outline;
mod scan;
mod value;

pub(crate) use items::{Item, Items};
pub(crate) use outline::Outline;
pub(crate) use scan::{Json, Scanner};
pub(crate) use value::{List, Object, Value};

/// Appends a text in quotes. Points, units and codes hold no control characters.
pub(crate) fn write_text(line: &mut Vec<u8>, text: &str) {
    line.push(b'"');
    if text.bytes().any(|byte| matches!(byte, b'"' | b'\\')) {
        for byte in text.bytes() {
            if matches!(byte, b'"' | b'\\') {
                line.push(b'\\');
            }
            line.push(byte);
        }
    } else {
        line.extend_from_slice(text.as_bytes());
    }
    line.push(b'"');
}
