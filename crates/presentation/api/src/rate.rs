//! So many requests a second of each key, and of each tenant: who asks for more is told to come back, before anything is done.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use governor::clock::DefaultClock;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use metrify_application::{Context, Error, Kind};

use crate::{Problem, Server};

/// Names that are remembered before those that asked for nothing lately are forgotten.
const NAMES_MAX: usize = 10_000;

type Limiter = RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock>;

/// How many requests a second are answered; a second's worth may come at once.
#[derive(Clone)]
pub struct Rates(Arc<Limits>);

struct Limits {
    /// `None`: as many as come.
    of_key: Option<Limiter>,
    of_tenant: Option<Limiter>,
    turned_away: DefaultDirectRateLimiter,
}

/// Entries a second of requests whose key opens nothing: whoever sends many of them must not fill the log, or the disk.
const TURNED_AWAY_NOTED: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);

impl Rates {
    /// Requests a second; 0 for no limit.
    #[must_use]
    pub fn new(of_key: u32, of_tenant: u32) -> Self {
        let limiter = |rate| NonZeroU32::new(rate).map(|rate| RateLimiter::keyed(Quota::per_second(rate)));
        let turned_away = RateLimiter::direct(Quota::per_second(TURNED_AWAY_NOTED));
        Self(Arc::new(Limits { of_key: limiter(of_key), of_tenant: limiter(of_tenant), turned_away }))
    }

    /// Whether the log has room for one more who was turned away.
    pub(crate) fn notes_turned_away(&self) -> bool {
        self.0.turned_away.check().is_ok()
    }

    fn take(&self, ctx: &Context) -> Result<(), Problem> {
        let Limits { of_key, of_tenant, .. } = &*self.0;
        let tenant = ctx.tenant().to_string();
        // Local work has one name in every tenant; keys have names of their own.
        let name = format!("{tenant} {}", ctx.principal.name);
        for (limiter, whose, name) in [(of_key, "of this key", &name), (of_tenant, "of this tenant", &tenant)] {
            let Some(limiter) = limiter else { continue };
            if limiter.len() > NAMES_MAX {
                limiter.retain_recent();
            }
            if limiter.check_key(name).is_err() {
                let error = Error::new(Kind::Busy, format!("answer the request: too many {whose} come in a second"));
                return Err(error.hint("ask again in a second, or raise server.key_rate or server.tenant_rate").into());
            }
        }
        Ok(())
    }
}

pub(crate) async fn limited(State(server): State<Server>, request: Request, next: Next) -> Result<Response, Problem> {
    if let Some(ctx) = request.extensions().get::<Context>() {
        server.rates.take(ctx)?;
    }
    Ok(next.run(request).await)
}
