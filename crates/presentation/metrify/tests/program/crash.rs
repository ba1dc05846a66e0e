//! A stop at any moment loses nothing that was acknowledged, and doubles nothing.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use crate::support::api::Client;
use crate::support::{Chance, Metrify, OTHER_POINT, http, quarter_hour};

/// A fleet with corrections, duplicates and late values among its lines.
fn fleet(metrify: &Metrify, meters: u32, days: u32) -> PathBuf {
    let path = metrify.path("fleet.ndjson");
    let (meters, days, out) = (meters.to_string(), days.to_string(), path.display().to_string());
    let ran = metrify.run(&["simulate", "--meters", &meters, "--days", &days, "--seed", "11", "--out", &out]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    path
}

/// Readings, distinct keys and the exact sum of each quantity.
const ACCOUNT: &str = "select quantity, count(*), count(distinct (point || ' ' || cast(period_start as text) || ' ' || \
                       cast(period_end as text))), sum(value) from readings group by 1 order by 1";
/// Every version that there is, without the time of receipt.
const VERSIONS: &str = "select count(*), count(distinct key) from (select concat_ws(' ', point, quantity, period_start, period_end, \
                        value, quality) as key from readings_history)";

/// What was noticed, each by all that it says but when.
const FINDINGS: &str = "select count(*), count(distinct said) from (select concat_ws(' ', rule, point, quantity, period_start, position, \
                        reason) as said from findings)";

/// Gives every thousandth line a field that means nothing: something is noticed in all parts of the file.
fn with_things_to_notice(file: &Path) {
    let text = std::fs::read_to_string(file).expect("the fleet");
    let lines = text.lines().enumerate().map(|(number, line)| match number % 1_000 {
        0 => format!("{},\"field_{number}\":1}}\n", line.trim_end_matches('}')),
        _ => format!("{line}\n"),
    });
    std::fs::write(file, lines.collect::<String>()).expect("write the fleet");
}

fn milliseconds(work: impl FnOnce()) -> u64 {
    let begin = std::time::Instant::now();
    work();
    begin.elapsed().as_millis() as u64
}

/// Starts to take a file in and kills the process after some milliseconds; tells whether it was still at work.
fn kill_while_ingesting(metrify: &Metrify, file: &Path, after_ms: u64) -> bool {
    let mut command = metrify.command(&["ingest", "-o", "json"]);
    let mut child = command.arg(file).spawn().expect("run the program");
    std::thread::sleep(Duration::from_millis(after_ms));
    let was_at_work = child.try_wait().expect("look after the program").is_none();
    child.kill().expect("kill the program");
    crate::support::said(&child.wait_with_output().expect("what the program said"));
    was_at_work
}

/// Kills twenty ingests of some 100,000 lines: ten of them go on where the one before was stopped, ten begin on new data.
#[test]
fn an_ingest_killed_at_any_moment_leaves_every_reading_once() {
    let undisturbed = Metrify::new();
    let file = fleet(&undisturbed, 70, 10);
    with_things_to_notice(&file);
    let duration_ms = milliseconds(|| drop(undisturbed.ingest(&[&file])));
    let expected = (undisturbed.sql(ACCOUNT), undisturbed.sql(VERSIONS), undisturbed.answers("true"));
    let findings = undisturbed.sql(FINDINGS);
    let count: u64 = findings.split(',').next().and_then(|count| count.parse().ok()).expect("a number");
    assert!(count > 50, "{findings}");
    let mut chance = Chance::new(20_230_326);
    let mut killed = 0;
    for kills in [10, 1, 2, 3, 4] {
        let metrify = Metrify::new();
        for _ in 0..kills {
            // How long the work takes depends on what else the machine does: what had ended is tried again, sooner.
            let mut after_ms = chance.below(duration_ms);
            while !kill_while_ingesting(&metrify, &file, after_ms) {
                after_ms /= 2;
            }
            killed += 1;
        }
        // Whatever is there by now is there once.
        let doubled = metrify.sql("select count(*) from (select 1 from readings group by point, quantity, period_start, period_end having count(*) > 1)");
        assert_eq!(doubled, "0", "after {kills} kills");
        metrify.ingest(&[&file]);
        assert_eq!(metrify.sql(ACCOUNT), expected.0, "after {kills} kills");
        assert!(metrify.answers("true") == expected.2, "other answers after {kills} kills");
        assert_eq!(metrify.sql(VERSIONS), expected.1, "after {kills} kills");
        assert_eq!(metrify.sql(FINDINGS), findings, "after {kills} kills");
    }
    assert_eq!(killed, 20);
}

/// Lines of a delivery as the keys of their readings.
fn keys(delivery: &str) -> impl Iterator<Item = String> + '_ {
    let text = |line: &serde_json::Value, name: &str| line[name].as_str().expect("text").to_owned();
    delivery.lines().map(move |line| {
        let line: serde_json::Value = serde_json::from_str(line).expect("a line of NDJSON");
        let start = line.get("period_start").or(line.get("at")).and_then(serde_json::Value::as_str).expect("a time");
        format!("{},{},{start}", text(&line, "point"), text(&line, "quantity"))
    })
}

