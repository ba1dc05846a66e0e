//! Real files of the six families go in whole, add up, and give the same answers however they come.
#![allow(clippy::expect_used, clippy::panic, reason = "what a helper of a test expects, the test expects")]

mod support;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use support::{Metrify, Receipts, samples, walk};

/// The folders whose formats are read.
const FAMILIES: [&str; 4] = ["sml", "mscons", "grid-smard", "weather-dwd"];

/// All files of the families.
fn files(samples: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for family in FAMILIES {
        walk(&samples.join(family), &mut |path| files.push(path.to_owned()));
    }
    files
}

fn take_in(metrify: &Metrify, files: &[PathBuf]) -> Receipts {
    metrify.ingest(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>())
}

/// The format that a file must be read as: `unknown` for what is no delivery of the families.
fn expected_format(path: &Path) -> &'static str {
    let name = path.to_string_lossy();
    let family =
        path.components().map(|part| part.as_os_str().to_string_lossy()).find(|part| FAMILIES.contains(&part.as_ref()));
    match (family.as_deref(), path.extension().and_then(|suffix| suffix.to_str())) {
        (Some("sml"), _) => "sml",
        (Some("mscons"), Some("txt" | "edi")) => "mscons",
        (Some("grid-smard"), Some("csv")) => "smard",
        (_, Some("zip")) if !name.contains("Z_CAP") => "dwd",
        (_, Some("kmz")) => "mosmix",
        _ => "unknown",
    }
}

#[test]
fn every_sample_goes_in_with_a_receipt_that_adds_up() {
    let Some(samples) = samples() else { return };
    let metrify = Metrify::new();
    let files = files(&samples);
    let receipts = take_in(&metrify, &files);
    assert_eq!(receipts.all().len(), files.len());
    for (receipt, file) in receipts.all().iter().zip(&files) {
        let format = expected_format(file);
        assert_eq!(receipt["format"], format, "{}", file.display());
        if format == "unknown" {
            assert_eq!((&receipt["stored"], &receipt["rejected"]), (&0.into(), &1.into()), "{receipt}");
            let reason = receipt["problems"][0]["reason"].as_str().expect("a reason");
            assert!(reason.contains("no format that is known"), "{reason}");
        }
    }
    let stored = receipts.total("stored");
    assert_eq!(metrify.sql("select count(*) from readings"), stored.to_string());
    // Two files of the same bytes are one delivery, accounted for when it came first.
    let mut first = receipts.all().to_vec();
    let mut seen = HashSet::new();
    first.retain(|receipt| seen.insert(receipt["delivery"].to_string()));
    let total = |name: &str| first.iter().map(|receipt| receipt[name].as_u64().expect("a count")).sum::<u64>();
    let told = metrify.sql("select sum(received), sum(stored), sum(rejected) from deliveries");
    assert_eq!(told, format!("{},{},{}", total("received"), total("stored"), total("rejected")));
    let kept = metrify.sql("select sum(readings) from rejects");
    assert_eq!(kept, total("rejected").to_string(), "every rejection is in the table `rejects`");
}

#[test]
fn files_of_formats_that_are_not_read_yet_are_rejected_with_a_reason() {
    let Some(samples) = samples() else { return };
    let metrify = Metrify::new();
    let mut files = Vec::new();
    walk(&samples, &mut |path| files.push(path.to_owned()));
    files.retain(|path| !FAMILIES.iter().any(|family| path.starts_with(samples.join(family))));
    let receipts = take_in(&metrify, &files);
    assert_eq!(receipts.all().len(), files.len());
    let unknown = receipts.all().iter().filter(|receipt| receipt["format"] == "unknown").count();
    assert!(unknown > files.len() / 2, "{unknown} of {} are unknown", files.len());
}

#[test]
fn the_load_of_2023_is_exact_and_its_days_are_local() {
    let Some(samples) = samples() else { return };
    let metrify = Metrify::new();
    let file = samples.join("grid-smard/Realisierter_Stromverbrauch_202301010000_202401010000_Viertelstunde.csv");
    let receipts = metrify.ingest(&[&file]);
    assert_eq!(receipts.sum(), "105120 = 105120 stored + 0 duplicates + 0 corrections + 0 rejected");
    let of_load = "from grid where quantity = 'load' and area = 'DE'";
    assert_eq!(
        metrify.sql(&format!("select sum(value), count(*), min(unit), max(unit) {of_load}")),
        "458374229.5,35040,MWh,MWh"
    );
    let odd = format!(
        "select local_day(period_start) as day, count(*) {of_load} group by 1 having count(*) <> 96 order by 1"
    );
    assert_eq!(metrify.sql(&odd), "2023-03-26,92\n2023-10-29,100");
    let counted = format!(
        "select count(*) from (select local_day(period_start) as day, count(*) as n {of_load} group by 1) where n = quarter_hours(day)"
    );
    assert_eq!(metrify.sql(&counted), "365");
}

#[test]
fn all_samples_twice_leave_the_lake_as_it_was() {
    let Some(samples) = samples() else { return };
    let metrify = Metrify::new();
    let files = files(&samples);
    let first = take_in(&metrify, &files);
    let tables = "select \"table\", version, files, rows, bytes from system.tables order by 1";
    let (before, lain, answers) = (metrify.sql(tables), metrify.files("lake"), metrify.answers("true"));
    let second = take_in(&metrify, &files);
    assert_eq!((second.total("stored"), second.total("corrections")), (0, 0), "{}", second.sum());
    assert_eq!(second.total("received"), first.total("received"));
    assert_eq!(second.total("rejected"), first.total("rejected"));
    assert_eq!(metrify.sql(tables), before);
    assert_eq!(metrify.files("lake"), lain);
    assert!(metrify.answers("true") == answers, "the second time changed an answer");
}

#[test]
fn samples_in_any_order_give_the_same_answers() {
    let Some(samples) = samples() else { return };
    let mut files = files(&samples);
    let (there, back) = (Metrify::new(), Metrify::new());
    take_in(&there, &files);
    files.reverse();
    take_in(&back, &files);
    // A meter without a clock counts for the time of receipt, which is another one in every run.
    let dated = "delivery not in (select delivery from deliveries where format = 'sml')";
    let (one, other) = (there.answers(dated), back.answers(dated));
    assert!(one.lines().count() > 240_000, "{} readings", one.lines().count());
    let differing = one.lines().zip(other.lines()).find(|(one, other)| one != other);
    assert_eq!(differing, None);
    let by_meter = "select point, quantity, unit, count(*), sum(value) from readings where delivery in \
                    (select delivery from deliveries where format = 'sml') group by 1, 2, 3 order by 1, 2, 3";
    assert_eq!(there.sql(by_meter), back.sql(by_meter));
}
