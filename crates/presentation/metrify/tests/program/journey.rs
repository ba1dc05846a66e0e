//! What a new user does first: look around, take files in, ask, export, and carry it elsewhere.

use std::io::Read;
use std::path::PathBuf;

use crate::support::mscons::{load_curve, storno};
use crate::support::{Metrify, POINT, quarter_hour, quarter_hours};
use serde_json::Value;

const COMMANDS: [&str; 10] =
    ["ingest", "sql", "up", "simulate", "export", "rejects", "points", "doctor", "config", "completions"];

#[test]
fn help_names_every_command_and_gives_examples() {
    let metrify = Metrify::new();
    let help = metrify.run(&["--help"]);
    assert_eq!(help.code, Some(0));
    for command in COMMANDS {
        assert!(help.stdout.contains(&format!("\n  {command} ")), "{command} is missing in: {}", help.stdout);
        assert_eq!(metrify.run(&[command, "--help"]).code, Some(0), "{command}");
    }
    for command in ["ingest", "sql", "up", "simulate", "export", "completions"] {
        let help = metrify.run(&[command, "--help"]).stdout;
        assert!(help.contains("Example") && help.contains(&format!("  metrify {command} ")), "{help}");
    }
    let replay = metrify.run(&["rejects", "replay", "--help"]).stdout;
    assert!(replay.contains("  metrify rejects replay"), "{replay}");
    assert!(metrify.run(&["--version"]).stdout.starts_with("metrify "));
    assert!(!metrify.data_dir().exists(), "help makes no data directory");
}

#[test]
fn completions_of_every_shell_name_the_commands() {
    let metrify = Metrify::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = metrify.run(&["completions", shell]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{shell}");
        for command in COMMANDS {
            assert!(ran.stdout.contains(command), "{shell}: {command}");
        }
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", (0..2_000).map(|number| quarter_hour(POINT, number, "1")).collect::<String>());
    for arguments in [&["completions", "bash"][..], &["sql", "-o", "csv", "select * from readings"], &["points"]] {
        let mut child = metrify.command(arguments).spawn().expect("run the program");
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().expect("standard error").read_to_string(&mut said).expect("what the program said");
        child.wait().expect("wait for the program");
        assert_eq!(said, "", "{arguments:?}");
    }
}

#[test]
fn the_settings_in_force_come_from_environment_file_variables_and_flags_in_this_order() {
    let metrify = Metrify::new();
    let shown = |command: &mut std::process::Command| {
        let ran = crate::support::ran(command);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
        ran.stdout
    };
    let check = |arguments: &[&str]| metrify.command(&[arguments, &["config", "check"]].concat());
    let usual = shown(&mut check(&[]));
    assert!(usual.contains("interval_s: 3") && usual.contains("unknown_points: register"), "{usual}");
    assert!(shown(&mut check(&["--environment", "production"])).contains("unknown_points: quarantine"));
    let file = metrify
        .file("site.yaml", "landing:\n  interval_s: 11\nserver:\n  listen: 127.0.0.1:9000\n")
        .display()
        .to_string();
    let named = shown(&mut check(&["--config", &file]));
    assert!(named.contains("interval_s: 11") && named.contains("listen: 127.0.0.1:9000"), "{named}");
    let varied = shown(check(&["--config", &file]).env("METRIFY_LANDING_INTERVAL_S", "12"));
    assert!(varied.contains("interval_s: 12") && varied.contains("listen: 127.0.0.1:9000"), "{varied}");
    assert!(usual.contains(&format!("data_dir: {}", metrify.data_dir().display())), "{usual}");
}

#[test]
fn answers_come_as_tables_json_and_csv_with_every_digit() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hour(POINT, 0, "12345678901234567890.123456789012"));
    let query = "select value, unit, method from readings";
    let csv = metrify.run(&["sql", "-o", "csv", query]);
    assert_eq!(csv.stdout, "value,unit,method\n12345678901234567890.123456789012,kWh,\n");
    let json = metrify.run(&["sql", "-o", "json", query]);
    assert!(
        json.stdout.contains("{\"value\":12345678901234567890.123456789012,\"unit\":\"kWh\",\"method\":null}"),
        "{json:?}"
    );
    assert!(
        serde_json::from_str::<Value>(&json.stdout)
            .is_ok_and(|rows| rows.as_array().is_some_and(|rows| rows.len() == 1))
    );
    let table = metrify.run(&["sql", query]);
    let lines: Vec<&str> = table.stdout.lines().map(str::trim_end).collect();
    assert_eq!(lines.len(), 3, "{table:?}");
    assert!(lines[2].starts_with("12345678901234567890.123456789012  kWh"), "{table:?}");
    let none = "select value from readings where false";
    assert_eq!(metrify.run(&["sql", "-o", "csv", none]).stdout, "value\n");
    assert_eq!(metrify.run(&["sql", "-o", "json", none]).stdout, "[]\n");
    for command in [&["points"][..], &["doctor"], &["rejects", "list"]] {
        let json = metrify.run(&[command, &["-o", "json"]].concat());
        assert!(serde_json::from_str::<Value>(&json.stdout).is_ok_and(|rows| rows.is_array()), "{json:?}");
    }
}

