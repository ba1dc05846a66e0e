//! A query as a use case, whatever its answer is made of: policies, limits, and the entry before anything of it is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use metrify_governance::{Action, Resource};

use crate::app::App;
use crate::audit::{Deed, Entry, Outcome, allowed, entry, permitted};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::ports::Audit;

/// What has to be written before anything of an answer is told.
pub struct Telling {
    audit: Arc<dyn Audit>,
    done: Entry,
    noted: AtomicBool,
}

impl Telling {
    fn new(app: &App, ctx: &Context, deed: Deed) -> Arc<Self> {
        Arc::new(Self {
            audit: app.audit.clone(),
            done: entry(ctx, deed, Outcome::Done),
            noted: AtomicBool::new(false),
        })
    }

    /// Writes the entry, once: before the first of an answer is told.
    ///
    /// # Errors
    /// Where it cannot be written: then nothing is told.
    pub fn note(&self) -> Result<()> {
        if self.noted.swap(true, Ordering::Relaxed) { Ok(()) } else { self.audit.note(&self.done) }
    }
}

/// Answers a query of this text in whatever form its engine gives it: `work` calls [`Telling::note`] before it tells the first of it.
///
/// # Errors
/// As [`super::sql`].
pub async fn told<Work>(app: &App, ctx: &Context, sql: &str, work: impl FnOnce(Arc<Telling>) -> Work) -> Result<()>
where
    Work: Future<Output = Result<()>>,
{
    answered(app, ctx, Deed::asking(ctx.act(Action::Query, Resource::Tables, None), sql), work).await
}

/// Leaves an entry of a query that was not asked, for the reason of `error`.
///
/// # Errors
/// Where none can be written.
pub fn unasked(app: &App, ctx: &Context, error: &Error) -> Result<()> {
    let act = ctx.act(Action::Query, Resource::Tables, None);
    let outcome = if error.kind() == Kind::Denied { Outcome::Denied } else { Outcome::Failed(error.kind()) };
    app.audit.note(&entry(ctx, act, outcome))
}

/// Leaves an entry of what is answered without the engine, such as a setting of a session.
///
/// # Errors
/// Where none can be written.
pub fn aside(app: &App, ctx: &Context) -> Result<()> {
    app.audit.note(&entry(ctx, ctx.act(Action::Query, Resource::Tables, None), Outcome::Done))
}

/// What is asked about a query before it is answered, such as its columns: allowed to whoever may query. It leaves no entry, since it
/// tells nothing of what is stored; but where it fails it does, for it is not asked then.
///
/// # Errors
/// Those of the work, and where it is denied, or no entry can be written.
pub async fn described<T>(app: &App, ctx: &Context, work: impl Future<Output = Result<T>>) -> Result<T> {
    permitted(app, ctx, ctx.act(Action::Query, Resource::Tables, None)).await?;
    let described = app.queries.answer(ctx.tenant(), work).await;
    if let Err(error) = &described {
        unasked(app, ctx, error)?;
    }
    described
}

/// What a tenant's tables are: as a query that is answered.
///
/// # Errors
/// As [`described`].
pub async fn listed<T>(app: &App, ctx: &Context, work: impl Future<Output = Result<T>>) -> Result<T> {
    let act = ctx.act(Action::Query, Resource::Tables, None);
    allowed(app, ctx, act, app.queries.answer(ctx.tenant(), work)).await
}

pub(super) async fn answered<Work>(
    app: &App,
    ctx: &Context,
    deed: Deed,
    work: impl FnOnce(Arc<Telling>) -> Work,
) -> Result<()>
where
    Work: Future<Output = Result<()>>,
{
    permitted(app, ctx, deed.clone()).await?;
    let telling = Telling::new(app, ctx, deed.clone());
    let answered = app.queries.answer(ctx.tenant(), work(telling.clone())).await;
    if answered.is_err() || !telling.noted.load(Ordering::Relaxed) {
        app.audit.note(&entry(ctx, deed, Outcome::of(&answered)))?;
    }
    answered
}
