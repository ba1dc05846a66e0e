//! A running server holds the data, and every command goes through it and answers as it does alone.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Metrify, POINT, http, quarter_hour, quarter_hours};
use serde_json::{Value, json};

fn get(server: &crate::support::Server, path: &str, token: Option<&str>) -> (u16, Value) {
    let answer = http::send(&server.address, "GET", path, token, b"").expect("an answer");
    (answer.status, serde_json::from_str(&answer.body).unwrap_or_default())
}

#[test]
fn health_tells_of_every_part_without_a_token() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let (status, health) = get(&server, "/health", None);
    assert_eq!((status, &health["status"]), (200, &json!("up")), "{health}");
    for part in ["store", "disk", "memory", "journal"] {
        assert_eq!(health["parts"][part]["status"], "up", "{health}");
    }
    assert_eq!(get(&server, "/health/live", None).0, 200);
    assert_eq!(get(&server, "/health/ready", None).0, 200);
    metrify.take_in("a.ndjson", quarter_hours(10));
    assert!(get(&server, "/health", None).1["parts"]["journal"]["next"].as_u64() > Some(1));
}

#[test]
fn nothing_but_health_is_told_without_the_right_token() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let mode = metrify.data_dir().join("server.json").metadata().expect("the server's file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "only the owner may read the token");
    let mut almost = server.token.clone();
    almost.pop();
    let routes =
        [("GET", "rejects"), ("POST", "sql"), ("POST", "deliveries"), ("POST", "export"), ("POST", "rejects/replay")];
    for token in [None, Some(""), Some("wrong"), Some(almost.as_str())] {
        for (method, path) in routes.iter().chain(&[("POST", "points/confirm")]) {
            let body = quarter_hours(1);
            let path = format!("/api/v1/{path}");
            let answer = http::send(&server.address, method, &path, token, body.as_bytes()).expect("an answer");
            assert_eq!(answer.status, 401, "{method} {path}: {answer:?}");
            let problem: Value = serde_json::from_str(&answer.body).expect("a problem");
            let said = ["type", "title"].map(|name| problem[name].as_str().expect("a text"));
            assert_eq!(said, ["urn:metrify:problem:denied", "No policy allows it"], "{answer:?}");
            assert!(problem["detail"].as_str().is_some_and(|detail| detail != said[1]), "{answer:?}");
            assert!(!answer.body.contains(&server.token), "{answer:?}");
        }
    }
    assert_eq!(metrify.sql("select count(*) from readings"), "0");
}

/// What a command prints, without the address of the server and what tells which way it went.
fn printed(metrify: &Metrify, arguments: &[&str]) -> (Option<i32>, String) {
    let ran = metrify.run(arguments);
    (ran.code, ran.stdout)
}

#[test]
fn commands_answer_through_a_server_as_they_do_alone() {
    let (alone, served) = (Metrify::new(), Metrify::new());
    let server = served.serve();
    let mixed = quarter_hours(20) + "nonsense\n" + &quarter_hour(POINT, 3, "9");
    let receipts = [&alone, &served].map(|metrify| {
        metrify.file("mixed.ndjson", &mixed);
        let mut command = metrify.command(&["ingest", "mixed.ndjson", "-o", "json"]);
        let ran = crate::support::ran(command.current_dir(metrify.path("")));
        assert_eq!(ran.code, Some(2), "{ran:?}");
        ran.stdout
    });
    assert_eq!(receipts[0], receipts[1]);
    let columns = "point, quantity, kind, period_start, period_end, value, unit, quality, method, reason, delivery";
    let query = format!("select {columns} from readings order by period_start");
    let reject = alone.sql("select reject from rejects");
    for output in ["table", "json", "csv"] {
        for arguments in [
            vec!["sql", &query],
            vec!["sql", "select count(*), sum(value), 1.50 as exact, true as yes, null as nothing, 'ä\"' as text"],
            vec!["sql", "select value from readings where false"],
            vec!["sql", "select nonsense"],
            vec!["rejects", "list"],
            vec!["rejects", "list", "--all"],
            vec!["rejects", "show", &reject],
            vec!["rejects", "show", "nobody"],
            vec!["rejects", "replay"],
            vec!["rejects", "replay", "nobody"],
        ] {
            let arguments: Vec<&str> = arguments.into_iter().chain(["-o", output]).collect();
            assert_eq!(printed(&alone, &arguments), printed(&served, &arguments), "{arguments:?}");
        }
    }
    let points = "select point, kind, name, status, delivery from points order by point";
    assert_eq!(alone.sql(points), served.sql(points));
    for metrify in [&alone, &served] {
        assert_eq!(printed(metrify, &["points", "confirm", POINT]), (Some(0), "1 confirmed\n".to_owned()));
        assert_eq!(printed(metrify, &["points", "confirm", "nobody"]).0, Some(1));
        let doctor = metrify.run(&["doctor", "-o", "csv"]);
        assert!(doctor.code == Some(0) && !doctor.stdout.contains(",bad,"), "{doctor:?}");
    }
    assert!(served.run(&["doctor"]).stdout.contains("held by a running server"));
    for format in ["ndjson", "csv", "parquet", "arrow"] {
        let files = [&alone, &served].map(|metrify| {
            let path = metrify.path(&format!("export.{format}"));
            let ran = metrify.run(&["export", "--query", &query, "--out", &path.display().to_string()]);
            assert_eq!(ran.code, Some(0), "{ran:?}");
            std::fs::read(path).expect("the export")
        });
        assert!(!files[0].is_empty() && files[0] == files[1], "the exports as {format} differ");
    }
    drop(server);
}