#[test]
fn a_question_that_needs_more_memory_than_it_may_have_goes_to_disk() {
    let metrify = Metrify::new();
    let rows =
        "select value, 'DE00056266802AO6G56M11SN51G2' || (value % 1000) as point from generate_series(1, 1000000)";
    let next = format!("select value, lead(value) over (partition by point order by value) as next from ({rows})");
    let asked = format!("select count(*) from ({next}) where next > value");
    let asked = metrify.command(&["sql", "-o", "csv", &asked]).env("METRIFY_QUERY_MEMORY_MB", "64").output();
    let asked = asked.expect("run the program");
    assert_eq!(
        String::from_utf8_lossy(&asked.stdout),
        "count(*)\n999000\n",
        "{}",
        String::from_utf8_lossy(&asked.stderr)
    );
}

#[test]
fn receipts_come_as_tables_json_and_csv() {
    let metrify = Metrify::new();
    let file = metrify.file("a.ndjson", quarter_hours(2) + "nonsense\n").display().to_string();
    let table = metrify.run(&["ingest", &file]);
    assert_eq!(table.code, Some(2));
    assert!(table.stdout.contains("\nrejected in ") && table.stdout.contains("line 3: "), "{table:?}");
    let csv = metrify.run(&["ingest", &file, "-o", "csv"]);
    let expected =
        format!("source,format,received,stored,duplicates,corrections,rejected,findings\n{file},ndjson,3,0,2,0,1,0\n");
    assert_eq!((csv.code, csv.stdout), (Some(2), expected));
    let json = metrify.run(&["ingest", &file, "-o", "json"]);
    let report: Value = serde_json::from_str(&json.stdout).expect("a report");
    assert_eq!(report["deliveries"][0]["source"], file.as_str());
    assert_eq!(report["deliveries"][0]["problems"][0]["position"], "line 3");
    assert_eq!(
        report["total"],
        serde_json::json!({"received":3,"stored":0,"duplicates":2,"corrections":0,"rejected":1})
    );
    assert_eq!(json.stderr, "", "data to standard output, nothing else where all is well");
}

#[test]
fn exit_codes_tell_good_from_rejected_from_failed() {
    let metrify = Metrify::new();
    let good = metrify.file("good.ndjson", quarter_hours(2)).display().to_string();
    let bad = metrify.file("bad.ndjson", quarter_hours(1) + "nonsense\n").display().to_string();
    for (arguments, code) in [
        (vec!["ingest", &good], 0),
        (vec!["ingest", &good, &bad], 2),
        (vec!["ingest", "/not/there"], 1),
        (vec!["sql", "select 1"], 0),
        (vec!["sql", "selec"], 1),
        (vec!["rejects", "list"], 0),
        (vec!["rejects", "replay"], 2),
        (vec!["rejects", "show", "nobody"], 1),
        (vec!["doctor"], 0),
        (vec!["config", "check"], 0),
    ] {
        assert_eq!(metrify.run(&arguments).code, Some(code), "{arguments:?}");
    }
}

