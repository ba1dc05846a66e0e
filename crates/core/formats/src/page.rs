//! What a format's page in `docs/formats` takes from its decoder: the tables that the decoder works by, as text.

use std::fmt;

/// A table of a page: how codes, columns or units of the format are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// What the table tells, such as `statuses`; its place in the page is marked by this name.
    pub name: &'static str,
    pub columns: &'static [&'static str],
    pub rows: Vec<Vec<String>>,
}

/// As Markdown.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |cells: Vec<&str>| format!("| {} |", cells.join(" | "));
        writeln!(f, "{}", line(self.columns.to_vec()))?;
        writeln!(f, "{}", line(self.columns.iter().map(|_| "---").collect()))?;
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
            writeln!(f, "{}", line(cells.iter().map(String::as_str).collect()))?;
        }
        Ok(())
    }
}
