//! How much the HTTP interface bears of clients: so many connections, so many requests at once, bodies and answers at a pace, so many bytes on
//! the disk; and whoever is refused learns it, also while it still sends.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::api::Client;
use crate::support::http::{self, Answer};
use crate::support::{Metrify, POINT, Server, quarter_hours};

const DELIVERIES: &str = "/api/v1/deliveries";
const QUERIES: &str = "/api/v1/sql";

fn connected(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(&server.address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    stream
}

/// Begins a request with a body that has more bytes than will come soon.
fn begun(server: &Server, request: &str, key: &str, length: usize) -> TcpStream {
    let mut stream = connected(server);
    let head = format!(
        "{request} HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("a connection");
    stream
}

/// All that comes until the connection ends.
fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn so_many_connections_are_let_in_and_half_of_them_of_one_address() {
    let metrify = Metrify::new();
    let server = metrify.serve_with(&[("METRIFY_SERVER_CONNECTIONS", "16")]);
    let mut held: Vec<TcpStream> = (0..8).map(|_| connected(&server)).collect();
    // They are let in in the order in which they came, so the one behind them is the ninth.
    assert_eq!(rest(&mut connected(&server)), "");
    drop(held.pop());
    let alive = || http::send(&server.address, "GET", "/health/live", None, b"").map(|answer| answer.status);
    let began = Instant::now();
    while alive().ok() != Some(200) {
        assert!(began.elapsed() < Duration::from_secs(10), "there is room again");
    }
}

#[test]
fn so_many_requests_are_under_way_at_once_and_those_that_bring_have_places_of_their_own() {
    let metrify = Metrify::new();
    let server = metrify.serve_with(&[("METRIFY_SERVER_AT_ONCE", "8")]);
    let ann = Client::of(&metrify, &server, "admin");
    let bea = Client::of_new_tenant(&metrify, &server, "bea");
    let cem = Client::of_new_tenant(&metrify, &server, "cem");
    let asks = |client: &Client<'_>| client.send("GET", "/api/v1/smart-meters", &[], b"");
    let brings = |client: &Client<'_>| client.send("POST", DELIVERIES, &[], quarter_hours(1).as_bytes()).status;
    // Whoever begins to ask has a place, though not all of what it asks is there.
    let hold = |client: &Client<'_>, request: &str, until: &dyn Fn() -> Answer| {
        let mut held = Vec::new();
        loop {
            held.push(begun(&server, request, &client.key, 100));
            let answer = until();
            if answer.status != 200 {
                return (held, answer);
            }
            assert!(held.len() < 64, "all of them have places");
        }
    };
    let (of_ann, refused) = hold(&ann, "POST /api/v1/sql", &|| asks(&ann));
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")), "{refused:?}");
    assert!(refused.body.contains("others of this tenant"), "{refused:?}");
    let (of_bea, refused) = hold(&bea, "POST /api/v1/sql", &|| asks(&bea));
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")), "{refused:?}");
    // A tenant that has none gets one, what is brought comes in, and the process says that it lives.
    assert_eq!(asks(&cem).status, 200);
    assert_eq!([brings(&ann), brings(&bea), brings(&cem)], [200; 3]);
    assert_eq!(http::send(&server.address, "GET", "/health/live", None, b"").expect("an answer").status, 200);
    // Nor does what is brought keep those out who ask.
    drop((of_ann, of_bea));
    let deliver = || client_delivers(&ann);
    let (_held, refused) = hold(&ann, "POST /api/v1/deliveries", &deliver);
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")), "{refused:?}");
    assert_eq!((asks(&ann).status, brings(&bea)), (200, 200));
}

fn client_delivers(client: &Client<'_>) -> Answer {
    client.send("POST", DELIVERIES, &[], quarter_hours(1).as_bytes())
}

#[test]
fn a_body_that_comes_byte_by_byte_is_not_waited_for() {
    let metrify = Metrify::new();
    let server = metrify.serve_with(&[("METRIFY_SERVER_BODY_TIME_S", "1")]);
    let ann = Client::of(&metrify, &server, "admin");
    let upload = ann.post("/api/v1/uploads", &json!({})).1;
    assert!(upload["id"].is_null(), "it has no body: {upload}");
    for request in [&format!("POST {DELIVERIES}"), &format!("POST {QUERIES}"), "POST /api/v1/login"] {
        let mut stream = begun(&server, request, &ann.key, 1_000);
        let (mut sent, began) = (0, Instant::now());
        stream.set_nonblocking(true).expect("a connection that does not wait");
        let mut told = [0; 12];
        let came = loop {
            assert!(began.elapsed() < Duration::from_secs(20), "{request}: {sent} bytes are waited for");
            match stream.read(&mut told) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                came => break came.expect("an answer"),
            }
            // It is there, and sends a byte ten times a second.
            sent += usize::from(stream.write(b" ").is_ok());
            std::thread::sleep(Duration::from_millis(100));
        };
        assert_eq!(&told[..came], b"HTTP/1.1 408", "{request}");
        assert!(sent > 2, "{request}: it had its time");
    }
}

