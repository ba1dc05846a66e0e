//! Bodies that are taken in piece by piece, however long they are: as long as enough of them comes in a time.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::rejection::ExtensionRejection;
use axum::extract::{Extension, FromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use futures::StreamExt;
use metrify_application::{Context, Error, Kind};
use tokio::time::{Instant, timeout_at};

use crate::Problem;
use crate::identify::Caller;

/// Bytes that have to come in the time that a client has for them.
const PACE_BYTES: usize = 4 << 10;
/// Bytes of a body that are gathered before they are looked at and written.
const GATHERED_BYTES: usize = 128 << 10;

/// Who brings something.
pub(crate) struct Bringer {
    pub(crate) ctx: Context,
    pub(crate) caller: Caller,
}

impl<S: Send + Sync> FromRequestParts<S> for Bringer {
    type Rejection = ExtensionRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ExtensionRejection> {
        let Extension(ctx) = Extension::from_request_parts(parts, state).await?;
        let Extension(caller) = Extension::from_request_parts(parts, state).await?;
        Ok(Self { ctx, caller })
    }
}

/// A body, gathered into pieces that are worth a look and a write.
pub(crate) struct Pieces {
    body: BodyDataStream,
    /// How long the client may take for [`PACE_BYTES`].
    time: Duration,
    gathered: Vec<u8>,
    /// Why nothing more comes, told after what came before.
    broken: Option<Problem>,
}

impl Pieces {
    pub(crate) fn of(body: Body, time: Duration) -> Self {
        Self { body: body.into_data_stream(), time, gathered: Vec::new(), broken: None }
    }

    /// The next piece; `None` at the end. Where this is dropped before it is there, nothing is lost: the next call goes on.
    ///
    /// # Errors
    /// Where the connection broke, or too little came for too long; all that came before was told.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        let step = "take the delivery in";
        let (mut due, mut counted) = (Instant::now() + self.time, self.gathered.len());
        while self.broken.is_none() && self.gathered.len() < GATHERED_BYTES {
            match timeout_at(due, self.body.next()).await {
                Ok(Some(Ok(bytes))) => self.gathered.extend_from_slice(&bytes),
                Ok(Some(Err(error))) => self.broken = Some(Error::new(Kind::Invalid, step).because(error).into()),
                Ok(None) => break,
                // A client that sends so little has gone, or holds a place that others want.
                Err(_) => {
                    let step = format!("{step}: less than {PACE_BYTES} bytes of it came in {:?}", self.time);
                    let late = Error::new(Kind::Invalid, step);
                    self.broken = Some(Problem::with_status(late, StatusCode::REQUEST_TIMEOUT));
                }
            }
            if self.gathered.len() - counted >= PACE_BYTES {
                (due, counted) = (Instant::now() + self.time, self.gathered.len());
            }
        }
        let gathered = self.gathered();
        match self.broken.take() {
            Some(problem) if gathered.is_empty() => Err(problem),
            broken => {
                self.broken = broken;
                Ok(Some(gathered).filter(|bytes| !bytes.is_empty()))
            }
        }
    }

    /// What came already.
    pub(crate) fn gathered(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.gathered)
    }
}
