//! Grants as JSON.

use metrify_application::Result;
use metrify_application::govern::NewGrant;
use metrify_application::registry::{Edition, Field, Wanted};
use metrify_governance::Grant;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::master::{KnownBody, StatusBody};
use super::moment;
use super::people::read;
use crate::paging::equal;

/// What the user of a connection consented to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGrantBody {
    /// A market or metering location or a meter, as its readings name it. No other point is covered.
    #[schema(example = "50120962218", min_length = 1, max_length = 64)]
    pub point: String,
    /// `tenant` for everybody of the tenant, or one principal as the audit log names it: `user:ann`, `key:7f3a...`.
    #[serde(default = "everybody")]
    #[schema(example = "tenant", max_length = 100, default = "tenant")]
    pub grantee: String,
    /// A purpose that rests on consent.
    #[serde(default = "consent")]
    #[schema(example = "consent", default = "consent")]
    pub purpose: String,
    /// A day, local, as its beginning, or an instant; now where it is absent.
    #[schema(example = "2026-01-01")]
    pub valid_from: Option<String>,
    /// Not within it; until it is withdrawn where it is absent.
    pub valid_until: Option<String>,
    /// Where the consent itself is kept, such as the number of a file; it names no person.
    #[schema(example = "file 2026/7", min_length = 1, max_length = 100)]
    pub evidence: String,
}

fn everybody() -> String {
    "tenant".to_owned()
}

fn consent() -> String {
    "consent".to_owned()
}

impl NewGrantBody {
    /// # Errors
    /// Where the point, the grantee, the purpose, a time or the evidence means nothing.
    pub fn new_grant(&self) -> Result<NewGrant> {
        Ok(NewGrant {
            point: read("point", &self.point)?,
            grantee: read("grantee", &self.grantee)?,
            purpose: read("purpose", &self.purpose)?,
            valid_from: self.valid_from.as_deref().map(moment).transpose()?,
            valid_until: self.valid_until.as_deref().map(moment).transpose()?,
            evidence: read("evidence", &self.evidence)?,
        })
    }
}

/// A grant, as it is known or was known then. It is `inactive` once it was withdrawn; one that has ended stays `active`, and covers
/// nothing.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GrantBody {
    pub id: String,
    pub point: String,
    /// `tenant` for everybody of the tenant, or one principal.
    pub grantee: String,
    pub purpose: String,
    #[schema(format = DateTime)]
    pub valid_from: String,
    /// `null` where it holds until it is withdrawn.
    #[schema(format = DateTime)]
    pub valid_until: Option<String>,
    pub evidence: String,
    #[schema(inline)]
    pub status: StatusBody,
    #[serde(flatten)]
    pub known: KnownBody,
}

impl From<Edition<Grant>> for GrantBody {
    fn from(known: Edition<Grant>) -> Self {
        let grant = &known.thing;
        Self {
            id: grant.id.clone(),
            point: grant.point.to_string(),
            grantee: grant.grantee.to_string(),
            purpose: grant.purpose.to_string(),
            valid_from: grant.valid_from.to_string(),
            valid_until: grant.valid_until.map(|end| end.to_string()),
            evidence: grant.evidence.to_string(),
            status: grant.status.into(),
            known: KnownBody::of(&known),
        }
    }
}

/// Which grants.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GrantQuery {
    #[param(inline)]
    pub status: Option<StatusBody>,
    pub point: Option<String>,
    /// `tenant`, or a principal such as `user:ann`.
    pub grantee: Option<String>,
    pub purpose: Option<String>,
}

impl GrantQuery {
    /// Those of them that are asked for.
    ///
    /// # Errors
    /// Where a value can be none of a field.
    pub fn among(self, page: Wanted) -> Result<Wanted> {
        let status = self.status.map(|status| status.name().to_owned());
        let asked = [
            (Field::Status, status),
            (Field::Point, self.point),
            (Field::Grantee, self.grantee),
            (Field::Purpose, self.purpose),
        ];
        Ok(Wanted { equal: equal(asked)?, ..page })
    }
}
