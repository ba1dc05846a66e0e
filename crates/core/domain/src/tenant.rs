//! Whose readings they are: everything that is kept belongs to one tenant.

use std::fmt;
use std::str::FromStr;

/// A tenant's name: lower-case letters, digits and `-`, at most 40; it is part of paths.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Tenant(String);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a tenant's name (a letter, then lower-case letters, digits and `-`, at most 40)")]
pub struct TenantError(String);

impl Tenant {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tenant {
    type Err = TenantError;

    fn from_str(name: &str) -> Result<Self, TenantError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        if first && name.len() <= 40 && name.bytes().all(allowed) {
            Ok(Self(name.to_owned()))
        } else {
            Err(TenantError(name.chars().take(60).collect()))
        }
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
