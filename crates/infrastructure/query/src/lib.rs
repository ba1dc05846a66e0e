//! SQL by DataFusion over everything a tenant has: the lake at fixed versions and the memory before it, as one.
//!
//! A session knows the tables of one tenant and nothing else; it reads, and cannot name a file.

mod amounts;
mod apart;
mod batches;
mod bounds;
mod condensed;
mod export;
mod files;
mod functions;
mod kept;
mod known;
mod page;
mod profiles;
mod refused;
mod series;
mod sizes;
mod sums;
mod system;
mod unfolded;
mod views;
mod whole;
mod zones;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::common::DataFusionError;
use datafusion::dataframe::DataFrame;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{SQLOptions, SessionConfig, SessionContext};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use futures::StreamExt;
use metrify_application::ports::{ExportFormat, Page, Pages, Query, Rows, Sql, Written};
use metrify_application::read::Series;
use metrify_application::{Error, Kind, Result, Tenant};
use metrify_domain::Timestamp;
use metrify_lake::DeltaLake;
use tokio::sync::{Semaphore, mpsc};

use crate::apart::{Apart, Told};
use crate::bounds::RowsLeft;
use crate::files::Footers;
use crate::functions::UTC;
use crate::known::AsKnown;
use crate::profiles::Profiles;
use crate::views::Views;

pub use batches::{Asked, Batches, Described, Furnish, Listed, PARAMETERS_MAX};
pub use refused::{Refused, Why};

/// How much a query may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of memory for sorts, joins and groups of all queries together; what is more goes to disk.
    pub memory_bytes: usize,
    /// Where it goes.
    pub spill_folder: PathBuf,
    /// Of one query, and of all of them together.
    pub threads: usize,
    /// Queries of one tenant that are answered at once, and of all together but for one more of each other; others wait their turn.
    pub at_once: usize,
    /// Rows of an answer that is not written to a file.
    pub rows_max: u64,
    /// Bytes of a file that an answer is written to.
    pub export_bytes: u64,
}

/// Answers SQL.
pub struct Engine {
    sessions: Arc<Sessions>,
    apart: Apart,
    /// Of series that are answered without the engine at once: what each takes is not counted by it.
    series: Semaphore,
    export_bytes: u64,
}

/// Series that are answered at once; each takes some rows of memory, and a fraction of a millisecond.
const SERIES_AT_ONCE: usize = 16;

/// Makes a session for each query.
struct Sessions {
    lake: Arc<DeltaLake>,
    /// Plans what tables are made of, and knows none itself; sessions have its settings and its memory.
    planner: SessionContext,
    rows_max: u64,
}

impl Engine {
    /// # Errors
    /// Where the folder for what does not fit into memory cannot be used.
    pub fn new(lake: Arc<DeltaLake>, limits: &Limits) -> Result<Self> {
        let disk =
            DiskManagerBuilder::default().with_mode(DiskManagerMode::Directories(vec![limits.spill_folder.clone()]));
        let runtime = RuntimeEnvBuilder::new()
            // Each that can go to disk does so in time for those that cannot.
            .with_memory_pool(Arc::new(FairSpillPool::new(limits.memory_bytes)))
            .with_disk_manager_builder(disk)
            .build_arc()
            .map_err(|error| failed("start the SQL engine", error))?;
        let config = SessionConfig::new()
            .with_target_partitions(limits.threads)
            .set_bool("datafusion.execution.parquet.reorder_filters", true)
            .with_extension(Arc::<Footers>::default())
            .with_extension(lake.held().clone());
        let planner = SessionContext::new_with_config_rt(config, runtime);
        let (apart, series) = (Apart::new(limits.threads, limits.at_once), Semaphore::new(SERIES_AT_ONCE));
        let sessions = Arc::new(Sessions { lake, planner, rows_max: limits.rows_max });
        Ok(Self { sessions, apart, series, export_bytes: limits.export_bytes })
    }
}

/// What the one catalog of every session is called.
pub const CATALOG: &str = "metrify";

/// Schemas that every session has.
const OF_ALL: [&str; 3] = ["system", "information_schema", "pg_catalog"];

/// The schema that a tenant's tables lie in: it is called as the tenant is, where nothing else is called so.
#[must_use]
pub fn schema_of(tenant: &Tenant) -> String {
    let name = tenant.as_str().replace('-', "_");
    if OF_ALL.contains(&name.as_str()) { format!("tenant_{name}") } else { name }
}

impl Sessions {
    /// A session in which everything is told as it was known then; as it is where it is `None`.
    fn session(&self, tenant: &Tenant, known_at: Option<Timestamp>) -> Result<SessionContext> {
        let schema = schema_of(tenant);
        let config = self
            .planner
            .copied_config()
            .with_information_schema(true)
            // Each of their steps takes memory that is not counted, as long as there are any.
            .set_bool("datafusion.execution.enable_recursive_ctes", false)
            // `0.1` in a query means a tenth, not the binary fraction next to it.
            .set_bool("datafusion.sql_parser.parse_float_as_decimal", true)
            // Instants that a query makes are instants by their type as well, as those of tables are.
            .set_str("datafusion.execution.time_zone", UTC)
            .with_default_catalog_and_schema(CATALOG, &schema);
        let mut session = SessionContext::new_with_config_rt(config, self.planner.runtime_env());
        functions::register(&session);
        bounds::bound_functions(&mut session).map_err(|error| failed("prepare the functions", error))?;
        let view = self.lake.view(tenant)?;
        let views = Arc::new(Views::new(self.planner.clone(), tenant.clone(), view.clone(), known_at));
        session.register_udtf("readings_as_known", Arc::new(AsKnown { views: views.clone() }));
        session.register_udtf("load_profile", Arc::new(Profiles { views: views.clone() }));
        let catalog = || session.catalog(CATALOG).ok_or_else(|| DataFusionError::Internal("no catalog".into()));
        let registered = catalog().and_then(|catalog| catalog.register_schema(&schema, views));
        registered.map_err(|error| failed("prepare the tables", error))?;
        system::register(&session, &view).map_err(|error| failed("prepare the system tables", error))?;
        Ok(session)
    }

