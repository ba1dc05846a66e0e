//! Logging in: a password opens a session, a session gives passes that hold for minutes, and what renews it is good for one time. Who
//! presents the one before may have stolen it, or its owner was robbed of it: the session ends.
//!
//! A session is of one version of its person. Whoever got another password or role, or was deactivated, is another version, and so
//! logged in nowhere.

use std::time::Duration;

use metrify_domain::master::Status;
use metrify_domain::time::{HOUR, MINUTE};
use metrify_domain::{Tenant, Timestamp};
use metrify_governance::{Act, Action, Resource, UserName};

use crate::app::App;
use crate::audit::{Entry, Outcome, audited};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::govern::authenticate::{digest_of, hexadecimal, of_tenant, tenant_of, turned_away};
use crate::govern::keys::{KEY_RANDOM_BYTES, id_of};
use crate::govern::passwords::proven;
use crate::govern::users::principal_name;
use crate::identity::Pass;
use crate::registry::{Edition, Event, Field, Happened, SessionRecord, Sort, ThingKind, UserRecord, Wanted};
use crate::things::{self, Author, known_of, list_of};

/// How long a pass holds, in microseconds.
const PASS_US: i64 = 15 * MINUTE;
/// How long a session can be renewed, in microseconds.
const SESSION_US: i64 = 30 * 24 * HOUR;
/// Sessions of one person at once; one more ends the oldest.
const SESSIONS_MAX: usize = 20;
/// How long a login takes at least: whoever measures it learns nothing of names, for they are looked up and noted within it.
const LOGIN_TIME: Duration = Duration::from_millis(250);

/// A request of somebody who is not known yet.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The house's own tenant, whose log has what concerns nobody else.
    pub house: Tenant,
    /// The name of the request, by which it is found again in logs.
    pub request: String,
    pub now: Timestamp,
}

/// What was opened.
pub struct Opened {
    pub pass: String,
    pub pass_until: Timestamp,
    /// Good for one time.
    pub renewal: String,
    pub session_until: Timestamp,
}

/// Who wants to be let in, and by what.
pub struct Login {
    pub tenant: Tenant,
    pub user: UserName,
    pub password: String,
}

/// Logs somebody in. `random` has to come from the operating system.
///
/// # Errors
/// Denied where the name or the password is wrong or locked, which of them is not told, or no policy lets it in; where too many come at
/// once, or the registry cannot be read or written.
pub async fn log_in(app: &App, caller: &Caller, login: Login, random: [u8; KEY_RANDOM_BYTES]) -> Result<Opened> {
    let (opened, ()) = tokio::join!(let_in(app, caller, login, random), tokio::time::sleep(LOGIN_TIME));
    opened
}

async fn let_in(app: &App, caller: &Caller, login: Login, random: [u8; KEY_RANDOM_BYTES]) -> Result<Opened> {
    let Login { tenant, user, password } = login;
    let _turn = app.logins.turn(&tenant, &user).await?;
    if let Some(known) = proven(app, &tenant, &user, &password, caller.now).await?
        && let Some(ctx) = context(app, caller, &tenant, &known.thing).await?
    {
        return audited(app, &ctx, enter(&ctx, &user), open(app, &ctx, &known, random)).await;
    }
    refused(app, caller, &tenant, &user).await?;
    let error = Error::new(Kind::Denied, "log in: the name or the password is wrong, or it was wrong too often");
    Err(error.hint("try again in a quarter of an hour; an admin of the tenant gives a new password"))
}

/// Of a person that asks for itself; `None` where there is no such tenant, or it is inactive.
async fn context(app: &App, caller: &Caller, tenant: &Tenant, user: &UserRecord) -> Result<Option<Context>> {
    let given = (user.role, user.purposes.clone());
    let principal = of_tenant(app, principal_name(&user.name), tenant.clone(), given).await?;
    let Caller { request, now, .. } = caller.clone();
    Ok(principal.map(|principal| Context { principal, purpose: None, request, now }))
}

fn enter(ctx: &Context, user: &UserName) -> Act {
    ctx.act(Action::Enter, Resource::Users, Some(user.to_string()))
}

async fn open(app: &App, ctx: &Context, user: &Edition<UserRecord>, random: [u8; KEY_RANDOM_BYTES]) -> Result<Opened> {
    let (tenant, now) = (ctx.tenant(), ctx.now);
    let id = id_of(&random);
    let renewal = renewal(tenant, &id, &random);
    let record = SessionRecord {
        id,
        user: user.thing.name.clone(),
        user_version: user.version,
        digest: digest_of(&renewal),
        previous: None,
        expires_at: now.plus(SESSION_US).unwrap_or(now),
        status: Status::Active,
    };
    let mut events = vec![things::next(ctx, Happened::Registered, record.clone(), None)];
    let others = sessions(app, tenant, &user.thing.name).await?;
    let too_many = (others.len() + 1).saturating_sub(SESSIONS_MAX);
    events.extend(others.iter().take(too_many).map(|known| ended(ctx, known)));
    app.registry.append(&events).await?;
    if too_many > 0 {
        app.keyring.forget();
    }
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

/// Whose session a renewal names.
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
    let Some((ctx, known)) = session(app, caller, presented).await? else { return Err(over()) };
    let session = &known.thing;
    let digest = digest_of(presented);
    if session.digest == digest {
        return audited(app, &ctx, enter(&ctx, &session.user), renewed(app, &ctx, &known, random)).await;
    }
    if session.previous.as_ref() == Some(&digest) {
        end(app, &ctx, known.clone()).await?;
    }
    refused(app, caller, ctx.tenant(), &session.user).await?;
    Err(over())
}

