//! Deliveries as requests: sent again they are answered as the first time, packed they are opened, too many are put off.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::containers::{gzip, zip, zstd};
use crate::support::{Metrify, OTHER_POINT, POINT, Server, http, quarter_hour, quarter_hours};

const DELIVERIES: &str = "/api/v1/deliveries";

fn keyed(server: &Server, key: &str, body: &str) -> http::Answer {
    server.post_with(DELIVERIES, &[("Idempotency-Key", key)], body.as_bytes())
}

fn assert_same(first: &http::Answer, again: &http::Answer) {
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), (None, Some("true")));
}

/// Readings, one line that is none, and one reading twice.
fn mixed() -> String {
    quarter_hours(20) + "nonsense\n" + &quarter_hour(POINT, 3, "1.5")
}

#[test]
fn a_request_that_is_sent_again_gets_its_first_receipt_also_after_a_restart() {
    let metrify = Metrify::new();
    let server = metrify.serve_with(&[("METRIFY_LANDING_INTERVAL_S", "3600")]);
    let plain = server.post(DELIVERIES, mixed().as_bytes());
    let named = keyed(&server, "a-1", &quarter_hour(OTHER_POINT, 0, "2"));
    let packed = zip(&[("a.ndjson", mixed().as_bytes()), ("b.ndjson", quarter_hour(POINT, 90, "4").as_bytes())]);
    let container = server.post(DELIVERIES, &packed);
    let receipt: Value = serde_json::from_str(&plain.body).expect("a receipt");
    let counts = ["received", "stored", "duplicates", "rejected"].map(|name| receipt[name].as_u64());
    assert_eq!((plain.status, counts), (207, [22, 20, 1, 1].map(Some)), "{plain:?}");
    let members: Value = serde_json::from_str(&container.body).expect("a receipt");
    assert_eq!((&members["members"][0]["duplicates"], &members["stored"]), (&21.into(), &1.into()), "{members}");
    let again = |server: &Server| {
        assert_same(&plain, &server.post(DELIVERIES, mixed().as_bytes()));
        assert_same(&named, &keyed(server, "a-1", &quarter_hour(OTHER_POINT, 0, "2")));
        assert_same(&named, &server.post(DELIVERIES, quarter_hour(OTHER_POINT, 0, "2").as_bytes()));
        assert_same(&container, &server.post(DELIVERIES, &packed));
    };
    again(&server);
    // From memory, from the journal, from the lake.
    server.kill();
    let server = metrify.serve_with(&[("METRIFY_LANDING_INTERVAL_S", "3600")]);
    again(&server);
    assert_eq!(server.stop().code, Some(0));
    let server = metrify.serve();
    again(&server);
    assert_eq!(metrify.sql("select count(*), sum(value) from readings"), "22,36");
    assert_eq!(metrify.sql("select count(*), sum(received), sum(stored) from receipts"), "4,46,22");
}

#[test]
fn what_is_to_be_read_in_another_way_is_another_request() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let rows = "point;quantity;at;value;unit\n50120962218;1-0:1.8.0;2025-01-01 00:00;5;kWh\n";
    let unread = server.post(DELIVERIES, rows.as_bytes());
    assert_eq!(unread.status, 207, "it says no zone: {unread:?}");
    let read = server.post(&format!("{DELIVERIES}?timezone=Europe/Berlin"), rows.as_bytes());
    assert_eq!((read.status, read.header("idempotency-replayed")), (200, None), "{read:?}");
    assert_eq!(metrify.sql("select count(*) from readings"), "1");
}

#[test]
fn a_key_is_of_one_request_alone() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let (first, second) = (quarter_hour(POINT, 0, "1"), quarter_hour(POINT, 1, "2"));
    let answer = keyed(&server, "k", &first);
    let refused = keyed(&server, "k", &second);
    assert_eq!((answer.status, refused.status), (200, 422), "{refused:?}");
    assert!(refused.body.contains("its key was given to another one before"), "{refused:?}");
    // The same body under a new key is the same delivery, and from then on the key is its.
    assert_same(&answer, &keyed(&server, "l", &first));
    assert_eq!(keyed(&server, "l", &second).status, 422);
    let twice = server.post_with(DELIVERIES, &[("Idempotency-Key", "n"), ("Idempotency-Key", "o")], second.as_bytes());
    assert_eq!(twice.status, 400, "{twice:?}");
    assert_eq!(metrify.sql("select count(*) from readings"), "1");
    for wrong in ["", &"k".repeat(256), "ä"] {
        assert_eq!(keyed(&server, wrong, &second).status, 400, "{wrong}");
    }
    let both = server.post_with(&format!("{DELIVERIES}?again=true"), &[("Idempotency-Key", "m")], second.as_bytes());
    assert_eq!(both.status, 400, "{both:?}");
    assert_eq!(metrify.sql("select count(*) from readings"), "1");
}

