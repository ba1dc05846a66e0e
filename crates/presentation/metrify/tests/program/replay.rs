//! Deliveries are kept as they came, and read again: what would change is shown first, then changed.
//!
//! A decoder that was mended is played by what is told of a kept delivery: with other hints the same bytes say something else.

use crate::support::{Metrify, POINT, quarter_hour, quarter_hours, walk};
use serde_json::Value;

/// What `deliveries replay -o json` prints, and how it ended.
fn replay(metrify: &Metrify, arguments: &[&str]) -> (Option<i32>, Value) {
    let ran = metrify.run(&[&["deliveries", "replay", "-o", "json"], arguments].concat());
    let report = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error} in {ran:?}"));
    (ran.code, report)
}

/// Such as `0 new, 2 changed, 0 retracted, 1 unchanged, 0 rejected, 0 resolved`.
fn sum(report: &Value) -> String {
    let names = ["new", "changed", "retracted", "unchanged", "rejected", "resolved"];
    names.map(|name| format!("{} {name}", report["total"][name])).join(", ")
}

/// Changes what is told of kept deliveries; the texts are of one length.
fn tell_otherwise(metrify: &Metrify, before: &str, after: &str) {
    assert_eq!(before.len(), after.len());
    let mut changed = 0;
    walk(&metrify.data_dir().join("archive"), &mut |path| {
        let mut bytes = std::fs::read(path).expect("a segment");
        let places: Vec<usize> =
            (0..bytes.len()).filter(|place| bytes[*place..].starts_with(before.as_bytes())).collect();
        for place in &places {
            bytes[*place..*place + after.len()].copy_from_slice(after.as_bytes());
        }
        changed += places.len();
        std::fs::write(path, bytes).expect("write the segment");
    });
    assert!(changed > 0, "`{before}` is told nowhere");
}

#[test]
fn what_is_read_as_before_changes_nothing() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(96));
    let (answers, lake) = (metrify.answers("true"), metrify.files("lake"));
    for arguments in [["--diff"].as_slice(), &[]] {
        let (code, report) = replay(&metrify, arguments);
        assert_eq!(code, Some(0), "{report}");
        assert_eq!(sum(&report), "0 new, 0 changed, 0 retracted, 96 unchanged, 0 rejected, 0 resolved");
    }
    assert_eq!(metrify.answers("true"), answers);
    assert_eq!(metrify.files("lake"), lake);
}

const CLOCKS: &str = "point;quantity;period_start;period_end;value;unit\n\
    50120962218;1-0:1.29.0;2025-01-01 00:00;2025-01-01 00:15;1,5;kWh\n\
    50120962218;1-0:1.29.0;2025-01-01 00:15;2025-01-01 00:30;2,5;kWh\n";

