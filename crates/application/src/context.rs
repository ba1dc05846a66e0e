//! Who asks, for what, and when: the first argument of every use case.

use metrify_domain::{Tenant, Timestamp};
use metrify_governance::{Principal, Purpose};

/// The circumstances of one request.
#[derive(Clone, Debug)]
pub struct Context {
    pub principal: Principal,
    /// What it is done for, where that was said.
    pub purpose: Option<Purpose>,
    /// The name of the request, by which it is found again in logs.
    pub request: String,
    pub now: Timestamp,
}

impl Context {
    /// Whose things are asked for: nobody reaches those of another tenant.
    #[must_use]
    pub const fn tenant(&self) -> &Tenant {
        &self.principal.tenant
    }

    /// What it is done for: what was said, or else what its principal is there for first.
    #[must_use]
    pub fn purpose(&self) -> Option<Purpose> {
        self.purpose.or_else(|| self.principal.purposes.first().copied())
    }
}
