//! Turns that go round: so many work at once, and whoever asks for much waits for itself alone.
//!
//! Each name has a turn that no other can take, and the rest is shared: of each name one at a time waits for it among the others, first come,
//! first served, so that the next turn goes to another name. A turn whose work waits for somebody else is lent out meanwhile.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Names that have a turn of their own; one that comes beyond them waits with the rest.
const FIRSTS_MAX: usize = 64;
/// Work that waits for somebody else without a turn, in all and of one name: it holds memory.
const ASIDE_MAX: usize = 64;
const ASIDE_OF_ONE_MAX: usize = 16;
/// How long work may wait for somebody else before its turn is lent out.
const PATIENCE: Duration = Duration::from_millis(100);

/// The turns, by name.
#[derive(Debug)]
pub struct Rounds<K> {
    firsts: Arc<Semaphore>,
    shared: Arc<Semaphore>,
    aside: Arc<Semaphore>,
    names: Mutex<HashMap<K, Weak<OfOne>>>,
}

/// What one name has, as long as something of it works or waits.
#[derive(Debug)]
struct OfOne {
    first: Arc<Semaphore>,
    aside: Arc<Semaphore>,
    /// Whoever is at the head of its line waits for a turn: those who come, and those who come back.
    coming: tokio::sync::Mutex<()>,
    coming_back: tokio::sync::Mutex<()>,
}

/// What is given back when it is dropped.
type Permits = Vec<OwnedSemaphorePermit>;

impl<K: Eq + Hash> Rounds<K> {
    /// Of one name `at_once` work at once; of all together as many and one more of each other name.
    #[must_use]
    pub fn new(at_once: usize) -> Arc<Self> {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Arc::new(Self {
            firsts: semaphore(FIRSTS_MAX),
            shared: semaphore(at_once.max(1) - 1),
            aside: semaphore(ASIDE_MAX),
            names: Mutex::default(),
        })
    }

    /// Waits for a turn.
    pub async fn take(self: &Arc<Self>, name: K) -> Turn<K> {
        let of_one = self.of(name);
        let permits = {
            let _head = of_one.coming.lock().await;
            self.permits(&of_one).await
        };
        Turn { rounds: self.clone(), of_one, permits }
    }

    fn of(&self, name: K) -> Arc<OfOne> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.retain(|_, of_one| of_one.strong_count() > 0);
        let of_one = names.entry(name).or_default();
        of_one.upgrade().unwrap_or_else(|| {
            let new = Arc::new(OfOne {
                first: Arc::new(Semaphore::new(1)),
                aside: Arc::new(Semaphore::new(ASIDE_OF_ONE_MAX)),
                coming: tokio::sync::Mutex::default(),
                coming_back: tokio::sync::Mutex::default(),
            });
            *of_one = Arc::downgrade(&new);
            new
        })
    }

    async fn permits(&self, of_one: &OfOne) -> Permits {
        let of_its_own = async {
            let own = one(&of_one.first).await;
            [own, one(&self.firsts).await].into_iter().flatten().collect()
        };
        tokio::select! {
            biased;
            permits = of_its_own => permits,
            shared = one(&self.shared) => shared.into_iter().collect(),
        }
    }
}

/// They are never closed, so it is never `None`.
async fn one(semaphore: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    semaphore.clone().acquire_owned().await.ok()
}

/// The right to work. It is given back when it is dropped.
#[derive(Debug)]
pub struct Turn<K> {
    rounds: Arc<Rounds<K>>,
    of_one: Arc<OfOne>,
    permits: Permits,
}

