//! Jobs, whichever way the data are reached.

use metrify_api::{DeliveryReplay, JobBody, JobFilters};
use metrify_application::operate::WantedJobs;
use metrify_application::registry::{ThingKind, Wanted};
use metrify_application::{Error, Kind, Result, operate};

use super::{Access, standing};
use crate::cli::Standing;

impl Access {
    /// # Errors
    /// Where it is denied, a filter means nothing, or the registry cannot be read.
    pub async fn jobs(&self, which: &JobFilters, when: &Standing, limit: u64) -> Result<Vec<JobBody>> {
        match self {
            Self::Remote(client) => client.jobs(which, when, limit).await,
            Self::Local(house) => {
                let Wanted { changed, known_at, .. } = standing(ThingKind::Job, when)?;
                let wanted = WantedJobs { changed, known_at, limit, ..which.wanted()? };
                let listed = operate::list_jobs(&house.app, &house.context().await?, &wanted).await?;
                Ok(listed.jobs.into_iter().map(JobBody::from).collect())
            }
        }
    }

    /// # Errors
    /// Where it is denied, nothing is known of it, or the registry cannot be read.
    pub async fn job(&self, id: &str) -> Result<JobBody> {
        match self {
            Self::Remote(client) => client.job(id).await,
            Self::Local(house) => {
                operate::find_job(&house.app, &house.context().await?, id, None).await.map(JobBody::from)
            }
        }
    }

    /// # Errors
    /// Where it is denied, nothing is known of it, it has ended, or it cannot be stopped from here.
    pub async fn cancel_job(&self, id: &str) -> Result<JobBody> {
        match self {
            Self::Remote(client) => client.cancel_job(id).await,
            Self::Local(house) => operate::cancel_job(&house.app, &house.context().await?, id).await.map(JobBody::from),
        }
    }

    /// Has a server read deliveries again; tells the job that it is.
    ///
    /// # Errors
    /// Where there is no server, or it does not begin.
    pub async fn begin_replay(&self, request: &DeliveryReplay) -> Result<JobBody> {
        match self {
            Self::Remote(client) => client.begin_replay(request).await,
            Self::Local(_) => {
                let error = Error::new(Kind::Invalid, "begin a replay: no server is there that would go on with it");
                Err(error.hint("start one with `metrify up`, or leave `--async` away"))
            }
        }
    }
}
