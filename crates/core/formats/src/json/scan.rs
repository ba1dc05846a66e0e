//! The marks, words, texts and numbers of JSON (RFC 8259), and one object read from a line. Numbers stay the text they are, so
//! that no digit is lost.

use std::borrow::Cow;

use crate::seek;

/// One value of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json<'a> {
    Null,
    // One each: a truth of one byte beside texts of three words would have every value copied in parts.
    True,
    False,
    Number(&'a str),
    Text(Text<'a>),
    /// The elements, which are not nested themselves.
    List(Vec<Json<'a>>),
    /// An object, or a list that holds one: read and passed over.
    Nested,
}

/// A string as it stands between its quotes; its escapes are known to be whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    raw: &'a str,
    /// How many backslashes stand before another character.
    escapes: usize,
}

impl<'a> Text<'a> {
    #[inline]
    pub(crate) fn read(self) -> Cow<'a, str> {
        if self.escapes > 0 { Cow::Owned(unescaped(self.raw)) } else { Cow::Borrowed(self.raw) }
    }

    /// The text, where there are no escapes in it.
    #[inline]
    pub(crate) const fn plain(self) -> Option<&'a str> {
        if self.escapes == 0 { Some(self.raw) } else { None }
    }

    /// As it stands between its quotes.
    pub(super) const fn raw(self) -> &'a str {
        self.raw
    }
}

impl Json<'_> {
    /// In words, for a reason.
    pub(crate) const fn described(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::True | Self::False => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Nested => "a nested value",
        }
    }
}

/// Deepest nesting that is followed.
const DEPTH_MAX: u32 = 64;

/// What was expected where something else was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// In bytes of the text.
    pub(super) at: usize,
    pub(super) expected: &'static str,
}

impl Wrong {
    fn told(self, line: &str) -> String {
        let (column, expected) = (self.at + 1, self.expected);
        let found = line.get(self.at..).and_then(|rest| rest.chars().next());
        let found = found.map_or("the end of the line".to_owned(), |letter| format!("`{}`", letter.escape_debug()));
        format!("column {column}: expected {expected}, found {found}")
    }
}

