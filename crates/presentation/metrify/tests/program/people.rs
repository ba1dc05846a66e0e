//! Who comes in, what for, and what is left behind: keys, tenants, roles, purposes, the audit log.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::api::Client;
use crate::support::{Metrify, POINT, http, quarter_hours, walk};

#[test]
fn the_first_key_is_shown_once_and_kept_nowhere() {
    let metrify = Metrify::new();
    let first = metrify.serve().stop();
    let key = first.stdout.split_whitespace().find(|word| word.starts_with("mk_")).expect("a key").to_owned();
    walk(metrify.data_dir(), &mut |path| {
        let bytes = std::fs::read(path).expect("a file");
        let secret = key.rsplit('_').next().expect("its secret").as_bytes();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{} holds it", path.display());
    });
    let server = metrify.serve();
    let ann = Client { server: &server, key };
    let (status, keys) = ann.get("/api/v1/api-keys");
    assert_eq!((status, &keys["results"][0]["title"]), (200, &json!("first")), "{keys}");
    assert_eq!(keys["results"].as_array().map(Vec::len), Some(1));
    drop(ann);
    assert!(!server.stop().stdout.contains("mk_"), "it is shown once");
}

#[test]
fn a_key_opens_until_it_is_taken_back_or_ends() {
    let metrify = Metrify::new();
    // Made while no server runs, too.
    let before = metrify.run(&["key", "create", "--role", "viewer"]).stdout.trim().to_owned();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "admin");
    assert_eq!(Client { server: &server, key: before }.get("/api/v1/smart-meters").0, 200);
    let new = json!({"title": "billing", "role": "viewer", "expires_at": "2999-01-01"});
    let (status, made) = ann.post("/api/v1/api-keys", &new);
    assert_eq!(status, 201, "{made}");
    let bob = Client { server: &server, key: made["key"].as_str().expect("a key").to_owned() };
    assert_eq!(bob.get("/api/v1/smart-meters").0, 200);
    let bearer = format!("Bearer {}", bob.key);
    let answer = http::send_with(&server.address, "GET /api/v1/smart-meters", &[("Authorization", &bearer)], b"");
    assert_eq!(answer.expect("an answer").status, 200);
    let id = made["id"].as_str().expect("an id");
    let (status, revoked) = ann.ask("DELETE", &format!("/api/v1/api-keys/{id}"), &[], None);
    assert_eq!((status, &revoked["status"]), (200, &json!("inactive")), "{revoked}");
    let (status, problem) = bob.get("/api/v1/smart-meters");
    assert_eq!((status, problem["hint"].is_string()), (401, true), "{problem}");
    assert_eq!(
        ann.post("/api/v1/api-keys", &json!({"title": "x", "role": "viewer", "expires_at": "2020-01-01"})).0,
        400
    );
    for wrong in [
        json!({"title": "x", "role": "king"}),
        json!({"title": "", "role": "viewer"}),
        json!({"title": "x", "role": "viewer", "purposes": ["supply_billing"]}),
        json!({"title": "x", "role": "viewer", "more": 1}),
        json!({"role": "viewer"}),
        json!([]),
    ] {
        let (status, problem) = ann.post("/api/v1/api-keys", &wrong);
        assert_eq!((status, problem["status"].as_u64()), (400, Some(400)), "{wrong}: {problem}");
    }
    let ran = metrify.run(&["key", "list", "-o", "csv"]);
    assert!(ran.stdout.contains(&format!("{id},billing,viewer")), "{ran:?}");
    assert!(!ran.stdout.contains("mk_"), "{ran:?}");
}

#[test]
fn nobody_comes_in_without_a_key_on_any_route() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let routes = routes(&server);
    assert!(routes.len() >= 20, "{routes:?}");
    for (method, path) in routes {
        let path = path.replace("{id}", "50120962218");
        for key in [None, Some("mk_0000000000000000_00"), Some("mk__"), Some("x"), Some("")] {
            let headers: Vec<(&str, &str)> = key.iter().map(|key| ("X-API-Key", *key)).collect();
            let answer = http::send_with(&server.address, &format!("{method} {path}"), &headers, b"{}");
            let answer = answer.expect("an answer");
            assert_eq!(answer.status, 401, "{method} {path} {key:?}: {answer:?}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"metrify\""));
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        }
    }
    let description = http::send(&server.address, "GET", "/openapi.json", None, b"").expect("an answer");
    assert_eq!(description.status, 200);
    assert_eq!(http::send(&server.address, "GET", "/docs/", None, b"").expect("an answer").status, 200);
}

/// Every method and path of the description.
fn routes(server: &crate::support::Server) -> Vec<(String, String)> {
    let description = http::send(&server.address, "GET", "/openapi.json", None, b"").expect("an answer");
    let description: Value = serde_json::from_str(&description.body).expect("JSON");
    let paths = description["paths"].as_object().expect("paths");
    let of = |(path, item): (&String, &Value)| {
        let methods = item.as_object().expect("methods").keys();
        methods.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of).collect()
}

