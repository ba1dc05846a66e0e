//! Wrong passwords since the last right one.

use metrify_application::Result;
use metrify_application::registry::{AttemptsRecord, Event, Thing};
use metrify_domain::Timestamp;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Head, Table, read};
use crate::corrupt;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "attempts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub known_from: i64,
    pub known_until: Option<i64>,
    pub failures: i64,
    pub locked_until: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(event: &Event, thing: &AttemptsRecord) -> Self {
        let AttemptsRecord { user: _, failures, locked_until } = thing;
        Self {
            tenant: event.tenant.to_string(),
            id: event.after.id(),
            version: event.version.cast_signed(),
            known_from: event.at.micros(),
            known_until: None,
            failures: i64::from(*failures),
            locked_until: locked_until.map(Timestamp::micros),
        }
    }
}

impl Table for Entity {
    fn head(row: &Model) -> Head {
        let Model { tenant, id, version, known_from, known_until, .. } = row.clone();
        Head { tenant, id, version, known_from, known_until }
    }

    fn thing(row: Model) -> Result<Thing> {
        Ok(Thing::Attempts(AttemptsRecord {
            user: read("id", &row.id)?,
            failures: u32::try_from(row.failures).map_err(|error| corrupt("read column `failures`", error))?,
            locked_until: row.locked_until.map(Timestamp::from_micros),
        }))
    }
}
