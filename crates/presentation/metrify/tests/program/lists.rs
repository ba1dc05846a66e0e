//! Lists of who may come in and of what was done: chosen by their fields, in both orders, page by page.

use serde_json::{Value, json};

use crate::support::api::Client;
use crate::support::{Metrify, quarter_hours};

fn all<'l>(listed: &'l Value, field: &str) -> Vec<&'l str> {
    let results = listed["results"].as_array().unwrap_or_else(|| panic!("results in {listed}"));
    results.iter().map(|one| one[field].as_str().unwrap_or_default()).collect()
}

#[test]
fn keys_and_people_are_listed_by_role_and_status() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "admin");
    for (title, role) in [("one", "viewer"), ("two", "viewer"), ("three", "analyst")] {
        let (status, made) = ann.post("/api/v1/api-keys", &json!({"title": title, "role": role}));
        assert_eq!(status, 201, "{made}");
        let name = format!("{title}@example.org");
        let user = json!({"name": name, "password": "correct horse battery staple", "role": role});
        assert_eq!(ann.post("/api/v1/users", &user).0, 201);
        if title == "two" {
            let id = made["id"].as_str().expect("an id");
            assert_eq!(ann.ask("DELETE", &format!("/api/v1/api-keys/{id}"), &[], None).0, 200);
            let change = json!({"role": role, "status": "inactive", "purposes": []});
            assert_eq!(ann.ask("PUT", &format!("/api/v1/users/{name}"), &[], Some(&change)).0, 200);
        }
    }
    for (query, mut titles) in [
        ("role=viewer", vec!["one", "two"]),
        ("role=viewer&status=active", vec!["one"]),
        ("status=inactive", vec!["two"]),
        ("role=analyst&status=inactive", vec![]),
        ("role=operator", vec![]),
    ] {
        let (_, keys) = ann.get(&format!("/api/v1/api-keys?{query}"));
        let mut found = all(&keys, "title");
        found.sort_unstable();
        assert_eq!(found, titles, "{query}");
        let (_, users) = ann.get(&format!("/api/v1/users?{query}"));
        let mut found: Vec<&str> =
            all(&users, "name").iter().map(|name| name.trim_end_matches("@example.org")).collect();
        found.sort_unstable();
        assert_eq!(found, titles, "{query}");
        // The program says the same.
        let options: Vec<String> = query.split('&').map(|one| format!("--{one}")).collect();
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let ran = metrify.run(&[&["key", "list", "-o", "csv"], &options[..]].concat());
        let rows = ran.stdout.lines().skip(1);
        let mut said: Vec<&str> = rows.map(|row| row.split(',').nth(1).expect("a title")).collect();
        said.sort_unstable();
        titles.sort_unstable();
        assert_eq!(said, titles, "{query}: {ran:?}");
    }
    for wrong in ["role=king", "role=", "status=lost"] {
        for path in ["api-keys", "users"] {
            assert_eq!(ann.get(&format!("/api/v1/{path}?{wrong}")).0, 400, "{path}?{wrong}");
        }
    }
    assert_eq!(server.stop().code, Some(0));
    let ran = metrify.run(&["user", "list", "--role", "viewer", "--status", "inactive", "-o", "csv"]);
    assert_eq!(ran.stdout.lines().count(), 2, "without a server, too: {ran:?}");
    metrify.run(&["key", "list", "--role", "king"]).failed_with(&["read `role`"]);
}

