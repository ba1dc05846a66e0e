//! What users of connections consented to: one point at a time, as long as a grant covers it, and no longer.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};

use crate::support::api::Client;
use crate::support::{Metrify, OTHER_POINT, POINT, Ran, Server, quarter_hour, ran};

/// A tenant that has nothing but the consent of others, with a reading of each of two points; its admin.
fn consented<'s>(metrify: &Metrify, server: &'s Server, name: &str) -> Client<'s> {
    let made = metrify.run(&["tenant", "create", name, "--party", "consented"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    let admin = Client::with(metrify, server, &["--role", "admin", "--tenant", name]);
    let lines = [POINT, OTHER_POINT].map(|point| quarter_hour(point, 1, "1.5")).concat();
    assert_eq!(admin.send("POST", "/api/v1/deliveries", &[], lines.as_bytes()).status, 200);
    admin
}

fn viewer<'s>(metrify: &Metrify, server: &'s Server, tenant: &str) -> Client<'s> {
    Client::with(metrify, server, &["--role", "viewer", "--tenant", tenant])
}

fn name_of(client: &Client<'_>) -> String {
    format!("key:{}", client.key.split('_').nth(1).expect("an id"))
}

fn readings(of: &str) -> String {
    format!("/api/v1/metering-points/{of}/readings")
}

/// Registers a grant of [`POINT`] that says more; tells it.
fn give(admin: &Client<'_>, more: &Value) -> Value {
    let mut new = json!({"point": POINT, "evidence": "file 2026/7"});
    new.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let (status, given) = admin.post("/api/v1/grants", &new);
    assert_eq!(status, 201, "{given}");
    given
}

fn path_of(grant: &Value) -> String {
    format!("/api/v1/grants/{}", grant["id"].as_str().expect("an id"))
}

/// It is denied for this reason, and nothing is told.
fn denied(said: &(u16, Value), reason: &str) {
    let (status, problem) = said;
    assert_eq!(*status, 403, "{problem}");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(reason)), "{problem}");
    assert!(!problem.to_string().contains("1.5"), "{problem}");
}

const NO_GRANT: &str = "no grant of the user of the connection covers this point";

#[test]
fn a_point_is_read_by_consent_while_a_grant_covers_it_and_no_longer() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let (admin, other_admin) = (consented(&metrify, &server, "one"), consented(&metrify, &server, "two"));
    let (ann, other) = (viewer(&metrify, &server, "one"), viewer(&metrify, &server, "two"));
    denied(&ann.get(&readings(POINT)), NO_GRANT);
    denied(&admin.get(&readings(POINT)), NO_GRANT);
    let new = json!({"point": POINT, "evidence": "file 2026/7"}).to_string();
    let answer = admin.send("POST", "/api/v1/grants", &[], new.as_bytes());
    assert_eq!((answer.status, answer.header("etag")), (201, Some("\"1\"")), "{answer:?}");
    let path = answer.header("location").expect("where it is").to_owned();
    let (status, told) = ann.get(&readings(POINT));
    assert_eq!((status, &told["results"][0]["value"]), (200, &json!(1.5)), "{told}");
    // What is told of the point itself is told, too; here nothing is.
    assert_eq!(ann.get(&format!("/api/v1/metering-points/{POINT}")).0, 404);
    denied(&ann.get(&readings(OTHER_POINT)), NO_GRANT);
    denied(&other.get(&readings(POINT)), NO_GRANT);
    assert_eq!(ann.ask("GET", &readings(POINT), &[("Metrify-Purpose", "metering")], None).0, 403);
    // Another tenant neither sees nor withdraws it.
    for method in ["GET", "DELETE"] {
        assert_eq!(other_admin.ask(method, &path, &[], None).0, 404);
    }
    assert_eq!(other_admin.get("/api/v1/grants").1["results"], json!([]));
    let keys = (admin.key.clone(), ann.key.clone());
    drop(server);
    let server = metrify.serve();
    let (admin, ann) = (Client { server: &server, key: keys.0 }, Client { server: &server, key: keys.1 });
    assert_eq!(ann.get(&readings(POINT)).0, 200, "a grant outlives a restart");
    assert_eq!(admin.ask("DELETE", &path, &[("If-Match", "\"7\"")], None).0, 409);
    assert_eq!(ann.get(&readings(POINT)).0, 200);
    let (status, withdrawn) = admin.ask("DELETE", &path, &[("If-Match", "\"1\"")], None);
    assert_eq!((status, &withdrawn["status"]), (200, &json!("inactive")), "{withdrawn}");
    denied(&ann.get(&readings(POINT)), NO_GRANT);
    assert_eq!(admin.ask("DELETE", &path, &[], None).1, withdrawn, "once is enough");
    give(&admin, &json!({}));
    assert_eq!(ann.get(&readings(POINT)).0, 200, "who consents again is read again");
}

