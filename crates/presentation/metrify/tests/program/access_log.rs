//! What the user of a connection is shown of the log: who used what is known of a point, and nothing else; and that what is done on the machine
//! itself stands in it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::api::Client;
use crate::support::postgresql::PostgreSql;
use crate::support::{Metrify, OTHER_POINT, POINT, quarter_hour, ran, skipped};

/// Entries as `action resource subject`.
fn told(client: &Client<'_>, query: &str) -> BTreeSet<String> {
    let (status, page) = client.get(&format!("/api/v1/audit?limit=1000&{query}"));
    assert_eq!(status, 200, "{page}");
    assert_eq!(page["next"], Value::Null);
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or("-").to_owned();
    let entries = page["results"].as_array().expect("entries").iter();
    entries.map(|entry| ["action", "resource", "subject"].map(|name| text(entry, name)).join(" ")).collect()
}

fn deliver(client: &Client<'_>, body: &str) -> String {
    let answer = client.send("POST", "/api/v1/deliveries", &[], body.as_bytes());
    let receipt: Value = serde_json::from_str(&answer.body).expect("a receipt");
    receipt["delivery"].as_str().expect("a delivery").to_owned()
}

#[test]
fn the_log_of_a_point_tells_of_its_uses_and_of_what_may_have_been_one() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "admin");
    let (one, other) = (deliver(&ann, &quarter_hour(POINT, 0, "1")), deliver(&ann, "nonsense\n"));
    let readings = |point: &str| ann.get(&format!("/api/v1/metering-points/{point}/readings")).0;
    assert_eq!((readings(POINT), readings(OTHER_POINT)), (200, 200));
    // Uses of all points at once, or of bytes in which any may be.
    assert_eq!(ann.send("POST", "/api/v1/sql", &[], b"{\"query\": \"select 1\"}").status, 200);
    assert_eq!(ann.get("/api/v1/analytics/overview").0, 200);
    assert_eq!(ann.send("GET", &format!("/api/v1/deliveries/{one}/content"), &[], b"").status, 200);
    assert_eq!(ann.get(&format!("/api/v1/rejects/{other}-1")).0, 200);
    assert_eq!(ann.post("/api/v1/deliveries/replay", &json!({"ids": [one], "apply": false})).0, 200);
    assert_eq!(ann.post("/api/v1/deliveries/replay", &json!({"ids": [one], "apply": true})).0, 200);
    // What is no use of anything of a point.
    let elsewhere =
        ["api-keys", "users", "tenants", "jobs", "audit", "weather/stations", "grid-operators", "deliveries"];
    for path in elsewhere {
        assert_eq!(ann.get(&format!("/api/v1/{path}")).0, 200, "{path}");
    }
    assert_eq!(ann.get(&format!("/api/v1/deliveries/{one}")).0, 200);
    let expected = [
        format!("read readings {POINT}"),
        "query tables -".to_owned(),
        "read readings -".to_owned(),
        format!("export archive {one}"),
        format!("read rejects {other}-1"),
        format!("read archive {one}"),
        format!("mend deliveries {one}"),
    ];
    assert_eq!(told(&ann, &format!("subject={POINT}")), expected.into());
    // One delivery is no other: what was done to another is not in the log of this one.
    let of_one = told(&ann, &format!("subject={one}"));
    assert!(of_one.contains(&format!("export archive {one}")) && of_one.contains(&format!("read deliveries {one}")));
    assert!(!of_one.iter().any(|entry| entry.contains(&other)), "{of_one:?}");
}

#[test]
fn a_replay_of_deliveries_is_told_from_one_of_rejects() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    let id = deliver(&ann, "nonsense\n");
    assert_eq!(ann.post("/api/v1/rejects/replay", &json!({})).0, 200);
    assert_eq!(ann.post("/api/v1/deliveries/replay", &json!({"apply": true})).0, 200);
    assert_eq!(ann.post("/api/v1/deliveries/replay", &json!({"ids": [id], "apply": false})).0, 200);
    // What only shows what deliveries say is a use of them, for a lawful purpose alone.
    let unlawful = [("Metrify-Purpose", "supply_billing")];
    let compare = json!({"ids": [id], "apply": false});
    assert_eq!(ann.ask("POST", "/api/v1/deliveries/replay", &unlawful, Some(&compare)).0, 403);
    let admin = Client::of(&metrify, &server, "admin");
    let did = told(&admin, "role=operator");
    for expected in ["mend rejects -", "mend deliveries -", &format!("read archive {id}")] {
        assert!(did.contains(expected), "{expected}: {did:?}");
    }
}

#[test]
fn what_is_done_on_the_machine_itself_stands_in_the_log() {
    let metrify = Metrify::new();
    for command in [&["migrate"][..], &["registry", "rebuild"], &["policy", "explain"]] {
        let ran = metrify.run(command);
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
    let mended = ["mend system registry begun", "mend system registry done"];
    assert_eq!(done_here(&metrify), [&mended[..], &mended, &["read policies  done"]].concat());
}

/// What the log has of whoever works on the machine itself.
fn done_here(metrify: &Metrify) -> Vec<String> {
    let log = metrify.run(&["audit", "list", "--principal", "local", "-o", "csv"]).stdout;
    log.lines().skip(1).map(|line| line.split(',').skip(5).take(4).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn a_registry_on_a_server_of_its_own_is_not_migrated_beside_a_log() {
    let Some(postgresql) = PostgreSql::start() else {
        return skipped("there is no PostgreSQL server here (Debian package postgresql-15), so no registry is on one");
    };
    let url = postgresql.url();
    let registry = [("METRIFY_REGISTRY_URL", url.as_str())];
    let (serving, elsewhere) = (Metrify::new(), Metrify::new());
    let _server = serving.serve_with(&registry);
    let migrate = |metrify: &Metrify| ran(metrify.command(&["migrate"]).envs(registry));
    migrate(&serving).failed_with(&["another process holds it", "hint: ", "name another directory with --data-dir"]);
    // From a machine that has no data yet.
    let migrated = migrate(&elsewhere);
    assert_eq!(migrated.code, Some(0), "{migrated:?}");
    assert_eq!(done_here(&elsewhere), ["mend system registry begun", "mend system registry done"]);
}