#[test]
fn errors_say_the_same_through_a_server() {
    let (alone, served) = (Metrify::new(), Metrify::new());
    let server = served.serve();
    for arguments in [
        vec!["sql", "select nonsense"],
        vec!["sql", "selec"],
        vec!["rejects", "show", "nobody"],
        vec!["rejects", "replay", "nobody"],
        vec!["points", "confirm", "nobody"],
        vec!["export", "--out", "x.foo"],
        vec!["rejects", "replay", "--timezone", "Europe/Berln"],
    ] {
        let (one, other) = (alone.run(&arguments), served.run(&arguments));
        assert_eq!((one.code, &one.stdout), (other.code, &other.stdout), "{arguments:?}");
        // The step may be named from where it is taken; the hint is the same.
        let hint = |text: &str| text.lines().find(|line| line.starts_with("hint:")).map(str::to_owned);
        assert_eq!(hint(&one.stderr), hint(&other.stderr), "{arguments:?}\n{}\n{}", one.stderr, other.stderr);
    }
    drop(server);
}

#[test]
fn sql_reads_and_does_nothing_else() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(4));
    let out = metrify.path("stolen.csv").display().to_string();
    let copy = format!("copy readings to '{out}'");
    let queries = [
        "create table t as select 1",
        "create view v as select 1",
        "create external table t stored as csv location '/etc/passwd'",
        "create schema s",
        "create function f() returns int return 1",
        &copy,
        "insert into readings select * from readings",
        "update readings set value = 1",
        "delete from readings",
        "truncate table readings",
        "drop table readings",
        "drop view readings",
        "set datafusion.execution.batch_size = 1",
        "begin",
        "prepare p as select 1",
        "select * from '/etc/passwd'",
        "select * from read_csv('/etc/passwd')",
        "select * from other.readings",
        "select 1; drop table readings",
        "explain analyze insert into readings select * from readings",
        "",
    ];
    let refused = |way: &str| {
        for query in queries {
            let ran = metrify.run(&["sql", query]);
            assert!(ran.code == Some(1) && ran.stdout.is_empty(), "{way}: {query}: {ran:?}");
            let path = metrify.path("export.csv");
            let ran = metrify.run(&["export", "--query", query, "--out", &path.display().to_string()]);
            assert!(ran.code == Some(1) && !path.exists(), "{way}: {query}: {ran:?}");
        }
    };
    let before = metrify.files("lake");
    refused("alone");
    let server = metrify.serve();
    refused("served");
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(metrify.files("lake"), before);
    assert!(!metrify.path("stolen.csv").exists());
    assert_eq!(metrify.sql("select count(*), sum(value) from readings"), "4,6");
}

#[test]
fn a_server_that_is_told_to_stop_leaves_everything_in_the_lake() {
    let metrify = Metrify::new();
    let server = metrify.serve_with(&[("METRIFY_LANDING_INTERVAL_S", "3600")]);
    metrify.take_in("a.ndjson", quarter_hours(50));
    assert_eq!(
        metrify.sql("select rows from system.tables where \"table\" = 'readings'"),
        "0",
        "it is in memory still"
    );
    let ended = server.stop();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert!(ended.stdout.contains("Three things to try"), "{ended:?}");
    assert!(!metrify.data_dir().join("server.json").exists());
    assert_eq!(metrify.sql("select rows from system.tables where \"table\" = 'readings'"), "50");
    assert_eq!(metrify.sql("select count(*), sum(value) from readings"), "50,75");
}

#[test]
fn what_arrived_a_moment_ago_is_answered_before_and_after_it_is_in_the_lake() {
    let metrify = Metrify::new();
    let server = metrify.serve_with(&[("METRIFY_LANDING_INTERVAL_S", "1")]);
    let mut landed = String::new();
    for number in 0..40 {
        metrify.take_in("now.ndjson", quarter_hour(POINT, number, "1"));
        assert_eq!(metrify.sql("select count(*), sum(value) from readings"), format!("{0},{0}", number + 1));
        landed = metrify.sql("select rows from system.tables where \"table\" = 'readings'");
    }
    assert_ne!(landed, "0", "some has landed meanwhile");
    drop(server);
}

