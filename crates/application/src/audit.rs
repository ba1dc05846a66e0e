//! What every use case leaves behind: an entry of who did what, what for, and what came of it, and nothing of what was read.
//!
//! The entry is written before anybody learns the outcome. Where it cannot be, nobody does. Of what changes something, and of what was
//! denied, it is on the disk by then, too; of what was only read soon after: it outlives the program at once, and a loss of power within
//! a second. To wait for the disk would make a reading of a single meter take ten times as long.

use std::fmt;

use metrify_domain::Timestamp;
use metrify_domain::master::Installation;
use metrify_governance::{Act, Action, Circumstances, Decision, Purpose, Resource, Role};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::govern::covering;

/// One entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub at: Timestamp,
    pub request: String,
    pub principal: String,
    /// `None` where nobody is known by the name that was given.
    pub role: Option<Role>,
    pub purpose: Option<Purpose>,
    pub act: Act,
    /// Of what was asked, where it was a query.
    pub query: Option<QueryDigest>,
    pub outcome: Outcome,
}

/// The SHA-256 of a query's text: tells whether two are the same, and holds nothing of whom they are about as it stands. Of a statement
/// over PostgreSQL's protocol it is of the text as it was understood, which differs from what was sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct QueryDigest([u8; Self::BYTES]);

impl QueryDigest {
    const BYTES: usize = 32;

    #[must_use]
    pub fn of(sql: &str) -> Self {
        Self(Sha256::digest(sql).into())
    }

    /// The digest that [`Self::fmt`] wrote; `None` for anything else.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 2 * Self::BYTES || !text.bytes().all(is_hex) {
            return None;
        }
        let mut digest = [0; Self::BYTES];
        for (place, byte) in digest.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * place..2 * place + 2)?, 16).ok()?;
        }
        Some(Self(digest))
    }
}

impl fmt::Display for QueryDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for QueryDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is about to be done: what changes something leaves this entry first, and another one of what came of it.
    Begun,
    Done,
    /// No policy allows it, or one forbids it.
    Denied,
    Failed(Kind),
}

impl Outcome {
    pub const ALL: [Self; 10] = [
        Self::Begun,
        Self::Done,
        Self::Denied,
        Self::Failed(Kind::Invalid),
        Self::Failed(Kind::NotFound),
        Self::Failed(Kind::Conflict),
        Self::Failed(Kind::Busy),
        Self::Failed(Kind::Unavailable),
        Self::Failed(Kind::Corrupt),
        Self::Failed(Kind::Internal),
    ];

    /// The outcome of a name; `None` where there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }

    pub(crate) fn of<T>(done: &Result<T>) -> Self {
        match done {
            Ok(_) => Self::Done,
            Err(error) if error.kind() == Kind::Denied => Self::Denied,
            Err(error) => Self::Failed(error.kind()),
        }
    }

    /// As it stands in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Done => "done",
            Self::Denied => "denied",
            Self::Failed(kind) => kind.name(),
        }
    }
}

/// What looking through a chain of entries found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// Entries that are as they were written, from the first one on.
    pub entries: u64,
    /// The hash of the last of them, in hexadecimal digits: whoever keeps it elsewhere can tell later that nothing before it changed.
    pub head: String,
    /// The first place where the log is not what was written; `None` where it is whole.
    pub broken: Option<Broken>,
}

/// The first place where a log is not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub file: String,
    /// The entry's line in it, from 1.
    pub line: u64,
    /// The byte of the file, from 0, that is the first that changed; the first of the line where that cannot be told.
    pub byte: u64,
    pub reason: String,
}

/// Which way a log is read, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Oldest first, behind the entry of this number.
    Onwards { after: u64 },
    /// Newest first, before the entry of this number; from the end where it is `None`.
    Back { before: Option<u64> },
}

/// An act, and the query that it is, where it is one.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    act: Act,
    query: Option<QueryDigest>,
    /// Where the meter was whose readings it is about, and nothing else.
    installed: Option<Installation>,
    /// Who does it began what it is done to.
    own: bool,
}

impl Deed {
    /// To ask a query.
    pub(crate) fn asking(act: Act, sql: &str) -> Self {
        Self { query: Some(QueryDigest::of(sql)), ..act.into() }
    }