#[test]
fn a_grant_covers_nothing_before_its_begin_nor_from_its_end_on() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let admin = consented(&metrify, &server, "one");
    let ann = viewer(&metrify, &server, "one");
    give(&admin, &json!({"valid_from": "2090-01-01"}));
    denied(&ann.get(&readings(POINT)), NO_GRANT);
    let before = give(&admin, &json!({"grantee": "user:nobody"}));
    let now = DateTime::parse_from_rfc3339(before["known_from"].as_str().expect("an instant")).expect("an instant");
    let end = (now + TimeDelta::seconds(6)).to_rfc3339();
    give(&admin, &json!({"valid_from": "2020-01-01", "valid_until": end}));
    assert_eq!(ann.get(&readings(POINT)).0, 200);
    let since = Instant::now();
    while ann.get(&readings(POINT)).0 == 200 {
        assert!(since.elapsed() < Duration::from_secs(60), "it has ended");
        std::thread::sleep(Duration::from_millis(50));
    }
    let given = admin.get("/api/v1/grants?sort=-changed&limit=1").1["results"][0].clone();
    assert_eq!(given["status"], "active", "it was not withdrawn, it ended");
    denied(&ann.get(&readings(POINT)), NO_GRANT);
}

#[test]
fn a_grant_to_one_covers_nobody_else() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let admin = consented(&metrify, &server, "one");
    let (ann, bob) = (viewer(&metrify, &server, "one"), viewer(&metrify, &server, "one"));
    give(&admin, &json!({"grantee": name_of(&ann)}));
    assert_eq!(ann.get(&readings(POINT)).0, 200);
    denied(&bob.get(&readings(POINT)), NO_GRANT);
    denied(&admin.get(&readings(POINT)), NO_GRANT);
    // Who asks is told by which grant, or that there is none.
    let consent = |principal: &str| {
        let path = format!("/api/v1/policies/explain?action=read&resource=readings&subject={POINT}{principal}");
        let (_, told) = admin.get(&path);
        let lines = told["results"].as_array().expect("lines").iter();
        let of = |line: &&Value| line["purposes"][0] == "consent" && line["roles"].to_string().contains("viewer");
        lines.filter(of).map(ToString::to_string).collect::<String>()
    };
    let id = admin.get("/api/v1/grants").1["results"][0]["id"].as_str().expect("an id").to_owned();
    assert!(consent(&format!("&principal={}", name_of(&ann))).contains(&format!("by grant {id}")));
    assert!(consent(&format!("&principal={}", name_of(&bob))).contains(NO_GRANT));
    assert!(consent("").contains(NO_GRANT));
}