/// Half a million readings do not wait for the next landing: memory would be full before it, and intake would have to land.
#[test]
fn much_that_waits_in_memory_is_landed_before_its_time() {
    let metrify = Metrify::new();
    let server = metrify.serve_with(&[("METRIFY_LANDING_INTERVAL_S", "3600")]);
    let path = metrify.path("fleet.ndjson").display().to_string();
    let fleet = ["simulate", "--faultless", "--meters", "220", "--days", "20", "--seed", "3", "--out", &path];
    assert_eq!(metrify.run(&fleet).code, Some(0));
    let stored = metrify.ingest(&[std::path::Path::new(&path)]).total("stored");
    assert!(
        (510_000..990_000).contains(&stored),
        "{stored} readings are not between half of what may wait and all of it"
    );
    let landed = || metrify.sql("select rows from system.tables where \"table\" = 'readings'").parse::<u64>();
    let mut rows = Ok(0);
    // Work in the background is less urgent than what else a busy machine does.
    for _ in 0..600 {
        rows = landed();
        if rows != Ok(0) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(rows.is_ok_and(|rows| rows > 0), "nothing has landed");
    assert_eq!(metrify.sql("select count(*) from readings"), stored.to_string());
    drop(server);
}

#[test]
fn a_second_server_on_the_same_data_is_refused_with_the_reason() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    metrify.run(&["up", "--listen", "127.0.0.1:0"]).failed_with(&["a server holds it already", "hint:"]);
    let other = Metrify::new();
    let taken = server.address.clone();
    other.run(&["up", "--listen", &taken]).failed_with(&["listen on", &taken, "hint:"]);
    assert_eq!(get(&server, "/health", None).0, 200);
}

#[test]
fn a_file_that_a_killed_server_left_does_not_lead_to_the_server_of_other_data() {
    let (mine, others) = (Metrify::new(), Metrify::new());
    let server = mine.serve();
    let address = server.address.clone();
    mine.take_in("a.ndjson", quarter_hours(3));
    server.kill();
    let other = others.serve_at(&address);
    assert_eq!(mine.sql("select count(*) from readings"), "3");
    assert_eq!(others.sql("select count(*) from readings"), "0");
    assert_eq!(mine.serve().stop().code, Some(0));
    drop(other);
}

/// Files that were replaced stay for the readers of older versions, and go once their time is over.
#[test]
fn replaced_files_are_deleted_once_their_time_is_over() {
    let metrify = Metrify::new();
    for value in ["1", "2", "3"] {
        metrify.take_in(&format!("{value}.ndjson"), quarter_hour(POINT, 0, value));
    }
    let parquet = || metrify.files("lake/default/readings").lines().filter(|line| line.contains(".parquet")).count();
    assert_eq!(
        (parquet(), metrify.sql("select count(*) from system.files where \"table\" = 'readings'")),
        (3, "1".into())
    );
    let keeping = metrify.serve();
    assert_eq!((metrify.sql("select value from readings").as_str(), parquet()), ("3", 3));
    assert_eq!(keeping.stop().code, Some(0));
    let server = metrify.serve_with(&[("METRIFY_LANDING_KEEP_H", "0")]);
    for _ in 0..200 {
        if parquet() == 1 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(parquet(), 1);
    metrify.take_in("4.ndjson", quarter_hour(POINT, 0, "4"));
    assert_eq!(metrify.sql("select value from readings"), "4");
    assert_eq!(metrify.sql("select value from readings_history order by value"), "1\n2\n3\n4");
    assert_eq!(server.stop().code, Some(0));
    assert_eq!(metrify.sql("select value from readings"), "4");
}

/// Deliveries that wait while the journal is synced share the next sync.
#[test]
fn deliveries_of_many_clients_share_the_syncs_of_the_journal() {
    const CLIENTS: u32 = 32;
    const DELIVERIES: u32 = 8;
    let metrify = Metrify::new();
    let server = metrify.serve();
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let server = &server;
            scope.spawn(move || {
                for number in 0..DELIVERIES {
                    let body = quarter_hour(&format!("1ISK00751260{client:02}"), number, "0.25");
                    let answer = server.post("/api/v1/deliveries?format=ndjson", body.as_bytes());
                    assert_eq!(answer.status, 200, "{answer:?}");
                }
            });
        }
    });
    let journal = get(&server, "/health", None).1["parts"]["journal"].clone();
    let number = |name: &str| journal[name].as_u64().expect("a number");
    let entries = number("next") - 1;
    assert_eq!(entries, u64::from(CLIENTS * DELIVERIES), "each delivery is an entry of its own");
    assert!(number("syncs") * 2 < entries, "{entries} deliveries took {} syncs", number("syncs"));
    assert_eq!(metrify.sql("select count(*) from readings"), entries.to_string());
}

