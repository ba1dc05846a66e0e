//! Which audit logs there are, by the data directories that they are in.

use metrify_application::Result;
use metrify_application::registry::{Event, LogRecord, Thing};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Head, Table};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "logs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub known_from: i64,
    pub known_until: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(event: &Event, LogRecord { house }: &LogRecord) -> Self {
        Self {
            tenant: event.tenant.to_string(),
            id: house.clone(),
            version: event.version.cast_signed(),
            known_from: event.at.micros(),
            known_until: None,
        }
    }
}

impl Table for Entity {
    fn head(row: &Model) -> Head {
        let Model { tenant, id, version, known_from, known_until, .. } = row.clone();
        Head { tenant, id, version, known_from, known_until }
    }

    fn thing(row: Model) -> Result<Thing> {
        Ok(Thing::Log(LogRecord { house: row.id }))
    }
}
