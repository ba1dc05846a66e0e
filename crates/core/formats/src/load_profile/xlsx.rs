//! Workbooks as Office Open XML (xlsx): a zip archive with a sheet a member, and the texts of all sheets in another.
//!
//! Members come in the order of their names, so that texts (`xl/sharedStrings.xml`) come before sheets (`xl/worksheets/`). A sheet is
//! read as it is unpacked; no more than one cell, one row and one table are held. Formulas count with the value that is kept with
//! them. Names of sheets, formats and hidden rows say nothing here: positions name the member.

use quick_xml::escape::{resolve_predefined_entity, unescape_with};
use quick_xml::events::BytesStart;

use super::grid::{Grid, Places};
use super::labels::Cell;
use super::shortened;
use super::strings::Strings;
use crate::encoding;
use crate::limits::REJECT_BYTES_MAX;
use crate::output::{Output, Problem};
use crate::xml::markup::{Markup, Token};

/// Longest text of one cell that is looked at, in bytes; of what is longer the beginning is.
const CELL_BYTES_MAX: usize = 1 << 10;

/// What speaks for a workbook in the names of the first members, in words.
pub(super) fn recognise(bytes: &[u8]) -> Option<&'static str> {
    // Names stand unpacked in the headers of members, and these two in no archive but a workbook.
    const MEMBERS: [&[u8]; 2] = [b"xl/workbook.xml", b"xl/worksheets/"];
    let holds = |member: &[u8]| bytes.windows(member.len()).any(|window| window == member);
    MEMBERS.into_iter().any(holds).then_some("the members of a workbook (xlsx)")
}

#[derive(Debug, Default)]
pub(super) struct Workbook {
    strings: Strings,
    days_from_1904: bool,
    member: Option<Member>,
    tables: u64,
}

/// The member that is being read.
#[derive(Debug)]
struct Member {
    markup: Markup,
    content: Content,
}

/// What is known within a member.
#[derive(Debug)]
struct Content {
    part: Part,
    /// Within text that is read.
    reading: bool,
    /// Within how a text is spoken, which Japanese cells say and which is no part of it.
    phonetic: bool,
    /// At most [`CELL_BYTES_MAX`] of it.
    text: Vec<u8>,
    ended: bool,
}

#[derive(Debug)]
enum Part {
    Workbook,
    Strings,
    Sheet(Box<Sheet>),
}

#[derive(Debug)]
struct Sheet {
    grid: Grid,
    row: u32,
    /// The next cell where it does not say its place.
    column: u32,
    /// The type of the cell that is being read.
    kind: String,
}

impl Workbook {
    /// Whether the member holds something to read.
    pub(super) fn begin(&mut self, name: &str) -> bool {
        let part = match name {
            "xl/workbook.xml" => Part::Workbook,
            "xl/sharedStrings.xml" => Part::Strings,
            name if name.starts_with("xl/worksheets/") && name.ends_with(".xml") => {
                let grid = Grid::new(Places::Cells, self.days_from_1904);
                Part::Sheet(Box::new(Sheet { grid, row: 0, column: 0, kind: String::new() }))
            }
            _ => return false,
        };
        let content = Content { part, reading: false, phonetic: false, text: Vec::new(), ended: false };
        self.member = Some(Member { markup: Markup::default(), content });
        true
    }

    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        let Self { strings, days_from_1904, member, .. } = self;
        let Some(Member { markup, content }) = member else { return };
        let mut reader = Reader { strings, days_from_1904, content };
        markup.push(bytes, |token| match token {
            Token::Text(text) => reader.content.hold(text),
            Token::Tag(tag) => reader.markup(tag, out),
            Token::Overlong(tag) => {
                let reason = "a tag is longer than any of a workbook".to_owned();
                let bytes = tag.get(..REJECT_BYTES_MAX).unwrap_or(tag).to_vec();
                out.problem(Problem { position: String::new(), reason, readings: 1, prelude: Vec::new(), bytes });
            }
        });
    }

    pub(super) fn end(&mut self, out: &mut Output<'_>) {
        let Some(Member { mut markup, content }) = self.member.take() else { return };
        let rest = markup.finish();
        if let Part::Sheet(sheet) = content.part {
            self.tables += sheet.grid.finish(out);
        }
        if !content.ended {
            let reason = "the member is no XML of a workbook, or cut off: its root element does not end".to_owned();
            let bytes = rest.get(..REJECT_BYTES_MAX).unwrap_or(&rest).to_vec();
            out.problem(Problem { position: String::new(), reason, readings: 1, prelude: Vec::new(), bytes });
        }
    }

    /// How many tables were found.
    pub(super) const fn tables(&self) -> u64 {
        self.tables
    }
}

impl Content {
    fn hold(&mut self, bytes: &[u8]) {
        if self.reading {
            let room = CELL_BYTES_MAX.saturating_sub(self.text.len());
            self.text.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        }
    }
}

