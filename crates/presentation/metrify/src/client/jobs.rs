//! Jobs, asked of a server; and lists of which some are wanted.

use metrify_api::{DeliveryReplay, JobBody, JobFilters, Listed};
use metrify_application::{Error, Kind, Result};
use reqwest::header::LOCATION;
use serde::{Deserialize, Serialize};

use super::Client;
use crate::cli::Standing;

/// Things that a server tells of at once.
const PAGE_MAX: u64 = 1_000;

/// Which things of a list, as they stand or were known when.
#[derive(Serialize)]
pub(super) struct Asked<'a, W: Serialize, T: Serialize> {
    #[serde(flatten)]
    pub(super) which: &'a W,
    #[serde(flatten)]
    pub(super) when: &'a T,
}

impl Client {
    pub async fn jobs(&self, which: &JobFilters, when: &Standing, limit: u64) -> Result<Vec<JobBody>> {
        self.some("/api/v1/jobs", &Asked { which, when }, limit, "list the jobs").await
    }

    pub async fn job(&self, id: &str) -> Result<JobBody> {
        self.json(self.http.get(self.url(&path("jobs", id)?)), "find the job").await
    }

    pub async fn cancel_job(&self, id: &str) -> Result<JobBody> {
        self.json(self.http.delete(self.url(&path("jobs", id)?)), "stop the job").await
    }

    /// Begins a replay, and tells the job that it is.
    ///
    /// # Errors
    /// Where the server cannot be reached, or does not begin it.
    pub async fn begin_replay(&self, replay: &DeliveryReplay) -> Result<JobBody> {
        let step = "begin the replay of the deliveries";
        let request = self.http.post(self.url("/api/v1/deliveries/replay")).header("Prefer", "respond-async");
        let answer = self.answer(request.json(replay), step).await?;
        let job = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        let job = job.and_then(|location| location.strip_prefix("/api/v1/jobs/"));
        let missing = || Error::new(Kind::Internal, format!("{step}: the server does not tell which job it is"));
        self.job(job.ok_or_else(missing)?).await
    }

    /// The first of a list, page by page.
    pub(super) async fn some<T: for<'d> Deserialize<'d>>(
        &self,
        path: &str,
        which: &impl Serialize,
        limit: u64,
        step: &str,
    ) -> Result<Vec<T>> {
        let mut some = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let missing = limit.saturating_sub(some.len() as u64);
            let page = [("limit", missing.min(PAGE_MAX).to_string())].into_iter();
            let page: Vec<_> = page.chain(cursor.take().map(|cursor| ("cursor", cursor))).collect();
            let request = self.http.get(self.url(path)).query(which).query(&page);
            let listed: Listed<T> = self.json(request, step).await?;
            some.extend(listed.results);
            cursor = listed.next;
            if cursor.is_none() || some.len() as u64 >= limit {
                return Ok(some);
            }
        }
    }
}

/// Ids go into a path as they are.
pub(super) fn path(things: &str, id: &str) -> Result<String> {
    let is_one = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let none = || Error::new(Kind::NotFound, format!("find `{id}`: it is no id"));
    is_one.then(|| format!("/api/v1/{things}/{id}")).ok_or_else(none)
}
