//! Work that takes long is begun, watched and stopped; whatever ends it, it is told what became of it. What the house does by itself is
//! seen when it fails, and when it goes well again.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::api::Client;
use crate::support::http::Answer;
use crate::support::{Metrify, quarter_hour, quarter_hours};

/// How long something may take that takes much less.
const PATIENCE: Duration = Duration::from_secs(120);

/// Asks again and again until the answer is one that is waited for.
fn until(client: &Client<'_>, path: &str, is_it: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let (_, said) = client.get(path);
        if is_it(&said) {
            return said;
        }
        assert!(began.elapsed() < PATIENCE, "{path} is still {said}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn ended(client: &Client<'_>, job: &str) -> Value {
    until(client, job, |job| job["state"] != "running")
}

const ASYNC: (&str, &str) = ("Prefer", "respond-async, wait=1");

fn begin(client: &Client<'_>, path: &str, body: &Value) -> Answer {
    client.send("POST", path, &[ASYNC], body.to_string().as_bytes())
}

/// The address of the job that was begun.
fn job_of(answer: &Answer) -> String {
    assert_eq!((answer.status, answer.body.as_str()), (202, ""), "{answer:?}");
    assert_eq!(answer.header("preference-applied"), Some("respond-async"));
    answer.header("location").expect("where the job is").to_owned()
}

fn replay(client: &Client<'_>) -> String {
    job_of(&begin(client, "/api/v1/deliveries/replay", &json!({"apply": true})))
}

fn listed(client: &Client<'_>, filters: &str) -> Vec<Value> {
    let (status, listed) = client.get(&format!("/api/v1/jobs?{filters}"));
    assert_eq!(status, 200, "{listed}");
    listed["results"].as_array().expect("jobs").clone()
}

#[test]
fn a_replay_goes_on_without_its_client_and_tells_what_it_did() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "operator");
    for delivery in [quarter_hours(8), quarter_hours(3) + "nonsense\n"] {
        ann.send("POST", "/api/v1/deliveries", &[], delivery.as_bytes());
    }
    let address = replay(&ann);
    let job = ended(&ann, &address);
    let account = json!({
        "deliveries": 2, "lost": 0, "received": 12, "stored": 0, "duplicates": 11, "corrections": 0, "rejected": 1,
        "retracted": 0, "resolved": 0,
    });
    for (name, expected) in [
        ("state", json!("done")),
        ("kind", json!("replay_deliveries")),
        ("tenant", json!("default")),
        ("account", account),
        ("error", json!(null)),
        ("kept", json!(true)),
        ("version", json!(2)),
    ] {
        assert_eq!(job[name], expected, "{name} in {job}");
    }
    assert!(job["by"].as_str().is_some_and(|by| ann.key.starts_with(&by.replace("key:", "mk_"))), "{job}");
    assert!(job["started_at"].as_str() <= job["ended_at"].as_str(), "{job}");
    // As it was known when it had begun, and before.
    let then = job["started_at"].as_str().expect("a time");
    assert_eq!(ann.get(&format!("{address}?as_known_at={then}")).1["state"], "running");
    assert_eq!(ann.get(&format!("{address}?as_known_at=2020-01-01")).0, 404);

    // Without the preference the answer is the outcome; and it is a job all the same.
    let (status, changes) = ann.post("/api/v1/deliveries/replay", &json!({"apply": true}));
    assert_eq!((status, changes.as_array().map(Vec::len)), (200, Some(2)), "{changes}");
    // What is only shown is answered whatever is preferred: nothing else comes of it.
    let shown = begin(&ann, "/api/v1/deliveries/replay", &json!({}));
    assert_eq!((shown.status, shown.header("preference-applied")), (200, None), "{shown:?}");
    let rejects = job_of(&begin(&ann, "/api/v1/rejects/replay", &json!({})));
    let rejects = ended(&ann, &rejects);
    assert_eq!((&rejects["state"], &rejects["account"]["rejects"]), (&json!("done"), &json!(1)), "{rejects}");
    assert_eq!(rejects["account"]["resolved"], 0, "{rejects}");
    let export = json!({"query": "select * from readings", "format": "csv"});
    assert_eq!(ann.send("POST", "/api/v1/export", &[], export.to_string().as_bytes()).status, 200);
    let kinds: Vec<String> = listed(&ann, "state=done")
        .iter()
        .filter(|job| job["kept"] == true)
        .map(|job| format!("{} {}", job["kind"].as_str().expect("a kind"), job["account"]["rows"]))
        .collect();
    assert_eq!(
        kinds,
        [
            "export 8",
            "replay_rejects null",
            "compare_deliveries null",
            "replay_deliveries null",
            "replay_deliveries null"
        ]
    );
    // What cannot begin is refused at once, and what fails says why.
    let unknown = json!({"apply": true, "ids": ["0123456789abcdef0123456789abcdef"]});
    assert_eq!(begin(&ann, "/api/v1/deliveries/replay", &unknown).status, 404);
    assert_eq!(begin(&ann, "/api/v1/deliveries/replay", &json!({"since": "yesterday"})).status, 400);
    let wrong = json!({"query": "select nonsense", "format": "csv"});
    assert_eq!(ann.send("POST", "/api/v1/export", &[], wrong.to_string().as_bytes()).status, 400);
    let failed = listed(&ann, "state=failed&kind=export");
    assert!(failed.len() == 1 && failed[0]["error"].as_str().is_some_and(|why| why.contains("nonsense")), "{failed:?}");
}

