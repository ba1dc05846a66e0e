//! An issuer and the keys that it was last seen to sign with.
//!
//! Keys are asked for when the first token comes, when they are no longer fresh, and when a token names one that is not
//! among them, but never sooner after one another than [`ASK_AGAIN`]: however many tokens of whatever names come, the
//! issuer is asked by one at a time and not often. While it does not answer, its keys hold for as long as [`HOLD`].

use std::sync::{Arc, PoisonError, RwLock};

use jsonwebtoken::Algorithm;
use metrify_application::{Error, Kind, Result};
use metrify_domain::Timestamp;
use metrify_domain::time::{HOUR, MINUTE, SECOND};
use tokio::sync::Mutex;

use super::Trusted;
use super::documents::Documents;
use super::keys::{Key, Keys};

/// A token that names a new key waits no longer than this for the key to be known, in microseconds.
const ASK_AGAIN: i64 = 10 * SECOND;
/// A key that the issuer takes back signs for no longer than this, in microseconds.
const FRESH: i64 = 10 * MINUTE;
/// As [`FRESH`], where the issuer does not answer.
const HOLD: i64 = HOUR;

pub(super) struct Issuer {
    documents: Documents,
    pub(super) host: String,
    pub(super) trusted: Vec<Trusted>,
    known: RwLock<Option<Known>>,
    asked: Mutex<Option<Asked>>,
}

#[derive(Clone)]
struct Known {
    keys: Arc<Keys>,
    at: Timestamp,
}

/// When the issuer was last asked, and why it did not answer.
struct Asked {
    at: Timestamp,
    failed: Option<Error>,
}

/// Whether less than a span of microseconds lies between two instants. Clocks are set back, too.
fn within(span: i64, at: Timestamp, now: Timestamp) -> bool {
    now.micros().abs_diff(at.micros()) < span.unsigned_abs()
}

impl Issuer {
    /// One address, and whose people it speaks for: of one tenant, or of several by their audiences.
    ///
    /// # Errors
    /// Where what is said of it makes no sense.
    pub(super) fn new(trusted: Vec<Trusted>) -> Result<Self> {
        let Some(first) = trusted.first() else {
            return Err(Error::new(Kind::Internal, "trust an issuer without a name"));
        };
        let (documents, host) = Documents::of(&first.url)?;
        let invalid = |reason: &str| Error::new(Kind::Invalid, format!("trust issuer `{}`: {reason}", documents.url()));
        for (place, one) in trusted.iter().enumerate() {
            if one.audience.is_empty() || one.role_claim.is_empty() || one.purpose_claim.as_deref() == Some("") {
                return Err(invalid("its audience and claims need names"));
            }
            if trusted.iter().take(place).any(|before| before.audience == one.audience) {
                return Err(invalid(&format!("audience `{}` is there twice", one.audience)));
            }
        }
        Ok(Self { documents, host, trusted, known: RwLock::default(), asked: Mutex::default() })
    }

    pub(super) fn url(&self) -> &str {
        self.documents.url()
    }

    /// The key that a token was signed with as it says; `None` where the issuer has none such.
    ///
    /// # Errors
    /// Where the issuer has to be asked and does not answer.
    pub(super) async fn key(
        &self,
        algorithm: Algorithm,
        name: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Arc<Key>>> {
        let find = || self.known(now).and_then(|known| known.keys.find(algorithm, name));
        if find().is_none() {
            let mut asked = self.asked.lock().await;
            // Whoever was before may have asked for the same.
            return match find() {
                Some(key) => Ok(Some(key)),
                None => self.ask(&mut asked, now).await.map(|()| find()),
            };
        }
        // One asks for fresh ones; the others go on with those that are there.
        if !self.known(now).is_some_and(|known| within(FRESH, known.at, now))
            && let Ok(mut asked) = self.asked.try_lock()
            && let Err(error) = self.ask(&mut asked, now).await
        {
            tracing::warn!(issuer = self.url(), "its keys are no longer fresh: {}", error.chain());
        }
        Ok(find())
    }

    /// The keys that still hold.
    fn known(&self, now: Timestamp) -> Option<Known> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.clone().filter(|known| within(HOLD, known.at, now))
    }

    /// Asks for the keys, unless that was done just now.
    async fn ask(&self, asked: &mut Option<Asked>, now: Timestamp) -> Result<()> {
        if let Some(asked) = asked.as_ref().filter(|asked| within(ASK_AGAIN, asked.at, now)) {
            return asked.failed.as_ref().map_or(Ok(()), |error| Err(error.copy()));
        }
        // Stays so where whoever asks goes away before there is an answer.
        let given_up = Error::new(Kind::Unavailable, format!("read the keys of issuer `{}`", self.url()));
        let asked = asked.insert(Asked { at: now, failed: Some(given_up.hint("try again in a few seconds")) });
        let keys = self.documents.keys().await;
        asked.failed = keys.as_ref().err().map(Error::copy);
        let known = Known { keys: Arc::new(keys?), at: now };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
        Ok(())
    }
}
