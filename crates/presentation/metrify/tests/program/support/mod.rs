//! The front door that the tests of the program share: the built binary with a data directory of its own.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::expect_used, clippy::panic, reason = "what a helper of a test expects, the test expects")]

pub mod api;
pub mod http;
pub mod mscons;
pub mod postgresql;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// The program and a data directory that nobody else uses.
pub struct Metrify {
    folder: TempDir,
    data_dir: PathBuf,
}

impl Metrify {
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a folder for the test");
        let data_dir = folder.path().join("data");
        Self { folder, data_dir }
    }

    /// With its data elsewhere, such as on a small disk.
    pub fn on(data_dir: PathBuf) -> Self {
        Self { folder: TempDir::new().expect("a folder for the test"), data_dir }
    }

    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// A place beside the data.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file beside the data.
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("make the folder of the file");
        std::fs::write(&path, bytes).expect("write the file");
        path
    }

    /// The program before it starts, without what the caller's environment says about it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_metrify"));
        let others = ["SERVER_CA", "CLIENT_CERTIFICATE", "CLIENT_KEY"];
        for name in ["ENVIRONMENT", "CONFIG", "DATA_DIR", "OUTPUT", "SERVER", "KEY"].into_iter().chain(others) {
            command.env_remove(format!("METRIFY_{name}"));
        }
        command.arg("--data-dir").arg(&self.data_dir).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        ran(&mut self.command(arguments))
    }

    /// Takes files in; the receipts have to add up and to agree with the exit code.
    pub fn ingest(&self, paths: &[&Path]) -> Receipts {
        self.ingest_with(paths, &[])
    }

    pub fn ingest_with(&self, paths: &[&Path], options: &[&str]) -> Receipts {
        let mut command = self.command(&["ingest", "-o", "json"]);
        command.args(options).args(paths);
        let ran = ran(&mut command);
        let receipts = Receipts::of(&ran.stdout);
        let expected = if receipts.total("rejected") == 0 { 0 } else { 2 };
        assert_eq!(ran.code, Some(expected), "{}\n{}", ran.stderr, ran.stdout);
        receipts
    }

    /// Takes one file of these bytes in.
    pub fn take_in(&self, name: &str, bytes: impl AsRef<[u8]>) -> Receipts {
        self.ingest(&[&self.file(name, bytes)])
    }

    /// The answer's rows as CSV, without the names of its columns.
    pub fn sql(&self, query: &str) -> String {
        let ran = self.run(&["sql", "-o", "csv", query]);
        assert_eq!(ran.code, Some(0), "{query}\n{}", ran.stderr);
        let rows = ran.stdout.split_once('\n').map(|(_, rows)| rows);
        rows.expect("a line of column names").trim_end().to_owned()
    }

    /// What everybody would be told, in one order: all of `readings` but its delivery and the time of receipt.
    pub fn answers(&self, rule: &str) -> String {
        let columns = "point, quantity, kind, period_start, period_end, value, unit, quality, method, reason";
        self.sql(&format!(
            "select {columns} from readings where {rule} order by point, quantity, period_start, period_end"
        ))
    }

    /// Starts a server on a free port.
    pub fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// With some of its settings in variables.
    pub fn serve_with(&self, variables: &[(&str, &str)]) -> Server {
        let mut command = self.command(&["up", "--listen", ANY_PORT]);
        command.envs(variables.iter().copied());
        Server::start(command, &self.data_dir)
    }

    pub fn serve_at(&self, address: &str) -> Server {
        Server::start(self.command(&["up", "--listen", address]), &self.data_dir)
    }

    /// With a fleet of so many meters.
    pub fn serve_simulated(&self, meters: u32) -> Server {
        Server::start(self.command(&["up", "--listen", ANY_PORT, "--simulate", &meters.to_string()]), &self.data_dir)
    }

    /// Every file of the data directory with its size, but for the lock and what is there only while a process runs.
    pub fn files(&self, under: &str) -> String {
        let mut list = Vec::new();
        let root = self.data_dir.join(under);
        walk(&root, &mut |path| {
            let size = path.metadata().map(|about| about.len());
            // A server at work may delete a file between the look at its folder and this one: it is not there.
            if size.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
                return;
            }
            let bytes = size.expect("the size of a file");
            list.push(format!("{} {bytes}", path.strip_prefix(&root).expect("a path below").display()));
        });
        list.sort();
        list.join("\n")
    }
}

