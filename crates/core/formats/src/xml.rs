//! XML that comes in pieces of any size, told as it is read: an element begins, an element ends with its text, something is
//! not well formed.
//!
//! Names are local ones, without a prefix: what a document's elements mean tells its root, and prefixes differ by sender. No
//! more is held than one tag, the text of one element without children, the names of what is open, and so much of the
//! [`Source`] as makes an excerpt that can be read again. Entities are resolved, those of a document type are not; nothing is
//! fetched. An end without a beginning is told and passed over, an element that its parent closes is told, too.

pub(crate) mod markup;
mod path;
mod source;

use std::borrow::Cow;

use quick_xml::escape::{escape, unescape};
use quick_xml::events::BytesStart;

use crate::detect::Head;
use crate::encoding;
use crate::output::{Output, Problem};
use markup::{Markup, Token};
pub(crate) use path::Path;
use path::{DEPTH_MAX, NAME_BYTES_MAX};
use source::Source;

/// Longest text of one element, in bytes. The values of the 247 steps of a weather forecast take three thousand.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// What is told of the element that a [`Node`] stands at.
pub(crate) enum Event<'a> {
    Start(&'a Attributes<'a>),
    /// With its text, where it has no elements within.
    End(Option<Text<'a>>),
    /// What is not well formed, in words, and its bytes.
    Broken {
        reason: String,
        bytes: &'a [u8],
    },
}

/// Whether an element that has ended is kept for the excerpts of those that follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    Keep,
    /// What repeats without end must be forgotten.
    Forget,
}

/// The element that is being read.
pub(crate) struct Node<'a> {
    pub(crate) path: &'a Path,
    source: &'a Source,
}

/// The attributes of an element.
pub(crate) struct Attributes<'a>(BytesStart<'a>);

/// The text of an element as it stood.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    raw: &'a [u8],
    /// It is longer than what is held of it.
    pub(crate) is_cut: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Xml {
    markup: Markup,
    elements: Elements,
}

#[derive(Debug, Default)]
struct Elements {
    path: Path,
    source: Source,
    /// Of the innermost element, while none has begun within it.
    text: Vec<u8>,
    is_leaf: bool,
    is_cut: bool,
    /// Elements that are open beyond the depth that is followed.
    beyond: u64,
    began: bool,
}

/// How a document ended.
pub(crate) enum End<'a> {
    Whole,
    /// No element began.
    Nothing,
    /// Elements are open; with the text of the innermost so far.
    CutOff(Text<'a>),
}

/// The root element of a document, for recognising it.
pub(crate) struct RootTag(Vec<u8>);

/// The root element in the beginning of a delivery; `None` where it is no XML.
pub(crate) fn root(head: &Head<'_>) -> Option<RootTag> {
    if !head.first_line().starts_with(b"<") {
        return None;
    }
    let mut found = None;
    Markup::default().push(head.bytes, |token| match token {
        Token::Tag(tag) if found.is_none() && !matches!(tag, [_, b'?' | b'!' | b'/', ..]) => {
            found = Some(RootTag(tag.to_vec()));
        }
        Token::Tag(_) | Token::Text(_) | Token::Overlong(_) => {}
    });
    found
}

impl RootTag {
    /// Without a prefix.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        let tag = self.0.strip_prefix(b"<").unwrap_or(&self.0);
        let end = tag.iter().position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>'));
        let qualified = end.and_then(|end| tag.get(..end)).unwrap_or(tag);
        qualified.rsplit(|byte| *byte == b':').next() == Some(name.as_bytes())
    }

    /// Whether its attributes name the namespace, or a part of its name, since versions change.
    pub(crate) fn declares(&self, namespace: &str) -> bool {
        contains(&self.0, namespace)
    }
}

pub(crate) fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

