//! Cuts XML that comes in pieces into tags and text, holding no more than one tag.

use crate::seek;

/// Longest tag, comment or processing instruction, in bytes. The root element of a forecast has some 400.
const TAG_BYTES_MAX: usize = 64 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// A whole tag, comment, instruction or CDATA section, with its `<` and `>`.
    Tag(&'a [u8]),
    /// Text between tags, or a part of it: where it is cut depends on the pieces.
    Text(&'a [u8]),
    /// The beginning of a tag that is longer than the limit.
    Overlong(&'a [u8]),
}

/// Keeps an unfinished tag between two pieces.
#[derive(Debug, Default)]
pub(crate) struct Markup {
    /// The tag from its `<` on, empty outside of tags; at most [`TAG_BYTES_MAX`] of it.
    held: Vec<u8>,
    /// Its length, also beyond the limit.
    length: usize,
    /// Its last two bytes.
    last: [u8; 2],
    /// The mark that ends the quoted attribute value that the tag is within.
    quote: Option<u8>,
    /// Open brackets of a document type declaration.
    depth: u32,
}

impl Markup {
    pub(crate) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Token<'_>)) {
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = if self.held.is_empty() { self.text(rest, &mut each) } else { self.tag(rest, &mut each) };
        }
    }

    /// What is left of a tag that did not end.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }

    fn text<'a>(&mut self, bytes: &'a [u8], each: &mut impl FnMut(Token<'_>)) -> &'a [u8] {
        let end = seek::byte(bytes, b'<').unwrap_or(bytes.len());
        let (text, rest) = bytes.split_at(end);
        if !text.is_empty() {
            each(Token::Text(text));
        }
        if let Some(tag) = plain(rest) {
            each(Token::Tag(tag));
            return rest.get(tag.len()..).unwrap_or_default();
        }
        if let [first, rest @ ..] = rest {
            *self = Self { held: std::mem::take(&mut self.held), ..Self::default() };
            self.hold(*first);
            return rest;
        }
        rest
    }

    fn tag<'a>(&mut self, bytes: &'a [u8], each: &mut impl FnMut(Token<'_>)) -> &'a [u8] {
        for (index, byte) in bytes.iter().enumerate() {
            let ends = self.ends_with(*byte);
            self.hold(*byte);
            if ends {
                each(if self.length > TAG_BYTES_MAX { Token::Overlong(&self.held) } else { Token::Tag(&self.held) });
                self.held.clear();
                return bytes.get(index + 1..).unwrap_or_default();
            }
        }
        &[]
    }

    fn hold(&mut self, byte: u8) {
        if self.held.len() < TAG_BYTES_MAX {
            self.held.push(byte);
        }
        self.length += 1;
        self.last = [self.last[1], byte];
    }

    /// Whether the tag ends with `byte`, which comes next.
    fn ends_with(&mut self, byte: u8) -> bool {
        let end = byte == b'>';
        match self.held.as_slice() {
            [b'<', b'!', b'-', b'-', ..] => end && self.last == *b"--" && self.length >= 6,
            [b'<', b'!', b'[', b'C', ..] => end && self.last == *b"]]",
            [b'<', b'?', ..] => end && self.last[1] == b'?',
            [b'<', b'!', ..] => {
                match byte {
                    b'[' => self.depth = self.depth.saturating_add(1),
                    b']' => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
                end && self.depth == 0
            }
            _ => {
                match (self.quote, byte) {
                    (Some(quote), byte) if quote == byte => self.quote = None,
                    (None, b'"' | b'\'') => self.quote = Some(byte),
                    _ => {}
                }
                end && self.quote.is_none()
            }
        }
    }
}

/// The tag that the bytes begin with, where it is as most are: whole, without quotes, neither comment nor instruction.
fn plain(bytes: &[u8]) -> Option<&[u8]> {
    let tag = bytes.get(..=seek::byte(bytes, b'>')?)?;
    let is_plain = !matches!(tag, [_, b'!' | b'?', ..]) && !tag.iter().any(|byte| matches!(byte, b'"' | b'\''));
    (is_plain && tag.len() <= TAG_BYTES_MAX).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::{Markup, TAG_BYTES_MAX, Token};

    fn cut(xml: &[u8], piece: usize) -> Vec<String> {
        let (mut markup, mut tokens, mut text) = (Markup::default(), Vec::new(), String::new());
        for bytes in xml.chunks(piece) {
            markup.push(bytes, |token| match token {
                Token::Text(bytes) => text.push_str(&String::from_utf8_lossy(bytes)),
                Token::Tag(bytes) => tokens.extend([std::mem::take(&mut text), String::from_utf8_lossy(bytes).into()]),
                Token::Overlong(bytes) => tokens.extend([std::mem::take(&mut text), bytes.len().to_string()]),
            });
        }
        tokens.extend([text, String::from_utf8_lossy(&markup.finish()).into()]);
        tokens.retain(|token| !token.is_empty());
        tokens
    }

    #[test]
    fn tags_end_where_xml_says_however_the_bytes_are_cut() {
        let xml = br#"<?xml a="?>"?><!-- > -- ' --><!DOCTYPE a [ <!ENTITY b ">"> ]><a b='">' c=">">1 &gt; 0<![CDATA[ ]> ]]></a><d"#;
        let expected = [
            r#"<?xml a="?>"#,
            r#""?>"#,
            "<!-- > -- ' -->",
            r#"<!DOCTYPE a [ <!ENTITY b ">"> ]>"#,
            r#"<a b='">' c=">">"#,
            "1 &gt; 0",
            "<![CDATA[ ]> ]]>",
            "</a>",
            "<d",
        ];
        for piece in [1, 2, 7, xml.len()] {
            assert_eq!(cut(xml, piece), expected, "pieces of {piece}");
        }
    }

    #[test]
    fn an_overlong_tag_is_cut_and_what_follows_is_read() {
        let xml = [b"<a ".to_vec(), vec![b'x'; 2 * TAG_BYTES_MAX], b">1<!---->".to_vec()].concat();
        for piece in [1_000, xml.len()] {
            assert_eq!(cut(&xml, piece), [&TAG_BYTES_MAX.to_string(), "1", "<!---->"], "pieces of {piece}");
        }
    }
}
