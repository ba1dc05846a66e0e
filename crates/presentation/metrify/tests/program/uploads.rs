//! Deliveries in parts: whatever breaks between them costs what was on its way, and the whole is received as if it had come at once.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::bad_input::Disk;
use crate::support::api::Client;
use crate::support::{Metrify, Ran, Receipts, Server, http, quarter_hours, ran, walk};

const UPLOADS: &str = "/api/v1/uploads";
const TYPE: (&str, &str) = ("Content-Type", "application/partial-upload");

/// A client that sends in parts, as admin or by a key.
struct Sender<'s> {
    address: &'s str,
    key: String,
    id: String,
}

impl<'s> Sender<'s> {
    fn begin(server: &'s Server, key: &str, headers: &[(&str, &str)]) -> Self {
        let mut sender = Self { address: &server.address, key: key.to_owned(), id: String::new() };
        let begun = sender.ask(&format!("POST {UPLOADS}"), headers, b"");
        assert_eq!((begun.status, begun.header("upload-offset")), (201, Some("0")), "{begun:?}");
        let said = json(&begun);
        sender.id = said["id"].as_str().expect("an id").to_owned();
        assert_eq!(begun.header("location"), Some(sender.path().as_str()));
        assert!(said["offset"] == 0 && said["expires_at"].is_string(), "{said}");
        sender
    }

    fn of(server: &'s Server) -> Self {
        Self::begin(server, &server.token, &[])
    }

    /// An upload at another server, such as the one after a restart, or by another key.
    fn at(server: &'s Server, key: &str, id: &str) -> Self {
        Self { address: &server.address, key: key.to_owned(), id: id.to_owned() }
    }

    fn path(&self) -> String {
        format!("{UPLOADS}/{}", self.id)
    }

    fn ask(&self, request: &str, headers: &[(&str, &str)], body: &[u8]) -> http::Answer {
        let key = format!("Bearer {}", self.key);
        let headers = [&[("Authorization", key.as_str())], headers].concat();
        http::send_form(self.address, request, &headers, body).expect("an answer")
    }

    fn append(&self, offset: usize, part: &[u8]) -> http::Answer {
        self.send("", offset, &[], part)
    }

    fn finish(&self, query: &str, offset: usize, part: &[u8]) -> http::Answer {
        self.send(query, offset, &[("Upload-Complete", "?1")], part)
    }

    fn send(&self, query: &str, offset: usize, headers: &[(&str, &str)], part: &[u8]) -> http::Answer {
        let offset = offset.to_string();
        let headers = [&[TYPE, ("Upload-Offset", offset.as_str())], headers].concat();
        self.ask(&format!("PATCH {}{query}", self.path()), &headers, part)
    }

    fn told(&self, method: &str) -> http::Answer {
        self.ask(&format!("{method} {}", self.path()), &[], b"")
    }

    fn offset(&self) -> usize {
        let told = self.told("HEAD");
        assert_eq!((told.status, told.header("cache-control")), (200, Some("no-store")), "{told:?}");
        offset(&told)
    }

    /// The head of a part and some of it; the rest is never sent.
    fn begin_part(&self, offset: usize, length: usize, some: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).expect("a connection");
        let head = format!(
            "PATCH {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/partial-upload\r\n\
             Upload-Offset: {offset}\r\nContent-Length: {length}\r\n\r\n",
            self.path(),
            self.address,
            self.key
        );
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(some)).expect("a connection");
        stream
    }
}

fn offset(answer: &http::Answer) -> usize {
    let told = answer.header("upload-offset").unwrap_or_else(|| panic!("no offset in {answer:?}"));
    told.parse().expect("a number")
}

fn json(answer: &http::Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error} in {answer:?}"))
}

/// The files of uploads.
fn kept(metrify: &Metrify) -> Vec<PathBuf> {
    let mut kept = Vec::new();
    walk(&metrify.data_dir().join("uploads"), &mut |path| kept.push(path.to_owned()));
    kept
}

fn bytes_kept(metrify: &Metrify) -> u64 {
    let bytes = kept(metrify).into_iter().filter(|path| path.extension().is_some_and(|of| of == "bytes"));
    bytes.map(|path| path.metadata().expect("a file").len()).sum()
}

fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("never: {what}");
}

/// Nothing but notes of what was received.
fn is_empty(metrify: &Metrify) -> bool {
    kept(metrify).iter().all(|path| path.extension().is_some_and(|of| of == "received"))
}

/// A server whose lake is left alone, so that all that is asked for lies in memory.
fn serve(metrify: &Metrify) -> Server {
    metrify.serve_with(&[("METRIFY_LANDING_INTERVAL_S", "3600")])
}

#[test]
fn three_parts_are_one_delivery() {
    let metrify = Metrify::new();
    let server = serve(&metrify);
    let whole = quarter_hours(2_900).into_bytes();
    let length = whole.len().to_string();
    let sender = Sender::begin(&server, &server.token, &[("Upload-Length", &length)]);
    let cuts = [0, 1, 300_001, whole.len()];
    for cut in cuts.windows(2).take(2) {
        let answer = sender.append(cut[0], &whole[cut[0]..cut[1]]);
        assert_eq!((answer.status, offset(&answer), answer.body.as_str()), (204, cut[1], ""), "{answer:?}");
        let told = sender.told("HEAD");
        let told = [told.header("upload-complete"), told.header("upload-length"), told.header("upload-offset")];
        assert_eq!(told, [Some("?0"), Some(length.as_str()), Some(cut[1].to_string().as_str())]);
    }
    assert_eq!(metrify.sql("select count(*) from readings"), "0", "nothing is received before all is there");
    let answer = sender.finish("?source=meters", cuts[2], &whole[cuts[2]..]);
    let receipt = json(&answer);
    assert_eq!((answer.status, answer.header("upload-complete")), (200, Some("?1")), "{answer:?}");
    assert_eq!((&receipt["stored"], &receipt["source"]), (&2_900.into(), &"meters".into()), "{receipt}");
    assert!(is_empty(&metrify), "{:?}", kept(&metrify));
    // The same bytes at once are the same delivery.
    let again = server.post("/api/v1/deliveries", &whole);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &answer.body));
    let anew = json(&server.post("/api/v1/deliveries?again=true", &whole));
    assert_eq!((&anew["duplicates"], &anew["delivery"]), (&2_900.into(), &receipt["delivery"]), "{anew}");
    assert_eq!(metrify.sql("select count(*) from readings"), "2900");
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn whoever_lost_the_receipt_gets_the_same_one() {
    let metrify = Metrify::new();
    let server = serve(&metrify);
    let whole = quarter_hours(50).into_bytes();
    let half = whole.len() / 2;
    for query in ["", "?again=true"] {
        let sender = Sender::of(&server);
        sender.append(0, &whole[..half]);
        let first = sender.finish(query, half, &whole[half..]);
        assert_eq!((first.status, first.header("idempotency-replayed")), (200, None), "{query}: {first:?}");
        let assert_same = |again: &http::Answer| {
            assert_eq!((again.status, &again.body, offset(again)), (200, &first.body, whole.len()), "{again:?}");
            assert_eq!(again.header("idempotency-replayed"), Some("true"));
        };
        assert_same(&sender.finish(query, half, &whole[half..]));
        assert_same(&sender.finish(query, whole.len(), b""));
        // What is no end of it is no part of it.
        for (offset, part, last) in [(half, &whole[half..], "?0"), (half, b"more of it" as &[u8], "?1"), (0, b"", "?1")]
        {
            let refused = sender.send(query, offset, &[("Upload-Complete", last)], part);
            assert_eq!((refused.status, refused.header("upload-complete")), (409, Some("?1")), "{refused:?}");
        }
        let otherwise = sender.finish("?format=csv", whole.len(), b"");
        assert_eq!(otherwise.status, 422, "{otherwise:?}");
        assert_eq!(sender.offset(), whole.len());
    }
    assert_eq!(metrify.sql("select count(*), sum(value) from readings"), "50,75");
    // After a restart as well.
    let sender = Sender::of(&server);
    sender.append(0, &whole);
    let receipt = sender.finish("", whole.len(), b"");
    let id = sender.id.clone();
    server.kill();
    let server = serve(&metrify);
    let again = Sender::at(&server, &server.token, &id).finish("", whole.len(), b"");
    assert_eq!((again.status, &again.body), (200, &receipt.body), "{again:?}");
}

