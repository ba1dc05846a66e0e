//! What users of connections consented to: rows with both times, how long it holds and when that was known.

use metrify_application::Result;
use metrify_application::registry::{Event, Thing};
use metrify_domain::Timestamp;
use metrify_governance::Grant;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Head, Table, read, status};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "grants")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub known_from: i64,
    pub known_until: Option<i64>,
    pub point: String,
    pub grantee: String,
    pub purpose: String,
    pub valid_from: i64,
    pub valid_until: Option<i64>,
    pub evidence: String,
    pub status: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(event: &Event, thing: &Grant) -> Self {
        let Grant { id: _, point, grantee, purpose, valid_from, valid_until, evidence, status } = thing;
        Self {
            tenant: event.tenant.to_string(),
            id: event.after.id(),
            version: event.version.cast_signed(),
            known_from: event.at.micros(),
            known_until: None,
            point: point.to_string(),
            grantee: grantee.to_string(),
            purpose: purpose.name().to_owned(),
            valid_from: valid_from.micros(),
            valid_until: valid_until.map(Timestamp::micros),
            evidence: evidence.to_string(),
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
        Ok(Thing::Grant(Grant {
            point: read("point", &row.point)?,
            grantee: read("grantee", &row.grantee)?,
            purpose: read("purpose", &row.purpose)?,
            valid_from: Timestamp::from_micros(row.valid_from),
            valid_until: row.valid_until.map(Timestamp::from_micros),
            evidence: read("evidence", &row.evidence)?,
            status: status(&row.status)?,
            id: row.id,
        }))
    }
}
