//! What the beginning of a JSON delivery shows, for recognising whose it is: the members of its first object.

use std::borrow::Cow;

use super::value::{self, Object, Value};
use crate::detect::Head;
use crate::encoding;

/// The beginning of a JSON delivery.
#[derive(Clone, Debug)]
pub(crate) struct Outline<'a> {
    text: Cow<'a, str>,
    /// The delivery is a list, and the first object is an element of it.
    pub(crate) is_list: bool,
}

impl<'a> Outline<'a> {
    /// `None` where the delivery does not begin as an object or a list of objects.
    pub(crate) fn read(head: &Head<'a>) -> Option<Self> {
        let bytes = encoding::without_mark(head.bytes).trim_ascii_start();
        let is_list = bytes.starts_with(b"[");
        let bytes = if is_list { bytes.get(1..)?.trim_ascii_start() } else { bytes };
        // The beginning of a long delivery may end within a letter.
        let text = match std::str::from_utf8(bytes) {
            Err(error) if error.error_len().is_none() => {
                Cow::Borrowed(std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?)
            }
            _ => encoding::text(bytes),
        };
        text.starts_with('{').then_some(Self { text, is_list })
    }

    /// The first object, as far as the beginning holds it.
    pub(crate) fn object(&self) -> Option<Object<'_>> {
        match value::document(&self.text).0 {
            Some(Value::Object(object)) => Some(object),
            _ => None,
        }
    }
}

impl Object<'_> {
    /// Whether it has all these keys.
    pub(crate) fn has<const N: usize>(self, keys: [&str; N]) -> bool {
        let mut found = [false; N];
        for (key, _) in self.members() {
            let key = key.read();
            keys.iter().zip(&mut found).for_each(|(wanted, found)| *found |= *wanted == key);
        }
        found.iter().all(|found| *found)
    }
}
