//! What was known then: every question answered as it was at that time, whatever came since.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::api::Client;
use crate::support::mscons::{load_curve, storno};
use crate::support::{Metrify, OTHER_POINT, POINT, quarter_hour, quarter_hours};

/// What tells of itself when it was written; that is later than when it comes, which counts then.
const WHEN_IT_COMES: &str = "209901010000";

/// The instant that it is, once it is past.
fn now() -> String {
    let now = chrono::Utc::now();
    while chrono::Utc::now() <= now + chrono::TimeDelta::microseconds(1) {}
    now.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// Hours without a zone, which nobody understands who is not told which it is.
fn hours(last: &str) -> String {
    format!(
        "point;quantity;period_start;period_end;value;unit\n\
         51481308448;1-0:1.29.0;26.07.2025 01:00;26.07.2025 02:00;1;kWh\n\
         51481308448;1-0:1.29.0;26.07.2025 02:00;26.07.2025 03:00;2;kWh\n{last}"
    )
}

fn light(minute: u32, colour: &str) -> String {
    format!(
        "[{{\"From\":\"2025-03-30T00:{minute:02}:00Z\",\"To\":\"2025-03-30T00:{:02}:00Z\",\"Value\":\"{colour}\"}}]",
        minute + 1
    )
}

fn temperature(hour: u32, value: u32) -> String {
    format!(
        "{{\"point\":\"10315\",\"quantity\":\"air_temperature\",\"at\":\"2025-01-01T{hour:02}:00:00Z\",\"value\":{value}}}\n"
    )
}

fn load(hour: u32, value: u32) -> String {
    format!(
        "{{\"point\":\"TenneT\",\"quantity\":\"load\",\"period_start\":\"2025-01-01T{hour:02}:00:00Z\",\
         \"period_end\":\"2025-01-01T{:02}:00:00Z\",\"value\":{value},\"unit\":\"MWh\"}}\n",
        hour + 1
    )
}

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../samples")
}

/// Everything of the samples, then corrections, a message that is corrected, findings and rejects; some of it lands, some does not.
fn before(metrify: &Metrify) {
    metrify.ingest(&[&samples().join("day"), &samples().join("formats")]);
    metrify.take_in("a.ndjson", quarter_hours(8) + &temperature(0, 3) + &temperature(1, 5) + &load(0, 40_000));
    let hours = metrify.file("known.csv", hours("51481308448;1-0:1.29.0;26.07.2025 03:00;26.07.2025 04:00;3;kWh\n"));
    metrify.ingest_with(&[&hours], &["--timezone", "Europe/Berlin"]);
}

fn before_in_memory(metrify: &Metrify) {
    metrify.take_in("b.ndjson", quarter_hour(POINT, 0, "7.5"));
    metrify.take_in("c.edi", load_curve("D1", WHEN_IT_COMES, &[(0, "Z18", "1"), (1, "220", "2")]));
    metrify.take_in("d.edi", load_curve("D2", WHEN_IT_COMES, &[(0, "67", "1.5"), (1, "220", "2"), (2, "220", "3")]));
    metrify.take_in("e.ndjson", quarter_hour(POINT, 9, "-1") + "nonsense\n");
    metrify.take_in("f.csv", hours(""));
    metrify.ingest_with(&[&metrify.file("g.json", light(10, "GREEN"))], &["--area", "TenneT"]);
}

/// Corrections, new readings, a message taken back, rejects that are understood and new ones, and points of which nothing was known.
fn since(metrify: &Metrify) {
    metrify.take_in("h.ndjson", quarter_hour(POINT, 1, "9.5") + &quarter_hour("10003685277", 3, "-2"));
    metrify.take_in("i.ndjson", temperature(1, 9) + &temperature(2, 11) + &load(0, 41_000) + &load(1, 42_000));
    metrify.take_in("j.edi", storno("S1", WHEN_IT_COMES, "D2"));
    metrify.take_in("k.edi", load_curve("D3", WHEN_IT_COMES, &[(0, "Z18", "1"), (1, "67", "4")]));
    metrify.take_in("l.ndjson", "more nonsense\n");
    metrify.ingest_with(&[&metrify.file("m.json", light(20, "RED"))], &["--area", "TenneT"]);
    let profile = std::fs::read_to_string(samples().join("formats/load_profile.csv")).expect("a sample");
    metrify.take_in("o.csv", profile.replace("70,1", "77,7"));
    // Its hours are known by another file: that they are understood now changes nothing but that.
    let replayed = metrify.run(&["rejects", "replay", "--timezone", "Europe/Berlin"]);
    assert_eq!(replayed.code, Some(2), "nonsense stays nonsense: {replayed:?}");
    assert_eq!(metrify.run(&["points", "confirm", POINT]).code, Some(0));
}

