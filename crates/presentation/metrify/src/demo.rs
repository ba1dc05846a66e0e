//! A simulated fleet for whoever has no meters at hand: the past month at once, then every quarter-hour as it ends.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use metrify_application::ingest::{Arriving, Delivery, Hints, Looked, receive};
use metrify_application::ports::{Cell, Page, Query};
use metrify_application::{App, Context, Error, Kind, Result, io, read};
use metrify_domain::Timestamp;
use metrify_domain::calendar::day::local_day;
use metrify_domain::time::QUARTER_HOUR;
use metrify_formats::Format;
use metrify_simulation::{FaultRates, Fleet, Form, Pieces, Settings, live};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::clock;

/// Days before today that an empty data directory is filled with.
const DAYS: u32 = 30;
const SEED: u64 = 20_230_326;
/// What is true about the past month and its faults, beside the data: see `metrify_simulation::truth`.
const TRUTH: &str = "simulation.truth";
/// How often it is looked whether a quarter-hour has ended.
const PACE: Duration = Duration::from_secs(5);

/// Fills and keeps filling until it is told to stop.
pub async fn run(app: Arc<App>, ctx: Context, data_dir: PathBuf, meters: u32, stop: watch::Receiver<bool>) {
    if let Err(error) = keep_coming(&app, &ctx, &data_dir, meters, stop).await {
        tracing::error!("the simulated fleet stopped: {}", error.chain());
    }
}

/// What is remembered of the fleet beside the data, so that a later start goes on with the same one.
#[derive(Serialize, Deserialize)]
struct Remembered {
    first_day: chrono::NaiveDate,
    /// The past was told to its end.
    filled: bool,
}

impl Remembered {
    fn read(path: &Path) -> Result<Option<Self>> {
        let step = || format!("read `{}`", path.display());
        match std::fs::read_to_string(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io(step(), error)),
            Ok(text) => {
                let parsed = serde_json::from_str(&text);
                parsed.map(Some).map_err(|error| Error::new(Kind::Corrupt, step()).because(error))
            }
        }
    }

    fn write(&self, path: &Path) -> Result<()> {
        let step = || format!("write `{}`", path.display());
        let text = serde_json::to_string(self).map_err(|error| Error::new(Kind::Internal, step()).because(error))?;
        std::fs::write(path, text).map_err(|error| io(step(), error))
    }
}

async fn keep_coming(
    app: &App,
    ctx: &Context,
    data_dir: &Path,
    meters: u32,
    mut stop: watch::Receiver<bool>,
) -> Result<()> {
    let (path, spool) = (data_dir.join("simulation.json"), data_dir.join("spool"));
    let mut remembered = match Remembered::read(&path)? {
        Some(remembered) => remembered,
        None => Remembered { first_day: first_day(clock::now())?, filled: false },
    };
    remembered.write(&path)?;
    let mut settings = Settings::new(SEED, meters, remembered.first_day, DAYS);
    settings.faults = FaultRates::USUAL;
    let fleet = Fleet::new(settings).map_err(|error| Error::new(Kind::Internal, "make the fleet").because(error))?;
    if !remembered.filled {
        let truth = fill(app, ctx, &spool, &fleet, &stop).await?;
        let truth_path = data_dir.join(TRUTH);
        std::fs::write(&truth_path, truth).map_err(|error| io(format!("write `{}`", truth_path.display()), error))?;
        remembered.filled = !*stop.borrow();
        remembered.write(&path)?;
    }
    let mut bytes = Vec::new();
    let mut end = told_until(app, ctx).await?;
    while !*stop.borrow() {
        let next = end.plus(QUARTER_HOUR).unwrap_or(end);
        if clock::now() < next {
            tokio::select! {
                () = tokio::time::sleep(PACE) => {}
                _ = stop.changed() => {}
            }
            continue;
        }
        end = next;
        live::append(&fleet, end, 0..meters, Form::Ndjson, &mut bytes);
        deliver(app, ctx, &spool, "simulation, live", &bytes).await?;
        bytes.clear();
    }
    Ok(())
}

/// Tells the past, and returns what is true about it.
async fn fill(app: &App, ctx: &Context, spool: &Path, fleet: &Fleet, stop: &watch::Receiver<bool>) -> Result<String> {
    let mut pieces = Pieces::new(fleet, &fleet.whole(), Form::Ndjson);
    let (mut bytes, mut truth) = (Vec::new(), String::new());
    while !*stop.borrow() && pieces.append(&mut bytes) {
        deliver(app, ctx, spool, "simulation, past", &bytes).await?;
        bytes.clear();
        truth.push_str(&pieces.take_truth());
    }
    truth.push_str(&pieces.take_truth());
    Ok(truth)
}

fn first_day(now: Timestamp) -> Result<chrono::NaiveDate> {
    let first = local_day(now).and_then(|today| today.checked_sub_days(chrono::Days::new(u64::from(DAYS))));
    first.ok_or_else(|| Error::new(Kind::Internal, format!("find the day of {now}")))
}

/// The end of the last quarter-hour that the fleet has told of: intervals of a load curve end on quarter-hours.
async fn told_until(app: &App, ctx: &Context) -> Result<Timestamp> {
    let query = "SELECT CAST(max(period_end) AS BIGINT) FROM readings WHERE quantity = '1-0:1.29.0'";
    let mut last = None;
    let mut note = |page: Page| {
        if let Some(Cell::Number(micros)) = page.rows.iter().next().and_then(|row| row.cells().next()) {
            last = micros.parse().ok();
        }
        Ok(())
    };
    read::sql(app, ctx, Query::of(query), &mut note).await?;
    let last = last.ok_or_else(|| Error::new(Kind::Internal, "find what the fleet has told already"))?;
    Ok(Timestamp::from_micros(last))
}

/// Through the front door, like everybody else's readings.
async fn deliver(app: &App, ctx: &Context, spool: &Path, source: &str, bytes: &[u8]) -> Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    let mut arriving = Arriving::new(spool);
    arriving.push(bytes).map_err(|error| io("spool simulated readings", error))?;
    let (content, seen) = arriving.arrived();
    let delivery =
        Delivery { source: source.to_owned(), content, format: Some(Format::Ndjson), hints: Hints::default() };
    let ctx = Context { now: clock::now(), ..ctx.clone() };
    receive(app, &ctx, Looked::new(delivery, seen)).await.map(drop)
}
