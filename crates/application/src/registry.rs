//! What is kept in the registry: tenants, keys, grants, master data, jobs and which audit logs there are. A thing changes by events alone, and each of its versions is known
//! since an instant, so that what was known then can be asked for.

use std::cmp::Ordering;

use metrify_domain::master::{GridOperator, Installation, Label, Meter, MeteringPoint, Place, Status, WeatherStation};
use metrify_domain::{Tenant, Timestamp};
use metrify_governance::{Grant, Party, Purpose, Role, UserName};

use crate::jobs::JobRecord;

/// A customer of the platform, with things of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantRecord {
    pub name: Tenant,
    pub title: Option<Label>,
    /// What it is in the market.
    pub parties: Vec<Party>,
    pub status: Status,
}

/// A key to the programming interface. What it opens it with is shown once and kept as a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    pub id: String,
    /// What it is for, for people.
    pub title: Label,
    pub role: Role,
    /// Empty: every purpose that the law allows its tenant.
    pub purposes: Vec<Purpose>,
    /// SHA-256 of all of it, in hexadecimal digits.
    pub digest: String,
    pub expires_at: Option<Timestamp>,
    pub status: Status,
}

/// Whether a key opens something at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    Active,
    /// It was taken back.
    Inactive,
    /// Its time is over.
    Expired,
}

impl KeyRecord {
    #[must_use]
    pub fn status_at(&self, now: Timestamp) -> KeyStatus {
        match self.status {
            Status::Inactive => KeyStatus::Inactive,
            Status::Active if self.expires_at.is_some_and(|end| end <= now) => KeyStatus::Expired,
            Status::Active => KeyStatus::Active,
        }
    }
}

/// A person who logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRecord {
    pub name: UserName,
    /// What people call it.
    pub title: Option<Label>,
    pub role: Role,
    /// Empty: every purpose that the law allows its tenant.
    pub purposes: Vec<Purpose>,
    /// What is kept of the password, from which nobody finds it again.
    pub digest: String,
    pub status: Status,
}

/// A login that lasts: what renews its passes is shown once for each time, and kept as a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    pub id: String,
    pub user: UserName,
    /// The version of the person that it is of: one that was changed since is logged in no longer.
    pub user_version: u64,
    /// SHA-256 of what renews it next, in hexadecimal digits.
    pub digest: String,
    /// Of what renewed it last.
    pub previous: Option<String>,
    pub expires_at: Timestamp,
    pub status: Status,
}

/// Wrong passwords of somebody since the last right one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptsRecord {
    pub user: UserName,
    pub failures: u32,
    /// Until then no password is right.
    pub locked_until: Option<Timestamp>,
}

/// That a tenant has an audit log in a data directory, whose first entry is no later than this is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// The name of the data directory.
    pub house: String,
}

/// Everything that the registry keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    Tenant(TenantRecord),
    Key(KeyRecord),
    User(UserRecord),
    Session(SessionRecord),
    Attempts(AttemptsRecord),
    MeteringPoint(MeteringPoint),
    Meter(Meter),
    Installation(Installation),
    Grant(Grant),
    GridOperator(GridOperator),
    WeatherStation(WeatherStation),
    Job(JobRecord),
    Log(LogRecord),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ThingKind {
    Tenant,
    Key,
    User,
    Session,
    Attempts,
    MeteringPoint,
    Meter,
    Installation,
    Grant,
    GridOperator,
    WeatherStation,
    Job,
    Log,
}

impl ThingKind {
    pub const ALL: [Self; 13] = [
        Self::Tenant,
        Self::Key,
        Self::User,
        Self::Session,
        Self::Attempts,
        Self::MeteringPoint,
        Self::Meter,
        Self::Installation,
        Self::Grant,
        Self::GridOperator,
        Self::WeatherStation,
        Self::Job,
        Self::Log,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Key => "key",
            Self::User => "user",
            Self::Session => "session",
            Self::Attempts => "attempts",
            Self::MeteringPoint => "metering_point",
            Self::Meter => "meter",
            Self::Installation => "installation",
            Self::Grant => "grant",
            Self::GridOperator => "grid_operator",
            Self::WeatherStation => "weather_station",
            Self::Job => "job",
            Self::Log => "log",
        }
    }
}

