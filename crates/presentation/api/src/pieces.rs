//! Bodies that are taken in piece by piece, however long they are: of so many requests at once, and as long as something comes.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::rejection::ExtensionRejection;
use axum::extract::{Extension, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use futures::StreamExt;
use metrify_application::{Context, Error, Kind, Result as Done};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Problem;
use crate::identify::Caller;

/// Deliveries that are received at once. More would fill the disk with what waits its turn.
const DELIVERIES_AT_ONCE_MAX: usize = 1_024;
/// How long a client may send nothing in the middle of a body.
const BODY_PAUSE_MAX: Duration = Duration::from_secs(60);
/// Bytes of a body that are gathered before they are looked at and written.
const GATHERED_BYTES: usize = 128 << 10;

/// Lets so many deliveries in at once; who comes then is told to come back, before anything of the body is read.
#[derive(Clone)]
pub(crate) struct Door(Arc<Semaphore>);

impl Default for Door {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(DELIVERIES_AT_ONCE_MAX)))
    }
}

/// A delivery's place among those. It is kept until the delivery is received, whether or not its client waits for it.
#[derive(Clone)]
pub(crate) struct Place {
    _permit: Arc<OwnedSemaphorePermit>,
}

pub(crate) async fn through(State(door): State<Door>, mut request: Request, next: Next) -> Result<Response, Problem> {
    let Ok(permit) = door.0.try_acquire_owned() else {
        let step = format!("receive the delivery: {DELIVERIES_AT_ONCE_MAX} others are being received");
        return Err(Error::new(Kind::Busy, step).hint("send it again in a second").into());
    };
    request.extensions_mut().insert(Place { _permit: Arc::new(permit) });
    Ok(next.run(request).await)
}

/// Who brings something, and the place that it has.
pub(crate) struct Bringer {
    pub(crate) ctx: Context,
    pub(crate) caller: Caller,
    pub(crate) place: Place,
}

impl<S: Send + Sync> FromRequestParts<S> for Bringer {
    type Rejection = ExtensionRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ExtensionRejection> {
        let Extension(ctx) = Extension::from_request_parts(parts, state).await?;
        let Extension(caller) = Extension::from_request_parts(parts, state).await?;
        let Extension(place) = Extension::from_request_parts(parts, state).await?;
        Ok(Self { ctx, caller, place })
    }
}

/// A body, gathered into pieces that are worth a look and a write.
pub(crate) struct Pieces {
    body: BodyDataStream,
    gathered: Vec<u8>,
    /// Why nothing more comes, told after what came before.
    broken: Option<Error>,
}

impl Pieces {
    pub(crate) fn of(body: Body) -> Self {
        Self { body: body.into_data_stream(), gathered: Vec::new(), broken: None }
    }

    /// The next piece; `None` at the end. Where this is dropped before it is there, nothing is lost: the next call goes on.
    ///
    /// # Errors
    /// Where the connection broke, or nothing came for too long; all that came before was told.
    pub(crate) async fn next(&mut self) -> Done<Option<Vec<u8>>> {
        while self.broken.is_none() && self.gathered.len() < GATHERED_BYTES {
            let step = "take the delivery in";
            match tokio::time::timeout(BODY_PAUSE_MAX, self.body.next()).await {
                Ok(Some(Ok(bytes))) => self.gathered.extend_from_slice(&bytes),
                Ok(Some(Err(error))) => self.broken = Some(Error::new(Kind::Invalid, step).because(error)),
                Ok(None) => break,
                // A client that sends nothing for so long has gone.
                Err(_) => {
                    let step = format!("{step}: nothing of it came for {BODY_PAUSE_MAX:?}");
                    self.broken = Some(Error::new(Kind::Invalid, step));
                }
            }
        }
        let gathered = self.gathered();
        match self.broken.take() {
            Some(error) if gathered.is_empty() => Err(error),
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