/// A fleet cut into deliveries, and the account of all of it.
struct Load {
    file: PathBuf,
    deliveries: Vec<String>,
    account: String,
}

impl Load {
    fn of(undisturbed: &Metrify) -> Self {
        let file = fleet(undisturbed, 20, 4);
        undisturbed.ingest(&[&file]);
        let text = std::fs::read_to_string(&file).expect("the simulated fleet");
        let lines: Vec<&str> = text.lines().collect();
        let deliveries = lines.chunks(40).map(|lines| lines.join("\n") + "\n").collect();
        Self { file, deliveries, account: undisturbed.sql(ACCOUNT) }
    }

    /// Two clients send what is `waiting` until the server is killed; tells what it acknowledged.
    fn send_and_kill(&self, metrify: &Metrify, waiting: &[usize], after_ms: u64) -> Vec<usize> {
        // Landing all the time, so that kills meet it too.
        let server = metrify.serve_with(&[("METRIFY_LANDING_INTERVAL_S", "1")]);
        let (address, token) = (server.address.clone(), server.token.clone());
        std::thread::scope(|scope| {
            let post = |numbers: Vec<usize>| {
                let send = |number: &usize| {
                    let body = self.deliveries[*number].as_bytes();
                    http::send(&address, "POST", "/api/v1/deliveries", Some(&token), body)
                };
                let acknowledged = |number: &usize| send(number).is_ok_and(|answer| answer.status == 200);
                numbers.into_iter().take_while(acknowledged).collect::<Vec<_>>()
            };
            let (even, odd): (Vec<_>, Vec<_>) = waiting.iter().partition(|number| *number % 2 == 0);
            let clients = [even, odd].map(|numbers| scope.spawn(move || post(numbers)));
            std::thread::sleep(Duration::from_millis(after_ms));
            server.kill();
            clients.map(|client| client.join().expect("a client")).concat()
        })
    }

    /// Kills servers of one data directory until everything was acknowledged, or so many were killed at work; tells how many. One
    /// that acknowledged nothing yet, since the disk kept it waiting, was not at work.
    fn kill(&self, kills_max: usize, chance: &mut Chance) -> usize {
        let metrify = Metrify::new();
        let mut acknowledged: HashSet<usize> = HashSet::new();
        let (mut killed, mut tries) = (0, 0);
        while killed < kills_max && acknowledged.len() < self.deliveries.len() {
            tries += 1;
            assert!(tries <= 4 * kills_max, "{tries} servers, of which {killed} acknowledged anything");
            let waiting: Vec<usize> =
                (0..self.deliveries.len()).filter(|number| !acknowledged.contains(number)).collect();
            let answered = self.send_and_kill(&metrify, &waiting, 100 + chance.below(900));
            killed += usize::from(!answered.is_empty() && answered.len() < waiting.len());
            acknowledged.extend(answered);
            let there = metrify.sql("select point, quantity, period_start from readings");
            let there: HashSet<&str> = there.lines().collect();
            let lost = acknowledged.iter().flat_map(|number| keys(&self.deliveries[*number]));
            let lost = lost.into_iter().find(|key| !there.contains(key.as_str()));
            assert_eq!(lost, None, "after {killed} kills, {} acknowledged", acknowledged.len());
        }
        assert!(acknowledged.len() > 3, "only {} deliveries were acknowledged", acknowledged.len());
        metrify.ingest(&[&self.file]);
        assert_eq!(metrify.sql(ACCOUNT), self.account, "after {killed} kills");
        killed
    }
}

/// Servers of one data directory that are killed at most.
const OF_ONE_DIRECTORY: usize = 6;

fn kills() -> usize {
    std::env::var("FAULTS_KILLS").map_or(OF_ONE_DIRECTORY, |kills| kills.parse().expect("a number"))
}

/// `FAULTS_KILLS=100` kills so many, else a few.
#[test]
fn a_server_killed_while_deliveries_come_in_has_all_it_acknowledged() {
    let kills = kills();
    let undisturbed = Metrify::new();
    let load = Load::of(&undisturbed);
    let mut chance = Chance::new(42);
    let mut killed = 0;
    while killed < kills {
        killed += load.kill(OF_ONE_DIRECTORY.min(kills - killed), &mut chance);
    }
    println!("{killed} of {kills} servers killed under load: every reading that was acknowledged is there once");
}

