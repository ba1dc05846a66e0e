//! Cursors by name: answers that a client takes in pieces, forward, as long as their transaction or their session lasts.

use std::sync::Arc;

use datafusion::common::ScalarValue;
use metrify_application::{Context, Error, Kind, read};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::response::TransactionStatus;

use super::super::command::{Command, Cursor, Fetch};
use super::super::statements::{Lasts, Portal, Prepared, Running};
use super::super::{problem, rows};
use super::{Done, Session};
use crate::answer::Answer;

impl Session {
    /// Begins an answer, of which nothing is told yet.
    pub(super) async fn declare(&mut self, cursor: Cursor, values: Vec<ScalarValue>, ctx: Context) -> Done {
        self.may_go_on()?;
        if !cursor.holds && matches!(self.transaction, TransactionStatus::Idle) {
            return self.refuse(&ctx, "25P01", "DECLARE CURSOR can only be used in transaction blocks".to_owned());
        }
        if self.statements.columns(&cursor.name).is_some() {
            return self.refuse(&ctx, "42P03", format!("cursor \"{}\" already exists", cursor.name));
        }
        let asked = self.asked(&ctx, (*cursor.query).clone(), values).await?;
        let wire = self.postgres.wire.clone();
        let answer = self.line.listening(Answer::begin(&wire, ctx, asked)).await??;
        let prepared = Prepared {
            text_bytes: 0,
            columns: Some(answer.columns().clone()),
            command: Some(Command::Query(cursor.query)),
            given: Vec::new(),
            wanted: Vec::new(),
        };
        let portal = Portal {
            prepared: Arc::new(prepared),
            values: Vec::new(),
            formats: Vec::new(),
            running: Some(Running::new(answer, &[])?),
            lasts: match (cursor.holds, self.transaction) {
                (false, _) => Lasts::Transaction,
                (true, TransactionStatus::Idle) => Lasts::Session,
                (true, _) => Lasts::Commit,
            },
        };
        self.statements.bind(cursor.name, portal)?;
        self.complete("DECLARE CURSOR").await
    }

    /// Tells the next rows of it, in these forms; where they are described first, what they are.
    pub(super) async fn fetch(&mut self, fetch: &Fetch, formats: &[i16], is_described: bool, ctx: &Context) -> Done {
        self.may_go_on()?;
        let mut taken = self.statements.take(&fetch.name).ok();
        let Some(running) = taken.as_mut().and_then(|portal| portal.running.as_mut()) else {
            return self.refuse(ctx, "34000", format!("cursor \"{}\" does not exist", fetch.name));
        };
        running.form(formats)?;
        if is_described {
            let columns = rows::description(&running.fields);
            self.line.feed(PgWireBackendMessage::RowDescription(columns)).await?;
        }
        let told = self.line.tell(running, fetch.rows_max).await?;
        if let Some(portal) = taken {
            self.statements.bind(fetch.name.clone(), portal)?;
        }
        self.complete(&format!("FETCH {}", told.rows)).await
    }

    /// Closes a cursor, or all there are.
    pub(super) async fn close_cursor(&mut self, name: Option<&str>) -> Done {
        self.may_go_on()?;
        match name {
            Some(name) if self.statements.take(name).is_err() => {
                let ctx = self.context().await?;
                return self.refuse(&ctx, "34000", format!("cursor \"{name}\" does not exist"));
            }
            Some(_) => {}
            None => self.statements.close_cursors(),
        }
        self.complete(if name.is_some() { "CLOSE CURSOR" } else { "CLOSE CURSOR ALL" }).await
    }

    /// Says why not, which leaves an entry.
    fn refuse(&self, ctx: &Context, code: &str, message: String) -> Done {
        read::unasked(&self.postgres.wire.app, ctx, &Error::new(Kind::Invalid, message.clone()))?;
        Err(problem::error(code, message).into())
    }
}
