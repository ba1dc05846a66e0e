//! Tenants and keys as JSON, and whether the audit log is whole.

use metrify_application::audit::Audited;
use metrify_application::govern::{Issued, NewKey, NewTenant};
use metrify_application::registry::{Edition, Field, KeyRecord, KeyStatus, TenantRecord};
use metrify_application::{Context, Error, Kind, Result, Tenant};
use metrify_domain::Timestamp;
use metrify_governance::{Party, Purpose, Role};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::master::{KnownBody, StatusBody};
use super::moment;

/// What a new key is for.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKeyBody {
    /// The tenant that it opens; the own one where it is absent. Only an admin of the house's own tenant names another.
    pub tenant: Option<String>,
    /// What it is for, for people.
    #[schema(example = "billing, nightly", min_length = 1, max_length = 100)]
    pub title: String,
    /// `admin`, `analyst`, `operator`, `viewer` or `api`.
    #[schema(example = "viewer")]
    pub role: String,
    /// The purposes that it may act for; all that the law allows the tenant where none is named.
    #[serde(default)]
    pub purposes: Vec<String>,
    /// A day, local, as its beginning, or an instant; never where it is absent.
    pub expires_at: Option<String>,
}

impl NewKeyBody {
    /// # Errors
    /// Where a role, a purpose, a time or the title means nothing.
    pub fn new_key(&self) -> Result<NewKey> {
        Ok(NewKey {
            tenant: self.tenant.as_deref().map(|tenant| read("tenant", tenant)).transpose()?,
            title: read("title", &self.title)?,
            role: read::<Role>("role", &self.role)?,
            purposes: self.purposes.iter().map(|name| read::<Purpose>("purposes", name)).collect::<Result<_>>()?,
            expires_at: self.expires_at.as_deref().map(moment).transpose()?,
        })
    }
}

/// A key without what opens anything.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct KeyBody {
    pub id: String,
    pub title: String,
    pub role: String,
    pub purposes: Vec<String>,
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
    #[schema(inline)]
    pub status: KeyStatusBody,
    #[serde(flatten)]
    pub known: KnownBody,
}

/// Whether a key opens something: `active`, `inactive` where it was taken back, `expired` where its time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyStatusBody {
    Active,
    Inactive,
    Expired,
}

impl From<KeyStatus> for KeyStatusBody {
    fn from(status: KeyStatus) -> Self {
        match status {
            KeyStatus::Active => Self::Active,
            KeyStatus::Inactive => Self::Inactive,
            KeyStatus::Expired => Self::Expired,
        }
    }
}

impl From<KeyStatusBody> for KeyStatus {
    fn from(status: KeyStatusBody) -> Self {
        match status {
            KeyStatusBody::Active => Self::Active,
            KeyStatusBody::Inactive => Self::Inactive,
            KeyStatusBody::Expired => Self::Expired,
        }
    }
}

impl KeyBody {
    /// As it stands at an instant.
    #[must_use]
    pub fn at(known: &Edition<KeyRecord>, now: Timestamp) -> Self {
        let key = &known.thing;
        Self {
            id: key.id.clone(),
            title: key.title.to_string(),
            role: key.role.to_string(),
            purposes: key.purposes.iter().map(ToString::to_string).collect(),
            expires_at: key.expires_at.map(|end| end.to_string()),
            status: key.status_at(now).into(),
            known: KnownBody::of(known),
        }
    }
}

/// A key that was just made: the only time that it is shown.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct IssuedBody {
    /// What opens the interface. It is kept nowhere.
    pub key: String,
    #[serde(flatten)]
    pub about: KeyBody,
}

impl From<Issued> for IssuedBody {
    fn from(issued: Issued) -> Self {
        let made = issued.record.known_from;
        Self { key: issued.key, about: KeyBody::at(&issued.record, made) }
    }
}

/// Whose it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TenantParameters {
    /// The tenant; the own one where it is absent. Only an admin of the house's own tenant names another.
    pub tenant: Option<String>,
}

impl TenantParameters {
    /// # Errors
    /// Where it is no name of a tenant.
    pub fn tenant(&self, ctx: &Context) -> Result<Tenant> {
        let named = self.tenant.as_deref().map(str::parse::<Tenant>).transpose();
        let named = named.map_err(|error| Error::new(Kind::Invalid, "read the tenant").because(error))?;
        Ok(named.unwrap_or_else(|| ctx.tenant().clone()))
    }
}

/// Which people.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UserQuery {
    #[param(inline)]
    pub status: Option<StatusBody>,
    /// `admin`, `analyst`, `operator`, `viewer` or `api`.
    pub role: Option<String>,
}

