//! Queries on threads of their own: however long one computes without a pause, whoever waits for something else is not kept waiting,
//! and whoever waits for it is told when its time is over.

use std::sync::Arc;

use metrify_application::{Error, Kind, Result, io};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// Bytes of a thread's stack. Expressions are walked and copied by functions that call themselves; only what is used is taken.
const STACK_BYTES: usize = 64 << 20;

/// The threads of queries.
pub(crate) struct Apart {
    /// `None` once it is being dropped.
    runtime: Option<Runtime>,
    turns: Arc<Semaphore>,
}

impl Apart {
    /// # Errors
    /// Where the operating system gives no threads.
    pub(crate) fn new(threads: usize, at_once: usize) -> Result<Self> {
        let threads = Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("query")
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build();
        let runtime = threads.map_err(|error| io("start the threads of queries", error))?;
        Ok(Self { runtime: Some(runtime), turns: Arc::new(Semaphore::new(at_once.max(1))) })
    }

    /// Begins work in its turn, which lasts until the work has ended, whether or not anybody still waits for it.
    pub(crate) fn begin<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<Begun<T>> {
        let turns = self.turns.clone();
        let runtime = self.runtime.as_ref().ok_or_else(|| Error::new(Kind::Internal, "begin a query: it is over"))?;
        Ok(Begun(runtime.spawn(async move {
            // It is never closed.
            let _turn = turns.acquire_owned().await;
            work.await
        })))
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        // What still computes has nobody to tell.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
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
