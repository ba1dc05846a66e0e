//! `metrify audit`.

use metrify_api::entries::{EntryBody, EntryQuery, EntrySort};
use metrify_api::people::{AuditedBody, TenantParameters};
use metrify_application::Result;
use metrify_application::ports::Cell;

use crate::access::Access;
use crate::cli::{Audit, Entries, Output};
use crate::exit::Outcome;
use crate::print;
use crate::settings::Settings;

pub async fn run(settings: &Settings, output: Output, command: Audit) -> Result<Outcome> {
    let access = Access::open(settings).await?;
    let outcome = match command {
        Audit::Verify { tenant } => verified(output, &access.verify_audit(&TenantParameters { tenant }).await?)?,
        Audit::List(wanted) => {
            list(output, entries(&access, *wanted).await?)?;
            Outcome::Good
        }
    };
    access.close().await?;
    Ok(outcome)
}

/// So many of them that happened last, oldest first unless the newest are to come first.
async fn entries(access: &Access, wanted: Entries) -> Result<Vec<EntryBody>> {
    let which = EntryQuery {
        subject: wanted.subject,
        principal: wanted.principal,
        action: wanted.action,
        resource: wanted.resource,
        outcome: wanted.outcome,
        role: wanted.role,
        purpose: wanted.purpose,
        start: wanted.start,
        end: wanted.end,
        as_known_at: wanted.known.as_known_at,
        // The last ones are found without reading those before them.
        sort: Some(EntrySort::AtDown),
        ..EntryQuery::default()
    };
    let mut entries = access.audit(which, wanted.limit).await?;
    if !wanted.newest_first {
        entries.reverse();
    }
    Ok(entries)
}

fn verified(output: Output, audited: &AuditedBody) -> Result<Outcome> {
    match (output, &audited.broken) {
        (Output::Json, _) => print::json(audited)?,
        (Output::Table | Output::Csv, None) => {
            let AuditedBody { tenant, entries, head, .. } = audited;
            print::line(&format!("whole: {entries} entries of the tenant {tenant}, the last has the hash {head}"))?;
        }
        (Output::Table | Output::Csv, Some(broken)) => print::line(&format!(
            "BROKEN at byte {} of {}, line {}: {}; {} entries of the tenant {} before it are as they were written",
            broken.byte, broken.file, broken.line, broken.reason, audited.entries, audited.tenant
        ))?,
    }
    Ok(if audited.whole { Outcome::Good } else { Outcome::Bad })
}

fn list(output: Output, entries: Vec<EntryBody>) -> Result<()> {
    let columns = [
        "number",
        "at",
        "principal",
        "role",
        "purpose",
        "action",
        "resource",
        "subject",
        "outcome",
        "request",
        "query",
    ];
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
            text(entry.query),
        ]
    });
    print::rows(output, &columns, rows.collect())
}
