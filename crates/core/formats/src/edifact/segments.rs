//! Below the messages: bytes to segments, segments to elements, components and their texts.
//!
//! UNA may name other separators wherever a segment may begin; without it the usual ones hold. A byte after the release
//! character stands for itself. Line breaks mean nothing, also within a segment, since some gateways wrap long lines.
//! A segment longer than [`SEGMENT_BYTES_MAX`] comes out cut, and reading goes on behind its terminator.

use std::borrow::Cow;

use metrify_domain::Decimal;
use metrify_domain::decimal::DecimalError;

/// Bytes that are kept of each level above a statement (head, location, line), for the preludes of problems.
const CONTEXT_BYTES_MAX: usize = 4 << 10;
/// Longest segment that is read as one, in bytes. Those of the German market stay below one thousand.
pub(crate) const SEGMENT_BYTES_MAX: usize = 16 << 10;

const SERVICE_ADVICE: &[u8] = b"UNA";
/// The tag of every segment.
const TAG_BYTES: usize = 3;
/// UNA and its six characters.
const ADVICE_BYTES: usize = 9;

/// The characters that separate, and how texts are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Syntax {
    component: u8,
    element: u8,
    /// Told by UNA and believed by nobody: senders mix both marks, so both are read everywhere.
    decimal: u8,
    /// The terminator where there is none: it is never met within a segment.
    release: u8,
    reserved: u8,
    terminator: u8,
    /// UNOY and UNOW are UTF-8; everything else is read as ISO 8859-1, as UNOC says.
    utf8: bool,
}

impl Syntax {
    pub(crate) const USUAL: Self = Self {
        component: b':',
        element: b'+',
        decimal: b'.',
        release: b'?',
        reserved: b' ',
        terminator: b'\'',
        utf8: false,
    };

    /// `None` where the nine bytes are no UNA, or where its characters cannot be told apart from each other or from content.
    pub(crate) fn from_advice(advice: &[u8]) -> Option<Self> {
        let [b'U', b'N', b'A', component, element, decimal, release, reserved, terminator] = *advice else {
            return None;
        };
        let marks = [component, element, release, terminator];
        let apart = (1..marks.len()).all(|at| !marks[..at].contains(&marks[at]));
        let unlike_content = marks.iter().all(|mark| mark.is_ascii() && !mark.is_ascii_alphanumeric());
        let visible = marks[..3].iter().all(|mark| !matches!(mark, b'\r' | b'\n'));
        let release = if release == b' ' { terminator } else { release };
        let told = Self { component, element, decimal, release, reserved, terminator, utf8: false };
        (apart && unlike_content && visible && component != b' ' && element != b' ').then_some(told)
    }

    /// The UNA that says so.
    pub(crate) fn advice(&self) -> [u8; ADVICE_BYTES] {
        let Self { component, element, decimal, reserved, terminator, .. } = *self;
        let release = if self.release == terminator { b' ' } else { self.release };
        [b'U', b'N', b'A', component, element, decimal, release, reserved, terminator]
    }

    /// Element, component and release character.
    pub(crate) const fn separators(&self) -> [u8; 3] {
        [self.element, self.component, self.release]
    }

    /// `bytes` up to the first `separator` that is not released, and what follows it.
    fn cut_at<'a>(&self, bytes: &'a [u8], separator: u8) -> (&'a [u8], Option<&'a [u8]>) {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..)
            && let Some(step) = rest.iter().position(|byte| *byte == separator || *byte == self.release)
        {
            at += step;
            if bytes[at] == separator {
                return (&bytes[..at], Some(&bytes[at + 1..]));
            }
            at += 2;
        }
        (bytes, None)
    }
}

/// One segment without its terminator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    pub(crate) bytes: &'a [u8],
    /// The segment was longer than [`SEGMENT_BYTES_MAX`]; `bytes` is its beginning.
    pub(crate) cut: bool,
    pub(crate) syntax: &'a Syntax,
}

