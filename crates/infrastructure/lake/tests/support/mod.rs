//! A lake in a folder of its own, and what is landed in it.

use std::path::Path;
use std::sync::Arc;

use metrify_application::Tenant;
use metrify_application::ports::{Landing, Memory};
use metrify_application::record::{Accepted, DeliveryId, Standing};
use metrify_domain::{Batch, Timestamp};
use metrify_lake::{DeltaLake, Layout};

pub fn clock() -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000)
}

/// No file of it is so small that it is written again for a few rows.
pub async fn open(folder: &Path, tenant: &Tenant) -> DeltaLake {
    let lake = DeltaLake::new(Layout::within(folder), clock, 0).with_small_rows(0);
    lake.open(tenant).await.expect("tables");
    lake
}

pub async fn land(lake: &DeltaLake, tenant: &Tenant, position: u64, batch: Batch, standing: Standing) {
    let entry = Accepted {
        delivery: DeliveryId::from_stored(format!("{position:032}")),
        received_at: clock(),
        standings: vec![standing; batch.rows().len()],
        batch,
        ..Accepted::default()
    };
    lake.apply(tenant, position, &Arc::new(entry)).expect("open tables");
    lake.publish(tenant).expect("open tables");
    lake.land(tenant, 0).await.expect("a landing");
}
