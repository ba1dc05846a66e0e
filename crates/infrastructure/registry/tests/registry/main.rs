//! What holds of the registry on SQLite and on PostgreSQL alike, and what PostgreSQL walls off by itself.
#![allow(clippy::expect_used, clippy::panic, reason = "what a helper of a test expects, the test expects")]

mod contract;
mod postgres;

use metrify_application::ports::Registry;
use metrify_domain::Timestamp;
use metrify_registry::DatabaseRegistry;

const NOW: Timestamp = Timestamp::from_micros(1_000_000);

#[tokio::test]
async fn sqlite_keeps_the_contract() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("registry.sqlite");
    let open = || DatabaseRegistry::open_file(&path, NOW);
    contract::holds(&open().await.expect("a registry")).await;
    // What was written is there for the next process.
    contract::is_still_there(&open().await.expect("the same registry")).await;
}

#[tokio::test]
async fn postgresql_keeps_the_contract_behind_a_wall_of_its_own() {
    let Some(server) = postgres::Server::start() else { return };
    let url = server.database("metrify_contract");
    let registry = DatabaseRegistry::open_server(&url, NOW).await.expect("a registry");
    contract::holds(&registry).await;
    let other = DatabaseRegistry::open_server(&url, NOW).await.expect("the same registry");
    contract::is_still_there(&other).await;
    contract::only_one_of_many_wins(&registry, &other).await;
    // Whoever reaches the tables past the program sees the rows of the tenant it names, or none.
    assert_eq!(server.count(&url, None, "meters"), 0);
    let (one, two) = (server.count(&url, Some("one"), "meters"), server.count(&url, Some("two"), "meters"));
    assert!(one > two && two > 0, "{one} and {two}");
    assert_eq!(server.count(&url, Some("*"), "meters"), one + two);
    let grants = [None, Some("one"), Some("two"), Some("*")].map(|tenant| server.count(&url, tenant, "grants"));
    assert_eq!(grants, [0, 3, 1, 4]);
}

#[tokio::test]
async fn many_processes_migrate_one_database_once() {
    let Some(server) = postgres::Server::start() else { return };
    let url = server.database("metrify_many");
    let opened = (0..8).map(|_| DatabaseRegistry::open_server(&url, NOW));
    for registry in futures::future::join_all(opened).await {
        registry.expect("a registry");
    }
    assert_eq!(server.count(&url, Some("*"), "migrations"), DatabaseRegistry::VERSION as u64);
}

#[tokio::test]
async fn a_statement_that_waits_for_a_lock_ends_and_upkeep_waits_for_it() {
    let Some(server) = postgres::Server::start() else { return };
    let url = server.database("metrify_locked");
    let registry = DatabaseRegistry::open_server(&url, NOW).await.expect("a registry");
    let database = sea_orm::Database::connect(&url).await.expect("the database");
    let lock = sea_orm::TransactionTrait::begin(&database).await.expect("a transaction");
    let locked = "LOCK TABLE tenants, migrations IN ACCESS EXCLUSIVE MODE";
    sea_orm::ConnectionTrait::execute_unprepared(&lock, locked).await.expect("the lock");
    let waited = async {
        let error = registry.tenants().await.expect_err("a statement that waited too long");
        assert_eq!(error.kind(), metrify_application::Kind::Unavailable);
        assert!(error.chain().contains("statement timeout"), "{}", error.chain());
        lock.commit().await.expect("the end of the lock");
    };
    // It began before that statement, and waits for as long as the lock is held.
    let (opened, ()) = futures::join!(DatabaseRegistry::open_server(&url, NOW), waited);
    opened.expect("a registry that is migrated");
    registry.tenants().await.expect("an answer");
}

/// A registry as the program before the table of jobs left it, opened by this one.
#[tokio::test]
async fn a_registry_of_an_older_program_gets_the_table_of_jobs() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("registry.sqlite");
    let open = || DatabaseRegistry::open_file(&path, NOW);
    let registry = open().await.expect("a registry");
    contract::is_registered(&registry).await;
    drop(registry);
    let database = sea_orm::Database::connect(format!("sqlite://{}", path.display())).await.expect("the file");
    let older = "DROP TABLE logs; DROP TABLE jobs; DROP TABLE grants; DROP TABLE grid_operators; \
                 DROP TABLE weather_stations; DELETE FROM migrations WHERE version > 2";
    sea_orm::ConnectionTrait::execute_unprepared(&database, older).await.expect("an older registry");
    database.close().await.expect("closed");
    let registry = open().await.expect("the same registry");
    contract::jobs_are_kept(&registry).await;
    contract::is_registered_still(&registry).await;
}

#[tokio::test]
async fn a_registry_of_a_newer_program_is_left_alone() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("registry.sqlite");
    drop(DatabaseRegistry::open_file(&path, NOW).await.expect("a registry"));
    let url = format!("sqlite://{}", path.display());
    let database = sea_orm::Database::connect(&url).await.expect("the file");
    let newer = "INSERT INTO migrations (version, applied_at) VALUES (9999, 0)";
    sea_orm::ConnectionTrait::execute_unprepared(&database, newer).await.expect("a row");
    database.close().await.expect("closed");
    let error = DatabaseRegistry::open_file(&path, NOW).await.err().expect("refused");
    assert_eq!(error.kind(), metrify_application::Kind::Conflict);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_told_with_a_hint_and_without_the_password() {
    let refused = DatabaseRegistry::open_server("postgres://ann:secret@127.0.0.1:1/none", NOW).await;
    let error = refused.err().expect("nobody answers");
    assert_eq!(error.kind(), metrify_application::Kind::Unavailable);
    assert!(error.hint_text().is_some());
    assert!(!error.chain().contains("secret"), "{}", error.chain());
}
