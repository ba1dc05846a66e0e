//! Who comes in, what for, and what is left behind: keys, tenants, roles, purposes, the audit log.

use std::collections::BTreeSet;
use std::io::{Read, Write};

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
    let new = json!({"title": "billing", "role": "viewer", "expires_at": "2099-01-01"});
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
    // Where people prove who they are.
    let open = ["/api/v1/login", "/api/v1/login/refresh", "/api/v1/logout"];
    assert_eq!(routes.iter().filter(|(_, path)| open.contains(&path.as_str())).count(), open.len());
    for (method, path) in routes.into_iter().filter(|(_, path)| !open.contains(&path.as_str())) {
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
    // Some of those who were turned away stand in the log; not all, or whoever knocks fills the disk.
    let entries = metrify.run(&["audit", "list", "--principal", "unknown", "--limit", "0", "-o", "csv"]).stdout;
    let away = entries.lines().filter(|line| line.contains(",unknown,,,enter,users,,denied,")).count();
    assert!((1..200).contains(&away), "{away}: {entries}");
    let description = http::send(&server.address, "GET", "/openapi.json", None, b"").expect("an answer");
    assert_eq!(description.status, 200);
    assert_eq!(http::send(&server.address, "GET", "/docs/", None, b"").expect("an answer").status, 200);
}

/// Every method and path of the description.
pub fn routes(server: &crate::support::Server) -> Vec<(String, String)> {
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
    let admin = Client::of(&metrify, &server, "admin");
    let (_, explained) = admin.get("/api/v1/policies/explain?action=read&resource=readings");
    let allowed = |purpose: &str| {
        let lines = explained["results"].as_array().expect("lines").iter();
        let of = |line: &&Value| {
            line["purposes"].to_string().contains(purpose) && line["roles"].to_string().contains("viewer")
        };
        lines.filter(of).map(|line| line["allowed"] == true).collect::<Vec<_>>()
    };
    assert_eq!((allowed("\"metering\""), allowed("\"supply_billing\"")), (vec![true], vec![false]), "{explained}");
    assert_eq!(admin.get("/api/v1/policies/explain?action=fly&resource=readings").0, 400);
    assert_eq!(all.get("/api/v1/policies/explain?action=read&resource=readings").0, 403);
    assert_eq!(all.get("/api/v1/roles").1["results"].as_array().map(Vec::len), Some(5));
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
    assert_eq!(theirs.get("/api/v1/tenants").1["results"].as_array().map(Vec::len), Some(1));
    assert_eq!(ours.get("/api/v1/tenants").1["results"].as_array().map(Vec::len), Some(2));
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

#[test]
fn nobody_gives_more_than_it_has() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let limited = ["--role", "admin", "--purpose", "customer_information", "--expires-at", "2099-01-01"];
    let ann = Client::with(&metrify, &server, &limited);
    let key = |more: Value| {
        let mut new = json!({"title": "x", "role": "admin"});
        new.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        ann.post("/api/v1/api-keys", &new)
    };
    let own = json!({"purposes": ["customer_information"], "expires_at": "2098-01-01"});
    assert_eq!(key(own).0, 201);
    for more in [
        json!({"expires_at": "2098-01-01"}),
        json!({"purposes": ["metering"], "expires_at": "2098-01-01"}),
        json!({"purposes": ["customer_information"]}),
        json!({"purposes": ["customer_information"], "expires_at": "2099-01-02"}),
    ] {
        let (status, problem) = key(more.clone());
        assert_eq!(status, 403, "{more}: {problem}");
    }
}

/// A request of which the last byte is still to come.
fn parked(client: &Client<'_>, path: &str, body: &str) -> std::net::TcpStream {
    let mut stream = std::net::TcpStream::connect(&client.server.address).expect("a connection");
    let (first, length, key) = (&body[..body.len() - 1], body.len(), &client.key);
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nX-API-Key: {key}\r\n\
         Content-Length: {length}\r\n\r\n{first}"
    );
    stream.write_all(head.as_bytes()).expect("the most of it");
    stream
}

