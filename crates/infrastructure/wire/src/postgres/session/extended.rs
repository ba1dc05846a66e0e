//! Statements that are prepared, given values, described and executed one by one.

use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::sql::sqlparser::ast::Statement;
use metrify_application::{Context, Error, Kind, read};
use metrify_query::{Asked, Described, PARAMETERS_MAX};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::data::{NoData, ParameterDescription};
use pgwire::messages::extendedquery::{
    Bind, BindComplete, Close, CloseComplete, Describe, Execute, Parse, ParseComplete, PortalSuspended,
    TARGET_TYPE_BYTE_PORTAL, TARGET_TYPE_BYTE_STATEMENT,
};
use pgwire::messages::response::{EmptyQueryResponse, TransactionStatus};
use postgres_types::Type;

use super::super::command::Command;
use super::super::statements::{Lasts, Portal, Prepared, Running};
use super::super::{parameters, problem, rows};
use super::simple::shown;
use super::{Done, Session};
use crate::answer::Answer;
use crate::meant;

impl Session {
    pub(super) async fn parse(&mut self, parse: Parse) -> Done {
        let ctx = self.context().await?;
        let text_bytes = parse.query.len();
        let mut commands = self.postgres.read(&ctx, parse.query).await?;
        if commands.len() > 1 {
            let message = "cannot insert multiple commands into a prepared statement";
            read::unasked(&self.postgres.wire.app, &ctx, &Error::new(Kind::Invalid, message))?;
            return Err(problem::error("42601", message).into());
        }
        if parse.type_oids.len() > PARAMETERS_MAX {
            let message = format!("a statement has up to {PARAMETERS_MAX} parameters");
            read::unasked(&self.postgres.wire.app, &ctx, &Error::new(Kind::Invalid, message.clone()))?;
            return Err(problem::error("54023", message).into());
        }
        let given = parse.type_oids.iter().map(|oid| Type::from_oid(*oid).filter(|of| *of != Type::UNKNOWN));
        let given: Vec<Option<Type>> = given.collect();
        let command = commands.pop();
        let (wanted, columns) = match &command {
            Some(Command::Query(statement)) => {
                let described = self.understood(&ctx, statement, &given).await?;
                (described.parameters, Some(described.columns))
            }
            Some(Command::Declare(cursor)) => (self.understood(&ctx, &cursor.query, &given).await?.parameters, None),
            Some(Command::Fetch(fetch)) => (Vec::new(), self.statements.columns(&fetch.name)),
            Some(Command::Show(name)) => (Vec::new(), Some(shown(name))),
            Some(refused @ Command::Refused(_)) => return self.effect(refused).await,
            Some(_) | None => (Vec::new(), None),
        };
        let name = parse.name.unwrap_or_default();
        self.statements.prepare(name, Prepared { text_bytes, command, given, wanted, columns })?;
        Ok(self.line.feed(PgWireBackendMessage::ParseComplete(ParseComplete::new())).await?)
    }

    /// What a statement takes and gives, as far as it is known before its values are.
    async fn understood(&mut self, ctx: &Context, statement: &Statement, given: &[Option<Type>]) -> Done<Described> {
        self.may_go_on()?;
        let meant = meant::parameters(statement);
        // Where a client says the types of all of them, columns that are made of them have theirs.
        let nulls = if given.len() < meant.len() { None } else { nulls(given) };
        let asked = self.asked(ctx, statement.clone(), nulls.unwrap_or_default()).await?;
        let mut described = self.described(ctx, asked).await?;
        described.parameters.resize(described.parameters.len().max(meant.len()), None);
        for (wanted, meant) in described.parameters.iter_mut().zip(meant) {
            *wanted = meant.or(wanted.take());
        }
        Ok(described)
    }

    async fn described(&mut self, ctx: &Context, asked: Asked) -> Done<Described> {
        let wire = self.postgres.wire.clone();
        let work = read::described(&wire.app, ctx, wire.engine.describe(ctx.tenant(), asked));
        Ok(self.line.listening(work).await??)
    }

    pub(super) async fn bind(&mut self, bind: Bind) -> Done {
        let prepared = self.statements.prepared(&bind.statement_name.unwrap_or_default())?;
        let values = match prepared.values(&bind.parameter_format_codes, &bind.parameters) {
            Ok(values) => values,
            Err(problem) => {
                let ctx = self.context().await?;
                read::unasked(&self.postgres.wire.app, &ctx, &Error::new(Kind::Invalid, "bind the statement"))?;
                return Err(problem.into());
            }
        };
        let formats = bind.result_column_format_codes;
        let portal = Portal { prepared, values, formats, running: None, lasts: Lasts::Together };
        self.statements.bind(bind.portal_name.unwrap_or_default(), portal)?;
        Ok(self.line.feed(PgWireBackendMessage::BindComplete(BindComplete::new())).await?)
    }

