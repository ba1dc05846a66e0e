//! Commands that have no rows: transactions, what a session is set to, and what is given back.

use metrify_application::{Error, Kind, Result, read};
use metrify_governance::Purpose;
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::response::TransactionStatus;

use super::super::command::{Command, DISCARD_ALL, Ours, Savepoint, Value};
use super::super::known::{Setting, for_nothing};
use super::super::problem;
use super::{Done, Session};
use crate::caller::{known_at, purpose};
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
            Command::Set(settings, value, said) => {
                self.may_go_on()?;
                for setting in *settings {
                    self.set(*setting, value)?;
                }
                let is_local = matches!(value, Value::Local(_) | Value::AtFirst { is_local: true });
                if is_local && matches!(self.transaction, TransactionStatus::Idle) {
                    self.line.feed(PgWireBackendMessage::NoticeResponse(for_nothing())).await?;
                }
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
                        *self.known.here_mut() = self.known.first();
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

    fn set(&mut self, setting: Ours, value: &Value) -> Done {
        let first = self.known.first();
        let here = self.known.here_mut();
        match setting {
            Ours::KnownAt => change(&mut here.known_at, value, first.known_at.get(), known_at)?,
            Ours::Purpose => change(&mut here.purpose, value, first.purpose.get(), purpose_of)?,
        }
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

/// Sets a setting to what the text of a value says.
fn change<T: Copy>(setting: &mut Setting<T>, value: &Value, first: T, read: fn(&str) -> Result<T>) -> Result<()> {
    match value {
        Value::Session(text) => setting.set(read(text)?),
        Value::Local(text) => setting.set_local(read(text)?),
        Value::AtFirst { is_local: false } => setting.set(first),
        Value::AtFirst { is_local: true } => setting.set_local(first),
    }
    Ok(())
}

/// Nothing is the first purpose of the key.
fn purpose_of(text: &str) -> Result<Option<Purpose>> {
    if text.is_empty() { Ok(None) } else { purpose(text).map(Some) }
}
