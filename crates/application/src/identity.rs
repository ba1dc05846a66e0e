//! What is said of people: by passes that the house issues, and by issuers that it trusts.

use metrify_domain::{Tenant, Timestamp};
use metrify_governance::{Purpose, Role};

/// A pass of the house: it opens for a short while what its session opens, and nothing once that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    pub tenant: Tenant,
    pub user: String,
    pub session: String,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
}

/// What an issuer that the house trusts says of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// Whose people the issuer speaks for.
    pub tenant: Tenant,
    /// The subject and the issuer's host, such as `8f2c@login.example.org`.
    pub name: String,
    pub role: Role,
    /// Empty: every purpose that the law allows the tenant.
    pub purposes: Vec<Purpose>,
    pub expires_at: Timestamp,
}

/// Who bears a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bearer {
    Pass(Pass),
    Vouched(Vouched),
}
