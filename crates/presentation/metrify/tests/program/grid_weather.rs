//! Grid operators and weather stations through the front door: registered, found, changed, as known then, of one tenant; and the lists
//! that tell of what is registered and of what is known beside it.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::api::Client;
use crate::support::{Metrify, POINT, ran, skipped};

const OPERATORS: &str = "/api/v1/grid-operators";
const STATIONS: &str = "/api/v1/weather/stations";
const OF_TRANSMISSION: [&str; 4] = ["50hertz", "amprion", "tennet", "transnetbw"];

fn results(listed: &Value) -> &[Value] {
    listed["results"].as_array().unwrap_or_else(|| panic!("no results in {listed}"))
}

fn ids(client: &Client<'_>, path: &str) -> Vec<String> {
    let (status, listed) = client.get(path);
    assert_eq!(status, 200, "{path}: {listed}");
    results(&listed).iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
}

/// All of a list, so many at a time.
fn paged(client: &Client<'_>, path: &str, limit: usize) -> Vec<String> {
    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let (status, page) = client.get(&format!("{path}limit={limit}{next}"));
        assert_eq!(status, 200, "{page}");
        assert!(results(&page).len() <= limit, "{page}");
        seen.extend(results(&page).iter().map(|one| one["id"].as_str().expect("an id").to_owned()));
        let Some(cursor) = page["next"].as_str() else { return seen };
        next = format!("&cursor={cursor}");
    }
}

fn known_from(thing: &Value) -> String {
    thing["known_from"].as_str().expect("a time").to_owned()
}

fn stadtwerk(id: &str) -> Value {
    json!({"id": id, "name": "Stadtwerk Beispiel Netz", "kind": "distribution", "area": "TenneT",
           "market_partner_id": "9905048000007"})
}

/// An air temperature of a station, as a line.
fn warmth(station: &str) -> String {
    format!(
        "{{\"point\":\"{station}\",\"quantity\":\"air_temperature\",\"at\":\"2025-01-01T00:00:00Z\",\"value\":1.5}}\n"
    )
}

fn bring(client: &Client<'_>, lines: &str) {
    let answer = client.send("POST", "/api/v1/deliveries", &[], lines.as_bytes());
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[test]
fn a_grid_operator_is_registered_changed_and_taken_out_of_service() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    let answer = ann.send("POST", OPERATORS, &[], stadtwerk("stadtwerk").to_string().as_bytes());
    assert_eq!((answer.status, answer.header("etag")), (201, Some("\"1\"")), "{answer:?}");
    let registered: Value = serde_json::from_str(&answer.body).expect("JSON");
    for (name, expected) in [("kind", "distribution"), ("status", "active"), ("market_partner_id", "9905048000007")] {
        assert_eq!(registered[name], expected, "{registered}");
    }
    for taken in ["stadtwerk", "tennet"] {
        assert_eq!(ann.post(OPERATORS, &stadtwerk(taken)).0, 409, "{taken}");
    }
    let path = format!("{OPERATORS}/stadtwerk");
    assert_eq!(ann.get(&path).1, registered);
    let facts = json!({"name": "Stadtwerk Beispiel", "kind": "distribution"});
    let (status, changed) = ann.ask("PUT", &path, &[("If-Match", "\"1\"")], Some(&facts));
    assert_eq!((status, &changed["version"], &changed["area"]), (200, &json!(2), &Value::Null), "{changed}");
    let (status, problem) = ann.ask("PUT", &path, &[("If-Match", "\"1\"")], Some(&facts));
    assert_eq!((status, problem["hint"].is_string()), (409, true), "{problem}");
    let (_, before) = ann.get(&format!("{path}?as_known_at={}", known_from(&registered)));
    assert_eq!((&before["area"], &before["known_until"]), (&json!("TenneT"), &changed["known_from"]), "{before}");
    assert_eq!(ann.get(&format!("{path}?as_known_at=2000-01-01")).0, 404);
    assert_eq!(ann.ask("DELETE", &path, &[("If-Match", "\"1\"")], None).0, 409);
    let (status, ended) = ann.ask("DELETE", &path, &[("If-Match", "\"2\"")], None);
    assert_eq!((status, &ended["status"], &ended["version"]), (200, &json!("inactive"), &json!(3)), "{ended}");
    assert_eq!(ann.ask("PUT", &path, &[], Some(&facts)).1["status"], "inactive", "a change that says nothing of it");
    for wrong in [
        json!({"id": "Stadtwerk", "name": "x", "kind": "distribution"}),
        json!({"id": "x", "kind": "distribution"}),
        json!({"id": "x", "name": "x", "kind": "retail"}),
        json!({"id": "x", "name": "", "kind": "distribution"}),
        json!({"id": "x", "name": "x", "kind": "distribution", "market_partner_id": "9905048000008"}),
        json!({"id": "x", "name": "x", "kind": "distribution", "eic": "10YDE-EON------2"}),
        json!({"id": "x", "name": "x", "kind": "distribution", "phone": "110"}),
        json!({"name": "x", "kind": "distribution"}),
    ] {
        let (status, problem) = ann.post(OPERATORS, &wrong);
        assert_eq!(status, 400, "{wrong}: {problem}");
    }
    for (method, body) in [("PUT", Some(&facts)), ("DELETE", None)] {
        assert_eq!(ann.ask(method, &format!("{OPERATORS}/nobody"), &[], body).0, 404, "{method}");
    }
    let viewer = Client::of(&metrify, &server, "viewer");
    assert_eq!(viewer.post(OPERATORS, &stadtwerk("x")).0, 403);
    assert_eq!(viewer.ask("DELETE", &format!("{OPERATORS}/tennet"), &[], None).0, 403);
}