#[test]
fn a_server_that_was_killed_does_not_keep_others_from_its_data() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    metrify.take_in("a.ndjson", crate::support::quarter_hours(10));
    server.kill();
    assert!(metrify.data_dir().join("server.json").exists(), "its file is left behind");
    assert_eq!(metrify.sql("select count(*) from readings"), "10");
    let again = metrify.serve();
    assert_eq!(metrify.sql("select count(*) from readings"), "10");
    assert_eq!(again.stop().code, Some(0));
}

/// Tables in the order that a landing commits them in.
const LANDING_ORDER: [&str; 9] = [
    "withdrawals",
    "points",
    "meters",
    "findings",
    "rejects",
    "deliveries",
    "receipts",
    "readings_superseded",
    "readings",
];

fn copy(from: &Path, to: &Path) {
    crate::support::walk(from, &mut |file| {
        let copied = to.join(file.strip_prefix(from).expect("a path below"));
        std::fs::create_dir_all(copied.parent().expect("a folder")).expect("make a folder");
        std::fs::copy(file, copied).expect("copy a file");
    });
}

/// What holds, what held, and what was known before and after, with everything that is kept beside it.
fn told(metrify: &Metrify) -> String {
    let questions = [
        "select * from readings order by point, quantity, period_start, period_end",
        "select * from readings_history order by point, quantity, period_start, period_end, recorded_at, sequence",
        "select * from readings_as_known('2024-04-02T05:00:00Z') order by point, quantity, period_start",
        "select * from withdrawals order by document",
        "select point, status from points order by 1",
        "select rule, position, reason from findings order by 1, 2, 3",
        "select reject, state from rejects order by 1",
        "select delivery, received, stored, duplicates, corrections, rejected from deliveries order by 1",
    ];
    questions.map(|question| metrify.sql(question)).join("\n\n")
}

/// A landing commits one table after the other. Each state that a stop between two of them leaves is made of the tables as they
/// were before and after, and has to become the same whole.
#[test]
fn a_landing_cut_short_between_any_two_tables_is_completed() {
    let before = Metrify::new();
    let sent =
        crate::support::mscons::load_curve("A1", "202404020307", &[(0, "220", "1"), (1, "220", "2"), (2, "220", "3")]);
    before.take_in("a.edi", sent);
    let server = before.serve_with(&[("METRIFY_LANDING_INTERVAL_S", "3600")]);
    let again =
        crate::support::mscons::load_curve("A2", "202404030307", &[(0, "67", "1.5"), (1, "220", "2"), (3, "220", "4")]);
    before.take_in("b.edi", again);
    before.take_in("c.edi", crate::support::mscons::storno("A3", "202404040307", "A1"));
    before.take_in("d.ndjson", format!("{}nonsense\n", quarter_hour(OTHER_POINT, 0, "-1")));
    server.kill();
    let after = Metrify::new();
    copy(before.data_dir(), after.data_dir());
    let expected = told(&after);
    let tables = ["readings", "readings_history", "withdrawals", "rejects", "findings"];
    let counts = tables.map(|table| after.sql(&format!("select count(*) from {table}"))).join(" ");
    assert_eq!(counts, "4 7 1 1 2", "{expected}");
    for landed in 0..=LANDING_ORDER.len() {
        let cut = Metrify::new();
        for folder in ["journal", "lake"] {
            copy(&before.data_dir().join(folder), &cut.data_dir().join(folder));
        }
        std::fs::copy(before.data_dir().join("metrify.version"), cut.data_dir().join("metrify.version")).expect("copy");
        for table in &LANDING_ORDER[..landed] {
            let table = format!("lake/default/{table}");
            std::fs::remove_dir_all(cut.data_dir().join(&table)).expect("remove a table");
            copy(&after.data_dir().join(&table), &cut.data_dir().join(&table));
        }
        assert_eq!(told(&cut), expected, "stopped after {landed} tables");
    }
}

#[test]
fn an_entry_that_was_not_written_to_its_end_is_cut_off_and_damage_is_refused() {
    let metrify = Metrify::new();
    let server = metrify.serve_with(&[("METRIFY_LANDING_INTERVAL_S", "3600")]);
    metrify.take_in("a.ndjson", crate::support::quarter_hours(10));
    metrify.take_in("b.ndjson", quarter_hour(OTHER_POINT, 0, "1"));
    server.kill();
    let journal = metrify.data_dir().join("journal/00000000000000000001.journal");
    let whole = std::fs::read(&journal).expect("the journal");
    let mut damaged = whole.clone();
    damaged[40] ^= 1;
    std::fs::write(&journal, &damaged).expect("damage the journal");
    metrify.run(&["sql", "select 1"]).failed_with(&["checksum of entry 1 is wrong", "hint: restore the segment"]);
    assert!(std::fs::read(&journal).expect("the journal") == damaged, "what is damaged is left as it is");
    std::fs::write(&journal, &whole[..whole.len() - 5]).expect("cut the journal");
    assert_eq!(metrify.sql("select count(*) from readings"), "10");
    metrify.take_in("b.ndjson", quarter_hour(OTHER_POINT, 0, "1"));
    assert_eq!(metrify.sql("select count(*) from readings"), "11");
}

