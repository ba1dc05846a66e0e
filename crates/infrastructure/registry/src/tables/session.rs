//! Logins, with the digests of what renews them.

use metrify_application::Result;
use metrify_application::registry::{Event, SessionRecord, Thing};
use metrify_domain::Timestamp;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Head, Table, read, status};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub known_from: i64,
    pub known_until: Option<i64>,
    pub user_name: String,
    pub user_version: i64,
    pub digest: String,
    pub previous: Option<String>,
    pub expires_at: i64,
    pub status: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(event: &Event, thing: &SessionRecord) -> Self {
        let SessionRecord { id: _, user, user_version, digest, previous, expires_at, status } = thing;
        Self {
            tenant: event.tenant.to_string(),
            id: event.after.id(),
            version: event.version.cast_signed(),
            known_from: event.at.micros(),
            known_until: None,
            user_name: user.to_string(),
            user_version: user_version.cast_signed(),
            digest: digest.clone(),
            previous: previous.clone(),
            expires_at: expires_at.micros(),
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
        Ok(Thing::Session(SessionRecord {
            id: row.id,
            user: read("user_name", &row.user_name)?,
            user_version: row.user_version.cast_unsigned(),
            digest: row.digest,
            previous: row.previous,
            expires_at: Timestamp::from_micros(row.expires_at),
            status: status(&row.status)?,
        }))
    }
}