#[test]
fn keys_whose_time_is_over_are_listed_as_what_they_are_on_full_pages() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "admin");
    let end = (chrono::Utc::now() + chrono::TimeDelta::seconds(2)).to_rfc3339();
    for number in 0..8 {
        let mut new = json!({"title": format!("k{number}"), "role": "viewer"});
        if number % 2 == 0 {
            new["expires_at"] = Value::from(end.replace("+00:00", "Z"));
        }
        assert_eq!(ann.post("/api/v1/api-keys", &new).0, 201);
    }
    let listed = |query: &str| ann.get(&format!("/api/v1/api-keys?role=viewer&{query}")).1;
    let before = listed("status=active");
    assert_eq!((all(&before, "title").len(), all(&listed("status=expired"), "title").len()), (8, 0), "{before}");
    let then = chrono::Utc::now().to_rfc3339().replace("+00:00", "Z");
    while all(&listed("status=expired"), "title").is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    for (status, mark) in [("active", "1 3 5 7"), ("expired", "0 2 4 6"), ("inactive", "")] {
        let found = listed(&format!("status={status}"));
        let mut titles: Vec<&str> = all(&found, "title").iter().map(|title| title.trim_start_matches('k')).collect();
        titles.sort_unstable();
        assert_eq!(titles.join(" "), mark, "{status}");
        assert!(all(&found, "status").iter().all(|told| *told == status), "{found}");
        // Without a page that is shorter than it may be, although others follow.
        let page = listed(&format!("status={status}&limit=3"));
        assert_eq!(all(&page, "title").len(), titles.len().min(3), "{page}");
        let ran = metrify.run(&["key", "list", "--role", "viewer", "--status", status, "-o", "csv"]);
        assert_eq!(ran.stdout.lines().count(), 1 + titles.len(), "{ran:?}");
    }
    assert_eq!(all(&listed(&format!("status=active&as_known_at={then}")), "title").len(), 8);
    assert_eq!(ann.get("/api/v1/users?status=expired").0, 400);
    assert_eq!(server.stop().code, Some(0));
    let ran = metrify.run(&["key", "list", "--status", "expired", "-o", "csv"]);
    assert_eq!(ran.stdout.lines().count(), 5, "without a server, too: {ran:?}");
}

/// As the programming interface does.
#[test]
fn lists_of_grants_deliveries_and_jobs_are_told_as_they_were_known() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "admin");
    let parties = json!({"parties": ["metering_operator", "consented"]});
    assert_eq!(ann.ask("PUT", "/api/v1/tenants/default", &[], Some(&parties)).0, 200);
    assert_eq!(ann.send("POST", "/api/v1/deliveries", &[], quarter_hours(2).as_bytes()).status, 200);
    assert_eq!(metrify.run(&["grant", "create", "50120962218", "--evidence", "file 7"]).code, Some(0));
    assert_eq!(ann.post("/api/v1/deliveries/replay", &json!({"apply": true})).0, 200);
    let (_, jobs) = ann.get("/api/v1/jobs?kind=replay_deliveries");
    let then = jobs["results"][0]["started_at"].as_str().expect("an instant").to_owned();
    let lists = [&["grant", "list"][..], &["deliveries", "list"], &["job", "list", "--kind", "replay_deliveries"]];
    let rows = |list: &[&str], at: &str| {
        let ran = metrify.run(&[list, &["-o", "csv", "--as-known-at", at]].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.stdout.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let check = || {
        for list in lists {
            assert_eq!((rows(list, "2020-01-01").len(), rows(list, &then).len()), (0, 1), "{list:?}");
        }
        assert!(rows(lists[2], &then)[0].contains(",running,"), "{:?}", rows(lists[2], &then));
    };
    check();
    assert_eq!(server.stop().code, Some(0));
    check();
}

/// As the programming interface does.
#[test]
fn the_program_lists_what_changed_when() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "admin");
    Client::of_new_tenant(&metrify, &server, "stadtwerk");
    let parties = json!({"parties": ["metering_operator", "consented"]});
    assert_eq!(ann.ask("PUT", "/api/v1/tenants/default", &[], Some(&parties)).0, 200);
    for name in ["ben", "cem"] {
        let user = json!({"name": name, "role": "analyst", "password": "correct horse battery staple"});
        assert_eq!(ann.post("/api/v1/users", &user).0, 201);
        assert_eq!(metrify.run(&["grant", "create", "50120962218", "--evidence", name]).code, Some(0));
        assert_eq!(ann.post("/api/v1/deliveries/replay", &json!({"apply": true})).0, 200);
    }
    let replays = ["job", "list", "--kind", "replay_deliveries"];
    let lists = [
        ("tenants", &["tenant", "list"][..]),
        ("users", &["user", "list"]),
        ("api-keys", &["key", "list"]),
        ("grants", &["grant", "list"]),
        ("jobs?kind=replay_deliveries", &replays),
    ];
    let rows = |list: &[&str], when: &[&str]| {
        let ran = metrify.run(&[list, &["-o", "csv"], when].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.stdout.lines().skip(1).count()
    };
    let expected = lists.map(|(path, list)| {
        let (_, told) = ann.get(&format!("/api/v1/{path}"));
        let mut since = all(&told, "known_from");
        since.sort_unstable();
        let at = (*since.last().expect("some")).to_owned();
        let later = since.iter().filter(|since| **since == at).count();
        assert!(later < since.len(), "{path}: {since:?}");
        (list, at, later, since.len() - later)
    });
    let check = || {
        for (list, at, later, earlier) in &expected {
            assert_eq!((rows(list, &["--start", at]), rows(list, &["--end", at])), (*later, *earlier), "{list:?} {at}");
            assert_eq!(rows(list, &["--start", at, "--end", at]), 0, "{list:?}");
            metrify
                .run(&[list, &["--start", "2026-02-01", "--end", "2026-01-01"][..]].concat())
                .failed_with(&["the end comes before the start"]);
        }
    };
    check();
    assert_eq!(server.stop().code, Some(0));
    check();
}

