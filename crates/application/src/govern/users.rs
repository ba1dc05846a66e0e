//! People: made, changed and listed by an admin of their tenant; each changes its own password.

use metrify_domain::Timestamp;
use metrify_domain::master::{Label, Status};
use metrify_governance::{Action, Purpose, Resource, Role, UserName};

use crate::app::App;
use crate::audit::audited;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::govern::given::{Given, may_be_given};
use crate::govern::passwords::{forgive, proven};
use crate::registry::{Edition, Happened, Listing, UserRecord, Wanted};
use crate::things;

/// Characters of a password at least; it may hold whatever it likes (NIST SP 800-63B-4, section 3.1.1).
const PASSWORD_CHARACTERS_MIN: usize = 12;

/// What is told of a person.
#[derive(Clone, Debug)]
pub struct UserFacts {
    pub name: UserName,
    pub title: Option<Label>,
    pub role: Role,
    /// Empty: every purpose that the law allows the tenant.
    pub purposes: Vec<Purpose>,
    pub status: Status,
}

impl UserFacts {
    fn of(record: &UserRecord) -> Self {
        let UserRecord { name, title, role, purposes, digest: _, status } = record.clone();
        Self { name, title, role, purposes, status }
    }

    fn with(self, digest: String) -> UserRecord {
        let Self { name, title, role, purposes, status } = self;
        UserRecord { name, title, role, purposes, digest, status }
    }
}

/// Makes a person who logs in by a name and a password.
///
/// # Errors
/// Where it is denied, there is one of this name, the password is too short, or the registry cannot be written.
pub async fn create_user(app: &App, ctx: &Context, facts: UserFacts, password: &str) -> Result<Edition<UserRecord>> {
    let act = ctx.act(Action::Administer, Resource::Users, Some(facts.name.to_string()));
    audited(app, ctx, act, async {
        check(ctx, &facts)?;
        fits(&facts.name, password)?;
        let record = facts.with(app.identity.digest(password).await?);
        things::append(app, ctx, Happened::Registered, record, None).await
    })
    .await
}

/// Says anew what is told of a person, and gives a new password where there is one. Who was deactivated, got another role or another
/// password is logged in nowhere from then on.
///
/// # Errors
/// Where it is denied, there is none of this name, it was changed meanwhile, it is the one who asks that is to end, the password is
/// too short, or the registry cannot be written.
pub async fn put_user(
    app: &App,
    ctx: &Context,
    facts: UserFacts,
    password: Option<&str>,
    version: Option<u64>,
) -> Result<Edition<UserRecord>> {
    let act = ctx.act(Action::Administer, Resource::Users, Some(facts.name.to_string()));
    audited(app, ctx, act, async {
        let known: Edition<UserRecord> = things::find(app, ctx, facts.name.as_str(), None).await?;
        things::expect(&known, version)?;
        check(ctx, &facts)?;
        // Nor does anybody take over somebody who has more.
        check(ctx, &UserFacts::of(&known.thing))?;
        if facts.status == Status::Inactive && ctx.principal.name == principal_name(&facts.name) {
            return Err(Error::new(Kind::Conflict, format!("deactivate the user `{}`: it is who asks", facts.name)));
        }
        let digest = match password {
            Some(password) => {
                fits(&facts.name, password)?;
                app.identity.digest(password).await?
            }
            None => known.thing.digest.clone(),
        };
        let changed = change(app, ctx, &known, facts.with(digest)).await?;
        if password.is_some() {
            forgive(app, ctx, &known.thing.name).await?;
        }
        Ok(changed)
    })
    .await
}

async fn change(
    app: &App,
    ctx: &Context,
    known: &Edition<UserRecord>,
    record: UserRecord,
) -> Result<Edition<UserRecord>> {
    if record == known.thing {
        return Ok(known.clone());
    }
    let happened = Happened::between(known.thing.status, record.status);
    // Its sessions are of the version before, and so over.
    let changed = things::append(app, ctx, happened, record, Some(known)).await;
    // Also where it is not known whether it was appended.
    app.keyring.forget();
    changed
}

/// Changes the password of the one who asks, who proves once more who it is; it is logged in nowhere else from then on, nor here.
///
/// # Errors
/// Where it is denied, no person asks, the old password is wrong, the new one is too short, or the registry cannot be written.
pub async fn change_password(app: &App, ctx: &Context, old: &str, new: &str) -> Result<()> {
    let step = "change the password";
    let name = ctx.principal.name.strip_prefix(OF_USER);
    let act = ctx.act(Action::Enter, Resource::Users, name.map(str::to_owned));
    audited(app, ctx, act, async {
        let none = || Error::new(Kind::Invalid, format!("{step}: no user of the house asks, who has one"));
        let name = name.ok_or_else(none)?.parse::<UserName>();
        let name = name.map_err(|error| Error::new(Kind::Internal, step).because(error))?;
        fits(&name, new)?;
        let _turn = app.logins.turn(ctx.tenant(), &name).await?;
        let known = proven(app, ctx.tenant(), &name, old, ctx.now).await?;
        let known =
            known.ok_or_else(|| Error::new(Kind::Denied, format!("{step}: the old one is wrong, or locked")))?;
        let record = UserRecord { digest: app.identity.digest(new).await?, ..known.thing.clone() };
        change(app, ctx, &known, record).await.map(drop)
    })
    .await
}

/// The people of the tenant that asks, the deactivated ones, too.
///
/// # Errors
/// Where it is denied or the registry cannot be read.
pub async fn list_users(app: &App, ctx: &Context, wanted: &Wanted) -> Result<Listing<UserRecord>> {
    let act = ctx.act(Action::Read, Resource::Users, None);
    audited(app, ctx, act, things::page(app, ctx, wanted, |_| true)).await
}

/// One of the people of the tenant that asks, as it is known or was known then.
///
/// # Errors
/// Where it is denied, there is none of this name, or the registry cannot be read.
pub async fn find_user(
    app: &App,
    ctx: &Context,
    name: &str,
    known_at: Option<Timestamp>,
) -> Result<Edition<UserRecord>> {
    let act = ctx.act(Action::Read, Resource::Users, Some(name.to_owned()));
    audited(app, ctx, act, things::find(app, ctx, name, known_at)).await
}

/// What a person's name in the audit log begins with.
pub(super) const OF_USER: &str = "user:";

/// Who it is in the audit log.
pub(super) fn principal_name(name: &UserName) -> String {
    format!("{OF_USER}{name}")
}

fn check(ctx: &Context, facts: &UserFacts) -> Result<()> {
    let UserFacts { name, role, purposes, .. } = facts;
    let step = format!("make the user `{name}` what it is to be");
    if ctx.principal.expires_at.is_some() {
        return Err(Error::new(Kind::Denied, format!("{step}: what makes it ends, and a user does not")));
    }
    let tenant = ctx.tenant();
    may_be_given(ctx, &step, &Given { tenant, parties: &ctx.principal.parties, role: *role, purposes })
}

fn fits(name: &UserName, password: &str) -> Result<()> {
    let step = "take the password";
    if password.chars().count() < PASSWORD_CHARACTERS_MIN {
        let error =
            Error::new(Kind::Invalid, format!("{step}: it has fewer than {PASSWORD_CHARACTERS_MIN} characters"));
        return Err(error.hint("a few words that nobody would say together are easy to keep in mind"));
    }
    if password.to_lowercase().contains(name.as_str()) && password.chars().count() < 2 * PASSWORD_CHARACTERS_MIN {
        return Err(Error::new(Kind::Invalid, format!("{step}: it holds the name of its user")));
    }
    Ok(())
}