#[test]
fn what_is_received_again_counts_what_is_known() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let first = server.post(DELIVERIES, quarter_hours(8).as_bytes());
    let again = server.post(&format!("{DELIVERIES}?again=true"), quarter_hours(8).as_bytes());
    let receipt: Value = serde_json::from_str(&again.body).expect("a receipt");
    assert_eq!((&receipt["stored"], &receipt["duplicates"]), (&0.into(), &8.into()), "{again:?}");
    assert_same(&first, &server.post(DELIVERIES, quarter_hours(8).as_bytes()));
}

#[test]
fn the_same_request_many_times_at_once_is_received_once() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let answers: Vec<http::Answer> = std::thread::scope(|scope| {
        let sent: Vec<_> = (0..16).map(|_| scope.spawn(|| keyed(&server, "at-once", &quarter_hours(400)))).collect();
        sent.into_iter().map(|sent| sent.join().expect("an answer")).collect()
    });
    let first = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_none());
    assert_eq!(first.count(), 1);
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == answers[0].body), "{answers:?}");
}

fn skipped() -> Vec<u8> {
    [&[0x53, 0x2a, 0x4d, 0x18, 5, 0, 0, 0][..], b"hello"].concat()
}

#[test]
fn a_client_that_sends_nothing_more_does_not_keep_a_server_from_its_end() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    server.post(DELIVERIES, quarter_hours(4).as_bytes());
    let mut held = hold(&server);
    held.write_all(b"{").expect("a connection");
    assert_eq!(server.stop().code, Some(0));
    assert_eq!(metrify.sql("select count(*) from readings"), "4");
}

#[test]
fn packed_bodies_are_opened_as_they_are_named() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let day = |first: u32| -> String { (first..first + 96).map(|at| quarter_hour(POINT, at, "1")).collect() };
    for (encoding, body, stored) in [
        ("gzip", gzip(day(0).as_bytes()), 96),
        ("zstd", zstd(day(96).as_bytes()), 96),
        ("identity", day(192).into_bytes(), 96),
        // A frame for its maker alone, before, between and behind the others.
        ("zstd", [skipped(), zstd(day(288).as_bytes()), skipped(), zstd(day(384).as_bytes()), skipped()].concat(), 192),
    ] {
        for path in [DELIVERIES.to_owned(), format!("{DELIVERIES}?format=ndjson&again=true")] {
            let answer = server.post_with(&path, &[("Content-Encoding", encoding)], &body);
            let receipt: Value = serde_json::from_str(&answer.body).expect("a receipt");
            let counts = [&receipt["received"], &receipt["format"]];
            assert_eq!((answer.status, counts), (200, [&stored.into(), &"ndjson".into()]), "{encoding}: {answer:?}");
        }
    }
    assert_eq!(metrify.sql("select count(*) from readings"), "480");
    let wrong = server.post_with(DELIVERIES, &[("Content-Encoding", "gzip")], day(0).as_bytes());
    assert_eq!(wrong.status, 400, "{wrong:?}");
    let unknown = server.post_with(DELIVERIES, &[("Content-Encoding", "br")], day(0).as_bytes());
    assert_eq!((unknown.status, unknown.header("accept-encoding")), (415, Some("gzip, zstd")), "{unknown:?}");
    assert!(unknown.body.contains("\"status\":415"), "{unknown:?}");
    // Torn on the way: what came whole is stored, the rest is told.
    let torn = gzip(&day(0).into_bytes().repeat(20));
    let torn = server.post_with(DELIVERIES, &[("Content-Encoding", "gzip")], &torn[..torn.len() / 2]);
    assert_eq!(torn.status, 207, "{torn:?}");
}