impl<'a> Segment<'a> {
    /// `QTY`, `DTM` and so on, as it came.
    pub(crate) fn tag(&self) -> &'a [u8] {
        match self.bytes {
            [_, _, _, element, ..] if *element == self.syntax.element => &self.bytes[..TAG_BYTES],
            bytes => self.syntax.cut_at(bytes, self.syntax.element).0,
        }
    }

    /// The first `N` components of the element at `index`, where 0 is the tag; empty ones where there are fewer.
    pub(crate) fn composite<const N: usize>(&self, index: usize) -> [Field<'a>; N] {
        let Syntax { component, element, release, .. } = *self.syntax;
        let mut fields = [Field { bytes: &[], syntax: self.syntax }; N];
        let rest = self.behind_separators(index);
        let (mut count, mut start, mut at) = (0, 0, 0);
        while let Some(byte) = rest.get(at).copied() {
            if byte == component || byte == element {
                if let Some(field) = fields.get_mut(count) {
                    field.bytes = &rest[start..at];
                }
                (count, start) = (count + 1, at + 1);
                if byte == element || count == N {
                    return fields;
                }
            }
            at += if byte == release { 2 } else { 1 };
        }
        if let Some(field) = fields.get_mut(count) {
            field.bytes = &rest[start..];
        }
        fields
    }

    /// The first component of the element at `index`.
    pub(crate) fn field(&self, index: usize) -> Field<'a> {
        let [first] = self.composite(index);
        first
    }

    /// What stands behind the first `count` element separators.
    fn behind_separators(&self, count: usize) -> &'a [u8] {
        let mut rest = self.bytes;
        for _ in 0..count {
            rest = self.syntax.cut_at(rest, self.syntax.element).1.unwrap_or_default();
        }
        rest
    }

    /// The segment as it came, with its terminator.
    pub(crate) fn append_to(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.bytes);
        bytes.push(self.syntax.terminator);
    }

    /// Keeps the segment as context of what follows; none of it where the room is used up.
    pub(crate) fn keep_in(&self, bytes: &mut Vec<u8>) {
        if bytes.len() + self.bytes.len() < CONTEXT_BYTES_MAX {
            self.append_to(bytes);
        }
    }
}

/// One component of an element.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    bytes: &'a [u8],
    syntax: &'a Syntax,
}

impl<'a> Field<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// As it came, with the release characters.
    pub(crate) fn raw(&self) -> &'a [u8] {
        self.bytes
    }

    /// Without the release characters.
    pub(crate) fn released(&self) -> Cow<'a, [u8]> {
        if !self.bytes.contains(&self.syntax.release) {
            return Cow::Borrowed(self.bytes);
        }
        Cow::Owned(self.literals().collect())
    }

    /// The rest of the field without a release character in front.
    pub(crate) fn after_release(&self, rest: &'a [u8]) -> &'a [u8] {
        rest.strip_prefix(&[self.syntax.release]).unwrap_or(rest)
    }

    fn literals(&self) -> impl Iterator<Item = u8> + use<'a> {
        let (bytes, syntax) = (self.bytes, self.syntax);
        let mut literal = false;
        bytes.iter().copied().filter(move |byte| {
            literal = !literal && *byte == syntax.release;
            !literal
        })
    }

    pub(crate) fn text(&self) -> Cow<'a, str> {
        let utf8 = |bytes: &[u8]| bytes.is_ascii() || self.syntax.utf8;
        let latin1 = |bytes: &[u8]| bytes.iter().map(|byte| char::from(*byte)).collect::<String>();
        match self.released() {
            Cow::Borrowed(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) if utf8(bytes) => Cow::Borrowed(text),
                _ => Cow::Owned(latin1(bytes)),
            },
            Cow::Owned(bytes) => match std::str::from_utf8(&bytes) {
                Ok(text) if utf8(&bytes) => Cow::Owned(text.to_owned()),
                _ => Cow::Owned(latin1(&bytes)),
            },
        }
    }

    /// A number with either decimal mark, whatever UNA says.
    pub(crate) fn decimal(&self) -> Result<Decimal, DecimalError> {
        let digits = self.released();
        let mark = if digits.contains(&b',') { b',' } else { b'.' };
        Decimal::parse(digits.trim_ascii(), mark)
    }
}

