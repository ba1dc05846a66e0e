//! Tables of standard load profiles as BDEW publishes them, and as others hand them on: one row of `load_profiles` a value.
//!
//! Three containers hold the same sheets: a workbook as Office Open XML ([`xlsx`]), one of Excel 97 to 2003 ([`xls`]), and text of
//! fields ([`text`]), which may be a list with one value a line as well ([`list`]). [`grid`] finds the tables of a sheet, [`table`]
//! reads one, [`labels`] knows the words. A profile is no reading: no meter measured it. [`metrify_domain::profile`] unrolls a
//! table over the days of the calendar.

mod compound;
mod grid;
mod labels;
mod list;
mod number;
mod strings;
mod table;
mod text;
mod value;
mod xls;
mod xlsx;

use metrify_domain::{Finding, Severity};

use crate::archive::{Members, Unpacker};
use crate::detect::Head;
use crate::format::Options;
use crate::output::{Output, Problem};
use crate::page::Table;
use text::Text;
use xls::Xls;
use xlsx::Workbook;

/// Longest text of a cell that is kept, in characters.
const TEXT_CHARS_MAX: usize = 100;

#[must_use]
pub fn tables() -> Vec<Table> {
    let words = |words: &[&str]| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let row = |known: &[&str], meaning: &str| vec![words(known), format!("`{meaning}`")];
    vec![
        Table {
            name: "seasons",
            columns: &["begins with", "`season`"],
            rows: labels::SEASONS.iter().map(|(known, season)| row(known, season.name())).collect(),
        },
        Table {
            name: "day_types",
            columns: &["word", "`day_type`"],
            rows: labels::DAY_TYPES.iter().map(|(known, day_type)| row(known, day_type.name())).collect(),
        },
        Table {
            name: "units",
            columns: &["word", "`unit`"],
            rows: labels::UNITS.iter().map(|(known, unit)| row(known, unit.as_str())).collect(),
        },
    ]
}

#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    if head.bytes.starts_with(b"PK") {
        return xlsx::recognise(head.bytes);
    }
    if head.bytes.starts_with(compound::SIGNATURE) {
        return xls::recognise(head.bytes);
    }
    text::recognise(head.bytes)
}

#[derive(Default)]
pub struct Decoder {
    unpacker: Unpacker,
    delivery: Delivery,
}

impl Decoder {
    #[must_use]
    pub fn new(_options: &Options) -> Self {
        Self::default()
    }

    pub fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        self.unpacker.push(bytes, &mut self.delivery, out);
    }

    pub fn finish(&mut self, out: &mut Output<'_>) {
        let is_archive = matches!(self.unpacker, Unpacker::Archive(_));
        self.unpacker.finish(&mut self.delivery, out);
        let tables = match &self.delivery {
            Delivery::Workbook(workbook) => workbook.tables(),
            Delivery::Begin | Delivery::Held(_) | Delivery::Xls(_) | Delivery::Text(_) => 0,
        };
        if is_archive && tables == 0 {
            out.problem(no_table("the workbook", Vec::new()));
        }
    }
}

/// What the bytes turned out to be.
#[derive(Default)]
enum Delivery {
    /// Too few bytes came to tell an old workbook from text.
    #[default]
    Begin,
    Held(Vec<u8>),
    Workbook(Box<Workbook>),
    Xls(Xls),
    Text(Box<Text>),
}

impl Members for Delivery {
    fn begin(&mut self, name: &str, _out: &mut Output<'_>) -> bool {
        if name.is_empty() {
            *self = Self::Held(Vec::new());
            return true;
        }
        if !matches!(self, Self::Workbook(_)) {
            *self = Self::Workbook(Box::default());
        }
        match self {
            Self::Workbook(workbook) => workbook.begin(name),
            Self::Begin | Self::Held(_) | Self::Xls(_) | Self::Text(_) => false,
        }
    }

    fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        match self {
            Self::Begin => {}
            Self::Held(held) => {
                held.extend_from_slice(bytes);
                let undecided = compound::SIGNATURE.starts_with(held) && held.len() < compound::SIGNATURE.len();
                if !undecided {
                    let held = std::mem::take(held);
                    *self = if held.starts_with(compound::SIGNATURE) {
                        Self::Xls(Xls::default())
                    } else {
                        Self::Text(Box::default())
                    };
                    self.push(&held, out);
                }
            }
            Self::Workbook(workbook) => workbook.push(bytes, out),
            Self::Xls(xls) => xls.push(bytes),
            Self::Text(text) => text.push(bytes, out),
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        match self {
            Self::Begin => {}
            Self::Workbook(workbook) => workbook.end(out),
            Self::Held(held) => {
                let mut text = Text::default();
                text.push(held, out);
                text.finish(out);
            }
            Self::Xls(xls) => std::mem::take(xls).finish(out),
            Self::Text(text) => std::mem::take(&mut **text).finish(out),
        }
    }
}

fn finding(severity: Severity, rule: &'static str, position: String, reason: String) -> Finding {
    Finding { rule: rule.into(), severity, channel: None, period: None, position, reason }
}

/// The problem of a delivery without a table.
fn no_table(what: &str, bytes: Vec<u8>) -> Problem {
    let reason = format!(
        "{what} holds no load profile: needed is a row with a unit, `[W]` or `[kWh]`, and day types such as SA, FT, WT behind it"
    );
    Problem { position: String::new(), reason, readings: 1, prelude: Vec::new(), bytes }
}

/// The text of a cell as it is kept. A cut one ends with `…`, so that it is taken for no number.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}
