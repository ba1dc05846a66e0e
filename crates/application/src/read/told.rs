//! A query as a use case, whatever its answer is made of: policies, limits, and the entry before anything of it is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use metrify_governance::{Act, Action, Resource};

use crate::app::App;
use crate::audit::{Entry, Outcome, entry, permitted};
use crate::context::Context;
use crate::error::Result;
use crate::ports::Audit;

/// What has to be written before anything of an answer is told.
pub struct Telling {
    audit: Arc<dyn Audit>,
    done: Entry,
    noted: AtomicBool,
}

impl Telling {
    fn new(app: &App, ctx: &Context, act: Act) -> Arc<Self> {
        Arc::new(Self { audit: app.audit.clone(), done: entry(ctx, act, Outcome::Done), noted: AtomicBool::new(false) })
    }

    /// Writes the entry, once: before the first of an answer is told.
    ///
    /// # Errors
    /// Where it cannot be written: then nothing is told.
    pub fn note(&self) -> Result<()> {
        if self.noted.swap(true, Ordering::Relaxed) { Ok(()) } else { self.audit.note(&self.done) }
    }
}

/// Answers a query in whatever form its engine gives it: `work` calls [`Telling::note`] before it tells the first of it.
///
/// # Errors
/// As [`super::sql`].
pub async fn told<Work>(app: &App, ctx: &Context, work: impl FnOnce(Arc<Telling>) -> Work) -> Result<()>
where
    Work: Future<Output = Result<()>>,
{
    answered(app, ctx, ctx.act(Action::Query, Resource::Tables, None), work).await
}

/// What is asked about a query before it is answered, such as its columns: allowed to whoever may query. It leaves no entry, since it
/// tells nothing of what is stored.
///
/// # Errors
/// Those of the work, and where it is denied.
pub async fn described<T>(app: &App, ctx: &Context, work: impl Future<Output = Result<T>>) -> Result<T> {
    permitted(app, ctx, &ctx.act(Action::Query, Resource::Tables, None)).await?;
    app.queries.answer(work).await
}

pub(super) async fn answered<Work>(
    app: &App,
    ctx: &Context,
    act: Act,
    work: impl FnOnce(Arc<Telling>) -> Work,
) -> Result<()>
where
    Work: Future<Output = Result<()>>,
{
    permitted(app, ctx, &act).await?;
    let telling = Telling::new(app, ctx, act.clone());
    let answered = app.queries.answer(work(telling.clone())).await;
    if answered.is_err() || !telling.noted.load(Ordering::Relaxed) {
        app.audit.note(&entry(ctx, act, Outcome::of(&answered)))?;
    }
    answered
}
