//! Answers, a page at a time.

use std::fmt;

/// One value of an answer. Numbers are exact decimal text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<T = String> {
    Null,
    Bool(bool),
    Number(T),
    Text(T),
}

impl Cell {
    /// As one that is told out of rows.
    #[must_use]
    pub fn as_str(&self) -> Cell<&str> {
        match self {
            Self::Null => Cell::Null,
            Self::Bool(truth) => Cell::Bool(*truth),
            Self::Number(number) => Cell::Number(number),
            Self::Text(text) => Cell::Text(text),
        }
    }
}

impl Cell<&str> {
    fn to_owned(self) -> Cell {
        match self {
            Self::Null => Cell::Null,
            Self::Bool(truth) => Cell::Bool(truth),
            Self::Number(number) => Cell::Number(number.to_owned()),
            Self::Text(text) => Cell::Text(text.to_owned()),
        }
    }
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Page {
    pub columns: Vec<String>,
    pub rows: Rows,
}

/// Rows of an answer. Their texts lie one behind the other: answers have very many of them, and each by itself would be a piece of memory that is
/// got by one thread and given back by another.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Rows {
    columns: usize,
    cells: Vec<Place>,
    text: String,
    /// How many there are where they have no columns.
    bare: usize,
}

/// What a cell is, and where its text ends; it begins where that of the one before it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    what: Cell<()>,
    end: usize,
}

impl Rows {
    /// So many rows of so many columns, whose cells are pushed next.
    #[must_use]
    pub fn of(columns: usize, rows: usize) -> Self {
        let bare = if columns == 0 { rows } else { 0 };
        Self { columns, cells: Vec::with_capacity(columns.saturating_mul(rows)), text: String::new(), bare }
    }

    /// Adds the next cell, row by row.
    pub fn push(&mut self, cell: Cell<&str>) {
        let what = match cell {
            Cell::Null => Cell::Null,
            Cell::Bool(truth) => Cell::Bool(truth),
            Cell::Number(number) => {
                self.text.push_str(number);
                Cell::Number(())
            }
            Cell::Text(text) => {
                self.text.push_str(text);
                Cell::Text(())
            }
        };
        self.cells.push(Place { what, end: self.text.len() });
    }

    /// Adds the next cell, whose text is written to where it lies.
    ///
    /// # Errors
    /// Those of `write`.
    pub fn write(&mut self, what: Cell<()>, write: impl FnOnce(&mut String) -> fmt::Result) -> fmt::Result {
        let begin = self.text.len();
        write(&mut self.text).inspect_err(|_| self.text.truncate(begin))?;
        self.cells.push(Place { what, end: self.text.len() });
        Ok(())
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len().checked_div(self.columns).unwrap_or(self.bare)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of all texts, and how many cells there are: about what writing them takes.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.text.len() + self.cells.len()
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Row<'_>> + ExactSizeIterator {
        (0..self.len()).map(|number| Row { rows: self, first: number * self.columns })
    }
}

/// A row of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Row<'r> {
    rows: &'r Rows,
    /// The place of its first cell.
    first: usize,
}

impl<'r> Row<'r> {
    pub fn cells(self) -> impl DoubleEndedIterator<Item = Cell<&'r str>> + ExactSizeIterator {
        let Rows { columns, cells, text, .. } = self.rows;
        (self.first..self.first + columns).map(move |place| {
            let begin = place.checked_sub(1).map_or(0, |before| cells[before].end);
            let Place { what, end } = cells[place];
            match what {
                Cell::Null => Cell::Null,
                Cell::Bool(truth) => Cell::Bool(truth),
                Cell::Number(()) => Cell::Number(&text[begin..end]),
                Cell::Text(()) => Cell::Text(&text[begin..end]),
            }
        })
    }

    /// The cells by themselves.
    #[must_use]
    pub fn to_vec(self) -> Vec<Cell> {
        self.cells().map(Cell::to_owned).collect()
    }
}

/// Writes a row as a line of CSV (RFC 4180); what is null is empty.
///
/// # Errors
/// Where `out` takes no more.
pub fn csv_line<'c>(
    out: &mut impl std::io::Write,
    row: impl IntoIterator<Item = Cell<&'c str>>,
) -> std::io::Result<()> {
    for (place, cell) in row.into_iter().enumerate() {
        if place > 0 {
            out.write_all(b",")?;
        }
        match cell {
            Cell::Null => {}
            Cell::Bool(truth) => write!(out, "{truth}")?,
            Cell::Number(number) => out.write_all(number.as_bytes())?,
            // One after the other they are looked for several times as fast as together.
            Cell::Text(text) if ['"', ',', '\n', '\r'].into_iter().any(|special| text.contains(special)) => {
                write!(out, "\"{}\"", text.replace('"', "\"\""))?;
            }
            Cell::Text(text) => out.write_all(text.as_bytes())?,
        }
    }
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_tell_what_was_pushed() {
        let cells = [
            [Cell::Text("a"), Cell::Number("1.5")],
            [Cell::Null, Cell::Text("")],
            [Cell::Bool(true), Cell::Text("ü\"")],
        ];
        let mut rows = Rows::of(2, 3);
        for cell in cells.into_iter().flatten() {
            rows.push(cell);
        }
        rows.push(Cell::Text("half a row is none"));
        assert_eq!((rows.len(), rows.is_empty()), (3, false));
        let told: Vec<Vec<Cell<&str>>> = rows.iter().map(|row| row.cells().collect()).collect();
        assert_eq!(told, cells);
        let last = rows.iter().next_back().expect("a row");
        assert_eq!(last.to_vec(), [Cell::Bool(true), Cell::Text("ü\"".to_owned())]);
        assert_eq!((Rows::default().len(), Rows::of(2, 7).len()), (0, 0));
        let bare = Rows::of(0, 7);
        assert_eq!(bare.iter().map(|row| row.cells().count()).collect::<Vec<_>>(), [0; 7]);
    }

    #[test]
    fn what_is_special_in_csv_is_quoted() {
        let mut line = Vec::new();
        let row = [Cell::Text("a,b"), Cell::Text("say \"x\""), Cell::Null, Cell::Number("-1"), Cell::Bool(false)];
        csv_line(&mut line, row).expect("a line");
        assert_eq!(String::from_utf8(line).expect("text"), "\"a,b\",\"say \"\"x\"\"\",,-1,false\n");
    }
}