/// What the lake has landed is not applied again, so entries at positions that it knows would be acknowledged and gone.
#[test]
fn a_journal_that_is_older_than_the_lake_is_refused_with_what_to_do() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", crate::support::quarter_hours(10));
    assert_eq!(metrify.sql("select count(*) from readings"), "10");
    let (journal, older) = (metrify.data_dir().join("journal"), metrify.path("older"));
    copy(&journal, &older);
    metrify.take_in("b.ndjson", quarter_hour(OTHER_POINT, 0, "1"));
    assert_eq!(metrify.sql("select count(*) from readings"), "11");
    copy(&older, &journal);
    let words = ["its next entry would be", "the lake holds all up to", "hint: the journal is older than the lake"];
    metrify.run(&["sql", "select 1"]).failed_with(&words);
    let doctor = metrify.run(&["doctor"]);
    assert!(doctor.code == Some(1) && doctor.stdout.contains("its next entry would be"), "{doctor:?}");
    // A new one goes on after the lake.
    std::fs::remove_dir_all(&journal).expect("move the journal away");
    metrify.take_in("c.ndjson", quarter_hour(OTHER_POINT, 1, "2"));
    assert_eq!(metrify.sql("select count(*) from readings"), "12");
}

/// A power cut may leave the checkpoint of a table's log without its bytes, and the hint to it. The commits say the same.
#[test]
fn a_torn_checkpoint_of_a_table_is_no_obstacle() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", crate::support::quarter_hours(10));
    assert_eq!(metrify.sql("select count(*) from readings"), "10");
    let log = metrify.data_dir().join("lake/default/readings/_delta_log");
    for torn in ["", "PAR1 torn PAR1"] {
        std::fs::write(log.join("00000000000000000001.checkpoint.parquet"), torn).expect("write a checkpoint");
        std::fs::write(log.join("_last_checkpoint"), r#"{"version":1,"size":5}"#).expect("write the hint");
        assert_eq!(metrify.sql("select count(*) from readings"), "10", "{torn:?}");
    }
}

/// Deliveries of a connection, each of which corrects most of the one before.
const DELIVERIES: u32 = 40;
/// Quarter-hours that a delivery tells of.
const TOLD: u32 = 8;

/// Four tenants deliver at once, each by four connections: their groups come into the journal in whatever order they are ready.
#[test]
fn what_tenants_deliver_at_once_is_there_as_it_was_said_after_a_kill() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let tenants: Vec<Client<'_>> =
        (0..4).map(|number| Client::of_new_tenant(&metrify, &server, &format!("t{number}"))).collect();
    std::thread::scope(|threads| {
        for (client, point) in tenants.iter().flat_map(|client| (0..4).map(move |point| (client, point))) {
            threads.spawn(move || {
                for number in 0..DELIVERIES {
                    let lines = (number..number + TOLD)
                        .map(|hour| quarter_hour(&format!("SM-{point}"), hour, &number.to_string()));
                    let answer = client.send("POST", "/api/v1/deliveries", &[], lines.collect::<String>().as_bytes());
                    assert_eq!(answer.status, 200, "{answer:?}");
                }
            });
        }
    });
    // The last delivery that tells of a quarter-hour holds.
    let sum: u32 = 4 * (0..DELIVERIES + TOLD - 1).map(|hour| hour.min(DELIVERIES - 1)).sum::<u32>();
    let account = "select (select count(*) from readings) as held, (select cast(sum(value) as integer) from readings) as total, \
                   (select count(*) from readings_history) as versions";
    let expected = format!("[[{},{sum},{}]]", 4 * (DELIVERIES + TOLD - 1), 4 * DELIVERIES * TOLD);
    let query = json!({"query": account}).to_string();
    let tells = |client: &Client<'_>| {
        let answer = client.send("POST", "/api/v1/sql", &[], query.as_bytes());
        assert!(answer.body.contains(&expected), "{expected}: {answer:?}");
    };
    tenants.iter().for_each(&tells);
    let keys: Vec<String> = tenants.into_iter().map(|client| client.key).collect();
    server.kill();
    let server = metrify.serve();
    keys.into_iter().for_each(|key| tells(&Client { server: &server, key }));
}
