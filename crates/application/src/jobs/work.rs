//! Jobs under way: how many there may be, how they are stopped, what they have done so far; and that each one ends in the registry,
//! however it ends.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use metrify_domain::{Tenant, Timestamp};
use sha2::{Digest, Sha256};
use tokio::sync::{Notify, broadcast, oneshot, watch};

use super::routines::Runs;
use super::{Account, Counted, HOUSE, JOBS_AT_ONCE_MAX, JobKind, JobRecord, JobState, Standing, ToldJob};
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::registry::{Edition, Happened};
use crate::things::{self, Author};

/// Jobs that a listener may be behind; one that is further behind misses the oldest, and is told so.
const BEHIND_MAX: usize = 256;

/// The jobs of this process.
pub struct Jobs(Arc<Shared>);

struct Shared {
    house: String,
    seed: [u8; 32],
    clock: fn() -> Timestamp,
    begun: AtomicU64,
    running: Mutex<HashMap<(Tenant, String), Running>>,
    /// Told each time that one of them has ended.
    fewer: Notify,
    /// The house closes: nothing begins any more.
    closed: AtomicBool,
    /// Ends that the registry did not take yet, and those of work that was dropped in the middle.
    unwritten: Mutex<Vec<End>>,
    routines: Mutex<HashMap<(Tenant, JobKind), Runs>>,
    told: broadcast::Sender<ToldJob>,
}

struct Running {
    account: Arc<Mutex<Account>>,
    stop: watch::Sender<Option<JobState>>,
}

