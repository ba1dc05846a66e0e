//! Builds the program: the only file that names adapters.

use std::fs::{self, File, TryLockError};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum_server::tls_rustls::RustlsConfig;
use metrify_application::govern::{Granted, Keyring, Logins};
use metrify_application::ingest::uploads::Uploads;
use metrify_application::ingest::{Intake, UnknownPoints};
use metrify_application::jobs::Jobs;
use metrify_application::ports::{Columns, Journal};
use metrify_application::read::Queries;
use metrify_application::{App, Context, Decisions, Error, Kind, Rates, Result, Tenant, govern, io, operate};
use metrify_archive::FileArchive;
use metrify_audit::FileAudit;
use metrify_formats::Keys;
use metrify_governance::{Policies, Principal, Role};
use metrify_identity::{TokenIdentity, Trusted};
use metrify_journal::FileJournal;
use metrify_lake::{ColumnFiles, DeltaLake, Layout};
use metrify_query::{Engine, Limits};
use metrify_registry::DatabaseRegistry;
use metrify_wire::Wire;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::background::Background;
use crate::clock;
use crate::random::random;
use crate::settings::{self, Settings};

/// The layout of the data directory that this program reads and writes.
const DATA_VERSION: u32 = 1;
const VERSION_FILE: &str = "metrify.version";
/// Tells the data directory from others that share its registry.
const NAME_FILE: &str = "metrify.house";
/// The tenant of a program that nobody told about tenants.
const DEFAULT_TENANT: &str = "default";

/// The program with everything embedded. It holds the data directory for itself until it is dropped.
pub struct House {
    pub app: Arc<App>,
    pub tenant: Tenant,
    pub journal: Arc<FileJournal>,
    engine: Arc<Engine>,
    _lock: File,
}

/// Files in columns, which need no data directory.
#[must_use]
pub fn columns() -> Arc<dyn Columns> {
    Arc::new(ColumnFiles)
}

/// The house's own tenant.
fn own_tenant() -> Result<Tenant> {
    DEFAULT_TENANT.parse().map_err(|error| Error::new(Kind::Internal, "name the tenant").because(error))
}

/// Opens the data directory, or makes it, and applies what a stop of any kind left in the journal.
///
/// # Errors
/// Where another process holds the directory, a newer program wrote it, or something in it cannot be read.
pub async fn open(settings: &Settings) -> Result<House> {
    let folder = &settings.data_dir;
    for name in ["lake", "held", "journal", "archive", "audit", "uploads", "spool", "spill"] {
        let folder = folder.join(name);
        fs::create_dir_all(&folder).map_err(|error| io(format!("make folder `{}`", folder.display()), error))?;
    }
    let lock = lock(folder)?;
    check_version(folder)?;
    empty(&folder.join("spool"))?;
    empty(&folder.join("spill"))?;

    let tenant = own_tenant()?;
    let lake = Arc::new(DeltaLake::new(Layout::within(folder), clock::now, settings.landing.keep_h));
    let limits = Limits {
        memory_bytes: settings.query.memory_mb << 20,
        spill_folder: settings.folder("spill"),
        threads: match settings.query.threads {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            threads => threads,
        },
        at_once: settings.query.at_once,
        rows_max: settings.query.rows_max,
        export_bytes: settings.query.export_mb << 20,
    };
    let engine = Arc::new(Engine::new(lake.clone(), &limits)?);
    let next = next_position(&lake, &tenant).await?;
    let journal = Arc::new(FileJournal::open(&settings.folder("journal"), next)?);
    let app = App {
        journal: journal.clone(),
        versions: lake.clone(),
        ledger: lake.clone(),
        memory: lake.clone(),
        landing: lake,
        archive: Arc::new(FileArchive::new(settings.folder("archive"), settings.archive.limit_mb << 20)),
        columns: columns(),
        sql: engine.clone(),
        rates: Rates::new(settings.server.key_rate, settings.server.tenant_rate),
        queries: Queries::new(settings.query.at_once, Duration::from_secs(settings.query.time_s)),
        registry: Arc::new(registry(settings).await?),
        identity: Arc::new(identity(settings)?),
        audit: Arc::new(FileAudit::open(settings.folder("audit"))?),
        policies: Decisions::new(policies(&settings.governance)?),
        keyring: Keyring::default(),
        logins: Logins::default(),
        granted: Granted::default(),
        intake: intake(&settings.intake)?,
        uploads: Uploads::open(settings.folder("uploads"), settings.intake.uploads_mb << 20, clock::now())?,
        jobs: Jobs::new(name_of(folder)?, random()?, clock::now),
        rules: metrify_validation::Ruleset::default(),
        spool: settings.folder("spool"),
    };
    govern::found(&app, &tenant, clock::now()).await?;
    let interrupted = operate::interrupt_left_jobs(&app).await?;
    if interrupted > 0 {
        tracing::warn!(interrupted, "jobs ran when the process before this one ended");
    }
    if operate::recover(&app, std::slice::from_ref(&tenant)).await? > 0
        && let Err(error) = operate::land(&app).await
    {
        // What waits is durable and can be asked for; it lands once there is room.
        tracing::warn!("{}", error.chain());
    }
    Ok(House { app: Arc::new(app), tenant, journal, engine, _lock: lock })
}

