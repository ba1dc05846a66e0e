//! Jobs as JSON.

use std::collections::BTreeMap;

use metrify_application::jobs::{JobRecord, ToldJob};
use metrify_application::operate::WantedJobs;
use metrify_application::registry::{Changed, Sort};
use metrify_application::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::master::KnownBody;

/// Which jobs.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct JobFilters {
    /// `land`, `compact`, `vacuum`, `replay_deliveries`, `compare_deliveries`, `replay_rejects` or `export`.
    #[param(example = "land")]
    pub kind: Option<String>,
    /// `running`, `done`, `failed`, `cancelled` or `interrupted`.
    #[param(example = "failed")]
    pub state: Option<String>,
    /// The principal that started them, or `house`.
    pub by: Option<String>,
}

impl JobFilters {
    /// All of them, newest first.
    ///
    /// # Errors
    /// Where a kind or a state is none.
    pub fn wanted(&self) -> Result<WantedJobs> {
        Ok(WantedJobs {
            kind: read("kind", self.kind.as_deref())?,
            state: read("state", self.state.as_deref())?,
            by: self.by.clone(),
            changed: Changed::default(),
            known_at: None,
            sort: Sort::IdDown,
            after: None,
            limit: u64::from(u32::MAX),
        })
    }
}

fn read<T>(name: &str, text: Option<&str>) -> Result<Option<T>>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let invalid = |error| Error::new(Kind::Invalid, format!("read the parameter {name}")).because(error);
    text.map(|text| text.parse().map_err(invalid)).transpose()
}

/// A job: one run of long work.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct JobBody {
    pub id: String,
    pub tenant: String,
    #[schema(example = "replay_deliveries")]
    pub kind: String,
    /// The principal that started it, or `house`.
    pub by: String,
    /// `running`, `done`, `failed`, `cancelled` (somebody stopped it) or `interrupted` (the process ended while it ran).
    #[schema(example = "done")]
    pub state: String,
    #[schema(format = DateTime)]
    pub started_at: String,
    #[schema(format = DateTime)]
    pub ended_at: Option<String>,
    /// What it did, counted; of one that runs so far.
    pub account: BTreeMap<String, u64>,
    /// Why it is not done.
    pub error: Option<String>,
    /// It stands in the registry; `false` for what the house does by itself, of which the last runs are told.
    pub kept: bool,
    #[serde(flatten)]
    pub known: KnownBody,
}

impl From<ToldJob> for JobBody {
    fn from(ToldJob { tenant, job, kept }: ToldJob) -> Self {
        let known = KnownBody::of(&job);
        let JobRecord { id, kind, by, house: _, state, started_at, ended_at, account, error } = job.thing;
        Self {
            id,
            tenant: tenant.to_string(),
            kind: kind.name().to_owned(),
            by,
            state: state.name().to_owned(),
            started_at: started_at.to_string(),
            ended_at: ended_at.map(|at| at.to_string()),
            account: account.counts().map(|(counted, count)| (counted.name().to_owned(), count)).collect(),
            error,
            kept,
            known,
        }
    }
}
