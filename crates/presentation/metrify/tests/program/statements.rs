//! Readings that are brought to a point are statements, made when they are received: what was said before can be said again.

use serde_json::{Value, json};

use crate::support::api::Client;
use crate::support::http::{self, Answer};
use crate::support::{Metrify, POINT, adds_up, quarter_hours, sum};

const METER: &str = "1EMH0010599732";
const ANEW: &[(&str, &str)] = &[];

fn path() -> String {
    format!("/api/v1/smart-meters/{METER}/readings")
}

fn state(value: u32) -> String {
    json!([{"quantity": "1-0:1.8.0", "at": "2026-03-05T00:00:00Z", "value": value}]).to_string()
}

fn say(client: &Client<'_>, headers: &[(&str, &str)], body: &str) -> Answer {
    client.send("POST", &path(), headers, body.as_bytes())
}

/// Such as `1 = 1 stored + 0 duplicates + 0 corrections + 0 rejected`.
fn account(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    let receipt: Value = serde_json::from_str(&answer.body).expect("a receipt");
    adds_up(&receipt);
    sum(&receipt)
}

fn holds(client: &Client<'_>) -> Vec<String> {
    let (_, series) = client.get(&path());
    let results = series["results"].as_array().expect("results");
    results.iter().map(|reading| reading["value"].to_string()).collect()
}

#[test]
fn what_was_corrected_is_corrected_back() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    for (value, expected) in [
        (10, "1 = 1 stored + 0 duplicates + 0 corrections + 0 rejected"),
        (11, "1 = 0 stored + 0 duplicates + 1 corrections + 0 rejected"),
        (10, "1 = 0 stored + 0 duplicates + 1 corrections + 0 rejected"),
        (10, "1 = 0 stored + 1 duplicates + 0 corrections + 0 rejected"),
    ] {
        let answer = say(&ann, ANEW, &state(value));
        assert_eq!((account(&answer).as_str(), answer.header("idempotency-replayed")), (expected, None), "{value}");
        assert_eq!(holds(&ann), [value.to_string()]);
    }
    assert_eq!(metrify.sql("select count(*) from readings_history"), "3");
    // A file says what it says as long as it lies there.
    let delivery = "/api/v1/deliveries";
    let files = [quarter_hours(1), quarter_hours(1).replace("1.5", "2.5"), quarter_hours(1)];
    let answers = files.map(|file| ann.send("POST", delivery, ANEW, file.as_bytes()));
    let replayed = answers.each_ref().map(|answer| answer.header("idempotency-replayed"));
    assert_eq!(replayed, [None, None, Some("true")], "{answers:?}");
}

#[test]
fn a_statement_with_a_key_is_made_once_also_after_a_restart() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let key = Client::of(&metrify, &server, "operator").key;
    let ann = Client { server: &server, key: key.clone() };
    let [first, second, third] = [("k1", 10), ("k2", 11), ("k3", 10)].map(|(key, value)| {
        let answer = say(&ann, &[("Idempotency-Key", key)], &state(value));
        assert_eq!(answer.header("idempotency-replayed"), None, "{key}: {answer:?}");
        account(&answer)
    });
    assert!(first.contains("1 stored") && second.contains("1 corrections") && third.contains("1 corrections"));
    assert_eq!(say(&ann, &[("Idempotency-Key", "k1")], &state(12)).status, 422);
    assert_eq!(say(&ann, &[("Idempotency-Key", "k1"), ("Idempotency-Key", "k4")], &state(12)).status, 400);
    server.kill();
    let server = metrify.serve();
    let ann = Client { server: &server, key };
    let again = say(&ann, &[("Idempotency-Key", "k2")], &state(11));
    assert_eq!((account(&again), again.header("idempotency-replayed")), (second, Some("true")));
    assert_eq!(holds(&ann), ["10"]);
}

#[test]
fn what_was_said_is_kept_as_it_came_and_can_be_read_again() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "admin");
    let receipts = [10, 11, 10]
        .map(|value| -> Value { serde_json::from_str(&say(&ann, ANEW, &state(value)).body).expect("a receipt") });
    let ids = receipts.each_ref().map(|receipt| receipt["delivery"].as_str().expect("a delivery"));
    assert!(ids[0] != ids[2], "each is one of its own");
    for (id, value) in ids.iter().zip([10, 11, 10]) {
        let content = ann.send("GET", &format!("/api/v1/deliveries/{id}/content"), &[], b"");
        assert!(content.status == 200 && content.body.contains(&format!("\"value\":{value}")), "{content:?}");
    }
    let (status, replayed) = ann.post("/api/v1/deliveries/replay", &json!({"ids": ids, "apply": true}));
    assert_eq!(status, 200, "{replayed}");
    for changes in replayed.as_array().expect("changes") {
        assert_eq!((&changes["unchanged"], &changes["lost"]), (&json!(1), &json!(false)), "{changes}");
    }
    assert_eq!(holds(&ann), ["10"]);
}

#[test]
fn a_field_that_a_reading_has_not_is_refused_before_it_means_something_else() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    let line = quarter_hours(1).replace("\"unit\"", "\"units\"");
    let body = format!("[{}]", line.trim());
    for point in ["smart-meters", "metering-points"] {
        let (status, problem) =
            ann.post(&format!("/api/v1/{point}/{POINT}/readings"), &serde_json::from_str(&body).expect("JSON"));
        assert_eq!(status, 400, "{problem}");
        let text = |name: &str| problem[name].as_str().expect("text").to_owned();
        assert!(text("detail").contains("`units`") && text("hint").contains("unit, quality"), "{problem}");
    }
    let lines = [("Content-Type", "application/x-ndjson"), ("X-API-Key", ann.key.as_str())];
    let request = format!("POST /api/v1/metering-points/{POINT}/readings");
    let answer = http::send_form(&server.address, &request, &lines, line.as_bytes()).expect("an answer");
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!(metrify.sql("select count(*) from readings"), "0");
    // What is in the columns of a file is its writer's affair: that one is passed over is told.
    let answer = ann.send("POST", "/api/v1/deliveries", ANEW, line.as_bytes());
    assert!(answer.status == 200 && answer.body.contains("\"findings\":1"), "{answer:?}");
}
