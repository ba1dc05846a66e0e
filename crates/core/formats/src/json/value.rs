//! Values of a document where they stand. Members and elements are read when they are asked for, so nothing is copied and no
//! tree is built; what one level of a document costs is one look at its bytes.

use std::borrow::Cow;

use metrify_domain::Decimal;

use super::scan::{Json, Scan, Scanner, Text, Wrong};
use crate::dates::shown;
use crate::limits::REJECT_BYTES_MAX;
use crate::numbers::Notation;
use crate::output::Output;

/// A value as it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    Text(Text<'a>),
    List(List<'a>),
    Object(Object<'a>),
}

/// Where a nested value stands in the text of its document.
#[derive(Clone, Copy, Debug)]
struct Span<'a> {
    text: &'a str,
    begin: usize,
    end: usize,
    /// The document ends or breaks a rule within it.
    broken: bool,
}

impl<'a> Span<'a> {
    fn raw(self) -> &'a str {
        self.text.get(self.begin..self.end).unwrap_or_default()
    }

    /// Behind the opening mark.
    const fn inside(self) -> Scanner<'a> {
        Scanner { text: self.text, at: self.begin + 1 }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Object<'a>(Span<'a>);

#[derive(Clone, Copy, Debug)]
pub(crate) struct List<'a>(Span<'a>);

/// Reads the value at the scanner. A nested one that breaks off comes out up to there, beside what is wrong.
fn lazy<'a>(scanner: &mut Scanner<'a>) -> (Option<Value<'a>>, Option<Wrong>) {
    scanner.skip_space();
    let (begin, mark) = (scanner.at, scanner.peek());
    let read: Scan<Json<'a>> = scanner.value(1);
    let wrong = read.as_ref().err().copied();
    let end = wrong.map_or(scanner.at, |wrong| wrong.at);
    let span = Span { text: scanner.text, begin, end, broken: wrong.is_some() };
    let value = match (mark, read) {
        (Some(b'{'), _) => Some(Value::Object(Object(span))),
        (Some(b'['), _) => Some(Value::List(List(span))),
        (_, Ok(Json::Null)) => Some(Value::Null),
        (_, Ok(Json::True)) => Some(Value::Bool(true)),
        (_, Ok(Json::False)) => Some(Value::Bool(false)),
        (_, Ok(Json::Number(text))) => Some(Value::Number(text)),
        (_, Ok(Json::Text(text))) => Some(Value::Text(text)),
        (_, Ok(Json::List(_) | Json::Nested) | Err(_)) => None,
    };
    (value, wrong)
}

/// The value that a text is, and what is wrong with the text.
pub(super) fn document(text: &str) -> (Option<Value<'_>>, Option<Wrong>) {
    lazy(&mut Scanner { text, at: 0 })
}

impl<'a> Object<'a> {
    /// As it stands, up to where it breaks off.
    pub(crate) fn raw(self) -> &'a str {
        self.0.raw()
    }

    pub(crate) const fn members(self) -> Members<'a> {
        Members { scanner: self.0.inside(), first: true, done: false }
    }

    /// The values under these keys, each at most once; null stands for an absent one.
    ///
    /// # Errors
    /// Where a key stands twice: nothing tells which of the two is meant.
    pub(crate) fn pick<const N: usize>(self, keys: [&str; N]) -> Result<[Option<Value<'a>>; N], String> {
        let mut found = [None; N];
        for (key, value) in self.members() {
            let key = key.read();
            let Some(place) = keys.iter().zip(&mut found).find_map(|(wanted, place)| (*wanted == key).then_some(place))
            else {
                continue;
            };
            if place.replace(value).is_some() {
                return Err(format!("`{}` stands twice", shown(&key)));
            }
        }
        Ok(found.map(|value| value.filter(|value| !matches!(value, Value::Null))))
    }

    /// The first value under this key; null stands for an absent one.
    pub(crate) fn get(self, wanted: &str) -> Option<Value<'a>> {
        let value = self.members().find_map(|(key, value)| (key.read() == wanted).then_some(value));
        value.filter(|value| !matches!(value, Value::Null))
    }
}

