//! How many readings a second a fleet is written with, on one core.

use std::time::Instant;

use chrono::NaiveDate;
use metrify_simulation::{Batches, FaultRates, Fleet, Form, Pieces, Settings};

/// Households of a small town for a month.
const METERS: u32 = 2_000;
const DAYS: u32 = 30;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let first_day = NaiveDate::from_ymd_opt(2025, 3, 15).ok_or("a date")?;
    let settings = Settings { faults: FaultRates::USUAL, ..Settings::new(7, METERS, first_day, DAYS) };
    let fleet = Fleet::new(settings)?;
    for form in [Form::Ndjson, Form::DaySets, Form::Csv] {
        let mut pieces = Pieces::new(&fleet, &fleet.whole(), form);
        let (mut out, mut bytes) = (Vec::new(), 0);
        let seconds = timed(|| {
            while pieces.append(&mut out) {
                bytes += out.len() as u64;
                out.clear();
                pieces.take_truth();
            }
        });
        report(&format!("{form:?}"), pieces.account().lines, seconds, bytes);
    }
    let mut batches = Batches::new(&fleet, &fleet.whole());
    let seconds = timed(|| {
        for batch in batches.by_ref() {
            std::hint::black_box(batch);
        }
    });
    report("Batches", batches.account().lines, seconds, 0);
    Ok(())
}

#[allow(clippy::disallowed_methods, reason = "to time it is what this program is for")]
fn timed(work: impl FnOnce()) -> f64 {
    let begin = Instant::now();
    work();
    begin.elapsed().as_secs_f64()
}

#[allow(clippy::print_stdout, reason = "the report is its result")]
fn report(form: &str, readings: u64, seconds: f64, bytes: u64) {
    let (millions, megabytes) = (readings as f64 / 1e6, bytes as f64 / 1e6);
    println!(
        "{form}: {millions:.1} million readings in {seconds:.2} s, {:.1} million a second, {:.0} MB a second",
        millions / seconds,
        megabytes / seconds
    );
}
