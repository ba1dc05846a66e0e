//! `metrify rejects`.

use metrify_api::{RejectBody, RejectFilters, Replay};
use metrify_application::Result;
use metrify_application::ports::Cell;
use metrify_application::record::RejectState;

use crate::access::Access;
use crate::cli::{ListRejects, Output, Rejects};
use crate::exit::Outcome;
use crate::print;
use crate::settings::Settings;

pub async fn run(settings: &Settings, output: Output, command: Rejects) -> Result<Outcome> {
    let access = Access::open(settings).await?;
    match command {
        Rejects::List(which) => list(&access, output, which).await,
        Rejects::Show { id } => show(&access, output, &id).await,
        Rejects::Replay { ids, timezone, area, point, quantity, swap_tariffs } => {
            let ids = (!ids.is_empty()).then_some(ids);
            let outcome =
                replay(&access, output, &Replay { ids, timezone, area, point, quantity, swap_tariffs }).await?;
            access.close().await?;
            Ok(outcome)
        }
    }
}

const COLUMNS: [&str; 7] = ["id", "source", "format", "position", "reason", "readings", "state"];

fn row(reject: &RejectBody) -> Vec<Cell> {
    let text = |text: &String| Cell::Text(text.clone());
    vec![
        text(&reject.id),
        text(&reject.source),
        text(&reject.format),
        text(&reject.position),
        text(&reject.reason),
        Cell::Number(reject.readings.to_string()),
        text(&reject.state),
    ]
}

async fn list(access: &Access, output: Output, which: ListRejects) -> Result<Outcome> {
    let ListRejects { all, delivery, source, format, start, end, limit, known } = which;
    let state = (!all).then(|| RejectState::Open.name().to_owned());
    let which = RejectFilters { delivery, source, format, state, start, end };
    let rejects = access.rejects(&which, &known, limit).await?;
    print::rows(output, &COLUMNS, rejects.iter().map(row).collect())?;
    Ok(Outcome::Good)
}

async fn show(access: &Access, output: Output, id: &str) -> Result<Outcome> {
    let found = access.reject(id).await?;
    let mut cells = row(&found.reject);
    cells.push(Cell::Text(found.bytes));
    let columns: Vec<&str> = COLUMNS.into_iter().chain(["bytes"]).collect();
    print::rows(output, &columns, vec![cells])?;
    Ok(Outcome::Good)
}

async fn replay(access: &Access, output: Output, request: &Replay) -> Result<Outcome> {
    let replayed = access.replay(request).await?;
    let still = replayed.iter().any(|replayed| !replayed.resolved);
    let rows = replayed.into_iter().map(|replayed| {
        vec![
            Cell::Text(replayed.id),
            Cell::Bool(replayed.resolved),
            Cell::Number(replayed.stored.to_string()),
            Cell::Number(replayed.duplicates.to_string()),
            Cell::Number(replayed.corrections.to_string()),
            Cell::Text(replayed.reasons.join("; ")),
        ]
    });
    let columns = ["id", "resolved", "stored", "duplicates", "corrections", "reasons"];
    print::rows(output, &columns, rows.collect())?;
    Ok(if still { Outcome::Rejected } else { Outcome::Good })
}
