//! A sheet, or a text of fields, as BDEW lays a table out: seasons or months above day types above the values, times at the left.
//!
//! Cells come in the order of their rows. The table begins with the row that has a unit (`[W]`, `[kWh]`) and day types behind it;
//! the row before it has the seasons or months, each over its own column and those behind it that have none. Its name and the
//! consumption of a year stand above or below, so that a table is held until the sheet ends: some 3500 values.

use metrify_domain::Severity;

use super::finding;
use super::labels::{self, Cell};
use super::table::Table;
use crate::output::Output;

/// Columns of a sheet that are looked at; a table has 37.
pub(super) const COLUMNS_MAX: u32 = 64;
/// Texts above a table that are kept.
const TEXTS_MAX: usize = 64;

/// How places are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Places {
    /// `cell C5`
    Cells,
    /// `line 5, field 3`
    Lines,
}

impl Places {
    pub(super) fn name(self, row: u32, column: u32) -> String {
        match self {
            Self::Cells => format!("cell {}{row}", letters(column)),
            Self::Lines => format!("line {row}, field {}", column + 1),
        }
    }
}

/// The name of a column: A to Z, AA and on.
fn letters(column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = Some(column);
    while let Some(number) = rest {
        letters.push(char::from(b'A' + (number % 26) as u8));
        rest = (number / 26).checked_sub(1);
    }
    letters.iter().rev().collect()
}

/// A row: the cells that hold something, with their columns from 0, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// From 1.
    pub(super) number: u32,
    pub(super) cells: Vec<(u32, Cell)>,
}

impl Row {
    pub(super) fn cell(&self, column: u32) -> Option<&Cell> {
        self.cells.iter().find(|(at, _)| *at == column).map(|(_, cell)| cell)
    }

    /// The place of the unit in a row that begins a table. A unit without brackets may stand in any table.
    pub(super) fn header(&self) -> Option<u32> {
        let is_unit = |cell: &Cell| cell.text().trim().starts_with('[') && labels::unit(cell.text()).is_some();
        let unit = self.cells.iter().find(|(_, cell)| is_unit(cell))?.0;
        let types = self.cells.iter().any(|(column, cell)| *column > unit && labels::day_type(cell.text()).is_some());
        types.then_some(unit)
    }
}

#[derive(Debug)]
pub(super) struct Grid {
    places: Places,
    days_from_1904: bool,
    row: Row,
    above: Row,
    texts: Vec<String>,
    table: Option<Table>,
    tables: u64,
    beside: Beside,
}

/// Numbers that stand beside the table or where there is none.
#[derive(Debug, Default)]
struct Beside {
    numbers: u64,
    /// The row and column of the first one.
    first: Option<(u32, u32)>,
}

impl Beside {
    fn count(&mut self, row: &Row, is_beside: impl Fn(u32) -> bool) {
        for (column, _) in row.cells.iter().filter(|(column, cell)| is_beside(*column) && cell.number().is_some()) {
            self.numbers += 1;
            self.first.get_or_insert((row.number, *column));
        }
    }
}

impl Grid {
    pub(super) fn new(places: Places, days_from_1904: bool) -> Self {
        Self {
            places,
            days_from_1904,
            row: Row::default(),
            above: Row::default(),
            texts: Vec::new(),
            table: None,
            tables: 0,
            beside: Beside::default(),
        }
    }

    /// The next cell that holds something; rows from 1, columns from 0.
    pub(super) fn cell(&mut self, row: u32, column: u32, cell: Cell, out: &mut Output<'_>) {
        if row != self.row.number {
            self.end_row(out);
            self.row.number = row;
        }
        if column < COLUMNS_MAX && self.row.cell(column).is_none() {
            self.row.cells.push((column, cell));
        } else {
            self.beside.count(&Row { number: row, cells: vec![(column, cell)] }, |_| true);
        }
    }

    fn end_row(&mut self, out: &mut Output<'_>) {
        let row = std::mem::take(&mut self.row);
        if row.cells.is_empty() {
            return;
        }
        if let Some(unit) = row.header() {
            self.end_table(out);
            let above = std::mem::take(&mut self.above);
            let table = Table::new(&above, &row, unit, self.days_from_1904);
            self.table = Some(table.named(&above, &self.texts));
            self.texts.clear();
            return;
        }
        if self.table.as_mut().is_some_and(|table| table.row(&row, self.places, out)) {
            let table = self.table.as_ref();
            self.beside.count(&row, |column| !table.is_some_and(|table| table.has(column)));
            return;
        }
        for (_, cell) in &row.cells {
            if let Some(table) = &mut self.table {
                table.text(cell.text());
            }
            if self.texts.len() < TEXTS_MAX {
                self.texts.push(cell.text().to_owned());
            }
        }
        // Only once another row follows it is known that it does not belong to a table.
        let before = std::mem::replace(&mut self.above, row);
        self.beside.count(&before, |_| true);
    }

    fn end_table(&mut self, out: &mut Output<'_>) {
        if let Some(table) = self.table.take() {
            self.tables += 1;
            table.finish(self.places, out);
        }
    }

    /// How many tables were found.
    pub(super) fn finish(mut self, out: &mut Output<'_>) -> u64 {
        self.end_row(out);
        self.end_table(out);
        self.beside.count(&self.above, |_| true);
        let Beside { numbers, first } = self.beside;
        if self.tables == 0 {
            let title = self.texts.first().map_or(String::new(), |text| format!(" (`{text}`)"));
            let reason = format!("no load profile stands here{title}; numbers that are not read: {numbers}");
            out.finding(finding(Severity::Note, "no_load_profile", String::new(), reason));
        } else if let Some((row, column)) = first {
            let reason =
                format!("numbers beside the table that are not read, such as sums: {numbers}; this is the first");
            out.finding(finding(Severity::Note, "beside_table", self.places.name(row, column), reason));
        }
        self.tables
    }
}

#[cfg(test)]
mod tests {
    use super::letters;

    #[test]
    fn columns_are_named_as_spreadsheets_do() {
        for (column, expected) in [(0, "A"), (25, "Z"), (26, "AA"), (39, "AN"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(letters(column), expected);
        }
    }
}