#[test]
fn what_was_read_at_the_wrong_time_moves() {
    let metrify = Metrify::new();
    // The first hour of the year stood an hour later, over what another delivery says of that hour.
    metrify.take_in("other.ndjson", quarter_hours(2));
    let file = metrify.file("clocks.csv", CLOCKS);
    metrify.ingest_with(&[&file], &["--timezone", "Europe/London"]);
    let values = "select period_start, value from readings order by period_start";
    assert_eq!(metrify.sql(values), "2025-01-01T00:00:00Z,1.5\n2025-01-01T00:15:00Z,2.5");
    tell_otherwise(&metrify, "Europe/London", "Europe/Berlin");

    let (code, report) = replay(&metrify, &["--diff"]);
    assert_eq!(code, Some(0));
    // The value that both deliveries give the first quarter is the other one's.
    assert_eq!(sum(&report), "2 new, 0 changed, 1 retracted, 2 unchanged, 0 rejected, 0 resolved");
    let changes = report["deliveries"].as_array().expect("deliveries").iter().flat_map(|delivery| {
        delivery["changes"].as_array().expect("changes").iter().map(|change| {
            let value = |name: &str| change[name]["value"].as_str().unwrap_or("nothing").to_owned();
            format!("{} {} -> {}", change["period_start"].as_str().expect("a time"), value("before"), value("after"))
        })
    });
    assert_eq!(
        changes.collect::<Vec<_>>(),
        [
            "2024-12-31T23:00:00Z nothing -> 1.5",
            "2024-12-31T23:15:00Z nothing -> 2.5",
            "2025-01-01T00:15:00Z 2.5 -> nothing"
        ]
    );
    assert_eq!(metrify.sql(values), "2025-01-01T00:00:00Z,1.5\n2025-01-01T00:15:00Z,2.5", "nothing was changed yet");

    let (_, applied) = replay(&metrify, &[]);
    assert_eq!(sum(&applied), sum(&report));
    let moved =
        "2024-12-31T23:00:00Z,1.5\n2024-12-31T23:15:00Z,2.5\n2025-01-01T00:00:00Z,1.5\n2025-01-01T00:15:00Z,1.5";
    assert_eq!(metrify.sql(values), moved, "what the other delivery said holds again");
    assert_eq!(metrify.sql("select value from readings_history where retracted_at is not null"), "2.5");
    let known = "select period_start, value from readings_as_known(now()) order by period_start";
    assert_eq!(metrify.sql(known), moved);
    // It is not taken for known later either, whatever comes.
    metrify.take_in("other.ndjson", quarter_hours(3));
    assert_eq!(metrify.sql(values), format!("{moved}\n2025-01-01T00:30:00Z,1.5"));
    let (_, again) = replay(&metrify, &["--diff"]);
    assert_eq!(sum(&again), "0 new, 0 changed, 0 retracted, 7 unchanged, 0 rejected, 0 resolved");

    // The decoder was right at first: what was retracted is said again, until a delivery that came later is read again, too.
    tell_otherwise(&metrify, "Europe/Berlin", "Europe/London");
    let id = metrify.sql("select delivery from deliveries where source like '%clocks.csv'");
    replay(&metrify, &[&id]);
    assert_eq!(metrify.sql(values), "2025-01-01T00:00:00Z,1.5\n2025-01-01T00:15:00Z,2.5\n2025-01-01T00:30:00Z,1.5");
    replay(&metrify, &[]);
    assert_eq!(metrify.sql(values), "2025-01-01T00:00:00Z,1.5\n2025-01-01T00:15:00Z,1.5\n2025-01-01T00:30:00Z,1.5");
}

#[test]
fn what_was_read_wrongly_is_corrected_through_a_server_too() {
    let metrify = Metrify::new();
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../samples/formats/dsmr.txt");
    metrify.ingest(&[sample.as_ref()]);
    let tariffs = "select quantity, value from readings where quantity in ('1-0:1.8.1', '1-0:1.8.2') order by quantity";
    let before = metrify.sql(tariffs);
    let values: Vec<&str> = before.lines().map(|line| line.split_once(',').expect("two columns").1).collect();
    let [one, two] = values[..] else { panic!("{before}") };
    assert_ne!(one, two);
    let swapped = format!("1-0:1.8.1,{two}\n1-0:1.8.2,{one}");
    tell_otherwise(&metrify, "\"swap_tariffs\":false", "\"swap_tariffs\":true ");

    let server = metrify.serve();
    let (code, report) = replay(&metrify, &["--diff", "--since", "2020-01-01"]);
    assert_eq!(code, Some(0));
    assert!(report["total"]["changed"].as_u64().is_some_and(|changed| changed >= 2), "{report}");
    assert_eq!(report["total"]["new"], 0, "{report}");
    assert_eq!(metrify.sql(tariffs), before);
    replay(&metrify, &["--since", "2020-01-01"]);
    assert_eq!(metrify.sql(tariffs), swapped);
    server.kill();
    assert_eq!(metrify.sql(tariffs), swapped, "a replay is durable");
}

/// OMS Specification Vol. 2, Annex N.2.1: a gas meter that encrypts with mode 5, and its key.
const ENCRYPTED: &str =
    "2E4493157856341233037A2A0020255923C95AAA26D1B2E7493B013EC4A6F6D3529B520EDFF0EA6DEFC99D6D69EBF3";
