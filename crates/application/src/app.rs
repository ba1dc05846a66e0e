//! The program as one value: every port, and what the use cases share.

use std::path::PathBuf;
use std::sync::Arc;

use metrify_validation::Ruleset;

use crate::decisions::Decisions;
use crate::govern::{Granted, Keyring, Logins};
use crate::ingest::Intake;
use crate::ingest::uploads::Uploads;
use crate::jobs::Jobs;
use crate::ports::{Archive, Audit, Columns, Identity, Journal, Landing, Ledger, Memory, Registry, Sql, Versions};
use crate::rates::Rates;
use crate::read::Queries;

/// Built once, in the binary's wiring, and lent to every use case.
pub struct App {
    pub journal: Arc<dyn Journal>,
    pub versions: Arc<dyn Versions>,
    pub ledger: Arc<dyn Ledger>,
    pub memory: Arc<dyn Memory>,
    pub landing: Arc<dyn Landing>,
    pub archive: Arc<dyn Archive>,
    pub columns: Arc<dyn Columns>,
    pub sql: Arc<dyn Sql>,
    pub queries: Queries,
    /// Of all doors together.
    pub rates: Rates,
    pub registry: Arc<dyn Registry>,
    pub identity: Arc<dyn Identity>,
    pub audit: Arc<dyn Audit>,
    pub policies: Decisions,
    pub keyring: Keyring,
    pub logins: Logins,
    pub granted: Granted,
    pub intake: Intake,
    pub uploads: Uploads,
    pub jobs: Jobs,
    pub rules: Ruleset,
    /// Where what a delivery is packed in is unpacked to, member by member.
    pub spool: PathBuf,
}
