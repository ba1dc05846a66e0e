//! Real files of every format go in whole, add up, and give the same answers however they come.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::support::{Metrify, Receipts, samples, walk};

/// All files.
fn files(samples: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    walk(samples, &mut |path| files.push(path.to_owned()));
    files
}

fn take_in(metrify: &Metrify, files: &[PathBuf]) -> Receipts {
    metrify.ingest(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>())
}

/// The format of every file, and of every member of what it is packed in, as the report of the formats has it; `unknown` for
/// what is no delivery.
fn expected_formats() -> HashMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/formats/report.txt");
    let report = std::fs::read_to_string(path).expect("the report of the formats");
    let told = report.lines().filter(|line| !line.starts_with(' ')).map(|line| {
        let (name, said) = line.split_once(": ").expect("a name and what it is");
        let format = said.split(',').next().filter(|format| !format.contains(' ')).unwrap_or("unknown");
        (name.to_owned(), format.to_owned())
    });
    told.collect()
}

/// Tables of what is no reading.
const RECORDS: [&str; 6] =
    ["redispatch", "grid_status", "master_data", "acknowledgements", "signatures", "load_profiles"];

#[test]
fn every_sample_goes_in_with_a_receipt_that_adds_up() {
    let Some(samples) = samples() else { return };
    let metrify = Metrify::new();
    let receipts = take_in(&metrify, &files(&samples));
    let expected = expected_formats();
    let folder = format!("{}/", samples.display());
    for receipt in receipts.all() {
        let source = receipt["source"].as_str().expect("a source").replace(&folder, "");
        let format = expected.get(&source).unwrap_or_else(|| panic!("the report does not tell of {source}"));
        assert_eq!(receipt["format"], format.as_str(), "{source}");
        if format == "unknown" {
            assert_eq!((&receipt["stored"], &receipt["rejected"]), (&0.into(), &1.into()), "{receipt}");
        }
    }
    assert_eq!(receipts.all().len(), expected.len());
    let count = |table: &&str| metrify.sql(&format!("select count(*) from {table}")).parse::<u64>().expect("a count");
    let kept: u64 = ["readings"].iter().chain(&RECORDS).map(count).sum();
    assert_eq!(kept, receipts.total("stored"));
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
fn measures_of_redispatch_are_rows_of_their_own_table_and_add_up() {
    let Some(samples) = samples() else { return };
    let metrify = Metrify::new();
    let file = samples.join("grid-redispatch/redispatch_2024_H1.csv");
    let receipts = metrify.ingest(&[&file]);
    assert_eq!(receipts.sum(), "8655 = 8655 stored + 0 duplicates + 0 corrections + 0 rejected");
    assert_eq!(metrify.sql("select count(*), sum(energy_mwh) from redispatch"), "8655,11218355.51");
    let by_operator = "select instructing_operator, count(*) from redispatch group by 1 order by 2 desc limit 4";
    assert_eq!(metrify.sql(by_operator), "TenneT DE,3040\n50Hertz,2692\nAmprion,1568\nTransnetBW,1355");
    assert_eq!(metrify.sql("select count(*) from readings"), "0");
    // Another file that holds some of them, and two that are alike: what is known is not told twice.
    let bytes = std::fs::read(&file).expect("the sample");
    let text = String::from_utf8_lossy(&bytes);
    let mut lines: Vec<&str> = text.lines().take(11).collect();
    lines.push(lines[10]);
    let again = metrify.take_in("some.csv", lines.join("\n"));
    assert_eq!(again.sum(), "11 = 1 stored + 10 duplicates + 0 corrections + 0 rejected");
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
    // A meter without a clock counts for the time of receipt, which is another one in every run; and where a message has no
    // time of its own, what is said later holds.
    let undated = "('sml', 'd0', 'dlms', 'dsmr', 'mbus', 'openweathermap')";
    let dated = format!("delivery not in (select delivery from deliveries where format in {undated})");
    let dated = dated.as_str();
    let (one, other) = (there.answers(dated), back.answers(dated));
    assert!(one.lines().count() > 240_000, "{} readings", one.lines().count());
    let differing = one.lines().zip(other.lines()).find(|(one, other)| one != other);
    assert_eq!(differing, None);
    let by_meter = "select point, quantity, unit, count(*), sum(value) from readings where delivery in \
                    (select delivery from deliveries where format = 'sml') group by 1, 2, 3 order by 1, 2, 3";
    assert_eq!(there.sql(by_meter), back.sql(by_meter));
}
