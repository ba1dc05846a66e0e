//! `metrify ingest`.

use std::collections::{HashSet, VecDeque};
use std::io::IsTerminal;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};
use metrify_api::{DeliveryParameters, ReceiptBody};
use metrify_application::ports::Cell;
use metrify_application::{Kind, Result, io};
use serde::Serialize;

use crate::access::Access;
use crate::cli::{Ingest, Output};
use crate::exit::{self, Outcome};
use crate::print;
use crate::settings::Settings;

/// Among the paths it stands for what is piped in.
const STANDARD_INPUT: &str = "-";

/// A delivery is looked through before it is read, which a pipe allows once only.
fn spool_standard_input() -> Result<tempfile::NamedTempFile> {
    let failed = |error| io("spool standard input", error);
    let mut file = tempfile::NamedTempFile::new().map_err(failed)?;
    std::io::copy(&mut std::io::stdin().lock(), &mut file).map_err(failed)?;
    Ok(file)
}

pub async fn run(settings: &Settings, output: Output, arguments: &Ingest) -> Result<Outcome> {
    let files = files(&arguments.paths)?;
    let access = Access::open(settings).await?;
    let bar = bar(files.iter().map(|(_, bytes)| bytes).sum());
    let mut receipts = Vec::new();
    let mut unread = false;
    for (file, bytes) in files {
        bar.set_message(file.display().to_string());
        let spooled = if file.as_os_str() == STANDARD_INPUT { Some(spool_standard_input()?) } else { None };
        let (source, file) = match &spooled {
            Some(spooled) => ("standard input".to_owned(), spooled.path().to_owned()),
            None => (file.display().to_string(), file),
        };
        let parameters = DeliveryParameters {
            source: Some(source),
            format: arguments.format.clone(),
            timezone: arguments.timezone.clone(),
            area: arguments.area.clone(),
            point: arguments.point.clone(),
            quantity: arguments.quantity.clone(),
            swap_tariffs: arguments.swap_tariffs,
            again: true,
        };
        match access.ingest(&file, &parameters).await {
            Ok(received) => receipts.extend(received),
            // One file that cannot be read does not keep the others out.
            Err(error) if matches!(error.kind(), Kind::NotFound | Kind::Denied) => {
                unread = true;
                bar.suspend(|| exit::complain(&error));
            }
            Err(error) => {
                // What was received until now is durable, and its receipts are owed.
                bar.finish_and_clear();
                if !receipts.is_empty() {
                    print(output, &receipts)?;
                }
                return Err(error);
            }
        }
        bar.inc(bytes);
    }
    bar.finish_and_clear();
    print(output, &receipts)?;
    access.close().await?;
    if unread {
        return Ok(Outcome::Bad);
    }
    Ok(outcome(&receipts))
}

pub(super) fn outcome(receipts: &[ReceiptBody]) -> Outcome {
    let rejected = receipts.iter().any(|receipt| receipt.rejected > 0);
    if rejected { Outcome::Rejected } else { Outcome::Good }
}

/// Counts bytes: files of a folder differ in size a thousandfold.
fn bar(bytes: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(bytes);
    let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {eta} {wide_msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// All files under the paths with their sizes, in the order of their names. A path that was named has to be there.
fn files(paths: &[PathBuf]) -> Result<Vec<(PathBuf, u64)>> {
    let mut files = Vec::new();
    for path in paths.iter().filter(|path| path.as_os_str() != STANDARD_INPUT) {
        std::fs::metadata(path).map_err(|error| io(format!("read `{}`", path.display()), error))?;
    }
    let mut waiting: VecDeque<PathBuf> = paths.iter().cloned().collect();
    let mut seen = HashSet::new();
    while let Some(path) = waiting.pop_front() {
        let step = || format!("read `{}`", path.display());
        if !path.is_dir() {
            // What has no size, such as a link into nothing, is told of when it is read.
            let bytes = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
            files.push((path, bytes));
            continue;
        }
        // Links may lead round in a circle.
        if !seen.insert(path.canonicalize().map_err(|error| io(step(), error))?) {
            continue;
        }
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(&path).map_err(|error| io(step(), error))? {
            inside.push(entry.map_err(|error| io(step(), error))?.path());
        }
        inside.sort();
        inside.into_iter().rev().for_each(|path| waiting.push_front(path));
    }
    Ok(files)
}

#[derive(Default, Serialize)]
struct Total {
    received: u64,
    stored: u64,
    duplicates: u64,
    corrections: u64,
    rejected: u64,
}

#[derive(Serialize)]
struct Report<'r> {
    deliveries: &'r [ReceiptBody],
    total: Total,
}

fn total(receipts: &[ReceiptBody]) -> Total {
    receipts.iter().fold(Total::default(), |sum, receipt| Total {
        received: sum.received + receipt.received,
        stored: sum.stored + receipt.stored,
        duplicates: sum.duplicates + receipt.duplicates,
        corrections: sum.corrections + receipt.corrections,
        rejected: sum.rejected + receipt.rejected,
    })
}

pub(super) fn print(output: Output, receipts: &[ReceiptBody]) -> Result<()> {
    let total = total(receipts);
    if output == Output::Json {
        return print::json(&Report { deliveries: receipts, total });
    }
    let count = |count: u64| Cell::Number(count.to_string());
    let mut rows: Vec<Vec<Cell>> = receipts
        .iter()
        .map(|receipt| {
            vec![
                Cell::Text(receipt.source.clone()),
                Cell::Text(receipt.format.clone()),
                count(receipt.received),
                count(receipt.stored),
                count(receipt.duplicates),
                count(receipt.corrections),
                count(receipt.rejected),
                count(receipt.findings),
            ]
        })
        .collect();
    if output == Output::Table && receipts.len() > 1 {
        let findings = receipts.iter().map(|receipt| receipt.findings).sum();
        let counts = [total.received, total.stored, total.duplicates, total.corrections, total.rejected, findings];
        let names = [Cell::Text("total".to_owned()), Cell::Text(String::new())];
        rows.push(names.into_iter().chain(counts.map(count)).collect());
    }
    let columns = ["source", "format", "received", "stored", "duplicates", "corrections", "rejected", "findings"];
    print::rows(output, &columns, rows)?;
    if output == Output::Table { problems(receipts) } else { Ok(()) }
}

/// Problems of one delivery that a table lists; `rejects` has them all.
const PROBLEMS_SHOWN: usize = 10;

fn problems(receipts: &[ReceiptBody]) -> Result<()> {
    for receipt in receipts.iter().filter(|receipt| !receipt.problems.is_empty()) {
        print::line(&format!("\nrejected in {}:", receipt.source))?;
        for problem in receipt.problems.iter().take(PROBLEMS_SHOWN) {
            let place = if problem.position.is_empty() { String::new() } else { format!("{}: ", problem.position) };
            print::line(&format!("  {place}{}", problem.reason))?;
        }
        let more = receipt.problems_total.saturating_sub(PROBLEMS_SHOWN as u64);
        if more > 0 {
            print::line(&format!("  ... and {more} more; `metrify rejects list` shows all"))?;
        }
    }
    Ok(())
}