#[test]
fn a_role_does_what_it_may_and_is_told_why_not() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let [admin, analyst, operator, viewer, api] =
        ["admin", "analyst", "operator", "viewer", "api"].map(|role| Client::of(&metrify, &server, role));
    let meter = json!({"id": "1EMH0010599732"});
    let query = json!({"query": "select 1"});
    let line = quarter_hours(1);
    for (client, register, ask, deliver, keys) in [
        (&admin, 201, 200, 200, 200),
        (&analyst, 403, 200, 403, 403),
        (&operator, 409, 200, 200, 403),
        (&viewer, 403, 403, 403, 403),
        (&api, 403, 403, 200, 403),
    ] {
        let said = client.post("/api/v1/smart-meters", &meter);
        assert_eq!(said.0, register, "{said:?}");
        assert_eq!(client.send("POST", "/api/v1/sql", &[], query.to_string().as_bytes()).status, ask);
        assert_eq!(client.send("POST", "/api/v1/deliveries", &[], line.as_bytes()).status, deliver);
        assert_eq!(client.get("/api/v1/api-keys").0, keys);
        assert_eq!(client.get("/api/v1/audit").0, keys);
        assert_eq!(client.get("/api/v1/smart-meters/1EMH0010599732").0, 200);
    }
    let (_, problem) = viewer.post("/api/v1/smart-meters", &meter);
    let detail = problem["detail"].as_str().expect("a detail");
    assert!(detail.contains("no policy allows it to this role"), "{problem}");
}

#[test]
fn personal_readings_are_told_for_a_lawful_purpose_alone() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(4));
    let server = metrify.serve();
    let path = format!("/api/v1/metering-points/{POINT}/readings");
    let all = Client::of(&metrify, &server, "viewer");
    let one = Client::with(&metrify, &server, &["--role", "viewer", "--purpose", "customer_information"]);
    for (client, purpose, status) in [
        (&all, None, 200),
        (&all, Some("metering"), 200),
        (&all, Some("customer_information"), 200),
        (&all, Some("supply_billing"), 403),
        (&all, Some("nonsense"), 400),
        (&one, None, 200),
        (&one, Some("customer_information"), 200),
        (&one, Some("metering"), 403),
    ] {
        let headers: Vec<(&str, &str)> = purpose.iter().map(|purpose| ("Metrify-Purpose", *purpose)).collect();
        let (told, said) = client.ask("GET", &path, &headers, None);
        assert_eq!(told, status, "{purpose:?}: {said}");
        assert!(told == 200 || !said.to_string().contains("1.5"), "{said}");
    }
    // What may be looked up beforehand is what happens.
    let ran = metrify.run(&["policy", "explain", "-o", "csv"]);
    let of = |word: &str| ran.stdout.lines().filter(|line| line.contains(word)).collect::<Vec<_>>().join("\n");
    assert!(of("MsbG 60(1)").contains("true"), "{ran:?}");
    assert!(of("supply_billing").contains("false"), "{ran:?}");
    let entries = metrify.run(&["audit", "list", "-o", "csv", "--subject", POINT]).stdout;
    let told: Vec<&str> = entries.lines().filter(|line| line.contains(&format!(",read,readings,{POINT},"))).collect();
    let outcomes: Vec<bool> = told.iter().map(|line| line.contains(",denied,")).collect();
    assert_eq!(outcomes, [false, false, false, true, false, false, true], "{entries}");
}