#[test]
fn jobs_are_filtered_sorted_paged_and_of_their_tenant_alone() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let (ann, bob) = (Client::of(&metrify, &server, "admin"), Client::of(&metrify, &server, "operator"));
    assert_eq!(ann.get("/api/v1/jobs?kind=export").1, json!({"results": [], "next": null}));
    for client in [&ann, &bob, &ann] {
        ended(&ann, &replay(client));
    }
    let ids = |filters: &str| -> Vec<String> {
        listed(&ann, filters).iter().map(|job| job["id"].as_str().expect("an id").to_owned()).collect()
    };
    let all = ids("kind=replay_deliveries");
    assert_eq!(all.len(), 3);
    let by = listed(&ann, &format!("by={}", listed(&bob, "kind=replay_deliveries")[1]["by"].as_str().expect("a name")));
    assert_eq!(by.iter().map(|job| &job["id"]).collect::<Vec<_>>(), [&all[1]]);
    let upwards: Vec<_> = all.iter().rev().cloned().collect();
    for sort in ["id", "changed"] {
        assert_eq!(ids(&format!("kind=replay_deliveries&sort={sort}")), upwards);
        assert_eq!(ids(&format!("kind=replay_deliveries&sort=-{sort}")), all);
    }
    // A page at a time, with the routines among them.
    metrify.take_in("a.ndjson", quarter_hours(4));
    let whole = ids("limit=1000");
    let (mut paged, mut next) = (Vec::new(), String::new());
    loop {
        let (_, page) = ann.get(&format!("/api/v1/jobs?limit=1{next}"));
        paged.extend(page["results"].as_array().expect("jobs").iter().map(|job| job["id"].clone()));
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    assert!(whole.iter().all(|id| paged.contains(&json!(id))), "{whole:?} {paged:?}");
    for wrong in ["kind=x", "state=x", "sort=x", "limit=0", "cursor=zz", "more=1"] {
        assert_eq!(ann.get(&format!("/api/v1/jobs?{wrong}")).0, 400, "{wrong}");
    }
    let ran = metrify.run(&["job", "list", "--kind", "replay_deliveries", "-o", "csv"]);
    let shown: Vec<&str> = ran.stdout.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(shown, all, "{ran:?}");
    assert_eq!(metrify.run(&["job", "list", "--limit", "2", "-o", "csv"]).stdout.lines().count(), 3);
    let ran = metrify.run(&["job", "show", &all[0], "-o", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&ran.stdout).expect("JSON")["state"], "done", "{ran:?}");
    metrify.run(&["job", "show", "nothing"]).failed_with(&["find the job `nothing`"]);
    metrify.run(&["job", "cancel", &all[0]]).failed_with(&["it is done already"]);

    // Nobody else's, and not for everybody.
    let theirs = Client::of_new_tenant(&metrify, &server, "stadtwerk");
    assert_eq!(theirs.get("/api/v1/jobs?kind=replay_deliveries").1["results"], json!([]));
    for (method, expected) in [("GET", 404), ("DELETE", 404)] {
        let path = |id: &str| format!("/api/v1/jobs/{id}");
        let said = [all[0].as_str(), "nothing-like-it"].map(|id| {
            let (status, problem) = theirs.ask(method, &path(id), &[], None);
            (status, problem.to_string().replace(id, "ID"))
        });
        assert_eq!(said[0].0, expected);
        assert_eq!(said[0], said[1]);
    }
    for role in ["viewer", "analyst", "api"] {
        let client = Client::of(&metrify, &server, role);
        assert_eq!(client.get("/api/v1/jobs").0, 403, "{role}");
        assert_eq!(client.ask("DELETE", &format!("/api/v1/jobs/{}", all[0]), &[], None).0, 403, "{role}");
    }
    // After a restart as before.
    let key = ann.key.clone();
    drop(server);
    let server = metrify.serve();
    let ann = Client { server: &server, key };
    let kept: Vec<_> = listed(&ann, "kind=replay_deliveries").iter().map(|job| job["id"].clone()).collect();
    assert_eq!(kept, all);
}

