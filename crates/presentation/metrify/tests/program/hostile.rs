//! What somebody asks for who means ill, or does not know better: the server lives, and everybody else is answered.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::api::Client;
use crate::support::{Metrify, quarter_hours};

/// Queries that would take a stack, all memory or all time, with the status that each is answered with; on a busy machine the time of some
/// may be over.
fn queries() -> Vec<(String, &'static [u16])> {
    let many = |piece: &str, count: usize, between: &str| vec![piece; count].join(between);
    let list: Vec<String> = (0..10_000).map(|number| format!("'{number}'")).collect();
    vec![
        (format!("select count(*) from readings where {}", many("point = '1'", 2_000, " or ")), &[400]),
        (format!("select count(*) from readings where {}", many("point = '1'", 400, " or ")), &[200, 503]),
        (format!("select {}", many("1", 900, "+")), &[200, 503]),
        (format!("select {}", many("1", 20_000, "+")), &[400]),
        (format!("select {}1{}", "(".repeat(5_000), ")".repeat(5_000)), &[400]),
        (format!("select 1{}", "::int".repeat(3_000)), &[400]),
        (format!("select count(*) from readings where point in ({})", list.join(",")), &[200, 503]),
        ("select max(a.value + b.value) from range(0, 10000000) a, range(0, 10000000) b".to_owned(), &[503]),
        (
            "select count(*) from readings a, readings b, readings c, readings d, readings e, readings f".to_owned(),
            &[503],
        ),
        ("select sum(x.value) from generate_series(1, 100000000000) x".to_owned(), &[503]),
        ("with recursive t as (select 1 as n union all select n + 1 from t) select count(*) from t".to_owned(), &[400]),
        ("select array_repeat(1, 1000000000)".to_owned(), &[400]),
        ("select length(repeat('a', 2000000000))".to_owned(), &[400]),
        ("select lpad(point, 2000000000) from readings".to_owned(), &[400]),
        ("select array_length(generate_series(0, 10000000000))".to_owned(), &[400]),
        ("select levenshtein(repeat('a', 9999), repeat('b', 9999))".to_owned(), &[400]),
        (
            "select array_length(array_agg(repeat(point, 200))) from readings cross join generate_series(1, 1000)"
                .to_owned(),
            &[400],
        ),
        ("select length(string_agg(repeat(point, 200), ',')) from readings".to_owned(), &[400]),
        ("select lpad('7', 5, '0'), repeat('ab', 3), rpad('7', 3)".to_owned(), &[200]),
        ("copy (select 1) to '/tmp/x.csv'".to_owned(), &[400]),
        ("create external table t stored as csv location '/etc/passwd'".to_owned(), &[400]),
        ("select * from '/etc/passwd'".to_owned(), &[400]),
        ("select * from read_csv('/etc/passwd')".to_owned(), &[400]),
        ("insert into readings select * from readings".to_owned(), &[400]),
        ("explain analyze insert into readings select * from readings".to_owned(), &[400]),
        ("set datafusion.execution.target_partitions = 1".to_owned(), &[400]),
    ]
}

#[test]
fn no_query_kills_the_server_or_keeps_others_from_being_answered() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(96));
    let server = metrify.serve_with(&[("METRIFY_QUERY_TIME_S", "2")]);
    let ann = Client::of(&metrify, &server, "analyst");
    for (query, expected) in queries() {
        let began = Instant::now();
        let (asked, beside) = std::thread::scope(|threads| {
            let asked =
                threads.spawn(|| ann.send("POST", "/api/v1/sql", &[], json!({"query": query}).to_string().as_bytes()));
            std::thread::sleep(Duration::from_millis(50));
            let began = Instant::now();
            assert_eq!(ann.get("/api/v1/smart-meters").0, 200);
            (asked.join().expect("an answer"), began.elapsed())
        });
        let shown: String = query.chars().take(80).collect();
        assert!(expected.contains(&asked.status), "{shown}: {}", asked.body.chars().take(400).collect::<String>());
        assert!(beside < Duration::from_secs(5), "{shown}: others waited {beside:?}");
        assert!(began.elapsed() < Duration::from_secs(20), "{shown}: it took {:?}", began.elapsed());
    }
    assert_eq!(server.stop().code, Some(0), "it ends when it is told to");
}

