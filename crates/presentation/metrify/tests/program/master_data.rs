//! Master data through the front door: registered, found, changed, as known then; and the readings of a point.

use serde_json::{Value, json};

use crate::support::api::Client;
use crate::support::{Metrify, OTHER_POINT, POINT, quarter_hours};

const METER: &str = "1EMH0010599732";
const OTHER_METER: &str = "1ISK0012345678";

fn ids(listed: &Value) -> Vec<&str> {
    let results = listed["results"].as_array().expect("results");
    results.iter().map(|one| one["id"].as_str().expect("an id")).collect()
}

#[test]
fn the_registry_is_migrated_by_a_command_of_its_own() {
    let metrify = Metrify::new();
    let ran = metrify.run(&["migrate"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "the registry has version 6\n"), "{ran:?}");
    let server = metrify.serve();
    metrify.run(&["migrate"]).failed_with(&["another process holds it", "hint: "]);
    let ann = Client::of(&metrify, &server, "admin");
    let (status, problem) = ann.get(&format!("/api/v1/metering-points/{POINT}/installations"));
    assert_eq!(status, 404, "nobody told of it yet: {problem}");
}

#[test]
fn a_meter_is_registered_changed_and_taken_out_of_service() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    let facts = json!({"id": METER, "manufacturer": "EMH", "model": "ED100L", "area": "50Hertz", "latitude": 52.5, "longitude": 13.4});
    let answer = ann.send("POST", "/api/v1/smart-meters", &[], facts.to_string().as_bytes());
    assert_eq!((answer.status, answer.header("etag")), (201, Some("\"1\"")), "{answer:?}");
    let registered: Value = serde_json::from_str(&answer.body).expect("JSON");
    for (name, expected) in [("medium", json!("electricity")), ("status", json!("active")), ("latitude", json!(52.5))] {
        assert_eq!(registered[name], expected, "{registered}");
    }
    assert_eq!(ann.post("/api/v1/smart-meters", &facts).0, 409);
    let path = format!("/api/v1/smart-meters/{METER}");
    assert_eq!(ann.get(&path).1, registered);
    let then = registered["known_from"].as_str().expect("a time").to_owned();
    let (status, changed) =
        ann.ask("PUT", &path, &[("If-Match", "\"1\"")], Some(&json!({"manufacturer": "EMH metering"})));
    assert_eq!((status, &changed["version"], &changed["model"]), (200, &json!(2), &Value::Null), "{changed}");
    // Whoever read what it was before does not overwrite what it is now.
    let (status, problem) = ann.ask("PUT", &path, &[("If-Match", "\"1\"")], Some(&json!({})));
    assert_eq!((status, problem["hint"].is_string()), (409, true), "{problem}");
    let (_, before) = ann.get(&format!("{path}?as_known_at={then}"));
    assert_eq!((&before["manufacturer"], &before["known_until"]), (&json!("EMH"), &changed["known_from"]), "{before}");
    assert_eq!(ann.get(&format!("{path}?as_known_at=2000-01-01")).0, 404);
    let (status, ended) = ann.ask("DELETE", &path, &[], None);
    assert_eq!((status, &ended["status"], &ended["version"]), (200, &json!("inactive"), &json!(3)), "{ended}");
    for (wrong, body) in [
        (400, json!({"id": ""})),
        (400, json!({"id": "x", "latitude": 52.0})),
        (400, json!({"id": "x", "latitude": 91.0, "longitude": 0.0})),
        (400, json!({"id": "x", "serial": 7})),
        (400, json!({"id": "x", "manufacturer": "a\nb"})),
        (400, json!({"manufacturer": "x"})),
    ] {
        let (status, problem) = ann.post("/api/v1/smart-meters", &body);
        assert_eq!(status, wrong, "{body}: {problem}");
    }
    let problem = ann.ask("PUT", &path, &[], Some(&json!({"id": OTHER_METER})));
    assert_eq!(problem.0, 400, "{problem:?}");
}