async fn registry(settings: &Settings) -> Result<DatabaseRegistry> {
    match &settings.registry.url {
        Some(url) => DatabaseRegistry::open_server(url, clock::now()).await,
        None => {
            let path = settings.folder("registry.sqlite");
            // Digests of passwords lie in it; what the database adds beside it is as readable.
            let owned = File::options().create(true).append(true).mode(0o600).open(&path);
            owned.map_err(|error| io(format!("open `{}`", path.display()), error))?;
            DatabaseRegistry::open_file(&path, clock::now()).await
        }
    }
}

/// Brings the registry to its newest version, which is told. Whether its database is in the data directory or on a server of its own, what
/// was done stands in the data directory's log, which one process writes.
///
/// # Errors
/// Where another process holds the data directory, the database cannot be opened or is of a newer program, or no entry of it can be written.
pub async fn migrate(settings: &Settings) -> Result<usize> {
    let folder = &settings.data_dir;
    fs::create_dir_all(folder).map_err(|error| io(format!("make folder `{}`", folder.display()), error))?;
    let _lock = lock(folder)?;
    let audit = FileAudit::open(settings.folder("audit"))?;
    operate::migrate_registry(&audit, &unasked(own_tenant()?), registry(settings)).await?;
    Ok(DatabaseRegistry::VERSION)
}

/// Whoever works on the machine itself, while no registry can be asked about its tenant.
fn unasked(tenant: Tenant) -> Context {
    let (name, parties, purposes) = ("local".to_owned(), Vec::new(), Vec::new());
    let principal = Principal { name, tenant, parties, role: Role::Admin, purposes, expires_at: None };
    Context { principal, purpose: None, request: request(), now: clock::now() }
}

/// The name of what is done by this process, where no server names requests.
fn request() -> String {
    format!("local-{}", std::process::id())
}

fn identity(settings: &Settings) -> Result<TokenIdentity> {
    let settings::Identity { key_file, issuers } = &settings.identity;
    let trusted = issuers.iter().map(|issuer| {
        let step = || format!("read the issuer `{}` of the settings", issuer.url);
        let tenant = issuer.tenant.parse().map_err(|error| Error::new(Kind::Invalid, step()).because(error))?;
        let role_claim = issuer.role_claim.clone().unwrap_or_else(|| Trusted::ROLE_CLAIM.to_owned());
        let (url, audience) = (issuer.url.clone(), issuer.audience.clone());
        Ok(Trusted { url, audience, tenant, role_claim, purpose_claim: issuer.purpose_claim.clone() })
    });
    let key_file = key_file.clone().unwrap_or_else(|| settings.folder("identity.key"));
    TokenIdentity::open(&key_file, random, trusted.collect::<Result<_>>()?)
}

/// The policies that are shipped, and those of the house beside them.
fn policies(settings: &settings::Governance) -> Result<Policies> {
    let step = "read the policies";
    let shipped = Policies::shipped().map_err(|error| Error::new(Kind::Internal, step).because(error))?;
    let Some(path) = &settings.policies_file else { return Ok(shipped) };
    let text = fs::read_to_string(path).map_err(|error| io(format!("read `{}`", path.display()), error))?;
    let step = || format!("{step} in `{}`", path.display());
    shipped.with(&text).map_err(|error| Error::new(Kind::Invalid, step()).because(error))
}

fn intake(settings: &settings::Intake) -> Result<Intake> {
    let unknown_points = match settings.unknown_points {
        settings::UnknownPoints::Register => UnknownPoints::Register,
        settings::UnknownPoints::Quarantine => UnknownPoints::Quarantine,
    };
    let keys = settings.keys_file.as_deref().map_or_else(|| Ok(Keys::default()), read_keys)?;
    Ok(Intake::new(unknown_points, keys))
}

fn read_keys(path: &Path) -> Result<Keys> {
    let step = || format!("read the keys in `{}`", path.display());
    let text = fs::read_to_string(path).map_err(|error| io(step(), error))?;
    text.parse().map_err(|error| Error::new(Kind::Invalid, step()).because(error))
}

/// A journal that is made anew goes on after what the lake holds already.
async fn next_position(lake: &DeltaLake, tenant: &Tenant) -> Result<u64> {
    use metrify_application::ports::Landing;
    let mut tenants = lake.tenants().await?;
    tenants.push(tenant.clone());
    let mut next = 1;
    for tenant in tenants {
        lake.open(&tenant).await?;
        next = next.max(lake.landed(&tenant)? + 1);
    }
    Ok(next)
}

fn lock(folder: &Path) -> Result<File> {
    let path = folder.join("lock");
    let step = || format!("take data directory `{}`", folder.display());
    let file =
        File::options().create(true).truncate(false).write(true).open(&path).map_err(|error| io(step(), error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let error = Error::new(Kind::Conflict, format!("{}: another process holds it", step()));
            Err(error.hint("wait until the other command has ended, or name another directory with --data-dir"))
        }
        Err(TryLockError::Error(error)) => Err(io(step(), error)),
    }
}