#[test]
fn no_grant_covers_what_is_of_all_points_at_once() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let admin = consented(&metrify, &server, "one");
    let given = give(&admin, &json!({}));
    let at_once = "a grant is for one point, and this is of all at once";
    let query = json!({"query": "select count(*) from readings"});
    denied(&admin.post("/api/v1/sql", &query), at_once);
    denied(&admin.post("/api/v1/export", &json!({"query": "select * from readings", "format": "csv"})), at_once);
    for path in ["smart-meters", "metering-points", "rejects", "analytics/overview", "analytics/data-quality", "events"]
    {
        denied(&admin.get(&format!("/api/v1/{path}")), at_once);
    }
    // What is computed of one point, and taken away of it as a file, is of one point.
    let of_one = |path: &str, point: &str, accept: &str| {
        admin.send("GET", &path.replace("POINT", point), &[("Accept", accept)], b"").status
    };
    for (path, accept) in [
        ("/api/v1/smart-meters/POINT/analytics?period=7d", "application/json"),
        ("/api/v1/smart-meters/POINT/readings", "text/csv"),
        ("/api/v1/metering-points/POINT/readings", "application/x-ndjson"),
    ] {
        assert_eq!((of_one(path, POINT, accept), of_one(path, OTHER_POINT, accept)), (200, 403), "{path} {accept}");
    }
    // Of several points each needs its own.
    let channels = |points: &[&str]| {
        let of = |point: &&str| json!({"point": point, "quantity": "1-0:1.29.0"});
        let channels: Vec<Value> = points.iter().map(of).collect();
        admin.post("/api/v1/series", &json!({"channels": channels, "start": "2025-01-01", "end": "2025-01-02"}))
    };
    let (status, told) = channels(&[POINT]);
    assert_eq!(status, 200, "{told}");
    denied(&channels(&[POINT, OTHER_POINT]), NO_GRANT);
    denied(&channels(&[OTHER_POINT, POINT]), NO_GRANT);
    give(&admin, &json!({"point": OTHER_POINT}));
    assert_eq!(channels(&[OTHER_POINT, POINT]).0, 200);
    admin.ask("DELETE", &path_of(&given), &[], None);
    denied(&channels(&[OTHER_POINT, POINT]), NO_GRANT);
}

/// A metering point's meter measured elsewhere before and after; a month's amount reaches beyond its time there.
#[test]
fn a_grant_for_a_metering_point_covers_what_its_meter_measured_there_and_nothing_from_elsewhere() {
    const METER: &str = "1EMH0010599732";
    let metrify = Metrify::new();
    let server = metrify.serve();
    let admin = consented(&metrify, &server, "one");
    let ann = viewer(&metrify, &server, "one");
    let place = |id: &str| json!({"id": id});
    assert_eq!(admin.post("/api/v1/smart-meters", &place(METER)).0, 201);
    for point in [POINT, OTHER_POINT] {
        assert_eq!(admin.post("/api/v1/metering-points", &place(point)).0, 201);
    }
    let exchange = |point: &str, meter: Value, at: &str| {
        admin.post(&format!("/api/v1/metering-points/{point}/exchange"), &json!({"meter": meter, "at": at}))
    };
    let (begin, end) = ("2025-01-01T01:00:00Z", "2025-01-01T03:00:00Z");
    for (point, meter, at) in
        [(POINT, json!(METER), begin), (POINT, json!(null), end), (OTHER_POINT, json!(METER), end)]
    {
        let (status, told) = exchange(point, meter, at);
        assert_eq!(status, 200, "{told}");
    }
    let hours: String = (0..20).map(|number| quarter_hour(METER, number, "1.5")).collect();
    let long = format!(
        "{{\"point\":\"{METER}\",\"quantity\":\"1-0:1.29.0\",\"period_start\":\"2025-01-01T02:00:00Z\",\
         \"period_end\":\"2025-01-01T04:00:00Z\",\"value\":99,\"unit\":\"kWh\"}}\n"
    );
    let sent = admin.send("POST", "/api/v1/deliveries", &[], (hours + &long).as_bytes());
    assert_eq!(sent.status, 200, "{sent:?}");
    let of = |query: &str| ann.get(&format!("/api/v1/smart-meters/{METER}/readings?{query}"));
    let during = format!("start={begin}&end={end}");
    denied(&of(&during), NO_GRANT);
    let given = give(&admin, &json!({}));
    let (status, told) = of(&during);
    assert_eq!(status, 200, "{told}");
    let results = told["results"].as_array().expect("readings");
    assert!(results.iter().all(|reading| reading["value"] == 1.5), "{told}");
    assert_eq!((results.len(), results[0]["period_start"].as_str()), (8, Some(begin)), "{told}");
    let file = |query: &str| {
        let path = format!("/api/v1/smart-meters/{METER}/readings?{query}");
        ann.send("GET", &path, &[("Accept", "text/csv")], b"")
    };
    let (whole, beyond) = (file(&during), file(&format!("start={begin}")));
    assert_eq!((whole.status, beyond.status), (200, 403), "{whole:?}");
    let text = &whole.body;
    assert_eq!((text.lines().count(), text.contains(",99")), (9, false), "{text}");
    // A time that is not all within it, or has no bounds, is of elsewhere, too; and what is known of the meter itself is not of there alone.
    for more in ["", "start=2025-01-01T00:45:00Z&end=2025-01-01T03:00:00Z", "end=2025-01-01T03:00:00Z"] {
        denied(&of(more), NO_GRANT);
    }
    denied(&of("start=2025-01-01T01:00:00Z&end=2025-01-01T03:00:00.000001Z"), NO_GRANT);
    denied(&of("start=2025-01-01T03:00:00Z"), NO_GRANT);
    denied(&ann.get(&format!("/api/v1/smart-meters/{METER}")), NO_GRANT);
    denied(&ann.get(&format!("/api/v1/smart-meters/{METER}/analytics?period=7d")), NO_GRANT);
    let then = of(&format!("{during}&as_known_at=2090-01-01"));
    assert_eq!((then.0, then.1["results"].as_array().map(Vec::len)), (200, Some(8)), "{then:?}");
    // Where it still is it measures on.
    give(&admin, &json!({"point": OTHER_POINT}));
    let (status, told) = of("start=2025-01-01T03:00:00Z");
    assert_eq!((status, told["results"].as_array().map(Vec::len)), (200, Some(8)), "{told}");
    denied(&of(&format!("start={begin}")), NO_GRANT);
    admin.ask("DELETE", &path_of(&given), &[], None);
    denied(&of(&during), NO_GRANT);
    // A grant for the meter names its readings, whenever they were measured.
    give(&admin, &json!({"point": METER}));
    let (status, told) = of(&during);
    assert_eq!((status, told["results"].as_array().map(Vec::len)), (200, Some(9)), "{told}");
}

