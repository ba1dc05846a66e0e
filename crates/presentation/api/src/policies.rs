//! `/api/v1/roles` and `/api/v1/policies/explain`: who may do what, for which purpose, and why.

use axum::Json;
use axum::extract::{Extension, State};
use metrify_application::{Context, Error, Kind, govern};
use metrify_governance::{Explained, Purpose, Role};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::Parameters;
use crate::paging::Listed;
use crate::problem::Problems;
use crate::{Problem, Server};

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(roles)).routes(routes!(explain))
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RoleBody {
    #[schema(example = "analyst")]
    pub name: String,
}

/// The roles that keys have.
#[utoipa::path(
    get, path = "/api/v1/roles", tag = "people", operation_id = "list_roles",
    responses((status = 200, body = Listed<RoleBody>), Problems)
)]
async fn roles() -> Json<Listed<RoleBody>> {
    // Public knowledge, of no tenant: no use case, and no entry.
    let results = Role::ALL.map(|role| RoleBody { name: role.name().to_owned() });
    Json(Listed { results: results.into(), next: None })
}

/// Which act.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ActParameters {
    /// `read`, `query`, `export`, `deliver`, `mend`, `register` or `administer`.
    #[param(example = "read")]
    action: String,
    /// `readings`, `tables`, `meters`, ...
    #[param(example = "readings")]
    resource: String,
}

/// Roles and purposes of whom the same holds.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ExplainedBody {
    pub roles: Vec<String>,
    /// `none` stands for a request that names no purpose.
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

/// Who in the tenant may do something, for which purpose, and why.
#[utoipa::path(
    get, path = "/api/v1/policies/explain", tag = "people", operation_id = "explain_policies", params(ActParameters),
    responses((status = 200, body = Listed<ExplainedBody>), Problems)
)]
async fn explain(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Parameters(act): Parameters<ActParameters>,
) -> Result<Json<Listed<ExplainedBody>>, Problem> {
    let invalid = |step: &str| Error::new(Kind::Invalid, format!("read the parameter {step}"));
    let action = act.action.parse().map_err(|error| invalid("action").because(error))?;
    let resource = act.resource.parse().map_err(|error| invalid("resource").because(error))?;
    let explained = govern::explain(&server.app, &ctx, action, resource).await?;
    Ok(Json(Listed { results: explained.into_iter().map(ExplainedBody::from).collect(), next: None }))
}
