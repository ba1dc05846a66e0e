//! Commands that have no rows: transactions, what a session is set to, and what is given back.

use metrify_application::{Error, Kind, read};
use metrify_domain::Timestamp;
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::response::TransactionStatus;

use super::super::command::{AsKnown, Command, DISCARD_ALL, Savepoint};
use super::super::known::for_nothing;
use super::super::problem;
use super::{Done, Session};
use crate::caller::known_at;
use crate::refusal::Refusal;

/// What is said of a transaction that is as if it had not been.
const ROLLBACK: &str = "ROLLBACK";

impl Session {
    /// In a transaction that failed nothing is answered until it ends.
    pub(super) fn may_go_on(&self) -> Done {
        match self.transaction {
            TransactionStatus::Idle | TransactionStatus::Transaction => Ok(()),
            TransactionStatus::Error => {
                let error = problem::error(
                    "25P02",
                    "current transaction is aborted, commands ignored until end of transaction block",
                );
                Err(error.into())
            }
        }
    }

    /// Does a command that has no rows.
    pub(super) async fn effect(&mut self, command: &Command) -> Done {
        match command {
            Command::Begin => {
                self.may_go_on()?;
                self.transaction = TransactionStatus::Transaction;
                self.complete("BEGIN").await
            }
            Command::End(said) => {
                let failed = matches!(self.transaction, TransactionStatus::Error);
                let said = if failed { ROLLBACK } else { said };
                self.transaction = TransactionStatus::Idle;
                if said == ROLLBACK {
                    self.known.roll_back();
                } else {
                    self.known.commit();
                    self.statements.commit();
                }
                self.statements.end();
                self.complete(said).await
            }
            Command::Savepoint(place) => self.savepoint(place).await,
            Command::AsKnown(wanted, said) => {
                self.may_go_on()?;
                self.tell_as_known(wanted).await?;
                self.complete(said).await
            }
            Command::Nothing(said) => {
                self.may_go_on()?;
                if matches!(*said, "SET" | "RESET") {
                    read::aside(&self.postgres.wire.app, &self.context().await?)?;
                }
                self.complete(said).await
            }
            Command::Forget(name, said) => {
                match name {
                    Some(name) => self.statements.close(name),
                    None if *said == DISCARD_ALL => {
                        self.statements.discard();
                        self.known.set(self.known.first());
                    }
                    None => self.statements.forget(),
                }
                self.complete(said).await
            }
            Command::Refused(refusal) => self.deny(refusal).await,
            Command::Close(name) => self.close_cursor(name.as_deref()).await,
            Command::Query(_) | Command::Show(_) | Command::Declare(_) | Command::Fetch(_) => {
                Err(problem::fatal("XX000", "a command with rows was taken for one without").into())
            }
        }
    }

    async fn savepoint(&mut self, place: &Savepoint) -> Done {
        if matches!(self.transaction, TransactionStatus::Idle) {
            return Err(problem::error("25P01", "savepoints can only be used in transaction blocks").into());
        }
        let said = match place {
            Savepoint::Set(name) => {
                self.may_go_on()?;
                self.known.savepoint(name)?;
                "SAVEPOINT"
            }
            Savepoint::BackTo(name) => {
                self.known.roll_back_to(name)?;
                // It ends a failure.
                self.transaction = TransactionStatus::Transaction;
                ROLLBACK
            }
            Savepoint::Release(name) => {
                self.may_go_on()?;
                self.known.release(name)?;
                "RELEASE"
            }
        };
        self.complete(said).await
    }

    async fn tell_as_known(&mut self, wanted: &AsKnown) -> Done {
        let (at, is_local): (Option<Timestamp>, bool) = match wanted {
            AsKnown::Session(text) => (known_at(text)?, false),
            AsKnown::Local(text) => (known_at(text)?, true),
            AsKnown::AtFirst { is_local } => (self.known.first(), *is_local),
        };
        if !is_local {
            self.known.set(at);
            return Ok(());
        }
        if matches!(self.transaction, TransactionStatus::Idle) {
            self.line.feed(PgWireBackendMessage::NoticeResponse(for_nothing())).await?;
        }
        self.known.set_local(at);
        Ok(())
    }

    async fn deny(&self, refusal: &Refusal) -> Done {
        let ctx = self.context().await?;
        let refused = Error::new(Kind::Denied, refusal.message.clone());
        read::unasked(&self.postgres.wire.app, &ctx, &refused)?;
        let code = if refusal.would_write { "25006" } else { "0A000" };
        Err(problem::hinted(problem::error(code, refusal.message.clone()), refusal.hint).into())
    }
}
