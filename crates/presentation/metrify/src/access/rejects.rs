//! Rejects, whichever way the data are reached.

use metrify_api::{OneRejectBody, RejectBody, RejectFilters, Replay, Replayed};
use metrify_application::ingest::replay_rejects;
use metrify_application::jobs::Started;
use metrify_application::{Result, read};

use super::{Access, then};
use crate::cli::AsKnown;

impl Access {
    /// # Errors
    /// Where it is denied, a filter means nothing, or the store cannot be read.
    pub async fn rejects(&self, which: &RejectFilters, known: &AsKnown, limit: u64) -> Result<Vec<RejectBody>> {
        match self {
            Self::Remote(client) => client.rejects(which, known, limit).await,
            Self::Local(house) => {
                let wanted = read::WantedRejects { known_at: then(known)?, limit, ..which.wanted()? };
                let listed = read::list_rejects(&house.app, &house.context().await?, &wanted).await?;
                Ok(listed.rejects.into_iter().map(RejectBody::from).collect())
            }
        }
    }

    /// # Errors
    /// Where it is denied, there is none of this id, or the store cannot be read.
    pub async fn reject(&self, id: &str) -> Result<OneRejectBody> {
        match self {
            Self::Remote(client) => client.reject(id).await,
            Self::Local(house) => Ok(read::find_reject(&house.app, &house.context().await?, id, None).await?.into()),
        }
    }

    /// # Errors
    /// Where one is unknown or cannot be read again, or the store not be written.
    pub async fn replay(&self, request: &Replay) -> Result<Vec<Replayed>> {
        match self {
            Self::Remote(client) => client.replay(request).await,
            Self::Local(house) => {
                let (ctx, hints) = (house.context().await?, request.hints()?);
                let replayed = replay_rejects(&house.app, &ctx, request.named()?, &hints, Started::default()).await?;
                Ok(replayed.into_iter().map(Replayed::from).collect())
            }
        }
    }
}
