//! `metrify audit`.

use metrify_api::people::{AuditedBody, EntryBody, EntryQuery};
use metrify_application::Result;
use metrify_application::ports::Cell;

use crate::access::Access;
use crate::cli::{Audit, Output};
use crate::exit::Outcome;
use crate::print;
use crate::settings::Settings;

pub async fn run(settings: &Settings, output: Output, command: Audit) -> Result<Outcome> {
    let access = Access::open(settings).await?;
    let outcome = match command {
        Audit::Verify => verified(output, &access.verify_audit().await?)?,
        Audit::List { subject, principal, start, end, known, limit } => {
            let as_known_at = known.as_known_at;
            let which = EntryQuery { subject, principal, start, end, as_known_at, ..EntryQuery::default() };
            list(output, last(access.audit(which).await?, limit))?;
            Outcome::Good
        }
    };
    access.close().await?;
    Ok(outcome)
}

/// So many of them that happened last.
fn last(mut entries: Vec<EntryBody>, limit: usize) -> Vec<EntryBody> {
    match limit {
        0 => entries,
        limit => entries.split_off(entries.len().saturating_sub(limit)),
    }
}

fn verified(output: Output, audited: &AuditedBody) -> Result<Outcome> {
    match (output, &audited.broken) {
        (Output::Json, _) => print::json(audited)?,
        (Output::Table | Output::Csv, None) => {
            print::line(&format!("whole: {} entries, the last has the hash {}", audited.entries, audited.head))?;
        }
        (Output::Table | Output::Csv, Some(broken)) => print::line(&format!(
            "BROKEN at byte {} of {}, line {}: {}; {} entries before it are as they were written",
            broken.byte, broken.file, broken.line, broken.reason, audited.entries
        ))?,
    }
    Ok(if audited.whole { Outcome::Good } else { Outcome::Bad })
}

fn list(output: Output, entries: Vec<EntryBody>) -> Result<()> {
    let columns =
        ["number", "at", "principal", "role", "purpose", "action", "resource", "subject", "outcome", "request"];
    let text = |text: Option<String>| text.map_or(Cell::Null, Cell::Text);
    let rows = entries.into_iter().map(|entry| {
        vec![
            Cell::Number(entry.number.to_string()),
            Cell::Text(entry.at),
            Cell::Text(entry.principal),
            entry.role.map_or(Cell::Null, Cell::Text),
            text(entry.purpose),
            Cell::Text(entry.action),
            Cell::Text(entry.resource),
            text(entry.subject),
            Cell::Text(entry.outcome),
            Cell::Text(entry.request),
        ]
    });
    print::rows(output, &columns, rows.collect())
}
