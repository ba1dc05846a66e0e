//! `/api/v1/roles` and `/api/v1/policies/explain`: who may do what, for which purpose, and why.

use axum::Json;
use axum::extract::{Extension, State};
use metrify_application::govern::Asked;
use metrify_application::{Context, Error, Kind, govern};
use metrify_governance::{Explained, Purpose};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::Parameters;
use crate::paging::Listed;
use crate::problem::Problems;
use crate::wire::moment;
use crate::{Problem, Server};

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(roles)).routes(routes!(explain))
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RoleBody {
    #[schema(example = "analyst")]
    pub name: String,
}

/// The roles that keys have. They are the same at all times, so that no time is named for which they are asked.
#[utoipa::path(
    get, path = "/api/v1/roles", tag = "people", operation_id = "list_roles",
    responses((status = 200, body = Listed<RoleBody>), Problems)
)]
async fn roles(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
) -> Result<Json<Listed<RoleBody>>, Problem> {
    let results = govern::roles(&server.app, &ctx)?.map(|role| RoleBody { name: role.name().to_owned() });
    Ok(Json(Listed { results: results.into(), next: None }))
}

/// Which act.
#[derive(Clone, Debug, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ActParameters {
    /// `read`, `query`, `export`, `deliver`, `mend`, `register` or `administer`.
    #[param(example = "read")]
    pub action: String,
    /// `readings`, `tables`, `meters`, ...
    #[param(example = "readings")]
    pub resource: String,
    /// The one of them that it is on, such as a point: whether a grant covers it is told.
    #[param(example = "50120962218")]
    pub subject: Option<String>,
    /// What the tenant would be in the market, such as `supplier,grid_operator`; what it is where it is absent.
    pub parties: Option<String>,
    /// Who does it, as the audit log names it, such as `user:ann`: what would happen to it is told, by its role and its purposes. Where it is
    /// absent, all roles are told of, with purposes that are not narrowed, and a grant to one alone covers nobody.
    pub principal: Option<String>,
    /// As the tenant, the principal and the grants were known then, and as they held: a day, local, as its beginning, or an instant. The
    /// policies are those in force now.
    pub as_known_at: Option<String>,
}

impl ActParameters {
    /// # Errors
    /// Where there is no such action, kind of things, party or time.
    pub fn asked(self) -> metrify_application::Result<Asked> {
        let Self { action, resource, subject, parties, principal, as_known_at } = self;
        let invalid = |step: &str| Error::new(Kind::Invalid, format!("read the parameter {step}"));
        let action = action.parse().map_err(|error| invalid("action").because(error))?;
        let resource = resource.parse().map_err(|error| invalid("resource").because(error))?;
        let party = |name: &str| name.trim().parse().map_err(|error| invalid("parties").because(error));
        let parties = parties.map(|names| names.split(',').map(party).collect()).transpose()?;
        let known_at = as_known_at.as_deref().map(moment).transpose()?;
        Ok(Asked { action, resource, subject, parties, principal, known_at })
    }
}

/// Roles and purposes of whom the same holds.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ExplainedBody {
    pub roles: Vec<String>,
    /// `none` stands for a request that names no purpose: it is for the first purpose that its principal has.
    pub purposes: Vec<String>,
    pub allowed: bool,
    /// The policies that decide, in people's words, with the place in the law.
    pub reasons: Vec<String>,
}

impl From<Explained> for ExplainedBody {
    fn from(Explained { roles, purposes, decision }: Explained) -> Self {
        let named = |purpose: Option<Purpose>| purpose.map_or("none", Purpose::name).to_owned();
        Self {
            roles: roles.iter().map(ToString::to_string).collect(),
            purposes: purposes.into_iter().map(named).collect(),
            allowed: decision.allowed,
            reasons: decision.reasons.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Who in the tenant may do something, for which purpose, and why; by which grant, where it rests on consent. By the policies that are in
/// force now: no former ones are kept.
#[utoipa::path(
    get, path = "/api/v1/policies/explain", tag = "people", operation_id = "explain_policies", params(ActParameters),
    responses((status = 200, body = Listed<ExplainedBody>), Problems)
)]
async fn explain(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(act): Parameters<ActParameters>,
) -> Result<Json<Listed<ExplainedBody>>, Problem> {
    let explained = govern::explain(&server.app, &ctx, act.asked()?).await?;
    Ok(Json(Listed { results: explained.into_iter().map(ExplainedBody::from).collect(), next: None }))
}