#[test]
fn lists_are_told_by_when_what_they_tell_changed() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let admin = Client::of(&metrify, &server, "admin");
    Client::of_new_tenant(&metrify, &server, "stadtwerk");
    let twice = |path: &str, bodies: [Value; 2]| {
        for body in bodies {
            let (status, answer) = admin.post(path, &body);
            assert!([200, 201].contains(&status), "{path}: {answer}");
        }
    };
    twice("/api/v1/smart-meters", [json!({"id": "1EMH0010599732"}), json!({"id": "1EMH0010599733"})]);
    let (one, other) = ("DE0000000000000000000000000000001", "DE0000000000000000000000000000002");
    let station = |id: &str| json!({"id": id, "name": "a station"});
    let operator = |id: &str| json!({"id": id, "name": "Stadtwerke", "kind": "distribution"});
    twice("/api/v1/grid-operators", [operator("one"), operator("other")]);
    let key = |title: &str| json!({"title": title, "role": "viewer"});
    twice("/api/v1/api-keys", [key("one"), key("other")]);
    twice("/api/v1/weather/stations", [station("10315"), station("10400")]);
    twice("/api/v1/metering-points", [json!({"id": one}), json!({"id": other})]);
    let exchange =
        |at: &str| json!({"meter": if at < "2026-02" { "1EMH0010599732" } else { "1EMH0010599733" }, "at": at});
    let exchanges = format!("/api/v1/metering-points/{one}/exchange");
    twice(&exchanges, [exchange("2026-01-01"), exchange("2026-03-01")]);
    // It ends the second of them; the first has not changed since.
    assert_eq!(admin.post(&exchanges, &json!({"meter": null, "at": "2026-05-01"})).0, 200);
    let parties = json!({"parties": ["metering_operator", "consented"]});
    assert_eq!(admin.ask("PUT", "/api/v1/tenants/default", &[], Some(&parties)).0, 200);
    for point in [one, other] {
        assert_eq!(metrify.run(&["grant", "create", point, "--evidence", "file 7"]).code, Some(0));
    }
    let user = |name: &str| json!({"name": name, "role": "analyst", "password": "correct horse battery staple"});
    twice("/api/v1/users", [user("ann"), user("ben")]);
    twice("/api/v1/deliveries/replay", [json!({"apply": true}), json!({"apply": true})]);
    let installations = format!("metering-points/{one}/installations");
    let lists = [
        "smart-meters",
        "metering-points",
        "weather/stations",
        "grid-operators",
        "grants",
        "api-keys",
        "users",
        "tenants",
    ];
    for list in lists.into_iter().chain(["jobs?kind=replay_deliveries", installations.as_str()]) {
        let told = |more: &str| {
            let separator = if list.contains('?') { '&' } else { '?' };
            let (status, page) = admin.get(&format!("/api/v1/{list}{separator}sort=-id{more}"));
            assert_eq!(status, 200, "{list}: {page}");
            page["results"].as_array().expect("a list").clone()
        };
        let since = |thing: &Value| thing["known_from"].as_str().expect("since when").to_owned();
        let all = told("");
        let at = all.iter().map(since).max().unwrap_or_else(|| panic!("nothing in {list}"));
        let (later, earlier): (Vec<Value>, Vec<Value>) = all.into_iter().partition(|thing| since(thing) >= at);
        assert!(!later.is_empty() && !earlier.is_empty(), "{list}: {later:?} {earlier:?}");
        assert_eq!((told(&format!("&start={at}")), told(&format!("&end={at}"))), (later, earlier), "{list}");
        assert_eq!(told(&format!("&start={at}&end={at}")), [Value::Null; 0], "{list}");
        for wrong in ["start=yesterday", "end=25%3A00", "start=2026-02-01&end=2026-01-01"] {
            let path = format!("/api/v1/{}?{wrong}", list.split('?').next().unwrap_or_default());
            assert_eq!(admin.get(&path).0, 400, "{path}");
        }
    }
}

