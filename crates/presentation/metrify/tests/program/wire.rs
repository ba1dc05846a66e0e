//! SQL for other tools, asked by those tools: the real `psql`, psycopg, and ADBC over Flight SQL.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::api::Client;
use crate::support::{Metrify, Ran, Server, quarter_hour, ran, skipped};

pub const ON: [(&str, &str); 2] =
    [("METRIFY_SQL_POSTGRES_LISTEN", "127.0.0.1:0"), ("METRIFY_SQL_FLIGHT_LISTEN", "127.0.0.1:0")];

/// Ten days of one meter, 1.5 kWh each quarter-hour, and one day of another.
fn house() -> Metrify {
    let metrify = Metrify::new();
    let first = (0..960).map(|number| quarter_hour("meter-1", number, "1.5"));
    let readings: String = first.chain((0..96).map(|number| quarter_hour("meter-2", number, "0.25"))).collect();
    metrify.take_in("readings.ndjson", readings);
    metrify
}

/// A Python that has the clients; `None`, with a visible line, where there is none.
pub fn python() -> Option<PathBuf> {
    let named = std::env::var_os("LAKE_READERS_PYTHON").map(PathBuf::from);
    let usual = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/metrify/venv/bin/python"));
    let found = named.into_iter().chain(usual).find(|python| {
        let tried = Command::new(python).args(["-c", "import psycopg, adbc_driver_flightsql, pyarrow"]).output();
        tried.is_ok_and(|tried| tried.status.success())
    });
    if found.is_none() {
        skipped("no Python with psycopg and ADBC (`make venv` makes one), so nobody else asks for SQL");
    }
    found
}

/// A part of the script with clients, before it starts.
pub fn clients(python: &Path, part: &str, address: &str) -> Command {
    let mut command = script(python, "clients.py", address);
    command.arg(part);
    command
}

/// A script that asks as others do, before it starts.
pub fn script(python: &Path, name: &str, address: &str) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/program/wire").join(name);
    let mut command = Command::new(python);
    command.arg("-B").arg(script).env("WIRE_ADDRESS", address);
    command
}

/// What `psql` says.
fn psql(address: &str, key: &str, commands: &[&str]) -> Ran {
    let (host, port) = address.rsplit_once(':').expect("a host and a port");
    let mut command = Command::new("psql");
    command.args(["-X", "-h", host, "-p", port, "-U", "anybody", "-d", "metrify", "-v", "VERBOSITY=verbose"]);
    command.env("PGPASSWORD", key).env("PGOPTIONS", "");
    for one in commands {
        command.args(["-c", one]);
    }
    ran(&mut command)
}

/// A house that serves, with an admin's key.
pub struct Served {
    metrify: Metrify,
    server: Server,
    pub key: String,
    other_key: String,
    pub postgres: String,
    pub flight: String,
}

impl Served {
    pub fn start() -> Self {
        let metrify = house();
        let server = metrify.serve_with(&ON);
        let key = Client::of(&metrify, &server, "admin").key;
        let other_key = Client::of_new_tenant(&metrify, &server, "other-one").key;
        let (postgres, flight) = spoken_at(&metrify);
        Self { metrify, server, key, other_key, postgres, flight }
    }

    fn command(&self, python: &Path, part: &str, address: &str) -> Command {
        let mut command = clients(python, part, address);
        command.env("WIRE_KEY", &self.key).env("WIRE_OTHER_KEY", &self.other_key);
        command
    }

    /// What a part of the script prints.
    fn ask(&self, python: &Path, part: &str, address: &str) -> String {
        let ran = ran(&mut self.command(python, part, address));
        assert_eq!(ran.code, Some(0), "{part}\n{}\n{}", ran.stdout, ran.stderr);
        ran.stdout
    }
}

/// Where a server that is [`ON`] speaks PostgreSQL's protocol and Flight SQL.
pub fn spoken_at(metrify: &Metrify) -> (String, String) {
    let said = std::fs::read_to_string(metrify.data_dir().join("server.json")).expect("server.json");
    let said: Value = serde_json::from_str(&said).expect("JSON");
    let address = |name: &str| said[name].as_str().expect("an address in server.json").to_owned();
    (address("postgres"), address("flight"))
}

