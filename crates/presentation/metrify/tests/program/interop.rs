//! The lake is read by programs that nobody here wrote, and they find what `metrify sql` answers.

use std::path::PathBuf;
use std::process::Command;

use crate::support::{Metrify, mscons, skipped};

/// A Python that has `deltalake`, `duckdb` and `pyarrow`; `None`, with a visible line, where there is none.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("LAKE_READERS_PYTHON").map(PathBuf::from);
    let usual = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/metrify/venv/bin/python"));
    let found = named.into_iter().chain(usual).find(|python| {
        let tried = Command::new(python).args(["-c", "import deltalake, duckdb, pyarrow"]).output();
        tried.is_ok_and(|tried| tried.status.success())
    });
    if found.is_none() {
        skipped("no Python with deltalake and duckdb (`make venv` makes one), so nobody else reads the lake");
    }
    found
}

/// Reads a table's newest version with both: rows, values and their sum by quantity.
const READ: &str = r#"
import sys
import deltalake, duckdb
table = deltalake.DeltaTable(sys.argv[1])
columns = "quantity, count(*), count(value), sum(value)"
files = duckdb.read_parquet(table.file_uris(), hive_partitioning=False)
arrow = table.to_pyarrow_dataset().to_table()
def answer(readings):
    return duckdb.sql(f"select {columns} from readings group by 1 order by 1").fetchall()
def exact(value):
    return "" if value is None else format(value.normalize(), "f")
for name, rows in [("files", answer(files)), ("table", answer(arrow))]:
    for quantity, count, values, total in rows:
        print(f"{name} {quantity},{count},{values},{exact(total)}")
"#;

/// What the others answer over a table of the lake, each line once for each of them.
fn others(python: &PathBuf, metrify: &Metrify, table: &str) -> [String; 2] {
    let folder = metrify.data_dir().join("lake/default").join(table);
    let ran = crate::support::ran(Command::new(python).args(["-c", READ]).arg(folder));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ["files ", "table "].map(|name| {
        let lines = ran.stdout.lines().filter_map(|line| line.strip_prefix(name));
        lines.collect::<Vec<_>>().join("\n")
    })
}

fn ours(metrify: &Metrify) -> String {
    metrify.sql("select quantity, count(*), count(value), sum(value) from readings group by 1 order by 1")
}

#[test]
fn other_programs_read_the_newest_version_and_find_the_same() {
    let Some(python) = python() else { return };
    let metrify = Metrify::new();
    let fleet = metrify.path("fleet.ndjson");
    let out = fleet.display().to_string();
    metrify.run(&["simulate", "--meters", "20", "--days", "40", "--seed", "9", "--out", &out]);
    metrify.ingest(&[&fleet]);
    // Corrected, taken back and restored: what holds no longer must not be found by the others either.
    metrify.take_in("first", mscons::load_curve("D1", "202404020300", &[(0, "Z18", "1"), (1, "Z18", "2")]));
    metrify.take_in("second", mscons::load_curve("D2", "202404030300", &[(0, "220", "1.5"), (1, "Z30", "0")]));
    metrify.take_in("storno", mscons::storno("S1", "202404050300", "D2"));
    let expected = ours(&metrify);
    assert!(expected.contains("1-1:1.29.0,2,2,3"), "{expected}");
    for answer in others(&python, &metrify, "readings") {
        assert_eq!(answer, expected);
    }
}

#[test]
fn other_programs_find_the_same_after_many_landings_and_their_compaction() {
    let Some(python) = python() else { return };
    let metrify = Metrify::new();
    for number in 0..24 {
        let lines: String = (0..4)
            .map(|part| {
                crate::support::quarter_hour(crate::support::POINT, number * 2 + part, &format!("{number}.{part}"))
            })
            .collect();
        metrify.take_in(&format!("{number}.ndjson"), lines);
    }
    let expected = ours(&metrify);
    assert!(expected.starts_with("1-0:1.29.0,50,50,"), "{expected}");
    for answer in others(&python, &metrify, "readings") {
        assert_eq!(answer, expected);
    }
}

#[test]
fn other_programs_read_real_files_from_the_lake() {
    let (Some(python), Some(samples)) = (python(), crate::support::samples()) else { return };
    let metrify = Metrify::new();
    let file = samples.join("grid-smard/Realisierter_Stromverbrauch_202301010000_202401010000_Viertelstunde.csv");
    metrify.ingest(&[&file]);
    let expected = ours(&metrify);
    assert!(expected.contains("load,35040,35040,458374229.5"), "{expected}");
    for answer in others(&python, &metrify, "readings") {
        assert_eq!(answer, expected);
    }
}