impl ThingKind {
    /// For people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::MeteringPoint => "metering point",
            Self::GridOperator => "grid operator",
            Self::WeatherStation => "weather station",
            Self::Tenant
            | Self::Key
            | Self::User
            | Self::Session
            | Self::Attempts
            | Self::Meter
            | Self::Installation
            | Self::Grant
            | Self::Job
            | Self::Log => self.name(),
        }
    }
}

impl ThingKind {
    /// Where those that there are are listed, for people; `None` for what nobody lists.
    #[must_use]
    pub const fn listed_at(self) -> Option<&'static str> {
        match self {
            Self::Tenant => Some("/api/v1/tenants"),
            Self::Key => Some("/api/v1/api-keys"),
            Self::User => Some("/api/v1/users"),
            Self::MeteringPoint => Some("/api/v1/metering-points"),
            Self::Meter => Some("/api/v1/smart-meters"),
            Self::Grant => Some("/api/v1/grants"),
            Self::GridOperator => Some("/api/v1/grid-operators"),
            Self::WeatherStation => Some("/api/v1/weather/stations"),
            Self::Job => Some("/api/v1/jobs"),
            Self::Session | Self::Attempts | Self::Installation | Self::Log => None,
        }
    }
}

impl Thing {
    #[must_use]
    pub const fn kind(&self) -> ThingKind {
        match self {
            Self::Tenant(_) => ThingKind::Tenant,
            Self::Key(_) => ThingKind::Key,
            Self::User(_) => ThingKind::User,
            Self::Session(_) => ThingKind::Session,
            Self::Attempts(_) => ThingKind::Attempts,
            Self::MeteringPoint(_) => ThingKind::MeteringPoint,
            Self::Meter(_) => ThingKind::Meter,
            Self::Installation(_) => ThingKind::Installation,
            Self::Grant(_) => ThingKind::Grant,
            Self::GridOperator(_) => ThingKind::GridOperator,
            Self::WeatherStation(_) => ThingKind::WeatherStation,
            Self::Job(_) => ThingKind::Job,
            Self::Log(_) => ThingKind::Log,
        }
    }

    /// What it is called among those of its kind and tenant.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Tenant(tenant) => tenant.name.to_string(),
            Self::Key(key) => key.id.clone(),
            Self::User(user) => user.name.to_string(),
            Self::Session(session) => session.id.clone(),
            Self::Attempts(attempts) => attempts.user.to_string(),
            Self::MeteringPoint(point) => point.id.to_string(),
            Self::Meter(meter) => meter.id.to_string(),
            Self::Installation(Installation { meter, metering_point, from, .. }) => {
                format!("{meter}@{metering_point}@{}", from.micros())
            }
            Self::Grant(grant) => grant.id.clone(),
            Self::GridOperator(operator) => operator.id.to_string(),
            Self::WeatherStation(station) => station.id.to_string(),
            Self::Job(job) => job.id.clone(),
            Self::Log(log) => log.house.clone(),
        }
    }
}

/// A kind of thing as a type.
pub trait Registered: Sized {
    const KIND: ThingKind;

    fn of(thing: Thing) -> Option<Self>;
}

macro_rules! registered {
    ($($kind:ident: $record:ty),+) => {$(
        impl Registered for $record {
            const KIND: ThingKind = ThingKind::$kind;

            fn of(thing: Thing) -> Option<Self> {
                match thing {
                    Thing::$kind(record) => Some(record),
                    _ => None,
                }
            }
        }

        impl From<$record> for Thing {
            fn from(record: $record) -> Self {
                Self::$kind(record)
            }
        }
    )+};
}

registered!(
    Tenant: TenantRecord,
    Key: KeyRecord,
    User: UserRecord,
    Session: SessionRecord,
    Attempts: AttemptsRecord,
    MeteringPoint: MeteringPoint,
    Meter: Meter,
    Installation: Installation,
    Grant: Grant,
    GridOperator: GridOperator,
    WeatherStation: WeatherStation,
    Job: JobRecord,
    Log: LogRecord
);

/// One version of a thing, and the span in which it was what is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edition<T> {
    pub thing: T,
    /// Counted from 1.
    pub version: u64,
    pub known_from: Timestamp,
    /// `None` where it is what is known today.
    pub known_until: Option<Timestamp>,
}

