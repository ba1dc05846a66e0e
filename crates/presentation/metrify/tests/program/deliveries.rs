//! Deliveries as they were received: listed, shown, and given back as they came.

use serde_json::{Value, json};

use crate::support::api::Client;
use crate::support::{Metrify, OTHER_POINT, quarter_hour, quarter_hours};

fn deliver(client: &Client<'_>, source: &str, body: &str) -> String {
    let answer = client.send("POST", &format!("/api/v1/deliveries?source={source}"), &[], body.as_bytes());
    let receipt: Value = serde_json::from_str(&answer.body).expect("a receipt");
    receipt["delivery"].as_str().expect("a delivery").to_owned()
}

fn ids(client: &Client<'_>, filters: &str) -> Vec<String> {
    let (status, listed) = client.get(&format!("/api/v1/deliveries?{filters}"));
    assert_eq!(status, 200, "{filters}: {listed}");
    let id = |delivery: &Value| delivery["id"].as_str().expect("an id").to_owned();
    listed["results"].as_array().expect("deliveries").iter().map(id).collect()
}

#[test]
fn deliveries_are_listed_filtered_sorted_and_paged() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    assert_eq!(ann.get("/api/v1/deliveries").1, json!({"results": [], "next": null}));
    let csv = "point;quantity;period_start;period_end;value;unit\n\
        50120962218;1-0:1.29.0;2025-02-01T00:00:00Z;2025-02-01T00:15:00Z;1,5;kWh\n";
    let sent = [
        deliver(&ann, "one", &quarter_hours(8)),
        deliver(&ann, "two", csv),
        deliver(&ann, "one", &(quarter_hour(OTHER_POINT, 0, "1") + "nonsense\n")),
    ];
    let newest: Vec<String> = sent.iter().rev().cloned().collect();
    assert_eq!(ids(&ann, ""), newest);
    assert_eq!(ids(&ann, "sort=-changed"), newest);
    assert_eq!(ids(&ann, "sort=changed"), sent);
    let mut by_id = sent.clone();
    by_id.sort();
    assert_eq!(ids(&ann, "sort=id"), by_id);
    by_id.reverse();
    assert_eq!(ids(&ann, "sort=-id"), by_id);
    assert_eq!(ids(&ann, "source=one&sort=changed"), [sent[0].clone(), sent[2].clone()]);
    assert_eq!(ids(&ann, "format=csv"), [sent[1].clone()]);
    assert_eq!(ids(&ann, "source=one'%20OR%20'1'='1"), [""; 0]);
    assert_eq!(ids(&ann, "state=open"), [sent[2].clone()]);
    assert_eq!(ids(&ann, "state=complete&sort=changed"), sent[..2]);
    assert_eq!(ids(&ann, "archived=true").len(), 3);
    assert_eq!(ids(&ann, "archived=false"), [""; 0]);
    let (_, second) = ann.get(&format!("/api/v1/deliveries/{}", sent[1]));
    let at = second["received_at"].as_str().expect("a time");
    assert_eq!(ids(&ann, &format!("start={at}&sort=changed")), sent[1..]);
    assert_eq!(ids(&ann, &format!("end={at}")), sent[..1]);
    assert_eq!(ids(&ann, &format!("as_known_at={at}&sort=changed")), sent[..2]);
    assert_eq!(ids(&ann, "as_known_at=2020-01-01"), [""; 0]);
    for sort in ["", "&sort=id", "&sort=-id", "&sort=changed", "&state=complete"] {
        let (whole, mut paged, mut next) = (ids(&ann, &format!("limit=9{sort}")), Vec::new(), String::new());
        loop {
            let (_, page) = ann.get(&format!("/api/v1/deliveries?limit=1{sort}{next}"));
            paged.extend(page["results"].as_array().expect("deliveries").iter().map(|one| one["id"].clone()));
            let Some(cursor) = page["next"].as_str() else { break };
            next = format!("&cursor={cursor}");
        }
        assert_eq!(paged, whole, "{sort}");
    }
    for wrong in ["state=x", "start=now", "archived=perhaps", "limit=0", "cursor=zz", "sort=x", "more=1"] {
        assert_eq!(ann.get(&format!("/api/v1/deliveries?{wrong}")).0, 400, "{wrong}");
    }
    let ran = metrify.run(&["deliveries", "list", "--source", "one", "-o", "json"]);
    let shown: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(shown.as_array().map(Vec::len), Some(2), "{ran:?}");
    drop(server);
    // As it is told without a server.
    assert_eq!(metrify.run(&["deliveries", "list", "--source", "one", "-o", "json"]).stdout, ran.stdout);
}

