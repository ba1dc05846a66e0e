//! Runs a decoder over a delivery, piece by piece, on a thread of its own.

use std::io::Read;
use std::ops::ControlFlow;
use std::sync::Arc;

use metrify_formats::{Decoded, Decoder, Format, Options, Output};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::error::{Error, Kind, Result, io};
use crate::ingest::content::Content;
use crate::ports::Columns;

/// Pieces that wait between decoder and intake at most.
const PIECES_WAITING_MAX: usize = 2;
/// Bytes handed to a decoder at once.
const READ_BYTES: usize = 1 << 20;

/// What else is to be done with a delivery.
pub type Work = Box<dyn FnOnce() -> Result<()> + Send>;

/// What a decoder made of a delivery, as it makes it. Dropping it stops the decoder.
pub struct Pieces {
    pieces: mpsc::Receiver<Decoded>,
    /// Taken once it has told how it ended.
    done: Option<JoinHandle<Ended>>,
    /// The last piece comes with the end: who waits for both is woken once.
    last: Option<Decoded>,
}

/// How decoding ended. The channel stays open until that is told, since its closing would wake who waits as well.
type Ended = (mpsc::Sender<Decoded>, Result<Option<Decoded>>);

impl Pieces {
    /// What is `behind` is done once decoding has ended, before that is told.
    pub fn of(
        content: Content,
        format: Format,
        options: Options,
        columns: Arc<dyn Columns>,
        behind: Option<Work>,
    ) -> Self {
        let (sender, pieces) = mpsc::channel(PIECES_WAITING_MAX);
        let done = tokio::task::spawn_blocking(move || {
            let mut last: Option<Decoded> = None;
            let mut sink = |piece: Decoded| {
                let waited_for = last.replace(piece).is_none_or(|before| sender.blocking_send(before).is_ok());
                if waited_for { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            };
            let decoded = match Decoder::new(format, &options) {
                None => columns.decode(format, &content, &options, &mut sink),
                Some(decoder) => feed(decoder, &content, &mut Output::new(&mut sink)),
            };
            let ended = decoded.and_then(|()| behind.map_or(Ok(()), |work| work()));
            (sender, ended.map(|()| last))
        });
        Self { pieces, done: Some(done), last: None }
    }

    /// The next piece, or `None` at the end.
    ///
    /// # Errors
    /// Where the delivery could not be read to its end, or what is behind could not be done.
    pub async fn next(&mut self) -> Result<Option<Decoded>> {
        if let Some(done) = &mut self.done {
            tokio::select! {
                biased;
                Some(piece) = self.pieces.recv() => return Ok(Some(piece)),
                ended = done => {
                    self.done = None;
                    let failed = |error| Error::new(Kind::Internal, "decode the delivery").because(error);
                    self.last = ended.map_err(failed)?.1?;
                }
            }
        }
        // What was sent between the last look and the end.
        Ok(self.pieces.try_recv().ok().or_else(|| self.last.take()))
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
