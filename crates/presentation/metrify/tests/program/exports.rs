//! Answers as files that nobody waits for: begun, looked after as jobs, and fetched once they are done, for a while.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::api::Client;
use crate::support::http::Answer;
use crate::support::{Metrify, quarter_hours};

/// How long something may take that takes much less.
const PATIENCE: Duration = Duration::from_secs(120);

/// The address of the job that was begun.
fn begin(client: &Client<'_>, query: &str) -> String {
    let answer = ask(client, &json!({"query": query, "format": "csv"}));
    assert_eq!((answer.status, answer.body.as_str()), (202, ""), "{answer:?}");
    assert_eq!(answer.header("preference-applied"), Some("respond-async"));
    answer.header("location").expect("where the job is").to_owned()
}

fn ask(client: &Client<'_>, body: &Value) -> Answer {
    client.send("POST", "/api/v1/export", &[("Prefer", "respond-async")], body.to_string().as_bytes())
}

fn ended(client: &Client<'_>, job: &str) -> Value {
    let began = Instant::now();
    loop {
        let (status, told) = client.get(job);
        assert_eq!(status, 200, "{told}");
        if told["state"] != "running" {
            return told;
        }
        assert!(began.elapsed() < PATIENCE, "{job} is still {told}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn fetch(client: &Client<'_>, job: &str) -> Answer {
    client.send("GET", &format!("{job}/content"), &[], b"")
}

/// It is not there, and this is why.
fn missing(answer: &Answer, why: &str) {
    assert!(answer.status == 404 && answer.body.contains(why), "{answer:?}");
}

#[test]
fn an_export_that_nobody_waits_for_is_fetched_from_its_job() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(96));
    let server = metrify.serve_with(&[("METRIFY_QUERY_EXPORT_MB", "1"), ("METRIFY_QUERY_TIME_S", "600")]);
    let ann = Client::of(&metrify, &server, "admin");
    let first = begin(&ann, "select count(*) as readings, sum(value) as total from readings");
    let told = ended(&ann, &first);
    assert_eq!((&told["kind"], &told["state"]), (&json!("export"), &json!("done")), "{told}");
    for _ in 0..2 {
        let answer = fetch(&ann, &first);
        assert_eq!((answer.status, answer.body.as_str()), (200, "readings,total\n96,144\n"), "{answer:?}");
    }
    // It is its own alone who began it, and who may export.
    missing(&fetch(&Client::of(&metrify, &server, "analyst"), &first), "it is no export of who asks");
    missing(&fetch(&Client::of_new_tenant(&metrify, &server, "other-one"), &first), "find the job");
    assert_eq!(fetch(&Client::of(&metrify, &server, "viewer"), &first).status, 403);
    let query = json!({"query": "select 1", "format": "csv"});
    assert_eq!(ask(&Client::of(&metrify, &server, "viewer"), &query).status, 403);
    for wrong in [
        json!({"query": "select 1", "format": "xls"}),
        json!({"query": "select 1", "format": "csv", "as_known_at": "x"}),
    ] {
        assert_eq!(ask(&ann, &wrong).status, 400, "{wrong}");
    }
    // What is not done left nothing: it runs still, was stopped, or was longer than a file may be.
    let endless = begin(&ann, "select sum(x.value) from generate_series(1, 100000000000) x");
    assert_eq!(fetch(&ann, &endless).status, 409);
    assert_eq!(ann.ask("DELETE", &endless, &[], None).0, 202);
    assert_eq!(ended(&ann, &endless)["state"], "cancelled");
    missing(&fetch(&ann, &endless), "it is cancelled");
    let long = begin(&ann, "select x.value from generate_series(1, 1000000) x");
    let told = ended(&ann, &long);
    assert!(told["error"].as_str().is_some_and(|error| error.contains("more than 1048576 bytes")), "{told}");
    missing(&fetch(&ann, &long), "it is failed");
    // The last four are kept; those that left nothing go first.
    let more: Vec<String> = (0..4).map(|number| begin(&ann, &format!("select {number} as it"))).collect();
    more.iter().for_each(|job| assert_eq!(ended(&ann, job)["state"], "done"));
    missing(&fetch(&ann, &first), "it is not kept any more");
    assert_eq!(fetch(&ann, &more[0]).body, "it\n0\n");
    let folders = std::fs::read_dir(metrify.data_dir().join("spool")).expect("the spool").count();
    assert_eq!(folders, 4, "no room is taken by others");
    let log = metrify.run(&["audit", "list", "--action", "export", "-o", "csv"]).stdout;
    let id = first.rsplit('/').next().expect("an id");
    assert_eq!(log.lines().filter(|line| line.contains(id)).count(), 5, "{log}");
    let key = ann.key.clone();
    assert_eq!(server.stop().code, Some(0));
    let server = metrify.serve();
    let ann = Client { server: &server, key };
    missing(&fetch(&ann, &more[3]), "it is not kept any more");
}

#[test]
fn whoever_began_a_job_sees_and_stops_it_and_no_other() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(96));
    let server = metrify.serve();
    let (ann, bob) = (Client::of(&metrify, &server, "analyst"), Client::of(&metrify, &server, "analyst"));
    let job = begin(&ann, "select count(*) from readings");
    let told = ended(&ann, &job);
    assert_eq!(told["kind"], "export", "{told}");
    let by = told["by"].as_str().expect("who began it");
    assert_eq!(ann.get(&format!("/api/v1/jobs?by={by}")).1["results"].as_array().map(Vec::len), Some(1));
    let (status, problem) = ann.ask("DELETE", &job, &[], None);
    assert_eq!(status, 409, "it has ended: {problem}");
    for (method, path) in [("GET", job.as_str()), ("DELETE", &job), ("GET", &format!("/api/v1/jobs?by={by}"))] {
        assert_eq!(bob.ask(method, path, &[], None).0, 403, "{method} {path}");
    }
    for path in ["/api/v1/jobs", "/api/v1/jobs/nothing-like-it"] {
        assert_eq!(ann.get(path).0, 403, "{path}");
    }
    let endless = begin(&ann, "select sum(x.value) from generate_series(1, 100000000000) x");
    assert_eq!(bob.ask("DELETE", &endless, &[], None).0, 403);
    assert_eq!(ann.get(&endless).1["state"], "running");
    assert_eq!(ann.ask("DELETE", &endless, &[], None).0, 202);
    assert_eq!(ended(&ann, &endless)["state"], "cancelled");
}
