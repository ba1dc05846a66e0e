//! `/api/v1/grid-operators`: the operators of the German transmission grid, and how their control areas stand.

use axum::Json;
use axum::extract::{Extension, State};
use axum::response::Response;
use metrify_application::read::{self, Question};
use metrify_application::{Context, Error, Kind};
use metrify_domain::master::TransmissionOperator;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::Named;
use crate::paging::{Listed, json};
use crate::problem::Problems;
use crate::rows::Rows;
use crate::series::point;
use crate::{Problem, Server};

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(status))
}

/// An operator of the transmission grid.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct GridOperatorBody {
    /// In lower-case letters and digits.
    #[schema(example = "tennet")]
    pub id: String,
    pub name: String,
    /// The control area, as the table `grid` names it.
    pub area: String,
    /// The control area's code at ENTSO-E.
    pub eic: String,
}

impl From<TransmissionOperator> for GridOperatorBody {
    fn from(operator: TransmissionOperator) -> Self {
        Self {
            id: operator.id().to_owned(),
            name: operator.name().to_owned(),
            area: operator.name().to_owned(),
            eic: operator.eic().to_owned(),
        }
    }
}

/// The last that is known of a quantity.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct GridStatusRow {
    /// Such as `load`, `generation.photovoltaics`; `traffic_light` for the state of the grid.
    pub quantity: String,
    #[schema(format = DateTime)]
    pub period_start: String,
    #[schema(format = DateTime)]
    pub period_end: String,
    /// Exact, as text; of the traffic light its colour.
    pub value: Option<String>,
    pub unit: Option<String>,
    pub quality: Option<String>,
}

/// The four operators of the German transmission grid.
#[utoipa::path(
    get, path = "/api/v1/grid-operators", tag = "grid", operation_id = "list_grid_operators",
    responses((status = 200, body = Listed<GridOperatorBody>), Problems)
)]
async fn list() -> Json<Listed<GridOperatorBody>> {
    // Public knowledge, of no tenant: no use case, and no entry.
    Json(Listed { results: TransmissionOperator::ALL.map(GridOperatorBody::from).into(), next: None })
}

/// What is known last of each quantity of an operator's control area.
#[utoipa::path(
    get, path = "/api/v1/grid-operators/{id}/status", tag = "grid", operation_id = "get_grid_status",
    params(("id" = String, Path, description = "The operator's id, such as `tennet`")),
    responses((status = 200, body = Listed<GridStatusRow>), Problems)
)]
async fn status(
    State(server): State<Server>,
    Extension(ctx): Extension<Context>,
    Named(id): Named,
) -> Result<Response, Problem> {
    let operator = TransmissionOperator::ALL.into_iter().find(|operator| operator.id() == id).ok_or_else(|| {
        let error = Error::new(Kind::NotFound, format!("find the grid operator `{id}`"));
        error.hint(format!("there are {}", TransmissionOperator::ALL.map(TransmissionOperator::id).join(", ")))
    })?;
    let mut rows = Rows::behind(&[]);
    let question = Question::GridStatus { area: point(operator.name())? };
    read::ask(&server.app, &ctx, &question, &mut |page| rows.add(page)).await?;
    Ok(json(rows.finish(None)?))
}
