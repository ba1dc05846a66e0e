//! Meters.

use metrify_application::Result;
use metrify_application::registry::{Event, Thing};
use metrify_domain::master::Meter;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Head, Table, place, read, read_if, status};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "meters")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub known_from: i64,
    pub known_until: Option<i64>,
    pub manufacturer: Option<String>,
    pub model: Option<String>,
    pub area: Option<String>,
    pub latitude: Option<i32>,
    pub longitude: Option<i32>,
    pub status: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(event: &Event, thing: &Meter) -> Self {
        let Meter { id: _, manufacturer, model, area, place, status } = thing;
        Self {
            tenant: event.tenant.to_string(),
            id: event.after.id(),
            version: event.version.cast_signed(),
            known_from: event.at.micros(),
            known_until: None,
            manufacturer: manufacturer.as_ref().map(ToString::to_string),
            model: model.as_ref().map(ToString::to_string),
            area: area.as_ref().map(ToString::to_string),
            latitude: place.map(|place| place.millionths().0),
            longitude: place.map(|place| place.millionths().1),
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
        Ok(Thing::Meter(Meter {
            id: read("id", &row.id)?,
            manufacturer: read_if("manufacturer", row.manufacturer.as_ref())?,
            model: read_if("model", row.model.as_ref())?,
            area: read_if("area", row.area.as_ref())?,
            place: place(row.latitude, row.longitude)?,
            status: status(&row.status)?,
        }))
    }
}
