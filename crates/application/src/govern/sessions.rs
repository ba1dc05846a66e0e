//! Logging in: a password opens a session, a session gives passes that hold for minutes, and what renews it is good for one time. Who
//! presents one that was used before may have stolen it, or its owner did not: the session ends.

use std::hash::{BuildHasher, RandomState};

use metrify_domain::master::Status;
use metrify_domain::time::{HOUR, MINUTE};
use metrify_domain::{Tenant, Timestamp};
use metrify_governance::{Act, Action, Resource, Role, UserName};
use tokio::sync::{Mutex, MutexGuard};

use crate::app::App;
use crate::audit::{Entry, Outcome};
use crate::error::{Error, Kind, Result};
use crate::govern::authenticate::{digest_of, hexadecimal, tenant_of};
use crate::govern::keys::{KEY_RANDOM_BYTES, id_of};
use crate::govern::users::principal_name;
use crate::identity::Pass;
use crate::registry::{
    AttemptsRecord, Edition, Event, Field, Happened, SessionRecord, Sort, ThingKind, UserRecord, Wanted,
};
use crate::things::{Author, known_of, list_of};

/// How long a pass holds, in microseconds.
const PASS_US: i64 = 15 * MINUTE;
/// How long a session can be renewed, in microseconds.
const SESSION_US: i64 = 30 * 24 * HOUR;
/// Sessions of one person at once; one more ends the oldest.
const SESSIONS_MAX: usize = 20;
/// So many wrong passwords one after the other lock a person out.
const FAILURES_MAX: u32 = 5;
/// For how long, in microseconds.
const LOCKED_US: i64 = 15 * MINUTE;

/// One after the other for each person: whoever guesses many passwords at the same time has no more guesses for it.
pub struct Logins {
    turns: [Mutex<()>; 64],
    hasher: RandomState,
}

impl Default for Logins {
    fn default() -> Self {
        Self { turns: std::array::from_fn(|_| Mutex::new(())), hasher: RandomState::new() }
    }
}

impl Logins {
    async fn turn(&self, tenant: &Tenant, user: &UserName) -> MutexGuard<'_, ()> {
        let place = self.hasher.hash_one((tenant.as_str(), user.as_str())) % self.turns.len() as u64;
        self.turns[place as usize].lock().await
    }
}

/// A request of somebody who is not known yet.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The name of the request, by which it is found again in logs.
    pub request: String,
    pub now: Timestamp,
}

/// What was opened.
#[derive(Clone, Debug)]
pub struct Opened {
    pub pass: String,
    pub pass_until: Timestamp,
    /// Good for one time.
    pub renewal: String,
    pub session_until: Timestamp,
}

/// Who wants to be let in, and by what.
#[derive(Clone, Debug)]
pub struct Login {
    pub tenant: Tenant,
    pub user: UserName,
    pub password: String,
}

/// Logs somebody in. `random` has to come from the operating system.
///
/// # Errors
/// Denied where the name or the password is wrong or locked, which of them is not told; where too many come at once, or the registry
/// cannot be read or written.
pub async fn log_in(app: &App, caller: &Caller, login: Login, random: [u8; KEY_RANDOM_BYTES]) -> Result<Opened> {
    let Login { tenant, user, password } = login;
    if tenant_of(app, &tenant).await?.is_none_or(|record| record.status != Status::Active) {
        // There is no log of a tenant that is not there; it takes as long as any other wrong name.
        app.identity.matches(&password, NO_DIGEST).await?;
        return Err(wrong());
    }
    let known = proven(app, &tenant, &user, &password, caller.now).await;
    let opened = match known {
        Ok(Some(known)) => open(app, &tenant, &known.thing, caller.now, random).await.map(|opened| (opened, known)),
        Ok(None) => Err(wrong()),
        Err(error) => Err(error),
    };
    let outcome = Outcome::of(&opened);
    let role = opened.as_ref().ok().map(|(_, known)| known.thing.role);
    noted(app, caller, &tenant, (&user, role), outcome).await?;
    opened.map(|(opened, _)| opened)
}

const NO_DIGEST: &str = "";

fn wrong() -> Error {
    let error = Error::new(Kind::Denied, "log in: the name or the password is wrong, or it was wrong too often");
    error.hint("try again in a quarter of an hour; an admin of the tenant gives a new password")
}