    pub(super) async fn describe(&mut self, describe: Describe) -> Done {
        let name = describe.name.unwrap_or_default();
        let (columns, formats) = match describe.target_type {
            TARGET_TYPE_BYTE_STATEMENT => {
                let prepared = self.statements.prepared(&name)?;
                let parameters = ParameterDescription::new(prepared.parameters()?);
                self.line.feed(PgWireBackendMessage::ParameterDescription(parameters)).await?;
                (prepared.columns.clone(), Vec::new())
            }
            TARGET_TYPE_BYTE_PORTAL => {
                let portal = self.statements.portal(&name)?;
                let (prepared, values, formats) =
                    (portal.prepared.clone(), portal.values.clone(), portal.formats.clone());
                match &prepared.command {
                    // With its values more is known of its columns.
                    Some(Command::Query(statement)) if !values.is_empty() => {
                        let ctx = self.context().await?;
                        let asked = self.asked(&ctx, (**statement).clone(), values).await?;
                        (Some(self.described(&ctx, asked).await?.columns), formats)
                    }
                    _ => (prepared.columns.clone(), formats),
                }
            }
            _ => return Err(problem::error("08P01", "describe what is neither a statement nor a portal").into()),
        };
        let told = match columns {
            Some(columns) => {
                PgWireBackendMessage::RowDescription(rows::description(&rows::fields(&columns, &formats)?))
            }
            None => PgWireBackendMessage::NoData(NoData::new()),
        };
        Ok(self.line.feed(told).await?)
    }

    pub(super) async fn execute(&mut self, execute: Execute) -> Done {
        let name = execute.name.unwrap_or_default();
        let mut portal = self.statements.take(&name)?;
        let prepared: Arc<Prepared> = portal.prepared.clone();
        match &prepared.command {
            None => self.line.feed(PgWireBackendMessage::EmptyQueryResponse(EmptyQueryResponse::new())).await?,
            Some(Command::Show(setting)) => self.show(setting, &portal.formats).await?,
            Some(Command::Query(statement)) => {
                self.may_go_on()?;
                let ctx = self.context().await?;
                if portal.running.is_none() {
                    let asked = self.asked(&ctx, (**statement).clone(), portal.values.clone()).await?;
                    let wire = self.postgres.wire.clone();
                    let answer = self.line.listening(Answer::begin(&wire, ctx, asked)).await??;
                    portal.running = Some(Running::new(answer, &portal.formats)?);
                }
                let rows_max = u64::try_from(execute.max_rows).ok().filter(|max| *max > 0);
                if let Some(running) = &mut portal.running {
                    let told = self.line.tell(running, rows_max).await?;
                    if told.is_whole {
                        self.complete(&format!("SELECT {}", told.rows)).await?;
                    } else {
                        self.line.feed(PgWireBackendMessage::PortalSuspended(PortalSuspended::new())).await?;
                    }
                }
            }
            Some(Command::Declare(cursor)) => {
                let ctx = self.context().await?;
                self.declare(cursor.clone(), portal.values.clone(), ctx).await?;
            }
            Some(Command::Fetch(fetch)) => {
                let ctx = self.context().await?;
                self.fetch(fetch, &portal.formats, false, &ctx).await?;
            }
            Some(other) => self.effect(other).await?,
        }
        Ok(self.statements.bind(name, portal)?)
    }

    pub(super) async fn close(&mut self, close: Close) -> Done {
        let name = close.name.unwrap_or_default();
        match close.target_type {
            TARGET_TYPE_BYTE_STATEMENT => self.statements.close(&name),
            TARGET_TYPE_BYTE_PORTAL => self.statements.close_portal(&name),
            _ => return Err(problem::error("08P01", "close what is neither a statement nor a portal").into()),
        }
        Ok(self.line.feed(PgWireBackendMessage::CloseComplete(CloseComplete::new())).await?)
    }

    pub(super) async fn sync(&mut self) -> Done {
        self.skipping = false;
        // Answers last as long as their transaction, and without one as long as what is sent together.
        if matches!(self.transaction, TransactionStatus::Idle) {
            self.statements.close_portals(false);
        }
        Ok(self.ready().await?)
    }
}

/// A null of each type; `None` where one is not known.
fn nulls(given: &[Option<Type>]) -> Option<Vec<ScalarValue>> {
    let null = |of: &Option<Type>| ScalarValue::try_from(parameters::kind(of.as_ref()?)?).ok();
    given.iter().map(null).collect()
}
