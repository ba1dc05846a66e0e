//! `metrify deliveries`.

use metrify_api::{ChangeBody, ChangesBody, DeliveryReplay, ReadingBody};
use metrify_application::Result;
use metrify_application::ports::Cell;
use serde::Serialize;

use crate::access::Access;
use crate::cli::{Deliveries, Output};
use crate::exit::Outcome;
use crate::print;
use crate::settings::Settings;

/// Changes of one delivery that a table lists; JSON has more of them.
const CHANGES_SHOWN: usize = 10;

pub async fn run(settings: &Settings, output: Output, command: Deliveries) -> Result<Outcome> {
    let Deliveries::Replay { ids, since, diff } = command;
    let access = Access::open(settings).await?;
    let changes = access.replay_deliveries(&DeliveryReplay { ids, since, apply: !diff }).await?;
    print(output, &changes)?;
    access.close().await?;
    let incomplete = changes.iter().any(|changes| changes.lost || changes.rejected > 0);
    Ok(if incomplete { Outcome::Rejected } else { Outcome::Good })
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
