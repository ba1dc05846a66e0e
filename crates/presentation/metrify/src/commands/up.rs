//! `metrify up`: serves until it is told to stop.

use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use metrify_application::{Error, Kind, Result, govern, io, operate};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, watch};

use crate::background::Background;
use crate::cli::Up;
use crate::client::{Client, ServerFile};
use crate::doors::{Doors, Patience};
use crate::exit::Outcome;
use crate::random::random;
use crate::settings::Settings;
use crate::tls::Certificates;
use crate::wiring::House;
use crate::{clock, demo, print, wiring, worker};

pub async fn run(settings: Settings, arguments: &Up) -> Result<Outcome> {
    if Client::of(&settings.data_dir).await?.is_some() {
        let step = format!("serve data directory `{}`: a server holds it already", settings.data_dir.display());
        return Err(Error::new(Kind::Conflict, step).hint("stop it first, or name another directory with --data-dir"));
    }
    let origins = metrify_api::Origins::new(&settings.server.cors_origins)?;
    let house = wiring::open(&settings).await?;
    let listen = arguments.listen.unwrap_or(settings.server.listen);
    let certificates = Certificates::read(&settings.server.tls)?;
    let doors = Doors::open(listen, certificates.as_ref().map(Certificates::config)).await?;
    let tls = certificates.as_ref().map(Certificates::config);
    let is_secret = tls.is_some();
    let wires = house.wires(&settings.sql, tls).await?;
    let (postgres, flight) = wires.addresses()?;
    // Before anybody learns that it serves, and may tell it to stop.
    let told = Told::listen()?;
    let token = token()?;
    let file = settings.folder(ServerFile::NAME);
    let process = std::process::id();
    write_server_file(&file, &ServerFile { url: doors.local_url()?, token: token.clone(), process, postgres, flight })?;
    let body_time = Duration::from_secs(settings.server.body_time_s.max(1));
    let server = metrify_api::Server {
        app: house.app.clone(),
        tenant: house.tenant.clone(),
        spool: settings.folder("spool"),
        token: Arc::from(token),
        clock: clock::now,
        random,
        started_at: clock::now(),
        version: env!("CARGO_PKG_VERSION"),
        process,
        metrics: metrify_api::Metrics::default(),
        shares: metrify_api::Shares::new(settings.server.at_once.max(1)),
        exports: Arc::default(),
        body_time,
    };
    let (stop, stopped) = watch::channel(false);
    let mut background = begin_work(&house, &settings, &stopped);
    if arguments.simulate > 0 {
        let (data_dir, ctx) = (settings.data_dir.clone(), house.context().await?);
        let fleet = demo::run(house.app.clone(), ctx, data_dir, arguments.simulate, stopped.clone());
        background.spawn_dispensable("simulation", fleet);
    }
    if let Some(certificates) = certificates {
        background.spawn("certificates", certificates.keep_up(stopped.clone()));
    }
    background.spawn("exports", worker::exports(server.exports.clone(), stopped.clone()));
    wires.serve(&mut background, &stopped);
    greet(&settings, &doors)?;
    tell_wires(postgres, flight, is_secret)?;
    show_first_key(&house).await?;
    let mut given_up = None;
    let told = async {
        given_up = tokio::select! {
            () = told.heard() => None,
            error = background.ended_too_soon() => Some(error),
        };
        stop.send_replace(true);
    };
    let head_time = Duration::from_secs(settings.server.head_time_s.max(1));
    let patience = Patience { connections: settings.server.connections, head_time, taking_time: body_time };
    let served = doors.serve(metrify_api::router(server, &origins), patience, told).await;
    // Also where a door failed before anybody told it to.
    stop.send_replace(true);
    background.end().await;
    let ended = worker::end_jobs(&house.app).await;
    operate::land(&house.app).await?;
    std::fs::remove_file(&file).map_err(|error| io(format!("remove `{}`", file.display()), error))?;
    given_up.map_or(served, Err).and(ended).map(|()| Outcome::Good)
}