#[test]
fn operators_are_one_list_with_those_of_the_transmission_grid() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    assert_eq!(ids(&ann, OPERATORS), OF_TRANSMISSION);
    let (_, first) = ann.get(&format!("{OPERATORS}/amprion"));
    assert_eq!((&first["area"], &first["eic"]), (&json!("Amprion"), &json!("10YDE-RWENET---I")), "{first}");
    for id in ["bayern-netz", "stadtwerk"] {
        assert_eq!(ann.post(OPERATORS, &stadtwerk(id)).0, 201);
    }
    ann.ask("DELETE", &format!("{OPERATORS}/stadtwerk"), &[], None);
    for (query, expected) in [
        ("", vec!["50hertz", "amprion", "bayern-netz", "stadtwerk", "tennet", "transnetbw"]),
        ("?sort=-id&limit=2", vec!["transnetbw", "tennet"]),
        ("?sort=-changed&limit=2", vec!["stadtwerk", "bayern-netz"]),
        ("?kind=distribution", vec!["bayern-netz", "stadtwerk"]),
        ("?area=TenneT", vec!["bayern-netz", "stadtwerk", "tennet"]),
        ("?area=TenneT&kind=distribution&status=active", vec!["bayern-netz"]),
        ("?area=nowhere", vec![]),
        (format!("?as_known_at={}", known_from(&first)).as_str(), OF_TRANSMISSION.to_vec()),
        ("?as_known_at=2000-01-01", vec![]),
    ] {
        assert_eq!(ids(&ann, &format!("{OPERATORS}{query}")), expected, "{query}");
    }
    assert_eq!(paged(&ann, &format!("{OPERATORS}?"), 1).len(), 6);
    for wrong in ["kind=retail", "status=lost", "limit=0", "cursor=zz", "sort=name"] {
        assert_eq!(ann.get(&format!("{OPERATORS}?{wrong}")).0, 400, "{wrong}");
    }
    // What a tenant says of them is its own, and stays after a restart.
    let theirs = Client::of_new_tenant(&metrify, &server, "stadtwerk");
    let facts =
        json!({"name": "TenneT TSO", "kind": "transmission", "area": "TenneT", "market_partner_id": "9905048000007"});
    assert_eq!(theirs.ask("PUT", &format!("{OPERATORS}/tennet"), &[], Some(&facts)).0, 200);
    assert_eq!(ids(&theirs, OPERATORS), OF_TRANSMISSION);
    assert_eq!(ann.get(&format!("{OPERATORS}/tennet")).1["name"], "TenneT");
    assert_eq!(theirs.get(&format!("{OPERATORS}/bayern-netz")).0, 404);
    let key = theirs.key.clone();
    assert_eq!(server.stop().code, Some(0));
    let server = metrify.serve();
    let theirs = Client { server: &server, key };
    assert_eq!(theirs.get(&format!("{OPERATORS}/tennet")).1["name"], "TenneT TSO");
    assert_eq!(ids(&theirs, OPERATORS), OF_TRANSMISSION);
}