#[test]
fn who_read_under_a_grant_stands_in_the_log_of_the_point() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let admin = consented(&metrify, &server, "one");
    let ann = viewer(&metrify, &server, "one");
    ann.get(&readings(POINT));
    let given = give(&admin, &json!({}));
    ann.get(&readings(POINT));
    ann.get(&readings(OTHER_POINT));
    admin.ask("DELETE", &path_of(&given), &[], None);
    ann.get(&readings(POINT));
    let (_, entries) = admin.get(&format!("/api/v1/audit?subject={POINT}"));
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let entries = entries["results"].as_array().expect("entries").iter().filter(|entry| entry["subject"] == POINT);
    let told =
        entries.map(|entry| ["principal", "purpose", "action", "outcome"].map(|name| text(entry, name)).join(" "));
    let (ann, admin) = (name_of(&ann), name_of(&admin));
    let expected = [
        format!("{ann} consent read denied"),
        format!("{admin} consent administer begun"),
        format!("{admin} consent administer done"),
        format!("{ann} consent read done"),
        format!("{admin} consent administer done"),
        format!("{ann} consent read denied"),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

#[test]
fn grants_are_registered_by_who_may_and_for_what_rests_on_consent() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let admin = consented(&metrify, &server, "one");
    let new = json!({"point": POINT, "evidence": "file 2026/7"});
    for (role, status) in [("operator", 201), ("analyst", 403), ("viewer", 403), ("api", 403)] {
        let client = Client::with(&metrify, &server, &["--role", role, "--tenant", "one"]);
        assert_eq!(client.post("/api/v1/grants", &new).0, status, "{role}");
        assert_eq!(client.get("/api/v1/grants").0 == 200, status == 201, "{role}");
        let path = path_of(&admin.get("/api/v1/grants").1["results"][0]);
        assert_eq!(client.get(&path).0 == 200, status == 201, "{role}");
        assert_eq!(client.ask("DELETE", &path, &[], None).0 == 200, status == 201, "{role}");
    }
    for wrong in [
        json!({"point": ""}),
        json!({"point": "x".repeat(65)}),
        json!({"grantee": "everybody"}),
        json!({"grantee": "role:viewer"}),
        json!({"purpose": "metering"}),
        json!({"purpose": "curiosity"}),
        json!({"valid_until": "2020-01-01"}),
        json!({"valid_from": "2090-01-02", "valid_until": "2090-01-02"}),
        json!({"valid_from": "soon"}),
        json!({"evidence": ""}),
        json!({"more": 1}),
    ] {
        let mut body = new.clone();
        body.as_object_mut().expect("an object").extend(wrong.as_object().expect("an object").clone());
        let (status, problem) = admin.post("/api/v1/grants", &body);
        assert_eq!(status, 400, "{wrong}: {problem}");
    }
    assert_eq!(admin.post("/api/v1/grants", &json!({"point": POINT})).0, 400);
    let full = json!({"point": "full", "evidence": "file 2026/7"});
    let made: Vec<(u16, Value)> = (0..100).map(|_| admin.post("/api/v1/grants", &full)).collect();
    assert!(made.iter().all(|(status, _)| *status == 201), "{made:?}");
    let (status, problem) = admin.post("/api/v1/grants", &full);
    assert!(status == 409 && problem["hint"].is_string(), "{problem}");
    admin.ask("DELETE", &path_of(&made[99].1), &[], None);
    assert_eq!(admin.post("/api/v1/grants", &full).0, 201);
    // Who is there by law alone has nobody's consent to keep.
    let house = Client::of(&metrify, &server, "admin");
    let (status, problem) = house.post("/api/v1/grants", &new);
    assert!(status == 400 && problem.to_string().contains("`consented`"), "{problem}");
}

