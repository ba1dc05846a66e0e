//! Why the engine does not answer: its own words, and what a protocol has a code for.

use std::error::Error as StdError;
use std::fmt;

use arrow::error::ArrowError;
use datafusion::common::{DataFusionError, SchemaError};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use metrify_application::{Error, Kind, Result};

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

/// The first of an error's causes that is of this kind.
fn cause<E: StdError + 'static>(error: &DataFusionError) -> Option<&E> {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

/// What we said ourselves to the engine, which hands it on.
pub(crate) fn ours(error: &DataFusionError) -> Option<&Error> {
    cause(error)
}

/// What whoever asked can do about an error of the engine.
fn kind(root: &DataFusionError) -> Kind {
    match root {
        DataFusionError::SQL(..)
        | DataFusionError::Plan(_)
        | DataFusionError::SchemaError(..)
        | DataFusionError::NotImplemented(_)
        | DataFusionError::Configuration(_)
        | DataFusionError::Execution(_) => Kind::Invalid,
        DataFusionError::ResourcesExhausted(_) | DataFusionError::IoError(_) | DataFusionError::ObjectStore(_) => {
            Kind::Unavailable
        }
        DataFusionError::ArrowError(error, _) => match error.as_ref() {
            ArrowError::IoError(..) => Kind::Unavailable,
            ArrowError::ExternalError(_)
            | ArrowError::IpcError(_)
            | ArrowError::ParquetError(_)
            | ArrowError::CDataInterface(_) => Kind::Internal,
            // Values that are none of their type, or that have no place in it.
            _ => Kind::Invalid,
        },
        _ => Kind::Internal,
    }
}

/// Where planning a query ends in a mistake of the engine, that is a query which it does not answer; what is a mistake of ours is told by an error of ours.
pub(crate) fn unplanned(error: DataFusionError) -> DataFusionError {
    match error.find_root() {
        DataFusionError::Internal(_) => DataFusionError::NotImplemented("the engine finds no plan for it".into()),
        _ => error,
    }
}

/// The engine's words, without what it says to those who write it.
fn said(text: &str) -> String {
    let text =
        ["Error during planning: ", "Execution error: "].iter().find_map(|it| text.strip_prefix(it)).unwrap_or(text);
    // Where it tried several types it calls that a mistake of its own, and says behind it what the matter is.
    let tried = text
        .strip_prefix("Internal error: ")
        .and_then(|tried| tried.find("No function matches").map(|at| &tried[at..]));
    let text = tried.unwrap_or(text);
    let text = text.split("\nThis issue was likely caused by a bug").next().unwrap_or(text);
    // It lists what would fit with a tab before each.
    text.replace('\t', "  ")
}

/// What the engine says of a plan that is more than a query.
const MORE_THAN_READS: [&str; 3] = ["DDL", "DML", "Statement"];
/// What writes, by the word it begins with.
const WRITES: [&str; 17] = [
    "INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "CREATE", "DROP", "ALTER", "GRANT", "REVOKE", "COMMENT",
    "VACUUM", "ANALYZE", "LOCK", "REPLACE", "CALL", "COPY",
];

/// # Errors
/// Where a text would do more than read: before anything else of it is understood, which would say less.
pub(crate) fn writes(sql: &str) -> Result<()> {
    // What is no text of SQL at all is refused by the engine, in better words; so is what writes, where it is one to the engine alone.
    let Ok(tokens) = Tokenizer::new(&GenericDialect {}, sql).tokenize() else { return Ok(()) };
    let words = tokens.iter().filter(|token| !matches!(token, Token::Whitespace(_))).map_while(|token| match token {
        Token::Word(word) => Some(word.value.to_ascii_uppercase()),
        _ => None,
    });
    let mut words = words.peekable();
    if words.next_if(|word| word == "EXPLAIN").is_some() {
        while words.next_if(|word| word == "ANALYZE" || word == "VERBOSE").is_some() {}
    }
    let Some(word) = words.next().filter(|word| WRITES.contains(&word.as_str())) else { return Ok(()) };
    let hint = if word == "COPY" { "`metrify export` writes answers to files" } else { DELIVER };
    let refused = Refused { why: Why::Write, text: format!("cannot execute {word}: this is for reading only") };
    Err(Error::new(Kind::Invalid, "read the query").because(refused).hint(hint))
}

const DELIVER: &str =
    "only queries are answered; readings come in as deliveries: `metrify ingest`, or /api/v1/deliveries";

impl Refused {
    #[must_use]
    pub fn syntax(text: String) -> Self {
        Self { why: Why::Syntax, text }
    }

    /// It, and what can be done about it.
    pub(crate) fn of(error: &DataFusionError) -> (Kind, Self) {
        let syntax = cause::<regex_syntax::Error>(error).map(ToString::to_string);
        if let Some(text) = syntax.or_else(|| cause::<regex::Error>(error).map(ToString::to_string)) {
            return (Kind::Invalid, Self { why: Why::Other, text });
        }
        // The engine repeats a source in the text of what wraps it: the root says it once.
        let root = error.find_root();
        let text = said(&root.to_string());
        let why = match root {
            DataFusionError::SQL(..) => Why::Syntax,
            DataFusionError::SchemaError(error, _) if matches!(**error, SchemaError::FieldNotFound { .. }) => {
                Why::Column
            }
            DataFusionError::NotImplemented(_) => Why::Unsupported,
            // The engine has no kind of its own for it.
            DataFusionError::Plan(_) if text.starts_with("table '") && text.ends_with("' not found") => Why::Table,
            DataFusionError::Plan(_)
                if text.contains(" not supported: ") && MORE_THAN_READS.iter().any(|begin| text.starts_with(begin)) =>
            {
                Why::Write
            }
            _ => Why::Other,
        };
        (kind(root), Self { why, text })
    }

    /// What may help whoever asked; `None` where the engine's words say all there is.
    pub(crate) const fn hint(&self) -> Option<&'static str> {
        match self.why {
            Why::Syntax | Why::Table | Why::Column => {
                Some("`metrify sql \"show tables\"` lists the tables, `describe readings` the columns of one")
            }
            Why::Write => Some(DELIVER),
            Why::Unsupported => Some("ask in another way, such as with a join where there is a sub-query"),
            Why::Other => None,
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Refused {}
