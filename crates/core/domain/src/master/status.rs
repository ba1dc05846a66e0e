//! Whether something is in service.

/// How a meter, a metering point or a tenant stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Status {
    #[default]
    Active,
    /// It was taken out of service (stillgelegt, ausgebaut); what is known of it stays.
    Inactive,
}

impl Status {
    pub const ALL: [Self; 2] = [Self::Active, Self::Inactive];

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
        }
    }
}