#[test]
fn lists_are_filtered_sorted_and_paged() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    for (number, (maker, latitude)) in
        [("EMH", 52.50), ("Iskra", 52.51), ("EMH", 48.10), ("EMH", 52.49)].iter().enumerate()
    {
        let meter = json!({"id": format!("m{number}"), "manufacturer": maker, "latitude": latitude, "longitude": 13.4});
        assert_eq!(ann.post("/api/v1/smart-meters", &meter).0, 201);
    }
    ann.ask("DELETE", "/api/v1/smart-meters/m3", &[], None);
    for (query, expected) in [
        ("", vec!["m0", "m1", "m2", "m3"]),
        ("?sort=-id", vec!["m3", "m2", "m1", "m0"]),
        ("?sort=-changed&limit=2", vec!["m3", "m2"]),
        ("?manufacturer=EMH&status=active", vec!["m0", "m2"]),
        ("?latitude=52.5&longitude=13.4&radius_m=2000", vec!["m0", "m1", "m3"]),
        ("?latitude=52.5&longitude=13.4&radius_m=2000&manufacturer=Iskra", vec!["m1"]),
        ("?area=nowhere", vec![]),
    ] {
        let (status, listed) = ann.get(&format!("/api/v1/smart-meters{query}"));
        assert_eq!((status, ids(&listed)), (200, expected), "{query}: {listed}");
    }
    let mut seen = Vec::new();
    let mut next = String::new();
    loop {
        let (_, page) =
            ann.get(&format!("/api/v1/smart-meters?limit=1&latitude=52.5&longitude=13.4&radius_m=2000{next}"));
        seen.extend(ids(&page).into_iter().map(str::to_owned));
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    assert_eq!(seen, ["m0", "m1", "m3"], "a page of a circle may be empty, and none is lost");
    for wrong in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "cursor=zz",
        "sort=size",
        "latitude=52.5",
        "as_known_at=soon",
        "status=lost",
    ] {
        let (status, problem) = ann.get(&format!("/api/v1/smart-meters?{wrong}"));
        assert_eq!(status, 400, "{wrong}: {problem}");
    }
}

