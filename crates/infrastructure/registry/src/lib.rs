//! The registry on an embedded SQLite database, or on PostgreSQL (15 and later) where several processes share it: one code for both.
//!
//! Events are appended in the transaction that brings the tables of things to the new versions; the tables can be made anew of the
//! events at any time. Every statement names its tenant; on PostgreSQL the database itself shows a transaction the rows of its tenant
//! alone (row-level security), as a second wall.

mod append;
mod ask;
mod migrate;
mod tables;

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use metrify_application::ports::Registry;
use metrify_application::registry::{Edition, Event, KeyRecord, Registered, Thing, ThingKind, Wanted};
use metrify_application::{Error, Kind, Result, Tenant};
use metrify_domain::Timestamp;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbErr, Statement};
use sea_orm::{DbBackend, TransactionTrait};

/// Connections to a PostgreSQL server at most.
const CONNECTIONS_MAX: u32 = 10;
/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a statement may take that somebody waits for, such as one that waits for another's lock.
const STATEMENT_TIME: &str = "10s";

/// The registry in a database.
pub struct DatabaseRegistry {
    database: DatabaseConnection,
}

/// Whose rows a transaction sees.
#[derive(Clone, Copy)]
enum Scope<'t> {
    Of(&'t Tenant),
    /// Keys are looked up before it is known whose they are.
    All,
    /// Tables of all are made or changed, however long that takes.
    Upkeep,
}

impl DatabaseRegistry {
    /// Opens the database in a file, or makes it.
    ///
    /// # Errors
    /// Where it cannot be opened, or is of a newer program.
    pub async fn open_file(path: &Path, now: Timestamp) -> Result<Self> {
        let url = format!("sqlite://{}?mode=rwc", path.display());
        let mut options = ConnectOptions::new(url);
        // SQLite has one writer; a second connection would only be told to wait.
        // It is a file, and not asked before each use whether it is still there.
        options.max_connections(1).min_connections(1).test_before_acquire(false).sqlx_logging(false);
        // The data directory is this process's own. So nothing has to be shared, and a full disk can be read from.
        options.map_sqlx_sqlite_opts(|options| {
            let options = options.pragma("locking_mode", "EXCLUSIVE").pragma("journal_mode", "WAL");
            options.pragma("synchronous", "FULL").pragma("trusted_schema", "OFF")
        });
        Self::open(options, now).await
    }

    /// Opens a database on a PostgreSQL server, `postgres://user:password@host/database`.
    ///
    /// # Errors
    /// Where it cannot be reached or opened, or is of a newer program.
    pub async fn open_server(url: &str, now: Timestamp) -> Result<Self> {
        let mut options = ConnectOptions::new(url.to_owned());
        options.max_connections(CONNECTIONS_MAX).connect_timeout(CONNECT_TIMEOUT).sqlx_logging(false);
        let registry = Self::open(options, now).await.map_err(|error| without(url, &error))?;
        registry.warn_of_missing_wall().await?;
        Ok(registry)
    }

    /// Whoever may look over every wall of the database does so unseen.
    async fn warn_of_missing_wall(&self) -> Result<()> {
        let step = "ask what the database lets this program see";
        let asked = "SELECT rolsuper OR rolbypassrls AS sees_all FROM pg_roles WHERE rolname = current_user";
        let statement = Statement::from_string(DbBackend::Postgres, asked);
        let row = self.database.query_one_raw(statement).await.map_err(|error| failed(step, error))?;
        let sees_all = row.map_or(Ok(false), |row| row.try_get("", "sees_all")).map_err(|error| failed(step, error))?;
        if sees_all {
            tracing::warn!(
                "the role of registry.url is a superuser or bypasses row-level security: the database does not keep tenants apart; \
                 give it a role of its own"
            );
        }
        Ok(())
    }

    async fn open(options: ConnectOptions, now: Timestamp) -> Result<Self> {
        let database = Database::connect(options).await.map_err(|error| failed("open the registry", error))?;
        let registry = Self { database };
        registry.migrate(now).await?;
        Ok(registry)
    }

    /// Begins a transaction that sees the rows of a scope.
    async fn begin(&self, scope: Scope<'_>, step: &str) -> Result<DatabaseTransaction> {
        let transaction = self.database.begin().await.map_err(|error| failed(step, error))?;
        if transaction.get_database_backend() == DbBackend::Postgres {
            let (tenant, time) = match scope {
                Scope::Of(tenant) => (tenant.as_str(), STATEMENT_TIME),
                Scope::All => (migrate::ALL_TENANTS, STATEMENT_TIME),
                Scope::Upkeep => (migrate::ALL_TENANTS, "0"),
            };
            let set = "SELECT set_config('metrify.tenant', $1, true), set_config('statement_timeout', $2, true)";
            let statement = Statement::from_sql_and_values(DbBackend::Postgres, set, [tenant.into(), time.into()]);
            transaction.query_one_raw(statement).await.map_err(|error| failed(step, error))?;
        }
        Ok(transaction)
    }
}

/// What a database that has no room says.
const FULL: &str = "disk is full";

/// A database that does not answer may do so later.
fn failed(step: &str, error: DbErr) -> Error {
    match error {
        DbErr::Exec(_) | DbErr::Query(_) if error.to_string().contains(FULL) => Error::new(Kind::Unavailable, step)
            .because(error)
            .hint("free some space and run the command again; nothing that was acknowledged is lost"),
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Error::new(Kind::Unavailable, step)
            .because(error)
            .hint("is the database of the setting registry.url running, and may this program log in?"),
        DbErr::Exec(_) | DbErr::Query(_) => Error::new(Kind::Unavailable, step).because(error),
        _ => Error::new(Kind::Internal, step).because(error),
    }
}

/// The same error without the address, which may hold a password.
fn without(url: &str, error: &Error) -> Error {
    let told = Error::new(error.kind(), error.chain().replace(url, "registry.url"));
    match error.hint_text() {
        Some(hint) => told.hint(hint),
        None => told,
    }
}

fn corrupt(step: &str, reason: impl std::fmt::Display) -> Error {
    Error::new(Kind::Corrupt, format!("{step}: {reason}"))
}

#[async_trait]
impl Registry for DatabaseRegistry {
    async fn append(&self, events: &[Event]) -> Result<()> {
        self.append_events(events).await
    }

    async fn find(
        &self,
        tenant: &Tenant,
        kind: ThingKind,
        id: &str,
        known_at: Option<Timestamp>,
    ) -> Result<Option<Edition<Thing>>> {
        self.find_thing(tenant, kind, id, known_at).await
    }

    async fn list(&self, tenant: &Tenant, wanted: &Wanted) -> Result<Vec<Edition<Thing>>> {
        self.list_things(tenant, wanted).await
    }

    async fn key(&self, id: &str) -> Result<Option<(Tenant, Edition<KeyRecord>)>> {
        let Some((tenant, known)) = self.find_key(id).await? else { return Ok(None) };
        let Edition { thing, version, known_from, known_until } = known;
        let key = KeyRecord::of(thing).ok_or_else(|| corrupt("find the key", "it is something else"))?;
        Ok(Some((tenant, Edition { thing: key, version, known_from, known_until })))
    }

    async fn tenants(&self) -> Result<Vec<Tenant>> {
        self.all_tenants().await
    }

    async fn forget_jobs(&self, tenant: &Tenant, ids: &[String]) -> Result<()> {
        self.delete_jobs(tenant, ids).await
    }

    async fn rebuild(&self) -> Result<u64> {
        self.rebuild_tables().await
    }
}