const KEY: &str = "ELS12345678 = 0102030405060708090A0B0C0D0E0F11";

#[test]
fn what_was_not_understood_for_want_of_a_key_is_understood_with_it() {
    let metrify = Metrify::new();
    metrify.take_in("meter.hex", ENCRYPTED);
    assert_eq!(metrify.sql("select count(*) from readings"), "0");
    assert_eq!(metrify.sql("select state, readings from rejects"), "open,1");
    let keys = metrify.file("keys", KEY);
    let with_keys = |arguments: &[&str]| {
        let mut command = metrify.command(&[&["deliveries", "replay", "-o", "json"], arguments].concat());
        let ran = crate::support::ran(command.env("METRIFY_INTAKE_KEYS_FILE", &keys));
        (ran.code, serde_json::from_str::<Value>(&ran.stdout).expect("a report"))
    };
    let (code, report) = with_keys(&["--diff"]);
    assert_eq!(code, Some(0), "{report}");
    let told = sum(&report);
    assert!(told.ends_with("0 changed, 0 retracted, 0 unchanged, 0 rejected, 1 resolved"), "{told}");
    assert_eq!(metrify.sql("select count(*) from readings"), "0");
    let (_, applied) = with_keys(&[]);
    assert_eq!(sum(&applied), told);
    assert_eq!(metrify.sql("select point, value, unit from readings"), "ELS12345678,28504.27,m3");
    assert_eq!(metrify.sql("select state from rejects"), "resolved");
    assert_eq!(metrify.sql("select meter from meters"), "ELS12345678");
    // Without the key nothing is taken back: what is not understood is not unsaid.
    let (code, without) = replay(&metrify, &[]);
    assert_eq!(code, Some(2), "{without}");
    assert_eq!(without["total"]["retracted"], 0);
    assert_eq!(metrify.sql("select point, value, unit from readings"), "ELS12345678,28504.27,m3");
}

#[test]
fn what_is_rejected_for_another_reason_is_a_reject_of_its_own() {
    let metrify = Metrify::new();
    metrify.take_in("meter.hex", ENCRYPTED);
    let keys = metrify.file("keys", KEY.replace("0F11", "0F12"));
    let mut command = metrify.command(&["ingest", "-o", "json"]);
    let command = command.arg(metrify.path("meter.hex")).env("METRIFY_INTAKE_KEYS_FILE", &keys);
    assert_eq!(crate::support::ran(command).code, Some(2));
    assert_eq!(metrify.sql("select count(*), count(distinct reject), count(distinct reason) from rejects"), "2,2,2");
}

#[test]
fn what_a_replayed_reject_said_is_not_retracted() {
    let metrify = Metrify::new();
    metrify.take_in("clocks.csv", CLOCKS);
    let ran = metrify.run(&["rejects", "replay", "--timezone", "Europe/Berlin"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let answers = metrify.answers("true");
    assert_eq!(answers.lines().count(), 2);
    let (code, report) = replay(&metrify, &[]);
    assert_eq!(code, Some(2), "{report}");
    assert_eq!(sum(&report), "0 new, 0 changed, 0 retracted, 0 unchanged, 2 rejected, 0 resolved");
    assert_eq!(metrify.answers("true"), answers);
}

#[test]
fn what_was_read_as_the_program_advised_stays_when_all_is_read_again() {
    let metrify = Metrify::new();
    let file = metrify.file("clocks.csv", CLOCKS);
    assert_eq!(metrify.ingest(&[&file]).sum(), "2 = 0 stored + 0 duplicates + 0 corrections + 2 rejected");
    let receipts = metrify.ingest_with(&[&file], &["--timezone", "Europe/Berlin"]);
    assert_eq!(receipts.sum(), "2 = 2 stored + 0 duplicates + 0 corrections + 0 rejected");
    let answers = metrify.answers("true");
    for arguments in [["--diff"].as_slice(), &[]] {
        let (_, report) = replay(&metrify, arguments);
        assert_eq!(sum(&report), "0 new, 0 changed, 0 retracted, 2 unchanged, 2 rejected, 0 resolved");
        assert_eq!(metrify.answers("true"), answers);
    }
    // And a third way to read the same bytes is another delivery again.
    metrify.ingest_with(&[&file], &["--timezone", "Europe/London"]);
    assert_eq!(metrify.sql("select count(*), sum(received), sum(stored), sum(rejected) from deliveries"), "3,6,4,2");
    let (_, report) = replay(&metrify, &["--diff"]);
    assert_eq!(sum(&report), "0 new, 0 changed, 0 retracted, 4 unchanged, 2 rejected, 0 resolved");
}

#[test]
fn what_a_delivery_says_twice_is_the_same_when_it_is_read_again() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hour(POINT, 0, "1"));
    metrify.take_in("b.ndjson", quarter_hour(POINT, 0, "1") + &quarter_hour(POINT, 0, "2"));
    assert_eq!(metrify.sql("select value from readings"), "2");
    for arguments in [["--diff"].as_slice(), &[]] {
        let (code, report) = replay(&metrify, arguments);
        assert_eq!(code, Some(0), "{report}");
        assert_eq!(sum(&report), "0 new, 0 changed, 0 retracted, 3 unchanged, 0 rejected, 0 resolved");
        assert_eq!(metrify.sql("select value from readings"), "2");
    }
}

