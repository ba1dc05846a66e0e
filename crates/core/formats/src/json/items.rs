//! Takes a delivery apart into its items as its bytes come: the one object it is, the elements of the list it is, or several
//! documents behind each other (as a log of replies is kept). Where an item ends is told by its brackets alone, so one that
//! breaks a rule costs itself. A text never goes over a line end: where one does, a quote was lost, and the brackets that seemed
//! to stand in it count as well.

use std::borrow::Cow;

use metrify_domain::{Finding, Severity};

use super::scan::Wrong;
use super::value::{self, Value};
use crate::encoding::{self, UTF_16, is_utf_16};
use crate::limits::REJECT_BYTES_MAX;
use crate::output::{Output, Problem};

/// Longest item that is read, in bytes of UTF-8. It has to be in memory, since what its values are about may stand behind them; a
/// year of quarter-hours in BO4E takes some ten million bytes. A little less than half of what a decoder may hold: twice as much
/// is needed while its room grows, or while it is made UTF-8.
pub(crate) const ITEM_BYTES_MAX: usize = 30 << 20;
/// Room that is kept for the next item that comes in several pieces.
const ROOM_KEPT_BYTES: usize = 1 << 20;

/// What a byte means for where an item ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Plain,
    Quote,
    Open,
    Close,
    Backslash,
    LineEnd,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Plain; 256];
    classes[b'"' as usize] = Class::Quote;
    classes[b'{' as usize] = Class::Open;
    classes[b'[' as usize] = Class::Open;
    classes[b'}' as usize] = Class::Close;
    classes[b']' as usize] = Class::Close;
    classes[b'\\' as usize] = Class::Backslash;
    classes[b'\n' as usize] = Class::LineEnd;
    classes
};

/// Where an item stands in its delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// From 1.
    document: u64,
    /// Of the element, from 0 as programs count; `None` where the document is no list.
    index: Option<u64>,
}

impl Item {
    /// A path of keys within the item, such as `.werte[3]`, as a place in the delivery.
    pub(crate) fn position(self, path: &str) -> String {
        let document = if self.document == 1 { String::new() } else { format!("document {} ", self.document) };
        match self.index {
            Some(index) => format!("{document}.[{index}]{path}"),
            None => format!("{document}{path}").trim_end().to_owned(),
        }
    }

    /// Something odd at a path within the item.
    pub(crate) fn finding(
        self,
        path: &str,
        severity: Severity,
        rule: &'static str,
        reason: impl Into<String>,
    ) -> Finding {
        let (position, reason) = (self.position(path), reason.into());
        Finding { rule: rule.into(), severity, channel: None, period: None, position, reason }
    }

    /// The loss of a value with all readings in it, that can be read again by itself.
    pub(crate) fn loss(self, path: &str, value: Value<'_>, reason: impl Into<String>, readings: u64) -> Problem {
        let (position, reason) = (self.position(path), reason.into());
        Problem { position, reason, readings: readings.max(1), prelude: Vec::new(), bytes: value.kept() }
    }
}

/// An item as its bytes are found.
#[derive(Debug, Default)]
struct Held {
    /// Of the pieces before; no more than [`ITEM_BYTES_MAX`].
    bytes: Vec<u8>,
    /// Where it begins in the delivery, from 0.
    at: u64,
    depth: i64,
    /// How far brackets within the text at hand would change the depth, if its quote were not one.
    depth_in_text: i64,
    /// Objects that begin in it: each value of a series is one.
    objects: u64,
    in_text: bool,
    escaped: bool,
    too_long: bool,
}

/// Finds the items of a delivery.
#[derive(Debug)]
pub(crate) struct Items {
    /// Bytes of the pieces before.
    read: u64,
    document: u64,
    /// Elements of the list that the document is, so far.
    index: Option<u64>,
    item: Option<Held>,
    /// What stands between items and is nothing there, and where it begins.
    stray: Vec<u8>,
    stray_at: u64,
    room: Vec<u8>,
}

