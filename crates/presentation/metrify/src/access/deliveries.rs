//! Deliveries that were received, whichever way the data are reached.

use std::fs::File;
use std::path::Path;

use metrify_api::{DeliveryBody, DeliveryFilters, OneDeliveryBody};
use metrify_application::read::WantedDeliveries;
use metrify_application::record::DeliveryId;
use metrify_application::{Result, io, read};
use tempfile::NamedTempFile;

use super::{Access, then};
use crate::cli::AsKnown;

impl Access {
    /// # Errors
    /// Where it is denied, a filter means nothing, or the store cannot be read.
    pub async fn deliveries(&self, which: &DeliveryFilters, known: &AsKnown, limit: u64) -> Result<Vec<DeliveryBody>> {
        match self {
            Self::Remote(client) => client.deliveries(which, known, limit).await,
            Self::Local(house) => {
                let ctx = house.context().await?;
                let wanted = WantedDeliveries { known_at: then(known)?, ..which.wanted()? };
                let (mut some, mut wanted) = (Vec::new(), wanted);
                loop {
                    wanted.limit = limit.saturating_sub(some.len() as u64);
                    let listed = read::list_deliveries(&house.app, &ctx, &wanted).await?;
                    some.extend(listed.deliveries.into_iter().map(DeliveryBody::from));
                    wanted.after = listed.next;
                    if wanted.after.is_none() || some.len() as u64 >= limit {
                        return Ok(some);
                    }
                }
            }
        }
    }

    /// # Errors
    /// Where it is denied, none of this id was received, or the store cannot be read.
    pub async fn delivery(&self, id: &str) -> Result<OneDeliveryBody> {
        match self {
            Self::Remote(client) => client.delivery(id).await,
            Self::Local(house) => {
                let id = DeliveryId::from_stored(id.to_owned());
                let found = read::find_delivery(&house.app, &house.context().await?, &id, None).await?;
                Ok(OneDeliveryBody::from(found))
            }
        }
    }

    /// # Errors
    /// Where it is denied, its bytes are not kept, or the file cannot be written.
    pub async fn delivery_content(&self, id: &str, file: &Path) -> Result<()> {
        match self {
            Self::Remote(client) => client.delivery_content(id, file).await,
            Self::Local(house) => {
                let failed = |error| io(format!("write `{}`", file.display()), error);
                let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
                let part = NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(failed)?;
                let out: File = part.reopen().map_err(failed)?;
                let id = DeliveryId::from_stored(id.to_owned());
                read::delivery_content(&house.app, &house.context().await?, &id, out).await?;
                part.persist(file).map(drop).map_err(|error| failed(error.error))
            }
        }
    }
}