/// What happened to a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// It is known from here on.
    Registered,
    Changed,
    /// It was taken out of service, or taken back.
    Deactivated,
}

impl Happened {
    pub const ALL: [Self; 3] = [Self::Registered, Self::Changed, Self::Deactivated];

    /// What it is called when something that was so is so from then on.
    #[must_use]
    pub const fn between(before: Status, after: Status) -> Self {
        match (before, after) {
            (Status::Active, Status::Inactive) => Self::Deactivated,
            (Status::Active | Status::Inactive, Status::Active) | (Status::Inactive, Status::Inactive) => Self::Changed,
        }
    }

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Changed => "changed",
            Self::Deactivated => "deactivated",
        }
    }
}

/// A change of a thing: what happened, and what it is from then on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub tenant: Tenant,
    pub happened: Happened,
    pub after: Thing,
    /// The one before plus one; 1 is the first.
    pub version: u64,
    pub at: Timestamp,
    /// The principal that did it.
    pub by: String,
}

/// What a list can be filtered by; each kind has some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Status,
    Role,
    User,
    Manufacturer,
    Model,
    Area,
    GridOperator,
    Meter,
    MeteringPoint,
    Point,
    Grantee,
    Purpose,
    /// Of grid operators: transmission or distribution; of jobs: what they do.
    Kind,
    /// Of jobs: how they stand, who started them, and the data directory whose process does them.
    State,
    By,
    House,
}

/// The order of a list. What is equal in it is ordered by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Sort {
    #[default]
    Id,
    IdDown,
    /// By the time since when it is known.
    Changed,
    ChangedDown,
}

impl Sort {
    /// Which of two things comes first, of lists that are put in order here.
    #[must_use]
    pub fn compare(self, one: &Cursor, other: &Cursor) -> Ordering {
        let by_id = one.id.cmp(&other.id);
        let by_change = one.known_from.cmp(&other.known_from).then(by_id);
        match self {
            Self::Id => by_id,
            Self::IdDown => by_id.reverse(),
            Self::Changed => by_change,
            Self::ChangedDown => by_change.reverse(),
        }
    }
}

/// Where in a list somebody stopped reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub known_from: Timestamp,
    pub id: String,
}

/// Which things of a kind are wanted, in which order, and how many.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub kind: ThingKind,
    /// Of these ids; of any where it is `None`.
    pub ids: Option<Vec<String>>,
    pub equal: Vec<(Field, String)>,
    /// Of keys: those whose time is over, or goes on.
    pub lasting: Option<Lasting>,
    /// In a circle; a page of those may be shorter than its limit although another one follows.
    pub near: Option<Near>,
    /// Of installations: those that hold at an instant.
    pub holds_at: Option<Timestamp>,
    pub changed: Changed,
    /// As it was known then; `None` for today.
    pub known_at: Option<Timestamp>,
    pub sort: Sort,
    /// Those behind it alone.
    pub after: Option<Cursor>,
    pub limit: u64,
}

impl Wanted {
    /// All of a kind, up to a number.
    #[must_use]
    pub const fn all(kind: ThingKind, limit: u64) -> Self {
        Self {
            kind,
            ids: None,
            equal: Vec::new(),
            lasting: None,
            near: None,
            holds_at: None,
            changed: Changed { from: None, until: None },
            known_at: None,
            sort: Sort::Id,
            after: None,
            limit,
        }
    }
}

/// When a thing came to stand as it does: at `from` or later, and before `until`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

impl Changed {
    /// Whether what is known from an instant on is among it.
    #[must_use]
    pub fn contains(&self, known_from: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= known_from) && self.until.is_none_or(|until| known_from < until)
    }
}

/// How long a key lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasting {
    Beyond(Timestamp),
    NotBeyond(Timestamp),
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing<T> {
    pub things: Vec<Edition<T>>,
    /// Where the next page begins; `None` behind the last one.
    pub next: Option<Cursor>,
}

/// A circle that things are looked for in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    pub place: Place,
    pub radius_m: f64,
}

impl Near {
    /// Whether something stands within it.
    #[must_use]
    pub fn holds(&self, there: Option<Place>) -> bool {
        there.is_some_and(|there| self.place.distance_m(there) <= self.radius_m)
    }
}
