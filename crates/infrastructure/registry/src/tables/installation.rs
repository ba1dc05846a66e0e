//! Which meter is at which metering point: rows with both times, when it held and when that was known.

use metrify_application::Result;
use metrify_application::registry::{Event, Thing};
use metrify_domain::Timestamp;
use metrify_domain::master::Installation;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Head, Table, read};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "installations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub known_from: i64,
    pub known_until: Option<i64>,
    pub meter: String,
    pub metering_point: String,
    pub valid_from: i64,
    pub valid_until: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(event: &Event, thing: &Installation) -> Self {
        let Installation { meter, metering_point, from, until } = thing;
        Self {
            tenant: event.tenant.to_string(),
            id: event.after.id(),
            version: event.version.cast_signed(),
            known_from: event.at.micros(),
            known_until: None,
            meter: meter.to_string(),
            metering_point: metering_point.to_string(),
            valid_from: from.micros(),
            valid_until: until.map(Timestamp::micros),
        }
    }
}

impl Table for Entity {
    fn head(row: &Model) -> Head {
        let Model { tenant, id, version, known_from, known_until, .. } = row.clone();
        Head { tenant, id, version, known_from, known_until }
    }

    fn thing(row: Model) -> Result<Thing> {
        Ok(Thing::Installation(Installation {
            meter: read("meter", &row.meter)?,
            metering_point: read("metering_point", &row.metering_point)?,
            from: Timestamp::from_micros(row.valid_from),
            until: row.valid_until.map(Timestamp::from_micros),
        }))
    }
}
