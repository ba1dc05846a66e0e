//! Rejects: listed, filtered, sorted and paged, shown with their bytes, and read again by name.

use serde_json::{Value, json};

use crate::support::api::Client;
use crate::support::{Metrify, OTHER_POINT, POINT, quarter_hour};

fn deliver(client: &Client<'_>, source: &str, lines: &[String]) -> String {
    let body = lines.concat();
    let answer = client.send("POST", &format!("/api/v1/deliveries?source={source}"), &[], body.as_bytes());
    assert_eq!(answer.status, 207, "{answer:?}");
    let receipt: Value = serde_json::from_str(&answer.body).expect("a receipt");
    receipt["delivery"].as_str().expect("a delivery").to_owned()
}

fn ids(client: &Client<'_>, filters: &str) -> Vec<String> {
    let (status, listed) = client.get(&format!("/api/v1/rejects?{filters}"));
    assert_eq!(status, 200, "{filters}: {listed}");
    let id = |reject: &Value| reject["id"].as_str().expect("an id").to_owned();
    listed["results"].as_array().expect("rejects").iter().map(id).collect()
}

/// A line whose moment is on a clock that nobody named.
fn without_zone(minute: u32) -> String {
    format!(
        "{{\"point\":\"{POINT}\",\"quantity\":\"1-0:1.8.0\",\"at\":\"2025-01-01 00:{minute:02}\",\"value\":7,\"unit\":\"kWh\"}}\n"
    )
}

#[test]
fn rejects_are_listed_filtered_sorted_paged_and_shown() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    assert_eq!(ann.get("/api/v1/rejects").1, json!({"results": [], "next": null}));
    let nonsense = |number: usize| format!("nonsense {number}\n");
    let first = deliver(&ann, "one", &[nonsense(1), nonsense(2), quarter_hour(OTHER_POINT, 0, "1")]);
    let second = deliver(&ann, "two", &[nonsense(3), quarter_hour(OTHER_POINT, 1, "1")]);
    let all = [format!("{first}-1"), format!("{first}-2"), format!("{second}-1")];
    let mut newest = all.clone();
    newest.reverse();
    assert_eq!(ids(&ann, ""), newest);
    assert_eq!(ids(&ann, "sort=-changed"), newest);
    assert_eq!(ids(&ann, "sort=changed"), all);
    assert_eq!(ids(&ann, &format!("delivery={first}&sort=changed")), all[..2]);
    assert_eq!(ids(&ann, "source=two"), all[2..]);
    assert_eq!(ids(&ann, "source=two'%20OR%20'1'='1"), [""; 0]);
    assert_eq!(ids(&ann, "format=csv"), [""; 0]);
    assert_eq!(ids(&ann, "state=open&sort=changed"), all);
    assert_eq!(ids(&ann, "state=resolved"), [""; 0]);
    let (_, last) = ann.get(&format!("/api/v1/rejects/{second}-1"));
    let at = last["rejected_at"].as_str().expect("a time");
    assert_eq!(ids(&ann, &format!("start={at}")), all[2..]);
    assert_eq!(ids(&ann, &format!("end={at}&sort=changed")), all[..2]);
    assert_eq!(ids(&ann, "as_known_at=2020-01-01"), [""; 0]);
    assert_eq!(ann.get(&format!("/api/v1/rejects/{second}-1?as_known_at=2020-01-01")).0, 404);
    for sort in ["", "&sort=id", "&sort=-id", "&sort=changed", "&state=open"] {
        let (whole, mut paged, mut next) = (ids(&ann, &format!("limit=9{sort}")), Vec::new(), String::new());
        loop {
            let (_, page) = ann.get(&format!("/api/v1/rejects?limit=1{sort}{next}"));
            paged.extend(page["results"].as_array().expect("rejects").iter().map(|one| one["id"].clone()));
            let Some(cursor) = page["next"].as_str() else { break };
            next = format!("&cursor={cursor}");
        }
        assert_eq!(paged, whole, "{sort}");
    }
    for wrong in ["state=x", "start=now", "limit=0", "cursor=zz", "sort=x", "more=1", "start=2025-02-01&end=2025-01-01"]
    {
        assert_eq!(ann.get(&format!("/api/v1/rejects?{wrong}")).0, 400, "{wrong}");
    }
    let bytes: String = nonsense(3).trim_end().bytes().map(|byte| format!("{byte:02x}")).collect();
    for (name, value) in [
        ("delivery", json!(second)),
        ("source", json!("two")),
        ("format", json!("ndjson")),
        ("state", json!("open")),
        ("resolved_at", Value::Null),
        ("bytes", json!(bytes)),
    ] {
        assert_eq!(last[name], value, "{name} of {last}");
    }
    assert_eq!(ids(&ann, "")[0], last["id"]);
    assert!(ann.get("/api/v1/rejects").1["results"][0].get("bytes").is_none(), "a list has no bytes");
    for nobody in ["nothing", &format!("{second}-2"), "x-1"] {
        let (status, problem) = ann.get(&format!("/api/v1/rejects/{nobody}"));
        assert_eq!(status, 404, "{problem}");
        assert!(problem["hint"].as_str().is_some_and(|hint| hint.contains("/api/v1/rejects")), "{problem}");
    }
    let listed = metrify.run(&["rejects", "list", "--source", "one", "-o", "json"]).stdout;
    let shown = metrify.run(&["rejects", "show", &all[2], "-o", "json"]).stdout;
    assert!(listed.contains(&all[1]) && !listed.contains(&all[2]) && shown.contains(&bytes), "{listed} {shown}");
    drop(server);
    // As it is told without a server.
    assert_eq!(metrify.run(&["rejects", "list", "--source", "one", "-o", "json"]).stdout, listed);
    assert_eq!(metrify.run(&["rejects", "show", &all[2], "-o", "json"]).stdout, shown);
}

