//! `metrify rejects`.

use metrify_api::{Reject, Replay};
use metrify_application::ports::Cell;
use metrify_application::record::RejectState;
use metrify_application::{Error, Kind, Result};

use crate::access::Access;
use crate::cli::{AsKnown, Output, Rejects};
use crate::exit::Outcome;
use crate::print;
use crate::settings::Settings;

pub async fn run(settings: &Settings, output: Output, command: Rejects) -> Result<Outcome> {
    let access = Access::open(settings).await?;
    match command {
        Rejects::List { all, known } => list(&access, output, all, &known).await,
        Rejects::Show { id } => show(&access, output, &id).await,
        Rejects::Replay { ids, timezone, area, point, quantity, swap_tariffs } => {
            let outcome =
                replay(&access, output, &Replay { ids, timezone, area, point, quantity, swap_tariffs }).await?;
            access.close().await?;
            Ok(outcome)
        }
    }
}

const COLUMNS: [&str; 7] = ["id", "source", "format", "position", "reason", "readings", "state"];

fn row(reject: &Reject) -> Vec<Cell> {
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

async fn list(access: &Access, output: Output, all: bool, known: &AsKnown) -> Result<Outcome> {
    let mut rejects = access.rejects(known).await?;
    rejects.retain(|reject| all || reject.state == RejectState::Open.name());
    print::rows(output, &COLUMNS, rejects.iter().map(row).collect())?;
    Ok(Outcome::Good)
}

async fn show(access: &Access, output: Output, id: &str) -> Result<Outcome> {
    let rejects = access.rejects(&AsKnown::default()).await?;
    let reject = rejects.iter().find(|reject| reject.id == id);
    let reject = reject.ok_or_else(|| {
        Error::new(Kind::NotFound, format!("find reject `{id}`")).hint("`metrify rejects list` lists them")
    })?;
    let mut cells = row(reject);
    cells.push(Cell::Text(reject.bytes.clone()));
    let columns: Vec<&str> = COLUMNS.into_iter().chain(["bytes"]).collect();
    print::rows(output, &columns, vec![cells])?;
    Ok(Outcome::Good)
}

async fn replay(access: &Access, output: Output, request: &Replay) -> Result<Outcome> {
    let replayed = access.replay(request).await?;
    let missing = request.ids.iter().find(|id| !replayed.iter().any(|replayed| replayed.id == **id));
    if let Some(id) = missing {
        return Err(Error::new(Kind::NotFound, format!("find reject `{id}`")).hint("`metrify rejects list` lists them"));
    }
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