#[test]
fn a_delivery_is_shown_with_its_receipt_and_given_back_as_it_came() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    let body = quarter_hours(3) + "nonsense\n" + &quarter_hour(OTHER_POINT, 0, "-1");
    let id = deliver(&ann, "mixed", &body);
    let (status, shown) = ann.get(&format!("/api/v1/deliveries/{id}"));
    assert_eq!(status, 200, "{shown}");
    for (name, expected) in [
        ("source", json!("mixed")),
        ("format", json!("ndjson")),
        ("bytes", json!(body.len())),
        ("received", json!(5)),
        ("stored", json!(4)),
        ("rejected", json!(1)),
        ("state", json!("open")),
        ("rejects", json!(1)),
        ("open_rejects", json!(1)),
        ("findings", json!(1)),
        ("archived", json!(true)),
    ] {
        assert_eq!(shown[name], expected, "{name} in {shown}");
    }
    let content = format!("/api/v1/deliveries/{id}/content");
    let answer = ann.send("GET", &content, &[], b"");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/octet-stream")));
    assert!(answer.body == body, "{answer:?}");
    let out = metrify.path("back.ndjson");
    let ran = metrify.run(&["deliveries", "content", &id, "--out", &out.display().to_string()]);
    assert_eq!((ran.code, std::fs::read_to_string(&out).expect("the file")), (Some(0), body.clone()), "{ran:?}");
    assert_eq!(ann.get("/api/v1/deliveries/0123456789abcdef0123456789abcdef").0, 404);
    assert_eq!(ann.get("/api/v1/deliveries/0123456789abcdef0123456789abcdef/content").0, 404);

    // They tell of people: not to everybody, and for a lawful purpose alone.
    for role in ["viewer", "api"] {
        let client = Client::of(&metrify, &server, role);
        assert_eq!(client.get(&format!("/api/v1/deliveries/{id}")).0, 200, "{role}");
        assert_eq!(client.get(&content).0, 403, "{role}");
    }
    let unlawful = ann.ask("GET", &content, &[("Metrify-Purpose", "supply_billing")], None);
    assert_eq!(unlawful.0, 403, "{unlawful:?}");
    let entries = metrify.run(&["audit", "list", "--subject", &id, "--limit", "0", "-o", "csv"]).stdout;
    let noted =
        |outcome: &str| entries.lines().filter(|line| line.contains(&format!("export,archive,{id},{outcome}"))).count();
    assert_eq!((noted("done"), noted("denied")), (2, 3), "{entries}");
    let theirs = Client::of_new_tenant(&metrify, &server, "stadtwerk");
    assert_eq!(theirs.get("/api/v1/deliveries").1["results"], json!([]));
    assert_eq!((theirs.get(&content).0, theirs.get(&format!("/api/v1/deliveries/{id}")).0), (404, 404));

    // Understood by and by, and no longer kept after a start with no room for it.
    let key = ann.key.clone();
    drop(server);
    let server = metrify.serve_with(&[("METRIFY_ARCHIVE_LIMIT_MB", "0")]);
    let ann = Client { server: &server, key };
    assert_eq!(ann.get(&format!("/api/v1/deliveries/{id}")).1["archived"], false);
    let (status, problem) = ann.get(&content);
    assert_eq!((status, problem["hint"].is_string()), (404, true), "{problem}");
    assert_eq!(ids(&ann, "archived=false"), [id]);
}
