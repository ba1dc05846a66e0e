//! D0: telegrams of meters after IEC 62056-21 (once IEC 1107), as an optical head reads them, with the load profiles of RLM
//! meters after the VDEW Lastenheft 2.1.
//!
//! A telegram with a block check is read only where that holds. In mode D there is none: a data set is read where its
//! parentheses close. Meters rarely tell the zone of their clock; without `--timezone` the time of receipt places what they
//! show, as for SML.

mod clock;
mod codes;
mod facts;
mod frame;
mod profile;
mod reader;
mod values;

use crate::datasets::{DataSets, Item, lossy_text};
use crate::detect::Head;
use crate::dsmr;
use crate::encoding::without_mark;
use crate::format::Options;
use crate::output::Output;
use crate::page::Table;

use frame::Framer;
use reader::Reader;

/// Lines at the beginning that are looked at: the first may be the rest of one.
const LINES_LOOKED_AT: usize = 8;

#[must_use]
pub fn tables() -> Vec<Table> {
    [codes::tables(), profile::tables(), clock::tables()].concat()
}

/// An identification or a sign-on with data sets behind it, or data sets alone; but no telegram of a P1 port.
#[must_use]
pub fn recognise(head: &Head<'_>) -> Option<&'static str> {
    if !head.has(b'(') {
        return None;
    }
    let text = lossy_text(without_mark(head.bytes));
    let lines =
        || text.lines().map(|line| line.trim_matches(|letter: char| letter <= ' ')).filter(|line| !line.is_empty());
    if dsmr::recognise(head).is_some() || !lines().take(LINES_LOOKED_AT).any(is_data) {
        return None;
    }
    let first = lines().next()?;
    if is_identification(first) || is_sign_on(first) {
        return Some("a sign-on or an identification of IEC 62056-21 with data sets behind it");
    }
    lines().take(2).any(is_data).then_some("data sets of IEC 62056-21")
}

/// `/`, three letters of the maker, the baud rate.
fn is_identification(line: &str) -> bool {
    match line.as_bytes() {
        [b'/', first, second, third, baud, ..] => {
            [first, second, third].iter().all(|letter| letter.is_ascii_alphabetic()) && baud.is_ascii_alphanumeric()
        }
        _ => false,
    }
}

fn is_sign_on(line: &str) -> bool {
    line.starts_with("/?") && line.ends_with('!')
}

/// Whether a line holds data sets with codes and nothing else.
fn is_data(line: &str) -> bool {
    let is_set = |item: Item<'_>| match item {
        Item::Set(set) => codes::read(set.code, false).is_some(),
        Item::Stray(_) | Item::Damaged(..) => false,
    };
    line.contains('(') && DataSets::new(line).all(is_set)
}

pub struct Decoder {
    framer: Framer,
    reader: Reader,
}

impl Decoder {
    #[must_use]
    pub fn new(options: &Options) -> Self {
        Self { framer: Framer::new(), reader: Reader::new(options) }
    }

    pub fn push(&mut self, bytes: &[u8], out: &mut Output<'_>) {
        if !out.is_stopped() {
            self.framer.push(bytes, |piece| self.reader.take(&piece, out));
        }
    }

    pub fn finish(&mut self, out: &mut Output<'_>) {
        self.framer.finish(|piece| self.reader.take(&piece, out));
        self.reader.finish(out);
    }
}