/// Questions by name, and those to lists and series that readings answer.
fn paths() -> Vec<String> {
    let days = "start=2020-01-01&end=2030-01-01";
    let mut paths: Vec<String> = [
        "analytics/overview",
        "analytics/energy-consumption",
        "analytics/reports/daily",
        "analytics/reports/daily?day=2025-01-01",
        "smart-meters/50120962218/analytics?period=3660d",
        "smart-meters/50120962218/readings?limit=10000",
        "metering-points/41373559241/readings?limit=10000",
        "weather/stations",
        "weather/stations/10315/observations",
        "receipts?limit=1000",
        "receipts?limit=3",
        "rejects",
    ]
    .map(str::to_owned)
    .to_vec();
    for question in ["energy-consumption", "weather-impact", "anomalies", "data-quality"] {
        paths.push(format!("analytics/{question}?{days}"));
    }
    paths.extend(["50hertz", "amprion", "tennet", "transnetbw"].map(|area| format!("grid-operators/{area}/status")));
    paths
}

fn sql(client: &Client<'_>, query: &str, then: Option<&str>) -> String {
    let body = json!({"query": query, "as_known_at": then}).to_string();
    let answer = client.send("POST", "/api/v1/sql", &[], body.as_bytes());
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    answer.body
}

/// Every table of the tenant in full, in one order.
fn tables(client: &Client<'_>) -> Vec<String> {
    let columns = "select table_name, count(*) from information_schema.columns where table_schema = 'default' \
                   group by 1 order by 1";
    let said: Vec<Value> =
        sql(client, columns, None).lines().map(|page| serde_json::from_str(page).expect("a page")).collect();
    let rows = said.iter().flat_map(|page| page["rows"].as_array().expect("rows"));
    let query = |row: &Value| {
        let (table, columns) = (row[0].as_str().expect("a name"), row[1].as_u64().expect("a count"));
        let order: Vec<String> = (1..=columns).map(|number| number.to_string()).collect();
        format!("select * from {table} order by {}", order.join(", "))
    };
    rows.map(query).collect()
}

/// All answers, as of now or as known then, each behind what was asked.
fn told(client: &Client<'_>, then: Option<&str>) -> Vec<(String, String)> {
    let mut told = Vec::new();
    for path in paths() {
        let known = then.map(|then| format!("as_known_at={then}")).unwrap_or_default();
        let between = if path.contains('?') { '&' } else { '?' };
        let answer = client.send("GET", &format!("/api/v1/{path}{between}{known}"), &[], b"");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        told.push((path, answer.body));
    }
    let queries = [
        "describe readings",
        "select * from readings_as_known('2025-04-01T00:00:00Z') order by 1, 2, 4, 5",
        "select * from load_profile('M1', 3500, '2025-01-01', '2025-01-02', 'BY') order by period_start",
        "select area, count(*), max(value) from grid group by 1 order by 1",
        "select r.point, count(*) from readings r join points p on p.point = r.point group by 1 order by 1",
    ];
    let queries = queries.map(str::to_owned).into_iter().chain(tables(client));
    told.extend(queries.map(|query| (query.clone(), sql(client, &query, then))));
    let channels = json!({"channels": [{"point": POINT, "quantity": "1-0:1.29.0"}, {"point": "TenneT", "quantity": "load"}],
                          "start": "2024-01-01", "end": "2026-01-01", "as_known_at": then});
    for step in [Value::Null, json!("day")] {
        let mut body = channels.clone();
        body["resample"] = step.clone();
        let answer = client.send("POST", "/api/v1/series", &[], body.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.body);
        told.push((format!("series, {step}"), answer.body));
    }
    told
}

