//! What is asked by name is computed from what is there, and an empty house says so.

use std::io::{Read, Write};

use serde_json::{Value, json};

use crate::support::api::Client;
use crate::support::{Metrify, POINT, quarter_hours};

const ROUTES: [&str; 6] =
    ["overview", "energy-consumption", "weather-impact", "anomalies", "data-quality", "reports/daily"];

fn results(client: &Client<'_>, path: &str) -> Vec<Value> {
    let (status, said) = client.get(&format!("/api/v1/{path}"));
    assert_eq!(status, 200, "{path}: {said}");
    said["results"].as_array().expect("results").clone()
}

#[test]
fn an_empty_house_has_zeros_and_invents_nothing() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "viewer");
    let overview = &results(&ann, "analytics/overview")[0];
    for name in ["readings", "channels", "points", "meters", "deliveries", "findings", "open_rejects"] {
        assert_eq!(overview[name], 0, "{overview}");
    }
    assert_eq!((&overview["first_at"], &overview["last_at"]), (&Value::Null, &Value::Null));
    let report = &results(&ann, "analytics/reports/daily")[0];
    let counts = report.as_object().expect("counts").iter().filter(|(name, _)| *name != "day");
    assert!(counts.clone().count() == 8 && counts.into_iter().all(|(_, count)| *count == 0), "{report}");
    for path in ["energy-consumption", "weather-impact", "anomalies", "data-quality"] {
        assert_eq!(results(&ann, &format!("analytics/{path}")), [Value::Null; 0], "{path}");
    }
    assert_eq!(results(&ann, "weather/stations"), [Value::Null; 0]);
    assert_eq!(results(&ann, "receipts"), [Value::Null; 0]);
    assert_eq!(results(&ann, "grid-operators").len(), 4);
    assert_eq!(results(&ann, "grid-operators/tennet/status"), [Value::Null; 0]);
    assert_eq!(ann.get("/api/v1/grid-operators/nobody/status").0, 404);
    assert_eq!(ann.get("/api/v1/receipts/nothing").0, 404);
}

#[test]
fn what_is_told_is_what_was_measured() {
    let metrify = Metrify::new();
    // The first quarter-hours of 2025 in UTC lie on one local day.
    metrify.take_in("a.ndjson", quarter_hours(40));
    let weather: String = (0..4)
        .map(|hour| {
            format!(
                "{{\"point\":\"10315\",\"quantity\":\"air_temperature\",\"at\":\"2025-01-01T0{hour}:00:00Z\",\"value\":{hour}}}\n"
            )
        })
        .collect();
    metrify.take_in("w.ndjson", weather);
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "viewer");
    let days = "start=2025-01-01&end=2025-01-03";
    let consumption = results(&ann, &format!("analytics/energy-consumption?{days}"));
    assert_eq!(
        consumption,
        [
            json!({"day": "2025-01-01", "quantity": "1-0:1.29.0", "unit": "kWh", "points": 1, "readings": 40, "missing": 0, "faulty": 0,
                "unmeasured": 0, "overlapping": 0, "overlong": 0, "too_large": 0, "total": 60, "minimum": 1.5, "maximum": 1.5})
        ]
    );
    let impact = &results(&ann, &format!("analytics/weather-impact?{days}"))[0];
    assert_eq!((&impact["consumption_kwh"], &impact["air_temperature_cel"]), (&json!(60), &json!(1.5)), "{impact}");
    let quality = results(&ann, &format!("analytics/data-quality?{days}"));
    assert!(
        quality.contains(&json!({"quantity": "1-0:1.29.0", "quality": "true", "readings": 40, "points": 1})),
        "{quality:?}"
    );
    let overview = &results(&ann, "analytics/overview")[0];
    assert_eq!((&overview["readings"], &overview["deliveries"]), (&json!(44), &json!(2)), "{overview}");
    let today = &results(&ann, "analytics/reports/daily")[0];
    assert_eq!((&today["received"], &today["readings"]), (&json!(44), &json!(0)), "{today}");
    let then = &results(&ann, "analytics/reports/daily?day=2025-01-01")[0];
    assert_eq!((&then["received"], &then["readings"], &then["points"]), (&json!(0), &json!(44), &json!(2)), "{then}");
    let receipts = results(&ann, "receipts");
    assert_eq!(receipts.len(), 2);
    let id = receipts[0]["delivery"].as_str().expect("an id");
    assert_eq!(ann.get(&format!("/api/v1/receipts/{id}")).1, receipts[0]);
    for wrong in ["start=2025-01-03&end=2025-01-01", "start=soon", "end=2025-13-01"] {
        assert_eq!(ann.get(&format!("/api/v1/analytics/energy-consumption?{wrong}")).0, 400, "{wrong}");
    }
    for (period, status) in [
        ("24h", 200),
        ("48h", 200),
        ("7d", 200),
        ("30d", 200),
        ("0d", 400),
        ("7h", 400),
        ("week", 400),
        ("", 400),
        ("9999d", 400),
    ] {
        assert_eq!(ann.get(&format!("/api/v1/smart-meters/{POINT}/analytics?period={period}")).0, status, "{period}");
    }
}