#[test]
fn a_query_that_would_write_is_told_so_and_other_queries_are_told_of_tables_where_they_lack_one() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "analyst");
    let told = |query: &str| {
        let (status, problem) = ann.post("/api/v1/sql", &json!({"query": query}));
        assert_eq!(status, 400, "{query}: {problem}");
        (problem["detail"].as_str().expect("what is wrong").to_owned(), problem["hint"].to_string())
    };
    for (query, word, hint) in [
        ("insert into readings values (1)", "INSERT", "/api/v1/deliveries"),
        ("-- of mine\n insert into nowhere values (1)", "INSERT", "/api/v1/deliveries"),
        ("explain analyze insert into readings select * from readings", "INSERT", "/api/v1/deliveries"),
        ("delete from readings", "DELETE", "/api/v1/deliveries"),
        ("update readings set value = 1", "UPDATE", "/api/v1/deliveries"),
        ("drop table readings", "DROP", "/api/v1/deliveries"),
        ("create external table t stored as csv location '/etc/passwd'", "CREATE", "/api/v1/deliveries"),
        ("copy readings to '/tmp/x.csv'", "COPY", "metrify export"),
    ] {
        let (detail, hinted) = told(query);
        assert!(detail.contains(&format!("cannot execute {word}: this is for reading only")), "{query}: {detail}");
        assert!(hinted.contains(hint), "{query}: {hinted}");
    }
    assert!(told("select * from nowhere").1.contains("show tables"));
    assert!(told("select 1/0 from range(1, 2)").1.contains("/docs"), "nothing that only tables need");
}

/// Sentences that the engine takes for queries, and then has no plan for.
#[test]
fn a_query_that_the_engine_cannot_plan_is_told_so() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "analyst");
    for (query, detail, hint) in [
        ("select 1 > any(select 2)", "the engine finds no plan for it", "ask in another way"),
        ("select median(point) from readings", "argument types 'median(", "/docs"),
    ] {
        let (status, problem) = ann.post("/api/v1/sql", &json!({"query": query}));
        assert_eq!(status, 400, "{query}: {problem}");
        assert!(problem["detail"].to_string().contains(detail), "{query}: {problem}");
        assert!(!problem.to_string().contains("bug"), "{query}: {problem}");
        assert!(problem["hint"].to_string().contains(hint), "{query}: {problem}");
    }
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn many_heavy_queries_at_once_leave_intake_going() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(96));
    let server = metrify.serve_with(&[("METRIFY_QUERY_TIME_S", "3")]);
    let (ann, bob) = (Client::of(&metrify, &server, "analyst"), Client::of(&metrify, &server, "api"));
    let heavy =
        json!({"query": "select count(*) from readings a, readings b, readings c, readings d, readings e"}).to_string();
    let statuses = std::thread::scope(|threads| {
        let asked: Vec<_> =
            (0..300).map(|_| threads.spawn(|| ann.send("POST", "/api/v1/sql", &[], heavy.as_bytes()).status)).collect();
        for number in 0..20 {
            let line = quarter_hours(number + 1);
            let began = Instant::now();
            assert_eq!(bob.send("POST", "/api/v1/deliveries", &[], line.as_bytes()).status, 200);
            assert!(began.elapsed() < Duration::from_secs(10), "a delivery took {:?}", began.elapsed());
        }
        asked.into_iter().map(|asked| asked.join().expect("an answer")).collect::<Vec<u16>>()
    });
    assert!(statuses.iter().all(|status| [200, 429, 503].contains(status)), "{statuses:?}");
    assert!(statuses.contains(&429) && statuses.contains(&503), "{statuses:?}");
}

#[test]
fn a_client_that_never_ends_its_head_is_shown_out() {
    let metrify = Metrify::new();
    let server = metrify.serve_with(&[("METRIFY_SERVER_HEAD_TIME_S", "1")]);
    for begun in ["", "GET /health HTTP/1.1\r\n", "GET /health HTTP/1.1\r\nHost: x\r\nX: "] {
        let mut stream = TcpStream::connect(&server.address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        stream.write_all(begun.as_bytes()).expect("a part of a head");
        let mut rest = Vec::new();
        // It may be told why; then the connection ends.
        let ended = stream.read_to_end(&mut rest);
        let reset = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ConnectionReset;
        assert!(ended.as_ref().map_or_else(reset, |_| true), "{begun:?}: {ended:?}");
    }
}

#[test]
fn whoever_says_that_it_sends_nothing_more_is_answered() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(4));
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "admin");
    let query = json!({"query": "select count(*) from readings a, readings b"}).to_string();
    let whole = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{query}", query.len());
    let cut = format!("Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{query}");
    for (request, rest, expected) in [
        ("GET /health/live", "\r\n", "HTTP/1.1 200 "),
        ("GET /api/v1/smart-meters", "\r\n", "HTTP/1.1 200 "),
        ("POST /api/v1/sql", whole.as_str(), "HTTP/1.1 200 "),
        ("POST /api/v1/sql", cut.as_str(), "HTTP/1.1 400 "),
    ] {
        for _ in 0..2 {
            let mut stream = TcpStream::connect(&server.address).expect("a connection");
            stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
            let head = format!("{request} HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\n{rest}", ann.key);
            stream.write_all(head.as_bytes()).expect("a request");
            stream.shutdown(std::net::Shutdown::Write).expect("a connection");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("an answer, and its end");
            assert!(answer.starts_with(expected), "{request}: {answer:?}");
        }
    }
}