#[test]
fn whoever_does_not_take_its_answer_is_left() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(480));
    let server = metrify.serve_with(&[("METRIFY_SERVER_BODY_TIME_S", "1")]);
    let ann = Client::of(&metrify, &server, "analyst");
    let query = json!({"query": "select a.*, b.point as other from readings a, readings b"}).to_string();
    let mut stream = begun(&server, &format!("POST {QUERIES}"), &ann.key, query.len());
    stream.write_all(query.as_bytes()).expect("a connection");
    let mut head = [0; 15];
    stream.read_exact(&mut head).expect("an answer");
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    // It takes nothing until the server has left, which is seen where nothing comes any more.
    std::thread::sleep(Duration::from_secs(4));
    let told = rest(&mut stream);
    assert!(!told.ends_with("0\r\n\r\n"), "{} bytes were kept for it", told.len());
}

#[test]
fn an_export_of_too_many_bytes_is_refused_and_leaves_no_file() {
    let metrify = Metrify::new();
    let server = metrify.serve_with(&[("METRIFY_QUERY_EXPORT_MB", "1")]);
    let ann = Client::of(&metrify, &server, "admin");
    let query = "select value, random() as chance from range(1, 1000000)";
    for format in ["csv", "ndjson", "parquet", "arrow"] {
        let body = json!({"query": query, "format": format}).to_string();
        let refused = ann.send("POST", "/api/v1/export", &[], body.as_bytes());
        assert_eq!(refused.status, 400, "{format}: {refused:?}");
        assert!(
            refused.body.contains("more than 1048576 bytes") && refused.body.contains("query.export_mb"),
            "{refused:?}"
        );
    }
    let few = json!({"query": "select value from range(1, 100)", "format": "csv"}).to_string();
    assert_eq!(ann.send("POST", "/api/v1/export", &[], few.as_bytes()).status, 200);
    let began = Instant::now();
    while !metrify.files("spool").is_empty() {
        assert!(began.elapsed() < Duration::from_secs(10), "{}", metrify.files("spool"));
    }
}

#[test]
fn an_answer_of_too_many_rows_is_refused_and_a_file_of_them_is_not() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(480));
    let server = metrify.serve_with(&[("METRIFY_QUERY_ROWS_MAX", "1000")]);
    let ann = Client::of(&metrify, &server, "analyst");
    let ask = |path: &str, query: &str| {
        let body = json!({"query": query, "format": "csv"});
        let body = if path == QUERIES { json!({"query": query}) } else { body };
        ann.send("POST", path, &[], body.to_string().as_bytes())
    };
    let many = "select a.point, a.value from readings a cross join (select * from readings limit 3) b";
    let refused = ask(QUERIES, many);
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(refused.body.contains("more than 1000 rows") && refused.body.contains("query.rows_max"), "{refused:?}");
    assert_eq!(ask(QUERIES, &format!("{many} limit 1000")).status, 200);
    let file = ask("/api/v1/export", many);
    assert_eq!((file.status, file.body.lines().count()), (200, 1_441), "{}", file.body.lines().count());
}

#[test]
fn unfinished_uploads_of_a_tenant_take_so_many_bytes_and_no_more() {
    let metrify = Metrify::new();
    let server = metrify.serve_with(&[("METRIFY_INTAKE_UPLOADS_MB", "1")]);
    let ann = Client::of(&metrify, &server, "admin");
    let begin = |client: &Client<'_>, headers: &[(&str, &str)]| client.send("POST", "/api/v1/uploads", headers, b"");
    let refused = begin(&ann, &[("Upload-Length", "1048577")]);
    assert_eq!(refused.status, 413, "{refused:?}");
    assert!(refused.body.contains("intake.uploads_mb"), "{refused:?}");
    let append = |client: &Client<'_>, upload: &Answer, offset: &str, bytes: usize| {
        let path = upload.header("location").expect("where its bytes go").to_owned();
        let headers = [
            ("X-API-Key", client.key.as_str()),
            ("Content-Type", "application/partial-upload"),
            ("Upload-Offset", offset),
        ];
        http::send_form(&server.address, &format!("PATCH {path}"), &headers, &vec![b'x'; bytes]).expect("an answer")
    };
    let (first, second) = (begin(&ann, &[]), begin(&ann, &[]));
    assert_eq!(append(&ann, &first, "0", 900_000).status, 204);
    let refused = append(&ann, &second, "0", 400_000);
    assert_eq!(refused.status, 413, "{refused:?}");
    assert!(refused.body.contains("DELETE"), "{refused:?}");
    // What there was room for is kept, and more of it is once there is room again.
    let kept = refused.header("upload-offset").expect("how far it is").to_owned();
    assert!(kept.parse::<usize>().expect("a number") <= 148_576, "{kept}");
    let bea = Client::of_new_tenant(&metrify, &server, "bea");
    assert_eq!(append(&bea, &begin(&bea, &[]), "0", 900_000).status, 204, "others have room of their own");
    let path = first.header("location").expect("where its bytes go");
    assert_eq!(ann.send("DELETE", path, &[], b"").status, 204);
    assert_eq!(append(&ann, &second, &kept, 400_000).status, 204);
}

