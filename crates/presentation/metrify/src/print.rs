//! Answers as tables, JSON or CSV on standard output.

use std::io::{BufWriter, Stdout, Write};

use metrify_application::ports::{Cell, Page, Row, csv_line};
use metrify_application::{Error, Kind, Result, io};

use crate::cli::Output;

/// Rows whose widths are looked at before a table is printed; later rows may be wider than their column.
const TABLE_ROWS_HELD: usize = 10_000;

/// Prints the pages of one answer.
pub struct Printer {
    output: Output,
    out: BufWriter<Stdout>,
    columns: Vec<String>,
    held: Vec<Vec<Cell>>,
    widths: Vec<usize>,
    rows: u64,
    begun: bool,
}

fn failed(error: std::io::Error) -> Error {
    io("print the answer", error)
}

impl Printer {
    #[must_use]
    pub fn new(output: Output) -> Self {
        Self {
            output,
            out: BufWriter::new(std::io::stdout()),
            columns: Vec::new(),
            held: Vec::new(),
            widths: Vec::new(),
            rows: 0,
            begun: false,
        }
    }

    /// # Errors
    /// Where standard output cannot be written.
    pub fn page(&mut self, page: Page) -> Result<()> {
        self.add(page.columns, page.rows.iter().map(Row::to_vec))
    }

    fn add(&mut self, columns: Vec<String>, rows: impl IntoIterator<Item = Vec<Cell>>) -> Result<()> {
        if self.columns.is_empty() {
            self.columns = columns;
        }
        self.held.extend(rows);
        if self.output == Output::Table && !self.begun && self.held.len() < TABLE_ROWS_HELD {
            return Ok(());
        }
        self.flush().map_err(failed)
    }

    /// # Errors
    /// Where standard output cannot be written.
    pub fn finish(mut self) -> Result<()> {
        self.flush().map_err(failed)?;
        if self.output == Output::Json {
            let end: &[u8] = if self.rows == 0 { b"]\n" } else { b"\n]\n" };
            self.out.write_all(end).map_err(failed)?;
        }
        self.out.flush().map_err(failed)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let rows = std::mem::take(&mut self.held);
        if !self.begun {
            self.begin(&rows)?;
            self.begun = true;
        }
        for row in rows {
            match self.output {
                Output::Table => self.table_row(&row)?,
                Output::Csv => csv_line(&mut self.out, row.iter().map(Cell::as_str))?,
                Output::Json => self.json_row(&row)?,
            }
            self.rows += 1;
        }
        Ok(())
    }

    fn begin(&mut self, rows: &[Vec<Cell>]) -> std::io::Result<()> {
        let names: Vec<Cell> = self.columns.iter().cloned().map(Cell::Text).collect();
        match self.output {
            Output::Json => self.out.write_all(b"["),
            Output::Csv => csv_line(&mut self.out, names.iter().map(Cell::as_str)),
            Output::Table => {
                let width = |column: usize| {
                    let cells = rows.iter().filter_map(|row| row.get(column));
                    cells.chain(names.get(column)).map(|cell| text(cell).chars().count()).max().unwrap_or_default()
                };
                self.widths = (0..names.len()).map(width).collect();
                self.table_row(&names)?;
                let rules: Vec<Cell> = self.widths.iter().map(|width| Cell::Text("-".repeat(*width))).collect();
                self.table_row(&rules)
            }
        }
    }

    /// Numbers stand at the right, texts at the left.
    fn table_row(&mut self, row: &[Cell]) -> std::io::Result<()> {
        let cells = row.iter().zip(&self.widths).map(|(cell, width)| match cell {
            Cell::Number(number) => format!("{number:>width$}"),
            Cell::Null | Cell::Bool(_) | Cell::Text(_) => format!("{:<width$}", text(cell)),
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        writeln!(self.out, "{}", line.trim_end())
    }

    fn json_row(&mut self, row: &[Cell]) -> std::io::Result<()> {
        self.out.write_all(if self.rows == 0 { b"\n{" } else { b",\n{" })?;
        for (place, (name, cell)) in self.columns.iter().zip(row).enumerate() {
            let separator = if place == 0 { "" } else { "," };
            write!(self.out, "{separator}{}:", serde_json::to_string(name)?)?;
            match cell {
                Cell::Null => self.out.write_all(b"null")?,
                Cell::Bool(truth) => write!(self.out, "{truth}")?,
                Cell::Number(number) => self.out.write_all(number.as_bytes())?,
                Cell::Text(text) => self.out.write_all(serde_json::to_string(text)?.as_bytes())?,
            }
        }
        self.out.write_all(b"}")
    }
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Bool(truth) => truth.to_string(),
        Cell::Number(text) | Cell::Text(text) => text.clone(),
    }
}

/// Prints rows that are there already.
///
/// # Errors
/// Where standard output cannot be written.
pub fn rows(output: Output, columns: &[&str], rows: Vec<Vec<Cell>>) -> Result<()> {
    let mut printer = Printer::new(output);
    printer.add(columns.iter().map(|name| (*name).to_owned()).collect(), rows)?;
    printer.finish()
}

/// Prints one line of text.
///
/// # Errors
/// Where standard output cannot be written.
pub fn line(text: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{text}").map_err(failed)
}

/// Prints a value as one line of JSON.
///
/// # Errors
/// Where standard output cannot be written.
pub fn json(value: &impl serde::Serialize) -> Result<()> {
    let text = serde_json::to_string(value);
    line(&text.map_err(|error| Error::new(Kind::Internal, "write the answer as JSON").because(error))?)
}