impl<'a> List<'a> {
    /// Elements that are whole. What breaks off is told of once, with its document.
    pub(crate) fn elements(self) -> impl Iterator<Item = Value<'a>> {
        self.open_elements().filter(|value| !value.is_broken())
    }

    /// Elements, of which the last may break off.
    pub(crate) const fn open_elements(self) -> Elements<'a> {
        Elements { scanner: self.0.inside(), first: true, done: false }
    }
}

impl<'a> Value<'a> {
    /// In words, for a reason.
    pub(crate) const fn described(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// Where the innermost value begins that breaks off; 0 where none does.
    pub(super) fn break_begin(self) -> usize {
        let mut begin = 0;
        let mut next = Some(self);
        // Looked at from farther within, more of what is nested too deeply is followed: never beyond where it broke off at first.
        let end = self.span().map_or(0, |span| span.end);
        while let Some(value) = next
            && let Some(span) = value.span().filter(|span| span.broken && span.begin < end)
        {
            begin = span.begin;
            next = match value {
                Self::List(list) => list.open_elements().last(),
                Self::Object(object) => object.members().last().map(|(_, value)| value),
                Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => None,
            };
        }
        begin
    }

    /// Whether the document ends or breaks a rule within it.
    pub(crate) fn is_broken(&self) -> bool {
        self.span().is_some_and(|span| span.broken)
    }

    /// Where it stands, if it is nested.
    const fn span(self) -> Option<Span<'a>> {
        match self {
            Self::List(List(span)) | Self::Object(Object(span)) => Some(span),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => None,
        }
    }

    pub(crate) const fn object(self) -> Option<Object<'a>> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }

    pub(crate) const fn list(self) -> Option<List<'a>> {
        if let Self::List(list) = self { Some(list) } else { None }
    }

    /// What a text says, or a number, true or false as they stand, without white space around it; `None` where it is empty.
    pub(crate) fn said(self) -> Option<Cow<'a, str>> {
        let text = match self {
            Self::Text(text) => text.read(),
            Self::Number(text) => Cow::Borrowed(text),
            Self::Bool(said) => Cow::Borrowed(if said { "true" } else { "false" }),
            Self::Null | Self::List(_) | Self::Object(_) => return None,
        };
        let text = match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        };
        (!text.is_empty()).then_some(text)
    }

    /// As it stands in its document.
    pub(crate) fn raw(self) -> Cow<'a, str> {
        match self {
            Self::Null => Cow::Borrowed("null"),
            Self::Bool(said) => Cow::Borrowed(if said { "true" } else { "false" }),
            Self::Number(text) => Cow::Borrowed(text),
            Self::Text(text) => Cow::Owned(format!("\"{}\"", text.raw())),
            Self::List(List(span)) | Self::Object(Object(span)) => Cow::Borrowed(span.raw()),
        }
    }

    /// As much of it as a problem keeps.
    pub(crate) fn kept(self) -> Vec<u8> {
        let raw = self.raw();
        raw.as_bytes().get(..REJECT_BYTES_MAX).unwrap_or(raw.as_bytes()).to_vec()
    }

    /// The number that it is, to be handed on. Some programs write decimals as texts.
    ///
    /// # Errors
    /// Where it is none, or one that is not kept.
    pub(crate) fn decimal(self, out: &mut Output<'_>) -> Result<Decimal, String> {
        match self {
            Self::Number(text) => Notation::Point.read(text, out).map_err(|error| error.to_string()),
            Self::Text(text) => Notation::Point.read(text.read().trim(), out).map_err(|error| error.to_string()),
            other => Err(format!("{} is no number", other.described())),
        }
    }

    /// As [`decimal`](Self::decimal), where something else is told from the number; `None` where there is none.
    pub(crate) fn number(self) -> Option<Decimal> {
        let number = match self {
            Self::Number(text) => Notation::Point.number(text),
            Self::Text(text) => Notation::Point.number(text.read().trim()),
            Self::Null | Self::Bool(_) | Self::List(_) | Self::Object(_) => return None,
        };
        number.ok()
    }

    /// A whole number.
    pub(crate) fn whole(self) -> Option<i64> {
        self.said()?.parse().ok()
    }
}