/// A server with a delivery that takes seconds to be read again.
fn with_much_to_do(metrify: &Metrify) -> crate::support::Server {
    let path = metrify.path("fleet.ndjson");
    let out = path.display().to_string();
    let ran = metrify.run(&["simulate", "--meters", "150", "--days", "20", "--faultless", "--out", &out]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    metrify.ingest(&[&path]);
    metrify.serve()
}

#[test]
fn a_job_is_stopped_where_it_is_and_more_than_so_many_are_refused() {
    let metrify = Metrify::new();
    let server = with_much_to_do(&metrify);
    let ann = Client::of(&metrify, &server, "operator");
    let theirs = Client::of_new_tenant(&metrify, &server, "stadtwerk");
    let before = metrify.sql("select count(*), sum(value) from readings");
    let jobs = [(); 4].map(|()| replay(&ann));
    let refused = begin(&ann, "/api/v1/deliveries/replay", &json!({"apply": true}));
    assert_eq!(refused.status, 429, "{refused:?}");
    assert!(refused.body.contains("hint") && refused.header("retry-after").is_some(), "{refused:?}");
    let begun = until(&ann, &jobs[0], |job| job["account"]["received"].as_u64() > Some(0));
    assert_eq!(begun["state"], "running", "{begun}");
    let (status, told) = ann.ask("DELETE", &jobs[0], &[], None);
    assert_eq!((status, &told["id"]), (202, &begun["id"]), "{told}");
    let stopped = ended(&ann, &jobs[0]);
    assert_eq!(stopped["state"], "cancelled", "{stopped}");
    let did = stopped["account"]["received"].as_u64().expect("a count");
    assert!(did >= begun["account"]["received"].as_u64().expect("a count"), "{stopped}");
    assert_eq!(stopped["account"]["duplicates"], did, "{stopped}");
    let again = ann.ask("DELETE", &jobs[0], &[], None);
    assert_eq!(again.0, 409, "{again:?}");
    assert_eq!(ended(&theirs, &replay(&theirs))["state"], "done", "others have their own");
    for job in &jobs[1..] {
        ann.ask("DELETE", job, &[], None);
        ended(&ann, job);
    }
    let by_hand = replay(&ann);
    until(&ann, &by_hand, |job| job["account"]["received"].as_u64() > Some(0));
    let ran = metrify.run(&["job", "cancel", by_hand.rsplit('/').next().expect("an id")]);
    assert_eq!((ran.code, &ended(&ann, &by_hand)["state"]), (Some(0), &json!("cancelled")), "{ran:?}");
    // Whoever waits for the outcome of one that is stopped is told so.
    let waiting = std::thread::scope(|threads| {
        let waiting = threads.spawn(|| ann.post("/api/v1/deliveries/replay", &json!({"apply": true})));
        let running = until(&ann, "/api/v1/jobs?state=running&limit=1", |listed| {
            listed["results"][0]["account"]["received"].as_u64() > Some(0)
        });
        let id = running["results"][0]["id"].as_str().expect("an id");
        assert_eq!(ann.ask("DELETE", &format!("/api/v1/jobs/{id}"), &[], None).0, 202);
        waiting.join().expect("an answer")
    });
    assert_eq!(waiting.0, 409, "{waiting:?}");
    assert_eq!(metrify.sql("select count(*), sum(value) from readings"), before);
}

#[test]
fn a_job_that_a_stop_of_the_process_ended_is_told_to_be_interrupted() {
    let metrify = Metrify::new();
    let server = with_much_to_do(&metrify);
    let ann = Client::of(&metrify, &server, "operator");
    let (key, killed) = (ann.key.clone(), replay(&ann));
    until(&ann, &killed, |job| job["account"]["received"].as_u64() > Some(0));
    server.kill();
    let server = metrify.serve();
    let ann = Client { server: &server, key: key.clone() };
    let (_, job) = ann.get(&killed);
    assert_eq!((&job["state"], job["error"].is_string()), (&json!("interrupted"), true), "{job}");
    assert!(job["ended_at"].is_string(), "{job}");
    assert_eq!(ann.ask("DELETE", &killed, &[], None).0, 409);
    // One that is told to stop comes to a safe point first, and tells what it did.
    let told = replay(&ann);
    until(&ann, &told, |job| job["account"]["received"].as_u64() > Some(0));
    assert_eq!(server.stop().code, Some(0));
    let server = metrify.serve();
    let ann = Client { server: &server, key };
    let (_, job) = ann.get(&told);
    assert_eq!(job["state"], "interrupted", "{job}");
    assert!(job["account"]["received"].as_u64() > Some(0), "{job}");
    assert_eq!(listed(&ann, "state=running&by=house").iter().filter(|job| job["kept"] == true).count(), 0);
    assert_eq!(ended(&ann, &job_of(&begin(&ann, "/api/v1/rejects/replay", &json!({}))))["state"], "done");
}

#[test]
fn of_jobs_the_last_thousand_are_kept() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "admin");
    let all = |client: &Client<'_>, more: &str| {
        let (mut ids, mut next) = (Vec::new(), String::new());
        loop {
            let (status, page) = client.get(&format!("/api/v1/jobs?kind=replay_rejects&limit=400&sort=id{next}{more}"));
            assert_eq!(status, 200, "{page}");
            let jobs = page["results"].as_array().expect("jobs");
            ids.extend(jobs.iter().map(|job| job["id"].as_str().expect("an id").to_owned()));
            let Some(cursor) = page["next"].as_str() else { return ids };
            next = format!("&cursor={cursor}");
        }
    };
    for _ in 0..1_003 {
        assert_eq!(ann.post("/api/v1/rejects/replay", &json!({})).0, 200);
    }
    let every = all(&ann, "");
    assert_eq!(every.len(), 1_003);
    let key = ann.key.clone();
    assert_eq!(server.stop().code, Some(0));
    let server = metrify.serve();
    let ann = Client { server: &server, key };
    until(&ann, &format!("/api/v1/jobs/{}", every[0]), |job| job["status"] == 404);
    let known = format!("&as_known_at={}", chrono::Utc::now().format("%Y-%m-%dT%H:%M:%S%.6fZ"));
    assert_eq!(all(&ann, ""), every[3..]);
    assert_eq!(all(&ann, &known), every[3..], "as if the others had never been");
    assert_eq!(server.stop().code, Some(0));
    // Nor do the events tell of them.
    assert_eq!(metrify.run(&["registry", "rebuild"]).code, Some(0));
    let listed = metrify.run(&["job", "list", "--kind", "replay_rejects", "--limit", "2000", "-o", "csv"]).stdout;
    assert_eq!(listed.lines().count(), 1_001, "{listed}");
}