#[test]
fn grants_are_listed_filtered_and_as_they_were_known() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let admin = consented(&metrify, &server, "one");
    assert_eq!(admin.get("/api/v1/grants").1, json!({"results": [], "next": null}));
    let first = give(&admin, &json!({"valid_until": "2090-01-01"}));
    give(&admin, &json!({"grantee": "user:ann"}));
    give(&admin, &json!({"point": OTHER_POINT, "valid_from": "2089-01-01"}));
    let (_, withdrawn) = admin.ask("DELETE", &path_of(&first), &[], None);
    let count = |query: &str| {
        let (status, listed) = admin.get(&format!("/api/v1/grants?{query}"));
        assert_eq!(status, 200, "{query}: {listed}");
        listed["results"].as_array().expect("grants").len()
    };
    let then = first["known_from"].as_str().expect("an instant").to_owned();
    let since = withdrawn["known_from"].as_str().expect("an instant").to_owned();
    for (query, expected) in [
        ("", 3),
        ("status=active", 2),
        ("status=inactive", 1),
        (&format!("point={POINT}"), 2),
        (&format!("point={POINT}&status=active&grantee=user:ann"), 1),
        ("grantee=tenant", 2),
        ("purpose=consent", 3),
        ("purpose=metering", 0),
        (&format!("as_known_at={then}"), 1),
        (&format!("as_known_at={then}&status=active"), 1),
        (&format!("as_known_at={since}&status=inactive"), 1),
        ("as_known_at=2020-01-01", 0),
    ] {
        assert_eq!(count(query), expected, "{query}");
    }
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    for _ in 0..3 {
        let (_, page) = admin.get(&format!("/api/v1/grants?limit=1&sort=-changed{cursor}"));
        paged.push(page["results"][0]["id"].clone());
        cursor = format!("&cursor={}", page["next"].as_str().expect("a cursor"));
    }
    assert_eq!(paged[0], first["id"], "it was withdrawn last");
    assert_eq!(admin.get(&format!("/api/v1/grants?limit=1&sort=-changed{cursor}")).1["results"], json!([]));
    let (_, known) = admin.get(&format!("{}?as_known_at={then}", path_of(&first)));
    assert_eq!((&known["status"], &known["version"]), (&json!("active"), &json!(1)), "{known}");
    assert_eq!(admin.get("/api/v1/grants?status=gone").0, 400);
    assert_eq!(admin.get("/api/v1/grants/0000000000000000").0, 404);
}

