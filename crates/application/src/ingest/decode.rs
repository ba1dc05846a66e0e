//! Runs a decoder over a delivery, piece by piece, on a thread of its own.

use std::io::Read;
use std::ops::ControlFlow;
use std::sync::Arc;

use metrify_formats::{Decoded, Decoder, Format, Options, Output};
use tokio::sync::mpsc;

use crate::error::{Error, Kind, Result, io};
use crate::ingest::content::Content;
use crate::ports::Columns;

/// Pieces that wait between decoder and intake at most.
const PIECES_WAITING_MAX: usize = 2;
/// Bytes handed to a decoder at once.
const READ_BYTES: usize = 1 << 20;

/// What a decoder made of a delivery, as it makes it. Dropping it stops the decoder.
pub struct Pieces {
    pieces: mpsc::Receiver<Decoded>,
    /// Taken once it has told how it ended.
    done: Option<tokio::task::JoinHandle<Result<()>>>,
}

/// What else is to be done with a delivery.
pub type Work = Box<dyn FnOnce() -> Result<()> + Send>;

impl Pieces {
    /// What is `behind` is done once everything was decoded, before the end is told.
    pub fn of(
        content: Content,
        format: Format,
        options: Options,
        columns: Arc<dyn Columns>,
        behind: Option<Work>,
    ) -> Self {
        let (sender, pieces) = mpsc::channel(PIECES_WAITING_MAX);
        let done = tokio::task::spawn_blocking(move || {
            let mut sink = |piece: Decoded| match sender.blocking_send(piece) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            };
            match Decoder::new(format, &options) {
                None => columns.decode(format, &content, &options, &mut sink)?,
                Some(decoder) => feed(decoder, &content, &mut Output::new(&mut sink))?,
            }
            behind.map_or(Ok(()), |work| work())
        });
        Self { pieces, done: Some(done) }
    }

    /// The next piece, or `None` at the end.
    ///
    /// # Errors
    /// Where the delivery could not be read to its end, or what is behind could not be done.
    pub async fn next(&mut self) -> Result<Option<Decoded>> {
        if let Some(piece) = self.pieces.recv().await {
            return Ok(Some(piece));
        }
        let Some(done) = self.done.take() else {
            return Ok(None);
        };
        let outcome = done.await.map_err(|error| Error::new(Kind::Internal, "decode the delivery").because(error))?;
        outcome.map(|()| None)
    }
}

fn feed(mut decoder: Decoder, content: &Content, out: &mut Output<'_>) -> Result<()> {
    if let Content::Memory(bytes) = content {
        decoder.push(bytes, out);
        decoder.finish(out);
        return Ok(());
    }
    let mut reader = content.open()?;
    let mut bytes = vec![0; READ_BYTES];
    loop {
        let read = reader.read(&mut bytes).map_err(|error| io(content.step(), error))?;
        if read == 0 || out.is_stopped() {
            break;
        }
        decoder.push(&bytes[..read], out);
    }
    decoder.finish(out);
    Ok(())
}
