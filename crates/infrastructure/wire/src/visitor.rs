//! A connection, and whose it is: of a stranger at first, and from when it is known who calls, one of those that a tenant may have.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use metrify_application::{Error, Full, Kind, Place, Places, Result, Tenant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::strangers::{Stranger, Strangers};

/// Connections of one protocol whose clients are known, in all and of one tenant; the first of a tenant always comes in.
const CONNECTIONS_MAX: usize = 256;
const OF_TENANT_MAX: usize = 128;

/// Who is connected.
pub(crate) struct Visitors {
    strangers: Arc<Strangers>,
    known: Arc<Places<Tenant>>,
}

impl Visitors {
    pub(crate) fn new() -> Self {
        Self { strangers: Arc::default(), known: Places::one_for_each(CONNECTIONS_MAX, OF_TENANT_MAX) }
    }

    pub(crate) fn enter(&self, stream: TcpStream, address: IpAddr) -> Visitor {
        let standing = Standing::Stranger(self.strangers.enter(address));
        Visitor { stream, guest: Guest { standing: Arc::new(Mutex::new(standing)), known: self.known.clone() } }
    }
}

/// Whose a connection is.
#[derive(Clone)]
pub(crate) struct Guest {
    standing: Arc<Mutex<Standing>>,
    known: Arc<Places<Tenant>>,
}

enum Standing {
    Stranger(Stranger),
    Known(#[allow(dead_code, reason = "it is given back when it goes")] Place<Tenant>),
}

impl Guest {
    /// From now on it is a connection of this tenant, if it was nobody's.
    ///
    /// # Errors
    /// Busy, where the tenant has as many as it may have, or all together have.
    pub(crate) fn admit(&self, tenant: &Tenant) -> Result<()> {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*standing, Standing::Known(_)) {
            return Ok(());
        }
        let place = self.known.take(tenant.clone()).map_err(|full| {
            let others = match full {
                Full::OfOne => format!("{OF_TENANT_MAX} others of this tenant"),
                Full::All => format!("{CONNECTIONS_MAX} others"),
            };
            let error = Error::new(Kind::Busy, format!("let the client in: {others} are connected"));
            error.hint("close connections that are not used")
        })?;
        *standing = Standing::Known(place);
        Ok(())
    }

    /// Whether it has to go.
    fn poll_end(&self, cx: &mut Context<'_>) -> bool {
        match &mut *self.standing.lock().unwrap_or_else(PoisonError::into_inner) {
            Standing::Stranger(stranger) => stranger.poll_end(cx).is_ready(),
            Standing::Known(_) => false,
        }
    }
}

/// The connection. Nothing more is read from a stranger that has to go.
pub(crate) struct Visitor {
    stream: TcpStream,
    guest: Guest,
}

impl Visitor {
    pub(crate) const fn guest(&self) -> &Guest {
        &self.guest
    }
}

impl AsyncRead for Visitor {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { stream, guest } = self.get_mut();
        if guest.poll_end(cx) {
            return Poll::Ready(Err(io::Error::from(io::ErrorKind::TimedOut)));
        }
        Pin::new(stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Visitor {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
