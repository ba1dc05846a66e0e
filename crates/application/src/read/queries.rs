//! So many queries may wait, and each for so long: whoever asks for much does not keep the others from being answered, nor intake from
//! going on. How many are answered at once, the engine says.

use std::sync::Arc;
use std::time::Duration;

use metrify_domain::Tenant;

use crate::error::{Error, Kind, Result};
use crate::places::{Full, Places};

/// Queries that wait for their turn, in all and of one tenant; whoever comes then is told to come back, but for the first of a tenant.
const WAITING_MAX: usize = 256;
const WAITING_OF_TENANT_MAX: usize = 128;

/// The queries under way.
pub struct Queries {
    /// Those that are answered and those that wait for it.
    places: Arc<Places<Tenant>>,
    time: Duration,
}

impl Queries {
    #[must_use]
    pub fn new(at_once: usize, time: Duration) -> Self {
        Self { places: Places::one_for_each(at_once + WAITING_MAX, at_once + WAITING_OF_TENANT_MAX), time }
    }

    /// Does the work for this tenant within its time.
    ///
    /// # Errors
    /// Those of the work; busy where too many wait, and unavailable where the time is over.
    pub(crate) async fn answer<T>(&self, tenant: &Tenant, work: impl Future<Output = Result<T>>) -> Result<T> {
        let _place = self.places.take(tenant.clone()).map_err(|full| {
            let others = match full {
                Full::OfOne => format!("{WAITING_OF_TENANT_MAX} others of this tenant"),
                Full::All => format!("{WAITING_MAX} others"),
            };
            let error = Error::new(Kind::Busy, format!("answer the query: {others} wait for their turn"));
            error.hint("ask again in a second")
        })?;
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

    fn tenant(name: &str) -> Tenant {
        name.parse().expect("a name")
    }

    #[tokio::test]
    async fn a_query_has_its_time_and_the_next_one_its_turn() {
        let queries = Queries::new(1, Duration::from_millis(50));
        let ours = tenant("ours");
        assert_eq!(queries.answer(&ours, never()).await.expect_err("it has no end").kind(), Kind::Unavailable);
        assert_eq!(queries.answer(&ours, async { Ok(7) }).await.expect("its turn"), 7);
    }

    #[tokio::test]
    async fn whoever_comes_when_too_many_wait_is_told_at_once_and_no_other_tenant_is() {
        let queries = Queries::new(2, Duration::from_secs(5));
        let tenants = ["a", "b", "c", "d"].map(tenant);
        let of_each = WAITING_OF_TENANT_MAX + 3;
        let all = tenants[..2].iter().flat_map(|tenant| (0..of_each).map(|_| queries.answer(tenant, never())));
        let mut waiting: Vec<_> = all.map(Box::pin).collect();
        let mut kinds = Vec::new();
        for query in &mut waiting {
            // Whoever is refused is so before anybody's time is over.
            if let Ok(refused) = tokio::time::timeout(Duration::ZERO, query).await {
                kinds.push(refused.expect_err("none is answered").kind());
            }
        }
        // The last one of each, and two more of the second, since there is no place any more.
        assert_eq!(kinds, [Kind::Busy; 4]);
        for tenant in &tenants[2..] {
            assert_eq!(queries.answer(tenant, async { Ok(7) }).await.expect("its place"), 7);
        }
    }
}