impl Xml {
    pub(crate) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(&Node<'_>, Event<'_>) -> Then) {
        let Self { markup, elements } = self;
        markup.push(bytes, |token| elements.token(token, &mut each));
    }

    /// What is left of a tag that did not end, and how the document ended.
    pub(crate) fn finish(&mut self) -> (Vec<u8>, Node<'_>, End<'_>) {
        let rest = self.markup.finish();
        if self.elements.is_leaf {
            self.elements.source.add(&self.elements.text);
        }
        let Elements { path, source, text, is_cut, began, .. } = &self.elements;
        let end = match (began, path.depth()) {
            (false, _) => End::Nothing,
            (true, 0) if rest.is_empty() => End::Whole,
            (true, _) => End::CutOff(Text { raw: text, is_cut: *is_cut }),
        };
        (rest, Node { path, source }, end)
    }

    /// Tells of a document that did not end; `what` it should have been stands in the reason. `cut_off` says how many readings
    /// were lost with it, as far as can be told.
    pub(crate) fn finish_with_problem(
        &mut self,
        what: &str,
        cut_off: impl FnOnce(&Node<'_>, &mut Output<'_>) -> u64,
        out: &mut Output<'_>,
    ) {
        let (rest, node, end) = self.finish();
        let (reason, readings) = match end {
            End::Whole => return,
            End::Nothing => (format!("there is no {what}"), 1),
            End::CutOff(_) => (format!("the {what} is cut off within `{}`", node.path.name()), cut_off(&node, out)),
        };
        let mut problem = node.problem(node.path.to_string(), reason, readings);
        problem.bytes.extend(rest);
        out.problem(problem);
    }
}

impl Elements {
    fn token(&mut self, token: Token<'_>, each: &mut impl FnMut(&Node<'_>, Event<'_>) -> Then) {
        match token {
            Token::Text(text) => self.hold(text),
            Token::Tag(tag) => self.tag(tag, each),
            Token::Overlong(tag) => self.broken("a tag is longer than any should be".to_owned(), tag, each),
        }
    }

    fn broken(&self, reason: String, bytes: &[u8], each: &mut impl FnMut(&Node<'_>, Event<'_>) -> Then) {
        each(&Node { path: &self.path, source: &self.source }, Event::Broken { reason, bytes });
    }

    fn hold(&mut self, text: &[u8]) {
        if !self.is_leaf || self.beyond > 0 {
            return;
        }
        let room = TEXT_BYTES_MAX - self.text.len();
        self.is_cut |= text.len() > room;
        self.text.extend_from_slice(text.get(..room).unwrap_or(text));
    }

