//! People who log in, with the digests of their passwords.

use metrify_application::Result;
use metrify_application::registry::{Event, Thing, UserRecord};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Head, Table, join, read, read_if, split, status};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub known_from: i64,
    pub known_until: Option<i64>,
    pub title: Option<String>,
    pub role: String,
    pub purposes: String,
    pub digest: String,
    pub status: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(event: &Event, thing: &UserRecord) -> Self {
        let UserRecord { name: _, title, role, purposes, digest, status } = thing;
        Self {
            tenant: event.tenant.to_string(),
            id: event.after.id(),
            version: event.version.cast_signed(),
            known_from: event.at.micros(),
            known_until: None,
            title: title.as_ref().map(ToString::to_string),
            role: role.name().to_owned(),
            purposes: join(purposes.iter().map(|purpose| purpose.name())),
            digest: digest.clone(),
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
        Ok(Thing::User(UserRecord {
            name: read("id", &row.id)?,
            title: read_if("title", row.title.as_ref())?,
            role: read("role", &row.role)?,
            purposes: split("purposes", &row.purposes)?,
            digest: row.digest,
            status: status(&row.status)?,
        }))
    }
}