#[test]
fn how_a_grid_stands_is_told_of_control_areas_and_of_nothing_else() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    let load = |area: &str| {
        format!(
            "{{\"point\":\"{area}\",\"quantity\":\"load\",\"period_start\":\"2025-01-01T00:00:00Z\",\"period_end\":\"2025-01-01T00:15:00Z\",\"value\":7,\"unit\":\"MW\"}}\n"
        )
    };
    bring(&ann, &[load("TenneT"), load("AT")].concat());
    bring(&ann, &crate::support::quarter_hours(4));
    let quantities = |id: &str| {
        let (status, listed) = ann.get(&format!("{OPERATORS}/{id}/status"));
        assert_eq!(status, 200, "{id}: {listed}");
        results(&listed).iter().map(|row| row["quantity"].as_str().expect("a quantity").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(quantities("tennet"), ["load"]);
    assert_eq!(quantities("amprion"), [""; 0]);
    let of = |id: &str, kind: &str, area: &str| {
        let facts = json!({"id": id, "name": "x", "kind": kind, "area": area});
        assert_eq!(ann.post(OPERATORS, &facts).0, 201, "{facts}");
    };
    of("apg", "transmission", "AT");
    of("stadtwerk", "distribution", "TenneT");
    // Nobody reads a meter, for which a purpose is asked, under the name of an area.
    of("curious", "transmission", POINT);
    assert_eq!(quantities("apg"), ["load"]);
    let (_, told) = ann.get(&format!("{OPERATORS}/apg/status"));
    assert_eq!((&results(&told)[0]["value"], &results(&told)[0]["status"]), (&json!(7), &Value::Null), "{told}");
    for none in ["stadtwerk", "curious"] {
        assert_eq!(quantities(none), [""; 0], "{none}");
    }
    let (status, problem) = ann.get(&format!("{OPERATORS}/nobody/status"));
    assert_eq!((status, problem["hint"].is_string()), (404, true), "{problem}");
}

#[test]
fn a_traffic_light_has_a_colour_beside_the_numbers_of_its_area() {
    let metrify = Metrify::new();
    let load = "{\"point\":\"DE\",\"quantity\":\"load\",\"period_start\":\"2025-01-01T00:00:00Z\",\
                \"period_end\":\"2025-01-01T00:15:00Z\",\"value\":4610.81,\"unit\":\"MWh\"}\n";
    metrify.take_in("load.ndjson", load);
    let light = "[{\"From\":\"2025-03-30T00:58:00Z\",\"To\":\"2025-03-30T00:59:00Z\",\"Value\":\"GREEN\"}]";
    metrify.take_in("light.json", light);
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    let facts = json!({"id": "all", "name": "all of them", "kind": "transmission", "area": "DE"});
    assert_eq!(ann.post(OPERATORS, &facts).0, 201);
    let (_, told) = ann.get(&format!("{OPERATORS}/all/status"));
    let rows: Vec<Value> =
        results(&told).iter().map(|row| json!([row["quantity"], row["value"], row["status"]])).collect();
    assert_eq!(rows, [json!(["load", 4610.81, null]), json!(["traffic_light", null, "GREEN"])], "{told}");
}

#[test]
fn what_a_forecast_leaves_open_was_not_observed() {
    let metrify = Metrify::new();
    metrify.ingest(&[&crate::analytics::root().join("samples/day/mosmix.kmz")]);
    let observed = |minute: u32, told: &str| {
        format!(
            "{{\"point\":\"01766\",\"quantity\":\"air_temperature\",\"at\":\"2025-03-30T10:{minute}:00Z\",{told}}}\n"
        )
    };
    // That an observation failed is known of what was to be observed.
    metrify.take_in("a.ndjson", [observed(10, "\"quality\":\"missing\""), observed(20, "\"value\":7")].concat());
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "viewer");
    let told = |station: &str, what: &str| {
        let (status, told) = ann.get(&format!("{STATIONS}/{station}/{what}"));
        assert_eq!(status, 200, "{told}");
        results(&told).iter().map(|row| row["quality"].as_str().expect("a quality").to_owned()).collect::<Vec<_>>()
    };
    let open = metrify.sql("select count(*) from weather where station = '10315' and quality = 'missing'");
    assert_ne!(open, "0");
    assert_eq!(told("10315", "observations"), [""; 0]);
    assert!(!told("10315", "forecast").is_empty());
    assert_eq!(told("01766", "observations"), ["missing", "true"]);
}