#[test]
fn what_came_before_a_connection_broke_is_kept() {
    let metrify = Metrify::new();
    let server = serve(&metrify);
    let whole = quarter_hours(2_900).into_bytes();
    let sender = Sender::of(&server);
    let stream = sender.begin_part(0, whole.len(), &whole[..400_000]);
    stream.shutdown(Shutdown::Write).expect("a connection");
    let mut answer = String::new();
    drop((&stream).read_to_string(&mut answer));
    assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    assert_eq!(sender.offset(), 400_000, "every byte that came");
    let receipt = sender.finish("", 400_000, &whole[400_000..]);
    assert_eq!((receipt.status, &json(&receipt)["stored"]), (200, &2_900.into()), "{receipt:?}");
}

#[test]
fn whoever_comes_later_ends_who_takes_bytes_and_goes_on_where_that_ended() {
    let metrify = Metrify::new();
    let server = serve(&metrify);
    let whole = quarter_hours(2_000).into_bytes();
    let sender = Sender::of(&server);
    // A connection that is silent, and not known to be dead.
    let mut silent = sender.begin_part(0, whole.len(), &whole[..200_000]);
    until("bytes are kept", || bytes_kept(&metrify) > 0);
    let reached = sender.offset();
    assert!((1..=200_000).contains(&reached), "{reached}");
    let mut answer = String::new();
    silent.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 409") && answer.contains("another request came for it"), "{answer}");
    assert!(answer.contains(&format!("upload-offset: {reached}")), "{answer}");
    let receipt = sender.finish("", reached, &whole[reached..]);
    assert_eq!((receipt.status, &json(&receipt)["stored"]), (200, &2_000.into()), "{receipt:?}");
}

#[test]
fn a_part_goes_where_the_last_one_ended_and_nowhere_else() {
    let metrify = Metrify::new();
    let server = serve(&metrify);
    let whole = quarter_hours(10).into_bytes();
    let length = whole.len().to_string();
    let sender = Sender::begin(&server, &server.token, &[("Upload-Length", &length)]);
    sender.append(0, &whole[..100]);
    for wrong in [0, 99, 101, 999_999_999_999_999] {
        let answer = sender.append(wrong, &whole[100..200]);
        assert_eq!((answer.status, offset(&answer)), (409, 100), "{answer:?}");
        assert!(json(&answer)["hint"].as_str().is_some_and(|hint| hint.contains("100")), "{answer:?}");
    }
    let longer = [&whole[100..], b" "].concat();
    for answer in [sender.append(100, &longer), sender.finish("", 100, &longer)] {
        assert_eq!((answer.status, offset(&answer)), (400, 100), "{answer:?}");
    }
    let early = sender.finish("", 100, &whole[100..150]);
    assert_eq!((early.status, offset(&early), early.header("upload-complete")), (400, 150, Some("?0")), "{early:?}");
    let unread = [
        ("PATCH", vec![TYPE], 400),
        ("PATCH", vec![TYPE, ("Upload-Offset", "-1")], 400),
        ("PATCH", vec![TYPE, ("Upload-Offset", "150"), ("Upload-Offset", "150")], 400),
        ("PATCH", vec![TYPE, ("Upload-Offset", "150"), ("Upload-Complete", "true")], 400),
        ("PATCH", vec![("Content-Type", "text/csv"), ("Upload-Offset", "150")], 415),
        ("PATCH", vec![TYPE, ("Upload-Offset", "150"), ("Content-Encoding", "gzip")], 415),
        ("PUT", vec![TYPE], 405),
    ];
    for (method, headers, status) in unread {
        let answer = sender.ask(&format!("{method} {}", sender.path()), &headers, &whole[150..]);
        assert_eq!(answer.status, status, "{method} {headers:?}: {answer:?}");
    }
    for (headers, body) in [(vec![("Upload-Length", "many")], &b""[..]), (vec![], b"bytes")] {
        assert_eq!(sender.ask(&format!("POST {UPLOADS}"), &headers, body).status, 400, "{headers:?}");
    }
    assert_eq!(sender.finish("?formt=csv", 150, &whole[150..]).status, 400);
    assert_eq!(sender.finish("?format=nonsense", 150, b"").status, 400);
    assert_eq!(sender.offset(), 150);
    let receipt = sender.finish("", 150, &whole[150..]);
    assert_eq!((receipt.status, &json(&receipt)["stored"]), (200, &10.into()), "{receipt:?}");
}

