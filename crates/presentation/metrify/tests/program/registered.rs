//! What the registry knows is known: its readings are kept out of nothing, and nobody has to confirm it once more.

use serde_json::{Value, json};

use crate::support::api::Client;
use crate::support::{Metrify, OTHER_POINT, POINT, quarter_hour};

const QUARANTINE: [(&str, &str); 1] = [("METRIFY_INTAKE_UNKNOWN_POINTS", "quarantine")];

fn said(client: &Client<'_>, path: &str, id: &str) -> Value {
    let reading = json!({"quantity": "1-0:1.8.0", "at": "2026-01-01T00:00:00Z", "value": 1});
    client.post(&format!("/api/v1/{path}/{id}/readings"), &reading).1
}

fn standing(metrify: &Metrify, id: &str) -> String {
    metrify.sql(&format!("select status from points where point = '{id}'"))
}

#[test]
fn readings_of_what_is_registered_are_not_quarantined() {
    let metrify = Metrify::new();
    let server = metrify.serve_with(&QUARANTINE);
    let ann = Client::of(&metrify, &server, "operator");
    assert_eq!(ann.post("/api/v1/smart-meters", &json!({"id": "meter-1"})).0, 201);
    assert_eq!(ann.post("/api/v1/metering-points", &json!({"id": POINT})).0, 201);
    for (path, id) in [("smart-meters", "meter-1"), ("metering-points", POINT)] {
        let receipt = said(&ann, path, id);
        assert_eq!((&receipt["stored"], standing(&metrify, id).as_str()), (&json!(1), "confirmed"), "{receipt}");
    }
    // What is out of service is as if nobody had told of it; what is registered later is known from then on.
    assert_eq!(ann.post("/api/v1/smart-meters", &json!({"id": "meter-2"})).0, 201);
    assert_eq!(ann.ask("DELETE", "/api/v1/smart-meters/meter-2", &[], None).0, 200);
    for id in ["meter-2", OTHER_POINT] {
        let receipt = said(&ann, "smart-meters", id);
        assert_eq!((&receipt["rejected"], standing(&metrify, id).as_str()), (&json!(1), "quarantined"), "{receipt}");
    }
    assert_eq!(ann.ask("PUT", "/api/v1/smart-meters/meter-2", &[], Some(&json!({"status": "active"}))).0, 200);
    assert_eq!(ann.post("/api/v1/metering-points", &json!({"id": OTHER_POINT})).0, 201);
    let (_, replayed) = ann.post("/api/v1/rejects/replay", &json!({}));
    let resolved = replayed.as_array().expect("rejects").iter().map(|reject| &reject["resolved"]);
    assert_eq!(resolved.collect::<Vec<_>>(), [&json!(true); 2], "{replayed}");
    for id in ["meter-2", OTHER_POINT] {
        assert_eq!(standing(&metrify, id), "confirmed");
    }
    assert_eq!(metrify.sql("select count(*) from readings"), "4");
}

#[test]
fn the_registered_among_many_unknown_points_are_found() {
    let metrify = Metrify::new();
    let server = metrify.serve_with(&QUARANTINE);
    let ann = Client::of(&metrify, &server, "operator");
    for id in ["meter-3", "meter-700", "meter-1199"] {
        assert_eq!(ann.post("/api/v1/smart-meters", &json!({"id": id})).0, 201);
    }
    let many: String = (0..1_200).map(|number| quarter_hour(&format!("meter-{number}"), 0, "1")).collect();
    let answer = ann.send("POST", "/api/v1/deliveries", &[], many.as_bytes());
    let receipt: Value = serde_json::from_str(&answer.body).expect("a receipt");
    assert_eq!((&receipt["stored"], &receipt["rejected"]), (&json!(3), &json!(1_197)), "{answer:?}");
    // And once more, from what is known by now.
    let more: String = (0..1_200).map(|number| quarter_hour(&format!("meter-{number}"), 1, "1")).collect();
    let answer = ann.send("POST", "/api/v1/deliveries", &[], more.as_bytes());
    let receipt: Value = serde_json::from_str(&answer.body).expect("a receipt");
    assert_eq!((&receipt["stored"], &receipt["rejected"]), (&json!(3), &json!(1_197)), "{answer:?}");
}

#[test]
fn whoever_registers_a_point_that_readings_told_of_vouches_for_it() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    said(&ann, "smart-meters", "meter-1");
    assert_eq!(standing(&metrify, "meter-1"), "unconfirmed");
    assert_eq!(ann.post("/api/v1/smart-meters", &json!({"id": "meter-1"})).0, 201);
    assert_eq!(standing(&metrify, "meter-1"), "confirmed");
    // The other way round it was never anything else.
    assert_eq!(ann.post("/api/v1/smart-meters", &json!({"id": "meter-2"})).0, 201);
    said(&ann, "smart-meters", "meter-2");
    assert_eq!(standing(&metrify, "meter-2"), "confirmed");
    assert_eq!(server.stop().code, Some(0));
    assert_eq!(
        (standing(&metrify, "meter-1"), standing(&metrify, "meter-2")),
        ("confirmed".into(), "confirmed".into())
    );
}