#[test]
fn which_meter_was_there_on_that_day_is_told_as_it_was_known_then() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    for meter in [METER, OTHER_METER] {
        assert_eq!(ann.post("/api/v1/smart-meters", &json!({"id": meter})).0, 201);
    }
    assert_eq!(ann.post("/api/v1/metering-points", &json!({"id": "123"})).0, 400);
    let (_, point) = ann.post("/api/v1/metering-points", &json!({"id": POINT, "town": "Berlin"}));
    assert_eq!(point["kind"], "market_location", "{point}");
    let path = format!("/api/v1/metering-points/{POINT}");
    let exchange = |meter: Value, at: &str| ann.post(&format!("{path}/exchange"), &json!({"meter": meter, "at": at}));
    assert_eq!(exchange(json!(METER), "2025-01-01").0, 200);
    let there = |query: &str| {
        let (status, listed) = ann.get(&format!("{path}/installations{query}"));
        assert_eq!(status, 200, "{listed}");
        let results = listed["results"].as_array().expect("results");
        results.iter().map(|one| one["meter"].as_str().expect("a meter").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(there("?at=2025-06-01"), [METER]);
    assert_eq!(there("?at=2024-12-31"), [""; 0]);
    let before =
        ann.get(&format!("{path}/installations")).1["results"][0]["known_from"].as_str().expect("a time").to_owned();
    // In autumn it becomes known that it was exchanged in March.
    let (status, changed) = exchange(json!(OTHER_METER), "2025-03-01");
    assert_eq!((status, changed.as_array().map(Vec::len)), (200, Some(2)), "{changed}");
    assert_eq!(there("?at=2025-06-01"), [OTHER_METER]);
    assert_eq!(there("?at=2025-02-01"), [METER]);
    assert_eq!(there(&format!("?at=2025-06-01&as_known_at={before}")), [METER]);
    for (meter, at, status) in [
        (json!(METER), "2025-02-01", 409),
        (json!("nobody"), "2026-01-01", 404),
        (json!(OTHER_METER), "2026-01-01", 409),
        (json!(null), "2020-01-01", 409),
        (json!(METER), "soon", 400),
    ] {
        let (told, problem) = exchange(meter.clone(), at);
        assert_eq!(told, status, "{meter} {at}: {problem}");
    }
    // A third one had been forgotten between the two.
    assert_eq!(ann.post("/api/v1/smart-meters", &json!({"id": "1EMH0010599799"})).0, 201);
    let (status, changed) = exchange(json!("1EMH0010599799"), "2025-02-01");
    let ends: Vec<&Value> = changed.as_array().into_iter().flatten().map(|one| &one["valid_until"]).collect();
    assert_eq!(
        (status, ends),
        (200, vec![&json!("2025-01-31T23:00:00Z"), &json!("2025-02-28T23:00:00Z")]),
        "{changed}"
    );
    for (day, meter) in
        [("01-31", METER), ("02-01", "1EMH0010599799"), ("02-28", "1EMH0010599799"), ("03-01", OTHER_METER)]
    {
        assert_eq!(there(&format!("?at=2025-{day}")), [meter], "{day}");
    }
    let (status, problem) = ann.ask("DELETE", &format!("/api/v1/smart-meters/{OTHER_METER}"), &[], None);
    assert_eq!(status, 409, "{problem}");
    let (status, problem) = ann.ask("DELETE", &path, &[], None);
    assert_eq!(status, 409, "a meter is there: {problem}");
    assert_eq!(exchange(json!(null), "2025-09-01").0, 200);
    assert_eq!(there("?at=2025-10-01"), [""; 0]);
    assert_eq!(ann.ask("DELETE", &format!("/api/v1/smart-meters/{OTHER_METER}"), &[], None).0, 200);
    assert_eq!(ann.ask("DELETE", &path, &[("If-Match", "\"1\"")], None).0, 409);
    let (status, ended) = ann.ask("DELETE", &path, &[], None);
    assert_eq!((status, &ended["status"], &ended["town"]), (200, &json!("inactive"), &json!("Berlin")), "{ended}");
    assert_eq!(ann.ask("DELETE", &path, &[], None), (200, ended), "it is so already");
    assert_eq!(ann.ask("DELETE", "/api/v1/metering-points/41373559241", &[], None).0, 404);
}

#[test]
fn what_is_known_of_later_stays_where_an_exchange_becomes_known_afterwards() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    let third = "1EMH0010599799";
    for meter in [METER, OTHER_METER, third] {
        assert_eq!(ann.post("/api/v1/smart-meters", &json!({"id": meter})).0, 201);
    }
    assert_eq!(ann.post("/api/v1/metering-points", &json!({"id": POINT})).0, 201);
    let path = format!("/api/v1/metering-points/{POINT}");
    let exchange = |meter: Value, at: &str| ann.post(&format!("{path}/exchange"), &json!({"meter": meter, "at": at})).0;
    let listed = |query: &str| {
        let (status, listed) = ann.get(&format!("{path}/installations{query}"));
        assert_eq!(status, 200, "{listed}");
        listed["results"].as_array().expect("results").clone()
    };
    let there = |day: &str| {
        let there = listed(&format!("?at=2025-{day}")).into_iter().map(|one| one["meter"].clone());
        there.collect::<Vec<_>>()
    };
    for (meter, at) in [(json!(METER), "2025-01-01"), (json!(null), "2025-03-01"), (json!(OTHER_METER), "2025-04-01")] {
        assert_eq!(exchange(meter, at), 200, "{at}");
    }
    // Taken away in March was whichever meter was there.
    assert_eq!(exchange(json!(third), "2025-02-01"), 200);
    assert_eq!((there("01-15"), there("02-15"), there("03-15")), (vec![json!(METER)], vec![json!(third)], vec![]));
    // The last one came earlier than was known, and is there once.
    assert_eq!(exchange(json!(OTHER_METER), "2025-03-10"), 200);
    assert_eq!(
        (there("03-05"), there("03-15"), there("05-01")),
        (vec![], vec![json!(OTHER_METER)], vec![json!(OTHER_METER)])
    );
    let held =
        listed("").into_iter().filter(|one| one["meter"] == OTHER_METER && one["valid_until"] != one["valid_from"]);
    let held: Vec<_> = held.map(|one| (one["valid_from"].clone(), one["valid_until"].clone())).collect();
    assert_eq!(held, [(json!("2025-03-09T23:00:00Z"), Value::Null)]);
    assert_eq!(exchange(json!(OTHER_METER), "2025-06-01"), 409, "it is there");
}

