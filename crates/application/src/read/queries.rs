//! So many queries may wait, and each for so long: whoever asks for much does not keep the others from being answered, nor intake from
//! going on. How many are answered at once, the engine says.

use std::time::Duration;

use tokio::sync::Semaphore;

use crate::error::{Error, Kind, Result};

/// Queries that wait for their turn; whoever comes then is told to come back.
const WAITING_MAX: usize = 256;

/// The queries under way.
pub struct Queries {
    /// Those that are answered and those that wait for it.
    places: Semaphore,
    time: Duration,
}

impl Queries {
    #[must_use]
    pub fn new(at_once: usize, time: Duration) -> Self {
        Self { places: Semaphore::new(at_once + WAITING_MAX), time }
    }

    /// Does the work within its time.
    ///
    /// # Errors
    /// Those of the work; busy where too many wait, and unavailable where the time is over.
    pub(crate) async fn answer<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let Ok(_place) = self.places.try_acquire() else {
            let error = Error::new(Kind::Busy, format!("answer the query: {WAITING_MAX} others wait for their turn"));
            return Err(error.hint("ask again in a second"));
        };
        tokio::time::timeout(self.time, work).await.unwrap_or_else(|_| {
            let error = Error::new(Kind::Unavailable, format!("answer the query: it took more than {:?}", self.time));
            Err(error.hint("ask for less at once, or raise query.time_s"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn never() -> impl Future<Output = Result<()>> {
        std::future::pending()
    }

    #[tokio::test]
    async fn a_query_has_its_time_and_the_next_one_its_turn() {
        let queries = Queries::new(1, Duration::from_millis(50));
        assert_eq!(queries.answer(never()).await.expect_err("it has no end").kind(), Kind::Unavailable);
        assert_eq!(queries.answer(async { Ok(7) }).await.expect("its turn"), 7);
    }

    #[tokio::test]
    async fn whoever_comes_when_too_many_wait_is_told_at_once() {
        let queries = Queries::new(2, Duration::from_millis(50));
        let all = (0..WAITING_MAX + 3).map(|_| queries.answer(never()));
        let mut waiting: Vec<_> = all.map(Box::pin).collect();
        let mut kinds = Vec::new();
        for query in &mut waiting {
            // The last one is refused before anybody's time is over.
            if let Ok(refused) = tokio::time::timeout(Duration::ZERO, query).await {
                kinds.push(refused.expect_err("none is answered").kind());
            }
        }
        assert_eq!(kinds, [Kind::Busy]);
    }
}