#[test]
fn commands_keep_grants_as_the_interface_does() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    // On the machine itself it is the house's own tenant whose grants they are.
    let house = Client::of(&metrify, &server, "admin");
    let parties = json!({"parties": ["metering_operator", "consented"]});
    assert_eq!(house.ask("PUT", "/api/v1/tenants/default", &[], Some(&parties)).0, 200);
    let create = ["grant", "create", POINT, "--evidence", "file 2026/7", "--until", "2090-01-01", "-o", "json"];
    let said = metrify.run(&create);
    let given: Value = serde_json::from_str(&said.stdout).expect("JSON");
    let (_, listed) = house.get("/api/v1/grants");
    let same = |name: &str| assert_eq!(given[0][name], listed["results"][0][name], "{name}: {said:?}");
    ["id", "point", "grantee", "purpose", "status", "valid_from", "valid_until", "evidence"].into_iter().for_each(same);
    let id = given[0]["id"].as_str().expect("an id");
    let explained = |metrify: &Metrify| {
        let told = metrify.run(&["policy", "explain", "--subject", POINT, "-o", "csv"]);
        assert_eq!(told.code, Some(0), "{told:?}");
        told.stdout.lines().filter(|line| line.ends_with(",consent")).collect::<Vec<_>>().join("\n")
    };
    let with_server = (explained(&metrify), metrify.run(&["grant", "list", "-o", "csv"]).stdout);
    assert!(with_server.0.contains(&format!("msbg.49.2.9: the user of the connection consented, by grant {id}")));
    let elsewhere = Metrify::new();
    let ask = |arguments: &[&str]| -> Ran {
        let mut command = elsewhere.command(arguments);
        let url = format!("http://{}", server.address);
        ran(command.env("METRIFY_SERVER", url).env("METRIFY_KEY", &house.key))
    };
    let list = ["grant", "list", "-o", "csv"];
    assert_eq!(ask(&list).stdout, with_server.1);
    assert_eq!(ask(&["grant", "list", "--grantee", "user:ann", "-o", "csv"]).stdout.lines().count(), 1);
    ask(&["grant", "withdraw", "no/thing"]).failed_with(&["find the grant `no/thing`"]);
    ask(&["grant", "create", POINT, "--evidence", "x", "--purpose", "metering"])
        .failed_with(&["`metering` does not rest on consent", "hint: "]);
    assert_eq!(server.stop().code, Some(0));
    // Without a server as with one.
    assert_eq!((explained(&metrify), metrify.run(&list).stdout), with_server);
    let withdrawn = metrify.run(&["grant", "withdraw", id, "-o", "csv"]);
    assert!(withdrawn.stdout.contains(",inactive,"), "{withdrawn:?}");
    assert_eq!(metrify.run(&["grant", "list", "--active", "-o", "csv"]).stdout.lines().count(), 1);
    assert!(explained(&metrify).contains(NO_GRANT));
    let rebuilt = metrify.run(&["registry", "rebuild"]);
    assert_eq!(rebuilt.code, Some(0), "{rebuilt:?}");
    assert!(metrify.run(&list).stdout.contains(&format!("{id},{POINT},tenant,consent,inactive,")));
}

#[test]
fn a_policy_of_an_operator_is_asked_of_each_point() {
    let metrify = Metrify::new();
    let own = "@reason(\"nobody looks at it\") forbid (principal, action, resource)
               when { resource has subject && resource.subject == \"50120962218\" };";
    let policies = metrify.file("own.cedar", own).display().to_string();
    let server = metrify.serve_with(&[("METRIFY_GOVERNANCE_POLICIES_FILE", &policies)]);
    let viewer = Client::of(&metrify, &server, "viewer");
    // What was decided of one point is not what is decided of another, in whichever order they are asked for.
    for _ in 0..2 {
        assert_eq!(viewer.get(&readings(OTHER_POINT)).0, 200);
        denied(&viewer.get(&readings(POINT)), "nobody looks at it");
    }
}