#[test]
fn readings_are_brought_and_read_in_every_type() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    let path = format!("/api/v1/smart-meters/{METER}/readings");
    let one = json!({"quantity": "1-0:1.8.0", "at": "2026-01-01T00:00:00+01:00", "value": 1725.5});
    let (status, receipt) = ann.post(&path, &one);
    assert_eq!((status, &receipt["stored"]), (200, &json!(1)), "{receipt}");
    let several: Vec<Value> = (1..=3)
        .map(|hour| json!({"quantity": "1-0:1.8.0", "at": format!("2026-01-01T0{hour}:00:00+01:00"), "value": 1725.5 + f64::from(hour)}))
        .collect();
    let (status, receipt) = ann.post(&path, &json!(several));
    assert_eq!((status, &receipt["stored"]), (200, &json!(3)), "{receipt}");
    let (status, receipt) = ann.post(&path, &json!([{"quantity": "nonsense!", "value": 1}]));
    assert_eq!((status, &receipt["rejected"]), (207, &json!(1)), "{receipt}");
    assert_eq!(ann.post(&path, &json!([])).0, 400);
    assert_eq!(ann.post(&path, &json!({"point": POINT, "quantity": "load"})).0, 400);
    let exact =
        "{\"quantity\":\"1-0:2.8.0\",\"at\":\"2026-01-01T00:00:00Z\",\"value\":12345678901234567890.123456789012}";
    assert_eq!(ann.send("POST", &path, &[], exact.as_bytes()).status, 200);

    let (_, series) = ann.get(&format!("{path}?quantity=1-0:1.8.0"));
    let results = series["results"].as_array().expect("results");
    let values: Vec<String> = results.iter().map(|reading| reading["value"].to_string()).collect();
    assert_eq!(
        (values, &series["next"]),
        (["1725.5", "1726.5", "1727.5", "1728.5"].map(str::to_owned).to_vec(), &Value::Null)
    );
    assert!(ann.send("GET", &path, &[], b"").body.contains(":12345678901234567890.123456789012,"), "no digit is lost");
    let (mut seen, mut next) = (0, String::new());
    loop {
        let (_, page) = ann.get(&format!("{path}?limit=2{next}"));
        seen += page["results"].as_array().map_or(0, Vec::len);
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    assert_eq!(seen, 5);
    let (_, some) = ann.get(&format!("{path}?start=2026-01-01T00:30:00Z&end=2026-01-01T01:30:00Z"));
    assert_eq!(some["results"].as_array().map(Vec::len), Some(1), "{some}");

    let of = |accept: &str| ann.send("GET", &path, &[("Accept", accept)], b"");
    let csv = of("text/csv");
    assert_eq!((csv.status, csv.header("content-type")), (200, Some("text/csv")));
    assert_eq!(csv.body.lines().count(), 6, "{csv:?}");
    assert_eq!(of("application/x-ndjson").body.lines().count(), 5);
    assert_eq!(of("text/html").status, 406);
    // A correction is told, and what was known before it can be asked for.
    let known = results[0]["recorded_at"].as_str().expect("a time").to_owned();
    let corrected = json!({"quantity": "1-0:1.8.0", "at": "2026-01-01T00:00:00+01:00", "value": 1700});
    assert_eq!(ann.post(&path, &corrected).1["corrections"], 1);
    let first = |query: &str| ann.get(&format!("{path}?limit=1{query}")).1["results"][0]["value"].to_string();
    assert_eq!((first(""), first(&format!("&as_known_at={known}"))), ("1700".to_owned(), "1725.5".to_owned()));
    let empty = ann.get("/api/v1/smart-meters/nobody/readings");
    assert_eq!((empty.0, &empty.1["results"]), (200, &json!([])));
    metrify.take_in("a.ndjson", quarter_hours(4));
    let (_, of_point) = ann.get(&format!("/api/v1/metering-points/{POINT}/readings"));
    assert_eq!(of_point["results"].as_array().map(Vec::len), Some(4));
}