/// Reads a table's newest version with a reader that knows of deletion vectors.
const READ_MARKED: &str = r#"
import sys
import deltalake
table = deltalake.DeltaTable(sys.argv[1])
assert "deletionVectors" in table.protocol().reader_features, table.protocol()
rows = "select quantity, count(*) as n, count(value) as v, sum(value) as s from readings group by 1 order by 1"
for batch in deltalake.QueryBuilder().register("readings", table).execute(rows):
    for row in zip(*(batch.column(place).to_pylist() for place in range(4))):
        quantity, count, values, total = row
        print(f"{quantity},{count},{values},{'' if total is None else format(total.normalize(), 'f')}")
"#;

/// Some readings with another value, as lines.
fn corrected(metrify: &Metrify, rule: &str) -> String {
    let rows = metrify.sql(&format!(
        "select point, quantity, period_start, period_end, value + 1, unit from readings where {rule} order by 1, 3"
    ));
    let line = |row: &str| {
        let [point, quantity, start, end, value, unit] = row.split(',').collect::<Vec<_>>()[..] else {
            panic!("{row}")
        };
        format!(
            "{{\"point\":\"{point}\",\"quantity\":\"{quantity}\",\"period_start\":\"{start}\",\"period_end\":\"{end}\",\
             \"value\":{value},\"unit\":\"{unit}\"}}\n"
        )
    };
    rows.lines().map(line).collect()
}

/// Of a large file corrections cost what they say: the file stays, and some of its rows are deleted in the log.
#[test]
fn corrections_mark_rows_of_large_files_and_all_find_the_same() {
    let metrify = Metrify::new();
    let fleet = metrify.path("fleet.days");
    let out = fleet.display().to_string();
    let simulated = ["simulate", "--faultless", "--meters", "300", "--days", "6", "--from", "2025-03-10"];
    metrify.run(&[&simulated[..], &["--seed", "9", "--format", "days", "--out", &out]].concat());
    metrify.ingest(&[&fleet]);
    let files = "select path, rows + deleted, deleted from system.files where \"table\" = 'readings' and rows > 100000";
    let (large, count) = (metrify.sql(files), metrify.sql("select count(*) from readings"));
    assert_eq!(large.lines().count(), 1, "{large}");
    let sum = "select sum(value) from readings where quantity = '1-0:1.29.0'";
    let before = metrify.sql(sum);
    let (mut corrections, mut kept) = (0, String::new());
    for rule in [
        "period_start = '2025-03-12T11:00:00Z'",
        "period_start >= '2025-03-12T10:45:00Z' and period_start < '2025-03-12T11:15:00Z'",
    ] {
        let lines = corrected(&metrify, &format!("quantity = '1-0:1.29.0' and {rule}"));
        let receipt = metrify.take_in(&format!("{corrections}.ndjson"), &lines);
        corrections += lines.lines().count();
        assert_eq!(receipt.total("corrections"), lines.lines().count() as u64);
        // What the large file says is kept, and was made again where it was damaged.
        let held = metrify.files("held");
        assert_eq!(held.lines().count(), 1, "{held}");
        assert!(kept.is_empty() || kept == held, "{kept} became {held}");
        kept = held;
        let name = kept.rsplit_once(' ').expect("its size").0;
        let file = std::fs::File::options().write(true).open(metrify.data_dir().join("held").join(name));
        file.and_then(|file| file.set_len(100_000)).expect("it is cut");
    }
    assert_eq!(corrections, 900);
    // The same file, still, and the same answers as if it had been written again; what was corrected twice was in it once.
    assert_eq!(metrify.sql(files), large.replace(",0", ",600"));
    assert_eq!(metrify.sql("select count(*) from readings"), count);
    assert_eq!(metrify.sql(&format!("select ({sum}) - {before}")), "900");
    let one = "select count(*), count(distinct point), min(value) > 1 from readings where quantity = '1-0:1.29.0' \
               and period_start = '2025-03-12T11:00:00Z'";
    assert_eq!(metrify.sql(one), "300,300,true");
    let versions = "select count(*) from readings_history where quantity = '1-0:1.29.0' and period_start = ";
    assert_eq!(metrify.sql(&format!("{versions}'2025-03-12T11:00:00Z'")), "900");
    assert_eq!(metrify.sql(&format!("{versions}'2025-03-12T10:45:00Z'")), "600");
    let Some(python) = python() else { return };
    let folder = metrify.data_dir().join("lake/default/readings");
    let read = crate::support::ran(Command::new(python).args(["-c", READ_MARKED]).arg(folder));
    assert_eq!((read.stdout.trim_end(), read.code), (ours(&metrify).as_str(), Some(0)), "{}", read.stderr);
}
