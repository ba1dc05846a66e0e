//! The fields of one line of a table, and the mark that sets them apart.

use std::borrow::Cow;

use crate::seek;

pub(crate) const DELIMITERS: [u8; 4] = [b';', b'\t', b'|', b','];

/// The mark that sets the fields of a header apart: the one it has most of.
pub(crate) fn delimiter(header: &str) -> u8 {
    // Of those that stand equally often, the first is meant; `max_by_key` would give the last.
    let often = |delimiter: &u8| header.bytes().filter(|byte| byte == delimiter).count();
    DELIMITERS.into_iter().rev().max_by_key(often).unwrap_or(b',')
}

/// Where a field stands in its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    start: usize,
    end: usize,
    /// Quotes stood around it, and two of them stand for one.
    quoted: bool,
}

impl Field {
    /// The text, where no quotes stood around it.
    #[inline]
    pub(crate) fn plain<'a>(&self, line: &'a str) -> Option<&'a str> {
        if self.quoted { None } else { line.get(self.start..self.end) }
    }

    #[inline]
    pub(crate) fn text<'a>(&self, line: &'a str) -> Cow<'a, str> {
        let text = line.get(self.start..self.end).unwrap_or_default();
        if self.quoted { unquoted(text) } else { Cow::Borrowed(text) }
    }
}

#[cold]
fn unquoted(text: &str) -> Cow<'_, str> {
    if text.contains('"') { Cow::Owned(text.replace("\"\"", "\"")) } else { Cow::Borrowed(text) }
}

/// Splits a line at its delimiter. White space around a field is not part of it unless quotes stand around both. Tells whether the
/// line is plain: it holds neither quotes nor zero bytes.
///
/// # Errors
/// Where a quoted field has no end on its line, or goes on behind its end.
pub(crate) fn split(line: &str, delimiter: u8, fields: &mut Vec<Field>) -> Result<bool, String> {
    let bytes = line.as_bytes();
    fields.clear();
    let mut start = 0;
    let plain = seek::every(bytes, delimiter, [b'"', 0], |end| {
        fields.push(trimmed(bytes, start, end, delimiter));
        start = end + 1;
    });
    if plain {
        fields.push(trimmed(bytes, start, bytes.len(), delimiter));
    } else {
        split_quoted(line, delimiter, fields)?;
    }
    Ok(plain)
}

fn split_quoted(line: &str, delimiter: u8, fields: &mut Vec<Field>) -> Result<(), String> {
    fields.clear();
    let bytes = line.as_bytes();
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let blank = rest.iter().take_while(|byte| is_blank(**byte, delimiter)).count();
        let end = if rest.get(blank) == Some(&b'"') {
            let start = at + blank + 1;
            let close = closing_quote(bytes, start).ok_or("a quoted field has no end: it may not span lines")?;
            fields.push(Field { start, end: close, quoted: true });
            let after = bytes.get(close + 1..).unwrap_or_default();
            let blank = after.iter().take_while(|byte| is_blank(**byte, delimiter)).count();
            close + 1 + blank
        } else {
            let end = at + seek::byte(rest, delimiter).unwrap_or(rest.len());
            fields.push(trimmed(bytes, at, end, delimiter));
            end
        };
        match bytes.get(end) {
            None => return Ok(()),
            Some(byte) if *byte == delimiter => at = end + 1,
            Some(_) => return Err(format!("field {} goes on behind its closing quote", fields.len())),
        }
    }
}

/// The field between two places, without the white space at its ends.
#[inline]
fn trimmed(line: &[u8], start: usize, end: usize, delimiter: u8) -> Field {
    let text = line.get(start..end).unwrap_or_default();
    match text {
        [first, .., last] if *first > b' ' && *last > b' ' => return Field { start, end, quoted: false },
        [] => return Field { start, end, quoted: false },
        _ => {}
    }
    let leading = text.iter().take_while(|byte| is_blank(**byte, delimiter)).count();
    let text = text.get(leading..).unwrap_or_default();
    let trailing = text.iter().rev().take_while(|byte| is_blank(**byte, delimiter)).count();
    Field { start: start + leading, end: end - trailing, quoted: false }
}

const fn is_blank(byte: u8, delimiter: u8) -> bool {
    byte <= b' ' && matches!(byte, b' ' | b'\t' | b'\r') && byte != delimiter
}

/// The quote that ends a field whose text begins at `start`; two quotes in a row are one of the text.
fn closing_quote(line: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        at += seek::byte(line.get(at..)?, b'"')?;
        if line.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    fn fields(line: &str, delimiter: u8) -> Result<Vec<String>, String> {
        let mut fields = Vec::new();
        split(line, delimiter, &mut fields)?;
        Ok(fields.iter().map(|field| field.text(line).into_owned()).collect())
    }

    #[test]
    fn a_line_is_split_at_its_delimiter_outside_quotes() {
        for (line, delimiter, expected) in [
            ("a;b;c", b';', &["a", "b", "c"][..]),
            ("", b';', &[""]),
            (";", b';', &["", ""]),
            (" a ; \"b;c\" ;", b';', &["a", "b;c", ""]),
            ("\"say \"\"hi\"\"\",\" x \"", b',', &["say \"hi\"", " x "]),
            ("a\t\tb", b'\t', &["a", "", "b"]),
            ("a | b", b'|', &["a", "b"]),
            ("5\" pipe;ä", b';', &["5\" pipe", "ä"]),
            ("\"\"", b',', &[""]),
        ] {
            assert_eq!(fields(line, delimiter), Ok(expected.iter().map(|&text| text.to_owned()).collect()), "{line}");
        }
    }

    #[test]
    fn quotes_that_do_not_match_are_refused() {
        assert!(fields("a;\"b;c", b';').is_err_and(|reason| reason.contains("no end")));
        assert!(fields("\"a\"b;c", b';').is_err_and(|reason| reason.contains("field 1 goes on")));
    }
}