#[test]
fn who_is_kept_out_while_its_request_comes_in_stays_out() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let (ann, bob) = (Client::of(&metrify, &server, "admin"), Client::of(&metrify, &server, "admin"));
    let bodies =
        [("/api/v1/api-keys", "{\"title\":\"x\",\"role\":\"admin\"}"), ("/api/v1/smart-meters", "{\"id\":\"m1\"}")];
    let waiting: Vec<_> = bodies.iter().map(|(path, body)| (parked(&bob, path, body), body)).collect();
    let line = quarter_hours(1);
    let delivery = (parked(&bob, "/api/v1/deliveries", &line), &line.as_str());
    std::thread::sleep(std::time::Duration::from_millis(200));
    let id = bob.key.split('_').nth(1).expect("an id");
    assert_eq!(ann.ask("DELETE", &format!("/api/v1/api-keys/{id}"), &[], None).0, 200);
    for (mut stream, body) in waiting.into_iter().chain([delivery]) {
        stream.write_all(&body.as_bytes()[body.len() - 1..]).expect("the last byte");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    }
    assert_eq!(ann.get("/api/v1/smart-meters").1["results"], json!([]));
    assert_eq!(metrify.sql("select count(*) from readings"), "0");
}

#[test]
fn whoever_may_not_deliver_is_told_before_anything_is_taken_in() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let viewer = Client::of(&metrify, &server, "viewer");
    let mut stream = parked(&viewer, "/api/v1/deliveries", &quarter_hours(10));
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer while the last byte is missing");
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}

#[test]
fn what_a_client_that_goes_away_has_changed_stands_in_the_log() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    for number in 0..60_u64 {
        let body = format!("{{\"id\":\"m{number}\"}} ");
        let mut stream = parked(&ann, "/api/v1/smart-meters", &body);
        stream.write_all(b" ").expect("the last byte");
        std::thread::sleep(std::time::Duration::from_micros(number * 150));
        drop(stream);
    }
    std::thread::sleep(std::time::Duration::from_secs(1));
    let meters = ann.get("/api/v1/smart-meters?limit=1000").1["results"].as_array().map_or(0, Vec::len);
    let entries = metrify.run(&["audit", "list", "--limit", "0", "-o", "csv"]).stdout;
    let of = |outcome: &str| {
        entries.lines().filter(|line| line.contains(",register,meters,m") && line.contains(outcome)).count()
    };
    assert_eq!((of(",done,"), of(",begun,")), (meters, meters), "{entries}");
    assert!(meters > 0);
}

#[test]
fn a_tenant_that_ends_and_a_key_that_leaked_are_shut_by_the_house() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let house = Client::of(&metrify, &server, "admin");
    let theirs = Client::of_new_tenant(&metrify, &server, "stadtwerk");
    let other = Client::with(&metrify, &server, &["--role", "admin", "--tenant", "stadtwerk"]);
    let id = theirs.key.split('_').nth(1).expect("an id").to_owned();
    let entries = theirs.get("/api/v1/audit").1["results"].to_string();
    assert!(
        entries.contains(&id) && entries.contains("\"administer\""),
        "who made its keys stands in its own log: {entries}"
    );
    let path = format!("/api/v1/api-keys/{id}?tenant=stadtwerk");
    assert_eq!(other.ask("DELETE", &path.replace("stadtwerk", "default"), &[], None).0, 403);
    assert_eq!(house.ask("DELETE", &path, &[], None).0, 200);
    assert_eq!((theirs.get("/api/v1/smart-meters").0, other.get("/api/v1/smart-meters").0), (401, 200));
    let facts = json!({"parties": ["supplier"]});
    assert_eq!(other.ask("PUT", "/api/v1/tenants/stadtwerk", &[], Some(&facts)).0, 403);
    let (status, changed) = house.ask("PUT", "/api/v1/tenants/stadtwerk", &[("If-Match", "\"1\"")], Some(&facts));
    assert_eq!((status, &changed["parties"]), (200, &json!(["supplier"])), "{changed}");
    assert_eq!(other.ask("GET", "/api/v1/smart-meters", &[("Metrify-Purpose", "metering")], None).0, 403);
    let ends = json!({"parties": ["supplier"], "status": "inactive"});
    assert_eq!(house.ask("PUT", "/api/v1/tenants/stadtwerk", &[], Some(&ends)).0, 200);
    assert_eq!(other.get("/api/v1/smart-meters").0, 401);
    assert_eq!(house.ask("PUT", "/api/v1/tenants/default", &[], Some(&ends)).0, 409);
    assert_eq!(house.ask("PUT", "/api/v1/tenants/nobody", &[], Some(&facts)).0, 404);
}

