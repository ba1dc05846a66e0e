//! Entries to write, and how a log is looked at.

use std::path::Path;

use metrify_application::Tenant;
use metrify_application::audit::{Audited, Entry, Outcome, Way};
use metrify_application::ports::Audit;
use metrify_domain::Timestamp;
use metrify_governance::{Act, Action, Resource, Role};

pub fn tenant(name: &str) -> Tenant {
    name.parse().expect("a tenant")
}

/// The number makes each one different.
pub fn entry(number: u64) -> Entry {
    Entry {
        at: Timestamp::from_micros(1_767_225_600_000_000 + number as i64 * 1_000_003),
        request: format!("r-{number}"),
        principal: "key:7f3a".to_owned(),
        role: Some(Role::Viewer),
        purpose: (number % 2 == 1).then(|| "metering".parse().expect("a purpose")),
        act: Act {
            action: Action::Read,
            resource: Resource::Readings,
            tenant: tenant("default"),
            subject: (!number.is_multiple_of(3)).then(|| format!("1EMH{number:010}")),
        },
        query: None,
        outcome: Outcome::Done,
    }
}

pub fn of(name: &str, number: u64) -> Entry {
    let entry = entry(number);
    Entry { act: Act { tenant: tenant(name), ..entry.act }, ..entry }
}

pub fn note(audit: &dyn Audit, numbers: std::ops::RangeInclusive<u64>) {
    numbers.for_each(|number| audit.note(&entry(number)).expect("room on disk"));
}

pub fn read(audit: &dyn Audit, name: &str) -> Vec<(u64, Entry)> {
    let mut entries = Vec::new();
    let mut each = |number, entry| {
        entries.push((number, entry));
        std::ops::ControlFlow::Continue(())
    };
    audit.read(&tenant(name), Way::Onwards { after: 0 }, &mut each).expect("entries");
    entries
}

pub fn verify(audit: &dyn Audit) -> Audited {
    audit.verify(&tenant("default"), None).expect("a log")
}

/// All of it is as it was written.
pub fn assert_whole(audit: &dyn Audit, entries: u64) -> Audited {
    let audited = verify(audit);
    assert_eq!((audited.entries, &audited.broken), (entries, &None));
    audited
}

/// Where a log is broken, and why: `file:line:byte: reason`, behind the number of entries before.
pub fn broken(audit: &dyn Audit) -> String {
    let audited = verify(audit);
    let broken = audited.broken.expect("it is broken");
    let file = Path::new(&broken.file).file_stem().and_then(|stem| stem.to_str()).expect("a name");
    let file = file.trim_start_matches('0');
    format!("{} whole, {file}:{}:{}: {}", audited.entries, broken.line, broken.byte, broken.reason)
}