/// Keys and values of an object, up to where it breaks off.
#[derive(Clone, Debug)]
pub(crate) struct Members<'a> {
    scanner: Scanner<'a>,
    first: bool,
    done: bool,
}

impl<'a> Iterator for Members<'a> {
    type Item = (Text<'a>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.done || ends(&mut self.scanner, &mut self.first, b'}') {
            self.done = true;
            return None;
        }
        let Ok(key) = self.scanner.key() else {
            self.done = true;
            return None;
        };
        let (value, wrong) = lazy(&mut self.scanner);
        self.done = wrong.is_some();
        Some((key, value?))
    }
}

/// Elements of a list, up to where it breaks off.
#[derive(Clone, Debug)]
pub(crate) struct Elements<'a> {
    scanner: Scanner<'a>,
    first: bool,
    done: bool,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done || ends(&mut self.scanner, &mut self.first, b']') {
            self.done = true;
            return None;
        }
        let (value, wrong) = lazy(&mut self.scanner);
        self.done = wrong.is_some();
        value
    }
}

/// Whether nothing more follows in what `mark` closes: its end, or something that is wrong.
fn ends(scanner: &mut Scanner<'_>, first: &mut bool, mark: u8) -> bool {
    if !std::mem::take(first) {
        return scanner.closes(mark, "").unwrap_or(true);
    }
    scanner.skip_space();
    scanner.accept(mark)
}

#[cfg(test)]
mod tests {
    use super::{Value, document};

    fn read(text: &str) -> String {
        let (value, wrong) = document(text);
        let told = wrong.map(|wrong| format!(" broken at {}: {}", wrong.at, wrong.expected)).unwrap_or_default();
        format!("{}{told}", value.map_or("nothing".to_owned(), walked))
    }

    fn walked(value: Value<'_>) -> String {
        match value {
            Value::Object(object) => {
                let members = object.members().map(|(key, value)| format!("{}={}", key.read(), walked(value)));
                format!("{{{}}}", members.collect::<Vec<_>>().join(" "))
            }
            Value::List(list) => format!("[{}]", list.elements().map(walked).collect::<Vec<_>>().join(" ")),
            other => other.raw().into_owned(),
        }
    }

    #[test]
    fn a_document_is_read_level_by_level() {
        for (text, expected) in [
            ("{}", "{}"),
            (" [ ] ", "[]"),
            (
                "{\n\t\"a\": [1.50, null, \"x\\n\"],\r\n\"b\": {\"c\": {}, \"d\": false}}",
                "{a=[1.50 null \"x\\n\"] b={c={} d=false}}",
            ),
            ("[[1,2],[3]]", "[[1 2] [3]]"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_breaks_off_is_read_up_to_there_and_no_half_element_comes_out() {
        for (text, expected) in [
            (r#"{"a":1,"b":[{"c":1},{"c":2"#, r#"{a=1 b=[{c=1}]} broken at 26: `,` or `}`"#),
            (r#"{"a":1,"b":{"c":1,"d":tru"#, r#"{a=1 b={c=1}} broken at 22: a value"#),
            (r#"{"a":1 "b":2}"#, r#"{a=1} broken at 7: `,` or `}`"#),
            (r#"{"a":[1,2}"#, r#"{a=[1 2]} broken at 9: `,` or `]`"#),
            ("{", "{} broken at 1: a key in quotes"),
            ("", "nothing broken at 0: a value"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        let deep = format!("{}1{}", "[".repeat(70), "]".repeat(70));
        assert!(read(&deep).contains("nested less deeply"), "{}", read(&deep));
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_and_null_is_absent() {
        let (Some(Value::Object(object)), None) = document(r#"{"a":1,"b":null,"a":2}"#) else { panic!("an object") };
        assert_eq!(object.pick(["a"]).err().as_deref(), Some("`a` stands twice"));
        assert!(object.pick(["b", "c"]).is_ok_and(|found| found.iter().all(Option::is_none)));
        assert!(object.get("b").is_none());
    }
}