#[test]
fn a_tenant_learns_nothing_of_another() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ours = Client::of(&metrify, &server, "admin");
    let theirs = Client::of_new_tenant(&metrify, &server, "stadtwerk");
    ours.send("POST", "/api/v1/deliveries", &[], quarter_hours(8).as_bytes());
    assert_eq!(ours.post("/api/v1/smart-meters", &json!({"id": "1EMH0010599732"})).0, 201);
    assert_eq!(ours.post("/api/v1/metering-points", &json!({"id": POINT})).0, 201);
    let key = metrify.run(&["key", "list", "-o", "json"]).stdout;
    let key: Value = serde_json::from_str(&key).expect("JSON");
    let ids = ["1EMH0010599732", POINT, key[0]["id"].as_str().expect("an id")];
    // On every route, what is another's is answered as what is nowhere, but for its name.
    for (method, path) in routes(&server).into_iter().filter(|(_, path)| path.contains("{id}")) {
        let bodies = [json!({}), json!({"at": "2026-01-01"}), json!([])];
        for (id, body) in ids.iter().flat_map(|id| bodies.iter().map(move |body| (id, body))) {
            let nowhere = "nothing-like-it";
            let said = [*id, nowhere].map(|id| {
                let headers = [("If-Match", "\"1\""), ("X-Request-Id", "same")];
                let answer = theirs.send(&method, &path.replace("{id}", id), &headers, body.to_string().as_bytes());
                // A delivery is named for its bytes, which tell of its point.
                let body = answer.body.split("\"delivery\":").next().unwrap_or_default().to_owned();
                (answer.status, body.replace(id, "ID"))
            });
            assert_eq!(said[0], said[1], "{method} {path} {id} {body}");
        }
    }
    let count = |client: &Client<'_>| {
        let query = json!({"query": "select count(*) from readings"}).to_string();
        client.send("POST", "/api/v1/sql", &[], query.as_bytes()).body
    };
    assert!(count(&ours).contains("[[8]]") && count(&theirs).contains("[[0]]"), "{} {}", count(&ours), count(&theirs));
    for path in ["smart-meters", "metering-points"] {
        assert_eq!(theirs.get(&format!("/api/v1/{path}")).1["results"], json!([]), "{path}");
    }
    assert_eq!(theirs.get("/api/v1/tenants").1.as_array().map(Vec::len), Some(1));
    assert_eq!(ours.get("/api/v1/tenants").1.as_array().map(Vec::len), Some(2));
    assert_eq!(theirs.post("/api/v1/tenants", &json!({"name": "more", "parties": ["supplier"]})).0, 403);
    assert_eq!(theirs.post("/api/v1/api-keys", &json!({"title": "x", "role": "admin", "tenant": "default"})).0, 403);
    // The same delivery and the same name are each tenant's own.
    let receipt = theirs.send("POST", "/api/v1/deliveries", &[], quarter_hours(8).as_bytes());
    assert!(receipt.body.contains("\"stored\":8"), "{receipt:?}");
    assert_eq!(theirs.post("/api/v1/smart-meters", &json!({"id": "1EMH0010599732"})).0, 201);
    // Whatever was tried stands in the log of who tried it.
    let (_, entries) = theirs.get("/api/v1/audit?limit=1000");
    let told: BTreeSet<String> =
        entries["results"].as_array().expect("entries").iter().map(|entry| entry["outcome"].to_string()).collect();
    assert!(told.contains("\"not_found\"") && told.contains("\"denied\""), "{told:?}");
    // After a restart as before.
    let key = theirs.key.clone();
    drop(server);
    let server = metrify.serve();
    let theirs = Client { server: &server, key };
    assert!(count(&theirs).contains("[[8]]"));
}

#[test]
fn the_audit_log_tells_who_did_what_and_that_nobody_changed_it() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "admin");
    ann.ask("GET", "/api/v1/smart-meters", &[("X-Request-Id", "find-me")], None);
    ann.send("POST", "/api/v1/sql", &[], b"{\"query\":\"select 'secret answer'\"}");
    let (_, entries) = ann.get("/api/v1/audit");
    let entries = entries["results"].as_array().expect("entries");
    let numbers: Vec<u64> = entries.iter().map(|entry| entry["number"].as_u64().expect("a number")).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    let found = entries.iter().find(|entry| entry["request"] == "find-me").expect("the entry");
    for (name, expected) in [("action", "read"), ("resource", "meters"), ("outcome", "done"), ("role", "admin")] {
        assert_eq!(found[name], expected, "{found}");
    }
    assert!(
        found["principal"].as_str().is_some_and(|name| ann.key.starts_with(&name.replace("key:", "mk_"))),
        "{found}"
    );
    assert!(entries.iter().any(|entry| entry["action"] == "query"), "{entries:?}");
    let mut paged = Vec::new();
    let mut next = String::new();
    while paged.len() < 3 {
        let (_, page) = ann.get(&format!("/api/v1/audit?limit=1{next}"));
        paged.push(page["results"][0]["number"].as_u64().expect("a number"));
        next = format!("&cursor={}", page["next"].as_str().expect("a cursor"));
    }
    assert_eq!(paged, [1, 2, 3]);
    let ran = metrify.run(&["audit", "verify"]);
    assert!(ran.code == Some(0) && ran.stdout.starts_with("whole: "), "{ran:?}");
    drop(server);
    let mut logs = Vec::new();
    walk(&metrify.data_dir().join("audit"), &mut |path| {
        let bytes = std::fs::read(path).expect("a file");
        assert!(!String::from_utf8_lossy(&bytes).contains("secret answer"), "{} holds a payload", path.display());
        logs.extend(path.extension().is_some_and(|kind| kind == "ndjson").then(|| path.to_owned()));
    });
    let path = logs.first().expect("a log");
    let mut bytes = std::fs::read(path).expect("the log");
    let place = bytes.windows(7).position(|window| window == b"find-me").expect("the entry");
    bytes[place] = b'F';
    std::fs::write(path, bytes).expect("the changed log");
    let ran = metrify.run(&["audit", "verify"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.contains(&format!("BROKEN at byte {place} ")), "{place}: {ran:?}");
}
