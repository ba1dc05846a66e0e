//! Jobs, asked for and stopped: those of the registry, and the routines that are remembered, as one list.

use metrify_domain::{Tenant, Timestamp};
use metrify_governance::{Action, Resource};
use tokio::sync::broadcast;

use crate::app::App;
use crate::audit::{Deed, audited};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::jobs::{HOUSE, JobKind, JobRecord, JobState, ToldJob};
use crate::registry::{Changed, Cursor, Edition, Field, Happened, Sort, ThingKind, Wanted};
use crate::things::{self, Author};

/// Which jobs are wanted.
#[derive(Clone, Debug)]
pub struct WantedJobs {
    pub kind: Option<JobKind>,
    pub state: Option<JobState>,
    /// The principal that started them.
    pub by: Option<String>,
    pub changed: Changed,
    /// As it was known then; `None` for today.
    pub known_at: Option<Timestamp>,
    pub sort: Sort,
    pub after: Option<Cursor>,
    pub limit: u64,
}

/// A page of jobs.
#[derive(Clone, Debug)]
pub struct ListedJobs {
    pub jobs: Vec<ToldJob>,
    /// Where the next page begins; `None` behind the last one.
    pub next: Option<Cursor>,
}

impl WantedJobs {
    fn of_registry(&self) -> Wanted {
        let equal = [
            (Field::Kind, self.kind.map(|kind| kind.name().to_owned())),
            (Field::State, self.state.map(|state| state.name().to_owned())),
            (Field::By, self.by.clone()),
        ];
        Wanted {
            equal: equal.into_iter().filter_map(|(field, value)| Some((field, value?))).collect(),
            changed: self.changed,
            known_at: self.known_at,
            sort: self.sort,
            after: self.after.clone(),
            ..Wanted::all(ThingKind::Job, self.limit)
        }
    }

    /// Whether one that is remembered is wanted.
    fn wants(&self, known: &Edition<JobRecord>) -> bool {
        let job = &known.thing;
        self.kind.is_none_or(|kind| kind == job.kind)
            && self.state.is_none_or(|state| state == job.state)
            && self.by.as_ref().is_none_or(|by| *by == job.by)
            && self.changed.contains(known.known_from)
            && self.known_at.is_none_or(|at| known.known_from <= at)
            && self.after.as_ref().is_none_or(|after| self.sort.compare(&place(known), after).is_gt())
    }
}

fn place(known: &Edition<JobRecord>) -> Cursor {
    Cursor { known_from: known.known_from, id: known.thing.id.clone() }
}

/// Jobs of the tenant that asks, a page of them.
///
/// # Errors
/// Where it is denied, or the registry cannot be read.
pub async fn list_jobs(app: &App, ctx: &Context, wanted: &WantedJobs) -> Result<ListedJobs> {
    let act = ctx.act(Action::Read, Resource::Jobs, None);
    let deed = Deed::own(act, wanted.by.as_ref() == Some(&ctx.principal.name));
    audited(app, ctx, deed, page(app, ctx, wanted)).await
}

async fn page(app: &App, ctx: &Context, wanted: &WantedJobs) -> Result<ListedJobs> {
    let remembered = app.jobs.remembered(ctx.tenant()).into_iter().filter(|known| wanted.wants(known));
    let mut jobs: Vec<ToldJob> = remembered.map(|job| told(ctx, job, false)).collect();
    let kept = things::list::<JobRecord>(app, ctx, &wanted.of_registry()).await?;
    let so_far = |known| if wanted.known_at.is_none() { with_account(app, ctx, known) } else { known };
    jobs.extend(kept.into_iter().map(|known| told(ctx, so_far(known), true)));
    jobs.sort_by(|one, other| wanted.sort.compare(&place(&one.job), &place(&other.job)));
    let limit = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    jobs.truncate(limit);
    let next = jobs.last().filter(|_| jobs.len() == limit).map(|last| place(&last.job));
    Ok(ListedJobs { jobs, next })
}

fn told(ctx: &Context, job: Edition<JobRecord>, kept: bool) -> ToldJob {
    ToldJob { tenant: ctx.tenant().clone(), job, kept }
}

/// What a job that runs here has done so far is told with it.
fn with_account(app: &App, ctx: &Context, mut known: Edition<JobRecord>) -> Edition<JobRecord> {
    if known.thing.state == JobState::Running
        && let Some(account) = app.jobs.so_far(ctx.tenant(), &known.thing.id)
    {
        known.thing.account = account;
    }
    known
}

/// A job, as it stands or as it was known then.
///
/// # Errors
/// Where it is denied, nothing is known of it, or the registry cannot be read.
pub async fn find_job(app: &App, ctx: &Context, id: &str, known_at: Option<Timestamp>) -> Result<ToldJob> {
    let act = ctx.act(Action::Read, Resource::Jobs, Some(id.to_owned()));
    let deed = Deed::own(act, is_own(app, ctx, id).await);
    audited(app, ctx, deed, find(app, ctx, id, known_at)).await
}

/// Whether who asks began it. What cannot be looked up is nobody's: looking for it fails once more.
async fn is_own(app: &App, ctx: &Context, id: &str) -> bool {
    find(app, ctx, id, None).await.is_ok_and(|told| told.job.thing.by == ctx.principal.name)
}

async fn find(app: &App, ctx: &Context, id: &str, known_at: Option<Timestamp>) -> Result<ToldJob> {
    let remembered = app.jobs.remembered(ctx.tenant()).into_iter().find(|known| known.thing.id == id);
    if let Some(job) = remembered.filter(|known| known_at.is_none_or(|at| known.known_from <= at)) {
        return Ok(told(ctx, job, false));
    }
    let known = things::find(app, ctx, id, known_at).await?;
    let known = if known_at.is_none() { with_account(app, ctx, known) } else { known };
    Ok(told(ctx, known, true))
}