const ANY_PORT: &str = "127.0.0.1:0";

/// Hands every file under a folder to `each`.
pub fn walk(folder: &Path, each: &mut dyn FnMut(&Path)) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("read a folder")
        .map(|entry| entry.expect("an entry of the folder").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { walk(&path, each) } else { each(&path) }
    }
}

/// How a command ended and what it said.
#[derive(Debug)]
pub struct Ran {
    /// `None` where a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

pub fn ran(command: &mut Command) -> Ran {
    said(&command.output().expect("run the program"))
}

pub fn said(output: &Output) -> Ran {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8 from the program");
    let ran = Ran { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) };
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

impl Ran {
    /// The command failed, said so on standard error with each of `words`, and nothing on standard output.
    pub fn failed_with(&self, words: &[&str]) {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        for word in words {
            assert!(self.stderr.contains(word), "`{word}` is missing in: {}", self.stderr);
        }
    }
}

/// What `ingest -o json` prints.
pub struct Receipts {
    report: Value,
}

const COUNTS: [&str; 5] = ["received", "stored", "duplicates", "corrections", "rejected"];

impl Receipts {
    /// The counts have to add up in each receipt and in the total, and rejections have to have reasons.
    pub fn of(json: &str) -> Self {
        let report: Value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error} in: {json}"));
        let receipts = Self { report };
        for receipt in receipts.all() {
            adds_up(receipt);
            let problems = receipt["problems"].as_array().expect("problems");
            assert_eq!(problems.is_empty(), receipt["rejected"] == 0, "{receipt}");
            assert!(problems.iter().all(|problem| problem["reason"] != ""), "{receipt}");
        }
        adds_up(&receipts.report["total"]);
        for name in COUNTS {
            let sum: u64 = receipts.all().iter().map(|receipt| count(receipt, name)).sum();
            assert_eq!(sum, receipts.total(name), "the total of {name}");
        }
        receipts
    }

    pub fn all(&self) -> &[Value] {
        self.report["deliveries"].as_array().expect("deliveries")
    }

    pub fn total(&self, name: &str) -> u64 {
        count(&self.report["total"], name)
    }

    /// Such as `5 = 2 stored + 1 duplicates + 1 corrections + 1 rejected`.
    pub fn sum(&self) -> String {
        sum(&self.report["total"])
    }