#[test]
fn what_a_heat_meter_measures_is_no_weather() {
    let metrify = Metrify::new();
    // A short telegram of wired M-Bus: flow temperature 68.7 Cel of heat meter 61234567.
    let telegram = "68 13 13 68 08 05 72 67 45 23 61 43 04 01 04 01 00 00 00 0A 5A 87 06";
    let bytes: Vec<u8> = telegram.split(' ').map(|byte| u8::from_str_radix(byte, 16).expect("a byte")).collect();
    let sum = bytes[4..].iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    metrify.take_in("heat.mbus", [bytes, vec![sum, 0x16]].concat());
    assert_eq!(metrify.sql("select quantity, value from readings"), "meter.flow_temperature,68.7");
    assert_eq!(metrify.sql("select kind from points"), "device");
    assert_eq!(metrify.sql("select count(*) from weather"), "0");
}

#[test]
fn a_weather_station_is_registered_changed_and_taken_out_of_service() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    let facts = json!({"id": "10315", "name": "Münster/Osnabrück", "latitude": 52.134_4, "longitude": 7.696_9,
                       "elevation_m": 47.8, "operator": "dwd"});
    let answer = ann.send("POST", STATIONS, &[], facts.to_string().as_bytes());
    assert_eq!((answer.status, answer.header("etag")), (201, Some("\"1\"")), "{answer:?}");
    let registered: Value = serde_json::from_str(&answer.body).expect("JSON");
    for (name, expected) in [
        ("registered", json!(true)),
        ("elevation_m", json!(47.8)),
        ("operator", json!("dwd")),
        ("status", json!("active")),
    ] {
        assert_eq!(registered[name], expected, "{registered}");
    }
    assert_eq!(ann.post(STATIONS, &facts).0, 409);
    let path = format!("{STATIONS}/10315");
    assert_eq!(ann.get(&path).1, registered);
    // It has no readings: that is no error.
    for told in ["observations", "forecast"] {
        let (status, series) = ann.get(&format!("{path}/{told}"));
        assert_eq!((status, &series["results"]), (200, &json!([])), "{told}");
    }
    let (status, changed) = ann.ask("PUT", &path, &[("If-Match", "\"1\"")], Some(&json!({"name": "Münster"})));
    assert_eq!((status, &changed["version"], &changed["elevation_m"]), (200, &json!(2), &Value::Null), "{changed}");
    assert_eq!(ann.ask("PUT", &path, &[("If-Match", "\"1\"")], Some(&json!({}))).0, 409);
    let (_, before) = ann.get(&format!("{path}?as_known_at={}", known_from(&registered)));
    assert_eq!((&before["name"], &before["known_until"]), (&facts["name"], &changed["known_from"]), "{before}");
    assert_eq!(ann.get(&format!("{path}?as_known_at=2000-01-01")).0, 404);
    let (status, ended) = ann.ask("DELETE", &path, &[("If-Match", "\"2\"")], None);
    assert_eq!((status, &ended["status"]), (200, &json!("inactive")), "{ended}");
    for wrong in [
        json!({"id": ""}),
        json!({"id": "x", "latitude": 52.0}),
        json!({"id": "x", "elevation_m": 9000.1}),
        json!({"id": "x", "elevation_m": "high"}),
        json!({"id": "x", "height": 7}),
        json!({"id": POINT}),
        json!({"id": "1EMH0010599732"}),
        json!({"id": "TenneT"}),
    ] {
        let (status, problem) = ann.post(STATIONS, &wrong);
        assert_eq!(status, 400, "{wrong}: {problem}");
    }
    assert_eq!(Client::of(&metrify, &server, "viewer").post(STATIONS, &json!({"id": "x"})).0, 403);
}