/// Line by line; what ends in `…` is how the line begins.
pub fn check(said: &str, expected: &[&str]) {
    let lines: Vec<&str> = said.lines().collect();
    let is_as = |(line, expected): (&&str, &&str)| match expected.strip_suffix('…') {
        Some(begin) => line.starts_with(begin),
        None => line == expected,
    };
    assert!(lines.len() == expected.len() && lines.iter().zip(expected).all(is_as), "{said}");
}

#[test]
fn psql_finds_its_way_and_reads_only() {
    if Command::new("psql").arg("--version").output().is_err() {
        return skipped("there is no psql here (Debian package postgresql-client-15), so it does not ask");
    }
    let served = Served::start();
    let psql = |commands: &[&str]| psql(&served.postgres, &served.key, commands);
    let listed = psql(&["\\d"]);
    assert!(listed.stdout.contains(" default | readings "), "{listed:?}");
    let listed = psql(&["\\dt readings*"]);
    assert!(listed.stdout.contains(" default | readings_latest  | table "), "{listed:?}");
    let table = psql(&["\\d readings"]).stdout;
    for column in [" point        | text ", " period_start | timestamp with time zone |", " value        | numeric "] {
        assert!(table.contains(column), "{table}");
    }
    let answered = psql(&[
        "\\pset format csv",
        "begin",
        "select sum(value) as total, min(period_start) as first from readings",
        "commit",
    ]);
    assert_eq!(
        answered.stdout,
        "Output format is csv.\nBEGIN\ntotal,first\n1464,2025-01-01 00:00:00.000000+00\nCOMMIT\n"
    );
    let schemas = "select distinct table_schema from information_schema.tables where table_name = 'readings'";
    assert_eq!(
        psql(&["\\pset tuples_only", "\\pset format unaligned", schemas]).stdout.lines().last(),
        Some("default")
    );

    let refused = psql(&["insert into readings (point) values ('x')"]);
    assert!(refused.stderr.starts_with("ERROR:  25006: cannot execute INSERT"), "{refused:?}");
    assert!(refused.stderr.contains("HINT:  readings come in as deliveries"), "{refused:?}");
    let unknown = psql(&["select * from nothing"]);
    assert!(unknown.stderr.starts_with("ERROR:  42P01: read the query: table "), "{unknown:?}");
    let wrong = self::psql(&served.postgres, "mk_00_00", &["select 1"]);
    assert!(wrong.stderr.contains("FATAL:  find out who asks"), "{wrong:?}");
}

#[test]
fn psql_tells_more_where_it_is_asked_for_more() {
    if Command::new("psql").arg("--version").output().is_err() {
        return skipped("there is no psql here (Debian package postgresql-client-15), so it does not ask");
    }
    let served = Served::start();
    for (command, line) in [
        ("\\d+", " default | readings "),
        ("\\d+ readings", " value        | numeric "),
        ("\\dt+ system.*", " system | formats "),
        ("\\dv+", ""),
        ("\\l+", " metrify | "),
        ("\\dn+", " default | "),
        ("\\dp readings", " default | readings | table "),
        ("\\z", " default | readings "),
        ("\\dT+ numeric", " pg_catalog | numeric "),
        ("\\db+", " pg_default "),
        ("\\di+", ""),
        ("\\dg+", "List of roles"),
        ("\\du", "List of roles"),
        ("\\drds", ""),
        ("\\dconfig+", "(0 rows)"),
    ] {
        let told = psql(&served.postgres, &served.key, &[command]);
        assert!(!told.stderr.contains("ERROR") && told.stdout.contains(line), "{command}: {told:?}");
    }
    // There is nothing of these kinds.
    for command in [
        "\\dD", "\\dD+", "\\do", "\\do+", "\\dd", "\\dL", "\\dL+", "\\dO", "\\da", "\\df", "\\df+", "\\dc", "\\dT+",
        "\\deu", "\\dew+",
    ] {
        let told = psql(&served.postgres, &served.key, &[command]);
        assert!(told.stderr.is_empty() && told.stdout.contains("(0 rows)"), "{command}: {told:?}");
    }
}