    async fn frame(&self, tenant: &Tenant, Query { sql, known_at }: Query<'_>) -> Result<DataFrame> {
        bounds::check(sql, &GenericDialect {})?;
        refused::writes(sql)?;
        let session = self.session(tenant, known_at)?;
        let state = session.state();
        let dialect = state.config().options().sql_parser.dialect;
        let planned = async {
            let plan = planned(&state, state.sql_to_statement(sql, &dialect)?).await?;
            session.execute_logical_plan(plan).await
        };
        planned.await.map_err(|error| failed("read the query", error))
    }
}

/// The plan of a statement, which does nothing but read.
async fn planned(state: &SessionState, mut statement: Statement) -> Result<LogicalPlan, DataFusionError> {
    zones::adapt(&mut statement);
    let plan = state.statement_to_plan(statement).await?;
    let reading_only = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    reading_only.verify_plan(&plan)?;
    Ok(plan)
}

/// Pages that are made before the one that is being told.
const PAGES_AHEAD: usize = 2;

impl Sessions {
    async fn answer(&self, tenant: &Tenant, query: Query<'_>, mut pages: Told<Page>) -> Result<()> {
        let frame = self.frame(tenant, query).await?;
        let columns: Vec<String> = frame.schema().fields().iter().map(|field| field.name().clone()).collect();
        // Whoever listens no more is told nothing more.
        if !pages.tell(Page { columns: columns.clone(), rows: Rows::default() }).await {
            return Ok(());
        }
        let mut batches = bounds::stream(frame).await.map_err(|error| failed("answer the query", error))?;
        let mut rows = RowsLeft::of(self.rows_max);
        while let Some(batch) = batches.next().await {
            let batch = batch.map_err(|error| failed("answer the query", error))?;
            rows.take(batch.num_rows())?;
            if !pages.tell(Page { columns: columns.clone(), rows: page::rows(&batch)? }).await {
                return Ok(());
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Sql for Engine {
    async fn query(&self, tenant: &Tenant, query: Query<'_>, pages: &mut Pages<'_>) -> Result<()> {
        let (to, mut made) = mpsc::channel(PAGES_AHEAD);
        let (sessions, named) = (self.sessions.clone(), tenant.clone());
        let (sql, known_at) = (query.sql.to_owned(), query.known_at);
        let work =
            move |turn| async move { sessions.answer(&named, Query { sql: &sql, known_at }, Told { to, turn }).await };
        let begun = self.apart.begin(tenant, work)?;
        while let Some(page) = made.recv().await {
            pages(page)?;
        }
        begun.end().await
    }

    async fn series(&self, tenant: &Tenant, series: &Series, pages: &mut Pages<'_>) -> Result<()> {
        let place =
            self.series.acquire().await.map_err(|error| Error::new(Kind::Internal, "read a series").because(error))?;
        let page = series::page(&self.sessions.lake, tenant, series).await?;
        drop(place);
        match page {
            Some(page) => pages(page),
            None => self.query(tenant, Query::of(&series.query()), pages).await,
        }
    }

    async fn export(&self, tenant: &Tenant, query: Query<'_>, format: ExportFormat, file: &Path) -> Result<Written> {
        let (sessions, named, file) = (self.sessions.clone(), tenant.clone(), file.to_owned());
        let (sql, known_at, bytes_max) = (query.sql.to_owned(), query.known_at, self.export_bytes);
        let work = move |_turn| async move {
            let frame = sessions.frame(&named, Query { sql: &sql, known_at }).await?;
            export::write(frame, format, &file, bytes_max).await
        };
        self.apart.begin(tenant, work)?.end().await
    }
}

/// What kind of failure an engine's error is: a query nobody can answer, too much for the limits, or our mistake.
#[allow(clippy::needless_pass_by_value, reason = "it is handed to `map_err`, which gives the error away")]
pub(crate) fn failed(step: &str, error: DataFusionError) -> Error {
    if let Some(ours) = refused::ours(&error) {
        let told = Error::new(ours.kind(), step).because(ours.copy());
        return match ours.hint_text() {
            Some(hint) => told.hint(hint),
            None => told,
        };
    }
    let (kind, refused) = Refused::of(&error);
    let hint = match kind {
        Kind::Invalid => refused.hint(),
        Kind::Unavailable => Some("ask for less at once, or raise query.memory_mb"),
        _ => Some("please report it with the query"),
    };
    let error = Error::new(kind, step).because(refused);
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