/// What a house does by itself while it serves. A run that fails or panics is told and done again in its time, for reading and taking in
/// go on without it for hours, and another process would meet the same; where work ends as a whole the server does, too, so that whoever
/// looks after it starts it anew.
fn begin_work(house: &House, settings: &Settings, stopped: &watch::Receiver<bool>) -> Background {
    let app = || house.app.clone();
    let interval = Duration::from_secs(settings.landing.interval_s.max(1));
    let landed = Arc::new(Notify::new());
    let mut background = Background::default();
    background.spawn_on_thread("landing", worker::land(app(), interval, landed.clone(), stopped.clone()));
    background.spawn_on_thread("compaction", worker::compact(app(), landed, stopped.clone()));
    background.spawn_on_thread("vacuum", worker::vacuum(app(), stopped.clone()));
    background.spawn("audit", worker::seal(app(), stopped.clone()));
    background.spawn("jobs", worker::jobs(app(), stopped.clone()));
    background
}

/// The signals by which an operator or the operating system tells the server to stop.
struct Told {
    interrupt: Signal,
    terminate: Signal,
}

impl Told {
    /// From here on they do not end the process where it stands.
    fn listen() -> Result<Self> {
        let of = |kind| signal(kind).map_err(|error| io("listen to the signals of the operating system", error));
        Ok(Self { interrupt: of(SignalKind::interrupt())?, terminate: of(SignalKind::terminate())? })
    }

    async fn heard(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// 256 bits from the operating system, as hexadecimal digits.
fn token() -> Result<String> {
    Ok(random()?.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Only the owner may read the token.
fn write_server_file(path: &Path, server: &ServerFile) -> Result<()> {
    let step = || format!("write `{}`", path.display());
    let text =
        serde_json::to_string_pretty(server).map_err(|error| Error::new(Kind::Internal, step()).because(error))?;
    let part = path.with_extension("part");
    std::fs::write(&part, "").map_err(|error| io(step(), error))?;
    std::fs::set_permissions(&part, Permissions::from_mode(0o600)).map_err(|error| io(step(), error))?;
    std::fs::write(&part, text).and_then(|()| std::fs::rename(&part, path)).map_err(|error| io(step(), error))
}

/// What to try, as it can be pasted: with the path that this program was called by.
#[allow(clippy::disallowed_methods, reason = "the binary reads its arguments")]
fn greet(settings: &Settings, doors: &Doors) -> Result<()> {
    let (url, local) = (doors.url()?, doors.local_url()?);
    let folder = settings.data_dir.display();
    let program = std::env::args().next().unwrap_or_else(|| "metrify".to_owned());
    print::line(&format!(
        "Metrify serves {url}, data in {folder}. Three things to try in another terminal:\n\
         \n  curl {local}/health\n\
         \n  {program} --data-dir {folder} ingest samples/day\n\
         \n  {program} --data-dir {folder} sql \"select quantity, unit, count(*) as readings, sum(value) as total from readings group by 1, 2 order by 1\"\n"
    ))
}

/// Where other tools ask for SQL, where they may.
fn tell_wires(postgres: Option<SocketAddr>, flight: Option<SocketAddr>, is_secret: bool) -> Result<()> {
    if let Some(address) = postgres {
        let (host, port) = (address.ip(), address.port());
        print::line(&format!(
            "SQL for other tools, with a key as the password: psql \"host={host} port={port} dbname=metrify user=key\"\n"
        ))?;
    }
    let scheme = if is_secret { "grpc+tls" } else { "grpc" };
    flight.map_or(Ok(()), |address| {
        print::line(&format!("Arrow Flight SQL, with a key as bearer token: {scheme}://{address}\n"))
    })
}

/// The key that opens a new house: shown once, and kept nowhere.
async fn show_first_key(house: &House) -> Result<()> {
    let issued = govern::first_key(&house.app, &house.context().await?, random()?).await?;
    issued.map_or(Ok(()), |issued| {
        print::line(&format!(
            "The first key, of an admin. It is shown this once; `metrify key create` makes others:\n\n  {}\n",
            issued.key
        ))
    })
}
