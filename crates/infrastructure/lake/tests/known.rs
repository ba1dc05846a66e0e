//! Whether anything may be known of a reading is never denied of one that is known: in memory, in the lake, after landings,
//! compactions and restarts, in whatever order readings come.
#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use std::collections::HashSet;
use std::sync::Arc;

use metrify_application::Tenant;
use metrify_application::ports::{Landing, Memory, Versions};
use metrify_application::record::{Accepted, DeliveryId, Standing};
use metrify_domain::{Batch, BatchBuilder, Channel, Decimal, Document, IntervalAmount, Timestamp, Unit};
use metrify_lake::{DeltaLake, Layout};

const HOUR: i64 = 3_600_000_000;

fn clock() -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000)
}

async fn open(folder: &std::path::Path, tenant: &Tenant) -> DeltaLake {
    let lake = DeltaLake::new(Layout::new(folder.to_owned()), clock, 0);
    lake.open(tenant).await.expect("tables");
    lake
}

/// Point and hour of a reading.
type Said = (usize, i64);

fn batch(said: &[Said]) -> Batch {
    let mut builder = BatchBuilder::default();
    for (point, hour) in said {
        let channel = Channel {
            point: format!("SM-{point}").parse().expect("a point"),
            quantity: "1-0:1.29.0".parse().expect("a quantity"),
        };
        let (start, end) = (Timestamp::from_micros(hour * HOUR), Timestamp::from_micros((hour + 1) * HOUR));
        let amount = IntervalAmount::new(start, end, Decimal::from(1), Unit::literal("kWh")).expect("an hour");
        builder.push(&channel, &Document::default(), &amount.into());
    }
    builder.take()
}

/// The same numbers in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

#[tokio::test]
async fn what_is_known_is_never_taken_for_new() {
    let folder = tempfile::tempdir().expect("a folder");
    let tenant: Tenant = "default".parse().expect("a tenant");
    let mut lake = open(folder.path(), &tenant).await;
    let (mut known, mut chance) = (HashSet::<Said>::new(), Chance(7));
    let (mut position, mut new, mut taken_for_new) = (0, 0, 0);
    for round in 0..60_i64 {
        // Mostly in the order of time, and now and then long before it.
        let first = if chance.below(4) == 0 { chance.below(60) as i64 * 24 } else { round * 24 };
        let mut said: Vec<Said> = Vec::new();
        for point in 0..5 {
            let hours = (0..chance.below(20) as i64).map(|hour| (point, first + hour));
            said.extend(hours);
        }
        let told = batch(&said);
        let may_be = lake.may_be_known(&tenant, &told).await.expect("an answer");
        for (said, may_be) in said.iter().zip(&may_be) {
            assert!(*may_be || !known.contains(said), "round {round}: {said:?} is known");
            new += usize::from(!known.contains(said));
            taken_for_new += usize::from(!may_be);
        }
        said.retain(|said| known.insert(*said));
        position += 1;
        let entry = Accepted {
            delivery: DeliveryId::from_stored(format!("{position:032}")),
            received_at: clock(),
            batch: batch(&said),
            standings: vec![Standing::First; said.len()],
            ..Accepted::default()
        };
        lake.apply(&tenant, position, &Arc::new(entry)).expect("open tables");
        lake.publish(&tenant).expect("open tables");
        match chance.below(6) {
            0 | 1 => drop(lake.land(&tenant).await.expect("a landing")),
            2 => {
                lake.land(&tenant).await.expect("a landing");
                lake.compact(&tenant).await.expect("a compaction");
            }
            3 => {
                lake.land(&tenant).await.expect("a landing");
                lake = open(folder.path(), &tenant).await;
            }
            _ => {}
        }
    }
    // It would be no use to answer that anything may be known.
    assert!(new > 1_000 && taken_for_new * 2 > new, "{taken_for_new} of {new} are taken for new");
}