#[test]
fn stations_are_one_list_whoever_told_of_them() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    let register = |id: &str, more: Value| {
        let mut facts = json!({"id": id});
        facts.as_object_mut().expect("facts").extend(more.as_object().expect("facts").clone());
        let (status, told) = ann.post(STATIONS, &facts);
        assert_eq!(status, 201, "{told}");
        known_from(&told)
    };
    register("Ahaus", json!({"latitude": 52.07, "longitude": 7.0}));
    // Told of by readings before and after it is registered, and those that nobody registers: sorted by bytes, not as words.
    bring(&ann, &["10315", "p0036", "Zinnwald", "ahaus"].map(warmth).concat());
    let then = register("10315", json!({"latitude": 52.13, "longitude": 7.7, "operator": "dwd"}));
    register("ahaus", json!({}));
    bring(&ann, &["Ahaus", "01766"].map(warmth).concat());
    // A meter is no station, whoever measures beside it.
    bring(&ann, &crate::support::quarter_hours(1));
    let all = ["01766", "10315", "Ahaus", "Zinnwald", "ahaus", "p0036"];
    let down: Vec<&str> = all.iter().rev().copied().collect();
    for limit in [1, 2, 3, 5, 6, 7, 1000] {
        assert_eq!(paged(&ann, &format!("{STATIONS}?"), limit), all, "{limit} at a time");
        assert_eq!(paged(&ann, &format!("{STATIONS}?sort=-id&"), limit), down, "{limit} at a time");
    }
    let (_, listed) = ann.get(STATIONS);
    let registered: Vec<bool> = results(&listed).iter().map(|one| one["registered"] == true).collect();
    assert_eq!(registered, [false, true, true, false, true, false], "{listed}");
    for one in results(&listed) {
        assert_eq!(&ann.get(&format!("{STATIONS}/{}", one["id"].as_str().expect("an id"))).1, one);
    }
    ann.ask("DELETE", &format!("{STATIONS}/ahaus"), &[], None);
    for (query, expected) in [
        ("?latitude=52.1&longitude=7.7&radius_m=10000", vec!["10315"]),
        ("?latitude=52.1&longitude=7.4&radius_m=50000", vec!["10315", "Ahaus"]),
        ("?status=active", vec!["10315", "Ahaus"]),
        ("?status=inactive", vec!["ahaus"]),
        (format!("?as_known_at={then}").as_str(), vec!["10315", "Ahaus", "Zinnwald", "ahaus", "p0036"]),
        ("?as_known_at=2000-01-01", vec![]),
        // Readings had told of 10315 before that: it is none that they alone tell of.
        (format!("?end={then}").as_str(), vec!["Ahaus"]),
        (format!("?start={then}").as_str(), vec!["10315", "ahaus"]),
    ] {
        assert_eq!(ids(&ann, &format!("{STATIONS}{query}")), expected, "{query}");
    }
    assert_eq!(paged(&ann, &format!("{STATIONS}?latitude=52.1&longitude=7.4&radius_m=50000&"), 1), ["10315", "Ahaus"]);
    // One that readings told of was known before it was registered.
    let (_, before) = ann.get(&format!("{STATIONS}/ahaus?as_known_at={then}"));
    assert_eq!((&before["registered"], &before["version"]), (&json!(false), &Value::Null), "{before}");
    for (method, body) in [("PUT", Some(json!({}))), ("DELETE", None)] {
        let (status, problem) = ann.ask(method, &format!("{STATIONS}/p0036"), &[], body.as_ref());
        assert_eq!((status, problem["hint"].is_string()), (404, true), "{method}: {problem}");
    }
    for wrong in ["sort=changed", "limit=0", "cursor=%00", "latitude=52.1", "as_known_at=soon", "status=lost"] {
        assert_eq!(ann.get(&format!("{STATIONS}?{wrong}")).0, 400, "{wrong}");
    }
    let theirs = Client::of_new_tenant(&metrify, &server, "stadtwerk");
    assert_eq!(ids(&theirs, STATIONS), [""; 0]);
    assert_eq!(theirs.get(&format!("{STATIONS}/10315")).0, 404);
    assert_eq!(theirs.get(&format!("{STATIONS}/p0036")).0, 404);
    assert_eq!(theirs.get(&format!("{STATIONS}?cursor=Ahaus")).1["results"], json!([]));
}

