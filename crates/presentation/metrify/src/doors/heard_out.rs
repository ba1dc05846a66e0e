//! Clients that say that they send nothing more and wait for their answer (RFC 9293, 3.6): they cannot be told from those that are gone,
//! and so they are waited for a while, and not for ever.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How long an answer may take to begin, and from one piece of it to the next, once its client sends nothing more.
const ANSWER_TIME: Duration = Duration::from_secs(10);
/// Bytes that are read before they are asked for.
const AHEAD_BYTES: usize = 4 << 10;

/// Hears out the connections that another one lets in. They have to be served as ones that may be closed by half.
#[derive(Clone)]
pub struct HeardOut<A>(pub A);

impl<A, I, S> Accept<I, S> for HeardOut<A>
where
    A: Accept<I, S>,
    A::Future: Send + 'static,
{
    type Stream = Heard<A::Stream>;
    type Service = A::Service;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let accepted = self.0.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = accepted.await?;
            Ok((Heard { stream, ahead: Vec::new(), has_ended: false, left: None }, service))
        })
    }
}

pub struct Heard<S> {
    stream: S,
    /// What was read and not asked for yet.
    ahead: Vec<u8>,
    /// Nothing more comes.
    has_ended: bool,
    /// When it is left that has ended.
    left: Option<Pin<Box<Sleep>>>,
}

impl<S: AsyncRead + Unpin> Heard<S> {
    /// Returns once nobody can be there any more; while it is answered nobody else looks.
    fn gone(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if self.ahead.is_empty() && !self.has_ended {
            let mut space = [0; AHEAD_BYTES];
            let mut buf = ReadBuf::new(&mut space);
            if let Err(error) = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buf)) {
                return Poll::Ready(error);
            }
            self.ahead.extend_from_slice(buf.filled());
            self.has_ended = self.ahead.is_empty();
            // Who waits for something to read has not heard of it.
            cx.waker().wake_by_ref();
        }
        if !self.has_ended {
            return Poll::Pending;
        }
        let left = self.left.get_or_insert_with(|| Box::pin(sleep(ANSWER_TIME)));
        left.as_mut().poll(cx).map(|()| io::Error::from(io::ErrorKind::TimedOut))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Heard<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.ahead.is_empty() {
            let size = this.ahead.len().min(buf.remaining());
            buf.put_slice(&this.ahead[..size]);
            this.ahead.drain(..size);
            return Poll::Ready(Ok(()));
        }
        if this.has_ended {
            return Poll::Ready(Ok(()));
        }
        let (before, room) = (buf.filled().len(), buf.remaining());
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        this.has_ended = room > 0 && buf.filled().len() == before;
        Poll::Ready(Ok(()))
    }
}

impl<S> Heard<S> {
    fn told(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.left = None;
        }
        written
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Heard<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.told(written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, pieces);
        this.told(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.stream).poll_flush(cx))?;
        match this.gone(cx) {
            Poll::Ready(error) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
