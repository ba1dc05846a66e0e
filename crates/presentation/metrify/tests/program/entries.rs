//! The log has an entry of every use, over every route, also of what is not there or another's.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::people::routes;
use crate::support::api::Client;
use crate::support::{Metrify, POINT, http, quarter_hours};

/// The outcomes that are told of each request, by its name.
fn outcomes(client: &Client<'_>) -> BTreeMap<String, BTreeSet<String>> {
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut next = String::new();
    loop {
        let (status, page) = client.get(&format!("/api/v1/audit?limit=1000{next}"));
        assert_eq!(status, 200, "{page}");
        for entry in page["results"].as_array().expect("entries") {
            let text = |name: &str| entry[name].as_str().expect("text").to_owned();
            told.entry(text("request")).or_default().insert(text("outcome"));
        }
        let Some(cursor) = page["next"].as_str() else { return told };
        next = format!("&cursor={cursor}");
    }
}

/// Ids of things of a tenant: a meter, a metering point, a key, an upload, a delivery.
fn things(client: &Client<'_>) -> Vec<String> {
    assert_eq!(client.post("/api/v1/smart-meters", &json!({"id": "1EMH0010599732"})).0, 201);
    assert_eq!(client.post("/api/v1/metering-points", &json!({"id": POINT})).0, 201);
    let id = |(_, said): (u16, Value), name: &str| said[name].as_str().expect("an id").to_owned();
    let key = json!({"title": "x", "role": "viewer"});
    let made = [
        id(client.post("/api/v1/api-keys", &key), "id"),
        id(client.ask("POST", "/api/v1/uploads", &[], None), "id"),
        id(client.ask("POST", "/api/v1/deliveries", &[], Some(&line())), "delivery"),
    ];
    ["1EMH0010599732".to_owned(), POINT.to_owned()].into_iter().chain(made).collect()
}

fn line() -> Value {
    serde_json::from_str(&quarter_hours(1)).expect("JSON")
}

#[test]
fn what_is_not_there_or_anothers_leaves_an_entry_on_every_route() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ours = Client::of(&metrify, &server, "admin");
    let theirs = Client::of_new_tenant(&metrify, &server, "stadtwerk");
    let ids: Vec<String> = things(&ours).into_iter().chain(["nothing-like-it".to_owned()]).collect();
    let mut asked = Vec::new();
    // The events go on for as long as somebody listens.
    for (method, path) in routes(&server).into_iter().filter(|(_, path)| path != "/api/v1/events") {
        let ids = if path.contains("{id}") { &ids[..] } else { &ids[..1] };
        for id in ids {
            for body in [json!({}), json!({"at": "2026-01-01"}), json!({"query": "select 1"})] {
                let request = format!("r-{}", asked.len());
                let path = path.replace("{id}", id).replace("{name}", "nobody");
                let patch = if method == "PATCH" { "application/partial-upload" } else { "application/json" };
                let headers = [
                    ("X-API-Key", theirs.key.as_str()),
                    ("X-Request-Id", request.as_str()),
                    ("Content-Type", patch),
                    ("Upload-Offset", "0"),
                ];
                let body = body.to_string();
                let answer = http::send_form(&server.address, &format!("{method} {path}"), &headers, body.as_bytes());
                asked.push((format!("{method} {path} {body}"), answer.expect("an answer").status));
            }
        }
    }
    for id in &ids {
        let request = format!("r-{}", asked.len());
        let path = format!("/api/v1/uploads/{id}");
        let status = theirs.send("HEAD", &path, &[("X-Request-Id", request.as_str())], b"").status;
        asked.push((format!("HEAD {path}"), status));
    }
    let told = outcomes(&theirs);
    let none = BTreeSet::new();
    let mut missing = 0;
    for (number, (request, status)) in asked.iter().enumerate() {
        let outcomes = told.get(&format!("r-{number}")).unwrap_or(&none);
        let expected = match status {
            404 => Some("not_found"),
            403 => Some("denied"),
            200..300 => Some("done"),
            // It made no sense, and was never begun.
            _ => None,
        };
        missing += usize::from(*status == 404);
        if let Some(expected) = expected {
            assert!(outcomes.contains(expected), "{request}: {status}, and the log tells {outcomes:?}");
        }
    }
    assert!(missing > 100, "{missing} were not found");
}