#[test]
fn what_was_acknowledged_outlasts_servers_that_are_killed() {
    let metrify = Metrify::new();
    let whole = quarter_hours(2_900).into_bytes();
    let part = whole.len() / 5 + 1;
    let mut server = serve(&metrify);
    let id = Sender::of(&server).id;
    let mut acknowledged = 0;
    for killed in 0..5 {
        let sender = Sender::at(&server, &server.token, &id);
        let kept = sender.offset();
        assert!(kept >= acknowledged, "{kept} of {acknowledged} after {killed}");
        acknowledged = offset(&sender.append(kept, &whole[kept..(kept + part).min(whole.len())]));
        // The last one is killed in the middle of a part.
        let some = (acknowledged + 150_000).min(whole.len());
        let held = sender.begin_part(acknowledged, whole.len(), &whole[acknowledged..some]);
        server.kill();
        drop(held);
        server = serve(&metrify);
    }
    let sender = Sender::at(&server, &server.token, &id);
    let kept = sender.offset();
    assert!(kept >= acknowledged, "{kept} of {acknowledged}");
    let receipt = sender.finish("", kept, &whole[kept..]);
    assert_eq!((receipt.status, &json(&receipt)["stored"]), (200, &2_900.into()), "{receipt:?}");
    assert_eq!(metrify.sql("select count(*) from deliveries"), "1");
}

#[test]
fn an_upload_is_nobodys_but_its_principals() {
    let metrify = Metrify::new();
    let server = serve(&metrify);
    let ours = Client::of(&metrify, &server, "operator");
    let sender = Sender::begin(&server, &ours.key, &[]);
    sender.append(0, b"some of it");
    let nowhere = "0123456789abcdef0123456789abcdef";
    let others = [Client::of(&metrify, &server, "admin"), Client::of_new_tenant(&metrify, &server, "stadtwerk")];
    for other in &others {
        let ask = |id: &str, method: &str| {
            let headers = [TYPE, ("Upload-Offset", "10"), ("Upload-Complete", "?1"), ("X-Request-Id", "same")];
            let other = Sender::at(&server, &other.key, id);
            let answer = other.ask(&format!("{method} {}", other.path()), &headers, b"more");
            assert_eq!((answer.status, answer.header("upload-offset")), (404, None), "{method}: {answer:?}");
            answer.body.replace(id, "ID")
        };
        for method in ["GET", "HEAD", "PATCH", "DELETE"] {
            assert_eq!(ask(&sender.id, method), ask(nowhere, method), "{method}");
        }
    }
    for wrong in ["..", "%2e%2e%2fdefault", "x", &sender.id.to_uppercase(), &format!("{}.bytes", sender.id)] {
        let status = Sender::at(&server, &ours.key, wrong).told("DELETE").status;
        assert!([400, 404, 405].contains(&status), "{wrong}: {status}");
    }
    assert_eq!(sender.offset(), 10);
}

#[test]
fn whoever_may_not_deliver_is_told_before_anything_is_taken() {
    let metrify = Metrify::new();
    let server = serve(&metrify);
    let sender = Sender::of(&server);
    let viewer = Client::of(&metrify, &server, "viewer");
    let viewer = Sender::at(&server, &viewer.key, &sender.id);
    assert_eq!(viewer.ask(&format!("POST {UPLOADS}"), &[], b"").status, 403);
    for method in ["GET", "DELETE"] {
        assert_eq!(viewer.told(method).status, 403, "{method}");
    }
    // Nothing of the body is sent, and the answer comes all the same.
    let mut answer = String::new();
    viewer.begin_part(0, 1_000_000, b"").read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert_eq!(sender.offset(), 0);
}

