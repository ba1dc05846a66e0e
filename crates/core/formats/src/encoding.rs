//! Bytes as text: UTF-8, else ISO-8859-1 as German programs still write it; UTF-16 is named and refused.

use std::borrow::Cow;

/// Longest header line of a table, in bytes: it is kept with every problem of its rows. One of a hundred values takes five hundred.
pub(crate) const HEADER_BYTES_MAX: usize = 8 << 10;

pub(crate) const UTF_16: &str = "the bytes are UTF-16, yet UTF-8 is needed: save the file as UTF-8";

/// Whether a first line is UTF-16 by its byte order mark or by the zero beside its first letter.
pub(crate) const fn is_utf_16(first_line: &[u8]) -> bool {
    matches!(first_line, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 1..=255, ..] | [1..=255, 0, ..])
}

/// A line as text. What is not UTF-8 is ISO-8859-1, with the euro sign where Windows has it.
pub(crate) fn text(line: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(line) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            let mut text = String::with_capacity(text_bytes(line));
            text.extend(letters(line));
            Cow::Owned(text)
        }
    }
}

/// Bytes of the [`text`] that a line is.
pub(crate) fn text_bytes(line: &[u8]) -> usize {
    if std::str::from_utf8(line).is_ok() { line.len() } else { letters(line).map(char::len_utf8).sum() }
}

fn letters(line: &[u8]) -> impl Iterator<Item = char> {
    line.iter().map(|byte| if *byte == 0x80 { '€' } else { char::from(*byte) })
}

/// The header line of a table as text.
///
/// # Errors
/// Where it cannot be read, in words.
pub(crate) fn header(line: &[u8]) -> Result<Cow<'_, str>, String> {
    if is_utf_16(line) {
        return Err(UTF_16.to_owned());
    }
    if line.len() > HEADER_BYTES_MAX {
        return Err(format!("the header line has more than {HEADER_BYTES_MAX} bytes"));
    }
    Ok(text(line))
}

/// The first line of a delivery may begin with a byte order mark.
pub(crate) fn without_mark(first_line: &[u8]) -> &[u8] {
    first_line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first_line)
}

#[cfg(test)]
mod tests {
    use super::{header, is_utf_16, text};

    #[test]
    fn lines_are_utf_8_or_else_iso_8859_1() {
        assert_eq!(text("Zähler €".as_bytes()), "Zähler €");
        assert_eq!(text(b"Z\xe4hler \x80"), "Zähler €");
        assert!(header(&[b'x'; 9_000]).is_err_and(|reason| reason.contains("8192 bytes")));
        assert!(is_utf_16(b"\xff\xfep\0") && is_utf_16(b"\0p\0o") && is_utf_16(b"p\0o\0"));
        assert!(!is_utf_16(b"point") && !is_utf_16(b"") && !is_utf_16(b"\0\0") && !is_utf_16(b"\xef\xbb\xbfp"));
    }
}