#[test]
fn no_setting_that_holds_a_password_is_printed() {
    let metrify = Metrify::new();
    for url in [
        "postgres://ann:S3cr3t@127.0.0.1:1/x",
        "postgres://h/db?password=S3cr3t",
        "postgres://m:S3c/S3cr3t@h/db",
        "mysql://a:S3cr3t@h/x",
    ] {
        for arguments in [&["config", "check"][..], &["sql", "select 1"]] {
            let mut command = metrify.command(arguments);
            let ran = crate::support::ran(command.env("METRIFY_REGISTRY_URL", url));
            assert!(!ran.stdout.contains("S3cr3t") && !ran.stderr.contains("S3cr3t"), "{url}: {ran:?}");
        }
    }
}

#[test]
fn commands_ask_a_server_elsewhere_with_a_key() {
    let (metrify, elsewhere) = (Metrify::new(), Metrify::new());
    metrify.take_in("a.ndjson", quarter_hours(4));
    let server = metrify.serve();
    let analyst = Client::of(&metrify, &server, "analyst");
    let url = format!("http://{}/", server.address);
    let ask = |arguments: &[&str], key: &str| {
        let mut command = elsewhere.command(arguments);
        crate::support::ran(command.env("METRIFY_SERVER", &url).env("METRIFY_KEY", key))
    };
    let query = ["sql", "-o", "csv", "select count(*) as readings from readings"];
    assert_eq!(ask(&query, &analyst.key).stdout, "readings\n4\n");
    assert_eq!(ask(&query, &analyst.key).stdout, metrify.run(&query).stdout);
    // The server is named before the command or behind it, and has to be.
    let with_key =
        |arguments: &[&str]| crate::support::ran(elsewhere.command(arguments).env("METRIFY_KEY", &analyst.key));
    assert_eq!(with_key(&[&["--server", &url], &query[..]].concat()).stdout, "readings\n4\n");
    assert_eq!(with_key(&[&query[..], &["--server", &url]].concat()).stdout, "readings\n4\n");
    with_key(&query).failed_with(&["no server is named", "--server"]);
    ask(&["key", "list"], &analyst.key).failed_with(&["no policy allows it to this role"]);
    ask(&query, "mk_00_00").failed_with(&["no key came", "hint: "]);
    let mut command = elsewhere.command(&["--server", &url, "sql", "select 1"]);
    let command = command.env_remove("METRIFY_KEY").env("XDG_CONFIG_HOME", elsewhere.path("home"));
    crate::support::ran(command).failed_with(&["neither a key nor a login", "METRIFY_KEY"]);
    let file = elsewhere.file("b.ndjson", quarter_hours(4));
    let ran = ask(&["ingest", &file.display().to_string()], &analyst.key);
    assert!(ran.code == Some(1) && ran.stderr.contains("no policy allows it to this role"), "{ran:?}");
    assert!(!elsewhere.data_dir().exists(), "nothing is opened here");
    assert!(!elsewhere.run(&["--help"]).stdout.contains(&analyst.key));
}

#[test]
fn who_asks_too_often_is_told_to_come_back_and_nobody_else_is() {
    let metrify = Metrify::new();
    let server = metrify.serve_with(&[("METRIFY_SERVER_KEY_RATE", "5")]);
    let (ann, bob) = (Client::of(&metrify, &server, "viewer"), Client::of(&metrify, &server, "viewer"));
    let answers: Vec<_> = (0..50).map(|_| ann.send("GET", "/api/v1/smart-meters", &[], b"")).collect();
    let busy = answers.iter().find(|answer| answer.status == 429).expect("one too many");
    assert_eq!(
        (busy.header("retry-after"), busy.header("content-type")),
        (Some("1"), Some("application/problem+json"))
    );
    assert!(answers.iter().all(|answer| [200, 429].contains(&answer.status)));
    assert_eq!(bob.get("/api/v1/smart-meters").0, 200);
}