fn assert_same(expected: &[(String, String)], found: &[(String, String)], when: &str) {
    assert_eq!(expected.len(), found.len());
    for ((asked, before), (_, after)) in expected.iter().zip(found) {
        assert_eq!(before, after, "{asked}, {when}");
    }
}

#[test]
fn every_answer_as_known_then_is_the_one_that_was_given_then() {
    let metrify = Metrify::new();
    before(&metrify);
    let server = metrify.serve_with(&[("METRIFY_LANDING_INTERVAL_S", "3600")]);
    before_in_memory(&metrify);
    let ann = Client::of(&metrify, &server, "admin");
    let then = now();
    let (_, audit) = ann.get("/api/v1/audit?limit=1000");
    let expected = told(&ann, None);
    assert_same(&expected, &told(&ann, Some(&then)), "when nothing came since");
    let overview: Value = serde_json::from_str(&expected[0].1).expect("JSON");
    assert!(overview["results"][0]["open_rejects"].as_u64() > Some(2), "{overview}");

    since(&metrify);
    let changed = told(&ann, None);
    let differ = expected.iter().zip(&changed).filter(|(before, after)| before != after).count();
    assert!(differ > 20, "only {differ} of {} answers differ", expected.len());
    assert_same(&expected, &told(&ann, Some(&then)), "while it waits in memory");
    let rejects = ann.get("/api/v1/rejects?limit=1000").1;
    let rejects = rejects["results"].as_array().expect("rejects");
    let resolved: Vec<&Value> = rejects.iter().filter(|reject| reject["state"] == "resolved").collect();
    assert!(!resolved.is_empty() && resolved.iter().all(|reject| reject["resolved_at"].as_str() > Some(&then)));
    let key = ann.key.clone();
    assert_eq!(server.stop().code, Some(0));

    // Each lands and compacts; files of a month are joined by now.
    (0..12).for_each(|number| drop(metrify.take_in("n.ndjson", quarter_hour(POINT, 20 + number, "2.5"))));
    let server = metrify.serve();
    let ann = Client { server: &server, key };
    assert_same(&expected, &told(&ann, Some(&then)), "once it landed");
    let (_, later) = ann.get(&format!("/api/v1/audit?limit=1000&as_known_at={then}"));
    assert_eq!(later["results"], audit["results"]);

    // Of the program the same as of the interface.
    let rows = |arguments: &[&str]| {
        let ran = metrify.run(&[arguments, &["-o", "csv"]].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.stdout
    };
    let query = "select count(*) from deliveries";
    assert_eq!(
        rows(&["sql", query, "--as-known-at", &then]),
        rows(&["sql", &format!("{query} where received_at <= '{then}'")])
    );
    assert!(rows(&["points", "list", "--as-known-at", &then]).lines().count() < rows(&["points"]).lines().count());
    let open = |known: &[&str]| rows(&[&["rejects", "list"], known].concat()).lines().count();
    assert!(open(&["--as-known-at", &then]) > 1 && open(&["--as-known-at", "2020-01-01"]) == 1);
    let (early, now) = (metrify.path("then.csv"), metrify.path("now.csv"));
    for (file, known) in [(&early, &["--as-known-at", then.as_str()][..]), (&now, &[])] {
        let query = "select * from readings order by 1, 2, 4, 5";
        let export = ["export", "--query", query, "--out", file.to_str().expect("a path")];
        assert_eq!(metrify.run(&[&export[..], known].concat()).code, Some(0));
    }
    let lines = |file: &Path| std::fs::read_to_string(file).expect("the export").lines().count();
    assert!(lines(&early) < lines(&now), "{} {}", lines(&early), lines(&now));
}

#[test]
fn what_a_message_says_is_known_since_it_was_written_whenever_it_comes() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "viewer");
    metrify.take_in("a.edi", load_curve("D1", "202404020300", &[(0, "Z18", "1")]));
    metrify.take_in("b.edi", load_curve("D2", "202404040300", &[(0, "220", "2")]));
    let total = |then: &str| {
        let path = format!("/api/v1/analytics/energy-consumption?start=2024-04-01&end=2024-04-02&as_known_at={then}");
        ann.get(&path).1["results"][0]["total"].clone()
    };
    assert_eq!(total("2024-04-01T00:00:00Z"), Value::Null);
    assert_eq!(total("2024-04-02T03:00:00Z"), json!(1));
    assert_eq!(total("2024-04-05"), json!(2));
    // When it came is another question, which its receipt answers.
    let (_, receipts) = ann.get("/api/v1/receipts?as_known_at=2024-04-05");
    assert_eq!(receipts["results"], json!([]));
}

