//! So many requests a second of each key, and of each tenant, by whatever door they come: who asks for more is told to come back, before
//! anything is done.

use std::num::NonZeroU32;

use governor::clock::DefaultClock;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use crate::context::Context;
use crate::error::{Error, Kind, Result};

/// Names that are remembered before those that asked for nothing lately are forgotten.
const NAMES_MAX: usize = 10_000;

type Limiter = RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock>;

/// How many requests a second are answered; a second's worth may come at once.
#[derive(Debug)]
pub struct Rates {
    /// `None`: as many as come.
    of_key: Option<Limiter>,
    of_tenant: Option<Limiter>,
}

impl Rates {
    /// Requests a second; 0 for no limit.
    #[must_use]
    pub fn new(of_key: u32, of_tenant: u32) -> Self {
        let limiter = |rate| NonZeroU32::new(rate).map(|rate| RateLimiter::keyed(Quota::per_second(rate)));
        Self { of_key: limiter(of_key), of_tenant: limiter(of_tenant) }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// Busy, where too many came within a second.
    pub fn take(&self, ctx: &Context) -> Result<()> {
        let tenant = ctx.tenant().to_string();
        // Local work has one name in every tenant; keys have names of their own.
        let name = format!("{tenant} {}", ctx.principal.name);
        let limiters = [(&self.of_key, "of this key or person", &name), (&self.of_tenant, "of this tenant", &tenant)];
        for (limiter, whose, name) in limiters {
            let Some(limiter) = limiter else { continue };
            if limiter.len() > NAMES_MAX {
                limiter.retain_recent();
            }
            if limiter.check_key(name).is_err() {
                let error = Error::new(Kind::Busy, format!("answer the request: too many {whose} come in a second"));
                return Err(error.hint("ask again in a second, or raise server.key_rate or server.tenant_rate"));
            }
        }
        Ok(())
    }
}
