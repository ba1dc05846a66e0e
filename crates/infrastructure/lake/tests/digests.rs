//! Which deliveries were received, how requests were answered and which records are kept, of however many: before and after a landing, by
//! whoever opens the lake next, and where what is kept beside it is lost or damaged.
#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use metrify_application::Tenant;
use metrify_application::ingest::Receipt;
use metrify_application::ports::{Landing, Ledger, Memory};
use metrify_application::record::{
    Accepted, Answered, Counts, DeliveryId, DeliveryRecord, Fingerprint, RecordRow, Reject,
};
use metrify_domain::{Channel, Document, Finding, Period, Severity, Timestamp};
use metrify_formats::{Cell, Record, RecordTable};
use metrify_lake::{DeltaLake, Layout};

fn clock() -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000)
}

async fn open(folder: &Path, tenant: &Tenant) -> DeltaLake {
    let lake = DeltaLake::new(Layout::within(folder), clock, 0);
    lake.open(tenant).await.expect("tables");
    lake
}

/// As spread as digests are, and each another one, since the factor is odd; of each `kind` others.
fn digest(kind: u64, number: u64) -> Fingerprint {
    const FACTOR: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
    Fingerprint((u128::from(kind) << 64 | u128::from(number)).wrapping_mul(FACTOR).to_be_bytes())
}

const DELIVERY: u64 = 0;
const KEY: u64 = 1;
const CONTENT: u64 = 2;
const RECORD: u64 = 3;

fn id(number: u64) -> DeliveryId {
    digest(DELIVERY, number).into()
}

fn received_at(number: u64) -> Timestamp {
    Timestamp::from_micros(clock().micros() + number as i64)
}

/// Every third request has a key, and what it sent has one, two or three members.
fn answered(number: u64) -> Answered {
    let receipt = |member: u64| Receipt {
        delivery: id(number * 3 + member),
        source: "test".to_owned(),
        format: "ndjson".to_owned(),
        counts: Counts { received: number, stored: number, ..Counts::default() },
        findings: member,
        problems: Vec::new(),
        problems_total: 0,
    };
    Answered {
        key: number.is_multiple_of(3).then(|| digest(KEY, number)),
        content: digest(CONTENT, number),
        receipts: (0..=number % 3).map(receipt).collect(),
    }
}

fn record(number: u64) -> RecordRow {
    let (text, time) = (|text: &str| Cell::Text(text.to_owned()), Cell::Time(received_at(number)));
    let cells = vec![text("TenneT"), time.clone(), time, text("green")];
    let record = Record::new(RecordTable::GridStatus, Document::default(), cells).expect("the table's columns");
    RecordRow { id: digest(RECORD, number), recorded_at: received_at(number), record }
}

/// Of every tenth delivery three lines were not understood.
fn rejects(number: u64) -> Vec<Reject> {
    let reject = |line: u64| Reject {
        id: format!("{}-{line}", id(number)),
        delivery: id(number),
        source: "test".to_owned(),
        format: "ndjson".to_owned(),
        position: format!("line {line}"),
        reason: "no number".to_owned(),
        readings: 1,
        prelude: Vec::new(),
        bytes: vec![0, line as u8],
        rejected_at: received_at(number),
        resolved_at: None,
    };
    if number.is_multiple_of(10) { (9..12).map(reject).collect() } else { Vec::new() }
}

/// And something was noticed: about a period, an instant, and nothing of a channel.
fn findings(number: u64) -> Vec<Finding> {
    let (start, end) = (received_at(number), received_at(number + 1));
    let channel = || {
        Some(Channel {
            point: "1ISK0075000001".parse().expect("a point"),
            quantity: "1-0:1.29.0".parse().expect("one"),
        })
    };
    let finding = |severity, channel, period| Finding {
        rule: "test_rule".into(),
        severity,
        channel,
        period,
        position: format!("line {number}"),
        reason: "for no reason".to_owned(),
    };
    let all = [
        finding(Severity::Note, None, None),
        finding(Severity::Warning, channel(), Period::interval(start, end)),
        finding(Severity::Error, channel(), Some(Period::instant(start))),
    ];
    if number.is_multiple_of(10) { all.into() } else { Vec::new() }
}

fn deliver(lake: &DeltaLake, tenant: &Tenant, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let record_of_it = DeliveryRecord {
            id: id(number),
            source: "test".to_owned(),
            format: "ndjson".to_owned(),
            bytes: 1,
            received_at: received_at(number),
            counts: Counts::default(),
        };
        let entry = Accepted {
            delivery: id(number),
            received_at: received_at(number),
            finished: Some(record_of_it),
            answered: Some(answered(number)),
            records: vec![record(number)],
            rejects: rejects(number),
            findings: findings(number),
            ..Accepted::default()
        };
        lake.apply(tenant, number + 1, &Arc::new(entry)).expect("open tables");
    }
    lake.publish(tenant).expect("open tables");
}