impl UserQuery {
    /// The fields that are asked for.
    ///
    /// # Errors
    /// Where the role is none.
    pub fn equal(&self) -> Result<Vec<(Field, String)>> {
        let status = self.status.map(|status| (Field::Status, status.name().to_owned()));
        Ok(status.into_iter().chain(of_role(self.role.as_deref())?).collect())
    }
}

/// Which keys.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct KeyQuery {
    /// As it is told of them.
    #[param(inline)]
    pub status: Option<KeyStatusBody>,
    /// `admin`, `analyst`, `operator`, `viewer` or `api`.
    pub role: Option<String>,
}

impl KeyQuery {
    /// The fields that are asked for beside the status.
    ///
    /// # Errors
    /// Where the role is none.
    pub fn equal(&self) -> Result<Vec<(Field, String)>> {
        Ok(of_role(self.role.as_deref())?.into_iter().collect())
    }
}

fn of_role(name: Option<&str>) -> Result<Option<(Field, String)>> {
    let role = name.map(|name| read::<Role>("role", name)).transpose()?;
    Ok(role.map(|role| (Field::Role, role.name().to_owned())))
}

/// A tenant to be made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTenantBody {
    /// A letter, then lower-case letters, digits and `-`, at most 40.
    #[schema(example = "stadtwerk", pattern = "^[a-z][a-z0-9-]{0,39}$")]
    pub name: String,
    #[schema(max_length = 100)]
    pub title: Option<String>,
    /// What it is in the market, such as `metering_operator` or `supplier`: what it may do follows from that.
    pub parties: Vec<String>,
}

impl NewTenantBody {
    /// # Errors
    /// Where the name or a party means nothing.
    pub fn new_tenant(&self) -> Result<NewTenant> {
        Ok(NewTenant {
            name: read("name", &self.name)?,
            title: self.title.as_deref().map(|title| read("title", title)).transpose()?,
            parties: self.parties.iter().map(|name| read::<Party>("parties", name)).collect::<Result<_>>()?,
        })
    }
}

/// What is told of a tenant when it is changed; what is left away is told no longer.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantFacts {
    #[schema(max_length = 100)]
    pub title: Option<String>,
    pub parties: Vec<String>,
    #[serde(default)]
    #[schema(inline)]
    pub status: StatusBody,
}

impl TenantFacts {
    /// # Errors
    /// Where the name or a party means nothing.
    pub fn of(&self, name: &str) -> Result<TenantRecord> {
        let new = NewTenantBody { name: name.to_owned(), title: self.title.clone(), parties: self.parties.clone() };
        let NewTenant { name, title, parties } = new.new_tenant()?;
        Ok(TenantRecord { name, title, parties, status: self.status.into() })
    }
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TenantBody {
    pub name: String,
    pub title: Option<String>,
    pub parties: Vec<String>,
    #[schema(inline)]
    pub status: StatusBody,
    #[serde(flatten)]
    pub known: KnownBody,
}

impl From<Edition<TenantRecord>> for TenantBody {
    fn from(known: Edition<TenantRecord>) -> Self {
        let tenant = &known.thing;
        Self {
            name: tenant.name.to_string(),
            title: tenant.title.as_ref().map(ToString::to_string),
            parties: tenant.parties.iter().map(ToString::to_string).collect(),
            status: tenant.status.into(),
            known: KnownBody::of(&known),
        }
    }
}

/// Whether the audit log of a tenant is as it was written.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditedBody {
    pub tenant: String,
    pub whole: bool,
    /// Entries that are as they were written, from the first one on.
    pub entries: u64,
    /// The hash of the last of them: kept elsewhere, it proves later that nothing before it changed.
    pub head: String,
    pub broken: Option<BrokenBody>,
}

/// The first place where the log is not what was written.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BrokenBody {
    pub file: String,
    /// From 1.
    pub line: u64,
    /// Of the file, from 0.
    pub byte: u64,
    pub reason: String,
}

impl AuditedBody {
    #[must_use]
    pub fn of(tenant: &Tenant, audited: Audited) -> Self {
        Self {
            tenant: tenant.to_string(),
            whole: audited.broken.is_none(),
            entries: audited.entries,
            head: audited.head,
            broken: audited.broken.map(|broken| BrokenBody {
                file: broken.file,
                line: broken.line,
                byte: broken.byte,
                reason: broken.reason,
            }),
        }
    }
}

pub(super) fn read<T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    name: &str,
    text: &str,
) -> Result<T> {
    text.parse().map_err(|error| Error::new(Kind::Invalid, format!("read `{name}`")).because(error))
}
