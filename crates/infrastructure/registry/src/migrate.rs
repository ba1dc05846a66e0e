//! Brings a database to the tables that this program knows, one step after the other, one process at a time.

use metrify_application::{Error, Kind, Result};
use metrify_domain::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement};

use crate::{DatabaseRegistry, Scope, failed};

/// The steps, each with the tables of tenants' rows that it makes; a database that has seen n of them has version n. A step that was
/// published never changes.
const STEPS: [(&str, &[&str]); 6] = [
    (include_str!("schema.sql"), &["events", "tenants", "keys", "metering_points", "meters", "installations"]),
    (include_str!("schema_people.sql"), &["users", "sessions", "attempts"]),
    (include_str!("schema_grants.sql"), &["grants"]),
    (include_str!("schema_grid_weather.sql"), &["grid_operators", "weather_stations"]),
    (include_str!("schema_jobs.sql"), &["jobs"]),
    (include_str!("schema_logs.sql"), &["logs"]),
];

/// Tables whose lists are merged with others: ids are ordered by their bytes, whatever the language of the server.
const ORDERED_BY_BYTES: [&str; 1] = ["weather_stations"];

/// What a transaction names instead of a tenant that sees all of them: no tenant is called so.
pub(crate) const ALL_TENANTS: &str = "*";

/// The lock that migrations are done under, on a PostgreSQL server: a number that nobody else takes by chance.
const LOCK: i64 = 0x6d65_7472_6966_7901;

impl DatabaseRegistry {
    /// The version that an open registry has.
    pub const VERSION: usize = STEPS.len();

    /// # Errors
    /// Where the database cannot be written, or has seen more steps than this program knows.
    pub(crate) async fn migrate(&self, now: Timestamp) -> Result<()> {
        let step = "migrate the registry";
        let transaction = self.begin(Scope::Upkeep, step).await?;
        let seen = lock_and_count(&transaction).await.map_err(|error| failed(step, error))?;
        let known = STEPS.len();
        if seen > known {
            let error =
                Error::new(Kind::Conflict, format!("{step}: it has version {seen}, this program knows {known}"));
            return Err(error.hint("use the program that wrote it, or a newer one"));
        }
        for (place, made) in STEPS.iter().enumerate().skip(seen) {
            apply(&transaction, place + 1, made, now).await.map_err(|error| failed(step, error))?;
        }
        transaction.commit().await.map_err(|error| failed(step, error))
    }
}

/// Nobody else migrates until the transaction ends; tells how many steps were done.
async fn lock_and_count(transaction: &DatabaseTransaction) -> Result<usize, DbErr> {
    let backend = transaction.get_database_backend();
    if backend == DbBackend::Postgres {
        transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
    }
    let table = "CREATE TABLE IF NOT EXISTS migrations (version BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL)";
    transaction.execute_unprepared(table).await?;
    let count = Statement::from_string(backend, "SELECT count(*) AS steps FROM migrations");
    let row = transaction.query_one_raw(count).await?;
    let steps: i64 = row.map_or(Ok(0), |row| row.try_get("", "steps"))?;
    usize::try_from(steps).map_err(|error| DbErr::Custom(format!("count the steps: {error}")))
}

async fn apply(
    transaction: &DatabaseTransaction,
    version: usize,
    (sql, tables): &(&str, &[&str]),
    now: Timestamp,
) -> Result<(), DbErr> {
    let backend = transaction.get_database_backend();
    transaction.execute_unprepared(sql).await?;
    if backend == DbBackend::Postgres {
        for table in *tables {
            transaction.execute_unprepared(&wall(table)).await?;
            if ORDERED_BY_BYTES.contains(table) {
                let order = format!("ALTER TABLE {table} ALTER COLUMN id TYPE TEXT COLLATE \"C\"");
                transaction.execute_unprepared(&order).await?;
            }
        }
    }
    let done = format!("INSERT INTO migrations (version, applied_at) VALUES ({version}, {})", now.micros());
    transaction.execute_unprepared(&done).await?;
    Ok(())
}

/// Rows are shown to transactions of their tenant alone, to the owner of the table, too.
fn wall(table: &str) -> String {
    let tenant = "current_setting('metrify.tenant', true)";
    let rule = format!("tenant = {tenant} OR {tenant} = '{ALL_TENANTS}'");
    format!(
        "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY; \
         CREATE POLICY own_tenant ON {table} USING ({rule}) WITH CHECK ({rule})"
    )
}
