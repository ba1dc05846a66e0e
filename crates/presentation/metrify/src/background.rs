//! What runs beside requests, each piece of work with a name. One that ends before it was told to is noticed at once: a server that goes on
//! without landing, or without one of its ports, looks well from outside until it is too late.

use std::collections::HashMap;

use metrify_application::{Error, Kind};
use thread_priority::{ThreadPriority, ThreadPriorityValue, set_current_thread_priority};
use tokio::task::{Id, JoinError, JoinSet};

/// How urgent work on a thread of its own is, of 0 to 99: it is given two fifths of a core that one other thread wants as well (a niceness
/// of 2 on Linux). With a niceness of 9, and with none, threads of the kernel, one of which ends each sync, waited for a core for a quarter
/// of a second at times more than twice as often, where Linux shares cores out by session (bench/README.md).
const BACKGROUND_PRIORITY: u8 = 43;

/// The work under way.
#[derive(Default)]
pub struct Background {
    tasks: JoinSet<()>,
    names: HashMap<Id, Named>,
}

#[derive(Clone, Copy)]
struct Named {
    name: &'static str,
    /// The house goes on without it.
    dispensable: bool,
}

impl Background {
    pub fn spawn(&mut self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let id = self.tasks.spawn(work).id();
        self.names.insert(id, Named { name, dispensable: false });
    }

    /// Work that may end by itself.
    pub fn spawn_dispensable(&mut self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let id = self.tasks.spawn(work).id();
        self.names.insert(id, Named { name, dispensable: true });
    }

    /// Work that computes for seconds at a time: who waits for an answer must not wait for that, nor share a core with it. Threads that it
    /// calls for are as little urgent as the one that does so: they come from a runtime of its own, or they would serve others later.
    pub fn spawn_on_thread(&mut self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let thread = self.tasks.spawn_blocking(move || {
            if let Err(error) = be_less_urgent() {
                tracing::warn!(work = name, "work in the background is as urgent as any other: {error}");
            }
            match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime.block_on(work),
                Err(error) => tracing::error!(work = name, "work in the background cannot begin: {error}"),
            }
        });
        self.names.insert(thread.id(), Named { name, dispensable: false });
    }

    /// Returns once work has ended that should not: asked for until it is told to end.
    pub async fn ended_too_soon(&mut self) -> Error {
        while let Some(ended) = self.tasks.join_next_with_id().await {
            if let Some(error) = self.judged(ended) {
                return error;
            }
        }
        std::future::pending().await
    }

    fn judged(&mut self, ended: Result<(Id, ()), JoinError>) -> Option<Error> {
        let (id, panic) = match ended {
            Ok((id, ())) => (id, None),
            Err(error) => (error.id(), Some(error)),
        };
        let Named { name, dispensable } = self.names.remove(&id)?;
        let Some(panic) = panic else {
            let error = Error::new(Kind::Internal, format!("serve: the work `{name}` in the background has ended"));
            return (!dispensable).then(|| error.hint("the log says why"));
        };
        tracing::error!(work = name, "work in the background was given up: {panic}");
        let error = Error::new(Kind::Internal, format!("serve: the work `{name}` in the background was given up"));
        (!dispensable).then(|| error.because(panic))
    }

    /// Returns once all of it has ended, as it was told to.
    pub async fn end(mut self) {
        while let Some(ended) = self.tasks.join_next_with_id().await {
            if let Err(panic) = ended {
                let name = self.names.get(&panic.id()).map_or("unknown", |named| named.name);
                tracing::error!(work = name, "work in the background was given up: {panic}");
            }
        }
    }
}

fn be_less_urgent() -> Result<(), String> {
    let priority = ThreadPriorityValue::try_from(BACKGROUND_PRIORITY)?;
    set_current_thread_priority(ThreadPriority::Crossplatform(priority)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_panics_is_told_with_its_name_although_other_work_goes_on() {
        let mut background = Background::default();
        background.spawn("patient", std::future::pending());
        background.spawn_dispensable("demo", async {});
        background.spawn_on_thread("landing", async { panic!("no room") });
        let error = background.ended_too_soon().await;
        assert!(error.chain().contains("`landing`"), "{}", error.chain());
    }

    #[tokio::test]
    async fn work_that_returns_although_nobody_told_it_to_is_told() {
        let mut background = Background::default();
        background.spawn("port", async {});
        assert!(background.ended_too_soon().await.chain().contains("`port`"));
    }
}