/// What a job became, and what it was before.
#[derive(Clone)]
struct End {
    tenant: Tenant,
    before: Edition<JobRecord>,
    after: JobRecord,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Jobs {
    /// Of the process that holds the data directory named `house`. `seed` has to come from the operating system: ids are made of it.
    #[must_use]
    pub fn new(house: String, seed: [u8; 32], clock: fn() -> Timestamp) -> Self {
        Self(Arc::new(Shared {
            house,
            seed,
            clock,
            begun: AtomicU64::default(),
            running: Mutex::default(),
            fewer: Notify::new(),
            closed: AtomicBool::default(),
            unwritten: Mutex::default(),
            routines: Mutex::default(),
            told: broadcast::Sender::new(BEHIND_MAX),
        }))
    }

    /// The data directory whose process this is.
    pub(crate) fn house(&self) -> &str {
        &self.0.house
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    /// Stops a job at its next safe point; tells whether one of this id runs here.
    pub(crate) fn stop(&self, tenant: &Tenant, id: &str) -> bool {
        let running = locked(&self.0.running);
        let found = running.get(&(tenant.clone(), id.to_owned()));
        found.is_some_and(|running| {
            // A house that closes has the last word.
            let stop = |stop: &mut Option<JobState>| stop.replace(stop.unwrap_or(JobState::Cancelled)).is_none();
            running.stop.send_if_modified(stop);
            *running.stop.borrow() == Some(JobState::Cancelled)
        })
    }

    /// Stops all jobs at their next safe points, and lets none begin: the house closes.
    pub fn close(&self) {
        let running = locked(&self.0.running);
        self.0.closed.store(true, Ordering::Relaxed);
        for running in running.values() {
            running.stop.send_replace(Some(JobState::Interrupted));
        }
    }

    /// Returns once no job runs any more.
    pub async fn ended(&self) {
        loop {
            let mut fewer = std::pin::pin!(self.0.fewer.notified());
            // From here on it hears of one that ends.
            fewer.as_mut().enable();
            if locked(&self.0.running).is_empty() {
                return;
            }
            fewer.await;
        }
    }

    /// What a job that runs here has done so far.
    pub(crate) fn so_far(&self, tenant: &Tenant, id: &str) -> Option<Account> {
        let running = locked(&self.0.running);
        running.get(&(tenant.clone(), id.to_owned())).map(|running| locked(&running.account).clone())
    }

    /// The runs of routines of a tenant that are remembered, in no order.
    pub(crate) fn remembered(&self, tenant: &Tenant) -> Vec<Edition<JobRecord>> {
        let routines = locked(&self.0.routines);
        let own = routines.iter().filter(|((of, _), _)| of == tenant);
        own.flat_map(|(_, runs)| runs.all().cloned()).collect()
    }

    /// How each routine stands, of all tenants, as far as it ran since the start.
    #[must_use]
    pub fn standings(&self) -> Vec<(Tenant, JobKind, Standing)> {
        let routines = locked(&self.0.routines);
        routines.iter().map(|((tenant, kind), runs)| (tenant.clone(), *kind, runs.standing.clone())).collect()
    }

    /// Jobs that begin and end from now on, of all tenants: for the house itself.
    #[must_use]
    pub fn told(&self) -> broadcast::Receiver<ToldJob> {
        self.0.told.subscribe()
    }

    /// Does a run of a routine. One that panics has failed, and does not end who calls for it: what it left is what a stop at the same
    /// place would have left, and the next run goes on from there.
    pub(crate) async fn routine<T>(
        &self,
        kind: JobKind,
        tenant: &Tenant,
        account: fn(&T) -> Account,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let mut record = self.0.record(kind, HOUSE.to_owned());
        let key = (tenant.clone(), kind);
        locked(&self.0.routines).entry(key.clone()).or_default().begin(record.clone());
        let run = Run { shared: &self.0, key, id: record.id.clone() };
        let done = AssertUnwindSafe(work).catch_unwind().await;
        let done = done.unwrap_or_else(|panic| Err(Error::new(Kind::Internal, panicked(panic.as_ref()))));
        let at = self.now();
        record.ended_at = Some(at);
        let told = run.runs(|runs| match &done {
            Ok(done) => {
                (record.state, record.account) = (JobState::Done, account(done));
                runs.succeed(record, at)
            }
            Err(error) => {
                (record.state, record.error) = (JobState::Failed, Some(error.chain()));
                Some(runs.fail(record, at))
            }
        });
        if let Some(job) = told {
            self.0.tell(tenant, job, false);
        }
        done.map_err(|error| of_tenant(kind, tenant, &error))
    }

    /// Writes ends to the registry that it did not take before, and those of work that was dropped.
    ///
    /// # Errors
    /// Where it does not take one now either; it is tried again next time.
    pub(crate) async fn write_ends(&self, app: &App) -> Result<()> {
        let ends = std::mem::take(&mut *locked(&self.0.unwritten));
        let mut outcome = Ok(());
        for end in ends {
            outcome = self.0.write(app, end).await.and(outcome);
        }
        outcome
    }
}

/// Whose run it was, for the log: several tenants' troubles are told together.
fn of_tenant(kind: JobKind, tenant: &Tenant, error: &Error) -> Error {
    let told = Error::new(error.kind(), format!("{kind} of tenant {tenant}: {}", error.chain()));
    match error.hint_text() {
        Some(hint) => told.hint(hint),
        None => told,
    }
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("it panicked: {}", said.unwrap_or("nothing was said of why"))
}

/// A run of a routine; one that is dropped in the middle is forgotten.
struct Run<'s> {
    shared: &'s Shared,
    key: (Tenant, JobKind),
    id: String,
}

impl Run<'_> {
    fn runs<T>(&self, with: impl FnOnce(&mut Runs) -> T) -> T {
        with(locked(&self.shared.routines).entry(self.key.clone()).or_default())
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.runs(|runs| runs.give_up(&self.id));
    }
}

impl Shared {
    fn record(&self, kind: JobKind, by: String) -> JobRecord {
        let started_at = (self.clock)();
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let name = Sha256::new().chain_update(self.seed).chain_update(number.to_le_bytes()).finalize();
        let name: String = name.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        JobRecord {
            id: format!("{:016x}-{name}", started_at.micros().max(0)),
            kind,
            by,
            house: self.house.clone(),
            state: JobState::Running,
            started_at,
            ended_at: None,
            account: Account::default(),
            error: None,
        }
    }