#[test]
fn an_export_whose_client_goes_away_is_no_job_that_runs_for_ever() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(96));
    let server = metrify.serve_with(&[("METRIFY_QUERY_TIME_S", "600")]);
    let ann = Client::of(&metrify, &server, "admin");
    let endless = json!({"query": "select sum(x.value) from generate_series(1, 100000000000) x", "format": "csv"});
    let mut stream = std::net::TcpStream::connect(&server.address).expect("a connection");
    let body = endless.to_string();
    let head = format!(
        "POST /api/v1/export HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        ann.key,
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("a request");
    let first = |filters: &str| {
        until(&ann, &format!("/api/v1/jobs?kind=export&{filters}"), |listed| listed["results"] != json!([]))
    };
    first("state=running");
    drop(stream);
    let gone = first("state=cancelled");
    assert!(gone["results"][0]["error"].is_string(), "{gone}");
    // And one that somebody stops while its client waits.
    let answer = std::thread::scope(|threads| {
        let waiting = threads.spawn(|| ann.send("POST", "/api/v1/export", &[], body.as_bytes()));
        let running = first("state=running");
        let id = running["results"][0]["id"].as_str().expect("an id");
        assert_eq!(ann.ask("DELETE", &format!("/api/v1/jobs/{id}"), &[], None).0, 202);
        waiting.join().expect("an answer")
    });
    assert_eq!(answer.status, 409, "{answer:?}");
}