#[test]
fn an_answer_reaches_a_client_that_sends_everything_before_it_reads() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "admin");
    let viewer = Client::of(&metrify, &server, "viewer");
    let encoding = "Content-Encoding: br\r\n";
    for (request, key, more, status) in [
        (format!("POST {DELIVERIES}"), "mk_00_00", "", "401"),
        (format!("POST {DELIVERIES}"), &viewer.key, "", "403"),
        (format!("POST {DELIVERIES}"), &ann.key, encoding, "415"),
        (format!("POST {QUERIES}"), &ann.key, "", "413"),
        ("POST /api/v1/nowhere".to_owned(), &ann.key, "", "404"),
        ("DELETE /api/v1/sql".to_owned(), &ann.key, "", "405"),
    ] {
        for megabytes in [10, 40] {
            let mut stream = connected(&server);
            let length = megabytes << 20;
            let head =
                format!("{request} HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n{more}Content-Length: {length}\r\n\r\n");
            stream.write_all(head.as_bytes()).expect("a connection");
            let piece = vec![b' '; 1 << 20];
            for sent in 0..megabytes {
                stream.write_all(&piece).unwrap_or_else(|error| panic!("{request} {status}: {error} behind {sent} MB"));
            }
            let mut told = String::new();
            stream.read_to_string(&mut told).unwrap_or_else(|error| panic!("{request} {status}: {error}"));
            assert!(told.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {told}");
            assert!(told.trim_end().ends_with('}'), "{request}: all of it comes: {told}");
        }
    }
}

/// A value of a type in the description.
fn sample(schema: &Value, components: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/components/schemas/")) {
        return sample(&components[name], components);
    }
    if let Some(one) = schema["enum"].as_array().and_then(|all| all.first()) {
        return one.clone();
    }
    if let Some(one) = schema["oneOf"].as_array().into_iter().flatten().find(|one| one["type"] != "null") {
        return sample(one, components);
    }
    let kind = schema["type"].as_array().map_or(&schema["type"], |kinds| &kinds[0]);
    match kind.as_str() {
        Some("integer") => json!(1),
        Some("number") => json!(1.5),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        Some("object") => json!({}),
        _ => json!("x"),
    }
}

/// The members of an object in the description, also of those that it is made of.
fn members(schema: &Value, components: &Value) -> Vec<(String, Value)> {
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/components/schemas/")) {
        return members(&components[name], components);
    }
    let parts = ["allOf", "oneOf"].into_iter().flat_map(|of| schema[of].as_array().into_iter().flatten());
    let own = schema["properties"].as_object().into_iter().flatten();
    let own = own.map(|(name, of)| (name.clone(), sample(of, components)));
    own.chain(parts.flat_map(|part| members(part, components))).collect()
}

#[test]
fn a_key_that_stands_twice_in_a_body_is_refused_by_every_route() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "admin");
    let description = http::send(&server.address, "GET", "/openapi.json", None, b"").expect("an answer");
    let description: Value = serde_json::from_str(&description.body).expect("JSON");
    let components = &description["components"]["schemas"];
    let mut tried = 0;
    for (path, item) in description["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let of_one = schema["oneOf"].as_array().and_then(|all| all.first()).unwrap_or(schema);
            for (name, value) in members(of_one, components) {
                let body = format!("{{\"{name}\":{value},\"{name}\":{value}}}");
                let at = path.replace("{id}", "x").replace("{name}", "x");
                let answer = ann.send(&method.to_uppercase(), &at, &[("If-Match", "\"1\"")], body.as_bytes());
                assert_eq!(answer.status, 400, "{method} {path} {body}: {answer:?}");
                assert!(answer.body.contains("duplicate"), "{method} {path} {body}: {answer:?}");
                tried += 1;
            }
        }
    }
    assert!(tried > 30, "{tried} members were tried");
    let readings = format!("/api/v1/metering-points/{POINT}/readings");
    let reading = quarter_hours(1).replace("\"value\":1.5", "\"value\":1.5,\"value\":2.5");
    let lines = [("Content-Type", "application/x-ndjson"), ("X-API-Key", ann.key.as_str())];
    assert_eq!(ann.send("POST", &readings, &[], reading.as_bytes()).status, 400);
    assert_eq!(ann.send("POST", &readings, &[], format!("[{}]", reading.trim()).as_bytes()).status, 400);
    let answer = http::send_form(&server.address, &format!("POST {readings}"), &lines, reading.as_bytes());
    assert_eq!(answer.expect("an answer").status, 400);
    let receipt = ann.send("POST", DELIVERIES, &[], reading.as_bytes());
    assert!(receipt.status == 207 && receipt.body.contains("stands twice"), "{receipt:?}");
    assert_eq!(metrify.sql("select count(*) from readings"), "0");
}