    fn tell(&self, tenant: &Tenant, job: Edition<JobRecord>, kept: bool) {
        // Nobody has to listen.
        drop(self.told.send(ToldJob { tenant: tenant.clone(), job, kept }));
    }

    /// # Errors
    /// Busy where as many run as may, unavailable where the house closes.
    fn enter(self: &Arc<Self>, tenant: &Tenant, id: &str) -> Result<(Place, Handle)> {
        let mut running = locked(&self.running);
        if self.closed.load(Ordering::Relaxed) {
            return Err(Error::new(Kind::Unavailable, "begin the job: the server is about to end").hint("ask again"));
        }
        let of_tenant = running.keys().filter(|(of, _)| of == tenant).count();
        if of_tenant >= JOBS_AT_ONCE_MAX {
            let error =
                Error::new(Kind::Busy, format!("begin the job: {of_tenant} others of this tenant are under way"));
            return Err(error.hint("wait until one has ended, or stop one; /api/v1/jobs?state=running lists them"));
        }
        let key = (tenant.clone(), id.to_owned());
        let account = Arc::<Mutex<Account>>::default();
        let (stop, stopped) = watch::channel(None);
        let handle = Handle { account: account.clone(), stopped, heeded: Arc::default() };
        running.insert(key.clone(), Running { account, stop });
        Ok((Place { shared: self.clone(), key }, handle))
    }

    /// Where the registry does not take it, it is kept for another time.
    async fn write(&self, app: &App, end: End) -> Result<()> {
        let End { tenant, before, after } = end.clone();
        let now = after.ended_at.unwrap_or_else(|| (self.clock)());
        let author = Author { tenant: &tenant, name: &before.thing.by, now };
        let event = author.next(Happened::Changed, after.clone(), Some(&before));
        match things::commit(app, event, after).await {
            Ok(known) => {
                self.tell(&tenant, known, true);
                Ok(())
            }
            // It had been written already, or never begun.
            Err(error) if error.kind() == Kind::Conflict => Ok(()),
            Err(error) => {
                locked(&self.unwritten).push(end);
                Err(error)
            }
        }
    }
}

/// One of those that may run.
struct Place {
    shared: Arc<Shared>,
    key: (Tenant, String),
}

impl Drop for Place {
    fn drop(&mut self) {
        locked(&self.shared.running).remove(&self.key);
        self.shared.fewer.notify_waiters();
    }
}

/// By what work tells how far it is, and learns that it is to stop.
#[derive(Clone)]
pub(crate) struct Handle {
    account: Arc<Mutex<Account>>,
    stopped: watch::Receiver<Option<JobState>>,
    /// The work was stopped, and did not end by itself.
    heeded: Arc<AtomicBool>,
}

impl Handle {
    /// What was done more; of what is changed, once it is durable.
    pub(crate) fn add(&self, counts: impl IntoIterator<Item = (Counted, u64)>) {
        let mut account = locked(&self.account);
        counts.into_iter().for_each(|(counted, more)| account.add(counted, more));
    }

    /// A safe point: what was done until here stays.
    ///
    /// # Errors
    /// Where the work is to stop here.
    pub(crate) fn go_on(&self) -> Result<()> {
        let stopped = *self.stopped.borrow();
        stopped.map_or(Ok(()), |state| Err(self.heed(state)))
    }

    /// Returns once the work is to stop.
    pub(crate) async fn stopped(&self) -> Error {
        let mut stopped = self.stopped.clone();
        let state = stopped.wait_for(Option::is_some).await.map(|state| *state);
        match state {
            Ok(state) => self.heed(state.unwrap_or(JobState::Cancelled)),
            // Nobody is left who could stop it.
            Err(_) => std::future::pending().await,
        }
    }

    fn heed(&self, state: JobState) -> Error {
        self.heeded.store(true, Ordering::Relaxed);
        match state {
            JobState::Interrupted => Error::new(Kind::Unavailable, "go on with the job: the server is about to end")
                .hint("what it did stays; begin it again"),
            _ => Error::new(Kind::Conflict, "go on with the job: somebody stopped it").hint("what it did stays"),
        }
    }

