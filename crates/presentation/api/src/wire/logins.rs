//! People and their logins as JSON.

use metrify_application::govern::{Login, Opened, UserFacts};
use metrify_application::registry::{Edition, UserRecord};
use metrify_application::{Error, Kind, Result, Tenant};
use metrify_domain::Timestamp;
use metrify_governance::{Purpose, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::master::{KnownBody, StatusBody};
use super::people::read;

/// Bytes of a password at most.
const PASSWORD_BYTES_MAX: usize = 1024;

/// Who wants to be let in.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginBody {
    /// The house's own tenant where it is absent.
    #[schema(example = "stadtwerk")]
    pub tenant: Option<String>,
    #[schema(example = "ann")]
    pub user: String,
    #[schema(format = Password, max_length = 1024)]
    pub password: String,
}

impl LoginBody {
    /// # Errors
    /// Where the names are none.
    pub fn login(self, own: &Tenant) -> Result<Login> {
        let tenant = self.tenant.as_deref().map(|tenant| read("tenant", tenant)).transpose()?;
        if self.password.len() > PASSWORD_BYTES_MAX {
            return Err(Error::new(
                Kind::Invalid,
                format!("read password: it has more than {PASSWORD_BYTES_MAX} bytes"),
            ));
        }
        Ok(Login {
            tenant: tenant.unwrap_or_else(|| own.clone()),
            user: read("user", &self.user)?,
            password: self.password,
        })
    }
}

/// What renews a session, or ends it.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewalBody {
    #[schema(format = Password)]
    pub refresh_token: String,
}

/// What lets somebody in for some minutes, and what renews it once (in the form of RFC 6749, 5.1).
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct OpenedBody {
    /// Goes into `Authorization: Bearer`.
    #[schema(format = Password)]
    pub access_token: String,
    #[schema(example = "Bearer")]
    pub token_type: String,
    /// Seconds that the access token holds.
    pub expires_in: i64,
    /// Good for one time; each answer holds the next.
    #[schema(format = Password)]
    pub refresh_token: String,
    /// Until when the session can be renewed.
    #[schema(format = DateTime)]
    pub session_expires_at: String,
}

impl OpenedBody {
    #[must_use]
    pub fn of(opened: Opened, now: Timestamp) -> Self {
        let left = opened.pass_until.micros().saturating_sub(now.micros());
        Self {
            access_token: opened.pass,
            token_type: "Bearer".to_owned(),
            expires_in: left / metrify_domain::time::SECOND,
            refresh_token: opened.renewal,
            session_expires_at: opened.session_until.to_string(),
        }
    }
}

/// A person changes its own password.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordBody {
    #[schema(format = Password, max_length = 1024)]
    pub old: String,
    #[schema(format = Password, min_length = 12, max_length = 1024)]
    pub new: String,
}

/// A person to be.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUserBody {
    /// What it logs in by.
    #[schema(example = "ann", pattern = "^[a-z0-9][a-z0-9._+@-]{0,63}$")]
    pub name: String,
    #[schema(format = Password, min_length = 12, max_length = 1024)]
    pub password: String,
    #[schema(max_length = 100)]
    pub title: Option<String>,
    /// `admin`, `analyst`, `operator`, `viewer` or `api`.
    #[schema(example = "analyst")]
    pub role: String,
    /// The purposes that it may act for; all that the law allows the tenant where none is named.
    #[serde(default)]
    pub purposes: Vec<String>,
}

impl NewUserBody {
    /// What it is to be, and its password.
    ///
    /// # Errors
    /// Where a name, a role, a purpose or the title means nothing.
    pub fn new_user(self) -> Result<(UserFacts, String)> {
        let Self { name, password, title, role, purposes } = self;
        let facts = UserChangeBody { password: None, title, role, purposes, status: StatusBody::default() };
        Ok((facts.facts(&name)?, password))
    }
}

/// What is told of a person when it is changed; what is left away is told no longer, but for its password.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChangeBody {
    /// A new one; the old one stays where it is absent.
    #[schema(format = Password, min_length = 12, max_length = 1024)]
    pub password: Option<String>,
    #[schema(max_length = 100)]
    pub title: Option<String>,
    #[schema(example = "analyst")]
    pub role: String,
    #[serde(default)]
    pub purposes: Vec<String>,
    #[serde(default)]
    #[schema(inline)]
    pub status: StatusBody,
}

impl UserChangeBody {
    /// # Errors
    /// Where a role, a purpose or the title means nothing.
    pub fn facts(&self, name: &str) -> Result<UserFacts> {
        Ok(UserFacts {
            name: read("name", name)?,
            title: self.title.as_deref().map(|title| read("title", title)).transpose()?,
            role: read::<Role>("role", &self.role)?,
            purposes: self.purposes.iter().map(|name| read::<Purpose>("purposes", name)).collect::<Result<_>>()?,
            status: self.status.into(),
        })
    }
}

/// A person, without anything that its password could be found by.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UserBody {
    pub name: String,
    pub title: Option<String>,
    pub role: String,
    pub purposes: Vec<String>,
    #[schema(inline)]
    pub status: StatusBody,
    #[serde(flatten)]
    pub known: KnownBody,
}

impl From<Edition<UserRecord>> for UserBody {
    fn from(known: Edition<UserRecord>) -> Self {
        let user = &known.thing;
        Self {
            name: user.name.to_string(),
            title: user.title.as_ref().map(ToString::to_string),
            role: user.role.to_string(),
            purposes: user.purposes.iter().map(ToString::to_string).collect(),
            status: user.status.into(),
            known: KnownBody::of(&known),
        }
    }
}