/// Who has proven by its password who it is; `None` where it has not, or has failed too often.
pub(super) async fn proven(
    app: &App,
    tenant: &Tenant,
    name: &UserName,
    password: &str,
    now: Timestamp,
) -> Result<Option<Edition<UserRecord>>> {
    let _turn = app.logins.turn(tenant, name).await;
    let known: Option<Edition<UserRecord>> = known_of(app, tenant, name.as_str(), None).await?;
    let known = known.filter(|known| known.thing.status == Status::Active);
    let digest = known.as_ref().map_or(NO_DIGEST, |known| &known.thing.digest);
    let is_right = app.identity.matches(password, digest).await?;
    let Some(known) = known else { return Ok(None) };
    let attempts: Option<Edition<AttemptsRecord>> = known_of(app, tenant, name.as_str(), None).await?;
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

async fn open(
    app: &App,
    tenant: &Tenant,
    user: &UserRecord,
    now: Timestamp,
    random: [u8; KEY_RANDOM_BYTES],
) -> Result<Opened> {
    let id = id_of(&random);
    let renewal = renewal(tenant, &id, &random);
    let session_until = now.plus(SESSION_US).unwrap_or(now);
    let record = SessionRecord {
        id,
        user: user.name.clone(),
        digest: digest_of(&renewal),
        expires_at: session_until,
        status: Status::Active,
    };
    let name = principal_name(&user.name);
    let author = Author { tenant, name: &name, now };
    let mut events = vec![author.next(Happened::Registered, record.clone(), None)];
    let under_way = sessions(app, tenant, &user.name).await?;
    let too_many = (under_way.len() + 1).saturating_sub(SESSIONS_MAX);
    events.extend(under_way.iter().take(too_many).map(|known| ended(&author, known)));
    app.registry.append(&events).await?;
    pass(app, tenant, &record, now, renewal)
}

fn pass(app: &App, tenant: &Tenant, session: &SessionRecord, now: Timestamp, renewal: String) -> Result<Opened> {
    let pass_until = now.plus(PASS_US).unwrap_or(now).min(session.expires_at);
    let pass = Pass {
        tenant: tenant.clone(),
        user: session.user.to_string(),
        session: session.id.clone(),
        issued_at: now,
        expires_at: pass_until,
    };
    Ok(Opened { pass: app.identity.issue(&pass)?, pass_until, renewal, session_until: session.expires_at })
}

/// What a renewal begins with, so that whoever finds one knows what it is.
const RENEWAL_PREFIX: &str = "mr_";

fn renewal(tenant: &Tenant, session: &str, random: &[u8]) -> String {
    format!("{RENEWAL_PREFIX}{tenant}_{session}_{}", hexadecimal(random))
}

/// Whose session a renewal renews.
fn session_of(renewal: &str) -> Option<(Tenant, &str)> {
    let (tenant, rest) = renewal.strip_prefix(RENEWAL_PREFIX)?.split_once('_')?;
    let (session, _) = rest.split_once('_')?;
    Some((tenant.parse().ok()?, session))
}

/// Gives a new pass and a new renewal for a renewal.
///
/// # Errors
/// Denied where it is none, was used before, or its session is over; where the registry cannot be read or written.
pub async fn renew(app: &App, caller: &Caller, presented: &str, random: [u8; KEY_RANDOM_BYTES]) -> Result<Opened> {
    let Some((tenant, known)) = session(app, presented).await? else { return Err(over()) };
    let now = caller.now;
    let session = &known.thing;
    let user: Option<Edition<UserRecord>> = known_of(app, &tenant, session.user.as_str(), None).await?;
    let user = user.filter(|user| user.thing.status == Status::Active);
    let holds = session.status == Status::Active && now < session.expires_at;
    let name = principal_name(&session.user);
    let author = Author { tenant: &tenant, name: &name, now };
    let renewed = match user.as_ref().filter(|_| holds) {
        Some(_) if session.digest != digest_of(presented) => {
            app.registry.append(&[ended(&author, &known)]).await?;
            app.keyring.forget();
            Err(over())
        }
        Some(_) => {
            let renewal = renewal(&tenant, &session.id, &random);
            let record = SessionRecord { digest: digest_of(&renewal), ..session.clone() };
            let event = author.next(Happened::Changed, record.clone(), Some(&known));
            match app.registry.append(&[event]).await {
                Ok(()) => pass(app, &tenant, &record, now, renewal),
                // Somebody else used it at the same time.
                Err(error) if error.kind() == Kind::Conflict => Err(over()),
                Err(error) => Err(error),
            }
        }
        None => Err(over()),
    };
    let role = user.map(|user| user.thing.role);
    noted(app, caller, &tenant, (&session.user, role), Outcome::of(&renewed)).await?;
    renewed
}

/// Ends a session by what renews it.
///
/// # Errors
/// Denied where it is none that renews a session, and where the registry cannot be read or written.
pub async fn log_out(app: &App, caller: &Caller, presented: &str) -> Result<()> {
    let Some((tenant, known)) = session(app, presented).await? else { return Err(over()) };
    let session = &known.thing;
    if session.status != Status::Active || session.digest != digest_of(presented) {
        return Err(over());
    }
    let name = principal_name(&session.user);
    let author = Author { tenant: &tenant, name: &name, now: caller.now };
    let done = app.registry.append(&[ended(&author, &known)]).await;
    app.keyring.forget();
    noted(app, caller, &tenant, (&session.user, None), Outcome::of(&done)).await?;
    done
}

fn over() -> Error {
    let error = Error::new(Kind::Denied, "renew the session: it is over, or what renews it was used before");
    error.hint("log in again")
}

/// The session that a renewal names; whether it renews it is not looked at.
async fn session(app: &App, presented: &str) -> Result<Option<(Tenant, Edition<SessionRecord>)>> {
    let Some((tenant, id)) = session_of(presented) else { return Ok(None) };
    let known = known_of(app, &tenant, id, None).await?;
    Ok(known.map(|known| (tenant, known)))
}

/// Whether a session is under way, and whose.
pub(super) async fn under_way(app: &App, pass: &Pass, now: Timestamp) -> Result<Option<UserRecord>> {
    let session: Option<Edition<SessionRecord>> = known_of(app, &pass.tenant, &pass.session, None).await?;
    let holds = |session: &SessionRecord| {
        session.status == Status::Active && now < session.expires_at && session.user.as_str() == pass.user
    };
    if !session.is_some_and(|session| holds(&session.thing)) {
        return Ok(None);
    }
    let user: Option<Edition<UserRecord>> = known_of(app, &pass.tenant, &pass.user, None).await?;
    Ok(user.map(|user| user.thing).filter(|user| user.status == Status::Active))
}

/// The sessions of a person that have not ended, oldest first.
async fn sessions(app: &App, tenant: &Tenant, user: &UserName) -> Result<Vec<Edition<SessionRecord>>> {
    let equal = vec![(Field::User, user.to_string()), (Field::Status, Status::Active.name().to_owned())];
    let all = Wanted::all(ThingKind::Session, 2 * SESSIONS_MAX as u64);
    list_of(app, tenant, &Wanted { equal, sort: Sort::Changed, ..all }).await
}

fn ended(author: &Author<'_>, known: &Edition<SessionRecord>) -> Event {
    let record = SessionRecord { status: Status::Inactive, ..known.thing.clone() };
    author.next(Happened::Deactivated, record, Some(known))
}

/// Ends all sessions of a person.
pub(super) async fn end_sessions(app: &App, author: &Author<'_>, user: &UserName) -> Result<()> {
    let under_way = sessions(app, author.tenant, user).await?;
    let events: Vec<Event> = under_way.iter().map(|known| ended(author, known)).collect();
    if !events.is_empty() {
        app.registry.append(&events).await?;
    }
    app.keyring.forget();
    Ok(())
}

/// Leaves an entry of somebody who came in, or wanted to.
async fn noted(
    app: &App,
    caller: &Caller,
    tenant: &Tenant,
    (user, role): (&UserName, Option<Role>),
    outcome: Outcome,
) -> Result<()> {
    let entry = Entry {
        at: caller.now,
        request: caller.request.clone(),
        principal: principal_name(user),
        role,
        purpose: None,
        act: Act {
            action: Action::Enter,
            resource: Resource::Users,
            tenant: tenant.clone(),
            subject: Some(user.to_string()),
        },
        outcome,
    };
    app.audit.note(&entry)?;
    app.audit.seal().await
}
