//! What is asked by name is computed from what is there, and an empty house says so.

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
    assert!(report.as_object().expect("counts").values().all(|count| *count == 0), "{report}");
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
            json!({"day": "2025-01-01", "quantity": "1-0:1.29.0", "unit": "kWh", "points": 1, "readings": 40, "missing": 0,
                "total": 60, "minimum": 1.5, "maximum": 1.5})
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
    assert_eq!(results(&ann, &format!("receipts/{id}")), receipts[..1]);
    for wrong in ["start=2025-01-03&end=2025-01-01", "start=soon", "end=2025-13-01"] {
        assert_eq!(ann.get(&format!("/api/v1/analytics/energy-consumption?{wrong}")).0, 400, "{wrong}");
    }
    for (period, status) in
        [("24h", 200), ("7d", 200), ("30d", 200), ("0d", 400), ("week", 400), ("", 400), ("9999d", 400)]
    {
        assert_eq!(ann.get(&format!("/api/v1/smart-meters/{POINT}/analytics?period={period}")).0, status, "{period}");
    }
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
        for (seen, (told, rule)) in seen.iter_mut().zip([("observations", "<>"), ("forecast", "=")]) {
            let rule = format!("station = '{station}' and quality {rule} 'forecast'");
            let expected: usize =
                metrify.sql(&format!("select count(*) from weather where {rule}")).parse().expect("a count");
            let told = results(&ann, &format!("weather/stations/{station}/{told}?limit=10000"));
            assert_eq!(told.len(), expected.min(10_000), "{station}: {rule}");
            *seen += told.len();
        }
    }
    assert!(seen[0] > 0, "{seen:?}");
}
