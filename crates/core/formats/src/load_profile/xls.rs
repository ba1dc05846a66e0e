//! Workbooks of Excel 97 to 2003 (xls): records of BIFF8 in a compound file ([MS-XLS]).
//!
//! A workbook is held whole, since the table of its sectors may stand at its end. Its stream has the names of sheets and the texts of
//! all cells first, then one sheet after another. The file keeps numbers as binary floats; they are written out with the fifteen
//! digits that Excel itself shows, so that 70.8 is 70.8 again, and are decimals from there on.

use super::compound;
use super::grid::{Grid, Places};
use super::labels::Cell;
use super::strings::Strings;
use crate::limits::REJECT_BYTES_MAX;
use crate::output::{Output, Problem};

/// Largest workbook that is read, in bytes. BDEW's has 160 thousand.
const BYTES_MAX: usize = 16 << 20;
/// The record that a workbook of BIFF8 begins with: BOF, 16 bytes long, version 6.0, of a workbook.
const BEGIN: &[u8] = b"\x09\x08\x10\x00\x00\x06\x05\x00";
const SAVE_AS: &str = "save it as xlsx or CSV and send that";

/// Types of records.
mod record {
    pub(super) const FORMULA: u16 = 0x0006;
    pub(super) const EOF: u16 = 0x000a;
    pub(super) const DATEMODE: u16 = 0x0022;
    pub(super) const FILEPASS: u16 = 0x002f;
    pub(super) const CONTINUE: u16 = 0x003c;
    pub(super) const BOUNDSHEET: u16 = 0x0085;
    pub(super) const MULRK: u16 = 0x00bd;
    pub(super) const SST: u16 = 0x00fc;
    pub(super) const LABELSST: u16 = 0x00fd;
    pub(super) const NUMBER: u16 = 0x0203;
    pub(super) const LABEL: u16 = 0x0204;
    pub(super) const RK: u16 = 0x027e;
    pub(super) const BOF: u16 = 0x0809;
}

pub(super) fn recognise(bytes: &[u8]) -> Option<&'static str> {
    // The stream begins with a sector, mostly the first.
    let sectors = bytes.chunks(512).skip(1);
    sectors.into_iter().any(|sector| sector.starts_with(BEGIN)).then_some("a workbook of Excel 97 to 2003 (xls)")
}

#[derive(Debug, Default)]
pub(super) struct Xls {
    bytes: Vec<u8>,
    too_large: bool,
}

impl Xls {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let room = BYTES_MAX - self.bytes.len();
        self.too_large |= bytes.len() > room;
        self.bytes.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    pub(super) fn finish(self, out: &mut Output<'_>) {
        let stream = if self.too_large {
            Err(format!("it has more than {} MiB", BYTES_MAX >> 20))
        } else {
            compound::workbook(&self.bytes)
        };
        let (tables, read) = match stream {
            Ok(stream) => Stream::default().read(&stream, out),
            Err(reason) => (0, Err(reason)),
        };
        out.enter("");
        let problem = match (tables, read) {
            (0, Ok(())) => super::no_table("the workbook", Vec::new()),
            (_, Ok(())) => return,
            (_, Err(reason)) => {
                let how_far = if tables == 0 { "" } else { " to its end" };
                let reason = format!("the workbook cannot be read{how_far}: {reason}; {SAVE_AS}");
                Problem { position: String::new(), reason, readings: 1, prelude: Vec::new(), bytes: Vec::new() }
            }
        };
        let mut bytes = self.bytes;
        bytes.truncate(REJECT_BYTES_MAX);
        out.problem(Problem { bytes, ..problem });
    }
}

/// One record: its type and its bytes, and those of the records that continue it, one after another.
struct Record<'a> {
    kind: u16,
    parts: Vec<&'a [u8]>,
}

impl<'a> Record<'a> {
    /// The record at the beginning of `rest`, which is moved behind it. `None` at the end.
    fn next(rest: &mut &'a [u8]) -> Result<Option<Self>, String> {
        if rest.len() < 4 {
            return Ok(None);
        }
        let (kind, bytes) = cut(rest)?;
        let mut parts = vec![bytes];
        while rest.first_chunk() == Some(&record::CONTINUE.to_le_bytes()) {
            parts.push(cut(rest)?.1);
        }
        Ok(Some(Self { kind, parts }))
    }

