//! `metrify doctor`: looks at every part and says what is wrong with it.

use std::path::Path;

use metrify_api::SqlRequest;
use metrify_application::Result;
use metrify_application::ports::{Cell, Row};

use crate::access::Access;
use crate::cli::Output;
use crate::client::{Client, Part};
use crate::exit::Outcome;
use crate::print;
use crate::settings::Settings;

/// What was looked at, whether it is in order, and what was seen.
struct Check {
    part: String,
    outcome: std::result::Result<String, String>,
}

impl Check {
    fn new(part: &str, outcome: std::result::Result<String, String>) -> Self {
        Self { part: part.to_owned(), outcome }
    }
}

pub async fn run(settings: &Settings, output: Output) -> Result<Outcome> {
    let mut checks = Vec::new();
    // What a server elsewhere has to do with is not in a directory of this machine.
    if settings.elsewhere.is_none() {
        checks.push(Check::new("data directory", writable(&settings.data_dir)));
    }
    match Access::open(settings).await {
        Err(error) => checks.push(Check::new("data", Err(error.chain()))),
        Ok(access) => {
            match &access {
                Access::Local(house) => {
                    let (next, bytes) = (house.next_position(), house.journal.bytes());
                    checks.push(Check::new("data", Ok(format!("opened; journal at {next} ({bytes} bytes)"))));
                }
                Access::Remote(client) => {
                    checks.push(Check::new("data", Ok("held by a running server, asked through it".to_owned())));
                    checks.extend(parts(client).await);
                }
            }
            let rows = "SELECT sum(files), sum(rows), sum(bytes) FROM system.tables";
            checks.push(Check::new("lake", ask(&access, rows, "files, rows, bytes").await));
            let sum = "SELECT count(*), count(value) FROM readings";
            checks.push(Check::new("readings", ask(&access, sum, "rows, values").await));
            let open = "SELECT count(*) FROM rejects WHERE state = 'open'";
            checks.push(Check::new("rejects", ask(&access, open, "open").await));
        }
    }
    let bad = checks.iter().any(|check| check.outcome.is_err());
    let rows = checks.into_iter().map(|check| {
        let (state, detail) = match check.outcome {
            Ok(detail) => ("good", detail),
            Err(detail) => ("bad", detail),
        };
        vec![Cell::Text(check.part), Cell::Text(state.to_owned()), Cell::Text(detail)]
    });
    print::rows(output, &["part", "state", "detail"], rows.collect())?;
    Ok(if bad { Outcome::Bad } else { Outcome::Good })
}

/// How a server says that its parts stand.
async fn parts(client: &Client) -> Vec<Check> {
    let told = match client.health().await {
        Ok(told) => told,
        Err(error) => return vec![Check::new("server", Err(error.chain()))],
    };
    let parts = told.parts.into_iter().map(|(part, Part { status, reason })| {
        let outcome = match (status.as_str(), reason) {
            ("up", _) => Ok(status),
            (_, reason) => Err(reason.unwrap_or(status)),
        };
        Check::new(&format!("server: {part}"), outcome)
    });
    let version = Check::new("server", Ok(format!("version {}, up since {}", told.version, told.up_since)));
    [version].into_iter().chain(parts).collect()
}

fn writable(folder: &Path) -> std::result::Result<String, String> {
    let path = folder.join("doctor.probe");
    let tried = std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&path, b"probe"))
        .and_then(|()| std::fs::remove_file(&path));
    tried.map(|()| format!("{} can be written", folder.display())).map_err(|error| error.to_string())
}

async fn ask(access: &Access, query: &str, what: &str) -> std::result::Result<String, String> {
    let mut cells = Vec::new();
    let mut note = |page: metrify_application::ports::Page| {
        cells.extend(page.rows.iter().flat_map(Row::to_vec));
        Ok(())
    };
    access.sql(&SqlRequest::of(query), &mut note).await.map_err(|error| error.chain())?;
    let numbers = cells.into_iter().map(|cell| match cell {
        Cell::Number(text) | Cell::Text(text) => text,
        Cell::Null | Cell::Bool(_) => "0".to_owned(),
    });
    Ok(format!("{} {what}", numbers.collect::<Vec<_>>().join(", ")))
}