#[test]
fn a_key_that_is_taken_back_meanwhile_delivers_nothing() {
    let metrify = Metrify::new();
    let server = serve(&metrify);
    let key = Client::of(&metrify, &server, "api").key;
    let whole = quarter_hours(4).into_bytes();
    let sender = Sender::begin(&server, &key, &[]);
    let head = format!(
        "PATCH {} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {key}\r\nContent-Type: application/partial-upload\r\n\
         Upload-Offset: 0\r\nUpload-Complete: ?1\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        sender.path(),
        whole.len()
    );
    let mut stream = TcpStream::connect(&server.address).expect("a connection");
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&whole[..100])).expect("a connection");
    let id = key.split('_').nth(1).expect("the id of a key");
    assert_eq!(metrify.run(&["key", "revoke", id]).code, Some(0));
    stream.write_all(&whole[100..]).expect("a connection");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert_eq!(metrify.sql("select count(*) from deliveries"), "0");
}

#[test]
fn what_is_begun_and_given_up_stands_in_the_audit_log() {
    let metrify = Metrify::new();
    let server = serve(&metrify);
    let sender = Sender::of(&server);
    sender.append(0, b"some of it");
    let gone = sender.told("DELETE");
    assert_eq!((gone.status, gone.body.as_str()), (204, ""));
    assert_eq!(kept(&metrify), Vec::<PathBuf>::new());
    for method in ["HEAD", "DELETE"] {
        assert_eq!(sender.told(method).status, 404, "{method}");
    }
    assert_eq!(sender.append(10, b"more").status, 404);
    let entries = metrify.run(&["audit", "list", "-o", "csv", "--subject", &sender.id]).stdout;
    let outcomes: Vec<&str> = entries
        .lines()
        .filter_map(|line| line.split_once(&format!(",deliver,deliveries,{},", sender.id))?.1.split(',').next())
        .collect();
    assert_eq!(
        outcomes,
        ["begun", "done", "begun", "done", "not_found", "begun", "not_found", "not_found"],
        "{entries}"
    );
}

#[test]
fn so_many_are_under_way_at_once_and_no_more() {
    let metrify = Metrify::new();
    let server = metrify.serve_with(&[("METRIFY_SERVER_KEY_RATE", "0"), ("METRIFY_SERVER_TENANT_RATE", "0")]);
    let all: Vec<Sender<'_>> = (0..64).map(|_| Sender::of(&server)).collect();
    let refused = all[0].ask(&format!("POST {UPLOADS}"), &[], b"");
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")), "{refused:?}");
    assert!(json(&refused)["hint"].as_str().is_some_and(|hint| hint.contains("DELETE")), "{refused:?}");
    assert_eq!(all[0].told("DELETE").status, 204);
    // What was received is none of them.
    let whole = quarter_hours(1).into_bytes();
    assert_eq!(Sender::of(&server).finish("", 0, &whole).status, 200);
    Sender::of(&server);
    // Another tenant has its own.
    let theirs = Client::of_new_tenant(&metrify, &server, "stadtwerk");
    Sender::begin(&server, &theirs.key, &[]);
}

/// As if nobody had gone on for a day and an hour.
fn age(metrify: &Metrify) {
    for path in kept(metrify) {
        let then = SystemTime::now() - Duration::from_secs(25 * 60 * 60);
        let file = File::options().append(true).open(path).expect("a file");
        file.set_modified(then).expect("set its time back");
    }
}

#[test]
fn uploads_with_which_nobody_goes_on_are_deleted() {
    let metrify = Metrify::new();
    let server = serve(&metrify);
    let old = Sender::of(&server);
    old.append(0, b"some of it");
    let received = Sender::of(&server);
    assert_eq!(received.finish("", 0, quarter_hours(1).as_bytes()).status, 200);
    age(&metrify);
    for sender in [&old, &received] {
        assert_eq!(sender.told("HEAD").status, 404);
        assert_eq!(sender.append(10, b"more").status, 404);
    }
    let young = Sender::of(&server);
    assert!(kept(&metrify).iter().all(|path| path.display().to_string().contains(&young.id)), "{:?}", kept(&metrify));
    age(&metrify);
    assert_eq!(server.stop().code, Some(0));
    let server = serve(&metrify);
    assert_eq!(kept(&metrify), Vec::<PathBuf>::new());
    drop(server);
}