#[test]
fn instants_come_with_their_zone_and_what_clocks_show_without_one() {
    let Some(python) = python() else { return };
    let served = Served::start();
    let expected = [
        "now 1184 True",
        "current_timestamp 1184 True",
        "to_timestamp 1184 1970-01-01 00:00:00+00:00",
        "from_unixtime 1184 1970-01-01 00:00:00+00:00",
        "timestamptz 1184 2025-12-31 22:00:00+00:00",
        "timestamp 1114 2026-01-01 00:00:00",
        "local 1114 2025-01-01 01:00:00",
        "day 1082 2025-01-01",
        "midnight 1184 2024-12-31 23:00:00+00:00",
        "bound 1184 2025-06-30 22:00:00+00:00",
    ];
    let both = [&expected[..], &expected[..]].concat();
    check(&served.ask(&python, "psycopg_moments", &served.postgres), &both);
    check(
        &served.ask(&python, "flight_moments", &served.flight),
        &[
            "now timestamp[ns, tz=UTC]",
            "local timestamp[us] 2025-01-01 01:00:00",
            "nothing null None",
            "whole 2 2111 8",
            "refused INVALID_ARGUMENT",
            "refused INVALID_ARGUMENT",
            "refused INVALID_ARGUMENT",
        ],
    );
}

#[test]
fn values_stay_what_they_are_with_psycopg_whoever_binds_them() {
    let Some(python) = python() else { return };
    let served = Served::start();
    let said = served.ask(&python, "psycopg_values", &served.postgres);
    check(
        &said,
        &[
            "text meter-1 1.5 2.25 False 7 None",
            "binary meter-1 1.5 2.25 False 7 None",
            "null 0",
            "kept 1464",
            "many 960 96",
        ],
    );
    check(&served.ask(&python, "psycopg_pieces", &served.postgres), &["streamed 1056"]);
}

#[test]
fn what_drivers_send_around_their_queries_has_no_effect_and_writing_is_refused() {
    let Some(python) = python() else { return };
    let served = Served::start();
    let said = served.ask(&python, "psycopg_manners", &served.postgres);
    check(
        &said,
        &[
            "begun 1 INTRANS",
            "missing 42P01 …",
            "failed INERROR 25P02 …",
            "after 2",
            "refused 25006 cannot execute INSERT…",
            "refused 25006 cannot execute DELETE…",
            "refused 25006 cannot execute CREATE…",
            "refused 25006 cannot execute DROP…",
            "refused 0A000 …",
            "refused 0A000 COPY is not answered here…",
            "refused 42601 …",
            "refused 42P01 …",
            "refused 42601 …",
            "refused 42703 …",
            "refused 25006 cannot execute DROP…",
            "second 2",
            "empty none",
            "shown 16.6 \"default\"",
            "wrong key …",
            "purpose - …",
            "purpose 3",
        ],
    );
}

#[test]
fn tools_find_in_the_catalog_what_they_look_for() {
    let Some(python) = python() else { return };
    let served = Served::start();
    let said = served.ask(&python, "psycopg_tools", &served.postgres);
    check(
        &said,
        &[
            "types ('numeric', 1700)",
            "arrays (True,)",
            "simple ('text',)",
            "keys",
            "constraints",
            "characters ('UTF8',)",
            "columns ('value', 'YES', 'numeric')",
            "session ('default', 'metrify', '\"default\"', 'c', False)",
            "ordered (1, 'b')",
            "config 42000",
            "purpose 42000",
            "savepoint 25P01",
            "held 7",
            "gone 34000",
        ],
    );
}