#[test]
fn a_landing_that_fails_is_seen_at_once_and_so_is_its_going_well_again() {
    let metrify = Metrify::new();
    let server = metrify.serve_with(&[("METRIFY_LANDING_INTERVAL_S", "1"), ("METRIFY_LOG_FORMAT", "json")]);
    let ann = Client::of(&metrify, &server, "operator");
    ann.send("POST", "/api/v1/deliveries", &[], quarter_hours(4).as_bytes());
    let landed = until(&ann, "/api/v1/jobs?kind=land&state=done", |listed| listed["results"] != json!([]));
    let run = &landed["results"][0];
    assert_eq!(
        (&run["account"]["rows"], &run["by"], &run["kept"]),
        (&json!(4), &json!("house"), &json!(false)),
        "{run}"
    );
    let ready = |status: u16| {
        until(&ann, "/health/ready", |health| {
            health["parts"]["landing"]["status"] == if status == 200 { "up" } else { "down" }
        });
        let (said, health) = ann.get("/health/ready");
        assert_eq!(said, status, "{health}");
        health
    };
    assert!(ready(200)["parts"]["landing"]["succeeded_at"].is_string());
    let metric = |name: &str| {
        let text = ann.send("GET", "/metrics", &[], b"").body;
        text.lines().find_map(|line| line.strip_prefix(&format!("{name} "))).expect(name).to_owned()
    };
    assert_eq!(metric("metrify_routine_failing{kind=\"land\"}"), "0");

    // Where the data of March are to be put, something else lies.
    let place = metrify.data_dir().join("lake/default/readings/month=2025-03");
    std::fs::write(&place, "").expect("a file");
    let march = quarter_hour("50120962218", 96 * 70, "1").replace("2025-01-71", "2025-03-12");
    let delivered = ann.send("POST", "/api/v1/deliveries", &[], march.as_bytes());
    assert_eq!(delivered.status, 200, "intake goes on: {delivered:?}");
    let health = ready(503);
    let landing = &health["parts"]["landing"];
    assert_eq!((&health["status"], &landing["tenants_failing"]), (&json!("down"), &json!(1)), "{health}");
    assert!(landing["failing_since"].is_string(), "{health}");
    let failed = listed(&ann, "kind=land&state=failed");
    assert!(failed[0]["error"].as_str().is_some_and(|why| why.contains("month=2025-03")), "{failed:?}");
    assert_eq!(metric("metrify_routine_failing{kind=\"land\"}"), "1");
    assert_eq!(ann.get("/health/live").0, 200);
    let count = json!({"query": "select count(*) from readings"}).to_string();
    assert!(ann.send("POST", "/api/v1/sql", &[], count.as_bytes()).body.contains("[[5]]"));
    let (_, at_most) = ann.get("/api/v1/jobs?kind=land&limit=1000");
    assert!(at_most["results"].as_array().is_some_and(|runs| runs.len() <= 21), "{at_most}");
    let cancel = ann.ask("DELETE", &format!("/api/v1/jobs/{}", failed[0]["id"].as_str().expect("an id")), &[], None);
    assert_eq!(cancel.0, 409, "{cancel:?}");

    std::fs::remove_file(&place).expect("the file");
    ready(200);
    assert_eq!(metric("metrify_routine_failing{kind=\"land\"}"), "0");
    let runs = listed(&ann, "kind=land&state=done");
    assert_eq!(runs[0]["account"]["rows"], 1, "{runs:?}");
    let said = server.stop();
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.stderr.contains("\"job\":\"land\"") && said.stderr.contains("tenant default"), "{said:?}");
}