#[test]
fn an_answer_names_its_span_and_says_where_nothing_is_in_it() {
    let metrify = Metrify::new();
    // The files of the README are older than the days that are looked at where nobody names any.
    metrify.ingest(&[&root().join("samples/day")]);
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "viewer");
    let said = |path: &str| {
        let (status, said) = ann.get(&format!("/api/v1/{path}"));
        assert_eq!(status, 200, "{path}: {said}");
        said
    };
    let meter = "smart-meters/41373559241/analytics?";
    for path in ["analytics/energy-consumption?", "analytics/weather-impact?", "analytics/data-quality?", meter] {
        let empty = said(&format!("{path}as_known_at=2026-03-01"));
        assert_eq!((empty["results"].as_array().map(Vec::len), empty["note"].is_string()), (Some(0), true), "{empty}");
        let days = if path.contains("quality") {
            ("2026-01-29T23:00:00Z", "2026-03-01T23:00:00Z")
        } else {
            ("2026-01-30", "2026-03-02")
        };
        assert_eq!((empty["start"].as_str(), empty["end"].as_str()), (Some(days.0), Some(days.1)), "{path}");
    }
    for path in ["energy-consumption", "weather-impact"] {
        let found = said(&format!("analytics/{path}?start=2025-03-29T23:00:00Z&end=2025-03-31"));
        assert_eq!(
            (&found["start"], &found["end"], &found["note"]),
            (&json!("2025-03-30"), &json!("2025-03-31"), &Value::Null),
            "{found}"
        );
        assert!(found["results"].as_array().is_some_and(|rows| !rows.is_empty()), "{found}");
    }
    let nothing = said("analytics/anomalies?start=2025-03-30T12:00:00Z&end=2025-03-31");
    assert_eq!((&nothing["start"], nothing["note"].is_string()), (&json!("2025-03-30T12:00:00Z"), true), "{nothing}");
    assert_eq!(said("analytics/reports/daily?day=2025-03-30")["results"][0]["day"], "2025-03-30");
}

#[test]
fn what_begins_no_day_is_not_rounded_to_one() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(40));
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "viewer");
    for path in [
        "energy-consumption?start=2025-01-01T12:00:00Z&end=2025-01-02",
        "energy-consumption?start=2025-01-01&end=2025-01-01T12:00:00Z",
        "weather-impact?start=2025-01-01T00:00:00Z",
        "reports/daily?day=2025-01-01T12:00:00Z",
    ] {
        let (status, problem) = ann.get(&format!("/api/v1/analytics/{path}"));
        assert_eq!(status, 400, "{path}: {problem}");
        assert!(problem["hint"].as_str().is_some_and(|hint| hint.contains("2025-01-01")), "{path}: {problem}");
    }
    // Where no days are told, an instant is heeded.
    let heeded = results(&ann, "analytics/data-quality?start=2025-01-01T01:00:00Z&end=2025-01-01T02:00:00Z");
    assert_eq!(heeded[0]["readings"], 4, "{heeded:?}");
}

