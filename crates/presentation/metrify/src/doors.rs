//! Where requests come in: the address that everybody knows, by TLS where there is a certificate; and then another one for commands on
//! the machine itself, which know neither the name in the certificate nor have one of their own.

mod connection;
mod heard_out;

use std::net::{SocketAddr, TcpListener as Listener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::STRICT_TRANSPORT_SECURITY;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum_server::tls::TlsInfo;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Address, Handle, Server};
use hyper_util::rt::TokioTimer;
use metrify_application::govern::Certificate;
use metrify_application::{Result, io};
use tokio::net::TcpListener;

use connection::Gate;
use heard_out::HeardOut;

/// Listeners that nobody was let in by yet.
pub struct Doors {
    public: TcpListener,
    tls: Option<RustlsConfig>,
    /// Where the public one speaks TLS.
    local: Option<TcpListener>,
}

/// How much is borne of clients.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Connections at once, as far as the operating system gives so many files.
    pub connections: usize,
    /// How long the head of a request may take.
    pub head_time: Duration,
    /// How long a client may take for a piece of its answer.
    pub taking_time: Duration,
}

/// Connections of commands on the machine itself, where those have a door of their own.
const LOCAL_CONNECTIONS_MAX: usize = 64;
/// Files that are left for what is no connection: the journal, the lake, and the interfaces for other tools.
const FILES_LEFT: u64 = 1_024;

/// How long requests that are under way may take once the server was told to stop; what they bring later was not acknowledged.
const LAST_REQUESTS: Duration = Duration::from_secs(5);

impl Doors {
    /// # Errors
    /// Where the operating system gives no port.
    pub async fn open(listen: SocketAddr, tls: Option<RustlsConfig>) -> Result<Self> {
        let public = bind(listen).await?;
        let local = match &tls {
            Some(_) => Some(bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?),
            None => None,
        };
        Ok(Self { public, tls, local })
    }

    /// For everybody.
    ///
    /// # Errors
    /// Where the operating system does not tell the address.
    pub fn url(&self) -> Result<String> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        Ok(format!("{scheme}://{}", address(&self.public)?))
    }

    /// For commands on the machine itself.
    ///
    /// # Errors
    /// As [`Self::url`].
    pub fn local_url(&self) -> Result<String> {
        Ok(format!("http://{}", address(self.local.as_ref().unwrap_or(&self.public))?))
    }

    /// Serves until it is told to end, and the last requests a while longer. Whoever takes too long to say what it wants is shown out.
    ///
    /// # Errors
    /// Where a listener fails.
    pub async fn serve(self, router: Router, patience: Patience, told: impl Future<Output = ()>) -> Result<()> {
        let Patience { connections, head_time, taking_time } = patience;
        let gate = Gate::new(connections_of(connections)?, taking_time);
        let failed = |error| io("serve", error);
        let router = router.layer(middleware::from_fn(by_certificate));
        let (ends, local_ends) = (Handle::new(), Handle::new());
        let public = standard(self.public)?;
        let served = async {
            match self.tls {
                Some(config) => {
                    let router = router.clone().layer(middleware::from_fn(by_tls_alone));
                    let acceptor = RustlsAcceptor::new(config).handshake_timeout(head_time).acceptor(gate);
                    let server = axum_server::from_tcp(public)
                        .map_err(failed)?
                        .acceptor(HeardOut(acceptor))
                        .handle(ends.clone());
                    patient(server, head_time).serve(router.into_make_service()).await.map_err(failed)
                }
                None => {
                    let server =
                        axum_server::from_tcp(public).map_err(failed)?.acceptor(HeardOut(gate)).handle(ends.clone());
                    patient(server, head_time).serve(router.clone().into_make_service()).await.map_err(failed)
                }
            }
        };
        let served_locally = async {
            let Some(listener) = self.local else { return Ok(()) };
            let server = axum_server::from_tcp(standard(listener)?).map_err(failed)?;
            let server =
                server.acceptor(HeardOut(Gate::new(LOCAL_CONNECTIONS_MAX, taking_time))).handle(local_ends.clone());
            patient(server, head_time).serve(router.clone().into_make_service()).await.map_err(failed)
        };
        let ending = async {
            told.await;
            ends.graceful_shutdown(Some(LAST_REQUESTS));
            local_ends.graceful_shutdown(Some(LAST_REQUESTS));
            Ok(())
        };
        tokio::try_join!(served, served_locally, ending).map(drop)
    }
}

/// Leaves with the request what its connection was opened by, where it was a certificate: TLS has seen to it that it is its client's own.
async fn by_certificate(mut request: Request, next: Next) -> Response {
    let opened = request.extensions().get::<Arc<TlsInfo>>();
    if let Some(certificate) =
        opened.and_then(|info| info.peer_certificates.first()).map(|der| Certificate::of_der(der))
    {
        request.extensions_mut().insert(certificate);
    }
    next.run(request).await
}

/// Who came by TLS comes by nothing else for a year (RFC 6797).
async fn by_tls_alone(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let year = HeaderValue::from_static("max-age=31536000");
    response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, year);
    response
}

/// For so long, and no longer, it waits for the head of a request.
fn patient<A: Address, C>(server: Server<A, C>, head_time: Duration) -> Server<A, C> {
    let mut server = server.http1_only();
    server.http_builder().http1().timer(TokioTimer::new()).header_read_timeout(head_time).half_close(true);
    server
}

/// As many connections as were asked for, or as there are files for: half of them where there are few.
fn connections_of(wanted: usize) -> Result<usize> {
    let files = rlimit::increase_nofile_limit(u64::MAX).map_err(|error| io("ask how many files may be open", error))?;
    let most = usize::try_from(files.saturating_sub(FILES_LEFT).max(files / 2)).unwrap_or(usize::MAX);
    if wanted > most {
        tracing::warn!("{most} connections are let in at once, and not {wanted}: {files} files may be open");
    }
    Ok(wanted.clamp(1, most.max(1)))
}

async fn bind(listen: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(listen).await.map_err(|error| {
        io(format!("listen on {listen}"), error).hint("is another program there? name another address with --listen")
    })
}

fn address(listener: &TcpListener) -> Result<SocketAddr> {
    listener.local_addr().map_err(|error| io("read the address of the server", error))
}

fn standard(listener: TcpListener) -> Result<Listener> {
    listener.into_std().map_err(|error| io("serve", error))
}