impl Default for Items {
    fn default() -> Self {
        Self { read: 0, document: 1, index: None, item: None, stray: Vec::new(), stray_at: 0, room: Vec::new() }
    }
}

impl Items {
    /// Calls `each` for every item that ends within `bytes`.
    pub(crate) fn push(
        &mut self,
        bytes: &[u8],
        out: &mut Output<'_>,
        mut each: impl FnMut(Item, Value<'_>, &mut Output<'_>),
    ) {
        let mut rest = bytes;
        while !rest.is_empty() && !out.is_stopped() {
            let taken = match self.item.take() {
                None => self.between(rest, out),
                Some(item) => self.within(item, rest, out, &mut each),
            };
            rest = rest.get(taken..).unwrap_or_default();
            self.read += taken as u64;
        }
    }

    /// Calls `each` for an item that the delivery breaks off.
    pub(crate) fn finish(&mut self, out: &mut Output<'_>, mut each: impl FnMut(Item, Value<'_>, &mut Output<'_>)) {
        self.tell_stray(out);
        if let Some(mut item) = self.item.take() {
            let bytes = std::mem::take(&mut item.bytes);
            self.hand_on(&item, &bytes, out, &mut each);
        }
    }

    /// Reads bytes outside of any item, up to the beginning of one. Returns how many were read.
    fn between(&mut self, bytes: &[u8], out: &mut Output<'_>) -> usize {
        for (offset, byte) in bytes.iter().enumerate() {
            match byte {
                b'{' | b'[' if *byte == b'{' || self.index.is_some() => {
                    self.tell_stray(out);
                    let at = self.read + offset as u64;
                    self.item = Some(Held { bytes: std::mem::take(&mut self.room), at, ..Held::default() });
                    return offset;
                }
                b'[' => {
                    self.tell_stray(out);
                    self.index = Some(0);
                }
                b']' if self.index.is_some() => {
                    self.tell_stray(out);
                    self.index = None;
                    self.document += 1;
                }
                // Separators, the mark of JSON sequences (RFC 7464), byte order marks, and the zeros of UTF-16, which is
                // refused by its name where an item holds it.
                b' ' | b'\t' | b'\r' | b'\n' | b',' | 0x1e | 0xef | 0xbb | 0xbf | 0xff | 0xfe | 0
                    if self.stray.is_empty() => {}
                _ => {
                    if self.stray.is_empty() {
                        self.stray_at = self.read + offset as u64;
                    }
                    if self.stray.len() < REJECT_BYTES_MAX {
                        self.stray.push(*byte);
                    }
                }
            }
        }
        bytes.len()
    }

    /// Reads bytes of an item, up to its end. Returns how many were read.
    fn within(
        &mut self,
        mut item: Held,
        bytes: &[u8],
        out: &mut Output<'_>,
        each: &mut impl FnMut(Item, Value<'_>, &mut Output<'_>),
    ) -> usize {
        let Some(end) = item.end(bytes) else {
            item.keep(bytes);
            self.item = Some(item);
            return bytes.len();
        };
        let last = bytes.get(..end).unwrap_or_default();
        if item.bytes.is_empty() && !item.too_long {
            self.hand_on(&item, last, out, each);
        } else {
            item.keep(last);
            let held = std::mem::take(&mut item.bytes);
            self.hand_on(&item, &held, out, each);
            item.bytes = held;
        }
        item.bytes.clear();
        if item.bytes.capacity() <= ROOM_KEPT_BYTES {
            self.room = item.bytes;
        }
        end
    }