#[test]
fn many_clients_at_once_get_receipts_of_their_own() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let points: Vec<String> = (0..8).map(|number| format!("1ISK00751260{number:02}")).collect();
    std::thread::scope(|scope| {
        for point in &points {
            let server = &server;
            scope.spawn(move || {
                for day in 0..10 {
                    let body: String = (0..20).map(|number| quarter_hour(point, day * 20 + number, "0.25")).collect();
                    let answer = server.post("/api/v1/deliveries?format=ndjson", body.as_bytes());
                    let receipt: Value = serde_json::from_str(&answer.body).expect("a receipt");
                    assert_eq!(
                        (answer.status, &receipt["stored"], &receipt["received"]),
                        (200, &20.into(), &20.into()),
                        "{answer:?}"
                    );
                }
            });
        }
    });
    let by_point = metrify.sql("select point, count(*), sum(value) from readings group by 1 order by 1");
    let expected: Vec<String> = points.iter().map(|point| format!("{point},200,50")).collect();
    assert_eq!(by_point, expected.join("\n"));
}

#[test]
fn requests_that_make_no_sense_are_refused_as_problems() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    for (path, body, status) in [
        ("/api/v1/deliveries?format=nosuch", "x", 400),
        ("/api/v1/deliveries?timezone=Nowhere/At_All", "x", 400),
        ("/api/v1/deliveries?fromat=csv", "x", 400),
        ("/api/v1/deliveries?again=maybe", "x", 400),
        ("/api/v1/sql", "{\"query\":\"selec\"}", 400),
        ("/api/v1/sql", "{\"quer\":\"select 1\"}", 400),
        ("/api/v1/sql", "nonsense", 400),
        ("/api/v1/export", "{\"query\":\"select 1\",\"format\":\"nosuch\"}", 400),
        ("/api/v1/nosuch", "", 404),
    ] {
        let answer = server.post(path, body.as_bytes());
        assert_eq!(answer.status, status, "{path} {body}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer:?}");
    }
    let rejected = server.post("/api/v1/deliveries", b"what is this?");
    assert_eq!(rejected.status, 207, "{rejected:?}");
}

#[test]
fn the_metrics_count_what_was_asked_and_taken_in() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    metrify.take_in("a.ndjson", quarter_hours(10) + "nonsense\n");
    metrify.take_in("b.ndjson", quarter_hours(4));
    for _ in 0..3 {
        http::send(&server.address, "GET", "/api/v1/smart-meters/1EMH0010599732", Some(&server.token), b"")
            .expect("an answer");
    }
    http::send(&server.address, "MAKEUP", "/nowhere", None, b"").expect("an answer");
    // What is read again came once.
    for again in ["deliveries", "rejects"] {
        let path = format!("/api/v1/{again}/replay");
        let answer = http::send(&server.address, "POST", &path, Some(&server.token), b"{}").expect("an answer");
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let applied =
        http::send(&server.address, "POST", "/api/v1/deliveries/replay", Some(&server.token), b"{\"apply\":true}");
    assert_eq!(applied.expect("an answer").status, 200);
    let answer = http::send(&server.address, "GET", "/metrics", None, b"").expect("an answer");
    assert_eq!(answer.status, 200);
    for line in [
        "metrify_readings_received_total 15",
        "metrify_readings_stored_total 10",
        "metrify_readings_duplicates_total 4",
        "metrify_readings_rejected_total 1",
        "metrify_http_requests_total{method=\"GET\",route=\"/api/v1/smart-meters/{id}\",status=\"404\"} 3",
        "metrify_http_requests_total{method=\"other\",route=\"none\",status=\"404\"} 1",
        "metrify_http_request_duration_seconds_count{method=\"GET\",route=\"/api/v1/smart-meters/{id}\"} 3",
        "# EOF",
    ] {
        assert!(answer.body.contains(line), "`{line}` is missing in\n{}", answer.body);
    }
    assert!(!answer.body.contains("1EMH0010599732"), "no id is told");
    let headers =
        ["x-content-type-options", "content-security-policy", "x-frame-options", "cache-control", "x-request-id"];
    for path in ["/metrics", "/health", "/docs/", "/api/v1/sql", "/nowhere"] {
        let answer = http::send(&server.address, "GET", path, None, b"").expect("an answer");
        assert!(headers.iter().all(|name| answer.header(name).is_some()), "{path}: {answer:?}");
    }
}