impl<K: Eq + Hash> Turn<K> {
    /// Waits for somebody else. Where that takes long the turn is lent out, as long as there is room for work without one, and had back
    /// before this returns.
    pub async fn while_waiting<T>(&mut self, waiting: impl Future<Output = T>) -> T {
        let mut waiting = std::pin::pin!(waiting);
        if let Ok(done) = tokio::time::timeout(PATIENCE, &mut waiting).await {
            return done;
        }
        let Self { rounds, of_one, permits } = self;
        let room = (of_one.aside.try_acquire(), rounds.aside.try_acquire());
        if let (Ok(_of_one), Ok(_of_all)) = &room {
            permits.clear();
            let done = waiting.await;
            let _head = of_one.coming_back.lock().await;
            *permits = rounds.permits(of_one).await;
            return done;
        }
        // Without room it keeps its turn.
        drop(room);
        waiting.await
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use tokio::sync::oneshot;
    use tokio::task::JoinSet;

    use super::*;

    /// What is there within a time in which all that can go on goes on.
    async fn soon<T>(work: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(PATIENCE * 3, work).await.ok()
    }

    async fn is_waiting<T>(work: &mut Pin<Box<impl Future<Output = T>>>) -> bool {
        tokio::time::timeout(Duration::from_millis(1), work).await.is_err()
    }

    #[tokio::test]
    async fn a_name_that_has_nothing_under_way_works_at_once_whatever_others_do() {
        let rounds = Rounds::new(4);
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(soon(rounds.take("a")).await.expect("a turn"));
        }
        let mut fifth = Box::pin(rounds.take("a"));
        assert!(is_waiting(&mut fifth).await);
        for name in ["b", "c", "d", "e", "f", "g"] {
            held.push(soon(rounds.take(name)).await.expect("its own turn"));
        }
        let mut second = Box::pin(rounds.take("b"));
        assert!(is_waiting(&mut second).await);
        drop(held.drain(1..3));
        assert!(soon(fifth).await.is_some() && soon(second).await.is_some());
    }

    #[tokio::test]
    async fn of_many_that_wait_of_one_name_one_waits_among_the_others() {
        let rounds = Rounds::new(2);
        let (first, shared) = (rounds.take("a").await, rounds.take("a").await);
        let own = rounds.take("b").await;
        let mut of_a: Vec<_> = (0..100).map(|_| Box::pin(rounds.take("a"))).collect();
        for waiting in &mut of_a {
            assert!(is_waiting(waiting).await);
        }
        let mut of_b = Box::pin(rounds.take("b"));
        assert!(is_waiting(&mut of_b).await);
        drop(shared);
        let next = soon(of_a.remove(0)).await.expect("the one that came first");
        assert!(is_waiting(&mut of_b).await);
        assert!(is_waiting(&mut of_a[0]).await);
        drop(next);
        assert!(soon(of_b).await.is_some(), "another name is next, and ninety-nine of the first wait");
        drop((first, own));
    }

    #[tokio::test]
    async fn a_turn_is_lent_out_while_its_work_waits_for_somebody_else() {
        let rounds = Rounds::new(1);
        let mut turn = rounds.take("a").await;
        let (tell, told) = oneshot::channel::<u8>();
        let mut waiting = Box::pin(turn.while_waiting(told));
        let mut other = Box::pin(rounds.take("a"));
        assert!(is_waiting(&mut waiting).await && is_waiting(&mut other).await, "it has some patience");
        assert!(soon(&mut waiting).await.is_none(), "nobody told");
        let other = soon(other).await.expect("the turn that was lent out");
        tell.send(7).expect("it listens");
        assert!(is_waiting(&mut waiting).await, "it waits until it has its turn again");
        drop(other);
        assert_eq!(soon(waiting).await.expect("its turn").ok(), Some(7));
    }

    #[tokio::test]
    async fn where_too_many_wait_for_somebody_else_they_keep_their_turns() {
        let rounds = Rounds::new(1);
        let mut waiting = JoinSet::new();
        let mut last = None;
        for _ in 0..=ASIDE_OF_ONE_MAX {
            let mut turn = soon(rounds.take("a")).await.expect("the turn that was lent out");
            last = Some(waiting.spawn(async move { turn.while_waiting(std::future::pending::<()>()).await }));
        }
        assert!(soon(rounds.take("a")).await.is_none());
        assert!(soon(rounds.take("b")).await.is_some(), "others have theirs");
        // Whoever is given up gives back what it has.
        last.expect("the one that kept its turn").abort();
        assert!(soon(rounds.take("a")).await.is_some());
    }
}
