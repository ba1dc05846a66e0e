//! What is noted is there, in order, and on the disk once it is sealed.

use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::thread;

use metrify_application::Kind;
use metrify_application::audit::{Entry, Outcome, QueryDigest};
use metrify_application::ports::Audit;
use metrify_audit::FileAudit;
use metrify_domain::Timestamp;
use metrify_governance::{Act, Action, Purpose, Resource, Role};
use sha2::{Digest, Sha256};

use crate::entries::{assert_whole, entry, note, of, read, tenant};

fn open(folder: &tempfile::TempDir) -> FileAudit {
    FileAudit::open(folder.path().join("audit")).expect("a log")
}

#[test]
fn what_was_noted_is_read_back_now_and_after_a_new_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let expected: Vec<_> = (1..=5).map(|number| (number, entry(number))).collect();
    let audit = open(&folder);
    note(&audit, 1..=3);
    assert_eq!(read(&audit, "default"), expected[..3]);
    assert_whole(&audit, 3);
    drop(audit);
    let audit = open(&folder);
    note(&audit, 4..=5);
    assert_eq!(read(&audit, "default"), expected);
    drop(audit);
    let audit = open(&folder);
    assert_eq!(read(&audit, "default"), expected);
    let head = assert_whole(&audit, 5).head;
    let written = fs::read_to_string(folder.path().join("audit/default/head")).expect("a head");
    assert_eq!(written, format!("{{\"version\":1,\"number\":5,\"hash\":\"{head}\"}}\n"));
}

#[test]
fn a_tenant_without_entries_has_a_whole_log_of_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let audit = open(&folder);
    assert_eq!(assert_whole(&audit, 0).head, "0".repeat(64));
    assert_eq!(read(&audit, "default"), []);
    drop(audit);
    assert!(!folder.path().join("audit/default").exists(), "who only looks writes nothing");
}