#[test]
fn findings_are_told_page_by_page_each_once() {
    let metrify = Metrify::new();
    // Findings of one delivery have one time.
    metrify.take_in("a.ndjson", quarter_hours(25).replace("\"value\":1.5", "\"value\":-1.5"));
    metrify.take_in("b.ndjson", crate::support::quarter_hour(POINT, 30, "-2.5"));
    // Of those that say the same each is told, and whatever stands in one goes into no cursor.
    let odd = crate::support::quarter_hour(POINT, 31, "1").replace("}", ",\"a\\u0000b\":1}");
    metrify.take_in("c.ndjson", odd + &crate::support::quarter_hour(POINT, 32, "-1").repeat(3));
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "viewer");
    let all = results(&ann, "analytics/anomalies?limit=1000");
    let of_old = all.iter().filter(|one| one["period_start"].as_str() < Some("2025-01-01T07:45:00Z")).count();
    assert!(all.iter().any(|one| one["reason"].as_str().is_some_and(|reason| reason.contains('\0'))), "{all:?}");
    assert!(all.len() > 27 && of_old >= 26, "{of_old} of {all:?}");
    for limit in [1, 7, 13] {
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let (status, page) = ann.get(&format!("/api/v1/analytics/anomalies?limit={limit}{cursor}"));
            assert_eq!((status, &page["note"]), (200, &Value::Null), "{page}");
            paged.extend(page["results"].as_array().expect("results").clone());
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(paged, all, "{limit}");
    }
    assert_eq!(ann.get("/api/v1/analytics/anomalies?cursor=zz").0, 400);
}

#[test]
fn no_meter_is_read_under_the_name_of_a_station() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(4));
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "viewer");
    for told in ["observations", "forecast"] {
        assert_eq!(results(&ann, &format!("weather/stations/{POINT}/{told}")), [Value::Null; 0]);
    }
    // Nor without a purpose by another of these routes.
    for path in ROUTES {
        let (status, _) =
            ann.ask("GET", &format!("/api/v1/analytics/{path}"), &[("Metrify-Purpose", "supply_billing")], None);
        assert_eq!(status, 403, "{path}");
    }
}

#[test]
fn stations_and_areas_tell_what_public_files_hold() {
    let Some(samples) = crate::support::samples() else { return };
    let metrify = Metrify::new();
    let mut files: Vec<_> = Vec::new();
    crate::support::walk(&samples.join("weather-dwd"), &mut |path| files.push(path.to_owned()));
    assert!(!files.is_empty(), "there is weather among the samples");
    files.iter().filter(|file| file.metadata().is_ok_and(|about| about.len() < 1 << 20)).for_each(|file| {
        metrify.ingest(&[file]);
    });
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "viewer");
    let stations = results(&ann, "weather/stations");
    assert!(!stations.is_empty());
    let mut seen = [0, 0];
    for station in stations.iter().map(|station| station["id"].as_str().expect("an id")) {
        let open = "quality = 'missing' and period_end >= recorded_at";
        let observed = format!("quality <> 'forecast' and not ({open})");
        for (seen, (told, rule)) in
            seen.iter_mut().zip([("observations", observed.as_str()), ("forecast", "quality = 'forecast'")])
        {
            let rule = format!("station = '{station}' and {rule}");
            let expected: usize =
                metrify.sql(&format!("select count(*) from weather where {rule}")).parse().expect("a count");
            let told = results(&ann, &format!("weather/stations/{station}/{told}?limit=10000"));
            assert_eq!(told.len(), expected.min(10_000), "{station}: {rule}");
            *seen += told.len();
        }
    }
    assert!(seen[0] > 0, "{seen:?}");
}