async fn renewed(
    app: &App,
    ctx: &Context,
    known: &Edition<SessionRecord>,
    random: [u8; KEY_RANDOM_BYTES],
) -> Result<Opened> {
    let renewal = renewal(ctx.tenant(), &known.thing.id, &random);
    let previous = Some(known.thing.digest.clone());
    let record = SessionRecord { digest: digest_of(&renewal), previous, ..known.thing.clone() };
    let event = things::next(ctx, Happened::Changed, record.clone(), Some(known));
    app.registry.append(&[event]).await.map_err(|error| match error.kind() {
        // Somebody else used it at the same time.
        Kind::Conflict => over(),
        _ => error,
    })?;
    pass(app, ctx.tenant(), &record, ctx.now, renewal)
}

/// Ends a session by what renews it.
///
/// # Errors
/// Denied where it is none that renews a session, and where the registry cannot be read or written.
pub async fn log_out(app: &App, caller: &Caller, presented: &str) -> Result<()> {
    let Some((ctx, known)) = session(app, caller, presented).await? else { return Err(over()) };
    if known.thing.digest != digest_of(presented) {
        refused(app, caller, ctx.tenant(), &known.thing.user).await?;
        return Err(over());
    }
    let act = enter(&ctx, &known.thing.user);
    audited(app, &ctx, act, end(app, &ctx, known)).await
}

/// Ends a session, also where it is renewed meanwhile.
async fn end(app: &App, ctx: &Context, mut known: Edition<SessionRecord>) -> Result<()> {
    const TRIES_MAX: usize = 10;
    let mut tries = 1;
    loop {
        let done = app.registry.append(&[ended(ctx, &known)]).await;
        app.keyring.forget();
        match done {
            Err(error) if error.kind() == Kind::Conflict && tries < TRIES_MAX => tries += 1,
            done => return done,
        }
        let id = known.thing.id;
        known = things::find_of(app, ctx.tenant(), &id, None).await?;
        if known.thing.status != Status::Active {
            return Ok(());
        }
    }
}

fn over() -> Error {
    let error = Error::new(Kind::Denied, "renew the session: it is over, or what renews it was used before");
    error.hint("log in again")
}

/// The session under way that a renewal names, and its person; whether it renews it is not looked at. Where there is none, that is noted.
async fn session(app: &App, caller: &Caller, presented: &str) -> Result<Option<(Context, Edition<SessionRecord>)>> {
    let Some((tenant, id)) = session_of(presented) else {
        turned_away(app, caller).await?;
        return Ok(None);
    };
    let known: Option<Edition<SessionRecord>> = known_of(app, &tenant, id, None).await?;
    let Some(known) = known else {
        turned_away(app, caller).await?;
        return Ok(None);
    };
    let ctx = match person(app, &tenant, &known.thing, caller.now).await? {
        Some(user) => context(app, caller, &tenant, &user).await?,
        None => None,
    };
    if ctx.is_none() {
        refused(app, caller, &tenant, &known.thing.user).await?;
    }
    Ok(ctx.map(|ctx| (ctx, known)))
}

/// Whose session it is, as long as it is under way.
async fn person(app: &App, tenant: &Tenant, session: &SessionRecord, now: Timestamp) -> Result<Option<UserRecord>> {
    if session.status != Status::Active || session.expires_at <= now {
        return Ok(None);
    }
    let user: Option<Edition<UserRecord>> = known_of(app, tenant, session.user.as_str(), None).await?;
    let user = user.filter(|user| user.version == session.user_version);
    Ok(user.map(|user| user.thing).filter(|user| user.status == Status::Active))
}

/// Whose a pass is, as long as its session is under way.
pub(super) async fn under_way(app: &App, pass: &Pass, now: Timestamp) -> Result<Option<UserRecord>> {
    let session: Option<Edition<SessionRecord>> = known_of(app, &pass.tenant, &pass.session, None).await?;
    match session.filter(|session| session.thing.user.as_str() == pass.user) {
        Some(session) => person(app, &pass.tenant, &session.thing, now).await,
        None => Ok(None),
    }
}

/// The sessions of a person that were not ended, oldest first.
async fn sessions(app: &App, tenant: &Tenant, user: &UserName) -> Result<Vec<Edition<SessionRecord>>> {
    let equal = vec![(Field::User, user.to_string()), (Field::Status, Status::Active.name().to_owned())];
    let all = Wanted::all(ThingKind::Session, 2 * SESSIONS_MAX as u64);
    list_of(app, tenant, &Wanted { equal, sort: Sort::Changed, ..all }).await
}

fn ended(ctx: &Context, known: &Edition<SessionRecord>) -> Event {
    let record = SessionRecord { status: Status::Inactive, ..known.thing.clone() };
    let author = Author { tenant: ctx.tenant(), name: &ctx.principal.name, now: ctx.now };
    author.next(Happened::Deactivated, record, Some(known))
}

/// Leaves an entry of somebody who was not let in, in the log of the tenant that it named, where there is one; not of all, where many
/// come.
async fn refused(app: &App, caller: &Caller, tenant: &Tenant, user: &UserName) -> Result<()> {
    let Some(record) = tenant_of(app, tenant).await? else { return turned_away(app, caller).await };
    if !app.keyring.notes_turned_away(caller.now) {
        return Ok(());
    }
    let act =
        Act { action: Action::Enter, resource: Resource::Users, tenant: record.name, subject: Some(user.to_string()) };
    let Caller { request, now, .. } = caller.clone();
    let principal = principal_name(user);
    let entry =
        Entry { at: now, request, principal, role: None, purpose: None, act, query: None, outcome: Outcome::Denied };
    app.audit.note(&entry)?;
    app.audit.seal().await
}