#[test]
fn a_query_ends_when_its_client_says_so_or_leaves() {
    let Some(python) = python() else { return };
    let served = Served::start();
    let said = served.ask(&python, "psycopg_cancel", &served.postgres);
    check(&said, &["cancelled 57014 canceling statement due to user request True", "goes on 4"]);
    check(&served.ask(&python, "psycopg_leave", &served.postgres), &["answered True"]);
}

#[test]
fn nothing_of_another_tenant_is_told() {
    let Some(python) = python() else { return };
    let served = Served::start();
    let said = served.ask(&python, "tenants", &served.postgres);
    check(&said, &["rows 0", "same True 42P01", "schemas other_one system", "classes other_one system"]);
    let said = served.ask(&python, "flight_tenants", &served.flight);
    check(
        &said,
        &[
            "rows 0",
            "same INVALID_ARGUMENT True",
            "schemas other_one system",
            "schemas",
            "schemas",
            // A ticket is a question, and each who presents it gets an answer of its own.
            "ticket 1056",
            "ticket 0",
        ],
    );
}

#[test]
fn an_answer_of_too_many_rows_is_refused_over_other_protocols_as_well() {
    if Command::new("psql").arg("--version").output().is_err() {
        return skipped("there is no psql here (Debian package postgresql-client-15), so it does not ask");
    }
    let metrify = house();
    let server = metrify.serve_with(&[ON[0], ON[1], ("METRIFY_QUERY_ROWS_MAX", "1000")]);
    let key = Client::of(&metrify, &server, "admin").key;
    let (postgres, _) = spoken_at(&metrify);
    let refused = psql(&postgres, &key, &["select value from readings"]);
    assert!(refused.stderr.contains("more than 1000 rows") && refused.stderr.contains("query.rows_max"), "{refused:?}");
    assert_eq!(psql(&postgres, &key, &["select value from readings limit 1000"]).code, Some(0));
}

#[test]
fn adbc_gets_columns_as_they_are() {
    let Some(python) = python() else { return };
    let served = Served::start();
    let said = served.ask(&python, "adbc", &served.flight);
    check(
        &said,
        &[
            "types decimal128(38, 12) timestamp[us, tz=UTC] string",
            "row 1.500000000000 2025-01-01 00:00:00+00:00",
            "bound 960 1440.000000000000",
            "null 960",
            "listed metrify default readings point quantity kind",
            "kinds TABLE",
            "server Metrify",
            "refused INVALID_ARGUMENT INVALID_ARGUMENT: [FlightSQL] cannot execute INSERT: this is for reading only…",
            "refused INVALID_ARGUMENT INVALID_ARGUMENT: [FlightSQL] cannot execute DROP: this is for reading only…",
            "refused INVALID_ARGUMENT INVALID_ARGUMENT: [FlightSQL] read the query: table…",
            "refused INVALID_ARGUMENT …",
            "refused INVALID_ARGUMENT …",
            "wrong key UNAUTHENTICATED",
            "purpose 1 INVALID_ARGUMENT",
            "handshake 5",
        ],
    );
}

#[test]
fn a_session_and_a_call_tell_what_was_known_then() {
    let Some(python) = python() else { return };
    let served = Served::start();
    let mut command = served.command(&python, "known", &served.postgres);
    let ran = ran(command.env("WIRE_FLIGHT", &served.flight));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    check(
        &ran.stdout,
        &[
            "now 96",
            "then 0 2024-12-31T23:00:00Z",
            "nonsense …",
            "global 0A000 metrify.as_known_at is set for a session…",
            "still 0",
            "reset 96",
            "then 0",
            "discarded 96",
            "begun 0",
            "set 96",
            "as at first 0",
            "begun - …",
            "called 0 0 96 1056 96 1056",
            "called INVALID_ARGUMENT",
        ],
    );
}

