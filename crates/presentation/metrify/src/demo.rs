//! A simulated fleet for whoever has no meters at hand: the past month at once, then every quarter-hour as it ends.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use metrify_application::ingest::{Delivery, receive};
use metrify_application::{App, Context, Error, Kind, Result, Tenant, io};
use metrify_domain::Timestamp;
use metrify_domain::calendar::day::{day_period, local_day};
use metrify_domain::time::QUARTER_HOUR;
use metrify_formats::Format;
use metrify_simulation::{FaultRates, Fleet, Form, Pieces, Settings, live};
use tokio::sync::watch;

use crate::clock;

/// Days before today that an empty data directory is filled with.
const DAYS: u32 = 30;
const SEED: u64 = 20_230_326;
/// How often it is looked whether a quarter-hour has ended.
const PACE: Duration = Duration::from_secs(5);

/// Fills and keeps filling until it is told to stop.
pub async fn run(app: Arc<App>, tenant: Tenant, spool: PathBuf, meters: u32, stop: watch::Receiver<bool>) {
    if let Err(error) = keep_coming(&app, &tenant, &spool, meters, stop).await {
        tracing::error!("the simulated fleet stopped: {}", error.chain());
    }
}

async fn keep_coming(
    app: &App,
    tenant: &Tenant,
    spool: &Path,
    meters: u32,
    mut stop: watch::Receiver<bool>,
) -> Result<()> {
    let start = first_day(clock::now())?;
    let mut settings = Settings::new(SEED, meters, start.0, DAYS);
    settings.faults = FaultRates::USUAL;
    let fleet = Fleet::new(settings).map_err(|error| Error::new(Kind::Internal, "make the fleet").because(error))?;
    let mut pieces = Pieces::new(&fleet, &fleet.whole(), Form::Ndjson);
    let mut bytes = Vec::new();
    while !*stop.borrow() && pieces.append(&mut bytes) {
        deliver(app, tenant, spool, "simulation, past", &bytes).await?;
        bytes.clear();
    }
    let mut end = start.1;
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
        deliver(app, tenant, spool, "simulation, live", &bytes).await?;
        bytes.clear();
    }
    Ok(())
}

/// The first of the days to fill, and the midnight that today began with.
fn first_day(now: Timestamp) -> Result<(chrono::NaiveDate, Timestamp)> {
    let error = || Error::new(Kind::Internal, format!("find the day of {now}"));
    let today = local_day(now).ok_or_else(error)?;
    let first = today.checked_sub_days(chrono::Days::new(u64::from(DAYS))).ok_or_else(error)?;
    Ok((first, day_period(today).ok_or_else(error)?.start()))
}

/// Through the front door, like everybody else's readings.
async fn deliver(app: &App, tenant: &Tenant, spool: &Path, source: &str, bytes: &[u8]) -> Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    let file = tempfile::NamedTempFile::new_in(spool).map_err(|error| io("spool simulated readings", error))?;
    std::fs::write(file.path(), bytes).map_err(|error| io("spool simulated readings", error))?;
    let delivery = Delivery {
        source: source.to_owned(),
        file: file.path().to_owned(),
        format: Some(Format::Ndjson),
        zone: None,
        area: None,
    };
    let ctx = Context { tenant: tenant.clone(), now: clock::now() };
    receive(app, &ctx, delivery).await.map(drop)
}