async fn all_are_known(lake: &DeltaLake, tenant: &Tenant, count: u64) {
    // Each costs a page of its file.
    for number in (0..count).step_by(37).chain(count - 10..count) {
        let known = lake.delivery(tenant, &id(number)).await.expect("the ledger");
        assert_eq!(known, Some(received_at(number)), "{number}");
    }
    assert_eq!(lake.delivery(tenant, &id(count)).await.expect("the ledger"), None);
    for number in (0..count).step_by(37).chain(count - 10..count) {
        let expected = Some(answered(number));
        let by_content = lake.answered(tenant, digest(CONTENT, number)).await.expect("the ledger");
        assert_eq!(by_content, expected, "{number}");
        let by_key = lake.answered(tenant, digest(KEY, number)).await.expect("the ledger");
        assert_eq!(by_key, expected.filter(|answered| answered.key.is_some()), "{number}");
    }
    assert_eq!(lake.answered(tenant, digest(CONTENT, count)).await.expect("the ledger"), None);
    for number in (0..count).step_by(370).chain(count - 3..count) {
        assert_eq!(lake.rejects(tenant, &id(number)).await.expect("the ledger"), rejects(number), "{number}");
        assert_eq!(lake.findings(tenant, &id(number)).await.expect("the ledger"), findings(number), "{number}");
    }
    let rows: Vec<RecordRow> = (0..count + 9).map(record).collect();
    let kept = lake.records(tenant, &rows).await.expect("the ledger");
    assert_eq!(kept, rows[..count as usize].iter().map(|row| row.id).collect());
}

/// What is kept beside the lake of tables whose rows are looked for one by one.
fn kept(folder: &Path) -> Vec<PathBuf> {
    let files = ["deliveries", "receipts", "grid_status"].into_iter().flat_map(|table| {
        let files = std::fs::read_dir(folder.join("held/default").join(table)).into_iter().flatten();
        files.map(|file| file.expect("a file").path()).collect::<Vec<_>>()
    });
    files.collect()
}

#[tokio::test]
async fn of_thousands_of_deliveries_each_is_known() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let tenant: Tenant = "default".parse().expect("a tenant");
    let lake = open(folder.path(), &tenant).await;
    deliver(&lake, &tenant, 0..20_000);
    all_are_known(&lake, &tenant, 20_000).await;
    lake.land(&tenant, 0).await.expect("a landing");
    all_are_known(&lake, &tenant, 20_000).await;
    deliver(&lake, &tenant, 20_000..20_050);
    all_are_known(&lake, &tenant, 20_050).await;
    lake.land(&tenant, 0).await.expect("a landing");
    all_are_known(&lake, &tenant, 20_050).await;
    for number in 20_050..20_060 {
        deliver(&lake, &tenant, number..number + 1);
        lake.land(&tenant, 0).await.expect("a landing");
    }
    lake.compact(&tenant).await.expect("a compaction");
    all_are_known(&lake, &tenant, 20_060).await;
    let files = kept(folder.path());
    assert_eq!(files.len(), 3, "of the large files alone something is kept: {files:?}");

    drop(lake);
    all_are_known(&open(folder.path(), &tenant).await, &tenant, 20_060).await;
    for file in &files {
        let mut bytes = std::fs::read(file).expect("what is kept");
        bytes[1_000] ^= 1;
        std::fs::write(file, bytes).expect("damage it");
    }
    all_are_known(&open(folder.path(), &tenant).await, &tenant, 20_060).await;
    files.iter().for_each(|file| std::fs::remove_file(file).expect("lose it"));
    all_are_known(&open(folder.path(), &tenant).await, &tenant, 20_060).await;
    assert_eq!(kept(folder.path()).len(), 3, "they are made again");
}

#[tokio::test]
async fn what_was_not_made_durable_was_not_answered() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let tenant: Tenant = "default".parse().expect("a tenant");
    let lake = open(folder.path(), &tenant).await;
    deliver(&lake, &tenant, 0..3);
    let again = Accepted { answered: Some(answered(0)), ..Accepted::default() };
    let new = Accepted { answered: Some(answered(3)), ..Accepted::default() };
    for (position, entry) in [(4, again), (5, new)] {
        lake.apply(&tenant, position, &Arc::new(entry)).expect("open tables");
    }
    assert_eq!(lake.answered(&tenant, digest(KEY, 3)).await.expect("the ledger"), Some(answered(3)));
    lake.roll_back(&tenant).expect("open tables");
    for name in [digest(KEY, 3), digest(CONTENT, 3)] {
        assert_eq!(lake.answered(&tenant, name).await.expect("the ledger"), None);
    }
    assert_eq!(lake.answered(&tenant, digest(KEY, 0)).await.expect("the ledger"), Some(answered(0)));
}
