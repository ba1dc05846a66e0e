//! Work that takes much memory, a few pieces of it at once; some wait, and more than that are sent away.

use std::sync::{Arc, Mutex, PoisonError};

use metrify_application::{Error, Kind, Result};
use tokio::sync::Semaphore;

/// Whose turn it is has a room for itself, which is handed on while anybody waits, and given up after.
pub(super) struct Queue<R> {
    /// For those who work and those who wait.
    places: Arc<Semaphore>,
    places_max: usize,
    turns: Arc<Semaphore>,
    rooms: Arc<Mutex<Vec<R>>>,
}

impl<R: Default + Send + 'static> Queue<R> {
    pub(super) fn new(at_once: usize, waiting_max: usize) -> Self {
        let places_max = at_once + waiting_max;
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Self { places: semaphore(places_max), places_max, turns: semaphore(at_once), rooms: Arc::default() }
    }

    /// Does work where it holds nobody up, once it is its turn.
    ///
    /// # Errors
    /// Those of the work, where it panics, and where too many wait already.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut R) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let step = "work on a password";
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            let error = Error::new(Kind::Busy, format!("{step}: too many log in at this moment"));
            return Err(error.hint("try again in a few seconds"));
        };
        let failed = |error: tokio::sync::AcquireError| Error::new(Kind::Internal, step).because(error);
        let turn = self.turns.clone().acquire_owned().await.map_err(failed)?;
        // Both are given back once the work is done, not when nobody waits for it any more: so long it takes memory.
        let (rooms, places, others_max) = (self.rooms.clone(), self.places.clone(), self.places_max - 1);
        let work = move || {
            let free = || rooms.lock().unwrap_or_else(PoisonError::into_inner);
            let mut room = free().pop().unwrap_or_default();
            let done = work(&mut room);
            let mut free = free();
            free.push(room);
            // Nobody else is there.
            if places.available_permits() == others_max {
                free.clear();
            }
            drop((place, turn));
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| Error::new(Kind::Internal, step).because(error))?
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::time::Duration;

    use metrify_application::{Kind, Result};
    use tokio::task::JoinSet;

    use super::Queue;

    static ROOMS: AtomicUsize = AtomicUsize::new(0);

    /// Counts those that there are.
    struct Room;

    impl Default for Room {
        fn default() -> Self {
            ROOMS.fetch_add(1, Ordering::SeqCst);
            Self
        }
    }

    impl Drop for Room {
        fn drop(&mut self) {
            ROOMS.fetch_sub(1, Ordering::SeqCst);
        }
    }

    #[tokio::test]
    async fn however_many_come_no_more_than_a_few_work_at_once() {
        let queue = Arc::new(Queue::<Room>::new(3, 47));
        let (working, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut all = JoinSet::new();
        for _ in 0..50 {
            let (queue, working, most) = (queue.clone(), working.clone(), most.clone());
            let work = move |_: &mut Room| {
                most.fetch_max(working.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(2));
                assert!(ROOMS.load(Ordering::SeqCst) <= 3, "each has one, and gets it from the one before");
                working.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            };
            all.spawn(async move { queue.work(work).await });
        }
        let done: Vec<Result<()>> = all.join_all().await;
        assert!(done.iter().all(Result::is_ok), "{done:?}");
        assert_eq!(most.load(Ordering::SeqCst), 3);
        assert_eq!(ROOMS.load(Ordering::SeqCst), 0, "nobody is there who needs one");
    }

    #[tokio::test]
    async fn who_finds_no_place_is_sent_away_and_who_went_away_keeps_its_turn_until_its_work_is_done() {
        let queue = Arc::new(Queue::<()>::new(1, 1));
        let (begun, begins) = mpsc::channel();
        let (go, waits) = mpsc::channel::<()>();
        let first = {
            let queue = queue.clone();
            async move {
                let work = move |(): &mut ()| {
                    begun.send(()).expect("somebody listens");
                    waits.recv().expect("a word");
                    Ok(())
                };
                queue.work(work).await
            }
        };
        let mut tasks = JoinSet::new();
        let gone = tasks.spawn(first);
        tokio::task::spawn_blocking(move || begins.recv()).await.expect("a thread").expect("it has begun");
        gone.abort();
        assert!(tasks.join_next().await.expect("the first").is_err(), "nobody waits for it any more");
        let second = {
            let queue = queue.clone();
            async move { queue.work(|()| Ok(2)).await }
        };
        let mut second = Box::pin(second);
        let waits_long = tokio::time::timeout(Duration::from_millis(20), &mut second).await;
        assert!(waits_long.is_err(), "the first still works");
        let error = queue.work(|()| Ok(3)).await.expect_err("no place");
        assert_eq!((error.kind(), error.hint_text()), (Kind::Busy, Some("try again in a few seconds")));
        go.send(()).expect("the first works");
        assert_eq!(second.await.expect("its turn"), 2);
        assert_eq!(queue.work(|()| Ok(4)).await.expect("there is room again"), 4);
    }
}