#[test]
fn what_is_registered_of_grid_and_weather_is_made_anew_of_what_happened() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    bring(&ann, &warmth("p0036"));
    assert_eq!(ann.post(OPERATORS, &stadtwerk("stadtwerk")).0, 201);
    assert_eq!(ann.post(STATIONS, &json!({"id": "10315", "elevation_m": 47.85})).0, 201);
    ann.ask("PUT", &format!("{STATIONS}/10315"), &[], Some(&json!({"name": "Münster", "elevation_m": 48})));
    let lists = |client: &Client<'_>| [OPERATORS, STATIONS].map(|path| client.get(path).1);
    let before = lists(&ann);
    let key = ann.key.clone();
    assert_eq!(server.stop().code, Some(0));
    assert_eq!(metrify.run(&["registry", "rebuild"]).code, Some(0));
    let server = metrify.serve();
    assert_eq!(lists(&Client { server: &server, key }), before);
}

/// Makes the registry what a former program left: of all that later steps brought there is nothing.
const FORMER: &str = "
import sqlite3, sys
tables = ('events', 'migrations', 'tenants', 'keys', 'metering_points', 'meters', 'installations', 'users', 'sessions', 'attempts')
registry = sqlite3.connect(sys.argv[1])
for (name,) in registry.execute(\"select name from sqlite_master where type = 'table'\").fetchall():
    if name not in tables:
        registry.execute(f'drop table {name}')
registry.execute('delete from migrations where version > 2')
registry.execute(\"delete from events where kind not in ('tenant', 'key', 'user', 'session', 'attempts')\")
registry.commit()
";

#[test]
fn tenants_of_a_former_program_are_told_of_the_transmission_grid() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let (ours, theirs) =
        (Client::of(&metrify, &server, "viewer").key, Client::of_new_tenant(&metrify, &server, "stadtwerk").key);
    assert_eq!(server.stop().code, Some(0));
    let registry = metrify.data_dir().join("registry.sqlite");
    if Command::new("python3").arg("--version").output().is_err() {
        return skipped("no Python, so nobody makes a registry of a former program");
    }
    let made = ran(Command::new("python3").args(["-c", FORMER]).arg(&registry));
    assert_eq!(made.code, Some(0), "{made:?}");
    for _ in 0..2 {
        let server = metrify.serve();
        for key in [&ours, &theirs] {
            assert_eq!(ids(&Client { server: &server, key: key.clone() }, OPERATORS), OF_TRANSMISSION);
        }
        assert_eq!(server.stop().code, Some(0));
    }
}