/// A quarter-hour of the night on which the clock goes back, said anew in each of its quarter-hours.
fn said_all_night() -> String {
    let line = |minutes: u32| {
        let at = |minutes: u32| format!("2025-10-26T{:02}:{:02}:00Z", minutes / 60, minutes % 60);
        format!(
            "{{\"point\":\"{POINT}\",\"quantity\":\"1-0:1.29.0\",\"period_start\":\"2025-10-25T23:45:00Z\",\
             \"period_end\":\"2025-10-26T00:00:00Z\",\"value\":{minutes},\"unit\":\"kWh\",\"recorded_at\":\"{}\"}}\n",
            at(minutes)
        )
    };
    (0..16).map(|quarter| line(quarter * 15)).collect()
}

#[test]
fn the_doubled_hour_of_autumn_is_two_times_at_which_something_was_known() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", said_all_night());
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "viewer");
    let known = |then: &str| {
        let path = "/api/v1/analytics/energy-consumption?start=2025-10-26&end=2025-10-27";
        let (status, said) = ann.get(&format!("{path}&as_known_at={then}"));
        assert_eq!(status, 200, "{said}");
        said["results"][0]["total"].clone()
    };
    // Half past two comes twice.
    assert_eq!(known("2025-10-26T02:30:00%2B02:00"), json!(30));
    assert_eq!(known("2025-10-26T02:30:00%2B01:00"), json!(90));
    // The day begins at its local midnight, before any of it was said, and the next one after 25 hours.
    assert_eq!(known("2025-10-26"), Value::Null);
    assert_eq!(known("2025-10-27"), json!(225));
    let day =
        |then: &str| ann.get(&format!("/api/v1/analytics/reports/daily?as_known_at={then}")).1["results"][0].clone();
    // The day of which nothing else is said is the one that it was.
    assert_eq!(day("2025-10-26T04:00:00%2B01:00")["readings"], 1);
    assert_eq!(day("2025-10-27T00:30:00%2B01:00")["readings"], 0);
}

/// The routes that take the parameter, with an id in the place of theirs.
fn routes(client: &Client<'_>) -> Vec<String> {
    let described = client.get("/openapi.json").1;
    let paths = described["paths"].as_object().expect("paths").clone();
    let takes = |methods: &Value| {
        let parameters = methods["get"]["parameters"].as_array().cloned().unwrap_or_default();
        parameters.iter().any(|parameter| parameter["name"] == "as_known_at")
    };
    let taking = paths.into_iter().filter(|(_, methods)| takes(methods)).map(|(path, _)| path);
    let named = taking.map(|path| path.replace("{id}", if path.contains("grid") { "tennet" } else { POINT }));
    let asked = |path: String| if path.ends_with("explain") { path + "?action=read&resource=readings" } else { path };
    named.map(asked).collect()
}

#[test]
fn an_instant_may_lie_before_everything_or_ahead_and_has_to_be_one() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(8) + "nonsense\n");
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "admin");
    let routes = routes(&ann);
    assert!(routes.len() > 15, "{routes:?}");
    for route in &routes {
        let mark = if route.contains('?') { '&' } else { '?' };
        for wrong in ["soon", "", "2025-13-01", "2025-01-01T00:00", "99999-01-01", "-1"] {
            let (status, problem) = ann.get(&format!("{route}{mark}as_known_at={wrong}"));
            assert_eq!((status, problem["hint"].is_string()), (400, true), "{route}, {wrong}: {problem}");
        }
        let ahead = ann.get(&format!("{route}{mark}as_known_at=2090-01-01"));
        // Whoever reads the log leaves an entry in it.
        if route != "/api/v1/audit" {
            assert_eq!(ahead, ann.get(route), "{route}: what comes is not known yet");
        }
        let (status, said) = ann.get(&format!("{route}{mark}as_known_at=1990-01-01"));
        assert!([200, 404].contains(&status), "{route}: {said}");
        let listed = said["results"].as_array().or(said.as_array()).cloned().unwrap_or_default();
        if !route.contains("overview") && !route.contains("daily") {
            assert_eq!(listed, [Value::Null; 0], "{route}: nothing was known");
        }
    }
    let overview = ann.get("/api/v1/analytics/overview?as_known_at=1990-01-01").1["results"][0].clone();
    assert!(overview.as_object().expect("counts").values().all(|count| *count == 0 || count.is_null()), "{overview}");
    for path in ["/api/v1/sql", "/api/v1/export"] {
        let body = |then: &str| json!({"query": "select 1", "format": "csv", "as_known_at": then});
        let mut wrong = body("soon");
        if path.ends_with("sql") {
            wrong.as_object_mut().expect("an object").remove("format");
        }
        assert_eq!(ann.post(path, &wrong).0, 400, "{path}");
    }
    let count = |then: Value| sql(&ann, "select count(*) from readings", then.as_str());
    assert_eq!(count(json!("2090-01-01")), count(Value::Null));
    assert!(count(json!("1990-01-01")).contains("[[0]]"));
    metrify.run(&["sql", "select 1", "--as-known-at", "soon"]).failed_with(&["read `soon` as a time"]);
}