    /// `position: reason` of every problem, a line each.
    pub fn problems(&self) -> String {
        let problems = self.all().iter().flat_map(|receipt| receipt["problems"].as_array().expect("problems"));
        let text = |problem: &Value, name: &str| problem[name].as_str().expect("text").to_owned();
        let lines = problems.map(|problem| format!("{}: {}", text(problem, "position"), text(problem, "reason")));
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn count(receipt: &Value, name: &str) -> u64 {
    receipt[name].as_u64().unwrap_or_else(|| panic!("no count `{name}` in {receipt}"))
}

/// Such as `5 = 2 stored + 1 duplicates + 1 corrections + 1 rejected`.
pub fn sum(receipt: &Value) -> String {
    let mut text = format!("{} =", count(receipt, "received"));
    for (place, name) in COUNTS.iter().enumerate().skip(1) {
        let sign = if place > 1 { " +" } else { "" };
        write!(text, "{sign} {} {name}", count(receipt, name)).expect("text");
    }
    text
}

pub fn adds_up(receipt: &Value) {
    let parts: u64 = COUNTS[1..].iter().map(|name| count(receipt, name)).sum();
    assert_eq!(count(receipt, "received"), parts, "{receipt}");
}

/// A server that was started for a test; it is killed when it is dropped.
pub struct Server {
    process: Child,
    pub address: String,
    pub token: String,
}

/// How long a process may take to start or to end, in looks this far apart.
const LOOKS_MAX: u32 = 12_000;
const LOOK: Duration = Duration::from_millis(5);

impl Server {
    fn start(mut command: Command, data_dir: &Path) -> Self {
        let mut process = command.spawn().expect("start the server");
        let identity = process.id();
        for _ in 0..LOOKS_MAX {
            let text = std::fs::read_to_string(data_dir.join("server.json")).unwrap_or_default();
            let said: Value = serde_json::from_str(&text).unwrap_or_default();
            // The file of one that was killed may still be there.
            if said["process"].as_u64() == Some(u64::from(identity)) {
                let text = |name: &str| said[name].as_str().expect("text in server.json").to_owned();
                return Self { process, address: text("url").replace("http://", ""), token: text("token") };
            }
            assert!(process.try_wait().expect("look after the server").is_none(), "the server ended while it started");
            std::thread::sleep(LOOK);
        }
        panic!("the server did not start");
    }

    pub fn process(&self) -> u32 {
        self.process.id()
    }

    /// What it said first.
    pub fn first_line(&mut self) -> String {
        let mut line = Vec::new();
        let pipe = self.process.stdout.as_mut().expect("a pipe");
        // Byte by byte: what follows is left for who reads all of it.
        for byte in std::io::Read::bytes(pipe) {
            match byte.expect("what the server said") {
                b'\n' => break,
                byte => line.push(byte),
            }
        }
        String::from_utf8(line).expect("UTF-8")
    }

    pub fn post(&self, path: &str, body: &[u8]) -> http::Answer {
        self.post_with(path, &[], body)
    }

    pub fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> http::Answer {
        let token = format!("Bearer {}", self.token);
        let headers: Vec<(&str, &str)> = headers.iter().copied().chain([("Authorization", token.as_str())]).collect();
        http::send_with(&self.address, &format!("POST {path}"), &headers, body).expect("an answer")
    }

    /// As `kill -9` does.
    pub fn kill(mut self) {
        self.process.kill().expect("kill the server");
        self.process.wait().expect("wait for the server");
    }

    /// Tells it to stop with SIGTERM and waits until it has.
    pub fn stop(mut self) -> Ran {
        let told = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().expect("run kill");
        assert!(told.success(), "no signal could be sent");
        for _ in 0..LOOKS_MAX {
            if let Some(status) = self.process.try_wait().expect("look after the server") {
                let read = |pipe: Option<&mut dyn std::io::Read>| {
                    let mut bytes = Vec::new();
                    pipe.expect("a pipe").read_to_end(&mut bytes).expect("what the server said");
                    bytes
                };
                let stdout = read(self.process.stdout.as_mut().map(|pipe| pipe as &mut dyn std::io::Read));
                let stderr = read(self.process.stderr.as_mut().map(|pipe| pipe as &mut dyn std::io::Read));
                return said(&Output { status, stdout, stderr });
            }
            std::thread::sleep(LOOK);
        }
        panic!("the server did not stop");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, which is all that is wanted.
        if self.process.kill().is_ok() {
            drop(self.process.wait());
        }
    }
}

/// Tells, past the capture of the test's output, that a test was not made.
pub fn skipped(why: &str) {
    writeln!(std::io::stderr(), "SKIPPED: {why}").expect("standard error");
}

/// The folder of the samples beside the project; `None`, with a visible line, where it is absent.
pub fn samples() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/samples");
    if folder.is_dir() {
        return Some(folder.canonicalize().expect("the path of the samples"));
    }
    skipped("no samples beside the project");
    None
}

/// A seeded sequence for moments and choices: the same in every run.
pub struct Chance(u64);

impl Chance {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// A quarter-hour of 2025-01-01 as a line of NDJSON.
pub fn quarter_hour(point: &str, number: u32, value: &str) -> String {
    let stamp =
        |number: u32| format!("2025-01-{:02}T{:02}:{:02}:00Z", 1 + number / 96, number / 4 % 24, number % 4 * 15);
    let (start, end) = (stamp(number), stamp(number + 1));
    format!(
        "{{\"point\":\"{point}\",\"quantity\":\"1-0:1.29.0\",\"period_start\":\"{start}\",\"period_end\":\"{end}\",\
         \"value\":{value},\"unit\":\"kWh\"}}\n"
    )
}

/// A market location whose check digit is right.
pub const POINT: &str = "50120962218";
pub const OTHER_POINT: &str = "51481308448";

/// The first `count` quarter-hours of 2025 at [`POINT`], each 1.5 kWh.
pub fn quarter_hours(count: u32) -> String {
    (0..count).map(|number| quarter_hour(POINT, number, "1.5")).collect()
}
