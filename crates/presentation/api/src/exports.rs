//! Files of exports that nobody waits for, until whoever began them has fetched them: for an hour, and of each tenant the last few.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use metrify_application::jobs::JOBS_AT_ONCE_MAX;
use metrify_application::{Error, Kind, Result, Tenant, io};
use metrify_domain::Timestamp;
use metrify_domain::time::HOUR;
use tempfile::TempDir;
use tokio_util::io::ReaderStream;

use crate::Server;

/// How long a file is kept since its job began, in microseconds.
const KEPT_US: i64 = HOUR;
/// Files of one tenant, each of at most `query.export_mb`: as many as its jobs may write at the same time.
const OF_TENANT_MAX: usize = JOBS_AT_ONCE_MAX;

/// What is kept, in the order in which it was begun. It ends with the process: its folders are those of the spool.
#[derive(Default)]
pub struct Exports(Mutex<VecDeque<Kept>>);

struct Kept {
    tenant: Tenant,
    job: String,
    folder: Arc<Folder>,
    since: Timestamp,
}

impl Kept {
    /// Nobody writes or reads it.
    fn is_idle(&self) -> bool {
        Arc::strong_count(&self.folder) == 1
    }
}

/// Where one answer is written; it goes with whoever has it last, its writer, its readers, or who keeps it.
pub(crate) struct Folder(TempDir);

impl Folder {
    /// # Errors
    /// Where there is no room for it.
    pub(crate) fn new(server: &Server) -> Result<Arc<Self>> {
        let folder = TempDir::new_in(&server.spool).map_err(|error| io("make room for the answer", error))?;
        Ok(Arc::new(Self(folder)))
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.path().join("answer")
    }

    /// The file as an answer, kept as long as it is sent.
    ///
    /// # Errors
    /// Where it is not there.
    pub(crate) async fn sent(self: Arc<Self>, content_type: &'static str) -> Result<Response> {
        let file = tokio::fs::File::open(self.file()).await.map_err(|error| io("read the answer", error))?;
        let pieces = ReaderStream::new(file).map(move |piece| {
            let _read_still = &self;
            piece
        });
        Ok(([(CONTENT_TYPE, content_type)], Body::from_stream(pieces)).into_response())
    }
}

impl Exports {
    /// Keeps what a job writes. Of the tenant the oldest goes that nobody writes or reads, where there are as many as there may be.
    pub(crate) fn keep(&self, tenant: &Tenant, job: String, folder: Arc<Folder>, since: Timestamp) {
        let mut all = self.all();
        let of_tenant = all.iter().filter(|kept| kept.tenant == *tenant).count();
        let is_idle = |kept: &Kept| kept.tenant == *tenant && kept.is_idle();
        // What failed has left nothing.
        let is_empty = |kept: &Kept| is_idle(kept) && !kept.folder.file().exists();
        for _ in OF_TENANT_MAX..=of_tenant {
            let oldest = all.iter().position(is_empty).or_else(|| all.iter().position(is_idle));
            oldest.and_then(|oldest| all.remove(oldest));
        }
        all.push_back(Kept { tenant: tenant.clone(), job, folder, since });
    }

    /// What a job wrote, or writes; `None` where it is not kept.
    pub(crate) fn find(&self, tenant: &Tenant, job: &str, now: Timestamp) -> Option<Arc<Folder>> {
        self.forget_old(now);
        let all = self.all();
        all.iter().find(|kept| kept.tenant == *tenant && kept.job == job).map(|kept| kept.folder.clone())
    }

    /// Lets go what is as old as it may become, and what nobody writes or reads.
    pub fn forget_old(&self, now: Timestamp) {
        self.all().retain(|kept| !kept.is_idle() || now.micros().saturating_sub(kept.since.micros()) < KEPT_US);
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is said where the file of a job is not there.
pub(crate) fn gone(job: &str) -> Error {
    let error = Error::new(Kind::NotFound, format!("fetch what the job `{job}` wrote: it is not kept any more"));
    error.hint("it is for an hour, until four others of the tenant came, or the server was stopped; export it again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_tenant_the_last_few_are_kept_and_no_longer_than_an_hour() {
        let folder = || Arc::new(Folder(TempDir::new().expect("a folder")));
        let (one, other): (Tenant, Tenant) = ("one".parse().expect("a tenant"), "two".parse().expect("a tenant"));
        let at = Timestamp::from_micros;
        let exports = Exports::default();
        let written = folder();
        exports.keep(&one, "j0".to_owned(), written.clone(), at(0));
        exports.keep(&other, "j0".to_owned(), folder(), at(0));
        for number in 1..=OF_TENANT_MAX {
            exports.keep(&one, format!("j{number}"), folder(), at(1));
        }
        let kept = |tenant: &Tenant, job: &str, now: i64| exports.find(tenant, job, at(now)).is_some();
        assert!(kept(&one, "j0", 1), "it is being written");
        assert!(!kept(&one, "j1", 1) && kept(&one, "j2", 1) && kept(&one, "j4", 1) && kept(&other, "j0", 1));
        assert!(!kept(&other, "j4", 1), "it is another tenant's");
        assert!(kept(&one, "j0", KEPT_US) && !kept(&other, "j0", KEPT_US) && kept(&one, "j2", KEPT_US));
        let path = written.0.path().to_owned();
        drop(written);
        assert!(!kept(&one, "j0", KEPT_US));
        assert!(!path.exists(), "its room is given back");
    }
}