#[test]
fn a_full_disk_keeps_what_it_told_and_goes_on_once_there_is_room() {
    let Some(disk) = Disk::new("16m") else { return };
    let metrify = Metrify::on(disk.data_dir());
    let server = serve(&metrify);
    let whole = quarter_hours(2_900).into_bytes();
    let sender = Sender::of(&server);
    assert_eq!(sender.append(0, &whole[..100]).status, 204);
    disk.fill();
    let full = sender.append(100, &whole[100..]);
    assert_eq!(full.status, 503, "{full:?}");
    let told = offset(&full);
    assert!((100..whole.len()).contains(&told) && sender.offset() == told, "{full:?}");
    disk.relieve();
    let receipt = sender.finish("", told, &whole[told..]);
    assert_eq!((receipt.status, &json(&receipt)["stored"]), (200, &2_900.into()), "{receipt:?}");
}

/// Hands bytes on to a server, and breaks one connection once so many went to it.
struct Wire {
    address: String,
    breaks: Arc<AtomicU64>,
}

impl Wire {
    fn to(server: &Server, breaks_after: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let (to, breaks, sent) = (server.address.clone(), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let broken = breaks.clone();
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let (near, far) = (near.expect("a connection"), TcpStream::connect(&to).expect("a connection"));
                let (back, forth) = (pair(&far, &near), pair(&near, &far));
                std::thread::spawn(move || hand_on(back.0, back.1, |_| true));
                let (sent, broken) = (sent.clone(), broken.clone());
                std::thread::spawn(move || {
                    hand_on(forth.0, forth.1, |bytes| {
                        let before = sent.fetch_add(bytes, Ordering::SeqCst);
                        let holds = before >= breaks_after || before + bytes < breaks_after;
                        broken.fetch_add(u64::from(!holds), Ordering::SeqCst);
                        holds
                    });
                });
            }
        });
        Self { address, breaks }
    }
}

fn pair(from: &TcpStream, to: &TcpStream) -> (TcpStream, TcpStream) {
    (from.try_clone().expect("a connection"), to.try_clone().expect("a connection"))
}

fn hand_on(mut from: TcpStream, mut to: TcpStream, holds: impl Fn(u64) -> bool) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        if !holds(read as u64) || to.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    // The other side may have closed it already.
    for stream in [from, to] {
        drop(stream.shutdown(Shutdown::Both));
    }
}

fn ingest(elsewhere: &Metrify, address: &str, key: &str, file: &Path) -> Ran {
    let mut command = elsewhere.command(&["--server", &format!("http://{address}"), "ingest", "-o", "json"]);
    ran(command.env("METRIFY_KEY", key).arg(file))
}

#[test]
fn the_program_sends_large_files_in_parts_and_goes_on_where_a_connection_broke() {
    let (metrify, elsewhere) = (Metrify::new(), Metrify::new());
    let server = serve(&metrify);
    let key = Client::of(&metrify, &server, "api").key;
    // Large, and mostly nothing, so that it is soon read.
    let nothing = " ".repeat((64 << 10) - 1) + "\n";
    let large = elsewhere.file("large.ndjson", quarter_hours(500) + &nothing.repeat(1_100) + "nonsense\n");
    let wire = Wire::to(&server, 45 << 20);
    let sent = ingest(&elsewhere, &wire.address, &key, &large);
    assert_eq!(sent.code, Some(2), "{sent:?}");
    assert_eq!(wire.breaks.load(Ordering::SeqCst), 1, "the connection broke");
    let receipts = Receipts::of(&sent.stdout);
    assert_eq!(receipts.sum(), "501 = 500 stored + 0 duplicates + 0 corrections + 1 rejected");
    assert!(is_empty(&metrify), "{:?}", kept(&metrify));
    // It is received anew when it is sent anew, as any file is.
    let again = Receipts::of(&ingest(&elsewhere, &server.address, &key, &large).stdout);
    assert_eq!((again.total("stored"), again.total("duplicates")), (0, 500));
    let entries = metrify.run(&["audit", "list", "-o", "csv"]).stdout;
    assert_eq!(
        entries.matches(",deliver,deliveries,").count(),
        2 * 3,
        "two uploads that were begun, two deliveries: {entries}"
    );
}
