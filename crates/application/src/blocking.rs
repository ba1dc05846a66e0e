//! Work that waits for a disk, where that holds nobody up.

use crate::error::{Error, Kind, Result};

/// # Errors
/// Those of the work, and where it panics.
pub async fn blocking<T: Send + 'static>(step: &str, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::new(Kind::Internal, step).because(error))?
}
