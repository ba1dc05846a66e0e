//! Queries on threads of their own: however long one computes without a pause, whoever waits for something else is not kept waiting,
//! and whoever waits for it is told when its time is over. Each tenant has its own threads, so that the operating system, which takes a
//! core from who has it, shares the cores among them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use metrify_application::{Error, Kind, Result, Rounds, Tenant, Turn, io};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Bytes of a thread's stack. Expressions are walked and copied by functions that call themselves; only what is used is taken.
const STACK_BYTES: usize = 64 << 20;
/// Tenants that have threads of their own; who comes beyond them shares those of another.
const LANES_MAX: usize = 16;

/// The threads of queries, and the turns on them.
pub(crate) struct Apart {
    /// Of one tenant.
    threads: usize,
    lanes: Mutex<Lanes>,
    turns: Arc<Rounds<Tenant>>,
}

#[derive(Default)]
struct Lanes {
    /// The threads of a tenant, or of several. They are kept once they were begun.
    all: Vec<Runtime>,
    seats: HashMap<Tenant, Weak<Seat>>,
}

/// The place of a tenant, as long as something of it is under way.
struct Seat {
    lane: usize,
    threads: Handle,
}

impl Apart {
    pub(crate) fn new(threads: usize, at_once: usize) -> Self {
        Self { threads, lanes: Mutex::default(), turns: Rounds::new(at_once) }
    }

    /// Begins work in its turn, which lasts until the work has ended, whether or not anybody still waits for it.
    ///
    /// # Errors
    /// Where the operating system gives no threads.
    pub(crate) fn begin<T, Work>(
        &self,
        tenant: &Tenant,
        work: impl FnOnce(Turn<Tenant>) -> Work + Send + 'static,
    ) -> Result<Begun<T>>
    where
        T: Send + 'static,
        Work: Future<Output = Result<T>> + Send + 'static,
    {
        let (turns, tenant, seat) = (self.turns.clone(), tenant.clone(), self.seat(tenant)?);
        let threads = seat.threads.clone();
        Ok(Begun(threads.spawn(async move {
            let _seat = seat;
            work(turns.take(tenant).await).await
        })))
    }

    /// Begins work that takes no turn, since it is short.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub(crate) fn begin_short<T: Send + 'static>(
        &self,
        tenant: &Tenant,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<Begun<T>> {
        let seat = self.seat(tenant)?;
        let threads = seat.threads.clone();
        Ok(Begun(threads.spawn(async move {
            let _seat = seat;
            work()
        })))
    }

    fn seat(&self, tenant: &Tenant) -> Result<Arc<Seat>> {
        let mut lanes = self.lanes();
        lanes.seats.retain(|_, seat| seat.strong_count() > 0);
        if let Some(seat) = lanes.seats.get(tenant).and_then(Weak::upgrade) {
            return Ok(seat);
        }
        let lane = match lanes.emptiest() {
            Some((lane, tenants)) if tenants == 0 || lanes.all.len() >= LANES_MAX => lane,
            Some(_) | None => {
                lanes.all.push(begun(self.threads)?);
                lanes.all.len() - 1
            }
        };
        let threads = lanes.all.get(lane).map(|lane| lane.handle().clone());
        let threads = threads.ok_or_else(|| Error::new(Kind::Internal, "begin a query: it has no threads"))?;
        let seat = Arc::new(Seat { lane, threads });
        lanes.seats.insert(tenant.clone(), Arc::downgrade(&seat));
        Ok(seat)
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lanes {
    /// The threads that the fewest tenants have, and how many have them.
    fn emptiest(&self) -> Option<(usize, usize)> {
        let mut tenants = vec![0_usize; self.all.len()];
        for seat in self.seats.values().filter_map(Weak::upgrade) {
            if let Some(tenants) = tenants.get_mut(seat.lane) {
                *tenants += 1;
            }
        }
        tenants.into_iter().enumerate().min_by_key(|(_, tenants)| *tenants)
    }
}

fn begun(threads: usize) -> Result<Runtime> {
    let threads = Builder::new_multi_thread()
        .worker_threads(threads.max(1))
        .thread_name("query")
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build();
    threads.map_err(|error| io("start the threads of queries", error))
}

impl Drop for Apart {
    fn drop(&mut self) {
        // What still computes has nobody to tell.
        std::mem::take(&mut self.lanes().all).into_iter().for_each(Runtime::shutdown_background);
    }
}

/// Where an answer goes, piece by piece. A client that does not take a piece does not hold a turn by it.
pub(crate) struct Told<T> {
    pub(crate) to: mpsc::Sender<T>,
    pub(crate) turn: Turn<Tenant>,
}

impl<T: Send> Told<T> {
    /// Whether somebody still listens.
    pub(crate) async fn tell(&mut self, piece: T) -> bool {
        let Self { to, turn } = self;
        turn.while_waiting(to.send(piece)).await.is_ok()
    }
}

/// Work under way. It is given up when nobody waits for it any more, at its next pause.
pub(crate) struct Begun<T>(JoinHandle<Result<T>>);

impl<T> Begun<T> {
    /// # Errors
    /// Those of the work, and where it panicked.
    pub(crate) async fn end(mut self) -> Result<T> {
        let ended = (&mut self.0).await;
        ended.map_err(|error| {
            let error = Error::new(Kind::Internal, "answer the query").because(error);
            error.hint("please report it with the query")
        })?
    }
}

impl<T> Drop for Begun<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
