//! How each point stands that ever said something. There may be ten million of them, so that their names are not kept: each is told
//! apart by the digest of its name.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use metrify_application::record::{Fingerprint, PointStatus};
use metrify_domain::Point;
use sha2::{Digest, Sha256};

#[derive(Default)]
pub(crate) struct Points(HashMap<Fingerprint, PointStatus, RandomState>);

impl Points {
    pub(crate) fn get(&self, point: &Point) -> Option<PointStatus> {
        self.0.get(&digest(point)).copied()
    }

    /// Tells how the point stood before.
    pub(crate) fn insert(&mut self, point: &Point, status: PointStatus) -> Option<PointStatus> {
        self.0.insert(digest(point), status)
    }

    pub(crate) fn remove(&mut self, point: &Point) {
        self.0.remove(&digest(point));
    }
}

fn digest(point: &Point) -> Fingerprint {
    Fingerprint::from_digest(&Sha256::digest(point.as_str()))
}