/// Stops a job at its next safe point; what it did until then stays. It is told as it stands, which may be running still.
///
/// # Errors
/// Where it is denied, nothing is known of it, it has ended, it is a routine, or it runs in another process.
pub async fn cancel_job(app: &App, ctx: &Context, id: &str) -> Result<ToldJob> {
    let act = ctx.act(Action::Mend, Resource::Jobs, Some(id.to_owned()));
    let deed = Deed::own(act, is_own(app, ctx, id).await);
    audited(app, ctx, deed, async {
        let told = find(app, ctx, id, None).await?;
        let job = &told.job.thing;
        let refused = |why: &str| Err(Error::new(Kind::Conflict, format!("stop the job `{id}`: {why}")));
        if !told.kept {
            return refused("it is a routine of the house, and goes on by itself");
        }
        if job.state != JobState::Running {
            return refused(&format!("it is {} already", job.state));
        }
        if !app.jobs.stop(ctx.tenant(), id) {
            return if job.house == app.jobs.house() {
                refused("it is about to end")
            } else {
                refused("it runs in another process, which has to be asked")
            };
        }
        Ok(told)
    })
    .await
}

/// Listens to jobs that begin and end from now on. What is heard is of all tenants: only what is of the own one may be told on, while
/// [`may_see_jobs`]. `None` to whom jobs are not shown.
///
/// # Errors
/// Where no entry of it can be written.
pub async fn listen_to_jobs(app: &App, ctx: &Context) -> Result<Option<broadcast::Receiver<ToldJob>>> {
    if !may_see_jobs(app, ctx) {
        return Ok(None);
    }
    let act = ctx.act(Action::Read, Resource::Jobs, None);
    audited(app, ctx, act, async { Ok(Some(app.jobs.told())) }).await
}

/// Whether jobs are shown to whoever asks. It leaves no entry: nothing is told by it.
#[must_use]
pub fn may_see_jobs(app: &App, ctx: &Context) -> bool {
    let act = ctx.act(Action::Read, Resource::Jobs, None);
    app.policies.decide(&ctx.principal, &ctx.purpose().into(), &act).allowed
}

/// Writes to the registry that jobs have ended, of those of which it does not know yet.
///
/// # Errors
/// Where it cannot be written; it is tried again next time.
pub async fn write_ends_of_jobs(app: &App) -> Result<()> {
    app.jobs.write_ends(app).await
}

/// Jobs of a tenant that are kept, beside older ones that run still. Who asks what became of one does so within days, and whoever asks later
/// who exported or replayed what has the audit log; each export would be two more events for ever.
const KEPT_MAX: u64 = 1_000;
/// Jobs that are forgotten at once.
const FORGOTTEN_MAX: u64 = 1_000;

/// Forgets jobs of each tenant beyond the last thousand, the next thousand of them, but none that runs. Tells how many were forgotten.
///
/// # Errors
/// Where the registry cannot be read or written; it is tried again next time.
pub async fn forget_old_jobs(app: &App) -> Result<u64> {
    let mut count = 0;
    for tenant in app.registry.tenants().await? {
        let newest = Wanted { sort: Sort::IdDown, ..Wanted::all(ThingKind::Job, KEPT_MAX) };
        let kept = things::list_of::<JobRecord>(app, &tenant, &newest).await?;
        if let Some(last) = kept.last().filter(|_| kept.len() as u64 >= KEPT_MAX) {
            let older =
                Wanted { after: Some(place(last)), sort: Sort::IdDown, ..Wanted::all(ThingKind::Job, FORGOTTEN_MAX) };
            let older = things::list_of::<JobRecord>(app, &tenant, &older).await?;
            let ended = older.into_iter().map(|known| known.thing).filter(|job| job.state != JobState::Running);
            let ended: Vec<String> = ended.map(|job| job.id).collect();
            count += ended.len() as u64;
            app.registry.forget_jobs(&tenant, &ended).await?;
        }
    }
    Ok(count)
}

/// Jobs that are read at once where those are looked for that a process left behind.
const LEFT_MAX: u64 = 100;

/// Says of the jobs that ran when the process before this one ended that they were interrupted. Tells how many there were.
///
/// # Errors
/// Where the registry cannot be read or written.
pub async fn interrupt_left_jobs(app: &App) -> Result<u64> {
    let mut count = 0;
    for tenant in app.registry.tenants().await? {
        loop {
            let left = left(app, &tenant).await?;
            if left.is_empty() {
                break;
            }
            count += left.len() as u64;
            for known in left {
                interrupt(app, &tenant, &known).await?;
            }
        }
    }
    Ok(count)
}

async fn left(app: &App, tenant: &Tenant) -> Result<Vec<Edition<JobRecord>>> {
    let equal = vec![(Field::State, JobState::Running.name().to_owned()), (Field::House, app.jobs.house().to_owned())];
    things::list_of(app, tenant, &Wanted { equal, ..Wanted::all(ThingKind::Job, LEFT_MAX) }).await
}

async fn interrupt(app: &App, tenant: &Tenant, known: &Edition<JobRecord>) -> Result<()> {
    let now = app.jobs.now();
    let error = "the process ended while it ran; what it did until then stays, and is not counted here";
    let after = JobRecord {
        state: JobState::Interrupted,
        ended_at: Some(now),
        error: Some(error.to_owned()),
        ..known.thing.clone()
    };
    let event = Author { tenant, name: HOUSE, now }.next(Happened::Changed, after.clone(), Some(known));
    things::commit(app, event, after).await.map(drop)
}