/// A client that sends the head of its request and then waits.
fn hold(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(&server.address).expect("a connection");
    let head = format!(
        "POST {DELIVERIES} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Length: 10\r\n\r\n",
        server.address, server.token
    );
    stream.write_all(head.as_bytes()).expect("a connection");
    stream
}

#[test]
fn more_deliveries_at_once_than_there_is_room_for_are_told_to_come_back() {
    let metrify = Metrify::new();
    let server = metrify.serve_with(&[("METRIFY_SERVER_AT_ONCE", "64")]);
    let body = quarter_hours(4);
    let mut held: Vec<TcpStream> = Vec::new();
    let refused = loop {
        assert!(held.len() <= 80, "every one of them is received");
        held.extend((0..8).map(|_| hold(&server)));
        let answer = server.post(DELIVERIES, body.as_bytes());
        if answer.status != 200 {
            break answer;
        }
    };
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")), "{refused:?}");
    assert!(held.len() >= 48, "{} are too few to be refused", held.len());
    // Nothing of a refused one is kept, and there is room once others are done.
    let other = quarter_hour(OTHER_POINT, 0, "1");
    assert_eq!(server.post(DELIVERIES, other.as_bytes()).status, 429);
    assert_eq!(metrify.sql(&format!("select count(*) from readings where point = '{OTHER_POINT}'")), "0");
    drop(held);
    let mut status = 429;
    for _ in 0..100 {
        status = server.post(DELIVERIES, other.as_bytes()).status;
        if status == 200 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(status, 200);
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn a_client_that_goes_away_in_the_middle_leaves_nothing_behind() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let mut stream = TcpStream::connect(&server.address).expect("a connection");
    let body = quarter_hours(96);
    let head = format!(
        "POST {DELIVERIES} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n",
        server.address,
        server.token,
        body.len() + 1
    );
    stream.write_all(head.as_bytes()).expect("a connection");
    stream.write_all(body.as_bytes()).expect("a connection");
    stream.shutdown(std::net::Shutdown::Write).expect("a connection");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an end");
    assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    assert_eq!(metrify.sql("select count(*) from deliveries"), "0");
    assert_eq!(server.post(DELIVERIES, body.as_bytes()).status, 200);
    assert_eq!(metrify.sql("select count(*) from readings"), "96");
}

#[test]
fn a_request_that_is_packed_anew_is_the_same() {
    let metrify = Metrify::new();
    let server = metrify.serve_with(&[("METRIFY_LANDING_INTERVAL_S", "3600")]);
    let lines = quarter_hours(20);
    let (whole, parts) =
        (gzip(lines.as_bytes()), [gzip(&lines.as_bytes()[..50]), gzip(&lines.as_bytes()[50..])].concat());
    let key = [("Idempotency-Key", "a-1")];
    let first = server.post_with(DELIVERIES, &key, &whole);
    assert_eq!((first.status, first.header("idempotency-replayed")), (200, None), "{first:?}");
    for again in [parts, zstd(lines.as_bytes()), whole] {
        assert_same(&first, &server.post_with(DELIVERIES, &key, &again));
        assert_same(&first, &server.post(DELIVERIES, &again));
    }
    assert_same(&first, &server.post(DELIVERIES, lines.as_bytes()));
    let another = server.post_with(DELIVERIES, &key, &gzip(quarter_hours(21).as_bytes()));
    assert_eq!(another.status, 422, "{another:?}");
    // It is read in another way.
    let otherwise = server.post_with(&format!("{DELIVERIES}?timezone=UTC"), &key, &zstd(lines.as_bytes()));
    assert_eq!(otherwise.status, 422, "{otherwise:?}");
    server.kill();
    let server = metrify.serve();
    assert_same(&first, &server.post_with(DELIVERIES, &key, &zstd(lines.as_bytes())));
    // What came plain first is known when it comes packed.
    let plain = server.post(DELIVERIES, quarter_hours(30).as_bytes());
    assert_same(&plain, &server.post(DELIVERIES, &gzip(quarter_hours(30).as_bytes())));
    assert_eq!(metrify.sql("select count(*) from readings"), "30");
}
