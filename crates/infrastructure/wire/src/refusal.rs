//! Which statements the engine is asked at all, and what is said of the others.

use datafusion::sql::sqlparser::ast::Statement;

pub(crate) fn only_reads(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::Query(_)
            | Statement::Explain { .. }
            | Statement::ExplainTable { .. }
            | Statement::ShowTables { .. }
            | Statement::ShowColumns { .. }
    )
}

/// Why a statement is not answered.
#[derive(Clone)]
pub(crate) struct Refusal {
    pub(crate) would_write: bool,
    pub(crate) message: String,
    pub(crate) hint: &'static str,
}

/// What writes, by the word it begins with.
const WRITES: [&str; 16] = [
    "INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "CREATE", "DROP", "ALTER", "GRANT", "REVOKE", "COMMENT",
    "VACUUM", "ANALYZE", "LOCK", "REPLACE", "CALL",
];

pub(crate) fn of(statement: &Statement) -> Refusal {
    let text = statement.to_string();
    let word = text.split_ascii_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    if WRITES.contains(&word.as_str()) {
        let message = format!("cannot execute {word}: this is for reading only");
        let hint = "readings come in as deliveries: `metrify ingest`, or /api/v1/deliveries";
        return Refusal { would_write: true, message, hint };
    }
    let message = format!("{word} is not answered here: queries are");
    Refusal { would_write: false, message, hint: "`metrify export` writes answers to files" }
}