#[test]
fn rejects_are_read_again_by_name_or_all_and_none_where_one_is_unknown() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    let first = deliver(&ann, "one", &[without_zone(0), without_zone(15), "nonsense\n".to_owned()]);
    let second = deliver(&ann, "two", &[without_zone(30)]);
    let replay = |ids: Value| ann.post("/api/v1/rejects/replay", &json!({"ids": ids, "timezone": "UTC"}));
    let unknown = format!("{first}-9");
    for ids in [json!([unknown]), json!([format!("{first}-1"), unknown]), json!(["nothing"])] {
        let (status, problem) = replay(ids);
        assert_eq!(status, 404, "{problem}");
    }
    assert_eq!(ids(&ann, "state=open").len(), 4, "nothing was read");
    let (status, replayed) = replay(json!([format!("{first}-2")]));
    assert_eq!(
        (status, &replayed[0]["resolved"], &replayed[0]["stored"]),
        (200, &json!(true), &json!(1)),
        "{replayed}"
    );
    assert_eq!(ids(&ann, "state=resolved"), [format!("{first}-2")]);
    let (status, problem) = replay(json!([]));
    assert_eq!((status, problem["hint"].is_string()), (400, true), "{problem}");
    assert_eq!(ids(&ann, "state=open").len(), 3, "who names none does not mean all");
    let (status, replayed) = replay(Value::Null);
    let told: Vec<(&Value, &Value)> =
        replayed.as_array().expect("a list").iter().map(|one| (&one["id"], &one["resolved"])).collect();
    let [one, three, other] = [format!("{first}-1"), format!("{first}-3"), format!("{second}-1")].map(Value::from);
    let (yes, no) = (json!(true), json!(false));
    assert_eq!((status, told), (200, vec![(&one, &yes), (&three, &no), (&other, &yes)]), "{replayed}");
    assert_eq!(ids(&ann, "state=open"), [format!("{first}-3")]);
    assert_eq!(metrify.run(&["rejects", "replay", &unknown]).code, Some(1));

    let other = Client::of_new_tenant(&metrify, &server, "stadtwerk");
    assert_eq!(ids(&other, ""), [""; 0]);
    assert_eq!(other.get(&format!("/api/v1/rejects/{first}-3")).0, 404);
    let body = json!({"ids": [format!("{first}-3")]});
    assert_eq!(other.post("/api/v1/rejects/replay", &body).0, 404);
}
