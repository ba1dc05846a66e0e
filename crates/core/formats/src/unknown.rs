//! What to say of content that shows no format: what it seems to be, and what helps.

use crate::detect::Head;
use crate::encoding::text;
use crate::fields::{delimiter, split};

/// Beginnings that tell what content is which is not read, with what helps.
const BEGINNINGS: [(&[u8], &str); 9] = [
    (b"%PDF-", "it is a PDF document: deliver the table that it was made from"),
    (b"\xfd7zXZ\0", "it is packed with xz, which is not unpacked: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "it is packed with 7-Zip, which is not unpacked: unpack it first"),
    (b"Rar!\x1a\x07", "it is packed with RAR, which is not unpacked: unpack it first"),
    (b"PK\x03\x04", "it is a zip archive of another kind, such as a workbook: save its sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "it is a document of Microsoft Office: save its sheet as CSV"),
    (b"\x89PNG", "it is a picture"),
    (b"\xff\xd8\xff", "it is a picture"),
    (b"SQLite format 3\0", "it is a database: export its table as CSV"),
];

/// Names that the parts of workbooks have within, which are zip archives.
const OFFICE: [&[u8]; 2] = [b"schemas.openxmlformats.org", b"urn:oasis:names:tc:opendocument"];

/// The reason why content of no known format is not read, with advice.
#[must_use]
pub fn unknown(head: &Head<'_>) -> String {
    let seen = seen(head).map(|seen| format!(": {seen}")).unwrap_or_default();
    format!("the content shows no format that is known{seen}; `system.formats` lists them, and --format names one")
}

fn seen(head: &Head<'_>) -> Option<String> {
    let bytes = head.bytes.trim_ascii_start();
    if bytes.is_empty() {
        return Some("it is blank".to_owned());
    }
    if let Some((_, what)) = BEGINNINGS.iter().find(|(beginning, _)| head.bytes.starts_with(beginning)) {
        return Some((*what).to_owned());
    }
    if head.bytes.iter().all(|byte| *byte == 0) {
        return Some("it is zeros alone".to_owned());
    }
    if !head.is_text() {
        return None;
    }
    let begins = |mark: &str| bytes.get(..mark.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(mark.as_bytes()));
    if begins("<!doctype html") || begins("<html") {
        return Some(
            "it is a web page, as portals send it in place of a file: log in and load the file again".to_owned(),
        );
    }
    if OFFICE.iter().any(|name| head.bytes.windows(name.len()).any(|window| window == *name)) {
        return Some("it is a part of an office document: save its sheet as CSV".to_owned());
    }
    if begins("<") {
        return Some("it is XML of another kind".to_owned());
    }
    if begins("{") || begins("[") {
        return Some("it is JSON of another kind".to_owned());
    }
    if begins("From ") {
        return Some("it is a mailbox: deliver each message as a file of its own".to_owned());
    }
    table(head)
}

/// Fewest fields of a line that make it one of a table.
const FIELDS_MIN: usize = 2;

/// What is said of a table: the names that its first line of fields has.
fn table(head: &Head<'_>) -> Option<String> {
    let mut fields = Vec::new();
    let mut names = |line: &[u8]| {
        let line = text(line);
        split(&line, delimiter(&line), &mut fields).ok()?;
        let names = fields.iter().map(|field| field.text(&line).chars().take(20).collect::<String>());
        let names: Vec<String> = names.filter(|name| !name.is_empty()).collect();
        (names.len() >= FIELDS_MIN).then_some(names)
    };
    let lines = head.bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let found = lines.take(LINES_LOOKED_AT).find_map(&mut names)?;
    let shown = found.iter().take(NAMES_SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let more = if found.len() > NAMES_SHOWN { " ..." } else { "" };
    Some(format!(
        "it may be a table, yet none of its first lines names a time and values (found {shown}{more}), as `Zeitstempel;Wert [kWh]` does"
    ))
}

/// Lines among which a table is looked for.
const LINES_LOOKED_AT: usize = 8;
/// Names of columns that are shown.
const NAMES_SHOWN: usize = 4;

#[cfg(test)]
mod tests {
    use super::unknown;
    use crate::detect::Head;

    #[test]
    fn content_is_told_for_what_it_seems_to_be() {
        for (content, told) in [
            (&b" \n\n"[..], "it is blank"),
            (b"%PDF-1.7\n", "PDF"),
            (b"\xfd7zXZ\0\0", "unpack it first"),
            (b"PK\x03\x04\x14\0", "save its sheet as CSV"),
            (b"\n<!DOCTYPE html><html>", "web page"),
            (b"<a/>", "XML"),
            (
                b"<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">",
                "save its sheet as CSV",
            ),
            (b"{\"a\":1}", "JSON"),
            (&[0; 100], "zeros"),
            (b"Lastgang Meier\nTag;Menge\n1;2\n", "(found `Tag`, `Menge`)"),
            (b"a,b,c,d,e,f\n", "`a`, `b`, `c`, `d` ..."),
        ] {
            let reason = unknown(&Head::new(content));
            assert!(reason.contains(told), "{reason}");
        }
        for other in [&b"\x01\x02\x03"[..], b"words without sense\n", b"AAAABBBB"] {
            let reason = unknown(&Head::new(other));
            let expected =
                "the content shows no format that is known; `system.formats` lists them, and --format names one";
            assert_eq!(reason, expected);
        }
    }
}