#[test]
fn entries_are_chosen_by_what_was_done_and_come_in_both_orders() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(4));
    let server = metrify.serve();
    let (ann, bob) = (Client::of(&metrify, &server, "admin"), Client::of(&metrify, &server, "analyst"));
    let asked = |sql: &str| bob.send("POST", "/api/v1/sql", &[], json!({"query": sql}).to_string().as_bytes()).status;
    let query = "select count(*) from readings";
    assert_eq!(asked(query), 200);
    assert_eq!(bob.ask("GET", "/api/v1/smart-meters", &[("Metrify-Purpose", "supply_billing")], None).0, 403);
    assert_eq!(asked("select nothing from nowhere"), 400);
    assert_eq!(asked(query), 200);
    let entries = |which: &str| {
        let (status, said) = ann.get(&format!("/api/v1/audit?limit=1000&{which}"));
        assert_eq!(status, 200, "{which}: {said}");
        said["results"].as_array().expect("entries").clone()
    };
    let every = entries("");
    for (field, which) in [
        ("action", "query"),
        ("resource", "tables"),
        ("outcome", "denied"),
        ("outcome", "invalid"),
        ("role", "analyst"),
        ("purpose", "supply_billing"),
    ] {
        let expected: Vec<&Value> = every.iter().filter(|entry| entry[field] == which).collect();
        let found = entries(&format!("{field}={which}"));
        assert!(!expected.is_empty(), "{field} {which}: {every:?}");
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{field} {which}");
    }
    let both = entries("role=analyst&action=query&outcome=done");
    assert_eq!(both.len(), 2, "{both:?}");
    // The same text has the same digest, and another one another.
    let digests: Vec<&str> = every.iter().filter_map(|entry| entry["query"].as_str()).collect();
    assert_eq!(digests.iter().filter(|digest| both[0]["query"] == **digest).count(), 2, "{digests:?}");
    assert!(digests.iter().all(|digest| digest.len() == 64) && both[0]["query"] == both[1]["query"]);
    assert!(every.iter().filter(|entry| entry["action"] != "query").all(|entry| entry["query"].is_null()));

    let numbers = |entries: &[Value]| entries.iter().map(|entry| entry["number"].as_u64()).collect::<Vec<_>>();
    let end = every.last().expect("entries")["at"].as_str().expect("a time").to_owned();
    let mut back = numbers(&entries(&format!("sort=-at&as_known_at={end}")));
    let (mut paged, mut next) = (Vec::new(), String::new());
    loop {
        let (_, page) = ann.get(&format!("/api/v1/audit?sort=-at&limit=2&as_known_at={end}{next}"));
        paged.extend(numbers(page["results"].as_array().expect("entries")));
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    assert_eq!(paged, back);
    back.reverse();
    assert_eq!(back, numbers(&every));
    for wrong in ["action=peek", "resource=all", "outcome=well", "role=king", "purpose=fun", "sort=number", "cursor=zz"]
    {
        assert_eq!(ann.get(&format!("/api/v1/audit?{wrong}")).0, 400, "{wrong}");
    }
    let listed = |options: &[&str]| {
        let ran = metrify.run(&[&["audit", "list", "-o", "csv", "--role", "analyst"], options].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.stdout.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let (mut newest, oldest) = (listed(&["--newest-first", "--limit", "3"]), listed(&["--limit", "3"]));
    newest.reverse();
    assert_eq!((newest.len(), &newest), (3, &oldest), "the last three, in both orders");
    assert!(listed(&["--limit", "0"]).len() > 3);
    assert_eq!(server.stop().code, Some(0));
    assert_eq!(listed(&["--limit", "3"]), oldest, "without a server, too");
    assert_eq!(metrify.run(&["audit", "verify"]).code, Some(0));
}

/// Each list has its own cursors; what one of them says is hexadecimal digits of a text.
#[test]
fn a_cursor_that_hides_a_zero_is_as_bad_as_any_other() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let admin = Client::of(&metrify, &server, "admin");
    let hidden = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let point = crate::support::POINT;
    for (list, text) in [
        ("smart-meters", "meter: 7 m\0"),
        ("metering-points", "metering_point: 7 \0"),
        ("grants", "grant: 7 a\0b"),
        ("api-keys", "key: 7 \0"),
        ("users", "user: 7 \0"),
        ("tenants", "tenant: 7 \0"),
        ("jobs", "job: 7 \0"),
        ("grid-operators", "grid_operator: 7 \0"),
        ("deliveries", "deliveries: 7 \0"),
        ("receipts", "deliveries: 7 \0"),
        ("rejects", "rejects: 7 \0"),
        (&format!("smart-meters/{point}/readings"), "7 7 1-0:1.8.0\0"),
        (&format!("metering-points/{point}/installations"), "installation: 7 \0"),
    ] {
        let (status, problem) = admin.get(&format!("/api/v1/{list}?cursor={}", hidden(text)));
        assert_eq!(status, 400, "{list}: {problem}");
        let detail = problem["detail"].as_str().expect("why");
        assert!(detail.contains("read the cursor: it is none of this "), "{list}: {problem}");
    }
    for plain in ["weather/stations?cursor=%00", "jobs?by=%00"] {
        let (status, problem) = admin.get(&format!("/api/v1/{plain}"));
        assert_eq!(status, 400, "{plain}: {problem}");
    }
}

#[test]
fn a_cursor_is_good_for_its_own_list_in_its_own_order() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let admin = Client::of(&metrify, &server, "admin");
    for id in ["1EMH0010599732", "1EMH0010599733"] {
        assert_eq!(admin.post("/api/v1/smart-meters", &json!({"id": id})).0, 201);
    }
    let (_, page) = admin.get("/api/v1/smart-meters?limit=1&sort=-id");
    let cursor = page["next"].as_str().expect("a second page");
    assert_eq!(
        admin.get(&format!("/api/v1/smart-meters?sort=-id&cursor={cursor}")).1["results"][0]["id"],
        "1EMH0010599732"
    );
    let lists = [
        "smart-meters?sort=id",
        "smart-meters?sort=changed",
        "smart-meters?limit=3",
        "metering-points?sort=-id",
        "grants?sort=-id",
        "api-keys?sort=-id",
        "users?sort=-id",
        "tenants?sort=-id",
        "jobs?sort=-id",
        "grid-operators?sort=-id",
        "deliveries?sort=-id",
        "receipts?sort=-id",
        "rejects?sort=-id",
        "weather/stations?sort=-id",
        "audit?sort=-at",
    ];
    for list in lists {
        let (status, problem) = admin.get(&format!("/api/v1/{list}&cursor={cursor}"));
        assert_eq!(status, 400, "{list}: {problem}");
    }
}