    /// To read what a meter measured while it was somewhere.
    pub(crate) fn installed(act: Act, installed: Option<Installation>) -> Self {
        Self { installed, ..act.into() }
    }

    /// On what who does it may have begun itself.
    pub(crate) fn own(act: Act, own: bool) -> Self {
        Self { own, ..act.into() }
    }
}

impl From<Act> for Deed {
    fn from(act: Act) -> Self {
        Self { act, query: None, installed: None, own: false }
    }
}

/// Does what the policies allow, and leaves an entry before the outcome is told: on the disk where something changes.
///
/// # Errors
/// Where it is denied, fails, or no entry of it can be written.
pub(crate) async fn audited<T>(
    app: &App,
    ctx: &Context,
    deed: impl Into<Deed>,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let deed = deed.into();
    permitted(app, ctx, deed.clone()).await?;
    if !deed.act.action.changes() {
        return noted(app, ctx, deed, work).await;
    }
    // Where no entry can be written, nothing is changed.
    app.audit.note(&entry(ctx, deed.clone(), Outcome::Begun))?;
    let done = noted(app, ctx, deed, work).await;
    app.audit.seal().await?;
    done
}

/// As [`audited`], for what is durable by itself: the entry is written before the outcome is told, and on the disk soon after.
///
/// # Errors
/// As [`audited`].
pub(crate) async fn allowed<T>(app: &App, ctx: &Context, act: Act, work: impl Future<Output = Result<T>>) -> Result<T> {
    permitted(app, ctx, act.clone()).await?;
    noted(app, ctx, act.into(), work).await
}

async fn noted<T>(app: &App, ctx: &Context, deed: Deed, work: impl Future<Output = Result<T>>) -> Result<T> {
    let done = work.await;
    app.audit.note(&entry(ctx, deed, Outcome::of(&done)))?;
    done
}

/// Asks the policies; what they deny leaves an entry.
///
/// # Errors
/// Where it is denied, the registry cannot be read, or no entry of it can be written.
pub(crate) async fn permitted(app: &App, ctx: &Context, deed: impl Into<Deed>) -> Result<()> {
    let deed = deed.into();
    let grant = covering(app, ctx, (&deed.act, deed.installed.as_ref())).await;
    let grant = looked_up(app, ctx, &deed.act, grant)?;
    let circumstances = Circumstances { purpose: ctx.purpose(), grant, own: deed.own };
    let decision = app.policies.decide(&ctx.principal, &circumstances, &deed.act);
    if decision.allowed {
        return Ok(());
    }
    let error = denied(&deed.act, &decision);
    app.audit.note(&entry(ctx, deed, Outcome::Denied))?;
    app.audit.seal().await?;
    Err(error)
}

/// What the policies are to be asked about; where it could not be looked up, that leaves an entry.
///
/// # Errors
/// Those of looking it up, and where no entry can be written.
pub(crate) fn looked_up<T>(app: &App, ctx: &Context, act: &Act, found: Result<T>) -> Result<T> {
    if let Err(error) = &found {
        app.audit.note(&entry(ctx, act.clone(), Outcome::Failed(error.kind())))?;
    }
    found
}

pub(crate) fn entry(ctx: &Context, deed: impl Into<Deed>, outcome: Outcome) -> Entry {
    let Deed { act, query, installed: _, own: _ } = deed.into();
    Entry {
        at: ctx.now,
        request: ctx.request.clone(),
        principal: ctx.principal.name.clone(),
        role: Some(ctx.principal.role),
        purpose: ctx.purpose(),
        act,
        query,
        outcome,
    }
}

fn denied(act: &Act, decision: &Decision) -> Error {
    let reasons: Vec<String> = decision.reasons.iter().map(ToString::to_string).collect();
    let error = Error::new(Kind::Denied, format!("{} {}: {}", act.action, act.resource, reasons.join("; ")));
    error.hint("`metrify policy explain`, or /api/v1/policies/explain to an admin, tells who may do what, and why")
}

impl Context {
    /// What is about to be done with things of its own tenant; with one of them, where there is a `subject`.
    pub(crate) fn act(&self, action: Action, resource: Resource, subject: Option<String>) -> Act {
        Act { action, resource, tenant: self.tenant().clone(), subject }
    }
}
