//! Jobs that somebody started, with what they did.

use std::collections::BTreeMap;

use metrify_application::jobs::{Account, JobRecord};
use metrify_application::registry::{Event, Thing};
use metrify_application::{Error, Kind, Result};
use metrify_domain::Timestamp;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Head, Table, read};
use crate::corrupt;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "jobs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub known_from: i64,
    pub known_until: Option<i64>,
    pub kind: String,
    pub by: String,
    pub house: String,
    pub state: String,
    pub started_at: i64,
    pub ended_at: Option<i64>,
    pub account: String,
    pub error: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// # Errors
    /// Never, but for a mistake of ours.
    pub fn of(event: &Event, thing: &JobRecord) -> Result<Self> {
        let JobRecord { id: _, kind, by, house, state, started_at, ended_at, account, error } = thing;
        let counts: BTreeMap<&str, u64> = account.counts().map(|(counted, count)| (counted.name(), count)).collect();
        let account = serde_json::to_string(&counts);
        Ok(Self {
            tenant: event.tenant.to_string(),
            id: event.after.id(),
            version: event.version.cast_signed(),
            known_from: event.at.micros(),
            known_until: None,
            kind: kind.name().to_owned(),
            by: by.clone(),
            house: house.clone(),
            state: state.name().to_owned(),
            started_at: started_at.micros(),
            ended_at: ended_at.map(Timestamp::micros),
            account: account.map_err(|error| Error::new(Kind::Internal, "write what a job did").because(error))?,
            error: error.clone(),
        })
    }
}

impl Table for Entity {
    fn head(row: &Model) -> Head {
        let Model { tenant, id, version, known_from, known_until, .. } = row.clone();
        Head { tenant, id, version, known_from, known_until }
    }

    fn thing(row: Model) -> Result<Thing> {
        Ok(Thing::Job(JobRecord {
            account: account(&row.account)?,
            kind: read("kind", &row.kind)?,
            state: read("state", &row.state)?,
            id: row.id,
            by: row.by,
            house: row.house,
            started_at: Timestamp::from_micros(row.started_at),
            ended_at: row.ended_at.map(Timestamp::from_micros),
            error: row.error,
        }))
    }
}

fn account(text: &str) -> Result<Account> {
    let counts: BTreeMap<String, u64> =
        serde_json::from_str(text).map_err(|error| corrupt("read column `account`", error))?;
    let mut account = Account::default();
    for (name, count) in &counts {
        account.add(read("account", name)?, *count);
    }
    Ok(account)
}
