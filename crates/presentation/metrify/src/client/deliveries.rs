//! Deliveries that were received, asked of a server.

use std::path::Path;

use metrify_api::{DeliveryBody, DeliveryFilters, OneDeliveryBody};
use metrify_application::{Result, io};
use reqwest::Response;

use super::jobs::{Asked, path};
use super::{Client, unreachable};
use crate::cli::AsKnown;

impl Client {
    pub async fn deliveries(&self, which: &DeliveryFilters, known: &AsKnown, limit: u64) -> Result<Vec<DeliveryBody>> {
        self.some("/api/v1/deliveries", &Asked { which, when: known }, limit, "list the deliveries").await
    }

    pub async fn delivery(&self, id: &str) -> Result<OneDeliveryBody> {
        self.json(self.http.get(self.url(&path("deliveries", id)?)), "find the delivery").await
    }

    pub async fn delivery_content(&self, id: &str, file: &Path) -> Result<()> {
        let request = self.http.get(self.url(&format!("{}/content", path("deliveries", id)?)));
        let answer = self.answer(request, "ask for the delivery").await?;
        write(answer, file).await
    }
}

async fn write(mut answer: Response, file: &Path) -> Result<()> {
    let failed = |error| io(format!("write `{}`", file.display()), error);
    let mut out = tokio::fs::File::create(file).await.map_err(failed)?;
    while let Some(piece) = answer.chunk().await.map_err(|error| unreachable("receive the delivery", error))? {
        tokio::io::AsyncWriteExt::write_all(&mut out, &piece).await.map_err(failed)?;
    }
    out.sync_all().await.map_err(failed)
}
