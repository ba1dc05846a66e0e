//! Nobody has the house for himself: whatever one tenant asks for, or does not take, another one's small query is answered soon.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::api::Client;
use crate::support::{Metrify, OTHER_POINT, POINT, Server, quarter_hour, quarter_hours, walk};
use crate::wire::{ON, clients, python, spoken_at};

/// How long a tenant that has nothing under way may wait for the answer to a small query, on two cores.
const SOON: Duration = Duration::from_secs(2);
/// Groups and joins of nearly nine hundred million rows: no end within a test.
const HEAVY: &str =
    "select count(*), max(a.value * b.value + c.value) from readings a, readings b, readings c group by a.value % 7";

/// How long a small query takes.
fn small(client: &Client) -> Duration {
    let began = Instant::now();
    let query = json!({"query": "select count(*), sum(value) from readings"}).to_string();
    let answer = client.send("POST", "/api/v1/sql", &[], query.as_bytes());
    assert_eq!(answer.status, 200, "{answer:?}");
    began.elapsed()
}

fn soon(what: &str, client: &Client) {
    let took: Vec<Duration> = (0..5).map(|_| small(client)).collect();
    writeln!(std::io::stderr(), "{what}: {took:?}").expect("standard error");
    assert!(took.iter().all(|took| *took < SOON), "{what}: {took:?}");
}

/// A house with readings of three tenants.
fn house() -> Metrify {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(960));
    metrify
}

fn other<'s>(metrify: &Metrify, server: &'s Server, name: &str) -> Client<'s> {
    let other = Client::of_new_tenant(metrify, server, name);
    assert_eq!(other.send("POST", "/api/v1/deliveries", &[], quarter_hours(960).as_bytes()).status, 200);
    other
}

/// Seconds of a core that a process took.
fn cpu_s(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("the state of the process");
    let behind = stat.rsplit_once(')').expect("its name").1;
    let ticks = behind.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<f64>().expect("a number"));
    ticks.sum::<f64>() / 100.0
}

