//! What every public sample file gives, as a report that is kept: `docs/formats/report.txt`. `make formats-report` writes it anew
//! and prints it; here it has to be what it was.
#![allow(clippy::expect_used, clippy::panic, reason = "what a helper of a test expects, the test expects")]

use crate::support;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use metrify_domain::{Decimal, Timestamp};
use metrify_formats::limits::CONTAINERS_MAX;
use metrify_formats::{Container, Decoded, Decoder, Detected, Format, Head, detect};

/// Reasons of problems that are shown of one file.
const REASONS_SHOWN: usize = 3;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// Every file of a folder, in the order of their names, with its path below.
fn files(folder: &Path, below: &str, found: &mut Vec<(String, Vec<u8>)>) {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
    names.sort();
    for name in names {
        let path = folder.join(&name);
        let below = format!("{below}{}", name.to_string_lossy());
        if path.is_dir() {
            files(&path, &format!("{below}/"), found);
        } else {
            found.push((below, std::fs::read(&path).expect("a sample")));
        }
    }
}

/// Tells of a file, or of every member of what it is packed in.
fn tell(name: &str, bytes: &[u8], depth: usize, report: &mut String) {
    let head = Head::new(bytes);
    let detected = detect(&head);
    let container = Container::recognise(&head).filter(|container| {
        depth < CONTAINERS_MAX && (*container != Container::Zip || !matches!(detected, Detected::One(_)))
    });
    let Some(container) = container else {
        return tell_delivery(name, bytes, &detected, report);
    };
    let ended = container.members(Cursor::new(bytes), &mut |member, unpacked| {
        let mut bytes = Vec::new();
        let name = if member.is_empty() { name.to_owned() } else { format!("{name}/{member}") };
        match unpacked.read_to_end(&mut bytes) {
            Ok(_) => tell(&name, &bytes, depth + 1, report),
            Err(error) => writeln!(report, "{name}: {container}: {error}").expect("text"),
        }
        ControlFlow::Continue(())
    });
    if let Err(reason) = ended {
        writeln!(report, "{name}: {container}: {reason}").expect("text");
    }
}

fn tell_delivery(name: &str, bytes: &[u8], detected: &Detected, report: &mut String) {
    let format = match detected {
        Detected::One(format) => *format,
        Detected::Several(_) | Detected::None => return writeln!(report, "{name}: {detected}").expect("text"),
    };
    if matches!(format, Format::Parquet | Format::Arrow) || Decoder::new(format, &support::options()).is_none() {
        return writeln!(report, "{name}: {format}").expect("text");
    }
    let decoded = support::decode(format, bytes, &support::options(), 64 << 10);
    writeln!(report, "{name}: {format}, {}", account(&decoded)).expect("text");
    report.push_str(&sums(&decoded));
    let problems: Vec<_> = decoded.iter().flat_map(|piece| &piece.problems).collect();
    for problem in problems.iter().take(REASONS_SHOWN) {
        writeln!(report, "    problem {}: {}", problem.position, problem.reason).expect("text");
    }
    if problems.len() > REASONS_SHOWN {
        writeln!(report, "    and {} more problems", problems.len() - REASONS_SHOWN).expect("text");
    }
}

/// Readings with their qualities and the time they cover, rows of other tables, findings and what was lost.
fn account(decoded: &[Decoded]) -> String {
    let (mut qualities, mut tables) = (BTreeMap::<&str, u64>::new(), BTreeMap::<&str, u64>::new());
    let mut times: Option<(Timestamp, Timestamp)> = None;
    for row in decoded.iter().flat_map(|piece| piece.batch.rows()) {
        *qualities.entry(row.quality.name()).or_default() += 1;
        let (first, last) = times.unwrap_or((row.period.start(), row.period.end()));
        times = Some((first.min(row.period.start()), last.max(row.period.end())));
    }
    for record in decoded.iter().flat_map(|piece| &piece.records) {
        *tables.entry(record.table().name()).or_default() += 1;
    }
    let counts = |counts: &BTreeMap<&str, u64>| {
        counts.iter().map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
    };
    let mut text = format!("{} readings", qualities.values().sum::<u64>());
    if let Some((first, last)) = times {
        write!(text, " ({}) from {first} to {last}", counts(&qualities)).expect("text");
    }
    if !tables.is_empty() {
        write!(text, ", rows: {}", counts(&tables)).expect("text");
    }
    let findings: usize = decoded.iter().map(|piece| piece.findings.len()).sum();
    let lost: u64 = decoded.iter().flat_map(|piece| &piece.problems).map(|problem| problem.readings).sum();
    write!(text, ", {findings} findings, {lost} lost").expect("text");
    text
}

/// Count and exact sum of each quantity, by its kind and unit.
fn sums(decoded: &[Decoded]) -> String {
    let mut sums: BTreeMap<String, (u64, Option<Decimal>)> = BTreeMap::new();
    for piece in decoded {
        for row in piece.batch.rows() {
            let name = format!("{} {} {}", piece.batch.channel(row).quantity, row.kind, piece.batch.unit(row));
            let (count, sum) = sums.entry(name).or_insert((0, Some(Decimal::default())));
            *count += 1;
            *sum = sum.and_then(|sum| sum.checked_add(row.value.unwrap_or_default()));
        }
    }
    let line = |(name, (count, sum)): (&String, &(u64, Option<Decimal>))| {
        let sum = sum.map_or_else(|| "more than a decimal holds".to_owned(), |sum| sum.to_string());
        format!("    {name}: {count}, sum {sum}\n")
    };
    sums.iter().map(line).collect()
}

#[test]
fn every_sample_gives_what_the_report_says() {
    let folder = root().join("../shared/samples");
    if !folder.is_dir() {
        support::skipped("no samples beside the project, so the report of formats is not made");
        return;
    }
    let mut found = Vec::new();
    files(&folder, "", &mut found);
    let mut report = String::new();
    for (name, bytes) in &found {
        tell(name, bytes, 0, &mut report);
    }
    let path = root().join("docs/formats/report.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &report).expect("the report is written");
    }
    let kept = std::fs::read_to_string(&path).expect("the report that is kept");
    let differs = kept.lines().zip(report.lines()).find(|(kept, now)| kept != now);
    assert!(kept == report, "the report differs: {differs:?}; `make formats-report` writes it anew");
}
