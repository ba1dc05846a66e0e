//! Keys, with the digests of what they open with.

use metrify_application::Result;
use metrify_application::registry::{Event, KeyRecord, Thing};
use metrify_domain::Timestamp;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Head, Table, join, read, split, status};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub known_from: i64,
    pub known_until: Option<i64>,
    pub title: String,
    pub role: String,
    pub purposes: String,
    pub digest: String,
    pub expires_at: Option<i64>,
    pub status: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(event: &Event, thing: &KeyRecord) -> Self {
        let KeyRecord { id: _, title, role, purposes, digest, expires_at, status } = thing;
        Self {
            tenant: event.tenant.to_string(),
            id: event.after.id(),
            version: event.version.cast_signed(),
            known_from: event.at.micros(),
            known_until: None,
            title: title.to_string(),
            role: role.name().to_owned(),
            purposes: join(purposes.iter().map(|purpose| purpose.name())),
            digest: digest.clone(),
            expires_at: expires_at.map(Timestamp::micros),
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
        Ok(Thing::Key(KeyRecord {
            title: read("title", &row.title)?,
            role: read("role", &row.role)?,
            purposes: split("purposes", &row.purposes)?,
            expires_at: row.expires_at.map(Timestamp::from_micros),
            status: status(&row.status)?,
            digest: row.digest,
            id: row.id,
        }))
    }
}