    fn hand_on(
        &mut self,
        held: &Held,
        bytes: &[u8],
        out: &mut Output<'_>,
        each: &mut impl FnMut(Item, Value<'_>, &mut Output<'_>),
    ) {
        let item = Item { document: self.document, index: self.index };
        match &mut self.index {
            // The bracket that closes the list stands in a broken text at the end of the item.
            Some(_) if held.depth < 0 => {
                self.index = None;
                self.document += 1;
            }
            Some(index) => *index += 1,
            None => self.document += 1,
        }
        if held.too_long || encoding::text_bytes(bytes) > ITEM_BYTES_MAX {
            let reason = format!("it is longer than {ITEM_BYTES_MAX} bytes: send its values in several objects");
            return lose(item.position(""), reason, (held.objects.saturating_sub(1), bytes), out);
        }
        if is_utf_16(bytes) {
            return lose(item.position(""), UTF_16.to_owned(), (1, bytes), out);
        }
        let text = encoding::text(bytes);
        let (value, wrong) = value::document(&text);
        if let Some(value) = value {
            each(item, value, out);
        }
        if let Some(wrong) = wrong {
            let begin = value.map_or(0, Value::break_begin);
            let offset = match &text {
                Cow::Borrowed(_) => wrong.at,
                // What was not UTF-8 has one byte for a letter in the delivery.
                Cow::Owned(text) => text.get(..wrong.at).map_or(wrong.at, |before| before.chars().count()),
            };
            tell_wrong(wrong, (held.at + offset as u64, begin), &text, out);
        }
    }

    fn tell_stray(&mut self, out: &mut Output<'_>) {
        if self.stray.is_empty() {
            return;
        }
        let bytes = std::mem::take(&mut self.stray);
        let reason = "expected an object or a list".to_owned();
        lose(format!("byte {}", self.stray_at + 1), reason, (1, &bytes), out);
    }
}

impl Held {
    /// How many bytes of the next piece belong to the item; `None` where all do and it goes on.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        for (offset, byte) in bytes.iter().enumerate() {
            let class = CLASSES[usize::from(*byte)];
            if self.in_text {
                match class {
                    _ if self.escaped => self.escaped = false,
                    Class::Backslash => self.escaped = true,
                    Class::Quote => self.in_text = false,
                    Class::Open => self.depth_in_text += 1,
                    Class::Close => self.depth_in_text -= 1,
                    Class::LineEnd => {
                        self.in_text = false;
                        self.depth += self.depth_in_text;
                        if self.depth <= 0 {
                            return Some(offset);
                        }
                    }
                    Class::Plain => {}
                }
                continue;
            }
            match class {
                Class::Quote => {
                    self.in_text = true;
                    self.depth_in_text = 0;
                }
                Class::Open => {
                    self.depth += 1;
                    self.objects += u64::from(*byte == b'{');
                }
                Class::Close => {
                    self.depth -= 1;
                    if self.depth <= 0 {
                        return Some(offset + 1);
                    }
                }
                Class::Plain | Class::Backslash | Class::LineEnd => {}
            }
        }
        None
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.too_long {
            return;
        }
        let bytes = bytes.get(..ITEM_BYTES_MAX - self.bytes.len()).unwrap_or(bytes);
        let needed = self.bytes.len() + bytes.len();
        if needed > self.bytes.capacity() {
            self.bytes.reserve_exact((2 * needed).min(ITEM_BYTES_MAX) - self.bytes.len());
        }
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() == ITEM_BYTES_MAX {
            // Nothing of it is read; its beginning is enough to know it by.
            self.too_long = true;
            self.bytes.truncate(REJECT_BYTES_MAX);
            self.bytes.shrink_to_fit();
        }
    }
}

fn lose(position: String, reason: String, (readings, bytes): (u64, &[u8]), out: &mut Output<'_>) {
    let bytes = bytes.get(..REJECT_BYTES_MAX).unwrap_or(bytes).to_vec();
    out.problem(Problem { position, reason, readings: readings.max(1), prelude: Vec::new(), bytes });
}

