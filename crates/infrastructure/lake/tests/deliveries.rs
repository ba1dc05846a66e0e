//! Which deliveries were received, of however many: before and after a landing, by whoever opens the lake next, and where what is kept
//! beside it is lost or damaged.
#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use metrify_application::Tenant;
use metrify_application::ports::{Landing, Ledger, Memory};
use metrify_application::record::{Accepted, DeliveryId, DeliveryRecord};
use metrify_domain::Timestamp;
use metrify_lake::{DeltaLake, Layout};

fn clock() -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000)
}

async fn open(folder: &Path, tenant: &Tenant) -> DeltaLake {
    let lake = DeltaLake::new(Layout::within(folder), clock, 0);
    lake.open(tenant).await.expect("tables");
    lake
}

/// As spread as digests are, and each another one, since the factor is odd.
fn id(number: u64) -> DeliveryId {
    const FACTOR: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
    DeliveryId::from_digest(&u128::from(number).wrapping_mul(FACTOR).to_be_bytes())
}

fn received_at(number: u64) -> Timestamp {
    Timestamp::from_micros(clock().micros() + number as i64)
}

fn deliver(lake: &DeltaLake, tenant: &Tenant, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let record = DeliveryRecord {
            id: id(number),
            source: "test".to_owned(),
            format: "ndjson".to_owned(),
            bytes: 1,
            received_at: received_at(number),
            counts: Default::default(),
        };
        let entry = Accepted {
            delivery: id(number),
            received_at: received_at(number),
            finished: Some(record),
            ..Accepted::default()
        };
        lake.apply(tenant, number + 1, &Arc::new(entry)).expect("open tables");
    }
    lake.publish(tenant).expect("open tables");
}

async fn all_are_known(lake: &DeltaLake, tenant: &Tenant, count: u64) {
    for number in 0..count {
        let known = lake.delivery(tenant, &id(number)).await.expect("the ledger");
        assert_eq!(known, Some(received_at(number)), "{number}");
    }
    assert_eq!(lake.delivery(tenant, &id(count)).await.expect("the ledger"), None);
    let since = lake.deliveries(tenant, received_at(count - 10)).await.expect("the ledger");
    assert_eq!(since.len(), 10);
}

fn kept(folder: &Path) -> Vec<PathBuf> {
    let folder = folder.join("held/default/deliveries");
    let files = std::fs::read_dir(&folder).map(|files| files.map(|file| file.expect("a file").path()).collect());
    files.unwrap_or_default()
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
    let [file] = &kept(folder.path())[..] else { panic!("of the large file alone something is kept") };

    drop(lake);
    all_are_known(&open(folder.path(), &tenant).await, &tenant, 20_060).await;
    let mut bytes = std::fs::read(file).expect("what is kept");
    bytes[1_000] ^= 1;
    std::fs::write(file, bytes).expect("damage it");
    all_are_known(&open(folder.path(), &tenant).await, &tenant, 20_060).await;
    std::fs::remove_file(file).expect("lose it");
    all_are_known(&open(folder.path(), &tenant).await, &tenant, 20_060).await;
    assert_eq!(kept(folder.path()).len(), 1, "it is made again");
}