    fn bytes(&self) -> &'a [u8] {
        self.parts.first().copied().unwrap_or_default()
    }
}

fn cut<'a>(rest: &mut &'a [u8]) -> Result<(u16, &'a [u8]), String> {
    const CUT_OFF: &str = "a record is cut off";
    let (kind, length) = (half(rest, 0).ok_or(CUT_OFF)?, half(rest, 2).ok_or(CUT_OFF)?);
    let (bytes, tail) = rest.get(4..).and_then(|rest| rest.split_at_checked(length.into())).ok_or(CUT_OFF)?;
    *rest = tail;
    Ok((kind, bytes))
}

#[derive(Debug, Default)]
struct Stream {
    strings: Strings,
    names: Vec<String>,
    days_from_1904: bool,
    /// Sheets that began; the workbook itself counts.
    begun: usize,
    /// How deep substreams, such as charts, lie within each other.
    depth: u32,
    grid: Option<Grid>,
    tables: u64,
}

impl Stream {
    /// How many tables were found, and why it was not read to its end.
    fn read(mut self, stream: &[u8], out: &mut Output<'_>) -> (u64, Result<(), String>) {
        let read = self.records(stream, out);
        self.end_sheet(out);
        (self.tables, read)
    }

    fn records(&mut self, stream: &[u8], out: &mut Output<'_>) -> Result<(), String> {
        let mut rest = stream;
        while let Some(record) = Record::next(&mut rest)? {
            self.record(&record, out)?;
        }
        Ok(())
    }

    fn record(&mut self, record: &Record<'_>, out: &mut Output<'_>) -> Result<(), String> {
        let bytes = record.bytes();
        match record.kind {
            record::FILEPASS => return Err("it is encrypted".to_owned()),
            record::BOF => self.begin(),
            record::EOF => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    self.end_sheet(out);
                }
            }
            record::DATEMODE => self.days_from_1904 = half(bytes, 0) == Some(1),
            record::BOUNDSHEET => self.names.push(sheet_name(bytes)),
            record::SST => strings(record, &mut self.strings),
            // A chart within a sheet has cells of its own.
            _ if self.depth == 1 => self.cells(record.kind, bytes, out),
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self) {
        if self.depth == 0 {
            self.begun += 1;
            self.grid = (self.begun > 1).then(|| Grid::new(Places::Cells, self.days_from_1904));
        }
        self.depth = self.depth.saturating_add(1);
    }

    fn end_sheet(&mut self, out: &mut Output<'_>) {
        if let Some(grid) = self.grid.take() {
            out.enter(self.names.get(self.begun.saturating_sub(2)).map_or("", String::as_str));
            self.tables += grid.finish(out);
        }
    }

    fn cells(&mut self, kind: u16, bytes: &[u8], out: &mut Output<'_>) {
        let Some((row, column)) = half(bytes, 0).zip(half(bytes, 2)) else { return };
        let (row, column) = (u32::from(row) + 1, u32::from(column));
        let Some(grid) = &mut self.grid else { return };
        out.enter(self.names.get(self.begun.saturating_sub(2)).map_or("", String::as_str));
        let cell = match kind {
            record::NUMBER => double(bytes, 6).map(number),
            record::RK => word(bytes, 6).map(packed),
            // A result that is no number has the mark for it in its last bytes.
            record::FORMULA if half(bytes, 12) == Some(0xffff) => {
                Some(Cell::Text("a formula without a number".to_owned()))
            }
            record::FORMULA => double(bytes, 6).map(number),
            record::LABELSST => word(bytes, 6).map(|index| self.strings.cell(&index.to_string())),
            record::LABEL => Some(Cell::Text(label(bytes))),
            record::MULRK => {
                let cells = bytes.get(4..).unwrap_or_default().chunks_exact(6);
                for (next, cell) in (column..).zip(cells) {
                    if let Some(value) = word(cell, 2) {
                        grid.cell(row, next, packed(value), out);
                    }
                }
                None
            }
            _ => None,
        };
        if let Some(cell) = cell
            && !cell.text().trim().is_empty()
        {
            grid.cell(row, column, cell, out);
        }
    }
}