fn check_version(folder: &Path) -> Result<()> {
    let path = folder.join(VERSION_FILE);
    let step = || format!("read `{}`", path.display());
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        text => text.map_err(|error| io(step(), error))?,
    };
    // A first start that was cut short may have left the file empty.
    if text.trim().is_empty() {
        return fs::write(&path, format!("{DATA_VERSION}\n"))
            .map_err(|error| io(format!("write `{}`", path.display()), error));
    }
    match text.trim().parse::<u32>() {
        Ok(version) if version <= DATA_VERSION => Ok(()),
        Ok(version) => {
            let text = format!("{}: it has version {version}, this program knows {DATA_VERSION}", step());
            Err(Error::new(Kind::Conflict, text).hint("use the program that wrote the directory, or a newer one"))
        }
        Err(error) => Err(Error::new(Kind::Corrupt, step()).because(error)),
    }
}

/// The name of a data directory, made when it is opened for the first time.
fn name_of(folder: &Path) -> Result<String> {
    let path = folder.join(NAME_FILE);
    match fs::read_to_string(&path) {
        // A first start that was cut short may have left the file empty.
        Ok(name) if !name.trim().is_empty() => return Ok(name.trim().to_owned()),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(io(format!("read `{}`", path.display()), error));
        }
        _ => {}
    }
    let name: String = random()?.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    fs::write(&path, format!("{name}\n")).map_err(|error| io(format!("write `{}`", path.display()), error))?;
    Ok(name)
}

/// What an earlier process left behind when it was stopped is of no use to this one.
fn empty(folder: &Path) -> Result<()> {
    let step = || format!("empty folder `{}`", folder.display());
    for entry in fs::read_dir(folder).map_err(|error| io(step(), error))? {
        let path = entry.map_err(|error| io(step(), error))?.path();
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(|error| io(step(), error))?;
    }
    Ok(())
}

impl House {
    /// Of whoever works on the machine itself, with the rights of the files.
    ///
    /// # Errors
    /// Where the registry cannot be read.
    pub async fn context(&self) -> Result<Context> {
        let now = clock::now();
        let principal = govern::local(&self.app, &self.tenant, now).await?;
        Ok(Context { principal, purpose: None, request: request(), now })
    }

    /// The position that the journal gives next.
    #[must_use]
    pub fn next_position(&self) -> u64 {
        self.journal.next()
    }
}

/// Where SQL is answered beside the HTTP interface.
pub struct Wires {
    wire: Arc<Wire>,
    postgres: Option<TcpListener>,
    flight: Option<TcpListener>,
}

impl House {
    /// Opens the ports that the settings name.
    ///
    /// # Errors
    /// Where one cannot be had.
    pub async fn wires(&self, settings: &settings::Sql, tls: Option<RustlsConfig>) -> Result<Wires> {
        let tls = tls.map(|tls| Arc::new(move || tls.get_inner()) as metrify_wire::Tls);
        let wire =
            Arc::new(Wire::new((self.app.clone(), self.tenant.clone()), self.engine.clone(), clock::now, random, tls));
        Ok(Wires {
            wire,
            postgres: listen(settings.postgres_listen, "sql.postgres_listen").await?,
            flight: listen(settings.flight_listen, "sql.flight_listen").await?,
        })
    }
}

async fn listen(address: Option<SocketAddr>, setting: &str) -> Result<Option<TcpListener>> {
    let Some(address) = address else { return Ok(None) };
    let listener = TcpListener::bind(address).await.map_err(|error| {
        io(format!("listen on {address}"), error)
            .hint(format!("is another program there? name another address in {setting}"))
    })?;
    Ok(Some(listener))
}

impl Wires {
    /// Where PostgreSQL's protocol and Arrow Flight SQL are spoken.
    ///
    /// # Errors
    /// Where the operating system does not tell.
    pub fn addresses(&self) -> Result<(Option<SocketAddr>, Option<SocketAddr>)> {
        let address = |listener: &Option<TcpListener>| listener.as_ref().map(TcpListener::local_addr).transpose();
        let unknown = |error| io("read the address of the server", error);
        Ok((address(&self.postgres).map_err(unknown)?, address(&self.flight).map_err(unknown)?))
    }

    /// Serves until it is told to stop.
    pub fn serve(self, background: &mut Background, stopped: &watch::Receiver<bool>) {
        if let Some(listener) = self.postgres {
            let served = metrify_wire::serve_postgres(self.wire.clone(), listener, stopped.clone());
            background.spawn("postgres", logged(served));
        }
        if let Some(listener) = self.flight {
            background.spawn("flight", logged(metrify_wire::serve_flight(self.wire, listener, stopped.clone())));
        }
    }
}

async fn logged(served: impl Future<Output = Result<()>>) {
    if let Err(error) = served.await {
        tracing::error!("{}", error.chain());
    }
}