/// `at` is where it is wrong in the delivery, `begin` where the innermost value that breaks off begins in the text.
fn tell_wrong(wrong: Wrong, (at, begin): (u64, usize), text: &str, out: &mut Output<'_>) {
    let rest = text.get(wrong.at..).unwrap_or_default();
    let found = rest.chars().next().map_or("the end".to_owned(), |letter| format!("`{}`", letter.escape_debug()));
    let reason = format!("expected {}, found {found}", wrong.expected);
    lose(format!("byte {}", at + 1), reason, (1, text.get(begin..).unwrap_or_default().as_bytes()), out);
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::{ITEM_BYTES_MAX, Items};
    use crate::output::{Decoded, Output};

    /// Every item with its place, then every problem.
    fn split(bytes: &[u8], piece: usize) -> Vec<String> {
        let (mut seen, mut problems) = (Vec::new(), Vec::new());
        let mut sink = |decoded: Decoded| {
            problems.extend(decoded.problems);
            ControlFlow::Continue(())
        };
        let mut out = Output::new(&mut sink);
        let mut items = Items::default();
        for piece in bytes.chunks(piece) {
            items.push(piece, &mut out, |item, value, _| seen.push(format!("{} {}", item.position(".x"), value.raw())));
        }
        items.finish(&mut out, |item, value, _| seen.push(format!("{} {}", item.position(".x"), value.raw())));
        out.flush();
        seen.extend(problems.into_iter().map(|problem| {
            format!("{}: {} ({}, {} bytes)", problem.position, problem.reason, problem.readings, problem.bytes.len())
        }));
        seen
    }

    fn check(text: &[u8], expected: &[&str]) {
        for piece in [1, 3, text.len().max(1)] {
            assert_eq!(split(text, piece), expected, "{} in pieces of {piece}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn a_delivery_falls_into_its_items_however_it_is_cut() {
        check(b"\xef\xbb\xbf{\"a\":\"}\\\"{\"} \n", &[".x {\"a\":\"}\\\"{\"}"]);
        check(b"[{}, {\"a\":[{}]} ,[1]]", &[".[0].x {}", ".[1].x {\"a\":[{}]}", ".[2].x [1]"]);
        check(b"{}\n{}\n[{}]", &[".x {}", "document 2 .x {}", "document 3 .[0].x {}"]);
        check(b"", &[]);
        check(b"[]", &[]);
        check(b"{\"a\":\"\xe4\"}", &[".x {\"a\":\"\u{e4}\"}"]);
    }

    #[test]
    fn what_is_wrong_costs_its_own_item() {
        check(
            b"[{\"a\":\"x},\n{\"a\":1}]",
            &[
                ".[0].x {\"a\":\"x},",
                ".[1].x {\"a\":1}",
                "byte 11: expected a closing quote, found the end (1, 9 bytes)",
            ],
        );
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        check(b"hello {}", &[".x {}", "byte 1: expected an object or a list (1, 6 bytes)"]);
        check(b"[1, 2]", &["byte 2: expected an object or a list (1, 4 bytes)"]);
        check(b"{\"a\":1", &[".x {\"a\":1", "byte 7: expected `,` or `}`, found the end (1, 6 bytes)"]);
        let deep = "[".repeat(1_000);
        check(
            format!("{{\"a\":{deep}").as_bytes(),
            &[
                &format!(".x {{\"a\":{}", "[".repeat(62)),
                "byte 68: expected a value that is nested less deeply, found `[` (1, 939 bytes)",
            ],
        );
        let utf_16: Vec<u8> = "\u{feff}{\"a\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        check(&utf_16, &[": the bytes are UTF-16, yet UTF-8 is needed: save the file as UTF-8 (1, 13 bytes)"]);
    }

    #[test]
    fn an_endless_item_is_given_up_and_the_next_one_read() {
        let mut text = b"[{\"w\":[".to_vec();
        while text.len() <= ITEM_BYTES_MAX {
            text.extend_from_slice(b"{},                                                             ");
        }
        let values = text.len() / 64;
        text.extend_from_slice(b"{}]},{\"a\":1}]");
        let seen = split(&text, 1 << 16);
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0], ".[1].x {\"a\":1}");
        assert!(
            seen[1].starts_with(".[0]: it is longer than 31457280 bytes") && seen[1].contains("65536 bytes"),
            "{}",
            seen[1]
        );
        assert!(seen[1].contains(&format!("({}, ", values + 1)), "{} values: {}", values, seen[1]);
    }
}
