//! Many channels in one call: what they come to, and the types that they are answered in.

use std::io::{Read, Write};

use serde_json::{Value, json};

use crate::support::api::Client;
use crate::support::http::Answer;
use crate::support::{Metrify, POINT, Server, quarter_hour};

const SERIES: &str = "/api/v1/series";
const REGISTER: &str = "1-0:1.8.0";
const CURVE: &str = "1-0:1.29.0";

/// Quarter-hours, states of a register, and temperatures of a morning.
fn house() -> Metrify {
    let at = |point: &str, quantity: &str, hour: u32, value: &str| {
        format!(
            "{{\"point\":\"{point}\",\"quantity\":\"{quantity}\",\"at\":\"2025-01-01T{hour:02}:00:00Z\",\"value\":{value}}}\n"
        )
    };
    let metrify = Metrify::new();
    let curve = [quarter_hour(POINT, 0, "1.5"), quarter_hour(POINT, 1, "0.5"), quarter_hour(POINT, 2, "0")].concat();
    let states: String = (0..3).map(|hour| at(POINT, REGISTER, hour, "41282.990333333333")).collect();
    // The mean lies in the middle between two that have a place: the one away from zero is told.
    let air = [at("10315", "air_temperature", 0, "-0.000000000001"), at("10315", "air_temperature", 1, "0")].concat();
    metrify.take_in("a.ndjson", [curve, states, air].concat());
    metrify
}

fn request(resample: Option<&str>) -> Value {
    let channels = [(POINT, CURVE), (POINT, REGISTER), ("10315", "air_temperature")];
    let channels = channels.map(|(point, quantity)| json!({"point": point, "quantity": quantity}));
    json!({"channels": channels, "start": "2025-01-01", "end": "2025-01-02", "resample": resample})
}

fn ask(client: &Client<'_>, resample: Option<&str>, accept: &str) -> Answer {
    client.send("POST", SERIES, &[("Accept", accept)], request(resample).to_string().as_bytes())
}

fn rows(client: &Client<'_>, resample: Option<&str>) -> Vec<Value> {
    let answer = ask(client, resample, "application/json");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")), "{answer:?}");
    let said: Value = serde_json::from_str(&answer.body).expect("JSON");
    said["results"].as_array().expect("results").clone()
}

#[test]
fn only_amounts_have_a_total_and_means_are_rounded() {
    let metrify = house();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "viewer");
    for step in ["day", "month"] {
        assert!(
            rows(&ann, Some(step)).iter().all(|row| (row["kind"] == "interval") != row["total"].is_null()),
            "{step}"
        );
        // With all their digits, which JSON has as well.
        let table = ask(&ann, Some(step), "text/csv").body;
        let told: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split(',').collect()).collect();
        let told: Vec<[&str; 4]> = told.iter().map(|row| [row[2], row[5], row[8], row[9]]).collect();
        let expected = [
            ["instant", "2", "", "-0.000000000001"],
            ["interval", "3", "2", "0.666666666667"],
            ["register", "3", "", "41282.990333333333"],
        ];
        assert_eq!(told, expected, "{step}: {table}");
    }
}

#[test]
fn channels_are_answered_in_the_type_that_is_asked_for() {
    let metrify = house();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "viewer");
    for resample in [None, Some("hour"), Some("day"), Some("month")] {
        let rows = rows(&ann, resample);
        let lines = ask(&ann, resample, "application/x-ndjson");
        assert_eq!((lines.status, lines.header("content-type")), (200, Some("application/x-ndjson")), "{lines:?}");
        let told: Vec<Value> = lines.body.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        // What is absent is left out of a line.
        let present = |row: &Value| {
            let fields = row.as_object().expect("a row").iter().filter(|(_, value)| !value.is_null());
            Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
        };
        assert_eq!(told, rows.iter().map(present).collect::<Vec<_>>(), "{resample:?}");
        let table = ask(&ann, resample, "text/csv");
        assert_eq!((table.status, table.header("content-type")), (200, Some("text/csv")), "{table:?}");
        let names = table.body.lines().next().unwrap_or_default();
        let expected = match resample {
            None => "point,quantity,kind,period_start,period_end,value,unit,quality",
            Some(_) => "point,quantity,kind,unit,period,readings,missing,faulty,total,mean,minimum,maximum",
        };
        assert_eq!((names, table.body.lines().count()), (expected, rows.len() + 1), "{resample:?}");
        for (accept, magic) in
            [("application/vnd.apache.parquet", "PAR1"), ("application/vnd.apache.arrow.file", "ARROW1")]
        {
            let told = bytes(&server, &ann.key, accept, &request(resample));
            let has = |text: &str| told.windows(text.len()).any(|bytes| bytes == text.as_bytes());
            assert!(has("HTTP/1.1 200") && has(accept) && has(magic), "{accept}: {}", String::from_utf8_lossy(&told));
        }
    }
    let refused = ask(&ann, None, "image/png");
    assert_eq!(refused.status, 406, "{refused:?}");
    assert!(refused.body.contains("text/csv"), "{refused:?}");
    // Whoever reads a file leaves the entries of whoever reads JSON.
    let entries = metrify.run(&["audit", "list", "-o", "csv"]).stdout;
    assert_eq!(entries.matches(&format!(",read,readings,{POINT},done,")).count(), 4 * 5, "{entries}");
}

/// A whole answer, head and all, which is no text.
fn bytes(server: &Server, key: &str, accept: &str, body: &Value) -> Vec<u8> {
    let mut stream = std::net::TcpStream::connect(&server.address).expect("a connection");
    let body = body.to_string();
    let head = format!(
        "POST {SERIES} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-API-Key: {key}\r\nAccept: {accept}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("a request");
    let mut told = Vec::new();
    stream.read_to_end(&mut told).expect("an answer");
    told
}
