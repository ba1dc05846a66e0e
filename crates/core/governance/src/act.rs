//! What is done: an action on a kind of things of a tenant.

use std::fmt;
use std::str::FromStr;

use metrify_domain::Tenant;

/// How something is acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Looks at one thing, a series or a list.
    Read,
    /// Asks freely, by SQL.
    Query,
    /// Takes an answer away as a file.
    Export,
    /// Brings readings in.
    Deliver,
    /// Reads again what came, vouches for a point, stops a job, or makes tables anew of what they are made of.
    Mend,
    /// Makes and changes master data.
    Register,
    /// Makes and changes tenants, people, keys and grants.
    Administer,
    /// Proves who it is, and is let in; or leaves.
    Enter,
}

impl Action {
    pub const ALL: [Self; 8] = [
        Self::Read,
        Self::Query,
        Self::Export,
        Self::Deliver,
        Self::Mend,
        Self::Register,
        Self::Administer,
        Self::Enter,
    ];

    /// It leaves something else behind than it found.
    #[must_use]
    pub const fn changes(self) -> bool {
        match self {
            Self::Deliver | Self::Mend | Self::Register | Self::Administer | Self::Enter => true,
            Self::Read | Self::Query | Self::Export => false,
        }
    }

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Query => "query",
            Self::Export => "export",
            Self::Deliver => "deliver",
            Self::Mend => "mend",
            Self::Register => "register",
            Self::Administer => "administer",
            Self::Enter => "enter",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an action ({names})", names = Action::ALL.map(Action::name).join(", "))]
pub struct UnknownAction(String);

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        let found = Self::ALL.into_iter().find(|action| action.name() == text);
        found.ok_or_else(|| UnknownAction(text.chars().take(40).collect()))
    }
}

/// A kind of things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Of meters: they tell of the people behind them.
    Readings,
    /// All tables at once, as SQL sees them.
    Tables,
    Deliveries,
    Rejects,
    MeteringPoints,
    Meters,
    GridOperators,
    WeatherStations,
    /// Themselves: the list of them belongs to the tenant `default`, and each may see itself.
    Tenants,
    Users,
    Keys,
    Policies,
    Audit,
    /// How the program itself stands; it counts as a thing of whoever asks.
    System,
    /// The consents of users of connections.
    Grants,
    /// What the house does that takes long, or in the background.
    Jobs,
    /// Deliveries as they came, with all that their bytes say.
    Archive,
}

impl Resource {
    pub const ALL: [Self; 17] = [
        Self::Readings,
        Self::Tables,
        Self::Deliveries,
        Self::Rejects,
        Self::MeteringPoints,
        Self::Meters,
        Self::GridOperators,
        Self::WeatherStations,
        Self::Tenants,
        Self::Users,
        Self::Keys,
        Self::Policies,
        Self::Audit,
        Self::System,
        Self::Grants,
        Self::Jobs,
        Self::Archive,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Readings => "readings",
            Self::Tables => "tables",
            Self::Deliveries => "deliveries",
            Self::Rejects => "rejects",
            Self::MeteringPoints => "metering_points",
            Self::Meters => "meters",
            Self::GridOperators => "grid_operators",
            Self::WeatherStations => "weather_stations",
            Self::Tenants => "tenants",
            Self::Users => "users",
            Self::Keys => "keys",
            Self::Policies => "policies",
            Self::Audit => "audit",
            Self::System => "system",
            Self::Grants => "grants",
            Self::Jobs => "jobs",
            Self::Archive => "archive",
        }
    }

    /// It tells of people whose energy is metered (MsbG section 49).
    #[must_use]
    pub const fn is_personal(self) -> bool {
        match self {
            Self::Readings | Self::Tables | Self::Rejects | Self::MeteringPoints | Self::Meters | Self::Archive => true,
            Self::Deliveries
            | Self::GridOperators
            | Self::WeatherStations
            | Self::Tenants
            | Self::Users
            | Self::Keys
            | Self::Policies
            | Self::Audit
            | Self::System
            | Self::Grants
            | Self::Jobs => false,
        }
    }

    /// It is of those who run the platform, and of nobody else's concern.
    #[must_use]
    pub const fn is_administrative(self) -> bool {
        matches!(self.area(), Area::Administration)
    }

    pub(crate) const fn area(self) -> Area {
        match self {
            Self::Readings | Self::Tables | Self::Deliveries | Self::Rejects | Self::Archive => Area::Measurement,
            Self::MeteringPoints | Self::Meters | Self::GridOperators | Self::WeatherStations => Area::MasterData,
            Self::Tenants | Self::Users | Self::Keys | Self::Policies | Self::Audit | Self::Grants => {
                Area::Administration
            }
            Self::System => Area::Platform,
            Self::Jobs => Area::Operation,
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a resource ({names})", names = Resource::ALL.map(Resource::name).join(", "))]
pub struct UnknownResource(String);

impl FromStr for Resource {
    type Err = UnknownResource;

    fn from_str(text: &str) -> Result<Self, UnknownResource> {
        let found = Self::ALL.into_iter().find(|resource| resource.name() == text);
        found.ok_or_else(|| UnknownResource(text.chars().take(40).collect()))
    }
}

/// What belongs together of resources: roles are told apart by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    /// What is measured, as it came and as it is kept.
    Measurement,
    MasterData,
    Administration,
    Platform,
    /// What keeps the house running.
    Operation,
}

impl Area {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Measurement => "measurement",
            Self::MasterData => "master_data",
            Self::Administration => "administration",
            Self::Platform => "platform",
            Self::Operation => "operation",
        }
    }
}

/// What somebody is about to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    pub action: Action,
    pub resource: Resource,
    /// Whose things they are.
    pub tenant: Tenant,
    /// Which one, where it is one: a point, a meter, a key.
    pub subject: Option<String>,
}