/// A kept delivery that is damaged is told as lost, and keeps no other from being read.
#[test]
fn a_kept_delivery_that_is_damaged_stands_for_itself_alone() {
    const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(96));
    metrify.take_in("b.ndjson", quarter_hour(POINT, 200, "1"));
    let mut damaged = 0;
    walk(&metrify.data_dir().join("archive"), &mut |path| {
        let mut bytes = std::fs::read(path).expect("a segment");
        if let Some(packed) = bytes.windows(ZSTD.len()).position(|window| window == ZSTD) {
            bytes[packed + 20..packed + 40].fill(0);
            damaged += 1;
            std::fs::write(path, bytes).expect("write the segment");
        }
    });
    assert_eq!(damaged, 1);
    let (code, report) = replay(&metrify, &["--diff"]);
    assert_eq!(code, Some(2), "{report}");
    assert_eq!(sum(&report), "0 new, 0 changed, 0 retracted, 1 unchanged, 0 rejected, 0 resolved");
    assert_eq!(report["total"]["lost"], 1, "{report}");
}

#[test]
fn deliveries_that_are_no_longer_kept_are_told() {
    let metrify = Metrify::new();
    let file = metrify.file("a.ndjson", quarter_hours(4));
    let mut command = metrify.command(&["ingest", "-o", "json"]);
    crate::support::ran(command.arg(&file).env("METRIFY_ARCHIVE_LIMIT_MB", "0"));
    let (code, report) = replay(&metrify, &["--diff"]);
    assert_eq!(code, Some(2), "{report}");
    assert_eq!((&report["total"]["lost"], &report["deliveries"][0]["lost"]), (&1.into(), &true.into()));
    let table = metrify.run(&["deliveries", "replay", "--diff"]);
    assert!(table.stdout.contains("no longer kept"), "{table:?}");
    metrify.run(&["deliveries", "replay", "0123456789abcdef0123456789abcdef"]).failed_with(&["find delivery", "hint"]);
    metrify
        .run(&["deliveries", "replay", "--since", "yesterday"])
        .failed_with(&["read `yesterday` as a time", "2025-01-05"]);
}

#[test]
fn only_those_since_then_are_read_again() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(4));
    let (_, report) = replay(&metrify, &["--diff", "--since", "2100-01-01T00:00:00Z"]);
    assert_eq!(report["deliveries"], Value::Array(Vec::new()));
    let id = metrify.sql("select delivery from deliveries");
    let (_, report) = replay(&metrify, &["--diff", &id]);
    assert_eq!(report["deliveries"][0]["delivery"].as_str(), Some(id.as_str()));
    assert_eq!(report["total"]["unchanged"], 4);
    assert_eq!(metrify.sql("select distinct point from readings"), POINT);
}