#[test]
fn a_line_looks_as_documented() {
    let folder = tempfile::tempdir().expect("a folder");
    note(&open(&folder), 1..=1);
    let line = fs::read_to_string(folder.path().join("audit/default/000000000001.ndjson")).expect("a segment");
    let (body, hash) = line.split_once(r#","hash":""#).expect("a hash");
    assert_eq!(
        body,
        r#"{"version":2,"number":1,"at":"2026-01-01T00:00:01.000003Z","tenant":"default","request":"r-1","#.to_owned()
            + r#""principal":"key:7f3a","role":"viewer","purpose":"metering","action":"read","resource":"readings","#
            + r#""subject":"1EMH0000000001","outcome":"done","previous":""#
            + &"0".repeat(64)
            + "\""
    );
    assert_eq!(hash.len(), 64 + "\"}\n".len());
}

#[test]
fn a_query_leaves_its_digest_and_not_its_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let audit = open(&folder);
    let asked = |sql: &str| Entry { query: Some(QueryDigest::of(sql)), ..entry(1) };
    let noted = ["select 1", "select 2", "select 1"].map(asked);
    noted.iter().for_each(|entry| audit.note(entry).expect("room on disk"));
    let back: Vec<Entry> = read(&audit, "default").into_iter().map(|(_, entry)| entry).collect();
    assert_eq!(back, noted);
    assert!(back[0] == back[2] && back[0] != back[1]);
    assert_whole(&audit, 3);
    let log = fs::read_to_string(folder.path().join("audit/default/000000000001.ndjson")).expect("a segment");
    let digest = "822ae07d4783158bc1912bb623e5107cc9002d519e1143a9c200ed6ee18b6d0f";
    assert_eq!(log.matches(&format!(r#","query":"{digest}","outcome":"#)).count(), 2, "{log}");
    assert!(!log.contains("select"), "{log}");
}

#[test]
fn entries_of_the_version_before_are_read_and_the_chain_goes_on_behind_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("audit/default/000000000001.ndjson");
    note(&open(&folder), 1..=3);
    let lines = fs::read_to_string(&path).expect("a segment");
    // As they were written: each names the hash that the one before it had then.
    let (mut previous, mut before) = ("0".repeat(64), String::new());
    for line in lines.lines() {
        let (body, _) = line.split_once(r#","hash":""#).expect("a hash");
        let (body, _) = body.rsplit_once(r#""previous":""#).expect("the hash before");
        let body = body.replacen(r#"{"version":2,"#, r#"{"version":1,"#, 1);
        let body = format!(r#"{body}"previous":"{previous}""#);
        previous = Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
        before.push_str(&format!("{body},\"hash\":\"{previous}\"}}\n"));
    }
    fs::write(&path, &before).expect("room on disk");
    fs::remove_file(path.with_file_name("head")).expect("the head of the other chain");
    let audit = open(&folder);
    assert_eq!(assert_whole(&audit, 3).head, previous);
    audit.note(&Entry { query: Some(QueryDigest::of("select 1")), ..entry(4) }).expect("room on disk");
    assert_whole(&audit, 4);
    let back: Vec<Entry> = read(&audit, "default").into_iter().map(|(_, entry)| entry).collect();
    assert_eq!(back[..3], [entry(1), entry(2), entry(3)]);
    drop(audit);
    // One of them that was never finished is told from what never was one.
    let torn = &before.lines().last().expect("a line").replacen(r#""number":3"#, r#""number":4"#, 1)[..60];
    fs::write(&path, format!("{before}{torn}")).expect("room on disk");
    fs::remove_file(path.with_file_name("head")).expect("the head of the other chain");
    assert_whole(&open(&folder), 3);
}

#[test]
fn names_may_hold_any_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let long = "Größe 😀 \"'\\".repeat(1_000);
    let names = [
        "",
        "\"},{\"hash\":\"",
        ",\"hash\":\"",
        "a\nb\r\n\tc\u{0}\u{1f}\u{7f}\u{85}\u{2028}",
        "Ärger mit Straßen und \u{10ffff}",
        long.as_str(),
        "\\u0000 \\\" \\",
    ];
    let noted: Vec<Entry> = names
        .iter()
        .map(|name| {
            let text = || (*name).to_owned();
            let act = Act { subject: Some(text()), ..entry(1).act };
            Entry { request: text(), principal: text(), act, ..entry(1) }
        })
        .collect();
    let audit = open(&folder);
    noted.iter().for_each(|entry| audit.note(entry).expect("room on disk"));
    drop(audit);
    let audit = open(&folder);
    let back: Vec<Entry> = read(&audit, "default").into_iter().map(|(_, entry)| entry).collect();
    assert_eq!(back, noted);
    assert_whole(&audit, names.len() as u64);
}

#[test]
fn every_role_purpose_action_resource_and_outcome_is_read_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let audit = open(&folder);
    let acts = Action::ALL.into_iter().flat_map(|action| Resource::ALL.map(|resource| (action, resource)));
    let mut noted: Vec<Entry> =
        acts.map(|(action, resource)| Entry { act: Act { action, resource, ..entry(1).act }, ..entry(1) }).collect();
    noted.extend(Purpose::all().map(|purpose| Entry { purpose: Some(purpose), ..entry(1) }));
    noted.extend(Role::ALL.map(Some).into_iter().chain([None]).map(|role| Entry { role, ..entry(2) }));
    let failed = [Kind::Invalid, Kind::Busy, Kind::Internal].map(Outcome::Failed);
    noted.extend(failed.into_iter().chain([Outcome::Denied]).map(|outcome| Entry { outcome, ..entry(3) }));
    noted.iter().for_each(|entry| audit.note(entry).expect("room on disk"));
    let back: Vec<Entry> = read(&audit, "default").into_iter().map(|(_, entry)| entry).collect();
    assert_eq!(back, noted);
}

#[test]
fn an_entry_that_is_too_long_or_of_no_time_is_refused_and_leaves_no_gap() {
    let folder = tempfile::tempdir().expect("a folder");
    let audit = open(&folder);
    note(&audit, 1..=1);
    let long = audit.note(&Entry { principal: "x".repeat(2 << 20), ..entry(2) }).expect_err("too long");
    assert_eq!(long.kind(), Kind::Invalid);
    let timeless = audit.note(&Entry { at: Timestamp::from_micros(i64::MAX), ..entry(2) }).expect_err("no time");
    assert_eq!(timeless.kind(), Kind::Invalid);
    note(&audit, 2..=2);
    assert_whole(&audit, 2);
}

#[test]
fn threads_that_note_at_once_leave_an_unbroken_chain_of_each_tenant() {
    let folder = tempfile::tempdir().expect("a folder");
    let audit = open(&folder);
    thread::scope(|scope| {
        for worker in 0..8_u64 {
            let audit = &audit;
            scope.spawn(move || {
                for number in 0..500 {
                    let name = if number % 2 == 0 { "default" } else { "other" };
                    audit.note(&of(name, worker * 1_000 + number)).expect("room on disk");
                    if number % 100 == 0 {
                        // What is looked at while it grows is whole as far as it goes.
                        assert_eq!(audit.verify(&tenant(name), None).expect("a log").broken, None);
                    }
                }
            });
        }
    });
    assert_whole(&audit, 2_000);
    assert_eq!(audit.verify(&tenant("other"), None).expect("a log").entries, 2_000);
    let mut requests: Vec<String> = read(&audit, "default").into_iter().map(|(_, entry)| entry.request).collect();
    requests.sort();
    requests.dedup();
    assert_eq!(requests.len(), 2_000, "each of them once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_seals_at_once_shares_a_sync() {
    let folder = tempfile::tempdir().expect("a folder");
    let audit = Arc::new(open(&folder));
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..100 {
        let audit = audit.clone();
        tasks.spawn(async move {
            for number in 0..10 {
                audit.note(&entry(task * 10 + number)).expect("room on disk");
                audit.seal().await.expect("a disk");
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("a task that ends");
    }
    assert_whole(&*audit, 1_000);
    assert!(audit.syncs() < 300, "{} syncs of 1000 entries", audit.syncs());
    let before = audit.syncs();
    audit.seal().await.expect("a disk");
    assert_eq!(audit.syncs(), before, "there is nothing to seal");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stops_waiting_for_a_seal_disturbs_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let audit = open(&folder);
    for number in 1..=50 {
        note(&audit, number..=number);
        tokio::select! {
            biased;
            sealed = audit.seal() => sealed.expect("a disk"),
            () = tokio::task::yield_now() => {}
        }
    }
    audit.seal().await.expect("a disk");
    assert_whole(&audit, 50);
}

#[test]
fn a_log_is_verified_with_nothing_but_the_documented_python() {
    let folder = tempfile::tempdir().expect("a folder");
    let audit = open(&folder);
    note(&audit, 1..=20);
    audit.note(&Entry { principal: "Jürgen \"\n".to_owned(), ..entry(21) }).expect("room on disk");
    let log = folder.path().join("audit/default");
    let run = || {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/verify.py");
        let run = Command::new("python3").arg(script).arg(&log).output().ok()?;
        let said = [run.stdout, run.stderr].concat();
        Some((run.status.success(), String::from_utf8_lossy(&said).trim().to_owned()))
    };
    // While it is open, with room written ahead, and once it is closed.
    let Some(open) = run() else {
        println!("SKIPPED: there is no python3");
        return;
    };
    let head = assert_whole(&audit, 21).head;
    drop(audit);
    assert_eq!([open, run().expect("python3")], [(true, format!("21 {head}")), (true, format!("21 {head}"))]);
    let segment = log.join("000000000001.ndjson");
    let mut bytes = fs::read(&segment).expect("a segment");
    bytes[500] ^= 1;
    fs::write(&segment, bytes).expect("room on disk");
    let (succeeded, said) = run().expect("python3");
    assert!(!succeeded && said.contains("entry 2 is not what was written"), "{said}");
}
