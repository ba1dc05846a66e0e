//! Why the engine does not answer: its own words, and what a protocol has a code for.

use std::error::Error as StdError;
use std::fmt;

use datafusion::common::{DataFusionError, SchemaError};

/// What is the matter with a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is no sentence of SQL.
    Syntax,
    /// It names a table that the session does not know.
    Table,
    /// It names a column that its tables do not have.
    Column,
    /// It asks for what the engine does not do.
    Unsupported,
    /// It would do more than read.
    Write,
    Other,
}

/// The source of an error of the engine.
#[derive(Debug)]
pub struct Refused {
    pub why: Why,
    text: String,
}

/// What the engine says of a plan that is more than a query.
const WRITES: [&str; 3] = ["DDL", "DML", "Statement"];

impl Refused {
    #[must_use]
    pub fn syntax(text: String) -> Self {
        Self { why: Why::Syntax, text }
    }

    pub(crate) fn of(root: &DataFusionError) -> Self {
        let text = root.to_string();
        let prefixes = ["Error during planning: ", "Execution error: "];
        let text = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(&text).to_owned();
        let why = match root {
            DataFusionError::SQL(..) => Why::Syntax,
            DataFusionError::SchemaError(error, _) if matches!(**error, SchemaError::FieldNotFound { .. }) => {
                Why::Column
            }
            DataFusionError::NotImplemented(_) => Why::Unsupported,
            // The engine has no kind of its own for it.
            DataFusionError::Plan(_) if text.starts_with("table '") && text.ends_with("' not found") => Why::Table,
            DataFusionError::Plan(_)
                if text.contains(" not supported: ") && WRITES.iter().any(|begin| text.starts_with(begin)) =>
            {
                Why::Write
            }
            _ => Why::Other,
        };
        Self { why, text }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Refused {}
