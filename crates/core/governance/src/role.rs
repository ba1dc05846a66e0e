//! What somebody may do by default: one of five roles, told apart by what they are there for.

use std::fmt;
use std::str::FromStr;

/// The policies of [`crate::Policies`] say what each of them may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Everything in its tenant, people and keys among it.
    Admin,
    /// Reads everything that is measured, by SQL and as files too.
    Analyst,
    /// Takes deliveries in, keeps master data, and mends what was not understood.
    Operator,
    /// Reads series and master data, one at a time.
    Viewer,
    /// A program that delivers and reads series.
    Api,
}

impl Role {
    pub const ALL: [Self; 5] = [Self::Admin, Self::Analyst, Self::Operator, Self::Viewer, Self::Api];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Analyst => "analyst",
            Self::Operator => "operator",
            Self::Viewer => "viewer",
            Self::Api => "api",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a role (admin, analyst, operator, viewer, api)")]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let found = Self::ALL.into_iter().find(|role| role.name() == text);
        found.ok_or_else(|| UnknownRole(text.chars().take(40).collect()))
    }
}
