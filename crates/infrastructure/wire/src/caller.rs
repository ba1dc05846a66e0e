//! Who asks, what for, and under which name: found out anew for each statement, so that a key that was taken back opens nothing more.

use std::sync::atomic::Ordering;

use metrify_application::govern::Credential;
use metrify_application::{Context, Error, Kind, Result, govern, moment, read};
use metrify_domain::Timestamp;
use metrify_governance::Purpose;

use crate::Wire;

/// What is known of a client.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) credential: Credential,
    pub(crate) purpose: Option<Purpose>,
    /// Everything is told as it was known then; as it is where it is `None`.
    pub(crate) known_at: Option<Timestamp>,
}

/// The name by which a purpose is told: a header of gRPC, and of HTTP.
pub(crate) const PURPOSE: &str = "metrify-purpose";

/// The name by which an instant is told as of which everything is; a day is a local one, and nothing is now.
pub(crate) const KNOWN_AT: &str = "metrify-as-known-at";

/// # Errors
/// Where the text is neither a day nor an instant.
pub(crate) fn known_at(text: &str) -> Result<Option<Timestamp>> {
    if text.is_empty() { Ok(None) } else { moment(text).map(Some) }
}

/// # Errors
/// Where there is no such purpose.
pub(crate) fn purpose(text: &str) -> Result<Purpose> {
    text.parse().map_err(|error| Error::new(Kind::Invalid, format!("read the purpose `{text}`")).because(error))
}

impl Wire {
    /// The circumstances of a statement, which counts as a request; `None` where nobody is known by what the client presents.
    ///
    /// # Errors
    /// Where the registry cannot be read, and busy where too many requests came within a second.
    pub(crate) async fn context(&self, caller: &Caller) -> Result<Option<Context>> {
        let now = (self.clock)();
        let principal = govern::authenticate(&self.app, &caller.credential, now).await?;
        let request = self.requests.fetch_add(1, Ordering::Relaxed);
        let request = format!("{:x}-sql-{request:x}", self.started_at.micros());
        let Some(principal) = principal else {
            let house = self.house.clone();
            govern::turned_away(&self.app, &govern::Caller { house, request, now }).await?;
            return Ok(None);
        };
        let ctx = Context { principal, purpose: caller.purpose, request, now };
        self.app.rates.take(&ctx)?;
        Ok(Some(ctx))
    }

    /// What was read of a text. Where it could not be, or is none that is answered, that leaves an entry as well.
    ///
    /// # Errors
    /// Those of the reading, and where no entry can be written.
    pub(crate) fn noted<T>(&self, ctx: &Context, read: Result<T>) -> Result<T> {
        read.or_else(|error| read::unasked(&self.app, ctx, &error).and(Err(error)))
    }
}
