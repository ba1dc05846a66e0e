//! Rows on their way to the client: no faster than it takes them.

use futures::SinkExt;
use pgwire::messages::PgWireBackendMessage;

use super::super::problem;
use super::super::statements::Running;
use super::{Done, Line, SEND_TIME};

pub(super) struct Told {
    pub(super) rows: u64,
    pub(super) is_whole: bool,
}

impl Line {
    /// Tells the rest of an answer, or as many rows of it as are asked for.
    pub(super) async fn tell(&mut self, running: &mut Running, rows_max: Option<u64>) -> Done<Told> {
        let mut told = 0;
        loop {
            if rows_max.is_some_and(|max| told >= max) {
                return Ok(Told { rows: told, is_whole: false });
            }
            let row = match &mut running.rows {
                Some(rows) => rows.next()?,
                None => None,
            };
            match row {
                Some(row) => {
                    // Rows that a client takes as they come would be written without a pause.
                    tokio::task::consume_budget().await;
                    self.tell_row(PgWireBackendMessage::DataRow(row)).await?;
                    told += 1;
                }
                None => match self.listening(running.answer.next()).await?? {
                    Some(batch) => running.go_on(batch),
                    None => return Ok(Told { rows: told, is_whole: true }),
                },
            }
        }
    }

    async fn tell_row(&mut self, row: PgWireBackendMessage) -> Done {
        let Self { socket, cancel, .. } = self;
        let fed = async {
            tokio::select! {
                biased;
                () = cancel.told() => Err(problem::cancelled().into()),
                fed = socket.feed(row) => Ok(fed?),
            }
        };
        tokio::time::timeout(SEND_TIME, fed)
            .await
            .unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
    }
}