#[test]
fn many_channels_are_read_at_once_and_resampled_on_local_time() {
    let metrify = Metrify::new();
    // The clock goes forward on the thirtieth of March: that day has 92 quarter-hours.
    metrify.ingest(&[&root().join("samples/day")]);
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "viewer");
    let ask = |resample: Value| {
        let body = json!({"channels": [{"point": "41373559241", "quantity": "1-1:1.29.0"}, {"point": "10315", "quantity": "load"}],
                          "start": "2025-03-01", "end": "2025-05-01", "resample": resample});
        let (status, said) = ann.post("/api/v1/series", &body);
        assert_eq!(status, 200, "{said}");
        said["results"].as_array().expect("results").clone()
    };
    assert_eq!(ask(Value::Null).len(), 92);
    let days = ask(json!("day"));
    assert_eq!(days.len(), 1, "{days:?}");
    assert_eq!(
        (&days[0]["period"], &days[0]["readings"], &days[0]["total"]),
        (&json!("2025-03-30"), &json!(92), &json!(9.871))
    );
    assert_eq!(ask(json!("hour")).len(), 23);
    assert_eq!(ask(json!("month"))[0]["period"], "2025-03-01");
    let entries = metrify.run(&["audit", "list", "-o", "csv"]).stdout;
    for point in ["41373559241", "10315"] {
        assert_eq!(entries.matches(&format!(",read,readings,{point},done,")).count(), 4, "{entries}");
    }
    for wrong in [
        json!({"channels": [], "start": "2025-01-01", "end": "2025-01-02"}),
        json!({"channels": [{"point": "p", "quantity": "?"}], "start": "2025-01-01", "end": "2025-01-02"}),
        json!({"channels": [{"point": "p", "quantity": "load"}], "start": "2025-01-01", "end": "2025-01-02", "resample": "week"}),
    ] {
        assert_eq!(ann.post("/api/v1/series", &wrong).0, 400, "{wrong}");
    }
}

#[test]
fn whoever_listens_is_told_what_is_taken_in_and_nothing_of_others() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let (ann, theirs) =
        (Client::of(&metrify, &server, "viewer"), Client::of_new_tenant(&metrify, &server, "stadtwerk"));
    let mut stream = std::net::TcpStream::connect(&server.address).expect("a connection");
    let head = format!("GET /api/v1/events HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\n\r\n", ann.key);
    stream.write_all(head.as_bytes()).expect("a request");
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).expect("a timeout");
    let mut heard = String::new();
    let mut until = |text: &str| {
        let mut piece = [0; 4096];
        while !heard.contains(text) {
            let bytes = stream.read(&mut piece).expect("something is told");
            assert!(bytes > 0, "it ended: {heard}");
            heard.push_str(&String::from_utf8_lossy(&piece[..bytes]));
        }
        heard.clone()
    };
    until("text/event-stream");
    assert_eq!(theirs.send("POST", "/api/v1/deliveries?source=theirs", &[], quarter_hours(3).as_bytes()).status, 200);
    let noticed = quarter_hours(4).replace("\"unit\"", "\"units\"");
    metrify.take_in("a.ndjson", noticed + "nonsense\n");
    let told = until("unknown_key");
    let found =
        told.lines().skip_while(|line| *line != "event: findings").nth(1).and_then(|line| line.strip_prefix("data: "));
    let found: Value = serde_json::from_str(found.expect("findings")).expect("JSON");
    let finding = &found["findings"][0];
    assert_eq!((&finding["rule"], &finding["severity"]), (&json!("unknown_key"), &json!("warning")), "{found}");
    assert!(finding["reason"].as_str().is_some_and(|reason| reason.contains("units")), "{found}");
    assert_eq!(finding["position"], "line 1", "{found}");
    assert!(
        told.contains("\"rejected\":1") && told.contains("event: readings") && told.contains("\"stored\":4"),
        "{told}"
    );
    assert!(!told.contains("theirs"), "{told}");
}

pub fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").canonicalize().expect("the project")
}