impl PartialEq<&str> for Field<'_> {
    fn eq(&self, code: &&str) -> bool {
        self.bytes == code.as_bytes()
    }
}

/// Splits bytes that come in pieces into segments, and keeps the unfinished one between two pieces.
#[derive(Debug)]
pub(crate) struct Segments {
    syntax: Syntax,
    held: Vec<u8>,
    /// What comes next is released by the last byte held.
    released: bool,
    cut: bool,
}

enum Mark {
    Terminator(usize),
    LineBreak(usize),
    None,
}

impl Default for Segments {
    fn default() -> Self {
        Self { syntax: Syntax::USUAL, held: Vec::new(), released: false, cut: false }
    }
}

impl Segments {
    /// Calls `each` for every segment that ends within `bytes`, UNA among them.
    pub(crate) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Segment<'_>)) {
        let mut rest = bytes;
        loop {
            if self.held.is_empty() {
                rest = without_noise(rest);
            }
            if rest.is_empty() {
                return;
            }
            rest = match self.advice_bytes(rest) {
                Some(more) => self.read_advice(rest, more, &mut each),
                None => self.read_segment(rest, &mut each),
            };
        }
    }

    /// What stands behind the last terminator; `None` for nothing.
    pub(crate) fn unfinished(&self) -> Option<Segment<'_>> {
        (!self.held.is_empty()).then_some(Segment { bytes: &self.held, cut: self.cut, syntax: &self.syntax })
    }

    /// How many bytes UNA still needs, if that is what begins here or may begin here.
    fn advice_bytes(&self, rest: &[u8]) -> Option<usize> {
        if self.held.len() >= ADVICE_BYTES || (self.held.is_empty() && rest.first() != Some(&b'U')) {
            return None;
        }
        let begins = self.held.iter().chain(rest).zip(SERVICE_ADVICE).all(|(byte, expected)| byte == expected);
        let known = self.held.len() + rest.len() >= SERVICE_ADVICE.len();
        let wanted = if known { ADVICE_BYTES } else { SERVICE_ADVICE.len() };
        begins.then(|| wanted - self.held.len())
    }

    fn read_advice<'r>(&mut self, rest: &'r [u8], more: usize, each: &mut impl FnMut(Segment<'_>)) -> &'r [u8] {
        let (advice, tail) = rest.split_at(more.min(rest.len()));
        self.held.extend_from_slice(advice);
        if self.held.len() == ADVICE_BYTES {
            self.syntax = Syntax::from_advice(&self.held).unwrap_or(Syntax::USUAL);
            each(Segment { bytes: &self.held, cut: false, syntax: &self.syntax });
            self.held.clear();
        }
        tail
    }

    fn read_segment<'r>(&mut self, rest: &'r [u8], each: &mut impl FnMut(Segment<'_>)) -> &'r [u8] {
        match self.next_mark(rest) {
            Mark::None => {
                self.hold(rest);
                &[]
            }
            Mark::LineBreak(at) => {
                self.hold(&rest[..at]);
                &rest[at + 1..]
            }
            Mark::Terminator(at) if self.held.is_empty() && at <= SEGMENT_BYTES_MAX => {
                self.note_charset(&rest[..at]);
                each(Segment { bytes: &rest[..at], cut: false, syntax: &self.syntax });
                &rest[at + 1..]
            }
            Mark::Terminator(at) => {
                self.hold(&rest[..at]);
                let held = std::mem::take(&mut self.held);
                self.note_charset(&held);
                each(Segment { bytes: &held, cut: self.cut, syntax: &self.syntax });
                // The room is kept for the next segment.
                self.held = held;
                self.held.clear();
                self.cut = false;
                &rest[at + 1..]
            }
        }
    }

    /// Where the segment at hand ends in `bytes`, or where a line break interrupts it.
    fn next_mark(&mut self, bytes: &[u8]) -> Mark {
        let mut from = 0;
        while let Some(at) = special(bytes, from, self.syntax.terminator) {
            let byte = bytes[at];
            if byte == self.syntax.terminator && !self.is_released(bytes, at) {
                self.released = false;
                return Mark::Terminator(at);
            }
            if byte != self.syntax.terminator && matches!(byte, b'\r' | b'\n') {
                // A line may be wrapped between a release character and what it releases.
                self.released = self.is_released(bytes, at);
                return Mark::LineBreak(at);
            }
            from = at + 1;
        }
        self.released = self.is_released(bytes, bytes.len());
        Mark::None
    }

    /// Whether an odd number of release characters stands before `at`, those held before `bytes` among them.
    fn is_released(&self, bytes: &[u8], at: usize) -> bool {
        let releases = bytes[..at].iter().rev().take_while(|byte| **byte == self.syntax.release).count();
        (releases % 2 == 1) != (releases == at && self.released)
    }

    fn hold(&mut self, bytes: &[u8]) {
        let room = SEGMENT_BYTES_MAX - self.held.len();
        self.cut |= bytes.len() > room;
        self.held.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn note_charset(&mut self, segment: &[u8]) {
        if segment.starts_with(b"UNB") {
            self.syntax.utf8 = matches!(segment.get(4..8), Some(b"UNOY" | b"UNOW"));
        }
    }
}

/// Where the first terminator or control character stands in `bytes` at or behind `from`. Eight bytes are looked at together.
fn special(bytes: &[u8], from: usize, terminator: u8) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    let wanted = ONES * u64::from(terminator);
    let (words, rest) = bytes.get(from..)?.as_chunks();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let other = word ^ wanted;
        // The lowest bit set belongs to the first byte that is zero in `other`, or below a space in `word`.
        let hits = (other.wrapping_sub(ONES) & !other | word.wrapping_sub(ONES * u64::from(b' ')) & !word) & HIGHS;
        if hits != 0 {
            return Some(from + index * size_of::<u64>() + (hits.trailing_zeros() / u8::BITS) as usize);
        }
    }
    let tail = bytes.len() - rest.len();
    rest.iter().position(|byte| *byte == terminator || *byte < b' ').map(|at| tail + at)
}