/// Reads the tags of a member.
struct Reader<'m> {
    strings: &'m mut Strings,
    days_from_1904: &'m mut bool,
    content: &'m mut Content,
}

impl Reader<'_> {
    fn markup(&mut self, tag: &[u8], out: &mut Output<'_>) {
        if let Some(quoted) = tag.strip_prefix(b"<![CDATA[").and_then(|rest| rest.strip_suffix(b"]]>")) {
            // What is quoted so has no entities; quoted again it has, and reads the same.
            return self.content.hold(quick_xml::escape::escape(encoding::text(quoted)).as_bytes());
        }
        if let Some(tag) = tag.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">")) {
            self.tag(&encoding::text(tag), out);
        }
    }

    fn tag(&mut self, tag: &str, out: &mut Output<'_>) {
        if let Some(name) = tag.strip_prefix('/') {
            return self.close(local(name.trim_end()), out);
        }
        if tag.starts_with(['?', '!']) {
            return;
        }
        let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let length = tag.find(|letter: char| letter.is_ascii_whitespace()).unwrap_or(tag.len());
        let start = BytesStart::from_content(tag, length);
        let name = start.local_name().into_inner();
        self.open(name, &start);
        if empty {
            self.close(name, out);
        }
    }

    fn open(&mut self, name: &str, start: &BytesStart<'_>) {
        let content = &mut *self.content;
        match (&mut content.part, name) {
            (Part::Workbook, "workbookPr") => {
                *self.days_from_1904 = matches!(attribute(start, "date1904").as_str(), "1" | "true");
            }
            (Part::Strings, "si") => content.text.clear(),
            (_, "rPh") => content.phonetic = true,
            (Part::Strings | Part::Sheet(_), "t") => content.reading = !content.phonetic,
            (Part::Sheet(_), "v") => content.reading = true,
            (Part::Sheet(sheet), "row") => {
                sheet.row = attribute(start, "r").parse().unwrap_or(sheet.row.saturating_add(1));
                sheet.column = 0;
            }
            (Part::Sheet(sheet), "c") => {
                if let Some((column, row)) = place(&attribute(start, "r")) {
                    (sheet.row, sheet.column) = (row, column);
                }
                sheet.kind = attribute(start, "t");
                content.text.clear();
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str, out: &mut Output<'_>) {
        let content = &mut *self.content;
        match (&mut content.part, name) {
            (Part::Strings, "si") => self.strings.push(&plain(&content.text)),
            (_, "rPh") => content.phonetic = false,
            (Part::Strings | Part::Sheet(_), "t") | (Part::Sheet(_), "v") => content.reading = false,
            (Part::Sheet(sheet), "c") => {
                let text = plain(&content.text);
                let column = sheet.column;
                sheet.column = column.saturating_add(1);
                if !text.is_empty() {
                    sheet.grid.cell(sheet.row, column, cell(&sheet.kind, &text, self.strings), out);
                }
            }
            (Part::Workbook, "workbook") | (Part::Strings, "sst") | (Part::Sheet(_), "worksheet") => {
                content.ended = true;
            }
            _ => {}
        }
    }
}

fn cell(kind: &str, text: &str, strings: &Strings) -> Cell {
    match kind {
        "s" => strings.cell(text),
        "" | "n" => Cell::Number(shortened(text)),
        // Texts, results of formulas that are texts, truth values, errors such as `#REF!`, dates as text.
        _ => Cell::Text(shortened(text)),
    }
}

fn plain(text: &[u8]) -> String {
    let raw = encoding::text(text.trim_ascii());
    let plain =
        unescape_with(&raw, resolve_predefined_entity).map_or_else(|_| raw.to_string(), std::borrow::Cow::into_owned);
    plain.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, name)| name)
}

/// The value of an attribute of this name; empty where there is none.
fn attribute(start: &BytesStart<'_>, name: &str) -> String {
    let found = start.attributes().with_checks(false).flatten().find(|attribute| attribute.key.as_ref() == name);
    found.map_or(String::new(), |attribute| shortened(&attribute.value))
}

/// `C5` as column 2, from 0, and row 5, from 1.
fn place(text: &str) -> Option<(u32, u32)> {
    /// A column has three letters at most.
    const LETTERS_MAX: usize = 3;
    let letters = text.bytes().take_while(u8::is_ascii_uppercase).count();
    let (name, row) = text.split_at_checked(letters).filter(|_| (1..=LETTERS_MAX).contains(&letters))?;
    let column = name.bytes().fold(0, |sum, letter| sum * 26 + u32::from(letter - b'A') + 1);
    Some((column - 1, row.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_place_is_letters_and_a_number() {
        for (text, expected) in [
            ("A1", Some((0, 1))),
            ("C5", Some((2, 5))),
            ("AN298", Some((39, 298))),
            ("5", None),
            ("C", None),
            ("ABCD1", None),
            ("", None),
        ] {
            assert_eq!(place(text), expected, "{text}");
        }
    }
}