#[test]
fn no_question_of_then_tells_of_another_tenant() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(8));
    let server = metrify.serve();
    let theirs = Client::of_new_tenant(&metrify, &server, "stadtwerk");
    let then = now();
    assert_eq!(
        theirs.send("POST", "/api/v1/deliveries", &[], quarter_hour(OTHER_POINT, 0, "3").as_bytes()).status,
        200
    );
    for (then, readings) in [(Some(then.as_str()), 0), (None, 1)] {
        assert!(sql(&theirs, "select count(*) from readings", then).contains(&format!("[[{readings}]]")));
    }
    let body = json!({"query": "select count(*) from \"default\".readings", "as_known_at": then});
    assert_eq!(theirs.post("/api/v1/sql", &body).0, 400);
}

/// Hundreds of thousands of readings, of which few were corrected: what needs no sort is not sorted, so that little memory is enough.
#[test]
fn what_was_known_of_many_readings_is_told_within_the_memory_of_queries() {
    let metrify = Metrify::new();
    let fleet = metrify.path("fleet.arrow");
    let many = ["--meters", "50", "--days", "60", "--format", "arrow", "--out", fleet.to_str().expect("a path")];
    assert_eq!(metrify.run(&[&["simulate"], &many[..]].concat()).code, Some(0));
    assert!(metrify.ingest(&[&fleet]).total("corrections") > 100);
    let server = metrify.serve_with(&[("METRIFY_QUERY_MEMORY_MB", "64")]);
    let ann = Client::of(&metrify, &server, "viewer");
    let then = now();
    for path in ["overview", "reports/daily?day=2025-02-01", "energy-consumption?start=2025-01-01&end=2025-03-01"] {
        let today = ann.get(&format!("/api/v1/analytics/{path}"));
        assert_eq!(today.0, 200, "{path}: {}", today.1);
        let mark = if path.contains('?') { '&' } else { '?' };
        assert_eq!(ann.get(&format!("/api/v1/analytics/{path}{mark}as_known_at={then}")), today, "{path}");
    }
}

/// Where too many keys have several versions to be held in memory, all versions are put in order instead.
#[test]
fn what_was_known_before_all_was_corrected_is_told_within_the_memory_of_queries() {
    let metrify = Metrify::new();
    let many = |value: &str| {
        let of_point = |point: usize| {
            (0..480).map(move |hour| quarter_hour(&format!("meter-{point}"), hour, value)).collect::<String>()
        };
        (0..100).map(of_point).collect::<String>()
    };
    metrify.take_in("a.ndjson", many("1"));
    let then = now();
    assert_eq!(metrify.take_in("b.ndjson", many("3")).total("corrections"), 48_000);
    let _server = metrify.serve_with(&[("METRIFY_QUERY_MEMORY_MB", "64")]);
    let query = "select count(*), sum(value) from readings";
    assert_eq!(metrify.sql(query), "48000,144000");
    let known = metrify.run(&["sql", "-o", "csv", "--as-known-at", &then, query]);
    assert_eq!(known.stdout.lines().nth(1), Some("48000,48000"), "{known:?}");
}