#[test]
fn tenants_and_keys_are_paged_and_each_is_told_with_its_version() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let house = Client::of(&metrify, &server, "admin");
    let theirs = Client::of_new_tenant(&metrify, &server, "stadtwerk");
    let of_another = Client::of_new_tenant(&metrify, &server, "netz");
    let names = |client: &Client<'_>, more: &str| {
        let (mut names, mut next) = (Vec::new(), String::new());
        loop {
            let (status, page) = client.get(&format!("/api/v1/tenants?limit=1{more}{next}"));
            assert_eq!(status, 200, "{page}");
            names.extend(page["results"].as_array().expect("tenants").iter().map(|tenant| tenant["name"].clone()));
            let Some(cursor) = page["next"].as_str() else { return json!(names) };
            next = format!("&cursor={cursor}");
        }
    };
    assert_eq!(names(&house, ""), json!(["default", "netz", "stadtwerk"]));
    assert_eq!(names(&house, "&sort=-id"), json!(["stadtwerk", "netz", "default"]));
    assert_eq!(names(&house, "&sort=changed"), json!(["default", "stadtwerk", "netz"]));
    assert_eq!(names(&house, "&sort=-changed"), json!(["netz", "stadtwerk", "default"]));
    assert_eq!(names(&theirs, ""), json!(["stadtwerk"]));
    assert_eq!(names(&house, "&as_known_at=2020-01-01"), json!([]));
    let ended = json!({"parties": ["metering_operator"], "status": "inactive"});
    let tag = house.send("GET", "/api/v1/tenants/netz", &[], b"").header("etag").expect("a tag").to_owned();
    assert_eq!(house.ask("PUT", "/api/v1/tenants/netz", &[("If-Match", &tag)], Some(&ended)).0, 200);
    assert_eq!(house.ask("PUT", "/api/v1/tenants/netz", &[("If-Match", &tag)], Some(&ended)).0, 409);
    assert_eq!(names(&house, "&status=inactive"), json!(["netz"]));
    assert_eq!(names(&house, "&status=active"), json!(["default", "stadtwerk"]));
    assert_eq!(house.get("/api/v1/tenants/netz").1["status"], "inactive");
    assert_eq!(house.get("/api/v1/tenants/netz?as_known_at=2020-01-01").0, 404);
    assert_eq!(house.get("/api/v1/tenants/nobody").0, 404);
    // Whose tenant it is makes no difference that could be told.
    let detail = |name: &str| {
        let (status, problem) = theirs.get(&format!("/api/v1/tenants/{name}"));
        (status, problem["detail"].as_str().expect("why").replace(name, "NAME"))
    };
    assert_eq!(detail("default"), detail("nobody"));
    assert_eq!(detail("default").0, 404);
    assert_eq!(theirs.get("/api/v1/tenants/stadtwerk").0, 200);

    let keys = house.get("/api/v1/api-keys").1;
    let id = keys["results"][0]["id"].as_str().expect("a key");
    let known = house.send("GET", &format!("/api/v1/api-keys/{id}"), &[], b"");
    let told: Value = serde_json::from_str(&known.body).expect("JSON");
    assert_eq!((&told, known.header("etag")), (&keys["results"][0], Some("\"1\"")));
    assert_eq!(theirs.get(&format!("/api/v1/api-keys/{id}")).0, 404);
    assert_eq!(of_another.get("/api/v1/tenants").0, 401, "its tenant has ended");
}

#[test]
fn a_key_whose_time_is_over_is_told_as_expired() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "admin");
    let end = (chrono::Utc::now() + chrono::TimeDelta::seconds(5)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let made = ann.post("/api/v1/api-keys", &json!({"title": "x", "role": "viewer", "expires_at": end})).1;
    assert_eq!(made["status"], "active", "{made}");
    let id = made["id"].as_str().expect("an id");
    let status = |query: &str| {
        let (status, listed) = ann.get(&format!("/api/v1/api-keys?limit=1000{query}"));
        assert_eq!(status, 200, "{listed}");
        let all = listed["results"].as_array().expect("keys").clone();
        all.into_iter().find(|key| key["id"] == id).map(|key| key["status"].clone())
    };
    assert_eq!(status("&status=active"), Some(json!("active")));
    std::thread::sleep(std::time::Duration::from_secs(6));
    assert_eq!(status(""), Some(json!("expired")));
    assert_eq!(status("&status=active"), None);
    let listed = metrify.run(&["key", "list", "-o", "csv"]).stdout;
    assert!(listed.lines().any(|line| line.starts_with(id) && line.contains(",expired,")), "{listed}");
}