/// Waits until a server computes.
fn until_it_computes(server: &Server) {
    let (before, began) = (cpu_s(server.process()), Instant::now());
    while cpu_s(server.process()) < before + 0.5 {
        assert!(began.elapsed() < Duration::from_secs(30), "nothing is computed");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_small_query_is_answered_soon_whatever_other_tenants_compute() {
    let metrify = house();
    let server = metrify.serve_with(&[("METRIFY_QUERY_TIME_S", "30")]);
    let ann = Client::of(&metrify, &server, "analyst");
    let [bea, cem, dan] = ["bea", "cem", "dan"].map(|name| other(&metrify, &server, name));
    let heavy = json!({"query": HEAVY}).to_string();
    let ask = &|client: &Client| client.send("POST", "/api/v1/sql", &[], heavy.as_bytes()).status;
    let statuses = std::thread::scope(|threads| {
        let ask_often = |client| (0..20).map(|_| threads.spawn(move || ask(client))).collect::<Vec<_>>();
        let mut asked = ask_often(&ann);
        until_it_computes(&server);
        soon("beside twenty heavy queries of one tenant", &bea);
        asked.extend(ask_often(&cem));
        until_it_computes(&server);
        soon("beside forty of two", &dan);
        asked.into_iter().map(|asked| asked.join().expect("an answer")).collect::<Vec<u16>>()
    });
    assert!(statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
}

/// Clients of PostgreSQL's protocol that ask for all pairs of readings, and take one row.
fn slow_readers(python: &Path, (address, key): (&str, &str), count: usize) -> Child {
    let mut command = clients(python, "slow_readers", address);
    let command = command.arg(count.to_string()).env("WIRE_KEY", key);
    let mut readers = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("start the clients");
    let mut said = BufReader::new(readers.stdout.as_mut().expect("its output")).lines();
    assert_eq!(said.next().expect("a line").expect("text"), "waiting");
    readers
}

#[test]
fn whoever_does_not_take_its_answers_keeps_nobody_waiting() {
    let Some(python) = python() else { return };
    let metrify = house();
    let server = metrify.serve_with(&[ON[0], ON[1], ("METRIFY_QUERY_TIME_S", "120")]);
    let (postgres, _) = spoken_at(&metrify);
    let ann = Client::of(&metrify, &server, "analyst");
    let bea = other(&metrify, &server, "bea");
    let mut few = slow_readers(&python, (&postgres, &ann.key), 12);
    // They do not hold the turns of their own tenant, once as much was made of each as a connection takes.
    let began = Instant::now();
    while small(&ann) > SOON {
        assert!(began.elapsed() < Duration::from_secs(60), "their tenant has no turn");
    }
    soon("beside twelve slow readers of the same tenant", &ann);
    soon("beside twelve slow readers of another tenant", &bea);
    let mut many = slow_readers(&python, (&postgres, &ann.key), 60);
    soon("beside seventy slow readers of another tenant", &bea);
    for readers in [&mut few, &mut many] {
        drop(readers.stdin.take());
        assert!(readers.wait().expect("its end").success());
    }
    // What they left is free again.
    soon("once they left", &ann);
}

/// Puts something in the place of a tenant's files of readings that does not answer, as a disk that hangs.
fn let_readings_hang(metrify: &Metrify, tenant: &str) -> Vec<PathBuf> {
    // What is kept beside the files may go: it is made again, of the files.
    std::fs::remove_dir_all(metrify.data_dir().join("held")).expect("what is kept beside the lake");
    let mut files = Vec::new();
    walk(&metrify.data_dir().join("lake").join(tenant).join("readings"), &mut |path| {
        if path.extension().is_some_and(|extension| extension == "parquet") {
            files.push(path.to_owned());
        }
    });
    assert_ne!(files.len(), 0);
    for file in &files {
        std::fs::remove_file(file).expect("a file of the lake");
        assert!(Command::new("mkfifo").arg(file).status().expect("run mkfifo").success());
    }
    files
}

/// Sends a delivery and does not wait for the answer.
fn deliver(server: &Server, key: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&server.address).expect("the server");
    let head = format!("POST /api/v1/deliveries HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nConnection: close\r\n");
    write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).expect("the server");
    stream.set_read_timeout(Some(SOON)).expect("a limit");
    stream
}

#[test]
fn a_tenant_whose_tables_do_not_answer_keeps_no_other_waiting() {
    let metrify = house();
    let server = metrify.serve();
    let bea = other(&metrify, &server, "bea");
    let_readings_hang(&metrify, "default");
    let key = Client::of(&metrify, &server, "operator").key;
    let mut hanging = deliver(&server, &key, &quarter_hour(POINT, 0, "77"));
    assert!(hanging.read(&mut [0]).is_err(), "it was answered, although its table does not answer");
    let began = Instant::now();
    let answer = bea.send("POST", "/api/v1/deliveries", &[], quarter_hours(97).as_bytes());
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
}

#[test]
fn a_delivery_that_cannot_be_settled_keeps_no_other_from_it() {
    let metrify = house();
    let server = metrify.serve();
    let files = let_readings_hang(&metrify, "default");
    let key = Client::of(&metrify, &server, "operator").key;
    let mut first = deliver(&server, &key, &quarter_hour(POINT, 0, "77"));
    assert!(first.read(&mut [0]).is_err(), "it was answered, although its table does not answer");
    // These wait for the turn, and are settled together.
    let second = deliver(&server, &key, &quarter_hour(POINT, 1, "77"));
    let third = deliver(&server, &key, &quarter_hour(OTHER_POINT, 1, "77"));
    std::thread::sleep(SOON / 4);
    for file in files {
        // Whoever waits for it reads nothing of it; whoever comes later, something that is none.
        let hanging = OpenOptions::new().read(true).write(true).open(&file).expect("what hangs");
        std::fs::remove_file(&file).expect("what hangs");
        std::fs::write(&file, "no Parquet").expect("a damaged file");
        drop(hanging);
    }
    let [first, second, third] = [first, second, third].map(|mut stream| {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    });
    for damaged in [first, second] {
        assert!(damaged.starts_with("HTTP/1.1 5") && damaged.contains("read data file"), "{damaged}");
    }
    assert!(third.starts_with("HTTP/1.1 200"), "{third}");
}