/// Reads what is told to a listener until it holds a text.
fn heard(stream: &mut std::net::TcpStream, heard: &mut String, text: &str) {
    let mut piece = [0; 4096];
    while !heard.contains(text) {
        let bytes = stream.read(&mut piece).expect("something is told");
        assert!(bytes > 0, "it ended: {heard}");
        heard.push_str(&String::from_utf8_lossy(&piece[..bytes]));
    }
}

fn listen(client: &Client<'_>) -> (std::net::TcpStream, String) {
    let mut stream = std::net::TcpStream::connect(&client.server.address).expect("a connection");
    let head = format!("GET /api/v1/events HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\n\r\n", client.key);
    stream.write_all(head.as_bytes()).expect("a request");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    let mut told = String::new();
    heard(&mut stream, &mut told, "text/event-stream");
    (stream, told)
}

#[test]
fn whoever_listens_hears_of_jobs_where_they_may_be_seen() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let (ann, viewer) = (Client::of(&metrify, &server, "operator"), Client::of(&metrify, &server, "viewer"));
    let theirs = Client::of_new_tenant(&metrify, &server, "stadtwerk");
    let (mut to_ann, mut anns) = listen(&ann);
    let (mut to_viewer, mut viewers) = listen(&viewer);
    let other = replay(&theirs);
    ended(&theirs, &other);
    let address = replay(&ann);
    ended(&ann, &address);
    heard(&mut to_ann, &mut anns, "\"state\":\"done\"");
    let id = address.rsplit('/').next().expect("an id");
    let events: Vec<Value> = anns
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).expect("JSON"))
        .filter(|job: &Value| job["id"] == id)
        .collect();
    assert_eq!(events.iter().map(|job| &job["state"]).collect::<Vec<_>>(), ["running", "done"], "{anns}");
    assert!(anns.contains("event: job"), "{anns}");
    assert!(!anns.contains(other.rsplit('/').next().expect("an id")), "{anns}");
    metrify.take_in("a.ndjson", quarter_hours(4));
    heard(&mut to_viewer, &mut viewers, "\"stored\":4");
    assert!(!viewers.contains("event: job"), "{viewers}");
    let ran = metrify.run(&["deliveries", "replay", "--async", "-o", "json"]);
    let job: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(job["kind"], "replay_deliveries", "{ran:?}");
    drop(server);
    metrify.run(&["deliveries", "replay", "--async"]).failed_with(&["no server", "metrify up"]);
}
