//! Who acts: a person, a key, or whoever works on the machine itself.

use metrify_domain::{Tenant, Timestamp};

use crate::{Party, Purpose, Role};

/// Somebody whose identity was proven.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Principal {
    /// As it stands in the audit log: `local`, `key:7f3a...`, `user:ann`.
    pub name: String,
    pub tenant: Tenant,
    /// The market roles of its tenant: what the law allows it follows from them.
    pub parties: Vec<Party>,
    pub role: Role,
    /// What it may act for, beside what its role allows; the first one where a request names none. Empty: for every
    /// purpose that the law allows its tenant.
    pub purposes: Vec<Purpose>,
    /// When what it proved itself by ends: nothing that it gives to others lasts longer.
    pub expires_at: Option<Timestamp>,
}