#[test]
fn a_command_that_nobody_understands_is_a_failure_and_no_rejection() {
    let metrify = Metrify::new();
    for arguments in [
        &["ingest"][..],
        &["ingst", "a"],
        &["ingest", "a", "--timezon", "UTC"],
        &["sql"],
        &["sql", "-o", "xml", "select 1"],
    ] {
        let ran = metrify.run(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{arguments:?}: {}", ran.stderr);
    }
}

/// Everything that holds, with its time of knowledge.
fn everything(metrify: &Metrify, table: &str) -> String {
    let columns = "point, quantity, kind, period_start, period_end, value, unit, quality, method, reason, recorded_at";
    metrify.sql(&format!(
        "select {columns} from {table} order by point, quantity, period_start, period_end, recorded_at, value"
    ))
}

/// Data of every kind: registers, amounts, powers, forecasts, missing and substituted values, several versions.
fn varied() -> Metrify {
    let metrify = Metrify::new();
    let fleet = metrify.path("fleet.ndjson");
    let out = fleet.display().to_string();
    metrify.run(&["simulate", "--meters", "30", "--days", "3", "--seed", "4", "--from", "2025-10-25", "--out", &out]);
    metrify.ingest(&[&fleet]);
    metrify.take_in(
        "first",
        load_curve("D1", "202404020300", &[(0, "Z18", "1"), (1, "67", "-2.000000000001"), (2, "Z30", "0")]),
    );
    metrify.take_in(
        "second",
        load_curve("D2", "202404030300", &[(0, "220", "99999999999999999999999999.5"), (1, "220", "5")]),
    );
    metrify.take_in("storno", storno("S1", "202404050300", "D9"));
    metrify.take_in(
        "words.ndjson",
        quarter_hour(POINT, 0, "1").replace("}\n", ",\"quality\":\"faulty\",\"reason\":\"ä, \\\"b\\\"\"}\n"),
    );
    metrify
}

fn export(metrify: &Metrify, name: &str, arguments: &[&str]) -> PathBuf {
    let path = metrify.path(name);
    let out = path.display().to_string();
    let ran = metrify.run(&[&["export", "--out", &out], arguments].concat());
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), "", ""));
    path
}

#[test]
fn an_export_taken_in_elsewhere_gives_the_same_readings() {
    let metrify = varied();
    let expected = everything(&metrify, "readings");
    assert!(expected.lines().count() > 20_000);
    for format in ["ndjson", "csv", "parquet", "arrow"] {
        let path = export(&metrify, &format!("all.{format}"), &[]);
        let elsewhere = Metrify::new();
        let receipts = elsewhere.ingest(&[&path]);
        assert_eq!(receipts.all()[0]["format"], format);
        assert_eq!(
            (receipts.total("stored"), receipts.total("rejected")),
            (receipts.total("received"), 0),
            "{}",
            receipts.sum()
        );
        let found = everything(&elsewhere, "readings");
        let differing = expected.lines().zip(found.lines()).find(|(one, other)| one != other);
        assert_eq!((differing, found.lines().count()), (None, expected.lines().count()), "{format}");
        let home_again = metrify.ingest(&[&path]);
        assert_eq!(
            (home_again.total("stored"), home_again.total("corrections")),
            (0, 0),
            "{format}: {}",
            home_again.sum()
        );
    }
}

#[test]
fn an_export_of_history_carries_what_was_known_when() {
    let metrify = varied();
    let query = "select point, quantity, kind, period_start, period_end, value, unit, quality, method, reason, recorded_at \
                 from readings_history order by recorded_at desc";
    let path = export(&metrify, "history.ndjson", &["--query", query]);
    let elsewhere = Metrify::new();
    elsewhere.ingest(&[&path]);
    for table in ["readings", "readings_as_known('2024-04-02T12:00:00Z')", "readings_as_known('2024-04-01T12:00:00Z')"]
    {
        assert!(everything(&elsewhere, table) == everything(&metrify, table), "{table} differs");
    }
}

#[test]
fn an_export_that_fails_leaves_no_file() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(3));
    let path = metrify.path("answer.csv");
    let out = path.display().to_string();
    metrify.run(&["export", "--out", &out, "--query", "select nonsense"]).failed_with(&["nonsense", "hint:"]);
    metrify.run(&["export", "--out", &out, "--query", "select cast(unit as int) from readings"]).failed_with(&["kWh"]);
    metrify.run(&["export", "--out", "/not/there/answer.csv"]).failed_with(&["/not/there/answer.csv"]);
    metrify.run(&["export", "--out", "answer"]).failed_with(&["--format"]);
    metrify.run(&["export", "--out", "answer.xls"]).failed_with(&["xls", "parquet"]);
    let left: Vec<_> =
        std::fs::read_dir(metrify.path("")).expect("the folder").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left.len(), 2, "the data and the delivery alone: {left:?}");
}