#[test]
fn a_meter_is_at_one_point_however_many_say_otherwise_at_once() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    for point in [POINT, OTHER_POINT] {
        assert_eq!(ann.post("/api/v1/metering-points", &json!({"id": point})).0, 201);
    }
    for number in 0..10 {
        let meter = format!("m{number}");
        assert_eq!(ann.post("/api/v1/smart-meters", &json!({"id": meter})).0, 201);
        let at = format!("2025-01-{:02}", number + 1);
        let exchange = |point: &str| {
            ann.post(&format!("/api/v1/metering-points/{point}/exchange"), &json!({"meter": meter, "at": at})).0
        };
        let mut told = std::thread::scope(|threads| {
            let other = threads.spawn(|| exchange(OTHER_POINT));
            [exchange(POINT), other.join().expect("an answer")]
        });
        told.sort_unstable();
        assert_eq!(told, [200, 409], "{meter}");
    }
}

#[test]
fn what_was_told_by_mistake_can_be_told_right() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    assert_eq!(ann.post("/api/v1/metering-points", &json!({"id": POINT})).0, 201);
    for meter in [METER, OTHER_METER] {
        assert_eq!(ann.post("/api/v1/smart-meters", &json!({"id": meter})).0, 201);
    }
    let exchange = |meter: &str| {
        ann.post(&format!("/api/v1/metering-points/{POINT}/exchange"), &json!({"meter": meter, "at": "2025-03-01"}))
    };
    for meter in [METER, OTHER_METER, METER] {
        let (status, told) = exchange(meter);
        assert_eq!(status, 200, "{meter}: {told}");
    }
    let (_, there) = ann.get(&format!("/api/v1/metering-points/{POINT}/installations?at=2025-06-01"));
    assert_eq!(
        (there["results"].as_array().map(Vec::len), &there["results"][0]["meter"]),
        (Some(1), &json!(METER)),
        "{there}"
    );
    // However it is said, what is installed is not taken out of service.
    let inactive = json!({"status": "inactive"});
    assert_eq!(ann.ask("PUT", &format!("/api/v1/smart-meters/{METER}"), &[], Some(&inactive)).0, 409);
    assert_eq!(ann.ask("PUT", &format!("/api/v1/metering-points/{POINT}"), &[], Some(&inactive)).0, 409);
    let path = format!("/api/v1/smart-meters/{OTHER_METER}");
    assert_eq!(ann.ask("PUT", &path, &[], Some(&inactive)).1["status"], "inactive");
    // A change that says nothing of it leaves it as it is.
    assert_eq!(ann.ask("PUT", &path, &[], Some(&json!({"manufacturer": "Iskra"}))).1["status"], "inactive");
}