    /// What the work became.
    fn outcome<T>(&self, done: &Result<T>) -> (JobState, Option<String>) {
        match done {
            Ok(_) => (JobState::Done, None),
            Err(_) if self.heeded.load(Ordering::Relaxed) => {
                (self.stopped.borrow().unwrap_or(JobState::Cancelled), None)
            }
            Err(error) => (JobState::Failed, Some(error.chain())),
        }
    }
}

/// Who wants to know of a job as soon as it stands in the registry: its id.
#[derive(Default)]
pub struct Started(Option<oneshot::Sender<String>>);

impl Started {
    #[must_use]
    pub fn told() -> (Self, oneshot::Receiver<String>) {
        let (tell, told) = oneshot::channel();
        (Self(Some(tell)), told)
    }

    fn tell(self, id: &str) {
        // Whoever waited may be gone; the job goes on.
        self.0.into_iter().for_each(|told| drop(told.send(id.to_owned())));
    }
}

/// A job that is kept. One that is dropped before its end was given up by whoever asked for it, or panicked.
struct Job {
    place: Place,
    tenant: Tenant,
    known: Edition<JobRecord>,
    handle: Handle,
    /// What it became, once its work has ended.
    end: Option<End>,
    over: bool,
}

impl Job {
    async fn begin(app: &App, ctx: &Context, kind: JobKind) -> Result<Self> {
        let shared = &app.jobs.0;
        let record = shared.record(kind, ctx.principal.name.clone());
        let tenant = ctx.tenant().clone();
        let (place, handle) = shared.enter(&tenant, &record.id)?;
        let author = Author { tenant: &tenant, name: &record.by, now: record.started_at };
        let event = author.next(Happened::Registered, record.clone(), None);
        let known = Edition { thing: record, version: event.version, known_from: event.at, known_until: None };
        // From here on it may stand in the registry, whether or not anybody waits for that.
        let mut job = Self { place, tenant, known, handle, end: None, over: false };
        if let Err(error) = app.registry.append(&[event]).await {
            job.over = true;
            return Err(error);
        }
        shared.tell(&job.tenant, job.known.clone(), true);
        Ok(job)
    }

    fn ended(&self, state: JobState, error: Option<String>) -> End {
        let account = locked(&self.handle.account).clone();
        let ended_at = Some((self.place.shared.clock)());
        let after = JobRecord { state, ended_at, account, error, ..self.known.thing.clone() };
        End { tenant: self.tenant.clone(), before: self.known.clone(), after }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let end = self.end.take().unwrap_or_else(|| {
            if std::thread::panicking() {
                self.ended(JobState::Failed, Some("it panicked".to_owned()))
            } else {
                self.ended(JobState::Cancelled, Some("whoever asked for it did not wait for its end".to_owned()))
            }
        });
        locked(&self.place.shared.unwritten).push(end);
    }
}

/// Does work as a job that is kept in the registry, from its start to its end.
///
/// # Errors
/// Those of the work; busy where too many run, and where the registry cannot be written when it begins. An end that the registry does
/// not take is written later: the work is done.
pub(crate) async fn kept<T, Work>(
    app: &App,
    ctx: &Context,
    kind: JobKind,
    started: Started,
    work: impl FnOnce(Handle) -> Work,
) -> Result<T>
where
    Work: Future<Output = Result<T>>,
{
    let mut job = Job::begin(app, ctx, kind).await?;
    started.tell(&job.known.thing.id);
    let done = work(job.handle.clone()).await;
    let (state, error) = job.handle.outcome(&done);
    let end = job.ended(state, error);
    job.end = Some(end.clone());
    // What the registry does not take now is written later, and told in the log then.
    drop(job.place.shared.write(app, end).await);
    job.over = true;
    done
}

#[cfg(test)]
mod tests;