#[test]
fn functions_of_the_trade_are_right_on_the_days_that_are_odd() {
    let metrify = Metrify::new();
    for (expression, expected) in [
        ("local_day(timestamp '2025-03-30T21:59:59Z')", "2025-03-30"),
        ("local_day(timestamp '2025-03-30T22:00:00Z')", "2025-03-31"),
        ("local_hour(timestamp '2025-03-30T01:00:00Z')", "3"),
        ("local_hour(timestamp '2025-10-26T01:00:00Z')", "2"),
        ("gas_day(timestamp '2025-03-30T03:59:00Z')", "2025-03-29"),
        ("gas_day(timestamp '2025-03-30T04:00:00Z')", "2025-03-30"),
        ("quarter_hours(date '2025-03-30')", "92"),
        ("quarter_hours(date '2025-10-26')", "100"),
        ("quarter_hours(date '2025-06-01')", "96"),
        ("is_holiday(date '2025-10-31', 'SN')", "true"),
        ("is_holiday(date '2025-10-31', 'BY')", "false"),
        ("is_working_day(date '2025-10-31', 'BY')", "true"),
        ("is_working_day(date '2025-11-01', 'BE')", "false"),
    ] {
        assert_eq!(metrify.sql(&format!("select {expression}")), expected, "{expression}");
    }
}

#[test]
fn points_of_nobody_are_kept_out_where_the_settings_say_so_until_they_are_confirmed() {
    let metrify = Metrify::new();
    let file = metrify.file("a.ndjson", quarter_hours(10));
    let run = |arguments: &[&str]| {
        let mut command = metrify.command(arguments);
        crate::support::ran(command.env("METRIFY_INTAKE_UNKNOWN_POINTS", "quarantine"))
    };
    let first = run(&["ingest", "-o", "json", &file.display().to_string()]);
    assert_eq!(first.code, Some(2));
    let receipts = crate::support::Receipts::of(&first.stdout);
    assert_eq!(receipts.sum(), "10 = 0 stored + 0 duplicates + 0 corrections + 10 rejected");
    assert!(receipts.problems().contains("not confirmed"), "{}", receipts.problems());
    assert_eq!(metrify.sql("select point, status from points"), format!("{POINT},quarantined"));
    assert_eq!(run(&["points", "confirm", POINT]).code, Some(0));
    assert_eq!(run(&["rejects", "replay"]).code, Some(0));
    assert_eq!(metrify.sql("select count(*), sum(value) from readings"), "10,15");
    assert_eq!(metrify.sql("select status from points"), "confirmed");
    assert_eq!(metrify.sql("select distinct state from rejects"), "resolved");
}

#[test]
fn a_reject_shows_the_bytes_that_were_not_understood() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(1) + "nonsense\n");
    let id = metrify.sql("select reject from rejects");
    let shown = metrify.run(&["rejects", "show", &id, "-o", "json"]);
    let rows: Value = serde_json::from_str(&shown.stdout).expect("a row");
    let hex: String = "nonsense".bytes().map(|byte| format!("{byte:02x}")).collect();
    assert!(rows[0]["bytes"].as_str().is_some_and(|bytes| bytes.starts_with(&hex)), "{shown:?}");
    assert_eq!((&rows[0]["state"], &rows[0]["position"]), (&"open".into(), &"line 2".into()));
}

#[test]
fn where_a_value_came_from_can_be_asked() {
    let metrify = Metrify::new();
    let receipts = metrify.take_in("a.ndjson", quarter_hours(1));
    let source = metrify.path("a.ndjson").display().to_string();
    let query =
        "select source, format, stored from readings join deliveries on readings.delivery = deliveries.delivery";
    assert_eq!(metrify.sql(query), format!("{source},ndjson,1"));
    assert_eq!(receipts.all()[0]["delivery"], metrify.sql("select delivery from readings").as_str());
}

#[test]
fn a_server_with_a_simulated_fleet_has_readings_to_ask_for() {
    let metrify = Metrify::new();
    let server = metrify.serve_simulated(5);
    let mut count = 0;
    for _ in 0..200 {
        count = metrify
            .sql("select count(distinct point) from readings where quantity = '1-0:1.29.0'")
            .parse()
            .expect("a count");
        if count == 5 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert_eq!(count, 5);
    let truth = metrify.data_dir().join("simulation.truth");
    for _ in 0..200 {
        if truth.exists() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let truth = std::fs::read_to_string(truth).expect("the truth about the past month");
    assert!(truth.lines().any(|line| line.contains("\"fault\":")), "{truth}");
    let ended = server.stop();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}
