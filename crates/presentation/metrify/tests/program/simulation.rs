//! The simulated fleet is the same in every run, and what it says of itself is what the program finds in it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::Metrify;
use serde_json::Value;

fn simulate(metrify: &Metrify, name: &str, arguments: &[&str]) -> PathBuf {
    let path = metrify.path(name);
    let out = path.display().to_string();
    let ran = metrify.run(&[&["simulate", "--out", &out], arguments].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    path
}

fn truth_path(fleet: &Path) -> PathBuf {
    let name = fleet.file_name().expect("a name").to_string_lossy();
    fleet.with_file_name(format!("{name}.truth"))
}

/// The last line of the truth: its summary, as text, for its numbers are exact.
fn summary(fleet: &Path) -> String {
    let truth = fs::read_to_string(truth_path(fleet)).expect("the truth");
    truth.lines().last().expect("a summary").to_owned()
}

const SMALL: [&str; 6] = ["--meters", "20", "--days", "3", "--seed", "7"];

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_one_others() {
    let metrify = Metrify::new();
    let read = |path: &Path| fs::read(path).expect("a simulated fleet");
    let (one, other) = (simulate(&metrify, "one.ndjson", &SMALL), simulate(&metrify, "other.ndjson", &SMALL));
    assert!(read(&one) == read(&other), "two runs of one seed differ");
    assert!(read(&truth_path(&one)) == read(&truth_path(&other)), "two truths of one seed differ");
    let third = simulate(&metrify, "third.ndjson", &["--meters", "20", "--days", "3", "--seed", "8"]);
    assert!(read(&one) != read(&third), "another seed gives the same");
    assert!(read(&one).len() > 1 << 20);
}

/// The text of a number in JSON.
fn number<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let begin = text.find(&format!("\"{key}\":"))? + key.len() + 3;
    let end = text[begin..].find([',', '}'])?;
    Some(&text[begin..begin + end])
}

#[test]
fn receipts_and_sums_agree_with_what_the_truth_tells() {
    // Over the clock change in autumn, and long enough for every kind of fault that comes often.
    for (format, suffix) in [("ndjson", "ndjson"), ("csv", "csv"), ("days", "ndjson")] {
        let metrify = Metrify::new();
        let arguments =
            ["--meters", "60", "--days", "6", "--seed", "20230326", "--from", "2025-10-24", "--format", format];
        let fleet = simulate(&metrify, &format!("fleet.{suffix}"), &arguments);
        let text = summary(&fleet);
        let told: Value = serde_json::from_str(&text).expect("a summary");
        assert!(
            told["duplicates"].as_u64() > Some(0) && told["corrections"].as_u64() > Some(0),
            "too few faults: {text}"
        );
        let receipts = metrify.ingest(&[&fleet]);
        let expected = format!(
            "{} = {} stored + {} duplicates + {} corrections + 0 rejected",
            told["lines"], told["distinct"], told["duplicates"], told["corrections"]
        );
        assert_eq!(receipts.sum(), expected, "{format}");
        let quantities = told["quantities"].as_object().expect("quantities");
        for (quantity, facts) in quantities {
            let found =
                metrify.sql(&format!("select count(*), sum(value) from readings where quantity = '{quantity}'"));
            let (count, sum) = found.split_once(',').expect("two columns");
            assert_eq!(count, facts["distinct"].to_string(), "{format}: {quantity}");
            let place = text.find(&format!("\"{quantity}\":{{")).expect("the quantity");
            let facts = &text[place..place + text[place..].find('}').expect("its end") + 1];
            if let Some(expected) = number(facts, "sum") {
                assert_eq!(sum, expected, "{format}: {quantity}");
            }
        }
    }
}

#[test]
fn the_forms_of_a_fleet_say_the_same_and_their_truths_too() {
    let undisturbed = Metrify::new();
    let lines = simulate(&undisturbed, "fleet", &[&SMALL[..], &["--from", "2025-03-29"]].concat());
    assert_eq!(undisturbed.ingest(&[&lines]).total("rejected"), 0);
    let answers = undisturbed.answers("true");
    assert!(answers.lines().count() > 20_000);
    for format in ["csv", "days", "parquet", "arrow"] {
        let metrify = Metrify::new();
        let fleet = simulate(&metrify, "fleet", &[&SMALL[..], &["--format", format, "--from", "2025-03-29"]].concat());
        assert_eq!(metrify.ingest(&[&fleet]).total("rejected"), 0, "{format}");
        assert!(metrify.answers("true") == answers, "{format} says something else than ndjson");
        assert_eq!(summary(&fleet), summary(&lines), "{format}");
    }
}

#[test]
fn a_fleet_that_is_sent_to_a_server_is_the_fleet_that_is_written() {
    let (written, sent) = (Metrify::new(), Metrify::new());
    let fleet = simulate(&written, "fleet.ndjson", &SMALL);
    written.ingest(&[&fleet]);
    sent.run(&[&["simulate"], &SMALL[..]].concat()).failed_with(&["no server holds data directory", "metrify up"]);
    let server = sent.serve();
    let ran = sent.run(&[&["simulate", "-o", "json"], &SMALL[..]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let receipts = crate::support::Receipts::of(&ran.stdout);
    assert!(receipts.all().len() > 1, "it comes in pieces");
    assert!(sent.answers("true") == written.answers("true"), "other readings came than are written");
    assert_eq!(summary(&sent.data_dir().join("simulated")), summary(&fleet));
    sent.run(&[&["simulate", "--format", "csv"], &SMALL[..]].concat()).failed_with(&["piece by piece", "--out"]);
    drop(server);
}

#[test]
fn days_of_the_clock_change_have_92_and_100_quarter_hours() {
    for (from, counts) in [("2025-03-29", "96\n92\n96"), ("2025-10-25", "96\n100\n96")] {
        let metrify = Metrify::new();
        let fleet = simulate(&metrify, "fleet.ndjson", &[&SMALL[..], &["--from", from]].concat());
        metrify.ingest(&[&fleet]);
        let days = "select count(*) from grid where quantity = 'load' and area = 'TenneT' group by local_day(period_start) \
                    order by local_day(period_start)";
        assert_eq!(metrify.sql(days), counts);
    }
}

#[test]
fn a_fleet_that_cannot_be_is_refused() {
    let metrify = Metrify::new();
    let out = metrify.path("fleet.ndjson").display().to_string();
    for (arguments, words) in [
        (["--days", "0", "--meters", "1"], ["one day at least"]),
        (["--days", "100000", "--meters", "1"], ["1990 to 2099"]),
    ] {
        metrify.run(&[&["simulate", "--out", &out], &arguments[..]].concat()).failed_with(&words);
    }
}