#[test]
fn a_transaction_that_is_rolled_back_leaves_what_was_set_in_it_as_it_was() {
    let Some(python) = python() else { return };
    let served = Served::start();
    let said = served.ask(&python, "known_in_transactions", &served.postgres);
    check(
        &said,
        &[
            "in it 0 0",
            "rolled back 96 96",
            "committed 0 96",
            "before it 0",
            "below it 0",
            "above it 96",
            "refused 42P01",
            "failed 96",
            "back 96 0",
            "back again 96",
            "released 0 96",
            "refused 3B001",
            "none 96",
            "refused 54000",
            "many 96",
            "many of one 96",
            "alone 96 25P01",
            "refused 42P01",
            "together 0 96",
            "together 96",
            "refused 42P01",
            "in a pipeline 96",
        ],
    );
}

#[test]
fn a_session_says_what_it_asks_for() {
    if Command::new("psql").arg("--version").output().is_err() {
        return skipped("there is no psql here (Debian package postgresql-client-15), so it does not ask");
    }
    let served = Served::start();
    let psql = |commands: &[&str]| {
        let said = psql(
            &served.postgres,
            &served.key,
            &[&["\\pset tuples_only", "\\pset format unaligned"], commands].concat(),
        );
        (said.stdout.lines().skip(2).collect::<Vec<_>>().join(" "), said.stderr)
    };
    let (count, none) = ("select count(*) from readings", String::new());
    let (said, refused) = psql(&["set metrify.purpose = 'supply_billing'", "show metrify.purpose", count]);
    assert_eq!(said, "SET supply_billing");
    assert!(refused.starts_with("ERROR:  42501: query tables: "), "{refused}");
    let back = ["set metrify.purpose to supply_billing", "reset metrify.purpose", count];
    assert_eq!(psql(&back), ("SET RESET 1056".to_owned(), none.clone()));
    let in_it = ["begin", "set local metrify.purpose = 'metering'", "show metrify.purpose", count, "commit", count];
    assert_eq!(psql(&in_it), ("BEGIN SET metering 1056 COMMIT 1056".to_owned(), none.clone()));
    let undone = ["begin", "set metrify.purpose = 'supply_billing'", "rollback", count];
    assert_eq!(psql(&undone), ("BEGIN SET ROLLBACK 1056".to_owned(), none));
    let (_, wrong) = psql(&["set metrify.purpose = 'fun'"]);
    assert!(wrong.contains("read the purpose `fun`"), "{wrong}");
    let entries = served.metrify.run(&["audit", "list", "--purpose", "supply_billing", "-o", "csv"]).stdout;
    assert!(entries.lines().any(|line| line.contains(",query,tables,") && line.contains(",denied,")), "{entries}");
}

#[test]
fn a_key_that_is_taken_back_ends_what_is_open_and_all_that_was_asked_is_in_the_log() {
    let Some(python) = python() else { return };
    let served = Served::start();
    let key = Client::with(&served.metrify, &served.server, &["--role", "analyst"]).key;
    let id = key.split('_').nth(1).expect("the name of the key").to_owned();
    let mut command = served.command(&python, "revoked", &served.postgres);
    command.env("WIRE_KEY", &key).env("WIRE_FLIGHT", &served.flight);
    let mut asking = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("start the clients");
    let mut said = BufReader::new(asking.stdout.take().expect("its output")).lines();
    assert_eq!(said.next().expect("a line").expect("text"), "open 1 1");
    let revoked = served.metrify.run(&["key", "revoke", &id]);
    assert_eq!(revoked.code, Some(0), "{revoked:?}");
    asking.stdin.take().expect("its input").write_all(b"\n").expect("tell it");
    let said: Vec<String> = said.map(|line| line.expect("text")).collect();
    assert!(asking.wait().expect("its end").success());
    assert!(said[0].starts_with("session 28P01 find out who asks"), "{said:?}");
    assert_eq!(said[1], "calls UNAUTHENTICATED");

    let log = served.metrify.run(&["audit", "list", "-o", "json"]);
    let of_key = |line: &&str| line.contains(&format!("key:{id}")) && line.contains("query") && line.contains("done");
    assert_eq!(log.stdout.lines().filter(of_key).count(), 2, "{}", log.stdout);
}
