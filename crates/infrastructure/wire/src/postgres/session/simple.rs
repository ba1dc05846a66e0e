//! Texts that hold whole statements: each is answered in turn, with all its rows as text.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use metrify_application::read;
use metrify_query::schema_of;
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::response::{CommandComplete, EmptyQueryResponse, TransactionStatus};

use super::super::command::Command;
use super::super::rows::{self, Rows};
use super::super::statements::Running;
use super::super::welcome::{KNOWN_AT, PURPOSE};
use super::super::{functions, problem, settings};
use super::{Done, Session};
use crate::answer::Answer;

impl Session {
    pub(super) async fn query(&mut self, text: String) -> Done {
        let ctx = self.context().await?;
        let commands = self.postgres.read(&ctx, text).await?;
        if commands.is_empty() {
            self.line.feed(PgWireBackendMessage::EmptyQueryResponse(EmptyQueryResponse::new())).await?;
        }
        // Of the first statement they are those of the text.
        let mut first = Some(ctx);
        for command in commands {
            match command {
                Command::Query(statement) => {
                    self.may_go_on()?;
                    let ctx = match first.take() {
                        Some(ctx) => ctx,
                        None => self.context().await?,
                    };
                    let asked = self.asked(&ctx, *statement, Vec::new()).await?;
                    let wire = self.postgres.wire.clone();
                    let answer = self.line.listening(Answer::begin(&wire, ctx, asked)).await??;
                    let mut running = Running::new(answer, &[])?;
                    let columns = rows::description(&running.fields);
                    self.line.feed(PgWireBackendMessage::RowDescription(columns)).await?;
                    let told = self.line.tell(&mut running, None).await?;
                    self.complete(&format!("SELECT {}", told.rows)).await?;
                }
                Command::Show(name) => {
                    let fields = rows::fields(&shown(&name), &[])?;
                    self.line.feed(PgWireBackendMessage::RowDescription(rows::description(&fields))).await?;
                    self.show(&name, &[]).await?;
                }
                Command::Declare(cursor) => {
                    let ctx = match first.take() {
                        Some(ctx) => ctx,
                        None => self.context().await?,
                    };
                    self.declare(cursor, Vec::new(), ctx).await?;
                }
                Command::Fetch(fetch) => {
                    let ctx = match first.take() {
                        Some(ctx) => ctx,
                        None => self.context().await?,
                    };
                    self.fetch(&fetch, &[], true, &ctx).await?;
                }
                other => self.effect(&other).await?,
            }
        }
        self.statements.close_portals(!matches!(self.transaction, TransactionStatus::Idle));
        Ok(self.ready().await?)
    }

    pub(super) async fn show(&mut self, name: &str, formats: &[i16]) -> Done {
        self.may_go_on()?;
        let ctx = self.context().await?;
        read::aside(&self.postgres.wire.app, &ctx)?;
        let value = match name.to_ascii_lowercase().as_str() {
            "search_path" => functions::quoted(&schema_of(ctx.tenant())),
            KNOWN_AT => self.known.here().known_at.get().map(|then| then.to_string()).unwrap_or_default(),
            PURPOSE => ctx.purpose().map(|purpose| purpose.to_string()).unwrap_or_default(),
            name => settings::setting(name).unwrap_or_default().to_owned(),
        };
        let columns = shown(name);
        let fields = Arc::new(rows::fields(&columns, formats)?);
        let values: ArrayRef = Arc::new(StringArray::from(vec![value]));
        let row =
            RecordBatch::try_new(columns, vec![values]).map_err(|error| problem::error("XX000", error.to_string()))?;
        let mut rows = Rows::new(row, &fields);
        while let Some(row) = rows.next()? {
            self.line.feed(PgWireBackendMessage::DataRow(row)).await?;
        }
        self.complete("SHOW").await
    }

    pub(super) async fn complete(&mut self, said: &str) -> Done {
        let complete = CommandComplete::new(said.to_owned());
        Ok(self.line.feed(PgWireBackendMessage::CommandComplete(complete)).await?)
    }
}

/// The column of a setting.
pub(super) fn shown(name: &str) -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new(name, DataType::Utf8, false)]))
}
