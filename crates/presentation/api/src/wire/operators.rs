//! Grid operators as JSON.

use metrify_application::registry::Edition;
use metrify_application::{Error, Kind, Result};
use metrify_domain::master::{GridOperator, OperatorKind, Status};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::master::{KnownBody, StatusBody, label, one_id, text};

/// Which grid somebody operates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperatorKindBody {
    Transmission,
    Distribution,
}

impl OperatorKindBody {
    pub(crate) fn name(self) -> &'static str {
        OperatorKind::from(self).name()
    }
}

impl From<OperatorKind> for OperatorKindBody {
    fn from(kind: OperatorKind) -> Self {
        match kind {
            OperatorKind::Transmission => Self::Transmission,
            OperatorKind::Distribution => Self::Distribution,
        }
    }
}

impl From<OperatorKindBody> for OperatorKind {
    fn from(kind: OperatorKindBody) -> Self {
        match kind {
            OperatorKindBody::Transmission => Self::Transmission,
            OperatorKindBody::Distribution => Self::Distribution,
        }
    }
}

/// What is told of a grid operator when it is registered or changed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GridOperatorFacts {
    /// 1 to 40 lower-case letters, digits and `-`. Where it stands in the path, it may be left away.
    #[schema(example = "stadtwerk-beispiel", min_length = 1, max_length = 40)]
    pub id: Option<String>,
    #[schema(example = "Stadtwerk Beispiel Netz", min_length = 1, max_length = 100)]
    pub name: String,
    #[schema(inline)]
    pub kind: OperatorKindBody,
    /// Its code number of the BDEW or the DVGW, or its GLN: 13 digits, the last a check digit.
    #[schema(example = "9905048000007", min_length = 13, max_length = 13)]
    pub market_partner_id: Option<String>,
    /// The control area that it runs, or that its grid lies in; as the table `grid` names it.
    #[schema(example = "TenneT", max_length = 100)]
    pub area: Option<String>,
    /// That area's code at ENTSO-E.
    #[schema(example = "10YDE-EON------1", min_length = 16, max_length = 16)]
    pub eic: Option<String>,
    /// `active` where it is registered, and as it is where it is changed, if it is left away.
    #[schema(inline)]
    pub status: Option<StatusBody>,
}

/// A grid operator, as it is known or was known then.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GridOperatorBody {
    #[schema(example = "tennet")]
    pub id: String,
    pub name: String,
    #[schema(inline)]
    pub kind: OperatorKindBody,
    pub market_partner_id: Option<String>,
    /// The control area that it runs, or that its grid lies in; as the table `grid` names it.
    pub area: Option<String>,
    /// That area's code at ENTSO-E.
    pub eic: Option<String>,
    #[schema(inline)]
    pub status: StatusBody,
    #[serde(flatten)]
    pub known: KnownBody,
}

impl From<Edition<GridOperator>> for GridOperatorBody {
    fn from(known: Edition<GridOperator>) -> Self {
        let operator = &known.thing;
        Self {
            id: operator.id.to_string(),
            name: operator.name.to_string(),
            kind: operator.kind.into(),
            market_partner_id: operator.partner.as_ref().map(ToString::to_string),
            area: text(operator.area.as_ref()),
            eic: operator.eic.as_ref().map(ToString::to_string),
            status: operator.status.into(),
            known: KnownBody::of(&known),
        }
    }
}

impl GridOperatorFacts {
    /// `None` where it is left away.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.status.map(Status::from)
    }

    /// The grid operator that is told of; `named` is its id in the path.
    ///
    /// # Errors
    /// Where one of the facts means nothing, or there is no id or there are two.
    pub fn read(&self, named: Option<&str>) -> Result<GridOperator> {
        Ok(GridOperator {
            id: meaning("id", one_id(self.id.as_deref(), named)?)?,
            name: meaning("name", &self.name)?,
            kind: self.kind.into(),
            partner: self.market_partner_id.as_deref().map(|id| meaning("market_partner_id", id)).transpose()?,
            area: label("area", self.area.as_deref())?,
            eic: self.eic.as_deref().map(|eic| meaning("eic", eic)).transpose()?,
            status: self.status().unwrap_or_default(),
        })
    }
}

/// A fact that was told has to mean something.
fn meaning<T>(name: &str, text: &str) -> Result<T>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse().map_err(|error| Error::new(Kind::Invalid, format!("read `{name}`")).because(error))
}
