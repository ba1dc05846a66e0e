//! A connection of the HTTP interface: one of so many, whose client has to take what it asked for, and is heard out before it is left.

use std::future::Ready;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum_server::accept::Accept;
use metrify_application::{Place, Places};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// Bytes that a client has to take in the time that it has for them, while more waits.
const PACE_BYTES: usize = 64 << 10;
/// How long, and for how many bytes, a client is heard that was answered before it had sent everything: whoever closes a connection on which
/// something comes tears the answer away that is on its way.
const HEARD_TIME: Duration = Duration::from_secs(10);
const HEARD_BYTES: usize = 64 << 20;

/// Lets so many connections in; one beyond them is closed.
#[derive(Clone)]
pub struct Gate {
    places: Arc<Places<IpAddr>>,
    time: Duration,
}

impl Gate {
    /// Half of them may be of one address. A client may take so long for a piece of its answer.
    #[must_use]
    pub fn new(connections: usize, time: Duration) -> Self {
        Self { places: Places::strict(connections, connections.div_ceil(2)), time }
    }
}

impl<S> Accept<TcpStream, S> for Gate {
    type Stream = Connection;
    type Service = S;
    type Future = Ready<io::Result<(Connection, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let place = stream.peer_addr().and_then(|address| {
            self.places.take(address.ip().to_canonical()).map_err(|_| io::Error::other("too many are connected"))
        });
        std::future::ready(place.map(|place| (Connection::new(stream, place, self.time), service)))
    }
}

pub struct Connection {
    stream: TcpStream,
    time: Duration,
    /// What the client took since it let something wait, and until when it has to have taken enough; `None` where nothing waits.
    slow: Option<(usize, Pin<Box<Sleep>>)>,
    /// What was heard since the connection was closed on this side, and until when it is.
    ending: Option<(usize, Pin<Box<Sleep>>)>,
    _place: Place<IpAddr>,
}

impl Connection {
    fn new(stream: TcpStream, place: Place<IpAddr>, time: Duration) -> Self {
        Self { stream, time, slow: None, ending: None, _place: place }
    }

    fn paced(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(bytes)) => {
                if let Some((taken, _)) = &mut self.slow {
                    *taken += bytes;
                    if *taken >= PACE_BYTES {
                        self.slow = None;
                    }
                }
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                let time = self.time;
                let (_, end) = self.slow.get_or_insert_with(|| (0, Box::pin(sleep(time))));
                ready!(end.as_mut().poll(cx));
                Poll::Ready(Err(io::Error::from(io::ErrorKind::TimedOut)))
            }
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.paced(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, pieces);
        this.paced(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.stream).poll_flush(cx))?;
        // Nothing waits any more.
        this.slow = None;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, ending, .. } = self.get_mut();
        if ending.is_none() {
            ready!(Pin::new(&mut *stream).poll_shutdown(cx))?;
        }
        let (heard, end) = ending.get_or_insert_with(|| (0, Box::pin(sleep(HEARD_TIME))));
        let mut space = [0; 16 << 10];
        while *heard < HEARD_BYTES && end.as_mut().poll(cx).is_pending() {
            let mut buf = ReadBuf::new(&mut space);
            match ready!(Pin::new(&mut *stream).poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => *heard += buf.filled().len(),
                // It has ended, one way or the other.
                Ok(()) | Err(_) => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}
