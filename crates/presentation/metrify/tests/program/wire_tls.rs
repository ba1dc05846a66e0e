//! SQL for other tools over connections that nobody else reads, with a certificate of the test's own.
#![allow(clippy::disallowed_methods, reason = "it is the program here: it has the clock, and starts what serves")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use metrify_application::govern::Keyring;
use metrify_application::ingest::{Intake, UnknownPoints};
use metrify_application::ports::Landing;
use metrify_application::read::Queries;
use metrify_application::{App, Context, Decisions, Result, Tenant, govern};
use metrify_archive::FileArchive;
use metrify_audit::FileAudit;
use metrify_domain::Timestamp;
use metrify_formats::Keys;
use metrify_governance::Policies;
use metrify_journal::FileJournal;
use metrify_lake::{ColumnFiles, DeltaLake, Layout};
use metrify_query::{Engine, Limits};
use metrify_registry::DatabaseRegistry;
use metrify_wire::{Tls, Wire};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::support::{Ran, said};
use crate::wire::{clients, python};

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time after 1970");
    Timestamp::from_micros(i64::try_from(since.as_micros()).expect("a time of these centuries"))
}

#[allow(clippy::unnecessary_wraps, reason = "it is asked for something that may fail")]
fn random() -> Result<[u8; 32]> {
    Ok([7; 32])
}

/// A house without a program around it, and the key of its admin.
async fn house(folder: &Path) -> (Arc<App>, Arc<Engine>, String) {
    for name in ["lake", "held", "journal", "archive", "audit", "spool", "spill"] {
        std::fs::create_dir_all(folder.join(name)).expect("a folder");
    }
    let tenant: Tenant = "default".parse().expect("a tenant");
    let lake = Arc::new(DeltaLake::new(Layout::within(folder), now, 1));
    let limits = Limits { memory_bytes: 64 << 20, spill_folder: folder.join("spill"), threads: 1, at_once: 2 };
    let engine = Arc::new(Engine::new(lake.clone(), &limits).expect("an engine"));
    lake.open(&tenant).await.expect("a lake");
    let registry = DatabaseRegistry::open_file(&folder.join("registry.sqlite"), now()).await.expect("a registry");
    let app = Arc::new(App {
        journal: Arc::new(FileJournal::open(&folder.join("journal"), 1).expect("a journal")),
        versions: lake.clone(),
        ledger: lake.clone(),
        memory: lake.clone(),
        landing: lake,
        archive: Arc::new(FileArchive::new(folder.join("archive"), 1 << 20)),
        columns: Arc::new(ColumnFiles),
        sql: engine.clone(),
        queries: Queries::new(2, Duration::from_secs(10)),
        registry: Arc::new(registry),
        audit: Arc::new(FileAudit::open(folder.join("audit")).expect("a log")),
        policies: Decisions::new(Policies::shipped().expect("policies")),
        keyring: Keyring::default(),
        intake: Intake::new(UnknownPoints::Register, Keys::default()),
        rules: metrify_validation::Ruleset::default(),
        spool: folder.join("spool"),
    });
    govern::found(&app, &tenant, now()).await.expect("a house");
    let principal = govern::local(&app, &tenant, now()).await.expect("who works here");
    let ctx = Context { principal, purpose: None, request: "test".to_owned(), now: now() };
    let issued = govern::first_key(&app, &ctx, [7; 32]).await.expect("a key");
    (app, engine, issued.expect("the first one").key)
}

/// What a server proves itself with, and the file by which clients know it.
fn certificate(folder: &Path) -> (Tls, PathBuf) {
    let made =
        rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).expect("a certificate");
    let file = folder.join("certificate.pem");
    std::fs::write(&file, made.cert.pem()).expect("write the certificate");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("versions").with_no_client_auth();
    let config = config.with_single_cert(vec![made.cert.der().clone()], key).expect("a certificate with its key");
    let config = Arc::new(config);
    (Arc::new(move || config.clone()), file)
}

/// What a part of the clients' script prints.
async fn ask(python: &Path, arguments: &[&str], address: &str, key: &str, certificate: &Path) -> Ran {
    let mut command = clients(python, "tls", address);
    command.args(arguments).env("WIRE_KEY", key).env("WIRE_CERTIFICATE", certificate);
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("the task").expect("the clients");
    said(&output)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_goes_only_over_a_connection_that_nobody_else_reads() {
    let Some(python) = python() else { return };
    let folder = TempDir::new().expect("a folder");
    let (app, engine, key) = house(folder.path()).await;
    let (tls, certificate) = certificate(folder.path());
    let wire = Arc::new(Wire::new(app, engine, now, random, Some(tls)));
    let (stop, stopped) = watch::channel(false);
    let listen = async || TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (postgres, flight) = (listen().await, listen().await);
    let port = |listener: &TcpListener| format!("localhost:{}", listener.local_addr().expect("an address").port());
    let (postgres_address, flight_address) = (port(&postgres), port(&flight));
    let postgres = tokio::spawn(metrify_wire::serve_postgres(wire.clone(), postgres, stopped.clone()));
    let flight = tokio::spawn(metrify_wire::serve_flight(wire, flight, stopped));

    let asked = ask(&python, &[], &postgres_address, &key, &certificate).await;
    let mut lines = asked.stdout.lines();
    assert_eq!(lines.next(), Some("secret True 6"), "{asked:?}");
    assert!(lines.next().is_some_and(|line| line.contains("no key is taken over a connection")), "{asked:?}");
    let asked = ask(&python, &["flight"], &flight_address, &key, &certificate).await;
    assert_eq!(asked.stdout, "secret 6\n", "{asked:?}");

    stop.send_replace(true);
    for served in [postgres, flight] {
        served.await.expect("the task").expect("it ends as it should");
    }
}