#[test]
fn bodies_that_are_none_are_refused() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "admin");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [
        "",
        "{",
        "[]",
        "null",
        "7",
        "{\"query\":1}",
        "{\"query\":\"select 1\",\"query\":\"select 2\"}",
        "[\"select 1\"]",
        "\u{feff}{}",
        &deep,
    ] {
        assert_eq!(
            ann.send("POST", "/api/v1/sql", &[], body.as_bytes()).status,
            400,
            "{}",
            &body[..body.len().min(40)]
        );
    }
    assert_eq!(ann.send("POST", "/api/v1/tenants", &[], b"[\"t9\",null,[\"supplier\"]]").status, 400);
    let large = vec![b' '; 2 << 20];
    let answer = ann.send("POST", "/api/v1/sql", &[], &large);
    assert_eq!((answer.status, answer.header("content-type")), (413, Some("application/problem+json")), "{answer:?}");
    for id in ["%00", "a%0Ab", "%20", &"x".repeat(100), "%FF"] {
        let (status, problem) = ann.get(&format!("/api/v1/smart-meters/{id}"));
        assert_eq!(status, 400, "{id}: {problem}");
    }
    for time in ["9999-12-31", "0001-01-01", "2025-02-30", "now"] {
        assert_eq!(ann.get(&format!("/api/v1/analytics/reports/daily?day={time}")).0, 400, "{time}");
    }
    // One reject that nobody can read keeps no other from being read again.
    ann.send("POST", "/api/v1/deliveries", &[], b"what is this?");
    let (status, replayed) = ann.post("/api/v1/rejects/replay", &json!({}));
    assert_eq!((status, &replayed[0]["resolved"]), (200, &json!(false)), "{replayed}");
}

#[test]
fn whoever_asks_wrongly_is_told_what_is_right() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "admin");
    for (request, body, hint) in [
        ("POST smart-meters", "{\"id\":", "RFC 8259"),
        ("POST smart-meters", "[]", "one object"),
        ("POST smart-meters", "{\"id\":\"x\",\"serial\":7}", "lists the fields"),
        ("POST smart-meters/x/readings", "{\"quantity\"", "send readings as JSON"),
        ("POST export", "{\"query\":\"select 1\",\"format\":\"xml\"}", "csv, ndjson, parquet and arrow"),
        ("GET smart-meters?limit=0", "", "leave it away for 100"),
        ("GET smart-meters?status=foo", "", "lists the parameters"),
        ("GET smart-meters?sort=foo", "", "lists the parameters"),
        ("GET smart-meters?latitude=1", "", "radius_m"),
        ("GET smart-meters/x/readings?start=9999-12-31", "", "1800 to 2199"),
        ("GET smart-meters/x/readings?start=2026-01-01T00:00:00+01:00", "", "%2B"),
        ("GET smart-meters/nobody", "", "/api/v1/smart-meters lists"),
        ("GET metering-points/nobody", "", "/api/v1/metering-points lists"),
        ("GET users/nobody", "", "/api/v1/users lists"),
        ("GET jobs/nobody", "", "/api/v1/jobs lists"),
        ("GET grants/nobody", "", "/api/v1/grants lists"),
        ("GET receipts/nobody", "", "/api/v1/receipts lists"),
        ("GET weather/stations/nobody", "", "/api/v1/weather/stations lists"),
    ] {
        let (method, path) = request.split_once(' ').expect("a path");
        let answer = ann.send(method, &format!("/api/v1/{path}"), &[], body.as_bytes());
        let problem: serde_json::Value = serde_json::from_str(&answer.body).expect("a problem");
        assert!([400, 404].contains(&answer.status), "{request}: {problem}");
        assert!(problem["hint"].as_str().is_some_and(|said| said.contains(hint)), "{request}: {problem}");
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(!detail.contains("target type") && !detail.contains("deserialize"), "{request}: {problem}");
    }
}
