//! `metrify deliveries`.

use metrify_api::{
    ChangeBody, ChangesBody, DeliveryBody, DeliveryFilters, DeliveryReplay, OneDeliveryBody, ReadingBody,
};
use metrify_application::Result;
use metrify_application::ports::Cell;
use serde::Serialize;

use crate::access::Access;
use crate::cli::Output;
use crate::cli::deliveries::{Deliveries, ListDeliveries};
use crate::commands::job;
use crate::exit::Outcome;
use crate::print;
use crate::settings::Settings;

/// Changes of one delivery that a table lists; JSON has more of them.
const CHANGES_SHOWN: usize = 10;

pub async fn run(settings: &Settings, output: Output, command: Deliveries) -> Result<Outcome> {
    let access = Access::open(settings).await?;
    let outcome = match command {
        Deliveries::List(ListDeliveries { source, format, start, end, state, archived, limit, known }) => {
            let which = DeliveryFilters { source, format, start, end, state, archived };
            list_received(output, &access.deliveries(&which, &known, limit).await?)?;
            Outcome::Good
        }
        Deliveries::Show { id } => {
            show(output, &access.delivery(&id).await?)?;
            Outcome::Good
        }
        Deliveries::Content { id, out } => {
            access.delivery_content(&id, &out).await?;
            Outcome::Good
        }
        Deliveries::Replay { ids, since, diff: _, in_background: true } => {
            let request = DeliveryReplay { ids: (!ids.is_empty()).then_some(ids), since, apply: true };
            job::show(output, access.begin_replay(&request).await?)?;
            Outcome::Good
        }
        Deliveries::Replay { ids, since, diff, in_background: false } => {
            let ids = (!ids.is_empty()).then_some(ids);
            replay(&access, output, &DeliveryReplay { ids, since, apply: !diff }).await?
        }
    };
    access.close().await?;
    Ok(outcome)
}

async fn replay(access: &Access, output: Output, request: &DeliveryReplay) -> Result<Outcome> {
    let changes = access.replay_deliveries(request).await?;
    print(output, &changes)?;
    let incomplete = changes.iter().any(|changes| changes.lost || changes.rejected > 0);
    Ok(if incomplete { Outcome::Rejected } else { Outcome::Good })
}

const RECEIVED: [&str; 14] = [
    "id",
    "source",
    "format",
    "bytes",
    "received",
    "stored",
    "duplicates",
    "corrections",
    "rejected",
    "received_at",
    "state",
    "rejects",
    "open_rejects",
    "archived",
];

fn list_received(output: Output, deliveries: &[DeliveryBody]) -> Result<()> {
    if output == Output::Json {
        return print::json(&deliveries);
    }
    print::rows(output, &RECEIVED, deliveries.iter().map(received).collect())
}

fn show(output: Output, one: &OneDeliveryBody) -> Result<()> {
    if output == Output::Json {
        return print::json(one);
    }
    let columns: Vec<&str> = RECEIVED.into_iter().chain(["findings"]).collect();
    let row = received(&one.delivery).into_iter().chain([Cell::Number(one.findings.to_string())]);
    print::rows(output, &columns, vec![row.collect()])
}

fn received(delivery: &DeliveryBody) -> Vec<Cell> {
    let text = |text: &String| Cell::Text(text.clone());
    let number = |number: u64| Cell::Number(number.to_string());
    vec![
        text(&delivery.id),
        text(&delivery.source),
        text(&delivery.format),
        number(delivery.bytes),
        number(delivery.received),
        number(delivery.stored),
        number(delivery.duplicates),
        number(delivery.corrections),
        number(delivery.rejected),
        text(&delivery.received_at),
        text(&delivery.state),
        number(delivery.rejects),
        number(delivery.open_rejects),
        Cell::Bool(delivery.archived),
    ]
}

#[derive(Serialize)]
struct Report<'r> {
    deliveries: &'r [ChangesBody],
    total: Total,
}

#[derive(Serialize)]
struct Total {
    deliveries: usize,
    received: u64,
    new: u64,
    changed: u64,
    retracted: u64,
    unchanged: u64,
    rejected: u64,
    resolved: u64,
    lost: usize,
}

fn total(changes: &[ChangesBody]) -> Total {
    let sum = |count: fn(&ChangesBody) -> u64| changes.iter().map(count).sum();
    Total {
        deliveries: changes.len(),
        received: sum(|changes| changes.received),
        new: sum(|changes| changes.new),
        changed: sum(|changes| changes.changed),
        retracted: sum(|changes| changes.retracted),
        unchanged: sum(|changes| changes.unchanged),
        rejected: sum(|changes| changes.rejected),
        resolved: sum(|changes| changes.resolved),
        lost: changes.iter().filter(|changes| changes.lost).count(),
    }
}

fn print(output: Output, changes: &[ChangesBody]) -> Result<()> {
    if output == Output::Json {
        return print::json(&Report { deliveries: changes, total: total(changes) });
    }
    let mut rows: Vec<Vec<Cell>> = changes.iter().map(row).collect();
    if output == Output::Table && changes.len() > 1 {
        let Total { new, changed, retracted, unchanged, rejected, resolved, .. } = total(changes);
        let names = ["total", "", ""].map(|text| Cell::Text(text.to_owned()));
        let counts = [new, changed, retracted, unchanged, rejected, resolved];
        rows.push(names.into_iter().chain(counts.map(|count| Cell::Number(count.to_string()))).collect());
    }
    let columns = ["delivery", "source", "format", "new", "changed", "retracted", "unchanged", "rejected", "resolved"];
    print::rows(output, &columns, rows)?;
    if output == Output::Table { changes.iter().try_for_each(list) } else { Ok(()) }
}

fn row(changes: &ChangesBody) -> Vec<Cell> {
    let text = |text: &String| Cell::Text(text.clone());
    let format = if changes.lost { Cell::Text("no longer kept".to_owned()) } else { text(&changes.format) };
    let counts =
        [changes.new, changes.changed, changes.retracted, changes.unchanged, changes.rejected, changes.resolved];
    let counts = counts.map(|count| if changes.lost { Cell::Null } else { Cell::Number(count.to_string()) });
    [text(&changes.delivery), text(&changes.source), format].into_iter().chain(counts).collect()
}

fn list(changes: &ChangesBody) -> Result<()> {
    if changes.changes.is_empty() {
        return Ok(());
    }
    print::line(&format!("\nchanges in {}:", changes.source))?;
    for ChangeBody { point, quantity, period_start, before, after, .. } in changes.changes.iter().take(CHANGES_SHOWN) {
        let (before, after) = (said(before.as_ref()), said(after.as_ref()));
        print::line(&format!("  {point} {quantity} {period_start}: {before} -> {after}"))?;
    }
    let more = changes.changes.len().saturating_sub(CHANGES_SHOWN);
    if more > 0 {
        print::line(&format!("  ... and more; `-o json` lists the first {}", changes.changes.len()))?;
    }
    Ok(())
}

fn said(reading: Option<&ReadingBody>) -> String {
    let Some(ReadingBody { value, unit, quality, .. }) = reading else {
        return "nothing".to_owned();
    };
    match value {
        Some(value) => format!("{value} {unit} {quality}"),
        None => quality.clone(),
    }
}