/// A float with the digits that Excel shows.
fn number(float: f64) -> Cell {
    Cell::Number(format!("{float:.14e}"))
}

/// A number in four bytes: whole or the upper half of a float, and perhaps in hundredths.
fn packed(word: u32) -> Cell {
    let (hundredths, whole) = (word & 1 != 0, word & 2 != 0);
    if whole {
        let value = word.cast_signed() >> 2;
        return Cell::Number(if hundredths { format!("{value}e-2") } else { value.to_string() });
    }
    let float = f64::from_bits(u64::from(word & !3) << 32);
    number(if hundredths { float / 100.0 } else { float })
}

fn sheet_name(bytes: &[u8]) -> String {
    let length = bytes.get(6).copied().unwrap_or_default();
    let wide = bytes.get(7).is_some_and(|flags| flags & 1 != 0);
    let name = letters(bytes.get(8..).unwrap_or_default(), length.into(), wide);
    name.chars().filter(|letter| !letter.is_control()).collect()
}

fn label(bytes: &[u8]) -> String {
    let length = half(bytes, 6).unwrap_or_default();
    let wide = bytes.get(8).is_some_and(|flags| flags & 1 != 0);
    super::shortened(&letters(bytes.get(9..).unwrap_or_default(), length.into(), wide))
}

fn letters(bytes: &[u8], length: usize, wide: bool) -> String {
    if wide {
        let units = bytes.chunks_exact(2).take(length).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        return String::from_utf16_lossy(&units.collect::<Vec<_>>());
    }
    bytes.iter().take(length).map(|byte| char::from(*byte)).collect()
}

/// The texts of all cells. One may go on in the next record, where its first byte tells anew how wide its letters are.
fn strings(record: &Record<'_>, strings: &mut Strings) {
    let mut parts = Parts { parts: &record.parts, at: 8 };
    while !strings.is_full() {
        let Some(text) = parts.text() else { return };
        strings.push(&text);
    }
}

/// What is left of a record and of those that continue it.
struct Parts<'p, 'a> {
    parts: &'p [&'a [u8]],
    /// Place in the first of them.
    at: usize,
}

impl<'a> Parts<'_, 'a> {
    fn rest(&self) -> &'a [u8] {
        self.parts.first().and_then(|part| part.get(self.at..)).unwrap_or_default()
    }

    /// Goes on with the next record where this one is used up; `false` at the end.
    fn turn(&mut self) -> bool {
        while self.rest().is_empty() {
            let [_, tail @ ..] = self.parts else { return false };
            (self.parts, self.at) = (tail, 0);
            if tail.is_empty() {
                return false;
            }
        }
        true
    }

    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let taken = self.rest().get(..bytes)?;
        self.at += bytes;
        Some(taken)
    }

    fn text(&mut self) -> Option<String> {
        if !self.turn() {
            return None;
        }
        let length = usize::from(half(self.take(2)?, 0)?);
        let flags = self.take(1)?.first().copied()?;
        let runs = if flags & 8 != 0 { usize::from(half(self.take(2)?, 0)?) * 4 } else { 0 };
        let extra = if flags & 4 != 0 { word(self.take(4)?, 0)? as usize } else { 0 };
        let mut wide = flags & 1 != 0;
        let mut text = String::new();
        let mut left = length;
        loop {
            let bytes = self.rest();
            let fitting = left.min(bytes.len() / if wide { 2 } else { 1 });
            text.push_str(&letters(bytes, fitting, wide));
            self.at += fitting * if wide { 2 } else { 1 };
            left -= fitting;
            if left == 0 {
                break;
            }
            let [_, tail @ ..] = self.parts else { return None };
            (self.parts, self.at) = (tail, 0);
            wide = self.take(1)?.first()? & 1 != 0;
        }
        self.skip(runs.checked_add(extra)?);
        Some(text)
    }

    fn skip(&mut self, mut bytes: usize) {
        while bytes > 0 && self.turn() {
            let step = bytes.min(self.rest().len());
            self.at += step;
            bytes -= step;
        }
    }
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn double(bytes: &[u8], at: usize) -> Option<f64> {
    Some(f64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}