#[test]
fn what_is_made_is_where_its_location_says() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "admin");
    for (path, body) in [
        ("smart-meters", json!({"id": "meter 1/\u{fc}+%"})),
        ("metering-points", json!({"id": POINT})),
        ("grid-operators", json!({"id": "g", "name": "G", "kind": "distribution"})),
        ("weather/stations", json!({"id": "10315"})),
        ("users", json!({"name": "ann", "password": "correct horse battery", "role": "viewer"})),
    ] {
        let answer = ann.send("POST", &format!("/api/v1/{path}"), &[], body.to_string().as_bytes());
        assert_eq!(answer.status, 201, "{path}: {answer:?}");
        let made: Value = serde_json::from_str(&answer.body).expect("JSON");
        let location = answer.header("location").unwrap_or_else(|| panic!("no location: {answer:?}"));
        assert_eq!(ann.get(location), (200, made), "{location}");
    }
}

#[test]
fn only_the_version_that_is_meant_is_changed() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "admin");
    let path = format!("/api/v1/metering-points/{POINT}");
    assert_eq!(ann.post("/api/v1/metering-points", &json!({"id": POINT})).0, 201);
    assert_eq!(ann.post("/api/v1/smart-meters", &json!({"id": METER})).0, 201);
    let exchange = |tag: &str, at: &str, meter: Value| {
        let body = json!({"meter": meter, "at": at});
        ann.ask("POST", &format!("{path}/exchange"), &[("If-Match", tag)], Some(&body)).0
    };
    let key = ann.post("/api/v1/api-keys", &json!({"title": "x", "role": "viewer"})).1;
    let key = format!("/api/v1/api-keys/{}", key["id"].as_str().expect("an id"));
    let revoke = |tag: &str| ann.ask("DELETE", &key, &[("If-Match", tag)], None).0;
    assert_eq!((exchange("\"7\"", "2026-01-01", json!(METER)), revoke("\"77\"")), (409, 409));
    assert_eq!((exchange("W/\"1\"", "2026-01-01", json!(METER)), revoke("W/\"1\"")), (409, 409));
    assert_eq!((exchange("\"1\"", "2026-01-01", json!(METER)), revoke("\"1\"")), (200, 200));
    // Each exchange is a new version of the point.
    assert_eq!(exchange("\"1\"", "2026-02-01", Value::Null), 409);
    let answer = ann.send("GET", &path, &[], b"");
    assert_eq!(exchange(answer.header("etag").expect("a tag"), "2026-02-01", Value::Null), 200);
}

#[test]
fn a_parameter_that_no_route_has_is_refused() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "viewer");
    for path in [
        "smart-meters?maker=EMH",
        "metering-points?limit=1&x",
        "analytics/overview?a=b",
        "smart-meters/m/readings?from=2025-01-01",
    ] {
        let (status, problem) = ann.get(&format!("/api/v1/{path}"));
        assert_eq!(status, 400, "{path}: {problem}");
    }
    let (_, problem) = ann.get("/api/v1/smart-meters?maker=EMH");
    assert!(problem["hint"].as_str().is_some_and(|hint| hint.contains("manufacturer")), "{problem}");
}

#[test]
fn the_registry_is_made_anew_of_what_happened() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    assert_eq!(ann.post("/api/v1/smart-meters", &json!({"id": METER, "manufacturer": "EMH"})).0, 201);
    let path = format!("/api/v1/smart-meters/{METER}");
    let (_, changed) = ann.ask("PUT", &path, &[], Some(&json!({"manufacturer": "Iskra"})));
    let key = ann.key.clone();
    metrify.run(&["registry", "rebuild"]).failed_with(&["a server runs"]);
    assert_eq!(server.stop().code, Some(0));
    let ran = metrify.run(&["registry", "rebuild"]);
    assert!(ran.code == Some(0) && ran.stdout.starts_with("made anew of "), "{ran:?}");
    let server = metrify.serve();
    assert_eq!(Client { server: &server, key }.get(&path).1, changed);
}