/// As much of foreign bytes as a reason shows.
pub(crate) fn shown_bytes(bytes: &[u8]) -> String {
    const SHOWN_BYTES: usize = 60;
    let latin1 = bytes.iter().take(SHOWN_BYTES).map(|byte| char::from(*byte));
    latin1.filter(|letter| !letter.is_control()).collect()
}

/// Without white space, control characters and the byte order mark, none of which a segment begins with.
fn without_noise(bytes: &[u8]) -> &[u8] {
    let noise = |byte: &u8| *byte <= b' ' || matches!(byte, 0xef | 0xbb | 0xbf);
    let first = bytes.iter().position(|byte| !noise(byte)).unwrap_or(bytes.len());
    &bytes[first..]
}

#[cfg(test)]
mod tests {
    use super::{SEGMENT_BYTES_MAX, Segments};
    use proptest::prelude::*;

    /// Segments as `tag|component,component|...`, one a line, with `!` where cut.
    fn check(bytes: &[u8], piece: usize) -> String {
        let mut segments = Segments::default();
        let mut text = String::new();
        let mut each = |segment: super::Segment<'_>| {
            if segment.bytes.starts_with(b"UNA") {
                return text.push_str("UNA\n");
            }
            text.push_str(&String::from_utf8_lossy(segment.tag()));
            for index in 1..6 {
                let components: [_; 4] = segment.composite(index);
                if components.iter().any(|field| !field.is_empty()) {
                    let filled = components.iter().filter(|field| !field.is_empty());
                    text.push('|');
                    text.push_str(&filled.map(super::Field::text).collect::<Vec<_>>().join(","));
                }
            }
            text.push_str(if segment.cut { "!\n" } else { "\n" });
        };
        bytes.chunks(piece).for_each(|chunk| segments.push(chunk, &mut each));
        if let Some(rest) = segments.unfinished() {
            text.push_str(&format!("unfinished {}", String::from_utf8_lossy(rest.bytes)));
        }
        text
    }

    #[test]
    fn segments_are_split_at_the_usual_separators() {
        let text = "\u{feff}\r\nUNB+UNOC:3+a'\r\nPIA+5+1-1?:1.29.0:SRW'FTX+it??s ?'so?''UNZ+1";
        let expected = "UNB|UNOC,3|a\nPIA|5|1-1:1.29.0,SRW\nFTX|it?s 'so'\nunfinished UNZ+1";
        assert_eq!(check(text.as_bytes(), 1), expected);
        assert_eq!(check(text.as_bytes(), 1000), expected);
    }

    #[test]
    fn una_names_other_separators_and_each_interchange_has_its_own() {
        let text = b"UNA|*,!#~UNB*UNOC|3~\nQTY*220|1,5!~x~UNA:+.? 'QTY+220:1.5'UNA;=. \r\nQTY=1;it?s\nUNZ";
        let expected = "UNA\nUNB|UNOC,3\nQTY|220,1,5~x\nUNA\nQTY|220,1.5\nUNA\nQTY|1,it?s\nunfinished UNZ";
        assert_eq!(check(text, 1), expected);
        assert_eq!(check(text, 1000), expected);
    }

    #[test]
    fn una_with_characters_that_cannot_be_told_apart_is_not_believed() {
        assert_eq!(check(b"UNA++.? 'QTY+220:1'UNAabcdefQTY+67:2'", 4), "UNA\nQTY|220,1\nUNA\nQTY|67,2\n");
    }

    #[test]
    fn lines_wrapped_within_a_segment_are_joined() {
        assert_eq!(check(b"DTM+163:20210101?\n+00:30\r\n3'", 3), "DTM|163,20210101+00,303\n");
    }

    #[test]
    fn texts_are_latin_1_unless_the_interchange_says_utf_8() {
        assert_eq!(check(b"UNB+UNOC:3'CTA+IC+:M\xfcller'", 100), "UNB|UNOC,3\nCTA|IC|M\u{fc}ller\n");
        assert_eq!(check("UNB+UNOY:4'CTA+IC+:Müller'".as_bytes(), 100), "UNB|UNOY,4\nCTA|IC|M\u{fc}ller\n");
        assert_eq!(check(b"UNB+UNOY:4'CTA+IC+:M\xfcller'", 100), "UNB|UNOY,4\nCTA|IC|M\u{fc}ller\n");
    }

    #[test]
    fn a_runaway_segment_is_cut_and_the_next_one_read() {
        let mut bytes = b"FTX+".to_vec();
        bytes.resize(SEGMENT_BYTES_MAX + 5, b'x');
        bytes.extend_from_slice(b"'UNT+2+1'");
        for piece in [1, 4096, bytes.len()] {
            let seen = check(&bytes, piece);
            assert!(seen.ends_with("x!\nUNT|2|1\n") && seen.len() < SEGMENT_BYTES_MAX + 20, "pieces of {piece}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_split_alike_however_they_are_cut(
            bytes in proptest::collection::vec(prop_oneof![Just(b'U'), Just(b'N'), Just(b'A'), Just(b'\''), Just(b'?'),
                Just(b'+'), Just(b':'), Just(b'\n'), Just(b' '), any::<u8>()], 0..200),
            piece in 1_usize..20,
        ) {
            prop_assert_eq!(check(&bytes, piece), check(&bytes, 1000));
        }
    }
}
