//! A session: messages of a client who is known, one after the other, each answered before the next.

mod cursor;
mod effects;
mod extended;
mod simple;
mod tell;

use std::collections::VecDeque;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use datafusion::common::ScalarValue;
use datafusion::sql::parser::Statement as Wrapped;
use datafusion::sql::sqlparser::ast::Statement;
use futures::{SinkExt, StreamExt};
use metrify_application::{Context, Error};
use metrify_query::Asked;
use pgwire::messages::response::{ErrorResponse, ReadyForQuery, TransactionStatus};
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};
use tokio::sync::watch;

use super::cancel::Cancel;
use super::known::Known;
use super::messages::Socket;
use super::problem::Problem;
use super::statements::Statements;
use super::{Postgres, problem};
use crate::caller::Caller;

/// Messages of a client that wait while one is answered; who sends more waits, too.
const WAITING_MAX: usize = 16;
/// How long a session may be silent between two messages: its place is wanted by others.
const IDLE_TIME: Duration = Duration::from_hours(1);
/// How long a client may take for one row, or for what waits for it; who takes longer does not listen any more.
const SEND_TIME: Duration = Duration::from_secs(60);

pub(super) struct Session {
    postgres: Arc<Postgres>,
    line: Line,
    caller: Caller,
    statements: Statements,
    known: Known,
    transaction: TransactionStatus,
    /// After an error nothing is done until the client says where it goes on.
    skipping: bool,
}

/// The connection to the client, and what came by it meanwhile.
struct Line {
    socket: Socket,
    waiting: VecDeque<PgWireFrontendMessage>,
    cancel: Cancel,
}

/// Why something was not done.
enum Failure {
    /// The client is told, and the session goes on.
    Told(Problem),
    /// The client is gone, or does not keep to the protocol.
    Gone(io::Error),
}

type Done<T = ()> = Result<T, Failure>;

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Gone(error)
    }
}

impl From<Problem> for Failure {
    fn from(error: Problem) -> Self {
        Self::Told(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        problem::of(&error).into()
    }
}

impl Line {
    async fn next(&mut self) -> Option<io::Result<PgWireFrontendMessage>> {
        match self.waiting.pop_front() {
            Some(message) => Some(Ok(message)),
            None => self.socket.next().await,
        }
    }

    async fn feed(&mut self, message: PgWireBackendMessage) -> io::Result<()> {
        self.in_time(async |socket| socket.feed(message).await).await
    }

    /// Sends something to a client that takes it, in time.
    async fn in_time(&mut self, send: impl AsyncFnOnce(&mut Socket) -> io::Result<()>) -> io::Result<()> {
        let sent = tokio::time::timeout(SEND_TIME, send(&mut self.socket)).await;
        sent.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut)))
    }

    /// Does work that the client can give up: by saying so, or by leaving.
    async fn listening<T>(&mut self, work: impl Future<Output = T>) -> Done<T> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                () = self.cancel.told() => return Err(problem::cancelled().into()),
                done = &mut work => return Ok(done),
                message = self.socket.next(), if self.waiting.len() < WAITING_MAX => match message {
                    Some(message) => self.waiting.push_back(message?),
                    None => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                },
            }
        }
    }
}

impl Session {
    pub(super) fn new(postgres: Arc<Postgres>, socket: Socket, caller: Caller, cancel: Cancel) -> Self {
        let line = Line { socket, waiting: VecDeque::new(), cancel };
        let (statements, known) = (Statements::default(), Known::new(caller.known_at, caller.purpose));
        Self { postgres, line, caller, statements, known, transaction: TransactionStatus::Idle, skipping: false }
    }

    /// Answers until the client leaves, or the server is told to stop.
    pub(super) async fn run(mut self, mut stopped: watch::Receiver<bool>) -> io::Result<()> {
        loop {
            let message = tokio::select! {
                message = tokio::time::timeout(IDLE_TIME, self.line.next()) => match message {
                    Ok(message) => message,
                    Err(_) => {
                        let error = problem::fatal("57P05", "the session was idle for too long");
                        self.line.feed(PgWireBackendMessage::ErrorResponse(ErrorResponse::from(*error))).await?;
                        break;
                    }
                },
                () = async { drop(stopped.wait_for(|stopped| *stopped).await) } => {
                    let error = problem::fatal("57P01", "the server is told to stop");
                    self.line.feed(PgWireBackendMessage::ErrorResponse(ErrorResponse::from(*error))).await?;
                    break;
                }
            };
            let Some(message) = message.transpose()? else { return Ok(()) };
            if matches!(message, PgWireFrontendMessage::Terminate(_)) {
                break;
            }
            let is_extended = message.is_extended_query();
            match self.answer(message).await {
                Ok(()) => {}
                Err(Failure::Gone(error)) => return Err(error),
                Err(Failure::Told(error)) => {
                    let is_ending = problem::is_ending(&error);
                    self.fail(error, is_extended).await?;
                    if is_ending {
                        break;
                    }
                }
            }
        }
        self.line.socket.close().await
    }

    async fn answer(&mut self, message: PgWireFrontendMessage) -> Done {
        match message {
            PgWireFrontendMessage::Sync(_) => self.sync().await,
            _ if self.skipping => Ok(()),
            message => {
                self.line.cancel.forget();
                self.perform(message).await
            }
        }
    }

    async fn perform(&mut self, message: PgWireFrontendMessage) -> Done {
        match message {
            PgWireFrontendMessage::Query(query) => self.query(query.query).await,
            PgWireFrontendMessage::Parse(parse) => self.parse(parse).await,
            PgWireFrontendMessage::Bind(bind) => self.bind(bind).await,
            PgWireFrontendMessage::Describe(describe) => self.describe(describe).await,
            PgWireFrontendMessage::Execute(execute) => self.execute(execute).await,
            PgWireFrontendMessage::Close(close) => self.close(close).await,
            PgWireFrontendMessage::Flush(_) => Ok(self.line.socket.flush().await?),
            _ => Err(problem::fatal("08P01", "this message is not understood here").into()),
        }
    }

    async fn fail(&mut self, error: Problem, is_extended: bool) -> io::Result<()> {
        match self.transaction {
            TransactionStatus::Transaction => self.transaction = TransactionStatus::Error,
            TransactionStatus::Idle => self.known.roll_back(),
            TransactionStatus::Error => {}
        }
        self.line.feed(PgWireBackendMessage::ErrorResponse(ErrorResponse::from(*error))).await?;
        if is_extended {
            self.skipping = true;
            self.line.socket.flush().await
        } else {
            self.ready().await
        }
    }

    /// What was sent together is done. Where nobody began a transaction it was one of its own.
    async fn ready(&mut self) -> io::Result<()> {
        if matches!(self.transaction, TransactionStatus::Idle) {
            self.known.commit();
        }
        let ready = PgWireBackendMessage::ReadyForQuery(ReadyForQuery::new(self.transaction));
        self.line.in_time(async |socket| socket.send(ready).await).await
    }

    /// The circumstances of the next statement.
    async fn context(&self) -> Done<Context> {
        let known = self.postgres.wire.context(&self.caller).await?;
        let ctx = known.ok_or_else(problem::unknown)?;
        Ok(Context { purpose: self.known.here().purpose.get(), ..ctx })
    }

    async fn asked(&self, ctx: &Context, statement: Statement, parameters: Vec<ScalarValue>) -> Done<Asked> {
        let catalog = self.postgres.catalog(ctx).await?;
        let statement = Wrapped::Statement(Box::new(statement));
        Ok(Asked { statement, furnish: Some(catalog), parameters, known_at: self.known.here().known_at.get() })
    }
}