    fn tag(&mut self, tag: &[u8], each: &mut impl FnMut(&Node<'_>, Event<'_>) -> Then) {
        if let Some(text) = tag.strip_prefix(b"<![CDATA[").and_then(|rest| rest.strip_suffix(b"]]>")) {
            // What is quoted so has no entities; quoted again it has, and reads the same.
            return self.hold(escape(encoding::text(text)).as_bytes());
        }
        let Some(content) = tag.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">")) else { return };
        match content {
            [b'?' | b'!', ..] => {}
            [b'/', name @ ..] => self.end(&encoding::text(name.trim_ascii_end()), tag, each),
            [content @ .., b'/'] => {
                let text = encoding::text(content);
                let (name, start) = start(&text);
                if self.start(name, start, tag, each) {
                    self.end(name, b"", each);
                }
            }
            content => {
                let text = encoding::text(content);
                let (name, start) = start(&text);
                self.start(name, start, tag, each);
            }
        }
    }

    /// Whether the element is followed.
    fn start(
        &mut self,
        name: &str,
        start: BytesStart<'_>,
        tag: &[u8],
        each: &mut impl FnMut(&Node<'_>, Event<'_>) -> Then,
    ) -> bool {
        if self.beyond > 0 || self.path.depth() == DEPTH_MAX {
            let is_first = self.beyond == 0;
            self.beyond += u64::from(!tag.ends_with(b"/>"));
            if is_first {
                self.broken(format!("elements lie within each other more than {DEPTH_MAX} deep"), tag, each);
            }
            return false;
        }
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            self.broken("a tag has no name that can be one".to_owned(), tag, each);
            return false;
        }
        self.began = true;
        self.path.enter(name, self.source.length());
        self.source.add(tag);
        self.text.clear();
        (self.is_leaf, self.is_cut) = (true, false);
        each(&Node { path: &self.path, source: &self.source }, Event::Start(&Attributes(start)));
        true
    }

    fn end(&mut self, name: &str, tag: &[u8], each: &mut impl FnMut(&Node<'_>, Event<'_>) -> Then) {
        if self.beyond > 0 {
            self.beyond -= 1;
            return;
        }
        let Some(depth) = self.path.find(name) else {
            return self.broken("an end tag closes nothing that is open".to_owned(), tag, each);
        };
        while self.path.depth() > depth {
            let reason = format!("the element `{}` does not end before its parent does", self.path.name());
            self.broken(reason, self.source.from(self.path.begin()), each);
            self.leave(Then::Forget);
        }
        if self.is_leaf {
            self.source.add(&self.text);
        }
        self.source.add(tag);
        let text = self.is_leaf.then_some(Text { raw: &self.text, is_cut: self.is_cut });
        let then = each(&Node { path: &self.path, source: &self.source }, Event::End(text));
        self.leave(then);
    }

    fn leave(&mut self, then: Then) {
        let begin = self.path.leave();
        if then == Then::Forget {
            self.source.forget(begin);
        }
        self.is_leaf = false;
    }
}

/// A start tag without its brackets: its name, and the whole.
fn start(content: &str) -> (&str, BytesStart<'_>) {
    let length = content.find(|letter: char| letter.is_ascii_whitespace()).unwrap_or(content.len());
    (content.get(..length).unwrap_or_default(), BytesStart::from_content(content, length))
}

impl Node<'_> {
    /// A problem of the element, whose prelude and bytes make a document in which it stands alone.
    pub(crate) fn problem(&self, position: String, reason: String, readings: u64) -> Problem {
        let (prelude, mut bytes) = self.source.excerpt(self.path.begin());
        for name in self.path.ancestors() {
            bytes.extend_from_slice(format!("</{name}>").as_bytes());
        }
        Problem { position, reason, readings: readings.max(1), prelude, bytes }
    }
}

impl Attributes<'_> {
    /// The value of an attribute by its name without prefix; empty where there is none.
    pub(crate) fn get(&self, name: &str) -> String {
        let mut attributes = self.0.attributes();
        let mut attributes = attributes.with_checks(false).flatten();
        let found = attributes.find(|attribute| attribute.key.local_name().as_ref() == name);
        let value = found.map(|found| unescape(&found.value).map_or_else(|_| found.value.to_string(), Cow::into_owned));
        value.unwrap_or_default()
    }
}

impl<'a> Text<'a> {
    /// Without white space around it, its entities resolved.
    pub(crate) fn read(&self) -> Cow<'a, str> {
        Self { raw: self.raw.trim_ascii(), ..*self }.resolved()
    }

    /// As it stood, its entities resolved.
    pub(crate) fn resolved(&self) -> Cow<'a, str> {
        let text = encoding::text(self.raw);
        if !text.contains('&') {
            return text;
        }
        // What is no entity stands as it is.
        match unescape(&text) {
            Ok(resolved) => Cow::Owned(resolved.into_owned()),
            Err(_) => text,
        }
    }

    /// As a name for people, of at most so many characters.
    pub(crate) fn short(&self, chars_max: usize) -> String {
        let text = self.read();
        if text.len() <= chars_max && text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_control()) {
            return text.into_owned();
        }
        text.chars().filter(|letter| !letter.is_control()).take(chars_max).collect()
    }
}

#[cfg(test)]
mod tests;
