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
