//! Grid operators.

use metrify_application::registry::{Event, Thing};
use metrify_application::{Error, Kind, Result};
use metrify_domain::master::{GridOperator, OperatorKind};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Head, Table, read, read_if, status};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "grid_operators")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub known_from: i64,
    pub known_until: Option<i64>,
    pub name: String,
    pub kind: String,
    pub partner: Option<String>,
    pub area: Option<String>,
    pub eic: Option<String>,
    pub status: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(event: &Event, thing: &GridOperator) -> Self {
        let GridOperator { id: _, name, kind, partner, area, eic, status } = thing;
        Self {
            tenant: event.tenant.to_string(),
            id: event.after.id(),
            version: event.version.cast_signed(),
            known_from: event.at.micros(),
            known_until: None,
            name: name.to_string(),
            kind: kind.name().to_owned(),
            partner: partner.as_ref().map(ToString::to_string),
            area: area.as_ref().map(ToString::to_string),
            eic: eic.as_ref().map(ToString::to_string),
            status: status.name().to_owned(),
        }
    }
}

impl Table for Entity {
    fn head(row: &Model) -> Head {
        let Model { tenant, id, version, known_from, known_until, .. } = row.clone();
        Head { tenant, id, version, known_from, known_until }
    }

    fn thing(row: Model) -> Result<Thing> {
        Ok(Thing::GridOperator(GridOperator {
            id: read("id", &row.id)?,
            name: read("name", &row.name)?,
            kind: kind(&row.kind)?,
            partner: read_if("partner", row.partner.as_ref())?,
            area: read_if("area", row.area.as_ref())?,
            eic: read_if("eic", row.eic.as_ref())?,
            status: status(&row.status)?,
        }))
    }
}

fn kind(text: &str) -> Result<OperatorKind> {
    let none = || Error::new(Kind::Corrupt, format!("read column `kind`: `{text}` is none"));
    OperatorKind::from_name(text).ok_or_else(none)
}
