//! Weather stations.

use metrify_application::registry::{Event, Thing};
use metrify_application::{Error, Kind, Result};
use metrify_domain::master::{Elevation, WeatherStation};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Head, Table, place, read, read_if, status};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "weather_stations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub known_from: i64,
    pub known_until: Option<i64>,
    pub name: Option<String>,
    pub latitude: Option<i32>,
    pub longitude: Option<i32>,
    pub elevation_cm: Option<i32>,
    pub operator: Option<String>,
    pub status: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(event: &Event, thing: &WeatherStation) -> Self {
        let WeatherStation { id: _, name, place, elevation, operator, status } = thing;
        Self {
            tenant: event.tenant.to_string(),
            id: event.after.id(),
            version: event.version.cast_signed(),
            known_from: event.at.micros(),
            known_until: None,
            name: name.as_ref().map(ToString::to_string),
            latitude: place.map(|place| place.millionths().0),
            longitude: place.map(|place| place.millionths().1),
            elevation_cm: elevation.map(Elevation::centimetres),
            operator: operator.as_ref().map(ToString::to_string),
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
        let elevation = row.elevation_cm.map(Elevation::of_centimetres).transpose();
        Ok(Thing::WeatherStation(WeatherStation {
            id: read("id", &row.id)?,
            name: read_if("name", row.name.as_ref())?,
            place: place(row.latitude, row.longitude)?,
            elevation: elevation
                .map_err(|error| Error::new(Kind::Corrupt, "read column `elevation_cm`").because(error))?,
            operator: read_if("operator", row.operator.as_ref())?,
            status: status(&row.status)?,
        }))
    }
}