pub(super) type Scan<T> = Result<T, Wrong>;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Scanner<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl<'a> Scanner<'a> {
    /// Calls `each` with every key and value of the object that the line is.
    ///
    /// # Errors
    /// Where the line is not one JSON object and nothing else, or where `each` refuses a member.
    pub(crate) fn object(
        line: &'a str,
        mut each: impl FnMut(Text<'a>, Json<'a>) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut scanner = Self { text: line, at: 0 };
        scanner.skip_space();
        if scanner.peek() == Some(b'[') {
            return Err("the line is a list: give one object a line, without brackets around them".to_owned());
        }
        let wrong = |wrong: Wrong| wrong.told(line);
        scanner.expect(b'{', "an object").map_err(wrong)?;
        scanner.skip_space();
        if !scanner.accept(b'}') {
            loop {
                let key = scanner.key().map_err(wrong)?;
                let value = scanner.value(0).map_err(wrong)?;
                each(key, value)?;
                if scanner.closes(b'}', "`,` or `}`").map_err(wrong)? {
                    break;
                }
            }
        }
        scanner.skip_space();
        match scanner.peek() {
            None => Ok(()),
            Some(_) => Err(wrong(scanner.wrong("the end of the line after the object"))),
        }
    }

    /// A key and the colon behind it.
    #[inline]
    pub(super) fn key(&mut self) -> Scan<Text<'a>> {
        self.skip_space();
        self.expect(b'"', "a key in quotes")?;
        let key = self.string()?;
        self.skip_space();
        self.expect(b':', "`:` after the key")?;
        Ok(key)
    }

    /// Whether the next mark ends a list or an object; `false` where it is the comma before another element.
    pub(super) fn closes(&mut self, mark: u8, what: &'static str) -> Scan<bool> {
        self.skip_space();
        if self.accept(mark) {
            return Ok(true);
        }
        self.expect(b',', what).map(|()| false)
    }

    /// A value at this depth below the object or list that is read. What is nested in it is passed over.
    #[inline]
    pub(super) fn value(&mut self, depth: u32) -> Scan<Json<'a>> {
        self.skip_space();
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                self.string().map(Json::Text)
            }
            Some(b'-' | b'0'..=b'9') => self.number().map(Json::Number),
            _ => self.rarer_value(depth),
        }
    }

    fn rarer_value(&mut self, depth: u32) -> Scan<Json<'a>> {
        match self.peek() {
            Some(b'n') => self.word("null", Json::Null),
            Some(b't') => self.word("true", Json::True),
            Some(b'f') => self.word("false", Json::False),
            Some(b'[' | b'{') if depth >= DEPTH_MAX => Err(self.wrong("a value that is nested less deeply")),
            Some(b'[') => self.list(depth),
            Some(b'{') => self.nested_object(depth),
            _ => Err(self.wrong("a value")),
        }
    }

    fn list(&mut self, depth: u32) -> Scan<Json<'a>> {
        self.at += 1;
        let mut elements = Vec::new();
        let mut nested = false;
        self.skip_space();
        if self.accept(b']') {
            return Ok(Json::List(elements));
        }
        loop {
            let element = self.value(depth + 1)?;
            nested |= matches!(element, Json::Nested | Json::List(_));
            // Below the first level nobody asks for the elements.
            if depth == 0 && !nested {
                elements.push(element);
            }
            if self.closes(b']', "`,` or `]`")? {
                return Ok(if nested { Json::Nested } else { Json::List(elements) });
            }
        }
    }

    fn nested_object(&mut self, depth: u32) -> Scan<Json<'a>> {
        self.at += 1;
        self.skip_space();
        if self.accept(b'}') {
            return Ok(Json::Nested);
        }
        loop {
            self.key()?;
            self.value(depth + 1)?;
            if self.closes(b'}', "`,` or `}`")? {
                return Ok(Json::Nested);
            }
        }
    }

    /// A string whose opening quote has been read.
    #[inline]
    fn string(&mut self) -> Scan<Text<'a>> {
        let begin = self.at;
        self.skip_plain();
        if self.peek() == Some(b'"') {
            let raw = self.text.get(begin..self.at).unwrap_or_default();
            self.at += 1;
            return Ok(Text { raw, escapes: 0 });
        }
        self.escaped_string(begin)
    }

    #[inline]
    fn skip_plain(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += seek::string_end(rest).unwrap_or(rest.len());
    }

    #[cold]
    fn escaped_string(&mut self, begin: usize) -> Scan<Text<'a>> {
        let mut escapes = 0;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let raw = self.text.get(begin..self.at).unwrap_or_default();
                    self.at += 1;
                    return Ok(Text { raw, escapes });
                }
                Some(b'\\') => {
                    escapes += 1;
                    self.at += 1;
                    self.escape()?;
                    self.skip_plain();
                }
                _ => return Err(self.wrong("a closing quote")),
            }
        }
    }

    /// What a backslash stands before.
    fn escape(&mut self) -> Scan<char> {
        let letter = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return Err(self.wrong("an escape such as \\n or \\u00e4")),
        };
        self.at += 1;
        Ok(letter)
    }

    /// Four hexadecimal digits, or two times four where the first are the half of a pair.
    fn unicode(&mut self) -> Scan<char> {
        const OTHER_HALF: &str = "the other half of a pair of \\u escapes";
        let first = self.hex()?;
        if let Some(letter) = char::from_u32(first) {
            return Ok(letter);
        }
        if first >= 0xdc00 || !self.rest().starts_with("\\u") {
            return Err(self.wrong(OTHER_HALF));
        }
        self.at += 2;
        let second = self.hex()?;
        let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400);
        let letter = low.and_then(|low| char::from_u32(0x10000 + ((first - 0xd800) << 10) + low));
        letter.ok_or_else(|| self.wrong(OTHER_HALF))
    }

    fn hex(&mut self) -> Scan<u32> {
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let code = code.ok_or_else(|| self.wrong("four hexadecimal digits"))?;
        self.at += 4;
        Ok(code)
    }

    /// Where the number ends that begins at a place; `None` where none does.
    #[inline]
    pub(crate) fn number_end(text: &'a str, at: usize) -> Option<usize> {
        let mut scanner = Self { text, at };
        scanner.number().ok()?;
        Some(scanner.at)
    }

    fn number(&mut self) -> Scan<&'a str> {
        let begin = self.at;
        self.accept(b'-');
        if !self.accept(b'0') {
            self.digits()?;
        }
        if self.accept(b'.') {
            self.digits()?;
        }
        if self.accept(b'e') || self.accept(b'E') {
            if !self.accept(b'+') {
                self.accept(b'-');
            }
            self.digits()?;
        }
        Ok(self.text.get(begin..self.at).unwrap_or_default())
    }

    fn digits(&mut self) -> Scan<()> {
        let begin = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == begin { Err(self.wrong("a digit")) } else { Ok(()) }
    }

    fn word(&mut self, word: &str, value: Json<'a>) -> Scan<Json<'a>> {
        if !self.rest().starts_with(word) {
            return Err(self.wrong("a value"));
        }
        self.at += word.len();
        Ok(value)
    }

    pub(super) fn skip_space(&mut self) {
        // A line holds no line end, a document may.
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Scan<()> {
        if self.accept(byte) { Ok(()) } else { Err(self.wrong(what)) }
    }

    const fn wrong(&self, expected: &'static str) -> Wrong {
        Wrong { at: self.at, expected }
    }
}

/// The text that a string with escapes means.
#[cold]
fn unescaped(raw: &str) -> String {
    let mut scanner = Scanner { text: raw, at: 0 };
    let mut text = String::with_capacity(raw.len());
    while let Some(letter) = scanner.rest().chars().next() {
        scanner.at += letter.len_utf8();
        // The escapes were whole when the string was found, so each has its letter.
        text.push(if letter == '\\' { scanner.escape().unwrap_or(letter) } else { letter });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Json, Scanner};

    fn read(line: &str) -> String {
        let mut members = Vec::new();
        let read = Scanner::object(line, |key, value| {
            let value = match &value {
                Json::Text(text) => format!("{:?}", text.read()),
                Json::Null | Json::True | Json::False | Json::Number(_) | Json::List(_) | Json::Nested => {
                    format!("{value:?}")
                }
            };
            members.push(format!("{}={value}", key.read()));
            Ok(())
        });
        match read {
            Ok(()) => members.join(" "),
            Err(reason) => reason,
        }
    }

    #[test]
    fn an_object_is_read_with_numbers_as_their_text() {
        for (line, expected) in [
            ("{}", ""),
            (" { \"a\" : 1.50e-3 , \"b\":\"x\"} ", "a=Number(\"1.50e-3\") b=\"x\""),
            (r#"{"a":"\u00e4\ud83d\ude00\n\"\\\/"}"#, "a=\"ä😀\\n\\\"\\\\/\""),
            (r#"{"\u0061":null,"b":true}"#, "a=Null b=True"),
            (r#"{"a":[1,null,"2"]}"#, "a=List([Number(\"1\"), Null, Text(Text { raw: \"2\", escapes: 0 })])"),
            (r#"{"a":{"b":[{},[[]],{"c":1,"d":{}}]},"e":[]}"#, "a=Nested e=List([])"),
            (r#"{"a":[1,[2]]}"#, "a=Nested"),
        ] {
            assert_eq!(read(line), expected, "{line}");
        }
    }

    #[test]
    fn what_is_no_object_is_refused_with_the_column() {
        for (line, reason) in [
            ("[1]", "the line is a list: give one object a line, without brackets around them"),
            ("x", "column 1: expected an object, found `x`"),
            ("{", "column 2: expected a key in quotes, found the end of the line"),
            ("{\"a\"}", "column 5: expected `:` after the key, found `}`"),
            ("{\"a\":1,}", "column 8: expected a key in quotes, found `}`"),
            ("{\"a\":1}}", "column 8: expected the end of the line after the object, found `}`"),
            ("{\"a\":01}", "column 7: expected `,` or `}`, found `1`"),
            ("{\"a\":1.}", "column 8: expected a digit, found `}`"),
            ("{\"a\":NaN}", "column 6: expected a value, found `N`"),
            ("{\"a\":nul}", "column 6: expected a value, found `n`"),
            ("{\"a\":\"x", "column 8: expected a closing quote, found the end of the line"),
            ("{\"a\":\"x\u{1}\"}", "column 8: expected a closing quote, found `\\u{1}`"),
            ("{\"a\":\"\\x\"}", "column 8: expected an escape such as \\n or \\u00e4, found `x`"),
            ("{\"a\":\"\\ud800x\"}", "column 13: expected the other half of a pair of \\u escapes, found `x`"),
            ("{\"a\":\"\\u00g0\"}", "column 9: expected four hexadecimal digits, found `0`"),
        ] {
            assert_eq!(read(line), reason, "{line}");
        }
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(70), "]".repeat(70));
        assert!(read(&deep).contains("nested less deeply"), "{}", read(&deep));
    }
}
