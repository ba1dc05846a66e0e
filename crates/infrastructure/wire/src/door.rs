//! Where connections come in, each in a task of its own, until the server is told to stop.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use metrify_application::govern::Certificate;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::Tls;
use crate::visitor::{Guest, Visitor, Visitors};

/// How long connections may go on once the server was told to stop.
pub(crate) const LAST_ANSWERS: Duration = Duration::from_secs(5);
/// How long to wait after the operating system gave no connection: it has no room for more.
const REFUSED: Duration = Duration::from_millis(100);

/// Lets clients in.
pub(crate) struct Door {
    listener: TcpListener,
    visitors: Visitors,
    stopped: watch::Receiver<bool>,
}

impl Door {
    pub(crate) fn new(listener: TcpListener, stopped: watch::Receiver<bool>) -> Self {
        Self { listener, visitors: Visitors::new(), stopped }
    }

    /// The next client; `None` once the server was told to stop.
    pub(crate) async fn next(&mut self) -> Option<Stream> {
        loop {
            let next = async {
                let (stream, address) = self.listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok::<_, io::Error>(Stream::Plain(self.visitors.enter(stream, address.ip())))
            };
            let next = tokio::select! {
                next = next => next,
                _ = self.stopped.wait_for(|stopped| *stopped) => return None,
            };
            match next {
                Ok(stream) => return Some(stream),
                Err(error) => {
                    tracing::warn!("a connection did not come in: {error}");
                    tokio::time::sleep(REFUSED).await;
                }
            }
        }
    }
}

/// A connection, plain or secret.
pub(crate) enum Stream {
    Plain(Visitor),
    Secret(Box<TlsStream<Visitor>>),
}

impl Stream {
    /// The same connection, which others cannot read from now on, for a protocol of this name (RFC 7301).
    pub(crate) async fn secret(self, tls: &Tls, protocol: &str) -> io::Result<Self> {
        match self {
            Self::Plain(visitor) => {
                let mut config = ServerConfig::clone(&tls());
                config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
                let stream = TlsAcceptor::from(Arc::new(config)).accept(visitor).await?;
                Ok(Self::Secret(Box::new(stream)))
            }
            Self::Secret(_) => Ok(self),
        }
    }

    pub(crate) const fn is_secret(&self) -> bool {
        matches!(self, Self::Secret(_))
    }

    /// The certificate that its client opened it by. The verifier of TLS has seen to it that it is the client's own.
    pub(crate) fn certificate(&self) -> Option<Certificate> {
        match self {
            Self::Plain(_) => None,
            Self::Secret(stream) => {
                let (_, connection) = stream.get_ref();
                connection.peer_certificates()?.first().map(|der| Certificate::of_der(der))
            }
        }
    }

    pub(crate) fn guest(&self) -> &Guest {
        match self {
            Self::Plain(visitor) => visitor.guest(),
            Self::Secret(stream) => stream.get_ref().0.guest(),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Secret(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Secret(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Secret(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Secret(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
