//! Who has proven by a password who it is. Wrong passwords are events: five lock a person out for a while, in every process and after a
//! restart.

use std::hash::{BuildHasher, RandomState};

use metrify_domain::master::Status;
use metrify_domain::time::MINUTE;
use metrify_domain::{Tenant, Timestamp};
use metrify_governance::UserName;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::app::App;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::govern::users::principal_name;
use crate::registry::{AttemptsRecord, Edition, Happened, UserRecord};
use crate::things::{self, Author, known_of};

/// So many wrong passwords one after the other lock a person out.
const FAILURES_MAX: u32 = 5;
/// For how long, in microseconds.
const LOCKED_US: i64 = 15 * MINUTE;
/// Logins of one person that wait for each other; who comes then is told to come back.
const WAITING_MAX: usize = 4;

/// One login after the other for each person: whoever guesses many passwords at the same time has no more guesses for it, and does not
/// keep others waiting.
pub struct Logins {
    turns: [Turns; 64],
    hasher: RandomState,
}

struct Turns {
    places: Semaphore,
    turn: Semaphore,
}

/// The turn of one login; it ends with it.
pub(super) struct Turn<'l> {
    _place: SemaphorePermit<'l>,
    _turn: SemaphorePermit<'l>,
}

impl Default for Logins {
    fn default() -> Self {
        let turns = || Turns { places: Semaphore::new(WAITING_MAX + 1), turn: Semaphore::new(1) };
        Self { turns: std::array::from_fn(|_| turns()), hasher: RandomState::new() }
    }
}

impl Logins {
    /// # Errors
    /// Busy where others wait for the same person.
    pub(super) async fn turn(&self, tenant: &Tenant, user: &UserName) -> Result<Turn<'_>> {
        let place = self.hasher.hash_one((tenant.as_str(), user.as_str())) % self.turns.len() as u64;
        let Turns { places, turn } = &self.turns[place as usize];
        let busy = |_| {
            let error = Error::new(Kind::Busy, "log in: too many logins of one person are under way");
            error.hint("try again in a second")
        };
        let place = places.try_acquire().map_err(busy)?;
        let closed = |error| Error::new(Kind::Internal, "log in").because(error);
        Ok(Turn { _place: place, _turn: turn.acquire().await.map_err(closed)? })
    }
}

/// Whoever gets a new password is locked out no longer.
///
/// # Errors
/// Where the registry cannot be read or written.
pub(super) async fn forgive(app: &App, ctx: &Context, name: &UserName) -> Result<()> {
    let known: Option<Edition<AttemptsRecord>> = known_of(app, ctx.tenant(), name.as_str(), None).await?;
    let Some(known) = known.filter(|known| known.thing.failures > 0) else { return Ok(()) };
    let record = AttemptsRecord { user: name.clone(), failures: 0, locked_until: None };
    things::append(app, ctx, Happened::Changed, record, Some(&known)).await.map(drop)
}

/// Who has proven by its password who it is; `None` where it has not, or has failed too often. Has to be asked in the person's turn.
///
/// # Errors
/// Where too many ask at once, or the registry cannot be read or written.
pub(super) async fn proven(
    app: &App,
    tenant: &Tenant,
    name: &UserName,
    password: &str,
    now: Timestamp,
) -> Result<Option<Edition<UserRecord>>> {
    const NO_DIGEST: &str = "";
    let known: Option<Edition<UserRecord>> = known_of(app, tenant, name.as_str(), None).await?;
    let known = known.filter(|known| known.thing.status == Status::Active);
    let attempts: Option<Edition<AttemptsRecord>> = known_of(app, tenant, name.as_str(), None).await?;
    let digest = known.as_ref().map_or(NO_DIGEST, |known| &known.thing.digest);
    let is_right = app.identity.matches(password, digest).await?;
    let Some(known) = known else { return Ok(None) };
    let locked = attempts.as_ref().and_then(|attempts| attempts.thing.locked_until);
    if locked.is_some_and(|until| now < until) {
        return Ok(None);
    }
    // A lock that is over has had its effect.
    let failures = if locked.is_some() { 0 } else { attempts.as_ref().map_or(0, |known| known.thing.failures) };
    let now_failed = if is_right { 0 } else { failures + 1 };
    if now_failed != failures || locked.is_some() {
        let locked_until = (now_failed >= FAILURES_MAX).then(|| now.plus(LOCKED_US)).flatten();
        let record = AttemptsRecord { user: name.clone(), failures: now_failed, locked_until };
        let happened = if attempts.is_some() { Happened::Changed } else { Happened::Registered };
        let name = principal_name(name);
        let author = Author { tenant, name: &name, now };
        app.registry.append(&[author.next(happened, record, attempts.as_ref())]).await?;
    }
    Ok(is_right.then_some(known))
}
