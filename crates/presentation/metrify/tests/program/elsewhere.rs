//! `--server`: a command is answered by that server, or says that it cannot be; never out of this machine's data.

use crate::support::{Metrify, POINT, Ran, http, quarter_hours, ran};

/// Of a command, what makes it ask something, or the name of the reason for which it asks no server.
enum Here {
    /// Answered by the server.
    Asks(&'static [&'static [&'static str]]),
    /// Refused: it works on the data of its own machine.
    Refuses(&'static [&'static str]),
    /// It asks nobody: it prints or writes what follows from its arguments alone.
    AsksNobody,
}

/// Every command, so that one that is added has to be added here.
const COMMANDS: &[(&str, Here)] = &[
    ("ingest", Here::Asks(&[&["ingest", "day.ndjson"]])),
    ("sql", Here::Asks(&[&["sql", "select count(*) from readings"]])),
    ("up", Here::Refuses(&["up", "--listen", "127.0.0.1:0"])),
    ("simulate", Here::Asks(&[&["simulate", "--meters", "1", "--days", "1"]])),
    ("export", Here::Asks(&[&["export", "--out", "export.csv"]])),
    ("message", Here::Asks(&[MSCONS])),
    ("deliveries", Here::Asks(&[&["deliveries", "replay", "--since", "2025-01-01"], &["deliveries", "list"]])),
    ("rejects", Here::Asks(&[&["rejects", "list"]])),
    ("job", Here::Asks(&[&["job", "list"]])),
    ("points", Here::Asks(&[&["points"], &["points", "confirm", POINT]])),
    ("key", Here::Asks(&[&["key", "list"]])),
    ("user", Here::Asks(&[&["user", "list"]])),
    // What they do needs a terminal or a login: tests of logins do it.
    ("login", Here::AsksNobody),
    ("logout", Here::AsksNobody),
    ("tenant", Here::Asks(&[&["tenant", "list"]])),
    ("policy", Here::Asks(&[&["policy", "explain"]])),
    ("grant", Here::Asks(&[&["grant", "list"]])),
    ("audit", Here::Asks(&[&["audit", "verify"], &["audit", "list"]])),
    ("registry", Here::Refuses(&["registry", "rebuild"])),
    ("migrate", Here::Refuses(&["migrate"])),
    ("doctor", Here::Asks(&[&["doctor"]])),
    ("config", Here::AsksNobody),
    ("completions", Here::AsksNobody),
];

const MSCONS: &[&str] = &[
    "message",
    "mscons",
    "--application",
    "13025",
    "--point",
    POINT,
    "--start",
    "2025-01-02",
    "--end",
    "2025-01-03",
    "--sender",
    "9905048000007",
    "--receiver",
    "9903100000006",
    "--out",
    "curve.edi",
];

/// A machine that has no data, and asks a server.
struct Elsewhere {
    machine: Metrify,
    url: String,
    key: String,
}

impl Elsewhere {
    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.machine.command(arguments);
        command.args(["--server", &self.url]).env("METRIFY_KEY", &self.key);
        ran(command.current_dir(self.machine.path("")))
    }

    fn has_no_data(&self) -> bool {
        !self.machine.data_dir().exists()
    }
}

#[test]
fn every_command_is_answered_by_the_server_that_is_named_or_refuses() {
    let metrify = Metrify::new();
    let key = metrify.run(&["key", "create", "--role", "admin"]).stdout.trim().to_owned();
    let server = metrify.serve();
    let elsewhere = Elsewhere { machine: Metrify::new(), url: format!("http://{}", server.address), key };
    elsewhere.machine.file("day.ndjson", quarter_hours(192));
    let help = elsewhere.machine.run(&["--help"]).stdout;
    let listed = commands(&help);
    assert_eq!(listed, COMMANDS.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for (name, here) in COMMANDS {
        match here {
            Here::Asks(calls) => {
                for call in *calls {
                    let before = requests(&server.address);
                    let done = elsewhere.run(call);
                    assert_eq!(done.code, Some(0), "{call:?}: {done:?}");
                    // The second of the two is the one that counts.
                    assert!(requests(&server.address) >= before + 2, "{name} asked the server nothing");
                }
            }
            Here::Refuses(call) => elsewhere.run(call).failed_with(&[name, "leave --server"]),
            Here::AsksNobody => {}
        }
        assert!(elsewhere.has_no_data(), "{name} made a data directory");
    }
    let doctor = elsewhere.run(&["doctor", "-o", "csv"]).stdout;
    let told: Vec<&str> = doctor.lines().filter_map(|line| line.split(',').next()).collect();
    assert!(told.contains(&"server: registry") && !told.contains(&"data directory"), "{doctor}");
    server.stop();
    let gone = elsewhere.run(&["doctor", "-o", "csv"]);
    assert!(gone.code == Some(1) && gone.stdout.contains("server,bad"), "{gone:?}");
}

/// The names in the help.
fn commands(help: &str) -> Vec<&str> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect()
}

/// How many requests the server has answered.
fn requests(address: &str) -> u64 {
    let answer = http::send_with(address, "GET /metrics", &[], b"").expect("the metrics");
    let counts = answer.body.lines().filter(|line| line.starts_with("metrify_http_requests_total"));
    counts.filter_map(|line| line.rsplit(' ').next()).map(|count| count.parse::<u64>().expect("a count")).sum()
}
