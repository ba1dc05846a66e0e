//! Rejects, asked of a server.

use metrify_api::{OneRejectBody, RejectBody, RejectFilters, Replay, Replayed};
use metrify_application::Result;

use super::Client;
use super::jobs::{Asked, path};
use crate::cli::AsKnown;

impl Client {
    pub async fn rejects(&self, which: &RejectFilters, known: &AsKnown, limit: u64) -> Result<Vec<RejectBody>> {
        self.some("/api/v1/rejects", &Asked { which, when: known }, limit, "list the rejects").await
    }

    pub async fn reject(&self, id: &str) -> Result<OneRejectBody> {
        self.json(self.http.get(self.url(&path("rejects", id)?)), "find the reject").await
    }

    pub async fn replay(&self, replay: &Replay) -> Result<Vec<Replayed>> {
        self.json(self.http.post(self.url("/api/v1/rejects/replay")).json(replay), "replay the rejects").await
    }
}
